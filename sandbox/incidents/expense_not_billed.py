"""Travel costs that the client would pay were never put on an invoice."""

from __future__ import annotations

from datetime import timedelta

from sandbox import days
from sandbox.job import Job
from sandbox.records import Expense, InvoiceLine, Project

SHARE = 0.06


def befall(job: Job) -> None:
    """No line, or one that went away; near misses: held, written off, approved fifteen business days ago."""
    projects = [row for row in job.own(Project) if row.status in {"active", "complete", "closed"}]
    billed = {row.invoice_line_id for row in job.own(Expense) if row.invoice_line_id}
    lines = [row for row in job.own(InvoiceLine) if row.id in billed and not row.deleted_at]
    dice = job.rng.random()
    if lines and dice < 0.4:
        row = job.rng.choice(lines)
        row.deleted_at = row.source_updated_at
    elif projects:
        _forgotten(job, projects[0], dice)


def _forgotten(job: Job, project: Project, dice: float) -> None:
    day = job.ago(15 if dice > 0.9 else job.rng.randint(18, 50))
    approved = job.at(days.after(job.company, day, 0 if dice > 0.9 else 1))
    job.put(
        Expense(
            id=job.new_id("EX"),
            project_system="psa",
            project_id=project.id,
            incurred_on=day - timedelta(days=3),
            status="approved",
            approved_at=approved,
            held=0.75 < dice < 0.82,
            written_off=0.82 < dice < 0.9,
            currency=job.currency,
            amount=job.price(40, 2_400),
            source_updated_at=approved,
        )
    )
