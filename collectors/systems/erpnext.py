"""ERPNext on Frappe 14 and later, by the resource API: deals, orders, projects, time, invoices, ledger.

Won is a converted opportunity. A project is active from its creation, unless ``is_active`` says no. Time is
approved when its timesheet is submitted; invoices are posted when submitted, and nobody says they were sent.
A cancelled document stays, with docstatus 2; what is deleted leaves no trace here: ids are compared.

Traps: stamps are in the site's own zone and say none. Child rows are read with their parent (dotted fields;
unverified on 16); pages begin after the last name, because a document that changes while pages are read would
push others out of sight. Time on an invoice stands beside its items and names none, so whole invoices are
fetched and the item of the nearest quantity takes it. Returns carry amounts below zero. The billed mark on
time can be wrong after amendments. A completed task that is a milestone counts as accepted: ERPNext keeps
nothing else of acceptance.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from collectors.engines.asking import columns_read
from collectors.engines.vendor import VendorSettings, rest_system
from collectors.systems._erpnext_rows import NET, invoices, lines, postings

_DRAFT, _SUBMITTED, _CANCELLED = ({"all": [{"column": "docstatus", "is": n}]} for n in ("0", "1", "2"))
_HOURLY = {"column": "items__uom", "is": "Hour"}
#: what is reckoned here and not asked for
_OURS = {"amount", "entries"}


class ErpnextSettings(VendorSettings):
    """``base`` is the site, ``zone`` its time zone; ``token_env`` holds ``api_key:api_secret``.

    ``opportunity_field`` is the field of Sales Order that holds a deal's id, ``income_accounts`` are the
    accounts whose postings are revenue, ``time_units`` the units in which time is sold.
    """

    base: str
    token_env: str
    zone: str
    opportunity_field: str | None = None
    income_accounts: tuple[str, ...] = ()
    time_units: tuple[str, ...] = ("Hour", "Day")
    page_size: int = Field(default=500, ge=1)


def _list(chosen: ErpnextSettings, doctype: str, asked: Sequence[str], child: str, filters: Any) -> Any:
    """The list of a document type, or of child rows; ``table__field`` asks for a field of another table."""
    place = f"'{child}', " if child else ""
    named = [f"{name.replace('__', '.')} as {name}" if "__" in name else name for name in asked]
    return {
        "path": f"/api/resource/{doctype}",
        "params": {
            "fields": json.dumps(named),
            "filters": json.dumps([*filters, *([[child, "name", "is", "set"]] if child else [])]),
            "order_by": f"`tab{child or doctype}`.`name` asc",
        },
        "rows": "data",
        "next": {
            "style": "keyset",
            "param": "or_filters",
            "field": f"to_string([[{place}'name', '>', {asked[0]}]])",
            "size_param": "limit_page_length",
            "size": chosen.page_size,
        },
    }


def _stream(  # noqa: PLR0913 - a stream has much to say
    chosen: ErpnextSettings, name: str, doctype: str, fields: Mapping[str, Any], *, table: str = "",
    child: str = "", filters: Sequence[Any] = (), also: Sequence[str] = (), whole: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Documents of a type, or their rows in ``table`` of type ``child``; ``whole`` fetches every document."""
    key = f"{table}__name" if child else "name"
    url = f"{chosen.base}/app/{doctype.lower().replace(' ', '-')}/{{name}}"
    rules = {"id": key, "source_updated_at": "modified", "source_url": {"template": url}, **fields}
    since = [["modified", ">=", "{since}"], *filters]
    if whole:
        read = _list(chosen, doctype, ["name"], "", since)
        read["each"] = {"path": f"/api/resource/{doctype}/{{name}}"}
    else:
        columns = {*columns_read(rules, chosen.fields.get(name)), *also} - {key, *_OURS}
        read = _list(chosen, doctype, [key, *sorted(columns)], child, since)
    return {
        "read": read,
        "ids": _list(chosen, doctype, [key], child, filters),
        "fields": rules,
        "since_as": "%Y-%m-%d %H:%M:%S",
    }


