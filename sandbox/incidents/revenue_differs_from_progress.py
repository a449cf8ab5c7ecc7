"""The last revenue run did not go by the estimate it had; or it did, or the estimate came after it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sandbox.job import Job
from sandbox.records import ContractLine, RevenueLine
from sandbox.side_records import Estimate

#: few engagements sell nothing but work over time
SHARE = 0.9


def befall(job: Job) -> None:
    """Estimate shortly before the last posting: what is posted, or some points of the price beside it."""
    lines = job.own(ContractLine)
    price = sum((line.amount or Decimal(0) for line in lines), Decimal(0))
    rows = [row for row in job.own(RevenueLine) if row.state == "posted" and not row.reverses_id]
    days = [row.posted_on for row in rows if row.posted_on]
    if not price or not days or any(line.recognition != "over_time" for line in lines):
        return
    part = sum((row.amount for row in rows), Decimal(0)) / price
    for estimate in job.own(Estimate):
        points = job.rng.choice((0, 1, -1, 3, -4, 9, -15, 30))
        told = (part + Decimal(points) / 100).quantize(Decimal("0.0001"))
        estimate.percent_complete = min(max(told, Decimal(0)), Decimal(1))
        if job.chance(0.85):
            estimate.estimated_on = max(days) - timedelta(days=job.rng.randint(0, 2))
            estimate.source_updated_at = job.at(estimate.estimated_on)
