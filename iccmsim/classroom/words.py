"""What the page says: the date, the counters, the legend, the story as marked-up words."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from iccmsim.classroom.picture import DIED, FAINT, HERE, INK, LOST, SAVED, SEVERE, SICK
from iccmsim.classroom.village_map import HOME, SERVED, WATER
from iccmsim.report.trace import LAUNCH, MONTHS

if TYPE_CHECKING:
    from iccmsim.classroom.game import Game
    from iccmsim.classroom.stories import Story

SUPERVISION = {"never": 0.0, "half": 0.5, "most": 0.85}  # of CHWs in a month
FEES = {"0": 0.0, "0.50": 0.5, "2": 2.0}
YES_NO = {"yes": 1.0, "no": 0.0}
SAD_WORDS = ("Dies", "Gets worse", "Here its twin", "nobody is there", "no turn", "Out of stock", "does not go")
LAST_DEEDS = 5

MAP_ALT = "Map of villages: households, sick children, CHWs, health centres"
MAP_NOTE = "Numbers are of villages, which are drawn larger than life. Click a child, a CHW or a centre for its story."
CHART_NOTE = (
    "Pale blue bands: the rains, July to October. Thin numbered lines: levers pulled. Saved: alive here, died in the "
    "twin; lost: the other way round; net: saved less lost. Expected: chances of death in place of the coin that was "
    "tossed. Waiting, and in vain (nobody there or no turn; an empty box is not counted): a day, mean of the week "
    "before. Last chart: malaria, pneumonia, diarrhoea and newborn infection."
)


def date(game: Game) -> str:
    """Today's date, the year and the day."""
    today = LAUNCH + timedelta(days=game.day)
    year = today.year - LAUNCH.year + 1
    over = " · the lesson is over" if game.is_over else ""
    return f"{today.day} {MONTHS[today.month - 1]}, year {year}<small>day {game.day} of {game.days}{over}</small>"


def tiles(game: Game, averted: float) -> str:
    """The six numbers that a class watches; `averted`: expected deaths averted so far."""
    now = {name: f"{game.history[name][-1]:,.0f}" for name in ("visits", "deaths", "deaths_twin", "saved", "lost")}
    told = (("visits to CHWs", now["visits"], INK), ("deaths here", now["deaths"], HERE),
            ("deaths in the twin", now["deaths_twin"], "#5f5f5f"), ("saved", now["saved"], "#00704f"),
            ("lost", now["lost"], "#a3467a"), ("averted, expected", f"{round(averted, 1) + 0.0:.1f}", INK))  # fmt: skip
    return "".join(f'<div class="ic-tile"><b style="color:{colour}">{number}</b><span>{name}</span></div>'
                   for name, number, colour in told)  # fmt: skip


def done(game: Game) -> str:
    """The levers pulled so far, the latest last, with the numbers that they have in the charts."""
    numbered = list(enumerate(game.acted, 1))[-LAST_DEEDS:]
    return "".join(f"<li><b>{number}</b> day {day}: {escape(told)}</li>" for number, (day, told) in numbered)


def sign(shape: str, words: str) -> str:
    """One entry of the legend."""
    return f'<span><svg width="22" height="20" viewBox="0 0 22 20" aria-hidden="true">{shape}</svg>{words}</span>'


def _dot(colour: str, radius: float) -> str:
    return f'<circle cx="11" cy="10" r="{radius}" fill="{colour}"/>'


def _triangle(fill: str, edge: str) -> str:
    return f'<path d="M11 3 L18 16 L4 16 Z" fill="{fill}" stroke="{edge}" stroke-width="1.6"/>'


def _cross(colour: str) -> str:
    return f'<path d="M7 6 L15 14 M15 6 L7 14" stroke="{colour}" stroke-width="2.4"/>'


def _centre(fill: str, mark: str) -> str:
    return (f'<rect x="3" y="2" width="16" height="16" fill="{fill}" stroke="{INK}" stroke-width="1.4"/>'
            f'<path d="M11 5 V15 M6 10 H16" stroke="{mark}" stroke-width="3.4"/>')  # fmt: skip


def _box(share: float) -> str:
    return (f'<rect x="1" y="8" width="20" height="5" fill="{FAINT}"/>'
            f'<rect x="1" y="8" width="{20 * share:g}" height="5" fill="{INK}"/>')  # fmt: skip


STAR = "M11 2 L13.2 8 L19.5 8.2 L14.5 12 L16.3 18 L11 14.5 L5.7 18 L7.5 12 L2.5 8.2 L8.8 8 Z"
LEGEND = "".join((
    sign(_dot(SERVED, 2.6), "family with a CHW"), sign(_dot(HOME, 2.6), "family without"),
    sign(_dot(SICK, 4), "sick child"), sign(_dot(SEVERE, 5.5), "severely ill"),
    sign(_cross(DIED), "died, last 60 days"),
    sign(f'<path d="{STAR}" fill="{SAVED}"/>', "saved: died in the twin"),
    sign(_cross(LOST), "lost: lives in the twin"),
    sign(_triangle(HERE, HERE), "CHW at work"), sign(_triangle("#fff", HERE), "CHW away"),
    sign(_triangle("#fff", "#7a7a7a"), "post empty"),
    sign(_box(0.65), "share of products in the box"),
    sign(_centre(INK, "#fff"), "health centre, open"), sign(_centre("#fff", INK), "closed"),
    sign(f'<rect x="2" y="3" width="18" height="14" fill="{WATER}"/>', "flood"),
))  # fmt: skip


def story(told: Story | None) -> str:
    """A story as a card; without one, what to do to read one."""
    if told is None:
        return "<h2>Stories</h2><p>Click a child, a CHW or a health centre on the map.</p>"
    said = "".join(f"<p>{escape(each)}</p>" for each in told.says)
    events = "".join(
        f'<li class="{"ic-bad" if any(word in each for word in SAD_WORDS) else ""}"><small>{escape(when)}</small>'
        f"{escape(each)}</li>" for when, each in told.events)  # fmt: skip
    left_out = f'<p class="ic-note">{told.earlier} earlier events are left out.</p>' if told.earlier else ""
    return f'<h2>{escape(told.title)}</h2><div class="ic-read">{said}{left_out}<ul>{events}</ul></div>'
