"""Sizes of levers of the chain to the CHW, of what its box holds, of reports, of visits to homes and of the way on."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from sizes import Size, near
from small import NEAR, lived, tiny
from world import DAY, KEY, ONSET, a_month, a_provider, a_sick_child, a_visit, parameters

from iccmsim.core.records import (
    AT_CHW,
    BASIC_PRODUCTS,
    GENTAMICIN,
    HAS_DANGER,
    HAS_FEVER,
    IS_INFECTED,
    MALARIA,
    NEWBORN,
    ORS,
    RDT,
    RECTAL_ARTESUNATE,
    RUTF,
)
from iccmsim.engine.simulation import Simulation
from iccmsim.rules.case_management import consult
from iccmsim.rules.illness import kill_or_not
from iccmsim.rules.treatment import treat

MANY = 2000
LAUNCH, YEAR = 60, 365  # days before CHWs begin, and days that are counted from then on

# Nobody comes: CHWs begin with nothing, and what they then ask for is reckoned by the kit, as long as no use is known.
# They are supplied straight from a district store that has everything, and a bare shelf asks for no more than another.
QUIET = {**NEAR, "place.people": 5000, "place.villages_per_zone": 8, "run.days": YEAR, "seek.chw_shift": -20,
         "chw.attr": 0, "spv.report": 1, "sup.fill": 1, "sup.kit_days": 0, "sup.direct": 1, "chw.catch": 50,
         "sup.kit_contacts": 50, "sup.kit_mix": (4,) * 6, "sup.kit_floor": 0}  # fmt: skip
BUSY = {**NEAR, "place.people": 3000, "run.days": YEAR, "seek.chw_shift": 2.0, "chw.attr": 0, "chw.minutes": 5}


@cache
def _run(more: tuple):
    return lived(dict(more)).runs[0]


def run_of(world: dict, changed: dict):
    """One zone of such a world that has lived, with some levers moved."""
    return _run(tuple({**world, **changed}.items()))


def quiet(**changed: object):
    """A zone in which nobody comes to CHWs, with some levers of `sup` moved. Where nothing is sent (a fill of 0), all
    is asked for anew at every look."""
    return run_of(QUIET, {f"sup.{lever}": value for lever, value in changed.items()})


def kits(column: str, **changed: object) -> float:
    """Doses of the basic box that the quiet zone's CHWs have been sent (or ask for), in kits, a kit being a month's."""
    zone = quiet(**changed).zone
    doses = zone.monthly[column][1:, :, :BASIC_PRODUCTS].sum(axis=1)
    return float((doses / zone.provider["kit"][1:, :BASIC_PRODUCTS]).mean())


def kits_at_first() -> float:
    """What CHWs begin with where that is to last for 45 days, in kits."""
    chws = quiet(kit_days=45).zone.provider[1:]
    return float((chws["began_with"] / np.maximum(chws["kit"], 1e-9))[:, :BASIC_PRODUCTS].mean())


def kits_that_keep(days: int) -> float:
    """Kits on a shelf to which one comes each month, of which none is used, once the first have grown too old."""
    run = quiet(rule=2, shelf=days)
    late = run.zone.stock_by_day[LAUNCH + 200 :, 1:, :BASIC_PRODUCTS].mean(axis=0)
    return float((late / run.zone.provider["kit"][1:, :BASIC_PRODUCTS]).mean())


def looks(every: int) -> int:
    """How often in the year a number of days has passed."""
    return sum(day % every == every - 1 for day in range(LAUNCH, LAUNCH + YEAR))


def days_to_delivery(lead: float) -> float:
    """From the first order after the launch to the day on which there is something on the shelf."""
    first = (quiet(lead=lead).zone.stock_by_day[:, 1:, ORS] > 0).argmax(axis=0)
    assert (first > 89).all()  # ordered at the review of day 89
    return float(first.mean() - 89)


def doses_in_kit(product: int, **changed: object) -> float:
    """Of a month's kit, for each visit for which it is reckoned: 1500 people, 18 % under five, 2 visits a year."""
    p = parameters(chw_catch=1500, sup_kit_contacts=2.0, policy_newborn=2, policy_ras=1, policy_muac=1.0, **changed)
    return float(p.chw_kit[product]) / (1500 * 0.18 * 2 / 12)


def children_of_a_kit() -> float:
    """Visits of a month for which the kit of a CHW with 270 children under five is reckoned."""
    return float(parameters(chw_catch=1500, sup_kit_mix=[1.0] * 6).chw_kit[ORS])


