"""A comparison of programmes as a table in a terminal, and one of areas of a country."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from iccmsim.report.terminal import (
    LABEL,
    WIDTH,
    Row,
    before_launch,
    count,
    duration,
    folded,
    grid,
    in_a_row,
    percent,
    place_line,
    with_interval,
    words,
)
from iccmsim.results.shock_words import who_has, with_own_values

PARTS_OF_CHWS = {"saw_chw": "a CHW saw the child", "missed_chw": "came to a CHW in vain",
                 "ill_in_one_arm": "ill in one arm only", "no_chw": "no CHW had part in it"}  # fmt: skip


def comparison_text(said: Mapping[str, Any], *, width: int = WIDTH) -> str:
    """Arms side by side, as many as fit; what the brackets mean; what a reader must know."""
    seeds, n = said["seeds"], said["replicates"]
    shown = f"seeds {seeds[0]} to {seeds[-1]}" if in_a_row(seeds) else (
        f"seed{'s' * (n > 1)} " + ", ".join(map(str, seeds)))  # fmt: skip
    head = (f"{place_line(said['place'])}; {duration(said['window_days'][1])} from launch, "
            f"{n} paired run{'s' * (n > 1)} ({shown})")  # fmt: skip
    arms = said["arms"]
    common = common_start([arm["name"] for arm in arms])
    rows = list(_rows(arms, common, causes=_causes(arms), until=said.get("until_mcse")))
    column = 2 + max(len(cell) for _, cells in rows for cell in cells)
    many = max(1, (width - LABEL) // column)
    blocks = [grid([(label, cells[i : i + many]) for label, cells in rows], column=column)
              for i in range(0, len(arms), many)]  # fmt: skip
    notes = [folded(text, width=width, first="! ") for text in said["warnings"]]
    top, below = (folded(text, width=width, rest="") for text in (head, _brackets(said)))
    lived = [folded(text, width=width)
             for text in (*before_launch(said, arms[0]["setting"], common), *_shocks(arms, common))]  # fmt: skip
    return "\n\n".join([top, *(["\n".join(lived)] if lived else []), *blocks, below, *notes])


def areas_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Expected deaths averted in each area, arm by arm."""
    common = common_start([row["arm"] for row in rows])
    label = 2 + max(len(row["area"]) for row in rows)
    heads, blocks = ["people", "CHWs", "deaths", "averted", "(error)", "percent"], []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        cells = [(row["area"], [count(row["people"]), count(row["chws"]), count(row["deaths"]),
                                count(row["expected_averted"], 1), f"({row['mc_error']:.1f})", f"{row['percent']:.2f}"])
                 for row in rows if row["arm"] == arm]  # fmt: skip
        table = grid([("", heads), *cells], label=label)
        blocks.append(f"{arm.removeprefix(common)}: expected deaths averted\n{table}")
    return "\n\n".join(blocks)


def _shocks(arms: Sequence[Mapping[str, Any]], common: str) -> Iterator[str]:
    """Each shock in a sentence, and which arms it befalls."""
    for shock, mine in who_has([arm["shocks"] for arm in arms]):
        names = " and ".join(arms[i]["name"].removeprefix(common) for i in mine)
        where = "in every arm" if len(mine) == len(arms) else f"in {names} only"
        yield f"Shock {where}, {with_own_values(shock)}"


def _brackets(said: Mapping[str, Any]) -> str:
    compared = f"Saved, lost and averted are beside {said['comparator']}, child by child."
    if any(arm["setting"]["chws"] for arm in said["arms"]):
        compared += (" Where: what CHWs of either arm had to do with the illness that was fatal in one alone, by the "
                     "first line that holds.")  # fmt: skip
    if not said["interval"]:
        return f"One run: no interval. {compared}"
    return (f"In brackets: what one district may see by chance (2.5 and 97.5 % points over {said['replicates']} paired "
            f"runs). Monte-Carlo error: standard error of the mean over these runs. {compared}")  # fmt: skip


def common_start(names: Sequence[str]) -> str:
    """The setting that all names begin with, "" if they do not."""
    heads = {name.partition("/")[0] for name in names if "/" in name}
    return f"{heads.pop()}/" if len(heads) == 1 and all("/" in name for name in names) else ""


def _causes(arms: Sequence[Mapping[str, Any]]) -> list[str]:
    """Causes of which somebody died, or died less."""
    return [name for name in arms[0]["by_cause"]
            if any(arm["by_cause"][name]["deaths"]["mean"] for arm in arms)]  # fmt: skip


