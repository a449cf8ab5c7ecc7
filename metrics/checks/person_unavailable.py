"""C28: somebody is booked who will not be there: gone before the booking ends, or away when it starts.

Leave in the midst of a long booking is usual and not listed, nor leave by the hour, nor one that is not
approved; nor a start that has passed, when they have written time on the project after their leave. What
counts is what the person's record says here and in the system it names. Bookings without an end, of projects
that are complete, closed or cancelled, and deleted ones keep nobody.

It is asked of the whole firm, since people and their leave belong to no engagement: one pass over the
bookings, joined to those who leave and to the leave, both small.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.identity import later
from metrics.worth import at_rate, sold_rate
from queries.schema import RECORD_TABLES
from queries.types import NO_CURRENCY

_booking = RECORD_TABLES["allocation"]
_person = RECORD_TABLES["resource"]
#: who left comes back on no day
NEVER = cast(null(), Date)
_absence = RECORD_TABLES["absence"]
_project = RECORD_TABLES["project"]
_entry = RECORD_TABLES["time_entry"]


def _unavailable() -> Subquery:
    """Who is not there: by the record that is booked, from which day, until when, and why."""
    here, known = _person.alias("here"), _person.alias("known")
    same = and_(known.c.system == here.c.resource_system, known.c.id == here.c.resource_id)
    away = (
        _absence.c.deleted_at.is_(None),
        _absence.c.status == "approved",
        _absence.c.hours.is_(None),
        _absence.c.resource_id.is_not(None),
    )
    of_known = and_(
        here.c.resource_system == _absence.c.resource_system, here.c.resource_id == _absence.c.resource_id
    )
    leaves, absent = (literal("leaves"), literal(1)), (literal("is away"), literal(2))
    return union_all(
        _told(here, here.c.end_on, NEVER, here, leaves).where(
            here.c.end_on.is_not(None), here.c.deleted_at.is_(None)
        ),
        _told(here, known.c.end_on, NEVER, known, leaves)
        .select_from(here.join(known, same))
        .where(known.c.end_on.is_not(None), known.c.deleted_at.is_(None)),
        select(
            _absence.c.resource_system.label("system"),
            _absence.c.resource_id.label("id"),
            _absence.c.start_on.label("from_on"),
            _absence.c.end_on.label("until_on"),
            _absence.c.source_updated_at.label("at"),
            absent[0].label("why"),
            absent[1].label("rank"),
        ).where(*away),
        _told(here, _absence.c.start_on, _absence.c.end_on, _absence, absent)
        .select_from(here.join(_absence, of_known))
        .where(*away),
    ).subquery("unavailable")


def _told(
    who: FromClause,
    start: ColumnElement[Any],
    end: ColumnElement[Any],
    source: FromClause,
    why: tuple[ColumnElement[Any], ColumnElement[Any]],
) -> Select[Any]:
    return select(
        who.c.system.label("system"),
        who.c.id.label("id"),
        start.label("from_on"),
        end.label("until_on"),
        source.c.source_updated_at.label("at"),
        why[0].label("why"),
        why[1].label("rank"),
    )


def _clash(gone: Subquery) -> ColumnElement[bool]:
    """Whether a booking goes on after its person is gone, or starts while they are away."""
    worked = exists().where(
        _entry.c.engagement_id == _booking.c.engagement_id,
        _entry.c.resource_system == _booking.c.resource_system,
        _entry.c.resource_id == _booking.c.resource_id,
        _entry.c.deleted_at.is_(None),
        _entry.c.work_date > gone.c.until_on,
    )
    return or_(
        and_(gone.c.rank == 1, gone.c.from_on < _booking.c.end_on),
        and_(
            gone.c.rank != 1,
            gone.c.from_on <= _booking.c.start_on,
            gone.c.until_on >= _booking.c.start_on,
            ~worked,
        ),
    )


def _select(_scope: Scope) -> Select[Any]:
    gone = _unavailable()
    who = and_(gone.c.system == _booking.c.resource_system, gone.c.id == _booking.c.resource_id)
    on = and_(_project.c.system == _booking.c.project_system, _project.c.id == _booking.c.project_id)
    order = (gone.c.rank, gone.c.from_on, gone.c.at)
    place = func.row_number().over(partition_by=(_booking.c.system, _booking.c.id), order_by=order)
    worth = at_rate(_booking.c.hours, sold_rate(_project), _project.c.currency)
    found = (
        select(
            _booking.c.system.label("subject_system"),
            literal("allocation").label("subject_kind"),
            _booking.c.id.label("subject_id"),
            null().label("contract_line"),
            func.coalesce(_project.c.currency, NO_CURRENCY).label("currency"),
            literal("").label("engagement_id"),
            func.coalesce(_booking.c.legal_entity, _project.c.legal_entity).label("legal_entity"),
            later(_booking.c.source_updated_at, gone.c.at).label("since"),
            func.coalesce(worth, 0).label("amount_minor"),
            _booking.c.source_url,
            _booking.c.resource_id.label("person"),
            _project.c.id.label("project"),
            gone.c.why,
            gone.c.from_on,
            case((gone.c.rank == 1, _booking.c.end_on), else_=_booking.c.start_on).label("booked_on"),
            place.label("place"),
        )
        .select_from(_booking.join(gone, who).join(_project, on))
        .where(
            _booking.c.deleted_at.is_(None),
            _booking.c.end_on.is_not(None),
            _project.c.deleted_at.is_(None),
            _project.c.status.in_(("planned", "active", "on_hold")),
            _clash(gone),
        )
        .subquery("found")
    )
    return select(*(column for column in found.c if column.name != "place")).where(found.c.place == 1)


def _explain(row: Row, _age: int) -> Explanation:
    booked = f"booked {'until' if row['why'] == 'leaves' else 'from'} {row['booked_on']}"
    since = "on" if row["why"] == "leaves" else "from"
    return Explanation(
        reason=f"{row['person']} {row['why']} {since} {row['from_on']} and is {booked} on {row['project']}.",
        expected="somebody who is there for the booking",
        actual=booked,
        first_broken_handoff="personnel to staffing",
    )


CHECK = Check(
    key="person_unavailable",
    title="Booked person unavailable",
    question="Who is booked on a project and will not be there?",
    reads=(
        Need("psa", "allocation", required=False),
        Need("psa", "project", required=False),
        Need("hcm", "resource", required=False),
        Need("hcm", "absence", required=False),
        Need("time", "time_entry", required=False),
        Need("contract", "contract_line", required=False),
    ),
    subject="allocation",
    amount="the hours booked, at the rate of the contract line",
    acts="resource manager",
    remedy="Book somebody else, or move the booking.",
    watch=0,
    act=3,
    select=_select,
    explain=_explain,
    source="C28",
    scope="firm",
    needs_amount=False,
    at_once=True,
)
