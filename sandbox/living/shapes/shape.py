"""What a shape is: a canonical row as rows of the tables of a vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox import money
from sandbox.living.held import Held
from sandbox.records import Record


class Shown(NamedTuple):
    """A row of a vendor's table."""

    table: str
    id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows of a kind are shown.

    ``show`` gives the vendor's row, None where there is nothing to show (yet); ``beside`` what other tables
    must hold for it. With ``is_part`` the row stands inside the vendor's row of another, which is written
    anew when the part goes, and goes when nothing is left to show.
    """

    show: Callable[[Any, Held], Shown | None]
    beside: Callable[[Any, Held], Sequence[Shown]] = lambda _row, _held: ()
    is_part: bool = False


Shapes = Mapping[type[Record], Shape]


def small_units(amount: Decimal | None, currency: str) -> Decimal | None:
    """An amount in the currency's small unit: cents, yen, fils."""
    if amount is None:
        return None
    small = amount / money.unit(currency)
    return small if small != small.to_integral_value() else small.quantize(Decimal(1))


def units(currency: str) -> int:
    """How many small units one whole unit of the currency has."""
    return int(1 / money.unit(currency))


def day(value: date | None) -> str | None:
    """A day as text."""
    return None if value is None else value.isoformat()


def instant(value: datetime | None) -> str | None:
    """An instant as text, in UTC."""
    return None if value is None else value.astimezone(UTC).isoformat()


def name_of(held: Held, kind: type[Record], identifier: str | None) -> str | None:
    """The name of a held row."""
    row = held[kind].get(identifier or "")
    name: str | None = None if row is None else row.name
    return name
