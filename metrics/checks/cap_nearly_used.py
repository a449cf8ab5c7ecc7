"""C12: what is billed and what waits to be billed come to 85 % or more of the most a line may bill.

Billed is what live invoice lines name the contract line for; waiting is its approved time nobody billed,
less what invoice lines of it that name no entries pay for. The amount is what lies beyond 85 % of the cap: it
grows from nothing as the rest of the cap is used up, and goes on growing past it.

Not listed: lines without a cap, lines that do not bill by the hour, and amounts in another currency than the
cap. Expenses nobody billed yet are not counted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, literal, null, select

from metrics.check import Check, Explanation, Need, Row, Scope
from metrics.relief import positive
from queries.schema import RECORD_TABLES

_line = RECORD_TABLES["contract_line"]
_billed = RECORD_TABLES["invoice_line"]
_entry = RECORD_TABLES["time_entry"]
_WARN, _WHOLE = 85, 100


def _sum(query: Select[Any]) -> ColumnElement[Any]:
    return cast(func.coalesce(query.correlate(_line).scalar_subquery(), 0), BigInteger)


def _on_invoices(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return _sum(
        select(func.sum(column)).where(
            _billed.c.engagement_id == _line.c.engagement_id,
            _billed.c.contract_line_system == _line.c.system,
            _billed.c.contract_line_id == _line.c.id,
            _billed.c.currency == _line.c.currency,
            _billed.c.deleted_at.is_(None),
        )
    )


def _waiting() -> ColumnElement[Any]:
    return _sum(
        select(func.sum(_entry.c.open_minor)).where(
            _entry.c.engagement_id == _line.c.engagement_id,
            _entry.c.is_open,
            _entry.c.contract_line_id == _line.c.id,
            _entry.c.contract_line_system == _line.c.system,
            _entry.c.open_currency == _line.c.currency,
            _entry.c.deleted_at.is_(None),
        )
    )


def _select(scope: Scope) -> Select[Any]:
    line = _line.c
    capped = (
        select(
            line.system,
            line.id,
            line.currency,
            line.engagement_id,
            line.legal_entity,
            line.source_updated_at,
            line.source_url,
            func.coalesce(line.name, line.id).label("line_name"),
            line.cap,
            _on_invoices(_billed.c.live_minor).label("billed"),
            positive(_waiting() - _on_invoices(_billed.c.pool_minor)).label("waiting"),
        )
        .where(
            scope.covers(line.engagement_id),
            line.cap > 0,
            line.deleted_at.is_(None),
            line.kind == "time_and_materials",
        )
        .subquery("capped")
    ).c
    used = capped.billed + capped.waiting
    return select(
        capped.system.label("subject_system"),
        literal("contract_line").label("subject_kind"),
        capped.id.label("subject_id"),
        null().label("contract_line"),
        capped.currency,
        capped.engagement_id,
        capped.legal_entity,
        capped.source_updated_at.label("since"),
        (used - (capped.cap * _WARN + _WHOLE // 2) // _WHOLE).label("amount_minor"),
        capped.source_url,
        capped.line_name,
        capped.cap,
        capped.billed,
        capped.waiting,
    ).where(used * _WHOLE >= capped.cap * _WARN)


def _explain(row: Row, age: int) -> Explanation:
    used = row["billed"] + row["waiting"]
    share, waiting = used * _WHOLE // row["cap"], row["waiting"] * _WHOLE // row["cap"]
    past = " and is overrun" if used > row["cap"] else ""
    return Explanation(
        reason=f"The cap agreed {age} business days ago is used to {share} %{past}:"
        f" {waiting} % of it waits to be billed.",
        expected="billed and open work below 85 % of the cap, or a higher cap",
        actual=f"{share} % of the cap is used",
        first_broken_handoff="delivery to contract",
    )


CHECK = Check(
    key="cap_nearly_used",
    title="Cap nearly used",
    question="Which work is about to reach the most that may be billed for it?",
    reads=(
        Need("contract", "contract_line"),
        Need("time", "time_entry"),
        Need("erp", "invoice_line"),
        Need("erp", "invoice", required=False),
    ),
    subject="contract_line",
    amount="what is billed and open beyond 85 % of the cap",
    acts="project manager",
    remedy="Agree on a higher cap before more is worked, or end the work within it.",
    watch=0,
    act=10,
    select=_select,
    explain=_explain,
    needs_amount=False,
    at_once=True,
    source="C12",
)
