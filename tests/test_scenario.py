"""A scenario is read, laid on what it extends, checked and frozen; two arms must share their setting."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from iccmsim.exchange.district import load_places
from iccmsim.parameters.catalogue import all_parameters
from iccmsim.parameters.files import library_names
from iccmsim.parameters.kernel import kernel_record
from iccmsim.parameters.scenario import ScenarioError, load_scenario, same_setting
from iccmsim.studies.compare import scenario_at

BASE = 'format = 1\nextends = "sahel/iccm-as-delivered"\n'


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ICCMSIM_DATA", raising=False)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write a scenario file and return its path."""
    def write(text: str, name: str = "mine.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_every_setting_and_programme_of_the_library_loads() -> None:
    names = library_names()
    assert names["setting"] == ("bankass", "low-utilisation-highland", "mali", "remote-forest", "sahel",
                                "sahel-conflict", "sahel-registers")
    assert len(names["programme"]) == 22
    assert {"facility-only", "iccm-as-delivered", "iccm-supported", "mali-asc-package"} < set(names["programme"])
    for setting in names["setting"]:
        for programme in names["programme"]:
            assert load_scenario(f"{setting}/{programme}").name == f"{setting}/{programme}"


def test_the_made_up_district_has_ten_thousand_children_under_five() -> None:
    scenario = load_scenario("sahel/facility-only")
    births = scenario.place.people * scenario.setting["pop.birth_rate"] / 1000
    alive = np.mean([scenario.setting["pop.survival"][1], scenario.setting["pop.survival"][2]])
    under_five = 5 * births * alive * np.exp(-2.5 * scenario.setting["pop.growth"])
    assert under_five > 10_000
    assert .17 < under_five / scenario.place.people < .22


def test_an_override_may_leave_out_its_section_and_may_be_a_numpy_number() -> None:
    long = load_scenario("sahel/iccm-as-delivered", overrides={"programme.chw.absent": .3, "run.days": 730})
    short = load_scenario("sahel/iccm-as-delivered", overrides={
        "chw.absent": np.float32(.5), "run.days": np.int64(730), "chw.queue": 16.0, "seek.k": np.zeros(5),
        "place.people": 20_000})
    assert (long.programme["chw.absent"], long.run["run.days"]) == (.3, 730)
    assert (short.programme["chw.absent"], short.run["run.days"]) == (.5, 730)
    assert short.programme["chw.queue"] == 16
    assert short.setting["seek.k"] == (0, 0, 0, 0, 0)
    assert short.place.people == 20_000
    assert isinstance(short.programme["chw.queue"], int)
    assert isinstance(short.programme["chw.minutes"], float)


def test_each_number_may_go_to_either_end_of_its_plausible_range_alone() -> None:
    for each in all_parameters():
        if each.plausible:
            pairs = each.bounds() if each.size else (each.bounds(),)
            for end in zip(*pairs, strict=True):
                load_scenario("sahel/iccm-as-delivered", overrides={each.path: end if each.size else end[0]})


def test_a_file_changes_only_what_it_says(written: Callable) -> None:
    usual = load_scenario("sahel/iccm-as-delivered").values()
    text = '[setting.inc]\nmal = 1.0\n"mal.het" = 0.5\n[run]\ndays = 30'
    mine = load_scenario(written(BASE + text)).values()
    assert {key for key in usual if usual[key] != mine[key]} == {"inc.mal", "inc.mal.het", "run.days"}


def test_files_extend_files_and_the_last_word_counts(written: Callable, tmp_path: Path) -> None:
    written(BASE + '[programme.chw]\nabsent = 0.1\nminutes = 20\n'
            '[[programme.change]]\nday = 100\n"sup.fill" = 0.5', "base.toml")
    (tmp_path / "deeper").mkdir()
    top = written('format = 1\nname = "top"\nextends = "../base.toml"\n[programme.chw]\nabsent = 0.4\n'
                  '[[programme.change]]\nday = 50\nsup.fill = 0.1\n'
                  '[[programme.change]]\nday = 100\n[programme.change.sup]\nlead = 60', "deeper/top.toml")
    scenario = load_scenario(top)
    assert scenario.name == "top"
    assert (scenario.programme["chw.absent"], scenario.programme["chw.minutes"]) == (.4, 20)
    assert scenario.programme["spv.refresher_months"] == 12
    assert [(day, dict(values)) for day, values in scenario.changes] == [
        (50, {"sup.fill": .1}), (100, {"sup.fill": .5, "sup.lead": 60})]


def test_a_setting_and_a_programme_can_be_named_or_taken_from_files(written: Callable) -> None:
    written('format = 1\n[programme.chw]\nabsent = 0.35', "lazy.toml")
    scenario = load_scenario(written('format = 1\nsetting = "sahel"\nprogramme = "lazy.toml"'))
    assert (scenario.name, scenario.programme["chw.absent"], scenario.place.zones) == ("mine", .35, 8)
    text = 'format = 1\nextends = "mine.toml"\nprogramme = "iccm-supported"'
    replaced = load_scenario(written(text, "next.toml"))
    assert replaced.programme["chw.absent"] == .1
    written(BASE, "whole.toml")
    with pytest.raises(ScenarioError, match=r"whole.toml: is used as a programme, so extends = .* must be the name of"):
        load_scenario(written('format = 1\nprogramme = "whole.toml"'))


def test_dated_changes_come_into_force_on_their_day_and_not_before(written: Callable) -> None:
    text = '[[programme.change]]\nday = 730\n"sup.fill" = 0.5\n[[programme.change]]\nday = 365\n"mob.on" = 1'
    scenario = load_scenario(written(BASE + text))
    days = [scenario.values(day) for day in (-1, 0, 364, 365, 729, 730)]
    states = [(values["sup.fill"], values["mob.on"]) for values in days]
    assert states == [(.85, 0), (.85, 0), (.85, 0), (.85, 1), (.85, 1), (.5, 1)]
    assert scenario.programme["sup.fill"] == .85
    assert load_scenario(written(BASE)).hash() != scenario.hash()


def test_another_kind_of_place_replaces_the_place_and_the_same_kind_adds_to_it(written: Callable) -> None:
    grown = load_scenario(written(BASE + "[setting.place]\npeople = 90000")).place
    assert (grown.people, grown.name, grown.zones) == (90_000, "Sahel (made up)", 8)
    real = load_scenario(written(BASE + '[setting.place]\nkind = "files"\nname = "Here"')).place
    assert (real.kind, real.name, real.villages, real.case) == ("files", "Here", "villages.csv", None)


def test_the_record_holds_every_value_under_its_key() -> None:
    scenario = load_scenario("sahel/iccm-supported")
    record = kernel_record(scenario.values(), reference=scenario.values())[0]
    for key, value in scenario.values().items():
        assert np.array_equal(record[key.replace(".", "_")], value), key


def test_a_scenario_cannot_be_changed() -> None:
    scenario = load_scenario("sahel/iccm-supported")
    with pytest.raises(TypeError):
        scenario.programme["chw.absent"] = 0
    with pytest.raises(AttributeError):
        scenario.name = "other"
    with pytest.raises(ValueError, match="frozen"):
        scenario.place.people = 5
    scenario.values()["chw.absent"] = 0
    assert scenario.programme["chw.absent"] == .1


def test_a_scenario_written_out_and_read_again_is_the_same(written: Callable) -> None:
    text = '[programme.chw]\nabsent = 0.123456789012345\n[[programme.change]]\nday = 730\n"sup.fill" = 0.5'
    scenario = load_scenario(written(BASE + text))
    again = load_scenario(written(scenario.to_toml(), "again.toml"))
    assert again.hash() == scenario.hash()
    assert again.values(800) == scenario.values(800)
    assert (again.name, again.place, again.changes) == (scenario.name, scenario.place, scenario.changes)
    assert again.to_toml() == scenario.to_toml()


def test_a_scenario_can_be_sent_to_another_process_and_copied() -> None:
    scenario = load_scenario("sahel/iccm-supported", overrides={"chw.absent": .3})
    for other in (pickle.loads(pickle.dumps(scenario)), copy.deepcopy(scenario)):
        assert other.hash() == scenario.hash()
        assert other.values() == scenario.values()


def test_the_hash_is_of_what_is_said_and_not_of_its_name_or_the_machine(written: Callable) -> None:
    usual = load_scenario("sahel/iccm-as-delivered")
    assert load_scenario(written(BASE + 'name = "another name"')).hash() == usual.hash()
    for key, value in {"chw.absent": .21, "kappa.mal": 1, "run.days": 1825, "place.people": 60_001}.items():
        assert load_scenario("sahel/iccm-as-delivered", overrides={key: value}).hash() != usual.hash()
    code = "from iccmsim import load_scenario as load; print(load('sahel/iccm-as-delivered').hash())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONHASHSEED": "7"})
    assert done.stdout.strip() == usual.hash()


