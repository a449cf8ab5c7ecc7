"""The ledger of the simulated firm: what the ERP books of invoices, credits, revenue and time not billed yet.

It is worked out from the documents, each on its own date, and its balances run from nothing. All of it is
healthy but for the few transfers of billing and revenue that are lost or come twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sandbox import days
from sandbox.books import Books
from sandbox.live import ISSUED, live_amounts
from sandbox.records import InvoiceLine, RevenueLine
from sandbox.relief import billable
from sandbox.side_records import LedgerBalance, LedgerEntry

#: postings that come from documents of another system, and how many are lost or come twice
_TRANSFERRED = frozenset({"billing", "revenue"})
_LOST, _TWICE = 0.004, 0.003
Sums = dict[tuple[str, str, str, str], Decimal]


def ledger(books: Books, seed: int) -> None:
    """The ERP's postings: billing by document, revenue, what is deferred between them, change of WIP."""
    wip: Sums = defaultdict(Decimal)
    own = {row.id: row.project_id for row in books.erp_projects}
    projects = {row.contract_line_id or "": row.project_id or "" for row in books.time_entries}
    for line, key, day, amount in documents(books):
        for account in ("billing", "contract_liability"):
            _post(books, _entry(account, key, day, line.currency, amount), line)
        if line.covers == "time":
            project = (
                own.get(line.project_id or "") or line.project_id or projects[line.contract_line_id or ""]
            )
            wip[line.legal_entity or "", project, line.currency, f"{day:%Y-%m}"] -= amount
    for posting, amount in recognised(books):
        day = posting.posted_on or books.as_of.date()
        for account, sign in (("revenue", 1), ("contract_liability", -1)):
            _post(books, _entry(account, posting.id, day, posting.currency, sign * amount), posting)
    _wip(books, wip)
    _mishap(books, seed)
    _balances(books)


def _mishap(books: Books, seed: int) -> None:
    """Now and then a transfer to the ledger is lost, or comes twice: what a reconciliation is for."""
    kept: list[LedgerEntry] = []
    for entry in books.ledger_entries:
        rng = Random(f"{seed}/{entry.id}")
        lot = rng.random() if entry.account in _TRANSFERRED else 1.0
        if lot >= _LOST:
            kept.append(entry)
        if _LOST <= lot < _LOST + _TWICE:
            kept.append(replace(entry, id=f"{entry.id}-again"))
    books.ledger_entries[:] = kept


def documents(books: Books) -> Iterator[tuple[InvoiceLine, str, date, Decimal]]:
    """Lines of issued invoices on their dates, and what was credited of them on the latest credit's date."""
    live = live_amounts(books)
    issued = {row.id: row for row in books.invoices if row.status in ISSUED and not row.deleted_at}
    credited: dict[str, date] = {}
    for row in books.invoice_lines:
        note = issued.get(row.invoice_id or "")
        if note is not None and note.kind == "credit_note" and note.issued_on and row.credits_line_id:
            known = credited.get(row.credits_line_id, note.issued_on)
            credited[row.credits_line_id] = max(known, note.issued_on)
    whole: dict[str, date] = {}
    for note in issued.values():
        if note.kind == "credit_note" and note.credits_id and note.issued_on:
            whole[note.credits_id] = max(whole.get(note.credits_id, note.issued_on), note.issued_on)
    for line in books.invoice_lines:
        header = issued.get(line.invoice_id or "")
        if header is None or line.id not in live or header.issued_on is None:
            continue
        yield line, line.id, header.issued_on, line.amount
        days_ = [day for day in (credited.get(line.id), whole.get(header.id)) if day]
        if live[line.id] != line.amount and days_:
            yield line, f"{line.id}-credit", max(days_), live[line.id] - line.amount


def recognised(books: Books) -> Iterator[tuple[RevenueLine, Decimal]]:
    """Postings and their reversals; one that is only marked as reversed leaves nothing."""
    lines = [row for row in books.revenue_lines if row.state != "scheduled" and not row.deleted_at]
    taken_back = {row.reverses_id for row in lines if row.reverses_id}
    for row in lines:
        if row.reverses_id:
            yield row, -abs(row.amount)
        elif row.state == "posted" or row.id in taken_back:
            yield row, row.amount


def _wip(books: Books, moved: Sums) -> None:
    """Time approved adds to the WIP of its project and month, time billed takes from it."""
    for item in billable(books, held=True):
        key = item.entry.legal_entity or "", item.project.id, item.currency, f"{item.entry.work_date:%Y-%m}"
        moved[key] += item.value
    for (company, project, currency, period), amount in sorted(moved.items()):
        if amount:
            end = days.add_months(date.fromisoformat(f"{period}-01"), 1) - timedelta(days=1)
            row = LedgerEntry(
                id=f"GL-wip-{project}-{currency}-{period}",
                account="wip",
                project_system="psa",
                project_id=project,
                period=period,
                currency=currency,
                amount=amount,
                source_updated_at=days.local_time(company, end, days.NOON),
            )
            books.put(row, company)


def _post(books: Books, entry: LedgerEntry, source: InvoiceLine | RevenueLine) -> None:
    entry.project_system, entry.project_id = source.project_system, source.project_id
    entry.contract_line_id = source.contract_line_id
    entry.source_updated_at = source.source_updated_at
    books.put(entry, source.legal_entity)


def _entry(account: str, source: str, day: date, currency: str, amount: Decimal) -> LedgerEntry:
    return LedgerEntry(
        id=f"GL-{account}-{source}",
        account=account,
        period=f"{day:%Y-%m}",
        posted_on=day,
        currency=currency,
        amount=amount,
        source_updated_at=days.local_time("UK01", day, days.NOON),
    )


def _balances(books: Books) -> None:
    """Opening and closing of each account by month, running from nothing."""
    moved: Sums = defaultdict(Decimal)
    for entry in books.ledger_entries:
        moved[entry.legal_entity or "", entry.account, entry.currency, entry.period or ""] += entry.amount
    held: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for (company, account, currency, period), amount in sorted(moved.items()):
        opening = held[company, account, currency]
        held[company, account, currency] = opening + amount
        row = LedgerBalance(
            id=f"GLB-{company}-{account}-{currency}-{period}",
            ledger=company,
            account=account,
            period=period,
            currency=currency,
            opening=opening,
            closing=opening + amount,
            source_updated_at=books.as_of,
        )
        books.put(row, company)
