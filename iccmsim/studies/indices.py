"""Sensitivity indices of outcomes that are in hand: Sobol', Morris and PAWN, with guards and intervals.

Outcomes have shape (rows, seeds): every row of a design was lived by the same children (the same seeds), and an index
is of the mean over seeds. Morris, PAWN and the indices of pairs are SALib's, which takes one outcome that is not a
number as zeros everywhere, and a constant one as no effect, without a word: here both are refused. What chance does to
the means is told beside, and Sobol's indices with chance taken off, where two seeds or more let it be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from iccmsim.studies.pick_freeze import WIDE, Layout, group_indices, names_of
from iccmsim.studies.streams import BY_CHANCE, DRAWN_AGAIN, stream, whole_seed

LEVEL = 0.95
TOP = 5
RESAMPLES = 400  # of SALib's own
MOST_RESAMPLED = 20  # by PAWN
NARROW, WORTH = 0.05, 0.1  # half-width wanted of every total index above .1
Row = dict[str, Any]


def usable(outcomes: np.ndarray, *, rows: int) -> np.ndarray:
    """Outcomes as (rows, seeds), refused with a ValueError if they would give indices that mean nothing."""
    y = np.asarray(outcomes, float)
    y = y[:, None] if y.ndim == 1 else y
    if y.ndim != 2 or not y.shape[1]:
        raise ValueError(f"outcomes: have the shape {y.shape}; must be (rows, seeds)")
    if len(y) != rows or not rows:
        raise ValueError(f"outcomes: {len(y)} rows; the design has {rows}")
    if not np.isfinite(y).all():
        row, seed = np.argwhere(~np.isfinite(y))[0]
        more = int((~np.isfinite(y)).sum()) - 1
        raise ValueError(f"outcomes: row {row}, seed number {seed + 1} is {y[row, seed]}, not a number"
                         + (f" (and {more} more)" if more else ""))  # fmt: skip
    mean = y.mean(axis=1)
    if np.ptp(mean) <= 1e-12 * max(1.0, float(np.abs(mean).max())):
        raise ValueError(f"outcomes: the same in every row ({mean[0]:.6g}), so that nothing can be told of what varies")
    return y


def block_size(problem: Mapping[str, Any], method: str, *, second_order: bool = False) -> int:
    """How many rows belong together: a block of Sobol', a trajectory of Morris, one row of PAWN."""
    if method == "sobol":
        return Layout.of(problem, second_order=second_order).size
    return len(names_of(problem)) + 1 if method == "morris" else 1


def whole_blocks(good: np.ndarray, size: int) -> np.ndarray:
    """Which rows to analyse: those of blocks all of whose rows are good."""
    if len(good) % size:
        raise ValueError(f"rows: {len(good)} are no multiple of {size}, the rows that belong together in this design")
    return np.repeat(np.asarray(good, bool).reshape(-1, size).all(axis=1), size)


# --- Sobol' ---------------------------------------------------------------------------------------------------------


def sobol_indices(problem: Mapping[str, Any], outcomes: np.ndarray, *, second_order: bool = False,
                  seed: int = 1) -> tuple[list[Row], list[Row]]:  # fmt: skip
    """S1 and ST of each group with half-widths (95 %, bootstrap), and S2 of each pair; largest ST first.

    `ST_no_chance` and `S1_no_chance` are what is left once chance is taken off (None with one seed).
    """
    layout = Layout.of(problem, second_order=second_order)
    y = usable(outcomes, rows=len(outcomes))
    if len(y) % layout.size or len(y) < 2 * layout.size:
        raise ValueError(f"outcomes: {len(y)} rows; a Sobol' design of {len(layout.names)} groups has a multiple of "
                         f"{layout.size}, at least two")  # fmt: skip
    found = group_indices(layout, y, seed=seed)
    pairs = _pairs(problem, y, layout, seed=seed) if second_order else []
    rows = [{"group": name, **told} for name, told in found.items()]
    return sorted(rows, key=lambda row: -row["ST"]), sorted(pairs, key=lambda row: -abs(row["S2"]))


def _pairs(problem: Mapping[str, Any], y: np.ndarray, layout: Layout, *, seed: int) -> list[Row]:
    """What two groups do together beyond what each does, by SALib."""
    from SALib.analyze import sobol

    found = sobol.analyze(dict(problem), y.mean(axis=1), calc_second_order=True, num_resamples=RESAMPLES,
                          conf_level=LEVEL, seed=whole_seed(seed, DRAWN_AGAIN))  # fmt: skip
    return [{"first": name, "second": layout.names[k], "S2": float(found["S2"][j, k]),
             "S2_conf": float(found["S2_conf"][j, k])}
            for j, name in enumerate(layout.names) for k in range(j + 1, len(layout.names))]  # fmt: skip


# --- Morris and PAWN ------------------------------------------------------------------------------------------------


