"""What is wrong with a scenario is told all at once, in one clear line for each fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from iccmsim.parameters.scenario import ScenarioError, load_scenario

BASE = 'format = 1\nextends = "sahel/iccm-as-delivered"\n'
ABSENT = "share of working days"
SYMPTOMS = ("chance of: fever, cough, fast breathing, diarrhoea, danger sign if not severe, "
            "danger sign if severe")
DAY_RULE = "must be a whole number between 0 and 2191 (days after launch, within the run)"


SURGE_RULE = ("setting.shock.malaria = 20: must be 1 outside a shock, where it does nothing; write [[shock]] with "
              'kind = "malaria-surge", day, days and shock.malaria = 20')


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write a scenario file and return its path."""
    def write(text: str, name: str = "mine.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def faults_of(name: object, **given: object) -> tuple[str, ...]:
    """What is wrong with a scenario, a line each."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(name, **given)
    assert "\n" not in str(caught.value), "an error is one line"
    assert str(caught.value) == "; ".join(caught.value.faults)
    return caught.value.faults


# what stands in the file, and the one line that is said about it

BROKEN_VALUES = [
    ("[programme.chw]\nabsent = 1.7",
     f"programme.chw.absent = 1.7: must be between 0 and 0.95 ({ABSENT})"),
    ("[programme.chw]\nabsent = -0.1",
     f"programme.chw.absent = -0.1: must be between 0 and 0.95 ({ABSENT})"),
    ("[programme.chw]\nabsent = nan",
     f"programme.chw.absent = nan: must be between 0 and 0.95 ({ABSENT})"),
    ("[programme.chw]\nabsent = inf",
     f"programme.chw.absent = inf: must be between 0 and 0.95 ({ABSENT})"),
    ('[programme.chw]\nabsent = "often"',
     f"programme.chw.absent = 'often': must be a number ({ABSENT})"),
    ('[programme.chw]\nabsent = "0.2"', f"programme.chw.absent = '0.2': must be a number ({ABSENT})"),
    ("[programme.chw]\nabsent = true", f"programme.chw.absent = true: must be a number ({ABSENT})"),
    ("[programme.chw]\nabsent = [0.2]", f"programme.chw.absent = [0.2]: must be a number ({ABSENT})"),
    ("[programme.chw]\nabsent = 2026-01-01",
     f"programme.chw.absent = 2026-01-01: must be a number ({ABSENT})"),
    ("[programme.chw]\nqueue = 3.5",
     "programme.chw.queue = 3.5: must be a whole number between 1 and 100000 (children)"),
    ("[programme.chw]\nqueue = inf",
     "programme.chw.queue = inf: must be a whole number between 1 and 100000 (children)"),
    ("[programme.chw]\ndeployed = true", "programme.chw.deployed = true: must be a whole number (0 or 1)"),
    ("[programme.chw]\ndeployed = 2",
     "programme.chw.deployed = 2: must be a whole number between 0 and 1 (0 or 1)"),
    ("[run]\ndays = 0", "run.days = 0: must be a whole number between 1 and 14610 (days)"),
    ('[run]\ndays = "5 years"', "run.days = '5 years': must be a whole number (days)"),
    ("[setting.sym]\nmal = [1, 0.35]",
     f"setting.sym.mal = [1, 0.35]: must be 6 numbers, not 2 ({SYMPTOMS})"),
    ("[setting.sym]\nmal = 0.5", f"setting.sym.mal = 0.5: must be 6 numbers ({SYMPTOMS})"),
    ('[setting.sym]\nmal = "111111"', f"setting.sym.mal = '111111': must be 6 numbers ({SYMPTOMS})"),
    ("[setting.sym]\nmal = [1, 0, 0, 0, 0, 1.2]",
     f"setting.sym.mal[5] = 1.2: must be between 0 and 1 ({SYMPTOMS})"),
    ("[setting.sym]\nmal = [1, 0, 0, 0, true, 0]",
     f"setting.sym.mal[4] = true: must be a number ({SYMPTOMS})"),
]

BROKEN_WORDS = [
    ("[programme.chw]\nabsnet = 0.2", "programme.chw.absnet: unknown key; did you mean chw.absent?"),
    ("[programme.chw]\nqqqqqq = 0.2", "programme.chw.qqqqqq: unknown key"),
    ("[programme]\nchw = 3", "programme.chw: is a table of keys, such as chw.deployed, chw.catch, "
                              "chw.min_km; give one of them a value"),
    ("[programme.chw.absent]\nshare = 0.2",
     "programme.chw.absent.share: unknown key; did you mean chw.absent?"),
    ("[setting.chw]\nabsent = 0.2", "setting.chw.absent: unknown key; chw.absent belongs to programme"),
    ("[programme.fee]\nfacility = 1", "programme.fee.facility: unknown key; fee.facility belongs to setting"),
    ("[run]\ndayz = 30", "run.dayz: unknown key; did you mean run.days?"),
    ("[programmes.chw]\nabsent = 0.2", "programmes: unknown key; did you mean programme?"),
    ("run = 5", "run = 5: must be a table"),
    ("name = 5", "name = 5: must be a text"),
    ('name = ""', "name = '': must be a text that is not empty"),
    ('name = "a\\nb"', "name = 'a\\nb': must be a text of one line"),
    ("setting = 5", "setting = 5: must be a table or the name of one"),
    ('setting = "sahl"', "setting = 'sahl': unknown setting; did you mean sahel?"),
    ('programme = "xyz"',
     "programme = 'xyz': unknown programme; iccmsim programmes lists them"),
]

BROKEN_TOGETHER = [
    ("[setting.inc]\n\"psbi.days\" = [0.25, 0.3, 0.25, 0.3]",
     "setting.inc.psbi.days = [0.25, 0.3, 0.25, 0.3]: shares must add up to 1, not 1.1"),
    ("[setting.kappa]\nmal = 2.2",
     "setting.kappa.mal x setting.cfr.mal.severe_untx = 0.99: must be below 0.98 "
     "(chance that an untreated severe illness kills)"),
    ("[setting.kappa]\npsbi = 7.0",
     "setting.kappa.psbi x setting.cfr.psbi.untx = 0.98: must be below 0.98 "
     "(chance that an untreated severe illness kills)"),
    ("[setting.sev]\npneu = 0.7",
     "setting.sev.pneu x setting.overlap.mechanism = 1.05: must be below 1 "
     "(chance of becoming severe beside another illness)"),
    ("[setting.seek]\nhours = [1080, 360]",
     "setting.seek.hours = [1080, 360]: the first minute must come before the last"),
    ("[setting.season]\nfever = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
     "setting.season.fever = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]: at least one must be above 0"),
    ("[setting.inc]\n\"pneu.age_rr\" = [0, 0, 0]",
     "setting.inc.pneu.age_rr = [0, 0, 0]: at least one must be above 0"),
    ("[setting.shock]\nmalaria = 20", SURGE_RULE),
    ("[setting.inc]\n\"cough_cold.0_59m\" = 50",
     "setting.inc.cough_cold.0_59m = 50: must fit into the year; of 50 episodes a child-year at 28 to 59 days only "
     "34.7 come about, where each keeps the next away for 10.3 days and the months are those of season.ari"),
    ("[setting.time]\n\"mal.dur\" = 300",
     "setting.inc.mal = 1.4: must fit into the year; of 1.4 episodes a child-year at 6 to 11 months only 1.09 come "
     "about, where each keeps the next away for 317 days and the months are those of season.malaria"),
]

BROKEN_PLACES = [
    ("[setting]\nplace = 5", 'setting.place = 5: must be a table with kind = "synthetic" or "files"'),
    ('[setting.place]\nkind = "file"',
     "setting.place.kind = 'file': must be 'synthetic' or 'files'; did you mean files?"),
    ("[setting.place]\nzones = 0", "setting.place.zones = 0: must be between 1 and 10000"),
    ("[setting.place]\nzones = 2.5", "setting.place.zones = 2.5: must be a whole number"),
    ("[setting.place]\npeople = true", "setting.place.people = true: must be a whole number"),
    ("[setting.place]\nradius_km = nan", "setting.place.radius_km = nan: must be a finite number"),
    ('[setting.place]\nradius_km = "far"', "setting.place.radius_km = 'far': must be a number"),
    ("[setting.place]\npeopel = 5", "setting.place.peopel: unknown key; did you mean people?"),
    ('[setting.place]\nvillages = "v.csv"',
     "setting.place.villages: unknown key; villages belongs to kind 'files'"),
    ("[setting.place]\npeople = 50",
     "setting.place.people = 50: must be at least one a village (8 zones x 11 villages)"),
    ('[setting.place]\nname = "a\\nb"', "setting.place.name = 'a\\nb': must be a text of one line"),
    ('[setting.place]\nname = ""', "setting.place.name = '': must be a text that is not empty"),
]

BROKEN_CHANGES = [
    ('[[programme.change]]\n"sup.fill" = 0.5',
     "programme.change[0]: must have a day (days after launch)"),
    ('[[programme.change]]\nday = -1\n"sup.fill" = 0.5',
     f"programme.change[0].day = -1: {DAY_RULE}"),
    ('[[programme.change]]\nday = 9999\n"sup.fill" = 0.5',
     f"programme.change[0].day = 9999: {DAY_RULE}"),
    ('[[programme.change]]\nday = 2192\n"sup.fill" = 0.5',
     f"programme.change[0].day = 2192: {DAY_RULE}"),
    ('[[programme.change]]\nday = nan\n"sup.fill" = 0.5',
     f"programme.change[0].day = nan: {DAY_RULE}"),
    ('[[programme.change]]\nday = 730\n"sup.fill" = nan',
     "programme.change[0].sup.fill = nan: must be between 0 and 1 (share, 0-1)"),
    ('[[programme.change]]\nday = true\n"sup.fill" = 0.5',
     f"programme.change[0].day = true: {DAY_RULE}"),
    ("[[programme.change]]\nday = 730",
     "programme.change[0]: changes nothing; give it at least one new value"),
    ('[[programme.change]]\nday = 730\n"sup.fill" = 5',
     "programme.change[0].sup.fill = 5: must be between 0 and 1 (share, 0-1)"),
    ('[[programme.change]]\nday = 730\n"sup.fil" = 0.5',
     "programme.change[0].sup.fil: unknown key; did you mean sup.fill?"),
    ('[[programme.change]]\nday = 730\n"chw.catch" = 700',
     "programme.change[0].chw.catch: cannot change on a date (it is settled when the run begins)"),
    ("[programme.change]\nday = 730",
     "programme.change: must be written [[programme.change]], one for each day"),
    ("[programme]\nchange = [5]", "programme.change[0] = 5: must be a table with a day and new values"),
]

BROKEN_TWICE = [
    ('[programme]\nchw.absent = 0.1\n"chw.absent" = 0.2',
     "programme.chw.absent = 0.2: is given twice (first as 0.1)"),
    ('[setting]\nsev.pneu = 0.1\n"sev.pneu" = 0.1', "setting.sev.pneu = 0.1: is given twice (first as 0.1)"),
    ('[[programme.change]]\nday = 30\nsup.fill = 0.5\n"sup.fill" = 0.6',
     "programme.change[0].sup.fill = 0.6: is given twice (first as 0.5)"),
    ('[[shock]]\nkind = "flood"\nday = 30\nshock.far = 3\n"shock.far" = 4',
     "shock[0].shock.far = 4: is given twice (first as 3)"),
    ('[[programme.change]]\nday = 30\n"sup.fill" = 0.5\n[[programme.change]]\nday = 30.0\n"sup.fill" = 0.6',
     "programme.change[1].sup.fill = 0.6: is given twice on day 30 (programme.change[0] says 0.5)"),
    ("[programme]\nchw.absent = {}", f"programme.chw.absent = a table: must be a number ({ABSENT})"),
    ("[programme.chw.absnet]", "programme.chw.absnet: unknown key; did you mean chw.absent?"),
    ("[[programme.change]]\nday = 30\nsup.fill = {}",
     "programme.change[0].sup.fill = a table: must be a number (share, 0-1)"),
]


BROKEN = [*BROKEN_TWICE, *BROKEN_VALUES, *BROKEN_WORDS, *BROKEN_TOGETHER, *BROKEN_PLACES, *BROKEN_CHANGES]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_file_is_answered_with_one_clear_line(text: str, message: str, written: Callable) -> None:
    assert faults_of(written(BASE + text)) == (message,)


BROKEN_FILES = [
    ("format = 2", "format = 2: this version reads format 1"),
    ("format = true", "format = true: this version reads format 1"),
    ('format = "1"', "format = '1': this version reads format 1"),
    ("", "format: missing in mine.toml; write format = 1"),
    ("format = 1\nextends = 5", "extends = 5: must be a text, setting/programme or a .toml file"),
    ('format = 1\nextends = ""', "extends = '': must be a text, setting/programme or a .toml file"),
    ('format = 1\nextends = "a\\u0000.toml"', "extends = 'a\\x00.toml': must be a text, setting/programme or a .toml "
     "file"),
    ('format = 1\nsetting = "a\\u0000.toml"\nprogramme = "free-care"', "'a\\x00.toml': holds the character NUL, which "
     "no name of a file may"),
    ('format = 1\nextends = "mine.toml"', "extends: goes round in a circle: mine.toml -> mine.toml"),
    ('format = 1\nextends = "sahel"',
     "sahel: is a setting only; a scenario is both, such as sahel/iccm-as-delivered"),
    ('format = 1\nextends = "iccm-supported"',
     "iccm-supported: is a programme only; a scenario is both, such as sahel/iccm-supported"),
    ('format = 1\nextends = "somewhere"',
     "somewhere: must be setting/programme, such as sahel/iccm-as-delivered, or a .toml file"),
    ('format = 1\nextends = "sahel/iccm-suported"',
     "programme = 'iccm-suported': unknown programme; did you mean iccm-supported?"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN_FILES)
def test_a_file_that_cannot_be_used_at_all_is_answered_with_one_line(text: str, message: str,
                                                                    written: Callable) -> None:
    assert faults_of(written(text)) == (message,)


def test_a_file_that_is_not_there_not_toml_or_not_text_is_named(written: Callable, tmp_path: Path) -> None:
    path = written(BASE)
    other = tmp_path / "mine2.toml"
    assert faults_of(other) == (f"{other}: no such file; did you mean mine.toml?",)
    (broken,) = faults_of(written("format = = 1"))
    assert broken.startswith(f"{path}: is not valid TOML: ")
    twice = 'format = 1\nsetting = "bankass"\nprogramme = "mine.toml"\n\n[setting.place]\nname = "Kolo"'
    assert faults_of(written(twice)) == (
        f'{path}: setting = "bankass": must not stand beside a table [setting...]; put that table into a file with '
        'extends = "bankass", and give the name of that file here',)
    path.write_bytes(b'format = 1\nname = "\xe9t\xe9"')
    assert faults_of(path) == (f"{path}: is not written in UTF-8",)
    (tmp_path / "folder.toml").mkdir()
    assert faults_of(tmp_path / "folder.toml")[0].startswith(f"{tmp_path / 'folder.toml'}: cannot be read")


def test_all_faults_are_told_at_once(written: Callable) -> None:
    text = """
        [programme.chw]
        absent = 1.7
        absnet = 1
        [setting.kappa]
        mal = -1
        [setting.place]
        zones = -1
        [run]
        days = "long"
        [[programme.change]]
        day = 5
        "sup.fill" = 7
    """
    faults = faults_of(written(BASE + text), overrides={"chw.quue": 3})
    assert [fault.split(" ")[0].rstrip(":") for fault in faults] == [
        "chw.quue", "setting.kappa.mal", "programme.chw.absent", "programme.chw.absnet", "run.days",
        "setting.place.zones", "programme.change[0].sup.fill"]


BROKEN_OVERRIDES = [
    ("chw.absnet", .2, "chw.absnet: unknown key; did you mean chw.absent?"),
    ("chw", .2, "chw: unknown key; it is a table of keys, such as chw.deployed, chw.catch, chw.min_km"),
    ("programme.chw.absnet", .2, "programme.chw.absnet: unknown key; did you mean chw.absent?"),
    ("setting.chw.absent", .2, "setting.chw.absent: unknown key; chw.absent belongs to programme"),
    ("chw.absent", None, f"programme.chw.absent = None: must be a number ({ABSENT})"),
    ("setting", 3, "setting: unknown key"),
    ("run.dayz", 3, "run.dayz: unknown key; did you mean run.days?"),
    ("place.zones", -1, "setting.place.zones = -1: must be between 1 and 10000"),
    ("seek.k", [0, 0], "setting.seek.k = [0, 0]: must be 5 numbers, not 2 "
                       "(logit for danger sign, fast breathing, diarrhoea, fever, cough)"),
]


@pytest.mark.parametrize(("key", "value", "message"), BROKEN_OVERRIDES)
def test_a_broken_override_is_answered_with_one_clear_line(key: str, value: object, message: str) -> None:
    assert faults_of("sahel/iccm-as-delivered", overrides={key: value}) == (message,)


def test_a_circle_of_files_is_refused(written: Callable) -> None:
    written('format = 1\nextends = "c.toml"', "b.toml")
    written('format = 1\nextends = "a.toml"', "c.toml")
    path = written('format = 1\nextends = "b.toml"', "a.toml")
    assert faults_of(path) == ("extends: goes round in a circle: a.toml -> b.toml -> c.toml -> a.toml",)


BROKEN_PIECES = [
    ('extends = "lazy.toml"\nformat = 1', "extends: goes round in a circle: lazy.toml -> lazy.toml"),
    ('extends = "sahel/free-care"\nformat = 1', "lazy.toml: is used as a programme, so extends = 'sahel/free-care' "
     "must be the name of a programme or a .toml file of one"),
    ("extends = 3\nformat = 1", "lazy.toml: is used as a programme, so extends = 3 must be the name of a programme or "
     "a .toml file of one"),
    ('extends = "free-car"\nformat = 1',
     "lazy.toml extends programme = 'free-car': unknown programme; did you mean free-care?"),
    ('extends = "sahel"\nformat = 1', "lazy.toml extends programme = 'sahel': unknown programme"),
    ('setting = "sahel"\nformat = 1', "lazy.toml: is used as a programme, so it cannot have setting"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN_PIECES)
def test_a_broken_piece_is_answered_with_one_clear_line(text: str, message: str, written: Callable) -> None:
    written(text, "lazy.toml")
    (said,) = faults_of(written('format = 1\nsetting = "sahel"\nprogramme = "lazy.toml"'))
    assert said.split("; iccmsim")[0] == message


def test_a_circle_of_pieces_is_refused(written: Callable) -> None:
    written('format = 1\nextends = "b.toml"', "a.toml")
    written('format = 1\nextends = "a.toml"', "b.toml")
    assert faults_of(written('format = 1\nsetting = "a.toml"\nprogramme = "free-care"', "mine.toml")) == (
        "extends: goes round in a circle: a.toml -> b.toml -> a.toml",)


def test_a_whole_number_may_be_written_with_a_point(written):
    text = ('[setting.place]\npeople = 1e3\nzones = 1.0\n[run]\ndays = 90.0\n[[programme.change]]\nday = 3.0\n'
            '"sup.fill" = 0.5\n[[shock]]\nkind = "flood"\nday = 5.0\ndays = 2.0\nzones = [0.0]')  # fmt: skip
    scenario = load_scenario(written(BASE + text))
    assert (scenario.place.people, scenario.run["run.days"], scenario.changes[0][0]) == (1000, 90, 3)
    assert [(each.day, each.days, each.zones) for each in scenario.shocks] == [(5, 2, (0,))]
    assert all(type(n) is int for n in (scenario.place.people, scenario.place.zones, scenario.changes[0][0]))
    assert load_scenario("sahel/iccm-supported", overrides={"setting.place.people": 1e3}).place.people == 1000


def test_a_file_on_top_of_another_may_change_what_that_one_changes_on_a_day(written):
    change = '[[programme.change]]\nday = 30\n"sup.fill" = {}\n'
    written(BASE + change.format(0.5), name="under.toml")
    upper = written(f'format = 1\nextends = "under.toml"\n{change.format(0.7)}', name="upper.toml")
    assert [(day, dict(values)) for day, values in load_scenario(upper).changes] == [(30, {"sup.fill": 0.7})]


def test_tables_without_an_entry_are_no_fault(written):
    assert load_scenario(written(f"{BASE}[programme.chw]\n[setting]\n[run]\n")).name == "mine"


def test_a_file_with_too_many_levels_is_named(written):
    for text in ("x = " + "[" * 5000 + "]" * 5000, f"[programme.{'.'.join(['x'] * 5000)}]\na = 1"):
        path = written(BASE + text)
        assert faults_of(path) == (f"{path}: holds tables or lists more than 20 levels deep",)


def test_a_number_of_hundreds_of_digits_is_told_by_its_length(written):
    assert faults_of(written(BASE + f'[[programme.change]]\nday = {"9" * 400}\n"sup.fill" = 0.5')) == (
        f"programme.change[0].day = a number of 400 digits: {DAY_RULE}",)  # fmt: skip
    path = written(BASE + f"[run]\ndays = {'9' * 5000}")
    assert faults_of(path) == (f"{path}: holds a number of more digits than can be read",)
    assert faults_of("sahel/iccm-supported", overrides={"chw.queue": 10**400}) == (
        "programme.chw.queue = a number of 401 digits: must be a whole number between 1 and 100000 (children)",
    )


@pytest.mark.parametrize("overrides", [["chw.absent=0.3"], [], "chw.absent=0.3", {3: 0.3}])
def test_overrides_that_are_no_values_by_key_are_refused(overrides):
    assert faults_of("sahel/iccm-supported", overrides=overrides) == (
        f"overrides = {overrides!r}: must be values by dotted key, such as {{'chw.absent': 0.3}}",)  # fmt: skip


@pytest.mark.parametrize("name", [None, 3, ["sahel/iccm-supported"]])
def test_a_scenario_that_is_neither_a_name_nor_a_file_is_refused(name):
    assert faults_of(name) == (f"scenario = {name!r}: must be a name (setting/programme) or a .toml file",)
