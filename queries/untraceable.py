"""Approved time that nothing says how to bill: it names no contract line that was read, and its project
has no billing method.

Such time is not called unbilled, since nobody can tell whether it should be billed at all; it is
counted beside that check instead. The cost follows the open entries found and the number of projects
and contract lines, not the history: entries are looked up by engagement, openness and contract line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, select, union_all

from queries.exceptions import Total
from queries.findings import entity_of_engagements
from queries.project_views import subject_of
from queries.schema import RECORD_TABLES, node
from queries.types import HOURS_SCALE, from_minor, from_scaled

#: the check beside which this time is shown
CHECK = "unbilled_approved_time"
REASON = "neither a contract line that was read nor a billing method of the project says how it is billed"
REMEDY = "Give the entries a contract line, or the project a billing method."

_entry = RECORD_TABLES["time_entry"]
_contract_line = RECORD_TABLES["contract_line"]
_project = RECORD_TABLES["project"]


@dataclass(frozen=True, slots=True)
class Untraceable:
    """Open entries that no check can place: how many, their open hours, and what they are worth.

    ``totals`` count and sum the entries that have a rate; ``unpriced_hours`` are those of the others.
    """

    entries: int = 0
    hours: Decimal = Decimal(0)
    unpriced_hours: Decimal = Decimal(0)
    totals: tuple[Total, ...] = ()


def untraceable(connection: Connection, legal_entity: str | None = None) -> Untraceable:
    """The untraceable time of one legal entity, or of all."""
    found = by_entity(connection)
    if legal_entity is not None:
        return found.get(legal_entity, Untraceable())
    return added(found.values())


def by_entity(connection: Connection) -> dict[str, Untraceable]:
    """Legal entity -> its untraceable time; ``''`` for time of which nobody says whose it is.

    Time belongs to the legal entity of its project, else its own, else that of its engagement.
    """
    rows = connection.execute(statement()).all()
    nameless = sorted({row.engagement_id for row in rows if row.engagement_id is not None})
    known = entity_of_engagements(connection, nameless) if nameless else {}
    found: dict[str, list[Untraceable]] = defaultdict(list)
    for row in rows:
        found[row.legal_entity or known.get(row.engagement_id, "")].append(_one(row))
    return {entity: added(parts) for entity, parts in sorted(found.items())}


def _one(row: Any) -> Untraceable:
    hours = from_scaled(int(row.hours), HOURS_SCALE)
    if row.currency is None:
        return Untraceable(int(row.entries), hours, hours)
    total = Total(row.currency, int(row.entries), from_minor(int(row.minor), row.currency))
    return Untraceable(total.count, hours, totals=(total,))


def added(parts: Iterable[Untraceable]) -> Untraceable:
    """Several counts as one; amounts add up within their currency only."""
    found = list(parts)
    sums: dict[str, tuple[int, Decimal]] = {}
    for total in (total for part in found for total in part.totals):
        count, amount = sums.get(total.currency, (0, Decimal(0)))
        sums[total.currency] = (count + total.count, amount + total.amount)
    return Untraceable(
        sum(part.entries for part in found),
        sum((part.hours for part in found), Decimal(0)),
        sum((part.unpriced_hours for part in found), Decimal(0)),
        tuple(Total(currency, *sums[currency]) for currency in sorted(sums)),
    )


# ---- which time it is ------------------------------------------------------------------------


def statement() -> Select[Any]:
    """Open untraceable time by legal entity and currency; where no entity is named, by engagement too."""
    found = union_all(_without_method(), _of_unread_line(), _on_nothing()).subquery("found")
    # hours without a rate are a group of their own: what is open of them has no amount
    currency = case((found.c.open_minor.is_not(None), found.c.open_currency))
    engagement = case((found.c.legal_entity.is_(None), found.c.engagement_id))
    keys = (
        found.c.legal_entity,
        engagement.label("engagement_id"),
        currency.label("currency"),
    )
    grouped = select(*keys, found.c.open_hours, found.c.open_minor).subquery("grouped")
    names = (grouped.c.legal_entity, grouped.c.engagement_id, grouped.c.currency)
    return select(
        *names,
        func.count().label("entries"),
        func.sum(grouped.c.open_hours).label("hours"),
        func.sum(grouped.c.open_minor).label("minor"),
    ).group_by(*names)


def _told(*entities: ColumnElement[Any]) -> Select[Any]:
    entity = func.coalesce(*entities, _entry.c.legal_entity) if entities else _entry.c.legal_entity
    return select(
        entity.label("legal_entity"),
        _entry.c.engagement_id,
        _entry.c.open_currency,
        _entry.c.open_minor,
        _entry.c.open_hours,
    ).where(_entry.c.is_open, _entry.c.deleted_at.is_(None))


def _without_method() -> Select[Any]:
    """Entries without a contract line, on projects nobody gave a billing method or nobody read."""
    view, subject = _project.alias("view"), _project.alias("subject")
    tables = (
        node.outerjoin(view, and_(view.c.system == node.c.system, view.c.id == node.c.id))
        .outerjoin(subject, subject_of(view, subject))
        .join(_entry, _entry.c.engagement_id == node.c.engagement_id)
    )
    return (
        _told(subject.c.legal_entity, view.c.legal_entity)
        .select_from(tables)
        .where(
            node.c.kind == "project",
            func.coalesce(subject.c.billing_method, view.c.billing_method).is_(None),
            _entry.c.contract_line_id.is_(None),
            _entry.c.project_system == node.c.system,
            _entry.c.project_id == node.c.id,
        )
    )


def _of_unread_line() -> Select[Any]:
    """Entries that name a contract line of which there is no record."""
    view, subject = _project.alias("view"), _project.alias("subject")
    line = and_(_contract_line.c.system == node.c.system, _contract_line.c.id == node.c.id)
    tables = (
        node.outerjoin(_contract_line, line)
        .join(_entry, _entry.c.engagement_id == node.c.engagement_id)
        .outerjoin(view, and_(view.c.system == _entry.c.project_system, view.c.id == _entry.c.project_id))
        .outerjoin(subject, subject_of(view, subject))
    )
    return (
        _told(subject.c.legal_entity, view.c.legal_entity)
        .select_from(tables)
        .where(
            node.c.kind == "contract_line",
            _contract_line.c.id.is_(None),
            _entry.c.contract_line_system == node.c.system,
            _entry.c.contract_line_id == node.c.id,
        )
    )


def _on_nothing() -> Select[Any]:
    """Entries that name neither a project nor a contract line: they are part of no engagement."""
    return _told().where(
        _entry.c.engagement_id.is_(None),
        _entry.c.contract_line_id.is_(None),
        _entry.c.project_id.is_(None),
    )
