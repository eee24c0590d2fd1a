"""The comment above a value is its reason, and stays with it through everything that a scenario extends."""

from __future__ import annotations

import pickle
from pathlib import Path

from iccmsim.parameters.files import OVERRIDE, draft_of, lay_overrides
from iccmsim.parameters.reasons import Reason, read_reasons
from iccmsim.parameters.scenario import load_scenario

TEXT = """\
# Where it comes from,
# in two lines. Coincides with free-care: nothing is paid anyway. Coincides with more-chws: nobody comes.

# Not part of that.
format = 1

[programme.chw]
# A survey. Grade B.
absent = 0.3
attr = 0.1  # beside the value, so no reason

days_week = 6
# A list
# over lines. Grade D.
"minutes" = [
  1,  # not a reason

  2,
]
[[programme.change]]
# Two years. A choice of the programme.
day = 730
sup = { fill = 0.5, lead = 3 }
[[programme.change]]
day = 900
# fitted, see calibration/fits/sahel.toml
"spv.freq" = 0.1
"""


def test_a_comment_says_why_of_the_lines_directly_below_it():
    said = read_reasons(TEXT).of
    assert said["programme.chw.absent"] == said["programme.chw.attr"] == "A survey. Grade B."
    assert "programme.chw.days_week" not in said
    assert said["programme.chw.minutes"] == "A list over lines. Grade D."
    first = "Two years. A choice of the programme."
    assert [said[f"programme.change[0].{key}"] for key in ("day", "sup.fill", "sup.lead")] == [first] * 3
    assert "programme.change[1].day" not in said
    assert said["programme.change[1].spv.freq"] == "fitted, see calibration/fits/sahel.toml"


def test_a_comment_does_not_reach_into_the_next_table_but_one_above_its_header_does():
    said = read_reasons("[a]\n# One. Grade A.\nx = 1\n[b]\ny = 2\n# Two. Grade B.\n[c]\nz = 3\n").of
    assert said == {"a.x": "One. Grade A.", "c.z": "Two. Grade B."}


def test_the_first_comment_is_about_the_file_and_may_name_twins():
    reasons = read_reasons(TEXT)
    assert reasons.about.startswith("Where it comes from, in two lines.")
    assert reasons.twins() == {"free-care": "nothing is paid anyway.", "more-chws": "nobody comes."}
    assert read_reasons("format = 1\n# late\nname = 'a'").about == ""


def test_a_reason_accounts_for_a_value_if_it_names_a_grade_a_choice_or_a_fit():
    said = read_reasons(TEXT).of
    assert Reason(said["programme.chw.absent"]).grade == "B"
    assert Reason("It is so.").grade == ""
    for key in ("programme.chw.absent", "programme.change[0].day", "programme.change[1].spv.freq"):
        assert Reason(said[key]).accounts
    assert not Reason("Because I say so.").accounts
    assert not Reason("").accounts


def test_a_value_carries_the_reason_of_the_file_that_spoke_last(tmp_path: Path):
    (tmp_path / "base.toml").write_text("format = 1\nextends = 'free-care'\n[programme.chw]\n# One. Grade C.\n"
                                        "absent = 0.3\n# Two. Grade D.\nattr = 0.1\n", encoding="utf-8")  # fmt: skip
    mid, top = tmp_path / "mid.toml", tmp_path / "top.toml"
    mid.write_text("format = 1\nsetting = 'sahel'\nprogramme = 'base.toml'\n", encoding="utf-8")
    top.write_text("format = 1\nextends = 'mid.toml'\n[programme.chw]\nabsent = 0.4\n[setting.place]\n"
                   "# Small. Grade D.\nzones = 2\n[run]\n# Short.\ndays = 30\n", encoding="utf-8")  # fmt: skip
    draft = draft_of(str(top))
    assert draft.programme["chw.absent"] == 0.4
    assert draft.why["programme.chw.absent"] == Reason("", "top.toml")
    assert draft.why["programme.chw.attr"] == Reason("Two. Grade D.", "base.toml")
    assert draft.why["programme.fee.waived"].file == "free-care.toml"
    assert draft.why["programme.spv.refresher_months"].file == "iccm-as-delivered.toml"
    assert draft.why["setting.place.zones"] == Reason("Small. Grade D.", "top.toml")
    assert draft.why["run.days"] == Reason("Short.", "top.toml")
    assert [(used_as, path.name) for used_as, path in draft.files] == [
        ("scenario", "mid.toml"), ("setting", "sahel.toml"), ("programme", "iccm-as-delivered.toml"),
        ("programme", "free-care.toml"), ("programme", "base.toml"), ("scenario", "top.toml")]  # fmt: skip
    lay_overrides(draft, {"chw.attr": 0.2, "place.zones": 3})
    assert draft.why["programme.chw.attr"] == draft.why["setting.place.zones"] == OVERRIDE


def test_what_a_reason_stands_on():
    said = {"A survey. Grade B.": "B", "A choice of the programme.": "choice", "Ouedraogo 2019, table 2": "source",
            "fitted, see calibration/fits/sahel.toml": "fitted", "To try.": "none", "": "none",
            "Six weeks of 2000 people": "none", OVERRIDE.text: "none"}  # fmt: skip
    assert {text: Reason(text).standing for text in said} == said


def test_a_scenario_written_out_with_its_reasons_keeps_each_with_its_value_alone(tmp_path: Path):
    """A value without a reason never takes that of the one above it; what a scenario says is the same."""
    for name in ("sahel-conflict/donor-exit-with-transition", "remote-forest/humanitarian-iccm",
                 "sahel/maturity-22222222"):  # fmt: skip
        scenario = load_scenario(name, overrides={"chw.minutes": 20})
        file = tmp_path / "whole.toml"
        file.write_text(scenario.to_toml(reasons=True), encoding="utf-8")
        again = load_scenario(file)
        given = {path: f"{why.text} [{why.file}]" if why.file else why.text
                 for path, why in scenario.why.items() if why.text}  # fmt: skip
        assert {path: why.text for path, why in again.why.items() if why.text} == given
        assert again.hash() == scenario.hash()
        assert "# " not in load_scenario(name).to_toml().replace("  # ", "")
        assert pickle.loads(pickle.dumps(scenario)).why == scenario.why


def test_another_programme_takes_the_reasons_and_changes_of_the_former_with_it(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text("format = 1\nextends = 'sahel/donor-exit-with-transition'\nprogramme = 'free-care'\n",
                    encoding="utf-8")  # fmt: skip
    draft = draft_of(str(path))
    assert draft.changes == draft.change_why == []
    assert {why.file for key, why in draft.why.items() if key.startswith("programme.")} == {
        "iccm-as-delivered.toml", "free-care.toml"}  # fmt: skip
    assert "donor-exit-with-transition.toml" not in [each.name for _, each in draft.files]
