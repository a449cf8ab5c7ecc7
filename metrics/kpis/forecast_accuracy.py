"""Forecast accuracy: how near forecast hours came to the hours worked, project by project.

1 less the absolute differences over the hours worked (WMAPE turned round), in whole months that are over;
the bias beside it says whether forecasts were too high. Back in time: the forecast is the one the system
keeps now for that month; what it said before the month began is not remembered.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, and_, func, literal, select, union_all

from metrics.kpi import Kpi, Need, Part, Span, row
from metrics.measures import entry, plays
from queries.schema import RECORD_TABLES

_forecast = RECORD_TABLES["forecast"]


def _compared(span: Span) -> Any:
    """Project and month -> hours forecast and hours worked, of months that are over and were forecast."""
    f, e, month = _forecast.c, entry.c, span.month.c
    over, zero = month.end_on < span.today, literal(0, BigInteger)
    said = (
        select(month.month, month.legal_entity.label("of"), f.legal_entity, f.project_system, f.project_id,
               f.engagement_id, f.hours.label("forecast"), zero.label("worked"))
        .select_from(_forecast.join(span.month, and_(span.of(f.legal_entity), f.period == month.month, over)))
        .where(f.hours.is_not(None), f.deleted_at.is_(None), plays(_forecast, "psa"))
    )  # fmt: skip
    named = span.month_of(e.legal_entity, e.work_date)
    keys = (e.legal_entity, e.project_system, e.project_id, e.engagement_id)
    summed = (
        select(named.label("month"), *keys, func.sum(e.hours).label("hours"))
        .where(e.status == "approved", e.deleted_at.is_(None), span.in_range(e.work_date))
        .group_by(named, *keys)
        .subquery("summed")
        .c
    )
    done = select(summed.month, span.entity(summed.legal_entity), summed.legal_entity, summed.project_system,
                  summed.project_id, summed.engagement_id, zero, summed.hours)  # fmt: skip
    b = union_all(said, done).subquery("both").c
    of = (b.month, b.of, b.project_system, b.project_id)
    return (
        select(*of, func.min(b.legal_entity).label("legal_entity"),
               func.min(b.engagement_id).label("engagement_id"),
               func.sum(b.forecast).label("forecast"), func.sum(b.worked).label("worked"))
        .group_by(*of)
        .having(func.sum(b.forecast) > 0)
        .subquery("compared")
    )  # fmt: skip


def _select(span: Span) -> Select[Any]:
    compared = _compared(span)
    c = compared.c
    tables = compared.join(span.month, and_(span.month.c.month == c.month, span.month.c.legal_entity == c.of))
    return select(union_all(*(
        row(
            span, tables, part=part, numerator=numerator, denominator=c.worked,
            subject=(c.project_system, "project", c.project_id), entity=c.legal_entity,
            engagement=c.engagement_id,
        )
        for part, numerator in (
            ("accuracy", func.abs(c.worked - c.forecast)), ("bias", c.forecast - c.worked),
        )
    )).subquery("forecasts"))  # fmt: skip


KPI = Kpi(
    key="forecast_accuracy",
    title="Forecast accuracy",
    question="How near do our forecasts come?",
    formula="1 - sum of |worked - forecast| / sum of worked, hours project by project;"
    " bias: sum of (forecast - worked) / sum of worked",
    unit="percent",
    combine="rest",
    reads=(Need("psa", "forecast"), Need("time", "time_entry")),
    owner="delivery",
    source="weighted mean absolute percentage error and bias",
    select=_select,
    parts={"accuracy": Part("Accuracy"), "bias": Part("Bias", combine="ratio")},
    headline="accuracy",
    scale=Fraction(100),
    per="number",
    rows_in="hours",
    good="up",
    limits="the forecast is the one kept now, not the one made before the month",
)
