"""A country is its districts: counts of the parts add up, money and staff go where people are."""

from __future__ import annotations

import csv
import json
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from nation import VILLAGES, nation_scenario, write_nation
from small import lived, tiny

from iccmsim.cli import main
from iccmsim.core.records import AT_FACILITY, FOUND_CLOSED, MINUTES, TURNED_AWAY
from iccmsim.engine.plan import make_plan
from iccmsim.engine.tally import TALLY
from iccmsim.exchange.district import load_places
from iccmsim.parameters.scenario import load_scenario
from iccmsim.results.result import facts_of
from iccmsim.results.status_quo import StatusQuo
from iccmsim.studies.compare import compare
from iccmsim.studies.country import Country, compare_country, districts_of
from iccmsim.world.made_up import synthetic_places
from iccmsim.world.zone import VISITS

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_nation(tmp_path_factory.mktemp("nation"))


@pytest.fixture(scope="module")
def arms(folder):
    return [load_scenario(nation_scenario(folder, programme=name)) for name in ("facility-only", "iccm-as-delivered")]


@pytest.fixture(scope="module")
def country(arms):
    return compare_country(arms, seeds=2, threads=2)


def test_districts_are_those_of_the_map_and_add_up_to_the_country(arms, country):
    assert country.names == (("Capital", "Capital"), ("EAST", "ALPHA"), ("EAST", "BETA"), ("WEST", "DELTA"),
                             ("WEST", "GAMMA"))  # fmt: skip
    whole, alone = country.whole(), compare(arms, seeds=2)
    for name in TALLY.names:
        np.testing.assert_allclose(whole.tallies[name], alone.tallies[name], rtol=1e-12, err_msg=name)
    for name in whole.pairs.dtype.names:
        np.testing.assert_allclose(whole.pairs[name], alone.pairs[name], rtol=1e-12, err_msg=name)
    assert whole.facts[1]["share_5km"] == pytest.approx(alone.facts[1]["share_5km"])
    mine, other = ({k: v for k, v in facts.items() if k not in ("country", "share_5km")} for facts in
                   (whole.facts[1], alone.facts[1]))  # fmt: skip
    assert mine == other


def test_regions_are_their_districts_together(country):
    east = country.regions()["EAST"]
    assert east.facts[0]["people"] == 20_000
    assert east.to_json()["place"]["place"] == "EAST"
    parts = [part for (region, _), part in zip(country.names, country.parts, strict=True) if region == "EAST"]
    assert east.tallies["births"].tolist() == sum(part.tallies["births"] for part in parts).tolist()


def test_a_country_can_be_stored_and_read_again(country, tmp_path):
    country.save(tmp_path / "stored")
    again = Country.load(tmp_path / "stored")
    assert again.names == country.names
    assert again.whole().to_json() == country.whole().to_json()
    country.parts[0].save(tmp_path / "other")
    with pytest.raises(ValueError, match="other"):
        Country.load(tmp_path / "other")


def test_a_country_keeps_the_status_quo_of_its_districts(country, tmp_path):
    lived = StatusQuo("today", "0123", "# a scenario\n")
    Country(country.names, tuple(replace(part, status_quo=lived) for part in country.parts)).save(tmp_path / "stored")
    told = json.loads((tmp_path / "stored" / "manifest.json").read_text(encoding="utf-8"))
    assert told["status_quo"] == {"name": "today", "hash": "0123"}
    assert Country.load(tmp_path / "stored").whole().status_quo == lived


def test_one_seed_is_never_without_error_even_where_no_child_was_saved_or_lost(arms):
    one = compare_country(arms, seeds=1, threads=2)
    pairs = [part.pairs[0, 1] for part in one.parts]
    moved = [int(pair["saved"].sum() + pair["lost"].sum()) for pair in pairs]
    rows = [row for row in one.table() if row["level"] == "district"]
    assert [row["mc_error"] ** 2 for row in rows] == pytest.approx([each + 1 for each in moved])
    for part in one.parts:
        part.pairs["saved"][:], part.pairs["lost"][:] = 0, 0
    assert {row["mc_error"] for row in one.table()} == {1.0}


