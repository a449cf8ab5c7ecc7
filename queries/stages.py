"""Where work stands: for each engagement the furthest stage it has reached, and what it was sold for.

Nothing here reads through time entries, invoice lines or revenue: each engagement asks an index
whether there is one. The cost grows with the number of engagements only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Connection, Select, case, exists, func, literal, select
from sqlalchemy.sql.selectable import FromClause

from queries.exceptions import titles
from queries.journey import STAGES, Stage
from queries.schema import RECORD_TABLES, finding, node, system_role
from queries.types import from_minor

_deal = RECORD_TABLES["opportunity"]
_contract = RECORD_TABLES["contract"]


class Standing(NamedTuple):
    """How many engagements stand at a stage, and what they were sold for, in minor units of a currency.

    An engagement in several currencies is counted once; one without a known value has currency ''.
    """

    stage: str
    legal_entity: str
    currency: str
    count: int
    amount_minor: int


def reached(record: FromClause, stage: Stage) -> list[ColumnElement[bool]]:
    """When a record of a stage's kind means that the stage was reached."""
    found = [record.c.deleted_at.is_(None)]
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


def _furthest(legal_entity: str | None) -> CTE:
    """Engagement, its legal entity, its furthest stage (null: none yet)."""
    entity = func.coalesce(func.min(node.c.legal_entity), "").label("legal_entity")
    home = select(node.c.engagement_id, entity).where(node.c.present).group_by(node.c.engagement_id)
    if legal_entity is not None:
        home = home.having(entity == legal_entity)
    one = home.subquery("home")
    steps = []
    for stage in reversed(STAGES):
        record = RECORD_TABLES[stage.kind].alias(f"at_{stage.key}")
        # LIMIT keeps PostgreSQL from reading the whole table into a hash instead of asking the index
        here = select(literal(1)).where(
            record.c.engagement_id == one.c.engagement_id, *reached(record, stage)
        )
        steps.append((here.limit(1).scalar_subquery().is_not(None), stage.key))
    return select(one.c.engagement_id, one.c.legal_entity, case(*steps).label("stage")).cte("furthest")


def _sold() -> CTE:
    """Engagement, currency, value of its won deals, else of its contracts; ``place`` 1 marks one row each."""
    won = _deal.alias("won")
    has_deal = exists().where(won.c.engagement_id == _contract.c.engagement_id, *_won(won))
    deal_value = func.coalesce(_deal.c.services_amount, _deal.c.amount)
    deals = _summed(_deal, deal_value, _deal.c.won_at).where(*_won(_deal))
    contracts = _summed(_contract, _contract.c.amount, _contract.c.signed_at).where(
        _contract.c.status != "cancelled", _contract.c.deleted_at.is_(None), ~has_deal
    )
    both = deals.union_all(contracts).subquery("worth")
    place = func.row_number().over(partition_by=both.c.engagement_id, order_by=both.c.currency)
    return select(both, place.label("place")).cte("sold")


def _won(deal: FromClause) -> tuple[ColumnElement[bool], ...]:
    return deal.c.status == "won", deal.c.deleted_at.is_(None)


def _summed(table: FromClause, amount: ColumnElement[Any], at: ColumnElement[Any]) -> Select[Any]:
    keys = (table.c.engagement_id, table.c.currency)
    return select(*keys, func.sum(amount).label("minor"), func.max(at).label("sold_at")).group_by(*keys)


def standings(connection: Connection, legal_entity: str | None = None) -> list[Standing]:
    """How many engagements stand at each stage, and what they were sold for."""
    here, sold = _furthest(legal_entity), _sold()
    currency = func.coalesce(sold.c.currency, "")
    counted = func.sum(case((func.coalesce(sold.c.place, 1) == 1, 1), else_=0))
    query = (
        select(here.c.stage, here.c.legal_entity, currency, counted, func.coalesce(func.sum(sold.c.minor), 0))
        .select_from(here.outerjoin(sold, sold.c.engagement_id == here.c.engagement_id))
        .where(here.c.stage.is_not(None))
        .group_by(here.c.stage, here.c.legal_entity, currency)
    )
    rows = connection.execute(query)
    return [
        Standing(stage, entity, code, int(count), int(minor)) for stage, entity, code, count, minor in rows
    ]


class Standpoint(NamedTuple):
    """One engagement in the list of those at a stage. No amount: nobody says what it was sold for."""

    engagement: str
    title: str
    stage: str
    legal_entity: str
    currency: str | None
    amount: Decimal | None
    sold_at: datetime | None
    exceptions: int


def engagements(
    connection: Connection, stage: str | None, legal_entity: str | None, *, limit: int, offset: int = 0
) -> tuple[int, list[Standpoint]]:
    """How many engagements stand at a stage (None: at any), and a page of them, the newest deal first.

    One in several currencies shows the first of them.
    """
    here, sold = _furthest(legal_entity), _sold()
    first = (sold.c.engagement_id == here.c.engagement_id) & (sold.c.place == 1)
    query = (
        select(here.c.engagement_id, here.c.stage, here.c.legal_entity, sold.c.currency, sold.c.minor, sold.c.sold_at)
        .add_columns(func.count().over().label("total"))
        .select_from(here.outerjoin(sold, first))
        .where(here.c.stage.is_not(None) if stage is None else here.c.stage == stage)
        .order_by(func.coalesce(sold.c.sold_at, 0).desc(), here.c.engagement_id)
    )  # fmt: skip
    rows = connection.execute(query.limit(limit).offset(offset)).all()
    names = titles(connection, [row.engagement_id for row in rows])
    counts = _open_findings(connection, [row.engagement_id for row in rows])
    return (int(rows[0].total) if rows else 0), [_standpoint(row, names, counts) for row in rows]


def _standpoint(row: Any, names: Mapping[str, str], counts: Mapping[str, int]) -> Standpoint:
    amount = None if row.minor is None else from_minor(int(row.minor), row.currency)
    name = row.engagement_id
    return Standpoint(
        name, names.get(name, name), row.stage, row.legal_entity, row.currency, amount, row.sold_at, counts.get(name, 0)
    )  # fmt: skip


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


def titles_of_stages() -> dict[str, str]:
    """Stage -> what people call it, in the order of the way."""
    return {stage.key: stage.title for stage in STAGES}
