"""Fit the status quo of a place, health facilities only: how often families seek care, and what children die of.

    python calibration/fit_baseline.py --setting sahel --out calibration/fits/sahel.toml --apply
    python calibration/fit_baseline.py --setting bankass --places FOLDER --out calibration/fits/bankass.toml --apply

Five steps, in order: incidence and two-week prevalence; care-seeking against surveys; factors kappa on case fatality
against deaths by cause; the background as what is left of each age; a run on fresh seeds. No programme is ever fitted.
Targets are those of targets.toml with role "fitted", and "circular" where the fit sets them. `--apply` writes the
values into the setting.

What families tell surveys and what health centres write into registers cannot both be right. `--care registers` fits
the second baseline: visits to the facility as registers have them, whatever families say (`--apply` then writes into
the setting of that name with "-registers" behind it). `--care formal` meets the share of ill children taken to a
qualified provider, for places of which no more is known.

    python calibration/fit_baseline.py --setting remote-forest --care formal --out calibration/fits/remote-forest.toml
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from background import NoFitError, solve_background
from care import CARE, SURVEYED, fit_formal, fit_registers, fit_surveys
from fit_report import apply, as_toml

from iccmsim.core.records import CAUSES, FIVE_YEARS, ILLNESSES, MINUTES, YEAR
from iccmsim.engine.plan import make_plan, zone_maps
from iccmsim.engine.simulation import arms_of_zone
from iccmsim.engine.tally import add_up, tally_zone
from iccmsim.parameters.catalogue import all_parameters
from iccmsim.parameters.declare import lookup
from iccmsim.parameters.kernel import AGE_DAYS, published_incidence
from iccmsim.parameters.scenario import load_scenario
from iccmsim.results.indicators import budget, expected_deaths, from_tally
from iccmsim.results.mortality import WINDOW, rates
from iccmsim.results.survey import Telling, add_counts, share, survey, survey_days
from iccmsim.results.tables import TABLES
from iccmsim.studies.check import read_targets

ON_THE_WAY = 0.02  # of every age, what must be left for the background in rounds before the last
CARE_OF = {"surveys": fit_surveys, "registers": fit_registers, "formal": fit_formal}
IN_SURVEYS = (*SURVEYED, "formal_care", "two_week_fever", "two_week_diarrhoea", "two_week_ari", "more_than_one_complex")
LOOKED_AT = (*IN_SURVEYS, "facility_visits")
OTHER_PLACES = ("low-utilisation-highland", "remote-forest")  # with targets of their own
SURVEYED_SEEDS = 5  # of the fresh ones, through one year
KAPPAS = (("kappa.mal", "cfr.mal.severe_untx"), ("kappa.pneu", "cfr.pneu.severe_untx"),
          ("kappa.diarr", "cfr.diarr.severe_untx"), ("kappa.psbi", "cfr.psbi.untx"))  # fmt: skip
MALARIA_SHARES = {"12": 0.12, "21": None, "32": 0.32}  # of all deaths; None is the budget as written


def start_values() -> dict[str, object]:
    """Where every fit begins: the declared defaults, whatever an earlier fit has written into the setting."""
    keys = ("inc.nmfi", "seek.k", "mort.background", *CARE, *(key for key, _ in KAPPAS))
    found = {key: lookup(key, all_parameters()).default for key in keys}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


@dataclass
class Fit:
    """What is being fitted, and what has been found so far."""

    setting: str
    places: str | None
    seeds: dict[str, tuple[int, ...]]
    threads: int
    targets: dict[str, dict]
    values: dict[str, object] = field(default_factory=start_values)
    notes: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    def scenario(self, days: int):
        """The place with facilities only, as fitted so far."""
        over = {**self.values, "run.days": days, "run.tail_days": 0}
        return load_scenario(f"{self.setting}/facility-only", overrides=over, places=self.places)

    def target(self, name: str) -> float:
        """The value that an indicator should take."""
        return float(self.targets[name]["value"])

    def say(self, text: str) -> None:
        """Tell who watches how far it is."""
        print(f"[{time.perf_counter() - self.began:5.0f} s] {text}", file=sys.stderr, flush=True)


@dataclass
class Seen:
    """What one seed gave: counts of surveys, expected deaths (7, 9), the tally; days between two reports of a CHW."""

    counts: dict
    deaths: np.ndarray
    tally: np.ndarray
    review_days: float

    def lived(self) -> tuple[np.ndarray, float]:
        """Child-days by age band, and births, of the window."""
        return self.tally["child_days"][WINDOW].sum(axis=0), float(self.tally["births"][WINDOW].sum())

    def shares(self) -> dict[str, tuple[float, float]]:
        """What surveys and registers say."""
        return add_counts([self.counts, from_tally(self.tally, review_days=self.review_days)])


def run(fit: Fit, seeds: tuple[int, ...], *, days: int = FIVE_YEARS, surveys: bool = False) -> list[Seen]:
    """Run every zone from every seed, count, and drop."""
    scenario = fit.scenario(days)
    plan = make_plan(scenario)
    maps = zone_maps(plan.places)
    telling = Telling.of(scenario.setting)

    def one(job: tuple[int, object]) -> Seen:
        run = next(arms_of_zone(job[1], [plan], status_quo=plan, seed=job[0]))
        counts = {}
        if surveys:
            episodes, children = TABLES["episodes"]([run]), TABLES["children"]([run])
            counts = survey(episodes, children, days=survey_days(days), telling=telling)
        return Seen(counts, expected_deaths(*those_who_may_die(run), window_days=days), tally_zone(run),
                    plan.review_days)  # fmt: skip

    with ThreadPoolExecutor(fit.threads) as pool:
        parts = list(pool.map(one, [(seed, each) for seed in seeds for each in maps]))
    zones = [parts[i : i + len(maps)] for i in range(0, len(parts), len(maps))]
    return [Seen(add_counts([part.counts for part in mine]), sum(part.deaths for part in mine),
                 add_up([part.tally for part in mine])[0], plan.review_days) for mine in zones]  # fmt: skip


def those_who_may_die(run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of episodes and children of a zone, no more of them than counting expected deaths needs."""
    course, child = run.course, run.zone.child
    course = course[course["chance_death"] > 0]
    onset, kills = (course[name] / MINUTES - run.plan.warmup for name in ("onset", "kills"))
    birth = child["birth"] / MINUTES - run.plan.warmup
    episodes = pd.DataFrame({
        "onset_day": onset, "kills_day": kills, "age_days": onset - birth[course["child"]],
        "chance_death": course["chance_death"],
        "illness": pd.Categorical.from_codes(course["illness"], list(ILLNESSES)),
    })  # fmt: skip
    end = np.where(child["end"] < 0, np.nan, child["end"] / MINUTES - run.plan.warmup)
    cause = pd.Categorical.from_codes(child["cause"], list(CAUSES))
    return episodes, pd.DataFrame({"birth_day": birth, "end_day": end, "cause": cause})


