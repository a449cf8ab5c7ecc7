"""Invoices of the simulated firm: headers of one engagement or of many, lines in five ways, credit notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from sandbox import days, money
from sandbox.job import Job
from sandbox.records import Invoice, InvoiceLine, TimeEntry
from sandbox.timework import Run, TimeLine

_TERMS = timedelta(days=30)
_LIVE = ("posted", "sent", "paid", "paid")
WHOLE_CREDIT_SHARE = 0.012


def _header(job: Job, key: str, day: date, status: str) -> Invoice:
    issued = status not in {"draft", "pending_approval"}
    posted_at = job.at(day)
    return job.put(
        Invoice(
            id=key,
            number=key if issued else None,
            customer_id=job.customer.id,
            status=status,
            issued_on=day if issued else None,
            due_on=day + _TERMS if issued else None,
            posted_at=posted_at if issued else None,
            currency=job.currency,
            amount=Decimal(0),
            source_updated_at=posted_at,
        )
    )


def own_invoice(job: Job, day: date, status: str | None = None, currency: str | None = None) -> Invoice:
    """A header for this engagement alone."""
    job.counts["invoice"] += 1
    key = f"INV-{job.number}-{job.counts['invoice']:03d}"
    row = _header(job, key, day, status or job.rng.choice(_LIVE))
    row.currency = currency or row.currency
    return row


def shared_invoice(job: Job, run_day: date) -> Invoice | None:
    """The client's consolidated header for a billing day; None while it is not issued yet.

    Its dice are its own, so that it looks alike whichever engagement asks first.
    """
    key = f"INV-C{job.customer_no:05d}-{run_day:%y%m%d}-{job.company}-{job.currency}"
    if key not in job.shared:
        rng = Random(f"{job.seed}/{key}")
        day = days.after(job.company, run_day, rng.randint(5, 7))
        if day > job.today:
            return None
        job.shared[key] = _header(job, key, day, rng.choice(_LIVE))
    return job.shared[key]


def add_line(job: Job, invoice: Invoice, amount: Decimal, covers: str, **names: str | None) -> InvoiceLine:
    """A line, its amount added to the header's."""
    invoice.amount = (invoice.amount or Decimal(0)) + amount
    job.counts[invoice.id] += 1
    return job.put(
        InvoiceLine(
            id=f"{invoice.id}.{job.number}.{job.counts[invoice.id]:02d}",
            invoice_id=invoice.id,
            covers=covers,
            currency=invoice.currency,
            amount=amount,
            source_updated_at=invoice.source_updated_at,
            **names,  # type: ignore[arg-type]
        )
    )


def bill_time(
    line: TimeLine,
    run: Run,
    *,
    status: str | None = None,
    part: Fraction = Fraction(1),
    entries: Sequence[TimeEntry] | None = None,
) -> list[InvoiceLine]:
    """Invoice a run (or the part of it given) the way this line is billed; nothing while it is too early."""
    job = line.job
    wanted = [entry for entry in (run.entries if entries is None else entries) if _billable(entry)]
    if not wanted:
        return []
    if line.shared and status is None:
        invoice = shared_invoice(job, run.day)
    else:
        calendar = line.line is not None and line.line.billing_calendar is not None
        lag = job.rng.randint(5, 7) if calendar else job.rng.randint(1, 4)
        day = days.after(job.company, run.day, lag)
        invoice = _in_time(job, run, day, status, wanted[0].currency)
    if invoice is None:
        return []
    lines = _MODES[line.mode](line, invoice, wanted, part)
    _tell(line, wanted, invoice)
    return lines


def _in_time(job: Job, run: Run, day: date, status: str | None, currency: str | None) -> Invoice | None:
    """A header for a run on its day; before that, some runs lie in a draft already."""
    if day <= job.today:
        return own_invoice(job, day, status, currency)
    drafted = run.day <= job.today and job.chance(0.3)
    return own_invoice(job, job.today, "draft", currency) if drafted else None


