"""An invoice line was made twice: the hand-off ran again, or somebody billed by hand what was billed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from sandbox.billing import own_invoice
from sandbox.credits import credit_lines
from sandbox.job import Job
from sandbox.live import ISSUED
from sandbox.records import InvoiceLine, TimeEntry

SHARE = 0.06


def befall(job: Job) -> None:
    """A second invoice with the same line, whole or half; near misses: it is a draft, or was credited."""
    headers = {row.id: row for row in job.books.invoices}
    naming = {row.invoice_line_id for row in job.own(TimeEntry)}
    credited = {row.credits_line_id for row in job.own(InvoiceLine)}
    lines = [
        row
        for row in job.own(InvoiceLine)
        if (row.time_entries or row.milestone_id or row.id in naming)
        and not row.deleted_at
        and row.id not in credited
        and headers[row.invoice_id or ""].status in ISSUED
        and headers[row.invoice_id or ""].kind == "invoice"
    ]
    if not lines:
        return
    row, dice = job.rng.choice(lines), job.rng.random()
    again = _again(job, row, "draft" if dice < 0.1 else "posted", half=0.1 <= dice < 0.3)
    if 0.3 <= dice < 0.4:
        credit_lines(job, [again], Fraction(1), job.today - timedelta(days=1))


def _again(job: Job, row: InvoiceLine, status: str, *, half: bool) -> InvoiceLine:
    invoice = own_invoice(job, job.today - timedelta(days=job.rng.randint(1, 12)), status, row.currency)
    parts = {entry.id: entry.hours for entry in job.own(TimeEntry)}
    whole = row.time_entries or tuple(
        (entry.id, None) for entry in job.own(TimeEntry) if entry.invoice_line_id == row.id
    )
    named = tuple((key, (hours or parts[key]) / 2 if half else hours) for key, hours in whole)
    again = replace(
        row,
        id=f"{invoice.id}.{job.number}.01",
        invoice_id=invoice.id,
        time_entries=named,
        source_updated_at=invoice.source_updated_at,
    )
    invoice.amount = row.amount
    return job.put(again)
