"""Dynamics 365 Sales and Project Operations in Dataverse, from its published table definitions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.dataverse import Dataverse
from tests.contract.case import Case, Sample

EURO = {
    "transactioncurrencyid": {
        "transactioncurrencyid": "11111111-0000-4000-8000-000000000001",
        "isocurrencycode": "EUR",
    }
}
CUSTOMER = "aaaaaaaa-0000-4000-8000-000000000001"
PROJECT = "bbbbbbbb-0000-4000-8000-000000000001"
ORDER = "cccccccc-0000-4000-8000-000000000001"
LINE = "dddddddd-0000-4000-8000-000000000001"
PERSON = "eeeeeeee-0000-4000-8000-000000000001"
DEAL = "ffffffff-0000-4000-8000-000000000001"
ROW = "99999999-0000-4000-8000-000000000001"


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "environment": base,
        "authority": base,
        "tenant": Dataverse.tenant,
        "client_id": Dataverse.client,
        "client_secret_env": "ENTRA_SECRET",
        "zone": "Europe/Berlin",
        "project_status": {"192350007": "planned"},
        "posted_reasons": [100_003],
        "recognition": {"milestone": "milestone"},
        "start": "2026-06-01T00:00:00Z",
    }


def identifier(number: int) -> str:
    return f"12345678-0000-4000-8000-{number:012}"


def entry(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "_msdyn_project_value": PROJECT, "_msdyn_bookableresource_value": PERSON, "msdyn_duration": 450 + number,
        "msdyn_date": "2026-10-29T23:00:00Z", "msdyn_entrystatus": 192350002, "msdyn_type": 192350000,
        "statecode": 0, "statuscode": 1,
        **changed,
    }  # fmt: skip


DEAL_WON = {
    **EURO, "name": "Rollout", "_customerid_value": CUSTOMER, "statecode": 1, "actualclosedate": "2026-10-30",
    "actualvalue": "90000.0000", "estimatedvalue": "80000.0000",
}  # fmt: skip
CONTRACT = {
    **EURO, "ordernumber": "ORD-7", "name": "Rollout", "_customerid_value": CUSTOMER, "_opportunityid_value": DEAL,
    "totalamount": "90000.0000", "msdyn_ordertype": 192350001, "statecode": 0,
}  # fmt: skip
CONTRACT_LINE = {
    **EURO, "_salesorderid_value": ORDER, "productdescription": "Design", "extendedamount": "95200.0000",
    "tax": "15200.0000", "msdyn_billingmethod": 192350000,
}  # fmt: skip
MILESTONE = {
    **EURO, "msdyn_name": "Go live", "msdyn_amount": "45000.0000", "_msdyn_project_value": PROJECT,
    "_msdyn_contractlineid_value": LINE, "msdyn_invoicestatus": 192350001,
    "msdyn_invoicedate": "2026-10-30T23:00:00Z", "statecode": 0,
}  # fmt: skip
INVOICE = {
    **EURO, "invoicenumber": "INV-1", "_customerid_value": CUSTOMER, "totalamount": "1190.00", "totaltax": "190.00",
    "statecode": 0, "statuscode": 1,
}  # fmt: skip
INVOICE_LINE = {
    **EURO, "_invoiceid_value": ROW, "_msdyn_project_value": PROJECT, "_salesorderdetailid_value": LINE,
    "extendedamount": "1190.00", "tax": "190.00", "msdyn_billingmethod": 192350000,
}  # fmt: skip
LIMIT = {"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit of 6000"}}
PLACE = "/api/data/"

CASES = (
    Case(
        api=Dataverse,
        settings=settings,
        env={"ENTRA_SECRET": Dataverse.secret},
        stream="time_entry",
        table="msdyn_timeentries",
        row=entry,
        id=identifier,
        known_as=identifier,
        changes=("msdyn_duration", 195, "hours", 3_250_000),
        has_tokens=True,
        passing=(
            Fault(429, LIMIT, {"Retry-After": "41"}, path=PLACE),
            Fault(429, {"error": {"code": "0x80072326", "message": "Concurrent requests"}}, {"Retry-After": "5"}, path=PLACE),
        ),
        refusing=(
            Fault(401, {"error": "invalid_client", "error_description": "AADSTS7000215"}, path="/token"),
            Fault(403, {"error": {"code": "0x80040220", "message": "missing prvReadmsdyn_timeentry"}}, path=PLACE),
        ),
        wrong_in_200=(
            Fault(200, {"error": {"code": "0x80040216", "message": "An unexpected error occurred."}}, path=PLACE),
            Fault(200, {"@odata.context": "$metadata"}, path=PLACE),
        ),
        samples={
            "customer": Sample(
                table="accounts", id=CUSTOMER, fields={"name": "Nordwind"}, means={"id": CUSTOMER, "name": "Nordwind"}
            ),
            "opportunity": Sample(
                table="opportunities",
                id=DEAL,
                fields=DEAL_WON,
                means={
                    "id": DEAL, "name": "Rollout", "status": "won", "won_at": "2026-10-29T23:00:00Z",
                    "amount": "90000.0000", "currency": "EUR", "customer_id": CUSTOMER,
                    "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "opportunity#open": Sample(
                table="opportunities",
                id=DEAL,
                fields={**DEAL_WON, "statecode": 0, "actualvalue": None},
                means={"status": "open", "won_at": None, "amount": "80000.0000"},
            ),
            "opportunity#lost": Sample(
                table="opportunities", id=DEAL, fields={**DEAL_WON, "statecode": 2}, means={"status": "lost", "won_at": None}
            ),
            "contract": Sample(
                table="salesorders",
                id=ORDER,
                fields=CONTRACT,
                means={
                    "id": ORDER, "number": "ORD-7", "status": "active", "opportunity_id": DEAL,
                    "customer_id": CUSTOMER, "amount": "90000.0000", "currency": "EUR",
                },
            ),
            "contract#cancelled": Sample(
                table="salesorders", id=ORDER, fields={**CONTRACT, "statecode": 2}, means={"status": "cancelled"}
            ),
            "contract_line": Sample(
                table="salesorderdetails",
                id=LINE,
                fields=CONTRACT_LINE,
                means={
                    "id": LINE, "contract_id": ORDER, "kind": "time_and_materials", "amount": "80000.0000",
                    "currency": "EUR", "name": "Design",
                },
            ),
            "contract_line#fixed": Sample(
                table="salesorderdetails",
                id=LINE,
                fields={**CONTRACT_LINE, "msdyn_billingmethod": 192350001, "tax": None},
                means={"kind": "milestone", "recognition": "milestone", "amount": "95200.0000"},
            ),
            "resource": Sample(
                table="bookableresources",
                id=PERSON,
                fields={"name": "Ada King", "statecode": 1},
                means={"id": PERSON, "name": "Ada King", "active": False},
            ),
            "project": Sample(
                table="msdyn_projects",
                id=PROJECT,
                fields={
                    **EURO, "msdyn_subject": "Rollout", "_msdyn_customer_value": CUSTOMER,
                    "_msdyn_salesorderid_value": ORDER, "statecode": 0, "statuscode": 1,
                },
                means={
                    "id": PROJECT, "name": "Rollout", "status": "active", "customer_id": CUSTOMER,
                    "contract_id": ORDER, "currency": "EUR",
                },
            ),
            "project#planned": Sample(
                table="msdyn_projects",
                id=PROJECT,
                fields={"msdyn_subject": "Rollout", "statecode": 0, "statuscode": 192350007},
                means={"status": "planned", "currency": None},
            ),
            "project#closed": Sample(
                table="msdyn_projects",
                id=PROJECT,
                fields={"msdyn_subject": "Rollout", "statecode": 1, "statuscode": 2},
                means={"status": "closed"},
            ),
            "milestone": Sample(
                table="msdyn_contractlinescheduleofvalues",
                id=ROW,
                fields=MILESTONE,
                means={
                    "id": ROW, "name": "Go live", "status": "accepted", "accepted_at": "2026-10-30T23:00:00Z",
                    "amount": "45000.0000", "contract_line_id": LINE, "project_id": PROJECT, "currency": "EUR",
                },
            ),
            "milestone#not_ready": Sample(
                table="msdyn_contractlinescheduleofvalues",
                id=ROW,
                fields={**MILESTONE, "msdyn_invoicestatus": 192350000},
                means={"status": "planned", "accepted_at": None},
            ),
            "milestone#inactive": Sample(
                table="msdyn_contractlinescheduleofvalues",
                id=ROW,
                fields={**MILESTONE, "statecode": 1},
                means={"status": "cancelled", "accepted_at": None},
            ),
            "time_entry": Sample(
                table="msdyn_timeentries",
                id=identifier(1),
                fields=entry(0),
                means={
                    "id": identifier(1), "project_id": PROJECT, "resource_id": PERSON, "work_date": "2026-10-30",
                    "hours": "7.5", "status": "approved", "source_updated_at": "2026-11-20T17:30:00Z",
                },
            ),
            "time_entry#returned": Sample(
                table="msdyn_timeentries",
                id=identifier(1),
                fields=entry(1, msdyn_entrystatus=192350001),
                means={"status": "rejected"},
            ),
            "time_entry#recalled": Sample(
                table="msdyn_timeentries",
                id=identifier(1),
                fields=entry(1, msdyn_entrystatus=192350004),
                means={"status": "submitted"},
            ),
            "invoice": Sample(
                table="invoices",
                id=ROW,
                fields=INVOICE,
                means={"id": ROW, "number": "INV-1", "status": "draft", "amount": "1000.00", "currency": "EUR"},
            ),
            "invoice#confirmed": Sample(
                table="invoices", id=ROW, fields={**INVOICE, "statuscode": 100_003}, means={"status": "posted"}
            ),
            "invoice#paid": Sample(
                table="invoices", id=ROW, fields={**INVOICE, "statecode": 2}, means={"status": "paid"}
            ),
            "invoice#cancelled": Sample(
                table="invoices", id=ROW, fields={**INVOICE, "statecode": 3}, means={"status": "void"}
            ),
            "invoice_line": Sample(
                table="invoicedetails",
                id=LINE,
                fields=INVOICE_LINE,
                means={
                    "id": LINE, "invoice_id": ROW, "project_id": PROJECT, "contract_line_id": LINE,
                    "amount": "1000.00", "covers": "time", "currency": "EUR",
                },
            ),
            "invoice_line#other": Sample(
                table="invoicedetails",
                id=LINE,
                fields={**INVOICE_LINE, "msdyn_billingmethod": None},
                means={"covers": "fee"},
            ),
        },
    ),
)  # fmt: skip
