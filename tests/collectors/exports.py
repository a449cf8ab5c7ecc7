"""A folder of exports for tests, and one pass over a stream of it as the runner would see it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import openpyxl

from collectors.contract import Page, Stream
from collectors.errors import SkippableError
from collectors.systems.files import FilesConnection, FilesSettings
from queries.records import KINDS, Record

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
HOUR_AGO = NOW - timedelta(hours=1)
DAY_AGO = NOW - timedelta(days=1)
TWO_DAYS_AGO = NOW - timedelta(days=2)
#: how a German export writes things down
GERMAN = {
    "decimal": ",",
    "thousands": ".",
    "dates": ["%d.%m.%Y"],
    "instants": ["%d.%m.%Y %H:%M"],
    "zone": "Europe/Berlin",
    "true": ["T", "Ja"],
    "false": ["F", "Nein"],
    "nothing": ["", "N/A", "-"],
}
HEADER = "id,name,source_updated_at\n"
ROW = "C1,Nordwind,2026-11-01T00:00:00Z\n"


class Poll:
    """One pass over the first stream of a connection."""

    def __init__(self, connection: FilesConnection, since: str | None = None) -> None:
        self.stream: Stream = connection.streams()[0]
        self.pages: list[Page] = list(connection.pages(self.stream, since, NOW))
        self.rows = [row for page in self.pages for row in page.rows]
        self.raw = [raw for page in self.pages for raw, _ in page.rejects]
        self.reasons = [reason for page in self.pages for _, reason in page.rejects]
        self.last = self.pages[-1]
        self.parsed, self.refused = self._parse()

    def _parse(self) -> tuple[list[Any], list[SkippableError]]:
        parsed, refused = [], []
        for row in self.rows:
            try:
                parsed.append(self.stream.parse(row))
            except SkippableError as error:
                refused.append(error)
                self.reasons.append(str(error))
        return parsed, refused

    @property
    def records(self) -> list[Any]:
        """The records the runner would store."""
        return decoded(self.stream.kind, self.parsed)

    @property
    def ids(self) -> list[str]:
        """The ids of the rows that can be read."""
        return [row["id"] for row in self.parsed]


class Folder:
    """A folder files are exported to."""

    def __init__(self, path: Path) -> None:
        self.path = path / "exports"
        self.path.mkdir()

    def write(self, name: str, content: str | bytes, modified: datetime = HOUR_AGO) -> Path:
        """A file, last written at ``modified``."""
        path = self.path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (modified.timestamp(), modified.timestamp()))
        return path

    def workbook(self, name: str, rows: list[list[Any]], sheet: str = "Sheet1") -> None:
        """An XLSX file of one sheet."""
        book = openpyxl.Workbook()
        page = book.active
        page.title = sheet
        for row in rows:
            page.append(row)
        book.save(self.path / name)
        book.close()

    def connect(self, **settings: Any) -> FilesConnection:
        """The folder as a configured system."""
        return FilesConnection("psa", FilesSettings.model_validate({"path": self.path, **settings}))

    def poll(self, since: str | None = None, **settings: Any) -> Poll:
        """One pass over its first stream."""
        return Poll(self.connect(**settings), since)


def decoded(kind: str, rows: list[Any]) -> list[Any]:
    """Canonical mappings as the structs they become."""
    struct: type[Record] = KINDS[kind]
    return [msgspec.convert(row, struct, strict=False) for row in rows]
