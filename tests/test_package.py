"""The package as a whole: light to import, its rooms in order, no hidden dice, no module too long to read."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

import iccmsim

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "iccmsim"

# A module imports only from its own room and from the rooms before it in this list.
ROOMS = (
    "core",
    "rules",
    "parameters",
    "world",
    "exchange",
    "engine",
    "results",
    "studies",
    "model",
    "report",
    "classroom",
    "cli",
    "__main__",
)
ROOMS_WITHOUT_DICE = ("rules", "world", "engine")
ROOMS_THAT_KNOW_MESA = ("model", "classroom")
LONGEST_MODULE = 350

HEAVY = {"SALib", "matplotlib", "mesa", "numba", "numpy", "pandas", "pyarrow", "pydantic", "rich", "scipy"}
SLOWEST_IMPORT_SECONDS = 0.3

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Dotted name of a module of the package, from its file."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    """Room of a dotted module name; None for the package itself and for what lies outside it."""
    parts = module.split(".")
    return parts[1] if parts[0] == "iccmsim" and len(parts) > 1 else None


def imported(source: str, importer: str, *, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Line and dotted name of all that a source imports, inside functions too, with absolute names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = importer.split(".")
                kept = parents[: len(parents) - node.level + is_package]
                base = ".".join([*kept, base] if base else kept)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            if ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
                yield node.lineno, str(node.args[0].value)


def resolved(name: str) -> str:
    """Follow `from iccmsim import simulate` to the room that simulate lives in."""
    parts = name.split(".")
    return iccmsim._HOME.get(parts[1], name) if parts[0] == "iccmsim" and len(parts) == 2 else name


def imports_that_point_up(source: str, importer: str, *, is_package: bool = False) -> list[str]:
    """Imports of a room that comes later than the importer's own, and of one rule module by another."""
    room = room_of(importer)
    faults = []
    for line, written in imported(source, importer, is_package=is_package):
        name = resolved(written)
        other = room_of(name)
        if other not in ROOMS:
            continue
        if ROOMS.index(other) > ROOMS.index(room):
            faults.append(f"{importer}:{line} imports {name}, and {other} comes after {room}")
        if room == other == "rules" and not name.startswith(importer):
            faults.append(f"{importer}:{line} imports {name}: rule modules meet in a column")
    return faults


def dice_in(source: str) -> list[str]:
    """Uses of a stateful random generator: random, np.random, from numpy import random, by any alias."""
    numpy_names = {"numpy"}
    faults = []
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            numpy_names |= {alias.asname for alias in node.names if alias.name == "numpy" and alias.asname}
    for line, name in imported(source, "iccmsim"):
        if name.split(".")[0] in ("random", "secrets") or name.startswith("numpy.random"):
            faults.append(f"line {line} imports {name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "random":
            if ast.unparse(node.value) in numpy_names:
                faults.append(f"line {node.lineno} uses {ast.unparse(node)}")
    return faults


def read(path: Path) -> str:
    """Text of a source file."""
    return path.read_text(encoding="utf-8")


def in_rooms(*rooms: str) -> list[Path]:
    """Modules of these rooms."""
    return [path for path in MODULES if room_of(name_of(path)) in rooms]


def test_importing_the_package_loads_nothing_heavy_and_is_quick():
    program = (
        "import json, sys, time; start = time.perf_counter(); import iccmsim; "
        "print(json.dumps([time.perf_counter() - start, sorted(sys.modules)]))"
    )
    runs = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=True
        )
        runs.append(json.loads(done.stdout))
    assert sorted(HEAVY & set(runs[0][1])) == []
    assert min(seconds for seconds, _ in runs) < SLOWEST_IMPORT_SECONDS


@pytest.mark.parametrize("name", sorted(iccmsim._HOME))
def test_every_public_name_is_found_on_first_use(name):
    assert getattr(iccmsim, name).__name__ == name


