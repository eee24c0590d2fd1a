"""A brief in the words of a language, part by part, before it is laid out as PDF or HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iccmsim.report.brief_facts import FATAL
from iccmsim.report.brief_figures import map_width
from iccmsim.report.terminal import in_a_row

if TYPE_CHECKING:
    from iccmsim.report.language import Language

Row = dict[str, Any]
MOST_DATES = 2  # of one lever, each with a row of the table
WARNED_OF = ("limit_ceiling", "limit_no_chws")  # said where they apply
HASH = 12  # figures of a scenario's hash that are shown


def page_of(facts: Mapping[str, Any], words: Language, *, mapped: int) -> dict[str, Any]:
    """Every word of a brief; `mapped` is the arm whose posts the map shows."""
    said = _Speaker(facts, words, mapped=mapped)
    text = words.text
    sections = ("compared", "averted", "sure", "lost", "map", "rests", "limits", "card")
    return {
        "lang": words.code, **{name: said(name) for name in ("brief", "question", "lead", "headline", "footer")},
        "title": {name: said(f"{name}_title") for name in sections}, "page": text["page"],
        "map_mm": 25.4 * map_width(len(facts["programmes"])),
        "statements": [{"head": said("statement_head", arm=arm), "text": said("statement", arm=arm)}
                       for arm in facts["programmes"]],
        "beyond": [said("beyond", each=each) for each in facts["beyond"]],
        "compared_text": said("compared_text"), "table": table_of(facts, said),
        "sure": [point(told) for name in ("sure_chance", "sure_mean", "sure_list", "sure_time", "sure_model")
                 if (told := said(name))],
        "lost_text": said("lost_text"),
        "rests": [point(told) for name in ("rests_fit", "rests_care", "rests_line", "rests_place")
                  if (told := said(name))],
        "limits": [*(told for name in WARNED_OF if (told := said(name))), *map(words.spaced, text["limits"])],
        "alt": {name: said(f"{name}_alt") for name in ("averted", "lost", "map")},
        "note": {name: said(f"{name}_note") for name in ("averted", "lost", "map")},
        "card": list(card_of(facts, said)), "card_note": said("card_grades"),
    }  # fmt: skip


class _Speaker:
    """Says a text of the language by its key, with the facts of one brief."""

    def __init__(self, facts: Mapping[str, Any], words: Language, *, mapped: int) -> None:
        self.words = words
        self.facts = dict(facts, mapped=facts["arms"][mapped], illnesses=FATAL, labels=words.figure, figures=HASH,
                          seeds_text=seeds_text(facts["seeds"], words), **_beside_list(facts, words))  # fmt: skip
        self.facts["period"] = self("period")
        self.facts["treated"] = [self("package", names=group["names"], first=not n, **group["package"])
                                 for n, group in enumerate(facts["packages"])]  # fmt: skip

    def __call__(self, key: str, **more: Any) -> str:
        return self.words.say(self.words.text[key], **{**self.facts, **more})


def seeds_text(seeds: list[int], words: Language) -> str:
    """Seeds as a range where they are one."""
    if in_a_row(seeds):
        return words.span(seeds[0], seeds[-1], 0)
    return words.listed([words.number(seed) for seed in seeds])


def _beside_list(facts: Mapping[str, Any], words: Language) -> dict[str, Any]:
    """Deaths averted by LiST's formula and by the model, programme by programme, and whether any gap is clear."""
    told = [arm["list"] for arm in facts["programmes"]]
    by_list = [each["deaths_averted"]["mean"] for each in told]
    return {"by_list": words.numbers(by_list, 1), "list_many": len(told) > 1 or words.many(by_list[0]),
            "by_model": words.numbers([each["model"]["mean"] for each in told], 1),
            "flagged": any(each["flagged"] for each in told)}  # fmt: skip


def point(text: str) -> dict[str, str]:
    """A text whose first words, between <b> and </b>, stand out."""
    head, bold, rest = text.removeprefix("<b>").partition("</b>")
    return {"head": head, "text": rest.strip()} if bold else {"head": "", "text": text}


def table_of(facts: Mapping[str, Any], said: _Speaker) -> dict[str, Any]:
    """What was compared and what came out: a column an arm, the comparator first."""
    return {"columns": [said.words.name(arm["name"]) for arm in facts["arms"]],
            "rows": [*_inputs(facts, said), *_results(facts, said)]}  # fmt: skip


