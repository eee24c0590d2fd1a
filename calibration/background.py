"""What is left of the deaths of each age once the four illnesses have taken theirs: the background of a place."""

from __future__ import annotations

import numpy as np

from iccmsim.engine.tally import AGE_EDGES
from iccmsim.results.indicators import deaths_per_1000

GROUPS = (slice(0, 2), slice(2, 5), slice(5, 9))  # age bands: days 0-27, to 11 months, 1-4 years
GROUP_NAMES = ("days 0-27", "28 days to 11 months", "1-4 years")
SEGMENT = np.array([0, 1, 2, 2, 3, 4, 5, 5, 5])  # the part of mort.background that each age band belongs to
PARTS = np.array([0.75, 0.25, 0.40, 0.60, 0.50, 0.50])  # of a group's background deaths (MODEL section 2)
GROUP_OF_PART = np.array([0, 0, 1, 1, 2, 2])
LEAST_LEFT = 0.20  # of every age, for what the model does not treat


class NoFitError(RuntimeError):
    """The place cannot be fitted; the text says which number stands in the way."""


def solve_background(rate: np.ndarray, totals: np.ndarray, *,
                     least: float | None = None) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Step 4: hazards (a day, 6 parts) of the background, so that deaths of each age add up to `totals` per 1,000.

    `rate` are deaths by the four illnesses a child-day in each of the 9 bands. Also returns the (5, 9) deaths per
    1,000 births that follow. Stops if less than a share (`least`, or a fifth) of an age's deaths would be left.
    """
    least = LEAST_LEFT if least is None else least
    length = np.diff(AGE_EDGES)
    hazard = np.full(6, 1e-5)
    for _ in range(200):
        every = np.vstack([rate, hazard[SEGMENT]])
        first_week = every[:, 0].sum() * length[0]
        deaths = deaths_per_1000(every * length, length, births=first_week / (1.0 - np.exp(-first_week)))
        left = np.array([total - deaths[:-1, group].sum() for group, total in zip(GROUPS, totals, strict=True)])
        if (left < least * totals).any():
            g = int(np.argmin(left / totals))
            raise NoFitError(f"{GROUP_NAMES[g]}: {totals[g] - left[g]:.1f} of {totals[g]:.1f} deaths per 1,000 births "
                             f"are of the four illnesses, {left[g]:.1f} are left; at least {least:.0%} must be")
        now = np.array([deaths[-1, part == SEGMENT].sum() for part in range(6)])
        hazard = hazard * left[GROUP_OF_PART] * PARTS / now
    return hazard, deaths
