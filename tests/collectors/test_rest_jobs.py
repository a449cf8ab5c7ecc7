"""The JSON engine where an answer takes its time: ordered, looked after, fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collectors.engines.rest import RestConnection
from collectors.engines.rest_settings import RestSettings
from collectors.errors import FatalError, RetriableError
from sandbox.apis.serving import serving

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
JOB = {
    "path": "/jobs/{job}",
    "id": "id",
    "state": "state",
    "done": ["completed"],
    "failed": ["failed"],
    "file": "file",
    "lines": "lines",
    "every": "0s",
}


class Bakery:
    """Takes an order, has it ready when it is looked at the third time, and hands out its file."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.state, self.ready_at, self.file, self.promised = "completed", 3, "/files/7", rows
        self.looked, self.carried = 0, ""

    async def order(self, _: Request) -> Response:
        return JSONResponse({"id": 7, "state": "accepted"})

    async def look(self, request: Request) -> Response:
        assert request.path_params["number"] == "7"
        self.looked += 1
        state = self.state if self.looked >= self.ready_at else "in_progress"
        told = {"state": state, "file": self.file, "lines": self.promised, "why": "no column Nope"}
        return JSONResponse(told)

    async def hand_out(self, request: Request) -> Response:
        self.carried = request.headers.get("Authorization", "")
        lines = (json.dumps({"id": n, "name": f"C{n}", "amount": 0.1}) for n in range(self.rows))
        return Response("\n".join(lines), media_type="binary/octet-stream")


@contextmanager
def ordering(bakery: Bakery, monkeypatch: pytest.MonkeyPatch, **job: Any) -> Iterator[RestConnection]:
    monkeypatch.setenv("KEY", "secret")
    routes = [
        Route("/jobs", bakery.order, methods=["POST"]),
        Route("/jobs/{number}", bakery.look),
        Route("/files/7", bakery.hand_out),
    ]
    with serving(Starlette(routes=routes)) as base:
        read = {"path": "/jobs", "method": "POST", "body": {"query": "select"}, "job": {**JOB, **job}}
        stream = {"fields": {"id": "id", "name": "name"}, "read": read}
        auth = {"style": "bearer", "token_env": "KEY"}
        told = {"base": base, "auth": auth, "streams": {"customer": stream}}
        connection = RestConnection("revenue", RestSettings.model_validate(told))
        yield connection
        connection.close()


def ids(connection: RestConnection) -> list[int]:
    (stream,) = connection.streams()
    return [row["id"] for page in connection.pages(stream, None, NOW) for row in page.rows]


def test_a_job_is_looked_after_until_its_file_can_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    bakery = Bakery(12_000)
    with ordering(bakery, monkeypatch) as connection:
        assert ids(connection) == list(range(12_000))
    assert bakery.looked == 3


def test_the_file_is_fetched_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    bakery = Bakery(1)
    with ordering(bakery, monkeypatch) as connection:
        ids(connection)
    assert bakery.carried == ""


def test_no_rows_are_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    with ordering(Bakery(0), monkeypatch) as connection:
        assert ids(connection) == []


def test_a_file_that_lacks_rows_is_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bakery = Bakery(3)
    bakery.promised = 4
    with (
        ordering(bakery, monkeypatch) as connection,
        pytest.raises(RetriableError, match="holds 3 of 4 rows"),
    ):
        ids(connection)


def test_a_job_that_failed_needs_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    bakery = Bakery(3)
    bakery.state = "failed"
    refused = pytest.raises(FatalError, match=r"ended as 'failed' \(no column Nope\)\. Remedy: ")
    with ordering(bakery, monkeypatch, why="why") as connection, refused:
        ids(connection)


def test_a_job_that_takes_too_long_is_tried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    bakery = Bakery(3)
    bakery.ready_at = 10**9
    with (
        ordering(bakery, monkeypatch, at_most="1s", every="1s") as connection,
        pytest.raises(RetriableError, match="still 'in_progress' after 1 s"),
    ):
        ids(connection)


@pytest.mark.parametrize("file", ["http://files.example/7", "https://files.example.evil.example/7"])
def test_a_file_elsewhere_is_not_fetched(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bakery = Bakery(3)
    bakery.file = file
    with (
        ordering(bakery, monkeypatch, hosts=["files.example"]) as connection,
        pytest.raises(FatalError, match="which is not asked"),
    ):
        ids(connection)
