"""Arms side by side: what is averted is who lives, pairing is exact, intervals are honest, the form is kept."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from places import refused
from small import TWO_ZONES, tiny

from iccmsim.core.records import (
    ALIVE,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    CAUSES,
    CHILD,
    COURSE,
    DEAD,
    DIED,
    ILLNESSES,
    INFORMAL,
    MISSED_CHW,
    PREVENTED,
    RECOVERED,
    table,
)
from iccmsim.engine.pairs import (
    CARE,
    ELSEWHERE,
    LIFE,
    PAIRS,
    PARTS,
    cohort_is_complete,
    pair_courses,
    pair_fates,
)
from iccmsim.engine.simulation import Simulation
from iccmsim.engine.tally import TALLY
from iccmsim.exchange.district import load_places
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.comparison import comparison_text
from iccmsim.results.list_formula import complete_care
from iccmsim.results.mortality import WINDOW
from iccmsim.results.result import simulate
from iccmsim.studies.check import check
from iccmsim.studies.compare import Comparison, compare, seeds_of
from iccmsim.studies.estimate import estimate, percent_less, ratio, share_held
from iccmsim.studies.summary import ceiling, clear_gap

SEEDS = (1, 2, 3)
LONG = {**TWO_ZONES, "run.days": 1826, "run.tail_days": 366}
Q_KEYS = {"mean", "low", "high", "mcse"}


def arms(more=TWO_ZONES):
    return [tiny("facility-only", name="without", more=more), tiny(name="with", more=more),
            tiny("iccm-supported", name="supported", more=more)]  # fmt: skip


@pytest.fixture(scope="module")
def comparison():
    return compare(arms(LONG), seeds=SEEDS, threads=2)


@pytest.fixture(scope="module")
def said(comparison):
    return comparison.to_json()


def test_averted_is_saved_less_lost_and_the_difference_of_deaths(comparison):
    for i in range(3):
        without, given = (comparison.tallies["deaths"][:, arm, :11].sum(axis=(1, 2, 3)) for arm in (0, i))
        saved, lost = (comparison.pairs[name][:, i].sum(axis=1) for name in ("saved", "lost"))
        assert (saved - lost).tolist() == (without - given).tolist()
        for group in ("age", "wealth", "km", "part"):
            assert comparison.pairs[f"saved_by_{group}"][:, i].sum(axis=1).tolist() == saved.tolist()
            assert comparison.pairs[f"lost_by_{group}"][:, i].sum(axis=1).tolist() == lost.tolist()
    assert comparison.pairs["saved"][:, 1].sum() > 0


def test_saved_and_lost_are_the_rows_of_two_runs_apart(comparison):
    runs = [simulate(arm, seed=2, threads=1).children for arm in arms(LONG)[:2]]
    died = [(run.state == "dead") & (run.end_day >= 0) & (run.end_day < 1826) for run in runs]
    assert comparison.pairs["saved"][1, 1].sum() == (died[0] & ~died[1]).sum()
    assert comparison.pairs["lost"][1, 1].sum() == (died[1] & ~died[0]).sum()
    late = [(run.state == "dead") & (run.end_day >= 1096) & (run.end_day < 1826) for run in runs]
    assert comparison.pairs["last_two"][1, 1] == late[0].sum() - late[1].sum()
    born = (runs[0].birth_day >= 0) & (runs[0].birth_day < 365)
    assert comparison.pairs["cohort"][1, 1] == born.sum()
    dead = [(run.state == "dead") & born for run in runs]
    assert comparison.pairs["by_five"][1, 1] == dead[0].sum() - dead[1].sum()
    assert not ((runs[0].state == "alive") & born).any()
    age = [((run.end_day - run.birth_day) / 365.25) for run in runs]
    assert comparison.pairs["age_saved"][1, 1] == pytest.approx(age[0][died[0] & ~died[1]].sum())


def part_of_chw(run, child, illness, other):
    """What the tables of two runs tell of a CHW's part in the episode of which a child dies in the first."""
    fatal = illness.set_index("child").loc[child]
    twin = other.episodes[other.episodes.episode_id == fatal.episode_id]
    happened = len(twin) == 1 and twin.outcome.iloc[0] != "prevented"
    if fatal.by_chw or (happened and twin.by_chw.iloc[0]):
        return "saw_chw"
    missed = fatal.missed_chw or (happened and twin.missed_chw.iloc[0])
    for visits in (run.visits, *([other.visits] if happened else [])):
        mine = visits[(visits.child == child) & (visits.provider == "chw") & (visits.day >= fatal.onset_day)]
        if (mine.day < fatal.kills_day).any():
            assert missed  # and so it is without a visit, of who waits in the line
    return "missed_chw" if missed else "no_chw" if happened else "ill_in_one_arm"


