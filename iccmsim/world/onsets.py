"""When a child would fall ill: the candidate onsets of every illness, the same in every arm.

An onset process runs on its own clock: the j-th candidate comes where the child's cumulative rate passes the sum of
the first j exponentials.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, draw_words, exponential, two_normals, unit
from iccmsim.core.records import LAST_EPISODE, MALARIA, MINUTES, MONTH, NEWBORN, table
from iccmsim.rules.nutrition import SPELL

MONTH_MINUTES = MONTH * MINUTES
MOST_PIECES = 10  # of a child's life: age bands, and what a surge cuts off them
WAITS = (3, 1, 4, 0, 3, 5)  # draws of four for the waits of each illness that are made at once, as many as most
OF_WAIT = np.repeat(np.arange(6), WAITS)  # ... children need at usual rates; the others are made when they are needed
NTH_WAIT = np.concatenate([np.arange(n) for n in WAITS])
FIRST_WAIT = np.cumsum((0, *WAITS))
FOUND = ("who", "illness", "episode", "onset")  # of a candidate; whether it is kept is settled with its course
WHO, OF_ILLNESS, EPISODE, ONSET_AT = range(4)


class Desk(NamedTuple):
    """Room to work out the illnesses of one child; holds nothing that lasts."""

    frail: np.ndarray  # by illness
    cuts: np.ndarray  # as in `cut_life`
    waits: np.ndarray  # as in `draw_waits`
    starts: np.ndarray  # first row of each illness, and the row after the last
    spells: np.recarray  # of wasting and of being well


def new_desk(spells: int = 64) -> Desk:
    """An empty desk, with room for some spells of wasting and of being well."""
    return Desk(np.zeros(6), np.zeros((MOST_PIECES, 6)), np.zeros((4, sum(WAITS))), np.zeros(7, np.int64),
                table(SPELL, spells))  # fmt: skip


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
    """The first waits between a child's onsets, of all illnesses at once: four of each draw."""
    for i in range(waits.shape[1]):
        a, b, c, d = draw_words(key, Decision.ONSET, who, NTH_WAIT[i], OF_WAIT[i], 0, 0)
        waits[0, i] = exponential(unit(a))
        waits[1, i] = exponential(unit(b))
        waits[2, i] = exponential(unit(c))
        waits[3, i] = exponential(unit(d))


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
    while episode <= LAST_EPISODE:
        turn = episode % 4
        made = FIRST_WAIT[k] + episode // 4
        if made < FIRST_WAIT[k + 1]:
            waited += waits[turn, made]
        else:
            if turn == 0:
                a, b, c, d = draw(key, Decision.ONSET, who, episode // 4, k)
            waited += exponential(a if turn == 0 else b if turn == 1 else c if turn == 2 else d)
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
    return n


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