_SIGNALS = [
    {
        "status": 417, "text": "Field not permitted in query", "means": "refuse",
        "names": r"Field not permitted in query: ([\w.` ]+)",
        "remedy": "let the user read the field, or map it otherwise under fields",
    },
]  # fmt: skip
_MASTER: dict[str, tuple[str, dict[str, Any]]] = {
    "legal_entity": ("Company", {"name": "company_name", "currency": "default_currency"}),
    "customer": ("Customer", {"name": "customer_name"}),
    "resource": ("Employee", {
        "legal_entity": "company", "name": "employee_name", "start_on": "date_of_joining",
        "end_on": "relieving_date",
        "active": {"column": "status", "values": {"Active": True}, "default": False},
    }),
    "fx_rate": ("Currency Exchange", {
        "rate_type": {"constant": "erpnext"}, "base_currency": "from_currency", "currency": "to_currency",
        "valid_on": "date", "rate": "exchange_rate",
    }),
}  # fmt: skip


def _documents(chosen: ErpnextSettings) -> dict[str, tuple[str, dict[str, Any]]]:
    """What stands in a document's head, by stream."""
    deal = {"opportunity_id": chosen.opportunity_field} if chosen.opportunity_field else {}
    of_customer = {"column": "opportunity_from", "is": "Customer"}
    resting = [{"column": "status", "is": "Open"}, {"column": "is_active", "is": "No"}]
    return {
        "opportunity": ("Opportunity", {
            "number": "name", "name": "title", "customer_name": "customer_name", "currency": "currency",
            "customer_id": {"when": [{"all": [of_customer], "then": {"column": "party_name"}}], "else": ""},
            "amount": "opportunity_amount", "owner": "opportunity_owner",
            "status": {
                "column": "status", "default": "open",
                "values": {"Converted": "won", "Lost": "lost", "Closed": "lost"},
            },
        }),
        "contract": ("Sales Order", {
            **deal, "number": "name", "customer_id": "customer", "currency": "currency",
            "amount": "net_total", "end_on": "delivery_date",
            "status": {"when": [
                {**_DRAFT, "then": "draft"}, {**_CANCELLED, "then": "cancelled"},
                {"all": [{"column": "status", "in": ["Completed", "Closed"]}], "then": "closed"},
            ], "else": "active"},
            "signed_at": {"when": [{**_SUBMITTED, "then": {"column": "transaction_date"}}], "else": ""},
        }),
        "project": ("Project", {
            "number": "name", "name": "project_name", "customer_id": "customer", "contract_id": "sales_order",
            "activated_at": "creation",
            "status": {"when": [{"all": resting, "then": "on_hold"}], "else": {
                "column": "status", "values": {"Completed": "complete", "Cancelled": "cancelled"},
                "default": "active",
            }},
        }),
        "invoice": ("Sales Invoice", {
            "number": "name", "customer_id": "customer", "issued_on": "posting_date", "due_on": "due_date",
            "currency": "currency", "amount": "net_total", "credits_id": "return_against",
            "kind": {"column": "is_return", "values": {"1": "credit_note"}, "default": "invoice"},
            "status": {"when": [
                {**_DRAFT, "then": "draft"}, {**_CANCELLED, "then": "void"},
                {"all": [{"column": "status", "is": "Paid"}], "then": "paid"},
            ], "else": "posted"},
        }),
    }  # fmt: skip


def _sold(chosen: ErpnextSettings) -> dict[str, Any]:
    """Rows of orders and invoices."""
    company, timely = {"legal_entity": "company"}, {"column": "items__uom", "in": list(chosen.time_units)}
    return {
        "contract_line": _stream(chosen, "contract_line", "Sales Order", {
            **company, "contract_id": "name", "name": "items__item_name", "currency": "currency",
            "amount": "items__net_amount",
            "kind": {"when": [{"all": [timely], "then": "time_and_materials"}], "else": "fixed_fee"},
            "rate": {"when": [{"all": [_HOURLY], "then": {"column": "items__net_rate"}}], "else": ""},
        }, table="items", child="Sales Order Item"),
        "invoice_line": _stream(chosen, "invoice_line", "Sales Invoice", {
            **company, "invoice_id": "name", "project_id": "items__project", "currency": "currency",
            "contract_line_id": "items__so_detail", "amount": "items__net_amount",
            "credits_line_id": "items__sales_invoice_item",
            "covers": {
                "when": [{"any": [timely, {"column": "entries", "present": True}], "then": "time"}],
                "else": "fee",
            },
            "hours": {"when": [{"all": [_HOURLY], "then": {"column": "items__qty"}}], "else": ""},
            "time_entries": "entries",
        }, table="items", child="Sales Invoice Item", whole=True),
    }  # fmt: skip


