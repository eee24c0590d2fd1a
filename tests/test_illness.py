"""Courses of illness: what falls due when, what treatment may change, and what it may not."""

from __future__ import annotations

import pytest
from falling_ill import draw_course
from world import (
    DAY,
    KEY,
    KILLS,
    MENDS,
    ONSET,
    WORSENS,
    a_child,
    a_sick_child,
    a_visit,
    assert_share,
    bits,
    parameters,
    some_courses,
    with_courses,
)

from iccmsim.core.records import (
    ACT_INFANT,
    AGED_OUT,
    ALIVE,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    BACKGROUND,
    COUGH,
    CUT_SHORT,
    DEAD,
    DIARRHOEA,
    DIED,
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
    MALARIA,
    MENDING,
    MILD,
    NEVER,
    NEWBORN,
    NO_COMPLAINT,
    NOT_REACHED,
    OVER,
    PNEUMONIA,
    PREVENTED,
    RECOVERED,
    RUNNING,
    SEVERE,
    UNBORN,
)
from iccmsim.rules.illness import (
    awaits,
    begin,
    live_until,
    protection,
    signs_now,
    signs_of,
    take_stock_of,
    what_comes_next,
)
from iccmsim.rules.treatment import buy_from_shop, treat

AGUE = {"illness": MALARIA}
WILL_WORSEN = {"illness": MALARIA, "u_worsen": 0.0}
WILL_KILL = {"illness": MALARIA, "u_worsen": 0.0, "u_die": 0.0}


def nature(**changed):
    """Half of what is untreated worsens, of which 40 % dies; convalescence lasts three days."""
    return parameters(**{"sev": [0.5, 0.5, 0.5, 1.0, 0, 0], "fatality": [0.4, 0.4, 0.4, 0.4, 0, 0], **changed})


def lived(minute, *fields, p=None, **of_child):
    """A child and its courses, brought up to a minute."""
    child, courses = with_courses(*fields, **of_child)
    live_until(child, courses, p if p is not None else nature(), KEY, minute)
    return child, courses


def test_what_falls_due_in_a_minute_happens_in_that_minute_and_not_before():
    child, courses = lived(ONSET - 1, AGUE)
    assert (child.ill > 0, courses[0].stage) == (0, DUE)
    child, courses = lived(ONSET, AGUE)
    assert (child.ill > 0, courses[0].stage) == (1, MILD)
    child, courses = lived(WORSENS - 1, WILL_WORSEN)
    assert (child.severe > 0, courses[0].stage) == (0, MILD)
    child, courses = lived(WORSENS, WILL_WORSEN)
    assert (child.severe > 0, courses[0].stage) == (1, SEVERE)
    assert lived(KILLS - 1, WILL_KILL)[0].state == ALIVE
    assert lived(KILLS, WILL_KILL)[0].state == DEAD


def test_an_onset_of_today_waits_for_its_minute():
    child, courses = a_child(leaves=KILLS), some_courses({"illness": FEVER, "stage": 0, "due": -1})
    awaits(child, courses[0], 0)
    assert (courses[0].stage, courses[0].due) == (DUE, ONSET)
    assert (child.active[FEVER], child.due, child.ill > 0) == (0, ONSET, 0)
    child.due = ONSET - 5
    awaits(child, courses[0], 0)
    assert child.due == ONSET - 5


def test_a_child_knows_when_something_next_falls_due_in_it():
    fever = {"illness": FEVER, "onset": ONSET + 7, "due": ONSET + 7, "worsens": MENDS, "kills": MENDS}
    child, courses = with_courses(WILL_WORSEN | {"u_die": 0.99}, fever, leaves=NEVER)
    for minute, due in (
        (ONSET - 1, ONSET),
        (ONSET, ONSET + 7),
        (ONSET + 7, WORSENS),
        (WORSENS, MENDS),
        (MENDS, KILLS),
        (KILLS, KILLS + 3 * DAY),
        (KILLS + 3 * DAY, NEVER),
    ):
        live_until(child, courses, nature(time_convalescence=3.0), KEY, minute)
        assert child.due == due


