"""Traces for the bench: four of twelve spans for each deal, as rows of the store and as OTLP requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from queries.spans import SpanKey, SpanRow

PER_TRACE = 12
TRACES = 4
PER_DEAL = PER_TRACE * TRACES
_START = 1_793_000_000_000_000_000
_STEP = 1_000_000
_KINDS = ("opportunity", "project", "invoice", "project")
_NAMED = {
    "opportunity": ("crm", "O-{:06d}"),
    "project": ("psa", "P-{:06d}"),
    "invoice": ("erp", "{:06d}-000"),
}


def named(number: int) -> tuple[str, str, str]:
    """What a span names: kind, system and id."""
    kind = _KINDS[number // PER_TRACE % TRACES]
    system, form = _NAMED[kind]
    return kind, system, form.format(number // PER_DEAL)


def rows(count: int) -> Iterator[tuple[SpanRow, SpanKey]]:
    """Spans with the one business key each names."""
    for number in range(count):
        kind, system, identifier = named(number)
        trace, span = f"{number // PER_TRACE:032x}", f"{number + 1:016x}"
        parent = None if number % PER_TRACE == 0 else f"{number:016x}"
        start = _START + number * _STEP
        attributes = orjson.dumps(_attributes(number)).decode()
        row = SpanRow(
            *(trace, span, parent, "integration-hub", f"step {number % PER_TRACE}", 2, start, start + _STEP),
            *(1, None, "bench", '{"service.name":"integration-hub"}', attributes, "[]", "[]", None),
        )
        yield row, SpanKey(kind, identifier, trace, span, system, start)


def request(first: int, count: int) -> bytes:
    """An ExportTraceServiceRequest in JSON."""
    spans = [_told(number) for number in range(first, first + count)]
    resource = {"attributes": [_pair("service.name", "integration-hub")]}
    scoped = {"scope": {"name": "bench"}, "spans": spans}
    return orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scoped]}]})


def _attributes(number: int) -> dict[str, str]:
    kind, system, identifier = named(number)
    return {
        f"sightglass.{kind}.id": identifier,
        f"sightglass.{kind}.system": system,
        "http.request.method": "POST",
        "url.path": f"/v1/{kind}s/{identifier}",
        "messaging.operation.type": "process",
    }


def _told(number: int) -> dict[str, Any]:
    start = _START + number * _STEP
    told = {
        "traceId": f"{number // PER_TRACE:032x}",
        "spanId": f"{number + 1:016x}",
        "name": f"step {number % PER_TRACE}",
        "kind": 2,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + _STEP),
        "attributes": [_pair(name, value) for name, value in _attributes(number).items()],
    }
    return told if number % PER_TRACE == 0 else {**told, "parentSpanId": f"{number:016x}"}


def _pair(name: str, value: str) -> dict[str, Any]:
    return {"key": name, "value": {"stringValue": value}}
