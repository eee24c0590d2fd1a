"""Sizes of levers: who has a CHW, what CHWs may treat, what families pay, what CHWs are paid, what families know."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from arms import by_month, district
from sizes import Size, near
from small import SURE
from world import (
    DAY,
    KEY,
    ONSET,
    WORSENS,
    a_month,
    a_provider,
    a_sick_child,
    a_visit,
    delivered,
    parameters,
)

from iccmsim.core.records import (
    ACT_INFANT,
    DANGER_FOUND,
    DIARRHOEA,
    FEVER,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    IS_INFECTED,
    MALARIA,
    MINUTES,
    MONTH,
    N_PRODUCTS,
    PNEUMONIA,
    RDT,
    REFERRED,
    STEPS,
)
from iccmsim.rules.case_management import consult
from iccmsim.rules.illness import signs_of_breathing, worsen_or_not
from iccmsim.rules.pay import arrears_move
from iccmsim.rules.treatment import treat
from iccmsim.world.deployment import place_chws
from iccmsim.world.geography import Facility, Village, make_places
from iccmsim.world.made_up import synthetic_places

CHILDREN = 2000  # of one kind, who are seen in one arm
NO_CHWS = ("chw.deployed", 0)
AS_FITTED = {"seek.chw_shift": 0.6}  # in the district of arms.py CHWs draw more
RARE = {**SURE, "pop.wealth_sd": 0, "seek.hh_sd": 0, "seek.formal_sd": 0, "seek.trust": 0, "seek.a_facility": -5.0,
        "fac.days_week": 7}  # fmt: skip

# --- who has a CHW ------------


def left_out() -> float:
    """The share of evenly spread villages that the norm of distance leaves without a CHW."""
    places = synthetic_places(zones=7, villages_per_zone=100, people=70_000, paired=0.0, scatter=0.0)
    plan = place_chws(places, people_per_chw=1500, min_km=delivered()["chw.min_km"], radius_km=3)
    return float((plan.post < 0).mean())


def posts_on_a_road() -> float:
    """Posts for 105 villages that lie a little less than 1 km from each other, far from a facility."""
    degrees = 0.99 / 111.195
    villages = [Village(f"v{i}", "", 0.0, 1.0 + i * degrees, 100) for i in range(105)]
    places = make_places("road", villages, facilities=[Facility("F", "", 1, 0.0, 0.0)])
    return place_chws(places, people_per_chw=1500, min_km=5, radius_km=delivered()["chw.radius_km"]).n_posts


@cache
def formal_care(seed: int, *levers: tuple[str, float], rare: bool = False) -> float:
    """The share of episodes since launch that a CHW or facility sees.

    If `rare`, all families are alike and seek care so seldom that odds are as good as shares.
    """
    run = district({**AS_FITTED, **(RARE if rare else {}), **dict(levers)}, seed=seed).runs[0]
    course = run.course[run.course["onset"] >= run.plan.warmup * MINUTES]
    return float((course["first_formal"] >= 0).mean())


def rare_care(*levers: tuple[str, float]) -> float:
    """The same where care is rare, over four seeds."""
    return sum(formal_care(seed, *levers, rare=True) for seed in (1, 2, 3, 4)) / 4


def nearer() -> float:
    """By how much CHWs multiply care where it is rare, beside what their pull, way and price add to the centre's."""
    home, v = district({**AS_FITTED, **RARE}).runs[0].zone.household, delivered()
    at_chw = v["seek.chw_shift"] - v["seek.km_chw"] * home["km_chw"] - v["seek.fee"] * v["fee.chw"]
    at_centre = -v["seek.km_facility"] * home["km_facility"] - v["seek.fee"] * v["fee.facility"]
    expected = 1.0 + np.exp(at_chw).sum() / np.exp(at_centre).sum()
    return rare_care() / rare_care(NO_CHWS) / expected


# --- what a CHW of the usual skill may treat ------------


