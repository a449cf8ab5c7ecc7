"""Nobody has looked at what is left of the project for weeks."""

from __future__ import annotations

from dataclasses import replace

from sandbox.job import Job
from sandbox.side_records import Estimate

SHARE = 0.3


def befall(job: Job) -> None:
    """Let the estimate grow old: past a month, just a month, or beside a fresh one."""
    for row in list(job.own(Estimate)):
        fate = job.rng.choice(("old", "old", "one past", "threshold", "two"))
        if fate == "two":
            job.put(replace(row, id=f"{row.id}-2"))
        row.estimated_on = job.ago({"one past": 22, "threshold": 21}.get(fate) or job.rng.randint(23, 45))
        row.source_updated_at = job.at(row.estimated_on)
        if job.chance(0.2):
            row.percent_complete = None
