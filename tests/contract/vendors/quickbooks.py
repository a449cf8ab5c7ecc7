"""QuickBooks Online, from the shapes of its version 3 API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.quickbooks import Quickbooks
from tests.contract.case import Case, Sample


def settings(base: str, folder: Path) -> Mapping[str, Any]:
    held = folder / "refresh_token"
    if not held.exists():
        held.write_text("refresh-1")
    return {
        "base": base,
        "login": base,
        "realm": Quickbooks.realm,
        "client_id": Quickbooks.client,
        "client_secret_env": "QBO_SECRET",
        "refresh_token_file": str(held),
        "currency": "USD",
        "page_size": 5,
    }


def activity(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "TxnDate": "2026-10-30", "NameOf": "Employee", "EmployeeRef": {"value": "7", "name": "Ada King"},
        "CustomerRef": {"value": str(100 + number), "name": "Amy's Birds:Rollout"}, "BillableStatus": "Billable",
        "HourlyRate": 120.1, "Hours": 7, "Minutes": 30, **changed,
    }  # fmt: skip


JOB = {
    "DisplayName": "Amy's Birds:Rollout", "Active": True, "Job": True, "IsProject": True,
    "ParentRef": {"value": "1"}, "CurrencyRef": {"value": "EUR", "name": "Euro"},
}  # fmt: skip
CLOCKED = {
    "Hours": None, "Minutes": None, "StartTime": "2026-10-30T09:00:00-07:00",
    "EndTime": "2026-10-30T17:15:00-07:00", "BreakHours": 0, "BreakMinutes": 45,
}  # fmt: skip
SALE = {
    "Id": "1", "LineNum": 1, "Amount": 900.75, "DetailType": "SalesItemLineDetail",
    "LinkedTxn": [{"TxnId": "31", "TxnType": "TimeActivity"}],
    "SalesItemLineDetail": {"ItemRef": {"value": "2", "name": "Hours"}, "Qty": 7.5, "UnitPrice": 120.1},
}  # fmt: skip
SUBTOTAL = {"Amount": 900.75, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
DISCOUNT = {
    "Id": "2", "Amount": 90.5, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False},
}  # fmt: skip
LICENCE = {
    "Id": "4", "Amount": 500, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"Qty": 1},
}  # fmt: skip
INVOICE = {
    "DocNumber": "1070", "TxnDate": "2026-11-01", "DueDate": "2026-12-01", "TotalAmt": 999.83,
    "Balance": 999.83, "EmailStatus": "NotSet", "CustomerRef": {"value": "101"},
    "CurrencyRef": {"value": "EUR"}, "TxnTaxDetail": {"TotalTax": 99.08}, "Line": [SALE, SUBTOTAL],
}  # fmt: skip

SAMPLES = {
    "customer": Sample(
        table="Customer",
        fields={"DisplayName": "Amy's Birds", "Active": False},
        means={"id": "1", "name": "Amy's Birds"},
    ),
    "resource": Sample(
        table="Employee",
        fields={"DisplayName": "Ada King", "Active": False, "HiredDate": "2020-01-01"},
        means={"name": "Ada King", "active": False, "start_on": "2020-01-01", "end_on": None},
    ),
    "project": Sample(
        table="Customer",
        fields=JOB,
        means={"name": "Amy's Birds:Rollout", "customer_id": "1", "status": "active", "currency": "EUR"},
    ),
    "project#closed": Sample(
        table="Customer",
        fields={**JOB, "Active": False, "IsProject": False, "CurrencyRef": None},
        means={"status": "closed", "currency": "USD"},
    ),
    "time_entry": Sample(
        table="TimeActivity",
        fields=activity(1),
        means={
            "project_id": "101", "resource_id": "7", "work_date": "2026-10-30", "hours": "7.5", "rate": "120.1",
            "status": "approved", "billable": True, "billed": False, "currency": None,
            "source_updated_at": "2026-11-20T17:30:00Z",
        },
    ),
    "time_entry#clocked": Sample(
        table="TimeActivity",
        fields=activity(1, **CLOCKED, BillableStatus="HasBeenBilled"),
        means={"hours": "7.50", "billable": True, "billed": True},
    ),
    "time_entry#subcontractor": Sample(
        table="TimeActivity",
        fields=activity(1, EmployeeRef=None, VendorRef={"value": "56"}, BillableStatus="NotBillable"),
        means={"resource_id": "56", "billable": False, "billed": False},
    ),
    "invoice": Sample(
        table="Invoice",
        fields=INVOICE,
        means={
            "id": "1", "number": "1070", "kind": "invoice", "status": "posted", "customer_id": "101",
            "amount": "900.75", "currency": "EUR", "issued_on": "2026-11-01", "due_on": "2026-12-01",
        },
    ),
    "invoice#sent": Sample(
        table="Invoice", fields={**INVOICE, "EmailStatus": "EmailSent"}, means={"status": "sent"}
    ),
    "invoice#paid": Sample(table="Invoice", fields={**INVOICE, "Balance": 0}, means={"status": "paid"}),
    "invoice#void": Sample(
        table="Invoice",
        fields={**INVOICE, "TotalAmt": 0, "Balance": 0, "TxnTaxDetail": {}, "PrivateNote": "Voided - twice"},
        means={"status": "void", "amount": "0"},
    ),
    "invoice#credit": Sample(
        table="CreditMemo",
        fields={**INVOICE, "DocNumber": "1071"},
        means={"id": "credit-1", "number": "1071", "kind": "credit_note", "amount": "900.75"},
    ),
    "invoice_line": Sample(
        table="Invoice",
        fields=INVOICE,
        means={
            "id": "1:1", "invoice_id": "1", "project_id": "101", "amount": "900.75", "covers": "time",
            "hours": "7.5", "time_entries": "31", "currency": "EUR",
        },
    ),
    "invoice_line#discount": Sample(
        table="Invoice",
        fields={**INVOICE, "Line": [DISCOUNT, SUBTOTAL]},
        means={"id": "1:2", "amount": "-90.5", "covers": "fee", "time_entries": ""},
    ),
    "invoice_line#bundle": Sample(
        table="Invoice",
        fields={**INVOICE, "Line": [
            {"Id": "3", "Amount": 500, "DetailType": "GroupLineDetail", "GroupLineDetail": {"Line": [LICENCE]}},
        ]},
        means={"id": "1:4", "amount": "500", "covers": "fee", "hours": None},
    ),
    "invoice_line#expense": Sample(
        table="Invoice",
        fields={**INVOICE, "Line": [{**SALE, "LinkedTxn": [{"TxnId": "8", "TxnType": "ReimburseCharge"}]}]},
        means={"covers": "expense", "time_entries": "", "hours": None},
    ),
    "invoice_line#credit": Sample(
        table="CreditMemo",
        fields={**INVOICE, "Line": [LICENCE]},
        means={"id": "credit-1:4", "invoice_id": "credit-1", "amount": "500"},
    ),
}  # fmt: skip

THROTTLED = {
    "Fault": {
        "Error": [{"Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429", "code": "3001"}],
        "type": "THROTTLED",
    },
}  # fmt: skip
DENIED = {
    "Fault": {
        "Error": [{"Message": "message=ApplicationAuthorizationFailed; errorCode=003100", "code": "3100"}],
        "type": "AUTHORIZATION",
    },
}  # fmt: skip
INVALID = {
    "Fault": {
        "Error": [{"Message": "Invalid query", "Detail": "QueryValidationError: Property not found", "code": "4001"}],
        "type": "ValidationFault",
    },
}  # fmt: skip

CASES = (
    Case(
        api=Quickbooks,
        settings=settings,
        env={"QBO_SECRET": Quickbooks.secret},
        stream="time_entry",
        table="TimeActivity",
        row=activity,
        changes=("Hours", 3, "hours", 3_500_000),
        has_tokens=True,
        passing=(Fault(429, THROTTLED, path="/v3/"), Fault(200, THROTTLED, path="/v3/")),
        refusing=(
            Fault(403, DENIED, path="/v3/"),
            Fault(400, INVALID, path="/v3/"),
            Fault(400, {"error": "invalid_grant"}, path="/oauth2/"),
        ),
        wrong_in_200=(
            Fault(200, INVALID, path="/v3/"),
            Fault(200, {"time": "2026-11-20T10:00:00.000-08:00"}, path="/v3/"),
        ),
        samples=SAMPLES,
    ),
)