def test_a_made_up_country_has_districts_of_24_zones():
    names, of_zone = districts_of(synthetic_places("Toyland", zones=50, people=50_000))
    assert [name for _, name in names] == ["district 1", "district 2", "district 3"]
    assert np.bincount(of_zone).tolist() == [24, 24, 2]


def test_regions_without_districts_are_told_apart_and_a_list_without_names_is_refused(tmp_path, capsys):
    files = [str(nation_scenario(write_nation(tmp_path), programme=name)) for name in ("facility-only", "free-care")]
    listed = tmp_path / VILLAGES
    listed.write_text(listed.read_text(encoding="utf-8").replace("cercle", "nobody"), encoding="utf-8")
    assert main(["compare", *files, "--seeds", "1", "--by", "region", "--json"]) == 0
    assert {area["area"] for area in json.loads(capsys.readouterr().out)["areas"]} == {"Capital", "EAST", "WEST"}
    (tmp_path / "villages.csv").write_text("name,lat,lon,people\nA,14,-4,900\n", encoding="utf-8")
    (tmp_path / "facilities.csv").write_text("name,lat,lon,type\nB,14,-4,CSCom\n", encoding="utf-8")
    bare = ["bankass/facility-only", "bankass/iccm-as-delivered", "--places", str(tmp_path)]
    for area in ("region", "district"):
        assert main(["compare", *bare, "--by", area]) == 2
        said = f"iccmsim: --by {area}: there are no {area}s to tell apart; the list of villages names none\n"
        assert capsys.readouterr().err == said


def test_a_table_of_areas_says_whom_it_tells_with_another_area(tmp_path, capsys):
    files = [str(nation_scenario(write_nation(tmp_path), programme=name)) for name in ("facility-only", "free-care")]
    listed = tmp_path / VILLAGES
    rows = listed.read_text(encoding="utf-8").replace("V0-7,EAST,ALPHA", "V0-7,WEST,GAMMA")
    listed.write_text(rows, encoding="utf-8")
    places = load_places(load_scenario(files[0]))
    (moved,) = (int(n) for key, n in zip(places.village_id, places.people, strict=True) if key == "V0-7")
    begins = f"! {moved:,} of 34,000 people are told with another region than the list of villages has for them: "
    assert main(["compare", *files, "--seeds", "1", "--by", "region"]) == 0
    assert begins in " ".join(capsys.readouterr().out.split()) + " "
    assert main(["compare", *files, "--seeds", "1", "--by", "region", "--json"]) == 0
    assert any(text.startswith(begins[2:]) for text in json.loads(capsys.readouterr().out)["warnings"])


def test_facts_of_all_zones_are_those_of_the_place(arms):
    plan = make_plan(arms[1])
    assert facts_of(plan) == facts_of(plan, zones=np.arange(plan.places.n_zones))


