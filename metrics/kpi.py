"""What a KPI is: one select over stored records whose rows are the figure and its drill-down alike.

A KPI lives in one file of :mod:`metrics.kpis` and ends with ``KPI = Kpi(...)``. Its ``select`` composes
one statement over a :class:`queries.periods.Span` of months and never runs it. Every row has the columns
of ``SHAPE``: exact integers, the month and legal entity they count in, and the record a person would
open. What a tile shows is worked out from the sum of these rows, so both always agree.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Select, Text, cast, func, literal, null, select
from sqlalchemy.sql.selectable import FromClause

from metrics.check import Need
from queries.periods import Span
from queries.types import NO_CURRENCY

__all__ = ["SHAPE", "Kpi", "Need", "Part", "Span", "kpis", "row"]

#: columns of every row. ``denominator`` is 0 for what is only added up; practice and region may be
#: nothing, then they are the engagement's
SHAPE = (
    "month", "legal_entity", "practice", "region", "currency", "part", "numerator", "denominator",
    "subject_system", "subject_kind", "subject_id", "engagement_id",
)  # fmt: skip

Unit = Literal["money", "percent", "days", "hours", "count"]
#: how rows make a figure: added up; sum over sum; the middle one of the numerators; 1 less sum over sum
Combine = Literal["sum", "ratio", "median", "rest"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a KPI, or a variant of it; without a unit or a way to combine, it has the KPI's."""

    title: str
    unit: Unit | None = None
    combine: Combine | None = None
    scale: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """A figure of the firm by month.

    ``scale`` turns what the integers come to into the unit: 100 makes a ratio a percentage. Without a
    ``headline`` all parts add up to the figure; with one, that part is the figure and the others stand
    beside it. ``good`` is the direction a firm wants it to go. A ``flow`` adds up over its month: a running
    one is not comparable with a whole one. ``per`` says whether a denominator is money too, to be converted
    with it, ``rows_in`` what a row's own numbers are. ``limits`` says what cannot be known of earlier
    months.
    """

    key: str
    title: str
    question: str
    formula: str
    unit: Unit
    combine: Combine
    reads: tuple[Need, ...]
    owner: str
    source: str
    select: Callable[[Span], Select[Any]]
    parts: Mapping[str, Part]
    headline: str | None = None
    scale: Fraction = Fraction(1)
    good: Literal["up", "down"] | None = None
    flow: bool = False
    per: Literal["money", "number"] = "money"
    rows_in: Unit | None = None
    version: int = 1
    limits: str = ""

    def unit_of(self, part: str) -> Unit:
        """What a part is measured in."""
        return self.parts[part].unit or self.unit

    def combine_of(self, part: str) -> Combine:
        """How the rows of a part make its figure."""
        return self.parts[part].combine or self.combine

    def scale_of(self, part: str) -> Fraction:
        """What turns a part's integers into its unit."""
        scale = self.parts[part].scale
        return self.scale if scale is None else scale


def row(  # noqa: PLR0913 - the columns of a row
    span: Span,
    source: FromClause,
    *,
    part: str | ColumnElement[str],
    numerator: ColumnElement[Any],
    subject: tuple[Any, Any, Any],
    entity: ColumnElement[Any],
    denominator: ColumnElement[Any] | None = None,
    currency: ColumnElement[Any] | None = None,
    engagement: ColumnElement[Any] | None = None,
    practice: ColumnElement[Any] | None = None,
    region: ColumnElement[Any] | None = None,
    month: ColumnElement[Any] | None = None,
) -> Select[Any]:
    """Rows of SHAPE from a join that has the month, or from ``month``; ``subject`` is system, kind and id.

    Without a currency, the numbers are not money.
    """
    system, kind, identifier = subject
    zero = literal(0, BigInteger)
    # nothing has no type of its own on every engine, and a union needs one
    nothing = cast(null(), Text)
    return select(
        (span.month.c.month if month is None else month).label("month"),
        func.coalesce(entity, "").label("legal_entity"),
        (nothing if practice is None else practice).label("practice"),
        (nothing if region is None else region).label("region"),
        (literal(NO_CURRENCY) if currency is None else func.coalesce(currency, NO_CURRENCY)).label(
            "currency"
        ),
        (literal(part) if isinstance(part, str) else part).label("part"),
        numerator.label("numerator"),
        (zero if denominator is None else denominator).label("denominator"),
        (nothing if system is None else system).label("subject_system"),
        (literal(kind) if isinstance(kind, str) else kind).label("subject_kind"),
        (nothing if identifier is None else identifier).label("subject_id"),
        (nothing if engagement is None else engagement).label("engagement_id"),
    ).select_from(source)


@cache
def kpis() -> Mapping[str, Kpi]:
    """Every KPI, by key; two files that claim one key are refused."""
    from metrics import kpis as package

    found: dict[str, Kpi] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        kpi: Kpi = importlib.import_module(f"{package.__name__}.{module}").KPI
        if kpi.key in found or kpi.key != module:
            raise ValueError(f"metrics/kpis/{module}.py declares {kpi.key!r}: a KPI's key is its file's name")
        found[kpi.key] = kpi
    return found
