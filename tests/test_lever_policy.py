"""What CHWs may treat is policy: each rule forbids or allows what it says, to CHWs alone, and nothing by default."""

from __future__ import annotations

import dataclasses
import math
from functools import cache

import numpy as np
import pytest
from small import NEAR, lived, tiny, what_differs
from world import (
    DAY,
    KEY,
    KILLS,
    MANY,
    ONSET,
    a_month,
    a_provider,
    a_sick_child,
    a_visit,
    assert_share,
    bits,
    parameters,
    with_courses,
)

from iccmsim.core.records import (
    ACT_INFANT,
    AMOXICILLIN,
    AT_CHW,
    AT_FACILITY,
    DANGER_FOUND,
    DIARRHOEA,
    FAST_FOUND,
    FEVER,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DANGER_SEVERE,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    INDRAWING_AT_HOME,
    IS_HYPOXIC,
    IS_INFECTED,
    LOW_OXYGEN,
    MALARIA,
    MILD,
    NOT_ALLOWED,
    ONLY_INDRAWING,
    ORS,
    OXIMETER,
    PNEUMONIA,
    RDT,
    REFERRED,
    SEVERE,
    TESTED,
    ZINC,
)
from iccmsim.parameters.scenario import ScenarioError, load_scenario
from iccmsim.rules.case_management import consult
from iccmsim.rules.illness import signs_of_breathing
from iccmsim.rules.treatment import treat, treat_indrawing

EVERYTHING = HAS_FEVER | HAS_COUGH | HAS_FAST | HAS_DIARRHOEA | IS_INFECTED
READS_WELL = {"dx_rdt_sens": 1.0, "dx_rr_sens": 1.0, "dx_danger_sens": 1.0, "dx_danger_spec": 1.0, "dx_oxi_sens": 1.0,
              "dx_oxi_spec": 1.0}  # fmt: skip


def seen(signs: int = EVERYTHING, *, by: int = AT_CHW, illness: int = FEVER, age_days: float = 550.0, episode: int = 0,
         stock: int = 10, sure: float = 1.0, severe: bool = False, steps: dict | None = None, **policy):  # fmt: skip
    """The line of the register after one child was seen by somebody who errs in nothing but what is said."""
    child, courses = a_sick_child(illness, severe=severe, episode=episode)
    child.birth = ONSET - int(age_days * DAY)
    provider, visit = a_provider(by, sure=sure, stock=stock, **(steps or {})), a_visit(by)
    p = parameters(**{**READS_WELL, **policy})
    consult(child, courses[0], provider, a_month(), visit, p, KEY, signs, ONSET + DAY)
    return visit


def test_a_chw_who_may_treat_everything_treats_fever_cough_and_diarrhoea_and_refers_nobody():
    visit = seen()
    assert visit.given == bits(ORS, ZINC, AMOXICILLIN, ACT_INFANT, RDT)
    assert not visit.marks & (REFERRED | NOT_ALLOWED)


FORBIDDEN = {  # lever: what is no longer handed out
    "policy_malaria": (ACT_INFANT, RDT), "policy_pneumonia": (AMOXICILLIN,), "policy_diarrhoea": (ORS, ZINC),
    "policy_antibiotics": (AMOXICILLIN,),
}  # fmt: skip


@pytest.mark.parametrize("lever", FORBIDDEN)
def test_what_a_chw_may_not_treat_is_referred_and_the_rest_is_treated(lever):
    visit = seen(**{lever: 0.0})
    assert visit.given == bits(ORS, ZINC, AMOXICILLIN, ACT_INFANT, RDT) & ~bits(*FORBIDDEN[lever])
    assert visit.lacked == 0
    assert visit.marks & REFERRED
    assert visit.marks & NOT_ALLOWED


@pytest.mark.parametrize("lever", FORBIDDEN)
def test_limits_on_chws_do_not_bind_the_health_centre(lever):
    assert seen(by=AT_FACILITY, **{lever: 0.0}).given == seen(by=AT_FACILITY).given


def test_without_zinc_ors_is_given_and_nobody_is_referred_for_it():
    visit = seen(HAS_DIARRHOEA, policy_zinc=0.0)
    assert visit.given == bits(ORS)
    assert not visit.marks & (REFERRED | NOT_ALLOWED)


def test_a_cough_without_fast_breathing_is_not_referred_where_antibiotics_are_not_allowed():
    visit = seen(HAS_COUGH, policy_antibiotics=0.0, dx_rr_spec=1.0)
    assert visit.given == 0
    assert not visit.marks & (REFERRED | FAST_FOUND)


