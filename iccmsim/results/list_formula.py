"""The Lives Saved Tool's arithmetic, to set beside the model: deaths fall by coverage times effect, and nothing else.

A cause's deaths are multiplied by (1 - r) for each intervention, r = AF E (C1 - C0) / (1 - E C0): affected fraction AF,
effect E, coverage before C0 and after C1. Formula as in two public re-implementations of LiST (Nutrition, optimamodel:
`_effectiveness_update`); no delay, no second episode, no tie between how ill a child is and whether it is treated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from iccmsim.core.records import DIARRHOEA, ILLNESSES, NEWBORN
from iccmsim.results.mortality import WINDOW, expected_deaths_by_cause

Change = tuple[float, float, float]  # effect, coverage before, coverage after


def fraction_averted(effect: float, before: float, after: float, *, affected: float = 1.0) -> float:
    """The share of a cause's deaths that one intervention averts when its coverage changes."""
    if effect * before >= 1.0:
        raise ValueError(f"effect x coverage before = {effect * before:g}: must be below 1, or nobody is left to save")
    return affected * effect * (after - before) / (1.0 - effect * before)


def deaths_averted(deaths: Mapping[str, float], changes: Mapping[str, Sequence[Change]]) -> dict[str, float]:
    """Deaths averted by cause, interventions multiplying: {"malaria": [(effect, before, after), ...], ...}."""
    left = {cause: np.prod([1.0 - fraction_averted(*change) for change in changes.get(cause, ())]) for cause in deaths}
    return {cause: float(deaths[cause] * (1.0 - left[cause])) for cause in deaths}


def treated_away(tally: np.ndarray, mechanism: str) -> np.ndarray:
    """Death-weighted effective coverage times effect, by illness: the share of untreated deaths that care removes."""
    weight = tally["weight"][WINDOW].sum(axis=0)[: NEWBORN + 1]
    removed = tally[mechanism][WINDOW].sum(axis=0)[: NEWBORN + 1]
    return np.divide(removed, weight, out=np.zeros(NEWBORN + 1), where=weight > 0)


def list_prediction(without: np.ndarray, given: np.ndarray) -> dict[str, float]:
    """Deaths averted by cause as LiST would have it, from the deaths of the first arm and the coverage of both."""
    deaths = {name: expected_deaths_by_cause(without)[name] for name in ILLNESSES[: NEWBORN + 1]}
    main = [treated_away(tally, "weighted_effect") for tally in (without, given)]
    zinc = [treated_away(tally, "weighted_zinc") for tally in (without, given)]
    changes = {name: [(1.0, main[0][k], main[1][k])] for k, name in enumerate(deaths)}
    changes[ILLNESSES[DIARRHOEA]].append((1.0, zinc[0][DIARRHOEA], zinc[1][DIARRHOEA]))
    return deaths_averted(deaths, changes)


def complete_care(without: np.ndarray, full: Mapping[str, float]) -> float:
    """Deaths averted as LiST would have it, if every child of the first arm that has one of the four illnesses were
    treated in full and in time; `full`: the effect of that by illness, and of zinc beside ORS."""
    deaths = {name: expected_deaths_by_cause(without)[name] for name in ILLNESSES[: NEWBORN + 1]}
    main, zinc = (treated_away(without, mechanism) for mechanism in ("weighted_effect", "weighted_zinc"))
    changes = {name: [(1.0, main[k], max(main[k], full[name]))] for k, name in enumerate(deaths)}
    changes[ILLNESSES[DIARRHOEA]].append((1.0, zinc[DIARRHOEA], max(zinc[DIARRHOEA], full["zinc"])))
    return sum(deaths_averted(deaths, changes).values())


def more_onsets(without: np.ndarray, given: np.ndarray) -> dict[str, float]:
    """What LiST leaves out and can be counted: deaths averted (or added) because there were fewer (more) onsets."""
    deaths = expected_deaths_by_cause(without)
    before, after = (tally["weight"][WINDOW].sum(axis=0) for tally in (without, given))
    return {name: deaths[name] * (1.0 - after[k] / before[k]) if before[k] else 0.0
            for k, name in enumerate(ILLNESSES[: NEWBORN + 1])}  # fmt: skip
