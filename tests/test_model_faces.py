"""One simulation however it is run: at once, a day at a time, in pieces, on threads, compiled or in plain Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small import NEAR, TINY, TWO_ZONES, digest, lived, tiny, what_differs

from iccmsim.engine.plan import make_plan, zone_maps
from iccmsim.engine.simulation import Simulation, arms_of_zone, without_chws
from iccmsim.parameters.scenario import load_scenario

HERE = Path(__file__).parent
CUTS = (1, 7, 59, 60, 61, 62, 100, 101, 230, 459)
AT_THE_DOOR = {"followup.share": 1, "followup.days": 2, "outreach.minutes_day": 60, "newborn.visits": 1,
               "hmm.reach": 0.5, "chw.rollout": 90, "sup.fill": 0.3}  # fmt: skip
CHANGING = {**NEAR, "run.days": 200}
MEASURED = {**NEAR, "setting.place.people": 12_000, "setting.place.villages_per_zone": 8, "run.days": 300, "was.on": 1,
            "sam.prev": 0.3, "policy.muac": 1, "sup.fill": 0.1, "stk.avail": 0.5, "seek.second": 1.0,
            "seek.a_informal": 3.0, "fee.chw": 0, "inc.cough_cold.0_59m": 8}  # fmt: skip


def in_pieces(scenario, days) -> Simulation:
    simulation = Simulation(scenario, seed=1, threads=1)
    for day in days:
        simulation.run_to(day)
    return simulation.run()


@pytest.mark.parametrize("more", [{}, AT_THE_DOOR], ids=["as delivered", "at the door"])
def test_at_once_day_by_day_and_cut_at_odd_days_are_the_same(more):
    scenario = tiny(more=NEAR | more)
    whole = Simulation(scenario, seed=1, threads=1).run()
    assert what_differs(whole, in_pieces(scenario, CUTS)) == set()
    assert what_differs(whole, in_pieces(scenario, range(1, 461))) == set()


@pytest.mark.parametrize("day", [60, 0, -1, 100.5, True, "90"])
def test_a_run_goes_forward_by_whole_days(day):
    simulation = Simulation(tiny(), seed=1, threads=1).run_to(61)
    with pytest.raises(ValueError, match=f"^day = {day!r}: must be a whole number, at least 61"):
        simulation.run_to(day)
    assert simulation.run_to(61).day == 61


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2"])
def test_a_run_has_a_thread_at_least(threads):
    with pytest.raises(ValueError, match=f"^threads = {threads!r}: must be a whole number of at least 1"):
        Simulation(tiny(), seed=1, threads=threads)


def test_a_dated_change_comes_on_its_day_however_the_horizon_is_cut(tmp_path):
    file = tmp_path / "dated.toml"
    file.write_text('format = 1\nextends = "sahel/iccm-as-delivered"\n[[programme.change]]\nday = 31\nfee.chw = 4\n'
                    "[[programme.change]]\nday = 90\nchw.absent = 0.6\n", encoding="utf-8")  # fmt: skip
    scenario = load_scenario(file, overrides={**TINY, **CHANGING})
    assert len(scenario.changes) == 2
    whole = in_pieces(scenario, [])
    assert what_differs(whole, in_pieces(scenario, (30, 91, 92, 149, 151))) == set()
    assert what_differs(whole, in_pieces(scenario, range(1, 261))) == set()
    assert what_differs(whole, Simulation(tiny(more=CHANGING), seed=1, threads=1).run())


def test_one_thread_or_two_and_any_order_of_zones_are_the_same():
    scenario = load_scenario("sahel/iccm-as-delivered", overrides={**TWO_ZONES, **NEAR, "setting.place.zones": 3})
    one, two = (Simulation(scenario, seed=7, threads=threads).run() for threads in (1, 2))
    assert len(one.runs) == 3
    assert what_differs(one, two) == set()
    plan = make_plan(scenario)
    before = make_plan(without_chws(scenario), places=plan.places)
    for zone_map, run in reversed(list(zip(zone_maps(plan.places), one.runs, strict=True))):
        (alone,) = arms_of_zone(zone_map, [plan], status_quo=before, seed=7, tables=True)
        assert digest(alone) == digest(run)


@pytest.mark.parametrize(("more", "seed"), [(NEAR, 1), (MEASURED, 3)], ids=["as delivered", "arms measured"])
def test_with_or_without_tables_children_fare_the_same(more, seed):
    kept, bare = (lived(more, seed=seed, tables=tables) for tables in (True, False))
    for name in ("child", "course", "household", "village", "provider", "monthly"):
        with_tables, without = getattr(kept.runs[0].zone, name), getattr(bare.runs[0].zone, name)
        assert all((with_tables[field] == without[field]).all() for field in with_tables.dtype.names), name


SCRIPT = """
from small import NEAR, digest, tiny
from iccmsim.engine.simulation import Simulation
toy = tiny(more={**NEAR, "setting.place.people": 1100, "setting.place.villages_per_zone": 4, "run.days": 365,
                 "run.warmup_days": 20})
simulation = Simulation(toy, seed=1, threads=1).run()
zone = simulation.runs[0].zone
print(len(zone.child), len(zone.provider), zone.n[1], digest(simulation))
"""


def in_a_process_of_its_own(**environment: str) -> str:
    """What the toy run prints under other settings of the compiler."""
    path = os.pathsep.join((str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": path, **environment})  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_plain_python_and_compiled_code_give_identical_arrays():
    compiled = in_a_process_of_its_own()
    children, providers, visits, _ = compiled.split()
    assert int(children) >= 240
    assert int(providers) > 1
    assert int(visits) > 500
    assert in_a_process_of_its_own(NUMBA_DISABLE_JIT="1") == compiled


@pytest.mark.bounds
def test_what_is_compiled_our_way_does_what_numba_makes_of_it_and_no_index_leaves_its_array(tmp_path):
    checked = in_a_process_of_its_own(ICCMSIM_PLAIN_NUMBA="1", NUMBA_BOUNDSCHECK="1", ICCMSIM_CACHE=str(tmp_path),
                                      NUMBA_CACHE_DIR=str(tmp_path))  # fmt: skip
    assert checked == in_a_process_of_its_own()
