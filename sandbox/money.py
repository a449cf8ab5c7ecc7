"""Money of the simulated firm: decimals, rounded to what each currency can pay out."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache

#: digits after the decimal mark where they are not two
_DIGITS = {"JPY": 0, "KWD": 3, "XXX": 0}
_MODES = {None: ROUND_HALF_UP, "half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}

#: units of each currency that one US dollar buys
PER_DOLLAR = {
    "USD": Decimal(1),
    "GBP": Decimal("0.78"),
    "EUR": Decimal("0.91"),
    "JPY": Decimal("151.2"),
    "INR": Decimal("83.6"),
    "AUD": Decimal("1.52"),
    "KWD": Decimal("0.307"),
}


@cache
def unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01 for most, 1 for JPY, 0.001 for KWD."""
    return Decimal(1).scaleb(-_DIGITS.get(currency, 2))


def rounded(value: Decimal, currency: str, mode: str | None = None) -> Decimal:
    """The amount in whole minor units: half up unless ``mode`` says half_even or down."""
    return value.quantize(unit(currency), _MODES[mode])


def share(value: Decimal, part: Fraction, currency: str) -> Decimal:
    """``part`` of an amount, rounded once, half up (away from zero)."""
    if part == 1:
        return rounded(value, currency)
    minor = Fraction(value) / Fraction(unit(currency)) * part
    whole = int(abs(minor) + Fraction(1, 2))
    return (whole if minor > 0 else -whole) * unit(currency)


def priced(dollars: int, currency: str) -> Decimal:
    """About so many dollars in another currency, as a price someone would write: three leading digits."""
    amount = dollars * PER_DOLLAR[currency]
    step = Decimal(10) ** max(amount.adjusted() - 2, unit(currency).adjusted())
    return rounded((amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step, currency)
