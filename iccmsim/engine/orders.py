"""Reports and orders: what CHWs tell the health centre, what it sends them, what the district store sends it."""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import AT_CHW, N_PRODUCTS
from iccmsim.rules.facility_care import is_rainy
from iccmsim.rules.information import report_counts, write_report
from iccmsim.rules.supply import (
    DAILY_REPORT,
    PAST_USE,
    close_period,
    filled,
    free_slot,
    is_cut_off,
    lead_days,
    may_be_supplied,
    order_by_rule,
    report_arrives,
    share_out,
)
from iccmsim.rules.workforce import is_at_post

EVERYTHING = 1 << 40  # doses: more than is ever asked of the district store

@rule
def order_stock(zone, p, key, day, number):
    """On its day the health centre orders; on theirs CHWs report, and are resupplied once their reports are there."""
    review = int(p.fac_sup_review)
    if day % review == review - 1:
        facility_orders(zone, p, key, day, number)
    if zone.provider.shape[0] == 1:
        return
    review = int(p.sup_review)
    late = min(int(p.info_delay), review - 1)
    ends = day % review == review - 1
    if ends:
        chws_report(zone, p, key, day, number)
    if day >= late and (day - late) % review == review - 1:
        for who in range(1, zone.provider.shape[0]):
            report_counts(zone.provider[who], zone.monthly[who], day)
        if p.sup_rule != DAILY_REPORT:
            chws_order(zone, p, key, day, number, 1 if late > 0 else 0)
    if p.sup_rule == DAILY_REPORT and (ends or day % int(p.sup_check) == int(p.sup_check) - 1):
        send_messages(zone, p, key, day)
        chws_order(zone, p, key, day, number, 0)
    if ends:
        for who in range(1, zone.provider.shape[0]):
            close_period(zone.provider[who])


@rule
def facility_orders(zone, p, key, day, number):
    """The health centre orders from the district store, unless no road leads there."""
    facility = zone.provider[0]
    facility.reported[0] = 1
    if not is_cut_off(facility, is_rainy(day, p)) and p.shock_cut == 0.0:
        send_order(zone, facility, zone.monthly[0, number], p, key, day)
    close_period(facility)


@rule
def send_order(zone, facility, month, p, key, day):
    """One delivery with what the district store has and fills of the order; what it lacks is cancelled."""
    slot = free_slot(facility)
    if slot < 0:
        return
    facility.coming_day[slot] = day + lead_days(facility, p, key, day, p.fac_sup_lead * road_today(p, day))
    for product in range(N_PRODUCTS):
        ordered = order_by_rule(
            facility, product, p.fac_sup_rule, p.fac_sup_review, p.fac_sup_lead, p.fac_sup_buffer, p.fac_sup_floor
        )
        month.ordered[product] += ordered
        if store_is_stocked(zone, p, day, product):
            u, v, _, _ = draw(key, Decision.FILL, facility.number, day, 0, product)
            facility.coming[slot, product] = filled(ordered, p.fac_sup_fill, u, v)


@rule
def store_is_stocked(zone, p, day, product):
    """Whether the district store has a product on a day; a table of one row says that it always has."""
    if p.shock_store_out[product] > 0.0 or p.shock_recall[product] > 0.0:
        return False
    return zone.store[day if zone.store.shape[0] > 1 else 0, product] > 0


@rule
def road_today(p, day):
    """How many times longer a delivery takes than in the dry season."""
    return p.road_rain_lead if is_rainy(day, p) else 1.0


@rule
def chws_report(zone, p, key, day, number):
    """The monthly meeting: which reports exist, and what they say."""
    for who in range(1, zone.provider.shape[0]):
        chw = zone.provider[who]
        chw.reported[0] = report_arrives(chw, p, key, day) if is_at_post(chw, p, key) else 0
        zone.monthly[who, number].reported += chw.reported[0]
        report_counts(chw, zone.monthly[who], day)
        write_report(chw, zone.monthly[who], number, p, key, day)


@rule
def send_messages(zone, p, key, day):
    """Between reports: whoever's report of this period will arrive also sends word of the shelf every few days."""
    review = int(p.sup_review)
    last = day - day % review + review - 1
    for who in range(1, zone.provider.shape[0]):
        chw = zone.provider[who]
        chw.reported[0] = report_arrives(chw, p, key, last) if is_at_post(chw, p, key) else 0


@rule
def chws_order(zone, p, key, day, number, since):
    """CHWs are resupplied by the ordering rule, from the health centre's store or straight from the district's."""
    rainy = is_rainy(day, p)
    comes = p.sup_on > 0.0 and p.shock_cut == 0.0
    for who in range(1, zone.provider.shape[0]):
        chw = zone.provider[who]
        ordered = comes and is_at_post(chw, p, key) and may_be_supplied(chw, p.sup_rule, rainy, since)
        chw.slot = free_slot(chw) if ordered else -1
        if chw.slot >= 0:
            chw.coming_day[chw.slot] = day + lead_days(chw, p, key, day, p.sup_lead * road_today(p, day))
    for product in range(N_PRODUCTS):
        order_product(zone, p, key, day, number, product, since)
    if p.sup_rule != PAST_USE:
        for who in range(1, zone.provider.shape[0]):
            send_no_empty_box(zone.provider[who])


@rule
def send_no_empty_box(chw):
    """A delivery that would hold nothing is not sent: only so many can be on the way."""
    if chw.slot >= 0:
        doses = 0
        for product in range(N_PRODUCTS):
            doses += chw.coming[chw.slot, product]
        if doses == 0:
            chw.coming_day[chw.slot] = -1


@rule
def order_product(zone, p, key, day, number, product, since):
    """One product: what is asked for each CHW, what the store can share out, what is really sent."""
    facility = zone.provider[0]
    for who in range(zone.provider.shape[0]):
        chw = zone.provider[who]
        chw.asks = 0
        if chw.kind == AT_CHW and chw.slot >= 0:
            chw.asks = order_by_rule(
                chw, product, p.sup_rule, p.sup_review, p.sup_lead, p.sup_buffer, p.sup_kit_floor, since
            )
            zone.monthly[who, number].ordered[product] += chw.asks
    if p.sup_direct > 0.0:
        share_out(zone.provider, EVERYTHING if store_is_stocked(zone, p, day, product) else 0)
    else:
        share_out(zone.provider, facility.stock[product])
    for who in range(1, zone.provider.shape[0]):
        chw = zone.provider[who]
        if chw.gets > 0:
            u, v, _, _ = draw(key, Decision.FILL, chw.number, day, 0, product)
            chw.coming[chw.slot, product] = filled(chw.gets, p.sup_fill, u, v)
            if p.sup_direct <= 0.0:
                leave_store(facility, chw.coming[chw.slot, product], product)


@rule
def leave_store(facility, sent, product):
    """Doses leave the health centre's store for a CHW; for its next order they count as used."""
    facility.stock[product] -= sent
    facility.issued[product] += sent
    facility.used[0, product] += sent
