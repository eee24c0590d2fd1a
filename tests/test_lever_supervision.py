"""Supervision and quality: job aids that break, and visits that go where the reports look worst."""

from __future__ import annotations

import math

import numpy as np
import pytest
from arms import NEW_BOOKS, SEEDS, SMALLEST, by_month, district, launch_month, measures, shift
from small import what_differs
from world import KEY, MANY, a_month, a_provider, a_sick_child, a_zone, assert_share, parameters

from iccmsim.core.records import (
    BROKEN,
    COUNT_BREATHS,
    LOOK_FOR_DANGER,
    MALARIA,
    MONTHLY,
    NO_JOB_AID,
    STEPS,
    WORKS,
    table,
)
from iccmsim.engine.house import be_supervised
from iccmsim.engine.staff import send_to_the_worst
from iccmsim.rules.facility_care import month_number
from iccmsim.rules.workforce import how_sure, job_aid_today, looks_bad, motivation_moves, visit_of_the_worst
from iccmsim.world.zone import Zone

# --- job aids ------------


def odds(chance: float) -> float:
    """Odds of a chance."""
    return chance / (1.0 - chance)


def test_a_working_job_aid_multiplies_the_odds_of_the_steps_it_asks_for_and_of_no_other():
    p = parameters()
    alone, aided = (a_provider(skill=0.5, logit=np.linspace(-1.5, 1.5, 9)) for _ in range(2))
    aided.job_aid = WORKS
    for chw in (alone, aided):
        how_sure(chw, p)
    ratio = [odds(b) / odds(a) for a, b in zip(alone.sure, aided.sure, strict=True)]
    assert ratio == pytest.approx([math.exp(0.8) if i in (LOOK_FOR_DANGER, COUNT_BREATHS) else 1.0 for i in range(9)])
    assert 1.9 < ratio[STEPS.index("danger")] < 2.5  # 88 against 79 %, 80 against 62 %: Boyce 2019


def test_posts_with_a_job_aid_are_the_stated_share_and_more_of_them_include_these():
    owners = {}
    for share in (0.3, 0.7):
        p, owners[share] = parameters(aid_share=share), set()
        for number in range(MANY):
            chw = a_provider(number=number)
            job_aid_today(chw, p, KEY, 100)
            if chw.job_aid != NO_JOB_AID:
                owners[share].add(number)
        assert_share(len(owners[share]), MANY, share)
    assert owners[0.3] < owners[0.7]


@pytest.mark.parametrize(("down", "days"), [(0.2, 30.0), (0.5, 10.0), (0.0, 30.0)])
def test_a_job_aid_breaks_and_is_mended_as_stated(down, days):
    p, chw, states = parameters(aid_share=1.0, aid_down=down, aid_down_days=days), a_provider(), []
    for day in range(4 * MANY):
        job_aid_today(chw, p, KEY, day)
        states.append(chw.job_aid)
    before, after = np.array(states[:-1]), np.array(states[1:])
    assert_share(int((after[before == BROKEN] == WORKS).sum()), int((before == BROKEN).sum()), 1 / days)
    assert_share(int((after[before == WORKS] == BROKEN).sum()), int((before == WORKS).sum()), down / (1 - down) / days)


def test_a_post_that_loses_its_programme_of_job_aids_has_none():
    chw = a_provider(job_aid=WORKS)
    job_aid_today(chw, parameters(aid_share=0.0), KEY, 100)
    assert chw.job_aid == NO_JOB_AID


@pytest.mark.parametrize(("state", "gain"), [(WORKS, 0.05), (BROKEN, 0.0), (NO_JOB_AID, 0.0)])
def test_only_a_job_aid_that_works_gives_heart(state, gain):
    p = parameters(motiv_days=1.0)
    chw, other = a_provider(job_aid=state), a_provider()
    for each in (chw, other):
        motivation_moves(each, p, 1000)
    assert chw.motivation - other.motivation == pytest.approx(gain)


