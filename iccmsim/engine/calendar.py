"""Buckets of days: who arrives when, in what order they are seen.

A bucket is a list linked through the rows themselves: `days[day, column]` names the first, `row.next` the following.
Births, onsets and the days on which children leave are known when the world is built: they are sorted tables.
"""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.records import MINUTES
from iccmsim.world.zone import LINE

ROW_BITS = 24  # rows of children in a zone: below 2**24


@rule
def put(days, column, rows, row, minute):
    """Put a row into the bucket of the day of a minute; what lies beyond the horizon never comes up."""
    day = minute // MINUTES
    if day < days.shape[0]:
        rows[row].next = days[day, column]
        days[day, column] = row


@rule
def line_up(lists, done, n, minute, row):
    """Let a child join today's line, ordered by minute and then by number, behind those already served."""
    place = (int(minute) << ROW_BITS) | int(row)
    i = n
    while i > done and lists[LINE, i - 1] > place:
        lists[LINE, i] = lists[LINE, i - 1]
        i -= 1
    lists[LINE, i] = place
    return n + 1


@rule
def row_of(place):
    """The child's row in a place of the line."""
    return place & ((1 << ROW_BITS) - 1)
