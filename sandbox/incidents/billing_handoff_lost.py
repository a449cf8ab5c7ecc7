"""A billing event failed on its way to the ERP, or was dropped without a word."""

from __future__ import annotations

from sandbox.extras import extra
from sandbox.job import Job
from sandbox.records import BillingEvent, Invoice, InvoiceLine

SHARE = 0.06


def befall(job: Job) -> None:
    """An error without a document or with a draft only, or nothing; near misses: a draft, an old error."""
    lines = {row.billing_event_id: row for row in job.own(InvoiceLine) if row.billing_event_id}
    events = [row for row in job.own(BillingEvent) if row.id in lines and not lines[row.id].deleted_at]
    if not events:
        # an extra was lost; near miss: it was released a business day ago only
        extra(job, job.ago(1 if job.chance(0.2) else job.rng.randint(2, 20)))
        return
    event = job.rng.choice(events)
    line, dice = lines[event.id], job.rng.random()
    if dice < 0.35:
        event.status, event.error = "error", "the customer is blocked for billing"
        line.deleted_at = line.source_updated_at
    elif dice < 0.7:
        event.status = job.rng.choice(("released", "invoiced"))
        line.deleted_at = line.source_updated_at
    elif dice < 0.85:
        _draft(job, line)
        event.status = job.rng.choice(("released", "error"))
        event.error = "the period is closed" if event.status == "error" else None
    else:
        # entered by hand after the error: the invoice stands
        event.status, event.error = "error", "no answer after five tries"


def _draft(job: Job, line: InvoiceLine) -> None:
    """Move the line to a draft of its own."""
    draft = Invoice(
        id=f"INV-{job.number}-D01",
        customer_id=job.customer.id,
        status="draft",
        currency=line.currency,
        amount=line.amount,
        source_updated_at=line.source_updated_at,
    )
    line.invoice_id = job.put(draft).id
