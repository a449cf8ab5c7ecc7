"""Time nobody billed yet, on a project that is cancelled, over and closed, or not active in the ERP."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from sandbox import money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import Project, TimeEntry
from sandbox.relief import live_shares
from sandbox.worth import billed_parts, standing

KEY = "orphan_time"


def gaps(books: Books) -> Iterator[Gap]:
    """Open value per project and currency, of the entries that are there in vain."""
    in_ledger = {
        row.project_id for row in books.erp_projects if row.status == "active" and not row.deleted_at
    }
    billed = billed_parts(books, live_shares(books))
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for item in standing(books, "submitted", "approved"):
        entry, value = item.entry, item.value or Decimal(0)
        part = min(billed[entry.id], Fraction(1))
        waits = entry.status == "submitted" or (part < 1 and not entry.held)
        if waits and not entry.written_off and _in_vain(item.project, entry, in_ledger):
            sums[item.project.id, item.currency] += value - money.share(value, part, item.currency)
    for (project, currency), amount in sums.items():
        yield Gap(KEY, "psa", "project", project, None, amount, currency)


def _in_vain(project: Project, entry: TimeEntry, in_ledger: set[str | None]) -> bool:
    if project.deleted_at or project.status == "cancelled":
        return True
    if project.status == "closed":
        return project.end_on is not None and entry.work_date > project.end_on
    return project.status == "active" and project.id not in in_ledger
