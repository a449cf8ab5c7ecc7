"""Somebody changed the amount of an invoice line that was made from a billing event."""

from __future__ import annotations

from decimal import Decimal

from sandbox import days
from sandbox.billing import add_line, own_invoice
from sandbox.extras import extra
from sandbox.job import Job
from sandbox.records import InvoiceLine

SHARE = 0.06


def befall(job: Job) -> None:
    """More or less than the event said; near misses: a rounding, or a line split in two that add up."""
    lines = [row for row in job.own(InvoiceLine) if row.billing_event_id and not row.deleted_at]
    if not lines:
        lines = _billed_extra(job)
    if not lines:
        return
    row, dice = job.rng.choice(lines), job.rng.random()
    if dice < 0.4:
        row.amount += job.price(50, 900)
    elif dice < 0.7:
        row.amount -= min(row.amount, job.price(50, 900))
    elif dice < 0.85:
        row.amount -= Decimal(1)
    else:
        _split(job, row)


def _billed_extra(job: Job) -> list[InvoiceLine]:
    """An extra that was invoiced on the day after it was released."""
    day = job.ago(job.rng.randint(2, 15))
    event = extra(job, day)
    if event is None:
        return []
    event.status = "invoiced"
    invoice = own_invoice(job, days.after(job.company, day, 1), "posted")
    names = {"project_system": "psa", "project_id": event.project_id, "billing_event_id": event.id}
    line = add_line(job, invoice, event.amount, "fee", contract_line_id=event.contract_line_id, **names)
    return [line]


def _split(job: Job, row: InvoiceLine) -> None:
    part = min(row.amount, job.price(50, 900))
    row.amount -= part
    job.put(
        InvoiceLine(
            id=f"{row.id}s",
            invoice_id=row.invoice_id,
            project_system=row.project_system,
            project_id=row.project_id,
            contract_line_id=row.contract_line_id,
            milestone_id=row.milestone_id,
            billing_event_id=row.billing_event_id,
            covers=row.covers,
            currency=row.currency,
            amount=part,
            source_updated_at=row.source_updated_at,
        )
    )