def _inputs(facts: Mapping[str, Any], said: _Speaker) -> Iterator[Row]:
    words, arms = said.words, facts["arms"]

    def row(key: str, show: Any, *, always: bool = False) -> Row:
        """A row of the table; a programme without CHWs has a dash in what concerns them."""
        return {"label": said(key), "strong": False, "under": False,
                "cells": [show(arm) if arm["chws"] or always else "–" for arm in arms]}  # fmt: skip

    def of_lever(key: str, lever: str, show: Any, *, always: bool = False) -> Iterator[Row]:
        """A lever at launch and, below it, as it stands after the dates on which it changes."""
        yield row(key, lambda arm: show(arm["levers"][lever]), always=always)
        for day, of in days_of_change(arms, lever):
            later = row(key, lambda arm, day=day: show(arm["levers_on"][day][lever]), always=always)
            yield later | {"label": said("from_day", day=day, of=of), "under": True}

    is_plan = "_later" if any(arm["chws"] and arm["rollout"] for arm in arms) else ""
    yield row(f"posts{is_plan}", lambda arm: f"{words.number(arm['chws'])} ({words.number(arm['posts'])})")
    if any(arm["stay"] for arm in arms):
        yield row("stay", lambda arm: words.number(arm["stay"]) if arm["chws"] else "–") | {"under": True}
    if is_plan:
        yield row("rollout", lambda arm: words.number(arm["rollout"]) if arm["rollout"] else "–") | {"under": True}
    yield row(f"served{is_plan}", lambda arm: words.number(arm["served"]))
    yield row(f"far{is_plan}", lambda arm: words.percent(arm["far"]), always=True)
    if any(arm["volunteers"] for arm in arms):
        yield from of_lever("volunteers", "hmm.reach", words.percent, always=True)
    yield from of_lever("supervised", "spv.freq", words.percent)
    yield from of_lever("fee", "fee.chw", lambda fee: words.number(fee, 2 if fee else 0))
    if any(arm["changes"] for arm in arms):
        yield row("changes", lambda arm: words.listed([words.number(day) for day in arm["changes"]]) or "–")
    yield row("present", lambda arm: words.percent(arm["present"]))
    yield row("no_turn", lambda arm: words.percent(arm["no_turn"]))
    yield row("out", lambda arm: words.percent(arm["out"]))


def days_of_change(arms: Sequence[Mapping[str, Any]], lever: str) -> list[tuple[int, int]]:
    """The days on which a lever changes in any arm, each with 0; of more than the table has room for the last day,
    with how many there are."""
    days, before = [], [arm["levers"][lever] for arm in arms]
    for day in arms[0]["levers_on"]:
        now = [arm["levers_on"][day][lever] for arm in arms]
        if now != before:
            days.append(day)
        before = now
    return [(day, 0) for day in days] if len(days) <= MOST_DATES else [(days[-1], len(days))]


def _results(facts: Mapping[str, Any], said: _Speaker) -> Iterator[Row]:
    words, arms = said.words, facts["arms"]

    def row(key: str, show: Any, *, strong: bool = False) -> Row:
        """A row of what came out; the comparator averts nothing beside itself."""
        return {"label": said(key), "strong": strong, "under": key != "averted",
                "cells": ["–" if arm is arms[0] else show(arm) for arm in arms]}  # fmt: skip

    yield {"label": said("deaths"), "strong": False, "under": False,
           "cells": [words.interval(arm["deaths"], 0) for arm in arms]}  # fmt: skip
    yield row("averted", lambda arm: words.interval(arm["averted"]), strong=True)
    yield row("margin", lambda arm: words.number(arm["diff"].half, 1))
    yield row("percent", lambda arm: words.percent(arm["percent"]["mean"] / 100, 1))
    yield row("saved", lambda arm: words.interval(arm["saved"]))
    yield row("lost", lambda arm: words.interval(arm["lost"]))
    yield row("runs", lambda arm: said("of", k=arm["diff"].above, n=arm["diff"].pairs))


def card_of(facts: Mapping[str, Any], said: _Speaker) -> Iterator[dict[str, str]]:
    """The rows of the model card."""
    names = [f"{said.words.name(arm['name'])} {digest[:HASH]}"
             for arm, digest in zip(facts["arms"], facts["card"]["hashes"], strict=True)]  # fmt: skip
    yield {"label": said("card_program"), "text": said("card_program_text")}
    yield {"label": said("card_scenarios"), "text": said.words.spaced(", ".join(names))}
    there = {"shocks": facts["card"]["shocks"], "outside": facts["card"]["outside"]}
    for key in ("runs", "shocks", "fitted", "other", "set", "outside", "decisive"):
        if not there.get(key, True):
            continue
        yield {"label": said(f"card_{key}"), "text": said(f"card_{key}_text")}
