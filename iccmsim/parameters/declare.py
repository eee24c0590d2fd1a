"""How a number of the model is declared: once, with its meaning, unit, range, source and grade."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass

GRADES = "ABCD"
"""A trial or meta-analysis; B survey, large programme or multi-study model; C single study, or a value
that we remember but have not seen again; D expert opinion, derivation or assumption."""
DIGITS = 40  # of a whole number that is written out; a longer one is a slip, and only its length is told


@dataclass(frozen=True)
class Parameter:
    """One number (or vector of numbers) that a setting, a programme or a run is described by.

    `allowed` is what the program accepts; `plausible` is our honest doubt, a low and a high value. For a
    vector `plausible` holds two factors on the whole vector. None (a switch, a convention, a shape) needs a
    `note` that says why. `distribution` describes the doubt about the value, never variation between
    children; "U" and "LogU" mean uniform (on the value or on its logarithm) over the plausible range. `dated`
    says whether a programme may change the value on a date.
    """

    key: str
    default: float | tuple[float, ...]
    unit: str
    allowed: tuple[float, float]
    plausible: tuple[float, float] | None
    distribution: str
    source: str
    grade: str
    says: str
    note: str = ""
    integer: bool = False
    dated: bool = True
    section: str = ""

    def __post_init__(self) -> None:
        whole = int if self.integer else float
        default = tuple(map(float, self.default)) if self.size else whole(self.default)
        object.__setattr__(self, "default", default)
        if self.distribution in ("U", "LogU"):
            low, high = self.plausible
            spelt = f"{self.distribution}({plain(low)}, {plain(high)})"
            object.__setattr__(self, "distribution", spelt)

    @property
    def field(self) -> str:
        """The name of this number in the flat record of the kernel."""
        return self.key.replace(".", "_")

    @property
    def path(self) -> str:
        """The dotted path of this number in a scenario file."""
        return self.key if self.section == "run" else f"{self.section}.{self.key}"

    @property
    def size(self) -> int:
        """How many numbers: 0 for a single number, else the length of the vector."""
        return len(self.default) if isinstance(self.default, tuple) else 0

    def bounds(self) -> tuple | None:
        """The plausible low and high (for a vector one pair each); None if the value is not in doubt."""
        if self.plausible is None:
            return None
        if not self.size:
            return self.plausible
        return tuple(self._element_bounds(value) for value in self.default)

    def _element_bounds(self, value: float) -> tuple[float, float]:
        ends = sorted(value * factor for factor in self.plausible)
        return tuple(min(max(end, self.allowed[0]), self.allowed[1]) for end in ends)

    def rule(self) -> str:
        """The sentence that an error message ends with."""
        whole = "a whole number " if self.integer else ""
        return f"must be {whole}between {plain(self.allowed[0])} and {plain(self.allowed[1])} ({self.unit})"


def parameters(section: str, *declared: Parameter) -> tuple[Parameter, ...]:
    """Gather the declarations of one section and check that each is complete and meant once."""
    seen: set[str] = set()
    for parameter in declared:
        object.__setattr__(parameter, "section", section)
        if parameter.key in seen:
            raise ValueError(f"{parameter.key}: declared twice in section {section}")
        seen.add(parameter.key)
        check_declaration(parameter)
    return declared


def check_declaration(parameter: Parameter) -> None:
    """Refuse a declaration that lacks a source, a grade or a sensible range."""
    key, (low, high) = parameter.key, parameter.allowed
    values = parameter.default if parameter.size else (parameter.default,)
    if not all(low <= value <= high for value in values):
        raise ValueError(f"{key} = {plain(parameter.default)}: the default {parameter.rule()}")
    if parameter.grade not in tuple(GRADES):
        raise ValueError(f"{key}: grade {parameter.grade!r} must be one of {', '.join(GRADES)}")
    if not (parameter.source and parameter.says and parameter.unit):
        raise ValueError(f"{key}: must have a source, a unit and a sentence that says what it means")
    if parameter.plausible is None and not parameter.note:
        raise ValueError(f"{key}: has no plausible range, so its note must say why")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that somebody who wrote `word` most likely meant, or None."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The tail of an error message: the nearest right word, or nothing."""
    found = nearest(word, known)
    return f"; did you mean {found}?" if found else ""


def lookup(key: str, declared: Iterable[Parameter]) -> Parameter:
    """Find a declaration by key or dotted path; a KeyError names the nearest right one."""
    declared = tuple(declared)
    for parameter in declared:
        if key in (parameter.key, parameter.path):
            return parameter
    raise KeyError(f"{key}: unknown parameter{did_you_mean(key, [p.key for p in declared])}")


def plain(value: object) -> str:
    """Write a value as a person would: 5 not 5.0, true not True, a text in quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**DIGITS:
        tens = int(math.log10(abs(value)))
        return f"a number of {tens + (10**tens <= abs(value))} digits"
    if isinstance(value, (int, float)):
        whole = math.isfinite(value) and float(value).is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else repr(float(value))
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(plain(item) for item in value) + "]"
    if isinstance(value, str):
        return repr(value)
    return "a table" if isinstance(value, dict) else str(value)
