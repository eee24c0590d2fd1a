"""Figures of a sensitivity analysis: indices with intervals, a tornado of single parameters, pairs, convergence.

All are drawn from what the analysis found, an object of plain numbers, so that they can be made again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.parameters.catalogue import parameter
from iccmsim.report.style import ARMS, COMPARATOR, DOTS, FAINT, INK, SMALL, WORDS, new_figure, quiet
from iccmsim.report.terminal import duration, several

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Found = Mapping[str, Any]
MOST = 20  # bars that fit a page
MOST_PAIRED = 12
BLUE, ORANGE = ARMS[0], ARMS[1]
TOGETHER = " There are fewer samples than parameters: part of a bar may be another parameter's."
PALE = ("#f3c9a5", "#b3d4e8")  # of orange and blue
UNANCHORED = "NOT anchored: deaths without the programme vary with the parameters, too."
WHAT = {"sobol": "Share of the variance of {} that goes with each group",
        "morris": "How much {} change when a group moves across its doubt",
        "pawn": "How far a parameter moves the distribution of {}"}  # fmt: skip


def write_sensitivity_figures(found: Found, folder: Path) -> list[Path]:
    """Every figure that these findings have, as PNG with a description for those who cannot see it."""
    figures = {"indices": indices_figure(found)}
    if found["ends"]:
        figures["tornado"] = tornado_figure(found)
    if found["pairs"]:
        figures["interactions"] = interactions_figure(found)
    if found["convergence"]:
        figures["convergence"] = convergence_figure(found)
    written = []
    for name, figure in figures.items():
        told = {"Software": "iccmsim", "Description": description(name, found)}
        figure.savefig(folder / f"{name}.png", dpi=DOTS, metadata=told)
        written.append(folder / f"{name}.png")
    return written


def description(name: str, found: Found) -> str:
    """What a figure shows, in words."""
    if name == "tornado":
        first = found["ends"][0]
        return (f"Bars for single parameters. Widest: {first['parameter']}, {outcome_words(found)} {first['low']:.3g} "
                f"in the lowest fifth of its doubt and {first['high']:.3g} in the highest.")  # fmt: skip
    if name == "interactions":
        pair = found["pairs"][0]
        return f"A grid of pairs of groups. Strongest: {pair['first']} with {pair['second']}, {pair['S2']:.2f}."
    if name == "convergence":
        return "Total indices against the number of base samples, a line a group."
    key, index = label_of(found), ranked_by(found)
    first = ", ".join(f"{row[key]} {row[index]:.2f}" for row in found["table"][:5])
    return f"Bars, longest first, of {index}: {first}."


def ranked_by(found: Found) -> str:
    """The column by which groups are ranked."""
    return {"sobol": "ST", "morris": "mu_star", "pawn": "pawn"}[found["method"]]


def label_of(found: Found) -> str:
    """The column that names a row of the table."""
    return "parameter" if found["method"] == "pawn" else "group"


def outcome_words(found: Found) -> str:
    """The outcome as words."""
    return found["outcome_name"].replace("_", " ")


def _page(found: Found, height: float, *, title: str, subtitle: str, key: Sequence[Artist] = (),
          width: float = 8.4) -> Figure:  # fmt: skip
    rows, who = found["rows"], " v ".join(reversed(found["arms"]))
    many = several(len(found["master_seeds"]), "master seed")
    lost = f", {rows['not_anchored']:,} not anchored" * bool(rows["not_anchored"])
    lost += f", {rows['failed']:,} failed" * bool(rows["failed"])
    people = f"{found['people']:,} people, " if found["people"] else ""
    source = (f"iccmsim {found['version']}; {who}; {people}{duration(found['days'])}; {rows['kept']:,} of "
              f"{rows['all']:,} rows analysed{lost}; {several(rows['seeds'], 'seed')} a row; {many}.")  # fmt: skip
    subtitle += "" if found["anchored"] else f" {UNANCHORED}"
    return new_figure(width, height, title=title, subtitle=subtitle, source=source, key=key)


def _sign(colour: str, label: str, *, marker: str = "", wide: float = 6) -> Artist:
    from matplotlib.lines import Line2D

    look = {"marker": marker, "linewidth": 0, "markersize": 6, "markerfacecolor": "white"} if marker else {}
    return Line2D([], [], color=colour, label=label, **({"linewidth": wide, "solid_capstyle": "butt"} | look))


# --- indices --------------------------------------------------------------------------------------------------------


def indices_figure(found: Found) -> Figure:
    """One bar a group (PAWN: a parameter), longest on top, with 95 % intervals."""
    rows, index, name = found["table"][:MOST], ranked_by(found), label_of(found)
    sobol, pawn = found["method"] == "sobol", found["method"] == "pawn"
    clean = sobol and any(row["ST_no_chance"] is not None for row in rows)
    bars = {"sobol": "total index, ST", "morris": "mean absolute effect", "pawn": "PAWN, median"}
    key = [_sign(BLUE, bars[found["method"]])]
    key += [_sign(INK, "ST without chance", marker="D")] * clean + [_sign(ORANGE, "alone, S1", marker="o")] * sobol
    key += [_sign(COMPARATOR, "by chance alone (95 %)", wide=1.2)] * pawn
    figure = _page(found, 0.6 + 0.33 * len(rows), title=WHAT[found["method"]].format(outcome_words(found)),
                   subtitle=_chance_words(found) + "Lines: 95 % intervals (bootstrap).", key=key)  # fmt: skip
    axes = figure.subplots()
    for i, row in enumerate(rows):
        axes.barh(-i, row[index], height=0.6, color=BLUE, alpha=0.85)
        _line(axes, row[index], row[f"{index}_conf"], -i, INK)
        if clean and row["ST_no_chance"] is not None:
            axes.plot([row["ST_no_chance"]], [-i], "D", mec=INK, mfc="white", ms=5, zorder=4)
        if sobol:
            axes.plot([row["S1"]], [-i - 0.18], "o", mec=ORANGE, mfc="white", ms=5, zorder=4)
    if pawn:
        axes.axvline(rows[0]["by_chance"], color=COMPARATOR, linewidth=1.2)
    axes.axvline(0, color=INK, linewidth=0.9)
    axes.set_yticks([-i for i in range(len(rows))], [_short(row[name]) for row in rows])
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    across = {"sobol": "share of variance", "morris": f"{outcome_words(found)}, from end to end",
              "pawn": "distance of distributions (0 to 1)"}  # fmt: skip
    axes.set_xlabel(across[found["method"]], fontsize=SMALL, loc="left")
    quiet(axes, grid="x")
    axes.tick_params(axis="y", labelsize=WORDS)
    return figure


def _line(axes: Axes, middle: float, half: float, y: float, colour: str) -> None:
    axes.plot([middle - half, middle + half], [y, y], color=colour, linewidth=1.1, solid_capstyle="butt")


def _chance_words(found: Found) -> str:
    share = found["chance"]["of_the_mean"]
    return "" if share is None else f"Chance (the seed) makes {100 * share:.0f} % of the variance of a row's mean. "


def _short(name: str) -> str:
    return name.split(".", 1)[1] if name.startswith(("setting.", "programme.")) else name


# --- single parameters ----------------------------------------------------------------------------------------------


def tornado_figure(found: Found, *, most: int = 12) -> Figure:
    """The outcome where one parameter is in the lowest, or the highest, fifth of its doubt; all else varies."""
    rows, middle = found["ends"][:most], found["outcome"]["mean"]
    few = found["method"] == "sobol" and found["rows"]["blocks_kept"] < found["parameters"]
    beware = TOGETHER if few else ""
    key = [_sign(ORANGE, "in its lowest fifth"), _sign(BLUE, "in its highest fifth"),
           _sign(PALE[1], "pale: may be chance")]  # fmt: skip
    figure = _page(found, 0.6 + 0.4 * len(rows), key=key,
                   title=f"Single parameters: mean {outcome_words(found)} at the ends of their doubt",
                   subtitle=f"All others vary as they do. Pale: of {found['parameters']} parameters some differ as "
                            "much by chance alone. Grey lines: 2 standard errors of the difference. Vertical line: "
                            f"the mean of all rows, {middle:.2g}.{beware}")  # fmt: skip
    axes = figure.subplots()
    for i, row in enumerate(rows):
        for end, colour in zip(("low", "high"), (ORANGE, BLUE) if row["sure"] else PALE, strict=True):
            axes.barh(-i, row[end] - middle, left=middle, height=0.5, color=colour)
        at = (row["low"] + row["high"]) / 2
        axes.plot([at - row["error"], at + row["error"]], [-i - 0.36] * 2, color=COMPARATOR, linewidth=1.4)
    axes.axvline(middle, color=INK, linewidth=0.9)
    axes.set_yticks([-i for i in range(len(rows))], [_told(row["parameter"]) for row in rows])
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    axes.set_xlabel(outcome_words(found), fontsize=SMALL, loc="left")
    quiet(axes, grid="x")
    return figure


def _told(path: str, *, letters: int = 58) -> str:
    """The key of a parameter and what it says, in two lines."""
    says = parameter(path).says.rstrip(".")
    return f"{_short(path)}\n{says if len(says) <= letters else says[: letters - 1].rsplit(' ', 1)[0] + ' …'}"


# --- pairs and convergence ------------------------------------------------------------------------------------------


def interactions_figure(found: Found) -> Figure:
    """What two groups do together beyond what each does: S2 of each pair; in bold what chance does not explain."""
    names = [row["group"] for row in found["table"][:MOST_PAIRED]]
    value = {frozenset((each["first"], each["second"])): each for each in found["pairs"]}
    size = 0.62 * len(names)
    figure = _page(found, size + 0.9, title=f"Pairs of groups: {outcome_words(found)} beyond what each does alone",
                   subtitle="Second-order Sobol' indices in percent of the variance. Bold: the 95 % interval does not "
                            "hold 0; grey: may be nothing.", width=max(8.4, size + 2.6))  # fmt: skip
    axes = figure.subplots()
    grid = np.full((len(names), len(names)), np.nan)
    for i in range(len(names)):
        for j in range(i):
            pair = value[frozenset((names[i], names[j]))]
            sure = abs(pair["S2"]) > pair["S2_conf"]
            grid[i, j] = pair["S2"] if sure else 0.0
            axes.text(j, i, f"{round(100 * pair['S2'])}", ha="center", va="center", fontsize=WORDS,
                      weight="bold" if sure else "normal", color=INK if sure else COMPARATOR)  # fmt: skip
    most = max(0.05, float(np.nanmax(np.abs(grid))))
    axes.imshow(grid, cmap="PuOr", vmin=-2 * most, vmax=2 * most)
    axes.set_xticks(range(len(names) - 1), names[:-1], rotation=35, ha="right")
    axes.set_yticks(range(1, len(names)), names[1:])
    axes.set_ylim(len(names) - 0.5, 0.5)
    axes.set_xlim(-0.5, len(names) - 1.5)
    quiet(axes)
    return figure


def convergence_figure(found: Found) -> Figure:
    """Total indices from a quarter, a half and all of the samples."""
    top = [row["group"] for row in found["table"][: len(ARMS)]]
    counts = sorted({row["n"] for row in found["convergence"]})
    wide = found["too_wide"]
    said = (f"Above .1 and not known to within .05: {', '.join(wide)}." if wide else
            "Every total index above .1 is known to within .05.")  # fmt: skip
    figure = _page(found, 3.0, title="Are there enough samples? Total indices as samples are added", subtitle=said,
                   key=[_sign(ARMS[i], name) for i, name in enumerate(top)])  # fmt: skip
    axes = figure.subplots()
    for i, name in enumerate(top):
        rows = {row["n"]: row for row in found["convergence"] if row["group"] == name}
        at = [k + 0.06 * (i - 2) for k in range(len(counts))]
        axes.errorbar(at, [rows[n]["ST"] for n in counts], yerr=[rows[n]["ST_conf"] for n in counts], color=ARMS[i],
                      marker="os^Dv"[i], markersize=5, linewidth=1.4, capsize=2)  # fmt: skip
    axes.axhline(0, color=FAINT, linewidth=0.9)
    axes.set_xticks(range(len(counts)), [f"{n:,}" for n in counts])
    axes.set_xlabel("base samples", fontsize=SMALL, loc="left")
    axes.set_ylabel("total index, ST", fontsize=SMALL)
    quiet(axes, grid="y")
    return figure
