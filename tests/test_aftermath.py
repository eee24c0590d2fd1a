"""What a shock leaves behind: depth, days to recover, deaths that it adds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from small import NEAR, TWO_ZONES
from world import PLAIN

from iccmsim.parameters.scenario import ScenarioError, load_scenario
from iccmsim.studies.aftermath import SMOOTH, Lived, days_to_recover, depth, extra_deaths, live, share_of_usual

DAYS = 400
SMALL = {**TWO_ZONES, **NEAR, "run.days": 200}


def lived(treated: np.ndarray, deaths: list[float]) -> Lived:
    return Lived(np.tile(treated, (len(deaths), 1)), np.array(deaths))


def test_care_that_halves_for_two_months_is_half_at_its_worst_and_back_when_the_mean_has_passed():
    usual = np.full(DAYS, 10.0)
    shaken = usual.copy()
    shaken[100:160] = 5.0
    share = share_of_usual(lived(shaken, [1.0]), lived(usual, [1.0]))
    assert share[:80] == pytest.approx(1)
    assert depth(share, 100) == pytest.approx(0.5)
    # the running mean is back to .95 once a tenth of its days at most lies in the shock
    assert days_to_recover(share, 160) == pytest.approx(SMOOTH / 2 - 0.1 * SMOOTH, abs=1.5)
    assert days_to_recover(np.ones(DAYS), 160) == 0.0


def test_care_that_never_comes_back_takes_for_ever_and_a_short_relief_is_no_recovery():
    share = np.full(DAYS, 0.8)
    assert math.isinf(days_to_recover(share, 100))
    share[200:210] = 1.0
    assert math.isinf(days_to_recover(share, 100))


def test_extra_deaths_are_counted_pair_by_pair():
    q = extra_deaths(lived(np.zeros(3), [5.0, 9.0]), lived(np.zeros(3), [4.0, 7.0]))
    assert (q["mean"], q["mcse"]) == (1.5, 0.5)


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
