"""A warm-up under a status quo of the user's: what ends with it, and what has not begun yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import NEAR, only_if_compiled, tiny, what_differs

from iccmsim.core.records import (
    ALIVE,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    CHILD,
    MINUTES,
    MONTH,
    NOT_YET_POSTED,
    PROVIDER,
    WAIT,
    table,
)
from iccmsim.engine.calendar import put
from iccmsim.engine.launch import send_home, who_stays
from iccmsim.engine.plan import make_plan
from iccmsim.engine.simulation import BEYOND_CHWS, Simulation, without_chws
from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.kernel import stationary_skill
from iccmsim.world.zone import ARRIVALS, promised

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
    send_home(child, days, np.zeros(1, bool), 5)
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
    assert np.diff(next_one).min() >= every / len(chws) - 1
    month = opened.run_to(60).runs[0].zone.monthly
    assert month["cases"][1:].sum() > 100
    assert month["days_in_post"][1:].sum() == 60 * len(chws)


def test_who_is_at_a_post_that_both_have_stays_there():
    def rows(*villages: int, empty: tuple[int, ...] = ()) -> np.recarray:
        chws = table(PROVIDER, len(villages))
        chws["village"], chws["vacant_until"] = villages, [100 if i in empty else -1 for i in range(len(villages))]
        return chws

    assert who_stays(rows(5, 5, 9), np.array([5, 9, 9, 12])).tolist() == [1, 3, -1, -1]
    assert who_stays(rows(5, 5, 9, empty=(0,)), np.array([5, 9])).tolist() == [2, 3]  # an empty place goes first
    assert who_stays(rows(9, 5, 5), np.array([5, 5, 5])).tolist() == [2, 3, -1]
    assert who_stays(rows(), np.array([5, 9])).tolist() == [-1, -1]
    assert who_stays(rows(5, 9), np.zeros(0, int)).tolist() == []


def last_morning_before() -> np.recarray:
    """The CHWs of the status quo on the day before launch: 4, in as many villages."""
    return after("iccm-as-delivered", {}, day=60).runs[0].zone.provider[1:]


@pytest.mark.parametrize("rollout", [0, 90])
def test_chws_who_are_added_come_beside_those_of_the_status_quo(rollout):
    old = last_morning_before()
    run = after("iccm-as-delivered", {"chw.catch": 300, "chw.rollout": rollout}, day=60).runs[0]
    chws, home = run.zone.provider[1:], run.zone.household
    kept = np.isin(chws["number"], old["number"])
    assert (len(old), len(chws), kept.sum()) == (4, 12, 4)
    for name in old.dtype.names:
        if name not in ("families", "kit"):
            np.testing.assert_array_equal(chws[kept][name], old[name], err_msg=name)
    assert len(np.unique(chws["number"])) == 12
    assert (chws["generation"][~kept] == (NOT_YET_POSTED if rollout else 0)).all()
    whose, late = promised(run.zone), np.flatnonzero(chws["generation"] == NOT_YET_POSTED) + 1
    assert (np.isin(whose, late).sum() > 200) == (rollout > 0)
    assert ((home["chw"] > 0) == (whose > 0)).all()  # nobody loses a CHW to one who is still to come
    assert not np.isin(home["chw"], late).any()
    at_posts = run.zone.provider["village"]
    np.testing.assert_array_equal(at_posts[home["chw"][home["chw"] > 0]], at_posts[whose[whose > 0]])


def test_families_go_over_to_the_new_chw_of_their_post_on_the_day_of_the_posting():
    more = {"chw.catch": 300, "chw.rollout": 30, "chw.attr": 0}
    first, last = (after("iccm-as-delivered", more, day=day).runs[0].zone for day in (61, 93))
    whose = last.household["chw"]
    np.testing.assert_array_equal(whose, promised(first))
    np.testing.assert_array_equal(last.provider["families"], np.bincount(whose[whose > 0], minlength=13))
    for who in range(1, 13):
        places = last.household["round_place"][whose == who]
        np.testing.assert_array_equal(places, np.arange(len(places)))
    assert (last.provider["stock"][1:].sum(axis=1) > 0).all()


def test_a_family_whose_post_is_still_to_open_keeps_its_chw_as_far_away_as_before():
    only_if_compiled()
    far = {**FOLLOWED, "chw.radius_km": 30, "chw.catch": 4000}
    near = {**BUSY, "chw.radius_km": 2, "chw.catch": 300, "chw.rollout": 3000}
    few = Simulation(tiny(more=far), seed=3, status_quo=tiny(more=far), threads=1).run_to(60).runs[0].zone
    many = Simulation(tiny(more=near), seed=3, status_quo=tiny(more=far), threads=1).run_to(60).runs[0].zone
    assert (len(few.provider), many.provider["village"][1]) == (2, few.provider["village"][1])
    elsewhere = many.provider["village"][np.maximum(0, promised(many))] != few.provider["village"][1]
    waits = elsewhere & (promised(many) > 0) & (few.household["chw"] == 1)
    assert waits.sum() > 20
    assert (many.household["chw"][waits] == 1).all()
    np.testing.assert_array_equal(many.household["km_chw"][waits], few.household["km_chw"][waits])
    pledge = many.promise[np.isin(many.promise["household"], np.flatnonzero(waits))]
    assert (pledge["km"] < many.household["km_chw"][pledge["household"]]).any()


def test_where_a_post_loses_a_chw_the_others_keep_their_boxes_and_their_skill():
    more = {"chw.catch": 300}
    only_if_compiled()
    before = tiny(more={**FOLLOWED, **more})
    old = Simulation(before, seed=3, status_quo=before, threads=1).run_to(60).runs[0].zone.provider[1:]
    fewer = tiny(more={**BUSY, "chw.catch": 700})
    left = Simulation(fewer, seed=3, status_quo=before, threads=1).run_to(60).runs[0].zone.provider[1:]
    assert len(old) > len(left) > 3
    mine = old[np.isin(old["number"], left["number"])]
    assert len(mine) == len(left)
    for name in ("village", "skill", "logit", "stock", "refreshed_day", "motivation"):
        np.testing.assert_array_equal(left[name], mine[name], err_msg=name)
    assert (left["stock"] != left["kit"]).any()  # no first boxes


def test_children_on_the_way_to_a_chw_who_stays_theirs_go_on():
    same, more = (after("iccm-as-delivered", {"chw.rollout": 3000, "chw.catch": catch}, day=60).runs[0].zone
                  for catch in (1500, 300))  # fmt: skip
    for column in ("going_to", "follow_day", "waits_since"):
        np.testing.assert_array_equal(more.child[column], same.child[column])
    assert (more.child["going_to"] == AT_CHW).sum() > 5


@pytest.mark.parametrize(("more", "chws", "stay", "days", "says"), [
    ({"chw.rollout": 90}, 4, 4, 0, None), ({"chw.catch": 300, "chw.rollout": 90}, 12, 4, 90, "90 days"),
    ({"chw.catch": 300}, 12, 4, 0, None)])  # fmt: skip
def test_it_is_told_how_many_chws_stay_and_over_what_time_the_others_come(more, chws, stay, days, says):
    from iccmsim.report.comparison import comparison_text
    from iccmsim.results.result import simulate
    from iccmsim.studies.compare import compare

    only_if_compiled()
    brief = {"run.days": 60, "run.warmup_days": 30}
    before = replace(tiny(more={**BUSY, **brief}), name="today")
    arm = replace(tiny(more={**BUSY, **brief, **more}), name="tomorrow")
    told = compare([before, arm], seeds=1, status_quo=before)
    alone = [simulate(arm, status_quo=before, tables=tables).plan for tables in (False, True)]
    for facts in (told.facts[1], *alone):
        assert (facts["chws"], facts["chws_stay"], facts["rollout_days"]) == (chws, stay, days)
    lines = [line.split() for line in comparison_text(told.to_json()).splitlines()]
    assert ["there", "already", "4", str(stay)] in lines
    assert any(line[:3] == ["posts", "filled", "over"] for line in lines) == (says is not None)
    assert simulate(arm, tables=False).plan["chws_stay"] == 0
