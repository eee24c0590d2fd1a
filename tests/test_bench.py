"""The benchmarks at toy size: workload W is expressed rightly, peers do the same, ratios are reckoned rightly."""

from __future__ import annotations

import importlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
Z = 3.5


@pytest.fixture(autouse=True)
def beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs of the benchmarks import each other from their folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name: str):
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def counts():
    """What W's scenario gives of 3,000 children in each of four seeds, added up."""
    from iccmsim.results.result import simulate

    sys.path.insert(0, str(BENCHMARKS))
    scenario = module("workload_w").scenario(3000)
    sys.path.remove(str(BENCHMARKS))
    tallies = [simulate(scenario, seed=seed, threads=2, tables=False).tally for seed in range(1, 5)]
    fields = ("child_days", "episodes", "deaths", "severe", "cascade", "effective", "births", "expected")
    return {name: sum(tally[name] for tally in tallies) for name in fields}


def within(counted: float, expected: float, *, bias: float = 0.0) -> bool:
    """Whether a count is as expected, as far as counts go, and up to a relative bias that is known."""
    return abs(counted - expected) < Z * math.sqrt(expected) + bias * expected


def test_the_arithmetic_of_w_gives_what_programs_for_w_gave():
    expected, years = module("workload_w").expected(), 50_000
    assert within(4.63 * years, expected.episodes * years)
    assert within(6.5e-3 * years, expected.deaths * years)


def test_episodes_and_deaths_of_our_scenario_are_those_of_w(counts):
    w = module("workload_w")
    years = counts["child_days"].sum() / w.YEAR
    assert years > 50_000
    told = w.of_counts(counts["child_days"].sum(axis=0), counts["episodes"].sum(), counts["deaths"].sum())
    assert told["child_years"] == pytest.approx(years)
    assert abs(told["z_episodes"]) < Z, told
    assert abs(told["z_deaths"]) < Z, told
    assert counts["expected"].sum() == pytest.approx(w.expected().deaths * years, rel=0.03)


@pytest.mark.parametrize("illness", ["malaria", "pneumonia", "diarrhoea"])
def test_each_illness_comes_worsens_and_is_brought_as_often_as_in_w(counts, illness):
    from iccmsim.core.records import ILLNESSES
    from iccmsim.engine.tally import ANY_CARE, EPISODES, RIGHT_DRUG

    w, k = module("workload_w"), ILLNESSES.index(illness)
    years = counts["child_days"].sum() / w.YEAR
    episodes, brought, treated = (counts["cascade"][row, k] for row in (EPISODES, ANY_CARE, RIGHT_DRUG))
    onset, _ = w.one_life(illness)
    assert within(episodes, onset.mean() * w.YEAR * years, bias=0.01)  # ages shift a little as children die
    assert within(counts["severe"][:, k].sum(), w.SEVERE[illness] * episodes)
    share = (1.0 - w.SEVERE[illness]) * w.BROUGHT_MILD + w.SEVERE[illness] * w.BROUGHT_SEVERE
    assert brought / episodes == pytest.approx(share, abs=0.012)
    assert treated == brought


def test_no_illness_but_those_of_w(counts):
    from iccmsim.core.records import BACKGROUND, COUGH, FEVER, NEWBORN

    assert not counts["episodes"][:, [NEWBORN, FEVER, COUGH]].any()
    assert not counts["deaths"][:, [NEWBORN, FEVER, COUGH, BACKGROUND]].any()


def test_fatality_without_mild_deaths_gives_as_many_deaths():
    w = module("workload_w")
    for illness in w.ILLNESSES:
        ours = w.SEVERE[illness] * w.fatality(illness) * (1 - w.BROUGHT_SEVERE * w.TREATED * (1 - w.LEFT))
        assert ours == pytest.approx(sum(w.chance_of_death(illness)))
        assert w.fatality(illness) > w.KILLS_SEVERE[illness]


def test_mesa_and_this_engine_do_the_same_workload():
    told = module("peers").with_mesa(400, days=365, seed=1)
    assert told["child_years"] == 400
    assert abs(told["z_episodes"]) < Z
    assert abs(told["z_deaths"]) < Z
    assert told["cpu_s"] > 0


