"""Households, all births within the horizon, and every illness the children would have: the same in every arm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.draws import WHO_LIMIT, ZONE_LIMIT, Decision, draw, refuse_unfit, two_normals
from iccmsim.core.memory import bytes_of
from iccmsim.core.records import (
    CHILD,
    FIVE_YEARS,
    HOUSEHOLD,
    MINUTES,
    NEVER,
    VILLAGE,
    YEAR,
    table,
)
from iccmsim.world.illnesses import find_candidates
from iccmsim.world.zone import BIRTH_FROM, BIRTHS, LEAVE_FROM, LEAVERS, ONSET_FROM

FIVE = FIVE_YEARS * MINUTES


@dataclass(frozen=True)
class ZoneMap:
    """Where the families of one zone live: people and straight-line km of each of its villages."""

    number: int
    villages: np.ndarray  # their numbers in the district
    people: np.ndarray
    km_facility: np.ndarray
    km_hospital: np.ndarray


@dataclass(frozen=True)
class Population:
    """The people of one zone as the seed makes them, before anything has happened. Never written to."""

    number: int
    child: np.recarray
    candidate: np.recarray  # as in Zone, like the rest
    order: np.ndarray
    household: np.recarray
    village: np.recarray
    days: np.ndarray
    lists: np.ndarray


@rule(entry=True)
def draw_households(household, first, regime, key, km_facility, km_hospital):
    """Wealth, inclinations and distances of all households; those of village v begin at row first[v]."""
    p = regime[0]
    for village in range(first.shape[0] - 1):
        for h in range(first[village], first[village + 1]):
            u, v, w, x = draw(key, Decision.HOUSEHOLD_TASTE, h, 0)
            taste, formal = two_normals(u, v)
            z, _ = two_normals(w, x)
            row = household[h]
            row.village = village
            row.chw = -1
            row.used_day[0] = -1
            row.used_day[1] = -1
            row.wealth = math.exp(p.pop_wealth_sd * z - 0.5 * p.pop_wealth_sd * p.pop_wealth_sd)
            row.taste_any = p.seek_hh_sd * taste
            row.taste_formal = p.seek_formal_sd * formal
            row.km_facility = km_facility[village] * p.seek_path
            row.km_hospital = km_hospital[village] * p.seek_path


@rule
def survives_to(p, days):
    """Share of births alive at an age: straight lines between birth, 28 days, one year and five."""
    if days < 28.0:
        return 1.0 + (p.survival[0] - 1.0) * days / 28.0
    if days < YEAR:
        return p.survival[0] + (p.survival[1] - p.survival[0]) * (days - 28.0) / (YEAR - 28.0)
    return p.survival[1] + (p.survival[2] - p.survival[1]) * (days - YEAR) / (FIVE_YEARS - YEAR)


@rule(entry=True)
def draw_all_births(child, people, first, regime, key, end):
    """The children of all villages, one village after another; -1 if there is no room."""
    p = regime[0]
    n = 0
    for village in range(people.shape[0]):
        n = draw_births(child, n, village, people[village], first[village], first[village + 1], p, key, end)
        if n < 0:
            return -1
    return n


@rule
def draw_births(child, n, village, people, first, last, p, key, end):
    """The children of one village: those under five when the warm-up begins, and all born until the end.

    Births are a Poisson process that grows with the population; earlier ones are kept if they survived so far.
    """
    growth = p.pop_growth / YEAR
    per_day = people * p.pop_birth_rate / 1000.0 / YEAR
    sum_of_waits = 0.0
    start = per_day * FIVE_YEARS if growth == 0.0 else per_day * (1.0 - math.exp(-growth * FIVE_YEARS)) / growth
    k = 0
    while per_day > 0.0 and last > first:
        u, v, w, _ = draw(key, Decision.BIRTH_TIME, village, k)
        k += 1
        sum_of_waits -= math.log(u)
        x = (sum_of_waits - start) / per_day
        if growth != 0.0 and 1.0 + growth * x <= 0.0:
            break
        day = x if growth == 0.0 else math.log(1.0 + growth * x) / growth
        minute = int(math.floor(day * MINUTES))
        if minute >= end:
            break
        if minute < 0 and (w >= survives_to(p, -day) or minute + FIVE <= 0):
            continue
        if n >= child.shape[0]:
            return -1
        row = child[n]
        row.birth = minute
        row.household = first + int(v * (last - first))
        n += 1
    return n


@rule
def draw_leaving(row, who, p, key):
    """When the child would die of other causes, or turns five: one keyed age, the same in every arm."""
    u, _, _, _ = draw(key, Decision.BACKGROUND, who, 0)
    left = -math.log(u)
    age = max(0.0, -row.birth / MINUTES)
    row.leaves = row.birth + FIVE
    row.leaves_dead = 0
    for band in range(6):
        ends = p.background_days[band + 1]
        if age >= ends:
            continue
        rate = p.background[band] / YEAR
        if rate * (ends - age) > left:
            minute = row.birth + int((age + left / rate) * MINUTES)
            if minute < row.leaves:
                row.leaves = max(minute, row.birth)
                row.leaves_dead = 1
            return
        left -= rate * (ends - age)
        age = ends


@rule(entry=True)
def draw_children(child, n, regime, key):
    """Everything else of a child that is drawn once; state at the start."""
    p = regime[0]
    for who in range(n):
        row = child[who]
        row.number = who
        row.state = 1 if row.birth < 0 else 0
        row.end = -1
        row.cause = -1
        row.complaint = 5
        row.sick_at = -1
        row.content_until = -1
        row.waits_since = -1
        row.act_at = -1
        row.follow_day = -1
        for k in range(6):
            row.active[k] = -1
        for v in range(4):
            row.visited[v] = -NEVER // 2
        draw_leaving(row, who, p, key)
        row.due = row.leaves
        row.changes = row.leaves


def build_population(place: ZoneMap, regime: np.recarray, *, seed: int, days: int) -> Population:
    """Make the families and children of one zone from the seed, with every birth and candidate onset of `days`."""
    refuse_unfit("zone", place.number, ZONE_LIMIT)
    key, end = (int(seed), int(place.number)), int(days) * MINUTES
    village, household, first = _settle(place, regime, key)
    child = _bear(place, regime, key, end=end, first=first)
    candidate, order, onset_from = find_candidates(child, regime, key, end=end, days=days)
    calendar, lists = _calendar(child, days)
    calendar[:, ONSET_FROM] = onset_from
    return Population(place.number, child, candidate, order, household, village, calendar, lists)


def _calendar(child: np.recarray, days: int) -> tuple[np.ndarray, np.ndarray]:
    """The days of births and of leaving, and empty buckets for the rest."""
    births = np.flatnonzero(child["birth"] >= 0)
    births = births[np.argsort(child["birth"][births], kind="stable")]
    leavers = np.argsort(child["leaves"], kind="stable")
    dawns = np.arange(days + 1, dtype=np.int64) * MINUTES
    calendar = np.full((days + 1, 4), -1, np.int64)
    calendar[:, BIRTH_FROM] = np.searchsorted(child["birth"][births], dawns)
    calendar[:, LEAVE_FROM] = np.searchsorted(child["leaves"][leavers], dawns)
    lists = np.zeros((7, 3 * len(child) + 8), np.int64)
    lists[BIRTHS, : len(births)] = births
    lists[LEAVERS, : len(leavers)] = leavers
    return calendar, lists


def _settle(place: ZoneMap, regime: np.recarray, key: tuple[int, int]) -> tuple[np.recarray, np.recarray, np.ndarray]:
    villages = len(place.people)
    size = regime[0].pop_household_size
    count = np.where(place.people > 0, np.maximum(1, np.rint(place.people / size)), 0).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(count)])
    refuse_unfit("households of a zone", int(first[-1]), WHO_LIMIT)
    village, household = table(VILLAGE, villages), table(HOUSEHOLD, int(first[-1]))
    village["number"], village["post"] = place.villages, -1
    far = (np.asarray(km, dtype=float) for km in (place.km_facility, place.km_hospital))
    draw_households(household, first, regime, key, *far)
    return village, household, first


def _bear(place: ZoneMap, regime: np.recarray, key: tuple[int, int], *, end: int, first: np.ndarray) -> np.recarray:
    p = regime[0]
    years = end / (MINUTES * YEAR) + 5.0
    mean = float(place.people.sum()) * p.pop_birth_rate / 1000.0 * years
    mean *= math.exp(max(p.pop_growth * years, -5.0 * p.pop_growth))  # at the end, or five years before the beginning
    child = table(CHILD, int(mean + 8.0 * math.sqrt(mean) + 16))
    n = draw_all_births(child, np.asarray(place.people, dtype=float), first, regime, key, end)
    if n < 0:
        raise ValueError(f"zone {place.number}: more births than 8 standard deviations allow; check pop.birth_rate")
    child = bytes_of(child[:n]).copy().view(CHILD).view(np.recarray)
    draw_children(child, n, regime, key)
    return child
