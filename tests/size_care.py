"""Sizes of levers."""

from __future__ import annotations

from sizes import Size

SIZES: list[Size] = []
ELSEWHERE: dict[str, str] = {}
