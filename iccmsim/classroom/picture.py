"""Pictures that are drawn many times: what stays is drawn once, what moves is drawn over it, and out comes a PNG."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.artist import Artist

INK, SOFT, FAINT, PAPER = "#222222", "#6b6b6b", "#d9d9d9", "#ffffff"
HERE, TWIN = "#0072b2", "#6f6f6f"  # Okabe and Ito, and grey: as in the figures of the report
SAVED, LOST = "#009e73", "#cc79a7"
SICK, SEVERE, DIED = "#e69f00", "#d55e00", "#222222"
DOTS = 100  # an inch


class Canvas:
    """A figure of so many CSS pixels, drawn at the screen's own density; words keep their size on every screen."""

    def __init__(self, width: int, height: int, *, density: float = 1.0) -> None:
        self.width, self.height, self.density = width, height, density
        self.figure = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS * density, facecolor=PAPER)
        self.canvas = FigureCanvasAgg(self.figure)
        self._still = None

    def points(self, pixels: float) -> float:
        """A length in CSS pixels as matplotlib measures it."""
        return pixels * 72 / DOTS

    def forget(self) -> None:
        """What stays has changed: draw it anew next time."""
        self._still = None

    def shoot(self, moving: Iterable[Artist]) -> str:
        """The picture with these artists on top, as an address that a browser shows."""
        if self._still is None:
            self.canvas.draw()
            self._still = self.canvas.copy_from_bbox(self.figure.bbox)
        else:
            self.canvas.restore_region(self._still)
        for artist in moving:
            self.figure.draw_artist(artist)
        picture = Image.fromarray(np.asarray(self.canvas.buffer_rgba())[..., :3])
        out = io.BytesIO()
        picture.save(out, "PNG", compress_level=1)
        return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")
