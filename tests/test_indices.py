"""Sensitivity indices against functions whose indices are known, and against outcomes that must be refused."""

from __future__ import annotations

import numpy as np
import pytest
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample
from SALib.test_functions import Ishigami, Sobol_G

from iccmsim.studies.indices import (
    agreement,
    chance,
    convergence,
    morris_indices,
    pawn_indices,
    sobol_indices,
    too_wide,
    usable,
    whole_blocks,
)

N = 1024
A, B = 7.0, 0.1  # of Ishigami
G = (0.0, 1.0, 4.5, 9.0, 99.0)  # of Sobol's G


def problem(names, groups=None):
    found = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    return found | ({"groups": list(groups)} if groups else {})


def ishigami(unit):
    return Ishigami.evaluate((2 * unit - 1) * np.pi)


def ishigami_in_closed_form():
    """S1, ST and S2 of the pair (1, 3), from the variances of Ishigami and Homma 1990."""
    one, two = 0.5 * (1 + B * np.pi**4 / 5) ** 2, A**2 / 8
    both = B**2 * np.pi**8 * (1 / 18 - 1 / 50)
    total = one + two + both
    return np.array([one, two, 0.0]) / total, np.array([one + both, two, both]) / total, both / total


def g_in_closed_form():
    """S1 and ST of Sobol's G from partial variances 1 / (3 (1 + a)^2)."""
    partial = 1 / (3 * (1 + np.array(G)) ** 2)
    total = np.prod(1 + partial) - 1
    return partial / total, partial * np.prod(1 + partial) / (1 + partial) / total


def by_name(rows, key, names):
    found = {row["group"]: row[key] for row in rows}
    return np.array([found[name] for name in names])


# A half-width is 1.96 standard errors; 3.5 of them is passed by chance once in some 2,000 numbers.
MANY = 3.5 / 1.96


def within_intervals(rows, names, first, total):
    for key, truth in (("S1", first), ("ST", total)):
        off = np.abs(by_name(rows, key, names) - truth)
        assert (off <= MANY * by_name(rows, f"{key}_conf", names) + 1e-12).all(), key
        assert (by_name(rows, f"{key}_conf", names) < 0.2).all(), "an interval that wide would hold any truth"


def test_indices_of_ishigami_are_those_of_its_closed_form():
    names = ("x1", "x2", "x3")
    unit = sobol_sample.sample(problem(names), N, calc_second_order=True, seed=4)
    rows, pairs = sobol_indices(problem(names), ishigami(unit), second_order=True)
    first, total, both = ishigami_in_closed_form()
    within_intervals(rows, names, first, total)
    found = {(pair["first"], pair["second"]): pair for pair in pairs}
    assert abs(found["x1", "x3"]["S2"] - both) <= MANY * found["x1", "x3"]["S2_conf"]
    assert abs(found["x1", "x2"]["S2"]) <= MANY * found["x1", "x2"]["S2_conf"]
    assert (pairs[0]["first"], pairs[0]["second"]) == ("x1", "x3")


def test_indices_of_sobols_g_are_those_of_its_closed_form():
    names = [f"x{i}" for i in range(len(G))]
    unit = sobol_sample.sample(problem(names), N, calc_second_order=False, seed=5)
    rows, pairs = sobol_indices(problem(names), Sobol_G.evaluate(unit, a=np.array(G)))
    within_intervals(rows, names, *g_in_closed_form())
    assert pairs == []
    assert [row["group"] for row in rows[:2]] == ["x0", "x1"]


def test_a_group_has_the_variance_of_all_its_parameters():
    names, groups = [f"x{i}" for i in range(len(G))], ["a", "b", "b", "c", "c"]
    unit = sobol_sample.sample(problem(names, groups), N, calc_second_order=False, seed=6)
    rows, _ = sobol_indices(problem(names, groups), Sobol_G.evaluate(unit, a=np.array(G)))
    partial = 1 / (3 * (1 + np.array(G)) ** 2)
    total = np.prod(1 + partial) - 1
    own = np.array([partial[0], (1 + partial[1]) * (1 + partial[2]) - 1, (1 + partial[3]) * (1 + partial[4]) - 1])
    within_intervals(rows, ("a", "b", "c"), own / total, own * np.prod(1 + own) / (1 + own) / total)


