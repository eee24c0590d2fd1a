"""Staff, money and oversight: the levers of a programme's human resources, financing and supervision.

All of them are off, or without effect, unless a programme says otherwise.
"""

from __future__ import annotations

from iccmsim.parameters import sources as src
from iccmsim.parameters.declare import Parameter, parameters
from iccmsim.parameters.programme import SHARE, lever, switch

OFF = "off unless a programme uses it"
UNPAID = ("assumption; no quantified source found; pay that stops cuts visits and effort, Glenn 2021 BMC Health Serv "
          "Res 21:979 PMC8447563 (qualitative); regular pay matters, 2024 Glob Health Sci Pract 12:e2400008")
BOYCE_2019 = ("Boyce 2019 J Glob Health 9:010811 PMC6594718 (Malawi, CHWs observed, not randomised): danger signs "
              "looked for 80-88 against 62-79 %, coughs assessed 98 against 91 %, fever 97 against 93 % (P .06), "
              "treatment no different")
ROWE_2018 = "technology alone +1 percentage point (-2.8 to 9.9), Rowe 2018 Lancet Glob Health 6:e1163"
INSCALE = "Kallander 2023 PLOS Digit Health 2:e0000217 PMC10260253 (Uganda, randomised)"


def unused(key: str, default: float, unit: str, allowed: tuple[float, float], *, says: str, note: str = "",
           source: str = "a choice of the programme", **rest: object) -> Parameter:
    """Declare a lever that is off, with what is known of routine practice in its note."""
    return lever(key, default, unit, allowed, None, says=says, source=source,
                 note=f"{OFF}; {note}" if note else OFF, **rest)


STAFF = (
    unused("chw.rollout", 0, "days", (0, 3650), integer=True, dated=False,
           says="Time over which the first CHWs are trained and posted; 0: all on the day of launch. Those of a status "
                "quo stay at posts that the programme has too."),
    unused("chw.course_every", 0, "months", (0, 60),
           says="How often courses are held for new CHWs; 0: whenever one is found, within chw.vacancy.",
           note="with courses on dates, chw.vacancy is the time until somebody is found"),
    lever("chw.course_days", 14, "days", (0, 365), (5, 30),
          says="How long such a course lasts."),
    switch("chw.recruit", 1, says="1: posts that fall empty are filled again; 0: there is no money for that, "
           "and nobody is looked for until there is."),
    unused("duty.days", 0, "days a month, July to October", (0, 31), integer=True,
           says="Campaign days of the rainy season, the first of each month, on which CHWs do other work.",
           note="four monthly rounds of malaria prevention of some days each"),
    lever("duty.share", .8, SHARE, (0, 1), (.4, 1), says="Share of such a day's consultation time that is lost."),
    unused("relais.reach", 0, "share of families", (0, 1),
           says="Families that a volunteer (relais) visits and teaches to see danger.",
           note="the Malian norm is a volunteer for 50 households"),
    lever("relais.recog", .3, "logit", (-2, 4), (0, .8),
          source=f"assumption; village health clubs: appropriate treatment x 1.09 (1.01-1.18), {INSCALE}; knowledge "
          "and care-seeking are linked inconsistently",
          says="How much better families so taught see that a child is seriously ill, rightly or wrongly."),
)

PAY = (
    switch("pay.on", 1, says="1: CHWs are paid a salary; 0: nobody pays it any more."),
    unused("pay.unpaid", 0, "share of months", (0, .5),
           says="Months in which the salary does not come, of a CHW who is exposed to that.",
           source=UNPAID, note="in routine programmes perhaps .15 (grade D)"),
    lever("pay.spell", 3, "months, mean", (1, 60), (1, 6),
          source=f"{src.ASSUMED}; a funding gap lasts 6 months (prior)", says="How long arrears last."),
    switch("pay.together", 1, says="1: pay fails for the whole district at once; 0: for each CHW alone.",
           source=src.ASSUMED),
    lever("pay.exposed", 1, "share of CHWs", (0, 1), (.4, 1),
          source="assumption; a funding gap hits .4 of CHWs (prior)",
          says="CHWs whose salary hangs on the funder who fails; several funders pay CHWs in Mali."),
    lever("motiv.unpaid", .25, "motivation per month", (0, 1), (.05, .4), source=UNPAID,
          says="What each month without pay takes from motivation."),
    lever("motiv.unpaid_most", 2, "months", (0, 24), (1, 4), source=UNPAID,
          says="Months without pay beyond which motivation is not hurt further."),
)

