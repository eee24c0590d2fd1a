"""A toy country: two regions of two districts each, a capital without villages, and a census with its dirt."""

from __future__ import annotations

from pathlib import Path

VILLAGES, CENTRES, CENSUS = "villages_xyz.csv", "facilities_xyz.csv", "census_xyz.csv"
DISTRICTS = {("EAST", "ALPHA"): 14.0, ("EAST", "BETA"): 14.6, ("WEST", "GAMMA"): 15.2, ("WEST", "DELTA"): 15.8}


def write_nation(folder: Path, *, census: str | None = None, villages: int = 8,
                 names: tuple[str, str, str] = (VILLAGES, CENTRES, CENSUS)) -> Path:  # fmt: skip
    """A folder of three lists: 20,000 people in EAST (12,000 of them in Alpha), 10,000 in WEST, a capital of 4,000."""
    rows, centres = ["village_id,region,cercle,commune,village,lat,lon"], ["id,admin1,name,type,lat,lon"]
    for number, ((region, district), lat) in enumerate(DISTRICTS.items()):
        where = f"{region},{district}"
        rows += [f"V{number}-{i},{where},C{i % 2},Village {i},{lat},{-4 + 0.06 * i}" for i in range(villages)]
        rows.append(f"V{number}-lost,{where},C0,Nowhere,,")
        centres.append(f"F{number},{region.title()},Centre {number},Community Health Centre,{lat},-4.0")
    centres += ["F8,Capital,Centre 8,Health Centre,13.0,-4.0", "F9,Capital,Centre 9,Health Centre,13.0,-4.2",
                "R1,Capital,Big house,Regional Hospital,13.0,-4.1"]  # fmt: skip
    counted = ["level,region,cercle,commune,pop_2009,pop_1998",
               "region,East,,,20000,15000", "region,WEST,,,10000,8000", "region,CAPITAL,,,4000,2000",
               "cercle,East,Alpha,,12000,", "commune,East,Alpha,Vanished,500,", "region,Nobody counted,,,,"]
    for name, lines in zip(names, (rows, centres, counted), strict=True):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if census is not None:
        (folder / names[2]).write_text(census, encoding="utf-8")
    return folder


def nation_scenario(folder: Path, *, programme: str = "facility-only") -> Path:
    """A scenario file of that country."""
    path = folder / f"{programme}.toml"
    path.write_text(f"""
format = 1
name = "{programme}"
extends = "sahel/{programme}"
[setting.place]
kind = "files"
name = "Toyland"
villages = "{VILLAGES}"
facilities = "{CENTRES}"
census = "{CENSUS}"
[run]
days = 120
warmup_days = 30
tail_days = 0
""", encoding="utf-8")  # fmt: skip
    return path
