"""The illnesses a child would have, drawn once: onset by onset, with what each course would do if untreated.

An onset process runs on its own clock: the j-th candidate comes where the child's cumulative rate passes the sum of
the first j exponentials. One that falls within the untreated length of the last kept one, plus a gap, is dropped here,
in every arm alike.
"""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, normal, split, two_normals
from iccmsim.core.records import (
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
    YEAR,
)

MONTH_MINUTES = MONTH * MINUTES
YEAR_MINUTES = YEAR * MINUTES
FAR = 1e18


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
def season_sum(p, k, minute):
    """The integral of an illness's season up to a minute, in months of mean season; months begin at launch."""
    months = (minute + (p.month_offset * MONTH - p.run_warmup_days) * MINUTES) / MONTH_MINUTES
    years = math.floor(months / 12.0)
    rest = months - 12.0 * years
    i = min(11, int(rest))
    return years * p.season_sum[k, 12] + p.season_sum[k, i] + (rest - i) * p.season[k, i]


@rule
def season_minute(p, k, total):
    """The minute at which that integral reaches a total."""
    years = math.floor(total / p.season_sum[k, 12])
    rest = total - years * p.season_sum[k, 12]
    i = min(11, int(rest * 12.0 / p.season_sum[k, 12]))
    while i > 0 and p.season_sum[k, i] > rest:
        i -= 1
    while i < 11 and p.season_sum[k, i + 1] <= rest:
        i += 1
    within = 0.0 if p.season[k, i] <= 0.0 else min(1.0, (rest - p.season_sum[k, i]) / p.season[k, i])
    return (12.0 * years + i + within) * MONTH_MINUTES - (p.month_offset * MONTH - p.run_warmup_days) * MINUTES


@rule
def next_onset(p, k, frail, birth, clock, end, wanted):
    """Move on from `clock` until the cumulative rate has grown by `wanted`; FAR if that is past `end` (minutes).

    Rates are steps in age bands, times the season of the calendar month, times a surge of malaria while there is one.
    """
    band = 0
    while band < 5 and clock - birth >= p.age_days[band + 1] * MINUTES:
        band += 1
    while clock < end and band < 5:
        per_month = frail * p.rate[k, band] / 12.0
        grown = min(end, birth + p.age_days[band + 1] * MINUTES)
        stop = grown
        if k == MALARIA and p.surge_ratio != 1.0 and clock < p.surge_until:
            stop = min(grown, p.surge_from if clock < p.surge_from else p.surge_until)
            if clock >= p.surge_from:
                per_month *= p.surge_ratio
        sum_now = season_sum(p, k, clock)
        if per_month > 0.0:
            minute = max(clock, season_minute(p, k, sum_now + wanted / per_month))
            if minute <= stop:
                return minute
            wanted -= per_month * (season_sum(p, k, stop) - sum_now)
        clock = stop
        if stop >= grown:
            band += 1
    return FAR


@rule
def draw_course(row, key, p, who, k, episode, onset):
    """The potential outcomes of one course: when it would worsen, kill, mend, what it shows, and what decides."""
    a, b, c, d = draw(key, Decision.COURSE_TIMES, who, episode, k)
    mends, recognise = split(c)
    alarm, infected = split(d)
    row.child = who
    row.illness = k
    row.episode = episode
    row.onset = onset
    row.mends = onset + max(1, int(p.mend_days[k] * math.exp(p.time_dur_sd * normal(mends)) * MINUTES))
    row.overlaps = 0
    row.u_recognise = recognise
    if k > NEWBORN:  # other fever, cough or cold: never severe
        row.worsens = row.mends
        row.kills = row.mends
        row.u_worsen = 1.0
        row.u_die = 1.0
    else:
        t_w = max(1, int(p.worsen_days[k] * math.exp(p.time_severe_sd * normal(a)) * MINUTES)) if k < NEWBORN else 0
        row.worsens = onset + t_w
        row.kills = row.worsens + max(1, int(p.death_days[k] * math.exp(p.time_death_sd * normal(b)) * MINUTES))
        row.u_worsen, row.u_die, a, b = draw(key, Decision.COURSE_FATE, who, episode, k)
    row.signs = draw_signs(p, k, a, b, alarm, infected, onset)


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
    """Symptoms of one course, drawn once; infection without illness goes with the malaria season."""
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
def course_of_illness(raw, n, key, p, who, birth, begin, end, k, frail):
    """All courses of one illness in one child, kept in order from row `n`; returns the row after the last."""
    episode = 0
    clock = float(max(begin, birth + int(p.age_days[0]) * MINUTES))
    free_from = -1.0e15
    a, b, c, d = 0.5, 0.5, 0.5, 0.5
    while True:
        if episode % 4 == 0:
            a, b, c, d = draw(key, Decision.ONSET, who, episode // 4, k)
        turn = episode % 4
        u = a if turn == 0 else b if turn == 1 else c if turn == 2 else d
        clock = next_onset(p, k, frail, birth, clock, end, -math.log(u))
        if clock >= end:
            return n
        if clock >= free_from:
            if n >= raw.shape[0]:
                return -1
            draw_course(raw[n], key, p, who, k, episode, int(clock))
            free_from = untreated_end(raw[n], p) + p.gap[k] * MINUTES
            n += 1
        episode += 1


@rule
def newborn_course(raw, n, key, p, who, birth, begin, end):
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
    if onset < begin or onset >= end:
        return n
    if n >= raw.shape[0]:
        return -1
    draw_course(raw[n], key, p, who, NEWBORN, 0, onset)
    return n + 1


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