def test_a_chw_who_may_not_give_antibiotics_gives_none_against_the_book_either():
    steps = {"breaths": 0.0, "withhold": 0.0}
    assert seen(HAS_COUGH, steps=steps).given == bits(AMOXICILLIN)
    assert seen(HAS_COUGH, steps=steps, policy_antibiotics=0.0).given == 0


@pytest.mark.parametrize(("months", "treated"), [(3.9, False), (4.1, True), (35.9, True), (36.1, False)])
def test_children_outside_the_ages_of_the_programme_are_referred_untreated(months, treated):
    visit = seen(age_days=months * 30.4375 - 1, policy_youngest_months=4.0, policy_oldest_months=36.0)
    assert bool(visit.given) == treated
    assert bool(visit.marks & REFERRED) != treated
    assert bool(visit.marks & NOT_ALLOWED) != treated
    assert seen(by=AT_FACILITY, age_days=months * 30.4375 - 1, policy_youngest_months=4.0).given


def test_a_programme_without_tests_treats_every_fever():
    visit = seen(HAS_FEVER, policy_rdt=0.0)  # no parasites: a test would have been negative
    assert visit.given == bits(ACT_INFANT)
    assert not visit.marks & TESTED


def test_where_a_test_is_required_an_untested_fever_gets_no_act_and_is_sent_on():
    for why in ({"stock": 0}, {"steps": {"rdt": 0.0}}):
        free = seen(HAS_FEVER | IS_INFECTED, policy_rdt=1.0, **why)
        bound = seen(HAS_FEVER | IS_INFECTED, policy_rdt=2.0, **why)
        assert (free.given | free.lacked) & bits(ACT_INFANT)
        assert not (bound.given | bound.lacked) & bits(ACT_INFANT)
        assert bound.marks & REFERRED
    assert seen(HAS_FEVER | IS_INFECTED, policy_rdt=2.0).given == bits(RDT, ACT_INFANT)


def test_some_families_are_told_to_go_rather_than_referred_in_the_share_that_policy_says():
    child, courses = a_sick_child(FEVER)
    p, n = parameters(policy_malaria=0.0, policy_not_allowed_refer=0.3), 0
    for episode in range(MANY):
        courses[0].episode = episode
        visit = a_visit()
        consult(child, courses[0], a_provider(), a_month(), visit, p, KEY, HAS_FEVER, ONSET + DAY)
        assert visit.marks & NOT_ALLOWED
        n += visit.marks & REFERRED != 0
    assert_share(n, MANY, 0.3)


# Chest indrawing and oxygen

IN_DANGER = HAS_COUGH | HAS_FAST | HAS_DANGER


def test_chest_indrawing_alone_is_referred_unless_policy_has_it_treated_at_home():
    referred = seen(IN_DANGER | ONLY_INDRAWING, illness=PNEUMONIA)
    at_home = seen(IN_DANGER | ONLY_INDRAWING, illness=PNEUMONIA, policy_indrawing=1.0)
    assert referred.marks & REFERRED
    assert not referred.marks & INDRAWING_AT_HOME
    assert not at_home.marks & REFERRED
    assert at_home.marks & INDRAWING_AT_HOME
    assert at_home.given & bits(AMOXICILLIN)


def test_indrawing_is_no_case_for_the_home_if_amoxicillin_is_out():
    for episode in range(20):
        visit = seen(IN_DANGER | ONLY_INDRAWING, illness=PNEUMONIA, stock=0, episode=episode, policy_indrawing=1.0,
                     policy_stockout_refer=0.0)  # fmt: skip
        assert visit.marks & REFERRED
        assert not visit.marks & INDRAWING_AT_HOME


def test_indrawing_at_home_gets_amoxicillin_however_the_breaths_were_counted():
    steps = {"breaths": 0.0}
    assert not seen(IN_DANGER | ONLY_INDRAWING, steps=steps).given
    assert seen(IN_DANGER | ONLY_INDRAWING, steps=steps, policy_indrawing=1.0).given == bits(AMOXICILLIN)


@pytest.mark.parametrize("forbidden", ["policy_antibiotics", "policy_pneumonia"])
def test_another_danger_sign_or_a_ban_on_treatment_keeps_the_referral(forbidden):
    assert seen(IN_DANGER, policy_indrawing=1.0).marks & REFERRED
    visit = seen(IN_DANGER | ONLY_INDRAWING, policy_indrawing=1.0, **{forbidden: 0.0})
    assert visit.marks & REFERRED
    assert not visit.marks & INDRAWING_AT_HOME


