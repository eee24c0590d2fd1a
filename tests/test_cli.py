"""The command line does what its help says: the same words give the same numbers, on the screen and on disk."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli_errors import TINY

from iccmsim import __version__
from iccmsim.cli import COMMANDS, main
from iccmsim.cli.words import overrides_of, seeds_of
from iccmsim.parameters.catalogue import of_section
from iccmsim.parameters.checks import check_change
from iccmsim.report.comparison import comparison_text
from iccmsim.report.terminal import count

REPOSITORY = Path(__file__).resolve().parents[1]
HEAVY = {"numba", "pandas", "pyarrow", "pydantic", "matplotlib", "mesa", "numpy", "scipy", "rich"}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A folder with two small scenarios."""
    for name, programme in (("care", "iccm-as-delivered"), ("none", "facility-only")):
        text = TINY.format(name=name, programme=programme, days=200)
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys, line: str) -> str:
    """What a command that succeeds prints; nothing goes to stderr, which is no terminal here."""
    assert main(line.split()) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_is_for_and_shows_an_example_that_it_understands(command, capsys):
    text = said(capsys, f"{command} --help")
    module = COMMANDS[command]
    assert module.PURPOSE in " ".join(text.split())
    assert "\n" not in module.PURPOSE
    examples = [shlex.split(line) for line in module.EXAMPLE.splitlines()]
    for words in examples:
        assert words[:2] == ["iccmsim", command]
        from iccmsim.cli import read_line

        assert read_line(words[1:]).command == command


def test_the_examples_of_a_brief_are_of_a_result_with_seeds_enough_for_one(capsys):
    from iccmsim.cli import brief, demo, read_line
    from iccmsim.studies.fitness import MIN_PAIRS

    made = read_line(demo.EXAMPLE.splitlines()[1].split()[1:])
    assert int(made.seeds) >= 2 * MIN_PAIRS  # 10 leave its deaths averted too rough
    assert f"iccmsim demo --seeds {made.seeds} --out {made.out}" in " ".join(said(capsys, "brief --help").split())
    assert {line.split()[2] for line in brief.EXAMPLE.splitlines()} == {made.out}


def test_the_version_is_printed(capsys):
    assert said(capsys, "--version") == f"iccmsim {__version__}\n"


def test_help_and_version_load_nothing_heavy():
    program = ("import sys, iccmsim.cli; iccmsim.cli.main(['--version']); iccmsim.cli.main(['run', '--help']); "
               "print(sorted(sys.modules), file=sys.stderr)")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, encoding="utf-8",
                          check=True)  # fmt: skip
    assert sorted(name for name in HEAVY if f"'{name}'" in done.stderr) == []


def test_the_same_command_gives_the_same_digest_and_another_seed_another(here, capsys):
    first, again, threads, other = (json.loads(said(capsys, f"run care.toml --json {more}"))["digest"]
                                    for more in ("", "", "--threads 1", "--seed 2"))  # fmt: skip
    assert first == again == threads != other
    assert first in said(capsys, "run care.toml --out with_tables")
    assert first == json.loads((here / "with_tables" / "manifest.json").read_text(encoding="utf-8"))["digest"]


def test_a_run_prints_deaths_by_cause_mortality_visits_and_stock_outs(here, capsys):
    text = said(capsys, "run care.toml")
    told = json.loads(said(capsys, "run care.toml --json"))
    assert re.search(rf"Deaths under five +{sum(told['deaths'].values())}\n", text)
    assert re.search(rf"  seen +{count(told['visits']['chw'])} +{count(told['visits']['facility'])}\n", text)
    assert f"{100 * told['stock_out']['chw']['any']:.1f} %" in text
    assert f"{told['rates']['u5mr']:.1f}" in text


