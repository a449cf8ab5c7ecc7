"""Extras that are agreed on the way: a billing event of their own, on the first contract line."""

from __future__ import annotations

from datetime import date

from sandbox.job import Job
from sandbox.records import BillingEvent, ContractLine, Project


def extra(job: Job, day: date) -> BillingEvent | None:
    """One released on a day; None where no project of the engagement runs on a contract with lines."""
    project = next((row for row in job.own(Project) if row.status == "active"), None)
    if project is None:
        return None
    line = next((row for row in job.own(ContractLine) if row.contract_id == project.contract_id), None)
    if line is None:
        return None
    released = job.at(day)
    return job.put(
        BillingEvent(
            id=job.new_id("BE"),
            project_system="psa",
            project_id=project.id,
            contract_line_id=line.id,
            status="released",
            released_at=released,
            currency=job.currency,
            amount=job.price(700, 9_000),
            source_updated_at=released,
        )
    )
