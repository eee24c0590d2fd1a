"""What happens when a child arrives somewhere: at a shop, before a CHW's or health centre's door, at the hospital."""

from __future__ import annotations

from iccmsim.core.bits import first_of, rest_of
from iccmsim.core.compiled import rule
from iccmsim.core.records import (
    ALIVE,
    AT_CHW,
    AT_FACILITY,
    AT_HOSPITAL,
    DANGER_FOUND,
    ESCORTED,
    FOUND_CLOSED,
    FOUND_NO_DRUG,
    GONE,
    HAS_FEVER,
    INDRAWING_AT_HOME,
    INFORMAL,
    IS_HYPOXIC,
    MINUTES,
    NO_BED,
    REFERRED,
    TAKEN_THERE,
    TRIAGED,
    TURNED_AWAY,
    VOLUNTEER,
    WAIT,
)
from iccmsim.engine.calendar import put
from iccmsim.engine.feeding import look_for_wasting
from iccmsim.engine.ways import (
    bring_up,
    come_again,
    go_home,
    mark_referral_done,
    morning_after,
    note_care,
    note_missed_chw,
    open_visit,
    set_out,
)
from iccmsim.rules.care_seeking import (
    DAYTIME,
    feels_in_good_hands,
    gave_drugs,
    lacked_drugs,
    leaves_the_line,
    note_wait,
    remember,
    second_choice,
)
from iccmsim.rules.case_management import act_for_age, consult, is_young_infant, lead_course, take_from_stock
from iccmsim.rules.facility_care import (
    completes_referral,
    facility_is_open,
    has_room,
    help_on_the_way,
    is_rainy,
    is_taken_first,
    loses_patience,
    minutes_each,
    month_number,
    referral_minutes,
    ride_minutes,
    see_to,
    takes_bed,
    triage,
)
from iccmsim.rules.illness import signs_now, signs_of_breathing
from iccmsim.rules.outreach import promise_follow_up
from iccmsim.rules.pay import pays
from iccmsim.rules.treatment import (
    admit,
    buy_from_shop,
    hospital_care,
    is_treated_by_volunteer,
    refer_failures,
    treat,
    treat_failures,
    treat_indrawing,
)
from iccmsim.rules.workforce import how_sure
from iccmsim.world.zone import ARRIVALS


@rule(joined=True)
def at_shop(zone, row, p, key, minute):
    """A purchase from a shop, a drug seller or a neighbour, at once."""
    child = zone.child[row]
    open_visit(zone, row, INFORMAL, -1, lead_course(child), minute)
    note_care(zone, child, INFORMAL, minute)
    buy_from_shop(child, zone.course, minute, p, key)
    child.visited[INFORMAL] = minute


