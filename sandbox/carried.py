"""What the middleware's messages are about and worth, worked out the plain way."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.books import Books
from sandbox.deals import services
from sandbox.live import live_amounts
from sandbox.side_records import Message
from sandbox.ties import Node, engagements, psa_project

ORDER = ("billing_event", "milestone", "opportunity", "project")


def about(message: Message) -> tuple[str, str] | None:
    """The most exact record a message names."""
    named = ((kind, getattr(message, f"{kind}_id")) for kind in ORDER)
    return next(((kind, identifier) for kind, identifier in named if identifier), None)


def ended(message: Message) -> tuple[object, str]:
    """Where a message stands in time."""
    return (message.ended_at or message.source_updated_at, message.id)


@dataclass
class Purse:
    """The money of every record a message may name."""

    books: Books
    known: dict[tuple[str, str], tuple[Decimal, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look at each record once."""
        books = self.books
        for event in books.billing_events:
            if not event.deleted_at:
                self.known["billing_event", event.id] = (event.amount, event.currency)
        for row in books.milestones:
            if row.amount is not None and not row.deleted_at:
                self.known["milestone", row.id] = (row.amount, row.currency)
        for deal in books.opportunities:
            if not deal.deleted_at:
                self.known["opportunity", deal.id] = (services(deal), deal.currency)
        self._projects()

    def _projects(self) -> None:
        books = self.books
        engagement, live = engagements(books), live_amounts(books)
        psa_id = {view.id: view.project_id for view in books.erp_projects}
        billed: dict[tuple[Node, str], Decimal] = defaultdict(Decimal)
        for line in books.invoice_lines:
            project = line.project_id if line.project_system == "psa" else psa_id.get(line.project_id or "")
            names = (("contract line", line.contract_line_id), ("psa project", project))
            node = next(((kind, name) for kind, name in names if name), None)
            if node in engagement:
                billed[engagement[node], line.currency] += live.get(line.id, Decimal(0))
        for row in books.psa_projects:
            if row.amount is not None and row.currency and not row.deleted_at:
                left = row.amount - billed[engagement[psa_project(row)], row.currency]
                self.known["project", row.id] = (max(left, Decimal(0)), row.currency)

    def of(self, message: Message) -> tuple[Decimal, str]:
        """The money of the first record named that says some."""
        named = ((kind, getattr(message, f"{kind}_id") or "") for kind in ORDER)
        return next((self.known[key] for key in named if key in self.known), (Decimal(0), "XXX"))
