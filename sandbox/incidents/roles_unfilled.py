"""Roles of the next weeks have nobody yet; those of next quarter need nobody so soon."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sandbox.job import Job
from sandbox.records import Allocation, Project

SHARE = 0.09


def befall(job: Job) -> None:
    """Book one role or two without a person."""
    projects = [row for row in job.own(Project) if row.status not in {"cancelled", "closed"}]
    if not projects:
        return
    for role in job.rng.sample(("architect", "developer", "tester"), job.rng.randint(1, 2)):
        start = job.today + timedelta(days=job.rng.choice((2, 5, 9, 13, 14, 15, 60)))
        job.put(
            Allocation(
                id=job.new_id("ASG"),
                project_system="psa",
                project_id=projects[0].id,
                start_on=start,
                end_on=start + timedelta(days=60),
                hours=Decimal(job.rng.randint(10, 300)) / 2,
                role=role,
                source_updated_at=job.at(job.today),
            )
        )