def visits_of(illness: int, signs: int, *, severe: bool = False, danger: float = 0.0, lacks: int = -1,
              closer: bool = False, **policy: float) -> list:  # fmt: skip
    """Many children of one kind, each an hour ill, seen by a CHW of the usual skill: (visit, danger of death left)."""
    steps = {step: delivered()[f"chw.step.{step}"] for step in STEPS}
    p, out = parameters(**policy), []
    for episode in range(CHILDREN):
        child, courses = a_sick_child(illness, severe=severe, episode=episode, worsens=WORSENS + 2 * DAY)
        provider, visit = a_provider(**steps), a_visit()
        if lacks >= 0:
            provider.stock[lacks] = 0
        shows = signs | (HAS_DANGER if episode % 100 < 100 * danger else 0)
        shows |= signs_of_breathing(child, courses, p, KEY) if closer else 0
        consult(child, courses[0], provider, a_month(), visit, p, KEY, shows, ONSET + 60)
        treat(child, courses, visit, ONSET + 60, p, KEY)
        out.append((visit, float(np.prod(1.0 - courses[0].x) * np.prod(1.0 - courses[0].y))))
    return out


@cache
def danger_left(illness: int, signs: int, lever: str = "") -> float:
    """The mean share of the danger of death that is left after a visit to a CHW, who may not do one thing."""
    forbidden = {lever: 0.0} if lever else {}
    return float(np.mean([left for _, left in visits_of(illness, signs, **forbidden)]))


def spared(illness: int, signs: int, lever: str) -> float:
    """The share of a child's danger of death that a visit spares it because a CHW may do one thing: by what is handed
    out alone, without what a referral may still do."""
    return 1.0 - danger_left(illness, signs) / danger_left(illness, signs, lever)


@cache
def acts(rdt: int) -> float:
    """ACT for a fever, where half of the fevers have parasites in the blood."""
    given = [visit.given & 1 << ACT_INFANT for signs in (HAS_FEVER, HAS_FEVER | IS_INFECTED)
             for visit, _ in visits_of(FEVER, signs, policy_rdt=rdt)]  # fmt: skip
    return np.count_nonzero(given) / len(given)


@cache
def marked(mark: int, danger: float, **policy: float) -> float:
    """The share of children with severe pneumonia whom a CHW finds in danger, or sends on."""
    visits = visits_of(PNEUMONIA, HAS_COUGH | HAS_FAST, severe=True, danger=danger, closer=True, **policy)
    return float(np.mean([visit.marks & mark != 0 for visit, _ in visits]))


def found_by_oximeter() -> float:
    """How many more of the severe pneumonias, not all of which show danger, are found by a CHW with an oximeter."""
    shows = float(parameters().symptoms[PNEUMONIA, 5])
    return marked(DANGER_FOUND, shows, policy_oximetry=1.0) - marked(DANGER_FOUND, shows)


def sent_on_without_tests() -> float:
    """The share of fevers that a CHW without tests sends on, where it may not treat on suspicion."""
    return float(np.mean([visit.marks & REFERRED != 0
                          for visit, _ in visits_of(FEVER, HAS_FEVER, lacks=RDT, policy_no_rdt=0.0)]))  # fmt: skip


def sent_on_by_age(days: float, **policy: float) -> float:
    """The share of children, of all ages up to so many days alike, whom a CHW sends on because of their age."""
    p, chw, n, sent = parameters(**policy), a_provider(danger=0.0), 600, 0
    for i in range(n):
        child, courses = a_sick_child(DIARRHOEA, episode=i)
        child.birth, visit = ONSET - int((i + 0.5) / n * days * DAY), a_visit()
        chw.stock[:N_PRODUCTS] = 10
        consult(child, courses[0], chw, a_month(), visit, p, KEY, HAS_DIARRHOEA, ONSET)
        sent += visit.marks & REFERRED != 0
    return sent / n


# --- what families pay, and what moves them ------------


def cases(fee: float) -> float:
    """Sick children whom CHWs see where care is rare."""
    return by_month(district({**AS_FITTED, **RARE, "fee.chw": fee}), "cases").sum()


def knowing() -> float:
    """The odds that severe illness is seen as such, with teaching against without."""
    odds = []
    for taught in (0.6, 0.0):
        p, seen, n = parameters(demand_knowledge=taught), 0, 1000
        for i in range(n):
            child, courses = a_sick_child(MALARIA, u_worsen=0.0, u_recognise=(i + 0.5) / n)
            worsen_or_not(child, courses[0], p, KEY)
            seen += int(courses[0].perceived)
        odds.append(seen / (n - seen))
    return odds[0] / odds[1]


# --- what CHWs are paid ------------


@cache
def presence(on: int) -> float:
    """Days at work in the fourth year of some 40 CHWs, none of whom leaves."""
    place = {"chw.catch": 150, "chw.attr": 0, "run.days": 1461}
    return by_month(district({**place, "pay.on": on}), "days_present")[36:48].sum()


