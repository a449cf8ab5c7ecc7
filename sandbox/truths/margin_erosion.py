"""A project that sells a fixed fee only is forecast to earn over five points less than planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import Project
from sandbox.side_records import Estimate
from sandbox.ties import engagements, psa_project

KEY = "margin_erosion"
_POINTS = Decimal("0.05")


def gaps(books: Books) -> Iterator[Gap]:
    """The margin lost by each project, by its latest estimate."""
    views = {row.id: row.project_id for row in books.erp_projects}
    cost: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in books.ledger_entries:
        if row.account == "cost" and not row.deleted_at:
            project = row.project_id if row.project_system == "psa" else views.get(row.project_id or "")
            cost[project or "", row.currency] += row.amount
    kinds = kinds_sold(books)
    latest = latest_estimates(books)
    for project_row in books.psa_projects:
        estimate = latest.get(project_row.id)
        if estimate and _fixed(project_row, kinds[project_row.id]):
            spent = cost[project_row.id, project_row.currency or ""]
            yield from _eroded(project_row, estimate, spent)


def _eroded(project: Project, estimate: Estimate, spent: Decimal) -> Iterator[Gap]:
    known = project.amount and project.planned_cost is not None and estimate.cost_left is not None
    under_way = project.status in {"planned", "active", "on_hold"} and not project.deleted_at
    if not known or not under_way or estimate.currency != project.currency:
        return
    price, left = project.amount or Decimal(0), estimate.cost_left or Decimal(0)
    planned = price - (project.planned_cost or Decimal(0))
    revenue = price if estimate.revenue is None else estimate.revenue
    lost = planned - (revenue - spent - left)
    if lost > price * _POINTS:
        yield Gap(KEY, "psa", "project", project.id, None, lost, project.currency or "")


def _fixed(project: Project, kinds: set[str]) -> bool:
    return kinds == {"fixed_fee"} or (not kinds and project.billing_method == "fixed_fee")


def kinds_sold(books: Books) -> dict[str, set[str]]:
    """PSA project -> the kinds of contract lines of its piece of work."""
    engagement = engagements(books)
    kinds: dict[object, set[str]] = defaultdict(set)
    for line in books.contract_lines:
        if not line.deleted_at:
            kinds[engagement["contract line", line.id]].add(line.kind)
    return {row.id: kinds[engagement[psa_project(row)]] for row in books.psa_projects}


def latest_estimates(books: Books) -> dict[str, Estimate]:
    """PSA project -> its last estimate that stands."""
    rows = [row for row in books.estimates if row.project_id and not row.deleted_at]
    return {row.project_id or "": row for row in sorted(rows, key=lambda row: (row.estimated_on, row.id))}
