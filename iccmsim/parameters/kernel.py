"""The flat record that the rules read: every declared number as one field, and what is derived from them once.

Derived here: yearly incidence corrected so that the *counted* incidence is the published one (v_k of MODEL section 2),
the season's integral, quantiles of frailty, chances of each step at skill 0, kits, odds factors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

import numpy as np
from scipy.special import gammaincinv, ndtr, ndtri

from iccmsim.core.records import (
    AMOXICILLIN,
    BASIC_PRODUCTS,
    DIARRHOEA,
    MALARIA,
    MINUTES,
    MONTH,
    N_PRODUCTS,
    NEWBORN,
    PNEUMONIA,
    SPREAD_POINTS,
    STEPS,
    YEAR,
    row_type,
)
from iccmsim.parameters.catalogue import all_parameters, parameter

AGE_DAYS = (28.0, 60.0, 6 * MONTH, 12 * MONTH, 24 * MONTH, 60 * MONTH)  # bands of incidence
BACKGROUND_DAYS = (0.0, 7.0, 28.0, 6 * MONTH, 12 * MONTH, 24 * MONTH, 60 * MONTH)
SHORT = ("mal", "pneu", "diarr", "psbi", "nmfi", "cold")  # names of illnesses in keys
CURVES = ("season.malaria", "season.ari", "season.diarr", None, "season.fever", "season.ari")  # of each illness
FRAILTY_Z = np.linspace(-5.0, 5.0, 1001)  # quantile table: normal scores at which frailty is tabulated
STEEPEST = 50.0  # times the declared incidence: the rate while at risk is looked for no higher
UNDER_FIVES = 0.18  # of a rural population; only to reckon kits. Mali 2009 census, about 18-20 %

DERIVED = (
    ("rate", (6, 5)), ("season", (6, 12)), ("season_sum", (6, 13)), ("frailty", (6, 1001)), ("age_days", (6,)),
    ("background", (6,)), ("background_days", (7,)), ("survival", (3,)),
    ("worsen_days", (6,)), ("death_days", (6,)), ("mend_days", (6,)), ("gap", (6,)),
    ("sev", (6,)), ("untreated", (6, 2, 5)), ("sev_at_most", (6,)), ("fatality", (6,)), ("lethal", (6, 5)),
    ("symptoms", (6, 6)), ("inpatient", (6,)),
    ("effect", (5,)), ("lag", (5,)), ("seek_factor", (6,)),
    ("chw_logit", (9,)), ("fac_logit", (9,)), ("chw_kit", (N_PRODUCTS,)), ("fac_kit_per_person", (N_PRODUCTS,)),
    ("trust_left", (512,)), ("was_power", (5,)), ("spread", (3, SPREAD_POINTS)),
)  # fmt: skip
DERIVED_ONE = ("seek_severe_factor", "seek_tried_factor", "seek_trust_most", "ref_base", "ref_severe_gain",
               "chw_danger_factor", "fac_danger_factor", "month_offset", "skill_start",
               "fac_hands", "fee_at_chw", "fee_at_facility", "fee_exempt_below", "recog_mild_taught",
               "recog_severe_taught", "ref_ras_gain",
               "was_per_day", "was_severe_share", "transport_gain", "escort_gain",
               "shock_recalls", "surge_ratio", "surge_from", "surge_until")  # fmt: skip


def kernel_record(values: Mapping[str, object], *, reference: Mapping[str, object]) -> np.recarray:
    """Make the record of one regime, one row. `reference` are the values of `iccm-as-delivered`: step probabilities
    are stated at its stationary skill."""
    p = np.zeros(1, record_dtype()).view(np.recarray)
    row = np.asarray(p)[0]
    for field, key in declared_fields():
        row[field] = values[key]
    _nature(p[0], values)
    _wasting(p[0], values)
    reckon_chances(p[0])
    _treatment(p[0], values)
    _families(p[0], values)
    _providers(p[0], values, reference)
    p.surge_ratio[0] = 1.0  # a surge is written in where its dates are known
    p.shock_recalls[0] = max(values["shock.recall"])
    return p


@cache
def declared_fields() -> tuple[tuple[str, str], ...]:
    """The field and the key of each declared number."""
    return tuple((each.field, each.key) for each in all_parameters())


@cache
def record_dtype() -> np.dtype:
    """The flat record: an f8 field for each declared number, a sub-array for each vector, then what is derived."""
    fields = [(each.field, "f8", (each.size,)) if each.size else (each.field, "f8") for each in all_parameters()]
    fields += [(name, "f8", shape) for name, shape in DERIVED] + [(name, "f8") for name in DERIVED_ONE]
    fields.append(("main_product", "i8", (6,)))
    if clash := {name for name, *_ in fields} & set(dir(np.record)):
        raise ValueError(f"{', '.join(sorted(clash))}: would hide an attribute of np.record")
    return row_type(fields)


def _vector(values: Mapping[str, object], *keys: str) -> np.ndarray:
    return np.array([0.0 if key is None else values[key] for key in keys], dtype=float)


def _nature(p: np.record, values: Mapping[str, object]) -> None:
    p.age_days[:], p.background_days[:] = AGE_DAYS, BACKGROUND_DAYS
    p.background[:] = values["mort.background"]
    p.survival[:] = values["pop.survival"]
    _lengths(p, values)
    scores = ndtri(np.clip(np.linspace(0.0, 1.0, SPREAD_POINTS), 1e-9, 1.0 - 1e-9))  # the ends are not read
    p.spread[:] = [np.exp(values[f"time.{name}.sd"] * scores) for name in ("dur", "severe", "death")]
    kappa = _vector(values, "kappa.mal", "kappa.pneu", "kappa.diarr", "kappa.psbi")
    p.fatality[:4] = kappa * _vector(
        values, "cfr.mal.severe_untx", "cfr.pneu.severe_untx", "cfr.diarr.severe_untx", "cfr.psbi.untx"
    )
    for k, name in enumerate(SHORT):
        p.symptoms[k] = values[f"sym.{name}"]
    p.season_sum[:, 1:] = np.cumsum(p.season, axis=1)
    for k in range(6):
        p.frailty[k] = frailty_quantiles(float(cv_of(k, values)))
    incidence = published_incidence(values)
    for k in range(6):
        lost = mean_untreated_days(p, k) + p.gap[k]
        p.rate[k] = [corrected(float(rate), float(cv_of(k, values)), tuple(p.season[k]), lost) for rate in incidence[k]]
    p.month_offset = 12 * math.ceil(values["run.warmup_days"] / YEAR)


def _lengths(p: np.record, values: Mapping[str, object]) -> None:
    """How long each illness lasts, how often it worsens, and in which months it comes."""
    p.worsen_days[:] = _vector(values, "time.mal.severe", "time.pneu.severe", "time.diarr.severe", None, None, None)
    p.worsen_days[4:] = 1.0  # other fever and colds never worsen; the field must be above 0
    p.death_days[:4] = _vector(
        values, "time.mal.death", "time.pneu.to_death", "time.diarr.to_death", "time.psbi.to_death"
    )
    p.death_days[4:] = 1.0
    p.mend_days[:] = _vector(values, *(f"time.{name}.dur" for name in SHORT))
    p.gap[:] = values["gap.days"]
    p.gap[PNEUMONIA] = values["gap.pneu"]
    p.sev[:] = _vector(values, "sev.mal.untreated", "sev.pneu", "sev.diarr", None, None, None)
    p.sev[3] = 1.0
    for k, curve in enumerate(CURVES):
        months = np.array(values[curve], float) if curve else np.ones(12)
        p.season[k] = months / months.mean()


def cv_of(k: int, values: Mapping[str, object]) -> object:
    """How much children differ in their risk of an illness: the coefficient of variation."""
    return values["inc.mal.het"] if k == MALARIA else values["frailty.cv.other"]


def _wasting(p: np.record, values: Mapping[str, object]) -> None:
    """How fast spells of wasting come to those who are well nourished, and the power that each state puts on a chance:
    half of the hazard ratio (on the logarithm) for worsening, half for dying, over the mean of 6-59 months."""
    share = np.array([values["sam.prev"], values["mam.prev"]])
    inflow = share / np.array([values["sam.days"], values["mam.days"]])  # a child and day
    p.was_per_day = inflow.sum() / (1.0 - share.sum())
    p.was_severe_share = inflow[0] / inflow.sum() if inflow.sum() > 0 else 0.0
    severe, moderate = values["sam.hr"], values["mam.hr"]
    treated = 1.0 + (severe - 1.0) * (1.0 - values["tx.sam.mort_red"])
    mean = 1.0 - share.sum() + share @ (severe, moderate)
    p.was_power[0] = 1.0
    p.was_power[1:] = np.sqrt(np.array([1.0, moderate, severe, treated]) / mean)


def reckon_chances(p: np.record) -> None:
    """How often an illness worsens untreated (by what else the child has, and how it is nourished), how often it then
    kills; and how often it worsens at the most. A wasted child's chances are higher, a well nourished one's lower."""
    powers = p.was_power.tolist()
    for k in range(NEWBORN + 1):
        chance, beside_another = float(p.sev[k]), float(p.sev[k] * p.overlap_mechanism)
        p.lethal[k] = [at_power(float(p.fatality[k]), power) for power in powers]
        p.untreated[k] = [[at_power(each, power) for power in powers] for each in (chance, beside_another)]
        p.sev_at_most[k] = p.untreated[k, 1].max() if p.was_on else beside_another


def at_power(chance: float, power: float) -> float:
    """The chance that something happens where the hazard is `power` times as high."""
    return chance if power == 1.0 or chance >= 1.0 else 1.0 - math.exp(power * math.log(1.0 - chance))


@lru_cache(maxsize=64)
def frailty_quantiles(cv: float) -> np.ndarray:
    """Quantiles of a gamma with mean 1 at normal scores -5 to 5, so that two illnesses can share part of theirs."""
    if cv == 0.0:
        return np.ones(len(FRAILTY_Z))
    shape = 1.0 / (cv * cv)
    table = gammaincinv(shape, ndtr(FRAILTY_Z)) * (1.0 / shape)
    weight = np.exp(-0.5 * FRAILTY_Z * FRAILTY_Z)
    return table * (weight.sum() / (table * weight).sum())


def published_incidence(values: Mapping[str, object]) -> np.ndarray:
    """Episodes per child-year by illness and age band (28-59 d, to 6 months, to 12, to 24, to 60), as published."""
    malaria = values["inc.mal"] * np.array([values["inc.mal.rr_0_5m"]] * 2 + [1.0, 1.0, 1.0])
    diarrhoea = np.array([values[f"inc.diarr.{band}"] for band in ("0_5m", "0_5m", "6_11m", "12_23m", "24_59m")])
    infant, toddler, child = values["inc.pneu.age_rr"]
    ratio = np.array([infant * values["inc.pneu.rr_28_59d"], infant, infant, toddler, child])
    width = np.diff(AGE_DAYS)
    pneumonia = values["inc.pneu.0_59m"] * ratio / (ratio @ width / width.sum())
    return np.array([malaria, pneumonia, diarrhoea, np.zeros(5), np.full(5, values["inc.nmfi"]),
                     np.full(5, values["inc.cough_cold.0_59m"])])  # fmt: skip


@lru_cache(maxsize=1)
def normal_nodes() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss' quadrature for a standard normal, which take longer to find than all else here."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    return nodes, weights / weights.sum()


def mean_untreated_days(p: np.record, k: int) -> float:
    """Mean length of an untreated course: it mends at max(T_r, T_w), or, severe, three days after T_d."""
    nodes, weights = normal_nodes()
    t_w = p.worsen_days[k] * np.exp(p.time_severe_sd * nodes)[:, None, None]
    t_d = t_w + p.death_days[k] * np.exp(p.time_death_sd * nodes)[None, :, None]
    t_r = p.mend_days[k] * np.exp(p.time_dur_sd * nodes)[None, None, :]
    w = weights[:, None, None] * weights[None, :, None] * weights[None, None, :]
    mild = (w * np.maximum(t_r, t_w)).sum()
    severe = (w * np.maximum(t_r, t_d + p.time_convalescence)).sum()
    return float((1.0 - p.sev[k]) * mild + p.sev[k] * severe)


@lru_cache(maxsize=1024)
def corrected(incidence: float, cv: float, season: tuple[float, ...], lost_days: float) -> float:
    """Rate while at risk whose counted incidence is `incidence`: a child is not at risk while ill and shortly after.

    Solves mean over frailty f and months s of r f s / (1 + r f s D/365) = incidence, by bisection.
    """
    if incidence <= 0.0:
        return 0.0
    low, high = incidence, incidence * STEEPEST
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if counted(middle, cv, season, lost_days) < incidence else (low, middle)
    return 0.5 * (low + high)


def counted(rate: float, cv: float, season: tuple[float, ...], lost_days: float) -> float:
    """Episodes in a child-year at this rate while at risk."""
    weight, fs = _risks(cv, season)
    return (weight * rate * fs / (1.0 + rate * fs * lost_days / 365.0)).sum()


@lru_cache(maxsize=64)
def _risks(cv: float, season: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Weights and relative rates of children and months."""
    weight = np.exp(-0.5 * FRAILTY_Z * FRAILTY_Z)
    fs = frailty_quantiles(cv)[::10, None] * np.array(season)[None, :]
    return (weight[::10] / weight[::10].sum())[:, None] / 12.0, fs


