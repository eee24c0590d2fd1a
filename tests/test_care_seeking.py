"""What families do: the odds of each provider, the race between them, memory, and second tries."""

from __future__ import annotations

import math

import pytest
from world import (
    DAY,
    KEY,
    MANY,
    ONSET,
    a_child,
    a_household,
    a_village,
    a_visit,
    assert_share,
    bits,
    parameters,
    some_providers,
)

from iccmsim.core.draws import Decision, draw, draw_words
from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AMOXICILLIN,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    COUNTED,
    INFORMAL,
    NEVER,
    NO_COMPLAINT,
    ORS,
    RDT,
    REFERRED,
    TESTED,
    WAIT,
    ZINC,
)
from iccmsim.rules.care_seeking import (
    DAYTIME,
    choose,
    decision_minute,
    fade_trust,
    feels_in_good_hands,
    gave_drugs,
    has_been_anywhere,
    is_tempted,
    lacked_drugs,
    may_decide,
    odds_for,
    read_choice,
    reckon_usual,
    remember,
    second_choice,
    trust_left,
    walking_minutes,
)

HALF_LIFE = 90 * math.log(2)


def habits(**changed):
    """Start values of the equations of care-seeking, as published with the model."""
    stated = {
        "seek_a_informal": -2.4,
        "seek_a_facility": -1.7,
        "seek_chw_shift": 0.6,
        "seek_km_facility": 0.10,
        "seek_km_chw": 0.33,
        "seek_fee": 0.25,
        "fee_facility": 2.5,
        "fee_chw": 0.5,
        "seek_trust": 0.7,
        "trust_days": 90.0,
        "seek_mob": 0.3,
        "mob_on": 0,
        "seek_sev": math.log(2.4),
        "seek_tried": 1.5,
        "seek_second": 0.5,
        "seek_speed": 4.0,
        "seek_k": (0.0, 0.0, 0.0, -0.3, -1.0),
    }
    return parameters(**{**stated, **changed})


def utilities(household, village, p=None, day=50):
    """ln odds of informal, CHW and facility after the household has thought it over."""
    p = p if p is not None else habits()
    reckon_usual(household, p)
    fade_trust(household, village, p, day)
    odds = {v: odds_for(household, village, some_providers(), p, v) for v in (INFORMAL, AT_CHW, AT_FACILITY)}
    return {v: math.log(each) for v, each in odds.items() if each > 0}


def test_a_household_weighs_providers_by_taste_distance_fee_and_trust():
    household = a_household(taste_any=0.4, taste_formal=-0.3, wealth=2.0, km_facility=6.0, km_chw=1.5)
    household.trust[:] = (0.5, -0.4)
    village = a_village()
    village.trust[:] = (-0.2, 0.6)
    household.trust_day = village.trust_day = 50
    assert utilities(household, village) == {
        INFORMAL: pytest.approx(-2.4 + 0.4),
        AT_FACILITY: pytest.approx(-1.7 + 0.4 - 0.3 - 0.10 * 6 - 0.25 * 2.5 / 2 + 0.7 * (-0.4 + 0.6) / 2),
        AT_CHW: pytest.approx(-1.7 + 0.6 + 0.4 - 0.3 - 0.33 * 1.5 - 0.25 * 0.5 / 2 + 0.7 * (0.5 - 0.2) / 2),
    }


def test_mobilisation_adds_to_formal_care_where_it_is_on():
    plain = utilities(a_household(), a_village())
    stirred = utilities(a_household(), a_village(), habits(mob_on=1))
    assert stirred[INFORMAL] == plain[INFORMAL]
    assert stirred[AT_CHW] - plain[AT_CHW] == pytest.approx(0.3)
    assert stirred[AT_FACILITY] - plain[AT_FACILITY] == pytest.approx(0.3)


def test_a_household_without_a_chw_cannot_go_to_one():
    household = a_household(chw=-1)
    household.usual[AT_CHW] = 3.0
    assert set(utilities(household, a_village())) == {INFORMAL, AT_FACILITY}
    assert household.usual[AT_CHW] == 0.0
    assert AT_CHW in utilities(a_household(chw=0), a_village())


def test_lasting_odds_are_without_trust():
    household = a_household()
    household.trust[:] = (1.0, -1.0)
    reckon_usual(household, habits())
    assert list(household.usual[1:]) == pytest.approx(
        [math.exp(v) for v in (-2.4, -1.1 - 0.33 - 0.125, -1.7 - 0.4 - 0.625)]
    )


