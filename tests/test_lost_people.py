"""People whom the lists of a place hold and a run leaves out, or guesses, are told of with its results."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from places import CLEAN_FACILITIES, CLEAN_VILLAGES, facility, village, write_folder

from iccmsim.cli import main

SHORT = "--set run.days=30 --set run.warmup_days=10 --set run.tail_days=0"
ARMS = "bankass/facility-only bankass/iccm-as-delivered --seeds 2"
DROPPED = ("26 % of the people of the lists are left out, as their village could not be placed or is listed twice: see "
           "iccmsim places")  # fmt: skip
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


LONELY = ("1 health facility is over 100 km from every village, which is more often a wrong coordinate than a place, "
          "and another facility then stands in for it: see iccmsim places")  # fmt: skip


def test_a_health_centre_in_the_wrong_place_is_warned_of(tmp_path, capsys):
    folder = write_folder(tmp_path, facilities=[CLEAN_FACILITIES[0], facility("F2", -3.6, 14.0), CLEAN_FACILITIES[2]])
    said = json.loads(told(f"compare {ARMS} --json", folder, capsys))
    assert LONELY in said["warnings"]
    assert said["arms"][0]["setting"]["facilities_too_far"] == 1


def test_a_hospital_in_the_wrong_place_is_warned_of(tmp_path, capsys):
    away = facility("R1", -4.0, 14.0, kind="Hospital")
    folder = write_folder(tmp_path, facilities=[*CLEAN_FACILITIES[:2], away])
    warnings = json.loads(told("run bankass/facility-only --json", folder, capsys))["warnings"]
    assert LONELY in warnings
    assert any(re.fullmatch(r"the referral facility is 2,8\d\d km off for the people on average: is its place right, "
                            r"or is a nearer one not listed\?", text) for text in warnings)  # fmt: skip


def test_an_area_where_nobody_lives_is_read_and_told(tmp_path, capsys):
    """A health centre beside a village counted 0, in a region of its own: no child, and nothing to divide by."""
    empty = village("V9", 15.0, -3.0, people=0).replace("MOPTI,CERCLE", "DESERT,EMPTY")
    folder = write_folder(tmp_path, villages=[*CLEAN_VILLAGES, empty], facilities=[*CLEAN_FACILITIES,
                          facility("F9", 15.0, -3.0)])  # fmt: skip
    out = tmp_path / "out"
    told(f"compare {ARMS} --by region --out {out}", folder, capsys)
    with (out / "areas.csv").open(encoding="utf-8") as file:
        desert, mopti = csv.DictReader(file)
    assert (desert["area"], desert["people"], desert["share_5km"], desert["percent"]) == ("DESERT", "0", "0", "0")
    assert (desert["child_years"], desert["per_1000_child_years"]) == ("0", "")
    assert (mopti["people"], (out / "check.json").is_file()) == ("5500", True)
    assert told("check bankass/facility-only --seeds 1", folder, capsys)


def test_facilities_of_unknown_type_and_villages_of_unknown_people_are_warned_of(tmp_path, capsys):
    nameless = [village(key, "", "", people="") for key in ("V8", "V9")]
    folder = write_folder(tmp_path, villages=[*CLEAN_VILLAGES, *nameless],
                          facilities=[*CLEAN_FACILITIES, facility("F9", 14, -3.8, kind="Casa", type9="")])  # fmt: skip
    assert json.loads(told("run bankass/facility-only --json", folder, capsys))["warnings"] == [
        "2 villages without a place on the map are left out, and nobody knows how many people live there: see iccmsim "
        "places", "1 facility of unknown type is counted as first level: see iccmsim places"]  # fmt: skip


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
