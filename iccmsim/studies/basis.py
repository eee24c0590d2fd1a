"""What a comparison rests on, kept beside its counts: every arm as told, the map, one CHW's medicine box, the baseline
beside its targets.

A brief and all figures are made from these files and the counts alone; nothing is run again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.engine.plan import make_plan
from iccmsim.engine.simulation import without_chws
from iccmsim.parameters.files import Draft, draft_of
from iccmsim.results.shape import many, unlike
from iccmsim.studies.check import CheckReport, check
from iccmsim.studies.medicine_box import live_box, write_box

if TYPE_CHECKING:
    from iccmsim.parameters.scenario import Scenario
    from iccmsim.world.deployment import Deployment
    from iccmsim.world.geography import Places

MAP, TARGETS = "map.json", "check.json"
TARGET = {"key": str, "role": str, "value": float, "low": float | None, "high": float | None,
          "model": float | None, "inside": bool | None, "unit": str}  # fmt: skip
SHAPE = {"seeds": many(int, 1), "targets": many(TARGET, 1)}  # of check.json
CHECK_SEEDS = 3  # of the comparison's own: fitted shares are then known to a hundredth of their intervals
OF_VILLAGES = ("village_lat", "village_lon", "people", "km_nearest")
OF_FACILITIES = ("facility_lat", "facility_lon", "facility_level")
OF_POSTS = ("post", "post_village")


@dataclass(frozen=True, eq=False)
class Posts:
    """Where an arm has its CHWs: the post of each village (-1: none), and the village of each post."""

    post: np.ndarray
    post_village: np.ndarray


@dataclass(frozen=True, eq=False)
class Ground:
    """The map of a comparison: one element a village or a facility, and the posts of each arm (None: no CHWs)."""

    village_lat: np.ndarray
    village_lon: np.ndarray
    people: np.ndarray
    km_nearest: np.ndarray
    facility_lat: np.ndarray
    facility_lon: np.ndarray
    facility_level: np.ndarray
    posts: tuple[Posts | None, ...]


@dataclass(frozen=True, eq=False)
class Basis:
    """The arms in the order of the comparison, the map they share, and the targets of their setting.

    `arms` are their scenario files as read; `targets` is what `CheckReport.to_json` says of the setting with health
    facilities only and without shocks, from the first seeds of the comparison.
    """

    arms: tuple[Draft, ...]
    ground: Ground
    targets: Mapping[str, Any]


def write_basis(place: Path, arms: Sequence[Scenario], *, seeds: Sequence[int], threads: int | None = None,
                status_quo: Scenario | None = None) -> None:  # fmt: skip
    """Put into a folder what these arms rest on, values with their reasons, the box of one CHW of the first arm that
    has any, and the setting beside its targets.

    The setting is run with facilities only and without shocks, as surveys have found it.
    """
    for n, arm in enumerate(arms, start=1):
        (place / arm_file(n)).write_text(arm.to_toml(reasons=True), encoding="utf-8")
    plans = [make_plan(arm) for arm in arms]
    report: CheckReport = check(without_chws(arms[0]).quiet(), seeds=seeds[:CHECK_SEEDS], threads=threads)
    _put(place / MAP, ground_as_object(plans[0].places, [plan.deployment for plan in plans]))
    _put(place / TARGETS, report.to_json())
    with_chws = [plan.scenario for plan in plans if plan.deployment is not None and plan.deployment.n_chws]
    if with_chws:
        write_box(place, live_box(with_chws[0], status_quo=status_quo, seed=seeds[0]))


def read_basis(folder: Path, *, arms: int) -> Basis:
    """Read back what `write_basis` wrote; a ValueError names the file that is not there or cannot be read."""
    for n in range(1, arms + 1):
        _get(folder / arm_file(n))
    drafts = tuple(draft_of(str(folder / arm_file(n))) for n in range(1, arms + 1))
    ground, beside = _ground_in(_get(folder / MAP), arms=arms), _get(folder / TARGETS)
    try:
        targets = json.loads(beside)
        complete = ground is not None and not unlike(targets, SHAPE)
    except ValueError:
        complete = False
    if not complete:
        raise ValueError(f"{folder}: its {MAP} or {TARGETS} is not complete; run iccmsim compare again")
    return Basis(drafts, ground, targets)


def read_ground(folder: Path, *, arms: int) -> Ground | None:
    """The map alone; None if there is none, a ValueError if it is not whole."""
    if not (folder / MAP).is_file():
        return None
    ground = _ground_in(_get(folder / MAP), arms=arms)
    if ground is None:
        raise ValueError(f"{folder}: its {MAP} is not complete; run iccmsim compare again")
    return ground


def _ground_in(text: str, *, arms: int) -> Ground | None:
    """The map of so many arms that a text holds; None if it is not whole."""
    try:
        ground = ground_of(json.loads(text))
        return ground if len(ground.posts) == arms and _is_whole(ground) else None
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _is_whole(ground: Ground) -> bool:
    """Whether each village and facility of a map has all its numbers, and each post a village."""
    for names in (OF_VILLAGES, OF_FACILITIES):
        arrays = [getattr(ground, name) for name in names]
        if not all(each.dtype.kind in "if" and each.shape == arrays[0].shape == (len(each),) for each in arrays):
            return False
    n = len(ground.people)
    return n > 0 and all(each is None or (each.post.shape == (n,) and each.post_village.ndim == 1 and
                                          (each.post < len(each.post_village)).all() and
                                          (each.post_village < n).all()) for each in ground.posts)  # fmt: skip


def arm_file(n: int) -> str:
    """The scenario file of an arm, counted from 1: it can be given to `iccmsim compare` as it is."""
    return f"arm-{n}.toml"


def ground_as_object(places: Places, posts: Sequence[Deployment | None]) -> dict[str, Any]:
    """A map as plain numbers."""
    said = {name: getattr(places, name).tolist() for name in (*OF_VILLAGES, *OF_FACILITIES)}
    return said | {"posts": [None if each is None else {name: getattr(each, name).tolist() for name in OF_POSTS}
                             for each in posts]}  # fmt: skip


def ground_of(said: Mapping[str, Any]) -> Ground:
    """A map from plain numbers."""
    arrays = {name: np.array(said[name]) for name in (*OF_VILLAGES, *OF_FACILITIES)}
    posts = [None if each is None else Posts(*(np.array(each[name], int) for name in OF_POSTS))
             for each in said["posts"]]  # fmt: skip
    return Ground(**arrays, posts=tuple(posts))


def _put(file: Path, value: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _get(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        raise ValueError(f"{file.parent}: has no {file.name}; it was written by an earlier version or by a script: "
                         "run iccmsim compare ... --out again") from None  # fmt: skip
