"""The last message of a flow about a record is dead, failed, or on its third attempt or later."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.carried import Purse, about, ended
from sandbox.gap import Gap
from sandbox.side_records import Message

KEY = "stuck_message"


def gaps(books: Books) -> Iterator[Gap]:
    """Stuck messages that no later one of their flow and record stands for."""
    purse = Purse(books)
    last: dict[tuple[str, tuple[str, str]], Message] = {}
    for row in sorted(books.messages, key=ended):
        subject = about(row)
        if subject and not row.deleted_at and (row.status == "succeeded" or _is_stuck(row)):
            last[row.flow, subject] = row
    for row in last.values():
        if row.status != "succeeded":
            amount, currency = purse.of(row)
            yield Gap(KEY, "hub", "message", row.id, None, amount, currency)


def _is_stuck(row: Message) -> bool:
    return row.status in {"dead", "failed"} or (row.status == "retrying" and (row.attempt or 0) > 2)
