"""A run on disk: a folder of Parquet tables, the counts, and a manifest that says what they are.

A folder is written beside its place under another name and then moved, so that a half-written one is never found. What
others have put into an older one is taken over.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim import __version__
from iccmsim.core.compiled import source_hash
from iccmsim.engine.tally import TALLY
from iccmsim.results.shape import FACTS, NAMED, VERSIONS, Shape, many, refuse_unlike
from iccmsim.results.tables import TABLES, same_names

if TYPE_CHECKING:
    import pandas as pd

    from iccmsim.results.result import Result

FORMAT = 4  # of the folder of a run; 2: volunteers are providers; 3: who waited; 4: who had no turn that day
KIND = "iccmsim result"
SHAPE = {"scenario": str, "scenario_hash": str, "seed": int, "plan": FACTS, "made_with": VERSIONS,
         "tables": many(str), "status_quo?": NAMED}  # fmt: skip
MANIFEST, COUNTS, SCENARIO, STATUS_QUO = "manifest.json", "tally.npy", "scenario.toml", "status_quo.toml"
WRITTEN = {  # what the program writes into a folder of each kind, then or afterwards; all else in it is somebody's own
    KIND: (MANIFEST, COUNTS, SCENARIO, *(f"{name}.parquet" for name in TABLES)),
    "iccmsim comparison": (MANIFEST, "tallies.npy", "pairs.npy", "map.json", "stock.json", "check.json",
                           "comparison.json", "comparison.txt", "areas.csv", "cascade.png", "averted.png", "map.png",
                           "stock.png"),
}  # fmt: skip
MADE_FROM_IT = ("brief.*", "export.*", "export")  # what other commands make of a result, in its folder
LIBRARIES = ("numpy", "numba", "scipy", "pandas", "pyarrow")


def made_with() -> dict[str, str]:
    """Versions of the program, of its compiled rules, of Python and of the libraries that made a result."""
    libraries = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"version": __version__, "code": source_hash(), "python": platform.python_version(), **libraries}


def write_result(result: Result, folder: Path) -> Path:
    """Write a result; an older result in that place is replaced, anything else there is refused."""
    from iccmsim.results.status_quo import named

    manifest = {"kind": KIND, "format": FORMAT, "scenario": result.scenario, "scenario_hash": result.scenario_hash,
                "seed": result.seed, "plan": dict(result.plan), "made_with": made_with(), "digest": result.digest(),
                "tables": list(TABLES) if result.source is not None else [],
                **named(result.status_quo)}  # fmt: skip

    def fill(place: Path) -> None:
        for name in manifest["tables"]:
            with (place / f"{name}.parquet").open("wb") as file:  # a name in another coding is for Python to write
                result.table(name).to_parquet(file, index=False)
        np.save(place / COUNTS, plain_row(result.tally), allow_pickle=False)
        (place / SCENARIO).write_text(result.told(), encoding="utf-8")
        if result.status_quo is not None:
            result.status_quo.write(place)
        put_manifest(place, manifest)

    return write_folder(folder, fill, kind=KIND, latest=FORMAT)


def plain_row(row: np.void) -> np.ndarray:
    """A record as an array of one row that numpy can put on disk."""
    out = np.zeros(1, row.dtype)
    for name in row.dtype.names:
        out[name][0] = row[name]
    return out


def put_manifest(place: Path, manifest: dict[str, Any]) -> None:
    """Write what a folder holds, for programs and for readers."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
    (place / MANIFEST).write_text(text + "\n", encoding="utf-8")


def write_folder(folder: Path, fill: Callable[[Path], None], *, kind: str, latest: int) -> Path:
    """Let `fill` write into a new folder, and only then put it in its place, all at once, with what others put there.

    A kill at any moment leaves the older folder or the newer, whole; see `put_back`. One of a format after the `latest`
    is refused.
    """
    put_back(folder)
    older = None
    if folder.exists() and not is_empty(folder):
        older = get_manifest(folder, kind=kind, latest=latest, earliest=None)
    there = folder.resolve() if folder.is_symlink() else folder
    there.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=f".{there.name}.", dir=there.parent))
    try:
        fill(place)
        if older is not None:
            _take_over(there, place, written=_written(older))
        place.chmod(0o755)
        _swap(place, there)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return folder


def _written(manifest: dict[str, Any]) -> set[str]:
    """The names of what the program itself has written into a folder, by its manifest."""
    tables, arms, districts = (manifest.get(name) for name in ("tables", "names", "districts"))
    arms, districts = (each if isinstance(each, list) else () for each in (arms, districts))
    kept = manifest["kind"] in WRITTEN and "status_quo" in manifest
    return {*WRITTEN.get(manifest["kind"], (MANIFEST,)), *((STATUS_QUO,) if kept else ()),
            *(f"{name}.csv" for name in (tables if isinstance(tables, dict) else ())),  # of an export
            *(f"arm-{n}.toml" for n in range(1, len(arms) + 1)),
            *(f"district-{n:03d}" for n in range(len(districts)))}  # fmt: skip


def _take_over(older: Path, place: Path, *, written: set[str]) -> None:
    """Put into a new folder what is in the older one and is not of the program; files are not copied but linked."""
    for each in sorted(older.iterdir()):
        to = place / each.name
        if each.name in written or os.path.lexists(to):
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.copytree(each, to, symlinks=True, copy_function=_link)
        else:
            _link(each, to)


