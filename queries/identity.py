"""Who is who between systems: the pairs that are tied, what both say, what speaks against them, who wins.

A pair is a live record that names one of its own kind in another system. What speaks against it
(``conflict``) is, the worst first: the other is ``missing`` or ``deleted``; it is ``inactive`` there and
active here; another record here names the same (``duplicate``); ``customer``, ``currency`` or
``legal_entity`` differ along a certain tie; the ``crosswalk`` says otherwise. Names that differ are shown and
are none. Only systems that keep a kind can miss one of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from queries import read
from queries.schema import RECORD_TABLES, crosswalk, stream_state, system_role

#: the role whose system is meant where several keep a kind of record
HOME_ROLES = {
    "customer": "crm",
    "opportunity": "crm",
    "contract": "contract",
    "contract_line": "contract",
    "project": "psa",
    "milestone": "psa",
    "billing_event": "psa",
    "resource": "hcm",
    "time_entry": "time",
    "invoice": "erp",
    "invoice_line": "erp",
    "revenue_line": "revenue",
}
#: kinds whose records name their own kind elsewhere -> what is compared of them
COMPARED = {
    "customer": ("name", "legal_entity"),
    "resource": ("name", "status", "legal_entity"),
    "project": ("name", "status", "currency", "legal_entity", "customer"),
}
#: what speaks against a pair -> the attribute in which it shows
SHOWS_IN = {
    "inactive": "status",
    "customer": "customer",
    "currency": "currency",
    "legal_entity": "legal_entity",
}
_CERTAIN = ("native_reference", "external_id", "crosswalk_file")
_WEAK = "same_number"
_client = RECORD_TABLES["customer"]


class Compared(NamedTuple):
    """One attribute as both systems have it."""

    name: str
    here: str | None
    there: str | None
    differs: bool


class Side(NamedTuple):
    """One of two records: where it is, what it is called, when its system last changed it."""

    system: str
    id: str
    name: str | None
    at: datetime | None
    url: str | None


class Pair(NamedTuple):
    """Two records that are the same; ``wins`` is the system whose word counts, where policy names one."""

    kind: str
    here: Side
    there: Side
    method: str
    conflict: str | None
    compared: tuple[Compared, ...]
    wins: str | None
    crosswalk: tuple[str, str] | None


class Policy(NamedTuple):
    """Which role has the last word on a kind, the systems that play it, and how its pairs stand."""

    kind: str
    role: str
    systems: tuple[str, ...]
    pairs: int
    conflicts: int


def policies(connection: Connection, roles: Mapping[str, str]) -> list[Policy]:
    """The systems of record, and how many pairs and conflicts each kind has."""
    found = []
    for kind in COMPARED:
        rows = _pairs(kind).subquery()
        count = select(func.count(), func.count(rows.c.conflict))
        pairs_, conflicts = connection.execute(count.select_from(rows)).one()
        systems = _home(connection, kind, roles)
        found.append(Policy(kind, roles.get(kind, HOME_ROLES[kind]), systems, int(pairs_), int(conflicts)))
    return found


def pairs(
    connection: Connection,
    kind: str | None,
    roles: Mapping[str, str],
    *,
    only_conflicts: bool = False,
    limit: int,
    offset: int = 0,
) -> list[Pair]:
    """A page of the pairs, those that something speaks against first."""
    kinds = [kind] if kind else list(COMPARED)
    rows = union_all(*(_pairs(one) for one in kinds)).subquery("pairs")
    query = select(rows)
    if only_conflicts:
        query = query.where(rows.c.conflict.is_not(None))
    order = (case((rows.c.conflict.is_(None), 1), else_=0), rows.c.kind, rows.c.system, rows.c.id)
    found = read.rows(connection, query.order_by(*order).limit(limit).offset(offset))
    homes = {one: _home(connection, one, roles) for one in kinds}
    return [_pair(row, homes[row["kind"]]) for row in found]


def contradicted(connection: Connection, limit: int = 100) -> list[dict[str, Any]]:
    """Crosswalk rows that give way to what the record says itself, with both."""
    differs = or_(crosswalk.c.own_system != crosswalk.c.to_system, crosswalk.c.own_id != crosswalk.c.to_id)
    certain = func.coalesce(crosswalk.c.own_method, "") != _WEAK
    query = select(crosswalk).where(crosswalk.c.own_id.is_not(None), certain, differs)
    return read.rows(connection, query.order_by(*crosswalk.primary_key.columns).limit(limit))


def _home(connection: Connection, kind: str, roles: Mapping[str, str]) -> tuple[str, ...]:
    query = (
        select(system_role.c.system)
        .distinct()
        .join(stream_state, stream_state.c.system == system_role.c.system)
        .where(
            system_role.c.role == roles.get(kind, HOME_ROLES[kind]),
            stream_state.c.kind == kind,
            stream_state.c.configured,
        )
    )
    return tuple(sorted(connection.execute(query).scalars()))


def _pair(row: Mapping[str, Any], home: Sequence[str]) -> Pair:
    compared = tuple(_compared(name, row) for name in COMPARED[row["kind"]])
    here = Side(row["system"], row["id"], row["here_name"], row["here_at"], row["here_url"])
    there = Side(row["to_system"], row["to_id"], row["there_name"], row["there_at"], row["there_url"])
    wins = next((side.system for side in (there, here) if side.system in home), None)
    said = None if row["cross_id"] is None else (row["cross_system"], row["cross_id"])
    return Pair(row["kind"], here, there, row["method"], row["conflict"], compared, wins, said)


def _compared(name: str, row: Mapping[str, Any]) -> Compared:
    here, there = row[f"here_{name}"], row[f"there_{name}"]
    known = None not in (here, there)
    return Compared(name, here, there, known and _plain(here) != _plain(there))


def _plain(text: str) -> str:
    """A text without what is only a matter of spelling."""
    return " ".join(text.casefold().split())


# ---- the pairs of a kind -------------------------------------------------------------------------


def _pairs(kind: str) -> Select[Any]:
    mine, theirs = RECORD_TABLES[kind].alias("mine"), RECORD_TABLES[kind].alias("theirs")
    to_system, to_id = mine.c[f"{kind}_system"], mine.c[f"{kind}_id"]
    clients = [_client.alias(name) for name in ("my_client", "their_client")]
    says = and_(
        crosswalk.c.kind == kind,
        crosswalk.c.system == mine.c.system,
        crosswalk.c.id == mine.c.id,
        crosswalk.c.reference == kind,
        crosswalk.c.own_id.is_not(None),
        or_(crosswalk.c.to_system != to_system, crosswalk.c.to_id != to_id),
    )
    source = mine.outerjoin(theirs, and_(theirs.c.system == to_system, theirs.c.id == to_id))
    if kind == "project":
        for record, client in zip((mine, theirs), clients, strict=True):
            source = source.outerjoin(client, _is_client(record, client))
    return (
        select(
            literal(kind).label("kind"),
            mine.c.system.label("system"),
            mine.c.id.label("id"),
            to_system.label("to_system"),
            to_id.label("to_id"),
            mine.c.link_method.label("method"),
            _conflict(kind, mine, theirs, clients).label("conflict"),
            crosswalk.c.to_system.label("cross_system"),
            crosswalk.c.to_id.label("cross_id"),
            *_told("here", kind, mine, clients[0]),
            *_told("there", kind, theirs, clients[1]),
        )
        .select_from(source.outerjoin(crosswalk, says))
        .where(
            mine.c.deleted_at.is_(None),
            to_id.is_not(None),
            or_(to_system != mine.c.system, to_id != mine.c.id),
        )
    )


def _is_client(record: FromClause, client: FromClause) -> ColumnElement[bool]:
    return and_(client.c.system == record.c.customer_system, client.c.id == record.c.customer_id)


def _known_as(record: FromClause, client: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return (
        func.coalesce(client.c.customer_system, record.c.customer_system),
        func.coalesce(client.c.customer_id, record.c.customer_id),
    )


def _told(side: str, kind: str, record: FromClause, client: FromClause) -> list[ColumnElement[Any]]:
    """What a record says, in columns that every kind has."""
    nothing: ColumnElement[Any] = cast(null(), Text)
    status: ColumnElement[Any] = nothing
    if kind == "project":
        status = record.c.status
    elif kind == "resource":
        status = case((record.c.active, "active"), (~record.c.active, "inactive"), else_=nothing)
    customer = func.coalesce(client.c.name, record.c.customer_id) if kind == "project" else nothing
    columns = {
        "name": record.c.name,
        "status": status,
        "currency": record.c.currency if kind == "project" else nothing,
        "legal_entity": record.c.legal_entity,
        "customer": customer,
        "at": record.c.source_updated_at,
        "url": record.c.source_url,
    }
    return [column.label(f"{side}_{name}") for name, column in columns.items()]


def _conflict(
    kind: str, mine: FromClause, theirs: FromClause, clients: Sequence[FromClause]
) -> ColumnElement[Any]:
    kept = exists().where(
        stream_state.c.system == mine.c[f"{kind}_system"],
        stream_state.c.kind == kind,
        stream_state.c.configured,
    )
    cases: list[tuple[ColumnElement[bool], str]] = [
        (and_(theirs.c.id.is_(None), kept), "missing"),
        (theirs.c.deleted_at.is_not(None), "deleted"),
    ]
    if kind == "resource":
        cases[0] = (and_(cases[0][0], mine.c.active), "missing")
        cases[1] = (and_(cases[1][0], mine.c.active), "deleted")
        cases.append((and_(mine.c.active, ~theirs.c.active), "inactive"))
    if kind == "project":
        cases += _of_projects(mine, theirs, clients)
    cases.append((crosswalk.c.to_id.is_not(None), "crosswalk"))
    return case(*cases, else_=cast(null(), Text))


def _of_projects(
    mine: FromClause, theirs: FromClause, clients: Sequence[FromClause]
) -> list[tuple[ColumnElement[bool], str]]:
    other = RECORD_TABLES["project"].alias("other")
    twice = exists().where(
        other.c.engagement_id == mine.c.engagement_id,
        other.c.system == mine.c.system,
        other.c.id != mine.c.id,
        other.c.project_system == mine.c.project_system,
        other.c.project_id == mine.c.project_id,
        other.c.deleted_at.is_(None),
        other.c.status != "cancelled",
    )
    tied = and_(
        mine.c.link_method.in_(_CERTAIN), mine.c.status != "cancelled", theirs.c.status != "cancelled"
    )
    (my_system, my_id), (their_system, their_id) = map(_known_as, (mine, theirs), clients)
    return [
        (and_(mine.c.status != "cancelled", twice), "duplicate"),
        (and_(tied, my_system == their_system, my_id != their_id), "customer"),
        (and_(tied, mine.c.currency != theirs.c.currency), "currency"),
        (and_(tied, mine.c.legal_entity != theirs.c.legal_entity), "legal_entity"),
    ]
