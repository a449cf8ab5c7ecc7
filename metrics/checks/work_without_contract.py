"""C9: billable time that was worked without a contract in force: not signed yet, or not begun yet.

An entry's contract is that of its contract line, else that of its project. It is without cover when the
contract is still a draft; when it was worked before the day the contract starts; or when it was handed in or
approved before the moment of the signature. Once a contract is signed, only what is not billed yet is listed.

Not listed: work of which nothing says under which contract it is done, drafts, rejected, written-off and
deleted time, time that is not billable, internal projects; a contract that does not say when it starts or was
signed proves nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, not_, null, or_, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.worked import hours_in_words, unrated, worked, worth
from queries.schema import RECORD_TABLES

_contract = RECORD_TABLES["contract"]


def _uncovered(entry: Any) -> ColumnElement[bool]:
    contract = _contract.c
    early = or_(
        contract.start_on > entry.work_date,
        contract.signed_at > func.coalesce(entry.submitted_at, entry.approved_at),
    )
    unbilled = or_(entry.is_open, entry.status == "submitted")
    return or_(contract.status == "draft", and_(contract.status != "cancelled", early, unbilled))


def _select(scope: Scope) -> Select[Any]:
    w = worked()
    entry, view, subject = w.entry.c, w.view.c, w.subject.c
    own = and_(
        _contract.c.system
        == func.coalesce(w.line.c.contract_system, subject.contract_system, view.contract_system),
        _contract.c.id == func.coalesce(w.line.c.contract_id, subject.contract_id, view.contract_id),
        _contract.c.engagement_id == entry.engagement_id,
        _contract.c.deleted_at.is_(None),
    )
    keys = (
        _contract.c.system, _contract.c.id, w.currency, entry.engagement_id, _contract.c.legal_entity,
        _contract.c.source_url, _contract.c.number, _contract.c.status,
    )  # fmt: skip
    return (
        select(
            _contract.c.system.label("subject_system"),
            literal("contract").label("subject_kind"),
            _contract.c.id.label("subject_id"),
            null().label("contract_line"),
            w.currency.label("currency"),
            entry.engagement_id,
            _contract.c.legal_entity,
            func.min(entry.work_date).label("since"),
            func.sum(worth(w.entry)).label("amount_minor"),
            _contract.c.source_url,
            func.coalesce(_contract.c.number, _contract.c.id).label("contract"),
            case((_contract.c.status == "draft", "is not signed"), else_="was not in force yet").label("why"),
            func.sum(entry.hours).label("hours"),
            func.sum(unrated(w.entry)).label("unrated_hours"),
        )
        .select_from(w.tables.join(_contract, own))
        .where(
            scope.covers(entry.engagement_id),
            entry.status.in_(("submitted", "approved")),
            entry.deleted_at.is_(None),
            entry.billable,
            not_(entry.written_off),
            not_(func.coalesce(subject.internal, view.internal, literal(value=False))),
            _uncovered(entry),
        )
        .group_by(*keys)
    )


def _explain(row: Row, age: int) -> Explanation:
    hours = hours_in_words(row["hours"])
    more = f" ({hours_in_words(row['unrated_hours'])} have no rate)" if row["unrated_hours"] else ""
    return Explanation(
        reason=f"{hours} were worked while {row['contract']} {row['why']},"
        f" the first of them {age} business days ago{more}.",
        expected="a signed contract that has begun before anybody works",
        actual=f"{hours} of billable work, and the contract {row['why']}",
        first_broken_handoff="contract to delivery",
    )


CHECK = Check(
    key="work_without_contract",
    title="Work without a contract",
    question="Where is billable work done before a contract covers it?",
    reads=(
        Need("time", "time_entry"),
        Need("contract", "contract"),
        Need("contract", "contract_line", required=False),
        Need("psa", "project", required=False),
        Need("erp", "invoice_line", required=False),
        Need("erp", "invoice", required=False),
    ),
    subject="contract",
    amount="value of the work: hours at the entry's or the contract line's rate",
    acts="account lead",
    remedy="Get the contract signed for the time already worked, or stop the work.",
    watch=0,
    act=5,
    select=_select,
    explain=_explain,
    needs_amount=False,
    at_once=True,
    source="C9",
)
