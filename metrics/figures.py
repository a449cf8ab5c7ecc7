"""Figures of KPIs by month: their selects run once over all months, what they come to, and what is not known.

A figure is *unknown*, with the stream and the reason, for every month that a stream it rests on does not
reach: no number is shown then. Money is added up per currency, and converted at the newest rate of the
named type on or before the month's end; what has no rate is named, never dropped or guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, overload

from sqlalchemy import Connection, Select, func, select

from metrics.calendar import Calendar
from metrics.kpi import Kpi, kpis
from queries import findings, fx, kpi_snapshots, periods, polls, read
from queries.kpi_snapshots import Cell
from queries.periods import Month, Span, Workday
from queries.polls import EVERYWHERE, Coverage, Reads
from queries.types import NO_CURRENCY

HISTORY = 13
#: business days are known this long before the first month, for what took longer than a month
_BEFORE = timedelta(days=183)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What figures are worked out under: the firm's own days off, and the currency totals are told in."""

    days_off: Mapping[str, frozenset[date]]
    currency: str | None = None
    rate_type: str | None = None


class Setting(NamedTuple):
    """The months asked for as the statements see them, and where each legal entity's ends."""

    now: datetime
    months: tuple[Month, ...]
    span: Span
    names: tuple[str, ...]
    rates: Mapping[str, fx.Rates]


def setting(
    connection: Connection, now: datetime, names: Sequence[str], terms: Terms, only: str | None = None
) -> Setting:
    """The months of every legal entity, on its own calendar; ``only`` looks at one of them alone."""
    calendars = {
        code: _calendar(
            row["timezone"], row["country"], row["subdivision"], terms.days_off.get(code, frozenset())
        )
        for code, row in findings.legal_entities(connection).items()
    }
    zones = {code: calendar.midnight for code, calendar in calendars.items()}
    found = periods.months(connection, names, zones, now)
    workdays = [
        day
        for code, calendar in {"": _calendar(None, None, None, frozenset()), **calendars}.items()
        for day in _workdays(code, calendar, [month for month in found if month.legal_entity == code])
    ]
    if only is not None:
        # business days reach back as far for one month as for all, so that both count alike
        names, found = [only], [month for month in found if month.name == only]
        workdays = [day if day.month in {only, ""} else day._replace(month="") for day in workdays]
    span = periods.span(found, workdays, now.astimezone(UTC).date(), connection.dialect.name)
    rates = {name: _rates(connection, found, terms, name) for name in names}
    return Setting(now, tuple(found), span, tuple(names), rates)


def _rates(connection: Connection, found: Sequence[Month], terms: Terms, name: str) -> fx.Rates:
    """The rates of a month: the newest of the named type on or before its end, or today."""
    ends = max(month.last_on for month in found if month.name == name)
    return fx.rates(connection, terms.currency, terms.rate_type, ends)


@lru_cache(maxsize=256)
def _calendar(
    timezone: str | None, country: str | None, subdivision: str | None, days_off: frozenset[date]
) -> Calendar:
    """One calendar for the life of the process: its dates are worked out once."""
    return Calendar(timezone, country, subdivision, days_off=days_off)


def _workdays(code: str, calendar: Calendar, months: Sequence[Month]) -> Iterable[Workday]:
    day, last = min(m.start_on for m in months) - _BEFORE, max(m.end_on for m in months)
    while day <= last:
        if calendar.is_business_day(day):
            month = next((m.name for m in months if m.start_on <= day <= m.last_on), "")
            yield Workday(code, day, calendar.midnight(day), month)
        day += _DAY


def cells(connection: Connection, kpi: Kpi, found: Setting) -> list[Cell]:
    """A KPI's rows, added up in SQL for all months at once."""
    return added_up(connection, kpi, kpi.select(found.span))


@overload
def added_up(connection: Connection, kpi: Kpi, rows: Select[Any], by: None = None) -> list[Cell]: ...
@overload
def added_up(connection: Connection, kpi: Kpi, rows: Select[Any], by: str) -> list[tuple[str, Cell]]: ...
def added_up(connection: Connection, kpi: Kpi, rows: Select[Any], by: str | None = None) -> Any:
    """Rows of a KPI added up, one cell a group; with ``by``, each with the value of that column."""
    r = rows.subquery("rows").c
    keys = [r.month, r.legal_entity, r.currency, r.part]
    if medians(kpi):
        # the middle one needs the values; equal ones are told once, with how many they are
        numbers = [r.numerator, r.denominator]
        keys += numbers
    else:
        numbers = [func.sum(r.numerator).label("numerator"), func.sum(r.denominator).label("denominator")]
    more = [] if by is None else [r[by].label("by_value")]
    found = read.rows(
        connection, select(*keys[:4], *numbers, func.count().label("rows"), *more).group_by(*keys, *more)
    )
    told = [(row.get("by_value"), _cell(row)) for row in found]
    return told if by is not None else [cell for _, cell in told]


