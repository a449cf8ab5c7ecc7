"""Delivered: what clients accepted or approved in the month, at the price agreed.

Hours of time-and-materials work count in the month they were worked, milestones in the month they were
accepted. Fixed fees and retainers have no price an hour: what they earned is in *recognised* only. Known
back in time, but for hours that were taken back or repriced since.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from metrics.kpi import Kpi, Need, Part, Span
from metrics.measures import accepted, added, worked_value


def _select(span: Span) -> Select[Any]:
    return added(worked_value(span, "time"), accepted(span, "milestones"))


KPI = Kpi(
    key="delivered",
    title="Delivered",
    question="What work did clients get?",
    formula="approved billable hours x rate of time-and-materials work, and amounts of accepted milestones",
    unit="money",
    combine="sum",
    reads=(
        Need("time", "time_entry"),
        Need("psa", "milestone"),
        Need("psa", "project", required=False),
        Need("contract", "contract_line", required=False),
    ),
    owner="delivery",
    source="earned value at contract prices",
    select=_select,
    parts={"time": Part("Approved time"), "milestones": Part("Accepted milestones")},
    good="up",
    flow=True,
    limits="hours taken back or repriced since then count as they stand now",
)
