"""What a family does with a sick child: wait, buy from a shop, walk to the CHW, or travel to the health facility.

Each day the choice is a race. Waiting and each provider draw an exponential of their own, a provider's is divided by
its odds against waiting, and the shortest wins: the logit choice with a Gumbel per alternative, so that opening a new
alternative can move a child only to it.
"""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, unit
from iccmsim.core.records import AT_CHW, AT_FACILITY, INFORMAL, MINUTES, RDT, REFERRED, WAIT

DAYTIME = 360  # minutes: half of the hours between 06:00 and 18:00, lost by a walk for nothing
TRIED_FOR = 2 * MINUTES


@rule
def odds_for(household, village, providers, p, v):
    """How inclined a household is today towards a provider, against waiting: its lasting odds, moved by trust (faded
    up to today) and by how long children have lately waited there."""
    odds = household.usual[v]
    if v == INFORMAL or odds <= 0.0:
        return odds
    which = 0 if v == AT_CHW else 1
    odds *= math.exp(0.5 * p.seek_trust * (household.trust[which] + village.trust[which]))
    if p.seek_wait > 0.0:
        odds *= math.exp(-p.seek_wait * providers[household.chw if v == AT_CHW else 0].wait_hours)
    return odds


@rule
def note_wait(provider, minutes):
    """What families tell each other of the wait at a door: the last ten or so children count, and it is forgotten as
    fast as trust or distrust is."""
    provider.wait_hours += 0.1 * (minutes / 60.0 - provider.wait_hours)


@rule
def reckon_usual(household, p):
    """A household's lasting odds for each provider, for a child with no mere cough or fever: taste, way, price."""
    common = household.taste_any
    formal = common + household.taste_formal + p.seek_mob * p.mob_on
    cost = p.seek_fee / household.wealth
    if household.wealth < p.fee_exempt_below:  # the poorest are asked for nothing
        cost = 0.0
    household.usual[INFORMAL] = math.exp(p.seek_a_informal + common)
    household.usual[AT_FACILITY] = math.exp(
        p.seek_a_facility
        + formal
        - p.seek_km_facility * household.km_facility * p.shock_far
        - cost * p.fee_at_facility
        - p.shock_avoid_facility
    )
    household.usual[AT_CHW] = 0.0
    if household.chw >= 0:
        household.usual[AT_CHW] = math.exp(
            p.seek_a_facility
            + p.seek_chw_shift
            + formal
            - p.seek_km_chw * household.km_chw * p.shock_far
            - cost * p.fee_at_chw
            - p.shock_avoid_chw
        )


@rule
def trust_left(p, days):
    """The share of a memory that is left after some days."""
    return p.trust_left[days] if days < 512 else math.exp(-days / p.trust_days)


@rule
def fade_trust(household, village, p, day):
    """Good and bad memories of a household and of its village fade."""
    if day > household.trust_day:
        left = trust_left(p, day - household.trust_day)
        for v in range(2):
            household.trust[v] *= left
        household.trust_day = day
    if day > village.trust_day:
        left = trust_left(p, day - village.trust_day)
        for v in range(2):
            village.trust[v] *= left
            village.users[v] *= left
        village.trust_day = day


@rule
def remember(household, village, p, provider, change, day):
    """An experience with a CHW or a facility moves the household's trust, and less the village's; never beyond +-1."""
    fade_trust(household, village, p, day)
    v = 0 if provider == AT_CHW else 1
    household.trust[v] += change * (1.0 - abs(household.trust[v]))
    weight = min(1.0, 2.0 / max(5.0, village.users[v]))
    village.trust[v] += weight * change * (1.0 - abs(village.trust[v]))
    since = household.used_day[v]
    village.users[v] += 1.0 - trust_left(p, day - since) if since >= 0 else 1.0
    household.used_day[v] = day


@rule
def may_decide(child, minute):
    """Whether there is a decision to make: the child is unwell, not on its way or in a queue, nor under good care."""
    return child.ill > 0 and child.going_to == WAIT and child.waits_since < 0 and minute >= child.content_until


@rule
def gave_drugs(visit):
    """Whether the family went home with a drug; a test alone is none."""
    return visit.given & ~(1 << RDT) != 0


@rule
def lacked_drugs(visit):
    """Whether a drug that was wanted was out of stock; for a missing test there is suspicion."""
    return visit.lacked & ~(1 << RDT) != 0


@rule
def feels_in_good_hands(child, visit):
    """After treatment a family waits for it to work, unless it was told to go on, or sees a child in danger at home."""
    at_centre = visit.provider == AT_FACILITY
    return not visit.marks & REFERRED and (at_centre or not child.perceived)


