"""Staffed capacity: hours booked of the hours people are there.

Bookings of people the system of record does not know are not in it. Back in
time bookings count as they stand now.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import Select, and_, func

from metrics.kpi import Kpi, Need, Part, Span, row
from metrics.measures import capacity
from metrics.staffing import booked


def _select(span: Span) -> Select[Any]:
    there, taken, month = capacity(span), booked(span), span.month.c
    c = there.c
    same = and_(taken.c.month == c.month, taken.c.system == c.system, taken.c.id == c.id)
    return row(
        span,
        there.outerjoin(taken, same).join(span.month, and_(month.month == c.month, span.of(c.legal_entity))),
        part="booked",
        numerator=func.coalesce(taken.c.hours, 0),
        denominator=c.hours,
        entity=c.legal_entity,
        practice=c.practice,
        region=c.region,
        subject=(c.system, "resource", c.id),
    )


KPI = Kpi(
    key="staffed_capacity",
    title="Staffed capacity",
    question="How much of our capacity is booked?",
    formula="hours booked / hours available, up to today in the running month",
    unit="percent",
    combine="ratio",
    reads=(
        Need("hcm", "resource"),
        Need("psa", "allocation"),
        Need("hcm", "absence", required=False),
    ),
    owner="resource management",
    source="assignments over net capacity",
    select=_select,
    parts={"booked": Part("Booked")},
    headline="booked",
    scale=Fraction(100),
    per="number",
    rows_in="hours",
    limits="bookings count as they stand now",
)
