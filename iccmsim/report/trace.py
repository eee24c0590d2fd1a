"""The life of one child in plain sentences, from the tables of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from iccmsim.core.records import MINUTES, MONTH, PRODUCTS, YEAR

if TYPE_CHECKING:
    from iccmsim.results.result import Result

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LAUNCH = date(2001, 1, 1)  # any 1 January after a leap year will do
ILLNESS_WORDS = {"newborn_infection": "a newborn infection", "other_fever": "a fever of another cause",
                 "cough_or_cold": "a cough or cold", "background": "causes the model does not follow"}  # fmt: skip
DRUGS = {"ors": "ORS", "zinc": "zinc", "amoxicillin": "amoxicillin", "act_infant": "an antimalarial (ACT)",
         "act_child": "an antimalarial (ACT)",
         "rectal_artesunate": "rectal artesunate", "gentamicin": "gentamicin", "rutf": "ready-to-use food"}  # fmt: skip
OWN_DRUGS = {"malaria": ("act_infant", "act_child", "rectal_artesunate"), "pneumonia": ("amoxicillin",),
             "diarrhoea": ("ors", "zinc"), "newborn_infection": ("amoxicillin", "gentamicin")}  # fmt: skip
SIGN_WORDS = {"fever": "fever", "cough": "cough", "fast_breathing": "fast breathing", "diarrhoea_sign": "diarrhoea"}
FIFTHS = ("poorest", "second poorest", "middle", "second richest", "richest")
Event = tuple[float, int, str]  # day, order within a minute, sentence


def life_of(result: Result, child: int) -> list[str]:
    """One line an event, in order; a KeyError if there is no such child (children count from 0)."""
    children = result.children
    if not 0 <= child < len(children):
        raise KeyError(f"child {child}: unknown; this run has children 0 to {len(children) - 1}")
    row = children.iloc[child]
    episodes = result.episodes[result.episodes["child"] == child].to_dict("records")
    visits = result.visits[result.visits["child"] == child].to_dict("records")
    events = [*_frame(row)]
    last = result.plan["window_days"] + result.plan["tail_days"] - 1 / MINUTES
    for episode in episodes:
        events += _course(episode, visits, last)
    for visit in visits:
        events.append((visit["day"], 2, _visit(visit, episodes)))
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
    if days < MONTH:
        return f"{int(days)} days" if int(days) != 1 else "1 day"
    if days < 2 * YEAR:
        return f"{int(days / MONTH)} months" if int(days / MONTH) != 1 else "1 month"
    return f"{days / YEAR:.1f} years"


def _who(row: Mapping[str, Any], result: Result) -> str:
    fifth = FIFTHS[int(row["wealth_quintile"]) - 1]
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
        yield row["end_day"], 9, f"dies of {illness_words(row['cause'])}."
    elif row["state"] == "aged_out":
        yield row["end_day"], 9, "turns five."


def _course(e: Mapping[str, Any], visits: Sequence[Mapping[str, Any]], last: float) -> Iterator[Event]:
    """How one illness goes, and what the family makes of it.

    A family judges at the onset, and anew when the illness becomes severe; the table has its last answer. `last`: the
    last minute of the run.
    """
    name = illness_words(e["illness"])
    if e["outcome"] == "prevented":
        yield e["onset_day"], 1, f"is bitten, but a recent antimalarial prevents {name}."
        return
    turns = _turns_severe(e)
    yield e["onset_day"], 1, f"falls ill with {name}{_signs(e)}." + ("" if turns else f" {_family(e, visits)}")
    if turns:
        danger = ", with danger signs" * bool(e["danger_sign"])
        yield e["worsens_day"], 3, f"gets worse: {name} is now severe{danger}. {_family(e, visits)}"
    if e["outcome"] == "recovered":
        if e["severe"]:
            yield e["kills_day"], 4, f"survives {_severe(e)}{_thanks(e, visits)}."
        else:
            yield max(e["mends_day"], e["worsens_day"]), 4, f"is well again after {name}."
    elif e["outcome"] == "running":
        yield last, 10, f"The run ends before {name} does."


def illness_words(illness: str) -> str:
    """An illness as one speaks of it."""
    return ILLNESS_WORDS.get(illness, illness)


def _severe(e: Mapping[str, Any]) -> str:
    return "severe " + illness_words(e["illness"]).removeprefix("a ")


def _turns_severe(e: Mapping[str, Any]) -> bool:
    """Whether it became severe in its course; a newborn's infection is so from the onset."""
    return bool(e["severe"]) and e["illness"] != "newborn_infection"


