"""The tables of a run, as pandas: children, episodes, visits, months of CHWs and facilities.

Zones follow one another in the order of their numbers; children, households, CHWs and episodes are numbered through
the district. Days count from launch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from iccmsim.core.records import (
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    CAUSES,
    COMPLAINTS,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DANGER_SEVERE,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    ILLNESSES,
    INFORMAL,
    IS_INFECTED,
    MARKS,
    MINUTES,
    MISSED_CHW,
    MONTH,
    MONTHLY,
    NOT_REACHED,
    NUTRITION,
    OUTCOMES,
    PRODUCTS,
    PROVIDERS,
)  # fmt: skip
from iccmsim.engine.simulation import ZoneRun
from iccmsim.world.zone import VISITS

if TYPE_CHECKING:
    import pandas as pd

STATES = ("unborn", "alive", "dead", "aged_out")
NAMES = {"illness": ILLNESSES, "cause": CAUSES, "outcome": OUTCOMES, "provider": PROVIDERS, "state": STATES,
         "first_provider": PROVIDERS, "complaint": COMPLAINTS, "nutrition": NUTRITION}  # fmt: skip
SIGNS = {"fever": HAS_FEVER, "cough": HAS_COUGH, "fast_breathing": HAS_FAST, "diarrhoea_sign": HAS_DIARRHOEA,
         "infected": IS_INFECTED}  # fmt: skip
SEEN_BY = {"by_informal": INFORMAL, "by_chw": AT_CHW, "by_facility": AT_FACILITY, "by_hospital": AT_HOSPITAL,
           "missed_chw": MISSED_CHW}  # fmt: skip
Columns = dict[str, np.ndarray]


class Numbers:
    """Where the rows of each zone begin when the district is counted through."""

    def __init__(self, runs: Sequence[ZoneRun]) -> None:
        def starts(lengths: list[int]) -> list[int]:
            return np.concatenate([[0], np.cumsum(lengths)]).tolist()

        self.child = starts([len(run.zone.child) for run in runs])
        self.course = starts([len(run.course) for run in runs])
        self.household = starts([len(run.zone.household) for run in runs])
        self.chw = starts([len(run.zone.provider) - 1 for run in runs])


def children(runs: Sequence[ZoneRun]) -> pd.DataFrame:
    """One row a child, also those born before launch and those not born by the end of a run cut short."""
    numbers = Numbers(runs)
    fifths = wealth_fifths([run.zone.household["wealth"] for run in runs])
    return frame([_children(run, i, numbers, fifths[i]) for i, run in enumerate(runs)])


def _children(run: ZoneRun, i: int, numbers: Numbers, fifth: np.ndarray) -> Columns:
    child = run.zone.child
    row = child["household"]
    home = run.zone.household[row]
    village = run.zone.village["number"][home["village"]]
    has_chw = home["chw"] >= 0
    return {
        "child": numbers.child[i] + np.arange(len(child)), "zone": np.full(len(child), run.number),
        "household": numbers.household[i] + row.astype(np.int64), "village": village,
        "birth_day": since_launch(child["birth"], run), "wealth": home["wealth"], "wealth_quintile": fifth[row],
        "km_facility": home["km_facility"], "km_chw": np.where(has_chw, home["km_chw"], np.nan),
        "chw": np.where(has_chw, numbers.chw[i] + home["chw"] - 1, -1), "state": child["state"],
        "end_day": since_launch(child["end"], run, never=child["end"] < 0), "cause": child["cause"],
    }  # fmt: skip


def wealth_fifths(wealth: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Fifths of the district's households, 1 the poorest, equal in number; ties by the order of households."""
    joined = np.concatenate(wealth)
    rank = np.empty(len(joined), np.int64)
    rank[np.argsort(joined, kind="stable")] = np.arange(len(joined))
    fifth = (1 + 5 * rank // max(1, len(joined))).astype(np.int8)
    return np.split(fifth, np.cumsum([len(part) for part in wealth])[:-1])


def episodes(runs: Sequence[ZoneRun]) -> pd.DataFrame:
    """One row an episode that came about, or was prevented by a recent antimalarial."""
    numbers = Numbers(runs)
    return frame([_episodes(run, i, numbers) for i, run in enumerate(runs)])


def _episodes(run: ZoneRun, i: int, numbers: Numbers) -> Columns:
    rows = np.flatnonzero(run.course["outcome"] != NOT_REACHED)
    c = run.course[rows]
    birth = run.zone.child["birth"][c["child"]]
    over = np.maximum(c["mends"], c["worsens"])  # not before it is decided whether it worsens
    columns = {
        "child": numbers.child[i] + c["child"].astype(np.int64), "zone": np.full(len(c), run.number),
        "episode_id": numbers.course[i] + rows, "illness": c["illness"], "episode": c["episode"].astype(np.int32),
        "onset_day": since_launch(c["onset"], run), "age_days": (c["onset"] - birth) / MINUTES,
        "outcome": c["outcome"], "severe": c["was_severe"] > 0, "worsens_day": since_launch(c["worsens"], run),
        "kills_day": since_launch(c["kills"], run), "mends_day": since_launch(over, run),
    }  # fmt: skip
    columns |= {name: c["signs"] & bit > 0 for name, bit in SIGNS.items()}
    danger_now = (c["was_severe"] > 0) & (c["signs"] & HAS_DANGER_SEVERE > 0)
    columns["danger_sign"] = (c["signs"] & HAS_DANGER > 0) | danger_now
    columns |= {"perceived": c["perceived"] > 0, "visits": c["visits"].astype(np.int32)}
    for name in ("first_care", "first_formal"):
        columns[f"{name}_day"] = since_launch(c[name], run, never=c[name] < 0)
    columns["first_provider"] = c["first_provider"]
    columns |= {name: c["seen_by"] & 1 << provider > 0 for name, provider in SEEN_BY.items()}
    columns |= bits("got", c["doses"]) | bits("lacked", c["lacked"])
    columns["nutrition"] = c["wasting"]
    columns |= {"referred": c["referred"] > 0, "referral_done": c["referral_done"] > 0}
    columns |= {"chance_severe": c["chance_severe"], "chance_death": c["chance_death"]}
    for m, name in enumerate(("effect", "effect_zinc", "effect_second_line")):
        columns[name] = 1.0 - (1.0 - c["x"][:, m]) * (1.0 - c["y"][:, m])
    return columns


def visits(runs: Sequence[ZoneRun]) -> pd.DataFrame:
    """One row a visit to anyone, also those that found nobody."""
    numbers = Numbers(runs)
    return frame([_visits(run, i, numbers) for i, run in enumerate(runs)])


def _visits(run: ZoneRun, i: int, numbers: Numbers) -> Columns:
    v = run.zone.visit[: run.zone.n[VISITS]]
    columns = {
        "child": numbers.child[i] + v["child"].astype(np.int64), "zone": np.full(len(v), run.number),
        "episode_id": np.where(v["course"] >= 0, numbers.course[i] + v["course"].astype(np.int64), -1),
        "arrived_day": since_launch(v["arrived"], run), "day": since_launch(v["minute"], run),
        "provider": v["provider"],
        "chw": np.where(v["provider"] == AT_CHW, numbers.chw[i] + v["who"] - 1, -1), "complaint": v["complaint"],
    }  # fmt: skip
    columns |= {name: v["marks"] & 1 << bit > 0 for bit, name in enumerate(MARKS)}
    return columns | bits("given", v["given"]) | bits("lacked", v["lacked"]) | {"by_referral": v["by_referral"] > 0}


def chw_months(runs: Sequence[ZoneRun]) -> pd.DataFrame:
    """One row a CHW and month, from the month of launch (or, of the status quo's CHWs, of the warm-up)."""
    numbers = Numbers(runs)
    return frame([_months(run, numbers.chw[i], kind="chw") for i, run in enumerate(runs)])


def facility_months(runs: Sequence[ZoneRun]) -> pd.DataFrame:
    """One row a health facility and month; months of the warm-up are negative."""
    return frame([_months(run, run.number, kind="facility") for run in runs])


def _months(run: ZoneRun, first: int, *, kind: str) -> Columns:
    rows = slice(1, None) if kind == "chw" else slice(0, 1)
    launch = int(run.plan.record(run.plan.warmup)[0]["month_offset"])
    month = np.arange(run.zone.monthly.shape[1]) - launch
    lived = (month * MONTH < run.day - run.plan.warmup) & ((month + 1) * MONTH > -run.plan.warmup)
    book = run.zone.monthly[rows]
    if kind == "chw" and not book["days_in_post"][:, month < 0].any():
        lived &= month >= 0
    book, month = book[:, lived], month[lived]
    who = np.repeat(first + np.arange(len(book)), len(month))
    month = np.tile(month, len(book))
    columns = {"zone": np.full(len(who), run.number), kind: who, "month": month,
               "year": month // 12, "month_of_year": month % 12 + 1}  # fmt: skip
    for name in MONTHLY.names:
        if MONTHLY[name].shape:
            columns |= {f"{name}_{product}": book[name][..., j].ravel() for j, product in enumerate(PRODUCTS)}
        else:
            columns[name] = book[name].ravel()
    return columns


def since_launch(minute: np.ndarray, run: ZoneRun, never: np.ndarray | None = None) -> np.ndarray:
    """Minutes of the run as days since launch, nan where it never came to it."""
    days = minute / MINUTES - run.plan.warmup
    return days if never is None else np.where(never, np.nan, days)


def bits(prefix: str, values: np.ndarray) -> Columns:
    """One column of yes and no a product."""
    return {f"{prefix}_{product}": values & 1 << j > 0 for j, product in enumerate(PRODUCTS)}


def frame(zones: Sequence[Columns]) -> pd.DataFrame:
    """Put zones under one another, and names in the place of numbers."""
    import pandas as pd

    columns: dict[str, object] = {name: np.concatenate([zone[name] for zone in zones]) for name in zones[0]}
    for name in NAMES.keys() & columns.keys():
        columns[name] = pd.Categorical.from_codes(columns[name], categories=list(NAMES[name]))
    return pd.DataFrame(columns)


def same_names(table: pd.DataFrame) -> pd.DataFrame:
    """Give the columns of names back all names they could have held, in order (files keep only those that occur)."""
    for name in NAMES.keys() & set(table.columns):
        table[name] = table[name].astype(object).astype(_category(name))
    return table


def _category(name: str) -> pd.CategoricalDtype:
    import pandas as pd

    return pd.CategoricalDtype(list(NAMES[name]))


TABLES = {"children": children, "episodes": episodes, "visits": visits, "chw_months": chw_months,
          "facility_months": facility_months}  # fmt: skip
