"""Maturity profiles: what a level is, what a profile becomes, and how raising components is counted."""

from __future__ import annotations

import json
import shutil
from itertools import combinations

import numpy as np
import pytest
from small import NEAR, TWO_ZONES, lived, what_differs
from test_explain import said
from world import PLAIN

from iccmsim.core.records import AT_CHW, FOUND_CLOSED, RECTAL_ARTESUNATE, REFERRED, TURNED_AWAY
from iccmsim.engine.simulation import Simulation
from iccmsim.parameters.catalogue import of_section
from iccmsim.parameters.files import LIBRARY
from iccmsim.parameters.maturity import (
    COMPONENTS,
    LEVELS,
    check_profile,
    components,
    name_of_profile,
    profile_of_name,
)
from iccmsim.parameters.scenario import ScenarioError, load_scenario
from iccmsim.studies.compare import compare
from iccmsim.studies.components import Steps, arms_of, same_order, sets_to_raise, steps_of

FOLDER = LIBRARY / "maturity"
PARTIAL = dict.fromkeys(COMPONENTS, 1)


def test_levels_set_levers_that_exist_and_each_lever_belongs_to_one_component():
    owner = {}
    for name, component in components(FOLDER).items():
        assert component.says.endswith(".")
        for level in component.levels:
            for key in level:
                assert key in of_section("programme")
                assert owner.setdefault(key, name) == name
        assert all(set(level) == set(component.levels[-1]) for level in component.levels[1:])


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_value_of_a_level_has_its_reason(name):
    for number, reasons in enumerate(components(FOLDER)[name].reasons):
        assert [f"level-{number}.{key}" for key, why in reasons.items() if not why.accounts] == []


def test_a_profile_has_a_name_and_a_name_a_profile():
    levels = dict(zip(COMPONENTS, (0, 1, 2, 3, 0, 1, 2, 3), strict=True))
    assert name_of_profile(levels) == "maturity-01230123"
    assert profile_of_name("maturity-01230123") == levels
    assert profile_of_name("facility-only") is None


@pytest.mark.parametrize("name", ["maturity-", "maturity-0123012", "maturity-01230124", "maturity-012301230"])
def test_a_name_with_other_digits_is_refused(name):
    with pytest.raises(ScenarioError) as refused:
        load_scenario(f"sahel/{name}")
    assert str(refused.value) == (
        f"programme = '{name}': must have 8 digits from 0 to 3 (coordination, financing, workforce, supply, service, "
        "demand, supervision, information)")  # fmt: skip


@pytest.mark.parametrize(("given", "fault"), [
    ({"suply": 3, "others": 1}, "maturity.suply: unknown component; did you mean supply?"),
    ({"supply": 4, "others": 1}, "maturity.supply = 4: must be a whole number between 0 and 3"),
    ({"others": -1}, "maturity.others = -1: must be a whole number between 0 and 3"),
    ({"supply": 2.5, "others": 1}, "maturity.supply = 2.5: must be a whole number between 0 and 3"),
    ({"others": True}, "maturity.others = true: must be a whole number between 0 and 3"),
    (dict.fromkeys(COMPONENTS[1:], 2), "maturity.coordination: must have a level (or give the level of all others)"),
])  # fmt: skip
def test_a_wrong_profile_is_refused_in_one_line(given, fault):
    assert check_profile(given)[1] == [fault]


def test_3_0_is_the_whole_number_3():
    assert check_profile({"supply": 3.0, "others": 1}) == ({**PARTIAL, "supply": 3}, [])


