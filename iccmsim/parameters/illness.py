"""Nature: how often children fall ill, when in the year, how illness shows, and what tests see."""

from __future__ import annotations

from iccmsim.parameters import sources as src
from iccmsim.parameters.declare import Parameter, parameters

YEARLY = "episodes per child-year"
SHARE = "share, 0-1"
SIX = "chance of: fever, cough, fast breathing, diarrhoea, danger sign if not severe, danger sign if severe"
MONTHS = "multiplier for each month, January to December"


def incidence(key: str, default: float, **rest: object) -> Parameter:
    """Declare how often something befalls a child in a year."""
    return Parameter(key, default, unit=YEARLY, allowed=(0, 50), **rest)


def season(key: str, default: tuple[float, ...], **rest: object) -> Parameter:
    """Declare a seasonal pattern: twelve multipliers, rescaled to mean 1 before use."""
    return Parameter(key, default, unit=MONTHS, allowed=(0, 12), plausible=None, distribution="fixed",
                     note="a shape: its height is in doubt through the incidence it multiplies", **rest)


def symptoms(key: str, default: tuple[float, ...], illness: str) -> Parameter:
    """Declare how an illness shows: what families, CHWs and surveys can see of it."""
    return Parameter(key, default, unit=SIX, allowed=(0, 1), plausible=(.5, 1.5), distribution="U",
                     source=src.ASSUMED + "; doubt of 50 % either way", grade="D",
                     says=f"How often {illness} shows each sign; families and CHWs see only signs.")


INCIDENCE = (
    incidence("inc.mal", 1.4, plausible=(.9, 2.0), distribution="LogN(1.4, 0.2)",
              source=f"between {src.CAIRNS_2020} and {src.NOT_SMC}; for Bankass 2012-16", grade="C",
              says="Malaria attacks of a child of 6-59 months in a year, before seasonal chemoprevention."),
    Parameter("inc.mal.rr_0_5m", .3, unit="rate ratio", allowed=(0, 3), plausible=(.1, .6),
              distribution="LogU", source=src.ASSUMED, grade="D",
              says="Malaria rate from 28 days to 5 months, against 6-59 months."),
    incidence("inc.diarr.0_5m", 3.4, plausible=(2.1, 5.6), distribution="LogN(3.4, 0.25)",
              source=src.FISCHER_WALKER_2012, grade="A",
              says="Diarrhoea episodes in a year, 28 days to 5 months."),
    incidence("inc.diarr.6_11m", 5.1, plausible=(3.4, 8.1), distribution="LogN(5.1, 0.22)",
              source=src.FISCHER_WALKER_2012, grade="A", says="Diarrhoea episodes in a year, 6-11 months."),
    incidence("inc.diarr.12_23m", 4.2, plausible=(2.7, 6.4), distribution="LogN(4.2, 0.22)",
              source=src.FISCHER_WALKER_2012, grade="A", says="Diarrhoea episodes in a year, 12-23 months."),
    incidence("inc.diarr.24_59m", 2.7, plausible=(1.7, 4.2), distribution="LogN(2.7, 0.23)",
              source=src.FISCHER_WALKER_2012, grade="A", says="Diarrhoea episodes in a year, 24-59 months."),
    incidence("inc.pneu.0_59m", .24, plausible=(.13, .40), distribution="LogN(0.24, 0.29)",
              source=f"{src.MCALLISTER_2019}; {src.RUDAN_2013}; .22 in {src.KHAN_2022}", grade="B",
              says="Clinical pneumonia (cough with fast breathing) in a year, mean of 0-59 months."),
    Parameter("inc.pneu.age_rr", (2.0, 1.3, .6), unit="rate ratio at 1-11, 12-23, 24-59 months",
              allowed=(0, 10), plausible=None, distribution="fixed",
              source=f"{src.DERIVED} from {src.WALKER_2013} (81 % of deaths below 2 years)", grade="D",
              note="rescaled to the mean of 0-59 months: only the shape is set here",
              says="How pneumonia falls with age."),
    Parameter("inc.pneu.rr_28_59d", .5, unit="rate ratio", allowed=(0, 3), plausible=(.2, 1.0),
              distribution="LogU", source=src.ASSUMED, grade="D",
              says="Pneumonia rate at 28-59 days, against the first age band."),
    incidence("inc.cough_cold.0_59m", 4.0, plausible=(2.0, 7.0), distribution="LogN(4, 0.32)",
              source=src.ASSUMED, grade="D", says="Coughs and colds in a year: most of what a CHW sees."),
    incidence("inc.nmfi", 2.0, plausible=(1.5, 6.0), distribution="LogN(2, 0.35)", source=f"{src.DERIVED}: "
              f"two-week fever 16-40 %, of which {src.DALRYMPLE_2017} attribute a tenth to malaria; set low "
              "so that two-week fever stays in its range", grade="D", says="Fevers in a year that are not "
              "malaria, pneumonia or diarrhoea; they drive tests and ACT use."),
    Parameter("inc.psbi", .076, unit="share of live births", allowed=(0, 1), plausible=(.061, .092),
              distribution="Beta(85.3, 1040)", source=src.SEALE_2014, grade="A",
              says="Newborns who have a possible serious bacterial infection in their first 28 days."),
    Parameter("inc.psbi.days", (.25, .30, .25, .20), unit="shares of onsets on days 0-2, 3-6, 7-13, 14-27",
              allowed=(0, 1), plausible=None, distribution="fixed", source=src.ASSUMED, grade="D",
              note="four shares that add to 1 cannot move by one factor",
              says="When in the first month the newborn infections begin."),
    Parameter("inc.mal.het", .8, unit="coefficient of variation", allowed=(0, 3), plausible=(.4, 1.3),
              distribution="LogN(0.8, 0.3)", source=src.ASSUMED, grade="D",
              says="How unequally malaria falls on children for life (gamma)."),
    Parameter("frailty.cv.other", .5, unit="coefficient of variation", allowed=(0, 3), plausible=(.2, 1.0),
              distribution="LogU", source=src.ASSUMED, grade="D",
              says="How unequally the other illnesses fall on children for life (gamma)."),
    Parameter("frailty.rho", .3, unit="correlation", allowed=(0, .99), plausible=(0, .6), distribution="U",
              source=src.ASSUMED, grade="D",
              says="How far the child often ill with one illness is so with others."),
    Parameter("gap.days", 3, unit="days", allowed=(1, 60), plausible=(1, 7), distribution="U",
              source=src.ASSUMED, grade="D",
              says="Days after an episode before a new one of the same illness can begin."),
    Parameter("gap.pneu", 14, unit="days", allowed=(1, 90), plausible=(7, 28), distribution="U",
              source=src.ASSUMED, grade="D",
              says="Days after a pneumonia before a new one can begin."),
    Parameter("prophylaxis.act.days", 21, unit="days", allowed=(0, 90), plausible=(14, 28), distribution="U",
              source="assumption, in line with repeats within 4 weeks: Cairns 2015 Malar J 14:321 PMC4539702",
              grade="D", says="Days after an ACT in which new malaria is prevented: wholly for half of them, "
              "then less and less."),
)

