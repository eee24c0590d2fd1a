"""The course of an illness: how many worsen and die untreated, how fast, and what each drug changes."""

from __future__ import annotations

from iccmsim.parameters import sources as src
from iccmsim.parameters.declare import Parameter, parameters

SHARE = "share, 0-1"
DAYS = "days, median"
EFFECT = "share of deaths prevented in a child treated in time"


def severity(key: str, default: float, **rest: object) -> Parameter:
    """Declare how many untreated episodes become severe, or how many severe ones kill."""
    return Parameter(key, default, unit=SHARE, allowed=(0, 1), **rest)


def duration(key: str, default: float, low: float, high: float, *, says: str, source: str = src.ASSUMED,
             grade: str = "D", distribution: str = "LogU") -> Parameter:
    """Declare how long a stage of an illness lasts."""
    return Parameter(key, default, unit=DAYS, allowed=(.01, 365), plausible=(low, high),
                     distribution=distribution, source=source, grade=grade, says=says)


def spread(key: str, default: float, low: float, high: float, *, says: str) -> Parameter:
    """Declare how much a stage of illness differs from child to child."""
    return Parameter(key, default, unit="sd of the logarithm", allowed=(0, 2), plausible=(low, high),
                     distribution="U", source=src.ASSUMED, grade="D", says=says)


def fitted(key: str, default: float, row: str, low: float, high: float) -> Parameter:
    """Declare a multiplier that is fitted to the deaths of the place (never imported from experts)."""
    return Parameter(key, default, unit="multiplier", allowed=(0, 20), plausible=(low, high),
                     distribution="LogU", grade="D",
                     source="fitted to deaths by cause; start value by arithmetic; "
                     f"range is that of {row} over its central value",
                     says=f"Factor on {row} that makes untreated deaths agree with the place.")


def effect(key: str, default: float, low: float, high: float, *, source: str, grade: str, distribution: str,
           says: str) -> Parameter:
    """Declare how much a drug, given in time, lowers the chance of death."""
    return Parameter(key, default, unit=EFFECT, allowed=(0, 1), plausible=(low, high),
                     distribution=distribution, source=source, grade=grade, says=says)


def lag(key: str, default: float, low: float, high: float, *, says: str) -> Parameter:
    """Declare how long a dose takes to work."""
    return Parameter(key, default, unit="days", allowed=(0, 30), plausible=(low, high), distribution="U",
                     source=src.ASSUMED, grade="D", says=says)


