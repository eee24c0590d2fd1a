"""`iccmsim settings`: the settings of the library, one line each."""

from __future__ import annotations

import argparse

from iccmsim.cli.words import print_json

PURPOSE = "List the settings of the library, with what each is."
EXAMPLE = "  iccmsim settings\n  iccmsim settings --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("--json", action="store_true", help="print a list for programs, with where each comes from")


def go(asked: argparse.Namespace) -> None:
    """Print the list."""
    from iccmsim.report.library import library_rows, library_text

    rows = library_rows("setting")
    if asked.json:
        print_json(rows)
    else:
        print(library_text(rows))