FEES = (
    unused("fee.drugs", 0, "USD per visit", (0, 100),
           says="What a family pays to the CHW for drugs, on top of fee.chw, if it gets any (cost recovery)."),
    unused("fee.waived", 0, "share of the price", (0, 1),
           says="How much of the facility's price is waived for children under five; 1: free care."),
    unused("fee.exempt_poorest", 0, "share of households", (0, 1),
           says="Poorest households that pay nothing to CHWs and facilities."),
)

OVERSIGHT = (
    unused("spv.targeted", 0, "visits per zone and month", (0, 1000), integer=True,
           says="Supervision visits, beside spv.freq, that go to the CHWs whose reports look worst.",
           note="worst: days with something lacking, and fewer children than others report"),
    unused("aid.share", 0, "share of posts", (0, 1), says="Posts whose CHW has a job aid on a phone or tablet."),
    Parameter("aid.steps", (.8, 0, .8, 0, 0, 0, 0, 0, 0), allowed=(-5, 5), plausible=(0, 1.1), distribution="U",
              unit="logit: danger, rdt, breaths, obey, withhold, dose, refer, ors, zinc",
              source=f"{BOYCE_2019}; {ROWE_2018}", grade="C",
              says="What a working job aid adds to the chance of each step of a visit.",
              note="odds of looking for danger signs 1.9-2.5; that of coughs (4.8) halved, since observed and "
              "not randomised"),
    lever("aid.down", .2, "share of days", (0, .5), (.05, .5), says="Days on which a job aid is broken or flat."),
    lever("aid.down_days", 30, "days, mean", (1, 365), (7, 90), says="How long it takes to mend a job aid."),
    lever("motiv.aid", .05, "motivation", (0, 1), (0, .3),
          source=f"assumption; attrition 4.5 percentage points lower (0.5-8.7) with phones or clubs, {INSCALE}",
          says="What a working job aid adds to motivation."),
)

BUDGET = (
    switch("sup.on", 1, says="1: CHWs are resupplied; 0: what they have is all they get."),
    unused("budget.usd", 0, "USD for the whole district from launch", (0, 1e12), dated=False,
           says="Money for pay, supply and supervision of CHWs; 0: there is no end to it."),
    lever("budget.reserve", 6, "months", (0, 120), None, dated=False, source=src.ASSUMED,
          says="A line is dropped when what is left is worth so many months of the lines that stay."),
    Parameter("budget.order", (2, 3, 1), unit="pay, supply, supervision: 1 falls away first, 3 last", allowed=(1, 3),
              plausible=None, distribution="fixed", source=src.ASSUMED, grade="D", dated=False,
              says="The order in which lines are dropped when money ends.", note="a choice of the programme"),
)

PRICES = (
    Parameter("cost.chw_salary", 100, unit="USD per CHW and month", allowed=(0, 10000), plausible=(60, 130),
              distribution="Gamma(31.4, 3.19)", grade="B",
              source="about 100 USD, Mali community case management page, " + src.MALI_NORM,
              says="What a CHW's salary costs."),
    Parameter("cost.spv", 400, unit="USD per CHW and year", allowed=(0, 100000), plausible=(100, 1150),
              distribution="Gamma(2.23, 179)", grade="C",
              source="HSSP-III costing as used in UCL/TLOmodel resources (Malawi 1146)",
              says="What supervision and mentoring cost."),
    Parameter("cost.chw_drugs", 10, unit="USD per CHW and month", allowed=(0, 10000), plausible=(5, 30),
              distribution="U", grade="D", source=f"{src.DERIVED}: 16 visits at the declared kit and catalogue prices",
              says="What a CHW's drugs and tests cost; only for the dates on which a budget ends."),
)

PARAMETERS = (
    *parameters("programme", *STAFF, *PAY, *FEES, *OVERSIGHT, *BUDGET),
    *parameters("setting", *PRICES),
)
