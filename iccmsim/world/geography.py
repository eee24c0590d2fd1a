"""Where people live, which facility is theirs, and how far it is.

A zone is one first-level facility with the villages that are nearer to it than to any other first-level
facility. A referral centre treats what is sent to it and makes no zone of its own. Distances are straight
lines in kilometres; the path a family walks is longer (a parameter of care-seeking, not of the map).

Real districts (`iccmsim.exchange.places_files`) and made-up ones (`iccmsim.world.made_up`) become `Places` by the
same function, `make_places`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

EARTH_KM = 6371.0  # mean radius of the earth (IUGG R1 is 6371.0088; the difference is 1 m in 700 km)
FAR_KM = 5.0  # "far from a facility" in the Malian norm; only used to describe a place
HOSPITAL_KM_IF_NONE = 30.0  # grade D; the means of Bankass, Bougouni and Koutiala are 42, 43 and 35 km
OUTLIER_KM = 100.0  # a village this far from every facility, or a facility this far from every village, is more often
# a wrong coordinate than a place (the loneliest facility of Bankass, Bougouni and Koutiala: 47 km from a village)

REFERRAL_WORDS = ("hospital", "hospitalier", "hopital", "referral", "reference", "csref",
                  "antenne chirurgicale")
SHORT_REFERRAL = re.compile(r"\bc\W*s\W*ref|\bc\.?(m\.?a|h\.?[ru])\b")  # "CS Réf", "C.M.A.", "CHR", "CHU"
SHORT_CENTRE = re.compile(r"\bc\W*s\W*com")  # "C.S.Com."
FIRST_LEVEL_WORDS = ("health cent", "centre de sante", "cscom", "csps", "csi", "health unit",
                     "clinic", "cliniq", "dispens", "post", "health station", "health hut", "case de sante",
                     "medical cent", "centre medical", "maternit")
COMMUNITY_POST_WORDS = ("health hut", "case de sante", "community health post")
NOT_CARE_WORDS = ("pharmac", "officine", "laborato", "drug shop", "depot", "cabinet dentaire", "dentist")
UNKNOWN_TYPE = "unknown type, counted as first level"
JOINED = re.compile(r"\s+(?:with|avec|and|et|plus)\s+|[+&]")  # between what one house has: a clinic and a laboratory


@dataclass(frozen=True)
class Dirt:
    """One thing that was wrong in a file, and what was done about it (line 0: the file as a whole)."""

    file: str
    line: int
    field: str
    value: str
    what_was_done: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field} {self.value!r}: {self.what_was_done}"


@dataclass(frozen=True)
class Village:
    """One village as a file or a made-up district gives it; `km_in_file` is only compared with ours."""

    id: str
    name: str
    lat: float
    lon: float
    people: int
    km_in_file: float = math.nan
    line: int = 0
    region: str = ""
    district: str = ""
    commune: str = ""


@dataclass(frozen=True)
class Facility:
    """One health facility: level 1 is the families' own health centre, level 2 the centre it refers to."""

    id: str
    name: str
    level: int
    lat: float
    lon: float
    line: int = 0
    region: str = ""
    type_known: bool = True


