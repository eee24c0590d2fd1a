"""Shocks: what befalls some zones for some days, seen where and while it should be, and over when it is over."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from small import NEAR, TWO_ZONES, cells, digest
from world import DAY, KEY, MANY, PLAIN, a_month, a_provider, assert_share, parameters

from iccmsim.cli.run import numbers_of
from iccmsim.core.records import ACT_CHILD, ACT_INFANT, AMOXICILLIN, AT_CHW, AT_FACILITY, FOUND_CLOSED, MALARIA
from iccmsim.engine.plan import make_plan, zones_hit
from iccmsim.engine.simulation import Simulation
from iccmsim.parameters.scenario import Scenario, ScenarioError, load_scenario
from iccmsim.parameters.shocks import Shock, shock_kinds
from iccmsim.report.comparison import comparison_text
from iccmsim.report.terminal import run_text
from iccmsim.results.result import facts_of, simulate
from iccmsim.results.shock_words import lopsided, with_own_values, zones_in_words
from iccmsim.rules.facility_care import is_shut
from iccmsim.rules.supply import withdraw
from iccmsim.rules.workforce import is_displaced
from iccmsim.studies.compare import compare
from iccmsim.studies.indicator_columns import estimates_of

WORLD = {**TWO_ZONES, **NEAR, "run.days": 300}
STRUCK, SPARED = 1, 0
FROM, LASTS = 120, 60  # days after launch
SEEDS = range(1, 4)
compiled_only = pytest.mark.skipif(PLAIN, reason="whole districts take too long without compilation")


def own(**values: object) -> dict:
    """A shock of one's own in the second zone."""
    return {"kind": "own", "day": FROM, "days": LASTS, "zones": [STRUCK],
            **{f"shock.{key}": value for key, value in values.items()}}  # fmt: skip


def shaken(*shocks: dict, programme: str = "iccm-as-delivered", **more: object) -> Scenario:
    return load_scenario(f"sahel/{programme}", overrides={**WORLD, **more}, shocks=shocks)


def test_a_zone_of_many_people_has_its_shock_and_its_staff():
    """Both make parameters of a zone's own: the one must not put the other aside."""
    staffed = {"setting.fac.people": 900, "setting.place.people": 3000}
    plan = make_plan(shaken(own(far=3.0), **staffed))
    people = plan.places.zone_people
    assert people.min() > 900
    usual, struck = (plan.record(plan.warmup + FROM, zone)[0] for zone in (SPARED, STRUCK))
    assert (usual.shock_far, struck.shock_far) == (1.0, 3.0)
    for zone, record in ((SPARED, usual), (STRUCK, struck)):
        ratio = people[zone] / 900
        before = plan.record(plan.warmup + FROM - 1, zone)[0]
        assert record.fac_minutes_day == before.fac_minutes_day == pytest.approx(
            ratio * make_plan(shaken()).record(plan.warmup)[0].fac_minutes_day)  # fmt: skip
        assert before.shock_far == 1.0


# --- words ------------


