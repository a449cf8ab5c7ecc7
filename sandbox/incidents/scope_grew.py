"""Delivery planned more hours than were sold: some by a little, some while a line does not say its hours."""

from __future__ import annotations

from decimal import Decimal

from sandbox.job import Job
from sandbox.records import ContractLine, Project

SHARE = 0.09


def befall(job: Job) -> None:
    """Plan some hours on top."""
    projects = [row for row in job.own(Project) if row.planned_hours]
    if not projects:
        return
    row = projects[0]
    hours = row.planned_hours or Decimal(0)
    part = job.rng.choice((Decimal("0.05"), Decimal("0.06"), Decimal("0.25"), Decimal("0.4")))
    row.planned_hours = hours + hours * part
    lines = job.own(ContractLine)
    if lines and job.chance(0.1):
        lines[0].hours = None
