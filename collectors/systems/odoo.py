"""Odoo 19 and later by its JSON-2 API: deals, orders, projects, time, invoices and postings.

Won is ``won_status``, at ``date_closed``; a reached milestone counts as accepted, on its day. An order is
active once confirmed. Time is approved when it was validated, which only Enterprise knows: without it say
``approval = false``. An invoice is posted by its state, sent and paid by its marks. Time is billable on its
own only where its order line is billed by time (``billable_time``).

Traps: archived records (lost deals, closed projects) come only without the active test. Nothing deleted is
told: ids are compared. Stamps are UTC without a zone, cut to seconds, and say when a transaction began. What
is absent is ``false``. A partner may be a contact, so its company is read with it. Time names its invoice and
not the line: it goes to the lines of its order line, once each, so two such lines on one invoice share it
twice. What a milestone earns stands in its order line, which changes without it, so milestones are always
read whole. How ``web_search_read`` answers over JSON-2 is unverified: the web client's form is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from collectors.engines.asking import columns_read
from collectors.engines.vendor import VendorSettings, rest_system
from collectors.systems._odoo_wire import ask, invoice_lines, milestones, postings, rows

_STAGES = {
    "To Do": "planned", "In Progress": "active", "Done": "complete", "Canceled": "cancelled",
    "Cancelled": "cancelled",
}  # fmt: skip
_NAME: dict[str, Any] = {"fields": {"name": {}}}
_PARTNER: dict[str, Any] = {"partner_id": {"fields": {"commercial_partner_id": {}}}}
_CURRENCY = {"currency_id": _NAME}
_MONEY = {"path": "currency_id.name"}
_COMPANY = {"path": "partner_id.commercial_partner_id"}
_MANAGER = {"path": "user_id.name"}
_OURS = {"amount", "entries"}
_SALES = {"out_invoice": "invoice", "out_refund": "credit_note"}


class OdooSettings(VendorSettings):
    """``base`` is the server, ``database`` where it has several; the API key lives three months at most.

    ``stages`` translates the names of project stages, ``hour_units`` are the units that are an hour.
    """

    base: str
    token_env: str
    database: str | None = None
    approval: bool = True
    stages: dict[str, str] = Field(default_factory=lambda: dict(_STAGES))
    hour_units: tuple[str, ...] = ("Hours",)
    page_size: int = Field(default=1000, ge=1)


def _stream(
    chosen: OdooSettings, name: str, model: str, fields: Mapping[str, Any], *,
    domain: Sequence[Any] = (), nested: Mapping[str, Any] | None = None, whole: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Records of a model; ``nested`` are the linked records that are read with them."""
    url = {"template": f"{chosen.base}/odoo/{model}/{{id}}"}
    rules = {"id": "id", "source_updated_at": "write_date", "source_url": url, **fields}
    columns = set(columns_read(rules, chosen.fields.get(name))) - _OURS
    asked = {column: {} for column in sorted(columns)} | dict(nested or {})
    changed = [] if whole else [["write_date", ">=", "{since}"]]
    return {
        "read": ask(model, [*domain, *changed], asked, chosen.page_size),
        "ids": ask(model, domain, {"id": {}}, chosen.page_size),
        "fields": rules,
        "since_as": "%Y-%m-%d %H:%M:%S",
        "overlap": "15m",
    }


def _if(tests: Sequence[Any], then: Any) -> dict[str, Any]:
    """A rule that gives nothing unless all tests hold."""
    return {"when": [{"all": tests, "then": then}], "else": ""}


def _master(chosen: OdooSettings) -> dict[str, Any]:
    """Companies, clients, people and rates."""
    return {
        "legal_entity": _stream(chosen, "legal_entity", "res.company", {
            "name": "name", "currency": {"path": "currency_id[1]"},
        }),
        "customer": _stream(chosen, "customer", "res.partner", {"name": "display_name"},
            domain=["|", ["is_company", "=", True], ["parent_id", "=", False]]),
        "resource": _stream(chosen, "resource", "hr.employee", {
            "legal_entity": {"path": "company_id[0]"}, "name": "name", "active": "active",
        }),
        "fx_rate": _stream(chosen, "fx_rate", "res.currency.rate", {
            "legal_entity": {"path": "company_id.id"}, "rate_type": {"constant": "odoo"}, "valid_on": "name",
            "base_currency": {"path": "company_id.currency_id.name"}, "currency": _MONEY,
            "rate": "rate",
        }, domain=[["company_id", "!=", False]],
            nested={**_CURRENCY, "company_id": {"fields": {"currency_id": _NAME}}}),
    }  # fmt: skip