def test_chance_makes_every_index_larger_and_is_taken_off_again():
    names = ("x1", "x2", "x3", "nothing")
    unit = sobol_sample.sample(problem(names), N, calc_second_order=False, seed=7)
    noise = np.random.default_rng(8).normal(0, 4, size=(len(unit), 4))
    y = ishigami(unit[:, :3])[:, None] + noise + np.arange(4)  # each seed has its own level, too
    rows, _ = sobol_indices(problem(names), y)
    first, total, _ = ishigami_in_closed_form()
    assert by_name(rows, "ST", ["nothing"])[0] > 0.15
    truth = {"S1": np.append(first, 0), "ST": np.append(total, 0)}
    for key, known in truth.items():
        off = np.abs(by_name(rows, f"{key}_no_chance", names) - known)
        assert (off <= MANY * by_name(rows, f"{key}_no_chance_conf", names)).all(), key
    variance = 0.5 * (1 + B * np.pi**4 / 5) ** 2 + A**2 / 8 + B**2 * np.pi**8 * (1 / 18 - 1 / 50)
    assert chance(y)["of_the_mean"] == pytest.approx(4 / (variance + 4), abs=0.02)
    assert chance(y)["of_one_run"] == pytest.approx((16 + 5 / 3) / (variance + 16 + 5 / 3), abs=0.03)


def test_with_one_seed_chance_cannot_be_told_and_is_not():
    names = ("x1", "x2", "x3")
    unit = sobol_sample.sample(problem(names), 32, calc_second_order=False, seed=7)
    rows, _ = sobol_indices(problem(names), ishigami(unit))
    assert all(row["ST_no_chance"] is None for row in rows)
    assert chance(ishigami(unit)) == {"of_one_run": None, "of_the_mean": None}


def test_morris_finds_the_slopes_of_a_line_and_nothing_where_nothing_is():
    names = ("steep", "gentle", "down", "nothing")
    unit = morris_sample.sample(problem(names), 10, num_levels=4, seed=3)
    rows = morris_indices(problem(names), unit, unit @ np.array([5.0, 1.0, -2.0, 0.0]))
    assert [row["group"] for row in rows] == ["steep", "down", "gentle", "nothing"]
    assert by_name(rows, "mu_star", names) == pytest.approx([5, 1, 2, 0])
    assert by_name(rows, "mu", names) == pytest.approx([5, 1, -2, 0])
    assert by_name(rows, "sigma", names) == pytest.approx([0, 0, 0, 0], abs=1e-9)
    assert by_name(rows, "mu_star", ["nothing"])[0] == 0


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_salib_is_given_a_whole_number_as_a_seed_since_not_every_release_takes_another(method, monkeypatch):
    from SALib.analyze import morris, sobol

    analysis, seeds, names = {"morris": morris, "sobol": sobol}[method], [], ("a", "b", "c")
    usual = analysis.analyze
    monkeypatch.setattr(analysis, "analyze", lambda *given, seed, **more: seeds.append(seed) or usual(
        *given, seed=seed, **more))  # fmt: skip
    if method == "morris":
        unit = morris_sample.sample(problem(names), 4, num_levels=4, seed=3)
        morris_indices(problem(names), unit, unit[:, 0], seed=2)
    else:
        unit = sobol_sample.sample(problem(names), 16, calc_second_order=True, seed=3)
        sobol_indices(problem(names), ishigami(unit), second_order=True, seed=2)
    assert [type(seed) for seed in seeds] == [int]
    assert seeds != [2]


def test_a_group_of_several_has_no_signed_effect_in_morris():
    names, groups = ("a", "b", "c"), ("one", "one", "two")
    unit = morris_sample.sample(problem(names, groups), 12, num_levels=4, seed=3)
    rows = {row["group"]: row for row in morris_indices(problem(names, groups), unit, unit @ np.array([1.0, 1.0, 3.0]))}
    assert rows["one"]["mu"] is None
    assert rows["one"]["sigma"] is None
    assert rows["two"]["mu"] == pytest.approx(3)


