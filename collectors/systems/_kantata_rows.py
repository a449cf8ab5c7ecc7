"""Kantata's answers as rows: what ``results`` names, in its order, each with what was included for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from queries.types import EXPONENTS

#: what may be included: the ids in the row, and where the included ones stand in the answer
_INCLUDED = {
    "active_submission": ("active_submission_id", "expense_report_submissions"),
    "additional_items": ("additional_item_ids", "additional_items"),
    "billing_milestones": ("billing_milestone_ids", "billing_milestones"),
    "expenses": ("expense_ids", "expenses"),
    "external_references": ("external_reference_ids", "external_references"),
    "fixed_fee_items": ("fixed_fee_item_ids", "fixed_fee_items"),
    "primary_maven": ("primary_maven_id", "users"),
    "story_state_changes": ("story_state_change_ids", "story_state_changes"),
    "time_entries": ("time_entry_ids", "time_entries"),
    "workspace": ("workspace_id", "workspaces"),
    "workspace_resource": ("workspace_resource_id", "workspace_resources"),
}
#: what an invoice may bill
BILLED = ("time_entries", "expenses", "billing_milestones", "fixed_fee_items", "additional_items")
_COVERS = {"time_entries": "time", "expenses": "expense", "billing_milestones": "milestone"}


def rows(body: Any) -> Any:
    """The rows of an answer; no list where it is none, or names a row that it does not hold."""
    named = body.get("results") if isinstance(body, Mapping) else None
    if not isinstance(named, list):
        return named
    found = [body.get(one["key"], {}).get(str(one["id"])) for one in named]
    return None if None in found else [_joined(body, row) for row in found]


def customers(body: Any) -> Any:
    """Groups that stand for a company: a firm also groups its projects otherwise."""
    found = rows(body)
    return [row for row in found if row.get("company")] if isinstance(found, list) else found


def lines(body: Any) -> Any:
    """What the invoices of an answer bill: one line for every entry and item."""
    found = rows(body)
    if not isinstance(found, list):
        return found
    return [
        _line(invoice, name, item) for invoice in found for name in BILLED for item in invoice.get(name, ())
    ]


def _joined(body: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    joined = _with_unit(row)
    for name, (ids, collection) in _INCLUDED.items():
        held, wanted = body.get(collection, {}), row.get(ids)
        if isinstance(wanted, list):
            joined[name] = [{"id": one, **held[one]} for one in map(str, wanted) if one in held]
        elif wanted is not None:
            joined[name] = held.get(str(wanted))
    return joined


def _with_unit(row: Mapping[str, Any]) -> dict[str, Any]:
    """Some rows tell the currency's base unit; for the others it is the one of ISO 4217."""
    digits = EXPONENTS.get(str(row.get("currency")))
    return dict(row) if digits is None else {"currency_base_unit": 10**digits, **row}


def _line(invoice: Mapping[str, Any], name: str, item: Mapping[str, Any]) -> dict[str, Any]:
    line = _with_unit({"currency": invoice.get("currency"), **item})
    line |= {
        "covers": _COVERS.get(name, "fee"),
        "id": f"{invoice['id']}:{name}:{item['id']}",
        "invoice": invoice,
    }
    if name == "time_entries":
        line |= {"time_entry_id": item["id"], "amount_in_cents": _worth(item)}
    if name == "billing_milestones":
        line["milestone_id"] = item.get("story_id")
    return line


def _worth(entry: Mapping[str, Any]) -> str | None:
    """Small units an entry is billed with: hours at its rate, nothing where it is not billable."""
    if entry.get("billable") is False:
        return "0"
    rate, minutes = entry.get("rate_in_cents"), entry.get("time_in_minutes")
    return None if rate is None or minutes is None else str(Decimal(minutes) * Decimal(rate) / 60)
