"""Where work stands: for each engagement the furthest stage it has reached, and what it was sold for.

Standing reads through no time entries, invoice lines or revenue: each engagement asks an index whether
it has one, so that the cost grows with the number of engagements only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, literal, select
from sqlalchemy.sql.selectable import FromClause

from queries.exceptions import titles
from queries.journey import STAGES, Stage
from queries.schema import RECORD_TABLES, finding, node, system_role
from queries.types import from_minor

_deal = RECORD_TABLES["opportunity"]
_contract = RECORD_TABLES["contract"]
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

#: stage -> what people call it, in the order of the way
TITLES = {stage.key: stage.title for stage in STAGES}


class Standing(NamedTuple):
    """How many engagements stand at a stage, and what they were sold for, in minor units of a currency.

    One in several currencies is counted in the first of them; one without a known value has currency ''.
    """

    stage: str
    legal_entity: str
    currency: str
    engagements: int
    amount_minor: int


class Sold(NamedTuple):
    """What an engagement was sold for in one currency, and when."""

    currency: str
    minor: int
    at: datetime | None


def reached(record: FromClause, stage: Stage) -> list[ColumnElement[bool]]:
    """When a record of a stage's kind means that the stage was reached."""
    found: list[ColumnElement[bool]] = [record.c.deleted_at.is_(None)]
    if stage.kind == "project":
        playing = select(system_role.c.system).where(system_role.c.role == stage.role)
        found.append(record.c.system.in_(playing))
    if stage.kind == "time_entry":
        return [*found, record.c.status == "approved"]
    if stage.kind == "invoice_line":
        return [*found, record.c.live_minor != 0]
    if stage.kind == "revenue_line":
        found.append(record.c.state != "scheduled")
    return found if stage.done is None else [*found, record.c[stage.done].is_not(None)]


def _positions(connection: Connection, legal_entity: str | None) -> dict[str, tuple[str, str]]:
    """Engagement -> its legal entity and furthest stage; those that have reached none are left out."""
    entity = func.coalesce(func.min(node.c.legal_entity), "").label("legal_entity")
    home = select(node.c.engagement_id, entity).where(node.c.present).group_by(node.c.engagement_id)
    if legal_entity is not None:
        home = home.having(entity == legal_entity)
    one = home.subquery("home")
    steps = []
    for stage in reversed(STAGES):
        record = RECORD_TABLES[stage.kind].alias(f"at_{stage.key}")
        mine = record.c.engagement_id == one.c.engagement_id
        # LIMIT keeps PostgreSQL from reading the whole table into a hash instead of asking the index
        here = select(literal(1)).where(mine, *reached(record, stage)).limit(1).scalar_subquery()
        steps.append((here.is_not(None), stage.key))
    rows = connection.execute(select(one.c.engagement_id, one.c.legal_entity, case(*steps)))
    return {engagement: (entity, stage) for engagement, entity, stage in rows if stage is not None}


def _sold(connection: Connection) -> dict[str, list[Sold]]:
    """Engagement -> the value of its won deals, else of its contracts, currency by currency."""
    won = _deal.alias("won")
    has_deal = exists().where(won.c.engagement_id == _contract.c.engagement_id, *_won(won))
    value = func.coalesce(_deal.c.services_amount, _deal.c.amount)
    deals = _summed(_deal, value, _deal.c.won_at).where(*_won(_deal))
    contracts = _summed(_contract, _contract.c.amount, _contract.c.signed_at).where(
        _contract.c.status != "cancelled", _contract.c.deleted_at.is_(None), ~has_deal
    )
    found: dict[str, list[Sold]] = defaultdict(list)
    for query in (deals, contracts):
        for engagement, currency, minor, at in connection.execute(
            query.order_by("engagement_id", "currency")
        ):
            if minor is not None:
                found[engagement].append(Sold(currency, int(minor), at))
    return found


def _won(deal: FromClause) -> tuple[ColumnElement[bool], ...]:
    return deal.c.status == "won", deal.c.deleted_at.is_(None)


def _summed(table: FromClause, amount: ColumnElement[Any], at: ColumnElement[Any]) -> Select[Any]:
    keys = (table.c.engagement_id, table.c.currency)
    return select(*keys, func.sum(amount), func.max(at)).group_by(*keys)


def standings(connection: Connection) -> list[Standing]:
    """How many engagements stand at each stage, and what they were sold for."""
    sold = _sold(connection)
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for engagement, (entity, stage) in _positions(connection, None).items():
        parts = sold.get(engagement) or [Sold("", 0, None)]
        for place, part in enumerate(parts):
            row = counts[stage, entity, part.currency]
            row[0] += place == 0
            row[1] += part.minor
    return [Standing(*key, *row) for key, row in sorted(counts.items())]


