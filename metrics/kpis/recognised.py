"""Recognised: revenue posted in the month, net of reversals posted in it.

A reversal counts on its own day. A posting whose state says it was reversed, without a line that
reverses it, counts nowhere: when that happened is not told.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from metrics.kpi import Kpi, Need, Part, Span
from metrics.measures import recognised


def _select(span: Span) -> Select[Any]:
    return recognised(span, "posted")


KPI = Kpi(
    key="recognised",
    title="Recognised",
    question="What revenue did we post?",
    formula="sum of posted revenue lines less the reversals posted in the month",
    unit="money",
    combine="sum",
    reads=(Need("revenue", "revenue_line"),),
    owner="revenue accounting",
    source="revenue subledger",
    select=_select,
    parts={"posted": Part("Posted revenue")},
    good="up",
    flow=True,
    limits="when a posting was reversed is known only where a reversal line says so",
)
