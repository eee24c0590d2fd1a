"""What a drug does in one child: which of its illnesses it acts on, how much, from when.

Effects on death are those of parameters `tx.*`; whoever hands the drug out, the same dose does the same. Facilities
add what only they have: inpatient care of a severe illness, by tier; and the second line, another drug where the first
has failed, which acts on the part of the danger that the first left. Inpatient care is not that: how many it saves was
observed with whatever drugs it changed to.
"""

from __future__ import annotations

import math

from iccmsim.core.bits import first_of, rest_of
from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw
from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AMOXICILLIN,
    AT_FACILITY,
    AT_HOSPITAL,
    BY_SECOND_LINE,
    BY_ZINC,
    DIARRHOEA,
    FEVER,
    GENTAMICIN,
    HAS_COUGH,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    INDRAWING_AT_HOME,
    MAIN,
    MALARIA,
    MILD,
    MINUTES,
    NEWBORN,
    NO_BED,
    ORS,
    PNEUMONIA,
    RECTAL_ARTESUNATE,
    REFERRED,
    SECOND_LINE,
    SEVERE,
    VOLUNTEER,
    ZINC,
)


@rule
def take_dose(course, mechanism, effect, effect_severe, works_at):
    """A dose begins to work at a minute and lowers the chance that the course worsens, or kills.

    Before worsening its whole effect is max(effect, effect_severe); after it, effect_severe; after T_d nothing. Per
    mechanism only the best dose counts, so a further, earlier or better one never harms (MODEL section 4).
    """
    if works_at >= course.kills:
        return
    course.y[mechanism] = max(course.y[mechanism], effect_severe)
    if works_at < course.worsens and effect_severe < 1.0:
        gain = 1.0 - (1.0 - effect) / (1.0 - effect_severe)
        course.x[mechanism] = max(course.x[mechanism], gain)


@rule
def adheres(course, mechanism, p, key):
    """Whether the family completes the treatment: one answer for a child, course and mechanism."""
    u, v, _, _ = draw(key, Decision.ADHERENCE, course.child, course.episode, course.illness)
    return (u if mechanism == MAIN else v) < p.tx_adherence


@rule
def later(minute, days):
    """The minute at which a drug begins to act."""
    return minute + int(math.floor(days * MINUTES))


@rule
def product_helps(product, illness):
    """Which drug acts on which illness; on any other it does nothing."""
    if illness == DIARRHOEA:
        return product in (ORS, ZINC)
    if illness == PNEUMONIA:
        return product == AMOXICILLIN
    return illness == MALARIA and product in (ACT_INFANT, ACT_CHILD)


@rule
def give(course, product, dose, inpatient, minute, p, key):
    """One product acts on one course: `inpatient` is the effect that facility care adds once it is severe."""
    if not product_helps(product, course.illness):
        return
    mechanism = BY_ZINC if product == ZINC else MAIN
    taken = dose if adheres(course, mechanism, p, key) else 0.0
    if product > AMOXICILLIN and taken >= 1.0:
        course.followed = 1
    effect = p.effect[product] * taken
    severe = 0.0 if product == ZINC else inpatient
    if product == ORS:
        severe = max(severe, p.tx_ors_severe * effect)
    take_dose(course, mechanism, effect, severe, later(minute, p.lag[product]))


@rule
def full_treatment(course, chance, key):
    """Whether a facility gives the full inpatient treatment (injections and what follows) to this course."""
    u, _, _, _ = draw(key, Decision.FULL_TREATMENT, course.child, course.episode, course.illness)
    return u < chance


@rule
def inpatient_effect(course, chance, p):
    """What facility care adds for a severe course: from inpatient case fatality, by how often it is given in full."""
    return p.inpatient[course.illness] * chance


@rule
def newborn_care(course, full, provider, minute, p):
    """Newborn infection: hospital care, injections or oral antibiotics, by tier and by what is really given."""
    if provider == AT_HOSPITAL:
        effect = p.tx_psbi_hosp if full else p.tx_psbi_inj
    else:
        effect = p.tx_psbi_inj if full else p.tx_psbi_oral
    take_dose(course, MAIN, effect, effect, later(minute, p.lag[AMOXICILLIN]))


@rule
def begin_first_line(course, given, minute):
    """A CHW, facility or volunteer begins the first line of malaria or pneumonia; what a shop sells is none."""
    drugs = 1 << AMOXICILLIN if course.illness == PNEUMONIA else 1 << ACT_INFANT | 1 << ACT_CHILD
    if course.illness <= PNEUMONIA and given & drugs and course.first_line_at == 0:
        course.first_line_at = minute


@rule
def treat(child, courses, visit, minute, p, key):
    """All that a visit hands out acts on all the child's illnesses; an ACT protects from malaria for a while. A
    volunteer's is none of the doses of formal care."""
    given = visit.given
    some = int(child.ill)
    while some:
        k = first_of(some)
        some = rest_of(some)
        course = courses[child.active[k]]
        if visit.provider != VOLUNTEER:
            course.doses |= given
        course.treated_by |= 1 << visit.provider
        begin_first_line(course, given, minute)
        if k == NEWBORN and given & (1 << AMOXICILLIN | 1 << GENTAMICIN):
            newborn_care(course, given & 1 << GENTAMICIN != 0, visit.provider, minute, p)
        if k == MALARIA and given & 1 << RECTAL_ARTESUNATE:
            give_suppository(course, minute, p)
        if k < NEWBORN:
            inpatient = 0.0
            if visit.provider == AT_FACILITY and not visit.marks & NO_BED:
                inpatient = inpatient_effect(course, p.fac_full, p)
            for product in range(5):
                if k == PNEUMONIA and product == AMOXICILLIN and visit.marks & INDRAWING_AT_HOME:
                    continue  # does more there: see treat_indrawing
                if given & 1 << product:
                    give(course, product, visit.dose[product], inpatient, minute, p, key)
    for product in range(3, 5):
        if given & 1 << product:
            note_act(child, visit.dose[product], minute, p)


