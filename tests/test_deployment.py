"""The norm that places CHWs: who is owed one, where the post stands, how many work there."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from places import needs_real_places, refused
from small import lived

from iccmsim.exchange.places_files import find_places_folder, read_places
from iccmsim.parameters.scenario import load_scenario
from iccmsim.world.deployment import place_chws
from iccmsim.world.geography import Facility, Village, make_places
from iccmsim.world.made_up import synthetic_places

KM = 1 / 111.194926644  # degrees of longitude on the equator
NORM = {"people_per_chw": 1500, "min_km": 5, "radius_km": 3}


def line_of(villages: dict[float, int], *, centres: tuple[float, ...] = (0.0,)):
    """Villages {km from the first centre: people} along the equator."""
    rows = [Village(f"v{i}", "", 0.0, km * KM, people) for i, (km, people) in enumerate(villages.items())]
    return make_places("line", rows, facilities=[Facility(f"F{c}", "", 1, 0.0, c * KM) for c in centres])


def test_a_village_near_a_facility_is_owed_no_chw():
    plan = place_chws(line_of({0: 900, 4.9: 900, 5.1: 900}), **NORM)
    assert plan.post.tolist() == [-1, -1, 0]
    assert np.isnan(plan.km_chw[:2]).all()
    assert plan.km_chw[2] == 0
    assert (plan.n_posts, plan.n_chws, plan.people) == (1, 1, 900)


def test_near_means_near_any_facility_also_a_hospital():
    rows = [Village("v", "", 0.0, 10 * KM, 500)]
    facilities = [Facility("F", "", 1, 0.0, 0.0), Facility("R", "", 2, 0.0, 11 * KM)]
    assert place_chws(make_places("toy", rows, facilities=facilities), **NORM).n_posts == 0


def test_the_post_stands_where_it_reaches_most_people():
    plan = place_chws(line_of({10: 400, 12: 100, 14: 400}), **NORM)
    assert plan.post_village.tolist() == [1]
    assert plan.post_people.tolist() == [900]
    assert plan.km_chw == pytest.approx([2, 0, 2])


def test_a_tie_goes_to_the_village_first_in_the_list():
    assert place_chws(line_of({10: 400, 12: 400}), **NORM).post_village.tolist() == [0]


def test_a_second_post_stands_in_a_village_it_serves():
    plan = place_chws(line_of({10: 400, 12: 900, 14: 400, 16: 300}), **NORM)
    assert plan.post_village.tolist() == [1, 3]
    assert plan.post.tolist() == [0, 0, 0, 1]
    assert all(plan.post[v] == k for k, v in enumerate(plan.post_village))


@pytest.mark.parametrize(("people", "chws"), [(1, 1), (1500, 1), (1501, 2), (4500, 3)])
def test_a_post_has_whole_chws(people, chws):
    assert place_chws(line_of({10: people}), **NORM).post_chws.tolist() == [chws]


def test_a_village_without_people_is_owed_no_chw():
    assert place_chws(line_of({10: 0, 20: 10}), **NORM).post.tolist() == [-1, 0]


def test_a_chw_never_serves_across_a_zone():
    places = line_of({9.5: 500, 10.5: 500}, centres=(0, 20))
    assert places.zone.tolist() == [0, 1]
    plan = place_chws(places, **NORM)
    assert plan.post_zone.tolist() == [0, 1]
    one_zone = place_chws(line_of({9.5: 500, 10.5: 500}), **NORM)
    assert one_zone.n_posts == 1


def test_a_norm_without_a_distance_reaches_every_village():
    plan = place_chws(synthetic_places(), people_per_chw=700, min_km=0, radius_km=3)
    assert (plan.post >= 0).all()
    assert plan.people == 60_000


@pytest.mark.parametrize("seed", range(1, 4))
def test_any_plan_keeps_the_norm(seed):
    places = synthetic_places(seed=seed)
    plan = place_chws(places, **NORM)
    served = plan.post >= 0
    assert np.array_equal(served, places.km_nearest >= 5)
    assert (plan.km_chw[served] <= 3).all()
    assert np.array_equal(plan.post_zone[plan.post[served]], places.zone[served])
    assert plan.people == places.people[served].sum()
    assert (plan.post_chws * 1500 >= plan.post_people).all()
    assert ((plan.post_chws - 1) * 1500 < plan.post_people).all()
    assert plan.summary()["chws"] == plan.post_chws.sum()


def test_money_for_a_part_of_the_norm_goes_to_the_posts_with_the_most_people():
    places = line_of({10: 900, 20: 4000, 30: 2500, 40: 100})
    full, part = (place_chws(places, **NORM, funded=share) for share in (1, 4 / 7))
    assert full.post_chws.tolist() == [3, 2, 1, 1]  # as the rule chose them
    assert part.n_chws == 4
    served = sorted(places.people[part.post >= 0].tolist())
    assert served == [2500, 4000]
    assert sorted(zip(part.post_people.tolist(), part.post_chws.tolist(), strict=True)) == [(2500, 1), (4000, 3)]
    assert np.isnan(part.km_chw[part.post < 0]).all()
    assert place_chws(places, **NORM, funded=0).n_posts == 0


@pytest.mark.parametrize(("change", "message"), [
    ({"funded": 1.5}, "funded = 1.5: must be a share, 0 to 1"),
    ({"people_per_chw": 0}, "people_per_chw = 0: must be a number of at least 1"),
    ({"min_km": -1}, "min_km = -1: must be a number of at least 0"),
    ({"radius_km": float("nan")}, "radius_km = nan: must be a number of at least 0"),
    ({"radius_km": float("inf")}, "radius_km = inf: must be a number of at least 0"),
])
def test_a_norm_that_is_none_is_refused(change, message):
    with refused(message):
        place_chws(synthetic_places(), **{**NORM, **change})


def test_the_way_to_the_chw_is_longer_than_the_crow_flies_as_that_to_the_health_centre_is():
    more = {"programme.chw.min_km": 0, "programme.chw.radius_km": 4, "chw.catch": 700, "seek.path": 1.5,
            "run.days": 1}  # fmt: skip
    simulation = lived(more)
    run, plan = simulation.runs[0], simulation.plan
    village = run.zone.village["number"][run.zone.household["village"]]
    straight, served = plan.deployment.km_chw[village], run.zone.household["chw"] > 0
    assert (straight[served] > 0.1).any()
    np.testing.assert_allclose(run.zone.household["km_chw"][served], 1.5 * straight[served])
    np.testing.assert_allclose(run.zone.household["km_facility"], 1.5 * plan.places.km_facility[village])


@needs_real_places
@pytest.mark.parametrize(("case", "posts", "chws", "zoned_posts", "zoned_chws"), [
    ("bankass", 88, 146, 97, 151), ("bougouni", 290, 398, 298, 405), ("koutiala", 124, 236, 131, 241)])
def test_keeping_to_zones_costs_a_few_posts(case, posts, chws, zoned_posts, zoned_chws):
    folder = find_places_folder(None, case)
    with (folder / "chw_posts_rule5km_3km_1500.csv").open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    assert (len(listed), sum(int(row["n_asc"]) for row in listed)) == (posts, chws)
    places = read_places(folder)
    undivided = replace(places, zone=np.zeros_like(places.zone), zone_facility=places.zone_facility[:1])
    plan = place_chws(undivided, **NORM)
    assert (plan.n_posts, plan.n_chws) == (posts, chws)
    plan = place_chws(places, **NORM)
    assert (plan.n_posts, plan.n_chws) == (zoned_posts, zoned_chws)


@needs_real_places
def test_the_norm_of_the_trial_in_bankass_is_rounded_up_to_as_many_chws_as_is_said():
    root = Path(__file__).resolve().parents[1]
    places = read_places(find_places_folder(None, "bankass"))
    for name in ("fixed-site", "proactive"):
        norm = load_scenario(root / "experiments" / "scenarios" / f"{name}.toml", need_files=False).programme
        plan = place_chws(places, people_per_chw=norm["chw.catch"], min_km=norm["chw.min_km"],
                          radius_km=norm["chw.radius_km"])  # fmt: skip
        said = f"{plan.n_posts} posts have {plan.n_chws} CHWs, one for {plan.people / plan.n_chws:.0f}"
        for file in ("docs/known-gaps.md", "experiments/scenarios/fixed-site.toml"):
            assert said in " ".join((root / file).read_text(encoding="utf-8").replace("\n#", "").split()), file
