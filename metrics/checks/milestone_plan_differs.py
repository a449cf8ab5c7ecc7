"""The contract's plan of milestones and delivery's are not the same.

A milestone of delivery that names one of the contract's is held against it: their amounts in one currency,
and, while it is not accepted, their due dates; it differs too when the contract has dropped it. A milestone
of the contract's plan that none of delivery's names is listed by itself, once a project is active. What one
of the two does not say is no difference, and what is cancelled promises nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, null, or_, select, union_all
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.identity import later
from queries.schema import RECORD_TABLES, system_role
from queries.types import from_minor

_milestone = RECORD_TABLES["milestone"]
_project = RECORD_TABLES["project"]


def _plays(record: FromClause, role: str) -> ColumnElement[bool]:
    return exists().where(system_role.c.system == record.c.system, system_role.c.role == role)


def _shape(row: FromClause, since: ColumnElement[Any], amount: ColumnElement[Any]) -> Select[Any]:
    columns: tuple[ColumnElement[Any], ...] = (
        row.c.system.label("subject_system"),
        literal("milestone").label("subject_kind"),
        row.c.id.label("subject_id"),
        null().label("contract_line"),
        row.c.currency,
        row.c.engagement_id,
        row.c.legal_entity,
        since.label("since"),
        amount.label("amount_minor"),
        row.c.source_url,
        row.c.name,
        row.c.currency.label("told_currency"),
    )
    return select(*columns)


def _differing(scope: Scope) -> Select[Any]:
    """Milestones of delivery, and the contract's that they name."""
    mine, plan = _milestone.alias("mine"), _milestone.alias("plan")
    named = and_(
        plan.c.system == mine.c.milestone_system,
        plan.c.id == mine.c.milestone_id,
        plan.c.engagement_id == mine.c.engagement_id,
    )
    dropped = or_(plan.c.deleted_at.is_not(None), plan.c.status == "cancelled")
    amounts = and_(mine.c.amount != plan.c.amount, mine.c.currency == plan.c.currency)
    dates = and_(mine.c.due_on != plan.c.due_on, mine.c.status != "accepted")
    gap = case(
        (mine.c.amount > plan.c.amount, mine.c.amount - plan.c.amount), else_=plan.c.amount - mine.c.amount
    )
    whole = func.coalesce(mine.c.amount, plan.c.amount, 0)
    state = case((dropped, "dropped"), else_="differs")
    return (
        _shape(
            mine,
            later(mine.c.source_updated_at, plan.c.source_updated_at),
            case((dropped, whole), (amounts, gap), else_=whole),
        )
        .add_columns(
            state.label("state"),
            case((amounts, mine.c.amount)).label("total_mine"),
            case((amounts, plan.c.amount)).label("total_plan"),
            case((dates, mine.c.due_on)).label("mine_on"),
            case((dates, plan.c.due_on)).label("plan_on"),
        )
        .select_from(mine.join(plan, named))
        .where(
            scope.covers(mine.c.engagement_id),
            mine.c.deleted_at.is_(None),
            mine.c.status != "cancelled",
            mine.c.system != plan.c.system,
            or_(dropped, amounts, dates),
        )
    )


def _undelivered(scope: Scope) -> Select[Any]:
    """Milestones of the contract's plan that none of delivery's names."""
    plan, mine = _milestone.alias("promised"), _milestone.alias("delivered")
    taken = exists().where(
        mine.c.engagement_id == plan.c.engagement_id,
        mine.c.milestone_system == plan.c.system,
        mine.c.milestone_id == plan.c.id,
        mine.c.deleted_at.is_(None),
    )
    started = exists().where(
        _project.c.engagement_id == plan.c.engagement_id,
        _project.c.deleted_at.is_(None),
        _project.c.status == "active",
    )
    columns = (
        literal("missing").label("state"), null().label("total_mine"), null().label("total_plan"),
        null().label("mine_on"), null().label("plan_on"),
    )  # fmt: skip
    return (
        _shape(plan, plan.c.source_updated_at, func.coalesce(plan.c.amount, 0))
        .add_columns(*columns)
        .where(
            scope.covers(plan.c.engagement_id),
            plan.c.deleted_at.is_(None),
            plan.c.status != "cancelled",
            _plays(plan, "contract"),
            ~_plays(plan, "psa"),
            ~taken,
            started,
        )
    )


def _select(scope: Scope) -> Select[Any]:
    found = union_all(_differing(scope), _undelivered(scope)).subquery("found")
    return select(*found.c)


def _said(row: Row) -> tuple[str, str]:
    """What the plan says, and what delivery does."""
    mine, plan = [], []
    if row["total_mine"] is not None:
        currency = row["told_currency"]
        mine.append(f"{from_minor(row['total_mine'], currency)} {currency}")
        plan.append(f"{from_minor(row['total_plan'], currency)} {currency}")
    if row["mine_on"] is not None:
        mine.append(f"due on {row['mine_on']}")
        plan.append(f"due on {row['plan_on']}")
    return ", ".join(plan), ", ".join(mine)


def _explain(row: Row, _age: int) -> Explanation:
    name = row["name"] or "The milestone"
    hand_off = "contract to delivery plan"
    if row["state"] == "missing":
        reason = f"{name} stands in the contract, and delivery plans no such milestone."
        return Explanation(reason, "a milestone of delivery for it", "none", hand_off)
    if row["state"] == "dropped":
        reason = f"Delivery plans {name}, and the contract has dropped it."
        return Explanation(reason, "a milestone of the contract", "deleted or cancelled there", hand_off)
    plan, mine = _said(row)
    return Explanation(f"{name} is {mine} in delivery and {plan} in the contract.", plan, mine, hand_off)


CHECK = Check(
    key="milestone_plan_differs",
    title="Milestone plan differs",
    question="Which milestones does delivery not plan as the contract does?",
    reads=(
        Need("psa", "milestone"),
        Need("contract", "milestone", required=False),
        Need("psa", "project", required=False),
    ),
    subject="milestone",
    amount="the difference of the amounts, or the milestone's where only its date or its other side is amiss",
    acts="project manager",
    remedy="Plan the milestone as the contract has it, or amend the contract.",
    watch=2,
    act=5,
    select=_select,
    explain=_explain,
    source="seed: contract milestones not aligned with delivery",
    needs_amount=False,
)
