"""A language of the briefs: its texts, its way of writing numbers, its names for programmes and figures.

One file a language, `templates/brief.CODE.toml`, has all words; its texts are Jinja templates that are given the
facts of a brief. Numbers are written by the language's marks, so that no text holds a number of its own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
CODES = ("en", "fr")
MINUS = "\N{MINUS SIGN}"
APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
NARROW, WIDE = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
FRENCH_SPACES = (
    (r" (?=[;!?%])", NARROW),
    (r" (?=:)", WIDE),
    (r"(?<=:) (?=[−±\d])", WIDE),
    (r"(?<=«) ", WIDE),
    (r" (?=»)", WIDE),
)
PLURAL = 2  # from here on French has the plural
UNITS = re.compile(r"(?<=[\d}]) (?=[^\W\d_])")  # a number stays with the word that it counts


@dataclass(frozen=True, eq=False)
class Language:
    """The words of one language; see a template file for what each part holds."""

    code: str
    marks: Mapping[str, str]  # of thousands, decimals, %; between the ends of an interval, and numbers in a row
    names: Mapping[str, str]  # of programmes in the library, by the part of their name after the setting
    places: Mapping[str, str]  # settings of the library, and the names of their places
    shocks: Mapping[str, str]
    standing: Mapping[str, str]  # what a value stands on, by the words of iccmsim/parameters/reasons.py
    figure: Mapping[str, Any]
    text: Mapping[str, Any]

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with this language's marks; "–" for none."""
        if value is None:
            return "–"
        rounded = round(value, digits) + 0.0  # + 0.0: no "-0"
        plain = f"{abs(value):,}" if isinstance(value, int) and not digits else f"{abs(rounded):,.{digits}f}"
        marked = plain.replace(",", "\0").replace(".", self.marks["decimal"]).replace("\0", self.marks["thousands"])
        return (MINUS if rounded < 0 else "") + marked

    def percent(self, share: float | None, digits: int = 0) -> str:
        """A share in percent."""
        return "–" if share is None else self.number(100.0 * share, digits) + self.marks["percent"]

    def span(self, low: float | None, high: float | None, digits: int = 1) -> str:
        """Two ends of an interval: "4.9 to 21.8"."""
        return f"{self.number(low, digits)}{self.marks['to']}{self.number(high, digits)}"

    def interval(self, q: Mapping[str, float | None], digits: int = 1) -> str:
        """A mean and in brackets its interval."""
        return f"{self.number(q['mean'], digits)} ({self.span(q['low'], q['high'], digits)})"

    def told(self, value: Any, day: int | None = None) -> str:
        """The value of a lever, and from which day on if not from launch: "0.8 (day 730)"."""
        return self._value(value) + (f" ({self.marks['day']} {self.number(day)})" if day is not None else "")

    def _value(self, value: Any) -> str:
        if isinstance(value, (list, tuple)):
            return "[" + "; ".join(self._value(each) for each in value) + "]"
        return f"{value:g}".replace(".", self.marks["decimal"]).replace("-", MINUS)

    def name(self, arm: str) -> str:
        """What readers call a programme: the library's own by their names here, others as their file calls them."""
        last = arm.rpartition("/")[2]
        return self.names.get(last, last)

    def place(self, name: str) -> str:
        """What readers call a place."""
        return self.places.get(name, name)

    def listed(self, parts: Sequence[str]) -> str:
        """Words in a row, the last after "and"."""
        return self.marks["and"].join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)

    def numbers(self, values: Sequence[float], digits: int) -> str:
        """Numbers in a row, apart also where decimals have a comma."""
        told = [self.number(value, digits) for value in values]
        return self.marks["and"].join([self.marks["between"].join(told[:-1]), told[-1]] if len(told) > 1 else told)

    def many(self, value: float, digits: int = 1) -> bool:
        """Whether what a number counts stands in the plural, where that begins at two (French: "1,9 enfant")."""
        return abs(round(value, digits)) >= PLURAL

    def say(self, text: str, **facts: Any) -> str:
        """A text with its numbers, on one line, with the spaces that must not break."""
        said = " ".join(_environment(self.code).from_string(text).render(**facts).split(" ")).strip()
        return self.spaced(re.sub(r"[ \n]+", " ", said))

    def spaced(self, text: str) -> str:
        """A text as it is set in this language."""
        return spaced(text, self.code)


def spaced(text: str, code: str) -> str:
    """A text as it is set: apostrophes, numbers kept with their units, in French the spaces of punctuation."""
    text = text.replace("'", APOSTROPHE)
    if code == "fr":
        for before, after in FRENCH_SPACES:
            text = re.sub(before, after, text)
    return UNITS.sub(WIDE, text)


@cache
def language(code: str) -> Language:
    """A language by its code; a ValueError names those there are."""
    if code not in CODES:
        raise ValueError(f"language {code!r}: must be {' or '.join(CODES)}")
    said = tomllib.loads((TEMPLATES / f"brief.{code}.toml").read_text(encoding="utf-8"))
    marks = {name: mark.replace("~", NARROW).replace("_", WIDE) for name, mark in said["marks"].items()}
    figure = {name: [spaced(each, code) for each in said["figure"][name]] if name == "losses" else spaced(words, code)
              for name, words in said["figure"].items()}  # fmt: skip
    tables = [{name: spaced(words, code) for name, words in said[part].items()}
              for part in ("names", "places", "shocks", "standing")]  # fmt: skip
    return Language(code, marks, *tables, figure, said["text"])


@cache
def _environment(code: str) -> Environment:
    """Jinja with the filters of a language; a fact that is not there is an error, never an empty place."""
    from jinja2 import Environment, StrictUndefined

    words = language(code)
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    environment.filters |= {
        "n": words.number, "percent": words.percent, "interval": words.interval, "name": words.name,
        "many": words.many, "place": words.place, "told": words.told, "shock": lambda kind: words.shocks[kind],
        "standing": lambda standing: words.standing[standing],
        "span": lambda ends, digits=1: words.span(*_ends(ends), digits),
        "listed": lambda parts: words.listed(list(parts)),
    }  # fmt: skip
    return environment


def _ends(value: Any) -> tuple[float | None, float | None]:
    """Low and high of an interval, whether a mapping or a `Difference`."""
    return (value["low"], value["high"]) if isinstance(value, Mapping) else (value.low, value.high)
