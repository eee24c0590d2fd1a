"""What the charts show: a number a day, noted when the day is over, and the cascade of the past year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AMOXICILLIN,
    AT_HOSPITAL,
    DIARRHOEA,
    MALARIA,
    MINUTES,
    NEWBORN,
    NOT_REACHED,
    ORS,
    PNEUMONIA,
    PREVENTED,
    RDT,
)

if TYPE_CHECKING:
    from iccmsim.classroom.game import Game
    from iccmsim.model.model import ICCMModel

SHELF = {"ORS": (ORS,), "antibiotic": (AMOXICILLIN,), "antimalarial": (ACT_INFANT, ACT_CHILD), "test": (RDT,)}
SERIES = ("deaths", "deaths_twin", "saved", "lost", *SHELF, "wait_chw", "wait_centre", "in_vain", "visits")
STEPS = ("somebody was asked", "a CHW or health centre saw the child", "the right drug was given there",
         "in time to make a difference")  # fmt: skip
RIGHT = {MALARIA: 1 << ACT_INFANT | 1 << ACT_CHILD, PNEUMONIA: 1 << AMOXICILLIN, DIARRHOEA: 1 << ORS}
YEAR_DAYS = 365


class History:
    """Numbers of each day since launch, by name: `deaths`, `wait_chw`, ... (index: day)."""

    def __init__(self, days: int) -> None:
        self.series = {name: np.zeros(days) for name in SERIES}
        self.length = self.missed = 0

    def __getitem__(self, name: str) -> np.ndarray:
        return self.series[name][: self.length]

    def note(self, game: Game) -> None:
        """Note the day that has passed."""
        saved, lost = game.parted()
        runs = game.here.simulation.runs
        chws = [run.zone.provider[1:] for run in runs]
        posts = max(1, sum(map(len, chws)))
        told = {
            "deaths": game.here.n_deaths, "deaths_twin": game.twin.n_deaths, "saved": len(saved), "lost": len(lost),
            "wait_chw": sum(int(each["waiting"].sum()) for each in chws),
            "wait_centre": sum(int(run.zone.provider["waiting"][0]) for run in runs),
            "visits": _this_far(game.here, "cases"),
        }  # fmt: skip
        for name, products in SHELF.items():
            told[name] = sum(int(each["stock"][:, list(products)].sum()) for each in chws) / posts
        self.missed, before = _this_far(game.here, "visits_missed"), self.missed
        told["in_vain"] = self.missed - before
        for name, value in told.items():
            self.series[name][self.length] = value
        self.length += 1

    def weekly(self, name: str) -> np.ndarray:
        """A number a day as the mean of the seven days before."""
        values = self[name]
        total = np.concatenate([[0.0], np.cumsum(values)])
        days = np.arange(len(values)) + 1
        week = np.minimum(days, 7)
        return (total[days] - total[days - week]) / week


def expected_deaths(model: ICCMModel) -> np.ndarray:
    """Deaths of the four illnesses to be expected since launch, day by day: the chance of death of each severe illness
    in place of the coin that was tossed."""
    day, warmup = model.simulation.day, model.simulation.plan.warmup
    daily = np.zeros(day + 1)
    for run in model.simulation.runs:
        c = run.course.view(np.ndarray)
        met = (c["chance_death"] > 0) & (c["kills"] < day * MINUTES)
        daily += np.bincount(c["kills"][met] // MINUTES + 1, weights=c["chance_death"][met], minlength=day + 1)
    return np.cumsum(daily[warmup + 1 :], dtype=float) if day > warmup else np.zeros(0)


def expected_averted(game: Game) -> np.ndarray:
    """Expected deaths of the twin less those here, since launch, day by day."""
    return expected_deaths(game.twin) - expected_deaths(game.here)


def _this_far(model: ICCMModel, column: str) -> int:
    """What CHWs' books add up to since launch."""
    return sum(int(run.zone.monthly[column][1:].sum()) for run in model.simulation.runs)


def cascade(model: ICCMModel, *, days: int = YEAR_DAYS) -> tuple[int, np.ndarray]:
    """Episodes of malaria, pneumonia, diarrhoea and newborn infection that began in the past days (of the programme),
    and how many got to each of STEPS."""
    total, reached = 0, np.zeros(len(STEPS), int)
    for run in model.simulation.runs:
        first = max(run.plan.warmup, run.day - days) * MINUTES
        onsets = run.course["onset"]
        rows = slice(int(np.searchsorted(onsets, first)), int(np.searchsorted(onsets, run.day * MINUTES)))
        c = run.course[rows].view(np.ndarray)
        c = c[(c["illness"] <= NEWBORN) & (c["outcome"] != NOT_REACHED) & (c["outcome"] != PREVENTED)]
        total += len(c)
        right = _right_drug(c)
        works = right & (1.0 - (1.0 - c["x"][:, 0]) * (1.0 - c["y"][:, 0]) > 0)
        steps = (c["first_care"] >= 0, c["first_formal"] >= 0, right, works)
        reached += [int(step.sum()) for step in steps]
    return total, reached


def _right_drug(c: np.ndarray) -> np.ndarray:
    """Which episodes got the drug of their illness from a CHW or facility (the hospital treats rightly)."""
    effect = 1.0 - (1.0 - c["x"][:, 0]) * (1.0 - c["y"][:, 0])
    right = (c["seen_by"] & 1 << AT_HOSPITAL > 0) | ((c["illness"] == NEWBORN) & (effect > 0))
    for illness, drugs in RIGHT.items():
        right |= (c["illness"] == illness) & (c["doses"] & drugs > 0)
    return right
