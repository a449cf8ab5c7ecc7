"""C13: the systems of one engagement do not agree on what was sold.

Compared are the sums of won deals (their services), of contracts, of their lines, and of the projects of
each system: engagements with several deals or contracts add up. A source speaks only when each of its records
does, and the lines only when every contract has some; one source alone differs from nothing. Different
currencies are compared by nobody here: that they differ is told elsewhere. One finding for the engagement, on
its first deal; where it has none, on its first contract or project.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from queries.schema import RECORD_TABLES
from queries.types import from_minor

_deal = RECORD_TABLES["opportunity"]
_contract = RECORD_TABLES["contract"]
_line = RECORD_TABLES["contract_line"]
_project = RECORD_TABLES["project"]

_UNSIGNED = ("draft", "cancelled")
#: the part of the highest sum that may lie between it and the lowest: one in so many
_TOLERATED = 200


def _source(
    record: FromClause,
    name: ColumnElement[Any],
    rank: int,
    amount: ColumnElement[Any],
    at: ColumnElement[Any],
) -> Select[Any]:
    columns: tuple[ColumnElement[Any], ...] = (
        record.c.engagement_id,
        name.label("source"),
        literal(rank).label("rank"),
        record.c.system,
        literal(record.name, Text).label("kind"),  # type: ignore[attr-defined]
        record.c.id,
        record.c.legal_entity,
        record.c.source_url,
        record.c.currency,
        amount.label("minor"),
        func.coalesce(at, record.c.source_updated_at).label("at"),
    )
    return select(*columns).where(record.c.deleted_at.is_(None))


def _records(scope: Scope) -> Subquery:
    """Every record that says what was sold, with the source it counts for."""
    signed = and_(
        _contract.c.system == _line.c.contract_system,
        _contract.c.id == _line.c.contract_id,
        _contract.c.deleted_at.is_(None),
        _contract.c.status.not_in(_UNSIGNED),
    )
    services = func.coalesce(_deal.c.services_amount, _deal.c.amount)
    # a contract without lines leaves a hole in what the lines add up to
    empty = ~exists().where(
        _line.c.engagement_id == _contract.c.engagement_id,
        _line.c.contract_system == _contract.c.system,
        _line.c.contract_id == _contract.c.id,
        _line.c.deleted_at.is_(None),
    )
    contracts = _source(
        _contract, _contract.c.system + literal(" contracts"), 2, _contract.c.amount, _contract.c.signed_at
    ).where(_contract.c.status.not_in(_UNSIGNED), scope.covers(_contract.c.engagement_id))
    lines = _source(_line, _line.c.system + literal(" contract lines"), 3, _line.c.amount, null())
    hollow = _source(_contract, _contract.c.system + literal(" contract lines"), 3, null(), null())
    return union_all(
        _source(_deal, _deal.c.system + literal(" deals"), 1, services, _deal.c.won_at).where(
            _deal.c.status == "won", scope.covers(_deal.c.engagement_id)
        ),
        contracts,
        lines.where(exists().where(signed), scope.covers(_line.c.engagement_id)),
        hollow.where(_contract.c.status.not_in(_UNSIGNED), scope.covers(_contract.c.engagement_id), empty),
        _source(
            _project, _project.c.system + literal(" projects"), 4, _project.c.amount, _project.c.activated_at
        ).where(_project.c.status != "cancelled", scope.covers(_project.c.engagement_id)),
    ).subquery("sold")  # fmt: skip


def _differ(sold: Subquery) -> Subquery:
    """Engagements whose sources say different sums of one currency: the highest, the lowest, and where."""
    said = (
        select(
            sold.c.engagement_id,
            sold.c.source,
            func.sum(sold.c.minor).label("minor"),
            func.min(sold.c.currency).label("low_currency"),
            func.max(sold.c.currency).label("high_currency"),
            func.max(sold.c.at).label("at"),
        )
        .group_by(sold.c.engagement_id, sold.c.source)
        .having(func.count() == func.count(sold.c.minor), func.count() == func.count(sold.c.currency))
        .subquery("said")
    )
    most = func.max(said.c.minor).over(partition_by=said.c.engagement_id).label("most")
    least = func.min(said.c.minor).over(partition_by=said.c.engagement_id).label("least")
    each = select(said, most, least).subquery("each").c
    return (
        select(
            each.engagement_id,
            func.max(each.most).label("most"),
            func.min(each.least).label("least"),
            func.max(each.at).label("at"),
            func.min(each.low_currency).label("currency"),
            func.min(case((each.minor == each.most, each.source))).label("most_in"),
            func.min(case((each.minor == each.least, each.source))).label("least_in"),
        )
        .group_by(each.engagement_id)
        .having(
            func.min(each.low_currency) == func.max(each.high_currency),
            (func.max(each.most) - func.min(each.least)) * _TOLERATED > func.max(each.most),
        )
        .subquery("differ")
    )


def _select(scope: Scope) -> Select[Any]:
    sold = _records(scope)
    place = func.row_number().over(
        partition_by=sold.c.engagement_id, order_by=(sold.c.rank, sold.c.at, sold.c.system, sold.c.id)
    )
    first = select(sold, place.label("place")).subquery("first").c
    differ = _differ(sold)
    return select(
        first.system.label("subject_system"),
        first.kind.label("subject_kind"),
        first.id.label("subject_id"),
        null().label("contract_line"),
        differ.c.currency,
        differ.c.engagement_id,
        first.legal_entity,
        differ.c.at.label("since"),
        (differ.c.most - differ.c.least).label("amount_minor"),
        first.source_url,
        differ.c.currency.label("told_currency"),
        differ.c.most.label("total_most"),
        differ.c.most_in,
        differ.c.least.label("total_least"),
        differ.c.least_in,
    ).where(first.engagement_id == differ.c.engagement_id, first.place == 1)


def _told(row: Row, which: str) -> str:
    amount = from_minor(row[f"total_{which}"], row["told_currency"])
    return f"{amount} {row['told_currency']} in {row[f'{which}_in']}"


def _explain(row: Row, _age: int) -> Explanation:
    most, least = _told(row, "most"), _told(row, "least")
    return Explanation(
        reason=f"What was sold is {most} and {least}.",
        expected="the same sold value in every system, within half a percent",
        actual=f"{most}, {least}",
        first_broken_handoff="sold scope to project set-up",
    )


CHECK = Check(
    key="sold_value_differs",
    title="Sold value differs",
    question="Which sold work is not worth the same in every system?",
    reads=(
        Need("crm", "opportunity", required=False),
        Need("contract", "contract", required=False),
        Need("contract", "contract_line", required=False),
        Need("psa", "project"),
        Need("erp", "project", required=False),
    ),
    subject="opportunity",
    amount="the highest of the sold values less the lowest",
    acts="deal desk",
    remedy="Bring the deal, the contract with its lines, and the projects to the value that was agreed.",
    watch=2,
    act=5,
    select=_select,
    explain=_explain,
    source="C13",
)
