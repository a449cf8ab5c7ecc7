"""What a check is: a question with a fixed answer shape, and everything a person needs to act on it.

A check lives in one file of :mod:`metrics.checks` and ends with ``CHECK = Check(...)``. Its
``select`` composes one statement over the tables of :mod:`queries.schema`; it never runs it. The
statement yields one row an open item with at least the columns of ``SHAPE``; every further column
is a fact the explanation may use.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, true

from metrics.calendar import Calendar

#: columns every check's select yields; ``since`` is an instant or a date
SHAPE = (
    "subject_system", "subject_kind", "subject_id", "contract_line", "currency", "engagement_id",
    "legal_entity", "since", "amount_minor", "source_url",
)  # fmt: skip

Row = Mapping[str, Any]


class Scope(NamedTuple):
    """Which engagements to look at; None is all of them, a parameter those that are given later."""

    engagements: Sequence[str] | BindParameter[Sequence[str]] | None

    def covers(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """The condition that keeps a statement inside the scope."""
        return true() if self.engagements is None else column.in_(self.engagements)


class Need(NamedTuple):
    """A stream a check reads: a kind of record in the systems that play a role.

    Without an optional one the check can still be judged; a required one that is missing makes it unknown.
    """

    role: str
    kind: str
    required: bool = True


class Explanation(NamedTuple):
    """Why a subject is an exception, in words."""

    reason: str
    expected: str
    actual: str
    first_broken_handoff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A business-health check. ``watch`` and ``act`` are business days an item may be older than.

    ``since`` turns a row into the local date its age runs from; without it, the local date of the
    row's own ``since``. ``explain`` gets the row's facts, summed over the items listed, and the age.

    A check of the ``firm`` is about records that belong to no engagement: its rows carry the engagement
    ``''``, and it is always judged whole. Without ``needs_amount`` a subject is listed whatever it is worth
    (0 of ``NO_CURRENCY`` where it is not about money); ``at_once`` lists it, while ``watch`` is 0, from the
    moment it holds, not from the next business day on. A ``version`` changes with the meaning of what is not
    in the select, such as ``since``: then everything is judged anew.
    """

    key: str
    title: str
    question: str
    reads: tuple[Need, ...]
    subject: str
    amount: str
    acts: str
    remedy: str
    watch: int
    act: int
    select: Callable[[Scope], Select[Any]]
    explain: Callable[[Row, int], Explanation]
    since: Callable[[Row, Calendar], date] | None = None
    roots: bool = False
    source: str = ""
    scope: Literal["engagement", "firm"] = "engagement"
    needs_amount: bool = True
    at_once: bool = False
    version: int = 1


@cache
def statement(check: Check, *, whole: bool) -> Select[Any]:
    """The select of a check over all engagements, or over those given as its parameter ``engagements``.

    It is composed once: that takes longer than asking it of a few engagements.
    """
    return check.select(Scope(None if whole else bindparam("engagements", expanding=True)))


@cache
def checks() -> Mapping[str, Check]:
    """Every check, by key; two files that claim one key are refused."""
    from metrics import checks as package

    found: dict[str, Check] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        check: Check = importlib.import_module(f"{package.__name__}.{module}").CHECK
        if check.key in found or check.key != module:
            raise ValueError(
                f"metrics/checks/{module}.py declares {check.key!r}: a check's key is its file's name"
            )
        found[check.key] = check
    return found
