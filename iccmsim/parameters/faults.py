"""What is wrong with a scenario: one line a fault, all faults at once."""

from __future__ import annotations

import re
from collections.abc import Iterable


class ScenarioError(ValueError):
    """A scenario that cannot be used: `faults` has a line for each fault, the text is all of them in one."""

    def __init__(self, faults: str | Iterable[str]) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("; ".join(" ".join(fault.split()) for fault in self.faults))

    def __reduce__(self) -> tuple:
        return (ScenarioError, (self.faults,))


def toml_fault(text: str, error: object) -> str:
    """Why a text is no TOML, as the end of a message; a piece that is both named and written out is told as that."""
    for piece in ("setting", "programme"):
        named = re.search(rf"""(?m)^[ \t]*{piece}[ \t]*=[ \t]*["']([^"'\n]*)["']""", text)
        if named and re.search(rf"(?m)^[ \t]*\[+[ \t]*{piece}\b", text):
            return (f'{piece} = "{named[1]}": must not stand beside a table [{piece}...]; put that table into a file '
                    f'with extends = "{named[1]}", and give the name of that file here')
    return f"is not valid TOML: {error}"
