"""The district store: which products it has on which day, settled before anything happens and the same in all zones.

It is drawn from the seed alone, so that no zone reads another and every arm meets the same dearth on the same days.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.draws import ZONE_LIMIT
from iccmsim.core.records import N_PRODUCTS
from iccmsim.rules.supply import store_today

DISTRICT = ZONE_LIMIT - 1  # stands for the zone in the key of what is the whole district's


def district_store(p: np.record, *, seed: int, days: int) -> np.ndarray:
    """1 for each day (from the first of the warm-up) and product that the store has; one row if it always has all."""
    if p["stk_avail"] >= 1.0:
        return np.ones((1, N_PRODUCTS), np.int32)
    return _kept(float(p["stk_avail"]), float(p["stk_days"]), float(p["stk_rho"]), seed, days).copy()


@lru_cache(maxsize=4)
def _kept(avail: float, spell_days: float, rho: float, seed: int, days: int) -> np.ndarray:
    has = np.ones((days, N_PRODUCTS), np.int32)
    keep_store(has, avail, spell_days, rho, (seed, DISTRICT))
    return has


@rule(entry=True)
def keep_store(has, avail, spell_days, rho, key):
    """Day after day each product of the store is there, runs out, or comes again."""
    for day in range(has.shape[0]):
        for product in range(N_PRODUCTS):
            had = day > 0 and has[day - 1, product] > 0
            here = store_today(had, product, day == 0, avail, spell_days, rho, key, day)
            has[day, product] = 1 if here else 0
