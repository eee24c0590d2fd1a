"""What CHWs may treat, and the care beyond the basic box: who is treated where, with what, and what it does.

Every lever here is off, or set to what CHWs do anyway, until a programme says otherwise.
"""

from __future__ import annotations

from iccmsim.parameters import sources as src
from iccmsim.parameters.declare import Parameter, parameters

SHARE = "share, 0-1"
CHOICE = "a choice of the programme, not a fact in doubt"


def share(key: str, default: float, low: float, high: float, *, says: str, source: str = src.ASSUMED,
          grade: str = "D", distribution: str = "U") -> Parameter:
    """Declare a share, a chance or an effect that is in doubt."""
    return Parameter(key, default, unit=SHARE, allowed=(0, 1), plausible=(low, high), distribution=distribution,
                     source=source, grade=grade, says=says)


def choice(key: str, default: float, unit: str, allowed: tuple[float, float], *, says: str,
           source: str = "a choice of the programme", integer: bool = True) -> Parameter:
    """Declare a lever of policy: a rule that the programme sets."""
    return Parameter(key, default, unit=unit, allowed=allowed, plausible=None, distribution="fixed", source=source,
                     grade="D", says=says, note=CHOICE, integer=integer)


def may(key: str, *, says: str) -> Parameter:
    """Declare something that CHWs may do unless the programme forbids it."""
    return choice(key, 1, "0 or 1", (0, 1), says=says)


POLICY = (
    may("policy.malaria", says="1: CHWs treat fever as malaria (by test or suspicion); 0: they do not."),
    may("policy.pneumonia", says="1: CHWs treat fast breathing; 0: they find it and treat none."),
    may("policy.diarrhoea", says="1: CHWs treat diarrhoea; 0: they do not."),
    may("policy.antibiotics", says="1: CHWs may hand out antibiotics; 0: none of any kind."),
    may("policy.zinc", says="1: CHWs add zinc to ORS; 0: ORS alone."),
    choice("policy.rdt", 1, "0, 1 or 2", (0, 2),
           says="0: CHWs have no malaria tests and treat every fever; 1: they test; 2: no ACT without a test."),
    choice("policy.youngest_months", 0, "months of age", (0, 60), integer=False,
           says="CHWs treat no child below this age (beside the rule on those below 60 days)."),
    choice("policy.oldest_months", 60, "months of age", (0, 60), integer=False,
           says="CHWs treat no child of this age or more."),
    Parameter("policy.not_allowed_refer", 1, unit=SHARE, allowed=(0, 1), plausible=(.5, 1), distribution="U",
              source=src.ASSUMED, grade="D",
              says="Children whom a CHW may not treat who are referred; the others' families are told to go."),
    choice("policy.indrawing", 0, "0 or 1", (0, 1), source="enhanced iCCM; a choice of the programme",
           says="1: chest indrawing alone is treated at home with amoxicillin, where the box holds any; 0: it is "
           "referred as a danger sign."),
    choice("policy.oximetry", 0, "share of CHWs' coughing children", (0, 1), integer=False,
           source="enhanced iCCM; a choice of the programme",
           says="Coughing children whose oxygen a CHW measures; low oxygen is referred."),
)

BOX = (
    choice("policy.ras", 0, "0 or 1", (0, 1),
           source="WHO guidance on pre-referral treatment; a choice of the programme",
           says="1: CHWs give rectal artesunate to a feverish child whom they refer for a danger sign."),
    choice("policy.ras_months", 6, "months of age", (0, 60), integer=False, source=src.ASSUMED,
           says="Rectal artesunate is given from this age on."),
    choice("policy.newborn", 0, "0, 1 or 2", (0, 2),
           says="Children below 60 days with a sign of serious infection, beside referral: 0 nothing, 1 amoxicillin, "
           "2 amoxicillin and gentamicin injections: the simplified regimen, as good as injections alone.",
           source="a choice of the programme; treatment failed in 9 % in DRC, as with the reference (AFRINEST 2018 "
           "Matern Health Neonatol Perinatol 4:8)"),
    choice("policy.muac", 0, "share of visits", (0, 1), integer=False,
           says="CHW visits of sick children at which the arm is measured, each visit for itself; severe wasting is "
           "treated with ready-to-use food (needs was.on)."),
    Parameter("sup.kit_rutf", .02, unit="treatments per visit", allowed=(0, 10), plausible=(.005, .05),
              distribution="U", source=src.ASSUMED, grade="D", dated=False,
              says="Treatments with ready-to-use food that a kit holds for each expected visit, where it is given."),
    share("chw.newborn_found", .4, .2, .6, source="assumption (recognition of serious infection by CHWs)",
          says="Young infants with fever, fast breathing or a danger sign in whom a CHW recognises serious infection."),
    share("chw.ras_use", .70, .52, .88, source=f"{src.HETZEL_2022}: 88, 52, 70 %", grade="C",
          distribution="Beta(16.7, 7.17)", says="Children eligible for rectal artesunate who are given it."),
    Parameter("sup.kit_ras", .05, unit="doses per visit", allowed=(0, 10), plausible=(.01, .1), distribution="U",
              source=src.ASSUMED, grade="D", dated=False,
              says="Rectal artesunate that a kit holds for each expected visit, where it is given."),
    Parameter("sup.kit_gentamicin", .05, unit="courses per visit", allowed=(0, 10), plausible=(.01, .1),
              distribution="U", source=src.ASSUMED, grade="D", dated=False,
              says="Courses of gentamicin that a kit holds for each expected visit, where it is given."),
)

