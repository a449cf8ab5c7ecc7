"""C6, C7: a period is soft-closed, and a value of one system is not the value of another in it.

What is asked is the newest reconciliation that could be judged, of each tie-out: billable time of the PSA
against the ERP, revenue against the ledger, the roll-forward of the contract liability, and whatever else
the firm compares. The amount is what differs in a currency, whichever way. Not listed: periods that are open,
since their books still move, and closed ones, which were accepted with what differs; differences of timing,
whose other half stands in a neighbouring period or may still arrive; tie-outs that were never reconciled.

It is asked of the whole firm: periods and the newest runs of the few that are soft-closed, by index.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Subquery, and_, func, literal, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from queries.close_schema import reconciliation_difference, reconciliation_run
from queries.schema import RECORD_TABLES

_period = RECORD_TABLES["period"]
_run = reconciliation_run
_difference = reconciliation_difference


def _judged() -> Subquery:
    """The newest run of each tie-out of a soft-closed period that came to a result, and its period."""
    of_period = and_(
        _run.c.legal_entity == _period.c.legal_entity,
        _run.c.ledger == func.coalesce(_period.c.ledger, ""),
        _run.c.period == _period.c.name,
        _run.c.outcome != "unknown",
    )
    return (
        select(_period.c.system, _period.c.id, func.max(_run.c.id).label("run_id"))
        .select_from(_period.join(_run, of_period))
        .where(_period.c.status == "soft_closed", _period.c.deleted_at.is_(None))
        .group_by(_period.c.system, _period.c.id, _run.c.tie_out)
        .subquery("judged")
    )


def _select(_scope: Scope) -> Select[Any]:
    judged = _judged()
    tables = (
        judged.join(_period, and_(_period.c.system == judged.c.system, _period.c.id == judged.c.id))
        .join(_run, _run.c.id == judged.c.run_id)
        .join(_difference, _difference.c.run_id == judged.c.run_id)
    )
    own = (_period.c.system, _period.c.id, _period.c.legal_entity, _period.c.end_on, _period.c.source_url)
    return (
        select(
            own[0].label("subject_system"),
            literal("period").label("subject_kind"),
            own[1].label("subject_id"),
            null().label("contract_line"),
            _difference.c.currency,
            literal("").label("engagement_id"),
            own[2],
            own[3].label("since"),
            func.sum(func.abs(_difference.c.difference_minor)).label("amount_minor"),
            own[4],
            _period.c.name,
            func.min(_run.c.tie_out).label("tie_out"),
            func.count(_run.c.tie_out.distinct()).label("tie_outs"),
            func.count().label("differences"),
        )
        .select_from(tables)
        .where(_difference.c["class"] != "timing")
        .group_by(*own, _period.c.name, _difference.c.currency)
    )


def _explain(row: Row, _age: int) -> Explanation:
    first = row["tie_out"].replace("_", " ")
    others = f" and {row['tie_outs'] - 1} more" if row["tie_outs"] > 1 else ""
    return Explanation(
        reason=f"Period {row['name']} is soft-closed and does not tie out: {first}{others}.",
        expected="both sides of every tie-out agree before the period is closed",
        actual=f"{row['differences']} differences",
        first_broken_handoff="systems of record to ledger",
    )


CHECK = Check(
    key="tie_out_fails",
    title="Tie-out fails",
    question="Which periods in close do not agree between systems?",
    reads=(Need("erp", "period", required=False),),
    subject="period",
    amount="what differs at the newest reconciliation, all differences added up without their signs",
    acts="revenue accountant",
    remedy="Open the tie-out on the page Close, mend what is missing or twice in its source, reconcile.",
    watch=0,
    act=1,
    select=_select,
    explain=_explain,
    scope="firm",
    at_once=True,
    source="C6, C7",
)