def test_a_family_has_not_considered_a_new_illness_at_home_yet():
    assert lived(ONSET - 1, AGUE)[0].home_due == 0
    assert lived(ONSET, AGUE)[0].home_due == 1
    assert begun(MALARIA, days_since_act=1)[0].home_due == 0


def test_an_onset_makes_the_child_ill_until_the_minute_it_may_worsen():
    child, courses = lived(ONSET, AGUE)
    assert (child.ill > 0, child.severe > 0, child.state) == (1, 0, ALIVE)
    assert (courses[0].stage, courses[0].outcome, courses[0].due) == (MILD, RUNNING, WORSENS)
    assert child.active[MALARIA] == 0


@pytest.mark.parametrize(("u", "mild", "severe"), [(0.29, 1, 1), (0.31, 0, 1), (0.74, 0, 1), (0.76, 0, 0)])
def test_a_family_judges_an_illness_at_onset_and_again_when_it_worsens_by_the_same_uniform(u, mild, severe):
    p = nature(recog_mild=0.30, recog_severe=0.75)
    course = {**WILL_WORSEN, "u_recognise": u}
    child, courses = lived(ONSET, course, p=p)
    assert (child.perceived, courses[0].perceived) == (mild, mild)
    child, courses = lived(WORSENS, course, p=p)
    assert (child.perceived, courses[0].perceived) == (severe, severe)


def test_a_perceived_mild_illness_stays_perceived_only_if_the_family_still_thinks_so_when_it_is_severe():
    p = nature(recog_mild=0.9, recog_severe=0.1)
    child, courses = lived(WORSENS, {**WILL_WORSEN, "u_recognise": 0.5}, p=p)
    assert (child.perceived, courses[0].perceived) == (0, 0)


def test_a_newborn_infection_is_severe_from_its_onset():
    p = nature(recog_mild=0.0, recog_severe=0.75)
    course = {"illness": NEWBORN, "worsens": ONSET, "u_worsen": 0.999}
    child, courses = lived(ONSET, course, p=p)
    assert (child.ill > 0, child.severe > 0, child.perceived) == (1, 1, 1)
    assert (courses[0].stage, courses[0].due, courses[0].was_severe) == (SEVERE, KILLS, 1)
    assert courses[0].chance_severe == 1.0
    assert courses[0].outcome == RUNNING
    child, courses = with_courses(course)
    awaits(child, courses[0], 0)
    begin(child, courses[0], p, KEY)
    assert (courses[0].stage, child.severe > 0) == (SEVERE, True)


@pytest.mark.parametrize("illness", [MALARIA, PNEUMONIA, DIARRHOEA])
def test_a_course_worsens_by_the_chance_that_overlap_and_the_best_dose_of_each_mechanism_leave(illness):
    p = nature(sev=[0.11, 0.22, 0.33, 1.0, 0, 0], overlap_mechanism=1.5)
    for overlaps in (0, 1):
        chance = (0.11, 0.22, 0.33)[illness] * (1.5 if overlaps else 1.0) * (1 - 0.3) * (1 - 0.2)
        course = {"illness": illness, "overlaps": overlaps, "x": (0.3, 0.2), "y": (0.9, 0.9)}
        _, courses = lived(WORSENS, {**course, "u_worsen": chance - 1e-9}, p=p)
        assert courses[0].stage == SEVERE
        assert courses[0].chance_severe == pytest.approx(chance, rel=1e-12)
        _, courses = lived(WORSENS, {**course, "u_worsen": chance + 1e-9}, p=p)
        assert courses[0].stage == MENDING
        assert courses[0].chance_severe == pytest.approx(chance, rel=1e-12)


@pytest.mark.parametrize("illness", [FEVER, COUGH])
def test_other_fevers_and_colds_never_worsen(illness):
    child, courses = lived(NEVER, {"illness": illness, "u_worsen": 0.0, "u_die": 0.0})
    assert (child.state, courses[0].outcome, courses[0].was_severe) == (ALIVE, RECOVERED, 0)


