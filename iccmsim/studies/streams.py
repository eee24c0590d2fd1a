"""The random numbers of an analysis: each matter has its own, all of them children of one seed."""

from __future__ import annotations

import numpy as np

OTHERS, INNER, DRAWN_AGAIN, BY_CHANCE = range(4)  # what an analysis draws


def stream(seed: int, what: int, part: int = 0) -> np.random.Generator:
    """The random numbers of one matter: a child of the seed, as numpy spawns them, so that a resampling has nothing in
    common with the design that it judges."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(what, part)))


def whole_seed(seed: int, what: int) -> int:
    """A seed of its own for one matter, where a library takes whole numbers only."""
    return int(stream(seed, what).integers(1, 1 << 31))
