"""C7: what the revenue platform posted is what the general ledger shows as revenue.

A posting that was reversed and its reversal both count, each on its own date: together they leave zero.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, exists, func, or_

from metrics.check import Need
from metrics.sides import posted, record, work
from metrics.tieout import Scope, Side, TieOut
from queries.schema import RECORD_TABLES

_revenue = RECORD_TABLES["revenue_line"]
_entry = RECORD_TABLES["ledger_entry"]


def _recognised(scope: Scope) -> Select[Any]:
    row, other = _revenue, _revenue.alias("other")
    taken_back = exists().where(
        other.c.reverses_system == row.c.system,
        other.c.reverses_id == row.c.id,
        other.c.state != "scheduled",
        other.c.deleted_at.is_(None),
    )
    of_reversal = exists().where(
        other.c.system == row.c.reverses_system,
        other.c.id == row.c.reverses_id,
        other.c.reverses_id.is_not(None),
    )
    # sources sign a reversal as they like: it takes back, and what reverses a reversal gives back
    amount = case(
        (row.c.reverses_id.is_(None), row.c.amount),
        (of_reversal, func.abs(row.c.amount)),
        else_=-func.abs(row.c.amount),
    )
    found = record(row, "revenue_line", key=work(row), amount=amount, on_date=row.c.posted_on)
    return found.where(
        scope.entity(row.c.legal_entity),
        scope.on_day(row.c.posted_on, row.c.period),
        row.c.deleted_at.is_(None),
        # a posting that is only marked as reversed leaves nothing, and no second row says so
        or_(
            row.c.state == "posted",
            and_(row.c.state == "reversed", or_(row.c.reverses_id.is_not(None), taken_back)),
        ),
    )


def _booked(scope: Scope) -> Select[Any]:
    return posted(scope, "revenue", work(_entry))


TIE_OUT = TieOut(
    key="revenue_to_gl",
    title="Revenue platform posted = revenue in the ledger",
    left=Side("revenue", "posted revenue", _recognised),
    right=Side("erp", "ledger, account revenue", _booked),
    match="engagement",
    reads=(Need("revenue", "revenue_line"), Need("erp", "ledger_entry")),
    owner="revenue accountant",
    remedy="Transfer the posting to the ledger again, or reverse what only the ledger has.",
    source="C7",
)
