"""The crosswalk file: which record means which, as a person wrote it down; read anew whenever it changes.

A row that cannot be used is named with its line and its remedy, and left out; all others count.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from collectors.errors import ConfigError
from queries.crosswalk import Row
from queries.ingest import relink
from queries.records import REFERENCES

_LOG = logging.getLogger(__name__)
COLUMNS = ("kind", "system", "id", "reference", "to_system", "to_id")
_OPTIONAL = frozenset({"reference"})
_FORM = f"its first line must be {','.join(COLUMNS)}"


class Problem(NamedTuple):
    """A row that cannot be used: where it stands, what is wrong with it, what to do."""

    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        """One line for a log."""
        return f"line {self.line}: {self.what}. Remedy: {self.remedy}"


@dataclass(slots=True)
class CrosswalkFile:
    """The file, the systems its rows may name, and the version of it that was read last."""

    path: Path
    systems: frozenset[str]
    read_as_of: int | None = None

    def apply(self, connection: Connection, now: datetime) -> set[str]:
        """Make the store's crosswalk that of the file where it changed; the engagements this touched.

        Raises ConfigError for a file that is no crosswalk.
        """
        version = self._version()
        if version == self.read_as_of:
            return set()
        rows, problems = self.rows()
        for problem in problems:
            _LOG.warning("%s %s", self.path.name, problem)
        touched = relink(connection, rows, now)
        self.read_as_of = version
        return touched

    def rows(self) -> tuple[list[Row], list[Problem]]:
        """The rows that can be used, and what is wrong with the others."""
        rows: dict[tuple[str, ...], Row] = {}
        problems: list[Problem] = []
        for line, told in self._lines():
            row = _row(told)
            found = self._problem(line, told, row, rows)
            if found is None:
                rows[row[:4]] = row
            else:
                problems.append(found)
        return list(rows.values()), problems

    def _version(self) -> int:
        try:
            return self.path.stat().st_mtime_ns
        except OSError as error:
            raise self._unusable(error.strerror or "it cannot be read") from error

    def _lines(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file)
                names = {name.strip() for name in reader.fieldnames or ()}
                if not set(COLUMNS) - _OPTIONAL <= names:
                    raise self._unusable(_FORM)
                for row in reader:
                    yield reader.line_num, {key.strip(): (row[key] or "").strip() for key in row if key}
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise self._unusable(str(getattr(error, "strerror", None) or error)) from error

    def _unusable(self, why: str) -> ConfigError:
        remedy = "name a CSV file in UTF-8 that can be read, or leave the key out"
        return ConfigError(f"identity.crosswalk: {self.path.name}: {why}", remedy=remedy)

    def _problem(
        self, line: int, told: Mapping[str, str], row: Row, known: Mapping[tuple[str, ...], Row]
    ) -> Problem | None:
        references = REFERENCES.get(row.kind, {})
        empty = [name for name in COLUMNS if name not in _OPTIONAL and not told.get(name)]
        strange = [name for name in (row.system, row.to_system) if name not in self.systems]
        what = None
        if empty:
            what, remedy = f"{empty[0]} is empty", f"fill it in; {_FORM}"
        elif row.kind not in REFERENCES:
            what, remedy = f"{row.kind!r} is no kind of record", f"use one of {_listed(_REFERRING)}"
        elif row.reference not in references:
            what = f"a {row.kind} has no reference {row.reference!r}"
            remedy = f"use one of {_listed(references)}"
        elif strange:
            what, remedy = f"no system {strange[0]!r}", f"use one of {_listed(self.systems)}"
        elif (references[row.reference], row.to_system, row.to_id) == (row.kind, row.system, row.id):
            what, remedy = "the record names itself", "remove the line"
        elif row[:4] in known:
            what, remedy = "an earlier line says it of the same record", "keep one of the two lines"
        return None if what is None else Problem(line, what, remedy)


_REFERRING = [kind for kind, references in REFERENCES.items() if references]


def _row(told: Mapping[str, str]) -> Row:
    kind = told.get("kind", "")
    reference = told.get("reference") or kind
    return Row(kind, told["system"], told["id"], reference, told["to_system"], told["to_id"])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