def _signs(e: Mapping[str, Any]) -> str:
    """What the family sees at the onset. Of an illness that turns severe the table does not say since when it has a
    danger sign."""
    signs = [said for sign, said in SIGN_WORDS.items() if e[sign]]
    if e["danger_sign"] and not _turns_severe(e):
        signs.append("a danger sign")
    if signs:
        return f": {listed(signs)}"
    return "" if e["danger_sign"] else ", with no sign that a family would know"


def _family(e: Mapping[str, Any], visits: Sequence[Mapping[str, Any]]) -> str:
    """What the family thinks of it, and whether it asks anybody."""
    said = "The family takes it seriously" if e["perceived"] else "The family does not think it serious"
    if e["visits"] or any(v["episode_id"] == e["episode_id"] for v in visits):
        return said + "."
    turns = _turns_severe(e)
    if e["missed_chw"]:
        return f"{said}, and {'before or after ' * turns}goes to a CHW without being seen that day."
    return f"{said} and asks nobody{', before or after' * turns}."


def _thanks(e: Mapping[str, Any], visits: Sequence[Mapping[str, Any]]) -> str:
    """What treatment had to do with it that a severe illness did not kill."""
    effect = 1.0 - (1.0 - e["effect"]) * (1.0 - e["effect_zinc"]) * (1.0 - e["effect_second_line"])
    if effect > 0.005:
        return f" (treatment had taken away {100 * effect:.0f} % of the danger)"
    before = [v for v in visits if e["onset_day"] <= v["day"] < e["kills_day"]]
    if any(_treats(v, e) for v in before):
        return " (treatment did not act)"
    return " (what was bought did not act)" if any(v["provider"] == "informal" for v in before) else " untreated"


def _treats(v: Mapping[str, Any], e: Mapping[str, Any]) -> bool:
    """Whether a visit is care of this illness: its own drug; the hospital's; a health centre's of the severe."""
    bed = v["provider"] == "facility" and v["danger_found"] and not v["no_bed"] and v["day"] >= e["worsens_day"]
    return v["provider"] == "hospital" or bed or any(v[f"given_{drug}"] for drug in OWN_DRUGS[e["illness"]])


def _visit(v: Mapping[str, Any], episodes: Sequence[Mapping[str, Any]]) -> str:
    """One visit: where, what was done, what was lacking, where next."""
    if v["provider"] == "informal":
        return f"The family buys something from a seller{_with(v)}."
    if v["provider"] == "volunteer":
        given = any(v[f"given_{p}"] for p in PRODUCTS)
        return f"A volunteer near by {'gives an antimalarial (ACT)' if given else 'has no antimalarial left'}."
    if v["at_home"]:
        return " ".join([f"CHW {v['chw']} sees the child at home{_with(v)}.", *_care(v)])
    where = {"chw": f"CHW {v['chw']}", "facility": "the health centre", "hospital": "the hospital"}[v["provider"]]
    nights = math.floor(v["day"]) - math.floor(v["arrived_day"])
    if nights:
        sent = ", where it was sent" * bool(v["by_referral"])
        came = f"Has waited {nights} night{'s' * (nights > 1)} at {where}{sent}{_with(v)}"
    else:
        came = f"Goes to {where}{' as referred' * bool(v['by_referral'])}{_with(v)}"
    if v["found_closed"]:
        return came + ("; now nobody is there." if nights else ": nobody is there.")
    if v["turned_away"]:
        return came + (", and there is still no turn." if nights else ": too many are waiting, and there is no turn.")
    seen = ", and is seen." if nights else "."
    if v["triaged"]:
        seen = f", and as a child in danger is {'now ' * bool(nights)}seen at once."
    return " ".join([came + seen, *(_in_hospital(v, episodes) if v["provider"] == "hospital" else _care(v))])


def _with(v: Mapping[str, Any]) -> str:
    """The worst complaint that the family brings."""
    return "" if v["complaint"] == "none seen" else f", with {v['complaint']}"


def _care(v: Mapping[str, Any]) -> Iterator[str]:
    """What a CHW or health centre looked at, found, gave, lacked and decided."""
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


def _in_hospital(v: Mapping[str, Any], episodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The hospital treats whatever the child has; only the severely ill need a bed."""
    severe = [_severe(e) for e in episodes if e["severe"] and e["worsens_day"] <= v["day"] < e["kills_day"]]
    yield f"Is treated there{f' for {listed(severe)}' if severe else ', and is not so ill as to need a bed'}."


def listed(parts: list[str]) -> str:
    """Words in a row: "fever, cough and diarrhoea"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
