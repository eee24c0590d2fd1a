"""Every lever has a rough size: what it moves, by how much, and from which source or arithmetic."""

from __future__ import annotations

import pytest
import size_care
import size_staff
import size_supply
from world import PLAIN

from iccmsim.parameters.catalogue import of_section

TABLES = (size_care, size_staff, size_supply)
SIZES = [size for table in TABLES for size in table.SIZES]
ELSEWHERE = {key: where for table in TABLES for key, where in table.ELSEWHERE.items()}  # "test_file::test_name"


@pytest.mark.skipif(PLAIN, reason="districts are lived compiled only")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "+".join(size.levers))
def test_a_lever_moves_what_it_is_there_for_by_about_as_much_as_is_expected(size):
    size.holds()


def test_every_lever_has_a_size():
    held = {key for size in SIZES for key in size.levers} | ELSEWHERE.keys()
    assert sorted(of_section("programme").keys() - held) == []
    assert sorted(key for key in held if key not in of_section("programme") and key not in of_section("setting")) == []


@pytest.mark.parametrize(("key", "where"), sorted(ELSEWHERE.items()))
def test_a_size_that_is_held_elsewhere_is_held_there(key, where):
    from pathlib import Path

    file, name = where.split("::")
    text = (Path(__file__).parent / f"{file}.py").read_text(encoding="utf-8")
    assert f"def {name}(" in text