def test_what_a_chw_had_to_do_with_it_is_what_the_tables_of_both_arms_tell():
    two = arms({**LONG, "place.people": 12000})[:2]
    compared, found = compare(two, seeds=(1, 2), threads=2), {}
    for seed in compared.seeds:
        runs = [simulate(arm, seed=seed, threads=2) for arm in two]
        died = [(run.children.state == "dead") & (run.children.end_day >= 0) & (run.children.end_day < 1826)
                for run in runs]  # fmt: skip
        for word, run, other, only in (("saved", *runs, died[0] & ~died[1]), ("lost", *runs[::-1], died[1] & ~died[0])):
            episodes = run.episodes[run.episodes.outcome == "died"]
            for child in run.children.child[only]:
                key = word, part_of_chw(run, child, episodes, other)
                found[key] = found.get(key, 0) + 1
    counted = {(word, part): int(compared.pairs[f"{word}_by_part"][:, 1, k].sum())
               for word in ("saved", "lost") for k, part in enumerate(PARTS)}  # fmt: skip
    assert {key: n for key, n in counted.items() if n} == found
    assert len(found) >= 5


def beside(without: list, given: list) -> np.record:
    """What is counted of illnesses, a child each, as they go in two arms: (outcome, providers who saw it)."""
    n = len(given)
    lives, care, children, courses = (table(record, n) for record in (LIFE, CARE, CHILD, COURSE))
    for person, illness, arm in ((lives, care, without), (children, courses, given)):
        for i, (outcome, seen_by) in enumerate(arm):
            person[i].state, person[i].end = DEAD if outcome == DIED else ALIVE, 50
            illness[i].outcome = outcome
            illness[i].seen_by = sum(1 << who for who in seen_by)
            illness[i].first_care = 20 if set(seen_by) - {MISSED_CHW} else -1
            illness[i].first_formal = 20 if set(seen_by) & {AT_CHW, AT_FACILITY, AT_HOSPITAL} else -1
    courses["child"], courses["onset"] = np.arange(n), 10
    out = table(PAIRS, 1)
    pair_fates(lives, care, children, courses, 0, 100, out)
    pair_courses(care, courses, 0, 100, out)
    return out[0]


@pytest.mark.parametrize(("dies_in", "first", "second"), [("saved", 0, 1), ("lost", 1, 0)])
def test_an_illness_is_of_one_arm_only_where_it_came_about_in_that_arm_alone(dies_in, first, second):
    """Who dies in the first arm is saved, who dies in the second is lost; both are asked the same."""
    fatal = [(DIED, ()), (DIED, ()), (DIED, (AT_CHW,)), (DIED, ()), (DIED, (MISSED_CHW,))]
    there = [(PREVENTED, ()), (RECOVERED, ()), (PREVENTED, ()), (RECOVERED, (MISSED_CHW,)), (RECOVERED, (AT_CHW,))]
    both = fatal, there
    counted = beside(both[first], both[second])[f"{dies_in}_by_part"]
    assert dict(zip(PARTS, counted.tolist(), strict=True)) == {
        "saw_chw": 2, "missed_chw": 1, "ill_in_one_arm": 1, "no_chw": 1}  # fmt: skip


