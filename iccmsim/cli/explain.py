"""`iccmsim explain`: what is in a scenario, in sentences, and why."""

from __future__ import annotations

import argparse

from iccmsim.cli.words import SCENARIO_HELP, overrides_of, print_json, reading

PURPOSE = "Say in sentences what is in a scenario: every value that is not the default, with its source."
EXAMPLE = "  iccmsim explain sahel/mali-asc-package\n  iccmsim explain my_scenario.toml --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("scenario", metavar="SCENARIO", help=SCENARIO_HELP)
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", help="another value for a parameter; may be "
                        "given again")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one object for programs")


def go(asked: argparse.Namespace) -> None:
    """Explain the scenario; the files of a real place are not needed for that."""
    with reading():
        from iccmsim.parameters.files import draft_of, lay_overrides
        from iccmsim.parameters.scenario import load_scenario
        from iccmsim.report.explain import explain_text, explained
        from iccmsim.report.terminal import width_of_terminal

        values = overrides_of(asked.set)
        scenario = load_scenario(asked.scenario, overrides=values, need_files=False)
        draft = draft_of(asked.scenario)
        lay_overrides(draft, values)
    said = explained(scenario, draft)
    if asked.json:
        print_json(said)
    else:
        print(explain_text(said, width=width_of_terminal()))
