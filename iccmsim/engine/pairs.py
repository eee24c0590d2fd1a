"""Two arms of one zone side by side, row by row: the same children, the same candidate illnesses, other care."""

from __future__ import annotations

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.records import (
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    DEAD,
    DIED,
    INFORMAL,
    MINUTES,
    MISSED_CHW,
    MONTH,
    NOT_REACHED,
    PREVENTED,
    YEAR,
    row_type,
    table,
)
from iccmsim.engine.simulation import ZoneRun
from iccmsim.engine.tally import AGE_EDGES, KM_BANDS, QUINTILES, TAIL, bands_of, bin_of, was_seen_by, year_edges

AGE_GROUPS = ("0-27 d", "28 d-11 m", "1-4 y")
GROUP_EDGES = (28, 12 * MONTH)  # days
LAST_DAYS = 730  # the last two years of the window
COHORT_DAYS = 365  # births of the first year, followed to the fifth birthday

# Where children whom a CHW saw would have been, in the arm without
ELSEWHERE = ("no_care", "informal", "chw", "facility", "hospital", "not_ill")
NO_CARE, NOT_ILL = 0, 5

# What a CHW, of either arm, had to do with the illness of which a child dies in one arm alone; the first that holds.
# Nobody dies of the background in one arm alone.
PARTS = ("saw_chw", "missed_chw", "ill_in_one_arm", "no_chw")
SAW, MISSED, ILL_IN_ONE_ARM, NO_CHW = range(4)

PAIRS = row_type(
    [
        ("saved", "i8", (7,)),  # die only in the first arm, in the window, by their cause there
        ("lost", "i8", (7,)),  # die only in the second
        ("saved_by_age", "i8", (len(AGE_GROUPS),)),
        ("lost_by_age", "i8", (len(AGE_GROUPS),)),
        ("saved_by_wealth", "i8", (QUINTILES,)),
        ("lost_by_wealth", "i8", (QUINTILES,)),
        ("saved_by_km", "i8", (len(KM_BANDS),)),
        ("lost_by_km", "i8", (len(KM_BANDS),)),
        ("saved_by_part", "i8", (len(PARTS),)),
        ("lost_by_part", "i8", (len(PARTS),)),
        ("age_saved", "f8"),  # years, summed over the saved: age at which they die in the first arm
        ("age_lost", "f8"),
        ("last_two", "i8"),  # fewer deaths in the last two years of the window
        ("by_five", "i8"),  # fewer deaths before the fifth birthday among those born in the first year
        ("cohort", "i8"),  # births of the first year
        ("elsewhere", "i8", (len(ELSEWHERE), 6)),  # episodes seen by a CHW: first formal, else any, provider without
        ("formal_gained", "i8", (6,)),  # episodes with formal care only in the second arm
        ("formal_lost", "i8", (6,)),
    ]
)

# What is kept of the first arm while the others are run
LIFE = row_type([(name, "i4") for name in ("birth", "household", "state", "end", "cause")])
CARE = row_type([(name, "i4") for name in ("outcome", "first_care", "first_formal", "seen_by")])


@rule
def died_within(child, first, last):
    """Whether a child died in a span of minutes."""
    return child.state == DEAD and child.end >= first and child.end < last


@rule(entry=True)
def pair_children(without, given, households, edges, groups, wealth, km, out):
    """Saved and lost: who dies only without, and only with, what the second arm does."""
    t = out[0]
    launch, close = edges[0], edges[TAIL]
    late = max(launch, close - LAST_DAYS * MINUTES)
    for i in range(without.shape[0]):
        a = without[i]
        b = given[i]
        t.last_two += int(died_within(a, late, close)) - int(died_within(b, late, close))
        if a.birth >= launch and a.birth < launch + COHORT_DAYS * MINUTES:
            t.cohort += 1
            t.by_five += int(a.state == DEAD) - int(b.state == DEAD)
        saved = died_within(a, launch, close)
        if saved == died_within(b, launch, close):
            continue
        household = households[a.household]
        fifth = bin_of(household.wealth, wealth)
        far = bin_of(household.km_facility, km)
        if saved:
            count_saved(a, bin_of(a.end - a.birth, groups), fifth, far, t)
        else:
            count_lost(b, bin_of(b.end - b.birth, groups), fifth, far, t)


@rule
def count_saved(child, group, fifth, far, t):
    """A child that dies only in the first arm."""
    t.saved[child.cause] += 1
    t.saved_by_age[group] += 1
    t.saved_by_wealth[fifth] += 1
    t.saved_by_km[far] += 1
    t.age_saved += (child.end - child.birth) / (MINUTES * YEAR)


