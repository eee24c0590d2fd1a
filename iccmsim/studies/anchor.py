"""Keep what a baseline was fitted to when its parameters are varied: the death rate of each illness.

How often children fall ill, worsen and die is known together, from deaths by cause; each alone is in doubt. Whoever
varies one of them alone therefore changes what is known. So the case-fatality multipliers (kappa), for which the fit
of the baseline solves, are solved for again: with health facilities only, as many children are expected to die of
each of the four illnesses in a child-year as in the baseline, from the same seeds. (A rate, as in the fit: with more
births there are more deaths, and no child is more likely to die.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from iccmsim.core.records import CAUSES, YEAR
from iccmsim.engine.plan import make_plan, zone_maps
from iccmsim.engine.simulation import arms_of_zone
from iccmsim.engine.tally import tally_zone
from iccmsim.parameters.catalogue import of_section, parameter
from iccmsim.parameters.checks import KAPPA_CFR_BELOW, KAPPA_ROWS
from iccmsim.parameters.kernel import AGE_DAYS, published_incidence
from iccmsim.parameters.scenario import Scenario
from iccmsim.results.mortality import WINDOW
from iccmsim.world.geography import Places

WITHIN = 0.02  # of the baseline's expected deaths of each illness in a child-year
ROUNDS = 8
ILLNESSES = CAUSES[: len(KAPPA_ROWS)]  # in the order of KAPPA_ROWS
CERTAIN = 1.0  # of what is possible: what a first guess must pass to be out of reach without a run
STEEPNESS = (0.5, 1.5)  # of log deaths on log kappa: what a secant is believed within
FITTED = ("kappa.mal", "kappa.pneu", "kappa.diarr", "kappa.psbi", "mort.background", "seek.a_informal",
          "seek.a_facility", "seek.hh_sd", "seek.k", "inc.nmfi")  # fmt: skip
"""All that the fit of a baseline solves for (calibration/fit_baseline.py): never varied freely."""
BURDEN = ("inc.mal", "inc.mal.rr_0_5m", "inc.diarr.0_5m", "inc.diarr.6_11m", "inc.diarr.12_23m", "inc.diarr.24_59m",
          "inc.pneu.0_59m", "inc.psbi", "sev.mal.untreated", "sev.pneu", "sev.diarr",
          *(cfr for _, cfr in KAPPA_ROWS))  # fmt: skip
"""What a first guess of the kappas is made from. Ratios of pneumonia between ages leave its total as it is."""


@dataclass(frozen=True)
class Anchored:
    """A scenario whose facility-only arm keeps the baseline's death rates by illness, and how nearly it does.

    residuals: expected deaths in a child-year over those of the baseline, less 1, by illness. rounds: runs that it
    took. ok: whether all residuals are within 2 %; if not, no case fatality that the model accepts explains the deaths.
    """

    scenario: Scenario
    kappas: Mapping[str, float]
    residuals: Mapping[str, float]
    rounds: int
    ok: bool


def anchor(scenario: Scenario, baseline: Scenario, *, seeds: Sequence[int], places: Places | None = None,
           within: float = WITHIN, rounds: int = ROUNDS) -> Anchored:  # fmt: skip
    """Solve for the four kappas with which the setting of `scenario` keeps the death rates of `baseline`.

    Both are run with health facilities only, whatever their programmes, from the same seeds. Each round is one such
    run; steps are proportional, then by the secant of each illness, on logarithms.
    """
    bare, seeds = facility_only(scenario), tuple(seeds)
    wanted = np.array(_remembered(_Key(facility_only(baseline)), seeds) if places is None else
                      rates_by_illness(facility_only(baseline), seeds=seeds, places=places))  # fmt: skip
    low, high = _limits(bare.setting)
    log_kappa = np.clip(_first_guess(bare.setting, baseline.setting), low, high)
    steep, before = np.ones(len(wanted)), None
    for number in range(1, rounds + 1):
        found = rates_by_illness(_with_kappas(bare, log_kappa), seeds=seeds, places=places)
        missing = _log_ratio(wanted, found)
        residuals = np.expm1(-missing)
        ok = bool((np.abs(residuals) <= within).all())
        at_the_end = ((log_kappa >= high) & (missing > 0)) | ((log_kappa <= low) & (missing < 0))
        if ok or (at_the_end & (np.abs(residuals) > within)).any() or number == rounds:
            break
        if before is not None:
            steep = _secant(log_kappa - before[0], before[1] - missing)
        before = (log_kappa, missing)
        log_kappa = np.clip(log_kappa + missing / steep, low, high)
    return Anchored(_with_kappas(scenario, log_kappa), _kappas(log_kappa),
                    dict(zip(ILLNESSES, residuals.tolist(), strict=True)), number, ok)  # fmt: skip


def out_of_reach(setting: Mapping[str, Any], baseline: Mapping[str, Any]) -> bool:
    """Whether incidence and severity alone say, before any run, that no case fatality explains the deaths.

    A setting that is nearly out of reach is not: what care changes is only known from a run.
    """
    return bool((_first_guess(setting, baseline) > _limits(setting)[1] + math.log(CERTAIN)).any())


def facility_only(scenario: Scenario) -> Scenario:
    """The same setting with health facilities only, every lever at its declared value, and no shock."""
    levers = {key: each.default for key, each in of_section("programme").items()} | {"chw.deployed": 0}
    return replace(scenario, name="facility-only", programme=levers, changes=(), shocks=())


def rates_by_illness(scenario: Scenario, *, seeds: Sequence[int], places: Places | None = None) -> np.ndarray:
    """Expected deaths of the four illnesses in a child-year of the window, over all zones and seeds."""
    plan = make_plan(scenario, places=places)
    deaths, days = np.zeros(len(KAPPA_ROWS)), 0.0
    for seed in seeds:
        for zone_map in zone_maps(plan.places):
            run = next(arms_of_zone(zone_map, [plan], status_quo=plan, seed=seed, until=plan.window[1]))
            tally = tally_zone(run)
            deaths += tally["expected"][0, WINDOW, : len(deaths)].sum(axis=0)
            days += tally["child_days"][0, WINDOW].sum()
    return deaths / max(days, 1.0) * YEAR


@dataclass(frozen=True)
class _Key:
    """A scenario that is known by what it says, so that its deaths are counted once."""

    scenario: Scenario

    def __hash__(self) -> int:
        return hash(self.scenario.hash())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.scenario.hash() == other.scenario.hash()


@lru_cache(maxsize=64)
def _remembered(key: _Key, seeds: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(rates_by_illness(key.scenario, seeds=seeds))


def _first_guess(setting: Mapping[str, Any], baseline: Mapping[str, Any]) -> np.ndarray:
    """Logarithms of kappas for which incidence x severity x fatality is that of the baseline."""
    guess = [math.log(max(baseline[kappa], 1e-6)) for kappa, _ in KAPPA_ROWS]
    return np.array(guess) + np.log(np.maximum(_burden(baseline), 1e-12) / np.maximum(_burden(setting), 1e-12))


def _burden(setting: Mapping[str, Any]) -> np.ndarray:
    """Untreated deaths of each illness for a kappa of 1, up to what no kappa changes."""
    width = np.diff(AGE_DAYS) / (AGE_DAYS[-1] - AGE_DAYS[0])
    episodes = published_incidence(setting)[: len(KAPPA_ROWS)] @ width
    episodes[-1] = setting["inc.psbi"]
    severe = np.array([setting["sev.mal.untreated"], setting["sev.pneu"], setting["sev.diarr"], 1.0])
    return episodes * severe * np.array([setting[cfr] for _, cfr in KAPPA_ROWS])


def _limits(setting: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the least and greatest kappas that a setting may have; kappa x fatality stays a chance."""
    ends = np.array([parameter(kappa).allowed for kappa, _ in KAPPA_ROWS], float)
    chance = np.array([KAPPA_CFR_BELOW / max(setting[cfr], 1e-6) for _, cfr in KAPPA_ROWS])
    return np.log(np.maximum(ends[:, 0], 1e-6)), np.log(np.minimum(ends[:, 1], chance * (1 - 1e-6)))


def _kappas(log_kappa: np.ndarray) -> dict[str, float]:
    return {key: float(value) for (key, _), value in zip(KAPPA_ROWS, np.exp(log_kappa), strict=True)}


def _with_kappas(scenario: Scenario, log_kappa: np.ndarray) -> Scenario:
    return replace(scenario, setting={**scenario.setting, **_kappas(log_kappa)})


def _log_ratio(wanted: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Logarithm of wanted over found; 0 where both are nothing, a large step where only one is."""
    least = 1e-9
    return np.clip(np.log(np.maximum(wanted, least) / np.maximum(found, least)), -2.0, 2.0)


def _secant(moved: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """How steeply deaths answered to kappa in the last step, 1 where it was too small to tell."""
    told = np.abs(moved) > 0.01
    slope = np.divide(answered, moved, out=np.ones_like(moved), where=told)
    return np.clip(slope, *STEEPNESS)
