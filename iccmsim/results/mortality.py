"""Deaths of children as demographers state them: synthetic-cohort rates, years of life, shares averted.

Rates are per 1,000 live births and come from counts of deaths and child-days by age (MODEL section 10). They are not
what a household survey would print, which uses eight coarser segments and completed months.
"""

from __future__ import annotations

import numpy as np

from iccmsim.core.records import CAUSES
from iccmsim.engine.tally import AGE_EDGES, TAIL

WINDOW = slice(0, TAIL)  # the bins of years that make the window
NEONATAL, INFANT, UNDER_FIVE = 2, 5, 9  # bands up to 28 days, 12 months, 60 months


def chances_of_dying(deaths: np.ndarray, child_days: np.ndarray, *, births: float) -> np.ndarray:
    """The chance of dying in each age band, of a child alive at its start: shape (9,).

    First week: deaths by births. Later: 1 - exp(-deaths / child-days x length). nan where nobody was seen.
    """
    length = np.diff(AGE_EDGES)
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = 1.0 - np.exp(-np.asarray(deaths, float) / np.asarray(child_days, float) * length)
        chance[0] = float(deaths[0]) / births if births else np.nan
    return chance


def per_thousand(chances: np.ndarray, bands: int) -> float:
    """Deaths before the end of a band among 1,000 births that live through all of them."""
    return float(1000.0 * (1.0 - np.prod(1.0 - chances[:bands])))


def rates(tally: np.ndarray, years: slice = WINDOW) -> dict[str, float]:
    """Under-five, infant and neonatal mortality of some years (default: the window), from a row of `TALLY`."""
    deaths = tally["deaths"][years].sum(axis=(0, 1))
    chances = chances_of_dying(deaths, tally["child_days"][years].sum(axis=0), births=tally["births"][years].sum())
    return {"u5mr": per_thousand(chances, UNDER_FIVE), "imr": per_thousand(chances, INFANT),
            "nmr": per_thousand(chances, NEONATAL)}  # fmt: skip


def deaths_by_cause(tally: np.ndarray, years: slice = WINDOW) -> dict[str, int]:
    """Realised deaths by cause."""
    return dict(zip(CAUSES, tally["deaths"][years].sum(axis=(0, 2)).tolist(), strict=True))


def expected_deaths_by_cause(tally: np.ndarray, years: slice = WINDOW) -> dict[str, float]:
    """Deaths by cause as the sum of the chances that were met: the same on average, with less noise."""
    return dict(zip(CAUSES, tally["expected"][years].sum(axis=0).tolist(), strict=True))


def life_years_gained(pairs: np.ndarray, *, life_expectancy: float) -> np.ndarray:
    """Years of life, undiscounted: over the children saved minus those lost, life expectancy less age at death."""
    net = pairs["saved"].sum(axis=-1) - pairs["lost"].sum(axis=-1)
    return life_expectancy * net - (pairs["age_saved"] - pairs["age_lost"])


def percent_averted(without: np.ndarray, given: np.ndarray) -> float:
    """The share of deaths averted, in percent: 1 - ratio of sums over replicates (nan without deaths)."""
    total = float(np.sum(without))
    return 100.0 * (1.0 - float(np.sum(given)) / total) if total else float("nan")
