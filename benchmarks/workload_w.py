"""Workload W, on which this engine is timed against others, and the scenario that expresses it here.

W: slots of children from birth to 1,825 days; who dies or turns five is replaced by a newborn. Three illnesses begin at
rates by year of age, never twice at once, and last 3 days and a whole number of days of an exponential. Some are
severe from the start. Some are brought to care, of these some are treated, and at the end some kill.

`overrides` reckons the scenario from W's constants alone; `workload_w.toml` turns the rest off. What differs:

* Nobody is ill in the first 28 days of life. Onsets of W in these days come in the rest of the age band, at a higher
  rate. Ages under 6, 6-11, 12-23 and 24-59 months (pneumonia: under 12, 12-23, 24-59; malaria: under 6, 6-59) have one
  rate each, the mean of W's.
* The incidence told here is the counted one, so W's counted incidence is reckoned first: one onset in D - 1 + 1/p days,
  with D the mean length and p the daily chance.
* Mild illness does not kill here. Deaths of W from mild illness are added to those of severe illness.
* A severe illness turns so after 14 minutes, not at once.
* Lengths are lognormal with W's means; the one spread is the mean of the three of W. A severe illness has two such
  lengths, to death and to recovery, and a survivor is ill for the longer one.
* The same illness cannot come back within a day of its end: gap.days is at least 1.
* W treats 8 of 10 of those who are brought wholly and the others not at all. Here all have 8/10 of the effect: a chance
  of death is linear in it.
* A child is brought, not an illness: one that has two at a time is brought with both, and both are treated. The share
  that is brought for its own sake is lowered by what comes along so, reckoned from how often illnesses meet.
* A child is brought at daytime, up to a day after onset.
* The dead are not replaced; births go on at a steady rate. Their number, and that of the first children, is Poisson, so
  counts are held against W at the ages that were lived.
* There is one health centre for each 7,500 people: with staff, a store, orders and books, all of which take time to
  compute. There is no CHW, unless `chws` asks for them: then families go to either, and deaths are not W's, because
  CHWs have no inpatient care.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

ILLNESSES = ("diarrhoea", "malaria", "pneumonia")
RATES = {  # onsets a child-year at risk, by year of age
    "diarrhoea": (4.8, 4.5, 2.7, 1.8, 1.2),
    "malaria": (1.05, 1.65, 1.65, 1.65, 1.65),
    "pneumonia": (0.60, 0.36, 0.24, 0.18, 0.12),
}
SHORTEST = 3  # days
FURTHER = {"diarrhoea": 4.0, "malaria": 5.0, "pneumonia": 7.0}  # days, mean of the exponential, cut to whole days
SEVERE = {"diarrhoea": 0.05, "malaria": 0.06, "pneumonia": 0.12}
KILLS_MILD = {"diarrhoea": 0.0002, "malaria": 0.0004, "pneumonia": 0.004}  # untreated
KILLS_SEVERE = {"diarrhoea": 0.02, "malaria": 0.03, "pneumonia": 0.10}
BROUGHT_MILD, BROUGHT_SEVERE = 0.6, 0.8
TREATED = 0.8  # of those brought
LEFT = 0.3  # of the chance of death, if treated
LIFE = 1825  # days
YEAR = 365  # days, in W

SCENARIO = Path(__file__).with_name("workload_w.toml")
PEOPLE_PER_CHILD = 5  # at 40 births for 1,000 people, none of whom dies
ZONE = 7500  # people
NEWBORN = 28.0  # days without illness in this engine
OUR_YEAR = 365.25
KEYS = {"diarrhoea": "diarr", "malaria": "mal", "pneumonia": "pneu"}


def mean_length(illness: str) -> float:
    """Mean days of an illness: the shortest, and the mean of an exponential cut to whole days."""
    return SHORTEST + 1.0 / math.expm1(1.0 / FURTHER[illness])


def log_spread(illness: str) -> float:
    """Spread of the lognormal with the mean and the variance of W's length (the cut exponential is geometric)."""
    stays = math.exp(-1.0 / FURTHER[illness])
    return math.sqrt(math.log1p(stays / (1.0 - stays) ** 2 / mean_length(illness) ** 2))


def counted(illness: str) -> list[float]:
    """Episodes in a child-year of 365.25 days, by year of age: the time while ill is no time at risk."""
    chances = [-math.expm1(-rate / YEAR) for rate in RATES[illness]]
    return [OUR_YEAR / (mean_length(illness) - 1.0 + 1.0 / chance) for chance in chances]


