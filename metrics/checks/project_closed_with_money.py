"""C20: a project is complete or closed in PSA and in the ERP, and work or expenses of it are not billed.

Money is the open time and materials of the project, as unbilled time is worked out, and its approved billable
expenses that no live invoice line bills. Age runs from PSA's last change of the project, or from its last day
where that was earlier.

Not listed: projects closed in one of the two systems only, money that is held or written off, submitted time,
and time that does not bill by the hour.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, not_, null, or_, select, union_all
from sqlalchemy.sql.selectable import FromClause

from metrics.calendar import Calendar
from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.open_time import open_time
from metrics.worked import hours_in_words
from queries.project_views import subject_of
from queries.schema import RECORD_TABLES, system_role

_project = RECORD_TABLES["project"]
_expense = RECORD_TABLES["expense"]
_billed = RECORD_TABLES["invoice_line"]
_OVER = ("complete", "closed")


class _OverOnly(Scope):
    """Engagements with a project that is over: only their open time needs to be worked out."""

    def covers(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        over = _project.alias("over")
        return and_(
            super().covers(column), exists().where(over.c.engagement_id == column, over.c.status.in_(_OVER))
        )


def _time(scope: Scope) -> Select[Any]:
    e = open_time(_OverOnly(scope.engagements)).c
    return select(
        e.project_system,
        e.project_id,
        e.currency,
        e.rest.label("value"),
        e.open_hours.label("hours"),
        literal(0).label("expenses"),
    )


def _spent(scope: Scope) -> Select[Any]:
    """Open expenses, under the project that a person would open."""
    view, subject = _project.alias("spent_view"), _project.alias("spent_subject")
    own = and_(view.c.system == _expense.c.project_system, view.c.id == _expense.c.project_id)
    billed = exists().where(
        _billed.c.system == _expense.c.invoice_line_system,
        _billed.c.id == _expense.c.invoice_line_id,
        _billed.c.live_minor > 0,
    )
    return (
        select(
            func.coalesce(subject.c.system, view.c.system).label("project_system"),
            func.coalesce(subject.c.id, view.c.id).label("project_id"),
            _expense.c.currency,
            _expense.c.amount.label("value"),
            literal(0).label("hours"),
            literal(1).label("expenses"),
        )
        .select_from(_expense.join(view, own).outerjoin(subject, subject_of(view, subject)))
        .where(
            scope.covers(_expense.c.engagement_id),
            _expense.c.status == "approved",
            _expense.c.billable,
            not_(_expense.c.held),
            not_(_expense.c.written_off),
            _expense.c.deleted_at.is_(None),
            not_(billed),
        )
    )


def _plays(project: FromClause, role: str) -> ColumnElement[bool]:
    return exists().where(system_role.c.system == project.c.system, system_role.c.role == role)


def _over_in_ledger(ledger: FromClause) -> tuple[ColumnElement[bool], ...]:
    """Conditions on the ERP's view of the project."""
    names = and_(ledger.c.project_system == _project.c.system, ledger.c.project_id == _project.c.id)
    named = and_(_project.c.project_system == ledger.c.system, _project.c.project_id == ledger.c.id)
    return (
        ledger.c.engagement_id == _project.c.engagement_id,
        ledger.c.deleted_at.is_(None),
        ledger.c.status != "cancelled",
        _plays(ledger, "erp"),
        or_(names, named),
    )


def _select(scope: Scope) -> Select[Any]:
    ledger, other = _project.alias("ledger"), _project.alias("other_ledger")
    money = union_all(_time(scope), _spent(scope)).subquery("money")
    on_it = and_(money.c.project_system == _project.c.system, money.c.project_id == _project.c.id)
    keys = (
        _project.c.system, _project.c.id, money.c.currency, _project.c.engagement_id, _project.c.legal_entity,
        _project.c.source_updated_at, _project.c.source_url, _project.c.number, _project.c.end_on,
    )  # fmt: skip
    return (
        select(
            _project.c.system.label("subject_system"),
            literal("project").label("subject_kind"),
            _project.c.id.label("subject_id"),
            null().label("contract_line"),
            money.c.currency,
            _project.c.engagement_id,
            _project.c.legal_entity,
            _project.c.source_updated_at.label("since"),
            func.sum(money.c.value).label("amount_minor"),
            _project.c.source_url,
            func.coalesce(_project.c.number, _project.c.id).label("project"),
            _project.c.end_on,
            func.sum(money.c.hours).label("hours"),
            func.sum(money.c.expenses).label("expenses"),
        )
        .select_from(_project.join(money, on_it))
        .where(
            scope.covers(_project.c.engagement_id),
            _project.c.deleted_at.is_(None),
            _project.c.status.in_(_OVER),
            _plays(_project, "psa"),
            exists().where(*_over_in_ledger(ledger), ledger.c.status.in_(_OVER)),
            ~exists().where(*_over_in_ledger(other), other.c.status.not_in(_OVER)),
        )
        .group_by(*keys)
    )


def _since(row: Row, calendar: Calendar) -> date:
    changed = calendar.local_date(row["since"])
    return changed if row["end_on"] is None else min(row["end_on"], changed)


def _explain(row: Row, age: int) -> Explanation:
    told = []
    if row["hours"]:
        told.append(f"{hours_in_words(row['hours'])} of approved time")
    if row["expenses"]:
        told.append("one expense" if row["expenses"] == 1 else f"{row['expenses']} expenses")
    what = " and ".join(told) or "money"
    return Explanation(
        reason=f"{row['project']} has been over for {age} business days in PSA and in the ERP,"
        f" and {what} of it are not billed.",
        expected="everything billed or written off before a project is closed",
        actual=f"{what} open on a closed project",
        first_broken_handoff="project close to billing",
    )


CHECK = Check(
    key="project_closed_with_money",
    title="Project closed with open money",
    question="Which closed projects still have something to bill?",
    reads=(
        Need("psa", "project"),
        Need("erp", "project"),
        Need("time", "time_entry"),
        Need("time", "expense", required=False),
        Need("contract", "contract_line", required=False),
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
    ),
    subject="project",
    amount="open time and materials and open expenses of the project",
    acts="project manager and finance",
    remedy="Bill what is open or write it off with a reason; open the project again where billing needs it.",
    watch=0,
    act=5,
    select=_select,
    explain=_explain,
    since=_since,
    at_once=True,
    source="C20",
)
