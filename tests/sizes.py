"""How much a lever moves what it is there to move, beside what is expected of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Size(NamedTuple):
    """One lever (or several that act as one): what is measured, between which bounds it must lie, and why these.

    `why` names the source of the size, or the arithmetic that gives it from the lever's own meaning. Bounds are set
    before the run: they hold what is expected and its Monte-Carlo error, not what the model happens to give.
    """

    levers: tuple[str, ...]
    found: Callable[[], float]
    low: float
    high: float
    why: str

    def holds(self) -> None:
        """Fails if what is found lies outside."""
        found = self.found()
        assert self.low <= found <= self.high, f"{self.levers}: {found:.4g} for {self.low:g} to {self.high:g}"


def near(expected: float, *, within: float = 0.1) -> tuple[float, float]:
    """Bounds around an expectation, by a share of it."""
    return tuple(sorted((expected * (1.0 - within), expected * (1.0 + within))))
