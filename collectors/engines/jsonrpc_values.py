"""The values of Tryton's JSON: ``{"__class__": "Decimal", ...}`` to exact Python values, and back."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from collectors.errors import SkippableError


def encode(instant: datetime) -> dict[str, Any]:
    """Write an aware instant as Tryton wants it in a domain: naive UTC, by parts."""
    utc = instant.astimezone(UTC)
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime"} | {part: getattr(utc, part) for part in parts}


def decode(value: Any) -> Any:
    """Make values of the wire form, all through: exact Decimals, UTC instants, dates, durations.

    Raises SkippableError for a value that is not what its class says.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "__class__" not in value:
        return {name: decode(item) for name, item in value.items()}
    try:
        return _typed(value)
    except (KeyError, TypeError, ValueError, OverflowError, InvalidOperation) as error:
        remedy = "correct the value in Tryton"
        raise SkippableError(f"unreadable {value['__class__']!r:.50} value", remedy=remedy) from error


def _typed(value: dict[str, Any]) -> Any:
    kind, parts = value["__class__"], {name: part for name, part in value.items() if name != "__class__"}
    match kind:
        case "Decimal":
            return Decimal(parts["decimal"])
        case "datetime":
            return datetime(**parts, tzinfo=UTC)
        case "date":
            return date(**parts)
        case "time":
            return time(**parts)
        case "timedelta":
            return timedelta(seconds=parts["seconds"])
        case "bytes":
            return base64.b64decode(parts["base64"])
        case _:
            raise ValueError(kind)
