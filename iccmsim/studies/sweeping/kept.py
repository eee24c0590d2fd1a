"""What a sweep keeps on disk: parts of some cases each, found again by what is in them, never half written.

A part is written under a passing name in the same folder, forced to the disk and only then given its name. So a part
that is there is whole, whoever was stopped when, and two that write the same part write the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from iccmsim.studies.outcomes import NAMES

if TYPE_CHECKING:
    import pyarrow as pa

    from iccmsim.studies.sweeping.living import Lived

PARTS = "parts"
PASSING = ".tmp"
LEFT_BEHIND = 3600.0  # seconds after which a passing file is nobody's any more
WRITER = {"compression": "zstd", "version": "2.6", "data_page_version": "1.0", "write_statistics": False}
_count = itertools.count()


def put(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also if the power goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    passing = path.with_name(f".{path.name}.{platform.node()}-{os.getpid()}-{next(_count)}{PASSING}")
    try:
        with passing.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _give_name(passing, path)
    finally:
        passing.unlink(missing_ok=True)


def _give_name(passing: Path, path: Path) -> None:
    try:
        os.replace(passing, path)
    except PermissionError:  # Windows, while another process reads what is the same
        if not path.exists() or path.read_bytes() != passing.read_bytes():
            raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def sweep_up(folder: Path) -> None:
    """Remove passing files that somebody who was killed has left."""
    for file in folder.rglob(f".*{PASSING}"):
        try:
            if time.time() - file.stat().st_mtime > LEFT_BEHIND:
                file.unlink()
        except OSError:
            continue


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as Parquet, the same bytes for the same table."""
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(table, out, **WRITER)
    return out.getvalue()


def parquet_columns(file: Path, names: Sequence[str] | None = None) -> dict[str, np.ndarray] | None:
    """The columns (those named, or all) of a Parquet file by name; None if it is not there whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(file.read_bytes()), columns=None if names is None else list(names))
        return {name: table[name].to_numpy() for name in names or table.column_names}
    except (OSError, ValueError, KeyError, MemoryError, pa.ArrowException):
        return None


def part_bytes(runs: Sequence[Lived]) -> bytes:
    """Some runs as Parquet: which case and arm, its numbers, and the error of those that failed."""
    import pyarrow as pa

    numbers = np.array([run.numbers for run in runs])
    columns = {"case": [run.case for run in runs], "arm": pa.array([run.arm for run in runs], pa.int16()),
               "error": [run.error for run in runs]}  # fmt: skip
    return parquet_bytes(pa.table(columns | {name: numbers[:, k] for k, name in enumerate(NAMES)}))


def name_of_part(cases: Iterable[str]) -> str:
    """The name of the part that holds these cases."""
    return hashlib.sha256(" ".join(cases).encode()).hexdigest()[:24] + ".parquet"


class Found(NamedTuple):
    """The runs of one case: numbers and errors by arm."""

    numbers: np.ndarray  # arms x outcomes
    errors: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether any arm failed."""
        return any(self.errors)


@dataclass
class Kept:
    """All cases that a folder holds, by identity; `look` again for what others have written meanwhile."""

    folder: Path
    cases: dict[str, Found] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)  # names of parts that were there and could not be read

    def look(self) -> Kept:
        """Read the parts that were not read before; a file that cannot be read counts for nothing, and is named."""
        for file in sorted((self.folder / PARTS).glob("*.parquet")):
            if file.name not in self.seen:
                self._read(file)
        return self

    def has_part(self, cases: Sequence[str]) -> bool:
        """Whether somebody has written this very part, and it can be read and holds these cases."""
        file = self.folder / PARTS / name_of_part(cases)
        if file.name not in self.seen and file.exists():
            self._read(file)
        return all(case in self.cases for case in cases)

    def keep(self, runs: Sequence[Lived]) -> None:
        """Write a part and take it in."""
        name = name_of_part(dict.fromkeys(run.case for run in runs))
        put(self.folder / PARTS / name, part_bytes(runs))
        self._mark_read(name)
        self._take([run.case for run in runs], np.array([run.numbers for run in runs]), [run.error for run in runs])

    def _read(self, file: Path) -> None:
        columns = parquet_columns(file, ("case", "error", *NAMES))
        if columns is None:
            self.unreadable.add(file.name)
            return
        self._mark_read(file.name)
        numbers = np.column_stack([columns[name] for name in NAMES])
        self._take(columns["case"].tolist(), numbers, columns["error"].tolist())

    def _mark_read(self, name: str) -> None:
        self.seen.add(name)
        self.unreadable.discard(name)

    def _take(self, cases: Sequence[str], numbers: np.ndarray, errors: Sequence[str]) -> None:
        """Add runs, which come case by case and arm by arm; a case that was done is not undone by one that failed."""
        first = 0
        while first < len(cases):
            last = first + 1
            while last < len(cases) and cases[last] == cases[first]:
                last += 1
            found = Found(numbers[first:last], tuple(errors[first:last]))
            if cases[first] not in self.cases or self.cases[cases[first]].failed:
                self.cases[cases[first]] = found
            first = last
