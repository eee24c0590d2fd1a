"""How rules are compiled: differently from what numba does by itself, and without touching anybody else's code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from world import PLAIN

from iccmsim.core.compiled import rule

REPOSITORY = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(PLAIN, reason="rules are not compiled")

UNCHECKED = pytest.mark.skipif(bool(os.environ.get("NUMBA_BOUNDSCHECK")), reason="indices are checked (make bounds)")

NUMBERS = np.arange(10)
BEHIND = NUMBERS[5:]  # so that the place before its first is a place of NUMBERS


@rule
def peek(numbers, i):
    """A number by its place."""
    return numbers[i]


@rule(entry=True)
def peek_twice(numbers, i):
    """A rule that calls another and is made one whole with it."""
    return peek(numbers, i) + peek(numbers, i + 1)


def of_a_user(numbers, i):
    """The same in somebody's own code."""
    return numbers[i]


@UNCHECKED
def test_a_rule_takes_an_index_as_it_is():
    assert peek(BEHIND, 2) == 7
    assert peek(BEHIND, -1) == 4
    assert peek_twice(BEHIND, -1) == 4 + 5


def test_what_users_compile_still_counts_from_the_end():
    peek(BEHIND.astype(np.int32), 0)  # a rule is compiled in between
    assert numba.njit(of_a_user)(BEHIND, -1) == 9
    peek_twice(BEHIND.astype(np.int32), 0)
    assert numba.njit(of_a_user)(BEHIND.astype(np.int32), -1) == 9


@UNCHECKED
def test_rules_that_an_entry_calls_can_still_be_called_alone():
    assert (peek_twice(NUMBERS, 3), peek(NUMBERS, 3)) == (7, 3)
    assert rule(of_a_user)(BEHIND, -1) == 4


def test_an_error_while_compiling_leaves_numba_as_it_was():
    @rule(entry=True)
    def nonsense(numbers):
        return numbers.no_such_thing

    with pytest.raises(numba.TypingError):
        nonsense(NUMBERS)
    assert numba.njit(of_a_user)(BEHIND.astype(np.float32), -1) == 9.0


SAID = "12 12.0\n"
TWO_RULES = """
import sys
import numpy as np
from iccmsim.core.compiled import rule

@rule
def double(numbers):
    return 2 * numbers[0]

@rule
def fourfold(numbers):
    return 2 * double(numbers)

if "disk-is-full" in sys.argv:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
print(fourfold(np.arange(5) + 3), fourfold(np.arange(5.0) + 3))
"""


@pytest.fixture(scope="module")
def two_rules(tmp_path_factory):
    """A script of two rules, run as a program; its compiled code is kept in the folder `cache` of its own."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "script.py").write_text(TWO_RULES, encoding="utf-8")

    def run(*words: str, cache: Path = folder / "cache") -> subprocess.CompletedProcess:
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "ICCMSIM_CACHE": str(cache)}
        return subprocess.run([sys.executable, str(folder / "script.py"), *words], env=env, capture_output=True,
                              text=True, timeout=120)  # fmt: skip

    assert run().stdout == SAID
    run.cache = folder / "cache"
    return run


def kept_in(folder: Path) -> dict[str, bytes]:
    """Compiled code and what tells of it, by name."""
    return {file.name: file.read_bytes() for file in sorted(folder.rglob("*.nb[ic]"))}


@pytest.mark.parametrize("damage", ["*.nbi empty", "*.nbi cut", "*.nbc empty", "*.nbc cut", "*.nb* zeros"])
def test_damaged_compiled_code_is_compiled_anew_and_is_whole_afterwards(damage, two_rules):
    before = kept_in(two_rules.cache)
    assert len(before) == 2 * 3
    which, how = damage.split()
    for file in two_rules.cache.rglob(which):
        content = file.read_bytes()
        file.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "zeros": bytes(len(content))}[how])
    again = two_rules()
    assert (again.stdout, again.stderr, again.returncode) == (SAID, "", 0)
    after = kept_in(two_rules.cache)
    assert after.keys() == before.keys()
    assert all(len(content) > 50 and any(content) for content in after.values())


@pytest.mark.skipif(os.name != "posix", reason="files are kept short by a limit of POSIX systems")
def test_where_compiled_code_cannot_be_kept_it_is_said_once_and_the_process_goes_on(two_rules, tmp_path):
    done = two_rules("disk-is-full", cache=tmp_path)
    assert (done.stdout, done.returncode) == (SAID, 0)
    assert done.stderr.count("\n") == 1
    assert f"{tmp_path / 'iccmsim'}" in done.stderr
    assert "compiled rules cannot be kept there (File too large)" in done.stderr
    assert two_rules(cache=tmp_path).stderr == ""
    assert len(kept_in(tmp_path)) == 2 * 3
