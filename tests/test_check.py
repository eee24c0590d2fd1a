"""A scenario beside its targets: every target has a number, misses are printed, and nothing is hidden."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from small import TWO_ZONES, tiny

from iccmsim.core.records import DIARRHOEA, ILLNESSES
from iccmsim.engine.tally import TALLY
from iccmsim.parameters.scenario import load_scenario
from iccmsim.results.mortality import rates
from iccmsim.results.result import simulate
from iccmsim.studies.check import CheckReport, CheckRow, _beside_list, _rate_ratio, _Seen, check, read_targets, shown

ROLES = {"fitted", "circular", "check"}


@pytest.fixture(scope="module")
def alone():
    return check(tiny("facility-only", more=TWO_ZONES), seeds=(1, 2), threads=2)


@pytest.fixture(scope="module")
def with_chws():
    return check(tiny(more=TWO_ZONES), seeds=(1, 2), threads=2)


@pytest.mark.parametrize(("place", "least"), [("", 60), ("Highland (made up)", 15), ("Forest (made up)", 15)])
def test_every_target_is_complete_and_its_value_lies_in_its_interval(place, least):
    targets = read_targets(place)
    assert len(targets) > least
    for key, target in targets.items():
        assert target["role"] in ROLES, key
        assert target["arms"] in ("facility-only", "chw", "all"), key
        assert target["grade"] in tuple("ABCD"), key
        assert all(target[word] for word in ("source", "unit", "indicator")), key
        assert ("low" in target) == ("high" in target), key
        if "low" in target:
            assert target["low"] <= target["value"] <= target["high"], key


def test_another_place_has_its_own_targets_and_says_what_it_borrows():
    mali = read_targets()
    assert read_targets("somewhere") == mali
    for place in ("Highland (made up)", "Forest (made up)"):
        here = read_targets(place)
        assert here["formal_care"]["place"] == place
        assert "any_care" not in here
        assert here["u5mr"]["value"] < mali["u5mr"]["value"]
        assert here["informal_share"]["note"].startswith("borrowed from rural Mali")
        assert {"deaths_all", "deaths_0_27d", "deaths_28d_11m", "deaths_1_4y"} <= set(here)
        ages = [here[f"deaths_{age}"]["value"] for age in ("0_27d", "28d_11m", "1_4y")]
        assert here["deaths_all"]["value"] == sum(ages)


def test_a_scenario_is_set_beside_the_targets_of_its_own_place():
    small = {key: value for key, value in TWO_ZONES.items() if key not in ("was.on", "stk.avail", "road.rain_lead")}
    report = check(load_scenario("remote-forest/facility-only", overrides=small), seeds=(1,), threads=2)
    assert [row.key for row in report.rows] == list(read_targets("Forest (made up)"))
    by_key = {row.key: row for row in report.rows}
    assert by_key["u5mr"].value == 94
    assert by_key["formal_care"].model is not None


def test_no_effect_of_a_programme_is_ever_fitted():
    assert all(each["arms"] != "chw" for each in read_targets().values() if each["role"] == "fitted")


def test_mortality_and_its_causes_are_circular_and_the_surveys_fitted():
    roles = {key: each["role"] for key, each in read_targets().items()}
    assert {roles[key] for key in ("u5mr", "nmr", "deaths_malaria", "deaths_1_4y")} == {"circular"}
    assert {roles[key] for key in ("any_care", "informal_share", "formal_by_next_day")} == {"fitted"}
    assert {roles[key] for key in ("under_two_pneumonia", "rain_ratio", "distance_ratio", "ill_0_5m")} == {"check"}


def test_every_target_that_applies_has_a_row_and_a_number(alone, with_chws):
    for report, kind in ((alone, "facility-only"), (with_chws, "chw")):
        wanted = [key for key, each in read_targets().items() if each["arms"] in (kind, "all")]
        assert [row.key for row in report.rows] == wanted
        rare = {"distance_ratio", "inpatient_death_malaria", "inpatient_death_pneumonia", "inpatient_death_diarrhoea",
                "pneumonia_deaths_without_formal_care", "referral_completed_severe", "chw_severe_referred",
                "deaths_from_wasting"}  # fmt: skip
        assert {row.key for row in report.rows if row.model is None} <= rare


def test_the_model_column_is_the_mean_over_seeds(alone):
    runs = [simulate(tiny("facility-only", more=TWO_ZONES), seed=seed, tables=False, threads=1) for seed in (1, 2)]
    by_hand = [rates(run.tally)["u5mr"] for run in runs]
    row = next(row for row in alone.rows if row.key == "u5mr")
    assert row.model == pytest.approx(sum(by_hand) / 2)
    assert row.mcse == pytest.approx(abs(by_hand[0] - by_hand[1]) / 2)
    spread = math.hypot((row.high - row.low) / 3.92, row.mcse)
    assert row.z == pytest.approx((row.model - row.value) / spread)


def test_a_figure_outside_its_interval_is_printed_as_such(alone):
    outside = alone.missed()
    assert outside
    text = alone.text()
    for row in outside:
        line = next(line for line in text.splitlines() if line.startswith(row.key + " "))
        beyond = max(row.low - row.model, row.model - row.high)
        assert line.endswith("OUTSIDE, within its error" if beyond < 2 * (row.mcse or 0) else "OUTSIDE")
    near = sum(row.is_near for row in outside)
    assert near == text.count("within its error")
    assert text.endswith(f"; {near} of these by less than two Monte-Carlo errors: use more seeds") == (near > 0)
    assert text.splitlines()[-1].startswith("outside: fitted ")
    assert all(not row.low <= row.model <= row.high for row in outside)


def test_the_report_is_plain_json(with_chws):
    told = json.loads(json.dumps(with_chws.to_json(), allow_nan=False))
    assert told["format"] == 1
    assert told["seeds"] == [1, 2]
    assert told["missed"] == [row.key for row in with_chws.missed()]
    assert [row["target"] for row in with_chws.table()] == [each["key"] for each in told["targets"]]


def test_one_seed_gives_no_error_and_no_seed_is_refused():
    report = check(tiny("facility-only"), seeds=(5,), threads=1)
    assert {row.mcse for row in report.rows if row.key in ("u5mr", "any_care")} == {None}
    with pytest.raises(ValueError, match="at least one"):
        check(tiny(), seeds=())


def test_a_programme_is_set_beside_each_figure_of_work_care_and_shelves_with_what_was_seen_of_it(with_chws):
    rows = {row.key: row for row in with_chws.rows}
    seen = {key: (rows[key].role, rows[key].value, rows[key].low, rows[key].high) for key in (
        "chw_cases_a_month", "chw_contacts_per_child_year", "chw_contacts_seven_programmes", "chw_stock_out_spell",
        "delay_median", "chw_hours_a_week", "any_care_by_wealth")}  # fmt: skip
    assert seen == {
        "chw_cases_a_month": ("check", 16, 1, 50), "chw_contacts_per_child_year": ("check", 0.3, 0.2, 1.0),
        "chw_contacts_seven_programmes": ("check", 0.3, 0.26, 3.05), "chw_stock_out_spell": ("check", 30, 14, 60),
        "delay_median": ("check", 1.5, 1, 3), "chw_hours_a_week": ("circular", 5, 1, 9),
        "any_care_by_wealth": ("check", 0.85, None, None),
    }  # fmt: skip
    assert rows["chw_contacts_per_child_year"].model == rows["chw_contacts_seven_programmes"].model
    assert 0.3 < rows["any_care_by_wealth"].model < 3.0


def test_hours_delay_and_spells_of_a_check_are_those_of_its_runs(with_chws):
    runs = [simulate(tiny(more=TWO_ZONES), seed=seed, threads=1) for seed in (1, 2)]
    rows = {row.key: row.model for row in with_chws.rows}
    ill = [run.episodes for run in runs]
    ill = [e[(e.onset_day >= 0) & (e.onset_day < 400) & (e.outcome != "prevented")] for e in ill]
    waited = [float((e.first_care_day - e.onset_day).median()) for e in ill]
    assert rows["delay_median"] == pytest.approx(sum(waited) / 2, abs=2 / 1440)
    months = [run.chw_months[run.chw_months.month >= 0] for run in runs]
    weeks = sum(m.days_in_post.sum() for m in months) / 7
    assert rows["chw_hours_a_week"] == pytest.approx(sum(m.minutes.sum() for m in months) / 60 / weeks, rel=0.1)
    assert 5 < rows["chw_stock_out_spell"] < 100


def test_the_result_does_not_depend_on_threads():
    scenario = tiny("facility-only", more=TWO_ZONES)
    assert check(scenario, seeds=(3,), threads=1) == check(scenario, seeds=(3,), threads=2)


def test_a_report_without_rows_or_numbers_can_be_read():
    empty = CheckReport("nothing", (1,), ())
    assert "no target applies" in empty.text()
    row = CheckRow("x", "check", 0.5, 0.4, 0.6, None, None, None, None, "share", "nobody", "")
    lines = replace(empty, rows=(row,)).text().splitlines()
    assert lines[2].split()[:6] == ["x", "0.5", "0.4", "to", "0.6", "-"]
    assert shown(1234.56) == "1234.6"


def test_beside_list_a_district_without_chws_loses_about_what_its_care_leaves(alone):
    row = next(row for row in alone.rows if row.key == "list_gap")
    assert -0.3 < row.model < 0.3
    tallies = np.zeros(2, TALLY)
    tallies["weight"][0, 0, :4] = (10.0, 20.0, 30.0, 40.0)  # deaths if nobody were treated, of each illness
    tallies["weighted_effect"][0, 0, :4] = (5.0, 5.0, 15.0, 10.0)  # care leaves .5, .75, .5 and .75 of them
    tallies["weighted_zinc"][0, 0, DIARRHOEA] = 6.0  # and zinc .8 of what is left of diarrhoea
    tallies["expected"][0, 0, :5] = (6.0, 16.0, 13.0, 35.0, 900.0)  # the last is no illness of LiST
    found = _beside_list(_Seen({}, np.zeros((7, 9)), np.zeros(1), tallies), has_chws=False)
    assert found == pytest.approx((70.0 - (5.0 + 15.0 + 12.0 + 30.0), 70.0))


def test_what_list_averts_is_what_the_gap_of_a_programme_is_a_share_of(with_chws, monkeypatch):
    row = next(row for row in with_chws.rows if row.key == "list_gap_averted")
    assert row.inside is None, "LiST is no observation: no interval"
    tallies = np.zeros(2, TALLY)
    tallies["expected"][0, 0, :4], tallies["expected"][1, 0, :4] = 25.0, 22.0
    monkeypatch.setattr("iccmsim.studies.check.list_prediction", lambda *both: dict.fromkeys(ILLNESSES[:4], 1.5))
    found = _beside_list(_Seen({}, np.zeros((7, 9)), np.zeros(1), tallies), has_chws=True)
    assert found == (6.0, 6.0), "12 deaths averted by the model, 6 by LiST"


def test_a_ratio_of_two_rates_is_that_of_all_seeds_together_with_the_error_of_their_events():
    seeds = [{"near": (1, 150), "far": (3, 40)}, {"near": (1, 50), "far": (1, 60)}]
    q = _rate_ratio(seeds, "far", "near")
    assert (q["mean"], q["mcse"]) == pytest.approx((4.0, 4.0 * math.sqrt(1 / 4 + 1 / 2)))
    assert set(_rate_ratio([{"near": (0, 50), "far": (3, 40)}], "far", "near").values()) == {None}


def test_deaths_from_wasting_are_looked_at_where_children_are_wasted(alone):
    row = next(row for row in alone.rows if row.key == "deaths_from_wasting")
    assert (row.model, row.inside) == (None, None)
    wasted = check(tiny("facility-only", more={**TWO_ZONES, "was.on": 1}), seeds=(1, 2, 3), threads=2)
    row = next(row for row in wasted.rows if row.key == "deaths_from_wasting")
    assert (row.role, row.low, row.high) == ("check", 0.10, 0.25)
    assert 0 < row.model < 0.4
