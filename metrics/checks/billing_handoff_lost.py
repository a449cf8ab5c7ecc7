"""C3: a billing event was released, and the ERP has no document for it; or one of the two reports an error.

A document is any invoice line that is not deleted and whose invoice is neither void nor deleted: a draft
proves that the hand-off worked. It names the event; or the event's milestone and no event; or neither, on
the same contract line (or on none) with the event's very amount: such a line may be the one, so nothing is
claimed. With status error the event is listed until a live line bills it, whatever drafts there are. What
the PSA calls invoiced is believed only with a document. Age runs from the release, or from the contract
line's next billing date when it has a billing calendar. Drafts and cancelled events owe nothing.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, null, or_, select
from sqlalchemy.sql.selectable import FromClause

from metrics.calendar import Calendar, billing_date
from metrics.check import Check, Explanation, Need, Row, Scope
from queries.schema import RECORD_TABLES

_event = RECORD_TABLES["billing_event"]
_line = RECORD_TABLES["invoice_line"]
_invoice = RECORD_TABLES["invoice"]
_promise = RECORD_TABLES["contract_line"]


def _is_meant_by(line: FromClause) -> ColumnElement[bool]:
    """Whether a line bills the event, or may do so."""
    by_name = and_(line.c.billing_event_system == _event.c.system, line.c.billing_event_id == _event.c.id)
    by_milestone = and_(
        line.c.milestone_system == _event.c.milestone_system, line.c.milestone_id == _event.c.milestone_id
    )
    by_amount = and_(
        line.c.milestone_id.is_(None),
        line.c.covers != "expense",
        line.c.currency == _event.c.currency,
        line.c.amount == _event.c.amount,
        or_(
            line.c.contract_line_id.is_(None),
            _event.c.contract_line_id.is_(None),
            line.c.contract_line_id == _event.c.contract_line_id,
        ),
    )
    return or_(by_name, and_(line.c.billing_event_id.is_(None), or_(by_milestone, by_amount)))


def _documented() -> ColumnElement[bool]:
    dead = exists().where(
        _invoice.c.system == _line.c.invoice_system,
        _invoice.c.id == _line.c.invoice_id,
        or_(_invoice.c.status == "void", _invoice.c.deleted_at.is_not(None)),
    )
    return exists().where(
        _line.c.engagement_id == _event.c.engagement_id,
        _line.c.deleted_at.is_(None),
        _is_meant_by(_line),
        ~dead,
    )


def _billed() -> ColumnElement[bool]:
    live = _line.alias("live")
    return exists().where(
        live.c.engagement_id == _event.c.engagement_id, live.c.live_minor.is_not(None), _is_meant_by(live)
    )


def _select(scope: Scope) -> Select[Any]:
    promised = and_(
        _promise.c.system == _event.c.contract_line_system, _promise.c.id == _event.c.contract_line_id
    )
    lost = and_(_event.c.status.in_(("released", "invoiced")), ~_documented())
    failed = and_(_event.c.status == "error", ~_billed())
    return (
        select(
            _event.c.system.label("subject_system"),
            literal("billing_event").label("subject_kind"),
            _event.c.id.label("subject_id"),
            null().label("contract_line"),
            _event.c.currency,
            _event.c.engagement_id,
            _event.c.legal_entity,
            func.coalesce(_event.c.released_at, _event.c.source_updated_at).label("since"),
            _event.c.amount.label("amount_minor"),
            _event.c.source_url,
            _event.c.status.label("event_status"),
            _event.c.error.label("problem"),
            _event.c.contract_line_id.label("line_id"),
            _promise.c.billing_calendar,
            _promise.c.next_billing_on,
        )
        .select_from(_event.outerjoin(_promise, promised))
        .where(
            scope.covers(_event.c.engagement_id),
            _event.c.deleted_at.is_(None),
            _event.c.amount > 0,
            or_(lost, failed),
        )
    )


def _since(row: Row, calendar: Calendar) -> date:
    at: datetime = row["since"]
    released = calendar.local_date(at)
    if row["event_status"] == "error" or row["billing_calendar"] is None or row["next_billing_on"] is None:
        return released
    return billing_date(released, row["billing_calendar"], row["next_billing_on"])


def _explain(row: Row, age: int) -> Explanation:
    said = f": {str(row['problem']).rstrip('.')}" if row["problem"] else ""
    if row["event_status"] == "error":
        reason, actual = f"The hand-off to the ERP failed {age} business days ago{said}.", "an error"
    else:
        claim = ", though the PSA calls it invoiced" if row["event_status"] == "invoiced" else ""
        reason = (
            f"It was to be billed {age} business days ago and the ERP has no document for it{claim}{said}."
        )
        actual = "no invoice line, not even a draft"
    return Explanation(
        reason=reason,
        expected="an invoice line in the ERP within a business day of the release",
        actual=actual,
        first_broken_handoff="billing event to ERP",
    )


CHECK = Check(
    key="billing_handoff_lost",
    title="Billing hand-off lost",
    question="Which released billing events never became a document in the ERP?",
    reads=(
        Need("psa", "billing_event"),
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
        Need("contract", "contract_line", required=False),
    ),
    subject="billing_event",
    amount="the event's whole amount",
    acts="integration and billing",
    remedy="Correct what the error says and release the event again, or enter its invoice in the ERP.",
    watch=1,
    act=2,
    select=_select,
    explain=_explain,
    since=_since,
    source="C3",
)
