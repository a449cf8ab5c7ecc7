"""The project manager disputes an accrual; some of these are settled since by a reversal."""

from __future__ import annotations

from dataclasses import replace

from sandbox.job import Job
from sandbox.records import RevenueLine

SHARE = 0.06


def befall(job: Job) -> None:
    """Dispute one line of revenue, and now and then take it back."""
    rows = [row for row in job.own(RevenueLine) if not row.deleted_at and not row.reverses_id]
    if not rows:
        return
    row = job.rng.choice(rows)
    row.disputed = True
    row.source_updated_at = job.at(job.today)
    if row.state == "posted" and not row.milestone_id and job.chance(0.3):
        back = replace(row, id=f"{row.id}-R", amount=-row.amount, disputed=False, reverses_id=row.id)
        job.put(back)
