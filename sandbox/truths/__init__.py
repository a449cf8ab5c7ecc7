"""The truth: what is stuck in the simulated firm's books, worked out the plain and slow way.

One module a check, named by its key, with ``gaps(books)``: every exception the check must list at
``books.as_of``, and no other. Days are business days of the legal entity after the event's local date.
Amounts are in the row's currency, with the digits that currency has.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import cache

from sandbox import days
from sandbox.books import Books
from sandbox.gap import Gap

Answer = Callable[[Books], Iterator[Gap]]


@cache
def answers() -> Mapping[str, Answer]:
    """Check -> what answers it."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {key: importlib.import_module(f"{__name__}.{key}").gaps for key in found}


def truth(books: Books) -> list[Gap]:
    """Every exception of every check, in a fixed order."""
    found = [gap for answer in answers().values() for gap in answer(books)]
    return sorted(found, key=lambda gap: gap.order)


def age(books: Books, company: str | None, since: datetime | date) -> int:
    """Business days of the company from a local day, or the local day of an instant, to its local today."""
    entity = company or ""
    day = days.local_day(entity, since) if isinstance(since, datetime) else since
    return days.business_days(entity, day, days.local_day(entity, books.as_of))
