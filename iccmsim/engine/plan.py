"""What one arm is told before it runs: its parameter records by date, where its CHWs stand, how long it lasts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import MINUTES, YEAR
from iccmsim.exchange.district import load_places
from iccmsim.parameters.budget import Falls, after_falls, budget_falls
from iccmsim.parameters.faults import ScenarioError
from iccmsim.parameters.kernel import kernel_record
from iccmsim.parameters.scenario import BEFORE, Scenario, load_scenario
from iccmsim.parameters.shocks import Shock, befall, levers_at_odds
from iccmsim.world.deployment import Deployment, place_chws
from iccmsim.world.geography import Places
from iccmsim.world.population import ZoneMap

Regimes = tuple[tuple[int, np.recarray], ...]
REFERENCE = "sahel/iccm-as-delivered"  # at whose usual skill the chance of each step is stated


@dataclass(frozen=True, eq=False)
class Plan:
    """One arm, ready to run: regimes are (day since warm-up began, record), in order."""

    scenario: Scenario
    places: Places
    deployment: Deployment | None
    regimes: Regimes
    warmup: int
    days: int  # of the whole run: warm-up, window, tail
    falls: Falls = ()  # days after launch on which a budget that ends takes levers away
    own: Mapping[int, Regimes] = field(default_factory=dict)  # of zones that a shock befalls or that have more staff

    @property
    def window(self) -> tuple[int, int]:
        """First day of the window in which deaths are counted, and the day after its last."""
        return self.warmup, self.warmup + int(self.scenario.run["run.days"])

    @property
    def books_close(self) -> int:
        """The day from which on the monthly books count no more: that after the window. Where it is whole years, which
        are cut to whole days, the last month counts whole: at most a day more."""
        first, last = self.window
        years = round((last - first) / YEAR) * YEAR
        return first + math.ceil(years) if int(years) == last - first else last

    @property
    def review_days(self) -> float:
        """Days from one report of a CHW to the next; where a dated change moves them, a mean, so that the days of the
        window divided by it are the reports that are due."""
        first, last = self.window
        days = Counter(float(self.record(day)[0].sup_review) for day in range(first, last))
        return (last - first) / sum(n / review for review, n in days.items())

    def regimes_of(self, zone: int | None) -> Regimes:
        """The regimes of one zone; None: of one like most."""
        return self.own.get(zone, self.regimes)

    def record(self, day: int, zone: int | None = None) -> np.recarray:
        """The parameters in force on a day since the warm-up began, in a zone."""
        return [record for first, record in self.regimes_of(zone) if first <= day][-1]

    def until(self, day: int, zone: int | None = None) -> int:
        """The day on which the next dated change comes, or the end of the run."""
        return min([first for first, _ in self.regimes_of(zone) if first > day], default=self.days)


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
    regimes = _regimes(scenario, falls, ())
    own = _staffed(scenario, places, regimes, _struck(scenario, falls, places))
    return Plan(scenario, places, deployment, regimes, warmup, days, falls, own)


def _regimes(scenario: Scenario, falls: Falls, shocks: Sequence[Shock]) -> Regimes:
    """The parameters by date where these shocks befall a zone."""
    warmup = int(scenario.run["run.warmup_days"])
    dates = {int(day) for day, _ in scenario.changes} | {day for day, _ in falls}
    dates |= {day for shock in shocks for day in (shock.day, shock.ends)}
    regimes = []
    begins = BEFORE if shocks or 0 in dates else 0  # what comes on the day of launch is not there in the warm-up
    for day in sorted({begins, *dates}):
        values = after_falls(scenario.values(day), falls, day=day)
        values |= befall([shock for shock in shocks if shock.is_on(day)])
        record = kernel_record(values, reference=reference_values())
        _write_surge(record[0], [shock for shock in shocks if shock.surge() != 1.0], warmup)
        regimes.append((0 if day == begins else warmup + day, record))
    return tuple(regimes)


def zones_hit(shock: Shock, number: int, n_zones: int) -> tuple[int, ...]:
    """The zones that a shock befalls. A share is always made up of the same zones, whatever the seed: the n-th shock of
    every scenario of a place hits the same ones, and a larger share only adds to a smaller."""
    if shock.zones == "all":
        return tuple(range(n_zones))
    if isinstance(shock.zones, tuple):
        if shock.zones[-1] >= n_zones:
            last = shock.zones[-1]
            raise ScenarioError(f"shock[{number}].zones: there is no zone {last}; they are 0 to {n_zones - 1}")
        return shock.zones
    order = sorted(range(n_zones), key=lambda zone: draw((0, zone), Decision.STRUCK, number, 0)[0])
    return tuple(sorted(order[: max(1, math.floor(shock.zones * n_zones + 0.5))]))


def _write_surge(p: np.record, surges: Sequence[Shock], warmup: int) -> None:
    """Onsets are drawn before anything happens, so the first record already knows when malaria will surge."""
    for shock in surges:
        p.surge_ratio = shock.surge()
        p.surge_from, p.surge_until = (warmup + shock.day) * MINUTES, (warmup + shock.ends) * MINUTES


def _struck(scenario: Scenario, falls: Falls, places: Places) -> dict[int, Regimes]:
    """The regimes of each zone that a shock befalls; zones with the same shocks share them."""
    hits = [set(zones_hit(shock, number, places.n_zones)) for number, shock in enumerate(scenario.shocks)]
    made: dict[tuple[int, ...], Regimes] = {}
    struck = {}
    for zone in range(places.n_zones):
        mine = tuple(number for number, zones in enumerate(hits) if zone in zones)
        if not mine:
            continue
        shocks = [scenario.shocks[number] for number in mine]
        if sum(shock.surge() != 1.0 for shock in shocks) > 1:
            raise ScenarioError(f"shock: malaria surges twice in zone {zone}; once in a run is all this version can do")
        if faults := levers_at_odds({number: scenario.shocks[number] for number in mine}):
            raise ScenarioError(faults)
        if mine not in made:
            made[mine] = _regimes(scenario, falls, shocks)
        struck[zone] = made[mine]
    return struck


def _staffed(scenario: Scenario, places: Places, regimes: Regimes, struck: dict[int, Regimes]) -> dict[int, Regimes]:
    """Zones with more people than one centre's staff is for have more staff time and more room to wait."""
    people = scenario.setting["fac.people"]
    own = dict(struck)
    if people <= 0:
        return own
    for zone, living in enumerate(places.zone_people.tolist()):
        if living > people:
            own[zone] = tuple((day, _larger(record, living / people)) for day, record in own.get(zone, regimes))
    return own


