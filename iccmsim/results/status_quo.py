"""The status quo that a run or a comparison has lived through before launch, kept where it is not the default.

The default, health facilities only, follows from the scenario itself; any other is needed to run it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iccmsim.engine.simulation import without_chws
from iccmsim.parameters.scenario import Scenario
from iccmsim.results.folder import STATUS_QUO


@dataclass(frozen=True)
class StatusQuo:
    """Its name, its hash, and the whole scenario as TOML."""

    name: str
    hash: str
    toml: str = field(repr=False)

    def told(self) -> dict[str, str]:
        """As a manifest names it; the scenario itself is in a file beside that."""
        return {"name": self.name, "hash": self.hash}

    def write(self, place: Path) -> None:
        """Put the scenario into a folder; the file can be given to `--status-quo` as it is."""
        (place / STATUS_QUO).write_text(self.toml, encoding="utf-8")


def status_quo_of(before: Scenario, arm: Scenario) -> StatusQuo | None:
    """What was lived before launch; None where it says what the arm does with health facilities only."""
    if before.hash() == without_chws(arm).hash():
        return None
    return StatusQuo(before.name, before.hash(), before.to_toml())


def named(status_quo: StatusQuo | None) -> dict[str, Any]:
    """The entry of a manifest or of an object for programs; nothing for the default."""
    return {} if status_quo is None else {"status_quo": status_quo.told()}


def read_status_quo(folder: Path, manifest: Mapping[str, Any]) -> StatusQuo | None:
    """Read back what `write` wrote, if the manifest names any; a ValueError says that the file cannot be read."""
    told = manifest.get("status_quo")
    if told is None:
        return None
    try:
        toml = (folder / STATUS_QUO).read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ValueError(f"{folder / STATUS_QUO}: cannot be read; the folder is incomplete") from None
    return StatusQuo(told["name"], told["hash"], toml)
