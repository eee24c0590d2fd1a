"""The counts that are always kept: they agree with the tables, with plain arithmetic, and with themselves."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from small import TWO_ZONES, tiny

from iccmsim.core.records import (
    CAUSES,
    COUGH,
    COURSE,
    ILLNESSES,
    MALARIA,
    MINUTES,
    MONTH,
    MONTHLY,
    NEWBORN,
    RECOVERED,
    table,
)
from iccmsim.engine.pairs import PAIRS
from iccmsim.engine.plan import make_plan
from iccmsim.engine.tally import (
    AGE_EDGES,
    CASCADE,
    KM_BANDS,
    TAIL,
    TALLY,
    YEARS,
    full_effect,
    tally_courses,
    tally_zone,
    wealth_cuts,
    year_edges,
)  # fmt: skip
from iccmsim.results.list_formula import complete_care, deaths_averted, fraction_averted, list_prediction, more_onsets
from iccmsim.results.mortality import chances_of_dying, per_thousand, percent_averted, rates
from iccmsim.results.result import simulate

WITH_TAIL = {**TWO_ZONES, "run.days": 800, "run.tail_days": 90}


@pytest.fixture(scope="module")
def result():
    return simulate(tiny(more=WITH_TAIL), seed=3, threads=1)


def edges_in_days(result):
    first = [0, 365, 730] + [800] * (TAIL - 3)
    return [*first, 800, 890]


def test_years_end_with_the_window_and_the_tail_has_its_own_bin():
    plan = make_plan(tiny(more=WITH_TAIL))
    assert [int(m) // 1440 - 60 for m in year_edges(plan)] == edges_in_days(None)
    five = make_plan(tiny(more={"run.days": 1826, "run.tail_days": 366}))
    assert [int(m) // 1440 - 60 for m in year_edges(five)][:6] == [0, 365, 730, 1095, 1461, 1826]
    assert [int(m) // 1440 - 60 for m in year_edges(five)][-2:] == [1826, 2192]


def test_child_days_are_those_of_a_slow_recount_from_the_table_of_children(result):
    years, counted = edges_in_days(result), np.zeros((YEARS, 9))
    for child in result.children.itertuples():
        end = years[-1] if math.isnan(child.end_day) else child.end_day
        for y in range(YEARS):
            for band in range(9):
                begins = max(child.birth_day + AGE_EDGES[band], years[y])
                ends = min(child.birth_day + AGE_EDGES[band + 1], years[y + 1], end)
                counted[y, band] += max(0.0, ends - begins)
    assert counted.sum() > 100_000
    np.testing.assert_allclose(result.tally["child_days"], counted, atol=1e-6)


def test_births_and_deaths_are_those_of_the_table_of_children(result):
    children, years = result.children, edges_in_days(result)
    births, _ = np.histogram(children.birth_day[children.birth_day >= 0], bins=sorted(set(years)))
    assert result.tally["births"][[0, 1, 2, TAIL]].tolist() == births.tolist()
    dead = children[(children.state == "dead") & (children.end_day >= 0)]
    assert result.tally["deaths"].sum() == len(dead) > 20
    by_cause = dead.cause.value_counts().reindex(CAUSES, fill_value=0)
    assert result.tally["deaths"].sum(axis=(0, 2)).tolist() == by_cause.tolist()
    age = (dead.end_day - dead.birth_day).to_numpy()
    ages, _ = np.histogram(np.minimum(age, AGE_EDGES[-1] - 1e-9), bins=AGE_EDGES)
    assert result.tally["deaths"].sum(axis=(0, 1)).tolist() == ages.tolist()
    inside = (dead.end_day < 800).sum()
    assert result.tally["deaths_by_wealth"].sum() == result.tally["deaths_by_km"].sum() == inside
    assert result.tally["days_by_km"].sum() == pytest.approx(result.tally["child_days"][:TAIL].sum())
    assert result.tally["days_by_wealth"].sum() == pytest.approx(result.tally["child_days"][:TAIL].sum())


def test_episodes_and_the_cascade_are_those_of_the_table_of_episodes(result):
    episodes = result.episodes
    happened = episodes[(episodes.outcome != "prevented") & (episodes.onset_day >= 0)]
    counts = happened.illness.value_counts().reindex(ILLNESSES)
    assert result.tally["episodes"].sum(axis=0).tolist() == counts.tolist()
    inside = happened[happened.onset_day < 800]
    seen = {"episodes": np.ones(len(inside), bool), "any_care": inside.first_care_day.notna(),
            "formal_care": inside.first_formal_day.notna(), "severe": inside.severe,
            "seen_by_chw": inside.by_chw | (inside.first_provider == "chw"),
            "died": inside.outcome == "died", "any_effect": inside.effect > 0, "referred": inside.referred}  # fmt: skip
    for step, rows in seen.items():
        counted = [int((rows & (inside.illness == name)).sum()) for name in ILLNESSES]
        assert result.tally["cascade"][CASCADE.index(step)].tolist() == counted, step
    next_day = np.floor(inside.first_formal_day) <= np.floor(inside.onset_day) + 1
    assert result.tally["cascade"][CASCADE.index("formal_by_next_day")].sum() == next_day.sum()
    prevented = (episodes.outcome == "prevented") & (episodes.onset_day >= 0)
    assert result.tally["prevented"].sum() == prevented.sum() > 0


def test_a_cascade_narrows_from_step_to_step(result):
    steps = dict(zip(CASCADE, result.tally["cascade"], strict=True))
    chain = ("episodes", "any_care", "formal_care", "formal_by_next_day")
    for wider, narrower in pairwise(chain):
        assert (steps[wider] >= steps[narrower]).all()
        assert steps[narrower].sum() > 0
    assert (steps["right_drug"] >= steps["took_effect"]).all()
    assert (steps["any_effect"] >= steps["took_effect"]).all()


def test_expected_deaths_are_the_chances_in_the_table_of_episodes(result):
    episodes = result.episodes[result.episodes.kills_day >= 0]
    met = episodes.groupby("illness", observed=False).chance_death.sum()
    np.testing.assert_allclose(result.tally["expected"][:, :6].sum(axis=0), met.to_numpy(), rtol=1e-12)
    assert result.tally["expected"][:, 6].tolist() == result.tally["deaths"][:, 6].sum(axis=1).tolist()


def counted(*illnesses: dict, **levers: object) -> np.record:
    """What is counted of illnesses that begin after launch."""
    plan = make_plan(tiny(more=levers))
    regime, rows, out = plan.record(plan.warmup), table(COURSE, len(illnesses)), table(TALLY, 1)
    for row, fields in zip(rows, illnesses, strict=True):
        started = {"onset": (plan.warmup + 1) * MINUTES, "outcome": RECOVERED, "first_care": -1, "first_formal": -1}
        for name, value in {**started, **fields}.items():
            row[name] = value
    tally_courses(rows, regime, full_effect(regime[0]), year_edges(plan), out)
    return out[0]


@pytest.mark.parametrize("illness", range(NEWBORN))
def test_an_illness_beside_another_weighs_as_many_more_deaths_as_it_worsens_oftener(illness):
    alone, beside = (counted({"illness": illness, "overlaps": overlaps}, **{"overlap.mechanism": 1.4})["weight"]
                     for overlaps in (0, 1))  # fmt: skip
    assert alone[0, illness] > 0 or illness == COUGH
    assert beside[0, illness] == pytest.approx(1.4 * alone[0, illness])
    assert alone.sum() == alone[0, illness]


@pytest.mark.parametrize(("x", "y", "effect"), [
    ((0, 0, 0.6), (0, 0, 0), 0.6), ((0, 0, 0), (0, 0, 0.6), 0.6), ((0.5, 0, 0), (0, 0, 0.6), 0.8),
    ((0.5, 0, 0.2), (0.25, 0, 0.6), 1 - 0.5 * 0.75 * 0.8 * 0.4), ((0, 0.9, 0), (0, 0.9, 0), 0.0)])  # fmt: skip
def test_the_second_line_counts_on_worsening_and_on_dying_and_zinc_apart(x, y, effect):
    found = counted({"illness": MALARIA, "x": x, "y": y})
    assert found["weighted_effect"][0, MALARIA] == pytest.approx(effect * found["weight"][0, MALARIA])
    assert found["cascade"][CASCADE.index("any_effect"), MALARIA] == (effect > 0)


def test_doses_and_visits_in_the_books_are_those_of_the_table_of_visits():
    run = simulate(tiny(), seed=4, threads=1)
    visits = run.visits[run.visits.day >= 0]
    refused = visits.found_closed | visits.turned_away
    for kind, provider in enumerate(("chw", "facility")):
        mine = visits[visits.provider == provider]
        assert run.tally["cases"][kind] == (~refused[mine.index]).sum()
        for product in ("ors", "act_infant", "rdt"):
            j = ("ors", "zinc", "amoxicillin", "act_infant", "act_child", "rdt").index(product)
            assert run.tally["given"][kind, j] == mine[f"given_{product}"].sum(), (provider, product)
    months = run.chw_months
    assert run.tally["days_in_post"][0] == months.days_in_post[months.month >= 0].sum() > 0
    assert run.tally["provider_days"][0] == run.tally["providers"][0] * 400


def test_the_books_close_with_the_window_whatever_the_tail_goes_on_to_write(result):
    visits = result.visits[(result.visits.day >= 0) & ~(result.visits.found_closed | result.visits.turned_away)]
    for kind, provider in enumerate(("chw", "facility")):
        mine = visits[(visits.provider == provider) & (visits.day < 800)]
        assert result.tally["cases"][kind] == len(mine) < (visits.provider == provider).sum()
        assert result.tally["given"][kind, 0] == mine.given_ors.sum()
    assert result.tally["provider_days"].tolist() == (800 * result.tally["providers"]).tolist()


@pytest.mark.parametrize(("days", "counted"), [(1, 1), (30, 30), (100, 100), (364, 364), (365, 366), (366, 366),
                                               (730, 731), (1095, 1096), (1461, 1461), (1826, 1827), (1827, 1827)])
def test_whole_years_which_are_cut_to_whole_days_have_whole_months_in_the_books(days, counted):
    plan = make_plan(tiny(more={"run.days": days, "run.tail_days": 40}))
    assert plan.books_close - plan.warmup == counted


@pytest.fixture(scope="module")
def busy_zone():
    """A zone in which everything that the monthly books count does happen."""
    from iccmsim.engine.simulation import Simulation

    happens = {"programme.sup.leak": 0.2, "programme.sup.shelf": 60,
               "programme.outreach.minutes_day": 30, "run.days": 700}  # fmt: skip
    return Simulation(tiny(more=happens), seed=5, tables=False, threads=1).run().runs[0]


@pytest.mark.parametrize("name", [name for name in TALLY.names if name in MONTHLY.names])
def test_every_count_of_the_monthly_books_is_the_sum_of_its_months(busy_zone, name):
    plan = busy_zone.plan
    first = int(plan.record(plan.warmup)[0]["month_offset"])
    months = busy_zone.zone.monthly[name][:, first : first + math.ceil(700 / MONTH)]
    counted, wanted = tally_zone(busy_zone)[name][0], (months[1:].sum(axis=(0, 1)), months[0].sum(axis=0))
    np.testing.assert_allclose(counted, wanted, rtol=1e-12)
    assert counted[0].sum() > 0


@pytest.mark.parametrize("programme", ["facility-only", "iccm-as-delivered"])
def test_realised_deaths_agree_with_the_expected_ones(programme):
    expected = deaths = variance = 0.0
    for seed in range(1, 13):
        tally = simulate(tiny(programme, more=TWO_ZONES), seed=seed, tables=False, threads=2).tally
        expected += tally["expected"][:, :6].sum()
        variance += tally["expected_variance"][:, :6].sum()
        deaths += tally["deaths"][:, :6].sum()
    assert deaths > 80
    assert abs(deaths - expected) / math.sqrt(variance) < 3.5


def test_under_five_mortality_is_that_of_a_life_table_made_by_hand():
    tally = np.zeros(1, TALLY)[0]
    tally["births"][0], tally["births"][1] = 600, 400
    tally["deaths"][0, 6] = [12, 6, 5, 4, 8, 9, 6, 3, 2]
    tally["deaths"][1, 0] = [8, 4, 5, 6, 2, 11, 4, 7, 3]
    tally["child_days"][0] = [7000, 20000, 60000, 90000, 180000, 350000, 350000, 340000, 330000]
    deaths = [20, 10, 10, 10, 10, 20, 10, 10, 5]
    lengths = [7, 21, 63.3125, 91.3125, 182.625, 365.25, 365.25, 365.25, 365.0]
    alive = 1.0
    by_hand = []
    for i in range(9):
        q = 20 / 1000 if i == 0 else 1 - math.exp(-deaths[i] / tally["child_days"][0][i] * lengths[i])
        alive *= 1 - q
        by_hand.append(1000 * (1 - alive))
    found = rates(tally)
    assert found["nmr"] == pytest.approx(by_hand[1], rel=1e-12)
    assert found["imr"] == pytest.approx(by_hand[4], rel=1e-12)
    assert found["u5mr"] == pytest.approx(by_hand[8], rel=1e-12)


def test_a_life_table_of_nobody_says_so():
    chances = chances_of_dying(np.zeros(9), np.zeros(9), births=0)
    assert math.isnan(per_thousand(chances, 9))
    assert math.isnan(percent_averted(np.zeros(3), np.zeros(3)))
    assert percent_averted(np.array([10, 30]), np.array([10, 20])) == pytest.approx(25.0)


def test_fifths_of_wealth_are_fifths(result):
    cuts = wealth_cuts(0.6)
    homes = result.children.drop_duplicates("household")
    shares = np.histogram(homes.wealth, bins=[0, *cuts, np.inf])[0] / len(homes)
    assert (np.abs(shares - 0.2) < 4 * math.sqrt(0.16 / len(homes))).all()
    assert set(result.children.wealth_quintile) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("record", [TALLY, PAIRS])
def test_no_field_of_counts_hides_a_method_of_numpy(record):
    assert not set(record.names) & set(dir(np.record))
    assert len(KM_BANDS) == 3


def test_the_formula_of_list_gives_the_published_arithmetic():
    assert fraction_averted(0.93, 0.30, 0.60) == pytest.approx(0.386963, abs=5e-7)
    assert fraction_averted(0.23, 0.05, 0.50) == pytest.approx(0.104704, abs=5e-7)
    assert fraction_averted(0.80, 0.2, 0.6, affected=0.5) == pytest.approx(1 - 0.8095, abs=5e-5)
    deaths = {"diarrhoea": 120, "pneumonia": 160, "malaria": 150, "other": 170, "newborn": 300}
    changes = {"diarrhoea": [(0.93, 0.30, 0.60), (0.23, 0.05, 0.50)], "pneumonia": [(0.70, 0.35, 0.65)],
               "malaria": [(0.82, 0.20, 0.50)]}  # fmt: skip
    averted = deaths_averted(deaths, changes)
    assert averted["diarrhoea"] == pytest.approx(54.138, abs=5e-4)
    assert averted["pneumonia"] == pytest.approx(44.503, abs=5e-4)
    assert averted["malaria"] == pytest.approx(44.139, abs=5e-4)
    assert sum(averted.values()) == pytest.approx(142.780, abs=5e-4)
    with pytest.raises(ValueError, match="must be below 1"):
        fraction_averted(1.0, 1.0, 0.5)


def test_list_predicts_nothing_from_equal_coverage_and_all_from_perfect_care(result):
    same = list_prediction(result.tally, result.tally)
    assert set(same.values()) == {0.0}
    perfect = np.array(result.tally).reshape(1).copy()[0]
    perfect["weighted_effect"] = perfect["weight"]
    predicted = list_prediction(result.tally, perfect)
    expected = result.tally["expected"][:TAIL].sum(axis=0)
    assert [predicted[name] for name in ILLNESSES[:4]] == pytest.approx(expected[:4].tolist())


def test_complete_care_averts_what_the_formula_of_list_gives_from_the_deaths_and_the_care_of_the_first_arm():
    without = np.zeros(1, TALLY)[0]
    without["expected"][0] = (100.0, 80.0, 60.0, 40.0, 0.0, 0.0, 500.0)
    without["weight"][0, :4] = (10.0, 10.0, 10.0, 0.0)
    without["weighted_effect"][0, :4] = (2.0, 6.0, 0.0, 0.0)
    without["weighted_zinc"][0, 2] = 0.5
    full = {"malaria": 0.95, "pneumonia": 0.5, "diarrhoea": 0.8, "newborn_infection": 0.65, "zinc": 0.23}
    malaria = 100 * (0.95 - 0.2) / 0.8
    pneumonia = 0.0  # there already more than a full treatment gives
    diarrhoea = 60 * (1 - (1 - 0.8) * (1 - (0.23 - 0.05) / 0.95))
    assert complete_care(without, full) == pytest.approx(malaria + pneumonia + diarrhoea + 40 * 0.65)
    assert complete_care(without, dict.fromkeys(full, 0.0)) == 0.0


def test_fewer_illnesses_avert_their_share_of_the_deaths_that_would_have_been_and_more_add_it():
    without, given = np.zeros(2, TALLY)
    without["expected"][0, :4] = (50.0, 50.0, 50.0, 0.0)
    without["weight"][0, :4], given["weight"][0, :4] = (10.0, 10.0, 0.0, 4.0), (9.0, 12.0, 3.0, 2.0)
    given["weight"][TAIL] = 100.0  # after the window
    found = more_onsets(without, given)
    assert [found[name] for name in ILLNESSES[:4]] == pytest.approx([5.0, -10.0, 0.0, 0.0])


def test_one_zone_counted_twice_is_the_same(result):
    from iccmsim.engine.simulation import Simulation

    run = Simulation(tiny(), seed=5, tables=False, threads=1).run().runs[0]
    first, second = tally_zone(run), tally_zone(run)
    assert all(np.array_equal(first[name], second[name]) for name in TALLY.names)
    assert int(first["provider_days"][0, 1]) == 400
