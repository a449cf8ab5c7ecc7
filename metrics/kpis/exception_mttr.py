"""Time to resolve exceptions: from detected to cleared, or to what a person said, of those of the month.

The median and the 90th percentile of all, and the mean weighted with the money each had when it was
detected (exceptions without money have no weight). What is open is not in it: its age stands on the
exceptions page. An exception that came back counts by its last resolution.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, and_, func, literal, select, type_coerce, union_all

from metrics.kpi import Kpi, Part, Span, row
from queries.schema import finding
from queries.types import NO_CURRENCY

_SECOND, _MINUTE = 1_000_000, 60_000_000
#: hours at a scale that leaves room for money beside them in 64 bits
_HOUR_MINUTES = 60


def _select(span: Span) -> Select[Any]:
    f = finding.c
    # a person's word comes before the source that bears it out
    ended = func.coalesce(f.resolved_at, f.cleared_at)
    taken = type_coerce(ended, BigInteger) - type_coerce(f.opened_at, BigInteger)
    tables = finding.join(span.month, span.within(func.coalesce(f.legal_entity, ""), ended))
    of: dict[str, Any] = {
        "subject": (f.subject_system, f.subject_kind, f.subject_id), "entity": f.legal_entity,
        "engagement": func.nullif(f.engagement_id, ""),
    }  # fmt: skip
    cleared = and_(~f.is_open, ended.is_not(None))
    every = row(span, tables, part="cleared", numerator=taken // _SECOND, **of).where(cleared)
    weighted = row(
        span, tables, part="weighted", numerator=taken // _MINUTE * (f.detected_minor // 100),
        denominator=f.detected_minor // 100 + literal(0, BigInteger), currency=f.currency, **of,
    ).where(cleared, f.currency != NO_CURRENCY, f.detected_minor > 0)  # fmt: skip
    return select(union_all(every, weighted).subquery("cleared"))


KPI = Kpi(
    key="exception_mttr",
    title="Time to resolve exceptions",
    question="How long do exceptions last?",
    formula="median hours from detected to resolved, of exceptions resolved in the month; beside it the mean"
    " weighted with money",
    unit="hours",
    combine="median",
    reads=(),
    owner="finance operations",
    source="mean time to resolve, told as median, 90th percentile and weighted with money",
    select=_select,
    parts={
        "cleared": Part("All resolved"),
        "weighted": Part("Weighted with money", combine="ratio", scale=Fraction(1, _HOUR_MINUTES)),
    },
    headline="cleared",
    scale=Fraction(1, 3600),
    good="down",
    limits="exceptions are known since Sightglass watches",
)
