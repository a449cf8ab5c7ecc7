"""C24: nobody has estimated for a month what is left of an active project that sells a fixed fee.

The latest estimate of the project is more than 21 business days old (thirty days, in round numbers), and its
contract has a line of fixed fee or one recognised over time. The amount is what those lines still have to
earn: their price less the part the estimate calls complete.

Not listed: projects that were never estimated (there is nothing to be out of date), projects that are not
active, and work billed by the hour or recognised on milestones.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, func, literal, null, or_, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.estimates import of_project
from metrics.relief import positive
from queries.schema import RECORD_TABLES

_project = RECORD_TABLES["project"]
_estimate = RECORD_TABLES["estimate"]
_line = RECORD_TABLES["contract_line"]


def _left_of(price: ColumnElement[Any], complete: ColumnElement[Any]) -> ColumnElement[Any]:
    """The part of a price that is not complete, rounded half up; ``complete`` is in millionths."""
    million, half = literal(10**6, BigInteger), literal(5 * 10**5, BigInteger)
    left = positive(million - func.coalesce(complete, 0))
    whole = price // million
    return whole * left + ((price - whole * million) * left + half) // million


def _select(scope: Scope) -> Select[Any]:
    own = and_(
        _project.c.contract_system == _line.c.contract_system, _project.c.contract_id == _line.c.contract_id
    )
    of_work = and_(
        _line.c.engagement_id == _project.c.engagement_id,
        or_(_project.c.contract_id.is_(None), own),
        _line.c.deleted_at.is_(None),
        or_(_line.c.kind == "fixed_fee", _line.c.recognition == "over_time"),
    )
    keys = (
        _project.c.system, _project.c.id, _line.c.currency, _project.c.engagement_id, _project.c.legal_entity,
        _project.c.source_url, _project.c.number, _estimate.c.estimated_on, _estimate.c.percent_complete,
    )  # fmt: skip
    rows = (
        select(*keys, cast(func.sum(func.coalesce(_line.c.amount, 0)), BigInteger).label("price"))
        .select_from(_project.join(_estimate, of_project(_estimate, _project)).join(_line, of_work))
        .where(
            scope.covers(_project.c.engagement_id),
            _project.c.deleted_at.is_(None),
            _project.c.status == "active",
        )
        .group_by(*keys)
        .subquery("estimated")
    ).c
    return select(
        rows.system.label("subject_system"),
        literal("project").label("subject_kind"),
        rows.id.label("subject_id"),
        null().label("contract_line"),
        rows.currency,
        rows.engagement_id,
        rows.legal_entity,
        rows.estimated_on.label("since"),
        case((rows.price > 0, _left_of(rows.price, rows.percent_complete)), else_=0).label("amount_minor"),
        rows.source_url,
        func.coalesce(rows.number, rows.id).label("project"),
        rows.estimated_on,
        rows.percent_complete,
    )


def _explain(row: Row, age: int) -> Explanation:
    complete = row["percent_complete"]
    told = "" if complete is None else f", when it was {complete / 10_000:g} % complete"
    return Explanation(
        reason=f"What is left of {row['project']} was last estimated {age} business days ago{told}.",
        expected="an estimate to complete every month",
        actual=f"the latest is of {row['estimated_on']}",
        first_broken_handoff="delivery to forecast",
    )


CHECK = Check(
    key="estimate_not_refreshed",
    title="Estimate not refreshed",
    question="Which active projects are forecast by an old estimate?",
    reads=(Need("psa", "project"), Need("psa", "estimate"), Need("contract", "contract_line")),
    subject="project",
    amount="price of the fixed-fee and over-time lines less the part the estimate calls complete",
    acts="project manager",
    remedy="Estimate anew what is left to do; revenue over time and the margin rest on it.",
    watch=21,
    act=30,
    select=_select,
    explain=_explain,
    needs_amount=False,
    source="C24",
)
