"""Experiment scripts run at toy size, and their tables and figures can be remade from what they stored."""

from __future__ import annotations

import csv
import json
import re
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from iccmsim.core.records import YEAR
from iccmsim.engine.pairs import PARTS
from iccmsim.engine.tally import TAIL, TALLY
from iccmsim.parameters.files import library_names
from iccmsim.parameters.reasons import Reasons
from iccmsim.studies.compare import Comparison

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"


@pytest.fixture(scope="module")
def density(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the density experiment fills at toy size."""
    out = tmp_path_factory.mktemp("density")
    main = runpy.run_path(str(EXPERIMENTS / "chw_density.py"))["main"]
    assert main(["--out", str(out), "--toy"]) == 0
    return out


def test_every_script_says_its_question_its_design_and_how_to_read_it():
    scripts = sorted(EXPERIMENTS.glob("*.py"))
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert all(word in text for word in ("Question ", "Design ", "Reading ")), script.name


def test_the_density_experiment_writes_table_manifest_and_figure(density: Path):
    with (density / "density.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["people_per_chw"]) for row in rows] == [4000, 2500, 1500, 1000, 500]
    headcount = [int(row["chws"]) for row in rows]
    assert headcount == sorted(headcount)
    assert headcount[0] < headcount[-1]
    assert all(float(r["deaths_averted_mean"]) == float(r["saved_mean"]) - float(r["lost_mean"]) for r in rows)
    assert json.loads((density / "comparison" / "manifest.json").read_text(encoding="utf-8"))["seeds"] == [1, 2]
    assert (density / "density.png").read_bytes().startswith(b"\x89PNG")


def test_table_and_figure_are_remade_from_the_stored_results(density: Path):
    before = (density / "density.csv").read_bytes()
    (density / "density.csv").unlink()
    (density / "density.png").unlink()
    main = runpy.run_path(str(EXPERIMENTS / "chw_density.py"))["main"]
    assert main(["--out", str(density), "--remake"]) == 0
    assert (density / "density.csv").read_bytes() == before
    assert (density / "density.png").exists()


def test_saved_and_lost_at_the_door_add_up_and_are_remade(tmp_path: Path, capsys, monkeypatch):
    main = runpy.run_path(str(EXPERIMENTS / "at_the_door.py"))["main"]
    assert main(["--out", str(tmp_path), "--toy", "--settings", "sahel"]) == 0
    first = capsys.readouterr().out
    with (tmp_path / "at_the_door.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["programme"] for row in rows][::4] == ["as delivered", "in danger first", "always there",
                                                       "a CHW for 750 people"]  # fmt: skip
    assert float(rows[0]["waited"]) > 0
    assert {float(row["waited"]) for row in rows if "nobody waits" in row["programme"]} == {0.0}
    assert {name: float(rows[0][name]) for name in ("more", "more_error")} == {"more": 0.0, "more_error": 0.0}
    for row in rows:
        assert float(row["averted"]) == float(row["saved"]) - float(row["lost"])
        assert float(row["more"]) == float(row["averted"]) - float(rows[0]["averted"])
        for word in ("saved", "lost"):
            assert float(row[word]) == sum(float(row[f"{word}_{part}"]) for part in PARTS)
    (tmp_path / "at_the_door.png").unlink()
    words, names = [], main.__wrapped__.__globals__
    drawn = names["new_figure"]
    monkeypatch.setitem(names, "new_figure", lambda *size, **of: words.append(of) or drawn(*size, **of))
    assert main(["--out", str(tmp_path), "--remake", "--settings", "sahel"]) == 0
    assert capsys.readouterr().out == first
    assert (tmp_path / "at_the_door.png").exists()
    assert words[0]["source"] == ("sahel: Sahel (made up): 6,000 people in 10 villages, 2 health-facility zones; "
                                  "365 days, 2 paired replicates.")  # fmt: skip
    assert "five years" not in words[0]["subtitle"]


def two_villages(folder: Path) -> None:
    """Files of a Bankass of two villages and one health centre."""
    case = folder / "cases" / "bankass"
    case.mkdir(parents=True)
    (case / "villages.csv").write_text("id,name,lat,lon,people\nV1,Near,14.0,-3.5,900\nV2,Far,14.2,-3.5,4000\n")
    (case / "facilities.csv").write_text("id,name,type,lat,lon\nF1,Centre,health centre,14.0,-3.5\n"
                                         "F2,Hospital,hospital,14.0,-3.9\n")  # fmt: skip


def test_home_visits_are_compared_with_a_fixed_site_and_leave_their_trace(tmp_path: Path, capsys):
    two_villages(tmp_path)
    main = runpy.run_path(str(EXPERIMENTS / "proactive_visits.py"))["main"]
    assert main(["--out", str(tmp_path / "out"), "--places", str(tmp_path), "--toy"]) == 0
    first = capsys.readouterr().out
    with (tmp_path / "out" / "trace.csv").open(encoding="utf-8") as file:
        fixed, proactive = csv.DictReader(file)
    assert (fixed["arm"], proactive["arm"]) == ("fixed-site", "proactive")
    for name in ("formal_care_by_the_next_day", "episodes_seen_by_a_chw_per_child_year"):
        assert float(proactive[name]) > float(fixed[name]) > 0
    assert float(proactive["found_at_home"]) > float(fixed["found_at_home"]) == 0
    both = Comparison.load(tmp_path / "out" / "comparison")
    for i, row in enumerate((fixed, proactive)):
        t = both.tallies[:, i]
        years = t["child_days"][:, :TAIL].sum() / YEAR
        assert float(row["visits_to_posts"]) + float(row["found_at_home"]) == pytest.approx(
            t["cases"][:, 0].sum() / years, rel=1e-4)  # fmt: skip
        assert float(row["visits_to_centres"]) == pytest.approx(t["cases"][:, 1].sum() / years, rel=1e-4)
    assert (fixed["rate_ratio"], fixed["error"]) == ("1", "0")
    assert f"rate ratio {float(proactive['rate_ratio']):.3f} " in first
    (tmp_path / "out" / "trace.png").unlink()
    assert main(["--out", str(tmp_path / "out"), "--places", str(tmp_path), "--remake"]) == 0
    assert capsys.readouterr().out == first
    assert "1.02 (.88-1.19)" in first
    assert (tmp_path / "out" / "trace.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("script", "option"), [("at_the_door", "--settings"), ("rectal_artesunate", "--setting")])
def test_a_script_runs_at_toy_size_in_a_real_place_as_large_as_it_is(script, option, tmp_path: Path, capsys):
    two_villages(tmp_path)
    main = runpy.run_path(str(EXPERIMENTS / f"{script}.py"))["main"]
    words = ["--out", str(tmp_path / "out"), option, "bankass", "--places", str(tmp_path), "--toy"]
    assert main(words) == 0, capsys.readouterr().err
    assert capsys.readouterr().out == (tmp_path / "out" / f"{script}.csv").read_text(encoding="utf-8")


def test_every_script_that_runs_in_any_setting_is_told_where_its_lists_are():
    for script in sorted(EXPERIMENTS.glob("*.py")):
        text = script.read_text(encoding="utf-8")
        assert ("--setting" in text) <= ('"--places"' in text), script.name


def test_deaths_are_set_beside_the_child_days_of_the_same_years():
    rate_ratio = runpy.run_path(str(EXPERIMENTS / "proactive_visits.py"))["rate_ratio"]
    tallies = np.zeros((3, 2), TALLY)
    tallies["deaths"][:, 0, 0, 0, 3], tallies["deaths"][:, 1, 0, 0, 3] = 4, 3
    tallies["child_days"][:, :, 0, 3] = 1000
    tallies["child_days"][:, 1, TAIL, 3] = 500  # lived after the window, in one arm
    assert rate_ratio(SimpleNamespace(tallies=tallies)) == pytest.approx((0.75, 0.0))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The folder that the run of the whole library fills at toy size, and the script's names."""
    out = tmp_path_factory.mktemp("library")
    script = runpy.run_path(str(EXPERIMENTS / "whole_library.py"))
    assert script["main"](["--out", str(out), "--toy"]) == 0
    return out, script


def test_the_whole_library_ends_in_a_table_with_a_row_a_programme_best_first(library):
    out, _ = library
    with (out / "library.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["programme"] for row in rows} == set(library_names()["programme"])
    averted = [float(row["expected_averted_mean"]) for row in rows]
    assert averted == sorted(averted, reverse=True)
    by_name = {row["programme"]: row for row in rows}
    assert by_name["iccm-as-delivered"]["beside_as_delivered"] == "the same"
    assert float(by_name["facility-only"]["expected_averted_mean"]) == 0
    assert int(by_name["more-chws"]["chws"]) > int(by_name["iccm-as-delivered"]["chws"]) > 0
    for row in rows:
        difference = float(row["expected_averted_mean"]) - float(by_name["iccm-as-delivered"]["expected_averted_mean"])
        assert float(row["more_than_as_delivered"]) == pytest.approx(difference, abs=1e-3)
    assert (out / "library.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((out / "comparison" / "manifest.json").read_text(encoding="utf-8"))["names"]) == len(rows)


def test_each_pair_of_programmes_has_the_outcome_that_tells_them_apart(library):
    out, _ = library
    with (out / "pairs.csv").open(encoding="utf-8") as file:
        pairs = list(csv.DictReader(file))
    n = len(library_names()["programme"])
    assert len(pairs) == n * (n - 1) // 2
    for pair in pairs:
        assert (pair["apart"] == "yes") == (float(pair["in_errors"]) >= 3)
        assert bool(pair["why_not"]) == (pair["apart"] == "no")
    none = next(p for p in pairs if {p["first"], p["second"]} == {"facility-only", "iccm-as-delivered"})
    assert none["apart"] == "yes"


def test_the_tables_and_the_figure_of_the_library_are_remade_from_the_stored_results(library):
    out, script = library
    before = {name: (out / name).read_bytes() for name in ("library.csv", "pairs.csv")}
    for name in (*before, "library.png"):
        (out / name).unlink()
    assert script["main"](["--out", str(out), "--remake"]) == 0
    assert {name: (out / name).read_bytes() for name in before} == before
    assert (out / "library.png").exists()


def test_the_points_of_simulated_districts_are_not_called_95_per_cent_of_districts(library, monkeypatch):
    out, script = library
    words, names = [], script["figure"].__globals__
    drawn = names["new_figure"]
    monkeypatch.setitem(names, "new_figure", lambda *size, **of: words.append(of["subtitle"]) or drawn(*size, **of))
    assert script["main"](["--out", str(out), "--remake"]) == 0
    assert "by chance (2.5 and 97.5\u00a0% points)" in words[0]
    assert "95\u00a0%" not in words[0]


def test_a_difference_is_counted_in_its_own_monte_carlo_errors(library):
    _, script = library
    mean, error, times = script["in_errors"](np.array([1.0, 2.0, 3.0, 2.0]))
    assert (mean, error, times) == pytest.approx((2.0, np.sqrt(2 / 3) / 2, 2 / (np.sqrt(2 / 3) / 2)))
    assert script["in_errors"](np.zeros(4))[2] == 0
    assert script["in_errors"](np.ones(4))[2] == np.inf


def test_why_two_programmes_coincide_is_read_from_the_file_of_either(library, monkeypatch):
    _, script = library
    assert script["why_they_coincide"]("free-care", "more-chws") == "unexplained"
    said = Reasons("About. Coincides with more-chws: nobody comes.")
    monkeypatch.setitem(script["why_they_coincide"].__globals__, "reasons_of",
                        lambda path: said if path.stem == "free-care" else Reasons())  # fmt: skip
    for pair in (("free-care", "more-chws"), ("more-chws", "free-care")):
        assert script["why_they_coincide"](*pair) == "nobody comes."


@pytest.mark.parametrize(("script", "table", "picture", "rows"), [
    ("shocks.py", "shocks.csv", "shocks.png", 18),
    ("which_component_next.py", "components.csv", "components.png", 8),
    ("supply_rules.py", "supply.csv", "supply.png", 36),
    ("sensitivity_morris.py", "indices.csv", "indices.png", 2),
    ("sensitivity_sobol.py", "pairs.csv", "interactions.png", 1),
])  # fmt: skip
def test_a_script_writes_table_and_figure_and_makes_them_again(script, table, picture, rows, tmp_path, capsys):
    main = runpy.run_path(str(EXPERIMENTS / script))["main"]
    assert main(["--out", str(tmp_path), "--toy"]) == 0
    printed, before = capsys.readouterr().out, (tmp_path / table).read_bytes()
    with (tmp_path / table).open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == rows
    assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    (tmp_path / table).unlink()
    (tmp_path / picture).unlink()
    assert main(["--out", str(tmp_path), "--remake"]) == 0
    assert (tmp_path / table).read_bytes() == before
    assert (tmp_path / picture).exists()
    assert capsys.readouterr().out == printed


def test_a_shock_that_does_not_exist_any_more_would_be_missed():
    from iccmsim.parameters.shocks import shock_kinds

    assert set(runpy.run_path(str(EXPERIMENTS / "shocks.py"))["PROTECTED"]) == set(shock_kinds())


def test_a_profile_that_cannot_rise_is_refused_in_one_line(tmp_path: Path, capsys):
    main = runpy.run_path(str(EXPERIMENTS / "which_component_next.py"))["main"]
    for profile in ("33333333", "1111", "11111114", "abcdefgh"):
        assert main(["--out", str(tmp_path), "--toy", "--profile", profile]) == 2
        said = capsys.readouterr().err
        assert re.search(r"(8|eight) digits", said)
        assert said.count("\n") == 1


def test_one_component_that_is_left_to_raise_has_neither_partner_nor_ranking(tmp_path, capsys):
    main = runpy.run_path(str(EXPERIMENTS / "which_component_next.py"))["main"]
    assert main(["--out", str(tmp_path), "--toy", "--profile", "33333332"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("information ")
    assert "of raising all, and no other can be raised\n" in said
    assert said.endswith("no ranking: information is the only component that can be raised\n")
    with (tmp_path / "components.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["strongest_partner"], row["synergy"], row["synergy_error"]) == ("", "", "")
    assert row["shapley"] == row["averted_alone"]
    assert main(["--out", str(tmp_path), "--remake", "--profile", "33333332"]) == 0
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(("script", "words", "message"), [
    ("whole_library.py", ["--toy", "--setting", "nope"], "setting 'nope'"),
    ("shocks.py", ["--remake"], "No such file"),
    ("which_component_next.py", ["--remake"], "is not there"),
])  # fmt: skip
def test_a_script_says_in_one_line_what_was_wrong(tmp_path, capsys, script, words, message):
    main = runpy.run_path(str(EXPERIMENTS / script))["main"]
    assert main(["--out", str(tmp_path / "none"), *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{script}: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "none").exists()


def test_a_script_refuses_a_number_of_seeds_that_tells_no_error(tmp_path, capsys):
    main = runpy.run_path(str(EXPERIMENTS / "whole_library.py"))["main"]
    assert main(["--out", str(tmp_path), "--seeds", "1"]) == 2
    assert "must be a whole number of at least 2" in capsys.readouterr().err


def refused(capsys, script: str, *words: object) -> str:
    """The one line with which a script refuses its words."""
    assert runpy.run_path(str(EXPERIMENTS / f"{script}.py"))["main"]([str(word) for word in words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err.removeprefix(f"{script}.py: ").strip()


SCRIPTS = sorted(script.stem for script in EXPERIMENTS.glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_looks_at_its_words_before_anything_runs(script, tmp_path, capsys, monkeypatch):
    for name in ("compare", "raise_components", "sweep", "sensitivity", "live", "Simulation", "compare_country"):
        for module in ("compare", "components", "sweep", "sensitivity", "aftermath", "country"):
            monkeypatch.setattr(f"iccmsim.studies.{module}.{name}", None, raising=False)
    monkeypatch.setattr("iccmsim.engine.simulation.Simulation", None)
    (tmp_path / "afile").write_text("mine", encoding="utf-8")
    afile = tmp_path / "afile"
    said = refused(capsys, script, "--toy", "--out", afile)
    assert said == f"argument --out: {afile}: is a file, not a folder (see --help)"
    assert f"{afile} is not a folder that can be written to" in refused(capsys, script, "--toy", "--out", afile / "sub")
    assert "the name of the folder is empty" in refused(capsys, script, "--toy", "--out", "")
    assert refused(capsys, script, "--out", tmp_path / "new", "--see", "3") == ("unrecognized arguments: --see 3 (see "
                                                                              "--help)")  # fmt: skip
    assert "must be a whole number of at least" in refused(capsys, script, "--out", tmp_path / "new", "--seeds", "0")
    assert [each.name for each in tmp_path.iterdir()] == ["afile"]


STORED_IN = [("chw_density", "comparison"), ("whole_library", "comparison"), ("which_component_next", "c"),
             ("at_the_door", "sahel-registers")]  # fmt: skip


@pytest.mark.parametrize(("script", "name"), STORED_IN)
def test_what_stands_in_the_place_of_the_results_is_refused_before_anything_runs(script, name, tmp_path, capsys):
    (tmp_path / name).mkdir()
    (tmp_path / name / "letter.txt").write_text("dear", encoding="utf-8")
    said = refused(capsys, script, "--toy", "--out", tmp_path)
    assert said == f"{tmp_path / name}: not an iccmsim comparison: no manifest.json that can be read"
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_what_is_stored_by_another_script_is_not_taken_for_ones_own(density, tmp_path, capsys):
    for script, name in (("whole_library", "comparison"), ("which_component_next", "a"), ("at_the_door", "sahel")):
        shutil.copytree(density / "comparison", tmp_path / script / name)
        said = refused(capsys, script, "--out", tmp_path / script, "--remake")
        assert said.startswith(f"{tmp_path / script / name}: holds arms of something else (sahel/facility-only, ")
        assert [each.name for each in (tmp_path / script).iterdir()] == [name]


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the ranking of components fills at toy size, where two of them can be raised."""
    out = tmp_path_factory.mktemp("components")
    main = runpy.run_path(str(EXPERIMENTS / "which_component_next.py"))["main"]
    assert main(["--out", str(out), "--toy", "--profile", "11333333"]) == 0
    return out


@pytest.mark.parametrize("words", [["--profile", "22333333"], ["--profile", "11333333", "--setting", "remote-forest"],
                                   ["--profile", "11333333", "--setting", "sahel-registers"]])  # fmt: skip
def test_components_are_not_told_with_other_levels_or_another_place_than_they_were_run(words, components, capsys):
    before = {each.name: each.read_bytes() for each in components.glob("components.*")}
    said = refused(capsys, "which_component_next", "--out", components, "--remake", *words)
    asked = f"--setting {words[3] if len(words) > 2 else 'sahel'} and --profile {words[1]} as they are now"
    assert said.startswith(f"{components / 'a'}: its arms are not those of {asked} (")
    assert {each.name: each.read_bytes() for each in components.glob("components.*")} == before


def test_the_title_of_the_components_is_of_the_children_whose_bars_are_drawn_and_is_not_cut(components, monkeypatch):
    from matplotlib.text import Text

    from iccmsim.results.mortality import WINDOW
    from iccmsim.studies.compare import Comparison

    script, drawn = runpy.run_path(str(EXPERIMENTS / "which_component_next.py")), []
    names = script["figure"].__globals__
    monkeypatch.setitem(names, "save_figure", lambda canvas, path: drawn.append(canvas))
    said = "ranking NOT stable: lowest rank correlation between sets of children -0.57; first: "
    monkeypatch.setitem(names, "verdict", lambda sets: said + "coordination, financing, supervision")
    assert script["main"](["--out", str(components), "--remake", "--profile", "11333333"]) == 0
    deaths = [Comparison.load(components / name).tallies["expected"][:, 0, WINDOW].sum(axis=(1, 2)).mean()
              for name in "abc"]  # fmt: skip
    assert len({f"{each:,.0f}" for each in deaths}) > 1
    (canvas,) = drawn
    canvas.draw_without_rendering()
    (title,) = (each for each in canvas.findobj(Text) if said[:20] in each.get_text())
    assert f"2 pairs (first set of children); {deaths[0]:,.0f} under five" in title.get_text().replace("\n", " ")
    box = title.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= canvas.bbox.x1


def test_lives_that_are_cut_are_named(tmp_path, capsys):
    one = {"none|none|treated_at": np.zeros(5), "none|none|deaths": np.zeros(5)}
    np.savez_compressed(tmp_path / "lived.npz", **one)
    whole = (tmp_path / "lived.npz").read_bytes()
    for content, said in ((whole, "has not all shocks of this script"), (whole[:-30], "cannot be read"),
                          (b"", "cannot be read"), (b"dear", "cannot be read")):  # fmt: skip
        (tmp_path / "lived.npz").write_bytes(content)
        told = refused(capsys, "shocks", "--out", tmp_path, "--remake")
        assert told == f"{tmp_path / 'lived.npz'}: {said}; run it again, without --remake"


def test_a_setting_that_is_given_twice_is_refused(tmp_path, capsys):
    said = refused(capsys, "at_the_door", "--out", tmp_path, "--toy", "--settings", "sahel", "sahel")
    assert said == "--settings: sahel is given twice"


@pytest.mark.parametrize("full", [True, False])
def test_a_table_is_printed_before_the_disk_is_full_and_kept_if_it_cannot_be_printed(full, tmp_path, capsys,
                                                                                     monkeypatch):  # fmt: skip
    def no(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if full:
        monkeypatch.setattr("iccmsim.studies.compare.np.save", no)
    else:
        monkeypatch.setattr("sys.stdout", SimpleNamespace(write=no, flush=no))
    assert runpy.run_path(str(EXPERIMENTS / "chw_density.py"))["main"](["--out", str(tmp_path), "--toy"]) == 2
    said = capsys.readouterr()
    assert said.err == "chw_density.py: [Errno 28] No space left on device\n"
    if full:
        assert said.out.count("\n") == 6
    else:
        assert {each.name for each in tmp_path.iterdir()} == {"comparison", "density.csv", "density.png"}


def test_a_script_that_is_stopped_says_so(tmp_path, capsys, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("iccmsim.studies.compare.compare", stop)
    assert runpy.run_path(str(EXPERIMENTS / "chw_density.py"))["main"](["--out", str(tmp_path / "new"), "--toy"]) == 130
    assert capsys.readouterr().err == "chw_density.py: stopped\n"
