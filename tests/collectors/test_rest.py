"""The JSON engine: windows, caps, allowances, and answers that are not what they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collectors.contract import Page
from collectors.engines.rest import RestConnection, Unpack
from collectors.engines.rest_settings import RestSettings
from collectors.errors import CollectorError, FatalError, RetriableError, StopError
from sandbox.apis.serving import serving

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
FIELDS = {"id": "id", "name": "name", "source_updated_at": "at"}
READ = {"path": "/rows", "rows": "rows", "params": {"from": "{since}", "to": "{until}"}}

Answering = Callable[[Request], Response]


@contextmanager
def api(
    answering: Answering, *, read: dict[str, Any] | None = None, unpack: Unpack | None = None, **stream: Any
) -> Iterator[RestConnection]:
    """A connection to a server with one list."""

    async def answer(request: Request) -> Response:
        await request.body()
        return answering(request)

    system = {
        name: stream.pop(name) for name in ("quota", "signals", "max_bytes", "timeout_s") if name in stream
    }
    with serving(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])) as base:
        told = {"customer": {"fields": FIELDS, "read": {**READ, **(read or {})}, **stream}}
        settings = RestSettings.model_validate({"base": base, "streams": told, **system})
        connection = RestConnection("crm", settings, {"customer": unpack} if unpack else None)
        yield connection
        connection.close()


def pages(connection: RestConnection, since: str | None = None, now: datetime = NOW) -> list[Page]:
    (stream,) = connection.streams()
    return list(connection.pages(stream, since, now))


def refusal(connection: RestConnection, kind: type[CollectorError]) -> str:
    """What is said instead of pages."""
    with pytest.raises(kind) as caught:
        pages(connection)
    return str(caught.value)


def rows(*numbers: int, at: datetime | None = None) -> list[dict[str, Any]]:
    """Rows by number, each a minute after the one before."""
    return [
        {"id": n, "name": f"C{n}", "at": (at or NOW - timedelta(days=1) + timedelta(minutes=n)).isoformat()}
        for n in numbers
    ]


def ids(found: list[Page]) -> list[Any]:
    return [row["id"] for page in found for row in page.rows]


def test_a_long_time_is_read_window_by_window() -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: Request) -> Response:
        asked.append((request.query_params["from"], request.query_params["to"]))
        return JSONResponse({"rows": rows(len(asked))})

    start = NOW - timedelta(days=3)
    with api(answer, window="1d", start=start, settle="0s", overlap="1h") as connection:
        found = pages(connection)
        assert [begin for begin, _ in asked] == [f"2026-11-{day}T18:00:00Z" for day in (17, 18, 19)]
        assert asked[-1][1] == "2026-11-20T18:00:00Z"
        assert found[-1].complete_through == NOW

        asked.clear()
        pages(connection, found[-1].position, NOW + timedelta(minutes=10))
        assert asked == [("2026-11-20T17:00:00Z", "2026-11-20T18:10:00Z")]


def test_a_query_that_gives_no_more_than_its_cap_is_asked_anew_from_there() -> None:
    everything = rows(*range(1, 11))

    def answer(request: Request) -> Response:
        since = datetime.fromisoformat(request.query_params["from"])
        return JSONResponse(
            {"rows": [row for row in everything if datetime.fromisoformat(row["at"]) >= since][:4]}
        )

    with api(answer, ordered=True, cap=4, settle="0s") as connection:
        found = pages(connection)

    assert sorted(set(ids(found))) == list(range(1, 11))
    assert found[-1].complete_through == NOW


def test_more_rows_of_one_moment_than_a_query_gives_are_said_and_not_lost() -> None:
    same = rows(*range(1, 11), at=NOW - timedelta(days=1))

    with api(lambda _: JSONResponse({"rows": same[:4]}), ordered=True, cap=4) as connection:
        assert "more than 4 rows have the version 2026-11-19T18:00:00" in refusal(connection, FatalError)


def test_fewer_rows_than_announced_prove_nothing() -> None:
    told = {"rows": rows(1, 2), "total": 3}

    with api(lambda _: JSONResponse(told), read={"total": "total"}) as connection:
        last = pages(connection)[-1]

    assert (last.truncated, last.complete_through) == (True, None)


@pytest.mark.parametrize(
    ("headers", "quota"),
    [
        ({"Usage": "api-usage=81/100"}, {"header": "Usage", "pattern": r"=(?P<used>\d+)/(?P<total>\d+)"}),
        ({"Left": "19", "Of": "100"}, {"header": "Left", "total_header": "Of"}),
    ],
)
def test_part_of_an_allowance_is_left_to_others(headers: dict[str, str], quota: dict[str, Any]) -> None:
    with api(lambda _: JSONResponse({"rows": []}, headers=headers), quota=quota) as connection:
        assert "81 of 100 requests of the allowance are used; nothing is asked until" in refusal(
            connection, StopError
        )

    with api(
        lambda _: JSONResponse({"rows": []}, headers=headers), quota={**quota, "share": 0.9}
    ) as connection:
        assert ids(pages(connection)) == []


def test_an_allowance_that_comes_back_by_and_by_is_asked_for_again_sooner() -> None:
    quota = {"header": "Usage", "pattern": r"=(?P<used>\d+)/(?P<total>\d+)", "pause": "1h"}
    headers = {"Usage": "api-usage=81/100", "Date": "Fri, 20 Nov 2026 18:00:00 GMT"}

    with api(lambda _: JSONResponse({"rows": []}, headers=headers), quota=quota) as connection:
        assert "nothing is asked until 2026-11-20 19:00 UTC" in refusal(connection, StopError)


def test_a_refusal_says_which_part_of_the_answer_it_is_about_and_no_more_of_it() -> None:
    signal = {
        "status": 400,
        "text": "NO_FIELD",
        "means": "refuse",
        "remedy": "let us read it",
        "names": r"No '(\w+)'",
    }

    def answer(_: Request) -> Response:
        return JSONResponse([{"code": "NO_FIELD", "message": "No 'Fee' on a secret"}], 400)

    with api(answer, signals=[signal]) as connection:
        assert (
            refusal(connection, FatalError) == "crm/customer: HTTP 400 NO_FIELD 'Fee'. Remedy: let us read it"
        )


@pytest.mark.parametrize(
    ("since_as", "sent"), [("epoch_ms", 1763661600123), ("epoch_ms_text", "1763661600123")]
)
def test_a_moment_is_a_number_or_its_text_to_the_millisecond(since_as: str, sent: str | int) -> None:
    asked: list[Any] = []

    def answer(request: Request) -> Response:
        asked.append(msgspec.json.decode(request._body))
        return JSONResponse({"rows": []})

    start = datetime(2025, 11, 20, 18, 0, 0, 123_456, tzinfo=UTC)
    read = {"method": "POST", "params": {}, "body": {"filters": [{"value": "{since}"}]}}
    with api(answer, read=read, since_as=since_as, start=start) as connection:
        pages(connection)

    assert asked == [{"filters": [{"value": sent}]}]


def test_the_next_page_is_not_fetched_from_elsewhere() -> None:
    told = {"rows": rows(1), "next": "http://elsewhere.example/rows?page=2"}
    link = {"style": "link", "path": "next"}

    with api(lambda _: JSONResponse(told), read={"next": link}) as connection:
        assert "the next page is at elsewhere.example, to which nothing is sent" in refusal(
            connection, FatalError
        )


def test_pages_that_go_in_circles_are_left() -> None:
    def answer(request: Request) -> Response:
        return JSONResponse({"rows": rows(1), "next": str(request.url.include_query_params(page=1))})

    with api(answer, read={"next": {"style": "link", "path": "next"}}) as connection:
        assert "the next page is one that was read already" in refusal(connection, FatalError)


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (Response(b'{"rows": ' + b"[" * 100_000, media_type="application/json"), RetriableError, "not readable JSON"),
        (JSONResponse({"rows": {"1": {}}}), FatalError, "the answer holds no list of rows at 'rows'"),
        (JSONResponse({"rows": [{"id": 1, "name": "x" * 5000}]}), FatalError, "is larger than 4096 bytes"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(answer: Response, kind: type[CollectorError], text: str) -> None:
    limit = 4096 if "larger" in text else 10**6
    with api(lambda _: answer, max_bytes=limit) as connection:
        assert text in refusal(connection, kind)


def test_a_row_that_is_no_object_is_kept_apart() -> None:
    with api(lambda _: JSONResponse({"rows": [*rows(1), "what?", *rows(2)]})) as connection:
        found = pages(connection)

    assert ids(found) == [1, 2]
    assert [raw for page in found for raw, _ in page.rejects] == ["what?"]


@pytest.mark.parametrize(
    ("paging", "expected"),
    [
        ({"style": "page", "param": "p", "size": 2}, ["p=1", "p=2", "p=3"]),
        ({"style": "page", "param": "p", "size": 2, "size_param": "n", "pages": "pages"}, ["p=1&n=2", "p=2&n=2", "p=3&n=2"]),
        ({"style": "offset", "param": "o", "size": 2, "size_param": None}, ["o=0", "o=2", "o=4"]),
        ({"style": "offset", "param": "o", "size": 2, "size_param": None, "total": "total"}, ["o=0", "o=2", "o=4"]),
        ({"style": "keyset", "param": "after", "field": "id", "size": 2}, ["", "after=2", "after=4"]),
    ],
)  # fmt: skip
def test_pages_are_turned_as_the_api_counts_them(paging: dict[str, Any], expected: list[str]) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.url.query)
        first = 2 * len(asked) - 1
        return JSONResponse({"rows": rows(*range(first, min(first + 2, 6))), "pages": 3, "total": 5})

    with api(answer, read={"next": paging, "params": {}}) as connection:
        found = pages(connection)

    assert (ids(found), asked) == ([1, 2, 3, 4, 5], expected)


def test_numbers_keep_every_digit() -> None:
    raw = b'{"rows": [{"id": 12345678901234567890, "name": 0.1000000000000000055511151231257827, "at": "2026-11-01T00:00:00Z"}]}'

    with api(lambda _: Response(raw, media_type="application/json")) as connection:
        (stream,) = connection.streams()
        (row,) = [row for page in pages(connection) for row in page.rows]

    parsed = stream.parse(row)
    assert parsed is not None
    assert (parsed["id"], parsed["name"]) == ("12345678901234567890", "0.1000000000000000055511151231257827")


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        ({"window": "1d", "read": {"path": "/rows", "params": {"from": "{since}"}}}, "window needs {until} in read"),
        ({"cap": 10, "read": {"path": "/rows"}}, "cap needs ordered rows and {since} in read"),
        ({"read": {"path": "/rows", "params": {"to": "{until}"}}}, "read asks by {until} without {since}"),
        ({"ids": READ, "read": READ}, "ids answers for the whole stream"),
        ({"read": {"path": "/rows", "next": {"style": "leaf"}}}, "leaf"),
    ],
)  # fmt: skip
def test_a_description_that_cannot_work_is_refused(stream: dict[str, Any], text: str) -> None:
    told = {"base": "https://crm.example", "streams": {"customer": {"fields": FIELDS, **stream}}}

    with pytest.raises(ValidationError) as caught:
        RestSettings.model_validate(told)

    assert text in str(caught.value)


def test_what_changes_without_a_stamp_is_looked_for_now_and_then() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.query_params["from"])
        return JSONResponse({"rows": []})

    reread = {"every": "1d", "back": "10d"}
    with api(answer, reread=reread, overlap="1h", settle="0s", start=NOW - timedelta(days=90)) as connection:
        position = pages(connection)[-1].position
        for hours in (1, 24, 25):
            position = pages(connection, position, NOW + timedelta(hours=hours))[-1].position

    assert asked[1:] == ["2026-11-20T17:00:00Z", "2026-11-10T19:00:00Z", "2026-11-21T17:00:00Z"]


def test_what_is_told_by_id_only_is_asked_for_by_ids() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        if request.url.path == "/rows":
            return JSONResponse({"rows": [{"id": n, "at": NOW.isoformat()} for n in (1, 2, 3)]})
        asked.append(request.query_params["only"])
        known = [{"key": int(n), "name": f"C{n}"} for n in asked[-1].split(",") if n != "2"]
        return JSONResponse({"found": known})

    names = {"path": "/names", "params": {"only": "{ids}"}, "rows": "found"}
    with api(answer, read={"each": names, "joined": {"of": "key", "size": 2}}) as connection:
        found = pages(connection)

    assert asked == ["1,2", "3"]
    assert [(row["id"], row.get("name")) for page in found for row in page.rows] == [
        (1, "C1"),
        (2, None),
        (3, "C3"),
    ]


def test_a_field_that_a_vendors_own_reading_needs_is_named_when_it_lacks() -> None:
    def unpack(body: Any) -> list[dict[str, Any]]:
        return [{"id": row["Id"], "at": NOW.isoformat()} for row in body["rows"]]

    answers = [{"rows": [{"Id": 1}]}, {"rows": [{"Number": 1}]}]
    with api(lambda _: JSONResponse(answers.pop(0)), unpack=unpack) as connection:
        assert [row["id"] for page in pages(connection) for row in page.rows] == [1]
        with pytest.raises(FatalError, match=r"crm/customer: a row has no field 'Id'.* Remedy: see whether"):
            pages(connection)
