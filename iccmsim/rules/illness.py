"""How one child's illnesses run: they begin, worsen, kill or mend, and a dose of a drug changes the chances.

Potential outcomes (when a course would worsen, kill or mend, and the uniforms that decide) are drawn when the
population is built and are the same in every arm; treatment changes only the chances they are compared with.
"""

from __future__ import annotations

import numpy as np

from iccmsim.core.bits import first_of, rest_of
from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import (
    AGED_OUT,
    ALIVE,
    AT_CHW,
    AT_FACILITY,
    BACKGROUND,
    CUT_SHORT,
    DEAD,
    DIED,
    DUE,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DANGER_SEVERE,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    IS_HYPOXIC,
    MALARIA,
    MENDING,
    MILD,
    MINUTES,
    NEVER,
    NEWBORN,
    NO_COMPLAINT,
    NOT_REACHED,
    ONLY_INDRAWING,
    OVER,
    PNEUMONIA,
    PREVENTED,
    RECOVERED,
    RUNNING,
    SEVERE,
    SEVERE_WASTING,
    TREATED_WASTING,
    WELL_NOURISHED,
)

# The worst of what a family sees, by the bits of the signs: danger before fast breathing, diarrhoea, fever and cough
WORST = np.array([next((i for i, sign in enumerate((HAS_DANGER, HAS_FAST, HAS_DIARRHOEA, HAS_FEVER, HAS_COUGH))
                        if signs & sign), NO_COMPLAINT) for signs in range(32)])  # fmt: skip


@rule
def live_until(child, courses, p, key, minute):
    """Bring a child up to a minute: whatever fell due earlier (onset, worsening, death, recovery) happens first.

    Ties in one minute go to the lowest illness number, the background death or fifth birthday comes last.
    """
    while child.state == ALIVE and child.due <= minute:
        illness, due = what_comes_next(child, courses)
        if illness >= 0 and due <= child.leaves:
            come_about(child, courses, courses[child.active[illness]], p, key)
        else:
            leave(child, courses, child.leaves, DEAD if child.leaves_dead else AGED_OUT, BACKGROUND)


@rule
def what_comes_next(child, courses):
    """Find the illness of a child whose next turn falls due first, and when."""
    illness = -1
    due = NEVER
    some = int(child.afoot)
    while some:
        comes = courses[child.active[first_of(some)]].due
        illness = first_of(some) if comes < due else illness
        due = min(due, comes)
        some = rest_of(some)
    return illness, due


@rule
def falls_due(course, minute):
    """When a course takes its next turn, for all to see."""
    course.due = minute
    course.turns = minute


@rule
def come_about(child, courses, course, p, key):
    """Let one course take its next turn: onset, then worsening, then death or recovery."""
    if course.stage == DUE:
        begin(child, course, p, key)
    elif course.stage == MILD:
        worsen_or_not(child, course, p, key)
    elif course.stage == SEVERE:
        kill_or_not(child, courses, course, p)
    else:
        finish(child, course, RECOVERED)
    if child.state == ALIVE:
        take_stock_of(child, courses)


@rule
def begin(child, course, p, key):
    """An illness begins, unless a recent antimalarial still protects the child from malaria."""
    if course.illness == MALARIA and child.act_at >= 0:
        guard = protection(child, p, course.onset)
        if guard > 0.0:
            u, _, _, _ = draw(key, Decision.PROTECTION, course.child, course.episode, course.illness)
            if u < guard:
                finish(child, course, PREVENTED)
                return
    if course.wasting == SEVERE_WASTING and child.fed_until == course.wasted_until:
        course.wasting = after_feeding(child, course, p, key)
    course.outcome = RUNNING
    child.ill |= 1 << course.illness
    child.home_due = 1
    child.content_until = min(child.content_until, course.onset)  # what was given was for something else
    if course.illness == NEWBORN:
        become_severe(child, course, p, key, 1.0)
        return
    if course.illness > NEWBORN:  # other fever, cough or cold: there is nothing to turn severe
        course.stage = MENDING
        falls_due(course, course.mends)
    else:
        course.stage = MILD
        falls_due(course, course.worsens)
        if course.u_worsen >= untreated_chance(course, p):  # even untreated: that moment changes nothing
            course.turns = max(course.mends, course.worsens)
    sees = p.recog_mild_taught if is_taught(child, p, key) else p.recog_mild
    course.perceived = 1 if course.u_recognise < sees else 0


@rule
def is_taught(child, p, key):
    """Whether a volunteer (relais) visits this family and teaches it to see danger."""
    if p.relais_reach <= 0.0:
        return False
    u, _, _, _ = draw(key, Decision.RELAIS, child.household, 0)
    return u < p.relais_reach


@rule
def after_feeding(child, course, p, key):
    """An illness that begins in a spell of severe wasting that is being treated, or was: most are cured in weeks."""
    if course.onset < child.fed_at + p.tx_sam_days * MINUTES:
        return TREATED_WASTING
    u, _, _, _ = draw(key, Decision.CURE, child.number, child.fed_until)
    return WELL_NOURISHED if u < p.tx_sam_cure else SEVERE_WASTING


@rule
def protection(child, p, minute):
    """Protection from malaria that is left of the last ACT: full for half of its days, then falling to none."""
    days = (minute - child.act_at) / MINUTES
    span = p.prophylaxis_act_days
    if days < 0.5 * span:
        return child.act_dose
    if days < span:
        return child.act_dose * (span - days) / (0.5 * span)
    return 0.0


