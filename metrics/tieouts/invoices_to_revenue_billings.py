"""What the ERP invoiced is what the ledger booked as billing: tax left out, credits on their own dates."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from metrics.check import Need
from metrics.sides import billed, posted, work
from metrics.tieout import Scope, Side, TieOut
from queries.schema import RECORD_TABLES

_line = RECORD_TABLES["invoice_line"]
_entry = RECORD_TABLES["ledger_entry"]


def _invoiced(scope: Scope) -> Select[Any]:
    return billed(scope, work(_line))


def _booked(scope: Scope) -> Select[Any]:
    return posted(scope, "billing", work(_entry))


TIE_OUT = TieOut(
    key="invoices_to_revenue_billings",
    title="ERP invoice lines = billing in the ledger",
    left=Side("erp", "invoice lines", _invoiced),
    right=Side("erp", "ledger, account billing", _booked),
    match="engagement",
    reads=(Need("erp", "invoice_line"), Need("erp", "invoice"), Need("erp", "ledger_entry")),
    owner="revenue accountant",
    remedy="Post the invoice that the ledger lacks, or reverse what was posted twice.",
    source="C7",
)
