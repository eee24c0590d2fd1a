"""What surveys, registers and trials would see in a run: each indicator a pure function of its tables.

A share is kept as two counts, above and below the line, so that zones, years and seeds add up before they are divided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from iccmsim.core.records import BASIC_PRODUCTS, CAUSES, ILLNESSES, MINUTES, MONTH, NEWBORN, PRODUCTS, YEAR
from iccmsim.engine.tally import AGE_EDGES, CASCADE
from iccmsim.results.cascade import RIGHT_DRUG, got_right_drug
from iccmsim.results.mortality import WINDOW
from iccmsim.results.quality import quality
from iccmsim.results.survey import Counts, Telling, living, survey, survey_days

if TYPE_CHECKING:
    import pandas as pd

BANDS = len(AGE_EDGES) - 1
FROM_3_MONTHS = AGE_EDGES[3]  # days
NEONATAL, INFANT, UNDER_TWO = 2, 5, 6  # age bands below 28 days, 12 months, 24 months
FATAL = ILLNESSES[: NEWBORN + 1]
WASTED = ("moderate_wasting", "severe_wasting", "treated_wasting")
RAINY = (6, 7, 8, 9)  # July to October
LONGEST_DELAY = 60 * MINUTES  # who comes later is counted with these
KM_NEAR, KM_FAR = 2.0, 10.0  # straight-line km to the facility
CHW, FACILITY = 0, 1


def counts_of(tables: Mapping[str, pd.DataFrame], *, window_days: float, path: float, telling: Telling) -> Counts:
    """Every share that the tables of a zone or of a district give, to which `from_tally` is added. `path` is the
    scenario's `seek.path`."""
    episodes, children, visits = tables["episodes"], tables["children"], tables["visits"]
    found = survey(episodes, children, days=survey_days(window_days), telling=telling)
    found |= deaths_and_distance(children, window_days=window_days, path=path)
    found |= deaths_and_rain(children, window_days=window_days)
    found |= effect_of_treatment(episodes, window_days=window_days)
    found |= deaths_from_wasting(episodes, window_days=window_days)
    found |= severe_malaria(episodes, children, window_days=window_days)
    found |= contacts(visits, children, window_days=window_days)
    found |= treatments(visits, window_days=window_days)
    found |= treated_of_expected(visits, episodes, children, window_days=window_days)
    return found | quality(visits, episodes, children, window_days=window_days, convalescence=telling.convalescence)


def expected_deaths(episodes: pd.DataFrame, children: pd.DataFrame, *, window_days: float) -> np.ndarray:
    """Deaths of the window by cause and age band, shape (7, 9): chances that were met, the background as realised."""
    out = np.zeros((len(CAUSES), BANDS))
    kills, chance = episodes.kills_day.to_numpy(), episodes.chance_death.to_numpy()
    met = (chance > 0) & (kills >= 0) & (kills < window_days)
    age = (episodes.age_days + episodes.kills_day - episodes.onset_day).to_numpy()[met]
    cause = episodes.illness.cat.codes.to_numpy()[met]
    np.add.at(out, (cause, band_of(age)), chance[met])
    end = children.end_day.to_numpy()
    dead = (children.cause == "background").to_numpy() & (end >= 0) & (end < window_days)
    np.add.at(out[-1], band_of((end - children.birth_day.to_numpy())[dead]), 1.0)
    return out


def band_of(age_days: np.ndarray) -> np.ndarray:
    """The age band of each age; the fifth birthday itself belongs to the last."""
    return np.clip(np.searchsorted(AGE_EDGES, age_days, side="right") - 1, 0, BANDS - 1)


def deaths_per_1000(deaths: np.ndarray, child_days: np.ndarray, *, births: float) -> np.ndarray:
    """Deaths among 1,000 births that live through all age bands, by cause and band, from (7, 9) deaths of a period.

    The sum is the under-five mortality: chances by band as in `mortality`, shared out by cause within the band.
    """
    total = deaths.sum(axis=0)
    chance = 1.0 - np.exp(-total / child_days * np.diff(AGE_EDGES))
    chance[0] = total[0] / births
    alive = np.concatenate([[1.0], np.cumprod(1.0 - chance)[:-1]])
    return 1000.0 * alive * chance * deaths / np.maximum(total, 1e-300)


