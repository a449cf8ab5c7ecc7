"""What hours are worth, as plain SQL: whole minor units, half up, with nothing but integers.

Hours are counted in hundredths: finer ones are cut off, so that the product stays within 64 bits.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select
from sqlalchemy.sql.selectable import FromClause

from queries.schema import RECORD_TABLES
from queries.types import EXPONENTS, HOURS_SCALE, RATE_SCALE

_line = RECORD_TABLES["contract_line"]

_CENT = 10 ** (HOURS_SCALE - 2)
#: digits of hours in hundredths times a rate
_DIGITS = RATE_SCALE + 2
_USUAL = 2


def at_rate(
    hours: ColumnElement[Any], rate: ColumnElement[Any], currency: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Hours (none below zero) at a rate, in minor units of the currency; null where one of them is."""
    product = (hours // literal(_CENT)) * rate
    codes: dict[int, list[str]] = defaultdict(list)
    for code, exponent in sorted(EXPONENTS.items()):
        codes[exponent].append(code)
    whens = [
        (currency.in_(names), _scaled(product, exponent))
        for exponent, names in sorted(codes.items())
        if exponent != _USUAL
    ]
    return case(*whens, else_=_scaled(product, _USUAL))


def _scaled(product: ColumnElement[Any], exponent: int) -> ColumnElement[Any]:
    unit = 10 ** (_DIGITS - exponent)
    return (product + literal(unit // 2)) // literal(unit)


def sold_rate(project: FromClause) -> ColumnElement[Any]:
    """The rate at which a project's hours are sold: the one its contract lines agree on, else its own.

    Lines that differ say nothing about hours that name none of them.
    """
    line = _line.alias("rated")
    agreed = (
        select(case((func.min(line.c.rate) == func.max(line.c.rate), func.min(line.c.rate))))
        .where(
            and_(
                line.c.engagement_id == project.c.engagement_id,
                line.c.currency == project.c.currency,
                line.c.deleted_at.is_(None),
                line.c.rate > 0,
            )
        )
        .correlate(project)
        .scalar_subquery()
    )
    return func.coalesce(agreed, case((project.c.rate > 0, project.c.rate)))
