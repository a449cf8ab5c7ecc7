"""From records to the tuples the store writes: exact integers, resolved references, a digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from queries.fields import FIELDS
from queries.records import REFERENCES, Project, Record
from queries.types import (
    HOURS_SCALE,
    MAX_INT64,
    MAX_SCALED,
    RATE_SCALE,
    MoneyError,
    from_scaled,
    to_micros,
    to_minor,
    to_scaled,
)
from queries.write import is_same

#: states of a project that prove it was active at some time
HAS_BEEN_ACTIVE = frozenset({"active", "on_hold", "complete", "closed"})

_SCALES = {"hours": HOURS_SCALE, "rate": RATE_SCALE}
#: columns every row has of its own
_OWN = frozenset({"id", "digest"})
_FIRST = to_micros(datetime(1, 1, 1, tzinfo=UTC))
_LAST = to_micros(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
_json_lines = msgspec.json.Encoder().encode_lines


@dataclass(frozen=True, slots=True)
class Source:
    """Where records come from: the system's name, what its unqualified references and codes mean."""

    system: str
    references: Mapping[str, str] = field(default_factory=dict)
    legal_entities: Mapping[str, str] = field(default_factory=dict)

    def reference(self, name: str, kind: str = "") -> str:
        """The system an unqualified reference means; ``kind.name`` is more precise than ``name``."""
        return self.references.get(f"{kind}.{name}") or self.references.get(name, self.system)

    def salt(self) -> bytes:
        """Changes when the same record would be stored differently."""
        text = repr((self.system, sorted(self.references.items()), sorted(self.legal_entities.items())))
        return blake2b(text.encode(), digest_size=16).digest()


class Digested(NamedTuple):
    """Records, a digest of what each says, and those that hold what no store can keep, with the reason."""

    records: list[Record]
    digests: list[bytes]
    refused: list[tuple[Record, str]]


class Encoded(NamedTuple):
    """Rows ready to write, their records beside them, and what could not be encoded and why.

    ``same`` are the columns that hold one value in all rows, told once: a kind has many that a source
    never fills, and more that a page never varies.
    """

    columns: dict[str, list[Any]]
    same: dict[str, Any]
    records: list[Record]
    refused: list[tuple[Record, str]]

    def rows(self) -> list[tuple[Any, ...]]:
        """One tuple a record, in the order of ``columns``."""
        return list(zip(*self.columns.values(), strict=True))


def digested(source: Source, records: Sequence[Record]) -> Digested:
    """What tells news from what is stored already, before anything dearer is worked out."""
    salt = source.salt()
    try:
        return Digested(list(records), _digests(records, salt), [])
    except ValueError:
        found = Digested([], [], [])
    for record in records:
        try:
            found.digests.extend(_digests([record], salt))
        except ValueError as error:
            found.refused.append((record, str(error)))
        else:
            found.records.append(record)
    return found


def encode(
    kind: str,
    source: Source,
    records: Sequence[Record],
    digests: Sequence[bytes],
    collected_at: datetime,
    *,
    sqlite: bool,
) -> Encoded:
    """Encode records column by column; when one of them cannot be, find out which, row by row."""
    columns = partial(_columns, kind, source, sqlite=sqlite)
    rest = (to_micros(collected_at),)
    good = list(zip(records, digests, strict=True))
    refused: list[tuple[Record, str]] = []
    try:
        body = columns(*_apart(good), *rest)
    except (ValueError, ArithmeticError):
        sieved, good = good, []
        for pair in sieved:
            try:
                columns(*_apart([pair]), *rest)
            except (ValueError, ArithmeticError) as error:
                refused.append((pair[0], str(error)))
            else:
                good.append(pair)
        body = columns(*_apart(good), *rest)
    found = Encoded({}, {}, [record for record, _ in good], refused)
    for name, part in body.items():
        if name not in _OWN and is_same(part):
            found.same[name] = part[0]
        else:
            found.columns[name] = part
    return found


def _apart(pairs: Sequence[tuple[Record, bytes]]) -> tuple[list[Record], list[bytes]]:
    return [record for record, _ in pairs], [digest for _, digest in pairs]


def _columns(
    kind: str, source: Source, records: list[Record], digests: list[bytes], collected: int, *, sqlite: bool
) -> dict[str, list[Any]]:
    count = len(records)
    body: dict[str, list[Any]] = {"system": [source.system] * count}
    body |= {name: _column(kind, name, source, records, sqlite=sqlite) for name in FIELDS[kind]}
    body |= {"collected_at": [collected] * count, "digest": digests}
    if kind == "time_entry":
        body |= _time_columns(body)
    elif kind == "project":
        body["first_active_at"] = [first_active(record) for record in records]
    return body


