"""What can happen to approved time on its way to an invoice: planted gaps, and their near misses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from sandbox import days, money
from sandbox.billing import REFERENCED, add_line, bill_time, own_invoice
from sandbox.credits import credit_header, credit_lines
from sandbox.records import TimeEntry
from sandbox.timework import Run, TimeLine, hourly

Twist = Callable[[TimeLine, Run], None]

#: from this age of a billing day on, unbilled time is an exception once it is older
WATCH = 10
_HALF = Fraction(1, 2)


def bill_all(line: TimeLine, twist: str) -> None:
    """Bill every run of a line; the twist, if it is one of time, befalls one run or all from one on."""
    runs = line.runs()
    company, today = line.job.company, line.job.today
    at_edge = twist in AT_EDGE
    aged = [run for run in runs if days.business_days(company, run.day, today) > (0 if at_edge else WATCH)]
    target = _target(line, aged, at_edge=at_edge) if twist in TWISTS else None
    for run in runs:
        if target and (run is target or (twist in LASTING and run.day > target.day)):
            TWISTS[twist](line, run)
        else:
            bill_time(line, run)


def _target(line: TimeLine, aged: list[Run], *, at_edge: bool) -> Run | None:
    full = [run for run in aged if any(row.status == "approved" and row.billable for row in run.entries)]
    if not full:
        return None
    return full[-1] if at_edge else line.job.rng.choice(full[-3:])


def _missed(line: TimeLine, run: Run) -> None:
    """Nobody billed it; in half the cases because the message died on its way to the ERP."""
    job = line.job
    if job.chance(0.5):
        at = job.at(min(days.after(job.company, run.day, 2), job.today))
        job.hand_off("time_to_billing", at, ("project", "psa", line.project.id), dead=True)


def _lied(_line: TimeLine, run: Run) -> None:
    for entry in run.entries:
        entry.billed = True


def _partly(line: TimeLine, run: Run) -> None:
    bill_time(line, run, part=_HALF)


def _unissued(status: str) -> Twist:
    def befall(line: TimeLine, run: Run) -> None:
        bill_time(line, run, status=status)

    return befall


def _line_deleted(line: TimeLine, run: Run) -> None:
    for row in bill_time(line, run):
        row.deleted_at = row.source_updated_at


def _credited(line: TimeLine, run: Run) -> None:
    rows = bill_time(line, run)
    if rows:
        part = line.job.rng.choice((Fraction(1), Fraction(3, 10), _HALF))
        credit_lines(line.job, rows, part, line.job.today - timedelta(days=1))


def _credit_drafted(line: TimeLine, run: Run) -> None:
    rows = bill_time(line, run)
    if rows:
        credit_lines(line.job, rows, Fraction(1), line.job.today - timedelta(days=1), "draft")


def _rebilled(line: TimeLine, run: Run) -> None:
    rows = bill_time(line, run)
    if rows:
        credit_lines(line.job, rows, Fraction(1), line.job.today - timedelta(days=2))
        bill_time(line, run)


def _header_credited(line: TimeLine, run: Run) -> None:
    job = line.job
    rows = bill_time(line, run)
    if not rows:
        return
    invoice = next(row for row in reversed(job.books.invoices) if row.id == rows[0].invoice_id)
    smallest = money.unit(invoice.currency)
    names = {"project_system": "psa", "project_id": line.project.id}
    rows.append(add_line(job, invoice, job.rng.randint(400, 90_000) * 2 * smallest, "expense", **names))
    for row in rows:
        odd = row.amount % (2 * smallest)
        row.amount -= odd
        invoice.amount = (invoice.amount or Decimal(0)) - odd
    credit_header(job, invoice, rows, job.today - timedelta(days=1))


def _short(line: TimeLine, run: Run) -> None:
    """Lines without references, 60 % billed once and then nothing; an expense line relieves no time."""
    job = line.job
    if not job.counts["short"]:
        job.counts["short"] = 1
        bill_time(line, run, part=Fraction(3, 5))
        names = {"project_system": "psa", "project_id": line.project.id}
        day = min(days.after(job.company, run.day, 3), job.today)
        add_line(job, own_invoice(job, day), job.price(300, 3_000), "expense", **names)


def _shifted(line: TimeLine, run: Run) -> None:
    """A quarter of one old week is left out: later lines relieve it, and what stays open is young."""
    bill_time(line, run, part=Fraction(3, 4))


def _project_level(line: TimeLine, run: Run) -> None:
    """One line for the whole project relieves whatever is oldest, on whichever contract line."""
    if not line.job.counts["project level"]:
        line.job.counts["project level"] = 1
        bill_time(replace(line, mode="project"), run, part=Fraction(2, 3))


def _second_currency(line: TimeLine, run: Run) -> None:
    """Some of the run is worked for a client's affiliate in another currency, and stays unbilled."""
    job = line.job
    other = "KWD" if job.currency != "KWD" else "USD"
    abroad = replace(job, currency=other)
    away = run.entries[::2]
    for entry in away:
        entry.currency, entry.rate = other, hourly(abroad)
    bill_time(line, run, entries=[entry for entry in run.entries if entry not in away])


