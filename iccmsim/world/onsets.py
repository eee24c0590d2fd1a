"""The illnesses a child would have, drawn once: onset by onset, with what each course would do if untreated.

An onset process runs on its own clock: the j-th candidate comes where the child's cumulative rate passes the sum of
the first j exponentials. One that falls within the untreated length of the last kept one, plus a gap, is dropped here,
in every arm alike.

Candidates of many children are found first, then all their draws are made in one go, which processors do far faster
than one at a time; only then is it settled which are kept.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, draw_words, normal, split, two_normals, unit
from iccmsim.core.records import (
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
    SPREAD_POINTS,
    TO_DEATH,
    TO_SEVERE,
)

MONTH_MINUTES = MONTH * MINUTES

MOST_PIECES = 10  # of a child's life: age bands, and what a surge cuts off them
WAITS = 4  # draws of four for the waits of each illness that are made at once; the others when they are needed
FOUND = ("who", "illness", "episode", "onset")  # of a candidate, before it is known whether it is kept
WHO, OF_ILLNESS, EPISODE, ONSET_AT = range(4)
FATE = 8  # words drawn for a course


class Desk(NamedTuple):
    """Room to work out the illnesses of one child; holds nothing that lasts."""

    frail: np.ndarray  # by illness
    cuts: np.ndarray  # as in `cut_life`
    waits: np.ndarray  # as in `draw_waits`
    starts: np.ndarray  # first row of each illness, and the row after the last


def new_desk() -> Desk:
    """An empty desk."""
    return Desk(np.zeros(6), np.zeros((MOST_PIECES, 6)), np.zeros((4, 6 * WAITS)), np.zeros(7, np.int64))


@rule
def frailties(child, key, p, who):
    """How prone this child is to each illness (mean 1), with part of it in common (Gaussian copula)."""
    a, b, c, d = draw(key, Decision.FRAILTY, who, 0)
    e, f, _, _ = draw(key, Decision.FRAILTY_MORE, who, 0)
    common, own0 = two_normals(a, b)
    own1, own2 = two_normals(c, d)
    own3, own4 = two_normals(e, f)
    shared = math.sqrt(p.frailty_rho)
    alone = math.sqrt(1.0 - p.frailty_rho)
    child[0] = quantile(p, 0, shared * common + alone * own0)
    child[1] = quantile(p, 1, shared * common + alone * own1)
    child[2] = quantile(p, 2, shared * common + alone * own2)
    child[3] = 1.0
    child[4] = quantile(p, 4, shared * common + alone * own3)
    child[5] = quantile(p, 5, shared * common + alone * own4)


@rule
def quantile(p, k, z):
    """Frailty at a normal score, between the tabulated ones."""
    place = (min(4.999, max(-5.0, z)) + 5.0) * 100.0
    i = int(place)
    return p.frailty[k, i] + (place - i) * (p.frailty[k, i + 1] - p.frailty[k, i])


@rule
def cut_life(p, birth, begin, end, cuts):
    """Cut a child's time at risk where its rates change: at the ages of the incidence table, and where a surge of
    malaria begins and ends. Returns the number of pieces.

    `cuts` has a row for each piece and one for the end: minute, age band, 1 within a surge, and the place in the
    calendar (whole years, month, share of the month that has gone by).
    """
    clock = float(max(begin, birth + int(p.age_days[0]) * MINUTES))
    band = 0
    while band < 5 and clock - birth >= p.age_days[band + 1] * MINUTES:
        band += 1
    n = 0
    while clock < end and band < 5:
        grown = birth + p.age_days[band + 1] * MINUTES
        stop = min(float(end), grown)
        surges = 0.0
        if p.surge_ratio != 1.0 and clock < p.surge_until:
            surges = 1.0 if clock >= p.surge_from else 0.0
            stop = min(stop, p.surge_until if clock >= p.surge_from else p.surge_from)
        note_cut(cuts[n], p, clock, band, surges)
        n += 1
        clock = stop
        if stop >= grown:
            band += 1
    note_cut(cuts[n], p, clock, band, 0.0)
    return n


@rule
def note_cut(cut, p, minute, band, surges):
    """Write down where a piece begins, also in the calendar; months begin at launch."""
    months = (minute + (p.month_offset * MONTH - p.run_warmup_days) * MINUTES) / MONTH_MINUTES
    years = math.floor(months / 12.0)
    month = min(11, int(months - 12.0 * years))
    cut[0] = minute
    cut[1] = band
    cut[2] = surges
    cut[3] = years
    cut[4] = month
    cut[5] = months - 12.0 * years - month


@rule
def season_sum(p, k, cut):
    """The integral of an illness's season up to a cut, in months of mean season."""
    month = int(cut[4])
    return cut[3] * p.season_sum[k, 12] + p.season_sum[k, month] + cut[5] * p.season[k, month]


@rule
def season_minute(p, k, total):
    """The minute at which that integral reaches a total."""
    years = math.floor(total / p.season_sum[k, 12])
    rest = total - years * p.season_sum[k, 12]
    i = 0
    for month in range(1, 12):
        i += 1 if p.season_sum[k, month] <= rest else 0
    within = 0.0 if p.season[k, i] <= 0.0 else min(1.0, (rest - p.season_sum[k, i]) / p.season[k, i])
    return (12.0 * years + i + within) * MONTH_MINUTES - (p.month_offset * MONTH - p.run_warmup_days) * MINUTES


