"""A zone: one first-level health facility, its CHWs, their villages and families, and all that has state there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from iccmsim.core.records import N_PRODUCTS, PROMISE, table

SICK, VISITS, STUCK, TONIGHT = range(4)  # places in `n`
ONSET_FROM, BIRTH_FROM, LEAVE_FROM, ARRIVALS = range(4)  # columns of `days`
BIRTHS, LEAVERS, UNWELL, LINE, NIGHT, LOOKED_AT, WHOM = range(7)  # rows of `lists`
SHARED = ("candidate", "order", "promise")  # arrays that are never written to, but for being replaced whole
MARGIN = 3  # rows of the visit table that one child can fill in a day


class Zone(NamedTuple):
    """All arrays of one zone. Nothing else holds state; a zone shares no array that changes with another zone.

    `days` has a row a day and one more: from which row on courses begin, children are born, children leave (in
    `course`, `lists[BIRTHS]`, `lists[LEAVERS]`), and the first child to arrive.
    """

    child: np.recarray
    candidate: np.recarray  # all illnesses that may befall the children, child by child; the same in every arm
    order: np.ndarray  # their rows, by minute of onset
    course: np.recarray  # those of the days that were lived, in that order; what comes later is not written yet
    household: np.recarray
    village: np.recarray
    provider: np.recarray  # row 0 is the health facility, the others are CHWs
    monthly: np.recarray  # provider x month
    visit: np.recarray  # as many as happened; one row only where no table is kept
    stock_by_day: np.ndarray  # day x provider x product, doses at midnight; one day only where no table is kept
    days: np.ndarray
    lists: np.ndarray  # rows of children: by birth, by day of leaving, the unwell, today's line, and tonight's
    wake: np.ndarray  # the day from which each of the unwell is looked at again; spares time, holds no state
    words: np.ndarray  # four for each of the unwell: what today's choices draw; spares time, holds no state
    lure: np.ndarray  # three for each of the unwell: the most that can draw its family anywhere; holds no state
    n: np.ndarray  # counts: unwell, visits, stuck, seen to at night
    store: np.ndarray = np.ones((1, N_PRODUCTS), np.int32)  # day x product: 1 if the district store has it
    promise: np.recarray = table(PROMISE, 0)  # families that wait for a CHW who is not posted yet, and those who did


def promised(zone: Zone) -> np.ndarray:
    """The CHW (row) of each household once every post is filled; -1 none."""
    whose = zone.household["chw"].copy()
    whose[zone.promise["household"]] = zone.promise["chw"]
    return whose
