"""Sensitivity analyses of toy districts, from the command line to the figures, and what they must refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from iccmsim.cli import main
from iccmsim.parameters.catalogue import all_parameters
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.sensitivity import reading_of
from iccmsim.studies.anchor import FITTED, ILLNESSES, facility_only, rates_by_illness
from iccmsim.studies.design import further
from iccmsim.studies.findings import FAILED, NOT_ANCHORED, Part, apart, ends, findings
from iccmsim.studies.groups import CHOSEN, COMPARED, DATED, NOT_FREE, OFF, TABLES, chosen, group_of, what_varies
from iccmsim.studies.sensitivity import (
    LEAST,
    Asked,
    Sensitivity,
    design_of,
    sensitivity,
    what_is_varied,
    within_reach,
)

TOY = {"setting.place.people": 2000, "setting.place.zones": 1, "setting.place.villages_per_zone": 4, "run.days": 150,
       "run.warmup_days": 60, "run.tail_days": 0}  # fmt: skip
SETS = [word for key, value in TOY.items() for word in ("--set", f"{key}={value}")]
ARMS = ("sahel/facility-only", "sahel/iccm-as-delivered")
RECTAL = ("tx.ras", "tx.ras.unfollowed", "tx.ras.days", "tx.lag.ras", "ref.ras_or")
BOXED = ("chw.ras_use", "sup.kit_ras")
ZINC = ("tx.zinc", "tx.lag.zinc")


def arms(*names: str, **more):
    return [load_scenario(name, overrides={**TOY, **more}) for name in names or ARMS]


# --- what varies ----------------------------------------------------------------------------------------------------


def test_every_parameter_in_doubt_is_in_exactly_one_group():
    in_doubt = {each.path for each in all_parameters() if each.plausible is not None}
    declared = [each for tables in TABLES.values() for table in tables for each in table]
    listed = [each.path for each in declared if each.plausible is not None]
    assert sorted(listed) == sorted(in_doubt)
    assert set(group_of()) == in_doubt
    assert set(group_of().values()) == set(TABLES)


def test_all_in_doubt_varies_or_is_left_with_a_reason():
    varied, left = what_varies(arms())
    assert set(varied) | set(left) == set(group_of())
    assert not set(varied) & set(left)
    assert {path for path, why in left.items() if why == NOT_FREE} == {f"setting.{key}" for key in FITTED}
    assert set(left.values()) == {NOT_FREE, OFF}
    assert {"setting.tx.act", "programme.chw.catch", "setting.stk.avail"} <= set(varied)
    free, _ = what_varies(arms(), anchored=False)
    assert set(free) - set(varied) == {f"setting.{key}" for key in FITTED}


def test_what_programmes_set_or_differ_in_is_asked_about_and_not_in_doubt():
    without, given = arms()
    more = replace(given, name="more", programme={**given.programme, "spv.freq": 0.9})
    assert what_varies([without, given, more])[1]["programme.spv.freq"] == COMPARED
    assert what_varies([without, more])[1]["programme.spv.freq"] == CHOSEN
    later = replace(given, changes=((10, {"spv.freq": 0.9}),))
    assert what_varies([without, later])[1]["programme.spv.freq"] == DATED


def test_names_that_cannot_vary_are_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"setting.kappa.mal: the fit of the baseline solves for it"):
        chosen(["kappa.mal"], arms(), anchored=True)
    assert chosen(["kappa.mal"], arms(), anchored=False) == {"setting.kappa.mal": "illness burden"}
    with pytest.raises(ValueError, match=r"policy.antibiotics = 1: has no plausible range to vary over \(a choice"):
        chosen(["policy.antibiotics"], arms(), anchored=True)
    with pytest.raises(ValueError, match=r"CHW suply: is neither a parameter nor a group; did you mean CHW supply\?"):
        chosen(["CHW suply"], arms(), anchored=True)
    with pytest.raises(ValueError, match="apart: CHW skill: is not a group that varies here; they are CHW supply"):
        what_is_varied(arms(), Asked("sobol", n=2, keys=("CHW supply",), apart=("CHW skill",)))


def test_groups_told_apart_leave_all_others_as_one():
    varied, _ = what_is_varied(arms(), Asked("sobol", n=2, apart=("CHW supply", "referral")))
    assert set(varied.values()) == {"CHW supply", "referral", "all others"}
    assert len(varied) == len(what_varies(arms())[0])


# --- designs --------------------------------------------------------------------------------------------------------


def test_twice_the_samples_begin_with_the_samples_that_were_there():
    asked = Asked("sobol", n=4, keys=("CHW supply", "referral"))
    varied, _ = what_is_varied(arms(), asked)
    few, many = (design_of(arms(), asked, varied, n=n, master=2) for n in (4, 8))
    rest = further(many, few)
    assert len(rest.rows) == len(few.rows)
    assert np.array_equal(np.concatenate([few.unit, rest.unit]), many.unit)
    assert design_of(arms(), asked, varied, n=4, master=1).seeds == (1, 2)
    assert few.seeds == (1001, 1002)
    assert not np.array_equal(few.rows, design_of(arms(), asked, varied, n=4, master=1).rows)


def test_blocks_that_cannot_be_anchored_are_set_aside_before_they_are_run():
    asked = Asked("sobol", n=16, keys=("illness burden", "CHW supply"))
    varied, _ = what_is_varied(arms(), asked)
    design = design_of(arms(), asked, varied, n=16, master=1)
    near = within_reach(design, arms(), size=4)
    assert 0 < len(near.rows) < len(design.rows)
    assert len(near.rows) % 4 == 0
    at = [design.keys.index(f"setting.{key}") for key in ("inc.mal", "sev.mal.untreated")]
    product = design.rows[:, at].prod(axis=1)
    kept = np.isin(product, near.rows[:, at].prod(axis=1))
    assert product[~kept].mean() < product[kept].mean(), "little malaria that kills seldom is what cannot be"
    free = replace(design, anchor=False)
    assert within_reach(free, arms(), size=4) is free


# --- findings -------------------------------------------------------------------------------------------------------


def test_few_samples_are_no_sobol_sequence_and_many_are():
    few, many = Asked("sobol", n=16, keys=("CHW supply", "referral")), Asked("sobol", n=16, keys=("tx.ors", "sup.lead"))
    for asked, inner in ((few, None), (many, "none of its own")):
        varied, _ = what_is_varied(arms(), asked)
        assert design_of(arms(), asked, varied, n=16, master=1).drawn.get("inner", "none of its own") == inner


def test_all_points_are_lived_with_the_same_draws_of_the_inner_group():
    asked = Asked("sobol", n=4, keys=("CHW workforce", "referral", "wasting"), inner="CHW workforce", draws=3)
    varied, _ = what_is_varied(arms(), asked)
    design = design_of(arms(), asked, varied, n=4, master=1)
    of_workforce = np.array(design.groups) == "CHW workforce"
    cells = design.rows.reshape(4, 4, 3, -1)
    assert (cells[..., of_workforce] == cells[:, :1, :, of_workforce]).all()
    assert (cells[..., ~of_workforce] == cells[:, :, :1, ~of_workforce]).all()
    assert len(np.unique(cells[:, 0][..., of_workforce].reshape(12, -1), axis=0)) == 12
    assert (design.problem()["inner"], design.problem()["draws"]) == ("CHW workforce", 3)
    twice = design_of(arms(), asked, varied, n=8, master=1)
    assert np.array_equal(twice.rows[: len(design.rows)], design.rows)


@pytest.mark.parametrize(("more", "said"), [
    ({"inner": "care-seeking", "draws": 4}, r"care-seeking: holds setting.\S+, and may only hold levers of the prog"),
    ({"inner": "CHW workfroce", "draws": 4}, "CHW workfroce: is not one of several that vary here; they are illness"),
    ({"inner": "CHW workforce", "draws": 4, "keys": ("CHW workforce",)}, "is not one of several that vary here"),
    ({"inner": "CHW workforce"}, "draws = 1: must be at least 2 with an inner group"),
    ({"draws": 2}, "draws = 2: must be at least 2 with an inner group, and 1 without"),
    ({"inner": "CHW workforce", "draws": 2, "second_order": True}, "inner: is for sobol without indices of pairs"),
])  # fmt: skip
def test_an_inner_group_must_be_cheap_to_draw_again(more, said):
    with pytest.raises(ValueError, match=said):
        what_is_varied(arms(), Asked("sobol", n=4, **more))


@pytest.mark.parametrize(("method", "more", "said"), [
    ("morris", {"n": 1}, "n = 1: must be at least 2 for morris, which finds no indices in fewer"),
    ("sobol", {"n": 1}, "n = 1: must be at least 2 for sobol"),
    ("pawn", {"n": 49}, "n = 49: must be at least 50 for pawn"),
    ("sobol", {"n": 4, "most": 2}, "most = 2: must be at least n = 4, with which the samples begin"),
    ("pawn", {"n": 50, "most": 60}, "most = 60: only sobol goes on with more samples, not pawn"),
])  # fmt: skip
def test_a_script_too_is_told_of_sizes_that_give_no_indices(method, more, said):
    with pytest.raises(ValueError, match=said):
        Asked(method, **more)


@pytest.mark.parametrize("method", LEAST)
def test_the_least_size_is_the_least_that_can_be_analysed(method):
    problem, n = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0.0, 1.0]] * 2}, LEAST[method]
    if method == "morris":
        from SALib.sample import morris as sample

        unit = sample.sample(problem, n, num_levels=4, seed=1)
    else:
        unit = np.random.default_rng(1).random((n * (4 if method == "sobol" else 1), 2))
    y = (unit @ np.array([1.0, 3.0]))[:, None]
    few, size = len(unit) * (n - 1) // n, len(unit) // n
    assert len(unit) == n * size
    assert findings([Part(1, problem, unit, y, np.array([""] * len(unit)))], method=method)["table"]
    with pytest.raises(ValueError, match=r"at least (two|50)"):
        findings([Part(1, problem, unit[:few], y[:few], np.array([""] * few))], method=method)


def test_samples_that_would_become_too_many_are_refused_before_anything_is_run(tmp_path, monkeypatch):
    from iccmsim.studies import sensitivity as module

    monkeypatch.setattr(module, "sweep", None)
    keys = ("CHW supply", "referral")
    doubled, at_once = Asked("sobol", n=4, most=100_000, keys=keys), Asked("morris", n=100_000, keys=keys)
    for asked, said in ((doubled, "most = 100000: makes 262,144 rows"), (at_once, "n = 100000: makes 300,000 rows")):
        with pytest.raises(ValueError, match=said):
            sensitivity(arms(), asked, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_too_few_samples_that_can_be_anchored_are_told_before_anything_is_run(tmp_path, monkeypatch):
    from iccmsim.studies import sensitivity as module

    def first_block(design, _, *, size):
        return replace(design, rows=design.rows[:size], unit=design.unit[:size])

    monkeypatch.setattr(module, "within_reach", first_block)
    monkeypatch.setattr(module, "sweep", None)
    asked = Asked("morris", n=4, keys=("CHW supply", "referral"))
    with pytest.raises(ValueError, match="n = 4: only 1 of master seed 1 can be anchored, and morris needs 2; take"):
        sensitivity(arms(), asked, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def part(master: int, *, missing: dict | None = None, n: int = 32) -> Part:
    """A Sobol' design of a line in two groups, from two seeds."""
    from SALib.sample import sobol

    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0.0, 1.0]] * 3, "groups": ["one", "one", "two"]}
    unit = sobol.sample(problem, n, calc_second_order=False, seed=master)
    y = (unit @ np.array([1.0, 1.0, 3.0]))[:, None] + np.array([0.0, 1.0]) + master
    why = np.array([""] * len(unit), "U16")
    for row, said in (missing or {}).items():
        why[row], y[row] = said, np.nan
    return Part(master, problem, unit, y, why)