def test_a_run_tells_its_numbers_before_a_full_disk_stops_it(here, capsys, monkeypatch):
    monkeypatch.setattr("iccmsim.results.folder.write_result", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with contextlib.suppress(SystemExit, OSError):
        main(["run", "care.toml", "--out", "nowhere"])
    text = capsys.readouterr().out
    assert "Deaths under five" in text
    assert "Digest" not in text


def test_a_run_that_keeps_counts_only_says_the_same(here, capsys):
    with_tables, counts = (json.loads(said(capsys, f"run care.toml --json {more}")) for more in ("", "--counts"))
    assert with_tables.pop("digest") != counts.pop("digest")
    assert with_tables == counts


def test_a_value_set_on_the_command_line_reaches_the_run(here, capsys):
    plain, none = (json.loads(said(capsys, f"run care.toml --json {more}"))["setting"]["chws"]
                   for more in ("", "--set chw.deployed=0"))  # fmt: skip
    assert plain > 0
    assert none == 0


def test_a_comparison_on_disk_holds_what_was_printed_and_its_figures(here, capsys):
    text = said(capsys, "compare none.toml care.toml --seeds 3,5 --out new")
    assert (here / "new" / "comparison.txt").read_text(encoding="utf-8") == text
    told = json.loads((here / "new" / "comparison.json").read_text(encoding="utf-8"))
    assert json.loads(said(capsys, "compare none.toml care.toml --seeds 3,5 --json")) == told
    assert comparison_text(told) + "\n" == text
    drawn = {path.stem for path in (here / "new").glob("*.png")}
    assert drawn == {"cascade", "averted", "map", "stock"}
    said(capsys, "compare none.toml care.toml --seeds 1 --out new")
    assert json.loads((here / "new" / "comparison.json").read_text(encoding="utf-8"))["seeds"] == [1]


def test_a_comparison_fits_a_narrow_terminal_by_putting_arms_below_one_another(here, capsys):
    told = json.loads(said(capsys, "compare none.toml care.toml --seeds 2 --json"))
    told["arms"] += [told["arms"][1] | {"name": f"care {n}"} for n in range(3)]
    text = comparison_text(told, width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("Deaths under five") == 3
    assert all(f"care {n}" in text for n in range(3))


def test_posts_that_are_filled_by_and_by_are_told_so(here, capsys):
    later = " --set chw.rollout=90"
    run, at_once = (said(capsys, f"run care.toml --counts{more}").split("Births")[0] for more in (later, ""))
    assert "filled over 90 days; " in " ".join(run.split())
    assert "filled" not in at_once
    both, at_once = (said(capsys, f"compare none.toml care.toml --seeds 1{more}") for more in (later, ""))
    (row,) = (line for line in both.splitlines() if line.startswith("  posts filled over"))
    assert row.split()[-2:] == ["90", "days"]
    assert "filled" not in at_once


def test_a_status_quo_is_told_and_kept_where_it_is_not_the_default(here, capsys):
    lived = "--seeds 1 --status-quo care.toml"
    first, again, usual = (said(capsys, f"compare none.toml care.toml {more} --out {name}") for more, name in (
        (lived, "a"), (lived, "b"), ("--seeds 1 --status-quo none.toml", "c")))  # fmt: skip
    assert first == again
    assert re.search(r"^Status quo in the \d+ days before launch: care$", first, re.MULTILINE)
    assert "tatus quo" not in usual
    names = [{each.name for each in (here / name).iterdir()} for name in "abc"]
    assert names[0] == names[1] == names[2] | {"status_quo.toml"}
    for name in sorted(names[0]):
        assert (here / "a" / name).read_bytes() == (here / "b" / name).read_bytes(), name
    told = json.loads((here / "a" / "comparison.json").read_text(encoding="utf-8"))
    kept = "compare a/arm-1.toml a/arm-2.toml --seeds 1 --status-quo a/status_quo.toml --json"
    assert json.loads(said(capsys, kept)) == told
    run, plain = (said(capsys, f"run care.toml --counts{more}") for more in (" --status-quo care.toml", ""))
    assert "before launch: care\n" in run
    assert "tatus quo" not in plain
    assert json.loads(said(capsys, "run care.toml --status-quo care.toml --json"))["status_quo"] == told["status_quo"]


def test_the_life_of_a_child_is_told_in_order_from_birth_to_the_end(here, capsys):
    lines = said(capsys, "run care.toml --trace child=200").splitlines()
    assert lines[0].startswith("Child 200 of care, seed 1: village ")
    days = [int(re.match(r"day +(-?\d+) ", line).group(1)) for line in lines[1:]]
    assert days == sorted(days)
    assert any("falls ill with" in line for line in lines)


def test_parameters_are_found_by_key_and_by_meaning(capsys):
    rows = json.loads(said(capsys, "params absen --json"))
    assert "chw.absent" in {row["key"] for row in rows}
    text = said(capsys, "params chw.absent")
    assert text.startswith("programme.chw.absent = 0.2 ")
    assert "Grade" in text
    assert "Fixed when" not in text
    assert " to 2500. Fixed when the run begins." in said(capsys, "params chw.catch").replace("\n    ", " ")
    everything = json.loads(said(capsys, "params --json"))
    fixed = {row["key"] for row in everything if row["section"] == "programme" and not row["dated"]}
    assert fixed == {key for key in of_section("programme") if "cannot change on a date" in "".join(
        check_change(0, {"day": 1, key: 1}, last_day=10)[1])}  # fmt: skip
    assert {"chw.catch", "budget.usd", "sup.kit_days"} < fixed
    assert {row["dated"] for row in everything if row["section"] != "programme"} == {False}
    assert {row["section"] for row in everything} == {"setting", "programme", "run"}


def test_places_shows_a_made_up_district_and_its_posts(capsys):
    told = json.loads(said(capsys, "places sahel/iccm-as-delivered --json"))
    assert told["place"]["people"] == sum(zone["people"] for zone in told["by_zone"])
    assert told["posts"]["chws"] == sum(zone["chws"] for zone in told["by_zone"])
    assert re.search(rf"  CHWs +{told['posts']['chws']}\n", said(capsys, "places sahel/iccm-as-delivered"))


def test_a_norm_with_fewer_people_to_a_chw_needs_more_chws(capsys):
    usual, fewer = (json.loads(said(capsys, f"places sahel/iccm-as-delivered --json {more}"))["posts"]["chws"]
                    for more in ("", "--set chw.catch=500"))  # fmt: skip
    assert fewer > usual


def test_places_shows_what_was_put_right_in_a_districts_lists(here, capsys):
    (here / "villages.csv").write_text("name,lat,lon,people\nA,14,-4,900\nB,14.1,-4,\nC,,,70\n", encoding="utf-8")
    (here / "facilities.csv").write_text("name,lat,lon,type\nF,14,-4,Health Centre\n", encoding="utf-8")
    text = said(capsys, "places .")
    assert "70 people dropped with their villages, 485 people guessed" in text
    assert "villages.csv:4: lat, lon" in text


def test_seeds_are_a_number_of_them_or_the_seeds_themselves():
    assert seeds_of("3") == (1, 2, 3)
    assert seeds_of("3,5,7") == (3, 5, 7)
    assert seeds_of("7,") == (7,)


def test_values_are_read_as_numbers_lists_or_texts():
    words = ["a=.5", "b=3", "c=[1, 2.5]", "d=Gao", "e=1e3", "f = true", "g=x = 1"]
    assert overrides_of(words) == {"a": 0.5, "b": 3, "c": [1, 2.5], "d": "Gao", "e": 1000.0, "f": True, "g": "x = 1"}


def test_numbers_are_shown_with_commas_and_never_as_minus_zero():
    assert [count(12345.6), count(-0.01, 1), count(None), count(0.26, 1)] == ["12,346", "0.0", "-", "0.3"]


@pytest.mark.skipif(os.name == "nt", reason="pipes close otherwise on Windows")
def test_a_reader_who_has_seen_enough_is_no_fault():
    line = f'"{sys.executable}" -m iccmsim.cli params | head -1; echo ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", line], cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


def test_being_stopped_is_said_in_one_line(monkeypatch, capsys):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(COMMANDS["params"], "go", stopped)
    assert main(["params"]) == 130
    assert capsys.readouterr().err == "iccmsim: stopped\n"


def test_a_full_disk_is_status_one(monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device", "new/children.parquet")

    monkeypatch.setattr(COMMANDS["params"], "go", full)
    assert main(["params"]) == 1
    assert "No space left on device" in capsys.readouterr().err
