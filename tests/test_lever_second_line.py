"""Second-line care: who counts as a treatment failure, who is given another drug, and what it does to one course."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from small import NEAR, SURE, lived, what_differs
from world import (
    DAY,
    KEY,
    KILLS,
    MANY,
    ONSET,
    PLAIN,
    a_course,
    a_sick_child,
    a_visit,
    assert_share,
    bits,
    parameters,
)

from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AMOXICILLIN,
    AT_CHW,
    AT_FACILITY,
    BY_SECOND_LINE,
    DIARRHOEA,
    FEVER,
    INFORMAL,
    MAIN,
    MALARIA,
    MENDING,
    MILD,
    NEWBORN,
    NO_BED,
    ORS,
    PNEUMONIA,
    REFERRED,
    SECOND_LINE,
    SEVERE,
    ZINC,
)
from iccmsim.rules.illness import live_until
from iccmsim.rules.treatment import (
    buy_from_shop,
    care_at_home,
    give_second_line,
    has_failed,
    hospital_care,
    refer_failures,
    treat,
    treat_failures,
)

BEGUN = ONSET + 60
EARLY = BEGUN + 2 * DAY - 1
AGAIN = BEGUN + 2 * DAY
SLOW = {"worsens": ONSET + 6 * DAY, "kills": ONSET + 12 * DAY, "first_line_at": BEGUN}  # still mild on coming back
FIRST = {MALARIA: 1 << ACT_INFANT, PNEUMONIA: 1 << AMOXICILLIN}
SURELY = {"fac_second_line": 1.0, "tx_adherence": 1.0, "fac_full": 0.0}


def recognised(illness, *, severe=False, marks=0, minute=AGAIN, course=SLOW, **changed):
    """One child whom the first line was given comes back; its course and the visit."""
    p = parameters(**{**SURELY, **changed})
    child, courses = a_sick_child(illness, severe=severe, **course)
    visit = a_visit(AT_FACILITY)
    visit.marks = marks
    treat_failures(child, courses, visit, minute, p, KEY)
    return courses[0], visit


def taken_away(course, mechanism=BY_SECOND_LINE):
    return 1.0 - (1.0 - course.x[mechanism]) * (1.0 - course.y[mechanism])


# --- whom treatment has failed ------------


@pytest.mark.parametrize(("course", "minute", "failed"), [
    ({"stage": MILD}, EARLY, False),
    ({"stage": MILD}, AGAIN, True),
    ({"stage": MENDING}, AGAIN + 9 * DAY, False),  # it is getting better
    ({"stage": MILD, "first_line_at": 0}, AGAIN, False),
    ({"stage": SEVERE, "first_line_at": 0}, AGAIN, False),
    ({"stage": SEVERE, "worsens": BEGUN + 5}, BEGUN + 10, True),  # worse in spite of treatment
    ({"stage": SEVERE, "worsens": BEGUN - 5}, EARLY, False),  # treated when it was severe already
    ({"stage": SEVERE, "worsens": BEGUN - 5}, AGAIN, True),
])  # fmt: skip
def test_a_treatment_failure_is_no_better_after_two_days_or_has_become_severe(course, minute, failed):
    row = a_course(PNEUMONIA, **{"first_line_at": BEGUN, **course})
    assert has_failed(row, minute, parameters(tx_second_wait=2.0)) == failed


@pytest.mark.parametrize("illness", [MALARIA, PNEUMONIA])
@pytest.mark.parametrize("provider", [AT_CHW, AT_FACILITY])
def test_a_chw_and_a_health_centre_begin_the_first_line_once(illness, provider):
    child, courses = a_sick_child(illness)
    p = parameters()
    treat(child, courses, a_visit(provider, bits(ORS, ZINC)), BEGUN - 30, p, KEY)
    assert courses[0].first_line_at == 0
    treat(child, courses, a_visit(provider, FIRST[illness]), BEGUN, p, KEY)
    treat(child, courses, a_visit(provider, FIRST[illness]), BEGUN + DAY, p, KEY)
    assert courses[0].first_line_at == BEGUN


def test_the_older_child_s_act_and_the_hospital_s_drugs_begin_it_too():
    child, courses = a_sick_child(MALARIA)
    treat(child, courses, a_visit(AT_CHW, 1 << ACT_CHILD), BEGUN, parameters(), KEY)
    assert courses[0].first_line_at == BEGUN
    for illness, begun in ((MALARIA, BEGUN), (PNEUMONIA, BEGUN), (DIARRHOEA, 0)):
        child, courses = a_sick_child(illness)
        hospital_care(child, courses, True, BEGUN, parameters(), KEY)
        assert courses[0].first_line_at == begun


@pytest.mark.parametrize("illness", [DIARRHOEA, NEWBORN, FEVER])
def test_nothing_begins_for_an_illness_without_a_second_line(illness):
    child, courses = a_sick_child(illness)
    given = bits(ORS, ZINC, AMOXICILLIN, ACT_INFANT, ACT_CHILD)
    treat(child, courses, a_visit(AT_FACILITY, given), BEGUN, parameters(), KEY)
    treat_failures(child, courses, a_visit(AT_FACILITY), BEGUN + 3 * DAY, parameters(**SURELY), KEY)
    assert courses[0].doses == given
    assert courses[0].first_line_at == courses[0].second_line_at == 0


@pytest.mark.parametrize("illness", [MALARIA, PNEUMONIA])
def test_what_a_shop_or_the_family_gives_is_no_first_line(illness):
    p = parameters(informal_act=1.0, informal_amox=1.0, home_act=1.0)
    child, courses = a_sick_child(illness, signs=7)
    buy_from_shop(child, courses, BEGUN, p, KEY)
    care_at_home(child, courses, BEGUN, p, KEY)
    assert courses[0].x[MAIN] > 0.0
    assert courses[0].first_line_at == 0


# --- who is given it, and what it does ------------


@pytest.mark.parametrize("illness", [MALARIA, PNEUMONIA])
@pytest.mark.parametrize("severe", [False, True])
def test_no_second_line_without_a_first(illness, severe):
    course, visit = recognised(illness, severe=severe, course={**SLOW, "first_line_at": 0})
    assert course.second_line_at == visit.marks == 0
    assert not course.x.any()
    assert not course.y.any()


def test_the_second_line_comes_to_its_share_of_children_and_each_has_one_answer():
    p = parameters(**{**SURELY, "fac_second_line": 0.3})
    given = []
    for number in range(MANY):
        child, courses = a_sick_child(PNEUMONIA, child=number, **SLOW)
        for minute in (AGAIN, AGAIN + DAY, AGAIN + 2 * DAY):
            treat_failures(child, courses, a_visit(AT_FACILITY), minute, p, KEY)
        assert courses[0].second_line_at in (0, AGAIN)
        given.append(courses[0].second_line_at > 0)
    assert_share(sum(given), MANY, 0.3)


@pytest.mark.parametrize(("illness", "effect"), [(MALARIA, 0.8), (PNEUMONIA, 0.4)])
@pytest.mark.parametrize("first", [0.0, 0.6])
def test_in_time_it_takes_its_share_of_the_danger_that_the_first_line_left(illness, effect, first):
    p = {"tx_second_mal": 0.8, "tx_second_pneu": 0.4, "tx_second_severe": 0.5, "overlap_mechanism": 1.0}
    course, visit = recognised(illness, course={**SLOW, "x": (first,), "y": (0.1,)}, **p)
    assert visit.marks == SECOND_LINE
    assert course.second_line_at == AGAIN
    assert taken_away(course) == pytest.approx(effect)
    assert course.y[BY_SECOND_LINE] == pytest.approx(0.5 * effect)  # of what is severe nevertheless
    assert (course.x[MAIN], course.y[MAIN]) == (first, 0.1)


def test_the_chances_of_worsening_and_of_death_multiply_what_each_line_leaves():
    p = parameters(**SURELY, tx_second_pneu=0.4, tx_second_severe=0.5, overlap_mechanism=1.0)
    met = []
    for given in (False, True):
        child, courses = a_sick_child(PNEUMONIA, u_worsen=0.0, u_die=0.999, due=SLOW["worsens"], x=(0.25,), y=(0.2,),
                                      **SLOW)  # fmt: skip
        child.due = SLOW["worsens"]
        if given:
            treat_failures(child, courses, a_visit(AT_FACILITY), AGAIN, p, KEY)
        live_until(child, courses, p, KEY, SLOW["kills"])
        met.append((float(courses[0].chance_severe), float(courses[0].chance_death)))
    (severe, death), (severe_2, death_2) = met
    assert severe == pytest.approx(0.75 * p.sev[PNEUMONIA])
    assert death == pytest.approx(0.8 * p.fatality[PNEUMONIA])
    assert severe_2 / severe == pytest.approx(0.6 / 0.8)
    assert death_2 / death == pytest.approx(0.8)
    assert severe_2 * death_2 == pytest.approx(severe * death * 0.6)


@pytest.mark.parametrize(("illness", "effect"), [(MALARIA, 0.8), (PNEUMONIA, 0.4)])
def test_once_severe_it_does_part_of_that_and_no_family_need_complete_it(illness, effect):
    p = {"tx_second_mal": 0.8, "tx_second_pneu": 0.4, "tx_second_severe": 0.5, "tx_adherence": 0.0}
    severe = {"worsens": AGAIN - DAY, "kills": AGAIN + 3 * DAY, "first_line_at": BEGUN}
    course, _ = recognised(illness, severe=True, course=severe, **p)
    assert course.x[BY_SECOND_LINE] == 0.0
    assert course.y[BY_SECOND_LINE] == pytest.approx(0.5 * effect)


def test_a_family_that_does_not_complete_it_had_nothing_of_it():
    course, visit = recognised(PNEUMONIA, tx_adherence=0.0)
    assert visit.marks == SECOND_LINE
    assert taken_away(course) == 0.0


def test_it_is_too_late_for_a_child_who_dies_before_it_works():
    severe = {"worsens": AGAIN - DAY, "kills": AGAIN + DAY, "first_line_at": BEGUN}
    course, _ = recognised(PNEUMONIA, severe=True, course=severe)
    assert course.second_line_at == AGAIN
    assert taken_away(course) == 0.0
    course, _ = recognised(PNEUMONIA, severe=True, course={**severe, "kills": AGAIN + DAY + 1})
    assert taken_away(course) > 0.0


@pytest.mark.parametrize("illness", [MALARIA, PNEUMONIA])
def test_given_again_it_counts_once(illness):
    p = parameters(**SURELY)
    child, courses = a_sick_child(illness, **SLOW)
    treat_failures(child, courses, a_visit(AT_FACILITY), AGAIN, p, KEY)
    once = courses.copy()
    for minute in (AGAIN, AGAIN + 60, AGAIN + 2 * DAY):
        treat_failures(child, courses, a_visit(AT_FACILITY), minute, p, KEY)
        give_second_line(courses[0], True, minute, p)
    assert once.tobytes() == courses.tobytes()


def test_an_inpatient_treated_in_full_needs_no_second_line_unless_there_was_no_bed():
    severe = {"worsens": AGAIN - DAY, "kills": KILLS + 9 * DAY, "first_line_at": BEGUN}
    for full, marks, given in ((1.0, 0, False), (1.0, NO_BED, True), (0.0, 0, True)):
        course, visit = recognised(PNEUMONIA, severe=True, course=severe, marks=marks, fac_full=full)
        assert (course.second_line_at > 0) == given == (visit.marks & SECOND_LINE > 0)
    mild, _ = recognised(PNEUMONIA, fac_full=1.0)
    assert mild.second_line_at == AGAIN


def test_a_chw_sends_on_its_share_of_those_whom_treatment_has_failed_and_no_others():
    p = parameters(policy_no_better_refer=0.6)
    sent = dict.fromkeys((EARLY, AGAIN), 0)
    for number in range(MANY):
        for minute in sent:
            child, courses = a_sick_child(MALARIA, child=number, **SLOW)
            visit = a_visit(AT_CHW)
            refer_failures(child, courses, visit, minute, p, KEY)
            sent[minute] += visit.marks == REFERRED
    assert sent[EARLY] == 0
    assert_share(sent[AGAIN], MANY, 0.6)


# --- the whole ------------

WORLD = {**NEAR, **SURE, "setting.place.people": 3000, "run.days": 200, "sev.pneu": 0.6, "time.pneu.severe": 5,
         "sev.mal.untreated": 0.3, "time.mal.severe": 4, "time.mal.dur": 9, "tx.amox.nonsev": 0.3, "tx.adherence": 0.6,
         "seek.a_facility": 0.5, "seek.km_facility": 0.0, "overlap.mechanism": 1.0}  # fmt: skip
ON = {"fac.second_line": 1}
SENT = {**ON, "policy.no_better_refer": 1, "ref.routine": 0.9}
SEEDS = range(1, 5)


@cache
def arm(name: str, seed: int):
    kept = {**ON, "ref.routine": 0.9}
    followed = {**SENT, "followup.share": 0.9, "followup.minutes": 0}  # no CHW here is short of time
    more = {"off": {}, "on": ON, "kept": kept, "sent": SENT, "followed": followed}[name]
    return lived({**WORLD, **more}, seed=seed)


def risk(simulation) -> float:
    """Deaths to be expected of the two illnesses: what care has left of P C, summed over onsets that ended."""
    run = simulation.runs[0]
    course = run.course
    mine = course[(course["chance_severe"] > 0) & (course["illness"] <= PNEUMONIA)]
    fatality = run.plan.record(run.plan.warmup)[0].fatality[mine["illness"]]
    return float((mine["chance_severe"] * fatality * np.prod(1.0 - mine["y"], axis=1)).sum())


def second(simulation) -> np.ndarray:
    course = simulation.runs[0].course
    return course[course["second_line_at"] > 0]


@pytest.mark.skipif(PLAIN, reason="whole districts take too long without compilation")
class TestWhole:
    def test_nothing_is_another_at_zero_strength(self):
        strong = {"tx.second.mal": 1, "tx.second.pneu": 1, "tx.second.severe": 1, "tx.second.wait": 0.5}
        assert what_differs(arm("off", 1), lived({**WORLD, **strong})) == set()

    def test_drugs_that_do_nothing_leave_a_note_and_nothing_else(self):
        nothing = {**ON, "tx.second.mal": 0, "tx.second.pneu": 0}
        moved = what_differs(arm("off", 1), lived({**WORLD, **nothing}))
        assert moved == {"course.second_line_at", "visit.marks"}

    def test_it_is_given_at_health_centres_after_a_first_line_and_acts_on_nobody_else(self):
        for seed in SEEDS:
            run = arm("on", seed).runs[0]
            course, visit = run.course, run.zone.visit[: run.zone.n[1]]
            given = course["second_line_at"] > 0
            assert given.sum() > 20
            assert set(course["illness"][given]) == {MALARIA, PNEUMONIA}
            assert (course["first_line_at"][given] > 0).all()
            late = course["second_line_at"] - course["first_line_at"] >= 2 * DAY
            worse = (course["was_severe"] > 0) & (course["worsens"] >= course["first_line_at"])
            assert (late | worse)[given].all()
            assert not course["x"][~given, BY_SECOND_LINE].any()
            assert not course["y"][~given, BY_SECOND_LINE].any()
            assert set(visit["provider"][visit["marks"] & SECOND_LINE > 0]) == {AT_FACILITY}
            assert (course["first_line_at"][course["treated_by"] & ~(1 << INFORMAL) == 0] == 0).all()

    def test_it_lowers_expected_deaths_by_what_arithmetic_says(self):
        """Of each child given it: its danger without, from the same run, times the share that the drug takes away."""
        fewer, told = [], []
        for seed in SEEDS:
            off, on = arm("off", seed), arm("on", seed)
            mine = second(on)
            mine = mine[mine["chance_severe"] > 0]
            fatality = on.runs[0].plan.record(0)[0].fatality[mine["illness"]]
            left = mine["chance_severe"] * fatality * np.prod(1.0 - mine["y"], axis=1)
            kept = (1.0 - mine["x"][:, BY_SECOND_LINE]) * (1.0 - mine["y"][:, BY_SECOND_LINE])
            fewer.append(risk(off) - risk(on))
            told.append(float((left * (1.0 / np.maximum(kept, 1e-9) - 1.0)).sum()))
        assert min(fewer) > 0.0
        assert sum(fewer) == pytest.approx(sum(told), rel=0.25)

    def test_a_chw_that_sends_failures_on_brings_more_of_them_to_the_second_line(self):
        more = [len(second(arm("sent", seed))) - len(second(arm("kept", seed))) for seed in SEEDS]
        assert min(more) > 0

    def test_the_more_so_if_it_goes_back_to_those_whom_it_treated(self):
        more = [len(second(arm("followed", seed))) - len(second(arm("sent", seed))) for seed in SEEDS]
        assert min(more) > 0

    def test_effective_coverage_counts_what_the_second_line_adds(self):
        from iccmsim.engine.tally import tally_zone

        for seed in SEEDS:
            t = {name: tally_zone(arm(name, seed).runs[0])[0] for name in ("off", "on")}
            for k in (MALARIA, PNEUMONIA):
                assert t["on"].weighted_effect[:, k].sum() > t["off"].weighted_effect[:, k].sum()
                assert t["on"].effective[:, k].sum() >= t["off"].effective[:, k].sum()
                assert t["on"].expected[:, k].sum() < t["off"].expected[:, k].sum()
            assert t["on"].weighted_zinc.sum() == pytest.approx(t["off"].weighted_zinc.sum(), rel=0.02)

    def test_it_is_the_same_a_day_at_a_time(self):
        from small import tiny

        from iccmsim.engine.simulation import Simulation

        more = {**WORLD, **SENT, "run.days": 60}
        at_once = Simulation(tiny(more=more), seed=5, threads=1).run()
        by_day = Simulation(tiny(more=more), seed=5, threads=1)
        for day in range(1, by_day.plan.days + 1):
            by_day.run_to(day)
        assert what_differs(at_once, by_day) <= {"words"}  # those of the last day are scratch
