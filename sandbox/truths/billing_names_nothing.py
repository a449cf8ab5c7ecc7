"""A live invoice line of over two business days has no reference and bills no time."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import live_amounts
from sandbox.truths import age

KEY = "billing_names_nothing"
WATCH = 2


def gaps(books: Books) -> Iterator[Gap]:
    """Lines that say nothing of what they bill."""
    live, headers = live_amounts(books), {row.id: row for row in books.invoices}
    entries = {entry.invoice_line_id for entry in books.time_entries}
    for row in books.invoice_lines:
        names = (row.project_id, row.contract_line_id, row.milestone_id, row.billing_event_id)
        if not live.get(row.id) or any(names) or row.time_entries or row.id in entries:
            continue
        posted = headers[row.invoice_id or ""].posted_at or row.source_updated_at
        if age(books, row.legal_entity, posted) > WATCH:
            yield Gap(KEY, "erp", "invoice_line", row.id, None, live[row.id], row.currency)
