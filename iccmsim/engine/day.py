"""One day in a zone. Only this room sees the whole zone; what it calls is about one child or one provider."""

from __future__ import annotations

from iccmsim.core.bits import first_of, rest_of
from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw_words, unit
from iccmsim.core.records import ALIVE, AT_FACILITY, AT_HOSPITAL, INFORMAL, MINUTES, UNBORN, WAIT
from iccmsim.engine.calendar import line_up, row_of
from iccmsim.engine.house import close_the_day, keep_house
from iccmsim.engine.outreach import chws_visit
from iccmsim.engine.visits import at_hospital, at_provider, at_shop, at_volunteer
from iccmsim.engine.ways import bring_up, set_out
from iccmsim.rules.care_seeking import (
    choose,
    fade_trust,
    has_been_anywhere,
    is_tempted,
    may_decide,
    may_win,
    most_odds,
    read_choice,
    reckon_usual,
)
from iccmsim.rules.illness import awaits
from iccmsim.rules.supply import bring_in_products
from iccmsim.rules.treatment import care_at_home
from iccmsim.rules.workforce import talent
from iccmsim.world.courses import open_course
from iccmsim.world.zone import (
    ARRIVALS,
    BIRTH_FROM,
    BIRTHS,
    LEAVE_FROM,
    LEAVERS,
    LINE,
    LOOKED_AT,
    MARGIN,
    NIGHT,
    ONSET_FROM,
    SICK,
    STUCK,
    TONIGHT,
    UNWELL,
    VISITS,
    WHOM,
)


@rule(entry=True)
def run_days(zone, regime, key, first, last):
    """Let days pass in one zone, from `first` up to, not including, `last`; returns the day it stopped at.

    It stops early when the table of visits may not hold another day: the caller enlarges it and goes on.
    """
    p = regime[0]
    zone.wake[:] = first  # whatever was written to a record since: every family is looked at
    for day in range(first, last):
        if zone.visit.shape[0] > 1 and zone.n[VISITS] + MARGIN * zone.child.shape[0] > zone.visit.shape[0]:
            last = day
            break
        one_day(zone, p, key, day)
        if zone.n[STUCK]:
            return -1
    for i in range(zone.n[SICK]):  # what nobody had to look at
        bring_up(
            zone.child[zone.lists[UNWELL, i]], zone.course, zone.household, zone.village, p, key, last * MINUTES - 1
        )
    return last


@rule(entry=True)
def begin_regime(zone, regime, key):
    """From today other parameters are in force: families, CHWs at their work, and policy reckon with them."""
    p = regime[0]
    tastes_of_families(zone.household, p)
    for who in range(1, zone.provider.shape[0]):
        talent(zone.provider[who], p, key, p.chw_logit, p.chw_skill_sd)
    bring_in_products(zone.provider, p)


@rule
def tastes_of_families(households, p):
    """A new regime, or new CHWs: every household reckons anew what it would usually do."""
    for i in range(households.shape[0]):
        reckon_usual(households[i], p)


@rule
def one_day(zone, p, key, day):
    """A day: house is kept, illnesses begin, CHWs visit, families decide, children are seen, fate takes its turn."""
    keep_house(zone, p, key, day)
    illness_moves(zone, day)
    chws_visit(zone, p, key, day)
    families_decide(zone, p, key, day)
    be_served(zone, p, key, day)
    meet_ones_fate(zone, p, key, day)
    close_the_day(zone, p, day)


@rule
def illness_moves(zone, day):
    """Children are born, and the onsets of today wait for their minute."""
    for i in range(zone.days[day, BIRTH_FROM], zone.days[day + 1, BIRTH_FROM]):
        child = zone.child[zone.lists[BIRTHS, i]]
        if child.state == UNBORN:
            child.state = ALIVE
    first = zone.days[day, ONSET_FROM]
    last = zone.days[day + 1, ONSET_FROM]
    for row in range(first, last):  # apart, so that the machine fetches them side by side
        zone.lists[WHOM, row - first] = zone.candidate[zone.order[row]].child
    for row in range(first, last):
        course = zone.course[row]
        open_course(zone.candidate[zone.order[row]], course)
        child = zone.child[zone.lists[WHOM, row - first]]
        if child.state != ALIVE:
            continue
        if child.active[course.illness] >= 0:
            zone.n[STUCK] = 1
        awaits(child, course, row)
        join_the_sick(zone, course.child)


