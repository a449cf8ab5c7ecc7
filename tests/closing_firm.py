"""A firm with periods and a ledger to close, on the cast of :mod:`tests.cast`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from metrics.reconcile import Reconciled, reconcile
from metrics.tieout import tie_outs
from queries import polls, reconciliation
from queries.close_periods import Period, periods
from queries.reconciliation import Difference
from tests.cast import Cast, utc

NOW = "2026-12-10T18:00:00Z"
EVENTS, TIME, BILLINGS, REVENUE, LIABILITY = (
    "billing_events_to_invoices", "approved_time_to_billed_plus_wip", "invoices_to_revenue_billings",
    "revenue_to_gl", "contract_liability_roll_forward",
)  # fmt: skip
MONTHS = (("2026-09", "09-01", "09-30"), ("2026-10", "10-01", "10-31"), ("2026-11", "11-01", "11-30"))


def calendar(firm: Cast, **statuses: str) -> None:
    """Three months of the ERP's table for UK01; a status other than open is told by name, ``P10="closed"``."""
    firm.entity("UK01", timezone="Europe/London", legal_entity="UK01")
    for name, start, end in MONTHS:
        status = statuses.get(f"P{name[-2:]}", "open")
        period(firm, name, f"2026-{start}", f"2026-{end}", status=status)


def period(firm: Cast, name: str, start: str, end: str, **fields: Any) -> None:
    """A period of UK01's only ledger."""
    values = {"name": name, "start_on": start, "end_on": end, "status": "open", "legal_entity": "UK01"}
    firm.put("period", f"UK01-{name}", "erp", **{**values, **fields})


def event(firm: Cast, identifier: str, amount: str, at: str = "2026-10-12T12:00Z", **fields: Any) -> None:
    """A billing event of UK01, released on 12 October 2026 unless said otherwise."""
    values = {"status": "released", "released_at": at, "currency": "GBP", "amount": amount}
    firm.put("billing_event", identifier, "psa", **{"legal_entity": "UK01", **values, **fields})


def bill(firm: Cast, identifier: str, amount: str, on: str = "2026-10-14", **fields: Any) -> None:
    """An invoice of one line of UK01."""
    header: dict[str, Any] = {
        name: fields.pop(name) for name in ("kind", "credits_id", "status") if name in fields
    }
    currency = fields.get("currency", "GBP")
    header.setdefault("currency", currency)
    firm.invoice(f"I-{identifier}", issued_on=on, legal_entity="UK01", **header)
    firm.line(identifier, amount, f"I-{identifier}", legal_entity="UK01", **fields)


def book(firm: Cast, identifier: str, account: str, amount: str, **fields: Any) -> None:
    """A posting of UK01 in October 2026."""
    values = {"account": account, "posted_on": "2026-10-14", "currency": "GBP", "amount": amount}
    firm.put("ledger_entry", identifier, "erp", **{"legal_entity": "UK01", **values, **fields})


def complete(firm: Cast, now: str = NOW) -> None:
    """Every stream is read to its end at ``now``."""
    for system, stream in firm.streams:
        run = polls.start_run(firm.connection, system, stream, utc(now), None)
        polls.end_run(firm.connection, run, now=utc(now), outcome="ok", complete_through=utc(now))


def of(firm: Cast, name: str = "2026-10") -> tuple[Period, list[Period]]:
    """A period, and all there are."""
    every = periods(firm.connection, "UK01")
    return next(one for one in every if one.name == name), every


def run(firm: Cast, tie_out: str, name: str = "2026-10", now: str | datetime = NOW) -> Reconciled:
    """Reconcile a tie-out of a period, every stream complete."""
    complete(firm, now) if isinstance(now, str) else None
    one, every = of(firm, name)
    moment = utc(now) if isinstance(now, str) else now
    return reconcile(firm.connection, tie_outs()[tie_out], one, every, moment)


def differences(firm: Cast, found: Reconciled) -> list[Difference]:
    """All differences of a run."""
    return reconciliation.differences(firm.connection, found.run, limit=1000)


def classes(firm: Cast, found: Reconciled) -> list[tuple[str, str, int]]:
    """Class, currency and minor units of a run's differences, in a fixed order."""
    return sorted((d.kind, d.currency, d.minor) for d in differences(firm, found))
