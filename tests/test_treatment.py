"""What a dose does: in time or too late, helped or not by adherence, alone or with others."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import (
    DAY,
    KEY,
    KILLS,
    MANY,
    ONSET,
    PLAIN,
    WORSENS,
    a_child,
    a_course,
    a_provider,
    a_sick_child,
    a_visit,
    a_zone,
    assert_share,
    bits,
    parameters,
    some_courses,
    with_courses,
)

from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    ALIVE,
    AMOXICILLIN,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    BY_ZINC,
    CHILD,
    COUGH,
    COURSE,
    DEAD,
    DIARRHOEA,
    DUE,
    FEVER,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DANGER_SEVERE,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    INFORMAL,
    IS_INFECTED,
    MAIN,
    MALARIA,
    MENDING,
    MILD,
    NEWBORN,
    ORS,
    OVER,
    PNEUMONIA,
    RDT,
    SEVERE,
    ZINC,
    table,
)
from iccmsim.engine.visits import at_shop, be_seen
from iccmsim.rules.illness import live_until
from iccmsim.rules.treatment import (
    adheres,
    admit,
    buy_from_shop,
    care_at_home,
    full_treatment,
    give,
    hospital_care,
    inpatient_effect,
    later,
    newborn_care,
    note_act,
    product_helps,
    take_dose,
    treat,
)

SOON = ONSET + 60  # a minute at which every drug still works in time
LATE = WORSENS + 60
EVERYTHING = bits(ORS, ZINC, AMOXICILLIN, ACT_INFANT, ACT_CHILD)
HELPS = {
    DIARRHOEA: {ORS, ZINC},
    PNEUMONIA: {AMOXICILLIN},
    MALARIA: {ACT_INFANT, ACT_CHILD},
    NEWBORN: set(),
    FEVER: set(),
    COUGH: set(),
}


def pharmacy(**changed):
    """Effects and delays as stated, and every family completes the treatment unless said otherwise."""
    stated = {
        "tx_act": 0.95,
        "tx_ors": 0.80,
        "tx_zinc": 0.23,
        "tx_amox_nonsev": 0.50,
        "tx_adherence": 1.0,
        "tx_ors_severe": 0.5,
        "tx_lag_ors": 0.0,
        "tx_lag_zinc": 0.5,
        "tx_lag_amox": 1.0,
        "tx_lag_act": 0.25,
        "tx_psbi_oral": 0.30,
        "tx_psbi_inj": 0.65,
        "tx_psbi_hosp": 0.75,
    }
    return parameters(**{**stated, **changed})


def inpatient_of(illness):
    """Stated: 1 - inpatient case fatality / untreated case fatality of a severe course."""
    p = pharmacy()
    inside = {MALARIA: p.tx_mal_inpt_weak, PNEUMONIA: p.tx_pneu_inpt, DIARRHOEA: p.tx_diarr_inpt}[illness]
    outside = {
        MALARIA: p.kappa_mal * p.cfr_mal_severe_untx,
        PNEUMONIA: p.kappa_pneu * p.cfr_pneu_severe_untx,
        DIARRHOEA: p.kappa_diarr * p.cfr_diarr_severe_untx,
    }[illness]
    return max(0.0, 1.0 - inside / outside)


def effects(course):
    """x and y of the main mechanism, and of zinc."""
    return [float(value) for value in (*course.x[:2], *course.y[:2])]


# --- a dose ------------


def test_a_dose_in_time_lowers_the_chance_of_death_by_its_whole_effect():
    for e, e_severe in ((0.8, 0.4), (0.8, 0.0), (0.3, 0.7), (0.5, 0.5), (0.0, 0.6), (1.0, 0.2)):
        course = a_course(DIARRHOEA)
        take_dose(course, MAIN, e, e_severe, WORSENS - 1)
        assert course.y[MAIN] == e_severe
        assert course.x[MAIN] == pytest.approx(max(0.0, 1 - (1 - e) / (1 - e_severe)), abs=1e-15)
        left = (1 - course.x[MAIN]) * (1 - course.y[MAIN])
        assert left == pytest.approx(1 - max(e, e_severe), abs=1e-12)


def test_a_dose_that_works_only_from_the_minute_of_worsening_on_acts_on_fatality_alone():
    for works_at in (WORSENS, WORSENS + 1, KILLS - 1):
        course = a_course(DIARRHOEA)
        take_dose(course, MAIN, 0.8, 0.4, works_at)
        assert effects(course) == [0.0, 0.0, 0.4, 0.0]


def test_a_dose_that_would_work_only_when_the_fate_is_settled_does_nothing():
    for works_at in (KILLS, KILLS + 1):
        course = a_course(DIARRHOEA)
        take_dose(course, MAIN, 0.8, 0.4, works_at)
        assert effects(course) == [0.0] * 4


def test_of_one_mechanism_the_best_dose_counts_and_others_are_kept_apart():
    course = a_course(DIARRHOEA)
    take_dose(course, MAIN, 0.8, 0.4, SOON)
    best = effects(course)
    take_dose(course, MAIN, 0.5, 0.3, SOON)
    assert effects(course) == best
    take_dose(course, BY_ZINC, 0.23, 0.0, SOON)
    assert effects(course) == [best[0], pytest.approx(0.23), best[2], 0.0]
    take_dose(course, MAIN, 0.9, 0.6, SOON)
    assert effects(course) == [pytest.approx(0.75), pytest.approx(0.23), 0.6, 0.0]


def test_a_dose_begins_to_act_after_its_delay_in_whole_minutes():
    assert later(100, 0.25) == 460
    assert later(100, 0.0) == 100
    assert later(100, 1.0) == 100 + DAY
    assert later(100, 0.0004) == 100


# --- no dose ever kills ------------


@numba.njit
def _outcome(child, courses, source, doses, n, p, key):
    """The state of a child after the course in row 0 of `source` and doses.

    A dose is (minute, effect, severe effect, mechanism, delay).
    """
    courses[0] = source[0]
    courses[0].stage = DUE
    courses[0].due = courses[0].onset
    child.state = ALIVE
    child.ill = 0
    child.severe = 0
    child.act_at = -1
    child.active[:] = -1
    child.active[courses[0].illness] = 0
    child.afoot = 1 << courses[0].illness
    child.due = courses[0].onset
    for i in range(n):
        live_until(child, courses, p, key, int(doses[i, 0]))
        if child.state == ALIVE and courses[0].stage >= MILD and courses[0].stage < OVER:
            take_dose(courses[0], int(doses[i, 3]), doses[i, 1], doses[i, 2], int(doses[i, 0] + doses[i, 4]))
    live_until(child, courses, p, key, int(courses[0].kills) + 1)
    return child.state


@numba.njit
def _sort(doses, n):
    for i in range(1, n):
        j = i
        while j > 0 and doses[j - 1, 0] > doses[j, 0]:
            for c in range(5):
                doses[j, c], doses[j - 1, c] = doses[j - 1, c], doses[j, c]
            j -= 1


@numba.njit
def _regrets(n, child, courses, source, doses, more, p, key, tally):
    """Count survivors whom a further, earlier or better dose would have killed."""
    regrets = 0
    for who in range(n):
        u = draw(key, 200, who, 0)
        v = draw(key, 200, who, 1)
        row = source[0]
        row.illness = int(u[0] * 3)
        row.worsens = row.onset + 1 + int(u[1] * 3000)
        row.kills = row.worsens + 1 + int(u[2] * 4000)
        row.mends = row.onset + 4000
        row.u_worsen = v[0]
        row.u_die = v[1]
        given = int(v[2] * 4)
        for i in range(given + 1):
            a = draw(key, 201, who, i)
            b = draw(key, 202, who, i)
            doses[i, 0] = row.onset + int(a[0] * 7000)
            doses[i, 1] = a[1]
            doses[i, 2] = 0.0 if b[0] < 0.4 else 0.95 * a[2]
            doses[i, 3] = 0 if b[1] < 0.6 else 1
            doses[i, 4] = int(b[2] * 1500)
        for kind in range(3):
            for i in range(given + 1):
                for c in range(5):
                    more[i, c] = doses[i, c]
            with_more = given
            if kind == 0:  # one further dose
                with_more = given + 1
            elif given == 0:
                continue
            elif kind == 1:  # the last one earlier
                more[given - 1, 0] = row.onset + int(v[3] * (more[given - 1, 0] - row.onset))
            else:  # the last one better
                more[given - 1, 1] += v[3] * (1.0 - more[given - 1, 1])
            for i in range(given + 1, 6):
                doses[i, 0] = more[i, 0] = 0
            base = doses.copy()
            _sort(base, given)
            _sort(more, with_more)
            before = _outcome(child, courses, source, base, given, p, key)
            after = _outcome(child, courses, source, more, with_more, p, key)
            tally[0] += before == DEAD
            tally[1] += after == DEAD
            if after == DEAD and before != DEAD:
                regrets += 1
    return regrets


def test_over_many_courses_a_further_earlier_or_better_dose_never_turns_survival_into_death():
    n = 300 if PLAIN else 100_000
    child, source, courses = table(CHILD, 1)[0], some_courses({}), table(COURSE, 1)
    child.leaves = KILLS * 10
    p = parameters(sev=[0.8, 0.9, 0.7, 1.0, 0, 0], fatality=[0.8, 0.7, 0.9, 0.5, 0, 0], overlap_mechanism=1.0)
    tally = np.zeros(2, np.int64)
    assert _regrets(n, child, courses, source, np.zeros((6, 5)), np.zeros((6, 5)), p, KEY, tally) == 0
    assert 0.1 * n < tally[1] < tally[0]


@settings(max_examples=60 if PLAIN else 300, deadline=None)
@given(
    first=st.tuples(st.floats(0, 1), st.floats(0, 0.95), st.integers(0, 8000)),
    second=st.tuples(st.floats(0, 1), st.floats(0, 0.95), st.integers(0, 8000)),
)
def test_two_doses_leave_no_more_danger_than_either_and_their_order_is_all_one(first, second):
    def left(*doses):
        course = a_course(DIARRHOEA)
        for effect, severe, minutes in doses:
            take_dose(course, MAIN, effect, severe, ONSET + minutes)
        return (1 - course.x[0]), (1 - course.x[0]) * (1 - course.y[0]), effects(course)

    both = left(first, second)
    for alone in (left(first), left(second)):
        assert both[0] <= alone[0]
        assert both[1] <= alone[1]
    assert both[2] == left(second, first)[2]


@settings(max_examples=60 if PLAIN else 300, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.95), st.integers(0, 8000), st.integers(0, 8000))
def test_a_larger_effect_or_an_earlier_minute_is_never_worse(e, more, severe, minute, earlier):
    def left(effect, minutes):
        course = a_course(MALARIA)
        take_dose(course, MAIN, effect, severe, ONSET + minutes)
        return 1 - course.x[0], (1 - course.x[0]) * (1 - course.y[0])

    base = left(e, minute)
    assert all(a <= b + 1e-12 for a, b in zip(left(max(e, more), minute), base, strict=True))
    assert all(a <= b + 1e-12 for a, b in zip(left(e, min(minute, earlier)), base, strict=True))


# --- a drug ------------


@pytest.mark.parametrize("illness", sorted(HELPS))
@pytest.mark.parametrize("product", range(6))
def test_a_drug_helps_its_illness_and_no_other(product, illness):
    helps = product in HELPS[illness] if product != RDT else False
    if product != RDT:
        assert bool(product_helps(product, illness)) == helps
        course = a_course(illness)
        give(course, product, 1.0, 0.9, SOON, pharmacy(), KEY)
        assert (max(effects(course)) > 0.0) == helps


def test_each_drug_has_its_stated_effect_and_delay():
    p = pharmacy()
    stated = {
        (MALARIA, ACT_INFANT): (0.95, 0.25, MAIN),
        (MALARIA, ACT_CHILD): (0.95, 0.25, MAIN),
        (PNEUMONIA, AMOXICILLIN): (0.50, 1.0, MAIN),
        (DIARRHOEA, ZINC): (0.23, 0.5, BY_ZINC),
    }
    for (illness, product), (effect, lag, mechanism) in stated.items():
        course = a_course(illness)
        give(course, product, 1.0, 0.0, WORSENS - int(lag * DAY) - 1, p, KEY)
        expected = [0.0] * 4
        expected[mechanism] = pytest.approx(effect)
        assert effects(course) == expected
        course = a_course(illness)
        give(course, product, 1.0, 0.0, WORSENS - int(lag * DAY), p, KEY)
        assert effects(course) == [0.0] * 4


def test_ors_in_time_has_its_whole_effect_and_half_of_it_once_the_child_is_severe():
    course = a_course(DIARRHOEA)
    give(course, ORS, 1.0, 0.0, WORSENS - 1, pharmacy(), KEY)
    assert effects(course) == [pytest.approx(1 - 0.2 / 0.6), 0.0, pytest.approx(0.4), 0.0]
    course = a_course(DIARRHOEA)
    give(course, ORS, 1.0, 0.0, WORSENS, pharmacy(), KEY)
    assert effects(course) == [0.0, 0.0, pytest.approx(0.4), 0.0]
    course = a_course(DIARRHOEA)
    give(course, ORS, 1.0, 0.7, WORSENS, pharmacy(), KEY)
    assert effects(course) == [0.0, 0.0, pytest.approx(0.7), 0.0]


def test_facility_care_adds_to_the_main_drug_but_not_to_zinc():
    course = a_course(PNEUMONIA)
    give(course, AMOXICILLIN, 1.0, 0.6, WORSENS - 2 * DAY, pharmacy(), KEY)
    assert effects(course) == [0.0, 0.0, pytest.approx(0.6), 0.0]
    course = a_course(DIARRHOEA)
    give(course, ZINC, 1.0, 0.6, SOON, pharmacy(), KEY)
    assert effects(course) == [0.0, pytest.approx(0.23), 0.0, 0.0]


def test_part_of_a_dose_does_part_of_the_work_and_without_adherence_none():
    course = a_course(MALARIA)
    give(course, ACT_INFANT, 0.5, 0.0, SOON, pharmacy(), KEY)
    assert course.x[MAIN] == pytest.approx(0.475)
    course = a_course(DIARRHOEA)
    give(course, ORS, 0.5, 0.0, LATE, pharmacy(), KEY)
    assert course.y[MAIN] == pytest.approx(0.2)
    for illness, product in ((MALARIA, ACT_CHILD), (DIARRHOEA, ORS), (DIARRHOEA, ZINC)):
        course = a_course(illness)
        give(course, product, 1.0, 0.0, SOON, pharmacy(tx_adherence=0.0), KEY)
        assert effects(course) == [0.0] * 4


def test_inpatient_care_needs_no_adherence_at_home():
    course = a_course(PNEUMONIA)
    give(course, AMOXICILLIN, 1.0, 0.6, SOON, pharmacy(tx_adherence=0.0), KEY)
    assert effects(course) == [0.0, 0.0, pytest.approx(0.6), 0.0]


def test_a_family_completes_the_stated_share_of_treatments_with_one_answer_for_a_course_and_mechanism():
    p = pharmacy(tx_adherence=0.85)
    main, zinc = [], []
    for who in range(MANY):
        course = a_course(DIARRHOEA, child=who)
        main.append(bool(adheres(course, MAIN, p, KEY)))
        zinc.append(bool(adheres(course, BY_ZINC, p, KEY)))
        assert bool(adheres(course, MAIN, p, KEY)) == main[-1]
    assert_share(sum(main), MANY, 0.85)
    assert_share(sum(zinc), MANY, 0.85)
    assert_share(sum(a and b for a, b in zip(main, zinc, strict=True)), MANY, 0.85**2)


def test_adherence_is_asked_anew_in_another_episode_or_illness():
    p = pharmacy(tx_adherence=0.5)
    assert {bool(adheres(a_course(MALARIA, episode=i), MAIN, p, KEY)) for i in range(20)} == {True, False}
    by_illness = [[bool(adheres(a_course(k, child=i), MAIN, p, KEY)) for i in range(40)] for k in (MALARIA, PNEUMONIA)]
    assert by_illness[0] != by_illness[1]


# --- a visit ------------


def treated(given, provider=AT_CHW, *, illnesses=(MALARIA, DIARRHOEA, COUGH), p=None, dose=1.0, minute=SOON):
    """A child with these mild illnesses after a visit that handed out `given`."""
    child, courses = with_courses(*({"illness": k, "stage": MILD, "due": WORSENS} for k in illnesses))
    treat(child, courses, a_visit(provider, given, dose), minute, p if p is not None else pharmacy(), KEY)
    return child, courses


def test_what_a_visit_hands_out_acts_on_all_the_childs_illnesses():
    _, (malaria, diarrhoea, cold) = treated(bits(ORS, ZINC, ACT_CHILD))
    assert effects(malaria) == [pytest.approx(0.95), 0.0, 0.0, 0.0]
    assert effects(diarrhoea) == [pytest.approx(1 - 0.2 / 0.6), pytest.approx(0.23), pytest.approx(0.4), 0.0]
    assert effects(cold) == [0.0] * 4
    for course in (malaria, diarrhoea, cold):
        assert course.doses == bits(ORS, ZINC, ACT_CHILD)
        assert course.treated_by == bits(AT_CHW)


def test_a_visit_without_drugs_changes_nothing():
    child, courses = treated(0)
    assert all(effects(course) == [0.0] * 4 for course in courses)
    assert all(course.doses == 0 for course in courses)
    assert child.act_at == -1


def visited(signs, **of_provider):
    """A child with malaria at the post of a CHW, through the whole consultation and home again: visit, course."""
    child, courses = with_courses({"illness": MALARIA, "stage": MILD, "due": WORSENS, "signs": signs})
    child.going_to, child.arrives = AT_CHW, SOON
    zone = a_zone(child, courses, a_provider(danger=0.0, obey=1.0, **of_provider))
    be_seen(zone, 0, pharmacy(dx_rdt_sens=1.0, dx_rdt_spec=1.0), KEY, SOON, 1, zone.monthly[1, 0], 0)
    return zone.visit[0], zone.course[0]


def test_a_rapid_test_alone_is_no_treatment_on_purpose_by_who_calls_it():
    """`treat` is for a visit that gave a drug: the consultation leaves it out where a test was all."""
    for signs, handed, treated_by in (
        (HAS_FEVER, bits(RDT), 0),
        (HAS_FEVER | IS_INFECTED, bits(RDT, ACT_INFANT), bits(AT_CHW)),
    ):
        visit, course = visited(signs)
        assert (visit.given, visit.lacked) == (handed, 0)
        assert (course.doses, course.treated_by) == (handed if treated_by else 0, treated_by)
        assert (course.seen_by, course.visits) == (bits(AT_CHW), 1)
        assert (course.x[MAIN] > 0.0) == (treated_by > 0)


@pytest.mark.parametrize("act", [ACT_INFANT, ACT_CHILD])
def test_an_act_starts_to_protect_whatever_the_illness(act):
    child, _ = treated(bits(act), illnesses=(FEVER,), dose=0.5)
    assert (child.act_at, child.act_dose) == (SOON, 0.5)
    child, _ = treated(bits(ORS, ZINC, AMOXICILLIN), illnesses=(FEVER,))
    assert (child.act_at, child.act_dose) == (-1, 0.0)


@pytest.mark.parametrize(
    ("before", "days", "dose", "noted"),
    [
        (1.0, 5.0, 0.5, False),
        (1.0, 9.99, 0.5, False),
        (1.0, 10.0, 0.5, True),  # the fuller one begins to wane
        (1.0, 30.0, 0.5, True),
        (1.0, 5.0, 1.0, True),
        (0.5, 5.0, 1.0, True),
        (0.5, 5.0, 0.5, True),
        (0.5, 5.0, 0.49, False),
    ],
)
def test_an_act_begins_to_protect_anew_unless_a_fuller_one_still_protects_in_full(before, days, dose, noted):
    p = pharmacy(prophylaxis_act_days=20.0)
    minute = ONSET + round(days * DAY)
    child = a_child(act_at=ONSET, act_dose=before)
    note_act(child, dose, minute, p)
    assert (child.act_at, child.act_dose) == ((minute, dose) if noted else (ONSET, before))


def test_the_first_act_of_a_life_protects_whatever_its_dose():
    child = a_child()
    note_act(child, 0.2, 5, pharmacy())
    assert (child.act_at, child.act_dose) == (5, 0.2)


def test_each_way_to_an_act_leaves_a_fuller_one_in_force():
    p = pharmacy(informal_act=1.0, informal_dose=0.5, home_act=1.0, prophylaxis_act_days=20.0)
    later_on = SOON + 2 * DAY
    mild = {"illness": MALARIA, "stage": MILD, "due": WORSENS, "signs": HAS_FEVER}
    for way in (
        lambda child, courses: treat(child, courses, a_visit(AT_CHW, bits(ACT_CHILD), 0.5), later_on, p, KEY),
        lambda child, courses: buy_from_shop(child, courses, later_on, p, KEY),
        lambda child, courses: care_at_home(child, courses, later_on, p, KEY),
    ):
        child, courses = with_courses(mild, act_at=SOON, act_dose=1.0)
        way(child, courses)
        assert (child.act_at, child.act_dose) == (SOON, 1.0)
        child, courses = with_courses(mild, act_at=SOON, act_dose=0.5)
        way(child, courses)
        assert (child.act_at, child.act_dose) == (later_on, 0.5)
    child, courses = with_courses(mild, act_at=SOON, act_dose=1.0)
    hospital_care(child, courses, 1, later_on, p, KEY)
    assert (child.act_at, child.act_dose) == (later_on, 1.0)


def test_illnesses_that_lie_ahead_are_not_treated():
    child, courses = with_courses({"illness": MALARIA, "stage": DUE}, {"illness": DIARRHOEA, "stage": MILD})
    treat(child, courses, a_visit(AT_CHW, EVERYTHING), SOON, pharmacy(), KEY)
    assert (effects(courses[0]), courses[0].doses, courses[0].treated_by) == ([0.0] * 4, 0, 0)
    assert courses[1].doses == EVERYTHING


def test_only_a_facility_adds_what_inpatient_care_would_do_by_how_often_it_gives_it_in_full():
    for illness in (MALARIA, PNEUMONIA, DIARRHOEA):
        for provider, full, severe in (
            (AT_CHW, 1.0, 0.0),
            (AT_FACILITY, 1.0, 1.0),
            (AT_FACILITY, 0.4, 0.4),
            (AT_FACILITY, 0.0, 0.0),
        ):
            p = pharmacy(fac_full=full, tx_ors_severe=0.0)
            _, courses = treated(EVERYTHING, provider, illnesses=(illness,), p=p, minute=LATE)
            expected = pytest.approx(severe * inpatient_of(illness))
            assert effects(courses[0]) == [0.0, 0.0, expected, 0.0]
            assert courses[0].treated_by == bits(provider)


def test_full_treatment_is_given_by_the_stated_chance_and_better_places_give_it_to_the_same_children_too():
    low = [bool(full_treatment(a_course(MALARIA, child=i), 0.4, KEY)) for i in range(MANY)]
    high = [bool(full_treatment(a_course(MALARIA, child=i), 0.9, KEY)) for i in range(MANY)]
    assert_share(sum(low), MANY, 0.4)
    assert_share(sum(high), MANY, 0.9)
    assert all(b for a, b in zip(low, high, strict=True) if a)
    assert {bool(full_treatment(a_course(MALARIA, episode=i), 0.4, KEY)) for i in range(30)} == {True, False}


def test_the_inpatient_effect_follows_from_case_fatality_inside_and_outside():
    p = pharmacy()
    for illness in (MALARIA, PNEUMONIA, DIARRHOEA):
        for chance in (0.0, 0.4, 1.0):
            effect = inpatient_effect(a_course(illness), chance, p)
            assert effect == pytest.approx(chance * inpatient_of(illness))
    assert inpatient_effect(a_course(COUGH), 1.0, p) == 0.0
    assert pharmacy(tx_pneu_inpt=0.9).inpatient[PNEUMONIA] == 0.0


# --- inpatient care ------------


@pytest.mark.parametrize("illness", [MALARIA, PNEUMONIA, DIARRHOEA])
def test_a_severe_child_that_is_admitted_has_a_lower_case_fatality_after_the_drugs_delay(illness):
    lag = {MALARIA: 0.25, PNEUMONIA: 1.0, DIARRHOEA: 0.0}[illness]
    for early, effect in ((1, inpatient_of(illness)), (0, 0.0)):
        child, courses = a_sick_child(illness, severe=True)
        admit(child, courses, AT_FACILITY, 1.0, KILLS - int(lag * DAY) - early, pharmacy(), KEY)
        assert effects(courses[0]) == [0.0, 0.0, pytest.approx(effect), 0.0]
        assert courses[0].treated_by == bits(AT_FACILITY)
    for chance in (0.0, 0.4, 0.9):
        child, courses = a_sick_child(illness, severe=True)
        admit(child, courses, AT_FACILITY, chance, LATE, pharmacy(), KEY)
        assert effects(courses[0]) == [0.0, 0.0, pytest.approx(chance * inpatient_of(illness)), 0.0]
        assert courses[0].treated_by == bits(AT_FACILITY)


def test_whether_a_newborn_gets_the_full_treatment_is_drawn_for_others_the_chance_itself_counts():
    """Treatment of a newborn is of one kind or another; MODEL multiplies the others' effect by P(full)."""
    n, newborns, others = 400, [], set()
    for i in range(n):
        child, courses = with_courses(
            {"illness": NEWBORN, "stage": SEVERE, "due": KILLS, "worsens": ONSET, "child": i},
            {"illness": PNEUMONIA, "stage": SEVERE, "due": KILLS, "child": i},
        )
        admit(child, courses, AT_FACILITY, 0.4, LATE, pharmacy(), KEY)
        newborns.append(round(float(courses[0].y[MAIN]), 9))
        others.add(float(courses[1].y[MAIN]))
    assert set(newborns) == {0.65, 0.30}
    assert_share(newborns.count(0.65), n, 0.4)
    assert list(others) == [pytest.approx(0.4 * inpatient_of(PNEUMONIA))]


