"""Hours that people are booked for and hours they worked, by person and month."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, and_, case, cast, func, literal, select

from metrics.kpi import row
from metrics.measures import HOUR, allocation, entry, person, project, resource
from queries.periods import Span
from queries.types import RATE_SCALE

_WHOLE = 100 * 10**RATE_SCALE
_DAILY = 8 * HOUR


def booked(span: Span) -> Subquery:
    """Person, month -> ``hours`` booked: a percentage of their days, else the hours spread over its days."""
    a, day = allocation.c, span.workday.c
    who, system, identifier = person(allocation)
    length = (
        select(func.count())
        .select_from(whole := span.workday.alias())
        .where(whole.c.legal_entity == span.entity(a.legal_entity), whole.c.day >= a.start_on,
               whole.c.day <= a.end_on)
        .correlate(allocation)
        .scalar_subquery()
    )  # fmt: skip
    within = and_(
        day.legal_entity == span.entity(a.legal_entity), day.month != literal(""), day.day >= a.start_on,
        day.day <= a.end_on,
    )  # fmt: skip
    days = func.count()
    theirs = resource.alias("booked_person")
    daily = func.coalesce(theirs.c.weekly_hours // 5, _DAILY)
    share = cast(days * daily * a.percent // _WHOLE, BigInteger)
    spread = cast(days * a.hours // case((length > 0, length), else_=1), BigInteger)
    one = (
        select(
            day.month, system.label("system"), identifier.label("id"),
            case((a.percent.is_not(None), share), else_=func.coalesce(spread, 0)).label("hours"),
        )
        .select_from(
            who.outerjoin(theirs, and_(theirs.c.system == system, theirs.c.id == identifier))
            .join(span.workday, within)
        )
        .where(a.deleted_at.is_(None), a.resource_id.is_not(None))
        .group_by(day.month, system, identifier, a.system, a.id, a.percent, a.hours, a.start_on, a.end_on,
                  a.legal_entity, theirs.c.weekly_hours)
        .subquery("booking")
    )  # fmt: skip
    keys = (one.c.month, one.c.system, one.c.id)
    return select(*keys, func.sum(one.c.hours).label("hours")).group_by(*keys).subquery("booked")


def worked(
    span: Span, part: str, counts: ColumnElement[bool], *, less: ColumnElement[bool] | None = None
) -> Select[Any]:
    """Approved hours by person and month that count, as numerators; those of ``less`` shorten the hours."""
    e = entry.c
    who, system, identifier = person(entry)
    theirs = resource.alias("worker")
    tables = who.outerjoin(theirs, and_(theirs.c.system == system, theirs.c.id == identifier)).outerjoin(
        project, and_(project.c.system == e.project_system, project.c.id == e.project_id)
    )
    entity = func.coalesce(theirs.c.legal_entity, e.legal_entity)
    keys = (entity, theirs.c.practice, theirs.c.region, system, identifier)
    month = span.month_of(e.legal_entity, e.work_date)
    excluded = None if less is None else func.sum(case((less, -e.hours), else_=0))
    return (
        row(
            span,
            tables,
            month=month,
            part=part,
            numerator=func.sum(case((counts, e.hours), else_=0)),
            denominator=excluded,
            entity=entity,
            practice=theirs.c.practice,
            region=theirs.c.region,
            subject=(system, "resource", identifier),
        )
        .where(
            e.status == "approved",
            e.deleted_at.is_(None),
            counts if less is None else counts | less,
            span.in_range(e.work_date),
            month != literal(""),
        )
        .group_by(month, *keys)
    )
