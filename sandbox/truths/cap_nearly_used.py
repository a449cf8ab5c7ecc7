"""Billed and open work of a capped line comes to 85 % of its cap or more."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox import money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.relief import billable, live_shares, relieve_by_reference
from sandbox.worth import used_of_lines

KEY = "cap_nearly_used"
_WARN = Decimal("0.85")


def gaps(books: Books) -> Iterator[Gap]:
    """What lies beyond 85 % of each cap."""
    work = list(billable(books))
    relieve_by_reference(books, work, live_shares(books))
    waiting: dict[str, Decimal] = {}
    for item in work:
        if item.line and item.currency == item.line.currency:
            waiting[item.line.id] = waiting.get(item.line.id, Decimal(0)) + item.left
    billed, paid_unnamed = used_of_lines(books)
    for line in books.contract_lines:
        if not line.cap or line.deleted_at or line.kind != "time_and_materials":
            continue
        rest = waiting.get(line.id, Decimal(0)) - paid_unnamed[line.id, line.currency]
        used = billed[line.id, line.currency] + max(rest, Decimal(0))
        if used >= line.cap * _WARN:
            limit = money.rounded(line.cap * _WARN, line.currency)
            yield Gap(KEY, "clm", "contract_line", line.id, None, used - limit, line.currency)