@rule(joined=True)
def join_the_sick(zone, row):
    """The zone knows which children are unwell; only they have decisions to make."""
    child = zone.child[row]
    if child.sick_at < 0:
        child.sick_at = zone.n[SICK]
        zone.lists[UNWELL, zone.n[SICK]] = row
        zone.n[SICK] += 1
    zone.wake[child.sick_at] = 0


@rule
def families_decide(zone, p, key, day):
    """Each sick child's family alone: whether and where to seek care today.

    What a family draws says at once whether it might do anything but wait; where it would not, its child is passed
    over until its state may change. All families are asked in one go, and few are looked at.
    """
    n = zone.n[SICK]
    draw_choices(zone.lists, zone.words, key, n, day)
    ask_families(zone.lists, zone.words, zone.lure, zone.wake, n, day)
    looked_at = 0
    for i in range(n):
        asked = zone.lists[LOOKED_AT, i]
        zone.lists[LOOKED_AT, looked_at] = i
        looked_at += asked
    zone.n[TONIGHT] = 0
    midnight = (day + 1) * MINUTES - 1
    for j in range(looked_at):
        i = zone.lists[LOOKED_AT, j]
        row = zone.lists[UNWELL, i]
        child = zone.child[row]
        if child.going_to == WAIT:
            minute, uniforms = read_choice(
                p, day, zone.words[0, i], zone.words[1, i], zone.words[2, i], zone.words[3, i]
            )
            family_decides(zone, row, p, key, day, minute, uniforms, zone.wake[i] > day)
        if child.changes <= midnight or child.ill == 0:
            zone.lists[NIGHT, zone.n[TONIGHT]] = row
            zone.n[TONIGHT] += 1
        elif child.going_to == WAIT and not child.home_due:
            leave_alone(zone, i, child, p, midnight)


@rule
def draw_choices(lists, words, key, n, day):
    """What the families of the unwell draw for today's choice, in one go."""
    for i in range(n):
        a, b, c, d = draw_words(key, Decision.CHOICE, lists[UNWELL, i], day, 0, 0, 0)
        words[0, i] = a
        words[1, i] = b
        words[2, i] = c
        words[3, i] = d


@rule
def ask_families(lists, words, lure, wake, n, day):
    """Which of them are looked at: those whose day it is, and those that might do anything but wait."""
    for i in range(n):
        u = unit(words[0, i])
        informal = may_win(lure[0, i], u, unit(words[1, i]))
        chw = may_win(lure[1, i], u, unit(words[2, i]))
        facility = may_win(lure[2, i], u, unit(words[3, i]))
        lists[LOOKED_AT, i] = 1 if (wake[i] <= day) | informal | chw | facility else 0


@rule(joined=True)
def leave_alone(zone, i, child, p, midnight):
    """Until its state changes a child's family is asked by what it draws alone; while it is content, not at all."""
    content = child.content_until > midnight
    zone.wake[i] = (min(child.changes, child.content_until) if content else child.changes) // MINUTES
    household = zone.household[child.household]
    for v in range(INFORMAL, AT_FACILITY + 1):
        zone.lure[v - INFORMAL, i] = 0.0 if content else most_odds(child, household, p, v)


