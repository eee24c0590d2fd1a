"""A child's life in sentences says what the tables say: the sentences of a whole small district are counted."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from small import NEAR, lived, tiny

from iccmsim.report.trace import OWN_DRUGS, age, dated, life_of, listed
from iccmsim.results.result import Result, result_of

BUSY = {**NEAR, "setting.place.people": 4500, "run.days": 730, "chw.elsewhere": 0.2, "chw.triage": 1,
        "outreach.minutes_day": 20, "hmm.reach": 0.3, "transport.share": 0.5, "sup.kit_contacts": 10}  # fmt: skip
SIGNS = ["fever", "cough", "fast_breathing", "diarrhoea_sign"]
Told = tuple[Result, list[str], pd.Series]  # the run, all sentences, and each illness's chance draw of being recognised


@pytest.fixture(scope="module")
def district() -> Told:
    """Two years of a zone whose CHWs have more children in line than hours."""
    simulation = lived(BUSY, seed=2)
    result = result_of(simulation.runs, scenario=tiny(more=BUSY), seed=2)
    lines = [line for child in range(len(result.children)) for line in life_of(result, child)[1:]]
    drawn = pd.Series(np.asarray(simulation.runs[0].course["u_recognise"])[result.episodes.episode_id])
    return result, lines, drawn


def with_words(lines: list[str], *words: str) -> int:
    """How many lines have all these words."""
    return sum(all(each in line for each in words) for line in lines)


def turns_severe(e: pd.DataFrame) -> pd.Series:
    return e.severe & (e.illness != "newborn_infection")


def test_every_kind_of_visit_is_told():
    more = {**NEAR, "hmm.reach": 0.7, "outreach.minutes_day": 60, "chw.triage": 1, "chw.minutes_day": 30,
            "sup.kit_contacts": 3, "transport.share": 0.5, "was.on": 0}  # fmt: skip
    result = result_of(lived(more, seed=2).runs, scenario=tiny(more=more), seed=2)
    told = " ".join(line for child in range(len(result.children)) for line in life_of(result, child))
    for words in ("buys something from a seller", "A volunteer near by gives an antimalarial",
                  "A volunteer near by has no", "sees the child at home", "as a child in danger is seen at once.",
                  "there is still no turn", "nobody is there", "and is seen.", "Is treated there",
                  "goes to a CHW without being seen that day."):  # fmt: skip
        assert words in told, words


def test_of_every_illness_that_nobody_sees_it_is_told_whether_the_family_went(district):
    result, lines, _ = district
    e = result.episodes
    unseen = (e.outcome != "prevented") & (e.visits == 0) & ~e.episode_id.isin(result.visits.episode_id)
    severe, alone = turns_severe(e), unseen & ~e.missed_chw
    assert with_words(lines, "asks nobody.") == (alone & ~severe).sum() > 100
    assert with_words(lines, "gets worse", "asks nobody, before or after.") == (alone & severe).sum() > 2
    assert with_words(lines, "goes to a CHW without being seen that day.") == (unseen & e.missed_chw).sum() > 100


def test_that_an_illness_outlasts_the_run_is_told_on_its_last_day_after_all_else(district):
    result, lines, _ = district
    unfinished = result.episodes[result.episodes.outcome == "running"]
    told = [line for line in lines if "The run ends before" in line]
    assert len(told) == len(unfinished) > 10
    assert all(line.startswith("day   729 ") for line in told)
    for child in unfinished.child.unique():
        life = life_of(result, child)
        assert sum("The run ends before" in line for line in life) == (unfinished.child == child).sum()
        assert "The run ends before" in life[-1]


def test_nights_in_the_line_are_told_whether_the_child_is_then_seen_or_not(district):
    result, lines, _ = district
    v = result.visits[result.visits.provider.isin(["chw", "facility", "hospital"]) & ~result.visits.at_home]
    nights = np.floor(v.day) - np.floor(v.arrived_day)
    late = nights > 0
    told = [int(found[1]) for line in lines if (found := re.search(r"Has waited (\d+) nights? at ", line))]
    assert sorted(told) == sorted(nights[late])
    assert with_words(lines, "Has waited", "there is still no turn.") == (v.turned_away & late).sum() > 100
    assert with_words(lines, "Has waited", "; now nobody is there.") == (v.found_closed & late).sum() > 100
    seen = ~v.turned_away & ~v.found_closed
    assert with_words(lines, "Has waited", ", and is seen.") == (late & seen & ~v.triaged).sum() > 100
    assert with_words(lines, "Has waited", "in danger is now seen at once.") == (late & v.triaged).sum() > 2
    assert with_words(lines, "Goes to", "in danger is seen at once.") == (~late & v.triaged).sum() > 10
    assert with_words(lines, "Has waited", "where it was sent") == (late & v.by_referral).sum() > 0
    assert with_words(lines, "Goes to") == (~late).sum()
    assert with_words(lines, "Goes to", ", and there is no turn.") == (v.turned_away & ~late).sum() > 100
    assert with_words(lines, "Goes to", ": nobody is there.") == (v.found_closed & ~late).sum() > 100


def test_what_a_family_thinks_is_told_when_it_thought_so(district):
    result, lines, drawn = district
    e, values = result.episodes, tiny(more=BUSY).values(0)
    begins, severe = e.outcome != "prevented", turns_severe(e)
    bar = np.where(e.severe, values["recog.severe"], values["recog.mild"])
    assert ((drawn < bar) == e.perceived)[begins].all()
    for thinks, those in (("takes it seriously", e.perceived), ("does not think it serious", ~e.perceived)):
        assert with_words(lines, "falls ill", thinks) == (begins & ~severe & those).sum() > 100
        assert with_words(lines, "gets worse", thinks) == (severe & those).sum() > 10
    assert with_words(lines, "falls ill", "The family") == (begins & ~severe).sum()


def test_the_signs_at_the_onset_are_told_and_a_danger_sign_is_one(district):
    result, lines, _ = district
    e = result.episodes
    begins, severe, none = e.outcome != "prevented", turns_severe(e), ~e[SIGNS].any(axis=1)
    shown = begins & e.danger_sign & ~severe
    assert with_words(lines, "falls ill", "a danger sign.") == shown.sum() > 10
    assert with_words(lines, "newborn infection: a danger sign.") == (shown & none).sum() > 2
    assert with_words(lines, "no sign that a family would know") == (begins & none & ~e.danger_sign).sum() > 0


def care_before_the_crisis(e: pd.DataFrame, visits: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Which episodes had care of their own, and which a purchase, between the onset and the crisis."""
    both = e[["episode_id", "child", "illness", "onset_day", "worsens_day", "kills_day"]].merge(
        visits.drop(columns="episode_id"), on="child")  # fmt: skip
    both = both[(both.onset_day <= both.day) & (both.day < both.kills_day)]
    cared = (both.provider == "hospital") | (
        (both.provider == "facility") & both.danger_found & ~both.no_bed & (both.day >= both.worsens_day))  # fmt: skip
    for illness, drugs in OWN_DRUGS.items():
        cared |= (both.illness == illness) & both[[f"given_{drug}" for drug in drugs]].any(axis=1)
    return (e.episode_id.isin(both[cared].episode_id),
            e.episode_id.isin(both[both.provider == "informal"].episode_id))  # fmt: skip


