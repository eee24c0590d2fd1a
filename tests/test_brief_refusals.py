"""A brief that would mislead is refused in one line that says what to do, and nothing is written."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from briefs import SEEDS, SMALL, set_target, small_arms, with_nets, write_comparison

from iccmsim.cli import main
from iccmsim.parameters.files import Draft, draft_of, library_names
from iccmsim.parameters.reasons import Reason
from iccmsim.parameters.scenario import load_scenario
from iccmsim.results.result import simulate
from iccmsim.studies.basis import read_basis
from iccmsim.studies.compare import Comparison
from iccmsim.studies.fitness import (
    MIN_PAIRS,
    difference,
    faults_of,
    half_interval,
    pairs_needed,
    reasons_against,
    too_few_pairs,
)

SAVING = ([12, 14, 13, 12, 15, 14], [17, 20, 19, 18, 17, 21])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A comparison of which a brief may be made."""
    return write_comparison(tmp_path_factory.mktemp("refusals") / "made", nets=SAVING)


@pytest.fixture
def folder(made, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(made, tmp_path / "result")


def refusal(capsys, folder, *words):
    """The one line with which a brief is refused; nothing may have been written."""
    before = {path: path.stat().st_mtime_ns for path in folder.parent.rglob("*")}
    assert main(["brief", str(folder), *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in folder.parent.rglob("*")} == before
    return said.err.removeprefix("iccmsim: ").strip()


def manifest_with(folder, **values):
    """Change what a folder says it is."""
    file = folder / "manifest.json"
    said = {**json.loads(file.read_text(encoding="utf-8")), **values}
    file.write_text(json.dumps({key: value for key, value in said.items() if value is not None}), encoding="utf-8")


def tell_arm(folder, n, **values):
    """Give an arm on disk other values."""
    arm = load_scenario(folder / f"arm-{n}.toml", overrides=values)
    (folder / f"arm-{n}.toml").write_text(arm.to_toml(), encoding="utf-8")


def test_the_comparison_that_the_others_spoil_is_fit_for_a_brief(made):
    assert reasons_against(Comparison.load(made), read_basis(made, arms=3)) == []


def test_too_few_pairs_are_refused(tmp_path, capsys):
    folder = write_comparison(tmp_path / "few", nets=SAVING, seeds=SEEDS[: MIN_PAIRS - 1])
    assert "9 paired runs: a brief needs at least 10; compare again with --seeds 20" in refusal(capsys, folder)


def test_an_effect_known_too_roughly_is_refused_with_the_number_of_pairs_that_would_do(tmp_path, capsys):
    folder = write_comparison(tmp_path / "rough", nets=([20, -8, 14, -4, 22, 0], [20, 22, 21, 20, 23, 22]))
    said = refusal(capsys, folder)
    assert "12 paired runs are too few: deaths averted by sahel/iccm-as-delivered beyond sahel/facility-only" in said
    assert "are 7.3, known to within 7.8 only; compare again with --seeds 50 or so" in said


def test_a_roughly_known_difference_between_two_programmes_is_refused_too():
    wide = with_nets(([40, 20, 30], [20, 40, 36]))
    (said,) = too_few_pairs(wide)
    assert "by sahel/iccm-supported beyond sahel/iccm-as-delivered are 2.0" in said


def test_no_effect_is_stated_only_if_an_effect_worth_knowing_is_ruled_out():
    assert too_few_pairs(with_nets(([2, -2, 1, -1], [1, -1, 2, -2]))) == []
    (said,) = too_few_pairs(with_nets(([8, -8, 4, -4], [1, -1, 2, -2])))
    assert "are 0.0, known to within" in said


def test_where_nobody_dies_there_is_nothing_to_avert():
    (said,) = too_few_pairs(with_nets(([0], [0]), deaths=0))
    assert said.startswith("nobody dies with sahel/facility-only")


def test_a_fitted_target_that_is_missed_is_refused(folder, capsys):
    set_target(folder, "any_care", inside=False)
    said = refusal(capsys, folder)
    assert "the setting misses what it should be fitted to: any_care = 5.58 (known: 0.5 to 0.62)" in said
    assert "fits those of the library; a place of your own cannot be fitted yet" in said
    assert "iccmsim check" in said


def test_a_target_that_was_never_fitted_may_be_missed(folder):
    set_target(folder, "check", inside=False)
    assert main(["brief", str(folder), "--format", "html"]) == 0


def test_a_lever_outside_its_plausible_range_is_refused(folder, capsys):
    tell_arm(folder, 3, **{"chw.absent": 0.6, "sup.kit_mix": [9, 0.3, 0.25, 0.22, 0.14, 0.6]})
    said = refusal(capsys, folder)
    assert "sahel/iccm-supported: chw.absent = 0.6 (0.08 to 0.4)" in said
    assert "sup.kit_mix = [9, 0.3, 0.25, 0.22, 0.14, 0.6] (times the default 0.5 to 1.5)" in said
    assert "give its source or grade in the comment above it, or bring it inside (iccmsim params KEY)" in said


def test_a_setting_outside_its_plausible_range_is_refused(folder, capsys):
    for n in (1, 2, 3):
        tell_arm(folder, n, **{"seek.a_facility": -4.0, "recog.mild": 0.9, "recog.severe": 0.1})
    said = refusal(capsys, folder)
    for fault in ("seek.a_facility = -4 (-2.7 to -0.7)", "recog.mild = 0.9 (0.15 to 0.45)", "recog.severe = 0.1"):
        assert said.count(fault) == 1


def test_a_value_that_leaves_its_range_on_a_later_date_is_refused(folder, capsys):
    text = (folder / "arm-2.toml").read_text(encoding="utf-8")
    later = '\n[[programme.change]]\nday = 100\n"chw.absent" = 0.7\n'
    (folder / "arm-2.toml").write_text(text + later, encoding="utf-8")
    assert "sahel/iccm-as-delivered: chw.absent = 0.7 (0.08 to 0.4): outside" in refusal(capsys, folder)


def test_a_value_outside_its_range_needs_a_source_or_a_grade_and_no_mere_remark():
    for comment, refused in (("To see.", True), ("given beside the file", True), ("", True), ("Grade D.", False),
                             ("A choice of the programme.", False), ("Zalisk 2019", False),
                             ("Somebody et al. (2021), table 3", False)):  # fmt: skip
        arm = Draft(programme={"chw.catch": 300}, why={"programme.chw.catch": Reason(comment, "mine.toml")})
        assert (list(faults_of(arm, "mine")) == ["mine: chw.catch = 300 (700 to 2500)"]) == refused, comment


def test_a_lever_that_is_switched_off_is_no_doubtful_value():
    assert list(faults_of(Draft(programme={"spv.freq": 0, "spv.report": 0.0}), "any")) == []
    assert list(faults_of(Draft(programme={"chw.absent": 0}), "any")) == ["any: chw.absent = 0 (0.08 to 0.4)"]


@pytest.mark.parametrize("setting", library_names()["setting"])
def test_no_scenario_of_the_library_is_refused_for_its_values(setting, tmp_path, monkeypatch):
    """As it is kept beside a comparison, with the reasons of its files."""
    monkeypatch.delenv("ICCMSIM_DATA", raising=False)
    for name in library_names()["programme"]:
        file = tmp_path / f"{name}.toml"
        file.write_text(load_scenario(f"{setting}/{name}").to_toml(reasons=True), encoding="utf-8")
        assert list(faults_of(draft_of(str(file)), name)) == []


def test_a_shock_that_befalls_one_arm_only_is_refused_with_what_to_do(folder, capsys):
    shaken = load_scenario("sahel/iccm-as-delivered", overrides=SMALL, shocks=[{"kind": "flood", "day": 181}])
    (folder / "arm-2.toml").write_text(shaken.to_toml(reasons=True), encoding="utf-8")
    said = refusal(capsys, folder)
    assert "flood (day 181 to 225 after launch, in all zones) befalls sahel/iccm-as-delivered only" in said
    assert "give every arm the same [[shock]] and compare again" in said


def test_what_the_fit_leaves_over_is_judged_by_the_targets_and_not_by_its_range(made):
    arm = read_basis(made, arms=3).arms[0]
    assert list(faults_of(arm, "any")) == []
    arm.setting["mort.background"] = [9.0] * 6
    assert list(faults_of(arm, "any")) == []


def test_more_programmes_than_two_pages_hold_are_refused(made):
    four = with_nets([SAVING[0]] * 4, programmes=4)
    basis = read_basis(made, arms=3)
    wide = type(basis)((*basis.arms, basis.arms[-1], basis.arms[-1]), basis.ground, basis.targets)
    assert reasons_against(four, wide)[0].startswith("4 programmes: a brief holds up to 3")


@pytest.mark.parametrize("name", ["check.json", "map.json", "arm-2.toml"])
def test_a_folder_without_what_a_brief_rests_on_is_refused(folder, capsys, name):
    (folder / name).unlink()
    said = refusal(capsys, folder)
    assert f"has no {name}; it was written by an earlier version or by a script: run iccmsim compare" in said


@pytest.mark.parametrize(("name", "text"), [("check.json", "{}"), ("map.json", "{"), ("map.json", '{"posts": []}'),
                                           ("check.json", '{"seeds": [1], "targets": []}'),
                                           ("check.json", '{"seeds": [1], "targets": [5]}')])  # fmt: skip
def test_a_folder_whose_files_are_cut_short_is_refused(folder, capsys, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    assert "is not complete; run iccmsim compare again" in refusal(capsys, folder)


def test_a_folder_that_is_no_comparison_is_refused(folder, tmp_path, capsys):
    run = simulate(small_arms()[0], seed=1, tables=False).write(tmp_path / "run")
    assert "not an iccmsim comparison, its manifest.json says kind = 'iccmsim result'" in refusal(capsys, run)
    assert "no such folder" in refusal(capsys, tmp_path / "nowhere")
    (folder / "manifest.json").unlink()
    assert "no manifest.json that can be read" in refusal(capsys, folder)


def test_a_folder_of_another_format_is_refused(folder, capsys):
    manifest_with(folder, format=5)
    assert "format 5 is of a later version of iccmsim" in refusal(capsys, folder)
    manifest_with(folder, format=3)
    assert "format 3 is of an earlier version of iccmsim" in refusal(capsys, folder)


def test_a_manifest_that_lacks_something_is_refused(folder, capsys):
    manifest_with(folder, made_with=None)
    assert "its manifest.json has no made_with; run it again" in refusal(capsys, folder)


def test_counts_of_another_version_are_refused(folder, capsys):
    np.save(folder / "pairs.npy", np.zeros((12, 3)))
    assert "its fields are not those of iccmsim" in refusal(capsys, folder)


@pytest.mark.parametrize(("kind", "lacks"), [("pdf", "typst"), ("pdf", "typst and jinja2"), ("html", "jinja2")])
def test_a_missing_extra_is_named_with_what_to_install(folder, capsys, monkeypatch, kind, lacks):
    monkeypatch.setattr("iccmsim.report.brief.find_spec", lambda name: None if name in lacks else object())
    said = refusal(capsys, folder, "--format", kind)
    assert said == f'a brief as {kind} needs {lacks}: pip install -c constraints.txt -e ".[brief]"'


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lang", "de"], "--lang de: must be en or fr"),
        (["--format", "htm"], "--format htm: must be pdf or html; did you mean html?"),
        (["--out", "brief.pdf", "--format", "html"], "--out brief.pdf: ends in .pdf, but --format is html"),
        (["--out", " "], "--out: the name of the file is empty"),
        (["--lnag", "fr"], "--lnag: unknown option of iccmsim brief; did you mean --lang?"),
    ],
)
def test_wrong_words_are_refused(folder, capsys, words, said):
    assert refusal(capsys, folder, *words) == said


def test_a_folder_is_no_file_to_write_to(folder, capsys):
    assert refusal(capsys, folder, "--out", str(folder)) == f"--out {folder}: is a folder, not a file"
    inside = folder / "manifest.json" / "brief.pdf"
    assert refusal(capsys, folder, "--out", str(inside)).endswith("is not a folder that can be written to")


def test_a_name_for_which_there_is_no_room_is_refused(folder, capsys):
    manifest_with(folder, names=["sahel/facility-only", "sahel/a plan with a name that never comes to an end", "b"])
    assert "a brief has room for names of 36 characters; give it a shorter one" in refusal(capsys, folder)


def test_words_that_do_not_fit_on_two_pages_are_refused(folder, capsys, monkeypatch):
    monkeypatch.setattr("iccmsim.report.brief.PAGES", 1)
    assert "words fill more than 1 pages; shorten the names of the arms" in refusal(capsys, folder)


def test_letters_that_cannot_be_printed_are_refused(folder, capsys):
    manifest_with(folder, names=["sahel/facility-only", "sahel/\N{ETHIOPIC SYLLABLE GLOTTAL A}", "sahel/b"])
    said = refusal(capsys, folder)
    assert "could not be displayed" in said
    assert said.endswith("write names in Latin letters, or choose --format html")


def test_half_an_interval_is_students_t_times_the_error():
    assert half_interval(2.0, 10) == pytest.approx(2.0 * 2.262157)
    assert half_interval(2.0, 1) == float("inf")


def test_pairs_asked_for_are_enough_and_ten_fewer_are_not():
    for sd, bound in ((6.0, 2.0), (50.0, 5.0), (3.0, 0.2)):
        n = pairs_needed(sd, bound=bound)
        assert half_interval(sd / np.sqrt(n), n) <= bound < half_interval(sd / np.sqrt(n - 10), n - 10)
    assert pairs_needed(1.0, bound=50.0) == MIN_PAIRS


def test_a_difference_is_paired():
    told = difference(with_nets(([10, 30, 20], [12, 32, 22])), 2, 1)
    assert (told.mean, told.mcse, told.half, told.above, told.told) == (2.0, 0.0, 0.0, 12, True)
    nothing = difference(with_nets(([1, -1], [1, -1])), 2)
    assert (nothing.mean, nothing.above, nothing.told) == (0.0, 6, False)
