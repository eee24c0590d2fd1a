"""Programmes side by side: the same children, the same illnesses, other care; who lives, who dies, how sure are we.

Zone by zone and seed by seed all arms are run from one population and one warm-up, counted and dropped. Only counts
stay, so a country needs the memory of a few zones.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from iccmsim.core.draws import fit_seed
from iccmsim.core.records import ILLNESSES, NEWBORN, table
from iccmsim.engine.pairs import PAIRS, pair_zone, remember_arm
from iccmsim.engine.plan import Plan, make_plan, zone_maps
from iccmsim.engine.simulation import arms_of_zone, how_many, without_chws
from iccmsim.engine.tally import TALLY, full_effect, tally_zone
from iccmsim.exchange.district import load_places
from iccmsim.parameters.place import FilesPlace
from iccmsim.parameters.scenario import Scenario, load_scenario, same_setting
from iccmsim.results.folder import MANIFEST, get_manifest, made_with, put_manifest, read_counts, write_folder
from iccmsim.results.mortality import WINDOW
from iccmsim.results.result import facts_of, reports_of
from iccmsim.results.shape import FACTS, NAMED, VERSIONS, many
from iccmsim.results.status_quo import StatusQuo, named, read_status_quo, status_quo_of
from iccmsim.studies.sweeping.precision import MOST_SEEDS, next_seeds, standard_error
from iccmsim.world.geography import Places
from iccmsim.world.population import ZoneMap

FORMAT = 4  # of the folder; 2: saved and lost by a CHW's part in it; 3: who waited; 4: who had no turn that day
KIND = "iccmsim comparison"
SHAPE = {"names": many(str, 2), "seeds": many(int, 1), "facts": many(FACTS), "hashes": many(str),
         "life_expectancy": many(float, 2, 2), "until_mcse?": float | None, "status_quo?": NAMED,
         "made_with": VERSIONS}  # fmt: skip
COUNTS, PAIRED = "tallies.npy", "pairs.npy"
MOST_REPLICATES = 1_000_000


@dataclass(frozen=True, eq=False)
class Comparison:
    """Counts of every seed and arm, and of every arm beside the first, which is the comparator.

    `tallies` and `pairs` have shape (seeds, arms); everything that is said about them is made from them alone.
    """

    names: tuple[str, ...]
    seeds: tuple[int, ...]
    tallies: np.recarray = field(repr=False)
    pairs: np.recarray = field(repr=False)
    facts: tuple[Mapping[str, Any], ...] = field(repr=False)  # of the place and of each arm's deployment
    hashes: tuple[str, ...] = field(repr=False)
    life_expectancy: tuple[float, float] = field(repr=False)  # of the country, and of the reference life table
    until_mcse: float | None = field(default=None, repr=False)  # the error that seeds were added for, if they were
    status_quo: StatusQuo | None = field(default=None, repr=False)  # of all arms; None: health facilities only

    def to_json(self) -> dict[str, Any]:
        """The comparison as one object of plain numbers, in the form that programs may rely on (format 1)."""
        from iccmsim.studies.summary import as_object

        return as_object(self)

    def table(self) -> list[dict[str, Any]]:
        """One row an arm for the terminal: deaths, mortality, deaths averted with interval."""
        from iccmsim.studies.summary import as_rows

        return as_rows(self)

    def save(self, folder: str | os.PathLike[str], *, more: Callable[[Path], None] | None = None) -> Path:
        """Write the counts and a manifest into a folder, and what `more` puts beside them, all or nothing."""
        manifest = {"kind": KIND, "format": FORMAT, "names": list(self.names), "seeds": list(self.seeds),
                    "facts": [dict(each) for each in self.facts], "hashes": list(self.hashes),
                    "life_expectancy": list(self.life_expectancy), "made_with": made_with(),
                    **named(self.status_quo)}  # fmt: skip
        if self.until_mcse is not None:
            manifest["until_mcse"] = float(self.until_mcse)

        def fill(place: Path) -> None:
            np.save(place / COUNTS, np.asarray(self.tallies), allow_pickle=False)
            np.save(place / PAIRED, np.asarray(self.pairs), allow_pickle=False)
            put_manifest(place, manifest)
            if self.status_quo is not None:
                self.status_quo.write(place)
            if more is not None:
                more(place)

        return write_folder(Path(folder), fill, kind=KIND, latest=FORMAT)

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> Comparison:
        """Read back what `save` wrote; says clearly what is wrong with a folder that is no comparison."""
        folder = Path(folder)
        manifest = get_manifest(folder, kind=KIND, latest=FORMAT, earliest=FORMAT, shape=SHAPE)
        found = Comparison(
            names=tuple(manifest["names"]), seeds=tuple(manifest["seeds"]),
            tallies=read_counts(folder / COUNTS, TALLY).view(np.recarray),
            pairs=read_counts(folder / PAIRED, PAIRS).view(np.recarray),
            facts=tuple(manifest["facts"]), hashes=tuple(manifest["hashes"]),
            life_expectancy=tuple(manifest["life_expectancy"]), until_mcse=manifest.get("until_mcse"),
            status_quo=read_status_quo(folder, manifest),
        )  # fmt: skip
        n, shape = len(found.names), (len(found.seeds), len(found.names))
        if (len(found.facts), len(found.hashes), found.tallies.shape, found.pairs.shape) != (n, n, shape, shape):
            raise ValueError(f"{folder}: its {MANIFEST} tells of other arms or seeds than its counts; run it again")
        return found


def compare(scenarios: Sequence[Scenario | str], *, seeds: int | Iterable[int],
            places: Places | str | os.PathLike[str] | None = None, threads: int | None = None,
            status_quo: Scenario | str | None = None, until_mcse: float | None = None, most_seeds: int = MOST_SEEDS,
            progress: Callable[[int, int], None] | None = None) -> Comparison:  # fmt: skip
    """Run arms of one setting in pairs, the first being the comparator, once for each seed.

    seeds: numbers, or how many (5 means 1 to 5). places: a map, or the folder of a real place's files.
    status_quo: lived through the warm-up (default: health facilities only). progress: called with (zones done, all).
    until_mcse: seeds are added, half as many again each time and at most most_seeds in all, until the Monte-Carlo error
    of expected deaths averted is that small in every arm.
    """

    def run(seeds: int | Iterable[int]) -> Comparison:
        return compare_parts(scenarios, part_of=all_as_one, seeds=seeds, places=places, threads=threads,
                             status_quo=status_quo, progress=progress)[0]  # fmt: skip

    if until_mcse is not None and not (isinstance(until_mcse, Real) and 0 < until_mcse < float("inf")):
        raise ValueError(f"until_mcse = {until_mcse!r}: must be a number above 0")
    found = replace(run(seeds), until_mcse=until_mcse)
    first = len(found.seeds)
    while until_mcse is not None and len(found.seeds) < most_seeds and error_of_averted(found) > until_mcse:
        more = run(next_seeds(found.seeds, first=first, most=most_seeds)[len(found.seeds) :])
        found = replace(found, seeds=(*found.seeds, *more.seeds),
                        tallies=np.concatenate([found.tallies, more.tallies]).view(np.recarray),
                        pairs=np.concatenate([found.pairs, more.pairs]).view(np.recarray))  # fmt: skip
    return found


def error_of_averted(found: Comparison) -> float:
    """The largest Monte-Carlo error of expected deaths averted over the arms beside the first."""
    expected = found.tallies["expected"][:, :, WINDOW].sum(axis=(2, 3))
    return max(standard_error(expected[:, 0] - expected[:, arm]) for arm in range(1, expected.shape[1]))


def effects_of(plan: Plan) -> dict[str, float]:
    """What a full treatment in time does against each of the four illnesses, and zinc beside ORS."""
    effects = full_effect(plan.record(plan.warmup)[0])[: NEWBORN + 1].tolist()
    return {**dict(zip(ILLNESSES, effects, strict=False)), "zinc": float(plan.scenario.setting["tx.zinc"])}


def all_as_one(places: Places) -> np.ndarray:
    """One part for all zones of a map."""
    return np.zeros(places.n_zones, np.int64)


def compare_parts(scenarios: Sequence[Scenario | str], *, part_of: Callable[[Places], np.ndarray],
                  seeds: int | Iterable[int], places: Places | str | os.PathLike[str] | None = None,
                  threads: int | None = None, status_quo: Scenario | str | None = None,
                  progress: Callable[[int, int], None] | None = None) -> tuple[Comparison, ...]:  # fmt: skip
    """As `compare`, with the counts of each part of the map apart; `part_of` numbers the part of each zone."""
    if isinstance(scenarios, (str, Scenario)):
        name = scenarios if isinstance(scenarios, str) else scenarios.name
        raise ValueError(f"scenarios = {name!r}: must be a list of arms, the comparator first, and is one arm")
    chosen, threads = seeds_of(seeds), how_many(threads)
    arms = [scenario_at(each, places) for each in scenarios]
    before = without_chws(arms[0]) if status_quo is None else scenario_at(status_quo, places)
    _refuse_unpaired(arms, before)
    ground = places if isinstance(places, Places) else load_places(arms[0])
    plans = [make_plan(arm, places=ground) for arm in arms]
    lived = make_plan(before, places=ground)
    job, parts = _Job(plans, lived), part_of(ground)
    tallies, pairs = _run_all(job, zone_maps(ground), chosen, parts=parts, threads=threads, progress=progress)
    setting, beside = arms[0].setting, [reports_of(plan) | {"full_effect": effects_of(plan)} for plan in plans]
    return tuple(Comparison(
        names=tuple(arm.name for arm in arms), seeds=chosen, tallies=tallies[part], pairs=pairs[part],
        facts=tuple(facts_of(plan, status_quo=lived, zones=np.flatnonzero(parts == part)) | more
                    for plan, more in zip(plans, beside, strict=True)),
        hashes=tuple(arm.hash() for arm in arms),
        life_expectancy=(float(setting["daly.le"]), float(setting["daly.le_reference"])),
        status_quo=status_quo_of(before, arms[0]),
    ) for part in range(len(tallies)))  # fmt: skip


def scenario_at(scenario: Scenario | str, places: Places | str | os.PathLike[str] | None) -> Scenario:
    """A scenario by name, file or as it is; a real place's files are looked for in `places`, or its sub-folders."""
    folder = None if places is None or isinstance(places, Places) else Path(places)
    if not isinstance(scenario, Scenario):
        return load_scenario(scenario, places=folder)
    if folder is None or not isinstance(scenario.place, FilesPlace):
        return scenario
    inside = (folder / name for name in scenario.place.inside())
    return replace(scenario, folder=next((own for own in inside if (own / scenario.place.villages).is_file()), folder))


