"""The last invoice of an engagement never left the building."""

from __future__ import annotations

from sandbox.job import Job
from sandbox.live import ISSUED
from sandbox.records import Invoice

SHARE = 0.05


def befall(job: Job) -> None:
    """A draft, an invoice that waits for approval; near misses: a draft of today, one dated ahead."""
    own = [row for row in job.own(Invoice) if row.status in ISSUED and row.kind == "invoice"]
    own = [row for row in own if f"-{job.number}-" in row.id and not row.deleted_at]
    credited = {row.credits_id for row in job.own(Invoice)}
    if not own or own[-1].id in credited:
        return
    row, dice = own[-1], job.rng.random()
    row.status = job.rng.choice(("draft", "pending_approval"))
    row.posted_at = row.due_on = row.number = row.open_amount = None
    if dice < 0.7:
        row.issued_on = None
    elif dice < 0.85:
        row.issued_on, row.source_updated_at = None, job.at(job.today)
    else:
        row.issued_on = job.ago(1)
