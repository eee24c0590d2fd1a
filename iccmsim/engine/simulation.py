"""Zones run through time: people are made, a warm-up under the status quo is lived once, then the arms part."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from iccmsim.core.draws import fit_seed
from iccmsim.core.records import VISIT, first_rows, table
from iccmsim.engine.day import begin_regime, run_days
from iccmsim.engine.launch import copy_of, launch, open_zone
from iccmsim.engine.plan import Plan, make_plan, same_posts, zone_maps
from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.scenario import Scenario, load_scenario, same_setting
from iccmsim.rules.facility_care import month_number
from iccmsim.world.population import Population, ZoneMap, build_population
from iccmsim.world.zone import MARGIN, ONSET_FROM, STUCK, VISITS, Zone

# Levers by which a programme reaches families without CHWs
BEYOND_CHWS = ("fee.waived", "fee.exempt_poorest", "mob.on", "relais.reach", "demand.knowledge", "hmm.reach",
               "fac.second_line", "fac.triage")  # fmt: skip


@dataclass
class ZoneRun:
    """One zone of one arm on its way through time."""

    plan: Plan
    zone: Zone
    number: int
    seed: int
    day: int = 0
    regime: np.recarray | None = None  # parameters by which families last reckoned what they usually do
    last_month: np.recarray | None = None  # of all books, as it stood when they closed within it

    @property
    def key(self) -> tuple[int, int]:
        """What every draw in this zone is keyed with: seed and zone."""
        return (self.seed, self.number)

    @property
    def course(self) -> np.recarray:
        """The courses of the days that were lived, in order of onset."""
        return first_rows(self.zone.course, self.zone.days[self.day, ONSET_FROM])

    def run_to(self, day: int) -> None:
        """Let days pass up to (not including) a day since the warm-up began."""
        while self.day < day:
            closes = self.plan.books_close
            last = min(day, self.plan.until(self.day, self.number))
            last = closes if self.day < closes < last else last
            regime = self.plan.record(self.day, self.number)
            if self.regime is not regime:
                self.regime = regime
                begin_regime(self.zone, regime, self.key)
            reached = run_days(self.zone, regime, self.key, self.day, last)
            if reached < 0:
                why = ("", "an illness began within itself", "today's line overflowed")[self.zone.n[STUCK]]
                raise RuntimeError(f"zone {self.number}, after day {self.day}: {why}")
            if reached < last:
                self.zone = with_more_visits(self.zone)
            self.day = reached
            if reached == closes:
                self._close_books(regime[0])

    def _close_books(self, p: np.record) -> None:
        """Note how the books stand where a month goes on after they close."""
        number = month_number(self.day - 1, p)
        if number == month_number(self.day, p):
            self.last_month = self.zone.monthly[:, number].copy()


def with_more_visits(zone: Zone) -> Zone:
    """Enlarge the table of visits: by half, and by at least what three days may need."""
    more = max(len(zone.visit) // 2, 3 * MARGIN * len(zone.child))
    visit = table(VISIT, len(zone.visit) + more)
    visit[: zone.n[VISITS]] = zone.visit[: zone.n[VISITS]]
    return zone._replace(visit=visit)


def arms_of_zone(zone_map: ZoneMap, plans: Sequence[Plan], *, status_quo: Plan, seed: int, tables: bool = False,
                 until: int | None = None) -> Iterator[ZoneRun]:  # fmt: skip
    """Run one zone in every arm: people made once, warm-up lived once under the status quo, then each arm apart.

    Yields the arms in order. Tally each before asking for the next: its arrays are used again.
    """
    seed = fit_seed(seed)
    population = build_population(zone_map, status_quo.record(0, zone_map.number), seed=seed, days=status_quo.days)
    warm = start(population, status_quo, seed=seed, tables=tables)
    warm.run_to(status_quo.warmup)
    spare = None
    for i, plan in enumerate(plans):
        zone = warm.zone if i == len(plans) - 1 else copy_of(warm.zone, warm.day, spare)
        run = part_ways(warm, plan, population, zone=zone)
        run.run_to(plan.days if until is None else until)
        yield run
        spare = run.zone


def start(population: Population, plan: Plan, *, seed: int, tables: bool) -> ZoneRun:
    """The first morning of the warm-up, with the CHWs of the status quo if it has any."""
    zone = open_zone(population, plan, seed=seed, tables=tables)
    if plan.deployment is not None:
        zone = launch(zone, plan, population, seed=seed, long_ago=True)
    return ZoneRun(plan, zone, population.number, seed)


def part_ways(warm: ZoneRun, plan: Plan, population: Population, *, zone: Zone) -> ZoneRun:
    """One arm on the day of launch, in a `zone` of its own as the warm-up left it.

    CHWs of the status quo stay if the arm keeps them in the same posts.
    """
    if not same_posts(warm.plan.deployment, plan.deployment):
        zone = launch(zone, plan, population, seed=warm.seed)
    return ZoneRun(plan, zone, warm.number, warm.seed, day=warm.day)


class Simulation:
    """One scenario from one seed: all zones of a district, run to a day, to the end, or a day at a time.

    `status_quo` is lived through the warm-up (default: the same setting with facilities only). Results are the same
    bit for bit for any number of threads, any order of zones, and however the horizon is cut.
    """

    def __init__(self, scenario: Scenario | str, *, seed: int, status_quo: Scenario | None = None, tables: bool = True,
                 threads: int | None = None) -> None:  # fmt: skip
        self.scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
        self.seed, self.tables = fit_seed(seed), tables
        self.threads = how_many(threads)
        self.plan = make_plan(self.scenario)
        before = status_quo if status_quo is not None else without_chws(self.scenario)
        same_setting(self.scenario, before)
        self.status_quo = make_plan(before, places=self.plan.places)
        self.populations: list[Population] = []
        self.runs: list[ZoneRun] = []
        self.day = 0

    def build(self) -> Simulation:
        """Make the people of every zone, and open the zones on the first morning of the warm-up."""
        record, seed, days = self.status_quo.record, self.seed, self.plan.days
        self.populations = self._each(
            lambda place: build_population(place, record(0, place.number), seed=seed, days=days),
            zone_maps(self.plan.places),
        )
        self.runs = [start(people, self.status_quo, seed=self.seed, tables=self.tables) for people in self.populations]
        return self

    def run_to(self, day: int) -> Simulation:
        """Run every zone up to (not including) a day since the warm-up began; CHWs are launched on their day.

        Raises ValueError for a day that was lived already, or is no whole number.
        """
        if isinstance(day, (bool, str)) or day % 1 or day < self.day:
            raise ValueError(f"day = {day!r}: must be a whole number, at least {self.day}, the days lived so far")
        if not self.runs:
            self.build()
        day = min(int(day), self.plan.days)

        def go(i: int) -> None:
            if self.day <= self.plan.warmup and self.runs[i].plan is self.status_quo:
                self.runs[i].run_to(min(day, self.plan.warmup))
                if day >= self.plan.warmup:
                    self.runs[i] = part_ways(
                        self.runs[i], self.plan, self.populations[i], zone=self.runs[i].zone
                    )
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


def how_many(threads: int | None) -> int:
    """Threads to run in: as many as asked for, or one for each core."""
    if threads is None:
        return os.cpu_count() or 1
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or threads < 1:
        raise ValueError(f"threads = {threads!r}: must be a whole number of at least 1, or None for all cores")
    return int(threads)


def without_chws(scenario: Scenario) -> Scenario:
    """The same setting and run with health facilities only: the status quo unless another is named. What a programme
    does beyond its CHWs has not begun either."""
    from dataclasses import replace

    off = {key: parameter(key).default for key in BEYOND_CHWS}
    levers = {**scenario.programme, **off, "chw.deployed": 0}
    return replace(scenario, name=f"{scenario.name} before", programme=levers, changes=())
