"""Rectal artesunate: who gets it, what it does to one child, what a trial and a routine programme would see of it.

Both relative risks of the trial (Gomes 2009) come out of one effect and the delay until care. Left free, and named:
how long after worsening the CHW was met (MET), how delays are spread (DELAY), and how many of those who did not reach
care within 6 hours never did (NEVER). The trial's share of early deaths (107 of 331) is not reached: .17 here.
"""

from __future__ import annotations

import csv
import dataclasses
import math
import runpy
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from small import NEAR, lived, only_if_compiled, tiny, what_differs
from world import (
    DAY,
    KEY,
    KILLS,
    ONSET,
    a_household,
    a_month,
    a_provider,
    a_sick_child,
    a_visit,
    bits,
    parameters,
)

from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    BASIC_PRODUCTS,
    DANGER_FOUND,
    DIARRHOEA,
    HAS_COUGH,
    HAS_DANGER,
    HAS_FEVER,
    IS_INFECTED,
    MALARIA,
    RDT,
    RECTAL_ARTESUNATE,
    REFERRED,
)
from iccmsim.engine.simulation import Simulation
from iccmsim.parameters.scenario import load_scenario
from iccmsim.results.mortality import WINDOW
from iccmsim.rules.case_management import consult
from iccmsim.rules.facility_care import completes_referral
from iccmsim.rules.illness import kill_or_not
from iccmsim.rules.treatment import admit, hospital_care, treat
from iccmsim.studies.compare import compare

ACTS = bits(ACT_INFANT, ACT_CHILD)
FEVER_IN_DANGER = HAS_FEVER | HAS_DANGER | IS_INFECTED
CERTAIN = {"dx_danger_sens": 1.0, "dx_danger_spec": 1.0, "dx_rdt_sens": 1.0, "policy_ras": 1.0, "chw_ras_use": 1.0}
HOUR = 60


def seen(signs: int = FEVER_IN_DANGER, *, by: int = AT_CHW, age_days: float = 550, stock: int = 10, sure: float = 1.0,
         episode: int = 0, severe: bool = False, ras_left: int = 10, **changed):  # fmt: skip
    """What is handed out at one visit of a child with malaria, by somebody who does every step."""
    child, courses = a_sick_child(MALARIA, severe=severe, episode=episode)
    child.birth = ONSET - int(age_days * DAY)
    provider, visit = a_provider(by, sure=sure, stock=stock), a_visit(by)
    provider.stock[RECTAL_ARTESUNATE] = ras_left
    p = parameters(**{**CERTAIN, **changed})
    consult(child, courses[0], provider, a_month(), visit, p, KEY, signs, ONSET + DAY)
    return visit


def test_a_feverish_child_in_danger_is_given_rectal_artesunate_in_the_place_of_an_act_and_sent_on():
    visit = seen()
    assert visit.given == bits(RECTAL_ARTESUNATE, RDT)
    assert visit.marks & REFERRED
    assert seen(policy_ras=0.0).given == bits(ACT_INFANT, RDT)


def test_nobody_else_is_given_it():
    ras = bits(RECTAL_ARTESUNATE)
    assert not seen(HAS_FEVER | IS_INFECTED).given & ras  # not in danger
    assert not seen(HAS_COUGH | HAS_DANGER).given & ras  # no fever
    assert not seen(HAS_FEVER | HAS_DANGER, dx_rdt_spec=1.0).given & ras  # test negative
    assert not seen(age_days=5.9 * 30.4375).given & ras
    assert seen(age_days=6.2 * 30.4375).given & ras
    assert not seen(by=AT_FACILITY).given & ras
    assert not seen(chw_ras_use=0.0).given & ras


def test_an_empty_box_means_an_act_a_note_that_it_lacked_and_the_referral_all_the_same():
    visit = seen(ras_left=0)
    assert visit.lacked == bits(RECTAL_ARTESUNATE)
    assert visit.given & ACTS
    assert visit.marks & REFERRED


def test_it_is_given_as_often_as_stated_and_more_often_to_the_plainly_severe():
    n = 400
    given = [[bool(seen(episode=i, severe=severe, chw_ras_use=0.5).given & bits(RECTAL_ARTESUNATE))
              for i in range(n)] for severe in (False, True)]  # fmt: skip
    for hits, chance in zip(given, (0.5, math.e / (1 + math.e)), strict=True):
        assert abs(sum(hits) - n * chance) < 4 * math.sqrt(n * chance * (1 - chance))
    assert all(b or not a for a, b in zip(*given, strict=True))


