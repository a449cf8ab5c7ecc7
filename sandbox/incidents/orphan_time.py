"""The project is no longer there to be billed on, in PSA or only in the ERP, and time goes on."""

from __future__ import annotations

from datetime import timedelta

from sandbox.job import Job
from sandbox.records import Project
from sandbox.worth import unbilled

SHARE = 0.08


def befall(job: Job) -> None:
    """Close the project of open time; on hold, or closed after its last day of work, it is in order."""
    entries = unbilled(job)
    if not entries:
        return
    project = next(row for row in job.own(Project) if row.id == entries[-1].project_id)
    views = [row for row in job.books.erp_projects if row.project_id == project.id]
    fate = job.rng.choice(("cancelled", "over", "ledger", "ledger", "ledger planned", "on hold", "in order"))
    if fate == "ledger planned":
        for view in views:
            view.status = "planned"
    elif fate == "ledger":
        for view in views:
            view.status = job.rng.choice(("closed", "complete", "on_hold"))
    else:
        status = {"cancelled": "cancelled", "on hold": "on_hold"}.get(fate, "closed")
        last = entries[-1].work_date
        project.end_on = last - timedelta(days=2) if fate == "over" else last
        for view in (project, *views):
            view.status = status