def test_odds_are_reckoned_with_trust_as_it_is_that_day():
    household = a_household(trust_day=10)
    household.trust[:] = (-1.0, -1.0)
    village = a_village(trust_day=50)
    left = -math.exp(-40 / 90)
    assert utilities(household, village)[AT_CHW] == pytest.approx(-1.1 - 0.33 - 0.125 + 0.35 * left)
    assert household.trust_day == 50


def test_memories_fade_by_half_in_their_half_life_and_once_a_day():
    household, village = a_household(trust_day=0), a_village(trust_day=0)
    household.trust[:], village.trust[:], village.users[:] = (-1.0, 0.8), (0.6, -1.0), (40.0, 8.0)
    p = habits()
    day = round(HALF_LIFE)
    left = math.exp(-day / 90)
    assert left == pytest.approx(0.5, abs=0.01)
    for _ in range(2):
        fade_trust(household, village, p, day)
        assert list(household.trust) == pytest.approx([-left, 0.8 * left])
        assert list(village.trust) == pytest.approx([0.6 * left, -left])
        assert list(village.users) == pytest.approx([40 * left, 8 * left])
        assert household.trust_day == village.trust_day == day
    fade_trust(household, village, p, day - 5)
    assert list(household.trust) == pytest.approx([-left, 0.8 * left])
    assert (household.trust_day, village.trust_day) == (day, day)


def test_memories_of_household_and_village_fade_each_from_its_own_day():
    household, village = a_household(trust_day=30), a_village(trust_day=0)
    household.trust[:], village.trust[:] = (1.0, 1.0), (1.0, 1.0)
    fade_trust(household, village, habits(), 30)
    assert list(household.trust) == [1.0, 1.0]
    assert list(village.trust) == pytest.approx([math.exp(-30 / 90)] * 2)
    household, village = a_household(trust_day=0), a_village(trust_day=30)
    household.trust[:], village.trust[:] = (1.0, 1.0), (1.0, 1.0)
    fade_trust(household, village, habits(), 30)
    assert list(household.trust) == pytest.approx([math.exp(-30 / 90)] * 2)
    assert list(village.trust) == [1.0, 1.0]


@pytest.mark.parametrize(("provider", "v"), [(AT_CHW, 0), (AT_FACILITY, 1)])
def test_an_event_moves_the_trust_of_the_household_and_less_the_villages(provider, v):
    household, village = a_household(), a_village()
    assert list(household.used_day) == [-1, -1]
    household.trust[v], village.trust[v], village.users[v] = -0.5, 0.2, 20.0
    household.trust_day = village.trust_day = 9
    remember(household, village, habits(), provider, -0.15, 9)
    assert household.trust[v] == pytest.approx(-0.5 - 0.15 * 0.5)
    assert village.trust[v] == pytest.approx(0.2 - 2 / 20 * 0.15 * 0.8)
    assert village.users[v] == 21.0
    assert (household.used_day[v], household.used_day[1 - v]) == (9, -1)
    assert (household.trust[1 - v], village.trust[1 - v], village.users[1 - v]) == (0.0, 0.0, 0.0)


def test_a_village_of_few_users_weighs_an_event_as_one_of_five():
    for users, weight in ((0.0, 2 / 5), (5.0, 2 / 5), (8.0, 2 / 8)):
        household, village = a_household(), a_village()
        village.users[0] = users
        remember(household, village, habits(), AT_CHW, 0.02, 0)
        assert village.trust[0] == pytest.approx(weight * 0.02)


def test_old_memories_fade_before_a_new_one_is_added():
    household, village = a_household(trust_day=0), a_village(trust_day=0)
    household.trust[0] = village.trust[0] = -0.6
    remember(household, village, habits(), AT_CHW, -0.2, 45)
    faded = -0.6 * math.exp(-0.5)
    assert household.trust[0] == pytest.approx(faded - 0.2 * (1 + faded))
    assert village.trust[0] == pytest.approx(faded - 0.4 * 0.2 * (1 + faded))


def test_a_memory_goes_on_fading_however_long_ago_it_was():
    p = habits()
    for day in (1, 400, 511, 512, 513, 900):
        household, village = a_household(trust_day=0), a_village(trust_day=0)
        household.trust[:], village.trust[:], village.users[:] = (1.0, -1.0), (-1.0, 1.0), (10.0, 20.0)
        fade_trust(household, village, p, day)
        left = math.exp(-day / 90)
        assert trust_left(p, day) == pytest.approx(left, rel=1e-12)
        assert list(household.trust) == pytest.approx([left, -left], rel=1e-12)
        assert list(village.trust) == pytest.approx([-left, left], rel=1e-12)
        assert list(village.users) == pytest.approx([10 * left, 20 * left], rel=1e-12)


