"""The consultation: what is looked for, tested, counted, handed out, lacking, referred."""

from __future__ import annotations

import math

import numpy as np
import pytest
from world import (
    DAY,
    KEY,
    MANY,
    ONSET,
    a_child,
    a_course,
    a_month,
    a_provider,
    a_sick_child,
    a_visit,
    assert_share,
    bits,
    parameters,
    with_courses,
)

from iccmsim.core.draws import draw_several
from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AMOXICILLIN,
    AT_CHW,
    AT_FACILITY,
    COUGH,
    COUNTED,
    DANGER_FOUND,
    DIARRHOEA,
    DUE,
    FAST_FOUND,
    FEVER,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    IS_INFECTED,
    LOOKED,
    MALARIA,
    MENDING,
    MILD,
    MONTH,
    NEWBORN,
    ORS,
    PNEUMONIA,
    POSITIVE,
    RDT,
    REFERRED,
    TESTED,
    ZINC,
)
from iccmsim.rules.case_management import (
    ANEW,
    OF_VISIT,
    act_for_age,
    book_key,
    consult,
    does,
    hand_out,
    is_young_infant,
    lead_course,
    measure_doses,
    more_sure,
    stock_out_policy,
    take_from_stock,
    test_is_positive,
)

test_is_positive.__test__ = False  # a rule, not a test

RIGHT = {"obey": 1.0, "withhold": 1.0}  # does everything rightly
WRONG = {"obey": 0.0, "withhold": 0.0}


def clinic(**changed):
    """Perfect tests and signs, and the usual policies, unless said otherwise."""
    perfect = {
        "dx_danger_sens": 1.0,
        "dx_danger_spec": 1.0,
        "dx_rdt_sens": 1.0,
        "dx_rdt_spec": 1.0,
        "dx_rr_sens": 1.0,
        "dx_rr_spec": 1.0,
        "policy_no_rdt": 1,
        "policy_under_2m_refer": 1,
        "policy_stockout_refer": 0.0,
    }
    return parameters(**{**perfect, **changed})


def seen(signs, provider=None, *, p=None, child=None, course=None, minute=ONSET):
    """One consultation: the visit as it stands in the register, and the ledger of the month."""
    if child is None:
        child, courses = a_sick_child(FEVER)
        course = courses[0] if course is None else course
    provider = a_provider() if provider is None else provider
    month, visit = a_month(), a_visit()
    consult(child, course, provider, month, visit, clinic() if p is None else p, KEY, signs, minute)
    return visit, month


def seen_by_many(signs, mark, n=MANY, *, p=None, who="child", severe=0, **of_provider):
    """In how many of n consultations, each of another child (or CHW, episode, visit), a mark is made."""
    p = clinic() if p is None else p
    provider, month = a_provider(stock=10 * n, **of_provider), a_month()
    child = a_child(severe=severe)
    hits = 0
    for i in range(n):
        visit = a_visit()
        if who == "chw":
            provider.number = i
            course = a_course(FEVER)
        else:
            course = a_course(FEVER, **{who: i})
        consult(child, course, provider, month, visit, p, KEY, signs, ONSET)
        hits += (visit.marks & mark) == mark
    return hits


# --- who and what ------------


def test_the_lowest_numbered_illness_being_suffered_stands_for_the_visit():
    child, _ = with_courses(
        {"illness": COUGH, "stage": MILD},
        {"illness": PNEUMONIA, "stage": MENDING},
        {"illness": MALARIA, "stage": DUE},
    )
    assert lead_course(child) == 1
    assert lead_course(a_child()) == -1


@pytest.mark.parametrize(("days", "young"), [(0, True), (59.99, True), (60, False), (400, False)])
def test_a_young_infant_is_below_sixty_days(days, young):
    assert bool(is_young_infant(a_child(birth=ONSET - int(days * DAY)), ONSET)) == young


@pytest.mark.parametrize(
    ("months", "package"), [(3, ACT_INFANT), (35.99, ACT_INFANT), (36, ACT_CHILD), (59, ACT_CHILD)]
)
def test_the_package_of_act_is_by_age(months, package):
    assert act_for_age(a_child(birth=ONSET - int(months * MONTH * DAY)), ONSET) == package