def test_a_child_that_is_not_severe_is_not_admitted():
    for stage in (DUE, MILD, MENDING):
        child, courses = with_courses({"illness": MALARIA, "stage": stage})
        admit(child, courses, AT_FACILITY, 1.0, LATE, pharmacy(), KEY)
        assert (effects(courses[0]), courses[0].treated_by) == ([0.0] * 4, 0)


def test_all_severe_illnesses_of_a_child_are_treated_at_once():
    severe = {"stage": SEVERE, "due": KILLS}
    child, courses = with_courses(*({"illness": k, **severe} for k in (MALARIA, PNEUMONIA, DIARRHOEA, NEWBORN)))
    admit(child, courses, AT_HOSPITAL, 1.0, LATE, pharmacy(), KEY)
    assert [course.y[MAIN] for course in courses] == [
        *(pytest.approx(inpatient_of(k)) for k in (MALARIA, PNEUMONIA, DIARRHOEA)),
        pytest.approx(0.75),
    ]


@pytest.mark.parametrize(
    ("provider", "full", "effect"),
    [
        (AT_HOSPITAL, True, 0.75),
        (AT_HOSPITAL, False, 0.65),
        (AT_FACILITY, True, 0.65),
        (AT_FACILITY, False, 0.30),
    ],
)
def test_a_newborn_infection_is_treated_by_tier_and_by_what_is_really_given(provider, full, effect):
    course = a_course(NEWBORN, stage=SEVERE, worsens=ONSET)
    newborn_care(course, full, provider, SOON, pharmacy())
    assert effects(course) == [0.0, 0.0, pytest.approx(effect), 0.0]
    child, courses = a_sick_child(NEWBORN)
    admit(child, courses, provider, 1.0 if full else 0.0, SOON, pharmacy(), KEY)
    assert effects(courses[0]) == [0.0, 0.0, pytest.approx(effect), 0.0]
    assert courses[0].treated_by == bits(provider)
    course = a_course(NEWBORN, stage=SEVERE, worsens=ONSET)
    newborn_care(course, full, provider, KILLS - DAY, pharmacy())
    assert effects(course) == [0.0] * 4


