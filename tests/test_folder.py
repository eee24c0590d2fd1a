"""A folder of results written again: what others put there stays, and a kill leaves one of the two results, whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from iccmsim.results.folder import COUNTS, KIND, MANIFEST, get_manifest, made_earlier, put_manifest, write_folder

KILLED = """
import os, sys
from pathlib import Path
from iccmsim.results import folder
sys.path.insert(0, {tests!r})
from test_folder import write

rename = os.rename
def killed(source, to):
    if str(to).endswith("results"):
        os._exit(9)
    rename(source, to)
os.rename = killed
write(Path({folder!r}), 2)
"""


def write(folder: Path, seed: int, *, more: str = "") -> Path:
    """A folder like that of a run, with nothing to read in it but its seed."""

    def fill(place: Path) -> None:
        for name in (COUNTS, *more.split()):
            (place / name).write_text(f"of seed {seed}", encoding="utf-8")
        put_manifest(place, {"kind": KIND, "format": 1, "seed": seed})

    return write_folder(folder, fill, kind=KIND, latest=1)


def seed_of(folder: Path) -> int:
    """Which result a folder holds."""
    return get_manifest(folder, kind=KIND, latest=1)["seed"]


def test_what_others_put_into_a_folder_stays_and_what_was_the_programs_goes(tmp_path):
    folder = write(tmp_path / "results", 1, more="visits.parquet")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / "fig").mkdir()
    (folder / "fig" / "a.png").write_text("drawn", encoding="utf-8")
    (folder / "brief.fr.pdf").write_text("brief", encoding="utf-8")
    (folder / "link").symlink_to("notes.txt")
    write(folder, 2)
    assert seed_of(folder) == 2
    assert sorted(each.name for each in folder.iterdir()) == ["brief.fr.pdf", "fig", "link", MANIFEST, "notes.txt",
                                                              COUNTS]  # fmt: skip
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (folder / "fig" / "a.png").read_text(encoding="utf-8") == "drawn"
    assert os.readlink(folder / "link") == "notes.txt"
    assert (folder / COUNTS).read_text(encoding="utf-8") == "of seed 2"
    assert made_earlier(folder) == ["brief.fr.pdf"]
    assert [each.name for each in tmp_path.iterdir()] == ["results"]


def test_where_the_disk_has_no_hard_links_files_are_copied(tmp_path, monkeypatch):
    folder = write(tmp_path / "results", 1)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(1, "no links")))
    write(folder, 2)
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_is_a_link_stays_one(tmp_path):
    write(tmp_path / "far" / "results", 1)
    (tmp_path / "near").symlink_to(tmp_path / "far" / "results")
    write(tmp_path / "near", 2)
    assert (tmp_path / "near").is_symlink()
    assert seed_of(tmp_path / "far" / "results") == 2


def test_an_older_result_comes_back_after_a_kill_between_the_two_names(tmp_path):
    folder = write(tmp_path / "results", 1)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    program = KILLED.format(tests=str(Path(__file__).parent), folder=str(folder))
    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], check=False).returncode == 9
    assert not folder.exists()
    assert seed_of(folder) == 1
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    write(folder, 3)
    assert seed_of(folder) == 3


def test_an_older_result_keeps_its_name_if_the_newer_one_cannot_have_it(tmp_path, monkeypatch):
    folder, rename = write(tmp_path / "results", 1), os.rename

    def refused(source: Path, to: Path) -> None:
        if to == folder and not source.name.endswith(".old"):
            raise OSError(5, "no")
        rename(source, to)

    monkeypatch.setattr(os, "rename", refused)
    with pytest.raises(OSError, match="no"):
        write(folder, 2)
    assert seed_of(folder) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["results"]


def test_what_is_left_of_another_folder_is_not_taken_for_this_one(tmp_path):
    os.rename(write(tmp_path / "results.b", 1), tmp_path / ".results.b.abcdefgh.old")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        seed_of(tmp_path / "results")
    assert seed_of(tmp_path / "results.b") == 1
