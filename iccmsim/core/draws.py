"""Keyed random numbers: every draw says who decides what, about which illness and episode, at which try.

There is no generator with a state. A draw is the Philox4x32-10 hash (Salmon, Moraes, Dror & Shaw 2011, "Parallel
random numbers: as easy as 1, 2, 3") of its key, so the same child meets the same fortune in every arm, and no arm can
shift the numbers of another. The key and its widths (a value that does not fit is refused when a world is built):

======  ====================================================  =======
word    holds                                                 bits
======  ====================================================  =======
0       who: number of the child, household, CHW ... in zone  32
1       decision 8, illness 4, try 12, alternative 8          32
2       when: episode number, day or month of that decision   32
3       zone                                                  32
======  ====================================================  =======

The Philox key is the seed (64 bits). One call gives four words of 32 bits.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np

from iccmsim.core.compiled import rule

WHO_LIMIT = 1 << 32
TRY_LIMIT = 1 << 12
ZONE_LIMIT = 1 << 32
SEED_LIMIT = 1 << 63

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_MASK = 0xFFFFFFFF
TWO_PI = 2.0 * math.pi
_FRACTION = (1 << 52) - 1  # bits of a double: its fraction, the rest is its exponent
_ROOT_HALF = int(np.float64(math.sqrt(0.5)).view(np.int64))
_HALF_UP = (1023 << 52) - _ROOT_HALF
_LOG_2 = math.log(2.0)


class Decision(IntEnum):
    """What is being decided. The numbers are part of the model: a new decision takes a new number."""

    BIRTH_TIME = 1
    HOUSEHOLD = 2
    SURVIVAL = 3
    BACKGROUND = 4
    FRAILTY = 5
    FRAILTY_MORE = 6
    ONSET = 7
    COURSE_TIMES = 8
    COURSE_FATE = 9
    NEWBORN = 11
    HOUSEHOLD_TASTE = 12
    PROTECTION = 13
    CHOICE = 14
    SECOND_TRY = 15
    INFORMAL = 16
    HOME = 17
    ADHERENCE = 18
    STEP = 19
    TEST = 20
    CLASSIFY = 21
    DOSE = 22
    REFERRAL = 23
    FULL_TREATMENT = 24
    CHW_SKILL = 25
    CHW_DAY = 26
    VACANCY = 27
    SUPERVISION = 28
    LEAD_TIME = 29
    FILL = 30
    REPORT = 31
    STOCK_OUT_POLICY = 32
    STEP_MORE = 33
    FACILITY_DAY = 34
    PIPELINE = 40
    CUT_OFF = 41
    LEAK = 42
    REPORT_ERROR = 43
    PAY = 50
    FUNDER = 51
    DEVICE = 52
    BREAKDOWN = 53
    TARGETED = 54
    ROLL_OUT = 55
    RELAIS = 56
    NOT_ALLOWED = 60
    INDRAWING = 61
    OXIMETER = 62
    RECTAL_ARTESUNATE = 63
    WASTING = 64
    NEWBORN_SIGN = 65
    MUAC = 66
    CURE = 67
    HOME_VISIT = 80
    FOLLOW_UP = 81
    NEWBORN_VISIT = 82
    SHUT = 90
    DISPLACED = 91
    STRUCK = 92
    TRANSPORT = 93
    VOLUNTEER = 94
    SECOND_LINE = 95
    TRIAGE = 96


@rule(inline=True)
def philox(c0, c1, c2, c3, k0, k1):
    """Hash one counter of four words with one key of two: Philox4x32-10. All are integers below 2**32."""
    for _ in range(10):
        p0 = _M0 * c0  # 64 bits; compiled it may wrap to a negative number, its lower and upper words are the same
        p1 = _M1 * c2
        n0 = ((p1 >> 32) ^ c1 ^ k0) & _MASK
        n2 = ((p0 >> 32) ^ c3 ^ k1) & _MASK
        c1 = p1 & _MASK
        c3 = p0 & _MASK
        c0 = n0
        c2 = n2
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@rule(inline=True)
def draw_words(key, decision, who, when, illness, attempt, alternative):
    """The four words of one decision. This is put into its caller: a loop over it makes many at once, each several
    times as fast."""
    seed = int(key[0])
    rest = (int(illness) & 0xF) << 8 | (int(attempt) & 0xFFF) << 12 | (int(alternative) & 0xFF) << 24
    label = decision | rest
    zone = int(key[1])
    return philox(int(who) & _MASK, label, int(when) & _MASK, zone & _MASK, seed & _MASK, (seed >> 32) & _MASK)


@rule
def draw(key, decision, who, when, illness=0, attempt=0, alternative=0):
    """Draw the four uniforms in (0, 1) that belong to one decision. `key` is (seed, zone number)."""
    a, b, c, d = draw_words(key, decision, who, when, illness, attempt, alternative)
    return unit(a), unit(b), unit(c), unit(d)


@rule
def draw_several(drawn, key, decisions, anew, who, when, illness, attempt):
    """Draw the uniforms of several decisions on one matter in one go: a column of `drawn` each. Where `anew` is 0 they
    are the same at every try."""
    for i in range(decisions.shape[0]):
        a, b, c, d = draw_words(key, decisions[i], who, when, illness, attempt * anew[i], 0)
        drawn[0, i] = unit(a)
        drawn[1, i] = unit(b)
        drawn[2, i] = unit(c)
        drawn[3, i] = unit(d)


@rule
def drawn_for(drawn, which):
    """The four uniforms of one of several decisions."""
    return drawn[0, which], drawn[1, which], drawn[2, which], drawn[3, which]


@rule(inline=True)
def unit(word):
    """Turn a word of 32 bits into a number strictly between 0 and 1."""
    return (word + 0.5) * 2.3283064365386963e-10


@rule(inline=True)
def exponential(u):
    """Turn a uniform into a standard exponential: -log(u), by the series of the inverse hyperbolic tangent, which is
    reckoned for many at once in a loop. Good to some units of the last place."""
    bits = np.float64(u).view(np.int64)
    high = bits + _HALF_UP  # so that what is left of 1 lies between sqrt(1/2) and sqrt(2)
    left = np.int64((high & _FRACTION) + _ROOT_HALF).view(np.float64)
    s = (left - 1.0) / (left + 1.0)
    z = s * s
    w = z * z
    even = 1.0 + w * (1 / 5 + w * (1 / 9 + w * (1 / 13 + w * (1 / 17 + w * (1 / 21)))))
    odd = 1 / 3 + w * (1 / 7 + w * (1 / 11 + w * (1 / 15 + w * (1 / 19))))
    return (1023 - (high >> 52)) * _LOG_2 - 2.0 * s * (even + z * odd)


@rule
def split(word):
    """Two coarser uniforms (16 bits each) from one word, for chances that are known to a percent at best."""
    return ((word >> 16) + 0.5) / 65536.0, ((word & 0xFFFF) + 0.5) / 65536.0


@rule
def two_normals(u, v):
    """Turn two uniforms into two independent standard normals (Box & Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(u))
    return radius * math.cos(TWO_PI * v), radius * math.sin(TWO_PI * v)


