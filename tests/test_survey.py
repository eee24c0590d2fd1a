"""Emulated household surveys: what is asked, of whom, and what counts, on hand-made tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from iccmsim.core.records import ILLNESSES, MONTH, OUTCOMES, PROVIDERS
from iccmsim.results.survey import (
    Telling,
    add_counts,
    ends_of,
    living,
    luck_of,
    seen_illnesses,
    share,
    spells_of,
    survey,
    survey_days,
)

NONE = float("nan")


def children(*rows: dict) -> pd.DataFrame:
    """Children aged two on day 100 unless told otherwise."""
    default = {"birth_day": 100 - 2.5 * 365, "end_day": NONE, "chw": -1, "wealth_quintile": 3}
    return pd.DataFrame([{"child": i, **default, **row} for i, row in enumerate(rows)])


def episodes(*rows: dict) -> pd.DataFrame:
    """Illnesses, by default a fever of child 0 from day 95 to day 99 without care."""
    default = {"child": 0, "illness": "other_fever", "outcome": "recovered", "onset_day": 95.0, "worsens_day": 95.0,
               "kills_day": 95.0, "mends_day": 99.0, "severe": False, "fever": True, "cough": False,
               "fast_breathing": False, "diarrhoea_sign": False, "first_care_day": NONE, "first_formal_day": NONE,
               "first_provider": None}  # fmt: skip
    table = pd.DataFrame([{**default, **row} for row in rows])
    for column, names in (("illness", ILLNESSES), ("outcome", OUTCOMES), ("first_provider", PROVIDERS)):
        table[column] = pd.Categorical(table[column], categories=list(names))
    return table


def on_day_100(illnesses: pd.DataFrame, people: pd.DataFrame, **telling: float) -> dict:
    return survey(illnesses, people, days=[100.0], telling=Telling(**telling))


@pytest.mark.parametrize(("onset", "mends", "reported"), [(95, 99, 1), (80, 87, 1), (80, 85, 0), (101, 104, 0)])
def test_an_illness_is_reported_if_any_part_of_it_lies_in_the_last_14_days(onset, mends, reported):
    found = on_day_100(episodes({"onset_day": onset, "mends_day": mends, "worsens_day": onset}), children({}, {}))
    assert found["two_week_fever"] == (reported, 2)
    assert found["two_week_any"] == (reported, 2)


def test_the_dead_the_unborn_and_the_fives_are_not_asked_about():
    people = children({}, {"end_day": 60.0}, {"birth_day": 101.0}, {"birth_day": 100 - 1827.0}, {"birth_day": 99.0})
    assert living(people, 100.0).tolist() == [True, False, False, False, True]
    found = on_day_100(episodes({"child": 1, "onset_day": 59.0}), people)
    assert found["two_week_fever"] == (0, 2)


def test_a_prevented_illness_and_one_without_symptoms_are_not_told_of():
    told = seen_illnesses(episodes({"outcome": "prevented"}, {"fever": False}, {}), convalescence=3.0)
    assert len(told) == 1


def test_ari_is_cough_with_fast_breathing_in_one_illness():
    both = {"fever": False, "cough": True, "fast_breathing": True}
    found = on_day_100(episodes(both, {"child": 1, "fever": False, "cough": True}), children({}, {}))
    assert found["two_week_ari"] == (1, 2)
    assert found["two_week_any"] == (2, 2)


def test_complexes_of_different_illnesses_of_a_fortnight_count_together():
    found = on_day_100(episodes({}, {"fever": False, "diarrhoea_sign": True, "onset_day": 88.0, "mends_day": 90.0},
                                {"child": 1}), children({}, {}))  # fmt: skip
    assert found["more_than_one_complex"] == (1, 2)


def test_illnesses_that_touch_are_one_spell_and_others_are_not():
    table = episodes({"onset_day": 90.0, "mends_day": 96.0}, {"onset_day": 92.0, "mends_day": 93.0},
                     {"onset_day": 96.0, "mends_day": 99.0}, {"onset_day": 99.5, "mends_day": 101.0},
                     {"child": 1, "onset_day": 91.0, "worsens_day": 91.0, "mends_day": 92.0})  # fmt: skip
    spells = spells_of(seen_illnesses(table, convalescence=3.0))
    assert spells[["child", "onset_day", "end_day"]].to_numpy().tolist() == [[0, 90, 99], [0, 99.5, 101], [1, 91, 92]]


@pytest.mark.parametrize(("care", "next_day"), [(95.9, 1), (96.9, 1), (97.1, 0)])
def test_within_24_hours_is_the_day_of_onset_or_the_next(care, next_day):
    table = episodes({"onset_day": 95.6, "worsens_day": 95.6, "first_care_day": care, "first_formal_day": care,
                      "first_provider": "facility"})  # fmt: skip
    found = on_day_100(table, children({}))
    assert found["any_care"] == (1, 1)
    assert found["formal_by_next_day"] == (next_day, 1)
    assert found["informal_share"] == (0, 1)


def test_care_after_the_survey_does_not_count():
    later = {"mends_day": 103.0, "first_care_day": 101.0, "first_provider": "informal"}
    found = on_day_100(episodes(later), children({}))
    assert found["any_care"] == (0, 1)


def test_the_first_source_of_the_spell_is_told_and_the_child_is_the_unit():
    facility = {"first_care_day": 97.0, "first_formal_day": 97.0, "first_provider": "facility"}
    shop = {"onset_day": 94.0, "first_care_day": 96.0, "first_provider": "informal", "mends_day": 98.0}
    chw = {"child": 1, "first_care_day": 95.5, "first_formal_day": 95.5, "first_provider": "chw"}
    table = episodes(facility, shop, chw)
    found = on_day_100(table, children({}, {"chw": 0}))
    assert found["any_care"] == (2, 2)
    assert found["informal_share"] == (1, 2)
    assert found["formal_care"] == (2, 2)
    assert found["chw_share_where_active"] == (1, 1)


def test_care_is_asked_of_the_poorest_and_the_richest_fifth_apart():
    people = children(*({"wealth_quintile": fifth} for fifth in (1, 1, 2, 5, 5)))
    cared = {"first_care_day": 96.0, "first_provider": "informal"}
    table = episodes({"child": 0}, {"child": 1, **cared}, {"child": 2, **cared}, {"child": 3, **cared})
    found = on_day_100(table, people)
    assert (found["any_care_poorest"], found["any_care_richest"]) == ((1, 2), (1, 1))


def test_a_severe_illness_lasts_until_the_survivor_is_well_or_the_child_is_dead():
    severe = {"severe": True, "worsens_day": 97.0, "kills_day": 98.0, "mends_day": 96.0}
    ends = ends_of(episodes(severe, {**severe, "outcome": "died"}, {"worsens_day": 99.5}), convalescence=3.0)
    assert ends.tolist() == [101.0, 98.0, 99.5]


def test_counts_of_zones_and_dates_add_up():
    people, table = children({}, {}), episodes({})
    both = survey(table, people, days=[98.0, 100.0], telling=Telling())
    parts = add_counts([survey(table, people, days=[day], telling=Telling()) for day in (98.0, 100.0)])
    assert both == parts
    assert share(both, "two_week_fever") == 0.5
    assert np.isnan(share(both, "chw_share_where_active"))


def test_a_survey_of_people_who_are_all_well_finds_nothing():
    found = on_day_100(episodes({}).iloc[:0], children({}, {}))
    assert found["two_week_any"] == (0, 2)
    assert found["any_care"] == (0, 0)


def test_surveys_are_in_the_middle_of_each_month():
    assert len(survey_days(365)) == 12
    assert survey_days(365)[0] == MONTH / 2


def many(n: int, **fields: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same illness in each of n children."""
    return episodes(*({"child": i, **fields} for i in range(n))), children(*({} for _ in range(n)))