def test_chws_with_a_job_aid_look_for_danger_oftener_by_the_days_it_works():
    plain, aided = (district({"aid.share": share, "motiv.aid": 0, "chw.skill_sd": 0}) for share in (0, 1))
    share = by_month(aided, "aid_days").sum() / by_month(aided, "days_in_post").sum()
    assert 0.7 < share < 0.9  # down .2 of days
    looked = [measures(tuple(sorted(arm.items())), 1)["looked"] for arm in (
        {"aid.share": 0, "motiv.aid": 0, "chw.skill_sd": 0}, {"aid.share": 1, "motiv.aid": 0, "chw.skill_sd": 0})]
    with_aid = odds(looked[0]) * math.exp(0.8)
    expected = (1 - share) * looked[0] + share * with_aid / (1 + with_aid)
    assert looked[1] == pytest.approx(expected, abs=0.04)
    assert by_month(plain, "aid_days").sum() == 0


# --- visits that go where reports look worst ------------


@pytest.mark.parametrize(
    ("cases", "out", "bad"),
    [(16, 0, 0.0), (32, 0, 0.0), (8, 0, 0.5), (0, 0, 1.0), (16, 15, 0.5), (0, 30, 2.0), (-1, 30, 0.0)],
)  # fmt: skip
def test_a_chw_looks_bad_by_days_with_something_lacking_and_children_missing(cases, out, bad):
    chw = a_provider(reported_cases=cases, reported_out_days=out)
    assert looks_bad(chw, 16.0) == pytest.approx(bad)


def test_where_nobody_saw_a_child_only_empty_shelves_look_bad():
    assert looks_bad(a_provider(reported_cases=0, reported_out_days=6), 0.0) == pytest.approx(0.2)


def staff(*chws: dict) -> Zone:
    """A zone of CHWs with these reports, and its books."""
    rows = [a_provider(**{"number": row, "reported_cases": 16} | each) for row, each in enumerate(chws, start=1)]
    zone = a_zone(*a_sick_child(MALARIA), *rows)
    zone.provider[0].reported_cases = -1
    return zone._replace(monthly=table(MONTHLY, (1 + len(chws), 40)))


def sent_to(*chws: dict, visits: int = 1, supervised: int = 0) -> list[int]:
    """Rows of the CHWs to whom the month's targeted visits go."""
    zone, p = staff(*chws), parameters(spv_targeted=visits)
    day = 400
    number = month_number(day, p)
    if supervised:
        zone.monthly[supervised, number].supervised = 1
    before = zone.provider["visit_day"].copy()
    send_to_the_worst(zone, p, KEY, day, number)
    chosen = np.flatnonzero(zone.provider["visit_day"] != before)
    assert ((zone.provider["visit_day"][chosen] > day) & (zone.provider["visit_day"][chosen] < day + 30)).all()
    assert zone.monthly["targeted"].sum() == len(chosen)
    return list(chosen)


WORST, BAD, GOOD = {"reported_out_days": 25}, {"reported_out_days": 9}, {}


def test_the_visit_goes_to_the_worst_and_the_next_to_the_next():
    assert sent_to(GOOD, WORST, BAD) == [2]
    assert sent_to(GOOD, WORST, BAD, visits=2) == [2, 3]


def test_no_visit_goes_to_chws_of_whom_nothing_bad_is_reported():
    assert sent_to(GOOD, GOOD, visits=5) == []


@pytest.mark.parametrize("hidden", [{"reported_cases": -1}, {"vacant_until": 900}, {"visit_day": 410}])
def test_no_visit_goes_to_who_never_reported_is_gone_or_will_be_visited_anyway(hidden):
    assert sent_to(GOOD, WORST | hidden, BAD) == [3]


def test_no_second_visit_goes_to_who_was_visited_this_month():
    assert sent_to(GOOD, WORST, BAD, supervised=2) == [3]


