"""The first row of a table: what its columns are called, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.mapping import FAULT, ORIGIN, canonical_name
from collectors.tabular.source import RestUnreadableError, kept


@dataclass(frozen=True, slots=True)
class Reading:
    """How a table is read.

    ``needed`` are the columns that mean something, ``by_name`` says that headers may be record fields,
    ``check`` is called with the header and raises when the table cannot be read with it.
    """

    needed: frozenset[str]
    check: Callable[[Sequence[str]], None]
    by_name: bool = True
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str = "."
    header: int = 1
    sheet: str | None = None

    def named(self, column: str) -> str:
        """A header as rows carry it."""
        stripped = column.strip()
        return canonical_name(column) if self.by_name and stripped not in self.needed else stripped


class Header:
    """Column names of one file; makes rows of cells."""

    def __init__(self, cells: Sequence[str], label: str, reading: Reading) -> None:
        names = [reading.named(cell) for cell in cells]
        for name in {name for name in names if names.count(name) > 1}:
            if name in reading.needed:
                raise RestUnreadableError(
                    ",".join(cells), f"{label}: column {name!r} appears more than once: rename one of them"
                )
        reading.check([name for name in names if name])
        self.names = [name if name not in names[:at] else "" for at, name in enumerate(names)]
        self.width = len(names)
        self._label = label
        self._unnamed = "" in self.names

    def row(self, cells: Sequence[Any], line: int) -> dict[str, Any]:
        """The cells under their names, with the place they were read at."""
        row: dict[str, Any] = dict(zip(self.names, cells, strict=False))
        if self._unnamed:
            row.pop("", None)
        row[ORIGIN] = f"{self._label}:{line}"
        return row

    def faulty(self, cells: Sequence[str], line: int, fault: str) -> dict[str, Any]:
        """A row that is none, as far as it can be read: whom it names is then known to be in doubt."""
        row = self.row([kept(cell) for cell in cells], line)
        row[FAULT] = fault
        return row
