"""A comparison in words and numbers: what each arm did, what it averted, what a reader must know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.core.records import CAUSES, ILLNESSES, MONTH, NEWBORN, PRODUCTS, RDT, YEAR
from iccmsim.engine.pairs import AGE_GROUPS, ELSEWHERE, PARTS, cohort_is_complete
from iccmsim.engine.tally import CASCADE, KM_BANDS, QUINTILES
from iccmsim.results.indicators import came_to_chws, from_tally, seen_at_posts, shelf_days, without_a_turn
from iccmsim.results.list_formula import complete_care, list_prediction, more_onsets
from iccmsim.results.mortality import WINDOW, life_years_gained, rates
from iccmsim.results.result import warnings_of_place
from iccmsim.results.shock_words import lopsided
from iccmsim.results.status_quo import named
from iccmsim.studies.estimate import LEVEL, NOTHING, Q, estimate, percent_less, ratio, share_held

if TYPE_CHECKING:
    from iccmsim.studies.compare import Comparison

FORMAT = 1
FATAL = ILLNESSES[: NEWBORN + 1]
AGE_OF_BANDS = (slice(0, 2), slice(2, 5), slice(5, 9))  # bands of U5MR in each age group
WEALTH = tuple(f"fifth_{i + 1}" for i in range(QUINTILES))
REPORTED = ("chw_reports", "chw_reported_cases_a_month", "chw_reported_cases_a_report", "chw_reported_stock_out_any")
CHW, FACILITY = 0, 1  # rows of counts by kind of provider
BY_CHANCE = 0.0027  # how often, at most, chance alone makes a gap that is flagged (3 standard errors of many seeds)
LARGE_ERROR = 10.0  # percent of the effect
FEW_REPLICATES = 50  # below it, the points at 2.5 and 97.5 % hold 91 % of districts or fewer
MANY = 1 / 3  # of those who come to a CHW; a convention: in `sahel-registers` three in ten are not seen that day


def as_object(c: Comparison) -> dict[str, Any]:
    """The whole comparison as plain numbers."""
    arms = [arm_object(c, i) for i in range(len(c.names))]
    n = len(c.seeds)
    return {
        "format": FORMAT, "interval": {"kind": "chance", "level": LEVEL} if n > 1 else None, "replicates": n,
        "seeds": list(c.seeds), "window_days": [0, c.facts[0]["window_days"]], "tail_days": c.facts[0]["tail_days"],
        "place": {name: c.facts[0][name] for name in ("place", "villages", "people", "zones")},
        **({} if c.until_mcse is None else {"until_mcse": c.until_mcse}), **named(c.status_quo),
        "comparator": c.names[0], "arms": arms, "warnings": warnings(c, arms),
    }  # fmt: skip


def arm_object(c: Comparison, i: int) -> dict[str, Any]:
    """Everything about one arm, beside the first."""
    facts = dict(c.facts[i])
    shocks = facts.pop("shocks", [])
    return {"name": c.names[i], "scenario_hash": c.hashes[i], "setting": facts, "shocks": shocks,
            **_mortality(c, i), **_averted(c, i), **_breakdowns(c, i), **_care(c, i), **_programme(c, i),
            "list": beside_list(c, i) if i else None}  # fmt: skip


def deaths_of(c: Comparison, i: int) -> np.ndarray:
    """Realised deaths of the window: seeds x causes x age bands."""
    return c.tallies["deaths"][:, i, WINDOW].sum(axis=1)


def _mortality(c: Comparison, i: int) -> dict[str, Any]:
    t = c.tallies[:, i]
    mine, first = ([rates(row) for row in c.tallies[:, arm]] for arm in (i, 0))
    named = {name: estimate([each[name] for each in mine]) for name in ("u5mr", "nmr", "imr")}
    less = [before["u5mr"] - after["u5mr"] for before, after in zip(first, mine, strict=True)]
    return {
        "births": float(t["births"][:, WINDOW].sum(axis=1).mean()),
        "child_years": float(t["child_days"][:, WINDOW].sum(axis=(1, 2)).mean() / YEAR),
        **named, "u5mr_averted": estimate(less), "deaths": estimate(deaths_of(c, i).sum(axis=(1, 2))),
        "deaths_expected": estimate(t["expected"][:, WINDOW].sum(axis=(1, 2))),
    }  # fmt: skip


def _averted(c: Comparison, i: int) -> dict[str, Any]:
    pairs = c.pairs[:, i]
    without, given = (deaths_of(c, arm).sum(axis=(1, 2)) for arm in (0, i))
    expected = [c.tallies["expected"][:, arm][:, WINDOW].sum(axis=(1, 2)) for arm in (0, i)]
    complete = cohort_is_complete(c.facts[0]["window_days"] + c.facts[0]["tail_days"])
    doses = np.delete(c.tallies["given"][:, i, CHW], RDT, axis=1).sum(axis=1)
    saved, lost = pairs["saved"].sum(axis=1), pairs["lost"].sum(axis=1)
    return {
        "deaths_averted": estimate(saved - lost), "percent_averted": percent_less(without, given),
        "saved": estimate(saved), "lost": estimate(lost),
        "saved_by_chw_part": {name: estimate(pairs["saved_by_part"][:, k]) for k, name in enumerate(PARTS)},
        "lost_by_chw_part": {name: estimate(pairs["lost_by_part"][:, k]) for k, name in enumerate(PARTS)},
        "deaths_averted_expected": estimate(expected[0] - expected[1]),
        "percent_averted_expected": percent_less(*expected),
        "deaths_averted_by_five": estimate(pairs["by_five"]) if complete else dict(NOTHING),
        "births_followed_to_five": float(pairs["cohort"].mean()) if complete else None,
        "deaths_averted_last_two_years": estimate(pairs["last_two"]),
        "life_years_gained": estimate(life_years_gained(pairs, life_expectancy=c.life_expectancy[0])),
        "life_years_gained_reference": estimate(life_years_gained(pairs, life_expectancy=c.life_expectancy[1])),
        "chw_treatments": estimate(doses),
        "chw_treatments_per_death_averted": ratio(doses, saved - lost),
    }  # fmt: skip


def _breakdowns(c: Comparison, i: int) -> dict[str, Any]:
    without, given = deaths_of(c, 0), deaths_of(c, i)
    causes = {name: (without[:, k].sum(axis=1), given[:, k].sum(axis=1)) for k, name in enumerate(CAUSES)}
    ages = {name: (without[:, :, bands].sum(axis=(1, 2)), given[:, :, bands].sum(axis=(1, 2)))
            for name, bands in zip(AGE_GROUPS, AGE_OF_BANDS, strict=True)}  # fmt: skip
    pairs = c.pairs[:, i]
    parts = {"by_cause": (causes, "saved", "lost"), "by_age": (ages, "saved_by_age", "lost_by_age")}
    for name, groups in (("wealth", WEALTH), ("km", KM_BANDS)):
        counts = c.tallies[f"deaths_by_{name}"]
        split = {group: (counts[:, 0, k], counts[:, i, k]) for k, group in enumerate(groups)}
        parts["by_distance" if name == "km" else "by_wealth"] = (split, f"saved_by_{name}", f"lost_by_{name}")
    return {
        part: {
            group: {"deaths": estimate(b), "deaths_averted": estimate(a - b), "percent_averted": percent_less(a, b),
                    "saved": estimate(pairs[saved][:, k]), "lost": estimate(pairs[lost][:, k])}
            for k, (group, (a, b)) in enumerate(groups.items())
        }
        for part, (groups, saved, lost) in parts.items()
    }  # fmt: skip


def _care(c: Comparison, i: int) -> dict[str, Any]:
    t = c.tallies[:, i]
    episodes = t["episodes"][:, WINDOW].sum(axis=1)
    steps = {step: t["cascade"][:, s] for s, step in enumerate(CASCADE)}
    shares = ("any_care", "formal_care", "formal_by_next_day", "seen_by_chw", "seen_by_facility")
    total = {name: (t[name][:, WINDOW].sum(axis=1)) for name in ("effective", "weighted_effective", "weight")}
    return {
        "episodes": {name: estimate(episodes[:, k]) for k, name in enumerate(ILLNESSES)},
        "treated_effectively": {name: ratio(total["effective"][:, k], episodes[:, k]) for k, name in enumerate(FATAL)},
        "treated_effectively_by_deaths": {name: ratio(total["weighted_effective"][:, k], total["weight"][:, k])
                                          for k, name in enumerate(FATAL)},
        "care_seeking": {name: ratio(steps[name].sum(axis=1), episodes.sum(axis=1)) for name in shares},
        "cascade": {name: {step: ratio(steps[step][:, k], episodes[:, k]) for step in CASCADE[1:]}
                    for k, name in enumerate(ILLNESSES)},
        "displacement": displacement(c, i),
    }  # fmt: skip


def displacement(c: Comparison, i: int) -> dict[str, Q]:
    """Where the episodes that a CHW saw would have gone without, and what formal care gained and lost on the whole."""
    pairs = c.pairs[:, i]
    seen = pairs["elsewhere"].sum(axis=2)
    there = {name: ratio(seen[:, k], seen.sum(axis=1)) for k, name in enumerate(ELSEWHERE)}
    formal = [c.tallies["cascade"][:, arm, CASCADE.index("formal_care")].sum(axis=1) for arm in (0, i)]
    facility = [c.tallies["cases"][:, arm, FACILITY] for arm in (0, i)]
    return {
        **{f"from_{name}": share for name, share in there.items()},
        "share_displaced": ratio(seen[:, 2:5].sum(axis=1), seen.sum(axis=1)),
        "formal_gained": estimate(pairs["formal_gained"].sum(axis=1)),
        "formal_lost": estimate(pairs["formal_lost"].sum(axis=1)),
        "formal_care_change_percent": ratio(formal[1] - formal[0], formal[0], times=100.0),
        "facility_visits_change_percent": ratio(facility[1] - facility[0], facility[0], times=100.0),
    }  # fmt: skip


def _programme(c: Comparison, i: int) -> dict[str, Any]:
    t = c.tallies[:, i]
    kinds = {"chw": CHW, "facility": FACILITY}
    years = t["child_days"][:, WINDOW].sum(axis=(1, 2)) / YEAR
    return {
        "cases_per_chw_month": ratio(t["cases"][:, CHW], t["days_in_post"][:, CHW] / MONTH),
        "chw_presence": ratio(t["days_present"][:, CHW], t["days_in_post"][:, CHW]),
        "chw_waited_overnight": ratio(t["waited"][:, CHW], seen_at_posts(t)),
        "chw_no_turn": ratio(without_a_turn(t), came_to_chws(t)),
        "chw_cases_without_drug": ratio(t["without_drug"][:, CHW], t["cases"][:, CHW]),
        "facility_visits_per_child_year": ratio(t["cases"][:, FACILITY], years),
        "visits": {kind: estimate(t["cases"][:, row]) for kind, row in kinds.items()},
        "doses": {kind: {name: estimate(t["given"][:, row, j]) for j, name in enumerate(PRODUCTS)}
                  for kind, row in kinds.items()},
        "stock_out": {kind: _stock_out(t, row) for kind, row in kinds.items()},
        **_reported(c, i),
    }  # fmt: skip


def _reported(c: Comparison, i: int) -> dict[str, Q]:
    """What the reports of CHWs say of the same; comparisons of earlier versions did not keep how often they report."""
    review = c.facts[i].get("review_days") or np.nan
    rows = [from_tally(row, review_days=review) for row in c.tallies[:, i]]
    return {name: ratio(*np.transpose([row[name] for row in rows])) for name in REPORTED}


def _stock_out(t: np.recarray, row: int) -> dict[str, Q]:
    days = shelf_days(t, row)
    shares = {name: ratio(t["stock_out_days"][:, row, j], days) for j, name in enumerate(PRODUCTS)}
    return shares | {"any": ratio(t["any_out_days"][:, row], days)}


def beside_list(c: Comparison, i: int) -> dict[str, Any]:
    """LiST's prediction from the coverage that came about, the model's own expected deaths averted, and the gap."""
    rows = list(zip(c.tallies[:, 0], c.tallies[:, i], strict=True))
    predicted, onsets = ([rule(a, b) for a, b in rows] for rule in (list_prediction, more_onsets))
    model = {name: np.array([(a["expected"][WINDOW, k] - b["expected"][WINDOW, k]).sum() for a, b in rows])
             for k, name in enumerate(FATAL)}  # fmt: skip
    by_list = {name: np.array([each[name] for each in predicted]) for name in FATAL}
    total, other = sum(model.values()), sum(by_list.values())
    through_onsets = np.array([sum(each.values()) for each in onsets])
    gap = estimate(total - other)
    flagged = gap["mcse"] is not None and abs(gap["mean"]) > clear_gap(len(c.seeds)) * gap["mcse"]
    return {
        "deaths_averted": estimate(other), "model": estimate(total), "gap": gap, "flagged": flagged,
        "gap_through_onsets": estimate(through_onsets),
        "by_cause": {name: {"deaths_averted": estimate(by_list[name]), "model": estimate(model[name]),
                            "gap": estimate(model[name] - by_list[name])} for name in FATAL},
        "complete_care_percent": ceiling(c),
        "says": _gap_in_words(other.mean(), total.mean(), gap, through_onsets.mean(), flagged=flagged),
    }  # fmt: skip


def ceiling(c: Comparison) -> Q:
    """Percent of the comparator's deaths that complete care of the four illnesses would avert by LiST's formula, in all
    children in place of those whom care reaches there; comparisons of earlier versions did not keep its effects."""
    full = c.facts[0].get("full_effect")
    if full is None:
        return dict(NOTHING)
    first = c.tallies[:, 0]
    return ratio(np.array([complete_care(row, full) for row in first]),
                 first["expected"][:, WINDOW].sum(axis=(1, 2)), times=100.0)  # fmt: skip


def clear_gap(seeds: int) -> float:
    """How many Monte-Carlo errors, themselves taken from so few seeds, a gap must have to be told from chance."""
    from scipy.stats import t

    return float(t.isf(BY_CHANCE / 2, seeds - 1))


def _gap_in_words(by_list: float, model: float, gap: Q, onsets: float, *, flagged: bool) -> str:
    said = (f"LiST's formula, given the coverage that came about here, averts {by_list:.1f} deaths of the four "
            f"illnesses; the model averts {model:.1f} (expected deaths).")  # fmt: skip
    if gap["mcse"] is None:
        return said + " With one replicate the gap cannot be told from chance."
    error = f"{gap['mean']:+.1f}, Monte-Carlo error {gap['mcse']:.1f}"
    if not flagged:
        return f"{said} The gap ({error}) cannot be told from chance."
    return (f"{said} The gap ({error}) is larger than chance: {onsets:+.1f} of it because the number of illnesses "
            "differs (survivors fall ill again, an antimalarial prevents the next malaria), the rest "
            f"({gap['mean'] - onsets:+.1f}) because children in danger are not treated as the average episode is "
            "and care after worsening, or beside another illness, counts otherwise.")  # fmt: skip


def warnings(c: Comparison, arms: list[dict[str, Any]]) -> list[str]:
    """What a reader must know before using these numbers."""
    said = []
    if len(c.seeds) < 2:
        said.append("one replicate: no interval and no Monte-Carlo error; use at least two seeds")
    elif len(c.seeds) < FEW_REPLICATES:
        held = 100.0 * share_held(len(c.seeds))
        said.append(f"{len(c.seeds)} replicates: about {held:.0f} % of such districts would fall between "
                    "the 2.5 and 97.5 % points of so few, not 95 %")  # fmt: skip
    said += _missed_error(c, arms)
    said += warnings_of_place(c.facts[0])
    if puts_off(arms):
        said.append("the run ends before the first year's births turn five: deaths put off are counted as averted")
    if is_part_of_a_year(c.facts[0]["window_days"]):
        said.append(f"a window of {c.facts[0]['window_days']} days does not average over the seasons")
    if uneven := lopsided(c.names, [arm["shocks"] for arm in arms]):
        said.append(f"{uneven}: what a shock does is counted as an effect of the programme; give every arm the same "
                    "[[shock]]")  # fmt: skip
    said += [f"{arms[0]['name']}: {text}" for text in _crowding_of(arms[0])]
    for arm in arms[1:]:
        said += [f"{arm['name']}: {text}" for text in _warnings_of(arm)]
    return said


def _missed_error(c: Comparison, arms: Sequence[Mapping[str, Any]]) -> list[str]:
    """That seeds were added until the most, and the error that was asked for is not reached."""
    errors = [arm["deaths_averted_expected"]["mcse"] for arm in arms[1:]]
    if c.until_mcse is None or None in errors or max(errors) <= c.until_mcse:
        return []
    return [f"Monte-Carlo error of expected deaths averted {max(errors):.3g} after {len(c.seeds)} pairs of runs, not "
            f"{c.until_mcse:g} as asked"]  # fmt: skip


def puts_off(arms: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the run ends before the first year's births turn five, so that a death put off counts as averted."""
    return arms[1]["deaths_averted_by_five"]["mean"] is None


