"""The CHW as a person: present or away, skilled or rusty, motivated or not, in post or gone."""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, expit, two_normals
from iccmsim.core.records import AT_CHW, BROKEN, MONTH, NO_JOB_AID, WORKS, YEAR

QUARTER = 90  # days in which mentoring teaches once
RECENT = 60  # days for which a supervision visit is felt


@rule
def skill_gain(provider, p, gain):
    """A training or a visit adds skill, the less the more there is: it never passes its ceiling."""
    provider.skill = min(p.skill_max, provider.skill + gain * (1.0 - provider.skill / p.skill_max))


@rule
def skill_fades(provider, p):
    """A day without practice in company: a small part of what was learnt is lost."""
    provider.skill -= p.skill_decay * provider.skill / 30.0


@rule
def visit_gain(provider, p, mentors, day):
    """What a supervision visit teaches: much if it mentors, once in a quarter, else little."""
    if mentors and (provider.mentored_day < 0 or day - provider.mentored_day >= QUARTER):
        provider.mentored_day = day
        return p.skill_mentored
    return p.skill_visit


@rule
def motivation_moves(provider, p, day):
    """Motivation drifts slowly towards what supervision, workload, a full box and pay warrant."""
    aim = p.motiv_base + p.motiv_stocked * provider.stocked - p.motiv_overload * provider.overload
    if provider.supervised_day >= 0 and day - provider.supervised_day <= RECENT:
        aim += p.motiv_supervised
    if provider.unpaid > 0:
        aim -= p.motiv_unpaid * min(p.motiv_unpaid_most, provider.unpaid)
    if provider.job_aid == WORKS:
        aim += p.motiv_aid
    provider.motivation += (min(1.0, max(0.0, aim)) - provider.motivation) / p.motiv_days


@rule
def chance_present(provider, p):
    """The share of working days on which this CHW is there, given motivation."""
    base = 1.0 - p.chw_absent
    return min(0.98, base * (0.5 + 0.5 * provider.motivation / p.motiv_ref))


@rule
def comes_to_work(provider, p, key, day):
    """Presence in spells: who is away stays away for days, longer where the share of days could not be reached else;
    on days off only some can be reached."""
    u, v, w, _ = draw(key, Decision.CHW_DAY, provider.number, day)
    share = chance_present(provider, p)
    back = min(1.0 / p.chw_absent_spell, share / (1.0 - share))
    if provider.in_spell:
        provider.in_spell = 0 if u < back else 1
    elif p.chw_absent > 0.0:
        provider.in_spell = 1 if u < back * (1.0 - share) / share else 0
    working_day = day % 7 < p.chw_days_week
    provider.present = 1 if provider.in_spell == 0 and (working_day or v < p.night_avail) else 0
    return w


@rule
def is_displaced(provider, p, key):
    """Whether this CHW is one of those whom a shock (fighting, a flood) has driven away."""
    if p.shock_chws_gone <= 0.0 or provider.kind != AT_CHW:
        return False
    u, _, _, _ = draw(key, Decision.DISPLACED, provider.number, 0)
    return u < p.shock_chws_gone


@rule
def is_at_post(provider, p, key):
    """Whether anybody is there to report, to be visited, or to take a delivery: the post is held, its CHW not driven
    away."""
    return provider.vacant_until < 0 and not is_displaced(provider, p, key)


@rule
def leaves_post(provider, p, u):
    """Attrition: a small daily chance, larger when motivation is low."""
    yearly = p.chw_attr * math.exp(-p.motiv_attrition * (provider.motivation - p.motiv_ref))
    return u < 1.0 - math.exp(-yearly / YEAR)


@rule
def vacancy_days(provider, p, key, day):
    """How long the post stays empty until a successor is found and trained: never under a quarter of the mean."""
    u, _, _, _ = draw(key, Decision.VACANCY, provider.number, day)
    return int(round(p.chw_vacancy * MONTH * (0.25 - 0.75 * math.log(u))))


