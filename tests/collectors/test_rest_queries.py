"""The JSON engine where a query language is spoken: pages sought by a key, local stamps, ids that are gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from collectors.contract import Page, Stream
from collectors.engines.rest import RestConnection
from collectors.engines.rest_settings import RestSettings
from sandbox.apis.serving import serving

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
FIELDS = {"id": "id", "name": "name", "source_updated_at": "at"}
QUERY = {"path": "/query", "method": "POST", "rows": "items"}


class Server:
    """Answers queries from a list of rows, five at a time, and keeps what it was asked."""

    def __init__(self, rows: list[dict[str, Any]], deleted: tuple[int, ...] = ()) -> None:
        self.rows, self.deleted = rows, deleted
        self.asked: list[dict[str, Any]] = []

    async def answer(self, request: Request) -> JSONResponse:
        query = await request.json()
        self.asked.append(query)
        if "gone" in query:
            return JSONResponse({"items": [{"key": number} for number in self.deleted]})
        found = [row for row in self.rows if row["id"] > int(query.get("after", 0))]
        return JSONResponse({"items": found[:5], "more": len(found) > 5})


def read(server: Server, stream: Mapping[str, Any], *times: datetime) -> tuple[Stream, list[Page], list[str]]:
    """The stream, the pages of polls at these times, and its ids where it tells them."""
    with serving(Starlette(routes=[Route("/query", server.answer, methods=["POST"])])) as base:
        told = {"base": base, "streams": {"customer": {"fields": FIELDS, **stream}}}
        connection = RestConnection("erp", RestSettings.model_validate(told))
        (declared,) = connection.streams()
        pages: list[Page] = []
        for now in times or (NOW,):
            pages += connection.pages(declared, pages[-1].position if pages else None, now)
        ids = list(connection.ids(declared)) if declared.deletes == "sweep" else []
        connection.close()
        return declared, pages, ids


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": n, "name": f"C{n}", "at": "2026-11-19T18:00:00Z"} for n in numbers]


def test_pages_are_sought_after_the_last_key_as_long_as_there_are_more() -> None:
    seek = {"style": "seek", "field": "id", "more": "more"}
    ids = {**QUERY, "body": {"after": "{after}"}, "next": seek}
    server = Server(rows(*range(1, 13)))

    _, pages, found = read(server, {"read": ids, "ids": ids})

    assert [row["id"] for page in pages for row in page.rows] == list(range(1, 13))
    assert found == [str(number) for number in range(1, 13)]
    assert [asked["after"] for asked in server.asked[:3]] == [0, 5, 10]


def test_without_a_word_for_more_a_short_page_is_the_last() -> None:
    seek = {"style": "seek", "field": "id", "size": 5, "begin": "0"}
    server = Server(rows(*range(1, 11)))

    read(server, {"read": {**QUERY, "body": {"q": "id > {after}", "after": "{after}"}, "next": seek}})

    assert [asked["q"] for asked in server.asked] == ["id > 0", "id > 5", "id > 10"]


def test_what_was_deleted_since_is_told_beside_the_rows() -> None:
    body = {"from": "{since}", "to": "{until}"}
    gone = {**QUERY, "rows": "items[].key", "body": {**body, "gone": True}}
    server = Server(rows(1, 2), deleted=(7, 8))

    stream, pages, _ = read(server, {"read": {**QUERY, "body": body}, "gone": gone})

    assert [page.gone for page in pages if page.gone] == [["7", "8"]]
    assert stream.deletes == "signal"
    assert server.asked[-1]["from"] == "2000-01-01T00:00:00Z"


def test_deletions_are_asked_for_from_the_last_complete_reading_on() -> None:
    body = {"from": "{since}"}
    gone = {**QUERY, "body": {**body, "gone": True}}
    server = Server(rows(1))

    read(server, {"read": {**QUERY, "body": body}, "gone": gone}, NOW, NOW + timedelta(hours=1))

    asked = [query["from"] for query in server.asked if "gone" in query]
    assert asked == ["2000-01-01T00:00:00Z", "2026-11-20T17:54:00Z"]


def test_deletions_need_a_time_to_be_asked_since() -> None:
    with pytest.raises(ValidationError, match="gone needs"):
        RestSettings.model_validate(
            {
                "base": "http://erp.example",
                "streams": {"customer": {"fields": FIELDS, "read": QUERY, "gone": QUERY}},
            }
        )


LOCAL = {
    "read": {**QUERY, "body": {"from": "{since}", "to": "{until}"}},
    "since_as": "%Y-%m-%d %H:%M:%S",
    "format": {"zone": "America/Los_Angeles"},
    "settle": "0s",
}


def test_a_stamp_without_zone_is_local_to_the_format() -> None:
    server = Server(rows(1))

    read(server, {**LOCAL, "start": "2026-11-20T08:00:00Z"})

    assert server.asked == [{"from": "2026-11-20 00:00:00", "to": "2026-11-20 10:00:00"}]


def test_the_hour_that_comes_twice_is_asked_for_in_both_passages() -> None:
    server = Server(rows(1))

    # 01:50 before the clocks go back (UTC-7) to 01:10 after it (UTC-8)
    read(server, {**LOCAL, "start": "2026-11-01T08:50:00Z"}, datetime(2026, 11, 1, 9, 10, tzinfo=UTC))

    assert server.asked == [{"from": "2026-11-01 00:50:00", "to": "2026-11-01 02:10:00"}]


def test_a_stamp_that_names_its_zone_stays_in_utc() -> None:
    server = Server(rows(1))

    read(server, {**LOCAL, "since_as": "%Y-%m-%dT%H:%M:%SZ", "start": "2026-11-20T08:00:00Z"})

    assert server.asked == [{"from": "2026-11-20T08:00:00Z", "to": "2026-11-20T18:00:00Z"}]


def test_of_a_row_that_comes_newest_first_the_first_counts() -> None:
    again = [{**row, "name": "before"} for row in rows(1, 2)]
    server = Server(rows(1, 2) + again)

    _, pages, _ = read(server, {"read": {**QUERY, "body": {}}, "newest_first": True})

    assert [row["name"] for page in pages for row in page.rows] == ["C1", "C2"]


def test_rows_come_oldest_or_newest_first_not_both() -> None:
    with pytest.raises(ValidationError, match="not both"):
        RestSettings.model_validate(
            {
                "base": "http://erp.example",
                "streams": {
                    "customer": {"fields": FIELDS, "read": QUERY, "ordered": True, "newest_first": True}
                },
            }
        )


def test_what_a_row_leads_to_keeps_that_row() -> None:
    each = {**QUERY, "body": {"after": "{id}"}}
    server = Server(rows(1, 2))
    fields = {**FIELDS, "name": {"path": "of.name"}}

    _, pages, _ = read(server, {"fields": fields, "read": {**QUERY, "body": {}, "each": each, "outer": "of"}})

    assert [(row["id"], row["of"]["id"]) for page in pages for row in page.rows] == [(2, 1)]
