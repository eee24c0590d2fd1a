"""The life of one child in plain sentences, from the tables of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from iccmsim.core.records import MONTH, PRODUCTS, YEAR

if TYPE_CHECKING:
    from iccmsim.results.result import Result

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LAUNCH = date(2001, 1, 1)  # any 1 January after a leap year will do
ILLNESS_WORDS = {"newborn_infection": "a newborn infection", "other_fever": "a fever of another cause",
                 "cough_or_cold": "a cough or cold", "background": "causes the model does not follow"}  # fmt: skip
DRUGS = {"ors": "ORS", "zinc": "zinc", "amoxicillin": "amoxicillin", "act_infant": "an antimalarial (ACT)",
         "act_child": "an antimalarial (ACT)",
         "rectal_artesunate": "rectal artesunate", "gentamicin": "gentamicin", "rutf": "ready-to-use food"}  # fmt: skip
SIGN_WORDS = {"fever": "fever", "cough": "cough", "fast_breathing": "fast breathing", "diarrhoea_sign": "diarrhoea"}
Event = tuple[float, int, str]  # day, order within a minute, sentence


def life_of(result: Result, child: int) -> list[str]:
    """One line an event, in order; a KeyError if there is no such child (children count from 0)."""
    children = result.children
    if not 0 <= child < len(children):
        raise KeyError(f"child {child}: unknown; this run has children 0 to {len(children) - 1}")
    row = children.iloc[child]
    episodes = result.episodes[result.episodes["child"] == child]
    visits = result.visits[result.visits["child"] == child]
    events = [*_frame(row)]
    for episode in episodes.to_dict("records"):
        events += _course(episode, seen=episode["episode_id"] in set(visits["episode_id"]))
    for visit in visits.to_dict("records"):
        events.append((visit["day"], 2, _visit(visit)))
    first = -float(result.plan["warmup_days"])
    lines = [f"{dated(day, born=row['birth_day'])}  {said}" for day, _, said in sorted(events) if day >= first]
    return [_who(row, result), *lines]


def dated(day: float, *, born: float) -> str:
    """A day with its date and the child's age: "day   412  17 Feb, year 2   8 months"."""
    when = LAUNCH + timedelta(days=math.floor(day))
    year = when.year - LAUNCH.year + 1
    shown = f"{when.day:2d} {MONTHS[when.month - 1]}, " + (f"year {year}" if year > 0 else "warm-up")
    return f"day {math.floor(day):5d}  {shown:<15}  {age(day - born):<9}"


def age(days: float) -> str:
    """An age as families say it."""
    if days < 28:
        return f"{int(days)} days" if int(days) != 1 else "1 day"
    if days < 2 * YEAR:
        return f"{int(days / MONTH)} months" if int(days / MONTH) != 1 else "1 month"
    return f"{days / YEAR:.1f} years"


def _who(row: Mapping[str, Any], result: Result) -> str:
    fifth = ("poorest", "second", "middle", "fourth", "richest")[int(row["wealth_quintile"]) - 1]
    post = "no CHW" if row["chw"] < 0 else f"CHW {row['chw']} {walk(row['km_chw'])}"
    return (f"Child {row['child']} of {result.scenario}, seed {result.seed}: village {row['village']}, {fifth} fifth "
            f"of households, health centre {walk(row['km_facility'])}, {post}.")  # fmt: skip


def walk(km: float) -> str:
    """A distance by path."""
    return "in the village" if km < 0.5 else f"{km:.1f} km away"


def _frame(row: Mapping[str, Any]) -> Iterator[Event]:
    """Birth, and how the story ends."""
    yield row["birth_day"], 0, "is born."
    if row["state"] == "dead":
        yield row["end_day"], 9, f"dies of {ILLNESS_WORDS.get(row['cause'], row['cause'])}."
    elif row["state"] == "aged_out":
        yield row["end_day"], 9, "turns five."


