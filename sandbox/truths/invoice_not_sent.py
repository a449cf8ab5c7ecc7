"""An invoice has been a draft, or waited for approval, for more than three business days."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import of_some_work
from sandbox.truths import age

KEY = "invoice_not_sent"
WATCH = 3


def gaps(books: Books) -> Iterator[Gap]:
    """Invoices with a line, by their date or their last change."""
    filled = of_some_work(books)
    for row in books.invoices:
        waiting = row.status in {"draft", "pending_approval"} and row.kind == "invoice" and not row.deleted_at
        amount = row.amount or Decimal(0)
        if not waiting or row.sent_at or row.id not in filled or amount <= 0:
            continue
        if age(books, row.legal_entity, row.issued_on or row.source_updated_at) > WATCH:
            yield Gap(KEY, "erp", "invoice", row.id, None, amount, row.currency)
