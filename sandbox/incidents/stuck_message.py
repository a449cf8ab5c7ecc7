"""A hand-over failed and was not tried again, is being tried, or came through at the next try."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sandbox.job import Job

SHARE = 0.06


def befall(job: Job) -> None:
    """Send something of this engagement once more, with less luck than before."""
    # a deal that hangs is a story of its own
    mine = [row for row in job.handed() if row.flow != "opportunity_to_project"]
    if not mine:
        return
    row = job.rng.choice(mine)
    failed = replace(row, at=job.at(job.ago(job.rng.randint(1, 4))), dead=True)
    way = job.rng.choice(("dead", "failed", "retrying", "retried", "came through"))
    if way in {"failed", "retrying"}:
        failed = replace(failed, status=way, attempt=4)
    elif way == "retried":
        failed = replace(failed, status="retrying", attempt=1)
    job.handoffs.append(failed)
    if way == "came through":
        job.handoffs.append(replace(row, at=min(failed.at + timedelta(hours=2), job.books.as_of)))