def test_starsim_does_the_same_workload():
    pytest.importorskip("starsim", reason="starsim is not installed: it is only timed against")
    told = module("peers").with_starsim(1000, days=365, seed=1)
    assert told["child_years"] == pytest.approx(1000, rel=0.01)
    assert abs(told["z_episodes"]) < Z
    assert abs(told["z_deaths"]) < Z


def test_years_are_timed_one_by_one():
    told = module("tasks").year_by_year(people=1500, more={"run.days": 730, "run.warmup_days": 60})
    assert len(told["cpu_s_by_year"]) == len(told["child_years_by_year"]) == 2
    assert all(seconds > 0 for seconds in told["cpu_s_by_year"])
    assert told["day_of_last_year_to_first"] == pytest.approx(told["cpu_s_by_year"][1] / told["cpu_s_by_year"][0])
    arm = module("tasks").one_arm(people=1500, threads=1, more={"run.days": 730, "run.warmup_days": 0})
    assert arm["child_years"] == pytest.approx(sum(told["child_years_by_year"]), rel=0.05)
    assert arm["chws"] > 0


def test_pairs_and_expected_deaths_are_put_against_independent_seeds():
    told = module("tasks").precision(people=15_000, seeds=8, more={"run.days": 365, "run.warmup_days": 0})
    assert told["pairs"] == 8
    assert told["saved"] > 0
    assert told["ratio_by_saved_and_lost"] == pytest.approx(told["sd_ratio_by_pairing"][0], rel=0.6)
    low, high = told["sd_ratio_by_pairing"][1:]
    assert 0 < low <= told["sd_ratio_by_pairing"][0] <= high


def test_a_measurement_in_a_process_of_its_own_has_its_time_and_memory():
    told = module("measure").fresh("version_of", package="mesa")
    assert told["version"]
    if hasattr(os, "wait4"):
        assert told["process_cpu_s"] > 0
        assert told["peak_memory_mb"] > 5
    with pytest.raises(RuntimeError, match="version_of"):
        module("measure").fresh("version_of", nothing="mesa")


def test_what_starts_a_measurement_is_small_because_its_memory_would_be_counted():
    code = "import sys, bench; print(sorted({'numpy', 'numba', 'iccmsim', 'workload_w'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], cwd=BENCHMARKS, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_whole_bench_tells_ratios_and_skips_who_is_not_there(monkeypatch, capsys):
    bench, seen = module("bench"), []

    def fake(task: str, **given) -> dict:
        seen.append(task)
        seconds = {"iccmsim": 0.5, "mesa": 50.0}.get(task, 2.0)
        return {"version": None if given.get("package") == "starsim" else "1", "days": 365, "cpu_s": seconds,
                "child_years": 1000.0, "wall_s": seconds / given.get("threads", 1), "peak_memory_mb": 100.0,
                "episodes_a_child_year": 4.6, "z_episodes": 0.0, "deaths_a_child_year": 0.006, "z_deaths": 0.0,
                "day_of_last_year_to_first": 1.1, "child_year_of_last_to_first": 1.0}  # fmt: skip

    monkeypatch.setattr(bench, "fresh", fake)
    assert bench.main(["--rounds", "2", "--million"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = {line["what"]: line for line in lines}
    assert next(line for line in lines if line.get("package") == "starsim")["note"].startswith("skipped")
    assert "starsim" not in seen
    ratios = [line for line in lines if line["what"] == "workload W: times as fast"]
    assert [(line["against"], line["median"]) for line in ratios] == [("mesa", 100.0), ("mesa", 100.0)]
    assert told["arm: wall time of one thread to two"]["median"] == 2.0
    assert told["growth with years"]["day_of_last_year_to_first"]["max"] == 1.1
    assert {"import", "growth with children", "growth with CHWs", "a million children", "precision"} <= told.keys()


def test_only_what_is_asked_for_is_measured(monkeypatch, capsys):
    bench = module("bench")
    monkeypatch.setattr(bench, "fresh", lambda task, **_: {"task": task})
    assert bench.main(["--only", "precision"]) == 0
    assert [json.loads(line)["what"] for line in capsys.readouterr().out.splitlines()] == ["precision"] * 2