def test_pawn_tells_what_matters_from_what_does_not():
    names = ("x1", "x2", "x3", "nothing")
    unit = np.random.default_rng(2).random((1500, 4))
    rows = pawn_indices(problem(names), unit, ishigami(unit[:, :3]), resamples=30)
    value = {row["parameter"]: row["pawn"] for row in rows}
    assert [row["parameter"] for row in rows][:2] == ["x2", "x1"]
    assert value["nothing"] <= 1.2 * rows[0]["by_chance"] < value["x1"]
    assert all(row["pawn_conf"] > 0 for row in rows)


@pytest.mark.parametrize(("outcomes", "said"), [
    (np.array([1.0, np.nan, 2.0, np.inf, 1, 1, 1, 1, 1, 1]), r"row 1, seed number 1 is nan, not a number \(and 1"),
    (np.full(10, 3.0), r"the same in every row \(3\)"),
    (np.arange(9.0), r"9 rows; the design has 10"),
])  # fmt: skip
def test_outcomes_that_would_give_meaningless_indices_are_refused_in_one_line(outcomes, said):
    with pytest.raises(ValueError, match=said) as refused:
        usable(outcomes, rows=10)
    assert "\n" not in str(refused.value)


def test_a_wrong_number_of_rows_is_refused_by_each_method():
    names = ("x1", "x2", "x3")
    unit = np.random.default_rng(1).random((17, 3))
    with pytest.raises(ValueError, match="17 rows; a Sobol' design of 3 groups has a multiple of 5"):
        sobol_indices(problem(names), unit[:, 0])
    with pytest.raises(ValueError, match="17 rows; a Morris design of 3 groups has a multiple of 4"):
        morris_indices(problem(names), unit, unit[:, 0])
    with pytest.raises(ValueError, match="17 rows; PAWN with 10 slices needs at least 50"):
        pawn_indices(problem(names), unit, unit[:, 0])


def test_a_row_that_failed_takes_the_rows_with_it_that_belong_together():
    good = np.ones(12, bool)
    good[[1, 5]] = False
    assert whole_blocks(good, 4).tolist() == [False] * 8 + [True] * 4
    with pytest.raises(ValueError, match="12 are no multiple of 5"):
        whole_blocks(good, 5)


def test_half_widths_fall_with_more_samples_and_are_judged():
    names = ("x1", "x2", "x3")
    unit = sobol_sample.sample(problem(names), 256, calc_second_order=False, seed=7)
    rows = convergence(problem(names), ishigami(unit), second_order=False)
    assert sorted({row["n"] for row in rows}) == [64, 128, 256]
    width = [np.mean([row["ST_conf"] for row in rows if row["n"] == n]) for n in (64, 256)]
    assert width[1] < 0.7 * width[0]
    few = [row for row in rows if row["n"] == 64]
    assert set(too_wide(few)) == {row["group"] for row in few if row["ST"] > 0.1 and row["ST_conf"] > 0.05} != set()
    assert too_wide([{"group": "a", "ST": 0.3, "ST_conf": 0.05}, {"group": "b", "ST": 0.1, "ST_conf": 0.9}]) == []
    assert too_wide([{"group": "a", "ST": 0.3, "ST_conf": float("nan")}]) == ["a"]


def test_master_seeds_agree_if_the_same_groups_are_on_top_in_any_order():
    orders = ({"a": 3, "b": 2, "c": 1}, {"a": 2, "b": 3, "c": 1}, {"a": 3, "c": 2, "b": 1})
    tables = [[{"group": name, "ST": value} for name, value in each.items()] for each in orders]
    assert agreement(tables[:2], by="ST", top=2)["agree"]
    found = agreement(tables, by="ST", top=2)
    assert (found["agree"], found["shared"]) == (False, ["a"])
    assert not agreement(tables[:1], by="ST", top=2)["agree"]