@rule(joined=True)
def read_choice(p, day, a, b, c, d):
    """What decides a family's choice on a day: its minute since the warm-up began, and four uniforms for its race."""
    return day * MINUTES + decision_minute(a, p), (unit(a), unit(b), unit(c), unit(d))


@rule
def decision_minute(word, p):
    """The minute of the day at which the family decides: from the last 12 bits of a word that the race also uses."""
    first = int(p.seek_hours[0])
    return first + ((word & 4095) * (int(p.seek_hours[1]) - first) >> 12)


@rule
def pull_of(child, p):
    """How much more the worst complaint, and a child that looks severely ill, draw a family to any provider."""
    severe = p.seek_severe_factor
    return p.seek_factor[child.complaint] * (severe if child.perceived else 1.0)


@rule
def tried_lately(child, p, v, minute):
    """How much less a provider draws a family that has been there within two days."""
    less = p.seek_tried_factor
    return less if minute - child.visited[v] < TRIED_FOR else 1.0


@rule
def has_been_anywhere(child, minute):
    """Whether the family has tried any provider within two days."""
    return minute - max(child.visited[INFORMAL], child.visited[AT_CHW], child.visited[AT_FACILITY]) < TRIED_FOR


@rule
def most_odds(child, household, p, v):
    """The odds of a provider against waiting, for this child, were there full trust and had it not been tried."""
    odds = household.usual[v] * pull_of(child, p)
    return odds if v == INFORMAL else odds * p.seek_trust_most


@rule(inline=True)
def may_win(odds, u, uniform):
    """Whether a provider of at most these odds can come before waiting, from what both draw, without a logarithm:
    -log(u) lies between 2 (1 - u) / (1 + u) and (1 - u) / sqrt(u); both sides are squared."""
    most = odds * (1.0 - u) * (1.0 + uniform)
    least = 2.0 * (1.0 - uniform)
    return least * least * u < most * most


@rule
def is_tempted(child, household, p, uniforms, minute):
    """Whether the family could do anything but wait today if it trusted everybody fully."""
    tempted = False
    for v in range(INFORMAL, AT_FACILITY + 1):
        odds = most_odds(child, household, p, v) * tried_lately(child, p, v, minute)
        tempted |= may_win(odds, uniforms[0], uniforms[v])
    return tempted


@rule
def choose(child, household, village, providers, p, uniforms, minute):
    """The family takes the alternative whose exponential, divided by its odds, is the shortest."""
    pull = pull_of(child, p)
    shortest = -math.log(uniforms[0])
    chosen = WAIT
    for v in range(INFORMAL, AT_FACILITY + 1):
        mine = pull * tried_lately(child, p, v, minute)
        # -log(u) >= 1 - u, and trust has an upper bound: spares most logarithms and exponentials
        if 1.0 - uniforms[v] >= household.usual[v] * p.seek_trust_most * mine * shortest:
            continue
        odds = odds_for(household, village, providers, p, v) * mine
        if 1.0 - uniforms[v] < odds * shortest:
            time = -math.log(uniforms[v]) / odds
            if time < shortest:
                shortest = time
                chosen = v
    return chosen


@rule
def leaves_the_line(child, p, key, who, day):
    """Whether a family that has no turn today tries another provider at once, and does not wait at this one."""
    if p.chw_elsewhere <= 0.0 or child.going_to != AT_CHW or child.waits_since >= 0 or child.attempt > 0:
        return False
    u, _, _, _ = draw(key, Decision.SECOND_TRY, who, day)
    return u < p.chw_elsewhere


@rule
def second_choice(child, household, village, providers, p, key, who, failed, day, tries):
    """After a walk for nothing a share of families tries another provider the same day; WAIT if they go home."""
    uniforms = draw(key, Decision.SECOND_TRY, who, day)
    if uniforms[0] >= tries:
        return WAIT
    chosen = WAIT
    shortest = 0.0
    for v in range(INFORMAL, AT_FACILITY + 1):
        odds = odds_for(household, village, providers, p, v)
        odds *= tried_lately(child, p, v, day * MINUTES)
        if v != failed and odds > 0.0:
            time = -math.log(uniforms[v]) / odds
            if chosen == WAIT or time < shortest:
                shortest = time
                chosen = v
    return chosen


@rule
def walking_minutes(household, p, provider):
    """How long the way to a provider takes on foot."""
    km = household.km_facility
    if provider == AT_CHW:
        km = household.km_chw
    elif provider > AT_FACILITY:
        km = household.km_hospital
    return int(km * p.shock_far * 60.0 / p.seek_speed)
