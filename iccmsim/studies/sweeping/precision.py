"""How many seeds are enough: a rule that follows from the results alone, so that it ends the same however it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iccmsim.parameters.declare import did_you_mean
from iccmsim.studies.outcomes import NAMES

if TYPE_CHECKING:
    from iccmsim.studies.sweeping.cases import Identities
    from iccmsim.studies.sweeping.kept import Found

MOST_SEEDS = 200


@dataclass(frozen=True)
class Precision:
    """The largest Monte-Carlo error allowed for an outcome (None: the seeds of the design are enough), and the most
    seeds to spend on it."""

    mcse: float | None = None
    outcome: str = "expected_deaths_averted"
    most_seeds: int = MOST_SEEDS

    def __post_init__(self) -> None:
        if self.mcse is not None and not self.mcse > 0:
            raise ValueError(f"until-mcse {self.mcse:g}: must be above 0 (the unit of {self.outcome})")
        if self.outcome not in NAMES:
            hint = did_you_mean(self.outcome, NAMES) or f"; there are {', '.join(NAMES)}"
            raise ValueError(f"outcome {self.outcome}: unknown outcome{hint}")


def next_seeds(seeds: tuple[int, ...], *, first: int, most: int) -> tuple[int, ...]:
    """The seeds with half as many again, at least as many as there were at first and no more than `most` in all."""
    more = min(max(first, len(seeds) // 2), most - len(seeds))
    return (*seeds, *range(max(seeds) + 1, max(seeds) + 1 + more))


def standard_error(values: np.ndarray) -> float:
    """The Monte-Carlo error of a mean over the seeds that have a value; infinite where they are fewer than two."""
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if len(values) < 2 or not np.isfinite(values).all():
        return float("inf")
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def error_of(found: list[Found], outcome: str) -> float:
    """The largest error of an outcome over the arms beside the comparator, from the seeds that did not fail.

    An arm without a value in any seed (no CHWs, whose presence is asked for) is left out; nan if that is all of them,
    so that no seeds would help. Seeds in which an arm has none (no newborn was ill) say nothing of that arm's mean.
    """
    numbers = np.array([each.numbers[1:, NAMES.index(outcome)] for each in found if not each.failed])
    if not numbers.size:
        return float("inf")
    with_values = numbers[:, ~np.isnan(numbers).all(axis=0)]
    return max((standard_error(arm) for arm in with_values.T), default=float("nan"))


def seeds_wanted(cases: Identities, row: int, kept: Mapping[str, Found], precision: Precision) -> tuple[int, ...]:
    """The seeds that a row needs as far as can be known: those of the design, and batch by batch more until its error
    is small enough, or no arm has the outcome at all. The last batch may not have been run yet."""
    seeds = cases.seeds
    while precision.mcse is not None and len(seeds) < precision.most_seeds:
        found = [kept.get(cases.identity(row, seed)) for seed in seeds]
        if any(each is None for each in found) or not error_of(found, precision.outcome) > precision.mcse:
            break
        seeds = next_seeds(seeds, first=len(cases.seeds), most=precision.most_seeds)
    return seeds