def is_part_of_a_year(days: int) -> bool:
    """Whether a window is too short to average over the seasons."""
    return days < YEAR - 1


def is_owed_none(arm: Mapping[str, Any]) -> bool:
    """Whether a programme of CHWs has none, as its norm owes no village one."""
    return bool(arm["setting"]["deploys_chws"] and not arm["setting"]["chws"])


def is_beyond_treatment(arm: Mapping[str, Any]) -> bool:
    """Whether more deaths are averted than complete care of the four illnesses would avert by LiST's formula."""
    most = arm["list"]["complete_care_percent"]["mean"] if arm["list"] else None
    return most is not None and (arm["percent_averted"]["mean"] or 0.0) > most


def is_crowded(arm: Mapping[str, Any]) -> bool:
    """Whether so many who come to a CHW have no turn that day that the result hangs on what they do then."""
    return (arm["chw_no_turn"]["mean"] or 0.0) > MANY


def _warnings_of(arm: dict[str, Any]) -> list[str]:
    said, q = [], arm["deaths_averted"]
    if is_owed_none(arm):
        said.append("no village is owed a CHW by the norm, so that this arm has none")
    if q["low"] is not None and q["low"] <= 0.0 <= q["high"]:
        said.append(f"interval includes 0 ({q['low']:.1f} to {q['high']:.1f} deaths averted)")
    if q["mcse"] and q["mean"] and abs(q["mcse"] / q["mean"]) > LARGE_ERROR / 100.0:
        said.append(f"Monte-Carlo error {100.0 * abs(q['mcse'] / q['mean']):.0f} % of the effect; use more seeds")
    if is_beyond_treatment(arm):
        most = arm["list"]["complete_care_percent"]["mean"]
        said.append(f"more than {most:.0f} % of all deaths averted, beyond what complete care of malaria, pneumonia, "
                    "diarrhoea and newborn infection would avert by LiST's formula")  # fmt: skip
    said += _crowding_of(arm)
    if arm["list"]["flagged"]:
        said.append("differs from LiST's arithmetic by more than chance: " + arm["list"]["says"])
    return said