@dataclass(frozen=True, eq=False)
class Places:
    """A district on the map: villages with their people, facilities, and which village is whose.

    Arrays have one element a village (`village_*`, `people`, `zone`, `km_*`), a facility (`facility_*`) or
    a zone (`zone_facility`: index into the facilities), and cannot be written. `people_dropped` lived in
    villages that could not be placed, or are in a repeated row that counts others; `people_imputed` is a guess that
    stands for missing counts; `villages_dropped` could not be placed, and nobody knows how many lived there.
    """

    name: str
    village_id: tuple[str, ...]
    village_name: tuple[str, ...]
    village_lat: np.ndarray
    village_lon: np.ndarray
    people: np.ndarray
    zone: np.ndarray
    km_nearest: np.ndarray  # to the nearest facility of any level
    km_facility: np.ndarray  # to the first-level facility of the village's own zone
    km_hospital: np.ndarray  # to the nearest referral-level facility
    facility_id: tuple[str, ...]
    facility_name: tuple[str, ...]
    facility_level: np.ndarray
    facility_lat: np.ndarray
    facility_lon: np.ndarray
    facility_km: np.ndarray  # to the nearest village
    zone_facility: np.ndarray
    zone_district: tuple[tuple[str, str], ...] = ()  # region and district where most people of a zone live
    people_dropped: int = 0
    people_imputed: int = 0
    villages_dropped: int = 0
    types_unknown: int = 0  # facilities of a type nobody knows, counted as first level
    people_elsewhere: tuple[int, int] = (0, 0)  # whose zone is told with another region, another district than theirs
    dirt: tuple[Dirt, ...] = field(default=(), repr=False)

    @property
    def n_villages(self) -> int:
        """Villages that are on the map."""
        return len(self.village_id)

    @property
    def n_zones(self) -> int:
        """First-level facilities that have at least one village."""
        return len(self.zone_facility)

    @property
    def zone_people(self) -> np.ndarray:
        """People of each zone, all ages."""
        return np.bincount(self.zone, weights=self.people, minlength=self.n_zones).astype(np.int64)

    def share_beyond(self, km: float) -> float:
        """Share of the people who live `km` or more from any facility, in a straight line."""
        return float(self.people[self.km_nearest >= km].sum() / self.people.sum())

    def summary(self) -> dict[str, object]:
        """The district in ten numbers, for `iccmsim places` and for a report's table of settings."""
        return {
            "name": self.name, "villages": self.n_villages, "people": int(self.people.sum()),
            "zones": self.n_zones, "facilities_first_level": int((self.facility_level == 1).sum()),
            "facilities_referral": int((self.facility_level == 2).sum()),
            "share_people_5km_or_more": self.share_beyond(FAR_KM),
            "share_people_10km_or_more": self.share_beyond(2 * FAR_KM),
            "mean_km_nearest": float(np.average(self.km_nearest, weights=self.people)),
            "mean_km_hospital": float(np.average(self.km_hospital, weights=self.people)),
            "people_dropped": self.people_dropped, "people_imputed": self.people_imputed,
            "dirt": len(self.dirt),
        }


def haversine_km(lat1: np.ndarray, lon1: np.ndarray, lat2: np.ndarray, lon2: np.ndarray) -> np.ndarray:
    """Straight-line distance over the globe; degrees in, kilometres out, arrays broadcast."""
    a, b = np.radians(lat1), np.radians(lat2)
    sin_lat, sin_lon = np.sin((b - a) / 2), np.sin((np.radians(lon2) - np.radians(lon1)) / 2)
    h = sin_lat * sin_lat + np.cos(a) * np.cos(b) * sin_lon * sin_lon
    return 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0)))


