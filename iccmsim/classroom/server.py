"""The server behind the page: on this machine alone, asking nothing of any other."""

from __future__ import annotations

import os
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass

NOWHERE = "http://127.0.0.1:9/"  # nothing listens there: what is not installed here is not fetched from elsewhere
SETTINGS = {
    "SOLARA_APP": "iccmsim.classroom.app", "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_ASSETS_CDN": NOWHERE, "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False", "SOLARA_MODE": "production",
    "SOLARA_THEME_TITLE": "iccmsim classroom", "SOLARA_THEME_SHOW_BANNER": "False", "SOLARA_THEME_LOADER": "plain",
    "SOLARA_KERNEL_CULL_TIMEOUT": "20m",  # a window that was closed is forgotten: it holds some 100 MB
}  # fmt: skip
EXTRA = ("solara", "ipyvuetify", "starlette", "uvicorn")


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


def serve(*, host: str, port: int, open_browser: bool, tell: Callable[[str], None]) -> None:
    """Serve the page until somebody presses Ctrl-C."""
    os.environ.update(SETTINGS)
    import uvicorn
    from solara.server.starlette import app

    address = f"http://{host}:{port}/"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list | None = None) -> None:
            await super().startup(sockets)
            tell(f"The classroom is open at {address} (Ctrl-C closes it)")
            if open_browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    Server(uvicorn.Config(app, host=host, port=port, log_level="error")).run()