# What it does to one course

def fatality_after(*, given: int, kills: int = KILLS, followed: bool = False, illness: int = MALARIA, y: float = 0.0,
                   **changed) -> float:  # fmt: skip
    """The chance of death at T_d of a severe child who was given rectal artesunate at a minute."""
    child, courses = a_sick_child(illness, severe=True, kills=kills)
    p = parameters(**changed)
    courses[0].y[0] = y
    treat(child, courses, a_visit(given=bits(RECTAL_ARTESUNATE)), given, p, KEY)
    assert courses[0].x[0] == 0.0
    courses[0].followed = followed
    kill_or_not(child, courses, courses[0], p)
    return courses[0].chance_death / p.fatality[illness]


def test_it_works_only_if_the_child_lives_until_it_does():
    p = parameters()
    lag = int(p.tx_lag_ras * DAY)
    assert fatality_after(given=KILLS - lag) == 1.0
    assert fatality_after(given=KILLS - lag - 1) == pytest.approx(1 - p.tx_ras)


def test_it_wanes_after_three_days_unless_full_treatment_follows():
    p = parameters()
    late = {"given": KILLS - 3 * DAY - 1}
    assert fatality_after(given=KILLS - 3 * DAY) == pytest.approx(1 - p.tx_ras)
    assert fatality_after(**late) == pytest.approx(1 - p.tx_ras * p.tx_ras_unfollowed)
    assert fatality_after(**late, followed=True) == pytest.approx(1 - p.tx_ras)


def test_it_adds_nothing_to_better_care_by_the_same_mechanism_and_nothing_to_other_illnesses():
    assert fatality_after(given=KILLS - DAY, y=0.9) == pytest.approx(0.1)
    assert fatality_after(given=KILLS - DAY, illness=DIARRHOEA) == 1.0


def test_a_later_one_counts_if_it_comes_in_time_and_takes_nothing_away_if_not():
    p = parameters()
    for second, effect in ((KILLS - DAY, p.tx_ras), (KILLS - 1, p.tx_ras * p.tx_ras_unfollowed)):
        child, courses = a_sick_child(MALARIA, severe=True)
        for minute in (KILLS - 4 * DAY, second):
            treat(child, courses, a_visit(given=bits(RECTAL_ARTESUNATE)), minute, p, KEY)
        kill_or_not(child, courses, courses[0], p)
        assert courses[0].chance_death == pytest.approx(p.fatality[MALARIA] * (1 - effect))


def test_full_treatment_that_follows_is_a_whole_act_or_a_whole_inpatient_treatment():
    p = parameters(tx_adherence=1.0)

    def followed(do) -> bool:
        child, courses = a_sick_child(MALARIA, severe=True)
        do(child, courses)
        return bool(courses[0].followed)

    minute = ONSET + 3 * DAY
    whole, half = a_visit(given=bits(ACT_INFANT)), a_visit(given=bits(ACT_INFANT), dose=0.5)
    assert followed(lambda child, courses: treat(child, courses, whole, minute, p, KEY))
    assert not followed(lambda child, courses: treat(child, courses, half, minute, p, KEY))
    only = a_visit(given=bits(RECTAL_ARTESUNATE))
    assert not followed(lambda child, courses: treat(child, courses, only, minute, p, KEY))
    assert followed(lambda child, courses: admit(child, courses, AT_FACILITY, 1.0, minute, p, KEY))
    assert not followed(lambda child, courses: admit(child, courses, AT_FACILITY, 0.0, minute, p, KEY))
    assert followed(lambda child, courses: hospital_care(child, courses, 1, minute, p, KEY))


def test_families_go_less_often_once_the_child_was_given_something_but_from_the_health_centre_as_before():
    p, n = parameters(), 3000
    went = {}
    for destination in (AT_FACILITY, AT_HOSPITAL):
        for doses in (0, bits(RECTAL_ARTESUNATE)):
            child, courses = a_sick_child(MALARIA, severe=True, doses=doses)
            home, hits = a_household(wealth=1.0), 0
            for episode in range(n):
                courses[0].episode = episode
                hits += completes_referral(child, courses[0], home, destination, p, KEY, False)
            went[destination, bool(doses)] = hits / n
    assert went[AT_HOSPITAL, True] == went[AT_HOSPITAL, False]
    odds = [went[AT_FACILITY, given] / (1 - went[AT_FACILITY, given]) for given in (True, False)]
    share = went[AT_FACILITY, False]
    error = math.sqrt(1 / (n * share * (1 - share)))  # of each log odds; one set of uniforms, so this is generous
    assert abs(math.log(odds[0] / odds[1]) - math.log(0.65)) < 3 * error


