"""A few illnesses noted as the bits of one number, 1 << illness: going through those that are there is shorter work
than asking all six."""

from __future__ import annotations

import numpy as np

from iccmsim.core.compiled import rule

FIRST = np.array([(some & -some).bit_length() - 1 for some in range(64)])


@rule(inline=True)
def first_of(some):
    """The lowest numbered of some illnesses."""
    return FIRST[some]


@rule(inline=True)
def rest_of(some):
    """All but the first."""
    return some & (some - 1)