def unpaid_as_well(together: int) -> float:
    """Of the months in which one CHW goes unpaid, in how many another does too; three months in ten are unpaid."""
    p, one, other = parameters(pay_unpaid=0.3, pay_together=together), a_provider(number=1), a_provider(number=2)
    both = []
    for month in range(3000):
        arrears_move(one, p, KEY, month)
        arrears_move(other, p, KEY, month)
        if one.in_arrears:
            both.append(other.in_arrears)
    return float(np.mean(both))


YEAR_5 = 60 * MONTH
FULL_DOSE = 0.85 * (0.85 + 0.15 * 0.5)  # the family gives it to the end; a wrong dose is half a one

SIZES: list[Size] = [
    Size(("chw.deployed",), lambda: formal_care(1) / formal_care(1, NO_CHWS), 1.24, 2.27,
         "care sought from an appropriate provider x 1.68 (1.24-2.27, remembered), Oliphant 2021 Cochrane CD012882"),
    Size(("chw.deployed",), nearer, *near(1.0, within=0.12),
         "arithmetic: where care is rare the odds of the CHW come on top of the centre's"),
    Size(("chw.min_km",), left_out, *near((5 / 14) ** 2),
         "arithmetic: of villages spread evenly to 14 km from a centre, those within 5 km lie in (5/14)^2 of the area"),
    Size(("chw.radius_km",), posts_on_a_road, *near(15.0),
         "arithmetic: along a road a post that reaches 3 km serves 7 villages 1 km apart; 105 / 7"),
    Size(("policy.malaria",), lambda: spared(MALARIA, HAS_FEVER | IS_INFECTED, "policy_malaria"),
         *near(0.95 * FULL_DOSE * (0.15 + 0.85 * (0.95 + 0.05 * 0.08))),
         "ACT .95 (below .97-.99, Thwing 2011) if dosed right and given to the end, to the untested .15, and of the "
         "tested to the .95 found and .08 of the missed"),
    Size(("policy.rdt",), lambda: acts(0) / acts(1),
         *near(1 / (0.15 + 0.85 * (0.5 * (0.95 + 0.05 * 0.08) + 0.5 * (0.10 + 0.90 * 0.08)))),
         "arithmetic: half of fevers infected (Malar J 2010 9:99, at parasite rates of 34-37 %), .85 tested, "
         "sensitivity .95, specificity .90, result obeyed .92"),
    Size(("policy.rdt",), lambda: 1 - acts(2) / acts(1), *near(0.15 / 0.629),
         "arithmetic: as above; the .15 who were not tested had .15 / .629 of the ACT, and now get none"),
    Size(("policy.no_rdt",), sent_on_without_tests, *near(0.85),
         "arithmetic: whom the CHW would have tested, .85 (assumption, in line with Gilroy 2013), and no other"),
    *(Size((f"policy.{name}",), lambda name=name: spared(PNEUMONIA, HAS_COUGH | HAS_FAST, f"policy_{name}"),
           *near(0.5 * FULL_DOSE * (0.75 * 0.78 + 0.15 * (1 - 0.75 * 0.78))),
           "amoxicillin .50 (LiST .70 of the treated, trials .32-.36 of all; Das 2013) to those whose breaths are "
           "counted .75 and found fast .78, and to .15 of the others") for name in ("pneumonia", "antibiotics")),
    Size(("policy.diarrhoea",), lambda: spared(DIARRHOEA, HAS_DIARRHOEA, "policy_diarrhoea"),
         *near(1 - (1 - 0.95 * 0.8 * FULL_DOSE) * (1 - 0.9 * 0.23 * FULL_DOSE)),
         "ORS .80 (.69-.93; Munos 2010) thought of in .95, and zinc as below, one after the other"),
    Size(("policy.zinc",), lambda: spared(DIARRHOEA, HAS_DIARRHOEA, "policy_zinc"), *near(0.9 * 0.23 * FULL_DOSE),
         "zinc .23 (.10-.35; Fischer Walker 2010) thought of in .90"),
    Size(("policy.under_2m_refer",), lambda: sent_on_by_age(120), *near(0.5),
         "arithmetic: 60 of 120 days"),
    Size(("policy.youngest_months",), lambda: sent_on_by_age(YEAR_5, policy_youngest_months=12.0), *near(0.2),
         "arithmetic: 12 of 60 months; the first 2 would be sent on anyway"),
    Size(("policy.oldest_months",), lambda: sent_on_by_age(YEAR_5, policy_oldest_months=24.0), *near(36 / 60 + 2 / 60),
         "arithmetic: 36 of 60 months, beside the first 60 days"),
    Size(("policy.indrawing",), lambda: marked(REFERRED, 1.0, policy_indrawing=1.0) / marked(REFERRED, 1.0),
         *near(0.4, within=0.15), "arithmetic: indrawing is the only danger sign in .6, so .4 of referrals stay"),
    Size(("policy.oximetry",), found_by_oximeter, *near(0.15, within=0.2),
         "15 percentage points more of the severe found (5-30; itself an assumption); arithmetic: .66 are missed "
         "without (.6 show danger, of whom .61 x .9 are found), .41 lack oxygen, of whom .5 are found: .14"),
    Size(("fee.chw",), lambda: cases(0.0) / cases(3.0), *near(math.exp(0.25 * 3)),
         "arithmetic: .25 logit a USD, x 1.2-3.0 when fees end (Ponsar 2011); a CHW's care that is free, x 1.5 "
         "(1.0-2.5) of that at a price"),
    Size(("fee.waived",), lambda: rare_care(NO_CHWS, ("fee.waived", 1)) / rare_care(NO_CHWS),
         *near(math.exp(0.25 * 2.5)),
         "visits x 2.0 (1.2-3.0) when fees end, Ponsar 2011; arithmetic: .25 logit a USD, 2.50 USD a visit"),
    Size(("mob.on",), lambda: rare_care(("mob.on", 1), ("seek.mob", 0.3)) / rare_care(), *near(math.exp(0.3)),
         "arithmetic: .3 logit on care that is rare is x 1.35; how much it is, is seek.mob, honestly near nothing"),
    Size(("demand.knowledge",), knowing, *near(math.exp(0.6)),
         "arithmetic: .6 logit is an odds ratio of 1.82; .75 of severe illness seen as such become .85"),
    Size(("pay.on",), lambda: presence(0) / presence(1), *near(0.7),
         "a CHW's activity x 0.7 while unpaid (assumption; Glenn 2021 has no number); arithmetic: motivation .9 less "
         "two months at .25 leaves (.5 + .5 x .4 / .79) / (.5 + .5 x .9 / .79) of the days"),
    Size(("pay.together",), lambda: unpaid_as_well(1) - unpaid_as_well(0), *near(0.7),
         "arithmetic: together always, alone in three months of ten"),
]  # fmt: skip

