"""A district that exists nowhere, laid out as Malian ones are; by default the one that `sahel` plays in."""

from __future__ import annotations

import hashlib
import math
from statistics import NormalDist

from iccmsim.world.geography import EARTH_KM, Facility, Places, Village, make_places

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
