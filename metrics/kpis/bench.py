"""Bench: hours of people whom nothing is booked for, of the hours they are there.

A booking without a person is demand, not supply. Back in time bookings count as they stand now: those
that were moved since are not remembered.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import Select, and_, case, func

from metrics.kpi import Kpi, Need, Part, Span, row
from metrics.measures import capacity
from metrics.staffing import booked


def _select(span: Span) -> Select[Any]:
    there, taken, month = capacity(span), booked(span), span.month.c
    c = there.c
    same = and_(taken.c.month == c.month, taken.c.system == c.system, taken.c.id == c.id)
    left = c.hours - func.coalesce(taken.c.hours, 0)
    return row(
        span,
        there.outerjoin(taken, same).join(span.month, and_(month.month == c.month, span.of(c.legal_entity))),
        part="free",
        numerator=case((left > 0, left), else_=0),
        denominator=c.hours,
        entity=c.legal_entity,
        practice=c.practice,
        region=c.region,
        subject=(c.system, "resource", c.id),
    )


KPI = Kpi(
    key="bench",
    title="Bench",
    question="How much of our capacity has nothing booked?",
    formula="hours available and not booked / hours available, person by person",
    unit="percent",
    combine="ratio",
    reads=(
        Need("hcm", "resource"),
        Need("psa", "allocation"),
        Need("hcm", "absence", required=False),
    ),
    owner="resource management",
    source="unassigned hours over net capacity",
    select=_select,
    parts={"free": Part("Not booked")},
    headline="free",
    scale=Fraction(100),
    per="number",
    rows_in="hours",
    good="down",
    limits="bookings count as they stand now",
)
