"""Credit notes: line by line, or one header taking back its share of every line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

from sandbox import days, money
from sandbox.billing import WHOLE_CREDIT_SHARE, add_line, own_invoice
from sandbox.books import Books
from sandbox.job import Job
from sandbox.records import Invoice, InvoiceLine


def _credit_note(job: Job, day: date, currency: str, status: str) -> Invoice:
    note = own_invoice(job, day, status, currency)
    note.kind = "credit_note"
    note.due_on = None
    return note


def credit_lines(
    job: Job, lines: Sequence[InvoiceLine], part: Fraction, day: date, status: str = "posted"
) -> Invoice:
    """Take back ``part`` of each line by name; half of these notes name the invoice as well."""
    note = _credit_note(job, day, lines[0].currency, status)
    note.credits_id = lines[0].invoice_id if job.chance(0.5) else None
    for line in lines:
        add_line(
            job,
            note,
            money.share(line.amount, part, line.currency),
            line.covers,
            project_system=line.project_system,
            project_id=line.project_id,
            contract_line_id=line.contract_line_id,
            credits_line_id=line.id,
        )
    return note


def credit_header(job: Job, invoice: Invoice, lines: Sequence[InvoiceLine], day: date) -> Invoice:
    """Take back half of an invoice, or all of it where halves are no whole minor units.

    The note names the invoice only; sometimes it has a line without any reference.
    """
    smallest = money.unit(invoice.currency)
    even = all(line.amount % (2 * smallest) == 0 for line in lines)
    note = _credit_note(job, day, invoice.currency, "posted")
    note.credits_id = invoice.id
    amount = money.rounded((invoice.amount or Decimal(0)) / (2 if even else 1), invoice.currency)
    if job.chance(0.5):
        add_line(job, note, amount, "time")
    note.amount = amount
    return note


def credit_shared(books: Books, shared: dict[str, Invoice], seed: int) -> None:
    """Now and then a whole consolidated invoice is credited, and not sent again yet."""
    for key, invoice in shared.items():
        rng = Random(f"{seed}/credit/{key}")
        company = invoice.legal_entity or ""
        today = days.local_day(company, books.as_of)
        day = days.after(company, invoice.issued_on or today, rng.randint(1, 20))
        if rng.random() >= WHOLE_CREDIT_SHARE or day > today:
            continue
        at = days.local_time(company, day, days.NOON)
        note = Invoice(
            id=f"CN-{key.removeprefix('INV-')}",
            number=f"CN-{key.removeprefix('INV-')}",
            kind="credit_note",
            customer_id=invoice.customer_id,
            status="posted",
            issued_on=day,
            posted_at=min(at, books.as_of),
            currency=invoice.currency,
            amount=invoice.amount,
            credits_id=invoice.id,
            source_updated_at=at,
        )
        books.put(note, company)
