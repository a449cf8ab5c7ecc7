"""Xero's answers taken apart: invoices and credit notes as one stream, net lines, postings to income."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
_KINDS = (("Invoices", "InvoiceID", "invoice"), ("CreditNotes", "CreditNoteID", "credit_note"))


def documents(body: Any) -> Any:
    """Invoices or credit notes, each under one id and with the one invoice it credits."""
    return _of_both(body, lambda document: [document])


def lines(body: Any) -> Any:
    """The lines of invoices or credit notes with their net amount; without pages they would not be there."""
    return _of_both(
        body,
        lambda document: [
            {**document, **line, "net": _net(line, document)} for line in document.get("LineItems") or ()
        ],
    )


def _of_both(body: Any, take: Callable[[Row], list[Any]]) -> Any:
    for collection, key, kind in _KINDS:
        found = body.get(collection) if isinstance(body, dict) else None
        if isinstance(found, list):
            return [row for one in found for row in take({**one, **_head(one, key, kind)})]
    return None


def _head(document: Row, key: str, kind: str) -> dict[str, Any]:
    number = document.get("InvoiceNumber") or document.get("CreditNoteNumber")
    parts = [part["Invoice"] for part in document.get("Allocations") or () if part.get("Invoice")]
    credited = {invoice["InvoiceID"] for invoice in parts}
    # a credit spread over several invoices is none of theirs alone
    one = next(iter(credited)) if kind == "credit_note" and len(credited) == 1 else None
    return {"document": document[key], "kind": kind, "number": number, "credits": one}


def _net(line: Row, document: Row) -> str | None:
    if line.get("LineAmount") is None:
        return None
    gross = Decimal(str(line["LineAmount"]))
    inclusive = document.get("LineAmountTypes") == "Inclusive"
    return str(gross - Decimal(str(line.get("TaxAmount") or 0)) if inclusive else gross)


def postings(body: Any) -> Any:
    """The lines of journals on accounts of revenue, credit above zero."""
    journals = body.get("Journals") if isinstance(body, dict) else None
    if not isinstance(journals, list):
        return journals
    return [
        {**journal, **line, "amount": str(-Decimal(str(line["NetAmount"])))}
        for journal in journals
        for line in journal.get("JournalLines") or ()
        if line.get("AccountType") in {"REVENUE", "SALES"}
    ]
