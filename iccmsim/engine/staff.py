"""What is done about CHWs as staff: pay, campaigns, first postings, and visits that go where reports look worst."""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.records import MONTH
from iccmsim.rules.care_seeking import reckon_usual
from iccmsim.rules.facility_care import is_rainy
from iccmsim.rules.pay import arrears_move, payday
from iccmsim.rules.workforce import is_at_post, looks_bad, minutes_left, visit_of_the_worst


@rule
def join_campaign(provider, month, p, day, number):
    """Campaign days of the rainy season take their share of the minutes for sick children."""
    first = p.run_warmup_days + (number - p.month_offset) * MONTH
    left = minutes_left(provider.minutes, p, int(day - first), is_rainy(day, p))
    if left < provider.minutes:
        month.campaign_days += 1
    provider.minutes = left


@rule
def pay_salaries(zone, p, key, number):
    """The last day of the month: whose salary comes? The luck of a post goes on while it is empty."""
    for who in range(1, zone.provider.shape[0]):
        chw = zone.provider[who]
        arrears_move(chw, p, key, number)
        if chw.vacant_until < 0:
            payday(chw, p, zone.monthly[who, number])


@rule
def families_hear(zone, who, p, day):
    """A CHW who was waited for has been trained and arrives: families of the post reckon with this one from now on."""
    for i in range(zone.promise.shape[0]):
        promise = zone.promise[i]
        if promise.chw == who:
            household = zone.household[promise.household]
            household.chw = who
            household.km_chw = promise.km
            reckon_usual(household, p)
    count_families(zone)
    zone.wake[:] = day


@rule
def count_families(zone):
    """How many families each CHW has, and the place of each among them."""
    for who in range(1, zone.provider.shape[0]):
        zone.provider[who].families = 0
    for i in range(zone.household.shape[0]):
        household = zone.household[i]
        if household.chw > 0:
            household.round_place = zone.provider[household.chw].families
            zone.provider[household.chw].families += 1


@rule
def send_to_the_worst(zone, p, key, day, number):
    """The zone's visits of the month that go where reports look worst, to CHWs whom no other visit will reach."""
    total = 0.0
    known = 0.0
    for who in range(1, zone.provider.shape[0]):
        if zone.provider[who].reported_cases >= 0:
            total += zone.provider[who].reported_cases
            known += 1.0
    for _ in range(int(p.spv_targeted)):
        worst = 0
        most = 0.0
        for who in range(1, zone.provider.shape[0]):
            chw = zone.provider[who]
            free = is_at_post(chw, p, key) and chw.visit_day < 0 and zone.monthly[who, number].supervised == 0
            bad = looks_bad(chw, total / max(1.0, known)) if free else 0.0
            if bad > most:
                worst = who
                most = bad
        if worst == 0:
            return
        visit_of_the_worst(zone.provider[worst], p, key, day, number)
        zone.monthly[worst, number].targeted += 1
