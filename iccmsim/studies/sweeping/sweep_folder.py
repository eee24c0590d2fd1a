"""The folder of a sweep: a manifest that says what it is, its design, its parts, and in the end one table.

    manifest.json   what was asked for, with which program, and how far it has come
    rows.npy        the rows of the design; unit.npy: as they were drawn, before they were turned into values
    parts/          what has been run (see `kept`)
    fitted/         where rows are anchored: what was solved for
    table.parquet   one row a (row, seed, arm), in that order; the same bytes however it came about
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from iccmsim.results.folder import MANIFEST, get_manifest, made_with
from iccmsim.results.shape import VERSIONS, many
from iccmsim.studies.design import Design
from iccmsim.studies.outcomes import NAMES
from iccmsim.studies.sweeping.cases import Cases, Identities
from iccmsim.studies.sweeping.fitting import damaged_fits, fitted_columns, not_anchored, rows_not_fitted
from iccmsim.studies.sweeping.kept import PARTS, PASSING, Found, Kept, parquet_bytes, parquet_columns, put
from iccmsim.studies.sweeping.precision import Precision, error_of, seeds_wanted

KIND, FORMAT = "iccmsim sweep", 1
ARM = {"name": str, "hash": str, "toml": str}
SHAPE = {
    "name": str, "design": str, "complete": bool, "arms": many(ARM, 1), "status_quo": ARM, "seeds": many(int, 1),
    "keys": many(str), "rows": int, "rows_sha256": str, "settings": dict[str, Any], "groups": many(str) | None,
    "drawn": {"inner?": str | None, "draws?": int}, "anchor": bool,
    "told": {"code": str, "arms": many(str), "before": str, "keys": many(str), "where": many(many(int)),
             "anchor": many(int) | None},
    "precision": {"mcse": float | None, "outcome": str, "most_seeds": int}, "made_with": VERSIONS,
    "runs?": {"done": int, "failed": int, "missing": int}, "rows_not_precise?": int, "rows_not_anchored?": int,
    "unreadable_parts?": many(str), "table_sha256?": str,
}  # fmt: skip
ROWS, UNIT, TABLE = "rows.npy", "unit.npy", "table.parquet"
DONE, FAILED = "done", "failed"


def begin(folder: Path, cases: Cases, precision: Precision, *, write: bool = True) -> None:
    """Make the folder of a sweep, or go on with one of the same design; a ValueError says if it is something else.

    Without `write` it only looks whether that can be done.
    """
    asked = manifest_of(cases, precision)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: is a file, not a folder")
    if folder.exists() and any(not each.name.endswith(PASSING) for each in folder.iterdir()):
        found = get_manifest(folder, kind=KIND, latest=FORMAT, shape=SHAPE)
        _refuse_other(folder, found, asked)
        if write and found["precision"] != asked["precision"]:
            put_json(folder / MANIFEST, found | {"precision": asked["precision"], "complete": False})
    elif write:
        put_json(folder / MANIFEST, asked)
    for name, array in ((ROWS, cases.design.rows), (UNIT, cases.design.unit)):
        if write and array is not None:
            _make_sure(folder / name, npy_bytes(array))


def _make_sure(file: Path, content: bytes) -> None:
    """Write a file unless it is there and is this very one."""
    try:
        same = file.read_bytes() == content
    except OSError:
        same = False
    if not same:
        put(file, content)


def manifest_of(cases: Cases, precision: Precision) -> dict[str, Any]:
    """What is asked for, before anything has been run."""
    design, study = cases.design, cases.study
    return {
        "kind": KIND, "format": FORMAT, "name": design.name, "design": design.kind, "complete": False,
        "arms": [{"name": arm.name, "hash": arm.hash(), "toml": arm.to_toml()} for arm in study.arms],
        "status_quo": {"name": study.before.name, "hash": study.before.hash(), "toml": study.before.to_toml()},
        "seeds": list(design.seeds), "keys": list(design.keys), "rows": len(design.rows),
        "rows_sha256": hashlib.sha256(npy_bytes(design.rows)).hexdigest(), "settings": dict(design.settings),
        "groups": None if design.groups is None else list(design.groups), "drawn": dict(design.drawn),
        "anchor": design.anchor, "told": dict(cases.identities.told), "precision": vars(precision),
        "made_with": made_with(),
    }  # fmt: skip


def _refuse_other(folder: Path, found: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """A folder holds one design, run by one version of the program."""
    mine, theirs = ({**each["told"], **{name: each[name] for name in ("seeds", "rows_sha256")}}
                    for each in (asked, found))  # fmt: skip
    if (old := theirs.pop("code")) != (new := mine.pop("code")):
        raise ValueError(f"{folder}: was begun with another version of the program ({old}, and this is {new}); choose "
                         "another folder")  # fmt: skip
    if mine != theirs:
        what = {"arms": "arms", "before": "status quo", "keys": "keys", "where": "arms of keys", "anchor": "anchoring",
                "seeds": "seeds", "rows_sha256": "rows"}  # fmt: skip
        differ = ", ".join(word for name, word in what.items() if mine[name] != theirs[name])
        raise ValueError(f"{folder}: holds another design ({found['name']}, {found['rows']} rows), which differs in "
                         f"its {differ}; choose another folder")  # fmt: skip


def npy_bytes(array: np.ndarray) -> bytes:
    """An array as numpy writes it to a file."""
    out = io.BytesIO()
    np.save(out, np.ascontiguousarray(array, "<f8"), allow_pickle=False)
    return out.getvalue()


def put_json(path: Path, value: Mapping[str, Any]) -> None:
    """One object, whole or not at all."""
    put(path, (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())


def _array(folder: Path, name: str) -> np.ndarray:
    try:
        return np.load(folder / name, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError):
        raise ValueError(_told_damaged(folder / name)) from None


def _told_damaged(file: Path) -> str:
    return f"{file}: cannot be read; give the command of this sweep again, which writes it anew"


def design_of(folder: Path, manifest: Mapping[str, Any]) -> Design:
    """The design that a folder holds; its arms are given by their names."""
    rows = _array(folder, ROWS)
    if hashlib.sha256(npy_bytes(rows)).hexdigest() != manifest["rows_sha256"]:
        raise ValueError(_told_damaged(folder / ROWS))
    unit = _array(folder, UNIT) if (folder / UNIT).exists() else None
    groups, keys = manifest["groups"], manifest["keys"]
    unlike = unit is not None and unit.shape[:1] != rows.shape[:1]
    if manifest["told"]["keys"] != keys or rows.shape[1:] != (len(keys),) or unlike or len(groups or keys) != len(keys):
        raise ValueError(f"{folder}: its {MANIFEST} tells of other keys than its rows; run it again")
    return Design(manifest["name"], manifest["design"], tuple(arm["name"] for arm in manifest["arms"]),
                  tuple(manifest["seeds"]), tuple(manifest["keys"]), rows, manifest["settings"], manifest["anchor"],
                  status_quo=manifest["status_quo"]["name"], unit=unit, groups=groups and tuple(groups),
                  drawn=manifest["drawn"])  # fmt: skip


def open_sweep(folder: Path) -> tuple[dict[str, Any], Design]:
    """The manifest and the design of a folder."""
    manifest = get_manifest(folder, kind=KIND, latest=FORMAT, shape=SHAPE)
    Precision(**manifest["precision"])
    return manifest, design_of(folder, manifest)


def read_sweep(folder: Path) -> tuple[dict[str, Any], Design, dict[str, np.ndarray]]:
    """Manifest, design and columns of a folder, as far as the sweep has come."""
    manifest, design = open_sweep(folder)
    if manifest["complete"] and (table := parquet_columns(folder / TABLE)) is not None:
        return manifest, design, table
    columns, far = gather(folder, manifest, design)
    return manifest | far, design, columns


def rows_of_table(folder: Path) -> int:
    """How many rows the table of a folder has; 0 where there is none that can be read."""
    columns = parquet_columns(folder / TABLE, ("row",))
    return 0 if columns is None else len(columns["row"])


def write_table(folder: Path, manifest: Mapping[str, Any], columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Write the table, and then the manifest, which says of which table it speaks."""
    content = table_bytes(columns)
    put(folder / TABLE, content)
    told = dict(manifest) | {"table_sha256": hashlib.sha256(content).hexdigest()}
    put_json(folder / MANIFEST, told)
    return told


