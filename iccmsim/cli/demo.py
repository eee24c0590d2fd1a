"""`iccmsim demo`: three programmes on a made-up district, in about two minutes."""

from __future__ import annotations

import argparse

from iccmsim.cli.compare import print_table, run_arms, write_all
from iccmsim.cli.words import check_out, printing, reading, seeds_of, tell, threads_of

PURPOSE = "Compare three programmes on a made-up district of 60,000 people over five years."
EXAMPLE = "  iccmsim demo\n  iccmsim demo --seeds 20 --out my_demo"
ARMS = ("sahel/facility-only", "sahel/iccm-as-delivered", "sahel/iccm-supported")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("--seeds", metavar="N", default="10", help="how many pairs of runs (default 10)")
    parser.add_argument("--out", metavar="DIR", default="iccmsim-demo", help="where the figures go (default "
                        "./iccmsim-demo)")  # fmt: skip
    parser.add_argument("--threads", metavar="N", help="default: all cores")


def go(asked: argparse.Namespace) -> None:
    """Compare, print the table, draw the figures."""
    from iccmsim.parameters.scenario import load_scenario
    from iccmsim.studies.compare import FORMAT, KIND

    with reading():
        seeds, threads = seeds_of(asked.seeds), threads_of(asked.threads)
        out = check_out(asked.out, kind=KIND, latest=FORMAT)
    tell("A made-up district of 60,000 people, with some 12,000 children under five at launch, lives through five\n"
         "years three times: with health facilities only, with iCCM as programmes deliver it, and with iCCM well\n"
         "supported.\n"
         f"The same children fall ill on the same days; only the care differs. {len(seeds)} times over.")  # fmt: skip
    arms = [load_scenario(name) for name in ARMS]
    comparison = run_arms(arms, before=None, seeds=seeds, threads=threads)
    try:
        with printing(out):
            print_table(comparison)
    finally:
        write_all(comparison, arms, before=None, out=out, threads=threads)
