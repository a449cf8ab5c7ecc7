"""Whether the store has changed since it was last asked: what caches of answers are keyed by."""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import Connection, func, select

from queries import read
from queries.schema import check_state, finding_transition, stream_state


def version(connection: Connection) -> str:
    """A text that differs whenever a poll moved, a finding changed or a check was judged anew.

    Read from tables that stay small, and one look at the end of an index.
    """
    state = stream_state.c
    streams = select(
        state.system, state.stream, state.watermark, state.complete_through, state.last_success, state.error,
        state.configured,
    )  # fmt: skip
    judged = select(
        check_state.c.check_key, check_state.c.legal_entity, check_state.c.outcome, check_state.c.as_of
    )
    parts = [
        connection.execute(select(func.max(finding_transition.c.id))).scalar(),
        *(list(row.values()) for row in read.rows(connection, streams.order_by(state.system, state.stream))),
        *(list(row.values()) for row in read.rows(connection, judged.order_by(*judged.selected_columns[:2]))),
    ]
    return blake2b(repr(parts).encode(), digest_size=12).hexdigest()
