"""The library: every programme runs on every setting, and no number stands there without a source or a grade."""

from __future__ import annotations

from pathlib import Path

import pytest
from nation import write_nation
from places import write_folder

from iccmsim.parameters.files import library_names, piece_file, read_toml, reasons_of
from iccmsim.parameters.reasons import Reason, flat, read_reasons
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.differences import differences
from iccmsim.studies.compare import compare

NAMES = library_names()
PROGRAMMES = NAMES["programme"]
PIECES = [(piece, name) for piece, names in NAMES.items() for name in names]
TOY_PLACE = {"place.people": 1600, "place.zones": 2, "place.villages_per_zone": 3}
TOY_RUN = {"run.days": 740, "run.warmup_days": 30, "run.tail_days": 0}  # beyond the day on which donors leave
HOME_MANAGEMENT = "home-management-of-malaria"
WITHOUT_CHWS = {"facility-only", HOME_MANAGEMENT}


@pytest.mark.parametrize("setting", NAMES["setting"])
def test_every_programme_runs_on_every_setting(setting: str, tmp_path: Path):
    (tmp_path / "cases" / "bankass").mkdir(parents=True)
    write_folder(tmp_path / "cases" / "bankass")
    small_census = "region,pop\nEAST,1500\nWEST,900\nCAPITAL,300\n"
    write_nation(tmp_path, villages=3, census=small_census, names=load_scenario("mali/facility-only").place.files())
    made_up = load_scenario(f"{setting}/facility-only", places=tmp_path).place.kind == "synthetic"
    small = TOY_PLACE if made_up else {}
    arms = [load_scenario(f"{setting}/{name}", overrides={**small, **TOY_RUN}, places=tmp_path) for name in PROGRAMMES]
    result = compare(arms, seeds=1)
    assert list(result.names) == [f"{setting}/{name}" for name in PROGRAMMES]
    for i, name in enumerate(PROGRAMMES):
        tally, facts = result.tallies[0, i], result.facts[i]
        assert tally["child_days"].sum() > 0, name
        assert (facts["chws"] > 0) == (name not in WITHOUT_CHWS), name
        assert (tally["cases"][0] > 0) == (name not in WITHOUT_CHWS), name


def unaccounted(text: str, table: dict) -> list[str]:
    """The keys of a file that hold a value for which no comment gives a source with a grade, a choice or a fit."""
    said = read_reasons(text).of
    written = [key for key, value in flat({part: table.get(part, {}) for part in ("setting", "programme", "run")})
               if not isinstance(value, str) and key != "programme.change"]  # fmt: skip
    for number, change in enumerate(table.get("programme", {}).get("change", [])):
        written += [f"programme.change[{number}].{key}" for key, _ in flat(change)]
    return [key for key in written if not Reason(said.get(key, "")).accounts]


@pytest.mark.parametrize(("piece", "name"), PIECES)
def test_no_file_of_the_library_holds_a_number_without_a_source_or_grade(piece: str, name: str):
    file = piece_file(piece, name)
    assert unaccounted(file.read_text(encoding="utf-8"), read_toml(file)) == []


def test_home_management_says_for_how_many_fevers_it_is_used():
    scenario, file = load_scenario("sahel/home-management-of-malaria"), piece_file("programme", HOME_MANAGEMENT)
    assert "programme.hmm.use" in scenario.why
    assert scenario.programme["hmm.use"] == read_toml(file)["programme"]["hmm"]["use"] == 0.1
    assert "a tenth of their fevers" in read_toml(file)["says"]


def test_a_number_without_a_source_or_grade_would_be_noticed():
    table = {"programme": {"chw": {"absent": 0.1, "attr": 0.2}, "change": [{"day": 3, "sup.fill": 1}]}}
    text = ("[programme.chw]\n# Seen. Grade B.\nabsent = 0.1\n\nattr = 0.2\n[[programme.change]]\n# soon\nday = 3\n"
            '# Grade D.\n"sup.fill" = 1\n')  # fmt: skip
    assert unaccounted(text, table) == ["programme.chw.attr", "programme.change[0].day"]


@pytest.mark.parametrize(("piece", "name"), PIECES)
def test_each_file_has_its_name_says_what_it_is_and_where_it_comes_from(piece: str, name: str):
    table, reasons = read_toml(piece_file(piece, name)), reasons_of(piece_file(piece, name))
    assert table["name"] == name
    assert "\n" not in table["says"]
    assert table["says"].endswith(".")
    assert len(reasons.about) >= 60
    assert set(reasons.twins()) <= set(NAMES[piece]) - {name}


@pytest.mark.parametrize("name", [name for name in PROGRAMMES
                                  if read_toml(piece_file("programme", name)).get("extends")])  # fmt: skip
def test_a_programme_differs_from_the_one_it_extends_in_what_its_file_says_and_nothing_else(name: str):
    table = read_toml(piece_file("programme", name))
    programme = dict(table["programme"])
    changes = programme.pop("change", [])
    written = {f"programme.{key}" for key, _ in flat(programme)}
    written |= {f"programme.{key} from day {each['day']}" for each in changes for key, _ in flat(each)}
    pair = [load_scenario(f"sahel/{each}") for each in (table["extends"], name)]
    differ = {row["path"] for row in differences(*pair)["differ"]}
    assert differ
    assert differ <= written


def test_bankass_says_that_more_than_its_place_is_set_and_fitted_in_its_file():
    about = reasons_of(piece_file("setting", "bankass")).about
    assert "only the place" not in about
    assert all(word in about for word in ("staff time", "store", "rains", "wasting", "fitted"))


def test_settings_other_than_the_first_are_other_places():
    people = {name: load_scenario(f"{name}/facility-only").place for name in ("sahel", "low-utilisation-highland",
                                                                              "remote-forest")}  # fmt: skip
    per_centre = {name: place.people / place.zones for name, place in people.items()}
    assert per_centre["remote-forest"] < per_centre["sahel"] < per_centre["low-utilisation-highland"]
    malaria = {name: load_scenario(f"{name}/facility-only").setting for name in people}
    assert malaria["low-utilisation-highland"]["inc.mal"] < 0.1 < malaria["remote-forest"]["inc.mal"]
    assert len(set(malaria["remote-forest"]["season.malaria"])) == 1
