"""`iccmsim sensitivity`: which of the numbers in doubt a comparison hangs on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from iccmsim.cli.words import (
    SCENARIO_HELP,
    InputError,
    add_scenario_options,
    check_out,
    print_json,
    printing,
    read_scenario,
    reading,
    tell,
    tell_if_compiling,
    whole,
    writing,
)

if TYPE_CHECKING:
    from iccmsim.studies.sensitivity import Asked, Sensitivity

PURPOSE = "Find out which of the numbers in doubt a comparison hangs on: Morris, Sobol' or PAWN."
EXAMPLE = ("  iccmsim sensitivity sahel/facility-only sahel/iccm-as-delivered --method morris --n 20 --out morris\n"
           "  iccmsim sensitivity sahel/facility-only sahel/iccm-as-delivered --method sobol --n 128 --out sobol\n"
           "  iccmsim sensitivity sahel/facility-only sahel/iccm-as-delivered --method sobol --inner \"CHW "
           "workforce\" --out crossed\n"
           "  iccmsim sensitivity --from sobol --outcome deaths_averted")  # fmt: skip
SIZES = {"morris": 20, "sobol": 64, "pawn": 500}
DRAWS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="*", help=SCENARIO_HELP + "; the first is the "
                        "comparator, the last the one whose outcome is analysed")  # fmt: skip
    parser.add_argument("--method", choices=tuple(SIZES), default="morris", help="morris screens, sobol shares out "
                        "the variance, pawn ranks single parameters from any sample (default morris)")  # fmt: skip
    parser.add_argument("--n", metavar="N", help="trajectories (morris, default 20), base samples (sobol, a power "
                        "of 2, default 64) or rows (pawn, default 500)")  # fmt: skip
    parser.add_argument("--most", metavar="N", help="sobol: double the samples until every total index above .1 is "
                        "known to within .05, up to this many")  # fmt: skip
    parser.add_argument("--seeds", metavar="N", default="2", help="paired runs of each row (default 2)")
    parser.add_argument("--masters", metavar="N", default="1", help="repeat all with so many master seeds (default 1)")
    parser.add_argument("--second-order", action="store_true", help="sobol: indices of pairs, too")
    parser.add_argument("--inner", metavar="GROUP", help="sobol: a group of levers of the programme, of which each "
                        "point of all other groups is lived with --draws draws: they share people, warm-up and "
                        "anchoring, so that all indices become surer at little cost")  # fmt: skip
    parser.add_argument("--draws", metavar="N", help="sobol with --inner: how many draws (default 8)")
    parser.add_argument("--vary", metavar="NAME", action="append", help="a group or a parameter to vary (default: all "
                        "that may); may be given again")  # fmt: skip
    parser.add_argument("--apart", metavar="GROUP", action="append", help="groups to tell apart, all others being one")
    parser.add_argument("--by-parameter", action="store_true", help="each parameter alone, not in groups")
    parser.add_argument("--unanchored", action="store_true", help="let deaths without the programme vary with the "
                        "parameters; labelled so wherever it is shown")  # fmt: skip
    parser.add_argument("--outcome", metavar="NAME", help="a column of the sweep's table (default "
                        "expected_deaths_averted)")  # fmt: skip
    parser.add_argument("--out", metavar="DIR", help="the folder of the analysis; the same command goes on with it")
    parser.add_argument("--from", dest="from_", metavar="DIR", help="analyse what is stored there again, run nothing")
    parser.add_argument("--workers", metavar="N", help="processes (default: all cores)")
    parser.add_argument("--json", action="store_true", help="print one object for programs")
    add_scenario_options(parser)


def go(asked: argparse.Namespace) -> None:
    """Run or read, analyse, write, print."""
    from iccmsim.report.sensitivity import findings_text, write_findings

    done, folder = read_again(asked) if asked.from_ else run(asked)
    with reading():
        found = done.findings(asked.outcome)
    try:  # at once: what is written may find the disk full
        with printing(folder):
            if asked.json:
                print_json(found)
            else:
                print(findings_text(found))
    finally:  # also where nobody can be shown anything
        with writing(folder, kept="all runs are kept there, and --from analyses them again"):
            write_findings(found, folder)
        tell(f"Written to {folder}")


def read_again(asked: argparse.Namespace) -> tuple[Sensitivity, Path]:
    """What is stored in a folder."""
    from iccmsim.studies.sensitivity import Sensitivity

    if asked.scenarios or asked.out:
        raise InputError("--from: takes what is stored; give no scenarios and no --out beside it")
    with reading():
        return Sensitivity.load(asked.from_), Path(asked.from_)


def run(asked: argparse.Namespace) -> tuple[Sensitivity, Path]:
    """The analysis that is asked for, or what is not done of it yet."""
    from iccmsim.report.experiment import progress_bar
    from iccmsim.studies.sensitivity import KIND, sensitivity, what_is_varied

    if len(asked.scenarios) < 2:
        raise InputError("sensitivity: give a comparator and at least one more scenario (or --from DIR)")
    if not asked.out:
        raise InputError("--out: sensitivity needs a folder to keep its runs in")
    with reading():
        arms = [read_scenario(name, asked) for name in asked.scenarios]
        study = wanted(asked)
        what_is_varied(arms, study)
        folder = check_out(asked.out, kind=KIND)
        workers = None if asked.workers is None else whole("--workers", asked.workers, low=1, high=1024)
    tell_if_compiling()
    outcome = asked.outcome or "expected_deaths_averted"
    try:
        with progress_bar(f"{study.method}, part by part", of="runs") as progress:
            return sensitivity(arms, study, out=folder, outcome=outcome, workers=workers, progress=progress), folder
    except (ValueError, KeyError) as fault:
        raise InputError(" ".join(str(fault.args[0] if fault.args else fault).split())) from None
    except KeyboardInterrupt:
        print(f"\niccmsim: what was finished is kept in {folder}; the same command goes on", file=sys.stderr)
        raise


def wanted(asked: argparse.Namespace) -> Asked:
    """The options as numbers."""
    from iccmsim.studies.sensitivity import LEAST, Asked

    n = whole("--n", asked.n or str(SIZES[asked.method]), low=LEAST[asked.method], high=1 << 20)
    if asked.most and asked.method != "sobol":
        raise InputError(f"--most {asked.most}: only --method sobol goes on with more samples, not {asked.method}")
    return Asked(
        method=asked.method, n=n,
        seeds=whole("--seeds", asked.seeds, low=1, high=APART_MOST), masters=whole("--masters", asked.masters, low=1,
                                                                                  high=100),
        second_order=asked.second_order, by_parameter=asked.by_parameter, keys=tuple(asked.vary or ()),
        apart=tuple(asked.apart or ()), anchored=not asked.unanchored,
        most=whole("--most", asked.most, low=n, high=1 << 20) if asked.most else 0,
        inner=asked.inner or "", draws=_draws(asked),
    )  # fmt: skip


def _draws(asked: argparse.Namespace) -> int:
    """How often the inner group is drawn: once where there is none."""
    if asked.draws and not asked.inner:
        raise InputError("--draws: how often an inner group is drawn; give --inner GROUP with it")
    return whole("--draws", asked.draws or str(DRAWS), low=2, high=1000) if asked.inner else 1


APART_MOST = 1000  # seeds of one master seed; the next begins there