RECTAL_ARTESUNATE = (
    share("tx.ras", .51, .23, .69, source=f"{src.GOMES_2009}: 29/1566 and 57/1519, death or permanent disability, in "
          "patients (in Asia of all ages) not yet in a clinic after 6 hours", grade="B", distribution="Beta(8.75, 8.4)",
          says="Deaths of severe malaria prevented by rectal artesunate in a child who lives until it works; measured "
          "on death or permanent disability together."),
    share("tx.ras.unfollowed", .5, 0, 1,
          says="Share of that effect that is left beyond the first days if no full treatment follows."),
    Parameter("tx.ras.days", 3, unit="days", allowed=(0, 30), plausible=(1, 5), distribution="U", source=src.ASSUMED,
              grade="D", says="Days for which one dose of rectal artesunate has its whole effect by itself."),
    Parameter("tx.lag.ras", .25, unit="days", allowed=(0, 30), plausible=(0, .5), distribution="U",
              source=src.ASSUMED, grade="D", says="Until rectal artesunate works."),
    Parameter("ref.ras_or", .65, unit="odds ratio", allowed=(.01, 10), plausible=(.30, .95),
              distribution="LogN(0.65, 0.29)", grade="C",
              source=f"{src.BRUNNER_2022}, with and without the drug: DRC .48 (.30-.77), Uganda .72 (.58-.88)",
              says="Odds of completing a referral after rectal artesunate, against without."),
)

WASTING = (
    Parameter("was.on", 0, unit="0 or 1", allowed=(0, 1), plausible=None, distribution="fixed", grade="D", integer=True,
              source="a switch, not a fact", note="a choice of the modeller: the average child stays as it is",
              says="1: children are well nourished, moderately or severely wasted in turn; 0: all are average."),
    share("sam.prev", .018, .010, .030, distribution="Beta(12.2, 666)",
          source="surveys of Mali, 1.3-2.6 % (remembered, not seen again)",
          says="Children of 6-59 months who are severely wasted on a day."),
    share("mam.prev", .09, .06, .12, says="Children of 6-59 months who are moderately wasted on a day."),
    Parameter("sam.days", 64, unit="days, mean", allowed=(1, 1000), plausible=(39, 107), distribution="LogN(64, 0.26)",
              source=f"{src.PROMIS}: yearly new cases are 5.7 times the prevalence (Burkina Faso 9.4; 3.6 in 352 "
              "sites, Isanaka 2021 BMJ Glob Health 6:e004342)", grade="B", says="Length of a spell of severe wasting."),
    Parameter("mam.days", 72, unit="days, mean", allowed=(1, 1000), plausible=(71, 78), distribution="LogN(72, 0.021)",
              source=f"{src.PROMIS}: yearly new cases are 5.1 times the prevalence (4.7-5.1)", grade="C",
              says="Length of a spell of moderate wasting."),
    Parameter("sam.hr", 7, unit="hazard ratio of death", allowed=(1, 100), plausible=(4, 12), distribution="LogU",
              source="below 11.63 (9.84-13.76) of Olofin 2013 PLoS One 8:e64636 PMC3667136, which a wasted state "
              "measured once does not hold throughout; the lowering is an assumption", grade="D",
              says="Danger of an illness that begins in severe wasting, against the well nourished."),
    Parameter("mam.hr", 2.5, unit="hazard ratio of death", allowed=(1, 100), plausible=(1.8, 3.4), distribution="LogU",
              source=f"below 3.4 (2.6-4.3), {src.PROMIS}; the lowering is an assumption", grade="D",
              says="Danger of an illness that begins in moderate wasting, against the well nourished."),
    share("dx.muac.sens", .8, .5, .95, says="Severe wasting that a CHW finds when the arm is measured."),
    share("tx.sam.cure", .942, .77, .95, grade="A", distribution="Beta(23.5, 1.44)",
          source="Alvarez Moran 2018 BMC Health Serv Res 18:207 PMC5870488: 94.2 % at CHWs in Kita, Mali; 92 % of "
          "27,800 in Nara, Mali; 77 % in Niger, 2024 doi:10.1186/s12960-024-00904-1",
          says="Children treated for severe wasting by CHWs who are cured."),
    Parameter("tx.sam.days", 49, unit="days", allowed=(1, 365), plausible=(35, 70), distribution="Tri(35, 49, 70)",
              source=f"7 weeks (5-10); 48 days in {src.CIFF_SAM}", grade="C",
              says="Days of treatment until severe wasting is cured."),
    share("tx.sam.mort_red", .75, .50, .90, distribution="Beta(12.8, 4.25)", source="assumption; no trial is possible",
          says="Part of the added danger of severe wasting that is gone while it is treated."),
)