@pytest.mark.parametrize(
    ("shock", "said"),
    [
        ({"kind": "floood", "day": 3}, "shock[0].kind = 'floood': unknown shock; did you mean flood?"),
        ({"kind": "flood"}, "shock[0]: must have a day"),
        ({"day": 3}, "shock[0]: must have a kind"),
        ({"kind": "flood", "day": -1},
         "shock[0].day = -1: must be a whole number between 0 and 299 (days after launch, within the run)"),
        ({"kind": "flood", "day": 300},
         "shock[0].day = 300: must be a whole number between 0 and 299 (days after launch, within the run)"),
        ({"kind": "flood", "day": 3, "days": 0},
         "shock[0].days = 0: must be a whole number of at least 1 (how long it lasts)"),
        ({"kind": "own", "day": 3, "shock.far": 2}, "shock[0]: must have days (how long it lasts)"),
        ({"kind": "own", "day": 3, "days": 3},
         "shock[0]: sets nothing; give it at least one value, such as shock.closed = 1"),
        ({"kind": "flood", "day": 3, "zones": 0},
         'shock[0].zones = 0: must be "all", a share above 0 and at most 1, or a list of zone numbers'),
        ({"kind": "flood", "day": 3, "zones": [-1]},
         'shock[0].zones = [-1]: must be "all", a share above 0 and at most 1, or a list of zone numbers'),
        ({"kind": "flood", "day": 3, "shock.closd": 1},
         "shock[0].shock.closd: unknown key; did you mean shock.closed?"),
        ({"kind": "flood", "day": 3, "shock.closed": 2},
         "shock[0].shock.closed = 2: must be between 0 and 1 (share of days)"),
        ({"kind": "flood", "day": 3, "seek.fee": 1}, "shock[0].seek.fee: no shock can set this"),
        ({"kind": "flood", "day": 3, "chw.catch": 500}, "shock[0].chw.catch: no shock can set this"),
    ],
)  # fmt: skip
def test_a_wrong_shock_is_refused_in_one_line(shock, said):
    with pytest.raises(ScenarioError) as refused:
        shaken(shock)
    assert str(refused.value) == said


def test_a_zone_that_does_not_exist_is_refused():
    with pytest.raises(ScenarioError, match=r"shock\[0\]\.zones: there is no zone 7; they are 0 to 1"):
        make_plan(shaken({"kind": "flood", "day": 3, "zones": [7]}))


def test_two_surges_in_one_zone_are_refused():
    twice = [{"kind": "malaria-surge", "day": day} for day in (3, 200)]
    with pytest.raises(ScenarioError, match="malaria surges twice in zone 0"):
        make_plan(shaken(*twice))


STRIKE, FIGHTING = ({"kind": "own", "day": day, "days": days, "zones": "all", "shock.closed": closed}
                    for day, days, closed in ((100, 30, 0.9), (50, 150, 0.2)))  # fmt: skip


@pytest.mark.parametrize("shocks", [(STRIKE, FIGHTING), (FIGHTING, STRIKE)])
def test_of_two_shocks_at_once_the_worse_holds_whichever_is_written_first(shocks):
    plan = make_plan(shaken(*shocks))
    closed = [float(plan.record(plan.warmup + day, STRUCK)[0]["shock_closed"]) for day in (40, 60, 110, 140, 220)]
    assert closed == [0.0, 0.2, 0.9, 0.2, 0.0]


def test_of_two_shocks_at_once_the_worse_holds_product_by_product_and_milder_words_mend_nothing():
    lacking = [[0] * 9, [0] * 9]
    lacking[0][AMOXICILLIN], lacking[1][ACT_CHILD] = 1, 1
    first, second = (own(store_out=each, far=far, avoid_chw=shun)
                     for each, far, shun in zip(lacking, (1.5, 3.0), (0.7, 0.0), strict=True))  # fmt: skip
    plan = make_plan(shaken(first, {**second, "kind": "own"}))
    p = plan.record(plan.warmup + FROM, STRUCK)[0]
    assert p["shock_store_out"].tolist() == [max(pair) for pair in zip(*lacking, strict=True)]
    assert (p["shock_far"], p["shock_avoid_chw"]) == (3.0, 0.7)


def cliff(**more: object) -> dict:
    return {"kind": "own", "day": 10, "days": 30, "zones": "all", "sup.fill": 0.5, **more}


@pytest.mark.parametrize("zones", ["all", [0, 1], [1]])
def test_a_lever_that_two_shocks_set_differently_at_once_is_refused(zones):
    said = (r"^shock\[1\]\.sup\.fill = 0\.3: must be 0\.5, as shock\[0\] has it, which is in force in the same zones "
            r"on some of the same days$")  # fmt: skip
    with pytest.raises(ScenarioError, match=said):
        shaken(cliff(), cliff(**{"day": 39, "zones": zones, "sup.fill": 0.3}))


