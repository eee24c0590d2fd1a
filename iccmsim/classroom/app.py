"""The page: a question, a clock, levers, the map, the charts and the story of whoever was clicked.

It is a Solara page of its own around `ICCMModel` and not Mesa's `SolaraViz`: that one steps a single model where this
page steps two, its sliders act at the next reset only, and its panels stand on a grid that no phone can show.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import solara
from solara.alias import rv

from iccmsim.classroom import words
from iccmsim.classroom.lessons import LESSONS, lesson_of
from iccmsim.classroom.server import asked
from iccmsim.classroom.table import SPEEDS, Table

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


@solara.component_vue("picture.vue")
def Picture(*, src: str, alt: str, frame: int, rest: int, points: bool, event_resized: Any = None,  # noqa: N802
            event_pointed: Any = None, event_seen: Any = None) -> None:  # fmt: skip
    """A picture that tells how much room it has, where it is clicked, and when it is on the screen."""


@solara.component_vue("story.vue")
def StoryCard(*, told: dict[str, Any]) -> None:  # noqa: N802
    """A card with a story; on a phone it comes into sight when somebody asks for it."""


@solara.component_vue("leave.vue")
def Leave(*, begun: bool) -> None:  # noqa: N802
    """Says that the game ends with the page, and asks before it does."""


def box(name: str, *children: Any, tag: str = "div", **attributes: Any) -> Any:
    """A part of the page with a class of its own."""
    return rv.Html(tag=tag, class_=name, children=list(children), attributes=attributes)


def html(markup: str, *, tag: str = "div", name: str = "") -> None:
    """Words with marks, from this package alone (never from what somebody typed)."""
    solara.HTML(tag=tag, unsafe_innerHTML=markup, classes=[name] if name else [])


@solara.component
def Layout(children: Any) -> Any:  # noqa: N802
    """No bar and no banner around the page."""
    return box("", *children)


@solara.component
def Page() -> None:  # noqa: N802
    """One browser window with a lesson of its own."""
    lesson = solara.use_reactive(asked.lesson)
    seed = solara.use_reactive(asked.seed)
    rounds = solara.use_reactive(0)
    playing = solara.use_reactive(False)
    speed = solara.use_reactive("steady")
    tick = solara.use_reactive(0)
    rooms: dict[str, dict[str, float]] = solara.use_memo(dict, [])
    table = solara.use_memo(lambda: Table(lesson.value, seed=seed.value, rooms=rooms),
                            [lesson.value, seed.value, rounds.value])  # fmt: skip

    def shown() -> None:
        tick.value += 1

    def clock(cancel: threading.Event) -> None:
        if playing.value:
            table.run(lambda: playing.value and not cancel.is_set(), speed=lambda: SPEEDS[speed.value], shown=shown)
            playing.value = playing.value and not table.game.is_over

    solara.use_thread(clock, dependencies=[playing.value, table], intrusive_cancel=False)

    def begin(**chosen: Any) -> None:
        playing.value = False
        lesson.value, seed.value = chosen.get("lesson", lesson.value), chosen.get("seed", seed.value)
        rounds.value += 1
        shown()

    solara.Style(STYLE)
    solara.Title("iccmsim classroom")
    with box("ic"):
        Head(lesson.value, table.game.seed, begin)
        Question(lesson.value)
        Bar(table, playing, speed, tick, begin)
        with box("ic-rooms"):
            Levers(table, tick)
            Map(table, tick)
            Charts(table, tick)
            Told(table, tick)


@solara.component
def Head(chosen: str, seed: int, begin: Any) -> None:  # noqa: N802
    """The lessons to choose from, and other children."""
    with box("ic-head"):
        html("iccmsim classroom", tag="h1")
        for lesson in LESSONS:
            solara.Button(lesson.title, on_click=lambda key=lesson.key: begin(lesson=key, seed=lesson_of(key).seed),
                          classes=["ic-on"] if lesson.key == chosen else [])  # fmt: skip
        with box("ic-group ic-seed"):
            html(f"Children: seed {seed}", tag="span", name="ic-label")
            solara.Button("Others", on_click=lambda: begin(seed=seed + 1),
                          attributes={"title": "Another seed: other children, on another map"})  # fmt: skip


@solara.component
def Question(chosen: str) -> None:  # noqa: N802
    """What the class is asked, what to try, and what came of trying."""
    lesson = lesson_of(chosen)
    tries = "".join(f"<li>{each}</li>" for each in lesson.tries)
    html(f"<b>{lesson.question}</b><details><summary>What to try</summary><ol>{tries}</ol></details>"
         f"<details><summary>An answer, for after playing</summary>{lesson.answer}</details>",
         name="ic-card ic-question")  # fmt: skip


@solara.component
def Bar(table: Table, playing: Any, speed: Any, tick: Any, begin: Any) -> None:  # noqa: N802
    """Play, step, reset, speed, the date, and what it has come to."""
    game, _ = table.game, tick.value

    def one_day() -> None:
        table.advance(1)
        tick.value += 1

    with box("ic-card ic-bar"):
        solara.Button("Pause" if playing.value else "Play", icon_name="mdi-pause" if playing.value else "mdi-play",
                      on_click=lambda: playing.set(not playing.value), classes=["ic-play"],
                      disabled=game.is_over)  # fmt: skip
        solara.Button("1 day", on_click=one_day, disabled=playing.value or game.is_over)
        solara.Button("Reset", icon_name="mdi-restart", on_click=begin)
        with box("ic-group"):
            for name, days in SPEEDS.items():
                solara.Button(name, on_click=lambda name=name: speed.set(name),
                              classes=["ic-on"] if speed.value == name else [],
                              attributes={"title": f"{days:g} days a second"})  # fmt: skip
        html(words.date(game), name="ic-date")
        html(words.tiles(game, table.averted), name="ic-tiles")


@solara.component
def Levers(table: Table, tick: Any) -> None:  # noqa: N802
    """What the class can do to the district, from today on."""
    game, _ = table.game, tick.value
    now = game.levers()

    def pull(lever: Any, *value: Any, idle: bool = False) -> Any:
        def act() -> None:
            if idle:
                return
            table.pull(lambda: lever(*value))
            tick.value += 1

        return act

    def choice(label: str, options: dict[str, float], current: float, lever: Any) -> None:
        with box("ic-lever"):
            html(label, tag="span")
            with box("ic-group"):
                for name, value in options.items():
                    on = abs(current - value) < 1e-9
                    solara.Button(name, on_click=pull(lever, value, idle=on), classes=["ic-on"] if on else [],
                                  disabled=game.is_over)  # fmt: skip

    def deed(label: str, name: str, lever: Any, *, sharp: bool = True, off: bool = False) -> None:
        with box("ic-lever"):
            html(label, tag="span")
            solara.Button(name, on_click=pull(lever), classes=["ic-sharp"] if sharp else [],
                          disabled=off or game.is_over)  # fmt: skip

    with box("ic-card ic-levers"):
        html("Levers: they act from today on", tag="h2")
        choice("Supervisor visits", words.SUPERVISION, now["spv.freq"], game.set_supervision)
        choice("CHWs are paid", words.YES_NO, now["pay.on"], game.set_pay)
        choice("Fee for a visit, USD", words.FEES, now["fee.chw"], game.set_fee)
        choice("CHWs' boxes are refilled", words.YES_NO, now["sup.on"], game.set_supply)
        deed("All CHWs' boxes", "Empty them now", game.empty_boxes)
        deed("One more CHW, where owed first", "Post one", game.add_chw, sharp=False)
        deed("Flood: roads cut for 30 days", "Flood now", game.flood, off=game.here.is_flooded)
        html(words.done(game), tag="ul", name="ic-did")
        Leave(begun=game.day > 0 or bool(game.acted))


@solara.component
def Map(table: Table, tick: Any) -> None:  # noqa: N802
    """The village map and what its signs mean."""
    _ = tick.value

    def fit(told: dict[str, float]) -> None:
        table.fit_map(told)
        tick.value += 1

    def point(told: dict[str, float]) -> None:
        table.point(told)
        tick.value += 1

    def seen(frame: int) -> None:
        table.seen = frame

    with box("ic-card ic-map"):
        Picture(src=table.pictures["map"], alt=words.MAP_ALT, frame=table.frame, rest=300, points=True,
                event_resized=fit, event_pointed=point, event_seen=seen)  # fmt: skip
        with box("ic-key"):
            html(words.LEGEND, name="ic-legend")
            html(words.MAP_NOTE, name="ic-note")


@solara.component
def Charts(table: Table, tick: Any) -> None:  # noqa: N802
    """The live charts."""
    _ = tick.value

    def fit(told: dict[str, float]) -> None:
        table.fit_charts(told)
        tick.value += 1

    with box("ic-card ic-charts"):
        alt = table.charts.summary() if table.charts is not None else "Charts"
        Picture(src=table.pictures["charts"], alt=alt, frame=table.frame, rest=300, points=False, event_resized=fit)
        html(words.CHART_NOTE, name="ic-note")


@solara.component
def Told(table: Table, tick: Any) -> None:  # noqa: N802
    """The story of a child, a CHW or a health centre."""
    _ = tick.value
    story = table.story
    StoryCard(told={"markup": words.story(story), "open": story is not None, "clicks": table.clicks})
