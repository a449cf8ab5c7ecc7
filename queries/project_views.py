"""Two systems' views of one project: which of them the other stands for."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, false, func, not_
from sqlalchemy.sql.selectable import FromClause

from queries.schema import system_role


def subject_of(view: FromClause, subject: FromClause) -> ColumnElement[bool]:
    """The project a view stands for: what it names, when that tie holds.

    Where two views name each other, the PSA's is the one that people open.
    """
    named = and_(subject.c.system == view.c.project_system, subject.c.id == view.c.project_id)
    back = and_(subject.c.project_system == view.c.system, subject.c.project_id == view.c.id)
    psa = exists().where(system_role.c.system == view.c.system, system_role.c.role == "psa")
    # COALESCE: a comparison with nothing is neither true nor false
    mutual = and_(func.coalesce(back, false()), psa)
    return and_(named, subject.c.engagement_id == view.c.engagement_id, not_(mutual))
