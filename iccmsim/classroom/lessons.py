"""The lessons: what a class begins with, and the question that playing answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SMALL = {"setting.place.zones": 3, "setting.place.people": 22_500, "run.days": 1096, "run.tail_days": 0}
EVERYWHERE = {"programme.chw.min_km": 0, "programme.chw.catch": 700}  # a CHW in or near every village


@dataclass(frozen=True)
class Lesson:
    """One beginning: a programme in a small district, a question, what to try, and what came of trying."""

    key: str
    title: str
    question: str
    tries: tuple[str, ...]
    answer: str
    scenario: str
    seed: int = 1
    overrides: Mapping[str, Any] = field(default_factory=lambda: dict(SMALL))


LESSONS = (
    Lesson(
        "good-looking", "Looks good, saves few?",
        "The CHWs see thousands of sick children. How many of them would have died without the programme, and why are "
        "they so few?",
        ("Play three years. Compare the visits to CHWs with the children saved, lost, and the deaths averted.",
         "Look at the last chart: how much more care do children get than their twins?",
         "Click a child that is alive here and died in the twin, and one the other way round."),
        "With the children of seed 1, three years have 19,709 visits to CHWs, 7 children saved and 8 lost; the mean "
        "of twenty districts is 7.5 saved and 6.5 lost. Most of what CHWs see kills nobody (colds, other fevers); "
        "43 in 100 of these children would have been seen at a health centre, which can admit a child; and CHWs in "
        "post are there on 71 days in 100, and lack a drug for 22 visits in 100.",
        "sahel/iccm-as-delivered",
    ),
    Lesson(
        "empty-box", "The empty box",
        "A CHW without medicines is a neighbour with good advice. How long does one bad day of supply last? And if the "
        "boxes are never filled again, do families stop coming?",
        ("Play to July. Empty the boxes, and watch stock and queue for two months.",
         "Reset, and empty them in February instead. Is it the same? And with other children?",
         "Reset, and stop the refills on the first day. Compare with a game in which you do nothing: the visits, "
         "\"given the right drug\" in the last chart, \"in vain\", and the expected deaths averted."),
        "One bad day lasts from a month to several. Until the boxes hold nine tenths of the antimalarials that they "
        "would have held, 76 days pass after 15 February and 51 after 1 July with the children of seed 1, 44 and "
        "125 with those of seed 2: it hangs on when CHWs order and what the health centre can spare."
        "<br>Without refills families go on coming: 34,848 visits in three years in place of 37,995, 8 % fewer "
        "(seed 1). What they get changes: of 100 ill children of the third year 10 are given the right drug in "
        "place of 23 (in the twin 7), most of the 10 at the health centre to which their CHW sent them, and 4.8 "
        "expected deaths are averted in place of 12.1. \"In vain\" hardly shows it (14 % more): it counts families who "
        "found nobody or had no turn, not those who found an empty box."
        "<br>Why do they come? A visit without a drug costs little trust (trust.failed: -0.15, where trust runs "
        "from -1 to 1) and is forgotten within months (trust.days: 90). Both are assumptions (grade D): that "
        "families come less after stock-outs has been reported; by how much, we have not found. With everything "
        "that the model assumes of trust at the far end of what it calls plausible, visits fall by 20 % and do not "
        "stop either.",
        "sahel-registers/iccm-supported", overrides={**SMALL, **EVERYWHERE},
    ),
    Lesson(
        "one-thing", "You can afford one thing",
        "The CHWs are as most programmes have them, and families seldom reach a health centre. You may improve one "
        "thing. Which one saves most children, and can one game tell you?",
        ("Play three years without touching anything, and write down the deaths here and the expected deaths averted.",
         "Reset, pull one lever on the first day, and play again: the same children fall ill on the same days. How far "
         "do the two numbers move? Then another lever.",
         "Press Others and do it again. Does the same lever win? How many games would the class have to play?"),
        "No. With the children of seeds 1, 2, 3 and 4 no lever (supervision of most, free visits, one CHW more, "
        "five more) moves the deaths here by more than two; with seed 1 doing nothing averts most expected deaths, and "
        "the others name two levers between them. Over twenty games free visits avert 0.4 expected deaths more than "
        "the programme as it is (Monte-Carlo error 0.1), supervision 0.1 (0.1). For the mean to be twice its error it "
        "takes about 8 games for free visits and 77 for supervision; if you count the deaths that happened, 12 and "
        "1259. And that free visits do more than supervision hangs on how families feel a fee of half a dollar, which "
        "is an assumption.",
        "sahel-registers/iccm-as-delivered",
    ),
)  # fmt: skip


def lesson_of(key: str) -> Lesson:
    """A lesson by its key; a KeyError names those there are."""
    for lesson in LESSONS:
        if lesson.key == key:
            return lesson
    raise KeyError(f"no lesson {key!r}; there are {', '.join(lesson.key for lesson in LESSONS)}")
