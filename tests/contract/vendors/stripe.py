"""Stripe, from the objects of its published API reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.apis.api import Fault
from sandbox.apis.stripe import Stripe
from tests.contract.case import Case, Sample


def settings(base: str, _folder: Path) -> Mapping[str, Any]:
    return {"key_env": "STRIPE_KEY", "base": base, "zone": "Europe/Berlin"}


def epoch(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


# 31 October, 23:30 in London, is 1 November in Berlin
FINAL = epoch(2026, 10, 31, 23, 30)
TURNS = {"finalized_at": None, "paid_at": None, "voided_at": None, "marked_uncollectible_at": None}
LINE = {
    "id": "il_1", "amount": 950_000, "currency": "eur", "discount_amounts": [], "taxes": [],
    "metadata": {"project_id": "P7", "time_entry_ids": "T1:4.5,T2"},
    "parent": {"type": "invoice_item_details"},
}  # fmt: skip


def invoice(number_: int, **changed: Any) -> Mapping[str, Any]:
    return {
        "number": f"NW-{number_}", "status": "open", "currency": "eur", "customer": "cus_1", "due_date": None,
        "created": epoch(2026, 10, 30) + number_, "effective_at": None, "total": 1_130_500,
        "total_excluding_tax": 950_000, "metadata": {}, "status_transitions": {**TURNS, "finalized_at": FINAL},
        "lines": [LINE], **changed,
    }  # fmt: skip


def credit(**changed: Any) -> Mapping[str, Any]:
    line = {"id": "cnli_1", "amount": 50_000, "discount_amounts": [], "taxes": None,
            "type": "invoice_line_item", "invoice_line_item": "il_1"}  # fmt: skip
    return {
        "number": "NW-1-CN-01", "status": "issued", "currency": "eur", "customer": "cus_1", "invoice": "in_1",
        "total": 59_500, "total_excluding_tax": 50_000, "effective_at": FINAL, "voided_at": None,
        "lines": [line], **changed,
    }  # fmt: skip


def with_line(**changed: Any) -> Mapping[str, Any]:
    return invoice(1, lines=[{**LINE, **changed}])


def error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "code": code, "message": message}}


CASES = (
    Case(
        api=Stripe,
        settings=settings,
        env={"STRIPE_KEY": Stripe.secret},
        stream="invoice",
        table="invoices",
        row=invoice,
        id=lambda number: f"in_{number}",
        known_as=lambda number: f"in_{number}",
        changes=("status", "paid", "status", "paid"),
        deletes="soft",
        passing=(
            Fault(429, error("rate_limit", "Too many requests"), {"Stripe-Should-Retry": "true"}),
            Fault(409, error("lock_timeout", "This object cannot be accessed"), {"Stripe-Should-Retry": "true"}),
        ),
        refusing=(
            Fault(401, error("api_key_expired", "Expired API Key provided")),
            Fault(403, error("more_permissions_required", "The provided key does not have the permissions")),
            Fault(400, error("parameter_unknown", "Received unknown parameter: created")),
        ),
        wrong_in_200=(Fault(200, {"object": "list", "has_more": False}),),
        samples={
            "customer": Sample(
                table="customers", id="cus_1", fields={"name": "Nordwind", "email": "ap@nordwind.example"},
                means={"id": "cus_1", "name": "Nordwind", "source_updated_at": "2026-11-20T17:30:00Z"},
            ),
            "customer#without a name": Sample(
                table="customers", fields={"name": None, "description": None, "email": "ap@nordwind.example"},
                means={"name": "ap@nordwind.example"},
            ),
            "customer#deleted": Sample(
                table="customers", fields={"name": "Nordwind"}, deleted=True,
                means={"deleted_at": "2026-11-20T18:00:00Z"},
            ),
            "invoice": Sample(
                table="invoices",
                id="in_1",
                fields=invoice(1, due_date=epoch(2026, 11, 30, 12)),
                means={
                    "id": "in_1", "number": "NW-1", "kind": "invoice", "status": "posted", "customer_id": "cus_1",
                    "currency": "EUR", "amount": "9500", "issued_on": "2026-11-01", "due_on": "2026-11-30",
                    "posted_at": "2026-10-31T23:30:00Z", "source_updated_at": "2026-10-31T23:30:00Z",
                    "source_url": "https://dashboard.stripe.com/invoices/in_1",
                },
            ),
            "invoice#draft": Sample(
                table="invoices", fields=invoice(1, status="draft", number=None, status_transitions=TURNS),
                means={"status": "draft", "number": None, "posted_at": None},
            ),
            "invoice#void": Sample(
                table="invoices", fields=invoice(1, status="void"), means={"status": "void"}
            ),
            "invoice#uncollectible": Sample(
                table="invoices", fields=invoice(1, status="uncollectible"), means={"status": "posted"}
            ),
            "invoice#yen": Sample(
                table="invoices", fields=invoice(1, currency="jpy"),
                means={"amount": "950000", "currency": "JPY"},
            ),
            "invoice#dinar": Sample(
                table="invoices", fields=invoice(1, currency="kwd"), means={"amount": "950", "currency": "KWD"}
            ),
            "invoice#krona in hundredths": Sample(
                table="invoices", fields=invoice(1, currency="isk"), means={"amount": "9500", "currency": "ISK"}
            ),
            "invoice#deleted draft": Sample(
                table="invoices", fields=invoice(1, status="draft"), deleted=True,
                means={"status": "draft", "deleted_at": "2026-11-20T18:00:00Z"},
            ),
            "credit_note": Sample(
                table="credit_notes",
                id="cn_1",
                fields=credit(),
                means={
                    "id": "cn_1", "kind": "credit_note", "status": "posted", "amount": "500", "credits_id": "in_1",
                    "currency": "EUR", "issued_on": "2026-11-01", "customer_id": "cus_1",
                },
            ),
            "credit_note#void": Sample(
                table="credit_notes", fields=credit(status="void"), means={"status": "void"}
            ),
            "invoice_line": Sample(
                table="invoices",
                id="in_1",
                fields=with_line(),
                means={
                    "id": "il_1", "invoice_id": "in_1", "amount": "9500", "currency": "EUR", "project_id": "P7",
                    "covers": "time", "time_entries": "T1:4.5;T2",
                },
            ),
            "invoice_line#discounted, with tax inside": Sample(
                table="invoices",
                fields=with_line(
                    discount_amounts=[{"amount": 50_000}],
                    taxes=[{"amount": 100_000, "tax_behavior": "inclusive"},
                           {"amount": 7, "tax_behavior": "exclusive"}],
                ),
                means={"amount": "8000"},
            ),
            "invoice_line#milestone, said of the whole invoice": Sample(
                table="invoices", fields={**with_line(metadata={}), "metadata": {"milestone_id": "M-3"}},
                means={"covers": "milestone", "milestone_id": "M-3", "time_entries": ""},
            ),
            "invoice_line#subscription": Sample(
                table="invoices", fields=with_line(metadata={}, parent={"type": "subscription_item_details"}),
                means={"covers": "fee", "project_id": None},
            ),
            "credit_note_line": Sample(
                table="credit_notes",
                id="cn_1",
                fields=credit(),
                means={
                    "id": "cnli_1", "invoice_id": "cn_1", "credits_line_id": "il_1", "amount": "500",
                    "currency": "EUR",
                },
            ),
        },
    ),
)  # fmt: skip
