"""Entries whose own rate is not the one their contract line agrees, in the same currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox import money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.worth import standing

KEY = "rate_differs_from_contract"


def gaps(books: Books) -> Iterator[Gap]:
    """What the differences come to, per contract line."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    currency: dict[str, str] = {}
    for item in standing(books, "submitted", "approved"):
        line, entry = item.line, item.entry
        if line is None or line.deleted_at or line.kind != "time_and_materials" or entry.written_off:
            continue
        if line.rate is None or entry.rate is None or (entry.currency or line.currency) != line.currency:
            continue
        currency[line.id] = line.currency
        sums[line.id] += money.rounded(entry.hours * abs(entry.rate - line.rate), line.currency)
    for key, amount in sums.items():
        if amount > 0:
            yield Gap(KEY, "clm", "contract_line", key, None, amount, currency[key])
