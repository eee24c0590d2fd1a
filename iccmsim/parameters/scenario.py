"""A scenario: a place with its people and illnesses, a programme with its levers, and a length of run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from iccmsim.parameters.budget import check_budget
from iccmsim.parameters.catalogue import SECTIONS
from iccmsim.parameters.checks import (
    check_change,
    check_place,
    check_policies,
    check_section,
    check_together,
)
from iccmsim.parameters.declare import plain
from iccmsim.parameters.faults import ScenarioError
from iccmsim.parameters.files import Draft, draft_of, is_file_name, lay_overrides
from iccmsim.parameters.place import FilesPlace, Place, SyntheticPlace
from iccmsim.parameters.reasons import Reason
from iccmsim.parameters.shocks import Shock, check_shocked_policies, check_shocks, surges
from iccmsim.parameters.tables import shock_of
from iccmsim.parameters.writing import toml_of

__all__ = ["Scenario", "ScenarioError", "load_scenario", "same_setting"]

DATA_FOLDER = "ICCMSIM_DATA"
BEFORE = -1  # a day before launch, on which no change has come yet


@dataclass(frozen=True, eq=False)
class Scenario:
    """Everything that one arm is told. It cannot be changed; `load_scenario` with overrides makes another.

    `setting`, `programme` and `run` map every key to its value. `changes` are the dated changes of the
    programme: (days after launch, {key: new value}), in order of day; `shocks` befall the place whatever the programme
    does. `place` describes the place, `folder`
    is where its files are (None for a made-up place, or if nobody has said where), `source` what was loaded. `why` are
    the reasons that its files give, by dotted path ("programme.chw.absent", "programme.change[0].sup.fill").
    """

    name: str
    setting: Mapping[str, Any] = field(repr=False)
    programme: Mapping[str, Any] = field(repr=False)
    run: Mapping[str, Any] = field(repr=False)
    changes: tuple[tuple[int, Mapping[str, Any]], ...]
    place: Place
    source: str
    folder: Path | None = None
    shocks: tuple[Shock, ...] = ()
    why: Mapping[str, Reason] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for section in SECTIONS:
            object.__setattr__(self, section, MappingProxyType(dict(getattr(self, section))))
        frozen = tuple((day, MappingProxyType(dict(values))) for day, values in self.changes)
        object.__setattr__(self, "changes", frozen)

    def __reduce__(self) -> tuple:
        changes = tuple((day, dict(values)) for day, values in self.changes)
        parts = (dict(self.setting), dict(self.programme), dict(self.run))
        return (Scenario, (self.name, *parts, changes, self.place, self.source, self.folder, self.shocks,
                           dict(self.why)))  # fmt: skip

    def values(self, day: int = 0) -> dict[str, Any]:
        """Every value by key, the programme as it stands on a day (days after launch)."""
        values = {**self.setting, **self.programme, **self.run}
        for when, changed in self.changes:
            if when <= day:
                values |= changed
        return values

    def quiet(self) -> Scenario:
        """The same scenario without its shocks."""
        return replace(self, shocks=())

    def hash(self) -> str:
        """What this scenario says, as a number: SHA-256 of all values, changes, the place and its files."""
        said = {"values": {**self.setting, **self.programme, **self.run}, "files": self.files_digest(),
                "changes": [[day, dict(values)] for day, values in self.changes],
                "place": self.place.model_dump()}
        if self.shocks:
            said["shocks"] = [shock.told() for shock in self.shocks]
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def files_digest(self) -> str:
        """SHA-256 of the files of the place, "" if there are none."""
        if self.folder is None or not isinstance(self.place, FilesPlace):
            return ""
        digest = hashlib.sha256()
        for name in self.place.files():
            digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()

    def to_toml(self, *, reasons: bool = False) -> str:
        """The whole scenario as a file that can be loaded again, every value written out, with its reason if asked."""
        sections = {section: getattr(self, section) for section in SECTIONS}
        return toml_of(sections, name=self.name, place=self.place.model_dump(), changes=self.changes,
                       shocks=tuple(shock.told() for shock in self.shocks), why=self.why if reasons else None)


def load_scenario(name_or_path: str | os.PathLike[str], *, overrides: Mapping[str, Any] | None = None,
                  places: str | os.PathLike[str] | None = None,
                  shocks: Sequence[Mapping[str, Any]] = (), need_files: bool = True) -> Scenario:
    """Load "setting/programme" from the library, or a .toml file, and check every number in it.

    overrides: values by dotted key, on top of the file ({"programme.chw.absent": .3} or {"chw.absent": .3});
    of two that mean one key the later holds.
    places: folder of the files of a real place; else the scenario's own folder, else $ICCMSIM_DATA.
    need_files: whether a folder of places without the files is a fault (not where the scenario is only read).
    shocks: more of them, beside those of the file ([{"kind": "flood", "day": 200, "zones": .5}]).
    ScenarioError (a ValueError) lists everything that is wrong, a line each.
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        raise ScenarioError(f"scenario = {name_or_path!r}: must be a name (setting/programme) or a .toml file")
    overrides = {} if overrides is None else overrides
    if not isinstance(overrides, Mapping) or not all(isinstance(key, str) for key in overrides):
        raise ScenarioError(f"overrides = {overrides!r}: must be values by dotted key, such as {{'chw.absent': 0.3}}")
    name = os.fspath(name_or_path)
    draft = draft_of(name)
    lay_overrides(draft, overrides)
    draft.shocks += [shock_of(each) for each in shocks]
    draft.shock_why += [{} for _ in shocks]
    checked, faults = _check(draft)
    own = Path(name).resolve().parent if is_file_name(name) else None
    folder = None
    if isinstance(checked.get("place"), FilesPlace):
        folder, missing = _find_folder(checked["place"], places=places, own=own)
        faults += missing if need_files else []
    if faults:
        raise ScenarioError(faults)
    return Scenario(name=draft.name, source=name, folder=folder, why=_reasons(draft, checked["changes"]), **checked)


