"""Rows that could not be read: kept as they came, with the reason, until they can be or are no more."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, insert, select, update

from queries.schema import reject

Name = tuple[str, str, str]
#: characters of an id that a reject remembers
_ID_KEPT = 255


class Reject(NamedTuple):
    """A row that could not become a record: its text, why, and the records it names where it is readable."""

    record_id: str | None
    reason: str
    raw: str
    names: tuple[Name, ...] = ()


def quarantine(
    connection: Connection, system: str, stream: str, kind: str, rejects: Iterable[Reject], now: datetime
) -> int:
    """Keep rejected rows; the same row twice is one row seen again. How many are new or came back."""
    news = 0
    for item in rejects:
        fingerprint = _fingerprint(item.raw)
        at = and_(reject.c.system == system, reject.c.stream == stream, reject.c.fingerprint == fingerprint)
        names, reason = json.dumps(item.names), storable(item.reason)
        again = connection.execute(
            update(reject).where(at).values(last_seen_at=now, reason=reason, names=names, resolved_at=None)
        )
        if again.rowcount == 0:
            news += 1
            connection.execute(
                insert(reject).values(
                    system=system,
                    stream=stream,
                    kind=kind,
                    record_id=None if item.record_id is None else storable(item.record_id),
                    fingerprint=fingerprint,
                    reason=reason,
                    raw=storable(item.raw),
                    names=names,
                    first_seen_at=now,
                    last_seen_at=now,
                )
            )
    return news


def _fingerprint(raw: str) -> str:
    """The same for the same row wherever it stood: what a collector noted of its place is left out."""
    try:
        row = json.loads(raw)
    except ValueError:
        row = raw
    if isinstance(row, dict):
        row = {name: value for name, value in row.items() if not name.startswith("_")}
    text = json.dumps(row, sort_keys=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def storable(text: str) -> str:
    """Text that every engine can keep: what a broken row holds may be just what none can."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def resolve_rejects(
    connection: Connection, system: str, stream: str, ids: Iterable[str], now: datetime
) -> list[Name]:
    """Records that came in well take their earlier rejects with them; the records those named."""
    mine = and_(reject.c.system == system, reject.c.stream == stream, reject.c.resolved_at.is_(None))
    waiting = connection.execute(select(reject.c.id, reject.c.record_id, reject.c.names).where(mine)).all()
    well = set(ids) if waiting else set()
    named: list[Name] = []
    for row in waiting:
        if row.record_id in well:
            resolve_reject(connection, row.id, now)
            named += [(kind, at, identifier) for kind, at, identifier in json.loads(row.names)]
    return named


def forget_rejects(
    connection: Connection, system: str, stream: str, held: Iterable[str], now: datetime
) -> list[Name]:
    """Rejects of records their source no longer holds wait for nothing; the records those named."""
    mine = and_(reject.c.system == system, reject.c.stream == stream, reject.c.resolved_at.is_(None))
    named_ones = select(reject.c.id, reject.c.record_id, reject.c.names).where(
        mine, reject.c.record_id.is_not(None)
    )
    waiting = connection.execute(named_ones).all()
    there = {storable(identifier[:_ID_KEPT]) for identifier in held} if waiting else set()
    gone = [row for row in waiting if row.record_id not in there]
    for row in gone:
        resolve_reject(connection, row.id, now)
    return [(kind, at, identifier) for row in gone for kind, at, identifier in json.loads(row.names)]


def resolve_unnamed(connection: Connection, system: str, stream: str, origin: str, now: datetime) -> None:
    """Rows without an id of a part of a source are forgotten as it is read anew; the same come back."""
    connection.execute(
        update(reject)
        .where(
            reject.c.system == system,
            reject.c.stream == stream,
            reject.c.record_id.is_(None),
            reject.c.resolved_at.is_(None),
            reject.c.reason.contains(origin, autoescape=True),
        )
        .values(resolved_at=now)
    )


def open_rejects(connection: Connection, system: str | None = None, stream: str | None = None) -> list[Any]:
    """Quarantined rows that wait, oldest first."""
    query = select(reject).where(reject.c.resolved_at.is_(None)).order_by(reject.c.id)
    if system:
        query = query.where(reject.c.system == system)
    if stream:
        query = query.where(reject.c.stream == stream)
    return list(connection.execute(query))


def resolve_reject(connection: Connection, identifier: int, now: datetime) -> None:
    """One quarantined row was read after all."""
    connection.execute(update(reject).where(reject.c.id == identifier).values(resolved_at=now))