def _unrated(_line: TimeLine, run: Run) -> None:
    for entry in run.entries:
        entry.rate = entry.currency = None


def _some_unrated(_line: TimeLine, run: Run) -> None:
    for entry in run.entries[::3]:
        entry.rate = entry.currency = None


def _each(**flags: object) -> Twist:
    def befall(_line: TimeLine, run: Run) -> None:
        for entry in run.entries:
            for name, value in flags.items():
                setattr(entry, name, value)

    return befall


def _deleted(_line: TimeLine, run: Run) -> None:
    for entry in run.entries:
        entry.deleted_at = entry.source_updated_at


def _corrected(part: Fraction) -> Twist:
    """Wrong hours, taken back by entries with negative hours of the same days."""

    def befall(line: TimeLine, run: Run) -> None:
        for entry in run.entries:
            _reverse(line, entry, part)

    return befall


def _reverse(line: TimeLine, entry: TimeEntry, part: Fraction) -> None:
    hours = -entry.hours * part.numerator / part.denominator
    line.job.put(replace(entry, id=line.job.new_id("TE"), hours=hours, billed=None))


TWISTS: dict[str, Twist] = {
    "stopped": _missed,
    "missed": _missed,
    "just_past": _missed,
    "at_threshold": _missed,
    "no_lines": _missed,
    "flag_lies": _lied,
    "partly": _partly,
    "draft": _unissued("draft"),
    "pending": _unissued("pending_approval"),
    "void": _unissued("void"),
    "line_deleted": _line_deleted,
    "credited": _credited,
    "header_credited": _header_credited,
    "short": _short,
    "second_currency": _second_currency,
    "some_unrated": _some_unrated,
    "corrected": _corrected(_HALF),
    "two_lines": _project_level,
    "held": _each(held=True),
    "written_off": _each(written_off=True),
    "rejected": _each(status="rejected", approved_at=None),
    "not_billable": _each(billable=False),
    "unrated": _unrated,
    "netted": _corrected(Fraction(1)),
    "rebilled": _rebilled,
    "credit_drafted": _credit_drafted,
    "untraceable": _missed,
    "deleted": _deleted,
    "shifted": _shifted,
}
#: twists that go on with every later run
LASTING = frozenset({"stopped", "short", "two_lines", "untraceable", "no_lines"})
#: twists about the billing day that is exactly at, or one day past, the threshold
AT_EDGE = frozenset({"at_threshold", "just_past"})
#: twists that need one way of billing; all others take a way with references
MODES: dict[str, tuple[str, ...]] = {
    "short": ("line", "project"),
    "shifted": ("line", "project"),
    "two_lines": ("line",),
    "partly": ("hours",),
    "stopped": (*REFERENCED, "line", "project"),
}
