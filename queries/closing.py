"""What a close leaves behind: figures frozen for good, record by record, and who signed what.

A period is frozen once. Nothing here updates or deletes: what came later is told as late changes, worked out
between the frozen records and the same report now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, func, insert, literal, select, union_all

from queries import read
from queries.close_schema import close_freeze, close_record, close_sign, close_total
from queries.schema import finding

Key = tuple[str, str, str]
_AT = ("legal_entity", "ledger", "period")


class Freeze(NamedTuple):
    """When the figures of a period were frozen, and why."""

    id: int
    frozen_at: datetime
    why: str


class SideTotal(NamedTuple):
    """One side of a tie-out in one currency."""

    tie_out: str
    side: str
    currency: str
    amount_minor: int
    items: int


class LateChange(NamedTuple):
    """A record that counts for something else now than when the period closed."""

    tie_out: str
    side: str
    system: str
    kind: str
    id: str
    currency: str
    closed_minor: int
    now_minor: int
    engagement_id: str | None


class Sign(NamedTuple):
    """Somebody said that a task of the close is done, or took that back."""

    task: str
    who: str
    signed_at: datetime
    comment: str | None
    evidence: str | None
    is_withdrawn: bool


def frozen(connection: Connection, key: Key) -> Freeze | None:
    """The freeze of a period; None while it is not closed here."""
    query = select(close_freeze.c.id, close_freeze.c.frozen_at, close_freeze.c.why).where(
        *(close_freeze.c[name] == value for name, value in zip(_AT, key, strict=True))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Freeze(*row)


def freeze(
    connection: Connection,
    key: Key,
    now: datetime,
    why: str,
    sides: Mapping[tuple[str, str], Select[Any]],
) -> bool:
    """Keep what every side of every tie-out says of a period now; False when it was frozen before."""
    if frozen(connection, key) is not None:
        return False
    values = {**dict(zip(_AT, key, strict=True)), "frozen_at": now, "why": why}
    made = connection.execute(insert(close_freeze).values(values)).inserted_primary_key
    assert made is not None
    number = int(made[0])
    for (tie_out, side), statement in sorted(sides.items()):
        told: list[Any] = [literal(number), literal(tie_out), literal(side)]
        found = _records(statement)
        names = [column.name for column in close_record.columns]
        connection.execute(insert(close_record).from_select(names, select(*told, *found.c)))
    own = close_record.c
    names = [column.name for column in close_total.columns]
    group = own.freeze_id, own.tie_out, own.side, own.currency
    summed = select(*group, func.sum(own.amount_minor), func.count()).where(own.freeze_id == number)
    connection.execute(insert(close_total).from_select(names, summed.group_by(*group)))
    return True


def _records(statement: Select[Any]) -> Any:
    """One row a record and currency: a line and what was credited of it are one record."""
    row = statement.subquery()
    key = row.c.system, row.c.kind, row.c.id, row.c.currency
    amount = func.sum(row.c.amount_minor).label("amount_minor")
    engagement = func.min(row.c.engagement_id).label("engagement_id")
    return select(*key, amount, engagement).group_by(*key).subquery()


def totals(connection: Connection, freeze_id: int) -> list[SideTotal]:
    """The frozen figures, as they were."""
    query = select(*(close_total.c[name] for name in SideTotal._fields)).where(
        close_total.c.freeze_id == freeze_id
    )
    ordered = query.order_by(close_total.c.tie_out, close_total.c.side, close_total.c.currency)
    return [SideTotal(*row) for row in connection.execute(ordered)]


def totals_now(connection: Connection, tie_out: str, side: str, statement: Select[Any]) -> list[SideTotal]:
    """The same figures of one side as they are known now."""
    row = _records(statement)
    query = select(row.c.currency, func.sum(row.c.amount_minor), func.count()).group_by(row.c.currency)
    found = connection.execute(query.order_by(row.c.currency))
    return [SideTotal(tie_out, side, currency, int(minor), int(n)) for currency, minor, n in found]


def late_changes(
    connection: Connection,
    freeze_id: int,
    tie_out: str,
    side: str,
    statement: Select[Any],
    limit: int,
) -> list[LateChange]:
    """Records of one side that came, went or changed since the freeze, the largest change first."""
    then, now, none = close_record.c, _records(statement).c, literal(0)
    names = ("system", "kind", "id", "currency", "engagement_id")
    here = and_(then.freeze_id == freeze_id, then.tie_out == tie_out, then.side == side)
    both = union_all(
        select(
            *(then[n] for n in names), then.amount_minor.label("closed_minor"), none.label("now_minor")
        ).where(here),
        select(*(now[n] for n in names), none.label("closed_minor"), now.amount_minor.label("now_minor")),
    ).subquery()
    key = both.c.system, both.c.kind, both.c.id, both.c.currency
    closed, known = func.sum(both.c.closed_minor), func.sum(both.c.now_minor)
    query = (
        select(*key, closed, known, func.min(both.c.engagement_id))
        .group_by(*key)
        .having(closed != known)
        .order_by(func.abs(known - closed).desc(), *key)
        .limit(limit)
    )
    return [
        LateChange(tie_out, side, *row[:4], int(row[4]), int(row[5]), row[6])
        for row in connection.execute(query)
    ]


# ---- sign-offs -------------------------------------------------------------------------------


def sign(connection: Connection, key: Key, found: Sign) -> None:
    """Add a sign-off; nothing signed before is changed."""
    connection.execute(insert(close_sign).values({**dict(zip(_AT, key, strict=True)), **found._asdict()}))


def signs(connection: Connection, key: Key) -> list[Sign]:
    """Every sign-off of a period, oldest first."""
    query = select(*(close_sign.c[name] for name in Sign._fields)).where(
        *(close_sign.c[name] == value for name, value in zip(_AT, key, strict=True))
    )
    return [Sign(*row) for row in connection.execute(query.order_by(close_sign.c.id))]


def material_exceptions(
    connection: Connection, legal_entity: str, before: datetime, least_minor: int
) -> Sequence[Mapping[str, Any]]:
    """Open exceptions of a legal entity from before an instant, worth at least so much, the largest first.

    The amount is the converted one; what no rate converts counts by its own minor units.
    """
    worth = func.coalesce(finding.c.group_minor, finding.c.amount_minor)
    query = select(finding.c.id, finding.c.check_key, finding.c.subject_id, worth.label("worth_minor")).where(
        finding.c.is_open,
        finding.c.legal_entity == legal_entity,
        finding.c.since < before,
        worth >= least_minor,
    )
    return read.rows(connection, query.order_by(worth.desc(), finding.c.id))
