"""What the README shows is what happens. Remade by `python tests/test_readme.py --update`."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
EXAMPLE = re.compile(r"<!-- example -->\n```python\n(?P<code>.*?)```\n\n```text\n(?P<said>.*?)```", re.DOTALL)
DEMO = re.compile(r"<!-- demo -->\n```text\n(?P<said>.*?)```", re.DOTALL)


def example() -> tuple[str, str]:
    """The ten lines, and what the README says they print."""
    found = EXAMPLE.search(README.read_text(encoding="utf-8"))
    return found["code"], found["said"]


def printed_by(code: str) -> str:
    """What a piece of Python prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    return said.getvalue()


def demo_table(folder: Path) -> str:
    """The table of `iccmsim demo` and what a reader must know of it: its warnings."""
    from iccmsim.cli import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(["demo", "--out", str(folder)]) == 0
    return said.getvalue().strip("\n") + "\n"


def test_the_ten_lines_print_what_the_readme_says():
    code, said = example()
    assert len(code.strip().splitlines()) <= 10
    assert printed_by(code) == said


def test_the_demo_prints_the_table_of_the_readme(tmp_path: Path):
    said = DEMO.search(README.read_text(encoding="utf-8"))["said"]
    assert "\n! " in said
    assert demo_table(tmp_path / "demo") == said
    assert (tmp_path / "demo" / "averted.png").is_file()


def test_every_command_of_the_readme_is_known():
    from iccmsim.cli import main

    text = README.read_text(encoding="utf-8")
    for command in sorted(set(re.findall(r"^iccmsim (\w+)", text, re.MULTILINE))):
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
            main([command, "--help"])
        assert command in said.getvalue()


def test_every_room_of_the_readme_exists():
    text = README.read_text(encoding="utf-8")
    for room in re.findall(r"^\| `(.*?)`", text, re.MULTILINE):
        for each in room.split("`, `"):
            assert (README.parent / each).is_dir(), each


def update() -> None:
    """Run the example and the demo and write what they print into the README."""
    import tempfile

    text = README.read_text(encoding="utf-8")
    code, said = example()
    shown = f"```python\n{code}```\n\n```text\n"
    text = text.replace(f"{shown}{said}```", f"{shown}{printed_by(code)}```")
    said = DEMO.search(text)["said"]
    with tempfile.TemporaryDirectory() as folder:
        table = demo_table(Path(folder) / "demo")
    text = text.replace(f"<!-- demo -->\n```text\n{said}```", f"<!-- demo -->\n```text\n{table}```")
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__" and "--update" in sys.argv:
    update()
