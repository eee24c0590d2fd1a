"""What is kept of each run of a sweep: numbers by name, with what they mean, made from its counts alone.

The first arm is the comparator; its own deaths averted are 0. A ratio without a denominator is nan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from iccmsim.core.records import CAUSES, ILLNESSES, NEWBORN, RDT, YEAR
from iccmsim.engine.pairs import cohort_is_complete
from iccmsim.engine.tally import CASCADE
from iccmsim.results.indicators import came_to_chws, seen_at_posts, shelf_days, without_a_turn
from iccmsim.results.mortality import WINDOW, life_years_gained, rates

CHW, FACILITY = 0, 1
ALL_AGES = "0-59 months"
FATAL = ILLNESSES[: NEWBORN + 1]


@dataclass(frozen=True)
class Counted:
    """The counts of one run beside those of the comparator, and what else there is to know of both."""

    mine: np.void
    first: np.void
    pair: np.void
    facts: Mapping[str, Any]
    life_expectancy: float


@dataclass(frozen=True)
class Outcome:
    """One number of a run: its name, its meaning, and how it is found."""

    name: str
    says: str
    unit: str
    per: str  # denominator, "" for a count
    ages: str
    of: Callable[[Counted], float]


def _sum(name: str, c: Counted) -> float:
    return float(c.mine[name][WINDOW].sum())


def _deaths(k: int, c: Counted) -> float:
    return float(c.mine["deaths"][WINDOW, k].sum())


def _expected(k: int, c: Counted) -> float:
    return float(c.mine["expected"][WINDOW, k].sum())


def _averted(k: int, c: Counted) -> float:
    return float(c.first["expected"][WINDOW, k].sum() - c.mine["expected"][WINDOW, k].sum())


def _averted_in_all(c: Counted) -> float:
    return float(c.first["expected"][WINDOW].sum() - c.mine["expected"][WINDOW].sum())


def _percent(c: Counted) -> float:
    return share(100.0 * _averted_in_all(c), float(c.first["expected"][WINDOW].sum()))


def _episodes(k: int, c: Counted) -> float:
    return float(c.mine["episodes"][WINDOW, k].sum())


def _effective(k: int, c: Counted) -> float:
    return share(float(c.mine["effective"][WINDOW, k].sum()), _episodes(k, c))


def _rate(name: str, c: Counted) -> float:
    return rates(c.mine)[name]


def _step(step: str, c: Counted) -> float:
    return share(float(c.mine["cascade"][CASCADE.index(step)].sum()), _sum("episodes", c))


def _visits(row: int, c: Counted) -> float:
    return float(c.mine["cases"][row])


def _by_five(c: Counted) -> float:
    complete = cohort_is_complete(c.facts["window_days"] + c.facts["tail_days"])
    return float(c.pair["by_five"]) if complete else float("nan")


def share(above: float, below: float) -> float:
    """A ratio, nan where there is nothing below the line."""
    return above / below if below > 0 else float("nan")


def _each(names: tuple[str, ...], made: Callable[[int, str], Outcome]) -> tuple[Outcome, ...]:
    return tuple(made(k, name) for k, name in enumerate(names))


def _plain(name: str) -> str:
    return name.replace("_", " ")


OUTCOMES: tuple[Outcome, ...] = (
    Outcome("chws", "Community health workers once all posts are filled.", "workers", "", "",
            lambda c: c.facts["chws"]),
    Outcome("births", "Live births in the window.", "births", "", "at birth", partial(_sum, "births")),
    Outcome("child_years", "Time lived by children under five in the window.", "child-years", "", ALL_AGES,
            lambda c: _sum("child_days", c) / YEAR),
    Outcome("deaths", "Deaths of children under five in the window.", "deaths", "", ALL_AGES, partial(_sum, "deaths")),
    Outcome("expected_deaths", "Deaths to be expected: the chance of death that each severe illness met, summed, and "
            "the deaths of other causes.", "deaths", "", ALL_AGES, partial(_sum, "expected")),
    *_each(CAUSES, lambda k, name: Outcome(f"deaths_{name}", f"Deaths of {_plain(name)}.", "deaths", "", ALL_AGES,
                                           partial(_deaths, k))),
    *_each(CAUSES, lambda k, name: Outcome(f"expected_deaths_{name}", f"Deaths of {_plain(name)} to be expected"
                                           + (" (of the background: as they came about)." if name == CAUSES[-1] else
                                              "."), "deaths", "", ALL_AGES, partial(_expected, k))),
    Outcome("u5mr", "Under-five mortality, synthetic cohort of the window.", "deaths", "1,000 live births", ALL_AGES,
            partial(_rate, "u5mr")),
    Outcome("imr", "Infant mortality.", "deaths", "1,000 live births", "0-11 months", partial(_rate, "imr")),
    Outcome("nmr", "Neonatal mortality.", "deaths", "1,000 live births", "0-27 days", partial(_rate, "nmr")),
    Outcome("deaths_averted", "Children saved less children lost, beside the comparator.", "deaths", "", ALL_AGES,
            lambda c: float(c.pair["saved"].sum() - c.pair["lost"].sum())),
    Outcome("saved", "Children who die in the window only in the comparator.", "children", "", ALL_AGES,
            lambda c: float(c.pair["saved"].sum())),
    Outcome("lost", "Children who die in the window only in this arm.", "children", "", ALL_AGES,
            lambda c: float(c.pair["lost"].sum())),
    Outcome("expected_deaths_averted", "Expected deaths of the comparator less those of this arm.", "deaths", "",
            ALL_AGES, _averted_in_all),
    *_each(CAUSES, lambda k, name: Outcome(f"expected_deaths_averted_{name}", f"Expected deaths averted of "
                                           f"{_plain(name)}.", "deaths", "", ALL_AGES, partial(_averted, k))),
    Outcome("percent_expected_averted", "Expected deaths averted, of the comparator's expected deaths.", "percent",
            "expected deaths of the comparator", ALL_AGES, _percent),
    Outcome("deaths_averted_by_five", "Deaths averted before the fifth birthday among births of the first year; "
            "nothing where the run is too short to follow them.", "deaths", "", ALL_AGES, _by_five),
    Outcome("life_years_gained", "Years of life of the children saved less those of the children lost, undiscounted, "
            "by the country's life expectancy.", "years", "", ALL_AGES,
            lambda c: float(life_years_gained(c.pair, life_expectancy=c.life_expectancy))),
    *_each(ILLNESSES, lambda k, name: Outcome(f"episodes_{name}", f"Episodes of {_plain(name)} that began in the "
                                              "window.", "episodes", "", ALL_AGES, partial(_episodes, k))),
    *_each(FATAL, lambda k, name: Outcome(f"treated_effectively_{name}", f"Episodes of {_plain(name)} treated "
                                          "effectively, each by its share of the effect of a full treatment.", "share",
                                          "episodes", ALL_AGES, partial(_effective, k))),
    Outcome("formal_care", "Episodes seen by a CHW or health facility.", "share", "episodes", ALL_AGES,
            partial(_step, "formal_care")),
    Outcome("formal_by_next_day", "Episodes seen there by the day after onset.", "share", "episodes", ALL_AGES,
            partial(_step, "formal_by_next_day")),
    Outcome("seen_by_chw", "Episodes seen by a CHW.", "share", "episodes", ALL_AGES, partial(_step, "seen_by_chw")),
    Outcome("chw_visits", "Sick children seen by CHWs.", "visits", "", ALL_AGES, partial(_visits, CHW)),
    Outcome("facility_visits", "Sick children seen at health facilities.", "visits", "", ALL_AGES,
            partial(_visits, FACILITY)),
    Outcome("chw_doses", "Treatments given by CHWs, tests not counted.", "doses", "", ALL_AGES,
            lambda c: float(np.delete(c.mine["given"][CHW], RDT).sum())),
    Outcome("chw_stock_out", "Days on which a CHW in post lacks a product of the box.", "share",
            "CHW-days in post", "",
            lambda c: share(float(c.mine["any_out_days"][CHW]), float(shelf_days(c.mine, CHW)))),
    Outcome("chw_presence", "Days on which a CHW in post is there.", "share", "CHW-days in post", "",
            lambda c: share(float(c.mine["days_present"][CHW]), float(c.mine["days_in_post"][CHW]))),
    Outcome("chw_waited_overnight", "Those who had waited overnight for their turn.", "share",
            "sick children seen by CHWs at their posts", ALL_AGES,
            lambda c: share(float(c.mine["waited"][CHW]), float(seen_at_posts(c.mine)))),
    Outcome("chw_no_turn", "Those for whom there was no turn on the day they came, whatever became of them.", "share",
            "sick children who came to a CHW at work", ALL_AGES,
            lambda c: share(float(without_a_turn(c.mine)), float(came_to_chws(c.mine)))),
)  # fmt: skip
NAMES = tuple(each.name for each in OUTCOMES)


def outcomes_of(counted: Counted) -> np.ndarray:
    """All numbers of one run, in the order of `NAMES`."""
    return np.array([each.of(counted) for each in OUTCOMES], float)