def seeds_of(seeds: int | Iterable[int]) -> tuple[int, ...]:
    """Seeds: numbers, or how many (5 means 1 to 5)."""
    if isinstance(seeds, (str, bool)) or not isinstance(seeds, (int, np.integer, Iterable)):
        raise ValueError(f"seeds = {seeds!r}: must be whole numbers, or how many")
    if isinstance(seeds, (int, np.integer)) and seeds > MOST_REPLICATES:
        raise ValueError(f"seeds = {seeds}: must be at most {MOST_REPLICATES}")
    given = range(1, int(seeds) + 1) if isinstance(seeds, (int, np.integer)) else seeds
    chosen = tuple(fit_seed(seed) for seed in given)
    if not chosen:
        raise ValueError(f"seeds = {seeds}: there must be at least one")
    twice = sorted(seed for seed, often in Counter(chosen).items() if often > 1)
    if twice:
        raise ValueError(f"seeds: {', '.join(map(str, twice))} given twice; each seed is one replicate")
    return chosen


def _refuse_unpaired(arms: Sequence[Scenario], before: Scenario) -> None:
    """Arms need names of their own, and one setting and length of run."""
    if len(arms) < 2:
        raise ValueError(f"scenarios: {len(arms)} given; a comparison needs a comparator and at least one more")
    names = [arm.name for arm in arms]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"scenarios: {', '.join(twice)} is the name of two arms; give each its own (name = ...)")
    for other in (*arms[1:], before):
        same_setting(arms[0], other)