def test_without_its_chw_a_child_is_where_the_highest_provider_saw_it():
    went = [(), (INFORMAL,), (AT_FACILITY, INFORMAL), (AT_HOSPITAL,), (AT_FACILITY, AT_HOSPITAL), (AT_CHW,)]
    without = [(RECOVERED, seen_by) for seen_by in went] + [(PREVENTED, ())]
    counted = beside(without, [(RECOVERED, (AT_CHW,))] * len(without))["elsewhere"].sum(axis=1)
    assert dict(zip(ELSEWHERE, counted.tolist(), strict=True)) == {
        "no_care": 1, "informal": 1, "chw": 1, "facility": 1, "hospital": 2, "not_ill": 1}  # fmt: skip


def test_chws_who_are_hardly_ever_there_matter_by_that_alone():
    more = {**LONG, "place.people": 12000}
    hardly = {**more, "chw.absent": 0.95, "night.avail": 0}
    found = compare([tiny("facility-only", name="without", more=more), tiny(name="away", more=hardly)], seeds=2)
    saved, lost = (dict(zip(PARTS, found.pairs[f"{word}_by_part"][:, 1].sum(axis=0), strict=True))
                   for word in ("saved", "lost"))  # fmt: skip
    assert lost["missed_chw"] + saved["missed_chw"] > 3 * (lost["saw_chw"] + saved["saw_chw"]) + 10


def test_episodes_that_a_chw_saw_are_found_again_in_the_arm_without(comparison):
    episodes = [simulate(arm, seed=2, threads=1).episodes for arm in arms(LONG)[:2]]
    inside = [e[(e.onset_day >= 0) & (e.onset_day < 1826) & (e.outcome != "prevented")] for e in episodes]
    seen = inside[1][inside[1].by_chw | (inside[1].first_provider == "chw")]
    there = inside[0].set_index("episode_id").reindex(seen.episode_id)
    elsewhere = comparison.pairs["elsewhere"][1, 1].sum(axis=1)
    assert elsewhere.sum() == len(seen) > 500
    assert elsewhere[5] == there.child.isna().sum()
    assert elsewhere[0] == (there.child.notna() & there.first_care_day.isna()).sum()
    assert elsewhere[2] == 0
    assert elsewhere[3] + elsewhere[4] == there.first_formal_day.notna().sum()


def test_an_arm_beside_itself_averts_exactly_nothing():
    twice = compare([tiny(name="one"), tiny(name="other")], seeds=SEEDS, threads=2)
    for name in TALLY.names:
        assert np.array_equal(twice.tallies[name][:, 0], twice.tallies[name][:, 1]), name
    assert not any(twice.pairs[name][:, 1].any() for name in PAIRS.names if name not in ("elsewhere", "cohort"))
    arm = twice.to_json()["arms"][1]
    nothing = {"mean": 0.0, "low": 0.0, "high": 0.0, "mcse": 0.0}
    for name in ("deaths_averted", "saved", "lost", "deaths_averted_expected", "percent_averted", "life_years_gained"):
        assert arm[name] == nothing, name


def test_threads_and_other_arms_change_nothing(comparison):
    again = compare(arms(LONG)[:2], seeds=[2], threads=1)
    for name in TALLY.names:
        assert np.array_equal(again.tallies[name][0], comparison.tallies[name][1, :2]), name
    for name in PAIRS.names:
        assert np.array_equal(again.pairs[name][0], comparison.pairs[name][1, :2]), name


def test_counts_of_an_arm_are_those_of_simulate(comparison):
    alone = simulate(arms(LONG)[1], seed=3, tables=False, threads=2)
    assert all(np.array_equal(alone.tally[name], comparison.tallies[name][2, 1]) for name in TALLY.names)


def is_q(value):
    return set(value) == Q_KEYS and all(v is None or isinstance(v, float) for v in value.values())


