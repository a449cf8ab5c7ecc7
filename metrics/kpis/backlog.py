"""Backlog: contracted and not yet recognised, at the end of the month.

By engagement and currency: signed contracts (their amount, else their lines') less posted revenue to
date; one that recognised more than it sold has no backlog. Scheduled is what has an assignment, a dated
milestone or a revenue schedule past the month's end. Back in time the day of signing and the days of
postings are known; amendments and cancellations count as they stand now, and so do plans.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, Subquery, and_, case, func, literal, or_, select, union_all
from sqlalchemy.sql.selectable import FromClause

from metrics.kpi import Kpi, Need, Part, Span, row
from metrics.measures import allocation, contract, contract_line, milestone, plays, postings, revenue


def _sold(span: Span) -> Select[Any]:
    """What each engagement had signed by the end of each month."""
    c, line = contract.c, contract_line.c
    lines = (
        select(func.sum(line.amount))
        .where(line.contract_system == c.system, line.contract_id == c.id, line.deleted_at.is_(None),
               line.currency == c.currency)
        .correlate(contract)
        .scalar_subquery()
    )  # fmt: skip
    amount = func.coalesce(c.amount, lines, 0)
    running = contract.alias("running")
    still = (
        select(running.c.id)
        .where(
            running.c.engagement_id == c.engagement_id,
            running.c.status.in_(("signed", "active")),
            running.c.deleted_at.is_(None),
        )
        .exists()
    )
    return (
        select(
            span.month.c.month, c.legal_entity, c.engagement_id, c.currency, c.system, c.id,
            amount.label("sold"), literal(0, BigInteger).label("done"),
        )
        .select_from(contract.join(span.month, and_(span.of(c.legal_entity), _signed(span))))
        .where(
            c.status.in_(("signed", "active", "closed")), c.deleted_at.is_(None), plays(contract, "contract"),
            still,
        )
    )  # fmt: skip


def _signed(span: Span) -> Any:
    c, month = contract.c, span.month.c
    by_day = and_(c.signed_at.is_(None), or_(c.start_on.is_(None), c.start_on <= month.end_on))
    return or_(c.signed_at < month.until, by_day)


def _done(span: Span, sold: Subquery) -> Select[Any]:
    """What each engagement that sold something had recognised by the end of each month."""
    p = (found := postings()).c
    kept = select(sold.c.engagement_id, sold.c.month, sold.c.currency, func.min(sold.c.legal_entity).label(
        "legal_entity"), func.min(sold.c.system).label("system"), func.min(sold.c.id).label("id")).group_by(
        sold.c.engagement_id, sold.c.month, sold.c.currency).subquery("kept")  # fmt: skip
    month = span.month.c
    mine = and_(month.month == kept.c.month, span.of(kept.c.legal_entity))
    by_then = or_(p.posted_on <= month.end_on, and_(p.posted_on.is_(None), p.period <= month.month))
    same = and_(p.engagement_id == kept.c.engagement_id, p.currency == kept.c.currency, by_then)
    k = kept.c
    return (
        select(k.month, k.legal_entity, k.engagement_id, k.currency, k.system, k.id,
               literal(0, BigInteger).label("sold"), p.amount.label("done"))
        .select_from(kept.join(span.month, mine).join(found, same))
    )  # fmt: skip


def _planned() -> Subquery:
    """Engagement -> the last day anything is planned for."""
    parts = [
        select(table.c.engagement_id, day.label("day")).where(
            day.is_not(None), table.c.deleted_at.is_(None), more
        )
        for table, day, more in (
            (allocation, allocation.c.end_on, allocation.c.resource_id.is_not(None)),
            (milestone, milestone.c.due_on, milestone.c.status.in_(("planned", "reached"))),
            (revenue, revenue.c.posted_on, revenue.c.state == "scheduled"),
        )
    ]
    found = union_all(*parts).subquery("plans")
    return (
        select(found.c.engagement_id, func.max(found.c.day).label("day"))
        .group_by(found.c.engagement_id)
        .subquery("planned")
    )


def _select(span: Span) -> Select[Any]:
    sold = _sold(span)
    facts = union_all(sold, _done(span, sold.subquery("signed"))).subquery("facts").c
    keys = (facts.month, facts.engagement_id, facts.currency)
    whole = (
        select(
            *keys, func.min(facts.legal_entity).label("legal_entity"), func.min(facts.system).label("system"),
            func.min(facts.id).label("id"), (func.sum(facts.sold) - func.sum(facts.done)).label("rest"),
        )
        .group_by(*keys)
        .subquery("whole")
    )  # fmt: skip
    w, planned = whole.c, _planned()
    tables: FromClause = whole.join(
        span.month, and_(span.month.c.month == w.month, span.of(w.legal_entity))
    ).outerjoin(planned, planned.c.engagement_id == w.engagement_id)
    return row(
        span,
        tables,
        part=case((planned.c.day > span.month.c.last_on, "scheduled"), else_="unscheduled"),
        numerator=w.rest,
        subject=(w.system, "contract", w.id),
        entity=w.legal_entity,
        currency=w.currency,
        engagement=w.engagement_id,
    ).where(w.rest > 0)


KPI = Kpi(
    key="backlog",
    title="Backlog",
    question="What is sold and still to be delivered?",
    formula="signed contract amounts less revenue posted to date, by engagement, never below zero",
    unit="money",
    combine="sum",
    reads=(
        Need("contract", "contract"),
        Need("revenue", "revenue_line"),
        Need("contract", "contract_line", required=False),
        Need("psa", "allocation", required=False),
        Need("psa", "milestone", required=False),
    ),
    owner="delivery",
    source="booked less delivered; scheduled and unscheduled as in services resource planning",
    select=_select,
    parts={"scheduled": Part("Scheduled"), "unscheduled": Part("Unscheduled")},
    good="up",
    limits="amendments, cancellations and plans count as they stand now",
)
