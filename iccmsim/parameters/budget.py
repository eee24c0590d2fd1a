"""A budget that ends: on which days pay, supply and supervision fall away, worked out before the run."""

from __future__ import annotations

import math
from collections.abc import Mapping

from iccmsim.core.records import MONTH

LINES = ("pay", "supply", "supervision")
FALLS_AWAY: dict[str, dict[str, float]] = {
    "pay": {"pay.on": 0, "chw.recruit": 0},  # who leaves is not replaced
    "supply": {"sup.on": 0},
    "supervision": {"spv.freq": 0.0, "spv.refresher_months": 0.0, "spv.targeted": 0},
}

Falls = tuple[tuple[int, dict[str, float]], ...]


def monthly_costs(values: Mapping[str, object], *, chws: int) -> dict[str, float]:
    """What each line costs in a month while all CHWs are in post, USD."""
    each = (values["cost.chw_salary"], values["cost.chw_drugs"], values["cost.spv"] / 12.0)
    return {line: chws * cost for line, cost in zip(LINES, each, strict=True)}


def months_funded(values: Mapping[str, object], *, chws: int) -> dict[str, float]:
    """Months from launch for which each line is paid.

    The lines of the budget's order are dropped one after another: each when what is left is just enough to keep those
    that stay for `budget.reserve` months; the last one when nothing is left.
    """
    costs = monthly_costs(values, chws=chws)
    rank = dict(zip(LINES, values["budget.order"], strict=True))
    lines = sorted(LINES, key=rank.__getitem__)
    left, month = float(values["budget.usd"]), 0.0
    funded = {}
    for i, line in enumerate(lines):
        running = sum(costs[each] for each in lines[i:])
        kept = values["budget.reserve"] * sum(costs[each] for each in lines[i + 1 :])
        months = max(0.0, (left - kept) / running) if running > 0.0 else math.inf
        if math.isfinite(months):
            left -= months * running
        month += months
        funded[line] = month
    return funded


def budget_falls(values: Mapping[str, object], *, chws: int) -> Falls:
    """(Day after launch, levers that go to zero), in order of day; nothing where the budget has no end."""
    if values["budget.usd"] <= 0.0 or chws == 0:
        return ()
    ends = months_funded(values, chws=chws)
    return tuple(
        (math.floor(month * MONTH), FALLS_AWAY[line])
        for line, month in sorted(ends.items(), key=lambda pair: pair[1])
        if math.isfinite(month)
    )


def after_falls(values: Mapping[str, object], falls: Falls, *, day: int) -> dict[str, object]:
    """The values in force on a day after launch, whatever the programme had meant to do by then."""
    fallen = dict(values)
    for when, zeros in falls:
        if when <= day:
            fallen |= zeros
    return fallen


def check_budget(values: Mapping[str, object]) -> list[str]:
    """A line for each rule about the budget that is broken."""
    order = values["budget.order"]
    if sorted(order) == [1, 2, 3]:
        return []
    said = ", ".join(f"{rank:g}" for rank in order)
    return [f"programme.budget.order = [{said}]: must hold 1, 2 and 3 once each (pay, supply, supervision)"]
