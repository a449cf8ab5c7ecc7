"""From a span as a sender tells it to the rows of the trace store, with the business objects it names.

Every way spans come in (OTLP, a trace store's own API, Sightglass's own work) ends here, so that ids,
times and sizes are judged once. Times are nanoseconds since 1970 in UTC.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from collectors.business_keys import Naming, objects_named
from collectors.mend import Mender
from queries.spans import SpanKey, SpanRow
from queries.types import MAX_INT64

#: spans one batch may carry
MAX_SPANS = 10_000
#: events, and links, one span keeps
MAX_PARTS = 128
_UNSET = 0
_KINDS = range(6)
_STATUSES = range(3)

_trace_id = re.compile("[0-9a-f]{32}").fullmatch
_span_id = re.compile("[0-9a-f]{16}").fullmatch
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


class Link(msgspec.Struct, gc=False):
    """A tie to a span of this or another trace."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, Any] = {}


class Event(msgspec.Struct, gc=False):
    """Something that happened within a span."""

    name: str
    time_ns: int
    attributes: Mapping[str, Any] = {}


class RawSpan(msgspec.Struct, gc=False):
    """A span as it was told: ids in lower-case hex, attributes as plain Python values."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    status: int = _UNSET
    status_message: str = ""
    attributes: Mapping[str, Any] = {}
    events: Sequence[Event] = ()
    links: Sequence[Link] = ()


class Decoded(NamedTuple):
    """What a batch came to: rows to store, and how many spans were refused, with a sentence why."""

    spans: list[SpanRow]
    keys: list[SpanKey]
    rejected: int = 0
    message: str = ""


class SpanRows:
    """Gathers the rows of one batch. Name the resource and the scope, then add their spans."""

    def __init__(self, named: Mapping[str, Naming], limit: int = MAX_SPANS) -> None:
        self._named = named
        self._limit = limit
        self._spans: list[SpanRow] = []
        self._keys: list[SpanKey] = []
        self._seen: set[tuple[str, str]] = set()
        self._refused: Counter[str] = Counter()
        self.resource({})

    def resource(self, attributes: Mapping[str, Any]) -> None:
        """Say where the spans added from now on come from."""
        mender = Mender()
        mended = mender.attributes(attributes)
        service = mended.get("service.name")
        self._service = service if isinstance(service, str) and service else "unknown_service"
        self._resource = _json(mended)
        self._resource_flags = mender.flags
        self.scope("")

    def scope(self, name: str) -> None:
        """Say which instrumentation wrote the spans added from now on."""
        mender = Mender(self._resource_flags)
        self._scope = mender.text(name) or None
        self._flags = mender.flags

    def add(self, span: RawSpan) -> None:
        """Take a span in, or count it as refused; one that came before in this batch is passed over."""
        if self.full():
            return
        reason = _refusal(span)
        if reason is not None:
            self.refuse(reason)
            return
        identity = (span.trace_id, span.span_id)
        if identity not in self._seen:
            self._seen.add(identity)
            mender = Mender(self._flags)
            places = (span.attributes, *(link.attributes for link in span.links))
            named = objects_named(self._named, places, mender)
            row = self._row(span, mender)
            self._spans.append(row)
            self._keys.extend(
                SpanKey(kind, identity, row.trace_id, row.span_id, system, row.start_ns)
                for (kind, identity), system in named.items()
            )

    def refuse(self, reason: str) -> None:
        """Count a span that never became one; ``reason`` completes "3 spans rejected: 3 ..."."""
        self._refused[reason] += 1

    def full(self) -> bool:
        """Whether no more spans fit; the one asked about is counted as refused then."""
        if len(self._spans) < self._limit:
            return False
        self.refuse(f"beyond the {self._limit} that one request may carry")
        return True

    def done(self) -> Decoded:
        """What was gathered."""
        rejected = sum(self._refused.values())
        reasons = "; ".join(f"{times} {reason}" for reason, times in self._refused.items())
        message = f"{rejected} of {rejected + len(self._spans)} spans rejected: {reasons}" if rejected else ""
        return Decoded(self._spans, self._keys, rejected, message)

    def _row(self, span: RawSpan, mender: Mender) -> SpanRow:
        start, end = _times(span, mender)
        status_message = mender.text(span.status_message) or None
        name, parent = mender.text(span.name), _parent(span.parent_span_id, mender)
        kind, status = _known(span.kind, _KINDS, mender), _known(span.status, _STATUSES, mender)
        attributes = _json(mender.attributes(span.attributes))
        events = _json(_events(span.events, mender)) if span.events else "[]"
        links = _json(_links(span.links, mender)) if span.links else "[]"
        return SpanRow(
            span.trace_id,
            span.span_id,
            parent,
            self._service,
            name,
            kind,
            start,
            end,
            status,
            status_message,
            self._scope,
            self._resource,
            attributes,
            events,
            links,
            _json(mender.flags) if mender.flags else None,
        )


def _refusal(span: RawSpan) -> str | None:
    if not _trace_id(span.trace_id) or span.trace_id == _NO_TRACE:
        return "whose trace id is not 16 bytes, or all zero"
    if not _span_id(span.span_id) or span.span_id == _NO_SPAN:
        return "whose span id is not 8 bytes, or all zero"
    if not 0 < max(span.start_ns, span.end_ns) <= MAX_INT64 or min(span.start_ns, span.end_ns) < 0:
        return "without a start time, or with times past the year 2262"
    return None


def _times(span: RawSpan, mender: Mender) -> tuple[int, int]:
    if not span.start_ns:
        mender.flag("start_missing")
        return span.end_ns, span.end_ns
    if span.end_ns < span.start_ns:
        mender.flag("end_before_start")
        return span.start_ns, span.start_ns
    return span.start_ns, span.end_ns


def _parent(parent: str, mender: Mender) -> str | None:
    if not parent or parent == _NO_SPAN:
        return None
    if _span_id(parent):
        return parent
    mender.flag("parent_ignored")
    return None


def _known(number: int, known: range, mender: Mender) -> int:
    if number in known:
        return number
    mender.flag("number_unknown")
    return _UNSET


def _events(events: Sequence[Event], mender: Mender) -> list[dict[str, Any]]:
    if len(events) > MAX_PARTS:
        mender.flag("events_dropped", len(events) - MAX_PARTS)
    return [
        {"name": mender.text(e.name), "time_ns": e.time_ns, "attributes": mender.attributes(e.attributes)}
        for e in events[:MAX_PARTS]
    ]


def _links(links: Sequence[Link], mender: Mender) -> list[dict[str, Any]]:
    valid = [link for link in links if _trace_id(link.trace_id) and _span_id(link.span_id)]
    kept = valid[:MAX_PARTS]
    if len(kept) < len(links):
        mender.flag("links_dropped", len(links) - len(kept))
    return [
        {"trace_id": k.trace_id, "span_id": k.span_id, "attributes": mender.attributes(k.attributes)}
        for k in kept
    ]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
