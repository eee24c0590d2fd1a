"""A scenario beside what surveys, registers and trials have seen: each target with its interval, and what came out.

Roles: "fitted" was tuned to; "circular" follows from what was tuned or put in, and validates nothing; "check" was never
fitted. A figure outside its interval is printed as such, and so is that more seeds may bring it inside.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from iccmsim.engine.plan import Plan, make_plan, zone_maps
from iccmsim.engine.simulation import arms_of_zone, how_many, without_chws
from iccmsim.engine.tally import TALLY, add_up, tally_zone
from iccmsim.exchange.district import load_places
from iccmsim.parameters.scenario import Scenario
from iccmsim.results.indicators import (
    budget,
    counts_of,
    delays,
    expected_deaths,
    from_tally,
    median_days,
    spells_without,
)
from iccmsim.results.list_formula import list_prediction, treated_away
from iccmsim.results.mortality import WINDOW, expected_deaths_by_cause, rates
from iccmsim.results.survey import Counts, Telling, add_counts, share
from iccmsim.results.tables import TABLES
from iccmsim.studies.compare import scenario_at, seeds_of
from iccmsim.studies.estimate import Q, estimate, ratio
from iccmsim.world.population import ZoneMap

HERE = Path(__file__).resolve().parent
PLACES_OF_TARGETS = (HERE / "targets.toml", HERE.parents[1] / "calibration" / "targets.toml")
NAMES = ("episodes", "children", "visits", "chw_months")
RATIOS = {"rain_ratio": ("death_rate_rainy", "death_rate_dry"), "distance_ratio": ("death_rate_far", "death_rate_near")}


@dataclass(frozen=True)
class CheckRow:
    """One target: what has been seen, and what the model gives. z is (model - value) over the target's own error."""

    key: str
    role: str
    value: float
    low: float | None
    high: float | None
    model: float | None
    mcse: float | None
    z: float | None
    inside: bool | None
    unit: str
    source: str
    note: str

    @property
    def is_near(self) -> bool:
        """Outside by less than two Monte-Carlo errors, so that these few seeds do not tell."""
        if self.inside is not False or self.mcse is None:
            return False
        return max(self.low - self.model, self.model - self.high) < 2.0 * self.mcse


@dataclass(frozen=True)
class CheckReport:
    """All targets that apply to a scenario."""

    scenario: str
    seeds: tuple[int, ...]
    rows: tuple[CheckRow, ...]

    def missed(self, role: str | None = None) -> list[CheckRow]:
        """The targets whose interval does not hold what the model gives."""
        return [row for row in self.rows if row.inside is False and role in (None, row.role)]

    def table(self) -> list[dict[str, Any]]:
        """One row a target, for the terminal."""
        return [{"target": row.key, "seen": shown(row.value), "interval": _interval(row), "model": shown(row.model),
                 "MC error": shown(row.mcse), "z": "" if row.z is None else f"{row.z:+.1f}", "role": row.role,
                 "": "" if row.inside is not False else f"OUTSIDE{', within its error' if row.is_near else ''}"}
                for row in self.rows]  # fmt: skip

    def text(self) -> str:
        """The table in plain characters, and how many targets are missed."""
        rows = self.table()
        if not rows:
            return f"{self.scenario}: no target applies"
        width = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
        lines = ["  ".join(text.ljust(width[name]) for name, text in row.items()).rstrip()
                 for row in ({name: name for name in width}, *rows)]  # fmt: skip
        with_interval = [row for row in self.rows if row.inside is not None]
        said = ", ".join(f"{role} {len(self.missed(role))} of {sum(row.role == role for row in with_interval)}"
                         for role in ("fitted", "circular", "check"))  # fmt: skip
        near = sum(row.is_near for row in self.rows)
        more = f"; {near} of these by less than two Monte-Carlo errors: use more seeds" if near else ""
        return "\n".join([f"{self.scenario}, seeds {', '.join(map(str, self.seeds))}", *lines,
                          f"outside: {said}{more}"])  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """One object of plain numbers for programs (format 1)."""
        return {"format": 1, "scenario": self.scenario, "seeds": list(self.seeds),
                "missed": [row.key for row in self.missed()],
                "targets": [asdict(row) for row in self.rows]}  # fmt: skip


