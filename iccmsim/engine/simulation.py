"""Zones run through time: people are made, a warm-up under the status quo is lived once, then the arms part."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from iccmsim.core.draws import SEED_LIMIT, refuse_unfit
from iccmsim.core.records import AT_CHW, AT_FACILITY, MONTH, MONTHLY, PROVIDER, VISIT, table
from iccmsim.engine.day import run_days
from iccmsim.engine.plan import Plan, make_plan, same_posts, zone_maps
from iccmsim.parameters.scenario import Scenario, load_scenario, same_setting
from iccmsim.rules.workforce import talent
from iccmsim.world.population import Population, ZoneMap, build_population
from iccmsim.world.zone import MARGIN, STUCK, VISITS, Zone


@dataclass
class ZoneRun:
    """One zone of one arm on its way through time."""

    plan: Plan
    zone: Zone
    number: int
    seed: int
    day: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """What every draw in this zone is keyed with: seed and zone."""
        return (self.seed, self.number)

    def run_to(self, day: int) -> None:
        """Let days pass up to (not including) a day since the warm-up began."""
        while self.day < day:
            last = min(day, self.plan.until(self.day))
            p = self.plan.record(self.day)
            reached = run_days(self.zone, p[0], self.key, self.day, last)
            if reached < 0:
                why = ("", "an illness began within itself", "today's line overflowed")[self.zone.n[STUCK]]
                raise RuntimeError(f"zone {self.number}, after day {self.day}: {why}")
            if reached < last:
                self.zone = with_more_visits(self.zone)
            self.day = reached


def with_more_visits(zone: Zone) -> Zone:
    """Enlarge the table of visits: by half, and by at least what three days may need."""
    more = max(len(zone.visit) // 2, 3 * MARGIN * len(zone.child))
    visit = table(VISIT, len(zone.visit) + more)
    visit[: zone.n[VISITS]] = zone.visit[: zone.n[VISITS]]
    return zone._replace(visit=visit)


def months_of(plan: Plan) -> int:
    """How many calendar months the monthly tables hold, from the start of the first year of the warm-up."""
    p = plan.regimes[0][1][0]
    return int(p.month_offset) + int((plan.days - plan.warmup) // MONTH) + 2


def open_zone(population: Population, plan: Plan, *, tables: bool) -> Zone:
    """A zone on the first day of the warm-up: its people well, its health facility stocked, no CHW yet."""
    people, days = len(population.child), plan.days
    zone = Zone(
        child=population.child.copy(), course=population.course.copy(),
        household=population.household.copy(), village=population.village.copy(),
        provider=table(PROVIDER, 1), monthly=table(MONTHLY, (1, months_of(plan))),
        visit=table(VISIT, max(2, 3 * MARGIN * people) if tables else 1),
        stock_by_day=np.zeros((days if tables else 1, 1, 6), np.int32),
        onset_from=population.onset_from, births=population.births, birth_from=population.birth_from,
        leavers=population.leavers, leave_from=population.leave_from,
        events=np.full(days, -1, np.int32), arrivals=np.full(days, -1, np.int32),
        sick=np.zeros(people + 1, np.int32), line=np.zeros(3 * people + 8, np.int64), doses=np.ones(6),
        requests=np.zeros(1, np.int64), shares=np.zeros(1, np.int64), slots=np.zeros(1, np.int64),
        n=np.zeros(8, np.int64),
    )  # fmt: skip
    facility = zone.provider[0]
    open_facility(facility, plan.regimes[0][1][0], float(plan.places.people[population.village["number"]].sum()))
    return zone


def open_facility(facility: np.record, p: np.record, people: float) -> None:
    """The health facility begins with days of expected use on its shelves."""
    facility["number"], facility["kind"] = 0, AT_FACILITY
    facility["vacant_until"] = facility["supervised_day"] = facility["visit_day"] = -1
    facility["coming_day"] = -1
    facility["logit"] = facility["sure"] = p["fac_logit"]
    facility["sure"] = 1.0 / (1.0 + np.exp(-p["fac_logit"]))
    facility["kit"] = np.maximum(1.0, p["fac_kit_per_person"] * people)
    facility["stock"] = np.ceil(facility["kit"] * p["fac_kit_days"] / 30.0)
    facility["began_with"] = facility["stock"]
    facility["stocked"] = 1.0


def launch(zone: Zone, plan: Plan, population: Population, *, seed: int) -> Zone:
    """The day on which a programme begins: its CHWs, freshly trained and fully stocked, take up their posts.

    Everything else of the zone goes on as the warm-up left it. The arrays returned are this arm's own.
    """
    p, key = plan.record(plan.warmup)[0], (seed, population.number)
    posts, of_village, km = _posts_of(plan, population)
    chws = int(posts.sum()) if len(posts) else 0
    provider, monthly = table(PROVIDER, 1 + chws), table(MONTHLY, (1 + chws, zone.monthly.shape[1]))
    provider[0], monthly[0] = zone.provider[0], zone.monthly[0]
    stock = np.zeros((zone.stock_by_day.shape[0], 1 + chws, 6), np.int32)
    stock[:, 0] = zone.stock_by_day[:, 0]
    for row in range(1, 1 + chws):
        _post_chw(provider[row], row, p, key)
    household, village = zone.household.copy(), zone.village.copy()
    _tell_families(household, village, posts, of_village, km * float(p.seek_path))
    if chws:
        provider["village"][1:] = np.repeat(_seats(plan, population), posts)
    return zone._replace(
        child=zone.child.copy(), course=zone.course.copy(), household=household, village=village,
        provider=provider, monthly=monthly, stock_by_day=stock, visit=zone.visit.copy(),
        events=zone.events.copy(), arrivals=zone.arrivals.copy(), sick=zone.sick.copy(), line=zone.line.copy(),
        doses=zone.doses.copy(), requests=np.zeros(1 + chws, np.int64), shares=np.zeros(1 + chws, np.int64),
        slots=np.zeros(1 + chws, np.int64), n=zone.n.copy(),
    )  # fmt: skip


def copy_of(zone: Zone) -> Zone:
    """A zone of its own: every array that changes is copied."""
    fixed = {"onset_from", "births", "birth_from", "leavers", "leave_from"}
    return Zone(*(value if name in fixed else value.copy() for name, value in zone._asdict().items()))


def _posts_of(plan: Plan, population: Population) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """CHWs of each post of this zone; for each village its post in the zone (-1 none) and straight-line km to it."""
    numbers = population.village["number"]
    if plan.deployment is None:
        return np.zeros(0, np.int64), np.full(len(numbers), -1), np.zeros(len(numbers))
    mine = np.flatnonzero(plan.deployment.post_zone == population.number)
    post = plan.deployment.post[numbers]
    local = np.where(post >= 0, np.searchsorted(mine, post), -1)
    return plan.deployment.post_chws[mine], local, np.nan_to_num(plan.deployment.km_chw[numbers])


def _seats(plan: Plan, population: Population) -> np.ndarray:
    """The zone's own rows of the villages in which its posts stand."""
    mine = plan.deployment.post_zone == population.number
    return np.searchsorted(population.village["number"], plan.deployment.post_village[mine])