def test_rows_without_an_outcome_take_their_block_with_them_and_are_counted():
    found = findings([part(1, missing={0: NOT_ANCHORED, 3: NOT_ANCHORED, 9: FAILED}), part(2)], method="sobol")
    assert {key: found["rows"][key] for key in ("all", "kept", "not_anchored", "failed", "blocks", "blocks_kept")} == {
        "all": 256, "kept": 248, "not_anchored": 2, "failed": 1, "blocks": 64, "blocks_kept": 62}  # fmt: skip
    with pytest.raises(ValueError, match="master seed 1: no row is left to analyse; 128 of 128"):
        findings([part(1, missing=dict.fromkeys(range(128), FAILED))], method="sobol")


def test_master_seeds_are_analysed_together_each_about_its_own_mean():
    found = findings([part(1), part(2), part(3)], method="sobol")
    truth = {"one": 2 / 11, "two": 9 / 11}  # of a line: slopes squared
    for row in found["table"]:
        assert abs(row["ST"] - truth[row["group"]]) < 3.5 / 1.96 * row["ST_conf"]
        assert row["ST_conf"] < 0.2
    assert found["agreement"] == {"top": [["two", "one"]] * 3, "shared": ["two", "one"], "agree": True}
    assert found["chance"]["of_the_mean"] == pytest.approx(0, abs=1e-12)
    assert [len(table) for table in found["masters"]] == [2, 2, 2]


