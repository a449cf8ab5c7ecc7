"""The tables of the close: what was compared, what differed, what was frozen, and who signed.

They share the metadata of :mod:`queries.schema`. A period is told by legal entity, ledger and name; the
ledger is ``''`` where the ERP's table of periods names none.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from queries.schema import metadata
from queries.types import UtcInstant

__all__ = [
    "close_freeze", "close_record", "close_sign", "close_total", "metadata", "period_change",
    "reconciliation_difference", "reconciliation_run", "reconciliation_total",
]  # fmt: skip


def _number() -> Column[Any]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _period() -> list[Column[Any]]:
    return [
        Column("legal_entity", Text, nullable=False),
        Column("ledger", Text, nullable=False),
        Column("period", Text, nullable=False),
    ]


reconciliation_run = Table(
    "reconciliation_run",
    metadata,
    _number(),
    Column("tie_out", Text, nullable=False),
    *_period(),
    Column("run_at", UtcInstant, nullable=False),
    Column("as_of", UtcInstant, comment="through when both sides are complete"),
    Column("outcome", Text, nullable=False, comment="matched, differs, unknown"),
    Column("reason", Text, comment="why it is unknown"),
    Column("uncovered", Integer, nullable=False, comment="records on a date that no period covers"),
    Column("uncovered_reason", Text),
    Index(None, "legal_entity", "ledger", "period", "tie_out", "id"),
)

reconciliation_total = Table(
    "reconciliation_total",
    metadata,
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("currency", Text, primary_key=True),
    Column("left_minor", BigInteger, nullable=False),
    Column("right_minor", BigInteger, nullable=False),
    Column("left_items", Integer, nullable=False),
    Column("right_items", Integer, nullable=False),
    Column("matched", Integer, nullable=False, comment="keys whose sides agree within tolerance"),
    Column("differing", Integer, nullable=False),
    Column("rounding_minor", BigInteger, nullable=False, comment="what the matched keys differ by in sum"),
)

reconciliation_difference = Table(
    "reconciliation_difference",
    metadata,
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("match_key", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column(
        "class", Text, nullable=False,
        comment="missing_left, missing_right, amount, duplicate, timing, currency",
    ),
    Column("left_minor", BigInteger, nullable=False),
    Column("right_minor", BigInteger, nullable=False),
    Column("difference_minor", BigInteger, nullable=False, comment="left less right"),
    Column("engagement_id", Text),
    Column("explanation", Text, nullable=False),
    Column("records", Text, nullable=False, comment="JSON: the records of both sides, the first of many"),
)  # fmt: skip

period_change = Table(
    "period_change",
    metadata,
    _number(),
    *_period(),
    Column("system", Text, nullable=False),
    Column("status", Text, nullable=False, comment="open, soft_closed, closed"),
    Column("before", Text, comment="the status before; null: seen for the first time"),
    Column("closed_at", UtcInstant),
    Column("is_reopened", Boolean, nullable=False),
    Column("seen_at", UtcInstant, nullable=False),
    Index(None, "legal_entity", "ledger", "period", "id"),
)

close_freeze = Table(
    "close_freeze",
    metadata,
    _number(),
    *_period(),
    Column("frozen_at", UtcInstant, nullable=False),
    Column("why", Text, nullable=False, comment="closed by the ERP, or signed"),
    Index(None, "legal_entity", "ledger", "period", unique=True),
)

close_total = Table(
    "close_total",
    metadata,
    Column("freeze_id", BigInteger, primary_key=True, autoincrement=False),
    Column("tie_out", Text, primary_key=True),
    Column("side", Text, primary_key=True, comment="left or right"),
    Column("currency", Text, primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("items", Integer, nullable=False),
)

close_record = Table(
    "close_record",
    metadata,
    Column("freeze_id", BigInteger, primary_key=True, autoincrement=False),
    Column("tie_out", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("system", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("engagement_id", Text),
    sqlite_with_rowid=False,
)

close_sign = Table(
    "close_sign",
    metadata,
    _number(),
    *_period(),
    Column("task", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("signed_at", UtcInstant, nullable=False),
    Column("comment", Text),
    Column("evidence", Text, comment="what was seen when it was signed: it stands while that is so"),
    Column("is_withdrawn", Boolean, nullable=False),
    Index(None, "legal_entity", "ledger", "period", "id"),
)
