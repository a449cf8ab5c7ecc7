"""The embedded trace store: the spans that touched a business object, and all that is in a trace.

A span is never changed once stored: what arrives again under the same (trace_id, span_id) is
ignored, and its business keys with it. Times are nanoseconds since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, tuple_

from queries.schema import span, span_key
from queries.types import to_micros
from queries.write import Row, insert, rows_by

#: ids one statement names at most: SQLite takes 999 parameters where it was built long ago
_IDS_PER_STATEMENT = 500
_IDENTITY = ("trace_id", "span_id")
_ONCE = "ON CONFLICT DO NOTHING"


class SpanRow(NamedTuple):
    """One stored span; ``kind`` and ``status`` are OTLP's numbers, the last five are JSON text.

    ``events`` is a list of {name, time_ns, attributes}, ``links`` of {trace_id, span_id, attributes},
    ``flags`` maps what had to be mended to how often; None means nothing had.
    """

    trace_id: str
    span_id: str
    parent_span_id: str | None
    service: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    status: int
    status_message: str | None
    scope: str | None
    resource: str
    attributes: str
    events: str
    links: str
    flags: str | None


class SpanKey(NamedTuple):
    """A business object a span names; ``system`` is None where the span does not say whose id it is."""

    kind: str
    id: str
    trace_id: str
    span_id: str
    system: str | None
    start_ns: int


class ObjectRef(NamedTuple):
    """A business object to look up; with a system, spans that name another system do not count."""

    kind: str
    id: str
    system: str | None = None


_SPAN_COLUMNS = tuple(span.c[name] for name in SpanRow._fields)


def store_spans(
    connection: Connection, spans: Iterable[SpanRow], keys: Iterable[SpanKey], received_at: datetime
) -> int:
    """Store the spans not yet known, with their keys, and say how many those were.

    The caller owns the transaction, one of :func:`queries.store.writing`.
    """
    given: dict[tuple[str, str], SpanRow] = {}
    for row in spans:
        given.setdefault(row[:2], row)
    for known in rows_by(connection, span.name, _IDENTITY, _IDENTITY, sorted(given)):
        given.pop((known[0], known[1]), None)
    received = to_micros(received_at)
    rows = [(*row, received) for row in given.values()]
    insert(connection, span, (*SpanRow._fields, "received_at"), rows, _ONCE)
    theirs: list[Row] = [key for key in keys if (key.trace_id, key.span_id) in given]
    insert(connection, span_key, SpanKey._fields, theirs, _ONCE)
    return len(rows)


def spans_of_key(
    connection: Connection, keys: Iterable[tuple[str, str] | ObjectRef], limit: int = 1000
) -> list[SpanRow]:
    """The newest ``limit`` spans that name any of the business objects, oldest first.

    ``limit`` spans in the answer mean that there may be more.
    """
    wanted = sorted({ObjectRef(*key) for key in keys}, key=_by_kind_and_system)
    found: dict[tuple[str, str], SpanRow] = {}
    for start in range(0, len(wanted), _IDS_PER_STATEMENT):
        named = (
            select(span_key.c.trace_id, span_key.c.span_id, span_key.c.start_ns)
            .where(or_(*_conditions(wanted[start : start + _IDS_PER_STATEMENT])))
            .distinct()
            .order_by(span_key.c.start_ns.desc(), span_key.c.trace_id, span_key.c.span_id)
            .limit(limit)
            .subquery()
        )
        rows = select(*_SPAN_COLUMNS).join(
            named, and_(span.c.trace_id == named.c.trace_id, span.c.span_id == named.c.span_id)
        )
        found.update(((row.trace_id, row.span_id), SpanRow(*row)) for row in connection.execute(rows))
    return sorted(found.values(), key=_by_start)[-limit:]


def spans_of_trace(connection: Connection, trace_ids: Iterable[str], limit: int = 20_000) -> list[SpanRow]:
    """Every span of the traces, oldest first; ``limit`` spans in the answer mean there may be more.

    Trace ids may be in any case and without the leading zeros some stores cut off.
    """
    wanted = sorted({trace_id.strip().lower().rjust(32, "0") for trace_id in trace_ids})
    found: list[SpanRow] = []
    for start in range(0, len(wanted), _IDS_PER_STATEMENT):
        rows = (
            select(*_SPAN_COLUMNS)
            .where(span.c.trace_id.in_(wanted[start : start + _IDS_PER_STATEMENT]))
            .order_by(span.c.start_ns, span.c.trace_id, span.c.span_id)
            .limit(limit)
        )
        found.extend(SpanRow(*row) for row in connection.execute(rows))
    return sorted(found, key=_by_start)[:limit]


def prune(connection: Connection, before: datetime, batch: int = 5000) -> int:
    """Delete at most ``batch`` spans and ``batch`` keys that started before a time; how many went.

    One call is one short piece of a transaction, so that a writer never waits long: call it again,
    each time in a transaction of its own, until it answers 0.
    """
    cut = to_micros(before) * 1000
    gone = 0
    for table in (span_key, span):
        identity = tuple(table.primary_key.columns)
        old = select(*identity).where(table.c.start_ns < cut).limit(batch)
        gone += connection.execute(delete(table).where(tuple_(*identity).in_(old))).rowcount
    return gone


def _conditions(wanted: Sequence[ObjectRef]) -> Iterable[ColumnElement[bool]]:
    for (kind, system), group in groupby(wanted, key=itemgetter(0, 2)):
        named = and_(span_key.c.kind == kind, span_key.c.id.in_([ref.id for ref in group]))
        if system is not None:
            named = and_(named, or_(span_key.c.system.is_(None), span_key.c.system == system))
        yield named


def _by_kind_and_system(ref: ObjectRef) -> tuple[str, str, str]:
    return ref.kind, ref.system or "", ref.id


def _by_start(row: SpanRow) -> tuple[int, str, str]:
    return row.start_ns, row.trace_id, row.span_id
