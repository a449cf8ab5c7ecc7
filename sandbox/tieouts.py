"""What a reconciliation of the simulated firm must find: both sides of every tie-out, worked out plainly.

One row a tie-out, legal entity, period and currency, with the sums of both sides; rows of nothing are left
out. The firm's periods are months, so a period is a document's own month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox import days
from sandbox.books import Books
from sandbox.ledger import documents, recognised
from sandbox.relief import billable

Side = Iterator[tuple[str, str, str, Decimal]]


def tie_outs(books: Books) -> list[dict[str, Any]]:
    """Every row, in a fixed order."""
    sides = {
        "billing_events_to_invoices": (_events(books), _of_events(books)),
        "approved_time_to_billed_plus_wip": (_time(books), _billed_or_wip(books)),
        "invoices_to_revenue_billings": (_documents(books), _account(books, "billing")),
        "revenue_to_gl": (_revenue(books), _account(books, "revenue")),
    }
    return [row for name, (left, right) in sorted(sides.items()) for row in _rows(name, left, right)]


def _rows(name: str, left: Side, right: Side) -> Iterator[dict[str, Any]]:
    sums: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for place, side in enumerate((left, right)):
        for company, period, currency, amount in side:
            sums[company, period, currency][place] += amount
    for (company, period, currency), (one, other) in sorted(sums.items()):
        yield {
            "tie_out": name,
            "legal_entity": company,
            "period": period,
            "currency": currency,
            "left": str(one),
            "right": str(other),
        }


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _events(books: Books) -> Side:
    for row in books.billing_events:
        if row.released_at and row.status in {"released", "invoiced", "error"} and not row.deleted_at:
            company = row.legal_entity or ""
            yield company, _month(days.local_day(company, row.released_at)), row.currency, row.amount


def _documents(books: Books) -> Side:
    for line, _, day, amount in documents(books):
        yield line.legal_entity or "", _month(day), line.currency, amount


def _of_events(books: Books) -> Side:
    for line, _, day, amount in documents(books):
        if line.billing_event_id:
            yield line.legal_entity or "", _month(day), line.currency, amount


def _time(books: Books) -> Side:
    for item in billable(books, held=True):
        yield item.entry.legal_entity or "", _month(item.entry.work_date), item.currency, item.value


def _billed_or_wip(books: Books) -> Side:
    for line, _, day, amount in documents(books):
        if line.covers == "time":
            yield line.legal_entity or "", _month(day), line.currency, amount
    yield from _account(books, "wip")


def _revenue(books: Books) -> Side:
    for row, amount in recognised(books):
        yield row.legal_entity or "", row.period or "", row.currency, amount


def _account(books: Books, account: str) -> Side:
    for row in books.ledger_entries:
        if row.account == account:
            yield row.legal_entity or "", row.period or "", row.currency, row.amount