def test_the_object_has_the_form_that_programs_rely_on(said):
    assert {"format", "interval", "replicates", "seeds", "window_days", "arms", "warnings"} <= set(said)
    assert (said["format"], said["replicates"], said["seeds"]) == (1, 3, [1, 2, 3])
    assert said["interval"] == {"kind": "chance", "level": 0.95}
    assert said["window_days"] == [0, 1826]
    assert all(isinstance(text, str) for text in said["warnings"])
    for arm in said["arms"]:
        assert isinstance(arm["name"], str)
        assert isinstance(arm["births"], float)
        assert isinstance(arm["child_years"], float)
        for name in ("u5mr", "nmr", "deaths", "deaths_averted", "percent_averted", "saved", "lost",
                     "deaths_averted_expected", "deaths_averted_by_five", "deaths_averted_last_two_years",
                     "life_years_gained"):  # fmt: skip
            assert is_q(arm[name]), name
            assert arm[name]["low"] <= arm[name]["mean"] <= arm[name]["high"] or name == "percent_averted"
        assert set(arm["episodes"]) == set(ILLNESSES)
        assert all(is_q(q) for q in (*arm["episodes"].values(), *arm["treated_effectively"].values()))
        assert set(arm["by_cause"]) == set(CAUSES)
        for parts in ("by_cause", "by_age", "by_wealth", "by_distance"):
            assert all(is_q(part["deaths"]) and is_q(part["deaths_averted"]) for part in arm[parts].values())
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_parts_add_up_to_the_whole(said):
    for arm in said["arms"]:
        for parts in ("by_cause", "by_age", "by_wealth", "by_distance"):
            for name in ("deaths", "deaths_averted", "saved", "lost"):
                total = sum(part[name]["mean"] for part in arm[parts].values())
                assert total == pytest.approx(arm[name]["mean"], abs=1e-9), (parts, name)
        shares = [q["mean"] for name, q in arm["displacement"].items() if name.startswith("from_")]
        assert arm["name"] == "without" or sum(shares) == pytest.approx(1.0)
        for name in ("malaria", "pneumonia", "diarrhoea", "newborn_infection"):
            assert 0.0 < arm["treated_effectively"][name]["mean"] < 1.0


def test_chws_raise_formal_care_and_effective_treatment(said):
    without, given = said["arms"][:2]
    assert without["setting"]["chws"] == 0 < given["setting"]["chws"]
    assert without["setting"]["share_5km"] <= given["setting"]["share_5km"]
    assert given["care_seeking"]["formal_care"]["mean"] > without["care_seeking"]["formal_care"]["mean"]
    assert given["treated_effectively"]["malaria"]["mean"] > without["treated_effectively"]["malaria"]["mean"]
    assert given["displacement"]["formal_care_change_percent"]["low"] > 0
    assert given["cases_per_chw_month"]["mean"] > 1
    assert 0 < given["stock_out"]["chw"]["any"]["mean"] < 1
    assert without["cases_per_chw_month"]["mean"] is None


def test_lists_prediction_stands_beside_the_models_and_says_what_the_gap_is(said):
    beside = said["arms"][1]["list"]
    assert said["arms"][0]["list"] is None
    assert beside["gap"]["mean"] == pytest.approx(beside["model"]["mean"] - beside["deaths_averted"]["mean"])
    by_cause = beside["by_cause"].values()
    assert sum(q["gap"]["mean"] for q in by_cause) == pytest.approx(beside["gap"]["mean"])
    assert beside["flagged"] == (abs(beside["gap"]["mean"]) > clear_gap(len(SEEDS)) * beside["gap"]["mcse"])
    assert ("larger than chance:" in beside["says"]) == beside["flagged"]
    assert ("cannot be told from chance" in beside["says"]) == (not beside["flagged"])


