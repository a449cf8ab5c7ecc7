"""Work that was done over ten business days ago is still held from billing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import live_amounts
from sandbox.records import Expense, Milestone
from sandbox.relief import billable, live_shares, relieve_by_reference
from sandbox.truths import age

KEY = "billing_hold"
WATCH = 10
Sums = dict[tuple[str, str | None, str], Decimal]


def gaps(books: Books) -> Iterator[Gap]:
    """Sums of what is held per project, contract line and currency."""
    sums: Sums = defaultdict(Decimal)
    _time(books, sums)
    for spent in books.expenses:
        aside = spent.written_off or spent.deleted_at or not spent.billable
        if spent.held and spent.status == "approved" and not aside:
            _add(books, sums, spent, spent.amount, spent.approved_at or spent.incurred_on)
    _milestones(books, sums)
    for (project, line, currency), amount in sums.items():
        if amount > 0:
            yield Gap(KEY, "psa", "project", project, line, amount, currency)


def _add(books: Books, sums: Sums, row: Expense | Milestone, amount: Decimal, since: datetime | date) -> None:
    if age(books, row.legal_entity, since) > WATCH:
        sums[row.project_id or "", row.contract_line_id, row.currency] += amount


def _time(books: Books, sums: Sums) -> None:
    """Held entries as if they were not, at what invoice lines leave of them."""
    released = replace(
        books, time_entries=[replace(row, held=False) for row in books.time_entries if row.held]
    )
    work = list(billable(released))
    relieve_by_reference(books, work, live_shares(books))
    for item in work:
        if age(books, item.entry.legal_entity, item.entry.approved_at or item.entry.work_date) > WATCH:
            sums[item.project.id, item.line.id if item.line else None, item.currency] += item.left


def _milestones(books: Books, sums: Sums) -> None:
    live, kinds = live_amounts(books), {line.id: line.kind for line in books.contract_lines}
    for row in books.milestones:
        done = row.accepted_at or row.reached_at or row.source_updated_at
        bills = kinds.get(row.contract_line_id or "") == "milestone"
        if not row.held or row.deleted_at or row.status not in {"reached", "accepted"} or not bills:
            continue
        named = [line for line in books.invoice_lines if line.milestone_id == row.id]
        billed = sum((live.get(line.id, Decimal(0)) for line in named), Decimal(0))
        _add(books, sums, row, max((row.amount or Decimal(0)) - billed, Decimal(0)), done)