# The trial

MET = 36.0  # median hours from worsening to the CHW, log-sd 1, among the living; relative risks hardly move with it
DELAY = {"early": (3.0, 0.5), "late": (15.0, 0.8)}  # median hours and log-sd; late: beyond the sixth hour
EARLY, NEVER = 4450 / 6072, 0.3
N = 1500


def trial_patients() -> np.ndarray:
    """Hours until death, hours until care (inf never) of severe children when the CHW meets them: an even spread."""
    p, normal = parameters(), NormalDist().inv_cdf
    rows = []
    for i in range(4 * N):
        u, v, w = ((0.5 + i * step) % 1.0 for step in (0.8191725133961645, 0.6710436067037893, 0.5497004779019703))
        left = 24 * p.death_days[MALARIA] * math.exp(p.time_death_sd * normal(u)) - MET * math.exp(normal(v))
        if left <= 0.0:
            continue
        if w < EARLY:
            hours = min(6.0, DELAY["early"][0] * math.exp(DELAY["early"][1] * normal(w / EARLY)))
        else:
            rank = (w - EARLY) / (1 - EARLY)
            middle, spread = DELAY["late"]
            going = rank < 1 - NEVER
            hours = 6.0 + (middle - 6.0) * math.exp(spread * normal(rank / (1 - NEVER))) if going else math.inf
        rows.append((left, hours))
    return np.array(rows[:N])


def deaths_in(arm: str, patients: np.ndarray) -> np.ndarray:
    """Expected death of each patient by the rules of the model: the drug or nothing at once, full care on arrival."""
    p = parameters()
    out = np.empty(len(patients))
    for i, (left, hours) in enumerate(patients):
        met = ONSET + 3 * DAY
        child, courses = a_sick_child(MALARIA, severe=True, kills=met + int(left * HOUR), worsens=ONSET + DAY)
        if arm == "artesunate":
            treat(child, courses, a_visit(given=bits(RECTAL_ARTESUNATE)), met, p, KEY)
        if hours < left:
            admit(child, courses, AT_HOSPITAL, 1.0, met + int(hours * HOUR), p, KEY)
        kill_or_not(child, courses, courses[0], p)
        out[i] = courses[0].chance_death
    return out


def test_both_relative_risks_of_the_trial_come_out_of_one_effect_and_the_delay():
    patients = trial_patients()
    left, hours = patients.T
    drug, placebo = deaths_in("artesunate", patients), deaths_in("placebo", patients)
    dead_at_once = left < np.minimum(hours, 6.0)
    early, late = (hours <= 6.0) & ~dead_at_once, (hours > 6.0) & ~dead_at_once
    risk = {name: drug[who].sum() / placebo[who].sum() for name, who in (
        ("early", early), ("late", late), ("all", np.ones(len(left), bool)), ("at once", dead_at_once))}  # fmt: skip
    assert 0.32 < risk["late"] < 0.77
    assert 0.63 < risk["early"] < 1.18
    assert 0.69 < risk["all"] < 1.06
    assert risk["at once"] > 0.99  # 56 and 51 deaths
    assert risk["late"] < risk["early"] - 0.15
    share = placebo[late].sum() / placebo.sum()
    assert 0.2 < share < 0.4  # 57 of 190


# Routine use

