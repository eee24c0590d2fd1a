"""A list as people keep it: a delimited text of any common make, read row by row with its dirt written down.

Semicolons, tabs, decimal commas, Windows-1252, UTF-16, blank rows, signs of thousands: all of that is read.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from iccmsim.world.geography import Dirt, plain_name

KNOWN = ("villages.csv", "facilities.csv")  # never the misspelt name of one another
SPOT = {  # accepted spellings of a column, best first, in lower case without accents, spaces and signs
    "lat": ("lat", "latitude", "y"),
    "lon": ("lon", "long", "lng", "longitude", "x"),
    "geometry": ("geometry", "wkt"),
}
POINTED = re.compile(r"[1-9]\d{0,2}([.,]\d{3})+")  # "1.500": a sign of thousands, or a fraction of three digits
FRACTION = re.compile(r"[-+]?\d*[.,]\d+")


@dataclass
class Sheet:
    """One file while it is read: rows as {our name: text} with their line, and the dirt found so far."""

    file: str
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    dirt: list[Dirt] = field(default_factory=list)
    decimal_comma: bool = False

    def note(self, line: int, key: str, value: object, done: str) -> None:
        """Report one thing that was wrong, and what was done about it."""
        self.dirt.append(Dirt(self.file, line, key, str(value), done))


def read_sheet(path: Path, names: dict[str, tuple[str, ...]], *, required: tuple[str, ...],
               named: bool = True) -> Sheet:  # fmt: skip
    """Read a delimited text; its rows are `named` by an id or a name; blank and misshapen ones are reported."""
    table = Sheet(path.name)
    text = _decoded(path, table)
    sign = max(",;\t", key=(text.lstrip().split("\n", 1)[0]).count)
    table.decimal_comma = sign != ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as fault:
        raise ValueError(f"{path.name}: line {reader.line_num}: not a table of text ({fault})") from None
    _refuse_broken_rows(path.name, lines)
    tidy = [(n, [" ".join(c.split()) for c in cells]) for n, cells in lines]
    filled = [(n, cells) for n, cells in tidy if any(cells)]
    if not filled:
        raise ValueError(f"{path.name}: empty; the first line must name the columns")
    for n, cells in tidy:
        if filled[0][0] < n and not any(cells):
            table.note(n, "row", "", "blank row skipped")
    header = filled[0][1]
    columns = _columns(table, header, names=names, required=(*required, *(("name",) if named else ())))
    for n, cells in filled[1:]:
        if len(cells) != len(header):
            table.note(n, "row", f"{len(cells)} cells", f"read, though the header has {len(header)}")
        table.rows.append((n, {key: cells[i] for key, i in columns.items() if i < len(cells)}))
    return table


def _decoded(path: Path, table: Sheet) -> str:
    """The file as text: UTF-8 with or without BOM, UTF-16 with BOM, else Windows-1252 or latin-1 (reported)."""
    if not path.is_file():
        there = sorted({p.name for p in path.parent.glob("*")} - set(KNOWN))
        close = get_close_matches(path.name, there, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"{path.name}: no such file; looked for {path}{hint}")
    raw = path.read_bytes()
    utf16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    if not utf16 and b"\0" in raw:
        raise ValueError(f"{path.name}: not a table of text but a binary file; save the sheet as CSV")
    try:
        text = raw.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        text, read_as = _of_one_byte(raw)
        table.note(0, "encoding", "not UTF-8", f"read as {read_as}")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") else text + "\n"


def _of_one_byte(raw: bytes) -> tuple[str, str]:
    """Text with a byte a letter, and how it was read: as Windows writes it, else latin-1, which reads any byte."""
    try:
        return raw.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"


def _refuse_broken_rows(file: str, lines: list[tuple[int, list[str]]]) -> None:
    """A cell that goes on in the next line would take the rows below into itself, unseen."""
    begins = 1
    for ends, cells in lines:
        if (broken := next((cell for cell in cells if "\n" in cell), None)) is not None:
            shown = broken.split("\n")[0][:40]
            raise ValueError(f"{file}: line {begins}: the cell {shown!r} must end on its line; a quotation mark is not "
                             "closed, or there is a line break in it")
        begins = ends + 1


def _columns(table: Sheet, header: list[str], *, names: dict[str, tuple[str, ...]],
             required: tuple[str, ...]) -> dict[str, int]:
    """Which column is which, by name; ValueError names the missing one and the nearest right word."""
    plain = [plain_name(title).replace(" ", "") for title in header]
    for title in sorted({t for t in plain if t and plain.count(t) > 1}):
        table.note(1, title, f"{plain.count(title)} columns", "the first of them is read")
    found = {key: next(plain.index(name) for name in known if name in plain)
             for key, known in names.items() if any(name in plain for name in known)}
    needed = [key for key in required if key not in SPOT or "geometry" not in found]
    if "name" in needed:
        needed.remove("name")
        if "id" not in found and "name" not in found:
            needed.insert(0, "name")
    for key in needed:
        if key not in found:
            free = {plain[i]: title for i, title in enumerate(header) if i not in found.values()}
            close = [free[c] for name in names[key] for c in get_close_matches(name, free, 1, .7)]
            hint = f"; did you mean {close[0]!r}?" if close else f"; the file has {', '.join(header)}"
            others = ", ".join(name for name in names[key] if name != key)
            raise ValueError(f"{table.file}: column {key!r} is required (also known as {others}){hint}")
    return found


def number(text: str, *, decimal_comma: bool) -> tuple[float | None, bool]:
    """A finite number, or None; the second says whether a sign of thousands was taken out."""
    bare = re.sub(r"(?<=\d)[\s'\u2019](?=\d{3}(\D|$))", "", text)
    if not decimal_comma and re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", bare):
        bare = bare.replace(",", "")
    grouped = bare != text
    try:
        value = float(bare.replace(",", ".").replace("_", "?"))
    except ValueError:
        return None, grouped
    return (value if math.isfinite(value) else None), grouped


def without_thousands(column: Mapping[int, str]) -> dict[int, str]:
    """Cells of whole numbers, by line, without points and commas of thousands; as they are where others have fractions.

    Spreadsheets write 1.500 for 1500, and no list counts people to a thousandth; "900,4" beside it says that it does.
    """
    if any(FRACTION.fullmatch(cell) and not POINTED.fullmatch(cell) for cell in column.values()):
        return dict(column)
    return {line: re.sub(r"[.,]", "", cell) if POINTED.fullmatch(cell) else cell for line, cell in column.items()}


def degrees(text: str) -> float | None:
    """A coordinate: a comma in it is always a decimal comma."""
    return number(text, decimal_comma=True)[0]
