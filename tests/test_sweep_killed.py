"""Sweeps that are killed, stopped, short of disk or run by several at once end as if nothing had happened."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sweeps import FILE, table_hash, tiny_design

from iccmsim.cli import main
from iccmsim.studies.sweep import Sweep, collect, sweep
from iccmsim.studies.sweeping import cases, kept

REPOSITORY = Path(__file__).resolve().parents[1]
only_posix = pytest.mark.skipif(os.name != "posix", reason="processes are forked and killed by signals")


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> dict:
    """What came of sweeps that were killed at twenty moments, run by two at once, and in two shards."""
    root = tmp_path_factory.mktemp("killed")
    done = subprocess.run([sys.executable, str(REPOSITORY / "tests" / "killed_sweeps.py"), str(root)], text=True,
                          capture_output=True, timeout=300, env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
                          cwd=REPOSITORY)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@only_posix
def test_a_sweep_killed_at_any_of_twenty_moments_ends_in_the_same_bytes_when_the_command_is_given_again(killed):
    moments = [each for each in killed["moments"] if "killed" in each]
    assert len(moments) == 20
    assert [each["what"] for each in moments if each["table"] != killed["undisturbed"]] == []
    assert [each["what"] for each in moments if each["what"].startswith("file") and not each["killed"]] == []
    assert len({each["parts"] for each in moments}) >= 4  # at different depths of the work


@only_posix
@pytest.mark.parametrize("what", ["two at once", "two shards"])
def test_two_processes_on_one_folder_and_two_shards_end_in_the_same_bytes(killed, what):
    found = next(each for each in killed["moments"] if each["what"] == what)
    assert found["ends"] == [0, 0]
    assert found["table"] == killed["undisturbed"]


@pytest.mark.parametrize("number", [1, 2, 4, 11])
def test_a_full_disk_is_told_in_one_line_and_what_is_finished_is_kept(number, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cases, "MOST_CASES", 1)
    design, plain, count = tiny_design(), os.fsync, 0
    sweep(design, out=tmp_path / "whole", executor="here")

    def full(file: int) -> None:
        nonlocal count
        count += 1
        if count >= 2 * number - 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        plain(file)

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"the disk is full; \d+ of \d+ runs are kept: make room and give the same"):
            sweep(design, out=tmp_path / "out", executor="here")
    assert len(list((tmp_path / "out").rglob("*.parquet"))) == max(0, min(number - 3, 8))
    assert not list((tmp_path / "out").rglob(f".*{kept.PASSING}"))
    sweep(design, out=tmp_path / "out", executor="here")
    assert table_hash(tmp_path / "out") == table_hash(tmp_path / "whole")


def test_the_command_line_says_that_the_disk_is_full_and_ends_with_status_1(tmp_path, monkeypatch, capsys):
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")

    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept, "_give_name", full)
    assert main(["sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 1
    said = capsys.readouterr().err
    assert "the disk is full; 0 of 0 runs are kept" in said
    assert said.count("\n") == 1


# Ctrl-C is heeded however the tests themselves were started
COMMAND = ("import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
           "from iccmsim.studies.sweeping import cases; cases.MOST_CASES = 20; "
           "from iccmsim.cli import main; "
           "sys.exit(main(sys.argv[1:]))")  # fmt: skip


def parts_in(folder: Path) -> int:
    """How many parts are there."""
    return len(list((folder / "parts").glob("*.parquet")))


def started(tmp_path: Path, *, workers: int) -> subprocess.Popen:
    """A sweep by some processes, in a group of their own."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out"),
         "--workers", str(workers)],
        cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, start_new_session=True)  # fmt: skip


def begun(tmp_path: Path, *, workers: int) -> subprocess.Popen:
    """A sweep by some processes, as soon as it has kept one part more."""
    before = parts_in(tmp_path / "out")
    process = started(tmp_path, workers=workers)
    patience = time.monotonic() + 120
    while parts_in(tmp_path / "out") == before:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < patience
        time.sleep(0.005)
    return process


def children_of(pid: int) -> list[int]:
    """Processes that another has started (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == pid and words[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def is_alive(pid: int) -> bool:
    """Whether a process is still doing something (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_ctrl_c_says_what_is_kept_and_how_to_go_on_and_a_kill_leaves_no_worker_behind(tmp_path, monkeypatch):
    text = FILE.format(more="").replace("seeds = 2", "seeds = 80")
    (tmp_path / "design.toml").write_text(text, encoding="utf-8")
    process = begun(tmp_path, workers=1)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "of 640 runs kept in" in said
    assert f"to go on: iccmsim sweep {tmp_path / 'design.toml'} --out" in said
    assert "Traceback" not in said
    process = begun(tmp_path, workers=2)
    workers = children_of(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.communicate()
    patience = time.monotonic() + 30
    while any(is_alive(pid) for pid in workers):
        assert time.monotonic() < patience
        time.sleep(0.02)
    assert not Sweep.load(tmp_path / "out").complete
    whole = sweep(tiny_design(seeds=80), out=tmp_path / "whole", executor="here")
    assert whole.manifest["runs"] == {"done": 640, "failed": 0, "missing": 0}
    assert main(["sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    assert table_hash(tmp_path / "out") == table_hash(tmp_path / "whole")


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_ctrl_c_while_workers_start_is_no_business_of_theirs(tmp_path):
    (tmp_path / "design.toml").write_text(FILE.format(more="").replace("seeds = 2", "seeds = 80"), encoding="utf-8")
    process = started(tmp_path, workers=2)
    patience = time.monotonic() + 120
    while len(children_of(process.pid)) < 3:  # and one that looks after what processes share
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < patience
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "of 640 runs kept in" in said
    assert "Traceback" not in said


def test_what_there_is_can_be_gathered_before_all_is_there(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cases, "MOST_CASES", 1)
    part = sweep(tiny_design(), out=tmp_path, executor="here", shard=(1, 2))
    assert not part.complete
    assert not (tmp_path / "table.parquet").exists()
    assert main(["sweep", "--collect", str(tmp_path)]) == 0
    assert "8 runs done, 0 failed, 8 missing; table.parquet has 8 rows" in capsys.readouterr().out
    assert len(collect(tmp_path).table()) == 8
    assert sweep(tiny_design(), out=tmp_path, executor="here", shard=(2, 2)).complete
