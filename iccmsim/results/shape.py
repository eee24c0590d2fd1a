"""What stored JSON must look like: told beside what writes it, looked at by pydantic when it is read.

A shape is a mapping of keys ("key?": may be missing) to types, other shapes, or `many` of either. Nothing is converted,
and keys that a shape does not name are let be.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError, create_model

from iccmsim.core.records import ILLNESSES, NEWBORN
from iccmsim.parameters.declare import plain

Shape = Mapping[str, Any]


def many(each: Any, least: int = 0, most: int | None = None) -> Any:
    """A list of types or shapes, of at least so many and, if given, no more."""
    return Annotated[list[_type_of(each)], Field(min_length=least, max_length=most)]


def _type_of(each: Any) -> Any:
    if not isinstance(each, Mapping):
        return each
    fields = {key.removesuffix("?"): (_type_of(one), None if key.endswith("?") else ...) for key, one in each.items()}
    return create_model("Stored", __config__=ConfigDict(strict=True, protected_namespaces=()), **fields)


def refuse_unlike(file: Path, told: Any, shape: Shape) -> None:
    """A ValueError names the first place in which a file is not as it was written."""
    if wrong := unlike(told, shape):
        raise ValueError(f"{file.parent}: its {file.name} {wrong}; run it again")


def unlike(told: Any, shape: Shape) -> str:
    """What is wrong with stored data, as the end of a sentence; nothing if they have their shape."""
    try:
        _type_of(shape).model_validate(told)
    except ValidationError as faults:
        first = faults.errors()[0]
        at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).removeprefix(".")
        if first["type"] == "missing":
            return f"has no {at}"
        found, rule = first["input"], first["msg"].partition(" or instance of")[0]
        value = {list: "a list", dict: "an object", type(None): "null"}.get(type(found)) or plain(found)
        return f"says {at} = {value}: {rule[0].lower()}{rule[1:]}"
    return ""


VERSIONS = {"version": str, "code": str, "python": str}  # as `made_with` tells them
NAMED = {"name": str, "hash": str}  # a scenario whose text is kept beside
SHOCK = {"kind": str, "day": int, "days": int, "zones": Any}
FULL_EFFECT = dict.fromkeys((*ILLNESSES[: NEWBORN + 1], "zinc"), float)
FACTS = {
    "place": str, "villages": int, "people": int, "zones": int, "deploys_chws": bool, "chws": int, "posts": int,
    "people_served_by_chws": int, "share_5km": float, "warmup_days": int, "window_days": int, "tail_days": int,
    "rollout_days?": int, "chws_stay?": int, "review_days?": float, "reports_exact?": bool, "full_effect?": FULL_EFFECT,
    "country?": str, "shocks?": many(SHOCK), "deeds?": many({"day": int, "deed": str}),
}  # fmt: skip
