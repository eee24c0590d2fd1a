"""What `bench.py` has done in a process of its own: python tasks.py TASK '{"people": 50000, ...}'; answers in JSON."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import peers
import workload_w


def scenario(name: str, *, people: int, more: dict | None = None):
    """The made-up district at another size, zones of 7,500 people, five years without a tail."""
    from iccmsim.parameters.scenario import load_scenario

    zones = max(1, round(people / 7500))
    sizes = {"setting.place.people": people, "setting.place.zones": zones, "run.tail_days": 0}
    return load_scenario(name, overrides={**sizes, **(more or {})})


def one_arm(people: int, threads: int, seed: int = 1, more: dict | None = None) -> dict:
    """One arm of one seed as `iccmsim.simulate(tables=False)` runs it: the people, the warm-up, five years, the counts.

    Child-years simulated are those counted and as many a day in the warm-up.
    """
    from iccmsim.results.result import simulate

    arm = scenario("sahel/iccm-as-delivered", people=people, more=more)
    clock, cpu = time.perf_counter(), time.process_time()
    result = simulate(arm, seed=seed, threads=threads, tables=False)
    wall, cpu = time.perf_counter() - clock, time.process_time() - cpu
    with_warmup = 1 + arm.run["run.warmup_days"] / arm.run["run.days"]
    years = float(result.tally["child_days"].sum()) / 365.25 * with_warmup
    episodes = int(result.tally["episodes"].sum()) * with_warmup
    return {
        "people": people, "threads": threads, "chws": result.plan["chws"], "wall_s": wall, "cpu_s": cpu,
        "child_years": years, "child_years_per_cpu_s": years / cpu, "child_years_per_wall_s": years / wall,
        "cpu_ns_per_episode": cpu / episodes * 1e9,
    }  # fmt: skip


def year_by_year(people: int, seed: int = 1, more: dict | None = None) -> dict:
    """CPU seconds of each year of one run that is stopped at the end of each, and child-years lived in it."""
    from iccmsim.engine.simulation import Simulation
    from iccmsim.engine.tally import TAIL, year_edges
    from iccmsim.results.result import result_of

    arm = scenario("sahel/iccm-as-delivered", people=people, more=more)
    simulation = Simulation(arm, seed=seed, tables=False, threads=1)
    days = [simulation.plan.warmup, *(year_edges(simulation.plan)[1 : TAIL + 1] // 1440).tolist()]
    days = sorted(set(days))
    simulation.run_to(days[0])
    seconds = []
    for day in days[1:]:
        clock = time.process_time()
        simulation.run_to(day)
        seconds.append(time.process_time() - clock)
    lived = result_of(simulation.runs, scenario=arm, seed=seed).tally["child_days"].sum(axis=1)[: len(seconds)] / 365.25
    lengths = [after - before for before, after in pairwise(days)]
    a_day = [each / length for each, length in zip(seconds, lengths, strict=True)]
    a_child = [each / years for each, years in zip(seconds, lived.tolist(), strict=True)]
    return {"people": people, "cpu_s_by_year": seconds, "child_years_by_year": lived.tolist(),
            "day_of_last_year_to_first": a_day[-1] / a_day[0],
            "child_year_of_last_to_first": a_child[-1] / a_child[0]}  # fmt: skip


def precision(people: int, seeds: int, baseline: str = "sahel", more: dict | None = None) -> dict:
    """How much narrower deaths averted become by pairing, and by expected deaths, with bootstrap intervals."""
    import numpy as np

    from iccmsim.studies.compare import compare
    from iccmsim.studies.summary import deaths_of

    names = (f"{baseline}/facility-only", f"{baseline}/iccm-as-delivered")
    result = compare([scenario(name, people=people, more=more) for name in names], seeds=seeds)
    before, after = (deaths_of(result, arm).sum(axis=(1, 2)).astype(float) for arm in (0, 1))
    expected = [expected_deaths(result, arm) for arm in (0, 1)]
    share = 1.0 - after.sum() / before.sum()
    chance = np.random.default_rng(1)
    ratios, further = [], []
    for _ in range(1000):
        i, j = chance.integers(0, seeds, seeds), chance.integers(0, seeds, seeds)
        paired = (before - after)[i].std(ddof=1)
        ratios.append(math.hypot(before[i].std(ddof=1), after[j].std(ddof=1)) / paired)
        further.append(paired / (expected[0] - expected[1])[i].std(ddof=1))
    saved, lost = (int(result.pairs[name][:, 1].sum()) for name in ("saved", "lost"))
    gap = (expected[0] - expected[1]) - (before - after)
    return {
        "baseline": baseline, "people": people, "pairs": seeds, "share_averted": share,
        "saved": saved, "lost": lost,
        "ratio_if_none_were_lost": math.sqrt((2 - share) / share),
        "ratio_by_saved_and_lost": math.sqrt((before.sum() + after.sum()) / (saved + lost)),
        "sd_ratio_by_pairing": interval(ratios), "further_by_expected_deaths": interval(further),
        "z_expected_against_realised": float(gap.mean() / (gap.std(ddof=1) / math.sqrt(len(gap)))),
    }  # fmt: skip


def expected_deaths(result, arm: int):
    """Expected deaths of each seed in the window, all causes."""
    from iccmsim.engine.tally import TAIL

    return result.tallies["expected"][:, arm, :TAIL].sum(axis=(1, 2))


def interval(values: list[float]) -> list[float]:
    """Median and 95 % of a bootstrap."""
    import numpy as np

    return [float(q) for q in np.percentile(values, (50, 2.5, 97.5))]


def import_seconds() -> dict:
    """Seconds that `import iccmsim` takes in a fresh interpreter, best of five."""
    code = "import time; t = time.perf_counter(); import iccmsim; print(time.perf_counter() - t)"
    times = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
             for _ in range(5)]  # fmt: skip
    return {"import_s": min(map(float, times))}


def version_of(package: str) -> dict:
    """The version of a package that is installed here, None if it is not."""
    from importlib.metadata import version

    return {"package": package, "version": version(package) if importlib.util.find_spec(package) else None}


TASKS: dict[str, Callable[..., dict]] = {
    "import_seconds": import_seconds, "one_arm": one_arm, "year_by_year": year_by_year, "precision": precision,
    "version_of": version_of, "iccmsim": workload_w.with_iccmsim, "starsim": peers.with_starsim,
    "mesa": peers.with_mesa,
}  # fmt: skip


TOYS = {  # done first, so that compiled code is loaded and every library is warm when the clock starts
    "one_arm": {"people": 1500, "threads": 1}, "year_by_year": {"people": 1500},
    "iccmsim": {"children": 300, "days": 30}, "starsim": {"children": 300, "days": 30, "seed": 1},
    "mesa": {"children": 300, "days": 30, "seed": 1},
}  # fmt: skip


def run(task: str, given: dict) -> dict:
    """Do one task, after a toy of it."""
    if task in TOYS:
        TASKS[task](**TOYS[task])
    return TASKS[task](**given)


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], json.loads(sys.argv[2]))))