def shown(value: float | None) -> str:
    """A number as a reader wants it: three figures."""
    return "-" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:.1f}"


def _interval(row: CheckRow) -> str:
    return "" if row.low is None else f"{shown(row.low)} to {shown(row.high)}"


@cache
def read_targets(place: str = "") -> Mapping[str, Mapping[str, Any]]:
    """The targets of a place by key, from calibration/targets.toml (or the copy that an installed package carries).

    A place that the list does not name has the targets of rural Mali.
    """
    for file in PLACES_OF_TARGETS:
        if file.is_file():
            listed = tomllib.loads(file.read_text(encoding="utf-8"))
            break
    else:
        raise FileNotFoundError("targets.toml: the list of targets is neither in the package nor in calibration/")
    of_mali = {each["key"]: each for each in listed["target"] if "place" not in each}
    borrowed = {each["place"]: each["keys"] for each in listed["borrowed"]}
    if place not in borrowed:
        return of_mali
    own = {each["key"]: each for each in listed["target"] if each.get("place") == place}
    return {key: {**of_mali[key], "note": f"borrowed from rural Mali; {of_mali[key].get('note', '')}".rstrip("; ")}
            for key in borrowed[place]} | own  # fmt: skip


@dataclass(frozen=True)
class _Seen:
    """What one seed gave: counts, expected deaths by cause and age, illnesses by minutes to first care, and tallies
    without and with the programme."""

    counts: Counts
    deaths: np.ndarray
    delays: np.ndarray
    tallies: np.ndarray


def check(scenario: Scenario | str, *, seeds: int | Iterable[int] = 5,
          places: str | os.PathLike[str] | None = None, threads: int | None = None) -> CheckReport:  # fmt: skip
    """Run a scenario and set every target that applies to it beside what came out.

    seeds: numbers, or how many (5 means 1 to 5).
    """
    chosen, threads = seeds_of(seeds), how_many(threads)
    scenario = scenario_at(scenario, places)
    ground = load_places(scenario)
    plan, before = make_plan(scenario, places=ground), make_plan(without_chws(scenario), places=ground)
    maps = zone_maps(ground)
    jobs = [(seed, each) for seed in chosen for each in maps]
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(lambda job: _look(job[1], plan, before, seed=job[0]), jobs))
    seen = [_join(parts[i : i + len(maps)]) for i in range(0, len(parts), len(maps))]
    found = _values(seen, plan)
    kind = "facility-only" if plan.deployment is None else "chw"
    targets = [each for each in read_targets(scenario.place.name).values() if each["arms"] in (kind, "all")]
    return CheckReport(scenario.name, chosen, tuple(_row(each, found.get(each["indicator"])) for each in targets))


def _look(zone_map: ZoneMap, plan: Plan, before: Plan, *, seed: int) -> _Seen:
    """One zone from one seed: without CHWs (for LiST) and with them, if there are any."""
    plans = [plan] if plan.deployment is None else [before, plan]
    tallies = np.zeros(2, TALLY)
    for i, run in enumerate(arms_of_zone(zone_map, plans, status_quo=before, seed=seed, tables=True)):
        tallies[i : i + 1] = tally_zone(run)
        if run.plan is plan:
            setting, days = plan.scenario.setting, float(plan.scenario.run["run.days"])
            tables = {name: TABLES[name]([run]) for name in NAMES}
            counts = counts_of(tables, window_days=days, path=float(setting["seek.path"]),
                               telling=Telling.of(setting))  # fmt: skip
            counts |= spells_without(run.zone.stock_by_day[plan.warmup : plan.warmup + int(days), 1:])
            deaths = expected_deaths(tables["episodes"], tables["children"], window_days=days)
            waited = delays(tables["episodes"], window_days=days)
    return _Seen(counts, deaths, waited, tallies)


