"""Somebody invoiced a contract line that no system knows; or only yesterday, or as a draft."""

from __future__ import annotations

from sandbox.billing import add_line, own_invoice
from sandbox.job import Job

SHARE = 0.04


def befall(job: Job) -> None:
    """Write an invoice with one line about a contract of the old numbers."""
    day = job.ago(job.rng.choice((1, 2, 3, 5, 8, 15)))
    invoice = own_invoice(job, day, "draft" if job.chance(0.15) else "posted")
    add_line(job, invoice, job.price(900, 40_000), "fee", contract_line_id=f"OLD-{job.number}-L1")