def _larger(record: np.recarray, ratio: float) -> np.recarray:
    """The same parameters with so many times the staff at the health centre, who work side by side."""
    more = record.copy()
    more[0].fac_minutes_day *= ratio
    more[0].fac_hands *= ratio
    more[0].fac_queue = math.floor(more[0].fac_queue * ratio)
    return more


def _deployment(scenario: Scenario, places: Places) -> Deployment | None:
    levers = scenario.programme
    if not levers["chw.deployed"]:
        return None
    return place_chws(
        places, people_per_chw=levers["chw.catch"], min_km=levers["chw.min_km"], radius_km=levers["chw.radius_km"],
        funded=levers["chw.funded"],
    )  # fmt: skip


def zone_maps(places: Places) -> list[ZoneMap]:
    """The villages of each zone, in the order of the zones."""
    maps = []
    for zone in range(places.n_zones):
        mine = np.flatnonzero(places.zone == zone)
        maps.append(
            ZoneMap(zone, mine, places.people[mine], places.km_facility[mine], places.km_hospital[mine])
        )
    return maps


def chws_who_stay(before: Deployment | None, after: Deployment | None) -> np.ndarray:
    """How many CHWs of a status quo stay at each post of an arm: those of the post in the same village."""
    if before is None or after is None:
        return np.zeros(0 if after is None else after.n_posts, np.int64)
    had = dict(zip(before.post_village.tolist(), before.post_chws.tolist(), strict=True))
    return np.minimum(after.post_chws, [had.get(village, 0) for village in after.post_village.tolist()])


def same_posts(a: Deployment | None, b: Deployment | None) -> bool:
    """Whether two arms have the same CHWs in the same posts, so that those of the warm-up simply stay."""
    if a is None or b is None:
        return a is b
    return np.array_equal(a.post, b.post) and np.array_equal(a.post_chws, b.post_chws)
