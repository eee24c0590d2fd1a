"""Tiny districts for tests: one or two zones of 1,500 people, a little over a year, no tail."""

from __future__ import annotations

from dataclasses import replace

from iccmsim.parameters.scenario import Scenario, load_scenario

TINY = {"setting.place.zones": 1, "setting.place.people": 1500, "setting.place.villages_per_zone": 5,
        "run.days": 400, "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip
TWO_ZONES = {**TINY, "setting.place.zones": 2, "setting.place.people": 3000}


def tiny(programme: str = "iccm-as-delivered", *, name: str = "", more: dict | None = None) -> Scenario:
    """One small zone under one of the library's programmes."""
    scenario = load_scenario(f"sahel/{programme}", overrides={**TINY, **(more or {})})
    return replace(scenario, name=name) if name else scenario
