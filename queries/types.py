"""Money, quantities and time as the store keeps them: exact integers, UTC, the same on every engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Literal

import iso4217
from sqlalchemy import BigInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MAX_INT64 = 2**63 - 1
#: the largest integer kept: 900 of them still add up in 64 bits, and nobody bills a hundred trillion
MAX_SCALED = 10**16
HOURS_SCALE = 6
RATE_SCALE = 6
ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}

#: ISO 4217's own code for "no currency": what stands beside the amount of something that is not about money
NO_CURRENCY = "XXX"
#: ISO 4217 code -> digits after the decimal mark (JPY 0, EUR 2, KWD 3)
EXPONENTS: dict[str, int] = {c.code: c.exponent for c in iso4217.Currency if c.exponent is not None}
if TYPE_CHECKING:
    Currency = str
else:
    # one look-up a value; a pattern is a call into another engine for each
    Currency = Literal[tuple(EXPONENTS)]
_UNITS: dict[str, Decimal] = {code: Decimal(10) ** exponent for code, exponent in EXPONENTS.items()}


class MoneyError(ValueError):
    """An amount that cannot be kept exactly; the text says what to mend."""


def to_minor(amount: Decimal, currency: str, rounding: str = "half_up") -> int:
    """The amount in minor units of the currency, rounded half up to its ISO 4217 exponent.

    Raises MoneyError for an unknown currency, NaN, infinity, or an amount the store cannot hold.
    """
    unit = _UNITS.get(currency)
    if unit is None:
        raise MoneyError(
            f"currency {currency!r} is not in ISO 4217: correct the code in the source or map it"
        )
    return _scaled(amount, unit, rounding)


def to_scaled(value: Decimal, digits: int, limit: int = MAX_SCALED) -> int:
    """A quantity as an integer of ``10**-digits``, at most ``limit``: less where it will be added up."""
    return _scaled(value, Decimal(10) ** digits, "half_up", limit)


def _scaled(value: Decimal, unit: Decimal, rounding: str, limit: int = MAX_SCALED) -> int:
    if not value.is_finite():
        raise MoneyError(f"{value} is not a number: correct it in the source")
    try:
        scaled = int((value * unit).to_integral_value(ROUNDINGS[rounding]))
    except ArithmeticError:
        scaled = limit + 1
    if abs(scaled) > limit:
        raise MoneyError(f"{value} is too large to be kept exactly: correct it in the source")
    return scaled


def from_minor(minor: int, currency: str) -> Decimal:
    """The Decimal behind an integer of minor units, with the currency's digits; none without a currency."""
    return Decimal(minor).scaleb(-EXPONENTS.get(currency, 0 if currency == NO_CURRENCY else 2))


def from_scaled(value: int, digits: int) -> Decimal:
    """The Decimal behind a scaled integer."""
    return Decimal(value).scaleb(-digits)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 in UTC; a naive instant is refused."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone: name one in the source or in the mapping")
    return (instant - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The UTC instant behind microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def iso(instant: datetime) -> str:
    """ISO 8601 in UTC with Z, seconds unless it needs more."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def spoken(length: timedelta) -> str:
    """``2 days``, ``24 h``, ``45 min``, ``90 s``: a length in the largest unit that tells it whole."""
    seconds = int(length.total_seconds())
    for size, least, unit in ((86_400, 2, "days"), (3600, 1, "h"), (60, 1, "min")):
        if seconds % size == 0 and seconds >= least * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


class UtcInstant(TypeDecorator[datetime]):
    """An instant kept as microseconds since 1970: sorts, compares and indexes alike on every engine."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        """To the store."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """From the store."""
        return None if value is None else from_micros(int(value))


def day(value: date, dialect: Dialect) -> str | date:
    """A date as the driver's raw interface wants it."""
    return value.isoformat() if dialect.name == "sqlite" else value
