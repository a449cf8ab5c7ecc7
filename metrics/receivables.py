"""Receivables and the sales they stand against, as rows of KPIs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, and_, case, exists, func, literal, or_, select, union_all

from metrics.kpi import row
from metrics.measures import invoice, invoice_line, plays
from queries.periods import Span
from queries.schema import RECORD_TABLES

_balance = RECORD_TABLES["ledger_balance"]
_ZERO = literal(0, BigInteger)


def _running(span: Span) -> Any:
    month = span.month.c
    return and_(month.start_on <= span.today, month.end_on >= span.today)


def _ledger(span: Span) -> Any:
    """Whether the ledger tells what a legal entity was owed at the end of a month that is over."""
    b, month = _balance.alias("told").c, span.month.c
    return exists().where(
        b.account == "receivable", b.deleted_at.is_(None), b.period == month.month, month.end_on < span.today,
        func.coalesce(b.legal_entity, "") == month.legal_entity,
    )  # fmt: skip


def dso_rows(span: Span) -> Select[Any]:
    """Receivables as numerators, the sales of 90 days as denominators, where both are known."""
    i, line, b, month = invoice.c, invoice_line.c, _balance.c, span.month.c
    open_ = func.coalesce(i.open_amount, case((i.status == "paid", 0), else_=func.coalesce(i.amount, 0)))
    owed = row(
        span,
        invoice.join(span.month, and_(span.of(i.legal_entity), _running(span))),
        part="dso",
        numerator=case((i.kind == "credit_note", -func.abs(open_)), else_=open_),
        denominator=_ZERO,
        subject=(i.system, "invoice", i.id),
        entity=i.legal_entity,
        currency=i.currency,
    ).where(i.status.in_(("posted", "sent", "paid")), i.deleted_at.is_(None), open_ != 0)
    closed = row(
        span,
        _balance.join(span.month, and_(span.of(b.legal_entity), b.period == month.month, ~_running(span))),
        part="dso",
        numerator=b.closing,
        denominator=_ZERO,
        subject=(b.system, "ledger_balance", b.id),
        entity=b.legal_entity,
        currency=b.currency,
    ).where(b.account == "receivable", b.deleted_at.is_(None), month.end_on < span.today)
    when = func.coalesce(i.posted_at, line.source_updated_at)
    lately = or_(
        and_(i.issued_on > month.day_90, i.issued_on <= month.last_on),
        and_(i.issued_on.is_(None), when >= month.at_90, when < month.until),
    )
    headed = invoice_line.outerjoin(invoice, and_(i.system == line.invoice_system, i.id == line.invoice_id))
    known = or_(_running(span), _ledger(span))
    sales = row(
        span,
        headed.join(span.month, and_(span.of(line.legal_entity), lately, known)),
        part="dso",
        numerator=_ZERO,
        denominator=line.live_minor,
        subject=(line.system, "invoice_line", line.id),
        entity=line.legal_entity,
        currency=line.currency,
        engagement=line.engagement_id,
    ).where(line.live_minor.is_not(None), line.live_minor != 0, plays(invoice_line, "erp"))
    return select(union_all(owed, closed, sales).subquery("receivables"))
