"""Human resources: pay and motivation, courses and first postings, empty posts, campaigns, volunteers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from arms import NEW_BOOKS, SMALLEST, by_month, dated, district, launch_month, shift
from small import what_differs
from world import KEY, MANY, a_course, a_month, a_provider, a_sick_child, assert_mean, assert_share, parameters

from iccmsim.core.records import AT_CHW, MALARIA, MONTH
from iccmsim.engine.house import chw_morning
from iccmsim.engine.staff import join_campaign
from iccmsim.engine.tally import tally_zone
from iccmsim.results.indicators import from_tally
from iccmsim.rules.facility_care import month_number
from iccmsim.rules.illness import begin, is_taught, worsen_or_not
from iccmsim.rules.workforce import leaves_post, minutes_left, motivation_moves, posted_day

YEAR_ONE = 365  # the day of launch in the library's scenarios


# --- pay and motivation ------------


@pytest.mark.parametrize(("months", "taken"), [(0, 0.0), (1, 0.25), (2, 0.5), (7, 0.5)])
def test_each_month_without_pay_takes_from_motivation_but_not_for_ever(months, taken):
    p = parameters(motiv_days=1.0)
    paid, unpaid = a_provider(), a_provider(unpaid=months)
    for chw in (paid, unpaid):
        motivation_moves(chw, p, 1000)
    assert paid.motivation - unpaid.motivation == pytest.approx(taken)


def test_motivation_is_half_way_back_within_its_half_life_once_pay_has_come_again():
    p = parameters(motiv_days=180.0)
    chw, best = a_provider(motivation=0.0, unpaid=0), a_provider(motivation=0.8)
    for day in range(math.ceil(180 * math.log(2))):
        motivation_moves(chw, p, 1000 + day)
        motivation_moves(best, p, 1000 + day)
    assert 0.49 * best.motivation < chw.motivation < 0.52 * best.motivation


def test_who_has_lost_heart_for_want_of_pay_leaves_as_often_as_a_volunteer():
    p = parameters(motiv_attrition=2.0, chw_attr=0.07)
    yearly = [1 - (1 - chance) ** 365 for chance in (chance_of_leaving(p, 0.79), chance_of_leaving(p, 0.29))]
    assert yearly[0] == pytest.approx(0.07, abs=0.005)
    assert 0.05 < yearly[1] < 0.40  # volunteers, Ngugi 2018 BMJ Glob Health 3:e000750
    assert yearly[1] > 2 * yearly[0]


def chance_of_leaving(p, motivation: float) -> float:
    """The daily chance, found by bisection on the uniform."""
    chw, low, high = a_provider(motivation=motivation), 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if leaves_post(chw, p, middle) else (low, middle)
    return low


# --- courses, first postings, empty posts ------------


@pytest.mark.parametrize(
    ("found", "posted"),
    [(YEAR_ONE + 1, YEAR_ONE + 183 + 14), (YEAR_ONE + 182, YEAR_ONE + 183 + 14), (YEAR_ONE + 184, YEAR_ONE + 366 + 14)],
)
def test_a_successor_waits_for_the_next_course_and_is_posted_after_it(found, posted):
    p = parameters(chw_course_every=6.0, chw_course_days=14.0, run_warmup_days=YEAR_ONE)
    assert posted_day(found, p) == pytest.approx(posted, abs=1)


def test_without_courses_on_dates_who_is_found_is_posted_at_once():
    assert posted_day(777, parameters(chw_course_every=0.0)) == 777


def test_nobody_is_posted_before_being_found_nor_later_than_one_course_more():
    p = parameters(chw_course_every=3.0, chw_course_days=10.0, run_warmup_days=YEAR_ONE)
    for found in range(YEAR_ONE, YEAR_ONE + 400):
        assert found + 10 <= posted_day(found, p) <= found + 3 * MONTH + 11


@pytest.mark.parametrize("recruits", [0, 1])
def test_an_empty_post_is_filled_only_if_there_is_money_to_recruit(recruits):
    p = parameters(chw_recruit=recruits, chw_attr=0.0)
    chw, month = a_provider(vacant_until=500), a_month()
    for day in range(495, 510):
        chw_morning(chw, month, p, KEY, day, month_number(day, p))
    assert (chw.vacant_until < 0) == bool(recruits)
    assert month.days_in_post == (10 if recruits else 0)


def test_a_freeze_of_posts_holds_up_the_search_for_as_long_as_it_lasts():
    p, frozen = (parameters(chw_recruit=recruits, chw_attr=0.0) for recruits in (1, 0))
    chw, month = a_provider(vacant_until=503), a_month()
    for day in range(495, 530):
        rule = frozen if 500 <= day < 520 else p  # three days of the search were still to come
        assert chw.vacant_until >= 0 or day > 523
        chw_morning(chw, month, rule, KEY, day, month_number(day, rule))
    assert month.days_in_post == 530 - 523


def test_a_successor_is_not_disheartened_by_what_was_owed_to_another():
    p = parameters(chw_attr=0.0)
    chw = a_provider(vacant_until=500, unpaid=4)
    chw_morning(chw, a_month(), p, KEY, 500, month_number(500, p))
    assert (chw.vacant_until, chw.unpaid) == (-1, 0)


def test_first_postings_are_spread_over_their_time_and_nobody_walks_to_a_chw_still_to_come():
    simulation = district({"chw.rollout": 300, "chw.catch": 500, "chw.attr": 0})
    run = simulation.runs[0]
    in_post = run.zone.monthly["days_in_post"][1:].sum(axis=1)
    began = simulation.plan.days - in_post  # nobody leaves
    assert_mean((began - simulation.plan.warmup) / 300, 0.5, math.sqrt(1 / 12))
    every = run.zone.visit[: run.zone.n[1]]
    mine = every[every["provider"] == AT_CHW]
    assert (mine["arrived"] // 1440 >= began[mine["who"] - 1]).all()
    assert len(np.unique(mine["who"])) == len(began)


def test_whoever_is_the_first_in_a_post_comes_with_a_full_box_however_late():
    simulation = district({"chw.rollout": 300, "chw.catch": 500, "chw.attr": 0, "sup.on": 0, "sup.shelf": 60,
                           "seek.chw_shift": -9.0})  # fmt: skip
    run = simulation.runs[0]
    began = simulation.plan.days - run.zone.monthly["days_in_post"][1:].sum(axis=1)
    assert (began > simulation.plan.warmup + 150).any()
    held = run.zone.provider["kit"][1:] > 0
    for row, day in enumerate(began.tolist()):
        shelf = run.zone.stock_by_day[:, 1 + row]
        assert not shelf[:day].any()
        assert (shelf[day] == run.zone.provider["began_with"][1 + row]).all()
        assert (shelf[day][held[row]] > 0).all()
    assert not run.zone.monthly["stock_out_days"][1:, : launch_month(simulation)].any()


def test_days_without_a_product_are_those_of_chws_in_post_and_told_as_their_share():
    simulation = district({"chw.rollout": 400, "chw.catch": 500, "chw.attr": 3, "chw.vacancy": 6, "sup.on": 0})
    run = simulation.runs[0]
    book = {name: run.zone.monthly[name][1:].sum(axis=0) for name in ("any_out_days", "days_in_post")}
    assert (book["any_out_days"] <= book["days_in_post"]).all()
    assert simulation.runs[0].zone.provider["vacant_until"][1:].max() > 0  # or no post was empty
    out, days = from_tally(tally_zone(run)[0], review_days=30.0)["chw_stock_out_any"]
    assert days == book["days_in_post"].sum() < (len(run.zone.provider) - 1) * simulation.plan.scenario.run["run.days"]
    assert out == book["any_out_days"].sum()


def test_who_is_posted_later_has_the_talent_of_who_would_have_been_posted_on_the_day_of_launch():
    sooner, later = (district({"chw.rollout": days, "chw.attr": 0}).runs[0].zone.provider for days in (0, 200))
    assert (later["generation"] == 0).all()
    assert np.array_equal(sooner["logit"], later["logit"])


# --- campaigns ------------


def test_a_campaign_takes_its_share_of_its_own_days_alone():
    p = parameters(duty_days=4, duty_share=0.75)
    assert minutes_left(60.0, p, 3, True) == 15.0
    assert minutes_left(60.0, p, 4, True) == 60.0
    assert minutes_left(60.0, p, 3, False) == 60.0


def test_four_months_a_year_have_a_campaign_of_so_many_days():
    p = parameters(duty_days=5, duty_share=0.5, run_warmup_days=YEAR_ONE)
    month, lost = a_month(), []
    for day in range(YEAR_ONE, YEAR_ONE + 365):
        chw = a_provider(minutes=60.0)
        join_campaign(chw, month, p, day, month_number(day, p))
        if chw.minutes < 60.0:
            lost.append(day - YEAR_ONE)
    assert month.campaign_days == len(lost) == 20
    assert min(lost) >= 181
    assert max(lost) < 304


# --- volunteers ------------


def test_a_volunteer_reaches_the_stated_share_of_families_and_the_same_ones_always():
    p, half = parameters(relais_reach=0.8), parameters(relais_reach=0.4)
    child, _ = a_sick_child(MALARIA)
    reached = {0.8: set(), 0.4: set()}
    for household in range(MANY):
        child.household = household
        for each, share in ((p, 0.8), (half, 0.4)):
            if is_taught(child, each, KEY):
                reached[share].add(household)
    assert_share(len(reached[0.8]), MANY, 0.8)
    assert_share(len(reached[0.4]), MANY, 0.4)
    assert reached[0.4] <= reached[0.8]


@pytest.mark.parametrize(("usual", "u"), [("mild", 0.33), ("severe", 0.77)])
def test_a_family_that_was_taught_sees_danger_that_it_would_have_missed(usual, u):
    for reach in (0.0, 1.0):
        p = parameters(relais_reach=reach, relais_recog=0.5, recog_mild=0.30, recog_severe=0.75)
        child, course = a_sick_child(MALARIA)[0], a_course(MALARIA, u_recognise=u, u_worsen=0.0)
        if usual == "mild":
            begin(child, course, p, KEY)
        else:
            worsen_or_not(child, course, p, KEY)
        assert course.perceived == reach


# --- the small district ------------

POOR_PAY = {"pay.on": 0}
LEVERS = {  # first arm, second arm, what moves, which way
    "no pay, motivation": ({}, POOR_PAY, "motivation", -1),
    "no pay, presence": ({}, POOR_PAY, "days_present", -1),
    "no pay, visits": ({}, POOR_PAY, "at_chw", -1),
    "no pay, departures": ({"chw.attr": 0.3}, {"chw.attr": 0.3, **POOR_PAY}, "departures", +1),
    "courses": ({"chw.attr": 0.5, "chw.vacancy": 2}, {"chw.attr": 0.5, "chw.vacancy": 2, "chw.course_every": 12},
                "in_post", -1),
    "recruitment": ({"chw.attr": 0.5, "chw.vacancy": 2}, {"chw.attr": 0.5, "chw.vacancy": 2, "chw.recruit": 0},
                    "in_post", -1),
    "first postings": ({}, {"chw.rollout": 360}, "at_chw", -1),
    "campaigns": ({"duty.days": 0}, {"duty.days": 12, "duty.share": 1}, "at_chw", -1),
    "volunteers, danger seen": ({}, {"relais.reach": 1}, "perceived", +1),
    "volunteers, care sought": ({}, {"relais.reach": 1}, "seen", +1),
}  # fmt: skip


@pytest.mark.parametrize("name", LEVERS)
def test_each_lever_moves_what_it_should(name):
    first, second, column, way = LEVERS[name]
    mean, errors = shift({}, first, second, column)
    assert way * mean > 0
    assert way * errors >= SMALLEST


def test_volunteers_change_care_no_more_than_village_health_clubs_did():
    mean, _ = shift({}, {}, {"relais.reach": 1}, "seen")
    seen = (district().runs[0].course["first_formal"] >= 0).sum()
    assert 0.002 <= mean / seen <= 0.18  # 1.09 (1.01-1.18), Kallander 2023


NOTHING = {
    "arrears that nobody minds": {"pay.unpaid": 0.3, "motiv.unpaid": 0},
    "pay that stops and nobody minds": {"pay.on": 0, "motiv.unpaid": 0},
    "arrears of nobody": {"pay.unpaid": 0.3, "pay.exposed": 0},
    "campaigns that take no time": {"duty.days": 10, "duty.share": 0},
    "volunteers who teach nothing": {"relais.reach": 1, "relais.recog": 0},
    "volunteers who reach nobody": {"relais.reach": 0, "relais.recog": 2},
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_lever_without_strength_changes_nothing_at_all(name):
    assert what_differs(district(), district(NOTHING[name])) <= NEW_BOOKS


def test_an_unpaid_quarter_leaves_its_trace_and_is_overcome():
    plain = [district({"run.days": 1095}, seed=seed) for seed in (1, 2)]
    stops = ((365, {"pay.on": 0}), (456, {"pay.on": 1}))
    quarter = [dated(stops, {"run.days": 1095}, seed=seed) for seed in (1, 2)]
    ratio = {}
    for name in ("motivation", "days_present", "cases"):
        with_pay, without = (sum(by_month(each, name) for each in arm)[:36] for arm in (plain, quarter))
        ratio[name] = without / with_pay
    assert (ratio["motivation"][:12] == 1.0).all()
    assert 0.75 < ratio["motivation"][12:18].min() < 0.90
    assert 0.80 < ratio["days_present"][14:18].mean() < 0.97
    assert ratio["cases"][14:18].mean() < 0.99
    assert ratio["motivation"][33:].min() > 0.97
