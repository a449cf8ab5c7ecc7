"""What an entry of time is worth, and which entries nothing bills yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sandbox import money
from sandbox.books import Books
from sandbox.job import Job
from sandbox.live import live_amounts
from sandbox.records import ContractLine, InvoiceLine, Project, TimeEntry


@dataclass(frozen=True, slots=True)
class Worth:
    """An entry with its project and line; no value: no rate prices it."""

    entry: TimeEntry
    project: Project
    line: ContractLine | None
    currency: str
    value: Decimal | None


def standing(books: Books, *statuses: str) -> Iterator[Worth]:
    """Billable entries in one of these states, not deleted, of projects that are known."""
    projects = {row.id: row for row in books.psa_projects}
    lines = {row.id: row for row in books.contract_lines}
    for entry in books.time_entries:
        project = projects.get(entry.project_id or "")
        if project and entry.status in statuses and entry.billable and not entry.deleted_at:
            yield worth(entry, project, lines.get(entry.contract_line_id or ""))


def worth(entry: TimeEntry, project: Project, line: ContractLine | None) -> Worth:
    """Its own rate counts, else its line's, else its project's where it names no line."""
    agreed = line.rate if line else None if entry.contract_line_id else project.rate
    rate = agreed if entry.rate is None else entry.rate
    currency = entry.currency or (line.currency if line else project.currency) or "XXX"
    value = None if rate is None else money.rounded(entry.hours * rate, currency, entry.rounding)
    return Worth(entry, project, line, currency, value)


def unbilled(job: Job) -> list[TimeEntry]:
    """The engagement's approved and billable entries that no invoice line names, oldest first."""
    named = {entry for row in job.own(InvoiceLine) for entry, _ in row.time_entries}
    found = [
        row
        for row in job.own(TimeEntry)
        if row.status == "approved" and row.billable and not (row.held or row.written_off or row.deleted_at)
        if row.invoice_line_id is None and row.id not in named
    ]
    return sorted(found, key=lambda row: (row.work_date, row.id))


def billed_parts(books: Books, live: dict[str, Fraction]) -> dict[str, Fraction]:
    """What part of each entry live lines name."""
    hours_of = {entry.id: entry.hours for entry in books.time_entries}
    found: dict[str, Fraction] = defaultdict(Fraction)
    for row in books.invoice_lines:
        for entry, hours in row.time_entries:
            share = Fraction(1) if hours is None else Fraction(hours) / Fraction(hours_of[entry])
            found[entry] += share * live.get(row.id, Fraction(0))
    for entry_row in books.time_entries:
        if entry_row.invoice_line_id:
            found[entry_row.id] += live.get(entry_row.invoice_line_id, Fraction(0))
    return found


Sums = dict[tuple[str, str], Decimal]


def used_of_lines(books: Books) -> tuple[Sums, Sums]:
    """What live invoice lines bill of each contract line and currency, and what is time they do not name."""
    live = live_amounts(books)
    entries = {row.invoice_line_id for row in books.time_entries}
    billed: Sums = defaultdict(Decimal)
    unnamed: Sums = defaultdict(Decimal)
    for row in books.invoice_lines:
        key = (row.contract_line_id or "", row.currency)
        billed[key] += live.get(row.id, Decimal(0))
        if row.covers == "time" and not row.milestone_id and not row.time_entries and row.id not in entries:
            unnamed[key] += live.get(row.id, Decimal(0))
    return billed, unnamed