def _worked(chosen: ErpnextSettings) -> dict[str, Any]:
    """Rows of timesheets, tasks that are milestones, closed periods."""
    company, billable = {"legal_entity": "company"}, {"column": "time_logs__is_billable", "is": True}
    return {
        "time_entry": _stream(chosen, "time_entry", "Timesheet", {
            **company, "project_id": "time_logs__project", "resource_id": "employee", "currency": "currency",
            "work_date": "time_logs__from_time", "billable": "time_logs__is_billable",
            "rate": "time_logs__billing_rate",
            "hours": {
                "when": [{"all": [billable], "then": {"column": "time_logs__billing_hours"}}],
                "else": {"column": "time_logs__hours"},
            },
            "status": {"column": "docstatus", "values": {"0": "draft", "1": "approved", "2": "rejected"}},
            "billed": {
                "when": [{"all": [{"column": "time_logs__sales_invoice", "present": True}], "then": True}],
                "else": False,
            },
        }, table="time_logs", child="Timesheet Detail"),
        "milestone": _stream(chosen, "milestone", "Task", {
            **company, "name": "subject", "project_id": "project", "accepted_at": "completed_on",
            "currency": "company__default_currency",
            "status": {
                "column": "status", "default": "planned",
                "values": {"Completed": "accepted", "Pending Review": "reached", "Cancelled": "cancelled"},
            },
        }, filters=[["is_milestone", "=", 1]]),
        "period": _stream(chosen, "period", "Accounting Period", {
            **company, "ledger": "company", "name": "period_name", "start_on": "start_date",
            "end_on": "end_date",
            "status": {"column": "closed_documents__closed", "values": {"1": "closed"}, "default": "open"},
        }, table="closed_documents", child="Closed Document",
            filters=[["Closed Document", "document_type", "=", "Sales Invoice"]]),
    }  # fmt: skip


def _posted(chosen: ErpnextSettings) -> dict[str, Any]:
    """Postings to the accounts of income."""
    filters = [["account", "in", list(chosen.income_accounts)]]
    return {
        "revenue_line": _stream(chosen, "revenue_line", "GL Entry", {
            "legal_entity": "company", "project_id": "project", "currency": "account_currency",
            "amount": "amount", "posted_on": "posting_date",
            "state": {"column": "is_cancelled", "values": {"1": "reversed"}, "default": "posted"},
        }, filters=filters, also=NET),
    }  # fmt: skip


def _declare(chosen: ErpnextSettings) -> dict[str, Any]:
    heads = {name: _stream(chosen, name, *told) for name, told in _MASTER.items()}
    for name, (doctype, fields) in _documents(chosen).items():
        heads[name] = _stream(chosen, name, doctype, {"legal_entity": "company", **fields})
    streams = heads | _sold(chosen) | _worked(chosen)
    auth = {"style": "header", "name": "Authorization", "prefix": "token ", "value_env": chosen.token_env}
    return {
        "base": chosen.base,
        "auth": auth,
        "format": {"zone": chosen.zone},
        "signals": _SIGNALS,
        "streams": streams | (_posted(chosen) if chosen.income_accounts else {}),
    }


SYSTEM = rest_system(
    kind="erpnext",
    title="ERPNext",
    roles=("erp", "psa", "time", "contract", "crm"),
    settings=ErpnextSettings,
    declare=_declare,
    records=(
        "legal_entity", "customer", "resource", "opportunity", "contract", "contract_line", "project",
        "milestone", "time_entry", "invoice", "invoice_line", "revenue_line", "period", "fx_rate",
    ),
    unpack={"invoice": invoices, "invoice_line": lines, "revenue_line": postings},
    reads={"invoice": ("is_return", "net_total"), "invoice_line": ("is_return",), "revenue_line": NET},
    notes="Frappe 14 and later, API version 1; income_accounts for revenue; expense claims are not read",
    permissions=(
        "Read on Company, Customer, Employee, Opportunity, Sales Order, Project, Task and Timesheet",
        "Read on Sales Invoice, GL Entry, Accounting Period and Currency Exchange",
    ),
)  # fmt: skip
