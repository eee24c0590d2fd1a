"""What `iccmsim programmes`, `settings`, `explain`, `diff` and `new` print."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from places import write_folder
from test_cli_errors import TINY

from iccmsim.cli import main
from iccmsim.parameters.files import library_names
from iccmsim.parameters.scenario import load_scenario
from iccmsim.parameters.shocks import shock_kinds
from iccmsim.report.explain import norm_in_words, package_in_words
from iccmsim.results.result import simulate

SETTING = """\
# A place of two villages.
format = 1
name = "hamlet"
says = "Two villages."
[setting.place]
kind = "synthetic"
name = "Hamlet"
# Small. Grade D.
people = 900
zones = 1
villages_per_zone = 2
radius_km = 3
"""
PROGRAMME = """\
# Free care, and more.
format = 1
name = "more"
says = "Free care, more of it."
extends = "free-care"
[programme.chw]
# Everybody near. A survey (Somebody 2020). Grade B.
min_km = 0
catch = 500
[programme.policy]
ras = 1
[[programme.change]]
# After a year, a choice of the programme.
day = 365
"sup.fill" = 0.5
"""
SCENARIO = 'format = 1\nsetting = "hamlet.toml"\nprogramme = "more.toml"\n[run]\n# Short. Grade D.\ndays = 400\n'
EXPLAINED = """\
plan

plan.toml
Setting hamlet: Two villages.
  A place of two villages.
Programme iccm-as-delivered: CHWs beyond 5 km, half of them supervised in a month, with the stock-outs of
  routine supply.
  Integrated community case management as routine programmes have delivered it, not as planned: the declared
  defaults, from surveys and evaluations in Mali, Malawi, Ethiopia and Burkina Faso (`iccmsim params`).
Programme free-care: As delivered, and nobody pays for a child under five, at CHWs or health facilities.
  Free care for children under five at CHWs and health facilities, as in Kangaba (Mali), Burkina Faso and in
  both arms of the trial in Bankass (Ponsar 2011 Health Policy Plan 26(S2):ii72; Liu 2024 Bull WHO 102:639).
Programme more: Free care, more of it.
  Free care, and more.

Place: Hamlet: a made-up place of 900 people, 1 health facility with 2 villages each, some 3 km around a
  facility.
Run: 400 days from launch (1.1 years), 365 days before it and 366 beyond.
CHWs: One CHW for 500 people in every village, however near a facility, a post serving villages within 3 km;
  posted all on the day of launch.
Care: CHWs treat malaria (after a test), fast breathing (amoxicillin) and diarrhoea (ORS and zinc) in children
  from 2 months to below 60 months. They give rectal artesunate before referral.

The programme: 6 values other than the declared default
  chw.catch = 500 (default 1500; people per CHW). People for whom one CHW is placed.
      Everybody near. A survey (Somebody 2020). Grade B. [more.toml]
  chw.min_km = 0 (default 5; km as the crow flies). How far from a facility a village must be to have a CHW.
      Everybody near. A survey (Somebody 2020). Grade B. [more.toml]
  spv.refresher_months = 12 (default 0; months; 0 is never). How often CHWs have a refresher course.
      A refresher course once a year; the default is never. Assumption; no source found. Grade D.
      [iccm-as-delivered.toml]
  fee.chw = 0 (default 0.5; USD per visit). What a family pays to the CHW.
      The definition of the programme. A choice of the programme. [free-care.toml]
  policy.ras = 1 (default 0; 0 or 1). 1: CHWs give rectal artesunate to a feverish child whom they refer for a
    danger sign.
      no reason given [more.toml]
  fee.waived = 1 (default 0; share of the price). How much of the facility's price is waived for children
    under five; 1: free care.
      The definition of the programme. A choice of the programme. [free-care.toml]

The run: 1 value other than the declared default
  run.days = 400 (default 1826; days). The window in which deaths are counted, from launch; five years. Runs
    of another length have other children and cannot be paired.
      Short. Grade D. [plan.toml]

From day 365, 1.0 years after launch
  sup.fill = 0.5 (before 0.85; share, 0-1). What is delivered of what was issued for a CHW.
      After a year, a choice of the programme. [more.toml]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch) -> Path:
    """A folder with a setting, a programme and a scenario of one's own."""
    texts = {"hamlet": SETTING, "more": PROGRAMME, "plan": SCENARIO}
    for name, text in texts.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICCMSIM_DATA", raising=False)
    return tmp_path


