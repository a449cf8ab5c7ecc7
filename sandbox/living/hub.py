"""The middleware: carries what one system tells to the next, tries again, gives up, and tells it in spans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from sandbox.living.timeline import Timeline
from sandbox.otlp import CLIENT, CONSUMER, PRODUCER, SERVER, Json, Trace, nanoseconds

#: (object, system, id) of a record
Key = tuple[str, str, str]
Meddling = Literal["", "lost", "twice"]
State = Literal["queued", "retrying", "delivered", "lost", "dead"]

_HUB, _GATEWAY = "integration-hub", "api-gateway"
_BACKOFF_M = (1, 2, 4, 8, 16, 30)
_CREATED, _UNKNOWN = 201, 422
_WORDS = {_UNKNOWN: "Unprocessable Content", 429: "Too Many Requests", 503: "Service Unavailable"}


class UnknownError(Exception):
    """The target does not know a record that the message refers to."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Who tells what, and what is called for it at whom."""

    source: str
    event: str
    target: str
    route: str


FLOWS = {
    "opportunity_to_project": Flow("crm", "opportunity.won", "psa", "/api/v1/workspaces"),
    "project_to_time": Flow("psa", "project.created", "time", "/v2/projects"),
    "project_to_ledger": Flow("psa", "project.activated", "erp", "/services/rest/record/v1/job"),
    "time_to_billing": Flow("time", "timesheet.approved", "erp", "/services/rest/record/v1/invoice"),
    "milestone_to_billing": Flow("psa", "milestone.accepted", "erp", "/services/rest/record/v1/invoice"),
    "milestone_to_revenue": Flow("psa", "milestone.earned", "revenue", "/v1/postings"),
    "invoice_to_revenue": Flow("erp", "invoice.posted", "revenue", "/v1/postings"),
}


@dataclass(slots=True)
class Message:
    """Something one system told. ``deliver`` writes it into the target and says which records came of it."""

    id: str
    flow: str
    entity: str
    keys: tuple[Key, ...]
    deliver: Callable[[], Sequence[Key]]
    told_at: datetime
    rng: Random
    trace: str
    parent: Json | None = None
    attempts: int = 0
    state: State = "queued"
    error: str = ""
    created: list[Key] = field(default_factory=list)

    def plain(self) -> Json:
        """As it stands in the truth."""
        return {
            "id": self.id,
            "flow": self.flow,
            "state": self.state,
            "told_at": self.told_at.isoformat(),
            "attempts": self.attempts,
            "error": self.error,
            "keys": [{"kind": kind, "system": system, "id": key} for kind, system, key in self.keys],
        }


