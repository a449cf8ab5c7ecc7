"""Odoo 19, from the shapes of its JSON-2 API; linked records stand on the shelf as objects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.odoo import Odoo
from tests.contract.case import Case, Sample


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {"base": base, "token_env": "ODOO_KEY", "database": Odoo.database, "page_size": 5}


EUR = {"id": 125, "name": "EUR"}
GBP = {"id": 143, "name": "GBP"}
FIRM = {"id": 1, "name": "Nordwind Ltd", "currency_id": GBP}
CLIENT = {"id": 25, "name": "Azure, Brandon", "commercial_partner_id": {"id": 14, "name": "Azure"}}
HOURS = {"id": 4, "name": "Hours"}
SOLD = {"id": 77, "name": "S00042 - Consulting", "qty_delivered_method": "timesheet"}


def sheet(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "date": "2026-10-30", "unit_amount": 7.5, "employee_id": {"id": 7, "name": "Ada King"}, "so_line": SOLD,
        "project_id": {"id": 100 + number, "name": "Rollout"}, "currency_id": EUR, "company_id": FIRM,
        "timesheet_invoice_type": "billable_time", "timesheet_invoice_id": False, "validated": True, **changed,
    }  # fmt: skip


DEAL = {
    "type": "opportunity", "name": "Rollout", "partner_id": CLIENT, "partner_name": False, "won_status": "won",
    "date_closed": "2026-10-01 12:30:00", "expected_revenue": 133283.07, "company_currency": GBP,
    "company_id": FIRM, "user_id": {"id": 2, "name": "Grace"}, "active": True,
}  # fmt: skip
ORDER = {
    "name": "S00042", "partner_id": CLIENT, "opportunity_id": {"id": 9, "name": "Rollout"}, "state": "sale",
    "currency_id": EUR, "amount_untaxed": 133283.07, "date_order": "2026-10-01 14:00:00", "signed_on": False,
    "company_id": FIRM,
}  # fmt: skip
LINE = {
    "order_id": {"id": 42, "name": "S00042"}, "name": "Consulting", "display_type": False, "company_id": FIRM,
    "product_id": {"id": 5, "name": "Consulting", "invoice_policy": "delivery"}, "currency_id": EUR,
    "qty_delivered_method": "timesheet", "price_subtotal": 120100.0, "price_reduce_taxexcl": 120.1,
    "product_uom_id": HOURS,
}  # fmt: skip
PROJECT = {
    "name": "Rollout", "partner_id": CLIENT, "company_id": FIRM, "sale_order_id": {"id": 42, "name": "S00042"},
    "stage_id": {"id": 2, "name": "In Progress"}, "last_update_status": "on_track", "active": True,
    "user_id": {"id": 2, "name": "Grace"},
}  # fmt: skip
MILESTONE = {
    "name": "Go-live", "project_id": {"id": 101, "name": "Rollout"}, "is_reached": True,
    "reached_date": "2026-10-30", "quantity_percentage": 0.25,
    "sale_line_id": {"id": 78, "name": "Steps", "price_subtotal": 10000.1, "currency_id": EUR},
}  # fmt: skip
INVOICE = {
    "name": "INV/2026/00413", "move_type": "out_invoice", "state": "posted", "payment_state": "not_paid",
    "is_move_sent": True, "invoice_date": "2026-11-01", "invoice_date_due": "2026-12-01", "currency_id": EUR,
    "company_id": FIRM, "partner_id": CLIENT, "amount_untaxed": 900.75, "reversed_entry_id": False,
}  # fmt: skip
BILLED = {
    "move_id": {
        "id": 413, "name": "INV/2026/00413", "move_type": "out_invoice",
        "timesheet_ids": [
            {"id": 31, "so_line": {"id": 77, "name": "S00042"}, "unit_amount": 7.5},
            {"id": 32, "so_line": {"id": 99, "name": "S00050"}, "unit_amount": 2.0},
        ],
    },
    "display_type": "product", "company_id": FIRM, "currency_id": EUR, "quantity": 7.5, "product_uom_id": HOURS,
    "price_subtotal": 900.75, "sale_line_ids": [SOLD],
}  # fmt: skip
POSTING = {
    "account_id": {"id": 21, "name": "400000 Sales", "account_type": "income"}, "parent_state": "posted",
    "company_id": FIRM, "currency_id": EUR, "amount_currency": -900.75, "date": "2026-11-01",
    "sale_line_ids": [SOLD],
}  # fmt: skip

MASTER = {
    "legal_entity": Sample(
        table="res.company",
        fields={"name": "Nordwind Ltd", "currency_id": GBP},
        means={"id": "1", "name": "Nordwind Ltd", "currency": "GBP"},
    ),
    "customer": Sample(
        table="res.partner",
        fields={"display_name": "Azure", "is_company": True, "parent_id": {"id": 3, "name": "Group"}},
        means={"name": "Azure"},
    ),
    "resource": Sample(
        table="hr.employee",
        fields={"name": "Ada King", "active": False, "company_id": FIRM},
        means={"name": "Ada King", "active": False, "legal_entity": "1"},
    ),
    "fx_rate": Sample(
        table="res.currency.rate",
        fields={"name": "2026-10-30", "rate": 1.141, "currency_id": EUR, "company_id": FIRM},
        means={"base_currency": "GBP", "currency": "EUR", "rate": "1.141", "valid_on": "2026-10-30"},
    ),
}
ORDERS = {
    "opportunity": Sample(
        table="crm.lead",
        fields=DEAL,
        means={
            "name": "Rollout", "customer_id": "14", "customer_name": None, "status": "won",
            "won_at": "2026-10-01T12:30:00Z", "amount": "133283.07", "currency": "GBP", "owner": "Grace",
        },
    ),
    "opportunity#lost": Sample(
        table="crm.lead",
        fields={**DEAL, "won_status": "lost", "active": False},
        means={"status": "lost", "won_at": None},
    ),
    "opportunity#open": Sample(
        table="crm.lead",
        fields={**DEAL, "won_status": "pending", "date_closed": False},
        means={"status": "open", "won_at": None},
    ),
    "contract": Sample(
        table="sale.order",
        fields=ORDER,
        means={
            "number": "S00042", "opportunity_id": "9", "customer_id": "14", "status": "active",
            "signed_at": "2026-10-01T14:00:00Z", "amount": "133283.07", "currency": "EUR", "legal_entity": "1",
        },
    ),
    "contract#quotation": Sample(
        table="sale.order", fields={**ORDER, "state": "sent"}, means={"status": "draft", "signed_at": None}
    ),
    "contract#cancelled": Sample(
        table="sale.order", fields={**ORDER, "state": "cancel"}, means={"status": "cancelled"}
    ),
    "contract_line": Sample(
        table="sale.order.line",
        fields=LINE,
        means={
            "contract_id": "42", "name": "Consulting", "kind": "time_and_materials", "rate": "120.1",
            "amount": "120100.0", "recognition": None, "currency": "EUR",
        },
    ),
    "contract_line#prepaid": Sample(
        table="sale.order.line",
        fields={**LINE, "product_id": {"id": 6, "name": "Days", "invoice_policy": "order"}},
        means={"kind": "fixed_fee", "rate": None},
    ),
    "contract_line#steps": Sample(
        table="sale.order.line",
        fields={**LINE, "qty_delivered_method": "milestones"},
        means={"kind": "milestone", "recognition": "milestone", "rate": None},
    ),
}  # fmt: skip
WORK = {
    "project": Sample(
        table="project.project",
        fields=PROJECT,
        means={
            "name": "Rollout", "customer_id": "14", "contract_id": "42", "status": "active", "manager": "Grace"
        },
    ),
    "project#planned": Sample(
        table="project.project",
        fields={**PROJECT, "stage_id": {"id": 1, "name": "To Do"}, "partner_id": False},
        means={"status": "planned", "customer_id": None},
    ),
    "project#without_stages": Sample(
        table="project.project", fields={**PROJECT, "stage_id": False}, means={"status": "active"}
    ),
    "project#archived": Sample(
        table="project.project", fields={**PROJECT, "active": False}, means={"status": "closed"}
    ),
    "project#resting": Sample(
        table="project.project",
        fields={**PROJECT, "last_update_status": "on_hold"},
        means={"status": "on_hold"},
    ),
    "milestone": Sample(
        table="project.milestone",
        fields=MILESTONE,
        means={
            "name": "Go-live", "project_id": "101", "contract_line_id": "78", "status": "accepted",
            "accepted_at": "2026-10-30T00:00:00Z", "amount": "2500.025", "currency": "EUR",
        },
    ),
    "milestone#ahead": Sample(
        table="project.milestone",
        fields={**MILESTONE, "is_reached": False, "reached_date": False},
        means={"status": "planned", "accepted_at": None},
    ),
    "time_entry": Sample(
        table="account.analytic.line",
        fields=sheet(1),
        means={
            "project_id": "101", "contract_line_id": "77", "resource_id": "7", "work_date": "2026-10-30",
            "hours": "7.5", "status": "approved", "billable": True, "billed": False, "currency": "EUR",
            "rate": None, "legal_entity": "1", "source_updated_at": "2026-11-20T17:30:00Z",
        },
    ),
    "time_entry#fixed": Sample(
        table="account.analytic.line",
        fields=sheet(1, timesheet_invoice_type="billable_fixed", validated=False),
        means={"billable": False, "status": "draft"},
    ),
    "time_entry#billed": Sample(
        table="account.analytic.line",
        fields=sheet(1, timesheet_invoice_id={"id": 413, "name": "INV/2026/00413"}, so_line=False),
        means={"billed": True, "contract_line_id": None},
    ),
}  # fmt: skip
BOOKS = {
    "invoice": Sample(
        table="account.move",
        fields=INVOICE,
        means={
            "number": "INV/2026/00413", "kind": "invoice", "status": "sent", "customer_id": "14",
            "amount": "900.75", "currency": "EUR", "issued_on": "2026-11-01", "due_on": "2026-12-01",
            "credits_id": None,
        },
    ),
    "invoice#posted": Sample(
        table="account.move", fields={**INVOICE, "is_move_sent": False}, means={"status": "posted"}
    ),
    "invoice#paid": Sample(
        table="account.move", fields={**INVOICE, "payment_state": "in_payment"}, means={"status": "paid"}
    ),
    "invoice#draft": Sample(
        table="account.move", fields={**INVOICE, "state": "draft", "name": False}, means={"status": "draft"}
    ),
    "invoice#void": Sample(table="account.move", fields={**INVOICE, "state": "cancel"}, means={"status": "void"}),
    "invoice#credit": Sample(
        table="account.move",
        fields={**INVOICE, "move_type": "out_refund", "reversed_entry_id": {"id": 413, "name": "INV/2026/00413"}},
        means={"kind": "credit_note", "credits_id": "413", "amount": "900.75"},
    ),
    "invoice_line": Sample(
        table="account.move.line",
        fields=BILLED,
        means={
            "invoice_id": "413", "contract_line_id": "77", "covers": "time", "amount": "900.75", "hours": "7.5",
            "time_entries": "31:7.5", "currency": "EUR",
        },
    ),
    "invoice_line#steps": Sample(
        table="account.move.line",
        fields={**BILLED, "sale_line_ids": [{"id": 78, "name": "Steps", "qty_delivered_method": "milestones"}]},
        means={"covers": "milestone", "contract_line_id": "78", "time_entries": ""},
    ),
    "invoice_line#loose": Sample(
        table="account.move.line",
        fields={**BILLED, "sale_line_ids": [], "product_uom_id": False},
        means={"covers": "fee", "contract_line_id": None, "hours": None},
    ),
    "revenue_line": Sample(
        table="account.move.line",
        fields=POSTING,
        means={
            "contract_line_id": "77", "state": "posted", "amount": "900.75", "currency": "EUR",
            "posted_on": "2026-11-01",
        },
    ),
    "revenue_line#refund": Sample(
        table="account.move.line",
        fields={**POSTING, "amount_currency": 100.5},
        means={"amount": "-100.5", "state": "posted"},
    ),
    "revenue_line#cancelled": Sample(
        table="account.move.line", fields={**POSTING, "parent_state": "cancel"}, means={"state": "reversed"}
    ),
}  # fmt: skip

CASES = (
    Case(
        api=Odoo,
        settings=settings,
        env={"ODOO_KEY": Odoo.secret},
        stream="time_entry",
        table="account.analytic.line",
        row=sheet,
        changes=("unit_amount", 3.25, "hours", 3_250_000),
        passing=(
            Fault(429, {"name": "werkzeug.exceptions.TooManyRequests"}, {"Retry-After": "5"}),
            Fault(
                500, {"name": "psycopg2.errors.SerializationFailure", "message": "could not serialize access"}
            ),
        ),
        refusing=(
            Fault(401, {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}),
            Fault(403, {"name": "odoo.exceptions.AccessError", "message": "You are not allowed to access"}),
            Fault(404, {"name": "werkzeug.exceptions.NotFound", "message": "the model does not exist"}),
            Fault(422, {"name": "werkzeug.exceptions.UnprocessableEntity", "message": "missing argument"}),
        ),
        wrong_in_200=(Fault(200, {"error": {"code": 200, "message": "Odoo Server Error"}}),),
        samples={**MASTER, **ORDERS, **WORK, **BOOKS},
    ),
)
