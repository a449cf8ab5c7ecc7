"""Rows about money whose references lead to nothing that any system ever showed."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Need
from queries.records import NODE_KINDS
from queries.schema import RECORD_TABLES

#: what would be evidence
EVIDENCE = (
    Need("crm", "opportunity", required=False),
    Need("contract", "contract", required=False),
    Need("contract", "contract_line", required=False),
    Need("psa", "project"),
    Need("psa", "milestone", required=False),
    Need("psa", "billing_event", required=False),
    Need("erp", "project", required=False),
)
_NAMED = ("project", "contract_line", "milestone", "contract", "billing_event")


def without_evidence(row: FromClause) -> ColumnElement[bool]:
    """Whether a row names something and no record of its engagement was ever read, deleted or not."""
    seen = (exists().where(RECORD_TABLES[kind].c.engagement_id == row.c.engagement_id) for kind in NODE_KINDS)
    return and_(row.c.engagement_id.is_not(None), *(~one for one in seen))


def named(row: FromClause) -> list[ColumnElement[str]]:
    """The ids it names, the first that is there telling enough."""
    return [row.c[f"{name}_id"] for name in _NAMED if f"{name}_id" in row.c]


def names_nothing(row: FromClause) -> ColumnElement[bool]:
    """Whether a row names nothing at all."""
    return ~or_(*(column.is_not(None) for column in named(row)))