@rule(joined=True)
def at_volunteer(zone, row, p, key, minute):
    """Home management of malaria: a volunteer near by gives a feverish child an ACT, untested, from the CHW's box or,
    where no CHW holds it, the health centre's. A child that looks in danger is told to go on."""
    child = zone.child[row]
    lead = lead_course(child)
    if lead < 0 or not signs_now(child, zone.course) & HAS_FEVER or is_young_infant(child, minute):
        return
    if not is_treated_by_volunteer(child, zone.course[lead], p, key):
        return
    act = act_for_age(child, minute)
    who = max(0, zone.household[child.household].chw)
    if zone.provider[who].kit[act] <= 0.0:
        who = 0
    visit = zone.visit[open_visit(zone, row, VOLUNTEER, who, lead, minute)]
    note_care(zone, child, VOLUNTEER, minute)
    if not take_from_stock(zone.provider[who], zone.monthly[who, month_number(minute // MINUTES, p)], act):
        visit.lacked |= 1 << act
        return
    visit.given |= 1 << act
    visit.dose[act] = 1.0
    treat(child, zone.course, visit, minute, p, key)
    if feels_in_good_hands(child, visit):
        child.content_until = minute + int(p.seek_content_days * MINUTES)


@rule(joined=True)
def at_hospital(zone, row, p, key):
    """Arrival at the referral hospital."""
    child = zone.child[row]
    minute = child.arrives
    bring_up(child, zone.course, zone.household, zone.village, p, key, minute)
    if child.state == ALIVE and child.ill > 0:
        open_visit(zone, row, AT_HOSPITAL, -1, lead_course(child), minute)
        note_care(zone, child, AT_HOSPITAL, minute)
        mark_referral_done(zone, child)
        bed = child.severe == 0 or takes_bed(zone.provider[0].hospital_bed_until, p.hosp_beds, minute, p)
        hospital_care(child, zone.course, bed, minute, p, key)
        child.content_until = minute + int(p.seek_content_days * MINUTES)
    go_home(child)


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
        walk_for_nothing(zone, row, p, key, child.arrives, who, month, FOUND_CLOSED, p.seek_second)
        return
    starts = max(child.arrives, provider.clock)
    takes = minutes_each(provider.kind, p)
    over = starts >= (day + 1) * MINUTES
    full = provider.minutes <= 0.0 or over
    marks = 0
    if triage(provider.kind, p) > 0.0 and (full or starts > child.arrives) and not over \
            and cannot_wait(zone, row, p, key):  # fmt: skip
        starts = child.arrives
        marks = TRIAGED
    elif full:
        queue_up(zone, row, p, key, day, who, month)
        return
    bring_up(child, zone.course, zone.household, zone.village, p, key, starts)
    if child.state != ALIVE or child.ill == 0:
        go_home(child)
        return
    see_to(provider, starts, takes, full, p)
    if p.seek_wait > 0.0:
        note_wait(provider, starts - (child.arrives if child.waits_since < 0 else child.waits_since))
    be_seen(zone, row, p, key, starts, who, month, marks)


@rule(joined=True)
def cannot_wait(zone, row, p, key):
    """Whether a child that would have to wait is picked out and seen at once, beyond the hours if need be."""
    child = zone.child[row]
    bring_up(child, zone.course, zone.household, zone.village, p, key, child.arrives)
    if child.state != ALIVE or child.ill == 0:
        return False
    return is_taken_first(child, row, signs_now(child, zone.course), p, key)


@rule(joined=True)
def queue_up(zone, row, p, key, day, who, month):
    """No time left today: try elsewhere at once, or wait for tomorrow if there is room and patience."""
    child = zone.child[row]
    provider = zone.provider[who]
    provider.overloaded_today = 1
    if child.waits_since < 0:
        month.no_turn += 1
        if child.going_to == AT_CHW:
            note_missed_chw(zone, child)
    since = child.arrives if child.waits_since < 0 else child.waits_since
    if loses_patience(provider.kind, p, day - since // MINUTES) or not has_room(provider, p):
        walk_for_nothing(zone, row, p, key, max(child.arrives, day * MINUTES), who, month, TURNED_AWAY, p.seek_second)
    elif leaves_the_line(child, p, key, row, day):
        walk_for_nothing(zone, row, p, key, child.arrives, who, month, TURNED_AWAY, p.chw_elsewhere)
    else:
        provider.waiting += 1
        come_again(zone, row, morning_after(day, p))


@rule(joined=True)
def walk_for_nothing(zone, row, p, key, minute, who, month, mark, tries):
    """Nobody there, or no turn: half a day is gone, trust suffers, a share tries elsewhere the same day."""
    child = zone.child[row]
    bring_up(child, zone.course, zone.household, zone.village, p, key, minute)
    if child.state != ALIVE or child.ill == 0:
        go_home(child)
        return
    i = open_visit(zone, row, child.going_to, who, lead_course(child), minute)
    zone.visit[i].marks |= mark
    if child.going_to == AT_CHW:
        note_missed_chw(zone, child)
    month.visits_missed += 1
    if mark == TURNED_AWAY:
        month.turned_away += 1
    be_disappointed(zone, row, p, key, minute, tries)


@rule(joined=True)
def be_disappointed(zone, row, p, key, minute, tries):
    """A family that got nothing trusts less, and perhaps tries another provider, if it has tried but one today."""
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
    chosen = second_choice(child, household, village, zone.provider, p, key, row, failed, day, tries)
    if chosen == INFORMAL:
        bring_up(child, zone.course, zone.household, zone.village, p, key, minute + DAYTIME)
        if child.state == ALIVE and child.ill > 0:
            at_shop(zone, row, p, key, minute + DAYTIME)
    elif chosen != WAIT:
        child.attempt = 1
        set_out(zone, row, p, chosen, minute + DAYTIME)


@rule(joined=True)
def be_seen(zone, row, p, key, minute, who, month, marks):
    """The consultation and what follows: doses, inpatient care, referral, the family's memory of it."""
    child = zone.child[row]
    provider = zone.provider[who]
    lead = lead_course(child)
    visit = zone.visit[open_visit(zone, row, provider.kind, who, lead, minute)]
    visit.marks |= marks
    month.cases += 1
    month.minutes += minutes_each(provider.kind, p)
    if child.waits_since >= 0:
        month.waited += 1
    note_care(zone, child, provider.kind, minute)
    if child.by_referral:
        mark_referral_done(zone, child)
    signs = signs_now(child, zone.course)
    if p.policy_indrawing > 0.0 or p.policy_oximetry > 0.0:
        signs |= signs_of_breathing(child, zone.course, p, key)
    if provider.unsure:
        how_sure(provider, p)
    consult(child, zone.course[lead], provider, month, visit, p, key, signs, minute)
    if provider.kind == AT_FACILITY and child.severe > 0 and visit.marks & DANGER_FOUND \
            and not takes_bed(provider.bed_until, p.fac_beds, minute, p):  # fmt: skip
        visit.marks |= NO_BED | REFERRED
    if provider.kind == AT_FACILITY and p.fac_second_line > 0.0:
        treat_failures(child, zone.course, visit, minute, p, key)
    if provider.kind == AT_CHW and p.policy_no_better_refer > 0.0:
        refer_failures(child, zone.course, visit, minute, p, key)
    if gave_drugs(visit):
        treat(child, zone.course, visit, minute, p, key)
    month.fees += pays(zone.household[child.household], p, provider.kind, gave_drugs(visit))
    if visit.marks & INDRAWING_AT_HOME:
        treat_indrawing(child, zone.course, visit, signs & IS_HYPOXIC, minute, p, key)
    if provider.kind == AT_FACILITY and visit.marks & DANGER_FOUND and not visit.marks & NO_BED:
        admit(child, zone.course, AT_FACILITY, p.fac_full, minute, p, key)
    if visit.lacked:
        some = int(child.ill)
        while some:
            zone.course[child.active[first_of(some)]].lacked |= visit.lacked
            some = rest_of(some)
    part(zone, row, p, key, minute, visit, month)
    if p.policy_muac > 0.0 and provider.kind == AT_CHW:
        look_for_wasting(child, zone.course, zone.course[lead], provider, month, visit, p, key, minute)


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
            be_disappointed(zone, row, p, key, minute, p.seek_second)
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
    some = int(child.ill)
    while some:
        zone.course[child.active[first_of(some)]].referred = 1
        some = rest_of(some)
    household = zone.household[child.household]
    aid = help_on_the_way(course, p, key) if visit.provider == AT_CHW else 0
    if not completes_referral(child, course, household, destination, p, key, is_rainy(minute // MINUTES, p), aid):
        return False
    visit.marks |= GONE | aid
    if aid & ESCORTED:  # the CHW is away for the rest of the day
        zone.provider[visit.who].minutes = 0.0
        zone.provider[visit.who].clock = (minute // MINUTES + 1) * MINUTES
    go_home(child)
    child.going_to = destination
    child.by_referral = 1
    child.arrives = minute + referral_minutes(course, p, key)
    if aid & TAKEN_THERE:
        child.arrives = min(child.arrives, minute + ride_minutes(household, destination, p))
    put(zone.days, ARRIVALS, zone.child, row, child.arrives)
    return True
