"""The place: its families and how they choose care, informal sellers, referral, facilities and prices."""

from __future__ import annotations

from iccmsim.parameters import sources as src
from iccmsim.parameters.declare import Parameter, parameters

SHARE = "share, 0-1"
LOGIT = "logit"
FACILITY = "first-level facility"
BEDS = "nobody counts beds unless a setting says how many; no source found"
EMERGES = "assumption, set so that care to standard emerges as in " + src.MAIGA_2025


def assumed(key: str, default: float, unit: str, allowed: tuple[float, float],
            plausible: tuple[float, float], *, says: str, distribution: str = "U", source: str = src.ASSUMED,
            grade: str = "D", integer: bool = False) -> Parameter:
    """Declare a number for which there is no published source (or say which there is)."""
    return Parameter(key, default, unit=unit, allowed=allowed, plausible=plausible, distribution=distribution,
                     source=source, grade=grade, says=says, integer=integer)


def chance(key: str, default: float, low: float, high: float, *, says: str, **rest: object) -> Parameter:
    """Declare a share or a chance."""
    return assumed(key, default, SHARE, (0, 1), (low, high), says=says, **rest)


def utility(key: str, default: float, low: float, high: float, *, says: str, **rest: object) -> Parameter:
    """Declare a term of the family's choice, in logits."""
    return assumed(key, default, LOGIT, (-20, 20), (low, high), says=says, **rest)


def convention(key: str, default: float | tuple[float, ...], unit: str, allowed: tuple[float, float], *,
               says: str, note: str, source: str = src.ASSUMED, integer: bool = False) -> Parameter:
    """Declare a number that is a choice, not a fact in doubt."""
    return Parameter(key, default, unit=unit, allowed=allowed, plausible=None, distribution="fixed",
                     source=source, grade="D", says=says, note=note, integer=integer)


PEOPLE = (
    assumed("pop.birth_rate", 46, "births per 1,000 people per year", (0, 80), (40, 50), grade="C",
            source="between 41 (national, 2022 estimate) and 50 (2007), both from a secondary page on Mali's "
            "demography; no rural survey table seen", says="Births in a year for each 1,000 people."),
    assumed("pop.household_size", 6.92, "people per household", (1, 40), (5.5, 9), source=src.RGPH_2009,
            grade="B", says="People in a household."),
    assumed("pop.growth", .03, "per year", (-.1, .1), (.02, .037), grade="C",
            source="between 3.0 % (2022 estimate, secondary page) and 3.6 % (censuses 1998-2009, remembered)",
            says="Growth of the population, which shapes the ages of the children."),
    Parameter("pop.survival", (.960, .932, .852), unit="share alive at 28 days, 12 months, 60 months",
              allowed=(.01, 1), plausible=None, distribution="fixed", grade="D",
              source="deaths of Bankass 2012-16 by age, 40, 28 and 80 per 1,000 births: level from Boettiger "
              "2021 doi:10.1186/s12889-021-10242-9, ages as in Nouna, 2015 Malar J 14:300",
              note="shapes the ages of the first children only; deaths are those of the model",
              says="How many children are left at each age when the model begins."),
    assumed("pop.wealth_sd", .6, "sd of the logarithm", (0, 2), (.3, 1.0),
            says="How unequal households' means are."),
    convention("daly.le", 62, "years", (1, 120), source="life expectancy of Mali (remembered)",
               says="Life expectancy that a child saved has before it, in Mali.",
               note="a convention of accounting; the reference value is reported beside it"),
    convention("daly.le_reference", 87, "years", (1, 120), source="GBD reference life table (remembered)",
               says="Life expectancy that a child saved would have by the reference life table.",
               note="a convention of accounting"),
)

