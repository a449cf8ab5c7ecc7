"""A client here that names one which the system of record does not have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.identity import conflicts, explain_conflict


def _select(_scope: Scope) -> Select[Any]:
    return conflicts("customer")


def _explain(row: Row, _age: int) -> Explanation:
    return explain_conflict("customer", row)


CHECK = Check(
    key="customer_conflict",
    title="Client unknown in the system of record",
    question="Which clients name one that is missing in the system of record?",
    reads=(
        Need("crm", "customer", required=False),
        Need("psa", "customer", required=False),
        Need("erp", "customer", required=False),
    ),
    subject="customer",
    amount="none: no money is at stake by itself",
    acts="data steward",
    remedy="Correct the client that is named, or bring it back where it was deleted or merged.",
    watch=0,
    act=2,
    select=_select,
    explain=_explain,
    source="DESIGN 5",
    scope="firm",
    needs_amount=False,
    at_once=True,
)
