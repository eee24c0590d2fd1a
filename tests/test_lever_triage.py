"""Triage: who is picked out of those who wait, what it costs the others, and that no minute is made by it."""

from __future__ import annotations

import numpy as np
import pytest
from small import NEAR, lived, what_differs
from world import KEY, MANY, a_child, assert_share, parameters, some_courses

from iccmsim.core.records import AT_CHW, AT_FACILITY, HAS_DANGER, HAS_FEVER, TRIAGED, TURNED_AWAY
from iccmsim.rules.facility_care import is_taken_first, time_owed

SHARES = {AT_CHW: 0.3, AT_FACILITY: 0.7}
CROWDED = {**NEAR, "place.people": 3000, "seek.chw_shift": 2.0, "programme.chw.minutes_day": 30,
           "setting.fac.minutes_day": 60}  # fmt: skip
BOTH = {"programme.chw.triage": 1, "programme.fac.triage": 1}


def picked(kind, signs, *, by_referral=0, visits=1):
    """Of many children that wait at one kind of provider, those that need not."""
    p = parameters(chw_triage=SHARES[AT_CHW], fac_triage=SHARES[AT_FACILITY])
    child, course = a_child(going_to=kind, by_referral=by_referral), some_courses({})[0]
    course.visits = visits
    seen = []
    for i in range(MANY):
        course.child = i
        seen.append(bool(is_taken_first(child, course, signs, p, KEY)))
    return np.array(seen)


@pytest.mark.parametrize("kind", SHARES)
def test_the_stated_share_of_children_in_danger_is_picked_out(kind):
    assert_share(picked(kind, HAS_DANGER | HAS_FEVER).sum(), MANY, SHARES[kind])
    assert not picked(kind, HAS_FEVER).any()


def test_a_child_that_was_sent_counts_as_in_danger():
    assert (picked(AT_FACILITY, HAS_FEVER, by_referral=1) == picked(AT_FACILITY, HAS_DANGER)).all()


def test_a_second_look_in_the_same_wait_finds_no_more_and_another_visit_is_another_chance():
    first = picked(AT_CHW, HAS_DANGER)
    assert (first == picked(AT_CHW, HAS_DANGER)).all()
    assert (first != picked(AT_CHW, HAS_DANGER, visits=2)).any()


def test_only_time_beyond_the_hours_is_owed():
    assert [time_owed(minutes) for minutes in (45.0, 0.0, -30.0)] == [0.0, 0.0, -30.0]


@pytest.fixture(scope="module")
def crowds():
    """A zone in which most who come have to wait, without triage and with it."""
    return lived(CROWDED).runs[0], lived({**CROWDED, **BOTH}).runs[0]


def in_danger(run):
    """The visits to a CHW or a health centre of children whose leading illness always shows a danger sign."""
    visits = run.zone.visit[: run.zone.n[1]]
    shows = run.course["signs"][visits["course"]] & HAS_DANGER > 0
    return visits[shows & (visits["provider"] >= AT_CHW) & (visits["provider"] <= AT_FACILITY)]


def test_nobody_in_danger_is_turned_away_any_more(crowds):
    without, with_triage = (in_danger(run) for run in crowds)
    assert (without["marks"] & TURNED_AWAY > 0).sum() > 10
    assert (with_triage["marks"] & TURNED_AWAY > 0).sum() == 0
    assert (with_triage["marks"] & TRIAGED > 0).sum() > 10
    assert (crowds[0].zone.visit["marks"] & TRIAGED).sum() == 0


def test_who_is_picked_out_is_seen_as_it_arrives(crowds):
    visits = crowds[1].zone.visit[: crowds[1].zone.n[1]]
    first = visits[visits["marks"] & TRIAGED > 0]
    at_once = first["minute"] == first["arrived"]
    assert at_once.mean() > 0.7
    assert (first["minute"] - first["arrived"] <= 2 * 1440).all()  # who turned worse, or came when nobody was there


def test_triage_makes_no_time(crowds):
    minutes = [run.zone.monthly["minutes"].sum(axis=1) for run in crowds]
    for run, used in zip(crowds, minutes, strict=True):
        hours = run.plan.record(0)[0]
        assert (used[1:] <= hours["chw_minutes_day"] * run.day + hours["chw_minutes"]).all()
    assert minutes[1][0] == pytest.approx(minutes[0][0], rel=0.05)  # a health centre that is always full


def test_without_anybody_who_waits_every_array_stays_as_it_was():
    nobody_waits = {**NEAR, "programme.chw.minutes": 0, "setting.fac.minutes": 0}
    assert what_differs(lived(nobody_waits), lived({**nobody_waits, **BOTH})) == set()
    assert what_differs(lived(CROWDED), lived({**CROWDED, **dict.fromkeys(BOTH, 0)})) == set()
