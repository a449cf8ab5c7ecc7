"""OTLP requests nobody should send, and how the answer is worded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from collectors.errors import SkippableError
from collectors.inflate import PayloadTooLargeError
from collectors.otlp import JSON, PROTOBUF, acknowledgement, decode, refusal
from tests.collectors.otlp_requests import SPAN, TRACE, attributes, protobuf, read, span, text, told


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"resourceSpans": {}}',
        told({"traceId": 5}),
        told({"startTimeUnixNano": "1_0"}),
        told({"startTimeUnixNano": 1.5}),
        told(attributes(a={"intValue": str(2**64)})),
        told(attributes(a={"doubleValue": "much"})),
        told(attributes(a={"doubleValue": float("nan")})),
        b'{"resourceSpans":' + b"[" * 100_000,
    ],
)
def test_json_that_is_no_trace_request_is_bad_data(body: bytes) -> None:
    with pytest.raises(SkippableError):
        decode(body, JSON)


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"not a protobuf",
        bytes(100),
        protobuf(span())[:-1],
        b"\x0a\xff\xff\xff\xff\x0f",
        b"\xff" * 20,
    ],
)
def test_protobuf_that_is_no_trace_request_is_bad_data(body: bytes) -> None:
    with pytest.raises(SkippableError, match="not an OTLP trace request"):
        decode(body, PROTOBUF)


_WHOLE = {
    PROTOBUF: protobuf(span(name="an ordinary name", kind=3), span(identity=b"12345678", name="another")),
    JSON: told({"links": [{"traceId": TRACE, "spanId": SPAN}], **attributes(a=text("\ud83d\ude00 \\"))}, {}),
}


@given(st.sampled_from(sorted(_WHOLE)), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=8))
def test_whatever_comes_is_read_or_refused_and_what_is_read_can_be_stored(
    kind: str, changes: list[tuple[int, int]]
) -> None:
    body = bytearray(_WHOLE[kind])
    for place, byte in changes:
        body[place % len(body)] = byte
    try:
        decoded = decode(bytes(body), kind)
    except SkippableError:
        return
    for row in decoded.spans:
        assert all("\0" not in part and part.encode() for part in row if isinstance(part, str) and part)
        assert all(-(2**63) <= part < 2**63 for part in row if isinstance(part, int))


def test_attributes_nested_beyond_reason_are_bad_data() -> None:
    opening, closing = b'{"arrayValue":{"values":[', b"]}}"
    body = told(attributes(a=text("deep"))).replace(
        b'{"stringValue": "deep"}', opening * 2000 + b"{}" + closing * 2000
    )

    with pytest.raises(SkippableError, match="nested too deeply"):
        decode(body, JSON)


def test_another_content_type_is_bad_data() -> None:
    with pytest.raises(SkippableError, match="'text/plain' is not OTLP"):
        decode(b"", "text/plain")


def wrapped(field: int, part: bytes) -> bytes:
    """A field of bytes in protobuf, its length written in full so that it is easy to read here."""
    length = len(part)
    return (
        bytes([field << 3 | 2, *(length >> 7 * place & 127 | 128 for place in range(4)), length >> 28]) + part
    )


@pytest.mark.parametrize(
    "body",
    [
        wrapped(1, wrapped(2, b"\x12\x00" * 300_000)),
        b"\x0a\x00" * 300_000,
        b"\x08\x00" * 300_000,
        wrapped(1, wrapped(1, b"\x0a\x00" * 600_000)),
    ],
    ids=["spans", "resources", "unknown fields", "resource attributes"],
)
def test_a_body_of_nothing_but_parts_is_stopped_before_it_fills_the_memory(body: bytes) -> None:
    with pytest.raises(PayloadTooLargeError):
        decode(body, PROTOBUF)


def test_a_json_body_of_nothing_but_objects_is_stopped() -> None:
    with pytest.raises(PayloadTooLargeError, match="2000000 objects"):
        decode(b'{"resourceSpans":[' + b"{}," * 2_000_001 + b"{}]}", JSON)


def test_a_span_beyond_all_size_is_refused_alone() -> None:
    decoded = decode(protobuf(span(name="x" * 2**20), span(identity=b"12345678")), PROTOBUF)

    assert (len(decoded.spans), decoded.rejected) == (1, 1)


def test_full_success_is_an_empty_message() -> None:
    whole = read({})

    assert (acknowledgement(whole, PROTOBUF), acknowledgement(whole, JSON)) == (b"", b"{}")


def test_partial_success_says_how_many_and_why() -> None:
    partly = read({"traceId": "0" * 32}, {})

    in_json = json.loads(acknowledgement(partly, JSON))
    in_protobuf = ExportTraceServiceResponse.FromString(acknowledgement(partly, PROTOBUF)).partial_success

    assert in_json == {"partialSuccess": {"rejectedSpans": "1", "errorMessage": partly.message}}
    assert (in_protobuf.rejected_spans, in_protobuf.error_message) == (1, partly.message)


def test_a_refusal_is_a_status_in_the_same_encoding() -> None:
    assert json.loads(refusal(3, "no", JSON)) == {"code": 3, "message": "no"}
    assert refusal(3, "no", PROTOBUF) == b"\x08\x03\x12\x02no"
