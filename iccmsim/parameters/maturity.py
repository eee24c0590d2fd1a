"""Maturity profiles: each of the eight components of iCCM at a level from 0 (absent) to 3 (strong).

A level is a set of lever values that stands in `library/maturity`, one file a component, with the reason for each. A
profile names one level a component: `maturity-22112210`, in the order of COMPONENTS, or in a scenario file

    [maturity]
    supply = 3
    supervision = 1
    others = 2          # every component not named
    folder = "levels"   # files of your own, of the same form (default: the library's)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from iccmsim.parameters.checks import check_section, whole
from iccmsim.parameters.declare import did_you_mean, plain
from iccmsim.parameters.faults import ScenarioError
from iccmsim.parameters.reasons import Reason, flat

COMPONENTS = ("coordination", "financing", "workforce", "supply", "service", "demand", "supervision", "information")
LEVELS = ("absent", "partial", "functioning", "strong")
NAME = re.compile(r"maturity-(\d*)")
SPARE = ("others", "folder")


@dataclass(frozen=True)
class Component:
    """One component: what it says of itself, and the lever values of each level with their reasons."""

    name: str
    says: str
    levels: tuple[Mapping[str, Any], ...]
    reasons: tuple[Mapping[str, Reason], ...]


def components(folder: Path) -> dict[str, Component]:
    """The components whose levels stand in a folder, in the order in which a profile names them."""
    from iccmsim.parameters.files import LIBRARY

    return _of_library(folder) if LIBRARY in folder.parents else _of_folder(folder)


@cache
def _of_library(folder: Path) -> dict[str, Component]:
    return _of_folder(folder)


def _of_folder(folder: Path) -> dict[str, Component]:
    found = {name: _read(folder / f"{name}.toml", name) for name in COMPONENTS}
    if faults := _check_levels(found):
        raise ScenarioError(faults)
    return found


def _check_levels(found: Mapping[str, Component]) -> list[str]:
    """A line for each value that no programme may have, and for each lever that two components set."""
    owner: dict[str, str] = {}
    faults = []
    for name, component in found.items():
        for number, level in enumerate(component.levels):
            faults += [f"{name}.toml, level-{number}: {fault}" for fault in check_section("programme", level)[1]]
            faults += [f"{name}.toml: sets {key}, which {owner[key]}.toml sets too; a lever belongs to one component"
                       for key in level if owner.setdefault(key, name) != name]  # fmt: skip
    return list(dict.fromkeys(faults))


def _read(file: Path, name: str) -> Component:
    from iccmsim.parameters.files import read_toml, reasons_of

    table, said = read_toml(file), reasons_of(file).of
    wanted = [f"level-{level}" for level in range(len(LEVELS))]
    missing = [word for word in wanted if not isinstance(table.get(word), Mapping)]
    if missing:
        raise ScenarioError(f"{file.name}: must have a table [{missing[0]}]; levels are 0 (absent) to 3 (strong)")
    levels = tuple(dict(flat(table[word])) for word in wanted)
    reasons = tuple(
        {key: Reason(said.get(f"{word}.{key}", ""), file.name) for key in level}
        for word, level in zip(wanted, levels, strict=True)
    )
    return Component(name, str(table.get("says", "")), levels, reasons)


def profile_of_name(name: str) -> dict[str, int] | None:
    """The levels that a name such as maturity-22222222 stands for; None if it is no such name."""
    found = NAME.fullmatch(name)
    if not found:
        return None
    digits = found[1]
    if len(digits) != len(COMPONENTS) or set(digits) - set("0123"):
        raise ScenarioError(f"programme = {plain(name)}: must have {len(COMPONENTS)} digits from 0 to 3 "
                            f"({', '.join(COMPONENTS)})")  # fmt: skip
    return dict(zip(COMPONENTS, map(int, digits), strict=True))


def name_of_profile(levels: Mapping[str, int]) -> str:
    """The name under which a profile can be asked for."""
    return "maturity-" + "".join(str(levels[name]) for name in COMPONENTS)


def check_profile(given: Mapping[str, Any]) -> tuple[dict[str, int], list[str]]:
    """The level of every component that a scenario's [maturity] names, and a line for each fault."""
    faults, levels = [], {}
    faults += [f"maturity.{word}: unknown component{did_you_mean(word, COMPONENTS)}"
               for word in given if word not in (*COMPONENTS, *SPARE)]  # fmt: skip
    for name in COMPONENTS:
        level = whole(given.get(name, given.get("others")))
        where = f"maturity.{name}" if name in given else "maturity.others"
        if level is None:
            faults.append(f"maturity.{name}: must have a level (or give the level of all others)")
        elif type(level) is not int or not 0 <= level < len(LEVELS):
            faults.append(f"{where} = {plain(level)}: must be a whole number between 0 and {len(LEVELS) - 1}")
        else:
            levels[name] = level
    return levels, list(dict.fromkeys(faults))


def levers_of(levels: Mapping[str, int], folder: Path) -> tuple[dict[str, Any], dict[str, Reason]]:
    """Every lever that a profile sets, and why, by key."""
    values: dict[str, Any] = {}
    why: dict[str, Reason] = {}
    for name, component in components(folder).items():
        values |= component.levels[levels[name]]
        why |= {f"programme.{key}": reason for key, reason in component.reasons[levels[name]].items()}
    return values, why
