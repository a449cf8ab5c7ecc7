"""Harvest v2: clients, people, projects, time, expenses and invoices with their lines.

An entry is approved when Harvest's timesheet approval closed it; a firm that does not use approval says
``approval = false``. Nothing deleted is told: ids are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectors.engines.vendor import VendorSettings, rest_system

_CLOSED = [{"all": [{"column": "is_closed", "is": True}], "then": "approved"}]
_INVOICED = {"draft": "draft", "open": "sent", "paid": "paid", "closed": "sent"}


class HarvestSettings(VendorSettings):
    """``account_id`` and a personal access token; ``contact`` goes into the User-Agent Harvest asks for."""

    account_id: str
    token_env: str
    contact: str
    base: str = "https://api.harvestapp.com/v2"
    approval: bool = True


def _stream(collection: str, fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    every: dict[str, Any] = {
        "path": f"/{collection}",
        "params": {"per_page": 2000},
        "rows": collection,
        "next": {"style": "link", "path": "links.next"},
        "total": "total_entries",
    }
    since = {**every, "params": {**every["params"], "updated_since": "{since}"}}
    version = {"source_updated_at": "updated_at", "id": "id"}
    return {"read": since, "ids": every, "fields": {**version, **fields}, **more}


def _declare(chosen: HarvestSettings) -> dict[str, Any]:
    status = {"when": _CLOSED, "else": "draft"} if chosen.approval else {"constant": "approved"}
    project, currency = {"path": "project.id"}, {"path": "client.currency"}
    invoice_line = _stream("invoices", {
        "source_updated_at": {"path": "invoice.updated_at"}, "invoice_id": {"path": "invoice.id"},
        "currency": {"path": "invoice.currency"}, "project_id": project, "amount": "amount",
        "covers": {"column": "kind", "values": {"Service": "time"}, "default": "fee"},
    }, kind="invoice_line")  # fmt: skip
    for request in (invoice_line["read"], invoice_line["ids"]):
        # the total counts invoices, and these rows are lines
        del request["total"]
    return {
        "base": chosen.base,
        "auth": {"style": "bearer", "token_env": chosen.token_env},
        "headers": {
            "Harvest-Account-Id": chosen.account_id,
            "User-Agent": f"Sightglass ({chosen.contact})",
        },
        "streams": {
            "customer": _stream("clients", {"name": "name"}),
            "resource": _stream("users", {
                "name": {"template": "{first_name} {last_name}"}, "email": "email", "active": "is_active",
            }),
            "project": _stream("projects", {
                "number": "code", "name": "name", "customer_id": {"path": "client.id"}, "currency": currency,
                "status": {"column": "is_active", "values": {"true": "active", "false": "closed"}},
                "billing_method": {"when": [
                    {"all": [{"column": "is_fixed_fee", "is": True}], "then": "fixed_fee"},
                    {"all": [{"column": "is_billable", "is": True}], "then": "time_and_materials"},
                ]},
                "rate": "hourly_rate",
            }),
            "time_entry": _stream("time_entries", {
                "project_id": project, "resource_id": {"path": "user.id"}, "work_date": "spent_date",
                "hours": {"path": "rounded_hours || hours"}, "status": status, "billable": "billable",
                "billed": "is_billed", "rate": "billable_rate", "currency": currency,
            }),
            "expense": _stream("expenses", {
                "project_id": project, "incurred_on": "spent_date", "status": status, "billable": "billable",
                "currency": currency, "amount": "total_cost",
            }),
            "invoice": _stream("invoices", {
                "number": "number", "customer_id": {"path": "client.id"}, "issued_on": "issue_date",
                "due_on": "due_date", "status": {"column": "state", "values": _INVOICED},
                "currency": "currency", "amount": "amount",
            }),
            "invoice_line": invoice_line,
        },
    }  # fmt: skip


def _lines(body: Any) -> Any:
    """The lines of a page of invoices, each with its invoice; None for an answer of another shape."""
    invoices = body.get("invoices") if isinstance(body, Mapping) else None
    if not isinstance(invoices, list):
        return None
    return [
        {**line, "id": f"{invoice['id']}:{line['id']}", "invoice": invoice}
        for invoice in invoices
        for line in invoice.get("line_items", ())
    ]


SYSTEM = rest_system(
    kind="harvest",
    title="Harvest",
    roles=("time", "psa", "erp"),
    settings=HarvestSettings,
    declare=_declare,
    records=("customer", "resource", "project", "time_entry", "expense", "invoice", "invoice_line"),
    unpack={"invoice_line": _lines},
    notes="API v2; approval by Harvest's timesheet approval",
    permissions=(
        "a personal access token of an administrator, or of a manager who sees all projects and invoices",
        "the account id that stands beside the token",
    ),
)
