"""From records to the tuples the store writes: exact integers, resolved references, a digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple, cast

import msgspec

from queries.records import REFERENCES, Project, Record, TimeEntry
from queries.schema import FIELDS
from queries.types import (
    HOURS_SCALE,
    MAX_INT64,
    MAX_SCALED,
    RATE_SCALE,
    MoneyError,
    to_micros,
    to_minor,
    to_scaled,
)

#: states of a project that prove it was active at some time
HAS_BEEN_ACTIVE = frozenset({"active", "on_hold", "complete", "closed"})

_SCALES = {"hours": HOURS_SCALE, "rate": RATE_SCALE}
_FIRST = to_micros(datetime(1, 1, 1, tzinfo=UTC))
_LAST = to_micros(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
_encode_json = msgspec.json.Encoder().encode


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

    ``empty`` are the columns that hold nothing in any row: a kind has many that a source never fills.
    """

    columns: tuple[str, ...]
    empty: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    records: list[Record]
    refused: list[tuple[Record, str]]


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
    names, columns = column_names(kind), partial(_columns, kind, source, sqlite=sqlite)
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
    filled = {name: part for name, part in zip(names, body, strict=True) if part.count(None) != len(part)}
    empty = tuple(name for name in names if name not in filled)
    rows = list(zip(*filled.values(), strict=True))
    return Encoded(tuple(filled), empty, rows, [record for record, _ in good], refused)


def _apart(pairs: Sequence[tuple[Record, bytes]]) -> tuple[list[Record], list[bytes]]:
    return [record for record, _ in pairs], [digest for _, digest in pairs]


def column_names(kind: str) -> tuple[str, ...]:
    """The columns :func:`encode` fills, in order."""
    extra = {"time_entry": ("is_open", "open_currency", "open_minor", "open_hours", "relieved_minor")}
    more = ("first_active_at",) if kind == "project" else extra.get(kind, ())
    return ("system", *FIELDS[kind], "collected_at", "digest", *more)


def _columns(
    kind: str, source: Source, records: list[Record], digests: list[bytes], collected: int, *, sqlite: bool
) -> list[list[Any]]:
    count = len(records)
    body: list[list[Any]] = [[source.system] * count]
    body += [_column(kind, name, source, records, sqlite=sqlite) for name in FIELDS[kind]]
    body.append([collected] * count)
    body.append(digests)
    if kind == "time_entry":
        body.extend(_time_columns(records))
    elif kind == "project":
        body.append([first_active(record) for record in records])
    return body


def _column(kind: str, name: str, source: Source, records: list[Record], *, sqlite: bool) -> list[Any]:
    unit = FIELDS[kind][name]
    values = list(map(attrgetter(name), records))
    if values.count(None) == len(values) and not name.endswith("_system"):
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
        return [None if value is None else micros(value) for value in values]
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


def micros(instant: datetime) -> int:
    """Microseconds since 1970; ValueError for an instant that lies outside the calendar once it is in UTC."""
    found = to_micros(instant)
    if not _FIRST <= found <= _LAST:
        raise ValueError(f"{instant.isoformat()} is outside the calendar in UTC: correct it in the source")
    return found


def _digests(records: Sequence[Record], salt: bytes) -> list[bytes]:
    texts = list(map(_encode_json, records))
    if any(b"\\u0000" in text for text in texts):
        raise ValueError("a text holds the NUL character, which no database keeps: remove it in the source")
    return [blake2b(text, digest_size=8, salt=salt).digest() for text in texts]


def first_active(record: Record) -> int | None:
    """When this version of a project proves that it has been active, in microseconds."""
    assert isinstance(record, Project)
    if record.activated_at is not None:
        return to_micros(record.activated_at)
    return to_micros(record.source_updated_at) if record.status in HAS_BEEN_ACTIVE else None


def counts_as_work(record: TimeEntry) -> bool:
    """Approved, billable, neither held, written off nor deleted: what ought to be billed one day."""
    return (
        record.status == "approved"
        and record.billable
        and not record.held
        and not record.written_off
        and record.deleted_at is None
    )


def value_of(hours: Decimal, rate: Decimal, currency: str, rounding: str | None) -> int:
    """Minor units of hours at a rate, rounded once, half up unless the source rounds otherwise."""
    return to_minor(hours * rate, currency, rounding or "half_up")


def _time_columns(records: list[Record]) -> list[list[Any]]:
    entries = cast("list[TimeEntry]", records)
    priced = [
        None if e.rate is None or e.currency is None else (e.hours, e.rate, e.currency, e.rounding)
        for e in entries
    ]
    return [
        [counts_as_work(entry) for entry in entries],
        [entry.currency for entry in entries],
        _each(priced, lambda parts: value_of(*parts)),
        _each([entry.hours for entry in entries], lambda hours: to_scaled(hours, HOURS_SCALE)),
        [0] * len(entries),
    ]
