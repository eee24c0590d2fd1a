"""A brief says what the data say, in two languages and two forms, on two pages, and asks nothing of a network."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from briefs import small_arms, write_comparison
from test_figures import faults_of

from iccmsim.cli import main
from iccmsim.parameters.files import library_names
from iccmsim.parameters.scenario import load_scenario
from iccmsim.report.brief import LAYOUTS, as_pdf, lay_out, make_brief, read_source, words_and_figures
from iccmsim.report.brief_facts import DECISIVE, decisive_counts, facts_of_brief, losses
from iccmsim.report.brief_figures import averted_figure, lost_figure, map_figure
from iccmsim.report.language import CODES, NARROW, TEMPLATES, WIDE, language

REPOSITORY = Path(__file__).resolve().parents[1]
SAVING = ([12, 14, 13, 12, 15, 14], [17, 20, 19, 18, 17, 21])
NOTHING = ([1, -1, 0, 2, -2, 0], [2, -1, 1, -2, 0, -1])
KILLING = ([-12, -14, -13, -12, -15, -14], [-17, -20, -19, -18, -17, -21])
PHRASES = {  # by which docs/known-gaps.md names what is decisive
    "seeking": "how often families seek care", "recognition": "how families recognise danger",
    "sellers": "what shops sell", "facility": "the chance of each step of a consultation at a facility",
    "budget": "The split of a death budget by cause and age",
    "severity": "the split between the chance of worsening and of\ndying then", "trust": "all of trust and motivation",
    "staff": "stock and staff parameters without a published value",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small comparison of three arms on disk, in which both programmes clearly save lives."""
    return write_comparison(tmp_path_factory.mktemp("brief") / "saving", nets=SAVING)


@pytest.fixture(scope="module")
def source(folder):
    return read_source(folder)


@pytest.fixture(scope="module")
def pages(source):
    """The words of the brief and its figures, by language."""
    return {code: words_and_figures(source, lang=code) for code in CODES}


