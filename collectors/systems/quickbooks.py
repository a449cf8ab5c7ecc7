"""QuickBooks Online by its query language: customers, people, projects, time, invoices and credit memos.

A project is a customer that is a job of another, active as long as that customer is. Time has no approval:
what is entered counts as approved. There are no drafts: a document is posted, sent once e-mailed, paid when
nothing is left of it, void when its amount is nothing and its note says so (in English; unverified
elsewhere). A line bills time where it is linked to it: QuickBooks itself calls all other time unbilled.

Traps: a query leaves inactive names out unless asked, pages overlap without an order, and nothing found
leaves the key out. A fault may come with status 200. Amounts of a document include tax. Time says hours and
minutes, or start, end and break. Subtotals repeat other lines and discounts are told above zero. Change data
capture looks back 30 days, gives 1,000 objects and leaves time out: ids are compared instead. Every refresh
may bring a new refresh token, which is kept in the file. Whether a project's own status shows is unverified.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from collectors.engines.vendor import VendorSettings, rest_system
from collectors.systems._quickbooks_rows import activities, documents, jobs, lines, named

_CUSTOMER = {"path": "CustomerRef.value"}
_ALL_NAMES = "Active in (true, false)"
_FAULT = "Fault.Error[0].Detail || Fault.Error[0].Message || Fault.type"


class QuickbooksSettings(VendorSettings):
    """``realm`` is the company's id, ``currency`` its home currency, for where none is said.

    ``refresh_token_file`` holds the refresh token and is written to when a new one comes.
    """

    realm: str
    client_id: str
    client_secret_env: str
    refresh_token_file: Path
    currency: str
    base: str = "https://quickbooks.api.intuit.com"
    login: str = "https://oauth.platform.intuit.com"
    minor_version: int = 75
    page_size: int = Field(default=1000, ge=1, le=1000)


def _query(chosen: QuickbooksSettings, entity: str, *tests: str) -> dict[str, Any]:
    where = f" where {' and '.join(tests)}" if tests else ""
    page = f"orderby Id startposition {{start}} maxresults {chosen.page_size}"
    text = f"select * from {entity}{where} {page}"  # noqa: S608 - the source's own language, without foreign text
    return {
        "path": f"/v3/company/{chosen.realm}/query",
        "params": {"query": text, "minorversion": chosen.minor_version},
        "error": _FAULT,
        "next": {
            "style": "offset",
            "param": "start",
            "size_param": None,
            "size": chosen.page_size,
            "sent": "place",
            "first_row": 1,
        },
    }


def _stream(
    chosen: QuickbooksSettings, fields: Mapping[str, Any], *entities: str, is_name: bool = False
) -> dict[str, Any]:
    """One or two entities, read one after the other; ``is_name`` asks for inactive ones too."""
    always = [_ALL_NAMES] if is_name else []
    since = "MetaData.LastUpdatedTime >= '{since}'"
    read, every = (
        [_query(chosen, entity, *tests) for entity in entities] for tests in ([since, *always], always)
    )
    for requests in (read, every):
        if len(requests) > 1:
            requests[0]["then"] = requests[1]
    version = {"id": "Id", "source_updated_at": {"path": "MetaData.LastUpdatedTime"}}
    return {"read": read[0], "ids": every[0], "fields": {**version, **fields}}


def _declare(chosen: QuickbooksSettings) -> dict[str, Any]:
    money = {"path": "CurrencyRef.value", "default": chosen.currency}
    link = "https://qbo.intuit.com/app"
    return {
        "base": chosen.base,
        "auth": {
            "style": "refresh_token", "token_url": f"{chosen.login}/oauth2/v1/tokens/bearer",
            "client_id": chosen.client_id, "client_secret_env": chosen.client_secret_env, "sent": "basic",
            "refresh_token_file": chosen.refresh_token_file,
        },
        "streams": {
            "customer": _stream(chosen, {
                "name": "DisplayName", "source_url": {"template": f"{link}/customerdetail?nameId={{Id}}"},
            }, "Customer", is_name=True),
            "resource": _stream(chosen, {
                "name": "DisplayName", "active": "Active", "start_on": "HiredDate", "end_on": "ReleasedDate",
            }, "Employee", is_name=True),
            "project": _stream(chosen, {
                "name": "DisplayName", "customer_id": {"path": "ParentRef.value"}, "currency": money,
                "status": {"column": "Active", "values": {"true": "active", "false": "closed"}},
            }, "Customer", is_name=True),
            "time_entry": _stream(chosen, {
                "project_id": _CUSTOMER, "resource_id": {"path": "EmployeeRef.value || VendorRef.value"},
                "work_date": "TxnDate", "hours": "hours", "status": {"constant": "approved"},
                "billable": {"column": "BillableStatus", "values": {"NotBillable": False}, "default": True},
                "billed": {"column": "BillableStatus", "values": {"HasBeenBilled": True}, "default": False},
                "rate": "HourlyRate", "source_url": {"template": f"{link}/timeactivity?txnId={{Id}}"},
            }, "TimeActivity"),
            "invoice": _stream(chosen, {
                "id": "document", "number": "DocNumber", "kind": "kind", "customer_id": _CUSTOMER,
                "status": "status", "issued_on": "TxnDate", "due_on": "DueDate", "currency": money,
                "amount": "net",
                "source_url": {"when": [
                    {"all": [{"column": "kind", "is": "invoice"}],
                     "then": {"template": f"{link}/invoice?txnId={{Id}}"}},
                ], "else": {"template": f"{link}/creditmemo?txnId={{Id}}"}},
            }, "Invoice", "CreditMemo"),
            "invoice_line": _stream(chosen, {
                "id": "line", "invoice_id": "document", "project_id": _CUSTOMER, "covers": "covers",
                "currency": money, "amount": "amount", "hours": "hours", "time_entries": "entries",
            }, "Invoice", "CreditMemo"),
        },
    }  # fmt: skip


SYSTEM = rest_system(
    kind="quickbooks",
    title="QuickBooks Online",
    roles=("erp", "time"),
    settings=QuickbooksSettings,
    declare=_declare,
    records=("customer", "resource", "project", "time_entry", "invoice", "invoice_line"),
    unpack={
        "customer": named("Customer"),
        "resource": named("Employee"),
        "project": jobs,
        "time_entry": activities,
        "invoice": documents,
        "invoice_line": lines,
    },
    reads={
        "time_entry": ("Hours", "Minutes", "StartTime", "EndTime"),
        "invoice": ("TotalAmt", "TxnTaxDetail.TotalTax", "Balance", "EmailStatus", "PrivateNote"),
        "invoice_line": ("Amount", "DetailType", "LinkedTxn", "SalesItemLineDetail.Qty"),
    },
    notes="API v3; subcontractors are named but not listed; estimates and revenue are not read",
    permissions=("an app with the scope com.intuit.quickbooks.accounting, connected by an administrator",),
)
