"""Where people live, which facility is theirs, and how far it is.

A zone is one first-level facility with the villages that are nearer to it than to any other first-level
facility. A referral centre treats what is sent to it and makes no zone of its own. Distances are straight
lines in kilometres; the path a family walks is longer (a parameter of care-seeking, not of the map).

Real districts (`iccmsim.exchange.places_files`) and made-up ones (`synthetic_places`) become `Places` by the
same function, `make_places`.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

EARTH_KM = 6371.0  # mean radius of the earth (IUGG R1 is 6371.0088; the difference is 1 m in 700 km)
FAR_KM = 5.0  # "far from a facility" in the Malian norm; only used to describe a place
HOSPITAL_KM_IF_NONE = 30.0  # grade D; the means of Bankass, Bougouni and Koutiala are 42, 43 and 35 km
OUTLIER_KM = 100.0  # a village this far from every facility is more often a wrong coordinate than a place

REFERRAL_WORDS = ("hospital", "hospitalier", "hopital", "referral", "reference", "csref",
                  "antenne chirurgicale")
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


@dataclass(frozen=True)
class Facility:
    """One health facility: level 1 is the families' own health centre, level 2 the centre it refers to."""

    id: str
    name: str
    level: int
    lat: float
    lon: float
    line: int = 0


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
        if any(word in plain for word in REFERRAL_WORDS):
            return 2, ""
        if any(word in plain for word in COMMUNITY_POST_WORDS):
            return 1, "counted as first level, though it may be a community post"
        if any(word in plain for word in FIRST_LEVEL_WORDS):
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
    more = list(dirt) + _compare_km(villages, km_nearest)
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
        zone_facility=served.astype(np.int64), people_dropped=people_dropped, people_imputed=people_imputed,
        dirt=tuple(more)))


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


def _compare_km(villages: Sequence[Village], km_nearest: np.ndarray) -> list[Dirt]:
    """Report where the file's own distance, or the plausibility of ours, disagrees with the coordinates."""
    found = []
    for v, km in zip(villages, km_nearest.tolist(), strict=True):
        if abs(v.km_in_file - km) > .01:
            found.append(Dirt("villages.csv", v.line, "km_facility", f"{v.km_in_file:g}",
                              f"ours from the coordinates is {km:.2f} km and is used"))
        if km > OUTLIER_KM:
            found.append(Dirt("villages.csv", v.line, "lat, lon", f"{v.lat:g}, {v.lon:g}",
                              f"kept, but over {OUTLIER_KM:g} km from every facility"))
    return found


def _frozen(places: Places) -> Places:
    """Nobody moves a village after the map is drawn."""
    for value in vars(places).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return places


# --- a made-up district --------------------------------------------------------------------------------

GOLDEN_TURN = (3 - math.sqrt(5)) / 2
ORIGIN = (13.0, -4.0)  # where a made-up district is drawn: its distances are at the scale of the Sahel
KM_PER_DEGREE = EARTH_KM * math.pi / 180


def synthetic_places(name: str = "made-up district", *, zones: int = 8, people: int = 60_000,
                     villages_per_zone: int = 11, village_sigma: float = .9, radius_km: float = 14.0,
                     scatter: float = .12, crowding: float = .5, paired: float = .45,
                     seed: int = 1) -> Places:
    """A district that exists nowhere, laid out as Malian ones are: centres in larger villages, people far.

    Centres stand on a hexagonal grid, jittered by `scatter` of its spacing, in cells with the area of a
    circle of `radius_km`. Villages lie around each on a sunflower (`crowding` .5 spreads them evenly, more
    draws them in), a share `paired` of them beside another one. Sizes are quantiles of a lognormal
    (`village_sigma`), dealt by `seed` and scaled to `people`; the largest of a zone has its centre, the
    middle zone the referral centre too. As in Mali, about 6 people in 10 live 5 km or more from a centre and
    about 6 villages in 10 have another within 3 km.
    """
    shape = {"scatter": scatter, "crowding": crowding, "paired": paired, "radius_km": radius_km}
    _check_synthetic(zones=zones, people=people, villages_per_zone=villages_per_zone,
                     village_sigma=village_sigma, **shape)
    sizes = _sizes(zones, villages_per_zone, people=people, sigma=village_sigma, seed=seed)
    facilities, villages = [], []
    for z, (hx, hy) in enumerate(_hexagons(zones)):
        spacing = radius_km * math.sqrt(2 * math.pi / math.sqrt(3))
        cx = spacing * (hx + scatter * (2 * _uniform(seed, "centre x", z) - 1))
        cy = spacing * (hy + scatter * (2 * _uniform(seed, "centre y", z) - 1))
        facilities.append(Facility(f"F{z + 1:04d}", f"Health centre {z + 1}", 1, *_on_earth(cx, cy)))
        for k, (x, y) in enumerate(_spots(z, villages_per_zone, seed=seed, **shape)):
            key, label = f"V{z * villages_per_zone + k + 1:05d}", f"Village {z + 1}.{k + 1}"
            villages.append(Village(key, label, *_on_earth(cx + x, cy + y), sizes[z][k]))
    middle = facilities[0]
    facilities.append(Facility("R0001", "Referral centre", 2, middle.lat + .5 / KM_PER_DEGREE, middle.lon))
    return make_places(name, villages, facilities=facilities)


