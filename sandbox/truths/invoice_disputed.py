"""The client disputes an issued invoice that is not paid in full."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import ISSUED, of_some_work

KEY = "invoice_disputed"


def gaps(books: Books) -> Iterator[Gap]:
    """Invoices with a line that are marked as disputed, with what is open of them."""
    filled = of_some_work(books)
    for row in books.invoices:
        stands = row.status in ISSUED and row.kind == "invoice" and not row.deleted_at and row.id in filled
        if not stands or not row.disputed or (row.open_amount is None and row.status == "paid"):
            continue
        amount = row.amount if row.open_amount is None else row.open_amount
        if amount and amount > Decimal(0):
            yield Gap(KEY, "erp", "invoice", row.id, None, amount, row.currency)