def overfull_years(setting: Mapping[str, object], *, share: float) -> Iterator[tuple[int, int, float, float, float]]:
    """For each illness and age band of which less than a share comes about: episodes declared for a child-year, those
    at the steepest rate with which `corrected` reckons, and the days after each onset on which none can begin."""
    p = np.zeros(1, record_dtype()).view(np.recarray)[0]
    p.time_severe_sd, p.time_death_sd = setting["time.severe.sd"], setting["time.death.sd"]
    p.time_dur_sd, p.time_convalescence = setting["time.dur.sd"], setting["time.convalescence"]
    _lengths(p, setting)
    for k, declared in enumerate(published_incidence(setting)):
        cv, season = float(cv_of(k, setting)), tuple(p.season[k])
        for band, rate in enumerate(map(float, declared)):
            steepest = rate * STEEPEST
            if counted(steepest, cv, season, most_untreated_days(p, k) + p.gap[k]) < share * rate:
                lost = mean_untreated_days(p, k) + p.gap[k]
                if (most := float(counted(steepest, cv, season, lost))) < share * rate:
                    yield k, band, rate, most, float(lost)


def most_untreated_days(p: np.record, k: int) -> float:
    """More than the mean length of an untreated course, quickly: its times one after the other."""
    times = ((p.worsen_days[k], p.time_severe_sd), (p.death_days[k], p.time_death_sd), (p.mend_days[k], p.time_dur_sd))
    return float(sum(median * math.exp(0.5 * sd * sd) for median, sd in times) + p.time_convalescence)


