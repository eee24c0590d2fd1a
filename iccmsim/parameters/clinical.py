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
           says="1: chest indrawing alone is treated at home with amoxicillin; 0: it is referred as a danger sign."),
    choice("policy.oximetry", 0, "share of CHWs' coughing children", (0, 1), integer=False,
           source="enhanced iCCM; a choice of the programme",
           says="Coughing children whose oxygen a CHW measures; low oxygen is referred."),
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

PARAMETERS = (*parameters("setting", *PNEUMONIA), *parameters("programme", *POLICY))
