"""A district's own lists of villages and facilities, read as they are found.

Lists come out of census offices, GPS walks and spreadsheets: with semicolons, decimal commas, Windows-1252, blank
cells, the same village twice. What is wrong is put right where that can be done without inventing anything,
said in one `Dirt` line each, and never stops the reading. Only what leaves no district to simulate is an
error: a missing file or column, less than half of the villages or of the facilities that can be placed, no health
centre, places that cannot be where the lists have them.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from statistics import median

from iccmsim.exchange.census import LEVELS, Census, census_of, share_out
from iccmsim.exchange.lists import SPOT, Sheet, degrees, number, read_sheet, without_thousands
from iccmsim.world.geography import (
    UNKNOWN_TYPE,
    Dirt,
    Facility,
    Places,
    Village,
    facility_level,
    make_places,
    plain_name,
)

VILLAGES, FACILITIES = "villages.csv", "facilities.csv"
ENVIRONMENT = "ICCMSIM_DATA"
MOST_KM = 500  # mean distance to the nearest facility; there is no such district, nor such a country
MOST_PEOPLE = 5_000_000  # more than any village or town quarter; a larger number is a slip of the pen
TOTAL = re.compile(r"((sous|sub|grand|s) ?)?tota(l|ls|ux)\b|(ensemble|somme)( d(u|e|es)\b|$)")  # begins a plain name
SAME_TOTAL = 0.01  # share by which a total may differ from the rows above it, some of which cannot be read
VILLAGE_COLUMNS = {
    "id": ("villageid", "villagecode", "id", "code", "uid", "osmid"),
    "name": ("village", "villagename", "name", "nom", "placename"),
    **SPOT,
    "people": ("people", "population", "pop", "pop2009alloc", "pop2009", "poptotal", "totalpopulation",
               "habitants", "populationtotale"),
    "km_facility": ("kmfacility",),
    "region": ("region", "admin1", "province"),
    "district": ("district", "cercle", "admin2", "healthdistrict", "districtsanitaire", "woreda"),
    "commune": ("commune", "admin3", "ward"),
}
FACILITY_COLUMNS = {
    "id": ("facilityid", "facilitycode", "id", "code", "uid", "dhis2uid"),
    "name": ("name", "nom", "facilityname", "facilityn", "facility"),
    **SPOT,
    "type": ("typeraw", "type", "facilitytype", "typefacility", "amenity"),
    "type9": ("type9",),
    "ownership": ("ownership", "owner", "operator", "proprietaire"),
    "region": VILLAGE_COLUMNS["region"],
}
CENSUS_COLUMNS = {key: VILLAGE_COLUMNS[key] for key in ("region", "district", "commune", "people")}


def find_places_folder(folder: str | os.PathLike[str] | None, case: str = "") -> Path:
    """The folder that has villages.csv: `folder` itself, else `folder`/`case` (or the last part of it); without one,
    $ICCMSIM_DATA.

    ValueError (one line) when there is none, saying where it was looked for and which districts are there.
    """
    given = folder if folder is not None else os.environ.get(ENVIRONMENT)
    if not given:
        raise ValueError(f"no folder of places for {case or 'the district'!r}: give --places FOLDER, or set "
                         f"{ENVIRONMENT} to a folder that holds {case or 'CASE'}/{VILLAGES}")
    root = Path(given)
    tried = [root] + ([root / case, root / Path(case).name, root / "cases" / case] if case else [])
    for candidate in tried:
        if (candidate / VILLAGES).is_file():
            return candidate
    there = sorted(p.parent.name for p in [*root.glob(f"*/{VILLAGES}"), *root.glob(f"cases/*/{VILLAGES}")])
    close = get_close_matches(case, there, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; found there: {', '.join(there)}" if there else ""
    looked = ", ".join(str(p / VILLAGES) for p in tried[:2])
    raise ValueError(f"{root}: no {VILLAGES} for places {case!r}: looked for {looked}{hint}")


def read_places(folder: str | os.PathLike[str], *, villages: str = VILLAGES, facilities: str = FACILITIES,
                census: str | None = None, growth: float = 1.0) -> Places:
    """Read a folder's lists of villages and facilities into a district, with every repair on its list.

    `census`: a list of people by area, `growth` times as many today, from which villages get theirs (census.py).
    ValueError (one line: file, key, rule) when no district can be made of it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise ValueError(f"{root}: no such folder; looked for {villages} and {facilities} in it")
    if census is None:
        placed, left, guessed, dirt = read_villages(root / villages)
        centres, more = read_facilities(root / facilities)
    else:
        guessed, dirt, left = 0, [], LeftOut()
        found = read_village_spots(root / villages, dirt)
        counted = read_census(root / census, dirt).grown(growth)
        centres, more = read_facilities(root / facilities)
        placed, left.people, shared = share_out(found, centres, counted)
        dirt += shared
    found = make_places(root.resolve().name, placed, facilities=centres, dirt=[*dirt, *more],
                        people_dropped=left.people, people_imputed=guessed, villages_dropped=left.uncounted)
    if (km := float(found.km_nearest.mean())) > MOST_KM:
        raise ValueError(f"{villages}, {facilities}: lat, lon: villages are {km:,.0f} km from the nearest facility on "
                         f"average: must be at most {MOST_KM} (is one of the lists of another place, or are latitude "
                         "and longitude exchanged in it?)")
    return found


