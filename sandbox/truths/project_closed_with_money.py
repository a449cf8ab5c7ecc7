"""A project is over in PSA and in the ERP, and some of its time or expenses is not billed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import live_amounts
from sandbox.relief import billable, live_shares, relieve_by_reference, relieve_oldest

KEY = "project_closed_with_money"
_OVER = {"complete", "closed"}


def gaps(books: Books) -> Iterator[Gap]:
    """Open time and open expenses of such projects, by currency."""
    ledger: dict[str, set[str]] = defaultdict(set)
    for view in books.erp_projects:
        if not view.deleted_at and view.status != "cancelled":
            ledger[view.project_id or ""].add(view.status)
    over = {
        row.id
        for row in books.psa_projects
        if row.status in _OVER and not row.deleted_at and ledger[row.id] and ledger[row.id] <= _OVER
    }
    sums = _open_money(books)
    for (project, currency), amount in sums.items():
        if project in over and amount > 0:
            yield Gap(KEY, "psa", "project", project, None, amount, currency)


def _open_money(books: Books) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    live_parts, live = live_shares(books), live_amounts(books)
    work = list(billable(books))
    relieve_by_reference(books, work, live_parts)
    relieve_oldest(books, work, live_parts)
    for item in work:
        sums[item.project.id, item.currency] += item.left
    for row in books.expenses:
        aside = row.held or row.written_off or row.deleted_at or not row.billable
        billed = live.get(row.invoice_line_id or "", Decimal(0)) > 0
        if row.status == "approved" and not aside and not billed:
            sums[row.project_id or "", row.currency] += row.amount
    return sums
