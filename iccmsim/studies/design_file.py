"""Designs as files: what a sweep varies, written in TOML, its rows perhaps in a CSV file beside it.

    format = 1
    arms = ["sahel/facility-only", "sahel/iccm-as-delivered"]    # the first is the comparator
    seeds = 20
    design = "lhs"          # grid, lhs, sobol, morris or rows
    n = 64                  # rows of lhs; base of sobol; trajectories of morris
    [settings]              # for every run
    "run.days" = 1826
    [vary]
    "sup.lead" = "declared"                 # the declared doubt about it
    "sup.fill" = { low = 0.5, high = 1.0 }  # or a range of one's own
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from iccmsim.core.draws import SEED_LIMIT
from iccmsim.parameters.declare import did_you_mean, plain
from iccmsim.parameters.files import is_file_name
from iccmsim.studies.compare import MOST_REPLICATES
from iccmsim.studies.design import KINDS, MOST_ROWS, Design, grid, latin_hypercube, morris, paths_of, rows, sobol

FORMAT = 1
NUMBERS = {"n": (1, MOST_ROWS), "seed": (0, 2**31 - 1), "levels": (2, 100)}
SWITCHES = ("second_order", "tails", "anchor")
TEXTS = ("name", "says", "design", "file", "status_quo", "places")
WORDS = ("format", "arms", "seeds", "vary", "settings", *TEXTS, *SWITCHES, *NUMBERS)
OF_KIND = {"grid": (), "rows": ("file",), "lhs": ("n", "seed", "tails"), "morris": ("n", "seed", "levels"),
           "sobol": ("n", "seed", "tails", "second_order")}  # fmt: skip
LARGEST = 1e300  # a number beyond it is no number of the model
ENTRY = ("low", "high", "values", "arms", "group")  # of a table that says how one key is varied


def read_design(path: str | Path) -> Design:
    """Read a design; a ValueError or KeyError says in one line what is wrong with it."""
    path = Path(path).expanduser()
    table = _read(path)
    _check_words(path, table)
    kind = table["design"]
    if (stray := next((word for word in (*NUMBERS, "file", "tails", "second_order")
                       if word in table and word not in OF_KIND[kind]), None)) is not None:  # fmt: skip
        raise ValueError(f"{stray} = {plain(table[stray])}: is not for a design of kind {kind}")
    vary = _entries(table.get("vary", {}), kind=kind)
    design = _made(path, table, vary)
    only = {paths_of([key])[0]: tuple(entry["arms"]) for key, entry in vary.items() if "arms" in entry}
    quo = table.get("status_quo")
    return replace(design, anchor=table.get("anchor", False), only=only, places=_beside(path, table.get("places")),
                   status_quo=None if quo is None else _scenario(path, quo))  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        near = did_you_mean(path.name, [each.name for each in path.parent.glob("*.toml")])
        raise ValueError(f"{path}: no such file{near}") from None
    except OSError as fault:
        raise ValueError(f"{path}: cannot be read ({fault.strerror})") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ValueError(f"{path}: is not valid TOML: {fault}") from None


def _check_words(path: Path, table: Mapping[str, Any]) -> None:
    """The words of a design file, and what kind of value each must have."""
    if table.get("format") != FORMAT or isinstance(table.get("format"), bool):
        raise ValueError(f"format = {plain(table.get('format'))}: {path.name} must say format = {FORMAT}, which this "
                         "version reads")  # fmt: skip
    for word, value in table.items():
        if word not in WORDS:
            raise ValueError(f"{word}: unknown word of a design{did_you_mean(word, WORDS)}")
        if word in NUMBERS and not (_is_whole(value) and NUMBERS[word][0] <= value <= NUMBERS[word][1]):
            raise ValueError(f"{word} = {_said(value)}: must be a whole number between {NUMBERS[word][0]} and "
                             f"{NUMBERS[word][1]}")  # fmt: skip
        if word in SWITCHES and not isinstance(value, bool):
            raise ValueError(f"{word} = {plain(value)}: must be true or false")
        if word in TEXTS and not isinstance(value, str):
            raise ValueError(f"{word} = {plain(value)}: must be a text")
        if word in TEXTS and ("\0" in value or not (value.strip() or word == "says")):
            raise ValueError(f"{word} = {plain(value)}: must be a text that is not empty, without the character NUL")
    if table.get("design") not in KINDS:
        hint = did_you_mean(str(table.get("design")), KINDS)
        raise ValueError(f"design = {plain(table.get('design'))}: must be one of {', '.join(KINDS)}{hint}")
    arms = table.get("arms")
    named = isinstance(arms, list) and all(isinstance(arm, str) and arm.strip() and "\0" not in arm for arm in arms)
    if not named or not arms:
        raise ValueError(f"arms = {plain(arms)}: must be a list of scenarios, the comparator first")
    seeds = table.get("seeds")
    many = isinstance(seeds, list) and seeds and all(_is_whole(seed) for seed in seeds)
    if not many and not (_is_whole(seeds) and 1 <= seeds <= MOST_REPLICATES):
        raise ValueError(f"seeds = {_said(seeds)}: must be a whole number between 1 and {MOST_REPLICATES}, or a list "
                         "of seeds")  # fmt: skip
    if many and (wrong := next((seed for seed in seeds if not 0 <= seed < SEED_LIMIT), None)) is not None:
        raise ValueError(f"seeds = {plain(seeds)}: {wrong} must be between 0 and {SEED_LIMIT - 1}")
    if not isinstance(table.get("settings", {}), Mapping):
        raise ValueError(f"settings = {plain(table['settings'])}: must be a table of keys and values")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _said(value: Any) -> str:
    """As `plain`, and whole numbers to their last digit."""
    return str(value) if _is_whole(value) else plain(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def _entries(vary: Any, *, kind: str) -> dict[str, dict[str, Any]]:
    """How each key is varied: {"values": [...]}, {"low": ..., "high": ...} or {} for the declared doubt."""
    if kind == "rows":
        return _entries_of_rows(vary)
    if isinstance(vary, list) and vary and all(isinstance(key, str) for key in vary):
        paths_of(vary)  # says if one is there twice
        vary = dict.fromkeys(vary, "declared")
    if not isinstance(vary, Mapping) or not vary:
        said = "vary: must be given:" if isinstance(vary, Mapping) else f"vary = {plain(vary)}: must be"
        raise ValueError(f"{said} a list of keys, at least one, or a table of keys and how each is varied")
    found = {key: _entry(key, value, kind=kind) for key, value in _flat(vary, "vary").items()}
    grouped = [key for key, entry in found.items() if "group" in entry]
    if grouped and (len(grouped) < len(found) or kind not in ("morris", "sobol")):
        raise ValueError(f"vary.{grouped[0]}.group: groups are for morris and sobol, and then each key must have one")
    return found


def _entries_of_rows(vary: Any) -> dict[str, dict[str, Any]]:
    """Of a design whose rows are in a file: in which arms keys of that file hold."""
    said = "a design of kind rows has its keys in its file; here it may say arms = [...] only"
    if not isinstance(vary, Mapping):
        raise ValueError(f"vary = {plain(vary)}: {said}")
    found = _flat(vary, "vary")
    for key, entry in found.items():
        if not isinstance(entry, Mapping) or set(entry) != {"arms"}:
            raise ValueError(f"vary.{key} = {plain(entry)}: {said}")
        _check_arms(key, entry["arms"])
    paths_of(tuple(found))  # says if one is there twice
    return {key: dict(entry) for key, entry in found.items()}


def _flat(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Keys with dots, whether they were written in quotes or not; a ValueError names one that was written both ways."""
    found: dict[str, Any] = {}
    for key, value in _pairs(table):
        if key in found:
            raise ValueError(f"{where}.{key}: is given twice")
        found[key] = value
    return found


