"""Whether a step of the consultation is done: what is drawn for a visit, and the chance of each step."""

from __future__ import annotations

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw_words, unit

FIRST_STEPS, READING, FURTHER_STEPS, DOSES = range(4)  # what is drawn for a visit
OF_VISIT = np.array([Decision.STEP, Decision.CLASSIFY, Decision.STEP_MORE, Decision.DOSE], np.int64)
CHANGES = np.array([1, 0, 1, 1])  # from visit to visit


@rule
def book_key(provider, course):
    """Episode and provider together: a provider's reading of a course stays the same at every visit."""
    return course.episode | (provider.number & 0xFFFF) << 16


@rule
def draw_visit(course, provider, key):
    """What nearly every visit needs is drawn in one go; only the reading of a course is the same at every visit."""
    drawn, spell, visits = provider.drawn, book_key(provider, course), course.visits
    who, illness = course.child, course.illness
    for i in range(4):
        a, b, c, d = draw_words(key, OF_VISIT[i], who, spell, illness, visits * CHANGES[i], 0)
        drawn[0, i] = unit(a)
        drawn[1, i] = unit(b)
        drawn[2, i] = unit(c)
        drawn[3, i] = unit(d)


@rule
def drawn_for(provider, what):
    """The four uniforms that were drawn for one matter of this visit."""
    return provider.drawn[0, what], provider.drawn[1, what], provider.drawn[2, what], provider.drawn[3, what]


@rule
def does(provider, step, u, extra):
    """Whether a step of the consultation is done: by talent and skill, and by how plainly the child asks for it."""
    return u < provider.sure[step] if extra == 0.0 else u < more_sure(provider.sure[step], extra)


@rule
def more_sure(chance, factor):
    """Multiply the odds of a chance; a certainty stays one."""
    if chance >= 1.0:
        return 1.0
    odds = factor * chance / (1.0 - chance)
    return odds / (1.0 + odds)
