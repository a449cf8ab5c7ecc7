"""Xero: contacts, invoices, credit notes and journals of an organisation; its projects, tasks and time.

An invoice is posted when authorised, sent once marked so; void and deleted ones stay and say it. Time has no
approval: what is entered counts as approved. A task is a contract line, billed by time or fixed; what is not
chargeable is fixed, and so never awaits billing by time. A project is active until it is closed.

Traps: line items come only with pages, and line amounts include tax where their invoice says so. A day is
written as milliseconds of its midnight in UTC: another zone makes it the day before. Archived contacts come
only when asked for. Projects and time know no changes: every poll reads all of it, one request a project, so
give such streams a long interval or omit them. No time says which invoice billed it, and no invoice names a
project: ``tracking`` is the category whose option does, and lines relieve time by amount. A line that was
taken off an invoice leaves no trace: ids are compared. Refresh tokens are good for one use. Journals may
need a higher plan (unverified), as may be the zone of the days that time is entered for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from collectors.engines.vendor import VendorSettings, rest_system
from collectors.systems._xero_rows import documents, lines, postings

_BOOKS, _PROJECTS = "/api.xro/2.0", "/projects.xro/2.0"
_SCOPES = (
    "accounting.transactions.read accounting.contacts.read accounting.settings.read accounting.journals.read"
    " projects.read"
)
_STATES = {
    "DRAFT": "draft", "SUBMITTED": "pending_approval", "AUTHORISED": "posted", "PAID": "paid",
    "VOIDED": "void", "DELETED": "void",
}  # fmt: skip
_SINCE = {"If-Modified-Since": "{since}"}
_VERSION = {"source_updated_at": "UpdatedDateUTC"}
_DELETED = {"column": "Status", "is": "DELETED"}
_BY_CHANGE = {"since_as": "%Y-%m-%dT%H:%M:%S"}


class XeroSettings(VendorSettings):
    """``tenant`` is the organisation's id, ``currency`` its base currency, ``zone`` where it is.

    With a ``refresh_token_file`` a firm's app is used, without one a custom connection. ``tracking`` is the
    category whose options name projects, ``fee_items`` are item codes that bill no time, ``day_limit`` how
    many calls the plan allows a day.
    """

    client_id: str
    client_secret_env: str
    currency: str
    tenant: str | None = None
    refresh_token_file: Path | None = None
    tracking: str = Field(default="Project", pattern="^[^']+$")
    fee_items: tuple[str, ...] = ()
    zone: str = "UTC"
    day_limit: int = Field(default=5000, ge=1)
    base: str = "https://api.xero.com"
    login: str = "https://identity.xero.com"


def _pages(path: str, size: int, **params: str | bool) -> dict[str, Any]:
    paging = {"style": "page", "size_param": "pageSize", "size": size, "pages": "pagination.pageCount"}
    return {"path": path, "params": params, "next": paging}


def _sales() -> dict[str, Any]:
    """Invoices to clients, then what was credited to them."""
    invoices = _pages(f"{_BOOKS}/Invoices", 1000, where='Type=="ACCREC"', order="InvoiceID ASC")
    notes = _pages(f"{_BOOKS}/CreditNotes", 1000, where='Type=="ACCRECCREDIT"', order="CreditNoteID ASC")
    return {**invoices, "then": notes}


def _changed(request: dict[str, Any]) -> dict[str, Any]:
    then = {"then": _changed(request["then"])} if "then" in request else {}
    return {**request, "headers": _SINCE, **then}


def _books(chosen: XeroSettings) -> dict[str, Any]:
    """The organisation, its contacts and its postings to income."""
    project = {"path": f"TrackingCategories[?Name=='{chosen.tracking}'].Option | [0]"}
    contacts = _pages(f"{_BOOKS}/Contacts", 1000, includeArchived=True, order="ContactID ASC")
    return {
        "legal_entity": {
            "read": {"path": f"{_BOOKS}/Organisation", "rows": "Organisations"},
            "fields": {
                "id": "OrganisationID", "name": "Name", "country": "CountryCode", "currency": "BaseCurrency",
            },
        },
        "customer": {
            "read": _changed({**contacts, "rows": "Contacts"}),
            "fields": {**_VERSION, "id": "ContactID", "name": "Name"},
            **_BY_CHANGE,
        },
        "revenue_line": {
            "read": _changed({
                "path": f"{_BOOKS}/Journals",
                "next": {"style": "cursor", "path": "Journals[-1].JournalNumber", "param": "offset"},
            }),
            "fields": {
                "id": "JournalLineID", "source_updated_at": "CreatedDateUTC", "project_id": project,
                "state": {"constant": "posted"}, "currency": {"constant": chosen.currency},
                "amount": "amount", "posted_on": "JournalDate",
            },
            **_BY_CHANGE,
        },
    }  # fmt: skip


def _invoices(chosen: XeroSettings) -> dict[str, Any]:
    """Invoices and credit notes, and their lines."""
    project = {"path": f"Tracking[?Name=='{chosen.tracking}'].Option | [0]"}
    sent = [{"column": "Status", "is": "AUTHORISED"}, {"column": "SentToContact", "is": True}]
    fees = [{"column": "ItemCode", "in": list(chosen.fee_items)}]
    link = "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID={document}"
    return {
        "invoice": {
            "read": _changed(_sales()),
            "fields": {
                **_VERSION, "id": "document", "number": "number", "kind": "kind", "currency": "CurrencyCode",
                "customer_id": {"path": "Contact.ContactID"}, "issued_on": "Date", "due_on": "DueDate",
                "amount": "SubTotal", "credits_id": "credits", "source_url": {"template": link},
                "status": {
                    "when": [{"all": sent, "then": "sent"}], "else": {"column": "Status", "values": _STATES},
                },
            },
            "deleted": _DELETED,
            **_BY_CHANGE,
        },
        "invoice_line": {
            "read": _changed(_sales()),
            "ids": _sales(),
            "fields": {
                **_VERSION, "id": "LineItemID", "invoice_id": "document", "project_id": project,
                "currency": "CurrencyCode", "amount": "net",
                "covers": {"when": [{"all": fees, "then": "fee"}], "else": "time"},
            },
            "deleted": _DELETED,
            **_BY_CHANGE,
        },
    }  # fmt: skip


def _work(chosen: XeroSettings) -> dict[str, Any]:
    """What the projects API knows, always all of it."""
    projects = {**_pages(f"{_PROJECTS}/Projects", 500), "rows": "items"}
    tasks, time = (
        {**projects, "each": {**_pages(f"{_PROJECTS}/Projects/{{projectId}}/{what}", 500), "rows": "items"}}
        for what in ("Tasks", "Time")
    )
    people = {**_pages(f"{_PROJECTS}/ProjectsUsers", 500), "rows": "items"}
    streams: dict[str, Any] = {
        "resource": (people, {"id": "userId", "name": "name"}),
        "project": (projects, {
            "id": "projectId", "name": "name", "customer_id": "contactId", "currency": "currencyCode",
            "status": {"column": "status", "values": {"INPROGRESS": "active", "CLOSED": "closed"}},
        }),
        "contract_line": (tasks, {
            "id": "taskId", "name": "name", "rate": {"path": "rate.value"},
            "currency": {"path": "rate.currency", "default": chosen.currency},
            "kind": {
                "column": "chargeType", "values": {"TIME": "time_and_materials"}, "default": "fixed_fee",
            },
        }),
        "time_entry": (time, {
            "id": "timeEntryId", "project_id": "projectId", "contract_line_id": "taskId",
            "resource_id": "userId", "work_date": "dateUtc", "hours": {"column": "duration", "divide": 60},
            "status": {"constant": "approved"},
            "billed": {"column": "status", "values": {"INVOICED": True}, "default": False},
        }),
    }  # fmt: skip
    own = {"format": {"zone": chosen.zone}}
    return {
        name: {"read": request, "ids": request, "fields": fields, **own}
        for name, (request, fields) in streams.items()
    }


def _declare(chosen: XeroSettings) -> dict[str, Any]:
    asks = {
        "token_url": f"{chosen.login}/connect/token",
        "client_id": chosen.client_id,
        "client_secret_env": chosen.client_secret_env,
        "sent": "basic",
    }
    if chosen.refresh_token_file is not None:
        auth = {**asks, "style": "refresh_token", "refresh_token_file": chosen.refresh_token_file}
    else:
        auth = {**asks, "style": "client_credentials", "scope": _SCOPES}
    spent = {"status": 429, "header": "X-Rate-Limit-Problem", "text": "day", "means": "stop"}
    return {
        "base": chosen.base,
        "auth": auth,
        "headers": {"xero-tenant-id": chosen.tenant} if chosen.tenant else {},
        "signals": [spent],
        "quota": {"header": "X-DayLimit-Remaining", "total": chosen.day_limit},
        "format": {"instants": ["odata_ms"]},
        "streams": _books(chosen) | _invoices(chosen) | _work(chosen),
    }


SYSTEM = rest_system(
    kind="xero",
    title="Xero",
    roles=("erp", "psa", "time"),
    settings=XeroSettings,
    declare=_declare,
    records=(
        "legal_entity", "customer", "resource", "project", "contract_line", "time_entry", "invoice",
        "invoice_line", "revenue_line",
    ),
    unpack={"invoice": documents, "invoice_line": lines, "revenue_line": postings},
    reads={
        "invoice": ("InvoiceNumber", "CreditNoteNumber", "Allocations.Invoice.InvoiceID"),
        "invoice_line": ("LineAmount", "TaxAmount", "LineAmountTypes"),
        "revenue_line": ("NetAmount", "AccountType"),
    },
    notes="accounting API 2.0 and projects API 2.0; projects are read whole at every poll",
    permissions=tuple(_SCOPES.split()),
)  # fmt: skip