def test_the_ends_of_a_parameter_are_means_over_its_lowest_and_highest_fifth():
    only = part(1, n=256)
    free = apart("sobol", len(only.unit), 4)
    assert free[:4].tolist() == [0, 3, 4, 7]
    unit, y = only.unit[free], only.outcomes.mean(axis=1)[free]
    rows = ends(only.problem, unit, y)
    assert rows[0]["parameter"] == "c"
    assert rows[0]["high"] - rows[0]["low"] == pytest.approx(3 * 0.8, abs=4 * rows[0]["error"])
    assert rows[0]["low"] == pytest.approx(y[unit[:, 2] <= 0.2].mean())
    assert [row["sure"] for row in rows] == [True, True, True]


def crossed_part(master: int) -> Part:
    """Two groups of two parameters; of the second so many draws at each point of the first: y = 3 c, and d nothing."""
    from iccmsim.studies.pick_freeze import Layout, blocks

    groups = ["outer", "outer", "inner", "inner"]
    problem = {"num_vars": 4, "names": ["a", "b", "c", "d"], "bounds": [[0.0, 1.0]] * 4, "groups": groups,
               "inner": "inner", "draws": 5}  # fmt: skip
    unit = blocks(Layout(("outer", "inner"), "inner", 5), groups, n=32, seed=master)
    y = (unit @ np.array([1.0, 0.0, 3.0, 0.0]))[:, None] + np.array([0.0, 1.0])
    return Part(master, problem, unit, y, np.array([""] * len(unit), "U16"))


