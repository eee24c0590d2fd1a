"""What each indicator of a comparison means: one entry a number that `summary.arm_object` gives, groups left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from iccmsim.core.records import CAUSES, ILLNESSES, PRODUCTS
from iccmsim.engine.pairs import AGE_GROUPS, PARTS
from iccmsim.engine.tally import CASCADE, KM_BANDS
from iccmsim.results.counts import DIVISIONS, STEPS_SAY
from iccmsim.results.dictionary import UNDER_FIVE, Column
from iccmsim.studies.estimate import NOTHING, Q
from iccmsim.studies.outcomes import OUTCOMES
from iccmsim.studies.summary import WEALTH

GROUPS = {*CAUSES, *ILLNESSES, *AGE_GROUPS, *WEALTH, *KM_BANDS, *PRODUCTS, *PARTS, "any", "chw",
          "facility"}  # fmt: skip
NOT_ESTIMATES = ("name", "scenario_hash", "setting", "shocks", "flagged", "says")
BESIDE = {"by_cause": "from this cause", "by_age": "at this age", "by_wealth": "in this fifth of wealth",
          "by_distance": "at this distance from the health facility"}  # fmt: skip
ELSEWHERE = {
    "no_care": "had no care outside the home", "informal": "were seen by an informal provider",
    "chw": "were seen by a CHW", "facility": "were seen at a health facility", "hospital": "were seen at the hospital",
    "not_ill": "did not come about",
}  # fmt: skip
SEEKING = ("any_care", "formal_care", "formal_by_next_day", "seen_by_chw", "seen_by_facility")


def _told(unit: str, says: Mapping[str, str], *, per: str = "", ages: str = UNDER_FIVE) -> tuple[Column, ...]:
    return tuple(Column(name, text, unit, per, ages) for name, text in says.items())


def _beside(name: str, says: str) -> dict[str, str]:
    """One number by cause, age, wealth and distance."""
    return {f"{part}.{name}": says.format(where) for part, where in BESIDE.items()}


SAME = {  # the mean of an outcome of runs, which has the meaning
    "births": "births", "child_years": "child_years", "u5mr": "u5mr", "imr": "imr", "nmr": "nmr", "deaths": "deaths",
    "deaths_expected": "expected_deaths", "deaths_averted": "deaths_averted", "saved": "saved", "lost": "lost",
    "deaths_averted_expected": "expected_deaths_averted", "percent_averted_expected": "percent_expected_averted",
    "deaths_averted_by_five": "deaths_averted_by_five", "life_years_gained": "life_years_gained",
    "chw_treatments": "chw_doses", "chw_presence": "chw_presence",
    "chw_waited_overnight": "chw_waited_overnight", "chw_no_turn": "chw_no_turn",
}  # fmt: skip
_OUTCOMES = {each.name: each for each in OUTCOMES}
_MEANS = tuple(Column(name, told.says, told.unit, told.per, told.ages)
               for name, told in ((name, _OUTCOMES[outcome]) for name, outcome in SAME.items()))  # fmt: skip
_AVERTED = (
    *_told("deaths", {"u5mr_averted": "Under-five mortality of the comparator less that of this arm."},
           per="1,000 live births"),
    *_told("deaths", {"deaths_averted_last_two_years": "Deaths averted in the last two years of the window.",
                      **_beside("deaths", "Deaths {}."),
                      **_beside("deaths_averted", "Deaths of the comparator less those of this arm, {}.")}),
    *_told("percent", {"percent_averted": "Deaths averted.", **_beside("percent_averted", "Deaths averted {}.")},
           per="deaths of the comparator"),
    *_told("children", {**_beside("saved", "Children who die in the comparator only, {}."),
                        **_beside("lost", "Children who die in this arm only, {}.")}),
    *_told("children", {"saved_by_chw_part": f"The saved, by w{DIVISIONS['chw_part'].says.removeprefix('W')}",
                        "lost_by_chw_part": "The lost, in the same way."}),
    *_told("births", {"births_followed_to_five": "Births of the first year, where the run follows them to the fifth "
                      "birthday."}, ages="at birth"),
    *_told("years", {"life_years_gained_reference": "As life_years_gained, by the reference life expectancy."}),
    *_told("doses", {"chw_treatments_per_death_averted": "Treatments given by CHWs, tests not counted."},
           per="deaths averted"),
)  # fmt: skip
_CARE = (
    *_told("episodes", {"episodes": "Episodes that began in the window.",
                        "displacement.formal_gained": "Episodes seen by a CHW or health facility only in this arm.",
                        "displacement.formal_lost": "Episodes seen there only in the comparator."}),
    *_told("share", {
        "treated_effectively": "Episodes treated, each by its share of the effect of a full treatment in time.",
        **{f"care_seeking.{step}": STEPS_SAY[step] for step in SEEKING},
        **{f"cascade.{step}": STEPS_SAY[step] for step in CASCADE[1:]}}, per="episodes"),
    *_told("share", {"treated_effectively_by_deaths": "Episodes treated effectively, each weighted by its danger "
                     "untreated."},
           per="deaths that the episodes would lead to untreated"),
    *_told("share", {**{f"displacement.from_{name}": f"Those that in the comparator {says}."
                        for name, says in ELSEWHERE.items()},
                     "displacement.share_displaced": "Those that in the comparator were seen by a CHW, health "
                     "facility or hospital."}, per="episodes seen by a CHW in this arm"),
    *_told("percent", {"displacement.formal_care_change_percent": "More or fewer episodes seen by a CHW or health "
                       "facility."}, per="such episodes of the comparator"),
    *_told("percent", {"displacement.facility_visits_change_percent": "More or fewer sick children seen at health "
                       "facilities."}, per="such visits of the comparator"),
)  # fmt: skip
_PROGRAMME = (
    *_told("doses", {"doses": "Doses of a product given to children by CHWs or health facilities."}),
    *_told("visits", {"visits": "Sick children seen by CHWs or health facilities."}),
    *_told("visits", {"cases_per_chw_month": "Sick children seen by a CHW."}, per="months in post"),
    *_told("share", {"chw_cases_without_drug": "Visits to CHWs at which a drug that was wanted was out of stock."},
           per="visits to CHWs"),
    *_told("visits", {"facility_visits_per_child_year": "Sick children seen at health facilities."},
           per="child-years"),
    *_told("share", {"stock_out": "Days that end without a product; any: without at least one of the box."},
           per="days of CHWs in post, or of health facilities", ages=""),
    *_told("share", {"chw_reports": "Reports of CHWs that arrived."}, per="reports that are due", ages=""),
    *_told("visits", {"chw_reported_cases_a_month": "Sick children seen by a CHW, by the reports that arrived."},
           per="months in post"),
    *_told("visits", {"chw_reported_cases_a_report": "Sick children seen by a CHW, by the reports that arrived."},
           per="reports that arrived"),
    *_told("share", {"chw_reported_stock_out_any": "Days that end without at least one product of the box, by the "
                     "reports that arrived."}, per="days of these reports", ages=""),
    *_told("deaths", {
        "list.deaths_averted": "Deaths of the four illnesses averted by LiST's formula, given the coverage that came "
        "about.",
        "list.model": "Expected deaths of the four illnesses averted in this model.",
        "list.gap": "The model's less LiST's.",
        "list.gap_through_onsets": "What of the gap is through more or fewer illnesses.",
        "list.by_cause.deaths_averted": "Deaths of this illness averted by LiST's formula.",
        "list.by_cause.model": "Expected deaths of this illness averted in this model.",
        "list.by_cause.gap": "The model's less LiST's, of this illness."}),
    *_told("percent", {"list.complete_care_percent": "Deaths that LiST's formula would avert if every child with one "
                       "of the four illnesses were treated in full and in time; the same in all arms."},
           per="expected deaths of the comparator"),
)  # fmt: skip
INDICATORS: tuple[Column, ...] = (*_MEANS, *_AVERTED, *_CARE, *_PROGRAMME)


def estimates_of(arm: Mapping[str, Any]) -> Iterator[tuple[str, str, Q]]:
    """Every number that is said of an arm: indicator, group ("" for all), and mean with interval and error."""
    yield from _leaves(arm, (), ())


def _leaves(said: Any, path: tuple[str, ...], groups: tuple[str, ...]) -> Iterator[tuple[str, str, Q]]:
    if isinstance(said, Mapping) and set(said) != set(NOTHING):
        for name, each in said.items():
            if name in NOT_ESTIMATES:
                continue
            is_group = bool(path) and name in GROUPS
            yield from _leaves(each, path if is_group else (*path, name), (*groups, name) if is_group else groups)
    elif path != ("list",):
        yield ".".join(path), ", ".join(groups), said if isinstance(said, Mapping) else {**NOTHING, "mean": said}