def budget(deaths: np.ndarray, child_days: np.ndarray, *, births: float) -> dict[str, float]:
    """Deaths per 1,000 births by age, and by cause, as the budget of the place is written."""
    d = deaths_per_1000(deaths, child_days, births=births)
    by_cause = {name: float(d[k, NEONATAL:].sum()) for k, name in enumerate(CAUSES)}
    return {
        "deaths_all": float(d.sum()), "deaths_0_27d": float(d[:, :NEONATAL].sum()),
        "deaths_28d_11m": float(d[:, NEONATAL:INFANT].sum()), "deaths_1_4y": float(d[:, INFANT:].sum()),
        "deaths_newborn_infection": float(d[NEWBORN, :NEONATAL].sum()),
        **{f"deaths_{name}": by_cause[name] for name in FATAL[:NEWBORN]},
        "deaths_other": by_cause["background"] + by_cause["newborn_infection"],
        "under_two_diarrhoea": _share_under_two(d[2]), "under_two_pneumonia": _share_under_two(d[1]),
    }  # fmt: skip


def _share_under_two(deaths: np.ndarray) -> float:
    return float(deaths[:UNDER_TWO].sum() / deaths.sum()) if deaths.sum() else float("nan")


def from_tally(tally: np.ndarray, *, review_days: float) -> Counts:
    """Shares and rates that the counts of a run already hold; CHWs are due to report every `review_days`."""
    years = tally["child_days"][WINDOW].sum() / YEAR
    episodes = tally["episodes"][WINDOW].sum(axis=0)
    came = episodes + tally["prevented"][WINDOW].sum(axis=0)
    after_28d = tally["child_days"][WINDOW][:, NEONATAL:].sum() / YEAR
    found = {f"onsets_{name}": (came[k], after_28d) for k, name in enumerate(ILLNESSES) if k != NEWBORN}
    found |= {"onsets_newborn_infection": (came[NEWBORN], tally["births"][WINDOW].sum()),
              "facility_visits": (tally["cases"][FACILITY], years),
              "facility_turned_away": (tally["turned_away"][FACILITY], years),
              "facility_stock_out_any": (tally["any_out_days"][FACILITY], tally["provider_days"][FACILITY]),
              "deaths_without_formal_care": _of(tally["cascade"], "died_without_formal_care", "died"),
              "pneumonia_deaths_without_formal_care": _of(tally["cascade"][:, 1:2], "died_without_formal_care", "died")}
    return {name: (float(a), float(b)) for name, (a, b) in (found | _chw_tally(tally, review_days)).items()}


def _of(cascade: np.ndarray, above: str, below: str) -> tuple[float, float]:
    return (cascade[CASCADE.index(above)][: NEWBORN + 1].sum(), cascade[CASCADE.index(below)][: NEWBORN + 1].sum())


def _chw_tally(t: np.ndarray, review_days: float) -> Counts:
    """What CHWs' monthly books add up to: work, presence, supervision, shelves."""
    post = t["days_in_post"][CHW]
    found = {
        "chw_cases_a_month": (t["cases"][CHW], post / MONTH), "chw_attrition": (t["departures"][CHW], post / YEAR),
        "chw_supervised_a_month": (t["supervised"][CHW], post / MONTH),
        "chw_treatments_a_year": (0.0, post / YEAR), "chw_hours_a_week": (t["minutes"][CHW] / 60.0, post / 7.0),
        "chw_visits_mentored": (t["mentored"][CHW], t["supervised"][CHW]),
        "chw_reports": (t["reported"][CHW], post / review_days),
        "chw_reported_cases_a_month": (t["reported_cases"][CHW], post / MONTH),
        "chw_reported_cases_a_report": (t["reported_cases"][CHW], t["reported"][CHW]),
        "chw_reported_stock_out_any": (t["reported_out_days"][CHW], t["reported"][CHW] * review_days),
        "chw_presence": (t["days_present"][CHW], t["provider_days"][CHW]),
        "chw_stock_out_any": (t["any_out_days"][CHW], post),
    }  # fmt: skip
    for j, product in enumerate(PRODUCTS):
        found[f"chw_stock_out_{product}"] = (t["stock_out_days"][CHW, j], post)
    return found


def shelf_days(counts: np.ndarray, row: int) -> np.ndarray:
    """Days over which a shelf is looked at, run by run: of CHWs those in post, of health facilities all."""
    return counts["days_in_post"][..., CHW] if row == CHW else counts["provider_days"][..., row]


