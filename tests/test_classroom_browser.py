"""The classroom in a real browser: it loads, plays, feels a lever, tells a story, begins anew, and asks nobody outside.

Needs the extras `classroom` and `browser` and a Chromium of the system; skipped, with the reason, where one is lacking.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LACKING = [name for name in ("solara", "playwright") if find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(LACKING), reason=f"classroom in a browser: {', '.join(LACKING)} not installed"),
    pytest.mark.skipif(CHROMIUM is None, reason="classroom in a browser: no Chromium on this machine"),
]
REPOSITORY = Path(__file__).resolve().parents[1]
LONG = 90_000  # milliseconds: a machine that does other things too
HOME = ("localhost", "127.0.0.1", "::1")

SPY = """
import os, socket
def note(what):
    with open(os.environ["SPY_FILE"], "a") as file:
        file.write(f"{what}\\n")
connect, look_up = socket.socket.connect, socket.getaddrinfo
def spied_connect(self, address):
    if isinstance(address, tuple) and address[0] not in ("localhost", "127.0.0.1", "::1"):
        note(address)
    return connect(self, address)
def spied_look_up(host, *args, **kwargs):
    if host not in (None, "", "localhost", "127.0.0.1", "::1"):
        note(host)
    return look_up(host, *args, **kwargs)