def _post_chw(chw: np.record, row: int, p: np.record, key: tuple[int, int]) -> None:
    chw["number"], chw["kind"] = row, AT_CHW
    chw["vacant_until"] = chw["supervised_day"] = chw["visit_day"] = -1
    chw["coming_day"] = -1
    chw["skill"], chw["motivation"], chw["stocked"] = p["skill_start"], p["motiv_ref"], 1.0
    chw["refreshed_day"] = int(p["run_warmup_days"])
    chw["kit"] = p["chw_kit"]
    chw["stock"] = np.ceil(p["chw_kit"] * p["sup_kit_days"] / 30.0)
    chw["began_with"] = chw["stock"]
    talent(chw, p, key, p["chw_logit"], float(p["chw_skill_sd"]))


def _tell_families(household: np.recarray, village: np.recarray, posts: np.ndarray, of_village: np.ndarray,
                   km: np.ndarray) -> None:  # fmt: skip
    """Each household of a served village gets one of the CHWs of its post, turn by turn."""
    village["post"] = of_village
    household["odds_day"] = -1
    household["chw"], household["km_chw"] = -1, 0.0
    first = np.concatenate([[0], np.cumsum(posts)]) + 1
    post = of_village[household["village"]]
    served = np.flatnonzero(post >= 0)
    if len(served):
        mine = post[served]
        household["chw"][served] = first[mine] + served % posts[mine]
        household["km_chw"][served] = km[household["village"][served]]


