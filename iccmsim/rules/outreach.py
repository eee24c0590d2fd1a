"""The CHW goes to the families: door to door, back to those it treated, and to newborns in their first week."""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import ALIVE, MINUTES, WAIT


@rule
def plan_round(provider, p, day, in_season):
    """How many households a CHW visits on a working day: its minutes for visits, less what sick children took the last
    time, and more by what was too little for another visit."""
    provider.round_today = 0
    if not provider.present or day % 7 >= p.chw_days_week or p.outreach_minutes_day <= 0.0:
        return
    if p.outreach_season > 0.0 and not in_season:
        return
    if provider.outreach >= p.outreach_minutes:  # everybody was visited, and there was time left
        provider.outreach = 0.0
    provider.outreach += p.outreach_minutes_day
    if provider.outreach > 0.0:
        provider.round_today = min(provider.families, int(provider.outreach / p.outreach_minutes))
        provider.outreach -= provider.round_today * p.outreach_minutes


@rule
def move_on(provider):
    """Tomorrow's round begins where today's ended."""
    if provider.families > 0:
        provider.round_at = (provider.round_at + provider.round_today) % provider.families


@rule
def has_its_turn(household, provider):
    """Whether today's round comes to this household."""
    ahead = household.round_place - provider.round_at
    if ahead < 0:
        ahead += provider.families
    return ahead < provider.round_today


@rule
def is_at_home(child):
    """A living child that is neither on the way nor in a queue can be visited."""
    return child.state == ALIVE and child.going_to == WAIT and child.waits_since < 0


@rule
def needs_visit(child, minute):
    """A child found ill is treated at the door, unless its family already has what it needs."""
    return child.ill > 0 and minute >= child.content_until


@rule
def is_found(child, household, provider, p, key, who, day):
    """Door to door: the household has its turn, somebody is at home and tells of the sick child."""
    if provider.round_today == 0 or not has_its_turn(household, provider):
        return False
    u, _, _, _ = draw(key, Decision.HOME_VISIT, who, day)
    return u < p.outreach_found


@rule
def is_followed_up(child, provider, p, key, who, day):
    """The CHW keeps the follow-up that it promised a child, if it is there that day and has the minutes."""
    if child.follow_day != day or p.followup_share <= 0.0 or provider.minutes < p.followup_minutes:
        return False
    u, _, _, _ = draw(key, Decision.FOLLOW_UP, who, day)
    return u < p.followup_share


@rule
def has_gone_along(provider, day):
    """Whether the CHW has left with a child who was referred, for the rest of the day."""
    return provider.clock >= (day + 1) * MINUTES


@rule
def visits_newborn(provider, p, key, who, day):
    """A CHW calls on a mother on one of the days for it, if it knows of the birth and has the minutes."""
    if not provider.present or provider.minutes < p.newborn_minutes or has_gone_along(provider, day):
        return False
    u, _, _, _ = draw(key, Decision.NEWBORN_VISIT, who, day)
    return u < p.newborn_visits


@rule
def promise_follow_up(child, p, minute):
    """After treatment the CHW says on which day it will look in again."""
    child.follow_day = minute // MINUTES + int(p.followup_days)