@rule
def rate_of(p, k, frail, cut):
    """Onsets of an illness in a month of mean season, in this child and this piece of its life."""
    per_month = frail * p.rate[k, int(cut[1])] / 12.0
    return per_month * p.surge_ratio if k == MALARIA and cut[2] > 0.0 else per_month


@rule
def grows_by(p, k, frail, cuts, piece):
    """How much the cumulative rate of an illness grows within one piece of a child's life."""
    more = season_sum(p, k, cuts[piece + 1]) - season_sum(p, k, cuts[piece])
    return rate_of(p, k, frail, cuts[piece]) * more


@rule
def onset_within(p, k, frail, cuts, piece, wanted):
    """The minute at which the cumulative rate has grown by `wanted` since a piece began."""
    cut = cuts[piece]
    minute = season_minute(p, k, season_sum(p, k, cut) + wanted / rate_of(p, k, frail, cut))
    return min(max(minute, cut[0]), cuts[piece + 1, 0])


@rule
def draw_waits(waits, key, who):
    """The first uniforms from which a child's waits between onsets are made, of all illnesses at once."""
    for i in range(6 * WAITS):
        a, b, c, d = draw_words(key, Decision.ONSET, who, i % WAITS, i // WAITS, 0, 0)
        waits[0, i] = unit(a)
        waits[1, i] = unit(b)
        waits[2, i] = unit(c)
        waits[3, i] = unit(d)


@rule
def candidates(found, n, key, p, who, k, frail, cuts, pieces, waits):
    """All candidate onsets of one illness in one child, from place `n` of `found`; the place after the last, or -1
    if there is no room."""
    if pieces == 0:
        return n
    episode = 0
    piece = 0
    waited = 0.0  # since the piece began, in growth of the cumulative rate
    grown = grows_by(p, k, frail, cuts, 0)
    a, b, c, d = 0.5, 0.5, 0.5, 0.5
    while True:
        turn = episode % 4
        if episode < 4 * WAITS:
            u = waits[turn, k * WAITS + episode // 4]
        else:
            if turn == 0:
                a, b, c, d = draw(key, Decision.ONSET, who, episode // 4, k)
            u = a if turn == 0 else b if turn == 1 else c if turn == 2 else d
        waited -= math.log(u)
        while waited > grown:
            waited -= grown
            piece += 1
            if piece == pieces:
                return n
            grown = grows_by(p, k, frail, cuts, piece)
        onset = int(onset_within(p, k, frail, cuts, piece, waited))
        if onset < cuts[pieces, 0]:
            n = find(found, n, who, k, episode, onset)
            if n < 0:
                return -1
        episode += 1


@rule
def find(found, n, who, k, episode, onset):
    """One candidate more."""
    if n >= found.shape[1]:
        return -1
    found[WHO, n] = who
    found[OF_ILLNESS, n] = k
    found[EPISODE, n] = episode
    found[ONSET_AT, n] = onset
    return n + 1


@rule
def newborn_candidate(found, n, key, p, who, birth, begin, end):
    """At most one newborn infection in the first 28 days, most of them early."""
    u, v, w, _ = draw(key, Decision.NEWBORN, who, 0)
    if u >= p.inc_psbi:
        return n
    first = 0.0
    below = 0.0
    days = 0.0
    for i in range(4):
        width = 3.0 if i == 0 else 4.0 if i == 1 else 7.0 if i == 2 else 14.0
        if v < below + p.inc_psbi_days[i] or i == 3:
            days = first + width * w
            break
        below += p.inc_psbi_days[i]
        first += width
    onset = birth + int(days * MINUTES)
    return n if onset < begin or onset >= end else find(found, n, who, NEWBORN, 0, onset)


@rule
def draw_fates(fate, found, n, key):
    """The eight words of every candidate."""
    for i in range(n):
        who = found[WHO, i]
        k = found[OF_ILLNESS, i]
        a, b, c, d = draw_words(key, Decision.COURSE_TIMES, who, found[EPISODE, i], k, 0, 0)
        fate[0, i] = a
        fate[1, i] = b
        fate[2, i] = c
        fate[3, i] = d
    for i in range(n):
        who = found[WHO, i]
        k = found[OF_ILLNESS, i]
        a, b, c, d = draw_words(key, Decision.COURSE_FATE, who, found[EPISODE, i], k, 0, 0)
        fate[4, i] = a
        fate[5, i] = b
        fate[6, i] = c
        fate[7, i] = d


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
    """How many times its median a time lasts: a log-normal quantile, in the middle between tabulated ones (to .02 %)."""
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
def untreated_end(row, p):
    """The minute at which this course would be over without treatment, were it not to kill.

    One that overlap alone, or wasting, would make severe counts as severe, since these are settled only afterwards.
    """
    chance = p.sev[row.illness] * p.overlap_mechanism
    if p.was_most > 1.0 and row.illness < NEWBORN:
        chance = 1.0 - math.exp(p.was_most * math.log(1.0 - chance))
    if row.u_worsen < chance:
        return max(row.mends, row.kills + int(p.time_convalescence * MINUTES))
    return max(row.mends, row.worsens)


@rule
def draw_signs(p, k, a, b, alarm, infected, onset):
    """Symptoms of one course, from two words and two uniforms, drawn once; infection without illness goes with the malaria season."""
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
