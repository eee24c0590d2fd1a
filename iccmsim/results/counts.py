"""The counts that are always kept, as tables: one a way of dividing them up, each column with what it means.

The counts of a run are `TALLY`, those of an arm beside the comparator `PAIRS`; both have a column here for each number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from iccmsim.core.records import CAUSES, ILLNESSES, PRODUCTS, YEAR
from iccmsim.engine.pairs import AGE_GROUPS, ELSEWHERE, PARTS
from iccmsim.engine.tally import AGE_BANDS, BY_PROVIDER, CASCADE, KM_BANDS, QUINTILES, TAIL
from iccmsim.results.dictionary import BOOK, NAME, UNDER_FIVE, Column

if TYPE_CHECKING:
    import pandas as pd

PERIODS = (*(f"year {n}" for n in range(1, TAIL + 1)), "tail")
DIVISIONS = {
    "period": Column("period", "Year since launch, of 365.25 days cut to whole days, or the tail after the window. A "
                     "window of more than eleven years ends in one long year 11.", NAME, values=PERIODS),
    "age": Column("age", "Age band.", NAME, values=AGE_BANDS),
    "age_group": Column("age_group", "Age at death.", NAME, values=AGE_GROUPS),
    "cause": Column("cause", "Cause of death.", NAME, values=CAUSES),
    "illness": Column("illness", "Illness.", NAME, values=ILLNESSES),
    "wealth": Column("wealth", "Fifth of households by the wealth that the setting describes, the poorest first.", NAME,
                     values=tuple(f"fifth_{n}" for n in range(1, QUINTILES + 1))),
    "distance": Column("distance", "To the health facility, in a straight line.", NAME, values=KM_BANDS),
    "chw_part": Column("chw_part", "What a CHW of either arm had to do with the illness that was fatal in one: saw the "
                       "child; was come to in vain (away, or no turn); nothing, and the other arm has no such illness "
                       "(an antimalarial prevented it); nothing at all. The first that holds.", NAME, values=PARTS),
    "provider": Column("provider", "CHWs, or first-level health facilities.", NAME, values=("chw", "facility")),
    "product": Column("product", "Drug, test or food.", NAME, values=PRODUCTS),
}  # fmt: skip


@dataclass(frozen=True)
class Count:
    """One column of counts: how it is divided up, what it means, and where it stands in a record."""

    by: tuple[str, ...]
    column: Column
    field: str
    part: int | None = None  # of the field's first axis
    paired: bool = False  # of PAIRS

    def values(self, records: np.ndarray) -> np.ndarray:
        """The counts of each record, shape (records, ...)."""
        found = records[self.field]
        return found if self.part is None else found[:, self.part]


def _counts(by: tuple[str, ...], *told: tuple[str, str, str], ages: str = UNDER_FIVE,
            paired: bool = False) -> list[Count]:  # fmt: skip
    return [Count(by, Column(name, says, unit, ages=ages), name, paired=paired) for name, unit, says in told]


STEPS_SAY = {
    "episodes": "Episodes that began in the window.",
    "perceived": "Those that the family took for severe when it last judged.",
    "any_care": "Those seen by anybody outside the home.",
    "formal_care": "Those seen by a CHW or health facility.",
    "formal_by_next_day": "Those seen there by the day after onset.",
    "seen_by_chw": "Those seen by a CHW.",
    "seen_by_facility": "Those seen by a health facility or hospital.",
    "right_drug": "Those given the drug of the illness there.",
    "took_effect": "Those in which that lowered the danger.",
    "any_effect": "Those in which any treatment but zinc lowered the danger.",
    "lacked_drug": "Those in which the drug of the illness was wanted and out of stock.",
    "referred": "Those referred.",
    "referral_done": "Those that arrived where they were referred to.",
    "severe": "Those that became severe.",
    "died": "Those that ended in death.",
    "died_without_formal_care": "Those that ended in death without care by a CHW or health facility.",
}
MONTHLY = {each.name: each for each in BOOK}  # a count by provider is the sum of what months of providers have

OF_A_RUN: tuple[Count, ...] = (
    *_counts(("period",), ("births", "births", "Live births."), ages="at birth"),
    *_counts(("period", "age"), ("child_days", "child-days", "Time lived.")),
    *_counts(("period", "cause", "age"), ("deaths", "deaths", "Deaths.")),
    *_counts(("period", "cause"),
             ("expected", "deaths", "Deaths to be expected: chances of death that were met, summed; of the background "
              "the deaths as they came about."),
             ("expected_variance", "deaths squared", "Variance of realised around expected deaths.")),
    *_counts(("period", "illness"),
             ("episodes", "episodes", "Episodes, by onset."),
             ("prevented", "episodes", "Episodes that an antimalarial taken shortly before kept from beginning."),
             ("severe", "episodes", "Episodes that became severe."),
             ("effective", "episodes", "Episodes treated, each by its share of the effect of a full treatment in time, "
              "at most 1."),
             ("weight", "deaths", "Deaths that the episodes would lead to untreated."),
             ("weighted_effective", "deaths", "The same times the share of the effect of a full treatment."),
             ("weighted_effect", "deaths", "Those of them that treatment takes away, zinc apart."),
             ("weighted_zinc", "deaths", "Those of them that zinc takes away.")),
    *(Count(("illness",), Column(step, f"In the window. {STEPS_SAY[step]}", "episodes", ages=UNDER_FIVE), "cascade", k)
      for k, step in enumerate(CASCADE)),
    *_counts(("wealth",), ("deaths_by_wealth", "deaths", "Deaths in the window."),
             ("days_by_wealth", "child-days", "Time lived in the window.")),
    *_counts(("distance",), ("deaths_by_km", "deaths", "Deaths in the window."),
             ("days_by_km", "child-days", "Time lived in the window.")),
    *(Count(("provider",), replace(MONTHLY[name], says=f"{MONTHLY[name].says} In the window."), name)
      for name in BY_PROVIDER),
    *_counts(("provider",), ("providers", "providers", "Places for CHWs, one a CHW, or health facilities."),
             ("provider_days", "provider-days", "Providers times days of the window; where it is whole years, to the "
             "end of its last month, as all counts by provider."), ages=""),
    *_counts(("provider", "product"), ("given", "doses", "Given to children in the window.")),
    *_counts(("provider", "product"), ("received", "doses", "Arrived, before losses, in the window."),
             ("ordered", "doses", "Ordered."),
             ("stock_out_days", "provider-days", "Days that ended without it; of a CHW, those in post."),
             ("leaked", "doses", "Lost, of those that arrived."),
             ("expired", "doses", "Thrown away: too old, or recalled."), ages=""),
)  # fmt: skip

OF_A_PAIR: tuple[Count, ...] = (
    *_counts(("cause",), ("saved", "children", "Die in the window only in the comparator, by their cause there."),
             ("lost", "children", "Die in the window only in this arm, by their cause here."), paired=True),
    *(each for by, name in (("age_group", "age"), ("wealth", "wealth"), ("distance", "km"),
                                     ("chw_part", "part")) for each in _counts(
        (by,), (f"saved_by_{name}", "children", "Die in the window only in the comparator."),
        (f"lost_by_{name}", "children", "Die in the window only in this arm."), paired=True)),
    *_counts((), ("age_saved", "years", "Ages at death in the comparator, summed over the saved."),
             ("age_lost", "years", "Ages at death in this arm, summed over the lost."),
             ("last_two", "deaths", "Deaths averted in the last two years of the window."),
             ("by_five", "deaths", "Deaths averted before the fifth birthday among births of the first year, as far as "
              "the run goes."),
             ("cohort", "births", "Births of the first year."), paired=True),
    *(Count(("illness",), Column(f"elsewhere_{name}", "Episodes seen by a CHW in this arm that in the comparator "
                                 f"{says}.", "episodes", ages=UNDER_FIVE), "elsewhere", k, paired=True)
      for k, (name, says) in enumerate(zip(ELSEWHERE, (
          "had no care outside the home", "were seen by an informal provider", "were seen by a CHW",
          "were seen at a health facility", "were seen at the hospital", "did not come about"), strict=True))),
    *_counts(("illness",), ("formal_gained", "episodes", "Seen by a CHW or health facility only in this arm."),
             ("formal_lost", "episodes", "Seen there only in the comparator."), paired=True),
)  # fmt: skip


def tables_of_counts(counts: Sequence[Count]) -> dict[str, list[Count]]:
    """The columns of each table of counts, by its name."""
    tables: dict[str, list[Count]] = {}
    for each in counts:
        tables.setdefault("_by_".join(("counts", "_".join(each.by))).removesuffix("_by_"), []).append(each)
    return tables


def columns_of(counts: Sequence[Count]) -> tuple[Column, ...]:
    """What the columns of one table of counts mean: how it is divided up, and what is counted."""
    return (*(DIVISIONS[by] for by in counts[0].by), *(each.column for each in counts))


def lived_periods(*, window_days: int, tail_days: int) -> list[int]:
    """The bins of years that a run has."""
    years = min(TAIL, int(np.ceil(window_days / YEAR)))
    return [*range(years), *([TAIL] if tail_days else [])]


def rows_of(counts: Sequence[Count], *, records: int, periods: Sequence[int]) -> int:
    """How many rows a table of counts has."""
    return records * int(np.prod([len(_labels(by, periods)) for by in counts[0].by], dtype=np.int64))


def _labels(by: str, periods: Sequence[int]) -> list[str]:
    values = DIVISIONS[by].values
    return [values[k] for k in periods] if by == "period" else list(values)


def frame_of_counts(counts: Sequence[Count], tallies: np.ndarray, pairs: np.ndarray | None, *,
                    keys: Mapping[str, Sequence], periods: Sequence[int]) -> pd.DataFrame:  # fmt: skip
    """One table of counts: `keys` tell the records apart, then come the divisions, then the counts."""
    import pandas as pd

    labels = [_labels(by, periods) for by in counts[0].by]
    size = int(np.prod([len(each) for each in labels], dtype=np.int64))
    records = len(tallies)
    columns = {name: np.repeat(np.asarray(values, object), size) for name, values in keys.items()}
    for k, each in enumerate(labels):
        inner = int(np.prod([len(other) for other in labels[k + 1 :]], dtype=np.int64))
        codes = np.tile(np.repeat(np.arange(len(each)), inner), records * size // (inner * len(each)))
        columns[counts[0].by[k]] = pd.Categorical.from_codes(codes, categories=each)
    for each in counts:
        found = each.values(pairs if each.paired else tallies)
        if "period" in each.by:
            found = found[:, list(periods)]
        columns[each.column.name] = np.ascontiguousarray(found).reshape(-1)
    return pd.DataFrame(columns)
