"""The map a scenario plays on: read from files, or drawn from the numbers of a made-up district."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from iccmsim.exchange.places_files import find_places_folder, read_places
from iccmsim.parameters.place import FilesPlace
from iccmsim.parameters.scenario import Scenario
from iccmsim.world.geography import Places
from iccmsim.world.made_up import synthetic_places


def load_places(scenario: Scenario, folder: str | Path | None = None) -> Places:
    """The district of a scenario; `folder` overrides where the files of a real one are looked for.

    A made-up district is the same for every seed: geography is part of the setting, not of chance.
    """
    if isinstance(scenario.place, FilesPlace):
        place = scenario.place
        where = str(folder or scenario.folder or find_places_folder(None, place.case or ""))
        found = _read(where, place.villages, place.facilities, place.census, place.growth)
        return replace(found, name=place.name)
    return _made_up(tuple(sorted((k, v) for k, v in scenario.place.model_dump().items() if k != "kind")))


@lru_cache(maxsize=4)
def _read(folder: str, villages: str, facilities: str, census: str | None, growth: float) -> Places:
    return read_places(Path(folder), villages=villages, facilities=facilities, census=census, growth=growth)


@lru_cache(maxsize=8)
def _made_up(numbers: tuple) -> Places:
    values = dict(numbers)
    return synthetic_places(values.pop("name"), **values)