class Standpoint(NamedTuple):
    """One engagement in the list of those at a stage; ``sold`` is empty where nobody says its value."""

    engagement: str
    title: str
    stage: str
    legal_entity: str
    sold: list[tuple[str, Decimal]]
    sold_at: datetime | None
    exceptions: int


def engagements(
    connection: Connection, stage: str | None, legal_entity: str | None, *, limit: int, offset: int = 0
) -> tuple[int, list[Standpoint]]:
    """How many engagements stand at a stage (None: at any), and a page of them, the newest deal first."""
    sold = _sold(connection)
    here = {
        engagement: place
        for engagement, place in _positions(connection, legal_entity).items()
        if stage is None or place[1] == stage
    }
    newest = {
        name: max((part.at or _LONG_AGO for part in sold.get(name, ())), default=_LONG_AGO) for name in here
    }
    names = sorted(here, key=lambda name: (_LONG_AGO - newest[name], name))[offset : offset + limit]
    known = _called(connection, names) | titles(connection, names)
    counts = _open_findings(connection, names)
    return len(here), [
        Standpoint(
            name,
            known.get(name, name),
            here[name][1],
            here[name][0],
            [(part.currency, from_minor(part.minor, part.currency)) for part in sold.get(name, ())],
            None if newest[name] == _LONG_AGO else newest[name],
            counts.get(name, 0),
        )
        for name in names
    ]


def is_engagement(connection: Connection, name: str) -> bool:
    """Whether an engagement is called so."""
    query = select(literal(1)).where(node.c.engagement_id == name).limit(1)
    return connection.execute(query).scalar() is not None


def _called(connection: Connection, engagements: Sequence[str]) -> dict[str, str]:
    """Engagement -> what its project or contract is called, for work without a deal."""
    found: dict[str, str] = {}
    for kind in ("project", "contract"):
        record = RECORD_TABLES[kind]
        name = func.coalesce(record.c.name, record.c.number)
        query = select(record.c.engagement_id, name).where(record.c.engagement_id.in_(engagements))
        named = connection.execute(query.where(name.is_not(None)).order_by(record.c.system, record.c.id))
        for engagement, called in named:
            found.setdefault(engagement, called)
    return found


def _open_findings(connection: Connection, engagements: Sequence[str]) -> dict[str, int]:
    query = select(finding.c.engagement_id, func.count()).where(
        finding.c.is_open, finding.c.engagement_id.in_(engagements)
    )
    return {name: int(count) for name, count in connection.execute(query.group_by(finding.c.engagement_id))}


# ---- how long a hop takes ----------------------------------------------------------------------


def transits(connection: Connection) -> dict[str, dict[str, list[int]]]:
    """Stage -> legal entity -> seconds each engagement took from the stage it had reached before.

    Reads the first moment of every stage of every engagement: for snapshots, not for pages. Work that
    ran ahead of the stage before it waited for nothing: 0.
    """
    entities = _home_entities(connection)
    before: dict[str, datetime] = {}
    found: dict[str, dict[str, list[int]]] = {}
    for stage in STAGES:
        lags = found.setdefault(stage.key, {})
        for engagement, at in _first_moments(connection, stage):
            earlier = before.get(engagement)
            if earlier is not None:
                waited = max(int((at - earlier).total_seconds()), 0)
                lags.setdefault(entities.get(engagement, ""), []).append(waited)
            before[engagement] = at
    return found


def _home_entities(connection: Connection) -> dict[str, str]:
    query = select(node.c.engagement_id, func.min(node.c.legal_entity)).where(node.c.present)
    rows = connection.execute(query.group_by(node.c.engagement_id))
    return {engagement: entity or "" for engagement, entity in rows}


def _first_moments(connection: Connection, stage: Stage) -> Iterator[tuple[str, datetime]]:
    record = RECORD_TABLES[stage.kind]
    source: FromClause = record
    dated: FromClause = record
    if stage.kind == "invoice_line":
        dated = RECORD_TABLES["invoice"]
        mine = (record.c.invoice_system == dated.c.system) & (record.c.invoice_id == dated.c.id)
        source = record.join(dated, mine)
    firsts = [func.min(dated.c[name]) for name in stage.at]
    query = select(record.c.engagement_id, *firsts).select_from(source).where(*reached(record, stage))
    for engagement, *moments in connection.execute(query.group_by(record.c.engagement_id)):
        at = next((moment for moment in moments if moment is not None), None)
        if at is not None and engagement is not None:
            yield engagement, at if isinstance(at, datetime) else datetime.combine(at, time(), UTC)
