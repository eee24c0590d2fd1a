"""Tiny districts for tests: one or two zones of 1,500 people, a little over a year, no tail, a full district store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from world import PLAIN

from iccmsim.engine.simulation import Simulation, ZoneRun
from iccmsim.parameters.scenario import Scenario, load_scenario

TINY = {"setting.place.zones": 1, "setting.place.people": 1500, "setting.place.villages_per_zone": 5,
        "run.days": 400, "run.warmup_days": 60, "run.tail_days": 0,
        "stk.avail": 1, "road.rain_lead": 1, "was.on": 0}  # fmt: skip
TWO_ZONES = {**TINY, "setting.place.zones": 2, "setting.place.people": 3000}


def tiny(programme: str = "iccm-as-delivered", *, name: str = "", more: dict | None = None) -> Scenario:
    """One small zone under one of the library's programmes."""
    scenario = load_scenario(f"sahel/{programme}", overrides={**TINY, **(more or {})})
    return replace(scenario, name=name) if name else scenario


SURE = {  # a CHW who is always there and always has everything
    "programme.chw.absent": 0, "programme.chw.days_week": 7, "programme.chw.minutes": 0, "programme.chw.attr": 0,
    "programme.night.avail": 1, "programme.sup.kit_contacts": 50, "programme.sup.kit_days": 3650,
    "programme.sup.kit_mix": [10] * 6,
}  # fmt: skip
NEAR = {"programme.chw.min_km": 0, "programme.chw.radius_km": 3}  # every village has a CHW


def lived(more: dict | None = None, *, programme: str = "iccm-as-delivered", seed: int = 1, tables: bool = True,
          threads: int = 1) -> Simulation:  # fmt: skip
    """One small zone, run to the end."""
    only_if_compiled()
    return Simulation(tiny(programme, more=more), seed=seed, tables=tables, threads=threads).run()


def only_if_compiled() -> None:
    """A district takes minutes in plain Python; the rules are tested there without one."""
    if PLAIN:
        pytest.skip("districts are lived compiled only")


def cells(simulation: Simulation | ZoneRun) -> Iterator[tuple[str, np.ndarray]]:
    """Every column of every array of every zone that is state, as (zone.array.field, values).

    Not the bytes between fields, which mean nothing, nor scratch, nor rows of the visit table beyond its count.
    """
    for run in getattr(simulation, "runs", None) or [simulation]:
        for name, array in zip(run.zone._fields, run.zone, strict=True):
            array = {"visit": array[: run.zone.n[1]], "course": run.course}.get(name, array)
            for field in array.dtype.names or ():
                yield f"{run.number}.{name}.{field}", array[field]
            if array.dtype.names is None and name not in ("wake", "lists", "words", "lure"):
                yield f"{run.number}.{name}", array


def digest(simulation: Simulation | ZoneRun) -> str:
    """One number for all state of a simulation."""
    total = hashlib.sha256()
    for name, values in cells(simulation):
        total.update(name.encode() + values.tobytes())
    return total.hexdigest()


def what_differs(a: Simulation, b: Simulation) -> set[str]:
    """Names of the columns in which two simulations differ, without the zone."""
    other = dict(cells(b))
    mine = dict(cells(a))
    assert mine.keys() == other.keys()
    return {name.split(".", 1)[1] for name, values in mine.items() if not np.array_equal(values, other[name])}
