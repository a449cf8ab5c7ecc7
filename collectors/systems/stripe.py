"""Stripe Billing: customers, invoices and credit notes, and their lines.

Posted: an invoice that is open (finalised), paid or uncollectible; a draft is none, and its lines are not
read: they may still change, and a finalised invoice's do not. Lists know no "changed since", only "created":
what is new comes from the list, what changed from the events of the last 30 days, and once a week all of
``look_back`` is read again, in case we were away for longer. A deleted draft shows as its event. Events come
newest first, several in one second: the first one counts.

Amounts are without tax and after discounts, in the smallest unit of the currency. The link to a PSA is
metadata on the invoice item (or the invoice) under the names in ``metadata``. Days are local to ``zone``.
Revenue recognition is left out: Stripe tells it in files of CSV only, ordered as reports.
Unverified: that credit notes can be listed by the time they were created.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Literal

from pydantic import Field

from collectors.engines.sql_settings import Duration
from collectors.engines.vendor import VendorSettings, rest_system
from collectors.systems._minor_units import SMALL, money

#: lines of what is final do not change: a version that never moves, so that the same line again is no news
_ALWAYS = {"constant": "2000-01-01T00:00:00Z"}
#: Stripe counts these in hundredths, as it did before they lost them
_HUNDREDTHS = ("ISK", "UGX")
_INVOICE = {"draft": "draft", "open": "posted", "paid": "paid", "uncollectible": "posted", "void": "void"}
_TURNS = ("finalized_at", "paid_at", "voided_at", "marked_uncollectible_at")
_CURRENCY = {"column": "currency", "values": SMALL}
_Linked = Literal["project_id", "milestone_id", "contract_line_id", "time_entries"]
_METADATA: dict[_Linked, str] = {
    "project_id": "project_id", "milestone_id": "milestone_id", "contract_line_id": "contract_line_id",
    "time_entries": "time_entry_ids",
}  # fmt: skip


class StripeSettings(VendorSettings):
    """``key_env`` names a restricted key that may read; ``zone`` is the account's time zone.

    ``metadata`` says under which names the PSA's ids stand; several time entries are parted by commas, each
    with its hours after a colon where only part of it is billed.
    """

    key_env: str
    zone: str = "UTC"
    base: str = "https://api.stripe.com"
    api_version: str = "2025-04-30.basil"
    metadata: dict[_Linked, str] = _METADATA
    look_back: Duration = Field(default=timedelta(days=400), gt=timedelta(0))


def _list(path: str, **more: Any) -> dict[str, Any]:
    turn = {"style": "cursor", "path": "has_more && data[-1].id", "param": "starting_after"}
    params = {"limit": 100, **more.pop("params", {})}
    return {"path": path, "params": params, "rows": more.pop("rows", "data"), "next": turn, **more}


def _stream(path: str, events: str, chosen: StripeSettings, **more: Any) -> dict[str, Any]:
    """New rows from the list, changed ones from the events; lines are asked for each of them."""
    window = {"created[gte]": "{since}", "created[lt]": "{until}"}
    lines = {"each": _list(f"{path}/{{id}}/lines"), "outer": "of"} if more.pop("lines", False) else {}
    rows = {"rows": "data[].data.object"} if lines else {}
    changed = _list("/v1/events", params={**window, "type": events}, **rows, **lines)
    final = {"rows": "data[?status != 'draft']"} if lines else {}
    return {
        "read": {**_list(path, params=window, **final), "then": changed, **lines},
        "since_as": "epoch",
        "newest_first": True,
        "reread": {"every": "7d", "back": chosen.look_back},
        **more,
    }


def _linked(chosen: StripeSettings, field: _Linked) -> str:
    """Where an id stands: with the line, else with the whole document."""
    name = json.dumps(chosen.metadata.get(field) or "-")
    return f"metadata.{name} || of.metadata.{name}"


def _declare(chosen: StripeSettings) -> dict[str, Any]:
    changed = [
        {"path": path} for path in ("event_at", "created", *(f"status_transitions.{t}" for t in _TURNS))
    ]
    document = {"version": [*changed, {"path": "voided_at"}], "deleted": _deleted("invoice.deleted")}
    common: dict[str, Any] = {
        "id": "id", "number": "number", "customer_id": "customer", "currency": _CURRENCY,
        "amount": money("net", "currency", _HUNDREDTHS),
    }  # fmt: skip
    line: dict[str, Any] = {
        "id": "id", "source_updated_at": _ALWAYS, "amount": money("net", "of.currency", _HUNDREDTHS),
        "currency": {"path": "of.currency", "values": SMALL}, "invoice_id": {"path": "of.id"},
    }  # fmt: skip
    return {
        "base": chosen.base,
        "auth": {"style": "bearer", "token_env": chosen.key_env},
        "headers": {"Stripe-Version": chosen.api_version},
        "format": {"instants": ["epoch"], "zone": chosen.zone},
        "signals": [{"header": "Stripe-Should-Retry", "text": "true", "means": "retry"}],
        "streams": {
            "customer": _stream("/v1/customers", "customer.*", chosen, version=changed[:2],
                                deleted=_deleted("customer.deleted"), fields={
                "id": "id", "name": {"path": "name || description || email || id"},
            }),
            "invoice": _stream("/v1/invoices", "invoice.*", chosen, **document, fields={
                **common, "status": {"column": "status", "values": _INVOICE}, "due_on": "due_date",
                "issued_on": {"path": "effective_at || status_transitions.finalized_at || created"},
                "posted_at": {"path": "status_transitions.finalized_at"},
                "source_url": {"template": "https://dashboard.stripe.com/invoices/{id}"},
            }),
            "credit_note": _stream("/v1/credit_notes", "credit_note.*", chosen, kind="invoice",
                                   version=document["version"], fields={
                **common, "kind": {"constant": "credit_note"}, "credits_id": "invoice",
                "status": {"column": "status", "values": {"issued": "posted", "void": "void"}},
                "issued_on": {"path": "effective_at || created"}, "posted_at": "created",
                "source_url": {"template": "https://dashboard.stripe.com/credit_notes/{id}"},
            }),
            "invoice_line": _stream("/v1/invoices", "invoice.finalized", chosen, lines=True, fields={
                **line, **_links(chosen),
            }),
            "credit_note_line": _stream("/v1/credit_notes", "credit_note.created", chosen, lines=True,
                                        kind="invoice_line", fields={
                **line, "credits_line_id": "invoice_line_item",
            }),
        },
    }  # fmt: skip


def _deleted(event: str) -> dict[str, Any]:
    return {"column": "event", "is": event}


def _links(chosen: StripeSettings) -> dict[str, Any]:
    found: dict[str, Any] = {
        field: {"path": _linked(chosen, field)}
        for field in ("project_id", "milestone_id", "contract_line_id")
        if chosen.metadata.get(field)
    }
    time = {"path": _linked(chosen, "time_entries")}
    found["time_entries"] = {**time, "entries": {"separator": ","}}
    found["covers"] = {"when": [
        {"all": [{"path": _linked(chosen, "milestone_id"), "present": True}], "then": "milestone"},
        {"all": [{**time, "present": True}], "then": "time"},
        {"all": [{"path": "parent.type", "is": "subscription_item_details"}], "then": "fee"},
    ], "else": "time"}  # fmt: skip
    return found


def _documents(wanted: str, body: Any) -> Sequence[Mapping[str, Any]] | Any:
    """The objects of a list, or those that events tell of, each with its amount before tax.

    Events of one name tell of other things too: of a customer's card, or of an invoice that is yet to be.
    """
    data = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(data, list):
        return data
    found = [_told(item) if item.get("object") == "event" else item for item in data]
    return [{**row, "net": _net(row)} for row in found if row.get("object") == wanted and "id" in row]


def _lines(body: Any) -> Sequence[Mapping[str, Any]] | Any:
    """Lines, each with its amount before tax and after discounts."""
    data = body.get("data") if isinstance(body, Mapping) else None
    return [{**line, "net": _net(line)} for line in data] if isinstance(data, list) else data


def _told(event: Mapping[str, Any]) -> dict[str, Any]:
    return {**event["data"]["object"], "event": event["type"], "event_at": event["created"]}


def _net(row: Mapping[str, Any]) -> int | None:
    """What a document or a line is about without tax, after discounts."""
    if "total" in row:
        before_tax = row.get("total_excluding_tax")
        return int(row["total"] if before_tax is None else before_tax)
    if "amount" not in row:
        return None
    taxes = (tax for tax in row.get("taxes") or () if tax.get("tax_behavior") == "inclusive")
    less = [*(row.get("discount_amounts") or ()), *taxes]
    return int(row["amount"]) - sum(int(part["amount"]) for part in less)


SYSTEM = rest_system(
    kind="stripe",
    title="Stripe Billing",
    roles=("erp",),
    settings=StripeSettings,
    declare=_declare,
    records=("customer", "invoice", "invoice_line"),
    unpack={
        "customer": partial(_documents, "customer"),
        "invoice": partial(_documents, "invoice"),
        "credit_note": partial(_documents, "credit_note"),
        "invoice_line": _lines,
        "credit_note_line": _lines,
    },
    reads={
        **dict.fromkeys(("invoice", "credit_note"), ("total", "total_excluding_tax")),
        **dict.fromkeys(
            ("invoice_line", "credit_note_line"),
            ("amount", "discount_amounts[].amount", "taxes[].[amount, tax_behavior]"),
        ),
    },
    notes="changes by events of 30 days; revenue recognition is not read",
    permissions=("a restricted key: read on Customers, Invoices, Credit notes and Events",),
)