def morris_indices(problem: Mapping[str, Any], unit: np.ndarray, outcomes: np.ndarray, *, levels: int = 4,
                   seed: int = 1, resamples: int = RESAMPLES) -> list[Row]:  # fmt: skip
    """Morris' mean absolute effect of each group, with half-width; largest first.

    That is the change that a jump makes (over two thirds of the range where there are 4 levels) divided by the jump:
    what the whole range would make on a straight line, chance included.

    `sigma`, how much an effect varies, is None for a group of several parameters, as is the signed `mu`.
    """
    from SALib.analyze import morris

    size = block_size(problem, "morris")
    y = usable(outcomes, rows=len(unit))
    if len(y) % size or len(y) < 2 * size:
        raise ValueError(f"outcomes: {len(y)} rows; a Morris design of {size - 1} groups has a multiple of {size}, "
                         "at least two")  # fmt: skip
    found = morris.analyze(dict(problem), np.asarray(unit, float), y.mean(axis=1), num_levels=levels,
                           num_resamples=resamples, conf_level=LEVEL, seed=whole_seed(seed, DRAWN_AGAIN))  # fmt: skip
    alone = {name: list(problem.get("groups") or problem["names"]).count(name) == 1 for name in found["names"]}
    rows = [{"group": str(name), "mu_star": float(found["mu_star"][j]), "mu_star_conf": float(found["mu_star_conf"][j]),
             "mu": float(found["mu"][j]) if alone[name] else None,
             "sigma": float(found["sigma"][j]) if alone[name] else None}
            for j, name in enumerate(found["names"])]  # fmt: skip
    return sorted(rows, key=lambda row: -row["mu_star"])


def pawn_indices(problem: Mapping[str, Any], unit: np.ndarray, outcomes: np.ndarray, *, slices: int = 10, seed: int = 1,
                 resamples: int = 40) -> list[Row]:  # fmt: skip
    """PAWN's median distance between distributions of the outcome, for each parameter of any sample; largest first.

    `by_chance` is the 95 % point of the distance of a parameter that has nothing to do with the outcome. Half-widths
    are of the first twenty only (None for the others): each bootstrap sample costs as much as the analysis.
    """
    y = usable(outcomes, rows=len(unit)).mean(axis=1)
    if len(y) < 5 * slices:
        raise ValueError(f"outcomes: {len(y)} rows; PAWN with {slices} slices needs at least {5 * slices}")
    x, rng = np.asarray(unit, float), stream(seed, BY_CHANCE)
    found = _pawn(x, y, slices)
    first = np.argsort(-found)[:MOST_RESAMPLED]
    again = [_pawn(x[take][:, first], y[take], slices) for take in rng.integers(len(y), size=(resamples, len(y)))]
    half = dict(zip(first.tolist(), (WIDE * np.std(again, axis=0, ddof=1)).tolist(), strict=True))
    nothing = float(np.percentile(_pawn(rng.random((len(y), 100)), y, slices), 95))
    groups = problem.get("groups") or [None] * len(found)
    rows = [{"parameter": name, "group": group, "pawn": float(value), "pawn_conf": half.get(j), "by_chance": nothing}
            for j, (name, group, value) in enumerate(zip(problem["names"], groups, found, strict=True))]
    return sorted(rows, key=lambda row: -row["pawn"])


def _pawn(x: np.ndarray, y: np.ndarray, slices: int) -> np.ndarray:
    from SALib.analyze import pawn

    names = [f"x{j}" for j in range(x.shape[1])]
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    return np.asarray(pawn.analyze(problem, x, y, S=slices)["median"], float)


# --- how sure -------------------------------------------------------------------------------------------------------


def chance(outcomes: np.ndarray) -> dict[str, float | None]:
    """Which share of the variance is the seed's: of a single run, and of a row's mean (None with one seed).

    Rows by seeds, analysed as a two-way table: what all rows have in common in a seed, and what is left, is chance.
    """
    y = usable(outcomes, rows=len(outcomes))
    n, seeds = y.shape
    if seeds < 2 or n < 2:
        return {"of_one_run": None, "of_the_mean": None}
    left = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0) + y.mean()
    within = (left**2).sum() / ((n - 1) * (seeds - 1))
    rows, columns = seeds * y.mean(axis=1).var(ddof=1), n * y.mean(axis=0).var(ddof=1)
    of_rows, of_seeds = max(0.0, (rows - within) / seeds), max(0.0, (columns - within) / n)
    return {"of_one_run": float((of_seeds + within) / (of_rows + of_seeds + within)),
            "of_the_mean": float(min(1.0, within / rows))}  # fmt: skip


def convergence(problem: Mapping[str, Any], outcomes: np.ndarray, *, second_order: bool, seed: int = 1) -> list[Row]:
    """The total indices from a quarter, a half and all of the base samples: one row a group and number of samples."""
    size = block_size(problem, "sobol", second_order=second_order)
    outcomes = usable(outcomes, rows=len(outcomes))
    n = len(outcomes) // size
    rows = []
    for part in sorted({max(2, n // 4), max(2, n // 2), n}):
        if np.ptp(outcomes[: part * size].mean(axis=1)) == 0:
            continue
        found, _ = sobol_indices(problem, outcomes[: part * size], second_order=second_order, seed=seed)
        rows += [{"n": part} | row for row in found]
    return rows


def too_wide(rows: Sequence[Row]) -> list[str]:
    """The groups whose total index is above .1 and not known to within .05."""
    return [row["group"] for row in rows
            if row["ST"] > WORTH and (row["ST_conf"] is None or not row["ST_conf"] <= NARROW)]


def agreement(tables: Sequence[Sequence[Row]], *, by: str, top: int = TOP) -> dict[str, Any]:
    """Whether several master seeds find the same groups on top: each one's list, what all share, and the verdict."""
    name = "parameter" if by == "pawn" else "group"
    lists = [[row[name] for row in sorted(table, key=lambda row: -row[by])[:top]] for table in tables]
    shared = [each for each in lists[0] if all(each in other for other in lists[1:])]
    return {"top": lists, "shared": shared, "agree": len(lists) > 1 and len(shared) == len(lists[0])}
