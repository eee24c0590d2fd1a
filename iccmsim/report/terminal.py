"""Results as plain text, for a terminal of any make: aligned columns, no colours, nothing cut."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TextIO

from iccmsim.results.shock_words import who_has, with_own_values

WIDTH = 110  # where nobody says how wide the terminal is
LABEL = 32
INDENT = "    "
YEAR = 365.25  # days
PRODUCT_NAMES = {"ors": "ORS", "zinc": "zinc", "amoxicillin": "amoxicillin", "act_infant": "ACT (infant)",
                 "act_child": "ACT (child)", "rdt": "malaria test", "rectal_artesunate": "rectal artesunate",
                 "gentamicin": "gentamicin", "rutf": "ready-to-use food", "any": "any of these"}  # fmt: skip
PARTS_OF_CHWS = {"saw_chw": "a CHW saw the child", "missed_chw": "came to a CHW in vain",
                 "ill_in_one_arm": "ill in one arm only", "no_chw": "no CHW had part in it"}  # fmt: skip
BEYOND_THE_BOX = ("rectal_artesunate", "gentamicin", "rutf")  # told of only if they were ever out
Row = tuple[str, list[str]]


def width_of_terminal() -> int:
    """How wide the terminal is; a pipe or a file is WIDTH wide."""
    return shutil.get_terminal_size((WIDTH, 24)).columns if is_watched(sys.stdout) else WIDTH


def is_watched(stream: TextIO | None) -> bool:
    """Whether a stream ends in a terminal; one that is closed (None) does not."""
    return stream is not None and stream.isatty()


def words(name: str) -> str:
    """A name of the tables as people write it."""
    return name.replace("_", " ")


def count(value: float | None, digits: int = 0) -> str:
    """A number with commas between thousands, "-" for none."""
    if value is None:
        return "-"
    return f"{round(value, digits) + 0.0:,.{digits}f}"  # + 0.0: no "-0.0"


def percent(share: float | None, digits: int = 0) -> str:
    """A share in percent."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def with_interval(q: Mapping[str, float | None], digits: int = 1) -> str:
    """A number and in brackets what one district may see: "26.3 (12.7 to 36.1)"."""
    if q["low"] is None or q["high"] is None:
        return count(q["mean"], digits)
    return f"{count(q['mean'], digits)} ({count(q['low'], digits)} to {count(q['high'], digits)})"


def duration(days: int) -> str:
    """A time in the unit that suits it."""
    years = days / YEAR
    return f"{days} days" if days < 700 else f"{years:.0f} years" if is_whole(years) else f"{years:.1f} years"


def is_whole(years: float) -> bool:
    """Whether a time is as good as whole years."""
    return abs(years - round(years)) < 0.05


def grid(rows: Sequence[Row], *, label: int = LABEL, column: int = 0) -> str:
    """A label and right-aligned columns; a row without columns is a heading."""
    column = column or 2 + max(len(cell) for _, cells in rows for cell in cells)
    lines = [f"{name:<{label}}" + "".join(f"{cell:>{column}}" for cell in cells) for name, cells in rows]
    return "\n".join(line.rstrip() for line in lines)


def folded(text: str, *, width: int, first: str = "", rest: str = "  ") -> str:
    """A long sentence over several lines."""
    return textwrap.fill(text, max(width, 40), initial_indent=first, subsequent_indent=rest, break_long_words=False,
                         break_on_hyphens=False)  # fmt: skip


def place_line(setting: Mapping[str, Any]) -> str:
    """The size of a place."""
    return (f"{setting['place']}: {count(setting['people'])} people in {several(setting['villages'], 'village')}, "
            f"{several(setting['zones'], 'health-facility zone')}")  # fmt: skip


def several(n: int, thing: str) -> str:
    """So many of a thing: "1 zone", "8 zones"."""
    return f"{count(n)} {thing}{'s' * (n != 1)}"


# --- a run ---------------------------------------------------------------------------------------------


def run_text(said: Mapping[str, Any], *, width: int = WIDTH) -> str:
    """One run in twenty lines."""
    setting, rates = said["setting"], said["rates"]
    deaths = [(words(name), [count(n)]) for name, n in said["deaths"].items() if n]
    stock = [(PRODUCT_NAMES[name], [percent(said["stock_out"][kind][name], 1) for kind in ("chw", "facility")])
             for name in PRODUCT_NAMES if name not in BEYOND_THE_BOX or said["stock_out"]["chw"][name]]  # fmt: skip
    visits = [(label, [count(said[name][kind]) for kind in ("chw", "facility")])
              for label, name in (("seen", "visits"), ("  after a night or more", "waited_overnight"),
                                  ("came in vain", "visits_in_vain"), ("  turned away", "turned_away"))]  # fmt: skip
    total = sum(said["deaths"].values())
    blocks = [
        f"{said['scenario']}, seed {said['seed']}\n"
        + folded(f"{place_line(setting)}, {several(setting['chws'], 'CHW')} in {several(setting['posts'], 'post')}"
                 f"{_by_and_by(setting)}; {duration(setting['window_days'])} from launch", width=width)
        + "".join(f"\nShock, {with_own_values(shock)}" for shock in setting["shocks"])
        + "".join(f"\n{text}" for text in _before(said, setting)),
        grid([("Births", [count(said["births"])]), ("Deaths under five", [count(total)]),
              ("  per 1,000 births (U5MR)", [count(rates["u5mr"], 1)]),
              ("  of newborns (NMR)", [count(rates["nmr"], 1)])], column=10),
        grid([("Deaths by cause", []), *(("  " + name, cells) for name, cells in deaths)], column=10),
        grid([("Visits", ["CHWs", "facilities"]), *(("  " + name, cells) for name, cells in visits)], column=12),
        grid([("Days out of stock", ["CHWs", "facilities"]), *(("  " + name, cells) for name, cells in stock)],
             column=12),
        *(folded(text, width=width, first="! ") for text in said["warnings"]),
    ]  # fmt: skip
    return "\n\n".join(blocks)


