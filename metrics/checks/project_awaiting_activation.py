"""K1: a deal is won and no project of it has ever been active in PSA and in ERP.

One active project serves every deal of its engagement. On hold, complete and closed count as
having been active; a deal lost after it was won is not open.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, null, or_, select
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Check, Explanation, Need, Row, Scope
from queries.schema import RECORD_TABLES, system_role

_deal = RECORD_TABLES["opportunity"]
_contract = RECORD_TABLES["contract"]
_project = RECORD_TABLES["project"]


def _plays(project: FromClause, role: str) -> ColumnElement[bool]:
    return exists().where(system_role.c.system == project.c.system, system_role.c.role == role)


def _same_project(left: FromClause, right: FromClause) -> ColumnElement[bool]:
    """One view names the other, both name a third, or it is one row."""

    def names(view: FromClause, other: FromClause) -> ColumnElement[bool]:
        return and_(view.c.project_system == other.c.system, view.c.project_id == other.c.id)

    third = and_(left.c.project_system == right.c.project_system, left.c.project_id == right.c.project_id)
    itself = and_(left.c.system == right.c.system, left.c.id == right.c.id)
    return or_(names(left, right), names(right, left), third, itself)


def _of_deal(project: FromClause) -> ColumnElement[bool]:
    return and_(project.c.engagement_id == _deal.c.engagement_id, project.c.deleted_at.is_(None))


def _select(scope: Scope) -> Select[Any]:
    psa, erp = _project.alias("psa"), _project.alias("erp")
    in_psa = and_(_of_deal(psa), _plays(psa, "psa"))
    in_erp = and_(_of_deal(erp), _plays(erp, "erp"))
    active_in_both = exists().where(
        in_psa,
        in_erp,
        _same_project(psa, erp),
        psa.c.first_active_at.is_not(None),
        erp.c.first_active_at.is_not(None),
    )
    contracted = exists().where(
        _contract.c.engagement_id == _deal.c.engagement_id, _contract.c.deleted_at.is_(None)
    )
    amount = func.coalesce(_deal.c.services_amount, _deal.c.amount)
    return select(
        _deal.c.system.label("subject_system"),
        literal("opportunity").label("subject_kind"),
        _deal.c.id.label("subject_id"),
        null().label("contract_line"),
        _deal.c.currency,
        _deal.c.engagement_id,
        _deal.c.legal_entity,
        func.coalesce(_deal.c.won_at, _deal.c.source_updated_at).label("since"),
        amount.label("amount_minor"),
        _deal.c.source_url,
        _deal.c.name,
        # a firm that keeps no contracts apart cannot miss one
        or_(contracted, ~exists().where(system_role.c.role == "contract")).label("has_contract"),
        exists().where(in_psa).label("in_psa"),
        exists().where(in_psa, psa.c.first_active_at.is_not(None)).label("active_in_psa"),
        exists().where(in_erp).label("in_erp"),
    ).where(
        scope.covers(_deal.c.engagement_id),
        _deal.c.status == "won",
        _deal.c.deleted_at.is_(None),
        amount > 0,
        ~active_in_both,
    )


def _explain(row: Row, age: int) -> Explanation:
    # the first hand-off that did not happen, in the order of the chain
    steps = (
        ("has_contract", "CRM to contract", "there is no contract"),
        ("in_psa", "CRM to PSA", "PSA has no project"),
        ("active_in_psa", "PSA activation", "the PSA project was never released"),
        ("in_erp", "PSA to ERP", "ERP has no project"),
    )
    # a firm that keeps no contracts apart still hands its deals over: then the project is the evidence
    broken = next(
        (step for step in steps if not row[step[0]] and not (step[0] == "has_contract" and row["in_psa"])),
        None,
    )
    _, handoff, missing = broken or ("", "ERP activation", "the ERP project was never released")
    return Explanation(
        reason=f"Won {age} business days ago and {missing}.",
        expected="a project active in PSA and in ERP",
        actual=missing,
        first_broken_handoff=handoff,
    )


CHECK = Check(
    key="project_awaiting_activation",
    title="Project awaiting activation",
    question="Which won deals still have no project that can take time and bill?",
    reads=(
        Need("crm", "opportunity"),
        Need("contract", "contract", required=False),
        Need("psa", "project"),
        Need("erp", "project"),
    ),
    subject="opportunity",
    amount="services amount of the deal, or all of it where the deal does not say",
    acts="PMO / order desk",
    remedy="Create or release the project named missing; if the integration lost the event, replay it.",
    watch=2,
    act=5,
    select=_select,
    explain=_explain,
    roots=True,
    source="K1",
)
