"""The rows of the simulated firm's exports, one dataclass per kind.

Field names and their order are the header of the canonical CSV, known here a second time on purpose:
the firm stands outside the program and must not learn its shapes from it. Money is a ``Decimal`` in
the row's ``currency``, hours are decimal hours, instants are UTC, days are local to the legal entity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(slots=True, kw_only=True)
class Record:
    """What every row carries."""

    id: str
    legal_entity: str | None = None
    source_updated_at: datetime
    deleted_at: datetime | None = None
    source_url: str | None = None


@dataclass(slots=True, kw_only=True)
class Customer(Record):
    """A client of the firm."""

    name: str
    customer_system: str | None = None
    customer_id: str | None = None
    link_method: str = "native_reference"


@dataclass(slots=True, kw_only=True)
class LegalEntity(Record):
    """A company of the firm."""

    name: str
    country: str | None = None
    subdivision: str | None = None
    timezone: str | None = None
    currency: str | None = None
    work_week_end: int | None = None


@dataclass(slots=True, kw_only=True)
class Resource(Record):
    """A consultant."""

    name: str
    code: str | None = None
    email: str | None = None
    resource_system: str | None = None
    resource_id: str | None = None
    link_method: str = "native_reference"
    active: bool = True
    start_on: date | None = None
    end_on: date | None = None
    role: str | None = None
    practice: str | None = None
    region: str | None = None
    manager: str | None = None
    weekly_hours: Decimal | None = None
    currency: str | None = None
    cost_rate: Decimal | None = None
    bill_rate: Decimal | None = None


@dataclass(slots=True, kw_only=True)
class Opportunity(Record):
    """A deal in CRM."""

    number: str | None = None
    name: str | None = None
    customer_system: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    status: str
    won_at: datetime | None = None
    currency: str
    amount: Decimal | None = None
    services_amount: Decimal | None = None
    owner: str | None = None
    link_method: str = "native_reference"


@dataclass(slots=True, kw_only=True)
class Contract(Record):
    """A statement of work."""

    number: str | None = None
    name: str | None = None
    opportunity_system: str | None = None
    opportunity_id: str | None = None
    customer_system: str | None = None
    customer_id: str | None = None
    status: str
    signed_at: datetime | None = None
    start_on: date | None = None
    end_on: date | None = None
    currency: str
    amount: Decimal | None = None
    link_method: str = "native_reference"


@dataclass(slots=True, kw_only=True)
class ContractLine(Record):
    """One promise of a contract."""

    contract_system: str | None = None
    contract_id: str | None = None
    name: str | None = None
    kind: str
    recognition: str | None = None
    currency: str
    amount: Decimal | None = None
    rate: Decimal | None = None
    billing_calendar: str | None = None
    next_billing_on: date | None = None
    cap: Decimal | None = None
    hours: Decimal | None = None
    start_on: date | None = None
    end_on: date | None = None
    link_method: str = "native_reference"


@dataclass(slots=True, kw_only=True)
class Project(Record):
    """A project as PSA or as the ERP sees it."""

    number: str | None = None
    name: str | None = None
    customer_system: str | None = None
    customer_id: str | None = None
    contract_system: str | None = None
    contract_id: str | None = None
    opportunity_system: str | None = None
    opportunity_id: str | None = None
    project_system: str | None = None
    project_id: str | None = None
    status: str
    activated_at: datetime | None = None
    billing_method: str | None = None
    currency: str | None = None
    rate: Decimal | None = None
    manager: str | None = None
    practice: str | None = None
    region: str | None = None
    internal: bool = False
    start_on: date | None = None
    end_on: date | None = None
    amount: Decimal | None = None
    planned_hours: Decimal | None = None
    planned_cost: Decimal | None = None
    link_method: str = "native_reference"


@dataclass(slots=True, kw_only=True)
class Allocation(Record):
    """A consultant booked on a project."""

    project_system: str | None = None
    project_id: str | None = None
    resource_system: str | None = None
    resource_id: str | None = None
    start_on: date | None = None
    end_on: date | None = None
    hours: Decimal | None = None
    percent: Decimal | None = None
    role: str | None = None


@dataclass(slots=True, kw_only=True)
class Milestone(Record):
    """A deliverable the client accepts."""

    name: str | None = None
    milestone_system: str | None = None
    milestone_id: str | None = None
    project_system: str | None = None
    project_id: str | None = None
    contract_line_system: str | None = None
    contract_line_id: str | None = None
    status: str
    due_on: date | None = None
    reached_at: datetime | None = None
    accepted_at: datetime | None = None
    held: bool = False
    currency: str
    amount: Decimal | None = None
    link_method: str = "native_reference"


@dataclass(slots=True, kw_only=True)
class TimeEntry(Record):
    """Hours of one consultant on one day."""

    project_system: str | None = None
    project_id: str | None = None
    contract_line_system: str | None = None
    contract_line_id: str | None = None
    resource_system: str | None = None
    resource_id: str | None = None
    work_date: date
    hours: Decimal
    status: str
    submitted_at: datetime | None = None
    approved_at: datetime | None = None
    billable: bool = True
    held: bool = False
    written_off: bool = False
    billed: bool | None = None
    currency: str | None = None
    rate: Decimal | None = None
    rounding: str | None = None
    invoice_line_system: str | None = None
    invoice_line_id: str | None = None


@dataclass(slots=True, kw_only=True)
class Expense(Record):
    """A cost passed on to the client."""

    project_system: str | None = None
    project_id: str | None = None
    contract_line_system: str | None = None
    contract_line_id: str | None = None
    incurred_on: date
    status: str
    approved_at: datetime | None = None
    billable: bool = True
    held: bool = False
    written_off: bool = False
    currency: str
    amount: Decimal
    invoice_line_system: str | None = None
    invoice_line_id: str | None = None


@dataclass(slots=True, kw_only=True)
class BillingEvent(Record):
    """What PSA released to be invoiced."""

    project_system: str | None = None
    project_id: str | None = None
    contract_line_system: str | None = None
    contract_line_id: str | None = None
    milestone_system: str | None = None
    milestone_id: str | None = None
    status: str
    released_at: datetime | None = None
    error: str | None = None
    currency: str
    amount: Decimal
    link_method: str = "native_reference"


@dataclass(slots=True, kw_only=True)
class Invoice(Record):
    """An invoice or credit note header; its lines belong to the engagements."""

    number: str | None = None
    kind: str = "invoice"
    customer_system: str | None = None
    customer_id: str | None = None
    status: str
    issued_on: date | None = None
    due_on: date | None = None
    posted_at: datetime | None = None
    sent_at: datetime | None = None
    currency: str
    amount: Decimal | None = None
    open_amount: Decimal | None = None
    disputed: bool = False
    credits_system: str | None = None
    credits_id: str | None = None


@dataclass(slots=True, kw_only=True)
class InvoiceLine(Record):
    """One line of an invoice; ``time_entries`` holds (entry id, hours or None for all of them)."""

    invoice_system: str | None = None
    invoice_id: str | None = None
    project_system: str | None = None
    project_id: str | None = None
    contract_line_system: str | None = None
    contract_line_id: str | None = None
    milestone_system: str | None = None
    milestone_id: str | None = None
    billing_event_system: str | None = None
    billing_event_id: str | None = None
    covers: str = "time"
    currency: str
    amount: Decimal
    hours: Decimal | None = None
    credits_line_system: str | None = None
    credits_line_id: str | None = None
    time_entries: tuple[tuple[str, Decimal | None], ...] = ()


@dataclass(slots=True, kw_only=True)
class RevenueLine(Record):
    """Revenue scheduled, posted or reversed."""

    contract_system: str | None = None
    contract_id: str | None = None
    contract_line_system: str | None = None
    contract_line_id: str | None = None
    project_system: str | None = None
    project_id: str | None = None
    milestone_system: str | None = None
    milestone_id: str | None = None
    state: str
    currency: str
    amount: Decimal
    period: str | None = None
    posted_on: date | None = None
    disputed: bool = False
    reverses_system: str | None = None
    reverses_id: str | None = None


@dataclass(slots=True, kw_only=True)
class Period(Record):
    """An accounting period of one ledger."""

    ledger: str | None = None
    name: str
    start_on: date
    end_on: date
    status: str
    closed_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class FxRate(Record):
    """How much of ``currency`` one unit of ``base_currency`` buys on a day."""

    rate_type: str
    base_currency: str
    currency: str
    valid_on: date
    rate: Decimal
