"""The work of a sweep: cases of one setting lived from one population and one warm-up a seed, counted and dropped."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from iccmsim.core.records import table
from iccmsim.engine.pairs import PAIRS, pair_zone, remember_arm
from iccmsim.engine.plan import Plan, make_plan, zone_maps
from iccmsim.engine.simulation import arms_of_zone
from iccmsim.engine.tally import TALLY, tally_zone
from iccmsim.results.result import facts_of
from iccmsim.studies.outcomes import NAMES, Counted, outcomes_of
from iccmsim.studies.sweeping.cases import Block, Fitted, Study, Task
from iccmsim.world.population import ZoneMap

LONGEST = 500  # letters of an error that are kept
NOT_OF_THE_RUN = (OSError, EOFError, ImportError, pickle.UnpicklingError)  # of the disk, or of what is installed


@dataclass(frozen=True)
class Lived:
    """One run: which case and arm it is, its numbers (nan if it failed), and why it failed."""

    case: str
    arm: int
    numbers: np.ndarray
    error: str = ""


def live(study: Study, task: Task) -> list[Lived]:
    """Live every case of a task; a run that fails is told with its error and stops no other.

    What fails for the machine's sake is no result and ends the work.
    """
    with no_result():
        return [run for block in task for run in live_block(study, block)]


@contextmanager
def no_result() -> Iterator[None]:
    """Tell in one line of a run that the machine did not let be."""
    try:
        yield
    except NOT_OF_THE_RUN as fault:
        raise OSError(f"a run could not be done, through no fault of its own ({_said(fault)}); what is finished is "
                      "kept: mend that and give the same command again") from fault  # fmt: skip


def live_block(study: Study, block: Block) -> list[Lived]:
    """Live all rows of a block, or, if that fails, each alone, and then each arm alone, to find what fails."""
    try:
        return _live_together(study, block)
    except NOT_OF_THE_RUN:
        raise
    except Exception:
        if len(block.rows) == 1:
            return _live_arm_by_arm(study, block)
    found = []
    for i in range(len(block.rows)):
        alone = Block(block.rows[i : i + 1], block.values[i : i + 1], block.seeds, block.fitted,
                      block.cases[i : i + 1])  # fmt: skip
        found += live_block(study, alone)
    return found


def _live_together(study: Study, block: Block) -> list[Lived]:
    plans = Plans(study)
    before = plans.of(None, block.values[0], block.fitted)
    rows = [tuple(plans.of(i, values, block.fitted) for i in range(len(study.arms))) for values in block.values]
    found = []
    for j, seed in enumerate(block.seeds):
        numbers = _live_seed(rows, before, seed)
        found += [Lived(block.cases[i][j], arm, numbers[i][arm])
                  for i in range(len(rows)) for arm in range(len(study.arms))]  # fmt: skip
    return found


def _live_arm_by_arm(study: Study, block: Block) -> list[Lived]:
    """Each arm of one row beside the comparator, seed by seed; without the comparator none can be had."""
    found = []
    for j, seed in enumerate(block.seeds):
        case = block.cases[0][j]
        for arm in range(len(study.arms)):
            try:
                plans, values = Plans(study), block.values[0]
                row = tuple(plans.of(i, values, block.fitted) for i in dict.fromkeys((0, arm)))
                numbers = _live_seed([row], plans.of(None, values, block.fitted), seed)
                found.append(Lived(case, arm, numbers[0][-1]))
            except NOT_OF_THE_RUN:
                raise
            except Exception as error:
                found.append(Lived(case, arm, np.full(len(NAMES), np.nan), _said(error)))
    return found


def _said(error: Exception) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text[:LONGEST]


class Plans:
    """Plans of a block, each made once: what rows change neither in an arm nor in its comparator is one plan."""

    def __init__(self, study: Study) -> None:
        self.study, self.made = study, {}

    @staticmethod
    def key(study: Study, arm: int | None, values: np.ndarray) -> tuple:
        """What tells one plan from another within a setting."""
        told = [study.told(i, values).items() for i in ((None,) if arm is None else (0, arm))]
        return (arm, *(pair for pairs in told for pair in pairs))

    def of(self, arm: int | None, values: np.ndarray, fitted: Fitted | None = None) -> Plan:
        """The plan of one arm of a row (None: of the warm-up)."""
        fitted = fitted or Fitted()
        if fitted.error:
            raise ValueError(f"could not be anchored: {fitted.error}")
        if arm is None and self.study.comparator_goes_on:
            arm = 0
        key = self.key(self.study, arm, values)
        if key not in self.made:
            self.made[key] = make_plan(self.study.scenario(arm, values, fitted.values), places=self.study.ground)
        return self.made[key]


def _live_seed(rows: Sequence[tuple[Plan, ...]], before: Plan, seed: int) -> list[list[np.ndarray]]:
    """The numbers of each row and arm from one seed, zone after zone."""
    beside = {plan: row[0] for row in rows for plan in row}  # each plan and its comparator, which comes first
    tallies, pairs = ({plan: table(counts, 1) for plan in beside} for counts in (TALLY, PAIRS))
    for zone_map in zone_maps(before.places):
        _live_zone(zone_map, beside, before, seed, tallies, pairs)
    life = float(before.scenario.setting["daly.le"])
    found = {plan: outcomes_of(Counted(tallies[plan][0], tallies[first][0], pairs[plan][0],
                                       facts_of(plan, status_quo=before), life))
             for plan, first in beside.items()}  # fmt: skip
    return [[found[plan] for plan in row] for row in rows]


def _live_zone(zone_map: ZoneMap, beside: Mapping[Plan, Plan], before: Plan, seed: int,
               tallies: Mapping[Plan, np.recarray], pairs: Mapping[Plan, np.recarray]) -> None:  # fmt: skip
    """One zone of every plan, added to the counts; what a comparator leaves is kept until its last arm has been."""
    last = {first: plan for plan, first in beside.items()}
    kept = {}
    arms = arms_of_zone(zone_map, list(beside), status_quo=before, seed=seed)
    for (plan, first), run in zip(beside.items(), arms, strict=True):
        if plan is first:
            kept[plan] = remember_arm(run)
        add(tallies[plan], tally_zone(run))
        add(pairs[plan], pair_zone(kept[first], run))
        if last[first] is plan:
            del kept[first]


def add(total: np.recarray, part: np.recarray) -> None:
    """Add counts to counts, field by field."""
    for name in total.dtype.names:
        total[name] += part[name]