def _sold(chosen: OdooSettings) -> dict[str, Any]:
    """Deals, orders and their lines."""
    timely = [
        {"column": "qty_delivered_method", "is": "timesheet"},
        {"path": "product_id.invoice_policy", "is": "delivery"},
    ]
    stepwise = [{"column": "qty_delivered_method", "is": "milestones"}]
    hourly = {"path": "product_uom_id.name", "in": list(chosen.hour_units)}
    return {
        "opportunity": _stream(chosen, "opportunity", "crm.lead", {
            "legal_entity": "company_id", "name": "name", "customer_id": _COMPANY, "owner": _MANAGER,
            "customer_name": "partner_name", "amount": "expected_revenue",
            "currency": {"path": "company_currency.name"},
            "status": {"column": "won_status", "values": {"won": "won", "lost": "lost", "pending": "open"},
                       "default": "open"},
            "won_at": _if([{"column": "won_status", "is": "won"}], {"column": "date_closed"}),
        }, domain=[["type", "=", "opportunity"]],
            nested={**_PARTNER, "company_currency": _NAME, "user_id": _NAME}),
        "contract": _stream(chosen, "contract", "sale.order", {
            "legal_entity": "company_id", "number": "name", "opportunity_id": "opportunity_id",
            "customer_id": _COMPANY, "currency": _MONEY, "amount": "amount_untaxed",
            "status": {"column": "state", "values": {
                "draft": "draft", "sent": "draft", "sale": "active", "cancel": "cancelled"}},
            "signed_at": _if([{"column": "state", "is": "sale"}], {"path": "signed_on || date_order"}),
        }, nested={**_PARTNER, **_CURRENCY}),
        "contract_line": _stream(chosen, "contract_line", "sale.order.line", {
            "legal_entity": "company_id", "contract_id": "order_id", "name": "name", "currency": _MONEY,
            "amount": "price_subtotal",
            "kind": {"when": [
                {"all": timely, "then": "time_and_materials"}, {"all": stepwise, "then": "milestone"},
            ], "else": "fixed_fee"},
            "recognition": _if(stepwise, "milestone"),
            "rate": _if([*timely, hourly], {"column": "price_reduce_taxexcl"}),
        }, domain=[["display_type", "=", False]],
            nested={**_CURRENCY, "product_uom_id": _NAME, "product_id": {"fields": {"invoice_policy": {}}}}),
    }  # fmt: skip


def _worked(chosen: OdooSettings) -> dict[str, Any]:
    """Projects, milestones and time."""
    approved = {"column": "validated", "values": {"true": "approved"}, "default": "draft"}
    billed = [{"column": "timesheet_invoice_id", "present": True}]
    return {
        "project": _stream(chosen, "project", "project.project", {
            "legal_entity": "company_id", "name": "name", "customer_id": _COMPANY, "manager": _MANAGER,
            "contract_id": "sale_order_id",
            "status": {"when": [
                {"all": [{"column": "active", "is": False}], "then": "closed"},
                {"all": [{"column": "last_update_status", "is": "on_hold"}], "then": "on_hold"},
                {"all": [{"column": "last_update_status", "is": "done"}], "then": "complete"},
            ], "else": {"path": "stage_id.name", "values": chosen.stages, "default": "active"}},
        }, nested={**_PARTNER, "stage_id": _NAME, "user_id": _NAME}),
        "milestone": _stream(chosen, "milestone", "project.milestone", {
            "name": "name", "project_id": "project_id", "contract_line_id": {"path": "sale_line_id.id"},
            "currency": {"path": "sale_line_id.currency_id.name"}, "amount": "amount",
            "status": {"column": "is_reached", "values": {"true": "accepted"}, "default": "planned"},
            "accepted_at": _if([{"column": "is_reached", "is": True}], {"column": "reached_date"}),
        }, domain=[["sale_line_id", "!=", False]], whole=True,
            nested={"quantity_percentage": {},
                    "sale_line_id": {"fields": {"price_subtotal": {}, "currency_id": _NAME}}}),
        "time_entry": _stream(chosen, "time_entry", "account.analytic.line", {
            "legal_entity": {"path": "company_id[0]"}, "project_id": {"path": "project_id[0]"},
            "contract_line_id": {"path": "so_line[0]"}, "resource_id": {"path": "employee_id[0]"},
            "work_date": "date", "hours": "unit_amount", "currency": {"path": "currency_id[1]"},
            "status": approved if chosen.approval else {"constant": "approved"},
            "billable": {
                "column": "timesheet_invoice_type", "values": {"billable_time": True}, "default": False,
            },
            "billed": {"when": [{"all": billed, "then": True}], "else": False},
        }, domain=[["project_id", "!=", False]]),
    }  # fmt: skip


