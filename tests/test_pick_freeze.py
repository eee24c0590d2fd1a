"""Sobol' indices by blocks of rows: against closed forms, against SALib, and whether intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from SALib.analyze import sobol as sobol_analysis
from SALib.sample import sobol as sobol_sample
from SALib.test_functions import Ishigami

from iccmsim.studies.pick_freeze import Layout, blocks, group_indices
from iccmsim.studies.streams import stream

SIZES = (24, 21, 17, 22, 92, 21, 8, 29, 18)  # parameters of a group, in as many columns as the model has
NAMES = tuple(f"g{k}" for k in range(len(SIZES)))
GROUPS = np.repeat(NAMES, SIZES)
LEVERS = "g8"
MIDDLE = 0.5
PART = np.array([0.14, 0.05, 0.07, 0.01, 0.08, 0.14, 0.01, 0.08, 1.0])  # variance of each group's own sum


def _weights() -> np.ndarray:
    drawn = np.random.default_rng(5).exponential(1, len(GROUPS)) ** 2  # few of many parameters matter
    for name, part in zip(NAMES, PART, strict=True):
        drawn[name == GROUPS] *= np.sqrt(part / (drawn[name == GROUPS] ** 2).sum())
    return drawn


WEIGHTS = _weights()


def net_effect(unit: np.ndarray) -> np.ndarray:
    """A product as deaths averted are one: what CHWs do (more good than harm, or not) times how much there is to do."""
    parts = (unit - 0.5) * np.sqrt(12) * WEIGHTS
    sums = {name: parts[:, name == GROUPS].sum(axis=1) for name in NAMES}
    return (MIDDLE + sums.pop(LEVERS)) * (1 + sum(sums.values()))


def net_effect_in_closed_form() -> dict[str, dict[str, float]]:
    rest = PART[:-1].sum()
    variance = (MIDDLE**2 + 1) * (1 + rest) - MIDDLE**2
    first = np.append(MIDDLE**2 * PART[:-1], 1) / variance
    total = np.append((MIDDLE**2 + 1) * PART[:-1], 1 + rest) / variance
    return {"S1": dict(zip(NAMES, first, strict=True)), "ST": dict(zip(NAMES, total, strict=True))}


def heavy(unit: np.ndarray) -> np.ndarray:
    """A product of log-normals, the tail of which is heavy (a kurtosis of 100)."""
    from scipy.stats import norm

    return np.exp(norm.ppf(unit) @ np.array(SPREAD))


SPREAD = (0.7, 0.5, 0.3, 0.2, 0.0)


def heavy_in_closed_form() -> dict[str, dict[str, float]]:
    parts = np.array(SPREAD) ** 2
    whole = np.expm1(parts.sum())
    names = [f"x{k}" for k in range(len(SPREAD))]
    return {"S1": dict(zip(names, np.expm1(parts) / whole, strict=True)),
            "ST": dict(zip(names, 1 - np.expm1(parts.sum() - parts) / whole, strict=True))}  # fmt: skip


def repeated(layout, groups, function, *, n: int, times: int, noise: float = 0.0) -> list[dict]:
    found = []
    for seed in range(times):
        unit = blocks(layout, groups, n=n, seed=seed)
        chance = noise * np.random.default_rng((9, seed)).normal(size=(len(unit), 3))
        found.append(group_indices(layout, function(unit)[:, None] + chance, seed=seed))
    return found


def held(found: list[dict], key: str, ending: str, truth: dict[str, float]) -> float:
    """How often an interval holds the truth, over all groups and repetitions."""
    off = [abs(each[name][key + ending] - true) <= each[name][f"{key}{ending}_conf"]
           for each in found for name, true in truth.items()]  # fmt: skip
    return float(np.mean(off))


def middle(found: list[dict], key: str, name: str) -> float:
    return float(np.mean([each[name][key] for each in found]))


# --- designs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("second_order", [False, True])
def test_rows_lie_as_in_salibs_design(second_order):
    groups = ["x", "y", "y", "z"]
    problem = {"num_vars": 4, "names": list("abcd"), "bounds": [[0, 1]] * 4, "groups": groups}
    layout = Layout.of(problem, second_order=second_order)
    theirs = sobol_sample.sample(problem, 2, calc_second_order=second_order, seed=1)
    ours = blocks(layout, groups, n=2, seed=1)
    assert ours.shape == theirs.shape
    for unit in (ours, theirs):
        block = unit[: layout.size]
        from_b = [tuple(np.array(groups)[row == block[-1]]) for row in block]
        assert [tuple(dict.fromkeys(names)) for names in from_b] == layout.from_b()


def test_columns_do_not_run_together_as_those_of_a_sobol_sequence_do():
    columns, n = len(GROUPS), 64
    problem = {"num_vars": columns, "names": [f"x{k}" for k in range(columns)], "bounds": [[0, 1]] * columns}
    theirs = sobol_sample.sample(problem | {"groups": list(GROUPS)}, n, calc_second_order=False, seed=1)
    ours = blocks(Layout(NAMES), GROUPS, n=n, seed=1)
    most = [np.abs(np.corrcoef(np.hstack([unit[:: len(NAMES) + 2], unit[len(NAMES) + 1 :: len(NAMES) + 2]]).T)
                   - np.eye(2 * columns)).max() for unit in (theirs, ours)]  # fmt: skip
    assert most[0] > 0.9
    assert most[1] < 0.7


def test_each_doubling_adds_a_hypercube_and_changes_nothing_before():
    layout = Layout(("x", "y"), "y", 3)
    few, many = (blocks(layout, ["x", "x", "y"], n=n, seed=7) for n in (8, 16))
    assert np.array_equal(many[: len(few)], few)
    added = layout.cells(many[len(few) :, :, None].transpose(0, 2, 1)[:, 0])[:, 0, 0]  # A of the blocks added
    assert (np.sort(np.floor(8 * added), axis=0) == np.arange(8)[:, None]).all()


def test_draws_of_a_block_are_independent_of_each_other():
    layout = Layout(("x", "y"), "y", 4)
    products = []
    for seed in range(400):
        draws = blocks(layout, ["x", "y"], n=4, seed=seed).reshape(4, layout.points, 4, 2)[:, 0, :, 1] - 0.5
        products.append(((draws.sum(axis=1) ** 2 - (draws**2).sum(axis=1)) / 12).mean())
    error = np.std(products, ddof=1) / np.sqrt(len(products))
    assert abs(np.mean(products)) < 3.5 * error
    assert error < 0.0025  # draws of one hypercube of 16 would have a covariance of -.0056


# --- indices --------------------------------------------------------------------------------------------------------


def test_intervals_of_a_plain_design_hold_the_truth_in_250_dimensions():
    truth, found = net_effect_in_closed_form(), repeated(Layout(NAMES), GROUPS, net_effect, n=64, times=60)
    for key in ("S1", "ST"):
        assert 0.88 <= held(found, key, "", truth[key]) <= 0.99


def test_draws_of_an_inner_group_make_intervals_narrow_that_hold_the_truth():
    truth = net_effect_in_closed_form()
    plain = repeated(Layout(NAMES), GROUPS, net_effect, n=64, times=15)
    found = repeated(Layout(NAMES, LEVERS, 8), GROUPS, net_effect, n=64, times=60)
    for key in ("S1", "ST"):
        assert 0.88 <= held(found, key, "", truth[key]) <= 0.99
        for name in NAMES:
            values = [each[name][key] for each in found]
            assert abs(np.mean(values) - truth[key][name]) < 4 * np.std(values) / np.sqrt(len(values)), (key, name)
    assert middle(found, "ST_conf", LEVERS) < 0.3 * middle(plain, "ST_conf", LEVERS)
    assert middle(found, "ST_conf", "g0") < 0.8 * middle(plain, "ST_conf", "g0")


def test_chance_is_taken_off_with_an_inner_group_too():
    truth = net_effect_in_closed_form()
    found = repeated(Layout(NAMES, LEVERS, 4), GROUPS, net_effect, n=64, times=40, noise=0.8)
    for key in ("S1", "ST"):
        assert 0.88 <= held(found, key, "_no_chance", truth[key]) <= 0.99
    assert middle(found, "ST", "g3") > truth["ST"]["g3"] + 0.05


def test_indices_of_an_outcome_with_a_heavy_tail_are_those_of_its_closed_form():
    truth, names = heavy_in_closed_form(), tuple(f"x{k}" for k in range(len(SPREAD)))
    for layout in (Layout(names), Layout(names, "x1", 6)):
        found = repeated(layout, names, heavy, n=512, times=20)
        for key in ("S1", "ST"):
            assert held(found, key, "", truth[key]) >= 0.8
            assert [middle(found, key, name) for name in names] == pytest.approx(list(truth[key].values()), abs=0.05)
        assert middle(found, "ST", "x4") == 0


def test_estimates_are_salibs_where_samples_are_many():
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[-np.pi, np.pi]] * 3}
    unit = sobol_sample.sample(problem, 2048, calc_second_order=True, seed=3)
    y = Ishigami.evaluate(unit)
    theirs = sobol_analysis.analyze(problem, y, calc_second_order=True, seed=1)
    ours = group_indices(Layout.of(problem, second_order=True), y[:, None])
    for key in ("S1", "ST"):
        assert [ours[name][key] for name in "abc"] == pytest.approx(list(theirs[key]), abs=0.01)
        for name, half in zip("abc", theirs[f"{key}_conf"], strict=True):
            assert ours[name][f"{key}_conf"] < 1.2 * half


def test_where_chance_is_all_there_is_nothing_is_said():
    rng = np.random.default_rng(2)
    layout = Layout(("x", "y"))
    found = group_indices(layout, rng.normal(size=(8 * layout.size, 2)))
    assert all(each["ST_no_chance"] is None for each in found.values())
    assert all(np.isfinite(each["ST"]) for each in found.values())


# --- a table for docs/sensitivity.md ----------------------------------------------------------------------------------


def salib_indices(groups, function, *, n: int, times: int) -> list[dict]:
    """SALib's own design and estimates."""
    names = list(dict.fromkeys(groups))
    problem = {"num_vars": len(groups), "names": [f"x{k}" for k in range(len(groups))], "groups": list(groups),
               "bounds": [[0, 1]] * len(groups)}  # fmt: skip
    found = []
    for seed in range(times):
        unit = sobol_sample.sample(problem, n, calc_second_order=False, seed=seed + 1)
        told = sobol_analysis.analyze(problem, function(unit), calc_second_order=False, seed=seed + 1,
                                      num_resamples=400)  # fmt: skip
        found.append({name: {key: float(told[key][k]) for key in ("S1", "S1_conf", "ST", "ST_conf")}
                      for k, name in enumerate(names)})  # fmt: skip
    return found


