"""Tryton's accounting rows as canonical records: invoices, their lines, revenue postings, periods."""

from __future__ import annotations

from datetime import timedelta

from collectors.systems._tryton_parse import Site, decimal_hours, text_id
from collectors.systems._tryton_read import Row, reference

_INVOICES = {
    "draft": "draft",
    "validated": "pending_approval",
    "posted": "posted",
    "paid": "paid",
    "cancelled": "void",
}


def invoice(_: Site, row: Row) -> Row:
    """Read a customer invoice; a negative one is a credit note, whose amount is then positive."""
    amount, backwards = row["untaxed_amount"], row["untaxed_amount"] < 0
    due = [line["maturity_date"] for line in row["lines_to_pay."] if line["maturity_date"]]
    origins = row["origin_invoices"]
    # Tryton calls an invoice cancelled once a credit note takes it back whole: both count, and cancel out
    undone_by = (row["cancel_move."] or {}).get("origin")
    credited = row["state"] == "cancelled" and reference(undone_by, "account.invoice") is not None
    return {
        "legal_entity": str(row["company"]),
        "number": row["number"],
        "kind": "credit_note" if backwards else "invoice",
        "customer_id": text_id(row["party"]),
        "status": "paid" if credited else _INVOICES[row["state"]],
        "issued_on": row["invoice_date"],
        "due_on": min(due, default=None),
        "posted_at": row["numbered_at"] if row["move"] is not None else None,
        "currency": row["currency."]["code"],
        "amount": abs(amount),
        "credits_id": str(origins[0]) if backwards and len(origins) == 1 else None,
    }


def invoice_line(_: Site, row: Row) -> Row | None:
    """Read an invoice line; on a credit note its sign is turned, as the header's kind says."""
    bills, header = row["@bills"], row["invoice."]
    if bills is None:  # deleted between two questions
        return None
    backwards = header is not None and header["untaxed_amount"] < 0
    by_time = bills["timed"] or bills["method"] == "manual"
    sold = "milestone" if bills["method"] == "fulfillment" else "fee"
    return {
        "legal_entity": str(row["company"]),
        "invoice_id": text_id(row["invoice"]),
        "project_id": text_id(bills["project"]),
        "contract_line_id": text_id(bills["sale_line"]),
        "milestone_id": text_id(bills["task"]),
        "covers": "time" if by_time else sold,
        "currency": row["currency."]["code"],
        "amount": -row["amount"] if backwards else row["amount"],
        "hours": decimal_hours(sum((t["duration"] for t in bills["time"]), timedelta()))
        if bills["time"]
        else None,
        "credits_line_id": text_id(bills["credits"]),
    }


def revenue_line(_: Site, row: Row) -> Row | None:
    """Read a posting on a revenue account. What takes revenue back is a negative amount."""
    move, bills = row["move."], row["@bills"] or {}
    if move["state"] != "posted":
        return None
    foreign = row["second_currency."]
    own = row["credit"] - row["debit"]
    return {
        "legal_entity": str(row["company"]),
        "contract_line_id": text_id(bills.get("sale_line")),
        "project_id": text_id(bills.get("project")),
        "milestone_id": text_id(bills.get("task")),
        "state": "posted",
        "currency": foreign["code"] if foreign else row["company."]["currency."]["code"],
        "amount": -row["amount_second_currency"] if foreign else own,
        "period": move["period."]["name"],
        "posted_on": move["date"],
        "reverses_id": text_id(reference(row["origin"], "account.move.line")),
    }


def period(_: Site, row: Row) -> Row:
    """Read an accounting period of a company's ledger; a closed one can be opened again, a locked one not."""
    states = {"open": "open", "closed": "closed", "locked": "closed"}
    return {
        "legal_entity": str(row["company"]),
        "name": row["name"],
        "start_on": row["start_date"],
        "end_on": row["end_date"],
        "status": states[row["state"]],
    }