def seen_at_posts(counts: np.ndarray) -> np.ndarray:
    """Sick children whom CHWs saw, but for those found at home, run by run."""
    return counts["cases"][..., CHW] - counts["found_at_home"][..., CHW]


def without_a_turn(counts: np.ndarray) -> np.ndarray:
    """Sick children who came to a CHW at work and had no turn that day, whatever became of them."""
    return counts["no_turn"][..., CHW]


def came_to_chws(counts: np.ndarray) -> np.ndarray:
    """Sick children who came to a CHW at work: seen that day, or not."""
    return seen_at_posts(counts) - counts["waited"][..., CHW] + counts["no_turn"][..., CHW]


def spells_without(shelves: np.ndarray) -> Counts:
    """Days on which CHWs' boxes lack a product of the usual six, and the spells in which such days follow each other.

    shelves: doses at midnight since launch, day x CHW x product. What a box has never held is not counted; days on
    which nobody holds the post are.
    """
    shelves = shelves[..., :BASIC_PRODUCTS]
    out = (shelves == 0) & np.logical_or.accumulate(shelves > 0, axis=0)
    begins = out.copy()
    begins[1:] &= ~out[:-1]
    return {"chw_stock_out_spell": (float(out.sum()), float(begins.sum()))}


def delays(episodes: pd.DataFrame, *, window_days: float) -> np.ndarray:
    """How many illnesses of the window first had care outside the home after so many minutes, minute by minute."""
    begun = (episodes.onset_day >= 0) & (episodes.onset_day < window_days) & (episodes.outcome != "prevented")
    cared = episodes[begun & episodes.first_care_day.notna()]
    waited = np.rint(MINUTES * (cared.first_care_day - cared.onset_day).to_numpy()).astype(int)
    return np.bincount(np.clip(waited, 0, LONGEST_DELAY), minlength=LONGEST_DELAY + 1)


def median_days(by_minute: np.ndarray) -> float:
    """The median of delays counted minute by minute, in days; nan if there is none."""
    if not by_minute.any():
        return float("nan")
    return float(np.searchsorted(np.cumsum(by_minute), by_minute.sum() / 2.0)) / MINUTES


def deaths_and_distance(children: pd.DataFrame, *, window_days: float, path: float) -> Counts:
    """Deaths and child-days near the facility and far from it, for a hazard ratio."""
    km, end = children.km_facility.to_numpy() / path, children.end_day.to_numpy()
    days = np.clip(np.fmin(end, window_days) - np.maximum(children.birth_day.to_numpy(), 0.0), 0.0, None)
    dead = (children.state == "dead").to_numpy() & (end >= 0) & (end < window_days)
    near, far = km < KM_NEAR, km >= KM_FAR
    return {"death_rate_near": (dead[near].sum(), days[near].sum()),
            "death_rate_far": (dead[far].sum(), days[far].sum())}  # fmt: skip


