"""What is out today was probably out yesterday; nothing stays empty for ever; the last day costs what the first did."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from small import NEAR, SURE, lived, tiny

from iccmsim.core.records import BASIC_PRODUCTS, MINUTES
from iccmsim.engine.simulation import Simulation

SHORT = {**NEAR, "place.people": 6000, "place.villages_per_zone": 8, "run.days": 1100, "chw.catch": 800,
         "seek.chw_shift": 1.5, "sup.kit_contacts": 1.4}  # fmt: skip


def empty_days(seed: int, more: dict | None = None) -> np.ndarray:
    """Day x CHW and product: whether the shelf was empty at midnight, from launch on."""
    run = lived({**SHORT, **(more or {})}, seed=seed).runs[0]
    days = run.zone.stock_by_day[run.plan.warmup :, 1:, :BASIC_PRODUCTS] == 0
    return days.reshape(len(days), -1)


def spells(empty: np.ndarray) -> tuple[int, int]:
    """Empty days, and how many spells they make."""
    starts = empty & ~np.vstack([np.zeros((1, empty.shape[1]), bool), empty[:-1]])
    return int(empty.sum()), int(starts.sum())


def test_stock_outs_come_in_spells_longer_than_a_coin_would_make():
    """A coin with the same share p of empty days, thrown anew each day, has spells of 1 / (1 - p) days."""
    for seed in (1, 2):
        empty = empty_days(seed)
        share = empty.mean()
        days, number = spells(empty)
        assert 0.01 < share < 0.6
        assert number > 30
        assert days / number > 4 / (1 - share)
        again = (empty[1:] & empty[:-1]).sum() / empty[:-1].sum()
        error = np.sqrt(share * (1 - share) / empty[:-1].sum())
        assert (again - share) / error > 10


def test_no_parameter_sets_how_often_a_shelf_is_empty_it_follows_from_supply():
    good = empty_days(1, {"sup.fill": 1, "spv.report": 1, "sup.lead": 3, "sup.buffer": 60, "sup.kit_days": 60})
    bad = empty_days(1, {"sup.fill": 0.5, "spv.report": 0.5, "sup.lead": 30})
    assert good.mean() < 0.05
    assert bad.mean() > 5 * good.mean() + 0.05


def test_no_post_stays_empty_for_ever_while_the_district_has_stock():
    """The store is full, reports arrive and half of each order is sent: nobody waits more than a few cycles."""
    supply = {"fac.kit_days": 3000, "sup.kit_days": 0, "sup.fill": 0.6, "spv.report": 1, "sup.lead": 10, "chw.attr": 0}
    run = lived({**SHORT, **supply}, seed=3).runs[0]
    assert (run.zone.provider["stock"][0, :BASIC_PRODUCTS] > 0).all()
    empty = run.zone.stock_by_day[run.plan.warmup :, 1:, :BASIC_PRODUCTS] == 0
    run_length, longest = np.zeros(empty.shape[1:], int), np.zeros(empty.shape[1:], int)
    for day in empty:
        run_length = np.where(day, run_length + 1, 0)
        longest = np.maximum(longest, run_length)
    assert longest.max() < 30 + 4 * (30 + 10)
    later = empty[365:]
    assert later.mean() < 0.5
    assert not later.all(axis=0).any()


def test_a_post_that_lost_its_reports_recovers_when_they_arrive_again():
    day = 60 + 500
    supply = {**SHORT, "fac.kit_days": 3000, "sup.fill": 1, "spv.report": 0}
    cut_off = tiny(more=supply)
    mended = replace(cut_off, changes=((500, {"spv.report": 1.0, "spv.freq": 0.5}),))
    run = Simulation(mended, seed=1, threads=1).run().runs[0]
    empty = run.zone.stock_by_day[:, 1:, :BASIC_PRODUCTS] == 0
    assert empty[day - 30 : day, :, :2].mean() > 0.9
    assert empty[day + 150 :].mean() < 0.25


def test_a_day_costs_the_same_at_the_end_of_the_run_as_at_its_beginning():
    """CPU time, the best of three for each year, so that another process does not decide; people grow 3 % a year."""
    took = []
    for _ in range(3):
        simulation = Simulation(tiny(more={**NEAR, "place.people": 20000, "run.days": 2000}), seed=1, tables=False,
                                threads=1).run_to(60 + 365)  # fmt: skip
        years = []
        for last in (60 + 730, 60 + 1460, 60 + 1825):
            start = time.process_time()
            simulation.run_to(last)
            years.append(time.process_time() - start)
        took.append(years)
    second, _, fifth = np.min(took, axis=0)
    assert fifth / second < 1.2 * 1.03**4


def test_lists_do_not_grow_over_the_run():
    simulation = Simulation(tiny(more={**NEAR, "run.days": 1400}), seed=1, threads=1)
    unwell = []
    for day in range(200, 1460, 10):
        run = simulation.run_to(day).runs[0]
        child = run.zone.child
        unwell.append(int(run.zone.n[0]))
        assert run.zone.n[0] == (child["sick_at"] >= 0).sum()
        on_the_way = child["going_to"] > 0
        assert not on_the_way[child["state"] > 1].any() or (child["arrives"][on_the_way] < day * MINUTES + 10**6).all()
    year = len(unwell) // 4
    assert np.mean(unwell[-year:]) < 1.4 * np.mean(unwell[:year]) + 20


def test_with_a_shelf_that_never_empties_nobody_goes_without():
    run = lived({**SHORT, **SURE}, seed=2).runs[0]
    assert not run.zone.monthly["stock_out_days"][1:].any()
    assert not run.zone.monthly["without_drug"][1:].any()
