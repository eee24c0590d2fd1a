"""What the lessons print is what happens. Remade by `python tests/test_lesson.py --update`."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest

LESSONS = sorted((Path(__file__).resolve().parents[1] / "docs" / "lessons").glob("*.md"))
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n\n```text\n(?P<said>.*?)```", re.DOTALL)
NUMBER = re.compile(r"\*\*(-?[\d,]+(?:\.\d+)?)\*\*")


def printed_by(code: str, names: dict[str, Any], *, where: str) -> str:
    """What a piece of a lesson prints, with what the pieces before it left behind."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, where, "exec"), names)
    return said.getvalue()


def played(text: str, *, where: str) -> list[tuple[str, str, str]]:
    """Each piece of a lesson in order: its code, what the page says that it prints, and what it prints."""
    names: dict[str, Any] = {"__name__": "lesson"}
    return [(block["code"], block["said"], printed_by(block["code"], names, where=where))
            for block in BLOCK.finditer(text)]  # fmt: skip


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def lesson(request) -> tuple[str, list[tuple[str, str, str]]]:
    text = request.param.read_text(encoding="utf-8")
    return text, played(text, where=request.param.name)


@pytest.mark.slow
def test_every_piece_of_a_lesson_prints_what_the_page_says(lesson):
    text, pieces = lesson
    assert len(pieces) == text.count("```python\n") >= 5
    for _, said, printed in pieces:
        assert printed == said


@pytest.mark.slow
def test_every_number_in_bold_was_printed(lesson):
    text, pieces = lesson
    printed = set(re.findall(r"-?\d+(?:\.\d+)?", " ".join(piece[2] for piece in pieces)))
    told = [number.replace(",", "") for number in NUMBER.findall(BLOCK.sub("", text))]
    assert len(told) >= 8
    assert [number for number in told if number not in printed] == []


def test_there_are_lessons():
    assert LESSONS


def update() -> None:
    """Run every lesson and write what it prints into its page."""
    for path in LESSONS:
        text = path.read_text(encoding="utf-8")
        for code, said, printed in played(text, where=path.name):
            piece = f"```python\n{code}```\n\n```text\n"
            text = text.replace(f"{piece}{said}```", f"{piece}{printed}```")
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__" and "--update" in sys.argv:
    update()
