"""The contract was amended and the project kept the old value, or somebody mistyped it in one system.

A difference of a rounding, or a project that says no value, is none.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from sandbox import money
from sandbox.job import Job
from sandbox.records import Contract, ContractLine, Opportunity, Project

SHARE = 0.06


def befall(job: Job) -> None:
    """Change what one system says was sold."""
    deals = [row for row in job.own(Opportunity) if row.status == "won"]
    projects = [row for row in job.own(Project) if row.amount]
    contracts = [row for row in job.own(Contract) if row.amount]
    if not (deals and projects and contracts):
        return
    project, contract, lines = projects[0], contracts[0], job.own(ContractLine)
    way = job.rng.choice(("amended", "amended", "project", "lines", "rounded", "silent"))
    if way == "amended":
        contract.amount = _more(job, contract, Fraction(6, 5))
    elif way == "project":
        project.amount = _more(job, project, Fraction(9, 10))
    elif way == "lines" and lines:
        lines[0].amount = _more(job, lines[0], Fraction(101, 100))
    elif way == "rounded":
        project.amount = _more(job, project, Fraction(1003, 1000))
    else:
        project.amount = None


def _more(job: Job, row: Project | Contract | ContractLine, part: Fraction) -> Decimal:
    return money.share(row.amount or money.unit(job.currency), part, job.currency)
