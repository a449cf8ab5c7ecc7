"""Fields a stream is mapped from that its rows have no more: noted at the end of every poll.

A field counts as missing once it was had before, and not one of at least ``LEAST`` rows of a poll has it; one
that only some rows ever had must be lacking in so many that chance does not explain it. It counts as
back as soon as one row has it again, or the mapping no longer reads it.
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

#: field -> rows that had it, and rows in which it was looked for
Seen = dict[str, list[int]]


def note(connection: Connection, run: int, had: Mapping[str, int], rows: int, now: datetime) -> list[str]:
    """Keep what a poll saw: of each mapped field how many of its rows had it. What is missing now, sorted."""
    at = _place(connection, run)
    state = connection.execute(
        select(stream_state.c.seen_fields, stream_state.c.missing_fields, stream_state.c.missing_since).where(
            at
        )
    ).one_or_none()
    if state is None:
        return []
    seen: Seen = json.loads(state.seen_fields or "{}")
    lacking = lacks(seen, had, rows)
    before = [name for name in json.loads(state.missing_fields or "[]") if name in had and not had[name]]
    missing = sorted({*before, *lacking})
    values: dict[str, Any] = {
        "seen_fields": json.dumps(_grown(seen, had, rows, missing), sort_keys=True),
        "missing_fields": json.dumps(missing) if missing else None,
        "missing_since": (state.missing_since or now) if missing else None,
    }
    connection.execute(update(stream_state).where(at).values(values))
    if lacking:
        told = json.dumps(lacking)
        connection.execute(
            update(collection_run).where(collection_run.c.id == run).values(missing_fields=told)
        )
    return missing


def lacks(seen: Mapping[str, list[int]], had: Mapping[str, int], rows: int) -> list[str]:
    """The fields that rows of this number ought to have, by what was seen before, and that none has."""
    if rows < LEAST:
        return []
    gone = (name for name, count in had.items() if not count and name in seen)
    return sorted(name for name in gone if (1 - seen[name][0] / seen[name][1]) ** rows < _CHANCE)


def _grown(seen: Seen, had: Mapping[str, int], rows: int, missing: list[str]) -> Seen:
    """What was ever seen of the fields that are mapped now; rows that lack a lost one say nothing of it."""
    found = {name: counts for name, counts in seen.items() if name in had}
    for name, count in had.items():
        if rows and name not in missing and (count or name in found):
            before = found.get(name, [0, 0])
            found[name] = [before[0] + count, before[1] + rows]
    return found


def _place(connection: Connection, run: int) -> Any:
    columns = (collection_run.c.system, collection_run.c.stream)
    row = connection.execute(select(*columns).where(collection_run.c.id == run)).one()
    return and_(stream_state.c.system == row.system, stream_state.c.stream == row.stream)