def test_no_two_matters_of_an_analysis_share_their_random_numbers():
    drawn = {stream(seed, what, part).random() for seed in range(5) for what in range(4) for part in range(7)}
    plain = {np.random.default_rng(seed).random() for seed in range(5)}
    assert len(drawn) == 5 * 4 * 7
    assert drawn.isdisjoint(plain)


def ishigami(unit: np.ndarray) -> np.ndarray:
    return Ishigami.evaluate((2 * unit - 1) * np.pi)


def ishigami_in_closed_form() -> dict[str, dict[str, float]]:
    """Of the groups (x1, x3) and (x2), which do not interact (Ishigami and Homma 1990)."""
    one, two = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2 + 0.01 * np.pi**8 * (1 / 18 - 1 / 50), 49 / 8
    shares = {"x13": one / (one + two), "x2": two / (one + two)}
    return {"S1": shares, "ST": shares}


def coverage_table(times: int = 200) -> str:
    """How often intervals hold the truth, and how wide they are, as the page has it."""
    x, heavy_names = ["x13", "x2", "x13"], [f"x{k}" for k in range(len(SPREAD))]
    cases = [("Ishigami, 2 groups", ishigami, x, ishigami_in_closed_form(), "x13", None, 64),
             ("log-normal product, heavy tail", heavy, heavy_names, heavy_in_closed_form(), "x0", "x0", 256),
             ("252 parameters in 9 groups", net_effect, list(GROUPS), net_effect_in_closed_form(), LEVERS, LEVERS, 64)]
    rows = []
    for words, function, groups, truth, first, inner, n in cases:
        names = tuple(dict.fromkeys(groups))
        found = {"SALib": salib_indices(groups, function, n=n, times=times),
                 "this program": repeated(Layout(names), groups, function, n=n, times=times)}  # fmt: skip
        if inner:
            found["with 8 draws of that group"] = repeated(Layout(names, inner, 8), groups, function, n=n, times=times)
        for who, each in found.items():
            shares = " | ".join(f"{100 * held(each, key, '', truth[key]):.0f} %" for key in ("ST", "S1"))
            wide = " | ".join(f"{middle(each, f'{key}_conf', first):.3f}" for key in ("ST", "S1"))
            rows.append(f"| {words}, n = {n} | {who} | {truth['ST'][first]:.2f} | {wide} | {shares} |")
    head = ("function", "estimates", "largest ST", "half-width of it", "of its S1", "intervals of ST that hold it",
            "of S1")  # fmt: skip
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *rows])


if __name__ == "__main__":
    print(coverage_table())
