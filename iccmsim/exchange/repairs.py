"""What was wrong in a district's lists, told so that what matters is seen first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from iccmsim.world.geography import HOSPITAL_KM_IF_NONE, Dirt

NUMBER = re.compile(r"\d+(?:\.\d+)?")
# How the words begin of what takes people or care off the map, or puts them where they may not be; then of guesses
GRAVE = ("dropped", "left out", "kept, but over", "unknown type", "no usable number", "counted as first level",
         "fewer than its parts", f"{HOSPITAL_KM_IF_NONE:g} km to the hospital")  # fmt: skip
GUESSED = ("imputed", "kept", "private", "ours from the coordinates", "blank")


def foremost(dirt: Iterable[Dirt]) -> list[Dirt]:
    """Repairs in order of weight: who and what is lost or may be wrong, then what is guessed, then mere spelling."""

    def weight(each: Dirt) -> int:
        done = each.what_was_done
        if done.startswith(GRAVE):
            return 0
        return 1 if done.startswith(GUESSED) and each.field != "row" else 2

    return sorted(dirt, key=weight)


def summarise_dirt(dirt: Iterable[Dirt]) -> dict[str, int]:
    """How often each kind of repair was made: {"villages.csv lat, lon: dropped, no coordinates": 3, ...}.

    Numbers in which repairs of one kind differ are #; an unknown type of facility is a kind of its own.
    """
    kinds: dict[tuple[str, ...], list[list[str]]] = {}
    for each in dirt:
        done = re.sub(r"kept as \S+,", "kept with a new id,", each.what_was_done)
        which = f"{each.field} {each.value!r}" if done.startswith("unknown type") else each.field
        kinds.setdefault((f"{each.file} {which}: ", *NUMBER.split(done)), []).append(NUMBER.findall(done))
    return {_told(kind, numbers): len(numbers) for kind, numbers in kinds.items()}


def _told(kind: Sequence[str], numbers: Sequence[Sequence[str]]) -> str:
    """The words of one kind, with the numbers that all have in common."""
    shown = [alike[0] if len(set(alike)) == 1 else "#" for alike in zip(*numbers, strict=True)]
    head, first, *rest = kind
    return head + first + "".join(number + words for number, words in zip(shown, rest, strict=True))
