"""K3: a milestone is accepted, its line recognises on milestones, and revenue is not posted in full.

What is owed is the milestone's revenue share: what the schedule allocates to it, else its amount.
A reversed posting is no revenue. Postings that name only the contract line relieve its accepted
milestones in order of acceptance.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, func, literal, null, select
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.relief import relieve
from queries.schema import RECORD_TABLES

_milestone = RECORD_TABLES["milestone"]
_line = RECORD_TABLES["contract_line"]
_revenue = RECORD_TABLES["revenue_line"]


def _stands(revenue: FromClause) -> ColumnElement[bool]:
    """Posted, and neither a reversal nor reversed."""
    reversal = _revenue.alias("reversal")
    undone = exists().where(
        reversal.c.reverses_system == revenue.c.system,
        reversal.c.reverses_id == revenue.c.id,
        reversal.c.state != "scheduled",
        reversal.c.deleted_at.is_(None),
    )
    return and_(
        revenue.c.state == "posted", revenue.c.deleted_at.is_(None), revenue.c.reverses_id.is_(None), ~undone
    )


def _naming(condition: ColumnElement[bool], revenue: FromClause) -> Any:
    return (
        select(func.sum(revenue.c.amount))
        .where(
            revenue.c.milestone_system == _milestone.c.system,
            revenue.c.milestone_id == _milestone.c.id,
            revenue.c.currency == _milestone.c.currency,
            condition,
        )
        .scalar_subquery()
    )


def _owed(scope: Scope) -> Subquery:
    scheduled, posted = _revenue.alias("scheduled"), _revenue.alias("posted")
    allocated = _naming(and_(scheduled.c.state == "scheduled", scheduled.c.deleted_at.is_(None)), scheduled)
    recognised = func.coalesce(_naming(_stands(posted), posted), 0)
    share = func.coalesce(allocated, _milestone.c.amount, 0)
    since = func.coalesce(_milestone.c.accepted_at, _milestone.c.source_updated_at)
    ties = (_line.c.system == _milestone.c.contract_line_system) & (
        _line.c.id == _milestone.c.contract_line_id
    )
    return (
        select(
            _milestone.c.system,
            _milestone.c.id,
            _milestone.c.name,
            _milestone.c.engagement_id,
            _milestone.c.legal_entity,
            _milestone.c.currency,
            _milestone.c.source_url,
            _line.c.system.label("line_system"),
            _line.c.id.label("line_id"),
            since.label("since"),
            share.label("share"),
            recognised.label("recognised"),
            (share - recognised).label("rest"),
        )
        .select_from(_milestone.join(_line, ties))
        .where(
            scope.covers(_milestone.c.engagement_id),
            _milestone.c.status == "accepted",
            _milestone.c.deleted_at.is_(None),
            _line.c.recognition == "milestone",
        )
        .subquery("owed")
    )


def _select(scope: Scope) -> Select[Any]:
    group = ("line_system", "line_id", "currency")
    general = _revenue.alias("general")
    keys = (general.c.contract_line_system, general.c.contract_line_id, general.c.currency)
    pools = (
        select(
            *(key.label(name) for key, name in zip(keys, group, strict=True)),
            func.sum(general.c.amount).label("pool"),
        )
        .where(scope.covers(general.c.engagement_id), general.c.milestone_id.is_(None), _stands(general))
        .group_by(*keys)
        .subquery("general_pool")
    )
    item = relieve(_owed(scope), pools, group, ("since", "system", "id")).subquery("item").c
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
        item.line_id,
        item.name,
        item.share,
        item.recognised,
        (item.share - item.recognised - item.rest).label("relieved_by_amount"),
    ).where(item.rest > 0)


def _explain(row: Row, age: int) -> Explanation:
    some = row["recognised"] or row["relieved_by_amount"]
    state = "only part of its revenue is posted" if some else "no revenue is posted for it"
    return Explanation(
        reason=f"{row['name'] or 'The milestone'} was accepted {age} business days ago and {state}.",
        expected="revenue posted for the whole share of the milestone",
        actual=state,
        first_broken_handoff="milestone to revenue",
    )


CHECK = Check(
    key="milestone_without_revenue",
    title="Milestone without revenue",
    question="Which accepted milestones have not become revenue?",
    reads=(
        Need("psa", "milestone"),
        Need("revenue", "revenue_line"),
        Need("contract", "contract_line", required=False),
    ),
    subject="milestone",
    amount="the milestone's revenue share less what is posted",
    acts="revenue accountant",
    remedy="Post the revenue of the milestone, or the invoice that carries it;"
    " if the event was lost, replay it.",
    watch=3,
    act=5,
    select=_select,
    explain=_explain,
    source="K3",
)