@dataclass(frozen=True)
class _Job:
    """All arms of one zone from one seed."""

    plans: Sequence[Plan]
    status_quo: Plan

    def run(self, zone_map: ZoneMap, seed: int) -> tuple[np.recarray, np.recarray]:
        """Counts of each arm, and of each arm beside the first; the zone itself is dropped."""
        tallies, pairs = table(TALLY, len(self.plans)), table(PAIRS, len(self.plans))
        first = None
        arms = arms_of_zone(zone_map, self.plans, status_quo=self.status_quo, seed=seed)
        for i, run in enumerate(arms):
            first = remember_arm(run) if first is None else first
            tallies[i : i + 1] = tally_zone(run)
            pairs[i : i + 1] = pair_zone(first, run)
        return tallies, pairs


def _run_all(job: _Job, maps: Sequence[ZoneMap], seeds: Sequence[int], *, parts: np.ndarray, threads: int,
             progress: Callable[[int, int], None] | None) -> tuple[np.recarray, np.recarray]:  # fmt: skip
    """Every zone from every seed, summed by part in the order of zones whatever the order in which they end."""
    shape = (int(parts.max()) + 1, len(seeds), len(job.plans))
    tallies, pairs = table(TALLY, shape), table(PAIRS, shape)
    work = [(i, zone_map) for i in range(len(seeds)) for zone_map in maps]
    with ThreadPoolExecutor(threads) as pool:
        try:
            done = pool.map(lambda item: job.run(item[1], seeds[item[0]]), work)
            for n, ((i, zone_map), (tally, pair)) in enumerate(zip(work, done, strict=True), start=1):
                part = parts[zone_map.number]
                _add(tallies[part, i], tally)
                _add(pairs[part, i], pair)
                if progress is not None:
                    progress(n, len(work))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tallies, pairs


def _add(total: np.recarray, part: np.recarray) -> None:
    for name in total.dtype.names:
        total[name] += part[name]