def in_all(seen: list[Seen]) -> Seen:
    """All seeds together."""
    rows = [np.asarray(each.tally).reshape(1) for each in seen]
    return Seen(add_counts([each.counts for each in seen]), sum(each.deaths for each in seen), add_up(rows)[0],
                seen[0].review_days)  # fmt: skip


def care_seen(fit: Fit) -> dict[str, float]:
    """What surveys through one year, and the facility's register, say of the present values."""
    counts = in_all(run(fit, fit.seeds["care"], days=365, surveys=True)).shares()
    return {name: share(counts, name) for name in counts if counts[name][1]}


def fit_prevalence(fit: Fit) -> None:
    """Step 1: incidence as published; other fevers fewer, within their range, if two-week fever is out of its own."""
    incidence = published_incidence(fit.scenario(365).values())
    width = np.diff(AGE_DAYS) / (AGE_DAYS[-1] - AGE_DAYS[0])
    for name, each in zip(CAUSES, incidence, strict=False):
        if each.any():
            fit.say(f"incidence {name}: {each @ width:.2f} a child-year, by age {np.round(each, 2).tolist()}")
    low, high = (float(fit.targets["two_week_fever"][end]) for end in ("low", "high"))
    seen = care_seen(fit)["two_week_fever"]
    if low <= seen <= high:
        fit.say(f"two-week fever {seen:.3f}, in its range")
        return
    least, most = lookup("inc.nmfi", all_parameters()).plausible
    fit.values["inc.nmfi"] = least if seen > high else most
    now = care_seen(fit)["two_week_fever"]
    fit.notes.append(f"two-week fever was {seen:.3f}, outside {low}-{high}: inc.nmfi to the end of its range, "
                     f"{fit.values['inc.nmfi']}; now {now:.3f}")  # fmt: skip
    fit.say(fit.notes[-1])


def begin_near(fit: Fit) -> None:
    """Case fatality begins in proportion to the deaths of rural Mali, to which the declared values belong."""
    mali = read_targets()
    for (key, _), name in zip(KAPPAS, (*CAUSES[:3], "newborn_infection"), strict=True):
        low, high = lookup(key, all_parameters()).plausible
        part = fit.target(f"deaths_{name}") / float(mali[f"deaths_{name}"]["value"])
        fit.values[key] = min(max(fit.values[key] * part, low), high)


def malaria_shift(fit: Fit, share_of_all: float | None) -> dict[str, float]:
    """Deaths by cause to be met; another share of malaria is taken from, or given to, all other causes after day 28."""
    want = {name: fit.target(f"deaths_{name}") for name in (*CAUSES[:3], "newborn_infection")}
    if share_of_all is not None:
        want["malaria"] = share_of_all * fit.target("deaths_all")
    return want


