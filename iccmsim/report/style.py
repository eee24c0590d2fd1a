"""How every figure looks: one size of words, colours that colour-blind readers can tell apart, a source line."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iccmsim.report.terminal import in_a_row

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COMPARATOR = "#6f6f6f"
ARMS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")  # Okabe and Ito
MARKERS = ("o", "s", "D", "^", "v")  # with the colours, for readers without them
STEPS = ("#ececec", "#c4c4c4", "#f0cf8e", "#d98032", "#0072b2")  # from lost at once to cured
HATCHES = ("", "////", "", "....", "")  # of the steps, in black and white
INK, FAINT, SHADE = "#222222", "#d0d0d0", "#f3c9a5"
TITLE, WORDS, SMALL = 12, 9, 8  # points
DOTS = 160  # an inch
EDGE = 0.12  # of the page, inches


def new_figure(width: float, height: float, *, title: str, subtitle: str, source: str,
               key: Sequence[Artist] = ()) -> Figure:  # fmt: skip
    """A page with its title, what is shown, its key, and where it comes from.

    `height` is of the panels alone; title and source are added to it (inches).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    below, foot = textwrap.fill(subtitle, int(width * 13)), textwrap.fill(source, int(width * 14))
    longest = max((len(each.get_label()) for each in key), default=0)
    columns = max(1, min(4, int(width / (0.55 + 0.085 * longest))))  # inches of a sign and of a letter
    rows = -(-len(key) // columns)
    head = 0.5 + 0.18 * (1 + below.count("\n"))
    top, bottom = head + 0.22 * rows + 0.06, 0.2 + 0.15 * (1 + foot.count("\n"))
    tall = height + top + bottom
    figure = Figure(figsize=(width, tall), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    figure.text(EDGE / width, 1 - 0.1 / tall, title, fontsize=TITLE, weight="bold", color=INK, va="top")
    figure.text(EDGE / width, 1 - 0.39 / tall, below, fontsize=WORDS, color=INK, va="top", linespacing=1.3)
    figure.text(EDGE / width, 0.08 / tall, foot, fontsize=SMALL, color=COMPARATOR, va="bottom", linespacing=1.2)
    if key:
        figure.legend(handles=key, loc="upper left", bbox_to_anchor=(EDGE / width, 1 - head / tall), ncols=columns,
                      frameon=False, fontsize=WORDS, labelcolor=INK, columnspacing=1.8, handletextpad=0.5,
                      borderpad=0, borderaxespad=0, handlelength=1.1).set_in_layout(False)  # fmt: skip
    figure.get_layout_engine().set(rect=(0.01, bottom / tall, 0.98, height / tall))
    return figure


def bare_figure(width: float, height: float) -> Figure:
    """A figure without words of its own, for a page that has them (inches, as printed)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.05)
    return figure


def svg_of(figure: Figure) -> str:
    """A figure as SVG, letters as outlines; the same figure gives the same text at any time and place."""
    import io

    import matplotlib as mpl

    page = io.StringIO()
    unsaid = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "iccmsim"}):
        figure.savefig(page, format="svg", metadata=unsaid)
    return page.getvalue()


def quiet(axes: Axes, *, grid: str = "") -> None:
    """Take away all lines that say nothing."""
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelsize=SMALL, colors=INK)
    if grid:
        axes.grid(axis=grid, color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)


def colours_of(names: list[str]) -> dict[str, str]:
    """A colour an arm, the comparator grey."""
    return {name: COMPARATOR if i == 0 else ARMS[(i - 1) % len(ARMS)] for i, name in enumerate(names)}


def arm_key(colours: Mapping[str, str]) -> list[Artist]:
    """The arms in their colours."""
    from matplotlib.lines import Line2D

    look = {"linewidth": 6, "solid_capstyle": "butt"}
    return [Line2D([], [], color=colour, label=name, **look) for name, colour in colours.items()]


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG of the page as it is."""
    figure.savefig(path, dpi=DOTS, metadata={"Software": "iccmsim"})
    return path


def source_line(said: dict[str, Any], *, extra: str = "") -> str:
    """Scenario, seeds and version."""
    from iccmsim import __version__

    seeds = said["seeds"]
    shown = f"seeds {seeds[0]}-{seeds[-1]}" if in_a_row(seeds) else (
        "seeds " * (len(seeds) > 1) + "seed " * (len(seeds) == 1) + ", ".join(map(str, seeds[:12])))  # fmt: skip
    names = ", ".join(arm["name"] for arm in said["arms"])
    return f"iccmsim {__version__}; {names}; {shown}{extra}."
