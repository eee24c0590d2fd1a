"""What a shock does to care and to lives: how deep care falls, how many die of it, how long until all is as before.

Each arm with a shock stands beside the same arm without it, on the same children. Care is the number of children who
get a drug from a CHW, a health centre or the hospital in a day. It is read over four weeks from a day on: what came
before that day has no part in it, so that a shock that leaves nothing behind takes no days to recover from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from iccmsim.core.records import AT_CHW, AT_FACILITY, AT_HOSPITAL, MINUTES, RDT
from iccmsim.engine.plan import make_plan, zone_maps
from iccmsim.engine.simulation import ZoneRun, arms_of_zone, without_chws
from iccmsim.engine.tally import tally_zone
from iccmsim.exchange.district import load_places
from iccmsim.parameters.scenario import Scenario, same_setting
from iccmsim.parameters.shocks import surges
from iccmsim.results.mortality import WINDOW
from iccmsim.studies.estimate import Q, estimate

FOUR_WEEKS = 28  # days over which care is read
BACK = 0.95  # of what care would have been: as before
STAYS = 28  # days on each of which four weeks must begin that are so
WHERE = (AT_CHW, AT_FACILITY, AT_HOSPITAL)  # children are treated


@dataclass(frozen=True, eq=False)
class Lived:
    """One arm: children treated in each place of WHERE on each day after launch, and expected deaths (seeds)."""

    treated_at: np.ndarray  # seeds x places x days
    deaths: np.ndarray

    @property
    def treated(self) -> np.ndarray:
        """Children treated on each day, wherever (seeds x days)."""
        return self.treated_at.sum(axis=1)


def live(arms: Sequence[Scenario], *, seeds: Iterable[int]) -> list[Lived]:
    """Run arms of one setting on the same children; those with a surge of malaria on children of their own."""
    seeds, lived = tuple(seeds), {}
    for arm in arms:
        same_setting(arms[0].quiet(), arm.quiet())
    groups: dict[str, list[int]] = {}
    for i, arm in enumerate(arms):
        groups.setdefault(repr(surges(arm.shocks)), []).append(i)
    for members in groups.values():
        for i, each in zip(members, _live_group([arms[i] for i in members], seeds), strict=True):
            lived[i] = each
    return [lived[i] for i in range(len(arms))]


def _live_group(arms: Sequence[Scenario], seeds: Sequence[int]) -> list[Lived]:
    ground = load_places(arms[0])
    plans = [make_plan(arm, places=ground) for arm in arms]
    before = make_plan(without_chws(arms[0]), places=ground)
    days = plans[0].window[1] - plans[0].window[0]
    treated, deaths = np.zeros((len(arms), len(seeds), len(WHERE), days)), np.zeros((len(arms), len(seeds)))

    def one_zone(work: tuple[int, object]) -> list[tuple]:
        i, place = work
        runs = arms_of_zone(place, plans, status_quo=before, seed=seeds[i], tables=True)
        return [(i, arm, treated_by_day(run), tally_zone(run)["expected"][0, WINDOW].sum())
                for arm, run in enumerate(runs)]  # fmt: skip

    work = [(i, place) for i in range(len(seeds)) for place in zone_maps(ground)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for found in pool.map(one_zone, work):
            for i, arm, by_day, died in found:
                treated[arm, i] += by_day
                deaths[arm, i] += died
    return [Lived(treated[arm], deaths[arm]) for arm in range(len(arms))]


def treated_by_day(run: ZoneRun) -> np.ndarray:
    """Children given a drug by a CHW, the health centre or the hospital (a row each), on each day of the window."""
    first, last = run.plan.window
    visit = run.zone.visit[: run.zone.n[1]]
    drug = (visit["given"] & ~(1 << RDT) != 0) | (visit["provider"] == AT_HOSPITAL)
    day = visit["minute"] // MINUTES - first
    counted = drug & (day >= 0) & (day < last - first)
    return np.array([np.bincount(day[counted & (visit["provider"] == place)], minlength=last - first)
                     for place in WHERE])  # fmt: skip


def share_of_usual(shaken: Lived, usual: Lived, *, days: int = FOUR_WEEKS) -> np.ndarray:
    """Care with the shock as a share of care without it, over all seeds, in the four weeks that begin on each day.

    Days are those after launch, as far as four weeks (or other `days`) of them are within the run.
    """
    window = np.ones(days)
    with_it, without = (np.convolve(each.treated.sum(axis=0), window, mode="valid") for each in (shaken, usual))
    return np.divide(with_it, without, out=np.ones_like(with_it), where=without > 0)


def depth(share: np.ndarray, day: int) -> float:
    """How much of usual care is lost in the worst four weeks that begin on a day or later; nan if the run ends first.

    A shock shorter than four weeks shares them with the days after it, so that it looks less deep than its worst day.
    """
    return float(1.0 - share[day:].min()) if day < len(share) else float("nan")


def days_to_recover(share: np.ndarray, ends: int) -> float:
    """Days from the end of the shock (its first day without) to the first of four weeks with care as before.

    The four weeks from each of the next 28 days must be so, too; infinite if they never are, or the run ends before it
    can be known.
    """
    well = share >= BACK
    for day in range(ends, len(share) - STAYS + 1):
        if well[day : day + STAYS].all():
            return float(day - ends)
    return float("inf")


def fewer_treated(shaken: Lived, usual: Lived, place: int, day: int) -> Q:
    """Children whom CHWs (or the centre, or the hospital) treat no more, from a day to the end of the run."""
    lost = usual.treated_at[:, WHERE.index(place), day:] - shaken.treated_at[:, WHERE.index(place), day:]
    return estimate(lost.sum(axis=1))


def extra_deaths(shaken: Lived, usual: Lived) -> Q:
    """Expected deaths that the shock adds, seed by seed."""
    return estimate(shaken.deaths - usual.deaths)
