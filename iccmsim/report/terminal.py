"""Results as plain text, for a terminal of any make: aligned columns, no colours, nothing cut."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TextIO

from iccmsim.results.shock_words import with_own_values

WIDTH = 110  # where nobody says how wide the terminal is
LABEL = 32
INDENT = "    "
YEAR = 365.25  # days
PRODUCT_NAMES = {"ors": "ORS", "zinc": "zinc", "amoxicillin": "amoxicillin", "act_infant": "ACT (infant)",
                 "act_child": "ACT (child)", "rdt": "malaria test", "rectal_artesunate": "rectal artesunate",
                 "gentamicin": "gentamicin", "rutf": "ready-to-use food", "any": "any of these"}  # fmt: skip
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
        + "".join(f"\n{text}" for text in before_launch(said, setting)),
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


def before_launch(said: Mapping[str, Any], setting: Mapping[str, Any], common: str = "") -> Iterator[str]:
    """The status quo of the days before launch, where it is not health facilities only."""
    if "status_quo" in said:
        name, days = said["status_quo"]["name"].removeprefix(common), duration(setting["warmup_days"])
        yield f"Status quo in the {days} before launch: {name}"


def in_a_row(seeds: Sequence[int]) -> bool:
    """Whether seeds are several that follow one another."""
    return len(seeds) > 1 and all(after - before == 1 for before, after in pairwise(seeds))


# --- parameters and places ---------------------------------------------------------------------------


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