@pytest.mark.parametrize(
    ("fields", "days", "rate"),
    [({"mends_day": 96.0}, 4, 0.15), ({"mends_day": 90.0, "onset_day": 88.0, "worsens_day": 88.0}, 10, 0.15),
     ({"mends_day": 92.0, "onset_day": 90.0, "worsens_day": 90.0, "first_care_day": 91.0}, 8, 0.01),
     ({"kills_day": 89.0, "onset_day": 86.0, "worsens_day": 87.0, "severe": True}, 8, 0.01)],
)  # fmt: skip
def test_what_is_over_is_forgotten_by_the_day_and_care_or_danger_is_remembered(fields, days, rate):
    n = 3000
    found = on_day_100(*many(n, **fields), forget_mild=0.15, forget_treated=0.01)
    expected = np.exp(-rate * days)
    for name in ("two_week_fever", "two_week_any"):
        assert found[name][1] == n
        assert abs(share(found, name) - expected) < 4 * np.sqrt(expected * (1 - expected) / n)
    told = found["two_week_any"][0]
    assert found["any_care"] == (told if "first_care_day" in fields else 0, told)


def test_an_illness_that_goes_on_is_never_forgotten():
    found = on_day_100(*many(500, mends_day=101.0), forget_mild=5.0, forget_treated=5.0)
    assert found["two_week_fever"] == (500, 500)


def test_forgetting_what_nobody_treated_makes_care_look_more_common():
    treated = {"first_care_day": 96.0, "first_formal_day": 96.0, "first_provider": "facility"}
    rows = [{"child": i, "mends_day": 97.0, **(treated if i % 4 == 0 else {})} for i in range(2000)]
    table, people = episodes(*rows), children(*({} for _ in range(2000)))
    assert share(on_day_100(table, people), "any_care") == 0.25
    told = share(on_day_100(table, people, forget_mild=0.15, forget_treated=0.01), "any_care")
    assert told == pytest.approx(0.25 * np.exp(-0.03) / (0.25 * np.exp(-0.03) + 0.75 * np.exp(-0.45)), abs=0.03)


def test_what_one_survey_remembers_an_earlier_one_did_too():
    spells = spells_of(seen_illnesses(many(400, mends_day=96.0)[0], convalescence=3.0))
    telling = Telling(forget_mild=0.2)
    early, late = telling.remembered(spells, 99.0), telling.remembered(spells, 104.0)
    assert late.sum() < early.sum()
    assert not (late & ~early).any()


def test_the_luck_of_spells_is_uniform_and_belongs_to_child_and_minute():
    luck = luck_of(np.arange(20000), np.full(20000, -12.5))
    assert luck.min() >= 0
    assert luck.max() < 1
    assert abs(luck.mean() - 0.5) < 4 / np.sqrt(12 * 20000)
    assert len(np.unique(luck)) == 20000
    assert luck_of(np.array([7]), np.array([-12.5])) == luck[7]
    assert luck_of(np.array([7]), np.array([-12.5 + 1 / 1440])) != luck[7]
