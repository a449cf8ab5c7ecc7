"""An issued invoice was due over a business day ago, is not disputed, and something of it is open."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import ISSUED, of_some_work
from sandbox.truths import age

KEY = "invoice_overdue"
WATCH = 1


def gaps(books: Books) -> Iterator[Gap]:
    """Invoices with a line, with what is open of them."""
    filled = of_some_work(books)
    for row in books.invoices:
        stands = row.status in ISSUED and row.kind == "invoice" and not row.deleted_at and row.id in filled
        if not stands or row.disputed or row.due_on is None or not row.open_amount or row.open_amount < 0:
            continue
        if age(books, row.legal_entity, row.due_on) > WATCH:
            yield Gap(KEY, "erp", "invoice", row.id, None, row.open_amount, row.currency)