def _booked(chosen: OdooSettings) -> dict[str, Any]:
    """Invoices, their lines, and postings to income."""
    ordered = {"path": "sale_line_ids[0].id"}
    hourly = {"path": "product_uom_id.name", "in": list(chosen.hour_units)}
    timesheets: dict[str, Any] = {"fields": {"so_line": {}, "unit_amount": {}}}
    return {
        "invoice": _stream(chosen, "invoice", "account.move", {
            "legal_entity": "company_id", "number": "name", "customer_id": _COMPANY, "currency": _MONEY,
            "issued_on": "invoice_date", "due_on": "invoice_date_due", "amount": "amount_untaxed",
            "credits_id": "reversed_entry_id",
            "kind": {"column": "move_type", "values": _SALES},
            "status": {"when": [
                {"all": [{"column": "state", "is": "draft"}], "then": "draft"},
                {"all": [{"column": "state", "is": "cancel"}], "then": "void"},
                {"all": [{"column": "payment_state", "in": ["paid", "in_payment"]}], "then": "paid"},
                {"all": [{"column": "is_move_sent", "is": True}], "then": "sent"},
            ], "else": "posted"},
        }, domain=[["move_type", "in", list(_SALES)]], nested={**_PARTNER, **_CURRENCY}),
        "invoice_line": _stream(chosen, "invoice_line", "account.move.line", {
            "legal_entity": "company_id", "invoice_id": {"path": "move_id.id"}, "contract_line_id": ordered,
            "currency": _MONEY, "amount": "price_subtotal", "time_entries": "entries",
            "covers": {
                "path": "sale_line_ids[0].qty_delivered_method", "default": "fee",
                "values": {"timesheet": "time", "milestones": "milestone"},
            },
            "hours": _if([hourly], {"column": "quantity"}),
        }, domain=[["move_id.move_type", "in", list(_SALES)], ["display_type", "=", "product"]],
            nested={**_CURRENCY, "product_uom_id": _NAME,
                    "move_id": {"fields": {"move_type": {}, "timesheet_ids": timesheets}},
                    "sale_line_ids": {"fields": {"qty_delivered_method": {}}}}),
        "revenue_line": _stream(chosen, "revenue_line", "account.move.line", {
            "legal_entity": "company_id", "contract_line_id": ordered, "currency": _MONEY,
            "amount": "amount", "posted_on": "date",
            "state": {"column": "parent_state", "values": {"posted": "posted", "cancel": "reversed"}},
        }, domain=[["account_id.account_type", "=", "income"], ["parent_state", "!=", "draft"]],
            nested={**_CURRENCY, "amount_currency": {}, "sale_line_ids": {"fields": {}}}),
    }  # fmt: skip


_SIGNALS = [
    {
        # a fault of the server's by its status, and yet it never passes
        "status": 500, "text": "Invalid field", "means": "refuse", "names": r"Invalid field '([\w.]+)'",
        "remedy": "install the app that has the field, or map it otherwise under fields",
    },
]  # fmt: skip


def _declare(chosen: OdooSettings) -> dict[str, Any]:
    return {
        "base": chosen.base,
        "auth": {"style": "bearer", "token_env": chosen.token_env},
        "headers": {"X-Odoo-Database": chosen.database} if chosen.database else {},
        "format": {"zone": "UTC"},
        "signals": _SIGNALS,
        "streams": _master(chosen) | _sold(chosen) | _worked(chosen) | _booked(chosen),
    }


_RECORDS = (
    "legal_entity", "customer", "resource", "fx_rate", "opportunity", "contract", "contract_line", "project",
    "milestone", "time_entry", "invoice", "invoice_line", "revenue_line",
)  # fmt: skip

SYSTEM = rest_system(
    kind="odoo",
    title="Odoo",
    roles=("erp", "crm", "contract", "psa", "time"),
    settings=OdooSettings,
    declare=_declare,
    records=_RECORDS,
    unpack={
        **dict.fromkeys(_RECORDS, rows),
        "milestone": milestones,
        "invoice_line": invoice_lines,
        "revenue_line": postings,
    },
    notes="Odoo 19 and later, JSON-2; streams of apps that are not installed must be omitted",
    permissions=(
        "the external API (Custom plan)",
        "an API key of a user who reads CRM, Sales, Project, Timesheets, Employees and Accounting",
    ),
)
