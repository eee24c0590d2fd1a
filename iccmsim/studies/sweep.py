"""Designs run at scale: every row, seed and arm lived once, kept in parts as they end, gathered into one table.

The same command goes on where an earlier one was stopped, and ends in the same bytes whoever did the work, in whatever
order, and however often it was stopped. What a run is follows from its scenarios, its seed and the program alone.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.studies.design import Design
from iccmsim.studies.sweeping.cases import Cases, Fitted, Task, code_version, study_of
from iccmsim.studies.sweeping.executors import Crew, crew
from iccmsim.studies.sweeping.fitting import fit_settings
from iccmsim.studies.sweeping.kept import PARTS, Kept, sweep_up
from iccmsim.studies.sweeping.living import live
from iccmsim.studies.sweeping.precision import Precision, seeds_wanted
from iccmsim.studies.sweeping.sweep_folder import begin, gather, open_sweep, read_sweep, rows_of_table, write_table

if TYPE_CHECKING:
    import pandas as pd

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
EXECUTORS = ("processes", "dask", "here")
Shard = tuple[int, int]  # (2, 5) is the second of five
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Sweep:
    """A sweep that was run, as far as it has come: its design, and one row of numbers for each row, seed and arm."""

    design: Design
    manifest: Mapping[str, Any] = field(repr=False)
    columns: Mapping[str, np.ndarray] = field(repr=False)  # by name, in order of row, seed and arm
    larger_table: int = 0  # rows of an earlier table.parquet that was left there, having more than can be gathered now

    def table(self) -> pd.DataFrame:
        """One row a (row, seed, arm): row, seed, arm, status, error, the row's parameters, and outcomes by name."""
        import pandas as pd

        return pd.DataFrame(dict(self.columns))

    @property
    def complete(self) -> bool:
        """Whether every run that the design asks for is there (done or failed)."""
        return bool(self.manifest["complete"])

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> Sweep:
        """Read back what a sweep has kept in a folder, also of one that was stopped."""
        manifest, design, columns = read_sweep(Path(folder))
        return Sweep(design, manifest, columns)


def sweep(design: Design, *, out: str | os.PathLike[str], executor: str = "processes", workers: int | None = None,
          scheduler: str | None = None, shard: Shard | None = None, until_mcse: float | None = None,
          outcome: str = "expected_deaths_averted", most_seeds: int = 200, retry_failed: bool = False,
          progress: Progress | None = None) -> Sweep:  # fmt: skip
    """Run what is not in the folder `out` yet, and gather all that is into one table.

    until_mcse adds seeds, half as many again each time, to rows whose Monte-Carlo error of `outcome` is larger in any
    arm, up to most_seeds. shard (2, 5) does the second of five parts of the work. progress: called with (runs
    done, all). A script that calls this with several workers needs `if __name__ == "__main__":`.
    """
    precision = Precision(until_mcse, outcome, most_seeds)
    check_shard(shard)
    cases = Cases(design, study_of(design), code=code_version())
    work = _Work(cases, Path(out), precision, shard=shard, retry=retry_failed, progress=progress)
    with _room_on_disk(work):
        with crew(cases.study, executor=executor, workers=workers or os.cpu_count() or 1, scheduler=scheduler) as hands:
            begin(work.folder, cases, precision)
            sweep_up(work.folder)
            work.do(hands)
        return _gathered(work.folder, partly=False)


@contextmanager
def _room_on_disk(work: _Work) -> Iterator[None]:
    """A disk that is full is told in one line, with what is kept and how to go on."""
    try:
        yield
    except OSError as fault:
        if fault.errno not in FULL:
            raise
        raise OSError(f"{work.folder}: the disk is full; {work.count()} of {work.all_runs()} runs are kept: make room "
                      "and give the same command again") from None  # fmt: skip


def collect(folder: str | os.PathLike[str]) -> Sweep:
    """Gather what a folder has into its table, whether or not that is all.

    A table that has more rows than can be gathered now, since parts are damaged or gone, is left as it is.
    """
    return _gathered(Path(folder), partly=True)


def _gathered(folder: Path, *, partly: bool) -> Sweep:
    manifest, design = open_sweep(folder)
    columns, far = gather(folder, manifest, design)
    manifest |= far
    larger = 0 if manifest["complete"] else rows_of_table(folder)
    if larger > len(columns["row"]):
        return Sweep(design, manifest, columns, larger_table=larger)
    if partly or manifest["complete"]:
        manifest |= write_table(folder, manifest, columns)
    return Sweep(design, manifest, columns)


def check_shard(shard: Shard | None) -> None:
    """Refuse a part of the work that there is not."""
    if shard is not None and not (shard[1] >= 1 and 1 <= shard[0] <= shard[1]):
        raise ValueError(f"shard {shard[0]}/{shard[1]}: must be i/n with i from 1 to n")


