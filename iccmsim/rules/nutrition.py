"""Wasting: spells of severe and moderate thinness that come and go whatever the child suffers from.

They are exogenous, keyed by child and spell, and so the same in every arm; they raise the chances that an illness
worsens and kills, and never the background.
"""

from __future__ import annotations

import math

import numpy as np

from iccmsim.core.bits import first_of, rest_of
from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import MINUTES, MODERATE_WASTING, MONTH, NEVER, SEVERE_WASTING, WELL_NOURISHED

WASTES_FROM = int(6 * MONTH) * MINUTES  # age at which spells begin: younger children are all average

SPELL = np.dtype(  # of one child
    [
        ("number", "i4"),  # draws made, 0 before six months of age
        ("state", "i4"),
        ("until", "i4"),  # minute at which that ends
        ("next_state", "i4"),  # what comes then, if it is wasting
        ("next_until", "i4"),
    ],
    align=True,
)


@rule
def spell_minutes(kind, u, p):
    """How long a spell of wasting lasts: its mean times an exponential, at least a minute."""
    return 1 + int(min(-math.log(u) * MINUTES * (p.sam_days if kind == SEVERE_WASTING else p.mam_days), NEVER))


@rule
def move_on_to(spell, birth, who, minute, p, key):
    """Bring a child's spells of wasting up to a minute, never back: well and wasted in turn, in the long run as
    prevalent as stated at every age from six months."""
    if minute < birth + WASTES_FROM:
        return
    if spell.number == 0:
        spell.until = birth + WASTES_FROM
        begin_spells(spell, who, p, key)
    while minute >= spell.until:
        if spell.next_state != WELL_NOURISHED:
            spell.state = spell.next_state
            spell.until = spell.next_until
            spell.next_state = WELL_NOURISHED
        else:
            be_well(spell, who, p, key)


@rule
def begin_spells(spell, who, p, key):
    """How a child is nourished at six months."""
    u, _, w, _ = draw(key, Decision.WASTING, who, 0)
    spell.number = 1
    spell.state = WELL_NOURISHED
    if u < p.sam_prev + p.mam_prev:
        spell.state = SEVERE_WASTING if u < p.sam_prev else MODERATE_WASTING
    spell.next_state = WELL_NOURISHED
    if spell.state != WELL_NOURISHED:
        spell.until = min(spell.until + spell_minutes(spell.state, w, p), NEVER)


@rule
def be_well(spell, who, p, key):
    """A spell of wasting is over: when the next one begins, and when that will end."""
    spell.state = WELL_NOURISHED
    if p.was_per_day <= 0.0:
        spell.until = NEVER
        return
    u, v, w, _ = draw(key, Decision.WASTING, who, spell.number)
    spell.number += 1
    starts = min(spell.until + 1 + int(min(-math.log(u) / p.was_per_day * MINUTES, NEVER)), NEVER)
    spell.next_state = SEVERE_WASTING if v < p.was_severe_share else MODERATE_WASTING
    spell.next_until = min(starts + spell_minutes(spell.next_state, w, p), NEVER)
    spell.until = starts


@rule(entry=True)
def mark_wasting(courses, children, p, key, spells):
    """Note on every candidate course how the child is nourished at its onset, before anything has happened. Courses
    come in order of onset, so that each child's spells are gone through once."""
    for i in range(courses.shape[0]):
        course = courses[i]
        spell = spells[course.child]
        move_on_to(spell, children[course.child].birth, course.child, course.onset, p, key)
        course.wasting = spell.state
        course.wasted_until = spell.until


@rule
def severe_wasting_found(child, courses, p, key, minute):
    """Measure the arm of a sick child: when the spell of severe wasting that is found would end, or 0. A child that is
    treated for this spell already is not found again."""
    some = int(child.ill)
    while some:
        course = courses[child.active[first_of(some)]]
        some = rest_of(some)
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
