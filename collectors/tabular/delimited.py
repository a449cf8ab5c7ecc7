"""Rows of a CSV or other delimited text file, each with its line; what is no row becomes a Reject."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from collectors.tabular.header import Header, Reading
from collectors.tabular.source import LONGEST, Lines, Reject, RestUnreadableError, open_text

Item = tuple[dict[str, Any] | Reject, int]

_DELIMITERS = ",;\t|"

csv.field_size_limit(LONGEST)


def read_delimited(path: Path, label: str, reading: Reading) -> Iterator[Item]:
    """Rows or rejects, each with its size in characters.

    Raises RestUnreadableError where nothing after can be read.
    """
    with open_text(path, label, reading.encoding) as text:
        lines = Lines(text, label)
        for _ in range(reading.header - 1):
            next(lines, None)
        records = _Records(lines, label, _delimiter(lines, reading, label))
        yield from _rows(records, _header(records, label, reading))


def _delimiter(lines: Lines, reading: Reading, label: str) -> str:
    """The configured one, else what the file says (``sep=;``), else the commonest in its header."""
    lines.begin()
    line = next((line for line in lines if line.strip()), None)
    if line is None:
        raise RestUnreadableError(label, f"{label}: the file is empty, it has not even a header")
    if lines.fault:
        raise RestUnreadableError(line, f"{label}:{lines.number}: {lines.fault}")
    if line.lower().startswith("sep=") and len(line.strip("\r\n")) == len("sep=;"):
        return reading.delimiter or line[4]
    lines.again()
    outside_quotes = "".join(line.split('"')[::2])
    return reading.delimiter or max(_DELIMITERS, key=outside_quotes.count)


class _Records:
    """Cells record by record. A record that cannot be one costs its first line only."""

    def __init__(self, lines: Lines, label: str, delimiter: str) -> None:
        self.lines = lines
        self._label = label
        self._delimiter = delimiter
        self._reader = csv.reader(lines, delimiter=delimiter)

    def next(self) -> list[str] | Reject | None:
        """The next record's cells, a Reject, or None at the end."""
        lines = self.lines
        lines.begin()
        try:
            cells = next(self._reader, None)
        except csv.Error as error:
            return Reject(lines.raw, f"{self._label}:{lines.first}: {error}")
        if lines.cut:
            return self.refuse("a quote that is opened here is never closed")
        if lines.fault and len(lines.record) > 1:
            return self.refuse(lines.fault)
        return cells

    def refuse(self, reason: str) -> Reject:
        """Reject the record's first line and read the others again, should they be records themselves."""
        lines = self.lines
        refused = Reject(lines.raw, f"{self._label}:{lines.first}: {reason}")
        if len(lines.record) > 1 or lines.cut:
            lines.retry()
            self._reader = csv.reader(lines, delimiter=self._delimiter)
        return refused


def _header(records: _Records, label: str, reading: Reading) -> Header:
    cells = records.next()
    while cells == []:
        cells = records.next()
    if cells is None or isinstance(cells, Reject) or records.lines.fault:
        raise RestUnreadableError(records.lines.raw, f"{label}: the header cannot be read")
    return Header(cells, label, reading)


def _rows(records: _Records, header: Header) -> Iterator[Item]:
    lines = records.lines
    while (cells := records.next()) is not None:
        if isinstance(cells, Reject):
            yield cells, lines.size
            continue
        if not any(cells):
            continue
        fault = lines.fault
        # a delimiter too many at the end of every line is a habit of some exports, not a cell
        if not fault and (len(cells) < header.width or any(cells[header.width :])):
            fault = f"{len(cells)} cells where the header has {header.width}"
        if not fault:
            yield header.row(cells, lines.first), lines.size
        elif len(lines.record) == 1:
            yield header.faulty(cells, lines.first, fault), lines.size
        else:
            yield records.refuse(fault), lines.size
