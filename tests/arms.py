"""Arms of a small district that differ in one lever, and the paired difference between them."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
from small import NEAR, lived, only_if_compiled, tiny

from iccmsim.core.records import AT_CHW, AT_FACILITY, FOUND_CLOSED, LOOKED, REFERRED, TURNED_AWAY
from iccmsim.engine.simulation import Simulation

SEEDS = range(1, 7)
SMALLEST = 3.0  # standard errors
WORLD = {**NEAR, "place.people": 6000, "place.villages_per_zone": 8, "chw.catch": 800, "run.days": 540,
         "seek.chw_shift": 2.0}  # fmt: skip
NEW_BOOKS = {"monthly.unpaid", "provider.unpaid", "provider.in_arrears", "monthly.campaign_days", "monthly.aid_days",
             "provider.job_aid", "monthly.fees", "monthly.targeted", "provider.reported_cases",
             "provider.reported_out_days", "provider.cases_before", "provider.out_days_before"}  # fmt: skip


def district(more: dict | None = None, *, seed: int = 1, programme: str = "iccm-as-delivered") -> Simulation:
    """The small district, lived to the end under some changed levers."""
    only_if_compiled()
    return lived({**WORLD, **(more or {})}, seed=seed, programme=programme)


def dated(changes: tuple, more: dict | None = None, *, seed: int = 1) -> Simulation:
    """The same with levers that change on a day after launch."""
    only_if_compiled()
    scenario = replace(tiny(more={**WORLD, **(more or {})}), changes=changes)
    return Simulation(scenario, seed=seed, threads=1).run()


def by_month(simulation: Simulation, column: str) -> np.ndarray:
    """A column of the CHWs' books, summed over CHWs, from the month of launch."""
    run = simulation.runs[0]
    return run.zone.monthly[column][1:, launch_month(simulation) :].sum(axis=0).astype(float)


def launch_month(simulation: Simulation) -> int:
    """The place of the month of launch in the books."""
    plan = simulation.plan
    return int(plan.record(plan.warmup)[0]["month_offset"])


def visits(simulation: Simulation, provider: int | None = None) -> np.ndarray:
    """The visits since launch in which somebody was seen (by one kind of provider)."""
    zone = simulation.runs[0].zone
    visit = zone.visit[: zone.n[1]]
    seen = visit["marks"] & (FOUND_CLOSED | TURNED_AWAY) == 0
    visit = visit[seen & (visit["minute"] >= simulation.plan.warmup * 1440)]
    return visit if provider is None else visit[visit["provider"] == provider]


@cache
def measures(changed: tuple, seed: int) -> dict[str, float]:
    """What a lever of staff, money or oversight may move."""
    simulation = district(dict(changed), seed=seed)
    zone = simulation.runs[0].zone
    at_chw, at_facility = visits(simulation, AT_CHW), visits(simulation, AT_FACILITY)
    in_post = max(1.0, by_month(simulation, "days_in_post").sum())
    out = {name: by_month(simulation, name).sum() for name in
           ("departures", "fees", "unpaid", "supervised", "targeted", "received", "aid_days")}  # fmt: skip
    for name in ("days_present", "motivation", "skill"):
        out[name] = by_month(simulation, name).sum() / in_post
    gone = at_facility["by_referral"] > 0
    return out | {
        "in_post": in_post, "at_chw": float(len(at_chw)), "at_facility": float(len(at_facility)),
        "looked": float((at_chw["marks"] & LOOKED != 0).mean()) if len(at_chw) else 0.0,
        "share_gone": float(gone.sum() / max(1, (at_chw["marks"] & REFERRED != 0).sum())),
        "out": by_month(simulation, "any_out_days").sum() / in_post,
        "perceived": float(zone.course["perceived"].sum()),
        "seen": float((zone.course["first_formal"] >= 0).sum()),
    }  # fmt: skip


def shift(shared: dict, first: dict, second: dict, column: str) -> tuple[float, float]:
    """Mean difference from the first to the second arm on the same people, and in standard errors."""
    arms = [tuple(sorted({**shared, **arm}.items())) for arm in (first, second)]
    differences = np.array([measures(arms[1], seed)[column] - measures(arms[0], seed)[column] for seed in SEEDS])
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    mean = float(differences.mean())
    return mean, mean / error if error > 0 else math.copysign(math.inf, mean) if mean else 0.0
