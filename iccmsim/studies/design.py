"""What a sweep varies: rows of parameters, each lived by all arms from the same seeds.

A design is a table of numbers, one row a combination, one column a parameter. It is written out as a grid, drawn from
the declared doubt about each parameter (Latin hypercube; Sobol' and Morris designs for sensitivity), or read from a
file. The first arm is the comparator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np

from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.checks import SHAPES
from iccmsim.parameters.scenario import Scenario
from iccmsim.studies.compare import seeds_of
from iccmsim.studies.doubt import values_at
from iccmsim.studies.pick_freeze import Layout, blocks

KINDS = ("grid", "lhs", "sobol", "morris", "rows")
MOST_ROWS = 100_000  # each is checked before anything is run, which takes a minute or so for as many
MOST_NUMBERS = 100_000_000  # rows x keys, 8 bytes each
MOST_CASES = 5_000_000  # rows x seeds
Range = tuple[float, float] | None  # a uniform range of the study's own; None: the declared doubt
Keys = Sequence[str] | Mapping[str, Range]
Arms = Sequence[str | Scenario]
Seeds = int | Sequence[int]


@dataclass(frozen=True, eq=False)
class Design:
    """Arms, seeds, and rows of parameters.

    `keys` are dotted paths of declared parameters, `rows` has shape (rows, keys); for a vector of numbers the value is
    a factor on the whole vector. `settings` holds for every run (run.days, place.people, ...). `unit` is the design
    before it was turned into values (shares between 0 and 1), as SALib analyses it; None where nothing was drawn.
    `groups` names the group of each key. `anchor`: whether each row's case fatality is fitted anew before it is run.
    A lever of the programme is varied in all arms that deploy CHWs, or in those that `only` names for its path.
    The constructors below fill these; `dataclasses.replace` gives a design the rest.
    """

    name: str
    kind: str
    arms: tuple[str | Scenario, ...]
    seeds: tuple[int, ...]
    keys: tuple[str, ...]
    rows: np.ndarray = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    anchor: bool = False
    status_quo: str | Scenario | None = None
    places: str | None = None
    unit: np.ndarray | None = field(default=None, repr=False)
    groups: tuple[str, ...] | None = None
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drawn: Mapping[str, Any] = field(default_factory=dict)  # n, seed, levels, ... with which rows were drawn

    def problem(self) -> dict[str, Any]:
        """What SALib calls the problem, in shares between 0 and 1 (see `unit`), and how blocks of rows lie."""
        told = {name: self.drawn[name] for name in ("inner", "draws") if self.drawn.get("inner")}
        return _problem(self.keys, self.groups) | told


def _problem(keys: Sequence[str], groups: Sequence[str] | None) -> dict[str, Any]:
    found = {"num_vars": len(keys), "names": list(keys), "bounds": [[0.0, 1.0]] * len(keys)}
    return found | ({"groups": list(groups)} if groups is not None else {})


def refuse_too_large(what: str, *, rows: int, keys: int, seeds: Seeds) -> None:
    """Refuse a design that is beyond what can be checked and kept, before it is made; `what` asked for it."""
    many = len(seeds_of(seeds))
    told = ((rows, MOST_ROWS, "rows", ""), (rows * keys, MOST_NUMBERS, "numbers", f" ({rows:,} rows of {keys:,} keys)"),
            (rows * many, MOST_CASES, "cases", f" ({rows:,} rows from {many:,} seeds)"))  # fmt: skip
    for count, most, name, how in told:
        if count > most:
            raise ValueError(f"{what}: makes {count:,} {name}{how}; a design may have at most {most:,} {name}")


def grid(arms: Arms, values: Mapping[str, Sequence[float]], *, seeds: Seeds, settings: Mapping[str, Any] | None = None,
         name: str = "grid") -> Design:  # fmt: skip
    """Every combination of the values given for each key; the last key changes fastest."""
    keys = paths_of(tuple(values))
    refuse_too_large("vary", rows=prod(map(len, values.values())), keys=len(keys), seeds=seeds)
    table = np.array(list(product(*values.values())), float).reshape(-1, len(keys))
    return Design(name, "grid", tuple(arms), seeds_of(seeds), keys, table, settings or {})


def rows(arms: Arms, keys: Sequence[str], table: Any, *, seeds: Seeds, settings: Mapping[str, Any] | None = None,
         name: str = "rows") -> Design:  # fmt: skip
    """Rows as they are given: an array of shape (rows, keys)."""
    found = np.array(table, float).reshape(-1, len(keys))
    refuse_too_large("rows", rows=len(found), keys=len(keys), seeds=seeds)
    return Design(name, "rows", tuple(arms), seeds_of(seeds), paths_of(keys), found, settings or {})


def latin_hypercube(arms: Arms, keys: Keys, *, n: int, seeds: Seeds, seed: int = 1, tails: bool = False,
                    settings: Mapping[str, Any] | None = None, name: str = "lhs") -> Design:  # fmt: skip
    """A Latin hypercube of n rows from the declared doubt about each key (or from a range of its own)."""
    from scipy.stats import qmc

    ranges = ranges_of(keys)
    refuse_too_large(f"n = {n}", rows=n, keys=len(ranges), seeds=seeds)
    unit = qmc.LatinHypercube(len(ranges), rng=seed).random(n)
    drawn = {"n": n, "seed": seed, "tails": tails}
    return Design(name, "lhs", tuple(arms), seeds_of(seeds), tuple(ranges), _values(ranges, unit, tails=tails),
                  settings or {}, unit=unit, drawn=drawn)  # fmt: skip


def sobol(arms: Arms, keys: Keys, *, n: int, seeds: Seeds, seed: int = 1, second_order: bool = False,
          groups: Sequence[str] | None = None, tails: bool = False, settings: Mapping[str, Any] | None = None,
          name: str = "sobol") -> Design:  # fmt: skip
    """Saltelli's design for Sobol' indices from SALib: n x (keys or groups + 2) rows; second order n x (2 keys + 2)."""
    from SALib.sample import sobol as sample

    if n < 1 or n & (n - 1):
        raise ValueError(f"n = {n}: must be a power of 2 for a Sobol' design")
    ranges = ranges_of(keys)
    each = Layout(tuple(dict.fromkeys(groups or ranges)), second_order=second_order).size
    refuse_too_large(f"n = {n}", rows=n * each, keys=len(ranges), seeds=seeds)
    unit = sample.sample(_problem(tuple(ranges), groups), n, calc_second_order=second_order, seed=seed)
    drawn = {"n": n, "seed": seed, "tails": tails, "second_order": second_order}
    return Design(name, "sobol", tuple(arms), seeds_of(seeds), tuple(ranges), _values(ranges, unit, tails=tails),
                  settings or {}, unit=unit, groups=groups and tuple(groups), drawn=drawn)  # fmt: skip


def pick_freeze(arms: Arms, keys: Keys, *, n: int, seeds: Seeds, seed: int = 1, groups: Sequence[str] | None = None,
                inner: str | None = None, draws: int = 1, second_order: bool = False, tails: bool = False,
                settings: Mapping[str, Any] | None = None, name: str = "pick-freeze") -> Design:  # fmt: skip
    """A design for Sobol' indices whose n blocks are drawn as Latin hypercubes, for more columns than blocks.

    Rows lie as in Saltelli's design. With an `inner` group each point of a block is lived with the same `draws` draws
    of it, and the other groups tell the points apart: n x (other groups + 2) x draws rows. Twice as many blocks begin
    with the blocks of half as many: each doubling adds a hypercube of its own.
    """
    if n < 1 or n & (n - 1):
        raise ValueError(f"n = {n}: must be a power of 2 for a Sobol' design")
    ranges = ranges_of(keys)
    names = tuple(groups) if groups is not None else tuple(ranges)
    layout = Layout(tuple(dict.fromkeys(names)), inner, draws, second_order)
    refuse_too_large(f"n = {n}", rows=n * layout.size, keys=len(ranges), seeds=seeds)
    unit = blocks(layout, names, n=n, seed=seed)
    drawn = {"n": n, "seed": seed, "tails": tails, "second_order": second_order, "inner": inner, "draws": draws}
    return Design(name, "sobol", tuple(arms), seeds_of(seeds), tuple(ranges), _values(ranges, unit, tails=tails),
                  settings or {}, unit=unit, groups=groups and tuple(groups), drawn=drawn)  # fmt: skip


def morris(arms: Arms, keys: Keys, *, n: int, seeds: Seeds, seed: int = 1, levels: int = 4,
           groups: Sequence[str] | None = None, settings: Mapping[str, Any] | None = None,
           name: str = "morris") -> Design:  # fmt: skip
    """Morris' design from SALib: n trajectories of (keys or groups + 1) rows, never beyond the plausible range."""
    from SALib.sample import morris as sample

    if levels % 2:
        raise ValueError(f"levels = {levels}: must be even, for Morris' method jumps over half of them")
    ranges = ranges_of(keys)
    refuse_too_large(f"n = {n}", rows=n * (len(set(groups or ranges)) + 1), keys=len(ranges), seeds=seeds)
    unit = sample.sample(_problem(tuple(ranges), groups), n, num_levels=levels, seed=seed)
    drawn = {"n": n, "seed": seed, "levels": levels}
    return Design(name, "morris", tuple(arms), seeds_of(seeds), tuple(ranges), _values(ranges, unit, tails=False),
                  settings or {}, unit=unit, groups=groups and tuple(groups), drawn=drawn)  # fmt: skip


