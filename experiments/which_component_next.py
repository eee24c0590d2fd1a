"""Which component of iCCM should a district strengthen next?

Question   A programme stands at some level of maturity in each of the eight components (0 absent, 1 partial, 2
           functioning, 3 strong). If one, or two, could be raised by one level, which would avert most deaths?
Design     Every component raised alone, every pair, and all together, beside the profile as it is: the same children
           fall ill on the same days in all arms. Every arm is launched anew on day 0, after a year without CHWs (the
           profile as it is, too): what is compared are programmes begun at one level and at the next, not a programme
           of some years that rises. Levels are sets of lever values (iccmsim/parameters/library/maturity);
           their distances are a choice of ours, so a component may look weak because its step is small. Expected deaths
           averted; the Shapley split shares the gain of raising all. The ranking is repeated on other children.
Reading    Bars first: what one component brings alone, with twice its Monte-Carlo error. Where bars overlap there is no
           ranking. A dot far right of its bar says that the component works through others. Table and figure are of
           the first of three sets of children; the two others tell only whether the order holds: it is "stable" if it
           is much the same on all three (rank correlation .7 or more, and the same first).

python experiments/which_component_next.py --out FOLDER [--profile 11111111] [--setting sahel] [--places FOLDER]
       [--seeds 20] [--toy] [--remake]
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

from iccmsim.parameters.faults import ScenarioError
from iccmsim.parameters.maturity import LEVELS, profile_of_name
from iccmsim.report.experiment import (
    Progress,
    Words,
    at_least,
    in_one_line,
    lived_or_stored,
    save_figure,
    show_and_keep,
    toy_of,
    write_rows,
)
from iccmsim.report.style import ARMS, INK
from iccmsim.report.terminal import duration
from iccmsim.results.folder import refuse_other
from iccmsim.results.mortality import WINDOW
from iccmsim.studies.compare import FORMAT, KIND, Comparison
from iccmsim.studies.components import Steps, arms_of, names_of_arms, raise_components, same_order, steps_of

TOY = {"setting.place.people": 6000, "setting.place.zones": 2, "setting.place.villages_per_zone": 4,
       "run.days": 200, "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip
SETS = ("a", "b", "c")  # of children, each from master seeds of its own
STABLE = 0.7
WIDE = 80  # characters of a line above the bars


def table(steps: Steps) -> list[dict]:
    """One row a component, the most useful first: alone, its Shapley share, and its strongest partner, if any."""
    shares, together = steps.shares(), steps.together()
    rows = []
    for name, q in steps.alone().items():
        partner, synergy = next(((pair, each) for pair, each in together.items() if name in pair), ((name, ""), None))
        rows.append({
            "component": name, "from_level": steps.profile[name], "averted_alone": q["mean"], "error": q["mcse"],
            "shapley": shares[name]["mean"], "shapley_error": shares[name]["mcse"],
            "strongest_partner": next(each for each in partner if each != name),
            "synergy": synergy and synergy["mean"], "synergy_error": synergy and synergy["mcse"],
        })  # fmt: skip
    return rows


def figure(rows: list[dict], path: Path, *, subtitle: str) -> None:
    """Bars: raised alone. Dots: the Shapley share of raising all."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(8, 4.6), layout="constrained")
    axes = canvas.subplots()
    names = [f"{row['component'].capitalize()}  {row['from_level']} → {row['from_level'] + 1}" for row in rows][::-1]
    at = range(len(rows))
    rows = rows[::-1]
    axes.barh(at, [row["averted_alone"] for row in rows], xerr=[2 * (row["error"] or 0) for row in rows], color=ARMS[1],
              ecolor=INK, capsize=3, height=0.55, label="raised alone (± 2 Monte-Carlo errors)")  # fmt: skip
    axes.plot([row["shapley"] for row in rows], at, "D", color=ARMS[2], mec="white", ms=7,
              label="its share of raising all (Shapley)")  # fmt: skip
    axes.axvline(0, color=INK, lw=0.8)
    axes.set_yticks(at, names)
    axes.set_xlabel("expected deaths of children under five averted")
    axes.spines[["top", "right"]].set_visible(False)
    canvas.suptitle("Which component next?", x=0.02, ha="left", fontweight="bold")
    axes.set_title("\n".join(textwrap.fill(line, WIDE) for line in subtitle.splitlines()), loc="left", fontsize=9)
    canvas.legend(loc="outside lower right", ncols=2, frameon=False, fontsize=9)
    save_figure(canvas, path)


