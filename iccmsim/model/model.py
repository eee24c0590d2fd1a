"""`ICCMModel`: the whole model as a `mesa.Model`, one step a day, bit for bit the same as the engine run at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

import mesa
import numpy as np

from iccmsim.core.draws import fit_seed
from iccmsim.core.records import ALIVE, DEAD, MINUTES, PRODUCTS
from iccmsim.engine.simulation import Simulation
from iccmsim.model import levers
from iccmsim.model.agents import KINDS, Child, CommunityHealthWorker, HealthFacility, Household, Window
from iccmsim.model.collect import collector_of
from iccmsim.parameters.scenario import Scenario, load_scenario
from iccmsim.results.result import Result, result_of

MOST_CHILDREN = 10_000  # living under-fives at the start, up to whom families and children are agents too
WHICH = ("auto", "all", "providers")


def lacks_some(provider: np.recarray) -> np.ndarray:
    """Whether each provider is without a dose of something that it should have."""
    return ((provider["stock"] == 0) & (provider["kit"] > 0)).any(axis=1)


class ICCMModel(mesa.Model):
    """A district under one programme, from the day of launch (or `from_warmup`), a day a step.

    scenario: "setting/programme" of the library, a .toml file, or a loaded Scenario; overrides by dotted key.
    rng: the seed of the run, a whole number or its digits; Mesa's own generators (`random`, `rng`) are seeded with
    it too, and nothing in the engine draws from them.
    agents: which kinds are registered. "auto": all four if at most 10,000 children live at the start, else CHWs and
    facilities; "all"; "providers". `children[i]`, `households[i]`, `chws[i]`, `facilities[i]` make any window.
    collect: what a mesa.DataCollector keeps each day: True for a standard set, a DataCollector, a mapping of model
    reporters, or one of sections {"model": {...}, "agents": {...}, Child: {...}}.
    places: folder of the files of a real place. tables: keep every visit and each day's stocks; without, `result` has
    counts only.

    `mesa.batch_run` needs a `collect`, `overrides` in a list, a `max_steps` of all days (its own 1,000 cut the run
    short), and seeds: `rng` among the parameters, from Mesa 3.5 on its own argument `rng`, without which it gives each
    run `None`. Before Mesa 3.5 its last row is of the evening before the last.
    `deeds`: what was done in mid-run that is no dated change, as a result tells it.
    """

    def __init__(self, scenario: Scenario | str | os.PathLike[str] = "sahel/iccm-as-delivered", *,
                 rng: int | str | np.integer = 1, overrides: Mapping[str, Any] | None = None, agents: str = "auto",
                 collect: Any = None, places: str | os.PathLike[str] | None = None, from_warmup: bool = False,
                 tables: bool = True) -> None:  # fmt: skip
        seed = fit_seed(rng, name="rng", digits=True)
        super().__init__(rng=seed)
        if agents not in WHICH:
            raise ValueError(f"agents = {agents!r}: must be one of {', '.join(WHICH)}")
        loaded = scenario_of(scenario, overrides=overrides, places=places)
        self.simulation = Simulation(loaded, seed=seed, tables=tables, threads=1)
        self.simulation.run_to(0 if from_warmup else self.simulation.plan.warmup)
        self._windows: dict[tuple[int, int, int], Window] = {}
        self._shown: dict[tuple[int, int], np.ndarray] = {}
        self._firsts: dict[int, tuple[int, list[int]]] = {}
        self._seen_on = -1
        self._flood: levers.Flood | None = None
        self.deeds: list[dict[str, Any]] = []
        everyone = agents == "all" or (agents == "auto" and self.n_children <= MOST_CHILDREN)
        self._registers = KINDS if everyone else (HealthFacility, CommunityHealthWorker)
        self.datacollector = collector_of(collect, registered=self._registers)
        self._note()

    def step(self) -> None:
        """Let one day pass. After the last day nothing happens any more, and `running` is False."""
        if self.simulation.day < self.simulation.plan.days:
            if self._flood is not None:
                self._wade()
            self.simulation.run_to(self.simulation.day + 1)
            self._note()

    def _note(self) -> None:
        self.running = self.simulation.day < self.simulation.plan.days
        if self.datacollector is not None:
            self.datacollector.collect(self)

    def change(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give levers of the programme other values from today on: {"spv.freq": 0.85}, as a dated change would."""
        self._refuse_when_over()
        return levers.programme_from_today(self.simulation, values)

    def empty_boxes(self, *products: str) -> int:
        """Take all doses of these products (default: of all) from all CHWs, now; how many doses were thrown away."""
        strange = [product for product in products if product not in PRODUCTS]
        if strange:
            raise KeyError(f"no product {strange[0]!r}; there are {', '.join(PRODUCTS)}")
        self._refuse_when_over()
        self._did("empty_boxes", products=list(products or PRODUCTS))
        return levers.empty_boxes(self.simulation, products or PRODUCTS)

    def add_chw(self, village: int | None = None) -> CommunityHealthWorker:
        """Post one more CHW, at work from tomorrow: in a village (its number), or where one is owed first.
        CHWs of later zones have a `unique_id` 4 higher from then on; `key` stays theirs."""
        if self.day < 0:
            raise ValueError(f"day {self.day}: a programme posts nobody before its launch")
        self._refuse_when_over()
        last = self.simulation.plan.places.n_villages - 1
        where = levers.neediest_village(self.simulation) if village is None else _whole("village", village, 0, last)
        zone, row = levers.add_chw(self.simulation, where)
        self._did("add_chw", village=where)
        self._firsts.clear()
        self._seen_on = -1
        for window in self._windows.values():
            if window.order == CommunityHealthWorker.order and window.zone_index > zone:
                window.renumber()
        return self.window(CommunityHealthWorker, zone, row)

    def cut_roads(self, days: int, *, detour_km: float = levers.DETOUR_KM,
                  beyond_km: float = levers.FAR_FROM_CENTRE_KM) -> None:  # fmt: skip
        """A flood from today on: families further than `beyond_km` from the centre have `detour_km` more to go, and no
        delivery gets through. Supervisors come all the same (in a shock that cuts roads none does). A second flood in
        the first only makes it last longer."""
        days = _whole("days", days, 1, 366)
        detour_km, beyond_km = _distance("detour_km", detour_km), _distance("beyond_km", beyond_km)
        self._refuse_when_over()
        self._did("cut_roads", days=days, detour_km=detour_km, beyond_km=beyond_km)
        until = self.simulation.day + days
        if self._flood is not None:
            self._flood.until = max(self._flood.until, until)
            return
        self._flood = levers.Flood(until, detour_km=detour_km, beyond_km=beyond_km)
        self._flood.begin(self.simulation)

    @property
    def is_flooded(self) -> bool:
        """Whether the roads are cut today by `cut_roads`."""
        return self._flood is not None

    def _wade(self) -> None:
        """One more morning of the flood, or the first one after it."""
        if self.simulation.day >= self._flood.until:
            self._flood.end(self.simulation)
            self._flood = None
        else:
            self._flood.hold_back(self.simulation)

    def note_written(self, window: Window, name: str) -> None:
        """Note that a cell was written through an agent: a deed for each kind, field and day, with a mark of all that
        was written. What is written into the arrays themselves nobody notes."""
        what = f"{type(window).__name__}.{name}"
        today = takewhile(lambda each: each["day"] == self.day, reversed(self.deeds))
        deed = next((each for each in today if each.get("what") == what), None)
        if deed is None:
            deed = self._did("written", what=what, times=0, mark="")
        cell = window.table[name][window.row].tobytes()
        deed["times"] += 1
        deed["mark"] = hashlib.sha256(f"{deed['mark']} {window.key} ".encode() + cell).hexdigest()[:16]

    def _did(self, deed: str, **with_what: Any) -> dict[str, Any]:
        self.deeds.append({"day": self.day, "deed": deed, **with_what})
        return self.deeds[-1]

    def _refuse_when_over(self) -> None:
        if not self.running:
            raise RuntimeError(f"day {self.day}: the run is over, and nothing can be done any more")

    @property
    def config(self) -> Scenario:
        """The scenario that is run (Mesa keeps the name `scenario` for its own)."""
        return self.simulation.scenario

    @property
    def day(self) -> int:
        """Days since launch that have passed; negative in the warm-up."""
        return self.simulation.day - self.simulation.plan.warmup

    @property
    def agents(self) -> mesa.agent.AgentSet:
        """All registered agents, in step with who lives today."""
        self._sync()
        return self._all_agents

    @agents.setter
    def agents(self, agents: Any) -> None:
        raise AttributeError("agents: Mesa keeps this name for the model's own agents")

    @property
    def agents_by_type(self) -> dict[type, mesa.agent.AgentSet]:
        """The registered agents of each kind, in step with who lives today."""
        self._sync()
        return self._agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """The kinds that have registered agents today."""
        return list(self.agents_by_type)

    @property
    def children(self) -> Windows:
        """Every child of the run, also the unborn, the dead and those over five, counted zone by zone."""
        return Windows(self, Child)

    @property
    def households(self) -> Windows:
        """Every household, counted zone by zone."""
        return Windows(self, Household)

    @property
    def chws(self) -> Windows:
        """Every CHW's post, counted zone by zone; none before launch unless the status quo has some."""
        return Windows(self, CommunityHealthWorker)

    @property
    def facilities(self) -> Windows:
        """The first-level health facilities."""
        return Windows(self, HealthFacility)

    @property
    def n_children(self) -> int:
        """Living children under five."""
        return sum(int((run.zone.child["state"] == ALIVE).sum()) for run in self.simulation.runs)

    @property
    def n_sick(self) -> int:
        """Living children who have an illness."""
        children = [run.zone.child for run in self.simulation.runs]
        return sum(int(((child["state"] == ALIVE) & (child["ill"] > 0)).sum()) for child in children)

    @property
    def n_deaths(self) -> int:
        """Deaths under five since launch (in the warm-up, since its first day)."""
        since = 0 if self.day < 0 else self.simulation.plan.warmup * MINUTES
        children = [run.zone.child for run in self.simulation.runs]
        return sum(int(((child["state"] == DEAD) & (child["end"] >= since)).sum()) for child in children)

    @property
    def n_chws_present(self) -> int:
        """CHWs at work on the day that has just passed."""
        return sum(int(run.zone.provider["present"][1:].sum()) for run in self.simulation.runs)

    @property
    def n_chws_stocked_out(self) -> int:
        """CHWs, in post, without a dose of at least one product."""
        chws = [run.zone.provider[1:] for run in self.simulation.runs]
        return sum(int(((chw["vacant_until"] < 0) & lacks_some(chw)).sum()) for chw in chws)

    def result(self) -> Result:
        """The result of the run, once it is over: what `iccmsim.simulate` gives, and `deeds` if there were any."""
        if self.running:
            raise RuntimeError(f"day {self.day} of {self.simulation.plan.days - self.simulation.plan.warmup}: "
                               "there is a result when the run is over (run_model() goes on to the end)")  # fmt: skip
        return result_of(self.simulation.runs, scenario=self.config, seed=self.simulation.seed,
                         tables=self.simulation.tables, deeds=self.deeds)  # fmt: skip

    def window(self, kind: type[Window], zone_index: int, row: int) -> Window:
        """The registered agent of a row, or else a window made for the moment."""
        known = self._windows.get((kind.order, zone_index, row))
        return known if known is not None else kind(self, zone_index, row, registered=False)

    def forget(self, window: Window) -> None:
        """Note that a window is no longer registered."""
        self._windows.pop(window.key, None)

    def first_of(self, kind: type[Window]) -> list[int]:
        """District-wide number of the first of a kind in each zone, and at the end how many there are."""
        day, firsts = self._firsts.get(kind.order, (-1, []))
        if day != self.simulation.day:
            counts = [kind.count(run.zone) for run in self.simulation.runs]
            firsts = np.concatenate([[0], np.cumsum(counts)]).tolist()
            self._firsts[kind.order] = (self.simulation.day, firsts)
        return firsts

    def _sync(self) -> None:
        """Register who was born, removed or launched since agents were last looked at, let go who is no more."""
        if self._seen_on == self.simulation.day:
            return
        self._seen_on = self.simulation.day
        for kind in self._registers:
            for z, run in enumerate(self.simulation.runs):
                self._sync_zone(kind, z, kind.shown(run.zone))

    def _sync_zone(self, kind: type[Window], z: int, now: np.ndarray) -> None:
        before = self._shown.get((kind.order, z), now[:0])
        both = np.zeros((2, max(len(before), len(now))), bool)
        both[0, : len(before)], both[1, : len(now)] = before, now
        self._shown[kind.order, z] = np.array(now)
        for row in np.flatnonzero(both[0] & ~both[1]).tolist():
            if (kind.order, z, row + kind.rows_before) in self._windows:
                self._windows[kind.order, z, row + kind.rows_before].remove()
        for row in np.flatnonzero(both[1] & ~both[0]).tolist():
            window = kind(self, z, row + kind.rows_before)
            self._windows[window.key] = window


