"""What a fit writes: a file of its own with everything needed to find it again, and the end of a setting's file."""

from __future__ import annotations

import subprocess
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import iccmsim
from iccmsim.core.compiled import source_hash
from iccmsim.parameters.files import LIBRARY

if TYPE_CHECKING:
    from fit_baseline import Fit

FOLDER = Path(__file__).resolve().parent
HEAD = "# Fitted to the surveys and the deaths of Bankass 2012-16, facilities only, by calibration/fit_baseline.py."
OWN_HEAD = "# Fitted to its own targets in calibration/targets.toml, facilities only, by calibration/fit_baseline.py."


def git_commit() -> str:
    """The commit of the sources, if they are in a repository."""
    try:
        done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=FOLDER, capture_output=True,
                              encoding="utf-8", check=True)  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def as_toml(fit: Fit, rows: list[dict]) -> str:
    """What was found, with all that is needed to find it again."""
    lines = ["# Written by calibration/fit_baseline.py; do not edit.", f'setting = "{fit.setting}"',
             'programme = "facility-only"', f'date = "{date.today().isoformat()}"',
             f'version = "{iccmsim.__version__}"', f'code = "{source_hash()}"', f'commit = "{git_commit()}"',
             f"run_time_s = {time.perf_counter() - fit.began:.0f}", f"notes = {list_of(fit.notes)}"]  # fmt: skip
    lines += ["", "[seeds]"]
    lines += [f"{name} = {list(seeds)}" for name, seeds in fit.seeds.items()]
    lines += ["", "[values]"] + [f'"{key}" = {value}' for key, value in sorted(fit.values.items())]
    for row in rows:
        lines += ["", "[[residual]]"] + [f"{key} = {_word(value)}" for key, value in row.items() if value is not None]
    return "\n".join(lines) + "\n"


def _word(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def list_of(texts: list[str]) -> str:
    """A list of texts in TOML, one a line."""
    return "[\n" + "".join(f'  "{text}",\n' for text in texts) + "]"


def apply(fit: Fit, out: Path, *, setting: str) -> None:
    """Write the fitted values at the end of the setting's file, in the place of the former ones."""
    file = LIBRARY / "settings" / f"{setting}.toml"
    where = f"fitted, see calibration/fits/{out.name}"
    own = any("place" in each for each in fit.targets.values())
    head = OWN_HEAD if own else HEAD
    kept = file.read_text(encoding="utf-8").split(f"\n{head}")[0].rstrip()
    lines = [kept, "", head]
    heads = dict.fromkeys(key.split(".", 1)[0] for key in sorted(fit.values))
    for head in heads:
        lines += ["", f"[setting.{head}]"]
        for key, value in sorted(fit.values.items()):
            if key.split(".", 1)[0] == head:
                lines += [f"# {where}", f"{key.split('.', 1)[1]} = {value}"]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
