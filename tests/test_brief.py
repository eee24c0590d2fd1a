"""A brief says what the data say, in two languages and two forms, on two pages, and asks nothing of a network."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from briefs import SMALL, small_arms, with_nets, write_comparison
from test_figures import faults_of

from iccmsim.cli import main
from iccmsim.parameters.declare import GRADES
from iccmsim.parameters.files import draft_of, library_names
from iccmsim.parameters.reasons import CHOICE, FITTED, NONE, SOURCE
from iccmsim.parameters.scenario import load_scenario
from iccmsim.parameters.shocks import OWN, shock_kinds
from iccmsim.report.brief import LAYOUTS, as_pdf, lay_out, make_brief, read_source, words_and_figures
from iccmsim.report.brief_facts import DECISIVE, decisive_counts, facts_of_brief, label_of_place, losses, years_of
from iccmsim.report.brief_figures import averted_figure, lost_figure, map_figure
from iccmsim.report.brief_page import page_of
from iccmsim.report.language import CODES, NARROW, TEMPLATES, WIDE, language
from iccmsim.report.terminal import duration
from iccmsim.results.status_quo import StatusQuo
from iccmsim.studies.basis import write_basis
from iccmsim.studies.check import check, read_targets
from iccmsim.studies.fitness import LONGEST_NAME, Difference, reasons_against

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
    for part in ("marks", "names", "places", "shocks", "standing", "figure", "text"):
        assert english[part].keys() == french[part].keys(), part
    assert len(english["text"]["limits"]) == len(french["text"]["limits"])


@pytest.mark.parametrize("code", CODES)
def test_every_programme_setting_and_shock_of_the_library_has_a_name_that_fits(code):
    words, library = language(code), library_names()
    assert set(library["programme"]) == set(words.names)
    places = {draft_of(f"{name}/facility-only").place["name"] for name in library["setting"]}
    assert {*library["setting"], *(name for name in places if "(" in name)} == set(words.places)
    assert {*shock_kinds(), OWN} == set(words.shocks)
    assert {*GRADES, CHOICE, FITTED, NONE, SOURCE} == set(words.standing)
    assert max(map(len, words.names.values())) <= LONGEST_NAME
    assert len(set(words.names.values())) == len(words.names)


def test_french_names_are_not_the_english_ones():
    english, french = language("en"), language("fr")
    same = {name for part in ("names", "places") for name, words in getattr(english, part).items()
            if getattr(french, part)[name] == words}  # fmt: skip
    assert same == {"bankass", "mali"}


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


def test_of_those_lost_it_says_how_many_came_to_a_chw_in_vain(pages):
    said = [pages[code][0]["note"]["averted"].replace(WIDE, " ") for code in CODES]
    assert said[0].endswith("lost with “iCCM well supported”, 12.0 had been brought to a CHW in vain and seen by no "
                            "CHW, and 18.0 had been seen by one.")  # fmt: skip
    assert "12,0 enfants avaient été amenés en vain chez un ASC sans qu’aucun ne les voie, et 18,0" in said[1]


def test_beside_a_comparator_with_chws_nothing_is_said_of_what_a_chw_took_the_place_of(source):
    other = replace(source, comparison=replace(source.comparison, facts=(source.comparison.facts[1],) * 3))
    for code, mechanism, points in (("en", "A child is lost", "2.5 and 97.5% points of 12 paired runs"),
                                    ("fr", "Une vie est perdue", "percentiles 2,5 et 97,5 de 12 simulations")):
        notes = [re.sub(rf"[{WIDE}{NARROW}]", " ", words_and_figures(each, lang=code)[0]["note"]["averted"])
                 for each in (source, other)]  # fmt: skip
        assert [mechanism in note for note in notes] == [True, False]
        assert notes[1].endswith(points + (" appariées)." if code == "fr" else ")."))


@pytest.mark.parametrize(("pairs", "english", "french"), [
    (12, "With 12 runs about 80% of such districts would fall between these numbers, not 95%.",
     "Avec 12 simulations, environ 80 % de tels districts se situeraient entre ces nombres, et non 95 %."),
    (20, "With 20 runs about 86% of such districts", "Avec 20 simulations, environ 86 % de tels districts"),
    (50, "", ""),
])  # fmt: skip
def test_a_brief_says_how_many_districts_an_interval_of_few_runs_holds(source, pairs, english, french):
    facts = facts_of_brief(with_nets(SAVING, seeds=range(1, pairs + 1)), source.basis, made_with=source.made_with)
    for code, told, beginning in (("en", english, "With "), ("fr", french, "Avec ")):
        chance = re.sub(rf"[{WIDE}{NARROW}]", " ", page_of(dict(facts), language(code), mapped=1)["sure"][0]["text"])
        assert told in chance
        assert (f"{beginning}{pairs} " in chance) == bool(told)


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


@pytest.mark.parametrize("crowded", [(0,), (0, 2), (1, 2), ()])
def test_a_brief_says_which_arms_have_less_time_than_is_asked_of_them_the_comparator_too(source, crowded):
    told = with_nets(SAVING)
    for name in ("no_turn", "cases", "waited", "found_at_home"):
        told.tallies[name] = 0
    for i in range(3):
        told.tallies["no_turn"][:, i, 0] = 60 + i if i in crowded else 0
        told.tallies["cases"][:, i, 0] = 40 - i if i in crowded else 100
    for code, head in (("en", "CHWs have less time"), ("fr", "Les ASC ont moins")):
        page = words_and_figures(replace(source, comparison=told), lang=code)[0]
        said = "".join(each["text"] for each in page["rests"] if each["head"].replace("’", "'").startswith(head))
        said, space = re.sub(rf"[{WIDE}{NARROW}]", " ", said), "" if code == "en" else " "
        for i, name in enumerate(told.names):
            assert (f"{60 + i}{space}% (" in said) == (language(code).name(name) in said) == (i in crowded)


def test_a_brief_sets_the_setting_without_its_shocks_beside_the_targets(tmp_path):
    shocks = [{"kind": "strike", "day": 30, "days": 360}]
    struck, quiet = ([load_scenario(f"sahel/{name}", overrides=SMALL, shocks=befalling)
                      for name in ("facility-only", "iccm-as-delivered")] for befalling in (shocks, []))  # fmt: skip
    for name, arms in (("struck", struck), ("quiet", quiet)):
        (tmp_path / name).mkdir()
        write_basis(tmp_path / name, arms, seeds=(1,), threads=2)
    checked = [(tmp_path / name / "check.json").read_text(encoding="utf-8") for name in ("struck", "quiet")]
    assert checked[0] == checked[1] != json.dumps(check(struck[0], seeds=(1,)).to_json(), ensure_ascii=False) + "\n"


def test_a_programme_that_kills_is_said_to_kill(tmp_path):
    source = read_source(write_comparison(tmp_path / "killing", nets=KILLING))
    page = words_and_figures(source, lang="en")[0]
    assert page["headline"] == "More child deaths with every programme, not fewer"
    assert page["statements"][0]["text"].replace(WIDE, " ").startswith("13.3 deaths more than the 1,000 of")
    assert page["beyond"][0].replace(WIDE, " ").startswith("With “iCCM as delivered” 5.3 fewer children die than with "
                                                           "“iCCM well supported” (95%")  # fmt: skip
    french = words_and_figures(source, lang="fr")[0]
    assert french["headline"].startswith("Davantage de décès")
    assert "il meurt 5,3 enfants de moins qu’avec" in french["beyond"][0].replace(WIDE, " ")


ROUGH = [30, -10, 40, -20, 35, -5]  # more deaths averted than SURE on average, and not to be told from none
SURE = [7, 11, 9, 8, 10, 9]
HARMFUL = [-9, -11, -9, -8, -10, -9]


@pytest.mark.parametrize(("nets", "english", "french"), [
    ((ROUGH, SURE), "At best 9 of every 1,000 child deaths averted", "Au mieux, 9 décès"),
    ((SURE, ROUGH), "At best 9 of every 1,000 child deaths averted", "Au mieux, 9 décès"),
    ((NOTHING[0], HARMFUL), "No programme detectably averts child deaths; with 1 of 2 more children die",
     "Aucun programme n’évite de façon décelable des décès d’enfants ; avec 1 sur 2, davantage d’enfants meurent"),
])  # fmt: skip
def test_the_headline_never_says_less_or_more_than_the_statements_below_it(source, nets, english, french):
    other = replace(source, comparison=with_nets(nets))
    pages = [words_and_figures(other, lang=code)[0] for code in CODES]
    said = [" ".join(re.split(rf"[ {WIDE}{NARROW}]", page["headline"])) for page in pages]
    assert said[0] == english
    assert said[1].startswith(french)
    assert sum("no detectable effect" in each["text"] for each in pages[0]["statements"]) == 1


def test_a_brief_says_whom_the_lists_of_its_place_lost(source):
    arms = tuple(replace(arm, place={**arm.place, "kind": "files"}) for arm in source.basis.arms)
    lost = {"share_dropped": 0.034, "share_imputed": 0.012, "share_too_far": 0.006, "villages_uncounted": 12,
            "facilities_too_far": 2, "types_unknown": 3, "mean_km_hospital": 2724.1}  # fmt: skip
    facts = tuple({**facts, **lost} for facts in source.comparison.facts)
    other = replace(source, basis=replace(source.basis, arms=arms), comparison=replace(source.comparison, facts=facts))
    said = [re.sub(rf"[{WIDE}{NARROW}]", " ", all_words(words_and_figures(other, lang=code)[0])) for code in CODES]
    assert "3.4% of the people listed are left out" in said[0]
    assert "1.2% are guessed" in said[0]
    assert "3,4 % des habitants des listes n’y sont pas" in said[1]
    assert "1,2 % sont estimés" in said[1]
    assert "0.6% of the people live over 100 km from every facility" in said[0]
    assert "0,6 % des habitants vivent à plus de 100 km de toute formation" in said[1]
    for text in ("nobody knows place or people: 12.", "more often a wrong coordinate: 2.", "as health centres: 3.",
                 "The referral facility is 2,724 km off on average"):  # fmt: skip
        assert text in said[0]
    for text in ("le lieu et l’effectif : 12.", "une coordonnée fausse : 2.", "comme centres de santé : 3.",
                 "La structure de référence est à 2 724 km en moyenne"):  # fmt: skip
        assert text in said[1]
    assert "left out" not in all_words(words_and_figures(source, lang="en")[0])


@pytest.mark.parametrize(("name", "more", "english", "french"), [
    ("Kolo", {}, "those of the setting “Sahel (made up)” and were not surveyed here.",
     "ceux du cadre « Sahel (fictif) » et n’ont pas fait l’objet d’enquêtes ici."),
    ("Kolo", {"fac.minutes": 17.0, "road.rain_lead": 1.5}, "“Sahel (made up)”, with 2 of its numbers changed and were",
     "« Sahel (fictif) », dont 2 nombres ont été changés et n’ont pas"),
    ("Bankass", {}, "those of the setting “Bankass”, with ", "ceux du cadre « Bankass », dont "),
])  # fmt: skip
def test_a_brief_says_whose_illness_and_care_seeking_a_place_of_ones_own_has(source, name, more, english, french):
    arms = tuple(replace(arm, place={**arm.place, "kind": "files", "name": name}, setting={**arm.setting, **more})
                 for arm in source.basis.arms)  # fmt: skip
    facts = tuple({**facts, "place": name} for facts in source.comparison.facts)
    other = replace(source, basis=replace(source.basis, arms=arms), comparison=replace(source.comparison, facts=facts))
    said = [re.sub(rf"[{WIDE}{NARROW}]", " ", all_words(words_and_figures(other, lang=code)[0])) for code in CODES]
    assert english in said[0]
    assert french in said[1]
    for text in ("Nothing is fitted to Kolo.", "(surveys of rural Mali: "):
        assert (text in said[0]) == (name == "Kolo")
    for text in ("Rien n’est ajusté sur « Kolo ».", "(enquêtes du Mali rural : "):
        assert (text in said[1]) == (name == "Kolo")


@pytest.mark.parametrize(("days", "tail", "season", "later"), [
    (270, 0, True, True), (730, 30, False, True), (1826, 366, False, False), (365, 3000, False, False)])  # fmt: skip
def test_a_brief_says_what_compare_warns_of_a_short_window_and_of_deaths_put_off(source, days, tail, season, later):
    facts = tuple({**each, "window_days": days, "tail_days": tail} for each in source.comparison.facts)
    other = replace(source, comparison=replace(source.comparison, facts=facts))
    warned = " ".join(other.comparison.to_json()["warnings"])
    assert ("does not average over the seasons" in warned, "deaths put off" in warned) == (season, later)
    for code, seasons, put_off in (
        ("en", f"{days} days are not a year: the numbers do not average over the seasons.", "Deaths put off count as"),
        ("fr", f"{days} jours ne font pas une année : les nombres ne sont pas une moyenne", "Un décès différé compte"),
    ):
        sure = " ".join(each["text"] for each in words_and_figures(other, lang=code)[0]["sure"])
        said = re.sub(rf"[{WIDE}{NARROW}]", " ", sure)
        assert (seasons in said, put_off in said) == (season, later)


def test_a_brief_says_what_compare_warns_of_an_arm(source):
    facts = tuple({**each, "chws": 0} for each in source.comparison.facts)
    other = replace(source, comparison=replace(with_nets(([600] * 6, SAVING[1])), facts=facts))
    told = other.comparison.to_json()
    warned = " ".join(told["warnings"])
    assert "no village is owed a CHW by the norm" in warned
    most = f"{told['arms'][1]['list']['complete_care_percent']['mean']:.0f}"
    assert f"more than {most} % of all deaths averted, beyond what complete care of malaria" in warned
    assert warned.count("complete care") == 1
    english, french = (" ".join(words_and_figures(other, lang=code)[0]["limits"]) for code in CODES)
    assert f"“iCCM as delivered” averts more than {most}% of all deaths, beyond what complete care of the" in english
    assert "au-delà de ce que des soins complets des quatre maladies éviteraient" in french
    assert "“iCCM well supported” averts" not in english
    assert english.count("has no CHW: its norm owes no village one.") == french.count("n’a aucun ASC") == 2


def test_posts_that_are_filled_by_and_by_are_told_as_the_plan_they_are(source, pages):
    posted = {**SMALL, "chw.rollout": 365}
    other = with_arm(source, 2, load_scenario("sahel/iccm-supported", overrides=posted))
    rows = {row["label"].replace(WIDE, " "): row["cells"]
            for row in words_and_figures(other, lang="en")[0]["table"]["rows"]}  # fmt: skip
    assert rows["posts filled over, days"] == ["–", "–", "365"]
    assert {"CHWs (in posts) once all posts are filled", "People they then serve",
            "People then 5 km or more from any care"} <= rows.keys()  # fmt: skip
    french = [row["label"] for row in words_and_figures(other, lang="fr")[0]["table"]["rows"]]
    assert french[:2] == ["ASC (sites), une fois tous les postes pourvus", "postes pourvus en (jours)"]
    assert "filled" not in all_words(pages["en"][0]["table"])


@pytest.mark.parametrize(("stay", "filled"), [(0, "365"), (1, "365"), (None, "–")])
def test_chws_of_a_status_quo_who_stay_are_told_and_are_not_still_to_be_found(source, stay, filled):
    other = with_arm(source, 2, load_scenario("sahel/iccm-supported", overrides={**SMALL, "chw.rollout": 365}))
    facts = [dict(each) for each in other.comparison.facts]
    facts[2]["chws_stay"] = facts[2]["chws"] if stay is None else stay
    other = replace(other, comparison=replace(other.comparison, facts=tuple(facts)))
    for code, label in (("en", "there already before launch"), ("fr", "déjà en poste avant le lancement")):
        rows = {row["label"].replace(WIDE, " "): row["cells"]
                for row in words_and_figures(other, lang=code)[0]["table"]["rows"]}  # fmt: skip
        assert rows.get(label, [""])[-1] == ("" if stay == 0 else str(facts[2]["chws_stay"]))
        over = {"en": "posts filled over, days", "fr": "postes pourvus en (jours)"}[code]
        assert rows.get(over, ["–"])[-1] == filled


def dated(source, tmp_path, *changes):
    """The source of a brief whose best programme changes on dates."""
    file = tmp_path / "mine.toml"
    told = "".join(f"[[programme.change]]\nday = {day}\n{values}\n" for day, values in changes)
    file.write_text(f'format = 1\nextends = "sahel/iccm-supported"\n{told}', encoding="utf-8")
    return with_arm(source, 2, load_scenario(file, overrides=SMALL))


def test_a_value_that_changes_on_a_date_is_told_with_its_later_value(source, tmp_path):
    other = dated(source, tmp_path, (0, '"fee.chw" = 0.2'), (100, '"fee.chw" = 1.5\n"spv.freq" = 0.3'),
                  (200, '"chw.minutes" = 40'))  # fmt: skip
    for code, day in (("en", "from day 100"), ("fr", "à partir du jour 100")):
        rows = [(row["label"].replace(WIDE, " "), [cell.replace(NARROW, "") for cell in row["cells"]])
                for row in words_and_figures(other, lang=code)[0]["table"]["rows"]]  # fmt: skip
        supervised, later, fee, later_fee, changes = rows[3:8]
        assert (supervised[1], later) == (["–", "50%", "85%"], (day, ["–", "50%", "30%"]))
        told = [[cell.replace(",", ".") for cell in cells] for cells in (fee[1], later_fee[1])]
        assert told == [["–", "0.50", "0.20"], ["–", "0.50", "1.50"]]
        assert changes[1] == ["–", "–", "200"]


def test_of_many_dates_the_last_is_told_and_how_many_there_are(source, tmp_path):
    other = dated(source, tmp_path, *((day, f'"spv.freq" = {0.8 - day / 1000}') for day in (100, 200, 300)))
    rows = {row["label"].replace(WIDE, " "): row["cells"]
            for row in words_and_figures(other, lang="en")[0]["table"]["rows"]}  # fmt: skip
    assert rows["from day 300, the last of 3 changes"] == ["–", "50%", "50%"]
    assert not any("day 100" in label for label in rows)


@pytest.mark.parametrize("setting", sorted(library_names()["setting"]))
def test_what_is_said_of_care_is_what_the_setting_is_fitted_to(source, setting):
    targets = [{**row, "model": row["value"], "inside": True, "error": 0.0, "z": 0.0}
               for row in read_targets(draft_of(f"{setting}/facility-only").place["name"]).values()]  # fmt: skip
    other = replace(source, basis=replace(source.basis, targets={"seeds": 3, "targets": targets}))
    seller = any(row["key"] == "any_care" for row in targets)
    for code, sellers, centre in (("en", "seen by a provider or a seller (surveys: ",
                                   "seen at a health centre (surveys: "),
                                  ("fr", "vus par un prestataire de soins ou un vendeur (enquêtes : ",
                                   "vus au centre de santé (enquêtes : ")):
        said = re.sub(rf"[{WIDE}{NARROW}]", " ", all_words(words_and_figures(other, lang=code)[0]))
        assert (sellers in said, centre in said) == (seller, not seller)
        assert language(code).figure["losses"][0] == ("got no care" if code == "en" else "aucun soin reçu")
        assert not re.search("0 of 0|0 des 0", said)


@pytest.mark.parametrize(("days", "english", "french"), [
    (400, "400 days", "400 jours"), (900, "2.5 years", "2,5 ans"), (1826, "5 years", "5 ans"),
    (1000, "2.7 years", "2,7 ans")])  # fmt: skip
def test_a_period_is_told_as_long_as_it_is(source, days, english, french):
    facts = facts_of_brief(source.comparison, source.basis, made_with=source.made_with)
    facts |= {"days": days, **years_of(days)}
    for code, said in zip(CODES, (english, french), strict=True):
        words = language(code)
        page = page_of(dict(facts), words, mapped=1)
        assert said in page["statements"][0]["text"].replace(WIDE, " ").replace(NARROW, " ")
    assert duration(days) == english


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
        sure = {each["head"][:4]: re.sub(rf"[{WIDE}{NARROW}]", " ", each["text"]) for each in page["sure"]}
        chance, second = (sure[head] for head in (("Chan", "A se") if code == "en" else ("Le h", "Un s")))
        assert len(re.findall(r"(?:in|dans) \d+ (?:of 12 runs|simulations? sur 12)", chance)) == programmes
        one = r"−?\d+[.,]\d"
        row = [one, rf"{one} and {one}", rf"{one}, {one} and {one}"][programmes - 1]
        row = row if code == "en" else row.replace(", ", " ; ").replace("and", "et")
        assert len(re.findall(rf"(?:averts|model|donne|en donne) {row} (?:deaths|\(|décès)", second)) == 2


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


def counts_of(value, diff):
    """An arm and a comparator of which all that is counted is one number."""
    q = {"mean": value, "low": -value, "high": value}
    arm = {"name": "sahel/free-care", "chws": 48, "averted": q, "saved": q, "lost": q, "percent": q,
           "lost_by_part": {"missed_chw": q, "saw_chw": q}, "diff": diff}  # fmt: skip
    return {"arm": arm, "best": arm, "programmes": [arm], "period": "5 ans", "pairs": 20, "few": 0,
            "comparator": {"name": "sahel/facility-only", "chws": 0, "deaths": {"mean": 1000}},
            "each": {"arm": arm, "diff": Difference(value, 0.1, 0.2, 20, 20)}}  # fmt: skip


@pytest.mark.parametrize(("value", "mean", "half", "words"), [
    (1.94, 1.94, 0.2, "1,9 décès évité en 5 ans, sur 1 000 décès d’enfants de moins de cinq ans (1,9 %). En moyenne, "
     "1,9 enfant qui serait mort est sauvé ; 1,9 qui aurait survécu meurt."),
    (1.96, 1.96, 0.2, "2,0 décès évités en 5 ans, sur 1 000 décès d’enfants de moins de cinq ans (2,0 %). En moyenne, "
     "2,0 enfants qui seraient morts sont sauvés ; 2,0 qui auraient survécu meurent."),
    (0.4, 0.4, 1.0, "aucun effet décelable en 5 ans. En moyenne, 0,4 enfant qui serait mort est sauvé et 0,4 qui "
     "aurait survécu meurt. Le solde, 0,4 décès évité sur 1 000, ne se distingue pas"),
    (0.4, -0.4, 0.2, "moyenne, 0,4 enfant qui serait mort est sauvé, mais 0,4 qui aurait survécu meurt."),
])  # fmt: skip
def test_french_has_the_singular_below_two(value, mean, half, words):
    diff = Difference(mean, 0.1, half, 12, 20)

    def say(key):
        said = language("fr").say(language("fr").text[key], **counts_of(value, diff))
        return re.sub(rf"[{WIDE}{NARROW}]", " ", said)

    assert words in say("statement")
    several = value > 1.95
    assert ("il meurt 2,0 enfants de moins" if several else " enfant de moins") in say("beyond")
    note = say("averted_note")
    assert ("Sur les 2,0 vies perdues" if several else " vie perdue avec") in note
    assert ("2,0 enfants avaient été amenés" if several else " enfant avait été amené en vain") in note
    assert ("2,0 avaient été vus" if several else " avait été vu par") in note
    assert ("2,0 sauvées, 2,0 perdues" if several else " sauvée, ") in say("averted_alt")
    assert ("2,0 décès évités)" if several else " décès évité)") in say("sure_chance")


def test_numbers_are_written_in_the_marks_of_the_language():
    english, french = language("en"), language("fr")
    assert (english.number(-1234.56, 1), french.number(-1234.56, 1)) == ("−1,234.6", f"−1{NARROW}234,6")
    assert (english.number(-0.04, 1), french.number(None)) == ("0.0", "–")
    assert (english.percent(0.125, 1), french.percent(0.125, 1)) == ("12.5%", f"12,5{NARROW}%")
    assert (french.told(0.5), french.told(-0.8, 730)) == ("0,5", "−0,8 (jour 730)")
    assert english.listed(["a", "b", "c"]) == "a, b and c"
    assert english.numbers([0.2, 0.3, 1], 1) == "0.2, 0.3 and 1.0"
    assert [french.numbers(row, 1) for row in ([0.2], [0.2, 0.3], [0.2, 0.3, 1])] == ["0,2", "0,2 et 0,3",
                                                                                     "0,2 ; 0,3 et 1,0"]  # fmt: skip
    assert french.name("sahel/my-own") == "my-own"
    with pytest.raises(ValueError, match="must be en or fr"):
        language("de")


@pytest.mark.parametrize("code", CODES)
def test_figures_of_a_brief_are_fit_to_print(source, code):
    facts = facts_of_brief(source.comparison, source.basis, made_with=source.made_with)
    words = language(code)
    for figure in (averted_figure(facts, words), lost_figure(facts, words), map_figure(source.basis.ground, 1, words)):
        assert faults_of(figure) == []


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("names", [
    ("donor-exit-with-transition", "donor-exit-without-transition", "home-management-of-malaria"),
    ("rollout over a year, less visited la", "mali-reform & «accents» éàç with-car", "CHWs WHOM MAMMOTHS MOVE")])
def test_names_as_long_as_they_may_be_do_not_lie_over_one_another(tmp_path, code, names):
    nets = [SAVING[0], SAVING[1], SAVING[0]]
    source = read_source(write_comparison(tmp_path / "long", nets=nets, programmes=3))
    facts = facts_of_brief(source.comparison, source.basis, made_with=source.made_with)
    for arm, name in zip(facts["programmes"], names, strict=True):
        arm["name"] = name
    assert max(map(len, names)) <= LONGEST_NAME
    for figure in (averted_figure(facts, language(code)), lost_figure(facts, language(code))):
        assert faults_of(figure) == []


def test_where_children_are_lost_adds_up_to_all_of_them(source):
    for arm in source.comparison.to_json()["arms"]:
        for illness in ("malaria", "pneumonia", "diarrhoea", "newborn_infection"):
            shares = losses(arm, illness)
            assert sum(shares) == pytest.approx(1.0)
            assert min(shares) >= 0.0
    assert losses(arm, "malaria")[4] == pytest.approx(arm["cascade"]["malaria"]["took_effect"]["mean"])


def card_in(source, code="en"):
    """The model card by the labels of its rows."""
    return {row["label"]: row["text"].replace(WIDE, " ") for row in words_and_figures(source, lang=code)[0]["card"]}


def with_arm(source, n, arm):
    """The source of a brief with another scenario as arm n, as a comparison keeps it on disk."""
    file = source.folder / f"other-{n}.toml"
    file.write_text(arm.to_toml(reasons=True), encoding="utf-8")
    arms = [draft_of(str(file)) if i == n else each for i, each in enumerate(source.basis.arms)]
    file.unlink()
    names = [arm.name if i == n else each for i, each in enumerate(source.comparison.names)]
    return replace(source, basis=replace(source.basis, arms=tuple(arms)),
                   comparison=replace(source.comparison, names=tuple(names)))  # fmt: skip


def test_the_model_card_names_what_is_assumed(source):
    card = card_in(source)
    assert all(digest[:12] in card["Scenarios (hash)"] for digest in source.comparison.hashes)
    assert "seeds 1 to 12" in card["Runs"]
    assert card["Fitted targets missed"].startswith("none of")
    assert "mort.background" in card["Other targets missed"]


def test_the_model_card_names_the_status_quo_that_was_lived_through(source):
    lived = StatusQuo("sahel/iccm-as-delivered", "0123456789abcdef", "")
    other = replace(source, comparison=replace(source.comparison, status_quo=lived))
    said = [card_in(each, code)[label].replace(NARROW, " ") for each in (source, other)
            for code, label in (("en", "Runs"), ("fr", "Simulations"))]  # fmt: skip
    assert "60 days before launch, then 400 days" in said[0]
    assert "60 jours avant le lancement, puis 400 jours" in said[1]
    assert "before launch (status quo: “iCCM as delivered” 0123456789ab), then 400 days" in said[2]
    assert "le lancement (statu quo : « SEC en routine » 0123456789ab), puis 400 jours" in said[3]


def test_the_model_card_names_every_arm_with_its_values_and_the_grades_of_its_own_files(source):
    """chw.attr 0.05 is grade D by iccm-supported.toml, where its default is B; a default keeps its own grade."""
    levers = card_in(source)["Levers not at their default, by grade"]
    assert levers.startswith(
        "health facilities only (a choice of the programme: chw.deployed 0); iCCM as delivered "
        "(grade D: spv.refresher_months 12); iCCM well supported (grade D: chw.absent 0.1, "
    )
    d = levers.rpartition("grade D: ")[2].partition(";")[0]
    assert "chw.attr 0.05" in d
    assert "; grade C: spv.report 0.94, sup.lead 7; " in levers
    assert "grade B: spv.refresher_months 3" in levers


def test_a_value_without_a_reason_is_said_to_have_no_source(source):
    arm = load_scenario("sahel/iccm-supported", overrides={**SMALL, "chw.catch": 1000})
    levers = card_in(with_arm(source, 2, arm))["Levers not at their default, by grade"]
    assert "iCCM well supported (no source given: chw.catch 1000; grade D: chw.absent 0.1" in levers


def test_values_that_all_arms_share_are_told_once_and_dated_ones_with_their_day(source):
    names = ("facility-only", "donor-exit-without-transition", "iccm-supported")
    for n, name in enumerate(names):
        arm = load_scenario(f"sahel/{name}", overrides={**SMALL, "run.days": 900, "chw.minutes": 20})
        source = with_arm(source, n, arm)
    levers = card_in(source)["Levers not at their default, by grade"]
    assert levers.startswith("every arm (no source given: chw.minutes 20); health facilities only (a choice")
    assert levers.count("chw.minutes") == 1
    assert "a choice of the programme: spv.freq 0 (day 730), spv.refresher_months 0 (day 730)" in levers


def test_home_management_is_told_by_its_own_value_and_as_what_it_is(source):
    """No CHWs, so that no text may speak of theirs; the arm's 0.8 is on the card."""
    facts = tuple({**each, "chws": 0} for each in source.comparison.facts)
    hmm = load_scenario("sahel/home-management-of-malaria", overrides=SMALL)
    one = with_arm(with_arm(source, 1, hmm), 2, replace(hmm, name="other volunteers"))
    one = replace(one, comparison=replace(one.comparison, facts=facts))
    page = words_and_figures(one, lang="en")[0]
    assert page["question"] == "Sahel (made up): what would these programmes change?"
    assert page["lead"].replace(WIDE, " ").startswith(
        "Care in the village: no community health workers (CHWs); volunteers near 80% of families give an antimalarial "
        "(ACT) for any fever, without a test, and treat nothing else. 3,000 people")  # fmt: skip
    assert "CHW" not in page["note"]["averted"]
    assert "home management of malaria (grade D: hmm.reach 0.8" in card_in(one)["Levers not at their default, by grade"]
    rows = {row["label"]: row["cells"] for row in page["table"]["rows"]}
    assert rows["Families near a volunteer with ACT"] == ["0%", "80%", "80%"]
    for told, others in ((source, "sellers only"), (one, "sellers or\nvolunteers only")):
        facts = facts_of_brief(told.comparison, told.basis, made_with=told.made_with)
        assert lost_figure(facts, language("en")).legends[0].get_texts()[1].get_text() == others
        assert all(faults_of(lost_figure(facts, language(code))) == [] for code in CODES)
    french = words_and_figures(one, lang="fr")[0]
    assert "que changeraient ces programmes" in french["question"]
    assert "paludisme, la pneumonie" not in french["lead"]


