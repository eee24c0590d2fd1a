"""Second-line care: a child whom the first line has failed is recognised as such and given another drug.

What the other drug does is a mechanism of its own: it acts on the part of the danger that the first line left.
Inpatient care is not this: how many it saves was observed with whatever drugs it changed to.
"""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import (
    BY_SECOND_LINE,
    MALARIA,
    MILD,
    MINUTES,
    NO_BED,
    PNEUMONIA,
    REFERRED,
    SECOND_LINE,
    SEVERE,
)
from iccmsim.rules.treatment import full_treatment, later, take_dose


@rule
def has_failed(course, minute, p):
    """Treatment failure: some days after a provider began the first line the child is no better, or it has become
    severe since. One that is past the time at which it could have worsened is getting better."""
    begun = course.first_line_at
    if begun == 0 or course.stage < MILD or course.stage > SEVERE:
        return False
    return minute >= begun + p.tx_second_wait * MINUTES or (course.stage == SEVERE and course.worsens >= begun)


@rule
def treat_failures(child, courses, visit, minute, p, key):
    """The health centre gives the second line to children whom the first has failed, if it recognises them and has
    the drug: one answer for a child and illness. Whom it treats as an inpatient in full needs no more."""
    for k in range(MALARIA, PNEUMONIA + 1):
        row = child.active[k]
        if row < 0 or not has_failed(courses[row], minute, p):
            continue
        course = courses[row]
        severe = course.stage == SEVERE
        if severe and not visit.marks & NO_BED and full_treatment(course, p.fac_full, key):
            continue
        u, v, _, _ = draw(key, Decision.SECOND_LINE, course.child, course.episode, k)
        if u < p.fac_second_line:
            visit.marks |= SECOND_LINE
            give_second_line(course, severe or v < p.tx_adherence, minute, p)


@rule
def give_second_line(course, taken, minute, p):
    """One course of the second line, given at the health centre to who is severe, else taken home."""
    if course.second_line_at == 0:
        course.second_line_at = minute
    if taken:
        effect = p.tx_second_mal if course.illness == MALARIA else p.tx_second_pneu
        works_at = later(minute, p.lag[p.main_product[course.illness]])
        take_dose(course, BY_SECOND_LINE, effect, p.tx_second_severe * effect, works_at)


@rule
def refer_failures(child, courses, visit, minute, p, key):
    """A CHW sends a child whom the first line has failed to the health centre, whatever else it does."""
    for k in range(MALARIA, PNEUMONIA + 1):
        row = child.active[k]
        if row >= 0 and has_failed(courses[row], minute, p):
            course = courses[row]
            _, _, w, _ = draw(key, Decision.SECOND_LINE, course.child, course.episode, k)
            if w < p.policy_no_better_refer:
                visit.marks |= REFERRED