def as_text(steps: Steps) -> str:
    """What is printed of the first children: a line a component, and how much is beyond pairs."""

    def partner(row: dict) -> str:
        if not row["strongest_partner"]:
            return ", and no other can be raised"
        return f"; with {row['strongest_partner']} {row['synergy']:+.1f} (MC error {row['synergy_error']:.1f})"

    rows = (f"{row['component']:<14}{row['averted_alone']:>7.1f} (MC error {row['error']:.1f}) alone, "
            f"{row['shapley']:>6.1f} of raising all{partner(row)}\n" for row in table(steps))  # fmt: skip
    return "".join(rows) + (f"beyond pairs: {steps.left_over().mean():+.1f}; raising all averts "
                            f"{steps.of(*steps.able()).mean():.1f}\n")  # fmt: skip


def verdict(sets: list[Steps]) -> str:
    """Whether the order of components is the same on all sets of children; one alone has no order."""
    if len(sets[0].able()) == 1:
        return f"no ranking: {sets[0].able()[0]} is the only component that can be raised"
    alike = min(same_order(a, b) for a, b in combinations(sets, 2))
    first = {next(iter(each.alone())) for each in sets}
    word = "stable" if alike >= STABLE and len(first) == 1 else "NOT stable"
    return (f"ranking {word}: lowest rank correlation between sets of children {alike:.2f}; "
            f"first: {', '.join(sorted(first))}")  # fmt: skip


def what_was_run(setting: str, first: Comparison) -> str:
    """Setting, length and pairs of the first set of children, of which the bars are, and how many of them die."""
    deaths = first.tallies["expected"][:, 0, WINDOW].sum(axis=(1, 2)).mean()
    return (f"{setting}, {duration(first.facts[0]['window_days'])}, {len(first.seeds)} pairs (first set of "
            f"children); {deaths:,.0f} under five die as it is")  # fmt: skip


def refuse_other_arms(folder: Path, result: Comparison, setting: str, profile: Mapping[str, int],
                      places: str | None) -> None:  # fmt: skip
    """Stored results are told with the levels and the place with which they were run, at full or at toy size."""
    for size in ({}, toy_of(setting, TOY, places=places)):
        arms = arms_of(setting, profile, overrides=size, places=places)
        if result.hashes == tuple(arm.hash() for arm in arms):
            return
    raise ValueError(f"{folder}: its arms are not those of --setting {setting} and --profile "
                     f"{''.join(map(str, profile.values()))} as they are now (other levels, another place or other "
                     "values); give the words with which it was run, or leave out --remake")  # fmt: skip


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run all arms on three sets of children, or take them from the folder; print the ranking and whether it holds."""
    options = Words(__doc__)
    options.add_argument("--profile", default="11111111", help="a digit from 0 to 3 for each of the eight components")
    options.add_argument("--setting", default="sahel")
    options.add_argument("--places")
    options.add_argument("--seeds", type=at_least(2), default=20)
    options.add_argument("--toy", action="store_true", help="a small place, 200 days, 2 seeds")
    options.add_argument("--remake", action="store_true", help="again from the stored results")
    given = options.parse_args(argv)
    profile = profile_of_name(f"maturity-{given.profile}")
    if profile is None or min(profile.values()) == len(LEVELS) - 1:
        raise ScenarioError(f"--profile {given.profile}: must have eight digits from 0 to 3, and one below 3")
    if not given.remake:
        for name in SETS:
            refuse_other(given.out / name, kind=KIND, latest=FORMAT)
    sets, results = [], []
    for number, name in enumerate(SETS):

        def live(progress: Progress, first: int = 1 + 1000 * number) -> Comparison:
            more = toy_of(given.setting, TOY, places=given.places) if given.toy else {}
            seeds = range(first, first + (2 if given.toy else given.seeds))
            return raise_components(given.setting, profile, seeds=seeds, progress=progress, overrides=more,
                                    places=given.places)  # fmt: skip

        result, keep = lived_or_stored(given.out / name, live, remake=given.remake, what=f"children {name}",
                                       fits=lambda names: names == names_of_arms(profile))  # fmt: skip
        if given.remake:
            refuse_other_arms(given.out / name, result, given.setting, profile, given.places)
        results.append(result)
        sets.append(steps_of(result, profile))
        show_and_keep("" if number else as_text(sets[0]), keep)
    rows, about = table(sets[0]), f"{what_was_run(given.setting, results[0])}\n{verdict(sets)}"
    show_and_keep(verdict(sets) + "\n", lambda: write_rows(rows, given.out / "components.csv"),
                  lambda: figure(rows, given.out / "components.png", subtitle=about))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