def test_low_oxygen_alone_sends_a_coughing_child_on_if_an_oximeter_shows_it():
    signs = HAS_COUGH | HAS_FAST | IS_HYPOXIC
    assert not seen(signs, illness=PNEUMONIA).marks & REFERRED
    looked = seen(signs, illness=PNEUMONIA, policy_oximetry=1.0, dx_oxi_sens=1.0)
    assert looked.marks & LOW_OXYGEN
    assert looked.marks & REFERRED


def test_low_oxygen_that_the_oximeter_shows_is_referred_even_where_indrawing_is_treated_at_home():
    signs = IN_DANGER | ONLY_INDRAWING | IS_HYPOXIC
    blind = seen(signs, policy_indrawing=1.0)
    looked = seen(signs, policy_indrawing=1.0, policy_oximetry=1.0)
    assert blind.marks & INDRAWING_AT_HOME
    assert looked.marks & OXIMETER
    assert looked.marks & LOW_OXYGEN
    assert looked.marks & REFERRED
    assert not looked.marks & INDRAWING_AT_HOME
    assert not seen(signs & ~HAS_COUGH, policy_oximetry=1.0).marks & OXIMETER
    assert not seen(signs, by=AT_FACILITY, policy_oximetry=1.0).marks & OXIMETER


def test_the_oximeter_has_its_stated_use_sensitivity_and_specificity():
    child, courses = a_sick_child(PNEUMONIA)
    p = parameters(policy_oximetry=0.7, dx_oxi_sens=0.6, dx_oxi_spec=0.8)
    used, found, alarms = 0, 0, 0
    for episode in range(MANY):
        courses[0].episode = episode
        low, normal = a_visit(), a_visit()
        for visit, signs in ((low, HAS_COUGH | IS_HYPOXIC), (normal, HAS_COUGH)):
            consult(child, courses[0], a_provider(), a_month(), visit, p, KEY, signs, ONSET + DAY)
        used += low.marks & OXIMETER != 0
        found += low.marks & LOW_OXYGEN != 0
        alarms += normal.marks & LOW_OXYGEN != 0
    assert_share(used, MANY, 0.7)
    assert_share(found, MANY, 0.7 * 0.6)
    assert_share(alarms, MANY, 0.7 * 0.2)


def test_a_second_look_by_the_same_chw_is_not_an_independent_one():
    child, courses = a_sick_child(PNEUMONIA)
    p = parameters(policy_oximetry=0.5, dx_oxi_sens=0.5)
    for episode in range(50):
        marks = []
        for visits in range(3):
            courses[0].episode, courses[0].visits = episode, visits
            visit = a_visit()
            consult(child, courses[0], a_provider(), a_month(), visit, p, KEY, HAS_COUGH | IS_HYPOXIC, ONSET + DAY)
            marks.append(visit.marks & (OXIMETER | LOW_OXYGEN))
        assert len(set(marks)) == 1


def test_low_oxygen_and_lone_indrawing_come_as_often_as_stated_and_low_oxygen_never_leaves_as_the_child_worsens():
    p = parameters()
    mild, courses = a_sick_child(PNEUMONIA)
    severe, worse = a_sick_child(PNEUMONIA, severe=True)
    low, low_severe, alone = 0, 0, 0
    for episode in range(MANY):
        courses[0].episode = worse[0].episode = episode
        before, after = signs_of_breathing(mild, courses, p, KEY), signs_of_breathing(severe, worse, p, KEY)
        assert not (before & IS_HYPOXIC and not after & IS_HYPOXIC)
        low += before & IS_HYPOXIC != 0
        low_severe += after & IS_HYPOXIC != 0
        alone += after & ONLY_INDRAWING != 0
    assert_share(low, MANY, p.pneu_hypox_mild)
    assert_share(low_severe, MANY, p.pneu_hypox_severe)
    assert_share(alone, MANY, p.dx_indraw_alone)


def test_indrawing_is_not_alone_in_a_child_whom_another_illness_puts_in_danger():
    p = parameters(dx_indraw_alone=1.0)
    pneumonia = {"illness": PNEUMONIA, "stage": SEVERE, "due": KILLS, "signs": HAS_DANGER_SEVERE}
    malaria = {"illness": MALARIA, "stage": MILD, "due": KILLS, "signs": HAS_FEVER}
    child, courses = with_courses(malaria, pneumonia)
    assert signs_of_breathing(child, courses, p, KEY) & ONLY_INDRAWING
    child, courses = with_courses(malaria | {"signs": HAS_DANGER}, pneumonia)
    assert not signs_of_breathing(child, courses, p, KEY) & ONLY_INDRAWING
    child, courses = with_courses(malaria)
    assert signs_of_breathing(child, courses, p, KEY) == 0