def _rows(arms: Sequence[Mapping[str, Any]], common: str, *, causes: Sequence[str],
          until: float | None) -> Iterator[Row]:  # fmt: skip
    """The rows of a comparison, the comparator first; with the error that seeds were added for, if they were."""
    others = [None, *arms[1:]]

    def beside(label: str, show: Any) -> Row:
        return label, ["comparator" if label == "Deaths averted" and arm is None else "" if arm is None else show(arm)
                       for arm in others]  # fmt: skip

    yield "", [arm["name"].removeprefix(common) for arm in arms]
    yield from _size(arms)
    yield "", []
    yield "Births", [count(arm["births"]) for arm in arms]
    yield "Deaths under five", [with_interval(arm["deaths"], 0) for arm in arms]
    yield "  per 1,000 births (U5MR)", [with_interval(arm["u5mr"]) for arm in arms]
    yield "", []
    yield beside("Deaths averted", lambda arm: with_interval(arm["deaths_averted"]))
    yield beside("  Monte-Carlo error", lambda arm: count(arm["deaths_averted"]["mcse"], 1))
    yield beside("  in percent of deaths", lambda arm: with_interval(arm["percent_averted"]))
    yield beside("  children saved", lambda arm: with_interval(arm["saved"]))
    yield beside("  children lost", lambda arm: with_interval(arm["lost"]))
    yield from _parts_of_chws(arms, beside)
    yield beside("Expected deaths averted", lambda arm: with_interval(arm["deaths_averted_expected"]))
    if until is not None:
        yield beside("  Monte-Carlo error", lambda arm: count(arm["deaths_averted_expected"]["mcse"], 3))
    yield "Deaths averted by cause", []
    for name in causes:
        yield beside("  " + words(name), lambda arm, name=name: with_interval(arm["by_cause"][name]["deaths_averted"]))
    yield "Averted of the four illnesses", []
    yield beside("  in this model (expected)", lambda arm: with_interval(arm["list"]["model"]))
    yield beside("  by LiST's formula", lambda arm: with_interval(arm["list"]["deaths_averted"]))


def _parts_of_chws(arms: Sequence[Mapping[str, Any]], beside: Callable[..., Row]) -> Iterator[Row]:
    """What a CHW had to do with the illnesses that were fatal in one arm alone."""
    if not any(arm["setting"]["chws"] for arm in arms):
        return
    yield "Saved (+), lost (-) where", []
    for part, label in PARTS_OF_CHWS.items():
        yield beside("  " + label, lambda arm, part=part: f"+{count(arm['saved_by_chw_part'][part]['mean'], 1)}  "
                     f"-{count(arm['lost_by_chw_part'][part]['mean'], 1)}")  # fmt: skip


def _size(arms: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """The programme that each arm has to staff."""
    settings = [arm["setting"] for arm in arms]
    yield "CHWs in posts", [f"{count(each['chws'])} in {count(each['posts'])}" if each["chws"] else "none"
                            for each in settings]  # fmt: skip
    if any(each.get("chws_stay") for each in settings):
        yield "  there already", [count(each["chws_stay"]) if each["chws"] else "" for each in settings]
    if any(each.get("rollout_days") for each in settings):
        yield "  posts filled over", [duration(each["rollout_days"]) if each.get("rollout_days") else ""
                                     for each in settings]  # fmt: skip
    yield "  people they serve", [count(each["people_served_by_chws"]) if each["chws"] else "" for each in settings]
    yield "People 5 km or more from care", [percent(1.0 - each["share_5km"]) for each in settings]
    lacking = [percent(arm["stock_out"]["chw"]["any"]["mean"]) for arm in arms]
    yield "Days in post, a product lacking", [share if each["chws"] else ""
                                                  for share, each in zip(lacking, settings, strict=True)]  # fmt: skip
    if not all(each.get("reports_exact", True) or not each["chws"] for each in settings):
        yield from _told_by_reports(arms)


def _told_by_reports(arms: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """What those who read the reports of CHWs are told, below what is so."""
    by_reports = "  by the reports that arrived"

    def row(label: str, name: str, show: Callable[[float | None], str]) -> Row:
        return label, [show(arm[name]["mean"]) if arm["setting"]["chws"] else "" for arm in arms]

    yield row(by_reports, "chw_reported_stock_out_any", percent)
    yield row("Children a CHW sees in a month", "cases_per_chw_month", lambda n: count(n, 1))
    yield row(by_reports, "chw_reported_cases_a_month", lambda n: count(n, 1))
