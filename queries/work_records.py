"""The records of what is sold, planned and done: clients, people, deals, contracts, projects, time."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from queries.record import Day, Hours, Id, Instant, LinkMethod, Money, Rate, Record, Text
from queries.types import Currency


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
    ``weekly_hours`` is what a full week of theirs holds; rates are the standard ones, in ``currency``.
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
    role: Text | None = None
    practice: Text | None = None
    region: Text | None = None
    manager: Text | None = None
    weekly_hours: Hours | None = None
    currency: Currency | None = None
    cost_rate: Rate | None = None
    bill_rate: Rate | None = None


class Absence(Record, kw_only=True, gc=False):
    """Days on which a person is not there to be staffed; without hours, whole days."""

    resource_system: Id | None = None
    resource_id: Id | None = None
    start_on: Day
    end_on: Day
    hours: Hours | None = None
    status: Literal["requested", "approved", "cancelled"] = "approved"
    reason: Text | None = None


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
    ``cap`` is the most that may be billed on it, ``hours`` what was sold of them.
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
    cap: Money | None = None
    hours: Hours | None = None
    start_on: Day | None = None
    end_on: Day | None = None
    link_method: LinkMethod = "native_reference"


class Project(Record, kw_only=True, gc=False):
    """One system's view of a project. ``project_id`` ties it to another system's view of the same.

    ``amount`` is the sold value it was set up with, ``planned_hours`` and ``planned_cost`` its budget;
    ``internal`` work is for no client.
    """

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
    practice: Text | None = None
    region: Text | None = None
    internal: bool = False
    start_on: Day | None = None
    end_on: Day | None = None
    amount: Money | None = None
    planned_hours: Hours | None = None
    planned_cost: Money | None = None
    link_method: LinkMethod = "native_reference"


class Allocation(Record, kw_only=True, gc=False):
    """A person booked on a project; without a person, the role that is still to be filled."""

    project_system: Id | None = None
    project_id: Id | None = None
    resource_system: Id | None = None
    resource_id: Id | None = None
    start_on: Day | None = None
    end_on: Day | None = None
    hours: Hours | None = None
    percent: Annotated[Decimal, Meta(extra={"unit": "rate"})] | None = None
    role: Text | None = None


class Milestone(Record, kw_only=True, gc=False):
    """A deliverable the client accepts; its amount is what acceptance earns.

    ``milestone_id`` names the same one in the contract's own plan, where there is one.
    """

    name: Text | None = None
    milestone_system: Id | None = None
    milestone_id: Id | None = None
    project_system: Id | None = None
    project_id: Id | None = None
    contract_line_system: Id | None = None
    contract_line_id: Id | None = None
    status: Literal["planned", "reached", "accepted", "cancelled"]
    due_on: Day | None = None
    reached_at: Instant | None = None
    accepted_at: Instant | None = None
    held: bool = False
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
    submitted_at: Instant | None = None
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
    approved_at: Instant | None = None
    billable: bool = True
    held: bool = False
    written_off: bool = False
    currency: Currency
    amount: Money
    invoice_line_system: Id | None = None
    invoice_line_id: Id | None = None


class Forecast(Record, kw_only=True, gc=False):
    """Planned hours and money of a project in a period."""

    project_system: Id | None = None
    project_id: Id | None = None
    period: Text
    hours: Hours | None = None
    currency: Currency | None = None
    amount: Money | None = None


class Estimate(Record, kw_only=True, gc=False):
    """What is still to be done on a project, as estimated on a day: hours and cost to complete."""

    project_system: Id | None = None
    project_id: Id | None = None
    estimated_on: Day
    percent_complete: Annotated[Decimal, Meta(extra={"unit": "rate"})] | None = None
    hours_left: Hours | None = None
    currency: Currency | None = None
    cost_left: Money | None = None
    revenue: Money | None = None


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
    billing_event_system: Id | None = None
    billing_event_id: Id | None = None
