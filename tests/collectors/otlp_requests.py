"""OTLP trace requests for tests: the specification's own example, with what a test changes."""

from __future__ import annotations

import json
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from collectors.business_keys import namings
from collectors.otlp import JSON, decode
from collectors.span_rows import Decoded

TRACE, SPAN = "5B8EFFF798038103D269B633813FC60C", "EEE19B7EC3C1B174"
START = 1_544_712_660_000_000_000
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "my.service"}}]}


def told(*spans: dict[str, Any], resource: dict[str, Any] = RESOURCE) -> bytes:
    """A request in JSON, each span an example of the specification with some fields changed."""
    whole = [
        {
            "traceId": TRACE,
            "spanId": SPAN,
            "name": "I'm a server span",
            "startTimeUnixNano": str(START),
            "endTimeUnixNano": str(START + 1000),
            "kind": 2,
            **span,
        }
        for span in spans
    ]
    scope = {"scope": {"name": "my.library"}, "spans": whole}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}).encode()


def attributes(**named: Any) -> dict[str, Any]:
    """A span's attributes; double underscores stand for dots."""
    pairs = [{"key": key.replace("__", "."), "value": value} for key, value in named.items()]
    return {"attributes": pairs}


def text(value: str) -> dict[str, str]:
    return {"stringValue": value}


def read(*spans: dict[str, Any], **mapped: str) -> Decoded:
    return decode(told(*spans), JSON, namings(mapped))


def kept(**named: Any) -> Any:
    """What becomes of a span's attributes."""
    return json.loads(read(attributes(**named)).spans[0].attributes)


def flags(span: dict[str, Any]) -> Any:
    row = read(span).spans[0]
    return json.loads(row.flags) if row.flags else {}


def protobuf(*spans: Span) -> bytes:
    scoped = ScopeSpans(spans=spans)
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[scoped])])
    return bytes(request.SerializeToString())


def span(trace: bytes = bytes(range(16)), identity: bytes = bytes(range(8)), **fields: Any) -> Span:
    return Span(
        trace_id=trace, span_id=identity, start_time_unix_nano=START, end_time_unix_nano=START, **fields
    )
