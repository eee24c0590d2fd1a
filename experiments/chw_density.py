"""How many people should one CHW serve?

Question   In a rural district, how do deaths averted change when a CHW is placed for every 500 to 4,000 people
           (the Malian norm is 1,500)?
Design     One setting, facilities only against `iccm-as-delivered` at five densities: everything but `chw.catch` is
           the same. Paired replicates: in every arm the same children fall ill on the same days. Posts are placed by
           the norm (5 km from a facility, 3 km around the post, never across zones), so headcount follows geography
           too: a post in a small village has one CHW at any density.
Reading    Look at the number of CHWs before the ratio, and at the intervals before the means: bars are what one
           district may see by chance (2.5 and 97.5 % points), the dark part is the Monte-Carlo error of the mean (2
           standard errors). More CHWs add consulting hours, drugs and shorter absences, not shorter walks (posts do not
           move).

python experiments/chw_density.py --out FOLDER [--setting sahel] [--places FOLDER] [--seeds 20] [--toy] [--remake]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.experiment import (
    Progress,
    Words,
    at_least,
    csv_of,
    in_one_line,
    lived_or_stored,
    save_figure,
    show_and_keep,
    toy_of,
    write_rows,
)
from iccmsim.studies.compare import Comparison, compare

DENSITIES = (4000, 2500, 1500, 1000, 500)
BAR = {"lw": 7, "solid_capstyle": "butt"}  # ends where its interval ends
TOY = {"setting.place.people": 12_000, "setting.place.zones": 2, "setting.place.villages_per_zone": 5,
       "run.days": 365, "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip


def arms(setting: str, *, places: str | None, toy: bool) -> list:
    """Facilities only, then the programme at each density."""
    more = toy_of(setting, TOY, places=places) if toy else {}
    chosen = [load_scenario(f"{setting}/facility-only", overrides=more, places=places)]
    for people in DENSITIES:
        arm = load_scenario(f"{setting}/iccm-as-delivered", overrides={**more, "chw.catch": people}, places=places)
        chosen.append(replace(arm, name=named(people)))
    return chosen


def named(people: int) -> str:
    """The name of an arm."""
    return f"{people:,} people a CHW"


def rows(result: Comparison) -> list[dict]:
    """One row an arm: the density, the headcount it takes, and what comes of it."""
    found = []
    for people, arm, facts in zip(DENSITIES, result.to_json()["arms"][1:], result.facts[1:], strict=True):
        found.append({"people_per_chw": people, "chws": facts["chws"], "posts": facts["posts"]} | {
            f"{name}_{part}": arm[name][part] for name in ("deaths_averted", "percent_averted", "saved", "lost")
            for part in ("mean", "low", "high", "mcse")
        })  # fmt: skip
    return found


def figure(found: list[dict], path: Path, *, source: str) -> None:
    """Deaths averted against density, with both kinds of interval and the headcount."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(7, 4.2), layout="constrained")
    axes = canvas.subplots()
    for i, row in enumerate(found):
        mean, error = row["deaths_averted_mean"], 2 * (row["deaths_averted_mcse"] or 0.0)
        axes.plot([i, i], [row["deaths_averted_low"], row["deaths_averted_high"]], color="#9ecae1", **BAR)
        axes.plot([i, i], [mean - error, mean + error], color="#08519c", **BAR)
        axes.plot([i], [mean], "o", color="white", markeredgecolor="#08519c", ms=5)
    axes.axhline(0, color="0.5", lw=0.8)
    axes.set_xlim(-0.6, len(found) - 0.4)
    axes.spines[["top", "right"]].set_visible(False)
    axes.plot([], [], color="#9ecae1", **BAR, label="what one district may see (2.5 and 97.5 % points)")
    axes.plot([], [], color="#08519c", **BAR, label="the mean, 2 Monte-Carlo errors either way")
    canvas.legend(loc="outside lower left", frameon=False, fontsize=9, ncols=2)
    axes.set_xticks(range(len(found)), [f"{r['people_per_chw']:,} people\n{r['chws']} CHWs" for r in found])
    axes.set_ylabel("Under-five deaths averted")
    axes.set_title("Deaths averted by the number of people a CHW serves", loc="left", fontsize=11, pad=20)
    axes.annotate(source, (0, 1.02), xycoords="axes fraction", fontsize=8, color="0.4")
    save_figure(canvas, path)


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run the arms, or take them from the folder again, and write table, manifest and figure."""
    options = Words(__doc__)
    options.add_argument("--setting", default="sahel")
    options.add_argument("--places")
    options.add_argument("--seeds", type=at_least(2), default=20)
    options.add_argument("--toy", action="store_true", help="a few seconds: one small zone, one year, 2 seeds")
    options.add_argument("--remake", action="store_true", help="table and figure again from the stored results")
    given = options.parse_args(argv)

    def live(progress: Progress) -> Comparison:
        chosen = arms(given.setting, places=given.places, toy=given.toy)
        return compare(chosen, seeds=2 if given.toy else given.seeds, progress=progress)

    result, keep = lived_or_stored(given.out / "comparison", live, remake=given.remake, what="CHW density",
                                   fits=lambda names: names[1:] == tuple(map(named, DENSITIES)))  # fmt: skip
    found = rows(result)
    source = f"{result.names[0]}, {len(result.seeds)} paired replicates"
    show_and_keep(csv_of(found), keep, lambda: write_rows(found, given.out / "density.csv"),
                  lambda: figure(found, given.out / "density.png", source=source))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
