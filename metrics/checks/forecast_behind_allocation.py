"""C19: people were booked anew on a project, and its forecast is still of the time before.

An allocation counts that was changed, or taken out, after the newest forecast of its project. Without any
forecast nothing can lag behind, and a project that is complete, closed or cancelled is planned no more.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Subquery, and_, case, func, literal, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.identity import later
from metrics.worth import at_rate, sold_rate
from queries.schema import RECORD_TABLES
from queries.types import NO_CURRENCY

_booking = RECORD_TABLES["allocation"]
_forecast = RECORD_TABLES["forecast"]
_project = RECORD_TABLES["project"]


def _planned(scope: Scope) -> Subquery:
    """When each project was last forecast."""
    place = (_forecast.c.engagement_id, _forecast.c.project_system, _forecast.c.project_id)
    return (
        select(*place, func.max(_forecast.c.source_updated_at).label("at"))
        .where(scope.covers(_forecast.c.engagement_id), _forecast.c.deleted_at.is_(None))
        .group_by(*place)
        .subquery("planned")
    )


def _select(scope: Scope) -> Select[Any]:
    planned = _planned(scope)
    gone = _booking.c.deleted_at
    changed = case(
        (gone.is_not(None), later(gone, _booking.c.source_updated_at)), else_=_booking.c.source_updated_at
    )
    on = and_(_project.c.system == _booking.c.project_system, _project.c.id == _booking.c.project_id)
    forecast = and_(
        planned.c.engagement_id == _booking.c.engagement_id,
        planned.c.project_system == _booking.c.project_system,
        planned.c.project_id == _booking.c.project_id,
    )
    worth = at_rate(_booking.c.hours, sold_rate(_project), _project.c.currency)
    return (
        select(
            _project.c.system.label("subject_system"),
            literal("project").label("subject_kind"),
            _project.c.id.label("subject_id"),
            null().label("contract_line"),
            func.coalesce(_project.c.currency, NO_CURRENCY).label("currency"),
            _booking.c.engagement_id,
            _project.c.legal_entity,
            changed.label("since"),
            func.coalesce(worth, 0).label("amount_minor"),
            _project.c.source_url,
            literal(1).label("changes"),
            planned.c.at.label("forecast_at"),
        )
        .select_from(_booking.join(_project, on).join(planned, forecast))
        .where(
            scope.covers(_booking.c.engagement_id),
            changed > planned.c.at,
            _project.c.deleted_at.is_(None),
            _project.c.status.in_(("planned", "active", "on_hold")),
        )
    )


def _explain(row: Row, age: int) -> Explanation:
    several = row["changes"] > 1
    what = f"{row['changes']} bookings were" if several else "A booking was"
    return Explanation(
        reason=f"{what} changed, the first {age} business days ago, and the forecast was not.",
        expected="a forecast made after the last change of the bookings",
        actual=f"the newest forecast is of {row['forecast_at'][:10]}",
        first_broken_handoff="staffing to forecast",
    )


CHECK = Check(
    key="forecast_behind_allocation",
    title="Forecast behind allocation",
    question="Which forecasts are older than the bookings they rest on?",
    reads=(
        Need("psa", "allocation"),
        Need("psa", "forecast"),
        Need("psa", "project"),
        Need("contract", "contract_line", required=False),
    ),
    subject="project",
    amount="the hours of the changed bookings, at the rate of the contract line",
    acts="project manager",
    remedy="Forecast the project anew, and look whether its billing schedule still fits.",
    watch=1,
    act=3,
    select=_select,
    explain=_explain,
    source="C19",
    needs_amount=False,
)