def _treatment(p: np.record, values: Mapping[str, object]) -> None:
    p.effect[:] = _vector(values, "tx.ors", "tx.zinc", "tx.amox.nonsev", "tx.act", "tx.act")
    p.lag[:] = _vector(values, "tx.lag.ors", "tx.lag.zinc", "tx.lag.amox", "tx.lag.act", "tx.lag.act")
    p.main_product[:] = [3, AMOXICILLIN, 0, AMOXICILLIN, 0, 0]
    for k, key in ((MALARIA, "tx.mal.inpt_weak"), (PNEUMONIA, "tx.pneu.inpt"), (DIARRHOEA, "tx.diarr.inpt")):
        if p.fatality[k] > 0.0:
            p.inpatient[k] = max(0.0, 1.0 - values[key] / p.fatality[k])


def _families(p: np.record, values: Mapping[str, object]) -> None:
    p.seek_factor[:5] = np.exp(values["seek.k"])  # and nothing draws who has no complaint
    p.trust_left[:] = np.exp(-np.arange(512) / values["trust.days"])
    p.seek_severe_factor = math.exp(values["seek.sev"])
    p.seek_tried_factor = math.exp(-values["seek.tried"])
    if values["demand.knowledge"]:
        p.recog_severe = 1.0 / (1.0 + math.exp(-logit(values["recog.severe"]) - values["demand.knowledge"]))
    p.seek_trust_most = math.exp(abs(values["seek.trust"]))  # no trust can add more to the pull of a provider
    poor = math.exp(values["pop.wealth_sd"] ** 2)  # mean of 1 / wealth
    cost = values["ref.fee"] * parameter("fee.facility").default * poor  # at which ref.routine was seen
    p.ref_base = logit(values["ref.routine"]) + values["ref.km"] * values["ref.mean_km"] + cost
    _prices(p, values)
    for sees in ("mild", "severe"):
        taught = logit(float(p[f"recog_{sees}"])) + values["relais.recog"]
        p[f"recog_{sees}_taught"] = 1.0 / (1.0 + math.exp(-taught))
    p.ref_ras_gain = math.log(values["ref.ras_or"])
    p.transport_gain, p.escort_gain = math.log(values["transport.or"]), math.log(values["escort.or"])
    p.ref_severe_gain = logit(values["ref.severe"]) - logit(values["ref.routine"])