@pytest.mark.parametrize("provider", [AT_CHW, AT_FACILITY])
def test_amoxicillin_from_a_visit_is_oral_treatment_of_a_newborn_infection(provider):
    for handed, effect in ((bits(AMOXICILLIN), 0.30), (EVERYTHING & ~bits(AMOXICILLIN), 0.0)):
        child, courses = a_sick_child(NEWBORN)
        treat(child, courses, a_visit(provider, handed), KILLS - DAY - 1, pharmacy(fac_full=1.0), KEY)
        assert effects(courses[0]) == [0.0, 0.0, pytest.approx(effect), 0.0]
        assert (courses[0].doses, courses[0].treated_by) == (handed, bits(provider))
    child, courses = a_sick_child(NEWBORN)
    treat(child, courses, a_visit(provider, bits(AMOXICILLIN)), KILLS - DAY, pharmacy(fac_full=1.0), KEY)
    assert effects(courses[0]) == [0.0] * 4


def test_the_hospital_treats_every_illness_rightly_and_severe_ones_in_full():
    mild, severe = {"stage": MILD}, {"stage": SEVERE, "due": KILLS}
    child, courses = with_courses(
        {"illness": MALARIA, **severe},
        {"illness": PNEUMONIA, **mild},
        {"illness": DIARRHOEA, **mild},
        {"illness": FEVER, **mild},
    )
    hospital_care(child, courses, 1, LATE, pharmacy(hosp_full=1.0), KEY)
    for k in (MALARIA, PNEUMONIA, DIARRHOEA):
        assert effects(courses[k]) == [0.0, 0.0, pytest.approx(inpatient_of(k)), 0.0]
        assert courses[k].treated_by == bits(AT_HOSPITAL)
    assert courses[3].treated_by == 0
    assert (child.act_at, child.act_dose) == (LATE, 1.0)


