"""What was done to a district in the middle of its run, which no scenario file can say: boxes emptied, a CHW posted.

A deed is plain data: its day after launch, what it was, with what. A result with deeds has them in its facts, in its
hash and at the head of its scenario, so that nobody takes it for a run of that scenario alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from iccmsim.parameters.declare import plain
from iccmsim.parameters.scenario import Scenario

Deeds = Sequence[Mapping[str, Any]]
HEAD = "# NOT THE WHOLE RUN. What follows was also acted upon in its midst, in ways that a scenario cannot say:\n"


def facts_with(facts: Mapping[str, Any], deeds: Deeds) -> dict[str, Any]:
    """The facts of a run and, if there were any, its deeds."""
    return {**facts, "deeds": [dict(deed) for deed in deeds]} if deeds else dict(facts)


def hash_of(scenario: Scenario, deeds: Deeds) -> str:
    """What a run was told, as a number: the scenario's own where nothing else was done."""
    if not deeds:
        return scenario.hash()
    text = json.dumps([scenario.hash(), *map(dict, deeds)], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def toml_with(scenario: Scenario, deeds: Deeds) -> str:
    """The whole scenario as TOML, under a comment of what it does not say."""
    said = "".join(f"# {deed_in_words(deed)}.\n" for deed in deeds)
    return f"{HEAD}{said}\n{scenario.to_toml()}" if deeds else scenario.to_toml()


def deed_in_words(deed: Mapping[str, Any]) -> str:
    """A deed in a line: "day 50: add_chw, village = 3"."""
    more = (f"{key} = {plain(value)}" for key, value in deed.items() if key not in ("day", "deed"))
    return ", ".join([f"day {deed['day']}: {deed['deed']}", *more])