def test_a_scenario_file_names_levels_and_may_change_what_they_set(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('format = 1\nsetting = "sahel"\n[maturity]\nsupply = 3\nothers = 1\n[programme.sup]\nfill = 0.9\n',
                    encoding="utf-8")  # fmt: skip
    mine = load_scenario(file).programme
    ready = load_scenario("sahel/maturity-11131111").programme
    assert {key: (ready[key], mine[key]) for key in mine if mine[key] != ready[key]} == {"sup.fill": (0.95, 0.9)}


def test_levels_can_be_one_s_own(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "levels")
    supply = tmp_path / "levels" / "supply.toml"
    supply.write_text(supply.read_text().replace("sup.lead = 30", "sup.lead = 25"))
    file = tmp_path / "mine.toml"
    file.write_text('format = 1\nsetting = "sahel"\n[maturity]\nothers = 1\nfolder = "levels"\n', encoding="utf-8")
    assert load_scenario(file).programme["sup.lead"] == 25
    supply.write_text(supply.read_text().replace("sup.lead = 25", "sup.lead = 20"))
    assert load_scenario(file).programme["sup.lead"] == 20
    supply.unlink()
    with pytest.raises(ScenarioError, match=r"supply\.toml: no such file"):
        load_scenario(file)


@pytest.mark.parametrize(("changed", "old", "new", "fault"), [
    ("supply", "sup.lead = 30", "sup.leed = 30",
     "supply.toml, level-1: programme.sup.leed: unknown key; did you mean sup.lead?"),
    ("supply", "sup.lead = 30", "sup.lead = -1",
     "supply.toml, level-1: programme.sup.lead = -1: must be between 0 and 365 (days, mean)"),
    ("workforce", "chw.catch = 2500", "chw.catch = 2500\nsup.lead = 9",
     "supply.toml: sets sup.lead, which workforce.toml sets too; a lever belongs to one component"),
])  # fmt: skip
def test_a_fault_in_levels_of_one_s_own_is_told_with_its_file(changed, old, new, fault, tmp_path):
    shutil.copytree(FOLDER, tmp_path / "levels")
    levels = tmp_path / "levels" / f"{changed}.toml"
    levels.write_text(levels.read_text().replace(old, new))
    file = tmp_path / "mine.toml"
    file.write_text('format = 1\nsetting = "sahel"\n[maturity]\nothers = 1\nfolder = "levels"\n', encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenario(file)
    assert str(refused.value) == fault


def test_a_folder_of_levels_without_a_name_is_refused(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('format = 1\nsetting = "sahel"\n[maturity]\nothers = 1\nfolder = ""\n', encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenario(file)
    assert str(refused.value) == ("maturity.folder = '': must be the name of a folder with the levels of components")


def test_levels_beside_a_programme_are_refused_and_taken_in_its_file(tmp_path):
    levels = "[maturity]\nsupply = 3\nothers = 2\n"
    (tmp_path / "plan.toml").write_text(f'format = 1\nextends = "facility-only"\n{levels}', encoding="utf-8")
    file = tmp_path / "mine.toml"
    head = 'format = 1\nsetting = "sahel"\nprogramme = "plan.toml"\n'
    file.write_text(head + levels, encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenario(file)
    assert str(refused.value) == ("programme = 'plan.toml' beside [maturity]: a file must have one of them "
                                  "([maturity] may stand in the file of a programme)")  # fmt: skip
    file.write_text(head, encoding="utf-8")
    assert load_scenario(file).programme == load_scenario("sahel/maturity-22232222").programme


def test_explain_gives_the_reason_of_each_level(capsys):
    told = json.loads(said(capsys, "explain sahel/maturity-33333333 --json"))
    rows = {row["key"]: row for row in told["values"] if row["section"] == "programme"}
    assert rows["sup.lead"]["file"] == "supply.toml"
    assert "Grade" in rows["sup.lead"]["why"]


def test_explain_says_in_one_line_which_component_stands_at_which_level(capsys):
    line = ("Maturity: coordination 2, financing 2, workforce 3, supply 2, service 2, demand 1, supervision 2, "
            "information 2 (0 absent, 1 partial, 2 functioning, 3 strong).")  # fmt: skip
    assert line in " ".join(said(capsys, "explain sahel/maturity-22322122").split())
    assert "Maturity:" not in said(capsys, "explain sahel/free-care")


def test_no_value_but_a_default_is_called_the_declared_default():
    """Nor may a reason that is shared with others say so of one that is not."""
    called = [(component.name, key, value) for component in components(FOLDER).values()
              for level, reasons in zip(component.levels, component.reasons, strict=True)
              for key, value in level.items() if reasons[key].text.startswith("The declared default")]  # fmt: skip
    assert len(called) > 10
    assert [each for each in called if each[2] != of_section("programme")[each[1]].default] == []


def test_the_high_and_the_low_end_of_what_is_plausible_are_so():
    for component in components(FOLDER).values():
        for level, reasons in zip(component.levels, component.reasons, strict=True):
            for key, value in level.items():
                low, high = of_section("programme")[key].plausible or (value, value)
                if reasons[key].text.startswith(("The high end of what is", "The long end of what is")):
                    assert value == high, key
                if reasons[key].text.startswith("The low end of what is plausible."):
                    assert value == low, key


@pytest.mark.skipif(PLAIN, reason="whole districts take too long without compilation")
def test_chws_who_may_treat_nothing_send_on_whom_they_find_ill_and_give_rectal_artesunate_where_service_is_strong():
    given = []
    for name in ("maturity-02222222", "maturity-02223222"):
        run = lived({**NEAR, "setting.place.people": 6000, "setting.inc.mal": 2.0}, programme=name).runs[0]
        visits = run.zone.visit[: run.zone.n[1]]
        seen = visits[(visits["provider"] == AT_CHW) & (visits["marks"] & (TURNED_AWAY | FOUND_CLOSED) == 0)]
        given.append(set(np.unique(seen["given"])))
        assert 0.5 < np.mean(seen["marks"] & REFERRED > 0) < 0.95
    assert given == [{0}, {0, 1 << RECTAL_ARTESUNATE}]
    said = components(FOLDER)["coordination"].reasons[0]["policy.malaria"].text
    assert "every child" not in said
    assert "Rectal artesunate" in said


@pytest.mark.skipif(PLAIN, reason="whole districts take too long without compilation")
def test_level_0_in_all_is_health_facilities_only_array_for_array():
    nothing = Simulation(load_scenario("sahel/maturity-00000000", overrides=TWO_ZONES), seed=3, threads=1).run()
    assert what_differs(lived({**TWO_ZONES}, programme="facility-only", seed=3), nothing) == set()


@pytest.mark.skipif(PLAIN, reason="whole districts take too long without compilation")
@pytest.mark.parametrize("name", COMPONENTS)
def test_every_step_of_every_component_can_be_felt(name):
    """From a functioning programme, each level of each component lives another story, where pneumonia is frequent and
    severe: else hardly a child with chest indrawing comes to these CHWs."""
    sick = {**TWO_ZONES, "sev.pneu": 0.5, "inc.pneu.0_59m": 1.0}
    stories = [
        Simulation(load_scenario(f"sahel/{name_of_profile({**dict.fromkeys(COMPONENTS, 2), name: level})}",
                                 overrides=sick), seed=1, threads=1).run()
        for level in range(len(LEVELS))
    ]  # fmt: skip
    for one, other in combinations(stories, 2):
        if name == "workforce" and one is stories[0]:
            assert len(one.runs[0].zone.provider) == 1 < len(other.runs[0].zone.provider)
        else:
            same = len(one.runs[0].zone.provider) == len(other.runs[0].zone.provider)
            assert not same or what_differs(one, other)


# --- which component next ------------


def game(values: dict[frozenset, float], seeds: int = 2) -> Steps:
    """Steps whose deaths averted are made up."""
    raised = sets_to_raise(PARTIAL)
    return Steps(PARTIAL, raised, np.array([[values[each] for each in raised]] * seeds))


def test_all_arms_are_there_and_the_highest_level_is_not_raised():
    assert len(sets_to_raise(PARTIAL)) == 1 + 8 + 28 + 1
    strong = {**PARTIAL, "supply": 3}
    assert all("supply" not in each for each in sets_to_raise(strong))
    names = [arm.name for arm in arms_of("sahel", PARTIAL)]
    assert names[0] == "as it is"
    assert "supply + information" in names
    assert len(set(names)) == len(names)


def test_the_shapley_split_of_a_game_without_synergies_is_what_each_brings_alone():
    worth = dict(zip(COMPONENTS, range(1, 9), strict=True))
    steps = game({each: float(sum(worth[name] for name in each)) for each in sets_to_raise(PARTIAL)})
    assert {name: q["mean"] for name, q in steps.shares().items()} == pytest.approx(worth)
    assert list(steps.alone()) == sorted(COMPONENTS, key=worth.get, reverse=True)
    assert all(q["mean"] == pytest.approx(0) for q in steps.together().values())
    assert steps.left_over() == pytest.approx(0)


def test_a_synergy_is_named_and_shared_between_its_two():
    pair = {"supply", "information"}
    steps = game({each: 10.0 * (pair <= each) for each in sets_to_raise(PARTIAL)})
    assert set(next(iter(steps.together()))) == pair
    shares = {name: q["mean"] for name, q in steps.shares().items()}
    assert shares["supply"] == shares["information"] == pytest.approx(5)
    assert sum(shares.values()) == pytest.approx(10)


def test_what_comes_of_three_and_more_is_left_over_and_shared_equally():
    steps = game({each: 8.0 * (len(each) == 8) for each in sets_to_raise(PARTIAL)})
    assert steps.left_over() == pytest.approx(8)
    assert {q["mean"] for q in steps.shares().values()} == {1.0}


def test_rankings_are_compared_by_their_order():
    worth = dict(zip(COMPONENTS, range(1, 9), strict=True))
    one = game({each: float(sum(worth[name] for name in each)) for each in sets_to_raise(PARTIAL)})
    other = game({each: -float(sum(worth[name] for name in each)) for each in sets_to_raise(PARTIAL)})
    assert same_order(one, one) == pytest.approx(1)
    assert same_order(one, other) == pytest.approx(-1)


@pytest.mark.skipif(PLAIN, reason="whole districts take too long without compilation")
def test_steps_count_expected_deaths_beside_the_profile_as_it_is():
    small = {**TWO_ZONES, "run.days": 100}
    profile = {**dict.fromkeys(COMPONENTS, 3), "supply": 1, "workforce": 2}
    result = compare(arms_of("sahel", profile, overrides=small), seeds=2)
    steps = steps_of(result, profile)
    expected = [arm["deaths_averted_expected"]["mean"] for arm in result.to_json()["arms"]]
    assert steps.averted.mean(axis=0) == pytest.approx(expected)
    assert (steps.averted[:, 0] == 0).all()
