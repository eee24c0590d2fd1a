"""What is wrong with a command line is said in one line, with status 2, and nothing is written."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from iccmsim import __version__
from iccmsim.cli import COMMANDS, main

TINY = """\
format = 1
name = "{name}"
extends = "sahel/{programme}"
[setting.place]
zones = 1
people = 1500
villages_per_zone = 5
[run]
days = {days}
warmup_days = 30
tail_days = 0
"""
REAL = """\
format = 1
extends = "sahel/facility-only"
[setting.place]
kind = "files"
name = "Gao"
case = "gao"
"""
TREE = Path("here")
HUGE = "9" * 400


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """Scenario files, files that are in the way, and folders with outputs of a run and of a comparison."""
    folder = tmp_path_factory.mktemp("template")
    for name, programme, days in (("care", "iccm-as-delivered", 60), ("none", "facility-only", 60),
                                  ("longer", "iccm-supported", 90)):  # fmt: skip
        text = TINY.format(name=name, programme=programme, days=days)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    (folder / "twin.toml").write_text(TINY.format(name="care", programme="iccm-supported", days=60), encoding="utf-8")
    (folder / "real.toml").write_text(REAL, encoding="utf-8")
    (folder / "a_file").write_text("mine", encoding="utf-8")
    (folder / "my_papers").mkdir()
    (folder / "my_papers" / "letter.txt").write_text("dear", encoding="utf-8")
    assert main(["run", str(folder / "care.toml"), "--out", str(folder / "a_run")]) == 0
    assert main(["compare", str(folder / "none.toml"), str(folder / "care.toml"), "--seeds", "1",
                 "--out", str(folder / "a_comparison")]) == 0  # fmt: skip
    for name, kind in (("run", "result"), ("comparison", "comparison"), ("export", "export"), ("sens", "sensitivity")):
        (folder / f"later_{name}").mkdir()
        manifest = f'{{"kind": "iccmsim {kind}", "format": 99}}'
        (folder / f"later_{name}" / "manifest.json").write_text(manifest, encoding="utf-8")
    return folder


@pytest.fixture
def here(template, tmp_path, monkeypatch) -> Path:
    """A copy of that folder as the place where one is."""
    shutil.copytree(template, tmp_path / TREE)
    monkeypatch.chdir(tmp_path / TREE)
    monkeypatch.delenv("ICCMSIM_DATA", raising=False)
    return tmp_path / TREE


def everything_in(folder: Path) -> dict[str, bytes]:
    """Names and contents of all files and folders."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