def test_a_targeted_visit_is_kept_on_its_day_and_teaches():
    p = parameters(spv_targeted=1, spv_freq=0.0)
    zone, number = staff({"reported_out_days": 9, "skill": 0.2}), month_number(400, p)
    send_to_the_worst(zone, p, KEY, 400, number)
    chw, month = zone.provider[1], zone.monthly[1, number]
    due = int(chw.visit_day)
    be_supervised(chw, month, p, KEY, due, month_number(due, p), True)
    assert chw.supervised_day == due
    assert chw.skill > 0.2


def test_a_visit_that_cannot_reach_the_chw_teaches_nothing_and_is_not_made_up_for():
    p = parameters(spv_freq=0.0)
    chw, month = a_provider(visit_day=400, visit_mentors=1, skill=0.2), a_month()
    for day in (400, 401):
        be_supervised(chw, month, p, KEY, day, month_number(400, p), day > 400)
    assert (chw.supervised_day, chw.visit_day, chw.skill) == (-1, -1, 0.2)
    assert (month.supervised, month.mentored) == (0, 0)


def test_targeted_visits_mentor_as_often_as_others():
    p = parameters(spv_targeted=1, spv_obs=0.35)
    mentored = 0
    for number in range(MANY):
        chw = a_provider(number=number)
        visit_of_the_worst(chw, p, KEY, 400, 13)
        mentored += chw.visit_mentors
    assert_share(mentored, MANY, 0.35)


# --- the small district ------------

SHORT = {"sup.fill": 0.5, "spv.freq": 0}
LEVERS = {  # shared, first arm, second arm, what moves, which way
    "job aids, looking": ({}, {}, {"aid.share": 1}, "looked", +1),
    "job aids, a share of them": ({}, {"aid.share": 0.3}, {"aid.share": 1}, "looked", +1),
    "job aids that are broken": ({"aid.share": 1}, {"aid.down": 0.05}, {"aid.down": 0.5}, "looked", -1),
    "job aids, motivation": ({}, {}, {"aid.share": 1}, "motivation", +1),
    "targeted visits": (SHORT, {}, {"spv.targeted": 3}, "supervised", +1),
    "targeted visits, skill": (SHORT, {}, {"spv.targeted": 3}, "skill", +1),
    "targeted visits, motivation": (SHORT, {}, {"spv.targeted": 3}, "motivation", +1),
    "targeted visits, reports": ({**SHORT, "spv.targeted": 10}, {"spv.report": 1}, {"spv.report": 0.1}, "targeted", -1),
}  # fmt: skip


@pytest.mark.parametrize("name", LEVERS)
def test_each_lever_moves_what_it_should(name):
    shared, first, second, column, way = LEVERS[name]
    mean, errors = shift(shared, first, second, column)
    assert way * mean > 0
    assert way * errors >= SMALLEST


def test_targeted_visits_keep_to_their_budget_and_wait_for_the_first_report():
    simulation = district({**SHORT, "spv.targeted": 2})
    book = simulation.runs[0].zone.monthly[1:, launch_month(simulation) :]
    assert (book["targeted"].sum(axis=0) <= 2).all()
    assert book["targeted"][:, :1].sum() == 0
    assert book["targeted"].sum() > 10
    assert book["targeted"].max() == 1
    assert 0.8 * book["targeted"].sum() <= book["supervised"].sum() <= book["targeted"].sum()


