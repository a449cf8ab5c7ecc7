"""Readers of single values: a raw value in a local format -> Decimal, local day, UTC instant, bool.

A raw value is text, or a native value of JSON, a workbook or a database. A reader raises
:class:`UnreadError` with a text that names the value and what was expected; the caller adds the column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from collectors.mapping.formats import EPOCHS, ODATA, Format

Convert = Callable[[Any], Any]

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ISO_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|[-+]\d{2}:?\d{2})?", re.ASCII
)
_ODATA = re.compile(r"/Date\((-?\d{1,15})([-+]\d{4})?\)/", re.ASCII)
_SPACES = "[ \u00a0\u202f]"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: distinct texts remembered per reader: days and hours repeat over and over in an export
_REMEMBERED = 4096


#: longer text is no number and no instant, whatever it is
_LONGEST = 64
_SHOWN = 80
#: powers of ten beyond this are nobody's money, and would be written out digit by digit
_LARGEST_EXPONENT = 40


class UnreadError(ValueError):
    """A value that cannot be read; the text says which and why."""


def shown(value: Any) -> str:
    """A value as an error text shows it: quoted, and cut when it is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def number_reader(fmt: Format) -> Callable[[Any], Decimal]:
    """Numbers with the format's marks; minus before or behind, or brackets. Groups must be whole."""
    pattern = re.compile(_number_pattern(fmt), re.ASCII)
    marks = f"decimal {fmt.decimal!r}" + (f", thousands {fmt.thousands!r}" if fmt.thousands else "")

    @lru_cache(_REMEMBERED)
    def read(text: str) -> Decimal:
        found = pattern.fullmatch(text) if len(text) <= _LONGEST else None
        if not found or not (found["whole"] or found["part"]) or not _one_sign(found):
            raise UnreadError(f"{shown(text)} is not a number ({marks})")
        whole = re.sub("[^0-9]", "", found["whole"] or "0")
        value = Decimal(f"{whole}.{found['part']}" if found["part"] else whole)
        return value.copy_negate() if found["close"] or found["sign"] in {"-", "\u2212"} else value

    return lambda value: read(value.strip()) if isinstance(value, str) else _native_number(value)


def _one_sign(found: re.Match[str]) -> bool:
    brackets_match = (found["open"] == "(") == (found["close"] == ")")
    return brackets_match and not (found["sign"] and found["close"])


def _number_pattern(fmt: Format) -> str:
    whole = r"\d+"
    if fmt.thousands:
        gap = _SPACES if fmt.thousands == " " else re.escape(fmt.thousands)
        whole = rf"\d{{1,3}}(?:{gap}\d{{2,3}})*{gap}\d{{3}}|\d+"
    mark = re.escape(fmt.decimal)
    return (
        rf"(?P<open>\(?)(?P<sign>[-+\u2212]?)\s*(?P<whole>{whole})?(?:{mark}(?P<part>\d*))?(?P<close>[-)]?)"
    )


def _native_number(value: Any) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, float) and math.isfinite(value):
        # a workbook and most JSON writers keep 15 digits; more of them are noise of the binary form
        return Decimal(format(value, ".15g"))
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise UnreadError(f"{shown(value)} is not a number")


def day_reader(fmt: Format) -> Callable[[Any], date]:
    """Local days. An instant gives its day in the format's zone, else the day it was written with."""
    zone = ZoneInfo(fmt.zone) if fmt.zone else None

    @lru_cache(_REMEMBERED)
    def read(text: str) -> date:
        return _local_day(_moment(text, fmt.dates, fmt.instants), zone)

    def of(value: Any) -> date:
        if isinstance(value, str):
            return read(value.strip())
        if isinstance(value, datetime):
            return _local_day(value, zone)
        if isinstance(value, date):
            return value
        return _local_day(_moment(str(value), fmt.instants, ()), zone)

    return of


def _local_day(moment: datetime, zone: ZoneInfo | None) -> date:
    return moment.astimezone(zone).date() if zone and moment.tzinfo else moment.date()


