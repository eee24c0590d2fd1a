"""The map: every household a dot in its village, CHWs with box and presence, centres, children who are sick or lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patheffects import Normal, Stroke

from iccmsim.classroom.numbers import beside_villages
from iccmsim.classroom.picture import DIED, FAINT, HERE, INK, LOST, SAVED, SEVERE, SICK, SOFT, Canvas
from iccmsim.core.records import ALIVE, BASIC_PRODUCTS, DEAD, MINUTES
from iccmsim.world.made_up import KM_PER_DEGREE
from iccmsim.world.zone import promised

if TYPE_CHECKING:
    from matplotlib.text import Text

    from iccmsim.classroom.game import Game
    from iccmsim.world.geography import Places

LAND, WATER, HOME, SERVED, HOME_EDGE = "#faf7f0", "#bfdcee", "#c4b89f", "#8fb0c4", 2.4
REACH = 2.75  # pixels: radius of a village by the root of its families
GAP = 8  # pixels between villages
FOOT = 38  # pixels under a village for its CHWs
MARGIN = 14  # pixels
MOURNED = 60  # days for which a death is shown
GOLDEN = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True)
class Clicked:
    """What a click on the map meant: a child, a CHW or a centre, by its number in the district."""

    kind: str
    number: int


class VillageMap:
    """A map of so many pixels; `shoot` draws today, `at` says what lies under a click."""

    def __init__(self, game: Game, width: int, *, tallest: int = 900, density: float = 1.0) -> None:
        self.game, self.width = game, width
        places = game.here.simulation.plan.places
        self.numbers = [run.zone.village["number"] for run in game.here.simulation.runs]
        self.scale = _scale(places, width, tallest)
        self.zoom = min(1.0, max(0.55, width / 720))
        for _ in range(8):
            height = self._spread(places)
            if height <= tallest:
                break
            self.scale, self.zoom = 0.93 * self.scale, 0.97 * self.zoom
        self.height = height
        self.canvas = Canvas(width, height, density=density)
        self.axes = self.canvas.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[], facecolor=LAND)
        for side in self.axes.spines.values():
            side.set_visible(False)
        reach = REACH * self.zoom
        self.numbered: list[Text] = []
        self.homes = [_homes(run.zone.household["village"], self.x[number], self.y[number], reach=reach)
                      for run, number in zip(game.here.simulation.runs, self.numbers, strict=True)]  # fmt: skip
        self._lay_land()
        self._lay_moving()

    def _spread(self, places: Places) -> int:
        """Say where each village is drawn and how large; the height that this takes."""
        self.radius, posts = np.zeros(places.n_villages), np.zeros(places.n_villages)
        for run, numbers in zip(self.game.here.simulation.runs, self.numbers, strict=True):
            families = np.bincount(run.zone.household["village"], minlength=len(numbers))
            self.radius[numbers] = REACH * self.zoom * np.sqrt(families)
            posts[numbers] = np.bincount(run.zone.provider["village"][1:], minlength=len(numbers))
        half = np.maximum(self.radius, 11 * self.zoom * posts)
        self.x, self.y, height = _on_screen(places, self.width, scale=self.scale, radius=self.radius, half=half,
                                            foot=FOOT * self.zoom)  # fmt: skip
        return height

    def _px(self, pixels: float) -> float:
        """A length on a map 720 pixels wide, in points; smaller maps have smaller signs."""
        return self.canvas.points(pixels * self.zoom)

    # --- what stays ------------------------------------------------------------------------------------

    def _lay_land(self) -> None:
        px = self._px
        homes = np.concatenate(self.homes)
        self.dots = self.axes.scatter(homes[:, 0], homes[:, 1], s=px(HOME_EDGE) ** 2, color=HOME, linewidths=0)
        self._lay_scale()
        self.served_by = self.posts = -1

    def _lay_scale(self) -> None:
        px = self.canvas.points
        km = 5 if 5 * self.scale > 40 else 10
        x, y = self.width - 14 - km * self.scale, self.height - 12
        self.axes.plot([x, x + km * self.scale], [y, y], color=SOFT, linewidth=px(2), solid_capstyle="butt")
        self.axes.text(x + km * self.scale / 2, y - 5, f"{km} km", ha="center", fontsize=px(11), color=SOFT)

    def _colour_homes(self) -> None:
        """Families with a CHW are bluish; drawn anew only when that changes."""
        served = np.concatenate([promised(run.zone) > 0 for run in self.game.here.simulation.runs])
        if served.sum() != self.served_by:
            self.served_by = served.sum()
            self.dots.set_facecolor(np.where(served, SERVED, HOME))
            self.canvas.forget()

    def _lay_numbers(self) -> None:
        """Each village's number where no CHW or centre covers it; moved when a post is added."""
        providers = [(z, row) for z, run in enumerate(self.game.here.simulation.runs)
                     for row in range(len(run.zone.provider))]  # fmt: skip
        if len(providers) == self.posts:
            return
        self.posts = len(providers)
        for text in [*self.numbered]:
            text.remove()
        tall, zoom = max(9, 11 * self.zoom), self.zoom
        lived_in = np.unique(np.concatenate([numbers[run.zone.household["village"]] for run, numbers in zip(
            self.game.here.simulation.runs, self.numbers, strict=True)])).tolist()  # fmt: skip
        spots = [(*self._provider_spot(z, row), row) for z, row in providers]
        taken = [(x - 11 * zoom, y - (10 if row else 11) * zoom, x + 11 * zoom, y + (15 if row else 11) * zoom)
                 for x, y, row in spots]  # fmt: skip
        sizes = [(0.66 * tall * len(f"{n + 1}"), tall) for n in lived_in]
        middles = beside_villages([(self.x[n], self.y[n], self.radius[n]) for n in lived_in], sizes, taken, self.width)
        halo = [Stroke(linewidth=self.canvas.points(3), foreground=LAND), Normal()]
        self.numbered = [self.axes.text(*middle, f"{n + 1}", ha="center", va="center", path_effects=halo,
                                        fontsize=self.canvas.points(tall), color=SOFT)
                         for n, middle in zip(lived_in, middles, strict=True)]  # fmt: skip
        self.canvas.forget()

    # --- what moves ------------------------------------------------------------------------------------

    def _lay_moving(self) -> None:
        px = self._px

        def signs(marker: str, size: float, colour: str, **look: object) -> object:
            look = {"linewidths": px(1), "edgecolors": "white", **look}
            return self.axes.scatter([], [], marker=marker, s=px(size) ** 2, color=colour, animated=True, **look)

        self.water = self.axes.axvspan(0, self.width, color=WATER, alpha=0.55, animated=True, linewidth=0)
        self.sick = signs("o", 4.6, SICK, linewidths=0)
        self.severe = signs("o", 9, SEVERE)
        self.died = signs("x", 8, DIED, linewidths=px(2), edgecolors=None)
        self.saved = signs("*", 15, SAVED)
        self.lost = signs("X", 12, LOST)
        self.ring = signs("o", 26, "none", edgecolors=INK, linewidths=px(2))
        self.closed, self.open = signs("s", 19, "white", edgecolors=INK), signs("s", 19, INK)
        self.cross = signs("P", 11, "white", linewidths=0)
        self.cross_closed = signs("P", 11, INK, linewidths=0)
        self.empty_post = signs("^", 15, "white", edgecolors="#7a7a7a", linewidths=px(1.6))
        self.away = signs("^", 15, "white", edgecolors=HERE, linewidths=px(1.6))
        self.present = signs("^", 16, HERE)
        self.box = LineCollection([], colors=FAINT, linewidths=px(4), capstyle="butt", animated=True)
        self.full = LineCollection([], colors=INK, linewidths=px(4), capstyle="butt", animated=True)
        for lines in (self.box, self.full):
            self.axes.add_collection(lines, autolim=False)
        self.moving = (self.water, self.sick, self.severe, self.died, self.saved, self.lost, self.closed, self.open,
                       self.cross, self.cross_closed, self.empty_post, self.away, self.present, self.box, self.full,
                       self.ring)  # fmt: skip

    def shoot(self, chosen: Clicked | None = None) -> str:
        """Today's map; whoever is being read about has a ring."""
        self._colour_homes()
        self._lay_numbers()
        self._place_children()
        self._place_providers()
        self.water.set_visible(self.game.here.is_flooded)
        spot = None if chosen is None else self.spot_of(chosen)
        self.ring.set_offsets(np.zeros((0, 2)) if spot is None else [spot])
        return self.canvas.shoot(self.moving)

    def _place_children(self) -> None:
        found: dict[str, list[np.ndarray]] = {name: [] for name in ("sick", "severe", "died", "saved", "lost")}
        saved, lost = self.game.parted()
        first = 0
        for z, run in enumerate(self.game.here.simulation.runs):
            child = run.zone.child.view(np.ndarray)
            home = self.homes[z][child["household"]]
            alive = child["state"] == ALIVE
            ended = (child["state"] == DEAD) & (child["end"] >= (run.day - MOURNED) * MINUTES)
            ended &= child["end"] >= run.plan.warmup * MINUTES
            mine = [numbers[(numbers >= first) & (numbers < first + len(child))] - first for numbers in (saved, lost)]
            ended[mine[1]] = False
            masks = (alive & (child["ill"] > 0) & (child["severe"] == 0), alive & (child["severe"] > 0), ended)
            for name, mask in zip(("sick", "severe", "died"), masks, strict=True):
                found[name].append(home[mask])
            found["saved"].append(home[mine[0]])
            found["lost"].append(home[mine[1]])
            first += len(child)
        for name, spots in found.items():
            getattr(self, name).set_offsets(np.concatenate(spots))

    def _place_providers(self) -> None:
        spots = {name: [] for name in ("present", "away", "empty_post", "open", "closed")}
        boxes, full = [], []
        for z, run in enumerate(self.game.here.simulation.runs):
            for row, who in enumerate(run.zone.provider.view(np.ndarray)):
                spot = self._provider_spot(z, row)
                if row == 0:
                    spots["open" if who["present"] else "closed"].append(spot)
                    continue
                at_work = who["present"] or self.game.day == 0  # before the first morning nobody has come yet
                state = "empty_post" if who["vacant_until"] >= 0 else "present" if at_work else "away"
                spots[state].append(spot)
                held = who["kit"][:BASIC_PRODUCTS] > 0
                share = float((who["stock"][:BASIC_PRODUCTS][held] > 0).mean()) if held.any() else 0.0
                x, y, long = spot[0] - 9 * self.zoom, spot[1] + 12 * self.zoom, 18 * self.zoom
                boxes.append([(x, y), (x + long, y)])
                full.append([(x, y), (x + long * share, y)])
        for name, where in spots.items():
            getattr(self, name).set_offsets(np.array(where).reshape(-1, 2))
        self.cross.set_offsets(np.array(spots["open"]).reshape(-1, 2))
        self.cross_closed.set_offsets(np.array(spots["closed"]).reshape(-1, 2))
        self.box.set_segments(boxes)
        self.full.set_segments(full)

    # --- what lies where -------------------------------------------------------------------------------

    def _provider_spot(self, z: int, row: int) -> tuple[float, float]:
        """Centres and CHWs stand beside their village; several in one village side by side."""
        run = self.game.here.simulation.runs[z]
        if row == 0:
            places = run.plan.places
            centre = places.zone_facility[run.number]
            east, north = (np.subtract(a, b) for a, b in zip(
                _plane(places, places.village_lon, places.village_lat),
                _plane(places, places.facility_lon[centre], places.facility_lat[centre]), strict=True))  # fmt: skip
            beside = int(np.hypot(east, north).argmin())
            return float(self.x[beside]), float(self.y[beside])
        village = run.zone.provider["village"]
        here = np.flatnonzero(village[1:] == village[row]) + 1
        number = self.numbers[z][village[row]]
        shift = 22 * self.zoom * (int(np.searchsorted(here, row)) - (len(here) - 1) / 2)
        return float(self.x[number] + shift), float(self.y[number] + self.radius[number] + 9 * self.zoom)

    def spot_of(self, thing: Clicked) -> tuple[float, float]:
        """Where a child, a CHW or a centre is on the map, in pixels."""
        model = self.game.here
        if thing.kind == "child":
            child = model.children[thing.number]
            return tuple(self.homes[child.zone_index][child.household].tolist())
        window = (model.chws if thing.kind == "chw" else model.facilities)[thing.number]
        return self._provider_spot(window.zone_index, window.row)

    def at(self, x: float, y: float) -> Clicked | None:
        """What was meant by a click: a provider within reach, else the child with most to tell nearby, else nothing."""
        near = [(np.hypot(*(np.subtract(self.spot_of(each), (x, y)))), each) for each in self._providers()]
        nearest = min(near, key=lambda pair: pair[0])
        if nearest[0] < 13:
            return nearest[1]
        best: tuple[float, int] | None = None
        first = 0
        saved, lost = self.game.parted()
        told = np.concatenate([saved, lost])
        for z, run in enumerate(self.game.here.simulation.runs):
            child = run.zone.child.view(np.ndarray)
            rank = 3 * (child["state"] == ALIVE) + 6 * (child["ill"] > 0) + 3 * (child["severe"] > 0)
            rank += 9 * ((child["state"] == DEAD) & (child["end"] >= max(run.plan.warmup, run.day - MOURNED) * MINUTES))
            mine = told[(told >= first) & (told < first + len(child))] - first
            rank[mine] += 15
            spots = self.homes[z][child["household"]]
            far = np.hypot(spots[:, 0] - x, spots[:, 1] - y)
            far = np.where(rank > 0, far - rank / 3, np.inf)
            row = int(far.argmin())
            if best is None or far[row] < best[0]:
                best = (float(far[row]), first + row)
            first += len(child)
        return Clicked("child", best[1]) if best is not None and best[0] < 12 else None

    def _providers(self) -> list[Clicked]:
        model = self.game.here
        return [Clicked("centre", i) for i in range(len(model.facilities))] + [
            Clicked("chw", i) for i in range(len(model.chws))]  # fmt: skip


