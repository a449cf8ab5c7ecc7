"""What a request can say: rows that lead to other requests, places for marks, headers, local time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from collectors.engines.auth import RefreshToken, Signer
from collectors.engines.http import Http
from collectors.engines.moments import written
from collectors.engines.rest import RestConnection
from collectors.engines.rest_settings import RestSettings
from collectors.errors import FatalError, RetriableError, StopError
from sandbox.apis.api import Answer, Api, Fault
from sandbox.apis.serving import serving
from sandbox.apis.shelf import Shelf

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class Notebook(Api):
    """Answers with what it was asked, and knows two folders with pages."""

    vendor: ClassVar[str] = "notebook"

    def routes(self) -> Sequence[tuple[str, Sequence[str], Answer, bool]]:
        return [
            ("/token", ("POST",), self._token, True),
            ("/folders", ("GET",), self._folders, True),
            ("/folders/{name:path}/pages", ("GET",), self._pages, True),
            ("/numbers", ("POST",), self._counted, True),
        ]

    async def _folders(self, _request: Request) -> Response:
        return JSONResponse({"folders": [{"id": "a/b"}, {"id": "c"}]})

    async def _pages(self, request: Request) -> Response:
        start = int(request.query_params.get("offset", 0))
        names = [f"{request.path_params['name']}-{n}" for n in range(3)]
        since = request.headers.get("If-Modified-Since")
        return JSONResponse({"pages": [{"id": name, "name": since} for name in names[start : start + 2]]})

    async def _counted(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        after = asked["domain"][0][2]
        assert isinstance(after, int)
        return JSONResponse([{"id": n, "name": "x"} for n in range(after + 1, 6)][:2])

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if form["refresh_token"] != self.shelf.rows("token")[-1].id:
            return JSONResponse({"error": "invalid_grant"}, 400)
        following = f"r{int(str(form['refresh_token'])[1:]) + 1}"
        self.shelf.delete("token", str(form["refresh_token"]), hard=True)
        self.shelf.put("token", following, {})
        return JSONResponse({"access_token": self.token(), "refresh_token": following, "expires_in": 60})


@pytest.fixture
def api() -> Notebook:
    return Notebook(Shelf(lambda: NOW))


@pytest.fixture
def base(api: Notebook) -> Iterator[str]:
    with serving(api.app()) as address:
        yield address


def rows(base: str, read: Mapping[str, Any], **more: Any) -> list[dict[str, Any]]:
    """What a request gives, read as customers."""
    stream = {"read": read, "fields": {"id": "id", "name": "name"}}
    connection = RestConnection(
        "crm", RestSettings.model_validate({"base": base, "streams": {"customer": stream}, **more})
    )
    try:
        [told] = connection.streams()
        return [row for page in connection.pages(told, None, NOW) for row in page.rows]
    finally:
        connection.close()


PAGES = {
    "path": "/folders/{id}/pages",
    "rows": "pages",
    "headers": {"If-Modified-Since": "{since}"},
    "next": {"style": "offset", "size": 2, "size_param": None},
}


def test_every_row_leads_to_a_request_of_its_own_with_its_own_pages(base: str) -> None:
    found = rows(base, {"path": "/folders", "rows": "folders", "each": PAGES})

    assert [row["id"] for row in found] == ["a/b-0", "a/b-1", "a/b-2", "c-0", "c-1", "c-2"]


def test_a_header_says_since_when(base: str) -> None:
    found = rows(base, {"path": "/folders", "rows": "folders", "each": PAGES})

    assert {row["name"] for row in found} == {"2000-01-01T00:00:00Z"}


def test_a_second_request_adds_to_the_rows_of_the_first(base: str) -> None:
    found = rows(base, {"path": "/folders", "rows": "folders", "then": {**PAGES, "path": "/folders/z/pages"}})

    assert [row["id"] for row in found] == ["a/b", "c", "z-0", "z-1", "z-2"]


def test_what_each_gives_is_either_joined_or_kept_inside() -> None:
    read = {"path": "/folders", "joined": {"of": "id"}}
    for more in ({}, {"each": PAGES, "outer": "of"}):
        with pytest.raises(ValueError, match="it needs each, not outer"):
            rows("http://crm.example", read | more)


def test_a_total_of_some_of_the_rows_is_refused() -> None:
    read = {"path": "/folders", "total": "count", "then": {"path": "/more"}}

    with pytest.raises(ValueError, match="leave it out with each or then"):
        rows("http://crm.example", read)


def test_the_mark_of_the_next_page_goes_where_the_body_says_it(base: str) -> None:
    read = {
        "path": "/numbers",
        "method": "POST",
        "body": {"domain": [["id", ">", "{after}"]]},
        "next": {"style": "keyset", "param": "after", "field": "id", "size": 2, "begin": 0, "sent": "place"},
    }

    assert [row["id"] for row in rows(base, read)] == [1, 2, 3, 4, 5]


def test_a_signal_may_stand_in_a_header(api: Notebook, base: str) -> None:
    read = {"path": "/folders", "rows": "folders"}
    signals = [
        {"status": 429, "header": "X-Problem", "text": "day", "means": "stop"},
        {"status": 429, "means": "retry"},
    ]
    api.fail(Fault(429, {}, {"X-Problem": "Day", "Retry-After": "3600"}))
    with pytest.raises(StopError) as stopped:
        rows(base, read, signals=signals)
    api.fail(Fault(429, {}, {"X-Problem": "minute", "Retry-After": "7"}))
    with pytest.raises(RetriableError):
        rows(base, read, signals=signals)

    assert stopped.value.until == NOW + timedelta(hours=1)


def test_an_allowance_whose_size_no_header_tells_is_spared(api: Notebook, base: str) -> None:
    quota = {"header": "X-Left", "total": 100}
    for left, spared in (("21", False), ("20", True)):
        api.fail(Fault(200, {"folders": []}, {"X-Left": left}))
        if not spared:
            assert rows(base, {"path": "/folders", "rows": "folders"}, quota=quota) == []
            continue
        with pytest.raises(StopError, match="80 of 100 requests"):
            rows(base, {"path": "/folders", "rows": "folders"}, quota=quota)


def test_a_row_that_leads_nowhere_is_named(api: Notebook, base: str) -> None:
    api.fail(Fault(200, {"folders": ["a"]}))

    with pytest.raises(FatalError, match="no JSON object"):
        rows(base, {"path": "/folders", "rows": "folders", "each": PAGES})


def test_an_instant_is_written_in_the_zone_of_the_source() -> None:
    assert written(NOW, "%Y-%m-%d %H:%M:%S", ZoneInfo("Asia/Kolkata")) == "2026-11-20 23:30:00"
    assert written(NOW, "epoch_ms", BERLIN) == 1_795_197_600_000


def test_nothing_stamped_in_the_hour_that_happens_twice_comes_before_what_is_asked() -> None:
    # clocks in Berlin go back from 03:00 to 02:00 at 01:00 UTC
    set_back = datetime(2026, 10, 25, 1, tzinfo=UTC)
    for minutes in range(-90, 90):
        since = set_back + timedelta(minutes=minutes)
        asked = written(since, "%Y-%m-%d %H:%M:%S", BERLIN)
        for later in range(180):
            stamp = (since + timedelta(minutes=later)).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S")
            assert stamp >= str(asked), (since, stamp, asked)


def test_polls_at_the_same_time_do_not_spend_a_refresh_token_twice(
    api: Notebook, base: str, tmp_path: Path
) -> None:
    held = tmp_path / "refresh"
    held.write_text("r1")
    api.shelf.put("token", "r1", {})
    auth = RefreshToken(
        style="refresh_token", token_url=f"{base}/token", client_id="us", refresh_token_file=held
    )
    signers = [Signer("crm", auth, Http()) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda signer: signer.headers()["Authorization"], signers))

    for signer in signers:
        signer.http.close()
    assert len(set(tokens)) == 8
    assert held.read_text() == "r9"
