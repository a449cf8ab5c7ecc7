"""The embedded trace store: the spans that touched a business object, and all that is in a trace.

A span is never changed once stored: what arrives again under the same (trace_id, span_id) is
ignored, and its business keys with it. Times are nanoseconds since 1970 in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, tuple_

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


class SpanId(NamedTuple):
    """What tells one stored span from all others."""

    trace_id: str
    span_id: str


class ObjectRef(NamedTuple):
    """A business object to look up; with a system, spans that name another system do not count."""

    kind: str
    id: str
    system: str | None = None


_OF_TRACES = (
    select(*(span.c[name] for name in SpanRow._fields))
    .where(span.c.trace_id.in_(bindparam("traces", expanding=True)))
    .order_by(span.c.start_ns, span.c.trace_id, span.c.span_id)
    .limit(bindparam("most"))
)


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


def spans_naming(
    connection: Connection, groups: Sequence[Iterable[tuple[str, str] | ObjectRef]], limit: int = 1000
) -> list[list[SpanId]]:
    """For each group of business objects the newest ``limit`` spans that name any of them, newest first.

    ``limit`` spans in an answer mean that there may be more. One statement, any number of objects.
    """
    asked = [
        (str(place), *ref) for place, group in enumerate(groups) for ref in {ObjectRef(*key) for key in group}
    ]
    if not asked:
        return [[] for _ in groups]
    table, mark = _ASKED[connection.dialect.name]
    sql = _NAMING.format(table=table, mark=mark)
    # a span may name several objects of a group: it is one span
    found: list[dict[SpanId, None]] = [{} for _ in groups]
    for place, *identity in connection.exec_driver_sql(sql, (json.dumps(asked), limit)):
        found[int(place)][SpanId(*identity)] = None
    return [list(spans) for spans in found]


#: the objects as a table of JSON lists, and how a parameter is written
_ASKED = {"sqlite": ("json_each(?)", "?"), "postgresql": ("json_array_elements(%s::json)", "%s")}
#: a cross join keeps its order on SQLite: the few that are asked for, then their keys by index
_NAMING = """
SELECT place, trace_id, span_id FROM (
    SELECT asked.place, span_key.trace_id, span_key.span_id, dense_rank() OVER (
        PARTITION BY asked.place
        ORDER BY span_key.start_ns DESC, span_key.trace_id, span_key.span_id
    ) AS newness
    FROM (SELECT value ->> 0 AS place, value ->> 1 AS kind, value ->> 2 AS id, value ->> 3 AS system
        FROM {table}) asked
    CROSS JOIN span_key
    WHERE span_key.kind = asked.kind AND span_key.id = asked.id
        AND (span_key.system IS NULL OR asked.system IS NULL OR span_key.system = asked.system)
) named WHERE newness <= {mark} ORDER BY place, newness
"""


def whole_traces(
    connection: Connection, groups: Sequence[Iterable[ObjectRef]], limit: int = 20_000
) -> list[list[SpanRow]]:
    """For each group of business objects every span of the traces that touched any, oldest first.

    At most ``limit`` spans a group, as :func:`spans_of_trace` gives them.
    """
    wanted = [{span.trace_id for span in named} for named in spans_naming(connection, groups)]
    found = spans_of_trace(connection, set().union(*wanted), limit)
    if len(found) < limit:
        return [[row for row in found if row.trace_id in traces] for traces in wanted]
    # one group's many spans must not take the place of another's
    return [spans_of_trace(connection, traces, limit) for traces in wanted]


def spans_of_trace(connection: Connection, trace_ids: Iterable[str], limit: int = 20_000) -> list[SpanRow]:
    """Every span of the traces, oldest first; ``limit`` spans in the answer mean there may be more.

    Trace ids may be in any case and without the leading zeros some stores cut off.
    """
    wanted = sorted({trace_id.strip().lower().rjust(32, "0") for trace_id in trace_ids})
    found: list[SpanRow] = []
    for start in range(0, len(wanted), _IDS_PER_STATEMENT):
        asked = {"traces": wanted[start : start + _IDS_PER_STATEMENT], "most": limit}
        found.extend(SpanRow(*row) for row in connection.execute(_OF_TRACES, asked))
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


def _by_start(row: SpanRow) -> tuple[int, str, str]:
    return row.start_ns, row.trace_id, row.span_id
