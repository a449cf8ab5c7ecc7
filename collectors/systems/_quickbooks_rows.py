"""QuickBooks' answers taken apart: nothing there or nothing right, jobs, hours, documents and their lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
_LINKS = {"TimeActivity": "time", "ReimburseCharge": "expense"}


def entities(name: str, body: Any) -> Any:
    """The rows of one entity; none at all leave its key out. None where it is no answer to a query."""
    found = body.get("QueryResponse") if isinstance(body, dict) else None
    return found.get(name, []) if isinstance(found, dict) else None


def named(name: str) -> Callable[[Any], Any]:
    """A way to take the rows of an entity out."""
    return lambda body: entities(name, body)


def jobs(body: Any) -> Any:
    """Customers that are projects or jobs of another."""
    rows = entities("Customer", body)
    return rows and [row for row in rows if row.get("IsProject") or row.get("Job")]


def activities(body: Any) -> Any:
    """Time with its hours in one number."""
    rows = entities("TimeActivity", body)
    return rows and [{**row, "hours": _hours(row)} for row in rows]


def _hours(row: Row) -> str | None:
    if row.get("Hours") is not None or row.get("Minutes") is not None:
        return _together(row.get("Hours"), row.get("Minutes"))
    if row.get("StartTime") and row.get("EndTime"):
        spent = datetime.fromisoformat(row["EndTime"]) - datetime.fromisoformat(row["StartTime"])
        pause = Decimal(_together(row.get("BreakHours"), row.get("BreakMinutes")))
        return str(Decimal(int(spent.total_seconds())) / 3600 - pause)
    return None


def _together(hours: Any, minutes: Any) -> str:
    return str(Decimal(str(hours or 0)) + Decimal(str(minutes or 0)) / 60)


def documents(body: Any) -> Any:
    """Invoices and credit memos as one stream: net amount, status, an id that tells them apart."""
    return _of_both(body, lambda document, kind: [{**document, **_head(document, kind)}])


def lines(body: Any) -> Any:
    """The lines of invoices and credit memos that say an amount of their own."""
    return _of_both(body, _lines)


def _of_both(body: Any, take: Callable[[Row, str], list[Row]]) -> Any:
    invoices, notes = entities("Invoice", body), entities("CreditMemo", body)
    if invoices is None or notes is None:
        return None
    found = [row for one in invoices for row in take(one, "invoice")]
    return found + [row for one in notes for row in take(one, "credit_note")]


def _head(document: Row, kind: str) -> dict[str, Any]:
    tax = (document.get("TxnTaxDetail") or {}).get("TotalTax")
    net = _number(document.get("TotalAmt")) - _number(tax)
    return {
        "document": document["Id"] if kind == "invoice" else f"credit-{document['Id']}",
        "kind": kind,
        "net": str(net),
        "status": _status(document),
    }


def _status(document: Row) -> str:
    """There are no drafts, and a void document is only known by having become nothing."""
    total, balance = _number(document.get("TotalAmt")), document.get("Balance")
    if not total and str(document.get("PrivateNote") or "").lower().startswith("void"):
        return "void"
    if total and balance is not None and not _number(balance):
        return "paid"
    return "sent" if document.get("EmailStatus") == "EmailSent" else "posted"


def _lines(document: Row, kind: str) -> list[Row]:
    head = {name: held for name, held in document.items() if name != "Line"} | _head(document, kind)
    found = _flat(document.get("Line") or ())
    return [{**head, **line, "line": f"{head['document']}:{line['Id']}"} for line in found]


def _flat(held: Any) -> Iterator[dict[str, Any]]:
    """Lines with an amount: those of a bundle one by one, a discount below zero, no subtotal."""
    for line in held:
        detail = line.get(line.get("DetailType") or "") or {}
        match line.get("DetailType"):
            case "GroupLineDetail":
                yield from _flat(detail.get("Line") or ())
            case "DiscountLineDetail":
                yield {**line, "amount": str(-_number(line.get("Amount"))), "covers": "fee"}
            case "SalesItemLineDetail":
                yield {**line, "amount": line.get("Amount"), **_billed(line, detail)}


def _billed(line: Row, detail: Row) -> dict[str, Any]:
    links = [link for link in line.get("LinkedTxn") or () if link.get("TxnType") in _LINKS]
    entries = [{"id": link["TxnId"]} for link in links if link["TxnType"] == "TimeActivity"]
    covers = _LINKS[links[0]["TxnType"]] if links else "fee"
    hours = detail.get("Qty") if covers == "time" else None
    return {"covers": covers, "hours": hours, **({"entries": entries} if entries else {})}


def _number(held: Any) -> Decimal:
    return Decimal(str(held or 0))
