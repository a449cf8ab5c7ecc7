"""Time was approved after the last close, and was worked in a period that is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.worth import standing

KEY = "late_change_to_closed_period"


def gaps(books: Books) -> Iterator[Gap]:
    """Value of the late entries per project, contract line and currency."""
    sums: dict[tuple[str, str | None, str], Decimal] = defaultdict(Decimal)
    for item in standing(books, "approved"):
        entry = item.entry
        if entry.written_off or not item.value or entry.approved_at is None:
            continue
        if _is_late(books, entry.legal_entity, entry.work_date, entry.approved_at):
            sums[item.project.id, entry.contract_line_id, item.currency] += item.value
    for (project, line, currency), amount in sums.items():
        yield Gap(KEY, "psa", "project", project, line, amount, currency)


def _is_late(books: Books, company: str | None, day: date, approved: datetime) -> bool:
    closed = [
        row
        for row in books.periods
        if row.legal_entity == company and row.status == "closed" and row.closed_at
    ]
    known = [row.closed_at for row in closed if row.closed_at]
    return any(row.start_on <= day <= row.end_on for row in closed) and bool(known) and approved > max(known)