SEEKING = (
    utility("seek.a_informal", -2.4, -3.4, -1.4, source="fitted: any care .559 and its informal half, " +
            src.TRELEAVEN_2021,
            says="Pull of shops, pharmacies and healers, for a mild complaint, on a day."),
    utility("seek.a_facility", -1.7, -2.7, -.7,
            source="fitted: any care .559, qualified by the next day .217, " + src.TRELEAVEN_2021,
            says="Pull of the health facility next door, for a mild complaint, on a day."),
    utility("seek.chw_shift", .6, -.6, 1.8, distribution="N(0.6, 0.6)", source=f"{src.DERIVED} from "
            + src.ICCM_EVALUATIONS, says="How much more a CHW next door pulls than a facility next door."),
    assumed("seek.hh_sd", 1.9, "logit, sd between households", (0, 6), (1.2, 2.6),
            source="fitted: share never treated, " + src.TRELEAVEN_2021,
            says="How much households differ, for life, in seeking care at all."),
    assumed("seek.formal_sd", .7, "logit, sd between households", (0, 6), (0, 2),
            says="How much households differ, for life, in their taste for formal care."),
    assumed("seek.km_facility", .10, "logit per km of path", (0, 5), (.04, .20),
            distribution="LogN(0.1, 0.41)", source=f"slope assumed; direction in {src.TRELEAVEN_2021}",
            says="How distance keeps families from a facility."),
    assumed("seek.km_chw", .33, "logit per km of path", (0, 5), (.20, .50), distribution="LogN(0.33, 0.23)",
            source=src.MADAGASCAR_2023, grade="C", says="How distance keeps families from a CHW."),
    assumed("seek.path", 1.3, "path km per km as the crow flies", (1, 4), (1.1, 1.6),
            says="How winding the paths are."),
    assumed("seek.speed", 4, "km per hour", (.5, 60), (3, 5),
            says="How fast families walk with a sick child."),
    assumed("seek.fee", .25, "logit per USD over wealth", (0, 5), (.05, .5), source=f"{src.DERIVED}: visits "
            "x 1.2-3.0 when fees end (Ponsar 2011 Health Policy Plan 26(S2):ii72 doi:10.1093/heapol/czr068; "
            "Soc Sci Med 2017 179:27)", says="How a fee keeps families away."),
    utility("seek.sev", .875, .405, 1.386, distribution="N(0.875, 0.25)",
            source=f"{src.LUNGU_2020}: odds ratio 2.4 (1.5-4.0)", grade="C",
            says="How much a family that sees that the child is seriously ill is moved by it."),
    chance("recog.mild", .30, .15, .45, source="assumption; no source found",
           says="Mild illnesses that the family takes for serious."),
    chance("recog.severe", .75, .5, .9,
           source=f"assumption; recognition of an illness, mild or not: .40 (.30-.55), {src.GELDSETZER_2014}",
           says="Severe illnesses that the family takes for serious."),
    utility("seek.trust", .7, 0, 1.4, says="How much full trust in a provider adds to its pull."),
    utility("seek.mob", 0, -.35, .4, distribution="N(0, 0.19)", source=f"{src.BERHANU_2020}; {src.DAS_2013}",
            grade="C",
            says="How much community mobilisation adds to the pull of formal care; honestly near nothing."),
    assumed("seek.wait", 0, "logit per hour", (0, 5), (0, .3),
            source="assumption; no source found; 0: families do not mind",
            says="How much each hour that children have lately waited at a provider keeps families from it."),
    utility("seek.tried", 1.5, .5, 3,
            says="How much less a provider pulls who was visited in the last two days."),
    chance("seek.second", .5, .2, .8,
           says="Families who try elsewhere on the same day after finding nobody, no drug or, waiting no longer, no "
           "turn."),
    Parameter("seek.k", (0, 0, 0, -.3, -1.0),
              unit="logit for danger sign, fast breathing, diarrhoea, fever, cough", allowed=(-20, 20),
              plausible=(.5, 1.5), distribution="U", source=src.ASSUMED, grade="D",
              says="What the worst complaint adds to the wish for care."),
    assumed("seek.content_days", 3, "days", (0, 30), (1, 5),
            says="Days after full treatment in which families wait."),
    convention("seek.hours", (360, 1080), "minutes of the day, first and last", (0, 1440), source=src.ASSUMED,
               says="Between which minutes of the day families decide.", note="waking hours, a convention"),
    convention("seek.at_onset", 0, "0 or 1", (0, 1), integer=True,
               says="1: every family decides in the minute of onset.",
               note="a switch for the test against the LiST formula", source="a switch, not a fact"),
)

SURVEYS = (
    assumed("survey.forget_mild", .15, "per day since the end", (0, 5), (.07, .25), grade="C",
            source=f"between {src.FEIKIN_2010}: days of symptoms told fall below 80 % beyond 3 days, .07 a day for "
            f"all illness; and {src.ZAFAR_2010}: onsets told fall by 37 % on day 3, 51 % on day 5, .2-.3 a day, "
            "less for severe ones",
            says="How fast families forget a mild illness that was not taken anywhere, in emulated surveys."),
    assumed("survey.forget_treated", .01, "per day since the end", (0, 5), (.005, .02), grade="B",
            source=f"{src.FEIKIN_2010}: clinic visits told of fall by 7 % a week",
            says="How fast families forget an illness with care, or a severe one, in emulated surveys."),
)

