"""`iccmsim figures`: the figures of a stored comparison, drawn again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from iccmsim.cli.words import printing, reading, writing

PURPOSE = "Draw the figures of a stored comparison again, from its folder alone; nothing is run."
EXAMPLE = "  iccmsim figures iccmsim-demo\n  iccmsim figures results"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("result", metavar="RESULT", help="folder that iccmsim compare --out or iccmsim demo has "
                        "written; the figures go into it")  # fmt: skip


def go(asked: argparse.Namespace) -> None:
    """Read the comparison, draw, and name what could not be drawn."""
    from iccmsim.report.figures import MADE_OF, draw_figures, write_figures

    folder = Path(asked.result).expanduser()
    with reading():
        drawn = draw_figures(folder)
    with writing(folder / "the figures"):
        written = write_figures(drawn, folder)
    missing = [name for name, figure in drawn.items() if figure is None]
    if missing:
        print(f"{folder}: has no {' and no '.join(MADE_OF[name] for name in missing)} (written by an earlier version "
              f"or by a script): {' and '.join(missing)} not drawn; run iccmsim compare ... --out again",
              file=sys.stderr)  # fmt: skip
    with printing(folder):
        print(f"{folder}: {', '.join(path.name for path in written)}")
