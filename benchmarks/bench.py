"""How fast is it, with everything counted: `make bench`, some minutes on two cores. One JSON object a measurement.

Every measurement runs in a process of its own, so that peaks of memory are apart; times are CPU seconds, which other
work on the machine disturbs least. `--only` leaves out the rest: import; arm (one arm of one seed, on one and on two
threads); w (workload W against Starsim and Mesa, where they are installed); growth (with children, CHWs and years);
precision (what pairing and expected deaths gain in two baselines, `--seeds` pairs of each).

What is compared is done in turn, round after round: numbers of one run on one machine mean little, ratios more.
"""

from __future__ import annotations

import argparse
import sys

from measure import fresh, spread, tell

PARTS = ("import", "arm", "w", "growth", "precision")
PEOPLE = 50_000  # about 10,000 children under five
SIZES = (50_000, 150_000, 500_000)  # people
MILLION = 5_000_000
PEOPLE_PER_CHW = (3000, 1000, 300, 100)
BASELINES = ("sahel", "sahel-registers")
EVERYWHERE = {"programme.chw.min_km": 0}  # CHWs in every village, near a centre or not

# Workload W: children, and days for each engine. The slow ones stop sooner: they take as long for each day.
W_SIZES = {
    10_000: {"iccmsim": 1825, "starsim": 1825, "mesa": 365},
    100_000: {"iccmsim": 1825, "starsim": 365, "mesa": 20},
}


def time_import() -> None:
    """`import iccmsim`."""
    tell("import", **fresh("import_seconds"))


def time_arm(people: int, rounds: int) -> None:
    """One arm on one thread and on two, in turn."""
    runs = {1: [], 2: []}
    for _ in range(rounds):
        for threads, done in runs.items():
            done.append(fresh("one_arm", people=people, threads=threads))
    for done in runs.values():
        tell("arm", **in_the_middle(done))
    ratios = spread(one["wall_s"] / two["wall_s"] for one, two in zip(runs[1], runs[2], strict=True))
    tell("arm: wall time of one thread to two", **ratios)


def in_the_middle(runs: list[dict]) -> dict:
    """The run with the median of CPU time, and how far the others were from it."""
    middle = sorted(runs, key=lambda run: run["cpu_s"])[len(runs) // 2]
    return {**middle, "rounds": len(runs), "cpu_s_of_all": spread(run["cpu_s"] for run in runs)}


def time_growth(people: int, rounds: int, *, million: bool) -> None:
    """More children, more CHWs, later years."""
    sizes = [{"people": size, "threads": 1} for size in SIZES]
    everywhere = [{**EVERYWHERE, "programme.chw.catch": norm} for norm in PEOPLE_PER_CHW]
    norms = [{"people": people, "threads": 1, "more": more} for more in everywhere]
    for what, settings in (("growth with children", sizes), ("growth with CHWs", norms)):
        done = [[] for _ in settings]
        for _ in range(rounds):
            for runs, given in zip(done, settings, strict=True):
                runs.append(fresh("one_arm", **given))
        for runs in done:
            tell(what, **in_the_middle(runs))
    years = [fresh("year_by_year", people=2 * people) for _ in range(rounds)]
    tell("growth with years", people=2 * people, rounds=rounds,
         day_of_last_year_to_first=spread(each["day_of_last_year_to_first"] for each in years),
         child_year_of_last_to_first=spread(each["child_year_of_last_to_first"] for each in years))  # fmt: skip
    if million:
        for threads in (1, 2):
            tell("a million children", **fresh("one_arm", people=MILLION, threads=threads))


def time_w(rounds: int, sizes: dict[int, dict[str, int]]) -> None:
    """Workload W in this engine and in those that are installed, in turn; ratios of child-years to a CPU second."""
    installed = ["iccmsim"]
    for peer in ("starsim", "mesa"):
        found = fresh("version_of", package=peer)["version"]
        tell("peer", package=peer, version=found, note="timed" if found else f"skipped: {peer} is not installed")
        installed += [peer] if found else []
    for children, days in sizes.items():
        done = {engine: [] for engine in installed}
        for turn in range(rounds):
            for engine, runs in done.items():
                runs.append(fresh(engine, children=children, days=days[engine], seed=turn + 1))
        tell_w(children, done)
    tell("workload W with CHWs", children=min(sizes),
         **in_the_middle([fresh("iccmsim", children=min(sizes), chws=True) for _ in range(rounds)]))  # fmt: skip


def tell_w(children: int, done: dict[str, list[dict]]) -> None:
    """Each engine, and how many times as fast as each other this one is, round by round."""
    speed = {engine: [run["child_years"] / run["cpu_s"] for run in runs] for engine, runs in done.items()}
    for engine, runs in done.items():
        tell("workload W", engine=engine, children=children, rounds=len(runs), days=runs[0]["days"],
             child_years_per_cpu_s=spread(speed[engine]), peak_memory_mb=runs[0]["peak_memory_mb"],
             **{key: [run[key] for run in runs]
                for key in ("episodes_a_child_year", "z_episodes", "deaths_a_child_year", "z_deaths")})  # fmt: skip
    for engine in done.keys() - {"iccmsim"}:
        ratios = [ours / theirs for ours, theirs in zip(speed["iccmsim"], speed[engine], strict=True)]
        tell("workload W: times as fast", against=engine, children=children, **spread(ratios))


def main(arguments: list[str] | None = None) -> int:
    """Print one JSON object a measurement."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, metavar="PART", help=", ".join(PARTS))
    options.add_argument("--people", type=int, default=PEOPLE, help="of the synthetic district (default 50,000)")
    options.add_argument("--rounds", type=int, default=3, help="of what is timed (default 3)")
    options.add_argument("--seeds", type=int, default=100, help="pairs for the precision (default 100)")
    options.add_argument("--million", action="store_true", help="with growth: also a million children, counts only")
    given = options.parse_args(arguments)
    fresh("one_arm", people=1500, threads=1)  # compiles, if need be
    if "import" in given.only:
        time_import()
    if "arm" in given.only:
        time_arm(given.people, given.rounds)
    if "w" in given.only:
        time_w(given.rounds, W_SIZES)
    if "growth" in given.only:
        time_growth(given.people, given.rounds, million=given.million)
    if "precision" in given.only:
        for baseline in BASELINES:
            tell("precision", **fresh("precision", people=given.people, seeds=given.seeds, baseline=baseline))
    return 0


if __name__ == "__main__":
    sys.exit(main())
