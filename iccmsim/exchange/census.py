"""A country's villages from lists that say where they are, and a census that says how many people live in each area.

Village lists of whole countries seldom carry people. A census gives them by area: region, district (cercle), commune.
Each village belongs to the smallest area that is counted; what is counted of a larger area and not of its parts is left
for the villages of the other parts. Within an area people are shared out as village sizes are spread: a lognormal.
Areas with people and no villages (a capital) are given to their first-level health centres in equal shares.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from iccmsim.world.geography import Dirt, Facility, Village, plain_name

LEVELS = ("region", "district", "commune")
SIGMA = 0.9  # sd of ln(people) of villages; fitted to the largest villages of five communes of Mali, 2009. Grade C.
Area = tuple[str, ...]  # plain names from the region down


@dataclass(frozen=True)
class Census:
    """People by area: a region ("mopti",), a district ("mopti", "bankass"), a commune."""

    people: Mapping[Area, int]
    file: str = "census"

    def grown(self, ratio: float) -> Census:
        """The same people so many times over: growth since the count, alike everywhere."""
        return replace(self, people={area: round(n * ratio) for area, n in self.people.items()})

    def area_of(self, names: Sequence[str]) -> Area | None:
        """The smallest counted area that a place with these names belongs to; None if not even its region is."""
        names = tuple(plain_name(name) for name in names)
        for size in range(len(names), 0, -1):
            if names[:size] in self.people:
                return names[:size]
        return None

    def left_for(self, area: Area) -> int:
        """People of an area that are not counted in its parts."""
        return max(0, self.people[area] - sum(self.people[part] for part in self.parts_of(area)))

    def parts_of(self, area: Area) -> list[Area]:
        """The areas inside an area that are counted, without those inside them."""
        within = [a for a in self.people if len(a) > len(area) and a[: len(area)] == area]
        return [a for a in within if not any(b != a and a[: len(b)] == b for b in within)]


def census_of(rows: Iterable[tuple[int, Mapping[str, str]]], counts: Mapping[int, int | None], *, file: str,
              dirt: list[Dirt]) -> Census:  # fmt: skip
    """The census from the rows of its file, and what was odd in it; ValueError if an area has two numbers.

    Men and women, or town and country, in rows of their own are not added up: who counted again would be twice as many.
    """
    people: dict[Area, int] = {}
    lines: dict[Area, int] = {}
    for line, row in rows:
        names = [plain_name(row.get(level, "")) for level in LEVELS]
        area = tuple(names[: next((i for i, name in enumerate(names) if not name), len(names))])
        if not area or counts[line] is None:
            continue
        if area not in people:
            people[area], lines[area] = counts[line], line
        elif counts[line] == people[area]:
            dirt.append(Dirt(file, line, LEVELS[len(area) - 1], _told(area), f"dropped, repeats line {lines[area]}"))
        else:
            raise ValueError(f"{file}: line {line}: people of {_told(area)} = {counts[line]}, but {people[area]} in "
                             f"line {lines[area]}: an area must have one row (add up men and women, town and country)")
    census = Census(people, file)
    for area, counted in people.items():
        if (within := sum(people[part] for part in census.parts_of(area))) > counted:
            dirt.append(Dirt(file, lines[area], "people", str(counted),
                             f"fewer than its parts have, whose {within} are used"))  # fmt: skip
    return census


def _told(area: Area) -> str:
    return " / ".join(area)


def share_out(villages: Sequence[Village], facilities: Sequence[Facility],
              census: Census) -> tuple[list[Village], int, list[Dirt]]:  # fmt: skip
    """Give villages the people of their areas: (villages, people of areas that have no place at all, what was done).

    The sizes of an area are quantiles of a lognormal, dealt to its villages by a hash of their ids: the same on
    every machine. Repeated runs differ in nothing.
    """
    dirt: list[Dirt] = []
    census = _where_there_are_villages(census, villages, dirt)
    members: dict[Area, list[Village]] = defaultdict(list)
    for village in villages:
        area = census.area_of(_names(village))
        if area is not None:
            members[area].append(village)
    strangers = len(villages) - sum(map(len, members.values()))
    if strangers:
        dirt.append(Dirt(census.file, 0, "region", f"{strangers} villages", "dropped, their region is not counted"))
    placed, lost = [], 0
    for area in sorted(census.people):
        people = census.left_for(area)
        centres = [f for f in facilities if f.level == 1 and plain_name(f.region) == area[0]]
        if area in members:
            placed += _with_sizes(members[area], people)
        elif people and len(area) == 1 and not census.parts_of(area):
            lost += 0 if centres else people
            placed += _around(centres, people) if centres else []
            done = f"shared equally among its {len(centres)} first-level centres" if centres else "dropped"
            dirt.append(Dirt(census.file, 0, "people", f"{area[0]}: {people}", f"no village listed, {done}"))
    return sorted(placed, key=lambda village: village.line or math.inf), lost, dirt


def _names(village: Village) -> tuple[str, str, str]:
    return village.region, village.district, village.commune


def _where_there_are_villages(census: Census, villages: Sequence[Village], dirt: list[Dirt]) -> Census:
    """Without the districts and communes in which no village is listed: their people are left to the area around."""
    places = {tuple(plain_name(name) for name in _names(village)) for village in villages}
    inhabited = {names[:size] for names in places for size in (1, 2, 3)}
    for area in sorted(set(census.people) - inhabited):
        if len(area) > 1:
            dirt.append(Dirt(census.file, 0, LEVELS[len(area) - 1], _told(area),
                             "no village listed; counted with the area around it"))  # fmt: skip
    kept = {area: n for area, n in census.people.items() if len(area) == 1 or area in inhabited}
    return replace(census, people=kept)


def _with_sizes(villages: Sequence[Village], people: int) -> list[Village]:
    n = len(villages)
    raw = [math.exp(SIGMA * NormalDist().inv_cdf((i + 0.5) / n)) for i in range(n)]
    order = sorted(villages, key=lambda village: hashlib.sha256(village.id.encode()).digest())
    sizes = _whole([people * size / sum(raw) for size in raw], people)
    return [replace(village, people=size) for village, size in zip(order, sizes, strict=True)]


def _around(centres: Sequence[Facility], people: int) -> list[Village]:
    sizes = _whole([people / len(centres)] * len(centres), people)
    return [Village(f"{f.id}-around", f"around {f.name}", f.lat, f.lon, size, region=f.region, district=f.region)
            for f, size in zip(centres, sizes, strict=True)]  # fmt: skip


def _whole(exact: Sequence[float], total: int) -> list[int]:
    """Shares as whole people that sum to all of them: the largest remainders are rounded up."""
    whole = [int(x) for x in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in by_remainder[: total - sum(whole)]:
        whole[i] += 1
    return whole
