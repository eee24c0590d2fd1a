"""Stories for whoever clicks on the map: a child's life, a CHW's work, a health centre's day, in plain words."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.core.records import ALIVE, AT_FACILITY, BASIC_PRODUCTS, CAUSES, DEAD, MINUTES, PRODUCTS
from iccmsim.report.terminal import PRODUCT_NAMES
from iccmsim.report.trace import FIFTHS, age, dated, illness_words, life_of, listed, walk
from iccmsim.results.result import result_of
from iccmsim.results.tables import wealth_fifths
from iccmsim.rules.facility_care import month_number
from iccmsim.world.zone import promised

if TYPE_CHECKING:
    from iccmsim.classroom.game import Game
    from iccmsim.classroom.village_map import Clicked
    from iccmsim.model.agents import Child, CommunityHealthWorker, HealthFacility

LINE = re.compile(r"day\s+(?P<day>-?\d+)  (?P<date>.{15})  (?P<age>.{9})  (?P<said>.*)")
UNFINISHED = "The run ends before "  # told of a run that is over; here it goes on
MOST_LINES = 14


@dataclass(frozen=True)
class Story:
    """A heading, a sentence or two, and what happened when: (date and age, sentence), in order."""

    title: str
    says: tuple[str, ...]
    events: tuple[tuple[str, str], ...] = ()
    earlier: int = 0  # events that are left out because they came before those


def story_of(game: Game, thing: Clicked) -> Story:
    """The story of whatever was clicked."""
    if thing.kind == "child":
        return child_story(game, thing.number)
    if thing.kind == "chw":
        return chw_story(game.here.chws[thing.number])
    return centre_story(game.here.facilities[thing.number])


# --- a child -------------------------------------------------------------------------------------------


def child_story(game: Game, number: int) -> Story:
    """How a child has lived so far, and how its twin without the programme fares."""
    child, twin = game.here.children[number], game.twin.children[number]
    run = game.here.simulation.runs[child.zone_index]
    alone = result_of([run], scenario=game.here.config, seed=game.seed)
    lines = life_of(alone, child.row)
    told = [_event(LINE.fullmatch(line)) for line in lines[1:]]
    told = [each for each in told if not each[2].startswith(UNFINISHED)]
    if twin.state == DEAD and child.state != DEAD:
        end, born = (minute / MINUTES - run.plan.warmup for minute in (twin.end, twin.birth))
        place = sum(day <= math.floor(end) for day, _, _ in told)
        line = f"{dated(end, born=born)}  Here its twin, without the programme, dies."
        told.insert(place, _event(LINE.fullmatch(line)))
        first = max(0, min(place - MOST_LINES // 2, len(told) - MOST_LINES))
    else:
        first = max(0, len(told) - MOST_LINES)
    shown = told[first : first + MOST_LINES]
    return Story(_child_title(child, number), (_home(child), _twins(child, twin)),
                 tuple((when, said) for _, when, said in shown), earlier=first)  # fmt: skip


def _event(line: re.Match[str]) -> tuple[int, str, str]:
    """Day, date and age, and the sentence, with "the CHW" for the only one that a family knows."""
    said = re.sub(r"CHW \d+", "the CHW", line["said"].strip())
    return int(line["day"]), f"{line['date'].strip()} · {line['age'].strip()}", said[:1].upper() + said[1:]


def _child_title(child: Child, number: int) -> str:
    grown = age(child.age_days)
    if child.state == DEAD:
        return f"Child {number} died at {grown}"
    if child.state != ALIVE:
        return f"Child {number} has turned five"
    if child.is_severely_ill:
        return f"Child {number}, {grown}, is severely ill"
    return f"Child {number}, {grown}" + (", is ill" if child.is_sick else ", is well")


def _home(child: Child) -> str:
    """Where the family lives, and how wealthy it is among the families of the district."""
    family = child.family
    of_zones = wealth_fifths([run.zone.household["wealth"] for run in child.model.simulation.runs])
    fifth = FIFTHS[of_zones[family.zone_index][family.row] - 1]
    chw = child.served_by
    near = "no CHW serves the family" if chw is None else (
        f"its CHW (number {chw.district_number + 1}) lives {walk(family.km_chw)}")  # fmt: skip
    return (f"Village {family.village_number + 1}, among the {fifth} fifth of families; the health centre is "
            f"{walk(family.km_facility)}, {near}.")  # fmt: skip


def _twins(child: Child, twin: Child) -> str:
    """What has become of the same child without the programme."""
    cause = "" if twin.cause < 0 else illness_words(CAUSES[twin.cause])
    if twin.state == DEAD and child.state != DEAD:
        return f"Saved: without the programme this child died of {cause} at {age(twin.age_days)}."
    if child.state == DEAD and twin.state != DEAD:
        return "Lost: without the programme this child has not died."
    if child.state == DEAD:
        same = twin.end == child.end and twin.cause == child.cause
        return "Without the programme it " + ("died the same death." if same else f"died too, of {cause} at "
                                              f"{age(twin.age_days)}.")  # fmt: skip
    return "Its twin, without the programme, lives too."


# --- providers -----------------------------------------------------------------------------------------


def chw_story(chw: CommunityHealthWorker) -> Story:
    """Who is at the post today, how it goes, and what is in the box."""
    run = chw.model.simulation.runs[chw.zone_index]
    today = chw.model.simulation.day - 1
    village = int(run.zone.village["number"][chw.village])
    child = run.zone.child
    mine = promised(run.zone) == chw.row
    served = np.isin(child["household"], np.flatnonzero(mine))
    children = int((served & (child["state"] == ALIVE)).sum())
    says = [f"Serves {mine.sum()} families with {children:,} children under five.", _at_post(chw, today)]
    if chw.is_in_post:
        says += [_staff(chw, today), _months(run, chw.row)]
    says.append(_shelf(chw))
    return Story(f"CHW {chw.district_number + 1}, village {village + 1}", tuple(says))


def _at_post(chw: CommunityHealthWorker, today: int) -> str:
    if not chw.is_in_post:
        days = chw.vacant_until - today
        return f"The post is empty; somebody comes in {days} day{'s' * (days != 1)}." if 0 < days < 3650 else (
            "The post is empty.")  # fmt: skip
    if chw.model.day == 0:
        return "Has been trained and begins tomorrow."
    if chw.is_present:
        waiting = chw.waiting
        return "Is there today" + (f"; {several(waiting)} must wait for tomorrow." if waiting else ".")
    return "Is away for some days." if chw.in_spell else "Cannot be reached today (a day off)."


def _staff(chw: CommunityHealthWorker, today: int) -> str:
    seen = "Has never been visited by a supervisor" if chw.supervised_day < 0 else (
        f"Last saw a supervisor {today - chw.supervised_day} days ago")  # fmt: skip
    heart = "in good heart" if chw.motivation > 0.8 else "a little tired of it" if chw.motivation > 0.6 else (
        "losing heart")  # fmt: skip
    paid = "" if chw.unpaid == 0 else f", unpaid for {chw.unpaid} month{'s' * (chw.unpaid != 1)}"
    return f"{seen}; is {heart} (motivation {100 * chw.motivation:.0f} of 100){paid}."


def _months(run: Any, row: int) -> str:
    """The last thirty-odd days by the books: this month and the last."""
    p = run.plan.record(max(0, run.day - 1))[0]
    number = month_number(run.day - 1, p)
    book = run.zone.monthly[row, max(int(p["month_offset"]) if row else 0, number - 1) : number + 1]
    seen, missed, without = (int(book[name].sum()) for name in ("cases", "visits_missed", "without_drug"))
    return (f"This month and last: {several(seen)} seen, {missed:,} came in vain, {without:,} left without a drug "
            "they needed.")  # fmt: skip


def _shelf(provider: CommunityHealthWorker | HealthFacility) -> str:
    held = [product for product, kit in zip(PRODUCTS, provider.kit, strict=True) if kit > 0]
    held = held or list(PRODUCTS[:BASIC_PRODUCTS])
    out = [PRODUCT_NAMES[product] for product in held if provider.stock[product] == 0]
    there = [f"{PRODUCT_NAMES[product]} {provider.stock[product]:,}" for product in held if provider.stock[product]]
    return "In stock: " + (listed(there) or "nothing") + "." + (f" Out of stock: {listed(out)}." if out else "")


def centre_story(centre: HealthFacility) -> Story:
    """The health centre today."""
    run = centre.model.simulation.runs[centre.zone_index]
    child = run.zone.child
    alive = int((child["state"] == ALIVE).sum())
    waiting = centre.waiting
    today = "Open today" if centre.is_present else "Closed today"
    queue = f"; {several(waiting)} must wait for another day." if waiting else "; nobody waits overnight."
    coming = int(((child["going_to"] == AT_FACILITY) & (child["by_referral"] > 0)).sum())
    chws = len(run.zone.provider) - 1
    says = (f"First-level centre for {alive:,} children under five; supplies {chws} CHW{'s' * (chws != 1)}.",
            today + queue, _months(run, 0), f"{several(coming)} on the way here after a referral.",
            _shelf(centre))  # fmt: skip
    return Story(f"Health centre {centre.zone_index + 1}", says)


def several(children: int) -> str:
    """So many children."""
    return f"{children:,} child{'ren' * (children != 1)}"