def test_shares_of_zones_are_refused_where_they_meet_and_not_elsewhere():
    apart = cliff(zones=0.5), cliff(**{"zones": 0.5, "sup.fill": 0.3})
    first, second = (zones_hit(Shock("own", 10, 30, 0.5, {}), number, 2) for number in (0, 1))
    if first == second:
        with pytest.raises(ScenarioError, match=r"sup\.fill"):
            make_plan(shaken(*apart))
    else:
        make_plan(shaken(*apart))
    with pytest.raises(ScenarioError, match=r"sup\.fill"):
        make_plan(shaken(apart[0], {**apart[1], "zones": list(first)}))


def test_shocks_may_set_a_lever_differently_in_turn_in_other_zones_or_alike_at_once():
    other = {"sup.fill": 0.3}
    make_plan(shaken(cliff(), cliff(day=40, **other)))
    make_plan(shaken(cliff(zones=[0]), cliff(zones=[1], **other)))
    make_plan(shaken(cliff(), cliff(day=20)))


def test_the_rules_that_bind_levers_to_each_other_hold_under_a_shock_too():
    forbids = {"kind": "own", "day": 50, "days": 30, "policy.antibiotics": 0}
    with pytest.raises(ScenarioError) as refused:
        shaken(forbids, programme="iccm-with-newborn-care")
    assert str(refused.value) == "shock[0].policy.newborn = 2: must be 0 where policy.antibiotics is 0"
    assert shaken(forbids).shocks
    with pytest.raises(ScenarioError, match=r"^shock\[0\]\.policy\.youngest_months = 60: must be below"):
        shaken({"kind": "own", "day": 50, "days": 30, "policy.youngest_months": 60})


def test_the_rules_hold_after_a_change_within_a_shock(tmp_path):
    file = tmp_path / "mine.toml"
    text = '''
        format = 1
        extends = "sahel/iccm-as-delivered"
        [[shock]]
        kind = "own"
        day = 50
        days = 60
        policy.antibiotics = 0
        [[programme.change]]
        day = {day}
        policy.newborn = 1
    '''
    for day, fault in ((60, True), (110, False)):
        file.write_text(text.format(day=day), encoding="utf-8")
        if fault:
            with pytest.raises(ScenarioError, match=r"^shock\[0\]\.policy\.newborn = 1: must be 0"):
                load_scenario(file)
        else:
            assert load_scenario(file).shocks


def test_a_scenario_file_keeps_its_shocks(tmp_path):
    file = tmp_path / "mine.toml"
    text = """
        format = 1
        extends = "sahel/iccm-as-delivered"
        [[shock]]
        kind = "flood"
        day = 20
        zones = 0.5
        shock.far = 3
        [[shock]]
        kind = "own"
        day = 9
        days = 2
        pay.on = 0
    """
    file.write_text(text, encoding="utf-8")
    scenario = load_scenario(file)
    assert [(shock.kind, shock.day, shock.days, shock.zones) for shock in scenario.shocks] == [
        ("flood", 20, 45, 0.5), ("own", 9, 2, "all")]  # fmt: skip
    assert scenario.shocks[0].values["shock.far"] == 3.0
    again = tmp_path / "again.toml"
    again.write_text(scenario.to_toml(), encoding="utf-8")
    assert load_scenario(again).shocks == scenario.shocks
    assert load_scenario(again).hash() == scenario.hash() != load_scenario("sahel/iccm-as-delivered").hash()


def test_a_shock_is_told_in_the_facts_of_a_run_and_the_sentence_names_what_is_its_own():
    plan = make_plan(shaken({"kind": "flood", "day": 20, "zones": [0], "shock.far": 3}))
    (told,) = facts_of(plan)["shocks"]
    assert json.loads(json.dumps(told)) == told
    assert with_own_values(told) == ("day 20 to 64 after launch, in zones [0]: flood. A flood: no delivery, every way "
                                     "twice as long. Sets shock.far = 3.")  # fmt: skip
    assert facts_of(make_plan(shaken()))["shocks"] == []


