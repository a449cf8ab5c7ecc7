"""Approved time that no invoice relieves: the second part of the truth.

Worked out in five steps, each a function: what an entry is worth and on which line it bills; which
part of each invoice line is live; what lines relieve of the entries they name; what lines that name
none relieve of the oldest; and which of what is left open is more than ten business days past its
billing day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sandbox import days, money
from sandbox.books import Books
from sandbox.gap import Gap
from sandbox.records import ContractLine, InvoiceLine, Project, TimeEntry

BILLING_WATCH = 10
_ISSUED = frozenset({"posted", "sent", "paid"})


@dataclass(slots=True)
class Open:
    """An entry that should be billed, and what of its value is still open."""

    entry: TimeEntry
    project: Project
    line: ContractLine | None
    currency: str
    value: Decimal
    left: Decimal


def unbilled_time(books: Books) -> Iterator[Gap]:
    """Sums of open value per project, contract line and currency, of entries past the threshold only."""
    work = list(billable(books))
    live = live_shares(books)
    relieve_by_reference(books, work, live)
    relieve_oldest(books, work, live)
    sums: dict[tuple[str, str | None, str], Decimal] = defaultdict(Decimal)
    for item in work:
        if _late(books, item):
            sums[item.project.id, item.line.id if item.line else None, item.currency] += item.left
    for (project, line, currency), amount in sums.items():
        if amount > 0:
            yield Gap("unbilled_approved_time", "psa", "project", project, line, amount, currency)


def billable(books: Books, *, held: bool = False) -> Iterator[Open]:
    """Approved, billable entries on time and materials, neither written off nor deleted, held if asked for.

    A project whose contract has no lines bills by its own method; without either the time is nobody's.
    """
    projects = {project.id: project for project in books.psa_projects}
    lines = {line.id: line for line in books.contract_lines}
    with_lines = {line.contract_id for line in books.contract_lines}
    for entry in books.time_entries:
        set_aside = (entry.held and not held) or entry.written_off or entry.deleted_at
        if entry.status != "approved" or not entry.billable or set_aside:
            continue
        project, line = projects[entry.project_id or ""], lines.get(entry.contract_line_id or "")
        kind = line.kind if line else None if project.contract_id in with_lines else project.billing_method
        if kind == "time_and_materials":
            yield _priced(entry, project, line)


def _priced(entry: TimeEntry, project: Project, line: ContractLine | None) -> Open:
    default_rate = line.rate if line else project.rate
    currency = entry.currency or (line.currency if line else project.currency) or ""
    rate = entry.rate if entry.rate is not None else default_rate or Decimal(0)
    value = money.rounded(entry.hours * rate, currency, entry.rounding)
    return Open(entry, project, line, currency, value, value)


def live_shares(books: Books) -> dict[str, Fraction]:
    """Invoice line -> the part of it that stands: 1, less what was credited; not issued lines are left out.

    A credit takes from the lines it names; one that names the invoice only takes the same part of each.
    """
    headers = {row.id: row for row in books.invoices if row.status in _ISSUED and not row.deleted_at}
    rows = [row for row in books.invoice_lines if row.invoice_id in headers and not row.deleted_at]
    live: dict[str, Fraction] = {}
    totals: dict[str, Decimal] = defaultdict(Decimal)
    amount_of = {row.id: row.amount for row in rows}
    for row in rows:
        if headers[row.invoice_id or ""].kind == "invoice":
            live[row.id] = Fraction(1)
            totals[row.invoice_id or ""] += row.amount
    by_line = {row.invoice_id for row in rows if row.credits_line_id}
    for row in rows:
        if row.credits_line_id in live and amount_of[row.credits_line_id]:
            live[row.credits_line_id] -= Fraction(row.amount) / Fraction(amount_of[row.credits_line_id])
    taken: dict[str, Fraction] = defaultdict(Fraction)
    for header in headers.values():
        if header.kind == "credit_note" and header.id not in by_line and totals.get(header.credits_id or ""):
            taken[header.credits_id or ""] += Fraction(header.amount or 0) / Fraction(
                totals[header.credits_id or ""]
            )
    for row in rows:
        if row.id in live:
            live[row.id] = max(live[row.id] - taken[row.invoice_id or ""], Fraction(0))
    return live


def _references(books: Books) -> Iterator[tuple[str, str, Decimal | None]]:
    """(invoice line, entry, hours or None for all): said by the line, or by the entry about itself."""
    for row in books.invoice_lines:
        for entry_id, hours in row.time_entries:
            yield row.id, entry_id, hours
    for entry in books.time_entries:
        if entry.invoice_line_id:
            yield entry.invoice_line_id, entry.id, None


def relieve_by_reference(books: Books, work: list[Open], live: dict[str, Fraction]) -> None:
    """Take from each entry the hours that live lines name, as a part of its hours, rounded once."""
    hours_of = {item.entry.id: item.entry.hours for item in work}
    parts: dict[str, Fraction] = defaultdict(Fraction)
    for line_id, entry_id, hours in _references(books):
        if line_id in live and entry_id in hours_of:
            part = Fraction(1) if hours is None else Fraction(hours) / Fraction(hours_of[entry_id])
            parts[entry_id] += part * live[line_id]
    for item in work:
        part = min(parts[item.entry.id], Fraction(1))
        item.left = item.value - money.share(item.value, part, item.currency)


def relieve_oldest(books: Books, work: list[Open], live: dict[str, Fraction]) -> None:
    """Lines naming no entries pay for the oldest open ones: of their contract line, then of the project."""
    psa_id = {view.id: view.project_id for view in books.erp_projects}
    naming = {line_id for line_id, _, _ in _references(books)}
    pools: dict[tuple[str, str | None, str], Decimal] = defaultdict(Decimal)
    for row in books.invoice_lines:
        if row.id in live and row.id not in naming and row.covers == "time":
            project = row.project_id if row.project_system == "psa" else psa_id[row.project_id or ""]
            key = (project or "", row.contract_line_id, row.currency)
            pools[key] += _worth(row, live[row.id])
    oldest_first = sorted(work, key=lambda item: (item.entry.work_date, item.entry.id))
    for named in (True, False):
        for item in oldest_first:
            line = item.line.id if item.line and named else None
            key = (item.project.id, line, item.currency)
            if (item.line or not named) and key in pools and item.left > 0:
                paid = min(item.left, pools[key])
                item.left -= paid
                pools[key] -= paid


def _worth(row: InvoiceLine, part: Fraction) -> Decimal:
    return money.share(row.amount, part, row.currency)


def _late(books: Books, item: Open) -> bool:
    """More than ten business days past the line's billing day, or past the end of the work week."""
    company = item.project.legal_entity or ""
    since = _billing_day(company, item.line, item.entry.work_date)
    return days.business_days(company, since, days.local_day(company, books.as_of)) > BILLING_WATCH


def _billing_day(company: str, line: ContractLine | None, day: date) -> date:
    if line and line.billing_calendar and line.next_billing_on:
        return days.billing_day(line.billing_calendar, line.next_billing_on, day)
    return days.week_end(company, day)
