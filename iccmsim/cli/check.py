"""`iccmsim check`: does a scenario give what surveys and trials have seen?"""

from __future__ import annotations

import argparse
import importlib

from iccmsim.cli.words import (
    SCENARIO_HELP,
    InputError,
    add_scenario_options,
    print_json,
    read_scenario,
    reading,
    seeds_of,
    threads_of,
    warn_of_lists,
)

PURPOSE = "Set a scenario beside what surveys and trials have seen, target by target."
EXAMPLE = "  iccmsim check sahel/iccm-as-delivered --seeds 5"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("scenario", metavar="SCENARIO", help=SCENARIO_HELP)
    parser.add_argument("--seeds", metavar="N", default="5", help="how many replicates, or seeds such as 3,5,7 "
                        "(default 5)")  # fmt: skip
    parser.add_argument("--threads", metavar="N", help="default: all cores")
    parser.add_argument("--json", action="store_true", help="print one object for programs")
    add_scenario_options(parser)


def go(asked: argparse.Namespace) -> None:
    """Run the scenario and print each target beside what came out."""
    from iccmsim.exchange.district import load_places

    with reading():
        seeds, threads = seeds_of(asked.seeds), threads_of(asked.threads)
        scenario = read_scenario(asked.scenario, asked)
    try:
        module = importlib.import_module("iccmsim.studies.check")
    except ModuleNotFoundError as fault:
        if fault.name != "iccmsim.studies.check":
            raise
        raise InputError("check: this version has no list of targets") from None
    warn_of_lists(load_places(scenario))
    found = module.check(scenario, seeds=seeds, threads=threads)
    if asked.json:
        print_json(found.to_json())
    else:
        print(found.text())
