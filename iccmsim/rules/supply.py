"""Drugs and tests as whole doses: used, reported, ordered, rationed, delivered, run out.

Stock-outs are not a parameter. They come about because a month's use varies, reports are missing, deliveries take
time and hold less than was asked for, the district store lacks a product for weeks, roads are cut by the rains,
doses are lost on the way or grow too old.
"""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, two_normals
from iccmsim.core.records import AT_CHW, BASIC_PRODUCTS, N_PRODUCTS, NOT_YET_POSTED

PAST_USE, MIN_MAX, FIXED_KIT, DAILY_REPORT = range(4)  # rules by which stock is ordered
COUNTS = 8  # of the shelf in a shelf life
SLOTS = 4  # deliveries that can be on the way at once, and review periods that are remembered


@rule
def note_stock(provider, month):
    """At the end of a day: which products are there, for the ledger of stock-outs and for the next order. What the
    health centre holds for its CHWs alone is not missed there, and at a post that nobody holds nothing is."""
    out = 0
    held = 1 if provider.vacant_until < 0 else 0
    for product in range(N_PRODUCTS):
        if provider.stock[product] > 0:
            provider.days_in[0, product] += 1
        elif provider.kit[product] > 0.0:  # a product that is not in the programme is not missed
            month.stock_out_days[product] += held
            out = 1 if product < BASIC_PRODUCTS or provider.kind == AT_CHW else out
    month.any_out_days += out * held
    provider.stocked += ((1.0 - out) - provider.stocked) / 30.0


@rule
def box_of(kit, p):
    """Doses of a product in a CHW's first box, from what is expected to be used in 30 days."""
    return int(math.ceil(kit * p.sup_kit_days / 30.0))


@rule
def hand_over_first_box(chw, p):
    """Whoever is the first in a post brings a full box along, less what has been recalled."""
    for product in range(N_PRODUCTS):
        if p.shock_recall[product] <= 0.0:
            chw.stock[product] = box_of(chw.kit[product], p)
            chw.began_with[product] = chw.stock[product]


@rule
def bring_in_products(providers, p):
    """Policy decides what is in the box: a product that is new comes with its first kit, one that is dropped is not
    ordered again. What only CHWs give, the health centre holds for all of them."""
    for who in range(providers.shape[0]):
        provider = providers[who]
        is_chw = provider.kind == AT_CHW
        for product in range(0 if is_chw else BASIC_PRODUCTS, N_PRODUCTS):
            kit = p.chw_kit[product] if is_chw else p.chw_kit[product] * (providers.shape[0] - 1)
            if kit > 0.0 and provider.kit[product] == 0.0 and provider.generation != NOT_YET_POSTED:
                doses = box_of(kit, p) if is_chw else int(math.ceil(kit * p.fac_kit_days / 30.0))
                provider.stock[product] += doses
                provider.received[product] += doses
            provider.kit[product] = kit


@rule
def monthly_use(provider, product, review, since=0):
    """Average monthly consumption by the reports that arrived, corrected for days out of stock; else the kit's.

    It takes half a month with the product there, or half of the three periods that are looked at if those are shorter.
    `since` is the latest period whose report may have arrived: 0 the one that ends now, 1 the one before.
    """
    used = 0
    days = 0
    for period in range(since, since + SLOTS - 1):
        if provider.reported[period]:
            used += provider.used[period, product]
            days += provider.days_in[period, product]
    if days < min(15.0, 1.5 * review) or provider.kit[product] == 0.0:
        return provider.kit[product]
    return 30.0 * used / days


@rule
def on_order(provider, product):
    """Doses that are on the way."""
    coming = 0
    for slot in range(SLOTS):
        coming += provider.coming[slot, product]
    return coming


@rule
def known_on_hand(provider, product, since):
    """Doses on the shelf as far as the one who orders knows: what was used since a late report is not known yet."""
    return provider.stock[product] + (provider.used[0, product] if since else 0)


@rule
def quantity_to_order(provider, product, review, lead, buffer, floor, since=0):
    """Order up to the use expected until the next delivery, plus a buffer; at least the floor if the shelf is bare."""
    return order_up_to(provider, product, review + lead + buffer, review, floor, since)


