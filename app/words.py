"""Numbers, times and states as people read them: amounts with their ISO code, instants with their zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from metrics.figures import Amount, Value
from queries.exceptions import Total
from queries.types import NO_CURRENCY, from_minor
from queries.untraceable import REASON, Untraceable

NONE = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_WHOLE_TO = 10_000  # up to here three digits say less than all of them
_TENTHS_TO_S = 10 * 86_400


class Mark(NamedTuple):
    """How a state shows: a shape and a word, and a tone for the colour. Never the colour alone."""

    shape: str
    word: str
    tone: str


OUTCOMES = {
    "pass": Mark("●", "Nothing open", "ok"),
    "fail": Mark("■", "Open exceptions", "bad"),
    "unknown": Mark("○", "Cannot tell", "unknown"),
}
SEVERITIES = {
    "critical": Mark("■", "Critical", "bad"),
    "high": Mark("▲", "High", "warn"),
    "medium": Mark("◆", "Medium", "calm"),
    "low": Mark("•", "Low", "calm"),
}
STREAMS = {
    "failing": Mark("■", "Failing", "bad"),
    "never": Mark("○", "Never read", "unknown"),
    "stale": Mark("○", "Stale", "unknown"),
    "degraded": Mark("▲", "Degraded", "warn"),
    "late": Mark("▲", "Late", "warn"),
    "fresh": Mark("●", "Fresh", "ok"),
}
HOPS = {
    "done": Mark("●", "Done", "ok"),
    "partial": Mark("▲", "Partly", "warn"),
    "missing": Mark("■", "Missing", "bad"),
    "not_reached": Mark("○", "Not reached", "unknown"),
}
STATUSES = {
    "new": "New",
    "acknowledged": "Acknowledged",
    "in_progress": "In progress",
    "snoozed": "Snoozed",
    "regressed": "Came back",
    "resolved": "Resolved",
}
BANDS = {
    "0-5": "up to 5 days",
    "6-10": "6 to 10 days",
    "11-30": "11 to 30 days",
    "31-60": "31 to 60 days",
    "61": "over 60 days",
}


def money(amount: Decimal, currency: str) -> str:
    """``GBP 133,283.00``: the whole amount, digits grouped; a dash where there is none."""
    if currency == NO_CURRENCY:
        return NONE
    return f"{currency} {_signed(f'{abs(amount):,f}', negative=amount < 0)}"


def minor(value: int, currency: str) -> str:
    """An amount of minor units, whole."""
    return money(from_minor(value, currency), currency)


def short(amount: Decimal, currency: str) -> str:
    """``GBP 1.34 M``: three digits that matter; small amounts without their minor units."""
    if currency == NO_CURRENCY:
        return NONE
    size = abs(amount)
    for limit, unit in ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k")):
        # what would round up to the next unit is said in the next unit
        if size >= limit - limit / 2000 and (unit != "k" or size >= _WHOLE_TO):
            value = size / limit
            digits = 2 if value < 10 else 1 if value < 100 else 0  # noqa: PLR2004 - three digits in all
            return f"{currency} {_signed(f'{value:,.{digits}f}', negative=amount < 0)} {unit}"
    return f"{currency} {_signed(f'{size:,.0f}', negative=amount < 0)}"


def short_minor(value: int, currency: str) -> str:
    """An amount of minor units in three digits."""
    return short(from_minor(value, currency), currency)


def _signed(digits: str, *, negative: bool) -> str:
    return f"{_MINUS}{digits}" if negative else digits


def totals(found: Iterable[Total], *, brief: bool = False) -> str:
    """Amounts per currency, the largest first; nothing is added up across currencies."""
    write = short if brief else money
    rows = sorted(found, key=lambda total: -abs(total.amount))
    return " · ".join(write(total.amount, total.currency) for total in rows if total.is_money) or NONE


def number(value: int) -> str:
    """A count with its digits grouped."""
    return _signed(f"{abs(value):,}", negative=value < 0)


def hours(value: Decimal) -> str:
    """``1,234.5 h``: a length of work, without zeros that say nothing."""
    whole, _, part = f"{abs(value):,f}".partition(".")
    part = part.rstrip("0")
    return _signed(f"{whole}.{part}" if part else whole, negative=value < 0) + " h"


def counted(value: int, one: str, many: str | None = None) -> str:
    """``1 exception``, ``12 exceptions``."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def untraceable(found: Untraceable) -> str:
    """How much time no check can place, what it is worth as far as it has a rate, and why."""
    parts = [f"{hours(found.hours)} in {counted(found.entries, 'approved entry', 'approved entries')}"]
    parts += [totals(found.totals)] if found.totals else []
    parts += [f"{hours(found.unpriced_hours)} without a rate"] if found.unpriced_hours else []
    return f"{', '.join(parts)}: {REASON}"


