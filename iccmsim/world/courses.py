"""What each course of illness would do if untreated, and which candidate onsets are kept, in every arm alike.

A candidate that falls within the untreated length of the last kept one of its illness, plus a gap, is dropped. To
know these lengths, the draws of all candidates of many children are made in one go, which processors do far faster
than one at a time.
"""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw_words, normal, split, unit
from iccmsim.core.records import (
    AVERAGE,
    DURATION,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DANGER_SEVERE,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    IS_INFECTED,
    MALARIA,
    MINUTES,
    MONTH,
    NEWBORN,
    NOT_REACHED,
    OVER,
    SPREAD_POINTS,
    TO_DEATH,
    TO_SEVERE,
)
from iccmsim.world.onsets import EPISODE, MONTH_MINUTES, OF_ILLNESS, ONSET_AT, WHO

FATE = 8  # words drawn for a course


@rule
def draw_fates(fate, found, n, key):
    """The eight words of every candidate."""
    draw_four(fate, 0, found, n, key, Decision.COURSE_TIMES)
    draw_four(fate, 4, found, n, key, Decision.COURSE_FATE)


@rule
def draw_four(fate, first, found, n, key, decision):
    """Four of them, in the lines of `fate` from `first` on."""
    for i in range(n):
        a, b, c, d = draw_words(key, decision, found[WHO, i], found[EPISODE, i], found[OF_ILLNESS, i], 0, 0)
        fate[first, i] = a
        fate[first + 1, i] = b
        fate[first + 2, i] = c
        fate[first + 3, i] = d


@rule
def keep_courses(raw, rows, found, fate, first, last, p, starts):
    """The courses of one child that come about, in order of illness and onset, from row `rows`; the row after the
    last. `starts` is told where each illness's rows begin."""
    k = 0
    starts[0] = rows
    free_from = -1
    for i in range(first, last):
        while k < found[OF_ILLNESS, i]:
            k += 1
            starts[k] = rows
            free_from = -1
        if found[ONSET_AT, i] >= free_from:
            row = raw[rows]
            lay_out(row, p, found, fate, i)
            free_from = untreated_end(row, p) + int(p.gap[k] * MINUTES)
            rows += 1
    while k < 6:
        k += 1
        starts[k] = rows
    return rows


@rule
def spread(p, which, u):
    """How many times its median a time lasts: a log-normal quantile, tabulated in the middle (good to .02 %)."""
    if 0.03125 < u < 0.96875:
        place = u * (SPREAD_POINTS - 1)
        i = int(place)
        return p.spread[which, i] + (place - i) * (p.spread[which, i + 1] - p.spread[which, i])
    sd = p.time_dur_sd if which == DURATION else p.time_severe_sd if which == TO_SEVERE else p.time_death_sd
    return math.exp(sd * normal(u))


@rule
def lay_out(row, p, found, fate, i):
    """The potential outcomes of one course: when it would worsen, kill, mend, what it shows, and what decides."""
    k = found[OF_ILLNESS, i]
    onset = found[ONSET_AT, i]
    mends, recognise = split(fate[2, i])
    alarm, infected = split(fate[3, i])
    row.child = found[WHO, i]
    row.illness = k
    row.episode = found[EPISODE, i]
    row.onset = onset
    row.mends = onset + max(1, int(p.mend_days[k] * spread(p, DURATION, mends) * MINUTES))
    row.overlaps = 0
    row.wasting = AVERAGE
    row.wasted_until = 0
    row.u_recognise = recognise
    if k > NEWBORN:  # other fever, cough or cold: never severe
        row.worsens = row.mends
        row.kills = row.mends
        row.u_worsen = 1.0
        row.u_die = 1.0
        row.signs = draw_signs(p, k, fate[0, i], fate[1, i], alarm, infected, onset)
        return
    t_w = 0
    if k < NEWBORN:
        t_w = max(1, int(p.worsen_days[k] * spread(p, TO_SEVERE, unit(fate[0, i])) * MINUTES))
    row.worsens = onset + t_w
    t_d = max(1, int(p.death_days[k] * spread(p, TO_DEATH, unit(fate[1, i])) * MINUTES))
    row.kills = row.worsens + t_d
    row.u_worsen = unit(fate[4, i])
    row.u_die = unit(fate[5, i])
    row.signs = draw_signs(p, k, fate[6, i], fate[7, i], alarm, infected, onset)


