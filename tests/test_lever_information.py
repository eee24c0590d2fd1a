"""Reports: what they say, when they are known, and what is done by them instead of by the truth."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from small import NEAR, lived, tiny, what_differs
from world import KEY, MANY, PLAIN, a_provider, assert_mean, parameters

from iccmsim.core.draws import Decision, draw, two_normals
from iccmsim.core.records import BASIC_PRODUCTS, MONTHLY, N_PRODUCTS, table
from iccmsim.engine.plan import make_plan
from iccmsim.engine.simulation import Simulation
from iccmsim.engine.tally import tally_zone
from iccmsim.parameters.scenario import ScenarioError, load_scenario
from iccmsim.report.comparison import comparison_text
from iccmsim.results.indicators import CHW, from_tally
from iccmsim.results.result import reports_of
from iccmsim.results.tables import chw_months
from iccmsim.rules.information import CASES, OUT_DAYS, report_counts, retold, write_report
from iccmsim.studies.compare import compare

compiled_only = pytest.mark.skipif(PLAIN, reason="too slow in plain Python")


def a_reporter(**fields):
    """A CHW before the first report."""
    fresh = {"told_month": -1, "report_day": -1, "reported_cases": -1, "reported_out_days": -1}
    return a_provider(**{**fresh, **fields})


def a_book(cases=(10, 20, 40), out_days=(1, 2, 4)):
    """The monthly ledger of a CHW."""
    months = table(MONTHLY, len(cases))
    months["cases"], months["any_out_days"] = cases, out_days
    return months


# --- what a report makes of a count ------------


def test_without_error_or_bias_a_report_says_what_the_book_says():
    for count in (0, 1, 17, 4000):
        assert retold(count, CASES, a_reporter(), parameters(), KEY, 29) == count


def test_a_report_is_right_on_average_and_off_by_the_stated_factor():
    p = parameters(info_error=0.4)
    told = np.array([retold(1000, 2, a_reporter(number=i), p, KEY, 29) for i in range(MANY)])
    assert_mean(told, 1000.0, 1000 * math.sqrt(math.exp(0.16) - 1))
    assert_mean(np.log(told), math.log(1000) - 0.08, 0.4)
    assert np.log(told).std() == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize(("bias", "told"), [(0.5, 20), (1.22, 49), (2.0, 80)])
def test_a_report_that_exaggerates_does_so_by_its_factor(bias, told):
    assert retold(40, CASES, a_reporter(), parameters(info_bias=bias), KEY, 29) == told


def test_nothing_seen_is_nothing_told_however_wrong_reports_are():
    p = parameters(info_error=2, info_bias=5)
    assert {int(retold(0, item, a_reporter(), p, KEY, 29)) for item in range(8)} == {0}


def test_each_item_of_each_report_of_each_chw_has_its_own_error():
    p = parameters(info_error=0.4)
    keys = [(item, number, day) for item in range(8) for number in (1, 2) for day in (29, 59)]
    told = {int(retold(10**6, item, a_reporter(number=number), p, KEY, day)) for item, number, day in keys}
    assert len(told) == len(keys)
    u, v, _, _ = draw(KEY, Decision.REPORT_ERROR, 2, 59, 0, 3)
    z, _ = two_normals(u, v)
    expected = round(10**6 * math.exp(0.4 * z - 0.08))
    assert retold(10**6, 3, a_reporter(number=2), p, KEY, 59) == pytest.approx(expected, abs=1)


# --- a report is written, and arrives ------------


def test_a_report_tells_what_happened_since_the_last_one():
    chw, months = a_reporter(cases_before=25, out_days_before=2), a_book()
    chw.reported[0] = 1
    write_report(chw, months, 1, parameters(), KEY, 59)
    assert (chw.told_cases, chw.told_out_days, chw.told_month) == (5, 1, 1)
    assert (chw.cases_before, chw.out_days_before) == (30, 3)
    write_report(chw, months, 2, parameters(), KEY, 89)
    assert (chw.told_cases, chw.told_out_days, chw.told_month) == (40, 4, 2)


def test_what_a_missing_report_would_have_told_is_told_to_nobody():
    chw, months = a_reporter(), a_book()
    chw.used[0] = 50
    write_report(chw, months, 1, parameters(info_bias=3), KEY, 59)
    assert chw.told_month == -1
    assert (chw.cases_before, chw.out_days_before) == (30, 3)
    assert list(chw.used[0]) == [50] * N_PRODUCTS
    report_counts(chw, months, 60)
    assert (chw.reported_cases, chw.reported_out_days, chw.report_day) == (-1, -1, -1)
    assert not months["reported_cases"].any()


def test_orders_are_reckoned_from_the_use_that_is_reported():
    p, chw = parameters(info_bias=1.5, info_error=0.3), a_reporter(number=4)
    chw.reported[0] = 1
    chw.used[0, :6] = (10, 20, 30, 40, 50, 60)
    write_report(chw, a_book(), 2, p, KEY, 89)
    expected = [retold(10 * (j + 1), j, chw, p, KEY, 89) for j in range(6)]
    assert list(chw.used[0, :6]) == expected
    assert expected != [10, 20, 30, 40, 50, 60]
    assert not chw.used[1:].any()
    assert chw.told_cases == retold(70, CASES, chw, p, KEY, 89)
    assert chw.told_out_days == retold(7, OUT_DAYS, chw, p, KEY, 89)


def test_no_report_tells_of_more_days_than_its_period_had():
    chw = a_reporter()
    chw.reported[0] = 1
    write_report(chw, a_book(out_days=(28, 0, 0)), 0, parameters(info_bias=3, sup_review=31), KEY, 29)
    assert chw.told_out_days == 31


def test_a_report_counts_once_from_the_day_it_arrives_in_the_month_it_tells_of():
    chw, months = a_reporter(told_month=1, told_cases=12, told_out_days=3), a_book()
    report_counts(chw, months, 75)
    report_counts(chw, months, 80)
    assert (chw.reported_cases, chw.reported_out_days, chw.report_day, chw.told_month) == (12, 3, 75, -1)
    assert months["reported_cases"].tolist() == [0, 12, 0]
    assert months["reported_out_days"].tolist() == [0, 3, 0]


# --- what follows in small districts ------------

WORLD = {**NEAR, "place.people": 5000, "place.villages_per_zone": 8, "run.days": 731, "chw.catch": 1000,
         "seek.chw_shift": 1.0, "chw.attr": 0}  # fmt: skip
SEEDS = range(1, 7)


def run_of(changed: dict, seed: int = 1):
    return lived({**WORLD, **changed}, seed=seed).runs[0]


@cache
def measures(changed: tuple, seed: int) -> dict[str, float]:
    """What reports may move, and what they say of it."""
    run = run_of(dict(changed), seed)
    counts = tally_zone(run)[0]
    books = from_tally(counts, review_days=run.plan.review_days)
    said = {name: above / below for name, (above, below) in books.items() if below}
    return {"out": float((run.zone.stock_by_day[run.plan.warmup :, 1:, :BASIC_PRODUCTS] == 0).mean()),
            "ordered": float(counts["ordered"][CHW].sum()), "received": float(counts["received"][CHW].sum()),
            "true cases": said["chw_cases_a_month"], "reported cases": said["chw_reported_cases_a_month"],
            "share reported": counts["reported_cases"][CHW] / counts["cases"][CHW],
            "share of out days reported": counts["reported_out_days"][CHW] / counts["any_out_days"][CHW]}  # fmt: skip


LEVERS = {
    "late reports": ({}, {"info.delay": 20}, "out", +1),
    "wrong reports": ({}, {"info.error": 0.6}, "out", +1),
    "exaggerated reports": ({}, {"info.bias": 1.5}, "received", +1),
    "exaggerated reports, seen by who reads them": ({}, {"info.bias": 1.5}, "share reported", +1),
    "timid reports": ({}, {"info.bias": 0.6}, "out", +1),
    "missing reports": ({"spv.report": 0.95}, {"spv.report": 0.6}, "share reported", -1),
    "missing reports, days without stock": ({"spv.report": 0.95}, {"spv.report": 0.6}, "share of out days reported",
                                            -1),
}  # fmt: skip


@compiled_only
@pytest.mark.parametrize("name", LEVERS)
def test_each_fault_of_reports_moves_what_it_should(name):
    first, second, column, way = LEVERS[name]
    arms = [np.array([measures(tuple(arm.items()), seed)[column] for seed in SEEDS]) for arm in (first, second)]
    differences = arms[1] - arms[0]
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    assert way * differences.mean() > max(0.0, 3.0 * error)


@compiled_only
@pytest.mark.parametrize("delay", [0, 12])
def test_complete_and_exact_reports_add_up_to_the_truth(delay):
    """All that was seen before the morning of the last report; the run ends on the day on which it has arrived."""
    run = run_of({"spv.report": 1, "info.delay": delay, "run.days": 600 + delay})
    monthly, provider = run.zone.monthly[1:], run.zone.provider[1:]
    assert run.day % 30 == delay
    np.testing.assert_array_equal(monthly["reported_cases"].sum(axis=1), provider["cases_before"])
    np.testing.assert_array_equal(monthly["reported_out_days"].sum(axis=1), provider["out_days_before"])
    assert (provider["report_day"] == run.day - 1).all()
    true = monthly["cases"].sum(axis=1)
    assert (provider["cases_before"] <= true).all()
    assert provider["cases_before"].sum() > 0.99 * true.sum() * (600 - delay) / 600
    assert true.min() > 50


@compiled_only
def test_missing_reports_are_missing_and_not_zero():
    """Cases told are about the share of reports that arrive, and a report that arrives tells a whole month's cases."""
    run = run_of({"spv.report": 0.6})
    monthly = run.zone.monthly[1:]
    share = monthly["reported_cases"].sum() / monthly["cases"].sum()
    arrived = monthly["reported"].sum() / (len(monthly) * 24)
    assert 0.4 < arrived < 0.8
    assert share == pytest.approx(arrived, abs=0.08)
    of_a_report = monthly["reported_cases"].sum() / monthly["reported"].sum()
    of_a_month = monthly["cases"].sum() / (len(monthly) * 731 / 30)
    assert of_a_report == pytest.approx(of_a_month, rel=0.12)


