"""Opening days, queues and referrals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from world import KEY, MANY, a_child, a_course, a_household, a_provider, assert_share, parameters

from iccmsim.core.records import AT_CHW, AT_FACILITY, AT_HOSPITAL, MALARIA
from iccmsim.rules.facility_care import (
    completes_referral,
    facility_is_open,
    has_room,
    is_rainy,
    loses_patience,
    minutes_each,
    minutes_today,
    month_number,
    referral_minutes,
    see_to,
)


def logit(chance):
    return math.log(chance / (1 - chance))


def test_months_are_counted_so_that_a_year_begins_at_launch():
    p = parameters(run_warmup_days=365)
    assert p.month_offset == 12
    assert [month_number(day, p) for day in (0, 334, 364, 365, 395, 396, 365 + 365)] == [
        0,
        10,
        11,
        12,
        12,
        13,
        23,
    ]
    assert month_number(365 + 366, p) == 24
    assert parameters(run_warmup_days=366).month_offset == 24
    assert month_number(0, parameters(run_warmup_days=0)) == 0


def test_the_rains_are_from_july_to_october():
    p = parameters(run_warmup_days=365)
    for month in range(12):
        day = 365 + int((month + 0.5) * 30.4375)
        assert bool(is_rainy(day, p)) == (month in (6, 7, 8, 9))
        assert bool(is_rainy(day - 365, p)) == (month in (6, 7, 8, 9))


def test_a_facility_is_open_on_its_days_of_the_week():
    p = parameters(fac_days_week=5)
    assert [bool(facility_is_open(day, p)) for day in range(14)] == [True] * 5 + [False] * 2 + [True] * 5 + [False] * 2
    assert all(facility_is_open(day, parameters(fac_days_week=7)) for day in range(7))


def test_chws_and_facilities_have_minutes_rooms_and_patience_of_their_own():
    p = parameters(
        chw_minutes_day=60,
        fac_minutes_day=480,
        chw_minutes=30,
        fac_minutes=12,
        chw_queue=3,
        fac_queue=5,
        chw_patience=2,
        fac_patience=4,
    )
    for kind, today, each, room, patience in ((AT_CHW, 60, 30, 3, 2), (AT_FACILITY, 480, 12, 5, 4)):
        assert minutes_today(kind, p) == today
        assert minutes_each(kind, p) == each
        assert bool(has_room(a_provider(kind, waiting=room - 1), p))
        assert not bool(has_room(a_provider(kind, waiting=room), p))
        assert not bool(loses_patience(kind, p, patience - 1))
        assert bool(loses_patience(kind, p, patience))


WEALTH_SD = 0.6
POOR = math.exp(WEALTH_SD**2)  # 1 / wealth, the mean over families whose wealth is log-normal with mean 1


def roads(**changed):
    """A referral at the stated chances, with a fee that nobody feels."""
    stated = {
        "pop_wealth_sd": WEALTH_SD,
        "ref_severe": 0.58,
        "ref_routine": 0.10,
        "ref_km": 0.036,
        "ref_mean_km": 8.0,
        "ref_season": 1.5,
        "ref_fee": 0.0,
        "ref_trust": 0.3,
        "fee_facility": 0.0,
        "ref_delay": 8.0,
        "ref_delay_sd": 1.0,
    }
    return parameters(**{**stated, **changed})


def gone(p, *, n=MANY, severe=0, destination=AT_FACILITY, rainy=False, field="child", trust=0.0, **of_household):
    """How many of n families complete a referral."""
    household, child = a_household(**of_household), a_child(severe=severe)
    household.trust[1] = trust
    household.trust[0] = -trust
    return [
        bool(completes_referral(child, a_course(MALARIA, **{field: i}), household, destination, p, KEY, rainy))
        for i in range(n)
    ]


def test_at_the_mean_distance_referrals_are_completed_as_stated():
    assert_share(sum(gone(roads(), km_facility=8.0)), MANY, 0.10)
    assert_share(sum(gone(roads(), km_facility=8.0, severe=1)), MANY, 0.58)
    assert_share(sum(gone(roads(), km_facility=8.0, severe=2)), MANY, 0.58)


@pytest.mark.parametrize(
    ("given", "shift"),
    [
        ({"km_facility": 28.0}, -0.036 * 20),
        ({"km_facility": 0.0}, 0.036 * 8),
        ({"km_facility": 8.0, "rainy": True}, -0.036 * 4),
        ({"km_facility": 0.0, "km_hospital": 48.0, "destination": AT_HOSPITAL}, -0.036 * 40),
        ({"km_facility": 8.0, "trust": 1.0}, 0.3),
        ({"km_facility": 8.0, "trust": -1.0}, -0.3),
        ({"km_facility": 8.0, "p": {"ref_fee": 0.1, "fee_facility": 5.0}, "wealth": 0.5}, 0.25 * POOR - 0.5 / 0.5),
        ({"km_facility": 8.0, "p": {"ref_fee": 0.1, "fee_facility": 5.0}, "wealth": 2.0}, 0.25 * POOR - 0.5 / 2),
        ({"km_facility": 8.0, "p": {"ref_fee": 0.1, "fee_facility": 0.0, "pop_wealth_sd": 1.0}}, 0.25 * math.e),
    ],
)
def test_distance_rains_price_and_trust_change_the_odds_of_completing_a_referral(given, shift):
    given = dict(given)
    p = roads(ref_km=0.036, **given.pop("p", {}))
    chance = 1 / (1 + math.exp(-(logit(0.58) + shift)))
    went = gone(p, severe=1, **given)
    assert_share(sum(went), MANY, chance)
    at_mean = gone(roads(), severe=1, km_facility=8.0)
    if shift > 0:
        assert all(now for now, then in zip(went, at_mean, strict=True) if then)
        assert sum(went) > sum(at_mean)
    else:
        assert not any(now for now, then in zip(went, at_mean, strict=True) if not then)
        assert sum(went) < sum(at_mean)


def test_each_visit_of_each_episode_has_a_referral_draw_of_its_own():
    for field in ("episode", "visits", "child"):
        assert set(gone(roads(), n=40, severe=1, km_facility=8.0, field=field)) == {True, False}


def test_the_way_to_the_referral_takes_hours_log_normal_about_their_median():
    p = roads()
    minutes = np.array([referral_minutes(a_course(MALARIA, child=i), p, KEY) for i in range(MANY)])
    assert stats.kstest(np.log((minutes + 0.5) / 480.0), "norm").pvalue > 6e-5
    assert {int(referral_minutes(a_course(MALARIA, child=i), roads(ref_delay_sd=0.0), KEY)) for i in range(9)} == {480}
    assert len({int(referral_minutes(a_course(MALARIA, visits=i), p, KEY)) for i in range(9)}) > 5


def test_whether_a_family_goes_says_nothing_about_how_long_it_takes():
    p = roads()
    went = np.array(gone(p, severe=1, km_facility=8.0))
    minutes = np.array([referral_minutes(a_course(MALARIA, child=i), p, KEY) for i in range(MANY)])
    assert stats.ks_2samp(minutes[went], minutes[~went]).pvalue > 6e-5


def test_with_a_fee_too_the_stated_share_of_families_that_feel_it_as_the_mean_does_goes_at_the_mean_distance():
    wealth = np.exp(WEALTH_SD * np.linspace(-6, 6, 2001) - WEALTH_SD**2 / 2)
    weight = np.exp(-(np.linspace(-6, 6, 2001) ** 2) / 2)
    assert (weight / wealth).sum() / weight.sum() == pytest.approx(POOR, rel=1e-4)
    p = roads(ref_fee=0.1, fee_facility=2.5)  # the fee at which completion was seen
    assert_share(sum(gone(p, km_facility=8.0, severe=1, wealth=1 / POOR)), MANY, 0.58)
    assert_share(sum(gone(p, km_facility=8.0, wealth=1 / POOR)), MANY, 0.10)
    dear = roads(ref_fee=0.1, fee_facility=10.0)
    assert sum(gone(dear, km_facility=8.0, severe=1)) < sum(gone(p, km_facility=8.0, severe=1))
    free = gone(roads(), severe=1, km_facility=8.0)
    assert gone(p, severe=1, km_facility=8.0, wealth=1 / POOR) == free


# --- one child after another, or several side by side ------------


def turns(n, *, hands, takes=12.0, kind=AT_FACILITY, minutes=480.0):
    """A provider after `n` children who were all there in the morning."""
    p, provider = parameters(), a_provider(kind, minutes=minutes, clock=360)
    p.fac_hands = hands
    for _ in range(n):
        see_to(provider, provider.clock, takes, provider.minutes <= 0.0, p)
    return provider


@pytest.mark.parametrize(("hands", "clock"), [(1.0, 360 + 252), (2.0, 360 + 126), (3.5, 360 + 72), (21.0, 360 + 12)])
def test_several_who_work_side_by_side_see_so_many_times_the_children_in_the_same_time(hands, clock):
    centre = turns(21, hands=hands)
    assert centre.clock == clock
    assert centre.minutes == 480 - 21 * 12


def test_parts_of_a_minute_are_not_lost_where_many_work_side_by_side():
    assert turns(1000, hands=37.0, minutes=12_000.0).clock == pytest.approx(360 + 12_000 / 37, abs=1)


def test_a_chw_works_alone():
    assert turns(3, hands=5.0, kind=AT_CHW, takes=30.0).clock == 360 + 90


def test_what_is_done_beyond_the_hours_is_owed_and_takes_its_time():
    centre = turns(3, hands=1.0, minutes=18.0)
    assert (centre.minutes, centre.owed, centre.overloaded_today, centre.clock) == (0.0, 18.0, 1, 360 + 36)


def test_more_staff_time_than_one_can_work_before_midnight_is_worked_side_by_side():
    hours = 1440 - 360
    assert [parameters(fac_minutes_day=minutes).fac_hands for minutes in (480, hours, 4 * hours)] == [1, 1, 4]