@pytest.mark.parametrize("illness", [FEVER, COUGH])
def test_other_fevers_and_colds_only_wait_to_mend(illness):
    child, courses = lived(ONSET, {"illness": illness, "u_recognise": 0.0})
    assert (courses[0].stage, courses[0].due, courses[0].outcome) == (MENDING, MENDS, RUNNING)
    assert (child.ill > 0, child.severe > 0, child.perceived, child.due) == (1, 0, 1, MENDS)
    child, courses = lived(MENDS, {"illness": illness})
    assert (child.ill > 0, courses[0].stage, courses[0].outcome) == (0, OVER, RECOVERED)


@pytest.mark.parametrize(("mends", "over"), [(MENDS, MENDS), (WORSENS - 5, WORSENS)])
def test_nobody_recovers_before_the_minute_at_which_the_illness_may_worsen(mends, over):
    course = {**AGUE, "u_worsen": 0.9, "mends": mends}
    child, courses = lived(over - 1, course)
    assert child.ill == 1 << MALARIA
    child, courses = lived(over, course)
    assert (child.ill > 0, child.severe > 0, courses[0].stage, courses[0].outcome) == (0, 0, OVER, RECOVERED)
    assert child.active[MALARIA] == -1
    assert courses[0].due == over


def test_a_child_that_turns_severe_is_counted_so_and_its_family_seeks_again():
    for content_until, left in ((WORSENS + DAY, WORSENS), (WORSENS - DAY, WORSENS - DAY)):
        child, courses = lived(ONSET, WILL_WORSEN)
        child.content_until = content_until  # treated since
        live_until(child, courses, nature(), KEY, WORSENS)
        assert (child.severe > 0, child.content_until) == (1, left)
        assert (courses[0].was_severe, courses[0].due) == (1, KILLS)


@pytest.mark.parametrize("illness", [MALARIA, PNEUMONIA, DIARRHOEA, NEWBORN, FEVER, COUGH])
def test_a_new_illness_ends_a_familys_contentment_with_what_was_given_for_another(illness):
    for content_until, left in ((ONSET + DAY, ONSET), (ONSET - DAY, ONSET - DAY)):
        child, _ = lived(ONSET, {"illness": illness}, content_until=content_until)
        assert (child.ill > 0, child.content_until) == (1, left)


def test_an_illness_that_an_act_prevents_does_not_end_contentment():
    given = {"act_at": ONSET - DAY, "act_dose": 1.0, "content_until": ONSET + DAY}
    child, courses = lived(ONSET, AGUE, p=nature(prophylaxis_act_days=20.0), **given)
    assert (courses[0].outcome, child.content_until) == (PREVENTED, ONSET + DAY)


@pytest.mark.parametrize(
    ("treated_by", "let_down_by"),
    [
        (bits(AT_CHW), bits(AT_CHW)),
        (bits(AT_FACILITY), bits(AT_FACILITY)),
        (bits(AT_CHW, AT_FACILITY, INFORMAL, AT_HOSPITAL), bits(AT_CHW, AT_FACILITY)),
        (bits(INFORMAL, AT_HOSPITAL), 0),
    ],
)
def test_a_family_remembers_the_chw_or_health_centre_after_whose_treatment_the_child_got_worse(treated_by, let_down_by):
    child, _ = lived(WORSENS, {**WILL_WORSEN, "treated_by": treated_by})
    assert child.let_down_by == let_down_by
    child, _ = lived(WORSENS, {**AGUE, "u_worsen": 0.9, "treated_by": treated_by})
    assert child.let_down_by == 0


