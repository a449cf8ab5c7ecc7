"""Live invoice lines bill another amount of an event than its own, by more than one unit of money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import live_amounts

KEY = "billing_event_differs"


def gaps(books: Books) -> Iterator[Gap]:
    """Events with live lines; too much on several lines is for those who look for what is billed twice."""
    live = live_amounts(books)
    of_event: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for row in books.invoice_lines:
        if row.billing_event_id and row.id in live:
            of_event[row.billing_event_id].append((row.currency, live[row.id]))
    for event in books.billing_events:
        parts = of_event[event.id]
        if not parts or event.deleted_at or event.status in {"draft", "cancelled"}:
            continue
        if any(currency != event.currency for currency, _ in parts):
            continue
        difference = event.amount - sum((amount for _, amount in parts), Decimal(0))
        several = sum(amount > 0 for _, amount in parts) > 1
        if difference > 1 or (difference < -1 and not several):
            yield Gap(KEY, "psa", "billing_event", event.id, None, abs(difference), event.currency)
