"""Small made-up folders of places, with the columns and the kinds of dirt of the real ones."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

VILLAGE_HEADER = ("village_id,region,cercle,arrondissement,commune,village,lat,lon,qc_nocoord,"
                  "qc_dupcoord,km_from_commune_median,km_public_facility,pop2009_alloc,km_facility,nearest_facility_id")
FACILITY_HEADER = ("facility_id,admin1,name,type_raw,ownership,lat,lon,coord_source,iso3,type9,tier,"
                   "tier_name,lat_who,lon_who,geocode,village_id,km_moved,cercle_of_nearest_village")
CENTRE, REFERRAL = "Community Health Centre", "Referral Health Centre"


def village(key: str, lat: object, lon: object, *, people: object, km: object = "") -> str:
    """One row of villages.csv as the real one has it."""
    return f"{key},MOPTI,CERCLE,ARR,COMMUNE,Village {key},{lat},{lon},0,0,1.0,,{people},{km},F1"


def facility(key: str, lat: object, lon: object, *, kind: str = CENTRE, type9: str = "Community Health Unit",
             ownership: str = "") -> str:
    """One row of facilities.csv as the real one has it: its village_id column is shared by two facilities."""
    first = f"{key},Mopti,{key} {kind},{kind},{ownership},{lat},{lon}"
    return f"{first},GPS,MLI,{type9},2.0,Tier2,1,1,who_coord,V1,,C"


CLEAN_VILLAGES = [
    village("V1", 14.0, -4.0, people=2000), village("V2", 14.0, -3.9, people=900),
    village("V3", 14.0, -3.88, people=700), village("V4", 14.0, -3.6, people=1500),
    village("V5", 14.1, -3.6, people=400),
]
CLEAN_FACILITIES = [
    facility("F1", 14.0, -4.0), facility("F2", 14.0, -3.6),
    facility("R1", 14.0, -4.0, kind=REFERRAL, type9="Hospital", ownership="Govt."),
]


def write_folder(folder: Path, *, villages: list[str] | None = None,
                 facilities: list[str] | None = None) -> Path:
    """A folder of two lists; without rows given, a clean district of five villages and two zones."""
    rows = CLEAN_VILLAGES if villages is None else villages
    (folder / "villages.csv").write_text("\n".join([VILLAGE_HEADER, *rows]) + "\n", encoding="utf-8")
    rows = CLEAN_FACILITIES if facilities is None else facilities
    (folder / "facilities.csv").write_text("\n".join([FACILITY_HEADER, *rows]) + "\n", encoding="utf-8")
    return folder



def refused(message: str):
    """The call must raise ValueError with exactly this one line."""
    return pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z")


needs_real_places = pytest.mark.skipif(not os.environ.get("ICCMSIM_DATA"),
                                       reason="ICCMSIM_DATA does not name a folder of real districts")
