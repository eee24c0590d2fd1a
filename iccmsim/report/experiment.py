"""What scripts and commands share: progress for who watches, tables and figures written whole or not at all."""

from __future__ import annotations

import argparse
import csv
import functools
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iccmsim.studies.compare import Comparison

STOPPED = 130  # exit status of a program that was interrupted
Progress = Callable[[int, int], None] | None


def write_rows(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A table as CSV (UTF-8), under its name only once it is complete."""
    whole_or_nothing(path, csv_of(rows).encode())


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: f"{value:.6g}" if isinstance(value, float) else value for key, value in row.items()} for row in rows
    )
    return text.getvalue()


def save_figure(figure: Figure, path: Path) -> None:
    """A figure as PNG, under its name only once it is complete."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=160)
    whole_or_nothing(path, picture.getvalue())


def whole_or_nothing(path: Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves the old one, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def progress_bar(what: str, *, of: str = "zones") -> Iterator[Callable[[int, int], None] | None]:
    """Progress on stderr with the time left, if that is a terminal; called with (done, all)."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[so_far]}"),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None, so_far="")  # nobody knows yet how many there will be
        yield lambda done, total: progress.update(task, completed=done, total=total, so_far=f"{done}/{total} {of}")


def in_one_line(main: Callable[..., int]) -> Callable[..., int]:
    """A script that says what was wrong with its words or files in one line (exit status 2), as the commands do."""

    @functools.wraps(main)
    def told(argv: Sequence[str] | None = None) -> int:
        try:
            return main(argv)
        except (ValueError, OSError) as fault:
            said, status = " ".join(str(fault).split()), 2
        except KeyboardInterrupt:
            said, status = "stopped", STOPPED
        print(f"{Path(main.__code__.co_filename).name}: {said}", file=sys.stderr)
        return status

    return told


class Words(argparse.ArgumentParser):
    """The words of a script: it has --out, which is looked at before anything runs, and no word may be cut short."""

    def __init__(self, about: str) -> None:
        super().__init__(description=about, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
        self.add_argument("--out", metavar="FOLDER", required=True, type=_folder)

    def error(self, message: str) -> NoReturn:
        """Refuse in one line."""
        raise ValueError(f"{message} (see --help)")


def _folder(text: str) -> Path:
    from iccmsim.results.folder import why_not_into

    if why_not := why_not_into(Path(text)) if text.strip() else "the name of the folder is empty":
        raise argparse.ArgumentTypeError(f"{text}: {why_not}")
    return Path(text)


def lived_or_stored(folder: Path, live: Callable[[Progress], Comparison], *, remake: bool, what: str,
                    fits: Callable[[tuple[str, ...]], bool]) -> tuple[Comparison, Callable[[], Any]]:  # fmt: skip
    """The comparison of a script, lived or taken from its folder, and what puts it there.

    What stands in its place is looked at before anything runs; `fits` tells whether stored arms are the script's own.
    """
    from iccmsim.results.folder import refuse_other
    from iccmsim.studies.compare import FORMAT, KIND, Comparison

    if remake:
        result = Comparison.load(folder)
        if not fits(result.names):
            raise ValueError(f"{folder}: holds arms of something else ({', '.join(result.names)}); leave out --remake, "
                             "or give the folder of this script")  # fmt: skip
        return result, lambda: None
    refuse_other(folder, kind=KIND, latest=FORMAT)
    with progress_bar(what) as progress:
        result = live(progress)
    return result, functools.partial(result.save, folder)


def show_and_keep(text: str, *keep: Callable[[], Any]) -> None:
    """Print, then write: what a full disk does not take has been shown, and what nobody can be shown is kept."""
    try:
        print(text, end="", flush=True)
    finally:
        for each in keep:
            each()


def at_least(least: int) -> Callable[[str], int]:
    """A whole number of a script's command line, not below `least`."""

    def whole(text: str) -> int:
        if not text.strip().isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text}: must be a whole number of at least {least}")
        return int(text)

    return whole


def toy_of(setting: str, toy: Mapping[str, Any], *, places: str | None = None) -> Mapping[str, Any]:
    """The small size of a script; a real place is as large as it is, and only the run is shorter."""
    from iccmsim.parameters.scenario import load_scenario

    if load_scenario(f"{setting}/facility-only", places=places).place.kind == "synthetic":
        return toy
    return {key: value for key, value in toy.items() if not key.startswith("setting.place.")}