@pytest.mark.parametrize("full", [0.0, 0.5, 0.9])
def test_the_hospital_too_multiplies_what_it_adds_by_how_often_it_gives_it_in_full(full):
    severe = {"stage": SEVERE, "due": KILLS}
    child, courses = with_courses(*({"illness": k, **severe} for k in (MALARIA, PNEUMONIA, DIARRHOEA)))
    hospital_care(child, courses, 1, LATE, pharmacy(hosp_full=full, tx_ors_severe=0.0), KEY)
    for k in (MALARIA, PNEUMONIA, DIARRHOEA):
        assert effects(courses[k]) == [0.0, 0.0, pytest.approx(full * inpatient_of(k)), 0.0]


def test_the_hospital_gives_the_main_drug_in_a_full_dose_where_inpatient_care_is_not_full():
    mild = {"stage": MILD}
    child, courses = with_courses(*({"illness": k, **mild} for k in (PNEUMONIA, DIARRHOEA)))
    hospital_care(child, courses, 1, SOON, pharmacy(hosp_full=0.0), KEY)
    assert effects(courses[0]) == [pytest.approx(0.5), 0.0, 0.0, 0.0]
    assert effects(courses[1]) == [pytest.approx(1 - 0.2 / 0.6), 0.0, pytest.approx(0.4), 0.0]
    assert child.act_at == -1


