"""An event was delivered twice and processed twice; or it failed once, or went to two records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sandbox.job import Job

SHARE = 0.05


def befall(job: Job) -> None:
    """Give a hand-over an event's id, and let it happen once more."""
    minutes = timedelta(minutes=3)
    mine = [row for row in job.handed() if row.at + minutes < job.books.as_of and not row.correlation]
    if not mine:
        return
    row = job.rng.choice(mine)
    told = replace(row, correlation=f"evt-{job.number}")
    job.handoffs[job.handoffs.index(row)] = told
    again = replace(told, at=told.at + minutes)
    if job.chance(0.25):
        again = replace(again, correlation=f"evt-{job.number}-2")
    job.handoffs.append(again)