def leaves(value, path=""):
    """Every text of a brief with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, (dict, list)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, f"{path}.{key}")


def numbers_in(text, code):
    """The numbers of a text in the marks of a language, sorted."""
    thousands, decimal = (",", ".") if code == "en" else (NARROW, ",")
    found = re.findall(rf"\d+(?:{thousands}\d{{3}})*(?:{re.escape(decimal)}\d+)?", text)
    return sorted(float(each.replace(thousands, "").replace(decimal, ".")) for each in found)


def all_words(page):
    return " ".join(text for _, text in leaves(page))


def test_both_languages_say_the_same_things_with_the_same_numbers(pages):
    english, french = (dict(leaves(pages[code][0])) for code in CODES)
    assert english.keys() == french.keys()
    told = {path: (numbers_in(text, "en"), numbers_in(french[path], "fr")) for path, text in english.items()
            if not path.startswith((".page", ".footer", ".card.0"))}  # fmt: skip
    assert {path: pair for path, pair in told.items() if pair[0] != pair[1]} == {}
    assert sum(len(pair[0]) for pair in told.values()) > 150


def test_the_text_files_of_both_languages_have_the_same_keys():
    english, french = (tomllib.loads((TEMPLATES / f"brief.{code}.toml").read_text(encoding="utf-8")) for code in CODES)
    for part in ("marks", "figure", "text"):
        assert english[part].keys() == french[part].keys(), part
    assert english["names"].keys() == french["names"].keys() <= set(library_names()["programme"])
    assert len(english["text"]["limits"]) == len(french["text"]["limits"])


def test_the_answer_has_the_numbers_of_the_comparison(source, pages):
    arms, page = source.comparison.to_json()["arms"], pages["en"][0]
    for arm, said in zip(arms[1:], page["statements"], strict=True):
        for name in ("deaths_averted", "saved", "lost"):
            assert f"{arm[name]['mean']:.1f}" in said["text"]
        assert f"({arm['percent_averted']['mean']:.1f}%)" in said["text"]
    rows = {row["label"]: row["cells"] for row in page["table"]["rows"]}
    q = arms[2]["deaths_averted"]
    assert rows["Deaths averted (what one district may see)"][2] == (
        f"{q['mean']:.1f} ({q['low']:.1f}{WIDE}to{WIDE}{q['high']:.1f})"
    )
    assert rows["People they serve"][1] == f"{arms[1]['setting']['people_served_by_chws']:,}"
    per_1000 = 1000 * q["mean"] / arms[0]["deaths"]["mean"]
    assert page["headline"].replace(WIDE, " ") == f"At best {per_1000:.0f} of every 1,000 child deaths averted"


def test_the_question_is_another_where_there_are_chws_already(source, pages):
    facts = (source.comparison.facts[1],) * 3
    other = replace(source, comparison=replace(source.comparison, facts=facts))
    asked = [words_and_figures(other, lang=code)[0]["question"].replace(WIDE, " ") for code in CODES]
    assert asked == [
        "Sahel (made up): what would another programme of community health workers who treat sick children change?",
        "Sahel (fictif) : que changerait un autre programme d’agents de santé communautaires qui soignent les enfants "
        f"malades{NARROW}?",
    ]
    assert pages["fr"][0]["question"].replace(WIDE, " ").startswith("Sahel (fictif) : que changeraient des agents de")


def test_those_whom_nobody_sees_are_those_without_care_or_with_sellers_only(source, pages):
    cascade = source.comparison.to_json()["arms"][2]["cascade"]
    unseen = {name: 100 * (1 - cascade[name]["formal_care"]["mean"]) for name in ("malaria", "pneumonia")}
    said = pages["en"][0]["lost_text"].replace(WIDE, " ")
    assert f"facility: malaria {unseen['malaria']:.0f}, pneumonia {unseen['pneumonia']:.0f}, diarrhoea " in said
    severe = 100 * cascade["diarrhoea"]["severe"]["mean"]
    assert said.endswith(f"; diarrhoea {severe:.1f}.")


def test_a_brief_without_effect_says_so(tmp_path):
    source = read_source(write_comparison(tmp_path / "nothing", nets=NOTHING))
    for code, headline, said in (("en", "No detectable effect on child deaths", "cannot be told from zero"),
                                 ("fr", f"Aucun effet décelable sur les décès d{chr(0x2019)}enfants",
                                  "ne se distingue pas de zéro")):  # fmt: skip
        page = words_and_figures(source, lang=code)[0]
        assert page["headline"] == headline
        assert all(said in each["text"] for each in page["statements"])
        assert len(page["beyond"]) == 1


def test_a_programme_that_kills_is_said_to_kill(tmp_path):
    source = read_source(write_comparison(tmp_path / "killing", nets=KILLING))
    page = words_and_figures(source, lang="en")[0]
    assert page["headline"] == "More child deaths with every programme, not fewer"
    assert page["statements"][0]["text"].replace(WIDE, " ").startswith("13.3 deaths more than the 1,000 of")
    assert words_and_figures(source, lang="fr")[0]["headline"].startswith("Davantage de décès")


@pytest.mark.parametrize("code", CODES)
def test_a_brief_is_set_in_letters_of_its_own_on_two_pages(pages, code, tmp_path):
    import typst

    size, sure = LAYOUTS[3]
    made = lay_out(tmp_path, *pages[code])
    compiler = typst.Compiler(made, ignore_system_fonts=True, sys_inputs={"size": str(size), "sure": sure})
    drawn, warnings = compiler.compile_with_warnings(format="png", ppi=20)
    assert len(drawn) == 2
    assert warnings == []


def test_a_brief_is_byte_for_byte_the_same_when_made_twice(source):
    for code in CODES:
        first = make_brief(source, lang=code, kind="pdf")
        assert first == make_brief(read_source(source.folder), lang=code, kind="pdf")
        assert first.startswith(b"%PDF-")
        assert make_brief(source, lang=code, kind="html") == make_brief(source, lang=code, kind="html")


@pytest.mark.parametrize("programmes", [1, 3])
def test_one_programme_or_three_fill_two_pages_too(tmp_path, programmes):
    nets = [[base + n for n in (0, 2, 1, 0, 3, 2)] for base in (12, 16, 20, 25)][:programmes]
    source = read_source(write_comparison(tmp_path / "few", nets=nets, programmes=programmes))
    for code in CODES:
        page, figures = words_and_figures(source, lang=code)
        assert as_pdf(page, figures)
        assert len(page["statements"]) == programmes
        assert page["headline"].startswith(("At best", "Au mieux")) == (programmes > 1)


class Reader(HTMLParser):
    """What a page would ask for, the ids it has, and the names of its figures."""

    def __init__(self):
        super().__init__()
        self.asked, self.ids, self.named = [], [], []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "data") and not value.startswith("#"):
                self.asked.append(value)
            if name == "id":
                self.ids.append(value)
        if tag in ("link", "script", "img", "iframe", "object"):
            self.asked.append(tag)
        if tag == "svg":
            self.named.append(dict(attrs).get("aria-label"))


@pytest.mark.parametrize("code", CODES)
def test_the_html_asks_for_nothing_and_names_its_figures(source, code):
    text = make_brief(source, lang=code, kind="html").decode()
    page = Reader()
    page.feed(text)
    assert page.asked == []
    assert "//" not in re.sub(r"<!doctype html>", "", text)
    assert set(re.findall(r"url\((?!#)", text)) == set()
    assert len(page.ids) == len(set(page.ids)) > 50
    assert set(re.findall(r"(?:href=\"#|url\(#)([^\")]+)", text)) <= set(page.ids)
    assert [bool(name) for name in page.named] == [True] * 3
    assert text.count('<section class="page">') == 2
    assert f'<html lang="{code}">' in text


def test_french_is_set_as_french(pages):
    for path, text in leaves(pages["fr"][0]):
        assert not re.search(r" [;:!?%»]|« ", text), (path, text)
        assert "'" not in text, (path, text)
    assert f"1{NARROW}000" in all_words(pages["fr"][0])


def test_numbers_are_written_in_the_marks_of_the_language():
    english, french = language("en"), language("fr")
    assert (english.number(-1234.56, 1), french.number(-1234.56, 1)) == ("−1,234.6", f"−1{NARROW}234,6")
    assert (english.number(-0.04, 1), french.number(None)) == ("0.0", "–")
    assert (english.percent(0.125, 1), french.percent(0.125, 1)) == ("12.5%", f"12,5{NARROW}%")
    assert french.told([(0.5, None), (0.8, 730)]) == "0,5, 0,8 (jour 730)"
    assert english.listed(["a", "b", "c"]) == "a, b and c"
    assert french.name("sahel/my-own") == "my-own"
    with pytest.raises(ValueError, match="must be en or fr"):
        language("de")


@pytest.mark.parametrize("code", CODES)
def test_figures_of_a_brief_are_fit_to_print(source, code):
    facts = facts_of_brief(source.comparison, source.basis, made_with=source.made_with)
    words = language(code)
    for figure in (averted_figure(facts, words), lost_figure(facts, words), map_figure(source.basis.ground, 1, words)):
        assert faults_of(figure) == []


def test_where_children_are_lost_adds_up_to_all_of_them(source):
    for arm in source.comparison.to_json()["arms"]:
        for illness in ("malaria", "pneumonia", "diarrhoea", "newborn_infection"):
            shares = losses(arm, illness)
            assert sum(shares) == pytest.approx(1.0)
            assert min(shares) >= 0.0
    assert losses(arm, "malaria")[4] == pytest.approx(arm["cascade"]["malaria"]["took_effect"]["mean"])


def test_the_model_card_names_what_is_assumed(source, pages):
    card = {row["label"]: row["text"] for row in pages["en"][0]["card"]}
    assert re.search(r"chw\.absent 0\.2 / 0\.1;", card["Grade D, changed by the programmes"])
    assert "sup.lead 14 / 7 (C)" in card["Grade D, changed by the programmes"]
    assert all(digest[:12] in card["Scenarios (hash)"] for digest in source.comparison.hashes)
    assert "seeds 1 to 12" in card["Runs"].replace(WIDE, " ")
    assert card["Fitted targets missed"].startswith("none of")
    assert "mort.background" in card["Other targets missed"]


def test_what_is_called_decisive_is_what_the_known_gaps_call_so():
    gaps = (REPOSITORY / "docs" / "known-gaps.md").read_text(encoding="utf-8")
    assert PHRASES.keys() == DECISIVE.keys()
    assert [name for name, phrase in PHRASES.items() if phrase.lower() not in gaps.lower()] == []
    assert min(decisive_counts().values()) > 0


def test_a_comparison_on_disk_keeps_its_arms_its_map_and_its_targets(folder, source):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for n, (arm, digest) in enumerate(zip(small_arms(2), manifest["hashes"], strict=True), start=1):
        again = load_scenario(folder / f"arm-{n}.toml")
        assert (again.name, again.hash()) == (arm.name, arm.hash())
        assert again.hash() == digest
    ground = source.basis.ground
    assert ground.people.sum() == manifest["facts"][0]["people"]
    assert [each is not None for each in ground.posts] == [False, True, True]
    assert len(ground.posts[1].post_village) == manifest["facts"][1]["posts"]
    assert {row["role"] for row in source.basis.targets["targets"]} == {"fitted", "circular", "check"}


def test_the_command_writes_the_brief_beside_the_result_or_where_it_is_asked(folder, tmp_path):
    before = set(folder.iterdir())
    assert main(["brief", str(folder), "--lang", "fr", "--format", "html"]) == 0
    assert set(folder.iterdir()) - before == {folder / "brief.fr.html"}
    assert main(["brief", str(folder), "--out", str(tmp_path / "new" / "note.html"), "--lang", "fr"]) == 0
    assert (tmp_path / "new" / "note.html").read_bytes() == (folder / "brief.fr.html").read_bytes()
    assert main(["brief", str(folder), "--out", str(tmp_path / "note.pdf")]) == 0
    assert (tmp_path / "note.pdf").read_bytes().startswith(b"%PDF-")
