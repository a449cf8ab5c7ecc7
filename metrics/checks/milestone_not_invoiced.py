"""C1: a milestone that is billed for itself is accepted, and no live invoice line bills it.

A milestone bills for itself when its contract line is of kind milestone or, where its engagement has no
contract lines, when its project bills by milestones. Lines that name the milestone, or a billing event of
it, relieve it; lines about milestones that name neither relieve those of their contract line or project, in
order of acceptance.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, func, literal, null, or_, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.relief import relieve
from queries.schema import RECORD_TABLES

_milestone = RECORD_TABLES["milestone"]
_line = RECORD_TABLES["contract_line"]
_project = RECORD_TABLES["project"]
_event = RECORD_TABLES["billing_event"]
_billed = RECORD_TABLES["invoice_line"]

_GROUP = ("engagement_id", "line_system", "line_id", "currency")
_NONE = literal("")


def _owed(scope: Scope) -> Subquery:
    line, project, other = _line, _project, _line.alias("other")
    has_lines = exists().where(
        other.c.engagement_id == _milestone.c.engagement_id, other.c.deleted_at.is_(None)
    )
    bills_itself = or_(
        line.c.kind == "milestone",
        and_(_milestone.c.contract_line_id.is_(None), project.c.billing_method == "milestone", ~has_lines),
    )
    amount = func.coalesce(_milestone.c.amount, 0)
    return (
        select(
            _milestone.c.system,
            _milestone.c.id,
            _milestone.c.name,
            _milestone.c.engagement_id,
            _milestone.c.legal_entity,
            _milestone.c.currency,
            _milestone.c.source_url,
            func.coalesce(line.c.system, _NONE).label("line_system"),
            func.coalesce(line.c.id, _NONE).label("line_id"),
            func.coalesce(_milestone.c.accepted_at, _milestone.c.source_updated_at).label("since"),
            amount.label("total_amount"),
            (amount - _invoiced()).label("rest"),
        )
        .select_from(_milestone)
        .outerjoin(
            line,
            and_(
                line.c.system == _milestone.c.contract_line_system, line.c.id == _milestone.c.contract_line_id
            ),
        )
        .outerjoin(
            project,
            and_(project.c.system == _milestone.c.project_system, project.c.id == _milestone.c.project_id),
        )
        .where(
            scope.covers(_milestone.c.engagement_id),
            _milestone.c.status == "accepted",
            _milestone.c.deleted_at.is_(None),
            ~_milestone.c.held,
            bills_itself,
        )
        .subquery("owed")
    )


def _invoiced() -> ColumnElement[Any]:
    """What live invoice lines bill of the milestone, naming it or a billing event of it."""
    event = _event.alias("of_milestone")
    by_event = exists().where(
        event.c.system == _billed.c.billing_event_system,
        event.c.id == _billed.c.billing_event_id,
        event.c.milestone_system == _milestone.c.system,
        event.c.milestone_id == _milestone.c.id,
    )
    by_name = and_(
        _billed.c.milestone_system == _milestone.c.system, _billed.c.milestone_id == _milestone.c.id
    )
    query = select(func.sum(_billed.c.live_minor)).where(
        _billed.c.engagement_id == _milestone.c.engagement_id,
        _billed.c.currency == _milestone.c.currency,
        or_(by_name, and_(_billed.c.milestone_id.is_(None), by_event)),
    )
    return func.coalesce(query.correlate(_milestone).scalar_subquery(), 0)


def _pools(scope: Scope) -> Subquery:
    """What lines about milestones that name none come to, per contract line and currency."""
    line = _billed.alias("general")
    keys = (
        line.c.engagement_id,
        func.coalesce(line.c.contract_line_system, _NONE).label("line_system"),
        func.coalesce(line.c.contract_line_id, _NONE).label("line_id"),
        line.c.currency,
    )
    return (
        select(*keys, func.sum(line.c.live_minor).label("pool"))
        .where(
            scope.covers(line.c.engagement_id),
            line.c.covers == "milestone",
            line.c.milestone_id.is_(None),
            line.c.billing_event_id.is_(None),
            line.c.live_minor.is_not(None),
        )
        .group_by(*keys)
        .subquery("general_pool")
    )


def _select(scope: Scope) -> Select[Any]:
    item = relieve(_owed(scope), _pools(scope), _GROUP, ("since", "system", "id")).subquery("item").c
    return select(
        item.system.label("subject_system"),
        literal("milestone").label("subject_kind"),
        item.id.label("subject_id"),
        null().label("contract_line"),
        item.currency,
        item.engagement_id,
        item.legal_entity,
        item.since,
        item.rest.label("amount_minor"),
        item.source_url,
        func.nullif(item.line_id, _NONE).label("line_id"),
        item.name,
        item.total_amount,
    ).where(item.rest > 0)


def _explain(row: Row, age: int) -> Explanation:
    name = row["name"] or "The milestone"
    return Explanation(
        reason=f"{name} was accepted {age} business days ago and is not invoiced in full.",
        expected="a posted invoice line for the whole amount of the milestone",
        actual="no invoice line, or one that is short",
        first_broken_handoff="milestone to billing",
    )


CHECK = Check(
    key="milestone_not_invoiced",
    title="Milestone not invoiced",
    question="Which accepted milestones has nobody invoiced?",
    reads=(
        Need("psa", "milestone"),
        Need("psa", "project", required=False),
        Need("psa", "billing_event", required=False),
        Need("contract", "contract_line", required=False),
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
    ),
    subject="milestone",
    amount="the milestone's amount less what live invoice lines bill of it",
    acts="billing",
    remedy="Invoice the milestone; if its billing event was lost, release it again.",
    watch=3,
    act=10,
    select=_select,
    explain=_explain,
    source="C1",
)
