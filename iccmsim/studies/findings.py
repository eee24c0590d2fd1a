"""What a sensitivity analysis finds: indices over all master seeds and of each, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from iccmsim.studies.indices import (
    Row,
    agreement,
    block_size,
    chance,
    convergence,
    morris_indices,
    pawn_indices,
    sobol_indices,
    too_wide,
    whole_blocks,
)
from iccmsim.studies.pick_freeze import names_of

METHODS = ("morris", "sobol", "pawn")
RANKED_BY = {"sobol": "ST", "morris": "mu_star", "pawn": "pawn"}
NOT_ANCHORED, FAILED = "not anchored", "failed"
LOW, HIGH = 0.2, 0.8  # the lowest and the highest fifth of a parameter's doubt


@dataclass(frozen=True, eq=False)
class Part:
    """Outcomes of one master seed: (rows, seeds), with the design as SALib knows it.

    `missing` says of each row why it has no outcome: "" (it has), "not anchored" or "failed".
    """

    master: int
    problem: Mapping[str, Any]
    unit: np.ndarray
    outcomes: np.ndarray
    missing: np.ndarray

    def kept(self, size: int) -> np.ndarray:
        """Which rows can be analysed: of blocks of `size` rows from which none is missing."""
        return whole_blocks(self.missing == "", size)


def findings(parts: Sequence[Part], *, method: str, second_order: bool = False, levels: int = 4,
             seed: int = 1) -> dict[str, Any]:  # fmt: skip
    """All that is said of a sensitivity analysis, as one object of plain numbers.

    `table` is of all master seeds together (each about its own mean: other children), `masters` of each alone.
    """
    if method not in METHODS:
        raise ValueError(f"method = {method!r}: must be one of {', '.join(METHODS)}")
    problem = parts[0].problem
    size = block_size(problem, method, second_order=second_order)
    each = [_kept(part, size) for part in parts]
    means = [y.mean() for _, y in each]
    unit = np.concatenate([x for x, _ in each])
    y = np.concatenate([y - y.mean(axis=0) for _, y in each]) + np.mean(means)
    how = {"method": method, "second_order": second_order, "levels": levels, "seed": seed}
    table, pairs = _indices(problem, unit, y, **how)
    masters = [_indices(problem, *one, **how)[0] for one in each] if len(each) > 1 else [table]
    sobol = method == "sobol"
    return {
        "method": method, "groups": names_of(problem), "parameters": len(problem["names"]),
        "table": table, "pairs": pairs, "masters": masters, "master_seeds": [part.master for part in parts],
        "agreement": agreement(masters, by=RANKED_BY[method]),
        "convergence": convergence(problem, y, second_order=second_order, seed=seed) if sobol else [],
        "too_wide": too_wide(table) if sobol else [],
        "chance": _mean_of([chance(y) for _, y in each]), "rows": _counts(parts, size),
        "outcome": {"mean": float(np.mean(means)), "sd": float(y.mean(axis=1).std(ddof=1)),
                    "low": float(np.percentile(y.mean(axis=1), 2.5)),
                    "high": float(np.percentile(y.mean(axis=1), 97.5))},
        "ends": _ends(method, problem, unit, y.mean(axis=1), size=size),
    }  # fmt: skip


def _kept(part: Part, size: int) -> tuple[np.ndarray, np.ndarray]:
    keep = part.kept(size)
    if not keep.any():
        lost = int((part.missing != "").sum())
        raise ValueError(f"master seed {part.master}: no row is left to analyse; {lost} of {len(keep)} could not be "
                         "anchored or failed")  # fmt: skip
    return part.unit[keep], part.outcomes[keep]


def _indices(problem: Mapping[str, Any], unit: np.ndarray, y: np.ndarray, *, method: str, second_order: bool,
             levels: int, seed: int) -> tuple[list[Row], list[Row]]:  # fmt: skip
    if method == "sobol":
        return sobol_indices(problem, y, second_order=second_order, seed=seed)
    if method == "morris":
        return morris_indices(problem, unit, y, levels=levels, seed=seed), []
    return pawn_indices(problem, unit, y, seed=seed), []


def _counts(parts: Sequence[Part], size: int) -> dict[str, int]:
    """How many rows were run, could not be anchored or failed, and how many blocks are left of how many."""
    missing = np.concatenate([part.missing for part in parts])
    kept = np.concatenate([part.kept(size) for part in parts])
    return {"all": len(missing), "not_anchored": int((missing == NOT_ANCHORED).sum()),
            "failed": int((missing == FAILED).sum()), "kept": int(kept.sum()), "in_a_block": size,
            "blocks": len(kept) // size, "blocks_kept": int(kept.sum()) // size,
            "seeds": parts[0].outcomes.shape[1]}  # fmt: skip


def _mean_of(told: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    return {key: None if told[0][key] is None else float(np.mean([each[key] for each in told])) for key in told[0]}


def _ends(method: str, problem: Mapping[str, Any], unit: np.ndarray, y: np.ndarray, *, size: int) -> list[Row]:
    """Not of Morris, whose few trajectories hold most parameters where they are."""
    if method == "morris":
        return []
    free = apart(method, len(y), size)
    found = ends(problem, unit[free], y[free])
    if inner := problem.get("inner"):
        groups = problem.get("groups") or problem["names"]
        own = [name for name, group in zip(problem["names"], groups, strict=True) if group == inner]
        found = [row for row in found if row["parameter"] not in own]
        found += _inner_ends(problem, unit, y, own, size=size)
    return sorted(found, key=lambda row: -abs(row["high"] - row["low"]))


def _inner_ends(problem: Mapping[str, Any], unit: np.ndarray, y: np.ndarray, own: Sequence[str], *,
                size: int) -> list[Row]:  # fmt: skip
    """Of the inner group's parameters: of each of its draws the mean over all points that were lived with it."""
    draws, blocks = problem["draws"], len(y) // size
    each = y.reshape(blocks, -1, draws).mean(axis=1).ravel()
    drawn = unit.reshape(blocks, -1, draws, unit.shape[1])[:, 0].reshape(len(each), -1)
    return [row for row in ends(problem, drawn, each) if row["parameter"] in own]


