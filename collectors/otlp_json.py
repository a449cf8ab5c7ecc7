"""The JSON form of an OTLP trace request.

Ids are hexadecimal in either case (never base64), 64-bit integers are numbers or strings, unknown fields
are passed over, enums are numbers (their names are read too: some trace stores write them).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from collectors.errors import SkippableError
from collectors.inflate import PayloadTooLargeError
from collectors.span_rows import Event, Link, RawSpan, SpanRows

#: objects one body may hold: each takes a hundred bytes of memory, however short it is written
MAX_OBJECTS = 2_000_000
_REMEDY = "check the exporter's protocol"
_NUMBERS = range(-(2**63), 2**64)
_decimal = re.compile(r"-?[0-9]{1,20}").fullmatch
_ENUMS = {
    "SPAN_KIND_UNSPECIFIED": 0,
    "SPAN_KIND_INTERNAL": 1,
    "SPAN_KIND_SERVER": 2,
    "SPAN_KIND_CLIENT": 3,
    "SPAN_KIND_PRODUCER": 4,
    "SPAN_KIND_CONSUMER": 5,
    "STATUS_CODE_UNSET": 0,
    "STATUS_CODE_OK": 1,
    "STATUS_CODE_ERROR": 2,
}
#: an escape in a JSON string: a whole surrogate pair, half of one, or any other
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class _Part(msgspec.Struct, rename="camel", gc=False):
    """Null means the same as absent."""


class _Array(_Part):
    values: list[_Value] | None = None


class _Pairs(_Part):
    values: list[_Pair] | None = None


class _Value(_Part):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | float | str | None = None
    double_value: float | str | None = None
    array_value: _Array | None = None
    kvlist_value: _Pairs | None = None
    bytes_value: str | None = None


class _Pair(_Part):
    key: str | None = None
    value: _Value | None = None


class _Described(_Part):
    attributes: list[_Pair] | None = None


class _Scope(_Part):
    name: str | None = None


class _Named(_Described):
    name: str | None = None


class _Event(_Named):
    time_unix_nano: int | float | str | None = None


class _Link(_Described):
    trace_id: str | None = None
    span_id: str | None = None


class _Status(_Part):
    code: int | str | None = None
    message: str | None = None


class _Span(_Named):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    kind: int | str | None = None
    start_time_unix_nano: int | float | str | None = None
    end_time_unix_nano: int | float | str | None = None
    events: list[_Event] | None = None
    links: list[_Link] | None = None
    status: _Status | None = None


class _ScopeSpans(_Part):
    scope: _Scope | None = None
    spans: list[_Span] | None = None


class _ResourceSpans(_Part):
    resource: _Described | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Request(_Part):
    resource_spans: list[_ResourceSpans] | None = None


_DECODER = msgspec.json.Decoder(_Request)


def read_json(body: bytes, rows: SpanRows) -> None:
    """Add every span of an ExportTraceServiceRequest in JSON.

    Raises SkippableError for a body that is not one, PayloadTooLargeError for one of too many objects.
    """
    if body.count(b"{") > MAX_OBJECTS:
        raise PayloadTooLargeError(
            f"the body has more than {MAX_OBJECTS} objects", remedy="send smaller batches"
        )
    try:
        request = _DECODER.decode(_without_half_pairs(body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SkippableError(
            f"the body is not an OTLP trace request in JSON: {error}", remedy=_REMEDY
        ) from error
    for group in request.resource_spans or ():
        rows.resource(_plain_map(group.resource.attributes) if group.resource else {})
        for scoped in group.scope_spans or ():
            rows.scope((scoped.scope.name if scoped.scope else None) or "")
            for span in scoped.spans or ():
                rows.add(_raw(span))


def _without_half_pairs(body: bytes) -> bytes:
    # Half a surrogate pair is no text; as NUL it is mended, and flagged, where all text is.
    def mended(escape: re.Match[bytes]) -> bytes:
        return rb"\u0000" if escape[1] else escape[0]

    return _ESCAPE.sub(mended, body) if rb"\ud" in body or rb"\uD" in body else body


def _raw(span: _Span) -> RawSpan:
    status = span.status or _Status()
    return RawSpan(
        trace_id=(span.trace_id or "").lower(),
        span_id=(span.span_id or "").lower(),
        parent_span_id=(span.parent_span_id or "").lower(),
        name=span.name or "",
        kind=_enum(span.kind),
        start_ns=_integer(span.start_time_unix_nano, "startTimeUnixNano"),
        end_ns=_integer(span.end_time_unix_nano, "endTimeUnixNano"),
        status=_enum(status.code),
        status_message=status.message or "",
        attributes=_plain_map(span.attributes),
        events=[_event(event) for event in span.events or ()],
        links=[_link(link) for link in span.links or ()],
    )


def _event(event: _Event) -> Event:
    return Event(
        event.name or "", _integer(event.time_unix_nano, "timeUnixNano"), _plain_map(event.attributes)
    )


def _link(link: _Link) -> Link:
    return Link((link.trace_id or "").lower(), (link.span_id or "").lower(), _plain_map(link.attributes))


def _plain_map(pairs: Iterable[_Pair] | None) -> dict[str, Any]:
    return {pair.key or "": _plain(pair.value) for pair in pairs or ()}


def _plain(value: _Value | None) -> Any:
    if value is None or value.string_value is not None:
        return value and value.string_value
    if value.int_value is not None:
        return _integer(value.int_value, "intValue")
    if value.double_value is not None:
        return _double(value.double_value)
    if value.array_value is not None:
        return [_plain(part) for part in value.array_value.values or ()]
    if value.kvlist_value is not None:
        return _plain_map(value.kvlist_value.values)
    return value.bool_value if value.bool_value is not None else value.bytes_value


def _integer(value: float | str | None, name: str) -> int:
    if value is None:
        return 0
    if isinstance(value, str):
        number = int(value) if _decimal(value) else None
    else:
        number = int(value) if isinstance(value, int) or value.is_integer() else None
    if number is None or number not in _NUMBERS:
        raise SkippableError(f"{name} {str(value)[:40]!r} is not a 64-bit integer", remedy=_REMEDY)
    return number


def _double(value: float | str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise SkippableError(f"doubleValue {str(value)[:40]!r} is not a number", remedy=_REMEDY) from error


def _enum(value: int | str | None) -> int:
    return _ENUMS.get(value, -1) if isinstance(value, str) else value or 0
