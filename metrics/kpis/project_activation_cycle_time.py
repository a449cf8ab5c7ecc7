"""Project activation cycle time: from a deal won to its project active in PSA and in ERP.

Business days on the legal entity's calendar, per deal, in the month the later of the two became active;
the parts are the steps of the way. A step that came before the one it waits for took 0 days. Business
days are known half a year back from the first month told: a longer wait counts from there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, select, union_all

from metrics.kpi import Kpi, Need, Part, Span, row
from metrics.measures import allocation, contract, entry, opportunity, plays, project
from queries.periods import elapsed


def _first(role: str) -> Subquery:
    """Engagement -> when a project of it was first active in systems of a role."""
    p = project.c
    return (
        select(p.engagement_id, func.min(p.first_active_at).label("at"))
        .where(p.first_active_at.is_not(None), p.deleted_at.is_(None), plays(project, role))
        .group_by(p.engagement_id)
        .subquery(f"active_in_{role}")
    )


def _earliest(table: Any, column: ColumnElement[Any], name: str, *conditions: Any) -> Subquery:
    return (
        select(table.c.engagement_id, func.min(column).label("at"))
        .where(table.c.deleted_at.is_(None), *conditions)
        .group_by(table.c.engagement_id)
        .subquery(name)
    )


def _select(span: Span) -> Select[Any]:
    o, psa, erp = opportunity.c, _first("psa"), _first("erp")
    signed = _earliest(contract, contract.c.signed_at, "signed", contract.c.signed_at.is_not(None))
    staffed = _earliest(allocation, allocation.c.start_on, "staffed", allocation.c.resource_id.is_not(None))
    worked = _earliest(entry, entry.c.work_date, "worked")
    active = case((psa.c.at > erp.c.at, psa.c.at), else_=erp.c.at)
    tables = opportunity.join(psa, psa.c.engagement_id == o.engagement_id).join(
        erp, erp.c.engagement_id == o.engagement_id
    )
    for other in (signed, staffed, worked):
        tables = tables.outerjoin(other, other.c.engagement_id == o.engagement_id)
    tables = tables.join(span.month, and_(span.within(o.legal_entity, active), active >= o.won_at))
    steps = {
        "won_to_active": (o.won_at, active),
        "won_to_signed": (o.won_at, signed.c.at),
        "signed_to_psa": (signed.c.at, psa.c.at),
        "psa_to_erp": (psa.c.at, erp.c.at),
        "erp_to_assignment": (erp.c.at, staffed.c.at),
        "erp_to_time": (erp.c.at, worked.c.at),
    }
    return select(union_all(*(
        row(
            span, tables, part=part, numerator=elapsed(span, o.legal_entity, first, last),
            subject=(o.system, "opportunity", o.id), entity=o.legal_entity, engagement=o.engagement_id,
        ).where(o.status == "won", o.deleted_at.is_(None), first.is_not(None), last.is_not(None),
                plays(opportunity, "crm"))
        for part, (first, last) in steps.items()
    )).subquery("steps"))  # fmt: skip


KPI = Kpi(
    key="project_activation_cycle_time",
    title="Project activation cycle time",
    question="How long from a deal won to a project people can work on and bill?",
    formula="median business days from won to active in both PSA and ERP, over deals whose project became"
    " active in the month",
    unit="days",
    combine="median",
    reads=(
        Need("crm", "opportunity"),
        Need("psa", "project"),
        Need("erp", "project"),
        Need("contract", "contract", required=False),
        Need("psa", "allocation", required=False),
        Need("time", "time_entry", required=False),
    ),
    owner="project operations",
    source="the way from sold to live, measured on this firm's own hand-offs",
    select=_select,
    parts={
        "won_to_active": Part("Won to active everywhere"),
        "won_to_signed": Part("Won to signed"),
        "signed_to_psa": Part("Signed to active in PSA"),
        "psa_to_erp": Part("PSA to ERP"),
        "erp_to_assignment": Part("ERP to first assignment"),
        "erp_to_time": Part("ERP to first time"),
    },
    headline="won_to_active",
    good="down",
    limits="assignments moved since then count as they stand now",
)