def table_bytes(columns: Mapping[str, np.ndarray]) -> bytes:
    """The table as Parquet."""
    import pyarrow as pa

    kinds = {"row": pa.int32(), "seed": pa.int64(), **dict.fromkeys(("arm", "status", "error", "case"), pa.string())}
    return parquet_bytes(pa.table({name: pa.array(values, kinds.get(name)) for name, values in columns.items()}))


def gather(folder: Path, manifest: Mapping[str, Any], design: Design) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """All runs in order of row, seed and arm as columns, and how far that is.

    That is how many runs are done, failed and missing, and which parts cannot be read. Runs of a row whose anchoring is
    lost are missing, too: the table could not say what they are.
    """
    identities = Identities(manifest["told"], design.rows, design.seeds)
    precision = Precision(**manifest["precision"])
    store = Kept(folder).look()
    kept = store.cases
    unfitted = rows_not_fitted(folder, identities)
    runs, missing, unsure, without = [], 0, 0, 0
    for row in range(len(design.rows)):
        seeds = seeds_wanted(identities, row, kept, precision)
        for seed in seeds:
            case = identities.identity(row, seed)
            if case in kept and row not in unfitted:
                runs += [(row, seed, arm, case, kept[case]) for arm in range(len(design.arms))]
            else:
                missing += len(design.arms)
        found = [kept[case] for seed in seeds if (case := identities.identity(row, seed)) in kept]
        if precision.mcse is not None:
            error = error_of(found, precision.outcome)
            unsure, without = unsure + (error > precision.mcse), without + np.isnan(error)
    failed = sum(bool(found.errors[arm]) for *_, arm, _, found in runs)
    columns = _columns(design, runs, fitted_columns(folder, identities))
    damaged = [f"{PARTS}/{name}" for name in sorted(store.unreadable)] + damaged_fits(folder, identities, unfitted)
    return columns, {"complete": not missing, "rows_not_precise": unsure, "rows_without_outcome": int(without),
                     "rows_not_anchored": not_anchored(columns), "unreadable_parts": damaged,
                     "runs": {"done": len(runs) - failed, "failed": failed, "missing": missing}}  # fmt: skip


def _columns(design: Design, runs: list[tuple[int, int, int, str, Found]],
             fitted: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:  # fmt: skip
    rows = np.array([run[0] for run in runs], np.int32)
    errors = [found.errors[arm] for _, _, arm, _, found in runs]
    numbers = np.array([found.numbers[arm] for _, _, arm, _, found in runs]).reshape(-1, len(NAMES))

    def words(values: list[str]) -> np.ndarray:
        return np.array(values, object)

    return {
        "row": rows, "seed": np.array([run[1] for run in runs], np.int64),
        "arm": words([design.arms[run[2]] for run in runs]),
        "status": words([FAILED if error else DONE for error in errors]), "error": words(errors),
        "case": words([run[3] for run in runs]),
        **{key: design.rows[rows, j] for j, key in enumerate(design.keys)},
        **{name: values[rows] for name, values in fitted.items()},
        **{name: numbers[:, k] for k, name in enumerate(NAMES)},
    }  # fmt: skip
