"""Wasting: spells that are the same in every arm, that raise danger by a closed form, and leave the average child."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from falling_ill import wasting_at
from small import NEAR, SURE, lived, what_differs
from world import (
    DAY,
    KEY,
    KILLS,
    MANY,
    ONSET,
    a_provider,
    a_sick_child,
    assert_mean,
    assert_share,
    parameters,
    with_courses,
)

from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import (
    AVERAGE,
    CANDIDATE,
    DIARRHOEA,
    MALARIA,
    MILD,
    MODERATE_WASTING,
    MONTH,
    NEWBORN,
    PNEUMONIA,
    RUTF,
    SEVERE_WASTING,
    TREATED_WASTING,
    WELL_NOURISHED,
    table,
)
from iccmsim.parameters.scenario import ScenarioError, load_scenario
from iccmsim.results.indicators import deaths_from_wasting
from iccmsim.results.tables import episodes
from iccmsim.rules.case_management import book_key
from iccmsim.rules.illness import kill_or_not, live_until, worsen_or_not
from iccmsim.rules.nutrition import SPELL, begin_feeding, mark_wasting, severe_wasting_found

HALF_YEAR = int(6 * MONTH) * DAY
FATAL = (MALARIA, PNEUMONIA, DIARRHOEA)
NO_CARE = {"seek.a_informal": -20, "seek.a_facility": -20, "home.ors": 0, "home.act": 0, "chw.deployed": 0}
WASTED = {**NO_CARE, "was.on": 1, "place.people": 6000, "place.villages_per_zone": 8, "run.warmup_days": 30}
MANY_SEVERE = {**WASTED, "sam.prev": 0.1, "sev.mal.untreated": 0.08, "sev.diarr": 0.08}


def closed_form(p, hr: float, illness: int, overlap: float = 1.0) -> tuple[float, float]:
    """P and C of MODEL section 4 with h = HR over its mean at 6-59 months and a = .5."""
    mean = 1 - p.sam_prev - p.mam_prev + p.sam_prev * p.sam_hr + p.mam_prev * p.mam_hr
    power = math.sqrt(hr / mean)
    return 1 - (1 - p.sev[illness] * overlap) ** power, 1 - (1 - p.fatality[illness]) ** power


def by_state(p) -> dict[int, tuple[float, float]]:
    """Share of children of 6-59 months and hazard ratio of each state."""
    return {WELL_NOURISHED: (1 - p.sam_prev - p.mam_prev, 1.0), MODERATE_WASTING: (p.mam_prev, p.mam_hr),
            SEVERE_WASTING: (p.sam_prev, p.sam_hr)}  # fmt: skip


# Spells

@pytest.mark.parametrize("months", [6.01, 20.0, 59.0])
def test_wasting_is_as_common_as_stated_at_every_age_from_six_months(months):
    p, n = parameters(sam_prev=0.1, mam_prev=0.2), 2 * MANY
    states = [wasting_at(0, who, int(months * MONTH * DAY), p)[0] for who in range(n)]
    for state, share in ((SEVERE_WASTING, 0.1), (MODERATE_WASTING, 0.2), (WELL_NOURISHED, 0.7)):
        assert_share(states.count(state), n, share)


def test_younger_children_are_average():
    p = parameters(sam_prev=0.5, mam_prev=0.4)
    assert {wasting_at(0, who, HALF_YEAR - 1, p) for who in range(50)} == {(AVERAGE, HALF_YEAR)}


def test_a_spell_is_one_state_until_its_stated_end_and_lasts_as_long_as_stated():
    p, lengths = parameters(sam_prev=0.1, mam_prev=0.2), {SEVERE_WASTING: [], MODERATE_WASTING: []}
    for who in range(300):
        clock, seen = HALF_YEAR + 1, 0
        while seen < 5:
            state, until = wasting_at(0, who, clock, p)
            assert wasting_at(0, who, until - 1, p) == (state, until)
            after = wasting_at(0, who, until, p)[0]
            assert (after == WELL_NOURISHED) == (state != WELL_NOURISHED)
            if state != WELL_NOURISHED and seen:
                lengths[state].append((until - clock) / DAY)
            clock, seen = until, seen + 1
    for state, mean in ((SEVERE_WASTING, p.sam_days), (MODERATE_WASTING, p.mam_days)):
        assert_mean(lengths[state], mean, mean)


def test_each_spell_is_a_draw_of_its_own_and_comes_out_the_same_however_often_it_is_asked_about():
    p = parameters(sam_prev=0.1, mam_prev=0.2)
    for who in range(60):
        minutes = range(HALF_YEAR - 5, HALF_YEAR + 900 * DAY, 37 * DAY)
        walked = table(CANDIDATE, 2 * len(minutes))  # of two illnesses
        walked["onset"] = [*minutes, *minutes]
        spells = table(SPELL, 1000)
        spells["state"] = SEVERE_WASTING  # as the child before may leave them
        n = mark_wasting(walked, 0, len(walked), 0, who, spells, p, KEY)
        assert (spells["until"][:n] > 0).all()
        assert not spells["until"][n:].any()
        for course in walked:
            assert (int(course.wasting), int(course.wasted_until)) == wasting_at(0, who, int(course.onset), p)
        state, until = wasting_at(0, who, HALF_YEAR, p)
        begins = until if state != WELL_NOURISHED else HALF_YEAR
        wait = -math.log(draw(KEY, Decision.WASTING, who, 1)[0]) / p.was_per_day * DAY
        assert wasting_at(0, who, begins, p) == (WELL_NOURISHED, begins + 1 + int(wait))


def test_where_nobody_is_wasted_all_are_well_nourished():
    p = parameters(sam_prev=0.0, mam_prev=0.0)
    assert {wasting_at(0, who, 40 * HALF_YEAR // 6, p)[0] for who in range(50)} == {WELL_NOURISHED}


# Danger

@pytest.mark.parametrize("illness", FATAL)
@pytest.mark.parametrize("overlaps", [0, 1])
def test_danger_in_each_state_is_the_closed_form_and_treatment_takes_its_share_of_it(illness, overlaps):
    p = parameters()
    for state, (_, hr) in by_state(p).items():
        severity, fatality = closed_form(p, hr, illness, p.overlap_mechanism if overlaps else 1.0)
        child, courses = a_sick_child(illness, wasting=state, overlaps=overlaps, u_worsen=0.0)
        courses[0].x[0], courses[0].y[0] = 0.25, 0.5
        worsen_or_not(child, courses[0], p, KEY)
        kill_or_not(child, courses, courses[0], p)
        assert courses[0].chance_severe == pytest.approx(0.75 * severity)
        assert courses[0].chance_death == pytest.approx(0.5 * fatality)


def test_treated_wasting_keeps_a_quarter_of_the_added_hazard():
    p = parameters()
    child, courses = a_sick_child(MALARIA, wasting=TREATED_WASTING, u_worsen=0.0)
    worsen_or_not(child, courses[0], p, KEY)
    assert courses[0].chance_severe == pytest.approx(closed_form(p, 1 + 6 * 0.25, MALARIA)[0])


@pytest.mark.parametrize("setting", ["sahel", "bankass"])
@pytest.mark.parametrize("illness", FATAL)
def test_the_average_child_is_unchanged_within_four_percent_and_some_deaths_are_due_to_wasting(setting, illness):
    from iccmsim.engine.plan import reference_values
    from iccmsim.parameters.kernel import kernel_record

    p = kernel_record(load_scenario(f"{setting}/facility-only").values(), reference=reference_values())[0]
    risk = {state: math.prod(closed_form(p, hr, illness)) for state, (_, hr) in by_state(p).items()}
    mean = sum(share * risk[state] for state, (share, _) in by_state(p).items())
    assert mean == pytest.approx(p.sev[illness] * p.fatality[illness], rel=0.04)
    assert 0.10 < 1 - risk[WELL_NOURISHED] / mean < 0.25


@cache
def untreated():
    """A place without any care in which many worsen, run once."""
    return lived(MANY_SEVERE)


@pytest.mark.parametrize("illness", FATAL)
def test_deaths_an_untreated_course_agree_with_the_closed_form_in_every_state(illness):
    run = untreated().runs[0]
    p, course = run.plan.record(run.plan.warmup)[0], run.course
    ended = np.isin(course["outcome"], (1, 2)) & (course["illness"] == illness) & (course["x"].max(axis=1) == 0)
    for state, (_, hr) in {**by_state(p), AVERAGE: (0.0, 0.0)}.items():
        expected, variance, hits = 0.0, 0.0, 0
        for overlaps in (0, 1):
            mine = course[ended & (course["wasting"] == state) & (course["overlaps"] == overlaps)]
            over = p.overlap_mechanism if overlaps else 1.0
            plain = (p.sev[illness] * over, p.fatality[illness])
            severity, fatality = closed_form(p, hr, illness, over) if hr else plain
            np.testing.assert_allclose(mine["chance_severe"], severity)
            met = mine["chance_death"] > 0
            np.testing.assert_allclose(mine["chance_death"][met], fatality)
            expected, variance = expected + len(mine) * severity, variance + len(mine) * severity * (1 - severity)
            hits += int(met.sum())
        assert abs(hits - expected) <= 4 * math.sqrt(variance)


def test_a_tenth_to_a_quarter_of_deaths_is_attributable_to_wasting():
    places = [lived({**WASTED, "place.people": 30_000}, seed=seed).runs for seed in range(1, 21)]
    found = [deaths_from_wasting(episodes(runs), window_days=400)["deaths_from_wasting"] for runs in places]
    more, deaths = np.transpose(found)
    share = more.sum() / deaths.sum()
    error = (more - share * deaths).std(ddof=1) / math.sqrt(len(places)) / deaths.mean()
    assert deaths.sum() > 2500
    assert 0.10 < share - 3 * error < share + 3 * error < 0.25
    off = deaths_from_wasting(episodes(lived(NO_CARE).runs), window_days=400)
    assert off["deaths_from_wasting"] == (0.0, 0.0), "nobody is wasted: no share, rather than none of the deaths"


def test_no_illness_begins_within_itself_however_much_wasting_worsens_it():
    lived({**NO_CARE, "was.on": 1, "sam.hr": 60, "sam.prev": 0.2, "place.people": 4000})  # else the run stops


def test_wasting_is_the_same_in_every_arm_and_never_in_newborns():
    columns = [lived({**NEAR, "was.on": 1}, programme=name).runs[0].course for name in ("facility-only",
               "iccm-supported")]  # fmt: skip
    for name in ("wasting", "wasted_until"):
        np.testing.assert_array_equal(columns[0][name], columns[1][name])
    assert set(np.unique(columns[0]["wasting"])) == {AVERAGE, WELL_NOURISHED, MODERATE_WASTING, SEVERE_WASTING}
    assert set(columns[0]["wasting"][columns[0]["illness"] == NEWBORN]) <= {AVERAGE}


def test_wasting_kills_through_illness_and_leaves_the_background_alone():
    off, on = lived(NO_CARE).runs[0].zone, lived({**NO_CARE, "was.on": 1, "sam.hr": 60}).runs[0].zone
    for name in ("leaves", "leaves_dead", "birth"):
        np.testing.assert_array_equal(off.child[name], on.child[name])
    assert len(on.course) < len(off.course) * 1.001  # an onset within a longer severe illness is dropped
    assert len(on.course) > len(off.course) * 0.95


def test_off_or_without_added_danger_wasting_changes_nothing():
    plain = lived(NEAR)
    for more in ({"sam.hr": 50}, {"mam.hr": 9}, {"sam.prev": 0.3}, {"mam.prev": 0.5}, {"sam.days": 5},
                 {"tx.sam.mort_red": 0}):  # fmt: skip
        assert what_differs(plain, lived({**NEAR, **more})) == set()
    marked = what_differs(plain, lived({**NEAR, "was.on": 1, "sam.hr": 1, "mam.hr": 1}))
    assert marked == {f"{where}.{what}" for where in ("candidate", "course") for what in ("wasting", "wasted_until")}


def test_more_children_wasted_than_there_are_is_refused():
    with pytest.raises(ScenarioError, match=r"sam\.prev \+ setting\.mam\.prev = 1\.1: must be below 1"):
        load_scenario("sahel/facility-only", overrides={"sam.prev": 0.5, "mam.prev": 0.6})


# Treatment by CHWs

def found_at(child, courses, p, *, chw: int = 0) -> int:
    """When the spell of severe wasting would end that a CHW finds; its visit is led by the first of the illnesses."""
    lead = courses[0]
    return severe_wasting_found(child, courses, lead, book_key(a_provider(number=chw), lead), p, KEY, ONSET + DAY)


@pytest.mark.parametrize("illnesses", [(MALARIA,), (MALARIA, PNEUMONIA), (MALARIA, PNEUMONIA, DIARRHOEA)])
def test_the_arm_is_measured_at_a_share_of_visits_however_many_illnesses_the_child_has(illnesses):
    p, n = parameters(policy_muac=0.5, dx_muac_sens=0.8), 0
    for episode in range(MANY):
        child, courses = with_courses(*({"illness": illness, "stage": MILD, "episode": episode, "visits": 1,
                                         "wasting": SEVERE_WASTING, "wasted_until": KILLS} for illness in illnesses))
        n += found_at(child, courses, p) > 0
    assert_share(n, MANY, 0.4)


def test_each_visit_decides_anew_whether_the_arm_is_measured_and_one_chw_reads_it_alike_at_all():
    child, courses = a_sick_child(MALARIA, wasting=SEVERE_WASTING, wasted_until=KILLS)
    often, blind = parameters(policy_muac=0.5, dx_muac_sens=1.0), parameters(policy_muac=1.0, dx_muac_sens=0.5)
    measured, read, anybody = [], [], []
    for visits in range(400):
        courses[0].visits = visits
        measured.append(found_at(child, courses, often) > 0)
        read.append(found_at(child, courses, blind) > 0)
        anybody.append(found_at(child, courses, blind, chw=visits) > 0)
    assert_share(sum(measured), 400, 0.5)
    assert len(set(read)) == 1
    assert_share(sum(anybody), 400, 0.5)


def test_whether_the_arm_is_measured_says_nothing_about_what_is_read():
    p, n = parameters(policy_muac=0.5, dx_muac_sens=0.5), 0
    for episode in range(MANY):
        child, courses = a_sick_child(MALARIA, wasting=SEVERE_WASTING, wasted_until=KILLS, episode=episode)
        n += found_at(child, courses, p) > 0  # at the first visit of all both are drawn, from keys of their own
    assert_share(n, MANY, 0.25)


def test_severe_wasting_is_found_as_often_as_it_is_looked_for_and_seen_and_nothing_else_is():
    p = parameters(policy_muac=0.6, dx_muac_sens=0.5)
    spell, found = {"wasted_until": ONSET + 30 * DAY}, 0
    for episode in range(MANY):
        child, courses = a_sick_child(MALARIA, wasting=SEVERE_WASTING, episode=episode, **spell)
        until = found_at(child, courses, p)
        assert until in (0, ONSET + 30 * DAY)
        found += until > 0
        child.fed_until = ONSET + 30 * DAY  # treated for this spell already
        assert found_at(child, courses, p) == 0
    assert_share(found, MANY, 0.3)
    sure = parameters(policy_muac=1.0, dx_muac_sens=1.0)
    for state in (AVERAGE, WELL_NOURISHED, MODERATE_WASTING, TREATED_WASTING):
        child, courses = a_sick_child(MALARIA, wasting=state, **spell)
        assert found_at(child, courses, sure) == 0
    child, courses = a_sick_child(MALARIA, wasting=SEVERE_WASTING, wasted_until=ONSET + DAY)
    assert found_at(child, courses, sure) == 0  # over by then
    child, courses = a_sick_child(MALARIA, wasting=SEVERE_WASTING, **spell)
    child.active[:], child.ill = -1, 0
    assert found_at(child, courses, sure) == 0  # well again: nobody measures


def test_a_child_that_is_fed_is_known_by_the_spell_it_is_fed_for():
    child, _ = a_sick_child(MALARIA)
    begin_feeding(child, ONSET + 30 * DAY, ONSET + DAY)
    assert (child.fed_at, child.fed_until) == (ONSET + DAY, ONSET + 30 * DAY)


def test_each_candidate_illness_is_marked_with_how_the_child_is_nourished_then():
    people = {"place.people": 3000, "place.villages_per_zone": 4, "run.warmup_days": 30, "run.days": 700}
    run, seen = lived({**NEAR, **people, "was.on": 1, "sam.prev": 0.3, "mam.prev": 0.3}).runs[0], set()
    p, key = run.plan.record(0)[0], run.key
    for course in run.course[::40]:
        alone = table(CANDIDATE, 1)
        alone["onset"], birth = course.onset, int(run.zone.child["birth"][course.child])
        mark_wasting(alone, 0, 1, birth, int(course.child), table(SPELL, 1000), p, key)
        assert (course.wasting, course.wasted_until) == (alone[0].wasting, alone[0].wasted_until)
        seen.add(int(course.wasting))
    assert seen == {AVERAGE, WELL_NOURISHED, MODERATE_WASTING, SEVERE_WASTING}


def test_too_little_room_for_spells_is_told_and_more_room_is_made():
    p, course = parameters(sam_prev=0.3, mam_prev=0.3), table(CANDIDATE, 1)
    course["onset"] = 59 * MONTH * DAY
    assert mark_wasting(course, 0, 1, 0, 1, table(SPELL, 3), p, KEY) == -1
    short = {"place.people": 2000, "place.villages_per_zone": 4, "run.days": 100, "was.on": 1, "sam.days": 1,
             "mam.days": 1, "sam.prev": 0.3, "mam.prev": 0.3}  # fmt: skip
    course = lived({**NEAR, **short}).runs[0].course
    assert (course["wasting"] == SEVERE_WASTING).mean() > 0.15


def state_at_onset(days_after_feeding: float, *, spell_differs: bool = False, number: int = 0, **changed) -> int:
    """How a child who was fed for severe wasting is nourished when its next illness begins."""
    child, courses = with_courses({"illness": MALARIA, "wasting": SEVERE_WASTING, "wasted_until": ONSET + 99 * DAY})
    child.number = number
    child.fed_at, child.fed_until = ONSET - int(days_after_feeding * DAY), ONSET + (99 + spell_differs) * DAY
    live_until(child, courses, parameters(**changed), KEY, ONSET)
    return int(courses[0].wasting)


def test_a_fed_child_is_under_treatment_for_weeks_and_then_well_if_cured_within_the_same_spell():
    assert state_at_onset(48.9) == TREATED_WASTING
    assert state_at_onset(49.1, tx_sam_cure=1.0) == WELL_NOURISHED
    assert state_at_onset(49.1, tx_sam_cure=0.0) == SEVERE_WASTING
    assert state_at_onset(1, spell_differs=True) == SEVERE_WASTING
    n = MANY // 2
    assert_share(sum(state_at_onset(60, number=i) == WELL_NOURISHED for i in range(n)), n, 0.942)


FED = {**NEAR, **SURE, "was.on": 1, "sam.prev": 0.2, "sam.days": 150, "place.people": 3000, "seek.chw_shift": 3.0,
       "policy.muac": 1}  # fmt: skip


def danger(more: dict, seed: int) -> float:
    """Mean chance of worsening of all illnesses that can worsen."""
    course = lived({**FED, **more}, seed=seed).runs[0].course
    return float(course["chance_severe"][(course["illness"] < NEWBORN) & np.isin(course["outcome"], (1, 2))].mean())


@pytest.mark.parametrize(("first", "second"), [
    ({"policy.muac": 0}, {}), ({"dx.muac.sens": 0.1}, {"dx.muac.sens": 1}), ({"tx.sam.cure": 0}, {"tx.sam.cure": 1}),
    ({"tx.sam.mort_red": 0}, {"tx.sam.mort_red": 1}), ({"tx.sam.days": 200, "tx.sam.mort_red": 0}, {"tx.sam.days": 14}),
    ({"sup.kit_days": 0, "sup.fill": 0}, {}),
])  # fmt: skip
def test_feeding_the_severely_wasted_makes_later_illness_less_dangerous(first, second):
    differences = np.array([danger(second, seed) - danger(first, seed) for seed in range(1, 7)])
    assert differences.mean() < 0
    assert -differences.mean() >= 3 * differences.std(ddof=1) / math.sqrt(6)


def test_food_is_counted_dose_by_dose_and_nobody_is_fed_twice_for_one_spell():
    run = lived(FED).runs[0]
    provider, visit = run.zone.provider, run.zone.visit[: run.zone.n[1]]
    names = ("began_with", "received", "given", "issued", "stock")
    books = {name: provider[name][:, RUTF].astype(int) for name in names}
    np.testing.assert_array_equal(books["began_with"] + books["received"],
                                  books["given"] + books["issued"] + books["stock"])  # fmt: skip
    fed = visit[visit["given"] & 1 << RUTF != 0]
    assert len(fed) == books["given"].sum() > 20
    spells = {(int(v["child"]), int(run.course["wasted_until"][v["course"]])) for v in fed}
    assert len(spells) >= 0.98 * len(fed)  # a visit is led by one illness, found by another, now and then


def test_without_screening_its_numbers_change_nothing():
    plain = lived({**NEAR, "was.on": 1})
    for more in ({"dx.muac.sens": 0.1}, {"tx.sam.cure": 0}, {"tx.sam.days": 5}, {"sup.kit_rutf": 3}):
        assert what_differs(plain, lived({**NEAR, "was.on": 1, **more})) == set()


def test_screening_where_nobody_is_wasted_is_refused():
    with pytest.raises(ScenarioError, match=r"policy\.muac = 0\.5: must be 0 where setting\.was\.on is 0"):
        load_scenario("sahel/iccm-as-delivered", overrides={"policy.muac": 0.5, "was.on": 0})