@pytest.mark.parametrize("change", [1.0, -1.0, 0.02, -0.2])
def test_trust_stays_between_minus_one_and_one_and_comes_half_way_back_within_its_half_life(change):
    household, village, p = a_household(), a_village(), habits()
    for _ in range(400):
        remember(household, village, p, AT_CHW, change, 0)
        assert abs(household.trust[0]) <= 1.0
        assert abs(village.trust[0]) <= 1.0
    worst = household.trust[0], village.trust[0]
    assert abs(worst[0]) > 0.9
    fade_trust(household, village, p, math.ceil(HALF_LIFE))
    assert abs(household.trust[0]) <= 0.5 * abs(worst[0])
    assert abs(village.trust[0]) <= 0.5 * abs(worst[1])


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        ({}, True),
        ({"ill": 0}, False),
        ({"going_to": AT_CHW}, False),
        ({"going_to": AT_HOSPITAL}, False),
        ({"waits_since": 5}, False),
        ({"waits_since": 0}, False),
        ({"content_until": ONSET + 1}, False),
        ({"content_until": ONSET}, True),
        ({"ill": 3}, True),
    ],
)
def test_a_family_decides_while_the_child_is_unwell_at_home_and_not_under_good_care(fields, may):
    assert bool(may_decide(a_child(**{"ill": 1, **fields}), ONSET)) == may


def test_a_family_goes_home_with_a_drug_and_a_test_alone_is_none():
    for product in (ORS, ZINC, AMOXICILLIN, ACT_INFANT, ACT_CHILD):
        assert bool(gave_drugs(a_visit(AT_CHW, bits(product))))
        assert bool(gave_drugs(a_visit(AT_CHW, bits(product, RDT))))
    assert not bool(gave_drugs(a_visit(AT_CHW, bits(RDT))))
    assert not bool(gave_drugs(a_visit(AT_CHW, 0)))


@pytest.mark.parametrize(
    ("provider", "marks", "perceived", "content"),
    [
        (AT_CHW, 0, 0, True),
        (AT_CHW, TESTED | COUNTED, 0, True),
        (AT_CHW, REFERRED | TESTED, 0, False),
        (AT_FACILITY, REFERRED, 0, False),
        (AT_CHW, 0, 1, False),
        (AT_FACILITY, 0, 1, True),
        (AT_FACILITY, 0, 0, True),
    ],
)
def test_a_family_waits_for_treatment_to_work_unless_told_to_go_on_or_alarmed(provider, marks, perceived, content):
    visit = a_visit(provider, bits(ORS))
    visit.marks = marks
    assert bool(feels_in_good_hands(a_child(perceived=perceived), visit)) == content


def test_families_decide_between_six_and_eighteen_and_at_any_minute_of_it():
    p = habits(seek_hours=(360.0, 1080.0))
    minutes = [decision_minute(draw_words(KEY, Decision.CHOICE, who, 1, 0, 0, 0)[0], p) for who in range(MANY)]
    assert 360 <= min(minutes) < 365
    assert 1075 < max(minutes) < 1080
    for first in range(360, 1080, 120):
        assert_share(sum(first <= minute < first + 120 for minute in minutes), MANY, 1 / 6)


def test_the_minute_of_a_decision_says_nothing_about_what_is_decided():
    p = habits()
    early = late = n = m = 0
    for who in range(MANY):
        minute, (u, *_) = read_choice(p, 1, *draw_words(KEY, Decision.CHOICE, who, 1, 0, 0, 0))
        if minute - DAY < 720:
            n, early = n + 1, early + (u < 0.3)
        else:
            m, late = m + 1, late + (u < 0.3)
    assert_share(early, n, 0.3)
    assert_share(late, m, 0.3)


def a_family(**odds):
    """A household with given odds against waiting."""
    household = a_household()
    household.usual[:] = [0.0, odds.get("informal", 0.0), odds.get("chw", 0.0), odds.get("facility", 0.0)]
    return household


def race(child, household, p, uniforms, village=None):
    """What the family does."""
    village = a_village() if village is None else village
    return int(choose(child, household, village, some_providers(), p, uniforms, ONSET))


def choices(household, child, p=None, n=MANY, day=7):
    """What n families with the same odds do, each with draws of its own."""
    p = p if p is not None else habits()
    return [race(child, household, p, draw(KEY, Decision.CHOICE, who, day)) for who in range(n)]


def test_the_race_gives_each_alternative_its_share_of_the_odds():
    made = choices(a_family(informal=0.4, chw=0.9, facility=0.2), a_child(complaint=2))
    for v, odds in ((WAIT, 1.0), (INFORMAL, 0.4), (AT_CHW, 0.9), (AT_FACILITY, 0.2)):
        assert_share(made.count(v), MANY, odds / 2.5)


