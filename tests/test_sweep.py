"""Sweeps: every run is what `compare` would have given, kept once, and the rest goes on when one fails."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace

import numpy as np
import pytest
from sweeps import ARMS, FILE, SETTINGS, table_hash, tiny_design

from iccmsim.cli import main
from iccmsim.studies.compare import compare
from iccmsim.studies.design import grid, rows
from iccmsim.studies.outcomes import NAMES, OUTCOMES
from iccmsim.studies.sweep import Sweep, sweep
from iccmsim.studies.sweeping import cases, living
from iccmsim.studies.sweeping.cases import study_of
from iccmsim.studies.sweeping.kept import Found
from iccmsim.studies.sweeping.precision import Precision, error_of, next_seeds, standard_error


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Path, Sweep]:
    """The tiny design, run by this process."""
    folder = tmp_path_factory.mktemp("sweeps") / "done"
    return folder, sweep(tiny_design(), out=folder, executor="here")


def test_every_run_of_a_sweep_is_the_one_that_compare_gives(tmp_path):
    design = tiny_design(**{"setting.place.people": 3000, "sev.mal.untreated": 0.3})  # or nobody is saved or lost
    study, table = study_of(design), sweep(design, out=tmp_path / "deadly", executor="here").table()
    for row in range(4):
        arms = [study.scenario(i, design.rows[row]) for i in (0, 1)]
        beside = compare(arms, seeds=2, status_quo=study.scenario(None, design.rows[row])).to_json()["arms"]
        for arm, said in enumerate(beside):
            mine = table[(table.row == row) & (table.arm == ARMS[arm])]
            assert mine.seed.tolist() == [1, 2]
            assert (mine.status == "done").all()
            for name, key in (("deaths", "deaths"), ("expected_deaths", "deaths_expected"), ("u5mr", "u5mr"),
                              ("saved", "saved"), ("lost", "lost"), ("life_years_gained", "life_years_gained"),
                              ("deaths_averted", "deaths_averted"), ("chw_doses", "chw_treatments"),
                              ("expected_deaths_averted", "deaths_averted_expected")):  # fmt: skip
                assert mine[name].mean() == pytest.approx(said[key]["mean"], abs=1e-9), name
            assert mine.births.mean() == said["births"]
            assert mine.child_years.mean() == pytest.approx(said["child_years"])
            assert mine.facility_visits.mean() == said["visits"]["facility"]["mean"]
            assert mine.chws.iloc[0] == said["setting"]["chws"]
    given = table[table.arm == ARMS[1]]
    assert given.chw_visits.min() > 0
    sums = given.groupby("row")[["saved", "lost", "life_years_gained"]].sum()
    assert (sums != 0).all(axis=None)
    assert (sums.saved != sums.lost).any()


def test_a_sweep_is_shown_in_a_few_lines(done):
    assert repr(done[1]).startswith("Sweep(design=Design(name='grid', kind='grid', arms=")
    assert len(repr(done[1])) < 900


def test_outcomes_by_cause_add_up_and_each_is_described(done):
    table = done[1].table()
    for whole in ("deaths", "expected_deaths", "expected_deaths_averted"):
        parts = [name for name in NAMES if name.startswith(f"{whole}_") and name.rpartition("_")[2] not in
                 ("averted", "five") and "averted" not in name.removeprefix(whole)]  # fmt: skip
        assert len(parts) == 7, whole
        np.testing.assert_allclose(table[parts].sum(axis=1), table[whole], atol=1e-9)
    assert all(each.says.endswith((".", ")")) and each.unit for each in OUTCOMES)
    assert len(set(NAMES)) == len(NAMES)


def test_the_table_is_in_order_of_row_seed_and_arm_and_can_be_read_back(done):
    folder, found = done
    table = found.table()
    assert table[["row", "seed"]].drop_duplicates().to_numpy().tolist() == [[r, s] for r in range(4) for s in (1, 2)]
    assert table.arm.tolist() == list(ARMS) * 8
    assert table["programme.sup.lead"].tolist() == [7] * 8 + [28] * 8
    again = Sweep.load(folder)
    assert again.table().equals(table)
    assert np.array_equal(again.design.rows, tiny_design().rows)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["complete"]
    assert manifest["runs"] == {"done": 16, "failed": 0, "missing": 0}
    assert manifest["table_sha256"] == table_hash(folder)


def test_the_same_command_again_runs_nothing_and_changes_nothing(done, monkeypatch):
    folder, _ = done
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(living, "arms_of_zone", None)
    sweep(tiny_design(), out=folder, executor="here")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_however_work_is_cut_and_by_however_many_processes_the_bytes_are_the_same(done, tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "MOST_CASES", 3)
    seen = []
    sweep(tiny_design(), out=tmp_path / "two", workers=2, progress=lambda n, total: seen.append((n, total)))
    assert table_hash(tmp_path / "two") == table_hash(done[0])
    assert seen[-1] == (16, 16)
    assert [n for n, _ in seen] == sorted({n for n, _ in seen})


@pytest.mark.skipif(find_spec("distributed") is None, reason="dask.distributed is not installed: iccmsim[cluster]")
def test_a_dask_cluster_gives_the_same_bytes(done, tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "MOST_CASES", 3)
    sweep(tiny_design(), out=tmp_path / "dask", executor="dask", workers=2)
    assert table_hash(tmp_path / "dask") == table_hash(done[0])


def test_without_dask_one_line_says_what_to_install(tmp_path, monkeypatch, capsys):
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out"), "--executor", "dask"]) == 2
    wanted = 'needs dask.distributed, which is not installed: pip install -c constraints.txt -e ".[cluster]"'
    assert wanted in capsys.readouterr().err


@pytest.mark.skipif(find_spec("distributed") is None, reason="dask.distributed is not installed: iccmsim[cluster]")
def test_a_scheduler_that_is_not_there_is_named_and_no_folder_is_made(tmp_path, capsys):
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    dask = pytest.importorskip("dask")
    gone = "tcp://127.0.0.1:1"
    for scheduler, status, said in (("nonsense", 2, "scheduler nonsense: must be an address, such as tcp://"),
                                    (gone, 1, f"scheduler {gone}: cannot be reached (")):  # fmt: skip
        with dask.config.set({"distributed.comm.timeouts.connect": "100ms"}):
            assert main(["sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "new"), "--executor", "dask",
                         "--scheduler", scheduler]) == status  # fmt: skip
        found = capsys.readouterr().err
        assert found.startswith(f"iccmsim: {said}")
        assert found.count("\n") == 1
        assert not (tmp_path / "new").exists()


def breaks_where_deliveries_are_slow(monkeypatch) -> None:
    """Let every run with a lead time of 28 days end in an error."""
    plain = living.tally_zone

    def count(run):
        if run.plan.scenario.programme["sup.lead"] == 28:
            raise ZeroDivisionError("nothing was\ndelivered")
        return plain(run)

    monkeypatch.setattr(living, "tally_zone", count)


def test_a_run_that_fails_is_kept_with_its_error_and_tried_again_when_asked(done, tmp_path, monkeypatch, capsys):
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    command = ["sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]
    with monkeypatch.context() as broken:
        breaks_where_deliveries_are_slow(broken)
        assert main(command) == 0
    said = capsys.readouterr().out
    assert "12 runs done, 4 failed, 0 missing" in said
    assert "ZeroDivisionError: nothing was delivered" in said
    table = Sweep.load(tmp_path / "out").table()
    failed = table[table.status == "failed"]
    assert failed[["row", "seed", "arm"]].to_numpy().tolist() == [[r, s, ARMS[1]] for r in (2, 3) for s in (1, 2)]
    assert failed[list(NAMES)].isna().all(axis=None)
    whole = done[1].table()
    assert table[table.status == "done"].equals(whole[(whole.arm == ARMS[0]) | (whole.row < 2)])
    assert main(command) == 0
    assert "4 failed" in capsys.readouterr().out
    assert main([*command, "--retry-failed"]) == 0
    assert "16 runs done, 0 failed" in capsys.readouterr().out
    again = Sweep.load(tmp_path / "out").table()
    assert again.equals(whole)


def test_a_comparator_that_fails_fails_its_arms_too(tmp_path, monkeypatch):
    plain = living.make_plan
    monkeypatch.setattr(living, "make_plan", lambda scenario, **more: 1 / 0 if scenario.setting["tx.ors"] == 0.7 else
                        plain(scenario, **more))  # fmt: skip
    table = sweep(tiny_design(seeds=1), out=tmp_path, executor="here").table()
    assert table.status.tolist() == ["failed", "failed", "done", "done"] * 2


def test_seeds_are_added_until_the_error_is_small_enough_or_there_are_no_more(tmp_path):
    design = tiny_design(seeds=3)
    asked = {"executor": "here", "until_mcse": 0.0129, "most_seeds": 20}
    found = sweep(design, out=tmp_path / "a", **asked)
    table = found.table()
    assert found.complete
    for _, row in table[table.arm == ARMS[1]].groupby("row"):
        numbers = row.expected_deaths_averted.to_numpy()
        assert row.seed.tolist() == list(range(1, len(row) + 1))
        assert standard_error(numbers) <= 0.0129 or len(numbers) == 20
        shorter = [n for n in (3, 6, 9, 13, 19) if n < len(numbers)]
        assert all(standard_error(numbers[:n]) > 0.0129 for n in shorter)
    assert sorted(table.groupby("row").seed.nunique()) == [19, 20, 20, 20]
    assert found.manifest["rows_not_precise"] == 1
    for shard in ((1, 2), (2, 2)):
        sweep(design, out=tmp_path / "b", shard=shard, **asked)
    assert table_hash(tmp_path / "b") == table_hash(tmp_path / "a")


def found_with(outcome: str, *seeds: tuple[float, ...], errors: tuple[str, ...] = ("", "", "")) -> list[Found]:
    """Runs of some seeds whose arms have these values of an outcome."""
    numbers = np.zeros((len(seeds), 3, len(NAMES)))
    numbers[:, :, NAMES.index(outcome)] = seeds
    return [Found(each, errors) for each in numbers]


def test_an_arm_that_cannot_have_the_outcome_has_no_say_in_its_error():
    nan = float("nan")
    beside = found_with("chw_presence", (nan, nan, 0.7), (nan, nan, 0.9))
    assert error_of(beside, "chw_presence") == pytest.approx(0.1)
    assert error_of(found_with("chw_presence", (nan, 0.5, 0.7), (nan, nan, 0.9)), "chw_presence") == np.inf
    assert np.isnan(error_of(found_with("chw_presence", (nan, nan, nan), (nan, nan, nan)), "chw_presence"))
    assert error_of(found_with("chw_presence", (nan, nan, nan), errors=("", "no", "")), "chw_presence") == np.inf


def test_seeds_in_which_an_arm_has_no_outcome_say_nothing_of_its_error():
    nan, name = float("nan"), "treated_effectively_newborn_infection"
    some = found_with(name, (nan, 0.5, 0.7), (nan, nan, 0.9), (nan, 0.7, 0.8), (nan, nan, nan))
    assert standard_error(np.array([0.5, nan, 0.7, nan])) == pytest.approx(0.1)
    assert error_of(some, name) == pytest.approx(0.1)
    assert standard_error(np.array([0.5, nan])) == np.inf


def test_more_seeds_stop_where_the_error_is_small_though_some_seeds_lack_the_outcome(tmp_path):
    design = tiny_design(seeds=5, **{"setting.place.people": 300, "run.days": 60})
    name = "treated_effectively_newborn_infection"
    found = sweep(design, out=tmp_path, executor="here", until_mcse=0.5, outcome=name, most_seeds=60)
    table = found.table()
    given = table[table.arm == ARMS[1]]
    assert 0 < given[name].isna().sum() < len(given)
    assert given.groupby("row").seed.nunique().max() < 60
    assert (given.groupby("row")[name].count() >= 2).all()
    assert (found.manifest["rows_not_precise"], found.manifest["rows_without_outcome"]) == (0, 0)


def test_no_seeds_are_added_for_an_outcome_that_no_arm_has_and_it_is_said(tmp_path, capsys):
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    assert main(["sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out"), "--workers", "1",
                 "--most-seeds", "20", "--until-mcse", "5", "--outcome", "deaths_averted_by_five"]) == 0  # fmt: skip
    assert "4 rows have no deaths_averted_by_five in any arm" in capsys.readouterr().out
    found = Sweep.load(tmp_path / "out")
    assert sorted(set(found.table().seed)) == [1, 2]
    assert (found.manifest["rows_not_precise"], found.manifest["rows_without_outcome"]) == (0, 4)


def test_a_batch_is_half_of_what_there_is_and_never_beyond_the_most():
    assert next_seeds((1, 2, 3), first=3, most=100) == (1, 2, 3, 4, 5, 6)
    assert next_seeds(tuple(range(1, 13)), first=3, most=100) == tuple(range(1, 19))
    assert next_seeds((7, 3), first=2, most=3) == (7, 3, 8)
    assert standard_error(np.array([1.0])) == np.inf
    assert standard_error(np.array([1.0, 3.0])) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="did you mean deaths_averted"):
        Precision(0.1, "death_averted")


@pytest.mark.parametrize(("first", "told", "true"), [(2, 0.86, 2.2), (3, 0.89, 1.4), (5, 0.90, 1.03)])
def test_seeds_that_are_chosen_by_the_result_make_the_error_too_small_as_the_docs_say(first, told, true):
    rng, errors, means = np.random.default_rng(1), [], []
    for _ in range(2000):  # rows that need 49 seeds
        seeds, values = tuple(range(1, first + 1)), rng.normal(0, 7, 200)
        while len(seeds) < 200 and standard_error(values[: len(seeds)]) > 1:
            seeds = next_seeds(seeds, first=first, most=200)
        errors.append(standard_error(values[: len(seeds)]))
        means.append(values[: len(seeds)].mean())
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(told, abs=0.005)
    assert np.sqrt(np.mean(np.square(means))) == pytest.approx(true, abs=0.05)


def test_levers_that_hold_in_one_arm_leave_the_comparator_alone_and_it_is_lived_once(tmp_path, monkeypatch):
    lived = []
    plain = living.arms_of_zone
    monkeypatch.setattr(living, "arms_of_zone", lambda zone, plans, **more: lived.append(len(plans)) or
                        plain(zone, plans, **more))  # fmt: skip
    design = grid(ARMS, {"sup.lead": [5, 14, 28]}, seeds=2, settings=SETTINGS)
    table = sweep(design, out=tmp_path, executor="here").table()
    assert lived == [1 + 3, 1 + 3]
    assert table[table.arm == ARMS[0]].groupby("seed").expected_deaths.nunique().tolist() == [1, 1]


def test_arms_that_are_varied_in_their_comparator_too_are_paired_with_their_own(tmp_path):
    arms = ("sahel/iccm-as-delivered", "sahel/iccm-supported")
    design = replace(grid(arms, {"skill.decay": [0.0, 0.08]}, seeds=1, settings=SETTINGS))
    table = sweep(design, out=tmp_path, executor="here").table()
    study = study_of(design)
    for row in (0, 1):
        chosen = [study.scenario(i, design.rows[row]) for i in (0, 1)]
        said = compare(chosen, seeds=1, status_quo=study.before).to_json()["arms"][1]
        mine = table[(table.row == row) & (table.arm == arms[1])].iloc[0]
        assert (mine.saved, mine.lost) == (said["saved"]["mean"], said["lost"]["mean"])
        assert mine.expected_deaths_averted == pytest.approx(said["deaths_averted_expected"]["mean"])


OTHERS = [
    ("rows", tiny_design(seeds=2), {"rows": np.array([[7, 0.7], [28, 0.9], [7, 0.9], [28, 0.8]])}, "its rows;"),
    ("seeds", tiny_design(seeds=3), {}, "its seeds;"),
    ("keys", replace(tiny_design(), keys=("programme.sup.lead", "setting.tx.zinc")), {}, "its keys;"),
    ("arms", replace(tiny_design(), arms=(ARMS[0], "sahel/iccm-supported")), {}, "its arms;"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "design", "changed", "said"), OTHERS)
def test_a_folder_of_another_design_is_left_alone(what, design, changed, said, done):
    before = {path: path.read_bytes() for path in done[0].rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=f"holds another design .grid, 4 rows., which differs in {said}"):
        sweep(replace(design, **changed), out=done[0], executor="here")
    assert {path: path.read_bytes() for path in done[0].rglob("*") if path.is_file()} == before


def test_a_folder_of_another_version_of_the_program_is_left_alone(done, monkeypatch):
    monkeypatch.setattr("iccmsim.studies.sweep.code_version", lambda: "0123")
    with pytest.raises(ValueError, match=r"was begun with another version of the program \(\w{16}, and this is 0123\)"):
        sweep(tiny_design(), out=done[0], executor="here")


BROKEN = [
    ("sweep", "no design given (see iccmsim sweep --help)"),
    ("sweep design.toml", "--out: must be given, the folder to keep the runs in"),
    ("sweep desing.toml --out new", "desing.toml: no such file; did you mean design.toml?"),
    ("sweep design.toml --out new --shard 5/4", "--shard 5/4: the first number must be between 1 and 4"),
    ("sweep design.toml --out new --shard 0/4", "--shard 0/4: the first number must be between 1 and 4"),
    ("sweep design.toml --out new --shard 2", "--shard 2: must be I/N, such as 3/20"),
    ("sweep design.toml --out new --shard 1/", "--shard 1/: must be I/N, such as 3/20"),
    ("sweep design.toml --out new --shard a/4", "--shard a: must be a whole number"),
    ("sweep design.toml --out new --shard 1/", "--shard 1/: must be I/N, such as 3/20"),
    ("sweep design.toml --out new --shard /4", "--shard /4: must be I/N, such as 3/20"),
    ("sweep design.toml --out new --workers 0", "--workers 0: must be between 1 and 1024"),
    ("sweep design.toml --out new --executor ray", "--executor ray: must be processes or dask"),
    ("sweep design.toml --out new --scheduler tcp://x:1", "--scheduler tcp://x:1: is for --executor dask"),
    ("sweep design.toml --out new --until-mcse 0", "--until-mcse 0: must be a number above 0"),
    ("sweep design.toml --out new --until-mcse small", "--until-mcse small: must be a number above 0"),
    ("sweep design.toml --out new --outcome deths", "outcome deths: unknown outcome; did you mean deaths?"),
    ("sweep design.toml --out new --most-seeds 5",
     "--most-seeds 5: has no effect without --until-mcse; leave it out, or give that too"),
    ("sweep design.toml --out new --outcome deaths",
     "--outcome deaths: has no effect without --until-mcse; leave it out, or give that too"),
    ("sweep design.toml --out new --most-seeds 1", "--most-seeds 1: must be between 2 and 1000000"),
    ("sweep design.toml --out design.toml", "design.toml: is a file, not a folder"),
    ("sweep design.toml --out design.toml/new", "is not a folder that can be written to"),
    ("sweep design.toml --out=", "--out: the name of the folder is empty"),
    ("sweep design.toml --out papers", "papers: not an iccmsim sweep: no manifest.json that can be read"),
    ("sweep design.toml --out newer", "newer: format 2 is of a later version of iccmsim"),
    ("sweep design.toml --out older", "older: format 0 is of an earlier version of iccmsim"),
    ("sweep design.toml --places papers --out new", "places = papers: sahel/facility-only plays in a made-up district"),
    ("sweep --collect papers", "papers: not an iccmsim sweep: no manifest.json that can be read"),
    ("sweep --collect nowhere", "nowhere: no such folder"),
    ("sweep --collect newer", "newer: format 2 is of a later version of iccmsim"),
    ("sweep design.toml --collect papers", "--collect: takes a folder alone, no design and no --out"),
]


@pytest.mark.parametrize(("line", "said"), BROKEN)
def test_what_cannot_be_run_is_refused_in_one_line_and_nothing_is_written(line, said, tmp_path, monkeypatch, capsys):
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    for name, text in (("papers", None), ("newer", '{"kind": "iccmsim sweep", "format": 2}'),
                       ("older", '{"kind": "iccmsim sweep", "format": 0}')):  # fmt: skip
        (tmp_path / name).mkdir()
        (tmp_path / name / ("letter.txt" if text is None else "manifest.json")).write_text(text or "dear")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) == 2
    found = capsys.readouterr().err
    assert said in found
    assert found.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_dry_run_says_how_many_runs_and_how_long_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "design.toml").write_text(FILE.format(more=""), encoding="utf-8")
    command = ["sweep", str(tmp_path / "design.toml"), "--out", str(tmp_path / "out"), "--dry-run", "--workers", "3"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "16 runs: 4 rows x 2 seeds x 2 arms, of which 12 differ and are lived after 4 warm-ups; 1 parts" in said
    assert "with 3 workers (one seed of row 0 in a zone of 600 of 600 people, timed now:" in said
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runs"] == 16
    assert 0 < found["seconds"] < 60
    assert not (tmp_path / "out").exists()
    done = sweep(tiny_design(), out=tmp_path / "out", executor="here")
    on_disk = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*.parquet"))
    assert on_disk < found["bytes_on_disk"] < 4 * on_disk
    assert done.complete


@pytest.fixture
def anchored(monkeypatch) -> list:
    """Stand in for the fit: one setting is anchored, one is not, and with one it breaks."""
    asked = []

    def anchor(scenario, baseline, *, seeds):
        asked.append((scenario.setting["tx.ors"], baseline.setting["tx.ors"], tuple(seeds)))
        if scenario.setting["tx.ors"] == 0.9:
            raise ValueError("no such fit")
        ok = scenario.setting["tx.ors"] == 0.7
        residuals = {"pneumonia": 0.01 if ok else -0.3}
        return SimpleNamespace(kappas={"kappa.pneu": 1.1}, residuals=residuals, rounds=3, ok=ok)

    monkeypatch.setitem(sys.modules, "iccmsim.studies.anchor", SimpleNamespace(anchor=anchor))
    return asked


def test_rows_are_anchored_once_a_setting_and_it_is_said_which_could_not_be(anchored, tmp_path):
    design = replace(rows(ARMS, ["sup.lead", "tx.ors"], [[7, 0.7], [28, 0.7], [7, 0.8], [7, 0.9]], seeds=2,
                          settings=SETTINGS), anchor=True)  # fmt: skip
    found = sweep(design, out=tmp_path, executor="here")
    base = study_of(design).before.setting["tx.ors"]
    assert sorted(anchored) == [(0.7, base, (1, 2)), (0.8, base, (1, 2)), (0.9, base, (1, 2))]
    table = found.table()
    assert table.groupby("row").anchored.first().tolist() == [True, True, False, False]
    assert table.groupby("row").anchor_residual.first().tolist() == [0.01, 0.01, 0.3, 0.0]
    assert found.manifest["rows_not_anchored"] == 2
    assert set(table[table.status == "failed"].row) == {3}
    assert table.error[table.row == 3].iloc[0] == "ValueError: could not be anchored: ValueError: no such fit"
    free = sweep(replace(design, anchor=False), out=tmp_path / "free", executor="here").table()
    assert (free.expected_deaths_pneumonia != table.expected_deaths_pneumonia)[table.row < 3].any()
    assert len(anchored) == 3
    sweep(design, out=tmp_path, executor="here")
    assert len(anchored) == 3


def anchored_design(ors: list[float], seeds: int = 1):
    return replace(grid(ARMS, {"tx.ors": ors}, seeds=seeds, settings=SETTINGS), anchor=True)


def test_shards_anchor_the_settings_of_their_own_runs(anchored, tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "MOST_CASES", 1)
    design, asked = anchored_design([0.66, 0.68, 0.7, 0.72, 0.74, 0.76]), []
    for i in (1, 2, 3):
        sweep(design, out=tmp_path / f"{i}", executor="here", shard=(i, 3))
        asked.append({ors for ors, *_ in anchored})
        sweep(design, out=tmp_path / "shared", executor="here", shard=(i, 3))
        anchored.clear()
    assert [len(mine) for mine in asked] == [2, 2, 2]
    assert set.union(*asked) == set(design.rows[:, 0])
    assert Sweep.load(tmp_path / "shared").complete
    sweep(design, out=tmp_path / "whole", executor="here")
    assert table_hash(tmp_path / "shared") == table_hash(tmp_path / "whole")


def test_what_another_process_has_anchored_meanwhile_is_left_out(anchored, tmp_path, monkeypatch):
    design = anchored_design([0.7, 0.72, 0.74])
    sweep(design, out=tmp_path / "whole", executor="here")
    anchored.clear()
    module = sys.modules["iccmsim.studies.anchor"]
    plain = module.anchor

    def anchor(*given, **more):
        copytree(tmp_path / "whole" / "fitted", tmp_path / "out" / "fitted")
        return plain(*given, **more)

    monkeypatch.setattr(module, "anchor", anchor)
    sweep(design, out=tmp_path / "out", executor="here")
    assert len(anchored) == 1
    assert table_hash(tmp_path / "out") == table_hash(tmp_path / "whole")


@pytest.mark.parametrize(("shard", "begins"), [((1, 2), 0.76), ((2, 2), 0.72)])
def test_shards_that_have_their_settings_in_common_begin_to_anchor_elsewhere(shard, begins, anchored, tmp_path,
                                                                             monkeypatch):  # fmt: skip
    monkeypatch.setattr(cases, "MOST_CASES", 1)
    sweep(anchored_design([0.7, 0.72, 0.74, 0.76], seeds=2), out=tmp_path, executor="here", shard=shard)
    assert anchored[0][0] == begins


def test_a_run_of_another_length_is_anchored_to_the_baseline_in_a_run_as_long(tmp_path):
    settings = {key: value for key, value in SETTINGS.items() if key != "run.days"}
    design = replace(grid(ARMS, {"run.days": [100, 200, 300]}, seeds=1, settings=settings), anchor=True)
    table = sweep(design, out=tmp_path, executor="here").table()
    base = study_of(design).before.setting
    assert table.anchored.all()
    assert set(table.anchor_rounds) == {1}
    for key in ("kappa.mal", "kappa.pneu", "kappa.diarr", "kappa.psbi"):
        np.testing.assert_allclose(table[f"anchored.{key}"], base[key])


def test_the_manifest_says_in_which_arms_a_key_holds_and_what_each_arm_is(done):
    manifest = json.loads((done[0] / "manifest.json").read_text(encoding="utf-8"))
    assert [arm["name"] for arm in manifest["arms"]] == list(ARMS)
    assert [arm["hash"] for arm in manifest["arms"]] == [arm.hash() for arm in study_of(tiny_design()).arms]
    assert manifest["told"]["where"] == [[1], [1]]
