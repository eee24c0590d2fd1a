"""Real lists are dirty: what can be repaired is reported, what cannot is one clear line."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from places import (
    CENTRE,
    CLEAN_FACILITIES,
    CLEAN_VILLAGES,
    FACILITY_HEADER,
    VILLAGE_HEADER,
    facility,
    needs_real_places,
    refused,
    village,
    write_folder,
)

from iccmsim.exchange.district import load_places
from iccmsim.exchange.places_files import FACILITY_COLUMNS, VILLAGE_COLUMNS, find_places_folder, read_places
from iccmsim.exchange.repairs import foremost, summarise_dirt
from iccmsim.parameters.scenario import load_scenario
from iccmsim.world.geography import COMMUNITY_POST_WORDS, FIRST_LEVEL_WORDS, NOT_CARE_WORDS, REFERRAL_WORDS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "places.md"


def said(places) -> list[str]:
    return [str(d) for d in places.dirt]


def test_a_clean_folder_is_read_without_a_word(tmp_path):
    places = read_places(write_folder(tmp_path))
    assert said(places) == []
    assert places.village_id == ("V1", "V2", "V3", "V4", "V5")
    assert places.people.tolist() == [2000, 900, 700, 1500, 400]
    assert places.facility_id == ("F1", "F2", "R1")
    assert places.facility_level.tolist() == [1, 1, 2]
    assert places.name == tmp_path.name


def test_the_village_id_of_a_facility_is_not_taken_for_its_own(tmp_path):
    both_in_one_village = read_places(write_folder(tmp_path))
    assert len(set(both_in_one_village.facility_id)) == 3


DIRTY = [
    (village("V9", "", "", people=800), "villages.csv:7: lat, lon ', ': dropped, no coordinates"),
    (village("V9", "NA", "NA", people=800), "villages.csv:7: lat, lon 'NA, NA': dropped, no coordinates"),
    (village("V9", 0, 0, people=800), "villages.csv:7: lat, lon '0, 0': dropped, 0 and 0 stand for missing"),
    (village("V9", 140, -4, people=800),
     "villages.csv:7: lat, lon '140, -4': dropped, outside [-90, 90] or [-180, 180]"),
    (village("V9", 14, -400, people=800),
     "villages.csv:7: lat, lon '14, -400': dropped, outside [-90, 90] or [-180, 180]"),
    (village("V9", 14.2, -3.6, people=""), "villages.csv:7: people '': blank"),
    (village("V9", 14.2, -3.6, people=-5), "villages.csv:7: people '-5': no usable number"),
    (village("V9", 14.2, -3.6, people="many"), "villages.csv:7: people 'many': no usable number"),
    (village("V9", 14.2, -3.6, people="nan"), "villages.csv:7: people 'nan': no usable number"),
    (village("V9", 14.2, -3.6, people="1e300"), "villages.csv:7: people '1e300': no usable number"),
    (village("V9", 14.2, -3.6, people="1 250"), "villages.csv:7: people '1 250': read as 1250"),
    (village("V9", 14.2, -3.6, people='"1,250"'), "villages.csv:7: people '1,250': read as 1250"),
    (village("V9", 14.2, -3.6, people="1.250"), "villages.csv:7: people '1.250': read as 1250"),
    (village("V9", 14.2, -3.6, people="1.250.000"), "villages.csv:7: people '1.250.000': read as 1250000"),
    (village("V9", 14.2, -3.6, people="12.5"), "villages.csv:7: people '12.5': rounded to 13"),
    (village("V9", 14.2, -3.6, people="0.125"), "villages.csv:7: people '0.125': rounded to 0"),
    (village("V9", 14.2, -3.6, people="1250.125"), "villages.csv:7: people '1250.125': rounded to 1250"),
    (village("V9", 14.2, -3.6, people=0), "villages.csv:7: people '0': kept, though nobody lives there"),
    (village("V1", 14.2, -3.6, people=80),
     "villages.csv:7: id 'V1': kept as V1#2, the id is used in line 2"),
    (village("V1", 14.0, -4.0, people=2000), "villages.csv:7: id 'V1': dropped, repeats line 2"),
    (village("V1", 14.0, -4.0, people=80),
     "villages.csv:7: id 'V1': dropped, repeats line 2, which has 2000 people, not 80"),
    (village("V9", 14.0, -4.0, people=80),
     "villages.csv:7: lat, lon '14, -4': kept, the same spot as line 2"),
    (village("V9", 16.0, -4.0, people=80),
     "villages.csv:7: lat, lon '16, -4': kept, but over 100 km from every facility"),
    (village("V9", -4.0, 14.2, people=80),
     "villages.csv:7: lat, lon '-4, 14.2': kept, but over 100 km from every facility (22 km if latitude and longitude "
     "are exchanged)"),
    (village("V9", 14.0, -4.0, people=80, km=3.2),
     "villages.csv:7: km_facility '3.2': ours from the coordinates is 0.00 km and is used"),
    (",,,,,,,,,,,,,,", "villages.csv:7: row '': blank row skipped"),
    (village("V9", 14.2, -3.6, people=80) + ",,1",
     "villages.csv:7: row '17 cells': read, though the header has 15"),
    ("V9,MOPTI", "villages.csv:7: lat, lon ', ': dropped, no coordinates"),
]


@pytest.mark.parametrize(("row", "report"), DIRTY)
def test_dirt_in_the_villages_is_reported_and_never_a_crash(tmp_path, row, report):
    places = read_places(write_folder(tmp_path, villages=[*CLEAN_VILLAGES, row]))
    assert report in said(places)
    assert {"V1", "V2", "V3", "V4", "V5"} <= set(places.village_id)
    assert len(set(places.village_id)) == places.n_villages


DIRTY_FACILITIES = [
    (facility("F9", "", ""), "facilities.csv:5: lat, lon ', ': dropped, no coordinates"),
    (facility("F9", 14, -3.8, kind="Casa Verde", type9=""),
     "facilities.csv:5: type 'Casa Verde': unknown type, counted as first level"),
    (facility("F9", 14, -3.8, kind="", type9=""),
     "facilities.csv:5: type '': unknown type, counted as first level"),
    (facility("F9", 14, -3.8, kind="Pharmacy"),
     "facilities.csv:5: type 'Pharmacy': dropped: does not examine sick children"),
    (facility("F9", 14, -3.8, kind="Clinic", ownership="Private"),
     "facilities.csv:5: ownership 'Private': private, counted like a public facility"),
    (facility("F9", 14, -3.8, kind="Health Hut"),
     "facilities.csv:5: type 'Health Hut': counted as first level, though it may be a community post"),
    (facility("F9", -4, 14), "facilities.csv:5: lat, lon '-4, 14': kept, but over 100 km from every village (0 km if "
     "latitude and longitude are exchanged)"),
    (facility("F9", 40.7, -4), "facilities.csv:5: lat, lon '40.7, -4': kept, but over 100 km from every village"),
    (facility("F1", 14, -3.8), "facilities.csv:5: id 'F1': kept as F1#2, the id is used in line 2"),
    (facility("F9", 14, -4), "facilities.csv:5: lat, lon '14, -4': kept, the same spot as line 2"),
]


@pytest.mark.parametrize(("row", "report"), DIRTY_FACILITIES)
def test_dirt_in_the_facilities_is_reported_and_never_a_crash(tmp_path, row, report):
    places = read_places(write_folder(tmp_path, facilities=[*CLEAN_FACILITIES, row]))
    assert report in said(places)
    assert {"F1", "F2", "R1"} <= set(places.facility_id)


def test_people_of_a_dropped_village_are_counted_as_lost(tmp_path):
    rows = [*CLEAN_VILLAGES, village("V9", "", "", people=800)]
    places = read_places(write_folder(tmp_path, villages=rows))
    assert places.people_dropped == 800
    assert places.people.sum() == 5500
    assert "villages.csv:7: people '800': dropped with their village" in said(places)


@pytest.mark.parametrize("total", [
    "TOTAL,,,,,,,,,,,,5500,,", ",,,,,Total général,-,-,,,,,5500,,", ",MOPTI,Sous-total CERCLE,,,,,,,,,,5400,,",
    ",,,,,S/Totaux,,,,,,,5500,,", ",,,,,Ensemble du cercle,,,,,,,,,",
    ",,,,,,,,,,,,5500,,", ",,,,,,70.1,-190,,,,,5460,,",
])  # fmt: skip
def test_a_row_of_totals_is_no_village_and_counts_for_nobody(tmp_path, total):
    unknown = village("V8", 14.2, -3.6, people="")
    clean = read_places(write_folder(tmp_path, villages=[*CLEAN_VILLAGES, unknown]))
    places = read_places(write_folder(tmp_path, villages=[*CLEAN_VILLAGES, total, unknown]))
    assert (places.village_id, places.people.tolist()) == (clean.village_id, clean.people.tolist())
    assert (places.people_dropped, places.people_imputed) == (0, 900)
    assert [each for each in said(places) if each.startswith("villages.csv:7: ")] == [
        next(each for each in said(places) if each.endswith("left out, a row of totals is no village and no area"))]


@pytest.mark.parametrize("row", [
    village("TOTAL", 14.2, -3.6, people=5500), village("Totota", "", "", people=5500),
    village("V9", "", "", people=5500), ",,,,,,,,,,,,900,,",
])  # fmt: skip
def test_a_village_is_not_taken_for_a_row_of_totals(tmp_path, row):
    places = read_places(write_folder(tmp_path, villages=[*CLEAN_VILLAGES, row]))
    assert not any("totals" in each for each in said(places))
    assert places.people_dropped + places.people.sum() > 5500


def test_a_row_of_totals_does_not_make_half_of_the_rows_unplaced(tmp_path):
    rows = [CLEAN_VILLAGES[0], ",,,,,Total A,,,,,,,2000,,", ",,,,,Total B,,,,,,,2000,,"]
    assert read_places(write_folder(tmp_path, villages=rows)).n_villages == 1


def test_missing_people_are_the_median_of_the_others_and_said_to_be(tmp_path):
    rows = [*CLEAN_VILLAGES, village("V8", 14.2, -3.6, people=""), village("V9", 14.2, -3.7, people="?")]
    places = read_places(write_folder(tmp_path, villages=rows))
    assert places.people.tolist()[-2:] == [900, 900]
    assert places.people_imputed == 1800
    assert "villages.csv:8: people 'missing': imputed 900, the median of the others" in said(places)


def test_people_of_a_repeated_village_with_another_count_are_left_out_and_counted(tmp_path):
    again = [village("V1", 14.0, -4.0, people=2000), village("V2", 14.0, -3.9, people=800)]
    places = read_places(write_folder(tmp_path, villages=[*CLEAN_VILLAGES, *again]))
    assert (places.people.sum(), places.people_dropped) == (5500, 800)


def test_a_hospital_that_is_too_far_for_most_is_told(tmp_path):
    far = facility("R1", 14.0, -2.7, kind="Hospital")
    places = read_places(write_folder(tmp_path, facilities=[*CLEAN_FACILITIES[:2], far]))
    assert said(places) == ["facilities.csv:0: lat, lon 'of referral facilities': kept, but over 100 km from the "
                            "people on average (122 km)"]  # fmt: skip
    assert foremost(places.dirt)[0].what_was_done.startswith("kept, but over")


def test_without_a_hospital_a_stated_distance_is_assumed(tmp_path):
    places = read_places(write_folder(tmp_path, facilities=CLEAN_FACILITIES[:2]))
    assert set(places.km_hospital.tolist()) == {30.0}
    assert said(places) == ["facilities.csv:0: type 'no referral centre or hospital': "
                            "30 km to the hospital assumed for every village"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_spreadsheets_csv_gives_the_same_district(tmp_path, encoding, end):
    write_folder(tmp_path)
    rows = ["Code;Nom;Latitude;Longitude;Population", "V1;Ségou;14,0;-4,0;2000", "V2;Bé;14,0;-3,9;900,4"]
    (tmp_path / "villages.csv").write_bytes(end.join(rows).encode(encoding))
    places = read_places(tmp_path)
    assert places.village_name == ("Ségou", "Bé")
    assert places.village_lon.tolist() == [-4.0, -3.9]
    assert places.people.tolist() == [2000, 900]
    latin = ["villages.csv:0: encoding 'not UTF-8': read as Windows-1252"]
    rounded = ["villages.csv:3: people '900,4': rounded to 900"]
    assert said(places) == [*(latin if encoding == "latin-1" else []), *rounded]


@pytest.mark.parametrize(("name", "how"), [("N’Djaména Œ".encode("cp1252"), "Windows-1252"), (b"B\xe9\x81", "latin-1")])
def test_a_sheet_of_windows_keeps_its_signs_and_no_byte_stops_the_reading(tmp_path, name, how):
    write_folder(tmp_path)
    (tmp_path / "villages.csv").write_bytes(b"id,name,lat,lon,people\nV1," + name + b",14,-4,900\n")
    places = read_places(tmp_path)
    assert places.village_name == (name.decode("cp1252" if how == "Windows-1252" else how),)
    assert said(places) == [f"villages.csv:0: encoding 'not UTF-8': read as {how}"]


def test_headers_are_read_with_their_accents_or_without(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "villages.csv").write_text("Nom;Latitude;Longitude;Région;Préfecture;Population totale\n"
                                           "Bé;14,0;-4,0;Mopti;Kolo;2000\n", encoding="utf-8")
    (tmp_path / "facilities.csv").write_text("Nom;Latitude;Longitude;Type;Propriétaire\n"
                                             "Bé;14,0;-4,0;CSCom;Privé\n", encoding="utf-8")
    places = read_places(tmp_path)
    assert places.zone_district == (("Mopti", ""),)
    assert "facilities.csv:2: ownership 'Privé': private, counted like a public facility" in said(places)


@pytest.mark.parametrize(("given", "read"), [
    (("1.500", "12.300", "900"), [1500, 12_300, 900]),
    (("1,500", "12.300", "900"), [1500, 12_300, 900]),
    (("965.123", "12.5", "900"), [965, 13, 900]),
    (("965,123", "1481,25", "900"), [965, 1481, 900]),
])  # fmt: skip
def test_a_point_is_of_thousands_unless_the_column_has_fractions(tmp_path, given, read):
    write_folder(tmp_path)
    rows = [f"V{n};Village {n};14,0;-4,{n};{people}" for n, people in enumerate(given)]
    text = "\n".join(["id;name;lat;lon;people", *rows])
    (tmp_path / "villages.csv").write_text(text + "\n", encoding="utf-8")
    places = read_places(tmp_path)
    assert places.people.tolist() == read
    noted = [d.line for d in places.dirt if d.field == "people"]
    assert noted == [2, 3]


def test_points_may_stand_in_a_geometry_column(tmp_path):
    write_folder(tmp_path)
    text = "name\tgeometry\tpopulation\nA\tPOINT (-4.0 14.0)\t500\nB\tPOINT ()\t500\n"
    (tmp_path / "villages.csv").write_text(text, encoding="utf-8")
    places = read_places(tmp_path)
    assert (places.village_lat.tolist(), places.village_lon.tolist()) == ([14.0], [-4.0])
    assert places.people_dropped == 500


def test_the_summary_counts_each_kind_of_repair(tmp_path):
    rows = [*CLEAN_VILLAGES, village("V1", 14.2, -3.6, people=1), village("V2", 14.2, -3.7, people=1)]
    places = read_places(write_folder(tmp_path, villages=rows))
    assert summarise_dirt(places.dirt) == {
        "villages.csv id: kept with a new id, the id is used in line #": 2}


def test_the_summary_keeps_numbers_that_do_not_differ_and_names_unknown_types(tmp_path):
    rows = [*CLEAN_VILLAGES, village("V8", 16.0, -4, people=10), village("V9", 17.0, -4, people=10)]
    centres = [*CLEAN_FACILITIES, facility("F9", 14, -3.8, kind="Casa", type9="")]
    write_folder(tmp_path, villages=rows, facilities=centres)
    with (tmp_path / "villages.csv").open("ab") as file:
        file.write("V10,,,,,Bé,14.3,-3.7,,,,,7,,\n".encode("latin-1"))
    assert summarise_dirt(read_places(tmp_path).dirt) == {
        "villages.csv encoding: read as Windows-1252": 1,
        "villages.csv lat, lon: kept, but over 100 km from every facility": 2,
        "facilities.csv type 'Casa': unknown type, counted as first level": 1,
    }


def test_what_loses_people_or_care_is_told_before_what_was_spelt_oddly(tmp_path):
    odd = [village(f"V1{n}", 14.2 + n / 100, -3.6, people="1.250") for n in range(3)]
    lost = [",,,,,,,,,,,,,,", village("V7", 14.2, -3.7, people=""), village("V8", "", "", people=80),
            village("V9", 16.0, -4.0, people=80), "Total,,,,,,,,,,,,9000,,"]  # fmt: skip
    places = read_places(write_folder(tmp_path, villages=[*CLEAN_VILLAGES, *odd, *lost],
                                      facilities=[*CLEAN_FACILITIES, facility("F9", 14, -3.8, kind="?", type9="")]))
    told = [each.what_was_done.split(",")[0] for each in foremost(places.dirt)]
    first = {"dropped", "dropped with their village", "kept", "left out", "unknown type"}
    assert set(told[:5]) == first
    assert told[5:7] == ["blank", "imputed 1075"]
    assert set(told[7:]) == {"read as 1250", "blank row skipped"}
    assert len(told) == len(places.dirt)


def only(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


PEOPLELESS = [village(f"V{k}", 14, -4, people="") for k in range(2)]
PLACELESS = [village("V1", "", "", people=10), village("V2", 200, 0, people=10)]
NO_CENTRE = [facility("R1", 14, -4, kind="Hospital"), facility("F1", "", "")]
BROKEN = [
    ("villages.csv", None, "villages.csv: no such file; looked for {folder}{sep}villages.csv"),
    ("facilities.csv", None, "facilities.csv: no such file; looked for {folder}{sep}facilities.csv"),
    ("villages.csv", "", "villages.csv: empty; the first line must name the columns"),
    ("villages.csv", "\n ,, \n", "villages.csv: empty; the first line must name the columns"),
    ("villages.csv", "PK\3\4\0\0",
     "villages.csv: not a table of text but a binary file; save the sheet as CSV"),
    ("villages.csv", only(VILLAGE_HEADER), "villages.csv: lat, lon: no usable village in 0 rows"),
    ("villages.csv", only(VILLAGE_HEADER, *PLACELESS), "villages.csv: lat, lon: no usable village in 2 rows; "
     "first: line 2, lat, lon ', ' dropped, no coordinates"),
    ("villages.csv", only(VILLAGE_HEADER, *PEOPLELESS),
     "villages.csv: people: no number from 0 to 5000000 in 2 rows"),
    ("villages.csv", only(VILLAGE_HEADER, village("V1", 14, -4, people=0)),
     "{name}: people is 0 in all 1 villages; one must be inhabited"),
    ("villages.csv", only(VILLAGE_HEADER, CLEAN_VILLAGES[0], '"' + CLEAN_VILLAGES[1], *CLEAN_VILLAGES[2:]),
     "villages.csv: line 3: the cell 'V2,MOPTI,CERCLE,ARR,COMMUNE,Village V2,1' must end on its line; a quotation mark "
     "is not closed, or there is a line break in it"),
    ("villages.csv", only(VILLAGE_HEADER, *CLEAN_VILLAGES[:4]) + '"' + CLEAN_VILLAGES[4],
     "villages.csv: line 6: the cell 'V5,MOPTI,CERCLE,ARR,COMMUNE,Village V5,1' must end on its line; a quotation mark "
     "is not closed, or there is a line break in it"),
    ("facilities.csv", 'id,name,lat,lon,type\nF1,"Health\ncentre",14,-4,CSCom\n', "facilities.csv: line 2: the cell "
     "'Health' must end on its line; a quotation mark is not closed, or there is a line break in it"),
    ("villages.csv", only(VILLAGE_HEADER, CLEAN_VILLAGES[0], *PLACELESS), "villages.csv: lat, lon: only 1 of 3 rows "
     "can be placed; at least half must be; first: line 3, lat, lon ', ' dropped, no coordinates"),
    ("facilities.csv", only(FACILITY_HEADER, CLEAN_FACILITIES[0], *[facility("F9", "", "")] * 2),
     "facilities.csv: lat, lon: only 1 of 3 rows can be placed; at least half must be; first: line 3, lat, lon ', ' "
     "dropped, no coordinates"),
    ("villages.csv", "id,lat,lon,people\nV1,14,14,90\nV2,14.5,14.5,90\n", "villages.csv: lat, lon: are the same number "
     "in all rows (line 2: 14); is one of the columns a copy of the other?"),
    ("villages.csv", "id,lat,lon,people\nV1,-4,14,90\nV2,-3.9,14,90\n", "villages.csv, facilities.csv: lat, lon: "
     "villages are 2,784 km from the nearest facility on average: must be at most 500 (is one of the lists of another "
     "place, or are latitude and longitude exchanged in it?)"),
    ("villages.csv", "id,latt,lon,people\nV1,1,1,1\n",
     "villages.csv: column 'lat' is required (also known as latitude, y); did you mean 'latt'?"),
    ("villages.csv", "id,lat,Longitud,people\nV1,1,1,1\n",
     "villages.csv: column 'lon' is required (also known as long, lng, longitude, x); did you mean 'Longitud'?"),
    ("villages.csv", "id,lat,lon,Poplation\nV1,1,1,1\n", "villages.csv: column 'people' is required "
     "(also known as population, pop, pop2009alloc, pop2009, poptotal, totalpopulation, "
     "habitants, populationtotale); did you mean 'Poplation'?"),
    ("villages.csv", "id,lat,lon\nV1,1,1\n", "villages.csv: column 'people' is required "
     "(also known as population, pop, pop2009alloc, pop2009, poptotal, totalpopulation, "
     "habitants, populationtotale); the file has id, lat, lon"),
    ("villages.csv", "lat,lon,people\n1,1,1\n", "villages.csv: column 'name' is required "
     "(also known as village, villagename, nom, placename); the file has lat, lon, people"),
    ("facilities.csv", "id,lat,lon,tipe\nF1,1,1,CSCom\n", "facilities.csv: column 'type' is required "
     "(also known as typeraw, facilitytype, typefacility, amenity); did you mean 'tipe'?"),
    ("facilities.csv", only(FACILITY_HEADER),
     "facilities.csv: type: no usable first-level facility in 0 rows"),
    ("facilities.csv", only(FACILITY_HEADER, *NO_CENTRE),
     "facilities.csv: type: no usable first-level facility "
     "in 2 rows; first: line 3, lat, lon ', ' dropped, no coordinates"),
    ("facilities.csv", 'id,lat,lon,type\nF1,1,1,"' + "x" * 140_000 + '"\n',
     "facilities.csv: line 2: not a table of text (field larger than field limit (131072))"),
]


@pytest.mark.parametrize(("file", "text", "message"), BROKEN)
def test_what_leaves_no_district_is_one_line_that_names_file_key_and_rule(tmp_path, file, text, message):
    write_folder(tmp_path)
    if text is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(text, encoding="utf-8")
    with refused(message.format(folder=tmp_path, sep=os.sep, name=tmp_path.name)):
        read_places(tmp_path)


def test_a_file_under_nearly_the_right_name_is_pointed_out(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "villages.csv").rename(tmp_path / "village.csv")
    with pytest.raises(ValueError, match=r"did you mean 'village\.csv'"):
        read_places(tmp_path)


def test_a_missing_folder_says_what_was_looked_for(tmp_path):
    message = (f"{tmp_path / 'nowhere'}: no such folder; "
               "looked for villages.csv and facilities.csv in it")
    with refused(message):
        read_places(tmp_path / "nowhere")


def test_a_districts_folder_is_found_from_above_and_from_the_environment(tmp_path, monkeypatch):
    (tmp_path / "bankass").mkdir()
    home = write_folder(tmp_path / "bankass")
    assert find_places_folder(home) == home
    assert find_places_folder(tmp_path, "bankass") == home
    monkeypatch.setenv("ICCMSIM_DATA", str(tmp_path))
    assert find_places_folder(None, "bankass") == home
    message = (f"{tmp_path}: no villages.csv for places 'bankas': looked for {tmp_path / 'villages.csv'}, "
               f"{Path(tmp_path, 'bankas', 'villages.csv')}; did you mean 'bankass'?")
    with refused(message):
        find_places_folder(tmp_path, "bankas")


def test_without_a_folder_the_message_says_how_to_give_one(monkeypatch):
    monkeypatch.delenv("ICCMSIM_DATA", raising=False)
    message = ("no folder of places for 'bankass': give --places FOLDER, or set ICCMSIM_DATA "
               "to a folder that holds bankass/villages.csv")
    with refused(message):
        find_places_folder(None, "bankass")


def test_the_page_on_places_names_every_title_that_is_known_and_every_word_of_a_type():
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`]+)`", text))
    for columns in (VILLAGE_COLUMNS, FACILITY_COLUMNS):
        assert {title for known in columns.values() for title in known} - named == set()
    words = {*NOT_CARE_WORDS, *REFERRAL_WORDS, *COMMUNITY_POST_WORDS, *FIRST_LEVEL_WORDS}
    assert words - named == set()


def test_the_setting_on_the_page_gives_the_place_its_name(tmp_path):
    (tmp_path / "kolo.toml").write_text(re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1])
    for programme in ("facility-only", "iccm-as-delivered"):
        arm = tmp_path / f"{programme}.toml"
        arm.write_text(f'format = 1\nsetting = "kolo.toml"\nprogramme = "{programme}"\n')
        assert load_places(load_scenario(arm, places=write_folder(tmp_path))).name == "Kolo"


@needs_real_places
def test_bankass_reads_as_it_was_counted():
    places = read_places(find_places_folder(None, "bankass"))
    assert (places.n_villages, int(places.people.sum()), places.n_zones) == (282, 263_445, 24)
    assert places.share_beyond(5) == pytest.approx(.565, abs=.0005)
    assert not [d for d in places.dirt if d.field == "km_facility"]  # ours equals the file's within .01 km
    assert CENTRE in places.facility_name[0]
