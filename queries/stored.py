"""Records as structs again, from the rows of the store: for what must be stored anew without its source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from queries.fields import FIELDS
from queries.records import KINDS, BilledTime, Record
from queries.schema import RECORD_TABLES
from queries.types import HOURS_SCALE, RATE_SCALE, from_micros, from_minor, from_scaled
from queries.write import rows_by, rows_by_id

_READERS: dict[str, Callable[[Any], Any]] = {
    "hours": lambda value: from_scaled(int(value), HOURS_SCALE),
    "rate": lambda value: from_scaled(int(value), RATE_SCALE),
    "instant": lambda value: from_micros(int(value)),
    "day": lambda value: date.fromisoformat(value) if isinstance(value, str) else value,
    "bool": bool,
}


def stored_records(connection: Connection, kind: str, system: str, ids: Sequence[str]) -> list[Record]:
    """The records of a system with these ids, each reference with its system."""
    fields = FIELDS[kind]
    rows = rows_by_id(connection, RECORD_TABLES[kind], tuple(fields), system, ids)
    billed = _billed(connection, system, ids) if kind == "invoice_line" else {}
    found = []
    for row in rows:
        values = dict(zip(fields, row, strict=True))
        read = {
            name: _value(fields[name], value, values.get("currency"))
            for name, value in values.items()
            if value is not None
        }
        if billed:
            read["time_entries"] = tuple(billed[read["id"]])
        found.append(KINDS[kind](**read))
    return found


def _value(unit: str, value: Any, currency: Any) -> Any:
    if unit == "money":
        return from_minor(int(value), currency)
    reader = _READERS.get(unit)
    return value if reader is None else reader(value)


def _billed(connection: Connection, system: str, ids: Sequence[str]) -> dict[str, list[BilledTime]]:
    """Invoice line -> the time entries it says it bills."""
    columns = ("owner_id", "entry_system", "entry_id", "hours")
    keys = [("invoice_line", system, identifier) for identifier in ids]
    found: dict[str, list[BilledTime]] = defaultdict(list)
    for owner, at, entry, hours in sorted(
        rows_by(connection, "billed_time", columns, ("owner_kind", "owner_system", "owner_id"), keys),
        key=lambda row: row[:3],
    ):
        told = None if hours is None else from_scaled(int(hours), HOURS_SCALE)
        found[owner].append(BilledTime(entry, at, told))
    return found
