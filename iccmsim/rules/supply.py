"""Drugs and tests as whole doses: used, reported, ordered, rationed, delivered, run out.

Stock-outs are not a parameter. They come about because a month's use varies, reports are missing, deliveries take
time and hold less than was asked for.
"""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, two_normals
from iccmsim.core.records import AT_CHW, BASIC_PRODUCTS, N_PRODUCTS

SLOTS = 4  # deliveries that can be on the way at once, and review periods that are remembered


@rule
def note_stock(provider, month):
    """At the end of a day: which products are there, for the ledger of stock-outs and for the next order."""
    out = 0
    for product in range(N_PRODUCTS):
        if provider.stock[product] > 0:
            provider.days_in[0, product] += 1
        elif provider.kit[product] > 0.0:  # a product that is not in the programme is not missed
            month.stock_out_days[product] += 1
            out = 1
    month.any_out_days += out
    provider.stocked += ((1.0 - out) - provider.stocked) / 30.0


@rule
def bring_in_products(providers, p):
    """Policy decides what is in the box: a product that is new comes with its first kit, one that is dropped is not
    ordered again. What only CHWs give, the health centre holds for all of them."""
    for who in range(providers.shape[0]):
        provider = providers[who]
        is_chw = provider.kind == AT_CHW
        for product in range(0 if is_chw else BASIC_PRODUCTS, N_PRODUCTS):
            kit = p.chw_kit[product] if is_chw else p.chw_kit[product] * (providers.shape[0] - 1)
            if kit > 0.0 and provider.kit[product] == 0.0:
                doses = int(math.ceil(kit * (p.sup_kit_days if is_chw else p.fac_kit_days) / 30.0))
                provider.stock[product] += doses
                provider.received[product] += doses
            provider.kit[product] = kit


@rule
def monthly_use(provider, product):
    """Average monthly consumption by the reports that arrived, corrected for days out of stock; else the kit's."""
    used = 0
    days = 0
    for period in range(SLOTS - 1):
        if provider.reported[period]:
            used += provider.used[period, product]
            days += provider.days_in[period, product]
    if days < 15 or provider.kit[product] == 0.0:
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
def quantity_to_order(provider, product, review, lead, buffer, floor):
    """Order up to the use expected until the next delivery, plus a buffer; at least the floor if the shelf is bare."""
    need = monthly_use(provider, product) * (review + lead + buffer) / 30.0
    order = math.ceil(need - provider.stock[product] - on_order(provider, product))
    if provider.stock[product] == 0:
        order = max(order, math.ceil(floor * provider.kit[product]))
    return max(0, int(order))


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
    """Deliveries that are due go on the shelf."""
    for slot in range(SLOTS):
        if 0 <= provider.coming_day[slot] <= day:
            for product in range(N_PRODUCTS):
                doses = provider.coming[slot, product]
                provider.stock[product] += doses
                provider.received[product] += doses
                month.received[product] += doses
                provider.coming[slot, product] = 0
            provider.coming_day[slot] = -1


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
