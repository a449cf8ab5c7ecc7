"""The months figures are worked out for: each legal entity's own accounting periods, else calendar months.

A period belongs to the month its middle day lies in, so that firms that count in weeks have twelve
months too. Days are local to the legal entity, instants its local midnights in UTC. ``''`` is what names
no legal entity, or one that nobody described: plain calendar months in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnClause,
    ColumnElement,
    Connection,
    Date,
    Text,
    and_,
    case,
    column,
    func,
    literal,
    literal_column,
    select,
    text,
    values,
)

from queries.schema import RECORD_TABLES
from queries.types import UtcInstant, to_micros

_period = RECORD_TABLES["period"]
_DAY = timedelta(days=1)
#: an instant's beginning of the local day, in UTC
Midnight = Callable[[date], datetime]


class Month(NamedTuple):
    """One month of one legal entity: its days, both ends in, and the instants it lies between.

    ``last_on`` is the last of its days that has come: figures of a running month go up to it.
    """

    legal_entity: str
    name: str
    start_on: date
    end_on: date
    last_on: date
    since: datetime
    until: datetime

    @property
    def days(self) -> int:
        """Calendar days of the month that have come."""
        return max((self.last_on - self.start_on).days + 1, 0)


def name_of(day: date) -> str:
    """``2026-10``."""
    return f"{day:%Y-%m}"


def names(last: str, count: int) -> list[str]:
    """So many months up to and including one, oldest first. Raises ValueError for what is no month."""
    first = first_day(last)
    number = first.year * 12 + first.month - 1
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(number - count + 1, number + 1)]


def first_day(name: str) -> date:
    """The first day of a calendar month. Raises ValueError with what is wrong."""
    try:
        return date.fromisoformat(f"{name}-01")
    except ValueError as error:
        raise ValueError(f"{name!r} is no period: write a year and a month, such as 2026-10") from error


def _last_day(name: str) -> date:
    return (first_day(name) + timedelta(days=31)).replace(day=1) - _DAY


def months(
    connection: Connection, wanted: Sequence[str], zones: Mapping[str, Midnight], now: datetime
) -> list[Month]:
    """These months of every legal entity of ``zones``, and of what names none, as known at ``now``."""
    own = _own(connection, wanted)
    found = []
    for entity, midnight in {"": _utc_midnight, **zones}.items():
        for name in wanted:
            start, end = own.get((entity, name), (first_day(name), _last_day(name)))
            today = now.astimezone(UTC).date()
            while midnight(today + _DAY) <= now:
                today += _DAY
            while midnight(today) > now:
                today -= _DAY
            ends = midnight(start), midnight(end + _DAY)
            found.append(Month(entity, name, start, end, min(end, today), *ends))
    return found


def _utc_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _own(connection: Connection, wanted: Sequence[str]) -> dict[tuple[str, str], tuple[date, date]]:
    """(legal entity, month) -> first and last day of the periods the ERP keeps for it."""
    first, last = first_day(min(wanted)) - 31 * _DAY, _last_day(max(wanted)) + 31 * _DAY
    query = select(_period.c.legal_entity, _period.c.start_on, _period.c.end_on).where(
        _period.c.deleted_at.is_(None), _period.c.start_on >= first, _period.c.end_on <= last
    )
    found: dict[tuple[str, str], tuple[date, date]] = {}
    for entity, start, end in connection.execute(query.order_by(_period.c.system, _period.c.id)):
        length = (end - start).days
        # adjustment periods of a day, quarters and years stand beside the months
        if entity and _SHORTEST <= length <= _LONGEST:
            found.setdefault((entity, name_of(start + timedelta(days=length // 2))), (start, end))
    return found


_SHORTEST, _LONGEST = 26, 36


# ---- inside a statement ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Months and working days as tables that a statement joins.

    ``month``: legal_entity, month, start_on, end_on, last_on, since, until, days; and ``day_30``, ``at_30``
    and so on: so many days before the last day, and before it ends.
    ``workday``: legal_entity, day, begins, month; see :class:`Workday`.
    """

    month: CTE
    workday: CTE
    entities: tuple[str, ...]
    today: date
    months: tuple[Month, ...]
    engine: str

    def month_of(self, entity: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[str]:
        """The name of the month a day lies in, ``''`` for none: for tables too large to join the months to.

        Written without parameters, so that a statement may group by it on every engine.
        """
        ends: dict[str, dict[str, tuple[date, date]]] = {}
        for month in self.months:
            ends.setdefault(month.legal_entity, {})[month.name] = (month.start_on, month.end_on)
        usual = self._named(ends[""], day)
        own = {code: found for code, found in ends.items() if found != ends[""]}
        return (
            case(
                *(
                    (entity == _literal(_quoted(code)), self._named(found, day))
                    for code, found in own.items()
                ),
                else_=usual,
            )
            if own
            else usual
        )

    def _named(self, found: Mapping[str, tuple[date, date]], day: ColumnElement[Any]) -> ColumnElement[str]:
        whens = [
            (and_(day >= self._day(start), day <= self._day(end)), _literal(name))
            for name, (start, end) in sorted(found.items(), reverse=True)
        ]
        return case(*whens, else_=_literal(""))

    def _day(self, day: date) -> ColumnElement[Any]:
        return literal_column(f"{'' if self.engine == 'sqlite' else 'DATE '}'{day}'", Date)

    def in_range(self, day: ColumnElement[Any]) -> ColumnElement[bool]:
        """Days of any of the months."""
        first = min(month.start_on for month in self.months)
        return and_(day >= first, day <= max(month.end_on for month in self.months))

    def entity(self, column_: ColumnElement[Any]) -> ColumnElement[str]:
        """The legal entity under which a record finds its month; ``''`` for one nobody described."""
        return case((column_.in_(self.entities), column_), else_=literal(""))

    def during(self, entity: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[bool]:
        """The join of a record to the month in which its day lies."""
        m = self.month.c
        return and_(m.legal_entity == self.entity(entity), day >= m.start_on, day <= m.end_on)

    def within(self, entity: ColumnElement[Any], instant: ColumnElement[Any]) -> ColumnElement[bool]:
        """The join of a record to the month in which its instant lies."""
        m = self.month.c
        return and_(m.legal_entity == self.entity(entity), instant >= m.since, instant < m.until)

    def of(self, entity: ColumnElement[Any]) -> ColumnElement[bool]:
        """The join of a record to every month of its legal entity."""
        return self.month.c.legal_entity == self.entity(entity)


_MONTH = (
    column("legal_entity", Text), column("month", Text), column("start_on", Date), column("end_on", Date),
    column("last_on", Date), column("since", UtcInstant), column("until", UtcInstant),
    column("days", BigInteger), column("day_30", Date), column("day_60", Date), column("day_90", Date),
    column("at_30", UtcInstant), column("at_60", UtcInstant), column("at_90", UtcInstant),
)  # fmt: skip


_WORKDAY: tuple[ColumnClause[Any], ...] = (
    column("legal_entity", Text), column("day", Date), column("begins", UtcInstant), column("month", Text),
)  # fmt: skip


class Workday(NamedTuple):
    """A business day of a legal entity, the instant it begins, and the month asked for whose day it was.

    ``month`` is ``''`` for a day of none of these months, and for one that has not come yet.
    """

    legal_entity: str
    day: date
    begins: datetime
    month: str


def span(found: Sequence[Month], workdays: Iterable[Workday], today: date, engine: str = "") -> Span:
    """The tables of a statement over these months, with the business days of their legal entities.

    ``engine`` is the name of the dialect that it is for.
    """
    entities = tuple(sorted({month.legal_entity for month in found if month.legal_entity}))
    months_ = values(*_MONTH, name="months").data([_row(month) for month in found]).cte("months")
    return Span(months_, _workdays(workdays, engine), entities, today, tuple(found), engine)


def _row(month: Month) -> tuple[Any, ...]:
    ends = month.until - (month.end_on - month.last_on)
    back = [timedelta(days=days) for days in (30, 60, 90)]
    return (*month, month.days, *(month.last_on - days for days in back), *(ends - days for days in back))


def _workdays(found: Iterable[Workday], engine: str) -> CTE:
    """Thousands of days as text: as parameters, they would take longer to write than to read."""
    keyword = "" if engine == "sqlite" else "DATE "
    rows = [
        (
            f"'{_quoted(day.legal_entity)}'",
            f"{keyword}'{day.day}'",
            str(to_micros(day.begins)),
            f"'{day.month}'",
        )
        for day in found
    ] or [("''", f"{keyword}'1900-01-01'", "0", "''")]
    heads = ", ".join(f"{cell} AS {c.name}" for cell, c in zip(rows[0], _WORKDAY, strict=True))
    rest = ", ".join(f"({', '.join(row)})" for row in rows[1:])
    told = f"SELECT {heads}" + (f" UNION ALL VALUES {rest}" if rest else "")
    return text(told).columns(*_WORKDAY).cte("workdays")


def _literal(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'", Text)


def _quoted(name: str) -> str:
    # a colon would begin a parameter
    return name.replace("'", "''").replace(":", "\\:")


def elapsed(
    span: Span, owner: ColumnElement[Any], first: ColumnElement[Any], last: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Business days after the day of an instant up to another, or up to a day, where ``owner`` says when."""
    day = span.workday.alias()
    until = day.c.day <= last if isinstance(last.type, Date) else day.c.begins <= last
    return (
        select(func.count())
        .select_from(day)
        .where(day.c.legal_entity == span.entity(owner), day.c.begins > first, until)
        .scalar_subquery()
    )
