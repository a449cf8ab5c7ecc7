"""C25: approved time, reached milestones and expenses are held back from billing for too long.

One finding a project, contract line and currency: whoever runs the project releases the holds there. No
system tells when a hold was set, so the age is that of the work: since the approval of time and expenses
(without a stamp, the day itself), since a milestone was accepted or reached. Time counts on time and
materials, at its open value; milestones on milestone lines, less live invoice lines that name them. Not
listed: drafts, rejected, written off, not billable, deleted, and hours that have no rate.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from metrics.calendar import Calendar
from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.relief import positive
from queries.project_views import subject_of
from queries.schema import RECORD_TABLES
from queries.types import NO_CURRENCY

_entry = RECORD_TABLES["time_entry"]
_expense = RECORD_TABLES["expense"]
_milestone = RECORD_TABLES["milestone"]
_promise = RECORD_TABLES["contract_line"]
_project = RECORD_TABLES["project"]
_line = RECORD_TABLES["invoice_line"]


def _held(
    record: FromClause,
    currency: ColumnElement[Any],
    amount: ColumnElement[Any],
    since: tuple[ColumnElement[Any], ColumnElement[Any]],
    counted: str,
) -> Select[Any]:
    """Held records of a kind with the project and contract line they stand under, and how that one bills."""
    view, subject = _project.alias("view"), _project.alias("subject")
    line_system, line_id = record.c.contract_line_system, record.c.contract_line_id
    own_line = and_(_promise.c.system == line_system, _promise.c.id == line_id)
    own_view = and_(view.c.system == record.c.project_system, view.c.id == record.c.project_id)
    project_id = func.coalesce(subject.c.id, record.c.project_id)
    method = func.coalesce(subject.c.billing_method, view.c.billing_method)
    return (
        select(
            func.coalesce(subject.c.system, record.c.project_system, line_system).label("subject_system"),
            case((project_id.is_(None), "contract_line"), else_="project").label("subject_kind"),
            func.coalesce(project_id, line_id).label("subject_id"),
            line_id.label("contract_line"),
            func.coalesce(currency, _promise.c.currency, NO_CURRENCY).label("currency"),
            record.c.engagement_id,
            func.coalesce(subject.c.legal_entity, view.c.legal_entity, record.c.legal_entity).label(
                "legal_entity"
            ),
            since[0].label("since"),
            amount.label("amount_minor"),
            func.coalesce(subject.c.source_url, view.c.source_url, record.c.source_url).label("source_url"),
            since[1].label("held_on"),
            func.coalesce(subject.c.number, view.c.number, project_id, line_id).label("project"),
            *_counts(record, counted),
        )
        .select_from(
            record.outerjoin(_promise, own_line)
            .outerjoin(view, own_view)
            .outerjoin(subject, subject_of(view, subject))
        )
        .where(record.c.held, record.c.deleted_at.is_(None), amount != 0, _bills(record, method, counted))
    )


def _counts(record: FromClause, counted: str) -> list[ColumnElement[Any]]:
    hours = record.c.open_hours if counted == "hours" else cast(literal(0), BigInteger)
    ones = [literal(int(counted == name)).label(name) for name in ("milestones", "expenses")]
    return [hours.label("hours"), *ones]


def _bills(record: FromClause, method: ColumnElement[Any], counted: str) -> ColumnElement[bool]:
    """Whether the contract line, or without one the project, bills by such records."""
    if counted == "expenses":
        return true()
    kind = func.coalesce(_promise.c.kind, case((record.c.contract_line_id.is_(None), method)))
    return kind == ("time_and_materials" if counted == "hours" else "milestone")


def _invoiced() -> ColumnElement[Any]:
    """What live invoice lines that name the milestone bill of it."""
    query = select(func.sum(_line.c.live_minor)).where(
        _line.c.engagement_id == _milestone.c.engagement_id,
        _line.c.milestone_system == _milestone.c.system,
        _line.c.milestone_id == _milestone.c.id,
        _line.c.currency == _milestone.c.currency,
    )
    return func.coalesce(query.correlate(_milestone).scalar_subquery(), 0)


def _select(scope: Scope) -> Select[Any]:
    time = _held(
        _entry,
        _entry.c.open_currency,
        _entry.c.open_minor,
        (_entry.c.approved_at, _entry.c.work_date),
        "hours",
    ).where(
        scope.covers(_entry.c.engagement_id),
        _entry.c.status == "approved",
        _entry.c.billable,
        ~_entry.c.written_off,
    )
    spent = _held(
        _expense,
        _expense.c.currency,
        _expense.c.amount,
        (_expense.c.approved_at, _expense.c.incurred_on),
        "expenses",
    ).where(
        scope.covers(_expense.c.engagement_id),
        _expense.c.status == "approved",
        _expense.c.billable,
        ~_expense.c.written_off,
    )
    done = func.coalesce(_milestone.c.accepted_at, _milestone.c.reached_at, _milestone.c.source_updated_at)
    owed = positive(func.coalesce(_milestone.c.amount, 0) - _invoiced())
    reached = _held(_milestone, _milestone.c.currency, owed, (done, cast(null(), Date)), "milestones").where(
        scope.covers(_milestone.c.engagement_id), _milestone.c.status.in_(("reached", "accepted"))
    )
    found = union_all(time, spent, reached).subquery("found")
    return select(*found.c)


def _since(row: Row, calendar: Calendar) -> date:
    day: date = row["held_on"]
    return day if row["since"] is None else calendar.local_date(row["since"])


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _explain(row: Row, age: int) -> Explanation:
    parts = [f"{row['hours'] / 1_000_000:g} h"] if row["hours"] else []
    parts += [_counted(row[f"{word}s"], word) for word in ("milestone", "expense") if row[f"{word}s"]]
    what = " and ".join(parts)
    return Explanation(
        reason=f"{what} of {row['project']} are held from billing, the oldest done {age} business days ago.",
        expected="work that is released for billing, or written off with a reason",
        actual=f"{what} held",
        first_broken_handoff="delivery to billing",
    )


CHECK = Check(
    key="billing_hold",
    title="Held from billing too long",
    question="Which finished work is held back from billing?",
    reads=(
        Need("psa", "project"),
        Need("time", "time_entry"),
        Need("time", "expense", required=False),
        Need("psa", "milestone", required=False),
        Need("contract", "contract_line", required=False),
        Need("erp", "invoice_line", required=False),
        Need("erp", "invoice", required=False),
    ),
    subject="project",
    amount="open value of the hours, milestones and expenses that are held",
    acts="project manager",
    remedy="Release the hold, or write the work off with a reason.",
    watch=10,
    act=30,
    select=_select,
    explain=_explain,
    since=_since,
    source="C25",
)
