"""Realisation: what of billable work is billed, by hours and by standard rate.

Time realisation: hours that live invoice lines name, of the approved billable hours of time-and-materials
work, by month worked. Rate realisation: what those hours bill at the agreed rate, over the same hours at
the person's standard rate, where that is known in the currency they bill in. Lines that name no hours
bill money, not hours, and count in neither. Back in time, hours count as billed whenever that happened.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import Select, and_, func, literal, select, union_all

from metrics.kpi import Kpi, Need, Part, Span, row
from metrics.measures import approved, bills_by_time, entry, person, resource
from metrics.money import at_rate


def _select(span: Span) -> Select[Any]:
    e, theirs = entry.c, resource.alias("standard")
    tables, by_time = bills_by_time()
    same = resource.alias("same_person")
    _, system, identifier = person(entry)
    tables = tables.outerjoin(same, and_(same.c.system == e.resource_system, same.c.id == e.resource_id))
    tables = tables.outerjoin(theirs, and_(theirs.c.system == system, theirs.c.id == identifier))
    month = span.month_of(e.legal_entity, e.work_date)
    billed = e.hours - func.coalesce(e.open_hours, e.hours)
    of: dict[str, Any] = {
        "month": month,
        "subject": (e.project_system, "project", e.project_id), "entity": e.legal_entity,
        "engagement": e.engagement_id,
    }  # fmt: skip
    keys = (month, e.legal_entity, e.project_system, e.project_id, e.engagement_id)
    hours = row(
        span, tables, part="time", numerator=func.sum(billed), denominator=func.sum(e.hours), **of
    ).group_by(*keys)
    rates = (
        row(
            span, tables, part="rate", numerator=func.sum(func.coalesce(e.relieved_minor, 0)),
            denominator=func.sum(at_rate(billed, theirs.c.bill_rate, e.open_currency)),
            currency=e.open_currency, **of,
        )
        .where(theirs.c.bill_rate.is_not(None), theirs.c.currency == e.open_currency)
        .group_by(*keys, e.open_currency)
    )  # fmt: skip
    wanted = and_(approved(), by_time, span.in_range(e.work_date), month != literal(""))
    return select(union_all(hours.where(wanted), rates.where(wanted)).subquery("realised"))


KPI = Kpi(
    key="realisation",
    title="Realisation",
    question="How much of billable work do we bill, and at what of our standard rates?",
    formula="time: hours on live invoice lines / approved billable hours; rate: their value at agreed rates /"
    " at standard rates",
    unit="percent",
    combine="ratio",
    reads=(
        Need("time", "time_entry"),
        Need("erp", "invoice_line"),
        Need("hcm", "resource", required=False),
        Need("psa", "project", required=False),
        Need("contract", "contract_line", required=False),
    ),
    owner="finance",
    source="time realisation and rate realisation, told apart",
    select=_select,
    parts={"time": Part("Time realisation"), "rate": Part("Rate realisation")},
    headline="time",
    scale=Fraction(100),
    rows_in="hours",
    good="up",
    limits="hours billed late count in the month they were worked",
)