def test_paired_arms_must_share_the_setting_and_the_run() -> None:
    one, two = load_scenario("sahel/facility-only"), load_scenario("sahel/iccm-supported")
    assert same_setting(one, two)
    other = load_scenario("sahel/iccm-supported", overrides={
        "run.days": 365, "kappa.mal": 1, "place.zones": 4, "inc.nmfi": 3, "tx.ors": .7})
    with pytest.raises(ScenarioError) as caught:
        same_setting(one, other)
    assert str(caught.value) == (
        "sahel/facility-only and sahel/iccm-supported: arms must share setting and run, but differ in "
        "setting.place.zones (8 and 4), setting.inc.nmfi (2 and 3), setting.kappa.mal (1.0662 and 1) and 2 more")
    with pytest.raises(ScenarioError, match=r"differ in run\.days \(1826 and 365\)"):
        same_setting(one, load_scenario("sahel/facility-only", overrides={"run.days": 365}))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that holds Bankass where the setting looks for it."""
    folder = tmp_path / "my data" / "cases" / "bankass"
    folder.mkdir(parents=True)
    (folder / "villages.csv").write_text("village_id,lat,lon,people\nV1,14,-3,900\n", encoding="utf-8")
    (folder / "facilities.csv").write_text("facility_id,lat,lon,type\nF1,14,-3,CSCom\n", encoding="utf-8")
    return tmp_path / "my data"


def test_files_of_a_place_are_found_in_the_folder_that_is_named_or_its_case(
        data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = data / "cases" / "bankass"
    assert load_scenario("bankass/facility-only").folder is None
    assert load_scenario("bankass/facility-only", places=data).folder == case
    assert load_scenario("bankass/facility-only", places=str(case)).folder == case
    monkeypatch.setenv("ICCMSIM_DATA", str(data))
    assert load_scenario("bankass/facility-only").folder == case
    assert load_scenario("sahel/facility-only").folder is None


def test_a_district_is_found_by_its_name_among_several(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several = data / "cases"
    shutil.copytree(several / "bankass", several / "kolo")
    assert load_scenario("bankass/facility-only", places=several).folder == several / "bankass"
    monkeypatch.setenv("ICCMSIM_DATA", str(several))
    found = load_scenario("bankass/facility-only")
    assert found.folder == several / "bankass"
    assert scenario_at(replace(found, folder=None), several).folder == several / "bankass"
    assert load_places(replace(found, folder=None)).people.sum() == 900


def test_a_folder_without_the_files_is_a_fault_that_names_the_districts_there(tmp_path: Path) -> None:
    looked = (f"setting.place: no villages.csv and facilities.csv in {tmp_path} or its cases/bankass or bankass "
              "(Bankass)")
    with pytest.raises(ScenarioError) as caught:
        load_scenario("bankass/facility-only", places=tmp_path)
    assert str(caught.value) == looked
    for district in ("kolo", "gao"):
        (tmp_path / district).mkdir()
        (tmp_path / district / "villages.csv").touch()
    with pytest.raises(ScenarioError) as caught:
        load_scenario("bankass/facility-only", places=tmp_path)
    assert str(caught.value) == f"{looked}; found there: gao, kolo"


def test_files_beside_the_scenario_are_found_without_being_named(data: Path) -> None:
    case = data / "cases" / "bankass"
    (case / "mine.toml").write_text('format = 1\n[setting.place]\nkind = "files"\n', encoding="utf-8")
    assert load_scenario(case / "mine.toml").folder == case.resolve()


def test_other_files_of_the_same_place_make_another_setting(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(data, other)
    one, two = (load_scenario("bankass/facility-only", places=folder) for folder in (data, other))
    assert same_setting(one, two)
    assert one.hash() == two.hash()
    with (other / "cases" / "bankass" / "villages.csv").open("a", encoding="utf-8") as file:
        file.write("V2,14,-3,100\n")
    assert one.hash() != two.hash()
    with pytest.raises(ScenarioError, match="differ in the files of the place"):
        same_setting(one, two)