def further(design: Design, before: Design | None) -> Design:
    """The rows of a larger design that a smaller one of the same seed has not had."""
    if before is None:
        return design
    had = len(before.rows)
    if not np.array_equal(design.rows[:had], before.rows):
        raise AssertionError("a larger design does not begin with the smaller one")
    return replace(design, rows=design.rows[had:], unit=design.unit[had:])


def _values(ranges: Mapping[str, Range], unit: np.ndarray, *, tails: bool) -> np.ndarray:
    """Shares between 0 and 1 turned into values, column by column."""
    columns = [values_at(parameter(key), unit[:, j], span=span, tails=tails)
               for j, (key, span) in enumerate(ranges.items())]  # fmt: skip
    return np.column_stack(columns)


def ranges_of(keys: Keys) -> dict[str, Range]:
    """Dotted path -> (low, high) of a uniform range, or None for the declared doubt."""
    given = dict(keys) if isinstance(keys, Mapping) else dict.fromkeys(keys)
    return dict(zip(paths_of(tuple(keys)), given.values(), strict=True))


def paths_of(keys: Sequence[str]) -> tuple[str, ...]:
    """The dotted paths of keys; a KeyError or ValueError names one that cannot be varied."""
    for key in keys:
        if key.removeprefix("setting.").startswith("place."):
            raise ValueError(f"{key}: is a fact of the place, the same in all rows; give it under [settings]")
    found = tuple(parameter(key).path for key in keys)
    if (twice := next((path for path in found if found.count(path) > 1), None)) is not None:
        raise ValueError(f"{twice}: is varied twice")
    if (shape := next((each for each in map(parameter, keys) if each.key.startswith(SHAPES)), None)) is not None:
        raise ValueError(f"{shape.path}: of its {shape.size} numbers only the proportions count, so that a factor on "
                         "all of them changes nothing; give other proportions under [settings]")  # fmt: skip
    return found
