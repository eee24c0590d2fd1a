"""Figures of a place: its map, and a year of one CHW's stock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.core.records import MONTH, PRODUCTS, YEAR
from iccmsim.report.style import ARMS, COMPARATOR, FAINT, INK, SHADE, SMALL, WORDS, new_figure, quiet
from iccmsim.report.terminal import PRODUCT_NAMES, count, several
from iccmsim.studies.medicine_box import held
from iccmsim.world.geography import FAR_KM, OUTLIER_KM

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iccmsim.studies.basis import Ground, Posts
    from iccmsim.studies.medicine_box import Box

BANDS = ((5.0, "near", "#b9d9eb"), (10.0, "middle", "#e39b3b"), (np.inf, "far", "#9c2f12"))  # darker is farther
POST = ARMS[2]
CENTRE, HOSPITAL = 34, 130  # square points of their signs
Words = Mapping[str, Any]
ENGLISH: Words = {"near": "under 5 km", "middle": "5 to 10 km", "far": "10 km or more", "people": "{} people",
                  "facility": "first-level facility", "hospital": "referral facility", "post": "CHW post",
                  "served": "village it serves", "count": count}  # fmt: skip
KM_PER_DEGREE = 111.195
MONTHS = "JFMAMJJASOND"


def stock_figure(box: Box) -> Figure:
    """Doses as a panel a product, days without one shaded, days on which nobody holds the post grey and not counted."""
    from iccmsim import __version__

    doses, in_post, first = box.doses, box.in_post, box.first
    mine = held(doses)
    out = ((doses[:, mine] == 0).any(axis=1) & in_post).sum()
    days, held_on = len(doses), int(in_post.sum())
    counted = f"{days} days" if held_on == days else f"{several(held_on, 'day')} in post"
    empty = "" if held_on == days else f" Grey: nobody in post, on {several(days - held_on, 'day')}."
    is_year = abs(days - YEAR) < 2
    year = f"year {1 + first // int(YEAR)} of the programme"
    when = year if is_year else f"days {first} to {first + days - 1} after launch"
    figure = new_figure(
        8.2, 5.6, title=f"{'A year' if is_year else f'{days} days'} of one community health worker's medicine box",
        subtitle=f"Doses at midnight, CHW {box.chw} of zone {box.zone}, {when}. Shaded: days without a dose.{empty} "
                 f"On {out} of {counted} at least one of the {len(mine)} products is out.",
        source=f"iccmsim {__version__}; {box.scenario}; seed {box.seed}. The CHW with the middle share of such days "
               "in its zone.",
    )  # fmt: skip
    panels = figure.subplots(len(mine), 1, sharex=True)
    for axes, j in zip(panels, mine, strict=True):
        _one_product(axes, doses[:, j], in_post, name=PRODUCT_NAMES[PRODUCTS[j]])
    mid = [MONTH * (m + 0.5) for m in range(12) if MONTH * (m + 0.5) < len(doses)]
    panels[-1].set_xticks(mid, list(MONTHS[: len(mid)]), fontsize=SMALL)
    panels[-1].set_xlim(0, len(doses))
    return figure


def _one_product(axes: Axes, doses: np.ndarray, in_post: np.ndarray, *, name: str) -> None:
    days = np.arange(len(doses) + 1)
    for where, colour in ((in_post & (doses == 0), SHADE), (~in_post, FAINT)):
        for first, last in spells(where):
            axes.axvspan(first, last, color=colour, linewidth=0)
    axes.stairs(np.where(in_post, doses, np.nan), days, baseline=None, color=ARMS[0], linewidth=1.1)
    top = max(4, int(doses.max()))
    axes.set_ylim(0, top * 1.12)
    axes.set_yticks([0, top])
    quiet(axes, grid="y")
    out = int(((doses == 0) & in_post).sum())
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=WORDS, color=INK, labelpad=10)
    axes.text(1.01, 0.5, f"out on\n{out} day{'s' * (out != 1)}", transform=axes.transAxes, va="center",
              fontsize=SMALL, color=INK if out else COMPARATOR)  # fmt: skip


def spells(out: np.ndarray) -> list[tuple[int, int]]:
    """Runs of days on which something holds: (first day, the day after the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], out, [False]]).astype(int)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def map_figure(ground: Ground, arm: Mapping[str, Any], posts: Posts | None) -> Figure:
    """Villages by people and distance, facilities, and where the norm puts CHWs; `arm` as a comparison tells it."""
    from iccmsim import __version__

    setting, people = arm["setting"], ground.people
    tall, beyond = min(1.25, max(0.5, shape_of(ground))), off_the_map(ground)
    far = 100 * people[ground.km_nearest >= FAR_KM].sum() / people.sum()
    staff = f"{several(setting['chws'], 'CHW')} in {several(setting['posts'], 'post')}" if posts else "no CHWs"
    figure = new_figure(
        8.0, 7.4 * tall + 0.9, title=f"People, facilities and CHW posts: {setting['place']}",
        subtitle=f"{count(people.sum())} people in {several(len(people), 'village')}, "
                 f"{several(setting['zones'], 'zone')}. {far:.0f} % of people live 5 km or "
                 f"more from a facility. By the norm: {staff}."
                 + (f" Not shown, as too far off: {several(beyond, 'place')} of the lists." if beyond else ""),
        source=f"iccmsim {__version__}; {arm['name']}. Area of a circle: people. Colour: straight-line distance to "
               "the nearest facility.", key=map_key(float(people.max()), with_posts=posts is not None),
    )  # fmt: skip
    draw_map(figure.subplots(), ground, posts)
    return figure


