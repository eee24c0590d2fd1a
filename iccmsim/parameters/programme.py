"""The programme: the levers that a ministry or an NGO can move."""

from __future__ import annotations

from iccmsim.parameters import sources as src
from iccmsim.parameters.declare import Parameter, parameters

SHARE = "share, 0-1"
CHOICE = "a choice of the programme, not a fact in doubt"


def lever(key: str, default: float, unit: str, allowed: tuple[float, float],
          plausible: tuple[float, float] | None, *, says: str, distribution: str = "U",
          source: str = src.ASSUMED, grade: str = "D", note: str = "", integer: bool = False,
          dated: bool = True) -> Parameter:
    """Declare a lever: what it means, how far it can go, and where its start value comes from."""
    return Parameter(key, default, unit=unit, allowed=allowed, plausible=plausible, source=source,
                     grade=grade, says=says, distribution=distribution if plausible else "fixed",
                     note=note or ("" if plausible else CHOICE), integer=integer, dated=dated)


def switch(key: str, default: int, *, says: str, source: str = "a choice of the programme",
           dated: bool = True) -> Parameter:
    """Declare a lever that is on or off."""
    return lever(key, default, "0 or 1", (0, 1), None, says=says, source=source, integer=True, dated=dated)


def step(name: str, default: float, low: float, high: float, *, says: str, source: str = src.ASSUMED,
         grade: str = "D", distribution: str = "U") -> Parameter:
    """Declare how often a CHW does one step of a visit, at the usual skill of the programme as delivered."""
    return lever(f"chw.step.{name}", default, SHARE, (0, 1), (low, high), says=f"CHW visits: {says}.",
                 source=source, grade=grade, distribution=distribution)


CHW = (
    switch("chw.deployed", 1, dated=False, says="1: there are CHWs who treat children; 0: facilities only."),
    lever("chw.catch", 1500, "people per CHW", (50, 100000), (700, 2500), distribution="LogN(1500, 0.32)",
          dated=False, source=f"{src.MALI_NORM}; {src.ZALISK_2019}: norm 1000; {src.MCCORD_2013}", grade="B",
          says="People for whom one CHW is placed."),
    lever("chw.min_km", 5, "km as the crow flies", (0, 100), None,
          source=f"{src.MALI_NORM}; over 8 km in Malawi, " + src.ZALISK_2019, grade="B", dated=False,
          says="How far from a facility a village must be to have a CHW."),
    lever("chw.radius_km", 3, "km as the crow flies", (0, 100), None, source=src.MALI_NORM, grade="B",
          dated=False, says="How far around its post a CHW serves villages."),
    lever("chw.funded", 1, SHARE, (0, 1), None, dated=False,
          says="Of the CHWs that the norm asks for, how many are paid for; posts with the most people come first."),
    lever("chw.days_week", 5, "days per week", (1, 7), (3, 7), integer=True,
          says="Days on which a CHW works.",
          source=f"assumption; clusters differ widely in {src.ZALISK_2019}"),
    lever("chw.minutes_day", 60, "minutes per day", (1, 1440), (12, 240), distribution="LogN(60, 0.6)",
          source=f"assumption: 5 h a week, of the hours that CHWs were found to spend, {src.DAVIAUD_2017}, taken for "
          "the most they can, of which no study was found; at most half of a paid CHW's day of eight hours, "
          f"{src.TANI_2016}",
          says="Time of a day at work that a CHW has for consultations, also of a day off on which it can be reached; "
          "the last one is not broken off, and the time is missing the next day."),
    lever("chw.minutes", 30, "minutes per child", (0, 480), (15, 45), distribution="Tri(15, 30, 45)",
          says="Time of one consultation."),
    lever("chw.queue", 32, "children", (1, 100000), (16, 64), integer=True,
          says="How many can wait for a CHW."),
    lever("chw.patience", 2, "nights", (0, 30), (0, 3), integer=True,
          source="assumption; no study found of what families do whom a CHW has no turn for",
          says="Nights over which a family waits for its turn at a CHW before it goes home or elsewhere; 0: it does so "
          "at once, and decides anew the next day. How many then go elsewhere is seek.second, not chw.elsewhere."),
    lever("chw.elsewhere", 0, "share of families", (0, 1), (0, 1),
          source="assumption, all wait; no study found of what families do whom a CHW has no turn for",
          says="Families for whom a CHW has no turn today, who go to another provider the same day, of themselves or "
          "because the CHW says so, and do not wait for a turn; 0: all wait. Of those who cannot wait, because "
          "chw.patience is 0 or the line is full, seek.second go, whatever stands here."),
    lever("chw.triage", 0, "share of children in danger", (0, 1), (0, 1),
          source="assumption, strictly in order of arrival; no study found of whom CHWs see first",
          says="Children who show a danger sign whom a CHW picks out of those who wait and sees at once, if need be "
          "beyond its hours; 0: none."),
    lever("chw.absent", .20, "share of working days", (0, .95), (.08, .40), distribution="Beta(4.6, 18.4)",
          source=f"{src.DERIVED} from {src.ZALISK_2019}",
          says="Working days on which a CHW is away at the motivation of reference; 0: none at any motivation."),
    lever("chw.absent_spell", 5, "days, mean", (1, 365), (2, 15),
          says="How long an absence lasts; longer if so short ones cannot make up the days away."),
    lever("night.avail", .6, SHARE, (0, 1), (.3, .9), distribution="Beta(5.55, 3.7)",
          says="Days off on which a CHW who is not absent can be reached, and then has as many minutes as on any day."),
    lever("chw.attr", .07, "per year", (0, 5), (.03, .15), distribution="Beta(4.79, 63.7)",
          source=src.HSSP_III, grade="B", says="CHWs on salary who leave in a year."),
    lever("chw.vacancy", 6, "months", (0, 120), (2, 12), distribution="Gamma(5.53, 1.08)",
          says="How long a post stays empty."),
)