def _billable(entry: TimeEntry) -> bool:
    flags = entry.held or entry.written_off or not entry.billable or entry.deleted_at
    return entry.status == "approved" and not flags


def _tell(line: TimeLine, entries: Sequence[TimeEntry], invoice: Invoice) -> None:
    live = invoice.status in _LIVE
    for entry in entries:
        entry.billed = live
    if live:
        keys = (("project", "psa", line.project.id), ("invoice", "erp", invoice.id))
        line.job.hand_off("time_to_billing", invoice.source_updated_at, *keys)


def _names(line: TimeLine, *, name_line: bool = True) -> dict[str, str | None]:
    """How ERP lines name the project: by PSA's id, or by the ERP's own where it keeps a view of it."""
    own = line.ledger_id if line.job.chance(0.3) else None
    return {
        "project_system": "erp" if own else "psa",
        "project_id": own or line.project.id,
        "contract_line_id": line.line.id if line.line and name_line else None,
    }


def _total(line: TimeLine, entries: Sequence[TimeEntry], part: Fraction) -> Decimal:
    currency = entries[0].currency or line.job.currency
    return money.share(sum((line.price(entry) for entry in entries), Decimal(0)), part, currency)


def _whole(
    line: TimeLine, invoice: Invoice, entries: Sequence[TimeEntry], part: Fraction
) -> list[InvoiceLine]:
    row = add_line(line.job, invoice, _total(line, entries, part), "time", **_names(line))
    row.hours = sum((entry.hours for entry in entries), Decimal(0))
    row.time_entries = tuple((entry.id, None) for entry in entries)
    return [row]


def _by_hours(
    line: TimeLine, invoice: Invoice, entries: Sequence[TimeEntry], part: Fraction
) -> list[InvoiceLine]:
    """Hours on each reference; one entry in ten is split over two lines of the same invoice."""
    first: list[tuple[str, Decimal | None]] = []
    second: list[tuple[str, Decimal | None]] = []
    for entry in entries:
        hours = entry.hours * part.numerator / part.denominator
        if line.job.chance(0.1):
            first.append((entry.id, hours / 2))
            second.append((entry.id, hours / 2))
        else:
            first.append((entry.id, hours))
    total, names = _total(line, entries, part), _names(line)
    rest = money.share(total, Fraction(1, 4), invoice.currency) if second else Decimal(0)
    halves = [(first, total - rest), (second, rest)] if second else [(first, total)]
    rows = []
    for references, amount in halves:
        row = add_line(line.job, invoice, amount, "time", **names)
        row.time_entries = tuple(references)
        row.hours = sum((hours or Decimal(0) for _, hours in references), Decimal(0))
        rows.append(row)
    return rows


def _by_entry(
    line: TimeLine, invoice: Invoice, entries: Sequence[TimeEntry], part: Fraction
) -> list[InvoiceLine]:
    row = add_line(line.job, invoice, _total(line, entries, part), "time", **_names(line))
    for entry in entries:
        entry.invoice_line_id = row.id
    return [row]


def _by_line(
    line: TimeLine, invoice: Invoice, entries: Sequence[TimeEntry], part: Fraction
) -> list[InvoiceLine]:
    return [add_line(line.job, invoice, _total(line, entries, part), "time", **_names(line))]


def _by_project(
    line: TimeLine, invoice: Invoice, entries: Sequence[TimeEntry], part: Fraction
) -> list[InvoiceLine]:
    names = _names(line, name_line=False)
    return [add_line(line.job, invoice, _total(line, entries, part), "time", **names)]


Biller = Callable[[TimeLine, Invoice, Sequence[TimeEntry], Fraction], list[InvoiceLine]]
_MODES: dict[str, Biller] = {
    "whole": _whole,
    "hours": _by_hours,
    "entry": _by_entry,
    "line": _by_line,
    "project": _by_project,
}
#: modes in which every invoice line says which entries it bills
REFERENCED = ("whole", "hours", "entry")
