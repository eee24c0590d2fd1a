"""How fast is it, with everything counted: `make bench`.

Times the functions that `Simulation` and `compare` themselves call: making the people, the warm-up, the arm, the
tallies. Child-years are those simulated (warm-up, window and tail). Options: --people N (of the synthetic district),
--seeds N (pairs for the precision test; 0 leaves it out), --million (also 1,000,000 children, tallies only).

Numbers of one run on one machine mean little: compare two versions side by side, in turn, several times.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time

import numpy as np

PEOPLE = 50_000  # about 10,000 children under five


def scenario(name: str, *, people: int, tail: int = 0):
    """The made-up district at another size, zones of 7,500 people, five years."""
    from iccmsim.parameters.scenario import load_scenario

    zones = max(1, round(people / 7500))
    sizes = {"setting.place.people": people, "setting.place.zones": zones, "run.tail_days": tail}
    return load_scenario(name, overrides=sizes)


def one_arm(*, people: int, threads: int) -> dict:
    """Time one arm of one seed as `iccmsim.simulate(tables=False)` runs it."""
    from iccmsim.results.result import simulate

    arm = scenario("sahel/iccm-as-delivered", people=people)
    clock, cpu = time.perf_counter(), time.process_time()
    result = simulate(arm, seed=1, threads=threads, tables=False)
    wall, cpu = time.perf_counter() - clock, time.process_time() - cpu
    years = float(result.tally["child_days"].sum()) / 365.25
    warm = arm.run["run.warmup_days"] / arm.run["run.days"]
    episodes = int(result.tally["episodes"].sum()) * (1 + warm)  # those of the warm-up at the same rate
    return {
        "people": people, "threads": threads, "wall_s": wall, "cpu_s": cpu,
        "child_years_counted": years, "child_years_simulated_per_s": years * (1 + warm) / wall,
        "ns_per_episode": wall / episodes * 1e9,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def precision(*, people: int, seeds: int) -> dict:
    """How much narrower deaths averted become by pairing, and by expected deaths, with bootstrap intervals."""
    from iccmsim.studies.compare import compare
    from iccmsim.studies.summary import deaths_of

    names = ("sahel/facility-only", "sahel/iccm-as-delivered")
    result = compare([scenario(name, people=people) for name in names], seeds=seeds)
    before, after = deaths_of(result, 0).astype(float), deaths_of(result, 1).astype(float)
    expected = [expected_deaths(result, arm) for arm in (0, 1)]
    share = 1.0 - after.sum() / before.sum()
    chance = np.random.default_rng(1)
    ratios, further = [], []
    for _ in range(1000):
        i, j = chance.integers(0, seeds, seeds), chance.integers(0, seeds, seeds)
        paired = (before - after)[i].std(ddof=1)
        ratios.append(math.hypot(before[i].std(ddof=1), after[j].std(ddof=1)) / paired)
        further.append(paired / (expected[0] - expected[1])[i].std(ddof=1))
    return {
        "pairs": seeds, "share_averted": share, "demanded_ratio": 0.8 * math.sqrt((2 - share) / share),
        "sd_ratio_by_pairing": interval(ratios), "further_by_expected_deaths": interval(further),
        "z_expected_against_realised": z_of(expected, before, after),
    }  # fmt: skip


def expected_deaths(result, arm: int) -> np.ndarray:
    """Expected deaths of each seed in the window, all causes."""
    from iccmsim.engine.tally import TAIL

    return result.tallies["expected"][:, arm, :TAIL].sum(axis=(1, 2))


def interval(values: list[float]) -> list[float]:
    """Median and 95 % of a bootstrap."""
    return [float(q) for q in np.percentile(values, (50, 2.5, 97.5))]


def z_of(expected: list[np.ndarray], before: np.ndarray, after: np.ndarray) -> float:
    """Mean difference between expected and realised deaths averted, in its own standard errors."""
    gap = (expected[0] - expected[1]) - (before - after)
    return float(gap.mean() / (gap.std(ddof=1) / math.sqrt(len(gap))))


def import_seconds() -> float:
    """Seconds that `import iccmsim` takes in a fresh interpreter, best of five."""
    code = "import time; t = time.perf_counter(); import iccmsim; print(time.perf_counter() - t)"
    return min(float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
               for _ in range(5))  # fmt: skip


def main() -> int:
    """Print one JSON object a measurement."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=PEOPLE)
    options.add_argument("--seeds", type=int, default=100)
    options.add_argument("--million", action="store_true")
    given = options.parse_args()
    print(json.dumps({"import_s": import_seconds()}))
    one_arm(people=given.people, threads=1)  # compiles, if need be
    for threads in (1, 2):
        best = min((one_arm(people=given.people, threads=threads) for _ in range(5)), key=lambda each: each["wall_s"])
        print(json.dumps(best))
    if given.seeds:
        print(json.dumps(precision(people=given.people, seeds=given.seeds)))
    if given.million:
        print(json.dumps(one_arm(people=5_000_000, threads=2)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
