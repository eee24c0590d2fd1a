"""A small comparison on disk whose deaths averted a test may choose, so that a brief can be made without long runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from iccmsim.core.records import CAUSES, table
from iccmsim.engine.pairs import PAIRS
from iccmsim.engine.tally import TALLY
from iccmsim.parameters.scenario import Scenario, load_scenario
from iccmsim.studies.basis import write_basis
from iccmsim.studies.compare import Comparison, compare

SMALL = {"setting.place.zones": 2, "setting.place.people": 3000, "setting.place.villages_per_zone": 5,
         "run.days": 400, "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip
SEEDS = tuple(range(1, 13))
DEATHS = 1000  # of the comparator, in each pair
LOST = 30
LOST_AT_THE_DOOR = 12
MORTAL = ("malaria", "pneumonia", "diarrhoea", "newborn_infection", "background")


def small_arms(programmes: int = 2) -> list[Scenario]:
    """A comparator without CHWs and so many programmes, in a district of 3,000 people."""
    names = ("facility-only", "iccm-as-delivered", "iccm-supported")
    arms = [load_scenario(f"sahel/{name}", overrides=SMALL) for name in names][: programmes + 1]
    others = [replace(arms[-1], name=f"sahel/a-plan-of-our-own-{n}") for n in range(programmes + 1 - len(arms))]
    return arms + others


@cache
def really_compared(programmes: int) -> Comparison:
    """Two pairs of real runs, from which others are made."""
    return compare(small_arms(programmes), seeds=2, threads=2)


def with_nets(nets: Sequence[Sequence[int]], *, programmes: int = 2, seeds: Sequence[int] = SEEDS,
              deaths: int = DEATHS) -> Comparison:  # fmt: skip
    """The same comparison with other deaths: each programme averts `nets` (in turn over the pairs), all of malaria."""
    real = really_compared(programmes)
    shape = (len(seeds), programmes + 1)
    tallies, pairs = table(TALLY, shape), table(PAIRS, shape)
    for s in range(len(seeds)):
        tallies[s], pairs[s] = real.tallies[s % 2], real.pairs[s % 2]
        tallies["deaths"][s] = 0
        for i in range(programmes + 1):
            net = nets[i - 1][s % len(nets[i - 1])] if i else 0
            pairs["saved"][s, i], pairs["lost"][s, i] = 0, 0
            if i:
                pairs["saved"][s, i, 0], pairs["lost"][s, i, 0] = LOST + net, LOST
                pairs["saved_by_part"][s, i] = (LOST + net, 0, 0, 0)
                pairs["lost_by_part"][s, i] = (LOST - LOST_AT_THE_DOOR, LOST_AT_THE_DOOR, 0, 0)
            for cause in MORTAL:
                tallies["deaths"][s, i, 0, CAUSES.index(cause), 4] = deaths // len(MORTAL)
            tallies["deaths"][s, i, 0, 0, 4] -= net
    return replace(real, seeds=tuple(seeds), tallies=tallies.view(np.recarray), pairs=pairs.view(np.recarray))


def write_comparison(folder: Path, *, nets: Sequence[Sequence[int]], programmes: int = 2,
                     seeds: Sequence[int] = SEEDS) -> Path:  # fmt: skip
    """Such a comparison in a folder as `iccmsim compare --out` writes it, its fitted targets met."""
    made = with_nets(nets, programmes=programmes, seeds=seeds)
    made.save(folder, more=lambda place: write_basis(place, small_arms(programmes), seeds=seeds, threads=2))
    set_target(folder, "fitted", inside=True)
    return folder


def set_target(folder: Path, key_or_role: str, *, inside: bool) -> None:
    """Say of a target, or of all of a role, that it was met or missed."""
    file = folder / "check.json"
    said = json.loads(file.read_text(encoding="utf-8"))
    for row in said["targets"]:
        if key_or_role in (row["key"], row["role"]):
            row |= {"inside": inside, "model": row["value"] if inside else 9 * (row["high"] or 1)}
    file.write_text(json.dumps(said), encoding="utf-8")
