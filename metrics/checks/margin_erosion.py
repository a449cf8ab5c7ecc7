"""C23: a fixed-fee project is forecast to earn over five points of its price less than was planned.

Planned margin is the project's price less its planned cost; forecast margin is the revenue the latest
estimate expects (the price, where it names none) less the cost posted so far and the cost it says is left.
The amount is the margin lost, all in the project's currency.

Not listed: projects without a price or a planned cost, estimates that do not say what cost is left, projects
that are over, and engagements that also sell work by the hour, by milestone or by retainer.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.estimates import of_project
from queries.schema import RECORD_TABLES

_project = RECORD_TABLES["project"]
_estimate = RECORD_TABLES["estimate"]
_line = RECORD_TABLES["contract_line"]
_posting = RECORD_TABLES["ledger_entry"]
_POINTS, _WHOLE = 5, 100


def _has_line(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        _line.c.engagement_id == _project.c.engagement_id, _line.c.deleted_at.is_(None), *conditions
    )


def _fixed_fee() -> ColumnElement[bool]:
    """All that is sold with the project is a fixed fee."""
    by_project = and_(_project.c.billing_method == "fixed_fee", ~_has_line())
    return or_(
        by_project, and_(_has_line(_line.c.kind == "fixed_fee"), ~_has_line(_line.c.kind != "fixed_fee"))
    )


def _cost() -> ColumnElement[Any]:
    """What the ledger holds of the project's cost, on it or on the ledger's own view of it."""
    view = _project.alias("ledger_view")
    by_view = exists().where(
        view.c.system == _posting.c.project_system,
        view.c.id == _posting.c.project_id,
        view.c.project_system == _project.c.system,
        view.c.project_id == _project.c.id,
    )
    direct = and_(_posting.c.project_system == _project.c.system, _posting.c.project_id == _project.c.id)
    query = (
        select(func.sum(_posting.c.amount))
        .where(
            _posting.c.engagement_id == _project.c.engagement_id,
            _posting.c.account == "cost",
            _posting.c.currency == _project.c.currency,
            _posting.c.deleted_at.is_(None),
            or_(direct, by_view),
        )
        .correlate(_project)
    )
    return cast(func.coalesce(query.scalar_subquery(), 0), BigInteger)


def _select(scope: Scope) -> Select[Any]:
    rows = (
        select(
            *(_project.c[name] for name in ("system", "id", "currency", "engagement_id", "legal_entity")),
            _project.c.source_url,
            func.coalesce(_project.c.number, _project.c.id).label("project"),
            _estimate.c.estimated_on,
            _project.c.amount.label("price"),
            (_project.c.amount - _project.c.planned_cost).label("planned"),
            func.coalesce(_estimate.c.revenue, _project.c.amount).label("revenue"),
            _estimate.c.cost_left,
            _cost().label("cost_so_far"),
        )
        .select_from(_project.join(_estimate, of_project(_estimate, _project)))
        .where(
            scope.covers(_project.c.engagement_id),
            _project.c.deleted_at.is_(None),
            _project.c.status.in_(("planned", "active", "on_hold")),
            _project.c.amount > 0,
            _project.c.planned_cost.is_not(None),
            _estimate.c.cost_left.is_not(None),
            _estimate.c.currency == _project.c.currency,
            _fixed_fee(),
        )
        .subquery("forecast")
    ).c
    margin = rows.revenue - rows.cost_so_far - rows.cost_left
    return select(
        rows.system.label("subject_system"),
        literal("project").label("subject_kind"),
        rows.id.label("subject_id"),
        null().label("contract_line"),
        rows.currency,
        rows.engagement_id,
        rows.legal_entity,
        rows.estimated_on.label("since"),
        (rows.planned - margin).label("amount_minor"),
        rows.source_url,
        rows.project,
        rows.price,
        rows.planned,
        rows.revenue,
        margin.label("margin"),
    ).where((rows.planned - margin) * _WHOLE > rows.price * _POINTS)


def _percent(part: int, whole: int) -> str:
    return f"{_WHOLE * part / whole:.1f} %" if whole else "nothing"


def _explain(row: Row, age: int) -> Explanation:
    planned, now = _percent(row["planned"], row["price"]), _percent(row["margin"], row["revenue"])
    loss = ", a loss" if row["margin"] < 0 else ""
    return Explanation(
        reason=f"The estimate of {age} business days ago leaves a margin of {now}{loss};"
        f" {planned} was planned.",
        expected=f"a margin of {planned}",
        actual=f"a margin of {now}",
        first_broken_handoff="delivery to forecast",
    )


CHECK = Check(
    key="margin_erosion",
    title="Fixed-fee margin eroding",
    question="Which fixed-fee projects will earn less than was planned?",
    reads=(
        Need("psa", "project"),
        Need("psa", "estimate"),
        Need("contract", "contract_line", required=False),
        Need("erp", "ledger_entry", required=False),
        Need("erp", "project", required=False),
    ),
    subject="project",
    amount="planned margin less the margin the latest estimate leaves",
    acts="delivery lead",
    remedy="Agree on a change order for the extra work, or cut what is left of it.",
    watch=0,
    act=5,
    select=_select,
    explain=_explain,
    at_once=True,
    source="C23",
)
