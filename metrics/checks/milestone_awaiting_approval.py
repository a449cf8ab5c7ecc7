"""A milestone is reached, and the approval that makes it count is missing.

Not listed: milestones that are held, cancelled or deleted, those of a project that was cancelled, those that
are accepted by their date whatever their status says, and those that another stands for.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from queries.schema import RECORD_TABLES

_milestone = RECORD_TABLES["milestone"]
_project = RECORD_TABLES["project"]


def _select(scope: Scope) -> Select[Any]:
    cancelled = exists().where(
        and_(_project.c.system == _milestone.c.project_system, _project.c.id == _milestone.c.project_id),
        _project.c.status == "cancelled",
    )
    view = _milestone.alias("view")
    # the contract's own plan of it: delivery's milestone is what gets approved
    planned = exists().where(
        view.c.engagement_id == _milestone.c.engagement_id,
        view.c.milestone_system == _milestone.c.system,
        view.c.milestone_id == _milestone.c.id,
        view.c.deleted_at.is_(None),
    )
    return select(
        _milestone.c.system.label("subject_system"),
        literal("milestone").label("subject_kind"),
        _milestone.c.id.label("subject_id"),
        null().label("contract_line"),
        _milestone.c.currency,
        _milestone.c.engagement_id,
        _milestone.c.legal_entity,
        func.coalesce(_milestone.c.reached_at, _milestone.c.source_updated_at).label("since"),
        func.coalesce(_milestone.c.amount, 0).label("amount_minor"),
        _milestone.c.source_url,
        _milestone.c.name,
    ).where(
        scope.covers(_milestone.c.engagement_id),
        _milestone.c.status == "reached",
        _milestone.c.accepted_at.is_(None),
        _milestone.c.deleted_at.is_(None),
        ~_milestone.c.held,
        ~cancelled,
        ~planned,
    )


def _explain(row: Row, age: int) -> Explanation:
    name = row["name"] or "The milestone"
    return Explanation(
        reason=f"{name} was reached {age} business days ago and nobody has approved it.",
        expected="the approval, so that it can be invoiced and recognised",
        actual="reached, not accepted",
        first_broken_handoff="delivery to approval",
    )


CHECK = Check(
    key="milestone_awaiting_approval",
    title="Milestone awaiting approval",
    question="Which milestones are reached and still lack their approval?",
    reads=(Need("psa", "milestone"), Need("psa", "project", required=False)),
    subject="milestone",
    amount="the milestone's amount",
    acts="finance operations",
    remedy="Get the client's acceptance and record it, or set the milestone back to planned.",
    watch=3,
    act=10,
    select=_select,
    explain=_explain,
    source="seed: milestone reached, approval missing",
    needs_amount=False,
)
