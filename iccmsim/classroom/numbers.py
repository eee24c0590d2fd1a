"""Where numbers stand on the pictures so that nothing covers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, hypot, radians, sin

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels
Spot = tuple[float, float]
ANGLES = (90, 60, 120, 30, 150, 0, 180)  # above the village first, below it never: its CHWs stand there
INSIDE = (0.0, -0.5, 0.5)  # of its radius, downwards
CLOSE = 3.0  # pixels


def beside_lines(lines: Sequence[float], wide: float, length: Callable[[str], float]) -> list[tuple[float, str]]:
    """Where the numbers of so many vertical lines begin, in pixels, and what they say: one beside each line, and one
    for several ("3-5") where they would run into each other or out of the picture."""
    shown: list[tuple[float, int, int]] = []

    def words(first: int, then: int) -> str:
        return f"{first}" if first == then else f"{first}-{then}"

    for number, x in enumerate(lines, 1):
        left, first = x + CLOSE, number
        while True:
            left = min(left, wide - length(words(first, number)))
            if not shown or shown[-1][0] + length(words(*shown[-1][1:])) + CLOSE <= left:
                break
            left, first, _ = shown.pop()
        shown.append((left, first, number))
    return [(left, words(first, then)) for left, first, then in shown]


def beside_villages(villages: Sequence[tuple[float, float, float]], sizes: Sequence[Spot], taken: Sequence[Box],
                    width: float) -> list[Spot]:  # fmt: skip
    """The middle of each village's number: above it or beside it or on its houses, wherever it is covered least.

    villages: x, y and radius; sizes: width and height of each number; taken: boxes of what is drawn over the numbers.
    """
    placed: list[Spot] = []
    boxes: list[Box] = list(taken)
    for i, ((x, y, radius), size) in enumerate(zip(villages, sizes, strict=True)):
        others = [each for j, each in enumerate(villages) if j != i]
        found = min(_spots(x, y, radius, size), key=lambda spot: _trouble(_box(spot, size), boxes, others, width))
        placed.append(found)
        boxes.append(_box(found, size))
    return placed


def _spots(x: float, y: float, radius: float, size: Spot) -> list[Spot]:
    """Where a number may stand, the best first."""
    around = []
    for angle in map(radians, ANGLES):
        far = radius + CLOSE + 0.5 * (size[0] * abs(cos(angle)) + size[1] * sin(angle))
        around.append((x + far * cos(angle), y - far * sin(angle)))
    return around + [(x, y + share * radius) for share in INSIDE]


def _box(spot: Spot, size: Spot) -> Box:
    return (spot[0] - size[0] / 2, spot[1] - size[1] / 2, spot[0] + size[0] / 2, spot[1] + size[1] / 2)


def _trouble(box: Box, taken: Sequence[Box], others: Sequence[tuple[float, float, float]], width: float) -> float:
    """Square pixels that are covered or off the picture, and a little for standing among another village's houses."""
    left, top, right, bottom = box
    covered = sum(max(0.0, min(right, x1) - max(left, x0)) * max(0.0, min(bottom, y1) - max(top, y0))
                  for x0, y0, x1, y1 in taken)  # fmt: skip
    outside = max(0.0, -left) + max(0.0, right - width) + max(0.0, -top)
    x, y = (left + right) / 2, (top + bottom) / 2
    astray = sum(hypot(each[0] - x, each[1] - y) < each[2] + (bottom - top) / 2 for each in others)
    return covered + 100 * outside + 0.5 * astray
