"""Revenue posted over two business days ago names nothing that any system holds."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.truths import age

KEY = "orphan_revenue"
WATCH = 2


def gaps(books: Books) -> Iterator[Gap]:
    """Postings that name something, and nothing known."""
    known = {row.id for row in (*books.contracts, *books.contract_lines, *books.psa_projects)}
    known |= {row.id for row in books.milestones}
    back = {row.reverses_id for row in books.revenue_lines if not row.deleted_at and row.state != "scheduled"}
    for row in books.revenue_lines:
        names = {row.contract_id, row.contract_line_id, row.project_id, row.milestone_id} - {None}
        stands = row.state == "posted" and not row.deleted_at and not row.reverses_id and row.id not in back
        late = age(books, row.legal_entity, row.source_updated_at) > WATCH
        if late and stands and names and not names & known:
            yield Gap(KEY, "revenue", "revenue_line", row.id, None, row.amount, row.currency)
