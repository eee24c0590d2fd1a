"""In the limit where nothing happens but coverage times effect, deaths per onset are those of the Lives Saved Tool.

Same simulation as any other: families, visits, steps of the consultation, doses from a stock. Coverage is the chance of
one step; a CHW's skill is set to the level at which these chances are stated, and stays there, so that the logit shift
of the parameter record is undone exactly (asserted). Ratios are compared over onsets reached in both arms.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from iccmsim.core.records import AT_CHW, DIED, MALARIA, MINUTES, PNEUMONIA, RECOVERED, STEPS
from iccmsim.engine.plan import reference_values
from iccmsim.engine.simulation import Simulation
from iccmsim.parameters.kernel import stationary_skill
from iccmsim.parameters.scenario import load_scenario
from iccmsim.results.list_formula import fraction_averted

SCENARIOS = Path(__file__).parent / "scenarios"
STATED = {"programme.skill.training": stationary_skill(reference_values())}
Z = 3.5
MANY = 1_000_000  # onsets

ORS = (0.93, 0.30, 0.60)  # effect, coverage before, after
ZINC = (0.23, 0.05, 0.50)
ANTIBIOTIC = (0.70, 0.35, 0.65)
ACT = (0.82, 0.20, 0.50)
ABM_MC = (0.70, 0.30, 0.60)

# row: scenario, steps before, steps after, the worked value of r, the effects and coverages behind it
ROWS = {
    "ORS": ("diarrhoea", {"ors": 0.30, "zinc": 0.05}, {"ors": 0.60, "zinc": 0.05}, 0.386963, [ORS]),
    "zinc": ("diarrhoea", {"ors": 0.30, "zinc": 0.05}, {"ors": 0.30, "zinc": 0.50}, 0.104704, [ZINC]),
    "ORS x zinc": ("diarrhoea", {"ors": 0.30, "zinc": 0.05}, {"ors": 0.60, "zinc": 0.50}, 0.451150, [ORS, ZINC]),
    "antibiotic": ("pneumonia", {"breaths": 0.35}, {"breaths": 0.65}, 0.278146, [ANTIBIOTIC]),
    "malaria case management": ("malaria", {"dose": 0.20}, {"dose": 0.50}, 0.294258, [ACT]),
    "ABM MC": ("pneumonia", {"breaths": 0.30}, {"breaths": 0.60}, 1 - 0.7342, [ABM_MC]),
}  # fmt: skip


def run(name: str, steps: dict, seed: int, *, tables: bool = False) -> Simulation:
    more = {f"programme.chw.step.{step}": chance for step, chance in steps.items()}
    scenario = load_scenario(SCENARIOS / f"list_{name}.toml", overrides={**STATED, **more})
    return Simulation(scenario, seed=seed, tables=tables, threads=2).run()


def keeps_last_days(simulation: Simulation, course: np.ndarray, child: np.ndarray) -> np.ndarray:
    """Onsets whose untreated course ends within the horizon and before the fifth birthday: by nature, in every arm."""
    last = np.maximum(course["kills"], course["mends"])
    return (last < simulation.plan.days * MINUTES - MINUTES) & (last < child["leaves"][course["child"]])


def outcomes(simulation: Simulation) -> tuple[np.ndarray, np.ndarray]:
    """Whether each candidate onset was reached and lived to its end, and whether it killed."""
    reached, died = [], []
    for each in simulation.runs:
        course = each.zone.course
        within = keeps_last_days(simulation, course, each.zone.child)
        reached.append(within & np.isin(course["outcome"], (RECOVERED, DIED)))
        died.append(course["outcome"] == DIED)
    return np.concatenate(reached), np.concatenate(died)


def paired(before: tuple, after: tuple) -> np.ndarray:
    """Onsets reached in both arms; deaths of the first arm, of the second, in both, in either."""
    both = before[0] & after[0]
    a, b = before[1][both], after[1][both]
    return np.array([both.sum(), a.sum(), b.sum(), (a & b).sum()], float)


def ratio_and_error(counts: np.ndarray) -> tuple[float, float]:
    """Ratio of deaths per onset and its standard error by the delta method for paired binomials."""
    n, a, b, both = counts
    pa, pb, pab = a / n, b / n, both / n
    ratio = pb / pa
    variance = (pb * (1 - pb) - 2 * ratio * (pab - pa * pb) + ratio**2 * pa * (1 - pa)) / (n * pa**2)
    return ratio, math.sqrt(variance)


def measure(seeds: range) -> dict[str, np.ndarray]:
    """Paired counts of every row; each arm is run once a seed."""
    counts = {name: np.zeros(4) for name in ROWS}
    for seed in seeds:
        arms = {}
        for name, (illness, before, after, _, _) in ROWS.items():
            for steps in (before, after):
                key = (illness, tuple(steps.items()))
                if key not in arms:
                    arms[key] = outcomes(run(illness, steps, seed))
            counts[name] += paired(arms[illness, tuple(before.items())], arms[illness, tuple(after.items())])
    return counts


def hold(counts: dict[str, np.ndarray], least: int) -> dict[str, float]:
    """Every row, and 142.780 deaths averted of 900 as their weighted sum; returns the z values."""
    z, averted, variance = {}, 0.0, 0.0
    deaths = {"ORS x zinc": 120.0, "antibiotic": 160.0, "malaria case management": 150.0}
    for name, (_, _, _, worked, changes) in ROWS.items():
        exact = 1 - math.prod(1 - fraction_averted(*change) for change in changes)
        assert exact == pytest.approx(worked, abs=6e-5 if name == "ABM MC" else 6e-7)
        ratio, error = ratio_and_error(counts[name])
        assert counts[name][0] >= least
        z[name] = (ratio - (1 - exact)) / error
        averted += deaths.get(name, 0.0) * (1 - ratio)
        variance += (deaths.get(name, 0.0) * error) ** 2
    z["142.780"] = (averted - 142.780) / math.sqrt(variance)
    assert max(map(abs, z.values())) < Z, z
    return z


def test_deaths_per_onset_are_those_of_list_row_by_row():
    hold(measure(range(1, 2)), 200_000)


@pytest.mark.slow
def test_deaths_per_onset_are_those_of_list_over_a_million_onsets_a_row():
    hold(measure(range(11, 16)), MANY)


def test_each_child_is_seen_once_at_onset_and_the_chance_of_a_step_is_the_coverage():
    simulation = run("diarrhoea", {"ors": 0.30, "zinc": 0.50}, 3, tables=True)
    done = seen = given = wrong = 0
    for each in simulation.runs:
        zone, p = each.zone, simulation.plan.record(0)[0]
        course, visit = zone.course, zone.visit[: zone.n[1]]
        for step, chance in zip(STEPS, zone.provider["sure"][1:].T, strict=True):
            np.testing.assert_allclose(chance, p[f"chw_step_{step}"], rtol=1e-12, atol=1e-300)
        lived = np.isin(course["outcome"], (RECOVERED, DIED))
        first = np.isin(visit["provider"], AT_CHW) & (visit["minute"] == course["onset"][visit["course"]])
        times = np.bincount(visit["course"], minlength=len(course))
        done, wrong = done + lived.sum(), wrong + (times[lived] != 1).sum()
        seen += first.sum()
        given += np.bincount(visit["given"][first], minlength=4)[:4]
        assert not visit["lacked"].any()
        once = course[lived & (times == 1)]
        assert (once["x"][:, 0] == np.where(once["doses"] & 1, 0.93, 0.0)).all()
    assert wrong < 3e-4 * done  # odds of e^10 each way: 4.5e-5 wait a day, as many come again
    assert given.sum() == seen
    expected = np.array([0.7 * 0.5, 0.3 * 0.5, 0.7 * 0.5, 0.3 * 0.5])
    z = (given / seen - expected) / np.sqrt(expected * (1 - expected) / seen)
    assert np.abs(z).max() < Z + 0.5


def alone(course: np.ndarray) -> np.ndarray:
    """Candidate onsets with no other of the same child within ten days: one visit never serves two."""
    order = np.lexsort((course["onset"], course["child"]))
    child, onset = course["child"][order], course["onset"][order].astype(np.int64)
    near = (child[1:] == child[:-1]) & (onset[1:] - onset[:-1] < 10 * MINUTES)
    lonely = np.ones(len(course), bool)
    lonely[order[1:][near]] = lonely[order[:-1][near]] = False
    return lonely


def strata(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Paired counts of the two strata together, and how many onsets each has."""
    arms = [run("strata", steps, seed) for steps in ({"dose": 0.30}, {"dose": 0.60})]
    (reached, died), (reached_too, died_too) = (outcomes(each) for each in arms)
    zones = [each.zone.course for each in arms[0].runs]
    both = reached & reached_too & np.concatenate([alone(course) for course in zones])
    illness = np.concatenate([course["illness"] for course in zones])[both]
    return paired((both, died), (both, died_too)), np.array([(illness == k).sum() for k in (MALARIA, PNEUMONIA)], float)


def test_where_the_severe_are_brought_less_list_is_right_with_death_weighted_coverage_only():
    counts, n = (sum(parts) for parts in zip(*(strata(seed) for seed in range(21, 26)), strict=True))
    ratio, error = ratio_and_error(counts)
    deaths = n * np.array([0.05, 0.25])  # untreated
    by_list = {}
    for name, weight in (("episodes", n), ("deaths", deaths)):
        factor = (weight @ [1.0, 0.5]) / weight.sum()
        by_list[name] = 1 - fraction_averted(0.7, 0.3 * factor, 0.6 * factor)
    assert n[0] / n.sum() == pytest.approx(0.8, abs=0.02)
    assert by_list["deaths"] == pytest.approx(0.821, abs=0.004)
    assert abs(ratio - by_list["deaths"]) < Z * error
    assert abs(ratio - by_list["episodes"]) > 10 * error
