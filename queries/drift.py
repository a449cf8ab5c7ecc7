"""Fields a stream is mapped from that its rows have no more: noted at the end of every poll.

A field that nearly every row had counts as missing once not one of the last ``LEAST`` rows or more has it.
One that only some rows ever had must be lacking in so many that chance does not explain it, and rows that
come together are alike: a night's invoices for time have no milestone. It counts as back as soon as one row
has it again, or the mapping no longer reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from queries.schema import collection_run, stream_state

LEAST = 20
_CHANCE = 1e-6
#: a field of which more rows than this have a value belongs to every row
_NEARLY_ALL = 0.98
#: rows of which we may suppose that they are alike
_ALIKE = 100

#: field -> rows that had it, rows in which it was looked for up to then, and rows since then
Seen = dict[str, tuple[int, int, int]]


def note(connection: Connection, run: int, had: Mapping[str, int], rows: int, now: datetime) -> list[str]:
    """Keep what a poll saw: of each mapped field how many of its rows had it. What is missing now, sorted."""
    at = _place(connection, run)
    columns = (stream_state.c.seen_fields, stream_state.c.missing_fields, stream_state.c.missing_since)
    state = connection.execute(select(*columns).where(at)).one_or_none()
    if state is None:
        return []
    seen = _grown(json.loads(state.seen_fields or "{}"), had, rows)
    missing = sorted(name for name, counts in seen.items() if _is_missing(*counts))
    told = json.dumps(missing) if missing else None
    values: dict[str, Any] = {
        "seen_fields": json.dumps(seen, sort_keys=True),
        "missing_fields": told,
        "missing_since": (state.missing_since or now) if missing else None,
    }
    connection.execute(update(stream_state).where(at).values(values))
    if told and rows:
        connection.execute(
            update(collection_run).where(collection_run.c.id == run).values(missing_fields=told)
        )
    return missing


def _grown(seen: Seen, had: Mapping[str, int], rows: int) -> Seen:
    """What was ever seen of the fields that are mapped now."""
    found: Seen = {}
    for name, count in had.items():
        before, looked, since = seen.get(name, (0, 0, 0))
        if count:
            found[name] = (before + count, looked + since + rows, 0)
        elif before:
            found[name] = (before, looked, since + rows)
    return found


def _is_missing(had: int, looked: int, since: int) -> bool:
    return since >= LEAST and _is_no_chance(had / looked, since)


def _is_no_chance(share: float, rows: int) -> bool:
    return share > _NEARLY_ALL or (1 - share) ** (rows // _ALIKE) < _CHANCE


def _place(connection: Connection, run: int) -> Any:
    columns = (collection_run.c.system, collection_run.c.stream)
    row = connection.execute(select(*columns).where(collection_run.c.id == run)).one()
    return and_(stream_state.c.system == row.system, stream_state.c.stream == row.stream)
