"""A person who can be staffed here and is unknown, or gone, in the system that is named as their record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.identity import conflicts, explain_conflict


def _select(_scope: Scope) -> Select[Any]:
    return conflicts("resource")


def _explain(row: Row, _age: int) -> Explanation:
    return explain_conflict("resource", row)


CHECK = Check(
    key="resource_conflict",
    title="Person unknown in the system of record",
    question="Which active people name a personnel record that is missing or inactive?",
    reads=(
        Need("hcm", "resource", required=False),
        Need("psa", "resource", required=False),
        Need("time", "resource", required=False),
        Need("erp", "resource", required=False),
    ),
    subject="resource",
    amount="none: no money is at stake by itself",
    acts="data steward",
    remedy="Correct the personnel number where it is named, or close the account of who has left.",
    watch=0,
    act=2,
    select=_select,
    explain=_explain,
    source="DESIGN 5",
    scope="firm",
    needs_amount=False,
    at_once=True,
)