@rule
def order_up_to(provider, product, days, review, floor, since):
    """What is missing to so many days of use; at least the floor if the shelf is bare."""
    need = monthly_use(provider, product, review, since) * days / 30.0
    on_hand = known_on_hand(provider, product, since)
    order = math.ceil(need - on_hand - on_order(provider, product))
    if on_hand == 0:
        order = max(order, math.ceil(floor * provider.kit[product]))
    return max(0, int(order))


@rule
def is_above(provider, product, days, review, since):
    """Whether what is there and on its way is more than so many days of use: no need to order."""
    there = known_on_hand(provider, product, since) + on_order(provider, product)
    return there > monthly_use(provider, product, review, since) * days / 30.0


@rule
def order_by_rule(provider, product, how, review, lead, buffer, floor, since=0):
    """What is ordered of a product: up to the maximum each time; that, but only at the minimum; or always one kit.

    The minimum lasts until what is ordered at the next look has come, and the buffer: where the shelf is looked at
    every few days, a delivery's time; where that is at reviews alone, a review more, and then so is the maximum.
    """
    if how == FIXED_KIT:
        return int(math.ceil(provider.kit[product] * review / 30.0))
    if how == MIN_MAX:
        minimum = review + lead + buffer
        if is_above(provider, product, minimum, review, since):
            return 0
        return order_up_to(provider, product, minimum + review, review, floor, since)
    if how == DAILY_REPORT and is_above(provider, product, lead + buffer, review, since):
        return 0
    if how == DAILY_REPORT and on_order(provider, product) > 0:
        floor = 0.0  # the next look is in a few days, and help for a bare shelf is on its way
    return quantity_to_order(provider, product, review, lead, buffer, floor, since)


@rule
def may_be_supplied(chw, how, rainy, since):
    """Whether an order for this CHW is made up: someone is there, a road leads there, and a report or a fixed kit."""
    if chw.vacant_until >= 0 or is_cut_off(chw, rainy):
        return False
    return how == FIXED_KIT or chw.reported[since] == 1


@rule
def is_cut_off(provider, rainy):
    """Whether no road leads there just now."""
    return rainy and provider.cut_off == 1


@rule
def report_arrives(provider, p, key, day):
    """Whether this period's report reaches the health centre; without it nothing is known and nothing is sent."""
    u, _, _, _ = draw(key, Decision.REPORT, provider.number, day)
    return 1 if u < p.spv_report else 0


@rule
def close_period(provider):
    """The counts of this period become those of the last one."""
    for product in range(N_PRODUCTS):
        for period in range(SLOTS - 1, 0, -1):
            provider.used[period, product] = provider.used[period - 1, product]
            provider.days_in[period, product] = provider.days_in[period - 1, product]
        provider.used[0, product] = 0
        provider.days_in[0, product] = 0
    for period in range(SLOTS - 1, 0, -1):
        provider.reported[period] = provider.reported[period - 1]
    provider.reported[0] = 0
    provider.period += 1


@rule
def free_slot(provider):
    """Where a new delivery can be noted, -1 if four are on the way already."""
    for slot in range(SLOTS):
        if provider.coming_day[slot] < 0:
            return slot
    return -1


@rule
def lead_days(provider, p, key, day, mean):
    """Days from order to delivery: gamma with a whole shape, as the sum of so many exponentials."""
    uniforms = draw(key, Decision.LEAD_TIME, provider.number, day)
    shape = int(p.sup_lead_shape if provider.kind == AT_CHW else p.fac_sup_lead_shape)
    total = 0.0
    for i in range(shape):
        total -= math.log(uniforms[i])
    return max(1, int(round(mean * total / shape)))


@rule
def filled(ordered, chance, u, v):
    """How many of the doses ordered are really sent: binomial, exactly up to 200 doses, by the normal above."""
    if ordered <= 0 or chance <= 0.0:
        return 0
    if chance >= 1.0:
        return ordered
    if ordered > 200 or ordered * math.log(chance) < -600.0:
        z, _ = two_normals(u, v)
        sent = round(ordered * chance + z * math.sqrt(ordered * chance * (1.0 - chance)))
        return int(min(ordered, max(0, sent)))
    withheld = 0
    term = math.exp(ordered * math.log(chance))
    below = term
    while u > below and withheld < ordered:
        term *= (ordered - withheld) / (withheld + 1.0) * (1.0 - chance) / chance
        withheld += 1
        below += term
    return ordered - withheld