@dataclass
class LeftOut:
    """Who of a list is in no village of the map: people, and villages of which nobody knows how many they are."""

    people: int = 0
    uncounted: int = 0


def read_villages(path: Path) -> tuple[list[Village], LeftOut, int, list[Dirt]]:
    """Villages that can be placed; who is left out with the others; people imputed; the dirt.

    A village without coordinates is dropped and its people counted; a missing count becomes the median. Of a village
    listed twice the first row holds; where the second counts other people, they are left out.
    """
    table = read_sheet(path, VILLAGE_COLUMNS, required=("lat", "lon", "people"))
    counts = _people(table)
    _leave_out_totals(table, counts)
    known = [counts[line] for line, _ in table.rows if counts[line] is not None]
    if table.rows and not known:
        raise ValueError(f"{table.file}: people: no number from 0 to {MOST_PEOPLE} in {len(table.rows)} rows")
    typical = round(median(known)) if known else 0
    placed, left = [], LeftOut()
    for line, row in table.rows:
        where, people = _where(table, line, row), counts[line]
        if where is not None:
            km = number(row.get("km_facility", ""), decimal_comma=table.decimal_comma)[0]
            placed.append(Village(*_identity(row, line), *where, people=typical if people is None else people,
                                  km_in_file=math.nan if km is None else km, line=line, **_areas(row)))
        else:
            left.people += people or 0
            left.uncounted += people is None
            table.note(line, "people", "unknown" if people is None else people, "dropped with their village")
    if not placed:
        raise ValueError(f"{table.file}: lat, lon: no usable village in {len(table.rows)} rows"
                         f"{_first(table)}")
    _refuse_odd_spots(table, placed, rows=len(table.rows))
    kept = _without_repeats(table, placed, left)
    _report_shared(table, kept)
    guessed = [v for v in kept if counts[v.line] is None]
    for v in guessed:
        table.note(v.line, "people", "missing", f"imputed {typical}, the median of the others")
    return kept, left, typical * len(guessed), table.dirt


def read_village_spots(path: Path, dirt: list[Dirt]) -> list[Village]:
    """Villages that can be placed, of a list that does not say how many people live in them (0 here)."""
    table = read_sheet(path, VILLAGE_COLUMNS, required=("lat", "lon", "region"))
    _leave_out_totals(table, {})
    spots = [(line, row, _where(table, line, row)) for line, row in table.rows]
    placed = [Village(*_identity(row, line), *where, people=0, line=line, **_areas(row))
              for line, row, where in spots if where is not None]  # fmt: skip
    if not placed:
        raise ValueError(f"{table.file}: lat, lon: no usable village in {len(table.rows)} rows{_first(table)}")
    _refuse_odd_spots(table, placed, rows=len(table.rows))
    kept = _without_repeats(table, placed)
    _report_shared(table, kept)
    dirt += table.dirt
    return kept


