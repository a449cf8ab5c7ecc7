"""Xero, from the shapes of its accounting and projects APIs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.xero import Xero
from tests.contract.case import Case, Sample

#: midnight UTC of 2026-11-01 and of 2026-12-01
NOVEMBER, DECEMBER = "/Date(1793491200000+0000)/", "/Date(1796083200000+0000)/"


def settings(base: str, folder: Path) -> Mapping[str, Any]:
    held = folder / "refresh_token"
    if not held.exists():
        held.write_text("refresh-1")
    return {
        "base": base,
        "login": base,
        "client_id": Xero.client,
        "client_secret_env": "XERO_SECRET",
        "refresh_token_file": str(held),
        "tenant": Xero.tenant,
        "currency": "NZD",
        "zone": "Pacific/Auckland",
        "fee_items": ["LICENCE"],
    }


LINE = {
    "LineItemID": "line-1", "Quantity": 7.5, "UnitAmount": 120.1, "LineAmount": 900.75, "TaxAmount": 135.11,
    "Tracking": [{"Name": "Region", "Option": "North"}, {"Name": "Project", "Option": "PRJ-7"}],
}  # fmt: skip


def invoice(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "Type": "ACCREC", "InvoiceNumber": f"INV-{number:04}", "Status": "AUTHORISED", "SentToContact": True,
        "Contact": {"ContactID": "c-1", "Name": "Amy"}, "Date": NOVEMBER, "DueDate": DECEMBER,
        "CurrencyCode": "EUR", "LineAmountTypes": "Exclusive", "SubTotal": 900.75, "TotalTax": 135.11,
        "Total": 1035.86, "LineItems": [LINE], **changed,
    }  # fmt: skip


def note(**changed: Any) -> Mapping[str, Any]:
    told = {
        **invoice(1), "Type": "ACCRECCREDIT", "CreditNoteNumber": "CN-0005", "InvoiceNumber": None,
        "Allocations": [{"Amount": 900.75, "Invoice": {"InvoiceID": "i-1"}}],
    }  # fmt: skip
    return {**told, **changed}


PROJECT = {
    "projectId": "p-1", "contactId": "c-1", "name": "Rollout", "currencyCode": "EUR", "status": "INPROGRESS",
}  # fmt: skip
PROJECTS = {"Projects": {"p-1": PROJECT}}
TASK = {
    "taskId": "t-1", "projectId": "p-1", "name": "Consulting", "chargeType": "TIME",
    "rate": {"currency": "EUR", "value": 120.1}, "status": "ACTIVE",
}  # fmt: skip
TIME = {
    "timeEntryId": "e-1", "projectId": "p-1", "taskId": "t-1", "userId": "u-1",
    "dateUtc": "2026-10-29T11:00:00Z", "duration": 450, "status": "ACTIVE",
}  # fmt: skip
JOURNAL = {
    "JournalNumber": 14, "JournalDate": NOVEMBER, "SourceID": "i-1", "SourceType": "ACCREC",
    "JournalLines": [
        {"JournalLineID": "j-1", "AccountType": "CURRENT", "NetAmount": 1035.86, "TrackingCategories": []},
        {"JournalLineID": "j-2", "AccountType": "REVENUE", "NetAmount": -900.75,
         "TrackingCategories": [{"Name": "Project", "Option": "PRJ-7"}]},
    ],
}  # fmt: skip

BOOKS = {
    "legal_entity": Sample(
        table="Organisations",
        fields={"Name": "Nordwind NZ", "CountryCode": "NZ", "BaseCurrency": "NZD"},
        means={"id": "1", "name": "Nordwind NZ", "country": "NZ", "currency": "NZD"},
    ),
    "customer": Sample(
        table="Contacts", fields={"Name": "Amy", "ContactStatus": "ARCHIVED"}, means={"id": "1", "name": "Amy"}
    ),
    "invoice": Sample(
        table="Invoices",
        fields=invoice(1),
        means={
            "id": "1", "number": "INV-0001", "kind": "invoice", "status": "sent", "customer_id": "c-1",
            "amount": "900.75", "currency": "EUR", "issued_on": "2026-11-01", "due_on": "2026-12-01",
            "deleted_at": None, "credits_id": None, "source_updated_at": "2026-11-20T17:30:00Z",
        },
    ),
    "invoice#posted": Sample(table="Invoices", fields=invoice(1, SentToContact=False), means={"status": "posted"}),
    "invoice#draft": Sample(table="Invoices", fields=invoice(1, Status="DRAFT"), means={"status": "draft"}),
    "invoice#submitted": Sample(
        table="Invoices", fields=invoice(1, Status="SUBMITTED"), means={"status": "pending_approval"}
    ),
    "invoice#paid": Sample(table="Invoices", fields=invoice(1, Status="PAID"), means={"status": "paid"}),
    "invoice#void": Sample(
        table="Invoices", fields=invoice(1, Status="VOIDED"), means={"status": "void", "deleted_at": None}
    ),
    "invoice#deleted": Sample(
        table="Invoices",
        fields=invoice(1, Status="DRAFT"),
        deleted=True,
        means={"status": "void", "deleted_at": "2026-11-20T18:00:00Z"},
    ),
    "invoice#credit": Sample(
        table="CreditNotes",
        fields=note(),
        means={
            "id": "1", "number": "CN-0005", "kind": "credit_note", "amount": "900.75", "credits_id": "i-1",
            "status": "sent",
        },
    ),
    "invoice#spread_credit": Sample(
        table="CreditNotes",
        fields=note(Allocations=[{"Invoice": {"InvoiceID": "i-1"}}, {"Invoice": {"InvoiceID": "i-2"}}]),
        means={"credits_id": None},
    ),
    "invoice_line": Sample(
        table="Invoices",
        fields=invoice(1),
        means={
            "id": "line-1", "invoice_id": "1", "project_id": "PRJ-7", "amount": "900.75", "covers": "time",
            "currency": "EUR",
        },
    ),
    "invoice_line#inclusive": Sample(
        table="Invoices",
        fields=invoice(
            1,
            LineAmountTypes="Inclusive",
            LineItems=[{**LINE, "LineAmount": 1035.86, "Tracking": [], "ItemCode": "LICENCE"}],
        ),
        means={"amount": "900.75", "project_id": None, "covers": "fee"},
    ),
    "invoice_line#credit": Sample(table="CreditNotes", fields=note(), means={"invoice_id": "1", "amount": "900.75"}),
    "revenue_line": Sample(
        table="Journals",
        fields=JOURNAL,
        means={
            "id": "j-2", "state": "posted", "amount": "900.75", "currency": "NZD", "posted_on": "2026-11-01",
            "project_id": "PRJ-7",
        },
    ),
}  # fmt: skip
WORK = {
    "resource": Sample(table="ProjectsUsers", fields={"userId": "u-1", "name": "Ada King"}, means={"name": "Ada King"}),
    "project": Sample(
        table="Projects",
        fields=PROJECT,
        means={"id": "p-1", "name": "Rollout", "customer_id": "c-1", "status": "active", "currency": "EUR"},
    ),
    "project#closed": Sample(table="Projects", fields={**PROJECT, "status": "CLOSED"}, means={"status": "closed"}),
    "contract_line": Sample(
        table="Tasks",
        fields=TASK,
        beside=PROJECTS,
        means={"id": "t-1", "name": "Consulting", "kind": "time_and_materials", "rate": "120.1", "currency": "EUR"},
    ),
    "contract_line#unbillable": Sample(
        table="Tasks",
        fields={**TASK, "chargeType": "NON_CHARGEABLE", "rate": None},
        beside=PROJECTS,
        means={"kind": "fixed_fee", "rate": None, "currency": "NZD"},
    ),
    "time_entry": Sample(
        table="Time",
        fields=TIME,
        beside=PROJECTS,
        means={
            "id": "e-1", "project_id": "p-1", "contract_line_id": "t-1", "resource_id": "u-1", "hours": "7.5",
            "work_date": "2026-10-30", "status": "approved", "billed": False,
        },
    ),
    "time_entry#invoiced": Sample(
        table="Time", fields={**TIME, "status": "INVOICED"}, beside=PROJECTS, means={"billed": True}
    ),
}  # fmt: skip

CASES = (
    Case(
        api=Xero,
        settings=settings,
        env={"XERO_SECRET": Xero.secret},
        stream="invoice",
        table="Invoices",
        row=invoice,
        id=lambda number: f"invoice-{number:02}",
        known_as=lambda number: f"invoice-{number:02}",
        changes=("SubTotal", 800.5, "amount", 80_050),
        deletes="soft",
        has_tokens=True,
        passing=(
            Fault(429, {}, {"X-Rate-Limit-Problem": "minute", "Retry-After": "17"}, path="/api.xro/"),
            Fault(429, {}, {"X-Rate-Limit-Problem": "concurrent", "Retry-After": "1"}, path="/api.xro/"),
            Fault(503, {"Title": "The Organisation is offline", "Status": 503}, path="/api.xro/"),
        ),
        stopping=(
            Fault(429, {}, {"X-Rate-Limit-Problem": "day", "Retry-After": "21600"}, path="/api.xro/"),
            Fault(200, {"Invoices": []}, {"X-DayLimit-Remaining": "1000"}, path="/api.xro/"),
        ),
        refusing=(
            Fault(
                403,
                {"Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful"},
                path="/api.xro/",
            ),
            Fault(
                400,
                {"ErrorNumber": 16, "Type": "QueryParseException", "Message": "No property"},
                path="/api.xro/",
            ),
            Fault(400, {"error": "invalid_grant"}, path="/connect/"),
        ),
        wrong_in_200=(
            Fault(200, {"Status": "ERROR", "Message": "A server error"}, path="/api.xro/"),
            Fault(200, {"Status": "OK", "Invoices": None}, path="/api.xro/"),
        ),
        samples={**BOOKS, **WORK},
    ),
)
