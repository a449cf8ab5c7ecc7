"""Everything the simulated firm's systems hold, and which system exports which stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sandbox.records import (
    Allocation,
    BillingEvent,
    Contract,
    ContractLine,
    Customer,
    Expense,
    FxRate,
    Invoice,
    InvoiceLine,
    LegalEntity,
    Milestone,
    Opportunity,
    Period,
    Project,
    Record,
    Resource,
    RevenueLine,
    TimeEntry,
)
from sandbox.side_records import Absence, Estimate, Forecast, LedgerBalance, LedgerEntry, Message

R = TypeVar("R", bound=Record)

#: what a person reads above each system's block in the configuration, in the order of the flow
SYSTEMS: dict[str, tuple[str, str]] = {
    "crm": ("crm", "Deals and clients, as the sales teams keep them."),
    "clm": ("contract", "Signed statements of work and their lines: how each bills and recognises."),
    "psa": ("psa", "Projects, staffing, milestones, and what delivery releases for billing."),
    "hcm": ("hcm", "Consultants."),
    "time": ("time", "Timesheets and expenses with their approvals."),
    "erp": ("erp", "Legal entities, the ledger's view of projects, invoices, periods and rates."),
    "revenue": ("revenue", "Revenue schedules, postings and reversals."),
    "hub": ("middleware", "What the middleware carried between the systems, or gave up."),
}

#: (system, stream) -> (attribute of Books, row type); a stream is named after its kind of record
STREAMS: dict[tuple[str, str], tuple[str, type[Record]]] = {
    ("crm", "customer"): ("customers", Customer),
    ("crm", "opportunity"): ("opportunities", Opportunity),
    ("clm", "contract"): ("contracts", Contract),
    ("clm", "contract_line"): ("contract_lines", ContractLine),
    ("psa", "project"): ("psa_projects", Project),
    ("psa", "allocation"): ("allocations", Allocation),
    ("psa", "milestone"): ("milestones", Milestone),
    ("clm", "milestone"): ("contract_milestones", Milestone),
    ("psa", "billing_event"): ("billing_events", BillingEvent),
    ("psa", "forecast"): ("forecasts", Forecast),
    ("psa", "estimate"): ("estimates", Estimate),
    ("hcm", "resource"): ("resources", Resource),
    ("hcm", "absence"): ("absences", Absence),
    ("time", "time_entry"): ("time_entries", TimeEntry),
    ("time", "expense"): ("expenses", Expense),
    ("erp", "legal_entity"): ("legal_entities", LegalEntity),
    ("erp", "project"): ("erp_projects", Project),
    ("erp", "invoice"): ("invoices", Invoice),
    ("erp", "invoice_line"): ("invoice_lines", InvoiceLine),
    ("erp", "ledger_entry"): ("ledger_entries", LedgerEntry),
    ("erp", "ledger_balance"): ("ledger_balances", LedgerBalance),
    ("erp", "period"): ("periods", Period),
    ("erp", "fx_rate"): ("fx_rates", FxRate),
    ("revenue", "revenue_line"): ("revenue_lines", RevenueLine),
    ("hub", "message"): ("messages", Message),
}

#: where a kind of row lives unless it is told: the first system that keeps it
_HOME = {row: key for key, (_, row) in reversed(STREAMS.items())}


@dataclass(slots=True)
class Books:
    """The rows of all systems, each stream in the order it was written."""

    as_of: datetime
    customers: list[Customer] = field(default_factory=list)
    legal_entities: list[LegalEntity] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    opportunities: list[Opportunity] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    contract_lines: list[ContractLine] = field(default_factory=list)
    psa_projects: list[Project] = field(default_factory=list)
    erp_projects: list[Project] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    contract_milestones: list[Milestone] = field(default_factory=list)
    billing_events: list[BillingEvent] = field(default_factory=list)
    time_entries: list[TimeEntry] = field(default_factory=list)
    expenses: list[Expense] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    invoice_lines: list[InvoiceLine] = field(default_factory=list)
    revenue_lines: list[RevenueLine] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    fx_rates: list[FxRate] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    forecasts: list[Forecast] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    ledger_entries: list[LedgerEntry] = field(default_factory=list)
    ledger_balances: list[LedgerBalance] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def put(self, row: R, entity: str | None, system: str | None = None) -> R:
        """Write one row into its system; a kind that several keep may be told which one it lives in.

        No row was touched after ``as_of``: a later time of change is drawn back to it.
        """
        home, stream = _HOME[type(row)]
        home = system or home
        row.legal_entity = entity
        row.source_url = f"https://{home}.example/{stream.replace('_', '-')}/{row.id}"
        row.source_updated_at = min(row.source_updated_at, self.as_of)
        getattr(self, STREAMS[home, stream][0]).append(row)
        return row