INFORMAL = (
    chance("informal.act", .25, 0, .5,
           says="Informal visits for fever, malaria or not, that end with an antimalarial of the right kind; asked of "
           "each feverish illness of the child."),
    chance("informal.amox", .25, 0, .5,
           says="Informal visits for cough or fast breathing that end with an antibiotic."),
    chance("informal.ors", .15, 0, .3, says="Informal visits for diarrhoea that end with ORS."),
    chance("informal.zinc", .03, 0, .06, says="Informal visits for diarrhoea that end with zinc."),
    chance("informal.dose", .5, .2, .8, says="Effect of what an informal visit gives, as a share of a full dose."),
    chance("home.ors", .10, 0, .2, says="Families who give ORS at home by themselves."),
    chance("home.act", .05, 0, .1, says="Families who give an antimalarial at home by themselves."),
)

REFERRAL = (
    chance("ref.severe", .58, .40, .75, distribution="Beta(34.2, 24.7)", source=src.BRUNNER_2022, grade="B",
           says="Referred children with severe illness whose families set out at once, at the mean distance."),
    chance("ref.routine", .10, .02, .30, distribution="Beta(1.13, 10.2)", source=src.LAL_2018, grade="B",
           says="Other referred children whose families set out at once, at the mean distance."),
    assumed("ref.km", .036, "logit per km of path", (0, 2), (.011, .069), distribution="U",
            source="assumption: odds x .7 (.5-.9) per 10 km; no source found",
            says="How distance keeps the referred away."),
    assumed("ref.mean_km", 8, "km of path", (0, 100), (5, 12),
            says="Distance at which the two shares above hold."),
    assumed("ref.season", 1.5, "multiplier of km", (1, 10), (1, 2.5),
            says="How much longer roads are from July to October."),
    assumed("ref.fee", .1, "logit per USD over wealth", (0, 5), (0, .3),
            says="How fees keep the referred away."),
    assumed("ref.trust", .3, "logit per unit of trust", (-5, 5), (0, .6),
            says="How trust in the facility brings them."),
    assumed("ref.delay", 8, "hours, median", (0, 240), (2, 30), distribution="LogN(8, 0.69)",
            source=src.GOMES_2009, grade="C", says="From referral to arrival."),
    assumed("ref.delay_sd", 1.0, "sd of the logarithm", (0, 3), (.5, 1.3),
            says="How that delay differs between families."),
)


def step(name: str, default: float, low: float, high: float, *, says: str) -> Parameter:
    """Declare how often a facility's staff do one step of a consultation."""
    return chance(f"fac.step.{name}", default, low, high, source=EMERGES, says=f"Facility visits: {says}.")


