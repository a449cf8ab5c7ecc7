"""Somebody wrote an invoice line by hand and named nothing; or only yesterday, or as a draft."""

from __future__ import annotations

from sandbox.billing import add_line, own_invoice
from sandbox.job import Job

SHARE = 0.04


def befall(job: Job) -> None:
    """Write an invoice with one line that does not say what it is for."""
    day = job.ago(job.rng.choice((1, 2, 3, 5, 8, 15)))
    invoice = own_invoice(job, day, "draft" if job.chance(0.15) else "posted")
    add_line(job, invoice, job.price(300, 9_000), "fee")
