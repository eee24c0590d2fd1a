"""Keyed draws: the published generator, uniform, and never the same number for two decisions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from world import KEY, assert_mean

from iccmsim.core.draws import (
    SEED_LIMIT,
    TRY_LIMIT,
    WHO_LIMIT,
    ZONE_LIMIT,
    Decision,
    draw,
    draw_several,
    draw_words,
    drawn_for,
    expit,
    exponential,
    normal,
    philox,
    refuse_unfit,
    split,
    two_normals,
    unit,
)

ONES = 0xFFFFFFFF
KNOWN_ANSWERS = [  # Random123 1.14, examples/kat_vectors, philox 4x32 10 rounds
    ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ((ONES,) * 4, (ONES,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_the_generator_gives_the_published_answers(counter, key, answer):
    assert [int(word) for word in philox(*counter, *key)] == [int(word, 16) for word in answer.split()]


def test_a_draw_is_the_hash_of_its_key_word_by_word():
    seed, zone = (5 << 32) + 9, 4
    label = Decision.STEP | 3 << 8 | 77 << 12 | 200 << 24
    words = philox(12345, label, 678, zone, 9, 5)
    drawn = draw((seed, zone), Decision.STEP, 12345, 678, 3, 77, 200)
    assert drawn == tuple((int(word) + 0.5) / 2**32 for word in words)


def test_the_same_key_gives_the_same_numbers_and_another_key_others():
    assert draw(KEY, Decision.CHOICE, 1, 2) == draw(KEY, Decision.CHOICE, 1, 2)
    assert draw(KEY, Decision.CHOICE, 1, 2) == draw(KEY, Decision.CHOICE, 1, 2, 0, 0, 0)
    base = draw(KEY, Decision.CHOICE, 1, 2, 3, 4, 5)
    others = [
        draw((KEY[0] + 1, KEY[1]), Decision.CHOICE, 1, 2, 3, 4, 5),
        draw((KEY[0] + (1 << 32), KEY[1]), Decision.CHOICE, 1, 2, 3, 4, 5),
        draw((KEY[0], KEY[1] + 1), Decision.CHOICE, 1, 2, 3, 4, 5),
        draw(KEY, Decision.SECOND_TRY, 1, 2, 3, 4, 5),
        draw(KEY, Decision.CHOICE, 2, 2, 3, 4, 5),
        draw(KEY, Decision.CHOICE, 1, 3, 3, 4, 5),
        draw(KEY, Decision.CHOICE, 1, 2, 4, 4, 5),
        draw(KEY, Decision.CHOICE, 1, 2, 3, 5, 5),
        draw(KEY, Decision.CHOICE, 1, 2, 3, 4, 6),
    ]
    assert all(other != base for other in others)


def test_no_two_fields_of_the_key_share_a_bit():
    drawn = set()
    edge = itertools.product((1, 255), (0, 15), (0, TRY_LIMIT - 1), (0, 255), (0, WHO_LIMIT - 1), (0, ONES))
    for decision, illness, attempt, alternative, who, when in edge:
        drawn.add(draw(KEY, decision, who, when, illness, attempt, alternative))
    assert len(drawn) == 2**6


def test_decisions_have_numbers_of_their_own_that_fit_eight_bits():
    numbers = [int(decision) for decision in Decision]
    assert len(set(numbers)) == len(Decision.__members__)
    assert min(numbers) > 0
    assert max(numbers) < 256


def test_a_number_is_strictly_between_0_and_1_and_no_word_is_lost():
    assert unit(0) > 0.0
    assert unit(ONES) < 1.0
    assert unit(1) - unit(0) == 2.0**-32


def test_uniforms_are_uniform_in_every_word_and_not_related_to_their_neighbours():
    words = np.array([draw(KEY, Decision.ONSET, who, 3) for who in range(4000)])
    for j in range(4):
        assert stats.kstest(words[:, j], "uniform").pvalue > 6e-5
    limit = 4.0 / math.sqrt(len(words))
    for i, j in itertools.combinations(range(4), 2):
        assert abs(np.corrcoef(words[:, i], words[:, j])[0, 1]) < limit
    for j in range(4):
        assert abs(np.corrcoef(words[1:, j], words[:-1, j])[0, 1]) < limit


def test_uniforms_of_two_decisions_or_two_days_of_one_child_are_not_related():
    first = [draw(KEY, Decision.CHOICE, who, 1)[0] for who in range(3000)]
    for second in (
        [draw(KEY, Decision.CHOICE, who, 2)[0] for who in range(3000)],
        [draw(KEY, Decision.STEP, who, 1)[0] for who in range(3000)],
    ):
        assert abs(np.corrcoef(first, second)[0, 1]) < 4.0 / math.sqrt(3000)


def test_an_exponential_is_minus_the_logarithm_of_its_uniform():
    ends = [1, 2**31 - 1, 2**31, 3037000499, 3037000500, ONES]  # halves, and on either side of the square root of one
    for word in [0, *ends, *(draw_words(KEY, Decision.ONSET, who, 0, 0, 0, 0)[0] for who in range(3000))]:
        assert exponential(unit(word)) == pytest.approx(-math.log(unit(word)), rel=1e-15, abs=1e-25)


def test_several_decisions_drawn_at_once_are_those_drawn_one_by_one():
    drawn, decisions = np.zeros((4, 3)), np.array([Decision.STEP, Decision.DOSE, Decision.CLASSIFY], np.int64)
    draw_several(drawn, KEY, decisions, np.array([1, 1, 0]), 17, 3, 2, 5)
    for i, (decision, attempt) in enumerate(zip(decisions, (5, 5, 0), strict=True)):
        assert drawn_for(drawn, i) == draw(KEY, int(decision), 17, 3, 2, attempt)


def test_two_normals_are_standard_and_independent():
    pairs = np.array([two_normals(*draw(KEY, Decision.FRAILTY, who, 0)[:2]) for who in range(4000)])
    for j in range(2):
        assert stats.kstest(pairs[:, j], "norm").pvalue > 6e-5
    assert_mean(pairs[:, 0] * pairs[:, 1], 0.0, 1.0)


def test_two_normals_are_those_of_box_and_muller():
    a, b = two_normals(0.3, 0.2)
    radius = math.sqrt(-2 * math.log(0.3))
    assert a == pytest.approx(radius * math.cos(2 * math.pi * 0.2), rel=1e-12)
    assert b == pytest.approx(radius * math.sin(2 * math.pi * 0.2), rel=1e-12)


def test_one_word_can_be_split_into_two_coarse_uniforms():
    word = 0xABCD_1234
    assert split(word) == ((0xABCD + 0.5) / 65536, (0x1234 + 0.5) / 65536)
    assert min(split(0)) > 0.0
    assert max(split(ONES)) < 1.0
    pairs = np.array([split(draw_words(KEY, Decision.COURSE_TIMES, who, 0, 0, 0, 0)[0]) for who in range(3000)])
    for j in range(2):
        assert stats.kstest(pairs[:, j], "uniform").pvalue > 6e-5
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 4.0 / math.sqrt(3000)


def test_log_odds_become_chances():
    assert expit(0.0) == 0.5
    assert expit(math.log(3.0)) == pytest.approx(0.75, rel=1e-12)
    assert expit(-700.0) < 1e-300
    assert expit(700.0) == 1.0


@pytest.mark.parametrize("limit", [WHO_LIMIT, TRY_LIMIT, ZONE_LIMIT, SEED_LIMIT])
def test_a_value_that_does_not_fit_its_place_in_the_key_is_refused(limit):
    refuse_unfit("children", 0, limit)
    refuse_unfit("children", limit - 1, limit)
    for value in (-1, limit):
        with pytest.raises(ValueError, match=f"children = {value}: must be at least 0 and below {limit}"):
            refuse_unfit("children", value, limit)


def test_the_quantile_of_the_normal_is_right_to_seven_digits_far_into_the_tails():
    u = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 20001), 10.0 ** -np.arange(2, 15), [0.075, 0.925, 2**-33]])
    mine = np.array([normal(float(x)) for x in u])
    assert np.abs(mine - stats.norm.ppf(u)).max() < 1e-6
    assert normal(0.5) == 0.0
    assert (np.diff(mine[:20001]) > 0).all()