def test_every_draw_of_the_inner_group_tells_of_its_parameters_and_one_of_each_point_of_the_others():
    found = findings([crossed_part(1), crossed_part(2)], method="sobol")
    rows = {row["parameter"]: row for row in found["ends"]}
    assert found["rows"]["in_a_block"] == 3 * 5
    assert [rows[name]["sure"] for name in ("b", "c", "d")] == [False, True, False]
    assert rows["c"]["high"] - rows["c"]["low"] == pytest.approx(3 * 0.8, abs=4 * rows["c"]["error"])
    assert rows["a"]["high"] - rows["a"]["low"] == pytest.approx(0.8, abs=4 * rows["a"]["error"])
    assert rows["c"]["error"] < 0.5 * rows["a"]["error"]  # 5 draws of each block, and means over its points
    truth = {"outer": 0.1, "inner": 0.9}
    for row in found["table"]:
        assert abs(row["ST"] - truth[row["group"]]) < 3.5 / 1.96 * row["ST_conf"]
        assert row["ST_conf"] < 0.1


def test_a_reading_tells_the_difference_of_a_parameters_ends_and_only_of_it_an_error():
    found = findings([part(1), part(2)], method="sobol")
    kept = {row["what"]: (row["value"], row["half_width"]) for row in reading_of(found)}
    for row in found["ends"]:
        assert kept[f"low fifth of {row['parameter']}"] == (row["low"], None)
        assert kept[f"high fifth of {row['parameter']}"] == (row["high"], None)
        assert kept[f"high less low fifth of {row['parameter']}"] == (row["high"] - row["low"], 1.96 * row["error"])


def test_of_many_parameters_that_do_nothing_none_stands_out():
    rng = np.random.default_rng(3)
    unit = rng.random((300, 250))
    many = {"num_vars": 250, "names": [f"x{i}" for i in range(250)]}
    stand_out = [row["parameter"] for row in ends(many, unit, 2.0 * unit[:, 7] + rng.normal(0, 1, 300)) if row["sure"]]
    assert stand_out == ["x7"]


# --- whole analyses -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> tuple[Path, Sensitivity]:
    """A Sobol' analysis of three groups in a toy district, doubled once; drugs by rectum are in no policy."""
    out = tmp_path_factory.mktemp("sobol")
    asked = Asked("sobol", n=2, most=4, masters=2, second_order=True, keys=("CHW workforce", *RECTAL, "CHW supply"))
    return out, sensitivity(arms(), asked, out=out, workers=1)


