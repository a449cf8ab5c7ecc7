"""Revenue lines that are disputed, and neither taken back nor deleted."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.gap import Gap

KEY = "accrual_disputed"


def gaps(books: Books) -> Iterator[Gap]:
    """Every disputed line that stands, posted or scheduled."""
    standing = [row for row in books.revenue_lines if not row.deleted_at]
    back = {row.reverses_id for row in standing if row.state != "scheduled"}
    for row in standing:
        settled = row.state == "reversed" or row.reverses_id or row.id in back
        if row.disputed and not settled:
            yield Gap(KEY, "revenue", "revenue_line", row.id, None, row.amount, row.currency)
