"""Revenue leakage: earned work that is never billed, or is on its way there, and its share of revenue.

Written off: approved billable time written off, by month worked. Old: what is unbilled for more than 90
days at the month's end, as in WIP. Not approved: hours submitted and worked more than 30 days before
the end of the running month (earlier months: not known, since approval removes the trace). Rejected:
billable hours rejected, by month worked. The share is all of it over revenue posted in the month. Hours
without a rate are worth nothing here: they are shown as untraceable beside the checks.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, func, literal, select, union_all

from metrics import wip
from metrics.kpi import SHAPE, Kpi, Need, Part, Span, row
from metrics.measures import bills_by_time, entry, recognised, value_minor

_ZERO = literal(0, BigInteger)


def _time(span: Span, part: str, when: ColumnElement[bool], *conditions: ColumnElement[bool]) -> Select[Any]:
    tables, by_time = bills_by_time()
    e = entry.c
    keys = (e.legal_entity, e.project_system, e.project_id, e.open_currency, e.engagement_id)
    return (
        row(
            span, tables.join(span.month, when), part=part, numerator=func.sum(value_minor()),
            subject=(e.project_system, "project", e.project_id), entity=e.legal_entity,
            currency=e.open_currency, engagement=e.engagement_id,
        )
        .where(by_time, e.billable, e.deleted_at.is_(None), *conditions)
        .group_by(span.month.c.month, *keys)
    )  # fmt: skip


def _leaks(span: Span) -> list[Select[Any]]:
    e, month = entry.c, span.month.c
    worked = span.during(e.legal_entity, e.work_date)
    running = and_(month.start_on <= span.today, month.end_on >= span.today)
    late = and_(span.of(e.legal_entity), running, e.work_date < month.day_30)
    w = wip.rows(span).subquery("unbilled").c
    old = select(*(literal("old").label("part") if name == "part" else w[name] for name in SHAPE)).where(
        w.part == wip.BANDS[-1]
    )
    return [
        _time(span, "written_off", worked, e.status == "approved", e.written_off),
        _time(span, "rejected", worked, e.status == "rejected"),
        _time(span, "unapproved", late, e.status == "submitted"),
        old,
    ]


def _select(span: Span) -> Select[Any]:
    # told twice, by part and in all, and worked out once
    leaks = union_all(*_leaks(span)).cte("leaks")
    share = select(*(literal("share").label("part") if name == "part" else leaks.c[name] for name in SHAPE))
    r = recognised(span, "share").subquery("earned").c
    revenue = select(*(
        r.numerator.label("denominator") if name == "denominator" else _ZERO.label("numerator")
        if name == "numerator" else r[name] for name in SHAPE
    ))  # fmt: skip
    return select(union_all(select(leaks), share, revenue).subquery("leakage"))


KPI = Kpi(
    key="revenue_leakage",
    title="Revenue leakage",
    question="How much of what we earn do we never bill?",
    formula="(written off + unbilled for over 90 days + submitted and not approved for over 30 days +"
    " rejected) / revenue posted in the month",
    unit="percent",
    combine="ratio",
    reads=(
        Need("time", "time_entry"),
        Need("erp", "invoice_line"),
        Need("revenue", "revenue_line"),
        Need("psa", "milestone", required=False),
        Need("psa", "project", required=False),
        Need("contract", "contract_line", required=False),
    ),
    owner="finance",
    source="earned and never billed over revenue, its parts told apart",
    select=_select,
    parts={
        "share": Part("Share of revenue"),
        "written_off": Part("Written off", "money", "sum", Fraction(1)),
        "old": Part("Unbilled over 90 days", "money", "sum", Fraction(1)),
        "unapproved": Part("Not approved over 30 days", "money", "sum", Fraction(1)),
        "rejected": Part("Rejected", "money", "sum", Fraction(1)),
    },
    headline="share",
    scale=Fraction(100),
    rows_in="money",
    good="down",
    limits="time not approved is known of the running month only",
)
