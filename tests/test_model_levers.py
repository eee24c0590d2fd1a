"""Each mechanism moves what it should, in the direction it should: two arms on the same people differ in it alone.

The difference is taken pair by pair over a few seeds and must be at least three of its own standard errors.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from small import NEAR, lived

from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AMOXICILLIN,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    DANGER_FOUND,
    DIED,
    FOUND_CLOSED,
    GONE,
    INFORMAL,
    LOOKED,
    MALARIA,
    NEWBORN,
    PNEUMONIA,
    POSITIVE,
    PREVENTED,
    RECOVERED,
    REFERRED,
    TESTED,
    TURNED_AWAY,
)

SEEDS = range(1, 7)
SMALLEST = 3.0  # standard errors
WORLD = {**NEAR, "place.people": 5000, "place.villages_per_zone": 8, "run.days": 365, "seek.chw_shift": 2.0}
BUSY = {"chw.minutes": 30, "chw.minutes_day": 60, "chw.catch": 5000, "chw.radius_km": 10, "seek.chw_shift": 3.0}
SHORT = {"chw.catch": 800, "sup.kit_contacts": 1.4}
NEWBORNS = {  # many, all near an open facility that looks for danger and finds it, with drugs that work at once
    "chw.deployed": 0, "seek.a_facility": 3.0, "seek.km_facility": 0.0, "tx.lag.amox": 0.0, "ref.delay": 0.1,
    "fac.minutes": 0, "fac.days_week": 7, "fac.step.danger": 0.99, "dx.danger.sens": 1, "inc.psbi": 0.5,
}  # fmt: skip
NEAR_FACILITY = {"chw.deployed": 0, "seek.a_facility": 0.0, "seek.km_facility": 0.0}
ENDED = (RECOVERED, DIED)


@cache
def measures(changed: tuple, seed: int) -> dict[str, float]:
    """What happened after launch in one run, as numbers that a lever may move."""
    simulation = lived({**WORLD, **dict(changed)}, seed=seed)
    run = simulation.runs[0]
    zone, p = run.zone, run.plan.record(run.plan.warmup)[0]
    return {**of_visits(run), **of_courses(zone, p), **of_chws(zone, int(p.month_offset))}


def of_visits(run) -> dict[str, float]:
    visit = run.zone.visit[: run.zone.n[1]]
    visit = visit[visit["minute"] >= run.plan.warmup * 1440]
    marks, provider, given = visit["marks"], visit["provider"], visit["given"]
    away = marks & (FOUND_CLOSED | TURNED_AWAY) != 0
    out = {name: float((marks & mark != 0).sum()) for name, mark in (
        ("looked", LOOKED), ("danger_found", DANGER_FOUND), ("tested", TESTED), ("positive", POSITIVE),
        ("referred", REFERRED), ("gone", GONE), ("turned_away", TURNED_AWAY))}  # fmt: skip
    for name, who in (("informal", INFORMAL), ("chw", AT_CHW), ("facility", AT_FACILITY), ("hospital", AT_HOSPITAL)):
        out[f"at_{name}"] = float((provider[~away] == who).sum())
        out[f"closed_{name}"] = float((marks[provider == who] & FOUND_CLOSED != 0).sum())
    at_chw = (provider == AT_CHW) & ~away
    waits = (visit["minute"] - visit["arrived"])[at_chw]
    young = (run.zone.child["birth"][visit["child"]] > visit["minute"] - 60 * 1440) & at_chw
    return out | {
        "share_gone": out["gone"] / max(1.0, out["referred"]), "visits": float(len(visit)),
        "formal": out["at_chw"] + out["at_facility"], "waiting": float(waits.mean()) if len(waits) else 0.0,
        "act": float((given[at_chw] & (1 << ACT_INFANT | 1 << ACT_CHILD) != 0).sum()),
        "amox": float((given[at_chw] & 1 << AMOXICILLIN != 0).sum()),
        "treated_infants": float((given[young] != 0).sum()), "small_doses": float((visit["dose"] == 0.5).sum()),
        "share_positive": out["positive"] / max(1.0, out["tested"]),
    }  # fmt: skip


def of_courses(zone, p) -> dict[str, float]:
    """`risk` is what care has left of P C, summed over onsets, which is far quieter than deaths."""
    course = zone.course
    ended = course[np.isin(course["outcome"], ENDED) & (course["illness"] <= NEWBORN)]
    left = np.prod(1 - ended["y"], axis=1)
    risk = ended["chance_severe"] * p.fatality[ended["illness"]] * left
    untreated = np.where(ended["illness"] == NEWBORN, 1.0, p.sev[ended["illness"]]) * p.fatality[ended["illness"]]
    out = {"risk": risk.sum() / untreated.sum(), "severity": ended["chance_severe"].mean(),
           "prevented": float((course["outcome"] == PREVENTED).sum()),
           "perceived": float(course["perceived"].sum()),
           "seen": float((course["first_formal"] >= 0).sum())}  # fmt: skip
    for k, name in ((MALARIA, "malaria"), (PNEUMONIA, "pneumonia"), (2, "diarrhoea"), (NEWBORN, "newborn")):
        mine = ended["illness"] == k
        out[f"risk_{name}"] = risk[mine].sum() / untreated[mine].sum()
    return out


def of_chws(zone, launch: int) -> dict[str, float]:
    monthly = zone.monthly[1:, launch:]
    if not len(monthly):
        return {"chws": 0.0}
    in_post = max(1, monthly["days_in_post"].sum())
    return {"chws": float(len(monthly)), "in_post": float(in_post), "present": monthly["days_present"].sum() / in_post,
            "skill": monthly["skill"].sum() / in_post, "motivation": monthly["motivation"].sum() / in_post,
            "uneven": float((monthly["days_present"] / np.maximum(1, monthly["days_in_post"])).std()),
            "departures": float(monthly["departures"].sum()), "reported": float(monthly["reported"].sum()),
            "out": monthly["stock_out_days"].sum() / in_post, "received": float(monthly["received"].sum()),
            "lacking": float(monthly["without_drug"].sum())}  # fmt: skip


# mechanism: what both arms share, first arm, second arm, what moves from first to second, which way
LEVERS = {
    "absence": ({}, {"chw.absent": 0.1}, {"chw.absent": 0.4}, "closed_chw", +1),
    "absence, presence": ({}, {"chw.absent": 0.1}, {"chw.absent": 0.4}, "present", -1),
    "length of absence": ({"chw.absent": 0.3, "chw.catch": 500}, {"chw.absent_spell": 2}, {"chw.absent_spell": 30},
                          "uneven", +1),
    "working days": ({"night.avail": 0}, {"chw.days_week": 7}, {"chw.days_week": 3}, "closed_chw", +1),
    "night reach": ({}, {"night.avail": 0.2}, {"night.avail": 0.9}, "closed_chw", -1),
    "minutes of a visit": (BUSY, {"chw.minutes": 10}, {"chw.minutes": 45}, "waiting", +1),
    "minutes of a day": (BUSY, {"chw.minutes_day": 30}, {"chw.minutes_day": 240}, "waiting", -1),
    "queue": ({**BUSY, "chw.patience": 10}, {"chw.queue": 32}, {"chw.queue": 1}, "turned_away", +1),
    "patience": (BUSY, {"chw.patience": 10}, {"chw.patience": 0}, "turned_away", +1),
    "density": (BUSY, {"chw.catch": 5000}, {"chw.catch": 500}, "waiting", -1),
    "density, head count": ({}, {"chw.catch": 5000}, {"chw.catch": 500}, "chws", +1),
    "norm of distance": ({}, {"chw.min_km": 0}, {"chw.min_km": 8}, "at_chw", -1),
    "fill rate": (SHORT, {"sup.fill": 1}, {"sup.fill": 0.4}, "out", +1),
    "lead time": (SHORT, {"sup.lead": 3}, {"sup.lead": 45}, "out", +1),
    "review interval": (SHORT, {"sup.review": 14}, {"sup.review": 90}, "out", +1),
    "reports": (SHORT, {"spv.report": 1}, {"spv.report": 0.4}, "out", +1),
    "reports, counted": ({}, {"spv.report": 1}, {"spv.report": 0.4}, "reported", -1),
    "buffer": (SHORT, {"sup.buffer": 60}, {"sup.buffer": 0}, "out", +1),
    "first kit": (SHORT, {"sup.kit_days": 60}, {"sup.kit_days": 5}, "out", +1),
    "stock of the facility": (SHORT, {"fac.sup.fill": 1}, {"fac.sup.fill": 0.2}, "received", -1),
    "lead time of the facility": ({**SHORT, "fac.kit_days": 20}, {"fac.sup.lead": 5}, {"fac.sup.lead": 120},
                                  "received", -1),
    "supervision": ({}, {"spv.freq": 0}, {"spv.freq": 1}, "skill", +1),
    "supervision, motivation": ({}, {"spv.freq": 0}, {"spv.freq": 1}, "motivation", +1),
    "mentoring": ({"spv.freq": 1}, {"spv.obs": 0}, {"spv.obs": 1}, "skill", +1),
    "refresher": ({}, {"spv.refresher_months": 0}, {"spv.refresher_months": 3}, "skill", +1),
    "decay": ({}, {"skill.decay": 0}, {"skill.decay": 0.1}, "skill", -1),
    "training": ({}, {"skill.training": 0.2}, {"skill.training": 1.1}, "skill", +1),
    "skill and tests": ({}, {"skill.training": 0}, {"skill.training": 1.1}, "tested", +1),
    "attrition": ({}, {"chw.attr": 0.1}, {"chw.attr": 2}, "departures", +1),
    "vacancy": ({"chw.attr": 1}, {"chw.vacancy": 1}, {"chw.vacancy": 12}, "in_post", -1),
    "motivation and presence": ({}, {"motiv.base": 0.8}, {"motiv.base": 0.2}, "present", -1),
    "tests": ({}, {"chw.step.rdt": 0.95}, {"chw.step.rdt": 0.2}, "tested", -1),
    "tests spare ACT": ({}, {"chw.step.rdt": 0.95}, {"chw.step.rdt": 0.2}, "act", +1),
    "sensitivity of tests": ({}, {"dx.rdt.sens": 0.99}, {"dx.rdt.sens": 0.5}, "share_positive", -1),
    "specificity of tests": ({}, {"dx.rdt.spec": 0.99}, {"dx.rdt.spec": 0.6}, "share_positive", +1),
    "parasites without malaria": ({}, {"dx.rdt.infected_other": 0.1}, {"dx.rdt.infected_other": 0.6},
                                  "share_positive", +1),
    "antigen that stays": ({}, {"dx.rdt.persist_days": 0}, {"dx.rdt.persist_days": 60}, "share_positive", +1),
    "obeying tests": ({}, {"chw.step.obey": 0.99}, {"chw.step.obey": 0.4}, "act", +1),
    "no test at hand": ({"chw.step.rdt": 0.3}, {"policy.no_rdt": 1}, {"policy.no_rdt": 0}, "act", -1),
    "counting breaths": ({"chw.step.withhold": 1}, {"chw.step.breaths": 0.9}, {"chw.step.breaths": 0.2}, "amox", -1),
    "withholding": ({}, {"chw.step.withhold": 0.95}, {"chw.step.withhold": 0.3}, "amox", +1),
    "specificity of counting": ({}, {"dx.rr.spec": 0.95}, {"dx.rr.spec": 0.4}, "amox", +1),
    "sensitivity of counting": ({"chw.step.withhold": 1}, {"dx.rr.sens": 0.95}, {"dx.rr.sens": 0.2},
                                "risk_pneumonia", +1),
    "danger looked for": ({}, {"chw.step.danger": 0.1}, {"chw.step.danger": 0.9}, "looked", +1),
    "danger found": ({}, {"dx.danger.sens": 0.2}, {"dx.danger.sens": 1}, "danger_found", +1),
    "danger found where there is none": ({}, {"dx.danger.spec": 1}, {"dx.danger.spec": 0.8}, "danger_found", +1),
    "referral step": ({}, {"chw.step.refer": 0.95}, {"chw.step.refer": 0.1}, "referred", -1),
    "young infants": ({}, {"policy.under_2m_refer": 1}, {"policy.under_2m_refer": 0}, "treated_infants", +1),
    "drug out, referred": ({"sup.fill": 0}, {"policy.stockout_refer": 0}, {"policy.stockout_refer": 1}, "referred", +1),
    "referral completed": ({}, {"ref.routine": 0.05, "ref.severe": 0.2}, {"ref.routine": 0.5, "ref.severe": 0.9},
                           "share_gone", +1),
    "referral and distance": ({"ref.routine": 0.5}, {"ref.km": 0}, {"ref.km": 0.5, "ref.mean_km": 0}, "share_gone", -1),
    "referral and rains": ({"ref.routine": 0.5, "ref.km": 0.1}, {"ref.season": 1}, {"ref.season": 5}, "share_gone", -1),
    "referral and fee": ({"ref.routine": 0.5, "ref.fee": 0.5, "seek.fee": 0}, {"fee.facility": 0}, {"fee.facility": 8},
                         "share_gone", -1),
    "referral and trust": ({"ref.routine": 0.5, "trust.useful": 0.5}, {"ref.trust": 0}, {"ref.trust": 4},
                           "share_gone", +1),
    "delay of referral": ({"ref.routine": 0.9, "ref.severe": 0.95, "chw.step.danger": 0.99, "dx.danger.sens": 1},
                          {"ref.delay": 2}, {"ref.delay": 120}, "at_facility", -1),
    "fee of the CHW": ({}, {"fee.chw": 0}, {"fee.chw": 5}, "at_chw", -1),
    "fee of the facility": ({}, {"fee.facility": 0}, {"fee.facility": 8}, "at_facility", -1),
    "price felt": ({}, {"seek.fee": 0}, {"seek.fee": 1}, "formal", -1),
    "mobilisation": ({"seek.mob": 0.4}, {"mob.on": 0}, {"mob.on": 1}, "formal", +1),
    "distance to the CHW": ({"chw.radius_km": 10}, {"seek.km_chw": 0}, {"seek.km_chw": 2}, "at_chw", -1),
    "distance to the facility": ({}, {"seek.km_facility": 0}, {"seek.km_facility": 0.5}, "at_facility", -1),
    "walking": ({"chw.radius_km": 20, "seek.km_chw": 0}, {"seek.speed": 30}, {"seek.speed": 0.5}, "risk", +1),
    "pull of shops": ({}, {"seek.a_informal": -4}, {"seek.a_informal": -1}, "at_informal", +1),
    "pull of the CHW": ({}, {"seek.chw_shift": 0}, {"seek.chw_shift": 3}, "at_chw", +1),
    "recognition when mild": ({}, {"recog.mild": 0}, {"recog.mild": 0.9}, "visits", +1),
    "recognition when severe": ({}, {"recog.severe": 0}, {"recog.severe": 1}, "perceived", +1),
    "severity moves": ({}, {"seek.sev": 0}, {"seek.sev": 3}, "visits", +1),
    "tried lately": ({}, {"seek.tried": 0}, {"seek.tried": 5}, "visits", -1),
    "content": ({}, {"seek.content_days": 0}, {"seek.content_days": 10}, "visits", -1),
    "second try": ({"chw.absent": 0.6}, {"seek.second": 0}, {"seek.second": 1}, "at_facility", +1),
    "trust in what failed": ({"chw.absent": 0.6}, {"trust.failed": 0}, {"trust.failed": -0.5}, "at_chw", -1),
    "trust in what helped": ({}, {"trust.useful": 0}, {"trust.useful": 0.3}, "formal", +1),
    "trust lost by worsening": ({"sev.mal.untreated": 0.3, "tx.act": 0}, {"trust.severe": 0}, {"trust.severe": -0.9},
                                "formal", -1),
    "content of shops, ACT": ({}, {"informal.act": 0}, {"informal.act": 0.9}, "risk_malaria", -1),
    "content of shops, antibiotic": ({}, {"informal.amox": 0}, {"informal.amox": 1}, "risk_pneumonia", -1),
    "content of shops, ORS": ({}, {"informal.ors": 0}, {"informal.ors": 0.9}, "risk_diarrhoea", -1),
    "content of shops, zinc": ({}, {"informal.zinc": 0}, {"informal.zinc": 0.9}, "risk_diarrhoea", -1),
    "dose of shops": ({}, {"informal.dose": 0.1}, {"informal.dose": 0.9}, "risk_diarrhoea", -1),
    "ORS at home": ({}, {"home.ors": 0}, {"home.ors": 0.6}, "risk_diarrhoea", -1),
    "ACT at home": ({}, {"home.act": 0}, {"home.act": 0.6}, "risk_malaria", -1),
    "prophylaxis": ({}, {"prophylaxis.act.days": 0}, {"prophylaxis.act.days": 28}, "prevented", +1),
    "overlap": ({}, {"overlap.mechanism": 1}, {"overlap.mechanism": 2.5}, "severity", +1),
    "opening days": ({}, {"fac.days_week": 7}, {"fac.days_week": 2}, "closed_facility", +1),
    "staff minutes": (NEAR_FACILITY, {"fac.minutes_day": 960}, {"fac.minutes_day": 12}, "turned_away", +1),
    "staff minutes of a child": (NEAR_FACILITY, {"fac.minutes": 5}, {"fac.minutes": 300}, "turned_away", +1),
    "full treatment": (NEAR_FACILITY, {"fac.full": 0}, {"fac.full": 1}, "risk", -1),
    "hospital": ({"fac.full": 0, "chw.deployed": 0, "seek.a_facility": 1, "seek.km_facility": 0,
                  "fac.step.danger": 0.99, "ref.severe": 1, "ref.routine": 0.9},
                 {"hosp.full": 0}, {"hosp.full": 1}, "risk", -1),
    "inpatient malaria": (NEAR_FACILITY, {"tx.mal.inpt_weak": 0}, {"tx.mal.inpt_weak": 0.4}, "risk_malaria", +1),
    "inpatient pneumonia": (NEAR_FACILITY, {"tx.pneu.inpt": 0}, {"tx.pneu.inpt": 0.2}, "risk_pneumonia", +1),
    "inpatient diarrhoea": (NEAR_FACILITY, {"tx.diarr.inpt": 0}, {"tx.diarr.inpt": 0.06}, "risk_diarrhoea", +1),
    "newborns by mouth": (NEWBORNS, {"tx.psbi.oral": 0}, {"tx.psbi.oral": 0.6}, "risk_newborn", -1),
    "newborns by injection": (NEWBORNS, {"tx.psbi.inj": 0.3}, {"tx.psbi.inj": 0.9}, "risk_newborn", -1),
    "newborns in hospital": ({**NEWBORNS, "ref.severe": 1}, {"tx.psbi.hosp": 0},
                             {"tx.psbi.hosp": 1}, "risk_newborn", -1),
    "adherence": ({}, {"tx.adherence": 1}, {"tx.adherence": 0.3}, "risk", +1),
    "dose step": ({}, {"chw.step.dose": 0.95}, {"chw.step.dose": 0.1}, "small_doses", +1),
    "wrong dose": ({"chw.step.dose": 0.3}, {"tx.dose.wrong": 1}, {"tx.dose.wrong": 0}, "risk", +1),
    "lag of ACT": ({}, {"tx.lag.act": 0}, {"tx.lag.act": 3}, "risk_malaria", +1),
    "lag of antibiotic": ({}, {"tx.lag.amox": 0}, {"tx.lag.amox": 3}, "risk_pneumonia", +1),
    "lag of ORS": ({}, {"tx.lag.ors": 0}, {"tx.lag.ors": 3}, "risk_diarrhoea", +1),
    "lag of zinc": ({}, {"tx.lag.zinc": 0}, {"tx.lag.zinc": 6}, "risk_diarrhoea", +1),
    "ACT": ({}, {"tx.act": 0}, {"tx.act": 0.95}, "risk_malaria", -1),
    "antibiotic": ({}, {"tx.amox.nonsev": 0}, {"tx.amox.nonsev": 0.7}, "risk_pneumonia", -1),
    "ORS": ({}, {"tx.ors": 0}, {"tx.ors": 0.8}, "risk_diarrhoea", -1),
    "ORS when severe": ({}, {"tx.ors.severe": 0}, {"tx.ors.severe": 1}, "risk_diarrhoea", -1),
    "zinc": ({}, {"tx.zinc": 0}, {"tx.zinc": 0.35}, "risk_diarrhoea", -1),
    "ORS step": ({}, {"chw.step.ors": 0.95}, {"chw.step.ors": 0.1}, "risk_diarrhoea", +1),
    "zinc step": ({"tx.zinc": 0.35, "tx.lag.zinc": 0}, {"chw.step.zinc": 0.95}, {"chw.step.zinc": 0.1},
                  "risk_diarrhoea", +1),
    "programme": ({"chw.catch": 500, "sup.kit_days": 90}, {"chw.deployed": 0}, {"chw.deployed": 1}, "risk", -1),
}  # fmt: skip


def shift(name: str) -> tuple[float, float]:
    """Mean difference from first to second arm over the seeds, and in standard errors."""
    shared, first, second, column, way = LEVERS[name]
    arms = [tuple(sorted((key, value) for key, value in {**shared, **arm}.items())) for arm in (first, second)]
    differences = np.array([measures(arms[1], seed)[column] - measures(arms[0], seed)[column] for seed in SEEDS])
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    mean = way * differences.mean()
    return mean, mean / error if error > 0 else math.copysign(math.inf, mean)


@pytest.mark.parametrize("name", LEVERS)
def test_each_mechanism_moves_what_it_should(name):
    mean, errors = shift(name)
    assert mean > 0
    assert errors >= SMALLEST


LOOPS = {
    "trust": ({"seek.trust": 0}, {}),
    "motivation, well supported": (
        {"spv.freq": 1, "sup.fill": 1, "motiv.base": 0.79, "motiv.supervised": 0, "motiv.overload": 0,
         "motiv.stocked": 0}, {"spv.freq": 1, "sup.fill": 1}),
    "motivation, ill supported": (
        {"spv.freq": 0, "sup.fill": 0.3, "motiv.base": 0.79, "motiv.supervised": 0, "motiv.overload": 0,
         "motiv.stocked": 0}, {"spv.freq": 0, "sup.fill": 0.3}),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_switched_on_is_neither_inert_nor_runaway(name):
    without, given = (
        np.array([measures(tuple(sorted({"seek.chw_shift": 0.6, **arm}.items())), seed)["at_chw"] for seed in SEEDS])
        for arm in LOOPS[name]
    )
    assert 0.01 <= abs(given.sum() / without.sum() - 1) <= 0.30


def test_a_provider_who_always_looks_for_danger_looks_in_severe_children_too():
    run = lived({**WORLD, "chw.step.danger": 1, "fac.step.danger": 1, "sev.mal.untreated": 0.5}).runs[0]
    visit = run.zone.visit[: run.zone.n[1]]
    seen = np.isin(visit["provider"], (AT_CHW, AT_FACILITY)) & (visit["marks"] & (FOUND_CLOSED | TURNED_AWAY) == 0)
    assert (visit["marks"][seen] & LOOKED != 0).all()
