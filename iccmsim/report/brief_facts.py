"""The numbers of a brief, the same in every language: all from a stored comparison and what is kept beside it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from iccmsim.parameters.catalogue import all_parameters, of_section
from iccmsim.parameters.files import draft_of, library_names
from iccmsim.parameters.reasons import CHOICE, FITTED, NONE, SOURCE
from iccmsim.parameters.shocks import WORDS
from iccmsim.report.district import off_the_map
from iccmsim.report.explain import youngest_treated
from iccmsim.report.terminal import YEAR, is_whole
from iccmsim.studies.estimate import share_held
from iccmsim.studies.fitness import (
    LEFT_BY_THE_FIT,
    best_arm,
    difference,
    inside,
    outside_values,
    shocks_of,
    values_of,
)
from iccmsim.studies.summary import (
    FEW_REPLICATES,
    is_beyond_treatment,
    is_crowded,
    is_owed_none,
    is_part_of_a_year,
    puts_off,
)
from iccmsim.world.geography import OUTLIER_KM

if TYPE_CHECKING:
    from iccmsim.parameters.files import Draft
    from iccmsim.studies.basis import Basis, Ground
    from iccmsim.studies.compare import Comparison

FATAL = ("malaria", "pneumonia", "diarrhoea", "newborn_infection")
FAR_KM = 5.0
STANDINGS = (NONE, "D", "C", "B", "A", SOURCE, FITTED, CHOICE)  # in the order in which a card tells them
QUOTED = 80  # characters of a reason that a card holds
TAIL = re.compile(r"(\s*[Gg]rade [A-D]\.?)?(\s*\[\S+\.toml\])?$")  # told beside it
LEVERS = ("spv.freq", "fee.chw", "hmm.reach")  # as told, in the table of what was compared
DECISIVE = {  # grade D and decisive, by the sections of docs/known-gaps.md on what the result hangs and rests on
    "seeking": ("seek.",), "recognition": ("recog.",), "sellers": ("informal.",), "facility": ("fac.step.",),
    "budget": ("mort.background", "kappa."), "severity": ("sev.", "cfr."), "trust": ("trust.", "motiv."),
    "staff": ("chw.", "sup.", "fac.sup."),
}  # fmt: skip


def facts_of_brief(comparison: Comparison, basis: Basis, *, made_with: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the texts of a brief may say in numbers."""
    said = comparison.to_json()
    arms = [_arm(said, comparison, basis, i) for i in range(len(said["arms"]))]
    best = best_arm(comparison)
    beyond = [{"arm": arms[i], "diff": difference(comparison, best, i)} for i in range(1, len(arms)) if i != best]
    place, targets, days = basis.arms[0].place, targets_of(basis.targets), said["window_days"][1]
    visits = targets["visits"]
    return {
        "place": said["place"] | {"made_up": place.get("kind", "synthetic") == "synthetic",
                                  "far": far_share(basis.ground), "label": label_of_place(comparison),
                                  "off_the_map": off_the_map(basis.ground),
                                  "borrows": borrowed_by(basis.arms[0])},
        **{part: comparison.facts[0].get(f"share_{part}") or 0.0 for part in ("dropped", "imputed", "too_far")},
        **{part: comparison.facts[0].get(part) or 0
           for part in ("villages_uncounted", "facilities_too_far", "types_unknown", "mean_km_hospital")},
        "too_far_km": OUTLIER_KM, "part_of_a_year": is_part_of_a_year(days), "puts_off": puts_off(said["arms"]),
        "ceiling": (said["arms"][1]["list"]["complete_care_percent"]["mean"] or 0.0) / 100.0,
        "shocks": shocks_of(basis.arms[0]), "packages": packages_of(arms[1:], basis.arms[1:]),
        "ages": ages_of(basis.arms[1:]),
        "days": days, **years_of(days), "warmup_days": comparison.facts[0]["warmup_days"],
        "status_quo": said.get("status_quo"),
        "pairs": said["replicates"], "few": FEW_REPLICATES, "held": share_held(said["replicates"]),
        "seeds": said["seeds"], "arms": arms, "comparator": arms[0],
        "programmes": arms[1:], "best": arms[best], "beyond": beyond, "targets": targets,
        "harmful": [arm for arm in arms[1:] if arm["diff"].told and arm["diff"].mean < 0],
        "registers_differ": visits is not None and visits["inside"] is False,
        "card": _card(comparison, basis, made_with), "causes": _causes(said["arms"]), "said": said,
    }  # fmt: skip


