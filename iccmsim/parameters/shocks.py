"""Shocks: what befalls a place from one day to another, in all its zones or in some, and what that sets.

In a scenario file:

    [[shock]]
    kind = "flood"    # one of the library, or "own" with values of its own
    day = 200         # after launch
    days = 45         # default: that of the kind
    zones = 0.5       # a share of the zones, a list of their numbers, or "all" (the default)
    shock.far = 3     # what the kind sets can be set otherwise: shock.* of the setting, dated levers of the programme

Where two are in force at once the worse of each `shock.*` holds; a lever of the programme they may not set differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from types import MappingProxyType
from typing import Any

from iccmsim.parameters.catalogue import of_section
from iccmsim.parameters.checks import check_policy, check_section
from iccmsim.parameters.declare import did_you_mean, plain
from iccmsim.parameters.reasons import Reason, flat

OWN = "own"
WORDS = ("kind", "day", "days", "zones")
SURGE, HARM = "shock.malaria", "shock."


@dataclass(frozen=True)
class Shock:
    """One shock: in force from `day` (after launch) for `days`, in `zones`, setting `values` by key."""

    kind: str
    day: int
    days: int
    zones: str | float | tuple[int, ...]
    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __reduce__(self) -> tuple:
        return (Shock, (self.kind, self.day, self.days, self.zones, dict(self.values)))

    @property
    def ends(self) -> int:
        """The first day after launch on which it is over."""
        return self.day + self.days

    def is_on(self, day: int) -> bool:
        """Whether it is in force on a day after launch."""
        return self.day <= day < self.ends

    def surge(self) -> float:
        """How many times as much malaria there is while it lasts."""
        return float(self.values.get(SURGE, 1.0))

    def told(self) -> dict[str, Any]:
        """The shock as plain data, as a scenario file has it."""
        zones = list(self.zones) if isinstance(self.zones, tuple) else self.zones
        return {"kind": self.kind, "day": self.day, "days": self.days, "zones": zones, **self.values}


@cache
def shock_kinds() -> dict[str, dict[str, Any]]:
    """The shocks of the library by name: what each says, how long it lasts, what it sets."""
    from iccmsim.parameters.files import LIBRARY, read_toml, reasons_of

    kinds = {}
    for file in sorted((LIBRARY / "shocks").glob("*.toml")):
        table = read_toml(file)
        values, said = dict(flat(table["values"])), reasons_of(file)
        why = {key: Reason(said.of.get(f"values.{key}", ""), file.name) for key in values}
        kinds[file.stem] = {"says": table["says"], "days": table["days"], "values": values, "why": why,
                            "about": said.about, "days_why": Reason(said.of.get("days", ""), file.name)}  # fmt: skip
    return kinds


def check_shocks(given: Iterable[Any], *, last_day: int,
                 zones: int | None = None) -> tuple[tuple[Shock, ...], list[str]]:  # fmt: skip
    """The shocks of a scenario, and a line for each fault; `zones`: how many there are, if that is known."""
    shocks, faults = {}, []
    for number, each in enumerate(given):
        shock, wrong = _check_shock(number, each, last_day=last_day)
        faults += wrong
        shocks |= {number: shock} if shock else {}
        if shock and zones is not None and isinstance(shock.zones, tuple) and shock.zones[-1] >= zones:
            faults.append(f"shock[{number}].zones: there is no zone {shock.zones[-1]}; they are 0 to {zones - 1}")
    for pair in combinations(shocks, 2):
        if _surely_meet(shocks[pair[0]], shocks[pair[1]]):
            faults += levers_at_odds({number: shocks[number] for number in pair})
    return tuple(shocks.values()), faults


def _check_shock(number: int, given: Any, *, last_day: int) -> tuple[Shock | None, list[str]]:
    where = f"shock[{number}]"
    if not isinstance(given, Mapping):
        return None, [f"{where} = {plain(given)}: must be a table with a kind and a day"]
    missing = [f"{where}: must have a {word}" for word in ("kind", "day") if word not in given]
    if missing:
        return None, missing
    kind = given["kind"]
    if not isinstance(kind, str):
        return None, [f"{where}.kind = {plain(kind)}: must be a text, such as \"flood\""]
    if kind != OWN and kind not in shock_kinds():
        hint = did_you_mean(str(kind), (*shock_kinds(), OWN)) or f"; there are {', '.join(shock_kinds())} and {OWN}"
        return None, [f"{where}.kind = {plain(kind)}: unknown shock{hint}"]
    ready = shock_kinds().get(kind, {"values": {}})
    days = given.get("days", ready.get("days"))
    own = {key: value for key, value in given.items() if key not in WORDS}
    values = {**ready["values"], **own}
    faults = _check_time(where, given["day"], days, last_day=last_day)
    zones, wrong = _check_zones(where, given.get("zones", "all"))
    checked, more = _check_values(where, values)
    faults += wrong + more
    if faults:
        return None, faults
    return Shock(kind, int(given["day"]), int(days), zones, checked), []


def _check_time(where: str, day: Any, days: Any, *, last_day: int) -> list[str]:
    faults = []
    if isinstance(day, bool) or not isinstance(day, int) or not 0 <= day < last_day:
        faults.append(f"{where}.day = {plain(day)}: must be a whole number between 0 and {last_day - 1} "
                      "(days after launch, within the run)")  # fmt: skip
    if days is None:
        faults.append(f"{where}: must have days (how long it lasts)")
    elif isinstance(days, bool) or not isinstance(days, int) or days < 1:
        faults.append(f"{where}.days = {plain(days)}: must be a whole number of at least 1 (how long it lasts)")
    return faults


def _check_zones(where: str, zones: Any) -> tuple[Any, list[str]]:
    if zones == "all":
        return zones, []
    if isinstance(zones, (int, float)) and not isinstance(zones, bool) and 0 < zones <= 1:
        return float(zones), []
    if isinstance(zones, (list, tuple)) and zones and all(type(zone) is int and zone >= 0 for zone in zones):
        return tuple(sorted(set(zones))), []
    return None, [f'{where}.zones = {plain(zones)}: must be "all", a share above 0 and at most 1, or a list of zone '
                  "numbers"]  # fmt: skip


def _check_values(where: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What a shock sets, by key; only what can change on a date."""
    if not values:
        return {}, [f"{where}: sets nothing; give it at least one value, such as shock.closed = 1"]
    levers, setting = of_section("programme"), of_section("setting")
    faults, checked = [], {}
    for section, known in (("setting", setting), ("programme", levers)):
        mine = {key: value for key, value in values.items() if key in known}
        settled = [key for key in mine if (not known[key].dated if section == "programme" else key[:6] != "shock.")]
        faults += [f"{where}.{key}: no shock can set this" for key in settled]
        good, wrong = check_section(section, mine)
        faults += [fault.replace(f"{section}.", f"{where}.", 1) for fault in wrong]
        checked |= {key: good[key] for key in mine if key in good}
    able = [key for key in setting if key[:6] == "shock."] + [key for key, each in levers.items() if each.dated]
    unknown = [key for key in values if key not in setting and key not in levers]
    faults += [f"{where}.{key}: unknown key{did_you_mean(key, able)}" for key in unknown]
    return checked, faults


