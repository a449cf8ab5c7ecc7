"""C27: a project starts soon, and a role booked on it has no person yet.

The clock runs from two weeks before the booking starts (its own start, else the project's), so that it is
listed some ten business days before and urgent three before. Projects on hold, complete, closed or cancelled
need nobody; a booking of which nobody says when it starts is not judged.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, literal, null, select

from metrics.calendar import Calendar
from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.worth import at_rate, sold_rate
from queries.schema import RECORD_TABLES
from queries.types import NO_CURRENCY

_booking = RECORD_TABLES["allocation"]
_project = RECORD_TABLES["project"]

_AHEAD = timedelta(days=14)
_EARLIEST = date(1900, 1, 1)


def _select(scope: Scope) -> Select[Any]:
    start = func.coalesce(_booking.c.start_on, _project.c.start_on)
    worth = at_rate(_booking.c.hours, sold_rate(_project), _project.c.currency)
    on = and_(_project.c.system == _booking.c.project_system, _project.c.id == _booking.c.project_id)
    return (
        select(
            _project.c.system.label("subject_system"),
            literal("project").label("subject_kind"),
            _project.c.id.label("subject_id"),
            null().label("contract_line"),
            func.coalesce(_project.c.currency, NO_CURRENCY).label("currency"),
            _booking.c.engagement_id,
            _project.c.legal_entity,
            start.label("since"),
            func.coalesce(worth, 0).label("amount_minor"),
            _project.c.source_url,
            start.label("starts_on"),
            _booking.c.role,
            literal(1).label("unfilled"),
        )
        .select_from(_booking.join(_project, on))
        .where(
            scope.covers(_booking.c.engagement_id),
            _booking.c.deleted_at.is_(None),
            _booking.c.resource_id.is_(None),
            start.is_not(None),
            _project.c.deleted_at.is_(None),
            _project.c.status.in_(("planned", "active")),
        )
    )


def _since(row: Row, _calendar: Calendar) -> date:
    start: date = row["starts_on"]
    return max(start, _EARLIEST) - _AHEAD


def _explain(row: Row, _age: int) -> Explanation:
    count, day = row["unfilled"], row["starts_on"]
    one = f"The role {row['role']}" if row["role"] else "A role"
    what = f"{count} roles have nobody, the first to start" if count > 1 else f"{one} has nobody, and starts"
    return Explanation(
        reason=f"{what} on {day}.",
        expected="a person for every role before the work starts",
        actual=f"{row['unfilled']} without a person",
        first_broken_handoff="project set-up to staffing",
    )


CHECK = Check(
    key="roles_unfilled",
    title="Roles unfilled",
    question="Which projects start soon and lack people?",
    reads=(
        Need("psa", "allocation"),
        Need("psa", "project"),
        Need("contract", "contract_line", required=False),
    ),
    subject="project",
    amount="the hours nobody fills, at the rate of the contract line",
    acts="resource manager",
    remedy="Book a person for the role, or move its start.",
    watch=0,
    act=7,
    select=_select,
    explain=_explain,
    since=_since,
    source="C27",
    needs_amount=False,
)
