"""Where children are lost on the way to a cure: episode by episode, from falling ill to a treatment that works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iccmsim.core.records import ILLNESSES

if TYPE_CHECKING:
    import pandas as pd

RIGHT_DRUG = {"malaria": ("act_infant", "act_child"), "pneumonia": ("amoxicillin",), "diarrhoea": ("ors",)}
STEPS = ("episodes", "perceived", "any_care", "formal_care", "formal_by_next_day", "seen_by_chw", "seen_by_facility",
         "right_drug", "took_effect", "lacked_drug", "severe", "died", "died_without_formal_care")  # fmt: skip


def cascade(episodes: pd.DataFrame, *, window_days: float) -> pd.DataFrame:
    """One row an illness, one column a step: how many episodes that began in the window got that far.

    "right_drug" is the drug of the illness from a CHW or facility (newborn infection, and hospital: treated at all);
    "took_effect" is that it lowered the chance of worsening or death. Divide by "episodes" for coverage.
    """
    import pandas as pd

    inside = (episodes.onset_day >= 0) & (episodes.onset_day < window_days) & (episodes.outcome != "prevented")
    steps = pd.DataFrame(reached(episodes[inside])).astype(int)
    rows = steps.groupby(episodes.illness[inside].to_numpy()).sum()
    return rows.reindex(list(ILLNESSES), fill_value=0).rename_axis("illness")[list(STEPS)]


def reached(episodes: pd.DataFrame) -> dict[str, np.ndarray]:
    """For each step, which episodes got there."""
    e = episodes
    formal = e.first_formal_day.notna().to_numpy()
    next_day = formal & (np.floor(e.first_formal_day) <= np.floor(e.onset_day) + 1).to_numpy()
    right = got_right_drug(e)
    died = (e.outcome == "died").to_numpy()
    return {
        "episodes": np.ones(len(e), bool), "perceived": e.perceived.to_numpy(),
        "any_care": e.first_care_day.notna().to_numpy(), "formal_care": formal, "formal_by_next_day": next_day,
        "seen_by_chw": e.by_chw.to_numpy(), "seen_by_facility": (e.by_facility | e.by_hospital).to_numpy(),
        "right_drug": right, "took_effect": right & (e.effect > 0).to_numpy(), "lacked_drug": lacked_right_drug(e),
        "severe": e.severe.to_numpy(), "died": died, "died_without_formal_care": died & ~formal,
    }  # fmt: skip


def got_right_drug(episodes: pd.DataFrame) -> np.ndarray:
    """Which episodes were given the drug of their illness by a CHW, a facility or the hospital."""
    e = episodes
    newborn = (e.illness == "newborn_infection") & (e.effect > 0)
    hospital = e.by_hospital & e.illness.isin((*RIGHT_DRUG, "newborn_infection"))
    return (newborn | hospital).to_numpy() | _with_drug(e, "got")


def lacked_right_drug(episodes: pd.DataFrame) -> np.ndarray:
    """Which episodes met a shelf without the drug of their illness."""
    return _with_drug(episodes, "lacked")


def _with_drug(episodes: pd.DataFrame, prefix: str) -> np.ndarray:
    found = np.zeros(len(episodes), bool)
    for illness, products in RIGHT_DRUG.items():
        mine = (episodes.illness == illness).to_numpy()
        for product in products:
            found |= mine & episodes[f"{prefix}_{product}"].to_numpy()
    return found
