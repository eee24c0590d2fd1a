"""Levers pulled in the middle of a run: they act from that day on, as if planned, and nothing before is touched."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from small import TWO_ZONES, cells, digest, tiny

from iccmsim.cli import main
from iccmsim.core.records import MINUTES
from iccmsim.engine.simulation import Simulation
from iccmsim.model.agents import CommunityHealthWorker
from iccmsim.model.model import ICCMModel
from iccmsim.parameters.scenario import load_scenario
from iccmsim.results.deeds import deed_in_words
from iccmsim.results.result import read_result
from iccmsim.world.zone import VISITS, promised

ACTS_ON, DAYS = 100, 100
FULL = {"setting.place.people": 3000}  # so that CHWs see a few children a week

LEVERS: dict[str, Callable[[ICCMModel], object]] = {
    "stock-out": lambda model: model.empty_boxes(),
    "supply ends": lambda model: model.change({"sup.on": 0}),
    "supervision": lambda model: model.change({"spv.freq": 1.0, "spv.obs": 1.0}),
    "pay": lambda model: model.change({"pay.on": 0}),
    "fee": lambda model: model.change({"fee.chw": 5.0}),
    "one more CHW": lambda model: model.add_chw(),
    "flood": lambda model: model.cut_roads(30),
}


def go(model: ICCMModel, days: int) -> ICCMModel:
    for _ in range(days):
        model.step()
    return model


def small(**options) -> ICCMModel:
    return ICCMModel(tiny(more=FULL), agents="providers", **options)


@pytest.fixture(scope="module")
def middle() -> ICCMModel:
    """A run on the evening before the lever."""
    return go(small(), ACTS_ON)


@pytest.fixture(scope="module")
def untouched(middle) -> ICCMModel:
    return go(copy.deepcopy(middle), DAYS)


def past(model: ICCMModel, day: int) -> list[np.ndarray]:
    """What the books say of the time before a day: visits, shelves at midnight, deaths."""
    told = []
    for run in model.simulation.runs:
        visit = run.zone.visit[: run.zone.n[VISITS]]
        end = run.zone.child["end"]
        died = np.where((end >= 0) & (end < day * MINUTES), end, -1)
        told += [visit[visit["minute"] < day * MINUTES], run.zone.stock_by_day[:day, :3], died]
    return told


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_acts_from_today_on_and_changes_nothing_before(lever, middle, untouched):
    model = copy.deepcopy(middle)
    LEVERS[lever](model)
    go(model, DAYS)
    today = middle.simulation.day
    for mine, other in zip(past(model, today), past(untouched, today), strict=True):
        assert mine.tobytes() == other.tobytes()
    assert len(past(model, today)[0]) > 50
    assert digest(model.simulation) != digest(untouched.simulation)


@pytest.mark.parametrize(
    "values", [{"spv.freq": 1.0, "spv.obs": 1.0}, {"pay.on": 0}, {"fee.chw": 5}, {"sup.on": 0, "chw.recruit": 0}]
)
def test_a_lever_of_the_programme_is_the_same_as_a_change_planned_for_that_day(values, middle):
    acted = copy.deepcopy(middle)
    acted.change(values)
    scenario = replace(tiny(more=FULL), changes=acted.config.changes)
    planned = Simulation(scenario, seed=1, threads=1).run_to(acted.simulation.day + DAYS)
    assert digest(go(acted, DAYS).simulation) == digest(planned)
    assert [(day, dict(told)) for day, told in acted.config.changes] == [(ACTS_ON, values)]


def test_a_lever_set_to_what_it_was_changes_nothing(middle, untouched):
    model = copy.deepcopy(middle)
    model.change({"spv.freq": 0.5, "fee.chw": 0.5})
    assert digest(go(model, DAYS).simulation) == digest(untouched.simulation)


def test_two_levers_on_one_day_and_one_later_all_hold(middle):
    model = copy.deepcopy(middle)
    model.change({"fee.chw": 0})
    model.change({"spv.freq": 1})
    go(model, 10).change({"fee.chw": 2})
    assert [(day, dict(told)) for day, told in model.config.changes] == [
        (ACTS_ON, {"fee.chw": 0, "spv.freq": 1}), (ACTS_ON + 10, {"fee.chw": 2})]  # fmt: skip
    assert model.simulation.runs[0].plan.record(model.simulation.day)[0]["fee_at_chw"] == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"spv.frq": 1}, r"programme.spv.frq: unknown key; did you mean spv.freq\?"),
        ({"spv.freq": 2}, r"programme.spv.freq = 2: must be between 0 and 1"),
        ({"chw.catch": 500}, r"programme.chw.catch: cannot change on a date"),
        ({}, "changes nothing"),
    ],
)
def test_a_lever_that_is_none_is_refused_and_nothing_is_changed(values, said, middle):
    model = copy.deepcopy(middle)
    with pytest.raises(ValueError, match=said):
        model.change(values)
    assert model.config is model.simulation.plan.scenario
    assert model.config.changes == ()


def test_before_launch_there_are_no_levers():
    model = small(from_warmup=True)
    with pytest.raises(ValueError, match="day -60: a programme has no levers before its launch"):
        model.change({"fee.chw": 0})
    with pytest.raises(ValueError, match="day -60"):
        model.add_chw()


def test_emptied_boxes_are_empty_counted_as_thrown_away_and_filled_by_the_next_deliveries(middle):
    model = copy.deepcopy(middle)
    before = sum(chw.stock["act_child"] + chw.stock["ors"] for chw in model.chws)
    assert model.empty_boxes("act_child", "ors") == before > 0
    chws = model.simulation.runs[0].zone.provider[1:]
    assert [chw.stock["ors"] for chw in model.chws] == [0] * len(model.chws)
    assert any(chw.stock["zinc"] for chw in model.chws)
    for _ in range(60):
        go(model, 1)
        there = chws["began_with"] + chws["received"]
        gone = chws["given"] + chws["leaked"] + chws["expired"] + chws["stock"]
        np.testing.assert_array_equal(there, gone)
    assert any(chw.stock["ors"] for chw in model.chws)
    with pytest.raises(KeyError, match="no product 'act'"):
        model.empty_boxes("act")


def test_one_more_chw_takes_families_over_the_next_morning_and_serves_them(middle):
    model = copy.deepcopy(middle)
    busiest = max(model.chws, key=lambda chw: chw.families)
    families, chws = busiest.families, len(model.chws)
    chw = model.add_chw()
    assert (chw.village, chw.is_in_post, len(model.chws)) == (busiest.village, False, chws + 1)
    go(model, 1)
    assert chw.is_in_post
    assert chw.families == len(chw.households) > 0
    assert chw.families + busiest.families == families
    assert abs(chw.families - busiest.families) <= 1
    go(model, DAYS)
    assert model.simulation.runs[0].zone.monthly["cases"][chw.row].sum() > 0


def test_a_chw_in_a_village_without_one_serves_those_near_who_have_none():
    model = go(ICCMModel(tiny("facility-only", more=FULL), agents="providers"), 20)
    assert len(model.chws) == 0
    chw = model.add_chw()
    places = model.simulation.plan.places
    village = int(model.simulation.runs[0].zone.village["number"][chw.village])
    assert places.km_nearest[village] >= 5
    go(model, 1)
    assert chw.is_in_post
    assert {home.village_number for home in chw.households} >= {village}
    seen = go(model, DAYS).simulation.runs[0].zone.monthly["cases"][1].sum()
    assert seen > 0


def to_be_served_by(chw) -> int:
    """Families of a CHW, also of one who is still to come."""
    return int((promised(chw.zone) == chw.row).sum())


def families_of(model: ICCMModel, village: int) -> list[int]:
    """The families who reckon with each CHW of a village today."""
    chws = [chw for chw in model.chws if int(chw.zone.village["number"][chw.village]) == village]
    assert [chw.families for chw in chws] == [len(chw.households) for chw in chws]
    return [chw.families for chw in chws]


@pytest.mark.parametrize(("programme", "before"), [("facility-only", 0), ("iccm-as-delivered", 1)])
def test_chws_added_on_one_day_share_the_families_of_a_village_equally(programme, before):
    model = go(ICCMModel(tiny(programme, more=FULL), agents="providers"), 20)
    busiest = max(model.chws, key=lambda chw: chw.families, default=None)
    village = int(busiest.zone.village["number"][busiest.village]) if busiest else model.add_chw().village
    families = busiest.families if busiest else to_be_served_by(model.chws[0])
    added = [model.add_chw(village) for _ in range(3 if busiest else 2)]
    shared = families_of(go(model, 1), village)
    assert (len(shared), sum(shared)) == (before + 3, families)
    assert max(shared) - min(shared) <= 1
    go(model, DAYS)
    assert all(model.simulation.runs[0].zone.monthly["cases"][chw.row].sum() > 0 for chw in added)


def test_a_chw_added_before_a_post_of_the_roll_out_is_filled_has_half_of_its_families_from_the_next_morning():
    model = go(ICCMModel(tiny(more={**FULL, "programme.chw.rollout": 180}), agents="providers"), 5)
    waiting = max((chw for chw in model.chws if not chw.is_in_post), key=lambda chw: chw.vacant_until)
    village, families = int(waiting.zone.village["number"][waiting.village]), to_be_served_by(waiting)
    chw = model.add_chw(village)
    comes = waiting.vacant_until - model.simulation.day
    go(model, 1)
    assert (len(chw.households), len(waiting.households)) == (chw.families, 0)
    assert chw.families == families // 2 > 0
    go(model, comes)
    assert families_of(model, village) == [families - families // 2, families // 2]


def test_a_village_whose_families_all_have_a_chw_elsewhere_gets_none_of_its_own(middle):
    model = copy.deepcopy(middle)
    zone = model.simulation.runs[0].zone
    seats = {chw.village for chw in model.chws}
    elsewhere = [v for v in range(len(zone.village)) if v not in seats]
    zone.household["chw"][zone.household["chw"] == -1] = 1
    before, village = digest(model.simulation), int(zone.village["number"][elsewhere[0]])
    with pytest.raises(ValueError, match=rf"^village = {village}: a CHW posted there would have no family to serve"):
        model.add_chw(village)
    assert (digest(model.simulation), model.deeds, len(model.chws)) == (before, [], len(middle.chws))


def test_a_chw_can_be_sent_to_a_village_and_others_keep_their_numbers_in_order():
    model = go(ICCMModel("sahel/iccm-as-delivered", overrides=TWO_ZONES), 5)
    assert len(model.agents_by_type[CommunityHealthWorker]) == len(model.chws)
    first = int(model.simulation.runs[0].zone.village["number"][0])
    chw = model.add_chw(first)
    assert (chw.zone_index, chw.village) == (0, 0)
    ids = [each.unique_id for each in model.agents_by_type[CommunityHealthWorker]]
    assert len(set(ids)) == len(ids) == len(model.chws)
    assert sorted(ids) == [each.unique_id for each in model.chws]
    with pytest.raises(ValueError, match="village = 99: must be a whole number, 0 to"):
        model.add_chw(99)


def test_nobody_can_be_posted_where_no_post_is_filled(middle):
    model = copy.deepcopy(middle)
    model.change({"chw.recruit": 0})
    with pytest.raises(ValueError, match=r"chw.recruit = 0"):
        model.add_chw()


def test_a_flood_holds_deliveries_back_and_lengthens_ways_until_it_is_over(middle):
    model = copy.deepcopy(middle)
    home, providers = model.simulation.runs[0].zone.household, model.simulation.runs[0].zone.provider
    before, received = home["km_facility"].copy(), providers["received"].copy()
    far = before > 3
    model.cut_roads(30)
    assert model.is_flooded
    np.testing.assert_allclose(home["km_facility"][far], before[far] + 20)
    np.testing.assert_array_equal(home["km_facility"][~far], before[~far])
    usual = home["usual"].copy()
    go(model, 30)
    np.testing.assert_array_equal(providers["received"], received)
    go(model, 1)
    assert not model.is_flooded
    assert providers["received"].sum() > received.sum()
    np.testing.assert_array_equal(home["km_facility"], before)
    assert (home["usual"][far, 3] > usual[far, 3]).all()


def test_a_second_flood_makes_the_first_last_longer(middle):
    model = copy.deepcopy(middle)
    before = model.simulation.runs[0].zone.household["km_facility"].copy()
    model.cut_roads(10)
    model.cut_roads(20)
    go(model, 20)
    assert model.is_flooded
    go(model, 1)
    assert not model.is_flooded
    np.testing.assert_array_equal(model.simulation.runs[0].zone.household["km_facility"], before)
    with pytest.raises(ValueError, match="days = 0"):
        model.cut_roads(0)


def test_a_flood_that_changes_no_way_and_holds_nothing_back_is_not_felt():
    model, other = (go(ICCMModel(tiny("facility-only"), agents="providers"), 3) for _ in range(2))
    model.cut_roads(2, detour_km=0.0)
    kept = [name for name, _ in cells(other.simulation) if "provider" not in name]
    mine, others = dict(cells(go(model, 5).simulation)), dict(cells(go(other, 5).simulation))
    assert all(np.array_equal(mine[name], others[name]) for name in kept)


SHORT = {"run.days": 20}
DEEDS: dict[str, Callable[[ICCMModel], object]] = {
    "stock-out": lambda model: model.empty_boxes("ors"),
    "one more CHW": lambda model: model.add_chw(),
    "flood": lambda model: model.cut_roads(3),
    "written": lambda model: model.agents_by_type[CommunityHealthWorker].set("motivation", 0.5),
    "stock": lambda model: model.chws[0].set_stock("ors", 3),
}


@pytest.fixture(scope="module")
def brief() -> ICCMModel:
    return go(ICCMModel(tiny(more=SHORT), agents="providers"), 10)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_that_no_scenario_can_say_is_told_in_manifest_hash_and_scenario(deed, brief, tmp_path):
    model = copy.deepcopy(brief)
    DEEDS[deed](model)
    result = go(model, 10).result()
    read = read_result(result.write(tmp_path / "acted"))
    assert [each["day"] for each in read.plan["deeds"]] == [10]
    assert read.scenario_hash == result.scenario_hash != model.config.hash()
    assert read.told().startswith("# NOT THE WHOLE RUN.")
    assert f"# {deed_in_words(read.plan['deeds'][0])}." in read.told().splitlines()
    assert load_scenario(tmp_path / "acted" / "scenario.toml").hash() == model.config.hash()
    assert main(["export", str(tmp_path / "acted"), "--csv", "--out", str(tmp_path / "tables")]) == 0
    assert read.plan["deeds"][0]["deed"] in (tmp_path / "tables" / "place.csv").read_text(encoding="utf-8")


def test_other_deeds_are_another_hash_and_none_is_the_scenarios_own(brief):
    hashes = []
    for doses in (3, 4):
        model = copy.deepcopy(brief)
        model.chws[0].set_stock("ors", doses)
        model.chws[0].set_stock("zinc", doses)
        (deed,) = model.deeds
        assert (deed["what"], deed["times"]) == ("CommunityHealthWorker.stock", 2)
        hashes.append(go(model, 10).result().scenario_hash)
    model = go(copy.deepcopy(brief), 10)
    assert "deeds" not in model.result().plan
    assert model.result().scenario_hash == model.config.hash()
    assert len({*hashes, model.config.hash()}) == 3


def test_a_chw_where_there_was_none_is_counted_with_the_people_served():
    model = go(ICCMModel(tiny("facility-only", more=SHORT), agents="providers"), 10)
    model.add_chw()
    model.add_chw()
    plan, home = model.simulation.plan, model.simulation.runs[0].zone.household
    facts = go(model, 10).result().plan
    assert (facts["deploys_chws"], facts["chws"]) == (True, 2)
    served = np.unique(model.simulation.runs[0].zone.village["number"][home["village"][home["chw"] != -1]])
    assert facts["people_served_by_chws"] == plan.places.people[served].sum() > 0


def test_a_lever_takes_the_spelling_of_overrides_and_a_day_is_none(brief):
    model = copy.deepcopy(brief)
    assert model.change({"programme.fee.chw": 1}) == {"fee.chw": 1}
    assert [dict(told) for _, told in model.config.changes] == [{"fee.chw": 1}]
    with pytest.raises(ValueError, match=r"^programme.seek.fee: unknown key; seek.fee belongs to setting$"):
        model.change({"setting.seek.fee": 1})
    with pytest.raises(ValueError, match=r"^programme.day: unknown key; a lever acts from today on$"):
        model.change({"day": 3, "fee.chw": 1})
    with pytest.raises(ValueError, match=r"^programme.setting.fee.chw: unknown key; did you mean fee.chw\?$"):
        model.change({"setting.fee.chw": 1})
    with pytest.raises(ValueError, match=r"^programme.fee.chw: is given twice$"):
        model.change({"programme.fee.chw": 1, "fee.chw": 0})


@pytest.mark.parametrize("lever", LEVERS)
def test_after_the_last_day_nothing_can_be_done(lever, brief):
    model = go(copy.deepcopy(brief), 10)
    with pytest.raises(RuntimeError, match=r"^day 20: the run is over, and nothing can be done any more$"):
        LEVERS[lever](model)
    assert (model.deeds, model.config.changes) == ([], ())


@pytest.mark.parametrize("wrong", [1.5, True, "1", float("nan"), 5, -1])
def test_a_village_or_a_number_of_days_that_is_none_is_named(wrong, brief):
    with pytest.raises(ValueError, match=rf"^village = {wrong!r}: must be a whole number, 0 to 4$"):
        brief.add_chw(wrong)
    with pytest.raises(ValueError, match=r"^days = 1.5: must be a whole number, 1 to 366$"):
        brief.cut_roads(1.5)
    assert brief.deeds == []


@pytest.mark.parametrize("wrong", [-30, float("nan"), float("inf"), True, "20", None])
@pytest.mark.parametrize("name", ["detour_km", "beyond_km"])
def test_a_way_round_that_is_no_distance_is_named(name, wrong, brief):
    with pytest.raises(ValueError, match=rf"^{name} = {wrong!r}: must be a number of km, 0 or more$"):
        brief.cut_roads(3, **{name: wrong})
    assert (brief.deeds, brief.is_flooded) == ([], False)
