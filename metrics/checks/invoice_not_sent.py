"""C26: an invoice lies in the ERP as a draft or waits for approval, and nobody sends it.

Age runs from its invoice date where it has one, else from its last change: a draft somebody works on is not
forgotten. Listed once, under the work of its first line. Not listed: posted invoices (many ERPs do not say
whether one was sent), credit notes, drafts that say when they were sent, and those worth nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, case, func

from metrics.calendar import Calendar
from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.invoices import headers, invoice, of_lines


def _select(scope: Scope) -> Select[Any]:
    changed = case((invoice.c.issued_on.is_(None), invoice.c.source_updated_at))
    amount = func.coalesce(invoice.c.amount, of_lines(), 0)
    return (
        headers(scope, since=changed, amount=amount)
        .add_columns(invoice.c.issued_on)
        .where(
            invoice.c.status.in_(("draft", "pending_approval")),
            invoice.c.sent_at.is_(None),
            amount > 0,
        )
    )


def _since(row: Row, calendar: Calendar) -> date:
    dated: date | None = row["issued_on"]
    return calendar.local_date(row["since"]) if dated is None else dated


def _explain(row: Row, age: int) -> Explanation:
    state = "is a draft" if row["invoice_status"] == "draft" else "waits for approval"
    since = "dated" if row["issued_on"] else "last changed"
    return Explanation(
        reason=f"Invoice {row['invoice_number']} {state}, {since} {age} business days ago.",
        expected="a posted invoice that was sent to the client",
        actual="a draft" if row["invoice_status"] == "draft" else "an invoice pending approval",
        first_broken_handoff="ERP billing to client",
    )


CHECK = Check(
    key="invoice_not_sent",
    title="Invoice not sent",
    question="Which invoices lie in the ERP as drafts or wait for approval?",
    reads=(Need("erp", "invoice"), Need("erp", "invoice_line")),
    subject="invoice",
    amount="the invoice's total, all work on it together",
    acts="billing",
    remedy="Approve, post and send the invoice, or delete the draft.",
    watch=3,
    act=7,
    select=_select,
    explain=_explain,
    since=_since,
    source="C26",
)
