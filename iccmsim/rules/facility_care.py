"""When providers are open, and what becomes of a referral: does the family go, when does it arrive."""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, expit, two_normals
from iccmsim.core.records import (
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    ESCORTED,
    HAS_DANGER,
    MINUTES,
    MONTH,
    RECTAL_ARTESUNATE,
    TAKEN_THERE,
)


@rule
def month_number(day, p):
    """Count calendar months so that launch (1 January) begins a year; warm-up months come before."""
    return int(math.floor((day - p.run_warmup_days) / MONTH)) + int(p.month_offset)


@rule
def is_rainy(day, p):
    """July to October, when paths are longer."""
    return 6 <= month_number(day, p) % 12 <= 9


@rule
def facility_is_open(day, p):
    """Opening days of the week."""
    return day % 7 < p.fac_days_week


@rule
def is_shut(provider, p, key, day):
    """Whether a shock (a strike, fighting) keeps the health centre shut today, though it should be open."""
    if p.shock_closed <= 0.0:
        return False
    u, _, _, _ = draw(key, Decision.SHUT, provider.number, day)
    return u < p.shock_closed


@rule
def takes_bed(bed_until, beds, minute, p):
    """A severely ill child is put to bed for some days, if one of the beds is free; 0 beds: nobody counts them."""
    if beds <= 0.0:
        return True
    for i in range(int(beds)):
        if bed_until[i] <= minute:
            bed_until[i] = minute + int(p.fac_bed_days * MINUTES)
            return True
    return False


@rule
def minutes_today(kind, p):
    """Minutes a provider has for sick children on a day."""
    return p.chw_minutes_day if kind == AT_CHW else p.fac_minutes_day


@rule
def minutes_each(kind, p):
    """Minutes that one sick child takes."""
    return p.chw_minutes if kind == AT_CHW else p.fac_minutes


@rule
def work(provider, minutes):
    """A child whose turn comes within the hours is seen to the end; what that takes beyond them is owed."""
    provider.minutes -= minutes
    if provider.minutes < 0.0:
        provider.owed -= provider.minutes
        provider.minutes = 0.0


@rule
def see_to(provider, starts, takes, full, p):
    """A child's turn: what it takes of the hours, or beyond them where they are full, and when the next turn comes.
    Where several work side by side (`fac_hands`, at least 1) that is so much sooner; parts of a minute add up."""
    hands = p.fac_hands if provider.kind == AT_FACILITY else 1.0
    done = provider.owed - provider.minutes
    if full:
        provider.owed += takes
        provider.overloaded_today = 1
    else:
        work(provider, takes)
    passes = math.floor((done + int(takes)) / hands) - math.floor(done / hands)
    provider.clock = max(starts, provider.clock) + int(passes)


@rule
def make_up_for(provider):
    """What was worked beyond the hours, for the last child of a day or those who could not wait, is missing on the
    next days at work."""
    back = min(provider.minutes, provider.owed)
    provider.minutes -= back
    provider.owed -= back


@rule
def triage(kind, p):
    """Of children in danger, the share whom a provider picks out of those who wait."""
    return p.chw_triage if kind == AT_CHW else p.fac_triage


@rule
def is_taken_first(child, who, signs, p, key):
    """Whether a child that waits shows a danger sign, or comes with a referral, and somebody notices and sees to it
    that it need not wait. Who looks again on another day of the same wait notices no more than before."""
    if not (signs & HAS_DANGER or child.by_referral):
        return False
    came = (child.arrives if child.waits_since < 0 else child.waits_since) // MINUTES
    u, _, _, _ = draw(key, Decision.TRIAGE, who, came, 0, 0, child.going_to)
    return u < triage(child.going_to, p)


@rule
def has_room(provider, p):
    """Whether one more child may wait for tomorrow."""
    return provider.waiting < (p.chw_queue if provider.kind == AT_CHW else p.fac_queue)


@rule
def loses_patience(kind, p, days_waited):
    """Whether a family that was not seen gives up."""
    return days_waited >= (p.chw_patience if kind == AT_CHW else p.fac_patience)


@rule
def help_on_the_way(course, p, key):
    """What a programme does for a child who is sent on: arranges transport, or has the CHW go along; as marks."""
    marks = 0
    if p.transport_share > 0.0 or p.escort_share > 0.0:
        u, v, _, _ = draw(key, Decision.TRANSPORT, course.child, course.episode, course.illness, course.visits)
        if u < p.transport_share:
            marks |= TAKEN_THERE
        if v < p.escort_share:
            marks |= ESCORTED
    return marks


@rule
def completes_referral(child, course, household, destination, p, key, rainy, aid=0):
    """Whether a family goes where it was sent: severity first, then distance, the rains, the price, trust, help."""
    u, _, _, _ = draw(key, Decision.REFERRAL, course.child, course.episode, course.illness, course.visits)
    km = household.km_hospital if destination == AT_HOSPITAL else household.km_facility
    if rainy:
        km *= p.ref_season
    fee = 0.0 if household.wealth < p.fee_exempt_below else p.fee_at_facility
    log_odds = p.ref_base - p.ref_km * km * p.shock_far - p.ref_fee * fee / household.wealth - p.shock_avoid_facility
    if aid & TAKEN_THERE:
        log_odds += p.transport_gain
    if aid & ESCORTED:
        log_odds += p.escort_gain
    log_odds += p.ref_trust * household.trust[1]
    if child.severe > 0:
        log_odds += p.ref_severe_gain
    if destination != AT_HOSPITAL and course.doses & 1 << RECTAL_ARTESUNATE:
        log_odds += p.ref_ras_gain  # the child is better for a while, or seems treated
    return u < expit(log_odds)


@rule
def referral_minutes(course, p, key):
    """Hours between being sent and arriving: deciding, finding money, travelling; log-normal."""
    _, u, v, _ = draw(key, Decision.REFERRAL, course.child, course.episode, course.illness, course.visits)
    z, _ = two_normals(u, v)
    return int(p.ref_delay * math.exp(p.ref_delay_sd * z) * 60.0)


@rule
def ride_minutes(household, destination, p):
    """How long a ride takes, the wait for the vehicle included."""
    km = household.km_hospital if destination == AT_HOSPITAL else household.km_facility
    return int(60.0 * (p.transport_wait + km * p.shock_far / p.transport_kmh))
