"""One run and what it gives: counts that are always kept, tables on demand, a digest of everything."""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.core.draws import fit_seed
from iccmsim.engine.plan import Plan, chws_who_stay, make_plan, zone_maps
from iccmsim.engine.simulation import Simulation, ZoneRun, arms_of_zone, how_many, without_chws
from iccmsim.engine.tally import add_up, tally_zone
from iccmsim.parameters.scenario import Scenario, load_scenario, same_setting
from iccmsim.results.deeds import Deeds, facts_with, hash_of, toml_with
from iccmsim.results.mortality import deaths_by_cause, rates
from iccmsim.results.status_quo import StatusQuo, status_quo_of
from iccmsim.results.tables import TABLES
from iccmsim.world.geography import FAR_KM, OUTLIER_KM, Places
from iccmsim.world.population import ZoneMap

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Result:
    """What one scenario gave from one seed.

    `tally` is the row of counts (`iccmsim.engine.tally.TALLY`); `plan` has the facts of the place and the run;
    `status_quo` is what was lived before launch, None for health facilities only;
    `children`, `episodes`, `visits`, `chw_months`, `facility_months` are pandas tables, made when first asked for.
    """

    scenario: str
    scenario_hash: str
    seed: int
    tally: np.record = field(repr=False)
    plan: Mapping[str, Any] = field(repr=False)
    source: Callable[[str], pd.DataFrame] | None = field(repr=False)
    told: Callable[[], str] = field(repr=False, default=str)  # the whole scenario as TOML
    status_quo: StatusQuo | None = field(default=None, repr=False)
    made: dict[str, pd.DataFrame] = field(repr=False, default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """One table by name, made once."""
        if name not in TABLES:
            raise KeyError(f"no table {name!r}; there are {', '.join(TABLES)}")
        if self.source is None:
            raise ValueError(f"{name}: this run kept counts only; run it again with tables=True")
        if name not in self.made:
            self.made[name] = self.source(name)
        return self.made[name]

    children = property(lambda self: self.table("children"), doc="One row a child.")
    episodes = property(lambda self: self.table("episodes"), doc="One row an episode.")
    visits = property(lambda self: self.table("visits"), doc="One row a visit.")
    chw_months = property(lambda self: self.table("chw_months"), doc="One row a CHW and month.")
    facility_months = property(lambda self: self.table("facility_months"), doc="One row a facility and month.")

    def rates(self) -> dict[str, float]:
        """Under-five, infant and neonatal mortality of the window, per 1,000 births."""
        return rates(self.tally)

    def deaths(self) -> dict[str, int]:
        """Deaths of the window by cause."""
        return deaths_by_cause(self.tally)

    def digest(self) -> str:
        """SHA-256 of all that the run gave: of every table, or where none is kept of the counts."""
        digest = hashlib.sha256()
        for name in TABLES if self.source is not None else ():
            add_table(digest, name, self.table(name))
        if self.source is None:
            add_counts(digest, self.tally)
        return digest.hexdigest()

    def write(self, folder: str | os.PathLike[str]) -> Path:
        """Write the tables as Parquet, the counts and a manifest into a folder, all or nothing."""
        from iccmsim.results.folder import write_result

        return write_result(self, Path(folder))


def add_table(digest: Any, name: str, table: pd.DataFrame) -> None:
    """Put one table into a hash: names, types and values of its columns, in order."""
    for column in table.columns:
        values = table[column]
        codes = values.cat.codes if values.dtype.name == "category" else values
        array = np.ascontiguousarray(codes.to_numpy())
        digest.update(f"{name}.{column} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())


def add_counts(digest: Any, tally: np.void) -> None:
    """Put a row of counts into a hash, field by field (never the padding between them)."""
    for name in tally.dtype.names:
        digest.update(name.encode() + np.ascontiguousarray(tally[name]).tobytes())


def facts_of(plan: Plan, *, status_quo: Plan | None = None, name: str | None = None,
             zones: np.ndarray | None = None) -> dict[str, Any]:  # fmt: skip
    """What there is to know of a place and an arm before anything happens; of some `zones` of it only, if given."""
    places, posts = plan.places, plan.deployment
    inside = np.isin(np.arange(places.n_zones), np.arange(places.n_zones) if zones is None else zones)
    mine, people = inside[places.zone], places.people
    near, there = mine & (places.km_nearest < FAR_KM), np.zeros(0, bool)
    if posts is not None:
        near = near | (mine & (np.nan_to_num(posts.km_chw, nan=np.inf) < FAR_KM))
        there = inside[posts.post_zone]
    chws = int(posts.post_chws[there].sum()) if posts else 0
    stay = chws_who_stay(None if status_quo is None else status_quo.deployment, posts)[there].sum()
    first, last = plan.window
    return {
        "place": name or places.name, "villages": int(mine.sum()), "people": int(people[mine].sum()),
        "zones": int(inside.sum()), "deploys_chws": posts is not None,
        "chws": chws, "posts": int(there.sum()), "chws_stay": int(stay),
        "rollout_days": int(plan.scenario.programme["chw.rollout"]) if chws > stay else 0,
        "people_served_by_chws": int(posts.post_people[there].sum()) if posts else 0,
        "share_5km": float(people[near].sum() / max(1, people[mine].sum())),
        **lost_by_lists(places),
        "warmup_days": first, "window_days": last - first, "tail_days": plan.days - last,
        "shocks": [as_json(shock.told()) for shock in plan.scenario.shocks],
    }  # fmt: skip


def reports_of(plan: Plan) -> dict[str, Any]:
    """How often CHWs report, and whether all that they see and lack is told, at once and as it was, in all zones and on
    all days of the window."""
    start, end = plan.window
    records = [plan.record(day, zone)[0] for zone in (None, *plan.own)
               for day in {start, *(first for first, _ in plan.regimes_of(zone) if start < first < end)}]  # fmt: skip
    return {"review_days": float(plan.review_days),
            "reports_exact": all(p.spv_report >= 1 and p.info_delay == 0 and p.info_error == 0 and p.info_bias == 1
                                 for p in records)}  # fmt: skip


def lost_by_lists(places: Places) -> dict[str, float]:
    """What the lists of a place lose, guess, or have where it can hardly be: shares of people, villages, facilities."""
    people = int(places.people.sum())
    return {"share_dropped": places.people_dropped / (people + places.people_dropped),
            "share_imputed": places.people_imputed / people,
            "share_too_far": places.share_beyond(OUTLIER_KM),
            "villages_uncounted": places.villages_dropped, "types_unknown": places.types_unknown,
            "facilities_too_far": int((places.facility_km > OUTLIER_KM).sum()),
            "mean_km_hospital": float(np.average(places.km_hospital, weights=places.people))}  # fmt: skip


def warnings_of_place(facts: Mapping[str, Any]) -> list[str]:
    """What a reader must know of the lists of a place; nothing if all of their people were placed and counted."""
    said = []
    if dropped := facts.get("share_dropped"):
        said.append(f"{_percent(dropped)} of the people of the lists are left out, as their village could not be "
                    "placed or is listed twice: see iccmsim places")  # fmt: skip
    if uncounted := facts.get("villages_uncounted"):
        said.append(f"{_many(uncounted, 'village without a place on the map', 'villages without a place on the map')}"
                    " left out, and nobody knows how many people live there: see iccmsim places")  # fmt: skip
    if imputed := facts.get("share_imputed"):
        said.append(f"{_percent(imputed)} of the people are guessed (the median for villages without a usable "
                    "number): see iccmsim places")  # fmt: skip
    if too_far := facts.get("share_too_far"):
        said.append(f"{_percent(too_far)} of the people live over {OUTLIER_KM:g} km from every facility, which is more "
                    "often a wrong coordinate than a place: see iccmsim places")  # fmt: skip
    if lonely := facts.get("facilities_too_far"):
        said.append(f"{_many(lonely, 'health facility', 'health facilities')} over {OUTLIER_KM:g} km from every "
                    "village, which is more often a wrong coordinate than a place, and another facility then stands in "
                    "for it: see iccmsim places")  # fmt: skip
    if (km := facts.get("mean_km_hospital", 0.0)) > OUTLIER_KM:
        said.append(f"the referral facility is {km:,.0f} km off for the people on average: is its place right, or is a "
                    "nearer one not listed?")  # fmt: skip
    if unknown := facts.get("types_unknown"):
        said.append(f"{_many(unknown, 'facility of unknown type', 'facilities of unknown type')} counted as first "
                    "level: see iccmsim places")  # fmt: skip
    return said


def _many(n: int, one: str, more: str) -> str:
    return f"1 {one} is" if n == 1 else f"{n:,} {more} are"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %" if share >= 0.01 else f"{max(100.0 * share, 0.01):.2g} %"


def as_json(told: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data as JSON gives it back: lists for tuples."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in told.items()}


def simulate(scenario: Scenario | str, *, seed: int = 1, status_quo: Scenario | str | None = None,
             threads: int | None = None, tables: bool = True) -> Result:  # fmt: skip
    """Run one scenario from one seed and return what it gave.

    `status_quo` is lived through the warm-up (default: the same setting with facilities only). `tables=False` keeps
    counts only, and of the memory no more than a few zones. The result is the same for any number of threads.
    """
    seed, threads = fit_seed(seed), how_many(threads)
    scenario = loaded(scenario)
    before = without_chws(scenario) if status_quo is None else loaded(status_quo)
    if not tables:
        plan, lived, tally = _counts_only(scenario, before, seed=seed, threads=threads)
        made = _result(scenario, plan, tally, seed=seed, source=None)
    else:
        simulation = Simulation(scenario, seed=seed, status_quo=before, tables=True, threads=threads).run()
        plan, lived = simulation.plan, simulation.status_quo
        made = result_of(simulation.runs, scenario=scenario, seed=seed)
    return replace(made, status_quo=status_quo_of(before, scenario), plan=facts_of(plan, status_quo=lived))


def result_of(runs: Sequence[ZoneRun], *, scenario: Scenario, seed: int, tables: bool = True,
              deeds: Deeds = ()) -> Result:  # fmt: skip
    """The result of zones that have been run, in whatever order they come; `tables`: whether they kept every visit.

    `deeds` are what was done to them in mid-run beside the scenario.
    """
    ordered = sorted(runs, key=lambda run: run.number)
    tally = add_up([tally_zone(run) for run in ordered])[0]
    source = partial(_make_table, ordered) if tables else None
    return _result(scenario, ordered[0].plan, tally, seed=seed, source=source, deeds=deeds)


def _make_table(runs: Sequence[ZoneRun], name: str) -> pd.DataFrame:
    return TABLES[name](runs)


def _result(scenario: Scenario, plan: Plan, tally: np.record, *, seed: int, source: Callable | None,
            deeds: Deeds = ()) -> Result:  # fmt: skip
    deeds = copy.deepcopy(list(deeds))
    return Result(scenario=scenario.name, scenario_hash=hash_of(scenario, deeds), seed=int(seed), tally=tally,
                  plan=facts_with(facts_of(plan), deeds), source=source,
                  told=partial(toml_with, scenario, deeds))  # fmt: skip


def _counts_only(scenario: Scenario, before: Scenario, *, seed: int,
                 threads: int) -> tuple[Plan, Plan, np.record]:  # fmt: skip
    same_setting(scenario, before)
    plan = make_plan(scenario)
    status_quo = make_plan(before, places=plan.places)

    def count(zone_map: ZoneMap) -> np.recarray:
        return tally_zone(next(arms_of_zone(zone_map, [plan], status_quo=status_quo, seed=seed)))

    with ThreadPoolExecutor(threads) as pool:
        return plan, status_quo, add_up(list(pool.map(count, zone_maps(plan.places))))[0]


def loaded(scenario: Scenario | str) -> Scenario:
    """A scenario, from its name in the library or its file if that is what was given."""
    return scenario if isinstance(scenario, Scenario) else load_scenario(scenario)


def read_result(folder: str | os.PathLike[str]) -> Result:
    """Read back what `Result.write` wrote."""
    from iccmsim.results.folder import read_result as read

    return read(folder)
