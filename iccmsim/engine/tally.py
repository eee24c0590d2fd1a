"""What is always kept of a zone: counts that add up over zones, made in one pass over its children and its courses.

Years are those since launch, of 365.25 days cut to whole days (365, 730, 1095, 1461, 1826 ...); the last bin is the
tail, so that the window is exactly the others together. A window longer than eleven years ends in one long bin.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np

from iccmsim.core.compiled import rule
from iccmsim.core.records import (
    ACT_CHILD,
    ACT_INFANT,
    AMOXICILLIN,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    COUGH,
    DEAD,
    DIARRHOEA,
    DIED,
    FIVE_YEARS,
    MALARIA,
    MINUTES,
    MONTH,
    N_PRODUCTS,
    NEWBORN,
    NOT_REACHED,
    ORS,
    PREVENTED,
    UNBORN,
    YEAR,
    row_type,
    table,
)
from iccmsim.engine.books import tally_months
from iccmsim.engine.plan import Plan
from iccmsim.engine.simulation import ZoneRun

YEARS = 12  # bins: years of the window, and the tail
TAIL = YEARS - 1
AGE_EDGES = (0, 7, 28, 3 * MONTH, 6 * MONTH, 12 * MONTH, 24 * MONTH, 36 * MONTH, 48 * MONTH, FIVE_YEARS)  # days
AGE_BANDS = ("0-6 d", "7-27 d", "28 d-2 m", "3-5 m", "6-11 m", "12-23 m", "24-35 m", "36-47 m", "48-59 m")
KM_EDGES = (5.0, 10.0)  # to the facility, in a straight line
KM_BANDS = ("under 5 km", "5-10 km", "10 km or more")
QUINTILES = 5

# How far an episode gets on its way to a cure.
CASCADE = ("episodes", "perceived", "any_care", "formal_care", "formal_by_next_day", "seen_by_chw", "seen_by_facility",
           "right_drug", "took_effect", "any_effect", "lacked_drug", "referred", "referral_done", "severe", "died",
           "died_without_formal_care")  # fmt: skip
(EPISODES, PERCEIVED, ANY_CARE, FORMAL, BY_NEXT_DAY, SEEN_CHW, SEEN_FACILITY, RIGHT_DRUG, TOOK_EFFECT, ANY_EFFECT,
 LACKED, REFERRED_ON, REFERRAL_DONE, WAS_SEVERE, HAS_DIED, DIED_ALONE) = range(len(CASCADE))  # fmt: skip

BY_PROVIDER = ("cases", "visits_missed", "turned_away", "waited", "no_turn", "found_at_home", "without_drug",
               "referred", "supervised", "mentored", "reported", "departures", "days_in_post", "days_present",
               "any_out_days", "minutes", "reported_cases", "reported_out_days")  # fmt: skip

TALLY = row_type(
    [
        ("child_days", "f8", (YEARS, 9)),
        ("deaths", "i8", (YEARS, 7, 9)),  # by cause and age band
        ("births", "i8", (YEARS,)),
        ("expected", "f8", (YEARS, 7)),  # deaths: chances at T_d; of the background the realised ones
        ("expected_variance", "f8", (YEARS, 7)),  # sum of C (1 - C): what realised deaths may differ by
        ("episodes", "i8", (YEARS, 6)),  # by onset, as all that follows
        ("prevented", "i8", (YEARS, 6)),
        ("severe", "i8", (YEARS, 6)),
        ("effective", "f8", (YEARS, 6)),  # episodes treated, by share of the effect of a full treatment, at most 1
        ("weight", "f8", (YEARS, 6)),  # deaths that untreated episodes would have led to: sev x overlap x fatality
        ("weighted_effective", "f8", (YEARS, 6)),
        ("weighted_effect", "f8", (YEARS, 6)),  # ... the effect itself: deaths that treatment takes away
        ("weighted_zinc", "f8", (YEARS, 6)),
        ("cascade", "i8", (len(CASCADE), 6)),  # in the window
        ("deaths_by_wealth", "i8", (QUINTILES,)),  # in the window, poorest fifth first
        ("days_by_wealth", "f8", (QUINTILES,)),
        ("deaths_by_km", "i8", (len(KM_BANDS),)),
        ("days_by_km", "f8", (len(KM_BANDS),)),
        # by kind of provider (CHWs, facilities), in the window; of whole years, to the end of the last month
        *[(name, "f8" if name == "minutes" else "i8", (2,)) for name in BY_PROVIDER],
        ("providers", "i8", (2,)),
        ("provider_days", "i8", (2,)),
        ("given", "i8", (2, N_PRODUCTS)),
        ("received", "i8", (2, N_PRODUCTS)),
        ("ordered", "i8", (2, N_PRODUCTS)),
        ("stock_out_days", "i8", (2, N_PRODUCTS)),
        ("leaked", "i8", (2, N_PRODUCTS)),
        ("expired", "i8", (2, N_PRODUCTS)),
    ]
)


def year_edges(plan: Plan, day: int | None = None) -> np.ndarray:
    """Minutes at which the bins of years begin, and the minute at which the last one ends (the end of `day`)."""
    first, last = plan.window
    end = plan.days if day is None else day
    days = [min(first + int(YEAR * year), last) for year in range(TAIL)] + [last, max(last, plan.days)]
    return np.minimum(np.array(days, np.int64), end) * MINUTES


@lru_cache(maxsize=64)
def wealth_cuts(sd: float) -> tuple[float, ...]:
    """Where fifths of households part: quantiles of the lognormal with mean 1 that their wealth is drawn from."""
    scores = [NormalDist().inv_cdf(share / QUINTILES) for share in range(1, QUINTILES)]
    return tuple(float(np.exp(sd * z - 0.5 * sd * sd)) for z in scores)


@rule
def bin_of(value, edges):
    """The bin of a value: how many inner edges are at or below it."""
    n = 0
    while n < edges.shape[0] and value >= edges[n]:
        n += 1
    return n


@rule
def year_of(minute, edges):
    """The bin of years of a minute, -1 before launch and after the end."""
    if minute < edges[0] or minute >= edges[YEARS]:
        return -1
    y = 0
    while minute >= edges[y + 1]:
        y += 1
    return y


@rule
def live_through(child, until, edges, ages, t):
    """Share out a child's life over the cells of year and age that it passes through."""
    minute = max(int(child.birth), edges[0])
    if minute >= until:
        return
    y = year_of(minute, edges)
    band = 0
    while band < 8 and minute - child.birth >= ages[band + 1]:
        band += 1
    while minute < until:
        following = min(until, edges[y + 1])
        if band < 8:
            following = min(following, child.birth + ages[band + 1])
        t.child_days[y, band] += (following - minute) / MINUTES
        minute = following
        while y < TAIL and minute >= edges[y + 1]:
            y += 1
        if band < 8 and minute - child.birth >= ages[band + 1]:
            band += 1


