"""The list of all parameters, as a table and as a schema for editors."""

from __future__ import annotations

from functools import cache

from iccmsim.parameters import chain, clinical, course, illness, outreach, people, programme, run, setting, shock
from iccmsim.parameters.declare import Parameter, did_you_mean, lookup

SECTIONS = ("setting", "programme", "run")
COLUMNS = (
    "section", "key", "default", "unit", "allowed", "plausible", "distribution", "source", "grade", "says",
    "note",
)


@cache
def all_parameters() -> tuple[Parameter, ...]:
    """Every number of the model, in the order in which the record and the tables hold them."""
    files = (illness, course, setting, programme, clinical, people, chain, outreach, shock, run)
    declared = tuple(each for file in files for each in file.PARAMETERS)
    for name in ("key", "field"):
        names = [getattr(parameter, name) for parameter in declared]
        twice = sorted({word for word in names if names.count(word) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: the same {name} is declared twice")
    return declared


@cache
def of_section(section: str) -> dict[str, Parameter]:
    """The parameters of one section by key."""
    if section not in SECTIONS:
        told = f"; there are {', '.join(SECTIONS)}"
        raise KeyError(f"{section}: unknown section{did_you_mean(section, SECTIONS) or told}")
    return {parameter.key: parameter for parameter in all_parameters() if parameter.section == section}


@cache
def parameter(key: str) -> Parameter:
    """The declaration of one number, by key or dotted path; a KeyError names the nearest right key."""
    return lookup(key, all_parameters())


def params_table(section: str | None = None, search: str | None = None) -> list[dict]:
    """One row a parameter: what it means, its value and range, where that comes from, and whether a programme may
    change it on a date (`dated`).

    `search` keeps the rows in which the words occur, in any column of words, whatever the case.
    """
    chosen = of_section(section).values() if section else all_parameters()
    rows = [{column: getattr(each, column) for column in COLUMNS} for each in chosen]
    wanted = (search or "").lower()
    return [row | {"dated": each.dated and each.section == "programme"} for row, each in zip(rows, chosen, strict=True)
            if wanted in " ".join(str(value) for value in row.values()).lower()]  # fmt: skip


def json_schema() -> dict:
    """A JSON schema of scenario files, so that an editor can complete keys and show what they mean."""
    from iccmsim.parameters.place import place_schema

    text = {"type": "string"}
    change = _section_schema("programme", only_dated=True)
    change["properties"]["day"] = {"type": "integer", "minimum": 0, "description": "Days after launch."}
    change["required"] = ["day"]
    setting_table, programme_table = _section_schema("setting"), _section_schema("programme")
    setting_table["properties"]["place"] = place_schema()
    programme_table["properties"]["change"] = {"type": "array", "items": change}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "iccmsim scenario, format 1",
        "type": "object", "required": ["format"], "additionalProperties": False,
        "properties": {
            "format": {"const": 1}, "name": text, "says": text, "extends": text,
            "setting": {"anyOf": [text, setting_table]}, "programme": {"anyOf": [text, programme_table]},
            "run": _section_schema("run"), "shock": {"type": "array", "items": _shock_schema()},
            "maturity": _maturity_schema(),
        },
    }


def _shock_schema() -> dict:
    """One [[shock]]: when, where, and what it sets."""
    shock = _section_schema("programme", only_dated=True)
    shock["properties"]["shock"] = _section_schema("setting")["properties"]["shock"]
    whole = {"type": "integer", "minimum": 0}
    shock["properties"] |= {
        "kind": {"type": "string", "description": "A shock of the library (iccmsim shocks), or own."},
        "day": {**whole, "description": "Days after launch."}, "days": {**whole, "description": "How long it lasts."},
        "zones": {"type": ["string", "number", "array"], "description": "all, a share, or a list of zone numbers."},
    }  # fmt: skip
    shock["required"] = ["kind", "day"]
    return shock


def _maturity_schema() -> dict:
    """[maturity]: the level of each component."""
    from iccmsim.parameters.maturity import COMPONENTS, LEVELS

    level = {"type": "integer", "minimum": 0, "maximum": len(LEVELS) - 1}
    folder = {"type": "string", "description": "Files of levels of your own."}
    return {"type": "object", "additionalProperties": False,
            "properties": {**dict.fromkeys((*COMPONENTS, "others"), level), "folder": folder}}  # fmt: skip


def _section_schema(section: str, *, only_dated: bool = False) -> dict:
    drop = len("run.") if section == "run" else 0
    chosen = [each for each in of_section(section).values() if each.dated or not only_dated]
    return _nest({each.key[drop:]: _value_schema(each) for each in chosen})


def _nest(leaves: dict[str, dict]) -> dict:
    """A table whose keys may be dotted in quotes ("mal.het" = .8) or, where TOML allows it, nested."""
    properties = dict(leaves)
    heads = {key.split(".")[0] for key in leaves if "." in key}
    for head in sorted(heads - set(leaves)):
        inside = {key[len(head) + 1:]: leaf for key, leaf in leaves.items() if key.startswith(head + ".")}
        properties[head] = _nest(inside)
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _value_schema(each: Parameter) -> dict:
    low, high = each.allowed
    number = {"type": "integer" if each.integer else "number", "minimum": low, "maximum": high}
    about = f"{each.says} Unit: {each.unit}. Source: {each.source}. Grade {each.grade}."
    if each.size:
        return {"type": "array", "items": number, "minItems": each.size, "maxItems": each.size,
                "default": list(each.default), "description": about}
    return {**number, "default": each.default, "description": about}
