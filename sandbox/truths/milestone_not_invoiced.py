"""A milestone that bills for itself was accepted over three business days ago, and is not billed in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import live_amounts
from sandbox.truths import age

KEY = "milestone_not_invoiced"
WATCH = 3


def gaps(books: Books) -> Iterator[Gap]:
    """What live invoice lines leave of each milestone; lines of the contract line fill the first accepted."""
    kinds = {line.id: line.kind for line in books.contract_lines}
    of_event = {event.id: event.milestone_id for event in books.billing_events}
    live = live_amounts(books)
    named: dict[str, Decimal] = defaultdict(Decimal)
    general: dict[str, Decimal] = defaultdict(Decimal)
    for billed in books.invoice_lines:
        milestone = billed.milestone_id or of_event.get(billed.billing_event_id or "")
        if milestone:
            named[milestone] += live.get(billed.id, Decimal(0))
        elif billed.covers == "milestone" and not billed.billing_event_id:
            general[billed.contract_line_id or ""] += live.get(billed.id, Decimal(0))
    for row in sorted(books.milestones, key=lambda one: (one.accepted_at or books.as_of, one.id)):
        line = row.contract_line_id or ""
        if row.status != "accepted" or row.deleted_at or row.held or kinds.get(line) != "milestone":
            continue
        owed = (row.amount or Decimal(0)) - named[row.id]
        relieved = max(min(owed, general[line]), Decimal(0))
        general[line] -= relieved
        late = row.accepted_at is not None and age(books, row.legal_entity, row.accepted_at) > WATCH
        if late and owed > relieved:
            yield Gap(KEY, "psa", "milestone", row.id, None, owed - relieved, row.currency)
