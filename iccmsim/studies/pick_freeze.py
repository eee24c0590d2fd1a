"""Sobol' indices of groups from pairs of rows that have some groups in common and differ in all others (pick-freeze).

The covariance of such pairs is the variance that goes with what they have in common (Sobol' 2001 Math Comput Simul
55:271). An index is that covariance over the variance of the rows of the pairs themselves, which of all such estimates
has the least error (Janon et al. 2014 ESAIM Probab Stat 18:342). S1 is told from pairs that have one group in common;
what they seem to owe to rows that have nothing in common is taken off (a control variate). ST of a group is what pairs
lack that have all else in common. A block of rows is drawn independently of all others, so that intervals come from
drawing blocks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from iccmsim.studies.estimate import number
from iccmsim.studies.streams import DRAWN_AGAIN, INNER, OTHERS, stream

RESAMPLES = 4000  # of blocks: with a tenth of it a half-width itself was uncertain by 4 %
WIDE = 1.959963984540054  # normal half-width of 95 %
LEAST_TOLD = 0.975  # of blocks drawn again, in which an index must be a number
Product = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of outcomes with seeds on the last axis, which it takes off


@dataclass(frozen=True)
class Layout:
    """Which row of a block is what: points A, A with one group from B (for each group), B; of each point `draws` rows.

    Without an `inner` group each point is one row. With it every point is lived with the same few draws of that group,
    and the points differ in the other groups. With pairs, points of B with one group from A stand before B.
    """

    names: tuple[str, ...]
    inner: str | None = None
    draws: int = 1
    second_order: bool = False

    @staticmethod
    def of(problem: Mapping[str, Any], *, second_order: bool = False) -> Layout:
        """The layout of a problem as `Design.problem` tells it."""
        return Layout(tuple(names_of(problem)), problem.get("inner"), problem.get("draws", 1), second_order)

    @property
    def outer(self) -> tuple[str, ...]:
        """The groups in which points differ."""
        return tuple(name for name in self.names if name != self.inner)

    @property
    def points(self) -> int:
        """How many points a block has."""
        return (2 if self.second_order else 1) * len(self.outer) + 2

    @property
    def size(self) -> int:
        """How many rows a block has."""
        return self.points * self.draws

    def from_b(self) -> list[tuple[str, ...]]:
        """Of each point, the groups (but the inner one) that it has from B; it has all others from A."""
        one = [(name,) for name in self.outer]
        but_one = [tuple(each for each in self.outer if each != name) for name in self.outer]
        return [(), *one, *(but_one if self.second_order else []), self.outer]

    def cells(self, outcomes: np.ndarray) -> np.ndarray:
        """Outcomes (rows, seeds) as (blocks, points, draws, seeds)."""
        return outcomes.reshape(-1, self.points, self.draws, outcomes.shape[-1])


def names_of(problem: Mapping[str, Any]) -> list[str]:
    """The groups of a problem, or its parameters if it has none, in the order of the indices."""
    return list(dict.fromkeys(problem.get("groups") or problem["names"]))


def blocks(layout: Layout, groups: Sequence[str], *, n: int, seed: int) -> np.ndarray:
    """The rows of n blocks as shares between 0 and 1, a column for each parameter; `groups` names the group of each.

    All that is drawn within a block is independent: a hypercube has a column for each number of a block. Twice as many
    blocks begin with the same blocks: each doubling adds a hypercube of its own.
    """
    group_of = np.array(groups)
    inner = group_of == layout.inner
    a, b = np.split(_hypercubes(2 * int((~inner).sum()), n, (seed, OTHERS)), 2, axis=1)
    rows = np.empty((n, layout.points, layout.draws, len(group_of)))
    for k, names in enumerate(layout.from_b()):
        rows[:, k, :, ~inner] = np.where(np.isin(group_of[~inner], names), b, a).T[:, :, None]
    if layout.inner:
        often = _hypercubes(layout.draws * int(inner.sum()), n, (seed, INNER))
        rows[..., inner] = often.reshape(n, 1, layout.draws, -1)
    return rows.reshape(-1, len(group_of))


def _hypercubes(columns: int, n: int, seed: tuple[int, int]) -> np.ndarray:
    """Latin hypercubes one after another: of the first block, and of as many more as there are each time."""
    from scipy.stats import qmc

    sizes = [1, *(1 << k for k in range(n.bit_length() - 1))]
    return np.concatenate([qmc.LatinHypercube(columns, rng=stream(*seed, k)).random(size)
                           for k, size in enumerate(sizes)])  # fmt: skip


def group_indices(layout: Layout, outcomes: np.ndarray, *, seed: int = 1,
                  resamples: int = RESAMPLES) -> dict[str, dict[str, float | None]]:  # fmt: skip
    """S1 and ST of each group with half-widths (95 %), of the mean over seeds; and the same with chance taken off.

    Products of outcomes of different seeds have no chance in common; with one seed, or where no variance is left,
    what is without chance is None.
    """
    cells = layout.cells(outcomes)
    cells = cells - cells[:, [0, -1]].mean(axis=(0, 1, 2))
    found: dict[str, dict[str, float | None]] = {name: {} for name in layout.names}
    kinds = {"": (cells.mean(axis=-1, keepdims=True), _same), "_no_chance": (cells, across)}
    for ending, (y, product) in kinds.items():
        if ending and cells.shape[-1] < 2:
            for told in found.values():
                told |= dict.fromkeys(NO_CHANCE)
            continue
        total_above, total_below = _total(layout, y, product)
        total = _ratios(total_below - total_above, total_below, seed=seed, resamples=resamples)
        alone = _ratios(*_alone(layout, y, product, 1.0 - total[0]), seed=seed, resamples=resamples)
        for key, (value, half) in (("S1", alone), ("ST", total)):
            for j, name in enumerate((*layout.outer, *([layout.inner] * bool(layout.inner)))):
                found[name] |= {f"{key}{ending}": number(value[j]), f"{key}{ending}_conf": number(half[j])}
    return found


NO_CHANCE = ("S1_no_chance", "S1_no_chance_conf", "ST_no_chance", "ST_no_chance_conf")


def across(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean of x_s y_t over all pairs of different seeds s, t (the last axis)."""
    n = x.shape[-1]
    return (x.sum(axis=-1) * y.sum(axis=-1) - (x * y).sum(axis=-1)) / (n * (n - 1))