@rule
def posted_day(found, p):
    """Whoever is found waits for the next training course, where courses are held on dates, and is posted after it."""
    if p.chw_course_every <= 0.0:
        return found
    every = p.chw_course_every * MONTH
    begins = p.run_warmup_days + every * math.ceil((found - p.run_warmup_days) / every)
    return int(math.ceil(begins + p.chw_course_days))


@rule
def talent(provider, p, key, base, spread):
    """What this person brings to every step of a consultation: one lasting deviation, shared by all steps."""
    u, v, _, _ = draw(key, Decision.CHW_SKILL, provider.number, provider.generation)
    z, _ = two_normals(u, v)
    for step in range(9):
        provider.logit[step] = base[step] + spread * z


@rule
def takes_up_post(provider, p, key, day):
    """A successor, trained before being posted, with a talent of their own and the stock that was left."""
    provider.generation += 1
    provider.vacant_until = -1
    provider.in_spell = 0
    provider.skill = p.skill_training * (1.0 if p.skill_training <= p.skill_max else p.skill_max / p.skill_training)
    provider.motivation = p.motiv_ref
    provider.overload = 0.0
    provider.owed = 0.0
    provider.wait_hours = 0.0
    provider.supervised_day = -1
    provider.mentored_day = -1
    provider.refreshed_day = day
    provider.unpaid = 0
    talent(provider, p, key, p.chw_logit, p.chw_skill_sd)


@rule
def is_supervised(provider, p, key, month_number):
    """Whether a supervisor comes this month, and on which of its days, and whether it is a mentoring visit."""
    u, v, w, _ = draw(key, Decision.SUPERVISION, provider.number, month_number)
    day = int(w * 30.0) if u < p.spv_freq else -1
    return day, v < p.spv_obs


@rule
def how_sure(provider, p):
    """The chance of each step of a consultation today, from talent and present skill; while a job aid works, the steps
    that it asks for are done more often."""
    for step in range(9):
        aid = p.aid_steps[step] if provider.job_aid == WORKS else 0.0
        provider.sure[step] = expit(provider.logit[step] + provider.skill + aid)
    provider.unsure = 0


@rule
def job_aid_today(provider, p, key, day):
    """Some posts have a job aid on a phone or tablet; it breaks down, and is mended after some weeks."""
    owner, _, _, _ = draw(key, Decision.DEVICE, provider.number, 0)
    if owner >= p.aid_share:
        provider.job_aid = NO_JOB_AID
        return
    u, _, _, _ = draw(key, Decision.BREAKDOWN, provider.number, day)
    mended = 1.0 / p.aid_down_days
    if provider.job_aid == BROKEN:
        provider.job_aid = WORKS if u < mended else BROKEN
    else:
        provider.job_aid = BROKEN if u < mended * p.aid_down / (1.0 - p.aid_down) else WORKS


@rule
def minutes_left(minutes, p, day_of_month, rainy):
    """What a campaign of the rainy season (the first days of each of its months) leaves of a day's consultations."""
    return minutes * (1.0 - p.duty_share) if rainy and day_of_month < p.duty_days else minutes


@rule
def looks_bad(provider, mean_cases):
    """How bad a CHW looks on paper: days with something lacking, and children missing against the others' mean.

    Of whom no report has come nothing is known, and nothing looks bad.
    """
    if provider.reported_cases < 0:
        return 0.0
    few = max(0.0, 1.0 - provider.reported_cases / mean_cases) if mean_cases > 0.0 else 0.0
    return few + provider.reported_out_days / 30.0


@rule
def visit_of_the_worst(provider, p, key, day, month_number):
    """The supervisor sets out for this CHW on one of the days of the month, to mentor or merely to look."""
    u, v, _, _ = draw(key, Decision.TARGETED, provider.number, month_number)
    provider.visit_day = day + 1 + int(u * 29.0)
    provider.visit_mentors = 1 if v < p.spv_obs else 0