@pytest.mark.parametrize(
    ("name", "english", "french"),
    [
        ("malaria-only-ccm", "“CHWs for malaria alone”: CHWs treat malaria (after a test) in the village. Ages",
         "des ASC prennent en charge au village le paludisme (après un test). Âges"),
        ("iccm-without-antibiotics", "CHWs treat malaria (after a test) and diarrhoea in the village.",
         "le paludisme (après un test) et la diarrhée."),
        ("humanitarian-iccm", "CHWs treat malaria (any fever, without a test), pneumonia and diarrhoea in",
         "le paludisme (toute fièvre, sans test), la pneumonie et la diarrhée."),
        ("iccm-with-cmam", "malaria (after a test), pneumonia, diarrhoea and severe wasting in",
         "la pneumonie, la diarrhée et la malnutrition aiguë sévère."),
    ],
)  # fmt: skip
def test_the_lead_says_what_each_programme_treats(source, name, english, french):
    other = with_arm(source, 2, load_scenario(f"sahel/{name}", overrides=SMALL))
    leads = [words_and_figures(other, lang=code)[0]["lead"].replace(WIDE, " ") for code in CODES]
    assert english in leads[0]
    assert french in leads[1].replace(NARROW, " ")
    whole = name in ("humanitarian-iccm", "iccm-with-cmam")
    assert leads[0].startswith("Integrated community case management (iCCM).") == whole


