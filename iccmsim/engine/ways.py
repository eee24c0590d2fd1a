"""A family's way to a provider and home again, and the line in the books that a visit leaves."""

from __future__ import annotations

from iccmsim.core.bits import first_of, rest_of
from iccmsim.core.compiled import rule
from iccmsim.core.records import (
    AT_CHW,
    AT_FACILITY,
    AT_HOME,
    AT_HOSPITAL,
    INFORMAL,
    MINUTES,
    MISSED_CHW,
    VOLUNTEER,
    WAIT,
)
from iccmsim.engine.calendar import put
from iccmsim.rules.care_seeking import remember, walking_minutes
from iccmsim.rules.illness import live_until
from iccmsim.world.zone import ARRIVALS, VISITS


@rule(joined=True)
def bring_up(child, courses, households, villages, p, key, minute):
    """Bring a child up to a minute; a family whose child got worse after treatment remembers who gave it."""
    if child.due > minute:
        return
    live_until(child, courses, p, key, minute)
    if child.let_down_by:
        household = households[child.household]
        village = villages[household.village]
        for provider in range(AT_CHW, AT_FACILITY + 1):
            if child.let_down_by & 1 << provider:
                remember(household, village, p, provider, p.trust_severe, minute // MINUTES)
        child.let_down_by = 0


@rule(joined=True)
def set_out(zone, row, p, provider, minute):
    """The family starts walking."""
    child = zone.child[row]
    child.going_to = provider
    child.arrives = minute + walking_minutes(zone.household[child.household], p, provider)
    put(zone.days, ARRIVALS, zone.child, row, child.arrives)


@rule(joined=True)
def morning_after(day, p):
    """The minute at which those who wait are looked after again."""
    return (day + 1) * MINUTES + int(p.seek_hours[0])


@rule(joined=True)
def come_again(zone, row, minute):
    """The child stays where it is, and its turn comes on another day."""
    child = zone.child[row]
    if child.waits_since < 0:
        child.waits_since = child.arrives
    child.arrives = minute
    put(zone.days, ARRIVALS, zone.child, row, minute)


@rule(joined=True)
def go_home(child):
    """The way and the waiting are over."""
    child.going_to = WAIT
    child.waits_since = -1
    child.by_referral = 0
    child.attempt = 0


@rule(joined=True)
def open_visit(zone, row, provider, who, lead, minute):
    """A line in the books. Where no table is kept there is one row, written over and over."""
    i = zone.n[VISITS]
    if zone.visit.shape[0] > 1:
        zone.n[VISITS] += 1
    else:
        i = 0
    visit = zone.visit[i]
    child = zone.child[row]
    visit.child = row
    visit.course = lead
    comes = provider != INFORMAL and provider != VOLUNTEER  # neither of whom a family waits for
    waited = comes and child.waits_since >= 0
    visit.arrived = child.waits_since if waited else child.arrives if comes else minute
    visit.minute = minute
    visit.provider = provider
    visit.who = who
    visit.complaint = child.complaint
    visit.marks = AT_HOME if child.at_home and provider == AT_CHW else 0
    visit.given = 0
    visit.lacked = 0
    visit.by_referral = child.by_referral
    return i


@rule(joined=True)
def note_care(zone, child, provider, minute):
    """Each illness the child has now counts this visit; the first formal one is what surveys ask about."""
    some = int(child.ill)
    while some:
        course = zone.course[child.active[first_of(some)]]
        course.visits += 1
        course.seen_by |= 1 << provider
        if course.first_care < 0:
            course.first_care = minute
            course.first_provider = provider
        if AT_CHW <= provider <= AT_HOSPITAL and course.first_formal < 0:
            course.first_formal = minute
        some = rest_of(some)


@rule(joined=True)
def note_missed_chw(zone, child):
    """The family came to a CHW with each illness the child has now, and had no turn that day or found nobody."""
    some = int(child.ill)
    while some:
        zone.course[child.active[first_of(some)]].seen_by |= 1 << MISSED_CHW
        some = rest_of(some)


@rule(joined=True)
def mark_referral_done(zone, child):
    """The referral of each present illness is complete."""
    some = int(child.ill)
    while some:
        course = zone.course[child.active[first_of(some)]]
        if course.referred:
            course.referral_done = 1
        some = rest_of(some)