def chance_of_death(illness: str) -> tuple[float, float]:
    """Chance that an episode kills as a mild one, and as a severe one, with care as W has it."""
    averted = TREATED * (1.0 - LEFT)
    severe = SEVERE[illness]
    return ((1.0 - severe) * KILLS_MILD[illness] * (1.0 - BROUGHT_MILD * averted),
            severe * KILLS_SEVERE[illness] * (1.0 - BROUGHT_SEVERE * averted))  # fmt: skip


def fatality(illness: str) -> float:
    """Untreated fatality of severe illness at which severe illness alone kills as many as W's mild and severe."""
    left = 1.0 - BROUGHT_SEVERE * TREATED * (1.0 - LEFT)
    return sum(chance_of_death(illness)) / (SEVERE[illness] * left)


def later(mean: float, months: float) -> float:
    """Rate in an age band from birth whose first 28 days are free of illness and whose total is that of `mean`."""
    days = months * OUR_YEAR / 12
    return mean * days / (days - NEWBORN)


def incidence() -> dict[str, object]:
    """W's episodes by year of age in the age bands of this engine."""
    ill = {name: counted(name) for name in ILLNESSES}
    first, second, *rest = ill["diarrhoea"]
    keys = {"diarr.0_5m": later(first, 6), "diarr.6_11m": first, "diarr.12_23m": second, "diarr.24_59m": np.mean(rest)}
    first, *rest = ill["malaria"]
    keys["mal"] = (0.5 * first + sum(rest)) / 4.5
    keys["mal.rr_0_5m"] = later(first, 6) / keys["mal"]
    first, second, *rest = ill["pneumonia"]
    bands = np.array([later(first, 12), second, np.mean(rest)])
    months = np.array([12 - NEWBORN / OUR_YEAR * 12, 12, 36])
    keys["pneu.0_59m"] = bands @ months / months.sum()
    keys["pneu.age_rr"] = [1.0, *(bands[1:] / bands[0])]
    keys["pneu.rr_28_59d"] = 1.0
    return {f"setting.inc.{key}": [float(x) for x in value] if isinstance(value, list) else float(value)
            for key, value in keys.items()}  # fmt: skip


def mean(illness: str) -> float:
    """Episodes in a child-year of 365.25 days, over all ages."""
    return sum(counted(illness)) / len(counted(illness))


def comes_along(illness: str, brought: dict[str, float]) -> float:
    """Chance that a child with an illness is brought for another: one that it has already or that begins meanwhile."""
    others = [name for name in ILLNESSES if name != illness]
    together = {name: (mean_length(name) + mean_length(illness)) / OUR_YEAR for name in others}
    return sum(mean(name) * brought[name] * together[name] for name in others)


def brought_by_itself() -> dict[str, tuple[float, float]]:
    """Chance that mild and severe illness is brought for its own sake, so that with what comes along it is W's."""
    own = dict.fromkeys(ILLNESSES, (BROUGHT_MILD, BROUGHT_SEVERE))
    for _ in range(20):  # settles in five
        all_in = {name: (1.0 - SEVERE[name]) * mild + SEVERE[name] * severe for name, (mild, severe) in own.items()}
        alone = {name: 1.0 - comes_along(name, all_in) for name in ILLNESSES}
        own = {name: (1.0 - (1.0 - BROUGHT_MILD) / left, 1.0 - (1.0 - BROUGHT_SEVERE) / left)
               for name, left in alone.items()}  # fmt: skip
    return own


def course() -> dict[str, object]:
    """How W's illnesses run, are brought to care and are treated."""
    spread = sum(log_spread(name) for name in ILLNESSES) / len(ILLNESSES)
    told: dict[str, object] = {"time.dur.sd": spread, "time.death.sd": spread}
    signs = {"malaria": [1, 0, 0, 0], "pneumonia": [0, 1, 1, 0], "diarrhoea": [0, 0, 0, 1]}
    for name, key in KEYS.items():
        median = mean_length(name) * math.exp(-0.5 * spread * spread)
        told[f"time.{key}.dur"] = told[f"time.{key}.{'death' if key == 'mal' else 'to_death'}"] = median
        told["sev.mal.untreated" if key == "mal" else f"sev.{key}"] = SEVERE[name]
        told[f"cfr.{key}.severe_untx"] = fatality(name)
        told[f"tx.{key}.{'inpt_weak' if key == 'mal' else 'inpt'}"] = LEFT * fatality(name)
        told[f"sym.{key}"] = [*signs[name], *brought_by_itself()[name]]
    told["fac.full"] = TREATED
    told |= dict.fromkeys(("tx.ors", "tx.act", "tx.amox.nonsev"), TREATED * (1.0 - LEFT))
    return {f"setting.{key}": value for key, value in told.items()}


