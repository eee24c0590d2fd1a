"""A run as a result: its tables, its digest, its folder on disk."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small import TWO_ZONES, tiny

import iccmsim
from iccmsim.core.records import ILLNESSES, MINUTES, PRODUCTS, RECOVERED
from iccmsim.engine.simulation import Simulation, without_chws
from iccmsim.engine.tally import TALLY
from iccmsim.results.folder import COUNTS, MANIFEST
from iccmsim.results.result import read_result, result_of, simulate
from iccmsim.results.tables import TABLES

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def result():
    return simulate(tiny(more=TWO_ZONES), seed=2, threads=1)


def same_counts(a, b):
    return all(np.array_equal(a[name], b[name]) for name in TALLY.names)


def test_simulate_is_found_from_the_package():
    assert iccmsim.simulate is simulate


def test_the_digest_is_the_same_for_any_number_of_threads_and_order_of_zones(result):
    two = simulate(tiny(more=TWO_ZONES), seed=2, threads=2)
    assert two.digest() == result.digest()
    assert same_counts(two.tally, result.tally)
    runs = Simulation(tiny(more=TWO_ZONES), seed=2, threads=1).run().runs
    assert result_of(runs[::-1], scenario=tiny(more=TWO_ZONES), seed=2).digest() == result.digest()


def test_the_digest_moves_with_the_seed_and_with_the_programme(result):
    digests = {result.digest(), simulate(tiny(more=TWO_ZONES), seed=3, threads=1).digest(),
               simulate(tiny("iccm-supported", more=TWO_ZONES), seed=2, threads=1).digest()}  # fmt: skip
    assert len(digests) == 3


def test_the_digest_is_the_same_in_another_process(result):
    program = (
        "import sys; sys.path.insert(0, 'tests'); from small import TWO_ZONES, tiny; "
        "from iccmsim import simulate; print(simulate(tiny(more=TWO_ZONES), seed=2, threads=1).digest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == result.digest()


def test_counts_alone_are_the_same_and_tables_are_then_refused(result):
    lean = simulate(tiny(more=TWO_ZONES), seed=2, tables=False, threads=2)
    assert same_counts(lean.tally, result.tally)
    with pytest.raises(ValueError, match="run it again with tables=True"):
        _ = lean.children
    assert len(lean.digest()) == 64


def test_rows_of_the_tables_find_one_another(result):
    children, episodes, visits = result.children, result.episodes, result.visits
    assert children.child.is_unique
    assert episodes.episode_id.is_unique
    assert set(episodes.child) <= set(children.child)
    assert set(visits.episode_id) - {-1} <= set(episodes.episode_id)
    of_visit = visits[visits.episode_id >= 0].merge(episodes, on="episode_id", suffixes=("", "_episode"))
    assert (of_visit.child == of_visit.child_episode).all()
    assert (of_visit.zone == of_visit.zone_episode).all()
    assert (of_visit.day >= of_visit.onset_day).all()
    assert (children.groupby("household").village.nunique() == 1).all()
    assert set(visits.chw) - {-1} <= set(result.chw_months.chw)
    assert result.plan["chws"] == result.chw_months.chw.nunique()


def test_a_child_alive_has_no_cause_and_a_dead_one_has(result):
    children = result.children
    assert (children.cause.notna() == (children.state == "dead")).all()
    assert (children.end_day.isna() == children.state.isin(["alive", "unborn"])).all()
    assert list(result.episodes.illness.cat.categories) == list(ILLNESSES)


def test_an_illness_that_never_turns_severe_is_over_on_the_day_that_the_table_has():
    scenario = tiny(more={"setting.place.people": 3000, "run.days": 120})
    simulation = Simulation(scenario, seed=2, threads=1).run_to(60)
    (run,) = simulation.runs
    over: dict[int, int] = {}
    for day in range(120):
        simulation.run_to(60 + day + 1)
        over |= dict.fromkeys(set(np.flatnonzero(run.course["outcome"] == RECOVERED).tolist()) - over.keys(), day)
    e = result_of([run], scenario=scenario, seed=2).episodes
    mild = e[~e.severe & (e.outcome == "recovered") & (e.mends_day >= 1)]
    assert np.floor(mild.mends_day).tolist() == [over[episode] for episode in mild.episode_id]
    drawn = run.course["mends"][mild.episode_id] / MINUTES - 60
    assert set(mild.illness[drawn < mild.mends_day]) == {"malaria", "pneumonia", "diarrhoea"}
    assert {"other_fever", "cough_or_cold"} < set(mild.illness)


def test_visits_give_what_episodes_got(result):
    visits = result.visits[(result.visits.provider == "chw")]
    for product in PRODUCTS[:3]:
        given = set(visits.episode_id[visits[f"given_{product}"]])
        got = set(result.episodes.episode_id[result.episodes[f"got_{product}"]])
        assert given <= got


def test_months_of_facilities_begin_before_launch_and_of_new_chws_at_launch(result):
    assert result.chw_months.month.min() == 0
    assert result.facility_months.month.min() == -2
    assert result.facility_months.groupby("facility").size().nunique() == 1
    january = result.facility_months[result.facility_months.month == 12]
    assert set(january.month_of_year) == {1}
    assert set(january.year) == {1}


def test_a_wrong_name_of_a_table_is_answered_with_the_right_ones(result):
    with pytest.raises(KeyError, match="no table 'visit'; there are children, episodes"):
        result.table("visit")


def test_a_folder_holds_the_whole_result(result, tmp_path):
    folder = result.write(tmp_path / "a run of mine")
    back = read_result(folder)
    assert back.digest() == result.digest()
    assert same_counts(back.tally, result.tally)
    assert (back.seed, back.scenario_hash, back.plan) == (2, result.scenario_hash, result.plan)
    for name in TABLES:
        assert back.table(name).equals(result.table(name)), name
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["digest"] == result.digest()
    assert manifest["made_with"]["version"] == iccmsim.__version__
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a run of mine"]


def test_a_written_scenario_can_be_loaded_and_gives_the_same_run(result, tmp_path):
    folder = result.write(tmp_path / "run")
    assert simulate(str(folder / "scenario.toml"), seed=2, threads=1).digest() == result.digest()


@pytest.mark.parametrize("tables", [True, False])
def test_a_status_quo_of_the_users_is_kept_and_gives_the_same_run(tables, tmp_path):
    before, arm = tiny("iccm-as-delivered", more=TWO_ZONES), tiny("iccm-supported", more=TWO_ZONES)
    lived = simulate(arm, seed=2, status_quo=before, threads=1, tables=tables)
    folder = lived.write(tmp_path / "run")
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert told["status_quo"] == {"name": before.name, "hash": before.hash()}
    kept = str(folder / "status_quo.toml")
    again = simulate(str(folder / "scenario.toml"), seed=2, status_quo=kept, threads=1, tables=tables)
    assert again.digest() == lived.digest() != simulate(arm, seed=2, threads=1, tables=tables).digest()
    assert read_result(folder).status_quo == again.status_quo == lived.status_quo
    Path(kept).unlink()
    with pytest.raises(ValueError, match=r"status_quo\.toml: cannot be read; the folder is incomplete"):
        read_result(folder)


def test_a_status_quo_of_health_facilities_only_needs_no_keeping(tmp_path):
    arm = tiny(more=TWO_ZONES)
    other = simulate(arm, seed=2, status_quo=tiny("iccm-supported", more=TWO_ZONES), tables=False)
    folder = other.write(tmp_path / "run")
    for before, mine in ((None, []), (without_chws(arm), ["status_quo.toml"])):
        simulate(arm, seed=2, status_quo=before, tables=False).write(folder)
        assert sorted(each.name for each in folder.iterdir()) == [MANIFEST, "scenario.toml", *mine, COUNTS]
        assert "status_quo" not in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert read_result(folder).status_quo is None
        (folder / "status_quo.toml").write_text("of somebody's own", encoding="utf-8")


def test_writing_again_replaces_a_result_and_refuses_anything_else(result, tmp_path):
    folder = result.write(tmp_path / "run")
    simulate(tiny(), seed=9, tables=False).write(folder)
    assert read_result(folder).seed == 9
    assert not (folder / "visits.parquet").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(ValueError, match="not an iccmsim result"):
        result.write(tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_failed_write_leaves_nothing_behind(result, tmp_path, monkeypatch):
    monkeypatch.setattr(np, "save", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        result.write(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_folders_that_are_no_result_are_refused_by_what_is_wrong(result, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_result(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"no manifest\.json"):
        read_result(tmp_path)
    folder = result.write(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for change, said in (({"format": 99}, "later version"), ({"kind": "photos"}, "kind = 'photos'")):
        (folder / "manifest.json").write_text(json.dumps(manifest | change), encoding="utf-8")
        with pytest.raises(ValueError, match=said):
            read_result(folder)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "visits.parquet").unlink()
    with pytest.raises(FileNotFoundError, match=r"visits\.parquet.*incomplete"):
        _ = read_result(folder).visits
    np.save(folder / "tally.npy", np.zeros(3))
    with pytest.raises(ValueError, match="its fields are not those"):
        read_result(folder)


def test_a_result_can_be_sent_to_another_process(result):
    back = pickle.loads(pickle.dumps(result))
    assert back.digest() == result.digest()
    assert same_counts(back.tally, result.tally)
