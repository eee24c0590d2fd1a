"""The supply chain as a mechanism: ordering rules, a district store that runs out, roads, losses, old doses."""

from __future__ import annotations

import math
from collections import deque
from functools import cache

import numpy as np
import pytest
from small import NEAR, TWO_ZONES, lived, tiny, what_differs
from world import KEY, MANY, PLAIN, a_month, a_provider, assert_mean, assert_share, parameters

from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import AT_FACILITY, BASIC_PRODUCTS, MONTH, N_PRODUCTS, ORS
from iccmsim.engine.simulation import Simulation
from iccmsim.parameters.scenario import ScenarioError, load_scenario
from iccmsim.rules.supply import (
    COUNTS,
    DAILY_REPORT,
    FIXED_KIT,
    MIN_MAX,
    PAST_USE,
    filled,
    goes_astray,
    is_above,
    is_cut_off,
    known_on_hand,
    may_be_supplied,
    monthly_use,
    order_by_rule,
    quantity_to_order,
    receive,
    store_has,
    store_today,
    throw_out_expired,
)
from iccmsim.world.store import DISTRICT, district_store

RULES = (PAST_USE, MIN_MAX, FIXED_KIT, DAILY_REPORT)
compiled_only = pytest.mark.skipif(PLAIN, reason="too slow in plain Python")


def a_chw(used: int = 36, days: int = 90, **fields):
    """A CHW who used 12 doses of ORS a month (36 in 90 days with stock), by reports that arrived."""
    chw = a_provider(**fields)
    chw.used[0, ORS], chw.days_in[0, ORS], chw.reported[:3] = used, days, 1
    return chw


# --- ordering rules: 12 a month, review 30 d, lead 15 d, buffer 15 d: minimum 12, maximum 24; min-max 12 more ------


@pytest.mark.parametrize(
    ("how", "stock", "order"),
    [(PAST_USE, 0, 24), (PAST_USE, 11, 13), (PAST_USE, 13, 11), (PAST_USE, 24, 0),
     (MIN_MAX, 0, 36), (MIN_MAX, 24, 12), (MIN_MAX, 25, 0), (MIN_MAX, 36, 0),
     (DAILY_REPORT, 0, 24), (DAILY_REPORT, 12, 12), (DAILY_REPORT, 13, 0),
     (FIXED_KIT, 0, 20), (FIXED_KIT, 13, 20), (FIXED_KIT, 400, 20)],
)  # fmt: skip
def test_what_is_ordered_follows_the_rule(how, stock, order):
    assert order_by_rule(a_chw(stock=stock), ORS, how, 30.0, 15.0, 15.0, 0.5) == order


def test_doses_on_the_way_count_as_stock_for_the_minimum():
    chw = a_chw(stock=4)
    chw.coming[1, ORS] = 20
    assert not is_above(chw, ORS, 60.0, 30.0, 0)
    assert order_by_rule(chw, ORS, MIN_MAX, 30.0, 15.0, 15.0, 0.5) == 12
    chw.coming[1, ORS] = 21
    assert is_above(chw, ORS, 60.0, 30.0, 0)
    assert order_by_rule(chw, ORS, MIN_MAX, 30.0, 15.0, 15.0, 0.5) == 0


def test_a_reserve_under_min_max_is_still_there_when_the_delivery_comes():
    """One dose a day, a delivery after a fortnight with all that was asked for, a look once a month; and the first look
    finds one dose more than the minimum."""
    buffer, left, stock, due = 15.0, [], 90, {}
    chw = a_chw(used=90)
    for day in range(1, 721):
        stock += due.pop(day, 0) - 1
        left.append(stock)
        if day % 30 == 0:
            chw.stock[ORS], chw.coming[0, ORS] = stock, sum(due.values())
            due[day + 14] = int(order_by_rule(chw, ORS, MIN_MAX, 30.0, 14.0, buffer, 0.5))
    assert buffer <= min(left) <= buffer + 2


def test_a_fixed_kit_lasts_a_review_period_of_expected_visits_whoever_asks():
    chw = a_chw(used=900, stock=0, kit=7.0)
    assert order_by_rule(chw, ORS, FIXED_KIT, 30.0, 15.0, 15.0, 0.5) == 7
    assert order_by_rule(chw, ORS, FIXED_KIT, 45.0, 15.0, 15.0, 0.5) == math.ceil(7 * 1.5)


