"""A consultant keeps an old rate card: their entries carry another rate than the contract line agrees."""

from __future__ import annotations

from decimal import Decimal

from sandbox import money
from sandbox.job import Job
from sandbox.records import ContractLine, TimeEntry

SHARE = 0.1


def befall(job: Job) -> None:
    """Give some entries a rate of their own; the agreed one, or one of another currency, is no difference."""
    everything = [row for row in job.own(ContractLine) if row.kind == "time_and_materials"]
    for line in everything:
        _agree_on_one(job, line)
    lines = {row.id: row for row in everything if row.rate is not None}
    entries = [row for row in job.own(TimeEntry) if row.contract_line_id in lines and row.rate is None]
    for row in job.rng.sample(entries, min(len(entries), job.rng.randint(3, 25))):
        line = lines[row.contract_line_id or ""]
        agreed = line.rate or Decimal(0)
        factor = job.rng.choice((Decimal("1.1"), Decimal("1.05"), Decimal("0.9"), Decimal(1)))
        row.rate = (agreed * factor).quantize(money.unit(line.currency) / 100)
        row.currency = line.currency
    if entries and job.chance(0.3):
        entries[0].rate, entries[0].currency = Decimal(100), "USD" if job.currency != "USD" else "EUR"


def _agree_on_one(job: Job, line: ContractLine) -> None:
    """Where everybody has a rate of their own, the contract says the first one's for all."""
    rates = [row.rate for row in job.own(TimeEntry) if row.contract_line_id == line.id and row.rate]
    if line.rate is None and rates:
        line.rate = rates[0]
