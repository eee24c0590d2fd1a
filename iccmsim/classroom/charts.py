"""The live charts: deaths here and in the twin, who was saved and lost, boxes, queues, and where children are lost."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from iccmsim.classroom.history import SHELF, STEPS, cascade, expected_averted
from iccmsim.classroom.numbers import beside_lines
from iccmsim.classroom.picture import HERE, INK, LOST, SAVED, SOFT, TWIN, Canvas

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from iccmsim.classroom.game import Game

HALF_YEAR = 182.625
SHELF_LOOK = {"ORS": ("#56b4e9", "-"), "antibiotic": ("#009e73", "--"), "antimalarial": ("#d55e00", "-"),
              "test": ("#6f6f6f", ":")}  # fmt: skip
QUEUE_LOOK = {"wait_chw": (HERE, "-", "wait for a CHW"), "in_vain": ("#d55e00", "--", "in vain"),
              "wait_centre": (INK, ":", "wait at a centre")}  # fmt: skip
HALO = "#b8b8b8"  # the twin's deaths, wide and pale, so that the line on top hides nothing
NET, EXPECTED = INK, "#56b4e9"
MONTHS = "JFMAMJJASOND"
STEP_LINES = ("somebody\nwas asked", "seen by a CHW\nor centre", "given the\nright drug", "early enough\nto matter")


class Charts:
    """Five panels on one picture of so many pixels: two columns, or one where the screen is narrow."""

    def __init__(self, game: Game, width: int, *, tallest: int = 700, density: float = 1.0) -> None:
        self.game, self.narrow = game, width < 560
        rows = 5 if self.narrow else 3
        height = 5 * 210 if self.narrow else max(520, min(tallest, 760))
        self.canvas = Canvas(width, height, density=density)
        self.width, self.height = width, height
        px = self.canvas.points
        self.letter = 11.5 if self.narrow or width < 700 else 12.0 if width < 780 else 13.0  # pixels
        self.word, self.small = px(self.letter + 1.5), px(self.letter)
        boxes = self._boxes(rows)
        self.deaths, self.parted, self.shelf, self.queue, self.steps = boxes
        self.frame: tuple | None = None
        self._lay_lines()

    def _boxes(self, rows: int) -> list[Axes]:
        """Axes where they stand: left, top, width, height in pixels as shares of the picture."""
        wide, tall, above, below, left, right = self.width, self.height, 38, 26, 40, 14
        row = tall / rows
        boxes = []
        for i in range(5):
            column, line = (0, i) if self.narrow else (i % 2, i // 2)
            across = wide if self.narrow or i == 4 else wide / 2
            edge = (108 if self.narrow else 150) if i == 4 else left
            x, y = column * across + edge, tall - (line + 1) * row + below
            boxes.append(self.canvas.figure.add_axes((x / wide, y / tall, (across - edge - right) / wide,
                                                      (row - above - below) / tall)))  # fmt: skip
        return boxes

    def _lay_lines(self) -> None:
        px = self.canvas.points

        def line(axes: Axes, colour: str, style: str = "-", width: float = 2.2) -> Artist:
            return axes.plot([], [], color=colour, linestyle=style, linewidth=px(width), animated=True)[0]

        self.lines = {"deaths_twin": line(self.deaths, HALO, width=6), "deaths": line(self.deaths, HERE),
                      "expected": line(self.parted, EXPECTED, "--"), "saved": line(self.parted, SAVED, width=4.5),
                      "lost": line(self.parted, LOST, width=4.5), "net": line(self.parted, NET, width=1.8)}  # fmt: skip
        self.lines |= {name: line(self.shelf, *look) for name, look in SHELF_LOOK.items()}
        self.lines |= {name: line(self.queue, *look[:2]) for name, look in QUEUE_LOOK.items()}
        at = np.arange(len(STEPS))[::-1]
        self.bars_here = self.steps.barh(at + 0.19, np.zeros(4), height=0.36, color=HERE, animated=True)
        self.bars_twin = self.steps.barh(at - 0.19, np.zeros(4), height=0.36, color=TWIN, animated=True)
        self.shares = [self.steps.text(0, y + shift, "", va="center", fontsize=self.small, color=INK, animated=True)
                       for shift in (0.19, -0.19) for y in at]  # fmt: skip
        self.steps.set(xlim=(0, 112), ylim=(-0.6, 3.6), xticks=[], yticks=at)
        self.steps.set_yticklabels(STEP_LINES, fontsize=self.small, color=INK)

    # --- today -----------------------------------------------------------------------------------------

    def shoot(self) -> str:
        """The charts as of today."""
        told = self._numbers()
        frame = (self._last_day(), self._tops(told), len(self.game.acted))
        if frame != self.frame:
            self.frame = frame
            self._lay_frame(*frame[:2])
        for name, line in self.lines.items():
            line.set_data(np.arange(len(told[name])), told[name])
        total = self._fill_steps()
        moving = [*self.lines.values(), *self.bars_here, *self.bars_twin, *self.shares] if total else [
            *self.lines.values()]  # fmt: skip
        return self.canvas.shoot(moving)

    def _numbers(self) -> dict[str, np.ndarray]:
        """Every line of every panel, by name."""
        history = self.game.history
        told = {name: history[name] for name in ("deaths", "deaths_twin", "saved", "lost", *SHELF)}
        told["net"] = told["saved"] - told["lost"]
        told["expected"] = expected_averted(self.game)
        told |= {name: history.weekly(name) for name in ("wait_chw", "wait_centre", "in_vain")}
        return told

    def _last_day(self) -> float:
        """The right edge: whole half-years, so that it seldom moves."""
        return min(self.game.days, HALF_YEAR * (1 + int(self.game.day // HALF_YEAR)))

    def _tops(self, told: dict[str, np.ndarray]) -> tuple:
        """Round upper ends of the four panels, and how low the second goes."""

        def top(*names: str, least: float) -> float:
            return rounded(max([least, *(float(told[name].max(initial=0)) for name in names)]))

        low = -rounded(max(0.0, -float(min(told["net"].min(initial=0), told["expected"].min(initial=0)))))
        return (top("deaths", "deaths_twin", least=10), top("saved", "lost", "net", "expected", least=3), low,
                top(*SHELF, least=10), top(*QUEUE_LOOK, least=5))  # fmt: skip

    def _lay_frame(self, last: float, tops: tuple) -> None:
        """Everything that stands still until a scale moves or a lever is pulled."""
        deaths, parted, low, shelf, queue = tops
        panels = ((self.deaths, "Deaths under five since the start", 0, deaths, self._key_deaths()),
                  (self.parted, "Children saved and lost", low, parted, self._key_parted()),
                  (self.shelf, "Doses in a CHW's box, on average", 0, shelf,
                   [(name, *look) for name, look in SHELF_LOOK.items()]),
                  (self.queue, "Children who wait or come in vain", 0, queue,
                   [(words, colour, style) for colour, style, words in QUEUE_LOOK.values()]))  # fmt: skip
        for artist in [*self.canvas.figure.texts, *self.canvas.figure.artists]:
            artist.remove()
        for axes, title, bottom, top, key in panels:
            self._quiet(axes, title, key)
            axes.set(xlim=(0, last), ylim=(bottom, top * 1.02))
            axes.set_yticks([bottom, 0, top] if bottom else [0, top / 2, top])
            axes.set_yticklabels([f"{tick:g}" for tick in axes.get_yticks()], fontsize=self.small, color=SOFT)
            self._months(axes, last)
            self._marks(axes, top)
        title = "Of 100 ill children of the past year" if self.narrow else (
            "Where children are lost: of 100 ill children of the past year, so many had ...")  # fmt: skip
        self._quiet(self.steps, title, [("here", HERE, "bar"), ("twin", TWIN, "bar")])
        self.canvas.forget()

    def _key_deaths(self) -> list[tuple[str, str, str]]:
        return [("here", HERE, "-"), ("twin, without the programme", HALO, "bar")]

    def _key_parted(self) -> list[tuple[str, str, str]]:
        return [("saved", SAVED, "-"), ("lost", LOST, "-"), ("net", NET, "-"), ("expected", EXPECTED, "--")]

    def _quiet(self, axes: Axes, title: str, key: list[tuple[str, str, str]]) -> None:
        """A title, a key in words of its own colours, and no line that says nothing."""
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(length=0)
        axes.grid(axis="y" if axes is not self.steps else "x", color="#ececec", linewidth=0.7)
        axes.set_axisbelow(True)
        figure, box = self.canvas.figure, axes.get_position()
        left = (box.x0 * self.width - (32 if axes is not self.steps else 142 - 42 * self.narrow)) / self.width
        figure.text(left, box.y1 + 36 / self.height, title, fontsize=self.word, color=INK, weight="bold", va="top")
        x, y = left * self.width, box.y1 + 10 / self.height
        for words, colour, style in key:
            self._sign(x, y, colour, style)
            figure.text((x + 25) / self.width, y, words, fontsize=self.small, color=INK, va="center")
            x += 34 + self._length(words)

    def _sign(self, x: float, y: float, colour: str, style: str) -> None:
        from matplotlib.lines import Line2D

        thick = 8 if style == "bar" else 2.4
        sign = Line2D([x / self.width, (x + 20) / self.width], [y, y], color=colour,
                      linestyle="-" if style == "bar" else style, linewidth=self.canvas.points(thick),
                      transform=self.canvas.figure.transFigure, solid_capstyle="butt")  # fmt: skip
        self.canvas.figure.add_artist(sign)

    def _length(self, words: str) -> float:
        """Pixels that words take, near enough."""
        return 0.56 * self.letter * len(words)

    def _months(self, axes: Axes, last: float) -> None:
        """Years below, or months while there is only one; the rains shaded."""
        month = 30.4375
        years = int(np.ceil(last / (12 * month) - 0.25))  # less than a quarter of a year has no room for its name
        for patch in [*axes.patches]:
            patch.remove()
        for year in range(years):
            axes.axvspan((12 * year + 6) * month, (12 * year + 10) * month, color="#eef4f8", linewidth=0, zorder=0)
        if last <= 13 * month:
            names = list(MONTHS[: round(last / month)])
            at = [(i + 0.5) * month for i in range(len(names))]
        else:
            edges = [min(last, 12 * i * month) for i in range(years + 1)]
            at = [(first + then) / 2 for first, then in pairwise(edges)]
            names = [f"year {i + 1}" for i in range(years)]
        axes.set_xticks(at, names, fontsize=self.small, color=SOFT)

    def _marks(self, axes: Axes, top: float) -> None:
        """A thin line on each day on which a lever was pulled, with its number."""
        for artist in [*axes.texts, *[line for line in axes.lines if line.get_gid() == "lever"]]:
            artist.remove()
        days = [day for day, _ in self.game.acted]
        for day in sorted(set(days)):
            axes.axvline(day, color=SOFT, linewidth=self.canvas.points(1), gid="lever")
        wide, last = axes.get_position().width * self.width, axes.get_xlim()[1]
        for left, words in beside_lines([day / last * wide for day in days], wide, self._length):
            axes.text(left / wide * last, top, words, fontsize=self.small, color=SOFT, va="top")

    def _fill_steps(self) -> int:
        total, here = cascade(self.game.here)
        total_twin, twin = cascade(self.game.twin)
        for bars, texts, n, reached in ((self.bars_here, self.shares[:4], total, here),
                                        (self.bars_twin, self.shares[4:], total_twin, twin)):  # fmt: skip
            for bar, text, share in zip(bars, texts, 100 * reached / max(1, n), strict=True):
                bar.set_width(share)
                text.set_x(share + 1)
                text.set_text(f"{share:.0f}")
        return total

    def summary(self) -> str:
        """What the charts say, in words: for those who cannot see them."""
        now = {name: float(values[self.game.history.length - 1]) for name, values in self.game.history.series.items()}
        box = ", ".join(f"{now[name]:.1f} {name}" for name in SHELF)
        return (f"Day {self.game.day}: {now['deaths']:.0f} deaths here, {now['deaths_twin']:.0f} in the twin; "
                f"{now['saved']:.0f} children saved, {now['lost']:.0f} lost. Doses in a CHW's box: {box}. "
                f"Waiting overnight for a CHW: {now['wait_chw']:.0f}.")  # fmt: skip


def rounded(value: float) -> float:
    """The next number above that reads well: 1, 2, 3, 5, 10, 20, 30, 50, ... ; 0 stays 0."""
    if value <= 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(n * power for n in (1, 2, 3, 4, 5, 6, 8, 10) if n * power >= value - 1e-9))