@rule
def untreated_chance(course, p):
    """The chance that this course turns severe if nothing is done."""
    return p.untreated[course.illness, course.overlaps, course.wasting]


@rule
def worsen_or_not(child, course, p, key):
    """At T_w the illness turns severe or not, by the chance that the treatment so far has left."""
    chance = untreated_chance(course, p) * (1.0 - course.x[0]) * (1.0 - course.x[1]) * (1.0 - course.x[2])
    course.chance_severe = chance
    if course.u_worsen < chance:
        become_severe(child, course, p, key, chance)
    else:
        course.stage = MENDING
        falls_due(course, max(course.mends, course.worsens))


@rule
def become_severe(child, course, p, key, chance):
    """The child is now in danger; the family may see it, and remembers who had treated it."""
    course.chance_severe = chance
    course.stage = SEVERE
    course.was_severe = 1
    falls_due(course, course.kills)
    child.severe |= 1 << course.illness
    sees = p.recog_severe_taught if is_taught(child, p, key) else p.recog_severe
    course.perceived = 1 if course.u_recognise < sees else 0
    child.content_until = min(child.content_until, course.worsens)
    child.let_down_by |= course.treated_by & (1 << AT_CHW | 1 << AT_FACILITY)


@rule
def kill_or_not(child, courses, course, p):
    """At T_d a severe illness kills or not. The chance is counted as an expected death whatever happens."""
    if course.ras_at > 0:
        course.y[0] = max(course.y[0], effect_of_suppository(course, p))
    left = (1.0 - course.y[0]) * (1.0 - course.y[1]) * (1.0 - course.y[2])
    chance = p.lethal[course.illness, course.wasting] * left
    course.chance_death = chance
    if course.u_die < chance:
        leave(child, courses, course.kills, DEAD, course.illness)
    else:
        child.severe &= ~(1 << course.illness)
        course.stage = MENDING
        falls_due(course, course.kills + int(p.time_convalescence * MINUTES))


@rule
def effect_of_suppository(course, p):
    """Rectal artesunate helps a child who lives long enough for it to work: wholly if full treatment follows, or for
    as long as one dose clears parasites; else in part."""
    if course.ras_at + p.tx_lag_ras * MINUTES >= course.kills:
        return 0.0
    if course.followed or course.kills <= course.ras_at + p.tx_ras_days * MINUTES:
        return p.tx_ras
    return p.tx_ras * p.tx_ras_unfollowed


@rule
def finish(child, course, outcome):
    """A course is over and makes room for the next of its kind."""
    child.severe &= ~(1 << course.illness)
    child.ill &= ~(1 << course.illness)
    child.afoot &= ~(1 << course.illness)
    course.stage = OVER
    course.outcome = outcome
    child.active[course.illness] = -1


@rule
def leave(child, courses, minute, state, cause):
    """A child dies, or turns five, with one cause; what it was suffering from is cut short."""
    child.state = state
    child.end = minute
    if state == DEAD:
        child.cause = cause
    some = int(child.afoot)
    while some:
        course = courses[child.active[first_of(some)]]
        if course.stage == DUE:
            finish(child, course, NOT_REACHED)
        elif course.illness == cause:
            finish(child, course, DIED)
        else:
            finish(child, course, CUT_SHORT)
        some = rest_of(some)


@rule
def take_stock_of(child, courses):
    """What the family sees of all the child's illnesses together: the worst complaint, whether it looks severe, and
    when that may next change."""
    signs = 0
    perceived = 0
    due = child.leaves
    changes = child.leaves
    some = int(child.afoot)
    while some:
        course = courses[child.active[first_of(some)]]
        due = min(due, course.due)
        changes = min(changes, course.turns)
        perceived |= course.perceived if course.stage >= MILD else 0
        signs |= signs_of(course) if course.stage >= MILD else 0
        some = rest_of(some)
    child.due = due
    child.changes = changes
    child.perceived = perceived
    child.complaint = WORST[signs & 31]


@rule
def signs_now(child, courses):
    """Join the symptoms of everything the child suffers from."""
    signs = 0
    some = int(child.ill)
    while some:
        signs |= signs_of(courses[child.active[first_of(some)]])
        some = rest_of(some)
    return signs


@rule
def signs_of(course):
    """Symptoms of one course now; a danger sign may show only once it is severe."""
    if course.stage == SEVERE and course.signs & HAS_DANGER_SEVERE:
        return course.signs | HAS_DANGER
    return course.signs


@rule
def signs_of_breathing(child, courses, p, key):
    """What a closer look at a child with pneumonia can find: low oxygen; chest indrawing as the only danger sign."""
    if not child.ill & 1 << PNEUMONIA:
        return 0
    course = courses[child.active[PNEUMONIA]]
    u, v, _, _ = draw(key, Decision.INDRAWING, course.child, course.episode, course.illness)
    found = IS_HYPOXIC if u < (p.pneu_hypox_severe if course.stage == SEVERE else p.pneu_hypox_mild) else 0
    some = child.ill & ~(1 << PNEUMONIA)
    while some:
        if signs_of(courses[child.active[first_of(some)]]) & HAS_DANGER:
            return found
        some = rest_of(some)
    return found | ONLY_INDRAWING if v < p.dx_indraw_alone else found


@rule
def awaits(child, course, row):
    """An onset of today waits for its minute."""
    course.stage = DUE
    falls_due(course, course.onset)
    child.active[course.illness] = row
    child.afoot |= 1 << course.illness
    child.due = min(child.due, course.onset)
    child.changes = min(child.changes, course.onset)