def said(capsys, line: str) -> str:
    """What a command that succeeds prints."""
    assert main(line.split()) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


@pytest.mark.parametrize("piece", ["programme", "setting"])
def test_the_library_is_listed_with_one_line_each(piece, capsys):
    lines = said(capsys, f"{piece}s").partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == list(library_names()[piece])
    rows = json.loads(said(capsys, f"{piece}s --json"))
    for line, row in zip(lines, rows, strict=True):
        assert line.split(maxsplit=1) == [row["name"], row["says"]]
        assert row["about"]


def test_a_line_of_the_list_is_a_name_and_what_it_is(capsys):
    line = "facility-only                  Health facilities and informal sellers only.\n"
    assert line in said(capsys, "programmes")
    rows = {row["name"]: row for row in json.loads(said(capsys, "programmes --json"))}
    assert rows["mali-reform-norm"]["extends"] == "mali-asc-package"
    assert rows["facility-only"]["extends"] is None


def test_a_scenario_is_explained_in_sentences_with_the_why_of_each_value(here, capsys):
    assert said(capsys, "explain plan.toml") == EXPLAINED


def test_an_override_is_explained_as_one(here, capsys):
    text = said(capsys, "explain plan.toml --set chw.absent=0.4 --set place.people=1000")
    assert "chw.absent = 0.4 (default 0.2; share of working days)" in text
    assert "      given beside the file\n" in text
    assert "a made-up place of 1,000 people" in text


def test_the_object_for_programs_holds_the_same(here, capsys):
    told = json.loads(said(capsys, "explain plan.toml --json"))
    assert (told["format"], told["scenario"]) == (1, "plan")
    assert [each["used_as"] for each in told["files"]] == ["scenario", "setting", *["programme"] * 3]
    values = {row["path"]: row for row in told["values"]}
    assert set(values) == {"programme.chw.catch", "programme.chw.min_km", "programme.spv.refresher_months",
                           "programme.fee.chw", "programme.fee.waived", "programme.policy.ras", "run.days"}  # fmt: skip
    assert (values["programme.chw.min_km"]["grade"], values["programme.chw.min_km"]["value"]) == ("B", 0)
    assert values["programme.policy.ras"]["why"] == "no reason given"
    (change,) = told["changes"]
    assert change["day"] == 365
    assert (change["values"][0]["before"], change["values"][0]["value"]) == (0.85, 0.5)


@pytest.mark.parametrize("name", library_names()["programme"])
@pytest.mark.parametrize("setting", library_names()["setting"])
def test_every_scenario_of_the_library_is_explained_and_no_value_lacks_a_reason(setting, name, capsys):
    told = json.loads(said(capsys, f"explain {setting}/{name} --json"))
    rows = told["values"] + [row for change in told["changes"] for row in change["values"]]
    assert rows
    assert [row["path"] for row in rows if row["why"] == "no reason given"] == []
    text = said(capsys, f"explain {setting}/{name}")
    assert text.startswith(f"{setting}/{name}\n\nSetting ")
    assert f"\nSetting {setting}: " in text
    assert "no reason given" not in text


def words_of(name: str, **more) -> tuple[str, str]:
    """The deployment norm and the package of a programme in words."""
    keys = {key.replace("__", "."): value for key, value in more.items()}
    values = load_scenario(f"sahel/{name}", overrides=keys).values()
    return norm_in_words(values), package_in_words(values)


