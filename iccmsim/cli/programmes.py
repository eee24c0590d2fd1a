"""`iccmsim programmes`: the programmes of the library, one line each."""

from __future__ import annotations

import argparse

from iccmsim.cli.words import print_json

PURPOSE = "List the programmes of the library, with what each is."
EXAMPLE = "  iccmsim programmes\n  iccmsim programmes --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("--json", action="store_true", help="print a list for programs, with where each comes from")


def go(asked: argparse.Namespace) -> None:
    """Print the list."""
    from iccmsim.parameters.maturity import COMPONENTS, LEVELS
    from iccmsim.report.library import library_rows, library_text

    rows = library_rows("programme")
    if asked.json:
        print_json(rows)
        return
    levels = ", ".join(f"{number} {word}" for number, word in enumerate(LEVELS))
    print(library_text(rows))
    print(f"\nAlso maturity-ABCDEFGH, each letter the level ({levels}) of a component:\n{', '.join(COMPONENTS)}.")
