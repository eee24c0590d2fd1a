"""`iccmsim export`: stored results as CSV files or an Excel workbook, with a data dictionary."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from iccmsim.cli.brief import check_file
from iccmsim.cli.words import InputError, check_out, printing, reading, writing

if TYPE_CHECKING:
    import pandas as pd

    from iccmsim.report.export import Table

PURPOSE = "Write stored results as CSV files or an Excel workbook, with a data dictionary of every column."
EXAMPLE = ("  iccmsim export run1 --csv\n"
           "  iccmsim export results --xlsx --out results.xlsx")  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the words of this command."""
    parser.add_argument("result", metavar="RESULT", help="folder that iccmsim run, compare, sweep or sensitivity --out "
                        "has written, or Country.save")  # fmt: skip
    parser.add_argument("--csv", action="store_true", help="a folder of CSV files, one a table")
    parser.add_argument("--xlsx", action="store_true", help="one workbook, a sheet a table (extra "
                        "`export`)")  # fmt: skip
    parser.add_argument("--out", metavar="PATH", help="the folder or workbook to write (default: RESULT/export or "
                        "RESULT/export.xlsx)")  # fmt: skip


def go(asked: argparse.Namespace) -> None:
    """Read the result, refuse what cannot be written, write it."""
    if asked.csv == asked.xlsx:
        raise InputError("--csv or --xlsx: give one of them")
    if asked.xlsx:
        need_openpyxl()
    from iccmsim.report.experiment import progress_bar
    from iccmsim.report.export import tables_in
    from iccmsim.report.workbook import FORMAT, KIND, write_csvs, write_workbook
    from iccmsim.results.folder import put_back

    folder = Path(asked.result).expanduser()
    put_back(folder)
    with reading():
        _refuse_cut(folder)
        tables = [replace(table, make=partial(_made, table, folder)) for table in tables_in(folder)]
        csvs = asked.out or str(folder / "export")
        out = check_out(csvs, kind=KIND, latest=FORMAT) if asked.csv else workbook_file(asked, folder)
    if asked.xlsx:
        refuse_too_long(tables)
    try:
        with progress_bar("Writing", of="rows") as progress, writing(out):
            (write_csvs if asked.csv else write_workbook)(tables, out, progress=progress)
    except ValueError as fault:  # a stored table is not what its manifest says
        raise InputError(" ".join(str(fault).split())) from None
    with printing(out):
        print(f"{out}: {len(tables)} tables, {sum(table.rows for table in tables):,} rows; what each column means is "
              f"in {'dictionary.csv' if asked.csv else 'the sheet dictionary'}")  # fmt: skip


def _refuse_cut(folder: Path) -> None:
    """Every Parquet file of the folder must have its end, where it says what is in it."""
    import pyarrow.parquet as pq

    for file in sorted(folder.glob("*.parquet")):
        try:
            with file.open("rb") as stored:
                pq.read_metadata(stored)
        except (OSError, ValueError) as fault:
            raise InputError(f"{file}: cannot be read ({' '.join(str(fault).split())}); it is cut or damaged") from None


def _made(table: Table, folder: Path) -> pd.DataFrame:
    """A table of the result; if it cannot be read, that is no fault of what is written."""
    try:
        return table.make()
    except OSError as fault:
        raise ValueError(f"{folder}: its table {table.name} cannot be read ({fault}); run it again") from None


def need_openpyxl() -> None:
    """Say what to install where Excel files cannot be written."""
    from importlib.util import find_spec

    if find_spec("openpyxl") is None:
        raise InputError("--xlsx: needs openpyxl, which is not installed: pip install -c constraints.txt "
                         '-e ".[export]"')  # fmt: skip


def workbook_file(asked: argparse.Namespace, folder: Path) -> Path:
    """The workbook to write, by its ending."""
    path = check_file(asked.out, default=folder / "export.xlsx")
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"--out {asked.out}: must end in .xlsx, as Excel wants it")
    return path


def refuse_too_long(tables: Sequence[Table]) -> None:
    """A sheet of Excel holds so many rows and no more."""
    from iccmsim.report.workbook import MOST_ROWS, too_long

    if (table := too_long(tables)) is not None:
        raise InputError(f"--xlsx: the table {table.name} has {table.rows:,} rows, and a sheet of Excel holds "
                         f"{MOST_ROWS - 1:,} below its heading: use --csv")  # fmt: skip
