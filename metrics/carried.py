"""What a message of the middleware is about, and the money of what it carries.

It is about the most exact record it names: a billing event, else a milestone, a deal, a project.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.sql.selectable import FromClause

from queries.schema import RECORD_TABLES
from queries.types import NO_CURRENCY

_event = RECORD_TABLES["billing_event"]
_milestone = RECORD_TABLES["milestone"]
_deal = RECORD_TABLES["opportunity"]
_project = RECORD_TABLES["project"]
_billed = RECORD_TABLES["invoice_line"]

#: the kinds a message may be about, the most exact first
_KINDS = ("billing_event", "milestone", "opportunity", "project")


class Subject(NamedTuple):
    """The kind, system and id of what a message is about."""

    kind: ColumnElement[Any]
    system: ColumnElement[Any]
    id: ColumnElement[Any]


class Carried(NamedTuple):
    """A message joined to what it names, and what that is worth."""

    joined: FromClause
    minor: ColumnElement[Any]
    currency: ColumnElement[Any]


def subject(message: FromClause) -> Subject:
    """What a message is about."""

    def pick(part: str) -> ColumnElement[Any]:
        return case(*((message.c[f"{k}_id"].is_not(None), message.c[f"{k}_{part}"]) for k in _KINDS))

    kind = case(*((message.c[f"{name}_id"].is_not(None), literal(name)) for name in _KINDS))
    return Subject(kind, pick("system"), pick("id"))


def about_the_same(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Whether two messages of one engagement and flow are about the same record."""
    mine, theirs = subject(one), subject(other)
    alike = (left == right for left, right in zip(mine, theirs, strict=True))
    return and_(
        one.c.engagement_id == other.c.engagement_id,
        one.c.flow == other.c.flow,
        other.c.deleted_at.is_(None),
        *alike,
    )


def ended(message: FromClause) -> ColumnElement[Any]:
    """When a message came to the state it is in."""
    return func.coalesce(message.c.ended_at, message.c.source_updated_at)


def later(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Whether the first of two messages came after the second."""
    same = and_(ended(one) == ended(other), one.c.id > other.c.id)
    return or_(ended(one) > ended(other), same)


def carried(message: FromClause) -> Carried:
    """The money of the first record named that says some; a project's is what is sold and not invoiced."""
    joined = message
    for kind in _KINDS:
        record = RECORD_TABLES[kind]
        joined = joined.outerjoin(
            record,
            and_(
                record.c.system == message.c[f"{kind}_system"],
                record.c.id == message.c[f"{kind}_id"],
                record.c.deleted_at.is_(None),
            ),
        )
    services = func.coalesce(_deal.c.services_amount, _deal.c.amount)
    left = _project.c.amount - _invoiced()
    whens = (
        (_event, _event.c.amount),
        (_milestone, _milestone.c.amount),
        (_deal, services),
        (_project, case((left > 0, left), (_project.c.amount.is_not(None), 0))),
    )
    currency = case(*((minor.is_not(None), record.c.currency) for record, minor in whens))
    minor = func.coalesce(*(minor for _, minor in whens), 0)
    return Carried(joined, minor, func.coalesce(currency, NO_CURRENCY))


def _invoiced() -> ColumnElement[Any]:
    """What live invoice lines bill of the project's engagement in its currency."""
    query = select(func.sum(_billed.c.live_minor)).where(
        _billed.c.engagement_id == _project.c.engagement_id, _billed.c.currency == _project.c.currency
    )
    return func.coalesce(query.correlate(_project).scalar_subquery(), 0)
