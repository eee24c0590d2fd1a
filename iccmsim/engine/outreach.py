"""Home visits, before families decide: at the first hour of the families' day the CHWs go on their rounds."""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.records import ALIVE, AT_CHW, MINUTES
from iccmsim.engine.visits import be_seen
from iccmsim.engine.ways import bring_up
from iccmsim.rules.facility_care import is_rainy, month_number
from iccmsim.rules.outreach import (
    has_gone_along,
    is_at_home,
    is_followed_up,
    is_found,
    move_on,
    needs_visit,
    plan_round,
    visits_newborn,
)
from iccmsim.world.zone import BIRTH_FROM, BIRTHS, SICK, UNWELL

NEWBORN_DAYS = (1, 3, 7)  # of age: the visits of the first week


@rule
def chws_visit(zone, p, key, day):
    """Who is visited today: newborns of the first week, those due for a follow-up, and the round's households."""
    if p.newborn_visits > 0.0:
        visit_newborns(zone, p, key, day)
    if p.outreach_minutes_day <= 0.0 and p.followup_share <= 0.0:
        return
    number = month_number(day, p)
    for who in range(1, zone.provider.shape[0]):
        plan_round(zone.provider[who], p, day, is_rainy(day, p))
        zone.monthly[who, number].home_visits += zone.provider[who].round_today
    goes_back = p.followup_share > 0.0  # also to who is well by then: the CHW learns it at the door
    for i in range(zone.child.shape[0] if goes_back else zone.n[SICK]):
        row = i if goes_back else zone.lists[UNWELL, i]
        child = zone.child[row]
        unwell = child.sick_at >= 0
        if not unwell and child.follow_day != day:
            continue
        household = zone.household[child.household]
        if household.chw < 0 or not is_at_home(child):
            continue
        provider = zone.provider[household.chw]
        if not provider.present or has_gone_along(provider, day):
            continue
        if is_followed_up(child, provider, p, key, row, day):
            provider.minutes -= p.followup_minutes
            zone.monthly[household.chw, number].home_visits += 1
            if unwell:
                child.content_until = -1  # the CHW looks in whether or not the family is content
                zone.wake[child.sick_at] = day
                see_at_home(zone, row, p, key, day)
        elif unwell and is_found(child, household, provider, p, key, row, day):
            if see_at_home(zone, row, p, key, day):
                provider.outreach -= p.chw_minutes
    for who in range(1, zone.provider.shape[0]):
        move_on(zone.provider[who])


@rule
def visit_newborns(zone, p, key, day):
    """Visits to mothers and newborns on days 1, 3 and 7; only a sick newborn is more than minutes to this model."""
    number = month_number(day, p)
    for age in NEWBORN_DAYS:
        if day < age:
            continue
        for i in range(zone.days[day - age, BIRTH_FROM], zone.days[day - age + 1, BIRTH_FROM]):
            row = zone.lists[BIRTHS, i]
            child = zone.child[row]
            who = zone.household[child.household].chw
            if who < 0 or not is_at_home(child) or not visits_newborn(zone.provider[who], p, key, row, day):
                continue
            zone.provider[who].minutes -= p.newborn_minutes
            zone.monthly[who, number].home_visits += 1
            see_at_home(zone, row, p, key, day)


@rule
def see_at_home(zone, row, p, key, day):
    """A consultation at the family's door, if the child is ill and not yet treated; tells whether there was one."""
    child = zone.child[row]
    minute = day * MINUTES + int(p.seek_hours[0])
    bring_up(child, zone.course, zone.household, zone.village, p, key, minute)
    if child.state != ALIVE or not needs_visit(child, minute):
        return False
    who = zone.household[child.household].chw
    month = zone.monthly[who, month_number(day, p)]
    month.found_at_home += 1
    child.going_to = AT_CHW
    child.at_home = 1
    child.arrives = minute
    be_seen(zone, row, p, key, minute, who, month, 0)
    child.at_home = 0
    return True
