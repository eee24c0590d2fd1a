"""The classroom without a browser: the twin, levers, charts, map, stories, and what is said when a thing is missing."""

from __future__ import annotations

import base64
import copy
import io
import math
import re
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace as Made

import numpy as np
import pytest
from PIL import Image
from small import digest

from iccmsim.classroom import server, words
from iccmsim.classroom.charts import Charts, rounded
from iccmsim.classroom.game import Game
from iccmsim.classroom.history import SERIES, SHELF, cascade, expected_averted, expected_deaths
from iccmsim.classroom.lessons import LESSONS, Lesson, lesson_of
from iccmsim.classroom.numbers import beside_lines
from iccmsim.classroom.stories import LINE, story_of
from iccmsim.classroom.table import Table
from iccmsim.classroom.village_map import Clicked, VillageMap
from iccmsim.cli import main
from iccmsim.core.records import ALIVE, DEAD, MINUTES, NOT_YET_POSTED, PRODUCTS
from iccmsim.engine.simulation import Simulation
from iccmsim.model.model import ICCMModel
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.trace import LAUNCH, MONTHS, age, life_of
from iccmsim.results.cascade import cascade as cascade_of_result
from iccmsim.results.result import result_of
from iccmsim.results.tables import wealth_fifths

ROOM = Path(server.__file__).parent
SMALL = {"setting.place.zones": 2, "setting.place.people": 6000, "setting.place.villages_per_zone": 4,
         "run.days": 300, "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip
TOY = Lesson("toy", "Toy", "Why?", ("Look.",), "So.", "sahel/iccm-as-delivered", seed=3, overrides=SMALL)
DAY = 100
LEVERS = {
    "empty boxes": lambda game: game.empty_boxes(),
    "no supply": lambda game: game.set_supply(False),
    "supervision": lambda game: game.set_supervision(0.85),
    "no pay": lambda game: game.set_pay(False),
    "fee": lambda game: game.set_fee(2.0),
    "one more CHW": lambda game: game.add_chw(),
    "flood": lambda game: game.flood(),
}


@pytest.fixture(scope="module")
def middle() -> Game:
    game = Game(TOY)
    game.play(DAY)
    return game


@pytest.fixture(scope="module")
def over(middle) -> Game:
    game = copy.deepcopy(middle)
    game.play(1000)
    return game


@pytest.fixture
def game(middle) -> Game:
    return copy.deepcopy(middle)


def picture(address: str) -> Image.Image:
    kind, data = address.split(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


# --- the twin ------------------------------------------------------------------------------------------


def test_the_twin_is_a_plain_facility_only_run_whatever_is_done_here(game):
    for lever in ("empty boxes", "no supply", "supervision", "no pay", "fee", "one more CHW"):
        LEVERS[lever](game)
    game.play(60)
    scenario = load_scenario("sahel/facility-only", overrides=SMALL)
    plain = Simulation(scenario, seed=3, tables=False, threads=1).run_to(60 + DAY + 60)
    assert digest(game.twin.simulation) == digest(plain)


def test_here_without_levers_is_a_plain_run_of_the_programme(over):
    scenario = load_scenario("sahel/iccm-as-delivered", overrides=SMALL)
    assert digest(over.here.simulation) == digest(Simulation(scenario, seed=3, threads=1).run())
    assert over.is_over
    assert (over.day, over.history.length) == (300, 301)


def test_here_and_twin_have_the_same_children_who_fall_ill_on_the_same_days(over):
    for here, twin in zip(over.here.simulation.runs, over.twin.simulation.runs, strict=True):
        for name in ("birth", "household", "leaves"):
            np.testing.assert_array_equal(here.zone.child[name], twin.zone.child[name])
        np.testing.assert_array_equal(here.course["onset"], twin.course["onset"])


def test_a_flood_comes_over_the_twin_too(game):
    game.flood()
    game.play(40)
    plain = ICCMModel(load_scenario("sahel/facility-only", overrides=SMALL), rng=3, agents="providers",
                      tables=False)  # fmt: skip
    for day in range(DAY + 40):
        if day == DAY:
            plain.cut_roads(30)
        plain.step()
    assert digest(game.twin.simulation) == digest(plain.simulation)


def test_saved_and_lost_are_told_child_by_child(over):
    saved, lost = over.parted()
    here, twin = (np.array([child.state == DEAD and child.end >= 60 * MINUTES for child in model.children])
                  for model in (over.here, over.twin))  # fmt: skip
    assert saved.tolist() == np.flatnonzero(twin & ~here).tolist()
    assert lost.tolist() == np.flatnonzero(here & ~twin).tolist()
    assert (len(saved), len(lost)) == (1, 1)
    assert over.history["deaths_twin"][-1] - over.history["deaths"][-1] == len(saved) - len(lost)
    assert over.history["deaths"][-1] == here.sum()


# --- levers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_is_seen_in_the_charts_from_today_on_and_not_before(lever, game, over):
    LEVERS[lever](game)
    assert [day for day, _ in game.acted] == [DAY]
    game.play(1000)
    differs = {name for name in SERIES if not np.array_equal(game.history[name], over.history[name])}
    assert differs
    for name in SERIES:
        np.testing.assert_array_equal(game.history[name][: DAY + 1], over.history[name][: DAY + 1])


def test_levers_stand_where_they_were_put(game):
    assert game.levers() == {"spv.freq": 0.5, "pay.on": 1, "fee.chw": 0.5, "sup.on": 1}
    for lever in ("no supply", "supervision", "no pay", "fee"):
        LEVERS[lever](game)
    assert game.levers() == {"spv.freq": 0.85, "pay.on": 0, "fee.chw": 2.0, "sup.on": 0}
    game.set_supply(True)
    assert [told for _, told in game.acted][-1] == "Resupply of CHWs goes on again"
    assert len(re.findall("<li>", words.done(game))) == words.LAST_DEEDS == len(game.acted)


def test_emptied_boxes_show_in_the_chart_of_stocks_the_next_day(game):
    before = [game.history[name][-1] for name in SHELF]
    game.empty_boxes()
    game.play(1)
    assert all(value > 0 for value in before)
    assert sum(game.history[name][-1] for name in SHELF) < 0.5 * sum(before)


# --- numbers of the charts -----------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["here", "twin"])
def test_the_cascade_is_that_of_the_results(which, over):
    model = over.here
    if which == "twin":
        scenario = load_scenario("sahel/facility-only", overrides=SMALL)
        model = ICCMModel(scenario, rng=3, agents="providers")
        model.run_model()
        assert cascade(model)[0] == cascade(over.twin)[0]
    told = cascade_of_result(model.result().episodes, window_days=300).iloc[:4].sum()
    total, reached = cascade(model)
    assert total == told["episodes"] > 100
    assert reached.tolist() == told[["any_care", "formal_care", "right_drug", "took_effect"]].tolist()


def test_expected_deaths_are_those_of_the_results(over):
    tally = over.here.result().tally
    assert expected_deaths(over.here)[-1] == pytest.approx(tally["expected"][:, :4].sum())
    assert len(expected_deaths(over.here)) == over.history.length - 1


def test_numbers_a_week_are_means_of_the_days_before(over):
    values, mean = over.history["wait_chw"], over.history.weekly("wait_chw")
    assert mean[3] == pytest.approx(values[:4].mean())
    assert mean[50] == pytest.approx(values[44:51].mean())
    assert over.history["in_vain"].sum() == sum(
        int(run.zone.monthly["visits_missed"][1:].sum()) for run in over.here.simulation.runs)  # fmt: skip


@pytest.mark.parametrize(("value", "top"), [(0, 0), (-1, 0), (0.7, 0.8), (3, 3), (61, 80), (1001, 2000)])
def test_scales_end_on_numbers_that_read_well(value, top):
    assert rounded(value) == pytest.approx(top)


@pytest.mark.parametrize(("width", "density"), [(740, 1.0), (366, 2.0)])
def test_charts_are_drawn_at_the_size_and_density_that_are_asked_for(game, width, density):
    charts = Charts(game, width, density=density)
    first = picture(charts.shoot())
    assert first.size == (width * density, charts.height * density)
    game.empty_boxes()
    game.play(1)
    assert picture(charts.shoot()).tobytes() != first.tobytes()
    assert len([line for line in charts.deaths.lines if line.get_gid() == "lever"]) == 1
    assert charts.summary().startswith(f"Day {DAY + 1}: {game.here.n_deaths} deaths here")


def test_drawing_often_leaves_nothing_behind(game):
    charts = Charts(game, 740)
    counts = set()
    for _ in range(4):
        game.set_fee(2.0)
        charts.shoot()
        counts.add((len(charts.canvas.figure.texts), len(charts.canvas.figure.artists), len(charts.deaths.patches)))
    assert len(counts) == 1


@pytest.mark.parametrize("last", [365.25, 547.875, 913.125, 1096.0])
@pytest.mark.parametrize("width", [740, 366])
def test_no_month_or_year_is_cut_off(game, width, last):
    charts = Charts(game, width)
    charts._lay_frame(last, (10, 3, 0, 10, 5))
    charts.canvas.canvas.draw()
    for axes in (charts.deaths, charts.parted, charts.shelf, charts.queue):
        named = [label.get_window_extent() for label in axes.get_xticklabels()]
        edges = axes.get_window_extent()
        assert len(named) == (12 if last < 400 else round(last / 365.25 + 0.01))
        assert all(edges.x0 <= each.x0 and each.x1 <= edges.x1 for each in named)
        assert all(one.x1 < other.x0 for one, other in pairwise(named))


@pytest.mark.parametrize("days", [[50] * 20, [3 * i for i in range(30)], [0, 1, 100, 299, 300, 300], [300] * 3])
@pytest.mark.parametrize("width", [740, 366])
def test_numbers_of_levers_do_not_cover_each_other_and_none_is_lost(game, width, days):
    game.acted = [(day, "something was done") for day in days]
    charts = Charts(game, width)
    charts._lay_frame(300.0, (10, 3, 0, 10, 5))
    charts.canvas.canvas.draw()
    for axes in (charts.deaths, charts.queue):
        texts = sorted(axes.texts, key=lambda text: text.get_window_extent().x0)
        boxes = [text.get_window_extent() for text in texts]
        assert all(one.x1 <= other.x0 for one, other in pairwise(boxes))
        assert boxes[-1].x1 <= axes.get_window_extent().x1 + 1
        told = [[int(number) for number in text.get_text().split("-")] for text in texts]
        assert [n for each in told for n in range(each[0], each[-1] + 1)] == list(range(1, len(days) + 1))


def test_numbers_of_lines_with_room_stand_beside_their_line():
    assert beside_lines([10, 100, 101], 300, lambda words: 8 * len(words)) == [(13, "1"), (103, "2-3")]


# --- the map -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "tallest"), [(700, 690), (366, 512)])
def test_every_family_and_every_provider_is_on_the_map(game, width, tallest):
    village_map = VillageMap(game, width, tallest=tallest)
    spots = np.concatenate(village_map.homes)
    assert len(spots) == len(game.here.households)
    providers = [village_map.spot_of(each) for each in village_map._providers()]
    for x, y in (*spots.tolist(), *providers):
        assert 0 <= x <= village_map.width
        assert 0 <= y <= village_map.height
    assert village_map.height <= tallest
    assert picture(village_map.shoot()).size == (village_map.width, village_map.height)


def test_villages_do_not_cover_each_other(game):
    village_map = VillageMap(game, 700)
    far = np.hypot(village_map.x[:, None] - village_map.x, village_map.y[:, None] - village_map.y)
    np.fill_diagonal(far, np.inf)
    assert (far >= village_map.radius[:, None] + village_map.radius - 1).all()


@pytest.mark.parametrize(("width", "tallest"), [(700, 690), (366, 512)])
@pytest.mark.parametrize("lesson", ["toy", "empty-box"])
def test_no_chw_or_centre_covers_the_number_of_a_village_however_many_are_posted(lesson, width, tallest):
    game = Game(TOY if lesson == "toy" else lesson_of(lesson))
    village_map = VillageMap(game, width, tallest=tallest)
    village_map.shoot()
    before = len(village_map.numbered)
    for _ in range(12):
        game.add_chw()
    village_map.shoot()
    assert len(village_map.numbered) == before > 5
    village_map.canvas.canvas.draw()
    height, zoom = village_map.height, village_map.zoom
    spots = [village_map.spot_of(each) for each in village_map._providers()]
    for text in village_map.numbered:
        box = text.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= width
        covered = [(x, y) for x, y in spots if box.x0 < x + 8 * zoom and x - 8 * zoom < box.x1
                   and height - box.y1 < y + 13 * zoom and y - 8 * zoom < height - box.y0]  # fmt: skip
        assert covered == [], text.get_text()


def test_a_click_means_what_lies_under_it(game):
    village_map = VillageMap(game, 700)
    for thing in (Clicked("centre", 1), Clicked("chw", 0), Clicked("chw", len(game.here.chws) - 1)):
        assert village_map.at(*village_map.spot_of(thing)) == thing
    sick = next(i for i, child in enumerate(game.here.children) if child.is_severely_ill or child.is_sick)
    met = village_map.at(*village_map.spot_of(Clicked("child", sick)))
    assert met.kind == "child"
    assert game.here.children[met.number].family.village == game.here.children[sick].family.village
    assert village_map.at(1, 1) is None


def test_a_new_chw_stands_on_the_map(game):
    village_map = VillageMap(game, 700)
    game.add_chw()
    game.play(1)
    village_map.shoot()
    chw = Clicked("chw", len(game.here.chws) - 1)
    assert village_map.at(*village_map.spot_of(chw)).kind == "chw"


def test_every_colour_and_sign_of_the_map_is_in_the_legend():
    from iccmsim.classroom import picture as colours
    from iccmsim.classroom.village_map import HOME, SERVED, WATER

    used = (HOME, SERVED, WATER, colours.SICK, colours.SEVERE, colours.DIED, colours.SAVED, colours.LOST, colours.HERE)
    assert [colour for colour in used if colour not in words.LEGEND] == []


# --- stories -------------------------------------------------------------------------------------------


def test_a_childs_story_is_its_own_so_far(over, middle):
    saved, lost = over.parted()
    number = int(next(iter(np.concatenate([saved, lost]))))
    story = story_of(over, Clicked("child", number))
    assert story.says[1].startswith("Saved: " if number in saved else "Lost: ")
    assert "Village" in story.says[0]
    assert len(story.events) > 1
    assert not any("The run ends" in said or re.search(r"CHW \d", said) for _, said in story.events)
    before = story_of(middle, Clicked("child", number))
    assert before.says[1] != story.says[1] or number in np.concatenate(middle.parted())


def test_a_saved_childs_story_has_its_twins_death_on_the_day_and_at_the_age_it_died(over):
    game = copy.deepcopy(over)
    alive = [number for number, child in enumerate(game.here.children) if child.state == ALIVE and child.birth < 0]
    for number in (*over.parted()[0].tolist(), *alive[:5]):
        twin = game.twin.children[number]
        if twin.state == ALIVE:
            twin.state, twin.cause, twin.end = DEAD, 0, (60 + 150) * MINUTES + 30 * number
        story = story_of(game, Clicked("child", number))
        place = [said for _, said in story.events].index("Here its twin, without the programme, dies.")
        day = LAUNCH + timedelta(days=math.floor(twin.end / MINUTES) - 60)
        assert story.events[place][0] == f"{day.day} {MONTHS[day.month - 1]}, year 1 · {age(twin.age_days)}"


def test_a_childs_story_tells_the_nights_in_the_line_and_the_fifth_of_wealth_as_its_trace_does(over):
    result = result_of(over.here.simulation.runs, scenario=over.here.config, seed=over.seed)
    c, v = result.children, result.visits
    in_zone = np.concatenate([wealth_fifths([run.zone.household["wealth"]])[0][run.zone.child["household"]]
                              for run in over.here.simulation.runs])  # fmt: skip
    in_vain = v.turned_away & (np.floor(v.day) > np.floor(v.arrived_day))
    for number in (c.child[in_zone != c.wealth_quintile].iloc[0], v.child[in_vain].iloc[-1]):
        story, lines = story_of(over, Clicked("child", int(number))), life_of(result, int(number))
        fifth = re.search(r"village \d+, (.*) fifth of households", lines[0])[1]
        assert f"among the {fifth} fifth of families" in story.says[0]
        as_told = [re.sub(r"CHW \d+", "the CHW", LINE.fullmatch(line)["said"]).lower() for line in lines[1:]]
        assert [said.lower() for _, said in story.events if "twin" not in said and said.lower() not in as_told] == []
    assert any("Has waited" in said and "still no turn" in said for _, said in story.events)


def test_the_story_of_a_dead_child_ends_with_its_death_and_says_whether_its_twin_died_too(over):
    both = [number for number, child in enumerate(over.here.children)
            if child.state == DEAD and child.end >= 60 * MINUTES
            and over.twin.children[number].end == child.end]  # fmt: skip
    story = story_of(over, Clicked("child", both[0]))
    assert " died at " in story.title
    assert story.events[-1][1].startswith("Dies of ")
    assert story.says[1] == "Without the programme it died the same death."


def test_a_child_that_lives_has_a_twin_that_lives(over):
    number = next(i for i, child in enumerate(over.here.children)
                  if child.state == over.twin.children[i].state == ALIVE
                  and not child.is_sick and child.age_days > 30)  # fmt: skip
    story = story_of(over, Clicked("child", number))
    assert story.title.endswith(", is well")
    assert story.says[1] == "Its twin, without the programme, lives too."


def test_a_chws_story_tells_the_box_the_pay_and_the_supervisor(game):
    full = story_of(game, Clicked("chw", 0))
    assert full.title.startswith("CHW 1, village ")
    assert "In stock: " in full.says[-1]
    chw = game.here.chws[0]
    for product in PRODUCTS:
        chw.set_stock(product, 0)
    game.set_pay(False)
    game.set_supervision(0.0)
    game.play(95)
    chw.set_stock("ors", 0)
    told = " ".join(story_of(game, Clicked("chw", 0)).says)
    assert re.search(r"Out of stock: .*ORS", told)
    if chw.is_in_post:
        assert f"unpaid for {chw.unpaid} month" in told
        assert chw.unpaid >= 3
    chw.vacant_until = game.here.simulation.day + 9
    assert "The post is empty; somebody comes in 10 days." in story_of(game, Clicked("chw", 0)).says


def test_a_chw_who_comes_tomorrow_has_children_already_and_no_box_that_could_be_emptied(game):
    game.add_chw()
    boxes = len(game.here.chws) - 1
    number, chw = next((i, each) for i, each in enumerate(game.here.chws) if each.generation == NOT_YET_POSTED)
    game.empty_boxes()
    assert game.acted[-1][1].startswith(f"All {boxes} boxes emptied: ")
    today = story_of(game, Clicked("chw", number)).says
    children = int(re.search(r"with ([\d,]+) children", today[0])[1].replace(",", ""))
    assert children > chw.families / 2
    game.play(1)
    homes = {home.row for home in chw.households}
    served = sum(child.is_alive and child.household in homes for child in game.here.children
                 if child.zone_index == chw.zone_index)  # fmt: skip
    assert abs(served - children) <= 3


def test_on_the_first_day_chws_are_about_to_begin():
    game = Game(TOY)
    assert "Has been trained and begins tomorrow." in story_of(game, Clicked("chw", 0)).says
    village_map = VillageMap(game, 500)
    village_map.shoot()
    assert len(village_map.present.get_offsets()) == len(game.here.chws)
    assert len(village_map.away.get_offsets()) == len(village_map.empty_post.get_offsets()) == 0


def test_every_chw_is_shown_at_work_away_or_as_an_empty_post(game):
    game.here.chws[0].vacant_until = game.here.simulation.day + 30
    village_map = VillageMap(game, 500)
    village_map.shoot()
    shown = [len(each.get_offsets()) for each in (village_map.present, village_map.away, village_map.empty_post)]
    assert sum(shown) == len(game.here.chws)
    assert shown[2] == sum(not chw.is_in_post for chw in game.here.chws) >= 1


def test_a_centres_story_tells_whether_it_is_open(game):
    told = {story_of(game, Clicked("centre", 0)).says[1].split(";")[0]}
    for _ in range(7):
        game.play(1)
        told.add(story_of(game, Clicked("centre", 0)).says[1].split(";")[0])
    assert told == {"Open today", "Closed today"}
    assert story_of(game, Clicked("centre", 1)).title == "Health centre 2"


def test_what_a_story_says_is_escaped_and_without_one_the_card_says_what_to_do(game):
    assert "Click a child" in words.story(None)
    shown = words.story(story_of(game, Clicked("centre", 0)))
    assert "<script" not in shown
    assert shown.count("<p>") >= 4


# --- lessons -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.key)
def test_a_lesson_begins_with_a_small_district_and_asks_something(lesson):
    assert lesson.question.endswith("?")
    assert len(lesson.tries) == 3
    assert len(lesson.answer) > 200
    game = Game(lesson)
    assert 1000 <= game.here.n_children <= 5000
    assert game.days == 1096
    assert lesson_of(lesson.key) is lesson


@pytest.mark.parametrize("key", ["good-looking", "one-thing"])
def test_numbers_of_an_answer_are_those_that_the_lesson_on_paper_prints(key):
    paper = (ROOM.parents[1] / "docs" / "lessons" / "looks-good-saves-few.md").read_text(encoding="utf-8")
    printed = set(re.findall(r"\d+(?:\.\d+)?", " ".join(re.findall(r"```text\n(.*?)```", paper, re.DOTALL))))
    told = re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d)|in 100\b", "", lesson_of(key).answer))
    assert len(told) >= 8
    assert [number for number in told if number not in printed] == []


@pytest.fixture(scope="module")
def without_refills() -> dict[str, tuple[Game, Game]]:
    """The empty box, with the lesson's own trust and with all that is assumed of it at the far end, with and without
    refills."""
    lesson = lesson_of("empty-box")
    far = {"trust.useful": 0.0, "trust.failed": -0.3, "trust.severe": -0.4, "trust.days": 180, "seek.trust": 1.4}
    overrides = {"as it is": {}, "far end": {f"setting.{key}": value for key, value in far.items()}}
    games = {}
    for name, changed in overrides.items():
        games[name] = tuple(Game(replace(lesson, overrides={**lesson.overrides, **changed})) for _ in range(2))
        games[name][1].set_supply(False)
        for game in games[name]:
            game.play(2000)
    return games


@pytest.mark.slow
def test_without_refills_families_go_on_coming_and_get_less_as_the_lesson_says(without_refills):
    answer = lesson_of("empty-box").answer
    filled, empty = without_refills["as it is"]
    visits = [int(game.history["visits"][-1]) for game in (empty, filled)]
    assert f"{visits[0]:,} visits in three years in place of {visits[1]:,}, " in answer
    assert f"{visits[1]:,}, {100 * (1 - visits[0] / visits[1]):.0f} % fewer" in answer
    steps = [cascade(model) for model in (empty.here, filled.here, empty.twin)]
    right = [f"{100 * reached[2] / total:.0f}" for total, reached in steps]
    assert f"{right[0]} are given the right drug in place of {right[1]} (in the twin {right[2]})" in answer
    averted = [f"{expected_averted(game)[-1]:.1f}" for game in (empty, filled)]
    assert f"{averted[0]} expected deaths are averted in place of {averted[1]}" in answer
    vain = [game.history["in_vain"].sum() for game in (empty, filled)]
    assert f"({100 * (vain[0] / vain[1] - 1):.0f} % more)" in answer


@pytest.mark.slow
def test_families_go_on_coming_also_where_trust_matters_most(without_refills):
    visits = [game.history["visits"][-1] for game in without_refills["far end"]]
    assert f"visits fall by {100 * (1 - visits[1] / visits[0]):.0f} %" in lesson_of("empty-box").answer


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_one_bad_day_lasts_as_long_as_the_lesson_says(seed):
    lesson = lesson_of("empty-box")
    model = ICCMModel(lesson.scenario, rng=seed, overrides=lesson.overrides, agents="providers")

    def held(model: ICCMModel) -> int:
        return sum(chw.stock["act_infant"] + chw.stock["act_child"] for chw in model.chws)

    felt = []
    for start in (45, 181):  # 15 February and 1 July
        while model.day < start:
            model.step()
        emptied, other = copy.deepcopy(model), copy.deepcopy(model)
        emptied.empty_boxes()
        while held(emptied) < 0.9 * held(other):
            emptied.step()
            other.step()
        felt.append(emptied.day - start)
    words_of = {1: "{} days pass after 15 February and {} after 1 July with the children of seed 1",
                2: "{} and {} with those of seed 2"}  # fmt: skip
    assert words_of[seed].format(*felt) in lesson.answer


def test_an_unknown_lesson_is_named_with_those_there_are():
    with pytest.raises(KeyError, match="no lesson 'x'; there are good-looking, empty-box, one-thing"):
        lesson_of("x")


def test_another_seed_gives_other_children():
    one, two = Game(TOY), Game(TOY, seed="2")
    assert (one.seed, two.seed) == (3, 2)
    with pytest.raises(ValueError, match=r"^seed = -1: must be at least 0"):
        Game(TOY, seed=-1)
    assert digest(one.here.simulation) != digest(two.here.simulation)


# --- the table and its clock ---------------------------------------------------------------------------

TOLD = {"width": 500.0, "tall": 900.0, "wide": 1400.0, "density": 1.0}


@pytest.fixture
def table(monkeypatch) -> Table:
    monkeypatch.setattr("iccmsim.classroom.table.lesson_of", lambda key: TOY)
    return Table("toy")


def test_a_table_draws_once_it_knows_its_room_and_keeps_it_for_the_next_lesson(table):
    table.draw()
    assert table.pictures == {"map": "", "charts": ""}
    table.fit_map(TOLD)
    table.fit_charts(TOLD)
    assert picture(table.pictures["map"]).width == picture(table.pictures["charts"]).width == 500
    assert Table("toy", rooms=table.rooms).pictures["map"] != ""


def test_the_clock_lets_days_pass_until_it_is_stopped(table):
    table.fit_map(TOLD)
    stopped = threading.Event()

    def shown() -> None:
        table.seen = table.frame
        if table.game.day >= 20:
            stopped.set()

    table.run(lambda: not stopped.is_set(), speed=lambda: 200.0, shown=shown)
    assert 20 <= table.game.day < 20 + 3 * 200 * 0.22 + 1


def test_a_click_tells_a_story_and_one_beside_everything_puts_it_away(table):
    table.point({"x": 0.5, "y": 0.5})
    assert table.story is None
    table.fit_map(TOLD)
    x, y = table.map.spot_of(Clicked("chw", 0))
    table.point({"x": x / table.map.width, "y": y / table.map.height})
    assert table.story.title.startswith("CHW 1")
    clicks = table.clicks
    table.point({"x": 0.001, "y": 0.001})
    assert table.clicks == clicks + 1
    assert (table.story, table.chosen) == (None, None)


def test_the_page_shows_expected_deaths_averted_with_one_decimal(table):
    assert (table.averted, words.tiles(table.game, -0.04).count("ic-tile")) == (0.0, 6)
    assert ">0.0</b><span>averted, expected" in words.tiles(table.game, -0.04)
    table.advance(300)
    here, twin = table.game.here.result().tally, expected_deaths(table.game.twin)[-1]
    assert table.averted == pytest.approx(twin - here["expected"][:, :4].sum())
    assert table.averted != 0
    assert f">{table.averted:.1f}</b><span>averted, expected" in words.tiles(table.game, table.averted)


def test_a_pulled_lever_is_drawn_at_once(table):
    table.fit_charts(TOLD)
    frame = table.frame
    table.pull(table.game.empty_boxes)
    assert table.frame == frame + 1
    assert table.game.acted


def test_a_click_on_a_lever_that_comes_after_the_last_day_does_nothing(table):
    table.advance(300)
    table.pull(table.game.empty_boxes)
    assert table.game.acted == []


# --- the command ---------------------------------------------------------------------------------------


def test_a_missing_extra_gives_exactly_one_line_that_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(server, "missing", lambda: ["solara", "ipyvuetify"])
    assert main(["classroom"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == ("iccmsim: classroom: solara, ipyvuetify not installed; install the extra: "
                        'pip install -c constraints.txt -e ".[classroom]"\n')  # fmt: skip


def test_what_is_missing_is_what_cannot_be_found(monkeypatch):
    monkeypatch.setattr(server, "EXTRA", ("numpy", "no_such_package_at_all"))
    assert server.missing() == ["no_such_package_at_all"]


@pytest.mark.parametrize(
    ("words_given", "said"),
    [
        (["--lesson", "empty"], "no lesson 'empty'; there are good-looking, empty-box, one-thing"),
        (["--port", "0"], "--port 0: must be between 1 and 65535"),
        (["--port", "x"], "--port x: must be a whole number"),
        (["--seed", "x"], "--seed x: must be a whole number"),
    ],
)
def test_a_wrong_word_is_refused_in_one_line(words_given, said, monkeypatch, capsys):
    monkeypatch.setattr(server, "missing", list)
    assert main(["classroom", *words_given]) == 2
    assert capsys.readouterr().err == f"iccmsim: {said}\n"


def test_a_port_that_is_taken_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(server, "missing", list)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["classroom", "--host", "127.0.0.1", "--port", str(port)]) == 2
    assert f"--port {port}: cannot be used on 127.0.0.1" in capsys.readouterr().err


def test_a_host_that_is_none_is_named(monkeypatch, capsys):
    monkeypatch.setattr(server, "missing", list)
    assert main(["classroom", "--host", "300.1.1.1"]) == 2
    assert capsys.readouterr().err.startswith("iccmsim: --host 300.1.1.1: is no address of this machine (")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_host_that_means_every_address_is_told_as_addresses_that_a_phone_can_open(host, monkeypatch):
    monkeypatch.setattr(server, "own_addresses", lambda: ["192.0.2.7", "198.51.100.3"])
    assert server.places_of(host, 8765) == (
        "http://localhost:8765/",
        "Phones and computers of the same network open http://192.0.2.7:8765/ or http://198.51.100.3:8765/",
    )
    monkeypatch.setattr(server, "own_addresses", list)
    assert server.places_of(host, 8765)[1] == "This machine is on no network, so no other can open the page"


@pytest.mark.parametrize(("host", "page"), [("localhost", "localhost"), ("192.0.2.7", "192.0.2.7"), ("::1", "[::1]")])
def test_any_other_host_is_told_as_it_is(host, page):
    assert server.places_of(host, 81) == (f"http://{page}:81/", "")


def test_own_addresses_are_those_of_networks_that_are_up_and_nobody_is_asked(monkeypatch):
    psutil = pytest.importorskip("psutil")

    def addresses(*known: str) -> list:
        return [Made(family=socket.AF_INET6, address="fe80::1"), *(Made(family=socket.AF_INET, address=each)
                                                                    for each in known)]  # fmt: skip

    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"lo": addresses("127.0.0.1"), "wifi": addresses("192.0.2.7"),
                                                         "off": addresses("192.0.2.8"),
                                                         "plug": addresses("169.254.3.3")})  # fmt: skip
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {name: Made(isup=name != "off")
                                                         for name in ("lo", "wifi", "off", "plug")})  # fmt: skip
    monkeypatch.setattr(socket, "socket", None)
    assert server.own_addresses() == ["192.0.2.7"]


def test_nothing_of_the_page_points_elsewhere_and_telemetry_is_off():
    parts = [path for path in ROOM.rglob("*") if path.suffix in (".css", ".vue", ".py", ".js")]
    assert {"page.css", "picture.vue", "app.py", "custom.js"} <= {path.name for path in parts}
    for path in parts:
        assert re.findall(r"https?://(?!127\.0\.0\.1|\{host\})\S+", path.read_text(encoding="utf-8")) == []
    assert server.SETTINGS["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] == "False"
    assert server.SETTINGS["SOLARA_ASSETS_CDN"] == server.NOWHERE


def test_without_a_browser_nothing_heavy_is_loaded_for_the_command_line():
    program = "import sys, iccmsim.cli; sys.exit('solara' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOM.parents[1], check=False).returncode == 0
