"""Effective rate: revenue an hour, over all hours of the work, billable or not.

Posted revenue of the month over approved hours of the month, in the currency of the hours' rate, else of
their project; hours in no currency are left out of every rate, and so is revenue in a currency nobody
worked in. Back in time as far as postings and work dates go.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, and_, func, literal, select, union_all

from metrics.kpi import Kpi, Need, Part, Span, row
from metrics.measures import entry, project, recognised
from queries.types import HOURS_SCALE


def _select(span: Span) -> Select[Any]:
    e = entry.c
    tables = entry.outerjoin(
        project, and_(project.c.system == e.project_system, project.c.id == e.project_id)
    )
    money = func.coalesce(e.open_currency, e.currency, project.c.currency)
    keys = (e.legal_entity, e.project_system, e.project_id, e.engagement_id, money)
    month = span.month_of(e.legal_entity, e.work_date)
    worked = (
        row(
            span,
            tables,
            month=month,
            part="rate",
            numerator=literal(0, BigInteger),
            denominator=func.sum(e.hours),
            subject=(e.project_system, "project", e.project_id),
            entity=e.legal_entity,
            currency=money,
            engagement=e.engagement_id,
        )
        .where(
            e.status == "approved",
            e.deleted_at.is_(None),
            money.is_not(None),
            span.in_range(e.work_date),
            month != literal(""),
        )
        .group_by(month, *keys)
    )
    return select(union_all(recognised(span, "rate"), worked).subquery("earned_an_hour"))


KPI = Kpi(
    key="effective_rate",
    title="Effective rate",
    question="What does an hour of our work earn?",
    formula="revenue posted in the month / all approved hours of the month",
    unit="money",
    combine="ratio",
    reads=(
        Need("revenue", "revenue_line"),
        Need("time", "time_entry"),
        Need("psa", "project", required=False),
    ),
    owner="finance",
    source="effective bill rate: revenue over all project hours",
    select=_select,
    parts={"rate": Part("Revenue an hour")},
    headline="rate",
    scale=Fraction(10**HOURS_SCALE),
    per="number",
    rows_in="money",
    good="up",
    limits="hours taken back since then count as they stand now",
)
