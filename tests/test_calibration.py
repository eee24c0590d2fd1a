"""The fit of the baseline: its arithmetic, its stops, a toy run, and that what it found is what the settings say."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from small import TWO_ZONES

from iccmsim.core.records import MONTH
from iccmsim.engine.tally import AGE_EDGES
from iccmsim.parameters.catalogue import all_parameters
from iccmsim.parameters.declare import lookup
from iccmsim.parameters.files import LIBRARY
from iccmsim.parameters.scenario import load_scenario
from iccmsim.studies.check import read_targets

CALIBRATION = Path(__file__).resolve().parents[1] / "calibration"
FITS = sorted(CALIBRATION.glob("fits/*.toml"))
TOTALS = np.array([40.0, 28.0, 80.0])


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(CALIBRATION))
    try:
        return importlib.import_module("fit_baseline")
    finally:
        sys.path.remove(str(CALIBRATION))


@pytest.fixture
def fit(script, monkeypatch):
    """A fit of two tiny zones."""

    def toy(self, days):
        over = {**TWO_ZONES, **self.values, "run.days": days, "run.tail_days": 0}
        return load_scenario("sahel/facility-only", overrides=over)

    monkeypatch.setattr(script.Fit, "scenario", toy)
    return script.Fit("sahel", None, {"care": (1,), "deaths": (1, 2), "fresh": (3,)}, 2, read_targets())


def rates_of_four(scale: float = 1.0) -> np.ndarray:
    """Deaths a child-day by illness and band: newborns early, the others later."""
    rate = np.zeros((4, 9))
    rate[:3, 2:] = np.array([[1.6e-5], [1.3e-5], [0.9e-5]])
    rate[3, :2] = [9e-4, 2e-4]
    return rate * scale


def test_the_background_fills_every_age_up_to_the_budget(script):
    background = sys.modules["background"]
    hazard, deaths = script.solve_background(rates_of_four(), TOTALS)
    for group, total in zip(background.GROUPS, TOTALS, strict=True):
        assert deaths[:, group].sum() == pytest.approx(total, abs=1e-6)
    parts = np.array([deaths[-1, part == background.SEGMENT].sum() for part in range(6)])
    left = [parts[0] + parts[1], parts[2] + parts[3], parts[4] + parts[5]]
    assert parts / np.repeat(left, 2) == pytest.approx([0.75, 0.25, 0.40, 0.60, 0.50, 0.50], abs=1e-6)
    lengths = np.diff(AGE_EDGES)
    by_hand = np.exp(-((rates_of_four().sum(axis=0) + hazard[background.SEGMENT]) * lengths).sum())
    assert 1000 * (1 - by_hand) == pytest.approx(TOTALS.sum(), abs=1e-6)


def test_without_any_illness_all_deaths_are_background_in_closed_form(script):
    hazard, _ = script.solve_background(np.zeros((4, 9)), TOTALS)
    week, rest = 1 - 0.030, (1 - 0.040) / (1 - 0.030)
    assert hazard[:2] == pytest.approx([-np.log(week) / 7, -np.log(rest) / 21], rel=1e-6)
    assert hazard[5] == pytest.approx(-np.log((1 - 0.148) / (1 - 0.108)) / (AGE_EDGES[-1] - 24 * MONTH), rel=1e-6)


def test_it_stops_with_the_arithmetic_if_too_little_is_left_for_other_causes(script):
    with pytest.raises(script.NoFitError, match=r"1-4 years: \d+\.\d of 80\.0 deaths .* at least 20% must be"):
        script.solve_background(rates_of_four(2.2), TOTALS)


def test_it_stops_at_a_case_fatality_that_nobody_would_believe(script, fit):
    fit.values["kappa.mal"] = 1.7
    with pytest.raises(script.NoFitError, match=r"kappa.mal = 1.7 .*must be between 0.56 and 1.62"):
        script.refuse_bad_kappa(fit)


@pytest.fixture
def care(script):
    return sys.modules["care"]


def test_care_is_solved_where_the_answer_is_known(care, fit):
    truth = np.array([-2.0, -0.9, 2.2])

    def survey(self):
        x = np.array([self.values[key] for key in care.CARE]) - truth
        slopes = np.array([[0.5, 0.3, 0.1], [0.9, -0.8, 0.05], [-0.1, 0.8, 0.6]])
        shares = [care.logit(self.target(name)) for name in care.SURVEYED] + slopes @ x + 0.05 * x * x
        return dict(zip(care.SURVEYED, 1 / (1 + np.exp(-shares)), strict=True))

    aims = {name: fit.target(name) for name in care.SURVEYED}
    seen, _ = care.solve_care(fit, survey, aims, rounds=8, slopes=None)
    assert [seen[name] for name in care.SURVEYED] == pytest.approx(list(aims.values()), abs=0.01)
    assert [fit.values[key] for key in care.CARE] == pytest.approx(truth, abs=0.15)


def test_the_registers_are_met_whatever_surveys_find_and_tastes_stay_as_declared(care, fit):
    def look(self):
        informal, facility = (self.values[key] for key in care.CARE[:2])
        share = 1 / (1 + np.exp(-(informal - facility - 0.2)))
        return {"facility_visits": 3 * np.exp(0.7 * (facility + 1)), "informal_share": share,
                "any_care": 0.3, "formal_by_next_day": 0.1}  # fmt: skip

    spread = fit.values["seek.hh_sd"]
    seen = care.fit_registers(fit, look)
    assert seen["facility_visits"] == pytest.approx(fit.target("facility_visits"), rel=0.05)
    assert seen["informal_share"] == pytest.approx(fit.target("informal_share"), abs=0.02)
    assert fit.values["seek.hh_sd"] == spread
    assert "any_care 0.300" in fit.notes[-1]


def test_a_toy_fit_moves_case_fatality_towards_the_deaths_wanted(script, fit, monkeypatch):
    monkeypatch.setattr(script, "refuse_bad_kappa", lambda fit: None)
    monkeypatch.setattr("background.LEAST_LEFT", -9.0)
    before = script.in_all(script.run(fit, (1, 2))).deaths[:3].sum(axis=1)
    for name in ("malaria", "pneumonia", "diarrhoea"):
        fit.targets = {**fit.targets, f"deaths_{name}": {**fit.targets[f"deaths_{name}"], "value": 12.0}}
    script.fit_deaths(fit, rounds=1, share_of_all=None)
    after = script.in_all(script.run(fit, (1, 2))).deaths[:3].sum(axis=1)
    assert (after < before).all()
    moved = {key for key, value in script.start_values().items() if fit.values[key] != value}
    assert moved == {"kappa.mal", "kappa.pneu", "kappa.diarr", "kappa.psbi", "mort.background"}


def test_the_script_fits_a_toy_from_its_first_step_to_its_last(script, fit, monkeypatch, tmp_path):
    monkeypatch.setattr(script, "refuse_bad_kappa", lambda fit: None)
    monkeypatch.setattr("background.LEAST_LEFT", -9.0)
    out = tmp_path / "fits" / "toy.toml"
    asked = ["--setting", "sahel", "--out", str(out), "--rounds", "1",
             "--care-seeds", "1", "--death-seeds", "1", "--fresh-seeds", "2"]  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["fit_baseline.py", *asked])
    script.main()
    told = tomllib.loads(out.read_text(encoding="utf-8"))
    assert told["values"].keys() == script.start_values().keys()
    assert told["seeds"] == {"care": [1], "deaths": [11], "fresh": [1001, 1002]}
    rows = {row["target"]: row for row in told["residual"]}
    assert {"u5mr", "deaths_malaria", "facility_visits", *script.SURVEYED} <= set(rows)
    assert 0 < rows["any_care"]["model"] < 1
    assert rows["facility_visits"]["model"] > 0


def test_a_fit_begins_from_the_declared_defaults_not_from_an_earlier_fit(script):
    fit = script.Fit("sahel", None, {}, 1, read_targets())
    values = fit.scenario(365).values()
    for key, value in script.start_values().items():
        assert np.array_equal(values[key], lookup(key, all_parameters()).default), key
        assert np.array_equal(values[key], value), key


def test_what_a_fit_writes_can_be_read_and_names_its_seeds_and_code(script, fit, tmp_path):
    fit.values = {"kappa.mal": 1.2, "seek.k": [0.0, -0.5]}
    fit.notes = ["a note"]
    told = tomllib.loads(script.as_toml(fit, [{"target": "u5mr", "model": 1.0, "low": None}]))
    assert told["values"] == fit.values
    assert told["seeds"] == {"care": [1], "deaths": [1, 2], "fresh": [3]}
    assert told["residual"] == [{"target": "u5mr", "model": 1.0}]
    assert {"date", "version", "code", "run_time_s", "notes"} <= set(told)


@pytest.mark.parametrize("file", FITS, ids=lambda file: file.stem)
def test_a_fit_keeps_to_its_priors_and_to_the_rules_of_the_budget(file):
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    values = told["values"]
    for name, row in (("mal", "cfr.mal.severe_untx"), ("pneu", "cfr.pneu.severe_untx"),
                      ("diarr", "cfr.diarr.severe_untx"), ("psbi", "cfr.psbi.untx")):  # fmt: skip
        low, high = lookup(f"kappa.{name}", all_parameters()).plausible
        assert low <= values[f"kappa.{name}"] <= high
        assert values[f"kappa.{name}"] * lookup(row, all_parameters()).default < 0.9
    assert len(values["mort.background"]) == 6
    assert min(values["mort.background"]) > 0
    seen = {row["target"]: row["model"] / row["value"] for row in told["residual"]}
    assert abs(seen["u5mr"] - 1) < 0.02
    assert not {"chw.absent", "tx.act"} & set(values)


def test_a_place_with_targets_of_its_own_meets_those_that_were_fitted(script):
    for setting in script.OTHER_PLACES:
        told = tomllib.loads((CALIBRATION / "fits" / f"{setting}.toml").read_text(encoding="utf-8"))
        wanted = read_targets(load_scenario(f"{setting}/facility-only").place.name)
        assert [row["target"] for row in told["residual"]] == list(wanted)
        for row in told["residual"]:
            assert row["value"] == wanted[row["target"]]["value"]
            assert row.get("low", 0) <= row["model"] <= row.get("high", 1e9), row["target"]


def test_case_fatality_begins_in_proportion_to_the_deaths_wanted(script):
    mali = script.Fit("sahel", None, {}, 1, read_targets())
    script.begin_near(mali)
    assert {key: mali.values[key] for key, _ in script.KAPPAS} == {
        key: lookup(key, all_parameters()).default for key, _ in script.KAPPAS}  # fmt: skip
    highland = script.Fit("low-utilisation-highland", None, {}, 1, read_targets("Highland (made up)"))
    script.begin_near(highland)
    assert highland.values["kappa.pneu"] == pytest.approx(2.05 * 15.2 / 22.8)
    assert highland.values["kappa.mal"] == lookup("kappa.mal", all_parameters()).plausible[0]


@pytest.mark.parametrize("setting", [file.stem for file in FITS if (LIBRARY / "settings" / file.name).is_file()])
def test_the_settings_hold_the_values_of_their_fits(setting):
    fitted = tomllib.loads((CALIBRATION / "fits" / f"{setting}.toml").read_text(encoding="utf-8"))["values"]
    text = (LIBRARY / "settings" / f"{setting}.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)["setting"]
    for key, value in fitted.items():
        place = written
        for part in key.split("."):
            place = place[part]
        assert place == value, key
        name = key.split(".", 1)[1]
        lines = text.splitlines()
        assert lines[lines.index(f"{name} = {value}") - 1] == f"# fitted, see calibration/fits/{setting}.toml"