def _uniform(seed: int, decision: str, *who: int) -> float:
    """A number in (0, 1) that depends on nothing but its key (SHA-256, the first 53 bits)."""
    digest = hashlib.sha256(repr((seed, decision, who)).encode()).digest()
    return ((int.from_bytes(digest[:8], "big") >> 11) + .5) / 2**53


def _hexagons(n: int) -> list[tuple[float, float]]:
    """The n points of a unit hexagonal grid nearest to the middle, the middle first."""
    reach = math.ceil(math.sqrt(n)) + 1
    steps = range(-reach, reach + 1)
    grid = [(i + j / 2, j * math.sqrt(3) / 2, i, j) for i in steps for j in steps]
    grid.sort(key=lambda p: (round(p[0] * p[0] + p[1] * p[1], 9), p[2], p[3]))
    return [(p[0], p[1]) for p in grid[:n]]


def _spots(z: int, n: int, *, seed: int, radius_km: float, crowding: float, scatter: float,
           paired: float) -> list[tuple[float, float]]:
    """Villages of a zone, km east and north of the centre: one beside it, others alone or in pairs."""
    spots = [(.1, 0.0)]
    for k in range(1, n):
        if k > 1 and _uniform(seed, "village pair", z, k) < paired:
            km, turn = 1 + 1.5 * _uniform(seed, "pair km", z, k), _uniform(seed, "pair angle", z, k)
            x, y = spots[-1]
        else:
            u = (k + scatter * 4 * (_uniform(seed, "village radius", z, k) - .5)) / n
            turn = k * GOLDEN_TURN + _uniform(seed, "zone turn", z)
            turn += scatter * (_uniform(seed, "village angle", z, k) - .5)
            km, x, y = radius_km * u**crowding, 0.0, 0.0
        spots.append((x + km * math.cos(2 * math.pi * turn), y + km * math.sin(2 * math.pi * turn)))
    return spots


def _on_earth(x_km: float, y_km: float) -> tuple[float, float]:
    """Kilometres east and north of the origin as latitude and longitude."""
    lat = ORIGIN[0] + y_km / KM_PER_DEGREE
    return lat, ORIGIN[1] + x_km / (KM_PER_DEGREE * math.cos(math.radians(lat)))


def _sizes(zones: int, per_zone: int, *, people: int, sigma: float, seed: int) -> list[list[int]]:
    """People of every village by zone, summing to `people` exactly, the largest of each zone first."""
    n = zones * per_zone
    raw = [math.exp(sigma * NormalDist().inv_cdf((i + .5) / n)) for i in range(n)]
    exact = [1 + (people - n) * size / sum(raw) for size in raw]
    whole = [int(x) for x in exact]
    by_remainder = sorted(range(n), key=lambda i: (whole[i] - exact[i], i))
    for i in by_remainder[:people - sum(whole)]:
        whole[i] += 1
    order = sorted(range(n), key=lambda i: (_uniform(seed, "village size", i), i))
    dealt = [[whole[i] for i in order[z * per_zone:(z + 1) * per_zone]] for z in range(zones)]
    for zone in dealt:
        largest = zone.index(max(zone))
        zone[0], zone[largest] = zone[largest], zone[0]
    return dealt


def _check_synthetic(**given: float) -> None:
    """Refuse what cannot be drawn, naming the argument and its range."""
    allowed = {"zones": (1, 10_000), "villages_per_zone": (1, 1000), "village_sigma": (0, 3),
               "radius_km": (.5, 50), "scatter": (0, .25), "crowding": (.1, 3), "paired": (0, 1),
               "people": (given["zones"] * given["villages_per_zone"], 1_000_000_000)}
    for key, (low, high) in allowed.items():
        if not low <= given[key] <= high:
            raise ValueError(f"{key} = {given[key]}: must lie in {low:g} to {high:g}")
    width = math.sqrt(given["zones"]) * given["radius_km"]
    if width > 2500:
        raise ValueError(f"zones = {given['zones']} of radius_km = {given['radius_km']} make a district of "
                         f"{2 * width:.0f} km across; at most 5000 km can be drawn")
