"""Triage: who is picked out of those who wait, what it costs the others, and that no minute is made by it."""

from __future__ import annotations

import numpy as np
import pytest
from small import NEAR, lived, what_differs
from world import DAY, KEY, MANY, a_child, a_provider, assert_share, parameters

from iccmsim.core.records import (
    AT_CHW,
    AT_FACILITY,
    ESCORTED,
    FOUND_CLOSED,
    HAS_DANGER,
    HAS_FEVER,
    NEVER,
    TRIAGED,
    TURNED_AWAY,
)
from iccmsim.rules.facility_care import is_taken_first, make_up_for
from iccmsim.rules.workforce import takes_up_post

SHARES = {AT_CHW: 0.3, AT_FACILITY: 0.7}
CROWDED = {**NEAR, "place.people": 3000, "seek.chw_shift": 2.0, "programme.chw.minutes_day": 30,
           "setting.fac.minutes_day": 60}  # fmt: skip
BOTH = {"programme.chw.triage": 1, "programme.fac.triage": 1}


def picked(kind, signs, *, by_referral=0, day=100, waits_since=-1):
    """Of many children that wait at one kind of provider, those that need not."""
    p = parameters(chw_triage=SHARES[AT_CHW], fac_triage=SHARES[AT_FACILITY])
    child = a_child(going_to=kind, by_referral=by_referral, arrives=day * DAY + 500, waits_since=waits_since)
    return np.array([bool(is_taken_first(child, who, signs, p, KEY)) for who in range(MANY)])


@pytest.mark.parametrize("kind", SHARES)
def test_the_stated_share_of_children_in_danger_is_picked_out(kind):
    assert_share(picked(kind, HAS_DANGER | HAS_FEVER).sum(), MANY, SHARES[kind])
    assert not picked(kind, HAS_FEVER).any()


def test_a_child_that_was_sent_counts_as_in_danger():
    assert (picked(AT_FACILITY, HAS_FEVER, by_referral=1) == picked(AT_FACILITY, HAS_DANGER)).all()


def test_a_second_look_in_the_same_wait_finds_no_more():
    assert (picked(AT_CHW, HAS_DANGER) == picked(AT_CHW, HAS_DANGER, day=101, waits_since=100 * DAY + 500)).all()


def test_to_come_on_another_day_is_another_chance_and_luck_here_is_none_there():
    one = picked(AT_CHW, HAS_DANGER)
    for other, share in ((picked(AT_CHW, HAS_DANGER, day=101), SHARES[AT_CHW]),
                         (picked(AT_FACILITY, HAS_DANGER), SHARES[AT_FACILITY])):  # fmt: skip
        assert_share(other[one].sum(), int(one.sum()), share)


def test_time_owed_is_made_up_for_on_the_next_days_at_work_and_not_by_a_successor():
    chw = a_provider(minutes=60.0, owed=90.0)
    make_up_for(chw)
    assert (chw.minutes, chw.owed) == (0.0, 30.0)
    chw.minutes = 60.0
    make_up_for(chw)
    assert (chw.minutes, chw.owed) == (30.0, 0.0)
    chw.owed = 90.0
    takes_up_post(chw, parameters(), KEY, 300)
    assert chw.owed == 0.0


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


def test_who_is_picked_out_is_seen_on_arrival_or_once_in_danger_in_the_morning(crowds):
    visits = crowds[1].zone.visit[: crowds[1].zone.n[1]]
    first = visits[visits["marks"] & TRIAGED > 0]
    waited = first["minute"] > first["arrived"]
    assert 0 < waited.sum() < 0.2 * len(first)
    assert set(first["minute"][waited] % DAY) == {360}


def test_the_others_pay_with_their_turns(crowds):
    in_vain = TURNED_AWAY | FOUND_CLOSED
    refused = [run.zone.monthly["visits_missed"].sum() - (in_danger(run)["marks"] & in_vain > 0).sum()
               for run in crowds]  # fmt: skip
    assert refused[1] > refused[0]


def test_triage_makes_no_time(crowds):
    for run in crowds:
        hours, providers = run.plan.record(0)[0], run.zone.provider
        open_days = sum(day % 7 < hours["fac_days_week"] for day in range(run.day))
        days = np.array([open_days, *run.zone.monthly["days_present"][1:].sum(axis=1)])
        each = np.array([hours["fac_minutes_day"], *[hours["chw_minutes_day"]] * (len(days) - 1)])
        used = run.zone.monthly["minutes"].sum(axis=1)
        assert (used <= days * each + providers["owed"]).all()
        assert (used > 0.7 * days * each).all()  # or the bound is none
        assert (providers["owed"] <= 2 * hours["chw_minutes"]).all()
    assert (crowds[0].zone.provider["owed"] == 0.0).all()


def test_a_chw_that_went_along_to_a_referral_sees_nobody_until_the_next_day():
    run = lived({**CROWDED, **BOTH, "escort.share": 1}).runs[0]
    visits = run.zone.visit[: run.zone.n[1]]
    gone = {(v["who"], v["minute"] // DAY): v["minute"] for v in visits[visits["marks"] & ESCORTED > 0]}
    assert len(gone) > 10
    seen = visits[(visits["provider"] == AT_CHW) & (visits["marks"] & (TURNED_AWAY | FOUND_CLOSED) == 0)]
    later = [v for v in seen if v["minute"] > gone.get((v["who"], v["minute"] // DAY), NEVER)]
    assert not later


def test_without_anybody_who_waits_every_array_stays_as_it_was():
    nobody_waits = {**NEAR, "programme.chw.minutes": 0, "setting.fac.minutes": 0}
    assert what_differs(lived(nobody_waits), lived({**nobody_waits, **BOTH})) == set()
