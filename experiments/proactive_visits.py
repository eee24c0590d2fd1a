"""Do CHWs who go from door to door save more children than CHWs who wait to be called?

Question   In the trial in Bankass (Liu 2024 Bull WHO 102:639) under-five mortality with proactive home visits was 1.02
           (.88-1.19) times that with CHWs at a fixed site, fees removed in both arms. What does this model give?
Design     `scenarios/fixed-site.toml` and `scenarios/proactive.toml` differ in two hours of home visits a working day
           and in nothing else. Three years, real geography, paired replicates. Nothing is fitted to the trial. The
           trial had one CHW for about 700 people; by that norm, which is rounded up at each post, both arms here have
           one for 576.
Reading    The rate ratio first, with its Monte-Carlo error; then the lever's own trace: were children seen sooner, and
           by how many more visits? A ratio near 1 with a clear trace says that visits came, and came for illnesses
           that were not going to kill or that the fixed site would have treated too. So it came: docs/findings.md.

python experiments/proactive_visits.py --out FOLDER --places FOLDER [--seeds 200] [--toy] [--remake]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

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
    write_rows,
)
from iccmsim.report.style import ARMS as COLOURS
from iccmsim.report.style import INK, STEPS, WORDS, new_figure, quiet
from iccmsim.report.terminal import duration, place_line
from iccmsim.results.indicators import CHW, FACILITY
from iccmsim.results.mortality import WINDOW
from iccmsim.studies.compare import Comparison, compare
from iccmsim.studies.summary import deaths_of

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
ARMS = ("fixed-site", "proactive")
TRIAL = "the trial: 1.02 (.88-1.19)"
IN_THE_TRIAL = (1.02, 0.88, 1.19)
VISITS = {"visits_to_posts": "at a CHW's post", "found_at_home": "found at home by a CHW",
          "visits_to_centres": "at a health centre"}  # fmt: skip
TOY = {"run.days": 200, "run.warmup_days": 60, "run.tail_days": 0}


def rate_ratio(result: Comparison) -> tuple[float, float]:
    """Deaths per child-year with visits over those without, over all pairs, and its standard error (jackknife)."""
    deaths = np.array([deaths_of(result, arm) for arm in (0, 1)], float)
    years = np.array([result.tallies["child_days"][:, arm, WINDOW].sum(axis=(1, 2)) for arm in (0, 1)])

    def ratio(of: np.ndarray) -> float:
        return float((deaths[1, of].sum() / years[1, of].sum()) / (deaths[0, of].sum() / years[0, of].sum()))

    n = deaths.shape[1]
    without = np.array([ratio(np.arange(n) != i) for i in range(n)])
    return ratio(np.arange(n)), float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))


def rows(result: Comparison) -> list[dict]:
    """One row an arm: deaths, and the trace of the lever (visits of sick children, per child-year)."""
    found = []
    ratios = ((1.0, 0.0), rate_ratio(result))
    for i, (name, arm) in enumerate(zip(ARMS, result.to_json()["arms"], strict=True)):
        episodes = {name: q["mean"] for name, q in arm["episodes"].items()}
        years = arm["child_years"]

        t = result.tallies[:, i]
        cases, at_home = (t[column].mean(axis=0) / years for column in ("cases", "found_at_home"))

        def seen(step: str) -> float:
            return sum(episodes[name] * of[step]["mean"] for name, of in arm["cascade"].items())  # noqa: B023

        found.append({
            "arm": name, "pairs": len(result.seeds), "rate_ratio": ratios[i][0], "error": ratios[i][1],
            "deaths_per_1000_child_years": 1000 * arm["deaths"]["mean"] / years,
            "formal_care_by_the_next_day": seen("formal_by_next_day") / sum(episodes.values()),
            "episodes_seen_by_a_chw_per_child_year": seen("seen_by_chw") / years,
            "visits_to_posts": cases[CHW] - at_home[CHW], "found_at_home": at_home[CHW],
            "visits_to_centres": cases[FACILITY],
        })  # fmt: skip
    return found


def figure(found: list[dict], path: Path, *, source: str) -> None:
    """The ratio beside the trial's, and visits of sick children in both arms."""
    from matplotlib.patches import Patch

    colours = dict(zip(VISITS, (COLOURS[0], COLOURS[1], STEPS[1]), strict=True))
    page = new_figure(8, 2.2, title="CHWs from door to door, and at a fixed site", source=source,
                      subtitle="Under-five deaths with home visits over those without (left), and visits of sick "
                      "children per child-year (right; in brackets illnesses seen by the next day)",
                      key=[Patch(facecolor=colours[name], label=said) for name, said in VISITS.items()])  # fmt: skip
    left, right = page.subplots(1, 2, width_ratios=(1, 1.3))
    trial, low, high = IN_THE_TRIAL
    ratio, error = found[1]["rate_ratio"], found[1]["error"]
    left.errorbar(trial, 0, xerr=[[trial - low], [high - trial]], color=STEPS[3], marker="s", capsize=3)
    left.errorbar(ratio, 1, xerr=2 * error, color=INK, marker="o", capsize=3)
    left.axvline(1, color=INK, linewidth=0.9)
    left.set_yticks([0, 1], ["trial, 95 %\ninterval", "model, 2 Monte-\nCarlo errors"], fontsize=WORDS)
    left.set_ylim(-0.6, 1.6)
    left.set_xlabel("rate ratio", fontsize=WORDS, color=INK)
    for y, row in enumerate(found):
        start = 0.0
        for name, colour in colours.items():
            right.barh(-y, row[name], left=start, height=0.55, color=colour, edgecolor="white", linewidth=0.6)
            start += row[name]
    right.set_yticks([0, -1], [f"{row['arm'].replace('-', ' ')}\n({100 * row['formal_care_by_the_next_day']:.0f} %)"
                               for row in found], fontsize=WORDS)  # fmt: skip
    right.set_xlabel("visits per child-year", fontsize=WORDS, color=INK)
    for axes in (left, right):
        quiet(axes, grid="x")
    save_figure(page, path)


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run both arms, or take them from the folder again, and print the ratio and the trace."""
    options = Words(__doc__)
    options.add_argument("--places")
    options.add_argument("--seeds", type=at_least(2), default=200)
    options.add_argument("--toy", action="store_true", help="some 200 days, 2 seeds")
    options.add_argument("--remake", action="store_true", help="table and figure again from the stored results")
    given = options.parse_args(argv)

    def live(progress: Progress) -> Comparison:
        more = TOY if given.toy else {}
        arms = [load_scenario(str(SCENARIOS / f"{arm}.toml"), overrides=more, places=given.places) for arm in ARMS]
        return compare(arms, seeds=2 if given.toy else given.seeds, progress=progress)

    result, keep = lived_or_stored(given.out / "comparison", live, remake=given.remake, what="home visits",
                                   fits=lambda names: names == ARMS)  # fmt: skip
    found, facts = rows(result), result.facts[0]
    ratio, error = found[1]["rate_ratio"], found[1]["error"]
    said = f"rate ratio {ratio:.3f} (Monte-Carlo error {error:.4f}, {len(result.seeds)} pairs); {TRIAL}\n"
    source = f"{place_line(facts)}; {duration(facts['window_days'])}, {len(result.seeds)} pairs; Liu 2024 (the trial)."
    show_and_keep(csv_of(found) + said, keep, lambda: write_rows(found, given.out / "trace.csv"),
                  lambda: figure(found, given.out / "trace.png", source=source))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