def _join(parts: list[_Seen]) -> _Seen:
    return _Seen(add_counts([part.counts for part in parts]), sum(part.deaths for part in parts),
                 sum(part.delays for part in parts), add_up([part.tallies for part in parts]))  # fmt: skip


def _values(seen: list[_Seen], plan: Plan) -> dict[str, Q]:
    """Every indicator with its Monte-Carlo error: shares as ratios of sums over seeds, the rest as means."""
    has_chws = plan.deployment is not None
    arm = 1 if has_chws else 0
    counts = [add_counts([each.counts, from_tally(each.tallies[arm], review_days=plan.review_days)]) for each in seen]
    found = {name: ratio(*np.array([each[name] for each in counts]).T) for name in counts[0]}
    found |= {name: _rate_ratio(counts, *pair) for name, pair in RATIOS.items()}
    found["any_care_by_wealth"] = ratio(*np.array([[share(each, f"any_care_{end}") for end in ("poorest", "richest")]
                                                   for each in counts]).T)  # fmt: skip
    single = [_of_seed(each, arm) for each in seen]
    found |= {name: estimate([each[name] for each in single]) for name in single[0]}
    gap = ratio(*np.array([_beside_list(each, has_chws=has_chws) for each in seen]).T)
    return found | {"list_gap_averted" if has_chws else "list_gap": gap}


def _of_seed(seen: _Seen, arm: int) -> dict[str, float]:
    tally = seen.tallies[arm]
    days, births = tally["child_days"][WINDOW].sum(axis=0), float(tally["births"][WINDOW].sum())
    return rates(tally) | budget(seen.deaths, days, births=births) | {"delay_median": median_days(seen.delays)}


def _rate_ratio(counts: list[Counts], above: str, below: str) -> Q:
    """A ratio of two rates, summed over seeds; its error as if each rate's events were Poisson."""
    sums = [np.sum([each[name] for each in counts], axis=0) for name in (above, below)]
    (a, b), (c, d) = sums
    if not (a and b and c and d):
        return {"mean": None, "low": None, "high": None, "mcse": None}
    mean = float((a / b) / (c / d))
    return {"mean": mean, "low": None, "high": None, "mcse": float(mean * np.sqrt(1 / a + 1 / c))}


def _beside_list(seen: _Seen, *, has_chws: bool) -> tuple[float, float]:
    """By how many deaths the model differs from LiST's arithmetic, and what that is set beside.

    With CHWs: deaths averted, beside those that LiST averts. Without: the deaths that care leaves of those that no care
    at all would have led to, beside the modelled deaths.
    """
    without, given = seen.tallies
    modelled = expected_deaths_by_cause(without)
    if has_chws:
        by_list, after = list_prediction(without, given), expected_deaths_by_cause(given)
        averted = sum(by_list.values())
        return sum(modelled[name] - after[name] for name in by_list) - averted, averted
    untreated = without["weight"][WINDOW].sum(axis=0)[:4]
    left = untreated * (1 - treated_away(without, "weighted_effect")) * (1 - treated_away(without, "weighted_zinc"))
    total = float(without["expected"][WINDOW, :4].sum())
    return total - float(left.sum()), total


def _row(target: Mapping[str, Any], q: Q | None) -> CheckRow:
    low, high, model = target.get("low"), target.get("high"), None if q is None else q["mean"]
    known = low is not None and model is not None
    spread = (high - low) / 3.92 if known else 0.0
    error = float(np.hypot(spread, (q["mcse"] or 0.0) if q else 0.0))
    return CheckRow(
        key=target["key"], role=target["role"], value=target["value"], low=low, high=high, model=model,
        mcse=None if q is None else q["mcse"], z=(model - target["value"]) / error if known and error else None,
        inside=low <= model <= high if known else None, unit=target["unit"], source=target["source"],
        note=target.get("note", ""),
    )  # fmt: skip