def draw_map(axes: Axes, places: Ground, posts: Posts | None, *, scale: float = 1.0,
             km: str = "{} km") -> None:  # fmt: skip
    """Villages, posts and facilities; `scale` is of all signs, `km` how the bar of distance is labelled."""
    x, y = on_paper(places, places.village_lon, places.village_lat)
    _villages(axes, places, x, y, scale=scale)
    if posts is not None and len(posts.post_village):
        _posts(axes, posts, x, y, scale=scale)
    _facilities(axes, places, scale=scale)
    _finish_map(axes, places, km=km)


def sheet_of(places: Ground) -> tuple[np.ndarray, np.ndarray, int]:
    """What a map must hold, km east and north, and how many places lie so far off that their coordinates are wrong.

    Villages beyond OUTLIER_KM of every facility are left off, unless most people live there, and so are facilities
    that far from every other village.
    """
    x, y = on_paper(places, places.village_lon, places.village_lat)
    fx, fy = on_paper(places, places.facility_lon, places.facility_lat)
    here = places.km_nearest <= OUTLIER_KM
    if 2 * places.people[here].sum() <= places.people.sum():
        here = np.ones(len(x), bool)
    near = np.array([np.hypot(x[here] - a, y[here] - b).min() <= OUTLIER_KM for a, b in zip(fx, fy, strict=True)], bool)
    off = int((~here).sum() + (~near).sum())
    return np.concatenate([x[here], fx[near]]), np.concatenate([y[here], fy[near]]), off


def shape_of(places: Ground) -> float:
    """How tall a map is for its width."""
    x, y, _ = sheet_of(places)
    return float(np.ptp(y) / max(np.ptp(x), 1e-9))


def off_the_map(places: Ground) -> int:
    """How many villages and facilities lie too far off to be shown."""
    return sheet_of(places)[2]


