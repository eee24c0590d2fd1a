"""What a small fixed run gives, number by number: it changes only when somebody says so.

`python tests/test_model_baseline.py --update` writes tests/baseline.json anew; put a "Results change" line in
CHANGELOG.md with it.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
FILE = HERE / "baseline.json"
PROGRAMMES = ("facility-only", "iccm-as-delivered", "iccm-supported")
SEED = 20_260
CLOSE = 1e-9  # another machine's exp and log may differ in the last digit


def key_results(programme: str) -> dict[str, object]:
    """Whole numbers (children, visits, doses) and a few sums, in the order in which a reader looks for a fault."""
    from small import NEAR, TWO_ZONES

    from iccmsim.engine.simulation import Simulation
    from iccmsim.parameters.scenario import load_scenario

    more = {**TWO_ZONES, **NEAR, "place.people": 6000, "run.days": 730, "run.warmup_days": 120}
    simulation = Simulation(load_scenario(f"sahel/{programme}", overrides=more), seed=SEED, threads=1).run()
    zones = [run.zone for run in simulation.runs]
    course = np.concatenate([zone.course for zone in zones])
    child = np.concatenate([zone.child for zone in zones])
    visit = np.concatenate([zone.visit[: zone.n[1]] for zone in zones])
    provider = np.concatenate([zone.provider for zone in zones])
    count = {
        "children by state": np.bincount(child["state"], minlength=4),
        "deaths by cause": np.bincount(child["cause"][child["cause"] >= 0], minlength=7),
        "courses by illness": np.bincount(course["illness"], minlength=6),
        "onsets, sum of minutes": course["onset"].sum(dtype=np.int64),
        "courses by outcome": np.bincount(course["outcome"], minlength=6),
        "visits by provider": np.bincount(visit["provider"], minlength=5),
        "visits by mark": [int((visit["marks"] >> i & 1).sum()) for i in range(11)],
        "minutes of visits": visit["minute"].sum(dtype=np.int64),
        "doses given": provider["given"].sum(axis=0)[:6],  # the six products of the usual box
        "doses received": provider["received"].sum(axis=0)[:6],
        "days without stock": sum(zone.monthly["stock_out_days"].sum(axis=(0, 1)) for zone in zones)[:6],
        "chws": len(provider) - len(zones),
        "expected deaths": float(course["chance_death"].sum()),
        "chances of worsening": float(course["chance_severe"].sum()),
        "skill": float(provider["skill"].sum()),
        "motivation": float(provider["motivation"].sum()),
    }
    return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in count.items()}


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_results_are_those_on_file(programme):
    expected = json.loads(FILE.read_text(encoding="utf-8"))[programme]
    got = key_results(programme)
    assert got.keys() == expected.keys()
    for name, value in got.items():
        close = pytest.approx(expected[name], rel=CLOSE) if isinstance(value, float) else expected[name]
        assert value == close, f"{name} changed: if that is meant, python tests/test_model_baseline.py --update"


def test_the_baseline_holds_three_programmes_that_differ():
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    assert tuple(stored) == (*PROGRAMMES, "made with")
    assert len({json.dumps(stored[name]) for name in PROGRAMMES}) == 3
    assert len({tuple(stored[name]["courses by illness"]) for name in PROGRAMMES}) == 1


def update() -> None:
    """Write the baseline anew."""
    made = {name: key_results(name) for name in PROGRAMMES}
    made["made with"] = {"python": platform.python_version(), "numpy": np.__version__}
    text = json.dumps(made, indent=1)
    FILE.write_text(text + "\n", encoding="utf-8")
    print(f"{FILE.name} written: say in CHANGELOG.md what changed and why (Results change)")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    if sys.argv[1:] != ["--update"]:
        sys.exit("usage: python tests/test_model_baseline.py --update")
    update()
