"""Project margin: revenue less direct cost, of the work whose cost is known.

Cost is approved hours at the person's cost rate, and postings to cost accounts of the ledger that name
the project. An engagement with no known cost in the month is left out, revenue and all: counting it
would call all of its revenue margin. Cost counts in its own currency and is converted with the revenue.
Back in time cost rates are those of today.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, Subquery, and_, func, literal, or_, select, union_all

from metrics.kpi import SHAPE, Kpi, Need, Part, Span, row
from metrics.measures import entry, person, recognised, resource
from metrics.money import at_rate
from queries.schema import RECORD_TABLES

_ledger = RECORD_TABLES["ledger_entry"]


def _hours(span: Span) -> Select[Any]:
    e, theirs = entry.c, resource.alias("costing")
    tables, system, identifier = person(entry)
    tables = tables.outerjoin(theirs, and_(theirs.c.system == system, theirs.c.id == identifier))
    money, month = theirs.c.currency, span.month_of(e.legal_entity, e.work_date)
    return (
        row(
            span, tables, month=month, part="margin",
            numerator=-func.sum(at_rate(e.hours, theirs.c.cost_rate, money)),
            subject=(e.project_system, "project", e.project_id), entity=e.legal_entity, currency=money,
            engagement=e.engagement_id,
        )
        .where(e.status == "approved", e.deleted_at.is_(None), theirs.c.cost_rate.is_not(None),
               money.is_not(None), e.engagement_id.is_not(None), span.in_range(e.work_date),
               month != literal(""))
        .group_by(month, e.legal_entity, e.project_system, e.project_id, e.engagement_id, money)
    )  # fmt: skip


def _postings(span: Span) -> Select[Any]:
    g, month = _ledger.c, span.month.c
    during = or_(
        and_(g.posted_on >= month.start_on, g.posted_on <= month.end_on),
        and_(g.posted_on.is_(None), g.period == month.month),
    )
    return row(
        span, _ledger.join(span.month, and_(span.of(g.legal_entity), during)), part="margin",
        numerator=-g.amount, subject=(g.system, "ledger_entry", g.id), entity=g.legal_entity,
        currency=g.currency, engagement=g.engagement_id,
    ).where(g.account == "cost", g.deleted_at.is_(None), g.engagement_id.is_not(None))  # fmt: skip


def _costs(span: Span, name: str) -> Subquery:
    return union_all(_hours(span), _postings(span)).subquery(name)


def _select(span: Span) -> Select[Any]:
    earned, known, costs = (
        recognised(span, "margin").subquery("earned"),
        _costs(span, "known"),
        _costs(span, "costs"),
    )
    r = earned.c
    costed = (
        select(literal(1))
        .where(known.c.engagement_id == r.engagement_id, known.c.month == r.month)
        .correlate(earned)
        .exists()
    )
    revenue = [r.numerator.label("denominator") if name == "denominator" else r[name] for name in SHAPE]
    zero = literal(0, BigInteger)
    cost = [zero.label("denominator") if name == "denominator" else costs.c[name] for name in SHAPE]
    return select(union_all(select(*revenue).where(costed), select(*cost)).subquery("margins"))


KPI = Kpi(
    key="project_margin",
    title="Project margin",
    question="What is left of revenue after the cost of the work?",
    formula="(revenue posted - hours x cost rate - ledger cost) / revenue posted, of engagements whose"
    " cost is known",
    unit="percent",
    combine="ratio",
    reads=(
        Need("revenue", "revenue_line"),
        Need("time", "time_entry"),
        Need("hcm", "resource"),
        Need("erp", "ledger_entry", required=False),
    ),
    owner="delivery",
    source="actual project margin, expenses only where the ledger has them as cost",
    select=_select,
    parts={"margin": Part("Margin")},
    headline="margin",
    scale=Fraction(100),
    rows_in="money",
    good="up",
    limits="cost rates are those of today",
)
