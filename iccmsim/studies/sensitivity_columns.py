"""What the columns of a sensitivity analysis mean, and its tables as rows of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iccmsim.results.dictionary import NAME, NUMBER, YES, Column

Row = dict[str, Any]
ALL = "all"
_HALF = "Half-width of its 95 % interval, by the bootstrap; empty where it cannot be told."
_OUTCOME = "of the outcome, see about"
_VARIANCE = "variance of the outcome"
GROUP = Column("group", "Group of parameters.", NAME)
PARAMETER = Column("parameter", "Parameter.", NAME)
MASTER = Column("master", f"Master seed: rows and children of its own; {ALL}: together, each about its own mean.", NAME)
ALLOTTED = (
    PARAMETER,
    Column("varies", "Whether it varies.", YES),
    Column("group", "The group in which it varies; empty where it does not.", NAME),
    Column("why_not", "Why a parameter in doubt stays as it is; empty where it varies.", "text"),
)


def _with_half(name: str, says: str, unit: str, per: str = "") -> tuple[Column, ...]:
    return Column(name, says, unit, per), Column(f"{name}_conf", f"Of {name}: {_HALF[0].lower()}{_HALF[1:]}", unit, per)


_SHARES = {"S1": "Sobol's index of first order: what goes with the group alone",
           "ST": "Sobol's total index: what goes with the group alone and together with others",
           "S1_no_chance": "S1 with chance taken off. Empty for one seed, or where chance is all there is",
           "ST_no_chance": "ST with chance taken off. Empty for one seed, or where chance is all there is"}  # fmt: skip
_SOBOL = tuple(each for name, says in _SHARES.items() for each in _with_half(name, f"{says}.", "share", _VARIANCE))
INDICES = {
    "sobol": (MASTER, GROUP, *_SOBOL),
    "morris": (MASTER, GROUP, *_with_half("mu_star", "Mean absolute change when the group jumps, over the share of its "
                                          "doubt that it jumps (two thirds: the change times 1.5).", _OUTCOME),
               Column("mu", "The same with its sign; empty for a group of several parameters.", _OUTCOME),
               Column("sigma", "How much the change varies; empty for a group of several parameters.", _OUTCOME)),
    "pawn": (MASTER, PARAMETER, GROUP, *_with_half("pawn", "PAWN's median distance between distributions.", "distance"),
             Column("by_chance", "95 % point of that of a parameter that does nothing.", "distance")),
}  # fmt: skip
CONVERGENCE = (Column("n", "Blocks of rows, the first of all there are.", "blocks"), GROUP, *_SOBOL)
PAIRS = (
    Column("first", "Group.", NAME), Column("second", "Group.", NAME),
    *_with_half("S2", "Sobol's index of second order: what goes with both together beyond what goes with each alone.",
                "share", _VARIANCE),
)  # fmt: skip
ENDS = (
    PARAMETER,
    GROUP,
    Column("low", "Mean outcome of rows in which the parameter is in the lowest fifth of its doubt.", _OUTCOME),
    Column("high", "Mean outcome of rows in which it is in the highest fifth.", _OUTCOME),
    Column("error", "Standard error of the difference.", _OUTCOME),
    Column("sure", "Whether among so many parameters so large a difference is seen by chance less than once in twenty "
           "times.", YES),
)  # fmt: skip
PLACED = (
    Column("master", "Master seed: rows and children of its own.", NUMBER),
    Column("part", "Part of its design, from 0: each doubling of samples adds one.", NUMBER),
    Column("block", "Block of rows that belong together, from 0 in each part.", NUMBER),
    Column("analysed", "Whether the row is in the indices: every row of its block has an outcome and is anchored.",
           YES),
)


def tables_of(found: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Column, ...], list[Row]]]:
    """Name, columns and rows of each table that findings have."""
    columns = INDICES[found["method"]]
    together = [{"master": ALL, **row} for row in found["table"]]
    each = zip(found["master_seeds"], found["masters"], strict=True)
    alone = [{"master": str(number), **row} for number, table in each for row in table]
    yield "indices", columns, together + (alone if len(found["masters"]) > 1 else [])
    for name, columns, rows in (("pairs", PAIRS, found["pairs"]), ("convergence", CONVERGENCE, found["convergence"]),
                                ("single_parameters", ENDS, found["ends"])):  # fmt: skip
        if rows:
            yield name, columns, rows


def allotted(keys: Sequence[str], groups: Sequence[str] | None, left: Mapping[str, str]) -> list[Row]:
    """Every parameter in doubt: in which group it varies, or why it does not."""
    of = groups if groups is not None else keys
    varies = [{"parameter": key, "varies": True, "group": group} for key, group in zip(keys, of, strict=True)]
    return varies + [{"parameter": key, "varies": False, "why_not": why} for key, why in left.items()]
