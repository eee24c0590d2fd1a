"""How well sick children are looked after: what an observer beside a CHW or in a health centre would count.

A visit is judged by what the child shows then (signs of all that it suffers from), never by the illness behind it.
Wrong doses are not counted as wrong here: the table of visits does not hold them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iccmsim.results.survey import Counts, ends_of, rows_of

if TYPE_CHECKING:
    import pandas as pd

SIGNS = ("fever", "cough", "fast_breathing", "diarrhoea_sign")
YOUNG = 60.0  # days: younger children CHWs refer and do not treat
INPATIENTS = ("malaria", "pneumonia", "diarrhoea")


def quality(visits: pd.DataFrame, episodes: pd.DataFrame, children: pd.DataFrame, *, window_days: float,
            convalescence: float) -> Counts:  # fmt: skip
    """Everything that is counted of consultations, by CHWs (chw_...) and at health centres (facility_...)."""
    seen = consultations(visits, window_days=window_days)
    suffered = illnesses_at(seen, episodes, convalescence=convalescence)
    seen = with_signs(seen, suffered, children)
    found: Counts = {}
    for who in ("chw", "facility"):
        mine = seen[seen.provider == who]
        found |= {f"{who}_{name}": pair for name, pair in observed(mine).items()}
    found |= referrals(seen[seen.provider == "chw"])
    return found | inpatients(suffered)


def consultations(visits: pd.DataFrame, *, window_days: float) -> pd.DataFrame:
    """Visits of the window at which the child was seen, numbered."""
    kept = ~(visits.found_closed | visits.turned_away) & (visits.provider != "informal")
    kept &= (visits.day >= 0) & (visits.day < window_days)
    seen = visits[kept].reset_index(drop=True)
    return seen.assign(visit=np.arange(len(seen)))


def illnesses_at(seen: pd.DataFrame, episodes: pd.DataFrame, *, convalescence: float) -> pd.DataFrame:
    """One row for each visit and illness that the child suffered from then."""
    columns = ["child", "illness", "onset_day", "worsens_day", "kills_day", "severe", "danger_sign", "chance_death",
               "episode_id", "outcome", *SIGNS]  # fmt: skip
    ill = episodes.loc[episodes.outcome != "prevented", columns]
    ill = ill.assign(end_day=ends_of(ill.assign(mends_day=episodes.mends_day), convalescence=convalescence))
    ill = ill[ill.child.isin(seen.child)]
    both = seen[["child", "visit", "day", "provider", "danger_found"]].merge(ill, on="child")
    return both[(both.onset_day <= both.day) & (both.day <= both.end_day)]


def with_signs(seen: pd.DataFrame, suffered: pd.DataFrame, children: pd.DataFrame) -> pd.DataFrame:
    """Add to each visit what the child shows, whether it is truly severe, whether it has malaria, and its age."""
    worse = suffered.severe & (suffered.worsens_day <= suffered.day) & (suffered.day <= suffered.kills_day)
    alarming = suffered.danger_sign & (worse | ~suffered.severe)
    facts = {name: suffered[name] for name in SIGNS}
    facts |= {"danger": alarming, "in_danger": worse,
              "has_malaria": suffered.illness == "malaria"}  # fmt: skip
    out = {}
    for name, which in facts.items():
        out[name] = np.zeros(len(seen), bool)
        out[name][suffered.visit.to_numpy()[which.to_numpy()]] = True
    birth = children.birth_day.to_numpy()[rows_of(seen, children)]
    return seen.assign(**out, age=seen.day.to_numpy() - birth)


def observed(seen: pd.DataFrame) -> Counts:
    """Steps done and drugs rightly given, among first visits of children who may be treated there."""
    v = seen[(seen.age >= YOUNG) & ~seen.by_referral]
    gave_act = v.given_act_infant | v.given_act_child
    fever = gave_act == (v.positive | ~v.tested)
    diarrhoea = v.given_ors & v.given_zinc
    simple = v.cough & ~v.fast_breathing
    right = (fever | ~v.fever) & (diarrhoea | ~v.diarrhoea_sign)
    right &= (v.given_amoxicillin | ~v.fast_breathing) & (~v.given_amoxicillin | ~simple)
    standard = right & v.looked & (v.tested | ~v.fever) & (v.counted | ~v.cough)
    ill = v.fever | v.diarrhoea_sign | v.fast_breathing
    return {
        "malaria_right": _share(fever, v.fever), "diarrhoea_right": _share(diarrhoea, v.diarrhoea_sign),
        "pneumonia_right": _share(v.given_amoxicillin, v.cough & v.fast_breathing), "all_right": _share(right, ill),
        "to_standard": _share(standard, ill), "danger_looked": _share(v.looked, v.looked | True),
        "danger_present": _share(v.danger, v.looked | True), "danger_referred": _share(v.referred, v.danger),
        "severe_referred": _share(v.referred, v.in_danger),
        "antibiotic_for_cold": _share(v.given_amoxicillin, simple), "tested": _share(v.tested, v.fever),
        "test_positive": _share(v.positive, v.tested), "positive_has_malaria": _share(v.has_malaria, v.positive),
    }  # fmt: skip


def referrals(seen: pd.DataFrame) -> Counts:
    """Children whom CHWs sent on, and those of them who set out, by whether they were truly severe."""
    sent = seen.referred
    return {"referral_completed_severe": _share(seen.gone, sent & seen.in_danger),
            "referral_completed_routine": _share(seen.gone, sent & ~seen.in_danger),
            "referral_completed_all": _share(seen.gone, sent)}  # fmt: skip


def inpatients(suffered: pd.DataFrame) -> Counts:
    """Chance of death of severe illnesses that reached a ward alive: the hospital, or a centre that saw the danger.

    Inpatient care's effect goes also with the drugs of a centre that did not see it; such visits are not counted here.
    """
    s = suffered
    ward = (s.provider == "hospital") | ((s.provider == "facility") & s.danger_found)
    ward &= s.severe & (s.worsens_day <= s.day) & (s.day < s.kills_day) & (s.chance_death > 0)
    once = s[ward].drop_duplicates("episode_id")
    return {f"inpatient_death_{name}": (float(once.chance_death[once.illness == name].sum()),
                                        float((once.illness == name).sum())) for name in INPATIENTS}  # fmt: skip


def _share(which: pd.Series, among: pd.Series) -> tuple[float, float]:
    return float((which & among).sum()), float(among.sum())
