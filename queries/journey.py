"""The whole way of one engagement: from any id to its hops, with records, times, lags, links and spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Executable,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from queries.records import ANCHORS, NODE_KINDS
from queries.schema import RECORD_TABLES, finding, link, node, span, span_key, stream_state, system_role
from queries.spans import ObjectRef, SpanRow, whole_traces
from queries.types import HOURS_SCALE, from_minor, from_scaled

_SHOWN = 200
_SHOWN_OF_IT = (
    "system", "id", "number", "name", "status", "state", "amount", "currency", "source_url",
)  # fmt: skip
_TRACE_ID = re.compile("[0-9a-fA-F]{16,32}")

# a statement is put together once: each time would take longer than the store takes to answer it
_ENGAGEMENT = bindparam("engagement", type_=Text)
_OPEN = (
    select(finding).where(finding.c.engagement_id == _ENGAGEMENT, finding.c.is_open).order_by(finding.c.since)
)
_MEMBERS = select(node.c.kind, node.c.id, node.c.system).where(node.c.engagement_id == _ENGAGEMENT)
_LINE, _DEAL = RECORD_TABLES["invoice_line"], RECORD_TABLES["opportunity"]
_INVOICES = (
    select(_LINE.c.invoice_id, _LINE.c.invoice_system).where(_LINE.c.engagement_id == _ENGAGEMENT).distinct()
)
_FIRST_DEAL = (
    select(_DEAL.c.customer_name, _DEAL.c.name, _DEAL.c.number, _DEAL.c.legal_entity)
    .where(_DEAL.c.engagement_id == _ENGAGEMENT)
    .order_by(_DEAL.c.won_at, _DEAL.c.id)
    .limit(1)
)


class Stage(NamedTuple):
    """A station of the way: which records make it, in which role, and when one counts as there."""

    key: str
    title: str
    kind: str
    role: str
    at: tuple[str, ...]
    done: str | None = None


STAGES = (
    Stage("opportunity", "Opportunity", "opportunity", "crm", ("won_at",), "won_at"),
    Stage("contract", "Contract", "contract", "contract", ("signed_at", "start_on")),
    Stage("project", "Project", "project", "psa", ("first_active_at",), "first_active_at"),
    Stage("erp_project", "ERP project", "project", "erp", ("first_active_at",), "first_active_at"),
    Stage("staffing", "Staffing", "allocation", "psa", ("start_on",)),
    Stage("time", "Time", "time_entry", "time", ("approved_at", "work_date"), "approved_at"),
    Stage("milestone", "Milestone", "milestone", "psa", ("accepted_at",), "accepted_at"),
    Stage("invoice", "Invoice", "invoice_line", "erp", ("posted_at", "issued_on"), "live_minor"),
    Stage("revenue", "Revenue", "revenue_line", "revenue", ("posted_on",), "posted_on"),
)

#: first broken hand-off of a finding -> the stage that is missing because of it
BROKEN = {
    "CRM to contract": "contract",
    "CRM to PSA": "project",
    "PSA activation": "project",
    "PSA to ERP": "erp_project",
    "ERP activation": "erp_project",
    "time to ERP billing": "invoice",
    "milestone to revenue": "revenue",
}


@dataclass(slots=True)
class Hop:
    """One stage of one engagement.

    ``state`` is done, partial (some of it), missing (an exception says so), or not_reached.
    ``amounts`` are per currency; ``lag_s`` counts from the stage before that was reached.
    """

    stage: str
    title: str
    state: str
    system: str | None = None
    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    lag_s: int | None = None
    amounts: dict[str, Decimal] = field(default_factory=dict)
    hours: Decimal | None = None
    records: list[dict[str, Any]] = field(default_factory=list)
    missing: str | None = None


@dataclass(slots=True)
class Journey:
    """Everything known of one engagement."""

    engagement: str
    title: str
    legal_entity: str | None
    hops: list[Hop]
    findings: list[dict[str, Any]]
    links: list[dict[str, Any]]


def resolve(connection: Connection, any_id: str) -> list[str]:
    """The engagements an id of any system, a number, a finding or a trace belongs to; best guess first."""
    text = any_id.strip()
    guesses = sorted((rank, name) for name, rank in connection.execute(_guesses(), {"id": text}) if name)
    found = [name for _, name in guesses]
    if not found or _TRACE_ID.fullmatch(text):
        found += _by_trace(connection, text)
    return list(dict.fromkeys(found))


@cache
def _guesses() -> Executable:
    """Each way an id may be meant, one after another in one statement, with its rank."""
    text = bindparam("id", type_=Text)
    # a record's key begins with its system: an id alone would read through the whole table
    systems = select(stream_state.c.system)
    ways = [
        select(node.c.engagement_id).where(or_(node.c.engagement_id == text, node.c.id == text)).distinct(),
        select(finding.c.engagement_id).where(finding.c.id == text),
    ]
    for kind, table in RECORD_TABLES.items():
        if kind in ANCHORS:
            ways.append(select(table.c.engagement_id).where(table.c.system.in_(systems), table.c.id == text))
        if kind in NODE_KINDS and "number" in table.c:
            ways.append(select(table.c.engagement_id).where(table.c.number == text))
    ways.append(_by_invoice(text, systems))
    return union_all(
        *(way.add_columns(literal_column(str(rank)).label("rank")) for rank, way in enumerate(ways))
    )


def _by_invoice(text: BindParameter[str], systems: Select[Any]) -> Select[Any]:
    invoice, line = RECORD_TABLES["invoice"], RECORD_TABLES["invoice_line"]
    key = (invoice.c.system, invoice.c.id)
    named = union(
        select(*key).where(invoice.c.system.in_(systems), invoice.c.id == text),
        select(*key).where(invoice.c.number == text),
    ).subquery("named")
    mine = and_(line.c.invoice_system == named.c.system, line.c.invoice_id == named.c.id)
    return select(line.c.engagement_id).distinct().select_from(named.join(line, mine))


def _by_trace(connection: Connection, text: str) -> list[str]:
    here = span.c.trace_id == text.lower()
    bounds = connection.execute(
        select(func.min(span.c.start_ns), func.max(span.c.start_ns)).where(here)
    ).one()
    if bounds[0] is None:
        return []
    # keys are found by what they name, or by when: a trace has no index of its own there
    query = select(span_key.c.kind, span_key.c.id).where(
        span_key.c.start_ns.between(*bounds), span_key.c.trace_id == text.lower()
    )
    ids = [row.id for row in connection.execute(query.distinct()) if row.kind in NODE_KINDS]
    return list(
        connection.execute(select(node.c.engagement_id).where(node.c.id.in_(ids)).distinct()).scalars()
    )


def journey(connection: Connection, engagement: str) -> Journey:
    """The hops of an engagement, its open findings, and which link ties which records by which method."""
    found = _rows(connection, _OPEN, engagement)
    hops = [_hop(connection, engagement, stage) for stage in STAGES]
    hops = [
        hop
        for hop in hops
        if hop.count
        or hop.stage not in ("contract", "erp_project", "milestone", "staffing")
        or _broken(hop, found)
    ]
    _states(hops, found)
    first = connection.execute(_FIRST_DEAL, {"engagement": engagement}).one_or_none()
    parts = [first.customer_name, first.name or first.number] if first else []
    entity = first.legal_entity if first else next((row["legal_entity"] for row in found), None)
    title = " - ".join(part for part in parts if part) or engagement
    return Journey(engagement, title, entity, hops, found, links(connection, engagement))


def _rows(connection: Connection, statement: Executable, engagement: str) -> list[dict[str, Any]]:
    found = connection.execute(statement, {"engagement": engagement})
    # the names of columns are a kind of text of their own, which not every writer of JSON takes
    names = [str(name) for name in found.keys()]  # noqa: SIM118 - the keys of a result, not of a mapping
    return [dict(zip(names, row, strict=True)) for row in found]


def _broken(hop: Hop, found: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((row for row in found if BROKEN.get(row["first_broken_handoff"]) == hop.stage), None)


def _states(hops: list[Hop], found: Sequence[Mapping[str, Any]]) -> None:
    """Name what is missing, and how long each hop took after the last one that was reached."""
    before: datetime | None = None
    for hop in hops:
        broken = _broken(hop, found)
        if broken is not None:
            hop.state = "partial" if hop.count and hop.state == "done" else "missing"
            hop.missing = broken["reason"]
        if hop.first_at is not None and hop.state in ("done", "partial"):
            hop.lag_s = None if before is None else int((hop.first_at - before).total_seconds())
            before = hop.first_at


def _hop(connection: Connection, engagement: str, stage: Stage) -> Hop:
    if stage.kind == "time_entry":
        return _time_hop(connection, engagement, stage)
    rows = _records(connection, engagement, stage)
    reached = [row for row in rows if stage.done is None or row[stage.done]]
    count = len(rows)
    if stage.kind == "invoice_line":
        # a draft, void or wholly credited line invoices nothing: it is shown, after those that do
        rows, count = reached + [row for row in rows if not row["live_minor"]], len(reached)
    hop = Hop(stage.key, stage.title, "not_reached", count=count)
    moments = sorted(at for at in (_moment(row, stage.at) for row in reached) if at)
    if rows:
        hop.state = "done" if reached else "not_reached"
        hop.system = rows[0]["system"]
        hop.first_at, hop.last_at = (moments[0], moments[-1]) if moments else (None, None)
        for row in reached:
            minor = row["live_minor"] if stage.kind == "invoice_line" else row.get("amount")
            if minor is not None and row.get("currency"):
                amount = from_minor(minor, row["currency"])
                hop.amounts[row["currency"]] = hop.amounts.get(row["currency"], Decimal(0)) + amount
        hop.records = [_shown(row, stage) for row in rows[:_SHOWN]]
    return hop


def _records(connection: Connection, engagement: str, stage: Stage) -> list[dict[str, Any]]:
    far = datetime.max.replace(tzinfo=UTC)
    rows = _rows(connection, _of_stage(stage), engagement)
    return sorted(rows, key=lambda row: (_moment(row, stage.at) or far, row["system"], row["id"]))


@cache
def _of_stage(stage: Stage) -> Executable:
    """The records that make a stage, with what is shown of them."""
    table = RECORD_TABLES[stage.kind]
    query = select(*_columns(stage)).where(table.c.engagement_id == _ENGAGEMENT, table.c.deleted_at.is_(None))
    if stage.kind == "invoice_line":
        header = RECORD_TABLES["invoice"]
        mine = and_(table.c.invoice_system == header.c.system, table.c.invoice_id == header.c.id)
        query = query.outerjoin(header, mine).add_columns(
            header.c.posted_at, header.c.issued_on, header.c.number, header.c.status
        )
    if stage.kind == "project":
        query = query.where(_in_role(table, stage.role))
    if stage.kind == "revenue_line":
        query = query.where(table.c.state != "scheduled")
    return query


def _columns(stage: Stage) -> list[Column[Any]]:
    wanted = {*_SHOWN_OF_IT, *stage.at, stage.done}
    return [column for column in RECORD_TABLES[stage.kind].c if column.name in wanted]


def _in_role(table: Table, role: str) -> Any:
    return exists().where(system_role.c.system == table.c.system, system_role.c.role == role)


def _time_hop(connection: Connection, engagement: str, stage: Stage) -> Hop:
    """Time is summed in the store: an engagement may hold thousands of entries."""
    sums, newest = _of_time(stage)
    count, system, first, last, hours, worked_from, worked_to = connection.execute(
        sums, {"engagement": engagement}
    ).one()
    hop = Hop(stage.key, stage.title, "done" if count else "not_reached", system, int(count))
    if count:
        hop.first_at = first or _midnight(worked_from)
        hop.last_at = last or _midnight(worked_to)
        hop.hours = from_scaled(int(hours), HOURS_SCALE).normalize()
        hop.records = [_shown(row, stage) for row in _rows(connection, newest, engagement)]
    return hop


@cache
def _of_time(stage: Stage) -> tuple[Executable, Executable]:
    """The sums of approved time, and its newest entries."""
    table = RECORD_TABLES["time_entry"]
    here = and_(
        table.c.engagement_id == _ENGAGEMENT, table.c.deleted_at.is_(None), table.c.status == "approved"
    )
    sums = select(
        func.count(), func.min(table.c.system), func.min(table.c.approved_at), func.max(table.c.approved_at),
        func.sum(table.c.hours), func.min(table.c.work_date), func.max(table.c.work_date),
    ).where(here)  # fmt: skip
    newest = select(*_columns(stage)).where(here).order_by(table.c.work_date.desc(), table.c.id)
    return sums, newest.limit(_SHOWN)


def _moment(row: Mapping[str, Any], names: Iterable[str]) -> datetime | None:
    value = next((row[name] for name in names if row.get(name) is not None), None)
    return _midnight(value) if isinstance(value, date) and not isinstance(value, datetime) else value


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _shown(row: Mapping[str, Any], stage: Stage) -> dict[str, Any]:
    minor, currency = row.get("amount"), row.get("currency")
    at = _moment(row, stage.at)
    return {
        "kind": stage.kind,
        "system": row["system"],
        "id": row["id"],
        "label": row.get("number") or row.get("name") or row["id"],
        "status": row.get("status") or row.get("state"),
        "at": at,
        "amount": from_minor(minor, currency) if minor is not None and currency else None,
        "currency": currency,
        "source_url": row.get("source_url"),
    }


def links(connection: Connection, engagement: str) -> list[dict[str, Any]]:
    """Which reference ties which records, by which method; refused ones as suggestions with the reason."""
    found = {tuple(row.values()): row for row in _rows(connection, _links(), engagement)}
    return [found[key] for key in sorted(found)]


@cache
def _links() -> Executable:
    """The links out of the records of an engagement, and those into them."""
    members = (
        select(node.c.kind, node.c.system, node.c.id).where(node.c.engagement_id == _ENGAGEMENT).subquery()
    )
    out = and_(
        link.c.from_kind == members.c.kind,
        link.c.from_system == members.c.system,
        link.c.from_id == members.c.id,
    )
    into = and_(
        link.c.to_kind == members.c.kind, link.c.to_system == members.c.system, link.c.to_id == members.c.id
    )
    sides = (select(link).join(members, end).limit(1000).subquery() for end in (out, into))
    return union_all(*(select(side) for side in sides))


def spans(connection: Connection, engagement: str, hop: Hop | None = None) -> list[SpanRow]:
    """The traces that touched an engagement's records, or those of one hop only, whole."""
    if hop is not None:
        return spans_by_hop(connection, engagement, [hop])[0]
    members = [ObjectRef(*row) for row in connection.execute(_MEMBERS, {"engagement": engagement})]
    return whole_traces(connection, [members + _invoices(connection, engagement)])[0]


def spans_by_hop(connection: Connection, engagement: str, hops: Sequence[Hop]) -> list[list[SpanRow]]:
    """For each hop the traces that touched its records, whole."""
    keys = [[ObjectRef(r["kind"], r["id"], r["system"]) for r in hop.records] for hop in hops]
    for hop, mine in zip(hops, keys, strict=True):
        if hop.stage == "invoice":
            mine.extend(_invoices(connection, engagement))
    return whole_traces(connection, keys)


def _invoices(connection: Connection, engagement: str) -> list[ObjectRef]:
    found = connection.execute(_INVOICES, {"engagement": engagement})
    return [ObjectRef("invoice", identifier, system) for identifier, system in found if identifier]