def given_of_first_box() -> float:
    """Tests that busy CHWs without resupply use in a year, of those they began with."""
    chws = run_of(BUSY, {"sup.on": 0}).zone.provider[1:]
    return float(chws["given"][:, RDT].sum() / chws["began_with"][:, RDT].sum())


def share_past_an_empty_centre() -> float:
    """What CHWs get of a month's need if the health centre never has anything, more with sup.direct than without."""
    empty = {"fac.kit_days": 0, "fac.sup.fill": 0}
    got = []
    for direct in (0, 1):
        chws = run_of(QUIET, {"sup.direct": direct, **empty}).zone.provider[1:]
        got.append((chws["received"][:, ORS] / np.ceil(chws["kit"][:, ORS] * (30 + 14 + 30) / 30)).mean())
    return float(got[1] - got[0])


def deaths(illness: int, signs: int, **changed: object) -> float:
    """Expected deaths of severely ill children whom a CHW sees a day before they would die, and nobody after it."""
    p = parameters(tx_adherence=1.0, dx_danger_sens=1.0, dx_danger_spec=1.0, dx_rdt_sens=1.0,
                   tx_lag_amox=0.25, **changed)  # fmt: skip
    met, total = ONSET + 3 * DAY, 0.0
    for episode in range(MANY):
        child, courses = a_sick_child(illness, severe=True, episode=episode, worsens=met - DAY // 2, kills=met + DAY)
        child.birth = met - (20 if illness == NEWBORN else 550) * DAY
        visit = a_visit(AT_CHW)
        consult(child, courses[0], a_provider(), a_month(), visit, p, KEY, signs, met)
        treat(child, courses, visit, met, p, KEY)
        kill_or_not(child, courses, courses[0], p)
        total += courses[0].chance_death / p.fatality[illness]
    return total / MANY


def averted(illness: int, signs: int, **policy: int) -> float:
    """Share of those deaths that is averted where policy is so, against where it is 0."""
    return 1.0 - deaths(illness, signs, **policy) / deaths(illness, signs, **dict.fromkeys(policy, 0))


def youngest_given_artesunate(months: float) -> float:
    """Age in months at which feverish children in danger begin to be given it."""
    p = parameters(policy_ras=1, chw_ras_use=1.0, dx_danger_sens=1.0, dx_rdt_sens=1.0, policy_ras_months=months)
    for tenth in range(600):
        child, courses = a_sick_child(MALARIA)
        child.birth = ONSET - int(tenth / 10 * 30.4375 * DAY)
        visit = a_visit(AT_CHW)
        consult(child, courses[0], a_provider(), a_month(), visit, p, KEY, HAS_FEVER | HAS_DANGER | IS_INFECTED, ONSET)
        if visit.given & 1 << RECTAL_ARTESUNATE:
            return tenth / 10
    return math.inf


def rounds_in_season() -> float:
    """Households visited in a year by CHWs who go round from July to October, of those of CHWs who always do."""
    made = [run_of(QUIET, {"outreach.minutes_day": 60, "chw.catch": 1000, "outreach.season": only}).zone.monthly
            for only in (1, 0)]  # fmt: skip
    return float(made[0]["home_visits"].sum() / made[1]["home_visits"].sum())


@cache
def newborns() -> tuple[float, float]:
    """Visits to a newborn in its first week, and what each takes of a CHW's minutes, where nobody else comes."""
    minutes = 600
    more = {**QUIET, "chw.catch": 1000, "inc.psbi": 0, "chw.absent": 0, "chw.days_week": 7, "newborn.visits": 0.6,
            "newborn.minutes": 15, "chw.minutes_day": minutes}  # fmt: skip
    simulation, used = Simulation(tiny(more=more), seed=1, threads=1).run_to(LAUNCH), 0.0
    for day in range(LAUNCH, LAUNCH + YEAR):
        used += float((minutes - simulation.run_to(day + 1).runs[0].zone.provider["minutes"][1:]).sum())
    zone = simulation.runs[0].zone
    birth = zone.child["birth"][zone.household["chw"][zone.child["household"]] >= 0] // DAY
    born = np.mean([((birth >= LAUNCH - age) & (birth < LAUNCH + YEAR - age)).sum() for age in (1, 3, 7)])
    made = zone.monthly["home_visits"].sum()
    return float(made / born), used / float(made)


SIZES = [
    Size(("sup.on",), lambda: given_of_first_box(), 0.97, 1.0,
         "arithmetic: what is in the first box is all they get, and in a year all of it goes"),
    Size(("sup.rule",), lambda: kits("ordered", rule=2, fill=0), *near(12.0, within=0.1),
         "arithmetic: rule 2 asks for one kit of 30 days at each of the twelve reviews of a year"),
    Size(("sup.review",), lambda: kits("received", review=60) - kits("received"), *near(1.0, within=0.15),
         "arithmetic: an order lasts until the next review's has come: 30 days more are one month's kit more"),
    Size(("sup.review",), lambda: kits("ordered", review=45, fill=0) / (89 / 30), *near(looks(45), within=0.1),
         "arithmetic: a year has so many days of review; each asks for (45 + 14 + 30) / 30 kits where nothing comes"),
    Size(("sup.lead",), lambda: days_to_delivery(21), *near(21.0, within=0.15),
         "arithmetic: the mean days from an order to its delivery are the lever"),
    Size(("sup.lead",), lambda: kits("received", lead=44) - kits("received"), *near(1.0, within=0.15),
         "arithmetic: 30 days more on the way are one month's kit more in an order"),
    Size(("sup.buffer",), lambda: kits("received", buffer=60) - kits("received"), *near(1.0, within=0.15),
         "arithmetic: 30 days more of reserve are one month's kit more in an order"),
    Size(("sup.fill",), lambda: kits("received", fill=0.4) / kits("ordered", fill=0.4), *near(0.4, within=0.1),
         "arithmetic: of what is asked for so much is sent where the store has it"),
    Size(("sup.kit_days",), kits_at_first, *near(1.5), "arithmetic: 45 days of a kit that is for 30"),
    Size(("sup.shelf",), lambda: kits_that_keep(120), *near(120 * 17 / 16 / 30),
         "arithmetic: Little's law, a kit in 30 days times the days it lies there; shelves are counted eight times in "
         "a shelf life, so that is a sixteenth longer on average"),
    Size(("sup.kit_floor",), lambda: kits("ordered", kit_floor=5, fill=0) / looks(30), *near(5.0, within=0.1),
         "arithmetic: at each review a bare shelf asks for at least so many kits; else for 74 / 30"),
    Size(("sup.kit_contacts",), children_of_a_kit, *near(16.0, within=0.1),
         "Miller 2014 AJTMH 91:424: 16 children a month, for 270 children under five"),
    Size(("sup.kit_mix",), lambda: doses_in_kit(RDT, sup_kit_mix=[0.1, 0.2, 0.3, 0.4, 0.5, 1.2]), *near(1.2),
         "arithmetic: doses for each expected visit, 45 a month"),
    Size(("sup.kit_ras",), lambda: doses_in_kit(RECTAL_ARTESUNATE, sup_kit_ras=0.1), *near(0.1),
         "arithmetic: doses for each expected visit, 45 a month"),
    Size(("sup.kit_gentamicin",), lambda: doses_in_kit(GENTAMICIN, sup_kit_gentamicin=0.1), *near(0.1),
         "arithmetic: courses for each expected visit, 45 a month"),
    Size(("sup.kit_rutf",), lambda: doses_in_kit(RUTF, sup_kit_rutf=0.1), *near(0.1),
         "arithmetic: treatments for each expected visit, 45 a month"),
    Size(("sup.check",), lambda: kits("ordered", rule=3, check=6, fill=0) / (74 / 30), *near(looks(6), within=0.05),
         "arithmetic: every sixth day, of which every fifth is one of review too; each look at a bare shelf asks for "
         "(30 + 14 + 30) / 30 kits where nothing comes"),
    Size(("sup.direct",), share_past_an_empty_centre, *near(1.0, within=0.1),
         "arithmetic: all that is asked for comes from the district; from a health centre without anything, nothing"),
    Size(("policy.ras", "chw.ras_use"), lambda: averted(MALARIA, HAS_FEVER | HAS_DANGER | IS_INFECTED, policy_ras=1),
         *near(0.51 * 0.864, within=0.1),
         "Gomes 2009: 51 % less (29/1566 and 57/1519) among those not in a clinic soon; given to 70 % (Hetzel 2022), "
         "which is 86 % of the severe, whose danger is plainer by one logit"),
    Size(("policy.newborn", "chw.newborn_found"), lambda: averted(NEWBORN, HAS_FEVER, policy_newborn=1),
         *near(0.4 * 0.3, within=0.15),
         "arithmetic: where fever is all that shows, 40 % are recognised, and amoxicillin averts 30 % of their deaths "
         "(Zaidi 2011) if it comes in time"),
    Size(("policy.newborn", "chw.newborn_found"), lambda: averted(NEWBORN, HAS_FEVER, policy_newborn=2),
         *near(0.4 * 0.65, within=0.15),
         "arithmetic: of the same 40 % the whole simplified regimen, with injections, averts 65 % (Zaidi 2011)"),
    Size(("policy.ras_months",), lambda: youngest_given_artesunate(20), *near(20.0, within=0.02),
         "arithmetic: the youngest who is given it has that age"),
    Size(("outreach.season",), rounds_in_season, *near(4 / 12, within=0.1),
         "arithmetic: four months of twelve, July to October"),
    Size(("newborn.visits",), lambda: newborns()[0], *near(3 * 0.6, within=0.1),
         "arithmetic: three days of the first week, each by the lever's chance"),
    Size(("newborn.minutes",), lambda: newborns()[1], *near(15.0, within=0.02),
         "arithmetic: where nobody else comes, these visits are all that takes a CHW's minutes"),
]  # fmt: skip

ELSEWHERE = {
    "sup.rule": "test_lever_supply::test_daily_reports_cut_stock_outs_about_as_cstock_did",
    "sup.lead_shape": "test_supply::test_lead_times_of_chws_and_facilities_are_as_regular_as_their_own_parameter_says",
    "sup.leak": "test_lever_supply::test_each_dose_sent_is_lost_with_the_stated_chance_and_booked",
    "spv.report": "test_supply::test_reports_arrive_by_the_stated_chance_and_for_each_period_anew",
    "info.delay": "test_lever_information::test_orders_wait_for_late_reports_but_not_for_later_ones",
    "info.error": "test_lever_information::test_a_report_is_right_on_average_and_off_by_the_stated_factor",
    "info.bias": "test_lever_information::test_a_report_that_exaggerates_does_so_by_its_factor",
    "policy.muac": "test_lever_wasting::"
                   "test_severe_wasting_is_found_as_often_as_it_is_looked_for_and_seen_and_nothing_else_is",
    "fac.second_line": "test_lever_second_line::"
                       "test_the_second_line_comes_to_its_share_of_children_and_each_has_one_answer",
    "policy.no_better_refer": "test_lever_second_line::"
                              "test_a_chw_sends_on_its_share_of_those_whom_treatment_has_failed_and_no_others",
    "chw.patience": "test_lever_patience::test_families_wait_over_as_many_nights_as_stated_and_no_more",
    "chw.elsewhere": "test_lever_patience::test_a_stated_share_of_those_without_a_turn_goes_elsewhere_at_once",
    "chw.triage": "test_lever_triage::test_the_stated_share_of_children_in_danger_is_picked_out",
    "fac.triage": "test_lever_triage::test_the_stated_share_of_children_in_danger_is_picked_out",
    "outreach.minutes_day": "test_lever_outreach::"
                            "test_minutes_that_are_too_few_for_another_visit_are_added_to_the_next_round",
    "outreach.minutes": "test_lever_outreach::"
                        "test_a_round_takes_its_minutes_and_what_sick_children_took_is_missing_the_next_day",
    "outreach.found": "test_lever_outreach::test_somebody_is_at_home_by_the_stated_chance",
    "followup.share": "test_lever_outreach::test_a_follow_up_is_on_its_day_by_its_share_and_within_the_minutes",
    "followup.days": "test_lever_outreach::test_a_follow_up_is_on_its_day_by_its_share_and_within_the_minutes",
    "followup.minutes": "test_lever_outreach::test_a_follow_up_costs_its_time_whether_or_not_the_child_is_well_again",
    "hmm.reach": "test_lever_referral::test_a_volunteer_serves_a_lasting_share_of_families_and_some_of_their_fevers",
    "hmm.use": "test_lever_referral::test_a_volunteer_serves_a_lasting_share_of_families_and_some_of_their_fevers",
    "transport.share": "test_lever_referral::test_transport_and_escort_come_to_their_shares_of_referrals",
    "escort.share": "test_lever_referral::test_transport_and_escort_come_to_their_shares_of_referrals",
    "transport.wait": "test_lever_referral::test_a_ride_takes_the_wait_and_the_way",
    "transport.kmh": "test_lever_referral::test_a_ride_takes_the_wait_and_the_way",
    "transport.or": "test_lever_referral::test_help_multiplies_the_odds_of_completing_a_referral",
    "escort.or": "test_lever_referral::test_help_multiplies_the_odds_of_completing_a_referral",
}  # fmt: skip
