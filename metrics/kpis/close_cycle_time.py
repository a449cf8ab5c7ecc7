"""Close cycle time: calendar days from the end of a month to the moment its period was closed.

One row a legal entity and ledger, in the month that was closed. A period that is still open, or that was
closed at a time its ERP does not tell, is not in it. A period closed again counts by its last closing.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, and_, type_coerce

from metrics.kpi import Kpi, Need, Part, Span, row
from metrics.measures import plays
from queries.schema import RECORD_TABLES

_period = RECORD_TABLES["period"]
_SECOND = 1_000_000


def _select(span: Span) -> Select[Any]:
    p, month = _period.c, span.month.c
    same = and_(span.of(p.legal_entity), p.start_on == month.start_on, p.end_on == month.end_on)
    taken = type_coerce(p.closed_at, BigInteger) - type_coerce(month.until, BigInteger)
    return row(
        span,
        _period.join(span.month, same),
        part="close",
        numerator=taken // _SECOND,
        subject=(p.system, "period", p.id),
        entity=p.legal_entity,
    ).where(p.status == "closed", p.closed_at.is_not(None), p.deleted_at.is_(None), plays(_period, "erp"))


KPI = Kpi(
    key="close_cycle_time",
    title="Close cycle time",
    question="How long does it take to close a month?",
    formula="median calendar days from the end of a period to its closing, over ledgers",
    unit="days",
    combine="median",
    reads=(Need("erp", "period"),),
    owner="controlling",
    source="days to close, from period end to the closing of the ledger",
    select=_select,
    parts={"close": Part("Period end to closed")},
    headline="close",
    scale=Fraction(1, 86_400),
    good="down",
    limits="a period reopened and closed again counts by its last closing",
)
