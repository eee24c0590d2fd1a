"""Stored results as tables for other programs, with a data dictionary: what is in a result folder of each kind.

A table says its columns before it is made, and is made when it is written, so that one at a time is in memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim import __version__
from iccmsim.results import counts as c
from iccmsim.results.deeds import deed_in_words
from iccmsim.results.dictionary import DEEDS, FACTS, NAME, TABLE_COLUMNS, Column, missing_from
from iccmsim.results.folder import MANIFEST
from iccmsim.results.shock_words import with_own_values
from iccmsim.studies import compare, country, sensitivity
from iccmsim.studies.columns import AREA, AREAS, ARM, ARMS, ESTIMATES, RUNS, SEED, WARNINGS, columns_of_sweep, only_in
from iccmsim.studies.indicator_columns import INDICATORS, estimates_of
from iccmsim.studies.outcomes import NAMES, Counted, outcomes_of
from iccmsim.studies.sweeping import sweep_folder

if TYPE_CHECKING:
    import pandas as pd

    from iccmsim.studies.compare import Comparison

AREAS_FILE = "areas.csv"
DICTIONARY = "dictionary"
ABOUT = (Column("name", "What is told of the result.", NAME), Column("value", "What it is.", "text"))
OF_DICTIONARY = (
    Column("table", "Table.", NAME),
    Column("column", "Column of it.", NAME),
    Column("where", "For which rows of the table this holds; empty: all.", "text"),
    Column("meaning", "What the column tells.", "text"),
    Column("unit", "Unit.", NAME),
    Column("denominator", "What a share or rate is divided by; empty for a count or a measure.", NAME),
    Column("ages", "Ages counted; empty where it does not tell of children.", NAME),
    Column("values", "Names that the column can hold, if they are fixed.", NAME),
)


@dataclass(frozen=True)
class Table:
    """One table to be written: its name, what its columns mean, how many rows it has, and how it is made."""

    name: str
    columns: tuple[Column, ...]
    rows: int
    make: Callable[[], pd.DataFrame]

    def frame(self) -> pd.DataFrame:
        """The table itself; a ValueError if the stored columns are not those of this version."""
        made = self.make()
        if wrong := missing_from(self.columns, made.columns):
            raise ValueError(f"{self.name}: its columns are not those of iccmsim {__version__} ({', '.join(wrong[:3])}"
                             "); run it again")  # fmt: skip
        return made


def tables_in(folder: Path) -> list[Table]:
    """All tables of a result folder and the dictionary of their columns; a ValueError says what is wrong with it."""
    kind = kind_of(folder)
    rest = [*READERS[kind](folder)]  # which looks at the manifest
    about = _about(folder)
    return [about, _table(DICTIONARY, OF_DICTIONARY, dictionary_of([about, *rest])), *rest]


def kind_of(folder: Path) -> str:
    """What kind of result a folder holds, by its manifest."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; a result is a folder with a {MANIFEST}")
    try:
        kind = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["kind"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{folder}: not a result of iccmsim: no {MANIFEST} that can be read and names its kind"
                         + _nearby(folder)) from None  # fmt: skip
    if not isinstance(kind, str) or kind not in READERS:
        raise ValueError(f"{folder}: its {MANIFEST} says kind = {kind!r}; those that can be exported are "
                         f"{', '.join(READERS)}")  # fmt: skip
    return kind


def _nearby(folder: Path) -> str:
    """Where a result is, if it is in a folder of the folder (as experiments keep it)."""
    found = sorted(each.parent for each in folder.glob(f"*/{MANIFEST}"))
    return f"; there is one in {found[0]}" if found else ""


def dictionary_of(tables: Iterable[Table]) -> list[dict[str, str]]:
    """One row a column of each table, its own among them, and one an indicator of a comparison."""
    rows = []
    own = Table(DICTIONARY, OF_DICTIONARY, 0, lambda: None)
    for table in (*tables, own):
        rows += [_entry(table.name, each) for each in table.columns]
        if table.columns == ESTIMATES:
            rows += [_entry(table.name, each) | {"column": "mean", "where": f"indicator = {each.name}"}
                     for each in INDICATORS]  # fmt: skip
    return rows


def _entry(table: str, told: Column) -> dict[str, str]:
    return {"table": table, "column": told.name, "where": "", "meaning": told.says, "unit": told.unit,
            "denominator": told.per, "ages": told.ages, "values": ", ".join(told.values)}  # fmt: skip