@pytest.mark.parametrize("illness", [MALARIA, PNEUMONIA, DIARRHOEA, NEWBORN])
def test_a_severe_illness_kills_by_the_chance_that_care_leaves_and_that_chance_is_counted_either_way(illness):
    p = nature(fatality=[0.2, 0.3, 0.4, 0.5, 0, 0])
    chance = (0.2, 0.3, 0.4, 0.5)[illness] * (1 - 0.4) * (1 - 0.1)
    worsens = ONSET if illness == NEWBORN else WORSENS
    course = {"illness": illness, "worsens": worsens, "u_worsen": 0.0, "y": (0.4, 0.1)}
    child, courses = lived(KILLS, {**course, "u_die": chance - 1e-9}, p=p)
    assert (child.state, child.cause, child.end, child.ill > 0, child.severe > 0) == (DEAD, illness, KILLS, 0, 0)
    assert (courses[0].outcome, courses[0].stage, child.active[illness]) == (DIED, OVER, -1)
    assert courses[0].chance_death == pytest.approx(chance, rel=1e-12)
    child, courses = lived(KILLS, {**course, "u_die": chance + 1e-9}, p=p)
    assert (child.state, child.cause, child.end, child.ill > 0, child.severe > 0) == (ALIVE, -1, -1, 1, 0)
    assert courses[0].stage == MENDING
    assert courses[0].chance_death == pytest.approx(chance, rel=1e-12)


def test_effects_on_worsening_do_not_change_fatality_and_the_other_way_round():
    _, courses = lived(KILLS, {**WILL_WORSEN, "x": (0.5, 0.5), "u_die": 0.99})
    assert courses[0].chance_death == 0.4
    _, courses = lived(KILLS, {**WILL_WORSEN, "y": (0.5, 0.5), "u_die": 0.99})
    assert courses[0].chance_severe == 0.5


def test_a_survivor_of_a_severe_illness_recovers_three_days_after_it_would_have_killed_whatever_the_care():
    for y in (0.0, 1.0):
        course = {**WILL_WORSEN, "u_die": 0.99, "y": (y, y), "mends": WORSENS}
        child, courses = lived(KILLS + 3 * DAY - 1, course, p=nature(time_convalescence=3.0))
        assert (child.ill > 0, courses[0].stage, courses[0].due) == (1, MENDING, KILLS + 3 * DAY)
        child, courses = lived(KILLS + 3 * DAY, course, p=nature(time_convalescence=3.0))
        assert (child.ill > 0, child.severe > 0, courses[0].stage, courses[0].outcome) == (0, 0, OVER, RECOVERED)


def test_treatment_shortens_no_course():
    ends = set()
    for effect in (0.0, 1.0):
        course = {**AGUE, "u_worsen": 0.9, "x": (effect, effect), "y": (effect, effect)}
        ends.add(int(lived(NEVER, course)[1][0].due))
    assert ends == {MENDS}


def test_a_child_that_died_suffers_nothing_more():
    child, courses = lived(
        NEVER, {**WILL_KILL, "kills": KILLS}, {"illness": FEVER, "onset": KILLS + 1, "due": KILLS + 1}
    )
    assert (child.state, child.end, child.ill > 0) == (DEAD, KILLS, 0)
    assert courses[1].outcome == NOT_REACHED
    assert courses[1].stage == OVER


def test_what_was_not_over_when_the_child_died_of_something_else_is_cut_short():
    fever = {"illness": FEVER, "worsens": KILLS + DAY, "mends": KILLS + DAY}
    child, courses = lived(NEVER, WILL_KILL, fever)
    assert (child.cause, child.ill > 0, child.severe > 0) == (MALARIA, 0, 0)
    assert [course.outcome for course in courses] == [DIED, CUT_SHORT]
    assert list(child.active) == [-1] * 6


def test_of_two_illnesses_that_would_kill_in_the_same_minute_the_lower_numbered_is_the_cause():
    for order in ((MALARIA, PNEUMONIA), (PNEUMONIA, MALARIA)):
        child, courses = lived(KILLS, *({**WILL_KILL, "illness": illness} for illness in order))
        assert (child.cause, child.severe > 0, child.ill > 0) == (MALARIA, 0, 0)
        assert courses[order.index(PNEUMONIA)].outcome == CUT_SHORT