def deaths_and_rain(children: pd.DataFrame, *, window_days: float) -> Counts:
    """Deaths and child-days of the rainy months and of the others."""
    end = children.end_day.to_numpy()
    dead = (children.state == "dead").to_numpy() & (end >= 0) & (end < window_days)
    wet_deaths = np.isin((end[dead] // MONTH).astype(int) % 12, RAINY)
    days = survey_days(window_days)
    alive = np.array([living(children, day).sum() for day in days]) * MONTH
    wet = np.isin(np.arange(len(days)) % 12, RAINY)
    return {"death_rate_rainy": (wet_deaths.sum(), alive[wet].sum()),
            "death_rate_dry": ((~wet_deaths).sum(), alive[~wet].sum())}  # fmt: skip


def effect_of_treatment(episodes: pd.DataFrame, *, window_days: float) -> Counts:
    """What a drug really did in those who were given it by a CHW or facility, to be set beside `tx.*`."""
    e = episodes[(episodes.onset_day >= 0) & (episodes.onset_day < window_days) & (episodes.outcome != "prevented")]
    right = got_right_drug(e)
    found = {}
    for name in RIGHT_DRUG:
        mine = right & (e.illness == name).to_numpy()
        found[f"effect_{name}"] = (float(e.effect.to_numpy()[mine].sum()), float(mine.sum()))
    zinc = ((e.illness == "diarrhoea") & e.got_zinc).to_numpy()
    found["effect_zinc"] = (float(e.effect_zinc.to_numpy()[zinc].sum()), float(zinc.sum()))
    return found


def deaths_from_wasting(episodes: pd.DataFrame, *, window_days: float) -> Counts:
    """Expected deaths of modelled illnesses beyond those of as many episodes in well-nourished children, and all of
    them; illness by illness. Where nobody is wasted there is no share to tell."""
    e = episodes[(episodes.onset_day >= 0) & (episodes.onset_day < window_days) & (episodes.outcome != "prevented")]
    if not e.nutrition.isin(WASTED).any():
        return {"deaths_from_wasting": (0.0, 0.0)}
    more = 0.0
    for name in FATAL:
        mine = e[e.illness == name]
        well = mine[mine.nutrition == "well_nourished"].chance_death.mean()
        wasted = mine[mine.nutrition.isin(WASTED)].chance_death
        more += float((wasted - well).sum()) if len(wasted) else 0.0
    return {"deaths_from_wasting": (more, float(e.chance_death.sum()))}


def severe_malaria(episodes: pd.DataFrame, children: pd.DataFrame, *, window_days: float) -> Counts:
    """Malaria that turns severe in children of three months and more, and the thousands of years that they live."""
    e = episodes[(episodes.illness == "malaria") & episodes.severe]
    old = e.age_days + e.worsens_day - e.onset_day >= FROM_3_MONTHS
    turned = old & (e.worsens_day >= 0) & (e.worsens_day < window_days)
    begins = np.maximum(children.birth_day.to_numpy() + FROM_3_MONTHS, 0.0)
    days = np.clip(np.fmin(children.end_day.to_numpy(), window_days) - begins, 0.0, None)
    return {"severe_malaria_per_1000": (float(turned.sum()), float(days.sum() / YEAR / 1000.0))}


def contacts(visits: pd.DataFrame, children: pd.DataFrame, *, window_days: float) -> Counts:
    """Visits to CHWs for each child-year of those who have one."""
    seen = (visits.provider == "chw") & ~(visits.found_closed | visits.turned_away)
    inside = seen & (visits.day >= 0) & (visits.day < window_days)
    served = children[children.chw >= 0]
    days = np.clip(np.fmin(served.end_day, window_days) - np.maximum(served.birth_day, 0.0), 0.0, None)
    return {"chw_contacts_per_child_year": (float(inside.sum()), float(days.sum() / YEAR))}


def treatments(visits: pd.DataFrame, *, window_days: float) -> Counts:
    """Illnesses that a CHW in post treats in a year: ORS or zinc, an antibiotic, an antimalarial are one each. The
    years in post are added from the counts of the run.

    Fewer than the children seen: many leave with nothing, after a negative test or with an empty box.
    """
    return {"chw_treatments_a_year": (sum(treated_by_chws(visits, window_days=window_days).values()), 0.0)}


def treated_by_chws(visits: pd.DataFrame, *, window_days: float) -> dict[str, float]:
    """How many treatments CHWs gave as if against each illness, rightly or not."""
    v = visits[(visits.provider == "chw") & (visits.day >= 0) & (visits.day < window_days)]
    given = {"malaria": v.given_act_infant | v.given_act_child | v.given_rectal_artesunate,
             "pneumonia": v.given_amoxicillin | v.given_gentamicin,
             "diarrhoea": v.given_ors | v.given_zinc}  # fmt: skip
    return {name: float(each.sum()) for name, each in given.items()}


def treated_of_expected(visits: pd.DataFrame, episodes: pd.DataFrame, children: pd.DataFrame, *,
                        window_days: float) -> Counts:  # fmt: skip
    """Treatments by CHWs for each case that their children have, as programmes report them: of malaria, pneumonia,
    diarrhoea, and of all three. Above 1 where many are treated for what they do not have."""
    given = treated_by_chws(visits, window_days=window_days)
    begun = (episodes.onset_day >= 0) & (episodes.onset_day < window_days) & (episodes.outcome != "prevented")
    mine = begun & episodes.child.isin(children.child[children.chw >= 0])
    cases = {name: float((episodes.illness[mine] == name).sum()) for name in given}
    return {"chw_treated_of_expected": (sum(given.values()), sum(cases.values())),
            **{f"chw_treated_of_expected_{name}": (given[name], cases[name]) for name in given}}  # fmt: skip