PNEUMONIA = (
    share("dx.indraw.alone", .6, .3, .85,
          says="Pneumonias with a danger sign in which that sign is chest indrawing and no other."),
    share("pneu.hypox.severe", .41, .33, .49, source=src.HYPOXAEMIA_2022, grade="A", distribution="Beta(58.8, 84.6)",
          says="Severe pneumonias with low blood oxygen (SpO2 below 90 %)."),
    share("pneu.hypox.mild", .08, .03, .16, source=src.HYPOXAEMIA_2022, grade="A", distribution="Beta(5.4, 62.1)",
          says="Other pneumonias with low blood oxygen."),
    share("dx.oxi.sens", .5, .2, .9, source="assumption, set so that a CHW's oximeter finds 15 percentage points "
          "(5-30) more of the severe, itself an assumption",
          says="Low oxygen that a CHW's oximeter finds when it is used (failed readings included)."),
    share("dx.oxi.spec", .98, .9, 1, says="Normal oxygen that a CHW's oximeter shows as normal."),
    share("tx.amox.indraw", .5, .2, .7, source="assumption: as in fast breathing, tx.amox.nonsev; treatment failed "
          f"in 5-6 % of {src.GINSBURG_2020}; as good as injections in a Kenyan trial (remembered, not seen again)",
          says="Deaths prevented by amoxicillin at home once pneumonia with chest indrawing is severe, oxygen normal."),
)

SECOND_LINE = (
    Parameter("tx.second.wait", 2, unit="days", allowed=(.5, 14), plausible=(2, 3), distribution="U", grade="C",
              source=f"{src.GRANT_2009}; IMCI looks again after two or three days, in malaria too",
              says="Days after which a child with malaria or pneumonia that is no better on its first drug is one whom "
              "treatment has failed; one that has become severe since is one at once."),
    share("tx.second.mal", .90, .50, .97, source=f"assumption; {src.YEKA_2013}",
          says="Danger of malaria left by the first drug that another in time takes away."),
    share("tx.second.pneu", .35, .10, .60, source="assumption: less than tx.amox.nonsev, since what amoxicillin "
          "fails is more often no illness for antibiotics; no trial counts deaths",
          says="Danger of pneumonia left by amoxicillin that a second antibiotic in time takes away."),
    share("tx.second.severe", .5, 0, 1, source="assumption, as tx.ors.severe",
          says="Share of the effect of a second-line drug that remains once the child is severe, where it does not get "
          "the full treatment of an inpatient."),
)

FAILURES = (
    choice("fac.second_line", 0, "share of children whom treatment has failed", (0, 1), integer=False,
           source=f"a choice of the programme, after {src.WHO_PNEUMONIA_2014}, and {src.WHO_MALARIA_2006}; in most "
           f"places the drug will often be missing: {src.KNOWLES_2020}",
           says="Children come back to the health centre after the first drug for malaria or pneumonia failed who are "
           "recognised as such and given another; 0: none."),
    choice("policy.no_better_refer", 0, "share of children whom treatment has failed", (0, 1), integer=False,
           source=f"a choice of the programme; referral to where there is a second line: {src.WHO_PNEUMONIA_2014}",
           says="Children whom the first drug for malaria or pneumonia has failed and whom a CHW that sees them "
           "refers; 0: none."),
)

TRIAGE = (
    choice("fac.triage", 0, "share of children in danger", (0, 1), integer=False,
           source=f"a choice of the programme; {src.KING_2021}; {src.DESMOND_2024}",
           says="Children who show a danger sign, or come with a referral, whom a health centre picks out of those who "
           "wait and sees at once, if need be beyond its hours; 0: none."),
)

PARAMETERS = (*parameters("setting", *PNEUMONIA, *RECTAL_ARTESUNATE, *WASTING, *SECOND_LINE),
              *parameters("programme", *POLICY, *BOX, *FAILURES, *TRIAGE))  # fmt: skip