@rule
def normal(u):
    """Turn a uniform into a standard normal: its quantile, to seven digits (Wichura 1988, Appl Stat 37:477, AS241)."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = ((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        return q * above / (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        r -= 1.6
        z = ((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777
        z /= (0.12021132975 * r + 0.7370016425) * r + 1.0
    else:
        r -= 5.0
        z = ((0.017337203997 * r + 0.42868294337) * r + 3.081226386) * r + 6.657905115
        z /= (0.012258202635 * r + 0.24197894225) * r + 1.0
    return -z if q < 0.0 else z


@rule
def expit(x):
    """Turn a log-odds into a chance."""
    return 1.0 / (1.0 + math.exp(-x))


def refuse_unfit(name: str, value: int, limit: int) -> None:
    """Refuse a number that does not fit its place in the key; a draw would silently repeat another's."""
    if not 0 <= value < limit:
        raise ValueError(f"{name} = {value}: must be at least 0 and below {limit} to fit the key of a draw")


def fit_seed(seed: int | str, *, name: str = "seed", digits: bool = False) -> int:
    """A seed as it keys every draw; 1.9 is none, and neither is True. A page's text box may give its digits."""
    given = int(seed) if digits and isinstance(seed, str) and seed.strip().removeprefix("-").isdecimal() else seed
    number = isinstance(given, (int, float, np.integer, np.floating)) and not isinstance(given, bool)
    if not number or given % 1 != 0:
        raise ValueError(f"{name} = {seed!r}: must be a whole number{', or its digits' if digits else ''}")
    refuse_unfit(name, int(given), SEED_LIMIT)
    return int(given)
