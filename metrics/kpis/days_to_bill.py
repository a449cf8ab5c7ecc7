"""Days to bill: from what made work billable to the invoice.

Per live invoice line of the month: from the milestone's acceptance, or from the last approval among the
hours it names, to the moment its invoice was sent, else posted. Lines that name neither tell nothing of
it and are not counted. A line invoiced before its trigger took less than no time, and says so.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, and_, case, func, select, type_coerce

from metrics.kpi import Kpi, Need, Part, Span, row
from metrics.measures import entry, invoice, invoice_line, invoiced_lines, milestone
from queries.schema import billed_time

_SECOND = 1_000_000


def _select(span: Span) -> Select[Any]:
    b, e, m, line = billed_time.c, entry.c, milestone.c, invoice_line.c
    approvals = (
        select(b.line_system, b.line_id, func.max(e.approved_at).label("at"))
        .select_from(billed_time.join(entry, and_(e.system == b.entry_system, e.id == b.entry_id)))
        .group_by(b.line_system, b.line_id)
        .subquery("approvals")
    )
    tables, live = invoiced_lines(span)
    named = and_(m.system == line.milestone_system, m.id == line.milestone_id)
    hours = and_(approvals.c.line_system == line.system, approvals.c.line_id == line.id)
    began = func.coalesce(m.accepted_at, approvals.c.at)
    ended = func.coalesce(invoice.c.sent_at, invoice.c.posted_at)
    taken = (type_coerce(ended, BigInteger) - type_coerce(began, BigInteger)) // _SECOND
    return row(
        span,
        tables.outerjoin(milestone, named).outerjoin(approvals, hours),
        part=case((m.accepted_at.is_not(None), "milestones"), else_="time"),
        numerator=taken,
        subject=(line.system, "invoice_line", line.id),
        entity=line.legal_entity,
        engagement=line.engagement_id,
    ).where(live, began.is_not(None), ended.is_not(None))


KPI = Kpi(
    key="days_to_bill",
    title="Days to bill",
    question="How long does billable work wait for its invoice?",
    formula="median of (invoice sent - acceptance or last approval) over the invoice lines of the month",
    unit="days",
    combine="median",
    reads=(
        Need("erp", "invoice"),
        Need("erp", "invoice_line"),
        Need("time", "time_entry", required=False),
        Need("psa", "milestone", required=False),
    ),
    owner="billing",
    source="billing cycle time, in calendar days",
    select=_select,
    parts={"time": Part("Approved time"), "milestones": Part("Accepted milestones")},
    scale=Fraction(1, 86_400),
    good="down",
    limits="approvals and acceptances that were repeated count by their last",
)
