"""Somebody is booked past their last day, or from a day of their leave."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import Allocation
from sandbox.sold_rates import Rates

KEY = "person_unavailable"


def gaps(books: Books) -> Iterator[Gap]:
    """Bookings of projects under way, with their hours at the rate they were sold."""
    rates, projects = Rates(books), {row.id: row for row in books.psa_projects}
    for row in books.allocations:
        project = projects[row.project_id or ""]
        if row.deleted_at or row.end_on is None or project.status not in {"planned", "active", "on_hold"}:
            continue
        if _leaves(books, row) or _is_away(books, row):
            amount, currency = rates.worth(project, row.hours or Decimal(0))
            yield Gap(KEY, "psa", "allocation", row.id, None, amount, currency)


def _leaves(books: Books, row: Allocation) -> bool:
    days = [who.end_on for who in books.resources if who.id == row.resource_id]
    return any(day is not None and row.end_on is not None and day < row.end_on for day in days)


def _is_away(books: Books, row: Allocation) -> bool:
    """Whether leave covers the first day, and no work on the project came after it."""
    for leave in books.absences:
        whole = leave.status == "approved" and leave.hours is None and not leave.deleted_at
        if not whole or leave.resource_id != row.resource_id or row.start_on is None:
            continue
        if leave.start_on <= row.start_on <= leave.end_on:
            worked = any(
                entry.project_id == row.project_id
                and entry.resource_id == row.resource_id
                and entry.work_date > leave.end_on
                and not entry.deleted_at
                for entry in books.time_entries
            )
            if not worked:
                return True
    return False
