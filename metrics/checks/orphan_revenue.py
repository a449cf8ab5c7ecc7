"""C16: revenue is posted, and what it names was never seen: no contract, no project, no delivery.

Postings that another line takes back, and those that take back, count for nothing. Records that were deleted
since were seen; two business days are given for a record that is only on its way.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, exists, func, literal, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.orphans import EVIDENCE, named, without_evidence
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
        func.coalesce(*named(_line)).label("named"),
    ).where(
        scope.covers(_line.c.engagement_id),
        _line.c.deleted_at.is_(None),
        _line.c.state == "posted",
        _line.c.reverses_id.is_(None),
        ~taken_back,
        without_evidence(_line),
    )


def _explain(row: Row, _age: int) -> Explanation:
    return Explanation(
        reason=f"Revenue is posted for {row['named']}, which no system knows.",
        expected="a contract, project or delivery that earned it",
        actual="nothing that was ever read",
        first_broken_handoff="delivery to revenue",
    )


CHECK = Check(
    key="orphan_revenue",
    title="Revenue without evidence",
    question="Which revenue is posted for something that no system knows?",
    reads=(Need("revenue", "revenue_line"), *EVIDENCE),
    subject="revenue_line",
    amount="the amount posted",
    acts="revenue accountant",
    remedy="Correct what the posting names, or reverse it.",
    watch=2,
    act=5,
    select=_select,
    explain=_explain,
    source="C16",
    needs_amount=False,
)
