"""A billing event was released or failed over a business day ago, and the ERP has no document of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sandbox import days
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.live import ISSUED
from sandbox.records import BillingEvent, InvoiceLine
from sandbox.truths import age

KEY = "billing_handoff_lost"
WATCH = 1
_DRAFTS = frozenset({"draft", "pending_approval"})


def gaps(books: Books) -> Iterator[Gap]:
    """Events by what the ERP has of them: anything that stands, or for failed ones anything issued."""
    headers = {row.id: row for row in books.invoices if not row.deleted_at}
    lines = [row for row in books.invoice_lines if not row.deleted_at and row.invoice_id in headers]
    calendars = {row.id: (row.billing_calendar, row.next_billing_on) for row in books.contract_lines}
    for event in books.billing_events:
        if event.deleted_at or event.status in {"draft", "cancelled"} or event.amount <= 0:
            continue
        enough = ISSUED if event.status == "error" else ISSUED | _DRAFTS
        found = [
            row for row in lines if headers[row.invoice_id or ""].status in enough and _may_be(row, event)
        ]
        since = _day(event, calendars)
        if not found and age(books, event.legal_entity, since) > WATCH:
            yield Gap(KEY, "psa", "billing_event", event.id, None, event.amount, event.currency)


def _day(event: BillingEvent, calendars: dict[str, tuple[str | None, date | None]]) -> date:
    released = days.local_day(event.legal_entity or "", event.released_at or event.source_updated_at)
    calendar, anchor = calendars.get(event.contract_line_id or "", (None, None))
    if event.status == "error" or calendar is None or anchor is None:
        return released
    return days.billing_day(calendar, anchor, released)


def _may_be(row: InvoiceLine, event: BillingEvent) -> bool:
    if row.billing_event_id:
        return row.billing_event_id == event.id
    if row.milestone_id:
        return row.milestone_id == event.milestone_id
    same = (row.currency, row.amount) == (event.currency, event.amount)
    near = row.contract_line_id == event.contract_line_id if row.contract_line_id else _own(row, event)
    return same and near and row.covers != "expense"


def _own(row: InvoiceLine, event: BillingEvent) -> bool:
    """Without a contract line: of the same engagement, whose number its id carries."""
    return row.id.split(".")[1] == event.id.split("-")[1]
