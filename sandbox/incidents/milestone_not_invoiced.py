"""The billing event of an accepted milestone was released, and its invoice line went lost or was short."""

from __future__ import annotations

from fractions import Fraction

from sandbox import money
from sandbox.job import Job
from sandbox.records import InvoiceLine

SHARE = 0.06


def befall(job: Job) -> None:
    """Take the line of one milestone out of the ERP, or half of what it bills."""
    lines = [row for row in job.own(InvoiceLine) if row.milestone_id and not row.deleted_at]
    if not lines:
        return
    row = job.rng.choice(lines)
    if job.chance(0.5):
        row.deleted_at = row.source_updated_at
    else:
        row.amount -= money.share(row.amount, Fraction(1, 2), row.currency)