def test_what_complete_care_would_avert_is_reckoned_from_the_place_and_its_care(comparison, said):
    most = [arm["list"]["complete_care_percent"] for arm in said["arms"][1:]]
    assert all(each == most[0] for each in most)
    deaths, first = comparison.tallies["expected"][:, 0, WINDOW].sum(axis=(0, 1)), comparison.tallies[:, 0]
    effects = {"malaria": 0.95, "pneumonia": 0.5, "diarrhoea": 0.8, "newborn_infection": 0.65, "zinc": 0.23}
    assert comparison.facts[0]["full_effect"] == effects
    averted = sum(complete_care(row, effects) for row in first)
    assert most[0]["mean"] == pytest.approx(100 * averted / deaths.sum())
    assert 10 < most[0]["mean"] < 100 * deaths[:4].sum() / deaths.sum()
    often, seldom = (compare(arms({**TWO_ZONES, "run.days": 150, "setting.sev.mal.untreated": severe})[:2], seeds=2)
                     for severe in (0.015, 0.001))  # fmt: skip
    assert ceiling(seldom)["mean"] < ceiling(often)["mean"]  # ACT does most, and there is less for it to do


def test_a_comparison_of_an_earlier_version_has_no_ceiling_and_warns_of_none(comparison):
    older = tuple({key: fact for key, fact in facts.items() if key != "full_effect"} for facts in comparison.facts)
    tallies = comparison.tallies.copy()
    tallies["deaths"][:, 1] = 0  # more than any care could do
    for facts, warned in ((comparison.facts, True), (older, False)):
        told = replace(comparison, facts=facts, tallies=tallies.view(np.recarray)).to_json()
        assert any("beyond what complete care" in text for text in told["warnings"]) == warned
        assert (told["arms"][1]["list"]["complete_care_percent"]["mean"] is None) != warned


@pytest.mark.parametrize("seeds", [2, 3, 5, 20])
def test_chance_alone_is_flagged_as_seldom_from_few_seeds_as_from_many(seeds):
    values = np.random.default_rng(seeds).normal(size=(200_000, seeds))
    errors = np.abs(values.mean(axis=1)) / (values.std(axis=1, ddof=1) / np.sqrt(seeds))
    assert (errors > clear_gap(seeds)).mean() == pytest.approx(0.0027, abs=0.0005)
    assert clear_gap(10_000) == pytest.approx(3, abs=0.01)


def test_a_reader_is_warned_of_few_replicates_wide_error_and_an_interval_with_0():
    short = compare(arms()[:2], seeds=2, threads=2).to_json()
    assert ("2 replicates: about 32 % of such districts would fall between the 2.5 and 97.5 % points of so few, not "
            "95 %") in short["warnings"]  # fmt: skip
    assert any("before the first year's births turn five" in text for text in short["warnings"])
    assert set(short["arms"][1]["deaths_averted_by_five"].values()) == {None}
    averted = short["arms"][1]["deaths_averted"]
    assert any("interval includes 0" in text for text in short["warnings"]) == (
        averted["low"] <= 0 <= averted["high"]
    )
    if averted["mean"]:
        percent = 100 * averted["mcse"] / abs(averted["mean"])
        assert any(f"Monte-Carlo error {percent:.0f} %" in text for text in short["warnings"]) == (percent > 10)


@pytest.mark.parametrize("replicates", [2, 10, 20, 49])
def test_the_share_of_districts_within_an_interval_is_what_is_said_of_so_few(replicates):
    random = np.random.default_rng(replicates)
    for draw, near in ((random.random, 0.0), (random.normal, 0.02)):
        intervals = [estimate(draw(size=replicates)) for _ in range(2000)]
        low, high = (np.array([[q[end]] for q in intervals]) for end in ("low", "high"))
        further = draw(size=(2000, 50))
        held = ((low <= further) & (further <= high)).mean(axis=1)
        chance = 4 * held.std() / 2000**0.5
        assert held.mean() == pytest.approx(share_held(replicates), abs=near + chance)


@pytest.mark.parametrize(("replicates", "warned"), [(20, True), (49, True), (50, False)])
def test_a_reader_is_warned_of_every_interval_of_fewer_than_fifty(comparison, replicates, warned):
    rows = np.arange(replicates) % len(SEEDS)
    many = replace(comparison, seeds=tuple(range(1, replicates + 1)), tallies=comparison.tallies[rows],
                   pairs=comparison.pairs[rows])  # fmt: skip
    assert any(f"{replicates} replicates: about " in text for text in many.to_json()["warnings"]) == warned