def _prices(p: np.record, values: Mapping[str, object]) -> None:
    """What a family reckons with at either door, and the wealth below which it is asked for nothing."""
    p.fee_at_chw = values["fee.chw"] + values["fee.drugs"]
    p.fee_at_facility = values["fee.facility"] * (1.0 - values["fee.waived"])
    share, sd = values["fee.exempt_poorest"], values["pop.wealth_sd"]
    score = ndtri(share)  # -inf for nobody, inf for everybody
    p.fee_exempt_below = math.exp(sd * score - 0.5 * sd * sd) if abs(score) < math.inf else max(0.0, score)


def logit(chance: float) -> float:
    """Log-odds of a chance; 0 and 1 become certainties that a person's talent cannot undo."""
    if chance <= 0.0 or chance >= 1.0:
        return -700.0 if chance <= 0.0 else 700.0
    return math.log(chance / (1.0 - chance))


def stationary_skill(values: Mapping[str, object]) -> float:
    """Mean skill once training, visits, refreshers, decay and turnover have settled."""
    ceiling, visits = values["skill.max"], values["spv.freq"]  # a month
    mentors = visits * values["spv.obs"]
    taught = 1.0 / (2.0 + 1.0 / mentors) if mentors > 0 else 0.0  # mentoring teaches once in a quarter
    gains = taught * values["skill.mentored"] + (visits - taught) * values["skill.visit"]
    if values["spv.refresher_months"] > 0:
        gains += values["skill.refresher"] / values["spv.refresher_months"]
    turnover = values["chw.attr"] / 12.0
    fresh = min(values["skill.training"], ceiling)
    lost = values["skill.decay"] + gains / ceiling + turnover
    return (gains + turnover * fresh) / lost if lost > 0 else fresh


