"""The contract's plan and delivery's differ in a milestone's amount or date, or only one of them has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import Milestone, Project
from sandbox.ties import engagements, psa_project
from sandbox.truths import age

KEY = "milestone_plan_differs"
WATCH = 2


def gaps(books: Books) -> Iterator[Gap]:
    """Milestones of delivery that differ from the contract's, and those of the contract nobody delivers."""
    plans = {row.id: row for row in books.contract_milestones}
    taken = set()
    for row in books.milestones:
        plan = plans.get(row.milestone_id or "")
        if plan is None or row.deleted_at:
            continue
        taken.add(plan.id)
        amount = _differs(row, plan)
        if row.status != "cancelled" and amount is not None:
            since = max(row.source_updated_at, plan.source_updated_at)
            if _late(books, row, since):
                yield Gap(KEY, "psa", "milestone", row.id, None, amount, row.currency)
    engagement = engagements(books)
    live = [("psa project", view.project_id or "") for view in _active(books.erp_projects)]
    live += [psa_project(project) for project in _active(books.psa_projects)]
    active = {engagement[node] for node in live}
    for plan in books.contract_milestones:
        runs = engagement["contract line", plan.contract_line_id or ""] in active
        stands = plan.id not in taken and not plan.deleted_at and plan.status != "cancelled"
        if runs and stands and _late(books, plan, plan.source_updated_at):
            yield Gap(KEY, "clm", "milestone", plan.id, None, plan.amount or Decimal(0), plan.currency)


def _active(projects: list[Project]) -> list[Project]:
    return [row for row in projects if row.status == "active" and not row.deleted_at]


def _late(books: Books, row: Milestone, since: datetime) -> bool:
    return age(books, row.legal_entity, since) > WATCH


def _differs(row: Milestone, plan: Milestone) -> Decimal | None:
    """What is at stake of a difference; None where there is none."""
    whole = next((one for one in (row.amount, plan.amount) if one is not None), Decimal(0))
    if plan.deleted_at or plan.status == "cancelled":
        return whole
    if row.amount is not None and plan.amount is not None and row.amount != plan.amount:
        return abs(row.amount - plan.amount)
    dates = row.due_on and plan.due_on and row.due_on != plan.due_on and row.status != "accepted"
    return whole if dates else None
