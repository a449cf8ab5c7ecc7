"""Polls one after another on one open way: connection and token are kept, and neither is trusted blindly."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine

from collectors.discovery import systems
from collectors.engines.http import Http
from collectors.errors import RetriableError
from collectors.runner import Configured, Outcome, Runner
from collectors.ways import Ways
from queries import polls
from queries.rows import Source
from queries.store import writing
from sandbox.apis.api import Fault
from sandbox.apis.homegrown import HomeGrown
from sandbox.apis.serving import serving
from sandbox.apis.shelf import Shelf

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
READ = {
    "path": "/projects",
    "rows": "items",
    "next": {"style": "cursor", "path": "meta.next", "param": "cursor"},
}
FIELDS = {"id": "uid", "name": "title", "status": "state"}


class Psa:
    """A PSA, and polls of it that share their ways."""

    def __init__(self, engine: Engine, api: HomeGrown, base: str) -> None:
        self.engine, self.api, self.ways = engine, api, Ways()
        auth = {
            "style": "client_credentials",
            "token_url": f"{base}/token",
            "client_id": "me",
            "client_secret_env": "PSA_SECRET",
        }
        stream = {"version": "changed", "fields": FIELDS, "read": READ}
        told = {"base": f"{base}/api", "auth": auth, "streams": {"project": stream}}
        system = systems()["rest"]
        self.configured = Configured(
            "psa",
            system,
            system.settings.model_validate(told),
            Source("psa"),
            ("psa",),
            ("*",),
            MINUTE,
            3 * MINUTE,
        )
        with closing(self.configured.connect()) as connection:
            (self.stream,) = connection.streams()
        with writing(engine) as store:
            polls.configure(store, [polls.StreamConfig("psa", "project", "project", MINUTE, MINUTE)], [])

    def poll(self, meanwhile: Callable[[float], None] = lambda _: None) -> Outcome:
        """One pass; ``meanwhile`` is what happens while it waits to try again."""
        runner = Runner(self.engine, lambda: NOW, lambda *_: None, "here:1", meanwhile)
        return self.ways.poll(runner, self.configured, self.stream)

    def tokens(self) -> int:
        """How many tokens were fetched."""
        return sum(asked.startswith("POST /token") for asked in self.api.asked)


@pytest.fixture
def psa(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Psa]:
    monkeypatch.setenv("PSA_SECRET", HomeGrown.secret)
    api = HomeGrown(Shelf(lambda: NOW))
    api.shelf.put("projects", "P1", {"title": "One", "state": "active"})
    with serving(api.app()) as base:
        found = Psa(engine, api, base)
        with closing(found.ways):
            yield found


def test_the_second_poll_needs_no_token_of_its_own(psa: Psa) -> None:
    outcomes = [psa.poll().outcome for _ in range(3)]

    assert outcomes == ["ok", "ok", "ok"]
    assert psa.tokens() == 1


def test_a_token_that_is_no_longer_taken_is_fetched_anew(psa: Psa) -> None:
    psa.api.token_uses = 1

    assert [psa.poll().outcome for _ in range(3)] == ["ok", "ok", "ok"]
    assert psa.tokens() == 3


def test_a_failed_poll_leaves_no_way_behind(psa: Psa) -> None:
    psa.poll()
    psa.api.fail(Fault(404, {"error": "gone"}, path="/api/"))

    assert psa.poll().outcome == "failed"
    assert psa.poll().outcome == "ok"
    assert psa.tokens() == 2


def test_a_system_that_was_stopped_is_polled_again_once_it_is_back(psa: Psa) -> None:
    psa.poll()
    psa.api.fail(Fault(503, {"error": "down for maintenance"}, times=9))

    assert psa.poll().outcome == "failed"
    psa.api.mend()
    assert psa.poll().outcome == "ok"


def test_polls_side_by_side_have_a_way_each(psa: Psa) -> None:
    psa.api.fail(Fault(503, {"error": "busy"}, path="/api/"))
    inner: list[Outcome] = []

    outer = psa.poll(meanwhile=lambda _: inner.append(psa.poll()))

    assert [outer.outcome, *(one.outcome for one in inner)] == ["ok", "ok"]
    assert psa.tokens() == 2


class Hasty:
    """A server that answers once on each connection and hangs up when it is asked again there."""

    def __init__(self, *, is_up: Callable[[int], bool] = lambda _: True) -> None:
        self.connections = 0
        self._is_up = is_up
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                talk, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with talk:
                talk.recv(65_536)
                if self._is_up(self.connections):
                    talk.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
                    )
                    talk.recv(65_536)

    def close(self) -> None:
        """Answer no more."""
        self._listener.close()


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_without_a_word() -> None:
    with closing(Hasty()) as server, closing(Http(timeout_s=5)) as http:
        answers = [http.json(http.send("x", "GET", server.url)) for _ in range(3)]

    assert answers == [[], [], []]
    assert server.connections == 3


def test_a_server_that_hangs_up_on_new_connections_too_is_down() -> None:
    with closing(Hasty(is_up=lambda count: count == 1)) as server, closing(Http(timeout_s=5)) as http:
        http.send("x", "GET", server.url)
        with pytest.raises(RetriableError, match="the connection failed"):
            http.send("x", "GET", server.url)

    assert server.connections == 2