def test_the_hospital_admits_a_newborn_and_passes_over_what_lies_ahead():
    child, courses = with_courses(
        {"illness": NEWBORN, "stage": SEVERE, "worsens": ONSET}, {"illness": MALARIA, "stage": DUE}
    )
    hospital_care(child, courses, 1, SOON, pharmacy(hosp_full=1.0), KEY)
    assert courses[0].y[MAIN] == pytest.approx(0.75)
    assert (effects(courses[1]), courses[1].treated_by, child.act_at) == ([0.0] * 4, 0, -1)


# --- shops and home ------------


TOLD = {  # what a family tells of at least
    MALARIA: HAS_FEVER,
    PNEUMONIA: HAS_COUGH | HAS_FAST,
    DIARRHOEA: HAS_DIARRHOEA,
    NEWBORN: HAS_DANGER,
    FEVER: HAS_FEVER,
    COUGH: HAS_COUGH,
}
ON_SALE = ("informal_act", "informal_amox", "informal_ors", "informal_zinc")


def bought(illness, number=0, *, stage=MILD, minute=SOON, signs=None, **changed):
    """A child with one illness after a purchase."""
    p = pharmacy(**{**dict.fromkeys(ON_SALE, 0.0), "informal_dose": 0.5, **changed})
    child, courses = with_courses(
        {
            "illness": illness,
            "stage": stage,
            "child": number,
            "due": WORSENS,
            "signs": TOLD[illness] if signs is None else signs,
        }
    )
    buy_from_shop(child, courses, minute, p, KEY)
    return child, courses[0]


