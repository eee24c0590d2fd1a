"""Why a file gives a number the value it has: the comment above it, kept with the number.

A comment says why of the lines directly below it, up to a blank line or another comment. The comment with which a file
begins says where the whole of it comes from.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

GRADE = re.compile(r"\b[Gg]rade ([A-D])\b")
ACCOUNTED = re.compile(r"\b[Gg]rade [A-D]\b|[Cc]hoice of the programme|fitted, see calibration/fits/")
SOURCED = re.compile(r"[A-Z]\S* (?:et al\S* )?\(?(?:19|20)\d\d\b|doi|https?:|PMC\d")  # author and year, or address
CHOICE, FITTED, SOURCE, NONE = "choice", "fitted", "source", "none"
HEADER = re.compile(r"\[(\[)?\s*(.+?)\s*\]\]?\s*(#.*)?")
TWINS = re.compile(r"Coincides with ([a-z0-9-]+): (.+?)(?= Coincides with |$)")


@dataclass(frozen=True)
class Reason:
    """Why a value is what it is, and the file that says so ("" if no file does)."""

    text: str = ""
    file: str = ""

    @property
    def grade(self) -> str:
        """The grade of evidence that the text names (A to D), or ""."""
        found = GRADE.search(self.text)
        return found[1] if found else ""

    @property
    def accounts(self) -> bool:
        """Whether the text gives a grade, or says that the value is a choice or was fitted."""
        return bool(ACCOUNTED.search(self.text))

    @property
    def standing(self) -> str:
        """What the text stands on: the grade it names, else a choice, a fit, a source; "none" if nothing of these."""
        if self.grade or not (self.accounts or SOURCED.search(self.text)):
            return self.grade or NONE
        return SOURCE if not self.accounts else FITTED if "fitted, see" in self.text else CHOICE


@dataclass(frozen=True)
class Reasons:
    """What the comments of a file say: of the file, and of each key by dotted path ("programme.change[0].day")."""

    about: str = ""
    of: Mapping[str, str] = field(default_factory=dict)

    def twins(self) -> dict[str, str]:
        """Programmes that the file says it coincides with ("Coincides with NAME: why"), and why."""
        return {name: why.strip() for name, why in TWINS.findall(self.about)}


def read_reasons(text: str) -> Reasons:
    """The comments of a TOML file that is known to be valid."""
    about, told, said, table = "", "start", "", ""
    found: dict[str, str] = {}
    count: dict[str, int] = {}
    pending = ""
    for line in text.splitlines():
        bare = line.strip()
        if pending or (bare and bare[0] not in "#["):
            pending += line + "\n"
            values = _complete(pending)
            if values is not None:
                found |= {table + key: said for key, _ in flat(values)} if said else {}
                pending, told = "", "key"
        elif not bare:
            said, told = "", "blank"
        elif bare.startswith("#"):
            words = bare.lstrip("# ").rstrip()
            said = f"{said} {words}".strip() if told in ("comment", "start") else words
            about = said if told == "start" else about
            told = told if told == "start" else "comment"
        elif header := HEADER.fullmatch(bare):
            table, said = _table(header[2], count if header[1] else None), said if told == "comment" else ""
            told = "table"
    return Reasons(about, found)


def _complete(text: str) -> dict[str, Any] | None:
    """The values of some lines, or None if the last value goes on."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _table(name: str, count: dict[str, int] | None) -> str:
    """The dotted path of a table, with the place of one in a list of tables: "programme.change[0]."."""
    parts = next(key for key, _ in flat(tomllib.loads(f"{name} = 0")))
    if count is None:
        return f"{parts}."
    count[parts] = count.get(parts, -1) + 1
    return f"{parts}[{count[parts]}]."


def flat(table: Mapping[str, Any], *, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of nested tables, joined by dots."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from flat(value, prefix=f"{prefix}{key}.")
        else:
            yield prefix + key, value
