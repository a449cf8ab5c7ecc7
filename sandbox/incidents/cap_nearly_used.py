"""The contract says how much may be billed at most, and the work comes near it, or passes it."""

from __future__ import annotations

from decimal import Decimal

from sandbox import money
from sandbox.job import Job
from sandbox.records import ContractLine, Project, TimeEntry
from sandbox.worth import worth

SHARE = 0.08


def befall(job: Job) -> None:
    """Cap a line at a part or a multiple of what was worked on it."""
    lines = {row.id: row for row in job.own(ContractLine) if row.kind == "time_and_materials"}
    projects = {row.id: row for row in job.own(Project)}
    for line in lines.values():
        entries = [row for row in job.own(TimeEntry) if row.contract_line_id == line.id]
        values = [worth(row, projects[row.project_id or ""], line).value for row in entries]
        worked = sum((value for value in values if value), Decimal(0))
        factor = job.rng.choice((Decimal("0.8"), Decimal("0.95"), Decimal(1), Decimal("1.05"), Decimal(2)))
        if worked > 0:
            line.cap = money.rounded(worked * factor, line.currency)
