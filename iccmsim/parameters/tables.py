"""What stands in the tables of a scenario file, by dotted key: nested or spelt with dots, each key once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iccmsim.parameters.catalogue import of_section
from iccmsim.parameters.checks import whole
from iccmsim.parameters.declare import plain

DEEPEST = 20  # levels of tables and lists in a file; no scenario needs half as many


def keys_of(*sections: str) -> tuple[str, ...]:
    """The keys of sections as a table of that name spells them."""
    return tuple(key.removeprefix("run.") for section in sections for key in of_section(section))


def values_of(where: str, table: Mapping[str, Any], *, keys: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """The values of a table by dotted key, and a line for each that is spelt in two ways in it."""
    values: dict[str, Any] = {}
    faults = []
    for key, value in _leaves(table, keys=keys):
        if key in values:
            faults.append(f"{where}.{key} = {plain(value)}: is given twice (first as {plain(values[key])})")
        values[key] = value
    return values, faults


def _leaves(table: Mapping[str, Any], *, keys: Sequence[str], head: str = "") -> Iterator[tuple[str, Any]]:
    """What stands in nested tables; an empty one is a value too (and a wrong one), unless it is a table of keys."""
    for key, value in table.items():
        path = head + key
        if isinstance(value, Mapping) and (value or any(each.startswith(f"{path}.") for each in keys)):
            yield from _leaves(value, keys=keys, head=f"{path}.")
        else:
            yield path, value


def tables_of(name: str, given: Sequence[Any], *, first: int) -> tuple[list[Any], list[str]]:
    """Each table of a list ([[shock]], [[programme.change]]) with its values by dotted key, and what is wrong.

    `first` is the number of the first of them. What is no table is handed on as it is.
    """
    keys = keys_of("programme", "setting") if name == "shock" else keys_of("programme")
    told, faults = [], []
    for n, each in enumerate(given, start=first):
        values, wrong = values_of(f"{name}[{n}]", each, keys=keys) if isinstance(each, Mapping) else (each, [])
        told.append(values)
        faults += wrong
    return told, faults


def twice_on_a_day(changes: Sequence[Any], *, first: int) -> list[str]:
    """A line for each key to which two changes of one file give different values on one day."""
    faults: list[str] = []
    given: dict[tuple[float, str], tuple[int, Any]] = {}
    for n, change in enumerate(changes, start=first):
        day = change.get("day") if isinstance(change, Mapping) else None
        for key, value in change.items() if isinstance(day, (int, float)) else ():
            before, other = given.setdefault((day, key), (n, value))
            if before != n and other != value:
                faults.append(f"programme.change[{n}].{key} = {plain(value)}: is given twice on day {plain(day)} "
                              f"(programme.change[{before}] says {plain(other)})")  # fmt: skip
    return faults


def shock_of(given: Any) -> Any:
    """A shock as written, its days and the numbers of its zones as whole numbers where they are whole."""
    if not isinstance(given, Mapping):
        return given
    ready = {**given, **{key: whole(given[key]) for key in ("day", "days") if key in given}}
    if isinstance(ready.get("zones"), (list, tuple)):
        ready["zones"] = [whole(zone) for zone in ready["zones"]]
    return ready


def is_deeper(table: Any, levels: int) -> bool:
    """Whether tables and lists lie in one another more levels deep than that."""
    inside = [table]
    for _ in range(levels):
        inside = [each for outer in inside if isinstance(outer, (dict, list))
                  for each in (outer.values() if isinstance(outer, dict) else outer)]  # fmt: skip
    return bool(inside)