def _crowding_of(arm: Mapping[str, Any]) -> list[str]:
    """That CHWs of an arm, be it the comparator, have no turn for so many who come to them, if it is so."""
    if not is_crowded(arm):
        return []
    return [f"{100.0 * arm['chw_no_turn']['mean']:.0f} % of those who came to a CHW at work were not seen that "
            "day: the result hangs on how long CHWs work (chw.minutes_day) and on whether families wait or go "
            "elsewhere (chw.patience, chw.elsewhere, seek.second), of which little is known"]  # fmt: skip


def as_rows(c: Comparison) -> list[dict[str, Any]]:
    """One row an arm: what the terminal shows."""
    rows = []
    for i, name in enumerate(c.names):
        arm = _mortality(c, i) | _averted(c, i)
        rows.append({"arm": name, "CHWs": c.facts[i]["chws"], "births": round(arm["births"])}
                    | {label: in_words(arm[key], digits) for label, key, digits in (
                        ("U5MR", "u5mr", 1), ("deaths", "deaths", 0), ("deaths averted", "deaths_averted", 1),
                        ("% averted", "percent_averted", 1), ("expected averted", "deaths_averted_expected", 1),
                        ("saved", "saved", 1), ("lost", "lost", 1))})  # fmt: skip
    return rows


def in_words(q: Q, digits: int = 1) -> str:
    """A number with its interval: "12.3 (8.0 to 17.1)"."""
    if q["mean"] is None:
        return "-"
    if q["low"] is None:
        return f"{q['mean']:.{digits}f}"
    return f"{q['mean']:.{digits}f} ({q['low']:.{digits}f} to {q['high']:.{digits}f})"
