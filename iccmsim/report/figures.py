"""Figures of a comparison: where children are lost, deaths averted, one CHW's stock, the map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iccmsim.report.comparison import common_start
from iccmsim.report.style import FAINT, INK, SMALL, WORDS, arm_key, colours_of, new_figure, quiet, save, source_line
from iccmsim.report.terminal import count, duration, words
from iccmsim.studies.basis import MAP, read_ground
from iccmsim.studies.compare import Comparison
from iccmsim.studies.medicine_box import STOCK, read_box

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MADE_OF = {"map.png": MAP, "stock.png": STOCK}  # beside the counts
FATAL = ("malaria", "pneumonia", "diarrhoea", "newborn_infection")
STEPS = {"any_care": "got any care", "formal_care": "seen by a CHW\nor facility", "right_drug": "given the\nright drug",
         "took_effect": "in time and\nin full enough\nto work"}  # fmt: skip


def write_figures(drawn: Mapping[str, Figure | None], folder: Path) -> list[Path]:
    """Those figures that there are as PNG."""
    return [save(figure, folder / name) for name, figure in drawn.items() if figure is not None]


def draw_figures(folder: Path) -> dict[str, Figure | None]:
    """All figures of a stored comparison by name, from what is kept in its folder alone; nothing is run.

    None where the folder lacks the file that a figure is MADE_OF. Only where an arm has CHWs is there a stock to draw.
    A ValueError says what is wrong with the folder.
    """
    from iccmsim.report.district import map_figure, stock_figure

    comparison = Comparison.load(folder)
    said = comparison.to_json()
    with_chws = [i for i, arm in enumerate(said["arms"]) if arm["setting"]["chws"]]
    ground, box = read_ground(folder, arms=len(comparison.names)), read_box(folder)
    shown = with_chws[-1] if with_chws else len(said["arms"]) - 1
    drawn = {"cascade.png": cascade_figure(said), "averted.png": averted_figure(said),
             "map.png": map_figure(ground, said["arms"][shown], ground.posts[shown]) if ground else None}  # fmt: skip
    return drawn | ({"stock.png": stock_figure(box) if box else None} if with_chws else {})


# --- where children are lost ---------------------------------------------------------------------------


def cascade_figure(said: dict[str, Any]) -> Figure:
    """From falling ill to a treatment that works, by illness and arm: share of episodes."""
    arms, names = said["arms"], [arm["name"] for arm in said["arms"]]
    colours, short = colours_of(names), common_start(names)
    figure = new_figure(
        9.6, 0.75 + 4 * (0.2 + 0.17 * len(arms)), title="Where sick children are lost on the way to treatment",
        subtitle="Share of all episodes that get as far as each step. "
                 + "Under the names: episodes in a year of the first arm.",
        source=source_line(said), key=arm_key({name.removeprefix(short): colours[name] for name in names}))  # fmt: skip
    panels = figure.subplots(1, len(FATAL), sharey=True)
    years = said["window_days"][1] / 365.25
    for axes, illness in zip(panels, FATAL, strict=True):
        for i, arm in enumerate(arms):
            _bars(axes, arm["cascade"][illness], i, len(arms), colour=colours[arm["name"]])
        yearly = (arms[0]["episodes"][illness]["mean"] or 0.0) / years
        axes.set_title(f"{words(illness)}\n{count(yearly)} a year", fontsize=WORDS, color=INK, loc="left")
        axes.set_xlim(0, 115)
        axes.set_xticks([0, 50, 100], ["0", "50", "100 %"])
        axes.axvline(0, color=FAINT, linewidth=0.8)
        quiet(axes, grid="x")
    panels[0].set_yticks([-s for s in range(len(STEPS))], list(STEPS.values()), fontsize=SMALL)
    panels[0].set_ylim(-len(STEPS) + 0.45, 0.55)
    return figure


def _bars(axes: Axes, cascade: Mapping[str, Any], i: int, arms: int, *, colour: str) -> None:
    """The bars of one arm, the first on top within each step."""
    thick = 0.8 / arms
    for s, step in enumerate(STEPS):
        share = 100 * (cascade[step]["mean"] or 0.0)
        y = -s + 0.4 - thick * (i + 0.5)
        axes.barh(y, share, height=thick * 0.88, color=colour)
        axes.text(share + 2, y, f"{share:.0f}" if share >= 0.5 or share == 0 else "<1", va="center", fontsize=SMALL,
                  color=colour)  # fmt: skip


# --- deaths averted ------------------------------------------------------------------------------------


def averted_figure(said: dict[str, Any]) -> Figure:
    """Deaths averted by each arm with its interval, in all and by cause."""
    arms, names = said["arms"][1:], [arm["name"] for arm in said["arms"]]
    colours, short = colours_of(names), common_start(names)
    causes = [cause for cause in (*FATAL, "background") if said["arms"][0]["by_cause"][cause]["deaths"]["mean"]]
    rows = ["all causes", *causes]
    births = said["arms"][0]["births"]
    figure = new_figure(
        8.2, 0.5 + len(rows) * (0.16 + 0.21 * len(arms)), title="Deaths of children under five averted, by cause",
        subtitle=f"Beside {names[0].removeprefix(short)}: "
                 f"{count(said['arms'][0]['deaths']['mean'])} deaths among {count(births)} births, "
                 f"{duration(said['window_days'][1])}. " + _lines_mean(said),
        source=source_line(said),
        key=arm_key({arm["name"].removeprefix(short): colours[arm["name"]] for arm in arms}))  # fmt: skip
    axes = figure.subplots()
    for r, row in enumerate(rows):
        for i, arm in enumerate(arms):
            q = arm["deaths_averted"] if row == "all causes" else arm["by_cause"][row]["deaths_averted"]
            _interval(axes, q, -r + 0.36 - 0.72 * (i + 0.5) / len(arms), colour=colours[arm["name"]])
    axes.margins(x=0.08)
    axes.axvline(0, color=INK, linewidth=0.9)
    axes.axhline(-0.5, color=FAINT, linewidth=0.8)
    axes.set_yticks([-r for r in range(len(rows))], [words(row) for row in rows], fontsize=WORDS)
    axes.set_ylim(-len(rows) + 0.45, 0.55)
    axes.set_xlabel("deaths averted", fontsize=SMALL, loc="left", color=INK)
    quiet(axes, grid="x")
    return figure


def _lines_mean(said: Mapping[str, Any]) -> str:
    if not said["interval"]:
        return "One run, no interval."
    return f"Lines: what one district may see by chance (2.5 and 97.5 % points of {said['replicates']} paired runs)."


def _interval(axes: Axes, q: Mapping[str, float | None], y: float, *, colour: str) -> None:
    """A dot with its line, and the numbers at its right end."""
    low, high = (q[end] if q[end] is not None else q["mean"] for end in ("low", "high"))
    axes.plot([low, high], [y, y], color=colour, linewidth=2, solid_capstyle="butt", alpha=0.55)
    axes.plot([q["mean"]], [y], "o", color=colour, markersize=5.5)
    axes.annotate(count(q["mean"], 1), (max(high, q["mean"]), y), xytext=(5, 0), textcoords="offset points",
                  va="center", fontsize=SMALL, color=colour)  # fmt: skip