def test_the_norm_and_the_package_are_told_as_they_are():
    assert words_of("facility-only") == ("No CHWs: health facilities and informal sellers only.", "")
    assert words_of("home-management-of-malaria") == (
        "No CHWs: health facilities, informal sellers, and a volunteer with ACT near 80 % of families.",
        "Volunteers near families give ACT for fever, without a test, and treat nothing else.")  # fmt: skip
    assert words_of("free-care", hmm__reach=0.5)[1].endswith("without a test, and treat nothing else.")
    assert words_of("malaria-only-ccm")[1].startswith("CHWs treat malaria (after a test) in children from 2 months")
    assert "fast breathing" not in words_of("iccm-without-antibiotics")[1]
    assert "(any fever, without a test)" in words_of("humanitarian-iccm")[1]
    assert "diarrhoea (ORS alone)" in words_of("humanitarian-iccm")[1]
    enhanced = words_of("enhanced-iccm")[1]
    assert "Chest indrawing alone is treated at home. They measure oxygen in 80 % of coughing children." in enhanced
    assert "door to door for 260 minutes a working day, July to October." in words_of("proactive-ccm-senegal")[1]
    assert "door to door for 120 minutes a working day." in words_of("proactive-ccm-mali")[1]
    assert "measure the arm at 80 % of visits" in words_of("iccm-with-cmam")[1]
    newborn = words_of("iccm-with-newborn-care")[1]
    assert "serious infection of young infants, and refer it. They visit 50 % of newborns" in newborn
    assert words_of("iccm-as-delivered", chw__rollout=180)[0].endswith("posted over 180 days.")
    assert "CHWs treat nothing in children" in words_of("malaria-only-ccm", policy__malaria=0)[1]
    all_ages = words_of("free-care", policy__under_2m_refer=0, policy__oldest_months=36)[1]
    assert "from birth to below 36 months" in all_ages
    assert "from 4 months" in words_of("free-care", policy__youngest_months=4)[1]


def test_two_scenarios_that_differ_are_shown_key_by_key(here, capsys):
    assert said(capsys, "diff sahel/iccm-as-delivered sahel/free-care") == """\
sahel/iccm-as-delivered and sahel/free-care differ in 2 values.

programme.fee.chw: 0.5 and 0 (USD per visit)
    What a family pays to the CHW.
programme.fee.waived: 0 and 1 (share of the price)
    How much of the facility's price is waived for children under five; 1: free care.
"""
    other = SCENARIO.replace("days = 400", "days = 500").replace("hamlet.toml", "town.toml")
    (here / "other.toml").write_text(other, encoding="utf-8")
    (here / "town.toml").write_text(SETTING.replace("900", "950") + "[setting.fac]\ndays_week = 5\n",
                                    encoding="utf-8")  # fmt: skip
    assert said(capsys, "diff plan.toml other.toml") == """\
plan.toml and other.toml differ in 3 values.

setting.place.people: 900 and 950
    People of all ages as the warm-up begins.
setting.fac.days_week: 6 and 5 (days per week)
    Days on which a facility is open.
run.days: 400 and 500 (days)
    The window in which deaths are counted, from launch; five years. Runs of another length have other
    children and cannot be paired.
"""


def test_dated_changes_differ_from_their_day_on(capsys):
    text = said(capsys, "diff sahel/iccm-as-delivered sahel/donor-exit-with-transition")
    assert text.startswith("sahel/iccm-as-delivered and sahel/donor-exit-with-transition differ in 5 values.\n")
    assert "programme.sup.fill from day 730: 0.85 and 0.7 (share, 0-1)\n" in text
    told = json.loads(said(capsys, "diff sahel/donor-exit-without-transition sahel/donor-exit-with-transition --json"))
    rows = {row["path"]: (row["first"], row["second"]) for row in told["differ"]}
    assert rows["programme.sup.on from day 730"] == (0, 1)
    assert "programme.spv.refresher_months from day 730" not in rows


LATER = """\
format = 1
extends = "sahel/iccm-as-delivered"
[programme.spv]
freq = 0.2
[[programme.change]]
day = 365
spv.freq = 0.5
"""


def test_a_dated_change_that_ends_a_difference_is_told(here, capsys):
    (here / "later.toml").write_text(LATER, encoding="utf-8")
    text = said(capsys, "diff sahel/iccm-as-delivered later.toml")
    assert text.startswith("sahel/iccm-as-delivered and later.toml differ in 1 value.\n")
    assert "programme.spv.freq: 0.5 and 0.2 (" in text
    assert "programme.spv.freq from day 365: 0.5 in both (" in text
    rows = {row["path"]: (row["first"], row["second"])
            for row in json.loads(said(capsys, "diff sahel/iccm-as-delivered later.toml --json"))["differ"]}
    assert rows == {"programme.spv.freq": (0.5, 0.2), "programme.spv.freq from day 365": (0.5, 0.5)}
    assert "do not differ" in said(capsys, "diff later.toml later.toml")


