"""The three figures of a brief in the words of a language: saved and lost, where children are lost, the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.report.brief_facts import FATAL
from iccmsim.report.district import draw_map, map_key, shape_of
from iccmsim.report.style import FAINT, HATCHES, INK, MARKERS, SMALL, STEPS, WORDS, bare_figure, colours_of, quiet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iccmsim.report.language import Language
    from iccmsim.studies.basis import Ground

WIDTH = 7.08  # inches as printed, as the text
MAP_WIDTHS = {1: 3.3, 2: 3.3, 3: 2.7}  # by the number of programmes, which leave so much of the second page
MAP_SCALE = 0.45  # of its signs, beside those of the map that fills a page
LABELLED = 0.04  # the least share whose number has room in its bar
LIGHT_LETTERS = (4,)  # steps so dark that their numbers are white


def averted_figure(facts: Mapping[str, Any], words: Language) -> Figure:
    """Left: bars of children saved and lost. Right: deaths averted with their interval, in all and by cause."""
    arms = facts["programmes"]
    figure = bare_figure(WIDTH, 0.6 + len(arms) * max(0.42, 0.142 * (len(facts["causes"]) + 1)))
    left, right = figure.subplots(1, 2, width_ratios=(4, 6))
    colours = colours_of([arm["name"] for arm in facts["arms"]])
    _saved_and_lost(left, arms, words, colours=colours)
    _by_cause(right, facts, words, colours=colours)
    return figure


def _saved_and_lost(axes: Axes, arms: Sequence[Mapping[str, Any]], words: Language, *,
                    colours: Mapping[str, str]) -> None:  # fmt: skip
    most = max(max(arm["saved"]["mean"], arm["lost"]["mean"]) for arm in arms) or 1.0
    for i, arm in enumerate(arms):
        saved, lost = arm["saved"]["mean"], arm["lost"]["mean"]
        axes.barh(-i, saved, height=0.42, color=colours[arm["name"]])
        axes.barh(-i, -lost, height=0.42, color="white", edgecolor=colours[arm["name"]], hatch="////")
        axes.text(saved + 0.04 * most, -i, words.number(saved, 1), va="center", fontsize=SMALL, color=INK)
        axes.text(-lost - 0.04 * most, -i, words.number(lost, 1), va="center", ha="right", fontsize=SMALL, color=INK)
        axes.plot([0, 0], [-i - 0.25, -i + 0.25], color=INK, linewidth=0.9)
        _name_with_sign(axes, words.name(arm["name"]), -i + 0.27, marker=MARKERS[i], colour=colours[arm["name"]])
    for side, word in ((-1, "lost"), (1, "saved")):
        axes.text(side * 0.7 * most, 0.85, words.figure[word], ha="center", fontsize=WORDS, weight="bold", color=INK)
    axes.set_xlim(-1.7 * most, 1.7 * most)
    axes.set_ylim(-len(arms) + 0.55, 1.1)
    quiet(axes)
    axes.set_xticks([])
    axes.set_yticks([])


def _name_with_sign(axes: Axes, name: str, y: float, *, marker: str, colour: str) -> None:
    """The name of a programme above its bars, after the sign that it has in the panel on the right."""
    from matplotlib.lines import Line2D
    from matplotlib.offsetbox import AnnotationBbox, DrawingArea, HPacker, TextArea

    sign = DrawingArea(5, 6)
    sign.add_artist(Line2D([2.5], [3], marker=marker, color=colour, markersize=4.5))
    told = HPacker(children=[sign, TextArea(name, textprops={"fontsize": SMALL, "color": INK})], sep=3, pad=0,
                   align="center")  # fmt: skip
    axes.add_artist(AnnotationBbox(told, (0, y), box_alignment=(0.5, 0), frameon=False, pad=0, annotation_clip=False))


def _by_cause(axes: Axes, facts: Mapping[str, Any], words: Language, *, colours: Mapping[str, str]) -> None:
    arms, rows = facts["programmes"], ["all", *facts["causes"]]
    for r, row in enumerate(rows):
        for i, arm in enumerate(arms):
            q = arm["averted"] if row == "all" else arm["by_cause"][row]
            y, colour = -r + 0.42 - 0.84 * (i + 0.5) / len(arms), colours[arm["name"]]
            axes.plot([q["low"], q["high"]], [y, y], color=colour, linewidth=1.6, solid_capstyle="butt", alpha=0.55)
            axes.plot([q["mean"]], [y], MARKERS[i], color=colour, markersize=4.5)
            axes.annotate(words.number(q["mean"], 1), (max(q["high"], q["mean"]), y), xytext=(4, 0),
                          textcoords="offset points", va="center", fontsize=SMALL, color=INK)  # fmt: skip
    axes.margins(x=0.12)
    axes.axvline(0, color=INK, linewidth=0.9)
    axes.axhline(-0.5, color=FAINT, linewidth=0.8)
    axes.set_yticks([-r for r in range(len(rows))], [words.figure[row] for row in rows], fontsize=WORDS)
    axes.set_ylim(-len(rows) + 0.45, 0.55)
    axes.set_xlabel(words.figure["averted"], fontsize=SMALL, loc="right", color=INK)
    quiet(axes, grid="x")
    _write_ticks(axes, words)


def _write_ticks(axes: Axes, words: Language) -> None:
    """Numbers of the x axis in the marks of the language."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value, 0 if value == int(value) else 1)))