def _cell(row: Mapping[str, Any]) -> Cell:
    counts = (int(row[name] or 0) for name in ("numerator", "denominator", "rows"))
    return Cell(row["month"], row["legal_entity"], row["currency"], row["part"], *counts)


def medians(kpi: Kpi) -> frozenset[str]:
    """The parts whose figure is a middle one."""
    return frozenset(part for part in kpi.parts if kpi.combine_of(part) == "median")


def stored(connection: Connection, kpi: Kpi, found: Setting) -> tuple[datetime, list[Cell]]:
    """When a KPI was worked out, and its cells: as the worker wrote them down, else worked out now."""
    name = kpi_snapshots.Name(kpi.key, kpi.version, medians(kpi))
    kept = kpi_snapshots.kept(connection, name, found.names)
    return kept or (found.now, cells(connection, kpi, found))


def keep(connection: Connection, worked_out: Mapping[str, Sequence[Cell]], found: Setting) -> None:
    """Write figures down for the pages; ``worked_out`` are the cells of KPIs by key."""
    for key, mine in worked_out.items():
        kpi = kpis()[key]
        name = kpi_snapshots.Name(key, kpi.version, medians(kpi))
        kpi_snapshots.keep(connection, name, mine, found.names, found.now)


# ---- what may be said ----------------------------------------------------------------------------


def unknown(connection: Connection, kpi: Kpi, found: Setting, legal_entity: str | None) -> dict[str, str]:
    """Month -> why nothing may be said of it: a stream is missing, or does not reach its end."""
    entities = sorted({month.legal_entity for month in found.months if month.legal_entity})
    asked = [legal_entity] if legal_entity else entities or [EVERYWHERE]
    reasons: dict[str, str] = {}
    for need in kpi.reads:
        covered = polls.coverage(connection, [Reads(*need)], asked, found.now)
        for entity in asked:
            for name in found.names:
                reason = _reason(covered[entity], _until(found, entity, name))
                if reason:
                    reasons.setdefault(name, reason)
    return reasons


def _until(found: Setting, entity: str, name: str) -> datetime:
    ends = {month.legal_entity: month.until for month in found.months if month.name == name}
    return ends.get(entity, ends[""])


def _reason(covered: Coverage, until: datetime) -> str | None:
    whole = covered.as_of is not None and covered.as_of >= until
    return None if whole else covered.reason


# ---- what it comes to ----------------------------------------------------------------------------


class Amount(NamedTuple):
    """What a part comes to in one currency (``NO_CURRENCY``: not money); no value where nothing divides."""

    currency: str
    value: Fraction | None
    rows: int


class Value(NamedTuple):
    """A part of a KPI in one month.

    ``value`` is in the part's unit: minor units of ``currency`` for money, hours, days, percent. ``p90``
    stands beside a median. ``unconverted`` are currencies without a rate, which are not in it.
    """

    value: Fraction | None
    currency: str | None
    amounts: tuple[Amount, ...]
    unconverted: tuple[str, ...]
    rows: int
    p90: Fraction | None = None


class Figure(NamedTuple):
    """A KPI in one month: its value, its parts, and why it is unknown where it is."""

    month: str
    reason: str | None
    whole: Value | None
    parts: Mapping[str, Value]
    rates_on: date | None


def history(
    connection: Connection, kpi: Kpi, found: Setting, rows: Sequence[Cell],
    legal_entity: str | None = None,
) -> list[Figure]:  # fmt: skip
    """The figure of each month, oldest first, for one legal entity or all of them."""
    why = unknown(connection, kpi, found, legal_entity)
    chosen: dict[str, list[Cell]] = defaultdict(list)
    for cell in rows:
        if legal_entity in (None, cell.legal_entity):
            chosen[cell.month].append(cell)
    figures = []
    for name in found.names:
        if name in why:
            figures.append(Figure(name, why[name], None, {}, None))
            continue
        figures.append(figure(kpi, name, chosen[name], found.rates[name]))
    return figures


def figure(kpi: Kpi, name: str, rows: Sequence[Cell], rates: fx.Rates) -> Figure:
    """What the rows of a month come to."""
    parts = {
        part: _value(kpi, part, [cell for cell in rows if cell.part == part], rates) for part in kpi.parts
    }
    if kpi.headline is not None:
        whole = parts[kpi.headline]
    elif kpi.combine in {"sum", "median"}:
        whole = _value(kpi, next(iter(kpi.parts)), rows, rates)
    else:
        whole = _together(parts)
    return Figure(name, None, whole, parts, rates.valid_on)


