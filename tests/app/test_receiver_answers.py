"""What the receiver answers and who may ask; events that nudge a poll."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.receiver import Hooks, Limits, check_bind, receiver
from queries.errors import StoreBusyError
from tests.app.serving import serving
from tests.collectors.otlp_requests import told

EVENT = {"specversion": "1.0", "id": "e-1", "source": "/crm", "type": "opportunity.won", "subject": "006A"}
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
BUSY = StoreBusyError("the store is held", remedy="wait")


@contextmanager
def answering(hooks: Hooks, token: str | None = None) -> Iterator[httpx.Client]:
    app = receiver(lambda _spans, _keys: None, hooks, token=token, limits=Limits(events=10_000))
    with serving(app) as address, httpx.Client(base_url=address, timeout=10, verify=False) as client:
        yield client


@pytest.fixture(scope="module")
def guarded() -> Iterator[httpx.Client]:
    """A receiver with a token."""
    with answering(Hooks(reads={"checks": lambda _: []}), token="s3cret") as client:
        yield client


@pytest.fixture(scope="module")
def unguarded() -> Iterator[httpx.Client]:
    """A receiver without one."""
    with answering(Hooks(reads={"checks": lambda _: []})) as client:
        yield client


def nudge(client: httpx.Client, body: Any, kind: str = STRUCTURED, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body)
    return client.post("/v1/events", content=content, headers={"content-type": kind, **named})


def test_an_event_is_acted_on_once_however_often_it_is_sent() -> None:
    acted: list[dict[str, Any]] = []
    with answering(Hooks(on_event=acted.append)) as client:
        answers = [nudge(client, EVENT).json() for _ in range(2)]

    assert acted == [EVENT]
    assert answers == [{"accepted": 1, "known": 0}, {"accepted": 0, "known": 1}]


def test_a_batch_acts_on_each_event() -> None:
    acted: list[dict[str, Any]] = []
    batch = [EVENT, {**EVENT, "id": "e-2"}, {**EVENT, "source": "/psa"}, EVENT]
    with answering(Hooks(on_event=acted.append)) as client:
        answer = nudge(client, batch, BATCH)

    assert (answer.status_code, answer.json()) == (202, {"accepted": 3, "known": 1})
    assert [(event["source"], event["id"]) for event in acted] == [
        ("/crm", "e-1"),
        ("/crm", "e-2"),
        ("/psa", "e-1"),
    ]


def test_an_event_in_headers_is_read_with_its_data() -> None:
    acted: list[dict[str, Any]] = []
    headers = {f"ce_{name}": value for name, value in EVENT.items()}
    with answering(Hooks(on_event=acted.append)) as client:
        nudge(client, {"amount": 1}, "application/json", **headers)

    assert acted == [{**EVENT, "datacontenttype": "application/json", "data": {"amount": 1}}]


@pytest.mark.parametrize(
    ("body", "kind", "status", "complaint"),
    [
        ({**EVENT, "id": ""}, STRUCTURED, 400, "lacks id"),
        ({"specversion": "1.0"}, STRUCTURED, 400, "lacks id, source, type"),
        ({**EVENT, "specversion": "0.3"}, STRUCTURED, 400, "'0.3'"),
        ({**EVENT, "source": 5}, STRUCTURED, 400, "lacks source"),
        ([EVENT], STRUCTURED, 400, "the body is not"),
        (EVENT, BATCH, 400, "the body is not"),
        (b"\xff", STRUCTURED, 400, "the body is not"),
        (EVENT, "application/json", 415, "with ce- headers"),
        ({**EVENT, "data": "x" * 20_000}, STRUCTURED, 413, "larger than 10000"),
    ],
)
def test_what_is_no_event_is_refused_in_a_sentence(body: Any, kind: str, status: int, complaint: str) -> None:
    acted: list[dict[str, Any]] = []
    with answering(Hooks(on_event=acted.append)) as client:
        answer = nudge(client, body, kind)

    assert (answer.status_code, acted) == (status, [])
    assert complaint in answer.json()["message"]


def test_an_event_that_could_not_be_acted_on_may_come_again() -> None:
    outcomes = iter([BUSY, None])

    def act(_event: Mapping[str, Any]) -> None:
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome

    with answering(Hooks(on_event=act)) as client:
        first, second = nudge(client, EVENT), nudge(client, EVENT)

    assert (first.status_code, first.headers["retry-after"]) == (503, "1")
    assert second.json() == {"accepted": 1, "known": 0}


def test_a_receiver_without_systems_to_nudge_takes_no_events() -> None:
    with answering(Hooks()) as client:
        assert nudge(client, EVENT).status_code == 404


def found(parameters: Mapping[str, str]) -> Any:
    if parameters.get("period") == "never":
        raise ValueError("period 'never' is not known: use one like 2026-11")
    if parameters.get("id") == "nobody":
        return None
    return {"asked": dict(parameters), "amount": Decimal("133283.00")}


@pytest.mark.parametrize("name", ["exceptions", "checks", "systems"])
def test_the_api_answers_json_and_money_as_text(name: str) -> None:
    with answering(Hooks(reads={name: found})) as client:
        answer = client.get(f"/api/{name}?check=k1&limit=2")

    assert answer.json() == {"asked": {"check": "k1", "limit": "2"}, "amount": "133283.00"}


@pytest.mark.parametrize("identity", ["006A", "PRJ/2026/7", "a b%"])
def test_a_trace_is_asked_for_by_any_id(identity: str) -> None:
    with answering(Hooks(reads={"trace": found})) as client:
        answer = client.get(
            f"/api/trace/{httpx.URL('/').copy_with(path=f'/{identity}').raw_path.decode()[1:]}"
        )

    assert answer.json()["asked"] == {"id": identity}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/trace/nobody", 404), ("/api/trace/x?period=never", 400), ("/api/checks", 404), ("/nowhere", 404)],
)
def test_what_cannot_be_answered_is_said_with_the_right_status(path: str, status: int) -> None:
    with answering(Hooks(reads={"trace": found})) as client:
        assert client.get(path).status_code == status


def busy(*_: Any) -> Any:
    raise BUSY


@pytest.mark.parametrize("path", ["/api/systems", "/metrics"])
def test_a_busy_store_is_a_503_for_readers_too(path: str) -> None:
    with answering(Hooks(metrics=busy, reads={"systems": busy})) as client:
        assert client.get(path).status_code == 503


def test_the_api_only_reads() -> None:
    with answering(Hooks(reads={"checks": found})) as client:
        assert client.post("/api/checks").status_code == 405


def test_metrics_hold_ours_and_what_came_in() -> None:
    with answering(Hooks(metrics=lambda: "sightglass_open 3\n")) as client:
        client.post(
            "/v1/traces", content=told({}, {"traceId": ""}), headers={"content-type": "application/json"}
        )
        client.post("/v1/traces", content=b"{", headers={"content-type": "application/json"})
        answer = client.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert lines[0] == "sightglass_open 3"
    assert 'sightglass_receiver_spans_total{outcome="accepted"} 1' in lines
    assert 'sightglass_receiver_spans_total{outcome="rejected"} 1' in lines
    assert 'sightglass_receiver_requests_total{status="400"} 1' in lines


def test_health_says_that_the_process_runs_and_ready_that_it_can_work() -> None:
    with answering(Hooks()) as client:
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/api/ready").json() == {"ready": True}


def test_why_it_is_not_ready_is_told_only_to_who_may_know() -> None:
    with answering(Hooks(ready=lambda: "the store is locked"), token="s3cret") as client:
        stranger = client.get("/api/ready")
        friend = client.get("/api/ready", headers={"authorization": "Bearer s3cret"})

    assert (stranger.status_code, stranger.json()) == (503, {"ready": False})
    assert friend.json() == {"ready": False, "reason": "the store is locked"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/metrics"),
        ("GET", "/api/checks"),
        ("POST", "/v1/events"),
        ("POST", "/v1/logs"),
        ("GET", "/nowhere"),
    ],
)
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic s3cret", "Bearer s3crét"])
def test_nothing_but_the_probes_is_open_without_the_token(
    guarded: httpx.Client, method: str, path: str, given: str
) -> None:
    answer = guarded.request(method, path, headers={b"authorization": given.encode()})

    assert answer.status_code == 401
    assert "s3cret" not in answer.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:4318", 200),
        ("[::1]:4318", 200),
        ("127.0.0.9", 200),
        ("evil.example", 403),
        ("[", 403),
        ("", 403),
    ],
)
def test_without_a_token_only_loopback_names_are_answered(
    unguarded: httpx.Client, host: str, status: int
) -> None:
    assert unguarded.get("/api/checks", headers={"host": host}).status_code == status


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "::1", "[::1]", "127.8.8.8"])
def test_loopback_needs_no_token(host: str) -> None:
    check_bind(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.4", "receiver.example", "localhost.example"])
def test_any_other_address_needs_one(host: str) -> None:
    for token in (None, "", "  "):
        with pytest.raises(ValueError, match=r"Remedy: set receiver\.token"):
            check_bind(host, token)
    check_bind(host, "s3cret")
