"""Onsets and potential courses: drawn once, at the stated rates, times, signs and overlaps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from falling_ill import candidate_onsets, course_of_illness, draw_course
from scipy import stats
from world import (
    DAY,
    KEY,
    MANY,
    ONSET,
    PLAIN,
    assert_mean,
    assert_share,
    parameters,
    some_courses,
)

from iccmsim.core.records import (
    COUGH,
    COURSE,
    DIARRHOEA,
    FEVER,
    HAS_COUGH,
    HAS_DANGER,
    HAS_DANGER_SEVERE,
    HAS_DIARRHOEA,
    HAS_FAST,
    HAS_FEVER,
    IS_INFECTED,
    MALARIA,
    MONTH,
    NEWBORN,
    PNEUMONIA,
    YEAR,
    table,
)
from iccmsim.world.courses import mark_overlaps, spread, untreated_end
from iccmsim.world.onsets import cut_life, frailties, grows_by, new_desk, onset_within, quantile

SEASON_MALARIA = (0.55, 0.45, 0.40, 0.40, 0.40, 0.45, 0.80, 1.60, 2.50, 2.50, 1.15, 0.80)
FIVE = int(5 * YEAR * DAY)
FAR = 1e18
CHILDREN = 250 if PLAIN else 1500


# --- the clock of onsets ------------


def climate(**changed):
    """One constant rate of 2 a year for malaria in every age and month, unless said otherwise."""
    rate, season = np.zeros((6, 5)), np.ones((6, 12))
    rate[MALARIA] = changed.pop("rate", 2.0)
    season[MALARIA] = changed.pop("season", 1.0)
    sums = np.hstack([np.zeros((6, 1)), season.cumsum(axis=1)])
    return parameters(
        rate=rate.tolist(), season=season.tolist(), season_sum=sums.tolist(), run_warmup_days=365, **changed
    )


def next_onset(p, illness, frail, birth, clock, end, wanted):
    """The first onset after a minute, if so much growth of the cumulative rate is waited for; FAR if after the end."""
    desk = new_desk()
    pieces = cut_life(p, birth, clock, end, desk.cuts)
    for piece in range(pieces):
        grown = grows_by(p, illness, frail, desk.cuts, piece)
        if wanted <= grown:
            return onset_within(p, illness, frail, desk.cuts, piece, wanted)
        wanted -= grown
    return FAR


def test_the_next_onset_comes_where_the_cumulative_rate_has_grown_enough():
    p = climate()
    for wanted, clock in ((0.5, 100 * DAY), (1.7, 900 * DAY)):
        expected = clock + wanted / 2.0 * YEAR * DAY
        assert next_onset(p, MALARIA, 1.0, 0, float(clock), FIVE, wanted) == pytest.approx(expected, abs=1e-3)
        half = clock + wanted / 4.0 * YEAR * DAY
        assert next_onset(p, MALARIA, 2.0, 0, float(clock), FIVE, wanted) == pytest.approx(half, abs=1e-3)


def test_no_onset_comes_after_the_end_or_the_fifth_birthday():
    p = climate()
    assert next_onset(p, MALARIA, 1.0, 0, 100.0 * DAY, 200 * DAY, 5.0) == FAR
    assert next_onset(p, MALARIA, 1.0, 0, 1700.0 * DAY, 10 * FIVE, 5.0) == FAR
    assert next_onset(p, MALARIA, 1.0, 0, 2000.0 * DAY, 10 * FIVE, 0.001) == FAR
    assert next_onset(p, MALARIA, 1.0, 0, 300.0 * DAY, 200 * DAY, 0.001) == FAR
    assert next_onset(p, PNEUMONIA, 1.0, 0, 100.0 * DAY, FIVE, 0.001) == FAR


def by_hand(p, birth, clock, until):
    """The cumulative rate between two minutes, by adding up minutes of a fine grid."""
    steps = np.arange(clock, until, 30.0) + 15.0
    age = (steps - birth) / DAY
    band = np.digitize(age, p.age_days[1:5])
    month = np.floor((steps / DAY - 365) / MONTH).astype(int) % 12
    per_minute = p.rate[MALARIA][band] * p.season[MALARIA][month] / (YEAR * DAY)
    return float(per_minute.sum() * 30.0)


@pytest.mark.parametrize("birth", [-400, -20, 200, 365])
def test_age_and_season_cut_the_rate_at_the_childs_own_dates_and_at_calendar_months(birth):
    rate = (1.0, 3.0, 0.5, 4.0, 2.0)
    p = climate(rate=rate, season=np.array(SEASON_MALARIA) / np.mean(SEASON_MALARIA))
    clock = float(max(0, birth + 28) * DAY)
    for wanted in (0.02, 0.4, 2.5):
        onset = next_onset(p, MALARIA, 1.0, birth * DAY, clock, FIVE, wanted)
        assert clock < onset < FIVE
        assert by_hand(p, birth * DAY, clock, onset) == pytest.approx(wanted, abs=0.001)


def test_the_age_bands_are_those_of_the_incidence_table():
    p = parameters()
    assert list(p.age_days) == pytest.approx([28, 60, 6 * MONTH, 12 * MONTH, 24 * MONTH, 60 * MONTH])


def test_seasons_have_mean_one_over_the_year():
    p = parameters()
    assert p.season.mean(axis=1) == pytest.approx(np.ones(6))
    assert p.season[MALARIA] == pytest.approx(np.array(SEASON_MALARIA) / np.mean(SEASON_MALARIA))


# --- frailty ------------


def frailty_of(n, p):
    rows = np.zeros((n, 6))
    for who in range(n):
        frailties(rows[who], KEY, p, who)
    return rows


def test_frailty_has_mean_one_and_its_stated_spread_and_part_of_it_in_common():
    p = parameters(inc_mal_het=0.8, frailty_cv_other=0.5, frailty_rho=0.3)
    n = 2000
    rows = frailty_of(n, p)
    for k, cv in ((MALARIA, 0.8), (PNEUMONIA, 0.5), (DIARRHOEA, 0.5), (FEVER, 0.5), (COUGH, 0.5)):
        assert_mean(rows[:, k], 1.0, cv)
        exact = stats.gamma(1 / cv**2, scale=cv**2)
        assert stats.kstest(rows[:, k], exact.cdf).pvalue > 6e-5
    assert set(rows[:, NEWBORN]) == {1.0}
    scores = stats.norm.ppf(stats.rankdata(rows, axis=0) / (n + 1))
    sick = [k for k in range(6) if k != NEWBORN]
    for i in sick:
        for j in sick:
            if i < j:
                assert np.corrcoef(scores[:, i], scores[:, j])[0, 1] == pytest.approx(0.3, abs=4 / math.sqrt(n))


def test_without_frailty_all_children_are_alike():
    p = parameters(inc_mal_het=0.0, frailty_cv_other=0.0)
    assert frailty_of(20, p) == pytest.approx(np.ones((20, 6)))


def test_quantiles_are_read_between_those_tabulated_and_ends_hold():
    p = parameters(inc_mal_het=0.8)
    for z in (-1.2345, 0.0, 2.5):
        exact = stats.gamma.ppf(stats.norm.cdf(z), 1 / 0.64, scale=0.64)
        assert quantile(p, MALARIA, z) == pytest.approx(exact, rel=1e-3)
    assert quantile(p, MALARIA, 9.0) == pytest.approx(p.frailty[MALARIA, 1000], rel=1e-2)
    assert quantile(p, MALARIA, -9.0) == p.frailty[MALARIA, 0]


# --- one course ------------


def drawn(illness, n=MANY, p=None, onset=ONSET):
    """n courses of as many children."""
    p = parameters() if p is None else p
    rows = table(COURSE, n)
    for who in range(n):
        draw_course(rows[who], p, who, illness, 4, onset)
    return rows


@pytest.mark.parametrize(
    ("illness", "worsens", "kills", "mends"),
    [(MALARIA, 2.5, 1.5, 4), (PNEUMONIA, 2.5, 4, 7.8), (DIARRHOEA, 1.5, 2, 4.3)],
)
def test_courses_have_log_normal_times_about_their_medians(illness, worsens, kills, mends):
    rows = drawn(illness)
    t_w = rows["worsens"] - ONSET
    for times, median, sd in (
        (t_w, worsens, 0.6),
        (rows["kills"] - ONSET - t_w, kills, 0.7),
        (rows["mends"] - ONSET, mends, 0.3),
    ):
        assert times.min() >= 1
        z = np.log((times + 0.5) / (median * DAY)) / sd
        assert stats.kstest(z, "norm").pvalue > 6e-5
    z_w, z_d = np.log(t_w), np.log(rows["kills"] - ONSET - t_w)
    for pair in (
        (z_w, z_d),
        (z_w, np.log(rows["mends"] - ONSET)),
        (rows["u_worsen"], z_w),
        (rows["u_die"], z_d),
    ):
        assert abs(np.corrcoef(*pair)[0, 1]) < 4 / math.sqrt(len(rows))


def test_times_read_from_the_table_are_log_normal_to_a_fiftieth_of_a_percent():
    p = parameters()
    for which, sd in enumerate((p.time_dur_sd, p.time_severe_sd, p.time_death_sd)):
        for u in np.linspace(0.0005, 0.9995, 1013):
            assert spread(p, which, float(u)) == pytest.approx(math.exp(sd * stats.norm.ppf(u)), rel=2e-4)


def test_a_newborn_infection_worsens_at_its_onset():
    rows = drawn(NEWBORN)
    assert set(rows["worsens"]) == {ONSET}
    assert np.median(rows["kills"] - ONSET) == pytest.approx(1.3 * DAY, rel=0.15)
    assert np.median(rows["mends"] - ONSET) == pytest.approx(7 * DAY, rel=0.1)


@pytest.mark.parametrize(("illness", "mends"), [(FEVER, 3), (COUGH, 7)])
def test_other_fevers_and_colds_mend_and_never_worsen(illness, mends):
    rows = drawn(illness)
    z = np.log((rows["mends"] - ONSET + 0.5) / (mends * DAY)) / 0.3
    assert stats.kstest(z, "norm").pvalue > 6e-5
    assert (rows["worsens"] <= rows["mends"]).all()
    assert (rows["worsens"] > ONSET).all()
    assert (rows["kills"] >= rows["worsens"]).all()
    assert set(rows["u_worsen"]) == set(rows["u_die"]) == {1.0}
    assert stats.kstest(rows["u_recognise"], "uniform").pvalue > 6e-5
    assert abs(np.corrcoef(rows["u_recognise"], z)[0, 1]) < 4 / math.sqrt(len(rows))


def test_fates_are_uniform_and_unrelated_and_belong_to_child_illness_and_episode():
    rows = drawn(MALARIA)
    for field in ("u_worsen", "u_die", "u_recognise"):
        assert stats.kstest(rows[field], "uniform").pvalue > 6e-5
    for a, b in (("u_worsen", "u_die"), ("u_worsen", "u_recognise"), ("u_die", "u_recognise")):
        assert abs(np.corrcoef(rows[a], rows[b])[0, 1]) < 4 / math.sqrt(len(rows))
    again = drawn(MALARIA, 5)
    assert again.tobytes() == rows[:5].tobytes()
    assert drawn(PNEUMONIA, 5)["u_worsen"].tolist() != rows["u_worsen"][:5].tolist()


def test_a_course_knows_its_child_illness_episode_and_onset():
    row = some_courses({"overlaps": 1, "child": 9})[0]
    draw_course(row, parameters(), 77, DIARRHOEA, 5, 1234)
    assert (row.child, row.illness, row.episode, row.onset, row.overlaps) == (77, DIARRHOEA, 5, 1234, 0)


def test_another_episode_of_the_child_has_another_fate():
    rows = table(COURSE, 2)
    for episode in range(2):
        draw_course(rows[episode], parameters(), 1, MALARIA, episode, ONSET)
    assert rows["u_worsen"][0] != rows["u_worsen"][1]
    assert rows["worsens"][0] != rows["worsens"][1]


@pytest.mark.parametrize(
    ("u", "mends", "end"),
    [
        (0.16, 500, 2_000),  # not severe even beside another illness: the later of T_r and T_w
        (0.16, 9_000, 9_000),
        (0.149, 500, 5_000 + 3 * DAY),  # severe, were another illness there: T_d and convalescence
        (0.05, 500, 5_000 + 3 * DAY),
        (0.05, 90_000, 90_000),
    ],
)
def test_the_untreated_length_is_that_of_a_severe_course_if_it_could_be_one(u, mends, end):
    p = parameters(sev=[0.1, 0, 0, 1, 0, 0], overlap_mechanism=1.5, time_convalescence=3.0, was_on=False)
    row = some_courses({"worsens": 2_000, "kills": 5_000, "mends": mends, "u_worsen": u})[0]
    assert untreated_end(row, p) == end


# --- signs ------------


STATED_SIGNS = {
    MALARIA: (1, 0.35, 0.10, 0.15, 0.02, 0.60),
    PNEUMONIA: (0.80, 1, 1, 0.10, 0.05, 0.60),
    DIARRHOEA: (0.35, 0.10, 0.03, 1, 0.01, 0.50),
    NEWBORN: (0.6, 0.2, 0.4, 0.05, 0.3, 0.9),
    FEVER: (1, 0.35, 0.08, 0.10, 0.01, 0),
    COUGH: (0.30, 1, 0.05, 0.05, 0.01, 0),
}
SIGNS = (HAS_FEVER, HAS_COUGH, HAS_FAST, HAS_DIARRHOEA, HAS_DANGER, HAS_DANGER_SEVERE)


def signs_of(illness, n=MANY, p=None, onset=ONSET):
    p = parameters(season_malaria=(1.0,) * 12, dx_rdt_infected_other=0.35) if p is None else p
    return drawn(illness, n, p, onset)["signs"]


@pytest.mark.parametrize("illness", sorted(STATED_SIGNS))
def test_each_illness_shows_its_signs_by_the_stated_chances(illness):
    signs = signs_of(illness)
    for sign, chance in zip(SIGNS, STATED_SIGNS[illness], strict=True):
        assert_share(int((signs & sign > 0).sum()), MANY, chance)
    if STATED_SIGNS[illness][5] >= STATED_SIGNS[illness][4]:  # who shows danger when mild shows it when severe
        assert not ((signs & HAS_DANGER > 0) & (signs & HAS_DANGER_SEVERE == 0)).any()


def test_signs_of_one_course_are_independent():
    signs = signs_of(NEWBORN)
    for a, b in ((0, 1), (0, 2), (1, 2), (2, 3), (0, 4)):
        both = STATED_SIGNS[NEWBORN][a] * STATED_SIGNS[NEWBORN][b]
        assert_share(int(((signs & SIGNS[a] > 0) & (signs & SIGNS[b] > 0)).sum()), MANY, both)


@pytest.mark.parametrize("illness", [PNEUMONIA, FEVER, COUGH])
def test_some_children_carry_parasites_without_malaria_and_all_with_it(illness):
    assert_share(int((signs_of(illness) & IS_INFECTED > 0).sum()), MANY, 0.35)
    assert (signs_of(MALARIA) & IS_INFECTED > 0).all()


def test_infection_goes_with_the_malaria_season():
    season = (0.5, 1.0, 2.0) + (1.0,) * 6 + (0.5, 1.0, 1.0)
    p = parameters(season_malaria=season, dx_rdt_infected_other=0.30, run_warmup_days=365)
    mean = sum(season) / 12
    for month in (0, 2, 9):
        onset = int((365 + (month + 0.5) * MONTH) * DAY)
        infected = int((signs_of(FEVER, p=p, onset=onset) & IS_INFECTED > 0).sum())
        assert_share(infected, MANY, 0.30 * season[month] / mean)


def test_infection_is_a_draw_of_its_own():
    signs = signs_of(FEVER)
    for sign, chance in ((HAS_COUGH, 0.35), (HAS_DIARRHOEA, 0.10)):
        assert_share(int(((signs & sign > 0) & (signs & IS_INFECTED > 0)).sum()), MANY, chance * 0.35)


# --- all courses of a child ------------


def histories(p, illness=MALARIA, n=CHILDREN, *, frail=1.0, birth=0, begin=0, end=FIVE):
    """The kept courses of one illness in n children, child by child."""
    kept = []
    raw = table(COURSE, 400)
    for who in range(n):
        rows = course_of_illness(raw, 0, p, who, illness, frail=frail, birth=birth, begin=begin, end=end)
        kept.append(raw[:rows].copy())
    return kept


def test_episodes_come_at_the_rate_less_what_is_lost_while_ill():
    p = climate(rate=3.0, gap=[3.0] * 6)
    kept = histories(p, end=int((28 + 2 * YEAR) * DAY))
    counts = np.array([len(rows) for rows in kept])
    # each kept course bars the way for its length and gap: at 3 a year, the share lost is small and known
    lost = np.mean([(untreated_end(row, p) - row.onset) / DAY + 3.0 for rows in kept for row in rows])
    expected = 2 * 3.0 / (1 + 3.0 * lost / YEAR)
    assert_mean(counts, expected, math.sqrt(expected))


def test_waits_between_candidates_are_exponential_where_nothing_is_dropped():
    p = climate(
        rate=2.0,
        gap=[0.0] * 6,
        time_convalescence=0.0,
        mend_days=[1e-6] * 6,
        worsen_days=[1e-6] * 6,
        death_days=[1e-6] * 6,
    )
    kept = histories(p)
    first = [rows[0].onset - 28 * DAY for rows in kept if len(rows)]
    assert stats.kstest(first, stats.expon(scale=YEAR * DAY / 2).cdf).pvalue > 6e-5
    waits = np.concatenate([np.diff(rows["onset"][:4]) for rows in kept if len(rows) >= 4])
    assert stats.kstest(waits, stats.expon(scale=YEAR * DAY / 2).cdf).pvalue > 1e-6
    assert all(list(rows["episode"]) == list(range(len(rows))) for rows in kept)


def test_an_onset_within_the_last_kept_one_or_the_gap_after_it_is_dropped():
    p = climate(rate=30.0, gap=[10.0] * 6, sev=[0.4, 0, 0, 1, 0, 0])
    everything = climate(
        rate=30.0,
        gap=[0.0] * 6,
        sev=[0.0] * 6,
        time_convalescence=0.0,
        mend_days=[1e-6] * 6,
        worsen_days=[1e-6] * 6,
        death_days=[1e-6] * 6,
    )
    dropped = 0
    for rows, candidates in zip(histories(p, n=20), histories(everything, n=20), strict=True):
        onsets = dict(zip(candidates["episode"].tolist(), candidates["onset"].tolist(), strict=True))
        free_from, kept = -1.0, []
        for episode, onset in sorted(onsets.items()):
            if onset < free_from:
                dropped += 1
                continue
            kept.append(episode)
            row = rows[len(kept) - 1]
            assert (row.episode, row.onset, row.illness) == (episode, onset, MALARIA)
            free_from = untreated_end(row, p) + 10 * DAY
        assert kept == rows["episode"].tolist()
    assert dropped > 50


def test_illness_begins_at_28_days_and_within_the_run():
    p = climate(rate=50.0)
    for birth, begin, end in (
        (0, 0, 400 * DAY),
        (-300 * DAY, 0, 100 * DAY),
        (50 * DAY, 0, 300 * DAY),
        (0, 90 * DAY, 200 * DAY),
    ):
        onsets = np.concatenate([rows["onset"] for rows in histories(p, n=40, birth=birth, begin=begin, end=end)])
        first = max(begin, birth + 28 * DAY)
        assert first <= onsets.min() < first + 20 * DAY
        assert onsets.max() < end


def test_a_child_that_is_twice_as_frail_has_the_same_candidates_earlier():
    p = climate(rate=1.0, gap=[0.0] * 6, sev=[0.0] * 6, mend_days=[1e-6] * 6, worsen_days=[1e-6] * 6)
    one, two = histories(p, n=10), histories(p, n=10, frail=2.0)
    for a, b in zip(one, two, strict=True):
        start = 28 * DAY
        early = (a["onset"] - start) / 2 + start
        assert len(b) >= len(a)
        if len(a):
            assert abs(b["onset"][: len(a)] - early).max() <= 2


def test_a_table_that_is_too_small_is_told():
    assert candidate_onsets(climate(rate=20.0), 1, MALARIA, end=FIVE, room=2)[1] == -1
    assert candidate_onsets(parameters(inc_psbi=1.0), 1, NEWBORN, end=FIVE, room=0)[1] == -1


def test_courses_are_added_behind_those_already_there():
    raw = table(COURSE, 50)
    n = course_of_illness(raw, 7, climate(), 1, MALARIA, end=FIVE)
    assert n > 7
    assert raw["onset"][:7].sum() == 0
    assert (raw["onset"][7:n] > 0).all()


# --- newborns ------------


def newborns(p, n=MANY, birth=ONSET, begin=0, end=FIVE):
    raw = table(COURSE, 1)
    onsets = []
    for who in range(n):
        if course_of_illness(raw, 0, p, who, NEWBORN, birth=birth, begin=begin, end=end):
            assert (raw[0].illness, raw[0].episode, raw[0].child) == (NEWBORN, 0, who)
            onsets.append((raw[0].onset - birth) / DAY)
    return np.array(onsets)


def test_newborn_infection_comes_once_by_its_chance_and_mostly_early():
    p = parameters(inc_psbi=0.10, inc_psbi_days=(0.25, 0.30, 0.25, 0.20))
    assert_share(len(newborns(p)), MANY, 0.10)
    days = newborns(parameters(inc_psbi=1.0, inc_psbi_days=(0.25, 0.30, 0.25, 0.20)))
    assert len(days) == MANY
    for first, last, share in ((0, 3, 0.25), (3, 7, 0.30), (7, 14, 0.25), (14, 28, 0.20)):
        inside = days[(days >= first) & (days < last)]
        assert_share(len(inside), MANY, share)
        assert stats.kstest((inside - first) / (last - first), "uniform").pvalue > 6e-5


def test_a_newborn_infection_outside_the_run_is_left_out():
    p = parameters(inc_psbi=1.0)
    assert len(newborns(p, 40, birth=-30 * DAY)) == 0
    assert len(newborns(p, 40, birth=ONSET, end=ONSET)) == 0
    some = newborns(p, 200, birth=ONSET, end=ONSET + 5 * DAY)
    assert 0 < len(some) < 200
    assert some.max() < 5


def test_no_newborn_infection_where_its_chance_is_none():
    assert len(newborns(parameters(inc_psbi=0.0), 50)) == 0


# --- overlap ------------


def overlapping(*fields):
    """Overlap marks of the courses of one child, each given as illness, onset and end in hours."""
    fields = sorted(fields)
    rows = some_courses(
        *(
            {
                "illness": k,
                "onset": a * 60,
                "worsens": a * 60,
                "kills": b * 60,
                "mends": b * 60,
                "u_worsen": 0.999,
            }
            for k, a, b in fields
        )
    )
    starts = np.array([sum(f[0] < k for f in fields) for k in range(7)], np.int64)
    mark_overlaps(rows, 0, len(fields), starts, parameters(overlap_mechanism=1.0))
    return {f: int(row.overlaps) for f, row in zip(fields, rows, strict=True)}


def test_the_later_of_two_illnesses_overlaps_if_it_begins_before_the_earlier_would_be_over():
    first = (MALARIA, 100, 200)
    for onset, marked in ((100, 1), (101, 1), (199, 1), (200, 0), (201, 0), (99, 0)):
        later = (PNEUMONIA, onset, 400)
        marks = overlapping(first, later)
        assert marks[later] == marked, onset
        assert marks[first] == (1 if onset == 99 else 0)


def test_in_the_same_minute_the_higher_number_is_the_later():
    assert overlapping((MALARIA, 10, 20), (PNEUMONIA, 10, 20), (DIARRHOEA, 10, 20)) == {
        (MALARIA, 10, 20): 0,
        (PNEUMONIA, 10, 20): 1,
        (DIARRHOEA, 10, 20): 1,
    }


def test_a_newborn_infection_makes_others_overlap_and_is_never_marked():
    assert overlapping((NEWBORN, 10, 900), (DIARRHOEA, 700, 800)) == {
        (NEWBORN, 10, 900): 0,
        (DIARRHOEA, 700, 800): 1,
    }
    assert overlapping((NEWBORN, 10, 20), (DIARRHOEA, 5, 800))[NEWBORN, 10, 20] == 0


@pytest.mark.parametrize("other", [FEVER, COUGH])
def test_other_fevers_and_colds_neither_mark_nor_are_marked(other):
    assert set(overlapping((MALARIA, 10, 90), (other, 5, 95)).values()) == {0}
    assert set(overlapping((MALARIA, 10, 90), (other, 20, 95)).values()) == {0}


def test_two_courses_of_one_illness_do_not_overlap_each_other():
    assert set(overlapping((MALARIA, 10, 90), (MALARIA, 50, 95)).values()) == {0}


def test_each_course_is_compared_with_the_one_that_runs_at_its_onset():
    marks = overlapping(
        (MALARIA, 0, 10),
        (MALARIA, 50, 60),
        (MALARIA, 100, 110),
        (DIARRHOEA, 5, 6),
        (DIARRHOEA, 20, 30),
        (DIARRHOEA, 55, 70),
        (DIARRHOEA, 105, 120),
    )
    assert [marks[DIARRHOEA, *hours] for hours in ((5, 6), (20, 30), (55, 70), (105, 120))] == [1, 0, 1, 1]
    assert sum(marks[f] for f in marks if f[0] == MALARIA) == 0


def test_an_illness_within_the_untreated_length_of_a_severe_one_overlaps_until_convalescence_ends():
    rows = some_courses(
        {"illness": MALARIA, "onset": 0, "worsens": 10, "kills": 100, "mends": 20, "u_worsen": 0.0},
        {
            "illness": PNEUMONIA,
            "onset": 100 + 2 * DAY,
            "worsens": 9 * DAY,
            "kills": 10 * DAY,
            "mends": 11 * DAY,
        },
    )
    starts = np.array([0, 1, 2, 2, 2, 2, 2], np.int64)
    mark_overlaps(rows, 0, 2, starts, parameters(time_convalescence=3.0))
    assert rows["overlaps"].tolist() == [0, 1]


# --- from rates to published counts ------------


def test_corrected_rates_give_the_published_count():
    """The rate while at risk is above the published one by what time spent ill takes away."""
    p = parameters(inc_mal_het=0.8)
    z = np.linspace(-5, 5, 4001)
    weight = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    f = stats.gamma.ppf(stats.norm.cdf(z), 1 / 0.64, scale=0.64)
    rows = drawn(MALARIA, 4000 if not PLAIN else 1500, p)
    lost = np.mean([untreated_end(row, p) - row.onset for row in rows]) / DAY + p.gap[MALARIA]
    counted = 0.0
    for s in p.season[MALARIA]:
        rate = p.rate[MALARIA, 4] * f * s
        counted += float((weight * rate / (1 + rate * lost / YEAR)).sum()) / 12
    assert counted == pytest.approx(p.inc_mal, rel=0.01)


@pytest.mark.parametrize(("of_fevers", "share"), [(0.39, 0.39), (0.40, 0.40), (0.55, 0.4875)])
def test_infection_without_malaria_follows_the_season_and_is_at_most_certain(of_fevers, share):
    """On purpose: a chance is at most 1, so above .40 September and October cannot take their part of the mean."""
    season = (0.55, 0.45, 0.40, 0.40, 0.40, 0.45, 0.80, 1.60, 2.50, 2.50, 1.15, 0.80)
    assert sum(min(1.0, of_fevers * s) for s in season) / 12 == pytest.approx(share)
    p, n, infected = parameters(dx_rdt_infected_other=of_fevers, run_warmup_days=365), 300 if PLAIN else 500, []
    for month, s in enumerate(season):
        signs = signs_of(FEVER, n, p=p, onset=int((365 + (month + 0.5) * MONTH) * DAY))
        infected.append(int((signs & IS_INFECTED > 0).sum()))
        assert_share(infected[-1], n, min(1.0, of_fevers * s))
    spread = n * sum(c * (1 - c) for c in (min(1.0, of_fevers * s) for s in season))
    assert abs(sum(infected) - 12 * n * share) <= 4 * math.sqrt(spread)
