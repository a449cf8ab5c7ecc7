"""Utilisation: billable hours of the hours people are there.

Available: the person's weekly hours (40 where nobody says) on each business day of the legal entity that
has come, less approved absence, cut at the days they began and left. The wider variant counts approved
hours on client work that are not billable as *credited*, and takes hours on internal projects out of
the hours available. Only approved hours count. Back in time: where a person sat, and what a week of
theirs held, is known as of now only.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import Select, and_, false, func

from metrics.kpi import Kpi, Need, Part, Span
from metrics.measures import added, capacity_rows, entry, project
from metrics.staffing import worked

_internal = func.coalesce(project.c.internal, false())


def _select(span: Span) -> Select[Any]:
    return added(
        worked(span, "billable", entry.c.billable),
        capacity_rows(span, "billable"),
        worked(span, "credited", ~_internal, less=and_(_internal, ~entry.c.billable)),
        capacity_rows(span, "credited"),
    )


KPI = Kpi(
    key="utilisation",
    title="Billable utilisation",
    question="How much of our people's time do clients pay for?",
    formula="approved billable hours / available hours; the wider variant: (billable + credited hours) /"
    " (available - internal hours)",
    unit="percent",
    combine="ratio",
    reads=(
        Need("time", "time_entry"),
        Need("hcm", "resource"),
        Need("hcm", "absence", required=False),
        Need("psa", "project", required=False),
    ),
    owner="resource management",
    source="billable utilisation and its variant with credited and excluded hours, as PSA suites define them",
    select=_select,
    parts={"billable": Part("Billable"), "credited": Part("Billable and credited, without internal time")},
    headline="billable",
    scale=Fraction(100),
    per="number",
    rows_in="hours",
    good="up",
    limits="people's legal entity, practice and weekly hours are those of today",
)
