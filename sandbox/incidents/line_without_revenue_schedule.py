"""The revenue platform lost a line's schedule, or keeps it by contract only."""

from __future__ import annotations

from sandbox.job import Job
from sandbox.records import ContractLine, RevenueLine

SHARE = 0.08


def befall(job: Job) -> None:
    """Delete the revenue of a line, all of it or all but what no longer says which line it is of."""
    lines = [row.id for row in job.own(ContractLine) if row.recognition in {"over_time", "as_invoiced"}]
    rows = [row for row in job.own(RevenueLine) if row.contract_line_id in lines and not row.milestone_id]
    if not rows:
        return
    line = job.rng.choice(rows).contract_line_id
    kept = job.chance(0.25)
    for row in rows:
        if row.contract_line_id == line and kept:
            row.contract_line_id = None
        elif row.contract_line_id == line and not row.disputed:
            row.deleted_at = row.source_updated_at
