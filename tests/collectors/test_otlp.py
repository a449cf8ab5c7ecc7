"""OTLP requests as exporters send them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.otlp import JSON, PROTOBUF, decode
from collectors.span_rows import Decoded
from tests.collectors.otlp_requests import (
    SPAN,
    START,
    TRACE,
    attributes,
    flags,
    kept,
    protobuf,
    read,
    span,
    text,
    told,
)


def test_the_specifications_own_span_is_read() -> None:
    row = read({"parentSpanId": "EEE19B7EC3C1B173"}).spans[0]

    assert (row.trace_id, row.span_id, row.parent_span_id) == (
        TRACE.lower(),
        SPAN.lower(),
        "eee19b7ec3c1b173",
    )
    assert (row.service, row.scope, row.name) == ("my.service", "my.library", "I'm a server span")
    assert (row.kind, row.start_ns, row.end_ns, row.flags) == (2, START, START + 1000, None)


def test_both_encodings_come_to_the_same_rows() -> None:
    in_json = decode(told({"traceId": bytes(range(16)).hex(), "spanId": bytes(range(8)).hex()}), JSON)
    message = ExportTraceServiceRequest.FromString(protobuf(span(name="I'm a server span", kind=2)))
    group = message.resource_spans[0]
    group.scope_spans[0].scope.name = "my.library"
    group.scope_spans[0].spans[0].end_time_unix_nano = START + 1000
    group.resource.attributes.add(key="service.name").value.string_value = "my.service"

    assert decode(message.SerializeToString(), PROTOBUF) == in_json


@pytest.mark.parametrize("body", [b"", ExportTraceServiceRequest().SerializeToString()])
def test_an_empty_request_in_protobuf_is_a_success(body: bytes) -> None:
    assert decode(body, PROTOBUF) == Decoded([], [])


@pytest.mark.parametrize(
    "body", [b"{}", b'{"resourceSpans": null}', b'{"resourceSpans": [{}], "later": {"x": 1}}']
)
def test_an_empty_request_in_json_is_a_success(body: bytes) -> None:
    assert decode(body, "Application/JSON; charset=utf-8") == Decoded([], [])


def test_unknown_fields_are_passed_over() -> None:
    assert len(read({"flags": 257, "traceState": "a=b", "newField": [{"deep": 1}]}).spans) == 1


@pytest.mark.parametrize("time", [START, str(START), float(START)])
def test_64_bit_integers_are_numbers_or_strings(time: object) -> None:
    assert read({"startTimeUnixNano": time}).spans[0].start_ns == START


@pytest.mark.parametrize(
    ("kind", "stored"), [(5, 5), ("SPAN_KIND_CONSUMER", 5), (None, 0), (77, 0), ("X", 0)]
)
def test_enums_are_numbers_and_their_names_are_understood(kind: object, stored: int) -> None:
    assert read({"kind": kind}).spans[0].kind == stored


def test_a_status_is_kept_with_its_message() -> None:
    row = read({"status": {"code": 2, "message": "no such project"}}).spans[0]

    assert (row.status, row.status_message) == (2, "no such project")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ({"stringValue": ""}, ""),
        ({"boolValue": False}, False),
        ({"intValue": "-9223372036854775808"}, -(2**63)),
        ({"intValue": 7}, 7),
        ({"doubleValue": 0.5}, 0.5),
        ({"doubleValue": "NaN"}, "NaN"),
        ({"doubleValue": "-Infinity"}, "-Infinity"),
        ({"bytesValue": "aGk="}, "aGk="),
        ({"arrayValue": {"values": [{"intValue": 1}, {"stringValue": "a"}, {}]}}, [1, "a", None]),
        (
            {"kvlistValue": {"values": [{"key": "k", "value": {"doubleValue": "Infinity"}}]}},
            {"k": "Infinity"},
        ),
        ({}, None),
        (None, None),
    ],
)
def test_every_kind_of_value_survives(value: Any, stored: Any) -> None:
    assert kept(a=value) == {"a": stored}


def test_values_in_protobuf_survive_too() -> None:
    sent = span()
    for name, field, value in [
        ("d", "double_value", float("nan")),
        ("b", "bytes_value", b"hi"),
        ("i", "int_value", -1),
    ]:
        setattr(sent.attributes.add(key=name).value, field, value)
    sent.attributes.add(key="l").value.array_value.values.add().double_value = float("-inf")
    sent.attributes.add(key="index").value.string_value_strindex = 4

    row = decode(protobuf(sent), PROTOBUF).spans[0]

    assert json.loads(row.attributes) == {"d": "NaN", "b": "aGk=", "i": -1, "l": ["-Infinity"], "index": None}


def test_events_and_links_are_kept() -> None:
    link = {"traceId": "AB" * 16, "spanId": "CD" * 8, **attributes(why=text("batch"))}
    row = read({"events": [{"name": "retry", "timeUnixNano": "5"}], "links": [link]}).spans[0]

    assert json.loads(row.events) == [{"name": "retry", "time_ns": 5, "attributes": {}}]
    assert json.loads(row.links) == [
        {"trace_id": "ab" * 16, "span_id": "cd" * 8, "attributes": {"why": "batch"}}
    ]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"traceId": "0" * 32}, "trace id"),
        ({"spanId": "0" * 16}, "span id"),
        ({"traceId": "abc"}, "trace id"),
        ({"traceId": "W47/95gDgQPSabYzgT/GDA=="}, "trace id"),
        ({"spanId": None}, "span id"),
        ({"startTimeUnixNano": 0, "endTimeUnixNano": 0}, "start time"),
        ({"endTimeUnixNano": str(2**63)}, "2262"),
    ],
)
def test_a_span_that_cannot_be_placed_is_refused_alone(wrong: dict[str, Any], reason: str) -> None:
    decoded = read(wrong, {})

    assert (len(decoded.spans), decoded.rejected) == (1, 1)
    assert decoded.message.startswith("1 of 2 spans rejected: 1 ")
    assert reason in decoded.message


@pytest.mark.parametrize(
    ("trace", "identity"), [(bytes(16), bytes(range(8))), (b"short", b"12345678"), (b"", b"")]
)
def test_wrong_ids_in_protobuf_are_refused(trace: bytes, identity: bytes) -> None:
    assert decode(protobuf(span(trace, identity)), PROTOBUF).rejected == 1


def test_a_damaged_span_does_not_cost_the_others_of_its_batch() -> None:
    body = protobuf(span(name="hurt"), span(identity=b"12345678", name="well")).replace(
        b"hurt", b"\xff\xfe\xff\xfe"
    )

    decoded = decode(body, PROTOBUF)

    assert [row.name for row in decoded.spans] == ["well"]
    assert "not UTF-8" in decoded.message


def test_no_more_spans_than_one_request_may_carry_are_taken() -> None:
    sent = [span(identity=number.to_bytes(8, "big")) for number in range(1, 10_003)]

    decoded = decode(protobuf(*sent), PROTOBUF)

    assert (len(decoded.spans), decoded.rejected) == (10_000, 2)
    assert "beyond the 10000" in decoded.message


def test_the_same_span_twice_in_a_request_is_taken_once() -> None:
    decoded = read(
        attributes(sightglass__project__id=text("P1")), attributes(sightglass__project__id=text("P2"))
    )

    assert (len(decoded.spans), [key.id for key in decoded.keys], decoded.rejected) == (1, ["P1"], 0)


@pytest.mark.parametrize(
    ("fields", "flag"),
    [
        ({"endTimeUnixNano": str(START - 1)}, "end_before_start"),
        ({"startTimeUnixNano": 0}, "start_missing"),
        ({"name": "a\0b"}, "text_replaced"),
        ({"name": "\ud800"}, "text_replaced"),
        ({"name": "x" * 5000}, "value_cut"),
        ({"parentSpanId": "nonsense"}, "parent_ignored"),
        ({"kind": 9}, "number_unknown"),
        ({"links": [{"traceId": "", "spanId": ""}]}, "links_dropped"),
        ({"events": [{}] * 130}, "events_dropped"),
        (attributes(a=text("ü" * 5000)), "value_cut"),
        (attributes(a={"arrayValue": {"values": [text("x" * 100)] * 50}}), "value_cut"),
        (attributes(sightglass__project__id=text("P" * 256)), "key_ignored"),
    ],
)
def test_what_had_to_be_mended_is_flagged(fields: dict[str, Any], flag: str) -> None:
    assert list(flags(fields)) == [flag]


def test_what_was_mended_in_a_resource_is_flagged_on_its_spans() -> None:
    body = told({}, resource=attributes(host=text("a\0b")))

    row = decode(body, JSON).spans[0]

    assert (json.loads(row.resource), row.service) == ({"host": "a�b"}, "unknown_service")
    assert json.loads(row.flags or "") == {"text_replaced": 1}


def test_a_span_never_ends_before_it_starts() -> None:
    row = read({"endTimeUnixNano": str(START - 1)}).spans[0]

    assert row.start_ns == row.end_ns == START


def test_text_no_store_can_hold_is_replaced_and_all_other_text_is_left_alone() -> None:
    assert kept(a=text("a\0b"), b=text("\ud83d"), c=text("😀 \\ud800 漢")) == {
        "a": "a�b",
        "b": "�",
        "c": "😀 \\ud800 漢",
    }


def test_a_long_value_is_cut_to_4_kib_at_a_whole_character() -> None:
    cut = kept(a=text("a" + "ü" * 4000))["a"]

    assert cut == "a" + "ü" * 2047
    assert kept(a=text("x" * 4096))["a"] == "x" * 4096


def test_the_first_128_attributes_are_kept_but_a_business_key_beyond_them_counts() -> None:
    many = attributes(
        **{f"a{number}": text("x") for number in range(200)}, sightglass__project__id=text("P1")
    )
    decoded = read(many)

    assert len(json.loads(decoded.spans[0].attributes)) == 128
    assert json.loads(decoded.spans[0].flags or "") == {"attributes_dropped": 73}
    assert [key.id for key in decoded.keys] == ["P1"]
