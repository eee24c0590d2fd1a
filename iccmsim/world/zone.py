"""A zone: one first-level health facility, its CHWs, their villages and families, and everything that has state there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SICK, VISITS, STUCK = range(3)  # places in `n`
MARGIN = 3  # rows of the visit table that one sick child can fill in a day


class Zone(NamedTuple):
    """All arrays of one zone. Nothing else holds state; a zone shares no array that changes with another zone."""

    child: np.recarray
    course: np.recarray  # ordered by minute of onset
    household: np.recarray
    village: np.recarray
    provider: np.recarray  # row 0 is the health facility, the others are CHWs
    monthly: np.recarray  # provider x month
    visit: np.recarray  # as many as happened; one row only where no table is kept
    stock_by_day: np.ndarray  # day x provider x product, doses at midnight; one day only where no table is kept
    onset_from: np.ndarray  # day -> first course that begins on it
    births: np.ndarray  # children in order of birth
    birth_from: np.ndarray  # day -> first of `births`
    leavers: np.ndarray  # children in order of background death or fifth birthday
    leave_from: np.ndarray
    events: np.ndarray  # day -> first course with something due
    arrivals: np.ndarray  # day -> first child to arrive somewhere
    sick: np.ndarray  # rows of the children who are unwell
    line: np.ndarray  # today's arrivals in order
    doses: np.ndarray  # size of each dose of the present visit
    requests: np.ndarray  # by provider
    shares: np.ndarray
    slots: np.ndarray
    n: np.ndarray  # counts: sick, visits, stuck
