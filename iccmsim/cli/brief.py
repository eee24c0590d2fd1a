"""`iccmsim brief`: two pages for those who decide, from a stored comparison."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from iccmsim.cli.words import InputError, did_you_mean, reading, tell, writing

PURPOSE = "Write a brief of two pages, in English or French, from a comparison on disk."
EXAMPLE = "  iccmsim brief my_demo --lang en\n  iccmsim brief my_demo --lang fr --format html --out note.html"
LANGUAGES, FORMATS = ("en", "fr"), ("pdf", "html")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("result", metavar="RESULT", help="folder that iccmsim compare --out has written, from 20 "
                        "seeds or so (my_demo: iccmsim demo --seeds 20 --out my_demo)")  # fmt: skip
    parser.add_argument("--lang", metavar="LANG", default="en", help="en or fr (default en)")
    parser.add_argument("--format", metavar="FORMAT", help="pdf or html (default: as FILE ends, else pdf)")
    parser.add_argument("--out", metavar="FILE", help="where the brief goes (default: RESULT/brief.LANG.FORMAT)")


def go(asked: argparse.Namespace) -> None:
    """Read the comparison, refuse what would mislead, write the brief."""
    lang = one_of("--lang", asked.lang, LANGUAGES)
    kind = format_of(asked)
    from iccmsim.report.brief import UnsetError, make_brief, missing_extra, read_source
    from iccmsim.report.experiment import whole_or_nothing

    lacks = missing_extra(kind)
    if lacks:
        raise InputError(lacks)
    folder = Path(asked.result).expanduser()
    with reading():
        out = check_file(asked.out, default=folder / f"brief.{lang}.{kind}")
        source = read_source(folder)
    try:
        brief = make_brief(source, lang=lang, kind=kind)
    except UnsetError as fault:
        raise InputError(str(fault)) from None
    with writing(out):
        whole_or_nothing(out, brief)
    tell(f"Written to {out}")


def one_of(option: str, word: str, known: tuple[str, ...]) -> str:
    """A word that is one of those there are."""
    if word not in known:
        raise InputError(f"{option} {word}: must be {' or '.join(known)}{did_you_mean(word, known)}")
    return word


def format_of(asked: argparse.Namespace) -> str:
    """The format asked for, or that which the name of the file says; they must agree."""
    ending = Path(asked.out or "").suffix.lower().removeprefix(".")
    if asked.format is None:
        return ending if ending in FORMATS else FORMATS[0]
    kind = one_of("--format", asked.format, FORMATS)
    if ending in FORMATS and ending != kind:
        raise InputError(f"--out {asked.out}: ends in .{ending}, but --format is {kind}")
    return kind


def check_file(file: str | None, *, default: Path) -> Path:
    """The file to write: not a folder, and in one that can be written to."""
    if file is not None and not file.strip():
        raise InputError("--out: the name of the file is empty")
    path = default if file is None else Path(file).expanduser()
    if path.is_dir():
        raise InputError(f"--out {path}: is a folder, not a file")
    above = next(parent for parent in path.absolute().parents if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"--out {path}: {above} is not a folder that can be written to")
    return path
