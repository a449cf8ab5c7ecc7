"""Somebody holds an expense or a milestone back from billing and forgets about it."""

from __future__ import annotations

from sandbox.job import Job
from sandbox.records import BillingEvent, Expense, InvoiceLine, Milestone

SHARE = 0.1


def befall(job: Job) -> None:
    """A milestone whose event was withdrawn, else an expense; near misses: it is young, or written off."""
    lines = {row.milestone_id: row for row in job.own(InvoiceLine) if row.milestone_id}
    accepted = [row for row in job.own(Milestone) if row.status == "accepted" and row.id in lines]
    free = [row for row in job.own(Expense) if row.status == "approved" and not row.invoice_line_id]
    if accepted:
        row = job.rng.choice(accepted)
        row.held = True
        if job.chance(0.8):
            lines[row.id].deleted_at = lines[row.id].source_updated_at
            _withdraw(job, row)
    elif free:
        spent = job.rng.choice(free)
        spent.held = spent.billable = True
        spent.written_off = job.chance(0.15)


def _withdraw(job: Job, milestone: Milestone) -> None:
    for event in job.own(BillingEvent):
        if event.milestone_id == milestone.id:
            event.status = "cancelled"
