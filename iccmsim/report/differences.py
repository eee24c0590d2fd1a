"""Two scenarios beside each other: every key in which they differ, with both values and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from iccmsim.parameters.catalogue import SECTIONS, parameter
from iccmsim.parameters.declare import plain
from iccmsim.parameters.place import MODELS
from iccmsim.report.terminal import folded
from iccmsim.results.shock_words import who_has, with_own_values

if TYPE_CHECKING:
    from iccmsim.parameters.scenario import Scenario

FORMAT = 1


def differences(first: Scenario, second: Scenario) -> dict[str, Any]:
    """All that differs between two scenarios, as one object (format 1)."""
    rows = [*_of_place(first, second), *_of_values(first, second), *_of_changes(first, second),
            *_of_shocks(first, second)]  # fmt: skip
    if first.files_digest() != second.files_digest():
        rows.insert(0, {"path": "files of the place", "first": str(first.folder), "second": str(second.folder),
                        "unit": "", "says": "The files hold other villages or facilities."})  # fmt: skip
    return {"format": FORMAT, "first": first.source, "second": second.source, "differ": rows}


def _of_place(first: Scenario, second: Scenario) -> Iterator[dict[str, Any]]:
    mine, other = first.place.model_dump(), second.place.model_dump()
    for key in {**mine, **other}:
        if mine.get(key) != other.get(key):
            owner = next(model for model in MODELS.values() if key in model.model_fields)
            yield {"path": f"setting.place.{key}", "first": mine.get(key), "second": other.get(key), "unit": "",
                   "says": owner.model_fields[key].description or "How the place is given."}  # fmt: skip


def _of_values(first: Scenario, second: Scenario) -> Iterator[dict[str, Any]]:
    for section in SECTIONS:
        other = getattr(second, section)
        for key, value in getattr(first, section).items():
            if value != other[key]:
                each = parameter(key)
                yield {"path": each.path, "first": value, "second": other[key], "unit": each.unit, "says": each.says}


def _of_changes(first: Scenario, second: Scenario) -> Iterator[dict[str, Any]]:
    """Values that differ, or no longer do, from a day on which a scenario changes them.

    A row whose two values are the same says that a difference told before ends on that day.
    """
    days = sorted({day for scenario in (first, second) for day, _ in scenario.changes})
    for day in days:
        before = _pair(first, second, day - 1)
        for key, pair in _pair(first, second, day).items():
            if pair != before[key] and not (_alike(pair) and _alike(before[key])):
                each = parameter(key)
                yield {"path": f"{each.path} from day {day}", "first": pair[0], "second": pair[1], "unit": each.unit,
                       "says": each.says}  # fmt: skip


def _of_shocks(first: Scenario, second: Scenario) -> Iterator[dict[str, Any]]:
    """Shocks that befall only one scenario, or otherwise."""
    told = [[shock.told() for shock in scenario.shocks] for scenario in (first, second)]
    for shock, has in who_has(told):
        if len(has) == 1:
            said = [with_own_values(shock) if i in has else None for i in (0, 1)]
            yield {"path": "shock", "first": said[0], "second": said[1], "unit": "",
                   "says": "What befalls the place, whatever the programme does."}  # fmt: skip


def _alike(pair: tuple) -> bool:
    return pair[0] == pair[1]


def _pair(first: Scenario, second: Scenario, day: int) -> dict[str, tuple]:
    mine, other = first.values(day), second.values(day)
    return {key: (value, other[key]) for key, value in mine.items()}


def differences_text(said: Mapping[str, Any], *, width: int) -> str:
    """The same for a terminal: a line with both values, a line with what it means."""
    names = f"{said['first']} and {said['second']}"
    rows = said["differ"]
    if not rows:
        return f"{names} do not differ."
    differ = sum(row["first"] != row["second"] for row in rows)
    lines = [f"{names} differ in {differ} value{'s' * (differ > 1)}.", ""]
    for row in rows:
        if row["path"] == "shock":
            lines.append(folded(_shock_text(row, said), width=width, rest="    "))
            continue
        unit = f" ({row['unit']})" if row["unit"] else ""
        values = [_shown(row["first"]), _shown(row["second"])]
        told = f"{values[0]} in both" if row["first"] == row["second"] else " and ".join(values)
        lines.append(f"{row['path']}: {told}{unit}")
        lines.append(folded(row["says"], width=width, first="    ", rest="    "))
    return "\n".join(lines)


def _shock_text(row: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    """A shock that befalls one scenario, by the sentence that explain uses."""
    which = "first" if row["first"] else "second"
    return f"shock, in {said[which]} only: {row[which]}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else plain(value)
