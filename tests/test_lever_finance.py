"""Money: arrears in spells, what families pay and who is exempt, a budget that ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from arms import NEW_BOOKS, SMALLEST, by_month, district, shift, visits
from small import tiny, what_differs
from world import (
    KEY,
    MANY,
    a_course,
    a_household,
    a_month,
    a_provider,
    a_sick_child,
    assert_share,
    delivered,
    parameters,
)

from iccmsim.core.records import (
    ACT_CHILD,
    AT_CHW,
    AT_FACILITY,
    FOUND_CLOSED,
    INFORMAL,
    MALARIA,
    MONTH,
    RDT,
    TURNED_AWAY,
)
from iccmsim.engine.plan import make_plan
from iccmsim.parameters.budget import LINES, budget_falls, monthly_costs, months_funded
from iccmsim.parameters.faults import ScenarioError
from iccmsim.parameters.scenario import load_scenario
from iccmsim.rules.care_seeking import reckon_usual
from iccmsim.rules.facility_care import completes_referral
from iccmsim.rules.pay import arrears_move, payday, pays

ZONE_8 = (KEY[0], KEY[1] + 1)


# --- arrears ------------


def arrears(p, key=KEY, number=1, months=MANY) -> np.ndarray:
    """Month by month, whether this CHW's pay fails."""
    chw, out = a_provider(number=number), []
    for month in range(months):
        arrears_move(chw, p, key, month)
        out.append(chw.in_arrears)
    return np.array(out)


@pytest.mark.parametrize(("share", "spell"), [(0.15, 3.0), (0.3, 6.0), (0.5, 2.0)])
def test_pay_fails_in_spells_of_the_stated_length_for_the_stated_share_of_months(share, spell):
    series = arrears(parameters(pay_unpaid=share, pay_spell=spell))
    before, after = series[:-1], series[1:]
    assert_share(int((after[before == 1] == 0).sum()), int((before == 1).sum()), 1 / spell)
    assert_share(int((after[before == 0] == 1).sum()), int((before == 0).sum()), share / (1 - share) / spell)


def test_pay_that_never_fails_is_never_in_arrears():
    assert not arrears(parameters(pay_unpaid=0.0), months=100).any()


def test_a_funder_who_fails_fails_everybody_in_the_district_at_once_or_each_alone():
    together, alone = (parameters(pay_unpaid=0.3, pay_together=each) for each in (1, 0))
    first = arrears(together, months=200)
    assert np.array_equal(first, arrears(together, number=9, months=200))
    assert np.array_equal(first, arrears(together, ZONE_8, months=200))
    first = arrears(alone, months=200)
    assert not np.array_equal(first, arrears(alone, number=9, months=200))
    assert not np.array_equal(first, arrears(alone, ZONE_8, months=200))