@pytest.mark.parametrize(("complaint", "k"), [(0, 0.0), (1, 0.0), (2, 0.0), (3, -0.3), (4, -1.0)])
def test_the_worst_complaint_moves_all_care_alike(complaint, k):
    made = choices(a_family(informal=0.5, chw=1.0), a_child(complaint=complaint))
    care = 1.5 * math.exp(k)
    assert_share(made.count(WAIT), MANY, 1 / (1 + care))
    assert_share(made.count(AT_CHW), MANY, math.exp(k) / (1 + care))


def test_a_family_that_thinks_the_child_severely_ill_seeks_2_4_times_as_much():
    made = choices(a_family(chw=0.5), a_child(complaint=0, perceived=1))
    assert_share(made.count(AT_CHW), MANY, 0.5 * 2.4 / (1 + 0.5 * 2.4))


def test_a_family_waits_while_it_sees_no_complaint():
    assert set(choices(a_family(chw=1e9), a_child(complaint=NO_COMPLAINT, perceived=1), n=50)) == {WAIT}


@pytest.mark.parametrize("v", [INFORMAL, AT_CHW, AT_FACILITY])
def test_a_provider_visited_in_the_last_two_days_pulls_less(v):
    odds = {"informal": 0.5, "chw": 0.5, "facility": 0.5}
    for ago, factor in ((0, math.exp(-1.5)), (2 * DAY - 1, math.exp(-1.5)), (2 * DAY, 1.0)):
        child = a_child(complaint=2)
        child.visited[v] = ONSET - ago
        made = choices(a_family(**odds), child)
        assert_share(made.count(v), MANY, 0.5 * factor / (2.0 + 0.5 * factor))


def test_opening_a_new_alternative_moves_a_child_only_to_it():
    child = a_child(complaint=2)
    without, with_chw = a_family(informal=0.4, facility=0.6), a_family(informal=0.4, facility=0.6, chw=1.5)
    before, after = choices(without, child), choices(with_chw, child)
    assert all(b in (a, AT_CHW) for a, b in zip(before, after, strict=True))
    moved = [a for a, b in zip(before, after, strict=True) if b != a]
    assert {WAIT, INFORMAL, AT_FACILITY} == set(moved)
    assert AT_CHW not in before


def test_a_stronger_pull_of_one_provider_moves_a_child_only_to_it():
    child = a_child(complaint=2)
    weak, strong = (
        a_family(informal=0.4, facility=0.6, chw=0.3),
        a_family(informal=0.4, facility=0.6, chw=0.9),
    )
    pairs = list(zip(choices(weak, child), choices(strong, child), strict=True))
    assert all(b in (a, AT_CHW) for a, b in pairs)


def second(household, n=MANY, failed=AT_CHW, p=None, day=3):
    """Where n families go on the day on which one provider had failed them."""
    p = p if p is not None else habits()
    around = household, a_village(), some_providers()
    return [int(second_choice(a_child(), *around, p, KEY, who, failed, day, p.seek_second)) for who in range(n)]


def test_half_of_the_families_try_another_provider_the_same_day_by_their_odds():
    made = second(a_family(informal=0.6, chw=5.0, facility=0.3))
    assert_share(made.count(WAIT), MANY, 0.5)
    assert_share(made.count(INFORMAL), MANY, 0.5 * 2 / 3)
    assert_share(made.count(AT_FACILITY), MANY, 0.5 / 3)
    assert AT_CHW not in made
    made = second(a_family(informal=0.6, chw=0.6), failed=AT_FACILITY)
    assert_share(made.count(AT_CHW), MANY, 0.25)


def test_nobody_tries_again_where_the_chance_is_none_and_all_do_where_it_is_one():
    family = a_family(informal=0.6, chw=5.0, facility=0.3)
    assert set(second(family, 50, p=habits(seek_second=0.0))) == {WAIT}
    assert WAIT not in second(family, 50, p=habits(seek_second=1.0))


def test_a_family_with_nowhere_else_to_go_goes_home():
    assert set(second(a_family(chw=5.0), 50, p=habits(seek_second=1.0))) == {WAIT}


def test_second_tries_are_drawn_for_each_child_and_day():
    family = a_family(informal=0.6, facility=0.3)
    assert second(family, 40, day=3) != second(family, 40, day=4)


def test_a_new_alternative_moves_a_second_try_only_to_it():
    pairs = zip(
        second(a_family(informal=0.6), 600, AT_FACILITY),
        second(a_family(informal=0.6, chw=0.8), 600, AT_FACILITY),
        strict=True,
    )
    assert all(b in (a, AT_CHW) for a, b in pairs)


