"""C7: a contract liability opens with what it held, moves by its postings, and closes with the sum."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, literal, null, select, union_all
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Need
from metrics.sides import NO_DAY, NO_INSTANT, NO_NUMBER, posted
from metrics.tieout import Scope, Side, TieOut
from queries.schema import RECORD_TABLES

_balance = RECORD_TABLES["ledger_balance"]
_ACCOUNT = "contract_liability"


def _held(scope: Scope, amount: ColumnElement[Any]) -> Select[Any]:
    table: FromClause = _balance
    return select(
        literal(_ACCOUNT).label("match_key"),
        table.c.currency,
        amount.label("amount_minor"),
        table.c.system,
        literal("ledger_balance").label("kind"),
        table.c.id,
        NO_NUMBER.label("number"),
        cast(null(), Text).label("engagement_id"),
        NO_DAY.label("on_date"),
        NO_INSTANT.label("at"),
        table.c.source_updated_at.label("changed_at"),
        table.c.source_url,
    ).where(
        scope.entity(table.c.legal_entity),
        scope.of_ledger(table.c.ledger),
        scope.on_day(NO_DAY, table.c.period),
        table.c.account == _ACCOUNT,
        table.c.deleted_at.is_(None),
    )


def _opening_and_moved(scope: Scope) -> Select[Any]:
    moved = posted(scope, _ACCOUNT, literal(_ACCOUNT))
    return select(union_all(_held(scope, _balance.c.opening), moved).subquery("opening_and_moved"))


def _closing(scope: Scope) -> Select[Any]:
    return _held(scope, _balance.c.closing)


TIE_OUT = TieOut(
    key="contract_liability_roll_forward",
    title="Contract liability: opening + movements = closing",
    left=Side("erp", "opening balance and postings", _opening_and_moved),
    right=Side("erp", "closing balance", _closing),
    match="account",
    reads=(Need("erp", "ledger_balance"), Need("erp", "ledger_entry")),
    owner="revenue accountant",
    remedy="Find the posting that the balance has and the list of postings lacks, or the other way round.",
    source="C7",
)
