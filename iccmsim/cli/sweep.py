"""`iccmsim sweep`: a design of parameters, run at scale."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iccmsim.cli.words import (
    InputError,
    error_of,
    print_json,
    printing,
    reading,
    refuse_beside,
    tell,
    tell_if_compiling,
    warn_of_lists,
    whole,
)

if TYPE_CHECKING:
    from iccmsim.studies.design import Design
    from iccmsim.studies.sweep import Sweep

PURPOSE = "Run a design of parameters: arms x rows x seeds, in parts that are kept as they end."
EXAMPLE = ("  iccmsim sweep design.toml --out sweep --dry-run\n"
           "  iccmsim sweep design.toml --out sweep --workers 8\n"
           "  iccmsim sweep design.toml --out sweep --shard 3/20\n"
           "  iccmsim sweep --collect sweep")  # fmt: skip
EXECUTORS = ("processes", "dask")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("design", metavar="DESIGN.toml", nargs="?", help="what is varied (see docs/sweeps.md)")
    parser.add_argument("--out", metavar="DIR", help="the folder to keep it in, new or of the same design")
    parser.add_argument("--collect", metavar="DIR", help="run nothing; gather what a folder has into its table")
    parser.add_argument("--dry-run", action="store_true", help="run nothing; say what it would take, from a small part "
                        "that is timed")  # fmt: skip
    parser.add_argument("--workers", metavar="N", help="processes (default: as many as there are cores)")
    parser.add_argument("--executor", metavar="WHO", help="processes (default) or dask")
    parser.add_argument("--scheduler", metavar="tcp://...", help="of a dask cluster that is there; default: processes "
                        "of this machine")  # fmt: skip
    parser.add_argument("--shard", metavar="I/N", help="do the I-th of N parts of the work; all into one folder")
    parser.add_argument("--until-mcse", metavar="X", help="add seeds to a row until the Monte-Carlo error of the "
                        "outcome is at most X")  # fmt: skip
    parser.add_argument("--outcome", metavar="NAME", help="whose error that is "
                        "(default expected_deaths_averted)")  # fmt: skip
    parser.add_argument("--most-seeds", metavar="N", help="the most seeds of a row (default 200)")
    parser.add_argument("--retry-failed", action="store_true", help="try the runs that failed once more")
    parser.add_argument("--places", metavar="FOLDER", help="folder with the files of a real place")
    parser.add_argument("--json", action="store_true", help="print one object for programs")


def go(asked: argparse.Namespace) -> None:
    """Run what is missing, gather, and say what there is."""
    if asked.collect is not None:
        _collect(asked)
        return
    with reading():
        design, how = read_all(asked)
    if asked.dry_run:
        _forecast(design, asked, workers=how["workers"])
        return
    done = run(design, asked, how)
    _report(done, out_folder(asked.out), asked)
    if (runs := done.manifest["runs"])["failed"] and not runs["done"]:
        raise OSError(f"{asked.out}: every run failed; the first: {_first(done)}")


def read_all(asked: argparse.Namespace) -> tuple[Design, dict[str, Any]]:
    """The design and how it is to be run, all of it checked before anything is written."""
    from iccmsim.studies.design_file import read_design
    from iccmsim.studies.sweeping.cases import Cases, code_version, study_of
    from iccmsim.studies.sweeping.executors import check_scheduler
    from iccmsim.studies.sweeping.precision import Precision
    from iccmsim.studies.sweeping.sweep_folder import begin

    if asked.design is None:
        raise InputError("no design given (see iccmsim sweep --help)")
    if asked.out is None and not asked.dry_run:
        raise InputError("--out: must be given, the folder to keep the runs in")
    executor = EXECUTORS[0] if asked.executor is None else asked.executor
    if executor not in EXECUTORS:
        raise InputError(f"--executor {executor}: must be {' or '.join(EXECUTORS)}")
    if asked.scheduler is not None and executor != "dask":
        raise InputError(f"--scheduler {asked.scheduler}: is for --executor dask")
    if executor == "dask":
        need_dask()
    if asked.scheduler is not None:
        check_scheduler(asked.scheduler)
    workers = os.cpu_count() or 1 if asked.workers is None else whole("--workers", asked.workers, low=1, high=1024)
    most = 200 if asked.most_seeds is None else whole("--most-seeds", asked.most_seeds, low=2, high=1_000_000)
    outcome = "expected_deaths_averted" if asked.outcome is None else asked.outcome
    how = {"executor": executor, "workers": workers, "scheduler": asked.scheduler, "shard": shard_of(asked.shard),
           "until_mcse": error_of(asked.until_mcse), "outcome": outcome, "most_seeds": most,
           "retry_failed": asked.retry_failed}  # fmt: skip
    precision = Precision(how["until_mcse"], outcome, most)
    for option, value in (("--outcome", asked.outcome), ("--most-seeds", asked.most_seeds)):
        if asked.until_mcse is None and value is not None:
            raise InputError(f"{option} {value}: has no effect without --until-mcse; leave it out, or give that too")
    design = read_design(asked.design)
    design = design if asked.places is None else replace(design, places=asked.places)
    cases = Cases(design, study_of(design), code=code_version())
    if asked.out is not None:
        begin(out_folder(asked.out), cases, precision, write=False)
    warn_of_lists(cases.study.ground)
    return design, how


def out_folder(text: str) -> Path:
    """The folder to write to; it need not be there yet, but what is above it must be writable."""
    if not text.strip():
        raise InputError("--out: the name of the folder is empty")
    from iccmsim.results.folder import why_not_into

    path = Path(text).expanduser()
    if why_not := why_not_into(path):
        raise InputError(f"--out {text}: {why_not}")
    return path


def shard_of(text: str | None) -> tuple[int, int] | None:
    """The part of the work, from "3/20"."""
    if text is None:
        return None
    first, slash, last = text.partition("/")
    if not slash or not first.strip() or not last.strip():
        raise InputError(f"--shard {text}: must be I/N, such as 3/20")
    n = whole("--shard", last, low=1, high=1_000_000)
    i = whole("--shard", first)
    if not 1 <= i <= n:
        raise InputError(f"--shard {text}: the first number must be between 1 and {n}")
    return i, n


def need_dask() -> None:
    """Say what to install where dask is not."""
    from importlib.util import find_spec

    if find_spec("distributed") is None:
        raise InputError("--executor dask: needs dask.distributed, which is not installed: pip install "
                         '-c constraints.txt -e ".[cluster]"')  # fmt: skip


def run(design: Design, asked: argparse.Namespace, how: dict[str, Any]) -> Sweep:
    """The sweep, with a bar for whoever watches; when it is stopped, what is kept and how to go on."""
    from iccmsim.report.experiment import progress_bar
    from iccmsim.studies.sweep import sweep

    tell_if_compiling()
    far = [0, 0]
    with progress_bar(design.name, of="runs") as bar:

        def progress(done: int, total: int) -> None:
            far[:] = done, total
            if bar is not None:
                bar(done, total)

        try:
            return sweep(design, out=out_folder(asked.out), progress=progress, **how)
        except KeyboardInterrupt:
            kept = f"{far[0]:,} of {far[1]:,} runs" if far[1] else "what was finished"
            again = shlex.join(["iccmsim", *sys.argv[1:]])
            print(f"\niccmsim: {kept} kept in {asked.out}; to go on: {again}", file=sys.stderr)
            raise


def _forecast(design: Design, asked: argparse.Namespace, *, workers: int) -> None:
    from iccmsim.studies.sweeping.forecast import forecast

    tell_if_compiling()
    found = forecast(design, workers=workers)
    if asked.json:
        print_json(asdict(found) | {"hours": found.hours})
        return
    memory = f"{found.bytes_in_memory / 1e6:,.0f} MB in all" if found.bytes_in_memory else "not told by this system"
    print(f"{found.runs:,} runs: {found.rows:,} rows x {found.seeds:,} seeds x {found.arms} arms, of which "
          f"{found.lived:,} differ and are lived after {found.warmups:,} warm-ups; {found.parts:,} parts\n"
          f"time     about {in_time(found.hours)} with {workers} workers ({found.probe})\n"
          f"memory   about {memory} (measured of this process, times the workers)\n"
          f"disk     at most {found.bytes_on_disk / 1e6:,.3g} MB")  # fmt: skip
    if asked.until_mcse is not None or design.anchor:
        print("not counted: seeds added for precision, and runs that anchor each setting")


def in_time(hours: float) -> str:
    """A time as people say it."""
    if hours < 1 / 30:
        return f"{3600 * hours:.0f} seconds"
    return f"{60 * hours:.0f} minutes" if hours < 2 else f"{hours:.1f} hours"


def _collect(asked: argparse.Namespace) -> None:
    from iccmsim.studies.sweep import collect

    if asked.design is not None or asked.out is not None:
        raise InputError("--collect: takes a folder alone, no design and no --out")
    refuse_beside("--collect", asked, takes=("--json",))
    with reading():
        from iccmsim.studies.sweeping.sweep_folder import open_sweep

        open_sweep(Path(asked.collect))
    _report(collect(asked.collect), Path(asked.collect), asked)


def _report(done: Sweep, folder: Path, asked: argparse.Namespace) -> None:
    """Print what there is."""
    with printing(folder):
        _print_report(done, folder, asked)
    tell(f"Written to {folder}")


def _print_report(done: Sweep, folder: Path, asked: argparse.Namespace) -> None:
    """What there is, in a few lines."""
    runs, manifest = done.manifest["runs"], done.manifest
    if asked.json:
        print_json({"format": manifest["format"], "folder": str(folder), "complete": done.complete, "runs": runs,
                    "rows_not_precise": manifest["rows_not_precise"],
                    "rows_without_outcome": manifest["rows_without_outcome"],
                    "rows_not_anchored": manifest["rows_not_anchored"],
                    "unreadable_parts": manifest["unreadable_parts"], "larger_table": done.larger_table,
                    "table_sha256": manifest.get("table_sha256")})  # fmt: skip
        return
    written = (done.complete or asked.collect is not None) and not done.larger_table
    print(f"{folder}: {runs['done']:,} runs done, {runs['failed']:,} failed, {runs['missing']:,} missing"
          + (f"; table.parquet has {runs['done'] + runs['failed']:,} rows" if written else ""))  # fmt: skip
    if runs["failed"]:
        print(f"failed runs have their error in the table; --retry-failed tries them again. The first: {_first(done)}")
    if manifest["rows_not_precise"]:
        print(f"{manifest['rows_not_precise']:,} rows are less precise than asked for after "
              f"{manifest['precision']['most_seeds']:,} seeds (--most-seeds)")  # fmt: skip
    if manifest["rows_without_outcome"]:
        print(f"{manifest['rows_without_outcome']:,} rows have no {manifest['precision']['outcome']} in any arm beside "
              "the comparator, and got no more seeds for it (--outcome)")  # fmt: skip
    if manifest["rows_not_anchored"]:
        print(f"{manifest['rows_not_anchored']:,} rows could not be anchored: see the column anchored")
    _report_damage(done, folder)
    if not written and not done.larger_table:
        print(f"when all parts are done: iccmsim sweep --collect {shlex.quote(str(folder))}")


def _report_damage(done: Sweep, folder: Path) -> None:
    """Parts that cannot be read, each by its name, and a table that was therefore left as it is."""
    if names := done.manifest["unreadable_parts"]:
        print(f"{len(names):,} parts cannot be read: {', '.join(names)}; the command of this sweep runs again what is "
              "missing")  # fmt: skip
    if done.larger_table:
        print(f"{folder / 'table.parquet'} was left as it is: it has {done.larger_table:,} rows, and "
              f"{len(done.columns['row']):,} can be gathered now")  # fmt: skip


def _first(done: Sweep) -> str:
    return next(str(error) for error in done.columns["error"] if error)