def instant(moment: datetime | None) -> str:
    """``20 Nov 2026 18:00 UTC``."""
    return NONE if moment is None else f"{moment.astimezone(UTC):%-d %b %Y %H:%M} UTC"


def day(when: date | datetime | None) -> str:
    """``20 Nov 2026``."""
    if when is None:
        return NONE
    return f"{when.astimezone(UTC) if isinstance(when, datetime) else when:%-d %b %Y}"


def span(seconds: float | None) -> str:
    """A length of time in its largest fitting unit: ``40 s``, ``12 min``, ``5.5 h``, ``3.2 d``."""
    if seconds is None:
        return NONE
    size, sign = abs(seconds), _MINUS if seconds < 0 else ""
    for limit, unit, length in ((60, "s", 1), (3600, "min", 60), (86400, "h", 3600)):
        if size < limit:
            digits = 1 if unit == "h" and size % 3600 and size < 10 * 3600 else 0
            return f"{sign}{size / length:.{digits}f} {unit}"
    return f"{sign}{size / 86400:,.{0 if size >= _TENTHS_TO_S or size % 86400 == 0 else 1}f} d"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long before now: ``12 min ago``."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    return "just now" if abs(seconds) < 1 else f"{span(seconds)} ago"


def milliseconds(nanoseconds: int) -> str:
    """The length of a span: ``0.42 ms``, ``310 ms``, ``4.2 s``."""
    value = nanoseconds / 1e6
    if value >= 10_000:  # noqa: PLR2004 - from ten seconds on
        return span(value / 1000) if value >= 60_000 else f"{value / 1000:.1f} s"  # noqa: PLR2004 - a minute
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.2g} ms"  # noqa: PLR2004 - two digits that matter


def deal(name: str) -> str:
    """A client and a deal, without saying the client twice where the deal's own name has it."""
    client, dash, rest = name.partition(" - ")
    return rest if dash and client and client in rest else name


def title(key: str) -> str:
    """A key as words: ``milestone_without_revenue`` -> ``Milestone without revenue``."""
    return key.replace("_", " ").capitalize()


# ---- figures -------------------------------------------------------------------------------------

_UNITS = {"percent": " %", "days": " d", "hours": " h", "count": ""}


def measure(unit: str, value: Fraction | None, currency: str | None = None) -> str:
    """A figure in its unit: ``USD 3.35 M``, ``57.1 %``, ``12.5 d``; a dash where there is none."""
    if value is None:
        return NONE
    if unit == "money":
        return short_minor(round(value), currency or NO_CURRENCY)
    exact = abs(Decimal(value.numerator)) / Decimal(value.denominator)
    digits = f"{exact.quantize(Decimal('0.1'), ROUND_HALF_UP):,}"
    return _signed(digits.removesuffix(".0"), negative=value < 0) + _UNITS[unit]


def kpi_value(unit: str, found: Value | None) -> str:
    """What a KPI comes to: converted where that is possible, else the largest amounts per currency."""
    if found is None:
        return NONE
    if found.value is not None or not found.amounts:
        return measure(unit, found.value, found.currency)
    rows = [a for a in found.amounts if a.value is not None]
    rows.sort(key=lambda a: -abs(a.value or Fraction(0)))
    told = [per_currency(unit, amount) for amount in rows[:2]]
    more = f" +{len(rows) - 2}" if len(rows) > 2 else ""  # noqa: PLR2004 - two are shown
    return " · ".join(told) + more or NONE


def per_currency(unit: str, amount: Amount) -> str:
    """What a KPI comes to in one currency: ``GBP 1.20 M``, ``45 d in GBP``."""
    told = measure(unit, amount.value, amount.currency)
    return told if unit == "money" or amount.currency == NO_CURRENCY else f"{told} in {amount.currency}"


def kpi_change(unit: str, change: Fraction | None, found: Value | None) -> str:
    """How much a KPI changed since the month before; percentages change by points."""
    if change is None or found is None:
        return NONE
    told = measure(unit, abs(change), found.currency)
    if unit == "percent":
        told = f"{told.removesuffix(' %')} points"
    return f"{'▲' if change > 0 else '▼'} {told}" if change else "no change"


def month(name: str) -> str:
    """``2026-10`` -> ``Oct 2026``."""
    return f"{date.fromisoformat(f'{name}-01'):%b %Y}"