def _same(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The product of means over seeds."""
    return (x * y)[..., 0]


def _total(layout: Layout, y: np.ndarray, product: Product) -> tuple[np.ndarray, np.ndarray]:
    """Per block and group (the inner one last): products of rows that differ in that group only, and their squares."""
    sides = _sides(layout, y)
    above = [np.mean([product(a[:, None], mixed) for a, mixed, _ in sides], axis=0).mean(axis=-1)]
    below = [np.mean([_squares(a[:, None], mixed, product) for a, mixed, _ in sides], axis=0).mean(axis=-1)]
    if layout.inner:
        above.append(_other_draws(y, y, product).mean(axis=1, keepdims=True))
        below.append(product(y, y).mean(axis=(1, 2))[:, None])
    return np.concatenate(above, axis=1), np.concatenate(below, axis=1)


def _alone(layout: Layout, y: np.ndarray, product: Product, alike: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per block and group (the inner one last): products of rows that share that group only, and their squares.

    `alike`: how far a row tells what another tells that differs in that group only, of each group.
    """
    sides, between = _sides(layout, y), _other_draws if layout.inner else _same_draws
    weight = np.clip(alike[: len(layout.outer)], 0.0, 1.0)
    above = [np.mean([between(b[:, None], mixed, product) - weight * between(b, a, product)[:, None]
                      for a, mixed, b in sides], axis=0)]  # fmt: skip
    below = [np.mean([_squares(b[:, None], mixed, product) for _, mixed, b in sides], axis=0).mean(axis=-1)]
    if layout.inner:
        a, b = y[:, 0], y[:, -1]
        above.append((_same_draws(a, b, product) - _other_draws(a, b, product))[:, None])
        below.append(_squares(a, b, product).mean(axis=-1)[:, None])
    return np.concatenate(above, axis=1), np.concatenate(below, axis=1)


def _sides(layout: Layout, y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """A, A with one group from B, B; with pairs of groups the same from the side of B, too."""
    many = len(layout.outer)
    a, b = y[:, 0], y[:, -1]
    sides = [(a, y[:, 1 : many + 1], b)]
    return [*sides, (b, y[:, many + 1 : -1], a)] if layout.second_order else sides


def _squares(x: np.ndarray, y: np.ndarray, product: Product) -> np.ndarray:
    return (product(x, x) + product(y, y)) / 2


def _same_draws(x: np.ndarray, y: np.ndarray, product: Product) -> np.ndarray:
    """Mean product over draws (the axis before that of seeds) of the inner group that both have in common."""
    return product(x, y).mean(axis=-1)


def _other_draws(x: np.ndarray, y: np.ndarray, product: Product) -> np.ndarray:
    """Mean product over all pairs of different draws of the inner group."""
    draws = x.shape[-2]
    return (product(x.sum(axis=-2), y.sum(axis=-2)) - product(x, y).sum(axis=-1)) / (draws * (draws - 1))


def _ratios(above: np.ndarray, below: np.ndarray, *, seed: int, resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """Ratios of sums over blocks with their half-widths, from blocks drawn again.

    Both are nan where nothing is below, or would be in more than one of forty samples drawn again.
    """
    n = len(above)
    times = stream(seed, DRAWN_AGAIN).multinomial(n, np.full(n, 1.0 / n), size=resamples).astype(float)
    again = _over(times @ above, times @ below)
    told = np.isfinite(again).mean(axis=0) > LEAST_TOLD
    value = np.where(told, _over(above.sum(axis=0), below.sum(axis=0)), np.nan)
    half = np.full(len(value), np.nan)
    half[told] = WIDE * np.nanstd(again[:, told], axis=0, ddof=1)
    return value, half


def _over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