def _table(name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> Table:
    """A table that is small enough to be there already."""

    def make() -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame([dict(row) for row in rows], columns=[each.name for each in columns])

    return Table(name, tuple(columns), len(rows), make)


def _about(folder: Path) -> Table:
    """What the manifest says in single numbers and words."""
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    rows = [{"name": name, "value": str(value)} for name, value in _plain(told)]
    if "told" in told:
        only = only_in(told["told"], [arm["name"] for arm in told["arms"]])
        rows += [{"name": f"varied_only_in.{key}", "value": ", ".join(arms)} for key, arms in only.items()]
    return _table("about", ABOUT, rows)


def _plain(told: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in told.items():
        if name in ("made_with", "runs", "precision", "settings", "drawn", "asked"):
            yield from _plain(value, f"{name}.")
        elif name == "status_quo":
            yield name, value["name"]
            yield f"{name}_hash", value["hash"]
        elif isinstance(value, list) and name in ("seeds", "keys", "apart", "set_aside"):
            yield before + name, ", ".join(map(str, value))
        elif not isinstance(value, (dict, list)) and value is not None:
            yield before + name, value


def _of_run(folder: Path) -> Iterator[Table]:
    """A run: its tables as they are stored, and its counts."""
    import pyarrow.parquet as pq

    from iccmsim.results.folder import read_result

    result = read_result(folder)
    deeds = "; ".join(map(deed_in_words, result.plan.get("deeds", ())))
    yield _table("place", (*FACTS, DEEDS), [{**_facts(result.plan), "deeds": deeds}])
    for name in TABLE_COLUMNS if result.source is not None else ():
        file = folder / f"{name}.parquet"
        if not file.is_file():
            raise FileNotFoundError(f"{file}: not there; the folder is incomplete")
        yield Table(name, TABLE_COLUMNS[name], pq.read_metadata(file).num_rows, partial(result.source, name))
    row = np.atleast_1d(np.asarray(result.tally))
    yield from _counts(c.OF_A_RUN, row, None, (), {}, result.plan)


def _counts(counts: Sequence[c.Count], tallies: np.ndarray, pairs: np.ndarray | None, told: Sequence[Column],
            keys: Mapping[str, Sequence], facts: Mapping[str, Any]) -> Iterator[Table]:  # fmt: skip
    periods = c.lived_periods(window_days=facts["window_days"], tail_days=facts["tail_days"])
    for name, mine in c.tables_of_counts(counts).items():
        yield Table(name, (*told, *c.columns_of(mine)), c.rows_of(mine, records=len(tallies), periods=periods),
                    partial(c.frame_of_counts, mine, tallies, pairs, keys=keys, periods=periods))  # fmt: skip


def _of_comparison(folder: Path) -> Iterator[Table]:
    """A comparison: its arms, what is said of them, every replicate, areas where they were asked for, counts."""
    found = compare.Comparison.load(folder)
    yield _table("arms", ARMS, _arms(found))
    yield from _said(found)
    if (folder / AREAS_FILE).is_file():
        yield _areas_as_written(folder / AREAS_FILE)
    yield from _replicates([()], [found], ())


def _of_country(folder: Path) -> Iterator[Table]:
    """A country: what is said of it as a whole, its areas, and every replicate and the counts of each district."""
    found = country.Country.load(folder)
    whole = found.whole()
    yield _table("arms", ARMS, _arms(whole))
    yield from _said(whole)
    yield _table("areas", AREAS, found.table())
    yield from _replicates(found.names, found.parts, AREA)


def _of_sweep(folder: Path) -> Iterator[Table]:
    """A sweep: its table, as far as it has come."""
    from iccmsim.studies.sweep import Sweep

    found = Sweep.load(folder)
    only = only_in(found.manifest["told"], found.design.arms)
    columns = columns_of_sweep(found.design.keys, list(found.columns), only)
    yield Table("runs", columns, len(found.columns["row"]), found.table)


def _of_sensitivity(folder: Path) -> Iterator[Table]:
    """A sensitivity analysis: its indices, what varied in which group, and every run."""
    from iccmsim.studies import sensitivity_columns as told

    found = sensitivity.Sensitivity.load(folder)
    design = found.sweeps[0][0].design
    for name, columns, rows in told.tables_of(found.findings()):
        yield _table(name, columns, rows)
    allotted = told.allotted(design.keys, design.groups, found.manifest["left_out"])
    yield _table("parameters", told.ALLOTTED, allotted)
    runs = found.runs()
    only = only_in(found.sweeps[0][0].manifest["told"], design.arms)
    columns = (*told.PLACED, *columns_of_sweep(design.keys, list(runs.columns), only))
    yield Table("runs", columns, len(runs), lambda: runs[[each.name for each in columns]])


def _arms(found: Comparison) -> list[dict[str, Any]]:
    wanted = {each.name for each in ARMS}
    return [{"arm": name, "scenario_hash": hashed, **{key: of for key, of in _facts(facts).items() if key in wanted}}
            for name, hashed, facts in zip(found.names, found.hashes, found.facts, strict=True)]  # fmt: skip


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a place and an arm, its shocks in words (earlier versions told of none, nor of shares lost)."""
    return {**dict.fromkeys(each.name for each in FACTS), **facts,
            "shocks": " ".join(map(with_own_values, facts.get("shocks", ())))}  # fmt: skip


def _said(found: Comparison) -> Iterator[Table]:
    """What `compare --json` says: every indicator with its interval and error, and the warnings."""
    said = found.to_json()
    told = {each.name: each for each in INDICATORS}
    rows = [{"arm": arm["name"], "indicator": name, "group": group, "unit": told[name].unit,
             "denominator": told[name].per, **estimate}
            for arm in said["arms"] for name, group, estimate in estimates_of(arm)]  # fmt: skip
    yield _table("indicators", ESTIMATES, rows)
    yield _table("warnings", WARNINGS, [{"warning": text} for text in said["warnings"]])


OF_TEXT = ("level", "area", "arm")  # of areas.csv: the code 01 of a region is no number
MAY_BE_EMPTY = ("per_1000_child_years", "per_100_chws")


def _areas_as_written(file: Path) -> Table:
    import pandas as pd

    try:
        rows = pd.read_csv(file, encoding="utf-8", keep_default_na=False, dtype=dict.fromkeys(OF_TEXT, str),
                           na_values={key: [""] for key in MAY_BE_EMPTY})  # fmt: skip
    except (OSError, ValueError):
        raise ValueError(f"{file}: cannot be read; run it again") from None
    return Table("areas", AREAS, len(rows), lambda: rows)


def _replicates(names: Sequence[tuple[str, ...]], parts: Sequence[Comparison],
                areas: tuple[Column, ...]) -> Iterator[Table]:  # fmt: skip
    """Every area, seed and arm: outcomes by name, and all counts."""
    keys: dict[str, list] = {each.name: [] for each in (*areas, SEED, ARM)}
    for name, part in zip(names, parts, strict=True):
        for seed in part.seeds:
            for arm in part.names:
                for key, value in zip(keys, (*name, seed, arm), strict=True):
                    keys[key].append(value)
    yield Table("runs", (*areas, *RUNS), len(keys["seed"]), partial(_outcomes, keys, parts))
    tallies = np.concatenate([np.asarray(part.tallies).reshape(-1) for part in parts])
    pairs = np.concatenate([np.asarray(part.pairs).reshape(-1) for part in parts])
    yield from _counts((*c.OF_A_RUN, *c.OF_A_PAIR), tallies, pairs, (*areas, SEED, ARM), keys, parts[0].facts[0])


def _outcomes(keys: Mapping[str, Sequence], parts: Sequence[Comparison]) -> pd.DataFrame:
    import pandas as pd

    numbers = [outcomes_of(Counted(part.tallies[i, arm], part.tallies[i, 0], part.pairs[i, arm], part.facts[arm],
                                   part.life_expectancy[0]))
               for part in parts for i in range(len(part.seeds)) for arm in range(len(part.names))]  # fmt: skip
    return pd.concat([pd.DataFrame(dict(keys)), pd.DataFrame(numbers, columns=list(NAMES))], axis=1)


READERS: Mapping[str, Callable[[Path], Iterable[Table]]] = {
    "iccmsim result": _of_run, compare.KIND: _of_comparison, country.KIND: _of_country, sweep_folder.KIND: _of_sweep,
    sensitivity.KIND: _of_sensitivity,
}  # fmt: skip
