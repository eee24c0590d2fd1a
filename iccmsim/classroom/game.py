"""A lesson being played: the district with its programme, its twin without, and what has been done so far."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from iccmsim.classroom.history import History
from iccmsim.classroom.lessons import Lesson
from iccmsim.core.draws import fit_seed
from iccmsim.core.records import ALIVE, DEAD, MINUTES, NOT_YET_POSTED
from iccmsim.model.model import ICCMModel
from iccmsim.parameters.scenario import Scenario, load_scenario

FLOOD_DAYS = 30  # assumption (grade D): a month without roads


class Game:
    """Two runs with the same children, a day at a time: `here` with the programme, `twin` with facilities only.

    Levers of the programme act here alone; a flood comes over both.
    """

    def __init__(self, lesson: Lesson, *, seed: int | str | None = None) -> None:
        self.lesson = lesson
        scenario = load_scenario(lesson.scenario, overrides=lesson.overrides)
        seed = lesson.seed if seed is None else fit_seed(seed, digits=True)
        self.here = ICCMModel(scenario, rng=seed, agents="providers")
        self.twin = ICCMModel(facility_only(scenario), rng=seed, agents="providers", tables=False)
        self.seed = self.here.simulation.seed
        self.acted: list[tuple[int, str]] = []
        self.history = History(self.days + 1)
        self.history.note(self)

    @property
    def day(self) -> int:
        """Days since launch that have passed."""
        return self.here.day

    @property
    def days(self) -> int:
        """How long the lesson lasts."""
        return self.here.simulation.plan.days - self.here.simulation.plan.warmup

    @property
    def is_over(self) -> bool:
        """Whether the last day has passed."""
        return not self.here.running

    def play(self, days: int = 1) -> None:
        """Let days pass in both."""
        for _ in range(days):
            if self.is_over:
                return
            self.here.step()
            self.twin.step()
            self.history.note(self)

    def parted(self) -> tuple[np.ndarray, np.ndarray]:
        """District numbers of children saved (dead in the twin alone) and lost (dead here alone) since launch."""
        here, twin = (np.concatenate([_dead_since_launch(model, z) for z in range(len(model.simulation.runs))])
                      for model in (self.here, self.twin))  # fmt: skip
        return np.flatnonzero(twin & ~here), np.flatnonzero(here & ~twin)

    # --- levers --------------------------------------------------------------------------------------------

    def _say(self, told: str) -> None:
        self.acted.append((self.day, told))

    def empty_boxes(self) -> None:
        """All CHWs' boxes are emptied; who is still to come brings a full one."""
        doses = self.here.empty_boxes()
        boxes = sum(chw.generation != NOT_YET_POSTED for chw in self.here.chws)
        self._say(f"All {boxes} boxes emptied: {doses:,} doses gone")

    def set_supply(self, on: bool) -> None:
        """Orders of the CHWs are filled, or not any more."""
        self.here.change({"sup.on": int(on)})
        self._say("Resupply of CHWs goes on again" if on else "Resupply of CHWs stops")

    def set_supervision(self, chance: float) -> None:
        """The share of CHWs who are visited in a month; from more than half of them on, visits mentor."""
        observed = 0.7 if chance > 0.5 else 0.35
        self.here.change({"spv.freq": chance, "spv.obs": observed})
        self._say(f"Supervision: {100 * chance:.0f} % of CHWs visited a month")

    def set_pay(self, on: bool) -> None:
        """CHWs are paid, or not any more."""
        self.here.change({"pay.on": int(on)})
        self._say("CHWs are paid again" if on else "CHWs are not paid any more")

    def set_fee(self, usd: float) -> None:
        """What a family pays to the CHW for a visit."""
        self.here.change({"fee.chw": usd})
        self._say("Visits to CHWs are free" if usd == 0 else f"A visit to a CHW costs {usd:.2f} USD")

    def add_chw(self) -> None:
        """One more CHW where one is owed first."""
        chw = self.here.add_chw()
        village = int(chw.zone.village["number"][chw.village])
        self._say(f"One more CHW in village {village + 1}: CHW {chw.district_number + 1}")

    def flood(self) -> None:
        """A flood comes over both districts; supervisors wade through it."""
        self.here.cut_roads(FLOOD_DAYS)
        self.twin.cut_roads(FLOOD_DAYS)
        self._say(f"Flood: roads cut for {FLOOD_DAYS} days, here and in the twin; supervisors still come")

    def levers(self) -> dict[str, float]:
        """The levers as they stand today."""
        values = self.here.config.values(max(0, self.day))
        return {key: values[key] for key in ("spv.freq", "pay.on", "fee.chw", "sup.on")}


def facility_only(scenario: Scenario) -> Scenario:
    """The same setting and run with health facilities only."""
    setting = scenario.name.split("/")[0]
    without = load_scenario("sahel/facility-only")
    return replace(scenario, name=f"{setting}/facility-only", programme=without.programme, changes=())


def _dead_since_launch(model: ICCMModel, z: int) -> np.ndarray:
    child = model.simulation.runs[z].zone.child
    return (child["state"] == DEAD) & (child["end"] >= model.simulation.plan.warmup * MINUTES)


def living(model: ICCMModel, z: int) -> np.ndarray:
    """Which rows of a zone's children live and are under five."""
    return model.simulation.runs[z].zone.child["state"] == ALIVE
