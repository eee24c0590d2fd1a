"""Rows of a sweep are anchored before they are run: each setting once, kept on disk like everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from iccmsim.studies.sweeping.cases import Cases, Fitted, Identities, Study
from iccmsim.studies.sweeping.executors import Crew
from iccmsim.studies.sweeping.kept import put
from iccmsim.studies.sweeping.living import no_result

FOLDER = "fitted"
Setting = tuple[str, np.ndarray, tuple[int, ...]]  # its identity, the values of a row that has it, the seeds


def fit_settings(folder: Path, cases: Cases, hands: Crew, rows: Sequence[int], *, start: float) -> dict[str, Fitted]:
    """What was solved for in the setting of each of these rows, by the setting's identity.

    Each process begins somewhere else in the list (`start`, as a share of it), so that several on one folder share the
    work.
    """
    first = {cases.settings[row]: row for row in reversed(rows)}
    asked = [(name, cases.design.rows[row], cases.seeds) for name, row in first.items()]
    for (name, _, _), fitted in hands(fit_setting, _missing(folder, asked, int(start * len(asked)))):
        text = json.dumps(asdict(fitted), allow_nan=False)
        put(folder / FOLDER / f"{name}.json", (text + "\n").encode())
    return {name: read_fitted(folder, name) or Fitted() for name in first}


def _missing(folder: Path, asked: Sequence[Setting], first: int) -> Iterator[Setting]:
    """Settings one after another, leaving out what another process has solved meanwhile."""
    for setting in (*asked[first:], *asked[:first]):
        if read_fitted(folder, setting[0]) is None:
            yield setting


def fit_setting(study: Study, setting: Setting) -> Fitted:
    """Anchor one setting to that of the baseline: the warm-up's scenario as no row has changed it, run as long as the
    row is, so that deaths of as many days are set side by side."""
    from iccmsim.studies.anchor import anchor

    _, values, seeds = setting
    try:
        with no_result():
            before = study.scenario(None, values)
            found = anchor(before, replace(study.before, run=before.run), seeds=seeds)
    except OSError:
        raise
    except Exception as fault:
        return Fitted(ok=False, error=" ".join(f"{type(fault).__name__}: {fault}".split()))
    worst = max((abs(each) for each in found.residuals.values()), default=0.0)
    return Fitted(dict(found.kappas), worst, found.rounds, found.ok)


def read_fitted(folder: Path, setting: str) -> Fitted | None:
    """What was solved for in a setting, None if that has not been done (or cannot be read)."""
    try:
        return Fitted(**json.loads((folder / FOLDER / f"{setting}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def rows_not_fitted(folder: Path, identities: Identities) -> set[int]:
    """Rows of an anchored design for whose setting nothing was solved, or what was is damaged or gone."""
    if identities.told["anchor"] is None:
        return set()
    return {row for row in range(len(identities.rows)) if read_fitted(folder, identities.setting(row)) is None}


def damaged_fits(folder: Path, identities: Identities, rows: set[int]) -> list[str]:
    """Of these rows the files with what was solved for that are there and cannot be read."""
    names = sorted({f"{FOLDER}/{identities.setting(row)}.json" for row in rows})
    return [name for name in names if (folder / name).exists()]


def fitted_columns(folder: Path, identities: Identities) -> dict[str, np.ndarray]:
    """By row: whether it was anchored, the largest residual, the rounds it took, and what was solved for."""
    if identities.told["anchor"] is None:
        return {}
    nothing = Fitted(residual=float("nan"), ok=False)
    found = [read_fitted(folder, identities.setting(row)) or nothing for row in range(len(identities.rows))]
    keys = sorted({key for each in found for key in each.values})
    return {"anchored": np.array([each.ok for each in found], bool),
            "anchor_residual": np.array([each.residual for each in found], float),
            "anchor_rounds": np.array([each.rounds for each in found], np.int32),
            **{f"anchored.{key}": np.array([each.values.get(key, np.nan) for each in found]) for key in keys}}


def not_anchored(columns: Mapping[str, np.ndarray]) -> int:
    """How many rows could not be anchored, from the columns of a table."""
    if "anchored" not in columns:
        return 0
    return len(set(columns["row"][~columns["anchored"]].tolist()))
