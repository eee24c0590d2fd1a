"""Whether an analysis may go on in a folder that holds one: only the same may, or one with more samples of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from iccmsim.parameters.declare import plain
from iccmsim.parameters.scenario import Scenario

MAY_GROW = ("n", "masters")
MAY_CHANGE = (*MAY_GROW, "most")  # `most` may be anything that is not below what is there


def refuse_other(folder: Path, found: Mapping[str, Any], asked: Mapping[str, Any], arms: Sequence[Scenario]) -> None:
    """A ValueError says in what the analysis that a manifest tells of is another than the one asked for."""
    there = {"inner": "", "draws": 1} | found["asked"]  # which format 1 had not
    differ = _of_arms(found, arms) + [f"{name} = {_said(there.get(name))} there and {_said(value)} here"
                                      for name, value in asked.items()
                                      if name not in MAY_CHANGE and there.get(name) != value]  # fmt: skip
    if differ:
        raise ValueError(f"{folder}: holds another analysis: {'; '.join(differ)}; choose another folder")
    for name in MAY_GROW:
        if asked[name] < there[name]:
            raise ValueError(f"{folder}: holds an analysis with {name} = {there[name]}, and may only grow, not shrink "
                             f"to {name} = {asked[name]}; choose another folder")  # fmt: skip
    if max(asked["n"], asked["most"]) < found["samples"]:
        raise ValueError(f"{folder}: holds an analysis of {found['samples']} samples, and may only grow, not shrink to "
                         f"n = {asked['n']} with most = {asked['most']}; choose another folder")  # fmt: skip


def _of_arms(found: Mapping[str, Any], arms: Sequence[Scenario]) -> list[str]:
    names = [arm.name for arm in arms]
    if found["arms"] != names:
        return [f"arms = {_said(found['arms'])} there and {_said(names)} here"]
    return [f"arms: {name} is another scenario than it was (its file, --set or --places)"
            for name, arm, there in zip(names, arms, found["hashes"], strict=True) if arm.hash() != there]  # fmt: skip


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return plain(value) if value != "" else "none"
