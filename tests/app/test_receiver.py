"""Traces over real HTTP, sent by OpenTelemetry's own exporter and by hand."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from sqlalchemy import Engine

from app.receiver import Limits, receiver
from collectors.otlp import JSON, PROTOBUF
from queries.store import open_engine
from tests.app.serving import in_trace, keeping, locked, naming, serving
from tests.collectors.otlp_requests import TRACE, protobuf, span, told

QUICK = Limits(body=100_000, in_flight=2, body_s=0.5, answer_s=0.5)


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Engine]:
    opened = open_engine(sqlite_store_url)
    yield opened
    opened.dispose()


@pytest.fixture
def address(store: Engine) -> Iterator[str]:
    with serving(receiver(keeping(store), limits=QUICK)) as address:
        yield address


def post(address: str, body: Any, kind: str = PROTOBUF, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(
        f"{address}/v1/traces",
        content=body,
        headers={"content-type": kind, **named},
        timeout=20,
        verify=False,
    )


def send(address: str, compression: Compression = Compression.NoCompression, **headers: str) -> str:
    """One span with everything on it, by OpenTelemetry's own means; its trace id."""
    exporter = OTLPSpanExporter(f"{address}/v1/traces", compression=compression, headers=headers)
    provider = TracerProvider(resource=Resource({"service.name": "mule"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("flows")
    earlier = tracer.start_span("earlier")
    earlier.end()
    link = Link(earlier.get_span_context(), {"sightglass.milestone.id": "M7"})
    with tracer.start_as_current_span("post invoice", kind=SpanKind.CLIENT, links=[link]) as sent:
        sent.set_attribute("sightglass.project.id", ["P1", "P2"])
        sent.set_attribute("sightglass.project.system", "psa")
        sent.set_status(Status(StatusCode.ERROR, "no such project"))
    provider.shutdown()
    return f"{sent.get_span_context().trace_id:032x}"


@pytest.mark.parametrize("compression", list(Compression))
def test_spans_of_the_real_exporter_arrive_whole(
    address: str, store: Engine, compression: Compression
) -> None:
    trace_id = send(address, compression)

    (row,) = in_trace(store, trace_id)
    assert (row.service, row.scope, row.name, row.kind) == ("mule", "flows", "post invoice", 3)
    assert (row.status, row.status_message, row.flags) == (2, "no such project", None)
    assert json.loads(row.attributes)["sightglass.project.id"] == ["P1", "P2"]
    assert json.loads(row.links)[0]["attributes"] == {"sightglass.milestone.id": "M7"}
    assert naming(store, "project", "P2") == naming(store, "milestone", "M7") == [row]


def test_spans_in_json_arrive_and_the_answer_is_an_empty_object(address: str, store: Engine) -> None:
    answer = post(address, told({}), "application/json; charset=utf-8")

    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, JSON, b"{}")
    assert len(in_trace(store, TRACE)) == 1


@pytest.mark.parametrize("body", [b"", protobuf(span())])
def test_success_in_protobuf_is_an_empty_body_of_the_same_type(address: str, body: bytes) -> None:
    answer = post(address, body)

    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, PROTOBUF, b"")


def test_a_batch_sent_twice_is_stored_once(address: str, store: Engine) -> None:
    answers = [post(address, protobuf(span())).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert len(in_trace(store, bytes(range(16)).hex())) == 1


def test_a_span_with_a_zero_id_is_rejected_and_the_others_are_kept(address: str, store: Engine) -> None:
    answer = post(address, protobuf(span(bytes(16)), span()))

    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, partial.rejected_spans) == (200, 1)
    assert "all zero" in partial.error_message
    assert len(in_trace(store, bytes(range(16)).hex())) == 1


def test_partial_success_in_json_counts_in_a_string(address: str) -> None:
    answer = post(address, told({"spanId": "0" * 16}), JSON)

    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"


def test_bad_data_is_a_400_with_a_status_in_the_same_encoding(address: str) -> None:
    in_protobuf, in_json = post(address, b"hello"), post(address, b"{", JSON)

    assert (in_protobuf.status_code, in_protobuf.headers["content-type"]) == (400, PROTOBUF)
    assert in_protobuf.content[:2] == b"\x08\x03"
    assert b"not an OTLP trace request" in in_protobuf.content
    assert (in_json.status_code, in_json.headers["content-type"]) == (400, JSON)
    assert in_json.json()["code"] == 3


def test_a_gzip_body_cut_short_is_bad_data(address: str) -> None:
    answer = post(address, gzip.compress(protobuf(span()))[:-3], content_encoding="gzip")

    assert answer.status_code == 400
    assert b"cut short" in answer.content


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_another_content_type_is_a_415(address: str, kind: str) -> None:
    assert post(address, b"", kind).status_code == 415


def test_an_unknown_compression_is_a_415_that_names_the_known_ones(address: str) -> None:
    answer = post(address, b"", content_encoding="br")

    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, deflate")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (bytes(200_000), {}),
        (iter([bytes(60_000)] * 3), {}),
        (gzip.compress(bytes(20_000_000)), {"content_encoding": "gzip"}),
    ],
    ids=["announced", "streamed", "bomb"],
)
def test_a_body_beyond_the_limit_is_a_413(address: str, body: Any, headers: dict[str, str]) -> None:
    answer = post(address, body, **headers)

    assert (answer.status_code, answer.headers["content-type"]) == (413, PROTOBUF)
    assert b"smaller batches" in answer.content


