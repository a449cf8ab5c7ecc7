"""A message came through although one of the same flow, correlation and record had done so before."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.carried import Purse, about, ended
from sandbox.gap import Gap

KEY = "duplicate_event"


def gaps(books: Books) -> Iterator[Gap]:
    """Every message but the first of an event."""
    purse, seen = Purse(books), set()
    for row in sorted(books.messages, key=ended):
        if row.status != "succeeded" or not row.correlation_id or row.deleted_at or about(row) is None:
            continue
        event = (row.flow, row.correlation_id, about(row))
        if event in seen:
            amount, currency = purse.of(row)
            yield Gap(KEY, "hub", "message", row.id, None, amount, currency)
        seen.add(event)