def test_a_bare_shelf_that_is_told_daily_asks_for_its_floor_once():
    """Under the other rules a bare shelf asks for its floor whatever is on the way, once a month."""
    chw = a_chw(used=0, stock=0)
    orders = [order_by_rule(chw, ORS, how, 30.0, 15.0, 15.0, 0.5) for how in (PAST_USE, MIN_MAX, DAILY_REPORT)]
    assert orders == [10, 10, 10]
    chw = a_chw(used=3, stock=0)
    chw.coming[0, ORS] = 1
    orders = [order_by_rule(chw, ORS, how, 30.0, 15.0, 15.0, 0.5) for how in (PAST_USE, MIN_MAX, DAILY_REPORT)]
    assert orders == [10, 10, 1]


def test_what_was_used_since_a_late_report_is_not_known_to_who_orders():
    chw = a_provider(stock=5)
    chw.used[:, ORS], chw.days_in[:, ORS], chw.reported[:] = (4, 36, 0, 0), (10, 90, 0, 0), (0, 1, 0, 0)
    assert known_on_hand(chw, ORS, 0) == 5
    assert known_on_hand(chw, ORS, 1) == 9
    assert monthly_use(chw, ORS, 30.0, 0) == monthly_use(chw, ORS, 30.0, 1) == pytest.approx(12.0)
    assert quantity_to_order(chw, ORS, 30.0, 15.0, 15.0, 0.5, 1) == 24 - 9
    assert quantity_to_order(chw, ORS, 30.0, 15.0, 15.0, 0.5) == 24 - 5
    assert is_above(chw, ORS, 20.0, 30.0, 1)
    assert not is_above(chw, ORS, 20.0, 30.0, 0)
    chw.stock[ORS], chw.used[0, ORS] = 0, 4
    assert order_by_rule(chw, ORS, DAILY_REPORT, 30.0, 0.0, 8.0, 9.0, 1) == 0  # four are thought to be there


def test_the_oldest_of_three_late_reports_still_counts():
    chw = a_provider(stock=5)
    chw.used[:, ORS], chw.days_in[:, ORS], chw.reported[:] = (0, 0, 0, 30), (30, 0, 0, 30), (1, 0, 0, 1)
    assert monthly_use(chw, ORS, 30.0, 1) == pytest.approx(30.0)
    assert monthly_use(chw, ORS, 30.0, 0) == 0.0


def test_orders_are_made_up_for_those_who_reported_and_kits_for_all_who_are_there():
    chw = a_provider()
    chw.reported[:2] = (1, 0)
    assert may_be_supplied(chw, PAST_USE, False, 0)
    assert not may_be_supplied(chw, PAST_USE, False, 1)
    assert may_be_supplied(chw, FIXED_KIT, False, 1)
    chw.vacant_until = 300
    assert not any(may_be_supplied(chw, how, False, 0) for how in RULES)
    chw.vacant_until, chw.cut_off = -1, 1
    assert not any(may_be_supplied(chw, how, True, 0) for how in RULES)
    assert all(may_be_supplied(chw, how, False, 0) for how in RULES)


def test_a_road_is_cut_only_where_it_can_be_and_only_while_it_rains():
    cut = [is_cut_off(a_provider(cut_off=road), rainy) for road in (0, 1) for rainy in (False, True)]
    assert [bool(each) for each in cut] == [False, False, False, True]


# --- losses on the way ------------


