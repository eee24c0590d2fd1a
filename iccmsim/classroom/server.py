"""The server behind the page: on this machine alone, asking nothing of any other."""

from __future__ import annotations

import os
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

NOWHERE = "http://127.0.0.1:9/"  # nothing listens there: what is not installed here is not fetched from elsewhere
SETTINGS = {
    "SOLARA_APP": "iccmsim.classroom.app", "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_ASSETS_CDN": NOWHERE, "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False", "SOLARA_MODE": "production",
    "SOLARA_THEME_TITLE": "iccmsim classroom", "SOLARA_THEME_SHOW_BANNER": "False", "SOLARA_THEME_LOADER": "plain",
    "SOLARA_ASSETS_EXTRA_LOCATIONS": "iccmsim.classroom.assets",  # custom.js
    "SOLARA_KERNEL_CULL_TIMEOUT": "20m",  # a window that was closed is forgotten: it holds some 100 MB
}  # fmt: skip
EXTRA = ("solara", "ipyvuetify", "starlette", "uvicorn", "psutil")


@dataclass
class Asked:
    """What a new window begins with."""

    lesson: str = "good-looking"
    seed: int | None = None


asked = Asked()


def missing() -> list[str]:
    """Packages of the extra `classroom` that are not installed."""
    from importlib.util import find_spec

    return [name for name in EXTRA if find_spec(name) is None]


def get_ready() -> None:
    """Play and draw one day, so that everything is compiled before the first window opens."""
    from iccmsim.classroom.table import Table

    table = Table(asked.lesson, seed=asked.seed)
    room = {"width": 400, "tall": 900, "wide": 1200, "density": 1.0}
    table.fit_map(room)
    table.fit_charts(room)
    table.advance(1)


def own_addresses() -> list[str]:
    """This machine's own IPv4 addresses on the networks that it is part of now; nobody is asked."""
    import psutil

    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    known = [each.address for name, addresses in psutil.net_if_addrs().items() if name in up
             for each in addresses if each.family == socket.AF_INET]  # fmt: skip
    return [each for each in known if not ip_address(each).is_loopback and not ip_address(each).is_link_local]


def is_for_all(host: str) -> bool:
    """Whether a host means every address of this machine (0.0.0.0 or ::), which no browser can open."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def page_at(host: str, port: int) -> str:
    """The address of the page, as a browser wants it."""
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}/"


def places_of(host: str, port: int) -> tuple[str, str]:
    """Where the page is opened on this machine, and a sentence on where others open it ("" if they cannot)."""
    if not is_for_all(host):
        return page_at(host, port), ""
    others = " or ".join(page_at(each, port) for each in own_addresses())
    return page_at("localhost", port), (
        f"Phones and computers of the same network open {others}" if others else
        "This machine is on no network, so no other can open the page")  # fmt: skip


def serve(*, host: str, port: int, open_browser: bool, tell: Callable[[str], None]) -> None:
    """Serve the page until somebody presses Ctrl-C."""
    os.environ.update(SETTINGS)
    import uvicorn
    from solara.server.starlette import app

    address, others = places_of(host, port)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list | None = None) -> None:
            await super().startup(sockets)
            tell(f"The classroom is open at {address} (Ctrl-C closes it)")
            if others:
                tell(others)
            if open_browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    Server(uvicorn.Config(app, host=host, port=port, log_level="error")).run()