@rule
def receive(provider, month, day):
    """Deliveries that are due go on the shelf; how many they are."""
    deliveries = 0
    for slot in range(SLOTS):
        if 0 <= provider.coming_day[slot] <= day:
            deliveries += 1
            for product in range(N_PRODUCTS):
                doses = provider.coming[slot, product]
                provider.stock[product] += doses
                provider.arrived[product] += doses
                provider.received[product] += doses
                month.received[product] += doses
                provider.coming[slot, product] = 0
            provider.coming_day[slot] = -1
    return deliveries


@rule
def goes_astray(provider, month, p, key, day):
    """Some of the doses that were sent never reach the shelf: lost, sold or spoilt on the road."""
    leak = p.sup_leak if provider.kind == AT_CHW else p.fac_sup_leak
    for product in range(N_PRODUCTS):
        if provider.arrived[product] > 0 and leak > 0.0:
            u, v, _, _ = draw(key, Decision.LEAK, provider.number, day, 0, product)
            lost = provider.arrived[product] - filled(provider.arrived[product], 1.0 - leak, u, v)
            provider.stock[product] -= lost
            provider.leaked[product] += lost
            month.leaked[product] += lost
        provider.arrived[product] = 0


@rule
def withdraw(provider, month, p):
    """A recalled product is taken off the shelf wherever it turns up; it counts as thrown out."""
    for product in range(N_PRODUCTS):
        if p.shock_recall[product] > 0.0 and provider.stock[product] > 0:
            provider.expired[product] += provider.stock[product]
            month.expired[product] += provider.stock[product]
            provider.stock[product] = 0


@rule
def throw_out_expired(provider, month, life, day):
    """Eight times in a shelf life the shelf is counted: what came a life ago or more and is still there is thrown out.

    The oldest doses are used first, so what is left of them is all that had come by then less all that has gone since.
    """
    if provider.counted_day >= 0 and day * COUNTS // life == provider.counted_day * COUNTS // life:
        return
    provider.counted_day = day
    for product in range(N_PRODUCTS):
        gone = provider.given[product] + provider.issued[product] + provider.expired[product]
        old = int(min(provider.stock[product], max(0, provider.came[COUNTS - 1, product] - gone)))
        provider.stock[product] -= old
        provider.expired[product] += old
        month.expired[product] += old
        for count in range(COUNTS - 1, 0, -1):
            provider.came[count, product] = provider.came[count - 1, product]
        came = provider.began_with[product] + provider.received[product] - provider.leaked[product]
        provider.came[0, product] = came


@rule
def share_out(providers, stock):
    """Divide a short stock among those who ask in proportion, whole doses, largest remainders first (ties: first)."""
    total = 0
    for i in range(providers.shape[0]):
        total += providers[i].asks
    if total <= stock:
        for i in range(providers.shape[0]):
            providers[i].gets = providers[i].asks
        return
    left = stock
    for i in range(providers.shape[0]):
        providers[i].gets = providers[i].asks * stock // total
        left -= providers[i].gets
    for _ in range(left):
        best = 0
        most = -1
        for i in range(providers.shape[0]):
            remainder = providers[i].asks * stock - providers[i].gets * total
            if remainder > most:
                most = remainder
                best = i
        providers[best].gets += 1


@rule
def store_has(had, u, falls, rises):
    """Whether the district store has a product today: what it had may run out, what it lacked may come."""
    if had:
        return u >= falls
    return u > 1.0 - rises


@rule
def store_today(had, product, first, avail, spell_days, rho, key, day):
    """One product in the district store on one day, from how often it is there, how long it is out on
    average, and how alike products fare; some of what befalls it befalls other products the same day.

    A product follows the district's common fate with a chance such that any two products correlate as `stk.rho` says:
    where both share a day's fate with chance q, two-state spells correlate by q / (2 - q) once they have settled.
    """
    own, follows, _, _ = draw(key, Decision.PIPELINE, product, day)
    common, _, _, _ = draw(key, Decision.PIPELINE, N_PRODUCTS, day)
    together = rho if first else 2.0 * rho / (1.0 + rho)
    u = common if follows < math.sqrt(together) else own
    if first:
        return u >= 1.0 - avail
    rises = 1.0 / spell_days
    return store_has(had, u, rises * (1.0 - avail) / avail, rises)
