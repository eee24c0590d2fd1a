"""The rules that a scenario must keep; every fault is found at once and told in one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from iccmsim.parameters.catalogue import SECTIONS, of_section
from iccmsim.parameters.declare import Parameter, did_you_mean, plain
from iccmsim.parameters.kernel import CURVES, overfull_years
from iccmsim.parameters.place import KINDS, MODELS, Place

KAPPA_ROWS = (("kappa.mal", "cfr.mal.severe_untx"), ("kappa.pneu", "cfr.pneu.severe_untx"),
              ("kappa.diarr", "cfr.diarr.severe_untx"), ("kappa.psbi", "cfr.psbi.untx"))
SEVERITIES = ("sev.mal.untreated", "sev.pneu", "sev.diarr")
KAPPA_CFR_BELOW = .98
COMES_ABOUT = .95  # of the episodes that a setting declares, at least
DIARRHOEA = ("inc.diarr.0_5m", "inc.diarr.0_5m", "inc.diarr.6_11m", "inc.diarr.12_23m", "inc.diarr.24_59m")
YEARLY = (("inc.mal",) * 5, ("inc.pneu.0_59m",) * 5, DIARRHOEA, (), ("inc.nmfi",) * 5, ("inc.cough_cold.0_59m",) * 5)
AGES = ("28 to 59 days", "2 to 5 months", "6 to 11 months", "12 to 23 months", "24 to 59 months")  # of incidence
SHAPES = ("season.", "inc.pneu.age_rr")  # vectors of which only the proportions count


@cache
def section_model(section: str) -> type[BaseModel]:
    """The pydantic model of a section, made from the declarations."""
    fields: dict[str, Any] = {}
    for each in of_section(section).values():
        fields[each.field] = (_annotation(each), Field(each.default, alias=each.key, description=each.says))
    return create_model(section.capitalize(), __config__=ConfigDict(extra="forbid", frozen=True), **fields)


def _annotation(each: Parameter) -> Any:
    low, high = each.allowed
    kind = int if each.integer else float
    finite = {} if each.integer else {"allow_inf_nan": False}
    number = Annotated[kind, Field(ge=low, le=high, strict=True, **finite)]
    if not each.size:
        return number
    return Annotated[tuple[number, ...], Field(min_length=each.size, max_length=each.size)]


def check_section(section: str, given: Mapping[str, Any]) -> tuple[dict, list[str]]:
    """The values of a section (defaults for those not given) and a line for each fault."""
    known = of_section(section)
    ready = {key: whole(value) if key in known and known[key].integer else value for key, value in given.items()}
    try:
        model = section_model(section)(**ready)
    except ValidationError as error:
        wrong = dict.fromkeys(str(each["loc"][0]) for each in error.errors())
        return {}, [_fault(key, given[key], section=section) for key in wrong]
    values = vars(model)
    return {key: values[field] for key, field in _fields(section)}, []


@cache
def _fields(section: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, each.field) for key, each in of_section(section).items())


def whole(value: Any) -> Any:
    """Take 32.0 for the whole number 32."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def wrong_name(name: Any) -> str | None:
    """The rule that a name breaks, or None."""
    if not isinstance(name, str):
        return "must be a text"
    if not name.strip():
        return "must be a text that is not empty"
    return "must be a text of one line" if len(name.splitlines()) > 1 else None


def _fault(key: str, value: Any, *, section: str) -> str:
    path = key if section == "run" else f"{section}.{key}"
    each = of_section(section).get(key)
    if each is None:
        return f"{path}: {_unknown(key, section=section)}"
    if not each.size:
        return f"{path} = {plain(value)}: {_wrong_number(each, value)}"
    if not isinstance(value, (list, tuple)) or len(value) != each.size:
        count = f", not {len(value)}" if isinstance(value, (list, tuple)) else ""
        return f"{path} = {plain(value)}: must be {each.size} numbers{count} ({each.unit})"
    for place, item in enumerate(value):
        if (why := _wrong_number(each, item)) is not None:
            return f"{path}[{place}] = {plain(item)}: {why}"
    raise AssertionError(f"{path}: refused without a reason")


