"""C17: time that nobody has billed yet, on a project it cannot be billed on.

The project an entry names is not known or was deleted; or it is cancelled; or it is closed and the work is
later than its last day; or PSA has it active while the ERP, which keeps projects, has no active one for it.

Not listed: time that names no project (it is untraceable); time that is rejected, a draft, deleted, not
billable or billed whole; projects that are on hold, complete or closed in both systems; closed projects that
do not say when they ended; firms whose ERP keeps no projects.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, exists, func, literal, not_, null, or_, select
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.worked import Worked, hours_in_words, worked
from queries.schema import RECORD_TABLES, stream_state, system_role

_project = RECORD_TABLES["project"]


def _is(project: FromClause, view: FromClause) -> ColumnElement[bool]:
    return and_(project.c.system == view.c.system, project.c.id == view.c.id)


def _names(project: FromClause, view: FromClause) -> ColumnElement[bool]:
    return and_(project.c.project_system == view.c.system, project.c.project_id == view.c.id)


def _not_in_ledger(w: Worked) -> ColumnElement[bool]:
    """The ERP of the project's company keeps projects, and none that stands for this one is active."""
    role, ledger = system_role.alias("ledger_role"), _project.alias("ledger")
    entity = func.coalesce(w.subject.c.legal_entity, w.view.c.legal_entity, w.entry.c.legal_entity)
    in_erp = exists().where(role.c.system == ledger.c.system, role.c.role == "erp")
    keeps = exists().where(
        role.c.role == "erp",
        or_(role.c.legal_entity == "*", role.c.legal_entity == entity),
        stream_state.c.system == role.c.system,
        stream_state.c.kind == "project",
        stream_state.c.configured,
    )
    same = or_(
        _is(ledger, w.view),
        _is(ledger, w.subject),
        _names(ledger, w.view),
        _names(ledger, w.subject),
        _names(w.view, ledger),
    )
    active = exists().where(
        ledger.c.engagement_id == w.view.c.engagement_id,
        ledger.c.deleted_at.is_(None),
        ledger.c.status == "active",
        in_erp,
        same,
    )
    return and_(keeps, not_(active))


def _why(w: Worked) -> ColumnElement[Any]:
    """What is wrong with the project, as the end of a sentence; nothing where it is in order."""
    status = func.coalesce(w.subject.c.status, w.view.c.status)
    ended = func.coalesce(w.subject.c.end_on, w.view.c.end_on)
    return case(
        (w.view.c.id.is_(None), "no system knows"),
        (w.view.c.deleted_at.is_not(None), "that was deleted"),
        (status == "cancelled", "that was cancelled"),
        (and_(status == "closed", w.entry.c.work_date > ended), "that had ended and is closed"),
        (and_(status == "active", _not_in_ledger(w)), "that is not active in the ERP"),
        else_=null(),
    )


def _select(scope: Scope) -> Select[Any]:
    w = worked()
    entry = w.entry.c
    shape = w.shape() | {"subject_kind": literal("project"), "contract_line": literal(None, Text)}
    rows = (
        select(
            *(column.label(name) for name, column in shape.items()),
            entry.work_date,
            w.source_url.label("url"),
            func.coalesce(entry.open_minor, 0).label("value"),
            entry.open_hours,
            case((entry.open_minor.is_(None), entry.open_hours), else_=0).label("unrated"),
            _why(w).label("why"),
        )
        .select_from(w.tables)
        .where(
            scope.covers(entry.engagement_id),
            or_(entry.is_open, and_(entry.status == "submitted", entry.billable, not_(entry.written_off))),
            entry.deleted_at.is_(None),
            entry.project_id.is_not(None),
        )
        .subquery("placed")
    ).c
    keys = [rows[name] for name in shape]
    return (
        select(
            *keys,
            func.min(rows.work_date).label("since"),
            func.sum(rows.value).label("amount_minor"),
            func.min(rows.url).label("source_url"),
            func.min(rows.why).label("why"),
            func.count().label("entries"),
            func.sum(rows.open_hours).label("hours"),
            func.sum(rows.unrated).label("unrated_hours"),
        )
        .where(rows.why.is_not(None))
        .group_by(*keys)
    )


def _explain(row: Row, age: int) -> Explanation:
    hours = hours_in_words(row["hours"])
    more = f" ({hours_in_words(row['unrated_hours'])} have no rate)" if row["unrated_hours"] else ""
    return Explanation(
        reason=f"{hours} in {row['entries']} entries lie on a project {row['why']},"
        f" the oldest worked {age} business days ago{more}.",
        expected="time on a project that is active in PSA and in the ERP",
        actual=f"{hours} on a project {row['why']}",
        first_broken_handoff="time to ERP project",
    )


CHECK = Check(
    key="orphan_time",
    title="Orphan time",
    question="Which time lies on a project it cannot be billed on?",
    reads=(
        Need("time", "time_entry"),
        Need("psa", "project"),
        Need("erp", "project", required=False),
        Need("contract", "contract_line", required=False),
    ),
    subject="project",
    amount="open value of the entries: hours at the entry's or the contract line's rate",
    acts="integration",
    remedy="Open the project in the ERP or replay its message; move time booked on the wrong project.",
    watch=0,
    act=2,
    select=_select,
    explain=_explain,
    needs_amount=False,
    at_once=True,
    source="C17",
)
