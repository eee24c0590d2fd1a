"""The numbers of a brief, the same in every language: all from a stored comparison and what is kept beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from iccmsim.parameters.catalogue import all_parameters
from iccmsim.studies.fitness import LEFT_BY_THE_FIT, best_arm, difference, inside

if TYPE_CHECKING:
    from iccmsim.parameters.files import Draft
    from iccmsim.studies.basis import Basis, Ground
    from iccmsim.studies.compare import Comparison

FATAL = ("malaria", "pneumonia", "diarrhoea", "newborn_infection")
FAR_KM = 5.0
LEVERS = ("spv.freq", "fee.chw")  # as told, in the table of what was compared
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
    place = basis.arms[0].place
    return {
        "place": said["place"] | {"made_up": place.get("kind", "synthetic") == "synthetic",
                                  "far": far_share(basis.ground)},
        "days": said["window_days"][1], "warmup_days": comparison.facts[0]["warmup_days"],
        "pairs": said["replicates"], "seeds": said["seeds"], "arms": arms, "comparator": arms[0],
        "programmes": arms[1:], "best": arms[best], "beyond": beyond, "targets": targets_of(basis.targets),
        "card": _card(comparison, basis, made_with), "causes": _causes(said["arms"]), "said": said,
    }  # fmt: skip


def _arm(said: Mapping[str, Any], comparison: Comparison, basis: Basis, i: int) -> dict[str, Any]:
    arm, told, changes = said["arms"][i], basis.arms[i].programme, basis.arms[i].changes
    setting, averted = arm["setting"], arm["deaths_averted"]
    deaths = said["arms"][0]["deaths"]["mean"]
    return {
        "name": arm["name"], "chws": setting["chws"], "posts": setting["posts"],
        "served": setting["people_served_by_chws"], "far": 1.0 - setting["share_5km"],
        "present": arm["chw_presence"]["mean"], "out": arm["stock_out"]["chw"]["any"]["mean"],
        "levers": {key: told.get(key) for key in LEVERS}, "changes": sorted(each["day"] for each in changes),
        "births": arm["births"], "deaths": arm["deaths"], "u5mr": arm["u5mr"], "averted": averted,
        "percent": arm["percent_averted"], "per_1000": 1000.0 * averted["mean"] / deaths if deaths else 0.0,
        "saved": arm["saved"], "lost": arm["lost"], "expected": arm["deaths_averted_expected"], "list": arm["list"],
        "diff": difference(comparison, i) if i else None, "lost_on_the_way": {ill: losses(arm, ill) for ill in FATAL},
        "severe": {ill: arm["cascade"][ill]["severe"]["mean"] or 0.0 for ill in FATAL},
        "by_cause": {cause: part["deaths_averted"] for cause, part in arm["by_cause"].items()},
    }  # fmt: skip


def losses(arm: Mapping[str, Any], illness: str) -> list[float]:
    """Where episodes of an illness end, as shares: no care, sellers only, no right drug, too late, treated well."""
    cascade = arm["cascade"][illness]
    steps = [1.0, *(cascade[step]["mean"] or 0.0 for step in ("any_care", "formal_care", "right_drug", "took_effect"))]
    reached = [min(steps[: n + 1]) for n in range(len(steps))]
    return [before - after for before, after in pairwise(reached)] + [reached[-1]]


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
    return counted | {"seeds": check["seeds"], "any_care": by_key.get("any_care"),
                      "visits": by_key.get("facility_visits")}  # fmt: skip


# --- what the model card lists ----------------------------------------------------------------------------


def _card(comparison: Comparison, basis: Basis, made_with: Mapping[str, str]) -> dict[str, Any]:
    changed = changed_parameters(basis.arms)
    return {
        "version": made_with["version"], "code": made_with["code"], "python": made_with["python"],
        "hashes": list(comparison.hashes), "changed_d": [each for each in changed if each["grade"] == "D"],
        "changed": [each for each in changed if each["grade"] != "D"], "decisive": decisive_counts(),
        "left_by_fit": left_by_the_fit(basis.arms[0]),
    }  # fmt: skip


def changed_parameters(arms: Sequence[Draft]) -> list[dict[str, Any]]:
    """The levers in which the arms differ, with the values of those arms that have CHWs (of all if none has)."""
    with_chws = [arm for arm in arms if arm.programme.get("chw.deployed")] or list(arms)
    found = []
    for each in all_parameters():
        values = [_values(arm, each.key) for arm in arms]
        if each.section == "programme" and any(value != values[0] for value in values):
            shown = [_values(arm, each.key) for arm in with_chws]
            kept = shown if any(value != shown[0] for value in shown) else shown[:1]
            found.append({"key": each.key, "grade": each.grade, "values": kept})
    return found


def _values(arm: Draft, key: str) -> list[tuple[Any, int | None]]:
    """The value at launch (no day) and every later one with its day."""
    later = [(change[key], change["day"]) for change in arm.changes if key in change]
    return [(arm.programme.get(key), None), *later]


def decisive_counts() -> dict[str, int]:
    """How many numbers of grade D stand behind each decisive assumption."""
    keys = [each.key for each in all_parameters() if each.grade == "D"]
    return {name: sum(key.startswith(starts) for key in keys) for name, starts in DECISIVE.items()}


def left_by_the_fit(arm: Draft) -> list[str]:
    """Numbers that the fit has put outside their plausible range."""
    fitted = [each for each in all_parameters() if each.key in LEFT_BY_THE_FIT and each.key in arm.setting]
    return [each.key for each in fitted if not inside(each, arm.setting[each.key])]
