"""The district store: which products it has on which day, settled before anything happens and the same in all zones.

It is drawn from the seed alone, so that no zone reads another and every arm meets the same dearth on the same days.
"""

from __future__ import annotations

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.draws import ZONE_LIMIT
from iccmsim.core.records import N_PRODUCTS
from iccmsim.rules.supply import store_today

DISTRICT = ZONE_LIMIT - 1  # stands for the zone in the key of what is the whole district's


def district_store(p: np.record, *, seed: int, days: int) -> np.ndarray:
    """1 for each day (from the first of the warm-up) and product that the store has; one row if it always has all."""
    always = p["stk_avail"] >= 1.0
    has = np.ones((1 if always else days, N_PRODUCTS), np.int32)
    if not always:
        keep_store(has, p, (seed, DISTRICT))
    return has


@rule(entry=True)
def keep_store(has, p, key):
    """Day after day each product of the store is there, runs out, or comes again."""
    for day in range(has.shape[0]):
        for product in range(N_PRODUCTS):
            had = day > 0 and has[day - 1, product] > 0
            has[day, product] = 1 if store_today(had, product, day == 0, p, key, day) else 0