def arms_of_zone(zone_map: ZoneMap, plans: Sequence[Plan], *, status_quo: Plan, seed: int, tables: bool = False,
                 until: int | None = None) -> Iterator[ZoneRun]:  # fmt: skip
    """Run one zone in every arm: people made once, warm-up lived once under the status quo, then each arm apart.

    Yields the arms in order; each may be tallied and dropped before the next is run.
    """
    refuse_unfit("seed", seed, SEED_LIMIT)
    population = build_population(zone_map, status_quo.record(0), seed=seed, days=status_quo.days)
    warm = start(population, status_quo, seed=seed, tables=tables)
    warm.run_to(status_quo.warmup)
    for plan in plans:
        run = part_ways(warm, plan, population)
        run.run_to(plan.days if until is None else until)
        yield run


def start(population: Population, plan: Plan, *, seed: int, tables: bool) -> ZoneRun:
    """The first morning of the warm-up, with the CHWs of the status quo if it has any."""
    zone = open_zone(population, plan, tables=tables)
    if plan.deployment is not None:
        zone = launch(zone, plan, population, seed=seed)
    return ZoneRun(plan, zone, population.number, seed)


def part_ways(warm: ZoneRun, plan: Plan, population: Population) -> ZoneRun:
    """One arm on the day of launch. CHWs of the status quo stay if the arm keeps them in the same posts."""
    if same_posts(warm.plan.deployment, plan.deployment):
        zone = copy_of(warm.zone)
    else:
        zone = launch(warm.zone, plan, population, seed=warm.seed)
    return ZoneRun(plan, zone, warm.number, warm.seed, day=warm.day)


class Simulation:
    """One scenario from one seed: all zones of a district, run to a day, to the end, or a day at a time.

    `status_quo` is lived through the warm-up (default: the same setting with facilities only). Results are the same
    bit for bit for any number of threads, any order of zones, and however the horizon is cut.
    """

    def __init__(self, scenario: Scenario | str, *, seed: int, status_quo: Scenario | None = None, tables: bool = True,
                 threads: int | None = None) -> None:  # fmt: skip
        refuse_unfit("seed", seed, SEED_LIMIT)
        self.scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
        self.seed, self.tables = int(seed), tables
        self.threads = threads or os.cpu_count() or 1
        self.plan = make_plan(self.scenario)
        before = status_quo if status_quo is not None else without_chws(self.scenario)
        same_setting(self.scenario, before)
        self.status_quo = make_plan(before, places=self.plan.places)
        self.populations: list[Population] = []
        self.runs: list[ZoneRun] = []
        self.day = 0

    def build(self) -> Simulation:
        """Make the people of every zone, and open the zones on the first morning of the warm-up."""
        maps, record = zone_maps(self.plan.places), self.status_quo.record(0)
        self.populations = self._each(
            lambda place: build_population(place, record, seed=self.seed, days=self.plan.days), maps
        )
        self.runs = [start(people, self.status_quo, seed=self.seed, tables=self.tables) for people in self.populations]
        return self

    def run_to(self, day: int) -> Simulation:
        """Run every zone up to (not including) a day since the warm-up began; CHWs are launched on their day."""
        if not self.runs:
            self.build()
        day = min(day, self.plan.days)

        def go(i: int) -> None:
            if self.day <= self.plan.warmup and self.runs[i].plan is self.status_quo:
                self.runs[i].run_to(min(day, self.plan.warmup))
                if day >= self.plan.warmup:
                    self.runs[i] = part_ways(self.runs[i], self.plan, self.populations[i])
            self.runs[i].run_to(day)

        self._each(go, range(len(self.runs)))
        self.day = day
        return self

    def run(self) -> Simulation:
        """Run to the end: warm-up, window and tail."""
        return self.run_to(self.plan.days)

    def _each(self, task, items) -> list:
        if self.threads == 1:
            return [task(item) for item in items]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(task, items))


def without_chws(scenario: Scenario) -> Scenario:
    """The same setting and run with health facilities only: the status quo unless another is named."""
    from dataclasses import replace

    levers = {**scenario.programme, "chw.deployed": 0}
    return replace(scenario, name=f"{scenario.name} before", programme=levers, changes=())
