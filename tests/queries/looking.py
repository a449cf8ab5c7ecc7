"""Looking into a store: single rows as they lie there, and what a batch said it did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from queries.ingest import Ingested, ingest
from queries.records import Record
from queries.schema import RECORD_TABLES, finding, reject
from queries.types import from_minor
from tests.cast import Cast, utc

NOW = utc("2026-11-20T18:00Z")
#: what people and programs put into ids
STRANGE_IDS = (
    'O\'Brien "Ltd" `x`',
    "\N{ROCKET}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "\u05e9\u05dc\u05d5\u05dd-\u202eabc\u202c",
    '=cmd("/c calc")',
    "100%s %(x)s ? :since $1 {0}",
    "tab\tnew\nline\\N \\",
    "  padded  ",
    "001",
    "1e3",
    "null",
    "[1]",
    "a:b/c#d",
    "x" * 255,
)


def row(firm: Cast, kind: str, identifier: str) -> dict[str, Any]:
    """The stored row of a record, whatever its system."""
    table = RECORD_TABLES[kind]
    found = firm.connection.execute(select(table).where(table.c.id == identifier)).one()
    return dict(found._mapping)


def amount(firm: Cast, kind: str, identifier: str) -> str:
    """The stored amount of a record, as a person reads it."""
    found = row(firm, kind, identifier)
    return str(from_minor(found["amount"], found["currency"]))


def deal(firm: Cast, identifier: str = "O1", **fields: Any) -> Record:
    """A won deal that is not stored yet."""
    return firm.record("opportunity", identifier, **{"status": "won", "currency": "GBP", **fields})


def arrive(firm: Cast, *records: Record, kind: str = "opportunity", system: str = "crm") -> Ingested:
    """One batch, and what it did."""
    return ingest(firm.connection, kind, firm.sources[system], records, NOW)


def waiting(firm: Cast) -> Sequence[Any]:
    """Every row that was ever in quarantine, in order of arrival."""
    return firm.connection.execute(select(reject).order_by(reject.c.id)).all()


def every_finding(firm: Cast) -> list[dict[str, Any]]:
    """Every finding there ever was, open or not."""
    return [dict(found._mapping) for found in firm.connection.execute(select(finding).order_by(finding.c.id))]
