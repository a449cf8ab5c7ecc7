"""A milestone was reached over three business days ago and is not accepted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.truths import age

KEY = "milestone_awaiting_approval"
WATCH = 3


def gaps(books: Books) -> Iterator[Gap]:
    """Reached milestones, but for those held, or of cancelled projects."""
    dead = {row.id for row in books.psa_projects if row.status == "cancelled"}
    for row in books.milestones:
        if row.status != "reached" or row.accepted_at or row.deleted_at or row.held or row.project_id in dead:
            continue
        if age(books, row.legal_entity, row.reached_at or row.source_updated_at) > WATCH:
            amount = row.amount or Decimal(0)
            yield Gap(KEY, "psa", "milestone", row.id, None, amount, row.currency)
