"""Billable time was submitted over three business days ago, and is neither approved nor rejected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox import days
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.truths import age
from sandbox.worth import standing

KEY = "time_not_approved"
WATCH = 3


def gaps(books: Books) -> Iterator[Gap]:
    """Value of the late entries per project, contract line and currency."""
    sums: dict[tuple[str, str | None, str], Decimal] = defaultdict(Decimal)
    for item in standing(books, "submitted"):
        company, entry = item.project.legal_entity, item.entry
        since = entry.submitted_at or days.week_end(company or "", entry.work_date)
        if not entry.written_off and age(books, company, since) > WATCH:
            key = (item.project.id, entry.contract_line_id, item.currency)
            sums[key] += item.value or Decimal(0)
    for (project, line, currency), amount in sums.items():
        yield Gap(KEY, "psa", "project", project, line, amount, currency)
