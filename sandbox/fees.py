"""Fixed fees and retainers: billed by the month or the quarter, recognised over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from sandbox import days, money
from sandbox.billing import add_line, own_invoice, shared_invoice
from sandbox.job import Job
from sandbox.records import ContractLine, Expense, InvoiceLine, Project, RevenueLine

_DAY = timedelta(days=1)
_SPENT = ("approved",) * 5 + ("submitted", "rejected")


@dataclass(frozen=True, slots=True)
class Fee:
    """A contract line that is paid by the month; ``shared``: on the client's consolidated invoices."""

    job: Job
    project: Project
    line: ContractLine
    shared: bool


def deliver(fee: Fee, start: date, end: date) -> None:
    """One invoice line and one posting a month, in equal parts; the months to come are scheduled."""
    months = _month_ends(start, end)
    part = money.share(fee.line.amount or Decimal(0), Fraction(1, len(months)), fee.job.currency)
    for month_end in months:
        _post(fee.job, fee.line, month_end, part, fee.job.currency)
        _bill(fee, month_end, part)


def recognise_as_invoiced(job: Job, line: ContractLine, invoiced: list[InvoiceLine]) -> None:
    """Time and materials: revenue follows the invoice line."""
    for row in invoiced:
        day = days.local_day(job.company, row.source_updated_at)
        _post(job, line, day, row.amount, row.currency)


def spend(job: Job, project: Project, line: ContractLine | None, start: date, end: date) -> None:
    """A few travel costs, about half of them passed on; the client does not pay for the rest."""
    for _ in range(job.rng.randint(0, 4)):
        span = (min(end, job.today) - start).days
        day = start + timedelta(days=job.rng.randint(0, max(span, 0)))
        row = job.put(
            Expense(
                id=job.new_id("EX"),
                project_system="psa",
                project_id=project.id,
                contract_line_id=line.id if line else None,
                incurred_on=day,
                status=job.rng.choice(_SPENT),
                billable=job.chance(0.9),
                currency=job.currency,
                amount=job.price(40, 2_400),
                source_updated_at=job.at(day),
            )
        )
        row.approved_at = row.source_updated_at if row.status == "approved" else None
        billed_on = days.after(job.company, day, 8)
        if row.status != "approved" or not row.billable or billed_on > job.today:
            continue
        row.billable = job.chance(0.5)
        if row.billable:
            names = {"project_system": "psa", "project_id": project.id}
            invoice = own_invoice(job, billed_on)
            row.invoice_line_id = add_line(job, invoice, row.amount, "expense", **names).id


def _month_ends(start: date, end: date) -> list[date]:
    found = [days.add_months(start.replace(day=1), 1) - _DAY]
    while found[-1] < end:
        found.append(days.add_months(found[-1] + _DAY, 1) - _DAY)
    return found


def _bill(fee: Fee, day: date, part: Decimal) -> None:
    job = fee.job
    due = days.after(job.company, day, 3)
    if due > job.today:
        return
    invoice = shared_invoice(job, day) if fee.shared else own_invoice(job, due)
    if invoice:
        names = {"project_system": "psa", "project_id": fee.project.id, "contract_line_id": fee.line.id}
        add_line(job, invoice, part, "fee", **names)


def _post(job: Job, line: ContractLine, day: date, part: Decimal, currency: str) -> None:
    """Revenue of a day: posted, or scheduled while the day is still to come."""
    posted = day <= job.today
    job.put(
        RevenueLine(
            id=job.new_id("RL"),
            contract_id=line.contract_id,
            contract_line_id=line.id,
            state="posted" if posted else "scheduled",
            currency=currency,
            amount=part,
            period=f"{day:%Y-%m}",
            posted_on=day if posted else None,
            source_updated_at=job.at(min(day, job.today)),
        )
    )
