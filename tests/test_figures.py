"""Figures are fit to print: no text cut, none over another, none too small to read, sources named."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from small import TINY, TWO_ZONES, tiny

from iccmsim.cli import main
from iccmsim.core.records import PRODUCTS
from iccmsim.engine.plan import make_plan
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.district import draw_map, map_figure, off_the_map, spells, stock_figure
from iccmsim.report.figures import averted_figure, cascade_figure, draw_figures, write_figures
from iccmsim.report.style import ARMS, COMPARATOR, FAINT, bare_figure, colours_of
from iccmsim.results.folder import WRITTEN
from iccmsim.results.result import facts_of
from iccmsim.studies.basis import Ground, ground_as_object, ground_of, write_basis
from iccmsim.studies.compare import compare
from iccmsim.studies.medicine_box import Box, live_box, read_box, typical_chw, write_box, zone_with_chws

SMALLEST = 8  # points


@pytest.fixture(scope="module")
def arms():
    return [tiny("facility-only", more=TWO_ZONES), tiny(more=TWO_ZONES), tiny("iccm-supported", more=TWO_ZONES)]


@pytest.fixture(scope="module")
def told(arms):
    """A small comparison of three arms."""
    return compare(arms, seeds=2).to_json()


@pytest.fixture(scope="module")
def manned():
    """Two arms with CHWs, of which the first is the status quo, too short for a second year."""
    return [tiny(name, more={**TWO_ZONES, "run.days": 150}) for name in ("iccm-as-delivered", "iccm-supported")]


@pytest.fixture(scope="module")
def kept(manned, tmp_path_factory):
    """Such a comparison on disk."""
    folder = tmp_path_factory.mktemp("kept") / "result"
    made = compare(manned, seeds=[3], status_quo=manned[0])
    made.save(folder, more=lambda place: write_basis(place, manned, seeds=[3], threads=1, status_quo=manned[0]))
    return folder


def mapped(scenario):
    """The map of a scenario, from numbers as they are kept."""
    plan = make_plan(scenario)
    found = ground_of(ground_as_object(plan.places, [plan.deployment]))
    return map_figure(found, {"name": scenario.name, "setting": facts_of(plan)}, found.posts[0])


def box_of(doses, in_post):
    """A box of one CHW in the second year."""
    return Box("sahel/iccm-as-delivered", 1, 3, 2, 366, doses, in_post)


def texts_of(figure) -> list:
    """Everything that is written in a figure and can be seen."""
    from matplotlib.text import Text

    figure.canvas.draw()
    unseen = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            outside = [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
            unseen |= {text for tick in outside for text in (tick.label1, tick.label2)}
    return [text for text in figure.findobj(Text)
            if text not in unseen and text.get_visible() and text.get_text().strip()]  # fmt: skip


def boxes_of(figure) -> dict:
    """Where each text stands, in dots; ticks beyond the axes are never drawn."""
    renderer = figure.canvas.get_renderer()
    found = {}
    for text in texts_of(figure):
        box = text.get_window_extent(renderer)
        if box.width > 1:
            found[f"{text.get_text()} at {box.x0:.0f},{box.y0:.0f}"] = (box, text)
    return found


def faults_of(figure) -> list[str]:
    """Texts that are cut, lie over one another, or are too small."""
    wide, tall = figure.bbox.width, figure.bbox.height
    boxes = boxes_of(figure)
    faults = [f"cut: {name}" for name, (box, _) in boxes.items()
              if box.x0 < 0 or box.y0 < 0 or box.x1 > wide or box.y1 > tall]  # fmt: skip
    faults += [f"small: {name}" for name, (_, text) in boxes.items() if text.get_fontsize() < SMALLEST]
    for (one, (a, _)), (other, (b, _)) in combinations(boxes.items(), 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        upward = min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > 1 and upward > 1:
            faults.append(f"over one another: {one} / {other}")
    return faults


def test_the_cascade_of_three_arms_is_fit_to_print_and_says_who_got_care_not_who_went(told):
    figure = cascade_figure(told)
    assert faults_of(figure) == []
    assert {"got any care"} == {text.get_text() for text in texts_of(figure) if "any care" in text.get_text()}


def test_deaths_averted_are_fit_to_print_and_lines_are_called_what_they_are(told):
    figure = averted_figure(told)
    assert faults_of(figure) == []
    words = " ".join(" ".join(text.get_text().split()) for text in texts_of(figure))
    assert "by chance (2.5 and 97.5 % points of 2 paired runs)" in words


def test_figures_of_five_arms_with_long_names_are_fit_to_print(told):
    more = [told["arms"][1] | {"name": f"sahel/a programme with a long name {n}"} for n in range(3)]
    wide = told | {"arms": told["arms"][:2] + more, "seeds": [3, 5, 900, 1, 2]}
    assert faults_of(cascade_figure(wide)) == []
    assert faults_of(averted_figure(wide)) == []


def test_figures_of_one_replicate_have_no_interval_and_are_fit_to_print(arms):
    single = compare(arms[:2], seeds=[4]).to_json()
    figure = averted_figure(single)
    assert faults_of(figure) == []
    assert any("One run, no interval" in text.get_text() for text in texts_of(figure))


@pytest.mark.parametrize("programme", ["facility-only", "iccm-as-delivered"])
def test_the_map_is_fit_to_print(programme):
    assert faults_of(mapped(load_scenario(f"sahel/{programme}"))) == []


def test_the_map_of_a_single_village_is_fit_to_print():
    lonely = {"setting.place.zones": 1, "setting.place.villages_per_zone": 1, "setting.place.people": 500}
    assert faults_of(mapped(load_scenario("sahel/iccm-supported", overrides=lonely))) == []


def ground(km_north, *, facilities=(0.0,), km_nearest=3.0):
    """Villages of 100 people and facilities in a line north, the last facility a hospital."""
    lat, fac = (np.array(km) / 111.195 for km in (km_north, facilities))
    n, m = len(lat), len(fac)
    km = np.broadcast_to(np.asarray(km_nearest, float), n)
    levels = np.array([1] * (m - 1) + [2])
    return Ground(lat, np.linspace(0, 0.1, n), np.full(n, 100), km, fac, np.full(m, 0.05), levels, ())


def drawn(mapped):
    figure = bare_figure(3, 3)
    axes = figure.subplots()
    draw_map(axes, mapped, None)
    return axes


def test_a_facility_beyond_the_last_village_is_on_the_map():
    mapped = ground([0, 4, 9], facilities=(2, 22))
    axes = drawn(mapped)
    hospital = axes.collections[-1].get_offsets()[0]
    assert axes.get_xlim()[0] < hospital[0] < axes.get_xlim()[1]
    assert axes.get_ylim()[0] < hospital[1] < axes.get_ylim()[1]
    assert off_the_map(mapped) == 0


def test_a_hospital_beside_a_health_centre_does_not_hide_it():
    *_, centres, hospitals = drawn(ground([0, 4, 9], facilities=(2, 2.1))).collections
    assert [len(signs.get_offsets()) for signs in (centres, hospitals)] == [1, 1]
    assert centres.get_zorder() > hospitals.get_zorder()
    assert hospitals.get_sizes()[0] > 3 * centres.get_sizes()[0]  # its arms stand out


@pytest.mark.parametrize(("villages", "facilities", "km", "off"), [
    ([0, 4, 9, 900], (2, 3), [2, 1, 6, 898], 1), ([0, 4, 9], (2, 3000), [2, 2, 7], 1),
    ([0, 4, 9], (700, 703), [700, 696, 691], 2)])  # fmt: skip
def test_a_place_in_the_wrong_country_does_not_shrink_the_map(villages, facilities, km, off):
    mapped = ground(villages, facilities=facilities, km_nearest=km)
    assert off_the_map(mapped) == off
    assert np.ptp(drawn(mapped).get_ylim()) < 20


def test_a_chws_stock_is_fit_to_print_and_counts_the_days_that_are_shaded():
    doses = np.full((365, 6), 30)
    doses[100:148, 2] = 0
    doses[120:200, 4] = 0
    figure = stock_figure(box_of(doses, np.ones(365, bool)))
    assert faults_of(figure) == []
    words = " ".join(" ".join(text.get_text().split()) for text in texts_of(figure))
    assert "out on 48 days" in words
    assert "out on 80 days" in words
    assert "year 2 of the programme. Shaded" in words
    assert "On 100 of 365 days" in words


def test_days_on_which_nobody_holds_the_post_are_grey_and_not_counted(tmp_path):
    doses, in_post = np.full((365, 6), 30), np.arange(365) < 284
    doses[100:148, 2] = 0
    doses[270:, 4] = 0
    figure = stock_figure(box_of(doses, in_post))
    assert faults_of(figure) == []
    words = " ".join(" ".join(text.get_text().split()) for text in texts_of(figure))
    assert "out on 48 days" in words
    assert "out on 14 days" in words
    assert "Grey: nobody in post, on 81 days. On 62 of 284 days in post" in words
    grey = [patch for patch in figure.axes[4].patches if to_hex(patch.get_facecolor()) == FAINT]
    assert [(patch.get_x(), patch.get_width()) for patch in grey] == [(284, 81)]


def test_a_post_is_drawn_as_empty_on_the_nights_on_which_its_chw_is_gone():
    leaving = {"programme.chw.attr": 3, "programme.chw.vacancy": 4, "run.days": 731}
    run, in_post = zone_with_chws(tiny(more={**TINY, **leaving}), status_quo=None, seed=1)
    booked = run.zone.monthly["days_in_post"][1:].sum(axis=1)
    assert in_post.shape == (731, 1 + len(booked))
    nights = in_post[:, 1:].sum(axis=0)
    left = run.zone.monthly["departures"][1:].sum(axis=1)
    assert (booked - nights == left).all()
    assert left.sum() > 0


def test_spells_are_shaded_from_their_first_day_through_their_last():
    assert spells(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 2), (3, 4), (6, 7)]
    assert spells(np.zeros(3, bool)) == []


def test_the_chw_shown_is_the_one_in_the_middle():
    doses = np.ones((10, 4, 6), int)
    doses[:9, 1] = 0
    doses[:2, 2] = 0
    doses[:5, 3, 0] = 0
    in_post = np.ones((10, 4), bool)
    assert typical_chw(doses, in_post) == 3
    in_post[:4, 1] = False
    in_post[1:, 2] = False
    assert typical_chw(doses, in_post) == 3
    in_post[2:, 3] = False
    assert typical_chw(doses, in_post) == 1


@pytest.mark.parametrize(("days", "title", "when"), [
    (730, "A year of one", "year 2 of the programme"), (600, "234 days of one", "days 366 to 599 after launch"),
    (390, "390 days of one", "days 0 to 389 after launch"), (365, "A year of one", "year 1 of the programme"),
])  # fmt: skip
def test_a_chws_stock_is_told_to_be_of_the_days_that_are_drawn(days, title, when):
    figure = stock_figure(live_box(tiny(more={**TWO_ZONES, "run.days": days}), status_quo=None, seed=1))
    assert faults_of(figure) == []
    words = " ".join(" ".join(text.get_text().split()) for text in texts_of(figure))
    assert f"{title} community health worker's medicine box" in words
    assert f", {when}. Shaded" in words


def test_every_figure_names_its_scenario_seeds_and_version(told, kept):
    from iccmsim import __version__

    for figure in (cascade_figure(told), averted_figure(told)):
        words = " ".join(" ".join(text.get_text().split()) for text in texts_of(figure))
        assert f"iccmsim {__version__}; sahel/facility-only, sahel/iccm-as-delivered" in words
        assert "seeds 1-2" in words
    written = write_figures(draw_figures(kept), kept)
    assert [path.name for path in written] == ["cascade.png", "averted.png", "map.png", "stock.png"]
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in written)


def test_a_comparison_without_chws_has_no_stock_to_draw(arms, tmp_path):
    pair = [arms[0], replace(arms[0], name="sahel/other")]
    made = compare(pair, seeds=1)
    made.save(tmp_path / "none", more=lambda place: write_basis(place, pair, seeds=[1], threads=1))
    assert list(draw_figures(tmp_path / "none")) == ["cascade.png", "averted.png", "map.png"]
    assert not (tmp_path / "none" / "stock.json").exists()


def test_figures_are_drawn_again_without_a_run(kept, monkeypatch):
    first = {path.name: path.read_bytes() for path in write_figures(draw_figures(kept), kept)}
    for path in kept.glob("*.png"):
        path.unlink()
    monkeypatch.setattr("iccmsim.engine.simulation.arms_of_zone", None)
    monkeypatch.setattr("iccmsim.studies.medicine_box.arms_of_zone", None)
    monkeypatch.setattr("iccmsim.studies.medicine_box.make_plan", None)
    assert main(["figures", str(kept)]) == 0
    assert {path.name: path.read_bytes() for path in kept.glob("*.png")} == first
    assert set(first) <= set(WRITTEN["iccmsim comparison"])


def test_the_box_that_is_kept_is_of_the_first_arm_with_chws_under_its_own_status_quo(kept, manned):
    lived = live_box(manned[0], status_quo=manned[0], seed=3)
    read = read_box(kept)
    for name in ("scenario", "seed", "zone", "chw", "first"):
        assert getattr(read, name) == getattr(lived, name)
    assert (read.doses == lived.doses).all()
    assert (read.in_post == lived.in_post).all()
    alone = live_box(manned[0], status_quo=None, seed=3)
    assert (lived.doses != alone.doses).any()


@pytest.mark.parametrize(("gone", "said"), [
    (["stock.json"], "has no stock.json (written by an earlier version or by a script): stock.png not drawn"),
    (["stock.json", "map.json"], "has no map.json and no stock.json (written by an earlier version or by a script): "
                                 "map.png and stock.png not drawn")])  # fmt: skip
def test_an_older_folder_gives_every_other_figure_and_says_what_it_lacks(kept, gone, said, tmp_path, capsys):
    folder = shutil.copytree(kept, tmp_path / "older", ignore=shutil.ignore_patterns("*.png", *gone))
    assert main(["figures", str(folder)]) == 0
    told = capsys.readouterr()
    assert told.err == f"{folder}: {said}; run iccmsim compare ... --out again\n"
    names = [name for name in ("cascade.png", "averted.png", "map.png", "stock.png")
             if name.replace("png", "json") not in gone]  # fmt: skip
    assert told.out == f"{folder}: {', '.join(names)}\n"
    assert sorted(path.name for path in folder.glob("*.png")) == sorted(names)


def test_a_box_that_is_cut_or_uneven_is_refused_by_name(kept, tmp_path, capsys):
    folder = shutil.copytree(kept, tmp_path / "cut", ignore=shutil.ignore_patterns("*.png"))
    whole = (folder / "stock.json").read_text(encoding="utf-8")
    uneven = json.loads(whole)
    uneven["doses"]["zinc"].pop()
    for text, fault in (("{", "its stock.json cannot be read; run iccmsim compare again"),
                        ("{}", "its stock.json has no scenario; run it again"),
                        (json.dumps(uneven), "its stock.json has 149 days of zinc, and in_post has 150; run iccmsim "
                                             "compare again")):  # fmt: skip
        (folder / "stock.json").write_text(text, encoding="utf-8")
        assert main(["figures", str(folder)]) == 2
        assert capsys.readouterr().err == f"iccmsim: {folder}: {fault}\n"
        assert not list(folder.glob("*.png"))


def test_a_box_is_read_back_as_it_was_written(tmp_path):
    doses = np.arange(3 * len(PRODUCTS)).reshape(3, len(PRODUCTS))
    write_box(tmp_path, box_of(doses, np.array([True, False, True])))
    read = read_box(tmp_path)
    assert (read.doses == doses).all()
    assert read.in_post.tolist() == [True, False, True]


def test_the_comparator_is_grey_and_no_two_arms_share_a_colour():
    colours = colours_of(["a", "b", "c", "d", "e", "f"])
    assert colours["a"] == COMPARATOR
    assert len(set(colours.values())) == 6
    assert set(colours.values()) == {COMPARATOR, *ARMS}