ELSEWHERE: dict[str, str] = {
    "chw.catch": "test_deployment::test_a_post_has_whole_chws",
    "chw.funded": "test_deployment::test_money_for_a_part_of_the_norm_goes_to_the_posts_with_the_most_people",
    "chw.rollout":
        "test_lever_workforce::test_first_postings_are_spread_over_their_time_and_nobody_walks_to_a_chw_still_to_come",
    "policy.stockout_refer": "test_case_management::test_a_stated_share_of_those_whose_drug_is_out_is_referred",
    "policy.not_allowed_refer":
        "test_lever_policy::test_some_families_are_told_to_go_rather_than_referred_in_the_share_that_policy_says",
    "fee.drugs": "test_lever_finance::test_drugs_that_must_be_paid_deter_from_the_chw_alone",
    "fee.exempt_poorest": "test_lever_finance::test_the_stated_share_of_households_is_exempt",
    "pay.unpaid": "test_lever_finance::test_pay_fails_in_spells_of_the_stated_length_for_the_stated_share_of_months",
    "pay.spell": "test_lever_finance::test_pay_fails_in_spells_of_the_stated_length_for_the_stated_share_of_months",
    "pay.exposed": "test_lever_finance::test_only_chws_of_the_funder_who_fails_are_exposed_and_always_the_same_ones",
    "motiv.unpaid": "test_lever_workforce::test_each_month_without_pay_takes_from_motivation_but_not_for_ever",
    "motiv.unpaid_most": "test_lever_workforce::test_each_month_without_pay_takes_from_motivation_but_not_for_ever",
    "budget.usd": "test_lever_finance::test_a_line_falls_when_the_rest_is_worth_the_reserve_of_those_that_stay",
    "budget.reserve": "test_lever_finance::test_a_line_falls_when_the_rest_is_worth_the_reserve_of_those_that_stay",
    "budget.order": "test_lever_finance::test_the_money_is_spent_to_the_last_and_lines_fall_in_their_order",
}  # fmt: skip
