"""C32: more hours are planned than the contract sells, by over 5 %.

The hours of all live projects the PSA keeps for an engagement are held against those of all lines of its
standing contracts. Where one of these lines does not say its hours nothing is known of what was sold, and
nothing is listed. One finding for the engagement, on the project with the most hours planned.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Subquery, and_, exists, func, literal, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.worth import at_rate, sold_rate
from queries.schema import RECORD_TABLES, system_role
from queries.types import HOURS_SCALE, NO_CURRENCY, from_scaled

_project = RECORD_TABLES["project"]
_contract = RECORD_TABLES["contract"]
_line = RECORD_TABLES["contract_line"]

#: the part of the hours sold that may be planned on top: one in so many
_TOLERATED = 20


def _sold(scope: Scope) -> Subquery:
    """The hours of contract lines by engagement, where each line says them."""
    ended = exists().where(
        _contract.c.system == _line.c.contract_system,
        _contract.c.id == _line.c.contract_id,
        _contract.c.status.in_(("draft", "cancelled")),
    )
    return (
        select(_line.c.engagement_id, func.sum(_line.c.hours).label("hours"))
        .where(scope.covers(_line.c.engagement_id), _line.c.deleted_at.is_(None), ~ended)
        .group_by(_line.c.engagement_id)
        .having(func.count() == func.count(_line.c.hours), func.sum(_line.c.hours) > 0)
        .subquery("sold")
    )


def _planned(scope: Scope) -> Subquery:
    """Projects with planned hours: their sum by engagement, and the place of each."""
    in_psa = exists().where(system_role.c.system == _project.c.system, system_role.c.role == "psa")
    within = _project.c.engagement_id
    order = (_project.c.planned_hours.desc(), _project.c.system, _project.c.id)
    return (
        select(
            _project,
            func.sum(_project.c.planned_hours).over(partition_by=within).label("hours"),
            func.row_number().over(partition_by=within, order_by=order).label("place"),
        )
        .where(
            scope.covers(within),
            _project.c.deleted_at.is_(None),
            _project.c.status != "cancelled",
            _project.c.planned_hours > 0,
            in_psa,
        )
        .subquery("planned")
    )


def _select(scope: Scope) -> Select[Any]:
    sold, planned = _sold(scope), _planned(scope)
    added = planned.c.hours - sold.c.hours
    worth = at_rate(added, sold_rate(planned), planned.c.currency)
    return select(
        planned.c.system.label("subject_system"),
        literal("project").label("subject_kind"),
        planned.c.id.label("subject_id"),
        null().label("contract_line"),
        func.coalesce(planned.c.currency, NO_CURRENCY).label("currency"),
        planned.c.engagement_id,
        planned.c.legal_entity,
        planned.c.source_updated_at.label("since"),
        func.coalesce(worth, 0).label("amount_minor"),
        planned.c.source_url,
        planned.c.hours.label("total_planned"),
        sold.c.hours.label("total_sold"),
    ).where(
        and_(sold.c.engagement_id == planned.c.engagement_id, planned.c.place == 1),
        added * _TOLERATED > sold.c.hours,
    )


def _hours(scaled: int) -> str:
    return f"{from_scaled(scaled, HOURS_SCALE).normalize():f} h"


def _explain(row: Row, _age: int) -> Explanation:
    planned, sold = _hours(row["total_planned"]), _hours(row["total_sold"])
    return Explanation(
        reason=f"{planned} are planned, and the contract sells {sold}.",
        expected=f"a plan within {sold}, or a change order for the rest",
        actual=f"{planned} planned",
        first_broken_handoff="change of scope to contract",
    )


CHECK = Check(
    key="scope_grew",
    title="Scope grew, contract did not",
    question="Which projects plan more hours than their contract sells?",
    reads=(
        Need("psa", "project"),
        Need("contract", "contract_line"),
        Need("contract", "contract", required=False),
    ),
    subject="project",
    amount="the hours planned above those sold, at the rate of the contract line",
    acts="project manager",
    remedy="Agree a change order for the added hours, or plan within what was sold.",
    watch=2,
    act=10,
    select=_select,
    explain=_explain,
    source="C32",
    needs_amount=False,
)