@rule
def count_death(child, edges, ages, t):
    """A death, in its year, by its cause, at its age; the fifth birthday itself belongs to the last band."""
    y = year_of(child.end, edges)
    if y < 0:
        return -1
    band = 0
    while band < 8 and child.end - child.birth >= ages[band + 1]:
        band += 1
    t.deaths[y, child.cause, band] += 1
    if child.cause > COUGH:
        t.expected[y, child.cause] += 1.0
    return y


@rule(entry=True)
def tally_children(children, households, edges, ages, wealth, km, out):
    """Births, deaths and time lived, of every child."""
    t = out[0]
    for i in range(children.shape[0]):
        child = children[i]
        if child.state == UNBORN or (child.end >= 0 and child.end < edges[0]):
            continue
        until = edges[YEARS]
        if child.end >= 0:
            until = min(until, int(child.end))
        live_through(child, until, edges, ages, t)
        born = year_of(child.birth, edges)
        if born >= 0:
            t.births[born] += 1
        household = households[child.household]
        fifth = bin_of(household.wealth, wealth)
        far = bin_of(household.km_facility, km)
        days = max(0, min(until, edges[TAIL]) - max(int(child.birth), edges[0])) / MINUTES
        t.days_by_wealth[fifth] += days
        t.days_by_km[far] += days
        if child.state == DEAD:
            died = count_death(child, edges, ages, t)
            if died >= 0 and died < TAIL:
                t.deaths_by_wealth[fifth] += 1
                t.deaths_by_km[far] += 1


@rule
def got_right_drug(course):
    """Whether a CHW or facility gave what the illness needs."""
    if course.treated_by & (1 << AT_HOSPITAL):
        return True
    if course.illness == MALARIA:
        return course.doses & (1 << ACT_INFANT | 1 << ACT_CHILD) != 0
    if course.illness == DIARRHOEA:
        return course.doses & (1 << ORS) != 0
    if course.illness == NEWBORN:
        return course.y[0] > 0.0
    return course.illness < NEWBORN and course.doses & (1 << AMOXICILLIN) != 0


@rule
def was_seen_by(course, provider):
    """Whether a provider saw this episode, whether or not it gave anything."""
    return course.seen_by & (1 << provider) != 0


@rule
def lacked_main_drug(course):
    """Whether what the illness needs was wanted and out of stock."""
    if course.illness >= NEWBORN:
        return False
    if course.illness == MALARIA:
        return course.lacked & (1 << ACT_INFANT | 1 << ACT_CHILD) != 0
    return course.lacked & (1 << ORS if course.illness == DIARRHOEA else 1 << AMOXICILLIN) != 0