def test_a_child_that_was_treated_in_vain_is_not_told_to_be_untreated(district):
    result, lines, _ = district
    e = result.episodes[result.episodes.severe & (result.episodes.outcome == "recovered")]
    effect = 1 - (1 - e.effect) * (1 - e.effect_zinc) * (1 - e.effect_second_line)
    cared, bought = care_before_the_crisis(e, result.visits)
    nothing = effect <= 0.005
    assert with_words(lines, " survives severe ") == len(e)
    assert with_words(lines, "survives", "treatment had taken away") == (~nothing).sum() > 10
    assert with_words(lines, "survives", "(treatment did not act)") == (nothing & cared).sum() > 2
    assert with_words(lines, "survives", "(what was bought did not act)") == (nothing & ~cared & bought).sum() > 2
    assert with_words(lines, "survives", " untreated.") == (nothing & ~cared & ~bought).sum() > 10
    assert with_words(lines, "survives severe newborn infection") == (e.illness == "newborn_infection").sum() > 0


def test_the_hospital_is_told_to_treat_as_severe_who_is_severely_ill_then(district):
    result, lines, _ = district
    v = result.visits[result.visits.provider == "hospital"]
    severe = result.episodes[result.episodes.severe]
    both = v[["child", "day"]].reset_index().merge(severe[["child", "worsens_day", "kills_day"]], on="child")
    then = both[(both.worsens_day <= both.day) & (both.day < both.kills_day)]["index"].nunique()
    assert with_words(lines, "Is treated there for severe ") == then > 5
    assert with_words(lines, "Is treated there, and is not so ill as to need a bed.") == len(v) - then > 2


def test_dates_and_ages_are_those_of_a_calendar():
    assert dated(0.5, born=-60.0).split() == ["day", "0", "1", "Jan,", "year", "1", "1", "month"]
    assert dated(364.9, born=364.0).split() == ["day", "364", "31", "Dec,", "year", "1", "0", "days"]
    assert "31 Dec, warm-up" in dated(-0.1, born=-400.0)
    assert [age(1.2), age(27.9), age(400.0), age(1000.0)] == ["1 day", "27 days", "13 months", "2.7 years"]
    assert [age(29.4), age(30.5)] == ["29 days", "1 month"]
    assert listed(["fever", "cough", "diarrhoea"]) == "fever, cough and diarrhoea"
