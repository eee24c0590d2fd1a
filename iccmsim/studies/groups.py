"""Parameters in groups that a reader can name, and which of them a sensitivity analysis varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from iccmsim.parameters import chain, clinical, course, illness, outreach, people, programme, setting
from iccmsim.parameters.catalogue import all_parameters
from iccmsim.parameters.declare import Parameter, did_you_mean, plain
from iccmsim.parameters.scenario import Scenario
from iccmsim.studies.anchor import FITTED

TABLES = {
    "illness burden": (illness.INCIDENCE, illness.SEASONS, course.WORSENING),
    "signs and tests": (illness.SYMPTOMS, illness.DIAGNOSIS, clinical.PNEUMONIA),
    "speed of illness": (course.TIMES,),
    "effects of drugs": (course.TREATMENT, clinical.RECTAL_ARTESUNATE, clinical.SECOND_LINE),
    "wasting": (clinical.WASTING,),
    "people": (setting.PEOPLE, setting.SURVEYS),
    "care-seeking": (setting.SEEKING, setting.TRUST, setting.PRICES, people.FEES, outreach.KNOWLEDGE),
    "shops and home care": (setting.INFORMAL, outreach.HOME_MANAGEMENT),
    "referral": (setting.REFERRAL, outreach.ON_THE_WAY),
    "health facilities": (setting.FACILITIES, chain.FACILITIES),
    "district store and roads": (chain.DISTRICT, chain.ROADS),
    "CHW workforce": (programme.CHW, people.STAFF, people.PAY),
    "CHW skill": (programme.QUALITY,),
    "supervision and motivation": (programme.SUPERVISION, people.OVERSIGHT),
    "CHW supply": (programme.SUPPLY, chain.CHWS, chain.REPORTS),
    "policy and money": (programme.POLICY, clinical.POLICY, clinical.BOX, people.BUDGET, people.PRICES),
    "home visits": (outreach.VISITS,),
}
"""The tables of declarations that make up each group: every parameter in doubt stands in exactly one."""

NOT_FREE = "the fit of the baseline solves for it"
OFF = "off in these programmes"
COMPARED = "what the programmes differ in"
CHOSEN = "set by the programme's own file"
DATED = "changed on a date"


@cache
def group_of() -> Mapping[str, str]:
    """The group of every parameter in doubt, by dotted path, in the order of the catalogue."""
    found: dict[str, str] = {}
    for name, tables in TABLES.items():
        for each in (each for table in tables for each in table if each.plausible is not None):
            if each.path in found:
                raise ValueError(f"{each.path}: is in two groups, {found[each.path]} and {name}")
            found[each.path] = name
    return {each.path: found[each.path] for each in all_parameters() if each.plausible is not None}


def what_varies(arms: Sequence[Scenario], *, anchored: bool = True) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters to vary, path -> group; and those in doubt that stay as they are, path -> why.

    Fitted ones never vary while rows are anchored. A programme's own values are what is asked about, not in doubt:
    what the arms with CHWs differ in, what their files set, and levers that they leave at nothing.
    """
    varied, left = {}, {}
    known = {each.path: each for each in all_parameters()}
    for path, group in group_of().items():
        why = _why_not(known[path], arms, anchored=anchored)
        if why is None:
            varied[path] = group
        else:
            left[path] = why
    return varied, left


def _why_not(each: Parameter, arms: Sequence[Scenario], *, anchored: bool) -> str | None:
    """Why a parameter in doubt stays as it is, None if it varies."""
    if each.key in FITTED:
        return NOT_FREE if anchored else None
    if each.section != "programme":
        return None
    with_chws = [arm for arm in arms if arm.programme["chw.deployed"]] or list(arms)
    values = [arm.programme[each.key] for arm in with_chws]
    if any(value != values[0] for value in values[1:]):
        return COMPARED
    if any(each.key in changed for arm in arms for _, changed in arm.changes):
        return DATED
    if values[0] != each.default:
        return CHOSEN
    return OFF if values[0] == 0 and each.plausible[0] == 0 else None


def chosen(keys: Sequence[str], arms: Sequence[Scenario], *, anchored: bool) -> dict[str, str]:
    """Parameters and groups by name, as path -> group; a ValueError names one that cannot be varied, and why."""
    known = {each.key: each for each in all_parameters()} | {each.path: each for each in all_parameters()}
    varied, _ = what_varies(arms, anchored=anchored)
    found: dict[str, str] = {}
    paths = [known[key].path for key in keys if key in known]
    if (twice := next((path for path in paths if paths.count(path) > 1), None)) is not None:
        raise ValueError(f"{twice}: is varied twice")
    for key in keys:
        if key in TABLES:
            found |= {path: group for path, group in varied.items() if group == key}
        elif key in known:
            found[known[key].path] = _must_vary(known[key], anchored=anchored)
        else:
            raise ValueError(f"{key}: is neither a parameter nor a group{did_you_mean(key, [*TABLES, *known])}")
    return found


def _must_vary(each: Parameter, *, anchored: bool) -> str:
    if each.plausible is None:
        raise ValueError(f"{each.path} = {plain(each.default)}: has no plausible range to vary over ({each.note})")
    if anchored and each.key in FITTED:
        raise ValueError(f"{each.path}: {NOT_FREE}, so it never varies freely; an unanchored analysis may vary it")
    return group_of()[each.path]