def test_in_one_minute_illness_comes_before_the_background_death():
    child, courses = lived(NEVER, WILL_KILL, leaves=KILLS, leaves_dead=1)
    assert (child.cause, courses[0].outcome, courses[0].chance_death) == (MALARIA, DIED, 0.4)
    child, courses = lived(NEVER, WILL_KILL, leaves=KILLS - 1, leaves_dead=1)
    assert (child.cause, child.end, child.state) == (BACKGROUND, KILLS - 1, DEAD)
    assert (courses[0].outcome, courses[0].chance_death, child.severe > 0, child.ill > 0) == (CUT_SHORT, 0.0, 0, 0)


def test_a_well_child_dies_of_other_causes_in_its_minute():
    assert lived(ONSET - 1, leaves=ONSET, leaves_dead=1)[0].state == ALIVE
    child, _ = lived(ONSET, leaves=ONSET, leaves_dead=1)
    assert (child.state, child.cause, child.end) == (DEAD, BACKGROUND, ONSET)


def test_a_child_leaves_at_its_fifth_birthday_without_a_cause():
    child, courses = lived(NEVER, AGUE, leaves=WORSENS - 1)
    assert (child.state, child.cause, child.end, child.ill > 0) == (AGED_OUT, -1, WORSENS - 1, 0)
    assert courses[0].outcome == CUT_SHORT


def test_an_onset_after_the_child_has_left_is_not_reached():
    child, courses = lived(NEVER, AGUE, leaves=ONSET - 1)
    assert (child.state, child.ill > 0, courses[0].outcome) == (AGED_OUT, 0, NOT_REACHED)


def test_nothing_befalls_a_child_that_is_not_born():
    child, courses = lived(NEVER, WILL_KILL, state=UNBORN)
    assert (child.state, courses[0].stage) == (UNBORN, DUE)


def test_a_child_that_has_left_stays_as_it_is():
    child, courses = lived(NEVER, WILL_KILL, state=AGED_OUT, end=5)
    assert (child.state, child.end, courses[0].stage) == (AGED_OUT, 5, DUE)


def test_bringing_a_child_up_in_many_steps_is_the_same_as_in_one():
    fields = (WILL_KILL, {"illness": COUGH, "onset": ONSET + 100, "due": ONSET + 100, "worsens": ONSET + 900})
    at_once = lived(KILLS + DAY, *fields)
    child, courses = with_courses(*fields)
    for minute in range(ONSET - 10, KILLS + DAY + 1, 97):
        live_until(child, courses, nature(), KEY, minute)
    live_until(child, courses, nature(), KEY, KILLS + DAY)
    assert child.tobytes() == at_once[0].tobytes()
    assert courses.tobytes() == at_once[1].tobytes()


def test_what_comes_next_is_the_earliest_and_of_equals_the_lowest_numbered():
    child, courses = with_courses(
        {"illness": FEVER, "due": 50}, {"illness": PNEUMONIA, "due": 50}, {"illness": COUGH, "due": 51}
    )
    assert what_comes_next(child, courses) == (PNEUMONIA, 50)
    courses[2].due = 49
    assert what_comes_next(child, courses) == (COUGH, 49)
    assert what_comes_next(a_child(), courses) == (-1, NEVER)


@pytest.mark.parametrize(
    ("days", "left"),
    [(0.0, 1.0), (10.4, 1.0), (10.5, 1.0), (15.75, 0.5), (20.0, 1 / 10.5), (21.0, 0.0), (40.0, 0.0)],
)
def test_an_act_protects_wholly_for_half_of_its_days_and_then_less_and_less(days, left):
    p = parameters(prophylaxis_act_days=21.0)
    child = a_child(act_at=ONSET, act_dose=1.0)
    assert protection(child, p, ONSET + round(days * DAY)) == pytest.approx(left, abs=1e-12)


