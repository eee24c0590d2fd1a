"""What a sweep runs and keeps: every row, seed and arm of a design, in a folder that can be gone on with."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iccmsim.studies.design import Design

if TYPE_CHECKING:
    import pandas as pd

KIND = "iccmsim sweep"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Sweep:
    """A finished (or stopped) sweep: its design and one row of numbers for each row, seed and arm."""

    design: Design
    manifest: Mapping[str, Any]
    columns: Mapping[str, Any]  # name -> values, in order of row, seed, arm

    def table(self) -> pd.DataFrame:
        """One row a (row, seed, arm): row, seed, arm, status, the row's parameters, and outcomes by name."""
        import pandas as pd

        return pd.DataFrame(dict(self.columns))

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> Sweep:
        """Read back what `sweep` kept in a folder."""
        raise NotImplementedError


def sweep(design: Design, *, out: str | os.PathLike[str], executor: str = "processes", workers: int | None = None,
          scheduler: str | None = None, shard: tuple[int, int] | None = None, until_mcse: float | None = None,
          outcome: str = "expected_deaths_averted", most_seeds: int = 200, retry_failed: bool = False,
          progress: Callable[[int, int], None] | None = None) -> Sweep:  # fmt: skip
    """Run what is not yet in the folder `out`, and gather it into one table."""
    raise NotImplementedError