def test_the_book_keeps_episodes_and_providers_apart():
    keys = {int(book_key(a_provider(number=n), a_course(MALARIA, episode=e))) for n in (0, 1, 500) for e in (0, 1, 40)}
    assert len(keys) == 9
    assert max(keys) < 1 << 32


def test_a_step_is_done_by_its_chance_and_more_often_where_the_odds_are_multiplied():
    provider = a_provider(danger=0.4)
    assert bool(does(provider, 0, 0.399, 0.0))
    assert not bool(does(provider, 0, 0.4, 0.0))
    odds = math.exp(1.0) * 0.4 / 0.6
    more = odds / (1 + odds)
    assert more_sure(0.4, math.exp(1.0)) == pytest.approx(more)
    assert bool(does(provider, 0, more - 1e-9, math.exp(1.0)))
    assert not bool(does(provider, 0, more + 1e-9, math.exp(1.0)))
    assert more_sure(0.0, 2.7) == 0.0


# --- danger ------------


def test_danger_is_looked_for_found_and_referred_by_three_chances():
    p = clinic(dx_danger_sens=0.9, dx_danger_spec=0.95)
    sure = {"danger": 0.6, "refer": 0.7, "sure": 0.0, **RIGHT}
    assert_share(seen_by_many(HAS_DANGER, LOOKED, p=p, **sure), MANY, 0.6)
    assert_share(seen_by_many(HAS_DANGER, LOOKED | DANGER_FOUND, p=p, **sure), MANY, 0.6 * 0.9)
    assert_share(seen_by_many(HAS_DANGER, REFERRED, p=p, **sure), MANY, 0.6 * 0.9 * 0.7)
    assert_share(seen_by_many(0, DANGER_FOUND, p=p, **sure), MANY, 0.6 * 0.05)
    assert_share(seen_by_many(0, REFERRED, p=p, **sure), MANY, 0.6 * 0.05 * 0.7)


@pytest.mark.parametrize(("kind", "more"), [(AT_CHW, 1.0), (AT_FACILITY, 0.4)])
def test_danger_is_looked_for_more_often_in_a_child_that_truly_is_in_danger(kind, more):
    p = clinic(chw_danger_severe=1.0, fac_danger_severe=0.4)
    odds = math.exp(more) * 0.37 / 0.63
    assert_share(seen_by_many(0, LOOKED, p=p, severe=0, danger=0.37, kind=kind), MANY, 0.37)
    assert_share(seen_by_many(0, LOOKED, p=p, severe=1, danger=0.37, kind=kind), MANY, odds / (1 + odds))


def test_a_chw_who_always_looks_for_danger_does_so_in_a_severe_child_too():
    assert more_sure(1.0, math.e) == 1.0
    assert more_sure(1.0, 1.0) == 1.0
    assert more_sure(1.0 - 1e-9, math.e) == pytest.approx(1.0 - 1e-9 / math.e, abs=1e-15)
    assert seen_by_many(0, LOOKED, 20, severe=1, danger=1.0) == 20


def test_without_looking_nothing_is_found():
    visit, _ = seen(HAS_DANGER, a_provider(danger=0.0))
    assert visit.marks == 0
    visit, _ = seen(HAS_DANGER, a_provider(danger=1.0, refer=0.0))
    assert visit.marks == LOOKED | DANGER_FOUND
    visit, _ = seen(HAS_DANGER, a_provider())
    assert visit.marks == LOOKED | DANGER_FOUND | REFERRED
    visit, _ = seen(0, a_provider())
    assert visit.marks == LOOKED


def test_a_second_look_at_the_same_course_is_not_independent_but_whether_it_is_looked_is():
    p = clinic(dx_danger_sens=0.5)
    assert seen_by_many(HAS_DANGER, DANGER_FOUND, 40, p=p, who="visits") in (0, 40)
    assert 0 < seen_by_many(HAS_DANGER, DANGER_FOUND, 40, p=p, who="chw") < 40
    assert 0 < seen_by_many(HAS_DANGER, DANGER_FOUND, 40, p=p, who="episode") < 40
    assert 0 < seen_by_many(HAS_DANGER, LOOKED, 40, p=p, who="visits", danger=0.5) < 40


def test_a_child_that_was_referred_is_known_to_be_in_danger():
    child, courses = a_sick_child(FEVER)
    child.by_referral = 1
    visit, _ = seen(0, a_provider(AT_FACILITY, sure=0.0, **RIGHT), child=child, course=courses[0])
    assert visit.marks & DANGER_FOUND
    assert not visit.marks & REFERRED


