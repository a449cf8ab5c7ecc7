"""ERPNext, from the shapes of Frappe's resource API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.erpnext import Erpnext
from tests.contract.case import Case, Sample


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "base": base,
        "token_env": "ERPNEXT_TOKEN",
        "zone": "Asia/Kolkata",
        "opportunity_field": "custom_opportunity",
        "income_accounts": ["Services - NW"],
        "page_size": 5,
    }


def log(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "name": f"log-{number}", "project": "PROJ-0007", "from_time": "2026-10-30 23:30:00", "hours": 7.75,
        "is_billable": 1, "billing_hours": 7.5, "billing_rate": 120.1, "sales_invoice": None, **changed,
    }  # fmt: skip


def sheet(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "docstatus": 1, "company": "Nordwind Ltd", "employee": "HR-EMP-7", "currency": "EUR",
        "time_logs": [log(number)], **changed,
    }  # fmt: skip


ORDER = {
    "docstatus": 1, "status": "To Bill", "company": "Nordwind Ltd", "customer": "Nordwind", "currency": "EUR",
    "net_total": 133283.07, "transaction_date": "2026-10-01", "delivery_date": "2027-03-31",
    "custom_opportunity": "006A",
    "items": [
        {"name": "so-row-1", "item_name": "Consulting", "uom": "Hour", "net_rate": 120.1, "net_amount": 120100.0},
    ],
}  # fmt: skip
PROJECT = {
    "company": "Nordwind Ltd", "project_name": "Rollout", "customer": "Nordwind", "sales_order": "SO-1",
    "status": "Open", "is_active": "Yes", "creation": "2026-10-02 09:00:00.000001",
}  # fmt: skip
INVOICE = {
    "docstatus": 1, "status": "Unpaid", "company": "Nordwind Ltd", "customer": "Nordwind", "currency": "EUR",
    "project": "PROJ-0007", "net_total": 900.75, "posting_date": "2026-11-01", "due_date": "2026-12-01",
    "is_return": 0, "return_against": None,
    "items": [
        {"name": "item-1", "so_detail": "so-row-1", "qty": 7.5, "uom": "Hour", "net_amount": 900.75, "project": None},
    ],
    "timesheets": [{"name": "t-1", "time_sheet": "TS-1", "timesheet_detail": "log-1", "billing_hours": 7.5}],
}  # fmt: skip
RETURN = {
    **INVOICE, "status": "Return", "is_return": 1, "return_against": "SINV-1", "net_total": -900.75,
    "items": [
        {"name": "item-2", "so_detail": "so-row-1", "qty": -7.5, "uom": "Hour", "net_amount": -900.75,
         "project": None, "sales_invoice_item": "item-1"},
    ],
}  # fmt: skip
LICENCE = {
    **INVOICE, "timesheets": [],
    "items": [{"name": "item-3", "qty": 1, "uom": "Nos", "net_amount": 500, "project": "PROJ-0008"}],
}  # fmt: skip
DEAL = {
    "company": "Nordwind Ltd", "title": "Rollout", "opportunity_from": "Customer", "party_name": "Nordwind",
    "customer_name": "Nordwind GmbH", "status": "Converted", "currency": "EUR", "opportunity_amount": 133283.07,
    "opportunity_owner": "ada@firm.example",
}  # fmt: skip
TASK = {
    "subject": "Go-live", "project": "PROJ-0007", "is_milestone": 1, "status": "Completed",
    "completed_on": "2026-10-30", "company": "Nordwind Ltd", "company.default_currency": "EUR",
}  # fmt: skip
POSTING = {
    "account": "Services - NW", "company": "Nordwind Ltd", "project": "PROJ-0007", "posting_date": "2026-11-01",
    "account_currency": "EUR", "credit_in_account_currency": 900.75, "debit_in_account_currency": 0.0,
    "is_cancelled": 0,
}  # fmt: skip
PERIOD = {
    "period_name": "October 2026", "company": "Nordwind Ltd", "start_date": "2026-10-01",
    "end_date": "2026-10-31",
    "closed_documents": [
        {"name": "cd-1", "document_type": "Sales Invoice", "closed": 1},
        {"name": "cd-2", "document_type": "Purchase Invoice", "closed": 0},
    ],
}  # fmt: skip

MASTER = {
    "legal_entity": Sample(
        table="Company",
        fields={"company_name": "Nordwind Ltd", "default_currency": "GBP"},
        means={"id": "1", "name": "Nordwind Ltd", "currency": "GBP"},
    ),
    "customer": Sample(
        table="Customer", fields={"customer_name": "Nordwind GmbH"}, means={"name": "Nordwind GmbH"}
    ),
    "resource": Sample(
        table="Employee",
        fields={
            "employee_name": "Ada King", "status": "Left", "company": "Nordwind Ltd",
            "date_of_joining": "2020-01-01", "relieving_date": "2026-09-30",
        },
        means={"name": "Ada King", "active": False, "start_on": "2020-01-01", "end_on": "2026-09-30"},
    ),
    "fx_rate": Sample(
        table="Currency Exchange",
        fields={"date": "2026-10-30", "from_currency": "EUR", "to_currency": "GBP", "exchange_rate": 0.8765},
        means={"base_currency": "EUR", "currency": "GBP", "rate": "0.8765", "valid_on": "2026-10-30"},
    ),
    "period": Sample(
        table="Accounting Period",
        fields=PERIOD,
        means={"id": "cd-1", "name": "October 2026", "status": "closed", "ledger": "Nordwind Ltd"},
    ),
}  # fmt: skip
SOLD = {
    "opportunity": Sample(
        table="Opportunity",
        fields=DEAL,
        means={
            "number": "1", "status": "won", "customer_id": "Nordwind", "amount": "133283.07", "currency": "EUR",
            "legal_entity": "Nordwind Ltd", "won_at": None,
        },
    ),
    "opportunity#lost": Sample(
        table="Opportunity",
        fields={**DEAL, "status": "Closed", "opportunity_from": "Lead"},
        means={"status": "lost", "customer_id": None},
    ),
    "opportunity#open": Sample(table="Opportunity", fields={**DEAL, "status": "Quotation"}, means={"status": "open"}),
    "contract": Sample(
        table="Sales Order",
        fields=ORDER,
        means={
            "number": "1", "status": "active", "opportunity_id": "006A", "customer_id": "Nordwind",
            "amount": "133283.07", "signed_at": "2026-09-30T18:30:00Z", "end_on": "2027-03-31",
        },
    ),
    "contract#draft": Sample(
        table="Sales Order", fields={**ORDER, "docstatus": 0}, means={"status": "draft", "signed_at": None}
    ),
    "contract#cancelled": Sample(
        table="Sales Order", fields={**ORDER, "docstatus": 2}, means={"status": "cancelled"}
    ),
    "contract#closed": Sample(
        table="Sales Order", fields={**ORDER, "status": "Completed"}, means={"status": "closed"}
    ),
    "contract_line": Sample(
        table="Sales Order",
        fields=ORDER,
        means={
            "id": "so-row-1", "contract_id": "1", "name": "Consulting", "kind": "time_and_materials",
            "rate": "120.1", "amount": "120100.0", "currency": "EUR",
        },
    ),
    "contract_line#fixed": Sample(
        table="Sales Order",
        fields={**ORDER, "items": [{"name": "so-row-2", "uom": "Nos", "net_rate": 5000, "net_amount": 5000}]},
        means={"kind": "fixed_fee", "rate": None, "amount": "5000"},
    ),
    "project": Sample(
        table="Project",
        fields=PROJECT,
        means={
            "number": "1", "name": "Rollout", "status": "active", "contract_id": "SO-1",
            "customer_id": "Nordwind", "activated_at": "2026-10-02T03:30:00.000001Z",
        },
    ),
    "project#resting": Sample(
        table="Project", fields={**PROJECT, "is_active": "No"}, means={"status": "on_hold"}
    ),
    "project#done": Sample(
        table="Project", fields={**PROJECT, "status": "Completed"}, means={"status": "complete"}
    ),
    "milestone": Sample(
        table="Task",
        fields=TASK,
        means={
            "name": "Go-live", "project_id": "PROJ-0007", "status": "accepted", "currency": "EUR",
            "accepted_at": "2026-10-29T18:30:00Z", "amount": None,
        },
    ),
    "milestone#review": Sample(
        table="Task", fields={**TASK, "status": "Pending Review", "completed_on": None}, means={"status": "reached"}
    ),
}  # fmt: skip
WORKED = {
    "time_entry": Sample(
        table="Timesheet",
        fields=sheet(1),
        means={
            "id": "log-1", "project_id": "PROJ-0007", "resource_id": "HR-EMP-7", "work_date": "2026-10-30",
            "hours": "7.5", "status": "approved", "billable": True, "billed": False, "currency": "EUR",
            "rate": "120.1", "legal_entity": "Nordwind Ltd", "source_updated_at": "2026-11-20T17:30:00Z",
        },
    ),
    "time_entry#internal": Sample(
        table="Timesheet",
        fields=sheet(1, docstatus=0, time_logs=[log(1, is_billable=0, billing_hours=0, sales_invoice="SINV-1")]),
        means={"hours": "7.75", "status": "draft", "billable": False, "billed": True},
    ),
    "time_entry#cancelled": Sample(
        table="Timesheet", fields=sheet(1, docstatus=2), means={"status": "rejected"}
    ),
    "invoice": Sample(
        table="Sales Invoice",
        fields=INVOICE,
        means={
            "number": "1", "kind": "invoice", "status": "posted", "amount": "900.75", "currency": "EUR",
            "issued_on": "2026-11-01", "due_on": "2026-12-01", "customer_id": "Nordwind", "credits_id": None,
        },
    ),
    "invoice#paid": Sample(table="Sales Invoice", fields={**INVOICE, "status": "Paid"}, means={"status": "paid"}),
    "invoice#draft": Sample(table="Sales Invoice", fields={**INVOICE, "docstatus": 0}, means={"status": "draft"}),
    "invoice#void": Sample(table="Sales Invoice", fields={**INVOICE, "docstatus": 2}, means={"status": "void"}),
    "invoice#return": Sample(
        table="Sales Invoice",
        fields=RETURN,
        means={"kind": "credit_note", "status": "posted", "amount": "900.75", "credits_id": "SINV-1"},
    ),
    "invoice_line": Sample(
        table="Sales Invoice",
        fields=INVOICE,
        means={
            "id": "item-1", "invoice_id": "1", "project_id": "PROJ-0007", "contract_line_id": "so-row-1",
            "amount": "900.75", "covers": "time", "hours": "7.5", "currency": "EUR",
            "time_entries": "log-1:7.5",
        },
    ),
    "invoice_line#return": Sample(
        table="Sales Invoice",
        fields=RETURN,
        means={"id": "item-2", "amount": "900.75", "credits_line_id": "item-1", "time_entries": ""},
    ),
    "invoice_line#licence": Sample(
        table="Sales Invoice",
        fields=LICENCE,
        means={"covers": "fee", "project_id": "PROJ-0008", "hours": None, "time_entries": ""},
    ),
    "revenue_line": Sample(
        table="GL Entry",
        fields=POSTING,
        means={
            "project_id": "PROJ-0007", "state": "posted", "amount": "900.75", "currency": "EUR",
            "posted_on": "2026-11-01",
        },
    ),
    "revenue_line#debit": Sample(
        table="GL Entry",
        fields={**POSTING, "credit_in_account_currency": 0.0, "debit_in_account_currency": 100.5},
        means={"amount": "-100.5", "state": "posted"},
    ),
    "revenue_line#cancelled": Sample(
        table="GL Entry", fields={**POSTING, "is_cancelled": 1}, means={"state": "reversed"}
    ),
}  # fmt: skip

CASES = (
    Case(
        api=Erpnext,
        settings=settings,
        env={"ERPNEXT_TOKEN": Erpnext.secret},
        stream="time_entry",
        table="Timesheet",
        row=sheet,
        id=lambda number: f"TS-{number}",
        known_as=lambda number: f"log-{number}",
        changes=("docstatus", 2, "status", "rejected"),
        passing=(
            Fault(429, {"exc_type": "TooManyRequestsError"}, {"Retry-After": "9"}),
            Fault(503, {"exc_type": "SessionStopped", "exception": "frappe.exceptions.SessionStopped"}),
        ),
        refusing=(
            Fault(403, {"exc_type": "PermissionError", "exception": "frappe.exceptions.PermissionError"}),
            Fault(404, {"exc_type": "DoesNotExistError"}),
            Fault(417, {"exc_type": "DataError", "exception": "Field not permitted in query: is_billable"}),
        ),
        wrong_in_200=(Fault(200, {"message": "Not Permitted"}), Fault(200, {"data": None})),
        samples={**MASTER, **SOLD, **WORKED},
    ),
)