@rule
def give_suppository(course, minute, p):
    """Rectal artesunate, noted with its minute: what it does is settled when the illness would kill. A later one
    counts instead of the earlier if it comes in time."""
    if course.ras_at == 0 or minute + p.tx_lag_ras * MINUTES < course.kills:
        course.ras_at = minute


@rule
def treat_indrawing(child, courses, visit, hypoxic, minute, p, key):
    """Amoxicillin for chest indrawing at home: it also helps once the pneumonia is severe, unless the child lacks
    oxygen."""
    if not child.ill & 1 << PNEUMONIA or not visit.given & 1 << AMOXICILLIN:
        return
    course = courses[child.active[PNEUMONIA]]
    taken = visit.dose[AMOXICILLIN] if adheres(course, MAIN, p, key) else 0.0
    severe = 0.0 if hypoxic else p.tx_amox_indraw * taken
    take_dose(course, MAIN, p.effect[AMOXICILLIN] * taken, severe, later(minute, p.lag[AMOXICILLIN]))


@rule
def note_act(child, dose, minute, p):
    """An antimalarial starts a time of protection, unless a fuller one still protects in full."""
    if dose >= child.act_dose or minute - child.act_at >= 0.5 * p.prophylaxis_act_days * MINUTES:
        child.act_at = minute
        child.act_dose = dose


@rule
def admit(child, courses, provider, chance, minute, p, key):
    """Inpatient care of what is severe, by the tier's chance of giving it in full; newborns as their own case."""
    some = int(child.severe)
    while some:
        k = first_of(some)
        some = rest_of(some)
        course = courses[child.active[k]]
        course.treated_by |= 1 << provider
        if k == NEWBORN:
            newborn_care(course, full_treatment(course, chance, key), provider, minute, p)
        else:
            lag = p.lag[p.main_product[k]]
            take_dose(course, MAIN, 0.0, inpatient_effect(course, chance, p), later(minute, lag))
            if k == MALARIA and full_treatment(course, chance, key):
                course.followed = 1


@rule
def hospital_care(child, courses, bed, minute, p, key):
    """The referral hospital treats every illness rightly and, where a bed is free, most severe ones in full."""
    full = p.hosp_full if bed else 0.0
    admit(child, courses, AT_HOSPITAL, full, minute, p, key)
    some = child.ill & (1 << MALARIA | 1 << PNEUMONIA | 1 << DIARRHOEA)
    while some:
        k = first_of(some)
        some = rest_of(some)
        course = courses[child.active[k]]
        inpatient = inpatient_effect(course, full, p)
        give(course, int(p.main_product[k]), 1.0, inpatient, minute, p, key)
        course.treated_by |= 1 << AT_HOSPITAL
        begin_first_line(course, 1 << int(p.main_product[k]), minute)
        if k == MALARIA:
            note_act(child, 1.0, minute, p)


@rule
def buy_from_shop(child, courses, minute, p, key):
    """Informal care has content: for what the family tells of, the right class of drug now and then, in part."""
    some = int(child.ill)
    while some:
        k = first_of(some)
        some = rest_of(some)
        course = courses[child.active[k]]
        u = draw(key, Decision.INFORMAL, course.child, course.episode, k, course.visits)
        if course.signs & HAS_FEVER and u[0] < p.informal_act:
            partial_act(child, course, p.informal_dose, minute, p, key)
        if course.signs & (HAS_COUGH | HAS_FAST) and u[1] < p.informal_amox:
            give(course, AMOXICILLIN, p.informal_dose, 0.0, minute, p, key)
        if course.signs & HAS_DIARRHOEA:
            if u[2] < p.informal_ors:
                give(course, ORS, p.informal_dose, 0.0, minute, p, key)
            if u[3] < p.informal_zinc:
                give(course, ZINC, p.informal_dose, 0.0, minute, p, key)


@rule
def partial_act(child, course, dose, minute, p, key):
    """Part of a course of an antimalarial, from a shop or from home: it also protects, in part."""
    give(course, ACT_INFANT, dose, 0.0, minute, p, key)
    note_act(child, dose, minute, p)


@rule
def is_treated_by_volunteer(child, course, p, key):
    """Home management of malaria: the family is one that a volunteer serves, and takes this fever there."""
    u, _, _, _ = draw(key, Decision.VOLUNTEER, child.household, 0)
    v, _, _, _ = draw(key, Decision.VOLUNTEER, course.child, course.episode, course.illness, 1)
    return u < p.hmm_reach and v < p.hmm_use


@rule
def care_at_home(child, courses, minute, p, key):
    """What some families have at home, given when they first consider the illness."""
    child.home_due = 0
    some = child.ill & (1 << MALARIA | 1 << DIARRHOEA | 1 << FEVER)
    while some:
        k = first_of(some)
        some = rest_of(some)
        course = courses[child.active[k]]
        if course.home_asked:
            continue
        course.home_asked = 1
        u = draw(key, Decision.HOME, course.child, course.episode, k)
        if k == DIARRHOEA:
            if u[0] < p.home_ors:
                give(course, ORS, p.informal_dose, 0.0, minute, p, key)
        elif u[0] < p.home_act:
            partial_act(child, course, p.informal_dose, minute, p, key)


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