def test_compare_prints_and_writes_a_table_of_areas(folder, tmp_path, capsys):
    files = [str(nation_scenario(folder, programme=name)) for name in ("facility-only", "iccm-as-delivered")]
    assert main(["compare", *files, "--seeds", "2", "--by", "district", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "iccm-as-delivered: expected deaths averted" in said
    assert all(f"\n{district} " in said for district in ("Capital", "ALPHA", "BETA", "GAMMA", "DELTA"))
    with (tmp_path / "out" / "areas.csv").open(encoding="utf-8") as file:
        people = [int(row["people"]) for row in csv.DictReader(file)]
    assert people[:3] == [4000, 12_000, 8000]
    assert sum(people[3:]) == 10_000
    assert main(["compare", *files, "--seeds", "2", "--by", "region", "--json"]) == 0
    areas = json.loads(capsys.readouterr().out)["areas"]
    assert [area["area"] for area in areas] == ["Capital", "EAST", "WEST"]


# --- who is funded, and who has the staff ------------------------------------------------------------------------


def test_a_centre_of_more_people_has_more_staff_and_room(arms, folder):
    places = load_places(arms[0])
    people = float(np.median(places.zone_people))
    staffed = load_scenario(arms[0].source, overrides={"fac.people": people})
    plan, usual = make_plan(staffed, places=places), make_plan(arms[0], places=places)
    for zone, living in enumerate(places.zone_people.tolist()):
        times = max(1.0, living / people)
        mine, plain = plan.record(0, zone)[0], usual.record(0, zone)[0]
        assert mine.fac_minutes_day == pytest.approx(times * plain.fac_minutes_day)
        assert mine.fac_hands == pytest.approx(times)
        assert mine.fac_queue == int(times * plain.fac_queue)
    assert len(plan.own) == (places.zone_people > people).sum() > 0


def test_more_staff_means_fewer_children_turned_away():
    few, more = (lived({"fac.minutes_day": 20, "fac.queue": 4, "fac.people": people}, programme="facility-only")
                 for people in (0, 100))  # fmt: skip
    assert seen(more) > 1.2 * seen(few)
    assert seen(lived({"fac.people": 1_000_000}, programme="facility-only")) == seen(lived(programme="facility-only"))


@pytest.mark.parametrize("more", [{"fac.minutes_day": 480, "fac.people": 100}, {"fac.minutes_day": 7200}])
def test_a_large_staff_sees_more_in_a_day_than_one_after_another_can_before_midnight(more):
    """Fifteen times the staff for 1,500 people; from six in the morning one sees three children of 360 minutes."""
    hours = {"fac.minutes": 360, "fac.queue": 500, "fac.patience": 9, "seek.k": [3.0] * 5}
    runs = lived({**hours, **more}, programme="facility-only").runs
    visits = runs[0].zone.visit[: runs[0].zone.n[VISITS]]
    there = visits[(visits["provider"] == AT_FACILITY) & (visits["marks"] & (TURNED_AWAY | FOUND_CLOSED) == 0)]
    assert np.bincount(there["minute"] // MINUTES).max() > 6


def seen(simulation) -> int:
    return int(sum(run.zone.monthly["cases"][0].sum() for run in simulation.runs))


def test_an_unfunded_norm_posts_nobody_and_a_funded_one_everybody():
    everybody, nobody = (make_plan(tiny(more={"chw.min_km": 0, "chw.funded": share})).deployment for share in (1, 0))
    assert everybody.n_chws > 0
    assert (nobody.n_chws, nobody.n_posts, nobody.people) == (0, 0, 0)


# --- the script ------------------------------------------------------------------------------------------------


def test_the_country_script_writes_a_row_for_each_area_and_number_and_remakes_them(tmp_path, capsys):
    script = runpy.run_path(str(EXPERIMENTS / "a_country.py"))["main"]
    assert script(["--out", str(tmp_path), "--setting", "sahel", "--toy", "--seeds", "2"]) == 0
    first = capsys.readouterr().out
    with (tmp_path / "country.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    whole = [row for row in rows if row["level"] == "country"]
    assert [int(row["chws"]) for row in whole] == pytest.approx([0, 6, 55, 64, 70], abs=2)
    for row in whole:
        parts = [r for r in rows if r["level"] == "district" and r["arm"] == row["arm"]]
        apart = sum(float(each["expected_averted"]) for each in parts)
        assert apart == pytest.approx(float(row["expected_averted"]), abs=0.01)
    assert script(["--out", str(tmp_path), "--remake"]) == 0
    assert capsys.readouterr().out == first
    assert (tmp_path / "country.png").read_bytes().startswith(b"\x89PNG")


def test_what_volunteers_do_is_credited_to_no_asc():
    script = runpy.run_path(str(EXPERIMENTS / "a_country.py"))
    given = SimpleNamespace(setting="sahel", places=None, toy=True)
    comparator, neither, *with_ascs = script["arms"](given)
    assert neither.name == script["WITHOUT"]
    assert neither.programme["relais.reach"] == 0
    assert {arm.programme["relais.reach"] for arm in (comparator, *with_ascs)} == {0.5}
    unfunded = load_scenario("sahel/mali-asc-package", overrides={**script["TOY"], "chw.funded": 0})
    lived = compare_country([comparator, unfunded], seeds=1).whole()
    assert lived.facts[1]["chws"] == 0
    assert (lived.tallies[:, 0] == lived.tallies[:, 1]).all()


def test_a_country_of_other_arms_is_not_taken_for_that_of_the_script(country, tmp_path, capsys):
    country.save(tmp_path / "country")
    assert runpy.run_path(str(EXPERIMENTS / "a_country.py"))["main"](["--out", str(tmp_path), "--remake"]) == 2
    assert "country: holds arms of something else; run it again" in capsys.readouterr().err
