"""The monthly report: what it makes of the CHW's book, and when it is known.

A report that does not arrive is missing, never zero. Whoever orders or supervises by reports knows only these numbers.
"""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, two_normals
from iccmsim.core.records import N_PRODUCTS

CASES, OUT_DAYS = N_PRODUCTS, N_PRODUCTS + 1  # items of a report after the use of each product


@rule
def retold(count, item, provider, p, key, day):
    """What a report makes of a count: too much or too little by a chance factor, in whole numbers."""
    if p.info_error <= 0.0 and p.info_bias == 1.0:
        return count
    u, v, _, _ = draw(key, Decision.REPORT_ERROR, provider.number, day, 0, item)
    z, _ = two_normals(u, v)
    return int(round(count * p.info_bias * math.exp(p.info_error * (z - 0.5 * p.info_error))))


@rule
def write_report(chw, months, number, p, key, day):
    """The end of a period: cases seen, days with something lacking and doses used, as the CHW adds them up.

    The true counts stay in the ledgers of the months; those of a period whose report is missing are told to nobody.
    """
    cases = 0
    out_days = 0
    for month in range(number + 1):
        cases += months[month].cases
        out_days += months[month].any_out_days
    if chw.reported[0]:
        chw.told_month = number
        chw.told_cases = retold(cases - chw.cases_before, CASES, chw, p, key, day)
        told = retold(out_days - chw.out_days_before, OUT_DAYS, chw, p, key, day)
        chw.told_out_days = min(int(p.sup_review), told)
        for product in range(N_PRODUCTS):
            chw.used[0, product] = retold(chw.used[0, product], product, chw, p, key, day)
    chw.cases_before = cases
    chw.out_days_before = out_days


@rule
def report_counts(chw, months, day):
    """A report arrives: from today the health centre and the supervisor know what it says."""
    if chw.told_month < 0:
        return
    chw.reported_cases = chw.told_cases
    chw.reported_out_days = chw.told_out_days
    chw.report_day = day
    months[chw.told_month].reported_cases += chw.told_cases
    months[chw.told_month].reported_out_days += chw.told_out_days
    chw.told_month = -1
