"""Nothing that was finished is lost: not by a full disk, a closed stream, or a name that cannot be spelt."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from sweeps import FILE

from iccmsim.cli import main
from iccmsim.report.brief_page import seeds_text
from iccmsim.report.experiment import progress_bar
from iccmsim.report.language import language
from iccmsim.report.terminal import in_a_row

REPOSITORY = Path(__file__).resolve().parents[1]
SMALL = ["--set", "setting.place.people=1500", "--set", "setting.place.zones=1",
         "--set", "setting.place.villages_per_zone=5", "--set", "run.warmup_days=30", "--set", "run.days=60",
         "--set", "run.tail_days=0"]  # fmt: skip
RUN = ["run", "sahel/iccm-as-delivered", *SMALL]
COMPARE = ["compare", "sahel/facility-only", "sahel/iccm-as-delivered", "--seeds", "1", *SMALL]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty place where one is."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def fault(capsys) -> str:
    """What was said on stderr, which is one line."""
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said.strip()


class Full(io.StringIO):
    """A stream to a disk that is full."""

    write = flush = full
    fileno = staticmethod(lambda: os.open(os.devnull, os.O_WRONLY))


def test_what_is_of_an_earlier_comparison_is_kept_and_named(here, capsys):
    assert main([*COMPARE, "--out", "results"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["export", "results", "--csv"]) == 0
    (here / "results" / "brief.fr.pdf").write_text("brief", encoding="utf-8")
    (here / "results" / "notes.txt").write_text("mine", encoding="utf-8")
    before = {each.name for each in (here / "results").iterdir()}
    capsys.readouterr()
    assert main([*COMPARE, "--out", "results"]) == 0
    assert fault(capsys) == "results: brief.fr.pdf and export are of the earlier result"
    assert {each.name for each in (here / "results").iterdir()} == before


def test_a_comparison_is_printed_before_a_full_disk_stops_it(here, capsys, monkeypatch):
    monkeypatch.setattr("iccmsim.studies.compare.np.save", full)
    for more, shown in (([], "Deaths averted"), (["--json"], '"arms"')):
        assert main([*COMPARE, "--out", "results", *more]) == 1
        said = capsys.readouterr()
        assert shown in said.out
        assert said.err == "iccmsim: results: cannot be written (No space left on device); results was not made\n"
    assert list(here.iterdir()) == []


def test_a_full_disk_after_the_counts_names_the_file_and_what_is_kept(here, capsys, monkeypatch):
    monkeypatch.setattr("iccmsim.report.experiment.whole_or_nothing", full)
    assert main([*COMPARE, "--out", "results"]) == 1
    assert fault(capsys).replace(os.sep, "/") == ("iccmsim: results/comparison.json: cannot be written (No space left "
                                                  "on device); the comparison itself is in results")  # fmt: skip


def test_a_full_disk_is_told_with_the_name_of_a_new_folder_and_of_an_export(here, capsys, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Path, "write_text", full)
        assert main(["new", "mine"]) == 1
    assert fault(capsys) == "iccmsim: mine: cannot be written (No space left on device); mine was not made"
    assert list(here.iterdir()) == []
    assert main([*RUN, "--counts", "--out", "results"]) == 0
    capsys.readouterr()
    monkeypatch.setattr("iccmsim.report.workbook.put_manifest", full)
    assert main(["export", "results", "--csv"]) == 1
    assert fault(capsys).replace(os.sep, "/") == ("iccmsim: results/export: cannot be written (No space left on "
                                                  "device); results/export was not made")  # fmt: skip


def test_a_named_file_is_told_by_its_name(monkeypatch, capsys):
    def no(*_: object) -> None:
        raise OSError(28, "No space left on device", "new/children.parquet")

    monkeypatch.setattr("iccmsim.cli.params.go", no)
    monkeypatch.setattr("iccmsim.cli.COMMANDS", {"params": sys.modules["iccmsim.cli.params"]})
    assert main(["params"]) == 1
    assert fault(capsys) == "iccmsim: new/children.parquet: No space left on device"


def test_a_run_that_cannot_be_printed_is_written(here, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Full())
    assert main([*RUN, "--out", "results"]) == 1
    assert fault(capsys) == ("iccmsim: what is printed: cannot be written (No space left on device); the result is in "
                             "results")  # fmt: skip
    assert (here / "results" / "visits.parquet").is_file()


@pytest.mark.skipif(os.name == "nt", reason="of shells of Unix")
def test_a_closed_output_and_a_name_that_cannot_be_spelt_lose_nothing(here):
    program = f"{shlex.quote(sys.executable)} -m iccmsim"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0",
                   "PYTHONUTF8": "0"}  # fmt: skip
    closed = subprocess.run(["bash", "-c", f"{program} params >&-"], env=environment, capture_output=True, check=False)
    assert (closed.returncode, closed.stderr) == (0, b"")
    line = f"{program} {shlex.join(RUN)} --out öut"
    done = subprocess.run(["bash", "-c", line], env=environment, cwd=here, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Digest" in done.stdout
    assert (here / "öut" / "visits.parquet").is_file()
    told = subprocess.run(["bash", "-c", f"{program} export öut --csv"], env=environment, cwd=here, capture_output=True,
                          check=False)  # fmt: skip
    assert told.returncode == 2
    assert b"cannot be spelt here; a UTF-8 locale is needed" in told.stderr


def test_the_next_command_is_said_as_a_shell_reads_it(here, capsys):
    assert main(["new", "a b"]) == 0
    next_one = capsys.readouterr().out.splitlines()[-1].removeprefix("Next: ")
    words = shlex.split(next_one)
    assert words == ["iccmsim", "explain", str(Path("a b") / "scenario.toml")]
    assert main(words[1:]) == 0


def test_a_bar_says_how_far_it_is_only_once_that_is_known(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress_bar("2 arms") as progress:
        pass
    assert "None" not in terminal.getvalue()
    with progress_bar("2 arms") as progress:
        progress(1, 4)
    assert "1/4 zones" in terminal.getvalue()


def test_a_cut_table_is_named_by_the_export(here, capsys):
    assert main([*RUN, "--out", "results"]) == 0
    file = here / "results" / "visits.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    capsys.readouterr()
    assert main(["export", "results", "--csv"]) == 2
    assert fault(capsys).replace(os.sep, "/").startswith("iccmsim: results/visits.parquet: cannot be read (")


def test_seeds_far_apart_are_named_and_not_counted_up(here, capsys):
    far = ["compare", "sahel/facility-only", "sahel/iccm-as-delivered", "--seeds", "1,9223372036854775807", *SMALL]
    assert main([*far, "--out", "results"]) == 0
    assert "2 paired runs (seeds 1, 9223372036854775807)" in " ".join(capsys.readouterr().out.split())
    assert seeds_text([1, 9223372036854775807], language("en")) == "1 and 9,223,372,036,854,775,807"
    assert [in_a_row(seeds) for seeds in ([4, 5, 6], [4, 6], [6, 5], [4])] == [True, False, False, False]


@pytest.mark.parametrize("name", ["tallies.npy", "pairs.npy"])
def test_counts_that_are_empty_are_named(name, here, capsys):
    assert main([*COMPARE, "--out", "results"]) == 0
    (here / "results" / name).write_bytes(b"")
    for command in (["export", "results", "--csv"], ["brief", "results"]):
        capsys.readouterr()
        assert main(command) == 2
        assert fault(capsys).replace(os.sep, "/") == (f"iccmsim: results/{name}: cannot be read; the folder is "
                                                      "incomplete")  # fmt: skip


SENSITIVITY = ["sensitivity", *COMPARE[1:3], *SMALL, "--method", "morris", "--n", "2", "--seeds", "1", "--vary",
               "chw.minutes_day", "--vary", "chw.absent", "--outcome", "chw_visits", "--unanchored", "--workers",
               "1", "--out", "results"]  # fmt: skip
MADE = {"sweep": ["sweep", "design.toml", "--workers", "1", "--out", "results"], "sensitivity": SENSITIVITY,
        "new": ["new", "results"], "export": ["export", "a_run", "--csv", "--out", "results"]}  # fmt: skip


@pytest.mark.parametrize("command", MADE)
def test_where_nothing_can_be_printed_it_is_said_where_the_result_is(command, here, capsys, monkeypatch):
    (here / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    if command == "export":
        assert main([*RUN, "--counts", "--out", "a_run"]) == 0
    capsys.readouterr()
    monkeypatch.setattr(sys, "stdout", Full())
    assert main(MADE[command]) == 1
    assert fault(capsys) == ("iccmsim: what is printed: cannot be written (No space left on device); the result is in "
                             "results")  # fmt: skip
    names = {each.name for each in (here / "results").iterdir()}
    assert {"sweep": "table.parquet", "sensitivity": "findings.json", "new": "scenario.toml",
            "export": "dictionary.csv"}[command] in names  # fmt: skip


def test_findings_are_printed_before_a_full_disk_stops_them(here, capsys, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("iccmsim.report.sensitivity.whole_or_nothing", full)
        assert main(SENSITIVITY) == 1
    said = capsys.readouterr()
    assert "CHW workforce" in said.out
    assert said.err == ("iccmsim: results: cannot be written (No space left on device); all runs are kept there, and "
                        "--from analyses them again\n")  # fmt: skip
    assert main(["sensitivity", "--from", "results", "--outcome", "chw_visits"]) == 0
    assert capsys.readouterr().out == said.out