def _course(e: Mapping[str, Any], *, seen: bool) -> Iterator[Event]:
    """How one illness goes, apart from what others do about it."""
    name = ILLNESS_WORDS.get(e["illness"], e["illness"])
    if e["outcome"] == "prevented":
        yield e["onset_day"], 1, f"is bitten, but a recent antimalarial prevents {name}."
        return
    signs = [said for sign, said in SIGN_WORDS.items() if e[sign]]
    told = f": {listed(signs)}" if signs else ", with no sign that a family would know"
    yield e["onset_day"], 1, f"falls ill with {name}{told}. {_home(e, seen=seen)}"
    if e["severe"] and e["illness"] != "newborn_infection":
        yield e["worsens_day"], 3, f"gets worse: {name} is now severe{', with danger signs' * bool(e['danger_sign'])}."
    if e["outcome"] == "recovered":
        if e["severe"]:
            yield e["kills_day"], 4, f"survives severe {name}" + _thanks(e) + "."
        else:
            yield max(e["mends_day"], e["worsens_day"]), 4, f"is well again after {name}."
    elif e["outcome"] == "running":
        yield e["onset_day"], 5, "The run ends before this illness does."


def _home(e: Mapping[str, Any], *, seen: bool) -> str:
    """What the family makes of it."""
    said = "The family takes it seriously" if e["perceived"] else "The family does not think it serious"
    if e["visits"] or seen:
        return said + "."
    return said + (", and goes to a CHW without being seen that day." if e["missed_chw"] else " and asks nobody.")


def _thanks(e: Mapping[str, Any]) -> str:
    effect = 1.0 - (1.0 - e["effect"]) * (1.0 - e["effect_zinc"]) * (1.0 - e["effect_second_line"])
    return f" (treatment had taken away {100 * effect:.0f} % of the danger)" if effect > 0.005 else " untreated"


def _visit(v: Mapping[str, Any]) -> str:
    """One visit: where, what was done, what was lacking, where next."""
    if v["provider"] == "informal":
        return f"The family buys something from a seller{_with(v)}."
    if v["provider"] == "volunteer":
        given = any(v[f"given_{p}"] for p in PRODUCTS)
        return f"A volunteer near by {'gives an antimalarial (ACT)' if given else 'has no antimalarial left'}."
    if v["at_home"]:
        return " ".join([f"CHW {v['chw']} sees the child at home{_with(v)}.", *_care(v)])
    where = {"chw": f"CHW {v['chw']}", "facility": "the health centre", "hospital": "the hospital"}[v["provider"]]
    told = [f"Goes to {where}{' as referred' * bool(v['by_referral'])}{_with(v)}"]
    if v["found_closed"]:
        return f"{told[0]}: nobody is there."
    if v["turned_away"]:
        return f"{told[0]}: too many are waiting, and there is no turn."
    days = int(v["day"] - v["arrived_day"] + 0.5)
    told[0] += f", and is seen after {days} day{'s' * (days > 1)} of waiting" if days else ""
    told[0] += ", and as a child in danger is seen at once." if v["triaged"] else "."
    return " ".join([*told, *_care(v)])


def _with(v: Mapping[str, Any]) -> str:
    """The worst complaint that the family brings."""
    return "" if v["complaint"] == "none seen" else f", with {v['complaint']}"


def _care(v: Mapping[str, Any]) -> Iterator[str]:
    """What the provider looked at, found, gave, lacked and decided."""
    if v["provider"] == "hospital":
        yield "Is admitted."
        return
    looked = [f"danger signs ({'found' if v['danger_found'] else 'none found'})"] if v["looked"] else []
    looked += [f"a malaria test ({'positive' if v['positive'] else 'negative'})"] if v["tested"] else []
    looked += [f"breaths counted ({'fast' if v['fast_found'] else 'not fast'})"] if v["counted"] else []
    looked += [f"oxygen measured ({'low' if v['low_oxygen'] else 'normal'})"] if v["oximeter"] else []
    yield f"Examined: {listed(looked)}." if looked else "Not examined by the book."
    given = list(dict.fromkeys(DRUGS[p] for p in PRODUCTS if p in DRUGS and v[f"given_{p}"]))
    yield f"Given: {listed(given)}." if given else "Given nothing."
    if v["second_line"]:
        yield "The first treatment has failed: given the second line."
    lacked = list(dict.fromkeys(DRUGS.get(p, "malaria tests") for p in PRODUCTS if v[f"lacked_{p}"]))
    if lacked:
        yield f"Out of stock: {listed(lacked)}."
    if v["referred"]:
        yield "Referred, and the family goes." if v["gone"] else "Referred, but the family does not go."


def listed(parts: list[str]) -> str:
    """Words in a row: "fever, cough and diarrhoea"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
