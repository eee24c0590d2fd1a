"""Sizes of levers of staff: hours and presence, steps of a visit, skill, visits of supervisors, heart, who leaves."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from sizes import Size, near
from small import NEAR, SURE, lived, tiny
from world import KEY, MANY, a_course, a_provider, a_sick_child, parameters

from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AMOXICILLIN,
    AT_CHW,
    COUNTED,
    DANGER_FOUND,
    FAST_FOUND,
    FOUND_CLOSED,
    LOOKED,
    MALARIA,
    MINUTES,
    MONTH,
    ORS,
    POSITIVE,
    REFERRED,
    TESTED,
    TURNED_AWAY,
    YEAR,
    ZINC,
)
from iccmsim.engine.plan import reference_values
from iccmsim.engine.simulation import Simulation, ZoneRun
from iccmsim.parameters.kernel import stationary_skill
from iccmsim.rules.illness import begin
from iccmsim.rules.workforce import how_sure, posted_day, takes_up_post

DIARRHOEA, FEVER, COUGH = 2, 3, 4  # the worst complaint of a visit: no worse one is beside it


def books(run: ZoneRun, column: str, *, first: int = 0, last: int | None = None) -> np.ndarray:
    """A column of the books of CHWs, a row each, by month after launch."""
    launch = int(run.plan.record(run.plan.warmup)[0]["month_offset"])
    return run.zone.monthly[column][1:, launch:][:, first:last].astype(float)


# --- hours and lines ------------

FULL = {
    **NEAR, **SURE, "setting.place.people": 6000, "seek.chw_shift": 2, "programme.chw.catch": 2000,
    "programme.chw.minutes_day": 50, "programme.chw.minutes": 20, "programme.chw.queue": 9,
    "programme.chw.patience": 30, "programme.spv.freq": 1, "programme.motiv.days": 20, "programme.motiv.base": 0.5,
    "programme.motiv.supervised": 0.2, "programme.motiv.overload": 0.3, "programme.motiv.stocked": 0.12,
    "programme.aid.share": 1, "programme.aid.down": 0, "programme.motiv.aid": 0.16,
}  # fmt: skip


@cache
def full(days: int = 0) -> ZoneRun:
    """CHWs to whom far more children come than they have time for, with campaigns of so many days a month."""
    return lived({**FULL, "programme.duty.days": days, "programme.duty.share": 0.75}).runs[0]


def large(run: ZoneRun) -> np.ndarray:
    """Which CHWs have so many families that the line is never empty."""
    return run.zone.provider["families"][1:] > 100


def seen_a_day() -> float:
    """Children whom such a CHW sees on a day at work."""
    run = full()
    return books(run, "cases")[large(run)].sum() / books(run, "days_present")[large(run)].sum()


def seen_in_campaigns() -> float:
    """What campaigns leave of the children seen from July to October."""
    plain, less = (books(run, "cases", first=6, last=10)[large(run)].sum() for run in (full(), full(10)))
    return less / plain


def left_overnight() -> float:
    """Children who wait for a CHW at the end of a day, over 100 days."""
    simulation, lines = Simulation(tiny(more=FULL), seed=1, threads=1), []
    for day in range(simulation.plan.days - 100, simulation.plan.days):
        simulation.run_to(day + 1)
        run = simulation.runs[0]
        lines.append(run.zone.provider["waiting"][1:][large(run)].mean())
    return float(np.mean(lines))


def heart() -> float:
    """Motivation of such CHWs in the end: all are supervised, have a full box and a job aid, and are overloaded."""
    return float(full().zone.provider["motivation"][1:][large(full())].mean())


# --- presence, visits, empty posts ------------

MANY_CHWS = {**NEAR, "setting.place.people": 6000, "programme.chw.catch": 50, "programme.motiv.attrition": 0}


@cache
def rarely_there() -> ZoneRun:
    """CHWs of three working days a week who are often absent, at the motivation of reference, which hardly moves."""
    more = {**MANY_CHWS, "programme.chw.days_week": 3, "programme.chw.absent": 0.4, "programme.night.avail": 0.3,
            "programme.motiv.days": 3650, "programme.spv.freq": 0.8, "programme.spv.obs": 0.15}  # fmt: skip
    return lived(more).runs[0]


def presence() -> float:
    """Share of all days on which a CHW in post can be reached."""
    return books(rarely_there(), "days_present").sum() / books(rarely_there(), "days_in_post").sum()


def visits_a_month() -> float:
    """Supervision visits of a CHW in a month."""
    return books(rarely_there(), "supervised").sum() / (books(rarely_there(), "days_in_post").sum() / MONTH)


def visits_that_mentor() -> float:
    """Share of them in which cases are observed."""
    return books(rarely_there(), "mentored").sum() / books(rarely_there(), "supervised").sum()


def in_post_without_recruitment() -> float:
    """Share of days on which posts are filled in the first 400 days, if nobody who leaves is replaced."""
    more = {**MANY_CHWS, "setting.place.people": 12000, "programme.chw.attr": 1, "programme.chw.recruit": 0}
    days = books(lived(more).runs[0], "days_in_post").sum(axis=1)
    return float(days.mean() / 400)


def in_post_in_the_long_run() -> float:
    """Share of days on which posts are filled, from the third to the sixth year."""
    more = {**MANY_CHWS, "programme.chw.attr": 2, "programme.chw.vacancy": 3, "run.days": 60 + 6 * 366}
    days = books(lived(more, tables=False).runs[0], "days_in_post", first=24, last=72).sum(axis=1)
    return float(days.mean() / (48 * MONTH))


def days_until_posted() -> float:
    """Days between being found and being posted, on average over all days of a year."""
    p = parameters(chw_course_every=4, chw_course_days=20, run_warmup_days=365)
    return float(np.mean([posted_day(found, p) - found for found in range(730, 1095)]))


def targeted_visits() -> float:
    """Visits in a month that go where reports look worst, of a zone whose CHWs all lack something."""
    more = {**NEAR, "setting.place.people": 6000, "programme.chw.catch": 500, "programme.sup.fill": 0.5,
            "programme.spv.freq": 0, "programme.spv.targeted": 3}  # fmt: skip
    return float(books(lived(more).runs[0], "targeted", first=4, last=10).sum(axis=0).mean())


# --- steps of a visit, skill ------------

STEPS = {"danger": 0.7, "rdt": 0.5, "breaths": 0.4, "obey": 0.6, "withhold": 0.5, "dose": 0.5, "refer": 0.5,
         "ors": 0.6, "zinc": 0.5}  # fmt: skip


@cache
def register() -> np.ndarray:
    """Visits to CHWs of usual and equal skill, with a full box, of children whom they may treat."""
    more = {
        **NEAR, **SURE, "setting.place.people": 12000, "seek.chw_shift": 2, "programme.chw.skill_sd": 0,
        "programme.chw.danger_severe": 0, "programme.skill.training": stationary_skill(reference_values()),
        "programme.skill.decay": 0, "programme.spv.freq": 0, "programme.spv.refresher_months": 0,
        **{f"programme.chw.step.{step}": chance for step, chance in STEPS.items()},
    }  # fmt: skip
    zone = lived(more).runs[0].zone
    visit = zone.visit[: zone.n[1]]
    age = visit["minute"] - zone.child["birth"][visit["child"]]
    seen = visit["marks"] & (FOUND_CLOSED | TURNED_AWAY) == 0
    return visit[(visit["provider"] == AT_CHW) & seen & (age > 62 * MINUTES)]


def marked(visits: np.ndarray, mark: int) -> float:
    """Share of visits with a mark."""
    return float((visits["marks"] & mark != 0).mean())


def wanted(visits: np.ndarray, *products: int) -> float:
    """Share of visits in which one of the products was given, or would have been."""
    some = sum(1 << product for product in products)
    return float(((visits["given"] | visits["lacked"]) & some != 0).mean())


def of(complaint: int, *, without: int = 0, having: int = 0) -> np.ndarray:
    """Visits for a complaint, all of some marks and none of others."""
    visit = register()
    marks = visit["marks"]
    return visit[(visit["complaint"] == complaint) & (marks & without == 0) & (marks & having == having)]


def right_doses() -> float:
    """Share of doses that are right."""
    visit = register()
    size = visit["dose"][visit["given"] & 1 << ORS != 0, ORS]
    return float((size == 1.0).mean())


def sent_on() -> float:
    """Share of those sent on in whom danger was found."""
    visit = register()
    return marked(visit[(visit["marks"] & DANGER_FOUND != 0) & (visit["lacked"] == 0)], REFERRED)


FOUND = {
    "danger": lambda: marked(register(), LOOKED),
    "rdt": lambda: marked(of(FEVER), TESTED),
    "breaths": lambda: marked(of(COUGH), COUNTED),
    "obey": lambda: 1 - wanted(of(FEVER, having=TESTED, without=POSITIVE), ACT_INFANT, ACT_CHILD),
    "withhold": lambda: 1 - wanted(of(COUGH, without=FAST_FOUND), AMOXICILLIN),
    "dose": right_doses,
    "refer": sent_on,
    "ors": lambda: wanted(of(DIARRHOEA), ORS),
    "zinc": lambda: wanted(of(DIARRHOEA), ZINC),
}


def odds(provider: np.record, p: np.record) -> float:
    """Odds of looking for danger."""
    how_sure(provider, p)
    return provider.sure[0] / (1 - provider.sure[0])


def good_against_bad() -> float:
    """Odds of a step with a CHW better than 84 % of CHWs, over those with one better than 16 %."""
    p, found = parameters(chw_skill_sd=0.9), []
    for number in range(MANY):
        chw = a_provider(number=number)
        takes_up_post(chw, p, KEY, 0)
        found.append(odds(chw, p))
    bad, good = np.percentile(found, (15.87, 84.13))
    return float(good / bad)


def taught_to_the_ceiling() -> float:
    """Odds of a step of a CHW who has learnt all there is to learn, under a high ceiling and under a low one."""
    found = []
    for ceiling in (0.75, 1.5):
        p, chw = parameters(skill_max=ceiling, skill_training=5), a_provider()
        takes_up_post(chw, p, KEY, 0)
        found.append(odds(chw, p))
    return found[1] / found[0]


def danger_seen_by_the_taught() -> float:
    """Odds of families to think a child seriously ill, visited by a volunteer over not."""
    seen = []
    for reach in (1, 0):
        p = parameters(relais_reach=reach, relais_recog=0.6, recog_mild=0.30)
        each, child = 0, a_sick_child(MALARIA)[0]
        for u in np.linspace(0.0005, 0.9995, 1000):
            course = a_course(MALARIA, u_recognise=u)
            begin(child, course, p, KEY)
            each += int(course.perceived)
        seen.append(each / (1000 - each))
    return seen[0] / seen[1]


DEVIATION = 0.9
SIZES: list[Size] = [
    Size(("chw.minutes_day", "chw.minutes"), seen_a_day, *near(2.5, within=0.05),
         "arithmetic: who always has a line sees minutes of a day over minutes of a child, 50 / 20"),
    Size(("chw.queue",), left_overnight, *near(9, within=0.1),
         "arithmetic: where far more come than are seen, the line is full every night"),
    Size(("duty.days", "duty.share"), seen_in_campaigns, *near(1 - 0.75 * 10 / MONTH, within=0.06),
         "arithmetic: ten days of a month lose three quarters of their minutes"),
    Size(("motiv.base", "motiv.supervised", "motiv.overload", "motiv.stocked", "motiv.aid"), heart,
         *near(0.5 + 0.2 - 0.3 + 0.12 + 0.16, within=0.03),
         "arithmetic: what is left alone, and the whole of what adds and takes away, once it is reached"),
    Size(("chw.days_week", "chw.absent", "night.avail"), presence, *near(0.6 * (3 / 7 + 4 / 7 * 0.3), within=0.07),
         "arithmetic: who is not absent, on working days always and on others as often as stated"),
    Size(("spv.freq",), visits_a_month, *near(0.8, within=0.06), "arithmetic: a chance each month"),
    Size(("spv.obs",), visits_that_mentor, *near(0.15, within=0.2), "arithmetic: a share of visits"),
    Size(("chw.attr", "chw.recruit"), in_post_without_recruitment,
         *near((1 - math.exp(-400 / YEAR)) / (400 / YEAR), within=0.09),
         "arithmetic: of those who leave at one a year, unreplaced, exp(-t) are left after t years"),
    Size(("chw.attr", "chw.vacancy"), in_post_in_the_long_run, *near(1 / (1 + 2 * 3 / 12), within=0.07),
         "arithmetic: six months in post by turns with three of vacancy"),
    Size(("chw.course_every", "chw.course_days"), days_until_posted, *near(4 * MONTH / 2 + 20, within=0.03),
         "arithmetic: half of the time between courses, and the course"),
    Size(("spv.targeted",), targeted_visits, 2.7, 3.0, "arithmetic: so many visits a zone and month, and no more"),
    *(Size((f"chw.step.{step}",), FOUND[step], chance - 0.06, chance + 0.06,
           "arithmetic: at usual skill the share of visits that the lever states") for step, chance in STEPS.items()),
    Size(("chw.skill_sd",), good_against_bad, *near(math.exp(2 * DEVIATION), within=0.15),
         "arithmetic: one deviation to either side on the logit"),
    Size(("skill.max",), taught_to_the_ceiling, *near(math.exp(0.75), within=0.01),
         "arithmetic: the difference of ceilings on the logit"),
    Size(("relais.recog",), danger_seen_by_the_taught, *near(math.exp(0.6), within=0.02),
         "arithmetic: a logit; that care moves no more than with village health clubs (Kallander 2023) is tested in "
         "test_lever_workforce"),
]  # fmt: skip

WORK, STAFF, OVERSIGHT = "test_workforce::", "test_lever_workforce::", "test_lever_supervision::"
TEACHING = OVERSIGHT + "test_teaching_moves_the_odds_of_a_step_by_the_skill_it_adds_below_the_ceiling"
BREAKS = OVERSIGHT + "test_a_job_aid_breaks_and_is_mended_as_stated"
ELSEWHERE: dict[str, str] = {
    "chw.absent_spell": WORK + "test_absence_comes_in_spells_of_the_stated_mean_and_share",
    "chw.danger_severe":
        "test_case_management::test_danger_is_looked_for_more_often_in_a_child_that_truly_is_in_danger",
    "skill.training":
        OVERSIGHT + "test_the_first_training_adds_about_as_many_points_as_trainings_were_seen_to_add",
    "skill.decay": WORK + "test_skill_fades_by_its_share_a_month_and_half_of_it_in_the_half_life",
    "skill.refresher": TEACHING, "skill.mentored": TEACHING, "skill.visit": TEACHING, "spv.refresher_months": TEACHING,
    "motiv.days": WORK + "test_motivation_comes_half_way_back_within_its_half_life_and_stays_between_0_and_1",
    "motiv.ref": WORK + "test_presence_follows_motivation_and_is_at_most_98_percent",
    "motiv.attrition": WORK + "test_attrition_is_a_small_daily_chance_larger_without_heart",
    "relais.reach": STAFF + "test_a_volunteer_reaches_the_stated_share_of_families_and_the_same_ones_always",
    "aid.share": OVERSIGHT + "test_posts_with_a_job_aid_are_the_stated_share_and_more_of_them_include_these",
    "aid.steps": OVERSIGHT + "test_a_working_job_aid_multiplies_the_odds_of_the_steps_it_asks_for_and_of_no_other",
    "aid.down": BREAKS, "aid.down_days": BREAKS,
}  # fmt: skip
