"""Young infants at CHWs: referred as ever; with the newborn package also treated, by mouth or with injections."""

from __future__ import annotations

import math

import numpy as np
import pytest
from small import NEAR, SURE, lived, what_differs
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
)

from iccmsim.core.records import (
    AMOXICILLIN,
    AT_CHW,
    AT_FACILITY,
    GENTAMICIN,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    NEWBORN,
    REFERRED,
)
from iccmsim.parameters.scenario import ScenarioError, load_scenario
from iccmsim.rules.case_management import consult
from iccmsim.rules.treatment import treat

BY_MOUTH, INJECTED = bits(AMOXICILLIN), bits(AMOXICILLIN, GENTAMICIN)
CERTAIN = {"chw_newborn_found": 1.0, "dx_danger_spec": 1.0, "dx_danger_sens": 1.0}


def seen(signs: int = HAS_FEVER, *, age_days: float = 10, by: int = AT_CHW, stock: int = 10, episode: int = 0,
         sure: float = 1.0, visits: int = 0, **changed):  # fmt: skip
    """The visit of a young infant with a newborn infection."""
    child, courses = a_sick_child(NEWBORN, episode=episode, visits=visits)
    child.birth = ONSET + DAY - int(age_days * DAY)
    visit = a_visit(by)
    p = parameters(**{**CERTAIN, **changed})
    consult(child, courses[0], a_provider(by, sure=sure, stock=stock), a_month(), visit, p, KEY, signs, ONSET + DAY)
    return visit


@pytest.mark.parametrize(("policy", "given"), [(0.0, 0), (1.0, BY_MOUTH), (2.0, INJECTED)])
def test_a_young_infant_with_a_sign_of_infection_is_referred_and_treated_by_policy(policy, given):
    for signs in (HAS_FEVER, HAS_FAST, HAS_DANGER):
        visit = seen(signs, policy_newborn=policy)
        assert visit.given == given
        assert visit.marks & REFERRED


@pytest.mark.parametrize(("sure", "dose"), [(1.0, 1.0), (0.0, 0.4)])
def test_the_dose_is_right_if_the_chw_knows_it(sure, dose):
    visit = seen(HAS_DANGER, policy_newborn=1.0, sure=sure, tx_dose_wrong=0.4)
    assert visit.given == BY_MOUTH
    assert visit.dose[AMOXICILLIN] == dose


def test_without_such_a_sign_it_is_referred_untreated():
    visit = seen(HAS_DIARRHOEA | HAS_COUGH, policy_newborn=2.0)
    assert visit.given == 0
    assert visit.marks & REFERRED


def test_the_package_ends_at_sixty_days_and_is_for_chws():
    assert seen(age_days=59.9, policy_newborn=2.0).given == INJECTED
    assert not seen(age_days=60.1, policy_newborn=2.0).given & bits(GENTAMICIN)
    assert not seen(by=AT_FACILITY, policy_newborn=2.0).given & bits(GENTAMICIN)


def test_a_danger_sign_that_was_found_needs_no_further_recognition():
    assert seen(HAS_DANGER, policy_newborn=2.0, chw_newborn_found=0.0).given == INJECTED
    assert seen(HAS_FEVER, policy_newborn=2.0, chw_newborn_found=0.0).given == 0


def test_infection_is_recognised_as_often_as_stated_and_alike_at_every_visit_to_one_chw():
    found = [[bool(seen(episode=i, visits=n, policy_newborn=1.0, chw_newborn_found=0.4).given)
              for i in range(MANY // 2)] for n in (0, 1)]  # fmt: skip
    assert found[0] == found[1]
    assert_share(sum(found[0]), MANY // 2, 0.4)


def test_an_empty_box_is_noted_and_the_infant_is_sent_on():
    visit = seen(policy_newborn=2.0, stock=0)
    assert visit.given == 0
    assert visit.lacked == INJECTED
    assert visit.marks & REFERRED


def test_injections_do_more_than_amoxicillin_by_mouth_and_neither_works_too_late():
    p = parameters(tx_adherence=1.0)
    for given, effect in ((BY_MOUTH, p.tx_psbi_oral), (INJECTED, p.tx_psbi_inj), (bits(GENTAMICIN), p.tx_psbi_inj)):
        child, courses = a_sick_child(NEWBORN)
        treat(child, courses, a_visit(given=given), ONSET + DAY, p, KEY)
        assert courses[0].y[0] == effect
        child, courses = a_sick_child(NEWBORN)
        treat(child, courses, a_visit(given=given), KILLS - DAY // 2, p, KEY)
        assert courses[0].y[0] == 0.0


SICK_NEWBORNS = {**NEAR, **SURE, "place.people": 3000, "seek.chw_shift": 3.0, "inc.psbi": 0.6, "tx.lag.amox": 0,
                 "seek.a_facility": -4, "ref.severe": 0.1, "sup.kit_gentamicin": 1}  # fmt: skip


def danger_left(more: dict, seed: int) -> float:
    """Expected deaths of newborn infection for each that ran its course."""
    course = lived({**SICK_NEWBORNS, **more}, seed=seed).runs[0].course
    mine = course[(course["illness"] == NEWBORN) & np.isin(course["outcome"], (1, 2))]
    return float(mine["chance_death"].mean())


@pytest.mark.parametrize(("first", "second"), [
    ({}, {"policy.newborn": 1}), ({"policy.newborn": 1}, {"policy.newborn": 2}),
    ({"policy.newborn": 2, "chw.newborn_found": 0.1}, {"policy.newborn": 2, "chw.newborn_found": 0.9}),
    ({"policy.newborn": 2, "sup.kit_days": 30, "sup.kit_gentamicin": 0, "sup.fill": 0},
     {"policy.newborn": 2, "sup.kit_days": 30, "sup.kit_gentamicin": 10, "sup.fill": 0}),
])  # fmt: skip
def test_the_package_lowers_deaths_of_newborn_infection(first, second):
    differences = np.array([danger_left(second, seed) - danger_left(first, seed) for seed in range(1, 7)])
    assert differences.mean() < 0
    assert -differences.mean() >= 3 * differences.std(ddof=1) / math.sqrt(6)


def test_most_of_the_fall_is_the_share_seen_and_recognised_times_the_effect():
    simulation = lived({**SICK_NEWBORNS, "policy.newborn": 2, "chw.newborn_found": 1})
    run = simulation.runs[0]
    p, course = run.plan.record(run.plan.warmup)[0], run.course
    treated = (course["illness"] == NEWBORN) & (course["doses"] & bits(GENTAMICIN) != 0) & (course["chance_death"] > 0)
    assert treated.sum() > 10
    risk = course["chance_death"][treated] / p.fatality[NEWBORN]
    assert set(np.round(risk, 6)) <= {round(1 - e, 6) for e in (p.tx_psbi_inj, p.tx_psbi_hosp)} | {1.0}
    assert (risk < 1).mean() > 0.5  # the others got it when they had lived through the worst


def test_without_the_policy_its_numbers_change_nothing():
    plain = lived(NEAR)
    for more in ({"chw.newborn_found": 1}, {"sup.kit_gentamicin": 5}):
        assert what_differs(plain, lived({**NEAR, **more})) == set()


@pytest.mark.parametrize("needed", ["policy.antibiotics", "policy.under_2m_refer"])
def test_a_package_that_policy_contradicts_is_refused(needed):
    with pytest.raises(ScenarioError, match=rf"policy\.newborn = 2: must be 0 where {needed} is 0"):
        load_scenario("sahel/iccm-as-delivered", overrides={"policy.newborn": 2, needed: 0})