def test_arms_that_differ_in_shocks_are_named():
    flood, strike = ({"kind": kind, "day": 3, "days": 9, "zones": "all"} for kind in ("flood", "strike"))
    assert lopsided(("a", "b"), ([flood, strike], [strike, flood])) == ""
    assert lopsided(("a", "b"), ([], [])) == ""
    assert lopsided(("a", "b", "c"), ([flood], [flood], [{**flood, "day": 4}])) == (
        "flood (day 3 to 11 after launch, in all zones) befalls a and b only; "
        "flood (day 4 to 12 after launch, in all zones) befalls c only")  # fmt: skip


@compiled_only
def test_a_comparison_tells_its_shocks_and_warns_if_they_befall_one_arm_only():
    flood = {"kind": "flood", "day": 20, "zones": 0.5}
    short = {"run.days": 60, "run.warmup_days": 20, "run.tail_days": 0}
    hit = {"facility-only": [flood], "iccm-as-delivered": [flood], "iccm-supported": []}
    arms = [shaken(*shocks, programme=name, **short) for name, shocks in hit.items()]
    assert zones_in_words(1e-9) == "in less than 1 % of zones, at least one"
    assert zones_in_words(0.01) == "in 1 % of zones"
    sentence = "day 20 to 64 after launch, in 50 % of zones: flood. A flood: no delivery, every way twice as long."
    even, uneven = (compare(each, seeds=2, threads=1).to_json() for each in (arms[:2], arms))
    assert [arm["shocks"][0]["kind"] for arm in even["arms"]] == ["flood", "flood"]
    assert "shocks" not in even["arms"][0]["setting"]
    assert [name for name, *_ in estimates_of(even["arms"][1]) if "shock" in name] == []
    assert [text for text in even["warnings"] if "befalls" in text] == []
    assert f"Shock in every arm, {sentence}" in comparison_text(even, width=200)
    assert uneven["arms"][2]["shocks"] == []
    assert ("flood (day 20 to 64 after launch, in 50 % of zones) befalls sahel/facility-only and "
            "sahel/iccm-as-delivered only: what a shock does is counted as an effect of the programme; give every arm "
            "the same [[shock]]") in uneven["warnings"]  # fmt: skip
    assert f"Shock in facility-only and iccm-as-delivered only, {sentence}" in comparison_text(uneven, width=200)


@compiled_only
def test_a_run_tells_its_shocks():
    short = {"run.days": 60, "run.warmup_days": 20, "run.tail_days": 0}
    result = simulate(shaken({"kind": "strike", "day": 20}, **short), seed=1, threads=1)
    said = numbers_of(result)
    assert said["setting"]["shocks"][0]["kind"] == "strike"
    (shock,) = (line for line in run_text(said).splitlines() if line.startswith("Shock"))
    assert shock.startswith("Shock, day 20 to 49 after launch, in all zones: strike. Health centres are shut on ")


