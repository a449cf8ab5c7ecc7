"""C34: an approved expense the client is to pay is on no live invoice line.

The line an expense names relieves it, less what was credited; where several name one line, the oldest first.
Expense lines that no expense names relieve the oldest open ones of the same piece of work and currency, by
amount. Age runs from the approval, or from the day of the expense where no approval is stamped. Not listed:
held (see billing hold), written off, not billable, deleted, and expenses of internal projects.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, Subquery, and_, case, exists, false, func, literal, null, select

from metrics.calendar import Calendar
from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.relief import relieve
from queries.schema import RECORD_TABLES

_expense = RECORD_TABLES["expense"]
_line = RECORD_TABLES["invoice_line"]
_project = RECORD_TABLES["project"]
_NAMED = ("engagement_id", "line_system", "line_id", "currency")
_GENERAL = ("engagement_id", "currency")
_ORDER = ("incurred_on", "system", "id")


def _owed(scope: Scope) -> Subquery:
    project = and_(_project.c.system == _expense.c.project_system, _project.c.id == _expense.c.project_id)
    return (
        select(
            _expense.c.system,
            _expense.c.id,
            _expense.c.engagement_id,
            _expense.c.legal_entity,
            _expense.c.currency,
            _expense.c.source_url,
            _expense.c.incurred_on,
            _expense.c.approved_at,
            _expense.c.contract_line_id.label("promise"),
            func.coalesce(_expense.c.invoice_line_system, literal("")).label("line_system"),
            func.coalesce(_expense.c.invoice_line_id, literal("")).label("line_id"),
            _expense.c.amount.label("total_amount"),
            _expense.c.amount.label("rest"),
        )
        .select_from(_expense.outerjoin(_project, project))
        .where(
            scope.covers(_expense.c.engagement_id),
            _expense.c.status == "approved",
            _expense.c.billable,
            ~_expense.c.held,
            ~_expense.c.written_off,
            _expense.c.deleted_at.is_(None),
            ~func.coalesce(_project.c.internal, false()),
        )
        .subquery("owed")
    )


def _named(scope: Scope) -> Subquery:
    """What the lines that expenses name bill."""
    naming = exists().where(
        _expense.c.engagement_id == _line.c.engagement_id,
        _expense.c.invoice_line_system == _line.c.system,
        _expense.c.invoice_line_id == _line.c.id,
    )
    return select(
        _line.c.engagement_id,
        _line.c.system.label("line_system"),
        _line.c.id.label("line_id"),
        _line.c.currency,
        _line.c.live_minor.label("pool"),
    ).where(scope.covers(_line.c.engagement_id), naming).subquery("named")  # fmt: skip


def _general(scope: Scope) -> Subquery:
    """What expense lines bill that no expense names."""
    naming = exists().where(
        _expense.c.engagement_id == _line.c.engagement_id,
        _expense.c.invoice_line_system == _line.c.system,
        _expense.c.invoice_line_id == _line.c.id,
    )
    return (
        select(_line.c.engagement_id, _line.c.currency, func.sum(_line.c.live_minor).label("pool"))
        .where(
            scope.covers(_line.c.engagement_id),
            _line.c.covers == "expense",
            _line.c.live_minor.is_not(None),
            ~naming,
        )
        .group_by(_line.c.engagement_id, _line.c.currency)
        .subquery("general")
    )


def _select(scope: Scope) -> Select[Any]:
    named = relieve(_owed(scope), _named(scope), _NAMED, _ORDER).subquery("after_named")
    item = relieve(named, _general(scope), _GENERAL, _ORDER).subquery("item").c
    return select(
        item.system.label("subject_system"),
        literal("expense").label("subject_kind"),
        item.id.label("subject_id"),
        null().label("contract_line"),
        item.currency,
        item.engagement_id,
        item.legal_entity,
        item.approved_at.label("since"),
        item.rest.label("amount_minor"),
        item.source_url,
        item.incurred_on,
        item.total_amount,
        case((item.rest < item.total_amount, 1), else_=0).label("total_partly"),
        case((item.line_id != "", 1), else_=0).label("total_names_line"),
    ).where(item.rest > 0)


def _since(row: Row, calendar: Calendar) -> date:
    day: date = row["incurred_on"]
    return day if row["since"] is None else calendar.local_date(row["since"])


def _explain(row: Row, age: int) -> Explanation:
    if row["total_partly"]:
        actual = "billed in part"
    else:
        actual = "the line it names bills nothing" if row["total_names_line"] else "on no invoice line"
    return Explanation(
        reason=f"An expense of {row['incurred_on']} is approved for {age} business days and not invoiced.",
        expected="a live invoice line for the whole expense",
        actual=actual,
        first_broken_handoff="expense to ERP billing",
    )


CHECK = Check(
    key="expense_not_billed",
    title="Expense not billed",
    question="Which approved expenses has nobody passed on to the client?",
    reads=(
        Need("time", "expense"),
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
        Need("psa", "project", required=False),
    ),
    subject="expense",
    amount="the expense less what live invoice lines bill of it",
    acts="billing",
    remedy="Put the expense on an invoice, or mark it as not billable or written off with a reason.",
    watch=15,
    act=30,
    select=_select,
    explain=_explain,
    since=_since,
    source="C34",
)
