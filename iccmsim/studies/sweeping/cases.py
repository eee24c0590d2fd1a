"""From a design to runs: a case is one row from one seed, in all arms; cases of one setting share a warm-up.

Numbers of a setting (and the length of the run) hold in every arm. Levers of a programme hold in the arms that deploy
CHWs, unless the design names others; the comparator and the warm-up stay what they are.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from iccmsim.engine.simulation import without_chws
from iccmsim.exchange.district import load_places
from iccmsim.parameters.budget import check_budget
from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.checks import KAPPA_ROWS, check_policies, check_section, check_together
from iccmsim.parameters.declare import Parameter, plain
from iccmsim.parameters.faults import ScenarioError
from iccmsim.parameters.kernel import UNDER_FIVES
from iccmsim.parameters.scenario import Scenario, load_scenario, same_setting
from iccmsim.studies.design import Design
from iccmsim.world.geography import Places

RATE = 75_000.0  # child-years a second and core (docs/speed.md), by which work is cut into parts; never a result
A_PART = 2.0  # seconds of work that one part should hold
MOST_CASES = 256  # of one part

ROOMS = ("core", "rules", "parameters", "world", "exchange", "engine", "results", "studies")  # all that makes numbers


def code_version() -> str:
    """Say which program this is: 16 hex digits of the SHA-256 of every source that numbers come from."""
    package, digest = Path(__file__).resolve().parents[2], hashlib.sha256()
    for file in sorted(file for room in ROOMS for file in (package / room).rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Study:
    """A design with its arms loaded: what a worker needs in order to live any of its cases.

    `where` says for each key in which arms it holds; `before` is lived through the warm-up.
    """

    arms: tuple[Scenario, ...]
    before: Scenario
    keys: tuple[str, ...]
    where: tuple[tuple[int, ...], ...]
    ground: Places

    @cached_property
    def comparator_goes_on(self) -> bool:
        """Whether the comparator merely goes on with what the warm-up lived through, and no row changes that."""
        return self.before.hash() == self.arms[0].hash() and all(
            parameter(key).section != "programme" or 0 not in where
            for key, where in zip(self.keys, self.where, strict=True))  # fmt: skip

    def told(self, arm: int | None, values: Sequence[float]) -> dict[str, Any]:
        """What a row says to one arm (None: to the warm-up), by key without its section."""
        base = self.before if arm is None else self.arms[arm]
        found = {}
        for key, where, value in zip(self.keys, self.where, values, strict=True):
            each = parameter(key)
            if each.section != "programme" or arm in where:
                found[each.key] = applied(each, float(value), getattr(base, each.section)[each.key])
        return found

    def scenario(self, arm: int | None, values: Sequence[float], fitted: Mapping[str, float] | None = None) -> Scenario:
        """One arm (None: the warm-up) as a row has it; `fitted` are numbers of the setting that were solved for."""
        base, told = self.before if arm is None else self.arms[arm], self.told(arm, values)
        sections = {name: {**getattr(base, name)} for name in ("setting", "programme", "run")}
        for key, value in told.items():
            sections[parameter(key).section][key] = value
        sections["setting"] |= fitted or {}
        return replace(base, **sections)

    def faults_of(self, values: Sequence[float], *, anchor: bool, drawn: bool) -> list[str]:
        """What is wrong with a row, a line each; nothing if it can be run. Kappas that will be solved for fit later.

        A factor that was `drawn` or is plausible may bring numbers of a vector to the end of what is allowed; another
        one that was given by hand may not.
        """
        faults = list(self._wrong_factors(values, drawn=drawn))
        for i in range(len(self.arms)):
            arm = self.scenario(i, values, dict.fromkeys((kappa for kappa, _ in KAPPA_ROWS), 0.1) if anchor else None)
            for section in ("setting", "programme", "run"):
                faults += check_section(section, getattr(arm, section))[1]
            if not faults:
                faults += check_together(arm.setting) + check_budget(arm.programme)
                faults += check_policies({**arm.setting, **arm.programme}, arm.changes) + _too_late(arm)
        return list(dict.fromkeys(faults))

    def _wrong_factors(self, values: Sequence[float], *, drawn: bool) -> Iterator[str]:
        for key, where, value in zip(self.keys, self.where, values, strict=True):
            each = parameter(key)
            if not each.size:
                continue
            said = f"{each.path} = {plain(float(value))}: is a factor on its {each.size} numbers and"
            if value < 0:
                yield f"{said} must be 0 or more"
                continue
            low, high = each.plausible or (1, 1)
            for arm in () if drawn or low <= value <= high else where:
                base = getattr(self.arms[arm], each.section)[each.key]
                for made, held in zip((value * item for item in base), applied(each, float(value), base), strict=True):
                    if not math.isclose(made, held, rel_tol=1e-9):
                        yield f"{said} makes {float(made):.6g} of one of them, which {each.rule()}"
                        break


def _too_late(arm: Scenario) -> list[str]:
    """A line for each dated change or shock that a run as short as a row has it would never see."""
    days = int(arm.run["run.days"] + arm.run["run.tail_days"])
    late = [("programme.change", day) for day, _ in arm.changes] + [("shock", shock.day) for shock in arm.shocks]
    return [f"run.days + run.tail_days = {days}: must be above {day}, the day of a {what} of {arm.name}"
            for what, day in late if day >= days]  # fmt: skip


def applied(each: Parameter, value: float, base: Any) -> Any:
    """The value that a number of a design stands for: itself, or for a vector a factor on what it was."""
    if each.size:
        return tuple(min(max(value * item, each.allowed[0]), each.allowed[1]) for item in base)
    return int(value) if each.integer and value.is_integer() else value


def study_of(design: Design) -> Study:
    """Load the arms of a design and check each row; a ScenarioError or ValueError says what cannot be run."""
    arms = tuple(_loaded(each, design) for each in design.arms)
    names = [arm.name for arm in arms]
    if (twice := next((name for name in names if names.count(name) > 1), None)) is not None:
        raise ValueError(f"arms: {twice} is the name of two arms; give each its own (name = ... in its file)")
    before = without_chws(arms[0]) if design.status_quo is None else _loaded(design.status_quo, design)
    for other in (*arms[1:], before):
        same_setting(arms[0], other)
    if (twice := next((key for key in design.settings if key in _names(design.keys)), None)) is not None:
        raise ValueError(f"{twice}: is given under settings and varied too")
    if (lost := _solved_for(design)) is not None:
        raise ValueError(f"{lost}: cannot be varied in a design with anchor = true, which solves for it in each row")
    study = Study(arms, before, design.keys, _where(design, arms), load_places(arms[0]))
    _check_rows(design, study)
    return study


def _loaded(scenario: str | Scenario, design: Design) -> Scenario:
    if isinstance(scenario, str):
        found = load_scenario(scenario, overrides=design.settings, places=design.places)
        if design.places is not None and found.place.kind != "files":
            raise ValueError(f"places = {design.places}: {found.name} plays in a made-up district and reads no files")
        return found
    if design.settings or design.places:
        raise ValueError(f"settings, places: are for arms given by name, and {scenario.name} is a scenario already")
    return scenario


def _solved_for(design: Design) -> str | None:
    """The first key whose value anchoring would replace, if there is one."""
    kappas = [kappa for kappa, _ in KAPPA_ROWS]
    return next((path for path in design.keys if design.anchor and parameter(path).key in kappas), None)


def _names(paths: Sequence[str]) -> set[str]:
    return {*paths, *(parameter(path).key for path in paths)}


def _where(design: Design, arms: Sequence[Scenario]) -> tuple[tuple[int, ...], ...]:
    """In which arms each key holds."""
    names = [arm.name for arm in arms]
    deploying = tuple(i for i, arm in enumerate(arms) if arm.programme["chw.deployed"])
    found = []
    for path in design.keys:
        each, only = parameter(path), design.only.get(path)
        for name in only or ():
            if name not in names:
                raise ValueError(f"{path}: arms = {plain(name)}: is not an arm; they are {', '.join(names)}")
        if only and each.section != "programme":
            raise ValueError(f"{path}: holds in all arms, being part of the {each.section}; leave out arms = ...")
        mine = tuple(names.index(name) for name in only) if only else deploying or tuple(range(len(arms)))
        if each.section == "programme":
            _refuse_unclear(each, [arms[i] for i in mine], chosen=bool(only))
        found.append(mine)
    return tuple(found)


def _refuse_unclear(each: Parameter, arms: Sequence[Scenario], *, chosen: bool) -> None:
    """Arms that differ in a lever are not to be made alike by accident, nor a lever changed only until a date."""
    values = {arm.name: arm.programme[each.key] for arm in arms}
    if len(set(values.values())) > 1 and not chosen:
        said = ", ".join(f"{plain(value)} in {name}" for name, value in values.items())
        raise ValueError(f"{each.path}: is {said}; say in which of these arms it is varied (arms = [...])")
    for arm in arms:
        for day, changed in arm.changes:
            if each.key in changed:
                raise ValueError(f"{each.path}: {arm.name} changes it on day {day}, so that a row would hold only "
                                 "until then")  # fmt: skip


def _check_rows(design: Design, study: Study) -> None:
    drawn = design.unit is not None
    found = (study.faults_of(row, anchor=design.anchor, drawn=drawn) for row in design.rows)
    if faulty := [(i, faults) for i, faults in enumerate(found) if faults]:
        number, faults = faulty[0]
        more = f" (and {len(faulty) - 1} more rows)" if len(faulty) > 1 else ""
        raise ScenarioError([f"row {number}: {faults[0]}{more}"])


@dataclass(frozen=True)
class Fitted:
    """Numbers of a setting that were solved for, by key, so that it keeps the baseline's deaths (see `anchor`).

    residual: the largest share by which the deaths of an illness miss; ok: whether that is small enough; error: why
    nothing could be solved for.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    residual: float = 0.0
    rounds: int = 0
    ok: bool = True
    error: str = ""


