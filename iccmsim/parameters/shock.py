"""What a shock does to a place for a while: each number is without effect unless a dated shock of a scenario sets it.

A shock (fighting, a flood, an epidemic, a strike, a recall) is a set of these, and of levers of the programme, in force
from one day to another, in all zones or in some; of each of these the larger is the worse.
`iccmsim/parameters/library/shocks` holds ready ones.
"""

from __future__ import annotations

from iccmsim.parameters.declare import Parameter, parameters

QUIET = "no effect; only a shock sets it"
A_SHOCK = "what a shock is made of, not a fact in doubt; how deep it is stands in the file of the shock"
PRODUCTS = "0 or 1: ORS, zinc, amoxicillin, ACT below 36 months, ACT from 36 months, RDT, rectal artesunate, " \
           "gentamicin, RUTF"  # fmt: skip


def shock(name: str, default: float | tuple[float, ...], unit: str, allowed: tuple[float, float], *, says: str,
          integer: bool = False) -> Parameter:  # fmt: skip
    """Declare one thing that a shock can do."""
    return Parameter(f"shock.{name}", default, unit=unit, allowed=allowed, plausible=None, distribution="fixed",
                     source=QUIET, grade="D", says=says, note=A_SHOCK, integer=integer)  # fmt: skip


PARAMETERS = parameters(
    "setting",
    shock("closed", 0, "share of days", (0, 1), says="Days on which the health centre should be open and is shut."),
    shock("chws_gone", 0, "share of CHWs", (0, 1), says="CHWs who are driven away and treat nobody."),
    shock("avoid_facility", 0, "logit", (-5, 10), says="How much families shun the health centre and the hospital."),
    shock("avoid_chw", 0, "logit", (-5, 10), says="How much families shun the CHW."),
    shock("far", 1, "multiplier of km", (1, 20), says="How much longer all ways are: to CHW, health centre, hospital."),
    shock("cut", 0, "0 or 1", (0, 1), integer=True, says="1: nothing is ordered or delivered, no road is open."),
    shock("store_out", (0,) * 9, PRODUCTS, (0, 1), says="Products that the district store has none of."),
    shock("recall", (0,) * 9, PRODUCTS, (0, 1),
          says="Products that are taken off every shelf and not delivered."),
    shock("malaria", 1, "multiplier of the rate", (0, 20),
          says="How many times as fast children without malaria fall ill with it. Attacks rise less: 1.8 times for 2, "
          "3.1 times for 4."),
)  # fmt: skip
