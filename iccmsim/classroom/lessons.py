"""The lessons: what a class begins with, and the question that playing answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SMALL = {"setting.place.zones": 3, "setting.place.people": 22_500, "run.days": 1096, "run.tail_days": 0}
EVERYWHERE = {"programme.chw.min_km": 0, "programme.chw.catch": 700}  # a CHW in or near every village


@dataclass(frozen=True)
class Lesson:
    """One beginning: a programme in a small district, a question, and what to try."""

    key: str
    title: str
    question: str
    tries: tuple[str, ...]
    scenario: str
    seed: int = 1
    overrides: Mapping[str, Any] = field(default_factory=lambda: dict(SMALL))


LESSONS = (
    Lesson(
        "good-looking", "Looks good, saves few?",
        "The CHWs see thousands of sick children. How many of them would have died without the programme, and why are "
        "they so few?",
        ("Play one year. Compare the visits to CHWs with the deaths averted.",
         "Look at the last chart: how much more care do children get than their twins?",
         "Click a child that is alive here and died in the twin, and one the other way round."),
        "sahel/iccm-as-delivered",
    ),
    Lesson(
        "empty-box", "The empty box",
        "A CHW without medicines is a neighbour with good advice. How long does one bad day of supply last?",
        ("Play to July. Empty the boxes, and watch stock and queue for two months.",
         "Reset, and empty them in February instead. Is it the same?",
         "Reset, and stop the resupply in January of the first year. When do families stop coming?"),
        "sahel-registers/iccm-supported", overrides={**SMALL, **EVERYWHERE},
    ),
    Lesson(
        "one-thing", "You can afford one thing",
        "The CHWs are as most programmes have them, and families seldom reach a health centre. You may improve one "
        "thing. Which one saves most children?",
        ("Play three years without touching anything, and write down the deaths here and in the twin.",
         "Reset, pull one lever on the first day, and play again. The same children fall ill on the same days.",
         "Then ask: would another district say the same? Try another seed before you believe it."),
        "sahel-registers/iccm-as-delivered",
    ),
)  # fmt: skip


def lesson_of(key: str) -> Lesson:
    """A lesson by its key; a KeyError names those there are."""
    for lesson in LESSONS:
        if lesson.key == key:
            return lesson
    raise KeyError(f"no lesson {key!r}; there are {', '.join(lesson.key for lesson in LESSONS)}")