@pytest.mark.parametrize(("kind", "mine", "other"), [(2, "sup_leak", "fac_sup_leak"), (3, "fac_sup_leak", "sup_leak")])
def test_each_dose_sent_is_lost_with_the_stated_chance_and_booked(kind, mine, other):
    p = parameters(**{mine: 0.3, other: 0.9})
    lost = []
    for i in range(MANY // 4):
        provider, month = a_provider(kind, number=i, stock=0), a_month()
        provider.coming[0, :3], provider.coming_day[0] = (40, 0, 7), 12
        assert receive(provider, month, 12) == 1
        goes_astray(provider, month, p, KEY, 12)
        assert list(provider.received[:3]) == [40, 0, 7]
        assert list(provider.received) == list(provider.stock + provider.leaked)
        assert list(month.leaked) == list(provider.leaked)
        assert not provider.arrived.any()
        lost.append(int(provider.leaked[ORS]))
    assert_mean(lost, 12.0, math.sqrt(40 * 0.3 * 0.7))


def test_nothing_is_lost_without_leakage_and_a_day_without_delivery_takes_nothing_off_the_shelf():
    provider, month = a_provider(stock=5), a_month()
    provider.coming[1], provider.coming_day[1] = 9, 3
    receive(provider, month, 3)
    assert list(provider.arrived) == [9] * N_PRODUCTS
    goes_astray(provider, month, parameters(), KEY, 3)
    assert list(provider.stock) == [14] * N_PRODUCTS
    assert not provider.arrived.any()
    assert receive(provider, month, 4) == 0
    goes_astray(provider, month, parameters(sup_leak=0.9), KEY, 4)
    assert list(provider.stock) == [14] * N_PRODUCTS
    assert not provider.leaked.any()


def test_two_deliveries_of_a_day_are_thinned_together_and_products_apart():
    provider, month = a_provider(stock=0, number=5), a_month()
    provider.coming[:2], provider.coming_day[:2] = 50, 8
    assert receive(provider, month, 8) == 2
    goes_astray(provider, month, parameters(sup_leak=0.5), KEY, 8)
    expected = []
    for product in range(N_PRODUCTS):
        u, v, _, _ = draw(KEY, Decision.LEAK, 5, 8, 0, product)
        expected.append(filled(100, 0.5, u, v))
    assert list(provider.stock) == expected
    assert len(set(expected)) > 3


# --- old doses ------------


def live(life: float, arrivals: list[int], uses: list[int]):
    """A shelf with these doses coming and asked for day by day; beside it a true queue of doses by day of arrival."""
    provider, month = a_provider(stock=0), a_month()
    provider.counted_day = -1
    queue: deque[int] = deque()
    ages = []
    for day, (coming, wanted) in enumerate(zip(arrivals, uses, strict=True)):
        provider.stock[ORS] += coming
        provider.received[ORS] += coming
        queue.extend([day] * coming)
        before = int(provider.expired[ORS])
        throw_out_expired(provider, month, life, day)
        for _ in range(int(provider.expired[ORS]) - before):
            ages.append(day - queue.popleft())
        given = min(wanted, int(provider.stock[ORS]))
        provider.stock[ORS] -= given
        provider.given[ORS] += given
        for _ in range(given):
            queue.popleft()
        assert provider.received[ORS] == provider.given[ORS] + provider.expired[ORS] + provider.stock[ORS]
        assert provider.expired[ORS] == month.expired[ORS]
        assert len(queue) == provider.stock[ORS] >= 0
        assert not any(day - came > life * (1 + 1 / COUNTS) + 1 for came in queue)
    return provider, ages


@pytest.mark.parametrize("life", [40.0, 90.0, 365.0])
def test_doses_are_thrown_out_at_their_age_to_within_an_eighth_and_the_oldest_are_used_first(life):
    luck = [draw(KEY, Decision.FILL, i, 7)[:2] for i in range(700)]
    arrivals = [60 if i % 30 == 4 and u < 0.8 else 0 for i, (u, _) in enumerate(luck)]
    uses = [int(3 * v) if i // 120 % 2 else 0 for i, (_, v) in enumerate(luck)]
    provider, ages = live(life, arrivals, uses)
    assert provider.given[ORS] > 100
    assert len(ages) == provider.expired[ORS] > (100 if life < 300 else 0)
    assert min(ages) >= life - 1
    assert max(ages) <= life * (1 + 1 / COUNTS) + 1


def test_a_shelf_that_turns_over_within_its_life_throws_nothing_out():
    provider, ages = live(90.0, [30 if i % 30 == 0 else 0 for i in range(700)], [1] * 700)
    assert ages == []
    assert provider.given[ORS] > 600


def test_doses_lost_on_the_way_issued_or_there_from_the_start_are_reckoned_with():
    provider, month = a_provider(AT_FACILITY, stock=100, counted_day=-1), a_month()
    provider.began_with[:] = 100
    for day in range(0, 80, 10):
        throw_out_expired(provider, month, 80.0, day)
    provider.received[:], provider.leaked[:], provider.issued[:] = 50, 20, 60
    provider.stock[:] = 70
    throw_out_expired(provider, month, 80.0, 79)
    assert not provider.expired.any()  # not yet the day
    throw_out_expired(provider, month, 80.0, 80)
    assert list(provider.expired) == [40] * N_PRODUCTS  # a hundred came then, sixty of them have gone
    assert list(provider.stock) == [30] * N_PRODUCTS
    assert provider.came[0].tolist() == [130] * N_PRODUCTS


def test_more_is_never_thrown_out_than_is_there():
    provider, month = a_provider(stock=3, counted_day=-1), a_month()
    provider.came[COUNTS - 1] = 500
    throw_out_expired(provider, month, 80.0, 5)
    assert list(provider.stock) == [0] * N_PRODUCTS
    assert list(provider.expired) == [3] * N_PRODUCTS


# --- the district store ------------


def test_a_store_that_is_stocked_runs_out_at_the_one_rate_and_is_refilled_at_the_other():
    assert [bool(store_has(True, u, 0.1, 0.3)) for u in (0.05, 0.15, 0.95)] == [False, True, True]
    assert [bool(store_has(False, u, 0.1, 0.3)) for u in (0.05, 0.65, 0.75)] == [False, False, True]


def test_the_first_day_has_the_stated_availability_and_correlation():
    p, d, rho = parameters(stk_avail=0.7, stk_rho=0.5), 0.3, 0.5
    stated = p.stk_avail, p.stk_days, p.stk_rho
    lacking = [[not store_today(False, j, True, *stated, (seed, DISTRICT), 0) for j in (1, 4)] for seed in range(MANY)]
    one, both = sum(a for a, _ in lacking), sum(a and b for a, b in lacking)
    assert_share(one, MANY, d)
    assert_share(both, MANY, d * d + rho * d * (1 - d))


def test_the_table_of_the_store_begins_with_a_day_like_any_other():
    p = parameters(stk_avail=0.7, stk_days=60, stk_rho=0.0)
    firsts = np.array([district_store(p, seed=seed, days=1)[0] for seed in range(MANY // 5)])
    assert_share(int(firsts.sum()), firsts.size, 0.7)


def test_products_that_share_every_fate_are_lacking_together_and_others_are_not():
    together = parameters(stk_avail=0.6, stk_rho=1.0, stk_days=5)
    alone = parameters(stk_avail=0.6, stk_rho=0.0, stk_days=5)
    tables = [district_store(p, seed=3, days=300) for p in (together, alone)]
    assert (tables[0] == tables[0][:, :1]).all()
    assert 0 < tables[0].mean() < 1
    assert len(np.unique(tables[1], axis=1).T) == N_PRODUCTS


@compiled_only
def test_the_store_keeps_its_availability_spells_and_correlation_over_the_years():
    """Against closed forms: a share of 1 - avail, spells of stk.days, correlation q / (2 - q) = stk.rho."""
    p, days = parameters(stk_avail=0.8, stk_days=20, stk_rho=0.5), 1500
    tables = np.array([district_store(p, seed=seed, days=days) for seed in range(60)])
    lacking = 1 - tables
    share = lacking.mean(axis=(1, 2))
    assert abs(share.mean() - 0.2) < 4 * share.std(ddof=1) / math.sqrt(60)
    ends = (lacking[:, 1:] < lacking[:, :-1]).sum()
    spell = lacking[:, :-1].sum() / ends
    assert abs(spell - 20) < 4 * 20 / math.sqrt(ends / 3)  # three: products fall together
    x = lacking - 0.2
    joint = np.array([(x[:, :, i] * x[:, :, j]).mean(axis=1) for i in range(6) for j in range(i)]).mean(axis=0) / 0.16
    assert abs(joint.mean() - 0.5) < 4 * joint.std(ddof=1) / math.sqrt(60)
    assert joint.std(ddof=1) / math.sqrt(60) < 0.03


def test_a_store_that_always_has_everything_takes_one_row():
    assert district_store(parameters(stk_avail=1.0), seed=1, days=500).tolist() == [[1] * N_PRODUCTS]


@compiled_only
def test_all_zones_of_a_district_and_all_arms_meet_the_same_dearth():
    more = {"stk.avail": 0.7, **NEAR, "setting.place.zones": 2, "setting.place.people": 3000}
    runs = [lived({**more, **arm}).runs for arm in ({}, {"chw.deployed": 0}, {"sup.rule": 3})]
    stores = [run.zone.store for arm in runs for run in arm]
    assert stores[0].shape[0] == runs[0][0].plan.days
    assert 0 < stores[0].mean() < 1
    assert all((store == stores[0]).all() for store in stores)
    assert not (lived(more, seed=2).runs[0].zone.store == stores[0]).all()


# --- what follows from it in small districts ------------

WORLD = {**NEAR, "place.people": 5000, "place.villages_per_zone": 8, "run.days": 731, "chw.catch": 1000,
         "seek.chw_shift": 1.0, "chw.attr": 0}  # fmt: skip
SEEDS = range(1, 7)
CHWS, FACILITY = slice(1, None), slice(0, 1)
RAINS = (6, 7, 8, 9)


def run_of(changed: dict, seed: int):
    return lived({**WORLD, **changed}, seed=seed).runs[0]


def shelf(run, rows: slice) -> np.ndarray:
    """Day x provider x product from launch on: whether the shelf is empty at midnight."""
    return run.zone.stock_by_day[run.plan.warmup :, rows, :BASIC_PRODUCTS] == 0


def months(empty: np.ndarray) -> np.ndarray:
    return (np.arange(len(empty)) / MONTH).astype(int) % 12


@cache
def measures(changed: tuple, seed: int) -> dict[str, float]:
    """What a part of the chain may move."""
    run = run_of(dict(changed), seed)
    provider, empty = run.zone.provider, shelf(run, CHWS)
    return {
        "out": float(empty.mean()), "out in rains": float(empty[np.isin(months(empty), RAINS)].mean()),
        "facility out": float(shelf(run, FACILITY).mean()), "issued": float(provider["issued"][0].sum()),
        "leaked": float(provider["leaked"].sum()), "expired": float(provider["expired"].sum()),
        "share expired": float(provider["expired"][1:].sum() / max(1, provider["received"][1:].sum())),
    }  # fmt: skip


def measure(name: str, changed: dict, seed: int) -> float:
    return measures(tuple(sorted(changed.items())), seed)[name]


# what both arms share, first arm, second arm, what moves from first to second, which way
LEVERS = {
    "min-max goes a review period higher": ({}, {"sup.rule": 0}, {"sup.rule": 1}, "out", -1),
    "a kit for fewer visits than there are": ({}, {"sup.rule": 0}, {"sup.rule": 2, "sup.kit_contacts": 0.4}, "out", +1),
    "a kit for more": ({"sup.fill": 1}, {"sup.rule": 0}, {"sup.rule": 2, "sup.kit_contacts": 4}, "out", -1),
    "a kit for more grows old": ({"sup.kit_contacts": 4, "sup.shelf": 120}, {"sup.rule": 0}, {"sup.rule": 2},
                                 "share expired", +1),
    "daily reports": ({}, {"sup.rule": 0}, {"sup.rule": 3}, "out", -1),
    "a look every few days, not weeks": ({"sup.rule": 3}, {"sup.check": 3}, {"sup.check": 30}, "out", +1),
    "a district store that runs out": ({"stk.rho": 0}, {}, {"stk.avail": 0.5}, "facility out", +1),
    "... is felt by CHWs": ({"stk.rho": 0}, {}, {"stk.avail": 0.5}, "out", +1),
    "long spells": ({"stk.avail": 0.8, "stk.rho": 0}, {"stk.days": 5}, {"stk.days": 60}, "facility out", +1),
    "facilities by min-max": ({"fac.sup.buffer": 15}, {"fac.sup.rule": 0}, {"fac.sup.rule": 1}, "facility out", -1),
    "facilities by fixed kit": ({}, {"fac.sup.rule": 0}, {"fac.sup.rule": 2}, "facility out", +1),
    "straight from the district": ({}, {"sup.direct": 0}, {"sup.direct": 1}, "issued", -1),
    "... past a poor facility": ({"fac.sup.fill": 0.2}, {"sup.direct": 0}, {"sup.direct": 1}, "out", -1),
    "... met by its dearth": ({"sup.direct": 1}, {}, {"stk.avail": 0.5}, "out", +1),
    "long roads in the rains": ({}, {}, {"road.rain_lead": 3}, "out in rains", +1),
    "cut roads": ({"road.cut_km": 0}, {}, {"road.cut_posts": 0.8}, "out in rains", +1),
    "cut roads, far posts only": ({"road.cut_posts": 1}, {"road.cut_km": 5}, {"road.cut_km": 0}, "out in rains", +1),
    "cut roads to facilities": ({}, {}, {"road.cut_facilities": 1}, "out in rains", +1),
    "leakage to CHWs": ({}, {}, {"sup.leak": 0.3}, "out", +1),
    "leakage to CHWs, booked": ({}, {}, {"sup.leak": 0.3}, "leaked", +1),
    "leakage to facilities": ({"fac.sup.buffer": 5}, {}, {"fac.sup.leak": 0.5}, "facility out", +1),
    "doses that keep less": ({"sup.buffer": 90}, {"sup.shelf": 300}, {"sup.shelf": 60}, "expired", +1),
    "doses that keep less, shelves": ({"sup.buffer": 90}, {}, {"sup.shelf": 30}, "out", +1),
    "doses that keep less in facilities": ({"fac.sup.buffer": 200}, {}, {"fac.sup.shelf": 60}, "expired", +1),
}  # fmt: skip


@compiled_only
@pytest.mark.parametrize("name", LEVERS)
def test_each_part_of_the_chain_moves_what_it_should(name):
    shared, first, second, column, way = LEVERS[name]
    arms = [np.array([measure(column, {**shared, **arm}, seed) for seed in SEEDS]) for arm in (first, second)]
    differences = arms[1] - arms[0]
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    assert way * differences.mean() > max(0.0, 3.0 * error)


NEUTRAL = {  # each changes nothing while what it belongs to is off
    "spells of a store that never runs out": ({}, {"stk.days": 200, "stk.rho": 0.9}),
    "roads that nobody is cut off from": ({}, {"road.cut_km": 0}),
    "looks at a shelf that orders monthly": ({}, {"sup.check": 1}),
    "a shelf life longer than the run": ({}, {"sup.shelf": 3650, "fac.sup.shelf": 3650}),
    "a share of posts beyond the edge of the map": ({}, {"road.cut_posts": 1, "road.cut_km": 1000}),
}


@compiled_only
@pytest.mark.parametrize("name", NEUTRAL)
def test_a_lever_at_zero_strength_leaves_every_array_identical(name):
    first, second = (lived({**WORLD, "run.days": 400, **arm}) for arm in NEUTRAL[name])
    books = {"provider.came", "provider.counted_day"}  # what the count of the shelf notes down
    assert what_differs(first, second) <= (books if "shelf life" in name else set())


@compiled_only
def test_without_dearth_lead_time_or_limits_stock_outs_vanish():
    free = {"sup.review": 1, "sup.lead": 0, "sup.fill": 1, "spv.report": 1, "fac.sup.review": 1, "fac.sup.lead": 0,
            "fac.sup.fill": 1, "fac.kit_days": 400, "sup.buffer": 60,
            "fac.sup.buffer": 365, "sup.kit_contacts": 2.0}  # fmt: skip
    for how in (PAST_USE, MIN_MAX, DAILY_REPORT):
        ideal = {**free, "sup.rule": how, "sup.check": 1}
        assert measure("out", ideal, 1) == measure("facility out", ideal, 1) == 0.0
    assert measure("out", {}, 1) > 0.1
    dearth = {"stk.avail": 0.6, "sup.direct": 1}
    assert measure("out", {**free, **dearth}, 1) > 0.01  # it alone brings them back


@compiled_only
@pytest.mark.parametrize("how", RULES)
def test_no_post_stays_empty_for_ever_while_the_district_has_stock(how):
    """Whatever the rule, roads and losses: a shelf is empty for a few deliveries only while the district has it."""
    hard = {"sup.rule": how, "stk.avail": 0.8, "road.rain_lead": 2, "road.cut_posts": 0.5, "road.cut_km": 0,
            "sup.leak": 0.1, "sup.shelf": 180, "sup.kit_days": 0, "run.days": 1461}  # fmt: skip
    for seed in (1, 2):
        run = run_of(hard, seed)
        has = run.zone.store[run.plan.warmup :, None, :BASIC_PRODUCTS] > 0
        empty = shelf(run, CHWS)
        spell, longest = np.zeros(empty.shape[1:], int), np.zeros(empty.shape[1:], int)
        for today, there in zip(empty, has, strict=True):
            spell = np.where(today, spell + there, 0)
            longest = np.maximum(longest, spell)
        assert 0.05 < empty.mean() < 0.9
        assert longest.max() < 365
        assert (run.zone.provider["received"][1:, :BASIC_PRODUCTS] > 0).all()


@compiled_only
def test_the_dearth_of_the_store_makes_long_spells_at_the_facility():
    """A coin with the same share p of empty days has spells of 1 / (1 - p) days."""
    empty = np.concatenate([shelf(run_of({"stk.avail": 0.8}, seed), FACILITY)[:, 0] for seed in SEEDS], axis=1)
    starts = empty & ~np.vstack([np.zeros((1, empty.shape[1]), bool), empty[:-1]])
    assert starts.sum() > 20
    assert empty.sum() / starts.sum() > 10 / (1 - empty.mean())


@compiled_only
def test_act_runs_out_in_september_and_october_more_than_in_march_where_orders_follow_past_use():
    """Complete reports, full deliveries, much malaria: the rule alone does it. The first year's small kits left out."""
    place = {"inc.mal": 3, "sup.fill": 1, "spv.report": 1, "chw.minutes": 5, "chw.catch": 1500, "run.days": 1096}
    apart = []
    for seed in SEEDS:
        empty = shelf(run_of(place, seed), CHWS)[366:, :, 3:5]
        apart.append(empty[np.isin(months(empty), (8, 9))].mean() - empty[months(empty) == 2].mean())
    assert np.mean(apart) > 3 * np.std(apart, ddof=1) / math.sqrt(len(apart))
    assert np.mean(apart) > 0.05


@compiled_only
def test_daily_reports_cut_stock_outs_about_as_cstock_did():
    """cStock with district teams: 94 % reported, 5-7 % of CHWs without a product (remembered, so wide bounds)."""
    usual = np.mean([measure("out", {}, seed) for seed in SEEDS])
    daily = np.mean([measure("out", {"sup.rule": 3, "spv.report": 0.94}, seed) for seed in SEEDS])
    assert 0.02 < daily < 0.12
    assert daily < 0.5 * usual


@compiled_only
def test_ill_fed_posts_get_a_share_of_a_short_store_by_what_they_ask():
    """No CHW is left without while the others of the zone are served: rationing spreads a dearth."""
    run = run_of({"fac.sup.fill": 0.15, "fac.kit_days": 20}, 1)
    received = run.zone.provider["received"][1:].sum(axis=1)
    assert run.zone.monthly["ordered"][1:].sum() > 2 * received.sum()
    assert received.min() > 0.25 * received.mean()


@compiled_only
def test_cut_off_posts_get_nothing_between_july_and_october_and_send_for_more_in_november():
    run = run_of({"road.cut_km": 0, "road.cut_posts": 1}, 1)
    launch = int(run.plan.record(run.plan.warmup)[0]["month_offset"])
    received = run.zone.monthly["received"][1:, launch : launch + 24].sum(axis=(0, 2)).reshape(2, 12)
    assert (received[:, 6:10] == 0).all()
    assert (received[:, [3, 4, 10, 11]] > 0).all()
    assert run.zone.provider["cut_off"].tolist() == [0] + [1] * (len(run.zone.provider) - 1)


def nights(changed: dict, *, days: int):
    """The providers of a small district at midnight, day by day: (days since the warm-up began, copy of the table)."""
    simulation = Simulation(tiny(more={**WORLD, **changed}), seed=1, threads=1)
    simulation.run_to(simulation.plan.warmup)
    for day in range(simulation.plan.warmup, simulation.plan.warmup + days):
        simulation.run_to(day + 1)
        yield day, simulation.runs[0].zone.provider.copy()


def sent(changed: dict, *, days: int) -> dict[tuple[int, int], int]:
    """How many days each delivery takes, by the day on which it was ordered and who gets it."""
    takes, before = {}, None
    for day, provider in nights(changed, days=days):
        coming = provider["coming_day"]
        if before is not None:
            for who, slot in np.argwhere((coming >= 0) & (coming != before)):
                takes[day, int(who)] = int(coming[who, slot]) - day
        before = coming
    return takes


@compiled_only
@pytest.mark.parametrize("direct", [0, 1])
def test_in_the_rains_every_delivery_takes_so_many_times_as_long(direct):
    """To CHWs and to the health centre, to the rounding of days; out of the rains the same order takes as long."""
    chain = {"sup.lead": 10, "fac.sup.lead": 10, "spv.report": 1, "sup.direct": direct, "place.people": 3000}
    dry, wet = (sent({**chain, "road.rain_lead": factor}, days=365) for factor in (1, 3))
    counted = {(rainy, at_chw): 0 for rainy in (False, True) for at_chw in (False, True)}
    for day, who in dry.keys() & wet.keys():
        rainy = int((day - 60) / MONTH) in RAINS
        counted[rainy, who > 0] += 1
        assert abs(wet[day, who] - (3 if rainy else 1) * dry[day, who]) <= (2 if rainy else 0)
    assert min(counted.values()) >= 3, counted


@compiled_only
@pytest.mark.parametrize("how", [MIN_MAX, DAILY_REPORT])
def test_no_box_is_on_its_way_to_a_chw_with_nothing_in_it(how):
    """Only so many deliveries can be on the way; one that is asked for nothing would stand in the way of another."""
    boxes = 0
    for _, provider in nights({"sup.rule": how, "sup.check": 3, "sup.kit_days": 90, "spv.report": 1}, days=150):
        on_the_way = provider["coming_day"][1:] >= 0
        assert (provider["coming"][1:].sum(axis=2)[on_the_way] > 0).all()
        boxes += on_the_way.sum()
    assert boxes > 50


@compiled_only
def test_whoever_sends_word_of_the_shelf_does_so_in_all_of_a_period_whose_report_arrives():
    checks, silent, told = [], 0, 0
    for day, provider in nights({"sup.rule": DAILY_REPORT, "sup.check": 3, "sup.review": 30, "spv.report": 0.5},
                                days=210):  # fmt: skip
        if day % 30 == 29:  # the counts of the period have become those of the last one
            arrived = provider["reported"][1:, 1]
            assert all((word == arrived).all() for word in checks)
            silent, told, checks = silent + (arrived == 0).sum(), told + (arrived == 1).sum(), []
        elif day % 3 == 2:
            checks.append(provider["reported"][1:, 0])
    assert min(silent, told) > 5


@compiled_only
def test_a_health_centre_orders_nothing_while_no_road_leads_there():
    cut, open_all_year = (run_of({"road.cut_facilities": share, "fac.sup.review": 30}, 1) for share in (1, 0))
    ordered = []
    for run in (cut, open_all_year):
        launch = int(run.plan.record(run.plan.warmup)[0]["month_offset"])
        ordered.append(run.zone.monthly["ordered"][0, launch : launch + 24].sum(axis=1).reshape(2, 12))
    assert (ordered[0][:, RAINS] == 0).all()
    assert (ordered[0][:, [3, 4, 10]] > 0).all()
    assert (ordered[1][:, RAINS] > 0).all()


@compiled_only
def test_what_chws_alone_give_is_not_at_the_health_centre_before_them():
    more = {"policy.newborn": 2, "run.days": 30, "chw.attr": 0}
    before = Simulation(tiny(more={**WORLD, **more}), seed=1, threads=1)
    shelf_of = [before.run_to(day).runs[0].zone.provider[0].copy() for day in (1, before.plan.warmup)]
    after = before.run().runs[0].zone.provider
    for centre in shelf_of:
        assert not centre["stock"][BASIC_PRODUCTS:].any()
        assert not centre["began_with"][BASIC_PRODUCTS:].any()
        assert (centre["began_with"][:BASIC_PRODUCTS] > 0).all()
    held = after["kit"][0] > 0
    assert held[BASIC_PRODUCTS:].any()
    assert (after["received"][0, BASIC_PRODUCTS:] > 0).tolist() == held[BASIC_PRODUCTS:].tolist()


@compiled_only
def test_doses_straight_from_the_district_add_up_and_leave_the_facility_alone():
    provider = run_of({"sup.direct": 1, "sup.leak": 0.2, "sup.shelf": 60, "stk.avail": 0.8}, 1).zone.provider
    went = sum(provider[name] for name in ("given", "issued", "leaked", "expired", "stock"))
    np.testing.assert_array_equal(provider["began_with"] + provider["received"], went)
    assert not provider["issued"].any()
    assert all(provider[name][1:].sum() > 50 for name in ("received", "given", "leaked", "expired"))


@compiled_only
def test_the_same_villages_are_cut_off_in_every_arm():
    roads = {"road.cut_posts": 0.5, "road.cut_km": 0}
    arms = [run_of({**roads, "chw.catch": norm}, 1).zone.provider[1:] for norm in (1000, 500)]
    fate = [dict(zip(chws["village"].tolist(), chws["cut_off"].tolist(), strict=True)) for chws in arms]
    assert set(fate[0].values()) == {0, 1}
    assert all(fate[1][village] == cut for village, cut in fate[0].items() if village in fate[1])


@compiled_only
def test_runs_are_the_same_whatever_the_threads_and_cuts_with_the_whole_chain_on():
    chain = {**TWO_ZONES, **NEAR, "stk.avail": 0.8, "sup.rule": 3, "road.rain_lead": 2, "road.cut_posts": 0.5,
             "road.cut_km": 0, "sup.leak": 0.1, "fac.sup.leak": 0.1, "sup.shelf": 100, "fac.sup.shelf": 200,
             "info.delay": 9, "info.error": 0.3}  # fmt: skip
    scenario = load_scenario("sahel/iccm-as-delivered", overrides=chain)
    at_once = Simulation(scenario, seed=4, threads=2).run()
    by_weeks = Simulation(scenario, seed=4, threads=1)
    for day in range(7, by_weeks.plan.days + 7, 7):
        by_weeks.run_to(day)
    assert what_differs(at_once, by_weeks) == set()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("programme.sup.rule", 4, "sup.rule = 4: must be a whole number between 0 and 3"),
     ("programme.sup.rule", 0.5, "sup.rule = 0.5: must be a whole number"),
     ("setting.stk.avail", 0.0, "stk.avail = 0: must be between 0.2 and 1"),
     ("setting.stk.rho", 1.2, "stk.rho = 1.2: must be between 0 and 1"),
     ("programme.stk.avail", 0.9, "stk.avail belongs to setting"),
     ("setting.road.cut_posts", -1, "road.cut_posts = -1: must be between 0 and 1")],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_rule(key, value, said):
    with pytest.raises(ScenarioError) as caught:
        load_scenario("sahel/iccm-as-delivered", overrides={key: value})
    assert len(caught.value.faults) == 1
    assert said in caught.value.faults[0]
