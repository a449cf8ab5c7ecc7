"""Two records, one project: live records of one system that name the same project of another.

The first of them, by length of id and then by id, is taken for the right one: this choice does not turn when
a row is updated. Each of the others is a finding, with what is invoiced on it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, null, or_, select
from sqlalchemy.sql.selectable import FromClause, Subquery

from metrics.check import Check, Explanation, Need, Row, Scope
from queries.schema import NOTHING, RECORD_TABLES
from queries.types import NO_CURRENCY

_project = RECORD_TABLES["project"]
_line = RECORD_TABLES["invoice_line"]


def _is_live(project: FromClause) -> ColumnElement[bool]:
    return and_(project.c.deleted_at.is_(None), project.c.status != "cancelled")


def _before(left: FromClause, right: FromClause) -> ColumnElement[bool]:
    """Which of two records is the first."""
    mine, other = func.length(left.c.id), func.length(right.c.id)
    return or_(mine < other, and_(mine == other, left.c.id < right.c.id))


def _invoiced(scope: Scope) -> Subquery:
    """What live invoice lines book on each project record, per currency."""
    place = (_line.c.engagement_id, _line.c.project_system, _line.c.project_id, _line.c.currency)
    live = (_line.c.deleted_at.is_(None), _line.c.live_minor != NOTHING)
    query = select(*place, func.sum(_line.c.live_minor).label("minor"))
    return query.where(scope.covers(_line.c.engagement_id), *live).group_by(*place).subquery("invoiced")


def _select(scope: Scope) -> Select[Any]:
    extra, first = _project.alias("extra"), _project.alias("first")
    same = and_(
        first.c.engagement_id == extra.c.engagement_id,
        first.c.system == extra.c.system,
        first.c.project_system == extra.c.project_system,
        first.c.project_id == extra.c.project_id,
        _is_live(first),
        _before(first, extra),
    )
    kept = select(first.c.id).where(same).order_by(func.length(first.c.id), first.c.id).limit(1)
    booked = _invoiced(scope)
    on_it = and_(
        booked.c.engagement_id == extra.c.engagement_id,
        booked.c.project_system == extra.c.system,
        booked.c.project_id == extra.c.id,
    )
    return (
        select(
            extra.c.system.label("subject_system"),
            literal("project").label("subject_kind"),
            extra.c.id.label("subject_id"),
            null().label("contract_line"),
            func.coalesce(booked.c.currency, extra.c.currency, NO_CURRENCY).label("currency"),
            extra.c.engagement_id,
            extra.c.legal_entity,
            func.coalesce(extra.c.first_active_at, extra.c.source_updated_at).label("since"),
            func.coalesce(booked.c.minor, 0).label("amount_minor"),
            extra.c.source_url,
            extra.c.system.label("in_system"),
            extra.c.id.label("extra"),
            kept.scalar_subquery().label("kept"),
            extra.c.project_system.label("named_system"),
            extra.c.project_id.label("named"),
        )
        .select_from(extra.outerjoin(booked, on_it))
        .where(
            scope.covers(extra.c.engagement_id),
            _is_live(extra),
            extra.c.project_system != extra.c.system,
            select(first.c.id).where(same).exists(),
        )
    )


def _explain(row: Row, _age: int) -> Explanation:
    named = f"project {row['named']} of {row['named_system']}"
    return Explanation(
        reason=f"{row['in_system']} has {row['kept']} and {row['extra']} for one and the same {named}.",
        expected=f"one live project in {row['in_system']} for {named}",
        actual=f"{row['extra']} beside {row['kept']}",
        first_broken_handoff="identity of projects",
    )


CHECK = Check(
    key="duplicate_project",
    title="Duplicate project",
    question="Which project is kept twice in one system?",
    reads=(
        Need("psa", "project"),
        Need("erp", "project", required=False),
        Need("erp", "invoice_line", required=False),
    ),
    subject="project",
    amount="what live invoice lines book on the duplicate",
    acts="data steward",
    remedy="Cancel one of them, and move what is booked on it to the other.",
    watch=0,
    act=1,
    select=_select,
    explain=_explain,
    source="DESIGN 5",
    needs_amount=False,
    at_once=True,
)
