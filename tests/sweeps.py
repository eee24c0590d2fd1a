"""Small designs for tests of sweeps: a few hundred people, a few months, parts of a few cases each."""

from __future__ import annotations

import hashlib
from pathlib import Path

from iccmsim.studies.design import Design, grid

SETTINGS = {"setting.place.zones": 1, "setting.place.people": 600, "setting.place.villages_per_zone": 3,
            "run.days": 200, "run.warmup_days": 30, "run.tail_days": 0, "was.on": 0}  # fmt: skip
ARMS = ("sahel/facility-only", "sahel/iccm-as-delivered")
FILE = """\
format = 1
name = "tiny"
arms = ["sahel/facility-only", "sahel/iccm-as-delivered"]
seeds = 2
design = "grid"
[settings]
place = {{ zones = 1, people = 600, villages_per_zone = 3 }}
run = {{ days = 200, warmup_days = 30, tail_days = 0 }}
was.on = 0
[vary]
sup.lead = [7, 28]
tx.ors = [0.7, 0.9]
{more}
"""


def tiny_design(seeds: int = 2, **more: object) -> Design:
    """Two levers (of the supply chain, of the setting) at two values each."""
    return grid(ARMS, {"sup.lead": [7, 28], "tx.ors": [0.7, 0.9]}, seeds=seeds, settings={**SETTINGS, **more})


def table_hash(folder: Path) -> str:
    """What the table of a sweep is, as a number."""
    return hashlib.sha256((folder / "table.parquet").read_bytes()).hexdigest()
