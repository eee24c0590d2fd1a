"""What one arm is told before it runs: its parameter records by date, where its CHWs stand, how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from iccmsim.exchange.district import load_places
from iccmsim.parameters.budget import Falls, after_falls, budget_falls
from iccmsim.parameters.kernel import kernel_record
from iccmsim.parameters.scenario import Scenario, load_scenario
from iccmsim.world.deployment import Deployment, place_chws
from iccmsim.world.geography import Places
from iccmsim.world.population import ZoneMap

REFERENCE = "sahel/iccm-as-delivered"  # at whose usual skill the chance of each step is stated


@dataclass(frozen=True, eq=False)
class Plan:
    """One arm, ready to run: regimes are (day since warm-up began, record), in order."""

    scenario: Scenario
    places: Places
    deployment: Deployment | None
    regimes: tuple[tuple[int, np.recarray], ...]
    warmup: int
    days: int  # of the whole run: warm-up, window, tail
    falls: Falls = ()  # days after launch on which a budget that ends takes levers away

    @property
    def window(self) -> tuple[int, int]:
        """First day of the window in which deaths are counted, and the day after its last."""
        return self.warmup, self.warmup + int(self.scenario.run["run.days"])

    def record(self, day: int) -> np.recarray:
        """The parameters in force on a day since the warm-up began."""
        return [record for first, record in self.regimes if first <= day][-1]

    def until(self, day: int) -> int:
        """The day on which the next dated change comes, or the end of the run."""
        return min([first for first, _ in self.regimes if first > day], default=self.days)


@lru_cache(maxsize=1)
def reference_values() -> dict:
    """The values of the programme at whose stationary skill step probabilities are stated."""
    return load_scenario(REFERENCE).values()


def make_plan(scenario: Scenario, *, places: Places | None = None) -> Plan:
    """Work out an arm: read its map, place its CHWs by its norm, make its parameter records."""
    places = places if places is not None else load_places(scenario)
    warmup = int(scenario.run["run.warmup_days"])
    days = warmup + int(scenario.run["run.days"]) + int(scenario.run["run.tail_days"])
    deployment = _deployment(scenario, places)
    falls = budget_falls(scenario.values(), chws=int(deployment.post_chws.sum()) if deployment else 0)
    falls = tuple(fall for fall in falls if warmup + fall[0] < days)
    dates = sorted({0, *(int(day) for day, _ in scenario.changes), *(day for day, _ in falls)})
    regimes = tuple(
        (0 if day == 0 else warmup + day, kernel_record(after_falls(scenario.values(day), falls, day=day),
                                                        reference=reference_values()))
        for day in dates
    )  # fmt: skip
    return Plan(scenario, places, deployment, regimes, warmup, days, falls)


def _deployment(scenario: Scenario, places: Places) -> Deployment | None:
    levers = scenario.programme
    if not levers["chw.deployed"]:
        return None
    return place_chws(
        places, people_per_chw=levers["chw.catch"], min_km=levers["chw.min_km"], radius_km=levers["chw.radius_km"]
    )


def zone_maps(places: Places) -> list[ZoneMap]:
    """The villages of each zone, in the order of the zones."""
    maps = []
    for zone in range(places.n_zones):
        mine = np.flatnonzero(places.zone == zone)
        maps.append(
            ZoneMap(zone, mine, places.people[mine], places.km_facility[mine], places.km_hospital[mine])
        )
    return maps


def same_posts(a: Deployment | None, b: Deployment | None) -> bool:
    """Whether two arms have the same CHWs in the same posts, so that those of the warm-up simply stay."""
    if a is None or b is None:
        return a is b
    return np.array_equal(a.post, b.post) and np.array_equal(a.post_chws, b.post_chws)
