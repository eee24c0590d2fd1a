"""Household surveys, emulated: on some days every family is asked about its children's last two weeks.

A spell is an unbroken time of illness as the family tells it: illnesses that touch are one spell. Asked for are spells
of which any part lies in the last 14 days; care counts if it came before the survey. The unit is the child, as in the
survey that the targets come from: care of any of its spells; who gave it first, in the latest spell. "Within 24 hours"
means the day on which the spell began or the next.

Families forget what is over, above all what was mild and not taken anywhere (Feikin 2010, Zafar 2010). So surveys find
less illness than there was, and more care for it: a spell that is over is told of with a chance that falls with the
days since its end, slowly after care or severe illness, fast otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iccmsim.core.records import FIVE_YEARS, MINUTES, MONTH

if TYPE_CHECKING:
    import pandas as pd

RECALL = 14  # days
COMPLEXES = ("fever", "cough", "diarrhoea")
AGE_EDGES = (0.0, 6 * MONTH, 12 * MONTH, 24 * MONTH, 36 * MONTH, FIVE_YEARS)  # days
AGE_NAMES = ("0_5m", "6_11m", "12_23m", "24_35m", "36_59m")
Counts = dict[str, tuple[float, float]]  # above and below the line of a share; both add up over zones


def survey_days(window_days: int) -> np.ndarray:
    """The middle of every month of the window, in days since launch."""
    return np.arange(0.5 * MONTH, window_days, MONTH)


def ends_of(episodes: pd.DataFrame, *, convalescence: float) -> np.ndarray:
    """The day on which each illness is over: recovered, or dead of it."""
    mild = np.fmax(episodes.mends_day.to_numpy(), episodes.worsens_day.to_numpy())
    kills = episodes.kills_day.to_numpy()
    died = (episodes.outcome == "died").to_numpy()
    return np.where(episodes.severe.to_numpy(), kills + np.where(died, 0.0, convalescence), mild)


def seen_illnesses(episodes: pd.DataFrame, *, convalescence: float) -> pd.DataFrame:
    """The illnesses that a family can tell of: those with fever, cough, fast breathing or diarrhoea."""
    kept = episodes[episodes.outcome != "prevented"]
    kept = kept.assign(end_day=ends_of(kept, convalescence=convalescence),
                       ari=kept.cough & kept.fast_breathing, cough=kept.cough | kept.fast_breathing,
                       diarrhoea=kept.diarrhoea_sign)  # fmt: skip
    return kept[kept.fever | kept.cough | kept.diarrhoea]


def spells_of(seen: pd.DataFrame) -> pd.DataFrame:
    """One row a spell: child, first and last day, first care outside the home and by whom, first formal care.

    `severe` says whether any of its illnesses turned severe, `luck` (0-1) whether it is remembered.
    """
    import pandas as pd

    child, onset, end = (seen[name].to_numpy() for name in ("child", "onset_day", "end_day"))
    order = np.lexsort((onset, child))
    child, onset, end = child[order], onset[order], end[order]
    if not len(child):
        columns = {name: np.zeros(0) for name in ("onset_day", "end_day", "care", "formal", "severe", "luck")}
        return pd.DataFrame({"child": np.zeros(0, int), **columns, "by": np.zeros(0, int)})
    apart = float(max(end.max(), onset.max()) - onset.min()) + 1.0
    shift = (child - child[0]) * apart
    latest = np.maximum.accumulate(end + shift)
    new = np.r_[True, onset[1:] + shift[1:] > latest[:-1]]
    first = np.flatnonzero(new)
    care = np.nan_to_num(seen.first_care_day.to_numpy()[order], nan=np.inf)
    formal = np.nan_to_num(seen.first_formal_day.to_numpy()[order], nan=np.inf)
    by = seen.first_provider.cat.codes.to_numpy()[order]
    number = np.cumsum(new) - 1
    soonest = np.lexsort((care, number))[first]  # the first of each spell once sorted by care within it
    return pd.DataFrame({
        "child": child[first], "onset_day": onset[first], "end_day": np.maximum.reduceat(end, first),
        "care": np.minimum.reduceat(care, first), "formal": np.minimum.reduceat(formal, first), "by": by[soonest],
        "severe": np.maximum.reduceat(seen.severe.to_numpy()[order].astype(float), first),
        "luck": luck_of(child[first], onset[first]),
    })  # fmt: skip


def luck_of(child: np.ndarray, onset: np.ndarray) -> np.ndarray:
    """A number between 0 and 1 that belongs to a spell, the same in every arm and at every survey: a hash (SplitMix64,
    Steele, Lea & Flood 2014) of the child and the minute at which the spell began."""
    minute = np.rint(np.asarray(onset) * MINUTES).astype(np.int64).astype(np.uint64)
    word = (np.asarray(child).astype(np.uint64) << np.uint64(32)) ^ (minute & np.uint64(0xFFFFFFFF))
    with np.errstate(over="ignore"):
        word = word + np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((word ^ (word >> np.uint64(31))) >> np.uint64(11)).astype(float) / 2.0**53


@dataclass(frozen=True)
class Telling:
    """How families tell of illness: days of convalescence after a severe one, and what they forget a day."""

    convalescence: float = 3.0
    forget_mild: float = 0.0  # per day since the end of a mild spell without care
    forget_treated: float = 0.0  # ... of a spell with care, or severe

    @classmethod
    def of(cls, setting: Mapping[str, object]) -> Telling:
        """As the parameters of a setting say."""
        return cls(float(setting["time.convalescence"]), float(setting["survey.forget_mild"]),
                   float(setting["survey.forget_treated"]))  # fmt: skip

    def remembered(self, spells: pd.DataFrame, day: float) -> np.ndarray:
        """Which spells the family tells of on a day of survey."""
        over = np.maximum(0.0, day - spells.end_day.to_numpy())
        marked = (spells.care.to_numpy() <= day) | (spells.severe.to_numpy() > 0)
        rate = np.where(marked, self.forget_treated, self.forget_mild)
        return spells.luck.to_numpy() < np.exp(-rate * over)


def survey(episodes: pd.DataFrame, children: pd.DataFrame, *, days: Iterable[float], telling: Telling) -> Counts:
    """What surveys on these days would find, added up: shares of children, of ill children, of spells.

    Tables may be of one zone or of a whole district.
    """
    seen = seen_illnesses(episodes, convalescence=telling.convalescence)
    spells = spells_of(seen)
    informal, chw = (list(episodes.first_provider.cat.categories).index(name) for name in ("informal", "chw"))
    total: dict[str, np.ndarray] = {}
    for day in days:
        interviewed = living(children, day)
        told = spells[_within(spells, day) & telling.remembered(spells, day)]
        found = _illness_on(day, _of_spells(seen[_within(seen, day)], told), children, interviewed)
        found |= _care_on(day, told, children, interviewed, informal=informal, chw=chw)
        for name, pair in found.items():
            total[name] = total.get(name, np.zeros(2)) + pair
    return {name: (float(above), float(below)) for name, (above, below) in total.items()}


def _of_spells(seen: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """The illnesses that belong to the spells told of."""
    if not len(told) or not len(seen):
        return seen[:0]
    apart = 1.0 + max(float(seen.onset_day.max()), float(told.end_day.max())) - float(told.onset_day.min())
    starts = told.child.to_numpy() * apart + told.onset_day.to_numpy()
    mine = np.searchsorted(starts, seen.child.to_numpy() * apart + seen.onset_day.to_numpy(), side="right") - 1
    row = np.maximum(mine, 0)
    same = (mine >= 0) & (told.child.to_numpy()[row] == seen.child.to_numpy())
    return seen[same & (seen.onset_day.to_numpy() <= told.end_day.to_numpy()[row])]


def living(children: pd.DataFrame, day: float) -> np.ndarray:
    """Who is alive and under five on a day."""
    birth, end = children.birth_day.to_numpy(), children.end_day.to_numpy()
    return (birth <= day) & ~(end <= day) & (day - birth < FIVE_YEARS)


def rows_of(table: pd.DataFrame, children: pd.DataFrame) -> np.ndarray:
    """Of which child, by its row, each row of a table tells; none where an area has no children."""
    return table.child.to_numpy() - (int(children.child.iloc[0]) if len(children) else 0)


def _within(table: pd.DataFrame, day: float) -> np.ndarray:
    return (table.onset_day.to_numpy() <= day) & (table.end_day.to_numpy() > day - RECALL)


def _illness_on(day: float, seen: pd.DataFrame, children: pd.DataFrame, interviewed: np.ndarray) -> dict:
    """Two-week prevalence, children with more than one complex of symptoms, and the ages of the ill."""
    rows = rows_of(seen, children)
    has = {}
    for name in (*COMPLEXES, "ari"):
        has[name] = np.zeros(len(children), bool)
        has[name][rows[seen[name].to_numpy()]] = True
        has[name] &= interviewed
    complexes = np.sum([has[name] for name in COMPLEXES], axis=0)
    everyone, ill = interviewed.sum(), (complexes > 0).sum()
    found = {f"two_week_{name}": (has[name].sum(), everyone) for name in ("fever", "diarrhoea", "ari")}
    ages = (day - children.birth_day.to_numpy())[complexes > 0]
    by_age = np.histogram(ages, AGE_EDGES)[0]
    found |= {f"ill_{name}": (by_age[i], ill) for i, name in enumerate(AGE_NAMES)}
    return found | {"two_week_any": (ill, everyone), "more_than_one_complex": ((complexes > 1).sum(), ill)}


def _care_on(day: float, spells: pd.DataFrame, children: pd.DataFrame, interviewed: np.ndarray, *, informal: int,
             chw: int) -> dict:  # fmt: skip
    """Care that ill children had by the day of the survey; the unit is the child, as in Treleaven 2021."""
    rows = rows_of(spells, children)
    asked = np.flatnonzero(interviewed[rows])
    told, rows = spells.iloc[asked], rows[asked]
    care, formal = told.care.to_numpy(), told.formal.to_numpy()
    by_next_day = (formal <= day) & (np.floor(formal) <= np.floor(told.onset_day.to_numpy()) + 1)

    def marked(which: np.ndarray) -> np.ndarray:
        child = np.zeros(len(children), bool)
        child[rows[which]] = True
        return child

    sick, cared = marked(np.ones(len(rows), bool)), marked(care <= day)
    first_by = np.full(len(children), -1)
    first_by[rows[care <= day]] = told.by.to_numpy()[care <= day]  # spells come in order: the latest stands
    near, fifth, ill = children.chw.to_numpy() >= 0, children.wealth_quintile.to_numpy(), sick.sum()
    by_wealth = {f"any_care_{name}": ((cared & (fifth == n)).sum(), (sick & (fifth == n)).sum())
                 for name, n in (("poorest", 1), ("richest", 5))}  # fmt: skip
    return by_wealth | {
        "any_care": (cared.sum(), ill), "formal_care": (marked(formal <= day).sum(), ill),
        "formal_by_next_day": (marked(by_next_day).sum(), ill),
        "informal_share": ((cared & (first_by == informal)).sum(), cared.sum()),
        "chw_share_where_active": ((cared & near & (first_by == chw)).sum(), (cared & near).sum()),
    }  # fmt: skip


def share(counts: Counts, name: str) -> float:
    """One share, nan if nobody was asked."""
    above, below = counts[name]
    return above / below if below else float("nan")


def add_counts(parts: Sequence[Counts]) -> Counts:
    """Add the counts of zones, dates or seeds."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: (sum(part.get(name, (0, 0))[0] for part in parts), sum(part.get(name, (0, 0))[1] for part in parts))
            for name in names}  # fmt: skip
