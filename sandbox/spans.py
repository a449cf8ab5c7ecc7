"""Traces of the firm's middleware: short ones, one for each hand-over, as OTLP/JSON export requests.

A trace runs from the event a system publishes, through the integration hub and the API gateway, to the
system that takes the work over; some calls are throttled and tried again, and those of dead hand-overs
end in a dead-letter queue. The attributes ``sightglass.<object>.id`` and ``.system`` carry business keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sandbox.firm import Firm
from sandbox.job import Handoff

Json = dict[str, Any]

_HUB, _GATEWAY = "integration-hub", "api-gateway"
_SERVER, _CLIENT, _PRODUCER, _CONSUMER = 2, 3, 4, 5
_ERROR = 2
_THROTTLED, _CREATED = 429, 201
_ATTEMPTS = 4
_MILLISECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: traces older than this are gone from the store, except those of dead letters
_KEPT = timedelta(days=45)
_SAMPLED = 0.6
_RETRIED = 0.15


@dataclass(frozen=True, slots=True)
class _Flow:
    """Who publishes which event, and what is called for it."""

    publisher: str
    event: str
    host: str
    route: str

    @property
    def queue(self) -> str:
        """The queue the hub reads."""
        return f"{self.publisher}.{self.event}"


_FLOWS = {
    "opportunity_to_project": _Flow("crm", "opportunity.won", "psa.example", "/v1/projects"),
    "time_to_billing": _Flow("psa", "billing.ready", "erp.example", "/v2/invoices"),
    "milestone_to_revenue": _Flow("psa", "milestone.accepted", "revenue.example", "/v1/postings"),
}


@dataclass(slots=True)
class _Trace:
    """A trace being written: its id, its dice, the moment reached, and the spans of each service."""

    rng: Random
    id: str
    now: int
    spans: dict[str, list[Json]] = field(default_factory=dict)

    def span(
        self, service: str, name: str, kind: int, parent: Json | None, attributes: dict[str, str | int]
    ) -> Json:
        """Begin a span; it ends when :meth:`end` is called."""
        row: Json = {
            "traceId": self.id,
            "spanId": f"{self.rng.getrandbits(64):016x}",
            "name": name,
            "kind": kind,
            "startTimeUnixNano": str(self.now),
            "attributes": [_attribute(key, value) for key, value in attributes.items()],
            "status": {},
        }
        if parent:
            row["parentSpanId"] = parent["spanId"]
        self.spans.setdefault(service, []).append(row)
        self.wait(1, 12)
        return row

    def end(self, row: Json, error: str = "") -> None:
        """End a span now, as an error if there is one to name."""
        self.wait(1, 9)
        row["endTimeUnixNano"] = str(self.now)
        if error:
            row["status"] = {"code": _ERROR, "message": error}

    def wait(self, low: int, high: int) -> None:
        """Let some milliseconds pass."""
        self.now += self.rng.randint(low * 1000, high * 1000) * _MILLISECOND // 1000


def spans(firm: Firm) -> list[Json]:
    """ExportTraceServiceRequests, one for each trace, oldest first; the same ones for the same firm."""
    kept = [handoff for handoff in firm.handoffs if _is_kept(firm, handoff)]
    kept.sort(key=lambda handoff: (handoff.at, handoff.flow, handoff.keys))
    return [_request(_trace(firm, handoff), handoff) for handoff in kept]


def _dice(firm: Firm, handoff: Handoff, purpose: str) -> Random:
    return Random(f"{firm.seed}/{purpose}/{handoff.flow}/{handoff.at.isoformat()}/{handoff.keys}")


def _is_kept(firm: Firm, handoff: Handoff) -> bool:
    recent = firm.books.as_of - handoff.at < _KEPT
    return handoff.dead or (recent and _dice(firm, handoff, "sampled").random() < _SAMPLED)


def _trace(firm: Firm, handoff: Handoff) -> _Trace:
    rng, flow = _dice(firm, handoff, "trace"), _FLOWS[handoff.flow]
    began = (handoff.at - timedelta(minutes=2) - _EPOCH) // timedelta(milliseconds=1) * _MILLISECOND
    trace = _Trace(rng, f"{rng.getrandbits(128):032x}", began)
    keys = _keys(handoff)
    event_id = f"evt-{rng.getrandbits(48):012x}"
    message: dict[str, str | int] = {
        "messaging.system": "rabbitmq",
        "messaging.destination.name": flow.queue,
        "messaging.message.id": event_id,
        "sightglass.flow.name": handoff.flow,
        "sightglass.event.id": event_id,
        "sightglass.event.type": flow.event,
    }
    publish = trace.span(
        f"{flow.publisher}-events", f"publish {flow.queue}", _PRODUCER, None, {**message, **keys}
    )
    trace.end(publish)
    process = trace.span(_HUB, f"process {flow.queue}", _CONSUMER, publish, {**message, **keys})
    error = _deliver(trace, flow, process, keys, dead=handoff.dead)
    if error:
        message["messaging.destination.name"] = f"{flow.queue}.dlq"
        dead = trace.span(_HUB, f"publish {flow.queue}.dlq", _PRODUCER, process, {**message, **keys})
        trace.end(dead)
        process["attributes"].append(_attribute("error.type", str(_THROTTLED)))
    trace.end(process, error)
    return trace


def _deliver(trace: _Trace, flow: _Flow, parent: Json, keys: dict[str, str], *, dead: bool) -> str:
    """Call the target until it answers; the error of the last attempt when it never does."""
    failures = _ATTEMPTS if dead else trace.rng.randint(1, 2) if trace.rng.random() < _RETRIED else 0
    for attempt in range(1, _ATTEMPTS + 1):
        status = _THROTTLED if attempt <= failures else _CREATED
        _call(trace, flow.route, parent, {**_http(flow, attempt, status), **keys})
        if status == _CREATED:
            return ""
        trace.wait(1000 * 2**attempt, 1500 * 2**attempt)
    return f"{flow.host} answered {_THROTTLED} to {_ATTEMPTS} attempts"


def _http(flow: _Flow, attempt: int, status: int) -> dict[str, str | int]:
    found: dict[str, str | int] = {
        "http.request.method": "POST",
        "http.route": flow.route,
        "http.response.status_code": status,
        "server.address": flow.host,
        "sightglass.attempt": attempt,
    }
    if attempt > 1:
        found["http.request.resend_count"] = attempt - 1
    if status == _THROTTLED:
        found["error.type"] = str(status)
    return found


def _call(trace: _Trace, route: str, parent: Json, attributes: dict[str, str | int]) -> None:
    """A request of the hub, and the gateway's side of it; 4xx leaves a server's status unset."""
    client = trace.span(_HUB, f"POST {route}", _CLIENT, parent, attributes)
    server = trace.span(_GATEWAY, f"POST {route}", _SERVER, client, attributes)
    trace.wait(20, 400)
    trace.end(server)
    trace.end(client, "Too Many Requests" if "error.type" in attributes else "")


def _keys(handoff: Handoff) -> dict[str, str]:
    found = {"sightglass.legal_entity.id": handoff.legal_entity, "sightglass.legal_entity.system": "erp"}
    for kind, system, key in handoff.keys:
        found[f"sightglass.{kind}.id"] = key
        found[f"sightglass.{kind}.system"] = system
    return found


def _attribute(key: str, value: str | int) -> Json:
    typed = {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
    return {"key": key, "value": typed}


def _request(trace: _Trace, handoff: Handoff) -> Json:
    scope = {"name": f"middleware.{handoff.flow}", "version": "1"}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [_attribute("service.name", service)]},
                "scopeSpans": [{"scope": scope, "spans": rows}],
            }
            for service, rows in trace.spans.items()
        ]
    }