@pytest.mark.parametrize(
    ("illness", "drug", "expected"),
    [
        (MALARIA, "informal_act", [0.475, 0, 0, 0]),
        (PNEUMONIA, "informal_amox", [0.25, 0, 0, 0]),
        (DIARRHOEA, "informal_ors", [1 - 0.6 / 0.8, 0, 0.2, 0]),
        (DIARRHOEA, "informal_zinc", [0, 0.115, 0, 0]),
    ],
)
def test_a_shop_may_sell_the_right_drug_at_part_of_a_dose(illness, drug, expected):
    _, course = bought(illness, **{drug: 1.0})
    assert effects(course) == [pytest.approx(value, abs=1e-12) for value in expected]
    for other in set(ON_SALE) - {drug}:
        _, course = bought(illness, **{other: 1.0})
        if illness != DIARRHOEA or other not in ("informal_ors", "informal_zinc"):
            assert effects(course) == [0.0] * 4


@pytest.mark.parametrize(
    ("illness", "drug", "sign"),
    [
        (MALARIA, "informal_act", HAS_FEVER),
        (PNEUMONIA, "informal_amox", HAS_COUGH),
        (PNEUMONIA, "informal_amox", HAS_FAST),
        (DIARRHOEA, "informal_ors", HAS_DIARRHOEA),
        (DIARRHOEA, "informal_zinc", HAS_DIARRHOEA),
    ],
)
def test_a_shop_sells_by_what_the_family_tells_and_not_by_the_illness(illness, drug, sign):
    asked_for = {"informal_amox": HAS_COUGH | HAS_FAST}.get(drug, sign)
    everything = HAS_FEVER | HAS_COUGH | HAS_FAST | HAS_DIARRHOEA | HAS_DANGER | HAS_DANGER_SEVERE | IS_INFECTED
    for signs, sold in ((sign, True), (everything, True), (everything & ~asked_for, False), (0, False)):
        _, course = bought(illness, signs=signs, **{drug: 1.0})
        assert (max(effects(course)) > 0.0) == sold


