"""Somebody who has left, or leaves soon, is booked: past their last day, or only up to it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sandbox.job import Job
from sandbox.records import Allocation, Project

SHARE = 0.08


def befall(job: Job) -> None:
    """Book a leaver of the company."""
    projects = [row for row in job.own(Project) if row.status not in {"cancelled", "closed"}]
    leavers = [row for row in job.books.resources if row.end_on and row.legal_entity == job.company]
    if not projects or not leavers:
        return
    who = job.rng.choice(leavers)
    last = who.end_on or job.today
    end = last if job.chance(0.25) else last + timedelta(days=job.rng.randint(1, 90))
    job.put(
        Allocation(
            id=job.new_id("ASG"),
            project_system="psa",
            project_id=projects[0].id,
            resource_id=who.id,
            start_on=last - timedelta(days=40),
            end_on=end,
            hours=Decimal(job.rng.randint(20, 400)) / 4,
            source_updated_at=job.at(min(last, job.today) - timedelta(days=41)),
        )
    )
