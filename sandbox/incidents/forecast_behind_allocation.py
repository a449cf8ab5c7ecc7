"""Staffing changed and nobody forecast anew; or only yesterday, or the forecast did follow."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sandbox.job import Job
from sandbox.records import Allocation, Project
from sandbox.side_records import Forecast

SHARE = 0.09


def befall(job: Job) -> None:
    """Change a booking some days ago, and make the forecast older than that."""
    bookings, plans = job.own(Allocation), job.own(Forecast)
    live = {row.id for row in job.own(Project) if row.status == "active"}
    rows = [row for row in bookings if row.project_id in live and row.resource_id]
    if not rows or not plans:
        return
    row, age = job.rng.choice(rows), job.rng.choice((1, 2, 2, 4, 8))
    row.hours = Decimal(job.rng.randint(20, 900)) / 4
    row.source_updated_at = job.at(job.ago(age))
    followed = job.chance(0.2)
    for plan in plans:
        day = job.today if followed else job.today - timedelta(days=30)
        plan.source_updated_at = job.at(day)
