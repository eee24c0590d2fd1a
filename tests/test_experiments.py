"""Experiment scripts run at toy size, and their tables and figures can be remade from what they stored."""

from __future__ import annotations

import csv
import json
import runpy
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"


@pytest.fixture(scope="module")
def density(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the density experiment fills at toy size."""
    out = tmp_path_factory.mktemp("density")
    main = runpy.run_path(str(EXPERIMENTS / "chw_density.py"))["main"]
    assert main(["--out", str(out), "--toy"]) == 0
    return out


def test_every_script_says_its_question_its_design_and_how_to_read_it():
    scripts = sorted(EXPERIMENTS.glob("*.py"))
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert all(word in text for word in ("Question ", "Design ", "Reading ")), script.name


def test_the_density_experiment_writes_table_manifest_and_figure(density: Path):
    with (density / "density.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["people_per_chw"]) for row in rows] == [4000, 2500, 1500, 1000, 500]
    headcount = [int(row["chws"]) for row in rows]
    assert headcount == sorted(headcount)
    assert headcount[0] < headcount[-1]
    assert all(float(r["deaths_averted_mean"]) == float(r["saved_mean"]) - float(r["lost_mean"]) for r in rows)
    assert json.loads((density / "comparison" / "manifest.json").read_text(encoding="utf-8"))["seeds"] == [1, 2]
    assert (density / "density.png").read_bytes().startswith(b"\x89PNG")


def test_table_and_figure_are_remade_from_the_stored_results(density: Path):
    before = (density / "density.csv").read_bytes()
    (density / "density.csv").unlink()
    (density / "density.png").unlink()
    main = runpy.run_path(str(EXPERIMENTS / "chw_density.py"))["main"]
    assert main(["--out", str(density), "--remake"]) == 0
    assert (density / "density.csv").read_bytes() == before
    assert (density / "density.png").exists()


def test_home_visits_are_compared_with_a_fixed_site_and_leave_their_trace(tmp_path: Path, capsys):
    case = tmp_path / "cases" / "bankass"
    case.mkdir(parents=True)
    (case / "villages.csv").write_text("id,name,lat,lon,people\nV1,Near,14.0,-3.5,900\nV2,Far,14.2,-3.5,4000\n")
    (case / "facilities.csv").write_text("id,name,type,lat,lon\nF1,Centre,health centre,14.0,-3.5\n"
                                         "F2,Hospital,hospital,14.0,-3.9\n")  # fmt: skip
    main = runpy.run_path(str(EXPERIMENTS / "proactive_visits.py"))["main"]
    assert main(["--out", str(tmp_path / "out"), "--places", str(tmp_path), "--toy"]) == 0
    first = capsys.readouterr().out
    with (tmp_path / "out" / "trace.csv").open(encoding="utf-8") as file:
        fixed, proactive = csv.DictReader(file)
    assert (fixed["arm"], proactive["arm"]) == ("fixed-site", "proactive")
    for name in ("formal_care_by_the_next_day", "episodes_seen_by_a_chw_per_child_year"):
        assert float(proactive[name]) > float(fixed[name]) > 0
    assert main(["--out", str(tmp_path / "out"), "--places", str(tmp_path), "--remake"]) == 0
    assert capsys.readouterr().out == first
    assert "1.02 (.88-1.19)" in first
