"""A fixed-fee project was sold with a plan, and what it costs so far and will still cost breaks it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from sandbox import money
from sandbox.job import Job
from sandbox.records import ContractLine, Project
from sandbox.side_records import Estimate, LedgerEntry

#: few engagements sell nothing but a fixed fee
SHARE = 0.9


def befall(job: Job) -> None:
    """Plan a cost, post a part of it, and estimate the rest: too much, or up to five points too much."""
    lines = [row for row in job.own(ContractLine) if row.kind == "fixed_fee"]
    projects = {row.id: row for row in job.own(Project)}
    for estimate in job.own(Estimate):
        project = projects.get(estimate.project_id or "")
        if not lines or project is None or lines[0].amount is None:
            continue
        price, currency = lines[0].amount, lines[0].currency
        project.amount = price
        project.planned_cost = money.share(price, Fraction(6, 10), currency)
        spent = money.share(price, Fraction(job.rng.randint(20, 50), 100), currency)
        points = job.rng.choice((-4, 0, 5, 6, 12, 30, 55))
        total = project.planned_cost + money.share(price, Fraction(points, 100), currency)
        estimate.currency, estimate.cost_left = currency, total - spent
        if job.chance(0.2):
            estimate.revenue = price
        _post(job, project, currency, spent)


def _post(job: Job, project: Project, currency: str, spent: Decimal) -> None:
    """The ledger has the cost on PSA's project or on its own view of it, in two months."""
    views = [row for row in job.books.erp_projects if row.project_id == project.id]
    half = money.share(spent, Fraction(1, 2), currency)
    for part, back in ((half, 40), (spent - half, 5)):
        day = job.today - timedelta(days=back)
        own = bool(views) and job.chance(0.4)
        job.put(
            LedgerEntry(
                id=job.new_id("GL-cost"),
                account="cost",
                project_system="erp" if own else "psa",
                project_id=views[0].id if own else project.id,
                period=f"{day:%Y-%m}",
                posted_on=day,
                currency=currency,
                amount=part,
                source_updated_at=job.at(day),
            )
        )
