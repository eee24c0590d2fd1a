"""`iccmsim run`: one scenario from one seed."""

from __future__ import annotations

import argparse
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
    say_what_is_earlier,
    tell,
    tell_if_compiling,
    threads_of,
    whole,
    writing,
)

if TYPE_CHECKING:
    from iccmsim.results.result import Result

PURPOSE = "Run one scenario from one seed: a summary, a digest, and its tables on request."
EXAMPLE = ("  iccmsim run sahel/iccm-as-delivered --seed 7 --out run7\n"
           "  iccmsim run sahel/iccm-supported --set chw.absent=0.3 --trace child=17")  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("scenario", metavar="SCENARIO", help=SCENARIO_HELP)
    parser.add_argument("--seed", metavar="N", default="1", help="which of all possible courses of events (default 1)")
    parser.add_argument("--out", metavar="DIR", help="write the tables as Parquet, with a manifest, to this folder")
    parser.add_argument("--trace", metavar="child=N", help="tell the life of one child in plain sentences")
    parser.add_argument("--counts", action="store_true", help="keep counts only, no tables (for whole countries)")
    parser.add_argument("--status-quo", metavar="SCENARIO", help="lived through the warm-up (default: the same "
                        "setting with facilities only)")  # fmt: skip
    parser.add_argument("--threads", metavar="N", help="default: all cores; the result is the same for any number")
    parser.add_argument("--json", action="store_true", help="print one object for programs")
    add_scenario_options(parser)


def go(asked: argparse.Namespace) -> None:
    """Run, print, write."""
    from iccmsim.results.folder import FORMAT, KIND
    from iccmsim.results.result import simulate

    with reading():
        seed, threads, child = whole("--seed", asked.seed), threads_of(asked.threads), _child(asked.trace)
        if asked.counts and child is not None:
            raise InputError("--trace: a life is told from the tables; leave out --counts")
        scenario = read_scenario(asked.scenario, asked)
        before = None if asked.status_quo is None else read_scenario(asked.status_quo, asked)
        _same_setting(scenario, before)
        out = check_out(asked.out, kind=KIND, latest=FORMAT)
    tell_if_compiling()
    tell(f"Running {scenario.name}, seed {seed} ...")
    result = simulate(scenario, seed=seed, status_quo=before, threads=threads, tables=not asked.counts)
    try:  # at once: tables take longer to make, and may find the disk full
        with printing(out):
            _show(result, child=child, out=out, as_json=asked.json)
    finally:  # also where nobody can be shown anything, or there is no such child
        if out is not None:
            with writing(out):
                result.write(out)
            say_what_is_earlier(out)
            tell(f"Written to {out}")
    if child is None and not asked.json:
        print(f"\nDigest {result.digest()}")


def _show(result: Result, *, child: int | None, out: Path | None, as_json: bool) -> None:
    """Print what a run gave: its numbers, or the life of a child."""
    from iccmsim.report.terminal import run_text, width_of_terminal
    from iccmsim.report.trace import life_of

    life = None if child is None else _life(life_of, result, child, out=out)
    if as_json:
        print_json(numbers_of(result) | {"digest": result.digest()} | ({} if life is None else {"trace": life}))
    else:
        print("\n".join(life) if life is not None else run_text(numbers_of(result),
                                                                         width=width_of_terminal()))  # fmt: skip


def _same_setting(scenario: object, before: object | None) -> None:
    from iccmsim.parameters.scenario import same_setting

    if before is not None:
        same_setting(scenario, before)


def _child(text: str | None) -> int | None:
    """The child to follow, from "child=17"."""
    if text is None:
        return None
    what, sign, number = text.partition("=")
    if what != "child" or not sign:
        raise InputError(f"--trace {text}: must be child=NUMBER, such as child=17")
    return whole("--trace child", number)


def _life(life_of: object, result: Result, child: int, *, out: Path | None) -> list[str]:
    """The life of a child; where there is none, it is said what becomes of the run."""
    try:
        with reading():
            return life_of(result, child)
    except InputError as fault:
        raise InputError(f"{fault}; the run itself is in {out}" if out is not None else str(fault)) from None


def numbers_of(result: Result) -> dict[str, object]:
    """A run in a handful of numbers."""
    from iccmsim.core.records import PRODUCTS
    from iccmsim.results.indicators import shelf_days
    from iccmsim.results.mortality import WINDOW
    from iccmsim.results.result import warnings_of_place
    from iccmsim.results.status_quo import named

    tally = result.tally
    kinds = {"chw": 0, "facility": 1}

    def shares(row: int) -> dict[str, float | None]:
        days = float(shelf_days(tally, row))
        out = dict(zip(PRODUCTS, tally["stock_out_days"][row].tolist(), strict=True))
        out["any"] = int(tally["any_out_days"][row])
        return {name: n / days if days else None for name, n in out.items()}

    return {
        "format": 1, "scenario": result.scenario, "scenario_hash": result.scenario_hash, "seed": result.seed,
        "setting": dict(result.plan), "births": int(tally["births"][WINDOW].sum()),
        "rates": {name: None if value != value else value for name, value in result.rates().items()},
        "deaths": result.deaths(), "visits": {kind: int(tally["cases"][row]) for kind, row in kinds.items()},
        "visits_in_vain": {kind: int(tally["visits_missed"][row]) for kind, row in kinds.items()},
        "turned_away": {kind: int(tally["turned_away"][row]) for kind, row in kinds.items()},
        "waited_overnight": {kind: int(tally["waited"][row]) for kind, row in kinds.items()},
        "stock_out": {kind: shares(row) for kind, row in kinds.items()},
        "warnings": warnings_of_place(result.plan), **named(result.status_quo),
    }  # fmt: skip
