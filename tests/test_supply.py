"""Stock in whole doses: use, reports, orders, rationing, deliveries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from world import KEY, MANY, a_month, a_provider, assert_mean, assert_share, parameters

from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import AT_CHW, AT_FACILITY, GENTAMICIN, N_PRODUCTS, ORS, PROVIDER, table
from iccmsim.parameters.catalogue import all_parameters
from iccmsim.parameters.scenario import ScenarioError, load_scenario
from iccmsim.rules.supply import (
    SLOTS,
    bring_in_products,
    close_period,
    filled,
    free_slot,
    hand_over_first_box,
    lead_days,
    monthly_use,
    note_stock,
    on_order,
    quantity_to_order,
    receive,
    report_arrives,
    share_out,
)


def counted(used, days, reported=(1, 1, 1), **fields):
    """A CHW with this use of ORS in this and the last two periods."""
    chw = a_provider(**fields)
    chw.used[:3, ORS], chw.days_in[:3, ORS], chw.reported[:3] = used, days, reported
    return chw


# --- the shelf at night ------------


def test_each_night_the_shelf_is_counted_product_by_product():
    chw, month = a_provider(stock=3), a_month()
    chw.stock[2] = 0
    for _ in range(2):
        note_stock(chw, month)
    assert list(chw.days_in[0]) == [2, 2, 0] + [2] * (N_PRODUCTS - 3)
    assert chw.days_in[1:].sum() == 0
    assert list(month.stock_out_days) == [0, 0, 2] + [0] * (N_PRODUCTS - 3)
    assert month.any_out_days == 2


def test_at_a_post_that_nobody_holds_nothing_is_missed_but_a_successor_finds_it_bare():
    chw, month = a_provider(stock=0, vacant_until=500), a_month()
    note_stock(chw, month)
    assert (month.any_out_days, month.stock_out_days.sum()) == (0, 0)
    assert chw.stocked == pytest.approx(29 / 30)
    chw.vacant_until = -1
    note_stock(chw, month)
    assert (month.any_out_days, month.stock_out_days.sum()) == (1, N_PRODUCTS)


def test_a_day_without_any_product_out_is_not_a_day_of_stock_out():
    chw, month = a_provider(stock=1), a_month()
    note_stock(chw, month)
    assert (month.any_out_days, month.stock_out_days.sum(), chw.stocked) == (0, 0, 1.0)


@pytest.mark.parametrize("kind", [AT_CHW, AT_FACILITY])
def test_the_health_centre_does_not_miss_what_it_holds_for_its_chws_alone(kind):
    keeper, month = a_provider(kind), a_month()
    keeper.kit[:], keeper.stock[:] = 1.0, 5
    keeper.stock[GENTAMICIN] = 0
    note_stock(keeper, month)
    assert month.stock_out_days[GENTAMICIN] == 1
    assert month.any_out_days == (1 if kind == AT_CHW else 0)
    keeper.stock[ORS] = 0
    note_stock(keeper, month)
    assert month.any_out_days == (2 if kind == AT_CHW else 1)


def test_a_full_box_is_felt_over_the_last_thirty_days():
    chw, month = a_provider(stock=0), a_month()
    for _ in range(30):
        note_stock(chw, month)
    assert chw.stocked == pytest.approx((29 / 30) ** 30)
    assert month.any_out_days == 30
    chw.stock[:] = 1
    before = chw.stocked
    note_stock(chw, month)
    assert chw.stocked == pytest.approx(before + (1 - before) / 30)


# --- use and orders ------------


def test_monthly_use_is_corrected_for_days_out_of_stock():
    assert monthly_use(counted((10, 20, 6), (30, 30, 30)), ORS, 30.0) == pytest.approx(36 * 30 / 90)
    assert monthly_use(counted((10, 0, 0), (15, 0, 0)), ORS, 30.0) == pytest.approx(20.0)
    assert monthly_use(counted((0, 0, 0), (30, 30, 30)), ORS, 30.0) == 0.0


def test_the_kit_stands_in_where_stock_was_there_for_less_than_fifteen_days():
    assert monthly_use(counted((9, 0, 0), (14, 0, 0)), ORS, 30.0) == 20.0
    assert monthly_use(counted((9, 0, 0), (15, 0, 0)), ORS, 30.0) == pytest.approx(18.0)
    assert monthly_use(a_provider(), ORS, 30.0) == 20.0


@pytest.mark.parametrize(("review", "days", "known"), [(1.0, 2, True), (1.0, 1, False), (4.0, 6, True),
                                                       (4.0, 5, False), (7.0, 11, True), (7.0, 10, False)])  # fmt: skip
def test_with_short_reviews_half_of_the_three_periods_is_enough_to_know_the_use(review, days, known):
    chw = counted((7, 0, 0), (days, 0, 0))
    assert monthly_use(chw, ORS, review) == pytest.approx(30 * 7 / days if known else 20.0)


def test_a_missing_report_is_missing_and_not_zero():
    assert monthly_use(counted((10, 900, 6), (30, 30, 30), (1, 0, 1)), ORS, 30.0) == pytest.approx(16 * 30 / 60)
    assert monthly_use(counted((10, 20, 6), (30, 30, 30), (0, 0, 0)), ORS, 30.0) == 20.0


def test_the_fourth_period_back_is_forgotten():
    chw = counted((10, 20, 6), (30, 30, 30))
    chw.used[3, ORS], chw.days_in[3, ORS], chw.reported[3] = 500, 30, 1
    assert monthly_use(chw, ORS, 30.0) == pytest.approx(12.0)


def test_what_is_on_the_way_is_counted_over_all_deliveries():
    chw = a_provider()
    chw.coming[:, ORS] = (1, 2, 4, 8)
    chw.coming[:, 1] = 100
    assert on_order(chw, ORS) == 15


@pytest.mark.parametrize(
    ("stock", "coming", "order"), [(0, 0, 30), (7, 0, 23), (7, 9, 14), (30, 0, 0), (31, 0, 0), (20, 30, 0)]
)
def test_orders_go_up_to_the_use_until_the_next_delivery_plus_a_buffer(stock, coming, order):
    chw = counted((36, 0, 0), (90, 0, 0), stock=stock)  # 12 in 30 days, so 30 in review, lead time and buffer together
    chw.coming[1, ORS] = coming
    assert quantity_to_order(chw, ORS, 30.0, 14.0, 31.0, 0.5) == order


def test_an_order_is_rounded_up_to_whole_doses():
    chw = counted((37, 0, 0), (90, 0, 0), stock=7)
    need = 37 / 3 * 74 / 30
    assert quantity_to_order(chw, ORS, 30.0, 14.0, 30.0, 0.5) == math.ceil(need - 7)


def test_a_bare_shelf_orders_at_least_a_part_of_the_kit():
    chw = counted((0, 0, 0), (90, 0, 0), stock=0)
    assert quantity_to_order(chw, ORS, 30.0, 14.0, 30.0, 0.52) == math.ceil(0.52 * 20)
    chw = counted((0, 0, 0), (90, 0, 0), stock=1)
    assert quantity_to_order(chw, ORS, 30.0, 14.0, 30.0, 0.52) == 0
    busy = counted((360, 0, 0), (90, 0, 0), stock=0)
    assert quantity_to_order(busy, ORS, 30.0, 14.0, 30.0, 0.5) == math.ceil(120 * 74 / 30)


def test_reports_arrive_by_the_stated_chance_and_for_each_period_anew():
    p = parameters(spv_report=0.8)
    assert_share(sum(report_arrives(a_provider(number=i), p, KEY, 29) for i in range(MANY)), MANY, 0.8)
    assert {int(report_arrives(a_provider(), p, KEY, day)) for day in range(60)} == {0, 1}
    assert report_arrives(a_provider(), parameters(spv_report=0.0), KEY, 29) == 0


def test_at_the_end_of_a_period_its_counts_become_those_of_the_last():
    chw = a_provider()
    chw.used[:] = np.arange(4 * N_PRODUCTS).reshape(4, N_PRODUCTS)
    chw.days_in[:] = 100 + np.arange(4 * N_PRODUCTS).reshape(4, N_PRODUCTS)
    chw.reported[:] = (1, 0, 1, 0)
    close_period(chw)
    assert chw.used.tolist() == [[0] * N_PRODUCTS, *np.arange(3 * N_PRODUCTS).reshape(3, N_PRODUCTS).tolist()]
    earlier = (100 + np.arange(3 * N_PRODUCTS)).reshape(3, N_PRODUCTS)
    assert chw.days_in.tolist() == [[0] * N_PRODUCTS, *earlier.tolist()]
    assert list(chw.reported) == [0, 1, 0, 1]
    assert chw.period == 1


# --- deliveries ------------


def test_four_deliveries_can_be_on_the_way():
    chw = a_provider()
    for slot in range(SLOTS):
        assert free_slot(chw) == slot
        chw.coming_day[slot] = 10
    assert free_slot(chw) == -1
    chw.coming_day[2] = -1
    assert free_slot(chw) == 2
    chw.coming_day[2] = 0
    assert free_slot(chw) == -1


@pytest.mark.parametrize("shape", [1, 4])
def test_the_time_to_a_delivery_is_gamma_with_the_stated_mean(shape):
    p = parameters(sup_lead_shape=shape)
    days = [lead_days(a_provider(number=i), p, KEY, 29, 40.0) for i in range(MANY)]
    assert_mean(days, 40.0, math.sqrt(1600 / shape + 1 / 12))
    exact = stats.gamma(shape, scale=40.0 / shape)
    for quarter in (0.25, 0.5, 0.75):
        limit = math.floor(exact.ppf(quarter)) + 0.5
        assert_share(sum(day < limit for day in days), MANY, exact.cdf(limit))


def test_a_delivery_takes_at_least_a_day_and_is_drawn_for_each_chw_and_order():
    p = parameters(sup_lead_shape=4)
    assert lead_days(a_provider(), p, KEY, 29, 0.0) == 1
    assert len({int(lead_days(a_provider(), p, KEY, day, 40.0)) for day in range(20)}) > 5


@pytest.mark.parametrize(
    ("key", "path"), [("sup.lead_shape", "programme.sup"), ("fac.sup.lead_shape", "setting.fac.sup")]
)
def test_how_regular_deliveries_are_is_declared_as_a_whole_number_from_1_to_4(key, path):
    """On purpose: one draw has four uniforms, and the time is the sum of so many exponentials."""
    shape = next(each for each in all_parameters() if each.key == key)
    assert shape.integer
    assert tuple(shape.allowed) == tuple(shape.plausible) == (1, 4)
    assert shape.default == 4
    for value, said in ((5, "5"), (0, "0"), (8, "8"), (0.5, "0.5"), (2.5, "2.5")):
        with pytest.raises(ScenarioError) as caught:
            load_scenario("sahel/iccm-as-delivered", overrides={f"{path}.lead_shape": value})
        assert len(caught.value.faults) == 1
        assert f"sup.lead_shape = {said}: must be a whole number between 1 and 4" in caught.value.faults[0]


@pytest.mark.parametrize(("kind", "other"), [(AT_CHW, "fac_sup_lead_shape"), (AT_FACILITY, "sup_lead_shape")])
@pytest.mark.parametrize("shape", [1, 2, 3, 4])
def test_lead_times_of_chws_and_facilities_are_as_regular_as_their_own_parameter_says(kind, other, shape):
    own = {"sup_lead_shape", "fac_sup_lead_shape"} - {other}
    p = parameters(**{own.pop(): shape, other: 5 - shape})
    days = [lead_days(a_provider(kind, number=i), p, KEY, 29, 40.0) for i in range(1500)]
    assert_mean(days, 40.0, math.sqrt(1600 / shape + 1 / 12))
    assert np.std(days) == pytest.approx(40 / math.sqrt(shape), rel=0.1)


def uniforms(n):
    return [draw(KEY, Decision.FILL, i, 0)[:2] for i in range(n)]


@pytest.mark.parametrize(("ordered", "chance"), [(1, 0.85), (12, 0.85), (12, 0.3), (200, 0.6), (100, 0.98)])
def test_what_is_sent_of_an_order_is_binomial(ordered, chance):
    sent = np.array([filled(ordered, chance, u, v) for u, v in uniforms(MANY)])
    assert sent.min() >= 0
    assert sent.max() <= ordered
    exact = stats.binom(ordered, chance)
    for k in {int(exact.ppf(q)) for q in (0.1, 0.3, 0.5, 0.7, 0.9)}:
        assert_share(int((sent <= k).sum()), MANY, exact.cdf(k))
    assert_mean(sent, ordered * chance, exact.std())


def test_large_orders_are_filled_by_the_normal_to_the_binomial():
    sent = np.array([filled(1000, 0.85, u, v) for u, v in uniforms(MANY)])
    assert_mean(sent, 850.0, math.sqrt(127.5))
    z = (sent - 850.0) / math.sqrt(127.5)
    assert_mean(z * z, 1.0, math.sqrt(2.0))
    assert max(filled(201, 0.999, u, v) for u, v in uniforms(200)) == 201
    assert min(filled(201, 0.001, u, v) for u, v in uniforms(200)) == 0


def test_nothing_comes_of_nothing_and_all_where_all_is_sent():
    assert filled(0, 0.85, 0.5, 0.5) == 0
    assert filled(-3, 0.85, 0.5, 0.5) == 0
    assert filled(40, 0.0, 0.5, 0.5) == 0
    assert filled(40, 1.0, 0.5, 0.5) == 40
    assert filled(400, 1.0, 0.5, 0.5) == 400
    assert filled(5, 0.5, 1 - 1e-12, 0.5) == 0
    assert filled(5, 0.5, 1e-12, 0.5) == 5


def test_deliveries_that_are_due_go_on_the_shelf_and_others_stay_on_the_way():
    chw, month = a_provider(stock=1), a_month()
    chw.coming[:] = [[1] * N_PRODUCTS, [2] * N_PRODUCTS, [4] * N_PRODUCTS, [8] * N_PRODUCTS]
    chw.coming_day[:] = (10, 11, 9, -1)
    receive(chw, month, 10)
    assert list(chw.stock) == [6] * N_PRODUCTS
    assert list(chw.received) == list(month.received) == [5] * N_PRODUCTS
    assert list(chw.coming_day) == [-1, 11, -1, -1]
    assert chw.coming.sum(axis=1).tolist() == [0, 2 * N_PRODUCTS, 0, 8 * N_PRODUCTS]
    receive(chw, month, 10)
    assert list(chw.stock) == [6] * N_PRODUCTS


def test_a_delivery_due_on_the_first_day_arrives():
    chw, month = a_provider(stock=0), a_month()
    chw.coming[0], chw.coming_day[0] = 3, 0
    receive(chw, month, 0)
    assert list(chw.stock) == [3] * N_PRODUCTS


# --- rationing ------------


def shared(stock, requests):
    providers = table(PROVIDER, len(requests))
    providers["asks"], providers["gets"] = requests, 50 * np.arange(len(requests))  # of another day
    share_out(providers, stock)
    assert providers["asks"].tolist() == list(requests)
    return providers["gets"].tolist()


def test_a_sufficient_stock_gives_all_what_they_ask():
    assert shared(10, [3, 0, 7]) == [3, 0, 7]
    assert shared(99, [3, 0, 7]) == [3, 0, 7]
    assert shared(0, [0, 0]) == [0, 0]


def test_a_short_stock_is_divided_in_proportion_with_the_largest_remainders_first():
    assert shared(10, [10, 20, 70]) == [1, 2, 7]
    assert shared(5, [3, 3, 4]) == [2, 1, 2]  # quotas 1.5, 1.5, 2.0: the first of equals
    assert shared(7, [5, 4, 3]) == [3, 2, 2]  # quotas 2.92, 2.33, 1.75
    assert shared(1, [1, 1, 1]) == [1, 0, 0]
    assert shared(0, [4, 9]) == [0, 0]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 400), st.lists(st.integers(0, 60), min_size=1, max_size=9))
def test_rationing_conserves_doses_and_keeps_to_the_quota(stock, requests):
    shares, total = shared(stock, requests), sum(requests)
    assert sum(shares) == min(stock, total)
    for share, request in zip(shares, requests, strict=True):
        assert 0 <= share <= request
        if total > stock:
            assert math.floor(request * stock / total) <= share <= math.ceil(request * stock / total)


@pytest.mark.parametrize("coming", [0, 1, 5, 400])
def test_a_bare_shelf_has_its_floor_whatever_is_on_the_way(coming):
    chw = counted((0, 0, 0), (90, 0, 0), stock=0)
    chw.coming[2, ORS] = coming
    assert quantity_to_order(chw, ORS, 30.0, 14.0, 30.0, 0.5) == 10
    chw.stock[ORS] = 1
    assert quantity_to_order(chw, ORS, 30.0, 14.0, 30.0, 0.5) == 0
    busy = counted((360, 0, 0), (90, 0, 0), stock=0)  # 120 a month, so 296 until the next delivery and a month more
    busy.coming[2, ORS] = coming
    assert quantity_to_order(busy, ORS, 30.0, 14.0, 30.0, 0.5) == max(10, 296 - coming)


@pytest.mark.parametrize(("ordered", "chance"), [(200, 0.02), (200, 0.049), (100, 0.002), (200, 0.06)])
def test_a_very_poor_supply_still_sends_its_share(ordered, chance):
    sent = np.array([filled(ordered, chance, u, v) for u, v in uniforms(MANY)])
    assert sent.min() >= 0
    mean, sd = ordered * chance, math.sqrt(ordered * chance * (1 - chance))
    if ordered * math.log(chance) >= -600:  # the binomial itself
        assert_mean(sent, mean, sd)
        return
    whole = np.arange(ordered + 1)  # the normal to it, rounded, cut at nothing and at all
    upper = np.append(stats.norm.cdf((whole[:-1] + 0.5 - mean) / sd), 1.0)
    weight = np.diff(upper, prepend=0.0)
    expected = float((weight * whole).sum())
    assert expected == pytest.approx(mean, abs=0.15)
    assert_mean(sent, expected, math.sqrt(float((weight * whole**2).sum()) - expected**2))
    assert_share(int((sent == 0).sum()), MANY, float(weight[0]))


def test_a_product_that_is_new_comes_once_with_a_first_kit_and_the_health_centre_holds_it_for_all_chws():
    p = parameters(sup_kit_days=45.0, fac_kit_days=60.0)
    p.chw_kit[GENTAMICIN] = 3.0
    providers = table(PROVIDER, 3)
    providers[0] = a_provider(AT_FACILITY)
    providers[1], providers[2] = a_provider(AT_CHW), a_provider(AT_CHW)
    providers["kit"][:, GENTAMICIN], providers["stock"][:, GENTAMICIN] = 0.0, 0
    for _ in range(2):  # the second time it is not new any more
        bring_in_products(providers, p)
        assert providers["stock"][:, GENTAMICIN].tolist() == [12, 5, 5]  # 2 x 3 x 60 / 30; 3 x 45 / 30, rounded up
        assert providers["received"][:, GENTAMICIN].tolist() == [12, 5, 5]
        assert providers["kit"][:, GENTAMICIN].tolist() == [6.0, 3.0, 3.0]
    p.chw_kit[GENTAMICIN] = 0.0
    bring_in_products(providers, p)
    assert providers["kit"][:, GENTAMICIN].tolist() == [0.0, 0.0, 0.0]
    assert providers["stock"][:, GENTAMICIN].tolist() == [12, 5, 5]


def test_whoever_is_first_in_a_post_brings_a_full_box_without_what_has_been_recalled():
    recall = [0.0] * N_PRODUCTS
    recall[ORS] = 1.0
    p, chw = parameters(sup_kit_days=45, shock_recall=recall), a_provider(stock=0)
    chw.kit[:], chw.kit[GENTAMICIN] = 20.0, 0.0
    hand_over_first_box(chw, p)
    wanted = [30] * N_PRODUCTS
    wanted[ORS] = wanted[GENTAMICIN] = 0
    assert list(chw.stock) == list(chw.began_with) == wanted
