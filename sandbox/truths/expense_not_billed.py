"""A billable expense was approved over fifteen business days ago, and no live line bills it whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import live_amounts
from sandbox.ties import engagements
from sandbox.truths import age

KEY = "expense_not_billed"
WATCH = 15


def gaps(books: Books) -> Iterator[Gap]:
    """Expenses, oldest first, less the line they name, less expense lines of the same work nobody names."""
    live, work = live_amounts(books), engagements(books)
    psa_id = {view.id: view.project_id for view in books.erp_projects}
    internal = {row.id for row in books.psa_projects if row.internal}
    naming = {row.invoice_line_id for row in books.expenses}
    of_line = {row.id: live.get(row.id, Decimal(0)) for row in books.invoice_lines}
    currency_of = {row.id: row.currency for row in books.invoice_lines}
    general: dict[tuple[object, str], Decimal] = defaultdict(Decimal)
    for row in books.invoice_lines:
        if row.covers == "expense" and row.id not in naming:
            project = row.project_id if row.project_system == "psa" else psa_id[row.project_id or ""]
            general[work["psa project", project or ""], row.currency] += of_line[row.id]
    for spent in sorted(books.expenses, key=lambda row: (row.incurred_on, row.id)):
        aside = spent.held or spent.written_off or spent.deleted_at or spent.project_id in internal
        if spent.status != "approved" or not spent.billable or aside:
            continue
        owed, line = spent.amount, spent.invoice_line_id
        if line in of_line and currency_of[line] == spent.currency:
            paid = min(owed, of_line[line])
            owed, of_line[line] = owed - paid, of_line[line] - paid
        pool = work["psa project", spent.project_id or ""], spent.currency
        paid = max(min(owed, general[pool]), Decimal(0))
        owed, general[pool] = owed - paid, general[pool] - paid
        if owed > 0 and age(books, spent.legal_entity, spent.approved_at or spent.incurred_on) > WATCH:
            yield Gap(KEY, "time", "expense", spent.id, None, owed, spent.currency)