def befall(shocks: Iterable[Shock]) -> dict[str, Any]:
    """What shocks that are in force at once set together: of each harm the worse, product by product where it is one of
    products. Of all that a place suffers (`shock.*`) the larger is the worse."""
    together: dict[str, Any] = {}
    for shock in shocks:
        for key, value in shock.values.items():
            harm = key in together and key.startswith(HARM)
            together[key] = _worse(together[key], value) if harm else value
    return together


def _worse(one: Any, other: Any) -> Any:
    return tuple(map(max, one, other)) if isinstance(one, tuple) else max(one, other)


def levers_at_odds(shocks: Mapping[int, Shock]) -> list[str]:
    """A line for each lever of the programme that two shocks of one zone, by number, set differently at once."""
    return [
        f"shock[{b}].{key} = {plain(second.values[key])}: must be {plain(first.values[key])}, as shock[{a}] has it, "
        "which is in force in the same zones on some of the same days"
        for (a, first), (b, second) in combinations(shocks.items(), 2)
        if first.day < second.ends and second.day < first.ends
        for key in first.values
        if not key.startswith(HARM) and second.values.get(key, first.values[key]) != first.values[key]
    ]


def _surely_meet(one: Shock, other: Shock) -> bool:
    """Whether two shocks have a zone in common wherever their shares of the zones fall."""
    if "all" in (one.zones, other.zones):
        return True
    return isinstance(one.zones, tuple) and isinstance(other.zones, tuple) and bool({*one.zones} & {*other.zones})


def check_shocked_policies(values: Mapping[str, Any], changes: Iterable[tuple[int, Mapping[str, Any]]],
                           shocks: Iterable[Shock]) -> list[str]:  # fmt: skip
    """The rules that bind several levers to each other, under each shock: as it begins, and as levers change within."""
    changes = tuple(changes)
    faults = []
    for number, shock in enumerate(shocks):
        for day in (shock.day, *(day for day, _ in changes if shock.day < day < shock.ends)):
            now = dict(values)
            for when, changed in changes:
                now |= changed if when <= day else {}
            told = check_policy(now | shock.values, where=f"shock[{number}]")
            faults += told if not check_policy(now) else []
    return list(dict.fromkeys(faults))


def surges(shocks: Iterable[Shock]) -> list[tuple]:
    """What shocks do to the illnesses themselves, and so must be the same in all arms of a comparison."""
    return [(shock.day, shock.days, shock.zones, shock.surge()) for shock in shocks if shock.surge() != 1.0]
