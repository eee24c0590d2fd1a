"""The consultation: look for danger, test the fever, count the breaths, classify, hand out what is in the box, refer.

The same steps serve a CHW and the first-level facility; how often each is done is theirs (`provider.logit`), and
what comes out (correct treatment, antibiotics to colds, referrals missed) is nobody's input. One visit treats the
whole child. A provider sees symptoms and test results, never the illness.
"""

from __future__ import annotations

import numpy as np

from iccmsim.core.bits import first_of
from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, draw_several, drawn_for
from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AMOXICILLIN,
    AT_CHW,
    COUNT_BREATHS,
    COUNTED,
    DANGER_FOUND,
    FAST_FOUND,
    GENTAMICIN,
    GIVE_ORS,
    GIVE_ZINC,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    INDRAWING_AT_HOME,
    IS_HYPOXIC,
    IS_INFECTED,
    LOOK_FOR_DANGER,
    LOOKED,
    LOW_OXYGEN,
    MINUTES,
    MONTH,
    N_PRODUCTS,
    NOT_ALLOWED,
    OBEY_TEST,
    ONLY_INDRAWING,
    ORS,
    OXIMETER,
    POSITIVE,
    RDT,
    RECTAL_ARTESUNATE,
    REFER,
    REFERRED,
    RIGHT_DOSE,
    TEST_FEVER,
    TESTED,
    WITHHOLD,
    ZINC,
)

FIRST_STEPS, READING, FURTHER_STEPS, DOSES = range(4)  # what nearly every visit draws, all at once
OF_VISIT = np.array([Decision.STEP, Decision.CLASSIFY, Decision.STEP_MORE, Decision.DOSE], np.int64)
ANEW = np.array([1, 0, 1, 1])  # at each visit


@rule
def lead_course(child):
    """The illness that stands for the visit in the books: the lowest numbered that is being suffered."""
    return child.active[first_of(child.ill)] if child.ill else -1


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


@rule
def is_young_infant(child, minute):
    """Under 60 days of age, where CHWs refer and do not treat."""
    return minute - child.birth < 60 * MINUTES


@rule
def may_treat(provider, allowed):
    """Whether policy lets this provider treat; its limits bind CHWs alone."""
    return provider.kind != AT_CHW or allowed > 0.0


@rule
def is_out_of_age(child, minute, p):
    """Younger or older than the children whom CHWs may treat."""
    months = (minute - child.birth) / (MONTH * MINUTES)
    return months < p.policy_youngest_months or months >= p.policy_oldest_months


@rule
def act_for_age(child, minute):
    """The package of ACT for the child's age: the smaller one under three years."""
    return ACT_INFANT if minute - child.birth < 36.0 * MONTH * MINUTES else ACT_CHILD


@rule
def book_key(provider, course):
    """Episode and provider together: a provider's reading of a course stays the same at every visit."""
    return course.episode | (provider.number & 0xFFFF) << 16


@rule
def assess(child, provider, visit, p, signs, step, reading):
    """Look for danger signs and, if one is found, refer: more often seen when the child is truly in danger."""
    plain = 0.0
    if child.severe > 0:
        plain = p.chw_danger_factor if provider.kind == AT_CHW else p.fac_danger_factor
    if not does(provider, LOOK_FOR_DANGER, step[0], plain):
        return
    visit.marks |= LOOKED
    seen = reading[0] < p.dx_danger_sens if signs & HAS_DANGER else reading[0] < 1.0 - p.dx_danger_spec
    if seen:
        visit.marks |= DANGER_FOUND
        if does(provider, REFER, step[1], 0.0):
            visit.marks |= REFERRED


@rule
def wants_for_diarrhoea(provider, step):
    """Products that a child with diarrhoea should be given: ORS and zinc, if the provider thinks of them."""
    wanted = 0
    if does(provider, GIVE_ORS, step[2], 0.0):
        wanted |= 1 << ORS
    if does(provider, GIVE_ZINC, step[3], 0.0):
        wanted |= 1 << ZINC
    return wanted


@rule
def test_is_positive(child, course, p, key, signs, minute):
    """The rapid test answers to infection, not to illness; for weeks after an ACT also to what is left of it."""
    u, v, _, _ = draw(key, Decision.TEST, course.child, course.episode, course.illness)
    if signs & IS_INFECTED:
        return u < p.dx_rdt_sens
    lately = child.act_at >= 0 and minute - child.act_at < p.dx_rdt_persist_days * MINUTES
    if lately and v < p.dx_rdt_persist:
        return True
    return u < 1.0 - p.dx_rdt_spec