def _link(source: str | Path, to: str | Path) -> None:
    """The same file under another name, or a copy where the disk has no such links."""
    try:
        os.link(source, to, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, to, follow_symlinks=False)


def _swap(place: Path, folder: Path) -> None:
    """Put a new folder in the place of an older one, which is gone only once the new one is there."""
    old = place.with_name(f"{place.name}.old")
    try:
        if folder.exists():
            os.rename(folder, old)
        os.rename(place, folder)
    except BaseException:
        if old.exists() and not folder.exists():
            os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def put_back(folder: Path) -> None:
    """Give an older folder its name again, if a kill came between its loss of the name and the newer one's gain."""
    if os.path.lexists(folder) or not folder.parent.is_dir():
        return
    name = re.compile(rf"\.{re.escape(folder.name)}\.[a-z0-9_]{{8}}\.old")  # as tempfile and _swap name it
    with suppress(OSError):  # a folder above that cannot be read or written: as if there were none
        for old in sorted(folder.parent.iterdir()):
            if name.fullmatch(old.name) and (old / MANIFEST).is_file():
                os.rename(old, folder)
                return


def made_earlier(folder: Path) -> list[str]:
    """The files that other commands made of the result that was in a folder before."""
    return sorted(each.name for each in folder.iterdir()
                  if any(fnmatch(each.name, made) for made in MADE_FROM_IT))  # fmt: skip


def why_not_into(folder: Path) -> str:
    """Why nothing can be written into a folder, which need not be there yet; nothing if it can."""
    above = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    if above == folder.absolute() and not above.is_dir():
        return "is a file, not a folder"
    can = above.is_dir() and os.access(above, os.W_OK | os.X_OK)
    return "" if can else f"{above} is not a folder that can be written to"


def refuse_other(folder: Path, *, kind: str, latest: int) -> None:
    """A ValueError says if what is in a place may not be replaced by an output of this kind."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: is a file, not a folder")
    if folder.exists() and not is_empty(folder):
        get_manifest(folder, kind=kind, latest=latest, earliest=None)


def is_empty(folder: Path) -> bool:
    """Whether a folder has nothing in it, so that results may take its place."""
    return folder.is_dir() and not any(folder.iterdir())


def get_manifest(folder: Path, *, kind: str, latest: int, earliest: int | None = 1,
                 shape: Shape | None = None) -> dict[str, Any]:  # fmt: skip
    """Read what a folder says it holds; a ValueError or FileNotFoundError says what is wrong with it, also where its
    format is not among those that can be read (`earliest` None: all but later ones may be replaced), or it has not the
    shape that its kind must have."""
    put_back(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; an {kind} is a folder with a {MANIFEST}")
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ValueError(f"{folder}: not an {kind}: no {MANIFEST} that can be read") from None
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        found = manifest.get("kind") if isinstance(manifest, dict) else None
        raise ValueError(f"{folder}: not an {kind}, its {MANIFEST} says kind = {found!r}")
    number = manifest.get("format")
    if earliest is None:
        if isinstance(number, int) and number > latest:
            raise ValueError(f"{folder}: format {number} is of a later version of iccmsim (this is {__version__}, "
                             f"which writes format {latest}); it is left as it is")  # fmt: skip
    elif not isinstance(number, int) or not earliest <= number <= latest:
        when = "an earlier" if isinstance(number, int) and number < earliest else "a later"
        reads = f"format {latest}" if earliest == latest else f"formats {earliest} to {latest}"
        raise ValueError(f"{folder}: format {number!r} is of {when} version of iccmsim (this is {__version__}, which "
                         f"reads {reads})")  # fmt: skip
    if shape is not None:
        refuse_unlike(folder / MANIFEST, manifest, shape)
    return manifest


def read_counts(file: Path, dtype: np.dtype) -> np.ndarray:
    """Read rows of counts and refuse those of another version."""
    try:
        rows = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError):
        raise ValueError(f"{file}: cannot be read; the folder is incomplete") from None
    if rows.dtype != dtype:
        raise ValueError(f"{file}: its fields are not those of iccmsim {__version__}; run it again")
    return rows


def read_result(folder: str | os.PathLike[str]) -> Result:
    """Read a result back; its tables are read from disk when first asked for."""
    from iccmsim.results.result import Result
    from iccmsim.results.status_quo import read_status_quo

    folder = Path(folder)
    manifest = get_manifest(folder, kind=KIND, latest=FORMAT, earliest=FORMAT, shape=SHAPE)
    tally = read_counts(folder / COUNTS, TALLY).view(np.recarray)[0]
    return Result(
        scenario=manifest["scenario"], scenario_hash=manifest["scenario_hash"], seed=manifest["seed"], tally=tally,
        plan=manifest["plan"], source=partial(_read_table, folder) if manifest["tables"] else None,
        told=partial((folder / SCENARIO).read_text, encoding="utf-8"), status_quo=read_status_quo(folder, manifest),
    )  # fmt: skip


def _read_table(folder: Path, name: str) -> pd.DataFrame:
    import pandas as pd

    file = folder / f"{name}.parquet"
    if not file.is_file():
        raise FileNotFoundError(f"{file}: not there; the folder is incomplete")
    try:
        with file.open("rb") as stored:
            return same_names(pd.read_parquet(stored))
    except (OSError, ValueError) as fault:  # cut, or not what was written
        raise ValueError(f"{file}: cannot be read ({' '.join(str(fault).split())}); the folder is damaged") from None
