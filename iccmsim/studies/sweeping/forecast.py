"""What a sweep will take: runs, time, memory and disk, from a small part of it that is lived and timed."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iccmsim.engine.plan import zone_maps
from iccmsim.engine.simulation import arms_of_zone
from iccmsim.engine.tally import tally_zone
from iccmsim.studies.design import Design
from iccmsim.studies.outcomes import NAMES
from iccmsim.studies.sweeping.cases import Cases, Study, Task, code_version, study_of
from iccmsim.studies.sweeping.kept import part_bytes
from iccmsim.studies.sweeping.living import Lived, Plans

WORDS = 60  # bytes of a run beside its numbers: case, arm, status


@dataclass(frozen=True)
class Forecast:
    """What a sweep will take, without replicates added for precision and without anchoring."""

    rows: int
    seeds: int
    arms: int
    runs: int  # rows x seeds x arms
    lived: int  # of these: arms that rows do not change are lived once
    warmups: int
    parts: int
    seconds: float  # of one core
    workers: int
    bytes_in_memory: int  # of all workers; 0 if the system does not tell
    bytes_on_disk: int
    probe: str  # what was timed

    @property
    def hours(self) -> float:
        """Time to wait, with all workers busy."""
        return self.seconds / self.workers / 3600.0


def forecast(design: Design, *, workers: int) -> Forecast:
    """Time one seed of the first row in the largest zone, and reckon with the people of all zones."""
    study = study_of(design)
    cases = Cases(design, study, code=code_version())
    tasks = cases.tasks(range(len(design.rows)), design.seeds)
    warmup, arm, plan, probe = timed(study, design)
    warmups = sum(len(block.seeds) for task in tasks for block in task)
    lived, plans = 0, 0
    for block in (block for task in tasks for block in task):
        distinct = len({Plans.key(study, i, values) for values in block.values for i in range(len(study.arms))})
        lived, plans = lived + distinct * len(block.seeds), plans + distinct + 1
    runs = len(design.rows) * len(design.seeds) * len(study.arms)
    return Forecast(
        rows=len(design.rows), seeds=len(design.seeds), arms=len(study.arms), runs=runs, lived=lived, warmups=warmups,
        parts=len(tasks), seconds=warmups * warmup + lived * arm + plans * plan, workers=workers,
        bytes_in_memory=workers * most_memory(), bytes_on_disk=disk(tasks, runs, len(design.keys)), probe=probe,
    )  # fmt: skip


def timed(study: Study, design: Design) -> tuple[float, float, float, str]:
    """Seconds of a warm-up (with the making of its people), of an arm after it, and of the making of a plan."""
    row, seed = design.rows[0], design.seeds[0]
    started = time.perf_counter()
    plans = Plans(study)
    before = plans.of(None, row)
    arms = [plans.of(i, row) for i in range(len(study.arms))]
    a_plan = (time.perf_counter() - started) / (len(arms) + 1)
    maps = sorted(zone_maps(study.ground), key=lambda each: int(each.people.sum()))
    _seconds(maps[0], arms[:1], before, seed)  # compiled code is loaded
    people, total = int(maps[-1].people.sum()), int(study.ground.people.sum())
    one, two = (_seconds(maps[-1], arms[:1] * n, before, seed) * total / people for n in (1, 2))
    an_arm = max(two - one, 0.0)
    probe = (f"one seed of row 0 in a zone of {people:,} of {total:,} people, timed now: "
             f"{one * people / total:.2f} s with its warm-up")  # fmt: skip
    return max(one - an_arm, 0.0), an_arm, a_plan, probe


def _seconds(zone_map: object, plans: Sequence[object], before: object, seed: int) -> float:
    started = time.perf_counter()
    for run in arms_of_zone(zone_map, plans, status_quo=before, seed=seed):
        tally_zone(run)
    return time.perf_counter() - started


def most_memory() -> int:
    """The most memory that this process has had, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def disk(tasks: Sequence[Task], runs: int, keys: int) -> int:
    """Bytes of all parts and of the table, if nothing could be compressed."""
    empty = len(part_bytes([Lived("", 0, np.zeros(len(NAMES)))]))
    return (len(tasks) + 2) * empty + runs * (2 * (WORDS + 8 * len(NAMES)) + 8 * keys)
