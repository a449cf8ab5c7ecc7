"""Hours at a rate as minor units, inside a statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast

from queries.types import EXPONENTS, HOURS_SCALE, RATE_SCALE

_USUAL = 2
#: hours are cut to hundred-thousandths before they are multiplied: 64 bits hold no more
_CUT = 10


def at_rate(
    hours: ColumnElement[Any], rate: ColumnElement[Any], currency: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Scaled hours x scaled rate in whole minor units of the currency, cut off below.

    For figures only: what is owed is rounded half up entry by entry where it is stored.
    """
    digits: dict[int, list[str]] = {}
    for code, exponent in EXPONENTS.items():
        if exponent != _USUAL:
            digits.setdefault(exponent, []).append(code)
    scale = 10 ** (HOURS_SCALE + RATE_SCALE - _USUAL) // _CUT
    units = case(
        *((currency.in_(codes), scale * 10**_USUAL // 10**exponent) for exponent, codes in digits.items()),
        else_=scale,
    )
    return cast((hours // _CUT) * rate // units, BigInteger)
