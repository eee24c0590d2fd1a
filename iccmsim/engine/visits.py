"""What happens when a child arrives somewhere: at a shop, before a CHW's or health centre's door, at the hospital."""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.records import (
    ALIVE,
    AT_CHW,
    AT_FACILITY,
    AT_HOME,
    AT_HOSPITAL,
    DANGER_FOUND,
    FOUND_CLOSED,
    FOUND_NO_DRUG,
    GONE,
    INDRAWING_AT_HOME,
    INFORMAL,
    IS_HYPOXIC,
    MILD,
    MINUTES,
    REFERRED,
    TURNED_AWAY,
    WAIT,
)
from iccmsim.engine.calendar import put
from iccmsim.engine.feeding import look_for_wasting
from iccmsim.rules.care_seeking import (
    DAYTIME,
    feels_in_good_hands,
    gave_drugs,
    lacked_drugs,
    reckon_odds,
    remember,
    second_choice,
    walking_minutes,
)
from iccmsim.rules.case_management import consult, lead_course
from iccmsim.rules.facility_care import (
    completes_referral,
    facility_is_open,
    has_room,
    is_rainy,
    loses_patience,
    minutes_each,
    month_number,
    referral_minutes,
)
from iccmsim.rules.illness import live_until, signs_now, signs_of_breathing
from iccmsim.rules.outreach import promise_follow_up
from iccmsim.rules.pay import pays
from iccmsim.rules.treatment import admit, buy_from_shop, hospital_care, treat, treat_indrawing
from iccmsim.world.zone import ARRIVALS, VISITS