def _arm(said: Mapping[str, Any], comparison: Comparison, basis: Basis, i: int) -> dict[str, Any]:
    arm, told, changes = said["arms"][i], basis.arms[i].programme, basis.arms[i].changes
    days = sorted({each["day"] for draft in basis.arms for each in draft.changes if each["day"] > 0})
    launched, *later = levers = [values_on(basis.arms[i], day) for day in (0, *days)]
    setting, averted = arm["setting"], arm["deaths_averted"]
    deaths = said["arms"][0]["deaths"]["mean"]
    return {
        "name": arm["name"], "chws": setting["chws"], "posts": setting["posts"],
        "served": setting["people_served_by_chws"], "far": 1.0 - setting["share_5km"],
        "present": arm["chw_presence"]["mean"], "no_turn": arm["chw_no_turn"]["mean"],
        "crowded": is_crowded(arm), "owed_none": is_owed_none(arm), "beyond_treatment": is_beyond_treatment(arm),
        "out": arm["stock_out"]["chw"]["any"]["mean"],
        "levers": launched, "levers_on": dict(zip(days, later, strict=True)),
        "volunteers": any(values["hmm.reach"] for values in levers), "stay": setting.get("chws_stay") or 0,
        "rollout": 0 if setting.get("chws_stay") == setting["chws"] else told.get("chw.rollout") or 0,
        "changes": sorted({each["day"] for each in changes if set(each) - {"day", *LEVERS}}),
        "births": arm["births"], "deaths": arm["deaths"], "u5mr": arm["u5mr"], "averted": averted,
        "percent": arm["percent_averted"], "per_1000": 1000.0 * averted["mean"] / deaths if deaths else 0.0,
        "saved": arm["saved"], "lost": arm["lost"], "lost_by_part": arm["lost_by_chw_part"],
        "expected": arm["deaths_averted_expected"], "list": arm["list"],
        "diff": difference(comparison, i) if i else None, "lost_on_the_way": {ill: losses(arm, ill) for ill in FATAL},
        "severe": {ill: arm["cascade"][ill]["severe"]["mean"] or 0.0 for ill in FATAL},
        "by_cause": {cause: part["deaths_averted"] for cause, part in arm["by_cause"].items()},
    }  # fmt: skip


def values_on(arm: Draft, day: int) -> dict[str, Any]:
    """The levers that the table tells, as they stand on a day after launch."""
    values = {key: arm.programme.get(key) for key in LEVERS}
    for change in sorted(arm.changes, key=lambda each: each["day"]):
        if change["day"] <= day:
            values |= {key: change[key] for key in LEVERS if key in change}
    return values


def losses(arm: Mapping[str, Any], illness: str) -> list[float]:
    """Where episodes of an illness end, as shares: no care, sellers only, no right drug, too late, treated well."""
    cascade = arm["cascade"][illness]
    steps = [1.0, *(cascade[step]["mean"] or 0.0 for step in ("any_care", "formal_care", "right_drug", "took_effect"))]
    reached = [min(steps[: n + 1]) for n in range(len(steps))]
    return [before - after for before, after in pairwise(reached)] + [reached[-1]]


def years_of(days: int) -> dict[str, Any]:
    """A time in years, and whether it is as good as whole years."""
    return {"years": days / YEAR, "whole_years": is_whole(days / YEAR)}


def far_share(ground: Ground) -> float:
    """Share of the people who live far from every facility."""
    return float(ground.people[ground.km_nearest >= FAR_KM].sum() / ground.people.sum())


def _causes(arms: Sequence[Mapping[str, Any]]) -> list[str]:
    """Causes of which children die here."""
    return [cause for cause in (*FATAL, "background") if arms[0]["by_cause"][cause]["deaths"]["mean"]]


