"""A milestone was reached and its approval got lost; another was reached only just now, or is held."""

from __future__ import annotations

from sandbox import days
from sandbox.job import Job
from sandbox.records import Milestone

SHARE = 0.15


def befall(job: Job) -> None:
    """Let the first milestone still planned be reached."""
    rows = [row for row in job.own(Milestone) if row.status == "planned"]
    if not rows:
        return
    row, ages = rows[0], (3, 4, 6, 12, 20)
    day = job.ago(job.rng.choice(ages))
    row.status = "reached"
    row.reached_at = row.source_updated_at = days.local_time(job.company, day, days.NOON)
    row.held = job.chance(0.15)