def test_a_package_that_changes_on_a_date_is_said_to_change(source, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('format = 1\nextends = "sahel/iccm-supported"\n[[programme.change]]\nday = 100\n'
                    '"policy.pneumonia" = 0\n', encoding="utf-8")  # fmt: skip
    other = with_arm(source, 2, load_scenario(file, overrides=SMALL))
    english, french = (words_and_figures(other, lang=code)[0]["lead"] for code in CODES)
    assert "diarrhoea in the village (at launch; changed later)." in english
    assert "la diarrhée (au lancement ; modifié par la suite)." in french.replace(NARROW, " ")


def test_programmes_that_treat_the_same_are_told_of_once(pages):
    assert pages["en"][0]["lead"].replace(WIDE, " ").startswith(
        "Integrated community case management (iCCM): community health workers (CHWs) treat malaria (after a test), "
        "pneumonia and diarrhoea in the village. Ages treated: 2 months to under five years. 3,000 people")  # fmt: skip


def test_a_shock_of_every_arm_is_told_in_the_title_the_text_and_the_card(source):
    for n, name in enumerate(("facility-only", "iccm-as-delivered", "iccm-supported")):
        source = with_arm(source, n, load_scenario(f"sahel-conflict/{name}", overrides=SMALL))
    english, french = (words_and_figures(source, lang=code)[0] for code in CODES)
    assert english["question"].startswith("Sahel (made up) with a year of fighting: what would")
    assert french["question"].replace(WIDE, " ").startswith("Sahel (fictif) avec une année de combats : que")
    said = [page["compared_text"].replace(WIDE, " ").replace(NARROW, " ") for page in (english, french)]
    when = ("day 365 to 729 after launch", "du jour 365 au jour 729 après le lancement")
    assert said[0].endswith(f"In every arm there is fighting, {when[0]}, in 50% of the health-centre areas.")
    assert said[1].endswith(f"le district subit des combats, {when[1]}, dans 50 % des aires de santé.")
    card = card_in(source)["Shocks, in every arm"]
    assert card.startswith("conflict: day 365, 365 days, 50% of areas (shock.closed 0.2, ")
    assert reasons_against(source.comparison, source.basis) == []


def test_a_shock_of_one_day_is_told_with_that_day(source):
    flood = {"kind": "flood", "day": 20, "days": 1}
    for n, arm in enumerate(small_arms()):
        source = with_arm(source, n, load_scenario(arm.name, overrides=SMALL, shocks=[flood]))
    said = [words_and_figures(source, lang=code)[0]["compared_text"].replace(WIDE, " ") for code in CODES]
    assert "there is a flood, day 20 after launch, in all" in said[0]
    assert "subit une inondation, le jour 20 après le lancement, dans" in said[1]


def test_a_place_is_called_after_its_setting_only_if_it_is_the_place_of_that_setting(source):
    def label(names, place="Sahel (made up)"):
        facts = tuple({**each, "place": place} for each in source.comparison.facts)
        return label_of_place(replace(source.comparison, names=names, facts=facts))

    assert label(("sahel-conflict/facility-only", "mine", "sahel-conflict/free-care")) == "sahel-conflict"
    assert label(("sahel-conflict/facility-only", "a", "b"), place="Our place") == "Our place"
    assert label(("a", "b", "ours/c")) == label(("sahel/a", "sahel-registers/b", "c")) == "Sahel (made up)"


def test_values_outside_the_range_of_their_default_are_told_with_their_own_source(source):
    other = with_arm(source, 2, load_scenario("sahel/more-chws", overrides=SMALL))
    label = "Outside the range of the default, with its own source"
    assert label not in card_in(source)
    assert card_in(other)[label] == "more CHWs: chw.catch 650 (700 to 2500), grade B: “650 proposed: McCord 2013”"
    assert "davantage d’ASC : chw.catch 650 (700 à 2500), grade B" in (
        card_in(other, "fr")["Valeurs hors plage, avec leur propre source"])  # fmt: skip


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
