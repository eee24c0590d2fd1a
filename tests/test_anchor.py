"""Rows whose case fatality is fitted anew keep the baseline's death rate of each illness, or are said not to."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from iccmsim.parameters.catalogue import all_parameters, parameter
from iccmsim.parameters.scenario import Scenario, load_scenario
from iccmsim.results.mortality import WINDOW
from iccmsim.results.result import simulate
from iccmsim.studies.anchor import (
    BURDEN,
    FITTED,
    ILLNESSES,
    anchor,
    facility_only,
    out_of_reach,
    rates_by_illness,
)

PLACE = {"setting.place.zones": 1, "setting.place.people": 3000, "setting.place.villages_per_zone": 5,
         "run.days": 365, "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip
SEEDS = (1, 2)
CALIBRATION = Path(__file__).resolve().parents[1] / "calibration"


def scenario(programme: str = "iccm-as-delivered", **more) -> Scenario:
    keys = {key.replace("__", "."): value for key, value in more.items()}
    return load_scenario(f"sahel/{programme}", overrides={**PLACE, **keys})


@pytest.fixture(scope="module")
def baseline() -> Scenario:
    return scenario()


def test_a_row_that_changes_nothing_is_anchored_at_once_where_it_was(baseline):
    found = anchor(baseline, baseline, seeds=SEEDS)
    assert found.ok
    assert found.rounds == 1
    assert set(found.residuals.values()) == {0.0}
    assert {key for key, value in baseline.setting.items() if found.scenario.setting[key] != value} <= set(found.kappas)
    assert dict(found.kappas) == pytest.approx({key: baseline.setting[key] for key in found.kappas})


@pytest.mark.parametrize("more", [
    {"inc__mal": 1.0, "sev__pneu": 0.15},
    {"tx__act": 0.9, "seek__km_facility": 0.2, "fac__step__rdt": 0.3, "informal__act": 0.5},
    {"inc__psbi": 0.09, "time__psbi__to_death": 3.0, "inc__diarr__6_11m": 8.0},
])  # fmt: skip
def test_an_anchored_row_keeps_the_death_rate_of_each_illness_from_the_same_seeds(baseline, more):
    varied = scenario(**more)
    before = rates_by_illness(facility_only(baseline), seeds=SEEDS)
    off = np.abs(rates_by_illness(facility_only(varied), seeds=SEEDS) / before - 1)
    found = anchor(varied, baseline, seeds=SEEDS)
    assert off.max() > 0.05, "the row must change deaths for the test to mean anything"
    after = rates_by_illness(facility_only(found.scenario), seeds=SEEDS)
    assert found.ok
    assert np.abs(after / before - 1).max() <= 0.02
    assert [found.residuals[name] for name in ILLNESSES] == pytest.approx((after / before - 1).tolist())
    unchanged = set(varied.setting) - set(found.kappas)
    assert all(found.scenario.setting[key] == varied.setting[key] for key in unchanged)
    assert found.scenario.programme == varied.programme


def test_more_births_are_more_deaths_and_no_child_is_more_likely_to_die(baseline):
    found = anchor(scenario(pop__birth_rate=60.0), baseline, seeds=(1,))
    assert found.ok
    before, after = (simulate(facility_only(each), seed=1, tables=False).tally for each in (baseline, found.scenario))
    years = [tally["child_days"][WINDOW].sum() / 365.25 for tally in (before, after)]
    deaths = [tally["expected"][WINDOW, :4].sum(axis=0) for tally in (before, after)]
    assert years[1] > 1.2 * years[0]
    assert deaths[1] / years[1] == pytest.approx(deaths[0] / years[0], rel=0.02)


def test_a_row_that_no_case_fatality_explains_is_said_not_to_be_anchored(baseline):
    varied = scenario(inc__mal=0.9, sev__mal__untreated=0.006)
    found = anchor(varied, baseline, seeds=SEEDS)
    assert not found.ok
    assert found.residuals["malaria"] < -0.3
    assert found.kappas["kappa.mal"] * varied.setting["cfr.mal.severe_untx"] == pytest.approx(0.98, rel=1e-3)
    assert found.rounds <= 2, "what cannot be is not tried for long"
    assert out_of_reach(varied.setting, baseline.setting)
    assert not out_of_reach(scenario(inc__mal=1.0).setting, baseline.setting)


def test_how_case_fatality_is_shared_with_its_multiplier_makes_no_difference(baseline):
    found = anchor(scenario(cfr__mal__severe_untx=0.3), baseline, seeds=SEEDS)
    assert found.ok
    assert found.rounds == 1
    assert found.kappas["kappa.mal"] * 0.3 == pytest.approx(baseline.setting["kappa.mal"] * 0.45)


def test_only_the_setting_is_anchored_whatever_the_programme_says(baseline):
    bare = facility_only(replace(baseline, programme={**baseline.programme, "fee.chw": 1.0}))
    assert bare.programme["chw.deployed"] == 0
    assert bare.programme["fee.chw"] == parameter("fee.chw").default
    assert bare.hash() == facility_only(scenario("facility-only")).hash()


def test_what_a_first_guess_is_made_from_is_all_that_moves_it(baseline):
    from iccmsim.studies.anchor import _first_guess

    own = _first_guess(baseline.setting, baseline.setting)
    moved = {each.key for each in all_parameters() if each.section == "setting" and not each.size
             and each.plausible is not None and not np.allclose(own, _first_guess(
                 {**baseline.setting, each.key: each.plausible[0]}, baseline.setting), rtol=0, atol=1e-9)}  # fmt: skip
    assert moved == set(BURDEN)


def test_what_never_varies_freely_is_what_the_fit_of_the_baseline_solves_for(monkeypatch):
    monkeypatch.syspath_prepend(str(CALIBRATION))
    spec = importlib.util.spec_from_file_location("fit_baseline_for_test", CALIBRATION / "fit_baseline.py")
    fit = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, fit)
    spec.loader.exec_module(fit)
    assert set(FITTED) == set(fit.start_values())
