"""From raw rows to typed records: the whole page at once, and row by row when one of them is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from collectors.contract import Stream
from collectors.errors import SkippableError
from collectors.mapping.chains import Chain
from queries.records import KINDS, NODE_KINDS, REFERENCES, Record
from queries.rejects import Name, Reject
from queries.rows import Source


@dataclass(slots=True)
class Decoded:
    """Records, the rows that are none, how often a field came that nobody expects, and those expected.

    ``had`` counts the rows that had each field the stream is read from, of ``told`` rows in all.
    """

    records: list[Record] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    unknown_fields: dict[str, int] = field(default_factory=dict)
    had: dict[str, int] = field(default_factory=dict)
    told: int = 0


def decode(stream: Stream, source: Source, rows: Sequence[Any]) -> Decoded:
    """Records of one page; a row that cannot be read becomes a reject that says why.

    Rows of which the wire's form allowed it are records already.
    """
    kind = KINDS[stream.kind]
    if rows and isinstance(rows[0], Record):
        return Decoded(list(rows))
    try:
        parsed = [mapping for row in rows if (mapping := stream.parse(row)) is not None]
        records = msgspec.convert(parsed, list[kind], strict=False)  # type: ignore[valid-type]
        decoded = Decoded(records)
    except (SkippableError, msgspec.ValidationError):
        decoded = _row_by_row(stream, source, kind, rows)
    decoded.unknown_fields = _drift(stream, rows)
    decoded.had, decoded.told = field_counts(stream.expected_fields(), rows)
    return decoded


def field_counts(fields: Iterable[Chain], rows: Sequence[Any]) -> tuple[dict[str, int], int]:
    """How many rows have each of these fields, empty or not; and how many rows have fields at all.

    A field inside others is counted under its names with dots between them.
    """
    found: dict[str, int] = {}
    wanted: dict[Chain, list[tuple[str, str]]] = {}
    for *above, name in fields:
        dotted = ".".join((*above, name))
        found[dotted] = 0
        wanted.setdefault(tuple(above), []).append((name, dotted))
    told = [row for row in rows if isinstance(row, dict)]
    for place, names in wanted.items():
        # a page has few shapes of row
        shapes = Counter((_shape(row, place) for row in told) if place else map(tuple, told))
        for shape, count in shapes.items():
            has = set(shape)
            for name, dotted in names:
                found[dotted] += count if name in has else 0
    return found, len(told)


def _shape(held: Any, place: Chain) -> tuple[str, ...]:
    """The fields of what stands at a place, of any one where several do."""
    for depth, name in enumerate(place):
        if isinstance(held, list):
            return tuple({key for one in held for key in _shape(one, place[depth:])})
        if not isinstance(held, dict):
            return ()
        held = held.get(name)
    if isinstance(held, list):
        return tuple({key for one in held if isinstance(one, dict) for key in one})
    return tuple(held) if isinstance(held, dict) else ()


def _row_by_row(stream: Stream, source: Source, kind: type[Record], rows: Sequence[Any]) -> Decoded:
    decoded = Decoded()
    for row in rows:
        parsed: Mapping[str, Any] | None = None
        try:
            parsed = stream.parse(row)
            if parsed is not None:
                decoded.records.append(msgspec.convert(parsed, kind, strict=False))
        except SkippableError as error:
            decoded.rejects.append(_reject(stream, source, row, error.fields, str(error)))
        except msgspec.ValidationError as error:
            reason = f"{source.system}/{stream.name} {_readable(error)}"
            decoded.rejects.append(_reject(stream, source, row, parsed or {}, reason))
    return decoded


def _readable(error: msgspec.ValidationError) -> str:
    text, _, path = str(error).partition(" - at `$.")
    if path.rstrip("`").endswith("currency"):
        # told in the words of the store, which has the last say on money
        code = text.removeprefix("Invalid enum value ")
        return f"currency {code} is not in ISO 4217: correct the code in the source or map it"
    place = f"field {path.rstrip('`')!r}: " if path else ""
    return f"{place}{text}. Remedy: correct it in the source or map it in the configuration"


def _drift(stream: Stream, rows: Sequence[Any]) -> dict[str, int]:
    if stream.known_fields is None or not rows or not isinstance(rows[0], Mapping):
        return {}
    # the first row speaks for the page: drift comes with a release, not with a row
    return {str(name): len(rows) for name in rows[0] if name not in stream.known_fields}


def refusal(stream: Stream, source: Source, record: Record, reason: str) -> Reject:
    """A record that decoded but cannot be kept exactly."""
    fields = msgspec.to_builtins(record)
    return _reject(
        stream, source, fields, fields, f"{source.system}/{stream.name} record {record.id!r}: {reason}"
    )


def _reject(stream: Stream, source: Source, row: Any, fields: Mapping[str, Any], reason: str) -> Reject:
    identifier = fields.get("id")
    record_id = str(identifier)[:255] if identifier is not None else None
    return Reject(record_id, reason, raw_text(row), _names(stream.kind, source, fields))


def raw_text(row: Any) -> str:
    """The row as JSON text, the form it can be read from again."""
    if isinstance(row, Record):
        return msgspec.json.encode(row).decode()
    return row if isinstance(row, str) else json.dumps(row, default=str, ensure_ascii=False)


def _names(kind: str, source: Source, fields: Mapping[str, Any]) -> tuple[Name, ...]:
    """The records a broken row is about, as far as it can be read."""
    names: list[Name] = []
    if kind in NODE_KINDS and fields.get("id") is not None:
        names.append((kind, source.system, str(fields["id"])))
    for name, to in REFERENCES[kind].items():
        identifier = fields.get(f"{name}_id")
        if to in NODE_KINDS and isinstance(identifier, str | int):
            names.append(
                (to, str(fields.get(f"{name}_system") or source.reference(name, kind)), str(identifier))
            )
    return tuple(names)