@rule
def open_course(drawn, course):
    """On the day of its onset a course is entered in the books: what was drawn for it, and that nothing was done."""
    u_worsen, u_die, u_recognise, child = drawn.u_worsen, drawn.u_die, drawn.u_recognise, drawn.child
    onset, worsens, kills, mends = drawn.onset, drawn.worsens, drawn.kills, drawn.mends
    wasted_until, episode, signs = drawn.wasted_until, drawn.episode, drawn.signs
    illness, overlaps, wasting = drawn.illness, drawn.overlaps, drawn.wasting
    course.u_worsen = u_worsen
    course.u_die = u_die
    course.u_recognise = u_recognise
    course.child = child
    course.onset = onset
    course.worsens = worsens
    course.kills = kills
    course.mends = mends
    course.wasted_until = wasted_until
    course.episode = episode
    course.signs = signs
    course.illness = illness
    course.overlaps = overlaps
    course.wasting = wasting
    course.stage = OVER
    course.due = 0
    course.turns = 0
    course.first_care = -1
    course.first_formal = -1
    course.ras_at = 0
    course.first_line_at = 0
    course.second_line_at = 0
    course.visits = 0
    course.doses = 0
    course.lacked = 0
    course.outcome = NOT_REACHED
    course.perceived = 0
    course.was_severe = 0
    course.seen_by = 0
    course.treated_by = 0
    course.first_provider = -1
    course.home_asked = 0
    course.referred = 0
    course.referral_done = 0
    course.followed = 0
    for m in range(3):
        course.x[m] = 0.0
        course.y[m] = 0.0
    course.chance_severe = 0.0
    course.chance_death = 0.0


@rule
def untreated_end(row, p):
    """The minute at which this course would be over without treatment, were it not to kill.

    One that overlap alone, or wasting, would make severe counts as severe, since these are settled only afterwards.
    """
    if row.u_worsen < p.sev_at_most[row.illness]:
        return max(row.mends, row.kills + int(p.time_convalescence * MINUTES))
    return max(row.mends, row.worsens)


@rule
def draw_signs(p, k, a, b, alarm, infected, onset):
    """Symptoms of one course, from two words and two uniforms; infection without illness goes with malaria's season."""
    fever, cough = split(a)
    fast, diarrhoea = split(b)
    signs = 0
    if fever < p.symptoms[k, 0]:
        signs |= HAS_FEVER
    if cough < p.symptoms[k, 1]:
        signs |= HAS_COUGH
    if fast < p.symptoms[k, 2]:
        signs |= HAS_FAST
    if diarrhoea < p.symptoms[k, 3]:
        signs |= HAS_DIARRHOEA
    if alarm < p.symptoms[k, 4]:
        signs |= HAS_DANGER
    if alarm < p.symptoms[k, 5]:
        signs |= HAS_DANGER_SEVERE
    origin = (p.month_offset * MONTH - p.run_warmup_days) * MINUTES
    month = int(math.floor((onset + origin) / MONTH_MINUTES)) % 12
    if k == MALARIA or infected < min(1.0, p.dx_rdt_infected_other * p.season[MALARIA, month]):
        signs |= IS_INFECTED
    return signs


@rule
def mark_overlaps(raw, first, last, starts, p):
    """Malaria, pneumonia or diarrhoea that begins within the untreated length of another of these, or of newborn
    infection, worsens more often. `starts` holds where each illness's rows begin (7 places)."""
    for k in range(3):
        for other in range(NEWBORN + 1):
            if other == k:
                continue
            j = starts[other]
            for i in range(starts[k], starts[k + 1]):
                while j < starts[other + 1] and untreated_end(raw[j], p) <= raw[i].onset:
                    j += 1
                if j < starts[other + 1]:
                    began = raw[j].onset
                    if began < raw[i].onset or (began == raw[i].onset and other < k):
                        raw[i].overlaps = 1
