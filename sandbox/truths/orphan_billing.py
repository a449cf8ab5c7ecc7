"""A live invoice line of over two business days names nothing that any system holds."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import live_amounts
from sandbox.truths import age

KEY = "orphan_billing"
WATCH = 2


def gaps(books: Books) -> Iterator[Gap]:
    """Lines that name something, and nothing known."""
    live = live_amounts(books)
    known = {row.id for row in (*books.psa_projects, *books.erp_projects, *books.contract_lines)}
    known |= {row.id for row in (*books.milestones, *books.billing_events)}
    posted = {row.id: row.posted_at for row in books.invoices}
    entries = {entry.invoice_line_id for entry in books.time_entries}
    for row in books.invoice_lines:
        names = {row.project_id, row.contract_line_id, row.milestone_id, row.billing_event_id} - {None}
        if not live.get(row.id) or not names or names & known or row.time_entries or row.id in entries:
            continue
        if age(books, row.legal_entity, posted[row.invoice_id or ""] or row.source_updated_at) > WATCH:
            yield Gap(KEY, "erp", "invoice_line", row.id, None, live[row.id], row.currency)
