"""People of a census shared out over the villages of its areas: nobody is lost, nobody counted twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nation import CENSUS, CENTRES, VILLAGES, nation_scenario, write_nation
from places import refused

from iccmsim.exchange.district import load_places
from iccmsim.exchange.places_files import read_places
from iccmsim.exchange.repairs import foremost
from iccmsim.parameters.scenario import load_scenario

LISTS = {"villages": VILLAGES, "facilities": CENTRES, "census": CENSUS}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_nation(tmp_path)


def people_of(places, region: str, district: str | None = None) -> int:
    inside = [r == region and district in (None, d) for r, d in places.zone_district]
    return int(places.zone_people[inside].sum())


def test_each_area_has_the_people_of_its_count(folder):
    places = read_places(folder, **LISTS)
    assert places.people.sum() == 34_000
    assert people_of(places, "EAST", "ALPHA") == 12_000
    assert people_of(places, "EAST", "BETA") == 8_000
    assert people_of(places, "WEST") == 10_000
    assert places.people_dropped == 0


def test_a_capital_without_villages_lives_around_its_first_level_centres(folder):
    places = read_places(folder, **LISTS)
    around = [i for i, name in enumerate(places.village_name) if name.startswith("around")]
    assert places.people[around].tolist() == [2000, 2000]
    assert places.km_facility[around].tolist() == [0, 0]
    assert {places.zone_district[places.zone[i]] for i in around} == {("Capital", "Capital")}


def test_villages_of_an_area_are_as_unequal_as_a_lognormal_and_the_same_every_time(folder):
    first, again = (read_places(folder, **LISTS) for _ in range(2))
    assert first.people.tolist() == again.people.tolist()
    alpha = first.people[[name == ("EAST", "ALPHA") for name in map(first.zone_district.__getitem__, first.zone)]]
    quantiles = np.array([-1.534, -0.887, -0.489, -0.157, 0.157, 0.489, 0.887, 1.534])  # of a normal, 8 equal parts
    sizes = np.exp(0.9 * quantiles)
    assert np.sort(alpha) == pytest.approx(12_000 * sizes / sizes.sum(), abs=2)
    assert alpha.tolist() != sorted(alpha.tolist())


def test_people_have_grown_since_the_count(folder):
    assert read_places(folder, **LISTS, growth=1.5).people.sum() == 51_000


def test_a_row_of_totals_is_no_area_of_a_census(folder):
    before = read_places(folder, **LISTS)
    rows = (folder / CENSUS).read_text().splitlines()
    rows = [*rows[:5], "cercle,East,Total,,20000,", *rows[5:], "country,Total,,,34000,"]
    (folder / CENSUS).write_text("\n".join(rows) + "\n")
    places = read_places(folder, **LISTS)
    assert (places.people.tolist(), places.people_dropped) == (before.people.tolist(), 0)
    assert sum("row of totals" in str(each) for each in places.dirt) == 2


def test_what_was_put_right_is_said(folder):
    said = [str(each) for each in read_places(folder, **LISTS).dirt]
    assert sum("dropped, no coordinates" in line for line in said) == 4
    assert any("alpha / vanished" in line and "counted with the area around it" in line for line in said)
    assert any("capital: 4000" in line and "shared equally among its 2 first-level centres" in line for line in said)
    assert sum("census_xyz.csv" in line and "blank" in line for line in said) == 1


def test_people_of_an_area_without_village_or_centre_are_counted_as_dropped(tmp_path):
    folder = write_nation(tmp_path, census="region,pop\nEAST,20000\nWEST,10000\nOCEAN,77\n")
    assert read_places(folder, **LISTS).people_dropped == 77


def test_villages_of_a_region_that_was_not_counted_are_left_out(tmp_path):
    places = read_places(write_nation(tmp_path, census="region,pop\nEAST,20000\n"), **LISTS)
    assert {region for region, _ in places.zone_district} == {"EAST"}
    assert any("16 villages" in str(each) and "their region is not counted" in str(each) for each in places.dirt)


def test_an_area_with_two_counts_is_refused_and_both_lines_are_named(tmp_path):
    folder = write_nation(tmp_path, census="region,pop\nEAST,10200\nWest,10000\nEast,9800\n")
    with refused("census_xyz.csv: line 4: people of east = 9800, but 10200 in line 2: an area must have one row (add "
                 "up men and women, town and country)"):  # fmt: skip
        read_places(folder, **LISTS)


def test_an_area_that_is_counted_twice_alike_counts_once(tmp_path):
    folder = write_nation(tmp_path, census="region,pop\nEAST,20000\nWEST,10000\nEast,20000\n")
    places = read_places(folder, **LISTS)
    assert places.people.sum() == 30_000
    assert "census_xyz.csv:4: region 'east': dropped, repeats line 2" in [str(each) for each in places.dirt]


def test_parts_with_more_people_than_the_whole_are_told_and_used(tmp_path):
    rows = ["region,cercle,pop", "EAST,,20000", "EAST,ALPHA,12000", "EAST,BETA,9000", "WEST,,10000", "WEST,GAMMA,10000"]
    places = read_places(write_nation(tmp_path, census="\n".join(rows) + "\n"), **LISTS)
    assert places.people.sum() == 31_000
    told = next(each for each in foremost(places.dirt) if each.file == CENSUS)
    assert str(told) == "census_xyz.csv:2: people '20000': fewer than its parts have, whose 21000 are used"
    assert sum("its parts" in str(each) for each in places.dirt) == 1


def test_a_census_without_a_count_is_refused(tmp_path):
    folder = write_nation(tmp_path, census="region,pop\nEAST,many\n")
    with refused("census_xyz.csv: people: no area with a count (0 to 5000000) in 1 rows"):
        read_places(folder, **LISTS)


def test_a_scenario_reads_files_of_any_name(folder):
    scenario = load_scenario(nation_scenario(folder))
    places = load_places(scenario)
    assert (places.name, places.people.sum()) == ("Toyland", 34_000)
    before = scenario.hash()
    (folder / CENSUS).write_text("region,pop\nEAST,20000\n", encoding="utf-8")
    assert scenario.hash() != before
    (folder / CENSUS).unlink()
    with pytest.raises(ValueError, match=f"no {VILLAGES} and {CENTRES} and {CENSUS} in"):
        load_scenario(nation_scenario(folder), places=folder)