FIGHTING = f"day 365 to 729 after launch, in 50 % of zones: conflict. {shock_kinds()['conflict']['says']}"
SHAKEN = """\
format = 1
extends = "sahel/iccm-as-delivered"
[[shock]]
# By the map of the ministry.
kind = "flood"
day = 181
# Three times, by a survey. Grade C.
shock.far = 3
shock.chws_gone = 0.1
"""


def test_a_shock_differs_by_the_sentence_that_explain_uses(capsys):
    names = "sahel/facility-only sahel-conflict/facility-only"
    text = said(capsys, f"diff {names}")
    assert "{" not in text
    assert f"shock, in sahel-conflict/facility-only only: {FIGHTING}" in " ".join(text.split())
    (row,) = json.loads(said(capsys, f"diff {names} --json"))["differ"]
    assert (row["path"], row["first"], row["second"]) == ("shock", None, FIGHTING)
    assert f"Shock, {FIGHTING}" in " ".join(said(capsys, "explain sahel-conflict/facility-only").split())


def test_the_comments_of_a_shock_are_its_reasons(here, capsys):
    (here / "shaken.toml").write_text(SHAKEN, encoding="utf-8")
    (shock,) = json.loads(said(capsys, "explain shaken.toml --json"))["shocks"]
    rows = {row["key"]: row for row in shock["values"]}
    assert rows["shock.far"]["why"] == rows["shock.chws_gone"]["why"] == "Three times, by a survey. Grade C."
    assert (rows["shock.far"]["grade"], rows["shock.far"]["file"]) == ("C", "shaken.toml")
    assert rows["shock.cut"]["file"] == "flood.toml"
    assert shock["why"]["kind"] == shock["why"]["day"] == "By the map of the ministry."
    printed = said(capsys, "explain shaken.toml")
    assert "      kind, day: By the map of the ministry.\n" in printed
    assert "no reason given" not in printed
    (here / "shaken.toml").write_text(SHAKEN.replace("# Three times, by a survey. Grade C.", ""), encoding="utf-8")
    rows = {row["key"]: row for row in json.loads(said(capsys, "explain shaken.toml --json"))["shocks"][0]["values"]}
    assert rows["shock.far"]["why"] == "no reason given"


CLIFF = """\
format = 1
extends = "sahel/iccm-supported"
[[programme.change]]
day = 200
"spv.freq" = 0.6
[[shock]]
kind = "funding-cliff"
day = 100
[[shock]]
kind = "funding-cliff"
day = 400
"""


def test_a_shock_is_told_with_what_the_scenario_has_else_on_its_first_day(here, capsys):
    (here / "cliff.toml").write_text(CLIFF, encoding="utf-8")
    told = json.loads(said(capsys, "explain cliff.toml --json"))["shocks"]
    rows = [{row["key"]: row for row in shock["values"]} for shock in told]
    assert [each["spv.freq"]["before"] for each in rows] == [0.85, 0.6]
    assert (rows[0]["spv.refresher_months"]["before"], rows[0]["spv.refresher_months"]["default"]) == (3, 0)
    printed = said(capsys, "explain cliff.toml")
    assert "  spv.freq = 0 (else 0.85; " in printed
    assert "  spv.freq = 0 (else 0.6; " in printed
    assert "  spv.refresher_months = 0 (else 3; " in printed


def test_a_programme_of_ones_own_is_called_by_its_name(here, capsys):
    (here / "programme.toml").write_text(PROGRAMME.replace('name = "more"', 'name = "x"'), encoding="utf-8")
    (here / "plan.toml").write_text(SCENARIO.replace("more.toml", "programme.toml"), encoding="utf-8")
    text = said(capsys, "explain plan.toml")
    assert "\nProgramme x: Free care, more of it." in text
    assert "Programme programme" not in text


def test_a_scenario_does_not_differ_from_itself_and_another_kind_of_place_does(capsys):
    same = said(capsys, "diff sahel/free-care sahel/free-care")
    assert same == "sahel/free-care and sahel/free-care do not differ.\n"
    text = said(capsys, "diff sahel/free-care bankass/free-care")
    assert "setting.place.kind: synthetic and files\n    How the place is given.\n" in text
    assert "setting.place.people: 60000 and nothing\n" in text


