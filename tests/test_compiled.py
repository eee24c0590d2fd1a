"""How rules are compiled: differently from what numba does by itself, and without touching anybody else's code."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from world import PLAIN

from iccmsim.core.compiled import rule

pytestmark = pytest.mark.skipif(PLAIN, reason="rules are not compiled")

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


def test_a_rule_takes_an_index_as_it_is():
    assert peek(BEHIND, 2) == 7
    assert peek(BEHIND, -1) == 4
    assert peek_twice(BEHIND, -1) == 4 + 5


def test_what_users_compile_still_counts_from_the_end():
    peek(BEHIND.astype(np.int32), 0)  # a rule is compiled in between
    assert numba.njit(of_a_user)(BEHIND, -1) == 9
    peek_twice(BEHIND.astype(np.int32), 0)
    assert numba.njit(of_a_user)(BEHIND.astype(np.int32), -1) == 9


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