def test_the_public_names_are_listed_and_a_wrong_one_is_refused_by_name():
    assert set(iccmsim._HOME) | {"__version__"} == set(iccmsim.__all__)
    assert set(iccmsim.__all__) <= set(dir(iccmsim))
    with pytest.raises(AttributeError, match=r"no attribute 'simulat'; it offers .*simulate"):
        _ = iccmsim.simulat


def test_the_version_is_the_same_wherever_it_is_written():
    citation = re.search(r"^version: (\S+)$", read(REPOSITORY / "CITATION.cff"), flags=re.MULTILINE)
    assert citation
    assert citation.group(1) == metadata.version("iccmsim") == iccmsim.__version__


def test_the_constraints_name_packages_and_versions_and_nothing_else():
    line = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [a-z0-9_ .!<>='()]+)?")
    written = read(REPOSITORY / "constraints.txt").splitlines()
    assert written
    assert [text for text in written if not line.fullmatch(text)] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_from_rooms_above_its_own(path):
    module = name_of(path)
    if module == "iccmsim":
        assert {room_of(home) for home in iccmsim._HOME.values()} <= set(ROOMS)
        return
    assert room_of(module) in ROOMS, f"{module} is in no room of the house"
    assert imports_that_point_up(read(path), module, is_package=path.name == "__init__.py") == []


@pytest.mark.parametrize("path", in_rooms(*ROOMS_WITHOUT_DICE), ids=name_of)
def test_chance_comes_from_keyed_draws_alone(path):
    assert dice_in(read(path)) == []


def test_only_the_mesa_face_and_the_classroom_import_mesa():
    knowing = {
        room_of(name_of(path))
        for path in MODULES
        for _, name in imported(read(path), name_of(path))
        if name.split(".")[0] == "mesa"
    }
    assert knowing <= set(ROOMS_THAT_KNOW_MESA)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_short_enough_to_be_read_at_one_sitting(path):
    assert len(read(path).splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize(
    ("importer", "source"),
    [
        ("iccmsim.rules.illness", "from iccmsim.engine import day"),
        ("iccmsim.rules.illness", "from iccmsim import simulate"),
        ("iccmsim.rules.illness", "from iccmsim import cli"),
        ("iccmsim.rules.illness", "from iccmsim.rules.supply import order"),
        ("iccmsim.rules.illness", "from . import supply"),
        ("iccmsim.core.draws", "def f():\n    from ..results.result import Result"),
        ("iccmsim.core.draws", "import importlib\nimportlib.import_module('iccmsim.world.population')"),
        ("iccmsim.results.result", "if TYPE_CHECKING:\n    import iccmsim.studies.compare"),
    ],
)
def test_an_import_that_points_up_is_noticed(importer, source):
    assert len(imports_that_point_up(source, importer)) == 1


@pytest.mark.parametrize(
    ("importer", "source"),
    [
        ("iccmsim.rules.illness", "from iccmsim.core.records import CHILD"),
        ("iccmsim.rules.illness", "from iccmsim import __version__"),
        ("iccmsim.exchange.places_files", "from iccmsim.world.geography import Village"),
        ("iccmsim.engine.day", "from . import calendar\nfrom ..rules import illness\nimport numpy as np"),
        ("iccmsim.cli", "from iccmsim import compare, simulate"),
    ],
)
def test_an_import_that_points_down_is_let_through(importer, source):
    assert imports_that_point_up(source, importer) == []


@pytest.mark.parametrize(
    "source",
    [
        "import random",
        "from random import choice",
        "import numpy as np\nx = np.random.default_rng(1)",
        "import numpy as nn\nx = nn.random.rand()",
        "import numpy\nx = numpy.random.rand()",
        "from numpy import random as dice",
        "from numpy.random import default_rng",
        "import secrets",
    ],
)
def test_hidden_dice_are_noticed(source):
    assert dice_in(source)


def test_old_compiled_copies_go_but_not_those_that_may_be_running(tmp_path):
    from iccmsim.core.compiled import STILL_USED, forget_old

    now = time.time()
    for days, name in enumerate("abcdefgh"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (now - days * STILL_USED / 4 - 1,) * 2)
    forget_old(tmp_path / "h", keep=2)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["a", "b", "c", "d", "h"]
