"""`iccmsim diff`: in what two scenarios differ."""

from __future__ import annotations

import argparse

from iccmsim.cli.words import SCENARIO_HELP, print_json, reading

PURPOSE = "Show in what two scenarios differ: each value of both, and what it means."
EXAMPLE = "  iccmsim diff sahel/iccm-as-delivered sahel/iccm-supported\n  iccmsim diff today.toml plan.toml --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("first", metavar="SCENARIO", help=SCENARIO_HELP)
    parser.add_argument("second", metavar="SCENARIO", help="the other one")
    parser.add_argument("--json", action="store_true", help="print one object for programs")


def go(asked: argparse.Namespace) -> None:
    """Print what differs; the files of a real place are not needed for that."""
    with reading():
        from iccmsim.parameters.scenario import load_scenario

        first, second = (load_scenario(name, need_files=False) for name in (asked.first, asked.second))
    from iccmsim.report.differences import differences, differences_text
    from iccmsim.report.terminal import width_of_terminal

    said = differences(first, second)
    if asked.json:
        print_json(said)
    else:
        print(differences_text(said, width=width_of_terminal()))
