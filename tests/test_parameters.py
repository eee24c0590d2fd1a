"""Every number of the model is declared once, with a meaning, a range, a source and an honest grade."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from iccmsim.parameters import catalogue, files
from iccmsim.parameters.catalogue import all_parameters, json_schema, of_section, params_table
from iccmsim.parameters.declare import Parameter, lookup, nearest, parameters, plain
from iccmsim.parameters.kernel import record_dtype
from iccmsim.parameters.scenario import load_scenario

DISTRIBUTION = re.compile(r"(Beta|LogN|LogU|Gamma|Tri|N|U)\((-?[\d.]+(?:, -?[\d.]+)*)\)")
CENTRE: dict[str, Callable[..., float]] = {
    "Beta": lambda a, b: a / (a + b),
    "LogN": lambda median, sd: median,
    "LogU": lambda low, high: math.sqrt(low * high),
    "Gamma": lambda shape, scale: shape * scale,
    "Tri": lambda low, mode, high: mode,
    "N": lambda mean, sd: mean,
    "U": lambda low, high: (low + high) / 2,
}
# what says in a source that nobody has measured it: these are grade D, whatever stands beside the words
GUESSED = ("assumption", "no source", "derivation by", "Delphi", "fitted")


def a_parameter(**changes: object) -> Parameter:
    """A declaration that nothing is wrong with, but for the changes."""
    said = {"key": "chw.naps", "default": .2, "unit": "naps a day", "allowed": (0, 1), "plausible": (.1, .4),
            "distribution": "U", "source": "assumption", "grade": "D", "says": "How often a CHW naps."}
    return Parameter(**(said | changes))


def faulty(good: Callable[[Parameter], bool]) -> list[str]:
    """The keys of the declarations that are not as they should be."""
    return [each.key for each in all_parameters() if not good(each)]


def test_a_parameter_says_what_it_means_and_where_it_comes_from() -> None:
    assert not faulty(lambda each: bool(re.fullmatch(r"[A-Z0-9].*[.]", each.says)))
    assert not faulty(lambda each: len(each.source) > 8 and bool(each.unit))
    assert not faulty(lambda each: each.grade in tuple("ABCD"))


def test_what_is_remembered_is_grade_c_at_best_and_what_nobody_has_measured_is_d() -> None:
    assert not faulty(lambda each: "remembered" not in each.source or each.grade in "CD")
    assert not faulty(lambda each: not each.source.startswith(GUESSED) or each.grade == "D")


def test_a_grade_better_than_d_cites_a_publication_or_an_official_document() -> None:
    cited = re.compile(r"(19|20)\d\d|guideline|HSSP|IHME|PMC|doi|abstract|cStock")
    assert not faulty(lambda each: each.grade == "D" or bool(cited.search(each.source)))


def test_the_default_lies_in_the_plausible_range_and_that_in_the_allowed() -> None:
    def good(each: Parameter) -> bool:
        if each.plausible is None:
            return bool(each.note) and each.distribution == "fixed" and each.bounds() is None
        pairs = each.bounds() if each.size else (each.bounds(),)
        values = each.default if each.size else (each.default,)
        least, most = each.allowed
        return all(least <= low <= value <= high <= most
                   for (low, high), value in zip(pairs, values, strict=True))

    assert not faulty(good)


def test_a_distribution_can_be_read_by_a_program_and_is_centred_in_the_plausible_range() -> None:
    def good(each: Parameter) -> bool:
        if each.plausible is None:
            return each.distribution == "fixed"
        family, text = DISTRIBUTION.fullmatch(each.distribution).groups()
        numbers = [float(number) for number in text.split(", ")]
        low, high = each.plausible
        return low <= CENTRE[family](*numbers) <= high and (family != "LogU" or low > 0)

    assert not faulty(good)


def test_keys_and_record_fields_are_unique_and_none_hides_a_part_of_a_numpy_record() -> None:
    fields = [each.field for each in all_parameters()]
    assert len(set(fields)) == len(fields) == len({each.key for each in all_parameters()})
    assert not set(fields) & set(dir(np.record))
    assert all(field.isidentifier() for field in fields)
    assert record_dtype().names[: len(fields)] == tuple(fields)


def test_the_kernel_can_read_every_number_as_an_eight_byte_float() -> None:
    for each in all_parameters():
        dtype = record_dtype()[each.field]
        assert dtype.base == np.float64
        assert dtype.shape == ((each.size,) if each.size else ())


def test_the_effects_are_those_per_treated_child_and_not_the_list_ones() -> None:
    values = load_scenario("sahel/iccm-as-delivered").values()
    assert (values["tx.ors"], values["tx.act"], values["tx.adherence"]) == (.80, .95, .85)
    assert (values["inc.mal"], values["inc.nmfi"], values["dx.danger.spec"]) == (1.4, 2.0, .98)
    assert values["seek.sev"] == pytest.approx(np.log(2.4), abs=1e-3)


def test_published_keys_stay_recognisable() -> None:
    keys = {each.key for each in all_parameters()}
    published = {
        "inc.diarr.0_5m", "inc.diarr.6_11m", "inc.diarr.12_23m", "inc.diarr.24_59m", "inc.pneu.0_59m",
        "inc.pneu.age_rr", "inc.cough_cold.0_59m", "inc.mal.het", "inc.nmfi", "inc.psbi",
        "overlap.mechanism", "season.ari", "season.diarr", "sev.diarr", "sev.pneu", "sev.mal.untreated",
        "cfr.diarr.severe_untx", "cfr.pneu.severe_untx", "cfr.mal.severe_untx", "cfr.psbi.untx",
        "time.mal.severe", "time.mal.death", "time.pneu.dur", "time.diarr.dur", "tx.ors", "tx.zinc",
        "tx.amox.nonsev", "tx.act", "tx.mal.inpt_weak", "tx.pneu.inpt", "tx.psbi.oral", "tx.psbi.inj",
        "tx.psbi.hosp", "dx.rdt.sens", "dx.rdt.spec", "dx.rr.sens", "dx.rr.spec", "night.avail",
        "chw.catch", "chw.vacancy", "chw.absent", "chw.minutes", "sup.lead", "spv.freq", "spv.obs",
        "spv.report", "ref.delay", "daly.le",
    }
    assert not published - keys


def test_symptoms_have_six_chances_and_seasons_twelve_months() -> None:
    sizes = {each.key: each.size for each in all_parameters() if each.key.startswith(("sym.", "season."))}
    assert set(sizes.values()) == {6, 12}
    assert all(size == (6 if key.startswith("sym.") else 12) for key, size in sizes.items())
    assert sum(of_section("setting")["season.malaria"].default) == pytest.approx(12)


def test_a_vector_is_doubted_as_a_whole_and_stays_within_what_is_allowed() -> None:
    low_high = of_section("setting")["sym.mal"].bounds()
    assert low_high[0] == (.5, 1)
    assert low_high[1] == pytest.approx((.175, .525))


def test_a_wrong_key_is_answered_with_the_nearest_right_one() -> None:
    with pytest.raises(KeyError, match=r"chw.absnet: unknown parameter; did you mean chw.absent\?"):
        catalogue.parameter("chw.absnet")
    assert catalogue.parameter("programme.chw.absent") is lookup("chw.absent", all_parameters())
    assert nearest("zzz", ["chw.absent"]) is None
    with pytest.raises(KeyError, match=r"programm: unknown section; did you mean programme\?"):
        of_section("programm")


@pytest.mark.parametrize(("changes", "message"), [
    ({"default": 2}, "chw.naps = 2: the default must be between 0 and 1 (naps a day)"),
    ({"grade": "E"}, "chw.naps: grade 'E' must be one of A, B, C, D"),
    ({"grade": "AB"}, "chw.naps: grade 'AB' must be one of A, B, C, D"),
    ({"source": ""}, "chw.naps: must have a source, a unit and a sentence that says what it means"),
    ({"says": ""}, "chw.naps: must have a source, a unit and a sentence that says what it means"),
    ({"plausible": None, "distribution": "fixed"},
     "chw.naps: has no plausible range, so its note must say why"),
])
def test_an_incomplete_declaration_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parameters("programme", a_parameter(**changes))


def test_a_number_is_declared_once() -> None:
    with pytest.raises(ValueError, match=re.escape("chw.naps: declared twice in section programme")):
        parameters("programme", a_parameter(), a_parameter())


def test_the_table_can_be_searched_and_cut_to_a_section() -> None:
    assert len(params_table()) == len(all_parameters())
    assert {row["section"] for row in params_table("programme")} == {"programme"}
    assert [row["key"] for row in params_table(search="how long an absence LASTS")] == ["chw.absent_spell"]
    assert not params_table(search="no such words anywhere")
    assert set(params_table()[0]) == {*catalogue.COLUMNS, "dated"}


def test_the_schema_for_editors_knows_every_key_and_is_plain_json() -> None:
    schema = json.loads(json.dumps(json_schema()))
    chw = schema["properties"]["programme"]["anyOf"][1]["properties"]["chw"]
    assert chw["properties"]["absent"]["maximum"] == .95
    assert chw["properties"]["step"]["properties"]["danger"]["default"] == .37
    inc = schema["properties"]["setting"]["anyOf"][1]["properties"]["inc"]["properties"]
    assert inc["mal"]["type"] == "number"
    assert inc["mal.het"]["default"] == .8
    change = schema["properties"]["programme"]["anyOf"][1]["properties"]["change"]["items"]
    assert change["required"] == ["day"]
    shock = schema["properties"]["shock"]["items"]
    assert shock["required"] == ["kind", "day"]
    assert shock["properties"]["shock"]["properties"]["closed"]["maximum"] == 1
    assert schema["properties"]["maturity"]["properties"]["supply"]["maximum"] == 3
    assert "catch" not in change["properties"]["chw"]["properties"], "places of CHWs do not change on a date"


def test_the_command_of_the_page_of_levers_prints_the_schema(capsys) -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "levers.md").read_text(encoding="utf-8")
    exec(re.search(r'^python -c "(.*json_schema.*)" > scenario', page, re.MULTILINE)[1], {})
    assert json.loads(capsys.readouterr().out) == json_schema()


@pytest.mark.parametrize("path", sorted(files.LIBRARY.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_file_of_the_library_begins_with_where_it_comes_from(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# "), "a file begins with where it comes from"
    assert tomllib.loads(text)["name"] == path.stem


def test_the_three_programmes_differ_as_their_names_say() -> None:
    none, usual, good = (load_scenario(f"sahel/{name}").programme
                         for name in ("facility-only", "iccm-as-delivered", "iccm-supported"))
    assert (none["chw.deployed"], usual["chw.deployed"], good["chw.deployed"]) == (0, 1, 1)
    changed = {key for key in usual if usual[key] != good[key]}
    assert changed == {"spv.freq", "spv.obs", "spv.refresher_months", "spv.report", "sup.lead", "sup.fill",
                       "sup.buffer", "chw.absent", "chw.attr", "chw.vacancy", "night.avail", "fee.chw"}
    for key in changed - {"spv.refresher_months"}:
        low, high = of_section("programme")[key].plausible
        assert low <= good[key] <= high, f"{key}: better than is plausible"


def test_declarations_cost_no_heavy_import() -> None:
    code = ("import sys, iccmsim.parameters.catalogue as c; c.all_parameters(); c.params_table();"
            "print({'numpy', 'numba', 'pydantic', 'pandas', 'scipy', 'mesa'} & set(sys.modules) or 'none')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"


@pytest.mark.parametrize(("value", "text"), [
    (5.0, "5"), (.1, "0.1"), (True, "true"), (float("nan"), "nan"), ([1.0, 2.5], "[1, 2.5]"), ("a", "'a'"),
    ({}, "a table"), (1e-5, "1e-05"), (1e16, "1e+16"),
])
def test_values_are_written_as_a_person_would(value: object, text: str) -> None:
    assert plain(value) == text
