"""An invoice line bills hours, a milestone or an event beyond the whole, after another line billed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from sandbox import money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import live_amounts
from sandbox.records import InvoiceLine, TimeEntry

KEY = "billed_twice"
Rates = dict[str, tuple[Decimal | None, str | None]]


def gaps(books: Books) -> Iterator[Gap]:
    """Lines nobody credited, in the order of their invoices; each with what it bills too much."""
    live = live_amounts(books)
    issued = {row.id: str(row.issued_on or "") for row in books.invoices}
    lines = [row for row in books.invoice_lines if row.amount > 0 and live.get(row.id) == row.amount]
    lines.sort(key=lambda row: (issued[row.invoice_id or ""], row.id))
    surplus: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    _time(books, lines, surplus)
    _wholes(books, lines, surplus)
    for (line, currency), amount in surplus.items():
        if amount > 0:
            yield Gap(KEY, "erp", "invoice_line", line, None, amount, currency)


def _time(books: Books, lines: list[InvoiceLine], surplus: dict[tuple[str, str], Decimal]) -> None:
    entries = {row.id: row for row in books.time_entries}
    rates: Rates = {row.id: (row.rate, row.currency) for row in books.contract_lines}
    rates |= {row.id: (row.rate, row.currency) for row in books.psa_projects}
    claims = {row.id: _claims(row) for row in lines}
    for entry in books.time_entries:
        if entry.invoice_line_id in claims:
            claims[entry.invoice_line_id].setdefault(entry.id, entry.hours)
    seen: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for entry_id, claimed in claims[line.id].items():
            entry = entries[entry_id]
            hours = entry.hours if claimed is None else claimed
            before, seen[entry_id] = seen[entry_id], seen[entry_id] + hours
            beyond = min(hours, seen[entry_id] - entry.hours)
            if entry.deleted_at is None and entry.hours > 0 and before > 0 and beyond > 0:
                currency, value = _value(entry, rates)
                part = min(Fraction(beyond) / Fraction(entry.hours), Fraction(1))
                sums[currency] += money.share(value, part, currency)
        for currency, amount in sums.items():
            surplus[line.id, currency] += min(amount, line.amount) if currency == line.currency else amount


def _claims(row: InvoiceLine) -> dict[str, Decimal | None]:
    """Entry -> hours the line bills of it, None for all."""
    found: dict[str, Decimal | None] = {}
    for entry, hours in row.time_entries:
        known = found.get(entry)
        found[entry] = known + hours if known is not None and hours is not None else hours
    return found


def _value(entry: TimeEntry, rates: Rates) -> tuple[str, Decimal]:
    rate, currency = rates.get(entry.contract_line_id or entry.project_id or "", (None, None))
    rate = entry.rate if entry.rate is not None else rate
    spoken = entry.currency or currency or ""
    return spoken, money.rounded(entry.hours * (rate or Decimal(0)), spoken, entry.rounding)


def _wholes(books: Books, lines: list[InvoiceLine], surplus: dict[tuple[str, str], Decimal]) -> None:
    milestones = {row.id: row for row in books.milestones}
    events = {row.id: row for row in books.billing_events}
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        event = events.get(line.billing_event_id or "")
        milestone = milestones.get(line.milestone_id or (event.milestone_id if event else None) or "")
        whole = milestone or event
        if whole is None or not whole.amount or whole.currency != line.currency:
            continue
        before, billed[whole.id] = billed[whole.id], billed[whole.id] + line.amount
        beyond = min(line.amount, billed[whole.id] - whole.amount)
        if before > 0 and beyond > 0:
            surplus[line.id, line.currency] += beyond
