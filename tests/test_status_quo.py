"""A warm-up under a status quo of the user's: what ends with it, and what has not begun yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import NEAR, only_if_compiled, tiny, what_differs

from iccmsim.core.records import ALIVE, AT_CHW, AT_FACILITY, AT_HOSPITAL, CHILD, MINUTES, MONTH, WAIT, table
from iccmsim.engine.calendar import put
from iccmsim.engine.launch import send_home
from iccmsim.engine.plan import make_plan
from iccmsim.engine.simulation import BEYOND_CHWS, Simulation, without_chws
from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.kernel import stationary_skill
from iccmsim.world.zone import ARRIVALS

BUSY = {**NEAR, "place.people": 3000, "run.warmup_days": 60, "run.days": 60, "seek.chw_shift": 2.0,
        "sup.kit_contacts": 20}  # fmt: skip
FOLLOWED = {**BUSY, "followup.share": 1, "followup.days": 3}
REACHING = {"fee.waived": 1, "fee.exempt_poorest": 0.5, "mob.on": 1, "relais.reach": 0.5, "demand.knowledge": 0.5,
            "hmm.reach": 0.5, "fac.second_line": 1, "fac.triage": 1}  # fmt: skip


def after(programme: str, more: dict, *, day: int = 120) -> Simulation:
    """An arm of which the warm-up was lived with the CHWs of the programme as delivered."""
    only_if_compiled()
    before = tiny(more=FOLLOWED)
    arm = tiny(more={**BUSY, **more}, programme=programme)
    return Simulation(arm, seed=3, status_quo=before, threads=1).run_to(day)


def on_the_way(simulation: Simulation) -> int:
    """Children who walk to a CHW or wait there."""
    child = simulation.runs[0].zone.child
    return int(((child["going_to"] == AT_CHW) & (child["state"] == ALIVE)).sum())


def test_nobody_walks_to_a_chw_who_is_gone():
    launch = after("facility-only", {}, day=60)
    warm = Simulation(tiny(more=FOLLOWED), seed=3, status_quo=tiny(more=FOLLOWED), threads=1).run_to(60)
    assert on_the_way(warm) > 5  # or nothing is tried here
    assert (warm.runs[0].zone.child["follow_day"] >= 60).any()
    assert on_the_way(launch) == 0
    assert (launch.runs[0].zone.child["follow_day"] == -1).all()


def test_those_who_are_on_the_way_to_the_health_centre_or_the_hospital_go_on():
    child, days = table(CHILD, 6), np.full((9, 4), -1, np.int64)
    child["going_to"] = [AT_CHW, AT_FACILITY, AT_CHW, AT_HOSPITAL, AT_CHW, AT_FACILITY]
    child["follow_day"], child["waits_since"] = 7, [900, -1, -1, 800, -1, -1]
    for row, day in enumerate((5, 5, 5, 5, 6, 4)):
        put(days, ARRIVALS, child, row, day * MINUTES)
    send_home(child, days, 5)
    assert child["going_to"].tolist() == [WAIT, AT_FACILITY, WAIT, AT_HOSPITAL, WAIT, AT_FACILITY]
    assert child["waits_since"].tolist() == [-1, -1, -1, 800, -1, -1]
    assert set(child["follow_day"]) == {-1}
    bucket, row = set(), days[5, ARRIVALS]
    while row >= 0:
        bucket, row = bucket | {int(row)}, child["next"][row]
    assert bucket == {1, 3}
    assert days[:, ARRIVALS].tolist() == [-1, -1, -1, -1, 5, days[5, ARRIVALS], -1, -1, -1]


@pytest.mark.parametrize(("programme", "more"), [
    ("facility-only", {}), ("iccm-as-delivered", {"chw.catch": 700}), ("iccm-as-delivered", {"chw.rollout": 90}),
    ("iccm-supported", {"chw.catch": 700, "chw.rollout": 30})])  # fmt: skip
def test_children_are_seen_by_chws_of_their_arm_alone(programme, more):
    end = after(programme, more)
    zone = end.runs[0].zone
    visit = zone.visit[: zone.n[1]]
    late = visit[(visit["provider"] == AT_CHW) & (visit["minute"] >= 60 * MINUTES)]
    assert (late["who"] >= 1).all()
    assert (late["who"] < len(zone.provider)).all()
    assert (len(late) > 0) == (programme != "facility-only")


def test_what_a_programme_does_beyond_its_chws_begins_at_launch():
    assert set(REACHING) == set(BEYOND_CHWS)
    plain, reaching = (tiny(more={**NEAR, **more}) for more in ({}, REACHING))
    assert without_chws(reaching).programme == without_chws(plain).programme
    assert all(reaching.programme[key] != parameter(key).default for key in REACHING)
    assert reaching.programme["chw.deployed"] == 1
    runs = [Simulation(arm, seed=3, threads=1).run_to(arm.run["run.warmup_days"]) for arm in (plain, reaching)]
    assert what_differs(*runs) == set()
    later = [Simulation(arm, seed=3, threads=1).run_to(arm.run["run.warmup_days"] + 40) for arm in (plain, reaching)]
    assert what_differs(*later)


@pytest.mark.parametrize("more", [{}, {"budget.usd": 1, "budget.reserve": 0}])
def test_what_comes_on_the_day_of_launch_is_not_there_in_the_warm_up(more):
    arm = replace(tiny(more={**NEAR, **more}), changes=() if more else ((0, {"sup.on": 0}),))
    plan = make_plan(arm)
    before, launched = plan.record(plan.warmup - 1)[0], plan.record(plan.warmup)[0]
    assert (before["sup_on"], launched["sup_on"]) == (1, 0)
    assert plan.until(0) == plan.warmup
    quiet = make_plan(replace(tiny(more=NEAR), changes=((1, {"sup.on": 0}),)))
    assert [first for first, _ in quiet.regimes] == [0, quiet.warmup + 1]


def test_a_run_alone_is_the_same_as_the_arm_of_a_comparison(tmp_path):
    from iccmsim.results.result import simulate
    from iccmsim.studies.compare import compare

    arms = [tiny(more={**NEAR, "run.days": 60, **more}, programme=programme)
            for programme, more in (("facility-only", {}), ("iccm-as-delivered", {"fee.waived": 1, "hmm.reach": 0.5}))]
    told = compare(arms, seeds=1)
    alone = simulate(arms[1], seed=int(told.seeds[0]), threads=1, tables=False)
    np.testing.assert_array_equal(alone.tally["expected"], told.tallies["expected"][0, 1])


@pytest.mark.parametrize("more", [{}, {"chw.rollout": 180}, {"spv.refresher_months": 6, "spv.freq": 0.8}])
def test_the_chws_of_a_status_quo_have_long_been_in_post(more):
    only_if_compiled()
    long_there = tiny(more={**BUSY, "chw.catch": 300, "chw.attr": 0, **more})
    opened = Simulation(long_there, seed=3, status_quo=long_there, threads=1).build()
    chws = opened.runs[0].zone.provider[1:]
    assert len(chws) > 5
    assert (chws["vacant_until"] == -1).all()
    assert (chws["generation"] == 0).all()
    np.testing.assert_allclose(chws["skill"], stationary_skill(long_there.values()))
    every = long_there.values()["spv.refresher_months"] * MONTH
    next_one = np.sort(chws["refreshed_day"] + every)
    assert (next_one > 0).all()
    assert np.diff(next_one).max() <= every / len(chws) + 1  # their turns come evenly
    month = opened.run_to(60).runs[0].zone.monthly
    assert month["cases"][1:].sum() > 100
    assert month["days_in_post"][1:].sum() == 60 * len(chws)