@pytest.mark.parametrize("seed", [1.5, True, "1", np.float64(2.9), np.bool_(True), None, float("nan"), float("inf")])
def test_a_seed_that_is_no_whole_number_is_refused_by_all_who_take_one(seed):
    said = f"seed = {seed!r}: must be a whole number"
    doors = (lambda: simulate(tiny(), seed=seed), lambda: simulate(tiny(), seed=seed, tables=False),
             lambda: Simulation(tiny(), seed=seed), lambda: compare(arms()[:2], seeds=[1, seed]),
             lambda: check(tiny(), seeds=[seed]))  # fmt: skip
    for door in doors:
        with refused(said):
            door()


@pytest.mark.parametrize("seeds", [2.7, True, "1,2", None])
def test_seeds_that_are_neither_numbers_nor_how_many_are_refused(seeds):
    for door in (lambda: compare(arms()[:2], seeds=seeds), lambda: check(tiny(), seeds=seeds)):
        with refused(f"seeds = {seeds!r}: must be whole numbers, or how many"):
            door()


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2"])
def test_threads_that_are_no_whole_number_above_0_are_refused_by_all_who_take_them(threads):
    doors = (lambda: simulate(tiny(), threads=threads), lambda: simulate(tiny(), threads=threads, tables=False),
             lambda: compare(arms()[:2], seeds=[1], threads=threads),
             lambda: check(tiny(), seeds=[1], threads=threads))  # fmt: skip
    for door in doors:
        with refused(f"threads = {threads!r}: must be a whole number of at least 1, or None for all cores"):
            door()


@pytest.mark.parametrize("error", [0, -1.0, float("nan"), float("inf"), "1"])
def test_an_error_to_be_reached_that_is_no_number_above_0_is_refused(error):
    with refused(f"until_mcse = {error!r}: must be a number above 0"):
        compare(arms()[:2], seeds=[1], until_mcse=error)


def test_an_arm_that_is_neither_a_scenario_nor_the_name_of_one_is_refused():
    for door in (lambda: simulate(None), lambda: compare([tiny(), None], seeds=[1]), lambda: check(None)):
        with refused("scenario = None: must be a name (setting/programme) or a .toml file"):
            door()


def test_what_is_given_back_is_shown_in_a_line_and_not_in_pages(comparison):
    one = simulate(tiny(), seed=1, tables=False)
    assert repr(one) == f"Result(scenario={one.scenario!r}, scenario_hash={one.scenario_hash!r}, seed=1)"
    assert repr(comparison) == "Comparison(names=('without', 'with', 'supported'), seeds=(1, 2, 3))"
    assert repr(tiny()).startswith("Scenario(name=")
    assert len(repr(tiny())) < 600


def test_whole_seeds_of_other_types_are_the_same_seeds():
    assert seeds_of(np.int64(2)) == seeds_of(np.arange(1, 3)) == seeds_of([1.0, np.float64(2)]) == (1, 2)
    assert [type(seed) for seed in seeds_of(np.arange(1, 3))] == [int, int]


def test_one_seed_gives_no_interval_and_says_so():
    one = compare(arms()[:2], seeds=[7], threads=2).to_json()
    assert one["interval"] is None
    deaths = one["arms"][1]["deaths"]
    assert deaths["mean"] > 0
    assert deaths["low"] is deaths["high"] is deaths["mcse"] is None
    assert any("no interval" in text for text in one["warnings"])


def test_a_comparison_is_kept_on_disk(comparison, said, tmp_path):
    folder = comparison.save(tmp_path / "kept")
    assert Comparison.load(folder).to_json() == said
    with pytest.raises(ValueError, match="not an iccmsim comparison"):
        Comparison.load(tmp_path)
    simulate(tiny(), seed=1, tables=False).write(tmp_path / "run")
    with pytest.raises(ValueError, match="kind = 'iccmsim result'"):
        Comparison.load(tmp_path / "run")


