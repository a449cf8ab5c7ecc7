"""A timesheet of a closed month came in late, and was approved when its period had been closed."""

from __future__ import annotations

from datetime import timedelta

from sandbox.job import Job
from sandbox.records import Period, TimeEntry

SHARE = 0.08


def befall(job: Job) -> None:
    """Approve the last days of the closed month late; near misses: just before the close, or written off."""
    closed = [row for row in job.books.periods if row.legal_entity == job.company and row.closed_at]
    last: Period = max(closed, key=lambda row: row.end_on)
    entries = [
        row
        for row in job.own(TimeEntry)
        if row.status == "approved" and row.work_date <= last.end_on and not row.deleted_at
    ]
    late = sorted(entries, key=lambda row: (row.work_date, row.id))[-job.rng.randint(1, 6) :]
    fate = job.rng.choice(("late",) * 5 + ("in time", "written off"))
    assert last.closed_at is not None
    for row in late:
        at = last.closed_at + timedelta(days=job.rng.randint(1, 20), hours=job.rng.randint(0, 8))
        row.approved_at = last.closed_at - timedelta(minutes=5) if fate == "in time" else at
        row.source_updated_at = max(row.source_updated_at, row.approved_at)
        row.written_off = row.written_off or fate == "written off"