def _column(kind: str, name: str, source: Source, records: list[Record], *, sqlite: bool) -> list[Any]:
    unit = FIELDS[kind][name]
    values = list(map(attrgetter(name), records))
    if values and values[0] is None and is_same(values) and not name.endswith("_system"):
        return values
    if unit == "money":
        pairs = [
            None if value is None else (value, _currency(record))
            for value, record in zip(values, records, strict=True)
        ]
        return _each(pairs, lambda pair: to_minor(*pair))
    if unit in _SCALES:
        # rates are multiplied, never added up
        limit = MAX_INT64 if unit == "rate" else MAX_SCALED
        return _each(values, lambda value: to_scaled(value, _SCALES[unit], limit))
    if unit == "instant":
        return _instants(values)
    if unit == "day":
        return _each(values, date.isoformat) if sqlite else values
    return _plain_column(kind, name, source, records, values)


def _each(values: Sequence[Any], convert: Callable[[Any], Any]) -> list[Any]:
    """Every value converted, equal ones once: a page repeats its hours, rates and days."""
    try:
        distinct = set(values)
    except TypeError:
        raise MoneyError("a signalling NaN is not a number: correct it in the source") from None
    distinct.discard(None)
    known = {value: convert(value) for value in distinct}
    return list(map(known.get, values))


def _plain_column(
    kind: str, name: str, source: Source, records: list[Record], values: list[Any]
) -> list[Any]:
    """Values kept as they are, but for a reference's own system and a code the firm renames."""
    if name.endswith("_system") and (reference := name.removesuffix("_system")) in REFERENCES[kind]:
        default = source.reference(reference, kind)
        ids = map(attrgetter(f"{reference}_id"), records)
        return [None if i is None else value or default for value, i in zip(values, ids, strict=True)]
    if name == "legal_entity" and source.legal_entities:
        return [source.legal_entities.get(value, value) for value in values]
    return values


def _currency(record: Record) -> str:
    currency: str | None = getattr(record, "currency", None)
    if currency is None:
        raise MoneyError("an amount without a currency: give the record a currency or map one")
    return currency


def _instants(values: Sequence[datetime | None]) -> list[int | None]:
    """As :func:`micros` each; the calendar is asked once for all."""
    found = [None if value is None else to_micros(value) for value in values]
    told = [value for value in found if value is not None]
    if told and not _FIRST <= min(told) <= max(told) <= _LAST:
        return [None if value is None else micros(value) for value in values]
    return found


def micros(instant: datetime) -> int:
    """Microseconds since 1970; ValueError for an instant that lies outside the calendar once it is in UTC."""
    found = to_micros(instant)
    if not _FIRST <= found <= _LAST:
        raise ValueError(f"{instant.isoformat()} is outside the calendar in UTC: correct it in the source")
    return found


def _digests(records: Sequence[Record], salt: bytes) -> list[bytes]:
    text = _json_lines(records)
    # one byte is looked for many times faster than several
    if b"\\" in text and b"\\u0000" in text:
        raise ValueError("a text holds the NUL character, which no database keeps: remove it in the source")
    return [blake2b(line, digest_size=8, salt=salt).digest() for line in text.splitlines()]


def first_active(record: Record) -> int | None:
    """When this version of a project proves that it has been active, in microseconds."""
    assert isinstance(record, Project)
    if record.activated_at is not None:
        return to_micros(record.activated_at)
    return to_micros(record.source_updated_at) if record.status in HAS_BEEN_ACTIVE else None


def scaled_value(hours: int, rate: int, currency: str, rounding: str | None) -> int:
    """Minor units of hours at a rate, both as stored; rounded once, half up unless the source does else.

    Raises MoneyError as :func:`queries.types.to_minor` does.
    """
    amount = from_scaled(hours, HOURS_SCALE) * from_scaled(rate, RATE_SCALE)
    return to_minor(amount, currency, rounding or "half_up")


def _time_columns(body: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """What is open of each entry as long as nothing relieves it."""
    priced = [
        None if rate is None or currency is None else (hours, rate, currency, rounding)
        for hours, rate, currency, rounding in zip(
            body["hours"], body["rate"], body["currency"], body["rounding"], strict=True
        )
    ]
    return {
        "is_open": list(map(_counts_as_work, *(body[name] for name in _WORK))),
        "open_currency": body["currency"],
        "open_minor": _each(priced, lambda parts: scaled_value(*parts)),
        "open_hours": body["hours"],
        "relieved_minor": [0] * len(priced),
    }


_WORK = ("status", "billable", "held", "written_off", "deleted_at")


def _counts_as_work(status: str, billable: object, held: object, written_off: object, gone: object) -> bool:
    """Approved, billable, neither held, written off nor deleted: what ought to be billed one day."""
    return bool(status == "approved" and billable and not held and not written_off and gone is None)