@rule
def count_lost(child, group, fifth, far, t):
    """A child that dies only in the second arm."""
    t.lost[child.cause] += 1
    t.lost_by_age[group] += 1
    t.lost_by_wealth[fifth] += 1
    t.lost_by_km[far] += 1
    t.age_lost += (child.end - child.birth) / (MINUTES * YEAR)


@rule
def where_else(care):
    """Where an episode was taken: the highest formal provider that treated it, else a shop, else nowhere."""
    for provider in range(AT_HOSPITAL, INFORMAL, -1):
        if was_seen_by(care, provider):
            return provider
    if care.first_formal >= 0:
        return AT_FACILITY
    return INFORMAL if care.first_care >= 0 else NO_CARE


@rule
def came_about(course):
    """Whether an episode happened in this arm."""
    return course.outcome != NOT_REACHED and course.outcome != PREVENTED


@rule
def part_of_chw(here, there):
    """What a CHW had to do with a fatal illness, as it went in the arm in which it kills and in the other."""
    seen_by = here.seen_by | there.seen_by
    if seen_by & 1 << AT_CHW:
        return SAW
    if seen_by & 1 << MISSED_CHW:
        return MISSED
    return NO_CHW if came_about(there) else ILL_IN_ONE_ARM


@rule(entry=True)
def pair_fates(lives, without, children, courses, first, last, out):
    """What a CHW had to do with the illnesses of which children die in one arm alone."""
    t = out[0]
    for i in range(courses.shape[0]):
        a = without[i]
        course = courses[i]
        if a.outcome != DIED and course.outcome != DIED:
            continue
        saved = died_within(lives[course.child], first, last)
        if saved == died_within(children[course.child], first, last):
            continue
        if saved and a.outcome == DIED:
            t.saved_by_part[part_of_chw(a, course)] += 1
        elif not saved and course.outcome == DIED:
            t.lost_by_part[part_of_chw(course, a)] += 1


@rule(entry=True)
def pair_courses(without, courses, first, last, out):
    """Displacement: where the episodes that a CHW saw would have gone; and formal care won or given up."""
    t = out[0]
    for i in range(courses.shape[0]):
        course = courses[i]
        if course.onset < first:
            continue
        if course.onset >= last:
            return
        happened = came_about(course)
        a = without[i]
        in_a = came_about(a)
        if happened and in_a:
            t.formal_gained[course.illness] += course.first_formal >= 0 and a.first_formal < 0
            t.formal_lost[course.illness] += course.first_formal < 0 and a.first_formal >= 0
        if happened and was_seen_by(course, AT_CHW):
            t.elsewhere[where_else(a) if in_a else NOT_ILL, course.illness] += 1


@rule(entry=True)
def keep(children, courses, life, care):
    """Write down how children ended and where each episode was taken."""
    for i in range(children.shape[0]):
        life[i].birth = children[i].birth
        life[i].household = children[i].household
        life[i].state = children[i].state
        life[i].end = children[i].end
        life[i].cause = children[i].cause
    for i in range(courses.shape[0]):
        care[i].outcome = courses[i].outcome
        care[i].first_care = courses[i].first_care
        care[i].first_formal = courses[i].first_formal
        care[i].seen_by = courses[i].seen_by


def remember_arm(run: ZoneRun) -> tuple[np.recarray, np.recarray]:
    """Copy what a comparison needs of its first arm, whose arrays are used again for the next."""
    life, care = table(LIFE, len(run.zone.child)), table(CARE, len(run.course))
    keep(run.zone.child, run.course, life, care)
    return life, care


def pair_zone(first: tuple[np.recarray, np.recarray], run: ZoneRun) -> np.recarray:
    """Set one arm of a zone beside the first one: one row of `PAIRS`."""
    out, edges = table(PAIRS, 1), year_edges(run.plan, run.day)
    groups = np.array([int(day * MINUTES) for day in GROUP_EDGES], np.int64)
    wealth, km = bands_of(run.plan)
    pair_children(first[0], run.zone.child, run.zone.household, edges, groups, wealth, km, out)
    pair_fates(first[0], first[1], run.zone.child, run.course, edges[0], edges[TAIL], out)
    pair_courses(first[1], run.course, edges[0], edges[TAIL], out)
    return out


def cohort_is_complete(days_after_launch: int) -> bool:
    """Whether a run is long enough for all births of its first year to have reached the fifth birthday."""
    return days_after_launch >= COHORT_DAYS + AGE_EDGES[-1]
