"""The CHW as a person: present or away, skilled or rusty, motivated or not, in post or gone."""

from __future__ import annotations

import math

from iccmsim.core.compiled import rule
from iccmsim.core.draws import Decision, draw, expit, two_normals
from iccmsim.core.records import MONTH, YEAR

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
    """Motivation drifts slowly towards what supervision, workload and a full box warrant."""
    aim = p.motiv_base + p.motiv_stocked * provider.stocked - p.motiv_overload * provider.overload
    if provider.supervised_day >= 0 and day - provider.supervised_day <= RECENT:
        aim += p.motiv_supervised
    provider.motivation += (min(1.0, max(0.0, aim)) - provider.motivation) / p.motiv_days


@rule
def chance_present(provider, p):
    """The share of working days on which this CHW is there, given motivation."""
    base = 1.0 - p.chw_absent
    return min(0.98, base * (0.5 + 0.5 * provider.motivation / p.motiv_ref))


@rule
def comes_to_work(provider, p, key, day):
    """Presence in spells: who is away stays away for days; on days off and at night only some can be reached."""
    u, v, w, _ = draw(key, Decision.CHW_DAY, provider.number, day)
    share = chance_present(provider, p)
    back = 1.0 / p.chw_absent_spell
    if provider.in_spell:
        provider.in_spell = 0 if u < back else 1
    elif p.chw_absent > 0.0:
        provider.in_spell = 1 if u < back * (1.0 - share) / share else 0
    working_day = day % 7 < p.chw_days_week
    provider.present = 1 if provider.in_spell == 0 and (working_day or v < p.night_avail) else 0
    return w


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
    provider.supervised_day = -1
    provider.mentored_day = -1
    provider.refreshed_day = day
    talent(provider, p, key, p.chw_logit, p.chw_skill_sd)


@rule
def is_supervised(provider, p, key, month_number):
    """Whether a supervisor comes this month, and on which of its days, and whether it is a mentoring visit."""
    u, v, w, _ = draw(key, Decision.SUPERVISION, provider.number, month_number)
    day = int(w * 30.0) if u < p.spv_freq else -1
    return day, v < p.spv_obs


@rule
def how_sure(provider):
    """The chance of each step of a consultation today, from talent and present skill."""
    for step in range(9):
        provider.sure[step] = expit(provider.logit[step] + provider.skill)
