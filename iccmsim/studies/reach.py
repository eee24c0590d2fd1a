"""Which rows of a design can be anchored at all, told from incidence and severity alone, before any is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.scenario import Scenario
from iccmsim.studies.anchor import BURDEN, out_of_reach
from iccmsim.studies.design import Design
from iccmsim.studies.indices import whole_blocks


def within_reach(design: Design, arms: Sequence[Scenario], *, size: int) -> Design:
    """A design without the blocks in which a row is out of reach by incidence and severity alone, before it is run."""
    if not design.anchor:
        return design
    base = dict(arms[0].setting)
    keys = [parameter(path) for path in design.keys]
    known: dict[tuple[float, ...], bool] = {}
    mine = [j for j, each in enumerate(keys) if each.key in BURDEN]
    for row in design.rows[:, mine]:
        if tuple(row) not in known:
            told = {keys[j].key: float(value) for j, value in zip(mine, row, strict=True)}
            known[tuple(row)] = not out_of_reach(base | told, base)
    keep = whole_blocks(np.array([known[tuple(row)] for row in design.rows[:, mine]]), size)
    if not keep.any():
        raise ValueError(f"{design.name}: no row can be anchored; take more samples")
    return replace(design, rows=design.rows[keep], unit=design.unit[keep])
