"""What a sensitivity analysis finds: indices over all master seeds and of each, and how sure they are."""

from __future__ import annotations

import warnings
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
    names_of,
    pawn_indices,
    sobol_indices,
    too_wide,
    whole_blocks,
)

METHODS = ("morris", "sobol", "pawn")
RANKED_BY = {"sobol": "ST", "morris": "mu_star", "pawn": "pawn"}
NOT_ANCHORED, FAILED = "not anchored", "failed"
LOW, HIGH = 0.2, 0.8  # the lowest and the highest fifth of a parameter's doubt
RESAMPLES = 200


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
        "ends": ends(problem, unit, y.mean(axis=1), size=size, seed=seed) if method != "morris" else [],
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


def ends(problem: Mapping[str, Any], unit: np.ndarray, y: np.ndarray, *, size: int, seed: int = 1) -> list[Row]:
    """The mean outcome where a parameter is in the lowest, and in the highest, fifth of its doubt; widest apart first.

    All else varies as it does. `error` is the standard error of the difference, by the bootstrap over blocks; `sure`
    says whether so large a difference would be seen in any of so many parameters by chance less than once in twenty
    times (Bonferroni). Not for Morris, whose few trajectories hold most parameters where they are.
    """
    from scipy.stats import norm

    low, high = (np.asarray(part, float) for part in (unit <= LOW, unit >= HIGH))
    each = (low * y[:, None], low, high * y[:, None], high)
    sums = [one.reshape(-1, size, one.shape[1]).sum(axis=1) for one in each]
    blocks = len(y) // size
    weights = np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1 / blocks), size=RESAMPLES)
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # ends that a few rows do not reach have no error
        at_low, at_high = (sums[i].sum(axis=0) / sums[i + 1].sum(axis=0) for i in (0, 2))
        again = (weights @ sums[2]) / (weights @ sums[3]) - (weights @ sums[0]) / (weights @ sums[1])
        errors = np.nanstd(again, axis=0, ddof=1)
    groups = problem.get("groups") or [None] * len(problem["names"])
    far = float(norm.ppf(1 - 0.025 / len(problem["names"])))
    rows = [{"parameter": name, "group": group, "low": float(a), "high": float(b), "error": float(error),
             "sure": bool(abs(b - a) > far * error)}
            for name, group, a, b, error in zip(problem["names"], groups, at_low, at_high, errors, strict=True)
            if np.isfinite(b - a) and np.isfinite(error)]  # fmt: skip
    return sorted(rows, key=lambda row: -abs(row["high"] - row["low"]))
