"""The protobuf form of an OTLP trace request, taken apart span by span.

Parsed as one message, two bytes of a hostile body become a hundred of memory, and a 64 MiB body
several GiB. So the three outer levels are walked here, and the library parses one span at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from collectors.errors import SkippableError
from collectors.inflate import PayloadTooLargeError
from collectors.span_rows import Event, Link, RawSpan, SpanRows

#: a span, a resource or a scope may be this large
MAX_PART_BYTES = 1024 * 1024
#: resources, scopes, spans and other fields one body may be made of
MAX_PARTS = 200_000
_FIRST, _SECOND = 1, 2
_VARINT, _FIXED_64, _LENGTH, _FIXED_32 = 0, 1, 2, 5
_VARINT_BITS = 70
_Parts = list[tuple[int, memoryview]]


def read_protobuf(body: bytes, rows: SpanRows) -> None:
    """Add every span of an ExportTraceServiceRequest.

    Raises SkippableError for a damaged body, PayloadTooLargeError for one of too many parts. A span
    that is damaged in itself is refused alone.
    """
    walk = _Walk()
    try:
        for group in walk.only(memoryview(body), _FIRST):
            parts = walk.parts(group)
            rows.resource(_plain_map(Resource.FromString(_joined(parts)).attributes))
            for scoped in (part for number, part in parts if number == _SECOND):
                parts_of_scope = walk.parts(scoped)
                rows.scope(InstrumentationScope.FromString(_joined(parts_of_scope)).name)
                _add_all(rows, (part for number, part in parts_of_scope if number == _SECOND))
    except (DecodeError, IndexError) as error:
        raise _damaged() from error


def _add_all(rows: SpanRows, parts: Iterable[memoryview]) -> None:
    for part in parts:
        if rows.full():
            continue
        if len(part) > MAX_PART_BYTES:
            rows.refuse(f"larger than {MAX_PART_BYTES} bytes")
            continue
        try:
            span = Span.FromString(part)
        except DecodeError:
            rows.refuse("damaged, or with text that is not UTF-8")
            continue
        rows.add(_raw(span))


class _Walk:
    """Steps through the fields of a message without building one; stops after MAX_PARTS parts."""

    def __init__(self) -> None:
        self._left = MAX_PARTS

    def only(self, data: memoryview, wanted: int) -> Iterator[memoryview]:
        return (part for number, part in self._fields(data) if number == wanted)

    def parts(self, data: memoryview) -> _Parts:
        return list(self._fields(data))

    def _fields(self, data: memoryview) -> Iterator[tuple[int, memoryview]]:
        at, end = 0, len(data)
        while at < end:
            tag, at = _varint(data, at)
            number, wire = tag >> 3, tag & 7
            size = 0
            if wire == _VARINT:
                _, at = _varint(data, at)
            elif wire == _LENGTH:
                size, at = _varint(data, at)
            elif wire in {_FIXED_64, _FIXED_32}:
                size = 8 if wire == _FIXED_64 else 4
            else:
                raise _damaged()
            if at + size > end or not number:
                raise _damaged()
            self._left -= 1
            if self._left < 0:
                raise PayloadTooLargeError(
                    f"the body has more than {MAX_PARTS} parts", remedy="send smaller batches"
                )
            if wire == _LENGTH:
                yield number, data[at : at + size]
            at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    byte = data[at]
    value, shift = byte & 127, 7
    while byte & 128:
        at += 1
        byte = data[at]
        value |= (byte & 127) << shift
        shift += 7
        if shift > _VARINT_BITS:
            raise _damaged()
    return value, at + 1


def _damaged() -> SkippableError:
    return SkippableError(
        "the body is not an OTLP trace request in protobuf", remedy="check the exporter's protocol"
    )


def _joined(parts: _Parts) -> bytes:
    # A singular field that comes twice is merged, and joined bytes are what merges.
    joined = b"".join(part for number, part in parts if number == _FIRST)
    if len(joined) > MAX_PART_BYTES:
        raise PayloadTooLargeError(
            f"a resource or scope is larger than {MAX_PART_BYTES} bytes",
            remedy="send fewer resource attributes",
        )
    return joined


def _raw(span: Span) -> RawSpan:
    return RawSpan(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        name=span.name,
        kind=span.kind,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        status=span.status.code,
        status_message=span.status.message,
        attributes=_plain_map(span.attributes),
        events=[Event(e.name, e.time_unix_nano, _plain_map(e.attributes)) for e in span.events],
        links=[Link(k.trace_id.hex(), k.span_id.hex(), _plain_map(k.attributes)) for k in span.links],
    )


def _plain_map(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _plain(pair.value) for pair in pairs}


def _plain(value: AnyValue) -> Any:
    which = value.WhichOneof("value")
    if which == "string_value":
        return value.string_value
    if which == "array_value":
        return [_plain(part) for part in value.array_value.values]
    if which == "kvlist_value":
        return _plain_map(value.kvlist_value.values)
    # An index into a table of strings means something in profiles only.
    return None if which is None or which == "string_value_strindex" else getattr(value, which)
