"""ERPNext's answers taken apart: returns told above zero, items with the time they bill, net postings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

NET = ("credit_in_account_currency", "debit_in_account_currency")


def _rows(body: Any) -> Any:
    """What an answer holds; None, which the engine refuses, where it holds something else."""
    return body.get("data") if isinstance(body, dict) else None


def _less(amount: Any, other: Any) -> str:
    return str(Decimal(str(amount or 0)) - Decimal(str(other or 0)))


def invoices(body: Any) -> Any:
    """Invoices; what a return takes back is told above zero."""
    rows = _rows(body)
    return [_upright(row, row, "net_total") for row in rows] if isinstance(rows, list) else rows


def _upright(row: dict[str, Any], invoice: Mapping[str, Any], *names: str) -> dict[str, Any]:
    is_return = str(invoice.get("is_return")) == "1"
    return row | {name: _less(0, row[name]) for name in names if is_return and row.get(name) is not None}


def lines(body: Any) -> Any:
    """The items of a whole invoice, its time with the item whose quantity is nearest to its hours."""
    invoice = _rows(body)
    if not isinstance(invoice, dict):
        return invoice
    items = [_upright(item, invoice, "net_amount", "qty") for item in invoice.get("items", ())]
    head = {name: held for name, held in invoice.items() if not isinstance(held, list)}
    rows = [head | {f"items__{name}": held for name, held in item.items()} for item in items]
    sheets = [sheet for sheet in invoice.get("timesheets", ()) if sheet.get("timesheet_detail")]
    # a return repeats the time of its invoice, and takes it back by its lines
    if rows and sheets and str(invoice.get("is_return")) != "1":
        hours = sum(Decimal(str(sheet.get("billing_hours") or 0)) for sheet in sheets)
        nearest = min(rows, key=lambda row: abs(Decimal(str(row.get("items__qty") or 0)) - hours))
        nearest["entries"] = [
            {"id": sheet["timesheet_detail"], "hours": sheet.get("billing_hours")} for sheet in sheets
        ]
    for row in rows:
        row["items__project"] = row.get("items__project") or invoice.get("project")
    return rows


def postings(body: Any) -> Any:
    """Postings with credit less debit."""
    rows = _rows(body)
    if not isinstance(rows, list):
        return rows
    credit, debit = NET
    # where ids are compared, nothing but the ids is there
    return [row | {"amount": _less(row[credit], row[debit])} if credit in row else row for row in rows]
