"""What a shock leaves behind: depth, days to recover, deaths that it adds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from small import NEAR, TWO_ZONES
from world import PLAIN

from iccmsim.core.records import AT_CHW, AT_FACILITY, AT_HOSPITAL
from iccmsim.parameters.scenario import ScenarioError, load_scenario
from iccmsim.studies.aftermath import (
    FOUR_WEEKS,
    Lived,
    days_to_recover,
    depth,
    extra_deaths,
    fewer_treated,
    live,
    share_of_usual,
)

DAYS = 400
SMALL = {**TWO_ZONES, **NEAR, "run.days": 200}


def lived(treated: np.ndarray, deaths: list[float]) -> Lived:
    return Lived(np.tile(treated, (len(deaths), 1, 1)), np.array(deaths))


def shares_of(level: float, days: int, *, after: int = 0) -> np.ndarray:
    """Care of which so much is left from day 100 on, for so many days of a shock and so many after it."""
    usual = np.full(DAYS, 10.0)
    shaken = usual.copy()
    shaken[100 : 100 + days + after] *= level
    return share_of_usual(lived(shaken, [1.0]), lived(usual, [1.0]))


@pytest.mark.parametrize("days", [14, 28, 30, 60, 90])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_a_shock_that_leaves_nothing_behind_takes_no_days_to_recover_from(level, days):
    share = shares_of(level, days)
    assert share[: 100 - FOUR_WEEKS] == pytest.approx(1)
    assert days_to_recover(share, 100 + days) == 0.0
    assert depth(share, 100) == pytest.approx((1 - level) * min(1, days / FOUR_WEEKS))  # of a short one, of four weeks


@pytest.mark.parametrize("after", [3, 20, 75])
def test_days_to_recover_are_those_without_care_after_the_shock_but_one_that_is_within_a_twentieth(after):
    assert days_to_recover(shares_of(0.0, 40, after=after), 140) == after - 1
    assert days_to_recover(shares_of(0.8, 40, after=after), 140) == max(0, after - FOUR_WEEKS // 4)


def test_care_that_falls_again_within_four_weeks_has_not_come_back():
    share = shares_of(0.0, 40)
    share[160:180] = 0.9
    assert days_to_recover(share, 140) == 40.0
    share[160:180] = 1.0
    share[170:180] = 0.9
    assert days_to_recover(share, 140) == 0.0


def test_four_weeks_that_the_run_does_not_reach_say_nothing():
    share = shares_of(0.0, DAYS - 100 - 60)
    assert len(share) == DAYS - FOUR_WEEKS + 1
    assert days_to_recover(share, DAYS - 60) == 0.0
    assert math.isinf(days_to_recover(share, len(share) - FOUR_WEEKS + 1))
    assert depth(share, len(share) - 1) == pytest.approx(0)
    assert math.isnan(depth(share, len(share)))


def test_care_that_never_comes_back_takes_for_ever_and_a_short_relief_is_no_recovery():
    share = np.full(DAYS, 0.8)
    assert math.isinf(days_to_recover(share, 100))
    share[200:210] = 1.0
    assert math.isinf(days_to_recover(share, 100))


def test_extra_deaths_are_counted_pair_by_pair():
    q = extra_deaths(lived(np.zeros(3), [5.0, 9.0]), lived(np.zeros(3), [4.0, 7.0]))
    assert (q["mean"], q["mcse"]) == (1.5, 0.5)


def test_care_that_is_lost_is_told_where_it_is_lost():
    """From day 1 on a CHW treats one fewer on each of two days in one seed, and the centre one more in the other."""
    usual = Lived(np.full((2, 3, 3), 5.0), np.zeros(2))
    shaken = Lived(usual.treated_at.copy(), np.zeros(2))
    shaken.treated_at[0, 0, 1:] -= 1
    shaken.treated_at[1, 1, 2] += 1
    shaken.treated_at[:, :, 0] = 0  # before it began
    fewer = {place: fewer_treated(shaken, usual, place, 1)["mean"] for place in (AT_CHW, AT_FACILITY, AT_HOSPITAL)}
    assert fewer == {AT_CHW: 1.0, AT_FACILITY: -0.5, AT_HOSPITAL: 0.0}
    assert usual.treated.tolist() == [[15.0] * 3] * 2


@pytest.mark.skipif(PLAIN, reason="whole districts take too long without compilation")
class TestWhole:
    def arm(self, *shocks: dict):
        return load_scenario("sahel/iccm-as-delivered", overrides=SMALL, shocks=shocks)

    def test_arms_live_on_the_same_children_and_a_strike_shows(self):
        usual, strike, again = live([self.arm(), self.arm({"kind": "strike", "day": 60}), self.arm()], seeds=(1, 2))
        assert (usual.treated == again.treated).all()
        assert (usual.treated[:, :60] == strike.treated[:, :60]).all()
        assert usual.treated.shape == (2, 200)
        share = share_of_usual(strike, usual)
        assert depth(share, 60) > 0.2
        fewer_at = {place: fewer_treated(strike, usual, place, 60)["mean"] for place in (AT_CHW, AT_FACILITY)}
        assert fewer_at[AT_FACILITY] > 20 > 10 > fewer_at[AT_CHW]  # it is health centres that are shut
        assert days_to_recover(share, 90) < 60

    def test_a_surge_has_children_of_its_own(self):
        more = {"kind": "malaria-surge", "day": 60, "shock.malaria": 5}
        usual, surge = live([self.arm(), self.arm(more)], seeds=(1,))
        assert (usual.treated[:, :55] == surge.treated[:, :55]).all()
        assert surge.treated[:, 60:180].sum() > usual.treated[:, 60:180].sum()

    def test_arms_of_other_places_are_refused(self):
        other = load_scenario("sahel/iccm-as-delivered", overrides={**SMALL, "place.people": 4000})
        with pytest.raises(ScenarioError, match="arms must share setting and run"):
            live([self.arm(), other], seeds=(1,))
