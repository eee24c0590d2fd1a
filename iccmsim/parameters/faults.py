"""What is wrong with a scenario: one line a fault, all faults at once."""

from __future__ import annotations

from collections.abc import Iterable


class ScenarioError(ValueError):
    """A scenario that cannot be used: `faults` has a line for each fault, the text is all of them in one."""

    def __init__(self, faults: str | Iterable[str]) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("; ".join(" ".join(fault.split()) for fault in self.faults))

    def __reduce__(self) -> tuple:
        return (ScenarioError, (self.faults,))