def read_census(path: Path, dirt: list[Dirt]) -> Census:
    """People by region, district and commune; a row that counts nobody is reported and passed over."""
    table = read_sheet(path, CENSUS_COLUMNS, required=("region", "people"), named=False)
    counts = _people(table)
    _leave_out_totals(table, counts)
    dirt += table.dirt
    census = census_of(table.rows, counts, file=table.file, dirt=dirt)
    if not census.people:
        raise ValueError(f"{table.file}: people: no area with a count (0 to {MOST_PEOPLE}) in {len(table.rows)} rows")
    return census


def _areas(row: dict[str, str]) -> dict[str, str]:
    """Region, district and commune of a row, blank where the file does not say."""
    return {level: row.get(level, "") for level in LEVELS}


def read_facilities(path: Path) -> tuple[list[Facility], list[Dirt]]:
    """Facilities that can be placed, with their level, and the dirt; one without coordinates is dropped."""
    table = read_sheet(path, FACILITY_COLUMNS, required=("lat", "lon", "type"))
    placed: list[Facility] = []
    nowhere = 0
    for line, row in table.rows:
        kinds = [row[key] for key in ("type", "type9") if row.get(key)]
        level, remark = facility_level(*kinds)
        if remark:
            table.note(line, "type", row.get("type", ""), remark)
        where = _where(table, line, row)
        nowhere += where is None and level > 0
        if where is None or level == 0:
            continue
        if re.search(r"\bpriv", " ".join([*kinds, row.get("ownership", "")]).lower()):
            table.note(line, "ownership", row.get("ownership", ""), "private, counted like a public facility")
        placed.append(Facility(*_identity(row, line), level, *where, line=line, region=row.get("region", ""),
                               type_known=remark != UNKNOWN_TYPE))  # fmt: skip
    if not any(f.level == 1 for f in placed):
        raise ValueError(f"{table.file}: type: no usable first-level facility in {len(table.rows)} rows"
                         f"{_first(table)}")
    _refuse_odd_spots(table, placed, rows=len(placed) + nowhere)
    kept = _without_repeats(table, placed)
    for level in (1, 2):
        _report_shared(table, [f for f in kept if f.level == level])
    return kept, table.dirt


def _first(table: Sheet) -> str:
    """The first thing that was wrong, for an error that says there is nothing left."""
    told = (f"; first: line {d.line}, {d.field} {d.value!r} {d.what_was_done}" for d in table.dirt if d.line)
    return next(told, "")


def _refuse_odd_spots(table: Sheet, placed: Sequence[Village | Facility], *, rows: int) -> None:
    """At least half of the rows must say where they are, and not the same number for latitude and longitude."""
    if 2 * len(placed) < rows:
        raise ValueError(f"{table.file}: lat, lon: only {len(placed)} of {rows} rows can be placed; at least half must "
                         f"be{_first(table)}")
    if len(placed) > 1 and all(each.lat == each.lon for each in placed):
        raise ValueError(f"{table.file}: lat, lon: are the same number in all rows (line {placed[0].line}: "
                         f"{placed[0].lat:.10g}); is one of the columns a copy of the other?")


def _people(table: Sheet) -> dict[int, int | None]:
    """People of each row, by line; None (and reported) when the cell is blank or no count of people."""
    found: dict[int, int | None] = {}
    given = {line: row.get("people", "") for line, row in table.rows}
    for line, bare in without_thousands(given).items():
        text, (value, grouped) = given[line], number(bare, decimal_comma=table.decimal_comma)
        if value is None or not 0 <= value <= MOST_PEOPLE:
            table.note(line, "people", text, "no usable number" if text else "blank")
            found[line] = None
            continue
        found[line] = math.floor(value + .5)
        if grouped or bare != text:
            table.note(line, "people", text, f"read as {value:.10g}")
        if found[line] != value:
            table.note(line, "people", text, f"rounded to {found[line]}")
        if value == 0:
            table.note(line, "people", text, "kept, though nobody lives there")
    return found