QUALITY = (
    step("danger", .37, .30, .45, source=src.GILROY_2013, grade="B", distribution="Beta(58.5, 99.7)",
         says="danger signs looked for"),
    step("rdt", .85, .65, .95, source=f"assumption, in line with {src.GILROY_2013}", says="a fever tested"),
    step("breaths", .75, .5, .9, source=f"assumption, in line with {src.GILROY_2013}; {src.MILLER_2014}",
         says="breaths counted in a cough"),
    step("obey", .92, .75, .99, source=src.BOYCE_2017, distribution="Beta(17.1, 1.49)",
         says="no ACT after a negative test"),
    step("withhold", .85, .65, .95, says="no antibiotic without fast breathing",
         distribution="Beta(17.7, 3.12)"),
    step("dose", .85, .7, .95, says="the right dose"),
    step("refer", .85, .6, .95, says="referral when a danger sign is found"),
    step("ors", .95, .8, .99, says="ORS for diarrhoea"),
    step("zinc", .90, .7, .98, says="zinc for diarrhoea"),
    lever("chw.skill_sd", .6, "logit, sd between CHWs", (0, 3), (.3, 1),
          says="How much CHWs differ, in all steps alike."),
    lever("chw.danger_severe", 1.0, "logit", (-5, 5), (0, 2),
          says="How much easier danger is noticed in a severe child."),
    lever("skill.decay", .03, "per month", (0, 1), (0, .08),
          source=f"{src.ASSUMED} for iCCM; {src.NYANDARUA}",
          says="Share of what was learnt that is lost in a month."),
    lever("skill.max", 1.1, "logit", (.01, 5), (.8, 1.6),
          says="The most that training and mentoring can add."),
    lever("skill.training", 1.1, "logit", (0, 5), (.5, 1.6), says="What the first training adds.",
          source="assumption; 12 percentage points (5-20), Rowe 2018 Lancet Glob Health 6:e1163"),
    lever("skill.refresher", .74, "logit", (0, 5), (.05, 1.43), distribution="N(0.74, 0.35)", grade="C",
          source=f"{src.MILLER_2016}: odds ratio 2.09 (1.05-4.18)", says="What a refresher course adds."),
    lever("skill.mentored", .35, "logit", (0, 5), (0, 1.03), distribution="Gamma(2, 0.175)",
          source=f"{src.MILLER_2016}: 8.3 (2.3-29.5), shrunk for confounding; {src.SUPERVISION_2014}",
          says="What a quarter with mentoring (cases observed) adds."),
    lever("skill.visit", .10, "logit", (0, 5), (0, .3), distribution="Gamma(1, 0.1)",
          source=f"{src.MILLER_2016}: .63 (.23-1.72), so perhaps nothing, and no harm is assumed",
          says="What a plain supervision visit adds."),
)

