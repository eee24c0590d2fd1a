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
OUTLIER_KM = 100.0  # a village this far from every facility is more often a wrong coordinate than a place

REFERRAL_WORDS = ("hospital", "hospitalier", "hopital", "referral", "reference", "csref",
                  "antenne chirurgicale")
SHORT_REFERRAL, SHORT_CENTRE = re.compile(r"\bc\W*s\W*ref"), re.compile(r"\bc\W*s\W*com")  # "CS Réf", "C.S.Com."
FIRST_LEVEL_WORDS = ("health cent", "centre de sante", "cscom", "csps", "csi", "health unit",
                     "clinic", "cliniq", "dispens", "post", "health station", "health hut", "case de sante",
                     "medical cent", "centre medical", "maternit")
COMMUNITY_POST_WORDS = ("health hut", "case de sante", "community health post")
NOT_CARE_WORDS = ("pharmac", "laborator", "drug shop", "depot", "cabinet dentaire", "dentist")


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


@dataclass(frozen=True, eq=False)
class Places:
    """A district on the map: villages with their people, facilities, and which village is whose.

    Arrays have one element a village (`village_*`, `people`, `zone`, `km_*`), a facility (`facility_*`) or
    a zone (`zone_facility`: index into the facilities), and cannot be written. `people_dropped` lived in
    villages that could not be placed; `people_imputed` is a guess that stands for missing counts.
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
    zone_facility: np.ndarray
    zone_district: tuple[tuple[str, str], ...] = ()  # region and district where most people of a zone live
    people_dropped: int = 0
    people_imputed: int = 0
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


def facility_level(*types: str) -> tuple[int, str]:
    """Level of a facility from its type, first wording that says something first: (level, what to report).

    Level 2 receives referrals, 1 is first-level care, 0 gives no care to a sick child (a pharmacy).
    """
    for text in types:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        if any(word in plain for word in NOT_CARE_WORDS):
            return 0, "dropped: does not examine sick children"
        if any(word in plain for word in REFERRAL_WORDS) or SHORT_REFERRAL.search(plain):
            return 2, ""
        if any(word in plain for word in COMMUNITY_POST_WORDS):
            return 1, "counted as first level, though it may be a community post"
        if any(word in plain for word in FIRST_LEVEL_WORDS) or SHORT_CENTRE.search(plain):
            return 1, ""
    return 1, "unknown type, counted as first level"


def make_places(name: str, villages: Sequence[Village], *, facilities: Sequence[Facility],
                dirt: Sequence[Dirt] = (), people_dropped: int = 0, people_imputed: int = 0) -> Places:
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
    more = list(dirt) + _compare_km(villages, km_nearest, to_lat=f_lat, to_lon=f_lon)
    if len(second):
        _, km_hospital = nearest(lat, lon, to_lat=f_lat[second], to_lon=f_lon[second])
    else:
        km_hospital = np.full(len(lat), HOSPITAL_KM_IF_NONE)
        more.append(Dirt("facilities.csv", 0, "type", "no referral centre or hospital",
                         f"{HOSPITAL_KM_IF_NONE:g} km to the hospital assumed for every village"))
    return _frozen(Places(
        name=name, village_id=tuple(v.id for v in villages), village_name=tuple(v.name for v in villages),
        village_lat=lat, village_lon=lon, people=people.astype(np.int64), zone=zone.astype(np.int64),
        km_nearest=km_nearest, km_facility=km_facility, km_hospital=km_hospital,
        facility_id=tuple(f.id for f in facilities), facility_name=tuple(f.name for f in facilities),
        facility_level=level.astype(np.int64), facility_lat=f_lat, facility_lon=f_lon,
        zone_facility=served.astype(np.int64), zone_district=_districts(villages, zone),
        people_dropped=people_dropped, people_imputed=people_imputed, dirt=tuple(more)))


def _districts(villages: Sequence[Village], zone: np.ndarray) -> tuple[tuple[str, str], ...]:
    """Region and district of each zone: those of most of its people, the first in the list in a tie."""
    people: list[dict[tuple[str, str], int]] = [{} for _ in range(int(zone.max()) + 1)]
    for village, own in zip(villages, zone.tolist(), strict=True):
        name = (village.region, village.district)
        people[own][name] = people[own].get(name, 0) + village.people
    return tuple(max(counted, key=lambda name: counted[name]) for counted in people)


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


def _if_exchanged(village: Village, *, to_lat: np.ndarray, to_lon: np.ndarray) -> str:
    """That a village would be near a facility if its latitude and longitude changed places; else nothing."""
    km = float(haversine_km(np.float64(village.lon), np.float64(village.lat), to_lat, to_lon).min())
    exchanged = f" ({km:.0f} km if latitude and longitude are exchanged)"
    return exchanged if abs(village.lon) <= 90 and km <= OUTLIER_KM else ""


def _frozen(places: Places) -> Places:
    """Nobody moves a village after the map is drawn."""
    for value in vars(places).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return places