def routine_patients(**changed) -> dict[str, tuple[float, float]]:
    """Feverish children with a danger sign, a quarter truly severe, seen by CHWs who give the drug in 70 %, as in the
    CARAMAL study: expected deaths a child with and without it, and the share given it."""
    p = parameters(**{**CERTAIN, "chw_ras_use": 0.7, **changed})
    deaths, children = {True: 0.0, False: 0.0}, {True: 0, False: 0}
    for i, (left, _) in enumerate(trial_patients()):
        severe, met = i % 4 == 0, ONSET + 3 * DAY
        worsens = ONSET + DAY if severe else met + 2 * DAY
        child, courses = a_sick_child(MALARIA, severe=severe, kills=max(met, worsens) + int(left * HOUR), episode=i,
                                      worsens=worsens)  # fmt: skip
        visit = a_visit(AT_CHW)
        consult(child, courses[0], a_provider(), a_month(), visit, p, KEY, FEVER_IN_DANGER, met)
        treat(child, courses, visit, met, p, KEY)
        if completes_referral(child, courses[0], a_household(), AT_FACILITY, p, KEY, False):
            admit(child, courses, AT_FACILITY, p.fac_full, met + 12 * HOUR, p, KEY)
        kill_or_not(child, courses, courses[0], p)
        given = bool(visit.given & bits(RECTAL_ARTESUNATE))
        risk = 1.0 if severe else p.sev[MALARIA] * (1 - courses[0].x[0])
        deaths[given] += risk * courses[0].chance_death
        children[given] += 1
    return {"given": (deaths[True], children[True]), "not": (deaths[False], children[False])}


def test_in_routine_use_children_given_the_drug_die_more_often_though_it_saves_them():
    routine = routine_patients()
    naive = (routine["given"][0] / routine["given"][1]) / (routine["not"][0] / routine["not"][1])
    without = routine_patients(policy_ras=0.0)
    causal = (routine["given"][0] + routine["not"][0]) / without["not"][0]
    assert 1.0 < naive < 3.0  # null or harm, as in CARAMAL (.6-3.0)
    assert causal < 0.9
    useless = routine_patients(tx_ras=0.0)
    assert useless["given"][0] + useless["not"][0] > without["not"][0]  # fewer referrals completed, no ACT


# Supply, and a small place

RAS = {**NEAR, "policy.ras": 1, "chw.step.danger": 0.95, "sev.mal.untreated": 0.3, "seek.chw_shift": 2.0,
       "place.people": 3000, "sup.kit_ras": 0.3}  # fmt: skip


def ras_of(run) -> dict[str, np.ndarray]:
    """The books of rectal artesunate, health centre first."""
    provider = run.zone.provider
    return {name: provider[name][:, RECTAL_ARTESUNATE].astype(int)
            for name in ("began_with", "received", "given", "issued", "stock")}  # fmt: skip


def test_doses_of_the_new_product_add_up_and_are_used():
    run = lived(RAS).runs[0]
    books = ras_of(run)
    np.testing.assert_array_equal(books["began_with"] + books["received"],
                                  books["given"] + books["issued"] + books["stock"])  # fmt: skip
    visit = run.zone.visit[: run.zone.n[1]]
    given = visit[visit["given"] & bits(RECTAL_ARTESUNATE) != 0]
    assert len(given) == books["given"].sum() > 10
    assert (given["provider"] == AT_CHW).all()
    assert (given["marks"] & REFERRED != 0).all()
    assert (given["marks"] & DANGER_FOUND != 0).all()
    assert books["issued"][0] > 0


def test_a_product_brought_in_on_a_date_comes_with_its_first_kit_and_one_dropped_is_no_longer_missed():
    only_if_compiled()
    scenario = tiny(more={**RAS, "policy.ras": 0})
    dated = dataclasses.replace(scenario, changes=((150, {"policy.ras": 1}), (300, {"policy.ras": 0})))
    simulation = Simulation(dated, seed=1)
    warmup = simulation.plan.warmup
    run = simulation.run_to(warmup + 150).runs[0]
    assert not any(books.any() for books in ras_of(run).values())
    run = simulation.run_to(warmup + 151).runs[0]
    assert (ras_of(run)["received"] > 0).all()
    run = simulation.run().runs[0]
    visit = run.zone.visit[: run.zone.n[1]]
    day = visit["minute"][visit["given"] & bits(RECTAL_ARTESUNATE) != 0] // DAY - warmup
    assert day.min() >= 150
    assert day.max() < 300
    launch = int(simulation.plan.record(0)[0]["month_offset"])
    missed = run.zone.monthly["stock_out_days"][:, :, RECTAL_ARTESUNATE]
    assert missed[:, : launch + 4].sum() == missed[:, launch + 11 :].sum() == 0


