"""Indicators and the cascade: against hand-made tables, against the counts that are always kept, against arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small import NEAR, TWO_ZONES, tiny

from iccmsim.core.records import CAUSES, ILLNESSES, MONTH, PRODUCTS, YEAR
from iccmsim.engine.tally import AGE_EDGES, CASCADE, TAIL
from iccmsim.results.cascade import STEPS, cascade
from iccmsim.results.indicators import (
    band_of,
    budget,
    contacts,
    counts_of,
    deaths_per_1000,
    delays,
    effect_of_treatment,
    expected_deaths,
    from_tally,
    median_days,
    severe_malaria,
    spells_without,
    treated_of_expected,
    treatments,
)
from iccmsim.results.mortality import rates
from iccmsim.results.quality import SIGNS, inpatients, observed, referrals, with_signs
from iccmsim.results.result import simulate
from iccmsim.results.survey import Telling, add_counts, share

DAYS = 400


@pytest.fixture(scope="module")
def result():
    return simulate(tiny(more=TWO_ZONES), seed=3, threads=1)


@pytest.fixture(scope="module")
def counts(result):
    return counts_of(tables_of(result), window_days=DAYS, path=1.3, telling=Telling())


def tables_of(result, zone=None):
    """The tables that indicators read, of the district or of one zone."""
    tables = {name: result.table(name) for name in ("episodes", "children", "visits", "chw_months")}
    return tables if zone is None else {name: t[t.zone == zone] for name, t in tables.items()}


def test_the_cascade_from_the_table_is_that_of_the_tally(result):
    made = cascade(result.episodes, window_days=DAYS)
    assert list(made.index) == list(ILLNESSES)
    same = [step for step in STEPS if step in CASCADE and step not in ("seen_by_chw", "seen_by_facility")]
    for step in same:
        counted = result.tally["cascade"][CASCADE.index(step)]
        rows = slice(0, 3) if step == "lacked_drug" else slice(None)
        assert made[step].tolist()[rows] == counted.tolist()[rows], step
    assert made["right_drug"].sum() > 50


def test_expected_deaths_by_age_add_up_to_those_of_the_tally(result):
    deaths = expected_deaths(result.episodes, result.children, window_days=DAYS)
    np.testing.assert_allclose(deaths.sum(axis=1), result.tally["expected"][:TAIL].sum(axis=0), rtol=1e-10)
    realised = result.tally["deaths"][:TAIL, -1].sum(axis=0)
    assert deaths[-1].tolist() == realised.tolist()


def test_the_budget_adds_up_to_under_five_mortality_and_its_parts():
    deaths = np.zeros((7, 9))
    deaths[0] = [0, 0, 4, 5, 9, 20, 15, 12, 9]
    deaths[3] = [6, 4, 1, 0, 0, 0, 0, 0, 0]
    deaths[6] = [20, 7, 3, 4, 5, 9, 6, 5, 3]
    days = np.diff(AGE_EDGES) * 900.0
    found = budget(deaths, days, births=1000.0)
    total = deaths_per_1000(deaths, days, births=1000.0).sum()
    assert found["deaths_all"] == pytest.approx(total)
    assert found["deaths_0_27d"] + found["deaths_28d_11m"] + found["deaths_1_4y"] == pytest.approx(total)
    by_cause = sum(found[f"deaths_{name}"] for name in (*CAUSES[:3], "other"))
    neonatal = deaths_per_1000(deaths, days, births=1000.0)[:, :2].sum()
    assert by_cause + neonatal == pytest.approx(total)
    alive, dead = 1.0, 26 / 1000
    alive *= 1 - dead
    second = 11 / (21 * 900) * 21
    assert found["deaths_0_27d"] == pytest.approx(1000 * (dead + alive * (1 - np.exp(-second))))


def test_the_budget_of_realised_deaths_is_the_life_table_of_the_run(result):
    deaths = result.tally["deaths"][:TAIL].sum(axis=0).astype(float)
    days, births = result.tally["child_days"][:TAIL].sum(axis=0), float(result.tally["births"][:TAIL].sum())
    found, table = budget(deaths, days, births=births), rates(result.tally)
    assert found["deaths_all"] == pytest.approx(table["u5mr"])
    assert found["deaths_0_27d"] == pytest.approx(table["nmr"])


def test_ages_fall_into_their_bands():
    assert band_of(np.array([0.0, 6.9, 7.0, 28.0, 400.0, 1826.0])).tolist() == [0, 0, 1, 2, 5, 8]


def test_counts_of_two_zones_add_up_to_those_of_the_district(result, counts):
    zones = [counts_of(tables_of(result, zone), window_days=DAYS, path=1.3, telling=Telling()) for zone in (0, 1)]
    joined = add_counts(zones)
    assert set(joined) == set(counts)
    for name, pair in counts.items():
        assert joined[name] == pytest.approx(pair), name


def test_shares_are_shares_and_steps_come_back(result, counts):
    for name in ("chw_danger_looked", "chw_tested", "facility_danger_looked", "any_care", "informal_share"):
        assert 0.0 < share(counts, name) < 1.0, name
    above, below = counts["chw_danger_looked"]
    assert abs(above / below - 0.40) < 0.15
    books = from_tally(result.tally, review_days=30)
    assert 0.3 < share(books, "chw_presence") < 0.9
    assert share(books, "onsets_diarrhoea") == pytest.approx(3.3, rel=0.15)
    visits = result.visits[(result.visits.provider == "chw") & (result.visits.day >= 0)]
    seen = ~(visits.found_closed | visits.turned_away)
    assert counts["chw_contacts_per_child_year"][0] == seen.sum() == result.tally["cases"][0]


def test_deaths_by_distance_and_season_are_all_deaths(result, counts):
    rain = counts["death_rate_rainy"][0] + counts["death_rate_dry"][0]
    assert rain == result.tally["deaths"][:TAIL].sum()
    days = counts["death_rate_rainy"][1] + counts["death_rate_dry"][1]
    assert days == pytest.approx(result.tally["child_days"][:TAIL].sum(), rel=0.05)


def visit(**told) -> dict:
    """A first visit to a CHW of a two-year-old, nothing done."""
    marks = ("looked", "tested", "positive", "counted", "referred", "gone", "fever", "cough", "fast_breathing",
             "diarrhoea_sign", "danger", "in_danger", "has_malaria", "by_referral", "given_ors", "given_zinc",
             "given_amoxicillin", "given_act_infant", "given_act_child")  # fmt: skip
    return {"age": 700.0, **dict.fromkeys(marks, False), **told}


@pytest.mark.parametrize(
    ("told", "right"),
    [
        ({"fever": True, "tested": True, "positive": True, "given_act_child": True}, 1),
        ({"fever": True, "tested": True, "positive": True}, 0),
        ({"fever": True, "tested": True}, 1),
        ({"fever": True, "tested": True, "given_act_infant": True}, 0),
        ({"fever": True, "given_act_child": True}, 1),
        ({"fever": True}, 0),
        ({"diarrhoea_sign": True, "given_ors": True}, 0),
        ({"diarrhoea_sign": True, "given_ors": True, "given_zinc": True}, 1),
        ({"cough": True, "fast_breathing": True, "given_amoxicillin": True}, 1),
        ({"cough": True, "fast_breathing": True}, 0),
        ({"fever": True, "tested": True, "cough": True, "given_amoxicillin": True}, 0),
    ],
)
def test_a_visit_is_right_if_every_complaint_is(told, right):
    assert observed(pd.DataFrame([visit(**told)]))["all_right"] == (right, 1)


@pytest.mark.parametrize(
    ("given", "illnesses"),
    [((), 0), (("ors", "zinc"), 1), (("zinc",), 1), (("amoxicillin", "act_child"), 2), (("act_infant", "act_child"), 1),
     (("ors", "amoxicillin", "act_infant"), 3), (("gentamicin", "amoxicillin"), 1), (("rectal_artesunate",), 1)],
)  # fmt: skip
def test_treatments_are_illnesses_treated_and_not_drugs_or_children(given, illnesses):
    drugs = ("ors", "zinc", "amoxicillin", "gentamicin", "act_infant", "act_child", "rectal_artesunate")
    one = {"provider": "chw", "day": 10.0, **{f"given_{drug}": drug in given for drug in drugs}}
    others = [{**one, "day": -1.0}, {**one, "day": 366.0}, {**one, "provider": "facility"}]
    counted = treatments(pd.DataFrame([one, *others]), window_days=365)["chw_treatments_a_year"]
    assert counted == (illnesses, 0.0)  # the years in post come from the counts of the run


def test_treatments_are_set_beside_days_in_post_of_the_window_alone():
    result = simulate(tiny(more={**NEAR, "run.days": 100, "run.tail_days": 60}), seed=1, threads=1)
    parts = [treatments(result.visits, window_days=100), from_tally(result.tally, review_days=30)]
    given, years = add_counts(parts)["chw_treatments_a_year"]
    assert given == parts[0]["chw_treatments_a_year"][0] > 50
    assert years <= 100 / 365.25 * result.plan["chws"]


def test_treatments_stand_beside_the_cases_of_children_who_have_a_chw():
    onsets = {"malaria": (5.0, 20.0, -3.0, 366.0), "pneumonia": (9.0,), "diarrhoea": (1.0, 2.0, 3.0), "fever": (4.0,)}
    cases = pd.DataFrame([{"child": child, "illness": name, "onset_day": day, "outcome": "recovered"}
                          for child in (0, 1) for name, days in onsets.items() for day in days])  # fmt: skip
    cases.loc[len(cases)] = (0, "malaria", 30.0, "prevented")
    none = {f"given_{drug}": False for drug in PRODUCTS}
    given = ("given_amoxicillin", "given_amoxicillin", "given_ors", "given_zinc", "given_act_child")
    seen = pd.DataFrame([{**none, "provider": "chw", "day": 10.0, drug: True} for drug in given])
    children = pd.DataFrame({"child": [0, 1], "chw": [2, -1]})
    assert treated_of_expected(seen, cases, children, window_days=365) == {
        "chw_treated_of_expected": (5, 6), "chw_treated_of_expected_malaria": (1, 2),
        "chw_treated_of_expected_pneumonia": (2, 1), "chw_treated_of_expected_diarrhoea": (2, 3),
    }  # fmt: skip


def test_a_spell_without_stock_is_days_in_a_row_of_one_box_and_one_product():
    shelves = np.ones((10, 2, len(PRODUCTS)), int)
    shelves[2:6, 0, 0] = shelves[7, 0, 0] = 0  # four days and one
    shelves[4:, 1, 3] = 0  # six, cut by the end
    shelves[:3, 0, 2] = 0  # not yet held
    shelves[:, 1, 4] = 0  # never held
    shelves[1:, 0, len(PRODUCTS) - 1] = 0  # not of the usual six
    assert spells_without(shelves) == {"chw_stock_out_spell": (11.0, 3.0)}
    assert spells_without(shelves[:, :0]) == {"chw_stock_out_spell": (0.0, 0.0)}


def test_the_median_delay_is_of_illnesses_of_the_window_that_had_care():
    waits = (0.2, 1.1, 1.9, 40.0, float("nan"))
    ill = [{"onset_day": 5.0, "first_care_day": 5.0 + wait, "outcome": "recovered"} for wait in waits]
    others = [{**ill[3], "onset_day": -1.0}, {**ill[3], "onset_day": 366.0}, {**ill[3], "outcome": "prevented"}]
    counted = delays(pd.DataFrame(ill[:3] + ill[4:] + others), window_days=365)
    assert counted.sum() == 3
    assert median_days(counted) == pytest.approx(1.1, abs=1 / 1440)
    assert median_days(delays(pd.DataFrame(ill), window_days=365)) == pytest.approx(1.1, abs=1 / 1440)
    assert np.isnan(median_days(0 * counted))


@pytest.mark.parametrize(("day", "danger"), [(2.9, False), (3.0, True), (5.0, True), (5.1, False)])
def test_the_danger_sign_of_severe_illness_is_there_while_it_is_severe(day, danger):
    seen = pd.DataFrame([{"visit": 0, "child": 0, "day": day}])
    ill = {"visit": 0, "day": day, "severe": True, "worsens_day": 3.0, "kills_day": 5.0, "danger_sign": True,
           "illness": "malaria", **dict.fromkeys(SIGNS, False)}  # fmt: skip
    people = pd.DataFrame({"child": [0], "birth_day": [-400.0]})
    told = with_signs(seen, pd.DataFrame([ill]), people)
    assert (told["danger"][0], told["in_danger"][0]) == (danger, danger)
    mild = with_signs(seen, pd.DataFrame([{**ill, "severe": False}]), people)
    assert (mild["danger"][0], mild["in_danger"][0]) == (True, False)


def test_a_volunteer_is_no_chw():
    more = {**NEAR, "run.days": 200, "hmm.reach": 0.8, "hmm.use": 0.8}
    result = simulate(tiny(more=more), seed=1, threads=1)
    visits, episodes = result.visits, result.episodes
    near = visits[visits.provider == "volunteer"]
    assert len(near) > 50
    assert (near.chw == -1).all()
    counted = contacts(visits, result.children, window_days=200)["chw_contacts_per_child_year"]
    assert counted[0] == result.tally["cases"][0]
    alone = episodes[(episodes.first_provider == "volunteer") & (episodes.visits == 1)]
    assert len(alone) > 20
    assert alone.first_formal_day.isna().all()
    assert not alone.by_chw.any()
    steps, counted = cascade(episodes, window_days=200), dict(zip(CASCADE, result.tally["cascade"], strict=True))
    assert not alone[[f"got_{product}" for product in PRODUCTS]].to_numpy().any()
    assert steps.right_drug["malaria"] == counted["right_drug"][0] <= counted["formal_care"][0]
    assert steps.took_effect["malaria"] == counted["took_effect"][0] < counted["any_effect"][0]


def test_visits_of_young_infants_and_of_the_referred_are_not_judged():
    seen = pd.DataFrame([visit(fever=True, age=30.0), visit(fever=True, by_referral=True)])
    assert observed(seen)["all_right"] == (0, 0)


def test_referrals_are_completed_by_those_who_go():
    rows = [visit(referred=True, gone=True, in_danger=True), visit(referred=True, in_danger=True),
            visit(referred=True, gone=True), visit()]  # fmt: skip
    found = referrals(pd.DataFrame(rows))
    assert found["referral_completed_severe"] == (1, 2)
    assert found["referral_completed_routine"] == (1, 1)
    assert found["referral_completed_all"] == (2, 3)


def test_inpatients_are_counted_once_while_severe_and_alive():
    row = {"provider": "hospital", "danger_found": False, "severe": True, "worsens_day": 5.0, "kills_day": 9.0,
           "chance_death": 0.2, "episode_id": 1, "illness": "malaria"}  # fmt: skip
    rows = [{**row, "day": 6.0}, {**row, "day": 7.0}, {**row, "day": 4.0, "episode_id": 2},
            {**row, "day": 6.0, "provider": "facility", "episode_id": 3}]  # fmt: skip
    assert inpatients(pd.DataFrame(rows))["inpatient_death_malaria"] == (0.2, 1)


def test_severe_malaria_is_counted_in_the_children_whose_years_it_is_divided_by():
    row = {"illness": "malaria", "severe": True, "age_days": 90.0, "onset_day": 10.0, "worsens_day": 12.0}
    rows = [row, {**row, "age_days": 91.0, "onset_day": -4.0, "worsens_day": 0.0}]
    old = {**row, "age_days": 900.0}
    others = [{**row, "worsens_day": 11.0}, {**row, "severe": False}, {**row, "illness": "pneumonia"},
              {**old, "worsens_day": 400.0}, {**old, "worsens_day": -1.0}]  # fmt: skip
    born = pd.DataFrame({"birth_day": [-50.0, 360.0, -1000.0], "end_day": [np.nan, np.nan, 100.0]})
    above, below = severe_malaria(pd.DataFrame(rows + others), born, window_days=400)["severe_malaria_per_1000"]
    assert above == 2
    assert below == pytest.approx((400 - (3 * MONTH - 50) + 100) / YEAR / 1000)


def test_years_from_three_months_are_those_of_the_tally(result, counts):
    lived = result.tally["child_days"][:TAIL, 3:].sum() / YEAR / 1000
    assert counts["severe_malaria_per_1000"][1] == pytest.approx(lived, rel=1e-3)


def test_the_effect_of_treatment_is_the_mean_over_those_who_got_the_drug(result):
    found = effect_of_treatment(result.episodes, window_days=DAYS)
    for name, most in (("malaria", 0.99), ("diarrhoea", 0.99), ("zinc", 0.23)):
        assert 0.0 <= share(found, name if name in found else f"effect_{name}") <= most


def test_treatments_given_by_chws_are_all_products_but_tests():
    from iccmsim.core.records import RDT
    from iccmsim.engine.tally import TALLY
    from iccmsim.studies.outcomes import OUTCOMES, Counted

    tally = np.zeros(1, TALLY)
    tally["given"][0, 0] = 10 ** np.arange(len(PRODUCTS))
    (doses,) = (each for each in OUTCOMES if each.name == "chw_doses")
    assert doses.of(Counted(tally[0], tally[0], None, {}, 60.0)) == (10 ** len(PRODUCTS) - 1) // 9 - 10**RDT