def test_only_chws_of_the_funder_who_fails_are_exposed_and_always_the_same_ones():
    p = parameters(pay_unpaid=0.5, pay_spell=2.0, pay_exposed=0.4)
    hit = [bool(arrears(p, number=number, months=40).any()) for number in range(MANY // 5)]
    assert_share(sum(hit), len(hit), 0.4)


@pytest.mark.parametrize("now", [{"pay_unpaid": 0.0}, {"pay_unpaid": 0.3, "pay_exposed": 0.0}])
def test_arrears_end_with_their_cause(now):
    chw = a_provider(in_arrears=1)
    arrears_move(chw, parameters(pay_spell=60.0, **now), KEY, 3)
    assert not chw.in_arrears


def test_months_without_pay_are_counted_until_the_first_pay():
    p, unfunded = parameters(), parameters(pay_on=0)
    chw, month = a_provider(in_arrears=1), a_month()
    for expected in (1, 2, 3):
        payday(chw, p, month)
        assert (chw.unpaid, month.unpaid) == (expected, 1)
    chw.in_arrears = 0
    payday(chw, unfunded, month)
    assert chw.unpaid == 4
    payday(chw, p, a_month())
    assert chw.unpaid == 0


def test_salaries_are_due_on_the_last_day_of_a_month_and_to_whoever_is_in_post():
    """Where nobody pays, each month that is over is unpaid to those who were in post when it ended, and no other."""
    unpaid = {"pay.on": 0, "chw.attr": 0.8, "chw.vacancy": 6, "run.days": 375}
    run = district(unpaid).runs[0]
    month, first = run.zone.monthly[1:], int(run.plan.record(run.plan.warmup)[0]["month_offset"])
    days, owed = month["days_in_post"][:, first:], month["unpaid"][:, first:]
    ends = np.ceil(MONTH * np.arange(1, 14)).astype(int)
    lengths = np.diff(ends, prepend=0)
    assert (owed[:, :12] <= (days[:, :12] > 0)).all()
    assert (owed[:, :12] == 1)[days[:, :12] == lengths[:12]].mean() > 0.9  # some leave on the last day
    assert (days[:, 12] > 0).any()
    assert not owed[:, 12].any()  # a month that is not over yet
    assert (days[:, :12] == 0).sum() > 5
    stayed = month["departures"][:, first:].sum(axis=1) == 0
    assert stayed.any()
    assert (run.zone.provider["unpaid"][1:][stayed] == 12).all()


# --- what families pay ------------


def pull(household, v: int, **levers: float) -> float:
    """The usual odds of a provider under these prices."""
    reckon_usual(household, parameters(**levers))
    return float(household.usual[v])


@pytest.mark.parametrize(("waived", "wealth"), [(1.0, 1.0), (0.5, 1.0), (1.0, 0.4)])
def test_a_price_that_is_waived_draws_families_by_what_it_had_cost_them(waived, wealth):
    home = a_household(wealth=wealth)
    gain = pull(home, AT_FACILITY, fee_waived=waived) / pull(home, AT_FACILITY, fee_waived=0.0)
    assert gain == pytest.approx(math.exp(0.25 * 2.5 * waived / wealth))


def test_drugs_that_must_be_paid_deter_from_the_chw_alone():
    home = a_household()
    ratio = [pull(home, v, fee_drugs=1.5) / pull(home, v) for v in (INFORMAL, AT_CHW, AT_FACILITY)]
    assert ratio == pytest.approx([1.0, math.exp(-0.25 * 1.5), 1.0])


def test_the_poorest_are_drawn_as_if_care_were_free_and_the_others_not_at_all():
    poor, rich = a_household(wealth=0.3), a_household(wealth=2.0)
    for v in (AT_CHW, AT_FACILITY):
        assert pull(poor, v, fee_exempt_poorest=0.2) == pull(poor, v, fee_waived=1.0, fee_chw=0.0)
        assert pull(rich, v, fee_exempt_poorest=0.2) == pull(rich, v)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_stated_share_of_households_is_exempt(share):
    p = parameters(fee_exempt_poorest=share)
    wealth = district().runs[0].zone.household["wealth"]
    assert_share(int((wealth < p.fee_exempt_below).sum()), len(wealth), share)


def test_nobody_is_exempt_where_all_are_equally_rich():
    assert pays(a_household(wealth=1.0), parameters(fee_exempt_poorest=0.5, pop_wealth_sd=0.0), AT_CHW, True) > 0


def test_a_family_pays_for_drugs_only_if_it_gets_any_and_the_facility_one_price():
    p, home = parameters(fee_chw=0.5, fee_drugs=1.5, fee_waived=0.4), a_household()
    assert pays(home, p, AT_CHW, False) == 0.5
    assert pays(home, p, AT_CHW, True) == 2.0
    assert pays(home, p, AT_FACILITY, True) == pays(home, p, AT_FACILITY, False) == pytest.approx(1.5)
    assert pays(a_household(wealth=0.1), parameters(fee_exempt_poorest=0.2), AT_FACILITY, True) == 0.0


@pytest.mark.parametrize("lever", [{"fee_waived": 1.0}, {"fee_exempt_poorest": 1.0}])
def test_the_referred_arrive_oftener_where_they_pay_nothing(lever):
    child, course, home = a_sick_child(MALARIA)[0], a_course(MALARIA), a_household(wealth=0.2)
    went = {}
    for name, p in (("paid", parameters(ref_fee=0.3)), ("free", parameters(ref_fee=0.3, **lever))):
        went[name] = set()
        for episode in range(MANY):
            course.episode = episode
            if completes_referral(child, course, home, AT_FACILITY, p, KEY, False):
                went[name].add(episode)
    assert went["paid"] < went["free"]


def test_the_books_hold_what_families_paid():
    prices = {"fee.chw": 0.5, "fee.drugs": 1.25, "fee.exempt_poorest": 0.3, "fee.waived": 0.2}
    simulation = district(prices)
    run, p = simulation.runs[0], simulation.plan.record(simulation.plan.warmup)[0]
    zone = run.zone
    visit = zone.visit[: zone.n[1]]
    visit = visit[visit["marks"] & (FOUND_CLOSED | TURNED_AWAY) == 0]
    wealth = zone.household["wealth"][zone.child["household"][visit["child"]]]
    paying = (wealth >= p.fee_exempt_below) & (visit["provider"] == AT_CHW)
    expected = paying.sum() * 0.5 + (paying & (visit["given"] & ~(1 << RDT) != 0)).sum() * 1.25
    assert zone.monthly["fees"][1:].sum() == pytest.approx(expected)
    assert (visit["given"][paying] & 1 << ACT_CHILD).any()


# --- a budget that ends ------------


def values(**levers: object) -> dict:
    """The programme as delivered with some other levers (keys with _ for .)."""
    return delivered() | {key.replace("__", "."): value for key, value in levers.items()}


@pytest.mark.parametrize("order", [(2, 3, 1), (1, 2, 3), (3, 1, 2)])
@pytest.mark.parametrize(("usd", "reserve"), [(100_000.0, 6.0), (100_000.0, 0.0), (5_000.0, 6.0), (2e6, 24.0)])
def test_the_money_is_spent_to_the_last_and_lines_fall_in_their_order(order, usd, reserve):
    given = values(budget__usd=usd, budget__reserve=reserve, budget__order=order)
    funded, costs = months_funded(given, chws=20), monthly_costs(given, chws=20)
    assert sum(costs[line] * funded[line] for line in LINES) == pytest.approx(usd)
    fall = [funded[line] for _, line in sorted(zip(order, LINES, strict=True))]
    assert fall == sorted(fall)
    if reserve == 0.0:
        assert fall == pytest.approx([usd / sum(costs.values())] * 3)


def test_a_line_falls_when_the_rest_is_worth_the_reserve_of_those_that_stay():
    given = values(budget__usd=30_000.0, budget__reserve=6.0, budget__order=(2, 3, 1),
                   cost__chw_salary=100, cost__chw_drugs=20, cost__spv=360)  # fmt: skip
    funded = months_funded(given, chws=10)  # 1000 + 200 + 300 a month
    assert funded["supervision"] == pytest.approx((30_000 - 6 * 1200) / 1500)
    assert funded["pay"] - funded["supervision"] == pytest.approx((6 * 1200 - 6 * 200) / 1200)
    assert funded["supply"] - funded["pay"] == pytest.approx(6)


def test_more_chws_bring_the_end_nearer():
    days = [budget_falls(values(budget__usd=100_000.0), chws=chws)[0][0] for chws in (10, 20)]
    assert days[1] < days[0]


def test_a_budget_without_end_and_a_place_without_chws_lose_nothing():
    assert budget_falls(values(budget__usd=0.0), chws=20) == ()
    assert budget_falls(values(budget__usd=1000.0), chws=0) == ()


def test_what_falls_away_stays_away_whatever_a_later_date_had_promised():
    from dataclasses import replace

    chws = int(make_plan(tiny(more={"programme.chw.min_km": 0})).deployment.post_chws.sum())
    scenario = tiny(more={"programme.chw.min_km": 0, "budget.usd": 1500.0 * chws, "run.days": 400})
    plan = make_plan(replace(scenario, changes=((390, {"spv.freq": 0.9, "pay.on": 1}),)))
    first = plan.falls[0][0]
    assert 0 < first < 390
    before, after = plan.record(plan.warmup + first - 1)[0], plan.record(plan.warmup + 395)[0]
    assert before.spv_freq > 0
    assert before.pay_on == before.sup_on == before.chw_recruit == 1
    assert (after.spv_freq, after.pay_on, after.chw_recruit) == (0, 0, 0)


def test_an_order_that_is_none_is_refused_by_name():
    with pytest.raises(ScenarioError, match=r"programme\.budget\.order = \[1, 1, 2\]: must hold 1, 2 and 3 once each"):
        load_scenario("sahel/iccm-as-delivered", overrides={"budget.order": [1, 1, 2]})


def test_pay_that_fails_more_than_half_of_the_time_is_refused_by_name():
    with pytest.raises(ScenarioError, match=r"programme\.pay\.unpaid = 0\.7: must be between 0 and 0\.5"):
        load_scenario("sahel/iccm-as-delivered", overrides={"pay.unpaid": 0.7})


def test_a_district_lives_as_before_until_its_money_ends_and_worse_after():
    plain, poor = district({"run.days": 900}), district({"run.days": 900, "budget.usd": 15_000.0})
    days = [day for day, _ in poor.plan.falls]
    assert len(days) == 3
    first, last = int(days[0] // MONTH), math.ceil((days[-1] + 60) / MONTH)
    for column in ("cases", "days_present", "motivation", "received"):
        was, became = by_month(plain, column), by_month(poor, column)
        assert np.array_equal(was[:first], became[:first]), column
        if column != "received":
            assert became[last:].sum() < was[last:].sum(), column
    assert by_month(plain, "received")[last:29].sum() > 0
    assert by_month(poor, "received")[last:].sum() == 0


# --- the small district ------------

LEVERS = {  # shared, first arm, second arm, what moves, which way
    "arrears, motivation": ({}, {}, {"pay.unpaid": 0.4, "pay.together": 0}, "motivation", -1),
    "arrears, presence": ({}, {}, {"pay.unpaid": 0.4, "pay.together": 0}, "days_present", -1),
    "exposure": ({"pay.unpaid": 0.4, "pay.together": 0}, {"pay.exposed": 0.3}, {}, "motivation", -1),
    "free care": ({}, {}, {"fee.waived": 1}, "at_facility", +1),
    "exemption": ({}, {}, {"fee.exempt_poorest": 0.4}, "at_facility", +1),
    "cost recovery": ({"chw.minutes": 5, "chw.minutes_day": 480}, {}, {"fee.drugs": 3}, "at_chw", -1),
    "cost recovery, earnings": ({}, {}, {"fee.drugs": 1}, "fees", +1),
    "supply that ends": ({}, {}, {"sup.on": 0}, "out", +1),
}


@pytest.mark.parametrize("name", LEVERS)
def test_each_lever_moves_what_it_should(name):
    shared, first, second, column, way = LEVERS[name]
    mean, errors = shift(shared, first, second, column)
    assert way * mean > 0
    assert way * errors >= SMALLEST


@pytest.mark.parametrize(("seeking", "low", "high"), [({}, 1.1, 1.6), ({"seek.a_facility": -3.0}, 1.3, 2.5)])
def test_free_care_multiplies_visits_and_more_where_care_is_rare(seeking, low, high):
    paid, free = (
        sum(len(visits(district({"chw.deployed": 0, **seeking, "fee.waived": waived}, seed=seed), AT_FACILITY))
            for seed in (1, 2))
        for waived in (0, 1)
    )  # fmt: skip
    assert low < free / paid < high  # published 1.5-3 (evidence: fee.mult); as fitted it saturates below that


NOTHING = {
    "a budget that outlasts the run": {"budget.usd": 1e9},
    "a waiver where nothing is paid": {"fee.facility": 0, "fee.waived": 1},
    "an exemption where nothing is paid": {"fee.facility": 0, "fee.chw": 0, "fee.exempt_poorest": 1},
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_lever_without_strength_changes_nothing_at_all(name):
    prices = {key: value for key, value in NOTHING[name].items() if key in ("fee.facility", "fee.chw")}
    assert what_differs(district(prices), district(NOTHING[name])) <= NEW_BOOKS - {"monthly.fees"}
