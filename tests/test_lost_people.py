"""People whom the lists of a place hold and a run leaves out, or guesses, are told of with its results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from places import CLEAN_VILLAGES, village, write_folder

from iccmsim.cli import main

SHORT = "--set run.days=30 --set run.warmup_days=10 --set run.tail_days=0"
ARMS = "bankass/facility-only bankass/iccm-as-delivered --seeds 2"
DROPPED = "26 % of the people of the lists are left out, as their village could not be placed: see iccmsim places"
GUESSED = "18 % of the people are guessed (the median for villages without a usable number): see iccmsim places"
TOO_FAR = ("8 % of the people live over 100 km from every facility, which is more often a wrong coordinate than a "
           "place: see iccmsim places")  # fmt: skip


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """Five villages, all of them in order."""
    return write_folder(tmp_path)


@pytest.fixture
def lossy(tmp_path: Path) -> Path:
    """The same and two more: of one the latitude is written in minutes, of the other nobody knows the people."""
    more = [village("V8", "14°12'N", -3.6, people=2400), village("V9", 14.2, -3.6, people="many")]
    return write_folder(tmp_path, villages=[*CLEAN_VILLAGES, *more])


@pytest.fixture
def clean_beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clean lists in a folder of their own, for a test that needs both."""
    return write_folder(tmp_path_factory.mktemp("clean"))


def told(line: str, places: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*line.split(), "--places", str(places), *SHORT.split()]) == 0
    return capsys.readouterr().out


def test_a_run_says_whom_it_left_out_and_whom_it_guessed(lossy, capsys):
    text = " ".join(told("run bankass/facility-only", lossy, capsys).split())
    assert "! " + DROPPED in text
    assert "! " + GUESSED in text


def test_a_run_of_clean_lists_says_nothing(clean, capsys):
    assert "!" not in told("run bankass/facility-only", clean, capsys)
    assert json.loads(told("run bankass/facility-only --json", clean, capsys))["warnings"] == []


def test_a_comparison_warns_of_both(lossy, capsys):
    said = json.loads(told(f"compare {ARMS} --json", lossy, capsys))
    assert {DROPPED, GUESSED} <= set(said["warnings"])
    assert said["arms"][0]["setting"]["share_dropped"] == pytest.approx(2400 / (5500 + 1200 + 2400))


@pytest.mark.parametrize("command", ["run bankass/facility-only", f"compare {ARMS}"])
def test_people_who_live_too_far_to_be_so_are_warned_of(tmp_path, capsys, command):
    exchanged = village("V8", -3.6, 14.2, people=500)
    folder = write_folder(tmp_path, villages=[*CLEAN_VILLAGES, exchanged])
    said = json.loads(told(f"{command} --json", folder, capsys))
    assert TOO_FAR in said["warnings"]
    setting = said["setting"] if "setting" in said else said["arms"][0]["setting"]
    assert setting["share_too_far"] == pytest.approx(500 / 6000)


def test_a_small_share_is_not_told_as_none(tmp_path, capsys):
    lossy = write_folder(tmp_path, villages=[*CLEAN_VILLAGES, village("V8", "", "", people=2)])
    assert "! 0.036 % of the people" in told("run bankass/facility-only", lossy, capsys)


DESIGN = """
format = 1
name = "small"
arms = ["bankass/facility-only", "bankass/iccm-as-delivered"]
seeds = 1
design = "grid"
[settings]
run.days = 30
run.warmup_days = 10
run.tail_days = 0
[vary]
chw.absent = [0.1, 0.2]
"""


def warned(line: str, places: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main([*line.split(), "--places", str(places)]) == 0
    return [text for text in capsys.readouterr().err.splitlines() if text.startswith("! ")]


@pytest.mark.parametrize("command", ["check", "sensitivity", "sweep"])
def test_commands_whose_result_does_not_say_it_warn_beside_it(lossy, clean_beside, tmp_path, capsys, command):
    short, design = SHORT, tmp_path / "design.toml"
    design.write_text(DESIGN)
    line = {
        "check": f"check bankass/facility-only --seeds 1 {short}",
        "sensitivity": "sensitivity bankass/facility-only bankass/iccm-as-delivered --method morris --n 2 --seeds 1 "
                       f"--vary care-seeking --unanchored --workers 1 --out {tmp_path / 'out'} {short}",
        "sweep": f"sweep {design} --dry-run",
    }[command]  # fmt: skip
    assert warned(line, lossy, capsys) == ["! " + DROPPED, "! " + GUESSED]
    assert warned(line.replace("/out", "/out2"), clean_beside, capsys) == []
