"""Sightglass's own work as traces: polls and evaluations, kept in the same store as everyone's spans.

Parts of the program ask OpenTelemetry's API for a tracer and know nothing of this module. Nothing is
recorded until :func:`tracing` says where spans go, and a store that fails never stops the work traced.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

from app import __version__
from app.intake import StoreWrite
from collectors.business_keys import namings
from collectors.span_rows import Event, Link, RawSpan, SpanRows
from queries.errors import StoreError

SERVICE = "sightglass"
_FLUSH_MS = 30_000
_STATUS = {StatusCode.UNSET: 0, StatusCode.OK: 1, StatusCode.ERROR: 2}
_LOG = logging.getLogger("sightglass.telemetry")


class StoreExporter(SpanExporter):
    """Hands finished spans to the store. ``lost`` counts those the store would not take."""

    def __init__(self, write: StoreWrite) -> None:
        self._write = write
        self._named = namings()
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Store the spans; failing is told in the log, once a batch, and counted."""
        self.lost += len(spans)
        rows = SpanRows(self._named)
        for span in spans:
            # One batch may mix resources and scopes; saying them again costs less than sorting.
            rows.resource(span.resource.attributes or {})
            rows.scope(span.instrumentation_scope.name if span.instrumentation_scope else "")
            rows.add(_raw(span))
        decoded = rows.done()
        try:
            self._write(decoded.spans, decoded.keys)
        except StoreError as error:
            _LOG.warning("%s of our own spans were not stored: %s", len(spans), error)
            return SpanExportResult.FAILURE
        self.lost -= len(spans)
        return SpanExportResult.SUCCESS


class _Switch(SpanProcessor):
    """Passes spans to whoever traces now: OpenTelemetry takes a provider once in the life of a process."""

    def __init__(self) -> None:
        self._current: SpanProcessor | None = None
        self._installed = False
        self._lock = Lock()

    def turn_on(self, processor: SpanProcessor) -> None:
        """Pass spans on to this one from now on. Raises RuntimeError while another one has them."""
        with self._lock:
            if self._current is not None:
                raise RuntimeError(
                    "this process is traced already: leave the first tracing() before the next"
                )
            if not self._installed:
                _provider().add_span_processor(self)
                self._installed = True
            self._current = processor

    def turn_off(self) -> None:
        """Pass spans on to nobody."""
        with self._lock:
            self._current = None

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Pass it on."""
        current = self._current
        if current is not None:
            current.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass it on."""
        current = self._current
        if current is not None:
            current.on_end(span)

    def force_flush(self, timeout_millis: int = _FLUSH_MS) -> bool:
        """Pass it on."""
        current = self._current
        return current is None or current.force_flush(timeout_millis)


def _provider() -> TracerProvider:
    # Whoever runs Sightglass under instrumentation of their own keeps it: we listen beside it.
    found = trace.get_tracer_provider()
    if isinstance(found, TracerProvider):
        return found
    resource = Resource.create({"service.name": SERVICE, "service.version": __version__})
    made = TracerProvider(resource=resource, shutdown_on_exit=False)
    trace.set_tracer_provider(made)
    return made


_SWITCH = _Switch()


@contextmanager
def tracing(write: StoreWrite, delay_s: float = 5.0) -> Iterator[StoreExporter]:
    """Keep Sightglass's own spans within the block, in batches, the last one when the block ends.

    ``write`` keeps spans and keys, each batch in a transaction of its own, at most ``delay_s`` after
    they ended. One block at a time in a process. The exporter it yields knows how many were lost.
    """
    exporter = StoreExporter(write)
    processor = BatchSpanProcessor(exporter, schedule_delay_millis=delay_s * 1000)
    try:
        _SWITCH.turn_on(processor)
        try:
            yield exporter
        finally:
            _SWITCH.turn_off()
    finally:
        processor.shutdown()  # type: ignore[no-untyped-call]


def _raw(span: ReadableSpan) -> RawSpan:
    context = span.get_span_context()
    if context is None:
        raise ValueError(f"span {span.name!r} was never started")
    return RawSpan(
        trace_id=f"{context.trace_id:032x}",
        span_id=f"{context.span_id:016x}",
        parent_span_id=f"{span.parent.span_id:016x}" if span.parent else "",
        name=span.name,
        kind=span.kind.value + 1,  # the API counts from 0, OTLP from 1
        start_ns=span.start_time or 0,
        end_ns=span.end_time or 0,
        status=_STATUS[span.status.status_code],
        status_message=span.status.description or "",
        attributes=span.attributes or {},
        events=[Event(e.name, e.timestamp, e.attributes or {}) for e in span.events],
        links=[
            Link(f"{k.context.trace_id:032x}", f"{k.context.span_id:016x}", k.attributes or {})
            for k in span.links
        ],
    )
