"""C15: a contract line that owes a revenue schedule, and the revenue platform has nothing of it.

A line recognised over time owes one while its contract is active, from the day it starts. Any other line owes
revenue once a live invoice bills it; one that is recognised on milestones does not even then: its money may
be an advance, and its accepted milestones are watched by a check of their own. Revenue that names no line is
taken to be about any line of its engagement.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, Subquery, and_, case, exists, func, literal, null, or_, select

from metrics.calendar import Calendar
from metrics.check import Check, Explanation, Need, Row, Scope
from queries.schema import NOTHING, RECORD_TABLES

_line = RECORD_TABLES["contract_line"]
_contract = RECORD_TABLES["contract"]
_revenue = RECORD_TABLES["revenue_line"]
_invoice = RECORD_TABLES["invoice"]
_billed = RECORD_TABLES["invoice_line"]


def _billing(scope: Scope) -> Subquery:
    """What live invoice lines bill of each contract line, and when the first was posted."""
    named = (_billed.c.contract_line_system, _billed.c.contract_line_id)
    at = func.coalesce(_invoice.c.posted_at, _billed.c.source_updated_at)
    header = and_(_invoice.c.system == _billed.c.invoice_system, _invoice.c.id == _billed.c.invoice_id)
    return (
        select(*named, func.sum(_billed.c.live_minor).label("minor"), func.min(at).label("at"))
        .select_from(_billed.outerjoin(_invoice, header))
        .where(scope.covers(_billed.c.engagement_id), _billed.c.live_minor > NOTHING)
        .group_by(*named)
        .subquery("billing")
    )


def _select(scope: Scope) -> Select[Any]:
    billing = _billing(scope)
    of_line = and_(billing.c.contract_line_system == _line.c.system, billing.c.contract_line_id == _line.c.id)
    parent = and_(_contract.c.system == _line.c.contract_system, _contract.c.id == _line.c.contract_id)
    runs = and_(
        _line.c.recognition == "over_time", _contract.c.status == "active", _contract.c.deleted_at.is_(None)
    )
    told = exists().where(
        _revenue.c.engagement_id == _line.c.engagement_id,
        _revenue.c.deleted_at.is_(None),
        _revenue.c.state.in_(("scheduled", "posted")),
        or_(
            _revenue.c.contract_line_id.is_(None),
            and_(
                _revenue.c.contract_line_system == _line.c.system, _revenue.c.contract_line_id == _line.c.id
            ),
        ),
    )
    begun = func.coalesce(_contract.c.signed_at, _line.c.source_updated_at)
    other = func.coalesce(_line.c.recognition, "") != "milestone"
    return (
        select(
            _line.c.system.label("subject_system"),
            literal("contract_line").label("subject_kind"),
            _line.c.id.label("subject_id"),
            null().label("contract_line"),
            _line.c.currency,
            _line.c.engagement_id,
            _line.c.legal_entity,
            case((runs, begun), else_=billing.c.at).label("since"),
            func.coalesce(_line.c.amount, billing.c.minor, 0).label("amount_minor"),
            _line.c.source_url,
            _line.c.name,
            case((runs, func.coalesce(_line.c.start_on, _contract.c.start_on))).label("start_on"),
            case((runs, "runs"), else_="is billed").label("state"),
        )
        .select_from(_line.outerjoin(_contract, parent).outerjoin(billing, of_line))
        .where(
            scope.covers(_line.c.engagement_id),
            _line.c.deleted_at.is_(None),
            or_(runs, and_(other, billing.c.minor.is_not(None))),
            ~told,
        )
    )


def _since(row: Row, calendar: Calendar) -> date:
    signed, start = calendar.local_date(row["since"]), row["start_on"]
    return signed if start is None else max(signed, start)


def _explain(row: Row, _age: int) -> Explanation:
    line = f"The contract line {row['name']}" if row["name"] else "The contract line"
    return Explanation(
        reason=f"{line} {row['state']}, and there is no revenue of it, neither scheduled nor posted.",
        expected="a revenue schedule of the line",
        actual="none",
        first_broken_handoff="contract to revenue",
    )


CHECK = Check(
    key="line_without_revenue_schedule",
    title="Line without revenue schedule",
    question="Which running contract lines does the revenue platform not know?",
    reads=(
        Need("contract", "contract_line"),
        Need("contract", "contract", required=False),
        Need("revenue", "revenue_line"),
        Need("erp", "invoice_line", required=False),
        Need("erp", "invoice", required=False),
    ),
    subject="contract_line",
    amount="the line's amount, or what is billed of it where it says none",
    acts="revenue accountant",
    remedy="Set up the line's obligation and schedule in the revenue platform.",
    watch=2,
    act=5,
    select=_select,
    explain=_explain,
    since=_since,
    source="C15",
    needs_amount=False,
)
