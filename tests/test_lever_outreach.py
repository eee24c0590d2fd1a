"""CHWs who go to the families: rounds from door to door, follow-ups, newborns; and what families know of danger."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from small import NEAR, SURE, lived, tiny, what_differs
from world import (
    DAY,
    KEY,
    ONSET,
    PLAIN,
    a_child,
    a_household,
    a_provider,
    a_sick_child,
    a_zone,
    parameters,
    some_courses,
)

from iccmsim.core.records import (
    AT_CHW,
    AT_HOME,
    ESCORTED,
    FEVER,
    FOUND_CLOSED,
    GONE,
    INFORMAL,
    NEWBORN,
    RDT,
    TURNED_AWAY,
    VOLUNTEER,
)
from iccmsim.engine.outreach import chws_visit
from iccmsim.engine.simulation import Simulation
from iccmsim.rules.outreach import (
    has_its_turn,
    is_at_home,
    is_followed_up,
    is_found,
    move_on,
    needs_visit,
    plan_round,
    promise_follow_up,
    visits_newborn,
)
from iccmsim.world.zone import SICK, UNWELL, VISITS

WORLD = {**NEAR, "setting.place.people": 3000, "run.days": 200, "seek.chw_shift": 0.0}
ROUNDS = {"outreach.minutes_day": 120, "chw.days_week": 6}
SEEDS = range(1, 5)


# --- one CHW's round ------------


def test_a_round_takes_its_minutes_and_what_sick_children_took_is_missing_the_next_day():
    p = parameters(outreach_minutes_day=60.0, outreach_minutes=10.0)
    chw = a_provider(present=1, families=100)
    plan_round(chw, p, 1, False)
    assert (chw.round_today, chw.outreach) == (6, 0.0)
    chw.outreach -= 2 * 30.0
    plan_round(chw, p, 1, False)
    assert (chw.round_today, chw.outreach) == (0, 0.0)
    plan_round(chw, p, 1, False)
    assert chw.round_today == 6


@pytest.mark.parametrize(("minutes", "visits"), [(5.0, 50), (11.0, 110), (3.0, 30), (20.0, 200)])
def test_minutes_that_are_too_few_for_another_visit_are_added_to_the_next_round(minutes, visits):
    p, chw = parameters(outreach_minutes_day=minutes, outreach_minutes=6.0), a_provider(present=1, families=100)
    made = 0
    for _ in range(60):
        plan_round(chw, p, 1, False)
        made += chw.round_today
    assert made == visits


def test_time_that_is_left_when_everybody_was_visited_is_not_kept():
    p, chw = parameters(outreach_minutes_day=60.0, outreach_minutes=6.0), a_provider(present=1, families=5)
    for _ in range(9):
        plan_round(chw, p, 1, False)
    chw.families = 100
    plan_round(chw, p, 1, False)
    assert chw.round_today == 10


def test_an_absent_chw_makes_no_round_and_a_sweep_waits_for_the_rains():
    p = parameters(outreach_minutes_day=60.0, outreach_minutes=10.0)
    away = a_provider(present=0, families=100)
    plan_round(away, p, 1, True)
    assert (away.round_today, away.outreach) == (0, 0.0)
    sweep = parameters(outreach_minutes_day=60.0, outreach_minutes=10.0, outreach_season=1)
    for rains, visited in ((False, 0), (True, 6)):
        chw = a_provider(present=1, families=100)
        plan_round(chw, sweep, 1, rains)
        assert chw.round_today == visited


def test_there_is_no_round_on_a_day_off_even_if_the_chw_can_be_reached():
    p = parameters(outreach_minutes_day=60.0, outreach_minutes=10.0, chw_days_week=5)
    chw = a_provider(present=1, families=100)
    made = []
    for day in range(14):
        plan_round(chw, p, day, False)
        made.append(chw.round_today)
    assert made == [6, 6, 6, 6, 6, 0, 0] * 2


def test_rounds_come_to_every_household_in_turn():
    p = parameters(outreach_minutes_day=70.0, outreach_minutes=10.0)
    chw = a_provider(present=1, families=24)
    households = [a_household(round_place=i) for i in range(24)]
    visited = np.zeros(24, int)
    for _ in range(24):
        plan_round(chw, p, 1, False)
        today = [has_its_turn(household, chw) for household in households]
        assert sum(today) == 7
        visited += today
        move_on(chw)
    assert set(visited) == {7}


def test_a_small_round_comes_to_each_household_once_a_day_at_most():
    chw = a_provider(present=1, families=3)
    plan_round(chw, parameters(outreach_minutes_day=600.0, outreach_minutes=10.0), 1, False)
    assert chw.round_today == 3


def test_somebody_is_at_home_by_the_stated_chance():
    p = parameters(outreach_found=0.7)
    chw, household, child = a_provider(families=5, round_today=5), a_household(round_place=2), a_child()
    found = [is_found(child, household, chw, p, KEY, who, 9) for who in range(2000)]
    assert np.mean(found) == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / 2000))
    chw.round_today = 0
    assert not is_found(child, household, chw, p, KEY, 1, 9)


@pytest.mark.parametrize(("fields", "home"), [({}, True), ({"going_to": AT_CHW}, False), ({"waits_since": 5}, False),
                                              ({"state": 2}, False)])  # fmt: skip
def test_children_on_the_way_in_a_queue_or_dead_are_not_at_home(fields, home):
    assert is_at_home(a_child(**fields)) == home


def test_a_family_that_has_what_it_needs_needs_no_visit():
    assert needs_visit(a_child(ill=1), ONSET)
    assert not needs_visit(a_child(ill=0), ONSET)
    assert not needs_visit(a_child(ill=1, content_until=ONSET + 1), ONSET)


def test_a_follow_up_is_on_its_day_by_its_share_and_within_the_minutes():
    p = parameters(followup_share=0.5, followup_days=3, followup_minutes=20.0)
    child, chw = a_child(), a_provider(minutes=20.0)
    promise_follow_up(child, p, 7 * DAY + 300)
    assert child.follow_day == 10
    kept = [is_followed_up(child, chw, p, KEY, who, 10) for who in range(2000)]
    assert np.mean(kept) == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 2000))
    who = kept.index(True)
    assert not is_followed_up(child, chw, p, KEY, who, 9)
    chw.minutes = 19.0
    assert not is_followed_up(child, chw, p, KEY, who, 10)


@pytest.mark.parametrize("well", [True, False])
def test_a_follow_up_costs_its_time_whether_or_not_the_child_is_well_again(well):
    p = parameters(followup_share=1.0, followup_minutes=20.0, run_warmup_days=0.0)
    child, courses = (a_child(), some_courses()) if well else a_sick_child(FEVER)
    child.follow_day, child.sick_at = ONSET // DAY + 1, -1 if well else 0
    child.content_until = ONSET + 9 * DAY  # the CHW looks in although the family is content
    zone = a_zone(child, courses, a_provider(minutes=60.0))
    zone = zone._replace(monthly=np.zeros((2, 30), zone.monthly.dtype).view(np.recarray))
    zone.n[SICK], zone.lists[UNWELL, 0] = not well, 0
    for day, visits in ((child.follow_day - 1, 0), (child.follow_day, 1)):
        chws_visit(zone, p, KEY, day)
        assert zone.provider[1].minutes == 60.0 - 20.0 * visits
        assert zone.monthly["home_visits"].sum() == visits
        assert zone.monthly["found_at_home"].sum() == visits * (not well)


def test_a_newborn_is_visited_by_its_share_within_the_minutes_of_a_chw_who_is_there():
    p = parameters(newborn_visits=0.4, newborn_minutes=30.0)
    chw = a_provider(present=1, minutes=30.0)
    kept = [visits_newborn(chw, p, KEY, who, 10) for who in range(2000)]
    assert np.mean(kept) == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / 2000))
    who = kept.index(True)
    chw.minutes = 29.0
    assert not visits_newborn(chw, p, KEY, who, 10)
    chw.minutes, chw.present = 30.0, 0
    assert not visits_newborn(chw, p, KEY, who, 10)
    chw.present, chw.clock = 1, 11 * DAY  # gone along to the health centre
    assert not visits_newborn(chw, p, KEY, who, 10)
    chw.clock -= 1
    assert visits_newborn(chw, p, KEY, who, 10)


# --- the whole ------------


@cache
def measures(changed: tuple, seed: int) -> dict[str, float]:
    simulation = lived({**WORLD, **dict(changed)}, seed=seed)
    run = simulation.runs[0]
    zone, warmup = run.zone, run.plan.warmup * DAY
    visit = zone.visit[: zone.n[1]]
    visit = visit[(visit["minute"] >= warmup) & (visit["marks"] & (FOUND_CLOSED | TURNED_AWAY) == 0)]
    home = visit["marks"] & AT_HOME > 0
    course = zone.course[(zone.course["onset"] >= warmup) & (zone.course["outcome"] > 0)]
    cared = course[course["first_formal"] >= 0]
    newborn = course[course["illness"] == NEWBORN]
    return {
        "at_home": float(home.sum()), "at_chw": float((visit["provider"] == AT_CHW).sum()),
        "within_a_day": float((cared["first_formal"] - cared["onset"] < DAY).sum() / max(1, len(course))),
        "households": float(zone.monthly["home_visits"].sum()),
        "chws": float(len(zone.provider) - 1),
        "newborns_seen": float((newborn["seen_by"] & 1 << AT_CHW > 0).sum()),
        "perceived_severe": float(course["perceived"][course["was_severe"] > 0].mean()),
    }  # fmt: skip


def at_home(zone) -> np.ndarray:
    """The visits of CHWs to sick children at home, as they came."""
    visit = zone.visit[: zone.n[1]]
    return visit[visit["marks"] & AT_HOME > 0]


def differences(name: str, more: dict, base: dict | None = None) -> np.ndarray:
    old, new = tuple((base or {}).items()), tuple({**(base or {}), **more}.items())
    return np.array([measures(new, seed)[name] - measures(old, seed)[name] for seed in SEEDS])


def clearly(values: np.ndarray) -> float:
    return float(values.mean() / (values.std(ddof=1) / np.sqrt(len(values)) + 1e-12))


@pytest.mark.skipif(PLAIN, reason="whole districts take too long without compilation")
class TestWhole:
    def test_rounds_find_sick_children_sooner(self):
        assert clearly(differences("at_home", ROUNDS)) > 3
        assert clearly(differences("within_a_day", ROUNDS, {"chw.days_week": 6})) > 3

    def test_a_chw_makes_the_rounds_that_its_minutes_allow(self):
        for seed in SEEDS:
            made = measures(tuple({**ROUNDS, "chw.absent": 0, "chw.attr": 0}.items()), seed)
            most = made["chws"] * 200 * 120 / 6
            assert 0.2 * most < made["households"] <= most

    def test_a_chw_looks_in_again_on_whom_it_treated_and_not_on_whom_it_sent_on(self):
        """Who goes to the health centre is in its hands; nobody is promised that the CHW comes too."""
        more = {**WORLD, **SURE, "place.people": 10000, "ref.km": 0, "followup.share": 1, "followup.days": 5,
                "seek.chw_shift": 2, "run.days": 150}  # fmt: skip
        simulation = Simulation(tiny(more=more), seed=1, threads=1)
        simulation.run_to(simulation.plan.warmup)
        sent_on = promised = 0
        for day in range(simulation.plan.warmup, simulation.plan.days):
            simulation.run_to(day + 1)
            zone = simulation.runs[0].zone
            visit = zone.visit[: zone.n[VISITS]]
            today = visit[(visit["minute"] >= day * DAY) & (visit["provider"] == AT_CHW)]
            went = today["marks"] & GONE > 0
            treated = (today["given"] & ~(1 << RDT) > 0) & (today["lacked"] & ~(1 << RDT) == 0)
            assert (zone.child["follow_day"][today["child"][went]] != day + 5).all()
            assert (zone.child["follow_day"][today["child"][treated & ~went]] == day + 5).all()
            sent_on, promised = sent_on + (went & treated).sum(), promised + (treated & ~went).sum()
        assert min(sent_on, promised) > 5

    def test_rounds_come_to_families_everywhere_in_turn(self):
        zone = lived({**WORLD, **ROUNDS, "outreach.minutes_day": 30}).runs[0].zone
        home = zone.household[zone.child["household"][at_home(zone)["child"]]]
        where = home["round_place"] / zone.provider["families"][home["chw"]]
        tenths = np.histogram(where, 10, (0, 1))[0]
        assert tenths.sum() > 100
        assert tenths.min() > 0.4 * tenths.mean()

    def test_sick_children_found_on_rounds_take_their_minutes_from_the_rounds(self):
        chance = {"chw.absent": 0, "chw.attr": 0, "outreach.found": 1, "outreach.minutes": 5}
        run = lived({**WORLD, **ROUNDS, **chance, "outreach.minutes_day": 60}).runs[0]
        p, found = run.plan.record(0)[0], run.zone.monthly["found_at_home"][1:].sum(axis=1)
        used = 5 * run.zone.monthly["home_visits"][1:].sum(axis=1) + p["chw_minutes"] * found
        given = 60 * run.zone.monthly["days_present"][1:].sum(axis=1)
        assert (found > 20).all()
        assert (used <= given + 300).all()  # the last day may owe what its sick children took
        assert (5 * run.zone.monthly["home_visits"][1:].sum(axis=1) < 0.8 * given).all()  # or nothing is tried here

    def test_visits_to_newborns_take_their_minutes_from_sick_children(self):
        busy = {"chw.absent": 0, "chw.attr": 0, "newborn.visits": 1, "newborn.minutes": 45, "seek.chw_shift": 2.0}
        run = lived({**WORLD, **busy}).runs[0]
        p, month = run.plan.record(0)[0], run.zone.monthly[1:]
        at_post = month["minutes"].sum(axis=1) - p["chw_minutes"] * month["found_at_home"].sum(axis=1)
        used = at_post + 45 * month["home_visits"].sum(axis=1)  # in which a newborn found ill is seen
        given = p["chw_minutes_day"] * month["days_present"].sum(axis=1)
        assert month["home_visits"].sum() > 20
        assert (used <= given + run.zone.provider["owed"][1:]).all()
        assert (used > 0.8 * given).any()  # or the bound is none

    def test_a_visit_at_home_is_at_the_first_hour_and_arrives_when_it_begins(self):
        more = {**WORLD, **ROUNDS, "followup.share": 1, "newborn.visits": 1, "inc.psbi": 0.5, "hmm.reach": 0.5}
        run = lived(more).runs[0]
        home, first = at_home(run.zone), 60 * 6
        assert len(home) > 100
        assert set(home["minute"] % DAY) == {run.plan.record(0)[0]["seek_hours"][0]} == {first}
        np.testing.assert_array_equal(home["arrived"], home["minute"])
        visit = run.zone.visit[: run.zone.n[1]]
        assert (visit["provider"][visit["marks"] & AT_HOME > 0] == AT_CHW).all()
        assert (visit["marks"][(visit["provider"] == AT_CHW) & (visit["minute"] % DAY != first)] & AT_HOME == 0).all()
        for nobody_waits_for in (VOLUNTEER, INFORMAL):
            there = visit[visit["provider"] == nobody_waits_for]
            assert len(there) > 50
            np.testing.assert_array_equal(there["arrived"], there["minute"])

    def test_a_chw_that_has_gone_along_from_one_home_comes_to_no_other_that_day(self):
        sent = {"escort.share": 1, "ref.severe": 0.99, "chw.absent": 0, "policy.indrawing": 0, "followup.share": 1}
        zone = lived({**WORLD, **ROUNDS, **sent, "outreach.found": 1}, programme="iccm-supported").runs[0].zone
        home = at_home(zone)
        gone = [i for i in range(len(home)) if home["marks"][i] & ESCORTED]
        assert len(gone) > 5
        for i in gone:
            later = home[i + 1 :]
            assert not ((later["who"] == home["who"][i]) & (later["minute"] == home["minute"][i])).any()

    def test_follow_ups_bring_chws_back_to_children_who_are_still_ill(self):
        assert clearly(differences("at_home", {"followup.share": 0.9})) > 3

    def test_visits_to_newborns_find_sick_ones(self):
        assert clearly(differences("newborns_seen", {"newborn.visits": 0.8}, {"inc.psbi": 0.5})) > 3

    def test_knowledge_of_danger_makes_more_families_see_it(self):
        assert clearly(differences("perceived_severe", {"demand.knowledge": 2.0})) > 3

    @pytest.mark.parametrize("nothing", [
        {"outreach.minutes": 20, "outreach.found": 0.1, "outreach.season": 1},
        {"followup.days": 1, "followup.minutes": 5, "newborn.minutes": 1},
        {"outreach.minutes_day": 0, "followup.share": 0, "newborn.visits": 0, "demand.knowledge": 0},
    ])  # fmt: skip
    def test_nothing_changes_where_nobody_is_visited(self, nothing):
        assert what_differs(lived(WORLD), lived({**WORLD, **nothing})) == set()

    def test_it_is_the_same_a_day_at_a_time(self):
        from small import digest, tiny

        from iccmsim.engine.simulation import Simulation

        more = {**WORLD, **ROUNDS, "followup.share": 0.5, "newborn.visits": 0.5, "run.days": 60}
        at_once = Simulation(tiny(more=more), seed=5, threads=1).run()
        by_day = Simulation(tiny(more=more), seed=5, threads=1)
        for day in range(1, by_day.plan.days + 1):
            by_day.run_to(day)
        assert digest(at_once) == digest(by_day)