def test_shock_must_be_written_as_a_list(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('format = 1\nextends = "sahel/iccm-as-delivered"\n[shock]\nkind = "flood"\n', encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenario(file)
    assert str(refused.value) == "shock: must be written [[shock]], one for each"


def test_a_larger_share_of_zones_adds_to_a_smaller():
    hits = [set(zones_hit(Shock("own", 0, 1, share, {}), 0, 24)) for share in (0.01, 0.25, 0.5, 1.0)]
    assert [len(each) for each in hits] == [1, 6, 12, 24]
    assert all(small < large for small, large in pairwise(hits))
    assert zones_hit(Shock("own", 0, 1, 0.25, {}), 1, 24) != zones_hit(Shock("own", 0, 1, 0.25, {}), 0, 24)


@pytest.mark.parametrize(("share", "n_zones", "hit"), [
    (0.5, 3, 2), (0.5, 4, 2), (0.34, 5, 2), (0.28, 5, 1), (0.01, 5, 1), (0.99, 5, 5)])  # fmt: skip
def test_a_share_of_zones_is_the_nearest_whole_number_of_them_and_at_least_one(share, n_zones, hit):
    assert len(zones_hit(Shock("own", 0, 1, share, {}), 0, n_zones)) == hit


# --- one provider, one rule ------------


def test_a_health_centre_is_shut_on_a_share_of_days():
    p, centre = parameters(shock_closed=0.3), a_provider(AT_FACILITY)
    assert_share(sum(bool(is_shut(centre, p, KEY, day)) for day in range(MANY)), MANY, 0.3)
    assert not any(is_shut(centre, parameters(), KEY, day) for day in range(50))


def test_the_same_share_of_chws_is_driven_away_every_day():
    p = parameters(shock_chws_gone=0.4)
    gone = [bool(is_displaced(a_provider(number=i), p, KEY)) for i in range(MANY)]
    assert_share(sum(gone), MANY, 0.4)
    assert gone == [bool(is_displaced(a_provider(number=i), p, KEY)) for i in range(MANY)]
    assert not any(is_displaced(a_provider(number=i), parameters(), KEY) for i in range(50))
    assert not any(is_displaced(a_provider(AT_FACILITY, number=i), p, KEY) for i in range(50))


def test_a_recalled_product_is_thrown_out_and_booked_and_no_other():
    recall = [0.0] * 9
    recall[AMOXICILLIN] = 1.0
    chw, month = a_provider(stock=7), a_month()
    withdraw(chw, month, parameters(shock_recall=recall))
    assert (chw.stock[AMOXICILLIN], chw.expired[AMOXICILLIN], month.expired[AMOXICILLIN]) == (0, 7, 7)
    assert chw.stock[ACT_CHILD] == 7
    assert chw.expired.sum() == 7
    withdraw(chw, month, parameters(shock_recall=recall))
    assert chw.expired[AMOXICILLIN] == 7


# --- what it does ------------


@cache
def lived_through(programme: str, shock: tuple, seed: int, more: tuple = ()) -> Simulation:
    scenario = shaken(*([dict(shock)] if shock else []), programme=programme, **dict(more))
    return Simulation(scenario, seed=seed, threads=1).run()


def runs(shock: dict | None, *, programme: str = "iccm-as-delivered", **more: object):
    """The struck zone of each seed, with the shock or without."""
    frozen = () if shock is None else tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in shock.items())
    return [lived_through(programme, frozen, seed, tuple(more.items())).runs[STRUCK] for seed in SEEDS]


def during(run, *, after: int = 0, days: int = LASTS):
    """Visits from so many days after the shock began."""
    visit, first = run.zone.visit[: run.zone.n[1]], run.plan.warmup + FROM + after
    return visit[(visit["minute"] >= first * DAY) & (visit["minute"] < (first + days) * DAY)]


def seen(runs_of, provider: int, **span: int) -> int:
    return sum(int(((v["provider"] == provider) & (v["marks"] & FOUND_CLOSED == 0)).sum())
               for v in (during(run, **span) for run in runs_of))  # fmt: skip


@compiled_only
@pytest.mark.parametrize("kind", sorted(shock_kinds()))
def test_every_shock_of_the_library_strikes_its_zones_from_its_day_on_and_no_others(kind):
    quiet, struck = shaken(), shaken({"kind": kind, "day": FROM, "days": LASTS, "zones": [STRUCK]})
    a, b = Simulation(quiet, seed=1, threads=1), Simulation(struck, seed=1, threads=1)
    day = a.plan.warmup + FROM
    a.run_to(day), b.run_to(day)
    if kind != "malaria-surge":  # candidate onsets are drawn before anything happens
        assert digest(a) == digest(b)
    a.run(), b.run()
    assert digest(a.runs[SPARED]) == digest(b.runs[SPARED])
    assert digest(a.runs[STRUCK]) != digest(b.runs[STRUCK])


@compiled_only
def test_a_shut_health_centre_turns_children_back_and_opens_again():
    closed = [during(run) for run in runs(own(closed=1.0))]
    at_door = [v[v["provider"] == AT_FACILITY] for v in closed]
    assert sum(map(len, at_door)) > 30
    assert all((v["marks"] & FOUND_CLOSED > 0).all() for v in at_door)
    again = seen(runs(own(closed=1.0)), AT_FACILITY, after=LASTS + 30)
    assert again > 0.7 * seen(runs(None), AT_FACILITY, after=LASTS + 30)


@compiled_only
@pytest.mark.parametrize(("what", "provider"), [({"avoid_facility": 2.0}, AT_FACILITY), ({"avoid_chw": 2.0}, AT_CHW),
                                                ({"far": 6.0}, AT_FACILITY), ({"chws_gone": 1.0}, AT_CHW)])  # fmt: skip
def test_what_keeps_families_away_or_chws_is_felt_and_passes(what, provider):
    usual, shock = runs(None), runs(own(**what))
    assert seen(shock, provider) < 0.7 * seen(usual, provider)
    assert seen(shock, provider, after=LASTS + 60) > 0.75 * seen(usual, provider, after=LASTS + 60)


@compiled_only
def test_nothing_is_delivered_while_roads_are_cut():
    for run in runs(own(cut=1)):
        book, first = run.zone.monthly, int(run.plan.record(0)[0].month_offset)
        assert book["received"][:, first + 4].sum() == 0  # all of May is within the sixty days from day 120
        assert book["received"][:, first + 7].sum() > 0


@compiled_only
def test_chws_who_are_driven_away_are_not_supplied_visited_or_heard_of_until_they_are_back():
    more = {"spv.freq": 1.0, "spv.targeted": 1, "spv.report": 1.0}
    books = ("reported", "supervised", "received", "ordered")
    for run in runs(own(chws_gone=1.0), **more):
        book, first = run.zone.monthly[1:], int(run.plan.record(0)[0].month_offset)
        assert book["days_in_post"][:, first + 4].sum() > 0  # all of May is within the sixty days from day 120
        assert [int(book[name][:, first + 4].sum()) for name in books] == [0] * 4
        assert all(book[name][:, first + 7].sum() > 0 for name in books)
        assert run.zone.monthly["received"][0, first + 4 : first + 6].sum() > 0  # the health centre goes on


@compiled_only
def test_no_supervisor_comes_while_roads_are_cut():
    for run in runs(own(cut=1), **{"spv.freq": 1.0}):
        book, first = run.zone.monthly[1:], int(run.plan.record(0)[0].month_offset)
        assert book["supervised"][:, first + 4].sum() == 0
        assert book["supervised"][:, first + 7].sum() > 0


@compiled_only
def test_what_has_grown_too_old_is_thrown_out_where_no_road_leads_too():
    for run in runs(own(cut=1), **{"sup.shelf": 20, "sup.buffer": 90}):
        book, first = run.zone.monthly[1:], int(run.plan.record(0)[0].month_offset)
        assert book["received"][:, first + 4].sum() == 0
        assert book["expired"][:, first + 4].sum() > 0


@compiled_only
def test_a_recalled_product_leaves_every_shelf_and_comes_back():
    recall = [0.0] * 9
    recall[AMOXICILLIN] = 1.0
    for run in runs(own(recall=recall)):
        first = run.plan.warmup + FROM
        shelf = run.zone.stock_by_day[:, :, AMOXICILLIN]
        assert shelf[first - 1].sum() > 0
        assert (shelf[first : first + LASTS] == 0).all()
        assert shelf[first + LASTS + 60 :].sum() > 0
        assert run.zone.provider["expired"][:, AMOXICILLIN].sum() > 0


@compiled_only
def test_a_break_of_the_pipeline_empties_shelves_and_they_fill_again():
    """No ACT comes from the district for a quarter. The health centre's store lasts two months; then shelves are bare
    until deliveries have come through again."""
    out = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    lacking = {}
    for name, shock in (("usual", None), ("break", {**own(store_out=out), "day": 180, "days": 90})):
        lived = runs(shock, **{"run.days": 500})
        shelves = [run.zone.stock_by_day[:, :, [ACT_INFANT, ACT_CHILD]] for run in lived]
        first = lived[0].plan.warmup + 180
        for span, start, days in (("before", -first, first + 60), ("late", 90, 60), ("long after", 200, 90)):
            bare = [each[first + start : first + start + days] == 0 for each in shelves]
            lacking[name, span] = np.mean([each.mean() for each in bare])
    assert lacking["break", "before"] == lacking["usual", "before"]
    assert lacking["break", "late"] > lacking["usual", "late"] + 0.2
    assert lacking["break", "long after"] == pytest.approx(lacking["usual", "long after"], abs=0.1)


@compiled_only
def test_a_flood_month_shows_its_trace_and_its_recovery():
    usual, flood = runs(None), runs({**own(), "kind": "flood", "days": 30})

    def visits(each, **span):
        return [seen([run], AT_CHW, **span) + seen([run], AT_FACILITY, **span) for run in each]

    fewer = np.array(visits(usual, days=30)) - visits(flood, days=30)
    assert fewer.mean() > 3 * fewer.std(ddof=1) / np.sqrt(len(fewer))
    assert sum(visits(flood, after=90)) == pytest.approx(sum(visits(usual, after=90)), rel=0.1)


@compiled_only
def test_malaria_surges_only_while_it_does_and_attacks_by_less_than_the_rate():
    def onsets(sims, first, days):
        start = sims[0].plan.warmup + first
        total = 0
        for run in sims:
            day = run.course["onset"][run.course["illness"] == MALARIA] // DAY
            total += int(((day >= start) & (day < start + days)).sum())
        return total

    usual, surge = runs(None), runs(own(malaria=3.0))
    assert onsets(surge, 0, FROM) == onsets(usual, 0, FROM)
    within = onsets(surge, FROM, LASTS), onsets(usual, FROM, LASTS)
    # three times the rate while at risk; children who are ill already cannot fall ill again, so somewhat less
    assert 2.2 < within[0] / within[1] < 2.9
    after = onsets(surge, FROM + LASTS + 30, 60), onsets(usual, FROM + LASTS + 30, 60)
    assert_share(after[0], sum(after), 0.5)


@compiled_only
@pytest.mark.parametrize("programme", ["iccm-as-delivered", "information-improved"])
def test_a_funding_cliff_stops_pay_and_visits_for_its_days(programme):
    for run in runs({**own(), "kind": "funding-cliff", "days": 90}, programme=programme):
        first = int(run.plan.record(0)[0].month_offset)
        book = run.zone.monthly[1:]
        assert book["supervised"][:, first + 5].sum() == 0
        assert book["unpaid"][:, first + 5].sum() > 0
        assert book["unpaid"][:, first + 8].sum() == 0


@compiled_only
def test_a_run_with_shocks_is_the_same_however_it_is_cut():
    scenario = shaken(own(closed=0.5, far=2.0, chws_gone=0.3), {"kind": "flood", "day": 40, "days": 20, "zones": 0.5})
    at_once, by_day = Simulation(scenario, seed=2, threads=2).run(), Simulation(scenario, seed=2, threads=1)
    for day in range(1, by_day.plan.days + 1):
        by_day.run_to(day)
    assert {n: v.tobytes() for n, v in cells(at_once)} == {n: v.tobytes() for n, v in cells(by_day)}


@compiled_only
def test_arms_may_differ_in_a_flood_but_not_in_a_surge():
    flooded = shaken({"kind": "flood", "day": 50})
    more = compare([shaken(), flooded_as(flooded, "flooded")], seeds=1).to_json()
    assert more["arms"][1]["births"] == more["arms"][0]["births"]
    surge = flooded_as(shaken({"kind": "malaria-surge", "day": 50}), "surge")
    with pytest.raises(ScenarioError, match="differ in surges of malaria"):
        compare([shaken(), surge], seeds=1)


def flooded_as(scenario: Scenario, name: str) -> Scenario:
    from dataclasses import replace

    return replace(scenario, name=name)