def test_a_drug_that_no_policy_allows_comes_out_inert(tmp_path):
    asked = Asked("morris", n=4, keys=(*RECTAL, *BOXED, "CHW supply"), by_parameter=True, anchored=False)
    found = sensitivity(arms(), asked, out=tmp_path, workers=1).findings("chw_doses")
    effect = {row["group"].split(".", 1)[1]: row["mu_star"] for row in found["table"]}
    assert {effect[key] for key in (*RECTAL, *BOXED)} == {0.0}
    assert max(effect.values()) > 0


def test_a_drug_that_nobody_has_comes_out_inert_and_matters_where_it_is_given(tmp_path):
    place = {"setting.place.people": 8000, "setting.place.villages_per_zone": 11, "run.days": 500}
    nobody = {"policy.zinc": 0, "informal.zinc": 0, "fac.step.zinc": 0, **place}
    asked = Asked("morris", n=3, seeds=1, keys=(*ZINC, "tx.ors"), by_parameter=True, anchored=False)
    inert = sensitivity(arms(**nobody), asked, out=tmp_path / "inert", workers=1).findings("expected_deaths")
    given = sensitivity(arms(**place), asked, out=tmp_path / "given", workers=1).findings("expected_deaths")
    without, with_ = ({row["group"]: row["mu_star"] for row in each["table"]} for each in (inert, given))
    assert [without[f"setting.{key}"] for key in ZINC] == [0.0, 0.0]
    assert without["setting.tx.ors"] > 0
    assert with_["setting.tx.zinc"] > 0


def test_a_sobol_analysis_doubles_its_samples_up_to_its_limit_and_can_be_read_again(small):
    out, done = small
    assert done.manifest["samples"] == 4
    assert [len(each) for each in done.sweeps] == [2, 2]
    found = done.findings()
    again = Sensitivity.load(out)
    assert json.dumps(again.findings()) == json.dumps(found)
    assert again.asked == done.asked
    assert sorted({row["n"] for row in found["convergence"]}) == [2, 4, 8]
    effects = next(row for row in found["table"] if row["group"] == "effects of drugs")
    assert effects["ST"] == 0  # rectal artesunate alone, and no policy allows it
    assert found["chance"]["of_the_mean"] is not None


