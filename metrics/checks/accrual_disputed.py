"""Revenue, posted or scheduled, that somebody does not accept.

A deleted line, a reversed one, and one that another line takes back are settled, and so is what takes back.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, exists, literal, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from queries.schema import RECORD_TABLES

_line = RECORD_TABLES["revenue_line"]


def _select(scope: Scope) -> Select[Any]:
    back = _line.alias("back")
    taken_back = exists().where(
        back.c.reverses_system == _line.c.system,
        back.c.reverses_id == _line.c.id,
        back.c.deleted_at.is_(None),
        back.c.state != "scheduled",
    )
    return select(
        _line.c.system.label("subject_system"),
        literal("revenue_line").label("subject_kind"),
        _line.c.id.label("subject_id"),
        null().label("contract_line"),
        _line.c.currency,
        _line.c.engagement_id,
        _line.c.legal_entity,
        _line.c.source_updated_at.label("since"),
        _line.c.amount.label("amount_minor"),
        _line.c.source_url,
        _line.c.state,
        _line.c.period,
    ).where(
        scope.covers(_line.c.engagement_id),
        _line.c.engagement_id.is_not(None),
        _line.c.disputed,
        _line.c.deleted_at.is_(None),
        _line.c.state.in_(("posted", "scheduled")),
        _line.c.reverses_id.is_(None),
        ~taken_back,
    )


def _explain(row: Row, _age: int) -> Explanation:
    of = f" of {row['period']}" if row["period"] else ""
    return Explanation(
        reason=f"The revenue {row['state']}{of} is disputed.",
        expected="revenue that everybody accepts, or its reversal",
        actual=f"{row['state']} and disputed",
        first_broken_handoff="delivery to revenue",
    )


CHECK = Check(
    key="accrual_disputed",
    title="Disputed accrual",
    question="Which revenue does somebody not accept?",
    reads=(Need("revenue", "revenue_line"),),
    subject="revenue_line",
    amount="the amount of the revenue line",
    acts="revenue accountant",
    remedy="Settle the dispute with the project manager, or reverse the accrual.",
    watch=0,
    act=3,
    select=_select,
    explain=_explain,
    source="seed: disputed accruals",
    needs_amount=False,
    at_once=True,
)