FACILITIES = (
    assumed("fac.days_week", 6, "days per week", (1, 7), (5, 7), integer=True,
            says="Days on which a facility is open."),
    assumed("fac.minutes_day", 480, "staff minutes per day", (1, 14400), (240, 960),
            says="Staff time for sick children on an open day; what is more than one can work before midnight is "
                 "worked side by side."),
    convention("fac.people", 0, "people; 0: every centre has the same staff", (0, 1000000),
               note="which centres a zone stands for is a matter of the list of places",
               says="People for whom that staff is; the centre of a larger zone has as many times the staff, side "
                    "by side, and room to wait."),
    assumed("fac.minutes", 12, "minutes per child", (0, 480), (8, 20), says="Staff time for one sick child.",
            source="assumption; 8 minutes in nine countries, PMC6052007"),
    assumed("fac.queue", 128, "children", (1, 100000), (64, 256), integer=True,
            says="How many can wait at a health centre."),
    assumed("fac.patience", 2, "nights", (0, 30), (0, 3), integer=True,
            says="Nights over which a family waits for its turn at a health centre before it goes home or elsewhere; "
            "0: it does so at once, and decides anew the next day."),
    chance("fac.full", .40, .2, .7, distribution="Beta(5.5, 8.25)", source=src.CARAMAL_DRC,
           says="Severe children at a first-level facility who get the full inpatient treatment; its effect goes, by "
           "this mean, with every main drug handed out there, also where nobody saw danger."),
    chance("hosp.full", .90, .7, .98,
           says="Severe children at the referral hospital who get the full inpatient treatment."),
    convention("fac.beds", 0, "beds; 0: as many as it takes", (0, 24), integer=True, note=BEDS, source=BEDS,
               says="Beds of a health centre for severely ill children; who finds none is sent on to the hospital."),
    convention("hosp.beds", 0, "beds a zone; 0: as many as it takes", (0, 24), integer=True, note=BEDS, source=BEDS,
               says="A zone's share of the hospital's beds for children; who finds none is not admitted."),
    assumed("fac.bed_days", 3, "days", (.1, 60), (2, 6), says="How long a severely ill child needs its bed."),
    step("danger", .5, .3, .7, says="danger signs looked for"),
    step("rdt", .6, .3, .85, says="a fever tested"),
    step("breaths", .4, .2, .7, says="breaths counted in a cough"),
    step("obey", .7, .5, .9, says="no ACT after a negative test"),
    step("withhold", .6, .35, .85, says="no antibiotic without fast breathing"),
    step("dose", .85, .7, .95, says="the right dose"),
    step("refer", .85, .6, .95, says="referral to the hospital when a danger sign is found"),
    step("ors", .8, .6, .95, says="ORS for diarrhoea"),
    step("zinc", .6, .3, .85, says="zinc for diarrhoea"),
    assumed("fac.sup.review", 30, "days", (1, 365), (14, 90), integer=True,
            says="How often a facility orders stock."),
    assumed("fac.sup.lead", 14, "days, mean", (0, 365), (5, 45),
            says="From a facility's order to its delivery."),
    assumed("fac.sup.buffer", 60, "days of use", (0, 365), (15, 90),
            says="Reserve that a facility's orders aim at."),
    chance("fac.sup.fill", .92, .8, .99, says="What is delivered of what a facility orders."),
    assumed("fac.kit_contacts", .7, "visits per child-year", (0, 50), (.4, 1.5),
            says="Visits for which a facility's first stock is reckoned."),
    assumed("fac.kit_days", 60, "days of expected use", (0, 3650), (30, 120),
            says="What a facility's store starts with."),
    Parameter("fac.kit_mix", (.30, .30, .25, .22, .14, .60), allowed=(0, 10), plausible=(.5, 1.5),
              unit="doses per visit: ORS, zinc, amoxicillin, ACT below 36 months, ACT from 36 months, RDT",
              distribution="U", source=src.ASSUMED, grade="D",
              says="What a facility's first stock holds for each expected visit."),
    assumed("fac.danger_severe", 1.0, "logit", (-5, 5), (0, 2),
            says="How much easier danger is noticed at a facility in a severe child."),
    Parameter("fac.sup.lead_shape", 4, unit="shape of the gamma distribution", allowed=(1, 4), plausible=(1, 4),
              distribution="U", source=src.ASSUMED, grade="D", integer=True,
              says="How regular deliveries to a facility are."),
    assumed("fac.sup.floor", .5, "share of 30 days' expected use", (0, 10), (0, 1),
            says="What a facility orders at least of a product that is out of stock."),
)

TRUST = (
    assumed("trust.useful", .02, "step of trust", (0, 1), (0, .06),
            says="What a useful visit does to trust."),
    assumed("trust.failed", -.15, "step of trust", (-1, 0), (-.3, -.02),
            says="What finding nobody, no turn or no drug does."),
    assumed("trust.severe", -.20, "step of trust", (-1, 0), (-.4, -.02),
            says="What worsening after treatment does."),
    assumed("trust.days", 90, "days", (1, 3650), (45, 180),
            source=f"assumption; less seeking after stock-outs in {src.ZALISK_2019}, size not seen",
            says="How long families remember, also how long they lately waited (seek.wait)."),
)

PRICES = (
    assumed("fee.facility", 2.5, "USD per visit", (0, 100), (.5, 6), distribution="Gamma(3.17, 0.787)",
            source=f"{src.ASSUMED} for one visit; a whole episode cost 11 USD, {src.RIDDE_2015}; "
            f"{src.OPD_COST}", says="What a family pays at the facility."),
)

PARAMETERS = parameters("setting", *PEOPLE, *SEEKING, *SURVEYS, *INFORMAL, *REFERRAL, *FACILITIES, *TRUST, *PRICES)
