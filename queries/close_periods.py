"""Accounting periods as the ERP keeps them, per legal entity and ledger, and what became of them.

Nothing derives a month from a date: a date belongs to the period whose days hold it. Where periods overlap
(an adjustment period at the end of a year), it belongs to the one that starts first; a posting that names
its period belongs to that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select

from queries import read
from queries.close_schema import period_change
from queries.schema import RECORD_TABLES

_table = RECORD_TABLES["period"]
_DAY = timedelta(days=1)
Days = tuple[date, date]


class Period(NamedTuple):
    """A period of one ledger of one legal entity; ``days`` are the stretches of dates it owns."""

    legal_entity: str
    ledger: str
    name: str
    start_on: date
    end_on: date
    status: str
    closed_at: datetime | None
    system: str
    days: tuple[Days, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all others: legal entity, ledger, name."""
        return self.legal_entity, self.ledger, self.name


def periods(connection: Connection, legal_entity: str | None = None) -> list[Period]:
    """Every period by entity, ledger and time. A name kept twice counts as the first system has it."""
    query = select(_table).where(_table.c.deleted_at.is_(None), _table.c.legal_entity.is_not(None))
    if legal_entity is not None:
        query = query.where(_table.c.legal_entity == legal_entity)
    tables: dict[tuple[str, str], dict[str, Any]] = {}
    for row in read.rows(connection, query.order_by(_table.c.system, _table.c.id)):
        tables.setdefault((row["legal_entity"], row["ledger"] or ""), {}).setdefault(row["name"], row)
    return [
        found for (entity, ledger), rows in sorted(tables.items()) for found in _owned(entity, ledger, rows)
    ]


def _owned(entity: str, ledger: str, rows: dict[str, Any]) -> list[Period]:
    # the regular period starts before the adjustment period that lies in its last days
    order = sorted(rows.values(), key=lambda row: (row["start_on"], -row["end_on"].toordinal(), row["name"]))
    taken: list[Days] = []
    found = []
    for row in order:
        own = _without((row["start_on"], row["end_on"]), taken)
        taken += own
        found.append(
            Period(
                entity, ledger, row["name"], row["start_on"], row["end_on"], row["status"], row["closed_at"],
                row["system"], tuple(own),
            )
        )  # fmt: skip
    return found


def _without(days: Days, taken: Iterable[Days]) -> list[Days]:
    """The stretches of ``days`` that nothing has taken."""
    rest = [days] if days[0] <= days[1] else []
    for start, end in taken:
        rest = [
            part
            for first, last in rest
            for part in ((first, min(last, start - _DAY)), (max(first, end + _DAY), last))
            if part[0] <= part[1]
        ]
    return rest


def gaps(found: Sequence[Period]) -> tuple[Days, ...]:
    """The dates from the first period of a ledger on that no period covers; what comes before is history."""
    if not found:
        return ()
    whole = (min(period.start_on for period in found), date.max)
    return tuple(_without(whole, [(period.start_on, period.end_on) for period in found]))


def neighbours(found: Sequence[Period], period: Period) -> tuple[Period | None, Period | None]:
    """The periods before and after one of the same ledger."""
    mine = [other for other in found if other.key[:2] == period.key[:2]]
    place = mine.index(period)
    return (mine[place - 1] if place else None), (mine[place + 1] if place + 1 < len(mine) else None)


# ---- what became of them ---------------------------------------------------------------------


class Change(NamedTuple):
    """A period got another status; ``is_reopened`` when it was closed before."""

    legal_entity: str
    ledger: str
    period: str
    system: str
    status: str
    before: str | None
    closed_at: datetime | None
    is_reopened: bool
    seen_at: datetime


def notice(connection: Connection, now: datetime) -> list[Change]:
    """Write down every period whose status is not the one last seen, and say which those are."""
    newest = select(func.max(period_change.c.id)).group_by(
        period_change.c.legal_entity, period_change.c.ledger, period_change.c.period
    )
    query = select(period_change).where(period_change.c.id.in_(newest))
    last = {
        (row["legal_entity"], row["ledger"], row["period"]): row["status"]
        for row in read.rows(connection, query)
    }
    found = []
    for period in periods(connection):
        before = last.get(period.key)
        if before != period.status:
            reopened = before == "closed"
            said = (period.system, period.status, before, period.closed_at, reopened, now)
            found.append(Change._make((*period.key, *said)))
    if found:
        connection.execute(insert(period_change), [change._asdict() for change in found])
    return found


def history(connection: Connection, key: tuple[str, str, str]) -> list[Change]:
    """What became of a period, oldest first."""
    at = zip(("legal_entity", "ledger", "period"), key, strict=True)
    query = select(*(period_change.c[name] for name in Change._fields)).where(
        *(period_change.c[name] == value for name, value in at)
    )
    return [Change(*row) for row in connection.execute(query.order_by(period_change.c.id))]
