"""What a tie-out is: a value of one report that must equal a value of another, in every period.

A tie-out lives in one file of :mod:`metrics.tieouts` and ends with ``TIE_OUT = TieOut(...)``. Each side is a
select over one period of one ledger that yields a row a record, with the columns of ``COLUMNS``. Two rows
are about the same when their ``match_key`` is the same; a row without a partner has a key of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, false, or_

from metrics.check import Need

#: columns every side's select yields; ``on_date`` or ``at`` says when, ``changed_at`` the source's version
COLUMNS = (
    "match_key", "currency", "amount_minor", "system", "kind", "id", "number", "engagement_id", "on_date",
    "at", "changed_at", "source_url",
)  # fmt: skip


class Scope(NamedTuple):
    """A period of one ledger: the legal entity, the dates it owns, the same as instants, and its name.

    Without a ``period``, a posting that names one counts when the name is none of ``known``.
    """

    legal_entity: str
    ledger: str
    period: str | None
    days: tuple[tuple[date, date], ...]
    instants: tuple[tuple[datetime, datetime], ...]
    known: tuple[str, ...] = ()

    def entity(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Records of the legal entity."""
        return column == self.legal_entity

    def on_day(
        self, column: ColumnElement[Any], named: ColumnElement[Any] | None = None
    ) -> ColumnElement[bool]:
        """Dates that the period owns; a posting that names its period (``named``) belongs to that one."""
        here = or_(false(), *(column.between(*days) for days in self.days))
        if named is None:
            return here
        own = named.not_in(self.known) if self.period is None else named == self.period
        return or_(and_(named.is_not(None), own), and_(named.is_(None), here))

    def at(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Instants that lie on the period's dates, by the legal entity's own clock."""
        return or_(false(), *(and_(column >= start, column < end) for start, end in self.instants))

    def of_ledger(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Postings of the ledger; one that names none stands in every ledger of its legal entity."""
        return or_(column.is_(None), column == self.ledger)


class Side(NamedTuple):
    """One report: the system's role it comes from, what it says, and its rows."""

    role: str
    title: str
    rows: Callable[[Scope], Select[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOut:
    """A value here that must equal a value there.

    ``absolute`` is the tolerance of one key in minor units (None: half a unit a record, one at least),
    ``relative`` a share of the larger side; either is enough. A difference whose newest record is younger
    than ``settle`` hours is one of timing. ``is_single`` says that a key stands for one record, so that a
    second one alike is a duplicate.
    """

    key: str
    title: str
    left: Side
    right: Side
    match: str
    reads: tuple[Need, ...]
    owner: str
    remedy: str
    absolute: int | None = None
    relative: Decimal = Decimal(0)
    settle: int = 24
    is_single: bool = False
    source: str = ""


@cache
def tie_outs() -> Mapping[str, TieOut]:
    """Every tie-out, by key; two files that claim one key are refused."""
    from metrics import tieouts as package

    found: dict[str, TieOut] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        one: TieOut = importlib.import_module(f"{package.__name__}.{module}").TIE_OUT
        if one.key in found or one.key != module:
            raise ValueError(
                f"metrics/tieouts/{module}.py declares {one.key!r}: a tie-out's key is its file's name"
            )
        found[one.key] = one
    return found