@dataclass(frozen=True, eq=False)
class Block:
    """Rows that have one setting, to be lived from some seeds: one population and warm-up a seed."""

    rows: tuple[int, ...]
    values: np.ndarray  # rows x keys
    seeds: tuple[int, ...]
    fitted: Fitted  # what was solved for in their setting
    cases: tuple[tuple[str, ...], ...]  # the identity of each case: rows x seeds


Task = tuple[Block, ...]


@dataclass(frozen=True, eq=False)
class Identities:
    """What each case of a design is, as a number that follows from scenarios, values, seed and program alone."""

    told: Mapping[str, Any]  # what all cases have in common, as JSON
    rows: np.ndarray
    seeds: tuple[int, ...]

    @cached_property
    def _head(self) -> Any:
        return hashlib.sha256(json.dumps(self.told, sort_keys=True).encode())

    def identity(self, row: int, seed: int) -> str:
        """One case, as 24 hex digits."""
        digest = self._head.copy()
        digest.update(_bytes(self.rows[row]) + f"|{seed}".encode())
        return digest.hexdigest()[:24]

    def setting(self, row: int) -> str:
        """The setting of a row, as 24 hex digits: rows with the same one share their warm-ups."""
        digest = self._head.copy()
        digest.update(b"setting" + _bytes(self.rows[row][self._of_setting]))
        return digest.hexdigest()[:24]

    @cached_property
    def _of_setting(self) -> list[int]:
        return [j for j, key in enumerate(self.told["keys"]) if parameter(key).section != "programme"]


