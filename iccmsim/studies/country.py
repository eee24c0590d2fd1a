"""A whole country, zone after zone: programmes side by side, counted for every district and region.

Each zone is built, lived in all arms, counted and dropped, so a country needs no more memory than a few zones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from iccmsim.core.records import YEAR
from iccmsim.parameters.scenario import Scenario
from iccmsim.results.folder import get_manifest, made_with, put_manifest, write_folder
from iccmsim.results.mortality import WINDOW
from iccmsim.results.shape import NAMED, VERSIONS, many
from iccmsim.results.status_quo import named
from iccmsim.studies.compare import Comparison, compare_parts
from iccmsim.world.geography import Places

FORMAT = 1
KIND = "iccmsim country"
SHAPE = {"districts": many(many(str, 2, 2), 1), "made_with": VERSIONS, "status_quo?": NAMED}
UNNAMED = 24  # zones of a district where the map names none


@dataclass(frozen=True, eq=False)
class Country:
    """Programmes beside each other in every district of a country; each district is a comparison of its own."""

    names: tuple[tuple[str, str], ...]  # region and district of each part
    parts: tuple[Comparison, ...] = field(repr=False)

    def whole(self) -> Comparison:
        """All districts together."""
        return _together(self.parts, self.parts[0].facts[0]["country"])

    def regions(self) -> Mapping[str, Comparison]:
        """The districts of each region together, in the order of the map."""
        found: dict[str, list[Comparison]] = {}
        for (region, _), part in zip(self.names, self.parts, strict=True):
            found.setdefault(region, []).append(part)
        return {region: _together(parts, region) for region, parts in found.items()}

    def table(self) -> list[dict[str, Any]]:
        """A row for the country, each region and each district, and each arm beside the comparator."""
        told = [("country", self.whole())] + [("region", region) for region in self.regions().values()]
        told += [("district", part) for part in self.parts]
        return [_row(level, area, arm) for level, area in told for arm in range(1, len(area.names))]

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write every district's comparison and a manifest into a folder, all or nothing."""

        def fill(place: Path) -> None:
            for number, part in enumerate(self.parts):
                part.save(place / f"district-{number:03d}")
            put_manifest(place, {"kind": KIND, "format": FORMAT, "districts": [list(name) for name in self.names],
                                 "made_with": made_with(), **named(self.parts[0].status_quo)})  # fmt: skip

        return write_folder(Path(folder), fill, kind=KIND, latest=FORMAT)

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> Country:
        """Read back what `save` wrote; says clearly what is wrong with a folder that is none."""
        folder = Path(folder)
        names = tuple((region, district) for region, district in
                      get_manifest(folder, kind=KIND, latest=FORMAT, shape=SHAPE)["districts"])  # fmt: skip
        parts = tuple(Comparison.load(folder / f"district-{n:03d}") for n in range(len(names)))
        if not all(part.names == parts[0].names and part.seeds == parts[0].seeds and "country" in part.facts[0]
                   for part in parts):  # fmt: skip
            raise ValueError(f"{folder}: its districts are not of one country; run it again")
        return Country(names, parts)


def compare_country(scenarios: Sequence[Scenario | str], *, seeds: int | Iterable[int],
                    places: Places | str | os.PathLike[str] | None = None, threads: int | None = None,
                    status_quo: Scenario | str | None = None,
                    progress: Callable[[int, int], None] | None = None) -> Country:  # fmt: skip
    """Run arms of a country in pairs as `compare` does, and keep the counts of each district apart."""
    names: list[tuple[str, str]] = []

    def part_of(map_: Places) -> np.ndarray:
        names[:], of_zone = districts_of(map_)
        return of_zone

    parts = compare_parts(scenarios, part_of=part_of, seeds=seeds, places=places, threads=threads,
                          status_quo=status_quo, progress=progress)  # fmt: skip
    return Country(tuple(names), tuple(
        replace(part, facts=tuple({**facts, "country": facts["place"], "place": name[1]} for facts in part.facts))
        for name, part in zip(names, parts, strict=True)))  # fmt: skip


def districts_of(places: Places) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Region and district of each part of a map, and for each zone the number of its part.

    Where the map names regions alone each is its own district; where it names neither (a made-up country) every 24
    zones are one.
    """
    of_zone = [(region, district or region) for region, district in places.zone_district]
    if not any(district for _, district in of_zone):
        of_zone = [(places.name, f"district {1 + zone // UNNAMED}") for zone in range(places.n_zones)]
    names = list(dict.fromkeys(sorted(of_zone) if any(places.zone_district) else of_zone))
    return names, np.array([names.index(name) for name in of_zone])


def _row(level: str, area: Comparison, arm: int) -> dict[str, Any]:
    """Expected deaths averted in one area by one arm, with the Monte-Carlo error of their mean.

    From one seed that error is taken from the children saved and lost (Poisson) and one more, for where none were seen
    some might have been; it is usually larger than the true one.
    """
    expected = area.tallies["expected"][:, :, WINDOW].sum(axis=(2, 3))
    averted, facts = expected[:, 0] - expected[:, arm], area.facts[arm]
    years = area.tallies["child_days"][:, 0, WINDOW].sum() / YEAR
    moved = area.pairs["saved"][:, arm].sum() + area.pairs["lost"][:, arm].sum()
    error = averted.std(ddof=1) / np.sqrt(len(averted)) if len(averted) > 1 else np.sqrt(moved + 1)
    return {"level": level, "area": facts["place"], "arm": area.names[arm], "people": facts["people"],
            "chws": facts["chws"], "share_5km": facts["share_5km"], "child_years": float(years / len(averted)),
            "deaths": float(area.tallies["deaths"][:, arm, WINDOW].sum() / len(averted)),
            "expected_averted": float(averted.mean()), "mc_error": float(error),
            "percent": _over(100 * averted.sum(), expected[:, 0].sum()) or 0.0,
            "per_1000_child_years": _over(1000 * averted.sum(), years),
            "per_100_chws": _over(100 * averted.mean(), facts["chws"])}  # fmt: skip


def _over(above: float, below: float) -> float | None:
    """A ratio; None where there is nothing below the line (an area without children, or without CHWs)."""
    return float(above / below) if below else None


def _together(parts: Sequence[Comparison], name: str) -> Comparison:
    """Districts as one: counts are added up, and what is known of each place too."""
    tallies, pairs = parts[0].tallies.copy(), parts[0].pairs.copy()
    for part in parts[1:]:
        for total, more in ((tallies, part.tallies), (pairs, part.pairs)):
            for count in total.dtype.names:
                total[count] += more[count]
    facts = tuple(_sum_of_facts([part.facts[arm] for part in parts], name) for arm in range(len(parts[0].names)))
    return replace(parts[0], tallies=tallies, pairs=pairs, facts=facts)


def _sum_of_facts(facts: Sequence[Mapping], name: str) -> dict:
    people = [each["people"] for each in facts]
    sums = {key: sum(each[key] for each in facts) for key in
            ("villages", "people", "zones", "chws", "posts", "people_served_by_chws")}  # fmt: skip
    return {**facts[0], **sums, "place": name, "deploys_chws": any(each["deploys_chws"] for each in facts),
            "share_5km": sum(each["share_5km"] * each["people"] for each in facts) / max(1, sum(people))}  # fmt: skip