def fit_deaths(fit: Fit, *, rounds: int, share_of_all: float | None) -> None:
    """Steps 3 and 4: kappa from expected deaths by cause, the background as what is left, some rounds of both."""
    want = malaria_shift(fit, share_of_all)
    totals = np.array([fit.target(name) for name in ("deaths_0_27d", "deaths_28d_11m", "deaths_1_4y")])
    for number in range(rounds):
        kappa = np.array([fit.values[key] for key, _ in KAPPAS], float)
        seen = in_all(run(fit, fit.seeds["deaths"]))
        rate = seen.deaths[:4] / seen.lived()[0]
        _, deaths = solve_background(rate, totals, least=ON_THE_WAY)
        found = np.array([deaths[0, 2:].sum(), deaths[1, 2:].sum(), deaths[2, 2:].sum(), deaths[3, :2].sum()])
        now = np.array([want[name] for name in (*CAUSES[:3], "newborn_infection")]) / found
        fit.say(f"round {number + 1}: U5MR {rates(seen.tally)['u5mr']:.1f}, kappa {np.round(kappa, 3).tolist()}, "
                f"deaths {np.round(found, 1).tolist()}")  # fmt: skip
        step = now**0.8
        hazard, _ = solve_background(rate * step[:, None], totals, least=ON_THE_WAY if number < rounds - 1 else None)
        fit.values |= {key: round(float(v), 4) for (key, _), v in zip(KAPPAS, kappa * step, strict=True)}
        fit.values["mort.background"] = [float(f"{h * YEAR:.4g}") for h in hazard]
        refuse_bad_kappa(fit)


def refuse_bad_kappa(fit: Fit) -> None:
    """Stop where the case fatality needed is one that nobody would believe."""
    values = fit.scenario(365).values()
    for key, row in KAPPAS:
        low, high = lookup(key, all_parameters()).plausible
        if not low <= values[key] <= high or values[key] * values[row] > 0.9:
            raise NoFitError(f"{key} = {values[key]} ({key} x {row} = {values[key] * values[row]:.3f}): must be "
                             f"between {low} and {high}, and the product below .9")  # fmt: skip


def residuals(fit: Fit) -> list[dict]:
    """Step 5: fresh seeds; every target that was fitted, or that follows from the fit, beside what came out."""
    rows = []
    asked = fit.seeds["fresh"][:SURVEYED_SEEDS]
    each = [values_of(one) for one in run(fit, fit.seeds["fresh"])]
    each += [values_of(one) for one in run(fit, asked, days=365, surveys=True)] if asked else []
    known = dict.fromkeys(name for found in each for name in found)
    for name, target in fit.targets.items():
        if name not in known or (target["role"] == "check" and name not in LOOKED_AT):
            continue
        values = [found[name] for found in (each[len(fit.seeds["fresh"]) :] if name in IN_SURVEYS else
                                            each[: len(fit.seeds["fresh"])])]  # fmt: skip
        error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
        rows.append({"target": name, "role": target["role"], "value": target["value"], "low": target.get("low"),
                     "high": target.get("high"), "model": round(float(np.mean(values)), 4),
                     "mcse": round(float(error), 5)})  # fmt: skip
        fit.say("  ".join(f"{key} {value}" for key, value in rows[-1].items()))
    return rows


def values_of(seen: Seen) -> dict[str, float]:
    """All indicators of one seed."""
    counts = seen.shares()
    days, births = seen.lived()
    return ({name: share(counts, name) for name in counts} | budget(seen.deaths, days, births=births)
            | rates(seen.tally))  # fmt: skip


def options() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--setting", required=True, choices=("sahel", "bankass", *OTHER_PLACES))
    parser.add_argument("--places", help="folder with the files of a real place")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--apply", action="store_true", help="write the values into the setting's file")
    parser.add_argument("--care", choices=tuple(CARE_OF), default="surveys", help="what to meet")
    parser.add_argument("--malaria", choices=tuple(MALARIA_SHARES), default="21", help="percent of all deaths")
    parser.add_argument("--care-seeds", type=int, default=2)
    parser.add_argument("--death-seeds", type=int, default=4)
    parser.add_argument("--fresh-seeds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", type=Path, help="an earlier fit: its values are kept, only deaths are fitted anew")
    return parser.parse_args()


def main() -> None:
    """Fit one setting and write down how."""
    asked = options()
    seeds = {"care": tuple(range(1, 1 + asked.care_seeds)), "deaths": tuple(range(11, 11 + asked.death_seeds)),
             "fresh": tuple(range(1001, 1001 + asked.fresh_seeds))}  # fmt: skip
    place = load_scenario(f"{asked.setting}/facility-only").place.name
    fit = Fit(asked.setting, asked.places, seeds, asked.threads, read_targets(place))
    try:
        if asked.start:
            fit.values = tomllib.loads(asked.start.read_text(encoding="utf-8"))["values"]
        else:
            fit_prevalence(fit)
            begin_near(fit)
            CARE_OF[asked.care](fit, care_seen)
        fit_deaths(fit, rounds=asked.rounds, share_of_all=MALARIA_SHARES[asked.malaria])
        rows = residuals(fit)
    except NoFitError as why:
        sys.exit(f"{asked.setting}: cannot be fitted. {why}")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(as_toml(fit, rows), encoding="utf-8")
    if asked.apply:
        apply(fit, asked.out, setting=asked.setting + ("-registers" if asked.care == "registers" else ""))
    fit.say(f"written to {asked.out}")


if __name__ == "__main__":
    main()