@pytest.mark.parametrize("signal", ["metrics", "logs"])
def test_other_signals_are_declined_in_a_sentence(address: str, signal: str) -> None:
    answer = httpx.post(
        f"{address}/v1/{signal}", content=b"", headers={"content-type": PROTOBUF}, verify=False
    )

    assert answer.status_code == 404
    assert f"send {signal} elsewhere".encode() in answer.content


def test_a_locked_store_makes_the_sender_come_again(address: str, store: Engine) -> None:
    with locked(store):
        answer = post(address, protobuf(span()))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.content.startswith(b"\x08\x0e")


def test_the_real_exporter_tries_again_and_nothing_is_stored_twice(address: str, store: Engine) -> None:
    with locked(store) as release:
        threading.Timer(0.8, release).start()
        trace_id = send(address)

    assert len(in_trace(store, trace_id)) == 1


def test_a_store_out_of_reach_is_a_503_that_tells_nothing_of_it(tmp_path: Any) -> None:
    nowhere = open_engine(f"sqlite:///{tmp_path}/secret/store.db")
    with serving(receiver(keeping(nowhere))) as address:
        answer = post(address, protobuf(span()))

    assert answer.status_code == 503
    assert b"secret" not in answer.content


def test_more_requests_than_it_holds_are_told_to_come_again_at_once(address: str, store: Engine) -> None:
    with locked(store):
        for _ in range(2):
            post(address, protobuf(span()))
        started = time.monotonic()
        answer = post(address, protobuf(span()))
        waited = time.monotonic() - started

    assert answer.status_code == 503
    assert waited < QUICK.answer_s


def test_it_recovers_once_the_store_is_free(address: str, store: Engine) -> None:
    with locked(store):
        for _ in range(3):
            post(address, protobuf(span()))
    deadline = time.monotonic() + 10
    while post(address, protobuf(span())).status_code != 200:
        assert time.monotonic() < deadline

    assert len(in_trace(store, bytes(range(16)).hex())) == 1


def raw(address: str, text: bytes) -> bytes:
    """What the server answers to bytes sent as they are, on a connection kept open."""
    url = httpx.URL(address)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.sendall(text)
        return connection.recv(65_536)


HALF = (
    b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: 9\r\n\r\nx"
    % PROTOBUF.encode()
)


def test_a_body_that_never_ends_is_given_up(address: str) -> None:
    assert raw(address, HALF).startswith(b"HTTP/1.1 503")


def test_a_sender_that_hangs_up_leaves_no_trace(address: str) -> None:
    url = httpx.URL(address)
    for _ in range(4):
        with socket.create_connection((url.host, url.port or 0)) as connection:
            connection.sendall(HALF)

    time.sleep(0.1)
    assert post(address, protobuf(span())).status_code == 200


def test_only_posts_are_traces(address: str) -> None:
    assert httpx.get(f"{address}/v1/traces", verify=False).status_code == 405


def test_without_a_token_a_page_of_another_site_cannot_come_in(address: str) -> None:
    assert post(address, b"{}", JSON, host="evil.example").status_code == 403


def test_with_a_token_only_who_knows_it_comes_in(store: Engine) -> None:
    with serving(receiver(keeping(store), token="s3cret")) as address:
        without = post(address, protobuf(span()))
        wrong = post(address, protobuf(span()), authorization="Bearer s3cre")
        right = post(address, protobuf(span()), authorization="bearer s3cret")
        trace_id = send(address, authorization="Bearer s3cret")

    assert [answer.status_code for answer in (without, wrong, right)] == [401, 401, 200]
    assert without.headers["www-authenticate"] == "Bearer"
    assert len(in_trace(store, trace_id)) == 1


def test_a_firms_own_attributes_name_its_objects(store: Engine) -> None:
    body = told({"attributes": [{"key": "order_id", "value": {"intValue": "42"}}]})
    with serving(receiver(keeping(store), attributes={"order_id": "opportunity"})) as address:
        post(address, body, JSON)

    assert len(naming(store, "opportunity", "42")) == 1