SEASONS = (
    season("season.malaria", (.55, .45, .40, .40, .40, .45, .80, 1.60, 2.50, 2.50, 1.15, .80), grade="C",
           source=src.MOPTI_HMIS + ", sharpened to the peak of community incidence",
           says="Malaria over the year: low in the dry season, a peak in September and October."),
    season("season.ari", (1, 1, 1.3, 1, 1, 1, 1, 1, 1.3, 1, 1, 1), grade="C", source=src.NIONO_2010,
           says="Pneumonia, coughs and colds over the year: more in March and September."),
    season("season.diarr", (1, 1, 1, 1, 1, 1, 1.3, 1.3, 1.3, 1, 1, 1), grade="C",
           source=f"{src.NIONO_2010}; {src.MBOUR_2017}", says="Diarrhoea over the year: more in the rains."),
    season("season.fever", (1,) * 12, grade="D", source=src.ASSUMED,
           says="Other fevers over the year: even."),
)

SYMPTOMS = (
    symptoms("sym.mal", (1, .35, .10, .15, .02, .60), "malaria"),
    symptoms("sym.pneu", (.80, 1, 1, .10, .05, .60), "pneumonia"),
    symptoms("sym.diarr", (.35, .10, .03, 1, .01, .50), "diarrhoea"),
    symptoms("sym.psbi", (.6, .2, .4, .05, .3, .9), "a newborn infection"),
    symptoms("sym.nmfi", (1, .35, .08, .10, .01, 0), "another fever"),
    symptoms("sym.cold", (.30, 1, .05, .05, .01, 0), "a cough or cold"),
)

DIAGNOSIS = (
    Parameter("dx.rdt.infected_other", .35, unit=SHARE, allowed=(0, 1), plausible=(.15, .55),
              distribution="U",
              source=f"assumption, in line with {src.OKIRO_2010} (50 % of fevers at a prevalence of 35 %)",
              grade="D", says="Fevers not caused by malaria in which the child carries parasites all the "
              "same; follows the season, cut at 1 in its peak: .55 is .49 over the year."),
    Parameter("dx.rdt.sens", .95, unit=SHARE, allowed=(0, 1), plausible=(.93, .97),
              distribution="Beta(432, 22.8)", source=f"{src.ABBA_2011}: 94.8 % (93.1-96.1)", grade="C",
              says="Infected children whose malaria test is positive."),
    Parameter("dx.rdt.spec", .90, unit=SHARE, allowed=(0, 1), plausible=(.80, .95),
              distribution="Beta(54.4, 6.05)",
              source=f"{src.ABBA_2011}: 95.2 %, lower where antigen persists", grade="C", says="Children "
              "without parasites whose malaria test is negative; against infection, never illness."),
    Parameter("dx.rdt.persist_days", 21, unit="days", allowed=(0, 90), plausible=(14, 35), distribution="U",
              source=src.ASSUMED, grade="D", says="Days after any ACT in which the test may be positive."),
    Parameter("dx.rdt.persist", .7, unit=SHARE, allowed=(0, 1), plausible=(.4, .9), distribution="U",
              source=src.ASSUMED, grade="D",
              says="Children without parasites whose test is positive after an ACT, whether or not they had any "
              "when it was given."),
    Parameter("dx.rr.sens", .78, unit=SHARE, allowed=(0, 1), plausible=(.72, .82),
              distribution="Beta(205, 57.8)", source=src.KHAN_2022, grade="A",
              says="Fast breathing that is found when breaths are counted."),
    Parameter("dx.rr.spec", .86, unit=SHARE, allowed=(0, 1), plausible=(.78, .91),
              distribution="Beta(93.3, 15.2)", source=src.KHAN_2022, grade="A",
              says="Normal breathing that is called normal when breaths are counted."),
    Parameter("dx.danger.sens", .9, unit=SHARE, allowed=(0, 1), plausible=(.7, .98), distribution="U",
              source=src.ASSUMED, grade="D", says="Danger signs that are found when they are looked for."),
    Parameter("dx.danger.spec", .98, unit=SHARE, allowed=(0, 1), plausible=(.9, 1), distribution="U",
              source=src.ASSUMED, grade="D", says="Children without danger signs in whom none is found."),
)

PARAMETERS = parameters("setting", *INCIDENCE, *SEASONS, *SYMPTOMS, *DIAGNOSIS)
