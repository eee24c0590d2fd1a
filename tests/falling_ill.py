"""Courses of illness drawn for one child at a time, as tests want them; the program draws those of many in one go."""

from __future__ import annotations

import numpy as np
from world import KEY

from iccmsim.core.records import CANDIDATE, NEWBORN, table
from iccmsim.rules.nutrition import SPELL, mark_wasting
from iccmsim.world.courses import FATE, draw_fates, keep_courses, lay_out
from iccmsim.world.onsets import FOUND, candidates, cut_life, draw_waits, find, new_desk, newborn_candidate


def draw_course(row, p, who, illness, episode, onset) -> None:
    """The potential outcomes of one course, in a row that is there already."""
    found, fate = np.zeros((len(FOUND), 1), np.int64), np.zeros((FATE, 1), np.int64)
    find(found, 0, who, illness, episode, onset)
    draw_fates(fate, found, 1, KEY)
    lay_out(row, p, found, fate, 0)


def candidate_onsets(p, who, illness, *, frail=1.0, birth=0, begin=0, end, room=400):
    """All candidates of one illness in one child: the table of what was found, and how many (-1: no room)."""
    desk, found = new_desk(), np.zeros((len(FOUND), room), np.int64)
    if illness == NEWBORN:
        return found, newborn_candidate(found, 0, KEY, p, who, birth, begin, end)
    pieces = cut_life(p, birth, begin, end, desk.cuts)
    draw_waits(desk.waits, KEY, who)
    return found, candidates(found, 0, KEY, p, who, illness, frail, desk.cuts, pieces, desk.waits)


def course_of_illness(raw, rows, p, who, illness, **life) -> int:
    """Those that are kept, from row `rows` of a table; returns the row after the last."""
    found, n = candidate_onsets(p, who, illness, **life)
    fate = np.zeros((FATE, max(n, 1)), np.int64)
    draw_fates(fate, found, n, KEY)
    return keep_courses(raw, rows, found, fate, 0, n, p, new_desk().starts)


def wasting_at(birth, who, minute, p) -> tuple[int, int]:
    """How a child is nourished at a minute, and until when, with all its spells gone through anew."""
    course = table(CANDIDATE, 1)
    course["onset"] = minute
    mark_wasting(course, 0, 1, birth, who, table(SPELL, 1000), p, KEY)
    return int(course[0].wasting), int(course[0].wasted_until)
