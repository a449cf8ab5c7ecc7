"""The middleware by hand: what arrives, what is tried again, what dies, and the spans that tell it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from collectors import otlp
from collectors.span_rows import Decoded
from queries.spans import SpanKey, SpanRow
from sandbox.living.hub import Hub, Key, Meddling, Message, UnknownError
from sandbox.living.timeline import Timeline

START = datetime(2026, 11, 9, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PRODUCER, CONSUMER, CLIENT, SERVER = 4, 5, 3, 2
UNSET, ERROR = 0, 2
PROJECT = ("project", "psa", "400001")
DEAL = ("opportunity", "crm", "006A")
FLOW = "project_to_ledger"


@dataclass
class World:
    """A hub, a target that refuses with ``status`` or does not know the ``missing``, and what was told."""

    status: int | None = None
    missing: bool = False
    meddling: Meddling = ""
    timeline: Timeline = field(default_factory=lambda: Timeline(START))
    written: list[datetime] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    hub: Hub = field(init=False)

    def __post_init__(self) -> None:
        self.hub = Hub(self.timeline, 7, self.refusal, lambda _message: self.meddling, self.requests.append)

    def refusal(self, system: str, _rng: Random) -> int | None:
        assert system == "erp"
        return self.status

    def deliver(self) -> Sequence[Key]:
        if self.missing:
            raise UnknownError
        self.written.append(self.timeline.now)
        return (("project", "erp", f"60000{len(self.written)}"),)

    def tell(self, event: str = "400001") -> Message:
        return self.hub.publish(FLOW, event, "UK01", (PROJECT, DEAL), self.deliver)

    def live(self, span: timedelta) -> None:
        self.timeline.advance(self.timeline.now + span)

    def decoded(self) -> list[Decoded]:
        """The requests as a receiver of OTLP reads them."""
        return [otlp.decode(json.dumps(one).encode(), "application/json") for one in self.requests]

    def spans(self) -> list[SpanRow]:
        assert [found.message for found in self.decoded()] == [""] * len(self.requests)
        return [span for found in self.decoded() for span in found.spans]

    def tries(self) -> list[datetime]:
        """When each attempt began."""
        return [
            datetime.fromtimestamp(span.start_ns / 1e9, UTC) for span in self.spans() if span.kind == CONSUMER
        ]


@pytest.fixture
def world() -> World:
    return World()


def told(span: SpanRow) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(span.attributes)
    return found


# ---- delivery --------------------------------------------------------------------------------


def test_a_message_arrives_within_minutes_once(world: World) -> None:
    message = world.tell()
    assert (message.state, world.hub.messages) == ("queued", {message.id: message})
    world.live(10 * MINUTE)

    assert (message.state, message.attempts, message.error) == ("delivered", 1, "")
    assert timedelta(seconds=20) <= world.written[0] - START <= timedelta(seconds=400)
    assert (len(world.written), world.hub.delivered, world.hub.messages) == (1, 1, {})
    assert message.created == [("project", "erp", "600001")]


@pytest.mark.parametrize("status", [429, 503])
def test_a_refused_message_is_tried_again_with_growing_pauses_and_then_given_up(
    world: World, status: int
) -> None:
    world.status = status
    message = world.tell()
    world.live(timedelta(days=2))

    tries = world.tries()
    assert [later - sooner for sooner, later in pairwise(tries)] == [
        minutes * MINUTE for minutes in (1, 2, 4, 8, 16, 30)
    ]
    assert (message.state, message.attempts) == ("dead", 7)
    assert message.error.startswith(f"{status} ")
    assert (world.hub.stuck(), world.written) == ([message], [])


def test_a_message_arrives_as_soon_as_its_target_answers_again(world: World) -> None:
    world.status = 503
    message = world.tell()
    world.live(10 * MINUTE)
    assert (message.state, message.error) == ("retrying", "503 Service Unavailable")
    assert world.hub.stuck() == []
    world.status = None
    world.live(10 * MINUTE)

    assert (message.state, message.error, len(world.written)) == ("delivered", "", 1)
    assert message.attempts > 2


def test_what_refers_to_a_project_the_target_does_not_know_dies_at_once(world: World) -> None:
    world.missing = True
    message = world.tell()
    world.live(10 * MINUTE)

    assert (message.state, message.attempts) == ("dead", 1)
    assert message.error == "422 Unprocessable Content"
    assert world.hub.stuck() == [message]


def test_a_dead_message_that_is_replayed_arrives(world: World) -> None:
    world.missing = True
    message = world.tell()
    world.live(10 * MINUTE)
    world.missing = False
    world.hub.replay(message)
    assert (message.state, message.attempts, message.error) == ("queued", 0, "")
    again = world.timeline.now
    world.live(MINUTE)

    assert (message.state, message.attempts) == ("delivered", 1)
    assert world.written == [again + timedelta(seconds=30)]
    assert world.hub.stuck() == []


def test_a_lost_message_never_arrives_until_it_is_replayed(world: World) -> None:
    world.meddling = "lost"
    message = world.tell()
    world.live(timedelta(days=30))
    assert (message.state, message.attempts, world.written) == ("lost", 0, [])
    assert world.hub.stuck() == [message]
    world.hub.replay(message)
    world.live(MINUTE)

    assert (message.state, len(world.written)) == ("delivered", 1)


def test_a_message_that_comes_twice_is_written_twice(world: World) -> None:
    world.meddling = "twice"
    message = world.tell()
    world.live(30 * MINUTE)

    assert [later - world.written[0] for later in world.written] == [timedelta(0), timedelta(seconds=90)]
    assert message.created == [("project", "erp", "600001"), ("project", "erp", "600002")]
    assert (world.hub.delivered, world.hub.messages) == (2, {})


def test_equal_seeds_carry_equal_messages_in_equal_time_and_others_do_not(world: World) -> None:
    other = World()
    for one in (world, other):
        one.tell()
        one.live(10 * MINUTE)
    other.tell("400002")
    other.live(10 * MINUTE)

    assert world.requests == other.requests[:2]
    assert world.spans()[0].trace_id != other.spans()[-1].trace_id


def test_the_truth_of_a_message_says_what_it_carries(world: World) -> None:
    plain = world.tell().plain()

    assert plain == {
        "id": "project_to_ledger/400001", "flow": FLOW, "state": "queued", "told_at": START.isoformat(),
        "attempts": 0, "error": "",
        "keys": [{"kind": kind, "system": system, "id": key} for kind, system, key in (PROJECT, DEAL)],
    }  # fmt: skip


# ---- spans -----------------------------------------------------------------------------------


def test_one_trace_leads_from_the_event_to_the_gateway(world: World) -> None:
    world.tell()
    world.live(10 * MINUTE)
    publish, *rest = world.spans()
    by_kind = {span.kind: span for span in rest}
    process, call, gateway = by_kind[CONSUMER], by_kind[CLIENT], by_kind[SERVER]

    assert {span.trace_id for span in rest} == {publish.trace_id}
    assert (publish.kind, publish.parent_span_id, publish.service) == (PRODUCER, None, "psa-events")
    assert (process.parent_span_id, process.service) == (publish.span_id, "integration-hub")
    assert (call.parent_span_id, call.service) == (process.span_id, "integration-hub")
    assert (gateway.parent_span_id, gateway.service) == (call.span_id, "api-gateway")
    assert process.start_ns <= call.start_ns <= gateway.start_ns < gateway.end_ns < call.end_ns
    assert call.end_ns < process.end_ns
    assert {span.status for span in world.spans()} == {UNSET}
    assert told(call)["http.response.status_code"] == 201
    assert {span.flags for span in world.spans()} == {None}


@pytest.mark.parametrize(
    ("status", "gateway_status"), [(429, UNSET), (503, ERROR)], ids=["throttled", "unavailable"]
)
def test_a_failed_try_says_so_and_a_later_one_counts_itself(
    world: World, status: int, gateway_status: int
) -> None:
    world.status = status
    world.tell()
    world.live(9 * MINUTE)
    calls = [span for span in world.spans() if span.kind == CLIENT]
    gateways = [span for span in world.spans() if span.kind == SERVER]
    processes = [span for span in world.spans() if span.kind == CONSUMER]

    assert [told(call).get("http.request.resend_count") for call in calls[:3]] == [None, 1, 2]
    assert [told(call)["sightglass.attempt"] for call in calls[:3]] == [1, 2, 3]
    assert {told(call)["error.type"] for call in calls} == {str(status)}
    assert {told(call)["http.response.status_code"] for call in calls} == {status}
    assert {span.status for span in (*calls, *processes)} == {ERROR}
    assert {span.status for span in gateways} == {gateway_status}
    assert {span.status_message for span in processes} == {f"{status} {calls[0].status_message}"}
    assert len({span.span_id for span in world.spans()}) == len(world.spans())


def test_a_message_that_dies_is_published_to_the_dead_letters(world: World) -> None:
    world.missing = True
    world.tell()
    world.live(10 * MINUTE)
    letters = [span for span in world.spans() if span.name.endswith(".dlq")]
    process = next(span for span in world.spans() if span.kind == CONSUMER)

    assert [(span.kind, span.parent_span_id) for span in letters] == [(PRODUCER, process.span_id)]
    assert told(letters[0])["messaging.destination.name"] == "psa.project.activated.dlq"
    assert told(letters[0])["error.type"] == "422"


def test_every_span_names_its_records_and_a_call_that_came_through_what_it_made(world: World) -> None:
    world.tell()
    world.live(10 * MINUTE)
    keys = [key for found in world.decoded() for key in found.keys]
    company = ("legal_entity", "UK01", "erp")
    sold = ("opportunity", "006A", "crm")

    assert all(isinstance(key, SpanKey) for key in keys)
    for span in world.spans():
        planned = (
            ("project", "400001", "psa")
            if span.kind in {PRODUCER, CONSUMER}
            else ("project", "600001", "erp")
        )
        named = {(key.kind, key.id, key.system) for key in keys if key.span_id == span.span_id}
        assert named == {company, sold, planned}
        assert told(span)["sightglass.flow.name"] == FLOW
        assert told(span)["sightglass.event.id"] == "project_to_ledger/400001"
