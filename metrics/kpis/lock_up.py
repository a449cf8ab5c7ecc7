"""Lock-up: days of revenue bound in work not billed and in invoices not paid.

WIP days are WIP over the revenue posted in the 90 days to the month's end, times 90; DSO as in its own
figure. Where one of the two is not known, neither is the sum.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, and_, literal, or_, select, union_all

from metrics import wip
from metrics.kpi import SHAPE, Kpi, Need, Part, Span, row
from metrics.measures import postings
from metrics.receivables import dso_rows

_ZERO = literal(0, BigInteger)


def _select(span: Span) -> Select[Any]:
    w, month = wip.rows(span).subquery("bound").c, span.month.c
    held = select(*(literal("wip_days").label("part") if name == "part" else w[name] for name in SHAPE))
    p = (found := postings()).c
    lately = or_(
        and_(p.posted_on > month.day_90, p.posted_on <= month.last_on),
        and_(p.posted_on.is_(None), p.period == month.month),
    )
    revenue = row(
        span,
        found.join(span.month, and_(span.of(p.legal_entity), lately)),
        part="wip_days",
        numerator=_ZERO,
        denominator=p.amount,
        subject=(p.system, "revenue_line", p.id),
        entity=p.legal_entity,
        currency=p.currency,
        engagement=p.engagement_id,
    )
    d = dso_rows(span).subquery("owed").c
    return select(union_all(held, revenue, select(*(d[name] for name in SHAPE))).subquery("bound_in_all"))


KPI = Kpi(
    key="lock_up",
    title="Lock-up",
    question="How many days of revenue are bound before they are cash?",
    formula="WIP / revenue posted in 90 days x 90, plus DSO",
    unit="days",
    combine="ratio",
    reads=(
        Need("time", "time_entry"),
        Need("psa", "milestone"),
        Need("erp", "invoice"),
        Need("erp", "invoice_line"),
        Need("revenue", "revenue_line"),
        Need("erp", "ledger_balance", required=False),
        Need("contract", "contract_line", required=False),
        Need("psa", "project", required=False),
    ),
    owner="finance",
    source="WIP days plus DSO: the wait before the invoice is not in DSO",
    select=_select,
    parts={"wip_days": Part("WIP days"), "dso": Part("DSO")},
    scale=Fraction(90),
    rows_in="money",
    good="down",
    limits="as DSO and WIP",
)
