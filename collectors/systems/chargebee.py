"""Chargebee Billing: customers, invoices and credit notes with their lines.

Posted: an invoice that is posted, due, unpaid or paid; a pending one still collects charges, so it is a draft
and its lines are not read. A void shows as its status, a deletion as a flag on rows that are asked for with
the others. Amounts are without tax and after discounts, in the smallest unit of the currency; days are local
to ``zone``. The link to a PSA is a custom field of the invoice (``project_field``) or what the firm maps.

Traps: rows wait in a wrapper named after them; the next page is known by an opaque mark only; the index
behind ``updated_at`` runs late, so the newest minutes are left alone.
Unverified: how late it runs; whether an answer ever leaves lines out, which is refused. Revenue recognition
is a product of its own, without a documented way to read it, and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from pydantic import StringConstraints

from collectors.engines.vendor import VendorSettings, rest_system
from collectors.errors import FatalError
from collectors.systems._minor_units import money

_INVOICE = {
    "paid": "paid", "posted": "posted", "payment_due": "posted", "not_paid": "posted", "voided": "void",
    "pending": "draft",
}  # fmt: skip
_CREDIT = {"adjusted": "posted", "refunded": "posted", "refund_due": "posted", "voided": "void"}
_NAME = (
    "company || (first_name && last_name && join(' ', [first_name, last_name])) || last_name || email || id"
)
_Custom = Annotated[str, StringConstraints(pattern=r"^cf_\w+$")]


class ChargebeeSettings(VendorSettings):
    """``site`` and an API key that may only read; ``zone`` is the site's time zone.

    ``project_field`` is the custom field of an invoice that names the project.
    """

    site: str
    key_env: str
    zone: str = "UTC"
    base: str | None = None
    project_field: _Custom | None = None


def _stream(resource: str, fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    read = {
        "path": f"/{resource}s",
        "params": {
            "limit": 100,
            "include_deleted": True,
            "sort_by[asc]": "updated_at",
            "updated_at[after]": "{since}",
            "updated_at[before]": "{until}",
        },
        "next": {"style": "cursor", "path": "next_offset", "param": "offset"},
    }
    return {
        "read": read,
        "since_as": "epoch",
        # its index is not there at once
        "settle": "2m",
        "overlap": "15m",
        "fields": {"id": "id", **fields},
        **more,
    }


def _declare(chosen: ChargebeeSettings) -> dict[str, Any]:
    base = chosen.base or f"https://{chosen.site}.chargebee.com"
    own = {"version": {"column": "updated_at"}, "deleted": "deleted"}
    lines = {"version": {"path": "of.updated_at"}, "deleted": {"path": "of.deleted", "is": True}}
    document: dict[str, Any] = {
        "number": "id", "customer_id": "customer_id", "currency": "currency_code", "issued_on": "date",
        "amount": money("net", "currency_code"),
    }  # fmt: skip
    line: dict[str, Any] = {
        "invoice_id": {"path": "of.id"}, "currency": {"path": "of.currency_code"},
        "amount": money("net", "of.currency_code"),
    }  # fmt: skip
    if chosen.project_field:
        line["project_id"] = {"path": f"of.{chosen.project_field}"}
    page = f"https://{chosen.site}.chargebee.com"
    return {
        "base": f"{base}/api/v2",
        "auth": {"style": "basic_key", "key_env": chosen.key_env, "password": ""},
        "format": {"instants": ["epoch"], "zone": chosen.zone},
        "streams": {
            "customer": _stream("customer", {"name": {"path": _NAME}}, **own),
            "invoice": _stream("invoice", {
                **document, "status": {"column": "status", "values": _INVOICE}, "due_on": "due_date",
                "source_url": {"template": f"{page}/d/invoices/{{id}}"},
            }, **own),
            "credit_note": _stream("credit_note", {
                **document, "kind": {"constant": "credit_note"}, "credits_id": "reference_invoice_id",
                "status": {"column": "status", "values": _CREDIT},
                "source_url": {"template": f"{page}/d/credit_notes/{{id}}"},
            }, kind="invoice", **own),
            "invoice_line": _stream("invoice", {
                **line, "covers": {"column": "entity_type", "values": {"adhoc": "time"}, "default": "fee"},
            }, **lines),
            "credit_note_line": _stream("credit_note", {
                **line, "credits_line_id": "reference_line_item_id",
            }, kind="invoice_line", **lines),
        },
    }  # fmt: skip


def _documents(resource: str, body: Any) -> Sequence[Mapping[str, Any]] | Any:
    """The rows out of their wrappers, each with its amount before tax."""
    held = body.get("list") if isinstance(body, Mapping) else None
    if not isinstance(held, list):
        return held
    rows = [wrapper[resource] for wrapper in held]
    return [{**row, "net": int(row.get("total", 0)) - int(row.get("tax", 0))} for row in rows]


def _lines(resource: str, body: Any) -> Sequence[Mapping[str, Any]] | Any:
    """The lines of what is no longer pending, each with its document."""
    found = _documents(resource, body)
    if not isinstance(found, list):
        return found
    if any(row.get("line_items_next_offset") for row in found):
        what = f"chargebee: a document of {resource} holds more lines than an answer tells"
        raise FatalError(what, remedy="leave its lines out, and read them from an export")
    return [
        {**line, "net": _net(line, row), "of": row}
        for row in found
        if row.get("status") != "pending"
        for line in row.get("line_items", ())
    ]


def _net(line: Mapping[str, Any], row: Mapping[str, Any]) -> int:
    inside = int(line.get("tax_amount", 0)) if row.get("price_type") == "tax_inclusive" else 0
    return int(line["amount"]) - int(line.get("discount_amount", 0)) - inside


SYSTEM = rest_system(
    kind="chargebee",
    title="Chargebee Billing",
    roles=("erp",),
    settings=ChargebeeSettings,
    declare=_declare,
    records=("customer", "invoice", "invoice_line"),
    unpack={
        "customer": partial(_documents, "customer"),
        "invoice": partial(_documents, "invoice"),
        "credit_note": partial(_documents, "credit_note"),
        "invoice_line": partial(_lines, "invoice"),
        "credit_note_line": partial(_lines, "credit_note"),
    },
    reads={
        **dict.fromkeys(("invoice", "credit_note"), ("total", "tax")),
        **dict.fromkeys(
            ("invoice_line", "credit_note_line"),
            ("amount", "discount_amount", "tax_amount", "of.price_type", "of.status"),
        ),
    },
    notes="API v2; revenue recognition is not read",
    permissions=("a read-only API key with access to all of the site",),
)
