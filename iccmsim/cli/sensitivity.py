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
    refuse_beside,
    tell,
    tell_if_compiling,
    warn_of_lists,
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
    parser.add_argument("--method", choices=tuple(SIZES), help="morris screens, sobol shares out "
                        "the variance, pawn ranks single parameters from any sample (default morris)")  # fmt: skip
    parser.add_argument("--n", metavar="N", help="trajectories (morris, default 20), base samples (sobol, a power "
                        "of 2, default 64) or rows (pawn, default 500)")  # fmt: skip
    parser.add_argument("--most", metavar="N", help="sobol: double the samples until every total index above .1 is "
                        "known to within .05, up to this many")  # fmt: skip
    parser.add_argument("--seeds", metavar="N", help="paired runs of each row (default 2)")
    parser.add_argument("--masters", metavar="N", help="repeat all with so many master seeds (default 1)")
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
    parser.add_argument("--outcome", metavar="NAME", help="an outcome, of the columns of the sweep's table (default "
                        "expected_deaths_averted)")  # fmt: skip
    parser.add_argument("--out", metavar="DIR", help="the folder of the analysis; the same command goes on with it")
    parser.add_argument("--from", dest="from_", metavar="DIR", help="analyse what is stored there again, run nothing")
    parser.add_argument("--workers", metavar="N", help="processes (default: all cores)")
    parser.add_argument("--json", action="store_true", help="print one object for programs")
    add_scenario_options(parser)


def go(asked: argparse.Namespace) -> None:
    """Run or read, analyse, write, print."""
    from iccmsim.report.sensitivity import findings_text, write_findings

    done, folder = run(asked) if asked.from_ is None else read_again(asked)
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
    refuse_beside("--from", asked, takes=("--outcome", "--json"))
    if not asked.from_.strip():
        raise InputError("--from: the name of the folder is empty")
    with reading():
        return Sensitivity.load(asked.from_), Path(asked.from_)


def run(asked: argparse.Namespace) -> tuple[Sensitivity, Path]:
    """The analysis that is asked for, or what is not done of it yet."""
    from iccmsim.exchange.district import load_places
    from iccmsim.report.experiment import progress_bar
    from iccmsim.studies.sensitivity import FORMAT, KIND, sensitivity, what_is_varied

    if len(asked.scenarios) < 2:
        raise InputError("sensitivity: give a comparator and at least one more scenario (or --from DIR)")
    if not asked.out:
        raise InputError("--out: sensitivity needs a folder to keep its runs in")
    with reading():
        arms = [read_scenario(name, asked) for name in asked.scenarios]
        study = wanted(asked)
        what_is_varied(arms, study)
        folder = check_out(asked.out, kind=KIND, latest=FORMAT)
        workers = None if asked.workers is None else whole("--workers", asked.workers, low=1, high=1024)
    warn_of_lists(load_places(arms[0]))
    tell_if_compiling()
    outcome = "expected_deaths_averted" if asked.outcome is None else asked.outcome
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

    method = "morris" if asked.method is None else asked.method
    n = _size("--n", asked.n, SIZES[method], low=LEAST[method], high=1 << 20)
    if asked.most is not None and method != "sobol":
        raise InputError(f"--most {asked.most}: only --method sobol goes on with more samples, not {method}")
    for option, names in (("--vary", asked.vary or ()), ("--apart", asked.apart or ())):
        if (twice := next((name for name in names if names.count(name) > 1), None)) is not None:
            raise InputError(f"{option} {twice}: is given twice")
    if asked.apart and asked.by_parameter:
        raise InputError(f"--apart {asked.apart[0]}: tells groups apart, and --by-parameter takes each parameter alone")
    return Asked(
        method=method, n=n, seeds=_size("--seeds", asked.seeds, 2, low=1, high=APART_MOST),
        masters=_size("--masters", asked.masters, 1, low=1, high=100),
        second_order=asked.second_order, by_parameter=asked.by_parameter, keys=tuple(asked.vary or ()),
        apart=tuple(asked.apart or ()), anchored=not asked.unanchored,
        most=_size("--most", asked.most, 0, low=n, high=1 << 20), inner=asked.inner or "", draws=_draws(asked),
    )  # fmt: skip


def _size(option: str, text: str | None, default: int, *, low: int, high: int) -> int:
    """A whole number within a range, or what stands for it where none is given."""
    return default if text is None else whole(option, text, low=low, high=high)


def _draws(asked: argparse.Namespace) -> int:
    """How often the inner group is drawn: once where there is none."""
    if asked.inner == "":
        raise InputError("--inner: the name of the group is empty")
    if asked.draws is not None and asked.inner is None:
        raise InputError("--draws: how often an inner group is drawn; give --inner GROUP with it")
    return 1 if asked.inner is None else _size("--draws", asked.draws, DRAWS, low=2, high=1000)


APART_MOST = 1000  # seeds of one master seed; the next begins there
