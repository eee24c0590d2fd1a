"""The page of levers names what exists, and leaves out no lever of a programme."""

from __future__ import annotations

import re
from pathlib import Path

from iccmsim.parameters.catalogue import all_parameters, of_section

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "levers.md").read_text(encoding="utf-8")
READ_TOGETHER = re.compile(r"sym\.\w+|time\.\w+\.dur|(fac|chw)\.step\.\w+")  # illness by illness, step by step
NAMED = set(re.findall(r"`([a-z]+\.[a-z_.*0-9]+)`", PAGE)) - {"params.py"}


def test_every_lever_named_is_a_parameter():
    known = {**of_section("programme"), **of_section("setting")}
    for key in sorted(NAMED):
        assert key in known or any(name.startswith(key.rstrip("*")) for name in known if key.endswith("*")), key


def test_every_lever_is_on_the_page_by_name_or_with_its_like():
    like = tuple(key[:-1] for key in NAMED if key.endswith("*"))
    assert [key for key in of_section("programme") if key not in NAMED and not key.startswith(like)] == []


def test_every_parameter_is_read_somewhere_beside_where_it_is_declared():
    """By its field (`p.sup_lead`) or by its key; in a group that is read by a common beginning, by that."""
    declared = {"programme.py", "setting.py", "clinical.py", "course.py", "illness.py", "people.py", "chain.py",
                "run.py", "outreach.py", "shock.py", "place.py"}  # fmt: skip
    root = Path(__file__).resolve().parents[1] / "iccmsim"
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(root.rglob("*.py"))
                     if not (file.parent.name == "parameters" and file.name in declared))
    words = set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", text)) | set(re.findall(r'"([a-z_.0-9]+)"', text))
    unread = [each.key for each in all_parameters()
              if not {each.key, each.field} & words and not READ_TOGETHER.fullmatch(each.key)]
    assert unread == []


def test_every_file_named_exists():
    root = Path(__file__).resolve().parents[1] / "iccmsim"
    for name in set(re.findall(r"`((?:rules|engine|world|parameters)/[a-z_]+\.py)`", PAGE)):
        assert (root / name).is_file(), name
