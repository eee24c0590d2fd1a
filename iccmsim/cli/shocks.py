"""`iccmsim shocks`: the shocks of the library, one line each."""

from __future__ import annotations

import argparse

from iccmsim.cli.words import print_json

PURPOSE = "List the shocks of the library, with what each is; a scenario file has them as [[shock]]."
EXAMPLE = "  iccmsim shocks\n  iccmsim shocks --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("--json", action="store_true", help="print a list for programs, with what each sets and why")


def go(asked: argparse.Namespace) -> None:
    """Print the list."""
    from iccmsim.parameters.shocks import shock_kinds
    from iccmsim.report.library import library_text

    rows = [{"name": name, "says": each["says"], "days": each["days"], "about": each["about"],
             "values": {key: {"value": value, "why": each["why"][key].text} for key, value in each["values"].items()}}
            for name, each in shock_kinds().items()]  # fmt: skip
    if asked.json:
        print_json(rows)
    else:
        print(library_text(rows))