def _leave_out_totals(table: Sheet, counts: Mapping[int, int | None]) -> None:
    """A row of totals is no village and counts for nobody: whoever is in it lives in the rows above it.

    It has no place on the map, and says that it is a total, or has no name and the people of the rows above to 1 %.
    """
    rows, above = [], 0
    for line, row in table.rows:
        people, named = counts.get(line) or 0, [row[key] for key in ("id", "name", *LEVELS) if row.get(key)]
        adds_up = not named and above > 0 and abs(people - above) <= SAME_TOTAL * above
        if isinstance(_spot(row)[0], str) and (adds_up or any(TOTAL.match(plain_name(name)) for name in named)):
            table.dirt = [each for each in table.dirt if each.line != line]
            table.note(line, "row", ", ".join(named), "left out, a row of totals is no village and no area")
            continue
        rows.append((line, row))
        above += people
    table.rows = rows


def _where(table: Sheet, line: int, row: dict[str, str]) -> tuple[float, float] | None:
    """Latitude and longitude; None (and reported) when missing, 0 and 0, or not on the globe."""
    spot, shown = _spot(row)
    if isinstance(spot, str):
        table.note(line, "lat, lon", shown, spot)
        return None
    return spot


def _spot(row: dict[str, str]) -> tuple[tuple[float, float] | str, str]:
    """Latitude and longitude, or why there are none; and what the cells say."""
    pair = [row.get("lat", ""), row.get("lon", "")]
    if not any(pair) and row.get("geometry"):
        pair = re.findall(r"-?\d+(?:\.\d+)?", row["geometry"])[1::-1]
    shown = ", ".join(pair)
    lat, lon = ([degrees(cell) for cell in pair] + [None, None])[:2]
    if lat is None or lon is None:
        return "dropped, no coordinates", shown
    if lat == 0 and lon == 0:
        return "dropped, 0 and 0 stand for missing", shown
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return "dropped, outside [-90, 90] or [-180, 180]", shown
    return (lat, lon), shown


def _identity(row: dict[str, str], line: int) -> tuple[str, str]:
    """Id and name, each standing in for the other when blank, else the line of the file."""
    key, name = row.get("id", ""), row.get("name", "")
    return key or name or f"line-{line}", name or key or f"line-{line}"


def _without_repeats(table: Sheet, rows: list, left: LeftOut | None = None) -> list:
    """Each village or facility once: a repeated row is dropped, another place with a used id is renamed.

    A repeated village with other people may be a second quarter or a second count: its people are `left` out.
    """
    kept, by_id = [], {}
    for row in rows:
        before = by_id.get(row.id)
        if before is not None and (before.name, before.lat, before.lon) == (row.name, row.lat, row.lon):
            done = f"dropped, repeats line {before.line}"
            if left is not None and row.people != before.people:
                left.people += row.people
                done += f", which has {before.people} people, not {row.people}"
            table.note(row.line, "id", row.id, done)
            continue
        if before is not None:
            number = next(n for n in range(2, len(rows) + 2) if f"{row.id}#{n}" not in by_id)
            new = f"{row.id}#{number}"
            table.note(row.line, "id", row.id, f"kept as {new}, the id is used in line {before.line}")
            row = replace(row, id=new)
        by_id[row.id] = row
        kept.append(row)
    return kept


def _report_shared(table: Sheet, rows: list) -> None:
    """Report places on the very same spot: often two names of one place, or a copied coordinate."""
    seen: dict[tuple[float, float], object] = {}
    for row in rows:
        first = seen.setdefault((row.lat, row.lon), row)
        if first is not row:
            spot = f"{row.lat:.10g}, {row.lon:.10g}"
            table.note(row.line, "lat, lon", spot, f"kept, the same spot as line {first.line}")
