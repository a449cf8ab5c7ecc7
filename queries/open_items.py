"""What is open for each check: derived state, replaced for the touched engagements only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, or_, select

from queries.schema import open_item
from queries.types import to_micros
from queries.write import execute_many, insert

COLUMNS = tuple(column.name for column in open_item.c)


class OpenItem(NamedTuple):
    """One open item of a check; ``facts`` is what its explanation is made of."""

    check_key: str
    subject_system: str
    subject_kind: str
    subject_id: str
    contract_line: str
    currency: str
    since: datetime
    engagement_id: str
    legal_entity: str | None
    watch_at: datetime
    act_at: datetime
    amount_minor: int
    facts: dict[str, Any]


def replace(
    connection: Connection, check: str, engagements: Sequence[str] | None, items: Iterable[OpenItem]
) -> None:
    """Make the open items of a check in these engagements equal ``items``; None means all engagements."""
    if engagements is None:
        connection.execute(delete(open_item).where(open_item.c.check_key == check))
    else:
        sql = "DELETE FROM open_item WHERE check_key = ? AND engagement_id = ?"
        execute_many(connection, sql, [(check, name) for name in sorted(engagements)])
    insert(connection, open_item, COLUMNS, [_row(item) for item in items])


def _row(item: OpenItem) -> tuple[Any, ...]:
    values = item._asdict()
    for name in ("since", "watch_at", "act_at"):
        values[name] = to_micros(values[name])
    values["facts"] = json.dumps(item.facts, sort_keys=True)
    return tuple(values[name] for name in COLUMNS)


def stored(connection: Connection, check: str, engagements: Sequence[str] | None = None) -> list[OpenItem]:
    """The open items of a check, in key order."""
    query = select(*(open_item.c[name] for name in OpenItem._fields)).where(open_item.c.check_key == check)
    if engagements is not None:
        query = query.where(open_item.c.engagement_id.in_(engagements))
    rows = connection.execute(query.order_by(*open_item.primary_key.columns))
    return [OpenItem._make((*row[:-1], json.loads(row[-1]))) for row in rows]


def crossing(connection: Connection, check: str, after: datetime, until: datetime) -> list[str]:
    """Engagements with an item that passed a threshold in (after, until]: only time made it news."""
    passed = or_(
        *(and_(column > after, column <= until) for column in (open_item.c.watch_at, open_item.c.act_at))
    )
    query = select(open_item.c.engagement_id).distinct().where(open_item.c.check_key == check, passed)
    return sorted(connection.execute(query).scalars())
