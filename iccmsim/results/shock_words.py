"""A shock in a sentence: when, where, what it is and what it sets otherwise than its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from iccmsim.parameters.declare import plain
from iccmsim.parameters.shocks import WORDS, shock_kinds

FEW = 0.01  # below this share of zones it is not told in whole percent


def shock_in_words(told: Mapping[str, Any]) -> str:
    """A shock as `Shock.told` has it: "day 181 to 225 after launch, in 50 % of zones: flood. A flood: ..."."""
    says = shock_kinds().get(told["kind"], {"says": ""})["says"]
    return f"{when_and_where(told)}: {told['kind']}. {says}".strip()


def with_own_values(told: Mapping[str, Any]) -> str:
    """The same sentence, with the values that are not those of its kind."""
    own = ", ".join(f"{key} = {plain(value)}" for key, value in own_values(told).items())
    return f"{shock_in_words(told)} Sets {own}." if own else shock_in_words(told)


def own_values(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a shock sets otherwise than the kind of the library that it is of."""
    ready = shock_kinds().get(told["kind"], {"values": {}})["values"]
    return {key: value for key, value in told.items()
            if key not in WORDS and (key not in ready or _plain(ready[key]) != _plain(value))}  # fmt: skip


def when_and_where(told: Mapping[str, Any]) -> str:
    """Its first and its last day, and in which zones."""
    days = f"{told['day']} to {told['day'] + told['days'] - 1}" if told["days"] > 1 else f"{told['day']}"
    return f"day {days} after launch, {zones_in_words(told['zones'])}"


def zones_in_words(zones: Any) -> str:
    """All zones, a share of them, or their numbers."""
    if zones == "all":
        return "in all zones"
    if isinstance(zones, (list, tuple)):
        return f"in zones {plain(zones)}"
    return f"in {100 * zones:.0f} % of zones" if zones >= FEW else "in less than 1 % of zones, at least one"


def who_has(shocks: Sequence[Sequence[Mapping[str, Any]]]) -> list[tuple[Mapping[str, Any], list[int]]]:
    """Each different shock of several arms, with the numbers of the arms that it befalls."""
    found: list[tuple[Mapping[str, Any], list[int]]] = []
    for arm, mine in enumerate(shocks):
        for shock in mine:
            same = next((arms for told, arms in found if _same(told, shock)), None)
            if same is None:
                found.append((shock, [arm]))
            elif arm not in same:
                same.append(arm)
    return found


def lopsided(names: Sequence[str], shocks: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    """Which shocks befall some arms only, in one sentence; "" if all befall every arm."""
    some = [(told, arms) for told, arms in who_has(shocks) if len(arms) < len(names)]
    return "; ".join(f"{told['kind']} ({when_and_where(told)}) befalls {' and '.join(names[i] for i in arms)} only"
                     for told, arms in some)  # fmt: skip


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return {key: _plain(value) for key, value in one.items()} == {key: _plain(value) for key, value in other.items()}


def _plain(value: Any) -> Any:
    """A number, a word, or a list of numbers, however it was written."""
    return [float(each) for each in value] if isinstance(value, (list, tuple)) else value
