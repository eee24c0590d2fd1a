"""Wasting: spells of severe and moderate thinness that come and go whatever the child suffers from.

They are exogenous, keyed by child and spell, and so the same in every arm; they raise the chances that an illness
worsens and kills, and never the background.
"""

from __future__ import annotations

import math

from iccmsim.core.bits import first_of, rest_of
from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import (
    AVERAGE,
    MINUTES,
    MODERATE_WASTING,
    MONTH,
    NEVER,
    SEVERE_WASTING,
    WELL_NOURISHED,
    row_type,
)

WASTES_FROM = int(6 * MONTH) * MINUTES  # age at which spells begin: younger children are all average

SPELL = row_type(  # a child is well for one, wasted for the next
    [
        ("state", "i4"),
        ("until", "i4"),  # minute at which that ends
    ]
)


@rule
def spell_minutes(kind, u, p):
    """How long a spell of wasting lasts: its mean times an exponential, at least a minute."""
    return 1 + int(min(-math.log(u) * MINUTES * (p.sam_days if kind == SEVERE_WASTING else p.mam_days), NEVER))


@rule
def begin_spells(spells, birth, who, p, key):
    """How a child is nourished up to six months of age, and then; returns how many spells these are."""
    spells[0].state = AVERAGE
    spells[0].until = birth + WASTES_FROM
    u, _, w, _ = draw(key, Decision.WASTING, who, 0)
    if u >= p.sam_prev + p.mam_prev:
        return 1
    add_spell(spells[1], SEVERE_WASTING if u < p.sam_prev else MODERATE_WASTING, spells[0].until, w, p)
    return 2


@rule
def add_spell(spell, state, begins, u, p):
    """A spell of wasting that begins at a minute."""
    spell.state = state
    spell.until = min(begins + spell_minutes(state, u, p), NEVER)


@rule
def more_spells(spells, n, who, p, key):
    """After the last of n spells a child is well, and then wasted again; in the long run as prevalent as stated at
    every age from six months. Returns how many there are now, -1 if there is no room."""
    if n + 2 > spells.shape[0]:
        return -1
    well = spells[n]
    well.state = WELL_NOURISHED
    well.until = NEVER
    if p.was_per_day <= 0.0:
        return n + 1
    u, v, w, _ = draw(key, Decision.WASTING, who, (n + 1) // 2)  # 1, 2, 3 ..., whether or not wasted at six months
    well.until = min(spells[n - 1].until + 1 + int(min(-math.log(u) / p.was_per_day * MINUTES, NEVER)), NEVER)
    add_spell(spells[n + 1], SEVERE_WASTING if v < p.was_severe_share else MODERATE_WASTING, well.until, w, p)
    return n + 2


@rule
def mark_wasting(courses, first, last, birth, who, spells, p, key):
    """Note on the candidate courses of a child, by illness and then by onset, how it is nourished when they begin,
    before anything has happened. Returns -1 if there is no room for its spells."""
    n = begin_spells(spells, birth, who, p, key)
    at = 0
    for i in range(first, last):
        course = courses[i]
        if i > first and course.onset < courses[i - 1].onset:
            at = 0  # the next illness
        while course.onset >= spells[at].until:
            if at + 1 == n:
                n = more_spells(spells, n, who, p, key)
                if n < 0:
                    return -1
            at += 1
        course.wasting = spells[at].state
        course.wasted_until = spells[at].until
    return n


@rule
def spell_to_be_found(child, courses, minute):
    """When the spell of severe wasting that a sick child is in would end, or 0. A child that is treated for this spell
    already is not found again."""
    some = int(child.ill)
    while some:
        course = courses[child.active[first_of(some)]]
        some = rest_of(some)
        until = course.wasted_until
        if course.wasting == SEVERE_WASTING and until > minute and child.fed_until != until:
            return until
    return 0


@rule
def severe_wasting_found(child, courses, lead, reading, p, key, minute):
    """Measure the arm of a sick child: when the spell of severe wasting that is found would end, or 0. Whether it is
    measured is settled at each visit; what is read is the same at every visit to one CHW for one illness."""
    until = spell_to_be_found(child, courses, minute)
    if until == 0:
        return 0
    u, _, _, _ = draw(key, Decision.MUAC, lead.child, reading, lead.illness, lead.visits)
    v, _, _, _ = draw(key, Decision.MUAC, lead.child, reading, lead.illness, 0, 1)
    return until if u < p.policy_muac and v < p.dx_muac_sens else 0


@rule
def begin_feeding(child, until, minute):
    """Ready-to-use food for weeks: it changes the danger of illnesses that begin from now on."""
    child.fed_at = minute
    child.fed_until = until
