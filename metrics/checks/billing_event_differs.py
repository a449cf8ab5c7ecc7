"""C4: the live invoice lines that name a billing event come to another amount than the event.

Lines count less what was credited, so an event whose lines were credited differs by the credit. Compared in
the event's currency only: where a live line of it is in another one, nothing is claimed. A difference of up
to one unit of the currency is rounding. Not listed: events without any live line (nobody billed them yet)
and too much on several lines (that is billed twice). Drafts and cancelled events say no amount.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, exists, func, literal, null, or_, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.identity import later
from queries.schema import RECORD_TABLES
from queries.types import EXPONENTS, from_minor

_event = RECORD_TABLES["billing_event"]
_line = RECORD_TABLES["invoice_line"]
_USUAL = 2


def _one_unit(currency: ColumnElement[Any]) -> ColumnElement[Any]:
    """One whole unit of a currency in its minor units: 100 for most."""
    unusual = sorted({digits for digits in EXPONENTS.values() if digits != _USUAL})
    codes = {digits: [code for code, own in EXPONENTS.items() if own == digits] for digits in unusual}
    whens = [(currency.in_(codes[digits]), literal(10**digits)) for digits in unusual]
    return case(*whens, else_=literal(10**_USUAL))


def _billed(scope: Scope) -> Subquery:
    """What live lines bill of each event they name."""
    key = (
        _line.c.engagement_id,
        _line.c.billing_event_system.label("event_system"),
        _line.c.billing_event_id.label("event_id"),
        _line.c.currency,
    )
    return (
        select(
            *key,
            func.sum(_line.c.live_minor).label("live"),
            func.sum(case((_line.c.live_minor > 0, 1), else_=0)).label("lines"),
            func.max(_line.c.source_updated_at).label("billed_at"),
        )
        .where(
            scope.covers(_line.c.engagement_id),
            _line.c.billing_event_id.is_not(None),
            _line.c.live_minor.is_not(None),
        )
        .group_by(*key)
        .subquery("billed")
    )


def _select(scope: Scope) -> Select[Any]:
    billed, foreign = _billed(scope), _line.alias("foreign_line")
    missing = _event.c.amount - billed.c.live
    unit = _one_unit(_event.c.currency)
    elsewhere = exists().where(
        foreign.c.engagement_id == _event.c.engagement_id,
        foreign.c.billing_event_system == _event.c.system,
        foreign.c.billing_event_id == _event.c.id,
        foreign.c.live_minor.is_not(None),
        foreign.c.currency != _event.c.currency,
    )
    named = and_(
        billed.c.event_system == _event.c.system,
        billed.c.event_id == _event.c.id,
        billed.c.engagement_id == _event.c.engagement_id,
        billed.c.currency == _event.c.currency,
    )
    return (
        select(
            _event.c.system.label("subject_system"),
            literal("billing_event").label("subject_kind"),
            _event.c.id.label("subject_id"),
            null().label("contract_line"),
            _event.c.currency,
            _event.c.engagement_id,
            _event.c.legal_entity,
            later(_event.c.source_updated_at, billed.c.billed_at).label("since"),
            case((missing > 0, missing), else_=-missing).label("amount_minor"),
            _event.c.source_url,
            _event.c.amount.label("total_event"),
            billed.c.live.label("total_billed"),
            _event.c.currency.label("money"),
        )
        .select_from(billed.join(_event, named))
        .where(
            _event.c.deleted_at.is_(None),
            _event.c.status.in_(("released", "invoiced", "error")),
            or_(missing > unit, and_(missing < -unit, billed.c.lines == 1)),
            ~elsewhere,
        )
    )


def _explain(row: Row, _age: int) -> Explanation:
    event = from_minor(row["total_event"], row["money"])
    billed = from_minor(row["total_billed"], row["money"])
    gap = f"{abs(event - billed)} {'less' if billed < event else 'more'}"
    return Explanation(
        reason=f"The ERP bills {billed} {row['money']} of it, {gap} than was released.",
        expected=f"live invoice lines of {event} {row['money']}",
        actual=f"{billed} {row['money']}",
        first_broken_handoff="billing event to ERP",
    )


CHECK = Check(
    key="billing_event_differs",
    title="Billing event and invoice differ",
    question="Which billing events were invoiced with another amount?",
    reads=(
        Need("psa", "billing_event"),
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
    ),
    subject="billing_event",
    amount="the difference between the event and its live invoice lines",
    acts="billing",
    remedy="Correct the invoice by a credit or a further line, or the event where the invoice is right.",
    watch=0,
    act=2,
    select=_select,
    explain=_explain,
    at_once=True,
    source="C4",
)
