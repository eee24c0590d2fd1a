"""What stored JSON must look like: told beside what writes it, and looked at when it is read.

A shape is a type (`float`: any number; `object`: anything), a word or None for this very value, a `ListOf`, a dict of
what an object must hold ("key?": may be missing; `str` alone: any names), or a tuple of shapes of which one must do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iccmsim.parameters.declare import plain

WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", None: "null",
         dict: "an object"}  # fmt: skip
TYPES = {float: (int, float), int: (int,), str: (str,), bool: (bool,)}


@dataclass(frozen=True)
class ListOf:
    """A list whose items have a shape, of at least so many and, if given, no more."""

    each: Any
    least: int = 0
    most: int | None = None


VERSIONS = {"version": str, "code": str, "python": str, str: str}  # as `made_with` tells them
SHOCK = {"kind": str, "day": int, "days": int, "zones": ("all", float, ListOf(int, 1))}
FACTS = {
    "place": str, "villages": int, "people": int, "zones": int, "deploys_chws": bool, "chws": int, "posts": int,
    "people_served_by_chws": int, "share_5km": float, "warmup_days": int, "window_days": int, "tail_days": int,
    "country?": str, "shocks?": ListOf(SHOCK),
}  # fmt: skip


def refuse_unlike(file: Path, told: Any, shape: Any) -> None:
    """A ValueError names the first place in which a file is not as it was written."""
    if wrong := unlike(told, shape):
        raise ValueError(f"{file.parent}: its {file.name} {wrong}; run it again")


def unlike(told: Any, shape: Any, at: str = "") -> str:
    """What is wrong with stored data, as the end of a sentence; nothing if they have their shape."""
    if isinstance(shape, tuple):
        return "" if any(not unlike(told, each) for each in shape) else _says(at, told, shape)
    if isinstance(shape, ListOf):
        if not isinstance(told, list) or not shape.least <= len(told) <= (shape.most or len(told)):
            return _says(at, told, shape)
        return next(filter(None, (unlike(each, shape.each, f"{at}[{n}]") for n, each in enumerate(told))), "")
    if isinstance(shape, Mapping):
        return _unlike_object(told, shape, at)
    if isinstance(shape, type):
        fits = shape is object or type(told) in TYPES[shape]
    else:
        fits = told is shape or (isinstance(shape, str) and told == shape)
    return "" if fits else _says(at, told, shape)


def _unlike_object(told: Any, shape: Mapping[Any, Any], at: str) -> str:
    if not isinstance(told, dict):
        return _says(at, told, dict)
    for name, each in shape.items():
        if name is str:
            continue
        key = name.removesuffix("?")
        if key in told and (wrong := unlike(told[key], each, f"{at}.{key}".strip("."))):
            return wrong
        if key not in told and key == name:
            return f"has no {at}.{key}".replace(" .", " ")
    others = told if str in shape else ()
    return next(filter(None, (unlike(told[key], shape[str], f"{at}.{key}".strip(".")) for key in others)), "")


def _says(at: str, told: Any, shape: Any) -> str:
    said = type(told).__name__ if isinstance(told, (list, dict)) else plain(told) if told is not None else "null"
    said = {"list": "a list", "dict": "an object"}.get(said, said)
    return f"says {at} = {said}, which must be {_in_words(shape)}" if at else f"holds {said} and not {_in_words(shape)}"


def _in_words(shape: Any) -> str:
    if isinstance(shape, tuple):
        return " or ".join(_in_words(each) for each in shape)
    if isinstance(shape, ListOf):
        many = "" if not shape.least else f" of {shape.least}" if shape.most else f" of {shape.least} or more"
        return f"a list{many}, each {_in_words(shape.each)}"
    if isinstance(shape, Mapping):
        return WORDS[dict]
    return WORDS[shape] if shape in WORDS else plain(shape)
