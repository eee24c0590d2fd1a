"""What a sweep varies: rows of parameters, each lived by all arms from the same seeds.

A design is a table of numbers, one row a combination, one column a parameter. It is written out as a grid, drawn from
the declared doubt about each parameter (Latin hypercube; Sobol' and Morris designs for sensitivity), or read from a
file. The first arm is the comparator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from iccmsim.core.draws import SEED_LIMIT, refuse_unfit
from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.declare import Parameter, plain
from iccmsim.parameters.scenario import Scenario
from iccmsim.studies.doubt import values_at

KINDS = ("grid", "lhs", "sobol", "morris", "rows")
Range = tuple[float, float] | None  # a uniform range of the study's own; None: the declared doubt
Keys = Sequence[str] | Mapping[str, Range]


@dataclass(frozen=True, eq=False)
class Design:
    """Arms, seeds, and rows of parameters.

    `keys` are dotted paths of declared parameters, `rows` has shape (rows, keys); for a vector of numbers the value is
    a factor on the whole vector. `settings` holds for every run (run.days, place.people, ...). `unit` is the design
    before it was turned into values (shares between 0 and 1), as SALib analyses it; None where nothing was drawn.
    `groups` names the group of each key. `anchor`: whether each row's case fatality is fitted anew before it is run.
    """

    name: str
    kind: str
    arms: tuple[str | Scenario, ...]
    seeds: tuple[int, ...]
    keys: tuple[str, ...]
    rows: np.ndarray
    settings: Mapping[str, Any] = field(default_factory=dict)
    anchor: bool = False
    status_quo: str | Scenario | None = None
    places: str | None = None
    unit: np.ndarray | None = None
    groups: tuple[str, ...] | None = None
    drawn_with: Mapping[str, Any] = field(default_factory=dict)  # n, seed, levels, ... of what was drawn

    def problem(self) -> dict[str, Any]:
        """What SALib calls the problem, in shares between 0 and 1 (see `unit`)."""
        return _problem(self.keys, self.groups)


def _problem(keys: Sequence[str], groups: Sequence[str] | None) -> dict[str, Any]:
    found = {"num_vars": len(keys), "names": list(keys), "bounds": [[0.0, 1.0]] * len(keys)}
    return found | ({"groups": list(groups)} if groups is not None else {})


def declared(keys: Sequence[str]) -> tuple[Parameter, ...]:
    """The declarations of keys; a KeyError or ValueError names one that is unknown or given twice."""
    found = tuple(parameter(key) for key in keys)
    for each in found:
        if sum(other is each for other in found) > 1:
            raise ValueError(f"{each.path}: is varied twice")
    return found


def grid(arms: Sequence[str | Scenario], values: Mapping[str, Sequence[float]], *, seeds: int | Sequence[int],
         name: str = "grid", **how: Any) -> Design:  # fmt: skip
    """Every combination of the values given for each key; the last key changes fastest."""
    keys = _paths(tuple(values))
    combined = np.array(list(product(*values.values())), float).reshape(-1, len(keys))
    return Design(name, "grid", tuple(arms), seeds_of(seeds), keys, combined, **how)


def rows(arms: Sequence[str | Scenario], keys: Sequence[str], table: Any, *, seeds: int | Sequence[int],
         name: str = "rows", **how: Any) -> Design:  # fmt: skip
    """Rows as they are given: an array of shape (rows, keys)."""
    table = np.atleast_2d(np.asarray(table, float))
    return Design(name, "rows", tuple(arms), seeds_of(seeds), _paths(keys), table, **how)


def latin_hypercube(arms: Sequence[str | Scenario], keys: Keys, *, n: int, seeds: int | Sequence[int], seed: int = 1,
                    tails: bool = False, name: str = "lhs", **how: Any) -> Design:  # fmt: skip
    """A Latin hypercube of n rows from the declared doubt about each key (or from a range of its own)."""
    from scipy.stats import qmc

    ranges = ranges_of(keys)
    unit = qmc.LatinHypercube(len(ranges), rng=seed).random(n)
    return _drawn("lhs", arms, ranges, unit, seeds=seeds, tails=tails, name=name, with_={"n": n, "seed": seed}, how=how)


def sobol(arms: Sequence[str | Scenario], keys: Keys, *, n: int, seeds: int | Sequence[int], seed: int = 1,
          second_order: bool = False, groups: Sequence[str] | None = None, tails: bool = False, name: str = "sobol",
          **how: Any) -> Design:  # fmt: skip
    """Saltelli's design for Sobol' indices from SALib: n x (keys + 2) rows, with second order n x (2 keys + 2)."""
    from SALib.sample import sobol as sample

    if n < 1 or n & (n - 1):
        raise ValueError(f"n = {n}: must be a power of 2 for a Sobol' design")
    ranges = ranges_of(keys)
    problem = _problem(tuple(ranges), groups)
    unit = sample.sample(problem, n, calc_second_order=second_order, scramble=True, seed=seed)
    with_ = {"n": n, "seed": seed, "second_order": second_order}
    return _drawn("sobol", arms, ranges, unit, seeds=seeds, tails=tails, name=name, with_=with_, how=how,
                  groups=groups)  # fmt: skip


def morris(arms: Sequence[str | Scenario], keys: Keys, *, n: int, seeds: int | Sequence[int], seed: int = 1,
           levels: int = 4, groups: Sequence[str] | None = None, name: str = "morris", **how: Any) -> Design:  # fmt: skip
    """Morris' design from SALib: n trajectories, each of (keys, or groups, + 1) rows. Never with tails."""
    from SALib.sample import morris as sample

    ranges = ranges_of(keys)
    unit = sample.sample(_problem(tuple(ranges), groups), n, num_levels=levels, seed=seed)
    with_ = {"n": n, "seed": seed, "levels": levels}
    return _drawn("morris", arms, ranges, unit, seeds=seeds, tails=False, name=name, with_=with_, how=how,
                  groups=groups)  # fmt: skip


