"""Invoiced: posted and sent invoice lines, net of credits, in the month their invoice was issued.

A credit lowers the month of the line it credits, whenever it came: what a month showed before that is
not kept.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from metrics.kpi import Kpi, Need, Part, Span
from metrics.measures import invoiced


def _select(span: Span) -> Select[Any]:
    return invoiced(span, "lines")


KPI = Kpi(
    key="invoiced",
    title="Invoiced",
    question="What did we bill?",
    formula="sum of live invoice lines (posted, sent or paid) net of what credits take back",
    unit="money",
    combine="sum",
    reads=(Need("erp", "invoice_line"), Need("erp", "invoice", required=False)),
    owner="billing",
    source="sales ledger, net of tax where lines are",
    select=_select,
    parts={"lines": Part("Invoice lines")},
    good="up",
    flow=True,
    limits="a credit counts in the month of what it credits",
)