BROKEN = [
    # the command itself
    ("", "no command given; there are {commands} (see iccmsim --help)"),
    ("compair care.toml none.toml", "compair: unknown command; did you mean compare?"),
    ("fly", "fly: unknown command; there are {commands}"),
    ("run", "the following arguments are required: SCENARIO (see iccmsim run --help)"),
    ("compare care.toml none.toml --by village", "--by village: must be region or district"),
    ("compare none.toml care.toml --by region", "--by region: there are no regions to tell apart; a made-up place has "
     "none"),
    ("compare none.toml care.toml --status-quo=", "'': must be setting/programme, such as sahel/iccm-as-delivered, or "
     "a .toml file"),
    ("sensitivity --from= --outcome deaths", "--from: the name of the folder is empty"),
    ("sensitivity --from a_run --n 4", "--n: has no effect beside --from; leave it out"),
    ("sensitivity --from a_run --vary nope", "--vary: has no effect beside --from; leave it out"),
    ("sensitivity --from a_run --method morris", "--method: has no effect beside --from; leave it out"),
    ("sensitivity --from a_run --seeds 2", "--seeds: has no effect beside --from; leave it out"),
    ("sensitivity --from a_run --by-parameter", "--by-parameter: has no effect beside --from; leave it out"),
    ("sensitivity none.toml care.toml --out new --n=", "--n '': must be a whole number"),
    ("sensitivity none.toml care.toml --out new --method sobol --most=", "--most '': must be a whole number"),
    ("sensitivity none.toml care.toml --out new --method sobol --inner=", "--inner: the name of the group is empty"),
    ("sensitivity none.toml care.toml --out new --vary sup.lead --vary sup.lead", "--vary sup.lead: is given twice"),
    ("sensitivity none.toml care.toml --out new --vary sup.lead --vary programme.sup.lead", "programme.sup.lead: is "
     "varied twice"),
    ("sensitivity none.toml care.toml --out new --apart people --by-parameter", "--apart people: tells groups apart, "
     "and --by-parameter takes each parameter alone"),
    ("sweep --collect a_run --shard 1/2", "--shard: has no effect beside --collect; leave it out"),
    ("sweep --collect a_run --most-seeds 200", "--most-seeds: has no effect beside --collect; leave it out"),
    ("run care.toml --sead 3", "--sead: unknown option of iccmsim run; did you mean --seed?"),
    ("run care.toml --qqq", "--qqq: unknown option of iccmsim run (see iccmsim run --help)"),
    ("run care.toml none.toml", "none.toml: unknown word of iccmsim run (see iccmsim run --help)"),
    ("run care.toml --out", "argument --out: expected one argument (see iccmsim run --help)"),
    # numbers
    ("run care.toml --seed one", "--seed one: must be a whole number"),
    ("run care.toml --seed=-1", "--seed -1: must be between 0 and 9223372036854775807"),
    ("run care.toml --seed 9223372036854775808", "--seed 9223372036854775808: must be between 0 and "
     "9223372036854775807"),
    ("run care.toml --threads 0", "--threads 0: must be between 1 and 1024"),
    ("compare none.toml care.toml --seeds 0", "--seeds 0: must be between 1 and 1000000"),
    ("compare none.toml care.toml --until-mcse -1", "--until-mcse -1: must be a number above 0"),
    ("compare none.toml care.toml --until-mcse 1 --by region", "--until-mcse 1: is not for --by region; give --seeds"),
    ("compare none.toml care.toml --seeds 3,x", "--seeds x: must be a whole number"),
    ("compare none.toml care.toml --seeds 3,5,3", "--seeds 3,5,3: 3 is given twice; each seed is one replicate"),
    ("demo --seeds few", "--seeds few: must be a whole number"),
    # scenarios
    ("run sahel/iccm-as-deliverd", "programme = 'iccm-as-deliverd': unknown programme; did you mean "
     "iccm-as-delivered?"),
    ("run sahl/facility-only", "setting = 'sahl': unknown setting; did you mean sahel?"),
    ("run sahel", "sahel: is a setting only; a scenario is both, such as sahel/iccm-as-delivered"),
    ("run car.toml", "{here}/car.toml: no such file; did you mean care.toml?"),
    ("check sahel/iccm-as-deliverd", "programme = 'iccm-as-deliverd': unknown programme; did you mean "
     "iccm-as-delivered?"),
    ("check care.toml --seeds 0", "--seeds 0: must be between 1 and 1000000"),
    ("run care.toml --set chw.absent=1.7", "programme.chw.absent = 1.7: must be between 0 and 0.95 (share of working "
     "days)"),
    ("run care.toml --set chw.absent=nan", "programme.chw.absent = nan: must be between 0 and 0.95 (share of working "
     "days)"),
    ("run care.toml --set chw.absent=often", "programme.chw.absent = 'often': must be a number (share of working "
     "days)"),
    (f"run care.toml --set chw.absent={HUGE}", "programme.chw.absent = a number of 400 digits: must be between 0 and "
     "0.95 (share of working days)"),
    (f"run care.toml --set setting.place.people={HUGE}", "setting.place.people = a number of 400 digits: must be "
     "between 1 and 1000000000"),
    (f"run care.toml --set setting.place.radius_km={HUGE}", "setting.place.radius_km = a number of 400 digits: must be "
     "between 0.5 and 50"),
    (f"run care.toml --set chw.absent={'[' * 5000}{']' * 5000}", "--set chw.absent: its value holds lists too many "
     "levels deep"),
    ("run care.toml --set shock.malaria=20", "setting.shock.malaria = 20: must be 1 outside a shock, where it does "
     'nothing; write [[shock]] with kind = "malaria-surge", day, days and shock.malaria = 20'),
    ("run care.toml --set chw.absnt=.2", "chw.absnt: unknown key; did you mean chw.absent?"),
    ("run care.toml --set chw.absent", "--set chw.absent: must be KEY=VALUE, such as chw.absent=0.3"),
    ("run care.toml --set chw.absent=.1 --set chw.absent=.2", "--set chw.absent=.2: chw.absent is given twice"),
    ("run care.toml --set chw.absent=.1 --set programme.chw.absent=.2", "--set programme.chw.absent=.2: "
     "programme.chw.absent is given twice"),
    ("run care.toml --set place.people=900 --set setting.place.people=800", "--set setting.place.people=800: "
     "setting.place.people is given twice"),
    # places
    ("run real.toml --places nowhere", "setting.place: no villages.csv and facilities.csv in nowhere or its gao (Gao)"),
    ("run real.toml", "no folder of places for 'gao': give --places FOLDER, or set ICCMSIM_DATA to a folder that holds "
     "gao/villages.csv"),
    ("run care.toml --places my_papers", "--places my_papers: care.toml plays in a made-up district and reads no "
     "files"),
    # what is in it
    ("explain sahel/free-car", "programme = 'free-car': unknown programme; did you mean free-care?"),
    ("explain sahel/care", "programme = 'care': unknown programme; did you mean free-care?"),
    ("explain free-care", "free-care: is a programme only; a scenario is both, such as sahel/free-care"),
    ("explain car.toml", "{here}/car.toml: no such file; did you mean care.toml?"),
    ("explain care.toml --set chw.absent=2", "programme.chw.absent = 2: must be between 0 and 0.95 (share of working "
     "days)"),
    ("diff care.toml", "the following arguments are required: SCENARIO (see iccmsim diff --help)"),
    ("diff care.toml non.toml", "{here}/non.toml: no such file; did you mean none.toml?"),
    ("programmes free-care", "free-care: unknown word of iccmsim programmes (see iccmsim programmes --help)"),
    ("settings --jsn", "--jsn: unknown option of iccmsim settings; did you mean --json?"),
    # one's own
    ("new", "the following arguments are required: FOLDER (see iccmsim new --help)"),
    ("new my_papers", "my_papers: is there already; iccmsim new writes a new folder only"),
    ("new a_file", "a_file: is there already; iccmsim new writes a new folder only"),
    ("new .", ".: is there already; iccmsim new writes a new folder only"),
    ("new a_file/sub", "a_file/sub: {here}/a_file is not a folder that can be written to"),
    ("new nowhere/sub", "nowhere/sub: {here}/nowhere is not a folder that can be written to"),
    ("new mine --from mali-asc", "--from mali-asc: unknown programme; did you mean mali-asc-package?"),
    ("new mine --from qq", "--from qq: unknown programme; see iccmsim programmes"),
    ("new mine --from maturity-222", "programme = 'maturity-222': must have 8 digits from 0 to 3 (coordination, "
     "financing, workforce, supply, service, demand, supervision, information)"),
    ("new mine --setting sahell", "--setting sahell: unknown setting; did you mean sahel?"),
    # places
    ("places nowhere", "nowhere: neither a folder with villages.csv and facilities.csv nor a scenario"),
    ("places my_papers", "villages.csv: no such file; looked for my_papers/villages.csv"),
    ("places care.toml --places my_papers", "--places my_papers: care.toml plays in a made-up district and reads no "
     "files"),
    ("places my_papers --set chw.catch=700", "--set chw.catch=700: is for a scenario, and my_papers is a folder"),
    ("places my_papers --places a_run", "--places a_run: is for a scenario, and my_papers is a folder"),
    # where to write
    ("run care.toml --out a_file", "--out a_file: is a file, not a folder"),
    ("run care.toml --out a_file/sub", "--out a_file/sub: {here}/a_file is not a folder that can be written to"),
    ("run care.toml --out my_papers", "my_papers: not an iccmsim result: no manifest.json that can be read"),
    ("run care.toml --out a_comparison", "a_comparison: not an iccmsim result, its manifest.json says kind = "
     "'iccmsim comparison'"),
    ("compare none.toml care.toml --out a_run", "a_run: not an iccmsim comparison, its manifest.json says kind = "
     "'iccmsim result'"),
    ("run care.toml --out later_run", "later_run: format 99 is of a later version of iccmsim (this is {version}, which "
     "writes format 4); it is left as it is"),
    ("compare none.toml care.toml --out later_comparison", "later_comparison: format 99 is of a later version of "
     "iccmsim (this is {version}, which writes format 4); it is left as it is"),
    ("export a_run --csv --out later_export", "later_export: format 99 is of a later version of iccmsim (this is "
     "{version}, which writes format 1); it is left as it is"),
    ("sensitivity none.toml care.toml --out later_sens", "later_sens: format 99 is of a later version of iccmsim (this "
     "is {version}, which writes format 2); it is left as it is"),
    ("demo --out a_file", "--out a_file: is a file, not a folder"),
    ("run care.toml --out=", "--out: the name of the folder is empty"),
    # arms
    ("compare none.toml", "none.toml: compare needs a comparator and at least one more scenario"),
    ("compare none.toml care.toml twin.toml", "care is the name of two arms; each needs its own (name = ... in its "
     "file)"),
    ("compare none.toml longer.toml", "none and longer: arms must share setting and run, but differ in run.days "
     "(60 and 90)"),
    ("run care.toml --status-quo longer.toml", "care and longer: arms must share setting and run, but differ in "
     "run.days (60 and 90)"),
    # a child to follow
    ("run care.toml --trace 17", "--trace 17: must be child=NUMBER, such as child=17"),
    ("run care.toml --trace child=Awa", "--trace child Awa: must be a whole number"),
    ("run care.toml --trace child=17 --counts", "--trace: a life is told from the tables; leave out --counts"),
    # parameters
    ("params --section place", "place: unknown section; there are setting, programme, run"),
    ("params --section sitting", "sitting: unknown section; did you mean setting?"),
    ("params chw.absnt", "chw.absnt: no parameter with this in its key, meaning or source; did you mean chw.absent?"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), BROKEN, ids=[line[:80] or "nothing" for line, _ in BROKEN])
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_written(line, message, here, capsys):
    before = everything_in(here.parent)
    assert main(line.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    expected = message.format(here=here.as_posix(), commands=", ".join(COMMANDS), version=__version__)
    assert said.err.replace(os.sep, "/") == f"iccmsim: {expected}\n"
    assert everything_in(here.parent) == before


def test_a_child_that_is_not_in_the_run_is_refused_and_the_run_is_kept(here, capsys):
    assert main(["run", "care.toml", "--trace", "child=1000000", "--out", "new"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"iccmsim: child 1000000: unknown; this run has children 0 to \d+; the run itself is in new\n",
                        said.err)  # fmt: skip
    assert everything_in(here / "new").keys() == everything_in(here / "a_run").keys()


def test_a_path_of_nobody_is_named_by_every_command(here, capsys):
    for line in ("explain ~nobody-here/x.toml", "run care.toml --out=~nobody-here/x.toml", "new ~nobody-here/x.toml",
                 "compare none.toml ~nobody-here/x.toml", "sweep ~nobody-here/x.toml --out new",
                 "brief ~nobody-here/x.toml", "export ~nobody-here/x.toml --csv"):  # fmt: skip
        assert main(line.split()) == 2
        assert capsys.readouterr().err == "iccmsim: ~nobody-here/x.toml: there is no home folder of ~nobody-here\n"


def test_a_scenario_with_too_many_levels_is_refused_in_one_line(here, capsys):
    nested = {"lists": "x = " + "[" * 5000 + "]" * 5000, "table": f"[{'.'.join(['x'] * 5000)}]\na = 1",
              "programme": f"[programme.{'.'.join(['x'] * 5000)}]\na = 1"}  # fmt: skip
    for name, text in nested.items():
        (here / f"{name}.toml").write_text(f"format = 1\n{text}\n", encoding="utf-8")
        assert main(["explain", f"{name}.toml"]) == 2
        said = capsys.readouterr()
        assert said.err.startswith("iccmsim: ")
        assert said.err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="folders cannot be closed to this user")
def test_a_folder_that_cannot_be_written_to_is_noticed_before_the_run(here, capsys):
    closed = here / "closed"
    closed.mkdir(mode=0o500)
    assert main(["run", "care.toml", "--out", "closed/new"]) == 2
    assert capsys.readouterr().err == f"iccmsim: --out closed/new: {closed} is not a folder that can be written to\n"


def test_a_fault_of_the_program_itself_is_not_blamed_on_the_asker(here, monkeypatch):
    def broken(*_, **__):
        raise ValueError("a fault inside")

    monkeypatch.setattr("iccmsim.results.result.simulate", broken)
    with pytest.raises(ValueError, match="a fault inside"):
        main(["run", "care.toml"])