def instant_reader(fmt: Format) -> Callable[[Any], datetime]:
    """Instants in UTC. One without a zone is taken in the format's; a day alone means its first moment.

    An hour that happens twice in autumn is read as its first passage.
    """
    # a count of milliseconds names no zone and still means one moment
    silent = UTC if ODATA in (*fmt.instants, *fmt.dates) else None
    zone: tzinfo | None = ZoneInfo(fmt.zone) if fmt.zone else silent

    def in_utc(moment: datetime) -> datetime:
        if moment.tzinfo is None:
            if zone is None:
                raise UnreadError(f"{moment.isoformat(' ')!r} has no time zone: set zone in the format")
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)

    @lru_cache(_REMEMBERED)
    def read(text: str) -> datetime:
        return in_utc(_moment(text, fmt.instants, fmt.dates))

    def of(value: Any) -> datetime:
        if isinstance(value, str):
            return read(value.strip())
        if isinstance(value, datetime):
            return in_utc(value)
        if isinstance(value, date):
            return in_utc(datetime.combine(value, time()))
        return read(str(value))

    return of


def _moment(text: str, first: tuple[str, ...], then: tuple[str, ...]) -> datetime:
    for pattern in (*first, *then) if len(text) <= _LONGEST else ():
        try:
            if pattern == ODATA:
                return _odata(text)
            if pattern in EPOCHS:
                return _EPOCH + timedelta(seconds=int(text)) / EPOCHS[pattern]
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller adds the zone
        except (ValueError, OverflowError):
            continue
    try:
        if _ISO_DAY.fullmatch(text) and not any(pattern.startswith("%Y-%d") for pattern in (*first, *then)):
            return datetime.combine(date.fromisoformat(text), time())
        if _ISO_INSTANT.fullmatch(text):
            return datetime.fromisoformat(text.replace(" +", "+").replace(" Z", "Z"))
    except ValueError:
        pass
    expected = ", ".join(repr(pattern) for pattern in (*first, *then)) or "ISO 8601"
    raise UnreadError(f"{shown(text)} is not a date or instant as expected ({expected})")


def _odata(text: str) -> datetime:
    """The moment of /Date(ms)/; with an offset in minutes it is one in that zone, without it local."""
    found = _ODATA.fullmatch(text)
    if found is None:
        raise ValueError(text)
    moment = _EPOCH + timedelta(milliseconds=int(found[1]))
    if found[2] is None:
        return moment.replace(tzinfo=None)
    return moment.astimezone(timezone(timedelta(minutes=int(found[2]))))


def flag_reader(fmt: Format) -> Callable[[Any], bool]:
    """True or false by the format's words, whatever their case; native true and false always."""
    words = {"true": True, "false": False}
    words |= {word.strip().casefold(): True for word in fmt.true}
    words |= {word.strip().casefold(): False for word in fmt.false}

    def of(value: Any) -> bool:
        meant = words.get(text_of(value).casefold())
        if meant is None:
            raise UnreadError(f"{shown(value)} is neither true {list(fmt.true)} nor false {list(fmt.false)}")
        return meant

    return of


def text_of(value: Any) -> str:
    """A raw value as the text that conditions, translations and ids compare."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(plain(value))


def plain(value: Any, decimal: str = ".") -> Any:
    """A native value as text that the same format reads back; lists and objects are left as they are.

    Raw rows must survive as JSON in quarantine and be read again: numbers get the format's decimal
    mark, a moment at midnight without a zone becomes a day (a workbook knows no other days).
    """
    if value is None or isinstance(value, (str, list, dict)):
        return value
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, (int, float, Decimal)):
        text = _plain_number(value, decimal)
    elif isinstance(value, datetime) and value.tzinfo is None and value.time() == time():
        text = value.date().isoformat()
    elif isinstance(value, (date, time)):
        text = value.isoformat()
    elif isinstance(value, (bytes, bytearray, memoryview)):
        text = bytes(value).hex()
    else:
        text = str(value)
    return text


def exact_text(decimal: str = ".") -> Callable[[str], str]:
    """What JSON's numbers become, so that no digit is lost: text that the same format reads back."""

    def exact(text: str) -> str:
        number = Decimal(text)
        return text if abs(number.adjusted()) > _LARGEST_EXPONENT else str(plain(number, decimal))

    return exact


def _plain_number(value: float | Decimal, decimal: str) -> str:
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return str(value)
    exact = value if isinstance(value, Decimal) else Decimal(format(value, ".15g"))
    if exact == exact.to_integral_value() and not isinstance(value, Decimal):
        return str(int(exact))
    return format(exact, "f").replace(".", decimal)
