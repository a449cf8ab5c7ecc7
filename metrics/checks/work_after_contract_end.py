"""C33: billable work, or a booking, later than the last day of its contract.

The last day is that of the entry's contract line where the line says one, else that of the line's contract;
an entry that names no line, and a booking, go by their project's contract, unless another signed contract of
the same work covers the day. Work is listed until it is billed; bookings from the day the contract ends.

Not listed: contracts that do not say when they end, drafts and cancelled ones; time that is a draft,
rejected, written off, deleted, billed whole or not billable; bookings of projects that are over.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.worked import hours_in_words, worked
from queries.project_views import subject_of
from queries.schema import RECORD_TABLES

_contract = RECORD_TABLES["contract"]
_booking = RECORD_TABLES["allocation"]
_SIGNED = ("signed", "active", "closed")


def _prolonged(engagement: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[bool]:
    """Another contract of the same work is in force on a day, or does not say until when it is."""
    other = _contract.alias("other")
    return exists().where(
        other.c.engagement_id == engagement,
        or_(other.c.id != _contract.c.id, other.c.system != _contract.c.system),
        other.c.deleted_at.is_(None),
        other.c.status.in_(("signed", "active")),
        or_(other.c.end_on.is_(None), other.c.end_on >= day),
    )


def _own(
    engagement: ColumnElement[Any], system: ColumnElement[Any], identifier: ColumnElement[Any]
) -> ColumnElement[bool]:
    return and_(
        _contract.c.engagement_id == engagement,
        _contract.c.system == system,
        _contract.c.id == identifier,
        _contract.c.deleted_at.is_(None),
        _contract.c.status.in_(_SIGNED),
    )


def _head(currency: ColumnElement[Any], since: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    return (
        _contract.c.system.label("subject_system"),
        _contract.c.id.label("subject_id"),
        currency.label("currency"),
        _contract.c.engagement_id,
        _contract.c.legal_entity,
        _contract.c.source_url,
        func.coalesce(_contract.c.number, _contract.c.id).label("contract"),
        since.label("day"),
    )


def _worked(scope: Scope) -> Select[Any]:
    w = worked()
    entry, line = w.entry.c, w.line.c
    own = _own(
        entry.engagement_id,
        func.coalesce(line.contract_system, w.subject.c.contract_system, w.view.c.contract_system),
        func.coalesce(line.contract_id, w.subject.c.contract_id, w.view.c.contract_id),
    )
    return (
        select(
            *_head(w.currency, entry.work_date),
            func.coalesce(entry.open_minor, 0).label("value"),
            entry.open_hours.label("hours"),
            case((entry.open_minor.is_(None), entry.open_hours), else_=0).label("unrated"),
            literal(0).label("bookings"),
        )
        .select_from(w.tables.join(_contract, own))
        .where(
            scope.covers(entry.engagement_id),
            or_(entry.is_open, and_(entry.status == "submitted", entry.billable, not_(entry.written_off))),
            entry.deleted_at.is_(None),
            entry.work_date > func.coalesce(line.end_on, _contract.c.end_on),
            or_(line.id.is_not(None), not_(_prolonged(entry.engagement_id, entry.work_date))),
        )
    )


def _booked(scope: Scope) -> Select[Any]:
    view, subject = RECORD_TABLES["project"].alias("view"), RECORD_TABLES["project"].alias("subject")
    named: FromClause = _booking.join(
        view, and_(view.c.system == _booking.c.project_system, view.c.id == _booking.c.project_id)
    ).outerjoin(subject, subject_of(view, subject))
    own = _own(
        _booking.c.engagement_id,
        func.coalesce(subject.c.contract_system, view.c.contract_system),
        func.coalesce(subject.c.contract_id, view.c.contract_id),
    )
    return (
        select(
            *_head(_contract.c.currency, _contract.c.end_on),
            literal(0).label("value"),
            literal(0).label("hours"),
            literal(0).label("unrated"),
            literal(1).label("bookings"),
        )
        .select_from(named.join(_contract, own))
        .where(
            scope.covers(_booking.c.engagement_id),
            _booking.c.deleted_at.is_(None),
            _booking.c.resource_id.is_not(None),
            _booking.c.end_on > _contract.c.end_on,
            func.coalesce(subject.c.status, view.c.status).in_(("planned", "active", "on_hold")),
            not_(_prolonged(_booking.c.engagement_id, _booking.c.end_on)),
        )
    )


def _select(scope: Scope) -> Select[Any]:
    late = union_all(_worked(scope), _booked(scope)).subquery("late").c
    keys = (
        late.subject_system, late.subject_id, late.currency, late.engagement_id, late.legal_entity,
        late.source_url, late.contract, late.bookings,
    )  # fmt: skip
    return select(
        late.subject_system,
        literal("contract").label("subject_kind"),
        late.subject_id,
        null().label("contract_line"),
        late.currency,
        late.engagement_id,
        late.legal_entity,
        func.min(late.day).label("since"),
        func.sum(late.value).label("amount_minor"),
        late.source_url,
        late.contract,
        func.sum(late.hours).label("hours"),
        func.sum(late.unrated).label("unrated_hours"),
        func.sum(late.bookings).label("bookings"),
    ).group_by(*keys)


def _explain(row: Row, age: int) -> Explanation:
    told = []
    if row["hours"]:
        told.append(f"{hours_in_words(row['hours'])} were worked")
    if row["bookings"]:
        told.append(f"{row['bookings']} bookings run on" if row["bookings"] > 1 else "one booking runs on")
    what = " and ".join(told) or "work was recorded"
    more = f" ({hours_in_words(row['unrated_hours'])} have no rate)" if row["unrated_hours"] else ""
    return Explanation(
        reason=f"{what[0].upper()}{what[1:]} past the end of {row['contract']},"
        f" for {age} business days now{more}.",
        expected="work and bookings within the term of the contract, or an extension",
        actual=f"{what} past its last day",
        first_broken_handoff="contract to delivery",
    )


CHECK = Check(
    key="work_after_contract_end",
    title="Work after the contract's end",
    question="Where does work go on after the contract has ended?",
    reads=(
        Need("contract", "contract"),
        Need("time", "time_entry"),
        Need("psa", "project", required=False),
        Need("psa", "allocation", required=False),
        Need("contract", "contract_line", required=False),
        Need("erp", "invoice_line", required=False),
        Need("erp", "invoice", required=False),
    ),
    subject="contract",
    amount="open value of the work after the end; bookings that run past it are counted, not valued",
    acts="account lead",
    remedy="Get the contract extended, or end the bookings and stop the work.",
    watch=0,
    act=5,
    select=_select,
    explain=_explain,
    needs_amount=False,
    at_once=True,
    source="C33",
)
