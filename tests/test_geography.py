"""Whose facility is nearest, and how far: small maps with known answers, and made-up districts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from places import refused

from iccmsim.world.geography import (
    Facility,
    Village,
    facility_level,
    haversine_km,
    make_places,
    nearest,
)
from iccmsim.world.made_up import synthetic_places

DEGREE = 6371.0 * math.pi / 180


def place(key: str, lon: float, *, lat: float = 0.0, people: int = 100) -> Village:
    return Village(key, key, lat, lon, people)


def centre(key: str, lon: float, *, level: int = 1) -> Facility:
    return Facility(key, key, level, 0.0, lon)


def test_distance_is_the_great_circle():
    assert haversine_km(0, 0, 0, 1) == pytest.approx(DEGREE)
    assert haversine_km(0, 0, 0, 180) == pytest.approx(180 * DEGREE)
    assert haversine_km(0, 179.5, 0, -179.5) == pytest.approx(DEGREE)
    assert haversine_km(60, 0, 60, 1) == pytest.approx(DEGREE / 2, rel=1e-4)
    assert haversine_km(13.5, -4, 13.5, -4) == 0


def test_a_tie_goes_to_the_first_in_the_list_and_blocks_do_not_matter():
    lon = np.linspace(0, 1, 1300)
    index, km = nearest(np.zeros(1300), lon, to_lat=np.zeros(3), to_lon=np.array([1.0, 0.0, 0.0]))
    assert index.tolist() == [1 if x <= .5 else 0 for x in lon]
    assert km == pytest.approx(DEGREE * np.minimum(lon, 1 - lon), abs=1e-9)


def test_a_village_beside_a_referral_centre_belongs_to_the_nearest_first_level_zone():
    places = make_places("toy", [place("a", 0.0), place("b", .48), place("c", 1.0)],
                         facilities=[centre("F1", 0.0), centre("R", .5, level=2), centre("F2", .9)])
    assert places.zone.tolist() == [0, 1, 1]
    assert [places.facility_id[i] for i in places.zone_facility] == ["F1", "F2"]
    assert places.km_nearest == pytest.approx(DEGREE * np.array([0, .02, .1]))
    assert places.km_facility == pytest.approx(DEGREE * np.array([0, .42, .1]))
    assert places.km_hospital == pytest.approx(DEGREE * np.array([.5, .02, .5]))


def test_a_facility_without_villages_makes_no_zone():
    places = make_places("toy", [place("a", 2.0), place("b", 0.0)],
                         facilities=[centre("F1", 0.0), centre("lonely", 9.0), centre("F3", 2.0)])
    assert places.n_zones == 2
    assert places.zone_facility.tolist() == [0, 2]
    assert places.zone.tolist() == [1, 0]
    assert places.zone_people.tolist() == [100, 100]


@pytest.mark.parametrize(("types", "level"), [
    (("Community Health Centre", "Community Health Unit"), 1), (("Referral Health Centre", "Hospital"), 2),
    (("Centre de Santé et de Promotion Sociale",), 1), (("Centre Médical Avec Antenne Chirurgicale",), 2),
    (("Centre Hospitalier Régional",), 2), (("Hôpital de District",), 2), (("Health Post/Dispensary",), 1),
    (("Clinic",), 1), (("Polyclinic",), 1), (("CSRef",), 2), (("CSCom",), 1), (("CS Réf",), 2), (("C.S.Réf.",), 2),
    (("Clinics of refugees",), 1), (("Refferal Hospital",), 2),
    (("CMA",), 2), (("C.M.A. de Léo",), 2), (("CHR Banfora",), 2), (("CHU Yalgado",), 2), (("CM à Kolo",), 1),
    (("Laboratoire d'analyses médicales",), 0), (("Officine Kenneya",), 0), (("Laboratoire de référence",), 0),
    (("Dépôt du CSCom",), 0), (("Pharmacie et laboratoire",), 0), (("Clinique et laboratoire",), 1),
    (("Health Centre with laboratory",), 1), (("CSCom avec dépôt de médicaments",), 1), (("Hospital + pharmacy",), 2),
    (("Laboratory", "Health Centre"), 0),
    (("Pharmacie",), 0), (("Maison Bleue", "Hospital"), 2), (("Maison Bleue",), 1), ((), 1),
])
def test_the_level_is_read_from_the_type(types, level):
    assert facility_level(*types)[0] == level


@pytest.mark.parametrize("short", ["CSCom", "CS Com", "C.S.Com.", "C S COM Kolo"])
def test_a_community_health_centre_is_known_by_its_letters(short):
    assert facility_level(short) == (1, "")


@pytest.mark.parametrize("kind", ["Health Centre with laboratory", "CSCom avec dépôt de médicaments", "CMA"])
def test_care_beside_a_laboratory_or_a_depot_is_known_and_needs_no_word(kind):
    assert facility_level(kind)[1] == ""


def test_spellings_of_one_district_are_one_and_named_as_first_spelt():
    homes = [("NORD", "Bé"), ("Nord", "BE"), ("nord ", "Sud"), ("አማራ", "ደቡብ"), ("አፋር", "ደቡብ")]
    villages = [replace(place(str(n), float(n)), region=region, district=district)
                for n, (region, district) in enumerate(homes)]  # fmt: skip
    places = make_places("toy", villages, facilities=[centre(f"F{n}", float(n)) for n in range(5)])
    assert places.zone_district == (("NORD", "Bé"), ("NORD", "Bé"), ("NORD", "Sud"), ("አማራ", "ደቡብ"), ("አፋር", "ደቡብ"))
    assert places.people_elsewhere == (0, 0)


def test_people_whose_zone_has_another_region_or_district_are_counted():
    villages = [replace(place("a", 0.0, people=300), region="N", district="1"),
                replace(place("b", .1, people=30), region="N", district="2"),
                replace(place("c", .1, people=7), region="S", district="1")]  # fmt: skip
    places = make_places("toy", villages, facilities=[centre("F", 0.0)])
    assert places.zone_district == (("N", "1"),)
    assert places.people_elsewhere == (7, 37)


def test_the_share_far_from_care_counts_people_not_villages():
    villages = [place("a", 0.0, people=300), place("b", .1, people=100)]
    places = make_places("toy", villages, facilities=[centre("F", 0.0)])
    assert places.share_beyond(5) == .25
    assert places.share_beyond(0) == 1
    assert places.summary()["share_people_5km_or_more"] == .25


def test_the_map_cannot_be_redrawn():
    places = synthetic_places()
    with pytest.raises(ValueError, match="read-only"):
        places.people[0] = 0


@pytest.mark.parametrize(("villages", "facilities", "message"), [
    ([], [centre("F", 0)], "toy: no village; a district needs at least one with coordinates"),
    ([place("a", 0, people=0)], [centre("F", 0)],
     "toy: people is 0 in all 1 villages; one must be inhabited"),
    ([place("a", 0)], [centre("R", 0, level=2)], "toy: no first-level facility among 1; a zone needs one"),
])
def test_a_district_needs_people_and_a_centre(villages, facilities, message):
    with refused(message):
        make_places("toy", villages, facilities=facilities)


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_made_up_district_looks_like_a_malian_one(seed):
    places = synthetic_places(zones=24, people=263_445, seed=seed)
    assert (places.n_zones, places.n_villages, places.people.sum()) == (24, 264, 263_445)
    assert .56 <= places.share_beyond(5) <= .70
    assert .8 < np.log(places.people).std() < 1.0
    assert len(set(places.village_id)) == 264
    home = places.km_nearest < 1
    assert places.people[home].mean() > 2 * places.people[~home].mean()
    assert (places.facility_level == 2).sum() == 1
    middle = np.abs(places.village_lat - 13).max() * DEGREE
    assert places.km_hospital.max() < 1.6 * middle
    lat, lon = places.village_lat, places.village_lon
    km = haversine_km(lat[:, None], lon[:, None], lat, lon)
    assert .45 <= (np.sort(km, axis=1)[:, 1] <= 3).mean() <= .70


def test_a_made_up_district_is_its_seed_and_nothing_else():
    one, again, other = synthetic_places(seed=1), synthetic_places(seed=1), synthetic_places(seed=2)
    assert np.array_equal(one.km_nearest, again.km_nearest)
    assert np.array_equal(one.people, again.people)
    assert not np.array_equal(one.people, other.people)
    assert one.people.sum() == other.people.sum() == 60_000


def test_the_smallest_made_up_district_is_one_village():
    places = synthetic_places(zones=1, villages_per_zone=1, people=300)
    assert (places.n_villages, places.n_zones, places.people.tolist()) == (1, 1, [300])


@pytest.mark.parametrize(("given", "message"), [
    ({"zones": 0}, "zones = 0: must lie in 1 to 10000"),
    ({"people": 10}, "people = 10: must lie in 88 to 1e+09"),
    ({"radius_km": 0}, "radius_km = 0: must lie in 0.5 to 50"),
    ({"village_sigma": float("nan")}, "village_sigma = nan: must lie in 0 to 3"),
    ({"zones": 10_000, "people": 10**7, "radius_km": 50},
     "zones = 10000 of radius_km = 50 make a district of 10000 km across; at most 5000 km can be drawn"),
])
def test_a_district_that_cannot_be_drawn_is_refused(given, message):
    with refused(message):
        synthetic_places(**given)