def test_rows_that_could_not_be_anchored_are_left_out_and_counted(tmp_path, monkeypatch):
    from iccmsim.studies import sensitivity as module

    monkeypatch.setattr(module, "within_reach", lambda design, *_, **__: design)
    asked = Asked("sobol", n=8, keys=("inc.mal", "sev.mal.untreated", "chw.catch"), seeds=1)
    place = {"setting.place.people": 9000, "run.days": 365}
    done = sensitivity(arms(**place), asked, out=tmp_path, workers=1)
    table, rows = done.sweeps[0][0].table(), done.findings()["rows"]
    lost = set(table["row"][~table["anchored"].to_numpy(bool)])
    assert 0 < len(lost) == rows["not_anchored"]
    assert rows["blocks_kept"] == 8 - len({row // 4 for row in lost})
    assert (table["anchor_residual"][~table["anchored"].to_numpy(bool)] > 0.02).all()
    assert 0 < rows["anchor_residual"] <= 0.02
    assert rows["failed"] == 0
    kept = table[table["anchored"].to_numpy(bool) & (table["arm"] == ARMS[0])]
    baseline = rates_by_illness(facility_only(arms(**place)[0]), seeds=done.sweeps[0][0].design.seeds)
    rows = kept.groupby("row")[["child_years", *(f"expected_deaths_{name}" for name in ILLNESSES)]].sum()
    for name, rate in zip(ILLNESSES, baseline, strict=True):
        found = rows[f"expected_deaths_{name}"] / rows["child_years"]
        assert (abs(found / rate - 1) <= 0.02).all(), name


def test_draws_of_the_inner_group_are_anchored_once_and_read_again(tmp_path, capsys):
    out = tmp_path / "crossed"
    line = ["sensitivity", *ARMS, "--method", "sobol", "--n", "2", "--seeds", "2", "--vary", "CHW workforce", "--vary",
            "tx.ors", "--vary", "ref.fee", "--inner", "CHW workforce", "--draws", "3", "--workers", "1", "--out",
            str(out), *SETS]  # fmt: skip
    assert main(line) == 0
    told = capsys.readouterr().out
    done = Sensitivity.load(out)
    assert (done.asked.inner, done.asked.draws, done.manifest["format"]) == ("CHW workforce", 3, 2)
    assert len(done.sweeps[0][0].design.rows) == 2 * 4 * 3
    assert len(list(out.glob("*/fitted/*.json"))) == 2 * 4
    assert main(["sensitivity", "--from", str(out)]) == 0
    assert capsys.readouterr().out == told
    assert {row["group"] for row in done.findings()["table"]} == {"CHW workforce", "effects of drugs", "referral"}


def test_a_folder_of_a_later_format_is_refused_and_an_earlier_one_read(small, tmp_path):
    from shutil import copytree

    out, done = small
    old = tmp_path / "old"
    copytree(out, old)
    told = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
    told["asked"] = {key: value for key, value in told["asked"].items() if key not in ("inner", "draws")}
    (old / "manifest.json").write_text(json.dumps(told | {"format": 1}), encoding="utf-8")
    assert json.dumps(Sensitivity.load(old).findings()) == json.dumps(done.findings())
    told["asked"]["most"] = 1  # was once taken, and meant none
    (old / "manifest.json").write_text(json.dumps(told | {"format": 1}), encoding="utf-8")
    assert json.dumps(Sensitivity.load(old).findings()) == json.dumps(done.findings())
    (old / "manifest.json").write_text(json.dumps(told | {"format": 3}), encoding="utf-8")
    with pytest.raises(ValueError, match="format 3 is of a later version"):
        Sensitivity.load(old)


def test_another_outcome_is_analysed_from_the_same_runs(small):
    _, done = small
    assert done.findings("chw_presence")["outcome_name"] == "chw_presence"
    assert done.findings("chw_presence")["outcome"]["mean"] == pytest.approx(0.6, abs=0.3)
    with pytest.raises(ValueError, match=r"'chw_presense': is no outcome of the sweep; did you mean chw_presence"):
        done.findings("chw_presense")
    for column in ("row", "status", "programme.chw.absent", ""):
        with pytest.raises(ValueError, match=f"outcome = '{column}': is no outcome of the sweep"):
            done.findings(column)


def test_the_same_command_goes_on_and_finds_the_same(small):
    out, done = small
    before = {file: file.stat().st_mtime_ns for file in out.rglob("parts/*.parquet")}
    again = sensitivity(arms(), done.asked, out=out, workers=1)
    assert json.dumps(again.findings()) == json.dumps(done.findings())
    assert {file: file.stat().st_mtime_ns for file in out.rglob("parts/*.parquet")} == before


OTHERS = [
    ({"method": "morris", "second_order": False, "most": 0}, {}, "method = 'sobol' there and 'morris' here"),
    ({"keys": ("CHW workforce",)}, {}, r"keys = CHW workforce, tx.ras, .* there and CHW workforce here"),
    ({"anchored": False}, {}, "anchored = true there and false here"),
    ({"second_order": False}, {}, "second_order = true there and false here"),
    ({"seeds": 3}, {}, "seeds = 2 there and 3 here"),
    ({"by_parameter": True}, {}, "by_parameter = false there and true here"),
    ({"apart": ("CHW supply",)}, {}, "apart = none there and CHW supply here"),
    ({}, {"tx.ors": 0.77}, "arms: sahel/facility-only is another scenario than it was"),
    ({}, {"names": (ARMS[0], "sahel/iccm-supported")}, "arms = sahel/facility-only, sahel/iccm-as-delivered there and"),
    ({"masters": 1}, {}, "holds an analysis with masters = 2, and may only grow, not shrink to masters = 1"),
    ({"most": 0}, {}, "holds an analysis of 4 samples, and may only grow, not shrink to n = 2 with most = 0"),
    ({"n": 256, "most": 0}, {}, r"holds an analysis with n = 2, below twice the number of parameters \(\d+\), whose"),
]


@pytest.mark.parametrize(("more", "other", "said"), OTHERS)
def test_a_folder_of_another_analysis_is_refused_before_anything_is_run(more, other, said, small, monkeypatch):
    from iccmsim.studies import sensitivity as module

    (out, done), changed = small, dict(other)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    monkeypatch.setattr(module, "sweep", None)
    with pytest.raises(ValueError, match=said):
        sensitivity(arms(*changed.pop("names", ()), **changed), replace(done.asked, **more), out=out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_the_command_line_refuses_another_analysis_in_one_line(small, capsys):
    out, _ = small
    line = ["sensitivity", *ARMS, "--method", "morris", "--n", "4", "--masters", "2", "--out", str(out), *SETS]
    before = (out / "manifest.json").read_bytes()
    assert main(line) == 2
    told = capsys.readouterr().err.strip()
    assert "holds another analysis: method = 'sobol' there and 'morris' here" in told
    assert "\n" not in told
    assert (out / "manifest.json").read_bytes() == before


def test_an_analysis_may_grow_and_is_whole_whenever_it_is_stopped(small, tmp_path, monkeypatch):
    from shutil import copytree

    from iccmsim.studies import sensitivity as module

    out = Path(copytree(small[0], tmp_path / "out"))
    found, plain, asked = Sensitivity.load(out), module.sweep, replace(small[1].asked, most=8)

    def stopped(design, *, out, **more):
        if not out.exists():
            raise KeyboardInterrupt
        return plain(design, out=out, **more)

    with monkeypatch.context() as broken:
        broken.setattr(module, "sweep", stopped)
        for grown in (asked, replace(asked, n=8), replace(asked, masters=3)):
            with pytest.raises(KeyboardInterrupt):
                sensitivity(arms(), grown, out=out, workers=1)
            assert json.dumps(Sensitivity.load(out).findings()) == json.dumps(found.findings())
    monkeypatch.setattr(module, "too_wide", lambda table: ["CHW supply"])
    assert sensitivity(arms(), asked, out=out, workers=1).manifest["samples"] == 8
    monkeypatch.setattr(module, "too_wide", lambda table: [])
    again = sensitivity(arms(), asked, out=out, outcome="chw_doses", workers=1)
    assert (again.manifest["samples"], again.manifest["outcome"]) == (8, "chw_doses")
    assert Sensitivity.load(out).asked == asked


def test_an_analysis_that_grows_by_its_samples_lives_only_those_it_has_not_had(small, tmp_path):
    from shutil import copytree

    out, asked = Path(copytree(small[0], tmp_path / "out")), small[1].asked
    before = {file: file.stat().st_mtime_ns for file in out.rglob("parts/*.parquet")}
    four = sensitivity(arms(), replace(asked, n=4), out=out, workers=1)
    assert {file: file.stat().st_mtime_ns for file in out.rglob("parts/*.parquet")} == before
    assert four.findings()["table"] == small[1].findings()["table"]
    grown = sensitivity(arms(), replace(asked, n=8, most=0), out=out, workers=1)
    told = [f"master-1-from-{had}-to-{now}" for had, now in ((0, 2), (2, 4), (4, 8))]
    assert (grown.manifest["sweeps"][0], grown.manifest["samples"]) == (told, 8)
    assert before.items() <= {file: file.stat().st_mtime_ns for file in out.rglob("parts/*.parquet")}.items()
    whole = sensitivity(arms(), replace(asked, n=8, most=0, masters=1), out=tmp_path / "whole", workers=1).runs()
    mine, same = grown.runs(), ["case", "arm", "analysed", "expected_deaths_averted"]
    assert mine[mine["master"] == 1][same].equals(whole[same])


def test_an_analysis_that_was_stopped_early_says_so_and_goes_on(tmp_path, monkeypatch):
    from iccmsim.studies import sensitivity as module

    def stopped(*_, **__):
        raise KeyboardInterrupt

    asked = Asked("morris", n=2, seeds=1, keys=("CHW supply", "referral"))
    monkeypatch.setattr(module, "sweep", stopped)
    with pytest.raises(KeyboardInterrupt):
        sensitivity(arms(), asked, out=tmp_path, workers=1)
    monkeypatch.undo()
    with pytest.raises(ValueError, match="was stopped before its first samples were done; give its command again"):
        Sensitivity.load(tmp_path)
    line = ["sensitivity", *ARMS, "--method", "morris", "--n", "2", "--seeds", "1", "--vary", "CHW supply", "--vary",
            "referral", "--workers", "1", "--out", str(tmp_path), *SETS]  # fmt: skip
    assert main(line) == 0
    assert Sensitivity.load(tmp_path).asked == asked


def test_figures_and_tables_are_remade_from_what_is_stored_and_say_what_they_show(small, capsys):
    from PIL import Image

    out, _ = small
    assert main(["sensitivity", "--from", str(out)]) == 0
    first = capsys.readouterr().out
    names = ("indices", "tornado", "interactions", "convergence")
    assert all((out / f"{name}.png").read_bytes().startswith(b"\x89PNG") for name in names)
    said = {name: Image.open(out / f"{name}.png").info["Description"] for name in names}
    assert all(len(text) > 20 for text in said.values())
    before = (out / "indices.csv").read_bytes()
    (out / "indices.csv").unlink()
    assert main(["sensitivity", "--from", str(out)]) == 0
    assert capsys.readouterr().out == first
    assert (out / "indices.csv").read_bytes() == before
    assert "2 master seeds" in first
    assert "UNANCHORED" not in first
    assert "anchored rows keep the death rate of each illness within" in first


def test_an_unanchored_analysis_is_labelled_so(tmp_path, capsys):
    line = ["sensitivity", *ARMS, "--method", "morris", "--n", "2", "--seeds", "1", "--vary", "CHW supply", "--vary",
            "kappa.mal", "--unanchored", "--workers", "1", "--out", str(tmp_path / "u"), *SETS]  # fmt: skip
    assert main(line) == 0
    assert "UNANCHORED" in capsys.readouterr().out
    assert "UNANCHORED" in (tmp_path / "u" / "sensitivity.txt").read_text(encoding="utf-8")
    found = json.loads((tmp_path / "u" / "findings.json").read_text(encoding="utf-8"))
    assert found["anchored"] is False
    from iccmsim.report.sensitivity_figures import indices_figure

    assert any("NOT anchored" in text.get_text().replace("\n", " ") for text in indices_figure(found).texts)


def test_pawn_ranks_single_parameters(tmp_path, capsys):
    line = ["sensitivity", *ARMS, "--method", "pawn", "--n", "60", "--seeds", "1", "--vary", "CHW workforce",
            "--workers", "1", "--outcome", "chw_presence", "--out", str(tmp_path / "p"), "--json", *SETS]  # fmt: skip
    assert main(line) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["table"][0]["parameter"] in ("programme.chw.absent", "programme.chw.days_week")
    assert {row["group"] for row in found["table"]} == {"CHW workforce"}


@pytest.mark.parametrize(("words", "said"), [
    ([ARMS[0]], "give a comparator and at least one more scenario"),
    ([*ARMS], "--out: sensitivity needs a folder"),
    ([*ARMS, "--n", "1", "--out", "x"], "--n 1: must be between 2 and"),
    ([*ARMS, "--method", "sobol", "--n", "1", "--out", "x"], "--n 1: must be between 2 and"),
    ([*ARMS, "--method", "pawn", "--n", "49", "--out", "x"], "--n 49: must be between 50 and"),
    ([*ARMS, "--method", "sobol", "--n", "4", "--most", "2", "--out", "x"], "--most 2: must be between 4 and"),
    ([*ARMS, "--n", "4", "--most", "8", "--out", "x"], "--most 8: only --method sobol goes on with more samples, not"),
    ([*ARMS, "--method", "sobol", "--n", "3", "--out", "x"], "must be a power of 2"),
    ([*ARMS, "--second-order", "--out", "x"], "second_order: only sobol"),
    ([*ARMS, "--method", "sobol", "--draws", "4", "--out", "x"], "--draws: how often an inner group is drawn; give"),
    ([*ARMS, "--inner", "CHW workforce", "--out", "x"], "inner: is for sobol without indices of pairs"),
    ([*ARMS, "--method", "sobol", "--inner", "people", "--out", "x"], "people: holds setting."),
    ([*ARMS, "--vary", "kappa.mal", "--out", "x"], "so it never varies freely"),
    ([*ARMS, "--outcome", "deads_averted", "--out", "x"], "outcome = 'deads_averted': must be one of"),
    (["--from", "nowhere"], "nowhere: no such folder"),
    ([*ARMS, "--from", "nowhere"], "--from: takes what is stored"),
])  # fmt: skip
def test_wrong_words_are_refused_in_one_line_and_nothing_is_written(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["sensitivity", *words, *(SETS if "--from" not in words else [])]) == 2
    told = capsys.readouterr().err.strip()
    assert said in told
    assert "\n" not in told
    assert list(tmp_path.iterdir()) == []
