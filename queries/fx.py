"""Conversion into the reporting currency by a named rate type and date; a missing rate is never guessed."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import Connection, select

from queries.schema import RECORD_TABLES
from queries.types import EXPONENTS, RATE_SCALE

_rate = RECORD_TABLES["fx_rate"]


class Rates(NamedTuple):
    """How many minor units of the reporting currency one minor unit of another is worth."""

    currency: str | None
    rate_type: str | None
    valid_on: date | None
    factors: dict[str, Fraction]

    def convert(self, minor: int, currency: str) -> int | None:
        """Minor units of the reporting currency, half up; None without a rate."""
        factor = self.factors.get(currency)
        if factor is None:
            return None
        exact = minor * factor
        return (1 if exact >= 0 else -1) * int(abs(exact) + Fraction(1, 2))


def rates(connection: Connection, currency: str | None, rate_type: str | None, on: date) -> Rates:
    """The newest rate of each currency on or before a date, directly or turned round."""
    if currency is None:
        return Rates(None, None, None, {})
    factors = {currency: Fraction(1)}
    newest: date | None = None
    query = select(_rate).where(_rate.c.deleted_at.is_(None), _rate.c.valid_on <= on)
    if rate_type is not None:
        query = query.where(_rate.c.rate_type == rate_type)
    for row in connection.execute(query.order_by(_rate.c.valid_on, _rate.c.system, _rate.c.id)):
        if currency not in (row.base_currency, row.currency) or row.rate <= 0:
            continue
        worth = Fraction(row.rate, 10**RATE_SCALE)
        other, factor = (row.base_currency, worth) if row.currency == currency else (row.currency, 1 / worth)
        digits = EXPONENTS.get(currency, 2) - EXPONENTS.get(other, 2)
        factors[other] = factor * Fraction(10) ** digits
        newest = row.valid_on
    return Rates(currency, rate_type, newest, factors)