def targets_of(check: Mapping[str, Any]) -> dict[str, Any]:
    """How many targets of each role are inside, which are not, and the two that contradict each other."""
    rows = [row for row in check["targets"] if row["inside"] is not None or row["role"] == "fitted"]
    by_role = {role: [row for row in rows if row["role"] == role] for role in ("fitted", "circular", "check")}
    counted = {
        role: {
            "of": len(mine),
            "inside": [row["key"] for row in mine if row["inside"]],
            "outside": [row["key"] for row in mine if not row["inside"]],
        }
        for role, mine in by_role.items()
    }
    by_key = {row["key"]: row for row in check["targets"]}
    return counted | {"seeds": check["seeds"], "care": by_key.get("any_care", by_key.get("formal_care")),
                      "visits": by_key.get("facility_visits")}  # fmt: skip


# --- what the model card lists ----------------------------------------------------------------------------


def _card(comparison: Comparison, basis: Basis, made_with: Mapping[str, str]) -> dict[str, Any]:
    return {
        "version": made_with["version"], "code": made_with["code"], "python": made_with["python"],
        "hashes": list(comparison.hashes), "set": levers_set(comparison.names, basis.arms),
        "outside": outside_with_source(comparison.names, basis.arms), "decisive": decisive_counts(),
        "left_by_fit": left_by_the_fit(basis.arms[0]),
        "shocks": [{**shock, "values": {key: value for key, value in shock.items() if key not in WORDS}}
                   for shock in shocks_of(basis.arms[0])],
    }  # fmt: skip


def levers_set(names: Sequence[str], arms: Sequence[Draft]) -> list[dict[str, Any]]:
    """The levers that are not at their default: those that all arms share ("arm" None), then those of each arm.

    `by` has what each value stands on by the reason that its own file gives, never the grade of the default.
    """
    told = [list(_set_by(arm)) for arm in arms]
    shared = [each for each in told[0] if all(each in others for others in told)]
    rows = [(None, shared), *zip(names, ([each for each in mine if each not in shared] for mine in told), strict=True)]
    return [{"arm": name, "by": {standing: found for standing in STANDINGS
                                 if (found := [(key, value, day) for key, value, day, at in mine if at == standing])}}
            for name, mine in rows if name is not None or mine]  # fmt: skip


def _set_by(arm: Draft) -> Iterator[tuple[str, Any, int | None, str]]:
    """Each value of a lever that is not the declared default or comes on a date: key, value, day, what it stands on."""
    for each in of_section("programme").values():
        for value, day, why in values_of(arm, each):
            is_default = (tuple(value) if each.size else value) == each.default
            if day is not None or not is_default:
                yield each.key, value, day, each.grade if is_default and why.standing == NONE else why.standing


def outside_with_source(names: Sequence[str], arms: Sequence[Draft]) -> list[dict[str, Any]]:
    """Values outside the range of their default that have a reason of their own, put together by arm and reason."""
    found: dict[tuple, list] = {}
    for name, arm in zip(names, arms, strict=True):
        for each in outside_values(arm):
            whose = name if each.of.section == "programme" else None
            rows = found.setdefault((whose, each.why.standing, quoted(each.why.text)), [])
            row = {"key": each.of.key, "value": each.value, "day": each.day, "low": each.of.plausible[0],
                   "high": each.of.plausible[1], "times": bool(each.of.size)}  # fmt: skip
            if row not in rows:
                rows.append(row)
    return [{"arm": whose, "standing": standing, "text": text, "values": rows}
            for (whose, standing, text), rows in found.items()]  # fmt: skip


def quoted(text: str) -> str:
    """The beginning of a reason, without its grade and the file that it stands in."""
    return textwrap.shorten(TAIL.sub("", text, count=1), QUOTED, placeholder=" …").rstrip(".")


