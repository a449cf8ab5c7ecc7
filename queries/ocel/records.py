"""Records as objects, with their references and the events their dates tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, literal, select

from queries.ocel.file import Log
from queries.ocel.model import (
    ENGAGEMENT,
    EVENTS,
    KINDS,
    SHARED,
    START,
    camel,
    dated,
    event_values,
    object_id,
    object_values,
)
from queries.ocel.scope import Scope, pieces
from queries.records import NODE_KINDS, REFERENCES
from queries.schema import RECORD_TABLES, billed_time, crosswalk, link, node

#: an engagement and each of its records
MEMBER = "member"
#: an invoice line and the time or expense on it, whichever of the two says so
BILLS = "bills"
#: kind -> the events its dates tell
_TOLD = {kind: [one for one in EVENTS if one.kind == kind] for kind in KINDS}
#: before the reference of a link that was found but not believed
SUGGESTED = "suggested"


def add_records(connection: Connection, log: Log, scope: Scope) -> None:
    """Every record of the scope, and every record that no engagement owns: those nobody needs go later."""
    for kind in KINDS:
        for rows in pieces(connection, _query(kind, scope)):
            for row in rows:
                _add(log, kind, row)
            log.flush()


def add_links(connection: Connection, log: Log, scope: Scope) -> None:
    """How records of several systems are tied: by which reference, by which method; what was refused too."""
    mine = and_(
        node.c.kind == link.c.from_kind, node.c.system == link.c.from_system, node.c.id == link.c.from_id
    )
    # a name of several words is a tie between two records that a third one names
    query = (
        select(link).join(node, mine).where(node.c.present, link.c.name.not_like("% %"), scope.covers(node))
    )
    for rows in pieces(connection, query):
        for row in rows:
            source = object_id(row["from_kind"], row["from_system"], row["from_id"])
            target = object_id(row["to_kind"], row["to_system"], row["to_id"])
            told = f"{row['name']} ({row['method']})"
            log.relates(source, target, told if row["ties"] else f"{SUGGESTED} {told}")
        log.flush()


def add_billed_time(connection: Connection, log: Log, scope: Scope) -> None:
    """Which invoice line bills which time entries, whichever of the two says so."""
    line = RECORD_TABLES["invoice_line"]
    mine = and_(billed_time.c.line_system == line.c.system, billed_time.c.line_id == line.c.id)
    query = select(billed_time).join(line, mine).where(line.c.deleted_at.is_(None), scope.covers(line))
    for rows in pieces(connection, query):
        for row in rows:
            bill = object_id("invoice_line", row["line_system"], row["line_id"])
            log.relates(bill, object_id("time_entry", row["entry_system"], row["entry_id"]), BILLS)
        log.flush()


def _query(kind: str, scope: Scope) -> Select[Any]:
    table = RECORD_TABLES[kind]
    query = select(table).where(table.c.deleted_at.is_(None)).order_by(table.c.system, table.c.id)
    if kind in ("customer", "resource"):
        query = query.add_columns(_method(table, kind).label("method"))
    return query if kind in SHARED else query.where(scope.covers(table))


def _method(table: Table, kind: str) -> ColumnElement[str]:
    """How a client or a person is tied to the same one in the system of record."""
    system, identifier = table.c[f"{kind}_system"], table.c[f"{kind}_id"]
    said = and_(
        crosswalk.c.kind == literal(kind),
        crosswalk.c.system == table.c.system,
        crosswalk.c.id == table.c.id,
        crosswalk.c.reference == literal(kind),
        crosswalk.c.own_id.is_(None),
        crosswalk.c.to_system == system,
        crosswalk.c.to_id == identifier,
    )
    return case((select(crosswalk.c.id).where(said).exists(), "crosswalk_file"), else_=table.c.link_method)


def _add(log: Log, kind: str, row: Mapping[str, Any]) -> None:
    me = object_id(kind, row["system"], row["id"])
    log.object(kind, me, START, object_values(kind, row))
    engagement = row["engagement_id"] and object_id(ENGAGEMENT, row["engagement_id"])
    if engagement:
        log.relates(engagement, me, MEMBER)
    _refer(log, kind, me, row)
    for one in _TOLD[kind]:
        found = dated(one, row)
        if found is not None:
            at, known_to = found
            event = f"{camel(one.name)}:{me}"
            log.event(one.name, event, at, event_values(one, row, known_to))
            log.touches(event, me, kind)
            if engagement:
                log.touches(event, engagement, ENGAGEMENT)


def _refer(log: Log, kind: str, me: str, row: Mapping[str, Any]) -> None:
    for name, target in REFERENCES[kind].items():
        linked = kind in NODE_KINDS and target in NODE_KINDS
        if row[f"{name}_id"] is not None and target in KINDS and not linked:
            told = f"{name} ({row['method']})" if "method" in row else name
            other = object_id(target, row[f"{name}_system"], row[f"{name}_id"])
            log.relates(me, other, told)
            if kind == "expense" and name == "invoice_line":
                log.relates(other, me, BILLS)
