"""A client does not pay an invoice, or pays only part of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from sandbox import money
from sandbox.job import Job
from sandbox.live import ISSUED
from sandbox.records import Invoice

SHARE = 0.06


def befall(job: Job) -> None:
    """An old invoice that is open; near misses: it is due a business day ago, or today, or just paid."""
    own = [row for row in job.own(Invoice) if row.status in ISSUED and row.kind == "invoice"]
    old = [row for row in own if row.due_on and row.amount and row.due_on < job.today - timedelta(days=4)]
    if not old:
        return
    row, dice = job.rng.choice(old), job.rng.random()
    whole = row.amount or Decimal(0)
    row.open_amount = money.share(whole, Fraction(2, 5), row.currency) if job.chance(0.3) else whole
    row.status = "paid" if job.chance(0.05) else job.rng.choice(("posted", "sent"))
    if dice < 0.12:
        row.due_on = job.ago(1)
    elif dice < 0.2:
        row.due_on = job.today
    elif dice < 0.3:
        row.open_amount = Decimal(0)
