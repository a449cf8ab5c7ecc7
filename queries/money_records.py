"""The records of what is billed, recognised and booked: events, invoices, revenue, ledgers, periods."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from queries.record import Day, Hours, Id, Instant, LinkMethod, Money, Rate, Record, Text
from queries.types import Currency


class BillingEvent(Record, kw_only=True, gc=False):
    """What a PSA releases to be invoiced; ``error`` is what the ERP answered to it."""

    project_system: Id | None = None
    project_id: Id | None = None
    contract_line_system: Id | None = None
    contract_line_id: Id | None = None
    milestone_system: Id | None = None
    milestone_id: Id | None = None
    status: Literal["draft", "released", "invoiced", "error", "cancelled"]
    released_at: Instant | None = None
    error: Text | None = None
    currency: Currency
    amount: Money
    link_method: LinkMethod = "native_reference"


class Invoice(Record, kw_only=True, gc=False):
    """An invoice or credit note header. It belongs to no engagement: its lines do.

    ``credits_id`` names the invoice a credit note takes back when its lines do not say. ``open_amount`` is
    what is not paid of it; a ``disputed`` one is one the client does not accept.
    """

    number: Text | None = None
    kind: Literal["invoice", "credit_note"] = "invoice"
    customer_system: Id | None = None
    customer_id: Id | None = None
    status: Literal["draft", "pending_approval", "posted", "sent", "paid", "void"]
    issued_on: Day | None = None
    due_on: Day | None = None
    posted_at: Instant | None = None
    sent_at: Instant | None = None
    currency: Currency
    amount: Money | None = None
    open_amount: Money | None = None
    disputed: bool = False
    credits_system: Id | None = None
    credits_id: Id | None = None


class BilledTime(Struct, gc=False):
    """A time entry billed on an invoice line; no hours means all of it."""

    id: Id
    system: Id | None = None
    hours: Hours | None = None


class InvoiceLine(Record, kw_only=True, gc=False):
    """One line of an invoice. Amounts of a credit note are positive: the header's kind turns them."""

    invoice_system: Id | None = None
    invoice_id: Id | None = None
    project_system: Id | None = None
    project_id: Id | None = None
    contract_line_system: Id | None = None
    contract_line_id: Id | None = None
    milestone_system: Id | None = None
    milestone_id: Id | None = None
    billing_event_system: Id | None = None
    billing_event_id: Id | None = None
    covers: Literal["time", "expense", "milestone", "fee"] = "time"
    currency: Currency
    amount: Money
    hours: Hours | None = None
    credits_line_system: Id | None = None
    credits_line_id: Id | None = None
    time_entries: tuple[BilledTime, ...] = ()


class RevenueLine(Record, kw_only=True, gc=False):
    """Revenue scheduled or posted. A reversal names the posting it takes back.

    A ``disputed`` one is an accrual somebody does not accept.
    """

    contract_system: Id | None = None
    contract_id: Id | None = None
    contract_line_system: Id | None = None
    contract_line_id: Id | None = None
    project_system: Id | None = None
    project_id: Id | None = None
    milestone_system: Id | None = None
    milestone_id: Id | None = None
    state: Literal["scheduled", "posted", "reversed"]
    currency: Currency
    amount: Money
    period: Text | None = None
    posted_on: Day | None = None
    disputed: bool = False
    reverses_system: Id | None = None
    reverses_id: Id | None = None


Account = Literal[
    "receivable", "billing", "revenue", "contract_liability", "contract_asset", "wip", "cost",
]  # fmt: skip


class LedgerEntry(Record, kw_only=True, gc=False):
    """One posting to an account of a ledger, in the account's natural sign: what adds to it is positive."""

    ledger: Text | None = None
    account: Account
    project_system: Id | None = None
    project_id: Id | None = None
    contract_system: Id | None = None
    contract_id: Id | None = None
    contract_line_system: Id | None = None
    contract_line_id: Id | None = None
    period: Text | None = None
    posted_on: Day | None = None
    hours: Hours | None = None
    currency: Currency
    amount: Money


class LedgerBalance(Record, kw_only=True, gc=False):
    """What an account of a ledger held when a period opened and when it ended."""

    ledger: Text | None = None
    account: Account
    period: Text
    currency: Currency
    opening: Money
    closing: Money


class Period(Record, kw_only=True, gc=False):
    """An accounting period of one ledger, as the ERP keeps it."""

    ledger: Text | None = None
    name: Text
    start_on: Day
    end_on: Day
    status: Literal["open", "soft_closed", "closed"]
    closed_at: Instant | None = None


class FxRate(Record, kw_only=True, gc=False):
    """How much of ``currency`` one unit of ``base_currency`` buys on a day, under a named rate type."""

    rate_type: Text
    base_currency: Currency
    currency: Currency
    valid_on: Day
    rate: Rate