SUPERVISION = (
    lever("spv.freq", .5, "chance per month", (0, 1), (.2, .85), distribution="Beta(4.05, 4.05)",
          source=f"assumption; below target in {src.ZALISK_2019}",
          says="CHWs who are supervised in a month."),
    lever("spv.obs", .35, "share of visits", (0, 1), (.1, .7), distribution="Beta(3.05, 5.66)",
          says="Supervision visits in which cases are observed."),
    lever("spv.refresher_months", 0, "months; 0 is never", (0, 120), None, source="a choice of the programme",
          says="How often CHWs have a refresher course."),
    lever("spv.report", .80, "chance per review period", (0, 1), (.43, .95), distribution="Beta(6.47, 1.62)",
          grade="C", source=src.SHIESHIA_2014,
          says="Reports of CHWs, one each sup.review days, that arrive; a missing one is missing, not zero."),
    lever("motiv.base", .7, "motivation, 0-1", (0, 1), (.5, .8), says="Motivation of a CHW left alone."),
    lever("motiv.supervised", .15, "motivation", (0, 1), (0, .3),
          says="What supervision in the last 60 days adds."),
    lever("motiv.overload", .15, "motivation", (0, 1), (0, .3), says="What too much work takes away."),
    lever("motiv.stocked", .10, "motivation", (0, 1), (0, .2), says="What having drugs to give adds."),
    lever("motiv.days", 180, "days", (1, 3650), (60, 365), says="How slowly motivation follows its causes."),
    lever("motiv.ref", .79, "motivation, 0-1", (.01, 1), None,
          source="the mean motivation of the programme as delivered in sahel, as it comes out of this model",
          says="Motivation at which absence and attrition are as stated.",
          note="a point of reference, not a fact in doubt; the mean differs by place, see docs/known-gaps.md"),
    lever("motiv.attrition", 2, "logarithm of the rate per unit of motivation", (0, 20), (0, 4),
          says="How much faster CHWs leave who have lost heart."),
)

SUPPLY = (
    lever("sup.review", 30, "days", (1, 365), (14, 90), distribution="Tri(14, 30, 90)", integer=True,
          source="assumption: monthly practice",
          says="How often a CHW orders drugs; what is ordered while four deliveries are on the way is not sent."),
    lever("sup.lead", 14, "days, mean", (0, 365), (5, 30), distribution="Gamma(4.82, 2.91)",
          source=src.CSTOCK_LEAD, grade="C", says="From a CHW's order to the delivery."),
    lever("sup.lead_shape", 4, "shape of the gamma distribution", (1, 4), (1, 4), integer=True,
          says="How regular deliveries are."),
    lever("sup.buffer", 30, "days of use", (0, 365), (0, 60), says="Reserve that a CHW's orders aim at."),
    lever("sup.fill", .85, SHARE, (0, 1), (.6, .98), says="What is delivered of what was issued for a CHW."),
    lever("sup.kit_days", 30, "days of expected use", (0, 3650), (14, 60), dated=False,
          says="What a CHW starts with."),
    lever("sup.kit_contacts", .7, "visits per child-year", (0, 50), (.1, 1.5), dated=False,
          source=f"assumption: 16 children a month, {src.MILLER_2014}, for 270 children under five",
          says="Visits for which a CHW's first stock is reckoned."),
    Parameter("sup.kit_mix", (.30, .30, .25, .22, .14, .60), allowed=(0, 10), plausible=(.5, 1.5),
              unit="doses per visit: ORS, zinc, amoxicillin, ACT below 36 months, ACT from 36 months, RDT",
              distribution="U", source=src.ASSUMED, grade="D", dated=False,
              says="What a kit holds for each expected visit."),
    lever("sup.kit_floor", .5, "share of a kit", (0, 10), (0, 1),
          says="The least that a CHW with nothing left orders."),
)

POLICY = (
    switch("policy.under_2m_refer", 1, source="WHO and UNICEF iCCM guidance",
           says="1: children below 60 days are referred, not treated."),
    switch("policy.no_rdt", 1, says="Fever and no test at hand: 1 treat as malaria, 0 refer."),
    lever("policy.stockout_refer", .5, SHARE, (0, 1), (.2, .8),
          says="Children whose drug is out who are referred rather than told to come back."),
    lever("fee.chw", .5, "USD per visit", (0, 100), (0, 1.5), says="What a family pays to the CHW."),
    switch("mob.on", 0, says="1: the community is mobilised."),
)

PARAMETERS = parameters("programme", *CHW, *QUALITY, *SUPERVISION, *SUPPLY, *POLICY)
