"""A year of one CHW's medicine box: lived once, kept beside a comparison, and drawn from there without a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from iccmsim.core.records import BASIC_PRODUCTS, PRODUCTS
from iccmsim.engine.plan import make_plan, zone_maps
from iccmsim.engine.simulation import ZoneRun, arms_of_zone, without_chws
from iccmsim.results.shape import many, refuse_unlike

if TYPE_CHECKING:
    from iccmsim.parameters.scenario import Scenario

STOCK = "stock.json"
SHAPE = {"scenario": str, "seed": int, "zone": int, "chw": int, "first_day": int, "in_post": many(bool, 1),
         "doses": {name: many(int, 1) for name in PRODUCTS}}  # fmt: skip
SECOND_YEAR = (366, 731)  # days after launch: the first year still has the stock that the programme began with


@dataclass(frozen=True, eq=False)
class Box:
    """What one CHW holds at midnight, day by day from the `first` day after launch.

    doses: day x product; in_post: on which days somebody holds the post.
    """

    scenario: str
    seed: int
    zone: int
    chw: int
    first: int
    doses: np.ndarray
    in_post: np.ndarray


def live_box(scenario: Scenario, *, status_quo: Scenario | None, seed: int) -> Box:
    """The box of a typical CHW on each day of the second year, or on all days if that is not lived."""
    run, in_post = zone_with_chws(scenario, status_quo=status_quo, seed=seed)
    launch, first, last = (run.plan.warmup + day for day in (0, *SECOND_YEAR))
    if run.day - first < 30:
        first = launch
    days = slice(first, min(last, run.day))
    doses, held_on = run.zone.stock_by_day[days], in_post[first - launch : days.stop - launch]
    row = typical_chw(doses, held_on)
    return Box(scenario.name, seed, run.number, row, first - launch, doses[:, row], held_on[:, row])


def zone_with_chws(scenario: Scenario, *, status_quo: Scenario | None, seed: int) -> tuple[ZoneRun, np.ndarray]:
    """The zone with most CHWs, run to the end of its second year with tables, and on which nights since launch each
    post was held (day x provider; a centre always is)."""
    plan = make_plan(scenario)
    before = make_plan(status_quo or without_chws(scenario), places=plan.places)
    chws = np.bincount(plan.deployment.post_zone, weights=plan.deployment.post_chws, minlength=plan.places.n_zones)
    zone = zone_maps(plan.places)[int(chws.argmax())]
    until = min(plan.days, plan.warmup + SECOND_YEAR[1])
    run = next(arms_of_zone(zone, [plan], status_quo=before, seed=seed, tables=True, until=plan.warmup))
    in_post = []
    for day in range(plan.warmup, until):
        run.run_to(day + 1)
        in_post.append(run.zone.provider["vacant_until"] < 0)
    return run, np.array(in_post)


def typical_chw(doses: np.ndarray, in_post: np.ndarray) -> int:
    """The CHW in the middle of the zone's by the share of the days in post on which a product is out.

    doses: day x provider x product; in_post: day x provider. Only posts that are held on half of the days or more
    count, if there are any.
    """
    nights = in_post[:, 1:].sum(axis=0)
    out = ((doses[:, 1:, held(doses)] == 0).any(axis=2) & in_post[:, 1:]).sum(axis=0) / np.maximum(nights, 1)
    mostly = np.flatnonzero(2 * nights >= min(len(doses), 2 * nights.max()))
    return 1 + int(mostly[np.argsort(out[mostly], kind="stable")[(len(mostly) - 1) // 2]])


def held(doses: np.ndarray) -> list[int]:
    """Products of the usual box, and those beyond it of which there ever was a dose (product is the last axis)."""
    return [j for j in range(doses.shape[-1]) if j < BASIC_PRODUCTS or doses[..., j].any()]


def write_box(place: Path, box: Box) -> None:
    """Put a box into a folder, as plain numbers."""
    said = {"scenario": box.scenario, "seed": int(box.seed), "zone": int(box.zone), "chw": int(box.chw),
            "first_day": int(box.first), "in_post": box.in_post.tolist(),
            "doses": {name: box.doses[:, j].tolist() for j, name in enumerate(PRODUCTS)}}  # fmt: skip
    (place / STOCK).write_text(json.dumps(said, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_box(folder: Path) -> Box | None:
    """Read back what `write_box` wrote; None if there is none, a ValueError says what is wrong with it."""
    file = folder / STOCK
    if not file.is_file():
        return None
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ValueError(f"{folder}: its {STOCK} cannot be read; run iccmsim compare again") from None
    refuse_unlike(file, said, SHAPE)
    days = len(said["in_post"])
    uneven = next((name for name in PRODUCTS if len(said["doses"][name]) != days), None)
    if uneven:
        raise ValueError(f"{folder}: its {STOCK} has {len(said['doses'][uneven])} days of {uneven}, and in_post has "
                         f"{days}; run iccmsim compare again")  # fmt: skip
    doses = np.array([said["doses"][name] for name in PRODUCTS]).T
    return Box(said["scenario"], said["seed"], said["zone"], said["chw"], said["first_day"], doses,
               np.array(said["in_post"]))  # fmt: skip