def _pairs(table: Mapping[str, Any], head: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and value and not set(value) & set(ENTRY):
            yield from _pairs(value, f"{head}{key}.")
        else:
            yield head + key, value


def _entry(key: str, value: Any, *, kind: str) -> dict[str, Any]:
    entry = {} if value == "declared" else {"values": value} if isinstance(value, list) else value
    if not isinstance(entry, Mapping) or value == {}:
        told = "an empty table" if value == {} else plain(value)
        raise ValueError(f"vary.{key} = {told}: must be 'declared', a list of values, or a table with low and high")
    if (stray := next((word for word in entry if word not in ENTRY), None)) is not None:
        raise ValueError(f"vary.{key}.{stray}: unknown word{did_you_mean(stray, ENTRY)}; there are {', '.join(ENTRY)}")
    if ("values" in entry) != (kind == "grid"):
        need = "needs a list of values" if kind == "grid" else "takes no list of values, but low and high"
        raise ValueError(f"vary.{key}: a design of kind {kind} {need}")
    if "values" in entry:
        _check_values(key, entry["values"])
        if (beside := next((word for word in ("low", "high") if word in entry), None)) is not None:
            raise ValueError(f"vary.{key}.{beside} = {plain(entry[beside])}: is not for a key with a list of values")
    elif "low" in entry or "high" in entry:
        low, high = entry.get("low"), entry.get("high")
        if not (_is_number(low) and _is_number(high) and low < high):
            raise ValueError(f"vary.{key}: low = {_said(low)} and high = {_said(high)} must be numbers, low below high")
    if "arms" in entry:
        _check_arms(key, entry["arms"])
    if not isinstance(entry.get("group", ""), str):
        raise ValueError(f"vary.{key}.group = {plain(entry['group'])}: must be a text")
    return dict(entry)


def _check_arms(key: str, arms: Any) -> None:
    if not isinstance(arms, list) or not arms or not all(isinstance(arm, str) for arm in arms):
        raise ValueError(f"vary.{key}.arms = {plain(arms)}: must be a list of names of arms")


def _check_values(key: str, values: Any) -> None:
    if not isinstance(values, list) or not values:
        raise ValueError(f"vary.{key} = {plain(values)}: must be a list of values, at least one")
    for value in values:
        if not _is_number(value):
            raise ValueError(f"vary.{key} = {_said(value)}: must be a number (of a vector: a factor on it)")
    if (twice := next((value for value, often in Counter(values).items() if often > 1), None)) is not None:
        raise ValueError(f"vary.{key}: {plain(twice)} is given twice")


def _made(path: Path, table: Mapping[str, Any], vary: Mapping[str, Mapping[str, Any]]) -> Design:
    """The design itself, by the constructor of its kind."""
    kind, arms = table["design"], [_scenario(path, arm) for arm in table["arms"]]
    seeds, name = table["seeds"], table.get("name", path.stem)
    settings = _flat(table.get("settings", {}), "settings")
    if kind == "grid":
        values = {key: entry["values"] for key, entry in vary.items()}
        return grid(arms, values, seeds=seeds, settings=settings, name=name)
    if kind == "rows":
        keys, found = _read_rows(path, table)
        if stray := [key for key in vary if paths_of([key])[0] not in paths_of(keys)]:
            raise ValueError(f"vary.{stray[0]}: is not a key of {table['file']}; there are {', '.join(keys)}")
        return rows(arms, keys, found, seeds=seeds, settings=settings, name=name)
    if "n" not in table:
        raise ValueError(f"n: must be given for a design of kind {kind} (how many)")
    ranges = {key: (float(entry["low"]), float(entry["high"])) if "low" in entry else None
              for key, entry in vary.items()}  # fmt: skip
    groups = [entry["group"] for entry in vary.values()] if all("group" in entry for entry in vary.values()) else None
    n, seed = table["n"], table.get("seed", 1)
    if kind == "lhs":
        return latin_hypercube(arms, ranges, n=n, seeds=seeds, seed=seed, tails=table.get("tails", False),
                               settings=settings, name=name)  # fmt: skip
    if kind == "morris":
        return morris(arms, ranges, n=n, seeds=seeds, seed=seed, levels=table.get("levels", 4), groups=groups,
                      settings=settings, name=name)  # fmt: skip
    return sobol(arms, ranges, n=n, seeds=seeds, seed=seed, second_order=table.get("second_order", False),
                 groups=groups, tails=table.get("tails", False), settings=settings, name=name)  # fmt: skip


def _scenario(path: Path, name: str) -> str:
    """The name of a scenario; that of a file counts from where the design is."""
    return str(_place(path, name)) if is_file_name(name) else name


def _beside(path: Path, folder: str | None) -> str | None:
    return None if folder is None else str(_place(path, folder))


def _place(path: Path, name: str) -> Path:
    """Where a file or folder is that a design names: counted from the design, or from somebody's home."""
    try:
        return path.parent / Path(name).expanduser()
    except RuntimeError:
        raise ValueError(f"{name}: there is no home folder of {Path(name).parts[0]}") from None


def _read_rows(path: Path, table: Mapping[str, Any]) -> tuple[list[str], list[list[float]]]:
    """The keys and the numbers of a CSV file."""
    if "file" not in table:
        raise ValueError("file: must be given for a design of kind rows (a CSV file, its first line the keys)")
    file = _place(path, table["file"])
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            lines = [(reader.line_num, line) for reader in [csv.reader(text)] for line in reader if line]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise ValueError(f"file = {plain(table['file'])}: {file} cannot be read ({fault})") from None
    if len(lines) < 2:
        raise ValueError(f"{file.name}: must have a line of keys and at least one line of numbers")
    keys = [word.strip() for word in lines[0][1]]
    if "" in keys:
        raise ValueError(f"{file.name}, line {lines[0][0]}: column {1 + keys.index('')} of {len(keys)} has no key")
    return keys, [_row(file.name, number, line, keys) for number, line in lines[1:]]


def _row(file: str, number: int, line: list[str], keys: list[str]) -> list[float]:
    if len(line) != len(keys):
        raise ValueError(f"{file}, line {number}: has {len(line)} values for {len(keys)} keys")
    found = []
    for key, word in zip(keys, line, strict=True):
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{file}, line {number}: {key} = {plain(word.strip())}: must be a number")
        found.append(value)
    return found
