"""Time to acknowledge exceptions: from detected to first taken by somebody, of those taken in the month.

The median and the 90th percentile. What cleared or was settled before anybody took it is not in it, nor
is what nobody took yet: that stands in the list as new.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, func, type_coerce

from metrics.kpi import Kpi, Part, Span, row
from queries.schema import finding

_SECOND = 1_000_000


def _select(span: Span) -> Select[Any]:
    f = finding.c
    taken = type_coerce(f.acknowledged_at, BigInteger) - type_coerce(f.opened_at, BigInteger)
    tables = finding.join(span.month, span.within(func.coalesce(f.legal_entity, ""), f.acknowledged_at))
    return row(
        span, tables, part="acknowledged", numerator=taken // _SECOND,
        subject=(f.subject_system, f.subject_kind, f.subject_id), entity=f.legal_entity,
        engagement=func.nullif(f.engagement_id, ""),
    ).where(f.acknowledged_at.is_not(None))  # fmt: skip


KPI = Kpi(
    key="exception_mtta",
    title="Time to acknowledge exceptions",
    question="How long until somebody takes an exception on?",
    formula="median hours from detected to first assigned or started, of exceptions first taken in the month",
    unit="hours",
    combine="median",
    reads=(),
    owner="finance operations",
    source="mean time to acknowledge, told as median and 90th percentile",
    select=_select,
    parts={"acknowledged": Part("All acknowledged")},
    headline="acknowledged",
    scale=Fraction(1, 3600),
    good="down",
    limits="assigning and starting in Sightglass is what counts as taking it on",
)