def _by_and_by(setting: Mapping[str, Any]) -> str:
    """Over how long posts are first filled, if not all are on the day of launch."""
    days = setting.get("rollout_days")
    return f", filled over {duration(days)}" if days else ""


def _before(said: Mapping[str, Any], setting: Mapping[str, Any], common: str = "") -> Iterator[str]:
    """The status quo of the days before launch, where it is not health facilities only."""
    if "status_quo" in said:
        name, days = said["status_quo"]["name"].removeprefix(common), duration(setting["warmup_days"])
        yield f"Status quo in the {days} before launch: {name}"


def in_a_row(seeds: Sequence[int]) -> bool:
    """Whether seeds are several that follow one another."""
    return len(seeds) > 1 and all(after - before == 1 for before, after in pairwise(seeds))


# --- a comparison --------------------------------------------------------------------------------------


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
             for text in (*_before(said, arms[0]["setting"], common), *_shocks(arms, common))]  # fmt: skip
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


# --- parameters and places -----------------------------------------------------------------------------


def params_text(rows: Sequence[Mapping[str, Any]], *, width: int = WIDTH) -> str:
    """Parameters one under the other: value, meaning, range, source."""
    blocks = []
    for row in rows:
        path = row["key"] if row["section"] == "run" else f"{row['section']}.{row['key']}"
        fixed = " Fixed when the run begins." if row["section"] == "programme" and not row["dated"] else ""
        lines = [f"{path} = {value_text(row['default'])} {row['unit']}",
                 folded(row["says"], width=width, first=INDENT, rest=INDENT),
                 folded(_doubt(row) + fixed, width=width, first=INDENT, rest=INDENT),
                 folded(f"{row['source']}. Grade {row['grade']}.".replace("..", "."), width=width, first=INDENT,
                        rest=INDENT)]  # fmt: skip
        blocks.append("\n".join(lines))
    noun = "parameter" if len(rows) == 1 else "parameters"
    return "\n\n".join([*blocks, f"{len(rows)} {noun}. Grades: A trial or meta-analysis, B survey or large programme, "
                                 "C single study, D assumption."])  # fmt: skip


def value_text(value: Any) -> str:
    """A value as a person would write it in a scenario file."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(value_text(each) for each in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _doubt(row: Mapping[str, Any]) -> str:
    low, high = row["allowed"]
    said = f"Allowed {value_text(low)} to {value_text(high)}"
    if row["plausible"] is None:
        return f"{said}; not varied ({row['note']})." if row["note"] else f"{said}; not varied."
    factor = "times " if isinstance(row["default"], tuple) else ""
    return f"{said}; plausible {factor}{value_text(row['plausible'][0])} to {value_text(row['plausible'][1])}."


def places_text(said: Mapping[str, Any], dirt: Sequence[str], *, shown: int) -> str:
    """A district as the program reads it."""
    place, posts = said["place"], said["posts"]
    rows = [
        ("Villages", [count(place["villages"])]), ("People", [count(place["people"])]),
        ("  5 km or more from a facility", [percent(place["share_people_5km_or_more"])]),
        ("  10 km or more", [percent(place["share_people_10km_or_more"])]),
        ("Health-facility zones", [count(place["zones"])]),
        ("  first-level facilities", [count(place["facilities_first_level"])]),
        ("  referral facilities", [count(place["facilities_referral"])]),
        ("Mean km to the nearest facility", [count(place["mean_km_nearest"], 1)]),
        ("Mean km to a referral facility", [count(place["mean_km_hospital"], 1)]),
    ]  # fmt: skip
    norm = (f"CHWs by the norm (villages {posts['norm_min_km']:g} km or more from any facility, posts that reach "
            f"{posts['norm_radius_km']:g} km,\none CHW for {count(posts['norm_people_per_chw'])} people)")  # fmt: skip
    staff = [("  posts", [count(posts["posts"])]), ("  CHWs", [count(posts["chws"])]),
             ("  villages served", [count(posts["villages_served"])]),
             ("  people served", [count(posts["people_served"])]),
             ("  people to a CHW", [count(posts["people_per_chw"])])]  # fmt: skip
    blocks = [place["name"], grid(rows, column=12), norm + "\n" + grid(staff, column=12)]
    return "\n\n".join([*blocks, _repairs(place, said["repairs"], dirt, shown=shown)])


def _repairs(place: Mapping[str, Any], kinds: Mapping[str, int], dirt: Sequence[str], *, shown: int) -> str:
    if not dirt:
        return "Nothing in the lists had to be put right."
    lines = [f"Put right in the lists ({len(dirt)}):", *(f"  {n:>5}  {kind}" for kind, n in kinds.items())]
    if place["people_dropped"] or place["people_imputed"]:
        lines.append(f"  {count(place['people_dropped'])} people dropped with their villages, "
                     f"{count(place['people_imputed'])} people guessed")  # fmt: skip
    more = [f"  and {len(dirt) - shown} more (all of them: --json)"] if len(dirt) > shown else []
    return "\n".join([*lines, "", *(f"  {each}" for each in dirt[:shown]), *more])
