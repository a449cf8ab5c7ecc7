"""What invoice lines bill when everything that credits them is taken off, to the minor unit."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from sandbox import money
from sandbox.books import Books
from sandbox.records import Invoice, InvoiceLine

ISSUED = frozenset({"posted", "sent", "paid"})


def live_amounts(books: Books) -> dict[str, Decimal]:
    """Line of an issued invoice -> what of it stands. A credit of a whole invoice takes from each line."""
    headers = {row.id: row for row in books.invoices if row.status in ISSUED and not row.deleted_at}
    rows = [row for row in books.invoice_lines if row.invoice_id in headers and not row.deleted_at]
    billing = {row.id: row for row in rows if headers[row.invoice_id or ""].kind == "invoice"}
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.credits_line_id:
            taken[row.credits_line_id] += row.amount
    naming = {row.invoice_id for row in rows if row.credits_line_id}
    for header in headers.values():
        if header.kind == "credit_note" and header.credits_id and header.id not in naming:
            lines = [row for row in billing.values() if row.invoice_id == header.credits_id]
            for key, part in _shares(header, lines).items():
                taken[key] += part
    return {key: max(row.amount - taken[key], Decimal(0)) for key, row in billing.items()}


def _shares(note: Invoice, lines: list[InvoiceLine]) -> dict[str, Decimal]:
    """A credit split by the weight of the lines; the largest remainders get the last minor units."""
    unit = money.unit(note.currency)
    whole = int((note.amount or Decimal(0)) / unit)
    weights = {row.id: int(abs(row.amount) / unit) for row in lines}
    total = sum(weights.values())
    if not total:
        return {}
    parts = {key: whole * weight // total for key, weight in weights.items()}
    rest = sorted(weights, key=lambda key: (-(whole * weights[key] % total), key))
    for key in rest[: whole - sum(parts.values())]:
        parts[key] += 1
    return {key: part * unit for key, part in parts.items()}


def of_some_work(books: Books) -> set[str | None]:
    """Invoices with a line that says what work it is for: the others are nobody's."""
    return {
        row.invoice_id
        for row in books.invoice_lines
        if not row.deleted_at
        and (row.project_id or row.contract_line_id or row.milestone_id or row.billing_event_id)
    }
