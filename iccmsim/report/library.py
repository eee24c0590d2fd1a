"""The library of settings and programmes as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from iccmsim.parameters.files import library_names, piece_file, read_toml, reasons_of


def library_rows(piece: str) -> list[dict[str, Any]]:
    """Each setting (or programme) by name: what it is, what it extends, where it comes from."""
    rows = []
    for name in library_names()[piece]:
        table = read_toml(piece_file(piece, name))
        rows.append({"name": name, "says": table["says"], "extends": table.get("extends"),
                     "about": reasons_of(piece_file(piece, name)).about})  # fmt: skip
    return rows


def library_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line each: the name and what it is."""
    width = 2 + max(len(row["name"]) for row in rows)
    return "\n".join(f"{row['name']:<{width}}{row['says']}" for row in rows)
