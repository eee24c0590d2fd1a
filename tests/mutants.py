"""Break the rules one statement at a time and see whether a test notices (`make mutants`).

Each mutant is the package with one statement of a rule replaced by `pass`, in a folder of its own; the tests of
that rule module run on it in plain Python. A mutant that no test notices survives: either a test is missing or
the statement is not needed. Options: --all (every statement, not a sample), --seed N, --sample N, --only MODULE.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
RULES = REPOSITORY / "iccmsim" / "rules"
SAMPLE, SEED, PROCESSES = 100, 1, 2
PATIENCE, SECONDS = 3.0, 20.0  # a mutant may take so many times as long as the sound package, and a little more
LONGEST = 240.0  # seconds for the tests of a module on the sound package: more is a district lived in plain Python
MOST_SURVIVORS = 0.02

# (module, source of the statement): why nothing can notice that it is gone
EXCUSED: dict[tuple[str, str], str] = {
    ("supply", "if chance >= 1.0: return ordered"): "a short cut: the sum below ends at once where all is sent",
    ("supply", "return ordered"): "the same short cut",
    ("information", "if p.info_error <= 0.0 and p.info_bias == 1.0: return count"): "a short cut: the factor is one",
    ("information", "return count"): "the same short cut",
    ("facility_care", "if p.shock_closed <= 0.0: return False"): "a short cut: no uniform is below nought",
    ("pay", "return"): "a short cut: what follows draws against a chance of nought",
    ("nutrition", "if until == 0: return 0"): "a short cut: where there is no spell, 0 is found all the same",
    ("illness", "if p.relais_reach <= 0.0: return False"): "a short cut: no uniform is below nought",
    ("illness", "return False"): "the same short cut",
    ("nutrition", "if p.was_per_day <= 0.0: return n + 1"): "a short cut: the wait for the next spell is endless",
    ("care_seeking", "shortest = 0.0"): "for the compiler alone: the first alternative is taken whatever stands there",
    ("facility_care", "return False"): "a short cut: no uniform is below nought; and no bed is no bed",
    ("care_seeking", "if 1.0 - uniforms[v] >= household.usual[v] * p.seek_trust_most * mine * shortest: continue"):
        "a short cut: such an alternative would come too late",
    ("care_seeking", "continue"): "the same short cut",
    ("care_seeking", "return False"): "nothing is as good as False: the end of a short cut before the choice itself",
}

# rule modules whose levers are tested under other names
ALSO = {
    "pay": ("test_lever_finance",), "workforce": ("test_lever_supervision", "test_shocks"),
    "illness": ("test_lever_workforce", "test_lever_wasting", "test_lever_policy", "test_lever_artesunate",
                "test_onsets", "test_lever_second_line"),
    "supply": ("test_shocks",),
    "treatment": ("test_lever_referral", "test_lever_artesunate", "test_lever_wasting", "test_lever_policy",
                  "test_lever_second_line"),
    "care_seeking": ("test_lever_referral", "test_lever_outreach", "test_lever_finance", "test_lever_patience"),
    "facility_care": ("test_lever_referral", "test_lever_artesunate", "test_lever_triage", "test_lever_patience",
                      "test_shocks"),
    "case_management": ("test_lever_policy", "test_lever_newborn", "test_lever_artesunate", "test_lever_wasting"),
    "nutrition": ("test_lever_wasting",),
}  # fmt: skip


class Mutant(NamedTuple):
    """One statement to be taken out."""

    module: str
    line: int
    source: str
    text: str  # of the whole module without it


def statements(tree: ast.Module) -> list[ast.stmt]:
    """Every statement inside a rule, but docstrings and what does nothing already."""
    found = []
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if not isinstance(node, ast.stmt) or node is function or isinstance(node, ast.Pass):
                continue
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            found.append(node)
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def without(text: str, node: ast.stmt) -> str:
    """The module with a statement replaced by `pass`; lines keep their numbers up to it."""
    lines = text.splitlines(keepends=True)
    first, last = node.lineno - 1, node.end_lineno
    indent = lines[first][: node.col_offset]
    if indent.strip():  # an `elif`: the statement begins within its line
        raise ValueError("not at the start of a line")
    return "".join([*lines[:first], f"{indent}pass\n", *lines[last:]])


def mutants_of(path: Path) -> list[Mutant]:
    """All mutants of one rule module."""
    text = path.read_text(encoding="utf-8")
    found = []
    for node in statements(ast.parse(text)):
        source = ast.get_source_segment(text, node) or ""
        if source.startswith("elif") or text.splitlines()[node.lineno - 1].lstrip().startswith("elif"):
            mutated = text.splitlines(keepends=True)
            mutated = _without_branch(mutated, node)
        else:
            mutated = without(text, node)
        ast.parse(mutated)
        found.append(Mutant(path.stem, node.lineno, " ".join(source.split()), mutated))
    return found


def _without_branch(lines: list[str], node: ast.If) -> str:
    """Take out an `elif` with all that follows it in the chain."""
    return "".join([*lines[: node.lineno - 1], *lines[node.end_lineno :]])


def tests_of(module: str, tests: Path) -> list[str]:
    """The tests of a rule module; all rule tests where it has none of its own."""
    names = (f"test_{module}", f"test_lever_{module}", *ALSO.get(module, ()))
    own = [str(file) for name in names if (file := tests / f"{name}.py").exists()]
    if own:
        return own
    return [
        str(file) for stem in sorted(p.stem for p in RULES.glob("*.py")) if (file := tests / f"test_{stem}.py").exists()
    ]


def copy_package(folder: Path) -> None:
    """A copy of package and tests to be broken."""
    leave = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
    shutil.copytree(REPOSITORY / "iccmsim", folder / "iccmsim", ignore=leave)
    shutil.copytree(REPOSITORY / "tests", folder / "tests", ignore=leave)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)


def passes(folder: Path, module: str, *, seconds: float | None = None) -> tuple[bool, str]:
    """Whether the tests of a module pass in a folder, and what they said. Endless is not passing."""
    env = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "NUMBA_DISABLE_JIT": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ICCMSIM_CACHE": str(folder / "cache"),  # the user's compiled code is left alone
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        *tests_of(module, folder / "tests"),
    ]
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=seconds)
    except subprocess.TimeoutExpired:
        return False, "took too long"
    if done.returncode not in (0, 1, 2):  # 2: a test module could not be imported
        raise RuntimeError(f"pytest could not run: {done.stdout}{done.stderr}")
    return done.returncode == 0, done.stdout


def survives(mutant: Mutant, folders: Queue, *, seconds: float) -> bool:
    """Break a free folder by a mutant, test it, and mend it."""
    folder = folders.get()
    target = folder / "iccmsim" / "rules" / f"{mutant.module}.py"
    try:
        target.write_text(mutant.text, encoding="utf-8")
        return passes(folder, mutant.module, seconds=seconds)[0]
    finally:
        shutil.copy(RULES / f"{mutant.module}.py", target)
        folders.put(folder)


def chosen(args: argparse.Namespace) -> list[Mutant]:
    """The mutants of this run: a seeded sample over all modules, or all."""
    files = sorted(path for path in RULES.glob("*.py") if path.stem != "__init__")
    if args.only:
        files = [path for path in files if path.stem == args.only]
    every = [mutant for path in files for mutant in mutants_of(path)]
    if args.all or len(every) <= args.sample:
        return every
    return sorted(random.Random(args.seed).sample(every, args.sample))


def main() -> int:
    """Run the mutants, tell the survivors; 1 if too many of them have no excuse."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--all", action="store_true", help="every statement, not a sample")
    parser.add_argument("--sample", type=int, default=SAMPLE)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", help="one module of iccmsim/rules")
    args = parser.parse_args()
    start, mutants = time.monotonic(), chosen(args)
    with tempfile.TemporaryDirectory(prefix="iccmsim-mutants-") as where:
        folders: Queue = Queue()
        for i in range(PROCESSES):
            folder = Path(where) / str(i)
            copy_package(folder)
            folders.put(folder)
        sound, patience = folders.get(), {}
        for module in sorted({mutant.module for mutant in mutants}):
            began = time.monotonic()
            ok, said = passes(sound, module, seconds=LONGEST)
            patience[module] = SECONDS + PATIENCE * (time.monotonic() - began)
            print(f"the tests of {module} take {time.monotonic() - began:.0f} s in plain Python", flush=True)
            if not ok:
                print(f"the tests of {module} fail before anything is broken:\n{said}")
                return 1
        folders.put(sound)
        with ThreadPoolExecutor(PROCESSES) as pool:
            fates = pool.map(lambda mutant: survives(mutant, folders, seconds=patience[mutant.module]), mutants)
            survivors = [tell(mutant) for mutant, alive in zip(mutants, fates, strict=True) if alive]
    return verdict(survivors, len(mutants), seconds=time.monotonic() - start)


def tell(survivor: Mutant) -> Mutant:
    """Print a survivor as soon as it is known, with its excuse."""
    excuse = EXCUSED.get((survivor.module, survivor.source))
    source = survivor.source if len(survivor.source) <= 90 else survivor.source[:87] + "..."
    said = f"  [excused: {excuse}]" if excuse else ""
    print(f"iccmsim/rules/{survivor.module}.py:{survivor.line}: {source}{said}", flush=True)
    return survivor


def verdict(survivors: list[Mutant], n: int, *, seconds: float) -> int:
    """Say how many survived; 1 if too many of them have no excuse."""
    unexcused = sum((each.module, each.source) not in EXCUSED for each in survivors)
    share = unexcused / n if n else 0.0
    print(
        f"{n} mutants, {len(survivors)} survived, {unexcused} without an excuse ({100 * share:.1f} %; "
        f"at most {100 * MOST_SURVIVORS:.0f} %), in {seconds:.0f} s"
    )
    return 1 if share > MOST_SURVIVORS else 0


if __name__ == "__main__":
    sys.exit(main())
