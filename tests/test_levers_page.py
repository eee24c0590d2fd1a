"""The page of levers names what exists, and leaves out no lever of a programme."""

from __future__ import annotations

import re
from pathlib import Path

from iccmsim.parameters.catalogue import of_section

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "levers.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([a-z]+\.[a-z_.*0-9]+)`", PAGE)) - {"params.py"}


def test_every_lever_named_is_a_parameter():
    known = {**of_section("programme"), **of_section("setting")}
    for key in sorted(NAMED):
        assert key in known or any(name.startswith(key.rstrip("*")) for name in known if key.endswith("*")), key


def test_every_lever_is_on_the_page_by_name_or_with_its_like():
    like = tuple(key[:-1] for key in NAMED if key.endswith("*"))
    assert [key for key in of_section("programme") if key not in NAMED and not key.startswith(like)] == []


def test_every_file_named_exists():
    root = Path(__file__).resolve().parents[1] / "iccmsim"
    for name in set(re.findall(r"`((?:rules|engine|world|parameters)/[a-z_]+\.py)`", PAGE)):
        assert (root / name).is_file(), name
