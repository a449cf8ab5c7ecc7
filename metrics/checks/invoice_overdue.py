"""C36: an issued invoice is past its due date, and the ERP says that something of it is not paid.

Listed once, under the work of its first line, with the open amount of the whole invoice. Not listed: an
invoice whose due date or open amount the ERP does not tell, a disputed one (listed as disputed), a void one,
drafts and credit notes. Status paid with an open amount is a contradiction: listed, and told.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, not_

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.invoices import headers, invoice


def _select(scope: Scope) -> Select[Any]:
    return (
        headers(scope, since=invoice.c.due_on, amount=invoice.c.open_amount)
        .add_columns(invoice.c.amount.label("total_amount"))
        .where(
            invoice.c.status.in_(("posted", "sent", "paid")),
            invoice.c.due_on.is_not(None),
            invoice.c.open_amount > 0,
            not_(invoice.c.disputed),
        )
    )


def _explain(row: Row, age: int) -> Explanation:
    more = ", though its status is paid" if row["invoice_status"] == "paid" else ""
    return Explanation(
        reason=f"Invoice {row['invoice_number']} was due {age} business days ago and is not all paid{more}.",
        expected="paid in full on its due date",
        actual="an open amount",
        first_broken_handoff="invoice to payment",
    )


CHECK = Check(
    key="invoice_overdue",
    title="Invoice overdue",
    question="Which invoices are past due and not paid?",
    reads=(Need("erp", "invoice"), Need("erp", "invoice_line")),
    subject="invoice",
    amount="what is open of the invoice",
    acts="collections",
    remedy="Remind the client, or enter the payment that has come in.",
    watch=1,
    act=30,
    select=_select,
    explain=_explain,
    source="C36",
)
