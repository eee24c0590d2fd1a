"""All illnesses that all children of a zone would have: found, drawn, kept, and put in order of onset."""

from __future__ import annotations

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.memory import large_table
from iccmsim.core.records import CANDIDATE, FIVE_YEARS, MINUTES, NEWBORN, first_rows
from iccmsim.rules.nutrition import mark_wasting
from iccmsim.world.courses import FATE, draw_fates, keep_courses, mark_overlaps
from iccmsim.world.onsets import (
    FOUND,
    WHO,
    candidates,
    cut_life,
    draw_waits,
    frailties,
    new_desk,
    newborn_candidate,
)

FIVE = FIVE_YEARS * MINUTES
ROW_BITS = 32  # of what candidates are sorted by: the minute of onset, then the row
LOW_BITS = 11  # of the minute of an onset, by which courses are sorted first
BATCH = 4096  # candidates that are drawn in one go

@rule(entry=True)
def draw_illnesses(child, n, raw, regime, key, end, found, fate, desk):
    """All courses of all children, child by child; returns how many, or -1 if a table is too small.

    Children are taken together until their candidates fill half of `found`.
    """
    p = regime[0]
    rows = 0
    count = 0
    for who in range(n):
        count = fall_ill(child[who], who, found, count, p, key, end, desk)
        if count < 0:
            return -1
        if count >= found.shape[1] // 2 or who == n - 1:
            if rows + count > raw.shape[0]:
                return -1
            draw_fates(fate, found, count, key)
            rows = keep_all(raw, rows, found, fate, count, child, p, key, desk)
            if rows < 0:
                return -1
            count = 0
    return rows


@rule
def fall_ill(child, who, found, count, p, key, end, desk):
    """All candidates of one child, by illness and then by onset."""
    birth = int(child.birth)
    stop = min(end, birth + FIVE)
    frailties(desk.frail, key, p, who)
    pieces = cut_life(p, birth, 0, stop, desk.cuts)
    draw_waits(desk.waits, key, who)
    for k in range(6):
        if k == NEWBORN:
            count = newborn_candidate(found, count, key, p, who, birth, 0, stop)
        else:
            count = candidates(found, count, key, p, who, k, desk.frail[k], desk.cuts, pieces, desk.waits)
        if count < 0:
            return -1
    return count


@rule
def keep_all(raw, rows, found, fate, count, child, p, key, desk):
    """Of the candidates of some children those that come about; returns the row after the last, or -1."""
    first = 0
    while first < count:
        who = found[WHO, first]
        last = first + 1
        while last < count and found[WHO, last] == who:
            last += 1
        after = keep_courses(raw, rows, found, fate, first, last, p, desk.starts)
        mark_overlaps(raw, rows, after, desk.starts, p)
        if p.was_on and mark_wasting(raw, rows, after, child[who].birth, who, desk.spells, p, key) < 0:
            return -1
        rows = after
        first = last
    return rows


@rule(entry=True)
def order_by_onset(candidate, n, order, spare, counts, from_day):
    """Sort candidates by minute of onset (then child, then illness), and note with which each day begins: first by the
    low bits of the minute, then by the others, each time keeping the order that was there."""
    for i in range(n):
        order[i] = int(candidate[i].onset) << ROW_BITS | i
    sort_by(order, spare, n, counts, ROW_BITS, (1 << LOW_BITS) - 1)
    sort_by(spare, order, n, counts, ROW_BITS + LOW_BITS, (1 << 31) - 1)
    day = 0
    for i in range(n):
        minute = order[i] >> ROW_BITS
        order[i] &= (1 << ROW_BITS) - 1
        while day * MINUTES <= minute:
            from_day[day] = i
            day += 1
    from_day[day:] = n


@rule
def sort_by(these, those, n, counts, shift, mask):
    """Put keys into another table in the order of some of their bits; those that are alike stay as they come."""
    counts[:] = 0
    for i in range(n):
        counts[(these[i] >> shift & mask) + 1] += 1
    for bucket in range(counts.shape[0] - 1):
        counts[bucket + 1] += counts[bucket]
    for i in range(n):
        bucket = these[i] >> shift & mask
        those[counts[bucket]] = these[i]
        counts[bucket] += 1


def find_candidates(child: np.recarray, regime: np.recarray, key: tuple[int, int], *, end: int,
                    days: int) -> tuple[np.recarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Every course that the children of a zone may suffer before minute `end`, child by child; their rows in order of
    onset; and the place in that order with which each day begins."""
    size, width = int(len(child) * 60 + 64), BATCH
    while True:
        candidate = large_table(CANDIDATE, size, clean=False)
        found, fate = np.empty((len(FOUND), width), np.int64), np.empty((FATE, width), np.int64)
        n = draw_illnesses(child, len(child), candidate, regime, key, end, found, fate, new_desk(width // 64))
        if n >= 0:
            break
        size, width = 2 * size, 2 * width
    from_day = np.zeros(days + 1, np.int64)
    counts = np.empty(2 + max(1 << LOW_BITS, end >> LOW_BITS), np.int64)
    order, spare = np.empty(n, np.int64), np.empty(n, np.int64)
    order_by_onset(candidate, n, order, spare, counts, from_day)
    return first_rows(candidate, n), order, from_day
