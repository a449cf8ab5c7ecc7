"""The records Sightglass understands: one struct per kind, the canonical form of every source.

A collector turns what a system answers into these structs; :mod:`queries.schema` derives a table from
each. A reference to another record is a pair ``<name>_system`` / ``<name>_id`` (``REFERENCES``); the
system may be left out when only one configured system keeps that kind.

Units: money is a ``Decimal`` in the record's ``currency`` (stored in ISO 4217 minor units), hours are
decimal hours, rates are money per hour. Instants carry a zone, days are local to the legal entity.
"""

from __future__ import annotations

from queries.money_records import (
    BilledTime,
    BillingEvent,
    FxRate,
    Invoice,
    InvoiceLine,
    LedgerBalance,
    LedgerEntry,
    Period,
    RevenueLine,
)
from queries.record import Record
from queries.work_records import (
    Absence,
    Allocation,
    Contract,
    ContractLine,
    Customer,
    Estimate,
    Expense,
    Forecast,
    LegalEntity,
    Message,
    Milestone,
    Opportunity,
    Project,
    Resource,
    TimeEntry,
)

__all__ = [
    "ANCHORS",
    "KINDS",
    "KIND_OF",
    "NODE_KINDS",
    "REFERENCES",
    "Absence",
    "Allocation",
    "BilledTime",
    "BillingEvent",
    "Contract",
    "ContractLine",
    "Customer",
    "Estimate",
    "Expense",
    "Forecast",
    "FxRate",
    "Invoice",
    "InvoiceLine",
    "LedgerBalance",
    "LedgerEntry",
    "LegalEntity",
    "Message",
    "Milestone",
    "Opportunity",
    "Period",
    "Project",
    "Record",
    "Resource",
    "RevenueLine",
    "TimeEntry",
]  # fmt: skip

KINDS: dict[str, type[Record]] = {
    "customer": Customer, "legal_entity": LegalEntity, "resource": Resource, "absence": Absence,
    "opportunity": Opportunity, "contract": Contract, "contract_line": ContractLine, "project": Project,
    "allocation": Allocation, "milestone": Milestone, "time_entry": TimeEntry, "expense": Expense,
    "billing_event": BillingEvent, "invoice": Invoice, "invoice_line": InvoiceLine,
    "revenue_line": RevenueLine, "forecast": Forecast, "estimate": Estimate, "ledger_entry": LedgerEntry,
    "ledger_balance": LedgerBalance, "period": Period, "fx_rate": FxRate, "message": Message,
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
    "invoice_line": ("milestone", "contract_line", "project", "billing_event"),
    "revenue_line": ("milestone", "contract_line", "contract", "project"),
    "forecast": ("project",),
    "estimate": ("project",),
    "ledger_entry": ("contract_line", "contract", "project"),
    "message": ("project", "milestone", "billing_event", "opportunity"),
}
