"""The morning and the night of the providers: who is present, who visits, what is delivered."""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.records import (
    AT_CHW,
    AT_FACILITY,
    MINUTES,
    MONTH,
    N_PRODUCTS,
    NO_JOB_AID,
    NOT_YET_POSTED,
    WORKS,
)
from iccmsim.engine.orders import order_stock
from iccmsim.engine.staff import families_hear, join_campaign, pay_salaries, send_to_the_worst
from iccmsim.rules.care_seeking import trust_left
from iccmsim.rules.facility_care import facility_is_open, is_rainy, is_shut, make_up_for, minutes_today, month_number
from iccmsim.rules.supply import (
    goes_astray,
    hand_over_first_box,
    is_cut_off,
    note_stock,
    receive,
    throw_out_expired,
    withdraw,
)
from iccmsim.rules.workforce import (
    comes_to_work,
    is_displaced,
    is_supervised,
    job_aid_today,
    leaves_post,
    motivation_moves,
    posted_day,
    skill_fades,
    skill_gain,
    takes_up_post,
    vacancy_days,
    visit_gain,
)


@rule
def keep_house(zone, p, key, day):
    """Morning: deliveries, supervision, training, who has left or come, who is present; on their day, orders."""
    number = month_number(day, p)
    rainy = is_rainy(day, p)
    for who in range(zone.provider.shape[0]):
        provider = zone.provider[who]
        month = zone.monthly[who, number]
        if not is_cut_off(provider, rainy) and p.shock_cut == 0.0 and not is_displaced(provider, p, key):
            take_delivery(provider, month, p, key, day)
        look_for_expired(provider, month, p, day)
        if p.shock_recalls > 0.0:
            withdraw(provider, month, p)
        provider.waiting = 0
        if p.seek_wait > 0.0:
            provider.wait_hours *= trust_left(p, 1)
        provider.overloaded_today = 0
        provider.minutes = minutes_today(provider.kind, p)
        provider.clock = day * MINUTES
        if provider.kind == AT_FACILITY:
            provider.present = 1 if facility_is_open(day, p) and not is_shut(provider, p, key, day) else 0
        else:
            if provider.generation == NOT_YET_POSTED and day >= provider.vacant_until and p.chw_recruit > 0.0:
                families_hear(zone, who, p, day)
            chw_morning(provider, month, p, key, day, number)
        if provider.owed > 0.0 and provider.present:
            make_up_for(provider)
    if p.spv_targeted > 0.0 and number != month_number(day - 1, p):
        send_to_the_worst(zone, p, key, day, number)
    if number != month_number(day + 1, p):
        pay_salaries(zone, p, key, number)
    order_stock(zone, p, key, day, number)


@rule
def take_delivery(provider, month, p, key, day):
    """What is due goes on the shelf, less what was lost on the road."""
    if receive(provider, month, day):
        goes_astray(provider, month, p, key, day)


@rule
def look_for_expired(provider, month, p, day):
    """What has grown too old comes off the shelf, wherever it stands."""
    life = p.sup_shelf if provider.kind == AT_CHW else p.fac_sup_shelf
    if life > 0.0:
        throw_out_expired(provider, month, life, day)


@rule
def chw_morning(provider, month, p, key, day, number):
    """One CHW's morning: in post or not, trained, visited, motivated, at work."""
    if provider.vacant_until >= 0:
        provider.present = 0
        if p.chw_recruit == 0.0:  # nobody looks for a successor either
            provider.vacant_until += 1
            return
        if day < provider.vacant_until:
            return
        if provider.generation == NOT_YET_POSTED:
            hand_over_first_box(provider, p)
        takes_up_post(provider, p, key, day)
    month.days_in_post += 1
    displaced = is_displaced(provider, p, key)
    be_supervised(provider, month, p, key, day, number, not displaced and p.shock_cut == 0.0)
    due = p.spv_refresher_months > 0.0 and day - provider.refreshed_day >= p.spv_refresher_months * MONTH
    if due and not displaced:
        skill_gain(provider, p, p.skill_refresher)
        provider.refreshed_day = day
    skill_fades(provider, p)
    if p.aid_share > 0.0 or provider.job_aid != NO_JOB_AID:
        job_aid_today(provider, p, key, day)
    motivation_moves(provider, p, day)
    month.skill += provider.skill
    month.motivation += provider.motivation
    u = comes_to_work(provider, p, key, day)
    if displaced:
        provider.present = 0
    month.days_present += provider.present
    provider.unsure = 1
    if provider.job_aid == WORKS:
        month.aid_days += 1
    if p.duty_days > 0.0:
        join_campaign(provider, month, p, day, number)
    if leaves_post(provider, p, u):
        provider.present = 0
        provider.vacant_until = posted_day(day + max(1, vacancy_days(provider, p, key, day)), p)
        month.departures += 1


@rule
def be_supervised(provider, month, p, key, day, number, reached):
    """The month's supervision visit, if there is one, on its day: it teaches something, more if it mentors. One that
    does not reach the CHW, whom or whose road a shock has taken away, is not made up for."""
    if number != month_number(day - 1, p):
        day_of_month, mentors = is_supervised(provider, p, key, number)
        provider.visit_day = day + day_of_month if day_of_month >= 0 else -1
        provider.visit_mentors = 1 if mentors else 0
    if provider.visit_day == day and not reached:
        provider.visit_day = -1
    elif provider.visit_day == day:
        provider.supervised_day = day
        provider.visit_day = -1
        month.supervised += 1
        month.mentored += provider.visit_mentors
        skill_gain(provider, p, visit_gain(provider, p, provider.visit_mentors, day))


@rule
def close_the_day(zone, p, day):
    """Night: the shelves are counted."""
    number = month_number(day, p)
    kept = day if zone.stock_by_day.shape[0] > 1 else 0
    for who in range(zone.provider.shape[0]):
        provider = zone.provider[who]
        note_stock(provider, zone.monthly[who, number])
        if provider.kind == AT_CHW:
            provider.overload += (provider.overloaded_today - provider.overload) / 30.0
        for product in range(N_PRODUCTS):
            zone.stock_by_day[kept, who, product] = provider.stock[product]
