"""The client asks for more than the retainer holds, and the team goes on working."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sandbox import timework
from sandbox.job import Job
from sandbox.records import ContractLine, Project, TimeEntry

#: few engagements have a retainer at all
SHARE = 0.9


def befall(job: Job) -> None:
    """Say how many hours were sold, fewer or just as many as were worked; write time where nobody has."""
    lines = [row for row in job.own(ContractLine) if row.kind == "retainer"]
    projects = job.own(Project)
    for line in lines:
        if not any(row.contract_line_id == line.id for row in job.own(TimeEntry)):
            start = job.today - timedelta(days=job.rng.randint(25, 45))
            sheet = timework.TimeLine(job, projects[0], None, line, "whole")
            people = timework.crew(job, projects[0], start, job.today)
            timework.work(sheet, people, start, job.today - timedelta(days=8), own_rates=job.chance(0.5))
        drawn = [row for row in job.own(TimeEntry) if row.contract_line_id == line.id]
        hours = sum((row.hours for row in drawn if row.status == "approved"), Decimal(0))
        line.hours = hours - job.rng.choice((Decimal(20), Decimal(12), Decimal("7.5"), Decimal(0)))
        if job.chance(0.5):
            line.rate = timework.hourly(job)
