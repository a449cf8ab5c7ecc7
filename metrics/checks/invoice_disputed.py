"""C36: the client does not accept an issued invoice.

Listed from the moment the ERP marks it, once, under the work of its first line; nothing says when the dispute
began, so its age runs from the posting. Not listed: what is paid in full (open amount 0, or status paid where
the ERP tells no open amount), void ones, drafts and credit notes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, or_

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.invoices import headers, invoice, of_lines


def _select(scope: Scope) -> Select[Any]:
    posted = func.coalesce(invoice.c.posted_at, invoice.c.source_updated_at)
    amount = func.coalesce(invoice.c.open_amount, invoice.c.amount, of_lines(), 0)
    return headers(scope, since=posted, amount=amount).where(
        invoice.c.disputed,
        invoice.c.status.in_(("posted", "sent", "paid")),
        or_(invoice.c.open_amount.is_not(None), invoice.c.status != "paid"),
        amount > 0,
    )


def _explain(row: Row, age: int) -> Explanation:
    return Explanation(
        reason=f"The client disputes invoice {row['invoice_number']}, posted {age} business days ago.",
        expected="an invoice the client accepts",
        actual="a dispute",
        first_broken_handoff="invoice to payment",
    )


CHECK = Check(
    key="invoice_disputed",
    title="Invoice disputed",
    question="Which invoices does the client not accept?",
    reads=(Need("erp", "invoice"), Need("erp", "invoice_line")),
    subject="invoice",
    amount="what is open of the invoice, its total where the ERP does not tell",
    acts="collections and account lead",
    remedy="Settle the dispute: credit what is wrong, or agree with the client and take the mark off.",
    watch=0,
    act=10,
    select=_select,
    explain=_explain,
    at_once=True,
    source="C36",
)