@compiled_only
@pytest.mark.parametrize(("review", "arrive"), [(30, 0.6), (90, 0.8), (15, 1.0)])
def test_reports_are_counted_of_those_due_and_what_they_say_of_the_days_they_tell_of(review, arrive):
    run = run_of({"sup.review": review, "spv.report": arrive, "chw.vacancy": 0, "run.days": 900, "run.warmup_days": 90})
    books = from_tally(tally_zone(run)[0], review_days=run.plan.review_days)
    said = {name: above / below for name, (above, below) in books.items() if below}
    assert books["chw_reports"][1] == books["chw_presence"][1] / review
    assert said["chw_reports"] == pytest.approx(arrive, abs=0.15 if arrive < 1 else 1e-12)
    assert said["chw_reported_stock_out_any"] == pytest.approx(said["chw_stock_out_any"], rel=0.15)


def test_a_dated_change_of_the_review_moves_how_many_reports_are_due():
    plan = make_plan(replace(tiny(more={"run.days": 180}), changes=((60, {"sup.review": 20}),)))
    assert 180 / plan.review_days == pytest.approx(60 / 30 + 120 / 20)


@compiled_only
def test_the_table_of_chw_months_shows_the_truth_and_what_was_reported_side_by_side():
    table_of_months = chw_months([run_of({"info.bias": 1.3, "spv.report": 1})])
    columns = {"cases", "reported_cases", "any_out_days", "reported_out_days", "reported"}
    assert columns <= set(table_of_months.columns)
    ratio = table_of_months.reported_cases.sum() / table_of_months.cases.sum()
    assert 1.15 < ratio < 1.35
    counts = from_tally(tally_zone(run_of({"info.bias": 1.3, "spv.report": 1}))[0], review_days=30)
    (told, months), (true, same) = counts["chw_reported_cases_a_month"], counts["chw_cases_a_month"]
    assert months == same
    assert 1.15 < told / true < 1.35
    assert counts["chw_reported_cases_a_report"] == (told, counts["chw_reports"][0])


