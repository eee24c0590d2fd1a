"""The morning and the night of the providers: who is present, who visits, what is delivered, reported and ordered."""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import AT_CHW, AT_FACILITY, MINUTES, MONTH, N_PRODUCTS
from iccmsim.rules.facility_care import facility_is_open, minutes_today, month_number
from iccmsim.rules.supply import (
    close_period,
    filled,
    free_slot,
    lead_days,
    note_stock,
    quantity_to_order,
    receive,
    report_arrives,
    share_out,
)
from iccmsim.rules.workforce import (
    comes_to_work,
    how_sure,
    is_supervised,
    leaves_post,
    motivation_moves,
    skill_fades,
    skill_gain,
    takes_up_post,
    vacancy_days,
    visit_gain,
)


@rule
def keep_house(zone, p, key, day):
    """Morning: deliveries, supervision, training, who has left or come, who is present; on their day, orders."""
    number = month_number(day, p)
    for who in range(zone.provider.shape[0]):
        provider = zone.provider[who]
        month = zone.monthly[who, number]
        receive(provider, month, day)
        provider.waiting = 0
        provider.overloaded_today = 0
        provider.minutes = minutes_today(provider.kind, p)
        provider.clock = day * MINUTES
        if provider.kind == AT_FACILITY:
            provider.present = 1 if facility_is_open(day, p) else 0
        else:
            chw_morning(provider, month, p, key, day, number)
    review = int(p.fac_sup_review)
    if day % review == review - 1:
        facility_orders(zone.provider[0], zone.monthly[0, number], p, key, day)
    review = int(p.sup_review)
    if zone.provider.shape[0] > 1 and day % review == review - 1:
        chws_order(zone, p, key, day, number)


@rule
def chw_morning(provider, month, p, key, day, number):
    """One CHW's morning: in post or not, trained, visited, motivated, at work."""
    if provider.vacant_until >= 0:
        provider.present = 0
        if day < provider.vacant_until:
            return
        takes_up_post(provider, p, key, day)
    month.days_in_post += 1
    be_supervised(provider, month, p, key, day, number)
    if p.spv_refresher_months > 0.0 and day - provider.refreshed_day >= p.spv_refresher_months * MONTH:
        skill_gain(provider, p, p.skill_refresher)
        provider.refreshed_day = day
    skill_fades(provider, p)
    motivation_moves(provider, p, day)
    month.skill += provider.skill
    month.motivation += provider.motivation
    u = comes_to_work(provider, p, key, day)
    month.days_present += provider.present
    how_sure(provider)
    if leaves_post(provider, p, u):
        provider.present = 0
        provider.vacant_until = day + max(1, vacancy_days(provider, p, key, day))
        month.departures += 1


@rule
def be_supervised(provider, month, p, key, day, number):
    """The month's supervision visit, if there is one, on its day: it teaches something, more if it mentors."""
    if number != month_number(day - 1, p):
        day_of_month, mentors = is_supervised(provider, p, key, number)
        provider.visit_day = day + day_of_month if day_of_month >= 0 else -1
        provider.visit_mentors = 1 if mentors else 0
    if provider.visit_day == day:
        provider.supervised_day = day
        provider.visit_day = -1
        month.supervised += 1
        month.mentored += provider.visit_mentors
        skill_gain(provider, p, visit_gain(provider, p, provider.visit_mentors, day))


@rule
def facility_orders(facility, month, p, key, day):
    """The health centre orders from the district store, which sends most of it."""
    facility.reported[0] = 1
    send_order(facility, month, p, key, day)
    close_period(facility)


@rule
def send_order(facility, month, p, key, day):
    """One delivery with what the district store fills of the order."""
    slot = free_slot(facility)
    if slot < 0:
        return
    facility.coming_day[slot] = day + lead_days(facility, p, key, day, p.fac_sup_lead)
    for product in range(N_PRODUCTS):
        ordered = quantity_to_order(
            facility, product, p.fac_sup_review, p.fac_sup_lead, p.fac_sup_buffer, p.fac_sup_floor
        )
        u, v, _, _ = draw(key, Decision.FILL, facility.number, day, 0, product)
        facility.coming[slot, product] = filled(ordered, p.fac_sup_fill, u, v)
        month.ordered[product] += ordered


@rule
def chws_order(zone, p, key, day, number):
    """The monthly meeting: CHWs whose report arrives are resupplied from the health centre's store, by rationing."""
    n = zone.provider.shape[0]
    for who in range(1, n):
        chw = zone.provider[who]
        chw.reported[0] = report_arrives(chw, p, key, day) if chw.vacant_until < 0 else 0
        zone.monthly[who, number].reported += chw.reported[0]
        chw.slot = free_slot(chw) if chw.reported[0] else -1
        if chw.slot >= 0:
            chw.coming_day[chw.slot] = day + lead_days(chw, p, key, day, p.sup_lead)
    for product in range(N_PRODUCTS):
        order_product(zone, p, key, day, number, product)
    for who in range(1, n):
        close_period(zone.provider[who])


@rule
def order_product(zone, p, key, day, number, product):
    """One product at the monthly meeting: what is asked for, what the store can share out, what is really sent."""
    facility = zone.provider[0]
    for who in range(zone.provider.shape[0]):
        chw = zone.provider[who]
        chw.asks = 0
        if chw.kind == AT_CHW and chw.slot >= 0:
            chw.asks = quantity_to_order(chw, product, p.sup_review, p.sup_lead, p.sup_buffer, p.sup_kit_floor)
            zone.monthly[who, number].ordered[product] += chw.asks
    share_out(zone.provider, facility.stock[product])
    for who in range(1, zone.provider.shape[0]):
        chw = zone.provider[who]
        if chw.gets > 0:
            u, v, _, _ = draw(key, Decision.FILL, chw.number, day, 0, product)
            sent = filled(chw.gets, p.sup_fill, u, v)
            chw.coming[chw.slot, product] = sent
            facility.stock[product] -= sent
            facility.issued[product] += sent
            facility.used[0, product] += sent


@rule
def close_the_day(zone, p, day):
    """Night: the shelves are counted."""
    number = month_number(day, p)
    kept = day if zone.stock_by_day.shape[0] > 1 else 0
    for who in range(zone.provider.shape[0]):
        provider = zone.provider[who]
        note_stock(provider, zone.monthly[who, number])
        if provider.kind == AT_CHW:
            provider.overload += (provider.overloaded_today - provider.overload) / 30.0
        for product in range(N_PRODUCTS):
            zone.stock_by_day[kept, who, product] = provider.stock[product]