def on_paper(places: Ground, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kilometres east and north of the district's middle; good to a percent within a district."""
    mid_lat, mid_lon = places.village_lat.mean(), places.village_lon.mean()
    return (lon - mid_lon) * KM_PER_DEGREE * np.cos(np.radians(mid_lat)), (lat - mid_lat) * KM_PER_DEGREE


def area(people: Any, largest: float) -> Any:
    """Area of a circle in square points."""
    return 14 + 420 * np.asarray(people) / largest


def _villages(axes: Axes, places: Ground, x: np.ndarray, y: np.ndarray, *, scale: float) -> None:
    band = np.digitize(places.km_nearest, [limit for limit, _, _ in BANDS[:-1]])
    order = np.argsort(-places.people, kind="stable")
    colours = np.array([colour for _, _, colour in BANDS])[band]
    sizes = scale * area(places.people[order], float(places.people.max()))
    axes.scatter(x[order], y[order], s=sizes, c=colours[order], edgecolors="white", linewidths=0.6, zorder=2)


def _posts(axes: Axes, posts: Posts, x: np.ndarray, y: np.ndarray, *, scale: float) -> None:
    for village in np.flatnonzero(posts.post >= 0):
        seat = posts.post_village[posts.post[village]]
        axes.plot(x[[village, seat]], y[[village, seat]], color=POST, linewidth=0.8, zorder=1)
    axes.scatter(x[posts.post_village], y[posts.post_village], s=20 * max(scale, 0.7), marker="^", color=POST,
                 edgecolors="white", linewidths=0.6, zorder=4)  # fmt: skip


def _facilities(axes: Axes, places: Ground, *, scale: float) -> None:
    """Squares on top: a hospital often stands beside a health centre, and its cross is the larger sign."""
    fx, fy = on_paper(places, places.facility_lon, places.facility_lat)
    for level, size, marker in ((1, CENTRE, "s"), (2, HOSPITAL, "P")):
        mine = places.facility_level == level
        axes.scatter(fx[mine], fy[mine], s=size * max(scale, 0.7), marker=marker, color=INK, edgecolors="white",
                     linewidths=0.8, zorder=7 - level)  # fmt: skip


def _finish_map(axes: Axes, places: Ground, *, km: str) -> None:
    x, y, _ = sheet_of(places)
    axes.set_aspect("equal")
    quiet(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    width = float(np.ptp(x)) or 1.0
    step = next((km for km in (50, 20, 10, 5, 2, 1) if km <= 0.3 * width), 1)
    left, low = float(x.min()), float(y.min()) - 0.07 * width
    axes.plot([left, left + step], [low, low], color=INK, linewidth=2, solid_capstyle="butt")
    axes.text(left + step / 2, low - 0.012 * width, km.format(step), ha="center", va="top", fontsize=SMALL, color=INK)
    axes.set_xlim(left - 0.06 * width, float(x.max()) + 0.06 * width)
    axes.set_ylim(low - 0.06 * width, float(y.max()) + 0.06 * width)


def map_key(largest: float, *, with_posts: bool, scale: float = 1.0, words: Words | None = None) -> list[Artist]:
    """What the signs of the map mean; `words` are those of another language."""
    from matplotlib.lines import Line2D

    def mark(label: str, marker: str, colour: str, square_points: float) -> Line2D:
        return Line2D([], [], linestyle="none", marker=marker, color=colour, markersize=square_points**0.5,
                      markeredgecolor="white", markeredgewidth=0.6, label=label)  # fmt: skip

    told = ENGLISH if words is None else words
    round_numbers = [n * 10**power for power in range(8, -1, -1) for n in (5, 2, 1)]
    people = next(n for n in round_numbers if n <= max(1, largest / 4))
    handles = [mark(told["people"].format(told["count"](people)), "o", FAINT, scale * float(area(people, largest)))]
    handles += [mark(told[band], "o", colour, 60 * max(scale, 0.6)) for _, band, colour in BANDS]
    handles += [mark(told["facility"], "s", INK, CENTRE),
                mark(told["hospital"], "P", INK, HOSPITAL * max(scale, 0.7))]  # fmt: skip
    if with_posts:
        handles.append(mark(told["post"], "^", POST, 40))
        handles.append(Line2D([], [], color=POST, linewidth=0.8, label=told["served"]))
    return handles
