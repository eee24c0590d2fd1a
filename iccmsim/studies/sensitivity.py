"""Which of the numbers in doubt does a result hang on? Global sensitivity analysis of a comparison.

A design draws all parameters in doubt at once, from their declared distributions; a sweep lives every row of it in all
arms from the same children; SALib makes indices of the outcome. In an anchored analysis, which is the rule, each row
first has its case fatality fitted anew, so that with health facilities only as many children die of each illness as in
the baseline: what was fitted stays fitted, and only what is not known varies. Master seeds repeat all of it with other
rows and other children.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.declare import did_you_mean
from iccmsim.parameters.scenario import Scenario
from iccmsim.results.folder import MANIFEST, get_manifest, made_with
from iccmsim.results.shape import VERSIONS, many
from iccmsim.studies.design import Design, further, latin_hypercube, morris, pick_freeze, refuse_too_large, sobol
from iccmsim.studies.findings import FAILED, METHODS, NOT_ANCHORED, Part, findings
from iccmsim.studies.going_on import refuse_other
from iccmsim.studies.groups import chosen, what_varies
from iccmsim.studies.indices import block_size, too_wide, whole_blocks
from iccmsim.studies.outcomes import NAMES
from iccmsim.studies.reach import within_reach
from iccmsim.studies.sweep import Sweep, sweep
from iccmsim.studies.sweeping.sweep_folder import put_json

if TYPE_CHECKING:
    import pandas as pd

KIND = "iccmsim sensitivity"
FORMAT = 2  # 2: an inner group, Latin hypercubes
SHAPE = {
    "arms": many(str, 2), "hashes": many(str, 2), "outcome": str, "samples": int, "set_aside": many(int),
    "asked": {"method": str, "n": int, "seeds": int, "masters": int, "second_order": bool, "levels": int,
              "by_parameter": bool, "keys": many(str), "apart": many(str), "anchored": bool, "most": int,
              "inner?": str, "draws?": int},
    "sweeps": many(many(str)), "left_out": dict[str, str], "days": int, "people": int | None, "version": str,
    "made_with": VERSIONS,
}  # fmt: skip
OTHERS = "all others"
APART = 1000  # between the children's seeds of two master seeds
LEAST = {"morris": 2, "sobol": 2, "pawn": 50}  # trajectories, base samples, rows: of fewer there are no indices
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Asked:
    """What a sensitivity analysis is to be: its method, its size, and what varies."""

    method: str
    n: int
    seeds: int = 2
    masters: int = 1
    second_order: bool = False
    levels: int = 4
    by_parameter: bool = False
    keys: tuple[str, ...] = ()  # parameters or groups; none: all that may vary
    apart: tuple[str, ...] = ()  # groups that are told apart, all others being one; none: all groups
    anchored: bool = True
    most: int = 0  # Sobol' goes on with twice the samples until its intervals are narrow, up to this many
    inner: str = ""  # a group of levers, of which Sobol' lives so many draws at each point of all others
    draws: int = 1

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method = {self.method!r}: must be one of {', '.join(METHODS)}")
        for name in ("n", "seeds", "masters"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: must be at least 1")
        if self.n < LEAST[self.method]:
            raise ValueError(f"n = {self.n}: must be at least {LEAST[self.method]} for {self.method}, which finds no "
                             "indices in fewer")  # fmt: skip
        if self.most and self.method != "sobol":
            raise ValueError(f"most = {self.most}: only sobol goes on with more samples, not {self.method}")
        if self.most and self.most < self.n:
            raise ValueError(f"most = {self.most}: must be at least n = {self.n}, with which the samples begin")
        if self.second_order and self.method != "sobol":
            raise ValueError(f"second_order: only sobol has indices of pairs, not {self.method}")
        if self.inner and (self.method != "sobol" or self.second_order):
            raise ValueError("inner: is for sobol without indices of pairs")
        if (self.draws < 2) == bool(self.inner):
            raise ValueError(f"draws = {self.draws}: must be at least 2 with an inner group, and 1 without")

    def told(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """A finished analysis: what was asked, and the sweeps of each master seed."""

    manifest: Mapping[str, Any] = field(repr=False)
    sweeps: tuple[tuple[Sweep, ...], ...]

    @property
    def asked(self) -> Asked:
        """What the analysis was to be."""
        told = dict(self.manifest["asked"])
        if told["method"] != "sobol" or told["most"] < told["n"]:
            told["most"] = 0  # as good as none, and once taken
        return Asked(**told | {name: tuple(told[name]) for name in ("keys", "apart")})

    def findings(self, outcome: str | None = None, *, arm: str | None = None) -> dict[str, Any]:
        """Indices of an outcome (default: the one asked for) in an arm beside the first (default: the last)."""
        outcome = self.manifest["outcome"] if outcome is None else outcome
        arm = arm or self.manifest["arms"][-1]
        asked = self.asked
        parts = [_part(number, sweeps, outcome=outcome, arm=arm) for number, sweeps in enumerate(self.sweeps, start=1)]
        found = findings(parts, method=asked.method, second_order=asked.second_order, levels=asked.levels)
        found["rows"] |= {"blocks_set_aside": sum(self.manifest["set_aside"]), "anchor_residual": self._residual()}
        told = {key: self.manifest[key] for key in ("arms", "left_out", "version", "days", "people")}
        return {"outcome_name": outcome, "arm": arm, "anchored": asked.anchored, **told, **found}

    def _residual(self) -> float | None:
        """How far anchored rows are from the baseline's deaths of an illness at most, as a share of them."""
        if not self.asked.anchored:
            return None
        tables = [sweep.table() for each in self.sweeps for sweep in each]
        worst = [table["anchor_residual"][table["anchored"].to_numpy(bool)].max() for table in tables]
        return float(np.nanmax(worst)) if np.isfinite(worst).any() else None

    def runs(self) -> pd.DataFrame:
        """Every run of every master seed, with the block of its row and whether that is in the indices."""
        import pandas as pd

        arm, asked, tables = self.manifest["arms"][-1], self.asked, []
        for master, sweeps in enumerate(self.sweeps, start=1):
            for part, each in enumerate(sweeps):
                table = each.table()
                size = block_size(each.design.problem(), asked.method, second_order=asked.second_order)
                kept = whole_blocks(_outcomes(each, self.manifest["outcome"], arm)[1] == "", size)
                rows = table["row"].to_numpy()
                places = {"master": master, "part": part, "block": rows // size, "analysed": kept[rows]}
                tables.append(pd.concat([pd.DataFrame(places, index=table.index), table], axis=1))
        return pd.concat(tables, ignore_index=True)

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> Sensitivity:
        """Read back what `sensitivity` left in a folder; a ValueError says what is wrong with it."""
        folder = Path(folder)
        manifest = get_manifest(folder, kind=KIND, latest=FORMAT, shape=SHAPE)
        if not manifest["samples"]:
            raise ValueError(f"{folder}: was stopped before its first samples were done; give its command again")
        if not manifest["sweeps"] or not all(manifest["sweeps"]):
            raise ValueError(f"{folder}: its {MANIFEST} names no sweep of some master seed; give its command again")
        return Sensitivity(manifest, tuple(tuple(Sweep.load(folder / name) for name in each)
                                           for each in manifest["sweeps"]))  # fmt: skip


def sensitivity(arms: Sequence[Scenario], asked: Asked, *, out: str | os.PathLike[str],
                outcome: str = "expected_deaths_averted", workers: int | None = None,
                progress: Progress | None = None) -> Sensitivity:  # fmt: skip
    """Draw the designs, live what of them is not yet in the folder `out`, and gather it there.

    A folder that holds another analysis is refused before anything is run; the same one may grow (n, most, masters).
    Sobol' doubles its samples until every total index above .1 is known to within .05, or `asked.most` is reached, and
    keeps those that it had when it grows; Morris and PAWN draw more samples anew.
    """
    if outcome not in NAMES:
        raise ValueError(f"outcome = {outcome!r}: must be one of {', '.join(NAMES)}")
    varied, left = what_is_varied(arms, asked)
    had, first = samples_there(Path(out), arms, asked, varied)
    enough = max(had, asked.n)
    store = _Store(Path(out), arms, asked, varied, left, outcome, first=first, enough=enough if had else 0)
    store.draw_first()
    store.write(0)
    samples, wanted = 0, first
    while True:
        for master in range(1, asked.masters + 1):
            store.add(master, samples, wanted, workers=workers, progress=progress)
        done = store.write(wanted)
        samples, wanted = wanted, 2 * wanted
        if samples < enough:
            continue
        if asked.method != "sobol" or wanted > asked.most or not too_wide(done.findings()["table"]):
            return done


def samples_there(folder: Path, arms: Sequence[Scenario], asked: Asked,
                  varied: Mapping[str, str]) -> tuple[int, int]:  # fmt: skip
    """How many samples the same analysis has in a folder, and with how many to begin so that Sobol' comes by those.

    A ValueError says if the folder holds another analysis.
    """
    if not (folder / MANIFEST).exists():
        return 0, asked.n
    found = get_manifest(folder, kind=KIND, latest=FORMAT, shape=SHAPE)
    refuse_other(folder, found, asked.told(), arms)
    before = found["asked"]["n"]
    if as_blocks(asked, varied, n=asked.n) != as_blocks(asked, varied, n=before):
        raise ValueError(f"{folder}: holds an analysis with n = {before}, below twice the number of parameters "
                         f"({len(varied)}), whose samples are others than for n = {asked.n}; choose another "
                         "folder")  # fmt: skip
    had, parts = found["samples"], max(map(len, found["sweeps"]), default=0)  # the first, and a doubling each
    return had, had >> max(0, parts - 1) if had and asked.method == "sobol" else asked.n


class _Store:
    """The folder of an analysis while it grows: sweeps of each master seed, and the manifest over them."""

    def __init__(self, folder: Path, arms: Sequence[Scenario], asked: Asked, varied: Mapping[str, str],
                 left: Mapping[str, str], outcome: str, *, first: int, enough: int) -> None:  # fmt: skip
        self.folder, self.arms, self.asked, self.varied, self.left, self.outcome = (
            folder, arms, asked, varied, left, outcome)  # fmt: skip
        self.begins, self.enough = first, enough  # samples: of the first sweeps, and with which they are told of
        self.first: dict[int, tuple[Design, int]] = {}
        self.names: list[list[str]] = [[] for _ in range(asked.masters)]
        self.sweeps: list[list[Sweep]] = [[] for _ in range(asked.masters)]
        self.set_aside = [0] * asked.masters

    def add(self, master: int, first: int, last: int, *, workers: int | None, progress: Progress | None) -> None:
        """Live the samples of a master seed from `first` up to `last`."""
        near, aside = self.first.pop(master) if not first else self._drawn(master, first, last)
        self.set_aside[master - 1] += aside
        self.names[master - 1].append(f"master-{master}-from-{first}-to-{last}")
        self.sweeps[master - 1].append(
            sweep(near, out=self.folder / self.names[master - 1][-1], workers=workers, progress=progress)
        )

    def draw_first(self) -> None:
        """Draw what each master seed begins with; a ValueError says if no indices could come of it."""
        for master in range(1, self.asked.masters + 1):
            self.first[master] = design, aside = self._drawn(master, 0, self.begins)
            self._refuse_too_large(design, len(design.rows) // max(1, self.begins - aside))
            if (left := self.begins - aside) < LEAST[self.asked.method]:
                raise ValueError(f"n = {self.begins}: only {left} of master seed {master} can be anchored, and "
                                 f"{self.asked.method} needs {LEAST[self.asked.method]}; take more")  # fmt: skip

    def _refuse_too_large(self, design: Design, size: int) -> None:
        """Refuse samples that would become more than a design may hold, once doubled as often as may be."""
        last = self.asked.n
        while 2 * last <= self.asked.most:
            last *= 2
        refuse_too_large(f"most = {self.asked.most}", rows=last * size, keys=len(design.keys), seeds=design.seeds)

    def _drawn(self, master: int, first: int, last: int) -> tuple[Design, int]:
        """The design of samples `first` to `last` that can be anchored, and how many of them are set aside."""
        drawn, before = (design_of(self.arms, self.asked, self.varied, n=n, master=master) if n else None
                         for n in (last, first))  # fmt: skip
        design = further(drawn, before)
        size = block_size(design.problem(), self.asked.method, second_order=self.asked.second_order)
        near = within_reach(design, self.arms, size=size)
        return near, (len(design.rows) - len(near.rows)) // size

    def write(self, samples: int) -> Sensitivity:
        """Write down what the folder holds by now: so many samples of each master seed.

        While there are fewer than it had or was asked to grow to, what it says of them stays: it can be read, whatever
        stops this process.
        """
        asked, arms, made = self.asked, self.arms, made_with()
        manifest = {
            "kind": KIND, "format": FORMAT, "arms": [arm.name for arm in arms], "hashes": [arm.hash() for arm in arms],
            "asked": asked.told(), "outcome": self.outcome, "samples": samples, "sweeps": self.names,
            "set_aside": self.set_aside, "left_out": dict(self.left), "days": int(arms[0].run["run.days"]),
            "people": getattr(arms[0].place, "people", None), "version": made["version"], "made_with": made,
        }  # fmt: skip
        if samples >= self.enough:
            put_json(self.folder / MANIFEST, manifest)
        return Sensitivity(manifest, tuple(tuple(each) for each in self.sweeps))


def what_is_varied(arms: Sequence[Scenario], asked: Asked) -> tuple[dict[str, str], dict[str, str]]:
    """Path -> group of all that varies, and path -> why of what is in doubt and does not."""
    varied, left = what_varies(arms, anchored=asked.anchored)
    if asked.keys:
        picked = chosen(asked.keys, arms, anchored=asked.anchored)
        left |= dict.fromkeys((path for path in varied if path not in picked), "not asked for")
        varied, left = picked, {path: why for path, why in left.items() if path not in picked}
    for name in asked.apart:
        if name not in varied.values():
            known = ", ".join(dict.fromkeys(varied.values()))
            raise ValueError(f"apart: {name}: is not a group that varies here; they are {known}")
    if asked.apart:
        varied = {path: name if name in asked.apart else OTHERS for path, name in varied.items()}
    if asked.inner:
        _check_inner(asked, varied)
    return varied, left


def _check_inner(asked: Asked, varied: Mapping[str, str]) -> None:
    """Refuse an inner group that there is not, that is all there is, or whose draws would each need people anew."""
    names = list(dict.fromkeys(varied if asked.by_parameter else varied.values()))
    if asked.inner not in names or len(names) < 2:
        raise ValueError(f"inner: {asked.inner}: is not one of several that vary here; they are {', '.join(names)}")
    mine = [path for path, group in varied.items() if asked.inner in (path if asked.by_parameter else group,)]
    if other := next((path for path in mine if parameter(path).section != "programme"), None):
        raise ValueError(f"inner: {asked.inner}: holds {other}, and may only hold levers of the programme, so that its "
                         "draws share people and anchoring")  # fmt: skip


def design_of(arms: Sequence[Scenario], asked: Asked, varied: Mapping[str, str], *, n: int, master: int) -> Design:
    """The design of one master seed with n base samples, trajectories or rows.

    A Sobol' sequence is for no fewer samples than it has columns: of fewer, columns run together.
    """
    first = 1 + APART * (master - 1)
    seeds, paths, groups = tuple(range(first, first + asked.seeds)), tuple(varied), tuple(varied.values())
    told = None if asked.by_parameter else groups
    if as_blocks(asked, varied, n=asked.n):
        drawn = pick_freeze(arms, paths, n=n, seeds=seeds, seed=master, second_order=asked.second_order, groups=told,
                            inner=asked.inner or None, draws=asked.draws)  # fmt: skip
    elif asked.method == "sobol":
        drawn = sobol(arms, paths, n=n, seeds=seeds, seed=master, second_order=asked.second_order, groups=told)
    elif asked.method == "morris":
        drawn = morris(arms, paths, n=n, seeds=seeds, seed=master, levels=asked.levels, groups=told)
    else:
        drawn = replace(latin_hypercube(arms, paths, n=n, seeds=seeds, seed=master), groups=groups)
    return replace(drawn, name=f"{asked.method}, master seed {master}", anchor=asked.anchored)


def as_blocks(asked: Asked, varied: Mapping[str, str], *, n: int) -> bool:
    """Whether samples for Sobol' that begin with n are drawn as Latin hypercubes, and not as one Sobol' sequence."""
    return asked.method == "sobol" and (bool(asked.inner) or n < 2 * len(varied))


def _part(master: int, sweeps: Sequence[Sweep], *, outcome: str, arm: str) -> Part:
    """The outcome of one arm as (rows, seeds), and which rows have none."""
    each = [_outcomes(sweep, outcome, arm) for sweep in sweeps]
    return Part(master, sweeps[0].design.problem(), np.concatenate([sweep.design.unit for sweep in sweeps]),
                np.concatenate([y for y, _ in each]), np.concatenate([missing for _, missing in each]))  # fmt: skip


def _outcomes(sweep: Sweep, outcome: str, arm: str) -> tuple[np.ndarray, np.ndarray]:
    """The outcome of each row and seed of one sweep, and why rows have none: "", "not anchored" or "failed"."""
    table = sweep.table()
    if outcome not in table.columns or outcome not in NAMES:
        raise ValueError(f"outcome = {outcome!r}: is no outcome of the sweep{did_you_mean(outcome, NAMES)}")
    mine = table[table["arm"] == arm].sort_values(["row", "seed"])
    rows, seeds = len(sweep.design.rows), len(sweep.design.seeds)
    if len(mine) != rows * seeds:
        raise ValueError(f"{arm}: {len(mine)} runs are kept; {rows} rows from {seeds} seeds are {rows * seeds}")
    y = mine[outcome].to_numpy(float).reshape(rows, seeds)
    done = (mine["status"] == "done").to_numpy().reshape(rows, seeds).all(axis=1)
    missing = np.where(done, "", FAILED).astype("U16")
    if sweep.design.anchor:
        missing[~mine["anchored"].to_numpy(bool).reshape(rows, seeds).all(axis=1)] = NOT_ANCHORED
    return y, missing
