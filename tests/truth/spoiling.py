"""Spoiling a firm's exports and looking at what the program makes of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from app.bootstrap import application
from app.report import check_list, exception_list, reject_list, system_list
from collectors.runner import Outcome
from queries.exceptions import Filters
from queries.store import reading

Table = list[dict[str, str]]


def rows(path: Path) -> Table:
    """The rows of a CSV export."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def text(table: Table, **dialect: Any) -> str:
    """Rows as CSV text, header first."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(table[0]), lineterminator="\n", **dialect)
    writer.writeheader()
    writer.writerows(table)
    return buffer.getvalue()


def write(path: Path, table: Table, **dialect: Any) -> None:
    """A CSV export of these rows."""
    path.write_text(text(table, **dialect), encoding="utf-8")


def polled(config: Path) -> dict[str, Outcome]:
    """One pass over everything; how each stream ended."""
    with application(config) as app:
        return {f"{found.system}/{found.stream}": found for found in app.poll()}


def listed(config: Path) -> list[dict[str, Any]]:
    """Open exceptions, grey ones too, in the form of the command line."""
    with application(config) as app, reading(app.engine) as connection:
        return exception_list(connection, Filters())


def rejects(config: Path) -> list[dict[str, Any]]:
    """Rows in quarantine, in the form of the command line."""
    with application(config) as app, reading(app.engine) as connection:
        return reject_list(connection)


def streams(config: Path) -> dict[str, dict[str, Any]]:
    """Every stream as the command line tells it."""
    with application(config) as app, reading(app.engine) as connection:
        found = system_list(connection, app.now())
    return {f"{row['system']}/{stream['stream']}": stream for row in found for stream in row["streams"]}


def standing(config: Path) -> dict[str, dict[str, Any]]:
    """Every check as the command line tells it."""
    with application(config) as app, reading(app.engine) as connection:
        return {row["key"]: row for row in check_list(connection, app.rules)}