def test_the_way_takes_a_quarter_of_an_hour_a_km():
    household = a_household(km_facility=4.0, km_chw=1.0, km_hospital=30.0)
    p = habits()
    assert walking_minutes(household, p, AT_FACILITY) == 60
    assert walking_minutes(household, p, AT_CHW) == 15
    assert walking_minutes(household, p, AT_HOSPITAL) == 450
    assert walking_minutes(household, habits(seek_speed=3.0), AT_CHW) == 20


def test_a_walk_for_nothing_costs_half_of_the_hours_of_a_day():
    assert DAYTIME == (1080 - 360) / 2
    assert NEVER // 2 > 2 * DAY


def test_a_village_counts_the_households_that_used_a_provider_not_their_visits():
    household, neighbour, village = a_household(), a_household(), a_village()
    for _ in range(3):
        remember(household, village, habits(), AT_CHW, 0.02, 0)
    assert list(village.users) == [1.0, 0.0]
    remember(neighbour, village, habits(), AT_CHW, 0.02, 0)
    assert list(village.users) == [2.0, 0.0]
    remember(household, village, habits(), AT_FACILITY, 0.02, 0)
    assert list(village.users) == [2.0, 1.0]
    assert (list(household.used_day), list(neighbour.used_day)) == ([0, 0], [0, -1])


@pytest.mark.parametrize("day", [1, 90, 600])
def test_a_household_that_comes_again_counts_as_one_user_whatever_faded_since(day):
    household, village = a_household(), a_village()
    remember(household, village, habits(), AT_CHW, 0.02, 0)
    remember(household, village, habits(), AT_CHW, 0.02, day)
    assert village.users[0] == pytest.approx(1.0)
    assert household.used_day[0] == day


@pytest.mark.parametrize("v", [INFORMAL, AT_CHW, AT_FACILITY])
def test_for_two_days_a_family_has_been_somewhere(v):
    child = a_child()
    assert not has_been_anywhere(child, ONSET)
    child.visited[v] = ONSET
    assert has_been_anywhere(child, ONSET + 2 * DAY - 1)
    assert not has_been_anywhere(child, ONSET + 2 * DAY)


def test_a_family_that_is_not_tempted_would_have_waited_and_most_that_wait_are_not_tempted():
    p, child = habits(), a_child(complaint=3, perceived=1)
    waited = passed_over = 0
    for who in range(MANY):
        trust = 1.0 if who % 2 else -1.0
        household, village = a_household(), a_village(trust_day=7)
        household.trust[:], village.trust[:], household.trust_day = trust, trust, 7
        reckon_usual(household, p)
        uniforms = draw(KEY, Decision.CHOICE, who, 7)
        tempted = is_tempted(child, household, p, uniforms, ONSET)
        chosen = race(child, household, p, uniforms, village)
        assert tempted or chosen == WAIT
        waited += chosen == WAIT
        passed_over += not tempted
    assert passed_over > 0.75 * waited
    assert not is_tempted(a_child(complaint=NO_COMPLAINT), a_household(), p, (0.001, 0.99, 0.99, 0.99), ONSET)


@pytest.mark.parametrize("v", [INFORMAL, AT_FACILITY])
@pytest.mark.parametrize(("visited", "lately"), [(3 * DAY, True), (DAY + 1, True), (DAY, False), (0, False)])
def test_a_second_try_too_passes_over_a_provider_visited_in_the_two_days_before_that_day(visited, lately, v):
    child, p, n = a_child(), habits(seek_second=1.0), 1000
    child.visited[v] = visited
    family = a_family(informal=0.5, facility=0.5), a_village(), some_providers()
    made = [int(second_choice(child, *family, p, KEY, who, AT_CHW, 3, p.seek_second)) for who in range(n)]
    factor = math.exp(-1.5) if lately else 1.0
    assert_share(made.count(v), n, factor / (1 + factor))
    assert made.count(INFORMAL) + made.count(AT_FACILITY) == n


def test_a_drug_that_is_out_was_lacking_but_for_a_missing_test_there_is_suspicion():
    for product in (ORS, ZINC, AMOXICILLIN, ACT_INFANT, ACT_CHILD):
        for more in ((), (RDT,)):
            visit = a_visit()
            visit.lacked = bits(product, *more)
            assert bool(lacked_drugs(visit))
    for lacked in (0, bits(RDT)):
        visit = a_visit(given=bits(ORS))
        visit.lacked = lacked
        assert not bool(lacked_drugs(visit))
