"""Delivery began before the paper was ready: nobody signed, or the contract starts or was signed too late."""

from __future__ import annotations

from datetime import timedelta

from sandbox.job import Job
from sandbox.records import Contract, ContractLine, TimeEntry

SHARE = 0.12


def befall(job: Job) -> None:
    """Alter the contract that time is written on; one that starts on the very first day is in order."""
    lines = {row.id: row.contract_id for row in job.own(ContractLine)}
    named = {lines.get(row.contract_line_id or "") for row in job.own(TimeEntry)}
    contracts = [row for row in job.own(Contract) if row.id in named]
    worked = sorted(row.work_date for row in job.own(TimeEntry))
    if not contracts:
        return
    contract = contracts[0]
    fate = job.rng.choice(("draft", "draft", "starts late", "signed late", "starts that day"))
    if fate == "draft":
        contract.status, contract.signed_at = "draft", None
    elif fate == "starts late":
        contract.start_on = worked[-1] + timedelta(days=1)
    elif fate == "signed late":
        contract.signed_at = contract.source_updated_at = job.at(job.today - timedelta(days=1))
    else:
        contract.start_on = worked[0]
