"""How the JSON engine asks: what it writes into an address, and how it follows one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collectors.contract import Page
from collectors.engines.rest import RestConnection, Spread
from collectors.engines.rest_settings import RestSettings
from collectors.errors import FatalError
from sandbox.apis.serving import serving

NOW = datetime(2026, 11, 20, 18, 0, 0, 750_000, tzinfo=UTC)
FIELDS = {"id": "id", "name": "name", "source_updated_at": "at"}
ROW = {"id": 1, "name": "Nordwind", "at": "2026-11-01T00:00:00Z"}

Answering = Callable[[Request], Response]


@contextmanager
def api(
    answering: Answering, read: dict[str, Any], spread: Spread | None = None, **system: Any
) -> Iterator[RestConnection]:
    """A connection to a server whose list stands below a folder."""

    async def answer(request: Request) -> Response:
        return answering(request)

    with serving(Starlette(routes=[Route("/{path:path}", answer)])) as base:
        told = {"customer": {"fields": FIELDS, "read": {"path": "/v1/rows", "rows": "rows", **read}}}
        settings = RestSettings.model_validate({"base": base, "streams": told, **system})
        connection = RestConnection("crm", settings, spread={"customer": spread} if spread else None)
        yield connection
        connection.close()


def pages(connection: RestConnection) -> list[Page]:
    (stream,) = connection.streams()
    return list(connection.pages(stream, None, NOW))


def names(found: list[Page]) -> list[Any]:
    return [row["name"] for page in found for row in page.rows]


def test_a_blank_goes_out_as_percent_twenty_and_a_plus_stays_one() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(str(request.url.query))
        return JSONResponse({"rows": [ROW]})

    with api(answer, {"params": {"$filter": "at ge {since}", "zone": "+01"}}) as connection:
        pages(connection)

    assert asked == ["$filter=at%20ge%202000-01-01T00%3A00%3A00Z&zone=%2B01"]


@pytest.mark.parametrize("link", ["rows?page=2", "/v1/rows?page=2", "?page=2"])
def test_a_next_page_is_where_the_page_that_names_it_says(link: str) -> None:
    def answer(request: Request) -> Response:
        if request.url.path == "/v1/rows" and request.query_params.get("page") == "2":
            return JSONResponse({"rows": [{**ROW, "name": "Second"}]})
        return JSONResponse({"rows": [ROW], "next": link})

    with api(answer, {"next": {"style": "link", "path": "next"}}) as connection:
        assert names(pages(connection)) == ["Nordwind", "Second"]


def test_a_next_page_at_a_gateways_inner_host_is_asked_of_the_configured_one() -> None:
    def answer(request: Request) -> Response:
        more = (
            {} if request.query_params.get("page") else {"next": "https://inner.example:4300/v1/rows?page=2"}
        )
        return JSONResponse({"rows": [ROW], **more})

    with api(answer, {"next": {"style": "link", "path": "next", "own_host": True}}) as connection:
        assert len(names(pages(connection))) == 2
    with (
        api(answer, {"next": {"style": "link", "path": "next"}}) as connection,
        pytest.raises(FatalError, match=r"at inner\.example, to which nothing is sent"),
    ):
        pages(connection)


def test_days_are_asked_for_as_wide_as_the_earth() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(httpx.QueryParams(request.url.query)["days"])
        return JSONResponse({"rows": [ROW]})

    with api(answer, {"params": {"days": "{since_day}..{until_day}"}}) as connection:
        pages(connection)

    assert asked == ["1999-12-31..2026-11-21"]


def test_no_more_is_believed_than_was_asked_for_in_whole_seconds() -> None:
    with api(lambda _: JSONResponse({"rows": [ROW]}), {"params": {"to": "{since}{until}"}}) as connection:
        found = pages(connection)

    assert found[-1].complete_through == NOW.replace(microsecond=0) - timedelta(minutes=1)


def test_a_refusal_says_why_and_hides_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", "s3cr3t-token")
    said = {"error": {"message": "no property Nope,\nasked with s3cr3t-token"}}
    auth = {"style": "bearer", "token_env": "CRM_TOKEN"}

    with (
        api(lambda _: JSONResponse(said, 400), {"error": "error.message"}, auth=auth) as connection,
        pytest.raises(FatalError) as caught,
    ):
        pages(connection)

    assert str(caught.value) == (
        "crm/customer: HTTP 400 Bad Request (no property Nope, asked with ***). Remedy: correct what it objects to:"
        " a field that was renamed or hidden is mapped otherwise under fields"
    )


def test_rows_that_hold_others_are_counted_as_the_source_counts_them() -> None:
    """Two invoices are announced: one with two lines and one without any are all there is."""
    told = {"rows": [{"key": "A", "lines": [ROW, {**ROW, "id": 2}]}, {"key": "B", "lines": []}], "total": 2}
    spread = Spread(rows=lambda row: row["lines"], key=lambda row: str(row["key"]))

    with api(lambda _: JSONResponse(told), {"total": "total"}, spread) as connection:
        found = pages(connection)
    told["total"] = 3
    with api(lambda _: JSONResponse(told), {"total": "total"}, spread) as connection:
        short = pages(connection)

    assert (len(names(found)), found[-1].truncated) == (2, False)
    assert short[-1].truncated