def test_a_new_folder_works_at_once(here, capsys):
    assert said(capsys, "new mine").replace(os.sep, "/") == (
        "Written: mine/programme.toml, mine/scenario.toml, mine/README.md\nNext: iccmsim explain mine/scenario.toml\n")
    names = sorted(path.name for path in here.joinpath("mine").iterdir())
    assert names == ["README.md", "programme.toml", "scenario.toml"]
    differ = json.loads(said(capsys, "diff sahel/iccm-as-delivered mine/scenario.toml --json"))["differ"]
    assert {row["path"] for row in differ} == {"programme.chw.catch", "programme.spv.freq"}
    told = json.loads(said(capsys, "explain mine/scenario.toml --json"))
    assert "no reason given" not in [row["why"] for row in told["values"]]
    small = " ".join(f"--set {key}={value}" for key, value in (("place.zones", 1), ("place.people", 900), (
        "place.villages_per_zone", 3), ("run.days", 30), ("run.warmup_days", 10), ("run.tail_days", 0)))  # fmt: skip
    assert said(capsys, f"run mine/scenario.toml {small}").startswith("my-programme, seed 1\n")


def test_each_line_of_the_new_readme_is_a_command_that_is_understood(here, capsys):
    from iccmsim.cli import read_line

    said(capsys, "new mine --from mali-asc-package --setting remote-forest")
    text = (here / "mine" / "README.md").read_text(encoding="utf-8")
    commands = [line.split() for line in text.splitlines() if line.startswith("iccmsim ")]
    assert [words[1] for words in commands] == ["explain", "diff", "compare"]
    for words in commands:
        assert read_line(words[1:]).command == words[1]
        for name in words[2:]:
            if "/" in name:
                load_scenario(name)
    assert load_scenario(here / "mine" / "scenario.toml").programme["policy.ras"] == 1
    assert load_scenario(here / "mine" / "scenario.toml").place.name == "Forest (made up)"


def test_the_new_readme_of_a_real_place_asks_for_its_lists(here, capsys):
    said(capsys, "new mine --setting bankass")
    text = (here / "mine" / "README.md").read_text(encoding="utf-8")
    assert "scenario.toml --places FOLDER --seeds 5" in text
    assert "`villages.csv`, `facilities.csv`" in text
    (here / "lists").mkdir()
    write_folder(here / "lists")
    line = re.search(r"`iccmsim (places .*?)`", text)[1]
    assert said(capsys, line.replace("FOLDER", "lists")).startswith("Bankass\n")
    said(capsys, "new other")
    assert "FOLDER" not in (here / "other" / "README.md").read_text(encoding="utf-8")


def test_a_new_folder_may_begin_with_a_setting_of_ones_own(here, capsys):
    written = said(capsys, "new mine --setting hamlet.toml").splitlines()[0]
    assert written.endswith(f"{Path('mine', 'facility-only.toml')}, {Path('mine', 'iccm-as-delivered.toml')}")
    text = (here / "mine" / "README.md").read_text(encoding="utf-8")
    arms = re.search(r"^iccmsim compare (.*) --seeds 5$", text, re.M)[1].split()
    assert arms == ["facility-only.toml", "iccm-as-delivered.toml", "scenario.toml"]
    assert [load_scenario(here / "mine" / arm).place.name for arm in arms] == ["Hamlet"] * 3
    differ = json.loads(said(capsys, "diff mine/iccm-as-delivered.toml mine/scenario.toml --json"))["differ"]
    assert {row["path"] for row in differ} == {"programme.chw.catch", "programme.spv.freq"}


@pytest.mark.parametrize(("text", "message"), [
    (None, "--setting village.toml: no such file"),
    (SETTING.replace("people = 900", "people = -1"), "setting.place.people = -1: "),
])
def test_a_new_folder_is_not_made_with_a_setting_that_cannot_be_read(here, capsys, text, message):
    if text is not None:
        (here / "village.toml").write_text(text, encoding="utf-8")
    assert main(["new", "mine", "--setting", "village.toml"]) == 2
    assert message in capsys.readouterr().err
    assert not [path for path in here.iterdir() if path.name.startswith("mine")]


