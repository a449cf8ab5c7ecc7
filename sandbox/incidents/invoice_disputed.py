"""A client disputes an invoice."""

from __future__ import annotations

from decimal import Decimal

from sandbox.job import Job
from sandbox.live import ISSUED
from sandbox.records import Invoice

SHARE = 0.06


def befall(job: Job) -> None:
    """An invoice is disputed and not paid; near misses: it was paid in the end, or voided."""
    own = [row for row in job.own(Invoice) if row.status in ISSUED and row.kind == "invoice"]
    own = [row for row in own if row.amount]
    if not own:
        return
    row, dice = job.rng.choice(own), job.rng.random()
    row.disputed = True
    if dice < 0.15:
        row.status, row.open_amount = "paid", Decimal(0)
    elif dice < 0.25 and f"-{job.number}-" in row.id:
        row.status = "void"
    else:
        row.status, row.open_amount = "sent", row.amount