def test_what_policy_does_not_allow_is_neither_held_nor_ordered_nor_missed():
    run = lived({**NEAR, "policy.zinc": 0, "policy.antibiotics": 0}).runs[0]
    for product in (1, 2):
        assert run.zone.provider["began_with"][1:, product].sum() == 0
        for book in ("ordered", "stock_out_days", "received"):
            assert run.zone.monthly[book][1:, :, product].sum() == 0
    assert run.zone.monthly["ordered"][1:, :, 0].sum() > 0


def test_rectal_artesunate_saves_more_the_more_it_does_and_nothing_without_the_policy():
    def danger_left(more: dict, seed: int) -> float:
        course = lived({**RAS, **more}, seed=seed).runs[0].course
        return float(course["chance_death"][course["illness"] == MALARIA].sum())

    differences = [danger_left({"tx.ras": 0.9}, seed) - danger_left({"tx.ras": 0.0}, seed) for seed in range(1, 7)]
    assert np.mean(differences) < 0
    assert -np.mean(differences) >= 3 * np.std(differences, ddof=1) / math.sqrt(6)
    plain = lived({**RAS, "policy.ras": 0})
    for more in ({"tx.ras": 0.9}, {"tx.ras.unfollowed": 0}, {"tx.ras.days": 0}, {"ref.ras_or": 0.1}, {"tx.lag.ras": 2},
                 {"chw.ras_use": 1}, {"policy.ras_months": 0}, {"sup.kit_ras": 1}):  # fmt: skip
        assert what_differs(plain, lived({**RAS, "policy.ras": 0, **more})) == set()


def test_a_drug_that_nobody_gives_changes_shelves_alone():
    differs = what_differs(lived({**RAS, "policy.ras": 0}), lived({**RAS, "chw.ras_use": 0}))
    assert {name.split(".")[0] for name in differs} <= {"provider", "monthly", "stock_by_day"}
    assert {name.split(".")[-1] for name in differs} <= {
        "kit", "stock", "began_with", "received", "issued", "used", "days_in", "coming", "ordered", "stock_by_day"}


def test_products_beyond_the_usual_box_are_nowhere_by_default():
    zone = lived(NEAR).runs[0].zone
    for name in ("stock", "kit", "received", "given", "issued", "began_with"):
        assert zone.provider[name][:, BASIC_PRODUCTS:].sum() == 0
    for name in ("ordered", "stock_out_days", "received", "given"):
        assert zone.monthly[name][:, :, BASIC_PRODUCTS:].sum() == 0
    assert zone.course["ras_at"].sum() == 0


def test_the_experiment_runs_at_toy_size_and_an_inert_drug_averts_nothing(tmp_path):
    only_if_compiled()
    script = Path(__file__).resolve().parents[1] / "experiments" / "rectal_artesunate.py"
    assert runpy.run_path(str(script))["main"](["--out", str(tmp_path), "--toy"]) == 0
    with (tmp_path / "rectal_artesunate.csv").open(encoding="utf-8") as file:
        found = {row["arm"]: row for row in csv.DictReader(file)}
    assert len(found) == 5
    assert float(found["without"]["averted"]) == float(found["without"]["given"]) == 0
    assert float(found["with"]["given"]) > 0
    assert float(found["with"]["averted"]) > float(found["with, inert"]["averted"])
    inert = found["with, inert"]  # fewer follow the referral, whose luck may go either way
    assert float(inert["averted"]) < 3 * float(inert["se"]) + 0.05


def test_the_experiment_counts_the_window_alone_whatever_comes_before_and_after():
    only_if_compiled()
    script = runpy.run_path(str(Path(__file__).resolve().parents[1] / "experiments" / "rectal_artesunate.py"))
    size = script["TOY"] | {"run.days": 200, "run.tail_days": 200, "setting.place.people": 4000}
    arm = load_scenario("sahel/iccm-as-delivered", overrides={**size, "policy.ras": 1})
    run = Simulation(arm, seed=1).run_to(260)
    at_its_end = script["counted"](run)
    after_the_tail = script["counted"](run.run())
    assert at_its_end[2:5:2].min() > 0
    assert after_the_tail[[0, 2, 4]].tolist() == at_its_end[[0, 2, 4]].tolist()
    same = compare([arm, dataclasses.replace(arm, name="same")], seeds=(1,))
    beside = same.tallies["expected"][0, 0, WINDOW, MALARIA].sum()
    assert after_the_tail[0] == pytest.approx(beside)
    assert script["rows"]({"without": np.array([after_the_tail] * 2)})[0]["malaria_deaths"] == pytest.approx(beside)