def _wrong_number(each: Parameter, value: Any) -> str | None:
    """The rule that a value breaks, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"must be a {'whole ' if each.integer else ''}number ({each.unit})"
    low, high = each.allowed
    if not low <= value <= high or (each.integer and not float(value).is_integer()):
        return each.rule()
    return None


def _unknown(key: str, *, section: str) -> str:
    """Say that a key is unknown, and what may have been meant."""
    inside = [other for other in of_section(section) if other.startswith(key + ".")]
    if inside:
        return f"is a table of keys, such as {', '.join(inside[:3])}; give one of them a value"
    for other in SECTIONS:
        if other != section and key in of_section(other):
            return f"unknown key; {key} belongs to {other}"
    return f"unknown key{did_you_mean(key, of_section(section))}"


def check_together(values: Mapping[str, Any]) -> list[str]:
    """The rules that bind several numbers to each other; a line for each that is broken."""
    faults = []
    for kappa, cfr in KAPPA_ROWS:
        if (product := values[kappa] * values[cfr]) >= KAPPA_CFR_BELOW:
            faults.append(f"setting.{kappa} x setting.{cfr} = {product:.3g}: must be below {KAPPA_CFR_BELOW} "
                          "(chance that an untreated severe illness kills)")
    for key in SEVERITIES:
        if (product := values[key] * values["overlap.mechanism"]) >= 1:
            faults.append(f"setting.{key} x setting.overlap.mechanism = {product:.3g}: must be below 1 "
                          "(chance of becoming severe beside another illness)")
    shares = values["inc.psbi.days"]
    if abs(sum(shares) - 1) > 1e-6:
        faults.append(f"setting.inc.psbi.days = {plain(shares)}: shares must add up to 1, "
                      f"not {sum(shares):.6g}")
    if (wasted := values["sam.prev"] + values["mam.prev"]) >= 1:
        faults.append(f"setting.sam.prev + setting.mam.prev = {wasted:.3g}: must be below 1 (children who are wasted)")
    first, last = values["seek.hours"]
    if first >= last:
        faults.append(f"setting.seek.hours = {plain((first, last))}: "
                      "the first minute must come before the last")
    faults += [f"setting.{key} = {plain(value)}: at least one must be above 0"
               for key, value in values.items() if key.startswith(SHAPES) and sum(value) <= 0]
    if (surge := values["shock.malaria"]) != 1:
        faults.append(f"setting.shock.malaria = {plain(surge)}: must be 1 outside a shock, where it does nothing; "
                      f"write [[shock]] with kind = \"malaria-surge\", day, days and shock.malaria = {plain(surge)}")
    return faults or check_incidence(values)


def check_incidence(values: Mapping[str, Any]) -> list[str]:
    """A line for each number of episodes that a year is too short for: a child who is ill cannot fall ill again."""
    faults: dict[str, str] = {}
    for k, band, declared, most, lost in overfull_years(values, share=COMES_ABOUT):
        key = YEARLY[k][band]
        faults.setdefault(key, f"setting.{key} = {plain(values[key])}: must fit into the year; of {declared:.3g} "
                          f"episodes a child-year at {AGES[band]} only {most:.3g} come about, where each keeps "
                          f"the next away for {lost:.3g} days and the months are those of {CURVES[k]}")
    return list(faults.values())


def check_policy(values: Mapping[str, Any], *, where: str = "programme") -> list[str]:
    """The rules that bind several levers to each other; a line for each that is broken."""
    youngest, oldest = values["policy.youngest_months"], values["policy.oldest_months"]
    faults = []
    if youngest >= oldest:
        faults.append(f"{where}.policy.youngest_months = {plain(youngest)}: must be below policy.oldest_months "
                      f"({plain(oldest)})")
    if values["policy.muac"] and not values["was.on"]:
        faults.append(f"{where}.policy.muac = {plain(values['policy.muac'])}: must be 0 where setting.was.on is 0 "
                      "(no child is wasted)")
    for needed in ("policy.antibiotics", "policy.under_2m_refer"):
        if values["policy.newborn"] and not values[needed]:
            faults.append(f"{where}.policy.newborn = {plain(values['policy.newborn'])}: must be 0 where {needed} is 0")
    return faults


def check_policies(values: Mapping[str, Any], changes: Iterable[tuple[int, Mapping[str, Any]]]) -> list[str]:
    """As `check_policy`, at launch and after every dated change (in order of day)."""
    faults, now = check_policy(values), dict(values)
    for day, changed in changes:
        now |= changed
        faults += check_policy(now, where=f"programme, day {day}")
    return list(dict.fromkeys(faults))


def check_place(given: Any) -> tuple[Place | None, list[str]]:
    """The place that a setting describes, and a line for each fault."""
    if not isinstance(given, Mapping):
        return None, [f"setting.place = {plain(given)}: must be a table with kind = "
                      + " or ".join(f'"{kind}"' for kind in KINDS)]
    kind = given.get("kind", "synthetic")
    if not isinstance(kind, str) or kind not in MODELS:
        hint = did_you_mean(str(kind), KINDS)
        return None, [f"setting.place.kind = {plain(kind)}: must be {' or '.join(map(repr, KINDS))}{hint}"]
    wholes = {key for key, field in MODELS[kind].model_fields.items() if field.annotation is int}
    try:
        place = MODELS[kind](**{key: whole(value) if key in wholes else value for key, value in given.items()})
    except ValidationError as error:
        return None, [_place_fault(each, kind=kind) for each in error.errors()]
    if (why := wrong_name(place.name)) is not None:
        return None, [f"setting.place.name = {plain(place.name)}: {why}"]
    if kind == "synthetic" and place.people < place.zones * place.villages_per_zone:
        return None, [f"setting.place.people = {place.people}: must be at least one a village "
                      f"({place.zones} zones x {place.villages_per_zone} villages)"]
    return place, []


def _place_fault(error: Mapping[str, Any], *, kind: str) -> str:
    key, context = str(error["loc"][0]), error.get("ctx", {})
    if error["type"] == "extra_forbidden":
        elsewhere = [other for other, model in MODELS.items() if key in model.model_fields]
        hint = f"; {key} belongs to kind {elsewhere[0]!r}" if elsewhere else ""
        return f"setting.place.{key}: unknown key{hint or did_you_mean(key, MODELS[kind].model_fields)}"
    said = f"setting.place.{key} = {plain(error['input'])}: must be "
    too_large = error["type"] == "float_type" and type(error["input"]) is int
    if too_large or context.keys() & {"ge", "le"}:
        rules = MODELS[kind].model_fields[key].metadata
        low = next(rule.ge for rule in rules if hasattr(rule, "ge"))
        high = next(rule.le for rule in rules if hasattr(rule, "le"))
        return said + f"between {plain(low)} and {plain(high)}"
    kinds = {"int_type": "a whole number", "float_type": "a number", "finite_number": "a finite number"}
    return said + kinds.get(error["type"], "a text that is not empty")


def check_change(number: int, change: Any, *, last_day: int) -> tuple[tuple[int, dict] | None, list[str]]:
    """One dated change of the programme: its day and new values, and a line for each fault."""
    where = f"programme.change[{number}]"
    if not isinstance(change, Mapping):
        return None, [f"{where} = {plain(change)}: must be a table with a day and new values"]
    given = dict(change)
    if "day" not in given:
        return None, [f"{where}: must have a day (days after launch)"]
    day = whole(given.pop("day"))
    faults = []
    if isinstance(day, bool) or not isinstance(day, int) or not 0 <= day < last_day:
        faults.append(f"{where}.day = {plain(day)}: must be a whole number between 0 and {last_day - 1} "
                      "(days after launch, within the run)")
    if not given:
        faults.append(f"{where}: changes nothing; give it at least one new value")
    known = of_section("programme")
    faults += [f"{where}.{key}: cannot change on a date (it is settled when the run begins)"
               for key in given if key in known and not known[key].dated]
    values, wrong = check_section("programme", given)
    faults += [fault.replace("programme.", f"{where}.", 1) for fault in wrong]
    return (None if faults else (int(day), {key: values[key] for key in given})), faults


def unknown_words(given: Iterable[str], *, known: Iterable[str], where: str = "") -> list[str]:
    """A line for each word that a file uses and this version does not know."""
    known = tuple(known)
    return [f"{where}{word}: unknown key{did_you_mean(word, known)}" for word in given if word not in known]
