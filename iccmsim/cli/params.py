"""`iccmsim params`: every number of the model, what it means, and where it comes from."""

from __future__ import annotations

import argparse

from iccmsim.cli.words import InputError, did_you_mean, print_json, reading

PURPOSE = "List the parameters: meaning, value, range, source and how good the evidence is."
EXAMPLE = "  iccmsim params stock-out\n  iccmsim params --section programme --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("search", metavar="SEARCH", nargs="?", help="only those in which this occurs (key, meaning, "
                        "source ...)")  # fmt: skip
    parser.add_argument("--section", metavar="S", help="only those of setting, programme or run")
    parser.add_argument("--json", action="store_true", help="print a list for programs")


def go(asked: argparse.Namespace) -> None:
    """Print the parameters that were asked for."""
    from iccmsim.parameters.catalogue import all_parameters, params_table
    from iccmsim.report.terminal import params_text, width_of_terminal

    with reading():
        rows = params_table(asked.section, asked.search)
    if not rows:
        hint = did_you_mean(asked.search or "", [each.key for each in all_parameters()])
        raise InputError(f"{asked.search}: no parameter with this in its key, meaning or source{hint}")
    if asked.json:
        print_json(rows)
    else:
        print(params_text(rows, width=width_of_terminal()))
