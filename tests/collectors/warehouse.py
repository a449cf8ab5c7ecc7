"""A customer's database for tests, and one pass over a stream of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collectors.contract import Page
from collectors.engines.sql_settings import SqlSettings
from collectors.systems.sql import SqlConnection
from tests.collectors.exports import decoded

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
QUERY = "SELECT * FROM customer WHERE source_updated_at >= :since"
WAREHOUSE = """
CREATE TABLE customer (id TEXT, name TEXT, source_updated_at TEXT);
INSERT INTO customer VALUES
  ('C1', 'Nordwind', '2026-11-01T00:00:00Z'), ('C2', 'Ostwind', '2026-11-19T12:00:00Z'),
  ('C3', 'Westwind', '2026-11-10T00:00:00Z');
CREATE TABLE zeiten (nr INTEGER, tag TEXT, std TEXT, frei INTEGER, geändert TEXT);
INSERT INTO zeiten VALUES (1, '20.11.2026', '7,5', 1, '2026-11-20 10:00'), (2, '20.11.2026', '8', 0, NULL);
CREATE TABLE load (at TEXT);
INSERT INTO load VALUES ('2026-11-20T06:00:00Z');
"""


def warehouse(folder: Path) -> Path:
    """A fresh SQLite file with the tables above."""
    path = folder / "warehouse.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(WAREHOUSE)
    return path


def connected(url: str, streams: dict[str, Any] | None = None, **settings: Any) -> SqlConnection:
    """A configured database."""
    streams = streams or {"customer": {"query": QUERY}}
    return SqlConnection("dwh", SqlSettings.model_validate({"url": url, "streams": streams, **settings}))


def sqlite(path: Path, *args: Any, **kwargs: Any) -> SqlConnection:
    """A configured SQLite file."""
    return connected(f"sqlite:///{path}", *args, **kwargs)


def pages(connection: SqlConnection, since: str | None = None) -> list[Page]:
    """One pass over its first stream."""
    return list(connection.pages(connection.streams()[0], since, NOW))


def records(connection: SqlConnection, since: str | None = None) -> list[Any]:
    """The records of one pass, as the runner would store them."""
    parse = connection.streams()[0].parse
    rows = [parse(row) for page in pages(connection, since) for row in page.rows]
    return decoded(connection.streams()[0].kind, rows)