@compiled_only
def test_a_comparison_tells_what_reports_say_below_what_is_so_where_they_are_not_exact():
    short = {"run.days": 180, "programme.spv.report": 1}
    arms = [tiny("facility-only", more=short), tiny(more=short), tiny(name="wrong", more=short | {
        "programme.info.bias": 1.5, "programme.spv.report": 0.7})]  # fmt: skip
    exact, both = compare(arms[:2], seeds=2), compare(arms, seeds=2)
    assert "report" not in comparison_text(exact.to_json())
    lines = comparison_text(both.to_json()).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("Days in post, a product lacking"))
    told = [(line[:32].rstrip(), line[32:].split()) for line in lines[first + 1 : first + 4]]
    by_reports = "  by the reports that arrived"
    assert [label for label, _ in told] == [by_reports, "Children a CHW sees in a month", by_reports]
    right, wrong = both.to_json()["arms"][1:]
    names = ("chw_reported_stock_out_any", "cases_per_chw_month", "chw_reported_cases_a_month")
    for name, (_, shown) in zip(names, told, strict=True):
        assert shown == [text for arm in (right, wrong) for text in (
            f"{100 * arm[name]['mean']:.0f} %".split() if "out" in name else [f"{arm[name]['mean']:.1f}"])], name
    assert wrong["chw_reported_cases_a_report"]["mean"] > 1.3 * right["chw_reported_cases_a_report"]["mean"]
    assert wrong["chw_reports"]["mean"] < 0.9 < right["chw_reports"]["mean"]
    counts = from_tally(both.tallies[0, 2], review_days=30)
    one = replace(both, seeds=(1,), tallies=both.tallies[:1], pairs=both.pairs[:1]).to_json()["arms"][2]
    for name in (*names[::2], "chw_reports", "chw_reported_cases_a_report"):
        assert one[name]["mean"] == pytest.approx(counts[name][0] / counts[name][1])