@pytest.mark.parametrize(
    ("illness", "drug", "chance"),
    [
        (MALARIA, "informal_act", 0.25),
        (PNEUMONIA, "informal_amox", 0.25),
        (DIARRHOEA, "informal_ors", 0.15),
        (DIARRHOEA, "informal_zinc", 0.03),
    ],
)
def test_a_shop_sells_the_right_drug_by_the_stated_chance(illness, drug, chance):
    n = 800
    assert_share(sum(max(effects(bought(illness, i, **{drug: chance})[1])) > 0 for i in range(n)), n, chance)


@pytest.mark.parametrize("illness", range(6))
def test_an_antimalarial_from_a_shop_for_any_fever_protects_in_part(illness):
    child, _ = bought(illness, signs=HAS_FEVER | HAS_COUGH, informal_act=1.0)
    assert (child.act_at, child.act_dose) == (SOON, 0.5)
    child, _ = bought(illness, signs=HAS_FEVER | HAS_COUGH, informal_act=0.0, informal_amox=1.0)
    assert child.act_at == -1


@pytest.mark.parametrize("illness", range(6))
def test_a_shop_sells_no_antimalarial_where_no_fever_is_told_of(illness):
    signs = HAS_COUGH | HAS_FAST | HAS_DIARRHOEA | HAS_DANGER | IS_INFECTED
    assert bought(illness, signs=signs, informal_act=1.0)[0].act_at == -1


@pytest.mark.parametrize("illness", [NEWBORN, FEVER, COUGH])
def test_what_a_shop_sells_does_nothing_for_other_illnesses(illness):
    _, course = bought(illness, signs=HAS_FEVER | HAS_COUGH | HAS_DIARRHOEA, **dict.fromkeys(ON_SALE, 1.0))
    assert effects(course) == [0.0] * 4


def test_a_shop_does_nothing_for_an_illness_that_lies_ahead_or_for_none():
    child, course = bought(MALARIA, stage=DUE, informal_act=1.0)
    assert (effects(course), child.act_at) == ([0.0] * 4, -1)


def test_a_shop_serves_every_illness_of_the_child():
    p = pharmacy(informal_act=1.0, informal_amox=1.0, informal_ors=1.0, informal_zinc=1.0, informal_dose=0.5)
    mild = {"stage": MILD, "due": WORSENS}
    child, courses = with_courses(
        *({"illness": k, "signs": TOLD[k], **mild} for k in (MALARIA, PNEUMONIA, DIARRHOEA))
    )
    buy_from_shop(child, courses, SOON, p, KEY)
    assert effects(courses[0])[0] == pytest.approx(0.475)
    assert effects(courses[1])[0] == pytest.approx(0.25)
    assert effects(courses[2])[:2] == [pytest.approx(0.25), pytest.approx(0.115)]


def nursed(illness, number=0, *, stage=MILD, **changed):
    """A child with one illness whose family considers it for the first time."""
    p = pharmacy(**{"home_act": 0.0, "home_ors": 0.0, "informal_dose": 0.5, **changed})
    child, courses = with_courses({"illness": illness, "stage": stage, "child": number, "due": WORSENS})
    care_at_home(child, courses, SOON, p, KEY)
    return child, courses[0]


def test_some_families_have_ors_or_an_antimalarial_at_home():
    child, course = nursed(MALARIA, home_act=1.0)
    assert effects(course) == [pytest.approx(0.475), 0.0, 0.0, 0.0]
    assert (child.act_at, child.act_dose) == (SOON, 0.5)
    child, course = nursed(FEVER, home_act=1.0)
    assert (effects(course), child.act_at) == ([0.0] * 4, SOON)
    child, course = nursed(DIARRHOEA, home_ors=1.0)
    assert effects(course) == [pytest.approx(0.25), 0.0, pytest.approx(0.2), 0.0]
    assert child.act_at == -1
    for illness, other in ((DIARRHOEA, "home_act"), (MALARIA, "home_ors"), (FEVER, "home_ors")):
        child, course = nursed(illness, **{other: 1.0})
        assert (effects(course), child.act_at) == ([0.0] * 4, -1)


