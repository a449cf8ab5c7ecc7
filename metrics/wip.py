"""Work in progress as rows: what is earned and on no invoice at the end of a month.

The running month is what the checks hold open now, so that it agrees with the exceptions. Earlier month
ends are worked out from dated records: approved time whose live invoice line was issued later, or never,
and accepted milestones likewise. Lines that name no entry take the oldest time of their engagement first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    func,
    or_,
    select,
    union_all,
)

from metrics.kpi import row
from metrics.measures import (
    approved,
    bills_by_time,
    contract_line,
    entry,
    invoice,
    invoice_line,
    milestone,
    plays,
    value_minor,
)
from queries.periods import Span
from queries.schema import NOTHING, RECORD_TABLES, billed_time, open_item

#: the checks whose open items are work in progress
CHECKS = ("unbilled_approved_time", "milestone_not_invoiced")
#: ageing bands in days; the last one is older
BANDS = ("current", "1-30", "31-60", "61-90", "91+")
_event = RECORD_TABLES["billing_event"]


def rows(span: Span) -> Select[Any]:
    """Rows of SHAPE; the part is how old the work is, what kind it is the subject says."""
    found = union_all(_open_now(span), _time_then(span), _milestones_then(span)).subquery("in_progress")
    return select(found)


def _band(span: Span, moment: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """The ageing band of a day or an instant at the end of the month."""
    m = span.month.c
    ends = (m.last_on if name == "day" else m.until, m[f"{name}_30"], m[f"{name}_60"], m[f"{name}_90"])
    return case(*((moment >= end, key) for end, key in zip(ends, BANDS, strict=False)), else_="91+")


def _open_now(span: Span) -> Select[Any]:
    item, month = open_item.c, span.month.c
    running = and_(month.start_on <= span.today, month.end_on >= span.today)
    return row(
        span,
        open_item.join(span.month, and_(span.of(item.legal_entity), running)),
        part=_band(span, item.since, "at"),
        numerator=item.amount_minor,
        entity=item.legal_entity,
        subject=(item.subject_system, item.subject_kind, item.subject_id),
        currency=item.currency,
        engagement=item.engagement_id,
    ).where(item.check_key.in_(CHECKS), item.amount_minor != 0)


def _over(span: Span) -> ColumnElement[bool]:
    return span.month.c.end_on < span.today


def _issued(day: ColumnElement[Any], at: ColumnElement[Any], span: Span) -> ColumnElement[bool]:
    """Whether an invoice of this day, else instant, was out by the end of the month."""
    by_instant = and_(day.is_(None), at < span.month.c.until)
    return or_(day <= span.month.c.end_on, by_instant)


def _billed(span: Span) -> Subquery:
    """Entry -> when the last live line that names it was issued, if that was after the first month's end."""
    first = min(month.end_on for month in span.months)
    line, head = invoice_line.c, invoice.c
    tables = billed_time.join(
        invoice_line, and_(line.system == billed_time.c.line_system, line.id == billed_time.c.line_id)
    ).outerjoin(invoice, and_(head.system == line.invoice_system, head.id == line.invoice_id))
    b = billed_time.c
    return (
        select(b.entry_system, b.entry_id, func.max(head.issued_on).label("issued_on"),
               func.max(func.coalesce(head.posted_at, line.source_updated_at)).label("posted_at"))
        .select_from(tables)
        .where(line.live_minor.is_not(None), or_(head.issued_on.is_(None), head.issued_on > first))
        .group_by(b.entry_system, b.entry_id)
        .subquery("billed")
    )  # fmt: skip


def _pools(span: Span) -> Subquery:
    """Month, engagement and currency -> what lines that name no entry had billed by its end."""
    line, head = invoice_line.c, invoice.c
    tables = invoice_line.outerjoin(
        invoice, and_(head.system == line.invoice_system, head.id == line.invoice_id)
    )
    out = _issued(head.issued_on, func.coalesce(head.posted_at, line.source_updated_at), span)
    keys = (span.month.c.month, span.month.c.legal_entity, line.engagement_id, line.currency)
    return (
        select(*keys, func.sum(line.pool_minor).label("pool"))
        .select_from(tables.join(span.month, and_(span.of(line.legal_entity), _over(span), out)))
        .where(line.pool_minor != NOTHING)
        .group_by(*keys)
        .subquery("pools")
    )