def label_of_place(comparison: Comparison) -> str:
    """The setting of the library that the arms are named after, if the place is the one it names; else the place."""
    place = comparison.facts[0]["place"]
    settings = {name.partition("/")[0] for name in comparison.names if "/" in name} & {*library_names()["setting"]}
    setting = settings.pop() if len(settings) == 1 else None
    return setting if setting and draft_of(f"{setting}/facility-only").place["name"] == place else place


def borrowed_by(arm: Draft) -> dict[str, Any] | None:
    """From which setting of the library a place with files of its own has all that its lists do not tell.

    The setting with whose values most of the place's agree, the number of those that do not, and whether the place is
    another than that of any setting, so that no survey of it is known here; None for a made-up place.
    """
    if arm.place.get("kind", "synthetic") == "synthetic":
        return None
    drafts = {name: draft_of(f"{name}/facility-only") for name in library_names()["setting"]}
    there = {name: each for name, each in drafts.items() if each.place["name"] == arm.place["name"]} or drafts
    differ = {name: sum(_of_setting(arm, key) != _of_setting(each, key) for key in of_section("setting"))
              for name, each in there.items()}  # fmt: skip
    nearest = min(differ, key=lambda name: differ[name])
    return {"setting": nearest, "differ": differ[nearest], "is_other": there is drafts}


def _of_setting(arm: Draft, key: str) -> Any:
    value = arm.setting.get(key, of_section("setting")[key].default)
    return tuple(value) if isinstance(value, (list, tuple)) else value


# --- what the programmes treat ----------------------------------------------------------------------------


def packages_of(programmes: Sequence[Mapping[str, Any]], arms: Sequence[Draft]) -> list[dict[str, Any]]:
    """What children are treated for in their village, once for all programmes that do the same."""
    groups: list[dict[str, Any]] = []
    for programme, arm in zip(programmes, arms, strict=True):
        package = package_of(arm)
        same = next((group for group in groups if group["package"] == package), None)
        if same is None:
            groups.append({"names": [programme["name"]], "package": package})
        else:
            same["names"].append(programme["name"])
    return groups


def package_of(arm: Draft) -> dict[str, Any]:
    """Who treats what at launch, and whether that changes on a date."""
    values = _whole(arm)
    treats = {"malaria": values["policy.malaria"], "diarrhoea": values["policy.diarrhoea"],
              "pneumonia": values["policy.pneumonia"] * values["policy.antibiotics"],
              "newborn": values["policy.newborn"], "wasting": values["policy.muac"]}  # fmt: skip
    here = {ill: bool(values["chw.deployed"] and may) for ill, may in treats.items()}
    return here | {
        "chws": bool(values["chw.deployed"]), "any": any(here.values()), "test": int(values["policy.rdt"]),
        "all_three": here["malaria"] and here["pneumonia"] and here["diarrhoea"],
        "volunteers": values["hmm.reach"],
        "changes": any(key.startswith(("policy.", "hmm.")) for change in arm.changes for key in change),
    }  # fmt: skip


def ages_of(arms: Sequence[Draft]) -> list[tuple[float, float]]:
    """From how many months of age, and below how many, CHWs treat, under each programme that has any."""
    values = [_whole(arm) for arm in arms]
    return [*dict.fromkeys((youngest_treated(each), each["policy.oldest_months"]) for each in values
                           if each["chw.deployed"])]  # fmt: skip


def _whole(arm: Draft) -> dict[str, Any]:
    """Every value of an arm at launch."""
    return {each.key: each.default for each in all_parameters()} | arm.setting | arm.programme


# --- what is known not to be known --------------------------------------------------------------------------


def decisive_counts() -> dict[str, int]:
    """How many numbers of grade D stand behind each decisive assumption."""
    keys = [each.key for each in all_parameters() if each.grade == "D"]
    return {name: sum(key.startswith(starts) for key in keys) for name, starts in DECISIVE.items()}


def left_by_the_fit(arm: Draft) -> list[str]:
    """Numbers that the fit has put outside their plausible range."""
    fitted = [each for each in all_parameters() if each.key in LEFT_BY_THE_FIT and each.key in arm.setting]
    return [each.key for each in fitted if not inside(each, arm.setting[each.key])]