def _reasons(draft: Draft, changes: Sequence[tuple[int, Any]]) -> dict[str, Reason]:
    """The reasons of a draft by dotted path, those of changes and shocks by their number in the scenario."""
    numbers = {day: n for n, (day, _) in enumerate(changes)}
    why = dict(draft.why)
    for change, said in zip(draft.changes, draft.change_why, strict=True):
        why |= {f"programme.change[{numbers[int(change['day'])]}].{key}": reason for key, reason in said.items()}
    for n, said in enumerate(draft.shock_why):
        why |= {f"shock[{n}].{key}": reason for key, reason in said.items()}
    return why


def _check(draft: Draft) -> tuple[dict[str, Any], list[str]]:
    """The checked parts of a scenario, and a line for each fault in any of them."""
    faults = list(draft.faults)
    checked: dict[str, Any] = {}
    for section in SECTIONS:
        checked[section], wrong = check_section(section, getattr(draft, section))
        faults += wrong
    checked["place"], wrong = check_place(draft.place)
    faults += wrong
    if checked["setting"]:
        faults += check_together(checked["setting"])
    if checked["programme"]:
        faults += check_budget(checked["programme"])
    last_day = int(checked["run"]["run.days"] + checked["run"]["run.tail_days"]) if checked["run"] else 10**6
    checked["changes"], wrong = _check_changes(draft, last_day=last_day)
    zones = checked["place"].zones if isinstance(checked["place"], SyntheticPlace) else None
    checked["shocks"], more = check_shocks(draft.shocks, last_day=last_day, zones=zones)
    faults += wrong + more
    if checked["programme"] and checked["setting"]:
        values = {**checked["setting"], **checked["programme"]}
        faults += check_policies(values, checked["changes"])
        faults += check_shocked_policies(values, checked["changes"], checked["shocks"])
    return checked, faults


def _check_changes(draft: Draft, *, last_day: int) -> tuple[tuple, list[str]]:
    by_day: dict[int, dict[str, Any]] = {}
    faults: list[str] = []
    for number, change in enumerate(draft.changes):
        good, wrong = check_change(number, change, last_day=last_day)
        faults += wrong
        if good:
            by_day.setdefault(good[0], {}).update(good[1])
    return tuple(sorted(by_day.items())), faults


def _find_folder(place: FilesPlace, *, places: str | os.PathLike[str] | None,
                 own: Path | None) -> tuple[Path | None, list[str]]:
    """The folder with the files of a place; a fault if a folder was named and they are not in it."""
    named = places if places is not None else os.environ.get(DATA_FOLDER)
    roots = [own] if own and places is None else []
    try:
        roots += [Path(named).expanduser()] if named else []
    except RuntimeError:
        return None, [f"setting.place: there is no home folder of {Path(named).parts[0]}, so no {named}"]
    for root in roots:
        for folder in (root, *(root / name for name in place.inside())):
            if all((folder / file).is_file() for file in place.files()):
                return folder, []
    if not named:
        return None, []
    looked = " or ".join([f"{named}", *([f"its {' or '.join(place.inside())}"] if place.inside() else [])])
    there = _districts_in(roots[-1], place)
    return None, [f"setting.place: no {' and '.join(place.files())} in {looked} ({place.name}){there}"]


def _districts_in(root: Path, place: FilesPlace) -> str:
    """The folders in a folder that have a list of villages, as the end of a sentence."""
    names = sorted(each.name for each in (root.iterdir() if root.is_dir() else ()) if (each / place.villages).is_file())
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"; found there: {', '.join(names[:5])}{more}" if names else ""


def same_setting(first: Scenario, second: Scenario) -> bool:
    """True if two arms share place, people, illnesses and run; else a ScenarioError names what differs."""
    mine, other = _shared(first), _shared(second)
    differ = [f"{path} ({plain(mine.get(path))} and {plain(other.get(path))})"
              for path in {**mine, **other} if mine.get(path) != other.get(path)]
    if not differ and first.files_digest() != second.files_digest():
        differ = [f"the files of the place (in {first.folder} and {second.folder})"]
    if differ:
        more = f" and {len(differ) - 3} more" if len(differ) > 3 else ""
        raise ScenarioError(f"{first.name} and {second.name}: arms must share setting and run, "
                            f"but differ in {', '.join(differ[:3])}{more}")
    return True


def _shared(scenario: Scenario) -> dict[str, Any]:
    """What all arms of a comparison must have in common, by dotted path."""
    place = {f"setting.place.{key}": value for key, value in scenario.place.model_dump().items()}
    settled = {f"setting.{key}": value for key, value in scenario.setting.items()}
    return place | settled | dict(scenario.run) | {"surges of malaria": surges(scenario.shocks)}