# --- diarrhoea ------------


@pytest.mark.parametrize(
    ("ors", "zinc", "given"), [(1, 1, bits(ORS, ZINC)), (1, 0, bits(ORS)), (0, 1, bits(ZINC)), (0, 0, 0)]
)
def test_a_child_with_diarrhoea_is_given_ors_and_zinc_where_the_chw_thinks_of_them(ors, zinc, given):
    visit, _ = seen(HAS_DIARRHOEA, a_provider(ors=float(ors), zinc=float(zinc)))
    assert visit.given == given


def test_ors_and_zinc_are_thought_of_by_their_chances_independently():
    provider, month, p = a_provider(sure=0.0, ors=0.7, zinc=0.4, stock=10_000), a_month(), clinic()
    tally = dict.fromkeys(range(4), 0)
    child = a_child()
    for i in range(MANY):
        visit = a_visit()
        consult(child, a_course(DIARRHOEA, child=i), provider, month, visit, p, KEY, HAS_DIARRHOEA, ONSET)
        tally[int(visit.given)] += 1
    assert_share(tally[3], MANY, 0.28)
    assert_share(tally[1], MANY, 0.42)
    assert_share(tally[2], MANY, 0.12)


# --- fever ------------


def test_a_tested_fever_is_treated_by_its_result():
    visit, month = seen(HAS_FEVER | IS_INFECTED, a_provider(**RIGHT))
    assert visit.given == bits(RDT, ACT_INFANT)
    assert visit.marks == LOOKED | TESTED | POSITIVE
    assert list(month.given[:6]) == [0, 0, 0, 1, 0, 1]
    visit, _ = seen(HAS_FEVER, a_provider(**RIGHT))
    assert (visit.given, visit.marks) == (bits(RDT), LOOKED | TESTED)


def test_some_give_an_act_against_a_negative_result():
    visit, _ = seen(HAS_FEVER, a_provider(**WRONG))
    assert (visit.given, visit.marks) == (bits(RDT, ACT_INFANT), LOOKED | TESTED)
    n = 1500
    against = 0
    for i in range(n):
        visit, _ = seen(HAS_FEVER, a_provider(obey=0.92), course=a_course(FEVER, child=i))
        against += visit.given == bits(RDT, ACT_INFANT)
    assert_share(against, n, 0.08)


@pytest.mark.parametrize("kind", [AT_CHW, AT_FACILITY])
@pytest.mark.parametrize("policy", [0, 1])
def test_a_fever_that_nobody_thought_of_testing_is_treated_on_suspicion_whatever_the_policy(kind, policy):
    for tests in (10, 0):
        provider = a_provider(kind, rdt=0.0, danger=0.0)
        provider.stock[RDT] = tests
        visit, _ = seen(HAS_FEVER, provider, p=clinic(policy_no_rdt=policy))
        assert (visit.given, visit.lacked, visit.marks) == (bits(ACT_INFANT), 0, 0)
        assert provider.stock[RDT] == tests


@pytest.mark.parametrize(
    ("kind", "policy", "given", "marks"),
    [
        (AT_CHW, 0, 0, REFERRED),
        (AT_CHW, 1, bits(ACT_INFANT), 0),
        (AT_FACILITY, 0, bits(ACT_INFANT), 0),
        (AT_FACILITY, 1, bits(ACT_INFANT), 0),
    ],
)
def test_a_fever_for_which_the_tests_are_out_is_treated_on_suspicion_or_by_policy_referred_by_a_chw(
    kind, policy, given, marks
):
    provider = a_provider(kind, danger=0.0)
    provider.stock[RDT] = 0
    visit, _ = seen(HAS_FEVER, provider, p=clinic(policy_no_rdt=policy))
    assert (visit.given, visit.lacked, visit.marks) == (given, bits(RDT), marks)
    provider = a_provider(kind, danger=0.0, **RIGHT)  # with a test in the box the policy is silent
    visit, _ = seen(HAS_FEVER, provider, p=clinic(policy_no_rdt=policy))
    assert (visit.given, visit.lacked, visit.marks) == (bits(RDT), 0, TESTED)