WORSENING = (
    severity("sev.mal.untreated", .015, plausible=(.006, .030), distribution="LogN(0.015, 0.41)", grade="D",
             source="12.5 severe or fatal per 871 attacks (1.4 %), Cairns 2020 PLoS Med 17:e1003214 "
             "PMC7442230; " f"{src.LUBELL_2011} says far more",
             says="Untreated malaria attacks that become severe."),
    severity("sev.pneu", .117, plausible=(.07, .15), distribution="Beta(28.9, 218)", source=src.WALKER_2013,
             grade="B", says="Untreated pneumonias that become severe."),
    severity("sev.diarr", .021, plausible=(.010, .040), distribution="Beta(7.35, 343)", grade="B",
             source=f"{src.WALKER_2013}, derived", says="Untreated diarrhoeas that become severe."),
    Parameter("overlap.mechanism", 1.5, unit="multiplier", allowed=(1, 10), plausible=(1.0, 2.5),
              distribution="LogN(1.5, 0.23)", source=src.GUNDERSON, grade="D",
              says="How much likelier an illness is to become severe when another is not over yet."),
    severity("cfr.mal.severe_untx", .45, plausible=(.25, .73), distribution="Beta(6.98, 8.53)", grade="D",
             source=f"{src.LUBELL_2011} (.60-.73); {src.THWING_2011}",
             says="Severe malarias that kill without effective treatment."),
    severity("cfr.pneu.severe_untx", .12, plausible=(.06, .25), distribution="LogN(0.12, 0.36)", grade="D",
             source=f"{src.WALKER_2013}: 9.3 % as treated, so more untreated",
             says="Severe pneumonias that kill without treatment."),
    severity("cfr.diarr.severe_untx", .035, plausible=(.015, .08), distribution="LogN(0.035, 0.43)",
             grade="D", source=f"{src.WALKER_2013}: 1.9 % as treated; Acacio 2019 BMC Infect Dis 19:322 "
             "PMC6466733: 8 % in 60 days", says="Severe diarrhoeas that kill without treatment."),
    severity("cfr.psbi.untx", .14, plausible=(.08, .25), distribution="Beta(8.82, 54.2)", grade="D",
             source=f"{src.DERIVED} from .098 under mixed treatment, {src.SEALE_2014}",
             says="Newborn infections that kill without treatment."),
    fitted("kappa.mal", 1.1, "cfr.mal.severe_untx", .56, 1.62),
    fitted("kappa.pneu", 2.05, "cfr.pneu.severe_untx", .50, 2.08),
    fitted("kappa.diarr", 1.9, "cfr.diarr.severe_untx", .43, 2.29),
    fitted("kappa.psbi", 1.3, "cfr.psbi.untx", .57, 1.79),
    Parameter("mort.background", (1.23, .137, .0192, .0144, .0085, .0028),
              unit="deaths per child-year at 0-6 d, 7-27 d, 28 d-5 m, 6-11 m, 12-23 m, 24-59 m",
              allowed=(0, 20), plausible=(.8, 1.2), distribution="U", grade="D", source=f"{src.DERIVED}: "
              "what is left of the deaths of Bankass 2012-16 (Boettiger 2021 BMC Public Health 21:244 "
              "doi:10.1186/s12889-021-10242-9 PMC7845123) after the four illnesses; refitted",
              says="Deaths from all that the model does not treat: the same in every arm."),
)

TIMES = (
    duration("time.mal.severe", 2.5, 1, 5, source=f"consistent with {src.MOUSA_2020}; no direct source",
             distribution="LogN(2.5, 0.41)", says="From the onset of malaria to its worsening."),
    duration("time.pneu.severe", 2.5, 1, 5, says="From the onset of pneumonia to its worsening."),
    duration("time.diarr.severe", 1.5, .5, 4, says="From the onset of diarrhoea to its worsening."),
    duration("time.mal.death", 1.5, .5, 3, source=f"{src.GOMES_2009}: 32 % of deaths within 6 h of contact",
             grade="C", distribution="LogN(1.5, 0.46)", says="From severe malaria to death."),
    duration("time.pneu.to_death", 4, 2, 8,
             source=f"{src.DERIVED}: 7 days from onset to death in {src.KALLANDER_2008}",
             says="From severe pneumonia to death."),
    duration("time.diarr.to_death", 2, 1, 5, says="From severe diarrhoea to death."),
    duration("time.psbi.to_death", 1.3, .4, 4, says="From the onset of a newborn infection to death."),
    duration("time.mal.dur", 4, 2, 7, says="Malaria that never becomes severe: onset to recovery."),
    duration("time.pneu.dur", 7.8, 6.2, 9.6, source=src.CIFF_SAM, grade="B", distribution="LogN(7.8, 0.11)",
             says="Pneumonia that never becomes severe: onset to recovery."),
    duration("time.diarr.dur", 4.3, 3, 7, source=src.CIFF_SAM, grade="B", distribution="LogN(4.3, 0.22)",
             says="Diarrhoea that never becomes severe: onset to recovery."),
    duration("time.psbi.dur", 7, 4, 14,
             says="A newborn infection, for whether another illness begins beside it. Survivors are well "
             "time.convalescence after the hour at which it would have killed."),
    duration("time.nmfi.dur", 3, 2, 5, says="Another fever: onset to recovery."),
    duration("time.cold.dur", 7, 4, 10, says="A cough or cold: onset to recovery."),
    spread("time.severe.sd", .6, .3, .9,
           says="How the time from onset to worsening differs between children."),
    spread("time.death.sd", .7, .4, 1.0,
           says="How the time from worsening to death differs between children."),
    spread("time.dur.sd", .3, .1, .5, says="How the length of an illness differs between children."),
    Parameter("time.convalescence", 3, unit="days", allowed=(0, 60), plausible=(1, 7), distribution="U",
              source=src.ASSUMED, grade="D",
              says="Days from the time a severe illness would have killed to the survivor's recovery."),
)