socket.socket.connect, socket.getaddrinfo = spied_connect, spied_look_up
"""


class Room:
    """A page, what it complained of, and whom it asked."""

    def __init__(self, page: object, address: str) -> None:
        self.page, self.address = page, address
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda fault: self.errors.append(str(fault)))
        page.on("requestfailed", self._fails)
        page.on("response", lambda answer: self.errors.append(answer.url) if answer.status >= 400 else None)
        page.on("request", self._asks)
        page.on("websocket", lambda line: self._asks(line))

    def _fails(self, request: object) -> None:
        if "/_solara/api/close/" not in request.url:  # a page that is left does not wait for the answer to its goodbye
            self.errors.append(f"failed: {request.url}")

    def _asks(self, request: object) -> None:
        scheme, _, rest = request.url.partition("://")
        host = re.split("[:/]", rest)[0]
        if scheme in ("http", "https", "ws", "wss") and host not in HOME:
            self.outside.append(request.url)

    def enter(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_selector(".ic-map img", timeout=LONG)
        self.page.wait_for_selector(".ic-charts img", timeout=LONG)

    def press(self, name: str, *, within: str = ".ic") -> None:
        self.page.locator(within).get_by_role("button", name=name, exact=True).click()

    def day(self) -> int:
        return int(re.search(r"day (\d+) of", self.page.inner_text(".ic-date")).group(1))

    def until(self, condition, what: str) -> None:
        end = time.monotonic() + LONG / 1000
        while not condition():
            assert time.monotonic() < end, what
            self.page.wait_for_timeout(100)

    def settle(self) -> None:
        """Wait until the picture stands still: the clock may be in the middle of its last days."""
        seen, since = "", time.monotonic()
        while time.monotonic() - since < 1.5:
            frame = self.page.get_attribute(".ic-map img", "data-frame")
            if frame != seen:
                seen, since = frame, time.monotonic()
            self.page.wait_for_timeout(100)

    def click(self, right: float, down: float) -> str:
        """Click on the map, in percent of its width and height; the heading of the story card once that is answered."""
        card, image = self.page.locator(".ic-story"), self.page.locator(".ic-map img")
        clicks, size = int(card.get_attribute("data-clicks")), image.bounding_box()
        image.click(position={"x": size["width"] * right / 100, "y": size["height"] * down / 100})
        self.until(lambda: int(card.get_attribute("data-clicks")) > clicks, "a click is not answered")
        return self.page.inner_text(".ic-story h2")

    def charts(self) -> str:
        return self.page.get_attribute(".ic-charts img", "alt")

    def boxes(self) -> float:
        """Doses in a CHW's box by what the charts say."""
        said = re.search(r"Doses in a CHW's box: (.*?)\. Waiting", self.charts()).group(1)
        return sum(float(part.split()[0]) for part in said.split(", "))


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """The command as a teacher starts it, with every call of the server to another machine written down."""
    folder = tmp_path_factory.mktemp("spy")
    (folder / "sitecustomize.py").write_text(SPY, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{REPOSITORY}", "SPY_FILE": str(folder / "asked.txt")}
    command = [sys.executable, "-m", "iccmsim", "classroom", "--no-browser", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said = ""
        while "The classroom is open at" not in said:
            line = process.stdout.readline()
            assert line, f"the server ended: {said}"
            said += line
        yield f"http://127.0.0.1:{port}/", folder / "asked.txt"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def room(server, browser, request) -> Iterator[Room]:
    """A window of the size that is asked for; when it closes nothing may have gone wrong or out."""
    width, height = getattr(request, "param", (1920, 1080))
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(LONG)
    room = Room(context.new_page(), server[0])
    room.enter()
    yield room
    context.close()
    assert room.errors == []
    assert room.outside == []
    assert not server[1].exists(), server[1].read_text()


def click_somewhere(room: Room, wanted: str) -> str:
    """Click through the map until a story of this kind opens; its title."""
    for down in range(5, 96, 3):
        for right in range(5, 96, 6):
            title = room.click(right, down)
            if title.startswith(wanted):
                return title
    raise AssertionError(f"no {wanted} on the map")


def test_the_page_plays_feels_a_lever_tells_a_story_and_begins_anew(room):
    assert room.day() == 0
    room.press("fast")
    room.press("Play")
    room.until(lambda: room.day() >= 60, "the clock does not run")
    room.press("Pause")
    room.until(lambda: room.page.locator(".ic-play", has_text="Play").count() == 1, "the clock does not stop")
    room.settle()
    day, full = room.day(), room.boxes()
    picture = room.page.get_attribute(".ic-charts img", "src")
    assert full > 5

    room.press("Empty them now")
    room.until(lambda: "boxes emptied" in room.page.inner_text(".ic-did"), "the lever is not noted")
    room.press("1 day")
    room.until(lambda: room.day() == day + 1, "one day does not pass")
    room.until(lambda: room.boxes() < 0.5 * full, "the charts do not feel the lever")
    room.until(lambda: room.page.get_attribute(".ic-charts img", "src") != picture, "the charts are not drawn anew")

    title = click_somewhere(room, "Child")
    assert re.match(r"Child \d+", title)
    assert "Village" in room.page.inner_text(".ic-story .ic-read")
    assert room.page.locator(".ic-story li").count() >= 1

    room.press("Reset")
    room.until(lambda: room.day() == 0, "reset does not begin anew")
    room.until(lambda: room.page.inner_text(".ic-did") == "", "reset keeps old levers")
    room.until(lambda: "Click a child" in room.page.inner_text(".ic-story"), "reset keeps the old story")


def test_a_chosen_option_acts_now_and_shows_that_it_is_chosen(room):
    room.press("most")
    room.until(lambda: "Supervision: 85 %" in room.page.inner_text(".ic-did"), "the lever is not noted")
    room.until(lambda: room.page.locator(".ic-levers .ic-on", has_text="most").count() == 1, "it is not shown")
    room.press("Post one")
    room.until(lambda: "One more CHW in village" in room.page.inner_text(".ic-did"), "nobody is posted")
    assert "day 0" in room.page.inner_text(".ic-did")


def test_another_lesson_asks_another_question(room):
    room.press("The empty box")
    room.until(lambda: "bad day of supply" in room.page.inner_text(".ic-question"), "the question stays")
    room.until(lambda: room.page.locator(".ic-map img").count() == 1, "no map")
    room.press("Others")
    room.until(lambda: "seed 2" in room.page.inner_text(".ic-seed"), "the same children")


@pytest.mark.parametrize("room", [(390, 844)], indirect=True)
def test_on_a_phone_nothing_sticks_out_and_the_page_plays(room):
    room.settle()
    wide = room.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]
    parts = [*room.page.locator(".ic-card:not(.ic-map)").all(), *room.page.locator(".ic-picture, .ic-key").all()]
    for part in parts:
        box = part.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    room.press("Play")
    room.until(lambda: room.day() >= 3, "the clock does not run")
    assert click_somewhere(room, "CHW").startswith("CHW ")


@pytest.mark.parametrize("room", [(390, 844)], indirect=True)
def test_on_a_phone_a_story_comes_into_sight_with_some_of_the_map_above_it(room):
    click_somewhere(room, "Child")
    heading, image = room.page.locator(".ic-story h2"), room.page.locator(".ic-map img")

    def seen() -> bool:
        top, bar = heading.bounding_box(), room.page.locator(".ic-bar").bounding_box()
        return bar["y"] + bar["height"] < top["y"] and top["y"] + top["height"] < 844 * 0.6

    room.until(seen, "the story stays out of sight")
    map_box = image.bounding_box()
    assert room.page.locator(".ic-bar").bounding_box()["height"] < map_box["y"] + map_box["height"]


def test_a_game_is_not_left_without_being_asked(room):
    asked: list[str] = []
    stay = True

    def answer(dialog: object) -> None:
        asked.append(dialog.type)
        (dialog.dismiss if stay else dialog.accept)()

    room.page.on("dialog", answer)
    room.page.reload()  # nothing has happened yet: nothing is asked
    room.page.wait_for_selector(".ic-charts img", timeout=LONG)
    assert asked == []
    room.press("1 day")
    room.until(lambda: room.day() == 1, "one day does not pass")
    room.settle()
    room.page.evaluate("setTimeout(() => location.reload(), 0)")
    room.until(lambda: asked == ["beforeunload"], "nothing is asked")
    room.press("1 day")
    room.until(lambda: room.day() == 2, "the game does not go on after staying")
    room.settle()
    stay = False
    room.page.evaluate("setTimeout(() => location.reload(), 0)")
    room.until(lambda: room.page.locator(".ic-date", has_text="day 0 of").count() == 1, "no new game")
    assert asked == ["beforeunload"] * 2