def test_without_tests_in_the_box_the_lack_is_noted_and_the_fever_treated_on_suspicion():
    provider = a_provider(danger=0.0)
    provider.stock[RDT] = 0
    visit, month = seen(HAS_FEVER, provider)
    assert (visit.given, visit.lacked, visit.marks) == (bits(ACT_INFANT), bits(RDT), 0)
    assert provider.stock[RDT] == 0
    assert month.given[RDT] == 0


def test_fevers_are_tested_by_the_stated_chance():
    assert_share(seen_by_many(HAS_FEVER, TESTED, rdt=0.85), MANY, 0.85)
    assert 0 < seen_by_many(HAS_FEVER, TESTED, 40, who="visits", rdt=0.5) < 40


def test_an_older_child_gets_the_larger_package():
    child, courses = a_sick_child(FEVER)
    child.birth = ONSET - int(40 * MONTH * DAY)
    visit, _ = seen(HAS_FEVER | IS_INFECTED, child=child, course=courses[0])
    assert visit.given == bits(RDT, ACT_CHILD)


def positives(n, signs, *, p=None, who="child", **of_child):
    """In how many of n courses the rapid test is positive."""
    p = clinic(dx_rdt_sens=0.95, dx_rdt_spec=0.90, dx_rdt_persist_days=21.0, dx_rdt_persist=0.7) if p is None else p
    child = a_child(**of_child)
    return sum(bool(test_is_positive(child, a_course(FEVER, **{who: i}), p, KEY, signs, ONSET)) for i in range(n))


def test_the_rapid_test_has_its_stated_sensitivity_and_specificity_against_infection():
    assert_share(positives(MANY, HAS_FEVER | IS_INFECTED), MANY, 0.95)
    assert_share(positives(MANY, HAS_FEVER), MANY, 0.10)


def test_after_an_act_the_test_stays_positive_for_weeks():
    persisting = 0.7 + 0.3 * 0.10
    for days, chance in ((0, persisting), (20.99, persisting), (21, 0.10), (60, 0.10)):
        assert_share(positives(MANY, HAS_FEVER, act_at=ONSET - int(days * DAY)), MANY, chance)
    assert_share(positives(MANY, IS_INFECTED, act_at=ONSET - DAY), MANY, 0.95)


def test_a_repeated_test_of_one_course_gives_the_same_answer():
    assert positives(30, 0, p=clinic(dx_rdt_spec=0.5), who="visits") in (0, 30)
    assert 0 < positives(30, 0, p=clinic(dx_rdt_spec=0.5), who="episode") < 30


# --- cough ------------


def test_fast_breathing_that_is_counted_is_given_amoxicillin():
    visit, _ = seen(HAS_COUGH | HAS_FAST, a_provider(danger=0.0, **RIGHT))
    assert (visit.given, visit.marks) == (bits(AMOXICILLIN), COUNTED | FAST_FOUND)
    visit, _ = seen(HAS_COUGH, a_provider(danger=0.0, **RIGHT))
    assert (visit.given, visit.marks) == (0, COUNTED)


@pytest.mark.parametrize("breaths", [0.0, 1.0])
def test_a_cough_without_fast_breathing_or_not_counted_gets_amoxicillin_from_those_who_do_not_withhold_it(
    breaths,
):
    for withhold, given in ((1.0, 0), (0.0, bits(AMOXICILLIN))):
        visit, _ = seen(HAS_COUGH, a_provider(danger=0.0, breaths=breaths, withhold=withhold))
        assert visit.given == given
        assert bool(visit.marks & COUNTED) == (breaths == 1.0)
        assert not visit.marks & FAST_FOUND
    visit, _ = seen(HAS_COUGH | HAS_FAST, a_provider(breaths=0.0, withhold=1.0))
    assert visit.given == 0


def test_counting_breaths_has_its_stated_chance_sensitivity_and_specificity():
    p = clinic(dx_rr_sens=0.78, dx_rr_spec=0.86)
    assert_share(seen_by_many(HAS_COUGH, COUNTED, p=p, breaths=0.75), MANY, 0.75)
    assert_share(seen_by_many(HAS_COUGH | HAS_FAST, FAST_FOUND, p=p, breaths=0.75), MANY, 0.75 * 0.78)
    assert_share(seen_by_many(HAS_COUGH, FAST_FOUND, p=p, breaths=1.0), MANY, 0.14)


