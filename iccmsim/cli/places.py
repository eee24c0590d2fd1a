"""`iccmsim places`: what the program makes of a district's own lists, before anything is simulated."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iccmsim.cli.words import InputError, overrides_of, print_json, reading, refuse_unread_places

if TYPE_CHECKING:
    from iccmsim.parameters.scenario import Scenario
    from iccmsim.world.deployment import Deployment
    from iccmsim.world.geography import Places

PURPOSE = "Show a district as the program reads it: people, distances, repairs, CHW posts by the norm."
EXAMPLE = "  iccmsim places my_district\n  iccmsim places sahel/iccm-supported --set chw.catch=700"
NORM = {"chw.catch": "people_per_chw", "chw.min_km": "min_km", "chw.radius_km": "radius_km",
        "chw.funded": "funded"}  # fmt: skip
DIRT_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("place", metavar="FOLDER_OR_SCENARIO", help="folder with villages.csv and facilities.csv "
                        "(see docs/places.md), or a scenario")  # fmt: skip
    parser.add_argument("--places", metavar="FOLDER", help="where the files of a scenario's place are")
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", help="another value for a parameter of the "
                        "scenario, such as chw.catch=700; may be given again")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one object for programs")


def go(asked: argparse.Namespace) -> None:
    """Print what there is, what was wrong, and what the norm would place."""
    from iccmsim.exchange.repairs import foremost, summarise_dirt
    from iccmsim.report.terminal import places_text
    from iccmsim.world.deployment import place_chws

    with reading():
        places, norm = _find(asked)
        plan = place_chws(places, **norm)
    said = {"format": 1, "place": places.summary(), "posts": plan.summary(), "by_zone": _by_zone(places, plan),
            "repairs": summarise_dirt(foremost(places.dirt))}  # fmt: skip
    if asked.json:
        print_json(said | {"dirt": [vars(each) for each in places.dirt]})
    else:
        print(places_text(said, [str(each) for each in foremost(places.dirt)], shown=DIRT_SHOWN))


def _find(asked: argparse.Namespace) -> tuple[Places, dict[str, float]]:
    """The district, and the norm by which its CHWs would be placed: of the scenario, else the default one."""
    from iccmsim.exchange.district import load_places
    from iccmsim.exchange.places_files import read_places
    from iccmsim.parameters.catalogue import parameter
    from iccmsim.parameters.scenario import load_scenario

    if Path(asked.place).expanduser().is_dir():
        if asked.places is not None or asked.set:
            option = f"--set {asked.set[0]}" if asked.set else f"--places {asked.places}"
            raise InputError(f"{option}: is for a scenario, and {asked.place} is a folder")
        norm = {name: parameter(key).default for key, name in NORM.items()}
        return read_places(Path(asked.place).expanduser()), norm
    if not _is_scenario_name(asked.place):
        raise InputError(f"{asked.place}: neither a folder with villages.csv and facilities.csv nor a scenario")
    scenario: Scenario = load_scenario(asked.place, overrides=overrides_of(asked.set), places=asked.places)
    refuse_unread_places(asked.place, scenario, places=asked.places)
    return load_places(scenario), {name: scenario.programme[key] for key, name in NORM.items()}


def _is_scenario_name(name: str) -> bool:
    from iccmsim.parameters.files import library_names

    return name.lower().endswith(".toml") or name.partition("/")[0] in library_names()["setting"]


def _by_zone(places: Places, plan: Deployment) -> list[dict[str, Any]]:
    """What each zone has: its facility, villages, people, posts and CHWs."""
    rows = []
    for zone in range(places.n_zones):
        mine, posts = places.zone == zone, plan.post_zone == zone
        rows.append({"facility": places.facility_name[places.zone_facility[zone]], "villages": int(mine.sum()),
                     "people": int(places.people[mine].sum()), "posts": int(posts.sum()),
                     "chws": int(plan.post_chws[posts].sum())})  # fmt: skip
    return rows
