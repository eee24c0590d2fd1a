"""What the columns of comparisons, countries and sweeps mean (of sensitivity analyses: `sensitivity_columns`).

Outcomes of a run have their meaning in `outcomes`, indicators in `indicator_columns`, parameters in their declaration,
counts in `iccmsim.results.counts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from iccmsim.parameters.catalogue import parameter
from iccmsim.results.dictionary import FACTS, NAME, NUMBER, UNDER_FIVE, YES, Column
from iccmsim.studies.outcomes import OUTCOMES
from iccmsim.studies.sweeping.sweep_folder import DONE, FAILED

SEED = Column("seed", "Seed of the replicate: the same children in every arm.", NUMBER)
ARM = Column("arm", "Arm; the first is the comparator.", NAME)
AREA = (Column("region", "Region.", NAME), Column("district", "District.", NAME))
_OUTCOMES = tuple(Column(each.name, each.says, each.unit, each.per, each.ages) for each in OUTCOMES)
RUNS = (SEED, ARM, *_OUTCOMES)
ARMS = (ARM, Column("scenario_hash", "SHA-256 of all that the scenario says.", NAME), *FACTS)
WARNINGS = (Column("warning", "What a reader must know before using these numbers.", "text"),)
_SEE = "as the column unit says"
ESTIMATES = (
    ARM,
    Column("indicator", "What is estimated. The data dictionary has an entry for each, of the column mean.", NAME),
    Column("group", "Cause, illness, age, fifth of wealth, distance, provider or product; empty: all.", NAME),
    Column("unit", "Unit of the estimate.", NAME),
    Column("denominator", "What it is divided by; empty for a count.", NAME),
    Column("mean", "Mean over seeds; of a share or rate the ratio of sums over seeds.", _SEE),
    Column("low", "2.5 % point over seeds: what one place may see by chance. Between low and high of n seeds fall "
           "about .95 (n - 1)/(n + 1) of such places. Empty for one seed, and for births and time lived.", _SEE),
    Column("high", "97.5 % point over seeds. Empty for one seed.", _SEE),
    Column("mcse", "Monte-Carlo error: standard error of the mean over seeds. Empty for one seed.", _SEE),
)
AREAS = (
    Column("level", "What kind of area.", NAME, values=("country", "region", "district")),
    Column("area", "Its name, as the list first spells it. It has whole zones: all villages of a health centre are "
           "told with the region and district in which most of its people live.", NAME),
    ARM,
    Column("people", "People of all ages of its zones; not of the area as the list of villages has it, where zones "
           "reach over its border.", "people", ages="all ages"),
    *(each for each in FACTS if each.name in ("chws", "share_5km")),
    Column("child_years", "Time lived in the window, in the comparator, mean over seeds.", "child-years",
           ages=UNDER_FIVE),
    Column("deaths", "Deaths in the window in this arm, mean over seeds.", "deaths", ages=UNDER_FIVE),
    Column("expected_averted", "Expected deaths of the comparator less those of this arm, mean over seeds.", "deaths",
           ages=UNDER_FIVE),
    Column("mc_error", "Monte-Carlo error of that mean; from one seed the root of the children saved and lost and one "
           "(Poisson), which is usually larger than the true one.", "deaths", ages=UNDER_FIVE),
    Column("percent", "Expected deaths averted; 0 where no death was expected.", "percent",
           "expected deaths of the comparator", UNDER_FIVE),
    Column("per_1000_child_years", "Expected deaths averted; empty where no child lived.", "deaths",
           "1,000 child-years", UNDER_FIVE),
    Column("per_100_chws", "Expected deaths averted; empty without CHWs.", "deaths", "100 CHWs", UNDER_FIVE),
)  # fmt: skip

_RUN_OF_SWEEP = (
    Column("row", "Row of the design, from 0.", NUMBER),
    SEED,
    ARM,
    Column("status", "Whether the run ended well.", NAME, values=(DONE, FAILED)),
    Column("error", "Why it failed; empty where it did not.", "text"),
    Column("case", "What is known of a row and seed by its hash.", NAME),
)
_FITTED = (
    Column("anchored", "Whether the row's case fatality could be solved for anew, so that its arm with health "
           "facilities only keeps the baseline's expected deaths of each illness in a child-year.", YES),
    Column("anchor_residual", "By how much the worst illness is off after it.", "share",
           "expected deaths in a child-year of the baseline", UNDER_FIVE),
    Column("anchor_rounds", "Rounds that took.", "rounds"),
)  # fmt: skip


def columns_of_sweep(keys: Sequence[str], names: Sequence[str],
                     only: Mapping[str, Sequence[str]] | None = None) -> tuple[Column, ...]:  # fmt: skip
    """The columns of a sweep's table, for what it varies; `names`: the columns that there are.

    `only`: keys that hold in some arms alone, and in which (see `only_in`).
    """
    solved = [name for name in names if name.startswith("anchored.")]
    anchored = _FITTED if "anchored" in names else ()
    varied = (_varied(key, (only or {}).get(key, ())) for key in keys)
    return (*_RUN_OF_SWEEP, *varied, *anchored, *(_solved(name) for name in solved), *_OUTCOMES)


def only_in(told: Mapping[str, Any], arms: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Levers that a sweep varies in some of its arms alone, and in which; `told` is that entry of its manifest."""
    return {key: tuple(arms[i] for i in where) for key, where in zip(told["keys"], told["where"], strict=True)
            if parameter(key).section == "programme" and len(where) < len(arms)}  # fmt: skip


def _varied(key: str, arms: Sequence[str]) -> Column:
    told = parameter(key)
    where = f" in {', '.join(arms)} alone (other arms keep their own value, which is not told here)" if arms else ""
    if told.size:
        return Column(key, f"Varied{where}: a factor on all numbers of: {told.says}", "times the scenario's values")
    return Column(key, f"Varied{where}. {told.says}", told.unit)


def _solved(name: str) -> Column:
    told = parameter(name.removeprefix("anchored."))
    return Column(name, f"Solved for when the row was anchored. {told.says}", told.unit)