@rule(joined=True)
def family_decides(zone, row, p, key, day, minute, uniforms, asked):
    """One family, at its own minute of the day, with a child that is at home: one decision for the child, not one per
    illness: wait, shop, CHW or facility. `asked` is a family that `ask_families` has found to be tempted."""
    child = zone.child[row]
    household = zone.household[child.household]
    if p.seek_at_onset > 0.0:
        minute = max(day * MINUTES, latest_onset(child, zone.course))
    if child.changes <= minute:
        bring_up(child, zone.course, zone.household, zone.village, p, key, minute)
    if child.state != ALIVE or not may_decide(child, minute):
        return
    tempted = (asked and not has_been_anywhere(child, minute)) or is_tempted(child, household, p, uniforms, minute)
    if not tempted and not child.home_due:
        return
    bring_up(child, zone.course, zone.household, zone.village, p, key, minute)
    if child.home_due:
        care_at_home(child, zone.course, minute, p, key)
        if p.hmm_reach > 0.0:
            at_volunteer(zone, row, p, key, minute)
            tempted = tempted and may_decide(child, minute)
    if not tempted:
        return
    village = zone.village[household.village]
    fade_trust(household, village, p, day)
    chosen = choose(child, household, village, zone.provider, p, uniforms, minute)
    if chosen == INFORMAL:
        at_shop(zone, row, p, key, minute)
    elif chosen != WAIT:
        set_out(zone, row, p, chosen, minute)


@rule
def latest_onset(child, courses):
    """The minute at which the newest of a child's illnesses began."""
    latest = 0
    some = int(child.afoot)
    while some:
        latest = max(latest, courses[child.active[first_of(some)]].onset)
        some = rest_of(some)
    return latest


@rule
def be_served(zone, p, key, day):
    """Children arrive at CHWs, the health centre and the hospital, and are seen in order of arrival."""
    n = join_line(zone, day, 0, 0)
    served = 0
    while served < n:
        row = row_of(zone.lists[LINE, served])
        served += 1
        child = zone.child[row]
        if child.state != ALIVE:
            continue
        if child.going_to == AT_HOSPITAL:
            at_hospital(zone, row, p, key)
        else:
            at_provider(zone, row, p, key, day)
        n = join_line(zone, day, served, n)
        if n > zone.lists.shape[1] - zone.child.shape[0]:
            zone.n[STUCK] = 2
            return


@rule
def join_line(zone, day, served, n):
    """Whoever arrives today joins the line; second tries of the same day too."""
    row = zone.days[day, ARRIVALS]
    zone.days[day, ARRIVALS] = -1
    while row >= 0:
        child = zone.child[row]
        following = child.next
        since = child.arrives if child.waits_since < 0 else child.waits_since
        n = line_up(zone.lists, served, n, since, row)
        row = following
    return n


@rule
def meet_ones_fate(zone, p, key, day):
    """What else falls due before midnight: onsets of the evening, worsenings, recoveries, deaths, fifth birthdays."""
    midnight = (day + 1) * MINUTES - 1
    for i in range(zone.n[TONIGHT]):
        child = zone.child[zone.lists[NIGHT, i]]
        bring_up(child, zone.course, zone.household, zone.village, p, key, midnight)
        leave_the_sick(zone, child)
    for i in range(zone.days[day, LEAVE_FROM], zone.days[day + 1, LEAVE_FROM]):
        child = zone.child[zone.lists[LEAVERS, i]]
        bring_up(child, zone.course, zone.household, zone.village, p, key, midnight)
        leave_the_sick(zone, child)


@rule(joined=True)
def leave_the_sick(zone, child):
    """A child that is well again, or gone, has nothing more to decide; the last of the list takes its place."""
    if child.sick_at < 0 or (child.ill > 0 and child.state == ALIVE):
        return
    last = zone.n[SICK] - 1
    row = zone.lists[UNWELL, last]
    zone.lists[UNWELL, child.sick_at] = row
    zone.wake[child.sick_at] = zone.wake[last]
    for v in range(3):
        zone.lure[v, child.sick_at] = zone.lure[v, last]
    zone.child[row].sick_at = child.sick_at
    child.sick_at = -1
    zone.n[SICK] = last