def lost_figure(facts: Mapping[str, Any], words: Language) -> Figure:
    """Of all episodes of an illness, arm by arm: where they are lost, and how many are treated so that it works."""
    from matplotlib.patches import Patch

    arms = facts["arms"]
    figure = bare_figure(WIDTH, 0.6 + 2 * (0.28 + 0.185 * len(arms)))
    panels = figure.subplots(2, 2, sharey=True)
    for axes, illness in zip(panels.flat, FATAL, strict=True):
        for i, arm in enumerate(arms):
            _bar(axes, arm["lost_on_the_way"][illness], -i, words)
        axes.set_title(words.figure[illness], fontsize=WORDS, color=INK, loc="left", weight="bold", pad=2)
        axes.set_xlim(0, 100)
        quiet(axes)
        axes.set_xticks([])
        axes.set_yticks([-i for i in range(len(arms))], [words.name(arm["name"]) for arm in arms], fontsize=SMALL)
        axes.set_ylim(-len(arms) + 0.5, 0.5)
    ends = list(words.figure["losses"])
    if any(arm["volunteers"] for arm in arms):
        ends[1] = words.figure["informal"]
    key = [Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=label, linewidth=0)
           for colour, hatch, label in zip(STEPS, HATCHES, ends, strict=True)]  # fmt: skip
    figure.legend(handles=key, loc="outside lower center", ncols=len(key), frameon=False, fontsize=SMALL,
                  labelcolor=INK, handlelength=1.4, handleheight=1.4, columnspacing=1.3, handletextpad=0.5)  # fmt: skip
    return figure


def _bar(axes: Axes, shares: Sequence[float], y: float, words: Language) -> None:
    """One arm's episodes of one illness, from lost at once to cured."""
    edges = np.concatenate([[0.0], np.cumsum(shares)]) * 100
    for s, (share, left, right) in enumerate(zip(shares, edges[:-1], edges[1:], strict=True)):
        axes.barh(y, right - left, left=left, height=0.8, color=STEPS[s], hatch=HATCHES[s], edgecolor="white",
                  linewidth=0.6)  # fmt: skip
        if share >= LABELLED:
            box = {"facecolor": STEPS[s], "edgecolor": "none", "pad": 0.8}
            axes.text((left + right) / 2, y, words.number(100 * share), ha="center", va="center", fontsize=SMALL,
                      color="white" if s in LIGHT_LETTERS else INK, bbox=box)  # fmt: skip


def map_width(programmes: int) -> float:
    """The width of the map in inches."""
    return MAP_WIDTHS[min(programmes, max(MAP_WIDTHS))]


def map_figure(ground: Ground, arm: int, words: Language) -> Figure:
    """Villages by people and distance, facilities, and the posts of one arm; its key below."""
    posts = ground.posts[arm]
    tall, wide = min(1.1, max(0.5, shape_of(ground))), map_width(len(ground.posts) - 1)
    figure = bare_figure(wide, wide * tall + 0.85)
    draw_map(figure.subplots(), ground, posts, scale=MAP_SCALE, km=words.figure["km"])
    told = {**words.figure, "count": words.number}
    key = map_key(float(ground.people.max()), with_posts=posts is not None, scale=MAP_SCALE, words=told)
    figure.legend(handles=key, loc="outside lower left", ncols=2, frameon=False, fontsize=SMALL, labelcolor=INK,
                  columnspacing=1.2, handletextpad=0.4, handlelength=1.1, labelspacing=0.35, borderpad=0.8)  # fmt: skip
    return figure