def overrides(children: int, *, days: int = LIFE, chws: bool = False) -> dict[str, object]:
    """All that the scenario is told beside its file."""
    people = PEOPLE_PER_CHILD * children
    place = {"setting.place.people": people, "setting.place.zones": max(1, round(people / ZONE)), "run.days": days}
    return {**incidence(), **course(), **place, "programme.chw.deployed": int(chws), "programme.chw.min_km": 0}


def scenario(children: int, *, days: int = LIFE, chws: bool = False):
    """W for about so many children as a scenario of this engine."""
    from iccmsim.parameters.scenario import load_scenario

    return load_scenario(SCENARIO, overrides=overrides(children, days=days, chws=chws))


@dataclass(frozen=True)
class Expected:
    """What W gives on average, a child-year of 365 days."""

    episodes: float
    deaths: float


def by_age() -> tuple[np.ndarray, np.ndarray]:
    """Episodes and deaths of W on each day of a child's life, by arithmetic: one child's chances day by day."""
    begins, dies = np.zeros(LIFE), np.zeros(LIFE)
    for illness in ILLNESSES:
        onset, end = one_life(illness)
        begins += onset
        dies += end * sum(chance_of_death(illness))
    return begins, dies


@cache
def expected(days: int = LIFE) -> Expected:
    """What W gives: slots of all ages, each refilled by a newborn, for so many days.

    That everybody is well on the first day is left out: it takes away about a week of deaths, 4 in 1,000 of five years.
    """
    begins, dies = by_age()
    slots = np.full(LIFE, 1.0 / LIFE)  # by age
    episodes = deaths = 0.0
    for _ in range(days):
        episodes += slots @ begins
        dead = slots * dies
        deaths += dead.sum()
        kept = slots - dead
        slots = np.concatenate([[dead.sum() + kept[-1]], kept[:-1]])
    return Expected(float(episodes) * YEAR / days, float(deaths) * YEAR / days)


def expected_of(lived: np.ndarray) -> Expected:
    """What W gives to children who lived so long in each year of age: where births are a matter of chance, ages are."""
    share = lived / lived.sum() * YEAR
    episodes, deaths = (each.reshape(-1, YEAR).mean(axis=1) @ share for each in by_age())
    return Expected(float(episodes), float(deaths))


def one_life(illness: str) -> tuple[np.ndarray, np.ndarray]:
    """Chance that an illness begins, and that one ends, on each day of the life of a child that does not die of it."""
    longest = 300
    further = np.arange(longest)
    lasts = np.zeros(SHORTEST + longest)
    lasts[SHORTEST:] = -np.diff(np.exp(-np.arange(longest + 1) / FURTHER[illness]))
    not_over = 1.0 - np.cumsum(lasts)  # after so many days
    chance = -np.expm1(-np.repeat(RATES[illness], YEAR) / YEAR)
    onset = np.zeros(LIFE)
    for day in range(LIFE):
        ill = onset[max(0, day - len(further)) : day][::-1]
        onset[day] = chance[day] * (1.0 - ill @ not_over[1 : len(ill) + 1])
    return onset, np.convolve(onset, lasts)[:LIFE]


def against_w(episodes: int, deaths: int, years: float, told: Expected) -> dict:
    """What a run gave, and how far that is from what W gives, in standard errors of the counts (Poisson).

    A run of some days has hardly begun (nobody has died yet): its z says nothing.
    """
    return {
        "child_years": years, "episodes_a_child_year": episodes / years, "deaths_a_child_year": deaths / years,
        "z_episodes": (episodes - told.episodes * years) / math.sqrt(told.episodes * years),
        "z_deaths": (deaths - told.deaths * years) / math.sqrt(told.deaths * years),
    }  # fmt: skip


def of_counts(child_days: np.ndarray, episodes: int, deaths: int) -> dict:
    """The same of counts of this engine, which have child-days by nine bands of age, five of them in the first year."""
    lived = np.concatenate([[child_days[:5].sum()], child_days[5:]]) / YEAR
    return against_w(int(episodes), int(deaths), float(lived.sum()), expected_of(lived))


def with_iccmsim(children: int, *, days: int = LIFE, seed: int = 1, threads: int = 1, chws: bool = False) -> dict:
    """W in this engine, everything timed: making the people with all their onsets, the run, the counts."""
    import time

    from iccmsim.results.result import simulate

    told = scenario(children, days=days, chws=chws)
    clock = time.process_time()
    tally = simulate(told, seed=seed, threads=threads, tables=False).tally
    seconds = time.process_time() - clock
    counts = of_counts(tally["child_days"].sum(axis=0), tally["episodes"].sum(), tally["deaths"].sum())
    return {"days": days, "cpu_s": seconds, **counts}