@rule
def wants_for_fever(child, course, provider, month, visit, p, key, signs, minute, step):
    """Test the fever, then treat by the result or against it; without a test treat on suspicion, or refer (policy)."""
    act = 1 << act_for_age(child, minute)
    if not may_treat(provider, p.policy_rdt):
        return act
    if does(provider, TEST_FEVER, step[2], 0.0):
        if provider.stock[RDT] <= 0:
            visit.lacked |= 1 << RDT
        else:
            take_from_stock(provider, month, RDT)
            visit.given |= 1 << RDT
            visit.marks |= TESTED
            if test_is_positive(child, course, p, key, signs, minute):
                visit.marks |= POSITIVE
                return act
            return 0 if does(provider, OBEY_TEST, step[3], 0.0) else act
    if visit.lacked & 1 << RDT and provider.kind == AT_CHW and p.policy_no_rdt == 0.0:
        visit.marks |= REFERRED
        return 0
    if provider.kind == AT_CHW and p.policy_rdt >= 2.0:
        visit.marks |= NOT_ALLOWED
        return 0
    return act


@rule
def wants_for_cough(provider, visit, p, signs, step, reading):
    """Count the breaths and give amoxicillin to fast breathing; to the rest it is withheld, mostly."""
    allowed = may_treat(provider, p.policy_pneumonia * p.policy_antibiotics)
    if does(provider, COUNT_BREATHS, step[0], 0.0):
        visit.marks |= COUNTED
        fast = reading[1] < p.dx_rr_sens if signs & HAS_FAST else reading[1] < 1.0 - p.dx_rr_spec
        if fast:
            visit.marks |= FAST_FOUND
            if not allowed:
                visit.marks |= NOT_ALLOWED
                return 0
            return 1 << AMOXICILLIN
    return 0 if not allowed or does(provider, WITHHOLD, step[1], 0.0) else 1 << AMOXICILLIN


@rule
def classify(child, course, provider, month, visit, p, key, signs, minute, step, reading):
    """Everything the visit should hand out, from all of the child's complaints."""
    wanted = 0
    if signs & HAS_FEVER:
        if may_treat(provider, p.policy_malaria):
            wanted |= wants_for_fever(child, course, provider, month, visit, p, key, signs, minute, step)
        else:
            visit.marks |= NOT_ALLOWED
    if signs & (HAS_DIARRHOEA | HAS_COUGH):
        more = drawn_for(provider.drawn, FURTHER_STEPS)
        if signs & HAS_DIARRHOEA:
            if may_treat(provider, p.policy_diarrhoea):
                wanted |= wants_for_diarrhoea(provider, more)
            else:
                visit.marks |= NOT_ALLOWED
        if signs & HAS_COUGH:
            wanted |= wants_for_cough(provider, visit, p, signs, more, reading)
    if visit.marks & INDRAWING_AT_HOME:
        wanted |= 1 << AMOXICILLIN
    return wanted if may_treat(provider, p.policy_zinc) else wanted & ~(1 << ZINC)


@rule
def mind_the_breathing(course, provider, visit, p, key, signs, step):
    """Enhanced care: low oxygen sends a coughing child on; chest indrawing without it is treated at home, unless the
    amoxicillin is out: then it is a danger sign like any other."""
    u, v, _, _ = draw(key, Decision.OXIMETER, course.child, book_key(provider, course), course.illness)
    if u < p.policy_oximetry:
        visit.marks |= OXIMETER
        if v < (p.dx_oxi_sens if signs & IS_HYPOXIC else 1.0 - p.dx_oxi_spec):
            visit.marks |= LOW_OXYGEN | DANGER_FOUND
            if does(provider, REFER, step[1], 0.0):
                visit.marks |= REFERRED
            return
    allowed = p.policy_indrawing * p.policy_pneumonia * p.policy_antibiotics > 0.0
    at_home = allowed and provider.stock[AMOXICILLIN] > 0
    if at_home and visit.marks & DANGER_FOUND and signs & ONLY_INDRAWING:
        visit.marks = visit.marks & ~REFERRED | INDRAWING_AT_HOME


@rule
def before_referral(child, course, provider, visit, p, key, signs, minute, wanted):
    """A feverish child who is sent on for a danger sign gets rectal artesunate in the place of an ACT, unless the
    test was negative or the child is too young; more often if it is plainly in danger."""
    in_danger = visit.marks & DANGER_FOUND and visit.marks & REFERRED and signs & HAS_FEVER
    negative = visit.marks & TESTED and not visit.marks & POSITIVE
    if not in_danger or negative or minute - child.birth < p.policy_ras_months * MONTH * MINUTES:
        return wanted
    spell = book_key(provider, course)
    u, _, _, _ = draw(key, Decision.RECTAL_ARTESUNATE, course.child, spell, course.illness, course.visits)
    if u >= (more_sure(p.chw_ras_use, p.chw_danger_factor) if child.severe > 0 else p.chw_ras_use):
        return wanted
    if provider.stock[RECTAL_ARTESUNATE] > 0:
        wanted &= ~(1 << ACT_INFANT | 1 << ACT_CHILD)
    return wanted | 1 << RECTAL_ARTESUNATE


