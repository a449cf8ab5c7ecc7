"""OTLP/HTTP traces: from the body of a request to rows of the trace store."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from collectors.business_keys import Naming, namings
from collectors.errors import SkippableError
from collectors.otlp_json import read_json
from collectors.otlp_protobuf import read_protobuf
from collectors.span_rows import Decoded, SpanRows

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_OWN_NAMES = namings()


def media_type(content_type: str) -> str:
    """The bare media type of a Content-Type header, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def decode(body: bytes, content_type: str, named: Mapping[str, Naming] | None = None) -> Decoded:
    """The spans of an ExportTraceServiceRequest (already decompressed) and the business keys they name.

    ``named`` comes from :func:`collectors.business_keys.namings`. Raises SkippableError when the body
    cannot be read at all; a span that cannot be kept is counted in ``rejected`` instead.
    """
    rows = SpanRows(_OWN_NAMES if named is None else named)
    kind = media_type(content_type)
    try:
        if kind == PROTOBUF:
            read_protobuf(body, rows)
        elif kind == JSON:
            read_json(body, rows)
        else:
            raise SkippableError(f"content type {kind!r} is not OTLP", remedy=f"send {PROTOBUF} or {JSON}")
    except RecursionError as error:
        raise SkippableError("the request is nested too deeply", remedy="flatten the attributes") from error
    return rows.done()


def acknowledgement(decoded: Decoded, content_type: str) -> bytes:
    """The body of a 200: empty when every span was taken, else how many were not and why."""
    if media_type(content_type) == JSON:
        # A 64-bit integer is a string in this form.
        refused = {"rejectedSpans": str(decoded.rejected), "errorMessage": decoded.message}
        return msgspec.json.encode({"partialSuccess": refused} if decoded.rejected else {})
    if not decoded.rejected:
        return b""
    partial = ExportTracePartialSuccess(rejected_spans=decoded.rejected, error_message=decoded.message)
    return bytes(ExportTraceServiceResponse(partial_success=partial).SerializeToString())


def refusal(code: int, message: str, content_type: str) -> bytes:
    """The body of a 4xx or 5xx: a google.rpc.Status, in JSON unless the request came in protobuf."""
    if media_type(content_type) != PROTOBUF:
        return msgspec.json.encode({"code": code, "message": message})
    # google.rpc.Status begins with the same two fields, a number and a text, so that the bytes are the same.
    return bytes(ExportTracePartialSuccess(rejected_spans=code, error_message=message).SerializeToString())
