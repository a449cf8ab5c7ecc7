"""The latest estimate of a project: what the checks about forecasts go by."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.sql.selectable import FromClause

from queries.schema import RECORD_TABLES

_estimate = RECORD_TABLES["estimate"]


def is_latest(estimate: FromClause) -> ColumnElement[bool]:
    """No other standing estimate of the same project is later; of one day, the last by its key counts."""
    later = _estimate.alias("later")
    after = or_(
        later.c.estimated_on > estimate.c.estimated_on,
        and_(
            later.c.estimated_on == estimate.c.estimated_on,
            or_(
                later.c.system > estimate.c.system,
                and_(later.c.system == estimate.c.system, later.c.id > estimate.c.id),
            ),
        ),
    )
    return ~exists().where(
        later.c.engagement_id == estimate.c.engagement_id,
        later.c.project_system == estimate.c.project_system,
        later.c.project_id == estimate.c.project_id,
        later.c.deleted_at.is_(None),
        after,
    )


def of_project(estimate: FromClause, project: FromClause) -> ColumnElement[bool]:
    """Whether an estimate is the latest of a project, and stands."""
    return and_(
        estimate.c.engagement_id == project.c.engagement_id,
        estimate.c.project_system == project.c.system,
        estimate.c.project_id == project.c.id,
        estimate.c.deleted_at.is_(None),
        is_latest(estimate),
    )