@rule
def refuse(course, provider, visit, p, key):
    """A child whom the CHW may not treat, or not wholly, is sent to the health centre; or the family is told to go."""
    spell = book_key(provider, course)
    u, _, _, _ = draw(key, Decision.NOT_ALLOWED, course.child, spell, course.illness, course.visits)
    if u < p.policy_not_allowed_refer:
        visit.marks |= REFERRED


@rule
def hand_out(provider, month, visit, wanted):
    """Give what is in the box; what is not is noted as lacking."""
    for product in range(N_PRODUCTS):
        if wanted & 1 << product:
            if take_from_stock(provider, month, product):
                visit.given |= 1 << product
            else:
                visit.lacked |= 1 << product


@rule
def take_from_stock(provider, month, product):
    """Hand one dose to a child, if there is one."""
    if provider.stock[product] <= 0:
        return False
    provider.stock[product] -= 1
    provider.used[0, product] += 1
    provider.given[product] += 1
    month.given[product] += 1
    return True


@rule
def measure_doses(provider, visit, p):
    """Each drug given is a full course, or a wrong dose that does part of the work."""
    uniforms = drawn_for(provider.drawn, DOSES)
    for product in range(RDT):
        right = does(provider, RIGHT_DOSE, uniforms[min(product, 3)], 0.0)
        visit.dose[product] = 1.0 if right else p.tx_dose_wrong


@rule
def treat_young_infant(course, provider, month, visit, p, key, signs):
    """Under 60 days and with a sign of serious infection that the CHW recognises: the simplified regimen (amoxicillin,
    with injections of gentamicin where policy has them), beside the referral."""
    ill = signs & (HAS_FEVER | HAS_FAST | HAS_DANGER)
    u, _, _, _ = draw(key, Decision.NEWBORN_SIGN, course.child, book_key(provider, course), course.illness)
    if not visit.marks & DANGER_FOUND and not (ill and u < p.chw_newborn_found):
        return
    hand_out(provider, month, visit, 1 << AMOXICILLIN | (1 << GENTAMICIN if p.policy_newborn >= 2.0 else 0))
    if visit.given:
        measure_doses(provider, visit, p)


@rule
def stock_out_policy(course, provider, visit, p, key):
    """A child whose drug is out is sent to the health centre, or told to come back."""
    spell = book_key(provider, course)
    u, _, _, _ = draw(key, Decision.STOCK_OUT_POLICY, course.child, spell, course.illness, course.visits)
    if u < p.policy_stockout_refer:
        visit.marks |= REFERRED


@rule
def consult(child, course, provider, month, visit, p, key, signs, minute):
    """See one child through: danger, complaints, drugs. Young infants are referred by a CHW, most of them untreated."""
    spell = book_key(provider, course)
    draw_several(provider.drawn, key, OF_VISIT, ANEW, course.child, spell, course.illness, course.visits)
    step = drawn_for(provider.drawn, FIRST_STEPS)
    reading = drawn_for(provider.drawn, READING)
    assess(child, provider, visit, p, signs, step, reading)
    if provider.kind == AT_CHW and p.policy_under_2m_refer > 0.0 and is_young_infant(child, minute):
        visit.marks |= REFERRED
        if p.policy_newborn > 0.0:
            treat_young_infant(course, provider, month, visit, p, key, signs)
        return
    if provider.kind == AT_CHW and is_out_of_age(child, minute, p):
        visit.marks |= NOT_ALLOWED
        refuse(course, provider, visit, p, key)
        return
    if child.by_referral:
        visit.marks |= DANGER_FOUND
    if signs & HAS_COUGH and provider.kind == AT_CHW and (p.policy_indrawing > 0.0 or p.policy_oximetry > 0.0):
        mind_the_breathing(course, provider, visit, p, key, signs, step)
    wanted = classify(child, course, provider, month, visit, p, key, signs, minute, step, reading)
    if provider.kind == AT_CHW and p.policy_ras > 0.0:
        wanted = before_referral(child, course, provider, visit, p, key, signs, minute, wanted)
    hand_out(provider, month, visit, wanted)
    if visit.given:
        measure_doses(provider, visit, p)
    if visit.lacked & ~(1 << RDT) and provider.kind == AT_CHW:
        stock_out_policy(course, provider, visit, p, key)
    if visit.marks & NOT_ALLOWED:
        refuse(course, provider, visit, p, key)