@rule(joined=True)
def bring_up(child, courses, households, villages, p, key, minute):
    """Bring a child up to a minute; a family whose child got worse after treatment remembers who gave it."""
    if child.due > minute:
        return
    live_until(child, courses, p, key, minute)
    if child.let_down_by:
        household = households[child.household]
        village = villages[household.village]
        for provider in range(AT_CHW, AT_FACILITY + 1):
            if child.let_down_by & 1 << provider:
                remember(household, village, p, provider, p.trust_severe, minute // MINUTES)
        child.let_down_by = 0


@rule(joined=True)
def set_out(zone, row, p, provider, minute):
    """The family starts walking."""
    child = zone.child[row]
    child.going_to = provider
    child.arrives = minute + walking_minutes(zone.household[child.household], p, provider)
    put(zone.days, ARRIVALS, zone.child, row, child.arrives)


@rule(joined=True)
def morning_after(day, p):
    """The minute at which those who wait are looked after again."""
    return (day + 1) * MINUTES + int(p.seek_hours[0])


@rule(joined=True)
def come_again(zone, row, minute):
    """The child stays where it is, and its turn comes on another day."""
    child = zone.child[row]
    if child.waits_since < 0:
        child.waits_since = child.arrives
    child.arrives = minute
    put(zone.days, ARRIVALS, zone.child, row, minute)


@rule(joined=True)
def go_home(child):
    """The way and the waiting are over."""
    child.going_to = WAIT
    child.waits_since = -1
    child.by_referral = 0
    child.attempt = 0


@rule(joined=True)
def open_visit(zone, row, provider, who, lead, minute):
    """A line in the books. Where no table is kept there is one row, written over and over."""
    i = zone.n[VISITS]
    if zone.visit.shape[0] > 1:
        zone.n[VISITS] += 1
    else:
        i = 0
    visit = zone.visit[i]
    child = zone.child[row]
    visit.child = row
    visit.course = lead
    visit.arrived = minute if provider == INFORMAL else (child.waits_since if child.waits_since >= 0 else child.arrives)
    visit.minute = minute
    visit.provider = provider
    visit.who = who
    visit.complaint = child.complaint
    visit.marks = AT_HOME if child.at_home and provider == AT_CHW else 0
    visit.given = 0
    visit.lacked = 0
    visit.by_referral = child.by_referral
    return i


@rule(joined=True)
def note_care(zone, child, provider, minute):
    """Each illness the child has now counts this visit; the first formal one is what surveys ask about."""
    for k in range(6):
        row = child.active[k]
        if row >= 0 and zone.course[row].stage >= MILD:
            course = zone.course[row]
            course.visits += 1
            course.seen_by |= 1 << provider
            if course.first_care < 0:
                course.first_care = minute
                course.first_provider = provider
            if provider != INFORMAL and course.first_formal < 0:
                course.first_formal = minute


@rule(joined=True)
def at_shop(zone, row, p, key, minute):
    """A purchase from a shop, a drug seller or a neighbour, at once."""
    child = zone.child[row]
    open_visit(zone, row, INFORMAL, -1, lead_course(child, zone.course), minute)
    note_care(zone, child, INFORMAL, minute)
    buy_from_shop(child, zone.course, minute, p, key)
    child.visited[INFORMAL] = minute


@rule(joined=True)
def at_hospital(zone, row, p, key):
    """Arrival at the referral hospital."""
    child = zone.child[row]
    minute = child.arrives
    bring_up(child, zone.course, zone.household, zone.village, p, key, minute)
    if child.state == ALIVE and child.ill > 0:
        open_visit(zone, row, AT_HOSPITAL, -1, lead_course(child, zone.course), minute)
        note_care(zone, child, AT_HOSPITAL, minute)
        mark_referral_done(zone, child)
        hospital_care(child, zone.course, minute, p, key)
        child.content_until = minute + int(p.seek_content_days * MINUTES)
    go_home(child)


@rule(joined=True)
def mark_referral_done(zone, child):
    """The referral of each present illness is complete."""
    for k in range(6):
        row = child.active[k]
        if row >= 0 and zone.course[row].referred:
            zone.course[row].referral_done = 1


@rule(joined=True)
def at_provider(zone, row, p, key, day):
    """Arrival at a CHW's post or the health centre: is anyone there, has anyone time?"""
    child = zone.child[row]
    who = 0 if child.going_to == AT_FACILITY else zone.household[child.household].chw
    provider = zone.provider[who]
    month = zone.monthly[who, month_number(day, p)]
    if provider.kind == AT_FACILITY and not facility_is_open(day, p) and child.by_referral:
        come_again(zone, row, morning_after(day, p))
        return
    if not provider.present:
        walk_for_nothing(zone, row, p, key, child.arrives, who, month, FOUND_CLOSED)
        return
    starts = max(child.arrives, provider.clock)
    if provider.minutes < minutes_each(provider.kind, p) or starts >= (day + 1) * MINUTES:
        queue_up(zone, row, p, key, day, who, month)
        return
    bring_up(child, zone.course, zone.household, zone.village, p, key, starts)
    if child.state != ALIVE or child.ill == 0:
        go_home(child)
        return
    provider.minutes -= minutes_each(provider.kind, p)
    provider.clock = starts + int(minutes_each(provider.kind, p))
    be_seen(zone, row, p, key, starts, who, month)


@rule(joined=True)
def queue_up(zone, row, p, key, day, who, month):
    """No time left today: wait for tomorrow if there is room and patience."""
    child = zone.child[row]
    provider = zone.provider[who]
    provider.overloaded_today = 1
    since = child.arrives if child.waits_since < 0 else child.waits_since
    if loses_patience(provider.kind, p, day - since // MINUTES) or not has_room(provider, p):
        walk_for_nothing(zone, row, p, key, max(child.arrives, day * MINUTES), who, month, TURNED_AWAY)
    else:
        provider.waiting += 1
        come_again(zone, row, morning_after(day, p))


@rule(joined=True)
def walk_for_nothing(zone, row, p, key, minute, who, month, mark):
    """Nobody there, or no turn: half a day is gone, trust suffers, some try elsewhere the same day."""
    child = zone.child[row]
    bring_up(child, zone.course, zone.household, zone.village, p, key, minute)
    if child.state != ALIVE or child.ill == 0:
        go_home(child)
        return
    i = open_visit(zone, row, child.going_to, who, lead_course(child, zone.course), minute)
    zone.visit[i].marks |= mark
    month.visits_missed += 1
    be_disappointed(zone, row, p, key, minute)


@rule(joined=True)
def be_disappointed(zone, row, p, key, minute):
    """A family that got nothing trusts less, and perhaps tries another provider."""
    child = zone.child[row]
    household = zone.household[child.household]
    village = zone.village[household.village]
    failed = child.going_to
    day = minute // MINUTES
    remember(household, village, p, failed, p.trust_failed, day)
    again = child.attempt == 0
    go_home(child)
    if not again:
        return
    reckon_odds(household, village, p, day)
    chosen = second_choice(child, household, p, key, row, failed, day)
    if chosen == INFORMAL:
        bring_up(child, zone.course, zone.household, zone.village, p, key, minute + DAYTIME)
        if child.state == ALIVE and child.ill > 0:
            at_shop(zone, row, p, key, minute + DAYTIME)
    elif chosen != WAIT:
        child.attempt = 1
        set_out(zone, row, p, chosen, minute + DAYTIME)


@rule(joined=True)
def be_seen(zone, row, p, key, minute, who, month):
    """The consultation and what follows: doses, inpatient care, referral, the family's memory of it."""
    child = zone.child[row]
    provider = zone.provider[who]
    lead = lead_course(child, zone.course)
    visit = zone.visit[open_visit(zone, row, provider.kind, who, lead, minute)]
    month.cases += 1
    month.minutes += minutes_each(provider.kind, p)
    note_care(zone, child, provider.kind, minute)
    if child.by_referral:
        mark_referral_done(zone, child)
    signs = signs_now(child, zone.course)
    if p.policy_indrawing > 0.0 or p.policy_oximetry > 0.0:
        signs |= signs_of_breathing(child, zone.course, p, key)
    consult(child, zone.course[lead], provider, month, visit, p, key, signs, minute)
    if gave_drugs(visit):
        treat(child, zone.course, visit, minute, p, key)
    month.fees += pays(zone.household[child.household], p, provider.kind, gave_drugs(visit))
    if visit.marks & INDRAWING_AT_HOME:
        treat_indrawing(child, zone.course, visit, signs & IS_HYPOXIC, minute, p, key)
    if provider.kind == AT_FACILITY and visit.marks & DANGER_FOUND:
        admit(child, zone.course, AT_FACILITY, p.fac_full, minute, p, key)
    for k in range(6):
        if child.active[k] >= 0:
            zone.course[child.active[k]].lacked |= visit.lacked
    part(zone, row, p, key, minute, visit, month)
    if p.policy_muac > 0.0 and provider.kind == AT_CHW:
        look_for_wasting(child, zone.course, provider, month, visit, p, key, minute)


@rule(joined=True)
def part(zone, row, p, key, minute, visit, month):
    """How the visit ends: sent on, sent home content, or sent home without the drug."""
    child = zone.child[row]
    household = zone.household[child.household]
    day = minute // MINUTES
    kind = child.going_to
    sent = False
    if visit.marks & REFERRED:
        month.referred += 1
        sent = send_on(zone, row, p, key, minute, visit, AT_FACILITY if kind == AT_CHW else AT_HOSPITAL)
    if lacked_drugs(visit):
        visit.marks |= FOUND_NO_DRUG
        month.without_drug += 1
    if lacked_drugs(visit) and not gave_drugs(visit):
        if sent:
            remember(household, zone.village[household.village], p, kind, p.trust_failed, day)
        else:
            be_disappointed(zone, row, p, key, minute)
        return
    child.visited[kind] = minute
    if gave_drugs(visit) and not lacked_drugs(visit):
        remember(household, zone.village[household.village], p, kind, p.trust_useful, day)
        if feels_in_good_hands(child, visit):
            child.content_until = minute + int(p.seek_content_days * MINUTES)
    if p.followup_share > 0.0 and kind == AT_CHW and gave_drugs(visit) and not sent:
        promise_follow_up(child, p, minute)
    if not sent:
        go_home(child)


@rule(joined=True)
def send_on(zone, row, p, key, minute, visit, destination):
    """A referral: noted on every illness; whether the family goes, and when it arrives, is its own matter."""
    child = zone.child[row]
    course = zone.course[visit.course]
    for k in range(6):
        if child.active[k] >= 0 and zone.course[child.active[k]].stage >= MILD:
            zone.course[child.active[k]].referred = 1
    household = zone.household[child.household]
    if not completes_referral(child, course, household, destination, p, key, is_rainy(minute // MINUTES, p)):
        return False
    visit.marks |= GONE
    go_home(child)
    child.going_to = destination
    child.by_referral = 1
    child.arrives = minute + referral_minutes(course, p, key)
    put(zone.days, ARRIVALS, zone.child, row, child.arrives)
    return True