def _together(parts: Mapping[str, Value]) -> Value:
    """Ratios that are told as one number: the sum of them, where each is known."""
    codes = sorted({amount.currency for value in parts.values() for amount in value.amounts})
    amounts = []
    for code in codes:
        mine = [a for value in parts.values() for a in value.amounts if a.currency == code]
        known = len(mine) == len(parts) and all(a.value is not None for a in mine)
        total = sum((a.value for a in mine if a.value is not None), Fraction(0)) if known else None
        amounts.append(Amount(code, total, sum(a.rows for a in mine)))
    values = [value.value for value in parts.values()]
    whole = None if None in values else sum((v for v in values if v is not None), Fraction(0))
    return Value(
        whole, None, tuple(amounts),
        tuple(sorted({code for value in parts.values() for code in value.unconverted})),
        sum(value.rows for value in parts.values()),
    )  # fmt: skip


def _value(kpi: Kpi, part: str, rows: Sequence[Cell], rates: fx.Rates) -> Value:
    count = sum(cell.rows for cell in rows)
    if kpi.combine_of(part) == "median":
        numbers = sorted((cell.numerator, cell.rows) for cell in rows)
        middle, high = (_scaled(kpi, part, quantile(numbers, at)) for at in (Fraction(1, 2), Fraction(9, 10)))
        return Value(middle, None, (), (), count, high)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for cell in rows:
        for place, number in enumerate((cell.numerator, cell.denominator, cell.rows)):
            sums[cell.currency][place] += number
    amounts = tuple(Amount(code, _of(kpi, part, n, d), k) for code, (n, d, k) in sorted(sums.items()))
    money = kpi.unit_of(part) == "money"
    if set(sums) <= {NO_CURRENCY} and not money:
        n, d, _ = sums.get(NO_CURRENCY, (0, 0, 0))
        return Value(_of(kpi, part, n, d), None, (), (), count)
    if len(sums) == 1 and rates.currency is None:
        (code,) = sums
        return Value(amounts[0].value, code, amounts, (), count)
    top, bottom, missing = _converted(sums, rates, of_money=kpi.per == "money")
    told = rates.currency is not None
    whole = _of(kpi, part, top, bottom) if told else None
    return Value(whole, rates.currency if money else None, amounts, missing if told else (), count)


def _converted(
    sums: Mapping[str, Sequence[int]], rates: fx.Rates, *, of_money: bool
) -> tuple[int, int, tuple[str, ...]]:
    """Numerator and denominator in the reporting currency, and the currencies no rate converts."""
    top = bottom = 0
    missing = []
    for code, (numerator, denominator, _) in sorted(sums.items()):
        over = rates.convert(numerator, code)
        under = rates.convert(denominator, code) if of_money else denominator
        if over is None or under is None:
            # nothing is worth nothing in any currency
            if numerator or denominator:
                missing.append(code)
            continue
        top += over
        bottom += under
    return top, bottom, tuple(missing)


def _of(kpi: Kpi, part: str, numerator: int, denominator: int) -> Fraction | None:
    """What sums come to; nothing where there is nothing to divide by."""
    if kpi.combine_of(part) == "sum":
        return Fraction(numerator) * kpi.scale_of(part)
    if denominator == 0:
        return None
    share = Fraction(numerator, denominator)
    return (1 - share if kpi.combine_of(part) == "rest" else share) * kpi.scale_of(part)


def _scaled(kpi: Kpi, part: str, value: Fraction | None) -> Fraction | None:
    return None if value is None else value * kpi.scale_of(part)


def quantile(numbers: Sequence[tuple[int, int]], at: Fraction) -> Fraction | None:
    """The value below which a share of the numbers lies, of (value, how many) in order; None without any.

    Of an even number the median is the mean of the two in the middle; other quantiles are a number that
    occurs: the first that at least that share of the numbers does not exceed.
    """
    total = sum(count for _, count in numbers)
    if not total:
        return None
    place = total * at
    if at == Fraction(1, 2) and place.denominator == 1:
        return Fraction(_at(numbers, int(place) - 1) + _at(numbers, int(place)), 2)
    return Fraction(_at(numbers, -(-place.numerator // place.denominator) - 1))


def _at(numbers: Sequence[tuple[int, int]], place: int) -> int:
    for value, count in numbers:
        if place < count:
            return value
        place -= count
    return numbers[-1][0]


def shown(value: Fraction | None) -> str | None:
    """A value as text: whole, or with four decimals, half up; None stays None."""
    if value is None:
        return None
    if value.denominator == 1:
        return str(value.numerator)
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal("0.0001"), ROUND_HALF_UP))
