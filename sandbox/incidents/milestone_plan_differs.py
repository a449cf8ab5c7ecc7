"""The contract's milestones were moved, priced anew or dropped, and delivery's were not; or only today."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from sandbox import money
from sandbox.job import Job
from sandbox.records import Milestone

SHARE = 0.4


def befall(job: Job) -> None:
    """Change one milestone on the contract's side, or lose delivery's reference to it."""
    plans = {row.id: row for row in job.books.contract_milestones[job.began["contract_milestones"] :]}
    rows = [row for row in job.own(Milestone) if row.milestone_id in plans]
    if not rows:
        return
    row = job.rng.choice(rows)
    plan = plans[row.milestone_id or ""]
    plan.source_updated_at = job.at(job.ago(job.rng.choice((1, 2, 3, 5, 9, 20))))
    way = job.rng.choice(("amount", "date", "date", "dropped", "cancelled", "missing"))
    if way == "amount" and plan.amount is not None:
        plan.amount = money.share(plan.amount, Fraction(11, 10), plan.currency)
    elif way == "date" and plan.due_on is not None:
        plan.due_on += timedelta(days=14)
    elif way == "dropped":
        plan.deleted_at = plan.source_updated_at
    elif way == "cancelled":
        plan.status = "cancelled"
    else:
        row.milestone_system = row.milestone_id = None