class Hub:
    """All flows. ``refusal`` says with which status a system refuses a call now.

    ``meddle`` says what befalls a message that was just told. Finished spans are handed to ``export`` as
    requests of OTLP.
    """

    def __init__(
        self,
        timeline: Timeline,
        seed: int,
        refusal: Callable[[str, Random], int | None],
        meddle: Callable[[Message], Meddling],
        export: Callable[[Json], None],
    ) -> None:
        self.timeline = timeline
        #: what has not arrived yet
        self.messages: dict[str, Message] = {}
        self.delivered = 0
        self._seed = seed
        self._refusal = refusal
        self._meddle = meddle
        self._export = export

    def publish(
        self, flow: str, event: str, entity: str, keys: Sequence[Key], deliver: Callable[[], Sequence[Key]]
    ) -> Message:
        """Something happened in a flow's source; ``event`` tells it from all others of the flow."""
        identifier = f"{flow}/{event}"
        rng = Random(f"{self._seed}/{identifier}")
        now = self.timeline.now
        message = Message(
            identifier, flow, entity, tuple(keys), deliver, now, rng, f"{rng.getrandbits(128):032x}"
        )
        self.messages[identifier] = message
        told = self._trace(message)
        message.parent = told.span(
            f"{FLOWS[flow].source}-events", f"publish {self._queue(message)}", PRODUCER, None,
            self._attributes(message),
        )  # fmt: skip
        told.end(message.parent)
        self._export(told.request(f"middleware.{flow}"))
        meddling = self._meddle(message)
        if meddling == "lost":
            message.state = "lost"
            return message
        soon = now + timedelta(seconds=rng.randint(20, 400))
        self.timeline.at(soon, lambda: self._attempt(message))
        if meddling == "twice":
            self.timeline.at(soon + timedelta(seconds=90), lambda: self._attempt(message))
        return message

    def replay(self, message: Message) -> None:
        """Somebody sends a lost or dead message once more."""
        message.state, message.attempts, message.error = "queued", 0, ""
        self.messages[message.id] = message
        self.timeline.at(self.timeline.now + timedelta(seconds=30), lambda: self._attempt(message))

    def stuck(self) -> list[Message]:
        """Messages that did not arrive and will not by themselves."""
        return [message for message in self.messages.values() if message.state in {"lost", "dead"}]

    # ---- an attempt --------------------------------------------------------------------------

    def _attempt(self, message: Message) -> None:
        message.attempts += 1
        trace = self._trace(message)
        process = trace.span(
            _HUB, f"process {self._queue(message)}", CONSUMER, message.parent, self._attributes(message)
        )
        status = self._refusal(FLOWS[message.flow].target, message.rng) or self._delivered(message)
        self._call(trace, process, message, status)
        message.error = "" if status == _CREATED else f"{status} {_WORDS[status]}"
        given_up = bool(message.error) and (status == _UNKNOWN or message.attempts > len(_BACKOFF_M))
        if given_up:
            letter = {**self._attributes(message), "error.type": str(status)}
            letter["messaging.destination.name"] = f"{self._queue(message)}.dlq"
            trace.end(trace.span(_HUB, f"publish {self._queue(message)}.dlq", PRODUCER, process, letter))
        trace.end(process, message.error)
        self._export(trace.request(f"middleware.{message.flow}"))
        self._settle(message, given_up=given_up)

    def _delivered(self, message: Message) -> int:
        try:
            message.created.extend(message.deliver())
        except UnknownError:
            return _UNKNOWN
        return _CREATED

    def _settle(self, message: Message, *, given_up: bool) -> None:
        if not message.error:
            message.state = "delivered"
            self.messages.pop(message.id, None)
            self.delivered += 1
        elif given_up:
            message.state = "dead"
        else:
            message.state = "retrying"
            wait = timedelta(minutes=_BACKOFF_M[message.attempts - 1])
            self.timeline.at(self.timeline.now + wait, lambda: self._attempt(message))

    # ---- spans -------------------------------------------------------------------------------

    def _trace(self, message: Message) -> Trace:
        return Trace(message.rng, message.trace, nanoseconds(self.timeline.now))

    def _queue(self, message: Message) -> str:
        flow = FLOWS[message.flow]
        return f"{flow.source}.{flow.event}"

    def _attributes(self, message: Message, keys: Sequence[Key] | None = None) -> dict[str, str | int]:
        found: dict[str, str | int] = {
            "messaging.system": "rabbitmq",
            "messaging.destination.name": self._queue(message),
            "messaging.message.id": message.id,
            "sightglass.flow.name": message.flow,
            "sightglass.event.id": message.id,
            "sightglass.event.type": FLOWS[message.flow].event,
            "sightglass.attempt": message.attempts,
            "sightglass.legal_entity.id": message.entity,
            "sightglass.legal_entity.system": "erp",
        }
        for kind, system, key in message.keys if keys is None else keys:
            found[f"sightglass.{kind}.id"] = key
            found[f"sightglass.{kind}.system"] = system
        return found

    def _call(self, trace: Trace, parent: Json, message: Message, status: int) -> None:
        """A request of the hub and the gateway's side of it; 4xx leaves a server's status unset."""
        flow = FLOWS[message.flow]
        told: dict[str, str | int] = {
            **self._attributes(message, [*message.keys, *message.created]),
            "http.request.method": "POST",
            "http.route": flow.route,
            "http.response.status_code": status,
            "server.address": f"{flow.target}.example",
        }
        if message.attempts > 1:
            told["http.request.resend_count"] = message.attempts - 1
        if status != _CREATED:
            told["error.type"] = str(status)
        client = trace.span(_HUB, f"POST {flow.route}", CLIENT, parent, told)
        server = trace.span(_GATEWAY, f"POST {flow.route}", SERVER, client, told)
        trace.wait(20, 400)
        trace.end(server, _WORDS[status] if status >= 500 else "")
        trace.end(client, "" if status == _CREATED else _WORDS[status])
