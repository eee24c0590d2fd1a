"""`iccmsim compare`: programmes side by side, the same children in each."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from iccmsim.cli.words import (
    SCENARIO_HELP,
    InputError,
    add_scenario_options,
    check_out,
    error_of,
    print_json,
    printing,
    read_scenario,
    reading,
    say_what_is_earlier,
    seeds_of,
    tell,
    tell_if_compiling,
    threads_of,
    writing,
)

if TYPE_CHECKING:
    from iccmsim.parameters.scenario import Scenario
    from iccmsim.studies.compare import Comparison
    from iccmsim.studies.country import Country

PURPOSE = "Compare programmes in pairs of runs: deaths averted, with interval and Monte-Carlo error."
EXAMPLE = ("  iccmsim compare sahel/facility-only sahel/iccm-as-delivered sahel/iccm-supported --seeds 20\n"
           "  iccmsim compare today.toml plan.toml --places my_district --out comparison\n"
           "  iccmsim compare mali/facility-only mali/free-care --places FOLDER --seeds 2 --by region")  # fmt: skip
AREAS = ("region", "district")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("scenarios", metavar="SCENARIO", nargs="+", help=SCENARIO_HELP + "; the first is the "
                        "comparator")  # fmt: skip
    parser.add_argument("--seeds", metavar="N", default="20", help="how many pairs of runs, or seeds such as 3,5,7 "
                        "(default 20)")  # fmt: skip
    parser.add_argument("--until-mcse", metavar="X", help="add seeds until the Monte-Carlo error of expected deaths "
                        "averted is at most X in every arm (at most 200 seeds)")  # fmt: skip
    parser.add_argument("--status-quo", metavar="SCENARIO", help="lived through the warm-up by all arms (default: "
                        "the same setting with facilities only)")  # fmt: skip
    parser.add_argument("--by", metavar="AREA", help="region or district: a table of these too, if the list of "
                        "villages names them")  # fmt: skip
    parser.add_argument("--out", metavar="DIR", help="write the comparison, its figures and what a brief needs to "
                        "this folder")  # fmt: skip
    parser.add_argument("--threads", metavar="N", help="default: all cores; the result is the same for any number")
    parser.add_argument("--json", action="store_true", help="print one object for programs")
    add_scenario_options(parser)


def go(asked: argparse.Namespace) -> None:
    """Compare, print, and write even if nothing could be printed."""
    from iccmsim.studies.compare import FORMAT, KIND

    with reading():
        seeds, threads, until = seeds_of(asked.seeds), threads_of(asked.threads), error_of(asked.until_mcse)
        arms, before = read_arms(asked)
        if asked.by is not None and asked.by not in AREAS:
            raise InputError(f"--by {asked.by}: must be {' or '.join(AREAS)}")
        if asked.by is not None and until is not None:
            raise InputError(f"--until-mcse {asked.until_mcse}: is not for --by {asked.by}; give --seeds")
        _refuse_nameless(arms[0], asked.by)
        out = check_out(asked.out, kind=KIND, latest=FORMAT)
    if asked.by is None:
        areas, comparison = [], run_arms(arms, before=before, seeds=seeds, threads=threads, until_mcse=until)
        moved = ""
    else:
        country = run_arms(arms, before=before, seeds=seeds, threads=threads, by_area=True)
        areas, comparison = [row for row in country.table() if row["level"] == asked.by], country.whole()
        moved = _told_elsewhere(arms[0], asked.by)
    try:  # at once: what is written takes longer, and may find the disk full
        with printing(out):
            if asked.json:
                said = comparison.to_json()
                said["warnings"] += [moved] if moved else []
                print_json(said | ({"areas": areas} if areas else {}))
            else:
                print_table(comparison, areas, moved)
    finally:  # also where nobody can be shown anything
        if out is not None:
            write_all(comparison, arms, before=before, out=out, threads=threads, areas=areas)


def read_arms(asked: argparse.Namespace) -> tuple[list[Scenario], Scenario | None]:
    """The arms, which must share a setting and have names of their own, and the status quo if one is named."""
    from iccmsim.parameters.scenario import same_setting

    arms = [read_scenario(name, asked) for name in asked.scenarios]
    if len(arms) < 2:
        raise InputError(f"{asked.scenarios[0]}: compare needs a comparator and at least one more scenario")
    names = [arm.name for arm in arms]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is the name of two arms; each needs its own (name = ... in its file)")
    before = None if asked.status_quo is None else read_scenario(asked.status_quo, asked)
    for other in (*arms[1:], *([before] if before else [])):
        same_setting(arms[0], other)
    return arms, before


def _refuse_nameless(arm: Scenario, by: str | None) -> None:
    """Areas are those that the list of villages names; a made-up place has districts (of 24 zones) and no regions."""
    from iccmsim.exchange.district import load_places

    if by is None or (by == "district" and arm.place.kind != "files"):
        return
    if not any(names[AREAS.index(by)] for names in load_places(arm).zone_district):
        named = "the list of villages names none" if arm.place.kind == "files" else "a made-up place has none"
        raise InputError(f"--by {by}: there are no {by}s to tell apart; {named}")


def _told_elsewhere(arm: Scenario, by: str) -> str:
    """A table of areas has whole zones; whom it has elsewhere than the list of villages. Nothing if there is nobody."""
    from iccmsim.exchange.district import load_places

    places = load_places(arm)
    moved = places.people_elsewhere[AREAS.index(by)]
    if not moved:
        return ""
    return (f"{moved:,} of {places.people.sum():,} people are told with another {by} than the list of villages has for "
            f"them: all villages of a health centre are told with the {by} of most of its people")  # fmt: skip


def run_arms(arms: Sequence[Scenario], *, before: Scenario | None, seeds: Sequence[int], threads: int | None,
             by_area: bool = False, until_mcse: float | None = None) -> Comparison | Country:  # fmt: skip
    """The comparison, of each district apart if asked, with a bar for whoever watches."""
    from iccmsim.report.experiment import progress_bar
    from iccmsim.report.terminal import several
    from iccmsim.studies.compare import compare
    from iccmsim.studies.country import compare_country

    tell_if_compiling()
    with progress_bar(f"{len(arms)} arms, {several(len(seeds), 'seed')}") as progress:
        if by_area:
            return compare_country(arms, seeds=seeds, threads=threads, status_quo=before, progress=progress)
        return compare(arms, seeds=seeds, threads=threads, status_quo=before, progress=progress,
                       until_mcse=until_mcse)  # fmt: skip


def write_all(comparison: Comparison, arms: Sequence[Scenario], *, before: Scenario | None, out: Path,
              threads: int | None = None, areas: Sequence[dict] = ()) -> None:  # fmt: skip
    """The counts with what they rest on, the object for programs, the tables, and the figures."""
    from iccmsim.report.comparison import comparison_text
    from iccmsim.report.experiment import whole_or_nothing, write_rows
    from iccmsim.report.figures import draw_figures, write_figures
    from iccmsim.studies.basis import write_basis

    tell("Setting the baseline beside what is known ...")
    with writing(out):
        comparison.save(out, more=lambda place: write_basis(place, arms, seeds=comparison.seeds, threads=threads,
                                                                status_quo=before))  # fmt: skip
    say_what_is_earlier(out)
    said = comparison.to_json()
    text = json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False)
    kept = f"the comparison itself is in {out}"
    for name, content in (("comparison.json", text), ("comparison.txt", comparison_text(said))):
        with writing(out / name, kept=kept):
            whole_or_nothing(out / name, (content + "\n").encode())
    if areas:
        with writing(out / "areas.csv", kept=kept):
            write_rows(areas, out / "areas.csv")
    tell("Drawing figures ...")
    with writing(out / "the figures", kept=kept):
        write_figures(draw_figures(out), out)
    tell(f"Written to {out}")


def print_table(comparison: Comparison, areas: Sequence[dict] = (), moved: str = "") -> None:
    """The table for people, and one of areas if there are any, with what to know of it."""
    from iccmsim.report.comparison import areas_text, comparison_text
    from iccmsim.report.terminal import folded, width_of_terminal

    width = width_of_terminal()
    print(comparison_text(comparison.to_json(), width=width))
    if areas:
        print("\n" + areas_text(areas))
    if moved:
        print("\n" + folded(f"! {moved}", width=width))
