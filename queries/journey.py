"""The whole way of one engagement: from any id to its hops, with records, times, lags, links and spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, and_, exists, func, or_, select, union

from queries import read
from queries.records import ANCHORS, NODE_KINDS
from queries.schema import RECORD_TABLES, finding, link, node, span, span_key, stream_state, system_role
from queries.spans import ObjectRef, SpanRow, spans_of_key, spans_of_trace
from queries.types import HOURS_SCALE, from_minor, from_scaled

_SHOWN = 200


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
    found = list(
        connection.execute(
            select(node.c.engagement_id)
            .where(or_(node.c.engagement_id == text, node.c.id == text))
            .distinct()
        ).scalars()
    )
    found += connection.execute(select(finding.c.engagement_id).where(finding.c.id == text)).scalars()
    # a record's key begins with its system: an id alone would read through the whole table
    systems = list(connection.execute(select(stream_state.c.system).distinct()).scalars())
    for kind, table in RECORD_TABLES.items():
        if kind in ANCHORS:
            mine = and_(table.c.system.in_(systems), table.c.id == text)
            found += connection.execute(select(table.c.engagement_id).where(mine).distinct()).scalars()
        if kind in NODE_KINDS and "number" in table.c:
            found += connection.execute(select(table.c.engagement_id).where(table.c.number == text)).scalars()
    found += _by_invoice(connection, text, systems) + _by_trace(connection, text)
    return [name for name in dict.fromkeys(found) if name]


def _by_invoice(connection: Connection, text: str, systems: Sequence[str]) -> list[str]:
    invoice, line = RECORD_TABLES["invoice"], RECORD_TABLES["invoice_line"]
    key = (invoice.c.system, invoice.c.id)
    named = union(
        select(*key).where(invoice.c.system.in_(systems), invoice.c.id == text),
        select(*key).where(invoice.c.number == text),
    ).subquery("named")
    mine = and_(line.c.invoice_system == named.c.system, line.c.invoice_id == named.c.id)
    query = select(line.c.engagement_id).distinct().select_from(named.join(line, mine))
    return [name for name in connection.execute(query).scalars() if name]


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
    query = select(finding).where(finding.c.engagement_id == engagement, finding.c.is_open)
    found = read.rows(connection, query.order_by(finding.c.since))
    hops = [_hop(connection, engagement, stage) for stage in STAGES]
    hops = [
        hop
        for hop in hops
        if hop.count
        or hop.stage not in ("contract", "erp_project", "milestone", "staffing")
        or _broken(hop, found)
    ]
    _states(hops, found)
    deal = RECORD_TABLES["opportunity"]
    first = connection.execute(
        select(deal).where(deal.c.engagement_id == engagement).order_by(deal.c.won_at, deal.c.id).limit(1)
    ).one_or_none()
    parts = [first.customer_name, first.name or first.number] if first else []
    entity = first.legal_entity if first else next((row["legal_entity"] for row in found), None)
    title = " - ".join(part for part in parts if part) or engagement
    return Journey(engagement, title, entity, hops, found, links(connection, engagement))


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
    table = RECORD_TABLES[stage.kind]
    query = select(table).where(table.c.engagement_id == engagement, table.c.deleted_at.is_(None))
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
    far = datetime.max.replace(tzinfo=UTC)
    rows = read.rows(connection, query)
    return sorted(rows, key=lambda row: (_moment(row, stage.at) or far, row["system"], row["id"]))


def _in_role(table: Table, role: str) -> Any:
    return exists().where(system_role.c.system == table.c.system, system_role.c.role == role)


def _time_hop(connection: Connection, engagement: str, stage: Stage) -> Hop:
    """Time is summed in the store: an engagement may hold thousands of entries."""
    table = RECORD_TABLES["time_entry"]
    here = and_(
        table.c.engagement_id == engagement, table.c.deleted_at.is_(None), table.c.status == "approved"
    )
    query = select(
        func.count(), func.min(table.c.system), func.min(table.c.approved_at), func.max(table.c.approved_at),
        func.sum(table.c.hours), func.min(table.c.work_date), func.max(table.c.work_date),
    ).where(here)  # fmt: skip
    count, system, first, last, hours, worked_from, worked_to = connection.execute(query).one()
    hop = Hop(stage.key, stage.title, "done" if count else "not_reached", system, int(count))
    if count:
        hop.first_at = first or _midnight(worked_from)
        hop.last_at = last or _midnight(worked_to)
        hop.hours = from_scaled(int(hours), HOURS_SCALE).normalize()
        newest = select(table).where(here).order_by(table.c.work_date.desc(), table.c.id)
        hop.records = [_shown(row, stage) for row in read.rows(connection, newest.limit(_SHOWN))]
    return hop


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
    members = (
        select(node.c.kind, node.c.system, node.c.id).where(node.c.engagement_id == engagement).subquery()
    )
    out = and_(
        link.c.from_kind == members.c.kind,
        link.c.from_system == members.c.system,
        link.c.from_id == members.c.id,
    )
    into = and_(
        link.c.to_kind == members.c.kind, link.c.to_system == members.c.system, link.c.to_id == members.c.id
    )
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for condition in (out, into):
        query = select(link).select_from(link.join(members, condition))
        found |= {tuple(row.values()): row for row in read.rows(connection, query.limit(1000))}
    return [found[key] for key in sorted(found)]


def spans(connection: Connection, engagement: str, hop: Hop | None = None) -> list[SpanRow]:
    """The traces that touched an engagement's records, or those of one hop only, whole."""
    keys = (
        _span_keys(connection, engagement)
        if hop is None
        else [ObjectRef(r["kind"], r["id"], r["system"]) for r in hop.records]
    )
    if hop is not None and hop.stage == "invoice":
        keys += _invoice_keys(connection, engagement)
    touching = spans_of_key(connection, keys)
    return spans_of_trace(connection, {span.trace_id for span in touching})


def _span_keys(connection: Connection, engagement: str) -> list[ObjectRef]:
    members = connection.execute(
        select(node.c.kind, node.c.id, node.c.system).where(node.c.engagement_id == engagement)
    )
    return [ObjectRef(*row) for row in members] + _invoice_keys(connection, engagement)


def _invoice_keys(connection: Connection, engagement: str) -> list[ObjectRef]:
    line = RECORD_TABLES["invoice_line"]
    query = (
        select(line.c.invoice_id, line.c.invoice_system).where(line.c.engagement_id == engagement).distinct()
    )
    return [ObjectRef("invoice", row[0], row[1]) for row in connection.execute(query) if row[0]]
