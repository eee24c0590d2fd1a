"""Nothing is lost and nothing appears: doses, children and causes of death add up, every day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import NEAR, TINY, TWO_ZONES, digest, lived, tiny

from iccmsim.core.memory import bytes_of
from iccmsim.core.records import (
    AGED_OUT,
    ALIVE,
    AT_CHW,
    AT_FACILITY,
    BACKGROUND,
    DEAD,
    DIED,
    FIVE_YEARS,
    MILD,
    MINUTES,
    NOT_REACHED,
    ORS,
    PREVENTED,
    RUNNING,
    SEVERE,
    TURNED_AWAY,
    UNBORN,
)
from iccmsim.engine.plan import zone_maps
from iccmsim.engine.simulation import Simulation
from iccmsim.parameters.scenario import load_scenario
from iccmsim.world.population import build_population

LIST = Path(__file__).parent / "scenarios" / "list_diarrhoea.toml"
EVERYTHING_MOVES = {
    "chw.absent": st.floats(0, 0.6), "chw.attr": st.floats(0, 3), "chw.vacancy": st.floats(0.5, 6),
    "chw.catch": st.integers(150, 2500), "sup.review": st.integers(3, 90), "sup.lead": st.floats(0, 60),
    "sup.fill": st.floats(0, 1), "sup.buffer": st.floats(0, 90), "sup.kit_days": st.floats(0, 90),
    "spv.report": st.floats(0, 1), "fac.sup.review": st.integers(3, 90), "fac.sup.lead": st.floats(0, 60),
    "fac.sup.fill": st.floats(0, 1), "fac.kit_days": st.floats(0, 120), "seek.chw_shift": st.floats(-1, 3),
    "chw.minutes_day": st.integers(10, 400), "policy.stockout_refer": st.floats(0, 1),
    "sup.rule": st.integers(0, 3), "fac.sup.rule": st.integers(0, 2), "sup.check": st.integers(1, 9),
    "stk.avail": st.floats(0.4, 1), "stk.days": st.floats(5, 90), "stk.rho": st.floats(0, 1),
    "road.rain_lead": st.floats(1, 4), "road.cut_posts": st.floats(0, 1), "road.cut_km": st.floats(0, 5),
    "road.cut_facilities": st.floats(0, 1), "sup.leak": st.floats(0, 0.5), "fac.sup.leak": st.floats(0, 0.5),
    "sup.shelf": st.floats(0, 200), "fac.sup.shelf": st.floats(0, 200), "info.delay": st.integers(0, 60),
    "info.error": st.floats(0, 1), "info.bias": st.floats(0.3, 3),
}  # fmt: skip


WENT = ("given", "issued", "leaked", "expired")  # where doses went that are on the shelf no more


def shelves(run) -> dict[str, np.ndarray]:
    """What the books of all providers say so far."""
    return {name: run.zone.provider[name].astype(np.int64)
            for name in ("stock", "began_with", "received", "given", "issued", "leaked", "expired")}  # fmt: skip


def given_by_day(run) -> np.ndarray:
    """Doses handed out by day, provider and product, counted from the table of visits alone."""
    zone = run.zone
    visit = zone.visit[: zone.n[1]]
    visit = visit[np.isin(visit["provider"], (AT_CHW, AT_FACILITY))]
    counts = np.zeros(zone.stock_by_day.shape, np.int64)
    for product in range(6):
        some = visit[visit["given"] & 1 << product != 0]
        np.add.at(counts[:, :, product], (some["minute"] // MINUTES, some["who"]), 1)
    return counts


@settings(max_examples=8, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.fixed_dictionaries(EVERYTHING_MOVES), st.integers(0, 2**40))
def test_the_shelf_of_every_provider_adds_up_every_day_of_a_year(more, seed):
    simulation = Simulation(tiny(more={**NEAR, **more}), seed=seed, threads=1)
    arrived, sent, days = [], [], simulation.plan.days
    launch = simulation.plan.warmup
    for day in range(days):
        run = simulation.run_to(day + 1).runs[0]
        books = shelves(run)
        assert all((amounts >= 0).all() for amounts in books.values())
        np.testing.assert_array_equal(books["began_with"] + books["received"],
                                      sum(books[name] for name in WENT) + books["stock"])  # fmt: skip
        arrived.append(books["received"])
        sent.append(sum(books[name] for name in WENT if name != "given"))
    run = simulation.runs[0]
    handed = np.cumsum(given_by_day(run), axis=0)
    for day in range(launch, days):
        begin = run.zone.provider["began_with"]
        left = begin + arrived[day] - sent[day] - handed[day]
        np.testing.assert_array_equal(left, run.zone.stock_by_day[day])


@settings(max_examples=6, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.fixed_dictionaries(EVERYTHING_MOVES), st.integers(0, 2**40))
def test_books_of_providers_months_and_visits_agree(more, seed):
    run = lived({**NEAR, **more}, seed=seed).runs[0]
    provider, monthly = run.zone.provider, run.zone.monthly
    np.testing.assert_array_equal(provider["given"], monthly["given"].sum(axis=1))
    np.testing.assert_array_equal(provider["given"], given_by_day(run).sum(axis=0))
    for name in ("received", "leaked", "expired"):
        np.testing.assert_array_equal(provider[name], monthly[name].sum(axis=1))
    on_the_way = provider["coming"].sum(axis=1)
    np.testing.assert_array_equal(provider["issued"][0], (provider["received"] + on_the_way)[1:].sum(axis=0))
    assert not provider["issued"][1:].any()
    visit = run.zone.visit[: run.zone.n[1]]
    formal = visit[np.isin(visit["provider"], (AT_CHW, AT_FACILITY))]
    seen = formal[formal["marks"] & 0b101 == 0]  # neither closed nor turned away
    np.testing.assert_array_equal(monthly["cases"].sum(axis=1), np.bincount(seen["who"], minlength=len(provider)))
    missed = formal[formal["marks"] & 0b101 != 0]
    assert not missed["given"].any()
    overnight = seen["minute"] // MINUTES > seen["arrived"] // MINUTES
    for name, visits in (("visits_missed", missed), ("turned_away", missed[missed["marks"] & TURNED_AWAY > 0]),
                         ("waited", seen[overnight])):  # fmt: skip
        np.testing.assert_array_equal(monthly[name].sum(axis=1), np.bincount(visits["who"], minlength=len(provider)))
    out = (run.zone.stock_by_day[run.plan.warmup :, 1:] == 0).sum(axis=0)
    held = provider["kit"][1:] > 0  # what is not in the programme is not missed
    told, stayed = monthly["stock_out_days"].sum(axis=1)[1:], monthly["departures"][1:].sum(axis=1) == 0
    np.testing.assert_array_equal(out[stayed][held[stayed]], told[stayed][held[stayed]])
    assert (told <= out).all()  # at a post that is empty nothing is missed
    assert (told.max(axis=1) <= monthly["days_in_post"][1:].sum(axis=1)).all()
    assert not monthly["stock_out_days"].sum(axis=1)[1:][~held].any()
    np.testing.assert_array_equal(seen["given"] & seen["lacked"], 0)


def test_the_illnesses_of_a_child_as_bits_are_those_of_its_courses_every_day():
    simulation = Simulation(tiny(more=NEAR), seed=5, threads=1)
    seen = np.zeros(3, np.int64)
    for day in range(30, 200):
        zone = simulation.run_to(day).runs[0].zone
        row = zone.child["active"]
        stage = np.where(row >= 0, zone.course["stage"][np.maximum(row, 0)], -1)
        for i, (name, is_one) in enumerate((("afoot", row >= 0), ("ill", stage >= MILD), ("severe", stage == SEVERE))):
            assert ((is_one << np.arange(6)).sum(axis=1) == zone.child[name]).all()
            seen[i] += is_one.sum()
    assert (seen > 10).all()


@settings(max_examples=6, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.fixed_dictionaries(EVERYTHING_MOVES), st.integers(0, 2**40))
def test_every_child_is_unborn_alive_dead_once_or_five(more, seed):
    simulation = lived({**NEAR, **more}, seed=seed)
    run, end = simulation.runs[0], simulation.plan.days * MINUTES
    child, course = run.zone.child, run.course
    counts = {state: (child["state"] == state).sum() for state in (UNBORN, ALIVE, DEAD, AGED_OUT)}
    assert sum(counts.values()) == len(child)
    assert counts[UNBORN] == 0
    dead = child["state"] == DEAD
    assert ((child["cause"] >= 0) == dead).all()
    assert (child["cause"][dead] <= BACKGROUND).all()
    of_illness = np.flatnonzero(dead & (child["cause"] != BACKGROUND))
    killed = course[course["outcome"] == DIED]
    assert sorted(killed["child"]) == of_illness.tolist()
    np.testing.assert_array_equal(child["cause"][killed["child"]], killed["illness"])
    np.testing.assert_array_equal(child["end"][killed["child"]], killed["kills"])
    gone = dead | (child["state"] == AGED_OUT)
    assert ((child["end"] >= 0) == gone).all()
    assert (child["end"][gone] <= child["leaves"][gone]).all()
    five = child[child["state"] == AGED_OUT]
    assert (five["end"] - five["birth"] == FIVE_YEARS * MINUTES).all()
    assert (child["leaves"][child["state"] == ALIVE] >= end).all()
    reached = ~np.isin(course["outcome"], (NOT_REACHED, PREVENTED))
    ends = np.where(gone, child["end"], end)
    assert (course["onset"][reached] <= ends[course["child"][reached]]).all()
    assert ((course["outcome"] == RUNNING) <= ~gone[course["child"]]).all()


def test_in_a_world_of_one_illness_doses_given_are_courses_changed():
    simulation = Simulation(load_scenario(LIST, overrides={
        "setting.place.people": 1500, "setting.place.zones": 1, "run.days": 200, "chw.step.ors": 0.5,
        "chw.step.zinc": 0.4}), seed=3, threads=1).run()  # fmt: skip
    zone = simulation.runs[0].zone
    visit, course = zone.visit[: zone.n[1]], zone.course
    for product, mechanism in ((ORS, 0), (1, 1)):
        given_to = visit["course"][visit["given"] & 1 << product != 0]
        assert len(given_to) > 1000
        assert len(given_to) == zone.provider["given"][:, product].sum() == zone.monthly["given"][..., product].sum()
        np.testing.assert_array_equal(np.unique(given_to), np.flatnonzero(course["doses"] & 1 << product))
        np.testing.assert_array_equal(np.unique(given_to), np.flatnonzero(course["x"][:, mechanism]))
        assert len(given_to) - len(np.unique(given_to)) <= 2  # a second visit has odds of e^-10


def test_no_dose_is_given_where_there_is_none_and_every_dose_leaves_the_shelf():
    empty = {"sup.kit_days": 0, "sup.fill": 0, **NEAR}
    zone = lived(empty).runs[0].zone
    assert not zone.provider["given"][1:].any()
    visit = zone.visit[: zone.n[1]]
    at_chw = visit[visit["provider"] == AT_CHW]
    assert len(at_chw) > 100
    assert (at_chw["given"] == 0).all()


def test_a_child_to_be_born_has_the_default_of_every_field():
    day = 100
    simulation = Simulation(tiny(more={**NEAR, "run.days": 400}), seed=5, threads=1).run_to(day)
    run = simulation.runs[0]
    fresh = build_population(zone_maps(simulation.plan.places)[0], simulation.status_quo.record(0), seed=5,
                             days=simulation.plan.days)  # fmt: skip
    unborn = run.zone.child["birth"] >= day * MINUTES
    assert unborn.sum() > 20
    drawn = {"household", "birth", "leaves", "leaves_dead", "due", "changes", "number"}
    for field in run.zone.child.dtype.names:
        now = run.zone.child[field][unborn]
        np.testing.assert_array_equal(now, fresh.child[field][unborn], err_msg=field)
        if field not in drawn:
            assert len(np.unique(now, axis=0)) == 1, field
    assert not unborn[run.course["child"]].any()
    for field in fresh.candidate.dtype.names:
        np.testing.assert_array_equal(run.zone.candidate[field][run.zone.order], fresh.candidate[field][fresh.order],
                                      err_msg=field)  # fmt: skip


@pytest.mark.parametrize("overrides", [TINY, TWO_ZONES])
def test_children_of_households_live_where_their_households_are(overrides):
    simulation = Simulation(load_scenario("sahel/iccm-as-delivered", overrides={**overrides, **NEAR}), seed=1).run()
    for run in simulation.runs:
        zone = run.zone
        assert (zone.child["household"] < len(zone.household)).all()
        served = zone.household["chw"] >= 1
        assert (zone.village["post"][zone.household["village"][served]] >= 0).all()
        visit = zone.visit[: zone.n[1]]
        own = visit[visit["provider"] == AT_CHW]
        np.testing.assert_array_equal(zone.household["chw"][zone.child["household"][own["child"]]], own["who"])


def test_what_lies_where_courses_will_be_written_does_not_matter():
    clean, dirty = (Simulation(tiny(more={**NEAR, "run.days": 200}), seed=5, threads=1).build() for _ in range(2))
    for run in dirty.runs:
        bytes_of(run.zone.course)[:] = 0xAB
    assert digest(clean.run_to(150)) == digest(dirty.run_to(150))
    assert digest(clean.run()) == digest(dirty.run())
