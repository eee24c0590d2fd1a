"""Numbers that theory gives without a simulation: each is met within an interval that is computed, not set by eye."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from small import NEAR, SURE, lived

from iccmsim.core.records import (
    AT_CHW,
    DIED,
    FOUND_CLOSED,
    ILLNESSES,
    MALARIA,
    MINUTES,
    NOT_REACHED,
    RECOVERED,
    YEAR,
)
from iccmsim.parameters.kernel import AGE_DAYS, BACKGROUND_DAYS, published_incidence

Z = 4.0  # of 40 intervals, one in 400 runs is outside; seeds are fixed
UNTREATED = {"chw.deployed": 0, "seek.a_facility": -20, "seek.a_informal": -20, "home.ors": 0, "home.act": 0,
             "seek.hh_sd": 0, "seek.formal_sd": 0, "seek.sev": 0}  # fmt: skip
NO_DEATHS = {f"kappa.{name}": 0 for name in ("mal", "pneu", "diarr", "psbi")} | {"mort.background": [0] * 6}
LARGE = {"place.people": 20000, "place.villages_per_zone": 10, "run.warmup_days": 365, "run.days": 730}


@cache
def untreated(seed: int = 1):
    """Nobody seeks care, nobody dies: two years of 3,800 children, no overlap, counted from launch."""
    return lived({**LARGE, **UNTREATED, **NO_DEATHS, "overlap.mechanism": 1}, seed=seed, tables=False)


def child_days(child, low: float, high: float, begin: int, end: int) -> np.ndarray:
    """Days that each child spends between two ages (days) and two minutes of the run."""
    first = np.maximum(child["birth"] + low * MINUTES, begin)
    last = np.minimum(np.minimum(child["birth"] + high * MINUTES, end), child["leaves"])
    return np.maximum(0.0, last - first) / MINUTES


@pytest.mark.parametrize("growth", [-0.1, 0.1])
def test_births_grow_or_dwindle_from_the_first_day_and_before_it_alike(growth):
    more = {"place.people": 20000, "pop.growth": growth, "run.warmup_days": 0, "run.days": 30}
    run = lived(more, tables=False).runs[0]
    child, yearly = run.zone.child, 20000 * run.plan.record(0)[0].pop_birth_rate / 1000
    expected = yearly * (math.exp(growth * 30 / YEAR) - 1) / growth
    assert abs((child["birth"] >= 0).sum() - expected) < Z * math.sqrt(expected)
    before = yearly * (1 - math.exp(-5 * growth)) / growth
    assert 0.8 * before < (child["birth"] < 0).sum() < before, "but for those who have died"


def test_wealth_says_nothing_about_a_familys_inclination_to_seek_care():
    """Three scores of each household, drawn apart: any two are uncorrelated."""
    home = lived({"place.people": 20000, "run.warmup_days": 0, "run.days": 1}, tables=False).runs[0].zone.household
    scores = np.array([np.log(home["wealth"]), home["taste_any"], home["taste_formal"]])
    assert (scores.std(axis=1) > 0.1).all()
    apart = np.corrcoef(scores)[np.triu_indices(3, 1)]
    assert (np.abs(apart) < Z / math.sqrt(len(home))).all(), apart


def test_every_household_has_its_share_of_the_children_who_live_when_all_begins():
    """Who survived to that day says nothing about whose child it is."""
    zone = lived({"place.people": 40000, "run.warmup_days": 0, "run.days": 1}, tables=False).runs[0].zone
    homes = np.bincount(zone.household["village"])
    first = np.cumsum(homes) - homes
    row = zone.child["household"][zone.child["birth"] < 0]
    village = zone.household["village"][row]
    tenth = ((row - first[village]) * 10 // homes[village]).astype(int)
    counted, n = np.bincount(tenth, minlength=10), len(row)
    share = np.bincount(((np.arange(len(zone.household)) - first[zone.household["village"]]) * 10
                         // homes[zone.household["village"]]).astype(int)) / len(zone.household)  # fmt: skip
    assert n > 5000
    assert (np.abs(counted - n * share) < Z * np.sqrt(n * share * (1 - share))).all(), counted


@pytest.mark.parametrize("band", range(5))
@pytest.mark.parametrize("k", [0, 1, 2, 4, 5])
def test_episodes_per_child_year_are_the_published_ones_at_each_age(k, band):
    """The error is that of a sum over children, who differ: from their own spread. v_k is what makes this hold."""
    simulation = untreated()
    run = simulation.runs[0]
    child, course = run.zone.child, run.course
    begin, end = (day * MINUTES for day in run.plan.window)
    low, high = AGE_DAYS[band], AGE_DAYS[band + 1]
    years = child_days(child, low, high, begin, end) / YEAR
    age = course["onset"] - child["birth"][course["child"]]
    mine = (course["illness"] == k) & (course["onset"] >= begin) & (course["onset"] < end)
    mine &= (age >= low * MINUTES) & (age < high * MINUTES) & (course["outcome"] != NOT_REACHED)
    counted = np.bincount(course["child"][mine], minlength=len(child))
    expected = published_incidence(simulation.scenario.values())[k][band]
    error = math.sqrt(((counted - expected * years) ** 2).sum())
    assert abs(counted.sum() - expected * years.sum()) < Z * error, (ILLNESSES[k], counted.sum() / years.sum())


def test_newborn_infections_are_the_published_share_of_births():
    run = untreated().runs[0]
    begin, end = (day * MINUTES for day in run.plan.window)
    child, course = run.zone.child, run.course
    born = (child["birth"] >= begin) & (child["birth"] < end - 28 * MINUTES) & (child["leaves"] > child["birth"])
    ill = np.isin(np.flatnonzero(born), course["child"][course["illness"] == 3])
    share = run.plan.record(0)[0].inc_psbi
    assert abs(ill.sum() - share * born.sum()) < Z * math.sqrt(born.sum() * share * (1 - share))


def test_malaria_peaks_in_september_and_october_and_is_low_in_the_dry_season():
    run = untreated().runs[0]
    course = run.course
    mine = course[(course["illness"] == MALARIA) & (course["onset"] >= run.plan.warmup * MINUTES)]
    month = ((mine["onset"] / MINUTES - run.plan.warmup) % YEAR // (YEAR / 12)).astype(int)
    counts = np.bincount(month, minlength=12) / 2
    season = run.plan.record(0)[0].season[MALARIA]
    expected = season / 12 * counts.sum()
    assert set(np.argsort(counts)[-2:]) == {8, 9}
    assert set(np.argsort(counts)[:5]) == {2, 3, 4, 5, 1}
    peak = counts[8:10].sum() / expected[8:10].sum()
    assert 0.9 < peak < 1.02  # the time lost while ill is longest at the peak


def test_the_untreated_die_as_often_as_p_times_c_says():
    more = {**UNTREATED, "place.people": 20000, "place.villages_per_zone": 10, "run.days": 500,
            "overlap.mechanism": 1}  # fmt: skip
    run = lived(more, tables=False).runs[0]
    p, course = run.plan.record(0)[0], run.course
    ended = course[np.isin(course["outcome"], (RECOVERED, DIED))]
    for k in range(4):
        mine = ended[ended["illness"] == k]
        chance = p.sev[k] * p.fatality[k]
        assert len(mine) > 50
        error = math.sqrt(len(mine) * chance * (1 - chance))
        assert abs((mine["outcome"] == DIED).sum() - len(mine) * chance) < Z * error, ILLNESSES[k]
        severe = (mine["was_severe"] == 1).sum()
        assert abs(severe - len(mine) * p.sev[k]) <= Z * math.sqrt(len(mine) * p.sev[k] * (1 - p.sev[k]))
        assert (mine["chance_death"][mine["was_severe"] == 1] == p.fatality[k]).all()


def test_expected_deaths_are_unbiased_for_deaths_with_care_and_stock_outs():
    """The sum of C over severe courses minus deaths is a martingale: its variance is the sum of C (1 - C)."""
    more = {**NEAR, "place.people": 20000, "place.villages_per_zone": 10, "seek.chw_shift": 2}
    run = lived(more, tables=False).runs[0]
    course = run.course
    due = course[(course["was_severe"] == 1) & (course["chance_death"] > 0)]
    chance = due["chance_death"]
    assert len(due) > 100
    error = math.sqrt((chance * (1 - chance)).sum())
    assert abs((due["outcome"] == DIED).sum() - chance.sum()) < Z * error


def test_with_background_deaths_alone_survival_is_the_closed_form():
    incidences = ("mal", "pneu.0_59m", "nmfi", "cough_cold.0_59m", "psbi", "diarr.0_5m", "diarr.6_11m", "diarr.12_23m",
                  "diarr.24_59m")  # fmt: skip
    no_illness = {f"inc.{name}": 0 for name in incidences}
    run = lived({**no_illness, "place.people": 20000, "run.days": 2200}, tables=False).runs[0]
    assert len(run.course) == 0
    child, p = run.zone.child, run.plan.record(0)[0]
    rates, edges = p.background, np.array(BACKGROUND_DAYS)
    edges[-1] = 1826
    end = run.plan.days * MINUTES
    dead = child["state"] == 2
    for band in range(6):
        days = child_days(child, edges[band], edges[band + 1], 0, end).sum()
        age = (child["end"] - child["birth"])[dead] / MINUTES
        deaths = ((age >= edges[band]) & (age < edges[band + 1])).sum()
        expected = rates[band] / YEAR * days
        assert abs(deaths - expected) < Z * math.sqrt(expected), band
    cohort = (child["birth"] >= 0) & (child["birth"] + 1826 * MINUTES <= end)
    five = math.exp(-(rates / YEAR * np.diff(edges)).sum())
    n = cohort.sum()
    assert n > 300
    assert abs((child["state"][cohort] == 3).sum() - n * five) < Z * math.sqrt(n * five * (1 - five))


@pytest.mark.parametrize("each", [7, 20])
def test_waiting_at_a_chw_is_that_of_a_queue_with_a_fixed_time_of_service(each):
    """Lindley (1952): a child is seen at its arrival or when the one before it is done, whichever is later."""
    more = {**SURE, **NEAR, "chw.minutes": each, "chw.minutes_day": 1440, "chw.catch": 100000, "chw.radius_km": 30,
            "seek.chw_shift": 4, "chw.queue": 100000, "chw.patience": 30}  # fmt: skip
    run = lived(more).runs[0]
    visit = run.zone.visit[: run.zone.n[1]]
    mine = visit[(visit["provider"] == AT_CHW)]
    mine = mine[np.argsort(mine["minute"], kind="stable")]
    assert len(mine) > 1500
    by_day = np.split(mine, np.flatnonzero(np.diff(mine["minute"] // MINUTES)) + 1)
    waited = 0
    for day in by_day:
        done = 0
        for arrived, seen in zip(day["arrived"].tolist(), day["minute"].tolist(), strict=True):
            if arrived // MINUTES == seen // MINUTES:
                assert seen == max(arrived, done)
                waited += seen > arrived
            done = seen + each
    assert waited > 100


def test_without_demand_a_shelf_is_filled_to_its_order_level_and_stays_there():
    """Order-up-to: a shelf that was bare knows no use, so the kit stands for it, over review, lead and buffer."""
    more = {**NEAR, "seek.chw_shift": -20, "sup.kit_days": 0, "sup.fill": 1, "spv.report": 1, "chw.attr": 0,
            "sup.lead": 10, "fac.kit_days": 3000}  # fmt: skip
    run = lived(more).runs[0]
    chw = run.zone.provider[1:]
    assert not chw["given"].any()
    level = np.ceil(chw["kit"] * (30 + 10 + 30) / 30)
    np.testing.assert_array_equal(chw["stock"], level)
    np.testing.assert_array_equal(chw["received"], level)
    first = (run.zone.stock_by_day[:, 1:, 0] > 0).argmax(axis=0)
    assert (first > 89).all()  # the first meeting after launch on day 60 is that of day 89
    assert (run.zone.stock_by_day[first.max() :, 1:] == level).all()


def test_with_even_use_what_is_ordered_is_what_is_used():
    more = {**NEAR, "place.people": 5000, "run.days": 1400, "sup.fill": 1, "spv.report": 1, "fac.kit_days": 3000,
            "chw.attr": 0, "season.malaria": [1] * 12, "season.diarr": [1] * 12, "season.ari": [1] * 12,
            "seek.chw_shift": 1.5}  # fmt: skip
    run = lived(more, tables=False).runs[0]
    months = run.zone.monthly[1:, 12 + 12 : 12 + 44]
    ordered, used = months["ordered"].sum(axis=(0, 1))[:3], months["given"].sum(axis=(0, 1))[:3]
    assert (used > 300).all()
    swing = run.zone.provider["kit"][1:].sum(axis=0)[:3]  # at most a month's stock is left over at either end
    assert (np.abs(ordered - used) < swing + Z * np.sqrt(used)).all()


def test_a_first_walk_finds_nobody_as_often_as_nobody_is_there():
    """Illness does not wait for the CHW's absence; the error is that of blocks of 20 days, four spells of absence."""
    more = {**NEAR, "place.people": 5000, "run.days": 1200, "chw.minutes": 0, "chw.attr": 0, "motiv.base": 0.9}
    run = lived(more).runs[0]
    monthly = run.zone.monthly[1:]
    away = 1 - monthly["days_present"].sum() / monthly["days_in_post"].sum()
    visit = run.zone.visit[: run.zone.n[1]]
    visit = visit[visit["provider"] == AT_CHW]
    first = visit[np.unique(visit["course"], return_index=True)[1]]
    closed = (first["marks"] & FOUND_CLOSED != 0) - away
    block = first["who"].astype(np.int64) * 1000 + first["minute"] // MINUTES // 20
    by_block = np.bincount(np.unique(block, return_inverse=True)[1], weights=closed)
    assert len(by_block) > 200
    assert 0.2 < away < 0.5
    assert abs(closed.sum()) < Z * math.sqrt((by_block**2).sum())
