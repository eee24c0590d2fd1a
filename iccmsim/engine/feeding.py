"""Treatment of severe wasting by CHWs: sick children are measured, and those found are given ready-to-use food."""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.records import RUTF
from iccmsim.rules.case_management import book_key, hand_out
from iccmsim.rules.nutrition import begin_feeding, severe_wasting_found


@rule
def look_for_wasting(child, courses, lead, provider, month, visit, p, key, minute):
    """At the end of a CHW's visit, led by the course `lead`: the arm is measured, and the food given if it is in
    stock."""
    until = severe_wasting_found(child, courses, lead, book_key(provider, lead), p, key, minute)
    if until > 0:
        before = provider.stock[RUTF]
        hand_out(provider, month, visit, 1 << RUTF)
        if provider.stock[RUTF] < before:
            begin_feeding(child, until, minute)
