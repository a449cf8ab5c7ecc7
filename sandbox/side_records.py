"""Rows beside the chain itself: who is away, what is planned and estimated, ledgers, messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sandbox.records import Record


@dataclass(slots=True, kw_only=True)
class Absence(Record):
    """Days on which a consultant is away."""

    resource_system: str | None = None
    resource_id: str | None = None
    start_on: date
    end_on: date
    hours: Decimal | None = None
    status: str = "approved"
    reason: str | None = None


@dataclass(slots=True, kw_only=True)
class Forecast(Record):
    """Hours and money of a project planned for a period."""

    project_system: str | None = None
    project_id: str | None = None
    period: str
    hours: Decimal | None = None
    currency: str | None = None
    amount: Decimal | None = None


@dataclass(slots=True, kw_only=True)
class Estimate(Record):
    """What is still to be done on a project, as estimated on a day."""

    project_system: str | None = None
    project_id: str | None = None
    estimated_on: date
    percent_complete: Decimal | None = None
    hours_left: Decimal | None = None
    currency: str | None = None
    cost_left: Decimal | None = None
    revenue: Decimal | None = None


@dataclass(slots=True, kw_only=True)
class LedgerEntry(Record):
    """A posting to an account; what adds to the account is positive."""

    ledger: str | None = None
    account: str
    project_system: str | None = None
    project_id: str | None = None
    contract_system: str | None = None
    contract_id: str | None = None
    contract_line_system: str | None = None
    contract_line_id: str | None = None
    period: str | None = None
    posted_on: date | None = None
    hours: Decimal | None = None
    currency: str
    amount: Decimal


@dataclass(slots=True, kw_only=True)
class LedgerBalance(Record):
    """What an account held at both ends of a period."""

    ledger: str | None = None
    account: str
    period: str
    currency: str
    opening: Decimal
    closing: Decimal


@dataclass(slots=True, kw_only=True)
class Message(Record):
    """One delivery of the middleware."""

    flow: str
    status: str
    attempt: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str | None = None
    correlation_id: str | None = None
    trace_id: str | None = None
    project_system: str | None = None
    project_id: str | None = None
    opportunity_system: str | None = None
    opportunity_id: str | None = None
    milestone_system: str | None = None
    milestone_id: str | None = None
    billing_event_system: str | None = None
    billing_event_id: str | None = None