def _bytes(values: np.ndarray) -> bytes:
    return np.ascontiguousarray(values, "<f8").tobytes()


def identities_of(design: Design, study: Study, *, code: str) -> Identities:
    """The cases of a design as this program would run them."""
    told = {"code": code, "arms": [arm.hash() for arm in study.arms], "before": study.before.hash(),
            "keys": list(study.keys), "where": [list(each) for each in study.where],
            "anchor": list(design.seeds) if design.anchor else None}  # fmt: skip
    return Identities(told, design.rows, design.seeds)


class Cases:
    """The cases of a design, and how they are cut into parts."""

    def __init__(self, design: Design, study: Study, *, code: str) -> None:
        self.design, self.study, self.seeds = design, study, design.seeds
        self.identities = identities_of(design, study, code=code)
        self.identity = self.identities.identity

    @cached_property
    def settings(self) -> tuple[str, ...]:
        """The setting of each row."""
        return tuple(self.identities.setting(row) for row in range(len(self.design.rows)))

    @cached_property
    def cases_a_part(self) -> int:
        """How many cases make a part of some seconds of work."""
        run = self.study.arms[0].run
        years = sum(run.values()) / 365.25
        work = float(self.study.ground.people.sum()) * UNDER_FIVES * years * len(self.study.arms) / RATE
        return int(min(max(A_PART / work, 1.0), MOST_CASES))

    def tasks(self, rows: Sequence[int], seeds: Sequence[int],
              fitted: Mapping[str, Fitted] | None = None) -> list[Task]:  # fmt: skip
        """Cut rows x seeds into parts: of one setting as many rows as fit, then seeds, then further settings."""
        most, tasks, open_task, room = self.cases_a_part, [], [], self.cases_a_part
        groups: dict[str, list[int]] = {}
        for row in rows:
            groups.setdefault(self.settings[row], []).append(row)
        for group in groups.values():
            for few in _cut(group, most):
                for some in _cut(seeds, max(1, most // len(few))):
                    block = self._block(few, some, fitted or {})
                    if open_task and room < len(few) * len(some):
                        tasks.append(tuple(open_task))
                        open_task, room = [], most
                    open_task.append(block)
                    room -= len(few) * len(some)
        return [*tasks, tuple(open_task)] if open_task else tasks

    def _block(self, rows: Sequence[int], seeds: Sequence[int], fitted: Mapping[str, Fitted]) -> Block:
        return Block(tuple(rows), self.design.rows[list(rows)], tuple(seeds),
                     fitted.get(self.settings[rows[0]], Fitted()),
                     tuple(tuple(self.identity(row, seed) for seed in seeds) for row in rows))  # fmt: skip

    def left_of(self, task: Task, done: Mapping[str, Any]) -> Task:
        """What of a task has not been lived yet."""
        blocks = []
        for block in task:
            rows = [i for i, cases in enumerate(block.cases) if any(case not in done for case in cases)]
            seeds = [j for j in range(len(block.seeds)) if any(block.cases[i][j] not in done for i in rows)]
            if rows:
                blocks.append(Block(
                    tuple(block.rows[i] for i in rows), block.values[rows], tuple(block.seeds[j] for j in seeds),
                    block.fitted,
                    tuple(tuple(block.cases[i][j] for j in seeds) for i in rows)))  # fmt: skip
        return tuple(blocks)


def _cut(items: Sequence[int], size: int) -> list[Sequence[int]]:
    return [items[i : i + size] for i in range(0, len(items), size)]