def _drawn(kind: str, arms: Sequence[str | Scenario], ranges: Mapping[str, Range], unit: np.ndarray, *,
           seeds: int | Sequence[int], tails: bool, name: str, with_: Mapping[str, Any], how: Mapping[str, Any],
           groups: Sequence[str] | None = None) -> Design:  # fmt: skip
    """Shares between 0 and 1 turned into values, column by column."""
    columns = [values_at(parameter(key), unit[:, j], span=span, tails=tails)
               for j, (key, span) in enumerate(ranges.items())]  # fmt: skip
    return Design(name, kind, tuple(arms), seeds_of(seeds), tuple(ranges), np.column_stack(columns), unit=unit,
                  groups=None if groups is None else tuple(groups), drawn_with={**with_, "tails": tails}, **how)  # fmt: skip


def ranges_of(keys: Keys) -> dict[str, Range]:
    """Path -> (low, high) of a uniform range, or None for the declared doubt."""
    given = dict(keys) if isinstance(keys, Mapping) else dict.fromkeys(keys)
    return dict(zip(_paths(tuple(keys)), given.values(), strict=True))


def _paths(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(each.path for each in declared(keys))


def seeds_of(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """Seeds: numbers, or how many (5 means 1 to 5)."""
    chosen = tuple(range(1, seeds + 1)) if isinstance(seeds, int) else tuple(int(seed) for seed in seeds)
    if not chosen:
        raise ValueError(f"seeds = {plain(seeds)}: there must be at least one")
    for seed in chosen:
        refuse_unfit("seed", seed, SEED_LIMIT)
    if (twice := next((seed for seed in chosen if chosen.count(seed) > 1), None)) is not None:
        raise ValueError(f"seeds: {twice} is given twice; each seed is one replicate")
    return chosen