def test_antibiotics_are_withheld_by_the_stated_chance():
    provider, month, p, child = a_provider(withhold=0.85, stock=10_000), a_month(), clinic(), a_child()
    given = 0
    for i in range(MANY):
        visit = a_visit()
        consult(child, a_course(COUGH, child=i), provider, month, visit, p, KEY, HAS_COUGH, ONSET)
        given += visit.given == bits(AMOXICILLIN)
    assert_share(given, MANY, 0.15)


def test_the_same_chw_reads_the_breaths_of_one_course_always_alike():
    p = clinic(dx_rr_sens=0.5)
    assert seen_by_many(HAS_COUGH | HAS_FAST, FAST_FOUND, 40, p=p, who="visits") in (0, 40)
    assert 0 < seen_by_many(HAS_COUGH | HAS_FAST, FAST_FOUND, 40, p=p, who="chw") < 40
    assert 0 < seen_by_many(HAS_COUGH | HAS_FAST, COUNTED, 40, p=p, who="visits", breaths=0.5) < 40


def test_fast_breathing_without_cough_and_infection_without_fever_are_not_looked_into():
    visit, _ = seen(HAS_FAST | IS_INFECTED, a_provider(danger=0.0))
    assert (visit.given, visit.marks) == (0, 0)


def test_steps_of_one_visit_are_drawn_apart():
    """Testing, counting, looking for danger, thinking of ORS: independent, each by its own chance."""
    signs = HAS_FEVER | HAS_COUGH | HAS_DIARRHOEA
    half = {"danger": 0.5, "rdt": 0.5, "breaths": 0.5}
    for pair in (LOOKED | TESTED, LOOKED | COUNTED, TESTED | COUNTED):
        assert_share(seen_by_many(signs, pair, **half), MANY, 0.25)


# --- the whole child ------------


def test_one_visit_treats_every_complaint():
    visit, month = seen(HAS_FEVER | HAS_COUGH | HAS_FAST | HAS_DIARRHOEA | IS_INFECTED)
    assert visit.given == bits(ORS, ZINC, AMOXICILLIN, ACT_INFANT, RDT)
    assert list(month.given[:6]) == [1, 1, 1, 1, 0, 1]


@pytest.mark.parametrize("policy", [0, 1])
@pytest.mark.parametrize("kind", [AT_CHW, AT_FACILITY])
@pytest.mark.parametrize("days", [30, 60])
def test_a_chw_refers_a_young_infant_untreated_unless_the_programme_says_otherwise(kind, days, policy):
    child, courses = a_sick_child(NEWBORN)
    child.birth = ONSET - days * DAY
    provider = a_provider(kind, danger=0.0)
    visit, _ = seen(HAS_DIARRHOEA, provider, child=child, course=courses[0], p=clinic(policy_under_2m_refer=policy))
    if kind == AT_CHW and days < 60 and policy == 1:
        assert (visit.given, visit.marks) == (0, REFERRED)
    else:
        assert (visit.given, visit.marks) == (bits(ORS, ZINC), 0)


def test_danger_is_looked_for_in_a_young_infant_too():
    child, courses = a_sick_child(NEWBORN)
    child.birth = ONSET - 10 * DAY
    visit, _ = seen(HAS_DANGER, a_provider(danger=1 - 1e-9), child=child, course=courses[0])
    assert visit.marks == LOOKED | DANGER_FOUND | REFERRED


# --- the box ------------


def test_doses_leave_the_box_when_they_are_given():
    provider, month = a_provider(stock=2), a_month()
    for product in range(6):
        assert [bool(take_from_stock(provider, month, product)) for _ in range(3)] == [True, True, False]
    assert list(provider.stock[:6]) == [0] * 6
    assert list(provider.used[0, :6]) == list(provider.given[:6]) == list(month.given[:6]) == [2] * 6
    assert provider.used[1:].sum() == 0


def test_what_is_not_in_the_box_is_noted_as_lacking_and_the_rest_is_given():
    provider, month, visit = a_provider(), a_month(), a_visit()
    provider.stock[AMOXICILLIN] = 0
    hand_out(provider, month, visit, bits(ORS, AMOXICILLIN, ACT_CHILD))
    assert visit.given == bits(ORS, ACT_CHILD)
    assert visit.lacked == bits(AMOXICILLIN)
    assert list(provider.stock[:6]) == [9, 10, 0, 10, 9, 10]