def _earned(span: Span) -> Subquery:
    """Approved time-and-materials entries that no line naming them had billed by the end of a month."""
    tables, by_time = bills_by_time()
    e, month, billed = entry.c, span.month.c, _billed(span)
    done = and_(
        span.of(e.legal_entity), _over(span), e.work_date <= month.end_on,
        or_(e.approved_at.is_(None), e.approved_at < month.until),
    )  # fmt: skip
    named = and_(billed.c.entry_system == e.system, billed.c.entry_id == e.id)
    later = and_(billed.c.entry_id.is_not(None), ~_issued(billed.c.issued_on, billed.c.posted_at, span))
    # most entries are billed in the month they were worked in: no month's end saw them open
    same = span.month_of(e.legal_entity, e.work_date) == span.month_of(e.legal_entity, billed.c.issued_on)
    crosses = or_(billed.c.issued_on.is_(None), ~same, ~span.in_range(e.work_date))
    left = case((later, value_minor()), (e.is_open, func.coalesce(e.open_minor, 0)), else_=0)
    return (
        select(
            month.month, e.legal_entity, month.legal_entity.label("of"), e.project_system, e.project_id,
            e.open_currency, e.engagement_id, e.work_date, e.system, e.id, left.label("value"),
        )
        .select_from(tables.outerjoin(billed, named).join(span.month, done))
        .where(approved(), ~e.held, by_time, or_(e.is_open, crosses), or_(e.is_open, later))
        .subquery("earned")
    )  # fmt: skip


def _time_then(span: Span) -> Select[Any]:
    earned, pools = _earned(span), _pools(span)
    e = earned.c
    to_date = func.sum(e.value).over(
        partition_by=[e.month, e.engagement_id, e.open_currency], order_by=[e.work_date, e.system, e.id]
    )
    same = and_(
        pools.c.month == e.month, pools.c.legal_entity == e.of, pools.c.engagement_id == e.engagement_id,
        pools.c.currency == e.open_currency,
    )  # fmt: skip
    pool = func.coalesce(pools.c.pool, 0)
    rest = case((to_date <= pool, 0), (to_date - e.value >= pool, e.value), else_=to_date - pool)
    left = select(*e, rest.label("rest")).select_from(earned.outerjoin(pools, same)).subquery("left").c
    source = left.value.table
    band = _band(span, left.work_date, "day")
    keys = (left.legal_entity, left.project_system, left.project_id, left.open_currency, left.engagement_id)
    month = and_(span.month.c.month == left.month, span.month.c.legal_entity == left.of)
    return (
        row(
            span,
            source.join(span.month, month),
            part=band,
            numerator=func.sum(left.rest),
            entity=left.legal_entity,
            subject=(left.project_system, "project", left.project_id),
            currency=left.open_currency,
            engagement=left.engagement_id,
        )
        .where(left.rest != 0)
        .group_by(span.month.c.month, band, *keys)
    )


def _milestones_then(span: Span) -> Select[Any]:
    m, month, line, head = milestone.c, span.month.c, invoice_line.c, invoice.c
    events = select(_event.c.system, _event.c.id).where(
        _event.c.milestone_system == m.system, _event.c.milestone_id == m.id,
        _event.c.system == line.billing_event_system, _event.c.id == line.billing_event_id,
    ).correlate(milestone, invoice_line).exists()  # fmt: skip
    by_name = and_(line.milestone_system == m.system, line.milestone_id == m.id)
    out = _issued(head.issued_on, func.coalesce(head.posted_at, line.source_updated_at), span)
    invoiced = (
        select(func.coalesce(func.sum(line.live_minor), 0))
        .select_from(
            invoice_line.outerjoin(
                invoice, and_(head.system == line.invoice_system, head.id == line.invoice_id)
            )
        )
        .where(line.engagement_id == m.engagement_id, line.currency == m.currency, out,
               or_(by_name, and_(line.milestone_id.is_(None), events)))
        .correlate(milestone, span.month)
        .scalar_subquery()
    )  # fmt: skip
    own = and_(contract_line.c.system == m.contract_line_system, contract_line.c.id == m.contract_line_id)
    rest = func.coalesce(m.amount, 0) - invoiced
    return row(
        span,
        milestone.join(contract_line, own).join(
            span.month, and_(span.of(m.legal_entity), _over(span), m.accepted_at < month.until)
        ),
        part=_band(span, m.accepted_at, "at"),
        numerator=rest,
        entity=m.legal_entity,
        subject=(m.system, "milestone", m.id),
        currency=m.currency,
        engagement=m.engagement_id,
    ).where(
        m.status == "accepted", m.deleted_at.is_(None), ~m.held, contract_line.c.kind == "milestone",
        plays(milestone, "psa"), rest > 0,
    )  # fmt: skip
