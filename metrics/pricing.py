"""Hours at a rate, as plain SQL: exact minor units, rounded half up, the same on every engine.

Hours and rates are stored in millionths, so that their product would not fit 64 bits for some currencies:
the rate's whole units and its fraction are multiplied apart.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, literal, null

from queries.types import EXPONENTS

_CENTS = 2
#: five thousand hours, and as many minor units an hour as then still fit
_HOURS_LIMIT, _RATE_LIMIT = 5 * 10**9, 18 * 10**8


def _number(value: int) -> ColumnElement[Any]:
    return literal(value, BigInteger)


_MILLION, _BILLION, _HALF = _number(10**6), _number(10**12), _number(5 * 10**11)


def absolute(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value without its sign."""
    return case((value < 0, -value), else_=value)


def _minor_units(currency: ColumnElement[Any]) -> ColumnElement[Any]:
    """How many minor units one unit of the currency has."""
    kinds: dict[int, list[str]] = {}
    for code, digits in EXPONENTS.items():
        if digits != _CENTS:
            kinds.setdefault(digits, []).append(code)
    odd = [(currency.in_(sorted(codes)), _number(10**digits)) for digits, codes in sorted(kinds.items())]
    return case(*odd, else_=_number(10**_CENTS))


def priced(
    hours: ColumnElement[Any], rate: ColumnElement[Any], currency: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Minor units of hours at a rate above zero; nothing where either is unknown or beyond any timesheet."""
    size, units = absolute(hours), _minor_units(currency)
    whole = rate // _MILLION
    part = rate - whole * _MILLION
    millionths = size * whole * units
    minor = millionths // _MILLION
    rest = (millionths - minor * _MILLION) * _MILLION + size * part * units
    amount = minor + (rest + _HALF) // _BILLION
    sane = and_(size <= _number(_HOURS_LIMIT), rate >= 0, whole * units <= _number(_RATE_LIMIT))
    return case((sane, case((hours < 0, -amount), else_=amount)), else_=null())
