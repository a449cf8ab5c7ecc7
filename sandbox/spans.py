"""Traces of the firm's middleware: short ones, one for each hand-over, as OTLP/JSON export requests.

A trace runs from the event a system publishes, through the integration hub and the API gateway, to the
system that takes the work over; some calls are throttled and tried again, and those of dead hand-overs
end in a dead-letter queue. The attributes ``sightglass.<object>.id`` and ``.system`` carry business keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from sandbox.firm import Firm
from sandbox.job import Handoff
from sandbox.otlp import CLIENT, CONSUMER, PRODUCER, SERVER, Json, Trace, attribute, nanoseconds

_HUB, _GATEWAY = "integration-hub", "api-gateway"
_THROTTLED, _CREATED = 429, 201
_ATTEMPTS = 4
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


def spans(firm: Firm) -> list[Json]:
    """ExportTraceServiceRequests, one for each trace, oldest first; the same ones for the same firm."""
    kept = [handoff for handoff in firm.handoffs if _is_kept(firm, handoff)]
    kept.sort(key=lambda handoff: (handoff.at, handoff.flow, handoff.keys))
    return [_trace(firm, handoff).request(f"middleware.{handoff.flow}") for handoff in kept]


def _dice(firm: Firm, handoff: Handoff, purpose: str) -> Random:
    return Random(f"{firm.seed}/{purpose}/{handoff.flow}/{handoff.at.isoformat()}/{handoff.keys}")


def _is_kept(firm: Firm, handoff: Handoff) -> bool:
    recent = firm.books.as_of - handoff.at < _KEPT
    return handoff.dead or (recent and _dice(firm, handoff, "sampled").random() < _SAMPLED)


def _trace(firm: Firm, handoff: Handoff) -> Trace:
    rng, flow = _dice(firm, handoff, "trace"), _FLOWS[handoff.flow]
    began = nanoseconds(handoff.at - timedelta(minutes=2))
    trace = Trace(rng, f"{rng.getrandbits(128):032x}", began)
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
        f"{flow.publisher}-events", f"publish {flow.queue}", PRODUCER, None, {**message, **keys}
    )
    trace.end(publish)
    process = trace.span(_HUB, f"process {flow.queue}", CONSUMER, publish, {**message, **keys})
    error = _deliver(trace, flow, process, keys, dead=handoff.dead)
    if error:
        message["messaging.destination.name"] = f"{flow.queue}.dlq"
        dead = trace.span(_HUB, f"publish {flow.queue}.dlq", PRODUCER, process, {**message, **keys})
        trace.end(dead)
        process["attributes"].append(attribute("error.type", str(_THROTTLED)))
    trace.end(process, error)
    return trace


def _deliver(trace: Trace, flow: _Flow, parent: Json, keys: dict[str, str], *, dead: bool) -> str:
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


def _call(trace: Trace, route: str, parent: Json, attributes: dict[str, str | int]) -> None:
    """A request of the hub, and the gateway's side of it; 4xx leaves a server's status unset."""
    client = trace.span(_HUB, f"POST {route}", CLIENT, parent, attributes)
    server = trace.span(_GATEWAY, f"POST {route}", SERVER, client, attributes)
    trace.wait(20, 400)
    trace.end(server)
    trace.end(client, "Too Many Requests" if "error.type" in attributes else "")


def _keys(handoff: Handoff) -> dict[str, str]:
    found = {"sightglass.legal_entity.id": handoff.legal_entity, "sightglass.legal_entity.system": "erp"}
    for kind, system, key in handoff.keys:
        found[f"sightglass.{kind}.id"] = key
        found[f"sightglass.{kind}.system"] = system
    return found
