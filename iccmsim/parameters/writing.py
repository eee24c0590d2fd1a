"""A scenario written out whole as a file that can be loaded again, with the reason of each value if asked."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from iccmsim.parameters.catalogue import all_parameters
from iccmsim.parameters.declare import Parameter, plain
from iccmsim.parameters.reasons import Reason

FORMAT = 1
WIDTH = 118
Reasons = Mapping[str, Reason]


def toml_of(sections: Mapping[str, Mapping[str, Any]], *, name: str, place: Mapping[str, Any],
            changes: tuple[tuple[int, Mapping[str, Any]], ...], shocks: tuple[Mapping[str, Any], ...] = (),
            why: Reasons | None = None) -> str:  # fmt: skip
    """A complete scenario file: every value, with its unit and grade, and the reasons of `why` by dotted path above."""
    why = why or {}
    lines = [f"format = {FORMAT}", f"name = {_text(name)}", "", "[setting.place]"]
    for key, value in place.items():
        if value is not None:
            lines += _with_reason(f"{key} = {_toml(value)}", why.get(f"setting.place.{key}"))
    tables: dict[str, list[str]] = {}
    for each in all_parameters():
        head, _, rest = each.key.partition(".")
        table = head if each.section == "run" else f"{each.section}.{head}"
        line = _line(each, rest, sections[each.section][each.key])
        tables.setdefault(table, []).extend(_with_reason(line, why.get(each.path)))
    for table, under in tables.items():
        lines += ["", f"[{table}]", *under]
    for n, (day, values) in enumerate(changes):
        lines += ["", "[[programme.change]]", *_with_reason(f"day = {day}", why.get(f"programme.change[{n}].day"))]
        for key, value in values.items():
            lines += _with_reason(f"{_text(key)} = {_toml(value)}", why.get(f"programme.change[{n}].{key}"))
    for n, shock in enumerate(shocks):
        lines += ["", "[[shock]]"]
        for key, value in shock.items():
            lines += _with_reason(f"{_key(key)} = {_toml(value)}", why.get(f"shock[{n}].{key}"))
    return "\n".join(lines) + "\n"


def _with_reason(line: str, why: Reason | None) -> list[str]:
    """A line with its reason, and the file that gave it, above; the blank line below keeps the reason from the next."""
    if why is None or not why.text:
        return [line]
    text = f"{why.text} [{why.file}]" if why.file and not why.text.endswith(".toml]") else why.text
    wrapped = textwrap.wrap(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)
    return [*(f"# {part}" for part in wrapped), line, ""]


def _line(each: Parameter, rest: str, value: Any) -> str:
    key = _text(rest) if "." in rest else rest
    return f"{key} = {_toml(value)}  # {each.unit}; grade {each.grade}"


def _key(key: str) -> str:
    return key if "." not in key else _text(key)


def _toml(value: Any) -> str:
    return _text(value) if isinstance(value, str) else plain(value)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
