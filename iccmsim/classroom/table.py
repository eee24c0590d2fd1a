"""What one browser window plays with: a game, its pictures at the window's own size, and the hand on the clock."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

from iccmsim.classroom.charts import Charts
from iccmsim.classroom.game import Game
from iccmsim.classroom.history import expected_averted
from iccmsim.classroom.lessons import lesson_of
from iccmsim.classroom.stories import Story, story_of
from iccmsim.classroom.village_map import Clicked, VillageMap

SPEEDS = {"slow": 2.0, "steady": 10.0, "fast": 40.0}  # simulated days a second
FRAME = 0.22  # seconds between pictures, at best
PATIENCE = 2.0  # seconds for which a slow screen is waited for
STORY_EVERY = 1.0  # seconds between two readings of one story while the clock runs


class Table:
    """One game with its two pictures. The clock's thread and the page's clicks take turns (`lock`)."""

    def __init__(self, lesson: str, *, seed: int | None = None,
                 rooms: dict[str, dict[str, float]] | None = None) -> None:  # fmt: skip
        gc.collect()  # games that are over: a model and its agents know each other, and hold some 100 MB
        self.game = Game(lesson_of(lesson), seed=seed)
        self.lock = threading.RLock()
        self.map: VillageMap | None = None
        self.charts: Charts | None = None
        self.pictures = {"map": "", "charts": ""}
        self.chosen: Clicked | None = None
        self.story: Story | None = None
        self.clicks = 0  # on the map, so far
        self.averted = 0.0  # expected deaths averted so far
        self.frame = 0
        self.seen = -1
        self._told = 0.0
        self.rooms = {} if rooms is None else rooms  # what room there is for each picture, kept when a lesson ends
        for picture, fit in (("map", self.fit_map), ("charts", self.fit_charts)):
            if picture in self.rooms:
                fit(self.rooms[picture])

    # --- pictures --------------------------------------------------------------------------------------

    def fit_map(self, told: dict[str, float]) -> None:
        """Draw the map for a window of another size."""
        with self.lock:
            self.rooms["map"] = told
            narrow = told["wide"] <= 820
            tallest = int(1.4 * told["width"] if narrow else min(900, max(440, told["tall"] - 412)))
            self.map = VillageMap(self.game, int(told["width"]), tallest=tallest, density=told["density"])
            self.draw()

    def fit_charts(self, told: dict[str, float]) -> None:
        """Draw the charts for a window of another size."""
        with self.lock:
            self.rooms["charts"] = told
            tallest = int(max(520, told["tall"] - 352))
            self.charts = Charts(self.game, int(told["width"]), tallest=tallest, density=told["density"])
            self.draw()

    def draw(self) -> None:
        """Pictures and story as of today."""
        with self.lock:
            if self.map is not None:
                self.pictures["map"] = self.map.shoot(self.chosen)
            if self.charts is not None:
                self.pictures["charts"] = self.charts.shoot()
            self.averted = float(expected_averted(self.game)[-1]) if self.game.day else 0.0
            if self.chosen is not None and time.monotonic() - self._told > STORY_EVERY:
                self._tell()
            self.frame += 1

    def _tell(self) -> None:
        self.story = story_of(self.game, self.chosen)
        self._told = time.monotonic()

    # --- hands -----------------------------------------------------------------------------------------

    def point(self, told: dict[str, float]) -> None:
        """A click on the map, in shares of its width and height; on nothing, the story is put away."""
        with self.lock:
            if self.map is None:
                return
            self.chosen = self.map.at(told["x"] * self.map.width, told["y"] * self.map.height)
            self.story = None
            self.clicks += 1
            if self.chosen is not None:
                self._tell()
            self.draw()

    def pull(self, lever: Callable[[], None]) -> None:
        """Do something to the district, now, and show it; a click that comes after the last day does nothing."""
        with self.lock:
            if not self.game.is_over:
                lever()
            self.draw()

    def advance(self, days: int) -> None:
        """Let days pass and show where that leads."""
        with self.lock:
            self.game.play(days)
            self.draw()

    def run(self, goes_on: Callable[[], bool], *, speed: Callable[[], float], shown: Callable[[], None]) -> None:
        """The clock: so many days a second, a picture every few of them, never ahead of the screen."""
        debt, last = 0.0, time.monotonic()
        while goes_on() and not self.game.is_over:
            now = time.monotonic()
            debt = min(debt + speed() * (now - last), 3.0 * max(1.0, speed() * FRAME))
            last = now
            if debt >= 1.0:
                days = int(debt)
                debt -= days
                self.advance(days)
                shown()
            while goes_on() and self.seen < self.frame - 1 and time.monotonic() - now < PATIENCE:
                time.sleep(0.01)
            time.sleep(max(0.01, FRAME - (time.monotonic() - now)))
