"""Stored results whose manifest was damaged or edited are refused in one line that names what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from small import tiny
from sweeps import tiny_design

from iccmsim.cli import main
from iccmsim.results import folder as run_folder
from iccmsim.results.result import simulate
from iccmsim.results.shape import many, unlike
from iccmsim.studies import compare, country, sensitivity
from iccmsim.studies.sensitivity import Asked
from iccmsim.studies.sweep import sweep
from iccmsim.studies.sweeping import sweep_folder

SHORT = {"run.days": 60, "run.warmup_days": 30}
GONE = object()


def make_comparison(place: Path) -> None:
    compare.compare([tiny("facility-only", name="none", more=SHORT), tiny(more=SHORT)], seeds=2).save(place)


def make_country(place: Path) -> None:
    country.compare_country([tiny("facility-only", name="none", more=SHORT), tiny(more=SHORT)], seeds=1).save(place)


def make_sensitivity(place: Path) -> None:
    arms = [tiny(name, more=SHORT) for name in ("facility-only", "iccm-as-delivered")]
    asked = Asked("morris", n=2, seeds=1, keys=("chw.absent", "tx.ors"), anchored=False)
    sensitivity.sensitivity(arms, asked, out=place, outcome="chw_visits", workers=1)


MADE = {
    "run": (run_folder.SHAPE, lambda place: simulate(tiny(more=SHORT), seed=1, tables=False).write(place)),
    "comparison": (compare.SHAPE, make_comparison),
    "country": (country.SHAPE, make_country),
    "sweep": (sweep_folder.SHAPE, lambda place: sweep(tiny_design(seeds=1), out=place, executor="here")),
    "sensitivity": (sensitivity.SHAPE, make_sensitivity),
}
KEYS = [(kind, key) for kind, (shape, _) in MADE.items() for key in shape if not key.endswith("?")]


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A folder of each kind."""
    place = tmp_path_factory.mktemp("stored")
    for kind, (_, make) in MADE.items():
        make(place / kind)
    return place


def refusal(capsys, place: Path, key: str, value: object) -> str:
    """What is said of a folder whose manifest has another value for a key."""
    file = place / "manifest.json"
    told = json.loads(file.read_text(encoding="utf-8")) | {key: value}
    file.write_text(json.dumps({name: each for name, each in told.items() if each is not GONE}), encoding="utf-8")
    capsys.readouterr()
    assert main(["export", str(place), "--csv"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert not (place / "export").exists()
    return said


@pytest.mark.parametrize(("kind", "key"), KEYS)
def test_a_value_of_a_manifest_that_is_gone_or_of_another_kind_is_named(kind, key, stored, tmp_path, capsys):
    place = Path(shutil.copytree(stored / kind, tmp_path / kind))
    assert f"{place}: its manifest.json has no {key}; run it again" in refusal(capsys, place, key, GONE)
    for value in filter(lambda value: unlike({key: value}, {key: MADE[kind][0][key]}), ([{}], {"x": []}, 5)):
        assert f"{place}: its manifest.json " in (said := refusal(capsys, place, key, value))
        assert f" {key}" in said


@pytest.mark.parametrize(("key", "value"), [("names", ["a", "b", "c"]), ("seeds", [1]), ("hashes", ["a"]),
                                            ("facts", [])])  # fmt: skip
def test_a_comparison_whose_manifest_tells_of_other_arms_than_its_counts_is_refused(key, value, stored, tmp_path,
                                                                                    capsys):  # fmt: skip
    place = Path(shutil.copytree(stored / "comparison", tmp_path / "comparison"))
    assert "tells of other arms or seeds than its counts" in refusal(capsys, place, key, value)


def test_every_kind_can_be_exported_as_it_was_written(stored, tmp_path, capsys):
    for kind in MADE:
        assert main(["export", str(stored / kind), "--csv", "--out", str(tmp_path / kind)]) == 0


def test_a_damaged_manifest_may_still_be_written_over(stored, tmp_path):
    place = Path(shutil.copytree(stored / "comparison", tmp_path / "comparison"))
    told = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    (place / "manifest.json").write_text(json.dumps(told | {"names": 5, "districts": None}), encoding="utf-8")
    make_comparison(place)
    assert compare.Comparison.load(place).names[0] == "none"


SHAPE = {"n": int, "x": float, "who": {"name": str, "at?": many(int, 1)}, "two": many(float, 2, 2),
         "more": dict[str, bool], "of": many({"age": int}), "none": str | None}  # fmt: skip
WHOLE = {"n": 3, "x": 2, "who": {"name": "Awa", "at": [1]}, "two": [1, 2.5], "more": {"a": True}, "of": [{"age": 4}],
         "none": None}  # fmt: skip
WRONG = [
    ({"n": True}, "says n = true: input should be a valid integer"),
    ({"n": 2.5}, "says n = 2.5: input should be a valid integer"),
    ({"x": None}, "says x = null: input should be a valid number"),
    ({"who": []}, "says who = a list: input should be a valid dictionary"),
    ({"who": {}}, "has no who.name"),
    ({"who": {"name": "Awa", "at": []}}, "says who.at = a list: list should have at least 1 item"),
    ({"two": [1]}, "says two = a list: list should have at least 2 items"),
    ({"two": [1, "x"]}, "says two[1] = 'x': input should be a valid number"),
    ({"more": {"a": 1}}, "says more.a = 1: input should be a valid boolean"),
    ({"of": [{"age": 4}, {}]}, "has no of[1].age"),
    ({"none": 1}, "says none = 1: input should be a valid string"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_the_first_value_that_is_unlike_is_named_with_what_it_must_be(changed, said):
    assert unlike(WHOLE | changed, SHAPE).startswith(said)


def test_what_is_as_it_was_written_is_whole():
    assert unlike(WHOLE, SHAPE) == unlike(WHOLE | {"other": 5}, SHAPE) == ""
    assert unlike({"who": {"name": "Awa"}}, {"who": SHAPE["who"]}) == ""