def apart(method: str, rows: int, size: int) -> np.ndarray:
    """Rows that have nothing in common: of a Sobol' design the first and the last of each block; of others all."""
    every = np.arange(rows)
    return every[(every % size == 0) | (every % size == size - 1)] if method == "sobol" else every


def ends(problem: Mapping[str, Any], unit: np.ndarray, y: np.ndarray) -> list[Row]:
    """The mean outcome where a parameter is in the lowest, and in the highest, fifth of its doubt; widest apart first.

    All else varies as it does; of rows that have something in common these parameters must be drawn independently.
    `error` is the standard error of the difference. `sure` says whether in any of so many parameters so large a one
    would be seen by chance less than once in twenty times (Welch's test, Bonferroni).
    """
    from scipy.stats import ttest_ind

    names, groups = problem["names"], problem.get("groups") or [None] * len(problem["names"])
    rows = []
    for j, (name, group) in enumerate(zip(names, groups, strict=True)):
        low, high = y[unit[:, j] <= LOW], y[unit[:, j] >= HIGH]
        if min(len(low), len(high)) < 2:
            continue
        error = float(np.sqrt(low.var(ddof=1) / len(low) + high.var(ddof=1) / len(high)))
        chance = float(ttest_ind(low, high, equal_var=False).pvalue) if error > 0 else 1.0
        rows.append({"parameter": name, "group": group, "low": float(low.mean()), "high": float(high.mean()),
                     "error": error, "sure": chance < 0.05 / len(names)})  # fmt: skip
    return sorted(rows, key=lambda row: -abs(row["high"] - row["low"]))