def _plane(places: Places, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kilometres east and north; good to a percent within a district."""
    return lon * KM_PER_DEGREE * np.cos(np.radians(places.village_lat.mean())), lat * KM_PER_DEGREE


def _scale(places: Places, width: int, tallest: int) -> float:
    """Pixels a kilometre, so that the district fits into so much room."""
    east, north = _plane(places, places.village_lon, places.village_lat)
    room = width - 2 * MARGIN - 0.06 * width, tallest - 2 * MARGIN - 0.2 * tallest
    return min(room[0] / max(1.0, float(np.ptp(east))), room[1] / max(1.0, float(np.ptp(north))))


def _on_screen(places: Places, width: int, *, scale: float, radius: np.ndarray, half: np.ndarray,
               foot: float) -> tuple[np.ndarray, np.ndarray, int]:  # fmt: skip
    """Pixels of the middle of each village from the upper left corner, and the height of the map.

    Villages are drawn larger than life, so those that would cover each other are moved apart.
    """
    east, north = _plane(places, places.village_lon, places.village_lat)
    x, y = (east - east.min()) * scale, (north.max() - north) * scale
    x = x + (width - np.ptp(x)) / 2
    low, high = MARGIN + half, width - MARGIN - half
    for _ in range(200):
        dx, dy = x[:, None] - x[None], y[:, None] - y[None] + 1e-3
        far = np.hypot(dx, dy) + np.eye(len(x))
        under = foot * np.abs(dy) / far  # whoever is above needs room for its CHWs, whoever is below for its number
        overlap = np.maximum(0, radius[:, None] + radius[None] + GAP + 0.9 * under - far)
        np.fill_diagonal(overlap, 0)
        if not overlap.any():
            break
        x = np.clip(x + 0.45 * (overlap * dx / far).sum(axis=1), low, high)
        y = y + 0.45 * (overlap * dy / far).sum(axis=1)
    y = y - (y - radius).min() + MARGIN + 12
    return x, y, int((y + radius).max() + foot) + MARGIN


def _homes(village: np.ndarray, x: np.ndarray, y: np.ndarray, *, reach: float) -> np.ndarray:
    """A place for each household: turn by turn around the middle of its village."""
    order = np.argsort(village, kind="stable")
    first = np.searchsorted(village[order], village[order])
    place = np.empty(len(village))
    place[order] = np.arange(len(village)) - first
    far, turn = reach * np.sqrt(place + 0.5), place * GOLDEN
    return np.column_stack([x[village] + far * np.cos(turn), y[village] + far * np.sin(turn)])
