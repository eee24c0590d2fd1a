"""Stored results for other programs: every kind of folder, the same numbers, and a dictionary of every column."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from nation import nation_scenario, write_nation
from small import tiny
from sweeps import tiny_design

from iccmsim.cli import main
from iccmsim.core.records import MARKS
from iccmsim.engine.pairs import PAIRS
from iccmsim.engine.plan import make_plan
from iccmsim.engine.tally import CASCADE, TALLY
from iccmsim.parameters.catalogue import parameter
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report import workbook
from iccmsim.report.export import READERS, Table, _facts, tables_in
from iccmsim.results.counts import OF_A_PAIR, OF_A_RUN, STEPS_SAY, lived_periods
from iccmsim.results.dictionary import FACTS, MARKS_SAY, NUMBER, Column
from iccmsim.results.result import facts_of, read_result, simulate
from iccmsim.studies.columns import columns_of_sweep, only_in
from iccmsim.studies.compare import Comparison, compare
from iccmsim.studies.country import Country, compare_country
from iccmsim.studies.indicator_columns import INDICATORS, estimates_of
from iccmsim.studies.indices import morris_indices, pawn_indices
from iccmsim.studies.outcomes import OUTCOMES
from iccmsim.studies.sensitivity import Asked, Sensitivity, sensitivity
from iccmsim.studies.sensitivity_columns import INDICES
from iccmsim.studies.sweep import Sweep, sweep

MONTHS = {"run.days": 200, "run.warmup_days": 30}


def make_run(folder: Path) -> None:
    simulate(tiny(more=MONTHS), seed=3).write(folder)


def make_counts(folder: Path) -> None:
    simulate(tiny(more={**MONTHS, "run.tail_days": 60}), seed=3, tables=False).write(folder)


def make_comparison(folder: Path) -> None:
    compare([tiny("facility-only", name="none", more=MONTHS), tiny(name="=CHWs", more=MONTHS)], seeds=2).save(folder)


def make_areas(folder: Path) -> None:
    nation = write_nation(_new(folder.with_name("nation")))
    files = [str(nation_scenario(nation, programme=name)) for name in ("facility-only", "iccm-as-delivered")]
    assert main(["compare", *files, "--seeds", "1", "--by", "district", "--out", str(folder)]) == 0


def make_country(folder: Path) -> None:
    nation = write_nation(_new(folder.with_name("country_files")))
    arms = [load_scenario(nation_scenario(nation, programme=name)) for name in ("facility-only", "iccm-as-delivered")]
    compare_country(arms, seeds=2).save(folder)


def make_sweep(folder: Path) -> None:
    sweep(tiny_design(), out=folder, executor="here")


def make_sensitivity(folder: Path) -> None:
    asked = Asked("sobol", n=2, masters=2, keys=("CHW workforce", "tx.ors"), inner="CHW workforce", draws=2)
    sensitivity([tiny(name, more=MONTHS) for name in ("facility-only", "iccm-as-delivered")], asked, out=folder,
                workers=1)  # fmt: skip


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


MADE = {"run": make_run, "counts": make_counts, "comparison": make_comparison,
        "areas": make_areas, "country": make_country, "sweep": make_sweep,
        "sensitivity": make_sensitivity}  # fmt: skip
KINDS = tuple(MADE)


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Callable[[str], Path]:
    """A result folder of each kind, with its CSV files in `export`, made when first asked for."""
    place = tmp_path_factory.mktemp("results")

    def of(kind: str) -> Path:
        if not (place / kind).exists():
            MADE[kind](place / kind)
            assert main(["export", str(place / kind), "--csv"]) == 0
        return place / kind

    return of


def read(folder: Path, table: str) -> pd.DataFrame:
    """One exported table, blanks as blanks."""
    return pd.read_csv(folder / "export" / f"{table}.csv", keep_default_na=False, na_values=[""], low_memory=False)


def headings(folder: Path) -> dict[str, list[str]]:
    """The columns of each exported file."""
    found = {}
    for file in (folder / "export").glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem] = next(csv.reader(lines))
    return found


# --- the dictionary ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_has_an_entry_and_every_entry_a_column(stored, kind):
    folder = stored(kind)
    entries = read(folder, "dictionary")
    whole = entries[entries["where"].isna()]
    told = {table: rows["column"].tolist() for table, rows in whole.groupby("table")}
    assert told == headings(folder)
    assert not whole.duplicated(["table", "column"]).any()
    for table, rows in entries[entries["where"].notna()].groupby("table"):
        assert set(read(folder, table).indicator) == {where.removeprefix("indicator = ") for where in rows["where"]}


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_is_a_sentence_with_a_unit_and_a_share_names_what_it_is_of(stored, kind):
    entries = read(stored(kind), "dictionary")
    assert entries.unit.notna().all()
    assert entries.meaning.str.endswith(".").all()
    assert (entries.meaning.str[0] == entries.meaning.str[0].str.upper()).all()
    rates = entries[entries.unit.isin(["percent"]) | (entries.unit == "share") & entries.table.isin(["runs", "areas"])]
    assert rates.denominator.notna().all()
    for _, each in entries[entries["values"].notna() & (entries.table != "dictionary")].iterrows():
        column = read(stored(kind), each.table)[each.column].dropna()
        assert set(column) <= set(each["values"].split(", ")), (each.table, each.column)


def test_the_same_number_means_the_same_in_a_sweep_and_in_a_comparison(stored):
    told = [read(stored(kind), "dictionary").query("table == 'runs'").set_index("column").astype(str) for kind in
            ("sweep", "comparison", "country")]  # fmt: skip
    same = told[0].index.intersection(told[1].index)
    assert len(same) > 50
    for other in told[1:]:
        assert told[0].loc[same].equals(other.loc[same])


def test_chws_are_told_as_the_plan_they_are():
    """With chw.rollout hardly anybody is in post at launch; `chws` counts whom the norm places."""
    at_launch, at_last = (facts_of(make_plan(tiny(more={"chw.rollout": days}))) for days in (0, 365))
    assert at_launch["chws"] == at_last["chws"] > 0
    assert (at_launch["rollout_days"], at_last["rollout_days"]) == (0, 365)
    fact = next(each for each in FACTS if each.name == "chws").says
    outcome = next(each for each in OUTCOMES if each.name == "chws").says
    assert all(says.endswith("once all posts are filled.") for says in (fact, outcome))


def test_the_words_of_the_dictionary_are_those_of_the_number(stored):
    children = read(stored("run"), "children")
    straight = make_plan(tiny(more=MONTHS)).deployment.km_chw
    near = children[children.km_chw > 0]
    assert near.km_chw.to_numpy() == pytest.approx(parameter("seek.path").default * straight[near.village])
    told = read(stored("run"), "dictionary").set_index(["table", "column"]).meaning
    assert told["children", "km_chw"].startswith("Distance by path")
    said = {each.name: each.says for each in INDICATORS}
    assert said["stock_out"] == "Days that end without a product; any: without at least one of the box."
    assert said["by_cause.lost"] == "Children who die in this arm only, from this cause."
    assert said["saved_by_chw_part"].startswith("The saved, by what a CHW of either arm had to do with the illness")
    assert said["cascade.any_effect"] == "Those in which any treatment but zinc lowered the danger."
    assert said["cascade.any_care"] == "Those seen by anybody outside the home."


def test_every_count_that_is_kept_has_a_column():
    assert {each.field for each in OF_A_RUN} == set(TALLY.names)
    assert {each.field for each in OF_A_PAIR} == set(PAIRS.names)
    for counts, dtype in ((OF_A_RUN, TALLY), (OF_A_PAIR, PAIRS)):
        for name in dtype.names:
            mine = [each for each in counts if each.field == name]
            assert mine[0].part is None or len(mine) == dtype[name].shape[0], name
    assert tuple(MARKS_SAY) == MARKS
    assert tuple(STEPS_SAY) == CASCADE


def test_what_a_sweep_varies_is_told_by_its_declaration_and_a_vector_as_a_factor():
    keys = ("programme.sup.lead", "programme.sup.kit_mix")
    names = ["row", *keys, "anchored", "anchor_residual", "anchor_rounds", "anchored.kappa.pneu"]
    told = {each.name: each for each in columns_of_sweep(keys, names)}
    assert told[keys[0]].unit == "days, mean"
    assert told[keys[0]].says == "Varied. From a CHW's order to the delivery."
    assert told[keys[1]].says.startswith("Varied: a factor on all numbers of: ")
    assert told["anchored.kappa.pneu"].says.startswith("Solved for when the row was anchored. ")
    assert {"anchored", "anchor_residual", "anchor_rounds"} <= set(told)
    assert "anchored" not in {each.name for each in columns_of_sweep(keys, ["row", *keys])}


# --- the numbers -------------------------------------------------------------------------------------------------


def test_the_tables_of_a_run_are_those_of_its_result(stored):
    folder, result = stored("run"), read_result(stored("run"))
    for name in ("children", "episodes", "visits", "chw_months", "facility_months"):
        mine, table = read(folder, name), result.table(name)
        assert len(mine) == len(table) > 0, name
        for column in table:
            plain = table[column].astype(object).where(table[column].notna(), None)
            assert mine[column].astype(object).where(mine[column].notna(), None).tolist() == plain.tolist(), column


def test_counts_are_divided_up_without_loss_and_years_that_were_not_lived_are_left_out(stored):
    folder, tally = stored("counts"), read_result(stored("counts")).tally
    deaths = read(folder, "counts_by_period_cause_age")
    assert deaths.period.unique().tolist() == ["year 1", "tail"]
    assert deaths.deaths.sum() == tally.deaths.sum() > 0
    here = deaths.query("period == 'tail' and cause == 'malaria' and age == '12-23 m'").deaths
    assert here.tolist() == [tally.deaths[-1, 0, 5]]
    for table, name in (("period_age", "child_days"), ("period_illness", "weighted_effect"), ("provider", "cases"),
                        ("provider_product", "ordered"), ("wealth", "days_by_wealth"), ("period", "births"),
                        ("distance", "deaths_by_km"), ("period_cause", "expected")):  # fmt: skip
        assert read(folder, f"counts_by_{table}")[name].sum() == pytest.approx(tally[name].sum()), name
    steps = read(folder, "counts_by_illness").set_index("illness")
    np.testing.assert_array_equal(steps[list(CASCADE)].to_numpy().T, tally.cascade)
    given = read(folder, "counts_by_provider_product").query("provider == 'facility'").set_index("product").given
    assert given["ors"] == tally.given[1, 0] > 0
    assert lived_periods(window_days=366, tail_days=0) == [0, 1]
    assert lived_periods(window_days=9000, tail_days=1) == list(range(12))


def test_a_comparison_is_exported_as_it_is_printed_and_replicate_by_replicate(stored):
    found = Comparison.load(stored("comparison"))
    said, runs = found.to_json(), read(stored("comparison"), "runs")
    table = read(stored("comparison"), "indicators").fillna({"group": ""}).set_index(["arm", "indicator", "group"])
    with_chws = said["arms"][1]
    for place, q in ((("stock_out", "chw, any"), with_chws["stock_out"]["chw"]["any"]),
                     (("u5mr", ""), with_chws["u5mr"]), (("doses", "chw, ors"), with_chws["doses"]["chw"]["ors"]),
                     (("cascade.severe", "malaria"), with_chws["cascade"]["malaria"]["severe"]),
                     (("by_age.deaths", "0-27 d"), with_chws["by_age"]["0-27 d"]["deaths"])):  # fmt: skip
        row = table.loc[("=CHWs", *place)]
        assert [row[end] for end in q] == pytest.approx(list(q.values()))
    assert runs.arm.tolist() == ["none", "=CHWs"] * 2
    assert runs[runs.arm == "=CHWs"].expected_deaths_averted.mean() == pytest.approx(
        with_chws["deaths_averted_expected"]["mean"])  # fmt: skip
    assert runs[runs.arm == "=CHWs"].chw_visits.min() > 0
    assert read(stored("comparison"), "warnings").warning.tolist() == said["warnings"]
    assert read(stored("comparison"), "counts").cohort.sum() == found.pairs.cohort.sum() > 0
    seen = read(stored("comparison"), "counts_by_illness").filter(like="elsewhere_").to_numpy().sum()
    assert seen == found.pairs.elsewhere.sum() > 0


def test_no_indicator_of_a_comparison_is_left_out_or_made_up(stored):
    arm = Comparison.load(stored("comparison")).to_json()["arms"][1]
    found = list(estimates_of(arm))
    assert {name for name, _, _ in found} == {each.name for each in INDICATORS}
    assert len({each.name for each in INDICATORS}) == len(INDICATORS)
    assert len({(name, group) for name, group, _ in found}) == len(found)


def test_the_code_of_an_area_stays_as_it_is_written(stored, tmp_path):
    folder = shutil.copytree(stored("areas"), tmp_path / "coded", ignore=shutil.ignore_patterns("export"))
    text = (folder / "areas.csv").read_text(encoding="utf-8")
    for name, code in (("Capital", "01"), ("ALPHA", "02"), ("BETA", "03"), ("DELTA", "04"), ("GAMMA", "05")):
        text = text.replace(f",{name},", f",{code},")
    (folder / "areas.csv").write_text(text, encoding="utf-8")
    assert main(["export", str(folder), "--csv"]) == 0
    with (folder / "export" / "areas.csv").open(encoding="utf-8", newline="") as file:
        assert [row["area"] for row in csv.DictReader(file)] == ["01", "02", "03", "04", "05"]


def test_areas_and_districts_are_exported(stored):
    areas = read(stored("areas"), "areas")
    assert areas.area.tolist() == ["Capital", "ALPHA", "BETA", "DELTA", "GAMMA"]
    country = Country.load(stored("country"))
    table = read(stored("country"), "areas")
    assert table.level.tolist() == ["country", *["region"] * 3, *["district"] * 5]
    np.testing.assert_allclose(table.expected_averted, [row["expected_averted"] for row in country.table()])
    runs = read(stored("country"), "runs")
    assert len(runs) == 5 * 2 * 2
    assert runs[["region", "district"]].drop_duplicates().to_numpy().tolist() == [list(each) for each in country.names]
    births = read(stored("country"), "counts_by_period").query("district == 'ALPHA' and arm == 'facility-only'")
    assert births.births.sum() == country.parts[1].tallies["births"][:, 0].sum() > 0


def test_a_sweep_is_exported_as_its_table(stored):
    table = Sweep.load(stored("sweep")).table()
    mine = read(stored("sweep"), "runs")
    mine["error"] = mine.error.astype(object).fillna("")
    pd.testing.assert_frame_equal(mine, table, check_dtype=False)
    about = read(stored("sweep"), "about").set_index("name").value
    assert about["runs.done"] == "16"
    assert about["complete"] == "True"
    assert about["settings.run.days"] == "200"
    assert about["status_quo"] == "sahel/facility-only before"


def test_the_export_of_a_run_or_comparison_names_a_status_quo_that_is_not_the_default(stored, tmp_path):
    short = {"run.days": 60, "run.warmup_days": 30}
    before, arms = tiny(name="today", more=short), [tiny("facility-only", more=short), tiny(more=short)]
    simulate(arms[1], seed=1, status_quo=before, tables=False).write(tmp_path / "run")
    compare(arms, seeds=1, status_quo=before).save(tmp_path / "comparison")
    for kind in ("run", "comparison"):
        assert main(["export", str(tmp_path / kind), "--csv"]) == 0
        about = read(tmp_path / kind, "about").set_index("name").value
        assert (about["status_quo"], about["status_quo_hash"]) == ("today", before.hash())
        assert "status_quo" not in read(stored(kind), "about").name.tolist()


def test_the_export_of_a_sweep_says_in_which_arms_a_lever_was_varied(stored):
    about = read(stored("sweep"), "about").set_index("name").value
    assert about["varied_only_in.programme.sup.lead"] == "sahel/iccm-as-delivered"
    assert "varied_only_in.setting.tx.ors" not in about  # of the setting: in all arms
    told = read(stored("sweep"), "dictionary").query("table == 'runs'").set_index("column").meaning
    assert told["programme.sup.lead"].startswith("Varied in sahel/iccm-as-delivered alone (other arms keep their own ")
    assert told["setting.tx.ors"].startswith("Varied. ")
    both = {"keys": ["programme.sup.lead"], "where": [[0, 1]]}
    assert only_in(both, ("a", "b")) == {}


def test_a_sensitivity_analysis_is_exported_with_all_its_runs(stored):
    done = Sensitivity.load(stored("sensitivity"))
    found, runs = done.findings(), read(stored("sensitivity"), "runs")
    indices = read(stored("sensitivity"), "indices")
    assert indices.master.tolist() == ["all"] * 2 + ["1"] * 2 + ["2"] * 2
    together = indices[indices.master == "all"].set_index("group")
    assert together.ST.to_dict() == pytest.approx({row["group"]: row["ST"] for row in found["table"]})
    assert len(runs) == 2 * 2 * 3 * 2 * 2 * 2  # masters, blocks, points, draws, seeds, arms
    assert runs.analysed.sum() == 2 * 2 * found["rows"]["kept"]
    assert runs.groupby("master").block.unique().map(list).to_dict() == {1: [0, 1], 2: [0, 1]}
    mine, table = runs[runs.master == 2], done.sweeps[1][0].table()
    assert mine.expected_deaths_averted.tolist() == pytest.approx(table.expected_deaths_averted.tolist())
    parameters = read(stored("sensitivity"), "parameters").set_index("parameter")
    assert parameters.loc["setting.tx.ors", "group"] == "effects of drugs"
    assert parameters.loc["setting.kappa.mal", "why_not"].startswith("the fit")
    about = read(stored("sensitivity"), "about").set_index("name").value
    assert (about["asked.inner"], about["asked.draws"], about["asked.keys"]) == (
        "CHW workforce", "2", "CHW workforce, tx.ors")  # fmt: skip


@pytest.mark.parametrize("method", ["morris", "pawn"])
def test_every_column_of_the_indices_of_each_method_is_told(method):
    rows = morris_or_pawn(method)
    told = {each.name for each in INDICES[method]} - {"master"}
    assert set(rows[0]) == told


def morris_or_pawn(method: str) -> list[dict]:
    """The indices of a line in two parameters."""
    from SALib.sample import morris

    problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0.0, 1.0]] * 2, "groups": ["x", "y"]}
    if method == "morris":
        unit = morris.sample(problem, 4, num_levels=4, seed=1)
        return morris_indices(problem, unit, unit @ np.array([1.0, 2.0]))
    unit = np.random.default_rng(1).random((60, 2))
    return pawn_indices(problem, unit, unit @ np.array([1.0, 2.0]), resamples=5)


def test_the_facts_of_a_place_are_all_told(stored):
    from iccmsim.engine.plan import make_plan

    assert [each.name for each in FACTS] == list(facts_of(make_plan(tiny())))
    assert read(stored("run"), "place").people.tolist() == [1500]


def test_shocks_are_exported_in_words():
    told = {"place": "Here", "shocks": [{"kind": "flood", "day": 20, "days": 45, "zones": "all", "shock.far": 3}]}
    assert _facts(told)["shocks"].startswith("day 20 to 64 after launch, in all zones: flood. A flood: ")
    assert _facts(told)["shocks"].endswith(" Sets shock.far = 3.")
    assert _facts({"place": "of an earlier version"})["shocks"] == ""


# --- the files ---------------------------------------------------------------------------------------------------


def test_a_workbook_holds_what_the_csv_files_hold(stored, tmp_path, capsys):
    openpyxl = pytest.importorskip("openpyxl")
    folder = stored("comparison")
    assert main(["export", str(folder), "--xlsx", "--out", str(tmp_path / "made.xlsx")]) == 0
    assert "20 tables" in capsys.readouterr().out
    book = openpyxl.load_workbook(tmp_path / "made.xlsx", read_only=True)
    assert book.sheetnames[:2] == ["about", "dictionary"]
    assert set(book.sheetnames) == set(headings(folder))
    for sheet in book:
        first, *rows = sheet.iter_rows(values_only=True)
        table = read(folder, sheet.title)
        assert list(first) == list(table.columns)
        assert len(rows) == len(table), sheet.title
        for k, name in enumerate(first):
            mine = [row[k] if k < len(row) else None for row in rows]
            plain = table[name].astype(object).where(table[name].notna(), None).tolist()
            if pd.api.types.is_numeric_dtype(table[name]):
                assert [value is None for value in mine] == [value is None for value in plain]
                mine, plain = ([value for value in each if value is not None] for each in (mine, plain))
                assert mine == pytest.approx(plain, rel=1e-14)
            else:
                assert mine == plain
    cells = [cell for row in book["runs"].iter_rows(min_row=2) for cell in row if cell.value == "=CHWs"]
    assert {cell.data_type for cell in cells} == {"s"}


@pytest.mark.parametrize("way", ["--csv", "--xlsx"])
def test_made_twice_the_bytes_are_the_same(stored, tmp_path, way, monkeypatch):
    if way == "--xlsx":
        pytest.importorskip("openpyxl")
    made = []
    for hour in (1, 2):
        monkeypatch.setattr("time.time", lambda now=1.7e9 + 3600 * hour: now)
        monkeypatch.setattr("time.localtime", lambda *_, hour=hour: (2026, 1, 1, hour, 0, 0, 0, 1, 0))
        out = tmp_path / f"{hour}{way.replace('--', '.')}"
        assert main(["export", str(stored("sweep")), way, "--out", str(out)]) == 0
        made.append(out.read_bytes() if out.is_file() else {each.name: each.read_bytes() for each in out.iterdir()})
    assert made[0] == made[1]
    assert made[0]


def test_a_workbook_tells_no_time(stored, tmp_path):
    pytest.importorskip("openpyxl")
    assert main(["export", str(stored("sweep")), "--xlsx", "--out", str(tmp_path / "a.xlsx")]) == 0
    with ZipFile(tmp_path / "a.xlsx") as book:
        assert {each.date_time for each in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        told = book.read("docProps/core.xml").decode()
    assert told.count("2000-01-01T00:00:00Z") == 2


def test_an_export_is_replaced_by_a_later_one_and_nothing_else_is(stored, tmp_path, capsys):
    shutil.copytree(stored("sweep"), tmp_path / "sweep")
    out = tmp_path / "sweep" / "export"
    (out / "runs.csv").unlink()
    assert main(["export", str(tmp_path / "sweep"), "--csv"]) == 0
    assert (out / "runs.csv").exists()
    before = sorted(tmp_path.rglob("*"))
    assert main(["export", str(tmp_path / "sweep"), "--csv", "--out", str(tmp_path / "sweep")]) == 2
    assert "not an iccmsim export" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_cells_that_excel_cannot_hold_are_written_as_it_can(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    values = [1.5, float("nan"), float("inf"), 2**60, "a\x07b", "=1+1", True]
    frame = pd.DataFrame({"it": pd.Series(values, dtype=object)})
    table = Table("some", (Column("it", "It.", NUMBER),), len(values), lambda: frame)
    workbook.write_workbook([table], tmp_path / "some.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "some.xlsx")["some"]
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == [1.5, None, "inf", str(2**60), "ab", "=1+1", True]
    assert [cell.data_type for cell in cells][4:7] == ["s", "s", "b"]
    assert sheet.freeze_panes == "A2"
    told = tuple(Column(name, "It.", NUMBER) for name in ("said", "long", "a_number"))
    words = Table("words", told, 1, lambda: pd.DataFrame({"said": ["x" * 40], "long": ["y" * 400], "a_number": [1]}))
    workbook.write_workbook([words], tmp_path / "words.xlsx")
    columns = openpyxl.load_workbook(tmp_path / "words.xlsx")["words"].column_dimensions
    assert [columns[letter].width for letter in "ABC"] == [42, 90, 10]


# --- what is refused ---------------------------------------------------------------------------------------------


def refused(capsys, *words: str) -> str:
    """What is said, in one line, when a command is refused."""
    assert main(["export", *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize("number", [0, 99, "1", None])
@pytest.mark.parametrize("kind", ["run", "counts", "comparison", "country", "sweep"])
def test_a_folder_of_another_format_is_refused_in_one_line(stored, tmp_path, kind, number, capsys):
    folder = tmp_path / "old"
    shutil.copytree(stored(kind), folder, ignore=shutil.ignore_patterns("export"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": number}), encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    said = refused(capsys, str(folder), "--csv")
    assert f"{folder}: format {number!r} is of {'an earlier' if number == 0 else 'a later'} version of iccmsim" in said
    assert f"which reads format {1 if kind in ('country', 'sweep') else 4})" in said
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("number", [0, 99])
def test_a_district_of_another_format_is_refused_too(stored, tmp_path, number, capsys):
    folder = tmp_path / "country"
    shutil.copytree(stored("country"), folder, ignore=shutil.ignore_patterns("export"))
    file = folder / "district-002" / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"format": number}), encoding="utf-8")
    assert f"district-002: format {number} is of" in refused(capsys, str(folder), "--csv")


def test_what_is_no_result_is_refused(stored, tmp_path, capsys):
    assert "no such folder" in refused(capsys, str(tmp_path / "none"), "--csv")
    assert "not a result of iccmsim" in refused(capsys, str(tmp_path), "--csv")
    (tmp_path / "inner").mkdir()
    for text in ("{", "[]", '{"kind": "dish"}', '{"kind": ["dish"]}'):
        (tmp_path / "inner" / "manifest.json").write_text(text, encoding="utf-8")
        said = refused(capsys, str(tmp_path / "inner"), "--csv")
        assert ("dish" in said and "iccmsim sweep" in said) == ("dish" in text)
    assert f"there is one in {tmp_path / 'inner'}" in refused(capsys, str(tmp_path), "--csv")


def test_one_way_must_be_chosen_and_a_workbook_named_as_one(stored, tmp_path, capsys):
    folder = str(stored("sweep"))
    assert "--csv or --xlsx: give one of them" in refused(capsys, folder)
    assert "--csv or --xlsx: give one of them" in refused(capsys, folder, "--csv", "--xlsx")
    pytest.importorskip("openpyxl")
    assert "must end in .xlsx" in refused(capsys, folder, "--xlsx", "--out", str(tmp_path / "table.xls"))
    assert "is a folder, not a file" in refused(capsys, folder, "--xlsx", "--out", str(tmp_path))


def test_without_openpyxl_one_line_says_what_to_install(stored, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = refused(capsys, str(stored("sweep")), "--xlsx")
    assert 'needs openpyxl, which is not installed: pip install -c constraints.txt -e ".[export]"' in said


def test_a_table_that_no_sheet_can_hold_is_refused_before_anything_is_written(stored, tmp_path, capsys, monkeypatch):
    pytest.importorskip("openpyxl")
    most = max(table.rows for table in tables_in(stored("sweep")))
    monkeypatch.setattr(workbook, "MOST_ROWS", most)
    said = refused(capsys, str(stored("sweep")), "--xlsx", "--out", str(tmp_path / "a.xlsx"))
    assert f"has {most} rows, and a sheet of Excel holds {most - 1} below its heading: use --csv" in said
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(workbook, "MOST_ROWS", most + 1)
    assert main(["export", str(stored("sweep")), "--xlsx", "--out", str(tmp_path / "a.xlsx")]) == 0


def test_a_sheet_of_excel_has_its_true_number_of_rows():
    assert workbook.MOST_ROWS == 2**20
    rows = [SimpleNamespace(rows=2**20 - 1), SimpleNamespace(rows=2**20)]
    assert workbook.too_long(rows) is rows[1]


@pytest.mark.parametrize("way", ["--csv", "--xlsx"])
def test_a_stored_table_with_other_columns_is_refused_and_nothing_is_left(stored, tmp_path, way, capsys):
    if way == "--xlsx":
        pytest.importorskip("openpyxl")
    shutil.copytree(stored("run"), tmp_path / "run", ignore=shutil.ignore_patterns("export"))
    file = tmp_path / "run" / "children.parquet"
    pd.read_parquet(file).rename(columns={"wealth": "riches"}).to_parquet(file, index=False)
    before = sorted(tmp_path.rglob("*"))
    assert "children: its columns are not those of iccmsim" in refused(capsys, str(tmp_path / "run"), way)
    assert sorted(tmp_path.rglob("*")) == before
    file.unlink()
    assert "the folder is incomplete" in refused(capsys, str(tmp_path / "run"), way)


def test_every_kind_of_result_that_is_stored_can_be_exported():
    assert set(READERS) == {"iccmsim result", "iccmsim comparison", "iccmsim country", "iccmsim sweep",
                            "iccmsim sensitivity"}  # fmt: skip