class Windows(Sequence):
    """All rows of a kind, counted through the district; a window is made when one is asked for."""

    def __init__(self, model: ICCMModel, kind: type[Window]) -> None:
        self.model, self.kind = model, kind

    def __len__(self) -> int:
        return self.model.first_of(self.kind)[-1]

    def __getitem__(self, i: int | slice) -> Window | list[Window]:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        number = range(len(self))[i]
        firsts = self.model.first_of(self.kind)
        zone = int(np.searchsorted(firsts, number, side="right")) - 1
        return self.model.window(self.kind, zone, number - firsts[zone] + self.kind.rows_before)

    def __iter__(self) -> Iterator[Window]:
        return (self[i] for i in range(len(self)))


def _whole(name: str, given: Any, low: int, high: int) -> int:
    """A whole number between two others, as one asks for it from a prompt."""
    number = isinstance(given, (int, float, np.integer, np.floating)) and not isinstance(given, bool)
    if not number or not low <= given <= high or given != int(given):
        raise ValueError(f"{name} = {given!r}: must be a whole number, {low} to {high}")
    return int(given)


def _distance(name: str, km: Any) -> float:
    """A distance, as one asks for it from a prompt."""
    number = isinstance(km, (int, float, np.integer, np.floating)) and not isinstance(km, bool)
    if not number or not 0 <= km < float("inf"):
        raise ValueError(f"{name} = {km!r}: must be a number of km, 0 or more")
    return float(km)


def scenario_of(scenario: Scenario | str | os.PathLike[str], *, overrides: Mapping[str, Any] | None,
                places: str | os.PathLike[str] | None) -> Scenario:  # fmt: skip
    """Load a scenario by name; one that is loaded already is taken as it is."""
    if not isinstance(scenario, Scenario):
        return load_scenario(scenario, overrides=overrides, places=places)
    if overrides or places is not None:
        raise ValueError(f"{scenario.name} is loaded already: give overrides and places to load_scenario")
    return scenario
