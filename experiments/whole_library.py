"""What does each programme of the library avert, and in what do any two of them differ?

Question   Of all programmes in the library, run for five years in one district: how many child deaths does each avert
           beside health facilities alone, which are clearly better or worse than iCCM as delivered, and is there any
           pair of programmes that the model cannot tell apart?
Design     One setting, every programme an arm, paired replicates: in all arms the same children fall ill on the same
           days. Deaths averted are expected ones (the chance of death of each severe illness in place of the coin).
           Each pair of programmes is compared in eight outcomes, seed by seed, in Monte-Carlo errors of the difference.
Reading    In the figure look first at the colour (clearly more or fewer than as delivered, or no clear difference: 3
           Monte-Carlo errors), then at the pale bar (what one district may see by chance: 2.5 and 97.5 % points
           over seeds), and last at the dot. Headcount and visits stand beside, because a programme that averts more may
           simply be more. `pairs.csv` names for each pair the outcome that tells them apart best; a pair that none
           tells apart has the reason that a programme's file gives ("Coincides with NAME: why"), or is listed as
           unexplained. With few seeds the errors are themselves unsure: 20 or more.

python experiments/whole_library.py --out FOLDER [--setting sahel] [--places FOLDER] [--seeds 20] [--toy] [--remake]
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np

from iccmsim.parameters.files import library_names, piece_file, read_toml, reasons_of
from iccmsim.parameters.scenario import load_scenario
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
from iccmsim.report.style import ARMS, COMPARATOR, INK, SMALL, WORDS, new_figure, quiet, source_line
from iccmsim.report.terminal import count, duration, percent, place_line
from iccmsim.results.mortality import WINDOW
from iccmsim.studies.compare import Comparison, compare

FIRST, USUAL = "facility-only", "iccm-as-delivered"
CLEAR = 3.0  # Monte-Carlo errors
FEW = 10  # seeds, below which the errors themselves are too unsure to call anything clear
CHW, FACILITY = 0, 1
TOY = {"setting.place.people": 8000, "setting.place.zones": 2, "setting.place.villages_per_zone": 4,
       "run.days": 740, "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip
SPELT = {"iccm": "iCCM", "ccm": "CCM", "cmam": "CMAM", "chws": "CHWs", "asc": "ASC", "mali": "Mali",
         "senegal": "Senegal"}  # fmt: skip


def arms(setting: str, *, places: str | None, toy: bool) -> list:
    """Every programme of the library, health facilities alone first."""
    more = toy_of(setting, TOY, places=places) if toy else {}
    names = [FIRST, *(name for name in library_names()["programme"] if name != FIRST)]
    return [load_scenario(f"{setting}/{name}", overrides=more, places=places) for name in names]


def outcomes(result: Comparison) -> dict[str, np.ndarray]:
    """What programmes are told apart by: a number for each seed and arm, over the window."""
    t = result.tallies

    def window(name: str) -> np.ndarray:
        counted = t[name][:, :, WINDOW]
        return counted.reshape(*counted.shape[:2], -1).sum(axis=2).astype(float)

    return {
        "expected deaths": window("expected"), "deaths": window("deaths"),
        "visits to CHWs": t["cases"][:, :, CHW].astype(float),
        "visits to health facilities": t["cases"][:, :, FACILITY].astype(float),
        "doses given by CHWs": t["given"][:, :, CHW].sum(axis=2).astype(float),
        "children referred by CHWs": t["referred"][:, :, CHW].astype(float),
        "supervision visits": t["supervised"][:, :, CHW].astype(float),
        "CHW days with a product lacking": t["any_out_days"][:, :, CHW].astype(float),
    }  # fmt: skip


def in_errors(difference: np.ndarray) -> tuple[float, float, float]:
    """Mean of a paired difference over seeds, its Monte-Carlo error, and the one in units of the other."""
    mean = float(difference.mean())
    error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
    return mean, error, abs(mean) / error if error > 0 else float("inf") if mean else 0.0


def pair_rows(result: Comparison) -> list[dict]:
    """One row a pair of programmes: the outcome that tells them apart best, or why none does."""
    found, names = outcomes(result), [name.rpartition("/")[2] for name in result.names]
    rows = []
    for i, j in combinations(range(len(names)), 2):
        seen = {name: in_errors(values[:, j] - values[:, i]) for name, values in found.items()}
        best = max(seen, key=lambda name: (seen[name][2], seen[name][1] == 0))
        mean, error, times = seen[best]
        apart = times >= CLEAR
        rows.append({"first": names[i], "second": names[j], "outcome": best, "difference": mean, "mc_error": error,
                     "in_errors": times, "apart": "yes" if apart else "no",
                     "why_not": "" if apart else why_they_coincide(names[i], names[j])})  # fmt: skip
    return rows


def why_they_coincide(first: str, second: str) -> str:
    """What the file of either programme says of that, or that none does."""
    for name, other in ((first, second), (second, first)):
        if (why := reasons_of(piece_file("programme", name)).twins().get(other)) is not None:
            return why
    return "unexplained"


def library_rows(result: Comparison) -> list[dict]:
    """One row a programme, most deaths averted first."""
    expected, rows = outcomes(result)["expected deaths"], []
    usual = [name.rpartition("/")[2] for name in result.names].index(USUAL)
    said = result.to_json()["arms"]
    for i, (arm, facts) in enumerate(zip(said, result.facts, strict=True)):
        name, years = arm["name"].rpartition("/")[2], arm["child_years"]
        more, error, times = in_errors(expected[:, usual] - expected[:, i])
        q, coin = arm["deaths_averted_expected"], arm["deaths_averted"]
        rows.append({
            "programme": name, "says": read_toml(piece_file("programme", name))["says"], "chws": facts["chws"],
            **{f"expected_averted_{part}": q[part] for part in ("mean", "low", "high", "mcse")},
            "percent_of_deaths": arm["percent_averted_expected"]["mean"],
            "more_than_as_delivered": more, "its_mc_error": error,
            "beside_as_delivered": "the same" if i == usual
            else "no clear difference" if times < CLEAR or len(result.seeds) < FEW
            else "more" if more > 0 else "fewer",
            **{f"averted_{part}": coin[part] for part in ("mean", "low", "high", "mcse")},
            "saved": arm["saved"]["mean"], "lost": arm["lost"]["mean"],
            "chw_visits_per_child_year": arm["visits"]["chw"]["mean"] / years,
            "formal_care_by_next_day": arm["care_seeking"]["formal_by_next_day"]["mean"],
            "chw_days_with_a_product_lacking": arm["stock_out"]["chw"]["any"]["mean"],
        })  # fmt: skip
    return sorted(rows, key=lambda row: -row["expected_averted_mean"])


def spelt(name: str) -> str:
    """A programme's name as people write it."""
    words = " ".join(SPELT.get(word, word) for word in name.split("-")).replace(" only CCM", "-only CCM")
    return words if words.startswith("iCCM") else words[0].upper() + words[1:]


