"""The records Sightglass understands: one struct per kind, the canonical form of every source.

A collector turns what a system answers into these structs; :mod:`queries.schema` derives a table from
each. A reference to another record is a pair ``<name>_system`` / ``<name>_id`` (``REFERENCES``); the
system may be left out when only one configured system keeps that kind.

Units: money is a ``Decimal`` in the record's ``currency`` (stored in ISO 4217 minor units), hours are
decimal hours, rates are money per hour. Instants carry a zone, days are local to the legal entity.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from queries.types import Currency

Id = Annotated[str, Meta(min_length=1, max_length=255)]
Text = Annotated[str, Meta(max_length=4000)]
Instant = Annotated[datetime, Meta(tz=True)]
Day = date
Money = Annotated[Decimal, Meta(extra={"unit": "money"})]
Hours = Annotated[Decimal, Meta(extra={"unit": "hours"})]
Rate = Annotated[Decimal, Meta(extra={"unit": "rate"})]
LinkMethod = Literal["native_reference", "external_id", "crosswalk_file", "same_number"]


class Record(Struct, kw_only=True, gc=False, omit_defaults=True):
    """What every record carries, whatever its kind."""

    id: Id
    legal_entity: Id | None = None
    source_updated_at: Instant
    deleted_at: Instant | None = None
    source_url: Text | None = None


class Customer(Record, kw_only=True, gc=False):
    """A client, as one system knows it. ``customer_id`` names the same client in the system of record."""

    name: Text
    customer_system: Id | None = None
    customer_id: Id | None = None
    link_method: LinkMethod = "native_reference"


class LegalEntity(Record, kw_only=True, gc=False):
    """A company of the firm: its calendar decides what a business day is (weekdays as in ISO, 7 Sunday)."""

    name: Text
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    subdivision: Text | None = None
    timezone: Text | None = None
    currency: Currency | None = None
    work_week_end: Annotated[int, Meta(ge=1, le=7)] | None = None


class Resource(Record, kw_only=True, gc=False):
    """A person who can be staffed. ``resource_id`` names the same person in the system of record.

    ``code`` is the personnel number, ``email`` the address at work: shown as evidence, never matched by.
    """

    name: Text
    code: Text | None = None
    email: Text | None = None
    resource_system: Id | None = None
    resource_id: Id | None = None
    link_method: LinkMethod = "native_reference"
    active: bool = True
    start_on: Day | None = None
    end_on: Day | None = None


class Opportunity(Record, kw_only=True, gc=False):
    """A deal. ``services_amount`` is the part that is consulting work; blank means all of it."""

    number: Text | None = None
    name: Text | None = None
    customer_system: Id | None = None
    customer_id: Id | None = None
    customer_name: Text | None = None
    status: Literal["open", "won", "lost"]
    won_at: Instant | None = None
    currency: Currency
    amount: Money | None = None
    services_amount: Money | None = None
    owner: Text | None = None
    link_method: LinkMethod = "native_reference"


class Contract(Record, kw_only=True, gc=False):
    """A signed agreement about one piece of sold work."""

    number: Text | None = None
    name: Text | None = None
    opportunity_system: Id | None = None
    opportunity_id: Id | None = None
    customer_system: Id | None = None
    customer_id: Id | None = None
    status: Literal["draft", "signed", "active", "closed", "cancelled"]
    signed_at: Instant | None = None
    start_on: Day | None = None
    end_on: Day | None = None
    currency: Currency
    amount: Money | None = None
    link_method: LinkMethod = "native_reference"


class ContractLine(Record, kw_only=True, gc=False):
    """One promise of a contract: how it is billed and how its revenue is recognised.

    ``billing_calendar``, anchored at ``next_billing_on``, says when; without it, time bills by work week.
    """

    contract_system: Id | None = None
    contract_id: Id | None = None
    name: Text | None = None
    kind: Literal["time_and_materials", "milestone", "fixed_fee", "retainer"]
    recognition: Literal["milestone", "over_time", "as_invoiced"] | None = None
    currency: Currency
    amount: Money | None = None
    rate: Rate | None = None
    billing_calendar: Literal["weekly", "monthly", "quarterly"] | None = None
    next_billing_on: Day | None = None
    link_method: LinkMethod = "native_reference"


class Project(Record, kw_only=True, gc=False):
    """One system's view of a project. ``project_id`` ties it to another system's view of the same."""

    number: Text | None = None
    name: Text | None = None
    customer_system: Id | None = None
    customer_id: Id | None = None
    contract_system: Id | None = None
    contract_id: Id | None = None
    opportunity_system: Id | None = None
    opportunity_id: Id | None = None
    project_system: Id | None = None
    project_id: Id | None = None
    status: Literal["planned", "active", "on_hold", "complete", "closed", "cancelled"]
    activated_at: Instant | None = None
    billing_method: Literal["time_and_materials", "milestone", "fixed_fee", "retainer"] | None = None
    currency: Currency | None = None
    rate: Rate | None = None
    manager: Text | None = None
    link_method: LinkMethod = "native_reference"


class Allocation(Record, kw_only=True, gc=False):
    """A person booked on a project."""

    project_system: Id | None = None
    project_id: Id | None = None
    resource_system: Id | None = None
    resource_id: Id | None = None
    start_on: Day | None = None
    end_on: Day | None = None
    hours: Hours | None = None
    percent: Annotated[Decimal, Meta(extra={"unit": "rate"})] | None = None


class Milestone(Record, kw_only=True, gc=False):
    """A deliverable the client accepts; its amount is what acceptance earns."""

    name: Text | None = None
    project_system: Id | None = None
    project_id: Id | None = None
    contract_line_system: Id | None = None
    contract_line_id: Id | None = None
    status: Literal["planned", "reached", "accepted", "cancelled"]
    accepted_at: Instant | None = None
    currency: Currency
    amount: Money | None = None
    link_method: LinkMethod = "native_reference"


class TimeEntry(Record, kw_only=True, gc=False):
    """Hours of one person on one day.

    ``invoice_line_id`` says the entry was billed whole on that line; a line that bills part of an
    entry says so itself (:class:`InvoiceLine.time_entries`). ``billed`` is the time system's own
    flag: shown where it contradicts the ERP, never believed.
    """

    project_system: Id | None = None
    project_id: Id | None = None
    contract_line_system: Id | None = None
    contract_line_id: Id | None = None
    resource_system: Id | None = None
    resource_id: Id | None = None
    work_date: Day
    hours: Hours
    status: Literal["draft", "submitted", "approved", "rejected"]
    approved_at: Instant | None = None
    billable: bool = True
    held: bool = False
    written_off: bool = False
    billed: bool | None = None
    currency: Currency | None = None
    rate: Rate | None = None
    rounding: Literal["half_up", "half_even", "down"] | None = None
    invoice_line_system: Id | None = None
    invoice_line_id: Id | None = None


class Expense(Record, kw_only=True, gc=False):
    """A cost that may be passed on to the client."""

    project_system: Id | None = None
    project_id: Id | None = None
    contract_line_system: Id | None = None
    contract_line_id: Id | None = None
    incurred_on: Day
    status: Literal["draft", "submitted", "approved", "rejected"]
    billable: bool = True
    currency: Currency
    amount: Money
    invoice_line_system: Id | None = None
    invoice_line_id: Id | None = None


class BillingEvent(Record, kw_only=True, gc=False):
    """What a PSA releases to be invoiced."""

    project_system: Id | None = None
    project_id: Id | None = None
    contract_line_system: Id | None = None
    contract_line_id: Id | None = None
    milestone_system: Id | None = None
    milestone_id: Id | None = None
    status: Literal["draft", "released", "invoiced", "error", "cancelled"]
    released_at: Instant | None = None
    currency: Currency
    amount: Money
    link_method: LinkMethod = "native_reference"


class Invoice(Record, kw_only=True, gc=False):
    """An invoice or credit note header. It belongs to no engagement: its lines do.

    ``credits_id`` names the invoice a credit note takes back when its lines do not say.
    """

    number: Text | None = None
    kind: Literal["invoice", "credit_note"] = "invoice"
    customer_system: Id | None = None
    customer_id: Id | None = None
    status: Literal["draft", "pending_approval", "posted", "sent", "paid", "void"]
    issued_on: Day | None = None
    due_on: Day | None = None
    posted_at: Instant | None = None
    currency: Currency
    amount: Money | None = None
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
    covers: Literal["time", "expense", "milestone", "fee"] = "time"
    currency: Currency
    amount: Money
    hours: Hours | None = None
    credits_line_system: Id | None = None
    credits_line_id: Id | None = None
    time_entries: tuple[BilledTime, ...] = ()


class RevenueLine(Record, kw_only=True, gc=False):
    """Revenue scheduled or posted. A reversal names the posting it takes back."""

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
    reverses_system: Id | None = None
    reverses_id: Id | None = None


class Forecast(Record, kw_only=True, gc=False):
    """Planned hours and money of a project in a period."""

    project_system: Id | None = None
    project_id: Id | None = None
    period: Text
    hours: Hours | None = None
    currency: Currency | None = None
    amount: Money | None = None


class Period(Record, kw_only=True, gc=False):
    """An accounting period of one ledger, as the ERP keeps it."""

    ledger: Text | None = None
    name: Text
    start_on: Day
    end_on: Day
    status: Literal["open", "soft_closed", "closed"]


class FxRate(Record, kw_only=True, gc=False):
    """How much of ``currency`` one unit of ``base_currency`` buys on a day, under a named rate type."""

    rate_type: Text
    base_currency: Currency
    currency: Currency
    valid_on: Day
    rate: Rate


class Message(Record, kw_only=True, gc=False):
    """One delivery or run of the middleware."""

    flow: Text
    status: Literal["queued", "running", "succeeded", "failed", "retrying", "dead", "cancelled"]
    attempt: int | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    error: Text | None = None
    correlation_id: Text | None = None
    trace_id: Text | None = None
    project_system: Id | None = None
    project_id: Id | None = None
    opportunity_system: Id | None = None
    opportunity_id: Id | None = None
    milestone_system: Id | None = None
    milestone_id: Id | None = None


KINDS: dict[str, type[Record]] = {
    "customer": Customer, "legal_entity": LegalEntity, "resource": Resource, "opportunity": Opportunity,
    "contract": Contract, "contract_line": ContractLine, "project": Project, "allocation": Allocation,
    "milestone": Milestone, "time_entry": TimeEntry, "expense": Expense, "billing_event": BillingEvent,
    "invoice": Invoice, "invoice_line": InvoiceLine, "revenue_line": RevenueLine, "forecast": Forecast,
    "period": Period, "fx_rate": FxRate, "message": Message,
}  # fmt: skip
KIND_OF: dict[type[Record], str] = {struct: kind for kind, struct in KINDS.items()}

#: reference name -> kind it refers to, where the two differ
_RENAMED = {"credits": "invoice", "credits_line": "invoice_line", "reverses": "revenue_line"}

#: kind -> reference names -> kind referred to
REFERENCES: dict[str, dict[str, str]] = {
    kind: {
        name.removesuffix("_id"): _RENAMED.get(name.removesuffix("_id"), name.removesuffix("_id"))
        for name in struct.__struct_fields__
        if name.endswith("_id") and f"{name.removesuffix('_id')}_system" in struct.__struct_fields__
    }
    for kind, struct in KINDS.items()
}

#: kinds that tie systems together; the rank decides which member names its engagement
NODE_KINDS = ("opportunity", "contract", "contract_line", "project", "milestone", "billing_event")

#: kinds that belong to an engagement without joining two: the first reference given is the anchor
ANCHORS: dict[str, tuple[str, ...]] = {
    "allocation": ("project",),
    "time_entry": ("project", "contract_line"),
    "expense": ("project", "contract_line"),
    "invoice_line": ("milestone", "contract_line", "project"),
    "revenue_line": ("milestone", "contract_line", "contract", "project"),
    "forecast": ("project",),
    "message": ("project", "milestone", "opportunity"),
}