@pytest.mark.parametrize("illness", [PNEUMONIA, NEWBORN, COUGH])
def test_there_is_nothing_at_home_for_other_illnesses(illness):
    child, course = nursed(illness, home_act=1.0, home_ors=1.0)
    assert (effects(course), child.act_at) == ([0.0] * 4, -1)


def test_home_care_comes_by_the_stated_chances():
    n = 1000
    assert_share(sum(max(effects(nursed(DIARRHOEA, i, home_ors=0.1)[1])) > 0 for i in range(n)), n, 0.10)
    assert_share(sum(nursed(FEVER, i, home_act=0.05)[0].act_at >= 0 for i in range(n)), n, 0.05)


def test_home_care_is_asked_once_for_a_course_when_it_has_begun():
    child, course = nursed(MALARIA, stage=DUE, home_act=1.0)
    assert (course.home_asked, child.act_at) == (0, -1)
    child, courses = a_sick_child(MALARIA)
    child.home_due = 1
    care_at_home(child, courses, SOON, pharmacy(home_act=0.0), KEY)
    assert (courses[0].home_asked, child.home_due) == (1, 0)
    care_at_home(child, courses, SOON, pharmacy(home_act=1.0), KEY)
    assert (effects(courses[0]), child.act_at) == ([0.0] * 4, -1)


def test_home_care_considers_each_illness_of_the_child():
    p = pharmacy(home_act=1.0, home_ors=1.0, informal_dose=0.5)
    mild = {"stage": MILD, "due": WORSENS}
    child, courses = with_courses(
        {"illness": MALARIA, **mild, "home_asked": 1},
        {"illness": PNEUMONIA, **mild},
        {"illness": DIARRHOEA, **mild},
    )
    care_at_home(child, courses, SOON, p, KEY)
    assert effects(courses[0]) == [0.0] * 4
    assert effects(courses[2])[0] == pytest.approx(0.25)


def test_home_and_shop_have_draws_of_their_own():
    u = draw(KEY, Decision.HOME, 3, 0, MALARIA)
    v = draw(KEY, Decision.INFORMAL, 3, 0, MALARIA)
    assert u != v
    assert all(0 < x < 1 for x in (*u, *v))
    assert math.isfinite(sum(u))


def test_each_purchase_is_drawn_anew():
    n = 400
    sold = 0
    p = pharmacy(informal_act=0.25, informal_dose=0.5)
    told = {"illness": MALARIA, "stage": MILD, "due": WORSENS, "signs": HAS_FEVER}
    for i in range(n):
        child, courses = with_courses({**told, "child": i})
        for visit in range(2):
            courses[0].visits = visit
            buy_from_shop(child, courses, SOON, p, KEY)
        sold += effects(courses[0])[0] > 0
    assert_share(sold, n, 1 - 0.75**2)


def test_drugs_of_one_purchase_are_drawn_apart():
    n, p = 600, pharmacy(informal_act=0.5, informal_amox=0.5, informal_ors=0.5, informal_zinc=0.5, informal_dose=0.5)
    both = 0
    for i in range(n):
        child, courses = with_courses({"illness": DIARRHOEA, "stage": MILD, "child": i, "signs": HAS_DIARRHOEA})
        buy_from_shop(child, courses, SOON, p, KEY)
        both += courses[0].x[MAIN] > 0 and courses[0].x[BY_ZINC] > 0
    assert_share(both, n, 0.25)


def test_a_purchase_is_noted_as_seen_by_a_shop_and_on_purpose_not_as_a_treatment():
    """treated_by is for providers a family may be let down by; a shop leaves seen_by, and its drug its effect."""
    child, courses = with_courses({"illness": MALARIA, "stage": MILD, "due": WORSENS, "signs": HAS_FEVER})
    zone = a_zone(child, courses)
    at_shop(zone, 0, pharmacy(informal_act=1.0, informal_dose=0.5), KEY, SOON)
    course = zone.course[0]
    assert effects(course)[0] == pytest.approx(0.475)
    assert (course.seen_by, course.visits, course.treated_by, course.doses) == (bits(INFORMAL), 1, 0, 0)
    assert (course.first_care, course.first_provider, course.first_formal) == (SOON, INFORMAL, -1)
    assert zone.child[0].visited[INFORMAL] == SOON
    _, course = bought(MALARIA, informal_act=1.0)
    assert course.treated_by == 0


@pytest.mark.parametrize(("provider", "chance"), [(AT_FACILITY, 0.4), (AT_FACILITY, 0.8)])
def test_facility_care_of_a_severe_course_has_the_inpatient_effect_times_the_chance_of_full_treatment(provider, chance):
    for who in range(20):
        child, courses = with_courses({"illness": PNEUMONIA, "stage": MILD, "due": WORSENS, "child": who})
        treat(child, courses, a_visit(provider, bits(AMOXICILLIN)), SOON, pharmacy(fac_full=chance), KEY)
        assert courses[0].y[MAIN] == pytest.approx(chance * inpatient_of(PNEUMONIA))
        left = (1 - courses[0].x[MAIN]) * (1 - courses[0].y[MAIN])
        assert left == pytest.approx(1 - max(0.5, chance * inpatient_of(PNEUMONIA)))


@pytest.mark.parametrize("effect", [0.0, 0.5, 1.0])
def test_care_that_always_saves_is_the_best_dose_there_is(effect):
    course = a_course(PNEUMONIA)
    take_dose(course, MAIN, effect, 1.0, SOON)
    assert effects(course) == [0.0, 0.0, 1.0, 0.0]
    course = a_course(PNEUMONIA)
    take_dose(course, MAIN, 0.5, 0.0, SOON)
    take_dose(course, MAIN, effect, 1.0, SOON)
    assert effects(course) == [0.5, 0.0, 1.0, 0.0]