def test_targeted_visits_reach_chws_who_lack_more_than_visits_at_random_do():
    lack = {}
    for name, arm in (("random", {"spv.freq": 0.2}), ("targeted", {"spv.freq": 0, "spv.targeted": 1})):
        met, all_days = [], []
        for seed in range(1, 9):
            simulation = district({**SHORT, "sup.fill": 0.85, **arm}, seed=seed)
            book = simulation.runs[0].zone.monthly[1:, launch_month(simulation) :]
            visited = book["supervised"][:, 3:17] > 0
            lacked = book["any_out_days"][:, 1:15] + book["any_out_days"][:, 2:16]  # in the two months before
            met += list(lacked[visited])
            all_days += list(lacked.ravel())
        lack[name] = np.mean(met) / np.mean(all_days)
    assert lack["targeted"] > 1.1
    assert lack["random"] == pytest.approx(1.0, abs=0.2)
    assert lack["targeted"] > lack["random"]


# --- how much training and visits move care ------------

UNTAUGHT = {"spv.freq": 0, "spv.refresher_months": 0, "chw.skill_sd": 0, "chw.attr": 0, "run.days": 1096}
MONTHS, CEILING, FIRST, DECAY, REFRESHER, MENTORED, VISIT = 36, 1.1, 1.1, 0.03, 0.74, 0.35, 0.10
SIZES = {  # levers, gains of each month from the first, odds ratio that comes of them, that of the source
    "refresher": ({"spv.refresher_months": 12}, lambda month: [REFRESHER] * (month % 12 == 0), (1.1, 1.35), 2.09),
    "mentored visits": ({"spv.freq": 1, "spv.obs": 1}, lambda month: [MENTORED if month % 4 == 1 else VISIT],
                        (1.2, 1.5), 3.0),
    "plain visits": ({"spv.freq": 1, "spv.obs": 0}, lambda month: [VISIT], (1.05, 1.35), 1.2),
}  # fmt: skip


def mean_skill(gains_of, first: float = FIRST) -> float:
    """Skill over three years by hand: it fades each month, and a gain adds the less the nearer the ceiling is."""
    skill, total = first, 0.0
    for month in range(1, MONTHS + 1):
        total += skill * (1 - DECAY / 2)
        skill *= 1 - DECAY
        for gain in gains_of(month):
            skill += gain * (1 - skill / CEILING)
    return total / MONTHS


def odds_looked(levers: dict) -> float:
    """Odds that a CHW looks for danger, over all seeds."""
    arm = tuple(sorted({**UNTAUGHT, **levers}.items()))
    return odds(np.mean([measures(arm, seed)["looked"] for seed in SEEDS]))


@pytest.mark.parametrize("name", SIZES)
def test_teaching_moves_the_odds_of_a_step_by_the_skill_it_adds_below_the_ceiling(name):
    levers, gains, (least, most), source = SIZES[name]
    by_hand = math.exp(mean_skill(gains) - mean_skill(lambda month: []))  # a step's logit is talent and skill
    ratio = odds_looked(levers) / odds_looked({})
    assert ratio == pytest.approx(by_hand, rel=0.04)
    assert least < ratio < most
    if name != "plain visits":
        assert ratio < 0.75 * source  # the first training is the ceiling, and leaves little to add


def test_the_first_training_adds_about_as_many_points_as_trainings_were_seen_to_add():
    share = [each / (1 + each) for each in (odds_looked({"skill.training": 0}), odds_looked({}))]
    by_hand = math.exp(mean_skill(lambda month: []))
    assert odds(share[1]) / odds(share[0]) == pytest.approx(by_hand, rel=0.04)
    assert 0.05 < share[1] - share[0] < 0.20  # 12 points (5 to 20), Rowe 2018


NOTHING = {
    "job aids that ask for nothing": {"aid.share": 1, "aid.steps": (0.0,) * 9, "motiv.aid": 0},
    "job aids that nobody has": {"aid.share": 0, "aid.steps": (2.0,) * 9, "motiv.aid": 0.3},
    "targeted visits where no report arrives": {"spv.targeted": 3},
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_lever_without_strength_changes_nothing_at_all(name):
    shared = {"spv.report": 0} if "report" in name else {}
    assert what_differs(district(shared), district(shared | NOTHING[name])) <= NEW_BOOKS
