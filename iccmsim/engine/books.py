"""The monthly books of CHWs and of the health facility, added up for the count of a zone."""

from __future__ import annotations

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.records import N_PRODUCTS
from iccmsim.engine.simulation import ZoneRun
from iccmsim.rules.facility_care import month_number

CHWS, FACILITY = range(2)  # as kinds of provider are counted


def tally_months(run: ZoneRun, out: np.recarray) -> None:
    """Add up the books of the CHWs and of the facility, from launch until they close with the window."""
    plan, monthly = run.plan, run.zone.monthly
    p = plan.record(plan.warmup)[0]
    first, lived = int(p["month_offset"]), max(0, min(run.day, plan.books_close) - plan.warmup)
    last = month_number(plan.warmup + lived - 1, p) + 1 if lived else first
    if run.last_month is not None:  # without what the tail wrote into it
        monthly = monthly.copy()
        monthly[:, last - 1] = 0
        monthly[: len(run.last_month), last - 1] = run.last_month
    add_books(monthly, first, last, lived, out)
    minutes, t = monthly["minutes"][:, first:last], out["minutes"][0]
    t[CHWS], t[FACILITY] = minutes[1:].sum(), minutes[:1].sum()  # fractions, which numpy adds up more exactly


@rule(entry=True)
def add_books(monthly, first, last, lived, out):
    """All that is counted in whole numbers, from month `first` up to, not including, `last`."""
    t = out[0]
    for who in range(monthly.shape[0]):
        kind = FACILITY if who == 0 else CHWS
        t.providers[kind] += 1
        t.provider_days[kind] += lived
        for month in range(first, last):
            add_month(monthly[who, month], kind, t)


@rule
def add_month(month, kind, t):
    """One month of one CHW or of the facility."""
    t.cases[kind] += month.cases
    t.visits_missed[kind] += month.visits_missed
    t.turned_away[kind] += month.turned_away
    t.waited[kind] += month.waited
    t.no_turn[kind] += month.no_turn
    t.found_at_home[kind] += month.found_at_home
    t.without_drug[kind] += month.without_drug
    t.referred[kind] += month.referred
    t.supervised[kind] += month.supervised
    t.mentored[kind] += month.mentored
    t.reported[kind] += month.reported
    t.departures[kind] += month.departures
    t.days_in_post[kind] += month.days_in_post
    t.days_present[kind] += month.days_present
    t.any_out_days[kind] += month.any_out_days
    t.reported_cases[kind] += month.reported_cases
    t.reported_out_days[kind] += month.reported_out_days
    for product in range(N_PRODUCTS):
        t.given[kind, product] += month.given[product]
        t.received[kind, product] += month.received[product]
        t.ordered[kind, product] += month.ordered[product]
        t.stock_out_days[kind, product] += month.stock_out_days[product]
        t.leaked[kind, product] += month.leaked[product]
        t.expired[kind, product] += month.expired[product]