def _providers(p: np.record, values: Mapping[str, object], reference: Mapping[str, object]) -> None:
    settled = stationary_skill(reference)
    p.chw_logit[:] = [logit(values[f"chw.step.{step}"]) - settled for step in STEPS]
    p.fac_logit[:] = [logit(values[f"fac.step.{step}"]) for step in STEPS]
    p.chw_danger_factor = math.exp(values["chw.danger_severe"])
    p.fac_danger_factor = math.exp(values["fac.danger_severe"])
    p.fac_hands = max(1.0, values["fac.minutes_day"] / (MINUTES - values["seek.hours"][0]))  # all before midnight
    p.skill_start = min(values["skill.training"], values["skill.max"])
    month = values["sup.kit_contacts"] * UNDER_FIVES / 12.0  # contacts per person and month
    mix = np.array([*values["sup.kit_mix"], values["sup.kit_ras"], values["sup.kit_gentamicin"],
                    values["sup.kit_rutf"]])
    p.chw_kit[:] = np.maximum(1.0, values["chw.catch"] * month * mix) * _in_the_box(values)
    basic = values["fac.kit_contacts"] * UNDER_FIVES / 12.0 * np.array(values["fac.kit_mix"])
    p.fac_kit_per_person[:BASIC_PRODUCTS] = basic


def _in_the_box(values: Mapping[str, object]) -> np.ndarray:
    """1 for each product that policy lets CHWs give, so that they are supplied with it; else 0."""
    pneumonia = values["policy.pneumonia"] * values["policy.antibiotics"]
    newborn = values["policy.newborn"] * values["policy.antibiotics"]
    malaria, diarrhoea = values["policy.malaria"], values["policy.diarrhoea"]
    carried = [diarrhoea, diarrhoea * values["policy.zinc"], pneumonia + newborn, malaria, malaria,
               malaria * values["policy.rdt"], values["policy.ras"], newborn >= 2, values["policy.muac"]]  # fmt: skip
    return np.array([1.0 if each else 0.0 for each in carried])