def test_a_place_of_ones_own_needs_no_files_to_be_explained(here, capsys, monkeypatch):
    (here / "kolo.toml").write_text('format = 1\nname = "kolo"\nextends = "bankass/facility-only"\n[setting.place]\n'
                                    'name = "Kolo"\n', encoding="utf-8")
    without = [said(capsys, line) for line in ("explain kolo.toml", "diff kolo.toml bankass/facility-only")]
    monkeypatch.setenv("ICCMSIM_DATA", str(here))
    assert [said(capsys, line) for line in ("explain kolo.toml", "diff kolo.toml bankass/facility-only")] == without


def test_the_commented_change_of_a_new_programme_works_once_it_is_written_in(here, capsys):
    said(capsys, "new mine")
    file = here / "mine" / "programme.toml"
    text = file.read_text(encoding="utf-8")
    for line in ("[[programme.change]]", "day = 730", '"fee.chw" = 0'):
        assert f"# {line}\n" in text
        text = text.replace(f"# {line}\n", f"{line}\n")
    file.write_text(text, encoding="utf-8")
    (row,) = json.loads(said(capsys, "explain mine/scenario.toml --json"))["changes"]
    assert row["day"] == 730
    assert row["values"][0]["why"].endswith("A choice of the programme.")


@pytest.mark.parametrize("base", ["facility-only", "home-management-of-malaria", "maturity-22022222"])
def test_a_new_programme_without_chws_begins_with_a_lever_that_is_felt_there(base, here, capsys):
    said(capsys, f"new mine --from {base}")
    text = (here / "mine" / "README.md").read_text(encoding="utf-8")
    arms = re.search(r"^iccmsim compare (.*) --seeds 5$", text, re.M)[1].split()
    assert arms == [*dict.fromkeys(("sahel/facility-only", f"sahel/{base}")), "scenario.toml"]
    differ = json.loads(said(capsys, f"diff sahel/{base} mine/scenario.toml --json"))["differ"]
    assert {row["path"]: row["second"] for row in differ} == {"programme.fee.waived": 0.5}
    file = here / "mine" / "programme.toml"
    for line in ("[[programme.change]]", "day = 730", '"fee.waived" = 1'):
        assert f"# {line}\n" in file.read_text(encoding="utf-8")
        file.write_text(file.read_text(encoding="utf-8").replace(f"# {line}\n", f"{line}\n"), encoding="utf-8")
    assert json.loads(said(capsys, "explain mine/scenario.toml --json"))["changes"][0]["day"] == 730


def test_the_lever_of_a_new_programme_without_chws_moves_its_run(here, capsys):
    said(capsys, "new mine --from facility-only")
    short = {"place.zones": 1, "place.people": 1500, "place.villages_per_zone": 5, "run.days": 100,
             "run.warmup_days": 10, "run.tail_days": 0}  # fmt: skip
    base, mine = (simulate(load_scenario(name, overrides=short), threads=1)
                  for name in ("sahel/facility-only", "mine/scenario.toml"))  # fmt: skip
    assert len(mine.visits) > len(base.visits)


def test_a_new_programme_may_begin_with_a_profile_of_maturity(here, capsys):
    said(capsys, "new mine --from maturity-22222222")
    assert load_scenario(here / "mine" / "scenario.toml").programme["chw.catch"] == 1000
    differ = json.loads(said(capsys, "diff sahel/maturity-22222222 mine/scenario.toml --json"))["differ"]
    assert {row["path"] for row in differ} == {"programme.chw.catch", "programme.spv.freq"}


def test_a_folder_half_written_is_not_left_behind(here, monkeypatch):
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full")))
    assert main(["new", "mine"]) == 1
    assert not [path for path in here.iterdir() if path.name.startswith("mine")]


def test_a_whole_scenario_written_out_can_be_explained(here, capsys):
    (here / "tiny.toml").write_text(TINY.format(name="tiny", programme="iccm-supported", days=30), encoding="utf-8")
    (here / "whole.toml").write_text(load_scenario("tiny.toml").to_toml(), encoding="utf-8")
    assert json.loads(said(capsys, "diff tiny.toml whole.toml --json"))["differ"] == []
    assert said(capsys, "explain whole.toml").startswith("tiny\n\nwhole.toml\n")