def nearest(lat: np.ndarray, lon: np.ndarray, *, to_lat: np.ndarray,
            to_lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each place the index of, and km to, the nearest of the others (a tie goes to the lowest index)."""
    index, km = np.empty(len(lat), np.int64), np.empty(len(lat))
    for start in range(0, len(lat), 512):  # in blocks: a country is 12,000 villages by 1,500 facilities
        rows = slice(start, start + 512)
        d = haversine_km(lat[rows, None], lon[rows, None], to_lat[None], to_lon[None])
        index[rows] = d.argmin(axis=1)
        km[rows] = d.min(axis=1)
    return index, km


def plain_name(name: str) -> str:
    """A name as two lists may share it: lower case, without accents, signs and doubled blanks."""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", _bare(name)).split())


def _bare(text: str) -> str:
    """Lower case without accents; letters of other scripts are left out."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def facility_level(*types: str) -> tuple[int, str]:
    """Level of a facility from its type, first wording that says something first: (level, what to report).

    Level 2 receives referrals, 1 is first-level care, 0 gives no care to a sick child (a pharmacy). A pharmacy or a
    laboratory beside care ("clinic and laboratory") takes nothing from it.
    """
    for text in types:
        plain = _bare(text)
        parts = JOINED.split(plain)
        caring = [part for part in parts if not any(word in part for word in NOT_CARE_WORDS)]
        if found := _level_of(plain if caring == parts else " / ".join(caring)):
            return found
        if caring != parts:
            return 0, "dropped: does not examine sick children"
    return 1, UNKNOWN_TYPE


def _level_of(plain: str) -> tuple[int, str] | None:
    """Level 1 or 2 if a word says so, and what to report; None if no word is known."""
    if any(word in plain for word in REFERRAL_WORDS) or SHORT_REFERRAL.search(plain):
        return 2, ""
    if any(word in plain for word in COMMUNITY_POST_WORDS):
        return 1, "counted as first level, though it may be a community post"
    if any(word in plain for word in FIRST_LEVEL_WORDS) or SHORT_CENTRE.search(plain):
        return 1, ""
    return None


def make_places(name: str, villages: Sequence[Village], *, facilities: Sequence[Facility],
                dirt: Sequence[Dirt] = (), people_dropped: int = 0, people_imputed: int = 0,
                villages_dropped: int = 0) -> Places:
    """Give every village its zone and its distances.

    ValueError when there is no village, nobody in them, or no first-level facility.
    """
    _refuse_empty(name, villages, facilities)
    lat, lon, people = (_column(villages, key) for key in ("lat", "lon", "people"))
    f_lat, f_lon, level = (_column(facilities, key) for key in ("lat", "lon", "level"))
    first, second = np.flatnonzero(level == 1), np.flatnonzero(level == 2)
    own, km_facility = nearest(lat, lon, to_lat=f_lat[first], to_lon=f_lon[first])
    served, zone = np.unique(first[own], return_inverse=True)
    _, km_nearest = nearest(lat, lon, to_lat=f_lat, to_lon=f_lon)
    _, facility_km = nearest(f_lat, f_lon, to_lat=lat, to_lon=lon)
    more = list(dirt) + _compare_km(villages, km_nearest, to_lat=f_lat, to_lon=f_lon)
    more += _lonely(facilities, facility_km, to_lat=lat, to_lon=lon)
    if len(second):
        _, km_hospital = nearest(lat, lon, to_lat=f_lat[second], to_lon=f_lon[second])
        more += _far_hospital(facilities, float(np.average(km_hospital, weights=people)))
    else:
        km_hospital = np.full(len(lat), HOSPITAL_KM_IF_NONE)
        more.append(Dirt("facilities.csv", 0, "type", "no referral centre or hospital",
                         f"{HOSPITAL_KM_IF_NONE:g} km to the hospital assumed for every village"))
    names, elsewhere = _districts(villages, zone)
    return _frozen(Places(
        name=name, village_id=tuple(v.id for v in villages), village_name=tuple(v.name for v in villages),
        village_lat=lat, village_lon=lon, people=people.astype(np.int64), zone=zone.astype(np.int64),
        km_nearest=km_nearest, km_facility=km_facility, km_hospital=km_hospital,
        facility_id=tuple(f.id for f in facilities), facility_name=tuple(f.name for f in facilities),
        facility_level=level.astype(np.int64), facility_lat=f_lat, facility_lon=f_lon,
        facility_km=facility_km, zone_facility=served.astype(np.int64), zone_district=names,
        people_dropped=people_dropped, people_imputed=people_imputed, villages_dropped=villages_dropped,
        types_unknown=sum(not f.type_known for f in facilities), people_elsewhere=elsewhere, dirt=tuple(more)))


def _districts(villages: Sequence[Village],
               zone: np.ndarray) -> tuple[tuple[tuple[str, str], ...], tuple[int, int]]:  # fmt: skip
    """Region and district of each zone: those of most of its people, the first in the list in a tie.

    Also how many people are then told with another region, and with another district, than the list has for them.
    Spellings of one name are one area, named as it is first spelt.
    """
    spelt: dict[tuple[str, ...], str] = {}
    people: list[dict[tuple[str, str], int]] = [{} for _ in range(int(zone.max()) + 1)]
    homes = []
    for village, own in zip(villages, zone.tolist(), strict=True):
        region, district = _same(village.region), _same(village.district)
        home = (spelt.setdefault((region,), village.region), spelt.setdefault((region, district), village.district))
        people[own][home] = people[own].get(home, 0) + village.people
        homes.append(home)
    names = tuple(max(counted, key=lambda name: counted[name]) for counted in people)
    moved = [(v.people, home, names[own]) for v, home, own in zip(villages, homes, zone.tolist(), strict=True)]
    return names, (sum(n for n, home, told in moved if home[0] != told[0]),
                   sum(n for n, home, told in moved if home != told))  # fmt: skip


def _same(name: str) -> str:
    """What the spellings of a name share; of a script without a plain name, the name itself."""
    letters = [each for each in unicodedata.normalize("NFKD", name) if each.isalpha()]
    return plain_name(name) if letters and all(each.isascii() for each in letters) else name.casefold()


def _column(rows: Sequence[object], key: str) -> np.ndarray:
    """One attribute of all rows."""
    return np.array([getattr(row, key) for row in rows], dtype=np.float64)


def _refuse_empty(name: str, villages: Sequence[Village], facilities: Sequence[Facility]) -> None:
    """A district needs people and a health centre."""
    if not villages:
        raise ValueError(f"{name}: no village; a district needs at least one with coordinates")
    if sum(v.people for v in villages) <= 0:
        raise ValueError(f"{name}: people is 0 in all {len(villages)} villages; one must be inhabited")
    if not any(f.level == 1 for f in facilities):
        raise ValueError(f"{name}: no first-level facility among {len(facilities)}; a zone needs one")


def _compare_km(villages: Sequence[Village], km_nearest: np.ndarray, *, to_lat: np.ndarray,
                to_lon: np.ndarray) -> list[Dirt]:
    """Report where the file's own distance, or the plausibility of ours, disagrees with the coordinates."""
    found = []
    for v, km in zip(villages, km_nearest.tolist(), strict=True):
        if abs(v.km_in_file - km) > .01:
            found.append(Dirt("villages.csv", v.line, "km_facility", f"{v.km_in_file:g}",
                              f"ours from the coordinates is {km:.2f} km and is used"))
        if km > OUTLIER_KM:
            found.append(Dirt("villages.csv", v.line, "lat, lon", f"{v.lat:g}, {v.lon:g}",
                              f"kept, but over {OUTLIER_KM:g} km from every facility"
                              + _if_exchanged(v, to_lat=to_lat, to_lon=to_lon)))
    return found


def _lonely(facilities: Sequence[Facility], facility_km: np.ndarray, *, to_lat: np.ndarray,
            to_lon: np.ndarray) -> list[Dirt]:  # fmt: skip
    """Report facilities so far from every village that one of the lists may be wrong about where they are."""
    return [Dirt("facilities.csv", f.line, "lat, lon", f"{f.lat:g}, {f.lon:g}",
                 f"kept, but over {OUTLIER_KM:g} km from every village"
                 + _if_exchanged(f, to_lat=to_lat, to_lon=to_lon))
            for f, km in zip(facilities, facility_km.tolist(), strict=True) if km > OUTLIER_KM]  # fmt: skip


def _far_hospital(facilities: Sequence[Facility], km: float) -> list[Dirt]:
    """Report referral facilities of a list that are too far off for the people on average."""
    if km <= OUTLIER_KM or not any(f.line for f in facilities):
        return []
    return [Dirt("facilities.csv", 0, "lat, lon", "of referral facilities",
                 f"kept, but over {OUTLIER_KM:g} km from the people on average ({km:,.0f} km)")]  # fmt: skip


def _if_exchanged(each: Village | Facility, *, to_lat: np.ndarray, to_lon: np.ndarray) -> str:
    """That a place would be near the others if its latitude and longitude changed places; else nothing."""
    km = float(haversine_km(np.float64(each.lon), np.float64(each.lat), to_lat, to_lon).min())
    exchanged = f" ({km:.0f} km if latitude and longitude are exchanged)"
    return exchanged if abs(each.lon) <= 90 and km <= OUTLIER_KM else ""


def _frozen(places: Places) -> Places:
    """Nobody moves a village after the map is drawn."""
    for value in vars(places).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return places
