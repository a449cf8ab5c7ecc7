"""What is paid of each invoice, when all of them are written: a firm's clients pay when it is due."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from sandbox import days
from sandbox.books import Books
from sandbox.live import ISSUED, live_amounts


def collect(books: Books) -> None:
    """Stamp when invoices were sent and what is open of them; what an incident said of one stays."""
    live = live_amounts(books)
    standing: dict[str, Decimal] = defaultdict(Decimal)
    for line in books.invoice_lines:
        standing[line.invoice_id or ""] += live.get(line.id, Decimal(0))
    for row in books.invoices:
        if row.kind != "invoice" or row.status not in ISSUED:
            continue
        if row.status != "posted":
            row.sent_at = row.posted_at
        if row.open_amount is not None:
            continue
        today = days.local_day(row.legal_entity or "", books.as_of)
        if row.due_on is not None and row.due_on < today:
            row.status, row.sent_at = "paid", row.posted_at
        row.open_amount = Decimal(0) if row.status == "paid" else standing[row.id]