def test_part_of_an_act_protects_in_part():
    p = parameters(prophylaxis_act_days=20.0)
    child = a_child(act_at=ONSET, act_dose=0.5)
    assert protection(child, p, ONSET + 5 * DAY) == 0.5
    assert protection(child, p, ONSET + 15 * DAY) == 0.25


def begun(illness, *, days_since_act, episode=0, child_number=0, act=True):
    """Whether a course begins in a child that had an ACT so many days ago, and what became of it."""
    course = {"illness": illness, "episode": episode, "child": child_number}
    given = {"act_at": ONSET - int(days_since_act * DAY), "act_dose": 1.0} if act else {}
    return lived(ONSET, course, p=nature(prophylaxis_act_days=20.0), **given)


def test_malaria_is_prevented_by_a_recent_act():
    child, courses = begun(MALARIA, days_since_act=5)
    assert (child.ill > 0, child.severe > 0, child.active[MALARIA]) == (0, 0, -1)
    assert (courses[0].stage, courses[0].outcome) == (OVER, PREVENTED)
    assert child.complaint == NO_COMPLAINT


def test_the_share_of_malarias_prevented_is_the_protection_left():
    for days, left in ((12, 0.8), (15, 0.5), (18, 0.2)):
        fates = [int(begun(MALARIA, days_since_act=days, child_number=i)[1][0].outcome) for i in range(400)]
        assert_share(fates.count(PREVENTED), 400, left)
        assert fates.count(RUNNING) == 400 - fates.count(PREVENTED)


def test_prevention_has_a_key_for_each_child_and_episode():
    fates = {int(begun(MALARIA, days_since_act=15, episode=i)[1][0].outcome) for i in range(30)}
    assert fates == {PREVENTED, RUNNING}


def test_an_old_act_or_none_prevents_nothing():
    assert begun(MALARIA, days_since_act=20)[1][0].outcome == RUNNING
    assert begun(MALARIA, days_since_act=5, act=False)[1][0].outcome == RUNNING


@pytest.mark.parametrize("illness", [PNEUMONIA, DIARRHOEA, NEWBORN, FEVER, COUGH])
def test_an_act_prevents_nothing_but_malaria(illness):
    child, courses = begun(illness, days_since_act=1)
    assert (child.ill > 0, courses[0].outcome) == (1, RUNNING)


def test_a_purchase_while_a_full_act_protects_in_full_does_not_lessen_protection():
    p = nature(prophylaxis_act_days=20.0, informal_act=1.0, informal_dose=0.5)
    child, courses = a_sick_child(FEVER, signs=HAS_FEVER)
    treat(child, courses, a_visit(AT_CHW, bits(ACT_INFANT)), ONSET, p, KEY)
    assert (child.act_at, child.act_dose) == (ONSET, 1.0)
    buy_from_shop(child, courses, ONSET + DAY, p, KEY)
    assert (child.act_at, child.act_dose) == (ONSET, 1.0)
    assert [protection(child, p, ONSET + day * DAY) for day in (2, 10, 15)] == [1.0, 1.0, 0.5]


@pytest.mark.parametrize(
    ("signs", "complaint"),
    [
        (HAS_DANGER | HAS_FAST | HAS_DIARRHOEA | HAS_FEVER | HAS_COUGH, 0),
        (HAS_FAST | HAS_DIARRHOEA | HAS_FEVER | HAS_COUGH, 1),
        (HAS_DIARRHOEA | HAS_FEVER | HAS_COUGH, 2),
        (HAS_FEVER | HAS_COUGH, 3),
        (HAS_COUGH, 4),
        (0, NO_COMPLAINT),
        (IS_INFECTED | HAS_DANGER_SEVERE, NO_COMPLAINT),
    ],
)
def test_the_family_sees_the_worst_complaint(signs, complaint):
    child, courses = a_sick_child(FEVER, signs=signs)
    take_stock_of(child, courses)
    assert child.complaint == complaint