def test_the_status_quo_of_a_comparison_is_told_and_kept(comparison, tmp_path):
    two, before = arms()[:2], tiny("iccm-supported", name="today", more=TWO_ZONES)
    lived = compare(two, seeds=1, status_quo=before)
    said = lived.to_json()
    assert said["status_quo"] == {"name": "today", "hash": before.hash()}
    assert "Status quo in the 60 days before launch: today" in comparison_text(said).splitlines()
    folder = lived.save(tmp_path / "kept")
    assert Comparison.load(folder).status_quo == lived.status_quo
    assert Comparison.load(folder).to_json() == said
    again = compare(two, seeds=1, status_quo=str(folder / "status_quo.toml"))
    assert again.tallies.tobytes() == lived.tallies.tobytes() != compare(two, seeds=1).tallies.tobytes()
    assert again.status_quo == lived.status_quo
    usual = comparison.to_json()
    assert "status_quo" not in usual
    assert "tatus quo" not in comparison_text(usual)
    comparison.save(folder)
    assert not (folder / "status_quo.toml").exists()
    assert "status_quo" not in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_the_terminal_gets_a_row_an_arm(comparison):
    rows = comparison.table()
    assert [row["arm"] for row in rows] == ["without", "with", "supported"]
    assert all(set(row) == set(rows[0]) for row in rows)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="same is the name of two arms"):
        compare([tiny(name="same"), tiny("facility-only", name="same")], seeds=[1])
    with pytest.raises(ValueError, match="a comparator and at least one more"):
        compare([tiny()], seeds=[1])
    with pytest.raises(ValueError, match="3 given twice"):
        compare(arms()[:2], seeds=[3, 3])
    with pytest.raises(ValueError, match="at least one"):
        compare(arms()[:2], seeds=[])
    with refused("scenarios = 'sahel/facility-only': must be a list of arms, the comparator first, and is one arm"):
        compare("sahel/facility-only", seeds=[1])
    with pytest.raises(ValueError, match="seed = -1"):
        compare(arms()[:2], seeds=[-1])
    other = tiny(name="elsewhere", more={"setting.fee.facility": 0})
    with pytest.raises(ValueError, match=r"fee\.facility"):
        compare([tiny(), other], seeds=[1])


def test_an_arm_whose_norm_places_no_chw_is_pointed_out():
    nowhere = tiny(name="nowhere", more={"programme.chw.min_km": 100})
    warned = compare([tiny("facility-only", name="without"), nowhere], seeds=2, threads=2).to_json()["warnings"]
    assert any(text.startswith("nowhere: no village is owed a CHW") for text in warned)


def test_a_real_place_is_read_from_its_folder_or_given_as_a_map(tmp_path):
    case = tmp_path / "cases" / "bankass"
    case.mkdir(parents=True)
    villages = "id,name,lat,lon,people\nV1,Near,14.0,-3.5,900\nV2,Far,14.2,-3.5,700\n"
    (case / "villages.csv").write_text(villages, encoding="utf-8")
    facilities = "id,name,type,lat,lon\nF1,Centre,health centre,14.0,-3.5\nF2,Hospital,hospital,14.0,-3.9\n"
    (case / "facilities.csv").write_text(facilities, encoding="utf-8")
    short = {"run.days": 200, "run.warmup_days": 30, "run.tail_days": 0}
    names = [f"bankass/{programme}" for programme in ("facility-only", "iccm-as-delivered")]
    loaded = [load_scenario(name, overrides=short, places=tmp_path) for name in names]
    without_folder = [replace(each, folder=None) for each in loaded]
    runs = [compare(loaded, seeds=1), compare(without_folder, seeds=1, places=tmp_path),
            compare(without_folder, seeds=1, places=case),
            compare(without_folder, seeds=1, places=load_places(loaded[0]))]  # fmt: skip
    assert runs[0].facts[0]["people"] == 1600
    for run in runs[1:]:
        assert all(np.array_equal(run.tallies[name], runs[0].tallies[name]) for name in TALLY.names)


