"""The contract ran out and nobody noticed: work and bookings go on, or would on the very last day."""

from __future__ import annotations

from datetime import timedelta

from sandbox.job import Job
from sandbox.records import Allocation, Contract, ContractLine, Project
from sandbox.worth import unbilled

SHARE = 0.08


def befall(job: Job) -> None:
    """End the contract, or just one line, before the latest work; its last day may be the last of all."""
    projects = [row for row in job.own(Project) if row.contract_id]
    contracts = {row.id: row for row in job.own(Contract)}
    if not projects:
        return
    contract = contracts[projects[0].contract_id or ""]
    entries, bookings = unbilled(job), [row.end_on for row in job.own(Allocation) if row.end_on]
    fate = job.rng.choice(("ended", "ended", "ended", "line", "last day", "ends soon"))
    if fate == "ends soon" and bookings:
        contract.end_on = job.today + timedelta(days=10)
    elif fate == "last day" and bookings:
        contract.end_on = max(bookings)
    elif entries and fate == "line":
        for line in job.own(ContractLine):
            line.end_on = entries[-1].work_date - timedelta(days=3)
    elif entries:
        contract.end_on = entries[-1].work_date - timedelta(days=job.rng.randint(1, 12))
