"""Odoo asked, and its answers taken apart: false for nothing, what milestones earn, time on invoice lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

#: where false is a value and not the absence of one
_FLAGS = {"active", "is_move_sent", "is_reached", "validated"}


def ask(model: str, domain: Sequence[Any], asked: Mapping[str, Any], size: int) -> dict[str, Any]:
    """The records of a model that a domain holds, by id; nested ones need the web client's way."""
    nested = any(asked.values())
    return {
        "method": "POST",
        "path": f"/json/2/{model}/{'web_search_read' if nested else 'search_read'}",
        "body": {
            "domain": [*domain, ["id", ">", "{after}"]],
            **({"specification": dict(asked)} if nested else {"fields": list(asked)}),
            "order": "id",
            "limit": size,
            "context": {"active_test": False},
        },
        "next": {
            "style": "keyset",
            "param": "after",
            "field": "id",
            "size": size,
            "begin": 0,
            "sent": "place",
        },
    }


def rows(body: Any) -> Any:
    """The rows of ``search_read`` and ``web_search_read``, without what is false for want of a value."""
    found = body.get("records") if isinstance(body, dict) else body
    return [_told(row) for row in found] if isinstance(found, list) else found


def _told(held: Any, name: str = "") -> Any:
    if isinstance(held, dict):
        return {part: _told(value, part) for part, value in held.items()}
    if isinstance(held, list):
        return [_told(part) for part in held]
    return None if held is False and name not in _FLAGS else held


def milestones(body: Any) -> Any:
    """Milestones with what reaching them earns: their share of the order line."""
    found = rows(body)
    return [row | {"amount": _share(row)} for row in found] if isinstance(found, list) else found


def _share(row: Mapping[str, Any]) -> str | None:
    line, share = row.get("sale_line_id"), row.get("quantity_percentage")
    if not isinstance(line, dict) or line.get("price_subtotal") is None or share is None:
        return None
    return str(Decimal(str(line["price_subtotal"])) * Decimal(str(share)))


def invoice_lines(body: Any) -> Any:
    """Invoice lines with the time that is linked to their invoice and to their order line."""
    found = rows(body)
    return [row | _billed(row) for row in found] if isinstance(found, list) else found


def _billed(row: Mapping[str, Any]) -> dict[str, Any]:
    sold = {line["id"] for line in row.get("sale_line_ids") or ()}
    sheets: Sequence[Mapping[str, Any]] = (row.get("move_id") or {}).get("timesheet_ids") or ()
    own = [sheet for sheet in sheets if sheet["so_line"] in sold]
    entries = [{"id": sheet["id"], "hours": sheet["unit_amount"]} for sheet in own]
    return {"entries": entries} if entries else {}


def postings(body: Any) -> Any:
    """Postings to income with credit above zero."""
    found = rows(body)
    if not isinstance(found, list):
        return found
    return [row | {"amount": str(-Decimal(str(row.get("amount_currency") or 0)))} for row in found]