def figure(result: Comparison, rows: list[dict], path: Path) -> None:
    """Every programme in one picture: deaths averted, whether that is more than as delivered, and what it takes."""
    from matplotlib.lines import Line2D

    said, drawn = result.to_json(), [row for row in rows if row["programme"] != FIRST]
    first = said["arms"][0]
    key = [Line2D([], [], color=COLOUR[name], marker="o", lw=5, label=label) for name, label in (
        ("more", "averts clearly more than iCCM as delivered"), ("no clear difference", "no clear difference from it"),
        ("fewer", "averts clearly fewer"), ("the same", "iCCM as delivered"))]  # fmt: skip
    canvas = new_figure(
        11, 0.7 + 0.29 * len(drawn), title="Deaths of children under five that each programme averts",
        subtitle=f"{place_line(said['place'])}; {duration(said['window_days'][1])}, {count(first['births'])} births. "
        f"With health facilities alone {count(first['deaths']['mean'])} children under five die; a programme left of 0 "
        f"has more deaths than that. Dot: the mean of {len(result.seeds)} simulated districts. Pale bar: what one "
        "district may see by chance (2.5 and 97.5\u00a0% points). What programmes take differs too: see the right.",
        source=source_line({"seeds": said["seeds"], "arms": [{"name": result.names[0]}]},
                           extra="; every programme on the same children; clearly: by 3 Monte-Carlo errors or more"),
        key=key)  # fmt: skip
    axes, beside = canvas.subplots(1, 2, sharey=True, width_ratios=(1.75, 1))
    for y, row in enumerate(drawn):
        shade = COLOUR[row["beside_as_delivered"]]
        axes.plot([row["expected_averted_low"], row["expected_averted_high"]], [-y, -y], color=shade, lw=7, alpha=0.28,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot([row["expected_averted_mean"]], [-y], "o", color=shade, ms=6)
        for x, cell in enumerate(cells(row)):
            beside.text(x, -y, cell, ha="right", va="center", fontsize=SMALL, color=INK)
    for x, head in enumerate(HEADS):
        beside.text(x, 0.75, head, ha="right", va="bottom", fontsize=SMALL, color=COMPARATOR, linespacing=1.1)
    usual = next(row["expected_averted_mean"] for row in drawn if row["programme"] == USUAL)
    axes.axvline(0, color=INK, lw=0.9)
    axes.axvline(usual, color=INK, lw=0.8, ls=":")
    axes.set_yticks([-y for y in range(len(drawn))], [spelt(row["programme"]) for row in drawn], fontsize=WORDS)
    axes.set_ylim(-len(drawn) + 0.4, 2.4)
    axes.set_xlabel("expected deaths averted in the district (dotted: iCCM as delivered)", fontsize=SMALL, loc="left")
    quiet(axes, grid="x")
    quiet(beside)
    beside.tick_params(labelbottom=False, labelleft=False)
    beside.set_xlim(-0.7, len(HEADS) - 0.9)
    axes.tick_params(axis="y", labelsize=WORDS)
    save_figure(canvas, path)


def cells(row: dict) -> tuple[str, ...]:
    """The numbers that stand beside a programme in the figure."""
    return (count(row["expected_averted_mean"], 1), f"{row['percent_of_deaths']:.1f} %", count(row["chws"]),
            f"{row['chw_visits_per_child_year']:.1f}", percent(row["chw_days_with_a_product_lacking"]))  # fmt: skip


COLOUR = {"more": ARMS[2], "fewer": ARMS[1], "the same": INK, "no clear difference": ARMS[0]}
HEADS = ("deaths\naverted", "of all\ndeaths", "CHWs", "visits to\na CHW, per\nchild-year",
         "CHW days\nlacking a\nproduct")  # fmt: skip


def as_text(rows: list[dict], pairs: list[dict], *, seeds: int) -> str:
    """What is printed: a line a programme, and the pairs that cannot be told apart."""
    said = [f"{row['programme']:<31}{row['expected_averted_mean']:>8.1f} (Monte-Carlo error "
            f"{row['expected_averted_mcse']:.1f}) expected deaths averted, "
            f"{row['percent_of_deaths']:.2f} %; {row['beside_as_delivered']}" for row in rows]  # fmt: skip
    alike = [pair for pair in pairs if pair["apart"] == "no"]
    if seeds < FEW:
        said.append(f"only {seeds} seeds: what follows says nothing yet")
    said.append(f"{len(pairs) - len(alike)} of {len(pairs)} pairs differ by {CLEAR:.0f} Monte-Carlo errors or more")
    said += [f"alike: {pair['first']} and {pair['second']} ({pair['in_errors']:.1f} in {pair['outcome']}): "
             f"{pair['why_not']}" for pair in alike]  # fmt: skip
    return "".join(f"{line}\n" for line in said)


def is_the_library(names: tuple[str, ...]) -> bool:
    """Whether these are arms of this script."""
    pieces = [name.rpartition("/")[2] for name in names]
    return pieces[0] == FIRST and USUAL in pieces and {*pieces} <= {*library_names()["programme"]}


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run the library, or take it from the folder again, and write tables, manifest and figure."""
    options = Words(__doc__)
    options.add_argument("--setting", default="sahel")
    options.add_argument("--places")
    options.add_argument("--seeds", type=at_least(2), default=20)
    options.add_argument("--toy", action="store_true", help="a few seconds: two small zones, two years, 2 seeds")
    options.add_argument("--remake", action="store_true", help="tables and figure again from the stored results")
    given = options.parse_args(argv)

    def live(progress: Progress) -> Comparison:
        chosen = arms(given.setting, places=given.places, toy=given.toy)
        return compare(chosen, seeds=2 if given.toy else given.seeds, progress=progress)

    result, keep = lived_or_stored(given.out / "comparison", live, remake=given.remake, what="whole library",
                                   fits=is_the_library)  # fmt: skip
    rows, pairs = library_rows(result), pair_rows(result)
    show_and_keep(as_text(rows, pairs, seeds=len(result.seeds)), keep,
                  lambda: write_rows(rows, given.out / "library.csv"),
                  lambda: write_rows(pairs, given.out / "pairs.csv"),
                  lambda: figure(result, rows, given.out / "library.png"))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
