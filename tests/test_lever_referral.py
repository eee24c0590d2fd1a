"""What became levers of service delivery last: home management of malaria, transport and escort, beds, waiting."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from small import NEAR, SURE, lived, what_differs
from world import (
    DAY,
    KEY,
    MANY,
    PLAIN,
    WORSENS,
    a_child,
    a_course,
    a_household,
    a_provider,
    a_sick_child,
    a_village,
    a_visit,
    a_zone,
    assert_share,
    parameters,
    some_courses,
)

from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    DANGER_FOUND,
    ESCORTED,
    FOUND_CLOSED,
    GONE,
    MALARIA,
    NO_BED,
    PROVIDER,
    RDT,
    REFERRED,
    SEVERE,
    TAKEN_THERE,
    TURNED_AWAY,
    VOLUNTEER,
    table,
)
from iccmsim.engine.house import keep_house
from iccmsim.rules.care_seeking import note_wait, odds_for, reckon_usual
from iccmsim.rules.facility_care import completes_referral, help_on_the_way, ride_minutes, takes_bed
from iccmsim.rules.treatment import hospital_care, is_treated_by_volunteer, treat
from iccmsim.rules.workforce import takes_up_post
from iccmsim.studies.aftermath import treated_by_day

WORLD = {**NEAR, "setting.place.people": 3000, "run.days": 200, "seek.chw_shift": 0.0}
SEEDS = range(1, 5)
LATE = WORSENS + 60
ACTS = 1 << ACT_INFANT | 1 << ACT_CHILD


# --- one child, one rule ------------


def test_a_volunteer_serves_a_lasting_share_of_families_and_some_of_their_fevers():
    p = parameters(hmm_reach=0.4, hmm_use=0.5)
    child, _ = a_sick_child(MALARIA)
    served = []
    for household in range(400):
        child.household = household
        fevers = [a_course(MALARIA, child=household, episode=i) for i in range(25)]
        used = [is_treated_by_volunteer(child, fever, p, KEY) for fever in fevers]
        served.append(np.mean(used))
    reached = np.array(served) > 0
    assert_share(int(reached.sum()), 400, 0.4)
    assert np.mean(np.array(served)[reached]) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(25 * reached.sum()))


def test_nobody_is_served_where_there_are_no_volunteers():
    child, _ = a_sick_child(MALARIA)
    assert not any(
        is_treated_by_volunteer(child, a_course(MALARIA, child=i), parameters(hmm_reach=0.0, hmm_use=1.0), KEY)
        for i in range(50)
    )


def test_transport_and_escort_come_to_their_shares_of_referrals():
    p = parameters(transport_share=0.3, escort_share=0.6)
    marks = [help_on_the_way(a_course(MALARIA, child=i), p, KEY) for i in range(MANY)]
    assert_share(sum(mark & TAKEN_THERE > 0 for mark in marks), MANY, 0.3)
    assert_share(sum(mark & ESCORTED > 0 for mark in marks), MANY, 0.6)
    assert help_on_the_way(a_course(MALARIA), parameters(), KEY) == 0


@pytest.mark.parametrize(("mark", "lever"), [(TAKEN_THERE, "transport_or"), (ESCORTED, "escort_or")])
def test_help_multiplies_the_odds_of_completing_a_referral(mark, lever):
    p = parameters(**{lever: 3.0})
    child, _ = a_sick_child(MALARIA)

    def share(aid):
        return np.mean([completes_referral(child, a_course(MALARIA, child=i), a_household(km_facility=8.0), AT_FACILITY,
                                           p, KEY, False, aid) for i in range(MANY)])  # fmt: skip

    alone, helped = share(0), share(mark)
    odds = 3.0 * alone / (1.0 - alone)
    assert helped == pytest.approx(odds / (1.0 + odds), abs=4 * np.sqrt(0.25 / MANY))
    assert helped > alone


def test_a_ride_takes_the_wait_and_the_way():
    p = parameters(transport_wait=2.0, transport_kmh=20.0)
    home = a_household(km_facility=10.0, km_hospital=40.0)
    assert ride_minutes(home, AT_FACILITY, p) == 150
    assert ride_minutes(home, AT_HOSPITAL, p) == 240


def test_beds_are_taken_for_their_days_and_then_free():
    p = parameters(fac_bed_days=2.0)
    beds = a_provider(AT_FACILITY).bed_until
    assert [takes_bed(beds, 2.0, 10 * DAY, p) for _ in range(3)] == [True, True, False]
    assert not takes_bed(beds, 2.0, 12 * DAY - 1, p)
    assert takes_bed(beds, 2.0, 12 * DAY, p)
    assert all(takes_bed(beds, 0.0, 10 * DAY, p) for _ in range(40))


def test_without_a_bed_severe_malaria_gets_no_inpatient_care():
    p = parameters(hosp_full=1.0, fac_full=1.0)
    effects = {}
    for bed in (0, 1):
        child, courses = a_sick_child(MALARIA, severe=True)
        hospital_care(child, courses, bed, LATE, p, KEY)
        effects["hospital", bed] = float(courses[0].y[0])
        child, courses = a_sick_child(MALARIA, severe=True)
        visit = a_visit(AT_FACILITY, given=1 << ACT_INFANT)
        visit.marks = 0 if bed else NO_BED
        treat(child, courses, visit, LATE, p, KEY)
        effects["facility", bed] = float(courses[0].y[0])
    assert courses[0].stage == SEVERE
    for place in ("hospital", "facility"):
        assert effects[place, 0] == 0.0 < effects[place, 1]


@pytest.mark.parametrize(("row", "door"), [(0, AT_FACILITY), (1, AT_CHW)])
def test_a_long_wait_at_a_door_is_told_and_keeps_families_away_from_it(row, door):
    p = parameters(seek_wait=0.5)
    providers, household, village = table(PROVIDER, 2), a_household(), a_village()
    providers[0], providers[1] = a_provider(AT_FACILITY), a_provider(AT_CHW)
    assert household.chw == 1
    reckon_usual(household, p)
    doors = (AT_CHW, AT_FACILITY)
    before = [odds_for(household, village, providers, p, v) for v in doors]
    for _ in range(200):
        note_wait(providers[row], 240)
    assert providers[row].wait_hours == pytest.approx(4.0)
    after = [odds_for(household, village, providers, p, v) for v in doors]
    assert after == pytest.approx([b * np.exp(-2.0) if v == door else b for b, v in zip(before, doors, strict=True)])


def test_a_wait_of_which_nobody_comes_to_tell_anew_is_forgotten():
    half_life = parameters().trust_left.tolist().index(min(parameters().trust_left, key=lambda left: abs(left - 0.5)))
    for wait, left in ((0.5, 4.0), (0.0, 8.0)):
        zone = a_zone(a_child(), some_courses({}), a_provider(AT_CHW))
        zone.provider.wait_hours[:] = 8.0
        for _ in range(half_life):
            keep_house(zone, parameters(seek_wait=wait), KEY, 3)
        assert zone.provider.wait_hours.tolist() == pytest.approx([left] * len(zone.provider), rel=0.01)


def test_families_have_not_waited_at_the_door_of_a_new_chw():
    chw = a_provider(wait_hours=40.0)
    takes_up_post(chw, parameters(), KEY, 1000)
    assert chw.wait_hours == 0.0


# --- the whole ------------


def frozen(more: dict) -> tuple:
    return tuple((key, tuple(value) if isinstance(value, list) else value) for key, value in more.items())


@cache
def visits(changed: tuple, seed: int):
    run = lived({**WORLD, **dict(changed)}, seed=seed).runs[0]
    return run, run.zone.visit[: run.zone.n[1]]


def counts(name: str, more: dict) -> np.ndarray:
    out = []
    for seed in SEEDS:
        run, visit = visits(frozen(more), seed)
        marks = visit["marks"]
        sent = (marks & REFERRED > 0) & (visit["provider"] == AT_CHW)
        out.append({
            "by_volunteer": float((visit["provider"] == VOLUNTEER).sum()),
            "share_gone": float((marks[sent] & GONE > 0).mean()) if sent.any() else 0.0,
            "no_bed": float((marks & NO_BED > 0).sum()),
            "at_facility": float((visit["provider"] == AT_FACILITY).sum()),
            "treated_near": float((run.course["treated_by"] & (1 << AT_CHW | 1 << VOLUNTEER) > 0).sum()),
        }[name])  # fmt: skip
    return np.array(out)


def clearly(values: np.ndarray) -> float:
    return float(values.mean() / (values.std(ddof=1) / np.sqrt(len(values)) + 1e-12))


@pytest.mark.skipif(PLAIN, reason="whole districts take too long without compilation")
class TestWhole:
    def test_volunteers_give_act_from_the_chw_s_box(self):
        more = {"hmm.reach": 0.8, "hmm.use": 0.8, **SURE}
        assert counts("by_volunteer", more).min() > 100
        for seed in SEEDS:
            run, visit = visits(frozen(more), seed)
            given = visit[visit["provider"] == VOLUNTEER]
            assert (given["given"] & ~ACTS == 0).all()
            alone = run.course[run.course["seen_by"] == 1 << VOLUNTEER]
            assert (alone["first_provider"] == VOLUNTEER).all()
            assert (alone["first_formal"] == -1).all()  # it is no consultation
            for product in (ACT_INFANT, ACT_CHILD):
                handed = np.bincount(visit["who"][visit["given"] & 1 << product > 0], minlength=len(run.zone.provider))
                assert (handed == run.zone.provider["given"][:, product]).all()

    def test_where_there_is_no_chw_the_doses_are_the_health_centre_s(self):
        more = {"hmm.reach": 0.8, "hmm.use": 0.8}
        run = lived({**WORLD, **more}, programme="facility-only").runs[0]
        visit = run.zone.visit[: run.zone.n[1]]
        by_volunteer = visit["provider"] == VOLUNTEER
        assert (visit["who"][by_volunteer] == 0).all()
        assert (visit["given"][by_volunteer] & ACTS > 0).any()

    def test_where_the_chw_may_hold_no_act_the_doses_are_the_health_centre_s_too(self):
        run = lived({**WORLD, "hmm.reach": 0.8, "hmm.use": 0.8, "policy.malaria": 0}).runs[0]
        visit = run.zone.visit[: run.zone.n[1]]
        mine = visit[(visit["provider"] == VOLUNTEER) & (visit["minute"] >= run.plan.warmup * DAY)]
        assert (run.zone.household["chw"] > 0).all()
        assert len(mine) > 50
        assert (mine["who"] == 0).all()
        assert (mine["given"] & ACTS > 0).mean() > 0.5

    def test_what_a_volunteer_gives_is_no_care_of_a_provider_on_any_day(self):
        run = lived({**WORLD, "hmm.reach": 0.8, "hmm.use": 0.8}).runs[0]
        visit = run.zone.visit[: run.zone.n[1]]
        visit = visit[visit["minute"] >= run.plan.warmup * DAY]
        drug = (visit["given"] & ~(1 << RDT) != 0) | (visit["provider"] == AT_HOSPITAL)
        formal = np.isin(visit["provider"], (AT_CHW, AT_FACILITY, AT_HOSPITAL))
        assert treated_by_day(run).sum() == (drug & formal).sum() < drug.sum() - 50

    def test_home_management_treats_more_malaria_sooner(self):
        more = {"hmm.reach": 0.8, "hmm.use": 0.8, **SURE}
        assert clearly(counts("treated_near", more) - counts("treated_near", SURE)) > 3

    @pytest.mark.parametrize("more", [{"transport.share": 1, "transport.or": 4}, {"escort.share": 1, "escort.or": 4}])
    def test_help_completes_referrals(self, more):
        assert clearly(counts("share_gone", more) - counts("share_gone", {})) > 3

    def test_a_health_centre_with_one_bed_turns_children_away(self):
        more = {"chw.deployed": 0, "seek.a_facility": 0.0, "seek.km_facility": 0.0, "was.on": 0}
        assert counts("no_bed", {**more, "fac.beds": 1, "fac.bed_days": 30}).sum() > 0
        assert counts("no_bed", more).sum() == 0

    def test_who_is_not_known_to_be_in_danger_is_not_put_to_bed(self):
        more = {"chw.deployed": 0, "seek.a_facility": 0.0, "seek.km_facility": 0.0, "was.on": 0, "fac.beds": 1,
                "fac.bed_days": 30, "fac.step.danger": 0.3}  # fmt: skip
        runs = [lived({**WORLD, **more}, seed=seed).runs[0] for seed in SEEDS]
        marks = np.concatenate([run.zone.visit[: run.zone.n[1]]["marks"] for run in runs])
        assert (marks & NO_BED > 0).sum() > 5
        assert (marks[marks & NO_BED > 0] & DANGER_FOUND > 0).all()

    def test_who_is_known_to_be_in_danger_and_finds_no_bed_is_sent_on_to_the_hospital(self):
        more = {"chw.deployed": 0, "seek.a_facility": 0.0, "seek.km_facility": 0.0, "was.on": 0, "fac.beds": 1,
                "fac.bed_days": 30}  # fmt: skip
        turned = 0
        for seed in SEEDS:
            run, visit = visits(frozen(more), seed)
            bedless = visit[visit["marks"] & NO_BED > 0]
            assert (bedless["marks"] & REFERRED > 0).all()
            assert run.course["referred"][bedless["course"]].all()
            turned += len(bedless)
        assert turned > 5

    def test_a_full_hospital_saves_fewer_of_those_who_reach_it(self):
        """The same children come: only the beds differ, of which a hospital with one has one taken at most."""
        reach = {"chw.deployed": 0, "seek.a_facility": 0.0, "seek.km_facility": 0.0, "ref.km": 0.0, "fac.beds": 1,
                 "fac.bed_days": 30, "was.on": 0}  # fmt: skip
        harm = []
        for seed in SEEDS:
            (wide, _), (full, _) = (visits(frozen({**reach, "hosp.beds": beds}), seed) for beds in (0, 1))
            in_bed = wide.course["treated_by"] & full.course["treated_by"] & 1 << AT_HOSPITAL > 0
            harm += (full.course["chance_death"] - wide.course["chance_death"])[in_bed].tolist()
            assert (full.zone.provider["hospital_bed_until"][0] > 0).sum() == 1
            assert not wide.zone.provider["hospital_bed_until"].any()
        assert sum(harm) > 0.0
        assert sum(each > 0.0 for each in harm) >= 3

    @pytest.mark.parametrize("deployed", [0, 1])
    def test_a_referral_is_done_when_the_child_is_seen_where_it_was_sent_and_not_else(self, deployed):
        """With CHWs they send to the health centre; without them the health centre sends to the hospital. An illness
        that begins on a long way was not sent."""
        done, to = 0, AT_FACILITY if deployed else AT_HOSPITAL
        more = {"chw.deployed": deployed, "seek.km_facility": 0.0, "ref.delay": 100.0, "inc.mal": 4.0}
        for seed in SEEDS:
            run, visit = visits(frozen(more), seed)
            course, sent = run.course, set()
            for each in visit:
                if each["course"] in sent and each["by_referral"] and each["provider"] in (AT_FACILITY, AT_HOSPITAL) \
                        and not each["marks"] & (FOUND_CLOSED | TURNED_AWAY):  # fmt: skip
                    assert course["referral_done"][each["course"]]
                    done += each["provider"] == to
                if each["marks"] & GONE:
                    sent.add(each["course"])
            seen = course["seen_by"] & (1 << AT_FACILITY | 1 << AT_HOSPITAL) > 0
            assert (course["referred"] & seen)[course["referral_done"] > 0].all()
            assert (course["referred"][seen] == 0).any()
        assert done > 10

    def test_a_ride_that_comes_later_than_the_family_would_arrive_changes_nothing(self):
        late = {"transport.share": 1, "transport.or": 1, "transport.wait": 72, "transport.kmh": 1}
        world = {**WORLD, "ref.delay": 8, "ref.delay_sd": 0.3}
        assert what_differs(lived(world), lived({**world, **late})) == {"visit.marks"}
        soon = {**late, "transport.wait": 0, "transport.kmh": 100}
        arrived = [lived({**world, **ride}).runs[0].zone.visit["arrived"] for ride in ({}, soon)]
        assert not np.array_equal(*arrived)

    def test_a_family_whom_a_volunteer_served_well_goes_nowhere_else_that_day(self):
        for seed in SEEDS:
            run, visit = visits(frozen({"hmm.reach": 0.8, "hmm.use": 0.8, **SURE}), seed)
            served = visit[(visit["provider"] == VOLUNTEER) & (visit["given"] > 0)]
            worried = np.unique(run.course["child"][run.course["perceived"] > 0])
            calm = served[~np.isin(served["child"], worried)]
            assert len(calm) > 50
            whole_day = {(child, minute // DAY) for child, minute in zip(calm["child"], calm["minute"], strict=True)}
            others = visit[visit["provider"] != VOLUNTEER]
            left_for = set(zip(others["child"].tolist(), (others["arrived"] // DAY).tolist(), strict=True))
            assert not whole_day & left_for

    def test_waiting_keeps_families_from_a_full_health_centre(self):
        crowded = {"fac.minutes_day": 60, "fac.minutes": 20, "seek.a_facility": 0.0}
        more, less = counts("at_facility", crowded), counts("at_facility", {**crowded, "seek.wait": 0.3})
        assert clearly(more - less) > 3

    @pytest.mark.parametrize("nothing", [
        {"hmm.use": 0.9}, {"transport.wait": 1, "transport.kmh": 90, "transport.or": 9, "escort.or": 9},
        {"fac.bed_days": 9},
    ])  # fmt: skip
    def test_nothing_changes_where_nothing_is_offered(self, nothing):
        assert what_differs(lived(WORLD), lived({**WORLD, **nothing})) == set()

    def test_beds_enough_for_all_change_nothing_but_who_lay_in_them(self):
        many = {"fac.beds": 24, "hosp.beds": 24, "fac.bed_days": 0.1}
        moved = what_differs(lived(WORLD), lived({**WORLD, **many}))
        assert moved <= {"provider.bed_until", "provider.hospital_bed_until"}

    def test_it_is_the_same_a_day_at_a_time(self):
        from small import digest, tiny

        from iccmsim.engine.simulation import Simulation

        more = {**WORLD, "hmm.reach": 0.5, "transport.share": 0.5, "escort.share": 0.5, "fac.beds": 1, "hosp.beds": 1,
                "seek.wait": 0.1, "run.days": 60}  # fmt: skip
        at_once = Simulation(tiny(more=more), seed=5, threads=1).run()
        by_day = Simulation(tiny(more=more), seed=5, threads=1)
        for day in range(1, by_day.plan.days + 1):
            by_day.run_to(day)
        assert digest(at_once) == digest(by_day)

