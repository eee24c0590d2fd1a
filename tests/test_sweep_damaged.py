"""Sweeps whose files were damaged after they were written: what is lost is run again, named, and hides nothing else."""

from __future__ import annotations

import errno
import json
import pickle
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest
from sweeps import FILE, table_hash, tiny_design

from iccmsim.cli import main
from iccmsim.studies.sweep import Sweep, collect, sweep
from iccmsim.studies.sweeping import cases, fitting, living
from iccmsim.studies.sweeping.cases import Fitted


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The tiny design, run in eight parts."""
    folder = tmp_path_factory.mktemp("damaged") / "whole"
    with pytest.MonkeyPatch.context() as small:
        small.setattr(cases, "MOST_CASES", 1)
        sweep(tiny_design(), out=folder, executor="here")
    return folder


@pytest.fixture
def folder(whole, tmp_path, monkeypatch) -> Path:
    """A copy of it, to be damaged."""
    monkeypatch.setattr(cases, "MOST_CASES", 1)
    return Path(copytree(whole, tmp_path / "out"))


def parts_of(folder: Path) -> list[Path]:
    return sorted((folder / "parts").glob("*.parquet"))


class Patience:
    """Counts how often it is told how far a sweep is, and gives up on one that spins."""

    def __init__(self) -> None:
        self.told = 0

    def __call__(self, done: int, total: int) -> None:
        self.told += 1
        assert self.told < 100, "the sweep spins"


def swap(folder: Path) -> None:
    """Put another part in the place of the first."""
    first, second, *_ = parts_of(folder)
    first.write_bytes(second.read_bytes())


DAMAGES = {"nothing is left": lambda folder: parts_of(folder)[0].write_bytes(b""),
           "50 bytes are left": lambda folder: parts_of(folder)[0].write_bytes(parts_of(folder)[0].read_bytes()[:50]),
           "its end is gone": lambda folder: parts_of(folder)[0].write_bytes(parts_of(folder)[0].read_bytes()[:-9]),
           "it is another part": swap}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_part_is_run_again_and_the_table_is_the_same(what, folder, whole):
    DAMAGES[what](folder)
    found = sweep(tiny_design(), out=folder, executor="here", progress=Patience())
    assert found.complete
    assert found.manifest["unreadable_parts"] == []
    assert {file.name: file.read_bytes() for file in parts_of(folder)} == {
        file.name: file.read_bytes() for file in parts_of(whole)}  # fmt: skip
    assert table_hash(folder) == table_hash(whole)


def test_rounds_that_come_to_nothing_end_in_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("iccmsim.studies.sweep.Kept.keep", lambda *_: None)
    with pytest.raises(OSError, match=r"1 parts were run, and none of them can be found again in \S+parts; is the"):
        sweep(tiny_design(), out=tmp_path, executor="here", progress=Patience())


def test_what_is_gathered_names_damaged_parts_and_leaves_a_larger_table_as_it_is(folder, whole, capsys):
    damaged = parts_of(folder)[2]
    damaged.write_bytes(b"PAR1")
    assert main(["sweep", "--collect", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "14 runs done, 0 failed, 2 missing\n" in said
    assert f"1 parts cannot be read: parts/{damaged.name}; the command of this sweep runs again" in said
    assert "table.parquet was left as it is: it has 16 rows, and 14 can be gathered now" in said
    assert table_hash(folder) == table_hash(whole)
    assert (folder / "manifest.json").read_bytes() == (whole / "manifest.json").read_bytes()
    assert main(["sweep", "--collect", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["unreadable_parts"], told["larger_table"]) == ([f"parts/{damaged.name}"], 16)
    assert len(Sweep.load(folder).table()) == 16
    (folder / "table.parquet").write_bytes(b"PAR1")
    assert len(collect(folder).table()) == 14
    assert len(Sweep.load(folder).table()) == 14


def test_a_damaged_table_is_gathered_again(folder, whole):
    (folder / "table.parquet").write_bytes(b"")
    assert Sweep.load(folder).table().equals(Sweep.load(whole).table())
    sweep(tiny_design(), out=folder, executor="here")
    assert table_hash(folder) == table_hash(whole)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", "cut", "other"])
def test_damaged_rows_are_told_when_gathered_and_written_anew_by_the_command(content, folder, whole, tmp_path, capsys):
    good = (whole / "rows.npy").read_bytes()
    bad = {"cut": good[:-8], "other": good[:-8] + b"\0" * 8}.get(content, content)
    (folder / "rows.npy").write_bytes(bad)
    assert main(["sweep", "--collect", str(folder)]) == 2
    said = capsys.readouterr().err
    assert "rows.npy: cannot be read; give the command of this sweep again, which writes it anew" in said
    assert said.count("\n") == 1
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    assert main(["sweep", str(tmp_path / "design.toml"), "--out", str(folder), "--workers", "1"]) == 0
    assert (folder / "rows.npy").read_bytes() == good
    assert table_hash(folder) == table_hash(whole)


@pytest.mark.parametrize("left", ["", "[]"])
def test_rows_whose_anchoring_is_damaged_are_missing_and_solved_for_again(left, tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "fit_setting", lambda study, setting: Fitted({"kappa.pneu": 1.1}, 0.01, 3))
    design = replace(tiny_design(), anchor=True)
    sweep(design, out=tmp_path, executor="here")
    before, fit = table_hash(tmp_path), sorted((tmp_path / "fitted").iterdir())[0]
    fit.write_text(left)
    found = collect(tmp_path)
    assert (len(found.table()), found.larger_table) == (8, 16)
    assert found.table().anchored.all()
    assert found.manifest["unreadable_parts"] == [f"fitted/{fit.name}"]
    assert sweep(design, out=tmp_path, executor="here").complete
    assert table_hash(tmp_path) == before


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device", "compiled.nbi"), EOFError("cut"),
                                   pickle.UnpicklingError("damaged"), ImportError("no such library")])  # fmt: skip
def test_what_fails_for_the_machines_sake_is_no_failed_run(fault, whole, tmp_path, monkeypatch, capsys):
    """Two parts are lived, then the machine gives up; once it is mended the sweep ends as if nothing had happened."""
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    command = ["sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]
    monkeypatch.setattr(cases, "MOST_CASES", 1)
    plain, count = living.arms_of_zone, 0

    def broken(*args, **more):
        nonlocal count
        count += 1
        if count > 2:
            raise fault
        return plain(*args, **more)

    with monkeypatch.context() as machine:
        machine.setattr(living, "arms_of_zone", broken)
        assert main(command) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert f"a run could not be done, through no fault of its own ({type(fault).__name__}" in said.err
    assert "the disk is full" not in said.err  # it is not that of --out
    assert len(parts_of(tmp_path / "out")) == 2
    assert main(command) == 0
    assert "16 runs done, 0 failed, 0 missing" in capsys.readouterr().out
    assert table_hash(tmp_path / "out") == table_hash(whole)


def test_an_anchoring_that_fails_for_the_machines_sake_is_not_kept(tmp_path, monkeypatch):
    def anchor(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("iccmsim.studies.anchor.anchor", anchor)
    with pytest.raises(OSError, match="a run could not be done"):
        sweep(replace(tiny_design(), anchor=True), out=tmp_path, executor="here")
    assert not list((tmp_path / "fitted").glob("*.json"))


def test_a_sweep_of_which_every_run_failed_is_kept_and_no_success(tmp_path, monkeypatch, capsys):
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    monkeypatch.setattr(living, "arms_of_zone", lambda *_, **__: 1 / 0)
    assert main(["sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 1
    said = capsys.readouterr()
    assert "0 runs done, 16 failed, 0 missing" in said.out
    assert said.err.endswith("out: every run failed; the first: ZeroDivisionError: division by zero\n")
