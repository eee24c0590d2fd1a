"""The CHW as a person: skill, motivation, presence, attrition, succession."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from small import only_if_compiled
from world import KEY, MANY, a_provider, assert_mean, assert_share, parameters

from iccmsim.rules.workforce import (
    chance_present,
    comes_to_work,
    how_sure,
    is_supervised,
    leaves_post,
    motivation_moves,
    skill_fades,
    skill_gain,
    takes_up_post,
    talent,
    vacancy_days,
    visit_gain,
)


def staff(**changed):
    """The stated values of skill, motivation, presence and attrition."""
    stated = {
        "skill_max": 1.1,
        "skill_training": 1.1,
        "skill_decay": 0.03,
        "motiv_base": 0.7,
        "motiv_supervised": 0.15,
        "motiv_overload": 0.15,
        "motiv_stocked": 0.10,
        "motiv_days": 180.0,
        "motiv_ref": 0.86,
        "motiv_attrition": 2.0,
        "chw_absent": 0.20,
        "chw_absent_spell": 5.0,
        "chw_days_week": 5,
        "night_avail": 0.6,
        "chw_attr": 0.07,
        "chw_vacancy": 6.0,
        "spv_freq": 0.5,
        "spv_obs": 0.35,
        "chw_skill_sd": 0.6,
    }
    return parameters(**{**stated, **changed})


# --- skill ------------


def test_a_training_adds_less_the_more_skill_there_is():
    p = staff()
    for skill in (0.0, 0.4, 1.1):
        chw = a_provider(skill=skill)
        skill_gain(chw, p, 0.35)
        assert chw.skill == pytest.approx(skill + 0.35 * (1 - skill / 1.1))


def test_skill_never_passes_its_ceiling_however_many_visits():
    p, chw = staff(), a_provider()
    for gain in (0.74, 0.35, 0.10, 1.1) * 50:
        skill_gain(chw, p, gain)
        assert chw.skill <= 1.1 + 1e-12
    assert chw.skill == pytest.approx(1.1)


@pytest.mark.parametrize(("skill", "gain", "after"), [(0.0, 1.43, 0.8), (0.4, 0.9, 0.8), (0.4, 0.7, 0.75)])
def test_even_a_strong_refresher_does_not_pass_the_ceiling(skill, gain, after):
    p, chw = staff(skill_max=0.8), a_provider(skill=skill)
    skill_gain(chw, p, gain)
    assert chw.skill == pytest.approx(after)


def test_skill_fades_by_its_share_a_month_and_half_of_it_in_the_half_life():
    p, chw = staff(skill_decay=0.03), a_provider(skill=1.0)
    skill_fades(chw, p)
    assert chw.skill == pytest.approx(1 - 0.03 / 30)
    chw = a_provider(skill=1.0)
    for _ in range(math.ceil(30 / 0.03 * math.log(2))):
        skill_fades(chw, p)
    assert chw.skill == pytest.approx(0.5, rel=0.002)


def test_a_step_is_as_sure_as_talent_and_present_skill_make_it():
    chw = a_provider(skill=0.7, unsure=1)
    chw.logit[:] = np.linspace(-2, 2, 9)
    how_sure(chw, parameters())
    assert list(chw.sure) == pytest.approx([1 / (1 + math.exp(-x - 0.7)) for x in np.linspace(-2, 2, 9)])
    assert chw.unsure == 0


def test_one_talent_is_shared_by_all_steps_and_differs_between_chws_and_their_successors():
    base = np.linspace(-1, 1, 9)
    z = []
    for number in range(MANY):
        chw = a_provider(number=number)
        talent(chw, staff(), KEY, base, 0.6)
        own = (chw.logit - base) / 0.6
        assert np.allclose(own, own[0])
        z.append(own[0])
    assert stats.kstest(z, "norm").pvalue > 6e-5
    first, second = a_provider(number=3), a_provider(number=3, generation=1)
    for chw in (first, second):
        talent(chw, staff(), KEY, base, 0.6)
    assert first.logit[0] != second.logit[0]


# --- motivation ------------


@pytest.mark.parametrize(
    ("fields", "aim"),
    [
        ({"stocked": 0.0}, 0.7),
        ({"stocked": 1.0}, 0.8),
        ({"stocked": 0.5, "overload": 0.4}, 0.7 + 0.05 - 0.06),
        ({"stocked": 1.0, "supervised_day": 340}, 0.95),
        ({"stocked": 1.0, "supervised_day": 400}, 0.95),
        ({"stocked": 1.0, "supervised_day": 339}, 0.8),
        ({"stocked": 0.0, "overload": 1.0}, 0.55),
    ],
)
def test_motivation_drifts_towards_what_supervision_workload_and_a_full_box_warrant(fields, aim):
    chw = a_provider(motivation=0.3, **fields)
    motivation_moves(chw, staff(), 400)
    assert chw.motivation == pytest.approx(0.3 + (aim - 0.3) / 180)


def test_a_chw_visited_on_the_first_day_was_visited_and_one_never_visited_was_not():
    for visited, aim in ((0, 0.85), (-1, 0.7)):
        chw = a_provider(motivation=0.3, stocked=0.0, supervised_day=visited)
        motivation_moves(chw, staff(), 10)
        assert chw.motivation == pytest.approx(0.3 + (aim - 0.3) / 180)


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_motivation_comes_half_way_back_within_its_half_life_and_stays_between_0_and_1(start):
    p, chw = staff(), a_provider(motivation=start, stocked=1.0)
    for day in range(math.ceil(180 * math.log(2))):
        motivation_moves(chw, p, day)
        assert 0.0 <= chw.motivation <= 1.0
    assert abs(chw.motivation - 0.8) <= 0.5 * abs(start - 0.8)
    assert abs(chw.motivation - 0.8) == pytest.approx(0.5 * abs(start - 0.8), rel=0.01)


@pytest.mark.parametrize(
    ("values", "fields", "aim"),
    [
        ({"motiv_base": 0.8, "motiv_supervised": 0.3, "motiv_stocked": 0.2}, {"supervised_day": 30}, 1.0),
        ({"motiv_base": 0.1, "motiv_overload": 0.3}, {"stocked": 0.0, "overload": 1.0}, 0.0),
        ({"motiv_base": 0.9, "motiv_stocked": 0.05}, {"stocked": 1.0}, 0.95),
    ],
)
def test_motivation_aims_at_no_more_than_1_and_no_less_than_0(values, fields, aim):
    p, chw = staff(**values), a_provider(**{"motivation": 0.6, "stocked": 1.0, **fields})
    motivation_moves(chw, p, 30)
    assert chw.motivation == pytest.approx(0.6 + (aim - 0.6) / 180)
    for _ in range(600):
        motivation_moves(chw, p, 30)
        assert 0.0 <= chw.motivation <= 1.0
    assert chw.motivation == pytest.approx(aim + (0.6 - aim) * (1 - 1 / 180) ** 601)


# --- presence ------------


@pytest.mark.parametrize(
    ("absent", "motivation", "share"),
    [
        (0.20, 0.86, 0.80),
        (0.20, 0.43, 0.8 * 0.75),
        (0.20, 0.0, 0.40),
        (0.0, 0.86, 0.98),
        (0.0, 0.60, 0.5 + 0.5 * 0.60 / 0.86),
        (0.05, 0.95, 0.98),
        (0.40, 1.0, 0.6 * (0.5 + 0.5 / 0.86)),
    ],
)
def test_presence_follows_motivation_and_is_at_most_98_percent(absent, motivation, share):
    assert chance_present(a_provider(motivation=motivation), staff(chw_absent=absent)) == pytest.approx(share)


def days_of(chw, p, days, first=0):
    """Presence on each of so many days, and the day of the week."""
    there, away = [], []
    for day in range(first, first + days):
        comes_to_work(chw, p, KEY, day)
        there.append(int(chw.present))
        away.append(int(chw.in_spell))
    return np.array(there), np.array(away)


@pytest.mark.parametrize(("absent", "spell"), [(0.2, 5.0), (0.4, 3.0)])
def test_absence_comes_in_spells_of_the_stated_mean_and_share(absent, spell):
    p, days = staff(chw_absent=absent, chw_absent_spell=spell), 4 * MANY
    _, away = days_of(a_provider(), p, days)
    # a two-state chain: the variance of its mean is larger by (1 + r) / (1 - r), r its daily correlation
    enter, back = (absent / (1 - absent)) / spell, 1 / spell
    r = 1 - enter - back
    error = math.sqrt(absent * (1 - absent) / days * (1 + r) / (1 - r))
    assert abs(away.mean() - absent) < 4 * error
    starts = int(((away[1:] == 1) & (away[:-1] == 0)).sum())
    lengths = away.sum() / starts
    assert abs(lengths - spell) < 4 * spell / math.sqrt(starts) + spell / starts


@pytest.mark.parametrize(("absent", "spell"), [(0.95, 5.0), (0.6, 1.0), (0.8, 2.0)])
def test_where_spells_are_too_short_for_the_days_away_they_are_longer(absent, spell):
    p, days = staff(chw_absent=absent, chw_absent_spell=spell), 4 * MANY
    _, away = days_of(a_provider(), p, days)
    assert ((away[1:] == 1) | (away[:-1] == 1)).all()  # never at work two days in a row
    longer = absent / (1 - absent)
    # a spell and the day after it: their number has the variance of a sum of geometric lengths
    error = math.sqrt(days * (1 - absent) * longer * (longer - 1) / (longer + 1) ** 2) / days
    assert abs((1 - away).mean() - (1 - absent)) < 4 * error + 1 / days


def test_a_chw_who_is_not_away_is_at_work_on_working_days_and_can_sometimes_be_reached_on_others():
    p = staff(chw_absent=0.2, chw_days_week=5, night_avail=0.6)
    there, away = days_of(a_provider(), p, 7 * MANY)
    weekday = np.arange(7 * MANY) % 7
    home = away == 0
    assert there[home & (weekday < 5)].all()
    assert not there[~home].any()
    rest = home & (weekday >= 5)
    assert_share(int(there[rest].sum()), int(rest.sum()), 0.6)


def test_nobody_is_absent_where_absence_is_none_and_an_absence_can_end():
    p = staff(chw_absent=0.0, chw_days_week=7)
    assert days_of(a_provider(), p, 200)[0].all()
    there, away = days_of(a_provider(in_spell=1), p, 200)
    assert away[0] == 1 or there[0] == 1
    assert there[-1] == 1


@pytest.mark.parametrize("motivation", [0.0, 0.3, 0.86])
def test_absence_of_0_means_never_away_whatever_the_motivation(motivation):
    """On purpose: where chw.absent is 0 presence is switched off as a matter, as in worlds with a known answer."""
    p = staff(chw_absent=0.0, chw_days_week=7)
    there, away = days_of(a_provider(motivation=motivation), p, 300)
    assert there.all()
    assert not away.any()
    p = staff(chw_absent=0.001, chw_days_week=7)
    assert chance_present(a_provider(motivation=0.0), p) == pytest.approx(0.999 / 2)
    assert days_of(a_provider(motivation=0.0), p, 300)[1].any()


def test_absences_differ_between_chws():
    p = staff(chw_absent=0.4)
    assert days_of(a_provider(number=1), p, 60)[1].tolist() != days_of(a_provider(number=2), p, 60)[1].tolist()


def test_the_number_that_decides_on_leaving_belongs_to_the_chw_and_day_and_not_to_presence():
    p = staff()
    u = [comes_to_work(a_provider(), p, KEY, day) for day in range(MANY)]
    assert stats.kstest(u, "uniform").pvalue > 6e-5
    chw = a_provider()
    pairs = np.array([(comes_to_work(chw, p, KEY, day), chw.present) for day in range(MANY)])
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 4 / math.sqrt(MANY)


# --- attrition ------------


@pytest.mark.parametrize(("motivation", "factor"), [(0.86, 1.0), (0.36, math.exp(1.0)), (1.0, math.exp(-0.28))])
def test_attrition_is_a_small_daily_chance_larger_without_heart(motivation, factor):
    p, chw = staff(chw_attr=0.07), a_provider(motivation=motivation)
    daily = 1 - math.exp(-0.07 * factor / 365.25)
    assert bool(leaves_post(chw, p, daily * (1 - 1e-9)))
    assert not bool(leaves_post(chw, p, daily * (1 + 1e-9)))
    assert (1 - daily) ** 365.25 == pytest.approx(math.exp(-0.07 * factor))


def test_a_vacancy_lasts_as_stated_on_average_and_never_less_than_a_quarter_of_it():
    p = staff(chw_vacancy=6.0)
    mean = 6 * 30.4375
    days = [vacancy_days(a_provider(number=i), p, KEY, 5) for i in range(MANY)]
    assert_mean(days, mean, 0.75 * mean)
    assert min(days) >= math.floor(0.25 * mean)
    assert_share(sum(day <= mean for day in days), MANY, 1 - math.exp(-1))
    assert len({int(vacancy_days(a_provider(), p, KEY, day)) for day in range(9)}) > 5


def test_a_successor_is_trained_first_and_starts_afresh_with_a_talent_and_the_stock_that_was_left():
    p = staff()
    chw = a_provider(
        number=4,
        vacant_until=900,
        in_spell=1,
        skill=0.1,
        motivation=0.2,
        overload=0.7,
        supervised_day=850,
        mentored_day=850,
        refreshed_day=600,
        generation=2,
        stock=7,
    )
    takes_up_post(chw, p, KEY, 900)
    assert (chw.generation, chw.vacant_until, chw.in_spell) == (3, -1, 0)
    assert (chw.motivation, chw.overload, chw.supervised_day, chw.refreshed_day) == (0.86, 0.0, -1, 900)
    assert chw.mentored_day == -1
    assert chw.skill == pytest.approx(1.1)
    assert list(chw.stock[:6]) == [7] * 6
    again = a_provider(number=4, generation=3)
    talent(again, p, KEY, p.chw_logit, 0.6)
    assert list(chw.logit) == list(again.logit)


@pytest.mark.parametrize(("training", "ceiling", "skill"), [(0.5, 1.1, 0.5), (1.6, 1.1, 1.1), (1.1, 1.1, 1.1)])
def test_training_brings_a_successor_up_to_the_ceiling_at_most(training, ceiling, skill):
    chw = a_provider()
    takes_up_post(chw, staff(skill_training=training, skill_max=ceiling), KEY, 0)
    assert chw.skill == pytest.approx(skill)


# --- supervision ------------


def test_supervisors_come_in_the_stated_share_of_months_and_mentor_in_a_share_of_visits():
    p = staff(spv_freq=0.5, spv_obs=0.35)
    plans = [is_supervised(a_provider(number=i), p, KEY, 14) for i in range(MANY)]
    visits = [(day, mentors) for day, mentors in plans if day >= 0]
    assert_share(len(visits), MANY, 0.5)
    assert_share(sum(bool(mentors) for _, mentors in visits), len(visits), 0.35)
    assert {int(day) for day, _ in plans if day < 0} == {-1}
    days = np.array([day for day, _ in visits])
    assert days.min() == 0
    assert days.max() == 29  # the last day that every month has
    for first in (0, 10, 20):
        assert_share(int(((days >= first) & (days < first + 10)).sum()), len(days), 1 / 3)


def test_mentoring_teaches_once_in_a_quarter_and_any_other_visit_a_little():
    p, chw = staff(skill_mentored=0.35, skill_visit=0.10), a_provider()
    told = []
    for day, mentors in ((0, 0), (10, 1), (40, 1), (60, 0), (99, 1), (100, 1), (130, 0), (189, 1), (190, 1)):
        told.append((visit_gain(chw, p, mentors, day), int(chw.mentored_day)))
    small, much = 0.10, 0.35
    assert told == [
        (small, -1),
        (much, 10),
        (small, 10),
        (small, 10),
        (small, 10),
        (much, 100),  # 90 days after the last one that taught
        (small, 100),
        (small, 100),
        (much, 190),
    ]
    chw = a_provider(mentored_day=0)  # mentored on the first day of all
    assert [visit_gain(chw, p, 1, day) for day in (30, 89, 90)] == [small, small, much]


def test_supervision_is_drawn_for_each_month():
    p = staff(spv_freq=0.5)
    assert len({is_supervised(a_provider(), p, KEY, month)[0] >= 0 for month in range(30)}) == 2
    assert is_supervised(a_provider(), staff(spv_freq=0.0), KEY, 1)[0] == -1
    assert is_supervised(a_provider(), staff(spv_freq=1.0), KEY, 1)[0] >= 0


def test_in_the_programme_as_delivered_absence_and_attrition_are_as_stated():
    from iccmsim.engine.simulation import Simulation
    from iccmsim.parameters.scenario import load_scenario

    only_if_compiled()
    scenario = load_scenario("sahel/iccm-as-delivered")
    p = scenario.programme
    runs = Simulation(scenario, seed=5, tables=False).run().runs
    months = np.concatenate([run.zone.monthly[1:] for run in runs])
    motivation, present, leaving = (months[name].sum() / months["days_in_post"].sum()
                                    for name in ("motivation", "days_present", "departures"))  # fmt: skip
    assert motivation == pytest.approx(p["motiv.ref"], abs=0.02)
    week = p["chw.days_week"] / 7
    assert present == pytest.approx((1 - p["chw.absent"]) * (week + (1 - week) * p["night.avail"]), abs=0.02)
    assert leaving * 365.25 == pytest.approx(p["chw.attr"], abs=0.03)
