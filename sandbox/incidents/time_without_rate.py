"""Somebody joined the team, and nobody put a rate for them on the entries or on the contract line."""

from __future__ import annotations

from sandbox.job import Job
from sandbox.records import ContractLine, Project
from sandbox.worth import unbilled

SHARE = 0.06


def befall(job: Job) -> None:
    """Take the rate from entries whose line has none; where the line has one, it prices them: no gap."""
    lines = {row.id: row for row in job.own(ContractLine)}
    projects = {row.id: row for row in job.own(Project)}
    entries = unbilled(job)[-job.rng.randint(2, 12) :]
    for entry in entries:
        line = lines.get(entry.contract_line_id or "")
        if line is None or line.kind == "time_and_materials":
            entry.rate = entry.currency = None
        if line is None and job.chance(0.7):
            projects[entry.project_id or ""].rate = None
    if entries:
        entries[0].billable = False