def test_progress_counts_zones_up_to_all():
    seen = []
    compare(arms()[:2], seeds=2, threads=2, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_an_estimate_is_mean_percentiles_and_standard_error():
    q = estimate(np.array([1.0, 2.0, 3.0, 6.0]))
    assert q["mean"] == 3.0
    assert q["low"] == pytest.approx(np.percentile([1, 2, 3, 6], 2.5))
    assert q["high"] == pytest.approx(np.percentile([1, 2, 3, 6], 97.5))
    assert q["mcse"] == pytest.approx(np.std([1, 2, 3, 6], ddof=1) / 2)
    assert estimate(np.array([5.0])) == {"mean": 5.0, "low": None, "high": None, "mcse": None}


def test_a_ratio_is_that_of_sums_and_its_error_agrees_with_the_delta_method():
    below = 1000.0 + np.arange(40) * 7 % 90
    above = 0.2 * below + (np.arange(40) * 13 % 29 - 14)
    q = ratio(above, below)
    mean = above.sum() / below.sum()
    delta = np.std(above - mean * below, ddof=1) / below.mean() / np.sqrt(40)
    assert q["mean"] == pytest.approx(mean)
    assert q["mcse"] == pytest.approx(delta, rel=0.02)
    assert ratio(above, 0 * below)["mean"] is None
    assert percent_less(below, below - above)["mean"] == pytest.approx(100 * mean)
    assert ratio(above[:2], np.array([10.0, -1.0]))["low"] is None


def test_a_cohort_is_followed_to_five_only_by_a_long_run():
    assert cohort_is_complete(1826 + 366)
    assert cohort_is_complete(1826 + 365)
    assert not cohort_is_complete(1826 + 364)


def test_seeds_are_added_until_the_error_is_small_enough_and_the_first_ones_stay_as_they_were():
    arms = [tiny("facility-only"), tiny()]
    few = compare(arms, seeds=2)
    error = few.to_json()["arms"][1]["deaths_averted_expected"]["mcse"]
    more = compare(arms, seeds=2, until_mcse=0.7 * error, most_seeds=12)
    assert 2 < len(more.seeds) <= 12
    reached = more.to_json()["arms"][1]["deaths_averted_expected"]["mcse"]
    assert reached <= 0.7 * error or len(more.seeds) == 12
    assert more.tallies[:2].tobytes() == few.tallies.tobytes()
    assert more.seeds == tuple(range(1, len(more.seeds) + 1))
    at_once = compare(arms, seeds=more.seeds)
    assert at_once.tallies.tobytes() == more.tallies.tobytes()
    assert at_once.pairs.tobytes() == more.pairs.tobytes()
    assert compare(arms, seeds=2, until_mcse=2 * error).seeds == (1, 2)


def test_the_error_that_seeds_were_added_for_is_shown_and_said_to_be_missed_where_it_is(tmp_path):
    arms = [tiny("facility-only"), tiny()]
    plain, easy, hard = (compare(arms, seeds=2, until_mcse=until, most_seeds=4) for until in (None, 1e3, 1e-4))
    lines = [comparison_text(each.to_json()).splitlines() for each in (plain, easy, hard)]
    below = [told[1 + next(i for i, line in enumerate(told) if "Expected deaths averted" in line)] for told in lines]
    assert ["Monte-Carlo error" in line for line in below] == [False, True, True]
    errors = [each.to_json()["arms"][1]["deaths_averted_expected"]["mcse"] for each in (plain, easy, hard)]
    assert below[1].split()[-1] == f"{errors[1]:.3f}"
    missed = f"Monte-Carlo error of expected deaths averted {errors[2]:.3g} after 4 pairs of runs, not 0.0001 as asked"
    assert [missed in each.to_json()["warnings"] for each in (plain, easy, hard)] == [False, False, True]
    assert [each.to_json().get("until_mcse") for each in (plain, easy, hard)] == [None, 1e3, 1e-4]
    hard.save(tmp_path / "kept")
    assert Comparison.load(tmp_path / "kept").to_json() == hard.to_json()
