"""Tables written for other programs: a folder of CSV files, or one Excel workbook; the same bytes each time."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from iccmsim.report.export import Table
from iccmsim.results.folder import put_manifest, write_folder

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl import Workbook

KIND, FORMAT = "iccmsim export", 1
MOST_ROWS = 1_048_576  # of a sheet of Excel, its heading among them
MOST_WHOLE = 2**53  # beyond it Excel rounds whole numbers; such a one is written as text
CHUNK = 5_000  # rows turned into cells at once
WIDEST, NARROW = 90, 9  # columns of a sheet, letters
Progress = Callable[[int, int], None] | None


def write_csvs(tables: Sequence[Table], folder: Path, *, progress: Progress = None) -> Path:
    """One CSV (UTF-8) a table, all or nothing; an older export in that place is replaced."""

    def fill(place: Path) -> None:
        done, total = 0, sum(table.rows for table in tables)
        for table in tables:
            table.frame().to_csv(place / f"{table.name}.csv", index=False, encoding="utf-8", lineterminator="\n")
            done += table.rows
            if progress is not None:
                progress(done, total)
        put_manifest(place, {"kind": KIND, "format": FORMAT, "tables": {each.name: each.rows for each in tables}})

    return write_folder(folder, fill, kind=KIND, latest=FORMAT)


def too_long(tables: Sequence[Table]) -> Table | None:
    """The first table that no sheet of Excel can hold."""
    return next((table for table in tables if table.rows > MOST_ROWS - 1), None)


def write_workbook(tables: Sequence[Table], path: Path, *, progress: Progress = None) -> Path:
    """One sheet a table, in a workbook that is under its name only once it is complete."""
    from datetime import datetime

    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook(write_only=True)
    book.properties.creator, book.properties.created, book.properties.modified = "iccmsim", *2 * (datetime(2000, 1, 1),)
    done, total = 0, sum(table.rows for table in tables)
    for table in tables:
        for rows in _sheet(book, table):
            done += rows
            if progress is not None:
                progress(done, total)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        with _Undated(part, "w", ZIP_DEFLATED) as archive:
            ExcelWriter(book, archive).save()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


class _Undated(ZipFile):
    """A zip file whose members carry no time, so that the same content is the same bytes."""

    def writestr(self, name: str, data: str | bytes) -> None:  # type: ignore[override]
        super().writestr(_member(name), data)

    def write(self, filename: str, arcname: str) -> None:  # type: ignore[override]
        member = _member(arcname)
        member.file_size = os.path.getsize(filename)
        with open(filename, "rb") as source, self.open(member, "w") as target:
            shutil.copyfileobj(source, target, 1 << 20)


def _member(name: str) -> ZipInfo:
    member = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type, member.external_attr = ZIP_DEFLATED, 0o644 << 16
    return member


def _sheet(book: Workbook, table: Table) -> Iterator[int]:
    """Write one sheet: headings that stay in sight, then the rows; yields how many were written."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(table.name)
    sheet.freeze_panes = "A2"
    frame = table.frame()
    for k, name in enumerate(frame.columns, start=1):
        sheet.column_dimensions[get_column_letter(k)].width = _width(frame[name], name)
    headings = [WriteOnlyCell(sheet, name) for name in frame.columns]
    for each in headings:
        each.font = Font(bold=True)
    sheet.append(headings)

    def text(value: str) -> Any:
        plain = ILLEGAL_CHARACTERS_RE.sub("", value)
        if not plain.startswith("="):
            return plain
        cell = WriteOnlyCell(sheet, plain)
        cell.data_type = "s"  # a name that begins so is no formula
        return cell

    for first in range(0, len(frame), CHUNK):
        some = frame.iloc[first : first + CHUNK]
        for row in zip(*(_cells(some[name], text) for name in frame.columns), strict=True):
            sheet.append(row)
        yield len(some)
    sheet.close()


def _width(values: pd.Series, name: str) -> int:
    """How wide a column is to be read: as its heading, or as the words of its first rows."""
    from pandas.api.types import is_numeric_dtype

    words = [] if is_numeric_dtype(values) else [len(value) for value in values.head(50) if isinstance(value, str)]
    return min(WIDEST, max(len(name) + 2, NARROW, *(length + 2 for length in words)))


def _cells(values: pd.Series, text: Callable[[str], Any]) -> list[Any]:
    """The values of a column as Excel can hold them."""
    plain = values.dtype.kind == "b" or (values.dtype.kind in "iu" and values.abs().max() <= MOST_WHOLE)
    return values.tolist() if plain else [_cell(value, text) for value in values.astype(object).tolist()]


def _cell(value: Any, text: Callable[[str], Any]) -> Any:
    if isinstance(value, str):
        return text(value)
    if value is None or value != value:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if not isinstance(value, bool) and abs(value) > MOST_WHOLE:
        return str(value)
    return value
