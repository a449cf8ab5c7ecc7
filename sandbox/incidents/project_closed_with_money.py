"""The project was closed while some of its work or travel was still to be billed."""

from __future__ import annotations

from sandbox.job import Job
from sandbox.records import Project

SHARE = 0.05


def befall(job: Job) -> None:
    """Close the project in both systems, or in one of them only."""
    where = job.rng.choice(("both", "both", "both", "psa", "erp"))
    for project in job.own(Project):
        if project.status not in {"active", "on_hold"} or job.rng.random() < 0.1:
            continue
        views = [row for row in job.books.erp_projects if row.project_id == project.id]
        for view in (project, *views):
            if where in {"both", "psa" if view is project else "erp"}:
                view.status = job.rng.choice(("complete", "closed"))
