"""Chargebee, from the resources of its published client libraries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.chargebee import Chargebee
from tests.contract.case import Case, Sample


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {
        "site": "nordwind",
        "key_env": "CHARGEBEE_KEY",
        "base": base,
        "zone": "Europe/Berlin",
        "project_field": "cf_project",
    }


# 31 October, 23:30 in London, is 1 November in Berlin
LATE = int(datetime(2026, 10, 31, 23, 30, tzinfo=UTC).timestamp())
LINE = {
    "id": "li_1", "amount": 1_000_000, "discount_amount": 50_000, "tax_amount": 180_500, "entity_type": "adhoc",
    "description": "October",
}  # fmt: skip


def invoice(number: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "customer_id": "c1", "status": "posted", "currency_code": "EUR", "price_type": "tax_exclusive",
        "date": LATE, "due_date": LATE + 30 * 86_400, "total": 1_130_500 + number, "tax": 180_500,
        "cf_project": "P7", "line_items": [LINE], **changed,
    }  # fmt: skip


def credit(**changed: Any) -> Mapping[str, Any]:
    line = {"id": "li_9", "amount": 50_000, "reference_line_item_id": "li_1", "entity_type": "adhoc"}
    return {
        "customer_id": "c1", "status": "refund_due", "currency_code": "EUR", "price_type": "tax_exclusive",
        "date": LATE, "total": 59_500, "tax": 9_500, "reference_invoice_id": "INV-1", "cf_project": "P7",
        "line_items": [line], **changed,
    }  # fmt: skip


def error(code: str, message: str, status: int) -> dict[str, Any]:
    return {"message": message, "api_error_code": code, "http_status_code": status}


CASES = (
    Case(
        api=Chargebee,
        settings=settings,
        env={"CHARGEBEE_KEY": Chargebee.secret},
        stream="invoice",
        table="invoices",
        row=invoice,
        id=lambda number: f"INV-{number}",
        known_as=lambda number: f"INV-{number}",
        changes=("status", "paid", "status", "paid"),
        deletes="soft",
        passing=(
            Fault(429, error("api_request_limit_exceeded", "Maximum request limit exceeded", 429)),
            Fault(429, error("api_request_limit_exceeded", "Slow down", 429), {"Retry-After": "9"}),
        ),
        refusing=(
            Fault(401, error("api_authentication_failed", "Sorry, authentication failed.", 401)),
            Fault(403, error("api_authorization_failed", "The key may not read this", 403)),
            Fault(400, error("configuration_incompatible", "Sorting is not enabled", 400)),
        ),
        wrong_in_200=(Fault(200, {"next_offset": None}), Fault(200, [])),
        samples={
            "customer": Sample(
                table="customers", id="c1", fields={"first_name": "Ada", "last_name": "King", "company": "Nordwind"},
                means={"id": "c1", "name": "Nordwind", "source_updated_at": "2026-11-20T17:30:00Z"},
            ),
            "customer#person": Sample(
                table="customers", fields={"first_name": "Ada", "last_name": "King"}, means={"name": "Ada King"}
            ),
            "customer#deleted": Sample(
                table="customers", fields={"email": "ap@nordwind.example"}, deleted=True,
                means={"name": "ap@nordwind.example", "deleted_at": "2026-11-20T18:00:00Z"},
            ),
            "invoice": Sample(
                table="invoices",
                id="INV-1",
                fields=invoice(0),
                means={
                    "id": "INV-1", "number": "INV-1", "kind": "invoice", "status": "posted", "customer_id": "c1",
                    "currency": "EUR", "amount": "9500", "issued_on": "2026-11-01", "due_on": "2026-12-01",
                    "source_updated_at": "2026-11-20T17:30:00Z", "deleted_at": None,
                    "source_url": "https://nordwind.chargebee.com/d/invoices/INV-1",
                },
            ),
            "invoice#pending": Sample(
                table="invoices", fields=invoice(0, status="pending"), means={"status": "draft"}
            ),
            "invoice#unpaid": Sample(
                table="invoices", fields=invoice(0, status="not_paid"), means={"status": "posted"}
            ),
            "invoice#void": Sample(
                table="invoices", fields=invoice(0, status="voided"), means={"status": "void"}
            ),
            "invoice#yen": Sample(
                table="invoices", fields=invoice(0, currency_code="JPY"),
                means={"amount": "950000", "currency": "JPY"},
            ),
            "invoice#deleted": Sample(
                table="invoices", fields=invoice(0), deleted=True, means={"deleted_at": "2026-11-20T18:00:00Z"}
            ),
            "credit_note": Sample(
                table="credit_notes",
                id="CN-1",
                fields=credit(),
                means={
                    "id": "CN-1", "kind": "credit_note", "status": "posted", "credits_id": "INV-1",
                    "amount": "500", "issued_on": "2026-11-01", "customer_id": "c1",
                },
            ),
            "credit_note#void": Sample(
                table="credit_notes", fields=credit(status="voided"), means={"status": "void"}
            ),
            "invoice_line": Sample(
                table="invoices",
                id="INV-1",
                fields=invoice(0),
                means={
                    "id": "li_1", "invoice_id": "INV-1", "amount": "9500", "currency": "EUR", "project_id": "P7",
                    "covers": "time", "source_updated_at": "2026-11-20T17:30:00Z", "deleted_at": None,
                },
            ),
            "invoice_line#plan, with tax inside": Sample(
                table="invoices",
                fields=invoice(0, price_type="tax_inclusive",
                               line_items=[{**LINE, "entity_type": "plan_item_price"}]),
                means={"amount": "7695", "covers": "fee"},
            ),
            "invoice_line#of a deleted invoice": Sample(
                table="invoices", fields=invoice(0), deleted=True, means={"deleted_at": "2026-11-20T18:00:00Z"}
            ),
            "credit_note_line": Sample(
                table="credit_notes",
                id="CN-1",
                fields=credit(),
                means={
                    "id": "li_9", "invoice_id": "CN-1", "credits_line_id": "li_1", "amount": "500",
                    "project_id": "P7",
                },
            ),
        },
    ),
)  # fmt: skip