TREATMENT = (
    effect("tx.act", .95, .90, .99,
           source=f"below the .99 at 1-23 months and .97 at 24-59 of {src.THWING_2011}; the lowering is an "
           "assumption, adherence and dose are taken off besides", grade="D",
           distribution="U", says="ACT in time for malaria."),
    effect("tx.ors", .80, .69, .93, source=src.MUNOS_2010, grade="C", distribution="Beta(33.3, 8.34)",
           says="ORS in time for diarrhoea."),
    effect("tx.zinc", .23, .10, .35, source=src.ZINC_2010, grade="B", distribution="Beta(9.78, 32.8)",
           says="Zinc in time for diarrhoea."),
    effect("tx.amox.nonsev", .50, .25, .70, source=f"{src.SAZAWAL_2003}; {src.DAS_2013}", grade="C",
           distribution="Beta(8.99, 8.99)",
           says="Amoxicillin by mouth in time for fast-breathing pneumonia."),
    effect("tx.psbi.oral", .30, .15, .45, source=src.ZAIDI_2011, grade="D", distribution="Beta(10.5, 24.4)",
           says="Antibiotic by mouth for a newborn infection."),
    effect("tx.psbi.inj", .65, .50, .80, source=src.ZAIDI_2011, grade="D", distribution="Beta(24.6, 13.2)",
           says="Injected antibiotic, as an outpatient, for a newborn infection."),
    effect("tx.psbi.hosp", .75, .60, .90, source=f"{src.ZAIDI_2011}, remembered", grade="D",
           distribution="Beta(23.3, 7.75)", says="Full hospital care for a newborn infection."),
    severity("tx.ors.severe", .5, plausible=(.25, .75), distribution="U", source=src.ASSUMED, grade="D",
             says="Share of the effect of ORS that remains once the diarrhoea is severe."),
    severity("tx.adherence", .85, plausible=(.70, .95), distribution="Beta(25.8, 4.55)", source=src.ASSUMED,
             grade="D", says="Courses of drugs that the family gives to the end."),
    severity("tx.dose.wrong", .5, plausible=(.2, .8), distribution="U", source=src.ASSUMED, grade="D",
             says="Effect of a wrong dose, as a share of that of the right one."),
    lag("tx.lag.ors", 0, 0, .25, says="Until ORS works."),
    lag("tx.lag.act", .25, 0, 1, says="Until an ACT works."),
    lag("tx.lag.amox", 1, .25, 2, says="Until amoxicillin works."),
    lag("tx.lag.zinc", 2, 1, 3, says="Until zinc works."),
    severity("tx.mal.inpt_weak", .136, plausible=(.084, .188), distribution="Beta(22.6, 143)", grade="B",
             source=f"{src.THWING_2011}; {src.HETZEL_2022}: .5-11.7 %",
             says="Severe malarias that kill under routine inpatient care."),
    severity("tx.pneu.inpt", .06, plausible=(.02, .12), distribution="Beta(5.14, 80.5)",
             source=src.LAZZERINI_2016, grade="C", says="Severe pneumonias that kill under inpatient care."),
    severity("tx.diarr.inpt", .01, plausible=(.005, .03), distribution="LogU", source=src.ASSUMED, grade="D",
             says="Severe diarrhoeas that kill under inpatient care."),
)

PARAMETERS = parameters("setting", *WORSENING, *TIMES, *TREATMENT)