def test_a_comparison_of_an_earlier_version_tells_of_no_reports():
    made = compare([tiny("facility-only", more={"run.days": 60}), tiny(more={"run.days": 60})], seeds=1)
    older = [{key: fact for key, fact in facts.items() if key not in ("review_days", "reports_exact")}
             for facts in made.facts]  # fmt: skip
    said = replace(made, facts=tuple(older)).to_json()
    assert said["arms"][1]["chw_reports"]["mean"] is None
    assert "by the reports" not in comparison_text(said)


@pytest.mark.parametrize(("more", "exact"), [
    ({}, True), ({"spv.report": 0.9}, False), ({"info.delay": 3}, False), ({"info.error": 0.1}, False),
    ({"info.bias": 1.2}, False)])  # fmt: skip
def test_reports_are_exact_if_all_arrive_at_once_and_right_on_every_day_and_in_every_zone(more, exact):
    perfect = tiny(more={"run.days": 180, "setting.place.zones": 2, "setting.place.people": 3000,
                         "programme.spv.report": 1})  # fmt: skip
    always = tiny(more={"run.days": 180, "programme.spv.report": 1, **{f"programme.{k}": v for k, v in more.items()}})
    assert reports_of(make_plan(always)) == {"review_days": 30.0, "reports_exact": exact}
    assert reports_of(make_plan(replace(perfect, changes=((60, more),) if more else ())))["reports_exact"] == exact
    late = replace(perfect, changes=((200, more),) if more else ())
    assert reports_of(make_plan(late))["reports_exact"]


@compiled_only
@pytest.mark.parametrize(("more", "days"), [
    ({}, {89, 119}), ({"info.delay": 11}, {100, 130}), ({"info.delay": 200}, {118}),
    ({"sup.rule": 2}, {89, 119}),
])  # fmt: skip
def test_orders_wait_for_late_reports_but_not_for_later_ones(more, days):
    """Launch on day 60, a review every 30 days; a delay counts for less than a review period. Fixed kits as well."""
    simulation = Simulation(tiny(more={**WORLD, "spv.report": 1, **more}), seed=1, threads=1).run_to(60)
    seen, before = set(), 0
    for day in range(60, 125 if 119 in days else 135):
        ordered = int(simulation.run_to(day + 1).runs[0].zone.monthly["ordered"][1:].sum())
        seen |= {day} if ordered > before else set()
        before = ordered
    assert seen == days


@compiled_only
def test_wrong_reports_change_no_order_where_kits_are_fixed():
    """The reported numbers differ, and nothing else but the use that is remembered from them."""
    first, second = (lived({**WORLD, "sup.rule": 2, "run.days": 300, **arm}) for arm in ({}, {"info.error": 0.5}))
    told = {"provider.reported_cases", "provider.reported_out_days", "provider.told_cases", "provider.told_out_days",
            "monthly.reported_cases", "monthly.reported_out_days", "provider.used"}  # fmt: skip
    differ = what_differs(first, second)
    assert "monthly.reported_cases" in differ
    assert differ <= told


@compiled_only
def test_reports_without_fault_leave_every_array_identical():
    exact = {"info.delay": 0, "info.error": 0, "info.bias": 1}
    assert what_differs(lived({**WORLD, "run.days": 300}), lived({**WORLD, "run.days": 300, **exact})) == set()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("programme.info.delay", -1, "info.delay = -1: must be a whole number between 0 and 364"),
     ("programme.info.bias", 0, "info.bias = 0: must be between 0.1 and 10"),
     ("programme.info.eror", 0.3, "did you mean info.error")],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_rule(key, value, said):
    with pytest.raises(ScenarioError) as caught:
        load_scenario("sahel/iccm-as-delivered", overrides={key: value})
    assert said in caught.value.faults[0]
