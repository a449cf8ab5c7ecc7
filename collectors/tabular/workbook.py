"""Rows of a sheet in an XLSX workbook, read as a stream; formulas count as what they last showed."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from collectors.mapping import FAULT, plain
from collectors.tabular.delimited import Item
from collectors.tabular.header import Header, Reading
from collectors.tabular.source import FileUnreadableError, RestUnreadableError

_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
#: what a damaged workbook makes the library raise, in the middle of its XML as well as at the start
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ParseError,
    InvalidFileException,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
#: what an average row of a sheet weighs, since its cells cannot be counted before they are read
_ROW_SIZE = 500


def read_workbook(path: Path, label: str, reading: Reading) -> Iterator[Item]:
    """Rows or rejects of one sheet (the first, unless named), each with a nominal size."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except _BROKEN as error:
        raise FileUnreadableError(f"it is not an XLSX workbook ({error})", "save it as .xlsx") from None
    try:
        yield from _rows(_cells(_sheet(book, reading), label), label, reading)
    finally:
        book.close()


def _cells(sheet: Any, label: str) -> Iterator[tuple[Any, ...]]:
    rows = sheet.iter_rows(values_only=True)
    while True:
        try:
            cells = next(rows, None)
        except _BROKEN as error:
            reason = f"{label}: the sheet cannot be read to its end ({error})"
            raise RestUnreadableError(label, reason) from None
        if cells is None:
            return
        yield cells


def _sheet(book: openpyxl.Workbook, reading: Reading) -> Any:
    if reading.sheet is not None and reading.sheet not in book.sheetnames:
        names = ", ".join(repr(name) for name in book.sheetnames)
        raise FileUnreadableError(f"it has no sheet {reading.sheet!r}", f"name one of {names}")
    sheet = book[reading.sheet] if reading.sheet else book.worksheets[0]
    # some writers claim a sheet of one cell; the rows themselves know better
    sheet.reset_dimensions()
    return sheet


def _rows(rows: Iterator[tuple[Any, ...]], label: str, reading: Reading) -> Iterator[Item]:
    header = None
    for number, cells in enumerate(rows, start=1):
        if number < reading.header or all(cell is None for cell in cells):
            continue
        if header is None:
            header = Header(["" if cell is None else str(cell) for cell in cells], label, reading)
            continue
        row = header.row([plain(cell, reading.decimal) for cell in cells], number)
        broken = [name for name, value in row.items() if value in _ERRORS and name in reading.needed]
        if broken:
            row[FAULT] = f"column {broken[0]!r} shows {row[broken[0]]}"
        yield row, _ROW_SIZE
    if header is None:
        raise RestUnreadableError(label, f"{label}: the sheet is empty, it has not even a header")