@rule
def went_far(course, effect, t):
    """How far one episode got: seen as serious, taken somewhere, given the right drug, in time."""
    k = course.illness
    t.cascade[EPISODES, k] += 1
    t.cascade[PERCEIVED, k] += course.perceived
    formal = course.first_formal >= 0
    if course.first_care >= 0:
        t.cascade[ANY_CARE, k] += 1
        right = got_right_drug(course)
        t.cascade[FORMAL, k] += formal
        t.cascade[BY_NEXT_DAY, k] += formal and course.first_formal // MINUTES <= course.onset // MINUTES + 1
        t.cascade[SEEN_CHW, k] += was_seen_by(course, AT_CHW)
        t.cascade[SEEN_FACILITY, k] += was_seen_by(course, AT_FACILITY) or was_seen_by(course, AT_HOSPITAL)
        t.cascade[RIGHT_DRUG, k] += right
        t.cascade[TOOK_EFFECT, k] += right and effect > 0.0
        t.cascade[LACKED, k] += course.lacked != 0 and lacked_main_drug(course)
        t.cascade[REFERRED_ON, k] += course.referred
        t.cascade[REFERRAL_DONE, k] += course.referral_done
    t.cascade[ANY_EFFECT, k] += effect > 0.0
    t.cascade[WAS_SEVERE, k] += course.was_severe
    if course.outcome == DIED:
        t.cascade[HAS_DIED, k] += 1
        t.cascade[DIED_ALONE, k] += not formal


@rule
def expect_death(course, edges, t):
    """A severe illness whose hour came counts its chance of killing, whether it did or not."""
    y = year_of(course.kills, edges)
    if y >= 0:
        t.expected[y, course.illness] += course.chance_death
        t.expected_variance[y, course.illness] += course.chance_death * (1.0 - course.chance_death)


@rule
def weigh(course, effect, p, full, t, y):
    """How well an episode was treated, also weighted by the deaths that it would have led to untreated."""
    k = course.illness
    weight = p.sev[k] * p.fatality[k]
    if course.overlaps and k < NEWBORN:
        weight *= p.overlap_mechanism
    share = min(1.0, effect / full[k]) if full[k] > 0.0 else 0.0
    t.weight[y, k] += weight
    t.effective[y, k] += share
    t.weighted_effective[y, k] += weight * share
    t.weighted_effect[y, k] += weight * effect
    t.weighted_zinc[y, k] += weight * (1.0 - (1.0 - course.x[1]) * (1.0 - course.y[1]))


@rule(entry=True)
def tally_courses(courses, regime, full, edges, out):
    """Episodes, what was done about them, and the deaths to be expected. Rows come in order of onset."""
    p, t = regime[0], out[0]
    y = 0
    for i in range(courses.shape[0]):
        course = courses[i]
        if course.outcome == NOT_REACHED:
            continue
        if course.chance_death > 0.0:
            expect_death(course, edges, t)
        if course.onset < edges[0] or course.onset >= edges[YEARS]:
            continue
        while course.onset >= edges[y + 1]:
            y += 1
        if course.outcome == PREVENTED:
            t.prevented[y, course.illness] += 1
            continue
        t.episodes[y, course.illness] += 1
        t.severe[y, course.illness] += course.was_severe
        left = (1.0 - course.x[0]) * (1.0 - course.y[0])
        effect = 1.0 - left * (1.0 - course.x[2]) * (1.0 - course.y[2])  # the second line goes on where the first ends
        if course.illness <= NEWBORN:
            weigh(course, effect, p, full, t, y)
        if y < TAIL:
            went_far(course, effect, t)


def full_effect(p: np.record) -> np.ndarray:
    """The effect of a full treatment in time, by illness: what "treated effectively" is measured against."""
    return np.array([p["tx_act"], p["tx_amox_nonsev"], p["tx_ors"], p["tx_psbi_inj"], 0.0, 0.0])


def bands_of(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Where fifths of wealth part, and bands of distance (by path, as households have it)."""
    setting = plan.scenario.setting
    km = np.array(KM_EDGES) * float(setting["seek.path"])
    return np.array(wealth_cuts(float(setting["pop.wealth_sd"]))), km


def tally_zone(run: ZoneRun) -> np.recarray:
    """Count one zone of one arm: one row of `TALLY`."""
    out, plan = table(TALLY, 1), run.plan
    regime, edges = plan.record(plan.warmup), year_edges(plan, run.day)
    ages = np.array([int(day * MINUTES) for day in AGE_EDGES], np.int64)
    wealth, km = bands_of(plan)
    tally_children(run.zone.child, run.zone.household, edges, ages, wealth, km, out)
    tally_courses(run.course, regime, full_effect(regime[0]), edges, out)
    tally_months(run, out)
    return out


def add_up(rows: list[np.ndarray]) -> np.recarray:
    """Add rows of counts, field by field, in the order given."""
    total = table(rows[0].dtype, rows[0].shape)
    for row in rows:
        for name in total.dtype.names:
            total[name] += row[name]
    return total
