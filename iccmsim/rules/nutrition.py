"""Wasting: spells of severe and moderate thinness that come and go whatever the child suffers from.

They are exogenous, keyed by child and spell, and so the same in every arm; they raise the chances that an illness
worsens and kills, and never the background.
"""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import MILD, MINUTES, MODERATE_WASTING, MONTH, NEVER, SEVERE_WASTING, WELL_NOURISHED

WASTES_FROM = int(6 * MONTH) * MINUTES  # age at which spells begin: younger children are all average


@rule
def spell_minutes(kind, u, p):
    """How long a spell of wasting lasts: its mean times an exponential, at least a minute."""
    return 1 + int(min(-math.log(u) * MINUTES * (p.sam_days if kind == SEVERE_WASTING else p.mam_days), NEVER))


@rule
def wasting_at(birth, who, minute, p, key):
    """How a child is nourished at a minute, and until when: well and wasted in turn, in the long run as prevalent as
    stated at every age from six months."""
    clock = birth + WASTES_FROM
    if minute < clock:
        return 0, 0
    u, v, w, _ = draw(key, Decision.WASTING, who, 0)
    kind = SEVERE_WASTING if u < p.sam_prev else MODERATE_WASTING if u < p.sam_prev + p.mam_prev else WELL_NOURISHED
    ends = clock if kind == WELL_NOURISHED else clock + spell_minutes(kind, w, p)
    number = 0
    while minute >= ends and p.was_per_day > 0.0:
        number += 1
        u, v, w, _ = draw(key, Decision.WASTING, who, number)
        starts = ends + 1 + int(min(-math.log(u) / p.was_per_day * MINUTES, NEVER))
        if minute < starts:
            return WELL_NOURISHED, min(starts, NEVER)
        kind = SEVERE_WASTING if v < p.was_severe_share else MODERATE_WASTING
        ends = starts + spell_minutes(kind, w, p)
    return (kind, min(ends, NEVER)) if minute < ends else (WELL_NOURISHED, NEVER)


@rule
def mark_wasting(courses, children, p, key):
    """Note on every candidate course how the child is nourished at its onset, before anything has happened."""
    for i in range(courses.shape[0]):
        course = courses[i]
        state, until = wasting_at(children[course.child].birth, course.child, course.onset, p, key)
        course.wasting = state
        course.wasted_until = until


@rule
def severe_wasting_found(child, courses, p, key, minute):
    """Measure the arm of a sick child: when the spell of severe wasting that is found would end, or 0. A child that is
    treated for this spell already is not found again."""
    for k in range(6):
        row = child.active[k]
        if row < 0 or courses[row].stage < MILD:
            continue
        course = courses[row]
        until = course.wasted_until
        if course.wasting != SEVERE_WASTING or until <= minute or child.fed_until == until:
            continue
        u, v, _, _ = draw(key, Decision.MUAC, course.child, course.episode, course.illness)
        if u < p.policy_muac and v < p.dx_muac_sens:
            return until
    return 0


@rule
def begin_feeding(child, until, minute):
    """Ready-to-use food for weeks: it changes the danger of illnesses that begin from now on."""
    child.fed_at = minute
    child.fed_until = until