def test_the_family_sees_all_the_childs_illnesses_together_but_not_those_ahead():
    mild = {"stage": MILD}
    child, courses = with_courses(
        {"illness": COUGH, "signs": HAS_COUGH, **mild},
        {"illness": FEVER, "signs": HAS_FEVER, **mild, "perceived": 1},
        {"illness": DIARRHOEA, "signs": HAS_DIARRHOEA, "perceived": 1},
    )
    take_stock_of(child, courses)
    assert signs_now(child, courses) == HAS_COUGH | HAS_FEVER
    assert (child.complaint, child.perceived) == (3, 1)
    courses[1].perceived = 0
    take_stock_of(child, courses)
    assert child.perceived == 0


def test_a_danger_sign_may_show_only_while_the_child_is_severe():
    signs = HAS_FEVER | HAS_DANGER_SEVERE
    course = {**WILL_WORSEN, "signs": signs, "u_die": 0.99}
    assert lived(ONSET, course)[0].complaint == 3
    child, courses = lived(WORSENS, course)
    assert child.complaint == 0
    assert signs_now(child, courses) == signs | HAS_DANGER
    assert lived(KILLS, course)[0].complaint == 3
    for stage, own in ((MILD, HAS_DANGER_SEVERE), (MENDING, HAS_FEVER), (SEVERE, HAS_FEVER)):
        assert signs_of(some_courses({"stage": stage, "signs": own})[0]) == own
    assert signs_of(some_courses({"stage": SEVERE, "signs": HAS_DANGER_SEVERE})[0]) & HAS_DANGER


def test_a_child_that_is_well_again_has_no_complaint():
    course = {**AGUE, "signs": HAS_FEVER, "u_worsen": 0.9, "u_recognise": 0.0}
    child, _ = lived(ONSET, course)
    assert (child.complaint, child.perceived) == (3, 1)
    child, _ = lived(NEVER, course)
    assert (child.complaint, child.perceived) == (NO_COMPLAINT, 0)


def test_expected_deaths_agree_with_deaths_whatever_the_treatment():
    p = parameters(sev=[0.4, 0.5, 0.6, 1.0, 0, 0], fatality=[0.5, 0.4, 0.3, 0.6, 0, 0])
    n = dead = 0
    expected = spread = 0.0
    for who in range(700):
        illness = who % 4
        child, courses = with_courses({"illness": illness})
        draw_course(courses[0], p, who, illness, 0, ONSET)
        courses[0].child = who
        courses[0].y[:2] = (0.1 * (who % 7), 0.0)
        courses[0].x[:2] = (0.1 * (who % 5), 0.05)
        live_until(child, courses, p, KEY, NEVER)
        n += 1
        dead += child.state == DEAD
        expected += courses[0].chance_death
        spread += courses[0].chance_death * (1.0 - courses[0].chance_death)
    assert 0 < dead < n
    assert abs(dead - expected) < 4.0 * spread**0.5


def test_a_course_of_another_child_has_no_part_in_this_one():
    child, courses = with_courses(AGUE, {"illness": PNEUMONIA, "u_worsen": 0.0, "u_die": 0.0})
    child.active[PNEUMONIA], child.afoot = -1, 1 << courses[0].illness
    live_until(child, courses, nature(), KEY, NEVER)
    assert (child.state, courses[1].stage) == (ALIVE, DUE)
    assert some_courses({})[0].stage == DUE


@pytest.mark.parametrize(("u_worsen", "change"), [(0.0, WORSENS), (0.999, WORSENS + DAY)])
def test_a_family_sees_the_next_change_when_an_illness_worsens_or_when_one_that_will_not_mends(u_worsen, change):
    child, courses = with_courses({"illness": MALARIA, "u_worsen": u_worsen, "mends": WORSENS + DAY})
    live_until(child, courses, parameters(), KEY, ONSET)
    assert child.changes == change
    child, courses = with_courses({"illness": MALARIA, "u_worsen": u_worsen}, leaves=ONSET + 1)
    live_until(child, courses, parameters(), KEY, ONSET)
    assert child.changes == ONSET + 1  # it leaves the model before