def test_home_treatment_of_indrawing_acts_on_a_severe_pneumonia_only_if_there_is_oxygen_enough():
    p = parameters(tx_adherence=1.0)
    for hypoxic, effect in ((0, p.tx_amox_indraw), (IS_HYPOXIC, 0.0)):
        child, courses = a_sick_child(PNEUMONIA, severe=True)
        visit = a_visit(given=bits(AMOXICILLIN))
        treat_indrawing(child, courses, visit, hypoxic, ONSET + 3 * DAY, p, KEY)
        assert courses[0].y[0] == effect
        assert courses[0].x[0] == 0.0
    child, courses = a_sick_child(PNEUMONIA, severe=True)
    treat_indrawing(child, courses, a_visit(given=bits(ORS)), 0, ONSET + 3 * DAY, p, KEY)
    treat_indrawing(child, courses, a_visit(given=bits(AMOXICILLIN)), 0, KILLS - DAY // 2, p, KEY)  # too late
    assert courses[0].y[0] == 0.0
    half = a_visit(given=bits(AMOXICILLIN), dose=0.5)
    treat_indrawing(child, courses, half, 0, ONSET + 3 * DAY, p, KEY)
    assert courses[0].y[0] == 0.5 * p.tx_amox_indraw
    never = parameters(tx_adherence=0.0)
    child, courses = a_sick_child(DIARRHOEA)
    treat_indrawing(child, courses, a_visit(given=bits(AMOXICILLIN)), 0, ONSET + DAY, never, KEY)
    assert courses[0].y[0] == 0.0


@pytest.mark.parametrize(("fails", "whole"), [(0.2, 0.8), (0.9, None)])
def test_amoxicillin_for_indrawing_at_home_is_one_dose_whose_whole_effect_is_the_larger_of_the_two(fails, whole):
    p = parameters(tx_adherence=1.0, tx_amox_indraw=1.0 - fails)
    early = ONSET + 60
    child, courses = a_sick_child(PNEUMONIA)
    visit = a_visit(given=bits(AMOXICILLIN))
    visit.marks |= INDRAWING_AT_HOME
    treat(child, courses, visit, early, p, KEY)
    assert (courses[0].x[0], courses[0].y[0]) == (0.0, 0.0)  # that dose is settled by what follows
    treat_indrawing(child, courses, visit, 0, early, p, KEY)
    expected = max(1.0 - fails, p.effect[AMOXICILLIN])
    assert whole in (None, expected)
    assert 1.0 - (1.0 - courses[0].x[0]) * (1.0 - courses[0].y[0]) == pytest.approx(expected)
    child, courses = a_sick_child(PNEUMONIA)
    treat_indrawing(child, courses, visit, IS_HYPOXIC, early, p, KEY)  # without oxygen it only keeps it from worsening
    assert (courses[0].x[0], courses[0].y[0]) == (pytest.approx(p.effect[AMOXICILLIN]), 0.0)


# In a small place

SEEDS = range(1, 7)
WORLD = {**NEAR, "place.people": 4000, "place.villages_per_zone": 6, "run.days": 365, "seek.chw_shift": 2.0}


@cache
def measures(changed: tuple, seed: int) -> dict[str, float]:
    """What CHWs did, and what care left of the danger of each illness."""
    run = lived({**WORLD, **dict(changed)}, seed=seed).runs[0]
    visit, course = run.zone.visit[: run.zone.n[1]], run.course
    visit = visit[visit["provider"] == AT_CHW]
    out = {f"given_{k}": float((visit["given"] & 1 << k != 0).sum()) for k in range(RDT)}
    out |= {name: float((visit["marks"] & mark != 0).sum()) for name, mark in (
        ("referred", REFERRED), ("danger", DANGER_FOUND), ("oximeter", OXIMETER), ("at_home", INDRAWING_AT_HOME))}
    out["act"] = out["given_3"] + out["given_4"]
    for k, name in enumerate(("malaria", "pneumonia", "diarrhoea")):
        mine = course[(course["illness"] == k) & np.isin(course["outcome"], (1, 2))]
        out[f"risk_{name}"] = float((mine["chance_severe"] * np.prod(1 - mine["y"], axis=1)).mean())
    return out


LEVERS = {  # shared, first arm, second arm, what moves, which way
    "malaria": ({}, {}, {"policy.malaria": 0}, "risk_malaria", +1),
    "malaria, sent on": ({}, {}, {"policy.malaria": 0}, "referred", +1),
    "pneumonia": ({}, {}, {"policy.pneumonia": 0}, "risk_pneumonia", +1),
    "diarrhoea": ({}, {}, {"policy.diarrhoea": 0}, "risk_diarrhoea", +1),
    "antibiotics": ({}, {}, {"policy.antibiotics": 0}, f"given_{AMOXICILLIN}", -1),
    "zinc": ({}, {}, {"policy.zinc": 0}, f"given_{ZINC}", -1),
    "presumptive treatment": ({}, {}, {"policy.rdt": 0}, "act", +1),
    "required tests": ({"chw.step.rdt": 0.4}, {}, {"policy.rdt": 2}, "act", -1),
    "youngest": ({}, {}, {"policy.youngest_months": 12}, f"given_{ORS}", -1),
    "oldest": ({}, {}, {"policy.oldest_months": 24}, f"given_{ORS}", -1),
    "advice instead of referral": ({"policy.malaria": 0}, {"policy.not_allowed_refer": 1},
                                   {"policy.not_allowed_refer": 0}, "referred", -1),
    "oximetry": ({"dx.oxi.spec": 0.8}, {}, {"policy.oximetry": 1}, "danger", +1),
    "indrawing at home": ({"sev.pneu": 0.5, "chw.step.danger": 0.95}, {}, {"policy.indrawing": 1}, "at_home", +1),
    "how often indrawing is alone": ({"policy.indrawing": 1, "sev.pneu": 0.5, "chw.step.danger": 0.95},
                                     {"dx.indraw.alone": 0.1}, {"dx.indraw.alone": 1}, "at_home", +1),
    "what amoxicillin does to indrawing": ({"policy.indrawing": 1, "sev.pneu": 0.6, "chw.step.danger": 0.99},
                                           {"tx.amox.indraw": 0}, {"tx.amox.indraw": 0.9}, "risk_pneumonia", -1),
    "low oxygen at home": ({"policy.indrawing": 1, "sev.pneu": 0.6, "chw.step.danger": 0.99, "tx.amox.indraw": 0.9},
                           {"pneu.hypox.severe": 0}, {"pneu.hypox.severe": 0.9}, "risk_pneumonia", +1),
}  # fmt: skip


@pytest.mark.parametrize("name", LEVERS)
def test_each_policy_moves_what_it_should_in_a_small_place(name):
    shared, first, second, column, way = LEVERS[name]
    arms = [tuple(sorted({**shared, **arm}.items())) for arm in (first, second)]
    differences = np.array([measures(arms[1], s)[column] - measures(arms[0], s)[column] for s in SEEDS])
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    assert way * differences.mean() > 0
    assert way * differences.mean() >= 3.0 * error


def test_policies_at_no_strength_leave_every_array_as_it_was():
    plain = lived()
    for more in ({"policy.not_allowed_refer": 0}, {"dx.indraw.alone": 1}, {"dx.oxi.sens": 1}, {"tx.amox.indraw": 0},
                 {"pneu.hypox.severe": 1}):  # fmt: skip
        assert what_differs(plain, lived(more)) == set()
    forbids_all = {f"policy.{name}": 0 for name in ("malaria", "pneumonia", "diarrhoea", "antibiotics", "zinc", "rdt")}
    assert what_differs(lived(programme="facility-only"), lived(forbids_all, programme="facility-only")) == set()


def test_ages_that_leave_nobody_are_refused_at_launch_and_after_a_dated_change():
    rule = r"policy\.youngest_months = 24: must be below policy\.oldest_months \(12\)"
    with pytest.raises(ScenarioError, match=rule):
        load_scenario("sahel/iccm-as-delivered", overrides={"policy.youngest_months": 24, "policy.oldest_months": 12})
    with pytest.raises(ScenarioError, match=r"policy\.rdt = 3: must be a whole number between 0 and 2"):
        load_scenario("sahel/iccm-as-delivered", overrides={"policy.rdt": 3})


def test_policy_may_change_on_a_date():
    scenario = tiny(more=NEAR)
    later = dataclasses.replace(scenario, changes=((200, {"policy.malaria": 0}),))
    from iccmsim.engine.simulation import Simulation

    run = Simulation(later, seed=1).run().runs[0]
    visit = run.zone.visit[: run.zone.n[1]]
    visit = visit[(visit["provider"] == AT_CHW) & (visit["given"] & 1 << RDT != 0)]
    day = visit["minute"] // DAY - run.plan.warmup
    assert len(day)
    assert day.max() < 200