class _Work:
    """What is still to be done for a design, and the doing of it."""

    def __init__(self, cases: Cases, folder: Path, precision: Precision, *, shard: Shard | None, retry: bool,
                 progress: Progress | None) -> None:  # fmt: skip
        self.cases, self.folder, self.precision, self.shard = cases, folder, precision, shard
        self.kept, self.retry, self.progress = Kept(folder), retry, progress
        self.mine: set[str] = set()  # cases that are this process's to do

    def do(self, hands: Crew) -> None:
        """Round after round, until no row wants more seeds."""
        self.kept.look()
        if self.retry:
            self.again = {case for case, found in self.kept.cases.items() if found.failed}
        else:
            self.again = set()
        rows = self._rows()
        fitted = self._fitted(hands, rows) if self.cases.design.anchor else {}
        while todo := self._todo(rows, fitted):
            self._tell()
            for _, runs in hands(live, self._not_done(todo)):
                self.kept.keep(runs)
                self.again.difference_update(run.case for run in runs)
                self._tell()
            self.kept.look()
            self._refuse_to_spin(todo)

    def _fitted(self, hands: Crew, rows: list[int]) -> dict[str, Fitted]:
        """What is solved for in the settings of this shard's tasks, of which other shards may do some first."""
        mine = sorted({row for task in self._tasks(rows, {}) for block in task for row in block.rows})
        start = self._anywhere() if self.shard is None else (self.shard[0] - 1) / self.shard[1]
        return fit_settings(self.folder, self.cases, hands, mine, start=start)

    def _refuse_to_spin(self, todo: Sequence[Task]) -> None:
        """A round after which all that it was to do is still to be done would be followed by the same for ever."""
        if not any(self._done(case) for task in todo for case in cases_of(task)):
            raise OSError(f"{self.folder}: {len(todo)} parts were run, and none of them can be found again in "
                          f"{self.folder / PARTS}; is the folder on a disk that keeps what is written?")  # fmt: skip

    def _done(self, case: str) -> bool:
        return case in self.kept.cases and case not in self.again

    def _todo(self, rows: list[int], fitted: Mapping[str, Fitted]) -> list[Task]:
        """The tasks of this round that are this shard's and not done."""
        tasks = self._tasks(rows, fitted)
        self.mine |= {case for task in tasks for case in cases_of(task)}
        return [rest for task in tasks if (rest := self._left(task))]

    def _tasks(self, rows: list[int], fitted: Mapping[str, Fitted]) -> list[Task]:
        """The tasks of this round that are this shard's."""
        by_seeds: dict[tuple[int, ...], list[int]] = {}
        for row in rows:
            seeds = seeds_wanted(self.cases.identities, row, self.kept.cases, self.precision)
            by_seeds.setdefault(seeds, []).append(row)
        tasks = [task for seeds, rows in by_seeds.items() for task in self.cases.tasks(rows, seeds, fitted)]
        if self.shard is not None and self.precision.mcse is None:
            tasks = tasks[self.shard[0] - 1 :: self.shard[1]]
        return tasks

    def _rows(self) -> list[int]:
        """The rows of this shard: all where whole tasks are shared out, else neighbours (of one setting) together."""
        n = len(self.cases.design.rows)
        if self.shard is None or self.precision.mcse is None:
            return list(range(n))
        order = sorted(range(n), key=lambda row: (self.cases.settings[row], row))
        i, of = self.shard
        return order[(i - 1) * n // of : i * n // of]

    def _left(self, task: Task) -> Task:
        return self.cases.left_of(task, self.kept.cases.keys() - self.again)

    def _not_done(self, tasks: Sequence[Task]) -> Iterator[Task]:
        """Tasks one after another, leaving out what another process has done meanwhile.

        Each process begins somewhere else, so that two on one folder share the work.
        """
        first = int(self._anywhere() * len(tasks))
        for task in (*tasks[first:], *tasks[:first]):
            if not self.kept.has_part(cases_of(task)) or self.again.intersection(cases_of(task)):
                yield task

    @staticmethod
    def _anywhere() -> float:
        """Where in a list this process begins, as a share of it."""
        return (os.getpid() * 2654435761 >> 7) % 65536 / 65536

    def count(self) -> int:
        """How many of this process's runs are kept."""
        return sum(case in self.kept.cases for case in self.mine) * len(self.cases.study.arms)

    def all_runs(self) -> int:
        """How many runs are this process's to see done, as far as is known yet."""
        return len(self.mine) * len(self.cases.study.arms)

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(self.count(), self.all_runs())


def cases_of(task: Task) -> tuple[str, ...]:
    """The identities of all cases of a task, in the order in which they are lived."""
    return tuple(block.cases[i][j] for block in task for j in range(len(block.seeds)) for i in range(len(block.rows)))