def test_a_chw_without_act_refers_a_child_with_malaria_or_tells_it_to_come_back_by_policy():
    for policy, marks in ((1.0, REFERRED), (0.0, 0)):
        provider = a_provider(danger=0.0)
        provider.stock[ACT_INFANT] = 0
        visit, _ = seen(HAS_FEVER | IS_INFECTED, provider, p=clinic(policy_stockout_refer=policy))
        assert (visit.given, visit.lacked) == (bits(RDT), bits(ACT_INFANT))
        assert visit.marks == TESTED | POSITIVE | marks


def test_the_policy_of_stock_outs_is_for_chws_and_for_what_lacked():
    provider = a_provider(AT_FACILITY, danger=0.0, stock=0)
    visit, _ = seen(HAS_DIARRHOEA, provider, p=clinic(policy_stockout_refer=1.0))
    assert (visit.lacked, visit.marks) == (bits(ORS, ZINC), 0)
    visit, _ = seen(HAS_DIARRHOEA, a_provider(danger=0.0), p=clinic(policy_stockout_refer=1.0))
    assert (visit.lacked, visit.marks) == (0, 0)


def test_a_stated_share_of_those_whose_drug_is_out_is_referred():
    p, provider = clinic(policy_stockout_refer=0.5), a_provider()
    referred = 0
    for i in range(MANY):
        visit = a_visit()
        stock_out_policy(a_course(MALARIA, child=i), provider, visit, p, KEY)
        referred += visit.marks == REFERRED
    assert_share(referred, MANY, 0.5)


def test_a_fever_treated_on_suspicion_for_want_of_a_test_did_not_lack_its_drug():
    provider = a_provider(danger=0.0)
    provider.stock[RDT] = 0
    visit, _ = seen(HAS_FEVER, provider, p=clinic(policy_stockout_refer=1.0))
    assert (visit.given, visit.lacked, visit.marks) == (bits(ACT_INFANT), bits(RDT), 0)
    provider.stock[ACT_INFANT] = 0
    visit, _ = seen(HAS_FEVER, provider, p=clinic(policy_stockout_refer=1.0))
    assert (visit.given, visit.lacked, visit.marks) == (0, bits(RDT, ACT_INFANT), REFERRED)


# --- the dose ------------


def doses(course, provider, p=None):
    """Sizes of the doses of one visit."""
    visit = a_visit(dose=-1.0)
    spell = book_key(provider, course)
    draw_several(provider.drawn, KEY, OF_VISIT, ANEW, course.child, spell, course.illness, course.visits)
    measure_doses(provider, visit, clinic() if p is None else p)
    return visit.dose.tolist()


def test_a_right_dose_is_a_whole_one_and_a_wrong_one_half():
    p = clinic(tx_dose_wrong=0.5)
    assert doses(a_course(MALARIA), a_provider(dose=1.0), p) == [1.0] * 5
    assert doses(a_course(MALARIA), a_provider(dose=0.0), p) == [0.5] * 5


def test_doses_are_right_by_the_stated_chance():
    provider = a_provider(dose=0.85)
    sizes = np.array([doses(a_course(MALARIA, child=i), provider) for i in range(MANY)])
    for product in range(5):
        assert_share(int((sizes[:, product] == 1.0).sum()), MANY, 0.85)


def test_doses_of_two_drugs_in_one_visit_are_right_or_wrong_apart_and_anew_at_each_visit():
    p, provider = clinic(), a_provider(dose=0.5)
    by_product = np.array([doses(a_course(MALARIA, visits=i), provider) for i in range(60)]).T.tolist()
    assert len({tuple(sizes) for sizes in by_product[:4]}) == 4
    assert by_product[ACT_INFANT] == by_product[ACT_CHILD]
    assert all(set(sizes) == {1.0, p.tx_dose_wrong} for sizes in by_product)


def test_the_size_of_each_dose_stands_in_the_register():
    for right, size in ((1.0, 1.0), (0.0, 0.5)):
        visit, _ = seen(HAS_DIARRHOEA, a_provider(dose=right), p=clinic(tx_dose_wrong=0.5))
        assert visit.given == bits(ORS, ZINC)
        assert visit.dose[ORS] == visit.dose[ZINC] == size
